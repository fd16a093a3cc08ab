"""The story of a run: history events as lines for people, while they happen.

In: executions that grow (a run's own, and those it starts). Out: lines on standard
output: each state with its input and output, retries, waits, caught errors, variables.
Never: keeps a run waiting, or shows more than fits: data are cut to the terminal's
width, and the inside of a long Map is only counted.

Longer than wished: one method for each kind of event, and they share where they stand.
"""

import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from asl.cli.say import arrow, say
from asl.values import Json, json_text

if TYPE_CHECKING:
    from asl.engine.execution import Execution
    from asl.engine.messages import Reply
    from asl.history import Event

LONG_MAP = 100
"""A Map with so many items is counted, not told."""

_NOTHING = object()
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def duration_text(seconds: float) -> str:
    """A duration in its two largest units: `2 d 3 h`, `1 min 5 s`, `0.25 s`."""
    if seconds < 60:
        return f"{round(seconds, 3):g} s"
    parts: list[tuple[int, str]] = []
    rest = round(seconds)
    for size, unit in _UNITS:
        count, rest = divmod(rest, size)
        if count or parts:
            parts.append((count, unit))
    return " ".join(f"{count} {unit}" for count, unit in parts[:2] if count)


@dataclass(slots=True)
class _Frame:
    """One line of control: which state it is in, and since when."""

    depth: int
    outer: "_Frame | None" = None
    state: str = ""
    type: str = ""
    entered: float = 0
    input: Json = None
    shown: Json = _NOTHING
    """The value shown last: what goes on unchanged is not shown again."""
    attempts: int = 0
    asked: float = 0
    """When the newest attempt began or ended."""
    failed: str | None = None
    """The error of the newest attempt; empty where no event has told its name."""
    is_quiet: bool = False


@dataclass(slots=True)
class _Told:
    """How far one execution has been told."""

    title: str
    root: _Frame
    told: int
    frames: dict[int, _Frame]
    """By event: the line of control that wrote it."""
    caught: dict[int, str]
    """By Exited event: the error that a Catcher took."""


class Story:
    """Tells executions as they go on."""

    def __init__(self) -> None:
        self.root: Execution | None = None
        """The run's own execution, once it is known."""
        self._told: dict[int, _Told] = {}
        self._start: float | None = None
        self._is_terminal = sys.stdout.isatty()
        self._width = shutil.get_terminal_size((100, 24)).columns
        self._arrow = arrow()
        self._bar: Any = None
        self._children: dict[str, int] = {}
        """By distributed Map: how many children have been told."""
        self.failed_child: tuple[str, Execution] | None = None
        """The first child of a distributed Map that failed, with its name here."""

    def tell(self, execution: "Execution", reply: "Reply | None" = None) -> None:
        """Tell what is new in an execution, and before it in the one that began."""
        if self.root is not None and execution is not self.root:
            self._tell(self.root)
        self._tell(execution)

    def _tell(self, execution: "Execution") -> None:
        told = self._told.get(id(execution)) or self._begin(execution)
        history = execution.history
        for number in range(told.told, len(history)):
            self._event(told, history[number])
        told.told = len(history)
        if not execution.running and execution is not self.root:
            self._told.pop(id(execution), None)
            failed = execution.child is not None and execution.status != "SUCCEEDED"
            if failed and self.failed_child is None:
                self.failed_child = (told.title, execution)

    def end(self, execution: "Execution") -> None:
        """Tell what is left of the run's own execution."""
        self._tell(execution)
        self._end_bar()

    def _begin(self, execution: "Execution") -> _Told:
        """An execution is met for the first time: the run's own, or one it started."""
        frame = _Frame(0)
        title = ""
        if self._start is None:
            self._start = execution.started_at / 1_000_000
        elif execution.child is not None:
            path = execution.child.iterations
            title = "".join(f"{name}[{index}]" for name, index in path[-1:])
            count = self._children[path[-1][0]] = self._children.get(path[-1][0], 0) + 1
            frame = _Frame(1, is_quiet=count > LONG_MAP)
        else:
            title = f"{execution.machine_arn.rpartition(':')[2]} ({execution.name})"
            frame = _Frame(1)
        told = _Told(title, frame, 0, {0: frame}, {})
        self._told[id(execution)] = told
        if title and not frame.is_quiet:
            self._line(frame, execution.started_at / 1_000_000, _bold(title), up=1)
        return told

    # -------------------------------------------------------------------------- events

    def _event(self, told: _Told, event: "Event") -> None:
        frame = told.frames.get(event.previous_id, told.root)
        at = event.timestamp.timestamp()
        kind = event.type
        if kind.endswith("StateEntered"):
            frame = self._entered(told, event, frame, at)
        elif kind.endswith("StateExited"):
            frame = self._exited(told, event, frame, at)
        elif kind in ("MapStateStarted", "ParallelStateStarted"):
            frame = self._started(event, frame, at)
        elif kind == "MapIterationStarted":
            frame = self._iteration(event, frame, at)
        elif kind == "MapIterationSucceeded" and self._bar is not None:
            self._bar.update(1)
        elif kind.endswith("Scheduled"):
            self._attempt(frame, at)
        elif kind in ("MapStateFailed", "ParallelStateFailed"):
            frame = self._failed_inside(event, frame)
        elif kind.endswith(("Failed", "TimedOut")):
            self._failed(event, frame, at)
        told.frames[event.id] = frame

    def _entered(self, told: _Told, event: "Event", frame: _Frame, at: float) -> _Frame:
        name, given = event.members
        if frame.type == "Parallel" and frame.attempts:
            frame = _Frame(frame.depth + 1, frame, is_quiet=frame.is_quiet)
        error = told.caught.pop(event.previous_id, None)
        if error is not None:
            self._line(frame, at, f"  caught {error} {self._arrow} {name}", fg="yellow")
        frame.state, frame.type = str(name), event.type.removesuffix("StateEntered")
        frame.entered = frame.asked = at
        frame.input = given
        frame.attempts = 0
        frame.failed = None
        head = f"{_bold(frame.state)}  {frame.type}"
        self._line(frame, at, head, data=_NOTHING if given == frame.shown else given)
        frame.shown = given
        return frame

    def _exited(self, told: _Told, event: "Event", frame: _Frame, at: float) -> _Frame:
        name, output, assigned = event.members[:3]
        while frame.outer is not None and frame.state != name:
            frame = frame.outer
        if frame.type == "Map":
            self._end_bar()
        if frame.type == "Wait" and at > frame.entered:
            waited = duration_text(at - frame.entered)
            self._line(frame, at, f"  waited {waited}", fg="yellow")
        for variable, value in (assigned or {}).items():
            self._line(frame, at, f"  ${variable} =", data=value)
        if frame.failed is not None:
            told.caught[event.id] = frame.failed or _error_of(output)
        elif output is not frame.input and output != frame.input:
            self._line(frame, at, f"  {self._arrow}", data=output)
            frame.shown = output
        frame.attempts = 0
        return frame

    def _started(self, event: "Event", frame: _Frame, at: float) -> _Frame:
        wanted = event.type.removesuffix("StateStarted")
        while frame.outer is not None and frame.type != wanted:
            frame = frame.outer
        self._attempt(frame, at)
        if wanted == "Map":
            (count,) = event.members
            if count >= LONG_MAP and not frame.is_quiet:
                self._line(frame, at, f"  {count:,} items")
                self._begin_bar(frame.state, count)
        return frame

    def _iteration(self, event: "Event", frame: _Frame, at: float) -> _Frame:
        name, index = event.members
        while frame.outer is not None and frame.state != name:
            frame = frame.outer
        inner = _Frame(
            frame.depth + 1, frame, is_quiet=frame.is_quiet or self._bar is not None
        )
        self._line(inner, at, _bold(f"{name}[{index}]"), up=0)
        inner.depth += 1
        return inner

    def _attempt(self, frame: _Frame, at: float) -> None:
        """A task, Map or Parallel begins its work, perhaps once more."""
        frame.attempts += 1
        if frame.attempts > 1:
            later = duration_text(at - frame.asked)
            text = f"  attempt {frame.attempts}, after {later}"
            self._line(frame, at, text, fg="yellow")
        frame.asked = at
        frame.failed = None

    def _failed_inside(self, event: "Event", frame: _Frame) -> _Frame:
        """A Map or Parallel failed with what failed in it."""
        error = frame.failed or ""
        wanted = event.type.removesuffix("StateFailed")
        while frame.outer is not None and frame.type != wanted:
            frame = frame.outer
        frame.failed = error
        frame.asked = event.timestamp.timestamp()
        return frame

    def _failed(self, event: "Event", frame: _Frame, at: float) -> None:
        """A task or an evaluation failed; the end of all is told by the outcome."""
        kind = event.type
        if kind.startswith(("Execution", "MapIteration")):
            return
        frame.asked = at
        error, cause = event.details.get("error"), event.details.get("cause")
        frame.failed = str(error or "an unnamed error")
        timed_out = kind.endswith("TimedOut")
        verb = "timed out" if timed_out else "failed"
        text = f"  {verb}: {frame.failed}" + (f": {cause}" if cause else "")
        self._line(frame, at, self._cut(text, frame.depth), fg="red")

    # --------------------------------------------------------------------------- lines

    def _line(
        self,
        frame: _Frame,
        at: float,
        text: str,
        *,
        data: Json = _NOTHING,
        fg: str | None = None,
        up: int = 0,
    ) -> None:
        if frame.is_quiet:
            return
        offset = duration_text(at - (self._start or at))
        indent = "  " * (frame.depth - up)
        if data is not _NOTHING:
            room = self._width - 12 - len(indent) - len(click.unstyle(text)) - 2
            text += f"  {shorten(json_text(data), room)}"
        if fg is not None:
            text = click.style(text, fg=fg)
        say(f"{click.style(f'{offset:>10}', dim=True)}  {indent}{text}")

    def _cut(self, text: str, depth: int) -> str:
        return shorten(" ".join(text.split("\n")), self._width - 12 - 2 * depth)

    def _begin_bar(self, label: str, length: int) -> None:
        """Count a long Map: with a bar on a terminal, silently elsewhere."""
        self._end_bar()
        self._bar = click.progressbar(
            length=length, label=label, hidden=not self._is_terminal
        )
        self._bar.__enter__()

    def _end_bar(self) -> None:
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
            self._bar = None


def shorten(text: str, room: int) -> str:
    """A text that fits, its end replaced by `…` where it is too long."""
    room = max(room, 10)
    return text if len(text) <= room else f"{text[: room - 1]}…"


def _error_of(output: Json) -> str:
    """The error's name in what a Catcher passes on, for a Fail state has no event."""
    error = output.get("Error") if isinstance(output, dict) else None
    return error if isinstance(error, str) else "the error"


def _bold(text: str) -> str:
    return click.style(text, bold=True)
