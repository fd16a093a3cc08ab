"""The pytest plugin's coverage: options, one Collector a session, reports at its end.

In: pytest's hooks. Out: with --asl-cov the coverage of all machines that the tests run;
of all workers together under pytest-xdist.
Never: imports anything of asl unless one of the options is given.

PYTEST_DONT_REWRITE: there is no assert in here.
"""

import argparse
from collections.abc import Generator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from asl.coverage.collect import Collector
    from asl.coverage.measure import Coverage

_NAME = "asl_coverage"
"""What the session's hooks are registered as, and a worker's data stand under."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of coverage."""
    group = parser.getgroup("asl", "state machines (aslkit)")
    group.addoption(
        "--asl-cov",
        action="store_true",
        default=False,
        help="Measure which states and transitions of state machines the tests reach.",
    )
    group.addoption(
        "--asl-cov-source",
        action="append",
        default=[],
        metavar="PATH",
        help="Only these definitions, run or not: files or folders. Can be repeated.",
    )
    group.addoption(
        "--asl-cov-fail-under",
        type=_percent,
        default=None,
        metavar="PERCENT",
        help="Fail if less of all places was reached.",
    )
    group.addoption(
        "--asl-cov-report",
        action="append",
        default=[],
        metavar="FORMAT[:FILE]",
        help="term, html, json, lcov or cobertura. Can be repeated. Default: term.",
    )


def _percent(text: str) -> float:
    percent = float(text)
    if not 0 <= percent <= 100:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 100")
    return percent


def pytest_configure(config: pytest.Config) -> None:
    """Begin to measure, if one of the options asks for it."""
    options = config.option
    wished = (
        options.asl_cov
        or options.asl_cov_report
        or options.asl_cov_source
        or options.asl_cov_fail_under is not None
    )
    if not wished or options.collectonly:
        return
    from asl.coverage.collect import Collector

    hooks = _Worker if hasattr(config, "workerinput") else _Session
    session = hooks(config, Collector(config.invocation_params.dir))
    config.pluginmanager.register(session, _NAME)
    session.collector.start()


class _Worker:
    """The hooks of one of pytest-xdist's processes: it measures, and hands over."""

    def __init__(self, config: pytest.Config, collector: "Collector") -> None:
        self.config = config
        self.collector = collector

    def pytest_sessionfinish(self) -> None:
        """Give the controller what was measured here."""
        if hasattr(self.config, "workeroutput"):
            data = self.collector.coverage.to_json()
            self.config.workeroutput[_NAME] = data

    def pytest_unconfigure(self) -> None:
        """Measure no longer."""
        self.collector.stop()


class _Session(_Worker):
    """The hooks of a session whose coverage is measured: it reports in the end."""

    def __init__(self, config: pytest.Config, collector: "Collector") -> None:
        super().__init__(config, collector)
        from asl.coverage.wishes import read_wish
        from asl.errors import UsageError

        self.unread: list[str] = []
        """Definitions that were to be in the report and cannot be read."""
        try:
            self.wishes = [read_wish(text) for text in config.option.asl_cov_report]
            self.sources = self._find_sources()
        except UsageError as error:
            raise pytest.UsageError(str(error)) from None

    def _find_sources(self) -> Sequence[str]:
        """The definitions that --asl-cov-source means."""
        from asl.source.search import find_definitions

        base = self.config.invocation_params.dir
        words = self.config.option.asl_cov_source
        return find_definitions([str(base / word) for word in words])

    @cached_property
    def measured(self) -> "Coverage":
        """What is reported in the end: of the sources, also what was never run."""
        coverage = self.collector.coverage
        if not self.sources:
            return coverage
        from asl.checks.load import load
        from asl.errors import DefinitionError

        known = {machine.file for machine in coverage.machines}
        for file in self.sources:
            if coverage.relative(file) not in known:
                try:
                    coverage.add(load(file))
                except DefinitionError as error:
                    self.unread.append(str(error))
        return coverage.only({coverage.relative(file) for file in self.sources})

    @cached_property
    def lack(self) -> str | None:
        """What to say where less was reached than wished."""
        from asl.coverage.wishes import find_lack

        return find_lack(self.measured, self.config.option.asl_cov_fail_under)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """A worker has ended: take what it has measured."""
        data = getattr(node, "workeroutput", {}).get(_NAME)
        if data is not None:
            coverage = self.collector.coverage
            coverage.merge(type(coverage).from_json(data))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(
        self, session: pytest.Session
    ) -> Generator[None, object, object]:
        """After the last test: too little coverage is a failure like a test's."""
        result = yield
        if self.lack is not None:
            session.testsfailed += 1
        return result

    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter
    ) -> None:
        """Write the reports."""
        from asl.coverage.wishes import write_reports

        terminalreporter.section("coverage of state machines")
        write_reports(
            self.measured,
            self.wishes,
            folder=self.config.invocation_params.dir,
            say=terminalreporter.write_line,
        )
        for text in self.unread:
            terminalreporter.write_line(f"not in the coverage: {text}")
        if self.lack is not None:
            terminalreporter.write_line(f"FAIL: {self.lack}", red=True)
