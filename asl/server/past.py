"""A kept history as the engine's records, from which a redrive goes on.

In: the events of an execution, of this process or as a store kept them. Out: records.
Never: knows what an event means.
"""

from collections.abc import Iterable, Mapping

from asl.history import EVENT_DETAILS, Event, Record, datetime_to_instant
from asl.values import Json, parse_json


def read_records(history: Iterable[Event | Json]) -> list[Record]:
    """The records behind the events of a history, in order."""
    return [
        _of_event(event) if isinstance(event, Event) else _of_json(event)
        for event in history
    ]


def _of_event(event: Event) -> Record:
    at = datetime_to_instant(event.timestamp)
    way = () if event.way is None else (event.way,)
    return event.previous_id, at, event.type, *event.members, *way


def _of_json(event: Mapping[str, Json]) -> Record:
    at = round(event["timestamp"] * 1_000) * 1_000
    head = event["previousEventId"], at, event["type"]
    shape = EVENT_DETAILS[event["type"]]
    if shape is None:
        return head
    details = event.get(shape[0], {})
    return *head, *(_member(details, member) for member in shape[1])


def _member(details: Mapping[str, Json], member: str) -> Json:
    """A member as it was before it was rendered: see EVENT_DETAILS for the signs."""
    name, sign = member[:-1], member[-1]
    if sign in "*+":
        return parse_json(details[name])
    if sign == "?":
        return details.get(name)
    if sign == "=":
        texts = details.get(name)
        return texts and {key: parse_json(text) for key, text in texts.items()}
    return details[member]
