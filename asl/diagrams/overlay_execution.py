"""The overlay of an execution: where it came through, and what became of it there.

In: a machine, and one of our Executions or a history of AWS.
Out: an Overlay. Never: guesses where it could know: our own events tell how a state was
left. AWS's do not: of several rules with the same target the first is counted.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from asl.diagrams.overlay import EdgeTrace, Overlay, StateTrace, seconds_text
from asl.diagrams.visits import Visit, details_of, in_order, walk_events
from asl.engine.execution import Execution
from asl.errors import UsageError
from asl.history import DEFAULT
from asl.model.failure import ALL
from asl.model.machine import StateMachine
from asl.model.states import Choice, Fail, State, Succeed
from asl.values import Json, NotJson, parse_json

ORDERS = 3
"""So many order numbers of an edge are kept."""


def overlay_of_execution(machine: StateMachine, execution: Execution) -> Overlay:
    """What one of our own executions did."""
    events = list(execution.history)
    ways = {event.id: event.way for event in events if event.way is not None}
    return _overlay(machine, [event.to_aws() for event in events], ways)


def overlay_of_history(machine: StateMachine, events: Sequence[Json]) -> Overlay:
    """What an execution did, by the events that GetExecutionHistory gives."""
    return _overlay(machine, in_order(events), None)


def _overlay(
    machine: StateMachine,
    events: Sequence[Mapping[str, Json]],
    ways: Mapping[int, int] | None,
) -> Overlay:
    """Follow the events; `ways` tells how states were left, where that is known."""
    states = {state.name: state for state in machine.all_states()}
    walked = walk_events(events)
    unknown = [visit.state for visit in walked.visits if visit.state not in states]
    if unknown:
        raise UsageError(
            f"the history is of another machine: it enters {unknown[0]!r}, and "
            f"{machine.name!r} has no such state"
        )
    steps = _Steps(states, walked.visits, ways)
    steps.follow(machine, events)
    traces = _traces(states, walked.visits, steps.caught)
    for visit, counts in _iterations(events, walked.owners).items():
        _add_iterations(traces[states[visit].pointer], counts)
    seconds = walked.seconds[-1] if walked.seconds else 0.0
    return Overlay(
        kind="execution",
        states={pointer: StateTrace(**found) for pointer, found in traces.items()},
        edges={
            pointer: EdgeTrace(count=len(orders), orders=tuple(orders[:ORDERS]))
            for pointer, orders in steps.taken.items()
        },
        title=f"{walked.status} after {seconds_text(seconds)}",
        status=walked.status,
    )


def _traces(
    states: Mapping[str, State], visits: Sequence[Visit], caught: set[int]
) -> dict[str, dict[str, Json]]:
    """The members of each visited state's trace."""
    traces: dict[str, dict[str, Json]] = {}
    for visit in visits:
        trace = traces.setdefault(states[visit.state].pointer, Counter())
        trace["visits"] += 1
        status = visit.status
        if visit.left is not None:
            status = "CAUGHT" if visit.left in caught else "SUCCEEDED"
        trace["failed" if status == "TIMED_OUT" else status.lower()] += 1
        trace["retries"] += max(0, len(visit.attempts) - 1)
        if visit.until is not None:
            trace["seconds"] = round(trace["seconds"] + visit.until - visit.at, 6)
    return {pointer: dict(trace) for pointer, trace in traces.items()}


_OUTCOMES = {
    "MapIterationSucceeded": "succeeded",
    "MapIterationFailed": "failed",
    "MapIterationAborted": "aborted",
}


def _iterations(
    events: Sequence[Mapping[str, Json]], owners: Sequence[Visit | None]
) -> dict[str, Counter[str]]:
    """How the iterations of each inline Map ended, by its state's name."""
    found: dict[str, Counter[str]] = {}
    for event, owner in zip(events, owners, strict=True):
        outcome = _OUTCOMES.get(event["type"])
        if outcome is not None and owner is not None:
            found.setdefault(owner.state, Counter())[outcome] += 1
    return found


def _add_iterations(trace: dict[str, Json], counts: Counter[str]) -> None:
    trace["iterations"] = {
        word: counts[word] for word in _OUTCOMES.values() if counts[word]
    }


class _Steps:
    """Which edges were taken, in which order."""

    def __init__(
        self,
        states: Mapping[str, State],
        visits: Sequence[Visit],
        ways: Mapping[int, int] | None,
    ) -> None:
        self.states = states
        self.ways = ways
        self.left = {visit.left: visit for visit in visits if visit.left is not None}
        self.visits = visits
        self.taken: dict[str, list[int]] = {}
        self.caught: set[int] = set()
        """The ids of the Exited events by which a Catcher led out of a state."""
        self.errors: dict[int, str | None] = {}
        """With which error a state was left; by the id of its Exited event."""
        self.number = 0

    def follow(
        self, machine: StateMachine, events: Sequence[Mapping[str, Json]]
    ) -> None:
        """Count the way in, every transition, and the way out."""
        top = set(machine.states)
        for event in events:
            previous = event.get("previousEventId", 0)
            if event["type"].endswith("StateEntered"):
                target = str(details_of(event).get("name", ""))
                visit = self.left.get(previous)
                if visit is not None:
                    # A first state of a Map's iteration or a branch follows no exit
                    # of a state beside it.
                    self.step(visit, target)
                elif self.number == 0:
                    self.take("/StartAt")
            elif event["type"].startswith("Execution"):
                self.end(event["type"], self.left.get(previous), top)
            elif (left := self.left.get(event["id"])) is not None:
                self.leave(left, event)
        if events and events[-1]["type"] == "ExecutionFailed":
            self.fail(top)

    def leave(self, visit: Visit, event: Mapping[str, Json]) -> None:
        """Note whether a Catcher led out; where nothing tells, the visit does."""
        assert visit.left is not None, "only visits that were left come here"
        state = self.states[visit.state]
        if self.ways is None:
            caught = visit.status == "CAUGHT"
            self.errors[event["id"]] = visit.error or _error_in(event)
        else:
            caught = not isinstance(state, Choice) and visit.left in self.ways
        if caught:
            self.caught.add(visit.left)

    def step(self, visit: Visit, target: str) -> None:
        """A state was entered after another: by which edge?"""
        state = self.states[visit.state]
        for pointer, name in self.ways_out(state, visit):
            if name == target:
                self.take(f"{state.pointer}{pointer}")
                return

    def ways_out(self, state: State, visit: Visit) -> Iterator[tuple[str, str]]:
        """The edges by which a visit may have left its state: field and target."""
        assert visit.left is not None, "a step leads out of a state that was left"
        way = None if self.ways is None else self.ways.get(visit.left)
        if isinstance(state, Choice):
            for rule in state.choices:
                if way is None or way == rule.index:
                    yield f"/Choices/{rule.index}/Next", rule.next
            if state.default is not None and way in (None, DEFAULT):
                yield "/Default", state.default
        elif visit.left in self.caught:
            catchers = list(enumerate(getattr(state, "catch", ())))
            if way is not None:
                catchers = catchers[way : way + 1]
            else:  # those that name the error first
                error = self.errors[visit.left]
                catchers.sort(key=lambda one: not _names(one[1], error))
            for index, catcher in catchers:
                yield f"/Catch/{index}/Next", catcher.next
        elif state.next is not None:
            yield "/Next", state.next

    def end(self, kind: str, visit: Visit | None, top: set[str]) -> None:
        """The execution ended: by the End of the state that was left last."""
        if kind != "ExecutionSucceeded" or visit is None or visit.state not in top:
            return
        state = self.states[visit.state]
        last = isinstance(state, Succeed)
        self.take(state.pointer if last else f"{state.pointer}/End")

    def fail(self, top: set[str]) -> None:
        """The execution failed; where a Fail state did it, that was its way out."""
        visit = self.visits[-1] if self.visits else None
        state = self.states[visit.state] if visit is not None else None
        if isinstance(state, Fail) and state.name in top:
            self.take(state.pointer)

    def take(self, pointer: str) -> None:
        """An edge was taken."""
        self.number += 1
        self.taken.setdefault(pointer, []).append(self.number)


def _error_in(event: Mapping[str, Json]) -> str | None:
    """The error that a Catcher put into a state's output, where it still stands there.

    No event tells the error of a Fail state in a branch.
    """
    try:
        output = parse_json(str(details_of(event).get("output")))
    except NotJson:
        return None
    inside = [output, *output.values()] if isinstance(output, dict) else []
    for value in inside:
        if isinstance(value, dict) and {"Error", "Cause"} <= set(value):
            return str(value["Error"])
    return None


def _names(catcher: Json, error: str | None) -> bool:
    """Whether a Catcher is for an error, as far as names tell."""
    return error in catcher.error_equals or ALL in catcher.error_equals
