"""Both: two machines as one picture, with what was added, removed and changed on it.

In: a Comparison. Out: a Shape that has everything of both, and the Overlay for it.
Never: decides what differs; compare.py has.

What stands in both stands where the new machine has it. What was removed comes after
it, and its pointers begin with `-`: they are the old definition's.
"""

from collections.abc import Mapping
from dataclasses import replace

from asl.diagrams.compare import ADDED, CHANGED, REMOVED, Comparison, StateChange
from asl.diagrams.lettering import shorten
from asl.diagrams.overlay import Difference, EdgeTrace, Overlay, StateTrace
from asl.diagrams.shape import END, START, Edge, Group, Node, Shape

_STATUS: Mapping[str, Difference] = {
    ADDED: "added",
    REMOVED: "removed",
    CHANGED: "changed",
}


def shape_of_both(comparison: Comparison) -> tuple[Shape, Overlay]:
    """One picture of two machines."""
    old, new = comparison.shapes
    ids = _ids(comparison)
    kept = {node.id for node in new.nodes} | {group.id for group in new.groups}
    nodes = [
        replace(
            node,
            id=ids[node.id],
            pointer=f"-{node.pointer}",
            group=None if node.group is None else ids[node.group],
        )
        for node in old.nodes
        if ids[node.id] not in kept
    ]
    groups = [
        replace(
            group,
            id=ids[group.id],
            pointer=f"-{group.pointer}",
            parent=None if group.parent is None else ids[group.parent],
            start=None if group.start is None else ids[group.start],
        )
        for group in old.groups
        if ids[group.id] not in kept
    ]
    edges = [
        replace(
            edge,
            source=ids[edge.source],
            target=ids[edge.target],
            pointer=f"-{edge.pointer}",
        )
        for edge in old.edges
        if edge.pointer in comparison.removed_edges
    ]
    shape = Shape(
        name=new.name,
        nodes=(*new.nodes[:-1], *nodes, new.nodes[-1]),
        groups=(*new.groups, *groups),
        edges=(*new.edges, *edges),
    )
    return shape, _overlay(comparison, edges)


def _ids(comparison: Comparison) -> dict[str, str]:
    """The id in the picture of everything in the old machine.

    It is the new machine's where that has it still, else one of its own.
    """
    old, new = comparison.shapes
    boxes: list[Node | Group] = [*new.nodes, *new.groups]
    by_pointer = {box.pointer: box.id for box in boxes if box.pointer}
    ids = {START: START, END: END}
    number = sum(_is_state(box) for box in boxes)
    olds: list[Node | Group] = [*old.groups, *old.nodes]
    for box in olds:
        if box.id in ids:
            continue
        if isinstance(box, Group) and box.kind == "Branch":
            branch = f"{ids[str(box.parent)]}b{box.id.rpartition('b')[2]}"
            ids[box.id] = branch
            continue
        pointer = comparison.same_states.get(box.pointer)
        if pointer is not None:
            ids[box.id] = by_pointer[pointer]
        else:
            number += 1
            ids[box.id] = f"s{number}"
    return ids


def _is_state(box: Node | Group) -> bool:
    return box.kind not in ("Start", "End", "Branch")


def _overlay(comparison: Comparison, removed: list[Edge]) -> Overlay:
    states = {}
    for change in comparison.states:
        gone = change.status == REMOVED
        states[f"-{change.pointer}" if gone else change.pointer] = StateTrace(
            status=_STATUS[change.status], note=note_of(change)
        )
    edges = {pointer: EdgeTrace(status="added") for pointer in comparison.added_edges}
    edges |= {edge.pointer: EdgeTrace(status="removed") for edge in removed}
    return Overlay(
        kind="comparison", states=states, edges=edges, title=comparison.summary
    )


def note_of(change: StateChange) -> str:
    """What changed in a state, in few words: `was Pay; changed: Retry`."""
    notes = []
    if change.old_name is not None:
        notes.append(f"was {change.old_name}")
    if change.moved:
        notes.append("moved")
    # The first steps of the places are the fields that have changed.
    fields = (found.field.replace("[", ".").split(".")[0] for found in change.fields)
    if names := ", ".join(dict.fromkeys(fields)):
        notes.append(f"changed: {shorten(names, 48)}")
    return "; ".join(notes)
