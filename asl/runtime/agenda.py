"""The agenda: replies that are to come, each at its moment.

In: replies with the moment at which they are due. Out: the next one, ties broken by
order of birth: (moment, execution, id, order of asking); or, for a test that wants
other orders, by a seed: then each call has a rank, which comes before its birth.
Never: waits or delivers; the runner does.
"""

from collections.abc import Container, Iterable
from heapq import heapify, heappop, heappush
from random import Random
from typing import TypeAlias

from asl.engine.messages import (
    LIMIT_ID,
    Cancel,
    Effect,
    Instant,
    Reply,
    StartTask,
    StopRequested,
    TimerFired,
)

_Entry: TypeAlias = tuple[Instant, float, int, int, int, Reply]
_DEAD = 1_000
"""Fewer dead timers are no matter."""


class Agenda:
    """A heap of things due, and which of its timers still matter."""

    __slots__ = (
        "_dead",
        "_first_limit",
        "_heap",
        "_limits",
        "_order",
        "_ranks",
        "_timers",
        "chance",
    )

    def __init__(self, order_seed: int | None = None) -> None:
        self._heap: list[_Entry] = []
        self._order = 0
        self.chance = None if order_seed is None else Random(order_seed)
        """Where ties are broken by a seed: its chance."""
        self._ranks: dict[tuple[int, int], float] = {}
        self._timers: dict[int, set[int]] = {}
        """Timers that keep a run alive: neither cancelled nor limits of the service."""
        self._dead = 0
        """About how many timers in the heap matter no more."""
        self._limits: dict[int, Instant] = {}
        """Limits of the service by execution.

        Hardly one ever comes up, so they join the heap only when they might be next.
        """
        self._first_limit: Instant = 0
        """No limit comes earlier."""

    def push(self, due: Instant, index: int, reply: Reply) -> None:
        """Put a reply where it will come up at its moment."""
        number = 0 if isinstance(reply, StopRequested) else reply.id
        rank = 0.0 if self.chance is None else self._rank(self.chance, index, number)
        self._order = order = self._order + 1
        heappush(self._heap, (due, rank, index, number, order, reply))

    def _rank(self, chance: Random, index: int, number: int) -> float:
        """One rank for all that a call says, so that it ends after it began."""
        return self._ranks.setdefault((index, number), chance.random())

    def mix(self, effects: list[Effect]) -> list[Effect]:
        """Effects of one moment, with those that call a task in another order."""
        if self.chance is None or any(isinstance(one, Cancel) for one in effects):
            return effects  # what was cancelled at once must not be asked for later
        calls = [one for one in effects if isinstance(one, StartTask)]
        self.chance.shuffle(calls)
        rest = iter(calls)
        return [next(rest) if isinstance(one, StartTask) else one for one in effects]

    def set_timer(self, due: Instant, index: int, number: int) -> None:
        """Let a timer fire at its moment."""
        self.push(due, index, TimerFired(number, due))
        self._timers.setdefault(index, set()).add(number)

    def set_limit(self, due: Instant | None, index: int) -> None:
        """Let the service's limit end an execution, if it has one; it keeps none alive.

        It fires under the same id as the machine's own limit.
        """
        if due is None:
            return
        if not self._limits or due < self._first_limit:
            self._first_limit = due
        self._limits[index] = due

    def cancel(self, index: int, number: int) -> None:
        """A timer has fired, or nobody waits for it any more."""
        timers = self._timers.get(index)
        if timers is not None and number in timers:
            timers.discard(number)
            if not timers:
                del self._timers[index]
            self._bury(1)

    def forget(self, index: int) -> None:
        """An execution has ended: none of its timers matters."""
        self._limits.pop(index, None)
        timers = self._timers.pop(index, None)
        if timers:
            self._bury(len(timers))

    def _bury(self, count: int) -> None:
        """Timers are dead; where most of the heap is, it is made anew without them."""
        self._dead += count
        if self._dead > _DEAD and self._dead * 2 > len(self._heap):
            self._heap = [entry for entry in self._heap if self._matters(entry)]
            heapify(self._heap)
            self._dead = 0

    def _matters(self, entry: _Entry) -> bool:
        _, _, index, number, _, reply = entry
        if not isinstance(reply, TimerFired) or number == LIMIT_ID:
            return True
        return number in self._timers.get(index, ())

    def is_clear(self, now: Instant) -> bool:
        """Whether nothing is due now or before (a limit of the service never is)."""
        return not self._heap or self._heap[0][0] > now

    def find_next(self, running: Container[int]) -> Instant | None:
        """When the next thing is due that matters to a running execution."""
        heap = self._heap
        while True:
            if self._limits and not (heap and heap[0][0] < self._first_limit):
                self._add_limits()
            if not heap:
                return None
            due, _, index, number, _, reply = heap[0]
            if index in running and (
                not isinstance(reply, TimerFired)
                or number == LIMIT_ID
                or number in self._timers.get(index, ())
            ):
                return due
            heappop(heap)

    def _add_limits(self) -> None:
        for index, due in self._limits.items():
            self.push(due, index, TimerFired(LIMIT_ID, due))
        self._limits = {}

    def pop(self) -> tuple[Instant, int, Reply]:
        """Take what is due first: (moment, execution, reply)."""
        due, _, index, _, _, reply = heappop(self._heap)
        return due, index, reply

    def first(self) -> tuple[int, Reply]:
        """What `pop` would take, which there has to be: (execution, reply)."""
        return self._heap[0][2], self._heap[0][5]

    def answers(self) -> set[tuple[int, int]]:
        """Tasks for which an answer is to come: (execution, id)."""
        return {
            (entry[2], entry[3])
            for entry in self._heap
            if not isinstance(entry[5], TimerFired)
        }

    def has_purpose(self) -> bool:
        """Whether anything is to come but limits of the service."""
        return bool(self._timers) or any(
            not isinstance(entry[5], TimerFired) for entry in self._heap
        )

    def has_work_for(self, running: Container[int]) -> bool:
        """Whether a timer is set, or an answer is to come for one of these."""
        return bool(self._timers) or any(
            entry[2] in running and not isinstance(entry[5], TimerFired)
            for entry in self._heap
        )

    def drop_told(self, told: Iterable[tuple[int, int, type]]) -> None:
        """Remove what was told already: (execution, id, type of reply), each once."""
        self._add_limits()
        left = list(told)
        rest = []
        for entry in sorted(self._heap):
            key = (entry[2], entry[3], type(entry[5]))
            if key in left:
                left.remove(key)
            else:
                rest.append(entry)
        self._heap = rest
        heapify(self._heap)
