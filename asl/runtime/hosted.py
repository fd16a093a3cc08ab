"""Hosted: one execution among others, driven by whoever brings it news.

In: commands (begin, stop, let time pass) and answers to its tasks, from any thread.
Out: the execution moved on, and its host told of what was born and what has ended.
Never: waits for another thread: who finds the execution at work leaves the news with
the one who is at it. So a handler may call back, for its own execution too.

In virtual time an execution goes on by itself only as far as no time passes. Time
passes when somebody lets it (`pass_time`, `advance`), and then not beyond a limit (a
time-out, a heartbeat, TimeoutSeconds of a machine) of something that somebody outside
may still answer: an open task token, a task that no worker has taken up.
"""

import queue
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from asl.engine.distributed import MapRun
from asl.engine.execution import Execution
from asl.engine.messages import (
    LIMIT_ID,
    Instant,
    Reply,
    StartExecution,
    StopRequested,
    TimerFired,
)
from asl.errors import AslError, InternalError
from asl.model.failure import RUNTIME
from asl.model.machine import StateMachine
from asl.runtime.answers import absorb
from asl.runtime.caller import Delivery, Told
from asl.runtime.clock import Clock, VirtualClock
from asl.runtime.family import Family
from asl.runtime.runner import Runner
from asl.runtime.waiting import wait_seconds
from asl.runtime.watch import Watch
from asl.tasks.answer import Answer
from asl.tasks.mocks import Mocks
from asl.tasks.registry import Tasks
from asl.tasks.storage import Where

if TYPE_CHECKING:
    from asl.runtime.host import Host

Command: TypeAlias = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Born:
    """An execution that another one has started."""

    execution: Execution
    parent: Execution
    asked: str
    """The ARN under which its machine was asked for."""


@dataclass(slots=True)
class News:
    """What has happened since a host was last told."""

    began: list[Born | MapRun] = field(default_factory=list)
    """In order: a nested machine, its Map Run, that one's children."""
    ended: list[Execution] = field(default_factory=list)
    """Children before those who wait for them."""

    def __bool__(self) -> bool:
        return bool(self.began or self.ended)


class Hosted:
    """A Runner of its own, a lock, and what was posted for it meanwhile."""

    def __init__(
        self,
        host: "Host",
        execution: Execution,
        source: Tasks | Mocks,
        *,
        clock: Clock,
        pool: Executor | None,
        buckets: Where,
        machine: StateMachine | None,
    ) -> None:
        self.host = host
        self.root = execution
        self.clock = clock
        self.limit_seconds = host.real_limit_seconds
        self.runner = Runner(
            execution,
            source,
            clock=clock,
            machine=machine,
            pool=pool,
            buckets=buckets,
            real_limit_seconds=host.real_limit_seconds,
        )
        self.runner.family = _WatchedFamily(execution, machine, self)
        self.runner.caller.inbox = _Inbox(self)
        self.news = News()
        """What its host was not told of yet."""
        self.stuck: Exception | None = None
        """Why it cannot go on: the caller of our library erred, or we did."""
        self.is_over = False
        """Whether nothing of it goes on any more."""
        self._began = False
        self._posts: deque[Command] = deque()
        self._lock = threading.Lock()

    # ------------------------------------------------------------------- from outside

    def post(self, command: Command | None = None) -> None:
        """Do a command, and what is due, now; or leave it with who is at work here.

        Raises InternalError for a bug of ours, to whoever drives when it shows.
        """
        if command is not None:
            self._posts.append(command)
        while True:
            if not self._lock.acquire(blocking=False):
                if command is not None:
                    self._inbox.nudge()
                return
            try:
                self._work()
            finally:
                self._lock.release()
            # What came while the lock was being released has nobody else.
            if not self._posts and (self._is_still or self._inbox.empty()):
                return

    def begin(self) -> None:
        """Command: start the execution."""
        self._began = True
        self._guard(self.runner.begin)

    def stop(self, execution: Execution, error: str | None, cause: str | None) -> None:
        """Command: end one of its executions as ABORTED."""
        for index, running in list(self.runner.family.running.items()):
            if running is execution:
                self._end(index, error, cause, "ABORTED")
        if not self.is_over and not (self.stuck and self.root.running):
            self._give_up()
            self._check_over()

    def pass_time(self) -> None:
        """Command: let virtual time pass until it ends or stands still."""
        while not self._is_still:
            due = self.find_due()
            if not self._stands_still(due):
                self._guard(self.runner.deliver_next)
            elif self._inbox.empty():  # or another thread has just put something in
                break
            self._settle()
        self._give_up()

    def pass_to(self, moment: Instant) -> None:
        """Command: let virtual time pass up to a moment, whatever is due until then."""
        while not self._is_still:
            due = self.find_due()
            if due is None or due > moment:
                break
            self._guard(self.runner.deliver_next)
            self._settle()
        if isinstance(self.clock, VirtualClock):
            self.clock.jump(moment)
        self._give_up()

    def find_due(self) -> Instant | None:
        """When the next thing is due that matters."""
        if self._is_still:
            return None
        return self.runner.agenda.find_next(self.runner.family.running)

    # ----------------------------------------------------------------- under the lock

    @property
    def _inbox(self) -> "_Inbox":
        inbox = self.runner.caller.inbox
        assert isinstance(inbox, _Inbox), "it was set when the execution came here"
        return inbox

    @property
    def _is_still(self) -> bool:
        """Whether it does not go on by itself, whatever comes."""
        return self.is_over or self.stuck is not None or not self._began

    def _work(self) -> None:
        with Watch(self.limit_seconds) as watch:
            self.runner.caller.watch = watch
            try:
                self._settle()
            finally:
                self._tell()
        self.host.plan(self)

    def _settle(self) -> None:
        """Do what was posted, and what is due without time passing."""
        runner = self.runner
        while True:
            if self._posts:
                self._posts.popleft()()
            elif self._is_still:
                break
            elif not self._inbox.empty():
                self._guard(lambda: absorb(runner, *self._inbox.get()))
            else:
                due = self.find_due()
                if due is None or due > self.clock.now():
                    break
                self._guard(runner.deliver_next)
            if self.news:
                self._tell()
        if self.stuck is not None and not self.host.is_virtual:
            self._give_up()
        if self._began and not self.is_over and self.stuck is None:
            self._check_over()

    def _check_over(self) -> None:
        """Close it if nothing of it runs; who ends leaves the family, but the root.

        What it started goes on without it for as long as somebody may answer.
        """
        if not self.root.running and len(self.runner.family.running) == 1:
            self.is_over = True
            self.runner.close()

    def _guard(self, step: Callable[[], object]) -> None:
        """Take a step; what our caller or we did wrong stops the execution here."""
        try:
            step()
        except InternalError as error:
            self._broken(error)
            raise
        except AslError as error:
            self.stuck = error
        except Exception as error:
            self._broken(error)
            raise InternalError(f"{type(error).__name__}: {error}") from error

    def _broken(self, error: Exception) -> None:
        self.stuck = error
        self.is_over = True
        self.host.dropped(self)

    def _give_up(self) -> None:
        """Time would have to pass, and it cannot go on: it fails."""
        if self.stuck is None or self.is_over:
            return
        # The first is the eldest; those that it waits for end with it, as ABORTED.
        for index in list(self.runner.family.running):
            self._end(index, RUNTIME, str(self.stuck), "FAILED")
        self._check_over()

    def _end(
        self, index: int, error: str | None, cause: str | None, status: str
    ) -> None:
        execution = self.runner.family.running.get(index)
        if self.is_over or execution is None or not execution.running:
            return
        reply = StopRequested(self.clock.now(), error, cause, status)

        def end() -> None:
            self.runner.perform(index, self.runner.tell(index, execution, reply))

        self._guard(end)

    def _stands_still(self, due: Instant | None) -> bool:
        """Whether no time can pass: the next thing is a limit, or nothing comes."""
        outside = self._outside()
        if not outside:
            runner = self.runner
            self._guard(lambda: wait_seconds(runner))  # UsageError: nobody answers
            return due is None or self.stuck is not None
        if due is None:
            return True
        index, reply = self.runner.agenda.first()
        if not isinstance(reply, TimerFired):
            return False
        if reply.id == LIMIT_ID:
            return True
        waiting = self.runner.family.running[index].waiting
        strand = waiting.get(reply.id)
        return any(
            strand is waiting.get(number) for at, number in outside if at == index
        )

    def _outside(self) -> set[tuple[int, int]]:
        """Tasks that only somebody outside can answer."""
        runner = self.runner
        if not runner.tokens:
            return set()
        opened = set(runner.tokens) - runner.never - set(runner.caller.in_flight)
        return opened - runner.agenda.answers()

    def _tell(self) -> None:
        news, self.news = self.news, News()
        self.host.moved(self, news)


class _WatchedFamily(Family):
    """A family whose births and deaths are told to its host."""

    __slots__ = ("_hosted",)

    def __init__(
        self, root: Execution, machine: StateMachine | None, hosted: Hosted
    ) -> None:
        super().__init__(root, machine)
        self._hosted = hosted
        root.map_runs = _MapRuns(hosted)

    @property
    def is_watched(self) -> bool:
        """True: by its host."""
        return True

    def bear(
        self, index: int, effect: StartExecution, unborn: Execution | None = None
    ) -> tuple[int, Execution]:
        """Make the execution that one asks for; versions share their machine's ARN."""
        asked = effect.machine_arn
        if effect.child is None and asked.count(":") > _COLONS:
            plain = ":".join(asked.split(":")[: _COLONS + 1])
            effect = replace(effect, machine_arn=plain)
        number, child = super().bear(index, effect, unborn)
        child.map_runs = _MapRuns(self._hosted)
        born = Born(child, self.running[index], asked)
        self._hosted.news.began.append(born)
        return number, child

    def bury(self, index: int, execution: Execution) -> tuple[int, Reply] | None:
        """An execution has ended."""
        self._hosted.news.ended.append(execution)
        return super().bury(index, execution)


_COLONS = 6
"""In the ARN of a machine without version or alias."""


class _MapRuns(list[MapRun]):
    """Hears of Map Runs for the host, and keeps none: each knows its execution."""

    def __init__(self, hosted: Hosted) -> None:
        super().__init__()
        self._hosted = hosted

    def append(self, run: MapRun) -> None:
        """A Map Run has begun."""
        self._hosted.news.began.append(run)


class _Inbox(queue.SimpleQueue[Delivery]):
    """An inbox that has its execution driven, whoever puts something in."""

    def __init__(self, hosted: Hosted) -> None:
        self._hosted = hosted

    def put(
        self, item: Delivery, block: bool = True, timeout: float | None = None
    ) -> None:
        super().put(item)
        self._hosted.host.wake(self._hosted)

    def nudge(self) -> None:
        """Put in what is for nobody: a run that would go on sees that there is news."""
        super().put((-1, 0, Answer([]), Told(0)))
