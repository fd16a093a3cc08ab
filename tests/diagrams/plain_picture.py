"""A plain picture of a machine, by the contract that the viewer expects of any picture.

For tests of the viewer alone: they need no Graphviz. States stand one below the other,
branches side by side.
"""

from html import escape

from asl.model.machine import Branch, StateMachine
from asl.model.states import Map, Parallel, State

_STYLE = """
.box { fill: #fff; stroke: #57606a }
.frame { fill: none; stroke: #57606a; stroke-dasharray: 4 }
.edge path { fill: none; stroke: #57606a }
text { font: 14px sans-serif; fill: #1f2328 }
@media (prefers-color-scheme: dark) {
  .box { fill: #161b22; stroke: #9198a1 } .frame, .edge path { stroke: #9198a1 }
  text { fill: #e6edf3 }
}
"""


def plain_picture(machine: StateMachine) -> str:
    """The text of an SVG file."""
    body, width, height = _branch(machine, 10, 10)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width + 20}" '
        f'height="{height + 20}" viewBox="0 0 {width + 20} {height + 20}">'
        f"<style><![CDATA[{_STYLE}]]></style>{body}</svg>"
    )


def _branch(branch: Branch, x: int, y: int) -> tuple[str, int, int]:
    parts, width, top, previous = [], 0, y, ""
    for state in branch.states.values():
        text, wide, high = _state(state, x, top)
        if previous:
            parts.append(
                f'<g class="edge kind-next" data-pointer="" data-from="{previous}" '
                f'data-to="{escape(state.pointer)}">'
                f'<path d="M{x + 90} {top - 30}v30"/></g>'
            )
        parts.append(text)
        width, top, previous = max(width, wide), top + high + 30, escape(state.pointer)
    return "".join(parts), width, top - y - 30


def _state(state: State, x: int, y: int) -> tuple[str, int, int]:
    inner: list[Branch] = []
    if isinstance(state, Parallel):
        inner = list(state.branches)
    elif isinstance(state, Map):
        inner = [state.processor]
    parts, width, height = [], 0, 0
    for branch in inner:
        text, wide, high = _branch(branch, x + 15 + width, y + 35)
        parts.append(text)
        width, height = width + wide + 15, max(height, high)
    kind = "group" if inner else "state"
    width, height = (width + 15, height + 50) if inner else (180, 46)
    shape = "frame" if inner else "box"
    group = (
        f'<g class="{kind} kind-{state.type.lower()}" tabindex="0" role="button" '
        f'data-pointer="{escape(state.pointer)}" data-name="{escape(state.name)}">'
        f'<rect class="{shape}" x="{x}" y="{y}" width="{width}" height="{height}"/>'
        f'<text x="{x + 10}" y="{y + 24}">{escape(state.name[:22])}</text></g>'
    )
    return group + "".join(parts), width, height
