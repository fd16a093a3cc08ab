"""Document: a definition as read, and where each of its values stands in the text.

In: a value, its text, and a function that finds the places when somebody asks.
Out: Spans and Problems with lines and columns filled in.
Never: reads a file or knows a format; looks for places before the first question, so
that a definition without problems costs nothing but its parsing.

RFC 6901 (JSON Pointer).
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from asl.problem import Problem, Severity
from asl.source.substitution import unescape, unfilled_offset
from asl.values import Json

Format: TypeAlias = Literal["json", "yaml", "value"]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of text: lines and columns count from 1, the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(slots=True)
class Place:
    """Where a value and its key stand (characters from 0), and the places inside it."""

    start: int
    end: int
    key: tuple[int, int] | None = None
    members: "dict[str, Place]" = field(default_factory=dict)
    """By key; the entries of a list by their index as text."""


class Lines:
    """The lines of a text: positions in it as lines and columns."""

    def __init__(self, text: str) -> None:
        breaks = re.finditer(r"\r\n|\r|\n", text)
        self._starts = [0, *(found.end() for found in breaks)]

    def line(self, position: int) -> int:
        """The line, from 1, in which a position stands."""
        return bisect_right(self._starts, position)

    def span(self, start: int, end: int) -> Span:
        """The Span between two positions."""
        line, end_line = self.line(start), self.line(end)
        return Span(
            line,
            start - self._starts[line - 1] + 1,
            end_line,
            end - self._starts[end_line - 1] + 1,
        )


class Document:
    """A parsed definition: its value, and the place of every part of it."""

    __slots__ = (
        "_lines",
        "_locate",
        "_names",
        "_read",
        "_root",
        "file",
        "format",
        "problems",
        "text",
        "value",
    )

    def __init__(
        self,
        value: Json,
        *,
        text: str,
        file: str | None,
        format: Format,
        locate: Callable[[str], Place] | None = None,
        root: Place | None = None,
        problems: Sequence[Problem] = (),
    ) -> None:
        self.value = value
        self.text = text
        self.file = file
        self.format: Format = format
        self.problems = tuple(problems)
        self._locate = locate
        self._root = root
        self._lines: Lines | None = None
        self._read = value
        self._names: dict[str, str] = {}

    def filled(
        self,
        value: Json,
        *,
        substitutions: Mapping[str, str],
        problems: Sequence[Problem],
    ) -> "Document":
        """This document with a value whose placeholders are filled."""
        other = Document(
            value,
            text=self.text,
            file=self.file,
            format=self.format,
            locate=self._locate,
            problems=(*self.problems, *problems),
        )
        other._root, other._lines = self._root, self._lines
        other._read = self._read
        other._names = {**self._names, **substitutions}
        return other

    def with_problems(self, problems: Sequence[Problem]) -> "Document":
        """This document with more Problems found while reading it."""
        return self.filled(self.value, substitutions={}, problems=problems)

    def place(self, pointer: str) -> Span | None:
        """Where the value at a JSON pointer stands, else its nearest ancestor."""
        return self._span(*self._bounds(pointer, on_key=False))

    def key_place(self, pointer: str) -> Span | None:
        """Where the key of the member at a JSON pointer stands.

        What has no key (the whole, a list's entry) answers with its value.
        """
        return self._span(*self._bounds(pointer, on_key=True))

    def problem(
        self,
        code: str,
        message: str,
        *,
        pointer: str,
        severity: Severity = Severity.ERROR,
        aws_code: str | None = None,
        suggestion: str | None = None,
        on_key: bool = False,
        offset: int | None = None,
    ) -> Problem:
        """A Problem with this document's file and the pointer's place filled in.

        `offset` counts characters into the text value at `pointer`; the place is then
        that one character's.
        """
        start, end = self._bounds(pointer, on_key=on_key)
        if offset is not None and not on_key:
            start, end = self._character(pointer, offset, start, end)
        return place_problem(
            self._span(start, end),
            code=code,
            message=message,
            severity=severity,
            aws_code=aws_code,
            suggestion=suggestion,
            pointer=pointer,
            file=self.file,
        )

    def _find(self, pointer: str) -> tuple[Place | None, Json]:
        """The deepest known place on the way to a pointer, and the value read there.

        The value is None where the pointer leads further than the document.
        """
        if self._root is None and self._locate is not None:
            self._root = self._locate(self.text)
        place, value = self._root, self._read
        if place is None:
            return None, None
        for step in pointer.split("/")[1:]:
            key = unescape(step)
            inner = place.members.get(key)
            if inner is None:
                return place, None
            place = inner
            value = value[int(key)] if type(value) is list else value[key]
        return place, value

    def _bounds(self, pointer: str, *, on_key: bool) -> tuple[int, int]:
        place = self._find(pointer)[0]
        if place is None:
            return 0, 0
        return place.key if on_key and place.key else (place.start, place.end)

    def _character(
        self, pointer: str, offset: int, start: int, end: int
    ) -> tuple[int, int]:
        value = self._find(pointer)[1]
        if type(value) is not str:
            return start, end
        offset = unfilled_offset(value, offset, substitutions=self._names)
        if self.format == "json":
            position = _json_position(self.text, start, offset)
        else:
            position = _yaml_position(self.text, start, end, value[:offset])
        return position, min(position + 1, end)

    def _span(self, start: int, end: int) -> Span | None:
        if self._root is None:
            return None
        if self._lines is None:
            self._lines = Lines(self.text)
        return self._lines.span(start, end)


def place_problem(
    span: Span | None,
    *,
    code: str,
    message: str,
    file: str | None,
    severity: Severity = Severity.ERROR,
    aws_code: str | None = None,
    suggestion: str | None = None,
    pointer: str = "",
) -> Problem:
    """A Problem at a Span, or without lines where there is no text."""
    return Problem(
        code=code,
        message=message,
        severity=severity,
        aws_code=aws_code,
        pointer=pointer,
        file=file,
        line=span.line if span else None,
        column=span.column if span else None,
        end_line=span.end_line if span else None,
        end_column=span.end_column if span else None,
        suggestion=suggestion,
    )


_STATE = re.compile(
    r"(?:/States/[^/]+/(?:ItemProcessor|Iterator|Branches/[0-9]+))*/States/[^/]+"
)


def repeat_problem(
    lines: Lines,
    pointer: str,
    *,
    file: str | None,
    first: tuple[int, int],
    last: tuple[int, int],
) -> Problem:
    """The Problem of a key that stands twice: an error where it loses a state.

    AWS's reader silently takes the last one.
    """
    lost = _STATE.fullmatch(pointer) is not None
    key = unescape(pointer.rpartition("/")[2])
    thing = "state" if lost else "key"
    return place_problem(
        lines.span(*last),
        code="ASL006",
        message=f"the {thing} {key!r} stands twice, in line {lines.line(first[0])} and"
        f" in line {lines.line(last[0])}; only the last one counts",
        severity=Severity.ERROR if lost else Severity.WARNING,
        suggestion="rename one of them" if lost else "remove one of them",
        pointer=pointer,
        file=file,
    )


_JSON_CHARACTER = re.compile(
    r"\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\u....|\\.|[^\"]", re.DOTALL
)


def _json_position(text: str, start: int, offset: int) -> int:
    """Where a string's character stands, the string being written from `start` on."""
    position = start + 1
    for _ in range(offset):
        found = _JSON_CHARACTER.match(text, position)
        if found is None:  # the closing quote: positions behind the text's end
            break
        position = found.end()
    return position


_YAML_PROPERTIES = re.compile(r"(?:[!&]\S*\s+)*(?:[|>][^\r\n]*(?:\r\n|\r|\n)|[\"'])?")

_REACH = 12
"""The longest escape and a quote: further on a character is another one."""


def _yaml_position(text: str, start: int, end: int, before: str) -> int:
    """Roughly where a scalar's text goes on after `before`.

    Follows the characters of `before` through the source and passes over whatever YAML
    has put between them: indentation, folded lines, escapes, doubled quotes.
    """
    header = _YAML_PROPERTIES.match(text, start, end)
    position = header.end() if header else start
    for character in before:
        if character.isspace():
            while position < end and text[position].isspace():
                position += 1
            continue
        found = text.find(character, position, min(position + _REACH, end))
        if found < 0:  # written as an escape; the next ones lead back on the way
            continue
        position = found + 1
    return min(position, end)
