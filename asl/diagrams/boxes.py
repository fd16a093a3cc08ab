"""Boxes: what stands in each box and on each arrow, and how much room it takes.

In: a Shape, perhaps an Overlay. Out: for each node, group and edge its texts in lines,
with their places in the box, and the box's size in pixels.
Never: knows where a box stands in the picture; layout.py does. Every text lies inside
its box, because boxes are made to measure.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from asl.diagrams.lettering import plain, shorten, wrap
from asl.diagrams.overlay import Overlay
from asl.diagrams.shape import Edge, Group, Node
from asl.diagrams.tally import edge_sign, edge_words, state_mark, state_words
from asl.diagrams.text_width import text_width

SIGN = 24
"""The width and height of a state's sign."""
PILL_HEIGHT = 16

_TITLE, _LINE, _MARK, _LABEL = 13, 11.5, 10.5, 11
"""The sizes of the letters."""
_TITLE_STEP, _LINE_STEP, _PILL_STEP, _LABEL_STEP = 16, 15, 19, 14
_TITLE_LETTERS, _LINE_LETTERS, _LABEL_LETTERS = 30, 38, 26
_HEADER_LETTERS = _MARK_LETTERS = 64
_MOST_LINES = 4
"""A text that needs more lines is cut short; its whole is told by the tooltip."""
_PAD, _GAP = 9, 8
_AGAIN = "↻ "
_LEAST_WIDTH, _LEAST_HEIGHT = 104, 40


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text: where its baseline begins, from the box's upper left corner."""

    x: float
    y: float
    words: str
    role: str
    """`title`, `line`, `mark`, `trace` or `label`."""
    width: float
    """At most."""


@dataclass(frozen=True, slots=True)
class Content:
    """What stands in a box, and the size of the box that holds it."""

    width: float
    height: float
    texts: tuple[Text, ...] = ()
    pills: tuple[tuple[float, float, float, bool], ...] = ()
    """Around each mark: left, top, width, and whether the sign of Retry is in it."""


EMPTY = Content(0, 0)


def node_content(node: Node, overlay: Overlay | None = None) -> Content:
    """What stands in a state's box; Start and End are small pills of their own."""
    if node.kind in ("Start", "End"):
        width = text_width(node.title, _TITLE, bold=True)
        text = Text(16, 20, node.title, "title", width)
        return Content(_round(width + 32), 30, (text,))
    content = _stack(
        node.title,
        node.lines,
        node.marks,
        state_words(overlay, node.pointer),
        wide=False,
    )
    return _with_least(content)


def group_content(group: Group, overlay: Overlay | None = None) -> Content:
    """The header of a Map's or Parallel's box; a branch has none."""
    if group.kind == "Branch":
        return EMPTY
    words = state_words(overlay, group.pointer)
    return _stack(group.title, group.lines, group.marks, words, wide=True)


def edge_content(edge: Edge, overlay: Overlay | None = None) -> Content:
    """What stands beside an arrow: when it was taken, and under which condition."""
    label = plain(edge.label)
    sign = edge_sign(overlay, edge.pointer)
    if sign:
        label = f"{sign} {label}".rstrip()
    lines = _wrapped(label, _LABEL_LETTERS)
    trace = edge_words(overlay, edge.pointer)
    if not lines and not trace:
        return EMPTY
    texts, y = [], 0.0
    for words, role in [*((t, "trace") for t in [trace] if t), *_as(lines, "label")]:
        y += _LABEL_STEP
        width = text_width(words, _LABEL, bold=role == "trace")
        texts.append(Text(4, y - 2, words, role, width))
    return Content(_round(max(t.width for t in texts) + 8), y + 4, tuple(texts))


def stub_content(title: str) -> Content:
    """A small sign that names the state to which an arrow leads."""
    words = shorten(plain(title), _TITLE_LETTERS)
    width = text_width(words, _LABEL)
    return Content(_round(width + 32), 22, (Text(22, 15, words, "line", width),))


def badge_of(overlay: Overlay | None, pointer: str) -> str:
    """The word for the badge on a state's corner; nothing where it has none."""
    mark = state_mark(overlay, pointer)
    if overlay is None or overlay.kind == "coverage" or mark == "never":
        return ""
    if overlay.kind == "execution":
        trace = overlay.states[pointer]
        if trace.running:
            return "running"
        if trace.aborted and not trace.failed:
            return "aborted"
    return mark


def _stack(
    title: str,
    lines: Iterable[str],
    marks: Iterable[str],
    traces: Iterable[str],
    *,
    wide: bool,
) -> Content:
    """A sign at the left; beside it title, lines, marks, and the overlay's lines."""
    left = _PAD + SIGN + _GAP
    texts: list[Text] = []
    pills: list[tuple[float, float, float, bool]] = []
    letters = _HEADER_LETTERS if wide else _TITLE_LETTERS
    y = float(_PAD - 4)
    for words in _wrapped(plain(title), letters):
        y += _TITLE_STEP
        width = text_width(words, _TITLE, bold=True)
        texts.append(Text(left, y - 3, words, "title", width))
    letters = _HEADER_LETTERS if wide else _LINE_LETTERS
    for line in lines:
        for words in _wrapped(plain(line), letters):
            y += _LINE_STEP
            texts.append(Text(left, y - 3, words, "line", text_width(words, _LINE)))
    y += 2
    x = float(left)
    marks = [shorten(plain(mark), _MARK_LETTERS) for mark in marks]
    for words in marks:
        # The sign is drawn: few fonts have it, and then another one shows the text.
        again = words.startswith(_AGAIN)
        words = words.removeprefix(_AGAIN)
        before = 19 if again else 7
        width = text_width(words, _MARK)
        full = _round(before + width + 7)
        if x > left and x + full > left + (360 if wide else 190):
            x, y = left, y + _PILL_STEP
        texts.append(Text(x + before, y + 13.5, words, "mark", width))
        pills.append((x, y + 2, full, again))
        x += full + 5
    y += _PILL_STEP + 3 if marks else 0
    for line in traces:
        for words in _wrapped(plain(line), letters):
            y += _LINE_STEP
            width = text_width(words, _LINE, bold=True)
            texts.append(Text(left, y - 4, words, "trace", width))
    width = max(
        [text.x + text.width for text in texts] + [x + full for x, _, full, _ in pills]
    )
    return Content(_round(width + _PAD), y + _PAD - 4, tuple(texts), tuple(pills))


def _with_least(content: Content) -> Content:
    """A small box is widened, and its texts put in the middle of its height."""
    width = max(content.width, _LEAST_WIDTH)
    height = max(content.height, _LEAST_HEIGHT)
    down = (height - content.height) / 2
    texts = tuple(
        Text(t.x, t.y + down, t.words, t.role, t.width) for t in content.texts
    )
    pills = tuple((x, y + down, full, again) for x, y, full, again in content.pills)
    return Content(width, height, texts, pills)


def _wrapped(text: str, letters: int) -> list[str]:
    """A text in lines, the last one cut with … where there would be too many."""
    if not text:
        return []
    lines = list(wrap(text, letters))
    if len(lines) > _MOST_LINES:
        lines = [*lines[: _MOST_LINES - 1], f"{lines[_MOST_LINES - 1]} …"]
    return lines


def _as(lines: Iterable[str], role: str) -> list[tuple[str, str]]:
    return [(line, role) for line in lines]


def _round(width: float) -> float:
    """Up to a whole even number of pixels: halves of it are whole, too."""
    return float(int(width / 2 + 0.999) * 2)
