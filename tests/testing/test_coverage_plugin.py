"""Coverage over a whole pytest session, through pytest itself."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import asl.coverage.collect
import asl.coverage.report_cobertura
import asl.coverage.report_html
import asl.coverage.report_json
import asl.coverage.report_lcov
import asl.coverage.wishes  # noqa: F401 - pytester would forget what it loads itself

Kit = Callable[..., pytest.RunResult]

TESTS = """
import asl, pytest

@pytest.mark.asl("machine.asl.json")
@pytest.mark.parametrize("answer", [{answers}])
def test_it(asl_machine, answer):
    asl.run(asl_machine, {{}}, tasks=asl.Mocks({{"Pay": [answer]}}))
"""
GOOD = '{"Return": {"Payload": {"charged": 1}}}'
BAD = '{"Throw": {"Error": "Lost"}}'

BOTH = "machine.asl.json     3/3          3/3           -    100 %"
HALF = "machine.asl.json     2/3          1/3           -     50 %"


@pytest.fixture
def tests(pytester: pytest.Pytester) -> Callable[..., None]:
    """Writes a test that runs the machine with some answers."""

    def write(*answers: str) -> None:
        pytester.makepyfile(TESTS.format(answers=", ".join(answers)))

    return write


def test_without_the_options_nothing_is_said(
    kit: Kit, tests: Callable[..., None]
) -> None:
    tests(GOOD)
    result = kit()
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*coverage of state machines*")


def test_the_session_ends_with_a_table_and_what_is_missing(
    kit: Kit, tests: Callable[..., None]
) -> None:
    tests(GOOD)
    result = kit("--asl-cov")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        [
            "*= coverage of state machines =*",
            HALF,
            "never reached:",
            "  machine.asl.json:8: Pay: Catch?0? (States.ALL) → Sorry",
            "  machine.asl.json:11: Sorry",
            "  machine.asl.json:11: Sorry: Next → Done",
        ]
    )


def test_too_little_fails_the_session(kit: Kit, tests: Callable[..., None]) -> None:
    tests(GOOD)
    assert kit("--asl-cov-fail-under=50").ret == pytest.ExitCode.OK
    result = kit("--asl-cov", "--asl-cov-fail-under=50.1")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["FAIL: 50.00 % was reached, less than 50.1 %"])


def test_every_form_of_report_is_written(
    kit: Kit, tests: Callable[..., None], pytester: pytest.Pytester
) -> None:
    tests(GOOD, BAD)
    forms = ("html:out/a.html", "json", "lcov", "cobertura", "term")
    result = kit(*(f"--asl-cov-report={form}" for form in forms))
    result.stdout.fnmatch_lines(["html report written to out/a.html", BOTH])
    data = json.loads((pytester.path / "asl-coverage.json").read_text("utf-8"))
    assert data["totals"]["percent"] == 100
    for name in ("out/a.html", "asl-coverage.info", "asl-coverage.xml"):
        assert (pytester.path / name).stat().st_size


def test_the_workers_of_xdist_are_measured_together(
    kit: Kit, tests: Callable[..., None]
) -> None:
    tests(GOOD, BAD, GOOD, BAD)
    result = kit("-n2", "--asl-cov-fail-under=100", apart=True)
    result.assert_outcomes(passed=4)
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines([BOTH])


def test_xdist_fails_under_the_limit_as_well(
    kit: Kit, tests: Callable[..., None]
) -> None:
    tests(GOOD)
    result = kit("-n1", "--asl-cov-fail-under=51", apart=True)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines([HALF, "FAIL: 50.00 %*"])


def test_sources_are_reported_run_or_not_and_nothing_else(
    kit: Kit, tests: Callable[..., None], pytester: pytest.Pytester
) -> None:
    tests(GOOD)
    flows = pytester.mkdir("flows")
    never = '{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}'
    (flows / "never.asl.json").write_text(never, encoding="utf-8")
    (flows / "wrong.asl.json").write_text("{}", encoding="utf-8")
    result = kit("--asl-cov-source=flows")
    result.stdout.fnmatch_lines(
        [
            "flows/never.asl.json     0/1          *     0 %",
            "never run:",
            "  flows/never.asl.json:1: A",
            "not in the coverage: *wrong.asl.json*",
        ]
    )
    result.stdout.no_fnmatch_line("machine.asl.json *")
    both = kit("--asl-cov-source=flows", "--asl-cov-source=machine.asl.json")
    both.stdout.fnmatch_lines(["flows/never*", HALF.replace("json ", "json  *")])


@pytest.mark.parametrize(
    ("option", "word"),
    [
        ("--asl-cov-report=pdf", "*'pdf' is no form of coverage report*"),
        ("--asl-cov-source=nowhere/*.json", "*no file is named like this*"),
        ("--asl-cov-fail-under=101", "*101 is not between 0 and 100*"),
        ("--asl-cov-fail-under=x", "*invalid*"),
    ],
)
def test_wrong_options_are_refused(kit: Kit, option: str, word: str) -> None:
    result = kit(option)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([word])


def test_a_session_that_only_collects_measures_nothing(
    kit: Kit, tests: Callable[..., None]
) -> None:
    tests(GOOD)
    result = kit("--asl-cov", "--asl-cov-fail-under=100", "--collect-only")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.no_fnmatch_line("*coverage of state machines*")


def test_scenario_files_are_measured_too(kit: Kit, pytester: pytest.Pytester) -> None:
    scenario = {
        "definition": "machine.asl.json",
        "mocks": {"Pay": [{"Throw": {"Error": "Lost"}}]},
        "expect": {"status": "SUCCEEDED", "path": ["Pay", "Sorry", "Done"]},
    }
    file = pytester.path / "a.scenario.json"
    file.write_text(json.dumps(scenario), encoding="utf-8")
    result = kit("--asl-cov")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["machine.asl.json     3/3          2/3*"])


def test_the_observers_are_gone_after_the_session(
    kit: Kit, tests: Callable[..., None]
) -> None:
    from asl.expressions.jsonata import watchers
    from asl.runtime.family import observers

    tests(GOOD)
    before = len(observers), len(watchers)
    kit("--asl-cov")
    assert (len(observers), len(watchers)) == before


def test_a_session_stopped_early_still_reports(
    kit: Kit, tests: Callable[..., None], pytester: pytest.Pytester
) -> None:
    tests(GOOD)
    (pytester.path / "test_zz.py").write_text(
        "def test_no():\n    assert False\ndef test_yes():\n    pass\n",
        encoding="utf-8",
    )
    result = kit("-x", "--asl-cov", "--asl-cov-fail-under=100")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines([HALF])
    assert Path(pytester.path / "asl-coverage.html").exists() is False
