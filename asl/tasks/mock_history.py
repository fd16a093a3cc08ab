"""Mocks from a real history: what each task answered, so that a run can be replayed.

In: the events of one execution, as GetExecutionHistory or the console's export gives
them. Out: a Recording: mocks by state, and a scenario with the input and what came out.
Never: guesses what a history does not hold (data that was left out or cut off, children
of a distributed Map, somebody's StopExecution); `notes` says so instead.

A task that did not answer before it was timed out or given up becomes Never; so does
one whose own limit was at work, which then runs out again. Answers keep the time they
took: it decides in which order parallel branches go on.

API reference: GetExecutionHistory.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from asl.errors import UsageError
from asl.history import moment_of
from asl.values import Json, NotJson, json_text, parse_json

_ENDS = {
    family + how: how
    for family in ("Task", "LambdaFunction", "Activity")
    for how in (
        "Succeeded",
        "Failed",
        "TimedOut",
        "SubmitFailed",
        "StartFailed",
        "ScheduleFailed",
    )
}
_SCHEDULED = frozenset(
    ("TaskScheduled", "LambdaFunctionScheduled", "ActivityScheduled")
)
_STATUS = {
    "ExecutionSucceeded": "SUCCEEDED",
    "ExecutionFailed": "FAILED",
    "ExecutionTimedOut": "TIMED_OUT",
    "ExecutionAborted": "ABORTED",
}
_DONE = ("MapIterationSucceeded", "MapIterationFailed", "MapIterationAborted")


@dataclass(slots=True)
class Recording:
    """What a history tells of one execution."""

    mocks: dict[str, list[dict[str, Json]]]
    """Answers by state, as asl.Mocks takes them."""
    input: Json
    expect: dict[str, Json]
    """status, output or error and cause, and path where it is the only one."""
    notes: list[str] = field(default_factory=list)
    """What the history does not tell."""

    def scenario(self, definition: str, mocks: str | None = None) -> dict[str, Json]:
        """A scenario that replays it; `mocks` names the file, else they stand in it."""
        return {
            "definition": definition,
            "input": self.input,
            "mocks": self.mocks if mocks is None else mocks,
            "expect": self.expect,
        }


def read_history(text: str) -> list[dict[str, Json]]:
    """The events in a text: a list, or an object with `events`."""
    try:
        value = parse_json(text)
    except NotJson as error:
        raise UsageError(f"this is no history: {error}") from None
    events = value.get("events") if isinstance(value, dict) else value
    if not isinstance(events, list) or not events:
        raise UsageError(
            'this is no history: it must be a list of events, or {"events": [...]}'
        )
    for event in events:
        if not isinstance(event, dict) or not isinstance(event.get("type"), str):
            raise UsageError("this is no history: an event has no type")
        for name in ("id", "previousEventId"):
            number = event.get(name, 0 if name == "previousEventId" else None)
            if isinstance(number, bool) or not isinstance(number, int):
                raise UsageError(f"this is no history: an event's {name} is no number")
    return sorted(events, key=lambda event: event["id"])  # AWS may give the last first


def record(events: Sequence[Mapping[str, Json]]) -> Recording:
    """What the events tell: mocks, input, outcome."""
    return _Reader(events).recording()


class _Reader:
    """The events of one history, by their ids."""

    def __init__(self, events: Sequence[Mapping[str, Json]]) -> None:
        self.events = events
        self.by_id = {event["id"]: event for event in events}
        self.notes: list[str] = []

    def recording(self) -> Recording:
        """All of it."""
        mocks: dict[str, list[dict[str, Json]]] = {}
        for scheduled, submitted, end in self.calls():
            state, index = self.place(scheduled)
            if state is not None:
                answer = self.answer(state, scheduled, submitted, end)
                if index is not None:
                    answer["MapIndex"] = index
                mocks.setdefault(state, []).append(answer)
        first, last = self.events[0], self.events[-1]
        if first["type"] != "ExecutionStarted":
            self.note("it does not begin with ExecutionStarted: the input is not known")
        if any(event["type"] == "MapRunStarted" for event in self.events):
            self.note(
                "a distributed Map ran: what its children did stands in histories of "
                "their own"
            )
        if any(event["type"] == "ExecutionRedriven" for event in self.events):
            self.note("the execution was redriven, which a run does not repeat")
        given = self.json(first, "input", "the execution")
        return Recording(mocks, given, self.expect(last), self.notes)

    def calls(self) -> list[tuple[Mapping[str, Json], ...]]:
        """(scheduled, submitted or nothing, end or nothing) in the order of asking."""
        ends: dict[int, Mapping[str, Json]] = {}
        submitted: dict[int, Mapping[str, Json]] = {}
        for event in self.events:
            if event["type"] not in _ENDS and event["type"] != "TaskSubmitted":
                continue
            for above in self.above(event):
                if above["type"] in _SCHEDULED:
                    known = submitted if event["type"] == "TaskSubmitted" else ends
                    known[above["id"]] = event
                    break
                if above["type"] == "TaskStateEntered":
                    break  # it failed before it was scheduled: nobody was asked
        return [
            (event, submitted.get(event["id"], {}), ends.get(event["id"], {}))
            for event in self.events
            if event["type"] in _SCHEDULED
        ]

    def answer(
        self,
        state: str,
        scheduled: Mapping[str, Json],
        submitted: Mapping[str, Json],
        end: Mapping[str, Json],
    ) -> dict[str, Json]:
        """One call's answer as a mock."""
        answer: dict[str, Json] = {}
        error = _details(end).get("error")
        how = _ENDS.get(end.get("type", ""))
        if how is None:
            answer["Never"] = True
        elif how == "Succeeded":
            answer["Return"] = self.json(end, "output", f"state {state!r}")
        elif (how == "TimedOut" or error == "States.Timeout") and _has_limit(scheduled):
            answer["Never"] = True
        else:
            thrown = {"error": "States.Timeout"} if how == "TimedOut" else {}
            thrown |= _failure(_details(end))
            answer["Throw"] = {key.capitalize(): text for key, text in thrown.items()}
        if submitted:
            answer["Submitted"] = self.json(submitted, "output", f"state {state!r}")
        if "Never" not in answer and (seconds := _seconds_between(scheduled, end)):
            answer["AfterSeconds"] = seconds
        return answer

    def place(self, event: Mapping[str, Json]) -> tuple[str | None, int | None]:
        """The state to which an event belongs, and its index in an inline Map."""
        state: str | None = None
        inside = 0
        for above in self.above(event):
            kind = above["type"]
            if state is None and kind.endswith("StateEntered"):
                state = _details(above).get("name")
            elif kind in _DONE:
                inside += 1
            elif kind == "MapIterationStarted":
                if inside == 0:
                    return state, _details(above).get("index")
                inside -= 1
        return state, None

    def above(self, event: Mapping[str, Json]) -> Iterator[Mapping[str, Json]]:
        """The events before an event in its chain, the nearest first."""
        number = event.get("previousEventId", 0)
        while (above := self.by_id.get(number)) is not None:
            yield above
            before = above.get("previousEventId", 0)
            if before >= number:
                return  # nothing that AWS would write
            number = before

    def expect(self, last: Mapping[str, Json]) -> dict[str, Json]:
        """What must come of a replay."""
        status = _STATUS.get(last["type"])
        expect: dict[str, Json] = {}
        if status is None:
            self.note("the execution had not ended: nothing is said of its outcome")
        elif status == "ABORTED":
            self.note("the execution was stopped from outside, which no mock does")
        else:
            expect["status"] = status
        if status == "SUCCEEDED":
            expect["output"] = self.json(last, "output", "the execution")
        elif status == "FAILED":
            expect |= _failure(_details(last))
        kinds = {event["type"] for event in self.events}
        if status is not None and not kinds & {
            "ParallelStateEntered",
            "MapStateEntered",
        }:
            # Branches take turns in an order that AWS does not promise.
            expect["path"] = [
                _details(event).get("name")
                for event in self.events
                if event["type"].endswith("StateEntered")
            ]
        return expect

    def json(self, event: Mapping[str, Json], member: str, whose: str) -> Json:
        """JSON that an event holds as text (or, where a tool has read it, as data)."""
        details = _details(event)
        cut = details.get(f"{member}Details")
        if member not in details or (isinstance(cut, dict) and cut.get("truncated")):
            self.note(f"the {member} of {whose} is not in the history: it is null here")
            return None
        value = details[member]
        if not isinstance(value, str):
            return value
        try:
            return parse_json(value)
        except NotJson:
            return value

    def note(self, text: str) -> None:
        """Keep something that the reader should know, once."""
        if text not in self.notes:
            self.notes.append(text)


def _details(event: Mapping[str, Json]) -> Mapping[str, Json]:
    """The one member of an event that holds its details."""
    found = (value for key, value in event.items() if key.endswith("EventDetails"))
    details: Any = next(found, None)
    return details if isinstance(details, dict) else {}


def _failure(details: Mapping[str, Json]) -> dict[str, Json]:
    """Error and cause as texts; a tool may have read a cause that is JSON."""
    return {
        key: said if isinstance(said, str) else json_text(said)
        for key in ("error", "cause")
        if (said := details.get(key)) is not None
    }


def _has_limit(scheduled: Mapping[str, Json]) -> bool:
    details = _details(scheduled)
    return "timeoutInSeconds" in details or "heartbeatInSeconds" in details


def _seconds_between(start: Mapping[str, Json], end: Mapping[str, Json]) -> float:
    """How long it took, to the millisecond; 0 where the events do not say."""
    first, last = moment_of(start.get("timestamp")), moment_of(end.get("timestamp"))
    if first is None or last is None:
        return 0
    seconds = round(max(0.0, last - first), 3)
    return int(seconds) if seconds == int(seconds) else seconds
