"""asl coverage: data files put together; asl test --cov: measured on the way."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import asl
from asl.cli.main import main
from asl.coverage.collect import Collector

CHOICE = """{"StartAt": "A", "States": {
  "A": {"Type": "Choice", "Default": "C",
    "Choices": [{"Variable": "$", "NumericEquals": 1, "Next": "B"}]},
  "B": {"Type": "Succeed"},
  "C": {"Type": "Succeed"}
}}"""

Data = Callable[..., str]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Data:
    """Runs the machine and writes a data file; gives its name."""
    monkeypatch.chdir(tmp_path)
    Path("a.asl.json").write_text(CHOICE, encoding="utf-8")

    def write(name: str, given: int) -> str:
        with Collector() as coverage:
            asl.run(asl.load("a.asl.json"), given)
        Path(name).write_text(json.dumps(coverage.to_json()), encoding="utf-8")
        return name

    return write


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_data_files_are_put_together(data: Data) -> None:
    one, other = data("one.json", 1), data("other.json", 2)
    assert "a.asl.json     2/3          1/3" in run("coverage", one).output
    result = run("coverage", one, other, "--fail-under", "100")
    assert result.output.splitlines()[1].split() == [
        "a.asl.json", "3/3", "3/3", "-", "100", "%",
    ]  # fmt: skip
    assert result.exit_code == 0


def test_too_little_is_exit_code_1(data: Data) -> None:
    result = run("coverage", data("one.json", 1), "--fail-under", "60")
    assert result.exit_code == 1
    assert result.stderr == "50.00 % was reached, less than 60 %\n"


def test_a_report_goes_to_a_file(data: Data) -> None:
    name = data("one.json", 1)
    result = run("coverage", name, "--format", "lcov", "-o", "out/a.info")
    assert (result.exit_code, result.output) == (0, "")
    assert Path("out/a.info").read_text(encoding="utf-8").startswith("TN:\nSF:a.asl")


def test_a_report_goes_to_standard_output(data: Data) -> None:
    result = run("coverage", data("one.json", 1), "--format", "json")
    assert json.loads(result.output) == json.loads(Path("one.json").read_text("utf-8"))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("{}", "bad.json: this is no coverage data"),
        ("{", "bad.json: not JSON"),
        (None, "bad.json: "),
    ],
)
def test_other_files_are_exit_code_2(data: Data, text: str | None, word: str) -> None:
    if text is not None:
        Path("bad.json").write_text(text, encoding="utf-8")
    result = run("coverage", "bad.json")
    assert result.exit_code == 2
    assert word in result.stderr


SCENARIO = """
definition: a.asl.json
input: 1
expect: {status: SUCCEEDED}
"""


def test_scenarios_are_measured_on_the_way(data: Data) -> None:
    data("unused.json", 1)
    Path("a.scenario.yaml").write_text(SCENARIO, encoding="utf-8")
    result = run("test", "--cov-report", "term", "--cov-report", "json:c.json")
    assert result.exit_code == 0, result.output
    assert "a.asl.json     2/3          1/3           -     50 %" in result.output
    assert "json report written to c.json" in result.output
    assert run("coverage", "c.json", "--fail-under", "50").exit_code == 0


def test_scenarios_that_reach_too_little_are_exit_code_1(data: Data) -> None:
    data("unused.json", 1)
    Path("a.scenario.yaml").write_text(SCENARIO, encoding="utf-8")
    assert run("test", "--cov", "--cov-fail-under", "50").exit_code == 0
    result = run("test", "--cov-fail-under", "51")
    assert result.exit_code == 1
    assert "50.00 % was reached, less than 51 %" in result.stderr


def test_a_form_of_report_that_does_not_exist_is_exit_code_2(data: Data) -> None:
    data("unused.json", 1)
    Path("a.scenario.yaml").write_text(SCENARIO, encoding="utf-8")
    assert run("test", "--cov-report", "pdf").exit_code == 2


def test_without_the_options_nothing_is_measured(data: Data) -> None:
    data("unused.json", 1)
    Path("a.scenario.yaml").write_text(SCENARIO, encoding="utf-8")
    result = run("test")
    assert result.exit_code == 0
    assert "states" not in result.output
