"""SVG: a shape and its layout as a picture.

In: a Shape, its Layout, a theme, perhaps the Overlay that was laid out with it.
Out: the text of an SVG file, the same for the same.
Never: lets a name become markup: every text is escaped, and what XML cannot hold is
replaced; there are no scripts, links, fonts or anything that is fetched.

What programs find in it: `g.state` and `g.group` with the JSON Pointer of a state in
data-pointer (a branch: of the branch) and its name in data-name; `g.edge` with the
pointer of the field that names its target, and of both states in data-from and data-to
(empty for Start and End).
"""

import math
import re
from collections.abc import Iterator
from html import escape

from asl.diagrams.boxes import PILL_HEIGHT, Content, badge_of
from asl.diagrams.layout import MARGIN, Box, Layout, Point, Route
from asl.diagrams.overlay import Overlay
from asl.diagrams.shape import Edge, Group, Node, Shape
from asl.diagrams.signs import again, badge, outline, sign, stub
from asl.diagrams.tally import edge_mark, state_mark
from asl.diagrams.text_width import text_width
from asl.diagrams.theme import HEAT, Theme, style_of

_CAPTION, _LEGEND = 26.0, 22.0

_LEGENDS = {
    "execution": "#1, #2, … order of the arrows taken   ·   pale: not visited",
    "coverage": "the darker, the more visits   ·   dashed: never reached",
    "comparison": "+ added   ·   − removed   ·   ~ changed",
}


def write_svg(
    shape: Shape,
    layout: Layout,
    *,
    theme: Theme = "auto",
    overlay: Overlay | None = None,
) -> str:
    """The picture of a machine as the text of an SVG file."""
    return "".join(_Picture(shape, layout, overlay).parts(theme))


class _Picture:
    """One picture; it is written from back to front."""

    def __init__(self, shape: Shape, layout: Layout, overlay: Overlay | None) -> None:
        self.shape = shape
        self.layout = layout
        self.overlay = overlay
        boxes: list[Node | Group] = [*shape.nodes, *shape.groups]
        self.pointers = {one.id: one.pointer for one in boxes}
        visits = [0]
        if overlay is not None and overlay.kind == "coverage":
            visits += [trace.visits for trace in overlay.states.values()]
        self.most = max(visits)

    def parts(self, theme: Theme) -> Iterator[str]:
        """The file, piece by piece."""
        # Whole pixels: a half one would be a shadow at the edge of a PNG.
        width, height = math.ceil(self.layout.width), math.ceil(self.layout.height)
        caption, legend = "", ""
        if self.overlay is not None:
            words = f"{self.shape.name} · {self.overlay.title}".removesuffix(" · ")
            caption, legend = _fit(words), _LEGENDS[self.overlay.kind]
            least = text_width(caption, 13, bold=True), text_width(legend, 11)
            width = max(width, math.ceil(max(least) + 2 * MARGIN))
            height += int(_CAPTION + _LEGEND)
        name = _attribute(self.shape.name)
        kind = "" if self.overlay is None else f" on-{self.overlay.kind}"
        yield (
            '<svg xmlns="http://www.w3.org/2000/svg" '
            f'class="asl-picture asl-{theme}{kind}" width="{_number(width)}" '
            f'height="{_number(height)}" viewBox="0 0 {_number(width)} '
            f'{_number(height)}" role="graphics-document" aria-label="{name}">\n'
            f"<title>{_text(self.shape.name)}</title>\n"
            f"<desc>{_text(self.description())}</desc>\n"
            f"<style>{escape(style_of(theme), quote=False)}</style>\n"
            f'<rect class="paper" width="{width + 1}" height="{height + 1}"/>\n'
        )
        if caption:
            place = f'x="{_number(MARGIN)}" y="{_number(MARGIN + 10)}"'
            yield f'<text class="caption" {place}>{_text(caption)}</text>\n'
        left = (width - self.layout.width) / 2
        down = _CAPTION if caption else 0
        yield f'<g transform="translate({_number(left)} {_number(down)})">\n'
        yield from self.drawing()
        yield "</g>\n"
        if legend:
            place = f'x="{_number(MARGIN)}" y="{_number(height - 12)}"'
            yield f'<text class="legend" {place}>{_text(legend)}</text>\n'
        yield "</svg>\n"

    def description(self) -> str:
        """What the picture shows, for those who do not see it."""
        states = [node for node in self.shape.nodes if node.pointer]
        outer = [group for group in self.shape.groups if group.kind != "Branch"]
        count = len(states) + len(outer)
        words = f"State machine with {count:,} state{'' if count == 1 else 's'}"
        if self.overlay is not None and self.overlay.title:
            words += f": {self.overlay.title}"
        return words

    def drawing(self) -> Iterator[str]:
        """Everything that has a place."""
        for group in self.shape.groups:
            yield self.group(group)
        for route in self.layout.entries:
            yield f'<g class="entry">{_way(route)}</g>\n'
        for dot in self.layout.dots:
            radius = dot.width / 2
            centre = f'cx="{_number(dot.x + radius)}" cy="{_number(dot.y + radius)}"'
            yield f'<circle class="dot" {centre} r="{_number(radius)}"/>\n'
        for edge, way in zip(self.shape.edges, self.layout.routes, strict=True):
            yield self.edge(edge, way)
        for box, content in self.layout.stubs:
            border = stub(box.width, box.height)
            yield f'<g class="stub" {_moved(box)}>{border}{_texts(content)}</g>\n'
        for node in self.shape.nodes:
            yield self.node(node)

    def group(self, group: Group) -> str:
        """A box around others, with its header."""
        box = self.layout.boxes[group.id]
        size = f'width="{_number(box.width)}" height="{_number(box.height)}"'
        frame = f'<rect class="frame" {size} rx="8"/>'
        if group.kind == "Branch":
            return (
                f'<g class="group kind-branch" data-pointer='
                f'"{_attribute(group.pointer)}" {_moved(box)}>{frame}</g>\n'
            )
        return self.state("group", group, box, f"{frame}{sign(group.kind, 9, 8)}")

    def node(self, node: Node) -> str:
        """A state's box, or Start or End."""
        box = self.layout.boxes[node.id]
        border = outline(node.kind, box.width, box.height)
        if not node.pointer:
            texts = _texts(self.layout.contents[node.id])
            kind = node.kind.lower()
            return f'<g class="place kind-{kind}" {_moved(box)}>{border}{texts}</g>\n'
        down = max(8.0, (min(box.height, 44) - 24) / 2)
        return self.state("state", node, box, f"{border}{sign(node.kind, 9, down)}")

    def state(self, kind: str, state: Node | Group, box: Box, drawn: str) -> str:
        """What boxes of states have in common, whether others stand in them or not."""
        words = [state.title, state.kind, *state.lines, *state.marks]
        classes = [kind, f"kind-{state.kind.lower()}", *self.marks(state.pointer)]
        found = badge_of(self.overlay, state.pointer)
        return (
            f'<g class="{" ".join(classes)}" '
            f'data-pointer="{_attribute(state.pointer)}" '
            f'data-name="{_attribute(state.title)}" tabindex="0" role="button" '
            f'aria-label="{_attribute(", ".join(words))}" {_moved(box)}>'
            f"<title>{_text(chr(10).join(words))}</title>{drawn}"
            f"{_texts(self.layout.contents[state.id])}"
            f"{badge(found, box.width, 0) if found else ''}</g>\n"
        )

    def marks(self, pointer: str) -> Iterator[str]:
        """The classes that an overlay gives to a state."""
        mark = state_mark(self.overlay, pointer)
        heated = self.overlay is not None and self.overlay.kind == "coverage"
        if mark and not (heated and mark == "visited"):
            yield f"mark-{mark}"
        if heated and self.overlay is not None and mark != "never":
            visits = self.overlay.states[pointer].visits
            share = math.log(visits + 1) / math.log(self.most + 1)
            yield f"heat-{max(1, math.ceil(HEAT * share))}"

    def edge(self, edge: Edge, way: Route) -> str:
        """An arrow with its label."""
        mark = edge_mark(self.overlay, edge.pointer)
        classes = f"edge kind-{edge.kind.lower()}{f' mark-{mark}' if mark else ''}"
        label = ""
        if way.label is not None:
            texts = _texts(way.content)
            label = f"<g {_moved(way.label)}>{texts}</g>"
        return (
            f'<g class="{classes}" data-pointer="{_attribute(edge.pointer)}" '
            f'data-from="{_attribute(self.pointers[edge.source])}" '
            f'data-to="{_attribute(self.pointers[edge.target])}">'
            f"{self.tooltip(edge, way)}{_way(way)}{label}</g>\n"
        )

    def tooltip(self, edge: Edge, way: Route) -> str:
        """The whole of a label of which not all is shown."""
        shown = any(text.words.endswith("…") for text in way.content.texts)
        return f"<title>{_text(edge.label)}</title>" if shown else ""


def _way(route: Route) -> str:
    """A route's curves and its arrowhead."""
    path = "".join(
        f"M{_point(piece[0])}C{' '.join(_point(point) for point in piece[1:])}"
        for piece in route.pieces
    )
    tip = "" if route.tip is None else _tip(route.pieces[-1][-1], route.tip)
    return f'<path class="way" d="{path}"/>{tip}'


def _tip(start: Point, end: Point) -> str:
    """An arrowhead from the end of a curve to where the arrow points."""
    across, down = end[0] - start[0], end[1] - start[1]
    length = math.hypot(across, down) or 1
    side = -down / length * 3.4, across / length * 3.4
    corners = (
        end,
        (start[0] + side[0], start[1] + side[1]),
        (start[0] - side[0], start[1] - side[1]),
    )
    return f'<path class="tip" d="M{"L".join(_point(c) for c in corners)}Z"/>'


def _texts(content: Content) -> str:
    """The texts of a box with the pills around its marks."""
    pills = "".join(
        f'<rect class="pill" x="{_number(x)}" y="{_number(y)}" '
        f'width="{_number(width)}" height="{PILL_HEIGHT}" rx="8"/>'
        f"{again(x, y) if turns else ''}"
        for x, y, width, turns in content.pills
    )
    texts = "".join(
        f'<text class="{text.role}" x="{_number(text.x)}" y="{_number(text.y)}">'
        f"{_text(text.words)}</text>"
        for text in content.texts
    )
    return f'{pills}<g class="node-text">{texts}</g>' if texts else ""


def _fit(words: str) -> str:
    """A caption is one line, whatever the machine's name."""
    line = " ".join(words.split())
    return line if len(line) <= 120 else f"{line[:119]}…"


def _moved(box: Box) -> str:
    return f'transform="translate({_number(box.x)} {_number(box.y)})"'


def _point(point: Point) -> str:
    return f"{_number(point[0])} {_number(point[1])}"


def _number(value: float) -> str:
    """A tenth of a pixel is fine enough."""
    text = f"{value:.1f}"
    return text.removesuffix(".0") if text != "-0.0" else "0"


_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _text(text: str) -> str:
    """A text as XML has it; what no XML file may hold becomes U+FFFD."""
    return escape(_NOT_IN_XML.sub("\ufffd", text), quote=False)


def _attribute(text: str) -> str:
    """The same inside quotation marks, where line ends need a number to be kept."""
    quoted = escape(_NOT_IN_XML.sub("\ufffd", text))
    for letter in "\t\n\r":
        quoted = quoted.replace(letter, f"&#{ord(letter)};")
    return quoted
