"""Fault ways: how a run could come to a state, told from the definition alone.

In: a machine and one of its Task states. Out: Ways to try: what Choices are to take,
which tasks must fail for a Catch to lead there.
Never: runs anything: whether a way does lead there shows when it is tried.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from asl.engine.failed import StateFailed
from asl.engine.failure import find_match
from asl.model.failure import HEARTBEAT_TIMEOUT, TIMEOUT
from asl.model.machine import Branch, StateMachine, walk_states
from asl.model.states import Choice, Map, Parallel, State, Task
from asl.testing.fault_kinds import Asking, Fault, faults_of
from asl.testing.fault_runs import Injection, Way
from asl.values import Json

_TRIED = 4
"""Injections that are tried for one Catch."""


@dataclass(frozen=True, slots=True)
class _Step:
    """One transition: where it leads, and by which Catch if by one."""

    source: str
    target: str
    catcher: int | None = None


def _failure_of(fault: Fault) -> StateFailed:
    """The failure that a fault is to Retry and Catch."""
    if fault.kind == "heartbeat":
        return StateFailed(TIMEOUT, None, alias=HEARTBEAT_TIMEOUT)
    return StateFailed(fault.error, None)


def enclosing(machine: Branch, name: str) -> list[tuple[Branch, State | None]]:
    """The branches around a state, outermost first, each with the state it is in."""

    def search(
        branch: Branch, owner: State | None
    ) -> list[tuple[Branch, State | None]]:
        here = (branch, owner)
        if name in branch.states:
            return [here]
        for state in branch.states.values():
            for inner in _inner(state):
                if found := search(inner, state):
                    return [here, *found]
        return []

    return search(machine, None)


def find_ways(machine: StateMachine, name: str, input: Json = None) -> Iterator[Way]:
    """Ways that should lead to a state, plain ones before those through a Catch."""
    branches = enclosing(machine, name)
    goals = [owner.name for _, owner in branches[1:] if owner is not None] + [name]
    for with_catch in (False, True):
        steps: list[_Step] = []
        for (branch, _), goal in zip(branches, goals, strict=True):
            path = _path(branch, goal, with_catch)
            if path is None:
                break
            steps += path
        else:
            yield from _realised(machine, steps, input)


def _realised(machine: StateMachine, steps: list[_Step], input: Json) -> Iterator[Way]:
    """The Ways of a path: its choices, and what its Catches can be led to by."""
    states = {state.name: state for state in machine.all_states()}
    choose: dict[str, list[str]] = {}
    for step in steps:
        if isinstance(states[step.source], Choice):
            choose.setdefault(step.source, []).append(step.target)
    caught = [
        list(_causes(states[step.source], step.catcher))[:_TRIED]
        for step in steps
        if step.catcher is not None
    ]
    for injections in product(*caught):
        yield Way(input=input, injections=injections, choose=choose)


def _causes(state: State, place: int) -> Iterator[Injection]:
    """Injections that a state's Catch of this place takes."""
    assert isinstance(state, (Task, Parallel, Map)), "others have no Catch"
    inside = _tasks_in(state)
    for task in inside:
        for fault in faults_of(task):
            if fault.kind in ("hang", "malformed"):
                continue
            if find_match(state.catch, _failure_of(fault)) == place:
                yield Injection(task.name, fault)


def _tasks_in(state: State) -> list[Asking]:
    """The state and those inside it, as far as they ask the world for something."""
    states = [state, *(s for branch in _inner(state) for s in walk_states(branch))]
    return [inner for inner in states if isinstance(inner, (Task, Map))]


def _inner(state: State) -> tuple[Branch, ...]:
    if isinstance(state, Parallel):
        return state.branches
    return (state.processor,) if isinstance(state, Map) else ()


def _path(branch: Branch, goal: str, with_catch: bool) -> list[_Step] | None:
    """The shortest path from a branch's start to one of its states."""
    before: dict[str, _Step | None] = {branch.start_at: None}
    waiting = deque([branch.start_at])
    while waiting and goal not in before:
        for step in _steps(branch.states[waiting.popleft()], with_catch):
            if step.target not in before and step.target in branch.states:
                before[step.target] = step
                waiting.append(step.target)
    if goal not in before:
        return None
    path: list[_Step] = []
    last = before[goal]
    while last is not None:
        path.insert(0, last)
        last = before[last.source]
    return path


def _steps(state: State, with_catch: bool) -> Iterator[_Step]:
    if state.next is not None:
        yield _Step(state.name, state.next)
    if isinstance(state, Choice):
        targets = [rule.next for rule in state.choices]
        for target in (*targets, state.default):
            if target is not None:
                yield _Step(state.name, target)
    if with_catch and isinstance(state, (Task, Parallel, Map)):
        for place, catcher in enumerate(state.catch):
            yield _Step(state.name, catcher.next, place)
