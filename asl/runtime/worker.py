"""The worker's side of a pool: whole child executions, many in one job.

In: a Kit (what all children of a Map Run share) and their names and inputs. Out: what
each has come to, with what it would have told its parent.
Never: knows of the parent's agenda: every child has a clock of its own that starts at
the moment at which it was asked for, so it comes to the same wherever it runs.

A Kit crosses to another process as bytes, once a Map Run; the machine is built there
from its definition, and kept by those bytes.
"""

import importlib
import importlib.util
import marshal
import pickle
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from asl.engine.billing import Billing
from asl.engine.execution import Execution, TaskException
from asl.engine.messages import Instant, MapChild
from asl.history import instant_to_datetime
from asl.model.build import build_machine
from asl.model.machine import Branch, StateMachine
from asl.model.states import Map
from asl.runtime.clock import Clock, SystemClock, VirtualClock
from asl.runtime.pools import claim
from asl.runtime.runner import Runner
from asl.runtime.watch import Watch
from asl.source.document import Document
from asl.tasks.answer import portable
from asl.tasks.registry import Tasks
from asl.tasks.storage import Where
from asl.values import Json, json_text

Start = tuple[str, str, int, Json]
"""A child to be run: its name, its ARN, its place in item order, its input."""

End = tuple[str, Json, str | None, str | None, Instant, Billing]
"""What became of it: status, output (or texts), error, cause, when, what it costs."""

MARSHAL = 4
"""The format in which inputs travel: the same in every Python that we run on."""

_KEPT = 20
"""Exceptions that a job brings back; more are as good as these."""


@dataclass(frozen=True, slots=True)
class Kit:
    """What the children of one Map Run share."""

    machine: StateMachine
    pointer: str
    """Where in the machine the Map's processor stands."""
    source: Tasks
    machines: Mapping[str, StateMachine]
    machine_types: Mapping[str, str]
    type: str
    role_arn: str
    machine_arn: str
    map_run_arn: str
    iterations: tuple[tuple[str, int], ...]
    """Where the Map Run stands."""
    map_name: str
    as_text: bool
    seed: int | str
    is_virtual: bool
    buckets: Where
    real_limit_seconds: float

    def pack(self) -> bytes:
        """The Kit as bytes; raises what pickle raises for what it refuses."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        fields["machine"] = _Definition.of(self.machine)
        fields["machines"] = {
            arn: _Definition.of(machine) for arn, machine in self.machines.items()
        }
        fields["machine_types"] = dict(self.machine_types)
        return pickle.dumps((_sources(self.source), pickle.dumps(fields)))


@dataclass(slots=True)
class Done:
    """A job's answer."""

    ends: list[End]
    seconds: float
    """How long the worker was at work."""
    exceptions: list[TaskException] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Definition:
    """A machine on its way."""

    name: str
    definition: Json

    @classmethod
    def of(cls, machine: StateMachine) -> "_Definition":
        return cls(machine.name, machine.definition)

    def built(self) -> StateMachine:
        """The machine again: it was checked before it left."""
        document = Document(self.definition, text="", file=None, format="value")
        machine, _ = build_machine(document, self.name)
        assert machine is not None, "it was one before"
        return machine


def find_processor(machine: StateMachine, pointer: str) -> Branch | None:
    """The processor of the distributed Map that stands at a place in the machine."""
    for state in machine.all_states():
        if isinstance(state, Map) and state.pointer == pointer:
            return state.processor
    return None


def _sources(source: Tasks) -> dict[str, str]:
    """The files of the modules that the callables are imported from, by name."""
    found = {}
    for _, function in source.callables():
        name = getattr(function, "__module__", None) or ""
        file = getattr(sys.modules.get(name), "__file__", None)
        if file is not None and name != "__main__":
            found[name] = str(Path(file).resolve())
    return found


def _make_importable(name: str, file: str) -> None:
    """Let a module be found as the parent has found it: beside it are others."""
    folder = str(Path(file).parents[name.count(".")])
    if folder not in sys.path and Path(folder).is_dir():
        sys.path.append(folder)
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        spec = importlib.util.spec_from_file_location(name, file)
        if error.name != name or spec is None or spec.loader is None:
            raise
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)


@lru_cache(maxsize=16)
def _unpack(packed: bytes) -> Kit:
    sources, inner = pickle.loads(packed)
    for name, file in sources.items():
        _make_importable(name, file)
    fields = pickle.loads(inner)
    fields["machine"] = fields["machine"].built()
    fields["machines"] = {arn: one.built() for arn, one in fields["machines"].items()}
    return Kit(**fields)


def run_packed(
    packed: bytes, starts: bytes, now: Instant, claimed: str | None = None
) -> Done:
    """Run children in another process; under a claim, once at most."""
    if claimed is not None:
        claim(claimed)
    return run_children(_unpack(packed), marshal.loads(starts), now, elsewhere=True)


def run_children(
    kit: Kit, starts: Sequence[Start], now: Instant, *, elsewhere: bool = False
) -> Done:
    """Run children, one after another, each on a clock of its own."""
    began = time.perf_counter()
    processor = find_processor(kit.machine, kit.pointer)
    assert processor is not None, "the parent has found it, too"
    done = Done([], 0)
    with Watch(kit.real_limit_seconds) as watch:
        for start in starts:
            execution = _run(kit, processor, start, now, watch, done)
            done.ends.append(_end(kit, execution))
    if elsewhere:
        done.exceptions = [
            replace(one, exception=portable(one.exception) or one.exception)
            for one in done.exceptions
        ]
    done.seconds = time.perf_counter() - began
    return done


def _run(
    kit: Kit, processor: Branch, start: Start, now: Instant, watch: Watch, done: Done
) -> Execution:
    name, arn, place, value = start
    where = (*kit.iterations, (kit.map_name, place))
    execution = Execution(
        processor,
        value,
        name=name,
        arn=arn,
        machine_arn=kit.machine_arn,
        type=kit.type,
        role_arn=kit.role_arn,
        seed=f"{kit.seed}#{arn}",
        machines=kit.machines,
        machine_types=kit.machine_types,
        knows_activity=kit.source.knows_activity,
        child=MapChild(arn, None, where, kit.map_run_arn, kit.as_text),
    )
    clock: Clock | None = None
    if not kit.is_virtual:
        clock = SystemClock()
        now = clock.now()
    effects = execution.start(now)
    if execution.running:
        if clock is None:
            clock = VirtualClock(instant_to_datetime(now))
        runner = Runner(
            execution,
            kit.source,
            clock=clock,
            buckets=kit.buckets,
            real_limit_seconds=kit.real_limit_seconds,
        )
        runner.family.machine = kit.machine
        runner.caller.watch = watch
        runner.go_on(effects)
        done.exceptions += execution.exceptions[: _KEPT - len(done.exceptions)]
        done.warnings += [one for one in execution.warnings if one not in done.warnings]
    return execution


def _end(kit: Kit, execution: Execution) -> End:
    output = execution.output
    if kit.as_text and execution.status == "SUCCEEDED":
        output = [json_text(execution.input), json_text(output)]
    return (
        execution.status,
        output,
        execution.error,
        execution.cause,
        execution.ended_at or 0,
        execution.billing,
    )
