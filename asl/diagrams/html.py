"""One HTML file that shows a machine, and what an execution of it did.

In: a StateMachine, its picture as SVG, and an Execution or a history of AWS.
Out: a page that needs nothing else: the picture, the viewer's script and style, and the
data as one JSON document (its members: view.py).
Never: lets a name, a comment or a payload become markup or script. The data stands in a
script element that no browser runs, the viewer writes texts as texts, and the page's
Content-Security-Policy names the hashes of the only script and styles that may work;
nothing is fetched.

The picture's contract: each state is an element of class `state` (or `group`) with its
JSON Pointer in data-pointer, each edge one of class `edge` with data-from and data-to.
"""

import json
import re
from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from html import escape, unescape
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

from asl.diagrams.view import view_of
from asl.errors import UsageError
from asl.model.machine import StateMachine
from asl.values import Json

if TYPE_CHECKING:
    from asl.engine.execution import Execution

_PARTS = (
    "text.js",
    "dom.js",
    "json.js",
    "rows.js",
    "diagram.js",
    "details.js",
    "timeline.js",
    "events.js",
    "paper.js",
    "viewer.js",
)
"""The viewer's parts; each uses only those before it."""

_THEMES = ("auto", "light", "dark")


def write_html(
    machine: StateMachine,
    svg: str,
    *,
    execution: "Execution | None" = None,
    history: Sequence[Json] | None = None,
    title: str | None = None,
    theme: Literal["auto", "light", "dark"] = "auto",
) -> str:
    """A machine's picture as one page with zoom, search, details and a timeline."""
    if theme not in _THEMES:
        raise UsageError(
            f"there is no theme {theme!r}; choose one of {', '.join(_THEMES)}"
        )
    picture = _inline(svg)
    data = view_of(machine, execution=execution, history=history, title=title)
    script = viewer_script() + _part("page.js")
    style = viewer_style()
    policy = _policy(script, [style, *_styles_in(picture)])
    return (
        f'<!DOCTYPE html>\n<html lang="en" data-theme="{theme}">\n<head>\n'
        '<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_text(data['title'])}</title>\n<style>{style}</style>\n"
        f'</head>\n<body>\n<div id="viewer">{picture}</div>\n'
        f'<script type="application/json" id="viewer-data">{data_text(data)}</script>\n'
        f"<script>{script}</script>\n</body>\n</html>\n"
    )


@cache
def viewer_script() -> str:
    """The viewer as a classic script: it defines `aslViewer.createViewer`."""
    parts = "\n".join(_part(name) for name in _PARTS)
    return (
        f'(() => {{\n"use strict";\n{parts}\n'
        "globalThis.aslViewer = { createViewer };\n})();\n"
    )


@cache
def viewer_style() -> str:
    """The viewer's style sheet."""
    return _part("viewer.css")


def data_text(value: Json) -> str:
    """JSON that may stand inside a script element: nothing in it can end that."""
    try:
        text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise UsageError(f"the history holds what is no JSON: {error}") from None
    for sign in "<>&":  # everything beyond ASCII is escaped already
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _part(name: str) -> str:
    return (files("asl.diagrams") / "viewer" / name).read_text(encoding="utf-8")


_PROLOG = re.compile(r"\s*(<\?xml[^>]*>)?\s*(<!DOCTYPE[^>]*>)?\s*")


def _inline(svg: str) -> str:
    """The svg element alone: a page holds no XML declaration and no DOCTYPE."""
    element = _PROLOG.sub("", svg, count=1).strip()
    if not element.startswith("<svg"):
        raise UsageError("this is no picture: it must be the text of an SVG file")
    return element


_STYLE = re.compile(r"<style[^>]*>(.*?)</style>", re.DOTALL)
_CDATA = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)


def _styles_in(picture: str) -> list[str]:
    """The style sheets of a picture, as a browser reads them: without their escapes."""
    return [
        "".join(
            part if index % 2 else unescape(part)
            for index, part in enumerate(_CDATA.split(text))
        )
        for text in _STYLE.findall(picture)
    ]


def _policy(script: str, styles: Sequence[str]) -> str:
    allowed = " ".join(_hash(style) for style in styles)
    return (
        f"default-src 'none'; script-src {_hash(script)}; style-src {allowed}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    digest = sha256(text.encode("utf-8", "replace")).digest()
    return f"'sha256-{b64encode(digest).decode('ascii')}'"


def _text(text: str) -> str:
    """Text for a page: escaped, without what UTF-8 or HTML cannot hold."""
    printable = re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "\ufffd", text)
    return escape(printable.encode("utf-8", "replace").decode("utf-8"))
