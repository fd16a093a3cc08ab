"""CSV: a stream of bytes -> the rows of a table.

In: the bytes of one object, the evaluated ReaderConfig.
Out: pages of rows, as lines while these hold no quotes; ReadingFailed with the row.
Never: holds more than a page, a chunk and a row. A cell has at most 131,072
characters, which is the csv module's limit: without one, a quote that nobody closes
would take the whole file.

Developer guide: "ItemReader (Map)"; cells, headers and empty lines as recorded.
"""

import csv
import re
from codecs import getincrementaldecoder
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import StringIO
from typing import BinaryIO

from asl.engine.page import Page
from asl.tasks.read_bytes import LINE_BYTES, ReadingFailed, broken_archive
from asl.values import Json

DUPLICATE_HEADERS = "CSV headers cannot contain duplicates."
DELIMITERS = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}
HEADER_BYTES = 10 * 1024
_CHUNK_BYTES = 1 << 16
_LINE_END = re.compile(r"\r\n|\r|\n")
_EMPTY = frozenset(("\n", "\r\n", "\r"))


class Table:
    """The rows of a CSV file, taken page by page."""

    def __init__(
        self,
        stream: BinaryIO,
        headers: Sequence[str] | None,
        delimiter: str,
        name: str,
    ) -> None:
        self._stream = stream
        self._headers = headers
        self._columns: Sequence[str] | None = None
        self._delimiter = delimiter
        self._what = f"The CSV file{name}"
        self._decoder = getincrementaldecoder("utf-8-sig")()
        self._rest: list[str] = []
        """What was decoded and is no whole line."""
        self._lines: list[str] = []
        """Of the chunk that is being read; a row may go on in the next."""
        self._at = 0
        self._before = 0
        """How many lines stood in the chunks before."""
        self._is_plain = False
        """Whether a line of the chunk is a row, cut at each delimiter."""
        self._is_whole = False
        """Whether the file was read to its end."""
        self._failure: ReadingFailed | None = None
        """What comes behind the lines that could be read."""

    def take(self, count: int) -> Page:
        """The next rows, at most so many; fewer only where there are no more."""
        with self._explained():
            if self._columns is None:
                self._begin()
            page = Page()
            while len(page.items) < count and self._has_lines():
                page = page.joined(self._some(count - len(page.items)))
        return page

    def close(self) -> None:
        """Close what is open."""
        self._stream.close()

    @property
    def _row(self) -> int:
        """How many lines were read."""
        return self._before + self._at

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            with broken_archive(self._what, lambda: f"row {self._row}"):
                yield
        except csv.Error as error:
            raise ReadingFailed(
                f"{self._what} cannot be parsed at row {self._row}: {error}"
            ) from None

    def _begin(self) -> None:
        if self._delimiter not in DELIMITERS:
            raise ReadingFailed(f"Unknown CSVDelimiter: {self._delimiter}")
        headers = self._headers
        if headers is None:
            headers = next(self._parsed(), [])
        self._columns = _checked(headers)

    def _some(self, count: int) -> Page:
        """Rows of the chunk: its lines, or lists of cells where it holds quotes."""
        if self._is_plain:
            lines = self._lines[self._at : self._at + count]
            self._at += len(lines)
            rows = [line for line in lines if line not in _EMPTY]
            return Page(rows, self._columns, DELIMITERS[self._delimiter])
        cells: list[Json] = []
        chunk = self._lines
        for row in self._parsed():
            cells.append(row)
            if len(cells) == count or self._lines is not chunk:
                break  # the next chunk may be a plain one
            if self._at == len(chunk):
                break
        return Page(cells, self._columns)

    def _parsed(self) -> Iterator[list[str]]:
        """The rows that begin here; empty lines are none."""
        sign = DELIMITERS[self._delimiter]
        return filter(None, csv.reader(self._read(), delimiter=sign, strict=True))

    def _read(self) -> Iterator[str]:
        while self._has_lines():
            self._at += 1
            yield self._lines[self._at - 1]

    def _has_lines(self) -> bool:
        """Whether there is a line; reads on where that is needed."""
        while self._at == len(self._lines):
            self._before += self._at
            self._lines, self._at = [], 0
            if self._failure is not None:
                raise self._failure
            if self._is_whole:
                self.close()
                return False
            self._read_chunk()
        return True

    def _read_chunk(self) -> None:
        data = self._stream.read(_CHUNK_BYTES)
        self._is_whole = not data
        try:
            text = self._decoder.decode(data, final=not data)
        except UnicodeDecodeError as error:
            text = error.object[: error.start].decode()
            self._failure = self._not_utf_8("".join(self._rest) + text, error.reason)
        self._rest.append(text)
        held = sum(map(len, self._rest))
        if _LINE_END.search(text) is None and not self._is_whole and held < LINE_BYTES:
            return
        text = "".join(self._rest)
        end = len(text)
        if not self._is_whole and held < LINE_BYTES:
            # A \r at the very end may go on with \n.
            end = max(text.rfind("\n"), text.rfind("\r", 0, -1)) + 1
        self._rest = [text[end:]]
        # newline="" leaves line ends as they are, and knows all three.
        self._lines = StringIO(text[:end], newline="").readlines()
        longest = max(map(len, self._lines), default=0)
        self._is_plain = '"' not in text and longest <= csv.field_size_limit()

    def _not_utf_8(self, good: str, reason: str) -> ReadingFailed:
        row = self._before + len(_LINE_END.findall(good)) + 1
        return ReadingFailed(f"{self._what} is not UTF-8 at row {row}: {reason}")


def read_csv(stream: BinaryIO, config: Mapping[str, Json], name: str) -> Table:
    """One row of texts for each that is not empty."""
    given = None
    if config.get("CSVHeaderLocation") == "GIVEN":
        given = config.get("CSVHeaders", [])
    return Table(stream, given, config.get("CSVDelimiter", "COMMA"), name)


def _checked(headers: Sequence[str]) -> Sequence[str]:
    if len(set(headers)) < len(headers):
        raise ReadingFailed(DUPLICATE_HEADERS)
    if sum(len(header.encode()) + 1 for header in headers) > HEADER_BYTES + 1:
        raise ReadingFailed(f"CSV headers have more than {HEADER_BYTES:,} bytes.")
    return headers
