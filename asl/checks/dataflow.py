"""The flow of data: does every path find something in what earlier states made?

In: a Definition. Out: Findings about paths that no value that can come there has.
Never: guesses: the input of an execution, the result of a function and whatever depends
on them may be anything. Shapes are followed from state to state, joined where ways
meet, and a path is told only if it misses in all that can come.

More than 250 lines: the fields of a state are walked in one order, AWS's.

States Language specification: "Input and Output Processing".
"""

from collections import deque
from collections.abc import Iterator

from asl.checks.fault import Steps
from asl.checks.integrations import RESULTS
from asl.checks.rules import Finding, rule
from asl.checks.shapes import (
    ANY,
    Shape,
    describe,
    join,
    join_all,
    list_of,
    object_of,
    shape_of,
    write,
)
from asl.checks.subject import Definition, Machine, Node
from asl.checks.values import FAILURE, Analysis, Place, Values
from asl.expressions.comparison import OPERATORS
from asl.expressions.reference import compile_reference_path
from asl.expressions.scope import SyntaxProblem
from asl.values import Json

_MOST_VISITS = 10
"""Times that a state's input may grow before it counts as anything."""
_DEEPEST = 8
"""Machines inside machines that are followed."""

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


def analyse(subject: Definition) -> Analysis:
    """Follow the data of a whole definition, once for all rules."""
    return subject.once("dataflow", _analyse)


def _analyse(subject: Definition) -> Analysis:
    analysis = Analysis()
    if subject.machines:
        _Walk(analysis).run(subject.machines[0], ANY, 1)
    return analysis


class _Walk(Values):
    """One walk through machines; what it notes of a state, the next visit replaces."""

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
                        {"input": given, "errorOutput": FAILURE},
                    )
                    if "Output" in catcher
                    else FAILURE
                )
            else:
                caught[index] = self.placed(
                    node, ("Catch", index, "ResultPath"), catcher, given, FAILURE
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
                place = Place(node, ("Parameters",), effective, said)
                payload = self.template(place, value["Parameters"])
            result = self.work(node, effective, payload, depth)
            if "ResultSelector" in value and node.type != "Pass":
                place = Place(node, ("ResultSelector",), result, "the result")
                result = self.template(place, value["ResultSelector"])
            if isinstance(value.get("Assign"), dict):
                # Whether $ is ResultSelector's value there was not recorded.
                seen = ANY if "ResultSelector" in value else result
                place = Place(node, ("Assign",), seen, "the result")
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
            place = Place(node, (name,), effective, "the state's input")
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
                place = Place(node, (name,), effective, "the state's input")
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
                place = Place(node, (*path, name), effective, "the state's input")
                if isinstance(text, str) and text.startswith("$"):
                    self.dynamic(place, text)

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


def result_of(node: Node) -> Shape:
    """The shape of a Task's result, where its integration fixes one."""
    resource = node.resource
    if resource is None or resource.family != "task" or resource.pattern == "token":
        return ANY
    return RESULTS.get(f"{resource.service}:{resource.event_resource}", ANY)


# --- rules


@rule(
    "ASL260",
    "a path that finds nothing",
    why="What earlier states made is known here, and it has no such place; the state "
    "fails whenever it runs.",
    fix="Correct the path, or let the earlier state keep the value (ResultPath, "
    "ResultSelector, Output).",
    spec="States Language: Input and Output Processing",
)
def find_dead_paths(subject: Definition) -> Iterator[Finding]:
    """Paths that miss in every value that can come."""
    yield from analyse(subject).findings("miss")


@rule(
    "ASL261",
    "a ResultPath that cannot be written",
    why="A result is put into the state's input, and only an object has members.",
    fix="Let the state before hand on an object, or leave ResultPath out.",
    spec="States Language: ResultPath",
)
def find_conflicts(subject: Definition) -> Iterator[Finding]:
    """ResultPaths into what is no object for certain."""
    yield from analyse(subject).findings("conflict")


@rule(
    "ASL262",
    "a Map over what is no list",
    why="A Map runs once for each element; what comes here has none.",
    fix="Name the list in ItemsPath (JSONPath) or Items (JSONata).",
    spec="States Language: Map State",
)
def find_maps_without_list(subject: Definition) -> Iterator[Finding]:
    """Maps whose items are no list for certain."""
    yield from analyse(subject).findings("no list")


@rule(
    "ASL263",
    "a path that the context object does not have",
    why="The context object has fixed members, spelt with capitals.",
    fix="Write Execution, State, StateMachine, Task or Map and one of their members.",
    spec="Developer guide: Context object",
)
def find_strange_context(subject: Definition) -> Iterator[Finding]:
    """`$$.Execution.ID` and the like."""
    yield from analyse(subject).findings("stranger")
