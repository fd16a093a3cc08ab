"""Spans as data: an execution, its states, iterations and task attempts, with times.

In: an execution that has ended. Out: Spans, each after the one that it stands in.
Never: knows OpenTelemetry (otel.py does), or shows input, output or a request.
More than 250 lines: four kinds of span, each with what there is to tell of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from asl.diagrams.visits import Attempt, Visit, Walked, details_of, walk_events
from asl.engine.execution import Execution
from asl.engine.messages import Instant
from asl.engine.visits import Visit as Told
from asl.engine.visits import visits_in_order
from asl.history import EVENT_DETAILS, Event, datetime_to_instant
from asl.values import Json

Attributes = dict[str, str | int]

_SERVICE = "arn:aws:states:::"


@dataclass(slots=True, kw_only=True, eq=False)
class Span:
    """A stretch of time that a trace shows."""

    name: str
    kind: str
    """`execution`, `state`, `iteration` or `attempt`."""
    parent: int | None
    """The place of the span around it; None for the execution's own, the first."""
    start: Instant
    end: Instant
    attributes: Attributes
    error: str | None = None
    """Why it failed; None where it did not."""
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """The spans of one execution, and where what it has started belongs."""

    spans: list[Span]
    hosts: dict[str, int]
    """By the ARN of an execution or a Map Run: the place of the span it hangs under."""


def story_of(execution: Execution) -> Story:
    """The spans of an execution that has ended."""
    history = execution.history
    told = {visit.event_id: visit for visit in visits_in_order(execution)}
    walked = walk_events([_lean(event) for event in history])
    teller = _Teller(execution, walked, told)
    for event in history:
        teller.take(event)
    teller.close()
    return Story(teller.spans, teller.hosts)


def _lean(event: Event) -> dict[str, Json]:
    """An event in AWS's shape without its data, which may be long."""
    lean: dict[str, Json] = {
        "id": event.id,
        "previousEventId": event.previous_id,
        "type": event.type,
        "timestamp": datetime_to_instant(event.timestamp) / 1_000_000,
    }
    shape = EVENT_DETAILS[event.type]
    if shape is not None:
        lean[shape[0]] = {
            member.rstrip("?"): value
            for member, value in zip(shape[1], event.members, strict=False)
            if member[-1] not in "*+="
        }
    return lean


@dataclass(slots=True)
class _Teller:
    """Makes spans of events, in their order."""

    execution: Execution
    walked: Walked
    told: dict[int, Told]
    """By the id of its Entered event: what the engine knows of a visit."""
    spans: list[Span] = field(default_factory=list)
    hosts: dict[str, int] = field(default_factory=dict)
    places: dict[int, int] = field(default_factory=dict)
    """By a visit's number: its span's place."""
    running: dict[tuple[int, int], int] = field(default_factory=dict)
    """By a Map's visit and an index: the newest such iteration's place."""
    attempts: dict[int, int] = field(default_factory=dict)
    """By a Task's visit: the place of its newest attempt."""

    def take(self, event: Event) -> None:
        """Begin or end what an event begins or ends."""
        kind = event.type
        visit = self.walked.owners[event.id - 1]
        if kind == "ExecutionStarted":
            self.spans.append(_whole(self.execution))
        elif visit is None:
            return
        elif kind.endswith("StateEntered"):
            self.places[visit.number] = self.add(self.state(visit))
        elif kind.startswith("MapIteration"):
            self.iterate(event, visit)
        elif kind == "MapRunStarted":
            self.hosts[event.members[0]] = self.places[visit.number]
        elif visit.type == "Task":
            self.call(event, visit)

    def add(self, span: Span) -> int:
        self.spans.append(span)
        return len(self.spans) - 1

    def at(self, seconds: float | None) -> Instant:
        """A moment since the first event; the execution's end where there is none."""
        if seconds is None:
            return self.spans[0].end
        return self.spans[0].start + round(seconds * 1_000_000)

    def state(self, visit: Visit) -> Span:
        """The span of a visit."""
        around = visit.parent
        parent = 0 if around is None else self.places[around.number]
        if around is not None and around.type == "Map" and visit.iteration is not None:
            parent = self.running.get((around.number, visit.iteration), parent)
        told = self.told[visit.entered]  # more than events tell, of a Fail its error
        attributes: Attributes = {
            "asl.state.name": visit.state,
            "asl.state.type": visit.type,
            "asl.execution.arn": self.execution.arn,
            "asl.status": told.status,
        }
        if visit.iteration is not None:
            attributes["asl.map.index"] = visit.iteration
        if visit.type in ("Task", "Map", "Parallel"):
            attributes["asl.state.attempts"] = len(visit.attempts)
        if told.error is not None:
            attributes["error.type"] = told.error
        span = Span(
            name=visit.state,
            kind="state",
            parent=parent,
            start=self.at(visit.at),
            end=self.at(told.left_seconds),
            attributes=attributes,
        )
        if told.status == "FAILED":
            _fail(span, told.error, told.cause)
        return span

    def iterate(self, event: Event, visit: Visit) -> None:
        """An iteration of a Map begins or ends."""
        index = event.members[1]
        if event.type == "MapIterationStarted":
            moment = datetime_to_instant(event.timestamp)
            attributes: Attributes = {
                "asl.state.name": visit.state,
                "asl.map.index": index,
                "asl.execution.arn": self.execution.arn,
                "asl.status": "ABORTED",
            }
            span = Span(
                name=f"{visit.state} iteration",
                kind="iteration",
                parent=self.places[visit.number],
                start=moment,
                end=moment,
                attributes=attributes,
            )
            self.running[visit.number, index] = self.add(span)
            return
        place = self.running.get((visit.number, index))
        if place is not None:
            span = self.spans[place]
            status = event.type.removeprefix("MapIteration").upper()
            span.end = datetime_to_instant(event.timestamp)
            span.attributes["asl.status"] = status
            if status == "FAILED":
                last = self.walked.owners[event.previous_id - 1]
                told = self.told[(last or visit).entered]
                _fail(span, told.error, told.cause)

    def call(self, event: Event, visit: Visit) -> None:
        """A task is called, or says that it has started another execution."""
        if event.type.endswith("Scheduled"):
            number = next(
                place
                for place, one in enumerate(visit.attempts)
                if one.event == event.id
            )
            span = self.attempt(event, visit, visit.attempts[number], number)
            self.attempts[visit.number] = self.add(span)
        elif event.type in ("TaskSubmitted", "TaskSucceeded"):
            output = event.members[2]
            arn = output.get("ExecutionArn") if isinstance(output, dict) else None
            if isinstance(arn, str):
                self.hosts.setdefault(arn, self.attempts[visit.number])

    def attempt(
        self, event: Event, visit: Visit, attempt: Attempt, number: int
    ) -> Span:
        """The span of one call of a task."""
        short, resource = _resource(_lean(event))
        attributes: Attributes = {
            "asl.state.name": visit.state,
            "asl.execution.arn": self.execution.arn,
            "asl.task.resource": resource,
            "asl.task.attempt": number,
            "asl.status": "FAILED" if attempt.status == "CAUGHT" else attempt.status,
        }
        span = Span(
            name=short,
            kind="attempt",
            parent=self.places[visit.number],
            start=self.at(attempt.at),
            end=self.at(attempt.until),
            attributes=attributes,
        )
        if attempt.status in ("FAILED", "TIMED_OUT", "CAUGHT"):
            _fail(span, attempt.error, attempt.cause)
        return span

    def close(self) -> None:
        """End what no event has ended, a call with its state; children come first."""
        for span in reversed(self.spans):
            if span.parent is None:
                continue
            around = self.spans[span.parent]
            if span.kind == "attempt":
                span.end = min(span.end, around.end)
            elif around.kind == "iteration":
                around.end = max(around.end, span.end)


def _whole(execution: Execution) -> Span:
    """The span of the execution itself."""
    ended = execution.ended_at
    attributes: Attributes = {
        "aws.step_functions.state_machine.arn": execution.machine_arn,
        "asl.execution.arn": execution.arn,
        "asl.execution.name": execution.name,
        "asl.execution.type": execution.type,
        "asl.status": execution.status,
    }
    span = Span(
        name=execution.machine_arn.rpartition(":")[2],
        kind="execution",
        parent=None,
        start=execution.started_at,
        end=execution.recorder.now if ended is None else ended,
        attributes=attributes,
    )
    if execution.child is not None:
        attributes["asl.map_run.arn"] = execution.child.map_run_arn
    if execution.status not in ("SUCCEEDED", "RUNNING"):
        _fail(span, execution.error, execution.cause)
    return span


def _fail(span: Span, error: str | None, cause: str | None) -> None:
    """Note that a span tells of a failure; one without a name has its status."""
    named = error or str(span.attributes["asl.status"])
    span.error, span.cause = named, cause
    span.attributes["error.type"] = named


def _resource(event: Mapping[str, Json]) -> tuple[str, str]:
    """A short name of what is called, and its ARN as definitions have it."""
    details = details_of(event)
    resource = str(details.get("resource", ""))
    if "resourceType" in details:
        short = f"{details['resourceType']}:{resource}"
        return short, _SERVICE + short
    return resource.rpartition(":")[2], resource
