"""Signs: the small drawings by which state types and outcomes are told apart.

In: the name of a type, or of a badge. Out: SVG elements around a place, without colours
of their own: the style sheet gives them.
Never: uses letters; fonts differ, and some have no signs.
"""

from asl.diagrams.boxes import SIGN

_GLYPHS = {
    "Task": '<circle class="glyph" r="6.2" stroke-dasharray="2.45 2.42"/>'
    '<circle class="glyph" r="3.9"/>',
    "Choice": '<path class="glyph" d="M0 -7L7 0L0 7L-7 0Z"/>',
    "Wait": '<circle class="glyph" r="7"/><path class="glyph" d="M0 -4V0L3 2.2"/>',
    "Pass": '<path class="glyph" d="M-6 -5L-1 0L-6 5M1 -5L6 0L1 5"/>',
    "Succeed": '<path class="glyph" d="M-6 .5L-2 5L6 -4.5"/>',
    "Fail": '<path class="glyph" d="M-5 -5L5 5M5 -5L-5 5"/>',
    "Parallel": '<path class="glyph" d="M-4 -6.5V4M4 -6.5V4M-6.5 2L-4 5.5L-1.5 2'
    'M1.5 2L4 5.5L6.5 2"/>',
    "Map": '<path class="glyph" d="M-7 -1.5V-7H-1.5M-4 1.5V-4H1.5M-1 -1H7V7H-1Z"/>',
}
"""Each around 0,0, within SIGN / 2 - 4 of it."""

_BADGES = {
    "visited": "M-4 .3L-1.2 3.3L4 -3",
    "failed": "M-3 -3L3 3M3 -3L-3 3",
    "caught": "M-4 2.5C-3 -3 2 -4 3.5 1M.8 .2L3.7 1.6L4.6 -1.6",
    "aborted": "M-3 -3H3V3H-3Z",
    "running": "M-3.6 0H-3.5M0 0H.1M3.5 0H3.6",
    "added": "M-4 0H4M0 -4V4",
    "removed": "M-4 0H4",
    "changed": "M-4 1.5C-2 -3 0 -1 0 0C0 1 2 3 4 -1.5",
}

_ROUND = {"Task": 5.0, "Wait": 18.0, "Pass": 0.0, "Succeed": 12.0, "Fail": 5.0}
_CUT = 9.0


def sign(kind: str, x: float, y: float) -> str:
    """A state type's sign with its upper left corner at a place."""
    half = SIGN / 2
    return (
        f'<g transform="translate({x + half:g} {y + half:g})"><rect class="tile" '
        f'x="{-half:g}" y="{-half:g}" width="{SIGN}" height="{SIGN}" rx="5"/>'
        f"{_GLYPHS[kind]}</g>"
    )


def badge(word: str, x: float, y: float) -> str:
    """What became of a state, as a disc around a place."""
    return (
        f'<g class="badge badge-{word}" transform="translate({x:g} {y:g})">'
        f'<circle class="plate" r="9"/><path class="glyph" d="{_BADGES[word]}"/></g>'
    )


def again(x: float, y: float) -> str:
    """The sign of Retry: an arrow that turns round, at the left of a mark."""
    return (
        f'<path class="again" transform="translate({x + 11:g} {y + 8:g})" '
        'd="M3.4 -2.2A4.1 4.1 0 1 0 4.1 .6M3.9 -5V-1.7H.6"/>'
    )


def stub(width: float, height: float) -> str:
    """The border and the arrow of a sign that points to a state elsewhere."""
    half = height / 2
    return (
        f"{_rectangle('box', 0, 0, width, height, half)}"
        f'<path class="again" transform="translate(12 {half:g})" '
        'd="M-4 0H4M.5 -3.5L4 0L.5 3.5"/>'
    )


def outline(kind: str, width: float, height: float) -> str:
    """The border of a state's box, from 0,0: each type has its own corners."""
    if kind == "Choice":
        c, right, low = _CUT, width - _CUT, height - _CUT
        return (
            f'<path class="box" d="M{c:g} 0H{right:g}L{width:g} {c:g}V{low:g}'
            f'L{right:g} {height:g}H{c:g}L0 {low:g}V{c:g}Z"/>'
        )
    radius = height / 2 if kind in ("Start", "End") else _ROUND[kind]
    inner = ""
    if kind in ("Succeed", "End"):
        inner = _rectangle("inner", 3, 3, width - 6, height - 6, radius - 3)
    return _rectangle("box", 0, 0, width, height, min(radius, height / 2)) + inner


def _rectangle(
    name: str, x: float, y: float, width: float, height: float, radius: float
) -> str:
    return (
        f'<rect class="{name}" x="{x:g}" y="{y:g}" width="{width:g}" '
        f'height="{height:g}" rx="{radius:g}"/>'
    )
