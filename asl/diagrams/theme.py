"""Theme: the colours and lines of an SVG, as one style sheet.

In: `light`, `dark`, `auto`, or `page` for a picture inside a page with a theme of its
own (`data-theme` of its root). Out: CSS for everything under the class of that theme.
Never: touches what else stands on a page: each rule begins with the picture's class.

No CSS variables: programs that are no browsers do not know them. `auto` is light on
paper and wherever nobody asks for dark.
"""

from collections.abc import Mapping
from functools import cache
from typing import Literal, TypeAlias

from asl.errors import UsageError

Theme: TypeAlias = Literal["light", "dark", "auto", "page"]
THEMES = ("light", "dark", "auto", "page")

FONT = '"Helvetica Neue",Helvetica,Arial,"Liberation Sans","DejaVu Sans",sans-serif'

HEAT = 5
"""So many degrees of heat has a coverage overlay."""

_KINDS = ("task", "choice", "wait", "pass", "succeed", "fail", "parallel", "map")

_LIGHT = {
    "paper": "#ffffff",
    "ink": "#17202b",
    "soft": "#4a5563",
    "line": "#5b6673",
    "catch": "#b3401f",
    "pill": "#ffffff",
    "trace": "#0b6b3a",
    "good": "#15803d",
    "bad": "#c81e1e",
    "warn": "#b45309",
    "calm": "#57606a",
    "focus": "#0a58ff",
    "task": "#2563c9 #eff5ff",
    "choice": "#a8560a #fff8ea",
    "wait": "#7038d0 #f6f1ff",
    "pass": "#57606a #f6f8fa",
    "succeed": "#15803d #edfcf2",
    "fail": "#b91c1c #fef1f1",
    "parallel": "#9d1fb0 #9d1fb0",
    "map": "#0e7490 #0e7490",
    "heat": "#fff7ec #fee3bd #fdc68a #f9a15c #f07f3c",
    "added": "#d3f9dc",
    "removed": "#fde0e0",
    "changed": "#fdf3b0",
}
_DARK = {
    "paper": "#12171e",
    "ink": "#e8edf3",
    "soft": "#a9b4c0",
    "line": "#93a0ae",
    "catch": "#f08a67",
    "pill": "#12171e",
    "trace": "#6ee7a0",
    "good": "#3fb56b",
    "bad": "#f06a6a",
    "warn": "#e0a03a",
    "calm": "#8b97a5",
    "focus": "#7fb2ff",
    "task": "#5b9bf5 #182437",
    "choice": "#e0a03a #2c2415",
    "wait": "#a98bf5 #241d38",
    "pass": "#93a0ae #1d242d",
    "succeed": "#3fb56b #14291d",
    "fail": "#f06a6a #331b1d",
    "parallel": "#d477e3 #d477e3",
    "map": "#3fb3cc #3fb3cc",
    "heat": "#2b241c #45301d #63401f #875322 #a86425",
    "added": "#17402a",
    "removed": "#4a2224",
    "changed": "#47400f",
}

_SHAPE = f"""\
{{0}}{{{{font-family:{FONT}}}}}
{{0}} text{{{{white-space:pre}}}}
{{0}} .title,{{0}} .caption{{{{font-size:13px;font-weight:700}}}}
{{0}} .line{{{{font-size:11.5px}}}}
{{0}} .mark{{{{font-size:10.5px}}}}
{{0}} .label{{{{font-size:11px}}}}
{{0}} .node-text .trace{{{{font-size:11.5px;font-weight:700}}}}
{{0}} .edge .trace{{{{font-size:11px;font-weight:700}}}}
{{0}} .legend{{{{font-size:11px}}}}
{{0}} .box{{{{stroke-width:1.5px}}}}
{{0}} .frame{{{{stroke-width:1.5px;fill-opacity:.045}}}}
{{0}} .kind-branch .frame{{{{stroke-width:1px;stroke-dasharray:2 3;fill-opacity:.025}}}}
{{0}} .kind-fail .box{{{{stroke-width:3px}}}}
{{0}} .again{{{{fill:none;stroke-width:1.2px;stroke-linecap:round}}}}
{{0}} .inner,{{0}} .way{{{{fill:none;stroke-width:1.4px}}}}
{{0}} .inner{{{{stroke-width:1px}}}}
{{0}} .glyph{{{{fill:none;stroke-width:2px;stroke-linecap:round;\
stroke-linejoin:round}}}}
{{0}} .kind-catch .way{{{{stroke-dasharray:5 3.5}}}}
{{0}} .entry .way{{{{stroke-width:1px}}}}
{{0}} .mark-taken .way{{{{stroke-width:2.6px}}}}
{{0}} .edge.mark-never .way{{{{stroke-dasharray:1.5 3.5}}}}
{{0}} .mark-never .box,{{0}} .mark-never .frame{{{{stroke-dasharray:4 3}}}}
{{0}} .mark-visited .box,{{0}} .mark-visited .frame{{{{stroke-width:2.4px}}}}
{{0}} .mark-failed .box,{{0}} .mark-failed .frame{{{{stroke-width:3.4px}}}}
{{0}} .mark-caught .box,{{0}} .mark-caught .frame{{{{stroke-width:3px}}}}
{{0}} .mark-removed .box,{{0}} .mark-removed .frame{{{{stroke-dasharray:6 4}}}}
{{0}} .mark-added .box,{{0}} .mark-added .frame{{{{stroke-width:3px}}}}
{{0}} .mark-added .way,{{0}} .mark-removed .way{{{{stroke-width:2.4px}}}}
{{0}} .mark-removed .way{{{{stroke-dasharray:6 4}}}}
{{0}}.on-execution .state.mark-never,{{0}}.on-execution .edge.mark-never,\
{{0}}.on-execution .group.mark-never{{{{opacity:.45}}}}
{{0}} .state,{{0}} .group{{{{outline:none}}}}
{{0}} .state:focus-visible .box,\
{{0}} .group:focus-visible .frame{{{{stroke-width:4px}}}}
"""


def colours_of(theme: str) -> Mapping[str, str]:
    """A theme's colours by what they are for; `auto` is light where nobody can ask."""
    if theme not in THEMES:
        raise UsageError(
            f"there is no theme {theme!r}; choose one of {', '.join(THEMES)}"
        )
    return _DARK if theme == "dark" else _LIGHT


_ASKED_FOR_DARK = "@media screen and (prefers-color-scheme:dark)"


@cache
def style_of(theme: str) -> str:
    """The style sheet of a theme, for a picture of the class `asl-picture asl-<theme>`.

    Widths and dashes tell apart in black and white what colours tell.
    """
    if theme not in THEMES:
        raise UsageError(
            f"there is no theme {theme!r}; choose one of {', '.join(THEMES)}"
        )
    name = f".asl-{theme}"
    rules = _SHAPE.format(name) + _colours(name, _DARK if theme == "dark" else _LIGHT)
    if theme == "auto":
        rules += f"{_ASKED_FOR_DARK}{{\n{_colours(name, _DARK)}}}\n"
    elif theme == "page":
        undecided = _colours(f':root:not([data-theme="light"]) {name}', _DARK)
        decided = _colours(f':root[data-theme="dark"] {name}', _DARK)
        rules += f"{_ASKED_FOR_DARK}{{\n{undecided}}}\n@media screen{{\n{decided}}}\n"
    return rules


def _colours(name: str, colours: dict[str, str]) -> str:
    """The rules that differ between light and dark."""
    c = colours
    rules = [
        f".paper{{fill:{c['paper']}}}",
        f"text{{fill:{c['ink']}}}",
        f".line,{name} .mark,{name} .legend{{fill:{c['soft']}}}",
        f".label{{fill:{c['ink']}}}",
        f".edge text{{paint-order:stroke;stroke:{c['paper']};stroke-width:3px}}",
        f".trace{{fill:{c['trace']}}}",
        f".pill{{fill:{c['pill']};stroke:{c['line']};stroke-width:.8px}}",
        f".way,{name} .again{{stroke:{c['line']}}}",
        f".tip,{name} .dot{{fill:{c['line']}}}",
        f".kind-catch .way{{stroke:{c['catch']}}}",
        f".kind-catch .tip,{name} .kind-catch .label{{fill:{c['catch']}}}",
        f".kind-start .box,{name} .kind-end .box{{fill:{c['paper']};"
        f"stroke:{c['ink']}}}",
        f".stub .box{{fill:{c['pill']};stroke:{c['line']};stroke-width:1px}}",
        f".kind-end .inner{{stroke:{c['ink']}}}",
        f".kind-branch .frame{{fill:{c['line']};stroke:{c['line']}}}",
        f".glyph{{stroke:{c['paper']}}}",
        f".badge .plate{{stroke:{c['paper']};stroke-width:1.5px;fill:{c['calm']}}}",
        f".badge-visited .plate,{name} .badge-added .plate{{fill:{c['good']}}}",
        f".badge-failed .plate,{name} .badge-removed .plate{{fill:{c['bad']}}}",
        f".badge-caught .plate,{name} .badge-changed .plate{{fill:{c['warn']}}}",
    ]
    for kind in _KINDS:
        stroke, fill = c[kind].split()
        part = "frame" if kind in ("parallel", "map") else "box"
        rules += [
            f".kind-{kind} .{part}{{fill:{fill};stroke:{stroke}}}",
            f".kind-{kind} .tile{{fill:{stroke}}}",
        ]
    rules.append(f".kind-succeed .inner{{stroke:{c['good']}}}")
    for mark, colour in (("visited", "good"), ("failed", "bad"), ("caught", "warn")):
        parts = f".mark-{mark} .box,{name} .mark-{mark} .frame"
        rules.append(f"{parts}{{stroke:{c[colour]}}}")
    rules += [
        f".mark-failed .trace,{name} .edge.mark-removed text{{fill:{c['bad']}}}",
        f".mark-caught .trace{{fill:{c['warn']}}}",
        f".edge.mark-taken .way{{stroke:{c['good']}}}",
        f".edge.mark-taken .tip{{fill:{c['good']}}}",
    ]
    # Next to the name: a part of the picture's own class, not of something in it.
    covered = ".on-coverage"
    rules += [
        f"{covered} .state .trace{{fill:{c['ink']}}}",
        f"{covered} .mark-never .box,{name}{covered} .mark-never .frame,"
        f"{name}{covered} .edge.mark-never .way{{stroke:{c['bad']}}}",
        f"{covered} .edge.mark-never .tip{{fill:{c['bad']}}}",
    ]
    for level, fill in enumerate(c["heat"].split(), 1):
        rules.append(f".heat-{level} .box{{fill:{fill}}}")
    for mark, line in (("added", "good"), ("removed", "bad"), ("changed", "warn")):
        parts = f".mark-{mark} .box,{name} .mark-{mark} .frame"
        rules.append(f"{parts}{{fill:{c[mark]};stroke:{c[line]}}}")
        rules.append(f".edge.mark-{mark} .way{{stroke:{c[line]}}}")
        rules.append(f".edge.mark-{mark} .tip{{fill:{c[line]}}}")
    rules.append(
        f".state:focus-visible .box,{name} .group:focus-visible .frame"
        f"{{stroke:{c['focus']}}}"
    )
    return "".join(
        f"{name}{'' if rule.startswith('.on-') else ' '}{rule}\n" for rule in rules
    )
