"""Edits: small changes to a definition's text that leave everything else as it stands.

In: a Document and what is to be different. Out: Edits of its text, in the layout and
with the quotes of what stands around them; None where that cannot be done safely.
Never: writes a text anew, or decides what should change (checks/fix).

An edit is a proposal: whoever applies it reads the new text and compares, because YAML
can share one text among many places.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from asl.source.document import Document, Span
from asl.source.substitution import escape, unescape
from asl.values import Json


@dataclass(frozen=True, slots=True)
class Edit:
    """The characters from `start` to `end` are to be `text`."""

    start: int
    end: int
    text: str


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """The text with all edits made; raises ValueError where two of them overlap."""
    parts = []
    position = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        if edit.start < position:
            raise ValueError(f"two edits overlap at character {edit.start}")
        parts += [text[position : edit.start], edit.text]
        position = edit.end
    return "".join([*parts, text[position:]])


class Editor:
    """Proposes edits of one document, by JSON Pointer."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._text = document.text
        breaks = re.finditer(r"\r\n|\r|\n", document.text)
        self._starts = [0, *(found.end() for found in breaks)]

    def replace_text(self, pointer: str, value: str) -> list[Edit] | None:
        """Make a text value another one, in the same kind of quotes."""
        bounds = self._value(pointer)
        if bounds is None:
            return None
        written = self._text[bounds[0] : bounds[1]]
        new = self._quote_like(written, value, is_json=self._document.format == "json")
        return None if new is None else [Edit(*bounds, new)]

    def add_member(self, pointer: str, key: str, value: Json) -> list[Edit] | None:
        """Give an object one more member, behind its last one."""
        bounds = self._value(pointer)
        members = self._members(pointer)
        if bounds is None or not members:
            return None
        if self._text[bounds[0]] == "{":
            edit = self._add_in_braces(bounds[0], members, key, value)
        else:
            edit = self._add_in_block(members, key, value)
        return [edit]

    def move_last(self, pointer: str, index: int) -> list[Edit] | None:
        """Move an entry of a list behind the others; comments above it come along."""
        bounds = self._value(pointer)
        entries = self._entries(pointer)
        if bounds is None or not 0 <= index < len(entries) - 1:
            return None
        if self._text[bounds[0]] == "[":
            texts = [self._text[start:end] for start, end in entries[index:]]
            return [
                Edit(*place, new)
                for place, new in zip(
                    entries[index:], [*texts[1:], texts[0]], strict=True
                )
            ]
        return self._move_lines(entries, index)

    # --- places

    def _line(self, position: int) -> int:
        """The line, from 0, in which a position stands."""
        return bisect_right(self._starts, position) - 1

    def _value(self, pointer: str) -> tuple[int, int] | None:
        return self._bounds(self._document.place(pointer))

    def _bounds(self, span: Span | None) -> tuple[int, int] | None:
        if span is None:
            return None
        start = self._starts[span.line - 1] + span.column - 1
        end = self._starts[span.end_line - 1] + span.end_column - 1
        return (start, end) if start < end else None

    def _members(self, pointer: str) -> list[tuple[int, int, int, int]]:
        """Of each member: where its key begins and ends, and its value."""
        found = []
        for key in self._find(pointer, dict):
            inner = f"{pointer}/{escape(key)}"
            name = self._bounds(self._document.key_place(inner))
            value = self._value(inner)
            # An empty value (`Comment:`) has no characters; a merged one no place here.
            if name is not None and value is not None and name[1] <= value[0]:
                found.append((*name, *value))
        return sorted(found)

    def _entries(self, pointer: str) -> list[tuple[int, int]]:
        count = len(self._find(pointer, list))
        found = [self._value(f"{pointer}/{index}") for index in range(count)]
        entries = [bounds for bounds in found if bounds is not None]
        in_order = all(a[1] <= b[0] for a, b in pairwise(entries))
        return entries if len(entries) == count and in_order else []

    def _find(self, pointer: str, kind: type) -> Sequence[Json]:
        """The value at a pointer, which is certain to exist, as a list of its parts."""
        value = self._document.value
        for step in pointer.split("/")[1:]:
            value = value[int(step) if type(value) is list else unescape(step)]
        if not isinstance(value, (dict, list)) or type(value) is not kind:
            return []
        return list(value)

    # --- texts

    def _quote_like(self, written: str, value: str, *, is_json: bool) -> str | None:
        """A text as it is written where another one stands.

        None where that is no plain or quoted text (a block, an alias, a tag).
        """
        if written.startswith('"'):
            return json.dumps(value, ensure_ascii=is_json and self._text.isascii())
        if is_json:
            return None
        if written.startswith("'"):
            quoted = "'" + value.replace("'", "''") + "'"
            return quoted if value.isprintable() else json.dumps(value)
        if written[:1] in "|>&*!{[":
            return None
        if _PLAIN.fullmatch(value) and value.casefold() not in _WORDS:
            return value
        return json.dumps(value, ensure_ascii=False)

    # --- members

    def _add_in_braces(
        self,
        brace: int,
        members: list[tuple[int, int, int, int]],
        key: str,
        value: Json,
    ) -> Edit:
        text = self._text
        key_start, key_end, value_start, value_end = members[-1]
        colon = text[key_end:value_start]
        if len(members) > 1:
            between = text[members[-2][3] : key_start]
        else:
            lead = text[brace + 1 : key_start]
            between = "," + (lead if "\n" in lead else " " if colon != ":" else "")
        if between.strip() != ",":  # a comment of YAML stands there
            between = ", "
        if colon.strip() != ":":
            colon = ": "
        name = self._quote_like(
            text[key_start:key_end], key, is_json=text[key_start] == '"'
        )
        written = f"{between}{name or json.dumps(key)}{colon}{json.dumps(value)}"
        return Edit(value_end, value_end, written)

    def _add_in_block(
        self, members: list[tuple[int, int, int, int]], key: str, value: Json
    ) -> Edit:
        text = self._text
        key_start, key_end, _, value_end = members[-1]
        indent = " " * (key_start - self._starts[self._line(key_start)])
        name = self._quote_like(text[key_start:key_end], key, is_json=False)
        end = _line_end(text, value_end)
        written = f"{indent}{name or json.dumps(key)}: {json.dumps(value)}"
        return Edit(end, end, f"{self._newline}{written}")

    @property
    def _newline(self) -> str:
        found = re.search(r"\r\n|\r|\n", self._text)
        return found[0] if found else "\n"

    # --- entries

    def _move_lines(
        self, entries: list[tuple[int, int]], index: int
    ) -> list[Edit] | None:
        """Turn the lines of a block list's entries round; comments go with them."""
        text = self._text
        bounds = list(self._lines_of(entries))
        if any(start is None for start, _ in bounds):
            return None
        places = [(start or 0, end) for start, end in bounds[index:]]
        if any(a[1] > b[0] for a, b in pairwise(places)):
            return None
        texts = [text[start:end] for start, end in places]
        return [
            Edit(*place, new)
            for place, new in zip(places, [*texts[1:], texts[0]], strict=True)
        ]

    def _lines_of(
        self, entries: list[tuple[int, int]]
    ) -> Iterator[tuple[int | None, int]]:
        """Of each entry its whole lines, with the comments right above it; without the
        last line break. The start is None where an entry begins in no line of its own.
        """
        text = self._text
        for start, end in entries:
            line = self._line(start)
            dash = self._starts[line]
            if re.fullmatch(r"[ \t]*-[ \t]+", text[dash:start]) is None:
                yield None, end
                continue
            column = text.index("-", dash) - dash
            comment = re.compile(rf" {{{column}}}#")
            while line and comment.match(text, self._starts[line - 1]):
                line -= 1
            yield self._starts[line], _line_end(text, end)


def _line_end(text: str, position: int) -> int:
    found = re.compile(r"\r|\n").search(text, position)
    return found.start() if found else len(text)


_PLAIN = re.compile(r"[A-Za-z_](?:[\w .?-]*[\w.?-])?", re.ASCII)
_WORDS = frozenset(("null", "true", "false", "yes", "no", "on", "off", "y", "n"))
