"""How a run ended, as far as the whole command does not show it."""

import json
from pathlib import Path

import pytest

import asl
from asl.cli.outcome import show_text

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
    del execution.recorder.records[1:]
    show_text(execution, "none", real_time=False)
    assert ", 1 event\n" in capsys.readouterr().out
