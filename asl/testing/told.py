"""What an execution did, told for somebody whose test has failed.

In: an Execution. Out: lines: how it ended, each state with its input and output; the
state that a value came from.
Never: tells more than somebody would read.
"""

from typing import TYPE_CHECKING

from asl.engine.visits import Visit, visits_in_order
from asl.testing.difference import ABSENT, Steps, short, value_at

if TYPE_CHECKING:
    from asl.engine.execution import Execution
    from asl.tasks.mocks import Mocks
    from asl.tasks.registry import Tasks
    from asl.values import Json

_MOST = 40
_WIDTH = 160


def tell(execution: "Execution") -> str:
    """How an execution ended, and the path that it took with inputs and outputs."""
    visits = visits_in_order(execution)
    left_out = max(0, len(visits) - _MOST)
    lines = [
        f"{outcome(execution)} after {execution.duration_seconds:g} s; the path taken:"
    ]
    if left_out:
        lines.append(f"  ... {left_out} states before")
    for visit in visits[left_out:]:
        lines += _visit_lines(visit)
    return "\n".join(lines)


def tell_child(tasks: "Tasks | Mocks") -> str:
    """The first failure of an execution that the run has started; empty: none."""
    for error, cause in tasks.last_run.child_failures():
        text = ": ".join(text for text in (error, cause) if text)
        shown = text if len(text) <= _WIDTH else f"{text[: _WIDTH - 3]}..."
        return f"an execution that it started failed: {shown}"
    return ""


def outcome(execution: "Execution") -> str:
    """The status, with error and cause where there are any."""
    texts = (execution.status, execution.error, execution.cause)
    return ": ".join(text for text in texts if text)


def _visit_lines(visit: Visit) -> list[str]:
    pad = "  " * (visit.depth + 1)
    name = (
        visit.state if visit.iteration is None else f"{visit.state}[{visit.iteration}]"
    )
    head = f"{pad}{visit.entered_seconds:g} s  {name} ({visit.type})"
    if visit.retried:
        errors = ", ".join(error or "no error name" for error in visit.retried)
        head += f", tried {visit.attempts} times after {errors}"
    lines = [head, f"{pad}    in   {short(visit.input, _WIDTH)}"]
    if visit.status in ("CAUGHT", "FAILED"):
        error = ": ".join(text for text in (visit.error, visit.cause) if text)
        lines.append(f"{pad}    {visit.status.lower()}  {error or 'without an error'}")
    elif visit.status == "ABORTED":
        lines.append(f"{pad}    aborted at {visit.left_seconds or 0:g} s")
    if visit.status in ("SUCCEEDED", "CAUGHT"):
        lines.append(f"{pad}    out  {short(visit.output, _WIDTH)}")
    return lines


def find_origin(execution: "Execution", steps: Steps) -> Visit | None:
    """The visit whose output made the execution's output what it is at a place."""
    final = value_at(execution.output, steps)
    visits = [v for v in visits_in_order(execution) if v.depth == 0]
    for visit in reversed(visits):
        if not _same(value_at(visit.output, steps), final):
            return None
        if not _same(value_at(visit.input, steps), final):
            return visit
    return None


def _same(one: "Json", other: "Json") -> bool:
    if one is ABSENT or other is ABSENT:
        return one is other
    return bool(one == other)
