"""`asl mocks`, and mock configurations in `asl run`."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import asl
from asl.cli.main import main

PUBLISH = "arn:aws:states:::sns:publish"
MACHINE: dict[str, Any] = {
    "StartAt": "Tell",
    "States": {
        "Tell": {
            "Type": "Task",
            "Resource": PUBLISH,
            "Parameters": {"Message": "${Text}", "TopicArn": "arn"},
            "Next": "Name",
        },
        "Name": {"Type": "Pass", "End": True},
    },
}
CONFIG = {
    "StateMachines": {
        "Order": {"TestCases": {"Well": {"Tell": "Told"}, "Badly": {"Tell": "Not"}}}
    },
    "MockedResponses": {
        "Told": {"0": {"Return": {"MessageId": "m"}}},
        "Not": {"0": {"Throw": {"Error": "SNS.Down", "Cause": "away"}}},
    },
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("order.asl.json").write_text(json.dumps(MACHINE))
    Path("config.json").write_text(json.dumps(CONFIG))
    Path("sub").mkdir()
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def order(*arguments: str) -> Result:
    return run("run", "order.asl.json", "--substitute", "Text=hi", *arguments)


# ------------------------------------------------------------------------------ asl run


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--mocks", "config.json#Well"], 0, 'output  {"MessageId":"m"}'),
        (["--mocks", "config.json", "--mock-case", "Badly"], 1, "error   SNS.Down"),
        (["--mocks", "config.json#Order#Badly"], 1, "error   SNS.Down"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_a_test_case_of_a_mock_configuration_is_run(
    arguments: list[str], code: int, says: str
) -> None:
    result = order(*arguments)
    assert result.exit_code == code, result.output
    assert says in result.stdout


@pytest.mark.usefixtures("folder")
def test_the_test_cases_are_named_where_none_is_chosen() -> None:
    result = order("--mocks", "config.json")
    assert result.exit_code == 2
    assert "name a test case of 'Order': 'Well', 'Badly'" in result.stderr


@pytest.mark.usefixtures("folder")
def test_mocks_are_held_against_the_api_on_demand() -> None:
    pytest.importorskip("botocore")
    Path("wrong.json").write_text('{"Tell": [{"Return": {"MessageId": 7}}]}')
    assert order("--mocks", "wrong.json").exit_code == 0
    result = order("--mocks", "wrong.json", "--mock-validation", "present")
    assert result.exit_code == 2
    assert "Field 'MessageId' must be a string" in result.stderr


@pytest.mark.usefixtures("folder")
def test_what_the_mocks_do_not_name_asks_the_functions() -> None:
    Path("config.json").write_text(json.dumps(CONFIG).replace('"Tell"', '"Other"'))
    Path("handlers.py").write_text(
        f"TASKS = {{{PUBLISH!r}: lambda event: event['Message']}}"
    )
    result = order("--mocks", "config.json#Well", "--tasks", "handlers.py")
    assert result.exit_code == 0, result.output
    assert 'output  "hi"' in result.stdout


# --------------------------------------------------------------------- from-history


def write_history(path: str, **mock: Any) -> None:
    machine = asl.load("order.asl.json", substitutions={"Text": "hi"})
    done = asl.run(machine, {"id": 1}, tasks=asl.Mocks({"Tell": [mock]}))
    Path(path).write_text(json.dumps({"events": [e.to_aws() for e in done.history]}))


def from_history(history: str, *arguments: str) -> Result:
    return run(
        *("mocks", "from-history", history, "--machine", "order.asl.json"),
        *("--substitute", "Text=hi", *arguments),
    )


@pytest.mark.usefixtures("folder")
def test_a_history_becomes_a_mock_file_and_a_scenario() -> None:
    write_history("sub/history.json", Return={"MessageId": "m"}, AfterSeconds=3)
    result = from_history("sub/history.json")

    assert result.exit_code == 0, result.output
    assert "sub/history.mocks.json: the answers of 1 state\n" in result.stdout
    assert "the replay ends as the execution did: SUCCEEDED" in result.stdout
    mocks = json.loads(Path("sub/history.mocks.json").read_text())
    assert mocks == {"Tell": [{"Return": {"MessageId": "m"}, "AfterSeconds": 3}]}
    assert json.loads(Path("sub/history.scenario.json").read_text()) == {
        "definition": "../order.asl.json",
        "input": {"id": 1},
        "mocks": "history.mocks.json",
        "expect": {
            "status": "SUCCEEDED",
            "output": {"MessageId": "m"},
            "path": ["Tell", "Name"],
        },
        "substitutions": {"Text": "hi"},
    }


@pytest.mark.usefixtures("folder")
def test_files_are_overwritten_only_by_force() -> None:
    write_history("history.json", Throw={"Error": "E", "Cause": "c"})
    arguments = ("-o", "sub/first.json", "--type", "express")
    assert from_history("history.json", *arguments).exit_code == 0
    again = from_history("history.json", *arguments)
    assert again.exit_code == 2
    assert "is there already; --force overwrites it" in again.stderr
    assert from_history("history.json", *arguments, "--force").exit_code == 0
    scenario = json.loads(Path("sub/first.scenario.json").read_text())
    assert (scenario["mocks"], scenario["type"]) == ("first.json", "EXPRESS")
    assert scenario["expect"]["error"] == "E"


@pytest.mark.usefixtures("folder")
def test_a_replay_that_ends_otherwise_is_told() -> None:
    write_history("history.json", Return={"MessageId": "m"})
    changed = json.dumps(MACHINE).replace('"Pass", ', '"Pass", "Result": 5, ')
    Path("order.asl.json").write_text(changed)
    result = from_history("history.json")
    assert result.exit_code == 1
    assert "the replay's output is 5, the execution's was" in result.stderr


@pytest.mark.usefixtures("folder")
def test_a_replay_that_takes_another_way_is_told() -> None:
    write_history("history.json", Return={"MessageId": "m"})
    changed = json.dumps(MACHINE).replace('"Tell"', '"Shout"')
    Path("order.asl.json").write_text(changed)
    result = from_history("history.json")
    assert result.exit_code == 1
    assert "the replay takes another way: no mock answers state 'Shout'" in (
        result.stderr
    )


@pytest.mark.usefixtures("folder")
def test_what_the_history_does_not_tell_is_a_warning() -> None:
    write_history("history.json", Return={"MessageId": "m"})
    events = json.loads(Path("history.json").read_text())["events"][:-1]
    Path("history.json").write_text(json.dumps(events))
    assert "warning: the execution had not ended" in from_history("history.json").stderr


@pytest.mark.parametrize(
    ("history", "arguments", "says"),
    [
        ("none.json", [], "none.json: cannot be read: No such file"),
        ("bad.json", [], "this is no history: not JSON"),
        ("history.json", ["-o", "none/x.json"], "cannot be written: No such file"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_a_file_that_is_wrong_exits_with_2(
    history: str, arguments: list[str], says: str
) -> None:
    write_history("history.json", Return=1)
    Path("bad.json").write_text("{")
    result = from_history(history, *arguments)
    assert result.exit_code == 2
    assert says in result.stderr


# ------------------------------------------------------------------------------- check


@pytest.mark.usefixtures("folder")
def test_mocks_are_checked_without_a_run() -> None:
    pytest.importorskip("botocore")
    arguments = ("mocks", "check", "order.asl.json", "config.json#Well")
    assert run(*arguments, "--substitute", "Text=hi").exit_code == 0
    Path("config.json").write_text(json.dumps(CONFIG).replace('"m"', "7"))
    result = run(*arguments, "--substitute", "Text=hi")
    assert result.exit_code == 1
    assert result.stdout == (
        "config.json#Well: answer 0 of state 'Tell': Mock result schema validation "
        "error: Field 'MessageId' must be a string\n"
    )
    assert run(*arguments, "--mode", "none").exit_code == 0
