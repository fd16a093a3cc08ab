"""The host: executions side by side, in virtual or in real time.

In: Executions that have not begun, each with its table of tasks; commands for them.
Out: the same executions moved on; `moved` is told of each that was born or has ended.
Never: decides what happens next in a machine, or knows of names, requests and stores.

In virtual time there is no thread: whoever brings news (a start, an answer to a token,
a stop) drives the execution in the calling thread as far as no time passes. Time passes
for an execution when somebody looks at it, up to its end or until only somebody outside
can go on with it (see hosted.py); and for all of them by `advance`. Each has a clock of
its own that starts at the host's moment, which is the latest that any has reached.

In real time one thread drives, tasks run on a pool, and waits really wait.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Protocol

from asl.engine.execution import Execution
from asl.engine.messages import Instant
from asl.errors import UsageError
from asl.history import instant_to_datetime
from asl.model.machine import StateMachine
from asl.runtime.clock import Clock, VirtualClock
from asl.runtime.driver import Driver
from asl.runtime.hosted import Hosted, News
from asl.tasks.mocks import Mocks
from asl.tasks.registry import Tasks
from asl.tasks.storage import Where
from asl.tasks.tokens import microseconds

WORKERS = 64
"""Callables at work at once in real time, over all executions."""


class Moved(Protocol):
    """Who is told how executions move on."""

    def __call__(self, hosted: Hosted, news: News, /) -> None:
        """An execution has moved on; it is told after each of its steps that matter."""


class Host:
    """Executions side by side: started, told, looked at, stopped from any thread."""

    def __init__(
        self,
        clock: Clock,
        moved: Moved,
        *,
        workers: int = WORKERS,
        real_limit_seconds: float = 60,
    ) -> None:
        if clock.is_virtual and not isinstance(clock, VirtualClock):
            raise UsageError(f"a virtual clock is an asl.VirtualClock, not {clock!r}")
        self.clock = clock
        self._moved = moved
        self.real_limit_seconds = real_limit_seconds
        self.changed = threading.Condition()
        """Notified whenever an execution has moved on."""
        self.exceptions: list[Exception] = []
        """Bugs of ours that no caller was there to be told of."""
        self._live: dict[Hosted, None] = {}
        self._lock = threading.Lock()
        self._driver: Driver | None = None
        self._pool: ThreadPoolExecutor | None = None
        self.is_closed = False
        if not clock.is_virtual:
            self._pool = ThreadPoolExecutor(workers, "asl-task")
            self._driver = Driver(clock, self.exceptions)

    @property
    def is_virtual(self) -> bool:
        """Whether time passes only when somebody lets it."""
        return self.clock.is_virtual

    def live(self) -> list[Hosted]:
        """What has not come to its end, in the order of starting."""
        with self._lock:
            return list(self._live)

    def start(
        self,
        execution: Execution,
        source: Tasks | Mocks,
        *,
        buckets: Where = None,
        machine: StateMachine | None = None,
    ) -> Hosted:
        """Take an execution in; it begins with its command `begin`."""
        if self.is_closed:
            raise UsageError("the host is closed: it starts nothing any more")
        clock = _OwnClock(self) if self.is_virtual else self.clock
        hosted = Hosted(
            self,
            execution,
            source,
            clock=clock,
            pool=self._pool,
            buckets=buckets,
            machine=machine,
        )
        with self._lock:
            self._live[hosted] = None
        return hosted

    def look(self, hosted: Hosted) -> None:
        """Look at an execution: virtual time passes for it, as far as it can."""
        if self.is_virtual and not hosted.is_over:
            hosted.post(hosted.pass_time)

    def advance(self, seconds: float) -> None:
        """Let virtual time pass for all executions; what falls due happens in order."""
        if not isinstance(self.clock, VirtualClock):
            raise UsageError(
                "advance is for virtual time; a system clock goes by itself"
            )
        span = microseconds(seconds, "seconds")
        until = self.clock.now() + span
        starts = {hosted: hosted.clock.now() for hosted in self.live()}
        while True:
            following = self._next_within(starts, span)
            if following is None:
                break
            hosted, due = following
            hosted.post(partial(hosted.pass_to, due))
        for hosted, start in starts.items():
            hosted.post(partial(hosted.pass_to, start + span))
        self.jump(until)

    def _next_within(
        self, starts: dict[Hosted, Instant], span: int
    ) -> tuple[Hosted, Instant] | None:
        """The execution for which something is due soonest, and when."""
        best: tuple[int, Hosted, Instant] | None = None
        for hosted in self.live():
            start = starts.setdefault(hosted, hosted.clock.now())
            due = _due_of(hosted)
            if due is None or due - start > span:
                continue
            if best is None or due - start < best[0]:
                best = due - start, hosted, due
        return None if best is None else best[1:]

    def wait_for(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait in real time until executions have moved on so far; False if not."""
        with self.changed:
            return self.changed.wait_for(condition, seconds)

    def notify(self) -> None:
        """Something has changed that somebody may wait for."""
        with self.changed:
            self.changed.notify_all()

    def close(self) -> None:
        """Start nothing and drive nothing any more; what is at work may end."""
        self.is_closed = True
        if self._driver is not None:
            self._driver.close()
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
        self.notify()

    # ------------------------------------------------------------- for its executions

    def moved(self, hosted: Hosted, news: News) -> None:
        """An execution has moved on."""
        self._moved(hosted, news)
        if hosted.is_over:
            self.dropped(hosted)
        self.notify()

    def dropped(self, hosted: Hosted) -> None:
        """Nothing of an execution goes on any more."""
        with self._lock:
            self._live.pop(hosted, None)
        if self._driver is not None:
            self._driver.forget(hosted)

    def wake(self, hosted: Hosted) -> None:
        """There is an answer in an execution's inbox."""
        if self._driver is not None:
            self._driver.wake(hosted)
        else:
            hosted.post()

    def plan(self, hosted: Hosted) -> None:
        """Have an execution driven again when its next timer is due."""
        if self._driver is not None:
            due = hosted.find_due()
            if due is not None:
                self._driver.plan(hosted, due)

    def jump(self, moment: Instant) -> None:
        """An execution has reached a moment: it is the host's, if it is the latest."""
        with self._lock:
            if isinstance(self.clock, VirtualClock):
                self.clock.jump(moment)


def _due_of(hosted: Hosted) -> Instant | None:
    """When something is due, or None: at once where it cannot go on; or at work."""
    found: list[Instant | None] = []
    hosted.post(lambda: found.append(hosted.find_due()))
    return found[0] if found else None


class _OwnClock(VirtualClock):
    """A hosted execution's clock, which takes the host's with it."""

    def __init__(self, host: Host) -> None:
        super().__init__(instant_to_datetime(host.clock.now()))
        self._host = host

    def jump(self, moment: Instant) -> None:
        """Let it be `moment`, for the host as well if that is later."""
        super().jump(moment)
        self._host.jump(moment)
