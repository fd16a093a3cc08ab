"""Lettering: texts as lines that can be shown, of a width that boxes can be made for.

In: any text, a state's name too, whatever characters it holds. Out: texts of one line.
Never: escapes for a format: each writer does.
"""

import re
from collections.abc import Iterator
from unicodedata import category, combining, east_asian_width


def shorten(text: str, length: int) -> str:
    """A text on one line, cut with … where it is longer."""
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1].rstrip()}…"


_UNSHOWN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff"
    "\ud800-\udfff]"
)


def plain(text: str) -> str:
    """A text on one line, without what cannot be shown or would turn what follows.

    Control characters become their pictures (␀), halves of characters �; marks that
    change the direction of the text around them are left out, right-to-left letters
    are not.
    """
    if text.isascii() and text.isprintable():
        return text if "  " not in text else " ".join(text.split())
    return _UNSHOWN.sub(_shown, " ".join(text.split()))


def _shown(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if 0x80 <= code < 0xA0 or code >= 0xD800:
        return "" if code == 0xFEFF else "�"
    return ""


def wrap(text: str, width: int) -> tuple[str, ...]:
    """A text in lines of at most `width` letters, wide ones counting twice.

    Lines end at spaces; a longer word after - _ . / or before a capital, else anywhere
    that keeps a letter and its accents, or an emoji and its parts, together.
    """
    if len(text) <= width and text.isascii():
        return (text,)
    lines, line, room = [], "", width
    for piece in _pieces(text, width):
        size = width_of(piece.rstrip())
        if line and size > room:
            lines.append(line.rstrip())
            line, room = "", width
        while size > room:
            head = _head(piece, width)
            lines.append(head)
            piece = piece[len(head) :]
            size = width_of(piece.rstrip())
        line += piece
        room -= width_of(piece)
    if line.strip() or not lines:
        lines.append(line.rstrip())
    return tuple(lines)


def _pieces(text: str, width: int) -> Iterator[str]:
    """Words with the space after them; parts of words too long for a line."""
    for word in _WORD.findall(text):
        if width_of(word.rstrip()) <= width:
            yield word
        else:
            yield from _PIECE.findall(word)


_WORD = re.compile(r"\S+\s*|\s+")
_PIECE = re.compile(
    r"[^\s\-_./,]*?(?:[\s\-_./,]+|(?<=[a-z0-9])(?=[A-Z])|\Z)", re.DOTALL
)


def width_of(text: str) -> int:
    """How many letters of room a text takes: wide characters two, accents none."""
    if text.isascii():
        return len(text)
    return sum(_width(letter) for letter in text)


def _width(letter: str) -> int:
    if combining(letter) or category(letter) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if east_asian_width(letter) in "WF" else 1


def _head(text: str, width: int) -> str:
    """As much of a text as has room; at least a letter with all that belongs to it."""
    room, end = width, 0
    for place, letter in enumerate(text):
        size = _width(letter)
        if place and size and text[place - 1] != "\u200d":
            end = place
        room -= size
        if room < 0 and end:
            return text[:end]
    return text
