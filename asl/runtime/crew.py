"""The crew: a pool to which whole children of distributed Maps are sent.

In: StartChildren effects of a Map Run. Out: jobs on the pool, each of some children;
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
import pickle
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Future
from dataclasses import dataclass, field, replace
from functools import partial
from uuid import uuid4

from asl.engine.billing import add_up
from asl.engine.load import Load
from asl.engine.messages import ChildrenEnded, Instant, StartChildren
from asl.engine.nested import failed_as
from asl.runtime.kit import Kit, Part, pack_parts
from asl.runtime.pools import WORKER_LOST, Workers
from asl.runtime.worker import Done, keep_memory, run_packed, run_parts

OVERHEAD = 0.1
"""What a job may cost beside its work."""
JOB_SECONDS = (0.06, 1.0)
"""A job is meant to take between so much and so much, where there are so many children
at a time."""
JOB_BYTES = 4_000_000
JOBS_EACH = 3
"""So many jobs for each worker are made of all children that there are at one time
(MaxConcurrency bounds them), unless these would be too small to be worth sending: while
results come back and more is read, no worker is without work."""
LOST_AT_MOST = 4
"""So often is a job tried again that was with a worker that was lost."""


@dataclass(slots=True, eq=False)
class _Group:
    """The children of one Map Run, and what they share."""

    kit: Kit
    is_standard: bool
    packed: bytes | None
    size: int = 1
    """How many children go into the next job."""
    enough: int = 1
    """With so many of them the cost beside the work is small."""
    most: int = 1_000_000
    """More would be too many bytes."""


@dataclass(slots=True, eq=False)
class _Waiting:
    """What is left of a load that waits."""

    group: _Group
    index: int
    """Whose children they are."""
    id: int
    """The effect that asked for them."""
    load: Load
    now: Instant
    begun: int = 0
    """So many of its children have been sent."""

    @property
    def left(self) -> int:
        """How many children wait."""
        return self.load.children - self.begun


@dataclass(slots=True, eq=False)
class Shipment:
    """Children that travel together."""

    group: _Group
    index: int
    parts: list[Part] = field(default_factory=list)
    cancelled: set[int] = field(default_factory=set)
    """Effects that nobody waits for; what their children say is not heard."""
    sent: float = 0.0
    losses: int = 0
    answer: Done | None = None
    future: "Future[Done] | None" = None

    @property
    def children(self) -> int:
        """How many there are."""
        return sum(part.load.children for part in self.parts)


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
        workers: Workers,
        came_back: Callable[[Shipment, "Done | BaseException"], None],
    ) -> None:
        if not workers.is_here:
            keep_memory()
        self.workers = workers
        self.figures = Figures()
        self._came_back = came_back
        self._groups: dict[tuple[int, str], _Group] = {}
        """By whose children they are, and the ARN of the Map Run."""
        self._most_in_hand = 0
        """How many children waited or were at work, at most so far."""
        self._waiting: deque[_Waiting] = deque()
        self._jobs: deque[Shipment] = deque()
        """At work or done, in the order in which they were sent."""

    # ---------------------------------------------------------------------- children in

    def take_in(
        self,
        index: int,
        effect: StartChildren,
        kit: Kit,
        now: Instant,
    ) -> None:
        """Take children in hand, of which the first ones' kit holds for all."""
        # Machines started twice under one name give their Map Runs one ARN.
        group = self._groups.get((index, effect.map_run_arn))
        if group is None:
            # Runs of children are no runs of these tasks.
            kit = replace(kit, source=copy.copy(kit.source))
            group = _Group(kit, effect.type == "STANDARD", self._pack(kit))
            self._groups[index, effect.map_run_arn] = group
        self._waiting.append(_Waiting(group, index, effect.id, effect.load, now))

    def _pack(self, kit: Kit) -> bytes | None:
        if self.workers.is_here:
            return None
        try:
            return kit.pack()
        except (pickle.PicklingError, AttributeError, TypeError):
            # Of an executor that we know, run() has refused it; another one may be
            # able to do without.
            return None

    def cancel(self, index: int, number: int) -> None:
        """Nobody waits for the children of an effect any more."""
        self._waiting = deque(
            one for one in self._waiting if (one.index, one.id) != (index, number)
        )
        for job in list(self._jobs):
            if job.index != index:
                continue
            job.cancelled.add(number)
            if job.cancelled.issuperset(part.id for part in job.parts):
                self._jobs.remove(job)
                if job.future is not None:
                    job.future.cancel()

    # ------------------------------------------------------------------------- jobs out

    @property
    def is_busy(self) -> bool:
        """Whether a job is at work for somebody."""
        return bool(self._jobs)

    @property
    def wants_more(self) -> bool:
        """Whether more children would find work at once."""
        size = self._waiting[0].group.size if self._waiting else 1
        return self._count_waiting() < self.workers.count() * size

    def _count_waiting(self) -> int:
        return sum(waiting.left for waiting in self._waiting)

    def _count_sent(self) -> int:
        return sum(job.children for job in self._jobs)

    def is_before(self, index: int, number: int) -> bool:
        """Whether a reply comes before all that are still awaited from the pool."""
        first = self._jobs[0]
        # Jobs of one effect come back in their order: what is told now is the first.
        return index == first.index and number <= first.parts[0].id

    def send(self) -> None:
        """Send what waits, as far as the pool is to have it."""
        count = self.workers.count()
        while self._waiting and len(self._jobs) <= 2 * count:
            head = self._waiting[0]
            waiting = self._count_waiting()
            # At most so far: those whose ends are still to be told are not in hand now.
            in_hand = waiting + self._count_sent()
            self._most_in_hand = max(self._most_in_hand, in_hand)
            share = self._most_in_hand // (JOBS_EACH * count)
            size = min(head.group.size, max(share, head.group.enough))
            if len(self._jobs) >= count and waiting < size:
                return  # more may come before a worker is free
            job = self._load_up(size)
            self._jobs.append(job)
            self._submit(job)

    def _load_up(self, size: int) -> Shipment:
        """The next job: so many of the children that wait, of one Map Run."""
        head = self._waiting[0]
        job = Shipment(head.group, head.index)
        while size and self._waiting and self._waiting[0].group is job.group:
            head = self._waiting[0]
            count = min(size, head.left)
            load = head.load.part(head.begun, count)
            job.parts.append(Part(head.id, load, head.now))
            head.begun += count
            size -= count
            if not head.left:
                self._waiting.popleft()
        return job

    def _submit(self, job: Shipment) -> None:
        group = job.group
        job.sent = time.perf_counter()
        if group.packed is None:
            future = self.workers.submit(run_parts, group.kit, job.parts)
        else:
            parts = pack_parts(job.parts)
            group.most = max(1, job.children * JOB_BYTES // len(parts))
            group.size = min(group.size, group.most)
            claimed = None
            if group.is_standard and self.workers.reruns_by_itself:
                claimed = uuid4().hex
            future = self.workers.submit(run_packed, group.packed, parts, claimed)
        job.future = future
        future.add_done_callback(partial(self._put, job))

    def _put(self, job: Shipment, future: "Future[Done]") -> None:
        """In whatever thread: a job has come back."""
        if job.future is not None and job.future is not future:
            return
        if future.cancelled():
            self._came_back(job, BrokenExecutor("the pool has cancelled the job"))
            return
        error = future.exception()
        self._came_back(job, future.result() if error is None else error)

    # --------------------------------------------------------------------- answers back

    def take(self, job: Shipment, answer: "Done | BaseException") -> list[Shipment]:
        """A job has come back; gives those whose turn has come, in order."""
        if job not in self._jobs:
            return []  # it was cancelled
        if isinstance(answer, BaseException):
            if not self.workers.lost_by(answer):
                raise self.workers.explained(answer)
            self._lost(job, answer)
        else:
            job.answer = answer
            self._learn(job, answer)
        ready = []
        while self._jobs and self._jobs[0].answer is not None:
            ready.append(self._jobs.popleft())
            ready[-1].future = None  # which holds the job: a cycle, so garbage for long
        return ready

    def _learn(self, job: Shipment, done: Done) -> None:
        """Let the next jobs be as large as keeps the overhead small."""
        figures, group = self.figures, job.group
        count = job.children
        figures.jobs += 1
        figures.children += count
        figures.work_seconds += done.seconds
        beside = max(time.perf_counter() - job.sent - done.seconds, 0.0)
        figures.overhead_seconds = min(figures.overhead_seconds, beside)
        least, most = JOB_SECONDS
        each = max(done.seconds / count, 1e-7)
        enough = min(figures.overhead_seconds / OVERHEAD, most)
        group.enough = max(1, int(enough / each))
        wanted = int(max(enough, least) / each)
        group.size = max(1, min(wanted, 4 * max(group.size, count), group.most))

    def _lost(self, job: Shipment, why: BaseException) -> None:
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
        failure = failed_as(job.parts[0].id, "FAILED", WORKER_LOST, cause)
        ends = [
            ChildrenEnded(part.id, part.now, place, 1, None, failure)
            for part in job.parts
            for place in range(part.load.place, part.load.place + part.load.children)
        ]
        job.answer = Done(ends, _NOT_BILLED, 0.0)

    def close(self) -> None:
        """Begin nothing more."""
        self._waiting.clear()
        jobs, self._jobs = self._jobs, deque()
        for job in jobs:
            if job.future is not None:
                job.future.cancel()


_NOT_BILLED = add_up([])
