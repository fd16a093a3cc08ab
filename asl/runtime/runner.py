"""The runner: effects to callables, clock and children; answers back as replies.

In: an Execution that has not begun, a table of tasks, a clock, perhaps a pool.
Out: the same Execution, ended; where a Journal is given, in it what was told.
Never: decides what happens next in a machine; the engine does.

One run is one inbox, one agenda and one clock for the execution and all that it starts
(nested machines, children of a distributed Map). Virtual time jumps only while no
callable is at work, so that threads cannot change the outcome.

The tables of a run are here, and the loop over them. What reads or fills them off the
loop stands beside it: answers.py, waiting.py, loads.py, resume.py.
"""

import queue
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, assert_never

from asl.engine.execution import Execution
from asl.engine.messages import (
    Cancel,
    Effect,
    Instant,
    Reply,
    StartChildren,
    StartExecution,
    StartTask,
    StartTimer,
    StopRequested,
    TaskFailed,
    TaskSucceeded,
    TimerFired,
)
from asl.engine.nested import ended, submitted
from asl.model.machine import StateMachine
from asl.runtime.agenda import Agenda
from asl.runtime.answers import absorb, open_token
from asl.runtime.caller import READS_OR_WRITES, Caller
from asl.runtime.clock import Clock, VirtualClock
from asl.runtime.family import Family, told_singly
from asl.runtime.journal import Journal
from asl.runtime.resume import resume
from asl.runtime.straight import go_straight
from asl.runtime.waiting import patience_seconds, wait_seconds, waited_too_long
from asl.tasks.answer import Answer
from asl.tasks.registry import Tasks

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from asl.runtime.crew import Crew
    from asl.tasks.mocks import Mocks
    from asl.tasks.storage import Where


class Runner:
    """Drives one Execution, and all that it starts, to an end."""

    def __init__(
        self,
        root: Execution,
        source: "Tasks | Mocks",
        *,
        clock: Clock,
        machine: StateMachine | None = None,
        pool: "Executor | None" = None,
        buckets: "Where" = None,
        real_limit_seconds: float = 60,
        on_reply: Callable[[Execution, Reply], None] | None = None,
        replay: Journal | None = None,
        journal: Journal | None = None,
        order_seed: int | None = None,
    ) -> None:
        self.root = root
        self.source = source.fresh()
        self.last_run = source.last_run
        self.clock = clock
        self.on_reply = on_reply
        self.replay = replay
        self.journal = journal
        """Where its replies are written down, if anybody wants them."""
        self.agenda = Agenda(order_seed)
        self.family = Family(root, machine)
        self.caller = Caller(self.source, clock, pool, buckets, real_limit_seconds)
        self.tokens: dict[tuple[int, int], str] = {}
        """Open task tokens by (execution, id)."""
        self.never: set[tuple[int, int]] = set()
        """Mocked tasks that will not answer, on purpose."""
        self.told_early: dict[tuple[int, int], list[tuple[Instant, Answer]]] = {}
        """Answers by token that came before their task's own answer did."""
        self.straight = (
            clock.is_virtual and pool is None and replay is None and order_seed is None
        )
        """Whether the agenda may be spared what answers, or ends, at once."""
        self.is_heard = on_reply is not None or journal is not None
        """Whether somebody is told of each reply."""
        self.crew: Crew | None = None
        """Where whole children go, once there is one that may."""
        self.may_travel = (
            pool is not None
            and type(self.source) is Tasks  # mocks are used up here, in order
            and replay is None
            and journal is None
            and order_seed is None
        )
        """Whether children of distributed Maps may run where the pool is."""
        self.storing: dict[tuple[int, int], bool] = {}
        """Readers and writers at work, by (execution, id): whether it is a reader."""
        self.answered: set[tuple[int, int]] = set()
        """While resuming: tasks whose answer the Journal holds."""

    # ------------------------------------------------------------------- the one loop

    def run(self) -> Execution:
        """Drive the execution to its end."""
        with self.caller.watch:
            try:
                self.begin()
                while self.alive():
                    self.step()
            finally:
                self.close()
        return self.root

    def go_on(self, effects: list[Effect], answer: Answer | None = None) -> None:
        """Drive an execution to its end that has begun, and asks for these effects.

        Where there is an answer, it is the one to the only effect.
        """
        try:
            self.agenda.set_limit(self.root.service_limit, 0)
            self.root.loads = self.which_loads()
            if answer is not None:
                self.absorb_only(0, effects, answer)
            else:
                self.perform(0, effects)
            while self.alive():
                self.step()
        finally:
            self.close()

    def begin(self) -> None:
        """Start the execution, or bring it to where the replayed replies end."""
        if self.replay is not None:
            resume(self, self.replay)
        else:
            self.start_root()

    def start_root(self) -> None:
        """Start the run's own execution."""
        self.last_run.begin(self.root)
        self.root.loads = self.which_loads()
        effects = self.root.start(self.clock.now())
        self.agenda.set_limit(self.root.service_limit, 0)
        self.perform(0, effects)

    def alive(self) -> bool:
        """Whether there is anything left to do."""
        if self.root.running:
            return True
        # A machine that was started and not waited for goes on by itself.
        running = self.family.running
        return len(running) > 1 and (
            bool(self.caller.in_flight)
            or (self.crew is not None and self.crew.is_busy)
            or not self.caller.inbox.empty()
            or self.agenda.has_work_for(running)
        )

    def step(self) -> None:
        """Take one thing: an answer from a pool, or what is due next."""
        wait = wait_seconds(self)
        if wait != 0:
            self.take(wait)
        elif not self.caller.inbox.empty():
            absorb(self, *self.caller.inbox.get())
        else:
            self.deliver_next()

    def take(self, wait: float | None) -> None:
        """Wait for one answer from elsewhere, at most so long."""
        limit = patience_seconds(self) if wait is None else wait
        try:
            got = self.caller.inbox.get(timeout=limit)
        except queue.Empty:
            if wait is None:
                raise waited_too_long(self) from None
            return
        absorb(self, *got)

    def deliver_next(self) -> None:
        """Deliver what is due first."""
        due, index, reply = self.agenda.pop()
        if isinstance(self.clock, VirtualClock):
            self.clock.jump(due)
        reply.at = max(self.clock.now(), due)
        self.deliver(index, reply)

    def deliver(self, index: int, reply: Reply) -> None:
        """Give a reply to its execution, and do what follows."""
        execution = self.family.running.get(index)
        if execution is None or not execution.running:
            return
        if isinstance(reply, TimerFired):
            self.agenda.cancel(index, reply.id)
        elif isinstance(reply, (TaskSucceeded, TaskFailed)):
            self.forget(index, reply.id)
        self.perform(index, self.tell(index, execution, reply))

    def tell(self, index: int, execution: Execution, reply: Reply) -> list[Effect]:
        """Write a reply down, if anybody wants that; then believe it."""
        if self.journal is not None:
            self.journal.entries.append((index, reply))
        effects = execution.receive(reply)
        if self.on_reply is not None:
            self.on_reply(execution, reply)
        return effects

    # ------------------------------------------------------------------------ effects

    def perform(self, index: int, effects: list[Effect]) -> None:
        """Do what an execution asks for; what that starts is done in turn."""
        todo: deque[tuple[int, list[Effect]]] = deque()
        running = self.family.running
        straight = self.straight and not self.is_heard
        while True:
            # A child may have been stopped, and be gone, before its first effects.
            execution = running.get(index)
            if straight and execution is not None and not todo:
                effects = self.answer_at_once(index, execution, effects)
            if effects:
                todo += self.do_each(index, effects)
            execution = running.get(index)
            if execution is not None and not execution.running:
                self.finished(index, execution)
            if not todo:
                if self.crew is not None:
                    self.crew.send()
                return
            index, effects = todo.popleft()

    def do_each(
        self, index: int, effects: list[Effect]
    ) -> list[tuple[int, list[Effect]]]:
        """Do what an execution asks for; gives what its children ask for in turn."""
        if self.agenda.chance is not None:
            effects = self.agenda.mix(effects)
        todo: list[tuple[int, list[Effect]]] = []
        for effect in effects:
            match effect:
                case StartTask():
                    self.start_task(index, effect)
                case StartTimer(id=number, due=due):
                    self.agenda.set_timer(due, index, number)
                case Cancel(id=number):
                    todo += self.cancel(index, number)
                case StartChildren():
                    from asl.runtime.loads import start_children  # few have any

                    start_children(self, index, effect)
                case StartExecution():
                    born = self.start_execution(index, effect)
                    if born is not None:
                        todo.append(born)
                case _:
                    assert_never(effect)
        return todo

    def answer_at_once(
        self, index: int, execution: Execution, effects: list[Effect]
    ) -> list[Effect]:
        """Call lone tasks that answer at once, while nothing else is due; what is left.

        That spares the agenda the most frequent case; the order is the same.
        """
        now, caller = self.clock.now(), self.caller
        if len(effects) != 1 or not self.agenda.is_clear(now):
            return effects
        effects, answer = go_straight(
            execution, effects, self.source, caller.watch, now, caller.inbox
        )
        if answer is None:
            return effects
        self.absorb_only(index, effects, answer)
        return []

    def absorb_only(self, index: int, effects: list[Effect], answer: Answer) -> None:
        """Take the answer to the only effect, a task that was called just now."""
        (effect,) = effects
        assert isinstance(effect, StartTask), "what else has an answer"
        absorb(self, index, self.clock.now(), answer, effect)

    def start_task(self, index: int, effect: StartTask) -> None:
        """Have a callable called, here or on the pool."""
        key = (index, effect.id)
        if key in self.answered:
            self.source.note(effect)
            return
        now = self.clock.now()
        if effect.call.token is not None:
            open_token(self, key, effect.call.token)
        if READS_OR_WRITES in effect.resource:
            self.storing[key] = not effect.resource.endswith("putObject")
        answer = self.caller.start(index, now, effect)
        if answer is not None:
            absorb(self, index, now, answer, effect)

    def cancel(self, index: int, number: int) -> list[tuple[int, list[Effect]]]:
        """Nobody waits for an id: forget it, and stop the child behind it."""
        self.forget(index, number)
        self.agenda.cancel(index, number)
        self.caller.cancel(index, number)
        if self.crew is not None:
            self.crew.cancel(index, number)
        found = self.family.find_child(index, number)
        if found is None:
            return []
        child, execution = found
        stop = StopRequested(self.clock.now())
        if self.journal is not None:
            self.journal.entries.append((child, stop))
        return [(child, execution.receive(stop))]

    def forget(self, index: int, number: int) -> None:
        """A task has ended: nobody may answer its token any more."""
        self.never.discard((index, number))
        self.storing.pop((index, number), None)
        token = self.tokens.pop((index, number), None)
        if token is not None:
            self.source.tokens.close(token)

    def start_execution(
        self, index: int, effect: StartExecution
    ) -> tuple[int, list[Effect]] | None:
        """Begin another machine's execution under this one; None: it is over."""
        now = self.clock.now()
        effects: list[Effect] | None = None
        unborn: Execution | None = None
        if effect.child is not None and self.straight and not self.is_watched:
            # One that asks the world for nothing is over before it has to be known.
            unborn = self.family.make_unborn(index, effect)
            effects = unborn.start(now)
            if not unborn.running:
                self.family.pass_over()
                self.family.running[index].bill(unborn)
                self.agenda.push(now, index, ended(effect, unborn))
                return None
        number, child = self.family.bear(index, effect, unborn)
        self.last_run.add(child)
        if effect.call.token is not None:
            open_token(self, (index, effect.id), effect.call.token)
        if effects is None:
            effects = child.start(now)
        self.agenda.set_limit(child.service_limit, number)
        for reply in submitted(effect, child):
            self.agenda.push(now, index, reply)
        return number, effects

    def which_loads(self) -> Literal["none", "at once", "all"]:
        """Which children of Map Runs may run many at a time."""
        are_told = (
            self.is_watched
            or told_singly(self.source)
            or self.replay is not None
            or self.journal is not None
            or self.agenda.chance is not None
        )
        if are_told or self.family.machine is None:
            return "none"
        if self.may_travel:
            return "all"
        return "at once" if self.clock.is_virtual and not self.is_heard else "none"

    @property
    def is_watched(self) -> bool:
        """Whether somebody wants to see each execution that this one starts."""
        return self.last_run.watched or self.family.is_watched

    def finished(self, index: int, execution: Execution) -> None:
        """An execution has ended: tell its parent, and forget it."""
        self.agenda.forget(index)
        news = self.family.bury(index, execution)
        if news is not None:
            self.agenda.push(self.clock.now(), *news)

    def close(self) -> None:
        """Leave nothing open behind a run."""
        for token in self.tokens.values():
            self.source.tokens.close(token)
        is_busy = self.crew is not None and self.crew.is_busy
        if self.crew is not None:
            self.crew.close()
        self.caller.close(at_once=is_busy)
