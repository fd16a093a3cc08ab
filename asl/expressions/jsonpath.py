"""AWS's JSONPath: from the text of a path to a closure that reads it.

In: the text (`$.a.b`, `$$.Execution.Id`, `$orders[*].id`), later the data and a Scope.
Out: a Path: its steps as data, for checks and tests, and `read`, compiled once.
Never: writes (reference.py), knows what steps find (jsonpath_reading.py) or reads what
stands in `[?( )]` (jsonpath_filter.py); a path without that never imports jsonpath-ng.

States Language specification: "Paths", "Reference Paths"; developer guide: "Using
JSONPath paths".
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache

from asl.expressions.jsonpath_reading import Follower, PathError, Reader, reader
from asl.expressions.jsonpath_steps import (
    Descend,
    Filter,
    Index,
    Indexes,
    Name,
    Names,
    PlainStep,
    Slice,
    Step,
    Wildcard,
    is_definite,
    unescape,
)
from asl.expressions.scope import Scope, SyntaxProblem
from asl.values import Json

__all__ = [
    "Path",
    "PathError",
    "compile_path",
    "is_path",
    "reference_problem",
]


@dataclass(frozen=True, slots=True)
class Path:
    """A compiled path."""

    text: str
    root: str
    """`$` (the data), `$$` (the context object) or a variable's name."""
    steps: tuple[Step, ...]
    definite: bool
    """Whether it gives one value; any other path gives a list."""
    read: Reader = field(compare=False, repr=False)
    """read(data, scope) gives the value or raises PathError."""


def is_path(text: str) -> bool:
    """Whether a text claims to be a path: it begins with `$`."""
    return text.startswith("$")


@lru_cache(maxsize=4096)
def compile_path(text: str) -> Path:
    """Compile a path; raises SyntaxProblem."""
    root, steps = _scan(text)
    definite = is_definite(steps)
    return Path(text, root, steps, definite, _rooted(root, steps, reader(steps)))


def reference_problem(path: Path) -> str | None:
    """Why a path is no Reference Path, or None where it is one."""
    for step in path.steps:
        match step:
            case Name():
                pass
            case Index(number=number):
                if number < 0:
                    return f"Reference path must not have a negative index: {step}"
            case Filter(body=body):
                return f"Reference path must not have a filter: [?({body})]"
            case _:
                return f"Reference path must lead to a single node, not to {step}"
    return None


def _rooted(root: str, steps: tuple[Step, ...], inner: Follower) -> Reader:
    """The same reading, begun at the data, the context object or a variable."""
    if root == "$":
        return inner
    if root == "$$":
        if not steps:
            return lambda data, scope: scope.context
        return lambda data, scope: inner(scope.context, scope)

    def read_variable(data: Json, scope: Scope) -> Json:
        try:
            value = scope.variables[root]
        except KeyError:
            # AWS's words for an undefined variable were never recorded; a variable is
            # spoken of like a member that is missing.
            fault = "Missing property in path" if steps else "No results for path:"
            raise PathError(f"{fault} $['{root}']") from None
        return inner(value, scope) if steps else value

    return read_variable


_VARIABLE = re.compile(r"\$(\w+)")
# What Jayway would take for part of a name but reads like an operator needs quotes.
_NAME = re.compile(r"""[^\s.\[\](),'"`*+/|&=<>!~?^{};\\]+""")
_NUMBERS = re.compile(r"\s*(-?[0-9]+(?:\s*,\s*-?[0-9]+)*)\s*\]")
_SLICE = re.compile(r"\s*(-?[0-9]+)?\s*:\s*(-?[0-9]+)?\s*(:[^\]]*)?\]")
_QUOTED = re.compile(
    r"""\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*([,\]])""", re.DOTALL
)
_STAR = re.compile(r"\s*\*\s*\]")
_FILTER = re.compile(r"\s*\?\s*\(")
_FILTER_END = re.compile(r"\s*\]")


def _scan(text: str) -> tuple[str, tuple[Step, ...]]:
    if not text.startswith("$"):
        raise SyntaxProblem("Path didn't start with '$'", 0)
    root, at = "$", 1
    if text.startswith("$$"):
        root, at = "$$", 2
    elif match := _VARIABLE.match(text):
        root, at = match[1], match.end()
        if not root.isidentifier():
            raise SyntaxProblem(
                f"${root} is no variable: a name begins with a letter", 1
            )
    steps: list[Step] = []
    while at < len(text):
        step, at = _scan_step(text, at)
        steps.append(step)
    return root, tuple(steps)


def _scan_step(text: str, at: int) -> tuple[Step, int]:
    deep = text.startswith("..", at)
    if text[at] == ".":
        at += 2 if deep else 1
    elif text[at] != "[":
        raise SyntaxProblem(f"Expected '.' or '[' before {text[at]!r}", at)
    step: PlainStep
    if text.startswith("[", at):
        step, at = _scan_bracket(text, at + 1)
    elif text.startswith("*", at):
        step, at = Wildcard(), at + 1
    elif match := _NAME.match(text, at):
        step, at = Name(match[0]), match.end()
        if text.startswith("(", at):
            raise SyntaxProblem(
                f"AWS does not support functions in paths: {match[0]}()", match.start()
            )
    elif at == len(text):
        raise SyntaxProblem("Path must not end with a '.'", at)
    else:
        raise SyntaxProblem(f"{text[at]!r} cannot begin a name without quotes", at)
    return (Descend(step) if deep else step), at


def _scan_bracket(text: str, at: int) -> tuple[PlainStep, int]:
    if match := _STAR.match(text, at):
        return Wildcard(), match.end()
    if match := _NUMBERS.match(text, at):
        numbers = tuple(_number(part, at) for part in match[1].split(","))
        step = Index(numbers[0]) if len(numbers) == 1 else Indexes(numbers)
        return step, match.end()
    if match := _SLICE.match(text, at):
        if match[3] is not None:
            raise SyntaxProblem(
                "AWS does not support a step in a slice", match.start(3)
            )
        if match[1] is None and match[2] is None:
            raise SyntaxProblem("A slice needs a start or an end", at)
        start, end = (None if n is None else _number(n, at) for n in match.groups()[:2])
        return Slice(start, end), match.end()
    if match := _FILTER.match(text, at):
        return _scan_filter(text, match.end())
    return _scan_names(text, at)


def _number(digits: str, at: int) -> int:
    number = int(digits) if len(digits) < 16 else 1 << 40
    if not -(1 << 31) <= number < 1 << 31:
        raise SyntaxProblem("An index must fit in 32 bits", at)
    return number


def _scan_names(text: str, at: int) -> tuple[PlainStep, int]:
    keys: list[str] = []
    while match := _QUOTED.match(text, at):
        keys.append(unescape(match[1] if match[1] is not None else match[2]))
        at = match.end()
        if match[3] == "]":
            return (Name(keys[0]) if len(keys) == 1 else Names(tuple(keys))), at
    raise SyntaxProblem(
        "Expected a quoted name, an index, a slice, '*' or '?(…)' between '[' and ']'",
        at,
    )


def _scan_filter(text: str, start: int) -> tuple[PlainStep, int]:
    # Only here, so that a path without a filter never pays for the filter's parser.
    from asl.expressions.jsonpath_filter import compile_filter

    test, end = compile_filter(text, start)
    match = _FILTER_END.match(text, end + 1)
    if match is None:
        raise SyntaxProblem("Expected ']' after the filter", end + 1)
    return Filter(text[start:end].strip(), test), match.end()
