"""Conditions of choice rules, compared: which takes all that another takes?

In: conditions as they are written. Out: whether one implies or excludes another, where
that is certain whatever the data.
Never: evaluates one: expressions/comparison.py does.

States Language specification: "Choice State".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import total_ordering
from typing import TypeAlias

from asl.expressions.comparison import (
    OPERATORS,
    compile_string_matches,
    parse_timestamp,
)
from asl.values import Json

Condition: TypeAlias = Mapping[str, Json]


def same(one: Condition, other: Condition) -> bool:
    """Whether two conditions are written alike, the order of members apart."""
    return one == other


@total_ordering
@dataclass(frozen=True, slots=True)
class _Bound:
    """An end of an interval; `side` -1 or 1 stands just before or behind the value."""

    value: Json
    side: int

    def __lt__(self, other: "_Bound") -> bool:
        if self.value == other.value:
            return self.side < other.side
        return bool(self.value < other.value)


@dataclass(frozen=True, slots=True)
class Interval:
    """The values that a comparison with a literal takes; None: no end."""

    family: str
    low: _Bound | None
    high: _Bound | None

    def within(self, other: "Interval") -> bool:
        """Whether the other takes all that this one takes."""
        if self.family != other.family:
            return False
        low = other.low is None or (self.low is not None and self.low >= other.low)
        high = other.high is None or (self.high is not None and self.high <= other.high)
        return low and high

    def misses(self, other: "Interval") -> bool:
        """Whether nothing is taken by both."""
        if self.family != other.family:
            # A timestamp is a text; other families have no value in common.
            return {self.family, other.family} != {"String", "Timestamp"}
        for one, two in ((self, other), (other, self)):
            if one.high is not None and two.low is not None and one.high <= two.low:
                return True
        return False


_FAMILIES: Mapping[str, tuple[type, ...]] = {
    "Numeric": (int, float),
    "String": (str,),
    "Boolean": (bool,),
}


def operator(condition: Condition) -> str | None:
    """The operator of a condition that is one comparison."""
    names = [name for name in condition if name in OPERATORS]
    return names[0] if len(names) == 1 and "Variable" in condition else None


def interval(condition: Condition) -> Interval | None:
    """The values that a comparison with a literal takes, if it is one."""
    name = operator(condition)
    if name is None or OPERATORS[name].is_path:
        return None
    family, value = OPERATORS[name].family, condition[name]
    if family == "Timestamp":
        value = parse_timestamp(value)
    elif family not in _FAMILIES or type(value) not in _FAMILIES[family]:
        return None
    if value is None or (isinstance(value, str) and not value.isascii()):
        return None
    before, behind = _Bound(value, -1), _Bound(value, 1)
    low, high = {
        "Equals": (before, behind),
        "LessThan": (None, before),
        "LessThanEquals": (None, behind),
        "GreaterThan": (behind, None),
        "GreaterThanEquals": (before, None),
    }[name.removeprefix(family)]
    return Interval(family, low, high)


_TESTS = {
    "IsString": ("String", "Matches", "Timestamp"),
    "IsNumeric": ("Numeric",),
    "IsBoolean": ("Boolean",),
    "IsTimestamp": ("Timestamp",),
}


def implies(one: Condition, other: Condition, depth: int = 0) -> bool:
    """Whether the other holds whenever this one does."""
    if depth > 20:
        return False
    if same(one, other):
        return True
    deeper = depth + 1
    if isinstance(one.get("Or"), list):
        return all(implies(part, other, deeper) for part in _parts(one, "Or"))
    if isinstance(other.get("And"), list):
        return all(implies(one, part, deeper) for part in _parts(other, "And"))
    if isinstance(other.get("Or"), list) and any(
        implies(one, part, deeper) for part in _parts(other, "Or")
    ):
        return True
    if isinstance(one.get("And"), list):
        return any(implies(part, other, deeper) for part in _parts(one, "And"))
    inner, outer = one.get("Not"), other.get("Not")
    if isinstance(inner, dict) and isinstance(outer, dict):
        return implies(outer, inner, deeper)
    return _comparison_implies(one, other)


def _parts(condition: Condition, name: str) -> list[Condition]:
    parts: list[Condition] = [part for part in condition[name] if part]
    return [part for part in parts if isinstance(part, dict)] or [{}]


def _comparison_implies(one: Condition, other: Condition) -> bool:
    name, wider = operator(one), operator(other)
    if name is None or wider is None or one["Variable"] != other["Variable"]:
        return False
    if wider == "IsPresent":
        return other[wider] is True and not (name == "IsPresent" and one[name] is False)
    family = OPERATORS[name].family
    if wider in _TESTS and other[wider] is True:
        if name in _TESTS:
            return one[name] is True and (name, wider) == ("IsTimestamp", "IsString")
        return not OPERATORS[name].is_path and family in _TESTS[wider]
    if wider == "StringMatches" and name == "StringEquals":
        text, pattern = one[name], other[wider]
        if isinstance(text, str) and isinstance(pattern, str):
            return compile_string_matches(pattern)(text)
    inner, outer = interval(one), interval(other)
    return inner is not None and outer is not None and inner.within(outer)
