"""The driver: the one thread that moves executions on in real time.

In: executions that were woken, and moments at which one is to be driven.
Out: each driven, in turn. Never: runs a task; the pool does.
"""

import threading
from collections import deque
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

from asl.engine.messages import Instant
from asl.errors import InternalError
from asl.runtime.clock import Clock

if TYPE_CHECKING:
    from asl.runtime.hosted import Hosted


class Driver:
    """A thread that begins with the first news and ends with `close`."""

    def __init__(self, clock: Clock, exceptions: list[Exception]) -> None:
        self._clock = clock
        self._exceptions = exceptions
        self._woken: deque[Hosted] = deque()
        self._timers: list[tuple[Instant, int, Hosted]] = []
        self._planned: dict[Hosted, Instant] = {}
        self._order = 0
        self._news = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    def wake(self, hosted: "Hosted") -> None:
        """Drive an execution as soon as may be."""
        with self._news:
            self._woken.append(hosted)
            self._begin()

    def plan(self, hosted: "Hosted", due: Instant) -> None:
        """Drive an execution at a moment; the soonest that was asked for counts."""
        with self._news:
            planned = self._planned.get(hosted)
            if planned is not None and planned <= due:
                return
            self._planned[hosted] = due
            self._order += 1
            heappush(self._timers, (due, self._order, hosted))
            self._begin()

    def forget(self, hosted: "Hosted") -> None:
        """An execution has ended: it needs to be driven at no moment any more."""
        with self._news:
            if self._planned.pop(hosted, None) is None:
                return
            if len(self._timers) > 64 + 2 * len(self._planned):
                # What is due in a year would keep an ended execution as long.
                kept = [one for one in self._timers if self._is_planned(one)]
                heapify(kept)
                self._timers = kept

    def close(self) -> None:
        """Drive nothing any more; waits for the one that is being driven."""
        with self._news:
            self._closed = True
            self._news.notify()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _is_planned(self, entry: "tuple[Instant, int, Hosted]") -> bool:
        """Whether an entry is the one that counts for its execution."""
        return self._planned.get(entry[2]) == entry[0]

    def _begin(self) -> None:
        self._news.notify()
        if self._thread is None and not self._closed:
            self._thread = threading.Thread(
                target=self._run, name="asl-driver", daemon=True
            )
            self._thread.start()

    def _run(self) -> None:
        while (hosted := self._next()) is not None:
            try:
                hosted.post()
            except InternalError as error:
                self._exceptions.append(error)

    def _next(self) -> "Hosted | None":
        """The next to be driven; None once closed."""
        with self._news:
            while not self._closed:
                if self._woken:
                    return self._woken.popleft()
                wait = None
                if self._timers:
                    if not self._is_planned(self._timers[0]):
                        heappop(self._timers)
                        continue
                    due, _, hosted = self._timers[0]
                    wait = (due - self._clock.now()) / 1_000_000
                    if wait <= 0:
                        heappop(self._timers)
                        del self._planned[hosted]
                        return hosted
                self._news.wait(wait if wait is None else min(wait, _LONGEST))
            return None


_LONGEST = 3_600.0
"""Seconds that one wait may take: a year is more than a Condition can wait."""
