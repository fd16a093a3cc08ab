"""The report for people: a table, and what was never reached, by line.

In: a Coverage. Out: text; the names of all forms of report, and their writers.
Never: prints, or writes a file.
"""

import importlib
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from asl.coverage.measure import Coverage, MachineCoverage, Tally
from asl.coverage.places import KINDS, Place


@dataclass(frozen=True, slots=True)
class Format:
    """One form of report: who writes it, and where if nobody says."""

    room: str
    writer: str
    file: str | None
    """None: on the terminal."""


FORMATS = {
    "term": Format("asl.coverage.report", "write_text", None),
    "html": Format("asl.coverage.report_html", "write_html", "asl-coverage.html"),
    "json": Format("asl.coverage.report_json", "write_json", "asl-coverage.json"),
    "lcov": Format("asl.coverage.report_lcov", "write_lcov", "asl-coverage.info"),
    "cobertura": Format(
        "asl.coverage.report_cobertura", "write_cobertura", "asl-coverage.xml"
    ),
}
"""The forms of report by name; each writer is imported when it is needed."""


def write_report(coverage: Coverage, format: str) -> str:
    """The report in one of FORMATS."""
    form = FORMATS[format]
    write: Callable[[Coverage], str] = getattr(
        importlib.import_module(form.room), form.writer
    )
    return write(coverage)


def percent_text(tally: Tally) -> str:
    """A share in whole per cent: 100 % only if nothing is missing."""
    return f"{math.floor(tally.percent)} %"


def write_text(coverage: Coverage) -> str:
    """A table of all machines, then every missing place with its file and line."""
    if not coverage.machines:
        return "no state machine was run"
    rows = [["", "states", "transitions", "conditions", "reached"]]
    rows += [[one.title, *_cells(one)] for one in coverage.machines]
    if len(coverage.machines) > 1:
        rows.append(["all", *_cells(coverage)])
    lines = list(_table(rows))
    for machine in coverage.machines:
        if missing := machine.missing():
            lines += ["", "never reached:" if machine.executions else "never run:"]
            lines += [f"  {place_text(machine, place)}" for place in missing]
    return "\n".join(lines)


def place_text(machine: MachineCoverage, place: Place) -> str:
    """A missing place in one line: `order.asl.json:31: Pay: Catch[0] → Sorry`."""
    where = machine.title if place.line is None else f"{machine.title}:{place.line}"
    what = place.state if place.kind == "state" else f"{place.state}: {place.text}"
    return f"{where}: {what}"


def _cells(counted: Coverage | MachineCoverage) -> list[str]:
    tallies = [counted.tally(kind) for kind in KINDS]
    cells = [f"{t.covered}/{t.total}" if t.total else "-" for t in tallies]
    return [*cells, percent_text(counted.tally())]


def _table(rows: list[list[str]]) -> Iterator[str]:
    """Rows with their columns one below the other, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        first, *others = (
            cell.ljust(width) if not column else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join([first, *others]).rstrip()


@dataclass(slots=True)
class Line:
    """One line of a file that something of a machine stands in."""

    number: int
    places: list[tuple[Place, int]]
    """With how often each was reached."""

    @property
    def hits(self) -> int:
        """How often the line was come to: as often as the place most reached."""
        return max(hits for _, hits in self.places)

    @property
    def branches(self) -> list[tuple[Place, int]]:
        """The ways that part here, or lead from here: all but the state itself."""
        return [(place, hits) for place, hits in self.places if place.kind != "state"]


def lines_of(machines: Iterable[MachineCoverage]) -> list[Line]:
    """The lines of one file; the file may have been read as several machines.

    The same place in two of them (one file with other substitutions) is one place.
    """
    places: dict[int, dict[tuple[str, str], tuple[Place, int]]] = {}
    for machine in machines:
        for place in machine.places:
            if place.line is not None:
                known = places.setdefault(place.line, {})
                key = place.pointer, place.what
                hits = known[key][1] if key in known else 0
                known[key] = place, hits + machine.hits_of(place)
    return [Line(number, list(places[number].values())) for number in sorted(places)]


def by_file(coverage: Coverage) -> dict[str, list[MachineCoverage]]:
    """The machines that have lines, by their file: others cannot be shown by line."""
    files: dict[str, list[MachineCoverage]] = {}
    for machine in coverage.machines:
        if machine.file and any(place.line for place in machine.places):
            files.setdefault(machine.file, []).append(machine)
    return files
