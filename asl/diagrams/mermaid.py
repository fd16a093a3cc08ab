"""Mermaid: a shape as a flowchart in the text form that GitHub renders.

In: a Shape, and perhaps an Overlay on it. Out: Mermaid's text, the same for the same.
Never: lets a name do anything but be read: what Mermaid, Markdown or HTML could take
for more than text is written as a character's number.

Every state type has its own form besides its colour; the colours are light with dark
letters, which reads on GitHub's light and dark pages. Mermaid draws no more than 500
arrows unless the page that shows it allows more.

https://mermaid.js.org/syntax/flowchart.html
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache

from asl.diagrams.lettering import plain, width_of, wrap
from asl.diagrams.overlay import Overlay
from asl.diagrams.shape import END, START, Edge, Group, Node, Shape
from asl.diagrams.tally import (
    edge_mark,
    edge_sign,
    edge_words,
    state_mark,
    state_sign,
    state_words,
)

_WIDTH = 25
"""Letters on a line of a box or a label; Mermaid itself wraps at 200 pixels."""

_FORMS = {
    "Start": '(("{}"))',
    "End": '((("{}")))',
    "Task": '["{}"]',
    "Choice": '{{"{}"}}',
    "Wait": '{{{{"{}"}}}}',
    "Pass": '("{}")',
    "Succeed": '(["{}"])',
    "Fail": '[["{}"]]',
}

_INK = "color:#111827"
_CLASSES = {
    "edge": f"fill:#e5e7eb,stroke:#374151,{_INK}",
    "task": f"fill:#dbeafe,stroke:#1d4ed8,{_INK}",
    "choice": f"fill:#fef3c7,stroke:#b45309,{_INK}",
    "wait": f"fill:#ede9fe,stroke:#6d28d9,{_INK}",
    "pass": f"fill:#f3f4f6,stroke:#4b5563,{_INK}",
    "succeed": f"fill:#dcfce7,stroke:#15803d,{_INK}",
    "fail": f"fill:#fee2e2,stroke:#b91c1c,{_INK}",
    "parallel": "fill:#8881,stroke:#a21caf,stroke-width:2px",
    "map": "fill:#8881,stroke:#0e7490,stroke-width:2px",
    "branch": "fill:#8880,stroke:#888,stroke-dasharray:4 4",
    "note": "fill:#8880,stroke:#8880",
    "visited": "stroke-width:3px",
    "failed": "stroke:#dc2626,stroke-width:5px",
    "caught": "stroke:#d97706,stroke-width:5px",
    "never": "stroke-dasharray:4 4,opacity:0.45",
    "added": f"fill:#bbf7d0,stroke:#15803d,stroke-width:3px,{_INK}",
    "removed": f"fill:#fecaca,stroke:#b91c1c,stroke-width:3px,"
    f"stroke-dasharray:6 4,{_INK}",
    "changed": f"fill:#fef08a,stroke:#a16207,stroke-width:3px,{_INK}",
    "addedBox": "stroke:#15803d,stroke-width:4px",
    "removedBox": "stroke:#b91c1c,stroke-width:4px,stroke-dasharray:6 4",
    "changedBox": "stroke:#a16207,stroke-width:4px",
}
"""In this order: of two classes of a box the later one counts."""

_LINKS = {
    "taken": "stroke-width:3px",
    "never": "stroke-dasharray:2 4,opacity:0.45",
    "added": "stroke:#15803d,stroke-width:3px",
    "removed": "stroke:#b91c1c,stroke-dasharray:6 4",
}


def write_mermaid(
    shape: Shape, *, direction: str = "TB", overlay: Overlay | None = None
) -> str:
    """A shape as a Mermaid flowchart."""
    drawing = _Drawing(shape, direction, overlay)
    drawing.put_boxes()
    lines = drawing.lines
    lines.extend(_arrow(edge, overlay) for edge in shape.edges)
    lines.extend(drawing.holds)
    classes = drawing.classes
    used = [name for name in _CLASSES if name in classes]
    lines.extend(f"  classDef {name} {_CLASSES[name]}" for name in used)
    lines.extend(f"  class {','.join(classes[name])} {name}" for name in used)
    lines.extend(_link_styles(shape, overlay))
    return "\n".join(lines) + "\n"


class _Drawing:
    """The text so far: boxes in each other, and which class each has."""

    def __init__(self, shape: Shape, direction: str, overlay: Overlay | None) -> None:
        self.direction = direction
        self.overlay = overlay
        self.lines = [f"flowchart {direction}"]
        self.holds: list[str] = []
        """Arrows that are not seen: they hold notes above what they are notes to."""
        self.classes: dict[str, list[str]] = defaultdict(list)
        first = {group.start for group in shape.groups if group.start is not None}
        self.entered_again = first & {edge.target for edge in shape.edges}
        """First states of groups to which an arrow leads back: they need a mark."""
        self.inside: dict[str | None, list[Node | Group]] = defaultdict(list)
        for group in shape.groups:
            self.inside[group.parent].append(group)
        ends = any(edge.target == END for edge in shape.edges)
        for node in shape.nodes:
            if ends or node.id != END:
                self.inside[node.group].append(node)
        for boxes in self.inside.values():
            boxes.sort(key=_place)

    def put_boxes(self) -> None:
        """Every node and group, without recursion."""
        waiting: list[tuple[Node | Group | None, str]] = [
            (box, "  ") for box in reversed(self.inside[None])
        ]
        while waiting:
            box, indent = waiting.pop()
            if box is None:
                self.lines.append(f"{indent}end")
                continue
            for name in _classes(box, self.overlay):
                self.classes[name].append(_id(box.id))
            if isinstance(box, Node):
                self.put_node(box, indent)
                continue
            self.put_group(box, indent)
            waiting.append((None, indent))
            deeper = f"{indent}  "
            waiting.extend((inner, deeper) for inner in reversed(self.inside[box.id]))

    def put_node(self, node: Node, indent: str) -> None:
        """A box: its name with its signs, what it does, its marks."""
        words = state_words(self.overlay, node.pointer) if node.pointer else ()
        label = _text((self.title(node), *node.lines, *node.marks, *words))
        self.lines.append(indent + _id(node.id) + _FORMS[node.kind].format(label))

    def put_group(self, group: Group, indent: str) -> None:
        """The begin of a box around others, and a note of what is to be said of it.

        Mermaid leaves room for one line of title: the rest stands in a note.
        """
        title = "" if group.kind == "Branch" else plain(self.title(group))
        notes: list[str] = []
        if width_of(title) > _WIDTH:
            notes, title = [title], ""
        notes += [*group.lines, *group.marks]
        if group.kind != "Branch":
            notes += state_words(self.overlay, group.pointer)
        if title and len(notes) == 1 and len(notes[0]) + width_of(title) < _WIDTH - 2:
            notes, title = [], f"{title} · {notes[0]}"
        self.lines.append(f'{indent}subgraph {group.id}["{escape(title) or " "}"]')
        self.lines.append(f"{indent}  direction {self.direction}")
        if notes:
            note = f"{group.id}note"
            self.lines.append(f'{indent}  {note}["{_text(tuple(notes))}"]')
            self.classes["note"].append(note)
            below = [group.start] if group.start is not None else self.inside[group.id]
            for box in below:
                target = box if isinstance(box, str) else box.id
                self.holds.append(f"  {note} ~~~ {target}")

    def title(self, box: Node | Group) -> str:
        """The name of a box, with a sign before it where it has one."""
        title = f"▸ {box.title}" if box.id in self.entered_again else box.title
        sign = state_sign(self.overlay, box.pointer) if box.pointer else ""
        return f"{sign} {title}" if sign else title


def _place(box: Node | Group) -> float:
    """Where a box stands in the definition, among those beside it."""
    if box.id == START:
        return 0
    return math.inf if box.id == END else int(box.id.rpartition("b")[2].lstrip("s"))


def _id(id: str) -> str:
    """`end` is a word of Mermaid's own."""
    return "finish" if id == END else id


def _classes(box: Node | Group, overlay: Overlay | None) -> Iterator[str]:
    if box.kind in ("Start", "End"):
        yield "edge"
        return
    yield box.kind.lower()
    if box.kind != "Branch" and (mark := state_mark(overlay, box.pointer)):
        around = isinstance(box, Group) and f"{mark}Box" in _CLASSES
        yield f"{mark}Box" if around else mark


def _arrow(edge: Edge, overlay: Overlay | None) -> str:
    arrow = "-.->" if edge.kind == "Catch" else "-->"
    sign, order = edge_sign(overlay, edge.pointer), edge_words(overlay, edge.pointer)
    words = " ".join(word for word in (sign, order, edge.label) if word)
    label = f'|"{_text((words,))}"|' if words else ""
    return f"  {_id(edge.source)} {arrow}{label} {_id(edge.target)}"


def _link_styles(shape: Shape, overlay: Overlay | None) -> Iterator[str]:
    """The styles of arrows, which Mermaid knows by their numbers."""
    if overlay is None:
        return
    marked: dict[str, list[str]] = defaultdict(list)
    for number, edge in enumerate(shape.edges):
        marked[edge_mark(overlay, edge.pointer)].append(str(number))
    for name, style in _LINKS.items():
        if name in marked:
            yield f"  linkStyle {','.join(marked[name])} {style}"


def _text(texts: tuple[str, ...]) -> str:
    """Texts as lines of a quoted label."""
    return "<br/>".join(
        escape(line) for text in texts for line in wrap(plain(text), _WIDTH)
    )


# What means something to Mermaid (quotes, `#x;`, `%%{`), to its way with icons
# (`fa:fa-x`), formulas (`$$`) and addresses, to Markdown and to HTML. A colon stays
# where a space follows, an underscore inside a word.
_MEANING = re.compile(
    r"""["#&<>;`*~\[\]{}|\\^@%]|:(?! )|(?<![^\W_])_|_(?![^\W_])|(?<=\$)\$|\$(?=\$)"""
    r"|(?<=www)\."
)
_AT_BEGIN = re.compile(r"\s*(?:[-+=]|\d+(?=[.)]))")
"""What makes a list, a heading or a rule at the begin of a line."""


@lru_cache(maxsize=4096)
def escape(line: str) -> str:
    """A line of text that Mermaid, Markdown and HTML all take for nothing else."""
    if line.isascii() and line.isalnum():
        return line
    if "ﬂ°" in line or "¶ß" in line:
        # Mermaid's own marks around a character given by its number: they are parted
        # by a joiner, which nobody sees.
        line = line.replace("ﬂ°", "ﬂ\u2060°").replace("¶ß", "¶\u2060ß")
    escaped = _MEANING.sub(_number, line)
    if found := _AT_BEGIN.match(escaped):
        rest = escaped[found.end() :]
        if found[0][-1].isdigit():
            return f"{found[0]}#{ord(rest[0])};{rest[1:]}"
        return f"{found[0][:-1]}#{ord(found[0][-1])};{rest}"
    return escaped


def _number(found: re.Match[str]) -> str:
    return f"#{ord(found[0])};"
