"""Lookup: which values a field reads, and where reading them ends.

In: the text of a field (path, intrinsic call, payload template, JSONata expression) and
the data it is evaluated against. Out: the value that was lacking, as a path into the
result of the task that should have given it.
Never: evaluates; expressions/ does. What a JSONata expression reads is told from its
text, which is right for chains of names and cautious for everything else.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from asl.expressions.intrinsic_syntax import Call, PathArgument, parse_intrinsic
from asl.expressions.jsonata import is_jsonata
from asl.expressions.jsonpath import compile_path
from asl.expressions.jsonpath_steps import Index, Name, Step
from asl.expressions.scope import Scope, SyntaxProblem
from asl.tasks.unknown import Unknown, Unknowns
from asl.values import Json


@dataclass(frozen=True, slots=True)
class Reference:
    """One value that a field reads."""

    root: str
    """`$` (the data), `$$` (the context object) or a variable's name."""
    steps: tuple[Step, ...]
    jsonata: bool = False
    expression: str = ""
    """The JSONata expression that it is part of."""

    def __str__(self) -> str:
        if self.root == "$":
            # What JSONata calls $states.input.a is $.a to people, as in JSONPath.
            return path_text("$", self.steps[1:] if self.jsonata else self.steps)
        root = self.root if self.root == "$$" else f"${self.root}"
        return path_text(root, self.steps)


@dataclass(frozen=True, slots=True)
class Lack:
    """A value that was needed and is not known."""

    state: str | None
    """The task whose result should hold it; None: the execution's input."""
    path: str
    is_unknown: bool
    """Whether nobody gave the value; else it is missing in data that is given."""
    one_of: tuple[str, ...] = ()


_WORD = re.compile(r"[^\W\d]\w*")


def path_text(root: str, steps: tuple[Step, ...]) -> str:
    """A path as people write it."""
    text = root
    for step in steps:
        if isinstance(step, Name) and _WORD.fullmatch(step.key):
            text += f".{step.key}"
        else:
            text += str(step)
    return text


def references(field: Json, *, jsonata: bool) -> list[Reference]:
    """What a field reads, in the order of its text."""
    if jsonata:
        return [
            reference
            for text in _texts(field)
            if is_jsonata(text)
            for reference in _jsonata_references(text[2:-2].strip())
        ]
    if isinstance(field, str):
        return list(_path_references(field))
    return [
        reference
        for text in _dynamic_texts(field)
        for reference in _path_references(text)
    ]


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def _dynamic_texts(value: Json) -> Iterator[str]:
    """The texts of a payload template that are computed."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key.endswith(".$") and isinstance(item, str):
                yield item
            else:
                yield from _dynamic_texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _dynamic_texts(item)


def _path_references(text: str) -> Iterator[Reference]:
    try:
        if text.startswith("$"):
            path = compile_path(text)
            yield Reference(path.root, path.steps)
        elif text.startswith("States."):
            yield from _argument_references(parse_intrinsic(text))
    except SyntaxProblem:
        return  # a literal text that only looks like a path


def _argument_references(call: Call) -> Iterator[Reference]:
    for argument in call.arguments:
        if isinstance(argument, PathArgument):
            yield from _path_references(argument.text)
        elif isinstance(argument, Call):
            yield from _argument_references(argument)


_PASSED_OVER = re.compile(
    r"""'(?:[^'\\]|\\.)*' | "(?:[^"\\]|\\.)*" | /\*.*?\*/ | (?P<chain>
    \$(?P<root>[^\W\d]\w*)(?P<steps>(?: \s*\.\s*(?:[^\W\d]\w*|`[^`]*`) | \[-?\d+\] )*)
    )(?P<call>\s*\()?""",
    re.VERBOSE | re.DOTALL,
)
_CHAIN_STEP = re.compile(r"\.\s*(?:([^\W\d]\w*)|`([^`]*)`)|\[(-?\d+)\]")


def _jsonata_references(text: str) -> Iterator[Reference]:
    """Chains of names outside texts and comments: `$states.input.a`, `$list[0].b`."""
    for found in _PASSED_OVER.finditer(text):
        if found["chain"] is None or (found["call"] and not found["steps"]):
            continue  # a text, a comment, or a function's name
        steps: list[Step] = [
            Index(int(step[3])) if step[3] else Name(step[1] or step[2])
            for step in _CHAIN_STEP.finditer(found["steps"])
        ]
        if found["root"] != "states":
            yield Reference(found["root"], tuple(steps), True, text)
        elif steps and steps[0] == Name("context"):
            yield Reference("$$", tuple(steps[1:]), True, text)
        else:
            yield Reference("$", tuple(steps), True, text)


def follow(
    reference: Reference, subject: Json, scope: Scope
) -> tuple[Json, tuple[Step, ...]]:
    """The value at a reference, or the last one on the way and the steps left over.

    A step that leads to several places (`[*]`, a filter, `..`) is not taken.
    """
    value = subject
    if reference.root == "$$":
        value = scope.context
    elif reference.root != "$":
        if reference.root not in scope.variables:
            # In JSONata also a name that the expression itself binds.
            return None, () if reference.jsonata else reference.steps
        value = scope.variables[reference.root]
    for number, step in enumerate(reference.steps):
        if reference.jsonata and isinstance(step, Name):
            # JSONata takes a step from every item; the first one stands for all.
            while type(value) is list and value:
                value = value[0]
        if isinstance(step, Name) and type(value) is dict and step.key in value:
            value = value[step.key]
        elif isinstance(step, Index) and type(value) is list and _has(value, step):
            value = value[step.number]
        elif not (reference.jsonata and step == Index(0) and type(value) is not list):
            return value, reference.steps[number:]  # in JSONata one value is a list too
    return value, ()


def _has(items: list[Json], step: Index) -> bool:
    return -len(items) <= step.number < len(items)


def find_unknown(
    unknowns: Unknowns, reference: Reference, subject: Json, scope: Scope
) -> Lack | None:
    """The unknown value that a reference meets, if it meets one."""
    value, rest = follow(reference, subject, scope)
    found = unknowns.of(value)
    if found is not None:
        return _lack(found, rest)
    if rest and isinstance(rest[0], (Name, Index)):
        return None  # it ends in data that is given
    found = unknowns.find_in(value)
    return None if found is None else _lack(found, ())


def find_lack(
    unknowns: Unknowns,
    reads: list[Reference],
    subject: Json,
    scope: Scope,
    state: str,
) -> Lack | None:
    """Which value kept a field from being evaluated.

    First a value that is not there, in the order of the text; else an unknown one that
    was there and was of no use.
    """
    for reference in reads:
        value, rest = follow(reference, subject, scope)
        if not rest or not isinstance(rest[0], (Name, Index)):
            continue
        found = unknowns.of(value)
        if found is not None:
            return _lack(found, rest)
        return Lack(state, str(reference), is_unknown=False)
    for reference in reads:
        lack = find_unknown(unknowns, reference, subject, scope)
        if lack is not None:
            return lack
    return None


def _lack(found: Unknown, rest: tuple[Step, ...]) -> Lack:
    path = path_text(found.path, rest)
    return Lack(found.state, path, is_unknown=True, one_of=found.one_of)
