"""The 39 operators of a Choice rule, in one table.

In: an operator's name, the value at Variable, the operand (a literal, or for the
`…Path` operators the value already read).
Out: true or false; timestamps as numbers; wildcard patterns as functions.
Never: raises for a value of the wrong type: such a rule is simply false. Never reads a
path (engine/choice.py does) or knows what And, Or and Not are (model/choice.py).

States Language specification: "Choice State", "Data Test Expression".
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from asl.expressions.java import code_units
from asl.values import Json

Test: TypeAlias = Callable[[Json, Json], bool]
"""(value, operand) → whether the operator holds."""

Check: TypeAlias = Callable[[Json], bool]
"""The same with the operand already known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """One comparison operator.

    `family` is String, Numeric, Timestamp, Boolean, Matches or Is; `is_path` says that
    the definition gives a path and `test` expects the value found there.
    """

    name: str
    family: str
    is_path: bool
    test: Test


def parse_timestamp(text: Json) -> int | None:
    """Nanoseconds since 1970 of an RFC 3339 timestamp, or None for anything else.

    Capital T and Z, a zone is required, any number of digits after the point (those
    beyond the ninth do not count), no leap second.
    """
    if not isinstance(text, str):
        return None
    found = _TIMESTAMP(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = map(int, found.group(1, 2, 3, 4, 5, 6))
    try:
        days = date(year, month, day).toordinal() - _DAY_1970
    except ValueError:
        return None
    seconds = days * 86_400 + hour * 3_600 + minute * 60 + second
    if found[8] != "Z":
        offset = int(found[8][1:3]) * 3_600 + int(found[8][4:]) * 60
        seconds += offset if found[8][0] == "-" else -offset
    return seconds * 1_000_000_000 + int((found[7] or "")[:9].ljust(9, "0"))


_CLOCK = r"([01]\d|2[0-3]):([0-5]\d)"
_TIMESTAMP = re.compile(
    rf"(\d{{4}})-(\d\d)-(\d\d)T{_CLOCK}:([0-5]\d)(?:\.(\d+))?"
    r"(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)",
    re.ASCII,
).fullmatch
_DAY_1970 = date(1970, 1, 1).toordinal()


def is_timestamp(value: Json) -> bool:
    """Whether the value is a text that `parse_timestamp` understands."""
    return parse_timestamp(value) is not None


def compile_string_matches(pattern: str) -> Callable[[str], bool]:
    r"""A function that tells whether a whole text matches a StringMatches pattern.

    `*` stands for any characters, `\*` for an asterisk, `\\` for a backslash; every
    other character, a lone backslash too, for itself. Each stretch is looked for once,
    leftmost first, so the time stays linear however many asterisks there are.
    """
    pieces = [""]
    for token in re.findall(r"\\[\\*]|.", pattern, re.DOTALL):
        if token == "*":
            pieces.append("")
        else:
            pieces[-1] += token[-1]
    if len(pieces) == 1:
        return pieces[0].__eq__
    head, *middle, tail = pieces
    stretches = [piece for piece in middle if piece]

    def matches(text: str) -> bool:
        last = len(text) - len(tail)
        if last < len(head) or not (text.startswith(head) and text.endswith(tail)):
            return False
        place = len(head)
        for stretch in stretches:
            place = text.find(stretch, place, last)
            if place < 0:
                return False
            place += len(stretch)
        return True

    return matches


def _less(a: str, b: str) -> bool:
    """Java's compareTo: by UTF-16 code units, which differ from code points only where
    both texts hold characters beyond ASCII."""
    if a.isascii() or b.isascii():
        return a < b
    return code_units(a) < code_units(b)


Maker: TypeAlias = Callable[[Json], Check]
"""Operand → check, made once where the operand is a literal."""

# One closure per comparison, written out: a rule costs one call and no table look-up.
# bool is an int to Python but no number to JSON, hence type(…) and not isinstance.
_NUMERIC: dict[str, Maker] = {
    "Equals": lambda b: lambda a: (type(a) is int or type(a) is float) and a == b,
    "LessThan": lambda b: lambda a: (type(a) is int or type(a) is float) and a < b,
    "GreaterThan": lambda b: lambda a: (type(a) is int or type(a) is float) and a > b,
    "LessThanEquals": lambda b: (
        lambda a: (type(a) is int or type(a) is float) and a <= b
    ),
    "GreaterThanEquals": lambda b: (
        lambda a: (type(a) is int or type(a) is float) and a >= b
    ),
}
_STRING: dict[str, Maker] = {
    "Equals": lambda b: lambda a: a == b,  # an operand that is a text equals texts only
    "LessThan": lambda b: lambda a: type(a) is str and _less(a, b),
    "GreaterThan": lambda b: lambda a: type(a) is str and _less(b, a),
    "LessThanEquals": lambda b: lambda a: type(a) is str and not _less(b, a),
    "GreaterThanEquals": lambda b: lambda a: type(a) is str and not _less(a, b),
}


def _never(_value: Json) -> bool:
    return False


def _needing(make: Maker, *kinds: type) -> Maker:
    """A wrong operand makes a rule that never holds."""
    return lambda operand: make(operand) if type(operand) in kinds else _never


def _timestamp(compare: Maker) -> Maker:
    """Timestamps compare as instants: how one is spelt does not count."""

    def make(operand: Json) -> Check:
        instant = parse_timestamp(operand)
        if instant is None:
            return _never
        check = compare(instant)
        return lambda value: check(parse_timestamp(value))  # None is no number: false

    return make


def _boolean(operand: Json) -> Check:
    return lambda value: value is operand


def _matches(pattern: Json) -> Check:
    match = compile_string_matches(pattern)
    return lambda value: type(value) is str and match(value)


def _is(test: Check) -> Maker:
    """An Is… operator: true asks for the test, false for its opposite."""
    return lambda operand: lambda value: test(value) is operand


_MAKERS: dict[str, tuple[str, Maker]] = {
    **{f"String{c}": ("String", _needing(m, str)) for c, m in _STRING.items()},
    **{
        f"Numeric{c}": ("Numeric", _needing(m, int, float)) for c, m in _NUMERIC.items()
    },
    **{f"Timestamp{c}": ("Timestamp", _timestamp(m)) for c, m in _NUMERIC.items()},
    "BooleanEquals": ("Boolean", _needing(_boolean, bool)),
    "StringMatches": ("Matches", _needing(_matches, str)),
    "IsNull": ("Is", _is(lambda value: value is None)),
    # The value handed to IsPresent is whether the path exists: only its reader knows.
    "IsPresent": ("Is", _is(lambda exists: exists is True)),
    "IsNumeric": ("Is", _is(lambda value: type(value) is int or type(value) is float)),
    "IsString": ("Is", _is(lambda value: type(value) is str)),
    "IsBoolean": ("Is", _is(lambda value: type(value) is bool)),
    "IsTimestamp": ("Is", _is(is_timestamp)),
}


def compile_operator(name: str, operand: Json) -> Check:
    """The operator with a literal operand: patterns and timestamps are read once.

    IsPresent's check takes whether the path exists instead of the value.
    """
    return _MAKERS[name.removesuffix("Path")][1](operand)


def _operator(name: str) -> Operator:
    family, make = _MAKERS[name.removesuffix("Path")]
    return Operator(
        name=name,
        family=family,
        is_path=name.endswith("Path"),
        test=lambda value, operand: make(operand)(value),
    )


OPERATORS: dict[str, Operator] = {
    name: _operator(name)
    # AWS's own order, as its messages about a rule without an operator list them:
    # checks/aws_words.py relies on it.
    for name in """
        StringEquals IsBoolean StringLessThan IsNumeric BooleanEquals
        StringLessThanEqualsPath NumericLessThan NumericGreaterThan NumericLessThanPath
        StringMatches TimestampLessThanEqualsPath NumericEquals TimestampGreaterThan
        StringGreaterThanEqualsPath TimestampGreaterThanEqualsPath
        TimestampLessThanEquals NumericLessThanEqualsPath TimestampEquals
        BooleanEqualsPath IsTimestamp StringLessThanEquals NumericLessThanEquals
        StringLessThanPath TimestampGreaterThanPath StringGreaterThan
        StringGreaterThanPath IsString StringEqualsPath TimestampEqualsPath
        TimestampLessThan StringGreaterThanEquals NumericGreaterThanPath
        NumericGreaterThanEquals NumericEqualsPath TimestampLessThanPath IsNull
        IsPresent TimestampGreaterThanEquals NumericGreaterThanEqualsPath
    """.split()  # noqa: SIM905 (39 quoted lines would say no more)
}
"""The 39 operators by name."""
