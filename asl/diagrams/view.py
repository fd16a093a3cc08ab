"""The viewer's data: one JSON document of a machine and what an execution of it did.

In: a StateMachine; an Execution, running or ended, or a history of AWS.
Out: the document, with payloads as JSON text, so that nothing is read before it is
looked at and no number loses digits on its way through a browser:

    title       text
    machine     name, comment, query_language
    states      in document order, nested ones behind the state they stand in:
                  pointer, name, type, comment, resource, definition (JSON text),
                  parent (pointer of the Map or Parallel state around it, or null),
                  branch (number of its Parallel's branch, or null)
    live        true: the execution may go on; the viewer marks states itself
    execution   null, or
      name, status, started (ISO text or null), seconds, input, output (JSON text or
      null), error, cause
      visits    in the order of entering:
                  state (index into states, or null), name, entered and left (event
                  ids), at and until (seconds since the start; until null while it
                  runs), status (RUNNING SUCCEEDED CAUGHT FAILED ABORTED), error,
                  cause, parent (index into visits, or null), iteration, way (how it
                  was left, where that is known), assigned (JSON text by name),
                  attempts: event, end (ids), at, until, status, error, cause
      events    in order: id, previous, at, type, visit (index or null), details (as
                AWS has them)

Never: makes HTML; html.py and viewer/ do. A distributed Map's children have histories
of their own, which are not part of the document.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from asl.diagrams.visits import Visit, Walked, details_of, in_order, walk_events
from asl.errors import UsageError
from asl.history import DEFAULT
from asl.model.machine import Branch, StateMachine
from asl.model.states import Map, Parallel, State
from asl.values import Json, json_text

if TYPE_CHECKING:
    from asl.engine.execution import Execution


def view_of(
    machine: StateMachine,
    *,
    execution: "Execution | None" = None,
    history: Sequence[Json] | None = None,
    title: str | None = None,
    live: bool = False,
) -> dict[str, Json]:
    """The document that the viewer shows; of an execution, a history, or neither."""
    if execution is not None and history is not None:
        raise UsageError("give an execution or a history, not both")
    states = list(_states(machine, None, None))
    told: dict[str, Json] | None = None
    if execution is not None:
        told = _executed(states, [event.to_aws() for event in execution.history])
        told["name"] = execution.name
        told["status"] = execution.status
        _refine(told, execution)
    elif history is not None:
        told = _executed(states, in_order(history))
    return {
        "title": title if title is not None else machine.name,
        "machine": {
            "name": machine.name,
            "comment": machine.comment,
            "query_language": machine.query_language,
        },
        "states": states,
        "live": live,
        "execution": told,
    }


def _states(
    branch: Branch, parent: str | None, number: int | None
) -> Iterator[dict[str, Json]]:
    """The states of a branch, each followed by those that stand in it."""
    for state in branch.states.values():
        yield _state(state, parent, number)
        if isinstance(state, Parallel):
            for index, inner in enumerate(state.branches):
                yield from _states(inner, state.pointer, index)
        elif isinstance(state, Map):
            yield from _states(state.processor, state.pointer, None)


def _state(state: State, parent: str | None, number: int | None) -> dict[str, Json]:
    return {
        "pointer": state.pointer,
        "name": state.name,
        "type": state.type,
        "comment": state.definition.get("Comment"),
        "resource": state.definition.get("Resource"),
        "definition": json_text(state.definition),
        "parent": parent,
        "branch": number,
    }


def _executed(
    states: Sequence[Mapping[str, Json]], events: Sequence[Mapping[str, Json]]
) -> dict[str, Json]:
    """What the events of an execution tell."""
    walked = walk_events(events)
    by_id = {event["id"]: event for event in events}
    first = events[0] if events else {}
    last = details_of(events[-1]) if events and walked.status != "RUNNING" else {}
    started = details_of(first) if first.get("type") == "ExecutionStarted" else {}
    moment = first.get("timestamp")
    return {
        "name": None,
        "status": walked.status,
        "started": None if moment is None else str(moment),
        "seconds": walked.seconds[-1] if walked.seconds else 0,
        "input": started.get("input"),
        "output": last.get("output"),
        "error": last.get("error"),
        "cause": last.get("cause"),
        "visits": _visits(states, walked, by_id),
        "events": [
            {
                "id": event["id"],
                "previous": event.get("previousEventId", 0),
                "at": at,
                "type": event["type"],
                "visit": None if owner is None else owner.number,
                "details": dict(details_of(event)),
            }
            for event, owner, at in zip(
                events, walked.owners, walked.seconds, strict=True
            )
        ],
    }


def _visits(
    states: Sequence[Mapping[str, Json]],
    walked: Walked,
    by_id: Mapping[int, Mapping[str, Json]],
) -> list[dict[str, Json]]:
    named: dict[str, list[int]] = {}
    for index, state in enumerate(states):
        named.setdefault(state["name"], []).append(index)
    found: list[dict[str, Json]] = []
    for visit in walked.visits:
        parent = None if visit.parent is None else visit.parent.number
        around = None if parent is None else found[parent]["state"]
        exited = details_of(by_id.get(visit.left or 0, {}))
        found.append(
            {
                "state": _find_state(states, named.get(visit.state, []), around),
                "name": visit.state,
                "entered": visit.entered,
                "left": visit.left,
                "at": visit.at,
                "until": visit.until,
                "status": visit.status,
                "error": visit.error,
                "cause": visit.cause,
                "parent": parent,
                "iteration": visit.iteration,
                "way": None,
                "assigned": exited.get("assignedVariables") or {},
                "attempts": _attempts(visit),
            }
        )
    return found


def _find_state(
    states: Sequence[Mapping[str, Json]], named: Sequence[int], around: int | None
) -> int | None:
    """Which state of that name it is: one that stands in the state around it."""
    parent = None if around is None else states[around]["pointer"]
    inside = (index for index in named if states[index]["parent"] == parent)
    return next(inside, named[0] if named else None)


def _attempts(visit: Visit) -> list[dict[str, Json]]:
    return [
        {
            "event": attempt.event,
            "end": attempt.end,
            "at": attempt.at,
            "until": attempt.until,
            "status": attempt.status,
            "error": attempt.error,
            "cause": attempt.cause,
        }
        for attempt in visit.attempts
    ]


def _refine(told: dict[str, Json], execution: "Execution") -> None:
    """Put in what the engine knows of its own run, and no event of AWS tells."""
    from asl.engine.visits import visits_in_order  # with the engine; only who runs pays

    known = {visit.event_id: visit for visit in visits_in_order(execution)}
    history = execution.history
    for row in told["visits"]:
        visit = known[row["entered"]]
        row["status"], row["error"], row["cause"] = (
            visit.status,
            visit.error,
            visit.cause,
        )
        for attempt, error in zip(row["attempts"], visit.retried, strict=False):
            if attempt["error"] is None:
                attempt["error"] = error
        if row["left"] is not None:
            row["way"] = _way_text(history[row["left"] - 1].way, visit.type)


def _way_text(way: int | None, type: str) -> str | None:
    """`Choices[1]`, `Catch[0]`, `Default`; None for Next and End."""
    if way is None:
        return None
    if way == DEFAULT:
        return "Default"
    return f"{'Choices' if type == 'Choice' else 'Catch'}[{way}]"
