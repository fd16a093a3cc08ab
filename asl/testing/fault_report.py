"""Fault report: a Matrix as a table for people.

In: a Matrix. Out: rows, faults of a state that end alike in one; text of them.
Never: decides; everything shown is read from the outcomes.
"""

import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from asl.testing.fault_outcome import Outcome, describe
from asl.testing.faults import Matrix

Paint: TypeAlias = Callable[[str, bool], str]
"""Takes a text and whether what it says is handled."""

HEAD = ("state", "fault", "once", "always")
_WIDEST = 44


@dataclass(frozen=True, slots=True)
class Row:
    """Faults of one state that end alike."""

    state: str
    faults: str
    once: str
    always: str
    handled: bool
    """Whether the definition deals with them, once and always."""

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """What stands in the columns; the same outcome is said once."""
        always = "the same" if self.always == self.once else self.always
        return self.state, self.faults, self.once, always


def rows(matrix: Matrix) -> list[Row]:
    """The rows of the table, in the order of the definition."""
    groups: dict[tuple[str, str, str], list[Outcome]] = {}
    kinds: dict[tuple[str, str], int] = {}
    handled: dict[tuple[str, str, str], bool] = {}
    always = {(o.state, o.error): o for o in matrix.outcomes if not o.once}
    for outcome in matrix.outcomes:
        if not outcome.once:
            continue
        lasting = always[outcome.state, outcome.error]
        key = (outcome.state, describe(outcome), describe(lasting))
        groups.setdefault(key, []).append(outcome)
        handled[key] = outcome.handled and lasting.handled
        of_kind = (outcome.state, outcome.kind)
        kinds[of_kind] = kinds.get(of_kind, 0) + 1
    return [
        Row(key[0], _faults(groups, key, kinds), key[1], key[2], handled[key])
        for key in _in_order(groups)
    ]


_Key: TypeAlias = tuple[str, str, str]
"""A state, and how its faults end: once, always."""

_MANY = 3
"""A row with more kinds of fault than this is what remains of its state."""


def _in_order(groups: dict[_Key, list[Outcome]]) -> list[_Key]:
    """The rows state by state, the rest of a state's faults after the others."""
    states = dict.fromkeys(state for state, _, _ in groups)
    return [
        key
        for state in states
        for key in sorted(
            (k for k in groups if k[0] == state),
            key=lambda k: k == _rest(groups, state),
        )
    ]


def _rest(groups: dict[_Key, list[Outcome]], state: str) -> _Key | None:
    """The row of a state that holds most kinds of fault, if it holds many."""
    counts = {
        key: len({outcome.kind for outcome in outcomes})
        for key, outcomes in groups.items()
        if key[0] == state
    }
    most = max(counts, key=counts.__getitem__)
    return most if counts[most] > _MANY else None


def _faults(
    groups: dict[_Key, list[Outcome]], key: _Key, kinds: dict[tuple[str, str], int]
) -> str:
    """The faults of one row in words."""
    outcomes = groups[key]
    if key != _rest(groups, key[0]):
        return _named(outcomes, kinds)
    alone = sum(state == key[0] for state, _, _ in groups) == 1
    return f"{'every fault' if alone else 'every other fault'} ({len(outcomes)})"


def _named(outcomes: list[Outcome], kinds: dict[tuple[str, str], int]) -> str:
    """Faults by name: kinds where all of a kind are in it, else names."""
    by_kind: dict[str, list[str]] = {}
    for outcome in outcomes:
        by_kind.setdefault(outcome.kind, []).append(outcome.error)
    said: list[str] = []
    for kind, names in by_kind.items():
        is_all = len(names) == kinds[outcomes[0].state, kind]
        if kind == "declared" or not is_all:
            said += ["a null result" if name == "null" else name for name in names]
        elif kind == "malformed" and names == ["null"]:
            said.append("a null result")
        else:
            said.append(f"{kind} ({len(names)})" if len(names) > 1 else kind)
    return ", ".join(said)


def write_text(matrix: Matrix, paint: Paint = lambda text, handled: text) -> str:
    """The table, what was not reached, and the sum."""
    found = rows(matrix)
    lines = _table(found, paint) if found else []
    for name in matrix.not_reached:
        why = matrix.reasons.get(name, "no run came there; give another input")
        lines.append(f"not reached: {name} ({why})")
    count, open_ = len(matrix.outcomes), len(matrix.unhandled)
    states = len({outcome.state for outcome in matrix.outcomes})
    lines.append(
        f"{count} faults in {states} state{'' if states == 1 else 's'}: "
        f"{count - open_} handled, {open_} not"
    )
    return "\n".join(lines)


def _table(found: list[Row], paint: Paint) -> list[str]:
    blocks: list[tuple[list[list[str]], bool]] = [([[h] for h in HEAD], True)]
    before = ""
    for row in found:
        cells = list(row.cells)
        cells[0] = "" if row.state == before else row.state
        before = row.state
        wrapped = [textwrap.wrap(cell, _WIDEST) or [""] for cell in cells]
        blocks.append((wrapped, row.handled))
    widths = [max(len(t) for b, _ in blocks for t in b[n]) for n in range(4)]
    lines = []
    for wrapped, handled in blocks:
        for number in range(max(map(len, wrapped))):
            texts = [cell[number] if number < len(cell) else "" for cell in wrapped]
            line = "  ".join(t.ljust(w) for t, w in zip(texts, widths, strict=True))
            lines.append(paint(line.rstrip(), handled))
    return lines
