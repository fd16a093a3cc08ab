"""The recorder: writes history events, with their ids and links.

In: what the engine does. Out: compact records that history.py renders.
Never: renders; never decides what happens.

Ids count from 1 in the order of writing; a record's place is its id less 1.
"""

from collections.abc import Iterable

from asl.history import WIDTH, Record, Records
from asl.values import Json


class HistoryFull(Exception):
    """The next ordinary event would be one too many for a Standard execution."""


class StandsStill(Exception):
    """An Express execution has written a great many events without time passing."""


class Recorder:
    """The history of one execution while it is written."""

    __slots__ = ("_cells", "count", "endless", "limit", "now", "stalled_limit", "write")

    def __init__(self, limit: int | None) -> None:
        self._cells: list[Json] = []
        self.write = self._cells.extend
        """Writes the WIDTH cells of one record; whoever does so counts it."""
        self.count = 0
        """How many events were written: the id of the newest."""
        self.now = 0
        """The moment of the reply being handled, in microseconds."""
        self.endless = limit is None
        # Differs from AWS: an Express loop that waits for nothing would spin for five
        # real minutes; here it is timed out after this many events at one moment.
        self.stalled_limit = 1_000_000
        # The last place is kept for ExecutionFailed: AWS's 25,000th event (recorded).
        self.limit = self.stalled_limit if limit is None else limit - 1
        """As many events as can be written before `make_room` is asked."""

    @property
    def records(self) -> Records:
        """What was written so far; it grows on."""
        return Records(self._cells)

    def entered(self) -> list[str]:
        """The names of the states entered, in order."""
        kinds, names = self._cells[2::WIDTH], self._cells[3::WIDTH]
        return [
            name
            for kind, name in zip(kinds, names, strict=True)
            if kind.endswith("StateEntered")
        ]

    def begin(self, at: int, kind: str, a: Json, b: Json) -> None:
        """Write the first event, at the moment at which all begins."""
        self.now = at
        self.count = 1
        self.write((0, at, kind, a, b, None, None))

    def add(self, previous: int, kind: str, a: Json = None, b: Json = None) -> int:
        """Write an event and give its id; HistoryFull where it would be too many."""
        if self.count >= self.limit:
            self.make_room()
        self.close(previous, kind, a, b)
        return self.count

    def close(self, previous: int, kind: str, a: Json = None, b: Json = None) -> None:
        """Write the terminal event, for which there is always room."""
        self.count += 1
        self.write((previous, self.now, kind, a, b, None, None))

    def restore(self, records: Iterable[Record]) -> None:
        """Begin with what an earlier attempt wrote; the ids go on behind it."""
        for previous, at, kind, *members in records:
            if len(members) > WIDTH - 3:
                members = [tuple(members)]
            members += [None] * (WIDTH - 3 - len(members))
            self.write((previous, at, kind, *members))
            self.count += 1

    def make_room(self) -> None:
        """The limit is reached: the end of a Standard run, or of a loop in Express."""
        if not self.endless:
            raise HistoryFull
        before = self.count - self.stalled_limit
        if self._cells[before * WIDTH + 1] == self.now:
            raise StandsStill
        self.limit = self.count + 1
