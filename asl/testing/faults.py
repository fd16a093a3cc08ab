"""Faults: every error that every task can meet, and where each ends.

In: a machine, its input, callables or mocks (or none). Out: a Matrix of Outcomes; for
pytest a list of Cases.
Never: changes a definition, a callable or a mock. Callables are called many times, once
for each fault, so they should keep nothing between runs.

A machine that startExecution starts is not gone into: its state meets faults like any
task, its own tasks when it is looked at by itself.
A state on an error path is reached through the fault that leads there. Without tasks
and mocks the results are placeholders, and Choices are steered to where a state lies.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from typing import Any, Literal

from asl.errors import UsageError
from asl.model.machine import StateMachine
from asl.runtime.run import make_runner
from asl.tasks.mocks import Mocks
from asl.tasks.registry import Tasks
from asl.testing.fault_kinds import KINDS, Fault, asking_states, faults_of
from asl.testing.fault_outcome import Outcome, judge
from asl.testing.fault_runs import (
    Given,
    Injection,
    Placeholders,
    Trace,
    Way,
    World,
)
from asl.testing.fault_ways import find_ways
from asl.values import Json

_WAYS = 12
"""Ways that are tried to come to one state."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """The outcomes of all faults, and the task states that no run came to."""

    outcomes: tuple[Outcome, ...]
    not_reached: tuple[str, ...] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)
    """Why runs ended early on their way to a state that was not reached."""

    @property
    def unhandled(self) -> list[Outcome]:
        """The faults that the definition does not deal with."""
        return [outcome for outcome in self.outcomes if not outcome.handled]

    def of(self, state: str, error: str, *, once: bool = False) -> Outcome:
        """The outcome of one error of one state."""
        for outcome in self.outcomes:
            if (outcome.state, outcome.error, outcome.once) == (state, error, once):
                return outcome
        raise UsageError(f"no fault {error!r} was injected into state {state!r}")

    def to_json(self) -> dict[str, Json]:
        """The matrix for programs."""
        return {
            "outcomes": [outcome.to_json() for outcome in self.outcomes],
            "not_reached": list(self.not_reached),
            "unhandled": len(self.unhandled),
        }


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One fault of one state's task: a parameter of a pytest test."""

    machine: StateMachine
    injection: Injection

    def run(
        self,
        input: Json = None,
        *,
        tasks: Tasks | Mocks | None = None,
        type: Literal["STANDARD", "EXPRESS"] = "STANDARD",
        seed: int = 0,
        buckets: str | PathLike[str] | None = None,
    ) -> Outcome | None:
        """Where the fault ends; None where no run comes to the state."""
        search = _Search(
            self.machine, (input,), _world(self.machine, tasks, type, seed, buckets)
        )
        name = self.injection.state
        way = search.find(name)
        return None if way is None else search.outcome(way, self.injection)

    def __str__(self) -> str:
        times = "once" if self.injection.once else "always"
        return f"{self.injection.state}-{self.injection.fault.error}-{times}"


def cases(
    machine: StateMachine,
    *,
    kinds: Iterable[str] = (),
    states: Iterable[str] = (),
) -> list[Any]:
    """Every fault of every task, once and always, as parameters for parametrize."""
    import pytest

    return [
        pytest.param(Case(machine, injection), id=str(Case(machine, injection)))
        for injection in _injections(machine, kinds, states)
    ]


def matrix(
    machine: StateMachine,
    input: Json = None,
    *,
    tasks: Tasks | Mocks | None = None,
    more_inputs: Sequence[Json] = (),
    kinds: Iterable[str] = (),
    states: Iterable[str] = (),
    type: Literal["STANDARD", "EXPRESS"] = "STANDARD",
    seed: int = 0,
    buckets: str | PathLike[str] | None = None,
) -> Matrix:
    """Inject every fault into every task, and tell where each ends.

    `more_inputs` are tried for states that the first one does not lead to; `kinds` and
    `states` choose, where not everything is wished.
    """
    injections = _injections(machine, kinds, states)
    world = _world(machine, tasks, type, seed, buckets)
    search = _Search(machine, (input, *more_inputs), world)
    outcomes: list[Outcome] = []
    wanted = dict.fromkeys(injection.state for injection in injections)
    not_reached = []
    for name in wanted:
        way = search.find(name)
        if way is None:
            not_reached.append(name)
            continue
        outcomes += [
            search.outcome(way, injection)
            for injection in injections
            if injection.state == name
        ]
    return Matrix(tuple(outcomes), tuple(not_reached), search.reasons(not_reached))


def _injections(
    machine: StateMachine, kinds: Iterable[str], states: Iterable[str]
) -> list[Injection]:
    """What is to be injected, in the order of the definition."""
    tasks = asking_states(machine)
    chosen, named = set(kinds), list(states)
    for kind in chosen:
        if kind not in KINDS:
            raise UsageError(f"no kind of fault is {kind!r}; there are {_list(KINDS)}")
    for name in named:
        if name not in tasks:
            raise UsageError(
                f"{name!r} is no Task state, nor a Map with files of its own; there "
                f"are {_list(tasks)}"
            )
    return [
        Injection(name, fault, once)
        for name, task in tasks.items()
        if not named or name in named
        for fault in faults_of(task)
        if not chosen or fault.kind in chosen
        for once in (True, False)
    ]


def _list(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"


def _world(
    machine: StateMachine,
    tasks: Tasks | Mocks | None,
    type: Literal["STANDARD", "EXPRESS"],
    seed: int,
    buckets: str | PathLike[str] | None,
) -> World:
    if tasks is None:
        # The same refusals as of a run, although no run is made of it.
        make_runner(machine, None, tasks=Mocks({}), type=type, seed=seed)
        return Placeholders(machine, type, seed)
    options = {"type": type, "seed": seed, "buckets": buckets}
    return Given(machine, tasks, options)


class _Search:
    """The ways to the states of one machine, each found when it is asked for."""

    def __init__(
        self, machine: StateMachine, inputs: Sequence[Json], world: World
    ) -> None:
        self.machine = machine
        self.inputs = inputs
        self.world = world
        self.tasks = asking_states(machine)
        self.ways: dict[str, Way] = {}
        self._usual: dict[str, Trace] = {}
        self._explored: set[str] = set()
        self._stops: dict[str, str] = {}
        self._started = False

    def find(self, name: str) -> Way | None:
        """A way to a state: an input's own, through faults, or steered there."""
        if not self._started:
            self._started = True
            for input in self.inputs:
                self._try(Way(input=input))
        if name not in self.ways:
            self._steer(name)
        while name not in self.ways and self._explore():
            pass
        return self.ways.get(name)

    def outcome(self, way: Way, injection: Injection) -> Outcome:
        """Run a fault on a way to its state; what it leads to is a way, too."""
        usual = self._usual.get(injection.state)
        if usual is None:
            usual = self._usual[injection.state] = self.world.run(way)
        further = way.plus(injection)
        trace = self._try(further)
        return judge(self.machine, injection, trace, usual)

    def reasons(self, names: Iterable[str]) -> dict[str, str]:
        """Why runs ended early on their way to states."""
        return {name: self._stops[name] for name in names if name in self._stops}

    def _try(self, way: Way) -> Trace:
        trace = self.world.run(way)
        for name in trace.called:
            self.ways.setdefault(name, way)
        return trace

    def _steer(self, name: str) -> None:
        """Try what the definition says should lead to a state."""
        for input in self.inputs:
            for number, way in enumerate(find_ways(self.machine, name, input)):
                trace = self._try(way)
                if name in self.ways:
                    return
                if trace.stopped is not None:
                    self._stops.setdefault(name, trace.stopped)
                if number == _WAYS:
                    break

    def _explore(self) -> bool:
        """Inject all faults into one more state; False where none is left."""
        for name in self.tasks:
            if name in self.ways and name not in self._explored:
                self._explored.add(name)
                for injection in _every(name, faults_of(self.tasks[name])):
                    self._try(self.ways[name].plus(injection))
                return True
        return False


def _every(name: str, faults: Iterable[Fault]) -> Iterator[Injection]:
    for fault in faults:
        for once in (True, False):
            yield Injection(name, fault, once)
