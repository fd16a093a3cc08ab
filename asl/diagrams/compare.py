"""Compare: what was added, removed and changed between two definitions.

In: two StateMachines. Out: a Comparison: states, fields and transitions that differ.
Never: minds how a definition is laid out, or the order of its members; draws or writes:
both.py and compare_report.py do.

A state is known by its name, which is its own in the whole machine. One that is gone
and one that is new, alike but for their names, are taken for one that was renamed,
where no other pair is as alike. Transitions are known by their two ends and their kind.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from asl.diagrams.differences import FieldChange, find_differences
from asl.diagrams.shape import Edge, Group, Node, Shape, build_shape
from asl.model.machine import StateMachine
from asl.model.states import Map, Parallel, State
from asl.values import Json

ADDED, REMOVED, CHANGED = "added", "removed", "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChange:
    """One state that was added, removed or changed."""

    status: str
    name: str
    """Its name in the new definition; of a removed state its last one."""
    type: str
    fields: tuple[FieldChange, ...] = ()
    """What changed in it, transitions and the states inside it apart."""
    old_name: str | None = None
    """The name of a renamed state in the old definition."""
    moved: bool = False
    """It stands in another Map or branch than before."""
    pointer: str = ""
    """In the new definition; of a removed state in the old one."""

    def to_json(self) -> dict[str, Json]:
        """The change as JSON data."""
        found: dict[str, Json] = {
            "status": self.status,
            "name": self.name,
            "type": self.type,
            "pointer": self.pointer,
        }
        if self.old_name is not None:
            found["old_name"] = self.old_name
        if self.moved:
            found["moved"] = True
        if self.fields:
            found["fields"] = [change.to_json() for change in self.fields]
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitionChange:
    """One transition that was added or removed."""

    status: str
    source: str
    """The state's name; `Start` for the way in."""
    target: str
    """The state's name; `End` for the way out."""
    kind: str
    label: str
    pointer: str

    def to_json(self) -> dict[str, Json]:
        """The change as JSON data."""
        return {
            "status": self.status,
            "source": self.source,
            "target": self.target,
            "kind": self.kind,
            "label": self.label,
            "pointer": self.pointer,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Everything that differs between two definitions."""

    fields: tuple[FieldChange, ...]
    """Of the machine itself: its Comment, TimeoutSeconds, …"""
    states: tuple[StateChange, ...]
    """Those of the new definition in its order, then those that were removed."""
    transitions: tuple[TransitionChange, ...]
    shapes: tuple[Shape, Shape]
    """The old machine's and the new one's."""
    same_states: Mapping[str, str]
    """By the pointer of each old state that is still there: its new pointer."""
    added_edges: frozenset[str]
    """Pointers, in the new definition."""
    removed_edges: frozenset[str]
    """Pointers, in the old definition."""

    @property
    def is_same(self) -> bool:
        """Whether nothing differs."""
        return not (self.fields or self.states or self.transitions)

    @property
    def summary(self) -> str:
        """One line: `1 state added, 2 changed; 1 transition removed`."""
        parts = []
        for what, changes in (("state", self.states), ("transition", self.transitions)):
            counts = Counter(change.status for change in changes)
            words = [
                f"{counts[status]:,} {status}"
                for status in (ADDED, REMOVED, CHANGED)
                if counts[status]
            ]
            if words:
                number = words[0].split(" ", 1)
                plural = "" if number[0] == "1" else "s"
                words[0] = f"{number[0]} {what}{plural} {number[1]}"
                parts.append(", ".join(words))
        if self.fields:
            parts.append("the machine's own fields changed")
        return "; ".join(parts) or "no difference"

    def to_json(self) -> dict[str, Json]:
        """All of it as JSON data."""
        return {
            "same": self.is_same,
            "summary": self.summary,
            "fields": [change.to_json() for change in self.fields],
            "states": [change.to_json() for change in self.states],
            "transitions": [change.to_json() for change in self.transitions],
        }


def compare(old: StateMachine, new: StateMachine) -> Comparison:
    """Find what differs between two machines."""
    before, after = _Side(old), _Side(new)
    pairs = _pairs(before, after)
    same = {
        before.states[one].pointer: after.states[other].pointer
        for one, other in pairs.items()
    }
    found = list(_state_changes(before, after, pairs))
    gone, come = _edge_changes(before, after, pairs)
    return Comparison(
        fields=tuple(find_differences(_own(old), _own(new))),
        states=tuple(found),
        transitions=(
            *(after.transition(edge, ADDED) for edge in come),
            *(before.transition(edge, REMOVED) for edge in gone),
        ),
        shapes=(before.shape, after.shape),
        same_states=same,
        added_edges=frozenset(edge.pointer for edge in come),
        removed_edges=frozenset(edge.pointer for edge in gone),
    )


class _Side:
    """One of the two machines: its states by key, and the keys of its shape's ids."""

    def __init__(self, machine: StateMachine) -> None:
        self.shape = build_shape(machine)
        states = list(machine.all_states())
        names = Counter(state.name for state in states)
        # Names repeat only in machines that AWS would refuse.
        self.states: dict[str, State] = {
            state.name if names[state.name] == 1 else state.pointer: state
            for state in states
        }
        pointers = {state.pointer: key for key, state in self.states.items()}
        boxes: list[Node | Group] = [*self.shape.nodes, *self.shape.groups]
        self.keys = {box.id: pointers.get(box.pointer, "") for box in boxes}
        """By id; nothing for Start, End and branches."""
        self.titles = {box.id: box.title for box in boxes}
        groups = {group.id: group for group in self.shape.groups}
        self.places: dict[str, tuple[str, str]] = {}
        """By key: the key of the Parallel or Map around it, and which branch."""
        for box in boxes:
            inside = box.group if isinstance(box, Node) else box.parent
            group = groups[inside] if inside is not None else None
            branch = ""
            if group is not None and group.kind == "Branch" and group.parent:
                branch, group = group.id.rpartition("b")[2], groups[group.parent]
            key = self.keys[group.id] if group is not None else ""
            self.places[self.keys[box.id]] = (key, branch)

    def transition(self, edge: Edge, status: str) -> TransitionChange:
        """An arrow as a change."""
        return TransitionChange(
            status=status,
            source=self.titles[edge.source],
            target=self.titles[edge.target],
            kind=edge.kind,
            label=edge.label,
            pointer=edge.pointer,
        )


def _pairs(before: _Side, after: _Side) -> dict[str, str]:
    """Which old state, by its key, is which new one."""
    pairs = {
        key: key
        for key, state in before.states.items()
        if key in after.states and _has_like_box(state, after.states[key])
    }
    gone: dict[str, list[str]] = defaultdict(list)
    come: dict[str, list[str]] = defaultdict(list)
    for side, other, found in ((before, after, gone), (after, before, come)):
        for key, state in side.states.items():
            if key not in other.states:
                # A state that has become another kind of box is none of these: it
                # keeps its name.
                found[_likeness(state)].append(key)
    for likeness, keys in gone.items():
        if len(keys) == len(come[likeness]) == 1:
            pairs[keys[0]] = come[likeness][0]
    return pairs


def _has_like_box(old: State, new: State) -> bool:
    """Whether one can take the other's place: what is in a group needs a group."""
    return old.type == new.type or not (
        isinstance(old, (Parallel, Map)) or isinstance(new, (Parallel, Map))
    )


def _likeness(state: State) -> str:
    """The same text for states that differ in nothing but name and transitions."""
    return json.dumps(_fields(state), sort_keys=True)


def _state_changes(
    before: _Side, after: _Side, pairs: Mapping[str, str]
) -> Iterator[StateChange]:
    sources = {new: old for old, new in pairs.items()}
    for key, state in after.states.items():
        if key not in sources:
            yield _change(ADDED, state)
            continue
        earlier = before.states[sources[key]]
        fields = tuple(find_differences(_fields(earlier), _fields(state)))
        place, branch = before.places[sources[key]]
        moved = (pairs.get(place, place), branch) != after.places[key]
        renamed = earlier.name != state.name
        if fields or moved or renamed:
            yield StateChange(
                status=CHANGED,
                name=state.name,
                type=state.type,
                fields=fields,
                old_name=earlier.name if renamed else None,
                moved=moved,
                pointer=state.pointer,
            )
    for key, state in before.states.items():
        if key not in pairs:
            yield _change(REMOVED, state)


def _change(status: str, state: State) -> StateChange:
    return StateChange(
        status=status, name=state.name, type=state.type, pointer=state.pointer
    )


def _edge_changes(
    before: _Side, after: _Side, pairs: Mapping[str, str]
) -> tuple[list[Edge], list[Edge]]:
    """The arrows that are gone, and those that have come.

    Of several between the same two states, those with the same label are the same.
    """
    gone, come = list(before.shape.edges), list(after.shape.edges)
    for labelled in (True, False):
        waiting: dict[tuple[object, ...], list[Edge]] = defaultdict(list)
        for edge in come:
            waiting[_identity(edge, after, None, labelled)].append(edge)
        left = []
        for edge in gone:
            found = waiting[_identity(edge, before, pairs, labelled)]
            if found:
                found.pop(0)
            else:
                left.append(edge)
        still = {id(edge) for edges in waiting.values() for edge in edges}
        gone, come = left, [edge for edge in come if id(edge) in still]
    return gone, come


def _identity(
    edge: Edge, side: _Side, pairs: Mapping[str, str] | None, labelled: bool
) -> tuple[object, ...]:
    """What makes an arrow the same in both machines, in the keys of the new one.

    `pairs` gives them for the old one's, of which those that are gone match nothing.
    """
    ends: list[object] = [side.keys[edge.source], side.keys[edge.target]]
    if pairs is not None:
        ends = [pairs.get(str(key), (key,)) if key else key for key in ends]
    return (*ends, edge.kind, edge.label if labelled else "")


_INSIDE = frozenset(("StartAt", "States"))


def _own(machine: StateMachine) -> dict[str, Json]:
    """A machine's fields without its states and its way in."""
    return _without(machine.definition, _INSIDE)


def _fields(state: State) -> dict[str, Json]:
    """A state's fields without its transitions and the states inside it."""
    found = _without(state.definition, frozenset(("Next", "End", "Default")))
    for name in ("Choices", "Catch"):
        if isinstance(rules := found.get(name), list):
            targets = frozenset(("Next",))
            found[name] = [_without(rule, targets) for rule in rules]
    if isinstance(branches := found.get("Branches"), list):
        found["Branches"] = [_body(branch) for branch in branches]
    for name in ("ItemProcessor", "Iterator"):
        if name in found:
            found[name] = _body(found[name])
    return found


def _body(branch: Json) -> dict[str, Json]:
    """What a branch says of itself; where it begins is one of its fields."""
    return _without(branch, frozenset(("States",)))


def _without(fields: Json, names: frozenset[str]) -> dict[str, Json]:
    return {name: value for name, value in fields.items() if name not in names}
