"""Shape: the boxes, arrows, groups and marks of a machine, in no picture's format.

In: a StateMachine. Out: its Shape, with everything in the order of the definition.
Never: knows where a box stands, its colour, or how a format escapes; texts are as they
are in the definition, whatever characters they hold.

A state is a Node, except Parallel and Map, which are Groups around what runs in them; a
Parallel's branches are Groups in it. Start and End stand for the whole machine alone: a
branch begins at its group's `start` and is over where no arrow leads on.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from asl.diagrams.wording import catch_words, lines_of, marks_of, rule_words
from asl.model.machine import Branch, StateMachine
from asl.model.states import Choice, Fail, Map, Parallel, State, Succeed, Task

NODE_KINDS = ("Start", "End", "Task", "Choice", "Wait", "Pass", "Succeed", "Fail")
GROUP_KINDS = ("Parallel", "Map", "Branch")
EDGE_KINDS = ("Start", "Next", "Choice", "Default", "Catch", "End")

START, END = "start", "end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A state that is a box of its own, or the Start or End of the whole machine."""

    id: str
    """`start`, `end`, or `s` with the state's number in the order of the definition."""
    kind: str
    """One of NODE_KINDS."""
    title: str
    """The state's name as it is."""
    lines: tuple[str, ...] = ()
    """What the state does: `lambda: charge`, `30 s`, …"""
    marks: tuple[str, ...] = ()
    """Small marks: `↻ 3× 2 s ×2`, …"""
    pointer: str = ""
    """JSON Pointer of the state in its definition; empty for Start and End."""
    group: str | None = None
    """The id of the Group in which it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A box around others: a Parallel, one of its branches, or a Map."""

    id: str
    """As a Node's; a branch has its Parallel's, `b` and its number from 1."""
    kind: str
    """One of GROUP_KINDS."""
    title: str
    """The state's name; empty for a branch."""
    lines: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    pointer: str = ""
    parent: str | None = None
    """The id of the Group in which it stands."""
    start: str | None = None
    """The id of the Node or Group at which a branch or a Map's body begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """An arrow: a transition that the definition names, the way in, or a way out."""

    source: str
    """The id of a Node, or of a Parallel's or Map's Group."""
    target: str
    kind: str
    """One of EDGE_KINDS."""
    label: str = ""
    pointer: str = ""
    """JSON Pointer of the field that names the target; for the way out of a Succeed or
    Fail, which has no such field, the state's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A machine as boxes and arrows."""

    name: str
    nodes: tuple[Node, ...]
    """Start, the states in the order of the definition, End."""
    groups: tuple[Group, ...]
    """In the order of the definition: a group stands before what is in it."""
    edges: tuple[Edge, ...]


def build_shape(machine: StateMachine) -> Shape:
    """The boxes, groups and arrows of a machine."""
    placed = _Placed()
    top = placed.put(machine, None)
    edges = []
    if machine.start_at in top:
        first = top[machine.start_at]
        edges.append(Edge(source=START, target=first, kind="Start", pointer="/StartAt"))
    for state, ids in placed.states:
        edges.extend(_ways_on(state, ids))
        if ids is top and (pointer := _end_of(state)) is not None:
            end = Edge(source=ids[state.name], target=END, kind="End", pointer=pointer)
            edges.append(end)
    return Shape(
        name=machine.name,
        nodes=(
            Node(id=START, kind="Start", title="Start"),
            *placed.nodes,
            Node(id=END, kind="End", title="End"),
        ),
        groups=tuple(placed.groups),
        edges=tuple(edges),
    )


@dataclass(slots=True)
class _Placed:
    """What has its box, and with it its id, so far."""

    nodes: list[Node] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    states: list[tuple[State, dict[str, str]]] = field(default_factory=list)
    """Every state, with the ids by name of all that it can go to."""

    def put(self, branch: Branch, inside: str | None) -> dict[str, str]:
        """Place a branch's states and all in them; gives the branch's ids by name."""
        ids: dict[str, str] = {}
        for name, state in branch.states.items():
            ids[name] = f"s{len(self.states) + 1}"
            self.states.append((state, ids))
            if isinstance(state, (Parallel, Map)):
                self._put_group(state, ids[name], inside)
            else:
                node = Node(
                    id=ids[name],
                    kind=state.type,
                    title=name,
                    lines=lines_of(state),
                    marks=marks_of(state),
                    pointer=state.pointer,
                    group=inside,
                )
                self.nodes.append(node)
        return ids

    def _put_group(self, state: Parallel | Map, id: str, inside: str | None) -> None:
        group = Group(
            id=id,
            kind=state.type,
            title=state.name,
            lines=lines_of(state),
            marks=marks_of(state),
            pointer=state.pointer,
            parent=inside,
        )
        if isinstance(state, Map):
            self._put_body(group, state.processor)
            return
        self.groups.append(group)
        for number, branch in enumerate(state.branches, 1):
            box = Group(
                id=f"{id}b{number}",
                kind="Branch",
                title="",
                pointer=branch.pointer,
                parent=id,
            )
            self._put_body(box, branch)

    def _put_body(self, group: Group, body: Branch) -> None:
        place = len(self.groups)
        self.groups.append(group)
        ids = self.put(body, group.id)
        self.groups[place] = replace(group, start=ids.get(body.start_at))


def _ways_on(state: State, ids: dict[str, str]) -> Iterator[Edge]:
    """The arrows from a state to others; a target that is not there has none."""
    for kind, target, label, field_ in _targets(state):
        if target in ids:
            yield Edge(
                source=ids[state.name],
                target=ids[target],
                kind=kind,
                label=label,
                pointer=f"{state.pointer}/{field_}",
            )


def _targets(state: State) -> Iterator[tuple[str, str, str, str]]:
    """Kind, target, label and field of every transition of a state."""
    if isinstance(state, Choice):
        for rule in state.choices:
            place = f"Choices/{rule.index}/Next"
            yield "Choice", rule.next, rule_words(state, rule), place
        if state.default is not None:
            yield "Default", state.default, "default", "Default"
        return
    if isinstance(state, (Succeed, Fail)):
        return
    if state.next is not None:
        yield "Next", state.next, "", "Next"
    if isinstance(state, (Task, Parallel, Map)):
        for index, catcher in enumerate(state.catch):
            yield "Catch", catcher.next, catch_words(catcher), f"Catch/{index}/Next"


def _end_of(state: State) -> str | None:
    """The pointer of what ends the machine after this state, if anything does."""
    if isinstance(state, (Succeed, Fail)):
        return state.pointer
    ends = state.next is None and not isinstance(state, Choice)
    return f"{state.pointer}/End" if ends else None
