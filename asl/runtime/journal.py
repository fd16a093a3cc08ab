"""Journal: the replies of a run, in order.

In: each reply as it is delivered, with the execution that got it. Out: the same, to be
fed to a fresh run.
Never: on disk, for now.
"""

from collections.abc import Iterator

from asl.engine.messages import Reply


class Journal:
    """What one run was told: enough, with its definition and seed, to run it again."""

    __slots__ = ("entries",)

    def __init__(self, entries: list[tuple[int, Reply]] | None = None) -> None:
        self.entries = [] if entries is None else entries
        """(birth number of the execution, reply); 0 is the run's own."""

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[tuple[int, Reply]]:
        return iter(self.entries)

    def cut(self, count: int) -> "Journal":
        """The first `count` replies alone."""
        return Journal(self.entries[:count])
