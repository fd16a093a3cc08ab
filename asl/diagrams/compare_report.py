"""A comparison as text for people.

In: a Comparison, and what the two definitions are called. Out: text.
Never: leaves out anything that differs; only long values are cut short.
"""

from collections.abc import Iterator

from asl.diagrams.compare import ADDED, REMOVED, Comparison, StateChange
from asl.diagrams.differences import ABSENT, FieldChange
from asl.diagrams.lettering import plain, shorten
from asl.values import Json, json_text

_SIGNS = {ADDED: "+", REMOVED: "-"}
_LENGTH = 60


def write_text(comparison: Comparison, *, old: str, new: str) -> str:
    """One line that sums it up, then every change on lines of its own."""
    lines = [f"{old} → {new}: {comparison.summary}"]
    lines.extend(f"~ {_field(change)}" for change in comparison.fields)
    for change in comparison.states:
        lines.extend(_state(change))
    for step in comparison.transitions:
        label = f": {plain(step.label)}" if step.label else ""
        ends = f"{plain(step.source)} → {plain(step.target)}"
        lines.append(f"{_SIGNS[step.status]} {ends} ({step.kind}{label})")
    return "\n".join(lines) + "\n"


def _state(change: StateChange) -> Iterator[str]:
    notes = []
    if change.old_name is not None:
        notes.append(f", was {plain(change.old_name)}")
    if change.moved:
        notes.append(", moved")
    sign = _SIGNS.get(change.status, "~")
    yield f"{sign} {plain(change.name)} ({change.type}){''.join(notes)}"
    for field in change.fields:
        yield f"    {_field(field)}"


def _field(change: FieldChange) -> str:
    name = plain(change.field)
    if change.old is ABSENT:
        return f"{name}: {_value(change.new)} added"
    if change.new is ABSENT:
        return f"{name}: {_value(change.old)} removed"
    return f"{name}: {_value(change.old)} → {_value(change.new)}"


def _value(value: Json) -> str:
    return plain(shorten(json_text(value), _LENGTH))
