"""asl test: scenarios without pytest, told as pytest tells its tests.

In: the arguments. Out: a sign for each scenario, what failed and why, an exit code; of
the test cases of a mock configuration also how each ended.
Never: decides whether a scenario passes; asl.testing does. Never imports pytest.
"""

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from asl.cli.main import FAILED, SUCCEEDED
from asl.cli.measuring import Measuring, coverage_options
from asl.cli.mock_cases import case_options, read_case_options
from asl.cli.say import arrow, say
from asl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from asl.testing.mock_cases import CaseOptions
    from asl.testing.scenario import Scenario
    from asl.testing.verdict import Verdict

_WIDTH = 80
_UPDATE = "--update-snapshots"


@click.command("test", short_help="Run scenario files: tests of a machine as data.")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("-k", "only", metavar="TEXT", help="Only scenarios with TEXT in a name.")
@click.option("-x", "stop", is_flag=True, help="Stop at the first failure.")
@click.option("-v", "verbose", is_flag=True, help="A line for each scenario.")
@click.option(
    "--junit",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the results as JUnit's XML.",
)
@click.option(_UPDATE, "update", is_flag=True, help="Write snapshots anew.")
@case_options
@coverage_options
@click.pass_context
def command(
    context: click.Context,
    /,
    paths: tuple[Path, ...],
    only: str | None,
    stop: bool,
    verbose: bool,
    junit: Path | None,
    update: bool,
    machines: tuple[str, ...],
    inputs: tuple[str, ...],
    statuses: tuple[str, ...],
    tasks: str | None,
    cov: bool,
    cov_report: tuple[str, ...],
    cov_fail_under: float | None,
) -> None:
    """Run the scenarios in PATHS: files, or folders with *.scenario.yaml and .json.

    Without PATHS those of the present folder. Exit code 0: all passed; 1: some did not;
    2: a scenario cannot be read, or there is none.

    A MockConfigFile.json in PATHS gives a test for each of its test cases, named
    MACHINE#CASE. It says nothing of how they end: a case passes if no mock is missing
    and its execution succeeds, or fails in a Fail state or with an error that its own
    responses throw; its end and its path are shown. The definition of a machine is
    found by its name beside the file or above it, or in a folder statemachine there.
    """
    from asl.testing.verdict import judge

    options = read_case_options(machines, inputs, statuses, tasks)
    scenarios = _find(paths or (Path(),), only, options)
    files = len({scenario.file for scenario in scenarios})
    say(f"collected {_count(len(scenarios), 'scenario')} in {_count(files, 'file')}\n")
    judged: list[tuple[Verdict, float]] = []
    line = _Line(len(scenarios), verbose=verbose)
    begun = time.perf_counter()
    with Measuring(cov, cov_report, cov_fail_under) as measuring:
        for scenario in scenarios:
            before = time.perf_counter()
            verdict = judge(scenario, update_snapshots=update, option=_UPDATE)
            judged.append((verdict, time.perf_counter() - before))
            line.tell(verdict)
            if stop and not verdict.passed:
                break
    line.end()
    _summary([verdict for verdict, _ in judged], time.perf_counter() - begun)
    if junit is not None:
        from asl.testing.junit import write_junit

        junit.write_text(write_junit(judged), encoding="utf-8")
    passed = measuring.report()
    passed = passed and all(verdict.passed for verdict, _ in judged)
    context.exit(SUCCEEDED if passed else FAILED)


def _find(
    paths: "Sequence[Path]", only: str | None, options: "CaseOptions | None"
) -> "list[Scenario]":
    """The scenarios to run; wrong files are told all at once."""
    from asl.testing.mock_cases import is_mock_config, read_cases
    from asl.testing.scenario_file import find_files, is_scenario, read_scenarios

    found, wrong = [], []
    has_config = False
    for file in dict.fromkeys(find_files(paths)):
        try:
            if not is_scenario(file.name) and is_mock_config(file):
                has_config = True
                found += read_cases(file, options)
            else:
                found += read_scenarios(file)
        except UsageError as error:
            wrong.append(str(error))
    if options is not None and not has_config:
        wrong.append(
            "--machine, --input, --expect-status and --tasks are for a "
            "MockConfigFile.json, which has to be named; a scenario says such things "
            "itself"
        )
    if wrong:
        raise UsageError("\n".join(wrong))
    chosen = [s for s in found if only is None or only in _id(s)]
    if not chosen:
        places = ", ".join(map(str, paths))
        such = "" if only is None else f" with {only!r} in its name"
        raise UsageError(f"there is no scenario{such} in {places}")
    return chosen


def _id(scenario: "Scenario") -> str:
    return f"{scenario.file.as_posix()}::{scenario.name}"


class _Line:
    """The progress: a line for each file, a sign for each scenario."""

    def __init__(self, total: int, *, verbose: bool) -> None:
        self.total = total
        self.verbose = verbose
        self.done = 0
        self.file: Path | None = None
        self.signs = ""
        self.ends: list[str] = []
        """How the test cases of a mock configuration ended, who expect nothing."""

    def tell(self, verdict: "Verdict") -> None:
        """One scenario is over."""
        passed, scenario = verdict.passed, verdict.scenario
        if scenario.file != self.file:
            self.end()
            self.file = scenario.file
        self.done += 1
        color = "green" if passed else "red"
        if self.verbose:
            word = click.style("PASSED" if passed else "FAILED", fg=color)
            say(f"{_id(scenario)} {word} {self._share()}")
        if scenario.may_throw is not None:
            self.ends.append(_end(verdict))
        self.signs += click.style("." if passed else "F", fg=color)

    def end(self) -> None:
        """A file is over."""
        if self.file is not None and not self.verbose:
            say(f"{self.file.as_posix()} {self.signs} {self._share()}")
        for text in self.ends:
            say(f"    {text}")
        self.signs = ""
        self.ends = []

    def _share(self) -> str:
        return f"[{100 * self.done // self.total:3d}%]"


def _end(verdict: "Verdict") -> str:
    """How a test case ended, and by which path."""
    execution, name = verdict.execution, verdict.scenario.name
    if execution is None:
        return f"{name}: did not come to an end"
    error = "" if execution.error is None else f" {execution.error}"
    path = f" {arrow()} ".join(execution.path)
    return f"{name}: {execution.status}{error}  {path}"


def _summary(verdicts: "Sequence[Verdict]", seconds: float) -> None:
    failed = [verdict for verdict in verdicts if not verdict.passed]
    if failed:
        say(f"\n{' FAILURES ':=^{_WIDTH}}")
        for verdict in failed:
            name = f" {verdict.scenario.name} "
            say(click.style(f"{name:_^{_WIDTH}}", fg="red", bold=True))
            say(f"{verdict.scenario.file.as_posix()}:{verdict.scenario.line}\n")
            say(f"{verdict}\n")
        say(f"{' short test summary info ':=^{_WIDTH}}")
        for verdict in failed:
            say(f"FAILED {_id(verdict.scenario)} - {verdict.headline}")
    counts = ", ".join(_counts(len(failed), len(verdicts) - len(failed)))
    took = f"{counts} in {seconds:.2f}s"
    color = "red" if failed else "green"
    say(click.style(f"{f' {took} ':=^{_WIDTH}}", fg=color))


def _counts(failed: int, passed: int) -> "Iterator[str]":
    if failed:
        yield f"{failed} failed"
    if passed:
        yield f"{passed} passed"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
