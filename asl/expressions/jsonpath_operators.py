"""The operators of path filters, in one table, with Jayway's meaning.

In: two values, either of which may be MISSING.
Out: whether the operator holds; a pair of values it does not suit is false, never an
error.
Never: knows the choice operators (comparison.py), which are another language.

Nothing equals a missing value, values of different types have no order, and a number
equals a text that spells it. Jayway JsonPath: "Filter Operators".
"""

import json
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Final, TypeAlias

from asl.expressions.java import code_units
from asl.values import Json, json_text


class _Missing:
    """The type of MISSING."""


MISSING: Final = _Missing()
"""What a path gives where nothing is (Jayway's "undefined"); null is a value."""


def _kind(value: Json) -> str:
    return _KINDS.get(type(value), "missing")


_KINDS: dict[type, str] = {
    str: "text",
    int: "number",
    float: "number",
    bool: "boolean",
    type(None): "null",
    list: "json",
    dict: "json",
}


def spelling(value: Json) -> str:
    """The text a regular expression looks at: empty for what has no plain text."""
    if type(value) is str:
        return value
    return json_text(value) if _kind(value) in {"number", "boolean"} else ""


def _equal(left: Json, right: Json) -> bool:
    kinds = _kind(left), _kind(right)
    if kinds == ("json", "json"):  # 1 and 1.0 differ inside, as they do in Java
        return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)
    if kinds == ("text", "number"):
        return bool(left == json_text(right))
    if kinds == ("number", "text"):
        return _decimal(json_text(left)) == _decimal(right)
    return kinds[0] == kinds[1] != "missing" and bool(left == right)


def _decimal(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and text == text.strip() else None


def _same(left: Json, right: Json) -> bool:
    return _kind(left) == _kind(right) and _equal(left, right)


def _ordered(holds: Callable[[Json, Json], bool]) -> Callable[[Json, Json], bool]:
    """Numbers by value, texts by UTF-16 units as Java does, all else unordered."""

    def compare(left: Json, right: Json) -> bool:
        kinds = _kind(left), _kind(right)
        if kinds == ("number", "number"):
            return holds(left, right)
        if kinds == ("text", "text"):
            return holds(code_units(left), code_units(right))
        return False

    return compare


def _among(value: Json, values: Json) -> bool:
    return type(values) is list and any(_equal(value, other) for other in values)


def _contains(left: Json, right: Json) -> bool:
    if type(left) is str:
        return type(right) is str and right in left
    return _among(right, left)


def _both_lists(left: Json, right: Json) -> bool:
    return type(left) is list and type(right) is list


def _size(left: Json, right: Json) -> bool:
    return type(left) in {str, list} and _kind(right) == "number" and len(left) == right


def _empty(left: Json, right: Json) -> bool:
    return type(left) in {str, list, dict} and (not left) is right


Operator: TypeAlias = Callable[[Json, Json], bool]

OPERATORS: dict[str, Operator] = {
    "==": _equal,
    "!=": lambda left, right: not _equal(left, right),
    "===": _same,
    "!==": lambda left, right: not _same(left, right),
    "<": _ordered(lambda left, right: bool(left < right)),
    "<=": _ordered(lambda left, right: bool(left <= right)),
    ">": _ordered(lambda left, right: bool(left > right)),
    ">=": _ordered(lambda left, right: bool(left >= right)),
    "in": _among,
    "nin": lambda left, right: not _among(left, right),
    "contains": _contains,
    "all": lambda left, right: (
        _both_lists(left, right) and all(_among(item, left) for item in right)
    ),
    "subsetof": lambda left, right: (
        _both_lists(left, right) and all(_among(item, right) for item in left)
    ),
    "anyof": lambda left, right: (
        _both_lists(left, right) and any(_among(item, right) for item in left)
    ),
    "noneof": lambda left, right: (
        _both_lists(left, right) and not any(_among(item, right) for item in left)
    ),
    "size": _size,
    "empty": _empty,
}
