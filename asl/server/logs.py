"""Log records: what Step Functions writes of an execution to CloudWatch Logs.

In: an execution, or its events as the service sends them; a level, and whether data is
wanted. Out: records, one an event, as AWS writes them: all numbers are text.
Never: writes them anywhere (log_delivery.py does).

Recorded; developer guide: "Using CloudWatch Logs to log execution history".
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from asl.errors import UsageError
from asl.history import EVENT_DETAILS, datetime_to_instant
from asl.values import Json, json_text

if TYPE_CHECKING:
    from asl.engine.execution import Execution

_ENDINGS = ("Failed", "TimedOut", "Aborted")

LEVELS: dict[str, frozenset[str]] = {
    "ALL": frozenset(EVENT_DETAILS),
    "ERROR": frozenset(
        kind
        for kind in EVENT_DETAILS
        if kind.endswith(_ENDINGS) or kind == "FailStateEntered"
    ),
    "FATAL": frozenset(f"Execution{ending}" for ending in _ENDINGS),
    "OFF": frozenset(),
}
"""Which events each level has."""

TEXT_BYTES = 248 * 1024
"""How long a text may be inside a record, quotes and line ends escaped."""

_DATA = frozenset(("input", "output", "parameters", "assignedVariables"))


def log_records(
    execution: "Execution", level: str = "ALL", include_data: bool = True
) -> list[dict[str, Json]]:
    """The log of an execution: a record for each event that the level has.

    Without data there is no input, output, variable or request in it; errors and causes
    stay. `asl.run`'s executions have a log as well as the service's.
    """
    if level not in LEVELS:
        known = ", ".join(LEVELS)
        raise UsageError(f"there is no log level {level!r}; there are {known}")
    events = (
        event.to_aws()
        | {"timestamp": datetime_to_instant(event.timestamp) // 1000 / 1000}
        for event in execution.history
        if event.type in LEVELS[level] or event.type == "ExecutionRedriven"
    )
    return list(records_of(events, execution.arn, level, include_data))


def records_of(
    events: Iterable[Mapping[str, Json]],
    arn: str,
    level: str,
    include_data: bool,
    redrives: int = 0,
) -> Iterator[dict[str, Json]]:
    """The records of events as the service sends them, timestamps in seconds.

    `redrives` is how often the execution had been redriven before the first of them.
    """
    wanted = LEVELS[level]
    for event in events:
        kind = event["type"]
        redrives += kind == "ExecutionRedriven"
        if kind in wanted:
            yield {
                "id": str(event["id"]),
                "type": kind,
                "details": _details(event, include_data),
                "previous_event_id": str(event["previousEventId"]),
                "event_timestamp": str(int(event["timestamp"] * 1000 + 0.5)),
                "execution_arn": arn,
                "redrive_count": str(redrives),
            }


def _details(event: Mapping[str, Json], include_data: bool) -> dict[str, Json]:
    """An event's details, cut to what a record can hold; `{}` where there are none."""
    found = (
        value
        for name, value in event.items()
        if name.endswith("EventDetails") and isinstance(value, dict)
    )
    details: dict[str, Json] = dict(next(found, {}))
    if not include_data:
        return {
            name: value
            for name, value in details.items()
            if name.removesuffix("Details") not in _DATA
        }
    for name in ("input", "output"):
        text = details.get(name)
        if isinstance(text, str) and (cut := _cut(text)) is not text:
            details[name], details[f"{name}Details"] = cut, {"truncated": True}
    return details


def _cut(text: str) -> str:
    """As much of a text as a record can hold; the same text where that is all."""
    if 6 * len(text) <= TEXT_BYTES or _size(text) <= TEXT_BYTES:  # \u0001 needs six
        return text
    fits, too_long = 0, len(text)
    while too_long - fits > 1:
        middle = (fits + too_long) // 2
        if _size(text[:middle]) <= TEXT_BYTES:
            fits = middle
        else:
            too_long = middle
    return text[:fits]


def _size(text: str) -> int:
    return len(json_text(text).encode("utf-8", "surrogatepass"))
