"""The shapes of values: what templates, paths, calls and expressions give.

In: a text or template, and the shape of the data that it reads. Out: the shape of its
value; a note where a path finds nothing in any data of that shape.
Never: follows states: dataflow.py does.

States Language specification: "Paths", "Payload Template", "Intrinsic Functions".
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal as Either
from typing import TypeAlias

from asl.checks.fault import Steps, find_near
from asl.checks.rules import Finding
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
)
from asl.checks.subject import Node
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
from asl.expressions.scope import SyntaxProblem
from asl.values import Json

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
FAILURE = object_of({"Error": Shape("scalar"), "Cause": Shape("scalar")})
"""What a catcher gets: Cause is a text, whatever JSON stands in it, or null."""

_MOST_NOTES = 100
"""Findings of one state that are kept; after that the point is made."""

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


@dataclass(frozen=True, slots=True)
class Place:
    """Where a text stands, and what its paths begin at."""

    node: Node
    path: Steps
    root: Shape
    said: str
    """What `$` is there, in words."""


class Values:
    """Reads shapes as a run reads data, and notes what cannot be read."""

    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis

    def path_field(self, node: Node, name: str, root: Shape, said: str) -> Shape:
        """A field that is a path, or null: nothing at all."""
        text = node.value[name]
        if text is None:
            return object_of({})
        if not isinstance(text, str) or not text.startswith("$"):
            return ANY
        return self.dynamic(Place(node, (name,), root, said), text)

    def template(self, place: Place, value: Json) -> Shape:
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

    def dynamic(self, place: Place, text: str) -> Shape:
        """The shape of what a path or an intrinsic call gives."""
        try:
            if text.startswith("$"):
                return self.path(place, compile_path(text), 0)
            return self.call(place, parse_intrinsic(text))
        except SyntaxProblem:
            return ANY

    def call(self, place: Place, call: Call) -> Shape:
        """The shape of what an intrinsic call gives."""
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

    def argument(self, place: Place, argument: Argument) -> Shape:
        """The shape of one argument of a call."""
        if isinstance(argument, Literal):
            return shape_of(argument.value)
        if isinstance(argument, Call):
            return self.call(place, argument)
        return self.path(place, compile_path(argument.text), argument.position)

    def path(self, place: Place, path: Path, offset: int) -> Shape:
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
        place: Place,
        text: str,
        prefix: str,
        said: str,
        step: object,
        miss: Miss,
        offset: int,
    ) -> None:
        """Note that a path finds nothing in any data that can come."""
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
        notes = self.analysis.notes.setdefault(node, [])
        if len(notes) < _MOST_NOTES:
            notes.append((sort, finding))

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
        return self.plain(Place(node, path, ANY, "the state's input"), text, states)

    def plain(self, place: Place, text: str, states: dict[str, Shape]) -> Shape:
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
