"""Journal: the replies of a run, in order.

In: each reply as it is delivered, with the execution that got it. Out: the same, to be
fed to a fresh run.
Never: on disk, for now.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from asl.engine.messages import Reply


@dataclass(slots=True)
class Journal:
    """What one run was told: enough, with its definition and seed, to run it again."""

    entries: list[tuple[int, Reply]] = field(default_factory=list)
    """(birth number of the execution, reply); 0 is the run's own."""

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[tuple[int, Reply]]:
        return iter(self.entries)

    def cut(self, count: int) -> "Journal":
        """The first `count` replies alone."""
        return Journal(self.entries[:count])
