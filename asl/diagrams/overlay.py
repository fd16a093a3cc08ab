"""Overlay: what an execution, a coverage report or a comparison puts on a picture.

In: figures that others have found. Out: an Overlay: figures by the JSON Pointers of
states and edges, as a Shape has them.
Never: counts or draws; what was never reached has no entry.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["execution", "coverage", "comparison"]
Difference: TypeAlias = Literal["", "added", "removed", "changed", "same"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StateTrace:
    """What happened in one state, or became of it."""

    visits: int = 0
    succeeded: int = 0
    """Visits that ended well."""
    failed: int = 0
    caught: int = 0
    """Visits that failed and left by a Catcher."""
    aborted: int = 0
    """Visits that something else cut off."""
    running: int = 0
    retries: int = 0
    seconds: float = 0.0
    """Virtual time spent in all visits together."""
    iterations: Mapping[str, int] = field(default_factory=dict)
    """Of a Map: how many iterations `succeeded`, `failed`, were `aborted`."""
    status: Difference = ""
    """Of a comparison: what became of the state."""
    note: str = ""
    """Of a comparison: what changed, in few words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeTrace:
    """How often one edge was taken, or what became of it."""

    count: int = 0
    orders: tuple[int, ...] = ()
    """The order numbers of the first few times, counted over the whole execution."""
    status: Difference = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """What is drawn on a shape."""

    kind: Kind
    states: Mapping[str, StateTrace]
    """By the state's JSON Pointer."""
    edges: Mapping[str, EdgeTrace]
    """By the JSON Pointer of the field that names the target (as in Edge)."""
    title: str = ""
    """One line for people: `SUCCEEDED after 3.5 s`, `12 of 15 states reached`, …"""
    status: str = ""
    """Of an execution: RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED."""


_UNITS = ((86_400.0, "d"), (3_600.0, "h"), (60.0, "min"))


def seconds_text(seconds: float) -> str:
    """A length of time, short: `0 s`, `250 ms`, `3.5 s`, `2 min 5 s`, `3 d 4 h`."""
    if 0 < seconds < 0.9995:
        return f"{max(1, round(seconds * 1000))} ms"
    if round(seconds) < 120:
        return f"{seconds:.3g} s"
    seconds = round(seconds)
    number = next(n for n, (size, _) in enumerate(_UNITS) if seconds >= size)
    size, unit = _UNITS[number]
    below, small = (*_UNITS, (1.0, "s"))[number + 1]
    rest = int(seconds % size // below)
    whole = f"{int(seconds // size)} {unit}"
    return f"{whole} {rest} {small}" if rest else whole
