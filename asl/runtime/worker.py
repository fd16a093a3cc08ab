"""The worker's side of a pool: whole child executions, many in one job.

In: a Kit (what all children of a Map Run share) and a Load of them. Out: what they have
come to, with what they would have told their parent.
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
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path

from asl.engine.billing import Billing, add_up
from asl.engine.distributed_results import NAME, SuccessTexts
from asl.engine.execution import Execution, TaskException
from asl.engine.load import Load, child_arn
from asl.engine.messages import (
    Block,
    ChildrenEnded,
    Instant,
    MapChild,
    StartChildren,
    Written,
)
from asl.engine.nested import failed_as
from asl.engine.page import Page
from asl.history import instant_to_datetime
from asl.model.build import build_machine
from asl.model.machine import Branch, StateMachine
from asl.model.states import Map
from asl.runtime.clock import Clock, SystemClock, VirtualClock
from asl.runtime.pools import claim
from asl.runtime.runner import Runner
from asl.runtime.straight import go_straight
from asl.runtime.watch import Watch
from asl.source.document import Document
from asl.tasks.answer import portable
from asl.tasks.mocks import Mocks
from asl.tasks.registry import Tasks
from asl.tasks.result_writer import block_of
from asl.tasks.storage import Where
from asl.values import Json, json_text

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
    source: Tasks | Mocks
    machines: Mapping[str, StateMachine]
    machine_types: Mapping[str, str]
    type: str
    role_arn: str
    machine_arn: str
    map_run_arn: str
    iterations: tuple[tuple[str, int], ...]
    """Where the Map Run stands."""
    map_name: str
    written: Written | None
    """How their results are written; None: their outputs are wanted."""
    seed: int | str
    is_virtual: bool
    buckets: Where
    real_limit_seconds: float

    @classmethod
    def of(
        cls,
        effect: StartChildren,
        parent: Execution,
        machine: StateMachine,
        source: Tasks | Mocks,
        *,
        is_virtual: bool,
        buckets: Where,
        real_limit_seconds: float,
    ) -> "Kit":
        """What the children that an effect asks for share."""
        return cls(
            machine=machine,
            pointer=effect.pointer,
            source=source,
            machines=parent.machines,
            machine_types=parent.machine_types,
            type=effect.type,
            role_arn=parent.role_arn,
            machine_arn=effect.machine_arn,
            map_run_arn=effect.map_run_arn,
            iterations=effect.iterations,
            map_name=effect.map_name,
            written=effect.written,
            seed=parent.seed,
            is_virtual=is_virtual,
            buckets=buckets,
            real_limit_seconds=real_limit_seconds,
        )

    @property
    def arn(self) -> str:
        """The ARN of a child with NAME for a name."""
        return child_arn(self.type, self.machine_arn, NAME, self.map_run_arn)

    def records(self, started: Instant, ended: Instant) -> SuccessTexts:
        """The records of children that began and ended at the same moments."""
        return SuccessTexts(self.arn, self.machine_arn, started, ended)

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

    ends: list[ChildrenEnded]
    billing: Billing
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


def _sources(source: Tasks | Mocks) -> dict[str, str]:
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


def pack_load(load: Load) -> bytes:
    """A load as bytes; marshal takes a quarter of the time that pickle does."""
    page = [load.page.items, load.page.columns, load.page.delimiter]
    rest = [load.batch, load.frame, load.counts, load.bound, load.place, load.names]
    return marshal.dumps([page, rest], MARSHAL)


def run_packed(
    packed: bytes, load: bytes, number: int, now: Instant, claimed: str | None = None
) -> Done:
    """Run children in another process; under a claim, once at most."""
    if claimed is not None:
        claim(claimed)
    page, rest = marshal.loads(load)
    given = Load(Page(*page), *rest)
    return run_load(_unpack(packed), given, number, now, elsewhere=True)


@cache
def keep_memory() -> None:
    """Let the C library keep, for the next job, the memory that a job gives back.

    glibc hands the top of its heap back to the kernel whenever more of it is free than
    twice the largest piece that was ever given back. Here is such a piece (no page of
    it is ever touched). Without it, the same pages are taken and filled with zeros job
    after job: 7 % of the time with two processes. Elsewhere this does nothing.
    """
    bytes(30_000_000)


def run_load(
    kit: Kit, load: Load, number: int, now: Instant, *, elsewhere: bool = False
) -> Done:
    """Run children, one after another, each on a clock of its own.

    `number` is the effect that asked for them.
    """
    began = time.perf_counter()
    keep_memory()
    processor = find_processor(kit.machine, kit.pointer)
    assert processor is not None, "the parent has found it, too"
    done = Done([], _NOTHING, 0)
    billings: list[Billing] = []
    results = _Results(kit, number, load.place, done.ends)
    before, after = kit.arn.split(NAME)
    with Watch(kit.real_limit_seconds) as watch:
        children = zip(load.name_texts(), load.inputs(), strict=True)
        for place, (name, value) in enumerate(children, load.place):
            arn = f"{before}{name}{after}"
            child = Execution(
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
                child=MapChild(
                    arn,
                    None,
                    (*kit.iterations, (kit.map_name, place)),
                    kit.map_run_arn,
                ),
                input_bound=load.bound,
            )
            _run(child, kit, now, watch, done)
            results.add(child, place)
            billings.append(child.billing)
    results.flush()
    done.billing = add_up(billings)
    if elsewhere:
        done.exceptions = [
            replace(one, exception=portable(one.exception) or one.exception)
            for one in done.exceptions
        ]
    done.seconds = time.perf_counter() - began
    return done


def _run(
    execution: Execution, kit: Kit, now: Instant, watch: Watch, done: Done
) -> None:
    """Run a child to its end."""
    clock: Clock | None = None
    if not kit.is_virtual:
        clock = SystemClock()
        now = clock.now()
    effects, answer = execution.start(now), None
    if execution.running and clock is None:
        effects, answer = go_straight(execution, effects, kit.source, watch, now)
    if execution.running:
        if clock is None:
            clock = VirtualClock(instant_to_datetime(now))
        runner = Runner(
            execution,
            kit.source,
            clock=clock,
            machine=kit.machine,
            buckets=kit.buckets,
            real_limit_seconds=kit.real_limit_seconds,
        )
        runner.caller.watch = watch
        runner.go_on(effects, answer)
        done.exceptions += execution.exceptions[: _KEPT - len(done.exceptions)]
        done.warnings += [one for one in execution.warnings if one not in done.warnings]


class _Results:
    """What children come to: those that end alike, one after another, are put together.

    They begin and end at the same moments, so that their records share all else.
    """

    def __init__(
        self, kit: Kit, number: int, place: int, ends: list[ChildrenEnded]
    ) -> None:
        self._kit = kit
        self._number = number
        self._ends = ends
        self._place = place
        self._moments = (0, 0)
        self._outputs: list[Json] = []
        self._texts: list[str] = []
        self._records: SuccessTexts | None = None

    def add(self, execution: Execution, place: int) -> None:
        """The child at the next place has ended."""
        ended_at = execution.ended_at or 0
        moments = (execution.started_at, ended_at)
        succeeded = execution.status == "SUCCEEDED"
        if not succeeded or moments != self._moments:
            self.flush()
            self._place, self._moments = place, moments
        if not succeeded:
            failure = failed_as(
                self._number, execution.status, execution.error, execution.cause
            )
            self._ends.append(
                ChildrenEnded(self._number, ended_at, place, 1, None, failure)
            )
            self._place += 1
            return
        written = self._kit.written
        if written is None or written.transformation != "NONE":
            self._outputs.append(execution.output)
            return
        if self._records is None:
            self._records = self._kit.records(*moments)
        self._texts.append(
            self._records.text(
                execution.name,
                json_text(execution.input),
                json_text(execution.output),
            )
        )

    def flush(self) -> None:
        """Those so far are put together; others begin."""
        count = len(self._outputs) or len(self._texts)
        if not count:
            return
        outputs: list[Json] | Block = self._outputs
        written = self._kit.written
        if written is not None:
            outputs = block_of(self._texts, self._outputs, written)
        at = self._moments[1]
        self._ends.append(ChildrenEnded(self._number, at, self._place, count, outputs))
        self._place += count
        self._outputs, self._texts, self._records = [], [], None


_NOTHING = add_up([])
