"""The flow of data: does every path find something in what earlier states made?

In: a Definition. Out: Findings about paths that no value that can come there has.
Never: guesses: the input of an execution, the result of a function and whatever depends
on them may be anything. Shapes are followed from state to state, joined where ways
meet, and a path is told only if it misses in all that can come.

More than 250 lines: the fields of a state are walked in one order, AWS's.

States Language specification: "Input and Output Processing"; reference 02, 03.2, 09.5.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal as Either
from typing import TypeAlias

from asl.checks.fault import Steps, find_near
from asl.checks.integrations import RESULTS
from asl.checks.rules import Finding, rule
from asl.checks.shapes import (
    ANY,
    BOOLEAN,
    NUMBER,
    TEXT,
    Miss,
    Shape,
    describe,
    join,
    join_all,
    list_of,
    object_of,
    read,
    shape_of,
    write,
)
from asl.checks.subject import Definition, Machine, Node
from asl.expressions.comparison import OPERATORS
from asl.expressions.intrinsic_syntax import (
    Argument,
    Call,
    Literal,
    parse_intrinsic,
)
from asl.expressions.jsonata import is_jsonata
from asl.expressions.jsonata_text import PLAIN_PATH
from asl.expressions.jsonpath import Path, compile_path
from asl.expressions.jsonpath_steps import Name
from asl.expressions.reference import compile_reference_path
from asl.expressions.scope import SyntaxProblem
from asl.values import Json

_MOST_VISITS = 10
"""Times that a state's input may grow before it counts as anything."""
_DEEPEST = 8
"""Machines inside machines that are followed."""

_CONTEXT = object_of(
    {
        "Execution": object_of(
            dict.fromkeys(("Id", "Name", "RoleArn", "StartTime", "RedriveTime"), TEXT)
            | {"Input": ANY, "RedriveCount": NUMBER}
        ),
        "StateMachine": object_of({"Id": TEXT, "Name": TEXT}),
        "State": object_of({"EnteredTime": TEXT, "Name": TEXT, "RetryCount": NUMBER}),
        "Task": object_of({"Token": TEXT}),
        "Map": object_of(
            {"Item": object_of(dict.fromkeys(("Index", "Value", "Key", "Source"), ANY))}
        ),
    }
)
_READERS = frozenset(
    (
        "SecondsPath",
        "TimestampPath",
        "TimeoutSecondsPath",
        "HeartbeatSecondsPath",
        "MaxConcurrencyPath",
        "ErrorPath",
        "CausePath",
        "ToleratedFailureCountPath",
        "ToleratedFailurePercentagePath",
    )
)
"""Fields that read the effective input and do not change it."""

_FAILURE = object_of({"Error": Shape("scalar"), "Cause": Shape("scalar")})


Sort: TypeAlias = Either["miss", "stranger", "conflict", "no list"]


@dataclass(eq=False)
class Analysis:
    """What following the data of a definition has shown."""

    notes: dict[Node, list[tuple[Sort, Finding]]] = field(default_factory=dict)
    """Findings by state: those of its last visit, when its input was fully known."""
    counts: dict[Node, int] = field(default_factory=dict)
    """How many items a Map has, where that is certain."""

    def findings(self, sort: Sort) -> Iterator[Finding]:
        """The findings of one sort."""
        for notes in self.notes.values():
            for kind, finding in notes:
                if kind == sort:
                    yield finding


def analyse(subject: Definition) -> Analysis:
    """Follow the data of a whole definition, once for all rules."""
    return subject.once("dataflow", _analyse)


def _analyse(subject: Definition) -> Analysis:
    analysis = Analysis()
    if subject.machines:
        _Walk(analysis).run(subject.machines[0], ANY, 1)
    return analysis


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a text stands, and what its paths begin at."""

    node: Node
    path: Steps
    root: Shape
    said: str
    """What `$` is there, in words."""


class _Walk:
    """One walk through machines; what it notes of a state, the next visit replaces."""

    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis

    def run(self, machine: Machine, start: Shape, depth: int) -> Shape:
        """The output of a machine."""
        if machine.start is None or depth > _DEEPEST:
            return ANY
        inputs: dict[str, Shape] = {machine.start.name: start}
        outputs: dict[str, Shape] = {}
        visits: dict[str, int] = {}
        todo = deque([machine.start.name])
        waiting = {machine.start.name}
        while todo:
            name = todo.popleft()
            waiting.discard(name)
            visits[name] = visits.get(name, 0) + 1
            node = machine.states[name]
            normal, caught = self.state(node, inputs[name], depth)
            if node.is_terminal and node.type != "Fail":
                outputs[name] = normal
            for step in machine.successors[name]:
                given = caught[step.path[1]] if step.path[0] == "Catch" else normal
                old = inputs.get(step.target)
                new = given if old is None else join(old, given)
                if visits.get(step.target, 0) >= _MOST_VISITS:
                    new = ANY
                if old is None or new != old:
                    inputs[step.target] = new
                    if step.target not in waiting:
                        waiting.add(step.target)
                        todo.append(step.target)
        return join_all(list(outputs.values())) if outputs else ANY

    # ------------------------------------------------------------------ one state

    def state(
        self, node: Node, given: Shape, depth: int
    ) -> tuple[Shape, dict[int | str, Shape]]:
        """What a state hands on, and what each of its catchers does."""
        self.analysis.notes.pop(node, None)
        self.analysis.counts.pop(node, None)
        if node.jsonata:
            normal = self.jsonata(node, given, depth)
        else:
            normal = self.jsonpath(node, given, depth)
        caught: dict[int | str, Shape] = {}
        for index, catcher in node.objects("Catch"):
            if node.jsonata:
                output = catcher.get("Output")
                caught[index] = (
                    self.jsonata_value(
                        node,
                        ("Catch", index, "Output"),
                        output,
                        {"input": given, "errorOutput": _FAILURE},
                    )
                    if "Output" in catcher
                    else _FAILURE
                )
            else:
                caught[index] = self.placed(
                    node, ("Catch", index, "ResultPath"), catcher, given, _FAILURE
                )
        return normal, caught

    def jsonpath(self, node: Node, given: Shape, depth: int) -> Shape:
        value = node.value
        effective = given
        if "InputPath" in value:
            effective = self.path_field(node, "InputPath", given, "the state's input")
        said = "the state's input"
        if node.type in ("Choice", "Wait", "Succeed", "Fail"):
            self.readers(node, effective)
            merged = effective
        else:
            payload = effective
            if "Parameters" in value and node.type != "Map" and "Result" not in value:
                place = _Place(node, ("Parameters",), effective, said)
                payload = self.template(place, value["Parameters"])
            result = self.work(node, effective, payload, depth)
            if "ResultSelector" in value and node.type != "Pass":
                place = _Place(node, ("ResultSelector",), result, "the result")
                result = self.template(place, value["ResultSelector"])
            if isinstance(value.get("Assign"), dict):
                # Whether $ is ResultSelector's value there was not recorded.
                seen = ANY if "ResultSelector" in value else result
                place = _Place(node, ("Assign",), seen, "the result")
                self.template(place, value["Assign"])
            merged = self.placed(node, ("ResultPath",), value, given, result)
        if "OutputPath" in value:
            merged = self.path_field(node, "OutputPath", merged, "the state's output")
        return merged

    def work(self, node: Node, effective: Shape, payload: Shape, depth: int) -> Shape:
        """The result of a state's work, before ResultSelector."""
        match node.type:
            case "Pass":
                value = node.value
                return shape_of(value["Result"]) if "Result" in value else payload
            case "Task":
                self.readers(node, effective)
                return result_of(node)
            case "Parallel":
                outputs = [self.run(body, payload, depth + 1) for body in node.bodies]
                items = join_all(outputs) if outputs else None
                return list_of(items, len(outputs) or None)
            case "Map":
                return self.map(node, effective, depth)
        return ANY

    def map(self, node: Node, effective: Shape, depth: int) -> Shape:
        """A Map: its items, one run of its processor, its result."""
        value = node.value
        items = effective
        if not node.jsonata:
            self.readers(node, effective)
            if "ItemsPath" in value and "ItemReader" not in value:
                items = self.path_field(
                    node, "ItemsPath", effective, "the state's input"
                )
            at = "ItemsPath" if "ItemsPath" in value else None
        elif "Items" in value:
            items = self.jsonata_value(
                node, ("Items",), value["Items"], {"input": effective}
            )
            at = "Items"
        else:
            at = None
        if "ItemReader" in value:
            items = ANY
        self.note_items(node, items, at)
        item = items.items or ANY if items.kind == "list" else ANY
        name = "ItemSelector" if "ItemSelector" in value else "Parameters"
        if name in value and not node.jsonata:
            place = _Place(node, (name,), effective, "the state's input")
            item = self.template(place, value[name])
        elif name in value and name == "ItemSelector":
            item = self.jsonata_value(node, (name,), value[name], {"input": effective})
        if "ItemBatcher" in value:
            item = object_of({"BatchInput": ANY, "Items": list_of(item)})
        outputs = [self.run(body, item, depth + 1) for body in node.bodies[:1]]
        if "ResultWriter" in value or not outputs:
            return ANY
        return list_of(outputs[0], items.length if items.kind == "list" else None)

    def note_items(self, node: Node, items: Shape, field: str | None) -> None:
        """Keep how many items a Map has, and whether they are a list at all."""
        if items.kind == "list":
            if items.length is not None:
                self.analysis.counts[node] = items.length
        elif items.kind not in ("any", "object"):  # an object's pairs are items too
            pointer = node.at(field) if field else node.pointer
            finding = Finding(
                pointer=pointer,
                message=f"a Map works on a list, and here comes {describe(items)}",
                suggestion=None
                if field
                else "name the list in " + ("Items" if node.jsonata else "ItemsPath"),
                on_key=field is None,
            )
            self.note(node, "no list", finding)

    def placed(
        self, node: Node, path: Steps, owner: Json, given: Shape, result: Shape
    ) -> Shape:
        """ResultPath: a result put into the state's input."""
        if "ResultPath" not in owner:
            return result
        text = owner["ResultPath"]
        if text is None:
            return given
        if not isinstance(text, str):
            return ANY
        try:
            steps = compile_reference_path(text).steps
        except SyntaxProblem:
            return ANY
        written = write(given, steps, result)
        if isinstance(written, Shape):
            return written
        finding = Finding(
            pointer=node.at(*path),
            message=f"{text} cannot be written: the state's input is "
            f"{describe(written.shape)}",
            suggestion="let the input be an object, or leave ResultPath out",
        )
        self.note(node, "conflict", finding)
        return ANY

    def readers(self, node: Node, effective: Shape) -> None:
        """The other fields that read: timers, conditions, error and cause."""
        for name, text in node.value.items():
            if name in _READERS and isinstance(text, str):
                place = _Place(node, (name,), effective, "the state's input")
                self.dynamic(place, text)
        if node.type == "Choice":
            for index, item in node.objects("Choices"):
                self.condition(node, ("Choices", index), item, effective)

    def condition(self, node: Node, path: Steps, rule: Json, effective: Shape) -> None:
        """A rule that is one comparison; others may guard what they read."""
        if "Variable" not in rule or "IsPresent" in rule:
            return
        for name, text in rule.items():
            operator = OPERATORS.get(name)
            if name == "Variable" or (operator and operator.is_path):
                place = _Place(node, (*path, name), effective, "the state's input")
                if isinstance(text, str) and text.startswith("$"):
                    self.dynamic(place, text)

    # ------------------------------------------------------------------ expressions

    def path_field(self, node: Node, name: str, root: Shape, said: str) -> Shape:
        text = node.value[name]
        if text is None:
            return object_of({})
        if not isinstance(text, str) or not text.startswith("$"):
            return ANY
        return self.dynamic(_Place(node, (name,), root, said), text)

    def template(self, place: _Place, value: Json) -> Shape:
        """The shape of a payload template's value."""
        if isinstance(value, list):
            inner = [
                self.template(replace(place, path=(*place.path, n)), item)
                for n, item in enumerate(value)
            ]
            return list_of(join_all(inner) if inner else None, len(inner))
        if not isinstance(value, dict):
            return shape_of(value)
        members = {}
        for key, item in value.items():
            below = replace(place, path=(*place.path, key))
            if not key.endswith(".$"):
                members[key] = self.template(below, item)
            else:
                text = item if isinstance(item, str) else ""
                members[key[:-2]] = self.dynamic(below, text)
        return object_of(members)

    def dynamic(self, place: _Place, text: str) -> Shape:
        """The shape of what a path or an intrinsic call gives."""
        try:
            if text.startswith("$"):
                return self.path(place, compile_path(text), 0)
            return self.call(place, parse_intrinsic(text))
        except SyntaxProblem:
            return ANY

    def call(self, place: _Place, call: Call) -> Shape:
        given = [self.argument(place, argument) for argument in call.arguments]
        if call.name == "States.Array":
            return list_of(join_all(given) if given else None, len(given))
        if call.name == "States.ArrayGetItem" and given and given[0].kind == "list":
            return given[0].items or ANY
        if call.name == "States.ArrayUnique" and given and given[0].kind == "list":
            return list_of(given[0].items)
        if call.name == "States.JsonMerge" and len(given) > 1:
            return _merged(given[0], given[1])
        if call.name == "States.ArrayRange":
            return list_of(NUMBER, _range_length(call))
        return _GIVES.get(call.name, ANY)

    def argument(self, place: _Place, argument: Argument) -> Shape:
        if isinstance(argument, Literal):
            return shape_of(argument.value)
        if isinstance(argument, Call):
            return self.call(place, argument)
        return self.path(place, compile_path(argument.text), argument.position)

    def path(self, place: _Place, path: Path, offset: int) -> Shape:
        """What a path finds; noted if it finds nothing for certain."""
        if path.root not in ("$", "$$"):
            return ANY
        if not path.definite:  # finds a list, be it an empty one
            return list_of(None)
        context = path.root == "$$"
        found = read(_CONTEXT if context else place.root, path.steps)
        if isinstance(found, Shape):
            return found
        prefix = path.root + "".join(
            _written(step) for step in path.steps[: found.steps]
        )
        said = "the context object" if context else place.said
        self.note_miss(
            place, path.text, prefix, said, path.steps[found.steps], found, offset
        )
        return ANY

    def note_miss(
        self,
        place: _Place,
        text: str,
        prefix: str,
        said: str,
        step: object,
        miss: Miss,
        offset: int,
    ) -> None:
        finding = Finding(
            pointer=place.node.at(*place.path),
            message=f"{text} finds nothing: "
            f"{said if miss.steps == 0 else prefix} is {describe(miss.shape)}",
            suggestion=_suggest(step, miss.shape, prefix),
            offset=offset or None,
        )
        sort: Sort = "stranger" if said == "the context object" else "miss"
        self.note(place.node, sort, finding)

    def note(self, node: Node, sort: Sort, finding: Finding) -> None:
        """Keep a finding until the state's next visit."""
        self.analysis.notes.setdefault(node, []).append((sort, finding))

    # ------------------------------------------------------------------ JSONata

    def jsonata(self, node: Node, given: Shape, depth: int) -> Shape:
        states = {"input": given}
        payload = given
        if "Arguments" in node.value:
            payload = self.jsonata_value(
                node, ("Arguments",), node.value["Arguments"], states
            )
        default = given
        if node.type in ("Task", "Parallel", "Map"):
            default = (
                self.map(node, given, depth)
                if node.type == "Map"
                else self.work(node, given, payload, depth)
            )
            states = {"input": given, "result": default}
        if isinstance(node.value.get("Assign"), dict):
            self.jsonata_value(node, ("Assign",), node.value["Assign"], states)
        if node.type == "Choice":
            return self.jsonata_choice(node, given)
        if "Output" in node.value and node.type != "Fail":
            return self.jsonata_value(node, ("Output",), node.value["Output"], states)
        return default

    def jsonata_choice(self, node: Node, given: Shape) -> Shape:
        """A Choice hands on what the rule that was taken says."""
        outputs = [given]
        if "Output" in node.value:
            outputs = [
                self.jsonata_value(
                    node, ("Output",), node.value["Output"], {"input": given}
                )
            ]
        for index, item in node.objects("Choices"):
            at: Steps = ("Choices", index, "Output")
            outputs.append(
                self.jsonata_value(node, at, item["Output"], {"input": given})
                if "Output" in item
                else given
            )
        return join_all(outputs)

    def jsonata_value(
        self, node: Node, path: Steps, value: Json, states: dict[str, Shape]
    ) -> Shape:
        """The shape of JSON with expressions in it."""
        if isinstance(value, dict):
            return object_of(
                {
                    key: self.jsonata_value(node, (*path, key), item, states)
                    for key, item in value.items()
                }
            )
        if isinstance(value, list):
            inner = [
                self.jsonata_value(node, (*path, n), item, states)
                for n, item in enumerate(value)
            ]
            return list_of(join_all(inner) if inner else None, len(inner))
        if not is_jsonata(value):
            return shape_of(value)
        text = value[2:-2].strip()
        if not PLAIN_PATH.fullmatch(text):
            return ANY
        return self.plain(_Place(node, path, ANY, "the state's input"), text, states)

    def plain(self, place: _Place, text: str, states: dict[str, Shape]) -> Shape:
        """An expression that only names a value."""
        root, *names = text[1:].split(".")
        if root != "states" or not names:
            return ANY
        here = _CONTEXT if names[0] == "context" else states.get(names[0], ANY)
        said = {
            "context": "the context object",
            "result": "the result",
            "errorOutput": "the error output",
        }.get(names[0], "the state's input")
        for n, name in enumerate(names[1:]):
            if here.kind in ("any", "list"):  # in a list every element is asked
                return ANY
            found = read(here, (Name(name),))
            if isinstance(found, Miss):
                prefix = "$states." + ".".join(names[: n + 1])
                miss = Miss(n, found.shape)
                self.note_miss(place, text, prefix, said, Name(name), miss, 0)
                return ANY
            here = found
        return here


_GIVES: dict[str, Shape] = {
    "States.Format": TEXT,
    "States.JsonToString": TEXT,
    "States.ArrayPartition": list_of(list_of(None)),
    "States.ArrayContains": BOOLEAN,
    "States.ArrayLength": NUMBER,
    "States.ArrayUnique": list_of(None),
    "States.Base64Encode": TEXT,
    "States.Base64Decode": TEXT,
    "States.Hash": TEXT,
    "States.MathRandom": NUMBER,
    "States.MathAdd": NUMBER,
    "States.StringSplit": list_of(TEXT),
    "States.UUID": TEXT,
}


def _merged(one: Shape, other: Shape) -> Shape:
    if one.kind != "object" or other.kind != "object":
        return ANY
    members = dict(one.members)
    for key, shape in other.members.items():
        members[key] = join(members[key], shape) if key in members else shape
    if not other.closed:  # it may replace any member of the first
        members = dict.fromkeys(members, ANY) | dict(other.members)
    return object_of(members, closed=one.closed and other.closed)


def _range_length(call: Call) -> int | None:
    numbers = [a.value for a in call.arguments if isinstance(a, Literal)]
    if len(numbers) != 3 or any(type(number) is not int for number in numbers):
        return None
    first, last, step = numbers
    return None if step == 0 else max(0, (last - first) // step + 1)


def result_of(node: Node) -> Shape:
    """The shape of a Task's result, where its integration fixes one."""
    resource = node.resource
    if resource is None or resource.family != "task" or resource.pattern == "token":
        return ANY
    return RESULTS.get(f"{resource.service}:{resource.event_resource}", ANY)


def _written(step: object) -> str:
    return f".{step.key}" if isinstance(step, Name) else str(step)


def _suggest(step: object, shape: Shape, prefix: str) -> str | None:
    if not isinstance(step, Name):
        return None
    near = find_near(step.key, shape.members)
    if near:
        return f"did you mean {prefix}.{near}?"
    if "Payload" in shape.members and "ExecutedVersion" in shape.members:
        return f"the function's own result is {prefix}.Payload"
    return None


# --- rules


@rule(
    "ASL260",
    "a path that finds nothing",
    why="What earlier states made is known here, and it has no such place; the state "
    "fails whenever it runs.",
    fix="Correct the path, or let the earlier state keep the value (ResultPath, "
    "ResultSelector, Output).",
    spec="States Language: Input and Output Processing; reference 02.5",
)
def find_dead_paths(subject: Definition) -> Iterator[Finding]:
    """Paths that miss in every value that can come."""
    yield from analyse(subject).findings("miss")


@rule(
    "ASL261",
    "a ResultPath that cannot be written",
    why="A result is put into the state's input, and only an object has members.",
    fix="Let the state before hand on an object, or leave ResultPath out.",
    spec="States Language: ResultPath; reference 02.6",
)
def find_conflicts(subject: Definition) -> Iterator[Finding]:
    """ResultPaths into what is no object for certain."""
    yield from analyse(subject).findings("conflict")


@rule(
    "ASL262",
    "a Map over what is no list",
    why="A Map runs once for each element; what comes here has none.",
    fix="Name the list in ItemsPath (JSONPath) or Items (JSONata).",
    spec="States Language: Map State; reference 10.3",
)
def find_maps_without_list(subject: Definition) -> Iterator[Finding]:
    """Maps whose items are no list for certain."""
    yield from analyse(subject).findings("no list")


@rule(
    "ASL263",
    "a path that the context object does not have",
    why="The context object has fixed members, spelt with capitals.",
    fix="Write Execution, State, StateMachine, Task or Map and one of their members.",
    spec="Developer guide: Context object; reference 11",
)
def find_strange_context(subject: Definition) -> Iterator[Finding]:
    """`$$.Execution.ID` and the like."""
    yield from analyse(subject).findings("stranger")
