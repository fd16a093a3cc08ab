"""Plan: what Graphviz is asked to place, in its own language.

In: a Shape, the direction, perhaps an Overlay whose words need room.
Out: a graph of sizes and ids, without any text.
Never: knows where something stands; layout.py asks Graphviz.

A Map or Parallel is a cluster with a point at its beginning and points at its end,
between which arrows run; Graphviz cuts them off where they cross the cluster's border.
"""

from collections.abc import Iterator
from typing import Literal, TypeAlias

from asl.diagrams.boxes import (
    EMPTY,
    Content,
    edge_content,
    group_content,
    node_content,
    stub_content,
)
from asl.diagrams.overlay import Overlay
from asl.diagrams.ranks import back_edges, far_edges
from asl.diagrams.shape import Edge, Group, Node, Shape

Direction: TypeAlias = Literal["TB", "LR"]

_DOT = 8
"""The size of the dot at which a group's inside begins."""


class Plan:
    """What Graphviz is asked for."""

    def __init__(
        self, shape: Shape, direction: Direction, overlay: Overlay | None
    ) -> None:
        self.shape = shape
        self.direction = direction
        self.groups = {group.id: group for group in shape.groups}
        self.contents = {n.id: node_content(n, overlay) for n in shape.nodes}
        self.contents |= {g.id: group_content(g, overlay) for g in shape.groups}
        self.labels = [edge_content(edge, overlay) for edge in shape.edges]
        self.inside: dict[str | None, list[str]] = {}
        for node in shape.nodes:
            self.inside.setdefault(node.group, []).append(node.id)
        for group in shape.groups:
            self.inside.setdefault(group.parent, []).append(group.id)
        self.sources = {edge.source for edge in shape.edges}
        self.back = back_edges(shape)
        self.far = far_edges(shape, self.back)
        boxes: list[Node | Group] = [*shape.nodes, *shape.groups]
        names = {box.id: box.title for box in boxes}
        self.stubs = {n: stub_content(names[shape.edges[n].target]) for n in self.far}
        self.exits: dict[str, list[str]] = {}
        """The points at the end of each group: one for each arrow on."""
        for number, edge in enumerate(shape.edges):
            if edge.source in self.groups and number not in self.back:
                points = self.exits.setdefault(edge.source, [])
                points.append(f"{edge.source}_o{number}")
        for group in shape.groups:
            self.exits.setdefault(group.id, [f"{group.id}_o"])

    def text(self) -> str:
        """The graph in Graphviz's language."""
        lines = [
            "digraph {",
            f"graph [compound=true, rankdir={self.direction},",
            # The whole's margin is what keeps groups apart that stand side by side.
            'nodesep=0.4, ranksep=0.36, margin=18, pad=0, label=""]',
            'node [shape=box, fixedsize=true, label=""]',
            'edge [arrowsize=0.75, label=""]',
            *self.members(None),
            *self.ways(),
            "}",
        ]
        return "\n".join(lines)

    def members(self, parent: str | None) -> Iterator[str]:
        """The nodes and clusters that stand in a group, or in none."""
        for id in self.inside.get(parent, ()):
            if id not in self.groups:
                content = self.contents[id]
                yield f"{id} [{_size(content.width, content.height)}]"
                continue
            yield f"subgraph cluster_{id} {{ margin=14; labeljust=l"
            if self.contents[id] is not EMPTY:
                yield f"label={_room(self.contents[id], less=_UNDER)}"
            if self.groups[id].kind != "Branch":
                yield f"{id}_i [shape=circle, {_size(_DOT, _DOT)}]"
                for point in self.exits[id]:
                    yield f"{point} [{_size(1, 1)}]"
            yield from self.members(id)
            yield "}"

    def ways(self) -> Iterator[str]:
        """The arrows, those inside groups, and what only keeps an order."""
        for number, edge in enumerate(self.shape.edges):
            yield from self.way(number, edge)
        number = 0
        for group in self.shape.groups:
            begin = self.begin(group)
            if begin is not None and group.start is not None:
                head, cut = self.head(group.start)
                yield f"{begin} -> {head} [id=n{number}, weight=12{cut}]"
                number += 1
        for group in self.shape.groups:
            outer = group.parent if group.kind == "Branch" else group.id
            for point in self.exits[outer or group.id]:
                for last in self.lasts(group):
                    yield f"{last} -> {point} [style=invis, weight=2]"

    def lasts(self, group: Group) -> Iterator[str]:
        """Where the ways through a branch or a Map's body end."""
        for id in self.inside.get(group.id, ()):
            if id in self.sources:
                continue
            if id not in self.groups:
                yield id
            elif self.groups[id].kind != "Branch":
                yield self.exits[id][0]

    def begin(self, group: Group) -> str | None:
        """The dot from which the inside of a branch or a Map begins."""
        if group.kind == "Branch":
            return f"{group.parent}_i"
        return f"{group.id}_i" if group.kind == "Map" else None

    def way(self, number: int, edge: Edge) -> Iterator[str]:
        """One arrow; from a group back to itself it goes around by its label."""
        room = self.labels[number]
        label = f", label={_room(room)}" if room is not EMPTY else ""
        tail, cut_tail = self.tail(edge.source, number)
        head, cut_head = self.head(edge.target)
        if edge.source == edge.target and edge.source in self.groups:
            # Graphviz cuts no arrow off whose two ends lie in the same cluster.
            around = f"e{number}_a"
            yield f"{around} [{_size(max(room.width, 8), max(room.height, 8))}]"
            yield f"{tail} -> {around} [id=e{number}_1, arrowhead=none{cut_tail}]"
            yield f"{around} -> {head} [id=e{number}_2{cut_head}]"
            return
        weight = _WEIGHTS[edge.kind]
        if number in self.stubs:
            stub = self.stubs[number]
            yield f"e{number}_s [{_size(stub.width, stub.height)}]"
            yield f"{tail} -> e{number}_s [id=e{number}{cut_tail}{label}]"
            return
        if number in self.back and edge.source in self.groups:
            # Back up from a group: from its beginning, not from its end through it.
            tail, cut_tail = self.tail(edge.target, number)
            head, cut_head = self.head(edge.source)
            label = f", dir=back{label}"
        cuts = f"{cut_tail}{cut_head}"
        yield f"{tail} -> {head} [id=e{number}, weight={weight}{cuts}{label}]"

    def tail(self, id: str, number: int) -> tuple[str, str]:
        """Where an arrow begins in the graph, and where it is cut off."""
        if id in self.groups:
            points = self.exits[id]
            own = f"{id}_o{number}"
            point = own if own in points else points[0]
            return point, f", ltail=cluster_{id}"
        return id, ""

    def head(self, id: str) -> tuple[str, str]:
        """Where an arrow ends in the graph, and where it is cut off."""
        if id in self.groups:
            return f"{id}_i", f", lhead=cluster_{id}"
        return id, ""


_WEIGHTS = {"Start": 8, "Next": 8, "Choice": 3, "Default": 3, "Catch": 1, "End": 2}
"""The heavier, the straighter: the way through the machine before its side ways."""


def _size(width: float, height: float) -> str:
    return f"width={width / 72:.4f}, height={height / 72:.4f}"


_UNDER = 18
"""Under a group's header there is room anyway, above the dot at which it begins."""


def _room(content: Content, *, less: float = 0) -> str:
    """A label that takes so much room and says nothing."""
    height = max(1, content.height + 0.5 - less)
    size = f'WIDTH="{content.width:.0f}" HEIGHT="{height:.0f}"'
    return f'<<TABLE FIXEDSIZE="TRUE" {size} BORDER="0"><TR><TD></TD></TR></TABLE>>'
