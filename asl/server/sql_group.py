"""A group of writings that are committed together, without those that do not matter.

In: writings in their order. Out: what is to be deleted, put and appended, each value
once: of an execution that began and ended meanwhile only the end is written.
Never: a database.
"""

from typing import TypeAlias

LIST = "append"
Writing: TypeAlias = tuple[str, str, str, str]
"""What to do (`put`, `delete`, `append`), the kind, the key, JSON text."""
Key: TypeAlias = tuple[str, str]


class Group:
    """Writings, sorted out: deletions come first, then all the rest."""

    def __init__(self, writings: list[Writing]) -> None:
        self.values: dict[Key, str] = {}
        """In the order of their first writing."""
        self.appended: list[tuple[Key, str]] = []
        self.deleted: dict[Key, None] = {}
        for verb, kind, name, text in writings:
            key = kind, name
            if verb == "put":
                self.values[key] = text
            elif verb == LIST:
                self.appended.append((key, text))
            else:
                self.values.pop(key, None)
                self.appended = [one for one in self.appended if one[0] != key]
                self.deleted[key] = None
