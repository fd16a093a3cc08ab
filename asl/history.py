"""Events: what an execution did, in the shape of AWS's GetExecutionHistory.

In: the engine's compact records, each (previous id, moment, type, members in the order
of EVENT_DETAILS). Out: Events, made when somebody looks.
Never: decides when an event is written; engine/recorder.py does.

API reference: HistoryEvent.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias, overload

from asl.values import Json, json_text

Record: TypeAlias = tuple[Json, ...]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_ENTERED = ("stateEnteredEventDetails", ("name", "input*"))
_EXITED = ("stateExitedEventDetails", ("name", "output*", "assignedVariables="))
_ERROR = ("error?", "cause?")

DEFAULT = -1
"""A Choice was left by its Default: the `way` of its Exited event."""
_TASK = ("resourceType", "resource")
_ITERATION = ("name", "index")

EVENT_DETAILS: dict[str, tuple[str, tuple[str, ...]] | None] = {
    # The sign after a member: `*` JSON text with its …Details, `+` JSON text alone,
    # `?` left out where None, `=` variables by name.
    "ExecutionStarted": ("executionStartedEventDetails", ("input*", "roleArn")),
    "ExecutionSucceeded": ("executionSucceededEventDetails", ("output*",)),
    "ExecutionFailed": ("executionFailedEventDetails", _ERROR),
    "ExecutionAborted": ("executionAbortedEventDetails", _ERROR),
    "ExecutionTimedOut": ("executionTimedOutEventDetails", _ERROR),
    **{
        f"{kind}StateEntered": _ENTERED
        for kind in (
            "Task",
            "Parallel",
            "Map",
            "Choice",
            "Wait",
            "Pass",
            "Succeed",
            "Fail",
        )
    },
    **{
        f"{kind}StateExited": _EXITED
        for kind in ("Task", "Parallel", "Map", "Choice", "Wait", "Pass", "Succeed")
    },
    "LambdaFunctionScheduled": (
        "lambdaFunctionScheduledEventDetails",
        ("resource", "input*", "timeoutInSeconds?", "taskCredentials?"),
    ),
    "LambdaFunctionStarted": None,
    "LambdaFunctionSucceeded": ("lambdaFunctionSucceededEventDetails", ("output*",)),
    "LambdaFunctionFailed": ("lambdaFunctionFailedEventDetails", _ERROR),
    "LambdaFunctionTimedOut": ("lambdaFunctionTimedOutEventDetails", _ERROR),
    "LambdaFunctionScheduleFailed": (
        "lambdaFunctionScheduleFailedEventDetails",
        _ERROR,
    ),
    "LambdaFunctionStartFailed": ("lambdaFunctionStartFailedEventDetails", _ERROR),
    "TaskScheduled": (
        "taskScheduledEventDetails",
        (
            *_TASK,
            "region",
            "parameters+",
            "timeoutInSeconds?",
            "heartbeatInSeconds?",
            "taskCredentials?",
        ),
    ),
    "TaskStarted": ("taskStartedEventDetails", _TASK),
    "TaskSubmitted": ("taskSubmittedEventDetails", (*_TASK, "output*")),
    "TaskSucceeded": ("taskSucceededEventDetails", (*_TASK, "output*")),
    "TaskFailed": ("taskFailedEventDetails", (*_TASK, *_ERROR)),
    "TaskTimedOut": ("taskTimedOutEventDetails", (*_TASK, *_ERROR)),
    "TaskStartFailed": ("taskStartFailedEventDetails", (*_TASK, *_ERROR)),
    "TaskSubmitFailed": ("taskSubmitFailedEventDetails", (*_TASK, *_ERROR)),
    "ActivityScheduled": (
        "activityScheduledEventDetails",
        ("resource", "input*", "timeoutInSeconds?", "heartbeatInSeconds?"),
    ),
    "ActivityStarted": ("activityStartedEventDetails", ("workerName?",)),
    "ActivitySucceeded": ("activitySucceededEventDetails", ("output*",)),
    "ActivityFailed": ("activityFailedEventDetails", _ERROR),
    "ActivityTimedOut": ("activityTimedOutEventDetails", _ERROR),
    "ActivityScheduleFailed": ("activityScheduleFailedEventDetails", _ERROR),
    "MapStateStarted": ("mapStateStartedEventDetails", ("length",)),
    "MapIterationStarted": ("mapIterationStartedEventDetails", _ITERATION),
    "MapIterationSucceeded": ("mapIterationSucceededEventDetails", _ITERATION),
    "MapIterationFailed": ("mapIterationFailedEventDetails", _ITERATION),
    "MapIterationAborted": ("mapIterationAbortedEventDetails", _ITERATION),
    "MapStateSucceeded": None,
    "MapStateFailed": None,
    "MapStateAborted": None,
    "ParallelStateStarted": None,
    "ParallelStateSucceeded": None,
    "ParallelStateFailed": None,
    "ParallelStateAborted": None,
    "TaskStateAborted": None,
    "WaitStateAborted": None,
    "MapRunStarted": ("mapRunStartedEventDetails", ("mapRunArn",)),
    "MapRunSucceeded": None,
    "MapRunAborted": None,
    "MapRunFailed": ("mapRunFailedEventDetails", _ERROR),
    "ExecutionRedriven": ("executionRedrivenEventDetails", ("redriveCount",)),
    "MapRunRedriven": ("mapRunRedrivenEventDetails", ("mapRunArn", "redriveCount")),
    "EvaluationFailed": (
        "evaluationFailedEventDetails",
        ("error", "cause", "location?", "state"),
    ),
}


@dataclass(frozen=True, slots=True)
class Event:
    """One AWS history event; `to_aws()` gives it as GetExecutionHistory would."""

    id: int
    previous_id: int
    timestamp: datetime
    type: str
    members: tuple[Json, ...]
    """Values in the order of EVENT_DETAILS; JSON where AWS has text."""
    way: int | None = None
    """How a state was left: its rule's or its catcher's index, or DEFAULT.

    None: by Next or End. Our own: AWS's events do not tell.
    """

    @property
    def state(self) -> str | None:
        """The state's name, where the event carries one."""
        details = EVENT_DETAILS[self.type]
        if details is None or "name" not in details[1]:
            return None
        return str(self.members[details[1].index("name")])

    @property
    def details(self) -> dict[str, Json]:
        """The members as AWS spells them: JSON as text, absent ones left out."""
        shape = EVENT_DETAILS[self.type]
        if shape is None:
            return {}
        details: dict[str, Json] = {}
        for member, value in zip(shape[1], self.members, strict=False):
            _render(details, member, value)
        return details

    def to_aws(self) -> dict[str, Json]:
        """The event as the AWS CLI prints it: a dict that JSON can hold."""
        event: dict[str, Json] = {
            "timestamp": self.timestamp.isoformat(timespec="milliseconds"),
            "type": self.type,
            "id": self.id,
            "previousEventId": self.previous_id,
        }
        shape = EVENT_DETAILS[self.type]
        if shape is not None:
            event[shape[0]] = self.details
        return event


def _render(details: dict[str, Json], member: str, value: Json) -> None:
    name, sign = member[:-1], member[-1]
    if sign == "*":
        details[name] = json_text(value)
        details[f"{name}Details"] = {"truncated": False}
    elif sign == "+":
        details[name] = json_text(value)
    elif sign == "?":
        if value is not None:
            details[name] = value
    elif sign == "=":
        if value:
            details[name] = {key: json_text(value[key]) for key in sorted(value)}
            details[f"{name}Details"] = {"truncated": False}
    else:
        details[member] = value


WIDTH = 7
"""Cells of a record: previous id, moment, type and four for its members.

Where a type has more members than four, they stand as one tuple in the first.
"""
_MEMBERS = {
    # An Exited event's own three, and the way out that the engine writes behind them.
    kind: 4 if kind.endswith("StateExited") else 0 if shape is None else len(shape[1])
    for kind, shape in EVENT_DETAILS.items()
}


class Records(Sequence[Record]):
    """Compact records in one list of cells, each made a tuple when it is asked for.

    A tuple for each would be one more object for Python's garbage collector to visit,
    time and again while a long history grows.
    """

    __slots__ = ("_cells",)

    def __init__(self, cells: list[Json]) -> None:
        self._cells = cells

    def __len__(self) -> int:
        return len(self._cells) // WIDTH

    @overload
    def __getitem__(self, index: int) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> list[Record]: ...
    def __getitem__(self, index: int | slice) -> Record | list[Record]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        return self._record(range(len(self))[index] * WIDTH)

    def __iter__(self) -> Iterator[Record]:
        for place in range(0, len(self._cells), WIDTH):
            yield self._record(place)

    def _record(self, place: int) -> Record:
        cells = self._cells
        count = _MEMBERS[cells[place + 2]]
        if count > WIDTH - 3:
            return (*cells[place : place + 3], *cells[place + 3])
        return tuple(cells[place : place + 3 + count])


class History(Sequence[Event]):
    """The events of one execution; an Event is made when it is asked for."""

    __slots__ = ("_records",)

    def __init__(self, records: Sequence[Record]) -> None:
        self._records = records

    def __len__(self) -> int:
        return len(self._records)

    @overload
    def __getitem__(self, index: int) -> Event: ...
    @overload
    def __getitem__(self, index: slice) -> list[Event]: ...
    def __getitem__(self, index: int | slice) -> Event | list[Event]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        number = index if index >= 0 else index + len(self._records)
        return _event(number + 1, self._records[index])

    def __iter__(self) -> Iterator[Event]:
        for number, record in enumerate(self._records, 1):
            yield _event(number, record)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, History):
            return NotImplemented
        return list(self._records) == list(other._records)

    __hash__ = None  # type: ignore[assignment] # a history grows while it is watched

    def __repr__(self) -> str:
        return f"<History: {len(self)} events>"


def _event(number: int, record: Record) -> Event:
    previous, at, kind, *members = record
    if kind.endswith("StateExited"):
        # The engine writes the way out behind what AWS has.
        values, way = tuple(members[:3]), members[3] if len(members) > 3 else None
        return Event(number, previous, instant_to_datetime(at), kind, values, way)
    return Event(number, previous, instant_to_datetime(at), kind, tuple(members))


def instant_to_datetime(at: int) -> datetime:
    """Microseconds since 1970 as an aware UTC datetime."""
    return _EPOCH + timedelta(microseconds=at)


def datetime_to_instant(moment: datetime) -> int:
    """An aware datetime as microseconds since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def iso_text(at: int) -> str:
    """A moment as the context object spells it: `2026-01-01T00:00:00.000Z`."""
    moment = instant_to_datetime(at)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def moment_of(stamp: Json) -> float | None:
    """A timestamp in seconds: a number (milliseconds in some exports), or ISO text."""
    if isinstance(stamp, bool) or stamp is None:
        return None
    if isinstance(stamp, (int, float)):
        return stamp / 1000 if stamp > 100_000_000_000 else float(stamp)
    try:
        return datetime.fromisoformat(str(stamp)).timestamp()
    except ValueError:
        return None
