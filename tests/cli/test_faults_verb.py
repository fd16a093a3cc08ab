"""`asl faults` as a user types it: what it prints, and its exit codes."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from exampled import buckets_of

from asl.cli.main import main

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:"

SHOP: dict[str, Any] = {
    "StartAt": "Ask",
    "States": {
        "Ask": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.gift", "IsPresent": True, "Next": "Gift"}],
            "Default": "Pay",
        },
        "Gift": {"Type": "Task", "Resource": f"{LAMBDA}gift", "Next": "Pay"},
        "Pay": {
            "Type": "Task",
            "Resource": f"{LAMBDA}pay",
            "Retry": [{"ErrorEquals": ["Busy"], "IntervalSeconds": 4}],
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Sorry"}],
            "End": True,
        },
        "Sorry": {"Type": "Fail", "Error": "Sorry"},
    },
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.asl.json").write_text(json.dumps(SHOP))
    answers: list[Any] = [{"Return": {}}] * 3
    mocks = {"Pay": answers, "Gift": answers}
    (tmp_path / "mocks.json").write_text(json.dumps(mocks))
    (tmp_path / "handlers.py").write_text(
        "def pay(event):\n    return {}\ndef gift(event):\n    return {}\n"
    )
    return tmp_path


def faults(*words: str) -> Result:
    return CliRunner().invoke(main, ["faults", "shop.asl.json", *words])


@pytest.mark.usefixtures("folder")
def test_a_table_tells_where_every_fault_ends() -> None:
    done = faults("--mocks", "mocks.json", "--kind", "declared")
    assert done.exit_code == 0, done.output
    assert "retried 1× (4 s), goes on" in done.stdout
    assert "caught: States.ALL → Sorry" in " ".join(done.stdout.split())
    assert "2 faults in 1 state: 2 handled, 0 not" in done.stdout


@pytest.mark.usefixtures("folder")
def test_without_tasks_every_state_is_reached() -> None:
    done = faults()
    assert done.exit_code == 0, done.output
    assert "Gift" in done.stdout
    assert "not reached" not in done.stdout


@pytest.mark.usefixtures("folder")
def test_json_is_for_programs() -> None:
    done = faults("--tasks", "handlers.py", "--format", "json", "--state", "Pay")
    value = json.loads(done.stdout)
    assert value["not_reached"] == []
    (first, *_) = value["outcomes"]
    assert first == {
        "state": "Pay",
        "kind": "declared",
        "error": "Busy",
        "times": "once",
        "verdict": "retried",
        "handled": True,
        "retries": 1,
        "delay_seconds": 4.0,
        "handler": "Pay",
        "status": "SUCCEEDED",
    }


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--state", "Pay"], 0),
        (["--input", '{"gift": 1}'], 1),
        (["--state", "Gift", "--kind", "malformed", "--input", '{"gift": 1}'], 1),
        (["--state", "Gift", "--input", "{}"], 3),
        (["--state", "Gift", "--input", "{}", "--input", '{"gift": 1}'], 1),
    ],
)
def test_required_handling_is_an_exit_code(words: list[str], code: int) -> None:
    done = faults("--mocks", "mocks.json", "--require-handled", *words)
    assert done.exit_code == code, done.output


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--mock-case", "Happy"], "--mock-case is for --mocks"),
        (["--kind", "weather"], "no kind of fault"),
        (["--state", "Nobody"], "is no Task state"),
    ],
)
def test_a_wrong_call_is_refused(words: list[str], said: str) -> None:
    done = faults(*words)
    assert done.exit_code == 2
    assert said in done.output


def test_a_warning_of_the_definition_is_told(folder: Path) -> None:
    textbook = {"Type": "Task", "Resource": "arn:aws:lambda:...:pay", "End": True}
    definition = {"StartAt": "Pay", "States": {"Pay": textbook}}
    (folder / "shop.asl.json").write_text(json.dumps(definition))
    done = faults("--kind", "permission")
    assert done.exit_code == 0
    assert "1 state" in done.stdout


FURTHER = {"registration": '{"name": "Ada", "email": "ada@school.example", "year": 7}'}
"""Inputs for states that an example's own input does not lead to."""


@pytest.mark.parametrize(
    "file",
    [
        path.relative_to(EXAMPLES).as_posix()
        for path in sorted(EXAMPLES.glob("*/*.asl.*"))
    ],
)
def test_every_task_of_an_example_is_reached(
    file: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    path = EXAMPLES / file
    folder = path.parent
    words = ["faults", str(path), "--kind", "permission", "--kind", "unhandled"]
    words += [
        "--input",
        f"@{folder / 'input.json'}",
        "--tasks",
        str(folder / "tasks.py"),
    ]
    buckets = buckets_of(folder, tmp_path, records=20)
    if buckets.is_dir():
        words += ["--buckets", str(buckets)]
    if folder.name in FURTHER:
        words += ["--input", FURTHER[folder.name]]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    assert "not reached" not in done.stdout
