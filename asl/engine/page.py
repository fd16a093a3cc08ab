"""A page: items that follow one another, in the smallest form that they come in.

In: items as they are; or rows of a table: what stands under its columns, as lists of
cells or as the lines that the file has. Out: the same as objects; parts; joined pages.
Never: reads a line that holds a quote or is over-long: a reader gives such as cells.

A row is a third of the object that it stands for, and quickly sent to another process.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import repeat

from asl.values import Json, size_bound


@dataclass(slots=True)
class Page:
    """Items, or the rows of one table."""

    items: list[Json] = field(default_factory=list)
    columns: Sequence[str] | None = None
    """Where the items are rows: their keys."""
    delimiter: str | None = None
    """Where the rows are lines: what stands between their cells."""

    def part(self, begin: int, end: int) -> "Page":
        """Some of the items."""
        return Page(self.items[begin:end], self.columns, self.delimiter)

    def objects(self) -> list[Json]:
        """The items as a machine sees them: missing cells are empty texts."""
        if self.columns is None:
            return self.items
        rows, columns = self._cells(), self.columns
        width = len(columns)
        if rows and min(map(len, rows)) < width:
            rows = [row + [""] * (width - len(row)) for row in rows]
        # zip leaves out the cells beyond the columns.
        return list(map(dict, map(zip, repeat(columns), rows)))

    def joined(self, more: "Page") -> "Page":
        """This page with another one behind it."""
        if not self.items or not more.items:
            return self if self.items else more
        if self.columns != more.columns:
            return Page(self.objects() + more.objects())
        if self.delimiter != more.delimiter:
            return Page(self._cells() + more._cells(), self.columns)
        return replace(self, items=self.items + more.items)

    def bound(self) -> int:
        """An upper bound of the items' size in bytes, with the commas between them."""
        if self.delimiter is None:
            bound = size_bound(self.items)
        else:
            bound = 6 * sum(map(len, self.items))  # no character takes more
        if self.columns is not None:
            # Each row has all keys, and at worst each cell a comma and quotes.
            keys = 6 * sum(map(len, self.columns)) + 7 * len(self.columns) + 3
            bound += len(self.items) * keys
        return bound

    def _cells(self) -> list[Json]:
        if self.delimiter is None:
            return self.items
        return list(csv.reader(self.items, delimiter=self.delimiter, strict=True))
