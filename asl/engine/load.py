"""A Load: children of a Map Run that are begun together, and travel together.

In: the items of a page, ready as inputs or still as rows of a table. Out: the inputs of
the children, their names, parts of the load.
Never: makes an input before a child is to have it: what travels is the smaller form.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from asl.engine.arns import arn_of, uuid_texts
from asl.engine.messages import Instant
from asl.engine.page import Page
from asl.model.machine import Branch, ItemProcessor, walk_states
from asl.model.states import Choice, Fail, Map, Parallel, Pass, Succeed, Task
from asl.values import Json

NAME_BYTES = 16
"""Of chance, for a child's name."""


@dataclass(slots=True)
class Load:
    """Children of one Map Run, one after another in item order."""

    page: Page
    batch: int = 0
    """How many items a child gets; 0: an item is a child's whole input."""
    frame: dict[str, Json] | None = None
    """What the input of a batch holds beside its Items."""
    counts: Sequence[int] | None = None
    """How many items are in each input, where these are batches already."""
    bound: int | None = None
    """An upper bound of each input's size in bytes, where that is known."""
    place: int = 0
    """Of the first child: children are counted in item order."""
    names: bytes = b""
    """The chance of which the children's names are made."""
    begun_at: Instant = 0

    def begin(self, place: int, names: bytes, now: Instant) -> None:
        """Give the children their places and names."""
        self.place, self.names, self.begun_at = place, names, now

    @property
    def children(self) -> int:
        """How many children it holds."""
        count = len(self.page.items)
        return -(-count // self.batch) if self.batch else count

    def count_items(self, first: int, count: int) -> int:
        """How many items are in some of its children; the first has number 0."""
        if self.batch:
            begin = first * self.batch
            return min(count * self.batch, len(self.page.items) - begin)
        if self.counts is not None:
            return sum(self.counts[first : first + count])
        return count

    def inputs(self) -> Iterator[Json]:
        """The children's inputs, in order."""
        page = self.page
        if not self.batch:
            yield from page.objects()
            return
        frame = self.frame or {}
        for begin in range(0, len(page.items), self.batch):
            yield frame | {"Items": page.part(begin, begin + self.batch).objects()}

    def name_texts(self) -> list[str]:
        """The children's names, in order."""
        return uuid_texts(self.names)

    def part(self, first: int, count: int) -> "Load":
        """Some of its children; the first of all has number 0."""
        each = self.batch or 1
        counts = self.counts
        return replace(
            self,
            page=self.page.part(first * each, (first + count) * each),
            counts=None if counts is None else counts[first : first + count],
            place=self.place + first,
            names=self.names[first * NAME_BYTES : (first + count) * NAME_BYTES],
        )


class Underway:
    """A load that was asked for, and which of its children have not ended."""

    __slots__ = ("_ended", "left", "load")

    def __init__(self, load: Load) -> None:
        self.load = load
        self.left = load.children
        """How many have not ended."""
        self._ended = bytearray(self.left)

    def ended(self, first: int, count: int) -> None:
        """Some of its children have ended; the first of all has number 0."""
        self._ended[first : first + count] = b"\1" * count
        self.left -= count

    def unfinished(self) -> list[int]:
        """The numbers of the children that have not ended."""
        return [number for number, ended in enumerate(self._ended) if not ended]


def child_arn(type: str, machine_arn: str, name: str, map_run_arn: str) -> str:
    """The ARN of a Map Run's child; an Express one's ends with the Map Run's id."""
    if type == "EXPRESS":
        return arn_of("express", machine_arn, name, map_run_arn.rpartition(":")[2])
    return arn_of("execution", machine_arn, name)


def asks_for_nothing(processor: ItemProcessor) -> bool:
    """Whether Express children are over as soon as they begin, whatever their input.

    (A Standard child that fails is kept for a redrive, and so runs by itself.)
    """
    return processor.execution_type == "EXPRESS" and all(
        isinstance(state, (Pass, Choice, Succeed, Fail, Parallel))
        or (isinstance(state, Map) and state.processor.mode == "INLINE")
        for state in walk_states(processor)
    )


def takes_tokens(processor: Branch) -> bool:
    """Whether children wait for answers that only this process can be given."""
    states = walk_states(processor)
    return any(isinstance(state, Task) and state.takes_token for state in states)
