"""Sites: every place of a state in which a path, an intrinsic call or JSONata stands.

In: a state. Out: its expressions with pointer, kind and phase; what each of them reads:
paths, variables, members of `$states`.
Never: judges; what cannot be parsed reads nothing (model/build.py has reported it).

States Language specification: which fields are paths, templates or expressions.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal, TypeAlias

from asl.checks.fault import Steps
from asl.checks.subject import Node
from asl.expressions.comparison import OPERATORS
from asl.expressions.intrinsic_syntax import Call, PathArgument, parse_intrinsic
from asl.expressions.jsonata import Expression, compile_jsonata_string, is_jsonata
from asl.expressions.jsonata_text import PLAIN_PATH
from asl.expressions.jsonpath import Path, compile_path
from asl.expressions.scope import SyntaxProblem
from asl.values import Json

Kind: TypeAlias = Literal["path", "intrinsic", "jsonata"]

Phase: TypeAlias = Literal[
    "raw",  # InputPath: the state's input as it came
    "work",  # what is evaluated before the work: payload, timers, items
    "result",  # ResultSelector
    "output",  # OutputPath and Output
    "assign",
    "rule",  # conditions of a Choice
    "rule-output",
    "rule-assign",
    "catch-output",
    "catch-assign",
]


@dataclass(eq=False)
class Site:
    """One expression: where it stands, what it is, when it is evaluated."""

    node: Node
    path: Steps
    """From the state to the text."""
    text: str
    kind: Kind
    phase: Phase
    index: int = 0
    """Which rule or catcher it belongs to."""

    @property
    def pointer(self) -> str:
        """JSON Pointer to the text."""
        return self.node.at(*self.path)

    @cached_property
    def expression(self) -> Expression | None:
        """The JSONata expression, if it is one and can be read."""
        return _expression(self.text) if self.kind == "jsonata" else None

    @cached_property
    def call(self) -> Call | None:
        """The intrinsic call, if it is one and can be read."""
        return _call(self.text) if self.kind == "intrinsic" else None

    @cached_property
    def plain(self) -> tuple[str, ...] | None:
        """The names of an expression that only names a value: `states`, `input`, …"""
        inner = self.text[2:-2].strip() if self.kind == "jsonata" else ""
        return tuple(inner[1:].split(".")) if PLAIN_PATH.fullmatch(inner) else None

    @cached_property
    def paths(self) -> tuple[tuple[Path, int], ...]:
        """The paths that are read, each with its offset in the text."""
        if self.kind == "path":
            path = _path(self.text)
            return () if path is None else ((path, 0),)
        return () if self.call is None else tuple(_paths_in(self.call))

    @cached_property
    def variables(self) -> tuple[tuple[str, int], ...]:
        """The variables that are read, each with its offset in the text."""
        if self.kind != "jsonata":
            return tuple(
                (path.root, offset)
                for path, offset in self.paths
                if path.root not in ("$", "$$")
            )
        if self.plain is not None:
            root = self.plain[0]
            return () if root == "states" else ((root, self.text.find("$")),)
        if self.expression is None or "$" not in self.text:
            return ()
        places: dict[str, int] = {}
        for found in _DOLLAR_NAME.finditer(self.code):
            places.setdefault(found[1], found.start())
        names = sorted(self.expression.variables)
        return tuple((name, places.get(name, 0)) for name in names)

    @cached_property
    def code(self) -> str:
        """A JSONata expression with blanks in place of its texts and comments."""
        return _LITERALS.sub(lambda found: " " * len(found[0]), self.text)

    def find(self, pattern: str) -> int | None:
        """Where something stands in the code of a JSONata expression."""
        found = re.search(pattern, self.code)
        return found.start() if found else None


_DOLLAR_NAME = re.compile(r"\$(\w+)")
_LITERALS = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|/\*.*?\*/', re.DOTALL)


@lru_cache(maxsize=4096)
def _expression(text: str) -> Expression | None:
    try:
        return compile_jsonata_string(text)
    except SyntaxProblem:
        return None


@lru_cache(maxsize=4096)
def _call(text: str) -> Call | None:
    try:
        return parse_intrinsic(text)
    except SyntaxProblem:
        return None


def _path(text: str) -> Path | None:
    try:
        return compile_path(text)
    except SyntaxProblem:
        return None


def _paths_in(call: Call) -> Iterator[tuple[Path, int]]:
    for argument in call.arguments:
        if isinstance(argument, Call):
            yield from _paths_in(argument)
        elif isinstance(argument, PathArgument):
            path = _path(argument.text)
            if path is not None:
                yield path, argument.position


# --- where they stand

_PATHS: dict[str, Phase] = {
    "InputPath": "raw",
    "OutputPath": "output",
    "ItemsPath": "work",
    "SecondsPath": "work",
    "TimestampPath": "work",
    "TimeoutSecondsPath": "work",
    "HeartbeatSecondsPath": "work",
    "MaxConcurrencyPath": "work",
    "ToleratedFailureCountPath": "work",
    "ToleratedFailurePercentagePath": "work",
    "ErrorPath": "work",
    "CausePath": "work",
}
_TEMPLATES: dict[str, Phase] = {
    "Parameters": "work",
    "ItemSelector": "work",
    "Credentials": "work",
    "ResultSelector": "result",
    "Assign": "assign",
}
_JSONATA: dict[str, Phase] = {
    "Arguments": "work",
    "Items": "work",
    "ItemSelector": "work",
    "Credentials": "work",
    "TimeoutSeconds": "work",
    "HeartbeatSeconds": "work",
    "Seconds": "work",
    "Timestamp": "work",
    "Error": "work",
    "Cause": "work",
    "MaxConcurrency": "work",
    "ToleratedFailureCount": "work",
    "ToleratedFailurePercentage": "work",
    "Output": "output",
    "Assign": "assign",
}
_INNER_PATHS = (
    ("ItemReader", "ReaderConfig", "MaxItemsPath"),
    ("ItemBatcher", "MaxItemsPerBatchPath"),
    ("ItemBatcher", "MaxInputBytesPerBatchPath"),
)
_INNER_TEMPLATES = (
    ("ItemReader", "Parameters"),
    ("ItemBatcher", "BatchInput"),
    ("ResultWriter", "Parameters"),
)
_INNER_JSONATA = (
    ("ItemReader", "Arguments"),
    ("ItemReader", "ReaderConfig", "MaxItems"),
    ("ItemBatcher",),
    ("ResultWriter", "Arguments"),
)


def sites_of(node: Node) -> Iterator[Site]:
    """Every expression of a state, as its type and query language have them."""
    yield from _jsonata_sites(node) if node.jsonata else _jsonpath_sites(node)


def _jsonata_sites(node: Node) -> Iterator[Site]:
    for field, value in node.value.items():
        if field in _JSONATA:
            yield from _texts(node, (field,), value, _JSONATA[field])
    for path in _INNER_JSONATA if node.type == "Map" else ():
        yield from _texts(node, path, _below(node.value, path), "work")
    for index, rule in node.objects("Choices") if node.type == "Choice" else ():
        at: Steps = ("Choices", index)
        yield from _texts(
            node, (*at, "Condition"), rule.get("Condition"), "rule", index
        )
        yield from _texts(
            node, (*at, "Output"), rule.get("Output"), "rule-output", index
        )
        yield from _texts(
            node, (*at, "Assign"), rule.get("Assign"), "rule-assign", index
        )
    for index, rule in node.objects("Catch"):
        at = ("Catch", index)
        for field, phase in _CAUGHT:
            yield from _texts(node, (*at, field), rule.get(field), phase, index)


_CAUGHT: tuple[tuple[str, Phase], ...] = (
    ("Output", "catch-output"),
    ("Assign", "catch-assign"),
)


def _texts(
    node: Node, path: Steps, value: Json, phase: Phase, index: int = 0
) -> Iterator[Site]:
    """The `{% … %}` texts at any depth of a value."""
    if isinstance(value, str):
        if is_jsonata(value):
            yield Site(node, path, value, "jsonata", phase, index)
        return
    for below, text in walk(value):
        if is_jsonata(text):
            yield Site(node, (*path, *below), text, "jsonata", phase, index)


def walk(value: Json) -> Iterator[tuple[Steps, Json]]:
    """Every value inside a value that is no container, with the way to it."""
    todo: list[tuple[Steps, Json]] = [((), value)]
    while todo:
        path, item = todo.pop()
        if isinstance(item, dict):
            todo += reversed([((*path, key), inner) for key, inner in item.items()])
        elif isinstance(item, list):
            todo += reversed([((*path, n), inner) for n, inner in enumerate(item)])
        else:
            yield path, item


def _jsonpath_sites(node: Node) -> Iterator[Site]:
    for field, value in node.value.items():
        if field in _PATHS:
            yield from _dynamic(node, (field,), value, _PATHS[field])
        elif field in _TEMPLATES and not (
            node.type == "Pass" and field == "Parameters" and "Result" in node.value
        ):
            yield from _template(node, (field,), value, _TEMPLATES[field])
    for path in _INNER_PATHS if node.type == "Map" else ():
        yield from _dynamic(node, path, _below(node.value, path), "work")
    for path in _INNER_TEMPLATES if node.type == "Map" else ():
        yield from _template(node, path, _below(node.value, path), "work")
    for index, rule in node.objects("Choices") if node.type == "Choice" else ():
        yield from _rule(node, ("Choices", index), rule, index)
        at: Steps = ("Choices", index, "Assign")
        yield from _template(node, at, rule.get("Assign"), "rule-assign", index)
    for index, rule in node.objects("Catch"):
        at = ("Catch", index, "Assign")
        yield from _template(node, at, rule.get("Assign"), "catch-assign", index)


def _below(value: Json, path: Steps) -> Json:
    for step in path:
        if isinstance(step, int):
            value = value[step]
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def _dynamic(
    node: Node, path: Steps, value: Json, phase: Phase, index: int = 0
) -> Iterator[Site]:
    if isinstance(value, str):
        kind: Kind = "path" if value.startswith("$") else "intrinsic"
        yield Site(node, path, value, kind, phase, index)


def _template(
    node: Node, path: Steps, value: Json, phase: Phase, index: int = 0
) -> Iterator[Site]:
    for below, text in walk(value):
        key = below[-1] if below else None
        if isinstance(key, str) and key.endswith(".$"):
            yield from _dynamic(node, (*path, *below), text, phase, index)


def _rule(node: Node, path: Steps, rule: Json, index: int) -> Iterator[Site]:
    todo: list[tuple[Steps, Json]] = [(path, rule)]
    while todo:
        at, part = todo.pop()
        if not isinstance(part, dict):
            continue
        for field, value in part.items():
            operator = OPERATORS.get(field)
            if field == "Variable" or (operator is not None and operator.is_path):
                yield from _dynamic(node, (*at, field), value, "rule", index)
        todo += reversed(list(parts_of(part, at)))


def parts_of(rule: Mapping[str, Json], at: Steps) -> Iterator[tuple[Steps, Json]]:
    """The rules directly inside And, Or and Not."""
    for name in ("And", "Or"):
        parts = rule.get(name)
        for n, part in enumerate(parts if isinstance(parts, list) else ()):
            yield (*at, name, n), part
    if "Not" in rule:
        yield (*at, "Not"), rule["Not"]


def literals_of(node: Node) -> Iterator[tuple[Steps, str | None, Json]]:
    """What stands as it is in a state's payloads: the way, the nearest key, the value.

    In JSONPath the values of keys without `.$`, in JSONata every value.
    """
    fields: list[Steps] = [
        (field,)
        for field in node.value
        if (field in _JSONATA if node.jsonata else field in _TEMPLATES)
    ]
    if node.type == "Pass" and "Result" in node.value and not node.jsonata:
        fields = [field for field in fields if field != ("Parameters",)]
    if node.type == "Map":
        fields += _INNER_JSONATA if node.jsonata else _INNER_TEMPLATES
    if not fields and "Catch" not in node.value and node.type != "Choice":
        return
    for list_field in ("Choices", "Catch"):
        for index, _ in node.objects(list_field):
            names = ("Output", "Assign") if node.jsonata else ("Assign",)
            fields += [(list_field, index, name) for name in names]
    for path in fields:
        for below, value in walk(_below(node.value, path)):
            key = next((step for step in below[::-1] if isinstance(step, str)), None)
            if node.jsonata or not (key and key.endswith(".$")):
                yield (*path, *below), key, value
