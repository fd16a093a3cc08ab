"""The report as an LCOV tracefile, which genhtml and many editors read.

In: a Coverage. Out: text: a state is a function, a place a state parts at is a branch.
Never: tells of a machine without a file, for which the format has no room.

geninfo(1), "Files".
"""

from collections.abc import Iterator, Sequence

from asl.coverage.measure import Coverage, MachineCoverage
from asl.coverage.report import Line, by_file, lines_of


def write_lcov(coverage: Coverage) -> str:
    """One section a file."""
    sections = by_file(coverage).items()
    return "".join(
        f"{line}\n"
        for file, machines in sections
        for line in ("TN:", f"SF:{file}", *_section(machines), "end_of_record")
    )


def _section(machines: Sequence[MachineCoverage]) -> Iterator[str]:
    lines = lines_of(machines)
    states = [
        (line.number, " ".join(place.state.split()), hits)
        for line in lines
        for place, hits in line.places
        if place.kind == "state"
    ]
    yield from (f"FN:{number},{name}" for number, name, _ in states)
    yield from (f"FNDA:{hits},{name}" for _, name, hits in states)
    yield f"FNF:{len(states)}"
    yield f"FNH:{sum(hits > 0 for _, _, hits in states)}"
    yield from (text for line in lines for text in _branches(line))
    branches = [hits for line in lines for _, hits in line.branches]
    yield f"BRF:{len(branches)}"
    yield f"BRH:{sum(hits > 0 for hits in branches)}"
    yield from (f"DA:{line.number},{line.hits}" for line in lines)
    yield f"LF:{len(lines)}"
    yield f"LH:{sum(line.hits > 0 for line in lines)}"


def _branches(line: Line) -> Iterator[str]:
    """`-` means that the line was never come to."""
    for number, (_, hits) in enumerate(line.branches):
        yield f"BRDA:{line.number},0,{number},{hits if line.hits else '-'}"
