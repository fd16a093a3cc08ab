"""A path inside a filter: what jsonpath-ng reads for us.

In: the text of a path that begins with `@` (the candidate) or `$` (the document).
Out: it as an operand, which gives a value or MISSING, and as a test of existence.
Never: lets anything through that AWS has not: jsonpath-ng also knows arithmetic, set
operations and functions between backticks. The only module that imports jsonpath-ng,
and only when it is called (45 ms).

jsonpath-ng takes names such as `where` or `1st` for something else, so it gets every
name quoted.
"""

import re
from collections.abc import Callable
from typing import TypeAlias

from asl.expressions.jsonpath_operators import MISSING
from asl.expressions.jsonpath_reading import PathError, finder, reader
from asl.expressions.jsonpath_steps import (
    Descend,
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
from asl.values import Json

Test: TypeAlias = Callable[[Json, Json], bool]
"""test(candidate, root)."""

Operand: TypeAlias = Callable[[Json, Json], Json]
"""operand(candidate, root) gives a value, or MISSING."""

QUOTED = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""
NAME = r"""[^\s.\[\](),'"`*+/|&=<>!~?^{};\\]+"""
_PIECE = re.compile(rf"(?P<quoted>{QUOTED})|(?P<dots>\.\.?)(?P<name>{NAME})", re.DOTALL)
_MAX_STEPS = 100


def parse_steps(path: str) -> tuple[Step, ...]:
    """The steps of a path that holds no filter itself; raises ValueError."""
    return _parse_steps(_requote(path))


def compile_operand(
    steps: tuple[Step, ...], *, from_root: bool
) -> tuple[Test, Operand]:
    """Steps from the candidate or the root, as test of existence and as operand."""
    if not is_definite(steps):
        find = finder(steps)

        def find_list(item: Json, root: Json) -> Json:
            return find(root if from_root else item, root)

        # A list is always there; what is asked is whether anything was found.
        return (lambda item, root: bool(find_list(item, root))), find_list
    read = reader(steps)

    def find_one(item: Json, root: Json) -> Json:
        try:
            return read(root if from_root else item, None)
        except PathError:
            return MISSING

    return (lambda item, root: find_one(item, root) is not MISSING), find_one


def _requote(path: str) -> str:
    """The path with every name in quotes, and in them only \\ and ' escaped."""

    def quote(piece: re.Match[str]) -> str:
        name = piece["name"] or unescape(piece["quoted"][1:-1])
        escaped = name.replace("\\", "\\\\").replace("'", "\\'")
        return f"{piece['dots'] or ''}'{escaped}'"

    return _PIECE.sub(quote, path)


def _parse_steps(path: str) -> tuple[Step, ...]:
    """Let jsonpath-ng read a path, and take its tree apart."""
    from jsonpath_ng import Child
    from jsonpath_ng.exceptions import JSONPathError
    from jsonpath_ng.ext.filter import Expression, Filter
    from jsonpath_ng.ext.parser import parse

    if path.count("[") + path.count(".") > _MAX_STEPS:
        raise ValueError(f"more than {_MAX_STEPS} steps")
    try:
        tree = parse(f"$[?({path})]")
    except JSONPathError as error:
        raise ValueError(str(error)) from None
    match tree:
        case Child(right=Filter(expressions=[Expression(target=target, op=None)])):
            return tuple(_flatten(target))
    raise ValueError("not a single path")


def _flatten(node: object) -> list[Step]:
    from jsonpath_ng import Child, Descendants, Root, This

    if isinstance(node, (Root, This)):
        return []
    if isinstance(node, Child):
        return _flatten(node.left) + _flatten(node.right)
    if isinstance(node, Descendants):
        first, *rest = _flatten(node.right)
        if isinstance(first, Descend):
            raise ValueError("'..' twice")
        return [*_flatten(node.left), Descend(first), *rest]
    return [_step(node)]


def _step(node: object) -> PlainStep:
    from jsonpath_ng import Fields
    from jsonpath_ng.jsonpath import Index as Numbers
    from jsonpath_ng.jsonpath import Slice as Range
    from jsonpath_ng.jsonpath import Wildcard as Star

    match node:
        case Star():
            return Wildcard()
        case Fields(fields=(name,)):
            return Name(name)
        case Fields(fields=names):
            return Names(tuple(names))
        case Numbers(indices=(number,)):
            return Index(number)
        case Numbers(indices=numbers):
            return Indexes(tuple(numbers))
        case Range(start=start, end=end, step=None) if (start, end) != (None, None):
            return Slice(start, end)
    raise ValueError(f"AWS has no {type(node).__name__} in a path")
