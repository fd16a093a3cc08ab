"""Unknown values: results that nobody gave, marked so that they are known again.

In: which task would have given a value, and where in its result. Out: placeholders; and
for any value, the first placeholder inside it.
Never: guesses a value.

A placeholder has to survive whatever a definition does with it, inside the JSONata
engine too, which copies everything. So the mark is content: a text that begins with a
character from Unicode's private use area, and an object with a member of that name.
Numbers and booleans can carry no mark, and are texts as well: what computes with one of
them fails, and so shows that it needs a sample.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from asl.values import Json

SIGN = "\ue000"
_MARK = re.compile(f"{SIGN}([0-9]+)")


@dataclass(frozen=True, slots=True)
class Unknown:
    """One value that is not known: a task's state, and a path into its result."""

    state: str | None
    """None: the execution's own input."""
    path: str
    kind: str
    """`string`, `integer`, `boolean`, `timestamp`, …, or `object` for anything."""
    one_of: tuple[str, ...] = ()
    """The documented values of a text, where there is such a list."""


class Unknowns:
    """The unknown values of one dry run, and the placeholders that stand for them."""

    def __init__(self) -> None:
        self._known_as: list[Unknown] = []

    def text(
        self, state: str | None, path: str, kind: str, one_of: Sequence[str] = ()
    ) -> str:
        """A placeholder for a text, a number or a boolean."""
        self._known_as.append(Unknown(state, path, kind, tuple(one_of)))
        return f"{SIGN}{len(self._known_as) - 1}{SIGN}<{kind}>"

    def object(self, state: str | None, path: str) -> dict[str, Json]:
        """A placeholder for an object; who knows members of it puts them in."""
        return {SIGN: self.text(state, path, "object")}

    def of(self, value: Json) -> Unknown | None:
        """What a value stands for, if it is a placeholder itself."""
        if type(value) is dict:
            value = value.get(SIGN)
        if type(value) is str and (found := _MARK.search(value)):
            return self._known_as[int(found[1]) % len(self._known_as)]
        return None

    def find_in(self, value: Json) -> Unknown | None:
        """The first placeholder anywhere in a value."""
        waiting = [value]
        while waiting:
            item = waiting.pop()
            if (found := self.of(item)) is not None:
                return found
            if type(item) is dict:
                waiting.extend(reversed(list(item.values())))
            elif type(item) is list:
                waiting.extend(reversed(item))
        return None


def without_marks(value: Json) -> Json:
    """The value as people may see it: `<string>`, `{}`."""
    if type(value) is str:
        return re.sub(f"{SIGN}[0-9]+{SIGN}", "", value) if SIGN in value else value
    if type(value) is list:
        return [without_marks(item) for item in value]
    if type(value) is dict:
        return {k: without_marks(item) for k, item in value.items() if k != SIGN}
    return value
