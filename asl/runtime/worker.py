"""The worker's side of a pool: whole child executions, many in one job.

In: a Kit (what all children of a Map Run share) and Parts of its loads. Out: what the
children have come to, with what they would have told their parent.
Never: knows of the parent's agenda: every child has a clock of its own that starts at
the moment at which it was asked for, so it comes to the same wherever it runs.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from asl.engine.billing import Billing, add_up, bill
from asl.engine.distributed_results import NAME, SuccessTexts
from asl.engine.execution import Execution
from asl.engine.failed import TaskException
from asl.engine.load import Load
from asl.engine.messages import Block, ChildrenEnded, Instant, MapChild
from asl.engine.nested import failed_as
from asl.history import instant_to_datetime
from asl.model.machine import Branch
from asl.runtime.clock import Clock, SystemClock, VirtualClock
from asl.runtime.kit import Kit, Part, find_processor, unpack_kit, unpack_parts
from asl.runtime.pools import claim
from asl.runtime.runner import Runner
from asl.runtime.straight import go_straight
from asl.runtime.watch import Watch
from asl.tasks.answer import portable
from asl.tasks.result_writer import block_of
from asl.values import Json, json_text

_KEPT = 20
"""Exceptions that a job brings back; more are as good as these."""


@dataclass(slots=True)
class Done:
    """A job's answer."""

    ends: list[ChildrenEnded]
    billing: Billing
    seconds: float
    """How long the worker was at work."""
    exceptions: list[TaskException] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def run_packed(kit: bytes, parts: bytes, claimed: str | None = None) -> Done:
    """Run children in another process; under a claim, once at most."""
    keep_memory()
    if claimed is not None:
        claim(claimed)
    done = run_parts(unpack_kit(kit), unpack_parts(parts))
    done.exceptions = [
        replace(one, exception=portable(one.exception) or one.exception)
        for one in done.exceptions
    ]
    return done


@cache
def keep_memory() -> None:
    """Let the C library keep, for the next job, the memory that a job gives back.

    glibc hands the top of its heap back to the kernel whenever more of it is free than
    twice the largest piece that was ever given back. Here is such a piece (no page of
    it is ever touched). Without it, the same pages are taken and filled with zeros job
    after job: 7 % of the time with two processes. It holds for the whole process from
    then on: a worker, or whoever has workers elsewhere. With another C library it does
    nothing.
    """
    bytes(30_000_000)


def run_parts(kit: Kit, parts: Sequence[Part]) -> Done:
    """Run children, one after another, each on a clock of its own."""
    began = time.perf_counter()
    processor = find_processor(kit.machine, kit.pointer)
    assert processor is not None, "the parent has found it, too"
    done = Done([], _NOTHING, 0)
    billings: list[Billing] = []
    with Watch(kit.real_limit_seconds) as watch:
        for part in parts:
            results = _Results(kit, part, done.ends)
            for place, child in _children(kit, part.load, processor):
                _run(child, kit, part.now, watch, done)
                results.add(child, place)
                billings.append(bill(child))
            results.flush()
    done.billing = add_up(billings)
    done.seconds = time.perf_counter() - began
    return done


def _children(
    kit: Kit, load: Load, processor: Branch
) -> Iterator[tuple[int, Execution]]:
    """The children of a load, each with its place; none has begun."""
    before, after = kit.arn.split(NAME)
    children = zip(load.name_texts(), load.inputs(), strict=True)
    for place, (name, value) in enumerate(children, load.place):
        arn = f"{before}{name}{after}"
        iterations = (*kit.iterations, (kit.map_name, place))
        yield (
            place,
            Execution(
                processor,
                value,
                name,
                arn,
                kit.machine_arn,
                kit.type,
                kit.role_arn,
                f"{kit.seed}#{arn}",
                kit.machines,
                kit.machine_types,
                kit.source.knows_activity,
                MapChild(arn, None, iterations, kit.map_run_arn),
                load.bound,
            ),
        )


def _run(
    execution: Execution, kit: Kit, now: Instant, watch: Watch, done: Done
) -> None:
    """Run a child to its end."""
    clock: Clock | None = None
    if not kit.is_virtual:
        clock = SystemClock()
        now = clock.now()
    effects, answer = execution.start(now), None
    if execution.status != "RUNNING":
        return
    if clock is None:
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

    def __init__(self, kit: Kit, part: Part, ends: list[ChildrenEnded]) -> None:
        self._kit = kit
        written = kit.written
        self._as_records = written is not None and written.transformation == "NONE"
        self._number = part.id
        self._ends = ends
        self._place = part.load.place
        self._moments = (0, 0)
        self._outputs: list[Json] = []
        self._texts: list[str] = []
        self._records: SuccessTexts | None = None

    def add(self, execution: Execution, place: int) -> None:
        """The child at the next place has ended."""
        ended_at = execution.ended_at or 0
        moments = (execution.started_at, ended_at)
        succeeded = execution.status == "SUCCEEDED"
        if moments != self._moments or not succeeded:
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
        if not self._as_records:
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
