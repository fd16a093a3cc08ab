"""Differences: where expected and actual JSON part, and what the texts look like.

In: two JSON values. Out: the places where they differ; a diff of their texts.
Never: takes true for 1, or the order of members for a difference.
"""

import difflib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from asl.values import Json

Steps: TypeAlias = tuple[str | int, ...]


class Absent:
    """Stands for a value that is not there; null is one that is."""

    def __repr__(self) -> str:
        return "nothing"


ABSENT = Absent()


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where two values differ."""

    steps: Steps
    expected: Json
    actual: Json

    @property
    def path(self) -> str:
        """The place as a path: `$.items[0].price`."""
        return path_text(self.steps)

    def __str__(self) -> str:
        return f"{self.path}: expected {short(self.expected)}, got {short(self.actual)}"


def differences(
    expected: Json, actual: Json, steps: Steps = ()
) -> Iterator[Difference]:
    """The innermost places where two values differ, in order."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        for key in dict.fromkeys((*expected, *actual)):
            yield from differences(
                expected.get(key, ABSENT), actual.get(key, ABSENT), (*steps, key)
            )
    elif isinstance(expected, list) and isinstance(actual, list):
        for index in range(max(len(expected), len(actual))):
            yield from differences(
                expected[index] if index < len(expected) else ABSENT,
                actual[index] if index < len(actual) else ABSENT,
                (*steps, index),
            )
    elif isinstance(expected, bool) or isinstance(actual, bool):
        if expected is not actual:
            yield Difference(steps, expected, actual)
    elif expected != actual:
        yield Difference(steps, expected, actual)


def value_at(value: Json, steps: Steps) -> Json:
    """The value at a place, or ABSENT."""
    for step in steps:
        if isinstance(step, str):
            value = value.get(step, ABSENT) if isinstance(value, dict) else ABSENT
        elif isinstance(value, list) and step < len(value):
            value = value[step]
        else:
            value = ABSENT
    return value


def diff_text(expected: Json, actual: Json, *, most: int = 60) -> str:
    """A unified diff of two values' JSON texts, members sorted, at most so long."""
    lines = [
        line.rstrip("\n")
        for line in difflib.unified_diff(
            _pretty(expected), _pretty(actual), "expected", "actual", lineterm=""
        )
    ]
    if len(lines) > most:
        lines[most:] = [f"... {len(lines) - most} more lines"]
    return "\n".join(lines)


def difference_text(expected: Json, actual: Json, *, most: int = 10) -> str:
    """The places and the diff together; empty where the values are equal."""
    found = list(differences(expected, actual))
    if not found:
        return ""
    lines = [str(one) for one in found[:most]]
    if len(found) > most:
        lines.append(f"... and {len(found) - most} more places")
    if isinstance(expected, (dict, list)) or isinstance(actual, (dict, list)):
        lines.append(diff_text(expected, actual))
    return "\n".join(lines)


def first_parting(expected: Sequence[str], actual: Sequence[str]) -> int | None:
    """The index at which two paths part; None where they do not."""
    for index in range(max(len(expected), len(actual))):
        if expected[index : index + 1] != actual[index : index + 1]:
            return index
    return None


_PLAIN = re.compile(r"[A-Za-z_]\w*")


def path_text(steps: Steps) -> str:
    """Steps as a path."""
    text = "$"
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _PLAIN.fullmatch(step):
            text += f".{step}"
        else:
            text += f"[{json.dumps(step, ensure_ascii=False)}]"
    return text


def short(value: Json, most: int = 100) -> str:
    """A value as one line of JSON, cut where it is long."""
    if value is ABSENT:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= most else f"{text[: most - 3]}..."


def _pretty(value: Json) -> list[str]:
    if value is ABSENT:
        return []
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)
    return text.splitlines()
