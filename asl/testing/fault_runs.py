"""Fault runs: one run of a machine in which chosen tasks go wrong.

In: a machine, its input, callables or mocks (or none: then placeholders), and
Injections. Out: a Trace: the execution, those it started, which tasks were called.
Never: judges; fault_outcome.py does. The engine and the runner are the real ones; what
is injected comes from the source of answers, as a mock's answer does.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from asl.engine.arns import arn_of
from asl.engine.execution import Execution
from asl.engine.messages import Call, Instant, Reply, StartTask, TaskSucceeded
from asl.errors import UsageError
from asl.model.machine import StateMachine
from asl.model.states import Map, Task
from asl.runtime.clock import VirtualClock
from asl.runtime.dry_machine import watched_machine
from asl.runtime.dry_run import VISITS
from asl.runtime.dry_watch import Loops, NeedsSample, Watch
from asl.runtime.run import make_runner
from asl.runtime.runner import Runner
from asl.runtime.stage import DEFAULT_ROLE, checked_input, machine_arn
from asl.tasks.answer import Answer, Job, Ready
from asl.tasks.buckets import perform
from asl.tasks.mocks import Mocks
from asl.tasks.registry import Tasks
from asl.tasks.shapes import documented_result
from asl.tasks.unknown import Unknowns
from asl.testing.fault_kinds import Asking, Fault, asking_states
from asl.values import Json


@dataclass(frozen=True, slots=True)
class Injection:
    """A fault that happens to a state's task: at its first call, or at every one."""

    state: str
    fault: Fault
    once: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How a run comes to a state: with which input, faults and choices before it."""

    input: Json = None
    injections: tuple[Injection, ...] = ()
    choose: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def plus(self, *injections: Injection) -> "Way":
        """The same way with more going wrong on it."""
        return Way(
            input=self.input,
            injections=self.injections + injections,
            choose=self.choose,
        )


@dataclass(slots=True)
class Trace:
    """What one run did."""

    root: Execution
    executions: dict[str, Execution]
    """The root and the children of distributed Maps that had a reply, by ARN."""
    calls: list[Call]
    """Every call of a task, in order."""
    stopped: str | None = None
    """Why the run could not go on to its end, if it could not."""

    @property
    def called(self) -> list[str]:
        """The states whose tasks were called, each once, in order."""
        return list(dict.fromkeys(call.state for call in self.calls))


class Source(Mocks):
    """Answers for tasks: injected faults before those of the table it stands before.

    It is mocks to the runner, of another origin: hence the inheritance.
    """

    def __init__(
        self,
        inner: Tasks | Mocks,
        tasks: Mapping[str, Asking],
        injections: Sequence[Injection],
        *,
        files: Callable[[StartTask], Answer] | None = None,
    ) -> None:
        super().__init__({})
        self._files = files
        """What reads and writes items; None: the runner, and no fault meets it."""
        self.inner = inner.fresh()
        self.tokens = inner.tokens
        self.asked: list[Call] = []
        self._tasks = tasks
        self._due = {injection.state: injection for injection in injections}

    def fresh(self) -> "Source":
        """This source itself: it is made for one run."""
        return self

    def binds(self, resource: str) -> bool:
        """Whether calls of a resource come here."""
        return self._files is not None or self.inner.binds(resource)

    def knows_activity(self, state: str, arn: str) -> bool:
        """Whether the table behind it knows an activity."""
        return self.inner.knows_activity(state, arn)

    def missing_for(self, resources: Any) -> list[str]:
        """The resources that the table behind it has no callable for."""
        return self.inner.missing_for(resources)

    def prepare(self, effect: StartTask, now: Instant) -> Job | Ready:
        """The injected answer, or the call that the table behind it makes."""
        name = effect.call.state
        self.asked.append(effect.call)
        injection, state = self._due.get(name), self._tasks.get(name)
        if (
            injection is None
            or state is None
            or not injection.fault.hits(effect, state)
        ):
            return self._usual(effect, now, state)
        if injection.once:
            del self._due[name]
        return Ready(injection.fault.answer(state, effect, now))

    def _usual(
        self, effect: StartTask, now: Instant, state: Asking | None
    ) -> Job | Ready:
        """What a call comes to where nothing goes wrong."""
        if (
            self._files is not None
            and isinstance(state, Map)
            and ":states:::s3:" in effect.resource
            and not self.inner.binds(effect.resource)
        ):
            return Ready(self._files(effect))
        return self.inner.prepare(effect, now)

    def note(self, effect: StartTask) -> None:
        """Use up the answer to a call that was answered in an earlier run."""
        self.inner.note(effect)


class World(Protocol):
    """A machine that can be run again and again, differently each time."""

    def run(self, way: Way) -> Trace:
        """One run on this way."""


class Given:
    """Runs with the callables or mocks that were given."""

    def __init__(
        self, machine: StateMachine, tasks: Tasks | Mocks, options: Mapping[str, Any]
    ) -> None:
        self.machine = machine
        self.tasks = tasks
        self.options = options
        self.states = asking_states(machine)
        buckets = options.get("buckets")
        self.files = partial(perform, folder=None if buckets is None else Path(buckets))

    def run(self, way: Way) -> Trace:
        """One run on this way; a missing mock ends it early where a fault led there."""
        source = Source(self.tasks, self.states, way.injections, files=self.files)
        seen: dict[str, Execution] = {}
        runner = make_runner(
            self.machine,
            way.input,
            tasks=source,
            on_reply=_keep(seen),
            **self.options,
        )
        try:
            runner.run()
        except UsageError as error:
            if not way.injections:
                raise
            return _trace(runner, source, seen, str(error))
        return _trace(runner, source, seen)


class Placeholders:
    """Runs with placeholders for results, as a dry run has them."""

    def __init__(
        self, machine: StateMachine, type: str, seed: int, visits: int = VISITS
    ) -> None:
        self.machine = machine
        self.type = type
        self.seed = seed
        self.visits = visits
        self.states = asking_states(machine)

    def run(self, way: Way) -> Trace:
        """One run on this way, until it ends or needs a value that nobody gave."""
        unknowns = Unknowns()
        watch = Watch(unknowns, self.visits, way.choose)
        given = unknowns.object(None, "$")
        if way.input is not None:
            given, _ = checked_input(way.input)
        arn = machine_arn(self.machine)
        root = Execution(
            watched_machine(self.machine, watch),
            given,
            name="faults",
            arn=arn_of("execution", arn, "faults"),
            machine_arn=arn,
            type=self.type,
            role_arn=DEFAULT_ROLE,
            seed=self.seed,
        )
        source = Source(_Unknown(self.states, unknowns), self.states, way.injections)
        seen: dict[str, Execution] = {}
        runner = Runner(root, source, clock=VirtualClock(), on_reply=_keep(seen))
        stopped = None
        try:
            runner.run()
        except Loops as loop:
            stopped = f"goes round at {loop.state!r}"
        except NeedsSample as need:
            stopped = _lacking(need)
        return _trace(runner, source, seen, stopped)


class _Unknown(Mocks):
    """Results of which only the documented shape is known."""

    def __init__(self, states: Mapping[str, Asking], unknowns: Unknowns) -> None:
        super().__init__({})
        self._states = states
        self._unknowns = unknowns

    def fresh(self) -> "_Unknown":
        """These answers: they are not used up."""
        return self

    def binds(self, resource: str) -> bool:
        """True: item readers and result writers are answered here too."""
        return True

    def knows_activity(self, state: str, arn: str) -> bool:
        """True: what is not known is there."""
        return True

    def prepare(self, effect: StartTask, now: Instant) -> Ready:
        """The result of one call, ready."""
        name, unknowns = effect.call.state, self._unknowns
        state = self._states.get(name)
        output: Json
        if isinstance(state, Task):
            output = documented_result(state.resource, unknowns, name)
        elif "ReaderConfig" in effect.payload:
            items = [unknowns.object(name, "$[0]")]
            output = {"Items": items, "Source": "STATE_DATA"}
        else:  # what a result writer says
            output = {k: unknowns.text(name, f"$.{k}", "string") for k in _WRITTEN}
        return Ready(Answer([(0, TaskSucceeded(effect.id, 0, output))]))


_WRITTEN = ("Bucket", "Key")


def _lacking(need: NeedsSample) -> str:
    lack = need.lack
    owner = "the input" if lack.state is None else f"what {lack.state!r} gives"
    return f"{need.state!r} needs {lack.path} of {owner}"


def task_states(machine: StateMachine) -> dict[str, Task]:
    """The Task states of a machine by name, nested ones too."""
    return {s.name: s for s in machine.all_states() if isinstance(s, Task)}


def _keep(seen: dict[str, Execution]) -> Any:
    def keep(execution: Execution, reply: Reply) -> None:
        seen[execution.arn] = execution

    return keep


def _trace(
    runner: Runner,
    source: Source,
    seen: dict[str, Execution],
    stopped: str | None = None,
) -> Trace:
    root = runner.root
    return Trace(root, {root.arn: root, **seen}, source.asked, stopped)
