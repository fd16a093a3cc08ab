"""The agenda: replies that are to come, each at its moment.

In: replies with the moment at which they are due. Out: the next one, ties broken by
order of birth: (moment, execution, id, order of asking); or, for a test that wants
other orders, by a seed: then each call has a rank, which comes before its birth.
Never: waits or delivers; the runner does.
"""

from collections.abc import Container, Iterable
from heapq import heapify, heappop, heappush
from random import Random

from asl.engine.messages import (
    Cancel,
    Effect,
    Instant,
    Reply,
    StartTask,
    StopRequested,
    TimerFired,
)


class Agenda:
    """A heap of things due, and which of its timers still matter."""

    __slots__ = ("_heap", "_order", "_ranks", "_timers", "chance")

    def __init__(self, order_seed: int | None = None) -> None:
        self._heap: list[tuple[Instant, float, int, int, int, Reply]] = []
        self._order = 0
        self.chance = None if order_seed is None else Random(order_seed)
        """Where ties are broken by a seed: its chance."""
        self._ranks: dict[tuple[int, int], float] = {}
        self._timers: set[tuple[int, int]] = set()
        """Timers that keep a run alive: neither cancelled nor limits of the service."""

    def push(self, due: Instant, index: int, reply: Reply) -> None:
        """Put a reply where it will come up at its moment."""
        self._order += 1
        number = 0 if isinstance(reply, StopRequested) else reply.id
        rank = 0.0 if self.chance is None else self._rank(self.chance, index, number)
        heappush(self._heap, (due, rank, index, number, self._order, reply))

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

    def set_timer(
        self, due: Instant, index: int, number: int, *, implicit: bool
    ) -> None:
        """Let a timer fire at its moment; an implicit one keeps no run alive."""
        self.push(due, index, TimerFired(number, due))
        if not implicit:
            self._timers.add((index, number))

    def cancel(self, index: int, number: int) -> None:
        """A timer has fired, or nobody waits for it any more."""
        self._timers.discard((index, number))

    def forget(self, index: int) -> None:
        """An execution has ended: none of its timers matters."""
        for key in [key for key in self._timers if key[0] == index]:
            self._timers.discard(key)

    def is_clear(self, now: Instant) -> bool:
        """Whether nothing is due now or before."""
        return not self._heap or self._heap[0][0] > now

    def find_next(self, running: Container[int]) -> Instant | None:
        """When the next thing is due that matters to a running execution."""
        heap = self._heap
        while heap:
            due, _, index, number, _, reply = heap[0]
            if index in running and (
                not isinstance(reply, TimerFired)
                or number == 1  # an execution's own limit is the first that it asks for
                or (index, number) in self._timers
            ):
                return due
            heappop(heap)
        return None

    def pop(self) -> tuple[Instant, int, Reply]:
        """Take what is due first: (moment, execution, reply)."""
        due, _, index, _, _, reply = heappop(self._heap)
        return due, index, reply

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
