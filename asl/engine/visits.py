"""Visits: each stay of an execution in a state, and each call that a state made.

In: an execution's history, and what the engine noted of its failures.
Out: Visits by the name of their state; Calls in order.
Never: decides anything, or is asked while an execution runs at full speed.

An event belongs to the visit of the event that it follows (previousEventId), until its
state is left. Who was interrupted shows by what never left.
More than 250 lines: what is told of visits and calls, and the one walk that finds it.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal, TypeAlias

from asl.engine.failed import Failure
from asl.engine.messages import Instant
from asl.history import Event, History, instant_to_datetime
from asl.model.machine import walk_states
from asl.values import Json

if TYPE_CHECKING:
    from asl.engine.execution import Execution

Outcome: TypeAlias = Literal["RUNNING", "SUCCEEDED", "CAUGHT", "FAILED", "ABORTED"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One stay in a state: what came in and went out, and what happened between."""

    state: str
    type: str
    input: Json
    output: Json
    """What the state gave, also where a Catcher led out of it; else None."""
    status: Outcome
    """SUCCEEDED, CAUGHT, FAILED, or ABORTED where something else stopped it."""
    error: str | None
    """The error that was caught, or with which it failed."""
    cause: str | None
    retried: tuple[str | None, ...]
    """The errors after which it was tried again, in order."""
    entered_seconds: float
    """The moment, in virtual seconds since the execution's start."""
    left_seconds: float | None
    """The same for its end, however it ended; None while it runs."""
    iteration: int | None
    """The index of the innermost inline Map iteration it belongs to."""
    depth: int
    """In how many Map and Parallel states it stands."""
    event_id: int
    """The id of its Entered event."""

    @property
    def attempts(self) -> int:
        """How often it was tried."""
        return len(self.retried) + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCall:
    """One call of a task: what a state asked for, and when."""

    state: str
    payload: Json
    """The request; for lambda:invoke the Payload in it."""
    at_seconds: float
    """The moment, in virtual seconds since the run's start."""
    attempt: int
    """0 at first, then 1 and on for each retry."""
    iteration: int | None
    """The index of the innermost inline Map iteration it came from."""


def visits_of(execution: "Execution") -> dict[str, list[Visit]]:
    """The visits of every state of an execution's machine; none is an empty list."""
    found: dict[str, list[Visit]] = {
        state.name: [] for state in walk_states(execution.machine)
    }
    for visit in visits_in_order(execution):
        found.setdefault(visit.state, []).append(visit)
    return found


def visits_in_order(execution: "Execution") -> list[Visit]:
    """Every visit of an execution, in the order of entering."""
    walk = _Walk(execution.failures, instant_to_datetime(execution.started_at))
    walk.follow(execution.history)
    return [stay.visit(walk.start) for stay in walk.stays]


def calls_in(history: History, *, since: Instant) -> list[tuple[Event, TaskCall]]:
    """Every call of a task in a history, with its event; seconds from a moment on."""
    walk = _Walk((), instant_to_datetime(since))
    walk.follow(history)
    return walk.calls


@dataclass(slots=True, eq=False)
class _Stay:
    """A visit while it is pieced together."""

    entered: Event
    parent: "_Stay | None"
    iteration: int | None
    status: Outcome = "RUNNING"
    output: Json = None
    error: str | None = None
    cause: str | None = None
    retried: list[str | None] = field(default_factory=list)
    left: Event | None = None
    calls: int = 0
    gave_up: bool = False

    @property
    def name(self) -> str | None:
        return self.entered.state

    @property
    def type(self) -> str:
        return self.entered.type.removesuffix("StateEntered")

    def around(self) -> "Iterable[_Stay]":
        """This stay, and those that it stands in, from the inside out."""
        stay: _Stay | None = self
        while stay is not None:
            yield stay
            stay = stay.parent

    def end(self, status: Outcome, event: Event) -> None:
        self.status, self.left = status, event

    def visit(self, start: datetime) -> Visit:
        return Visit(
            state=str(self.name),
            type=self.type,
            input=self.entered.members[1],
            output=self.output,
            status=self.status,
            error=self.error,
            cause=self.cause,
            retried=tuple(self.retried),
            entered_seconds=_seconds(start, self.entered),
            left_seconds=None if self.left is None else _seconds(start, self.left),
            iteration=self.iteration,
            depth=sum(1 for _ in self.around()) - 1,
            event_id=self.entered.id,
        )


_Here: TypeAlias = tuple["_Stay | None", "int | None"]
"""The stay that an event belongs to, and the iteration."""

_CAUSE_ID = re.compile(r"\(entered at the event id #(\d+)\)")


class _Walk:
    """Follows a history from event to event."""

    def __init__(self, failures: Iterable[Failure], start: datetime) -> None:
        self.start = start
        self.failures: dict[int, list[Failure]] = {}
        for failure in failures:
            self.failures.setdefault(failure.entered, []).append(failure)
        self.stays: list[_Stay] = []
        self.open: dict[int, _Stay] = {}
        """By the id of the Entered event."""
        self.calls: list[tuple[Event, TaskCall]] = []
        self.after: list[_Here] = [(None, None)]
        """By event id: where the event left things."""
        self.events: list[Event] = []
        self.stopped: list[_Stay] = []
        """What a redrive would go on with."""

    def follow(self, history: Sequence[Event]) -> None:
        """Take every event in its order."""
        for event in history:
            self.events.append(event)
            self.after.append(self.take(event, *self.after[event.previous_id]))

    def take(self, event: Event, stay: _Stay | None, iteration: int | None) -> _Here:
        """Note what an event tells; gives where things stand after it."""
        kind = event.type
        if kind.endswith("StateEntered"):
            entered = _Stay(event, stay, iteration)
            self.stays.append(entered)
            self.open[event.id] = entered
            return entered, iteration
        if kind == "ExecutionRedriven":
            self.reopen()
            return None, None
        if kind.startswith("Execution"):
            if kind != "ExecutionStarted":
                self.finish(event)
            return stay, iteration
        if kind == "EvaluationFailed":
            return self.named_by(event) or (stay, iteration)
        if stay is None:
            return stay, iteration
        if kind.endswith("StateExited"):
            return self.leave(event, stay)
        if kind.endswith("Scheduled"):
            self.call(event, stay)
        elif kind in ("ParallelStateStarted", "MapStateStarted"):
            stay = self.end_attempt(event, stay)
            self.give_up_inside(stay)
            return stay, stay.iteration
        elif kind in ("ParallelStateFailed", "MapStateFailed"):
            stay = self.end_attempt(event, stay)
            stay.gave_up = True
            return stay, stay.iteration
        elif kind.startswith("MapIteration"):
            name, index = event.members[:2]
            stay = next(s for s in stay.around() if s.name == name)
            started = kind == "MapIterationStarted"
            return stay, index if started else stay.iteration
        return stay, iteration

    def leave(self, event: Event, stay: _Stay) -> _Here:
        """A state was left, well or by a Catcher."""
        left = next(s for s in stay.around() if s.name == event.state)
        left.output = event.members[1]
        self.open.pop(left.entered.id, None)
        told = self.note(left)
        caught = told is not None and told.outcome == "caught"
        left.end("CAUGHT" if caught else "SUCCEEDED", event)
        if self.stopped:
            self.give_up_inside(left)
        return left.parent, left.iteration

    def reopen(self) -> None:
        """A redrive goes on with all that was stopped, but for attempts gone by."""
        for stay in self.stopped:
            stay.status, stay.left, stay.gave_up = "RUNNING", None, False
            stay.error = stay.cause = None
            self.open[stay.entered.id] = stay
        self.stopped = []

    def give_up_inside(self, outer: _Stay) -> None:
        """What has stopped in a stay is not gone on with any more."""
        self.stopped = [
            one for one in self.stopped if one is outer or outer not in one.around()
        ]

    def note(self, stay: _Stay) -> Failure | None:
        """Put what the engine noted of a stay into it; gives its last failure."""
        noted = self.failures.get(stay.entered.id, ())
        stay.retried = [one.error for one in noted if one.outcome == "retried"]
        last = noted[-1] if noted else None
        if last is not None and last.outcome != "retried":
            stay.error, stay.cause = last.error, last.cause
        return last

    def end_attempt(self, event: Event, stay: _Stay) -> _Stay:
        """A Map or Parallel begins anew or gives up: what ran in it has ended.

        What the event follows has failed; the rest was stopped at the same moment.
        """
        kind = "Map" if event.type.startswith("Map") else "Parallel"
        outer = next(s for s in stay.around() if s.type == kind and not s.gave_up)
        last = event.previous_id
        noted = self.failures.get(outer.entered.id, ())
        told = next((one for one in noted if one.last == last), None)
        failed = set(stay.around()) - set(outer.around())
        self.stop(failed, self.events[last - 1], told, within=outer)
        return outer

    def stop(
        self,
        failed: set[_Stay],
        last: Event,
        told: Failure | None,
        within: _Stay | None = None,
    ) -> None:
        """End what is still open inside a stay, or everywhere."""
        for number, stay in list(self.open.items()):
            if within is not None and (stay is within or within not in stay.around()):
                continue
            del self.open[number]
            self.stopped.append(stay)
            own = self.note(stay)
            stay.end("FAILED" if stay in failed else "ABORTED", last)
            unknown = own is None or own.outcome != "failed"
            if stay in failed and unknown and told is not None:
                stay.error, stay.cause = told.error, told.cause

    def finish(self, event: Event) -> None:
        """The execution has ended: nothing is open any more."""
        stay, _ = self.after[event.previous_id]
        failed: set[_Stay] = set()
        told: Failure | None = None
        if event.type == "ExecutionFailed":
            failed = set(() if stay is None else stay.around())
            error, cause = event.members
            told = Failure(0, event.previous_id, "failed", error, cause)
        self.stop(failed, event, told)

    def named_by(self, event: Event) -> _Here | None:
        """The stay whose expression failed: the event may not follow its own."""
        found = _CAUSE_ID.search(str(event.members[1]))
        stay = self.open.get(int(found[1])) if found else None
        return None if stay is None else (stay, stay.iteration)

    def call(self, event: Event, stay: _Stay) -> None:
        """A state has asked for work."""
        if event.type == "TaskScheduled":
            service, action, _, payload = event.members[:4]
            if service == "lambda" and str(action).startswith("invoke"):
                payload = payload.get("Payload") if isinstance(payload, dict) else None
        else:
            payload = event.members[1]
        call = TaskCall(
            state=str(stay.name),
            payload=payload,
            at_seconds=_seconds(self.start, event),
            attempt=stay.calls,
            iteration=stay.iteration,
        )
        stay.calls += 1
        self.calls.append((event, call))


def _seconds(start: datetime, event: Event) -> float:
    return (event.timestamp - start).total_seconds()
