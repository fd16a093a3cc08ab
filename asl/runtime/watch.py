"""A limit in real time for callables that really block.

In: a limit in seconds. Out: `Blocked` raised inside a callable that holds up a run
longer than that.
Never: measures virtual time, or touches a run that is quick.

On the main thread an interval timer interrupts even a sleeping callable; one timer
serves a whole run, and looks, when it fires, for how long the present callable has been
at work. Its signal handler is installed once and hands on what is not ours: installing
it for every run would cost more than a short run itself. Elsewhere (other threads,
Windows, a timer of somebody else's) callables run on a helper thread with the limit as
its patience.
"""

import signal
import threading
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from asl.errors import UsageError

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

_HAS_TIMERS = hasattr(signal, "setitimer")

A = TypeVar("A")
B = TypeVar("B")
T = TypeVar("T")


class Blocked(BaseException):
    """A callable has held up a run beyond the limit; no handler swallows it."""


class Watch:
    """Limits the real time of each call made through it, while it is entered."""

    __slots__ = ("_helper", "is_armed", "limit_seconds", "since")

    def __init__(self, limit_seconds: float) -> None:
        self.limit_seconds = limit_seconds
        self.since: float | None = None
        """When the present call began (time.monotonic); None: there is none.

        Whoever calls sets it, once the timer is armed.
        """
        self.is_armed = False
        """Whether the process's one timer is this run's."""
        self._helper: ThreadPoolExecutor | None = None

    def __enter__(self) -> "Watch":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.is_armed:
            signal.setitimer(signal.ITIMER_REAL, 0)
            _Alarm.watch = None
            self.is_armed = False
        if self._helper is not None:
            self._helper.shutdown(wait=False, cancel_futures=True)

    def arm(self) -> bool:
        """Start the run's one timer; False: calls must go by `call_elsewhere`."""
        if self._helper is None and _Alarm.take(self):
            self.is_armed = True
        return self.is_armed

    def blocked(self, state: str) -> UsageError:
        """Why a run ends whose callable does not come back."""
        return UsageError(
            f"the callable of state {state!r} has been at work for "
            f"{self.limit_seconds:g} real seconds; use context.advance(seconds) "
            "to take virtual time, or raise real_limit_seconds"
        )

    def fired(self) -> None:
        """The timer has come: raise where a call is over the limit, or wait on."""
        spent = 0.0 if self.since is None else time.monotonic() - self.since
        if spent >= self.limit_seconds * 0.999:
            self.since = None
            raise Blocked
        signal.setitimer(signal.ITIMER_REAL, self.limit_seconds - spent)

    def call_elsewhere(self, function: Callable[[A, B], T], first: A, second: B) -> T:
        """Call a function on the helper thread; Blocked once it is over the limit."""
        if self._helper is None:
            from concurrent.futures import ThreadPoolExecutor  # 7 ms, seldom needed

            self._helper = ThreadPoolExecutor(1, "asl-callable")
        future = self._helper.submit(function, first, second)
        try:
            return future.result(self.limit_seconds)
        except TimeoutError:
            if future.done():
                raise  # the callable's own
            raise Blocked from None


class _Alarm:
    """The process's one alarm: whose it is now, and who had it before us."""

    watch: Watch | None = None
    before: Any = None

    @classmethod
    def take(cls, watch: Watch) -> bool:
        """Set it for a run; False where there is none, or it is somebody else's."""
        if not _HAS_TIMERS or threading.get_ident() != threading.main_thread().ident:
            return False
        if signal.getsignal(signal.SIGALRM) != cls.ring:
            if signal.getitimer(signal.ITIMER_REAL)[0]:
                return False
            cls.before = signal.signal(signal.SIGALRM, cls.ring)
        theirs = signal.setitimer(signal.ITIMER_REAL, watch.limit_seconds)
        if theirs[0]:
            signal.setitimer(signal.ITIMER_REAL, *theirs)
            return False
        cls.watch = watch
        return True

    @classmethod
    def ring(cls, number: int, frame: FrameType | None) -> None:
        """SIGALRM: ours while a run is watched, else whoever's it was."""
        if cls.watch is not None:
            cls.watch.fired()
        elif callable(cls.before):
            cls.before(number, frame)
