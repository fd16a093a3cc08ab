"""asl coverage: the coverage data of any number of runs, put together and reported.

In: data files that the pytest plugin or `asl test` has written. Out: a report; 0, or 1
where less was reached than wished, 2 where a file is no such data.
Never: runs anything; measures nothing.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from asl.cli.main import FAILED, SUCCEEDED
from asl.cli.say import say

if TYPE_CHECKING:
    from asl.coverage.measure import Coverage

FORMATS = ("term", "html", "json", "lcov", "cobertura")


@click.command("coverage", short_help="Report what runs have reached.")
@click.argument("data", nargs=-1, required=True, metavar="DATA...")
@click.option("--format", type=click.Choice(FORMATS), default="term", show_default=True)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="Write the report to FILE instead of standard output.",
)
@click.option(
    "--fail-under",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    help="Exit with 1 if less of all places was reached.",
)
@click.pass_context
def command(
    context: click.Context,
    /,
    data: tuple[str, ...],
    format: str,
    output: str | None,
    fail_under: float | None,
) -> None:
    """Put coverage DATA files (pytest --asl-cov-report=json) together and report.

    Exit code 0: all is well; 1: less was reached than --fail-under says; 2: a file
    cannot be read or is no coverage data.
    """
    from asl.coverage.measure import Coverage
    from asl.coverage.report import write_report
    from asl.coverage.wishes import find_lack, save

    coverage = Coverage()
    for file in data:
        coverage.merge(_read(file))
    report = write_report(coverage, format)
    if output is None:
        say(report.rstrip("\n"))
    else:
        save(report, Path(output))
    lack = find_lack(coverage, fail_under)
    if lack is not None:
        say(lack, err=True)
    context.exit(SUCCEEDED if lack is None else FAILED)


def _read(file: str) -> "Coverage":
    from asl.coverage.measure import Coverage
    from asl.errors import UsageError
    from asl.values import NotJson, parse_json

    try:
        return Coverage.from_json(parse_json(Path(file).read_text(encoding="utf-8")))
    except (OSError, NotJson, UnicodeDecodeError, UsageError) as error:
        raise UsageError(f"{file}: {error}") from None
