"""Revisions as executions keep them: written once, however many ran by them.

In: an execution's revision, or the key under which it was kept. Out: the other one.
Never: keeps the revisions of machines and versions; those are written with them.

A definition may have a megabyte; an execution has its own copy only in memory's sense,
as a reference.
"""

import hashlib
from dataclasses import asdict

from asl.errors import UsageError
from asl.server.records import Revision
from asl.server.store import Store
from asl.values import json_text

_KIND = "revision"


class KeptRevisions:
    """The revisions of a store's executions, by a key made of what they say."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._found = {key: Revision(**kept) for key, kept in store.load(_KIND)}
        self._keys = {id(one): (one, key) for key, one in self._found.items()}

    def key(self, revision: Revision) -> str:
        """The key of a revision, which is written if it is new; inside a batch."""
        known = self._keys.get(id(revision))
        if known is not None:
            return known[1]
        value = asdict(revision)
        text = json_text(value).encode("utf-8", "surrogatepass")
        key = hashlib.sha256(text).hexdigest()
        if key not in self._found:
            self._found[key] = revision
            self._store.put(_KIND, key, value)
        self._keys[id(revision)] = revision, key
        return key

    def find(self, key: str) -> Revision:
        """The revision of a key."""
        found = self._found.get(key)
        if found is None:
            raise UsageError(f"the store lacks the revision {key}; put a copy back")
        return found
