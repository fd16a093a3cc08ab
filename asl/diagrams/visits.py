"""Visits as AWS's own events tell them: each stay in a state, with its attempts.

In: the events of one execution in AWS's shape (GetExecutionHistory), oldest first.
Out: Visits in the order of entering, and for each event the visit that it belongs to.
Never: needs the machine, or the engine's own notes; a history of AWS has neither.

An event belongs to the visit of the event that it follows (previousEventId), until its
state is left. API reference: HistoryEvent.
More than 250 lines: one walk, and what each family of events means to it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from asl.errors import UsageError
from asl.history import moment_of
from asl.values import Json

AwsEvent = Mapping[str, Json]


@dataclass(slots=True, kw_only=True, eq=False)
class Attempt:
    """One try of a Task, Map or Parallel state."""

    event: int
    """The id of the event that began it."""
    at: float
    end: int | None = None
    """The id of the event that ended it."""
    until: float | None = None
    status: str = "RUNNING"
    """SUCCEEDED, FAILED, TIMED_OUT or ABORTED once it has ended."""
    error: str | None = None
    cause: str | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Visit:
    """One stay in a state; moments are seconds since the first event."""

    number: int
    """Its place among the visits, from 0."""
    state: str
    type: str
    entered: int
    """The id of its Entered event."""
    at: float
    parent: "Visit | None"
    """The visit of the Map or Parallel state that it stands in."""
    iteration: int | None
    """The index of the innermost inline Map iteration it belongs to."""
    left: int | None = None
    """The id of its Exited event."""
    until: float | None = None
    status: str = "RUNNING"
    error: str | None = None
    cause: str | None = None
    attempts: list[Attempt] = field(default_factory=list)
    gave_up: bool = False
    """A Map or Parallel whose last attempt has failed for good."""

    def around(self) -> "Iterator[Visit]":
        """This visit and those that it stands in, from the inside out."""
        visit: Visit | None = self
        while visit is not None:
            yield visit
            visit = visit.parent

    def failure(self) -> tuple[str | None, str | None]:
        """The error and cause with which it failed, as far as events tell."""
        if self.error is None and self.attempts:
            return self.attempts[-1].error, self.attempts[-1].cause
        return self.error, self.cause

    def stop(self, at: float, *, failed: bool = False) -> None:
        """End it where something was given up: it failed by itself, or was stopped."""
        last = self.attempts[-1] if self.attempts else None
        failing = last is not None and last.status in _FAILED and last.until == at
        if failed or failing or self.type == "Fail":
            self.error, self.cause = self.failure()
            self.end("FAILED", at)
        else:
            self.end("ABORTED", at)

    def end(self, status: str, until: float) -> None:
        """It is over; an attempt that still runs ends with it."""
        self.status, self.until = status, until
        for attempt in self.attempts:
            if attempt.status == "RUNNING":
                attempt.status, attempt.until = status, until


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Walked:
    """What a history tells: its visits, and where each of its events belongs."""

    visits: list[Visit]
    owners: list[Visit | None]
    """For each event, in order."""
    seconds: list[float]
    """The moment of each event since the first."""
    status: str
    """RUNNING, or how the execution ended."""


def walk_events(events: Sequence[AwsEvent]) -> Walked:
    """Follow the events of one execution; they are checked and in the order of ids."""
    walk = _Walk()
    for event in events:
        walk.take(event)
    return Walked(
        visits=walk.visits,
        owners=walk.owners,
        seconds=walk.seconds,
        status=walk.status,
    )


def in_order(events: Sequence[Json]) -> list[dict[str, Json]]:
    """The events oldest first, as AWS may give the last first; refuses other things."""
    for number, event in enumerate(events):
        if not isinstance(event, dict) or not isinstance(event.get("type"), str):
            raise UsageError(f"this is no history: event {number} has no type")
        for name in ("id", "previousEventId"):
            given = event.get(name, 0 if name == "previousEventId" else None)
            if isinstance(given, bool) or not isinstance(given, int):
                raise UsageError(
                    f"this is no history: the {name} of event {number} is no number"
                )
    return sorted(events, key=lambda event: event["id"])


def details_of(event: AwsEvent) -> Mapping[str, Json]:
    """The one member of an event that holds its details."""
    for name, value in event.items():
        if name.endswith("EventDetails") and isinstance(value, dict):
            return value
    return {}


_ENDS = {
    "ExecutionSucceeded": "SUCCEEDED",
    "ExecutionFailed": "FAILED",
    "ExecutionTimedOut": "TIMED_OUT",
    "ExecutionAborted": "ABORTED",
}
_CALLS = ("Task", "LambdaFunction", "Activity")
_NESTING = ("MapState", "ParallelState")
_FAILED = ("FAILED", "TIMED_OUT")


class _Walk:
    """Follows a history from event to event."""

    def __init__(self) -> None:
        self.visits: list[Visit] = []
        self.owners: list[Visit | None] = []
        self.seconds: list[float] = []
        self.status = "RUNNING"
        self.after: dict[int, tuple[Visit | None, int | None]] = {}
        """By event id: the visit and the iteration that the event leaves us in."""
        self.open: dict[int, Visit] = {}
        """By number: visits that have not ended."""
        self.start: float | None = None

    def take(self, event: AwsEvent) -> None:
        """Note what an event tells."""
        visit, iteration = self.after.get(event.get("previousEventId", 0), (None, None))
        at = self.moment(event)
        kind = event["type"]
        owner = visit
        if kind.endswith("StateEntered"):
            owner = visit = self.enter(event, at, visit, iteration)
        elif kind.endswith("StateExited"):
            owner = self.leave(event, at, visit)
            visit = None if owner is None else owner.parent
            iteration = None if owner is None else owner.iteration
        elif kind in _ENDS:
            owner = None
            self.finish(event, at, visit)
        elif kind == "EvaluationFailed":
            owner = visit = self.misjudged(event, visit)
        elif kind.startswith("MapIteration") and visit is not None:
            owner = visit = self.named(visit, details_of(event).get("name"))
            started = kind == "MapIterationStarted"
            iteration = details_of(event).get("index") if started else visit.iteration
        elif visit is not None:
            owner = visit = self.inside(event, at, visit)
            iteration = visit.iteration if kind.startswith(_NESTING) else iteration
        self.after[event["id"]] = visit, iteration
        self.owners.append(owner)
        self.seconds.append(at)

    def moment(self, event: AwsEvent) -> float:
        """Seconds since the first event; an event without a time has that before it."""
        moment = moment_of(event.get("timestamp"))
        if moment is None:
            return self.seconds[-1] if self.seconds else 0.0
        if self.start is None:
            self.start = moment
        return round(moment - self.start, 6)

    def enter(
        self, event: AwsEvent, at: float, parent: Visit | None, iteration: int | None
    ) -> Visit:
        """A state was entered: a visit begins."""
        visit = Visit(
            number=len(self.visits),
            state=str(details_of(event).get("name", "")),
            type=event["type"].removesuffix("StateEntered"),
            entered=event["id"],
            at=at,
            parent=parent,
            iteration=iteration,
        )
        self.visits.append(visit)
        self.open[visit.number] = visit
        return visit

    def named(self, visit: Visit, name: Json) -> Visit:
        """The visit of that name around an event; the nearest where none is."""
        return next((one for one in visit.around() if one.state == name), visit)

    def leave(self, event: AwsEvent, at: float, visit: Visit | None) -> Visit | None:
        """A state was left, well or by a Catcher."""
        if visit is None:
            return None
        left = self.named(visit, details_of(event).get("name"))
        self.close_within(left, at, set())
        self.open.pop(left.number, None)
        last = left.attempts[-1].status if left.attempts else ""
        caught = left.error is not None or last in _FAILED
        if caught:
            left.error, left.cause = left.failure()
        left.left = event["id"]
        left.end("CAUGHT" if caught else "SUCCEEDED", at)
        return left

    def inside(self, event: AwsEvent, at: float, visit: Visit) -> Visit:
        """Any other event of a state: a call, an attempt, a family of children."""
        kind = event["type"]
        if kind.startswith(_CALLS) and not kind.endswith("StateAborted"):
            self.call(event, at, visit)
        elif kind.startswith(_NESTING):
            return self.nest(event, at, visit)
        elif kind.startswith("MapRun"):
            self.map_run(event, at, visit)
        elif kind.endswith("StateAborted"):
            self.open.pop(visit.number, None)
            visit.stop(at)
        return visit

    def call(self, event: AwsEvent, at: float, visit: Visit) -> None:
        """Work was asked for, or an answer came."""
        kind = event["type"]
        attempts = visit.attempts
        if kind.endswith("Scheduled") or not attempts:
            attempts.append(Attempt(event=event["id"], at=at))
            visit.error = visit.cause = None  # what went wrong was tried again
        if kind.endswith("Succeeded"):
            _end(attempts[-1], event, at, "SUCCEEDED")
        elif kind.endswith("TimedOut"):
            _end(attempts[-1], event, at, "TIMED_OUT")
        elif kind.endswith("Failed"):
            _end(attempts[-1], event, at, "FAILED")

    def nest(self, event: AwsEvent, at: float, visit: Visit) -> Visit:
        """A Map or Parallel state begins an attempt, or its last one ends."""
        kind = event["type"]
        family = "Map" if kind.startswith("Map") else "Parallel"
        outer = next(
            (one for one in visit.around() if one.type == family and not one.gave_up),
            visit,
        )
        failed = set(visit.around()) - set(outer.around())
        last = outer.attempts[-1] if outer.attempts else None
        if last is not None and last.status == "RUNNING":
            if kind.endswith("Succeeded"):
                _end(last, event, at, "SUCCEEDED")
            elif kind.endswith("Aborted"):
                _end(last, event, at, "ABORTED")
            else:  # it gave up, or begins anew
                _end(last, event, at, "FAILED")
                last.error, last.cause = visit.failure()
        self.close_within(outer, at, failed)
        if kind.endswith("Started"):
            outer.attempts.append(Attempt(event=event["id"], at=at))
        elif kind.endswith("Aborted"):
            self.open.pop(outer.number, None)
            outer.stop(at)
        else:
            outer.gave_up = kind.endswith("Failed")
        return outer

    def map_run(self, event: AwsEvent, at: float, visit: Visit) -> None:
        """A distributed Map's children run in histories of their own."""
        kind = event["type"]
        attempts = visit.attempts
        if not attempts or attempts[-1].status != "RUNNING":
            attempts.append(Attempt(event=event["id"], at=at))
        if kind in ("MapRunSucceeded", "MapRunFailed", "MapRunAborted"):
            _end(attempts[-1], event, at, kind.removeprefix("MapRun").upper())

    def misjudged(self, event: AwsEvent, visit: Visit | None) -> Visit | None:
        """An expression failed: the event names its state, and may follow another."""
        details = details_of(event)
        name = details.get("state")
        around = () if visit is None else visit.around()
        found = next((one for one in around if one.state == name), None)
        if found is None:
            running = (one for one in reversed(self.open.values()))
            found = next((one for one in running if one.state == name), visit)
        if found is not None:
            found.error, found.cause = details.get("error"), details.get("cause")
        return found

    def close_within(self, outer: Visit | None, at: float, failed: set[Visit]) -> None:
        """End what is still open inside a visit, or everywhere."""
        for number, visit in list(self.open.items()):
            if visit is outer or (outer is not None and outer not in visit.around()):
                continue
            del self.open[number]
            visit.stop(at, failed=visit in failed)

    def finish(self, event: AwsEvent, at: float, visit: Visit | None) -> None:
        """The execution has ended: nothing is open any more."""
        self.status = _ENDS[event["type"]]
        failed: set[Visit] = set()
        if self.status == "FAILED" and visit is not None:
            failed = set(visit.around())
            details = details_of(event)
            visit.error, visit.cause = details.get("error"), details.get("cause")
        self.close_within(None, at, failed)


def _end(attempt: Attempt, event: AwsEvent, at: float, status: str) -> None:
    """An attempt ended with an event."""
    details = details_of(event)
    attempt.end, attempt.until, attempt.status = event["id"], at, status
    attempt.error, attempt.cause = details.get("error"), details.get("cause")
    if status == "TIMED_OUT" and attempt.error is None:
        attempt.error = "States.Timeout"
