"""JSON text → Document, with our own sentences for what is not JSON.

In: a text without byte-order mark.
Out: a Document (the last of equal keys wins, as in AWS's reader, and a Problem says
so); on demand the place of every value.
Never: recurses into the text or gives up with anything but a DefinitionError. A good
text is read by `json.loads` alone; the scanner here runs over it only when somebody
asks for a place, when a key stands twice, or to say what is wrong with a bad text.
The sentences stand in json_faults.py.

RFC 8259.
"""

import json
import re
from dataclasses import dataclass
from math import isinf
from typing import Literal, NoReturn, TypeAlias

from asl.errors import DefinitionError
from asl.problem import Problem
from asl.source.document import Document, Lines, Place, place_problem, repeat_problem
from asl.source.json_faults import (
    STRING_START,
    JsonFault,
    check_number,
    shorten,
    too_deep,
    unreadable,
)
from asl.source.substitution import escape
from asl.values import MAX_DEPTH, Json, depth_exceeds


def read_json(text: str, *, file: str | None = None) -> Document:
    """Read JSON text; raises DefinitionError with the place of the first fault."""
    repeated = False

    def join(members: list[tuple[str, Json]]) -> dict[str, Json]:
        nonlocal repeated
        joined = dict(members)
        if len(joined) != len(members):
            repeated = True
        return joined

    try:
        value = json.loads(
            text,
            object_pairs_hook=join,
            parse_constant=_refuse_constant,
            parse_float=_read_float,
        )
    except (ValueError, RecursionError) as error:
        raise DefinitionError([_find_fault(text, file, error)]) from None
    brackets = text.count("{") + text.count("[")
    if brackets > MAX_DEPTH and depth_exceeds(value, MAX_DEPTH):
        raise DefinitionError([_find_fault(text, file, RecursionError())])
    document = Document(value, text=text, file=file, format="json", locate=locate)
    if repeated:
        return document.with_problems(_report_repeats(document))
    return document


def locate(text: str) -> Place:
    """The places of all values in a text that is known to be JSON."""
    return _Scanner(text).scan()


def _report_repeats(document: Document) -> list[Problem]:
    scanner = _Scanner(document.text)
    scanner.scan()
    lines = Lines(document.text)
    return [
        repeat_problem(lines, pointer, file=document.file, first=first, last=last)
        for pointer, first, last in scanner.repeats
    ]


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _read_float(text: str) -> float:
    number = float(text)
    if isinf(number):
        raise ValueError(text)
    return number


def _find_fault(text: str, file: str | None, error: Exception) -> Problem:
    """What the scanner has to say about a text that could not be read."""
    try:
        _Scanner(text).scan()
    except JsonFault as found:
        fault = found
    else:  # JSON, but Python has no room for it: a deep stack, a low limit for digits
        deep = isinstance(error, RecursionError)
        fault = (
            too_deep(0) if deep else JsonFault(0, f"this JSON cannot be read: {error}")
        )
    return place_problem(
        Lines(text).span(fault.start, min(fault.end, len(text))),
        code=fault.code,
        message=fault.message,
        aws_code=fault.aws_code,
        suggestion=fault.suggestion,
        file=file,
    )


_Expected: TypeAlias = Literal[
    "value", "first value", "key", "first key", "colon", "more", "nothing"
]
"""What may come next; `more` is a comma or the end of the list or object."""

_TOKEN = re.compile(
    rf"""[ \t\n\r]*(?:
      (?P<string>{STRING_START.pattern}")
    | (?P<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)(?![\w.+-])
    | (?P<word>true|false|null)(?!\w)
    | (?P<mark>[][{{}}:,])
    )""",
    re.VERBOSE,
)


@dataclass(slots=True)
class _Open:
    """A list or object that has begun; `key` is the present member's."""

    place: Place
    bracket: str
    key: str = ""
    key_bounds: tuple[int, int] | None = None


class _Scanner:
    """One pass over a text: places, keys that stand twice, or the first fault."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.repeats: list[tuple[str, tuple[int, int], tuple[int, int]]] = []
        self._root: Place | None = None
        self._open: list[_Open] = []
        self._expected: _Expected = "value"
        self._last = 0
        """Where the last token began (after a comma), for the sentence about it."""

    def scan(self) -> Place:
        """The places, or a JsonFault."""
        position = 0
        while found := _TOKEN.match(self.text, position):
            kind = str(found.lastgroup)
            start, end = found.span(kind)
            if kind == "mark":
                self._take_mark(self.text[start], start)
            elif kind == "string" and self._expected in ("key", "first key"):
                self._take_key(start, end)
            elif self._expected in ("value", "first value"):
                if kind == "number":
                    check_number(self.text, start, end)
                self._add(Place(start, end))
            else:
                raise self._misplaced(start, end)
            self._last, position = start, end
        if rest := self.text[position:].lstrip(" \t\r\n"):
            raise unreadable(self.text, len(self.text) - len(rest))
        if self._root is None or self._open:
            raise self._cut_off()
        return self._root

    def _take_mark(self, mark: str, start: int) -> None:
        expected = self._expected
        if mark in "{[" and expected in ("value", "first value"):
            place = Place(start, start + 1)
            self._add(place)
            self._open.append(_Open(place, mark))
            if len(self._open) > MAX_DEPTH:
                raise too_deep(start)
            self._expected = "first key" if mark == "{" else "first value"
        elif mark in "]}" and self._open and self._may_close(mark):
            self._open.pop().place.end = start + 1
            self._expected = "more" if self._open else "nothing"
        elif mark == ":" and expected == "colon":
            self._expected = "value"
        elif mark == "," and expected == "more":
            self._expected = "key" if self._open[-1].bracket == "{" else "value"
        else:
            raise self._misplaced(start, start + 1)

    def _may_close(self, mark: str) -> bool:
        first = "first key" if mark == "}" else "first value"
        return self._expected in ("more", first) and (
            self._open[-1].bracket == _PARTNER[mark]
        )

    def _take_key(self, start: int, end: int) -> None:
        inner = self._open[-1]
        key = json.loads(self.text[start:end])
        before = inner.place.members.get(key)
        if before is not None and before.key is not None:
            pointer = "".join(f"/{escape(o.key)}" for o in self._open[:-1])
            self.repeats.append((f"{pointer}/{escape(key)}", before.key, (start, end)))
        inner.key, inner.key_bounds = key, (start, end)
        self._expected = "colon"

    def _add(self, place: Place) -> None:
        self._expected = "more" if self._open else "nothing"
        if not self._open:
            self._root = place
            return
        inner = self._open[-1]
        if inner.bracket == "[":
            inner.key = str(len(inner.place.members))
        place.key = inner.key_bounds
        inner.place.members[inner.key] = place

    def _misplaced(self, start: int, end: int) -> JsonFault:
        """A good token where another one belongs."""
        token = self.text[start:end]
        expected = self._expected
        if expected == "nothing":
            return JsonFault(
                start,
                "the JSON ends before this, but the text goes on",
                "a file holds one definition: remove the rest",
            )
        if token in ("]", "}"):
            return self._misplaced_end(token, start)
        if expected == "more":
            if token == ":":
                return JsonFault(start, "a ':' stands only between a key and its value")
            before = len(self.text[:start].rstrip())
            return JsonFault(before, f"a comma is missing before {shorten(token)}")
        if expected == "colon":
            key = shorten(json.dumps(self._open[-1].key, ensure_ascii=False))
            return JsonFault(start, f"a ':' is missing after the key {key}")
        if expected in ("key", "first key"):
            return JsonFault(
                start,
                f"a key is missing before {shorten(token)}",
                "a key is a text in double quotes",
                end=end,
            )
        return JsonFault(start, f"a value is missing before {shorten(token)}")

    def _misplaced_end(self, token: str, start: int) -> JsonFault:
        if not self._open:
            return JsonFault(start, f"a {token!r} ends what has not begun", "remove it")
        inner = self._open[-1]
        if inner.bracket != _PARTNER[token]:
            line = Lines(self.text).line(inner.place.start)
            return JsonFault(
                start,
                f"a {token!r} cannot end the {inner.bracket!r} of line {line}",
                f"write {_PARTNER[inner.bracket]!r}",
            )
        if self.text[self._last] == ",":
            return JsonFault(
                self._last,
                f"a comma before {token!r} (trailing commas are not JSON)",
                "remove it",
            )
        key = shorten(json.dumps(inner.key, ensure_ascii=False))
        return JsonFault(start, f"the key {key} has no value")

    def _cut_off(self) -> JsonFault:
        end = len(self.text)
        if not self._open:
            return JsonFault(end, "there is no JSON in this text", end=end)
        inner = self._open[-1]
        line = Lines(self.text).line(inner.place.start)
        return JsonFault(
            end,
            f"the text ends inside the {inner.bracket!r} of line {line}",
            f"close it with {_PARTNER[inner.bracket]!r}; is the file complete?",
            end=end,
        )


_PARTNER = {"]": "[", "}": "{", "[": "]", "{": "}"}
