"""The caller: has callables called, here or on a pool.

In: StartTask effects. Out: Answers, at once or through the inbox.
Never: decides when an answer is delivered; the runner does.
"""

import queue
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from asl.engine.messages import Instant, StartTask, TaskFailed
from asl.runtime.clock import Clock
from asl.runtime.watch import Blocked, Watch
from asl.tasks.answer import Answer, Job, Ready

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

    from asl.runtime.crew import Shipment
    from asl.runtime.pools import Workers
    from asl.runtime.worker import Done
    from asl.tasks.buckets import Buckets
    from asl.tasks.mocks import Mocks
    from asl.tasks.registry import Tasks
    from asl.tasks.storage import Where

READS_OR_WRITES = ":states:::s3:"
"""In the Resource of a distributed Map's reader or writer, and of nothing else."""


class Flight(Protocol):
    """A call at work elsewhere: a future, or a task of an event loop."""

    def cancel(self) -> bool:
        """Let it not begin; whether that could still be."""


@dataclass(slots=True)
class Told:
    """Stands where a StartTask would, for answers that come by token."""

    id: int


Delivery: TypeAlias = tuple[
    int, Instant, "Answer | Done | BaseException", "StartTask | Told | Shipment"
]
"""(execution, moment of asking, answer, what it answers)."""


class Caller:
    """The tasks of one run: what is bound, what is at work, what has come back."""

    def __init__(
        self,
        source: "Tasks | Mocks",
        clock: Clock,
        pool: "Executor | None",
        buckets: "Where",
        real_limit_seconds: float,
    ) -> None:
        self.source = source
        self.clock = clock
        self.pool = pool
        self._workers: Workers | None = None
        self.where = buckets
        self._buckets: Buckets | None = None
        """Made for the first reader or writer of the run."""
        self.real_limit_seconds = real_limit_seconds
        self.watch = Watch(real_limit_seconds)
        self.how = None if clock.is_virtual else time.sleep
        """How context.advance lets time pass: by the agenda, or really."""
        self.awaiting: Callable[[int, Instant, StartTask, Job], None] | None = None
        """Has async callables awaited, where an event loop is running."""
        self.in_flight: dict[tuple[int, int], Flight] = {}
        self.inbox: queue.SimpleQueue[Delivery] = queue.SimpleQueue()

    def start(self, index: int, now: Instant, effect: StartTask) -> Answer | None:
        """Have a task called; its answer, or None where it comes by the inbox."""
        resource = effect.resource
        if READS_OR_WRITES in resource and not self.source.binds(resource):
            if self._buckets is None:
                from asl.tasks.buckets import Buckets  # only a distributed Map has any

                self._buckets = Buckets(self.where)
            return self._buckets.perform(effect)
        job = self.source.prepare(effect, now)
        if isinstance(job, Ready):
            return job.answer
        return self.submit(index, now, effect, job)

    def submit(
        self, index: int, now: Instant, effect: StartTask, job: Job
    ) -> Answer | None:
        """Run a job here, or hand it to the pool."""
        if self.awaiting is not None and job.is_async:
            self.awaiting(index, now, effect, job)
            return None
        if self.pool is None:
            return self.call(effect, job)
        from asl.runtime.pools import is_dask, is_processes

        if is_dask(self.pool):  # other machines get children only
            return self.call(effect, job)
        if effect.call.token is not None and is_processes(self.pool):
            return self.call(effect, job)  # only this process can be told of its answer
        future = self.workers.submit(run_job, job, self.how)
        self.in_flight[index, effect.id] = future
        future.add_done_callback(
            lambda done: self.inbox.put((index, now, _outcome(done), effect))
        )
        return None

    @property
    def workers(self) -> "Workers":
        """The pool, which there has to be, and what takes its place when it breaks."""
        if self._workers is None:
            from asl.runtime.pools import Workers  # who has no pool needs none of it

            assert self.pool is not None, "who asks has a pool"
            self._workers = Workers(self.pool)
        return self._workers

    def lost(self, effect: StartTask, error: BaseException) -> Answer:
        """What a task says whose worker is gone; any other error is raised."""
        if self.pool is None or not self.workers.lost_by(error):
            raise error
        from asl.runtime.pools import WORKER_LOST

        self.workers.renew(error)
        cause = "The worker that ran the task is gone."
        return Answer([(0, TaskFailed(effect.id, 0, WORKER_LOST, cause))])

    def call(self, effect: StartTask, job: Job) -> Answer:
        """Run a job here, within the limit of real time."""
        how, watch = self.how, self.watch
        if how is not None:
            return run_job(job, how)  # in real time a callable may take its time
        try:
            if not watch.is_armed and not watch.arm():
                return watch.call_elsewhere(run_job, job, how)
            watch.since = time.monotonic()
            try:
                return run_job(job, how)
            finally:
                watch.since = None
        except Blocked:
            raise watch.blocked(effect.call.state) from None

    def cancel(self, index: int, number: int) -> None:
        """Nobody waits for an id any more: it need not begin, if it has not yet."""
        future = self.in_flight.get((index, number))
        if future is not None and future.cancel():
            self.in_flight.pop((index, number), None)

    def close(self, *, at_once: bool = False) -> None:
        """Begin nothing more, and leave no stream or file open.

        At once: without waiting for what the workers are at.
        """
        if self._workers is not None:
            self._workers.close(at_once=at_once or bool(self.in_flight))
        for future in self.in_flight.values():
            future.cancel()
        if self._buckets is not None:
            self._buckets.close()


def run_job(job: Job, how: Callable[[float], None] | None) -> Answer:
    """Run a job to its answer, on whatever thread or process this is."""
    if job.plan.is_async:
        from asl.runtime.pools import run_coroutine

        return run_coroutine(job.run_async(how))
    return job.run(how)


def _outcome(future: "Future[Answer]") -> Answer | BaseException:
    if future.cancelled():
        return Answer([])
    error = future.exception()
    return future.result() if error is None else error
