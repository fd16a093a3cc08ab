"""The steps of a JSONPath, as data.

In: nothing. Out: one frozen record for each kind of step; its text is what Jayway's
messages show.
Never: reads the text of a path (jsonpath.py) or a document (jsonpath_reading.py).

States Language specification: "Paths".
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from asl.values import Json


@dataclass(frozen=True, slots=True)
class Name:
    """`.name` or `['name']`."""

    key: str

    def __str__(self) -> str:
        return f"['{self.key}']"


@dataclass(frozen=True, slots=True)
class Index:
    """`[n]`; a negative one counts from the end."""

    number: int

    def __str__(self) -> str:
        return f"[{self.number}]"


@dataclass(frozen=True, slots=True)
class Wildcard:
    """`.*` or `[*]`: every member, every element."""

    def __str__(self) -> str:
        return "[*]"


@dataclass(frozen=True, slots=True)
class Slice:
    """`[start:end]`; one of the two may be missing."""

    start: int | None
    end: int | None

    def __str__(self) -> str:
        start, end = (("" if n is None else str(n)) for n in (self.start, self.end))
        return f"[{start}:{end}]"


@dataclass(frozen=True, slots=True)
class Names:
    """`['a','b']`: as the last step one object of those found, else each in turn."""

    keys: tuple[str, ...]

    def __str__(self) -> str:
        return "[" + ",".join(f"'{key}'" for key in self.keys) + "]"


@dataclass(frozen=True, slots=True)
class Indexes:
    """`[0,2]`: the elements that exist, in the order written."""

    numbers: tuple[int, ...]

    def __str__(self) -> str:
        return "[" + ",".join(map(str, self.numbers)) + "]"


@dataclass(frozen=True, slots=True)
class Filter:
    """`[?(…)]`; `test` gets a candidate and the document's root."""

    body: str
    test: Callable[[Json, Json], bool] = field(compare=False, repr=False)

    def __str__(self) -> str:
        return "[?]"


@dataclass(frozen=True, slots=True)
class Descend:
    """`..` and the step after it, applied at every depth."""

    step: "PlainStep"

    def __str__(self) -> str:
        return f"..{self.step}"


PlainStep: TypeAlias = Name | Index | Wildcard | Slice | Names | Indexes | Filter
Step: TypeAlias = PlainStep | Descend


def is_definite(steps: tuple[Step, ...]) -> bool:
    """Whether steps lead to one place at most (Jayway's "definite")."""
    # A union of names is merged into one object where it stands last.
    last = len(steps) - 1
    return all(
        type(step) is Name or type(step) is Index or (type(step) is Names and n == last)
        for n, step in enumerate(steps)
    )


_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def unescape(text: str) -> str:
    """A quoted name or text of a path without its backslashes (Java's escapes)."""
    if "\\" not in text:
        return text
    return _ESCAPE.sub(
        lambda m: chr(int(m[1], 16)) if m[1] else _ESCAPED.get(m[2], m[2]), text
    )
