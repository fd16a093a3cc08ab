"""Places: everything of a machine that an execution can come through, or leave out.

In: a StateMachine. Out: its Places, in the order in which they stand.
Never: looks at an execution; measure.py counts.

A place is counted where it can be reached at all: the other way of a Condition that is
the literal `true`, or an empty list where Items is a literal full one, is none.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from asl.expressions.jsonata import is_jsonata
from asl.expressions.jsonata_conditions import find_conditions
from asl.model.machine import StateMachine
from asl.model.states import Choice, Map, Parallel, State
from asl.source.substitution import escape
from asl.values import Json

Kind: TypeAlias = Literal["state", "transition", "condition"]

KINDS: tuple[Kind, ...] = ("state", "transition", "condition")

ITEMS = ("no items", "one item", "many items")
"""How many items a Map may have, by their number up to 2."""

WAYS = ("met", "not met")
"""The two ways of a condition in JSONata: `?` and `:`."""


@dataclass(frozen=True, slots=True)
class Place:
    """One thing that can be reached: what it is, and where it stands."""

    pointer: str
    """JSON Pointer of where it stands; with `what` it is the place's name."""
    what: str
    """`entered`, `taken`, `true`, `false`, `used`, `one item`, `?0 met`, …"""
    kind: Kind
    state: str
    """The state's name."""
    text: str
    """For people: `Pay`, `Next → Ship`, `Catch[0] (States.ALL) → Sorry`, …"""
    line: int | None = None
    offset: int | None = None
    """Characters into the text at `pointer`, of a condition."""


@dataclass(frozen=True, slots=True)
class Conditional:
    """One text with conditions: where it stands, and what AWS calls the spot."""

    pointer: str
    location: str
    text: str
    """Without delimiters and padding, as the expression knows itself."""
    at: tuple[int, ...]
    """Where each `?` stands, in characters from the value's begin."""


def places_of(machine: StateMachine) -> Iterator[Place]:
    """Every place of a machine, those of branches and item processors too."""
    for state in machine.all_states():
        yield Place(state.pointer, "entered", "state", state.name, state.name)
        yield from _transitions(state)
        for found in conditionals_of(state):
            for number, offset in enumerate(found.at):
                for way in WAYS:
                    yield Place(
                        found.pointer,
                        f"?{number} {way}",
                        "condition",
                        state.name,
                        f"condition {number + 1} of {found.location}: {way}",
                        offset=offset,
                    )


def _transitions(state: State) -> Iterator[Place]:
    """Everything by which a state can be left, tried again, or divided."""

    def place(pointer: str, what: str, text: str) -> Place:
        return Place(f"{state.pointer}{pointer}", what, "transition", state.name, text)

    if isinstance(state, Choice):
        for rule in state.choices:
            fixed = _fixed_condition(state, rule.index)
            for holds in (True, False):
                if fixed is None or fixed is holds:
                    way = "true" if holds else "false"
                    text = f"Choices[{rule.index}] → {rule.next}: {way}"
                    yield place(f"/Choices/{rule.index}", way, text)
        if state.default is not None:
            yield place("/Default", "taken", f"Default → {state.default}")
        return
    if isinstance(state, Parallel):
        for index, branch in enumerate(state.branches):
            text = f"Branches[{index}] from {branch.start_at}"
            yield place(f"/Branches/{index}", "entered", text)
    if isinstance(state, Map):
        fixed_items = _fixed_items(state)
        for what in ITEMS if fixed_items is None else (ITEMS[fixed_items],):
            yield place("", what, what)
    if state.next is not None:
        yield place("/Next", "taken", f"Next → {state.next}")
    elif state.definition.get("End") is True:
        yield place("/End", "taken", "End")
    for index, entry in enumerate(getattr(state, "retry", ())):
        yield place(f"/Retry/{index}", "used", f"Retry[{index}] ({_errors(entry)})")
    for index, entry in enumerate(getattr(state, "catch", ())):
        text = f"Catch[{index}] ({_errors(entry)}) → {entry.next}"
        yield place(f"/Catch/{index}", "taken", text)


def _errors(entry: Json) -> str:
    """The errors of a Retrier or Catcher, cut short."""
    text = ", ".join(entry.error_equals)
    return text if len(text) <= 40 else f"{text[:39]}…"


def _fixed_condition(state: Choice, index: int) -> bool | None:
    """What a literal Condition always is; None where it has to be computed."""
    if not state.jsonata:
        return None
    condition = state.definition["Choices"][index].get("Condition")
    if isinstance(condition, str):
        return {"true": True, "false": False}.get(condition[2:-2].strip())
    return condition if isinstance(condition, bool) else None


def _fixed_items(state: Map) -> int | None:
    """The index in ITEMS of a Map whose items stand in the definition."""
    items = state.definition.get("Items") if state.jsonata else None
    if not isinstance(items, list) or state.reader is not None:
        return None
    return min(len(items), 2)


_PLAIN_FIELDS = frozenset(
    (
        "Branches",  # states of their own
        "Comment",
        "Default",
        "End",
        "ErrorEquals",
        "ItemProcessor",  # states of their own
        "Iterator",
        "Label",
        "Next",
        "QueryLanguage",
        "Resource",
        "Retry",
        "Type",
    )
)
"""Fields of a state, a rule and a catcher in which nothing is evaluated."""


def conditionals_of(state: State) -> Iterator[Conditional]:
    """The texts of a state that have conditions in them."""
    if not state.jsonata:
        return
    for name, value in state.definition.items():
        if name in _PLAIN_FIELDS:
            continue
        pointer = f"{state.pointer}/{escape(name)}"
        if name in ("Choices", "Catch") and isinstance(value, list):
            for index, entry in enumerate(value):
                for key, item in entry.items():
                    if key not in _PLAIN_FIELDS:
                        yield from _conditionals_in(
                            item,
                            f"{pointer}/{index}/{escape(key)}",
                            f"{name}[{index}]/{key}",
                        )
        else:
            yield from _conditionals_in(value, pointer, name)


def _conditionals_in(value: Json, pointer: str, location: str) -> Iterator[Conditional]:
    if is_jsonata(value):
        inner = value[2:-2]
        text = inner.strip()
        padding = 2 + len(inner) - len(inner.lstrip())
        found = find_conditions(text)
        if found:
            at = tuple(position + padding for position in found)
            yield Conditional(pointer, location, text, at)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _conditionals_in(
                item, f"{pointer}/{escape(key)}", f"{location}/{key}"
            )
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _conditionals_in(
                item, f"{pointer}/{index}", f"{location}[{index}]"
            )
