"""How a run ended, as far as the whole command does not show it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import asl
from asl.cli.main import main
from asl.cli.outcome import show_text
from asl.engine.recorder import Recorder

FAILING = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Fail"}}})


def test_a_failure_without_texts_names_the_state_alone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_text(asl.run(asl.load_text(FAILING)), "none", real_time=True)
    assert capsys.readouterr().out.splitlines()[1:] == [
        "FAILED after 0 s, 3 events",
        "path    A",
        "state   A",
    ]


def test_a_file_that_is_gone_has_no_lines_any_more(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "failing.json"
    path.write_text(FAILING)
    machine = asl.load(path)
    path.unlink()
    show_text(asl.run(machine), "none", real_time=False)
    assert capsys.readouterr().out.endswith("state   A\n")


def test_one_event_is_no_plural(capsys: pytest.CaptureFixture[str]) -> None:
    execution = asl.run(asl.load_text(FAILING))
    execution.recorder = Recorder(None)
    execution.recorder.add(0, "ExecutionStarted", {}, "")
    show_text(execution, "none", real_time=False)
    assert ", 1 event\n" in capsys.readouterr().out


EACH = {
    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
    "StartAt": "Pay",
    "States": {
        "Pay": {
            "Type": "Task",
            "Resource": "arn:aws:lambda:us-east-1:123456789012:function:pay",
            "End": True,
        }
    },
}


def test_a_failed_child_of_a_distributed_map_tells_its_own_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    whole = {"Type": "Map", "ItemProcessor": EACH, "End": True}
    definition = {"StartAt": "All", "States": {"All": whole}}
    Path("shop.asl.json").write_text(json.dumps(definition))
    Path("tills.py").write_text("def pay(sum):\n    return 6 / sum\n")
    words = ["run", "shop.asl.json", "--input", "[1, 0, 0]", "--tasks", "tills.py"]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 1
    assert "\nchild   All[1] FAILED in Pay: ZeroDivisionError: " in done.stdout
    assert done.stdout.endswith(f"raised  {tmp_path / 'tills.py'}:2\n")
    done = CliRunner().invoke(main, [*words[:3], "[1, 2]", *words[4:]])
    assert (done.exit_code, "child" in done.stdout) == (0, False)
