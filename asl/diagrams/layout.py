"""Layout: where each box and arrow stands, by Graphviz.

In: a Shape, the direction, perhaps an Overlay whose words need room.
Out: a Layout: boxes and routes in pixels from the upper left corner.
Never: gives Graphviz a text: it gets sizes and ids alone, so that it needs no fonts,
says nothing of them, and puts the same shape at the same places everywhere.

The only module that imports pygraphviz (the extra `draw`), whose wheels hold Graphviz.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

from asl.diagrams.boxes import EMPTY, Content
from asl.diagrams.overlay import Overlay
from asl.diagrams.plan import Direction, Plan
from asl.diagrams.shape import Shape
from asl.errors import UsageError
from asl.values import Json

DIRECTIONS = ("TB", "LR")

Point: TypeAlias = tuple[float, float]

MARGIN = 16.0


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle: its upper left corner and its size."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Route:
    """An arrow's way: points of cubic curves, each piece from its own first point."""

    pieces: tuple[tuple[Point, ...], ...]
    tip: Point | None
    """The arrowhead's point; it begins where the last piece ends."""
    label: Box | None = None
    content: Content = EMPTY


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where everything of a shape stands."""

    width: float
    height: float
    boxes: Mapping[str, Box]
    """Nodes and groups by id."""
    contents: Mapping[str, Content]
    """What stands in them, by id; of a group its header."""
    routes: tuple[Route, ...]
    """For each edge of the shape."""
    entries: tuple[Route, ...]
    """Inside groups: from the dot at which they begin to their first states."""
    dots: tuple[Box, ...]
    stubs: tuple[tuple[Box, Content], ...]
    """Signs with a state's name, where arrows end that would be too long."""


def lay_out(
    shape: Shape, *, direction: Direction = "TB", overlay: Overlay | None = None
) -> Layout:
    """Find a place for every box and arrow."""
    if direction not in DIRECTIONS:
        raise UsageError(f"there is no direction {direction!r}; choose TB or LR")
    plan = Plan(shape, direction, overlay)
    placed = _graphviz(plan.text())
    return _Reading(plan, placed).layout()


def _graphviz(text: str) -> Json:
    """Have Graphviz place a graph; gives its answer as JSON data."""
    try:
        from pygraphviz import AGraph
    except ImportError:
        raise UsageError(
            'a picture with places needs the extra "draw": pip install "aslkit[draw]" '
            "(Mermaid and DOT need nothing)"
        ) from None
    with _quiet():
        graph = AGraph(string=text)
        try:
            answer: bytes = graph.draw(format="json0", prog="dot")
        finally:
            graph.close()
    return json.loads(answer)


@contextmanager
def _quiet() -> Iterator[None]:
    """Graphviz warns on the process's standard error itself, which nobody asked for."""
    try:
        kept = os.dup(2)
    except OSError:  # there is none
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


class _Reading:
    """Takes Graphviz's answer apart; it counts from the lower left corner."""

    def __init__(self, plan: Plan, placed: Json) -> None:
        self.plan = plan
        edges = placed.get("edges", ())
        left, low, right, high = _numbers(placed["bb"])
        # Graphviz's own bounds leave out curves that swing wide.
        points = [
            _numbers(word.lstrip("es,"))
            for edge in edges
            for word in edge.get("pos", "").split()
        ]
        across, up = [x for x, _ in points], [y for _, y in points]
        self.left, self.high = min([left, *across]), max([high, *up])
        self.width = max([right, *across]) - self.left
        self.height = self.high - min([low, *up])
        self.objects = {one["name"]: one for one in placed.get("objects", ())}
        self.edges = {edge["id"]: edge for edge in edges if edge.get("id")}

    def layout(self) -> Layout:
        """All of it."""
        plan = self.plan
        boxes = {node.id: self.box(node.id) for node in plan.shape.nodes}
        for group in plan.shape.groups:
            left, low, right, high = _numbers(self.objects[f"cluster_{group.id}"]["bb"])
            x, y = self.point(left, high)
            boxes[group.id] = Box(x, y, round(right - left, 2), round(high - low, 2))
        outer = [group.id for group in plan.shape.groups if group.kind != "Branch"]
        entries = [name for name in self.edges if name.startswith("n")]
        return Layout(
            width=round(self.width + 2 * MARGIN, 2),
            height=round(self.height + 2 * MARGIN, 2),
            boxes=boxes,
            contents=plan.contents,
            routes=tuple(self.route(n) for n in range(len(plan.shape.edges))),
            entries=tuple(
                self.way([name]) for name in sorted(entries, key=lambda e: int(e[1:]))
            ),
            dots=tuple(self.box(f"{id}_i") for id in outer if self.begins(id)),
            stubs=tuple(
                (self.box(f"e{number}_s"), content)
                for number, content in sorted(plan.stubs.items())
            ),
        )

    def begins(self, id: str) -> bool:
        """Whether a Map or Parallel has a dot that leads somewhere."""
        return any(
            group.start is not None and self.plan.begin(group) == f"{id}_i"
            for group in self.plan.shape.groups
        )

    def route(self, number: int) -> Route:
        """The way of one arrow."""
        content = self.plan.labels[number]
        name = f"e{number}"
        if f"{name}_1" in self.edges:
            around = self.box(f"{name}_a")
            way = self.way([f"{name}_1", f"{name}_2"])
            return Route(way.pieces, way.tip, around, content)
        way = self.way([name])
        if content is EMPTY:
            return way
        x, y = self.point(*_numbers(self.edges[name]["lp"]))
        label = _around(x, y, content.width, content.height)
        return Route(way.pieces, way.tip, label, content)

    def way(self, names: list[str]) -> Route:
        """The curves of one edge of the graph, or of two that follow each other."""
        pieces, tip = [], None
        for name in names:
            points: list[Point] = []
            for word in self.edges[name]["pos"].split():
                numbers = _numbers(word.removeprefix("e,").removeprefix("s,"))
                point = self.point(*numbers)
                if word[0] in "es":  # no arrow has a head at both ends
                    tip = point
                else:
                    points.append(point)
            if self.edges[name].get("dir") == "back":
                points.reverse()
            pieces.append(tuple(points))
        return Route(tuple(pieces), tip)

    def box(self, name: str) -> Box:
        """A node's rectangle."""
        found = self.objects[name]
        x, y = self.point(*_numbers(found["pos"]))
        width, height = float(found["width"]) * 72, float(found["height"]) * 72
        return _around(x, y, width, height)

    def point(self, x: float, y: float) -> Point:
        """A point of Graphviz's in the picture."""
        return round(x - self.left + MARGIN, 2), round(self.high - y + MARGIN, 2)


def _around(x: float, y: float, width: float, height: float) -> Box:
    return Box(
        round(x - width / 2, 2),
        round(y - height / 2, 2),
        round(width, 2),
        round(height, 2),
    )


def _numbers(text: str) -> list[float]:
    return [float(word) for word in text.split(",")]
