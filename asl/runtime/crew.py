"""The crew: a pool to which whole children of distributed Maps are sent.

In: StartExecution effects of a Map Run. Out: jobs on the pool, each of many children;
the children's replies, in the order in which they were asked for.
Never: lets results pile up: what waits, what is at work and what waits for its turn
are bounded; runs a Standard child twice that may have begun.

In virtual time the order of replies is that of a run without a pool: a child's reply is
delivered once all asked for before it have theirs, and time passes only when no job is
at work. So the outcome is the same, item by item, wherever the children run. (More
pages may have been read by the time that a Map Run fails.)

A job costs about as much whatever is in it; its size follows from what was measured.
"""

import copy
import marshal
import pickle
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from dataclasses import dataclass, field
from functools import partial

from asl.engine.billing import add_up
from asl.engine.execution import Execution
from asl.engine.messages import (
    Instant,
    Reply,
    StartExecution,
    TaskSucceeded,
)
from asl.engine.nested import failed_as
from asl.model.machine import StateMachine, walk_states
from asl.model.states import Map, Task
from asl.runtime.pools import Workers
from asl.runtime.worker import MARSHAL, Done, Kit, Start, run_children, run_packed
from asl.tasks.registry import Tasks
from asl.tasks.storage import Where

OVERHEAD = 0.1
"""What a job may cost beside its work."""
JOB_SECONDS = (0.02, 1.0)
"""A job takes between so much and so much, as far as can be told beforehand."""
JOB_BYTES = 2_000_000
LOST_AT_MOST = 4
"""So often is a job tried again that was with a worker that was lost."""
WORKER_LOST = "Asl.WorkerLost"


@dataclass(slots=True, eq=False)
class _Group:
    """The children of one Map Run, and what they share."""

    kit: Kit
    is_standard: bool
    packed: bytes | None
    size: int = 1
    """How many children go into the next job."""
    most: int = 1_000_000
    """More would be too many bytes."""


@dataclass(slots=True, eq=False)
class Load:
    """Children that travel together."""

    group: _Group
    index: int
    """Whose children they are."""
    ids: list[int]
    starts: list[Start]
    now: Instant
    sent: float = 0.0
    losses: int = 0
    answer: Done | None = None
    future: "Future[Done] | None" = None

    @property
    def id(self) -> int:
        """Under which it stands in an inbox: its first child's."""
        return self.ids[0]


@dataclass(slots=True)
class Figures:
    """What the crew has measured."""

    jobs: int = 0
    children: int = 0
    work_seconds: float = 0.0
    """At work, over all workers."""
    overhead_seconds: float = field(default=float("inf"))
    """What the cheapest job has cost beside its work."""
    lost: int = 0
    """Jobs whose worker was lost."""


class Crew:
    """The pool's jobs: what waits, what is at work, what waits for its turn."""

    def __init__(
        self,
        pool: Executor,
        source: Tasks,
        *,
        is_virtual: bool,
        buckets: Where,
        real_limit_seconds: float,
        came_back: Callable[[Load, "Done | BaseException"], None],
    ) -> None:
        self.workers = Workers(pool)
        self.source = copy.copy(source)  # runs of children are no runs of these tasks
        self.is_virtual = is_virtual
        self.buckets = buckets
        self.real_limit_seconds = real_limit_seconds
        self.figures = Figures()
        self._came_back = came_back
        self._groups: dict[str, _Group | None] = {}
        """By the ARN of the Map Run; None: its children do not travel."""
        self._waiting: deque[tuple[_Group, int, StartExecution, Instant]] = deque()
        self._jobs: deque[Load] = deque()
        """At work or done, in the order in which they were sent."""
        self._cancelled: set[tuple[int, int]] = set()

    # ---------------------------------------------------------------------- children in

    def takes(
        self,
        index: int,
        effect: StartExecution,
        now: Instant,
        *,
        parent: Execution,
        machine: StateMachine | None,
    ) -> bool:
        """Whether a child travels; then it is in the crew's hands."""
        child = effect.child
        assert child is not None, "only a Map Run's children travel"
        if child.again is not None:
            return False  # what a redrive goes on with is here
        arn = child.map_run_arn
        if arn not in self._groups:
            self._groups[arn] = self._group(effect, parent, machine)
        group = self._groups[arn]
        if group is None:
            return False
        self._waiting.append((group, index, effect, now))
        return True

    def _group(
        self, effect: StartExecution, parent: Execution, machine: StateMachine | None
    ) -> _Group | None:
        child = effect.child
        place = None if machine is None else _find_map(machine, effect)
        if child is None or machine is None or place is None:
            return None
        if any(
            isinstance(s, Task) and s.takes_token for s in walk_states(place.processor)
        ):
            return None  # only this process can be told of a token's answer
        kit = Kit(
            machine=machine,
            pointer=place.pointer,
            source=self.source,
            machines=parent.machines,
            machine_types=parent.machine_types,
            type=effect.type,
            role_arn=parent.role_arn,
            machine_arn=effect.machine_arn,
            map_run_arn=child.map_run_arn,
            iterations=child.iterations[:-1],
            map_name=child.iterations[-1][0],
            as_text=child.as_text,
            seed=parent.seed,
            is_virtual=self.is_virtual,
            buckets=self.buckets,
            real_limit_seconds=self.real_limit_seconds,
        )
        packed = None
        if not self.workers.is_here:
            try:
                packed = kit.pack()
            except (pickle.PicklingError, AttributeError, TypeError):
                return None  # of an executor that we know, run() has refused it
        return _Group(kit, effect.type == "STANDARD", packed)

    def cancel(self, index: int, number: int) -> None:
        """Nobody waits for a child any more."""
        if self._jobs or self._waiting:
            self._cancelled.add((index, number))

    # ------------------------------------------------------------------------- jobs out

    @property
    def is_busy(self) -> bool:
        """Whether a job is at work for somebody."""
        return bool(self._jobs)

    @property
    def wants_more(self) -> bool:
        """Whether more children would find work at once."""
        size = self._waiting[0][0].size if self._waiting else 1
        return len(self._waiting) < self.workers.count() * size

    def is_before(self, index: int, number: int) -> bool:
        """Whether a reply comes before all that are still awaited from the pool."""
        first = self._jobs[0]
        return index == first.index and number < first.id

    def send(self) -> None:
        """Send what waits, as far as the pool is to have it."""
        if self._cancelled:
            self._drop_cancelled()
        count = self.workers.count()
        while self._waiting and len(self._jobs) <= 2 * count:
            group, index, _, now = self._waiting[0]
            if len(self._jobs) >= count and len(self._waiting) < group.size:
                return  # more may come before a worker is free
            ids: list[int] = []
            starts: list[Start] = []
            while self._waiting and len(ids) < group.size:
                its_group, its_index, effect, _ = self._waiting[0]
                if its_group is not group or its_index != index:
                    break
                self._waiting.popleft()
                assert effect.child is not None, "only a Map Run's children travel"
                ids.append(effect.id)
                starts.append(
                    (
                        effect.name,
                        effect.child.execution_arn,
                        effect.child.iterations[-1][1],
                        effect.input,
                    )
                )
            job = Load(group, index, ids, starts, now)
            self._jobs.append(job)
            self._submit(job)

    def _drop_cancelled(self) -> None:
        self._waiting = deque(
            one for one in self._waiting if (one[1], one[2].id) not in self._cancelled
        )
        for job in list(self._jobs):
            if all((job.index, id) in self._cancelled for id in job.ids):
                self._jobs.remove(job)
                if job.future is not None:
                    job.future.cancel()
        if not self._jobs:
            self._cancelled.clear()

    def _submit(self, job: Load) -> None:
        group = job.group
        job.sent = time.perf_counter()
        if group.packed is None:
            future = self.workers.submit(run_children, group.kit, job.starts, job.now)
        else:
            starts = marshal.dumps(job.starts, MARSHAL)  # JSON alone: half of pickle
            group.most = max(1, len(job.ids) * JOB_BYTES // len(starts))
            group.size = min(group.size, group.most)
            claimed = None
            if group.is_standard and self.workers.reruns_by_itself:
                claimed = f"{group.kit.map_run_arn}#{job.starts[0][0]}"
            future = self.workers.submit(
                run_packed, group.packed, starts, job.now, claimed
            )
        job.future = future
        future.add_done_callback(partial(self._put, job))

    def _put(self, job: Load, future: "Future[Done]") -> None:
        """In whatever thread: a job has come back."""
        if job.future is not None and job.future is not future:
            return
        if future.cancelled():
            self._came_back(job, BrokenExecutor("the pool has cancelled the job"))
            return
        error = future.exception()
        self._came_back(job, future.result() if error is None else error)

    # --------------------------------------------------------------------- answers back

    def take(self, job: Load, answer: "Done | BaseException") -> list[Load]:
        """A job has come back; gives those whose turn has come, in order."""
        if job not in self._jobs:
            return []  # it was cancelled
        if isinstance(answer, BaseException):
            if not self.workers.lost_by(answer):
                raise answer
            self._lost(job, answer)
        else:
            job.answer = answer
            self._learn(job, answer)
        ready = []
        while self._jobs and self._jobs[0].answer is not None:
            ready.append(self._jobs.popleft())
        return ready

    def replies(self, job: Load) -> list[tuple[Instant, Reply]]:
        """What the parent hears of a job's children, each with its moment."""
        assert job.answer is not None, "it has come back"
        found: list[tuple[Instant, Reply]] = []
        for number, end in zip(job.ids, job.answer.ends, strict=True):
            status, output, error, cause, at, _ = end
            reply: Reply = TaskSucceeded(number, 0, output)
            if status != "SUCCEEDED":
                reply = failed_as(number, status, error, cause)
            if (job.index, number) not in self._cancelled:
                found.append((at, reply))
        return found

    def _learn(self, job: Load, done: Done) -> None:
        """Let the next jobs be as large as keeps the overhead small."""
        figures, group = self.figures, job.group
        count = len(job.ids)
        figures.jobs += 1
        figures.children += count
        figures.work_seconds += done.seconds
        beside = max(time.perf_counter() - job.sent - done.seconds, 0.0)
        figures.overhead_seconds = min(figures.overhead_seconds, beside)
        least, most = JOB_SECONDS
        wanted = min(max(figures.overhead_seconds / OVERHEAD, least), most)
        each = max(done.seconds / count, 1e-7)
        size = min(int(wanted / each), 4 * max(group.size, count), group.most)
        group.size = max(1, size)

    def _lost(self, job: Load, why: BaseException) -> None:
        """A worker is gone: its children run again, or fail where they must not."""
        self.figures.lost += 1
        job.losses += 1
        self.workers.renew(why)
        if job.losses <= LOST_AT_MOST and not job.group.is_standard:
            job.group.size = max(1, job.group.size // 2)
            self._submit(job)
            return
        cause = "The worker that ran the child execution is gone"
        if job.group.is_standard:
            cause += "; a Standard execution is run exactly once."
        else:
            cause += f", {job.losses} times."
        ends = [
            ("FAILED", None, WORKER_LOST, cause, job.now, _NOT_BILLED) for _ in job.ids
        ]
        job.answer = Done(list(ends), 0.0)

    def close(self) -> None:
        """Begin nothing more; workers that are ours stop."""
        busy = self.is_busy
        self._waiting.clear()
        jobs, self._jobs = self._jobs, deque()
        for job in jobs:
            if job.future is not None:
                job.future.cancel()
        self.workers.close(at_once=busy)


_NOT_BILLED = add_up([])


def _find_map(machine: StateMachine, effect: StartExecution) -> Map | None:
    """The Map whose child is asked for."""
    for state in machine.all_states():
        if isinstance(state, Map) and state.processor is effect.machine:
            return state
    return None
