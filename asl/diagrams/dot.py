"""DOT: a shape in Graphviz's own language, for people who draw with Graphviz.

In: a Shape, and perhaps an Overlay on it. Out: the text of a digraph, the same for the
same; the plain `dot` of any Graphviz draws it, and nothing else is needed.
Never: calls Graphviz; layout.py does, with a graph of its own.

A Map or Parallel is a cluster with a point at which its inside begins and one, unseen,
at which it is over; arrows run between those and are cut off at the cluster's border.

https://graphviz.org/doc/info/lang.html
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from asl.diagrams.lettering import plain, wrap
from asl.diagrams.overlay import Overlay
from asl.diagrams.shape import END, Edge, Group, Node, Shape
from asl.diagrams.tally import (
    edge_mark,
    edge_sign,
    edge_words,
    state_mark,
    state_sign,
    state_words,
)
from asl.diagrams.theme import colours_of

_WIDTH = 30
_HEADER_WIDTH = 60
"""Letters on a line of a box, and of the header of a group."""

_FORMS: dict[str, dict[str, str]] = {
    "Start": {"shape": "oval"},
    "End": {"shape": "oval", "peripheries": "2"},
    "Task": {"shape": "box"},
    "Choice": {"shape": "diamond", "margin": "0.02"},
    "Wait": {"shape": "hexagon"},
    "Pass": {"shape": "box", "style": "filled,rounded"},
    "Succeed": {"shape": "oval", "peripheries": "2"},
    "Fail": {"shape": "octagon", "penwidth": "2"},
}
_WIDTHS = {
    "visited": "2.2",
    "failed": "4",
    "caught": "3",
    "added": "3",
    "removed": "3",
    "changed": "3",
    "taken": "2.6",
}
"""The width of a line by what an overlay says."""
_LINES = {
    "visited": "good",
    "failed": "bad",
    "caught": "warn",
    "added": "good",
    "removed": "bad",
    "changed": "warn",
    "taken": "good",
}
"""The names of the colours for it."""


def write_dot(
    shape: Shape,
    *,
    direction: str = "TB",
    theme: str = "auto",
    overlay: Overlay | None = None,
) -> str:
    """A shape as a digraph in DOT."""
    drawing = _Drawing(shape, colours_of(theme), overlay)
    return "\n".join([*drawing.head(direction), *drawing.body(), "}"]) + "\n"


class _Drawing:
    """A shape with everything that is asked of it again and again."""

    def __init__(
        self, shape: Shape, colours: Mapping[str, str], overlay: Overlay | None
    ) -> None:
        self.shape = shape
        self.colours = colours
        self.overlay = overlay
        self.groups = {group.id: group for group in shape.groups}
        self.inside: dict[str | None, list[Node | Group]] = defaultdict(list)
        ends = any(edge.target == END for edge in shape.edges)
        for node in shape.nodes:
            if ends or node.id != END:
                self.inside[node.group].append(node)
        for group in shape.groups:
            self.inside[group.parent].append(group)
        self.sources = {edge.source for edge in shape.edges}
        self.left: set[str | None] = set()
        """Groups that need a point at which they are over."""
        for group in shape.groups:  # outer ones come first
            if group.id in self.sources or group.parent in self.left:
                self.left.add(group.id)

    def head(self, direction: str) -> Iterator[str]:
        """What holds for the whole picture."""
        colours = self.colours
        yield f'digraph "{escape(plain(self.shape.name))}" {{'
        yield f"  graph [compound=true, rankdir={direction}, nodesep=0.4, ranksep=0.4,"
        yield f'    bgcolor="{colours["paper"]}", fontcolor="{colours["ink"]}",'
        yield '    fontname="Helvetica,Arial,sans-serif", fontsize=12, labeljust=l]'
        yield f'  node [style=filled, fontcolor="{colours["ink"]}", fontsize=12,'
        yield '    fontname="Helvetica,Arial,sans-serif", margin="0.15,0.08"]'
        yield f'  edge [color="{colours["line"]}", fontcolor="{colours["ink"]}",'
        yield '    fontname="Helvetica,Arial,sans-serif", fontsize=11, arrowsize=0.8]'

    def body(self) -> Iterator[str]:
        """Boxes in each other, then arrows."""
        waiting: list[tuple[Node | Group | None, str]] = [
            (box, "  ") for box in reversed(self.inside[None])
        ]
        while waiting:
            box, indent = waiting.pop()
            if box is None:
                yield f"{indent}}}"
            elif isinstance(box, Node):
                yield f"{indent}{box.id} [{self.node(box)}]"
            else:
                yield f"{indent}subgraph cluster_{box.id} {{"
                yield from (f"{indent}  {line}" for line in self.cluster(box))
                waiting.append((None, indent))
                deeper = f"{indent}  "
                members = reversed(self.inside[box.id])
                waiting.extend((inner, deeper) for inner in members)
        for edge in self.shape.edges:
            yield f"  {self.arrow(edge)}"
        for group in self.shape.groups:
            yield from self.way_through(group)

    def node(self, node: Node) -> str:
        """The attributes of a box; colours by the kind, lines by the overlay."""
        mark = self.mark(node)
        found = {"label": self.label(node, _WIDTH), **_FORMS[node.kind]}
        if node.pointer:
            line, fill = self.colours[node.kind.lower()].split()
            found |= {"fillcolor": self.colours.get(mark, fill), "color": line}
        else:
            ink = self.colours["ink"]
            found |= {"fillcolor": self.colours["paper"], "color": ink}
        if mark in ("never", "removed"):
            found["style"] = f"{found.get('style', 'filled')},dashed"
        return _attributes(found | self.lines(mark))

    def cluster(self, group: Group) -> Iterator[str]:
        """The attributes of a box around others, and the point where its inside begins.

        What belongs to a branch begins at its Parallel's point.
        """
        if group.kind == "Branch":
            yield f'label=""; style=dotted; color="{self.colours["line"]}"'
            return
        mark = self.mark(group)
        line = self.colours[group.kind.lower()].split()[0]
        found = {
            "label": self.label(group, _HEADER_WIDTH),
            "color": line,
            "style": "dashed" if mark in ("never", "removed") else "solid",
            "penwidth": "1.5",
        }
        yield _attributes(found | self.lines(mark), between="; ")
        yield f'{group.id}_i [shape=point, width=0.08, color="{line}"]'
        if group.id in self.left:
            yield f"{group.id}_o [shape=point, width=0.01, style=invis]"

    def arrow(self, edge: Edge) -> str:
        """An arrow: dashed for a Catcher, else as the overlay has it."""
        found = {}
        if edge.source in self.groups:
            found["ltail"] = f"cluster_{edge.source}"
        if edge.target in self.groups:
            found["lhead"] = f"cluster_{edge.target}"
        if edge.source == edge.target and found:
            # Graphviz cuts no arrow off that never leaves its cluster: this one runs
            # inside, from the end back to the begin.
            found = {"constraint": "false"}
        mark = edge_mark(self.overlay, edge.pointer)
        sign = edge_sign(self.overlay, edge.pointer)
        order = edge_words(self.overlay, edge.pointer)
        words = " ".join(word for word in (sign, order, edge.label) if word)
        if words:
            found["label"] = _label(words, width=_WIDTH)
        if edge.kind == "Catch":
            found |= {"style": "dashed", "color": self.colours["catch"]}
            found["fontcolor"] = self.colours["catch"]
        if mark in ("never", "removed"):
            found["style"] = "dotted" if mark == "never" else "dashed"
        found |= self.lines(mark)
        tail = f"{edge.source}_o" if edge.source in self.groups else edge.source
        attributes = f" [{_attributes(found)}]" if found else ""
        return f"{tail} -> {self.entry(edge.target)}{attributes}"

    def way_through(self, group: Group) -> Iterator[str]:
        """From the point at which a group begins to its first states, and unseen from
        its last ones to the point where it is over."""
        if group.start is not None:
            begin = group.parent if group.kind == "Branch" else group.id
            cut = f", lhead=cluster_{group.start}" if group.start in self.groups else ""
            yield f"  {begin}_i -> {self.entry(group.start)} [arrowsize=0.6{cut}]"
        over = group.parent if group.kind == "Branch" else group.id
        if over not in self.left:
            return
        for box in self.inside[group.id]:
            if box.id not in self.sources and box.kind != "Branch":
                last = f"{box.id}_o" if isinstance(box, Group) else box.id
                yield f"  {last} -> {over}_o [style=invis, weight=0]"

    def entry(self, id: str) -> str:
        """Where an arrow to a box ends."""
        return f"{id}_i" if id in self.groups else id

    def mark(self, box: Node | Group) -> str:
        """What the overlay says of a state."""
        return state_mark(self.overlay, box.pointer) if box.pointer else ""

    def lines(self, mark: str) -> dict[str, str]:
        """The attributes of a line by what the overlay says."""
        found = {"penwidth": _WIDTHS[mark]} if mark in _WIDTHS else {}
        if mark in _LINES:
            found["color"] = self.colours[_LINES[mark]]
        elif mark == "never":
            found["fontcolor"] = self.colours["soft"]
        return found

    def label(self, box: Node | Group, width: int) -> str:
        """Name, what it does, marks, and what the overlay has to say."""
        if not box.pointer:
            return _label(box.title, width=width)
        sign = state_sign(self.overlay, box.pointer)
        title = f"{sign} {box.title}" if sign else box.title
        words = state_words(self.overlay, box.pointer)
        return _label(title, *box.lines, *box.marks, *words, width=width)


def _attributes(found: Mapping[str, str], *, between: str = ", ") -> str:
    return between.join(f'{name}="{text}"' for name, text in found.items())


def _label(*texts: str, width: int) -> str:
    """Texts as the lines of a label."""
    lines = (line for text in texts for line in wrap(plain(text), width))
    return "\\n".join(escape(line) for line in lines)


def escape(line: str) -> str:
    """A line of text inside quotes that Graphviz takes for nothing else.

    It knows escapes by a backslash and, in labels, HTML's entities.
    """
    return line.replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")
