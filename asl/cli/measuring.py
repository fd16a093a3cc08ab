"""Measuring: the coverage options of a verb that runs machines.

In: the options, and a `with` around the runs. Out: reports, and whether enough was
reached.
Never: imports anything unless one of the options is given.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

import click

from asl.cli.say import say

if TYPE_CHECKING:
    from asl.coverage.collect import Collector

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--cov", is_flag=True, help="Measure what the machines' runs reach."),
    click.option(
        "--cov-report",
        multiple=True,
        metavar="FORMAT[:FILE]",
        help="term, html, json, lcov or cobertura. Can be repeated. Default: term.",
    ),
    click.option(
        "--cov-fail-under",
        type=click.FloatRange(0, 100),
        metavar="PERCENT",
        help="Fail if less of all places was reached.",
    ),
)


def coverage_options(command: F) -> F:
    """Give a command --cov, --cov-report and --cov-fail-under."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


class Measuring:
    """Around the runs: watches them, if that is wished."""

    def __init__(
        self, wished: bool, reports: Sequence[str], fail_under: float | None
    ) -> None:
        self.fail_under = fail_under
        self.collector: Collector | None = None
        if wished or reports or fail_under is not None:
            from asl.coverage import collect
            from asl.coverage.wishes import read_wish

            self.wishes = [read_wish(text) for text in reports]
            self.collector = collect.Collector()

    def __enter__(self) -> "Measuring":
        if self.collector is not None:
            self.collector.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.collector is not None:
            self.collector.stop()

    def report(self) -> bool:
        """Write the reports; whether as much was reached as wished."""
        if self.collector is None:
            return True
        from asl.coverage.wishes import find_lack, write_reports

        coverage = self.collector.coverage
        say()
        write_reports(coverage, self.wishes, folder=Path(), say=say)
        lack = find_lack(coverage, self.fail_under)
        if lack is not None:
            say(click.style(lack, fg="red"), err=True)
        return lack is None
