"""draw: a picture of a machine, with what an execution or tests did on it.

In: a StateMachine; perhaps an Execution, a history of AWS, or coverage data.
Out: text (Mermaid, DOT, SVG, HTML) or bytes (PNG, PDF), the same for the same.
Never: runs a machine, or writes a file; a format's writer is imported when asked for.

Mermaid and DOT need nothing; the others need the extra `draw`.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args, overload

from asl.errors import UsageError
from asl.model.machine import StateMachine
from asl.values import Json

if TYPE_CHECKING:
    from asl.diagrams.overlay import Overlay
    from asl.diagrams.plan import Direction
    from asl.engine.execution import Execution

TextFormat: TypeAlias = Literal["mermaid", "dot", "svg", "html"]
Theme: TypeAlias = Literal["light", "dark", "auto"]
BytesFormat: TypeAlias = Literal["png", "pdf"]

FORMATS: tuple[str, ...] = (*get_args(TextFormat), *get_args(BytesFormat))
SUFFIXES = {
    "mermaid": ".mmd",
    "dot": ".dot",
    "svg": ".svg",
    "html": ".html",
    "png": ".png",
    "pdf": ".pdf",
}


@overload
def draw(
    machine: StateMachine,
    *,
    format: TextFormat = "mermaid",
    execution: "Execution | None" = None,
    history: Sequence[Json] | None = None,
    coverage: Json = None,
    direction: "Direction" = "TB",
    theme: Theme = "auto",
) -> str: ...
@overload
def draw(
    machine: StateMachine,
    *,
    format: BytesFormat,
    execution: "Execution | None" = None,
    history: Sequence[Json] | None = None,
    coverage: Json = None,
    direction: "Direction" = "TB",
    theme: Theme = "auto",
) -> bytes: ...
@overload
def draw(
    machine: StateMachine,
    *,
    format: str,
    execution: "Execution | None" = None,
    history: Sequence[Json] | None = None,
    coverage: Json = None,
    direction: "Direction" = "TB",
    theme: Theme = "auto",
) -> str | bytes: ...


def draw(
    machine: StateMachine,
    *,
    format: str = "mermaid",
    execution: "Execution | None" = None,
    history: Sequence[Json] | None = None,
    coverage: Json = None,
    direction: "Direction" = "TB",
    theme: Theme = "auto",
) -> str | bytes:
    """Draw a machine as Mermaid, DOT, SVG, HTML, PNG or PDF.

    On it: an Execution, or the events of a history of AWS, or the data of a coverage
    report. `theme` is for pictures with colours of their own; PNG and PDF, which cannot
    ask their reader, take `auto` for light. Raises UsageError where something does not
    fit, or the extra `draw` is needed and missing.
    """
    _refuse(machine, format, direction, theme)
    from asl.diagrams.shape import build_shape

    events = _events(history)
    overlay = _overlay(machine, execution, events, coverage)
    shape = build_shape(machine)
    if format == "mermaid":
        from asl.diagrams.mermaid import write_mermaid

        return write_mermaid(shape, direction=direction, overlay=overlay)
    if format == "dot":
        from asl.diagrams.dot import write_dot

        return write_dot(shape, direction=direction, theme=theme, overlay=overlay)
    from asl.diagrams.layout import lay_out
    from asl.diagrams.svg import write_svg

    placed = lay_out(shape, direction=direction, overlay=overlay)
    if format in ("png", "pdf"):
        from asl.diagrams.raster import to_pdf, to_png

        fixed: Theme = "dark" if theme == "dark" else "light"
        picture = write_svg(shape, placed, theme=fixed, overlay=overlay)
        return to_png(picture) if format == "png" else to_pdf(picture)
    if format == "svg":
        return write_svg(shape, placed, theme=theme, overlay=overlay)
    from asl.diagrams.html import write_html

    picture = write_svg(shape, placed, theme="page", overlay=overlay)
    return write_html(
        machine, picture, execution=execution, history=events, theme=theme
    )


def _refuse(machine: StateMachine, format: str, direction: str, theme: str) -> None:
    """Arguments that no format could do anything with."""
    if not isinstance(machine, StateMachine):
        raise UsageError(
            f"draw takes a StateMachine, not {type(machine).__name__}: "
            "load it first, with asl.load(path)"
        )
    for name, value, known in (
        ("format", format, FORMATS),
        ("direction", direction, ("TB", "LR")),
        ("theme", theme, ("light", "dark", "auto")),
    ):
        if value not in known:
            choices = ", ".join(known)
            raise UsageError(f"there is no {name} {value!r}; choose one of {choices}")


def _events(history: Sequence[Json] | None) -> Sequence[Json] | None:
    """The events of a history, also of GetExecutionHistory's whole answer."""
    if isinstance(history, Mapping):
        history = history.get("events")
        if history is None:
            raise UsageError('this is no history: it has no "events"')
    if history is not None and (
        isinstance(history, (str, bytes)) or not isinstance(history, Sequence)
    ):
        raise UsageError("history takes the list of events of GetExecutionHistory")
    return history


def _overlay(
    machine: StateMachine,
    execution: "Execution | None",
    history: Sequence[Json] | None,
    coverage: Json,
) -> "Overlay | None":
    """What is to be drawn on the machine; one thing at a time."""
    given = [one for one in (execution, history, coverage) if one is not None]
    if len(given) > 1:
        raise UsageError("draw takes one of execution, history and coverage at a time")
    if not given:
        return None
    if coverage is not None:
        from asl.diagrams.overlay_coverage import overlay_of_coverage

        return overlay_of_coverage(machine, coverage)
    from asl.diagrams.overlay_execution import overlay_of_execution, overlay_of_history

    if execution is not None:
        return overlay_of_execution(machine, execution)
    return overlay_of_history(machine, history or ())
