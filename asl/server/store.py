"""Where what the service acknowledged is kept: the rules of a store, and none at all.

In: plain JSON under a kind (`machine`, `execution`, ...) and a key. Out: the same when
a service begins again. Never: decides anything, or is asked while the service works:
the service reads it once, and after that only writes.

Everything one operation changes is written inside one `batch`: a store that keeps it
does so whole or not at all, in the order of the batches' ends. An operation answers
once `sync` has returned; so a batch need not wait for a disk, and must not, because
locks may be held.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from asl.values import Json


class Store(Protocol):
    """What the service needs of a store; all of it may be called by several threads."""

    def put(self, kind: str, key: str, value: Json) -> None:
        """Keep a value in place of what was there."""

    def delete(self, kind: str, key: str) -> None:
        """Forget a value, what was appended to it too; there may be none."""

    def load(self, kind: str) -> Iterator[tuple[str, Json]]:
        """All values of a kind with their keys, in the order of their first writing."""

    def append(self, kind: str, key: str, values: Sequence[Json]) -> None:
        """Add values at the end of a list, which need not exist yet."""

    def load_list(self, kind: str, key: str) -> Iterator[Json]:
        """What was appended under a key, in order."""

    def batch(self) -> AbstractContextManager[None]:
        """The writings inside belong together; nested ones belong to the outermost."""

    def sync(self) -> None:
        """Return once every batch that has ended is kept; ApiError if it cannot be."""

    def close(self) -> None:
        """Let go of files and connections."""


class MemoryStore:
    """Keeps nothing: what a service holds is gone when the service is."""

    def put(self, kind: str, key: str, value: Json) -> None:
        """Keep nothing."""

    def delete(self, kind: str, key: str) -> None:
        """Forget nothing."""

    def load(self, kind: str) -> Iterator[tuple[str, Json]]:
        """Nothing was kept."""
        return iter(())

    def append(self, kind: str, key: str, values: Sequence[Json]) -> None:
        """Keep nothing."""

    def load_list(self, kind: str, key: str) -> Iterator[Json]:
        """Nothing was kept."""
        return iter(())

    def batch(self) -> AbstractContextManager[None]:
        """Nothing belongs together."""
        return nullcontext()

    def sync(self) -> None:
        """Nothing to wait for."""

    def close(self) -> None:
        """Nothing to let go of."""


def find_store(store: Store | str | None) -> Store:
    """The store that is meant: one's own, that of a URL, or none that lasts."""
    if isinstance(store, str):
        from asl.server.sql_store import SqlStore

        return SqlStore(store)
    return MemoryStore() if store is None else store
