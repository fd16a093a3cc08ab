"""Raster: an SVG of ours as a PNG or PDF that shows the same picture.

In: the text of an SVG in the theme `light` or `dark`. Out: bytes, the same for the same
text and the same installed fonts.
Never: fetches anything, or needs a browser or a system package.

The only module that imports resvg_py and typst (the extra `draw`): resvg draws PNG;
typst makes PDF with its fonts inside, and PNG where a computer has no fonts at all,
because it brings some of its own. It places no single letters of a script that joins
them as well as resvg does, therefore not always typst.
"""

import re
from functools import cache
from typing import TYPE_CHECKING

from asl.diagrams.theme import FONT
from asl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

_SCALE = 2.0
"""Pixels of a PNG for each of the picture's, as screens have them today."""
_MOST_PIXELS, _LONGEST = 60_000_000, 30_000
_LONGEST_PAGE = 14_400.0
"""Points; what PDF readers show at most."""

_SIZE = re.compile(r'<svg [^>]*?width="([0-9.]+)" height="([0-9.]+)"')


def to_png(svg: str) -> bytes:
    """The picture in pixels, twice as fine as its own; less where it is huge."""
    width, height = _size(svg)
    scale = min(
        _SCALE,
        (_MOST_PIXELS / (width * height)) ** 0.5,
        _LONGEST / max(width, height),
    )
    if not _finds_fonts():
        return _typeset(svg, "png", ppi=72 * scale)
    return _pixels(svg, scale)


def to_pdf(svg: str) -> bytes:
    """The picture as a PDF of one page, with its fonts inside."""
    return _typeset(svg, "pdf")


def _size(svg: str) -> tuple[float, float]:
    found = _SIZE.search(svg)
    if found is None:
        raise UsageError("this is no picture of asl's: it has no width and height")
    return float(found[1]), float(found[2])


def _pixels(svg: str, scale: float) -> bytes:
    try:
        from resvg_py import svg_to_bytes
    except ImportError:
        raise _missing("PNG") from None
    return bytes(svg_to_bytes(svg_string=svg, zoom=scale))


@cache
def _finds_fonts() -> bool:
    """Whether letters leave a trace: where no font is known, resvg leaves them out."""
    blank, letters = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20">'
        f"<text y=\"15\" font-family='{FONT}'>{text}</text></svg>"
        for text in ("", "Aa")
    )
    return _pixels(blank, 1.0) != _pixels(letters, 1.0)


_PAGE = b"""\
#set document(title: sys.inputs.title, date: none)
#set page(width: %.2fpt, height: %.2fpt, margin: 0pt)
#image("/picture.svg", width: 100%%, height: 100%%, alt: sys.inputs.title)
"""


def _typeset(svg: str, format: str, *, ppi: float | None = None) -> bytes:
    """Have typst make a page of the picture's size."""
    try:
        import typst
    except ImportError:
        raise _missing(format.upper()) from None
    width, height = _size(svg)
    shrink = min(1.0, _LONGEST_PAGE / max(width, height)) if format == "pdf" else 1.0
    page = _PAGE % (width * shrink, height * shrink)
    # Its types do not know of several files at once; its documentation does.
    make: Callable[..., bytes] = typst.compile
    return make(
        {"main.typ": page, "picture.svg": svg.encode()},
        format=format,
        ppi=ppi,
        sys_inputs={"title": _title(svg)},
    )


def _title(svg: str) -> str:
    """The name of the machine, in the picture's own words."""
    from xml.etree.ElementTree import fromstring

    return fromstring(svg).get("aria-label") or "State machine"


def _missing(format: str) -> UsageError:
    return UsageError(
        f'a picture as {format} needs the extra "draw": pip install "aslkit[draw]"'
    )
