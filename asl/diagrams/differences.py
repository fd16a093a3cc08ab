"""Differences: where two JSON values differ, down to the smallest place.

In: two values. Out: FieldChanges, each with its place and what stood and stands there.
Never: knows what the values mean; the order of members does not count.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from asl.values import Json

ABSENT = object()
"""Stands for the value of a field that is not there."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One place at which two values differ."""

    field: str
    """`TimeoutSeconds`, `Retry[0].MaxAttempts`, …; empty for the whole value."""
    old: Json
    """ABSENT where there was none."""
    new: Json

    def to_json(self) -> dict[str, Json]:
        """The place with its two values; one that is absent is left out."""
        values = {"old": self.old, "new": self.new}
        there = {name: value for name, value in values.items() if value is not ABSENT}
        return {"field": self.field, **there}


def find_differences(old: Json, new: Json) -> Iterator[FieldChange]:
    """Every smallest place at which two values differ, in the order of the texts."""
    waiting: list[tuple[str, Json, Json]] = [("", old, new)]
    while waiting:
        field, before, after = waiting.pop()
        if isinstance(before, dict) and isinstance(after, dict):
            below = [
                (_member(field, key), before.get(key, ABSENT), after.get(key, ABSENT))
                for key in dict.fromkeys([*before, *after])
            ]
        elif (
            isinstance(before, list)
            and isinstance(after, list)
            and len(before) == len(after)
        ):
            below = [
                (f"{field}[{number}]", one, other)
                for number, (one, other) in enumerate(zip(before, after, strict=True))
            ]
        else:
            if not _same(before, after):
                yield FieldChange(field, before, after)
            continue
        waiting.extend(reversed(below))


def _same(old: Json, new: Json) -> bool:
    """Of two that are not both objects, nor lists of one length."""
    if isinstance(old, bool) or isinstance(new, bool):
        return old is new  # to Python, true equals 1
    if isinstance(old, (dict, list)) or isinstance(new, (dict, list)):
        return False  # lists of different lengths, or two kinds of value
    return bool(old == new)


def _member(field: str, key: str) -> str:
    return f"{field}.{key}" if field else key
