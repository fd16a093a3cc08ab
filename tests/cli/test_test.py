"""asl test: scenarios from the command line."""

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from asl.cli.main import main

GOOD = """\
definition: {StartAt: A, States: {A: {Type: Pass, End: true}}}
input: {x: 1}
cases:
  - {name: it passes, expect: {output: {x: 1}}}
  - {name: it is quick, expect: {duration_seconds: 0}}
"""
BAD = GOOD.replace("duration_seconds: 0", "duration_seconds: 5")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["test", *words])


def test_scenarios_that_pass_give_dots_and_exit_code_0(folder: Path) -> None:
    (folder / "a.scenario.yaml").write_text(GOOD)
    result = run()
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert lines[0] == "collected 2 scenarios in 1 file"
    assert lines[2] == "a.scenario.yaml .. [100%]"
    assert lines[-1].startswith("=====")
    assert " 2 passed in " in lines[-1]


def test_scenarios_that_fail_are_told_and_give_exit_code_1(folder: Path) -> None:
    (folder / "a.scenario.yaml").write_text(GOOD)
    (folder / "b.scenario.yaml").write_text(BAD)
    result = run(".")
    assert result.exit_code == 1
    assert "a.scenario.yaml .. [ 50%]\nb.scenario.yaml .F [100%]" in result.output
    assert "= FAILURES =" in result.output
    assert "_ it is quick _" in result.output
    assert "b.scenario.yaml:5\n\nit took 0 s, not 5 s" in result.output
    assert "  0 s  A (Pass)\n      in   {" in result.output
    assert "FAILED b.scenario.yaml::it is quick - it took 0 s, not 5 s" in result.output
    assert " 1 failed, 3 passed in " in result.output


def test_only_chosen_scenarios_run_and_it_may_stop_early(folder: Path) -> None:
    (folder / "a.scenario.yaml").write_text(BAD)
    (folder / "b.scenario.yaml").write_text(BAD)
    result = run("-k", "quick", "-x", "-v")
    assert result.exit_code == 1
    assert "collected 2 scenarios in 2 files" in result.output
    assert "a.scenario.yaml::it is quick FAILED [ 50%]" in result.output
    assert " 1 failed in " in result.output
    assert "b.scenario.yaml::" not in result.output
    result = run("a.scenario.yaml", "-k", "passes", "-v")
    assert result.exit_code == 0
    assert "a.scenario.yaml::it passes PASSED [100%]" in result.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "there is no scenario in ."),
        (("-k", "zzz", "good.scenario.yaml"), "no scenario with 'zzz' in its name in"),
        (("gone.scenario.yaml",), "does not exist"),
        (("wrong.scenario.yaml",), "wrong.scenario.yaml:1: unknown key expct"),
    ],
)
def test_what_cannot_be_run_gives_exit_code_2(
    folder: Path, words: tuple[str, ...], said: str
) -> None:
    if words:
        (folder / "good.scenario.yaml").write_text(GOOD)
        (folder / "wrong.scenario.yaml").write_text("expct: {}\n")
    result = run(*words)
    assert result.exit_code == 2
    assert said in result.output


def test_junit_holds_every_scenario(folder: Path) -> None:
    text = BAD.replace("it passes", 'it "passes" <&> \\x01ü')
    (folder / "a.scenario.yaml").write_text(text, encoding="utf-8")
    result = run("--junit", "out.xml")
    assert result.exit_code == 1
    xml = (folder / "out.xml").read_text(encoding="ascii")
    suite = ElementTree.fromstring(xml)[0]
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    first, second = suite
    assert first.get("classname") == "a.scenario.yaml"
    assert str(first.get("name")).startswith('it "passes" <&>')
    failure = second.find("failure")
    assert failure is not None
    assert failure.get("message") == "it took 0 s, not 5 s"
    assert "the path taken" in str(failure.text)


def test_snapshots_are_written_on_demand(folder: Path) -> None:
    text = GOOD.replace("duration_seconds: 0", "snapshot: s.json")
    (folder / "a.scenario.yaml").write_text(text)
    result = run()
    assert result.exit_code == 1
    assert "write it with --update-snapshots" in result.output
    assert run("--update-snapshots").exit_code == 0
    assert len(json.loads((folder / "s.json").read_text(encoding="utf-8"))) == 4
    assert run().exit_code == 0


def test_pytest_is_not_imported(folder: Path) -> None:
    (folder / "a.scenario.yaml").write_text(GOOD)
    code = (
        "import sys; from asl.cli.main import main\n"
        "try: main(['test'])\nexcept SystemExit as end: print(end.code)\n"
        "print('pytest' in sys.modules)"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys; sys.path.insert(0, {str(root)!r})\n{code}",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-2:] == ["0", "False"]
