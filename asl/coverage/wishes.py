"""Wishes: which reports somebody wants of a session's coverage, and where.

In: `term`, `html`, `lcov:build/asl.info`, … as options give them. Out: the reports,
each written to its file or said.
Never: decides how a report looks, or what it is about.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from asl.coverage.measure import Coverage
from asl.coverage.report import FORMATS, write_report
from asl.errors import UsageError


def read_wish(text: str) -> tuple[str, str | None]:
    """A form of report and its file, which is None for the terminal."""
    name, _, file = text.partition(":")
    if name not in FORMATS:
        forms = ", ".join(FORMATS)
        raise UsageError(f"{name!r} is no form of coverage report: there are {forms}")
    return name, file or FORMATS[name].file


def write_reports(
    coverage: Coverage,
    wishes: Sequence[tuple[str, str | None]],
    *,
    folder: Path,
    say: Callable[[str], object],
) -> None:
    """Write every report that is wished; without a wish, the one for the terminal."""
    for name, file in wishes or [("term", None)]:
        text = write_report(coverage, name)
        if file is None:
            say(text.rstrip("\n"))
        else:
            save(text, folder / file)
            say(f"{name} report written to {Path(file).as_posix()}")


def save(text: str, file: Path) -> None:
    """Write a report to a file, and the folders that it needs."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8", errors="backslashreplace")


def find_lack(coverage: Coverage, percent: float | None) -> str | None:
    """What to say where less was reached than wished."""
    reached = coverage.tally().percent
    if percent is None or reached >= percent:
        return None
    return f"{reached:.2f} % was reached, less than {percent:g} %"
