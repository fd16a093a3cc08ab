"""The recorder: writes history events, with their ids and links.

In: what the engine does. Out: compact records that history.py renders.
Never: renders; never decides what happens.

Reference 13. Ids count from 1 in the order of writing; a record's place is its id less
1.
"""

from typing import TYPE_CHECKING

from asl.values import Json

if TYPE_CHECKING:
    from asl.history import Record


class HistoryFull(Exception):
    """The next ordinary event would be one too many for a Standard execution."""


class StandsStill(Exception):
    """An Express execution has written a great many events without time passing."""


class Recorder:
    """The history of one execution while it is written."""

    __slots__ = ("endless", "limit", "now", "records", "stalled_limit")

    def __init__(self, limit: int | None) -> None:
        self.records: list[Record] = []
        self.now = 0
        """The moment of the reply being handled, in microseconds."""
        self.endless = limit is None
        # Differs from AWS: an Express loop that waits for nothing would spin for five
        # real minutes; here it is timed out after this many events at one moment.
        self.stalled_limit = 1_000_000
        # The last place is kept for ExecutionFailed: AWS's 25,000th event (recorded).
        self.limit = self.stalled_limit if limit is None else limit - 1
        """As many events as can be written before `make_room` is asked."""

    def add(self, previous: int, kind: str, *members: Json) -> int:
        """Write an event and give its id; HistoryFull where it would be too many."""
        records = self.records
        if len(records) >= self.limit:
            self.make_room()
        records.append((previous, self.now, kind, *members))
        return len(records)

    def close(self, previous: int, kind: str, *members: Json) -> None:
        """Write the terminal event, for which there is always room."""
        self.records.append((previous, self.now, kind, *members))

    def make_room(self) -> None:
        """The limit is reached: the end of a Standard run, or of a loop in Express."""
        if not self.endless:
            raise HistoryFull
        count = len(self.records)
        if self.records[count - self.stalled_limit][1] == self.now:
            raise StandsStill
        self.limit = count + 1
