"""JSON Lines and JSON: a stream of bytes -> items.

In: the bytes of one object, the evaluated ReaderConfig.
Out: items, one at a time; ReadingFailed with the line.
Never: holds more of the file than one item and a few chunks, or one of the values that
stand beside the items; makes other values than `parse_json` does.

Developer guide: "ItemReader (Map)", ItemsPointer; RFC 6901 (JSON Pointer).
"""

import json
import re
from codecs import getincrementaldecoder
from collections.abc import Generator, Iterator, Mapping
from typing import BinaryIO

from asl.tasks.read_bytes import (
    LINE_BYTES,
    ReadingFailed,
    broken_archive,
    lines,
)
from asl.values import MAX_DEPTH, Json, NotJson, depth_exceeds, parse_json, scan_json

NOT_ITERABLE = "Attempting to map over non-iterable node."
_CHUNK_BYTES = 1 << 18
_SHORT = 2 * MAX_DEPTH
"""A text of no more signs cannot be nested too deep."""


def read_jsonl(
    stream: BinaryIO, config: Mapping[str, Json], name: str
) -> Iterator[Json]:
    """One item for each line that is not empty."""
    what = f"The JSONL file{name}"
    number = 0
    with stream, broken_archive(what, lambda: f"line {number}"):
        for number, raw in enumerate(lines(stream), 1):
            try:
                line = raw.decode()
                if number == 1:
                    line = line.removeprefix("\ufeff")
                if len(line) <= _SHORT:
                    try:
                        value, end = scan_json(line)
                        if end == len(line) or line[end:] == "\n":
                            yield value
                            continue
                    except ValueError:
                        pass  # an empty line, spaces before a value, or wrong indeed
                if len(raw) == LINE_BYTES:
                    raise NotJson(f"more than {LINE_BYTES:,} bytes in a line")
                if line.strip():
                    yield parse_json(line)
            except UnicodeDecodeError as error:
                raise ReadingFailed(
                    f"{what} is not UTF-8 at line {number}: {error.reason}"
                ) from None
            except NotJson as error:
                raise ReadingFailed(
                    f"{what} cannot be parsed at line {number}: {error}"
                ) from None


def read_json(
    stream: BinaryIO, config: Mapping[str, Json], name: str
) -> Iterator[Json]:
    """The items of the array that the file is, or that ItemsPointer points to in it."""
    pointer = config.get("ItemsPointer") or ""
    steps = [
        step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]
    ]
    with stream:
        text = _Text(stream, f"The JSON file{name}")
        with broken_archive(text.what, lambda: f"line {text.line}"):
            found = yield from _items(text, steps)
            if text.peek():
                raise text.wrong("Extra data")
            if not found:
                raise ReadingFailed(NOT_ITERABLE)


def _items(text: "_Text", steps: list[str]) -> Generator[Json, None, bool]:
    """The items at the end of the steps; returns whether there were such."""
    opening = text.peek()
    if not steps:
        if opening != "[":
            text.value()
            return False
        for _ in text.elements():
            yield text.value()
        return True
    found = False
    if opening == "{":
        for key in text.members():
            if key == steps[0] and not found:
                found = yield from _items(text, steps[1:])
            else:
                text.value()
    elif opening == "[":
        for index in text.elements():
            if steps[0] == str(index):
                found = yield from _items(text, steps[1:])
            else:
                text.value()
    else:
        text.value()
    return found


class _Text:
    """A JSON text that is read as far as it is needed, and forgotten behind."""

    def __init__(self, stream: BinaryIO, what: str) -> None:
        self.what = what
        self._stream = stream
        self._decoder = getincrementaldecoder("utf-8-sig")()
        self._text = ""
        self._at = 0
        self._ended = False
        self._lines_before = 0
        self._column_before = 0

    @property
    def line(self) -> int:
        """The line that is being read, from 1."""
        return self._lines_before + self._text.count("\n", 0, self._at) + 1

    def peek(self) -> str:
        """The next sign that is no space; nothing at the end."""
        while True:
            self._at = _SPACE.match(self._text, self._at).end()  # type: ignore[union-attr] # it matches nothing too
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def value(self) -> Json:
        """The next value."""
        self.peek()
        while True:
            begin = self._at
            try:
                value, end = scan_json(self._text, begin)
            except json.JSONDecodeError as error:
                if self._ended or _is_hopeless(error, len(self._text)):
                    raise self.wrong(error.msg, error.pos) from None
                end = -1
            except ValueError as error:
                raise self.wrong(str(error)) from None
            # A number may go on in the next chunk: `1` with `.5` or `e+3`.
            if end >= 0 and (end <= len(self._text) - 3 or self._ended):
                break
            if len(self._text) - begin > LINE_BYTES:
                raise self.wrong(f"a value of more than {LINE_BYTES:,} characters")
            self._more()
        if end - begin > _SHORT and depth_exceeds(value, MAX_DEPTH):
            raise self.wrong(f"nested deeper than {MAX_DEPTH} levels")
        self._at = end
        return value

    def elements(self) -> Iterator[int]:
        """Stand before each element of the array that begins here, by its index."""
        self._at += 1
        if self.peek() == "]":
            self._at += 1
            return
        index = 0
        while True:
            yield index
            index += 1
            if self._goes_on("]"):
                return

    def members(self) -> Iterator[str]:
        """Stand before each value of the object that begins here, by its key."""
        self._at += 1
        if self.peek() == "}":
            self._at += 1
            return
        while True:
            if self.peek() != '"':
                raise self.wrong("Expecting property name enclosed in double quotes")
            key = self.value()
            if self.peek() != ":":
                raise self.wrong("Expecting ':' delimiter")
            self._at += 1
            yield key
            if self._goes_on("}"):
                return

    def _goes_on(self, closing: str) -> bool:
        """Step over a comma, or over the end: whether it is the end."""
        sign = self.peek()
        if sign not in (closing, ",") or not sign:
            raise self.wrong("Expecting ',' delimiter")
        self._at += 1
        return sign == closing

    def wrong(self, why: str, at: int | None = None) -> ReadingFailed:
        """What is wrong, and where."""
        at = self._at if at is None else at
        last = self._text.rfind("\n", 0, at)
        column = at - last if last >= 0 else self._column_before + at + 1
        line = self._lines_before + self._text.count("\n", 0, at) + 1
        return ReadingFailed(
            f"{self.what} cannot be parsed: {why} (line {line}, column {column})"
        )

    def _more(self) -> bool:
        """Read on, twice as far where one value takes long; False at the end."""
        if self._ended:
            return False
        before, self._text = self._text[: self._at], self._text[self._at :]
        last = before.rfind("\n")
        self._lines_before += before.count("\n")
        if last >= 0:
            self._column_before = 0
        self._column_before += len(before) - last - 1
        self._at = 0
        data = self._stream.read(max(_CHUNK_BYTES, len(self._text)))
        self._ended = not data
        try:
            self._text += self._decoder.decode(data, final=self._ended)
        except UnicodeDecodeError as error:
            line = self._lines_before + self._text.count("\n") + 1
            line += error.object.count(b"\n", 0, error.start)
            raise ReadingFailed(
                f"{self.what} is not UTF-8 at line {line}: {error.reason}"
            ) from None
        return True


_SPACE = re.compile(r"[ \t\n\r]*")


def _is_hopeless(error: json.JSONDecodeError, length: int) -> bool:
    """Whether more text cannot mend what is wrong: it is not cut off at the end."""
    # An open string is told where it begins, all else where the text ends.
    is_open = error.msg.startswith("Unterminated string")
    return not is_open and error.pos < length - 16
