"""CSV: a stream of bytes -> one object of texts a row.

In: the bytes of one object, the evaluated ReaderConfig.
Out: items, one at a time; ReadingFailed with the row.
Never: holds more than a row. A cell has at most 131,072 characters, which is the csv
module's limit: without one, a quote that nobody closes would take the whole file.

Developer guide: "ItemReader (Map)"; cells, headers and empty lines as recorded.
"""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from io import TextIOWrapper
from typing import BinaryIO

from asl.tasks.read_bytes import LINE_BYTES, ReadingFailed, broken_archive
from asl.values import Json

DUPLICATE_HEADERS = "CSV headers cannot contain duplicates."
DELIMITERS = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}
HEADER_BYTES = 10 * 1024
_LINE_END = re.compile(rb"\r\n|\r|\n")


def read_csv(
    stream: BinaryIO, config: Mapping[str, Json], name: str
) -> Iterator[dict[str, Json]]:
    """One object of texts for each row; empty lines are no rows."""
    given = None
    if config.get("CSVHeaderLocation") == "GIVEN":
        given = config.get("CSVHeaders", [])
    return read_rows(stream, given, config.get("CSVDelimiter", "COMMA"), name)


def read_rows(
    stream: BinaryIO, headers: Sequence[str] | None, delimiter: str, name: str
) -> Iterator[dict[str, Json]]:
    """The rows under the headers given, or under those of the first row."""
    sign = DELIMITERS.get(delimiter)
    if sign is None:
        raise ReadingFailed(f"Unknown CSVDelimiter: {delimiter}")
    # newline="" leaves line ends inside quotes to the csv module.
    with TextIOWrapper(stream, "utf-8-sig", newline="") as text:
        pieces = iter(partial(text.readline, LINE_BYTES), "")
        reader = csv.reader(pieces, delimiter=sign, strict=True)
        what = f"The CSV file{name}"
        try:
            with broken_archive(what, lambda: f"row {reader.line_num}"):
                rows = filter(None, reader)
                headers = _checked(next(rows, []) if headers is None else headers)
                width = len(headers)
                for row in rows:
                    if len(row) < width:
                        row += [""] * (width - len(row))
                    # Cells beyond the headers are dropped.
                    yield dict(zip(headers, row))  # noqa: B905 # the keyword takes time
        except csv.Error as error:
            raise ReadingFailed(
                f"{what} cannot be parsed at row {reader.line_num}: {error}"
            ) from None
        except UnicodeDecodeError as error:
            # What is being decoded follows the rows that were read.
            more = len(_LINE_END.findall(error.object[: error.start]))
            raise ReadingFailed(
                f"{what} is not UTF-8 at row {reader.line_num + 1 + more}: "
                f"{error.reason}"
            ) from None


def _checked(headers: Sequence[str]) -> Sequence[str]:
    if len(set(headers)) < len(headers):
        raise ReadingFailed(DUPLICATE_HEADERS)
    if sum(len(header.encode()) + 1 for header in headers) > HEADER_BYTES + 1:
        raise ReadingFailed(f"CSV headers have more than {HEADER_BYTES:,} bytes.")
    return headers
