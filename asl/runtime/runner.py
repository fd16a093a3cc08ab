"""The runner: effects to callables, clock and child executions; answers back as
replies.

In: an Execution that has not begun, a table of tasks, a clock, perhaps a pool.
Out: the same Execution, ended; a Journal of what it was told.
Never: decides what happens next in a machine; the engine does.

One run is one inbox, one heap of things due and one clock for the execution and all
that it starts (nested machines, children of a distributed Map). What is due at one
moment is delivered in order of birth: (moment, execution, id, order of asking). Virtual
time jumps only while no callable is at work, so that threads cannot change the outcome.
"""

import queue
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from pathlib import Path
from typing import Any, assert_never

from asl.engine.execution import Execution
from asl.engine.messages import (
    Cancel,
    Effect,
    Instant,
    Reply,
    StartExecution,
    StartTask,
    StartTimer,
    StopRequested,
    TaskFailed,
    TaskSucceeded,
    TimerFired,
)
from asl.engine.nested import ended, submitted, waits_for_child
from asl.errors import ResumeError, UsageError
from asl.runtime.clock import Clock, VirtualClock
from asl.runtime.journal import Journal
from asl.runtime.pools import sleep
from asl.runtime.watch import Blocked, Watch
from asl.tasks.answer import Answer, Job, Ready, call_plain
from asl.tasks.buckets import perform
from asl.tasks.mocks import Mocks
from asl.tasks.registry import Tasks

_READS_OR_WRITES = ":states:::s3:"
"""In the Resource of a distributed Map's reader or writer, and of nothing else."""

MAX_NESTED = 64
"""Machines inside machines; AWS has no such number, but an endless descent must end."""


@dataclass(frozen=True, slots=True)
class TaskException:
    """What a callable raised, with its traceback, and in which state and attempt."""

    state: str
    attempt: int
    exception: BaseException


@dataclass(slots=True)
class Parent:
    """Who started an execution, and what it asked for."""

    index: int
    effect: StartExecution
    depth: int


class Runner:
    """Drives one Execution, and all that it starts, to an end."""

    def __init__(
        self,
        root: Execution,
        source: Tasks | Mocks,
        *,
        clock: Clock,
        pool: Executor | None = None,
        buckets: Path | None = None,
        real_limit_seconds: float = 60,
        on_reply: Callable[[Execution, Reply], None] | None = None,
        replay: Journal | None = None,
    ) -> None:
        self.root = root
        self.source = source.fresh()
        self.clock = clock
        self.pool = pool
        self.buckets = buckets
        self.watch = Watch(real_limit_seconds)
        self.real_limit_seconds = real_limit_seconds
        self.on_reply = on_reply
        self.journal = Journal()
        self.executions: dict[int, Execution] = {0: root}
        self.parents: dict[int, Parent] = {}
        self.children: dict[tuple[int, int], int] = {}
        """(parent, effect id) → child."""
        self.born = 1
        self.heap: list[tuple[Instant, int, int, int, Reply]] = []
        self.order = 0
        self.timers: set[tuple[int, int]] = set()
        """Timers that keep a run alive and are not cancelled."""
        self.tokens: dict[tuple[int, int], str] = {}
        self.never: set[tuple[int, int]] = set()
        """Mocked tasks that will not answer, on purpose."""
        self.in_flight: dict[tuple[int, int], Future[Answer]] = {}
        self.inbox: queue.SimpleQueue[
            tuple[int, Instant, Answer | BaseException, Any]
        ] = queue.SimpleQueue()
        self.how = None if clock.is_virtual else sleep
        """How context.advance lets time pass: by the heap, or really."""
        self.told_early: dict[tuple[int, int], list[tuple[Instant, Answer]]] = {}
        """Answers by token that came before their task's own answer did."""
        self.straight = clock.is_virtual and pool is None and replay is None
        """Whether a lone task may be called and answered without the heap."""
        self.replay = replay
        self._answered: set[tuple[int, int]] = set()

    # ------------------------------------------------------------------- the one loop

    def run(self) -> Execution:
        """Drive the execution to its end."""
        with self.watch:
            try:
                self.begin()
                while self.alive():
                    self.step()
            finally:
                self.close()
        return self.root

    def begin(self) -> None:
        """Start the execution, or bring it to where the replayed replies end."""
        if self.replay is not None:
            self._replay(self.replay)
        else:
            self.perform(0, self.root.start(self.clock.now()))

    def alive(self) -> bool:
        """Whether there is anything left to do."""
        if self.root.running:
            return True
        # A machine that was started and not waited for goes on by itself.
        return len(self.executions) > 1 and (
            bool(self.timers or self.in_flight)
            or not self.inbox.empty()
            or any(
                entry[1] in self.executions and not isinstance(entry[4], TimerFired)
                for entry in self.heap
            )
        )

    def step(self) -> None:
        """Take one thing: an answer from a pool, or what is due next."""
        wait = self.wait_seconds()
        if wait != 0:
            self.take(wait)
        elif not self.inbox.empty():
            self.absorb(*self.inbox.get())
        else:
            self.deliver_next()

    def wait_seconds(self) -> float | None:
        """0: something can be delivered now; a number: wait so long for the inbox.

        None: wait for the inbox with the real limit as patience. Raises UsageError when
        nothing can ever come.
        """
        if not self.inbox.empty():
            return 0
        self._drop_cancelled()
        if self.clock.is_virtual:
            if self.in_flight:
                return None
            if not self.heap:
                raise self._nobody_answers()
            if self.heap[0][4].__class__ is TimerFired and not self._has_purpose():
                raise self._nobody_answers()
            return 0
        if not self.heap:
            return None
        return max(0.0, (self.heap[0][0] - self.clock.now()) / 1_000_000)

    def take(self, wait: float | None) -> None:
        """Wait for one answer from elsewhere, at most so long."""
        limit = self.real_limit_seconds if wait is None else wait
        try:
            got = self.inbox.get(timeout=limit)
        except queue.Empty:
            if wait is None:
                raise self.waited_too_long() from None
            return
        self.absorb(*got)

    def deliver_next(self) -> None:
        """Deliver what is due first."""
        due, index, _, _, reply = heappop(self.heap)
        if isinstance(self.clock, VirtualClock):
            self.clock.jump(due)
        now = self.clock.now()
        reply.at = max(now, due)
        self.deliver(index, reply)

    def deliver(self, index: int, reply: Reply) -> None:
        """Write a reply down, give it to its execution, do what follows."""
        execution = self.executions.get(index)
        if execution is None or not execution.running:
            return
        if isinstance(reply, TimerFired):
            self.timers.discard((index, reply.id))
        elif isinstance(reply, (TaskSucceeded, TaskFailed)):
            self.forget(index, reply.id)
        self.perform(index, self.tell(index, execution, reply))

    def tell(self, index: int, execution: Execution, reply: Reply) -> list[Effect]:
        """Write a reply down, then believe it."""
        self.journal.entries.append((index, reply))
        effects = execution.receive(reply)
        if self.on_reply is not None:
            self.on_reply(execution, reply)
        return effects

    # ------------------------------------------------------------------------ effects

    def perform(self, index: int, effects: list[Effect]) -> None:
        """Do what an execution asks for; what that starts is done in turn."""
        todo: deque[tuple[int, list[Effect]]] = deque()
        while True:
            final = None
            if self.straight and effects:
                newest = effects[-1]
                if isinstance(newest, StartTask):
                    final = newest
                    effects.pop()
            for effect in effects:
                match effect:
                    case StartTask():
                        self.start_task(index, effect)
                    case StartTimer(id=number, due=due):
                        self.push(due, index, TimerFired(number, due))
                        if not effect.implicit:
                            self.timers.add((index, number))
                    case Cancel(id=number):
                        todo += self.cancel(index, number)
                    case StartExecution():
                        todo += self.start_execution(index, effect)
                    case _:
                        assert_never(effect)
            # A child may have been stopped, and be gone, before its first effects.
            execution = self.executions.get(index)
            if execution is not None:
                if final is not None:
                    reply = self.call_at_once(index, final, alone=not todo)
                    if reply is not None:
                        effects = self.tell(index, execution, reply)
                        continue
                if not execution.running:
                    self.finished(index, execution)
            if not todo:
                return
            index, effects = todo.popleft()

    def call_at_once(
        self, index: int, effect: StartTask, *, alone: bool
    ) -> TaskSucceeded | None:
        """Start a task; its reply, where it answers at once and is the next thing due.

        That spares the heap the most frequent case; the order is the same.
        """
        if (
            not alone
            or effect.call.token is not None
            or _READS_OR_WRITES in effect.resource
        ):
            self.start_task(index, effect)
            return None
        now = self.clock.now()
        answer = self.answer_now(effect, now)
        if (
            isinstance(answer, TaskSucceeded)
            and (not self.heap or self.heap[0][0] > now)
            and self.inbox.empty()
        ):
            answer.at = now
            return answer
        if isinstance(answer, TaskSucceeded):
            answer = Answer([(0, answer)])
        self.absorb(index, now, answer, effect)
        return None

    def answer_now(self, effect: StartTask, now: Instant) -> Answer | TaskSucceeded:
        """What a task says that is called here and now."""
        plan = self.source.find_plain(effect.resource)
        if plan is not None and self.watch.begin():
            try:
                return call_plain(plan, effect, now)
            except Blocked:
                raise self._blocked(effect.call.state) from None
            finally:
                self.watch.end()
        job = self.source.prepare(effect, now)
        answer = job.answer if isinstance(job, Ready) else self.call(effect, job)
        if len(answer.says) == 1 and answer.waits == "no":
            (after, reply) = answer.says[0]
            if (
                isinstance(reply, TaskSucceeded)
                and not after
                and answer.exception is None
                and answer.warning is None
            ):
                return reply
        return answer

    def push(self, due: Instant, index: int, reply: Reply) -> None:
        """Put a reply where it will be delivered at its moment."""
        self.order += 1
        number = 0 if isinstance(reply, StopRequested) else reply.id
        heappush(self.heap, (due, index, number, self.order, reply))

    def start_task(self, index: int, effect: StartTask) -> None:
        """Have a callable called, here or on the pool."""
        key = (index, effect.id)
        if key in self._answered:
            self.source.note(effect)
            return
        now = self.clock.now()
        if effect.call.token is not None:
            self.open_token(key, effect.call.token)
        if _READS_OR_WRITES in effect.resource and not self.source.binds(
            effect.resource
        ):
            self.absorb(index, now, perform(effect, self.buckets), effect)
            return
        job = self.source.prepare(effect, now)
        if isinstance(job, Ready):
            self.absorb(index, now, job.answer, effect)
        else:
            self.submit(index, now, effect, job)

    def submit(self, index: int, now: Instant, effect: StartTask, job: Job) -> None:
        """Run a job inline, or hand it to the pool."""
        if self.pool is None:
            self.absorb(index, now, self.call(effect, job), effect)
            return
        how = self.how
        future = self.pool.submit(run_job, job, how)
        self.in_flight[index, effect.id] = future
        future.add_done_callback(
            lambda done: self.inbox.put((index, now, _outcome(done), effect))
        )

    def call(self, effect: StartTask, job: Job) -> Answer:
        """Run a job here, within the limit of real time."""
        how, watch = self.how, self.watch
        if how is not None:
            return run_job(job, how)  # in real time a callable may take its time
        try:
            if not watch.begin():
                return watch.call_elsewhere(run_job, job, how)
            try:
                return run_job(job, how) if job.plan.is_async else job.run(how)
            finally:
                watch.end()
        except Blocked:
            raise self._blocked(effect.call.state) from None

    def absorb(
        self, index: int, asked: Instant, answer: Answer | BaseException, effect: Any
    ) -> None:
        """Put what a call said on the heap, each reply at its moment."""
        if isinstance(answer, BaseException):
            raise answer
        key = (index, effect.id)
        if isinstance(effect, _Told) and key in self.in_flight:
            self.told_early.setdefault(key, []).append((asked, answer))
            return
        self.in_flight.pop(key, None)
        execution = self.executions.get(index)
        if execution is None:
            return
        if answer.exception is not None:
            call = effect.call
            raised = TaskException(call.state, call.attempt, answer.exception)
            self.root.exceptions.append(raised)
            if execution is not self.root:
                execution.exceptions.append(raised)
        if answer.warning is not None and answer.warning not in self.root.warnings:
            self.root.warnings.append(answer.warning)
        if answer.waits == "never":
            self.never.add(key)
        # Under a real clock the last word is said now, however long it took to say.
        now = 0 if self.clock.is_virtual else self.clock.now()
        last = len(answer.says) - 1
        for place, (after, reply) in enumerate(answer.says):
            due = asked + after
            self.push(max(due, now) if place == last else due, index, reply)
        for moment, told in self.told_early.pop(key, ()):
            self.absorb(index, moment, told, _Told(effect.id))

    def open_token(self, key: tuple[int, int], token: str) -> None:
        """Accept answers to a token from any handler or thread."""

        def deliver(after: int, reply: Reply) -> None:
            answer = Answer([(after, reply)])
            self.inbox.put((key[0], self.clock.now(), answer, _Told(key[1])))

        self.tokens[key] = token
        self.source.tokens.open(token, deliver, id=key[1])

    def cancel(self, index: int, number: int) -> list[tuple[int, list[Effect]]]:
        """Nobody waits for an id: forget it, and stop the child behind it."""
        self.forget(index, number)
        self.timers.discard((index, number))
        future = self.in_flight.get((index, number))
        if future is not None and future.cancel():
            self.in_flight.pop((index, number), None)
        child = self.children.pop((index, number), None)
        execution = None if child is None else self.executions.get(child)
        if child is None or execution is None or not execution.running:
            return []
        stop = StopRequested(self.clock.now())
        self.journal.entries.append((child, stop))
        return [(child, execution.receive(stop))]

    def forget(self, index: int, number: int) -> None:
        """A task has ended: nobody may answer its token any more."""
        self.never.discard((index, number))
        token = self.tokens.pop((index, number), None)
        if token is not None:
            self.source.tokens.close(token)

    # ----------------------------------------------------------------- child executions

    def start_execution(
        self, index: int, effect: StartExecution
    ) -> list[tuple[int, list[Effect]]]:
        """Begin another machine's execution under this one."""
        depth = self.parents[index].depth + 1 if index in self.parents else 1
        if depth > MAX_NESTED:
            raise UsageError(
                f"state {effect.call.state!r} starts machines inside machines, more "
                f"than {MAX_NESTED} deep: does a machine start itself?"
            )
        child = make_child(self.executions[index], effect)
        number, self.born = self.born, self.born + 1
        self.executions[number] = child
        self.parents[number] = Parent(index, effect, depth)
        self.children[index, effect.id] = number
        if effect.call.token is not None:
            self.open_token((index, effect.id), effect.call.token)
        now = self.clock.now()
        effects = child.start(now)
        for reply in submitted(effect, child):
            self.push(now, index, reply)
        return [(number, effects)]

    def finished(self, index: int, execution: Execution) -> None:
        """An execution has ended: tell its parent, and forget it."""
        for key in [key for key in self.timers if key[0] == index]:
            self.timers.discard(key)
        parent = self.parents.pop(index, None)
        if parent is None:
            return
        del self.executions[index]
        self.executions[parent.index if parent.index in self.executions else 0].bill(
            execution
        )
        self.children.pop((parent.index, parent.effect.id), None)
        if waits_for_child(parent.effect) and parent.index in self.executions:
            self.push(self.clock.now(), parent.index, ended(parent.effect, execution))

    # ------------------------------------------------------------------------- resuming

    def _replay(self, journal: Journal) -> None:
        """Feed the replies of an earlier run; ask only for what they leave open."""
        self._answered = {
            (index, reply.id)
            for index, reply in journal
            if isinstance(reply, (TaskSucceeded, TaskFailed))
        }
        told: list[tuple[int, int, type]] = []
        self.perform(0, self.root.start(self.clock.now()))
        for index, reply in journal:
            if isinstance(self.clock, VirtualClock):
                self.clock.jump(reply.at)
            if isinstance(reply, StopRequested):
                continue  # whoever stopped it has been told, and has done so again
            if index not in self.executions:
                raise ResumeError(
                    f"the replies speak of execution {index}, which this definition "
                    "does not start"
                )
            told.append((index, reply.id, type(reply)))
            self.deliver(index, reply)
        self._answered = set()
        rest = []
        for entry in sorted(self.heap):
            number = getattr(entry[4], "id", 0)
            key = (entry[1], number, type(entry[4]))
            if key in told:
                told.remove(key)
            else:
                rest.append(entry)
        self.heap = rest
        heapify(self.heap)

    # ------------------------------------------------------------------- when it sticks

    def _drop_cancelled(self) -> None:
        """Remove what nobody waits for from the top of the heap."""
        heap = self.heap
        while heap:
            _, index, number, _, reply = heap[0]
            execution = self.executions.get(index)
            if execution is not None and execution.running:
                if not isinstance(reply, TimerFired) or number == 1:
                    return
                if (index, number) in self.timers:
                    return
            heappop(heap)

    def _has_purpose(self) -> bool:
        """Whether a timer is set that may change something, or a mock never answers."""
        if self.timers or self.never:
            return True
        return any(not isinstance(entry[4], TimerFired) for entry in self.heap)

    def _nobody_answers(self) -> UsageError:
        waiting = [
            self.executions[index].waiting[number].state
            for index, number in self.tokens
            if index in self.executions and number in self.executions[index].waiting
        ]
        names = ", ".join(sorted({repr(s.name) for s in waiting if s is not None}))
        return UsageError(
            f"nobody will answer the token of {names or 'a task'}: nothing is pending "
            "and no timer is set. Call tasks.succeed(token, output) or "
            "tasks.fail(token, error, cause) from a handler, or give the state "
            "TimeoutSeconds"
        )

    def _blocked(self, state: str) -> UsageError:
        return UsageError(
            f"the callable of state {state!r} has been at work for "
            f"{self.real_limit_seconds:g} real seconds; use context.advance(seconds) "
            "to take virtual time, or raise real_limit_seconds"
        )

    def waited_too_long(self) -> UsageError:
        """Why a run that nothing reached within the real limit cannot go on."""
        for index, number in self.in_flight:
            execution = self.executions.get(index)
            strand = None if execution is None else execution.waiting.get(number)
            if strand is not None and strand.state is not None:
                return self._blocked(strand.state.name)
        return self._nobody_answers()

    def close(self) -> None:
        """Leave nothing open behind a run."""
        for token in self.tokens.values():
            self.source.tokens.close(token)
        for future in self.in_flight.values():
            future.cancel()


@dataclass(slots=True)
class _Told:
    """Stands where a StartTask would, for answers that come by token."""

    id: int


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


def make_child(parent: Execution, effect: StartExecution) -> Execution:
    """The Execution that a StartExecution effect asks for."""
    arn = effect.machine_arn
    if effect.child is not None:
        own = effect.child.execution_arn
    elif effect.type == "EXPRESS":
        base = arn.replace(":stateMachine:", ":express:", 1)
        own = f"{base}:{effect.name}:{effect.id}"
    else:
        own = f"{arn.replace(':stateMachine:', ':execution:', 1)}:{effect.name}"
    return Execution(
        effect.machine,
        effect.input,
        name=effect.name,
        arn=own,
        machine_arn=arn,
        type=effect.type,
        role_arn=parent.role_arn,
        seed=f"{parent.seed}#{own}",
        machines=parent.machines,
        machine_types=parent.machine_types,
        knows_activity=parent.knows_activity,
        child=effect.child,
    )
