"""Scenario files: what they may hold, and what their verdicts say."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import asl
from asl.checks.schema import read_schema
from asl.testing.scenario_file import (
    CASE_KEYS,
    EXPECT,
    KEYS,
    find_files,
    is_scenario,
    read_scenarios,
)
from asl.testing.verdict import Verdict, judge

MACHINE = {
    "StartAt": "Pay",
    "States": {
        "Pay": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": "pay", "Payload.$": "$"},
            "ResultSelector": {"charged.$": "$.Payload"},
            "Catch": [{"ErrorEquals": ["Declined"], "Next": "Sorry"}],
            "Next": "Wait",
        },
        "Wait": {"Type": "Wait", "Seconds": 60, "End": True},
        "Sorry": {"Type": "Fail", "Error": "NotPaid", "Cause": "sorry"},
    },
}
PAID = {"Return": {"StatusCode": 200, "Payload": 5}}
DECLINED = {"Throw": {"Error": "Declined"}}
PLAIN = {"definition": MACHINE, "input": {"order": 1}, "mocks": {"Pay": [PAID]}}


@pytest.fixture
def write(tmp_path: Path) -> Any:
    (tmp_path / "machine.asl.json").write_text(json.dumps(MACHINE), "utf-8")

    def write(data: Any, name: str = "pay.scenario.json") -> Path:
        file = tmp_path / name
        text = data if isinstance(data, str) else json.dumps(data, indent=1)
        file.write_text(text, "utf-8")
        return file

    return write


def judge_all(file: Path, **options: Any) -> list[Verdict]:
    return [judge(scenario, **options) for scenario in read_scenarios(file)]


def faults(write: Any, **keys: Any) -> tuple[str, ...]:
    (verdict,) = judge_all(write({**PLAIN, **keys}))
    assert verdict.passed is (verdict.faults == ())
    return verdict.faults


@pytest.mark.parametrize(
    "expect",
    [
        {},
        {"status": "SUCCEEDED", "output": {"charged": 5}},
        {"error": None, "cause": None},
        {"path": ["Pay", "Wait"], "visited": ["Wait"], "never": ["Sorry"]},
        {"duration_seconds": 60, "calls": {"Pay": [{"order": 1}]}},
        {"call_times": {"Pay": [0]}},
        {
            "history": [
                "ExecutionStarted",
                "TaskStateEntered",
                "TaskScheduled",
                "TaskStarted",
                "TaskSucceeded",
                "TaskStateExited",
                "WaitStateEntered",
                "WaitStateExited",
                "ExecutionSucceeded",
            ]
        },
    ],
)
def test_what_comes_as_expected_passes(write: Any, expect: Any) -> None:
    assert faults(write, expect=expect) == ()


@pytest.mark.parametrize(
    ("expect", "said"),
    [
        ({"status": "FAILED"}, "the status is SUCCEEDED, not FAILED"),
        ({"error": "E"}, "the status is SUCCEEDED, not FAILED"),
        (
            {"status": "SUCCEEDED", "cause": "c"},
            "the cause is None, not 'c'",
        ),
        (
            {"output": {"charged": 6}},
            "the output differs at $.charged, which state 'Pay' made at 0 s",
        ),
        (
            {"path": ["Pay", "Sorry"]},
            "the path parts after 'Pay' (place 1): expected 'Sorry', came 'Wait'",
        ),
        ({"visited": ["Sorry"]}, "never entered: 'Sorry'"),
        ({"never": ["Pay"]}, "entered: 'Pay'"),
        (
            {"caught": {"Pay": "Declined"}},
            "state 'Pay' did not catch Declined; its visits ended SUCCEEDED",
        ),
        ({"duration_seconds": 61}, "it took 60 s, not 61 s"),
        (
            {"history": ["ExecutionStarted", "ExecutionSucceeded"]},
            "the history differs at event 2: expected ExecutionSucceeded, came "
            "TaskStateEntered",
        ),
        (
            {"history": ["ExecutionStarted"]},
            "the history differs at event 2: expected the end, came TaskStateEntered",
        ),
        (
            {"calls": {"Pay": []}},
            "the calls of state 'Pay' differ at $[0]: expected nothing, got "
            '{"order": 1}',
        ),
        (
            {"call_times": {"Pay": [2]}},
            "the times of the calls of state 'Pay' differ at $[0]: expected 2, got 0",
        ),
        (
            {"call_times": {"Pya": []}},
            "call_times: no task is named 'Pya'; there are: Pay",
        ),
        (
            {"calls": {"Pya": []}},
            "calls: no task is named 'Pya'; there are: Pay",
        ),
        (
            {"path": ["Pya"]},
            "the machine has no state 'Pya'; did you mean 'Pay'?",
        ),
    ],
)
def test_what_comes_otherwise_is_told_in_one_line_first(
    write: Any, expect: Any, said: str
) -> None:
    (first, *_) = faults(write, expect=expect)
    assert first.partition("\n")[0] == said


def test_a_verdict_tells_all_faults_and_the_path(write: Any) -> None:
    expect = {"status": "FAILED", "duration_seconds": 1}
    (verdict,) = judge_all(write({**PLAIN, "expect": expect}))
    assert verdict.headline == "the status is SUCCEEDED, not FAILED"
    text = str(verdict)
    assert "it took 60 s, not 1 s" in text
    assert "SUCCEEDED after 60 s; the path taken:" in text
    (verdict,) = judge_all(write(PLAIN))
    assert verdict.headline == ""


def test_cases_take_the_place_of_the_files_keys_and_add_to_its_mocks(
    write: Any,
) -> None:
    file = write(
        {
            **PLAIN,
            "expect": {"duration_seconds": 60},
            "cases": [
                {},
                {
                    "name": "declined",
                    "mocks": {"Pay": [DECLINED]},
                    "expect": {"error": "NotPaid", "caught": {"Pay": "Declined"}},
                },
                {
                    "name": "declined",
                    "input": {"order": 2},
                    "expect": {"calls": {"Pay": [{"order": 2}]}},
                },
            ],
        }
    )
    scenarios = read_scenarios(file)
    assert [s.name for s in scenarios] == ["case 1", "declined", "declined (2)"]
    assert scenarios[0].line > 1
    assert all(judge(scenario).passed for scenario in scenarios)
    assert scenarios[0].machine() is scenarios[1].machine()


def test_a_file_without_cases_is_one_scenario_named_like_it(write: Any) -> None:
    (scenario,) = read_scenarios(write(PLAIN))
    assert (scenario.name, scenario.line) == ("pay", 1)
    (scenario,) = read_scenarios(write({**PLAIN, "name": "Paid"}))
    assert scenario.name == "Paid"


def test_files_are_seen_from_the_scenarios_folder(write: Any, tmp_path: Path) -> None:
    write({"Pay": [PAID]}, "mocks.json")
    write(
        {
            "StateMachines": {
                "A": {"TestCases": {"Happy": {"Pay": "Paid"}}},
                "B": {"TestCases": {"Happy": {"Pay": "Paid"}}},
            },
            "MockedResponses": {"Paid": {"0": PAID}},
        },
        "MockConfigFile.json",
    )
    expect = {"output": {"charged": 5}}
    for keys in (
        {"mocks": "mocks.json"},
        {"mocks": "MockConfigFile.json#Happy", "machine_name": "A"},
    ):
        data = {"definition": "machine.asl.json", **keys, "expect": expect}
        (verdict,) = judge_all(write(data))
        assert verdict.faults == ()


def test_functions_answer_where_mocks_do_not(write: Any) -> None:
    write(
        "import beside\n\ndef pay(event):\n    return beside.NUMBER + event['order']\n",
        "tasks.py",
    )
    write("NUMBER = 40\n", "beside.py")
    data = {"definition": MACHINE, "input": {"order": 2}, "tasks": "tasks.py"}
    expect: dict[str, Any] = {"output": {"charged": 42}}
    assert judge_all(write({**data, "expect": expect}))[0].faults == ()
    expect = {"output": {"charged": 5}}
    data["mocks"] = {"Pay": [PAID]}
    assert judge_all(write({**data, "expect": expect}))[0].faults == ()


def test_a_function_that_is_wrong_fails_though_it_was_caught(write: Any) -> None:
    write("def pay(event):\n    assert event == 7, 'not seven'\n", "tasks.py")
    machine = json.loads(json.dumps(MACHINE).replace("Declined", "States.ALL"))
    data = {"definition": machine, "tasks": "tasks.py", "expect": {"error": "NotPaid"}}
    (verdict,) = judge_all(write(data))
    assert verdict.headline == (
        "the function of state 'Pay' raised AssertionError: not seven"
    )
    assert "tasks.py" in str(verdict)
    assert "call_plain" not in str(verdict)
    (verdict,) = judge_all(write({**data, "swallow": True}))
    assert verdict.passed


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"mocks": {}}, "no mock answers state 'Pay'"),
        ({"definition": "gone.json"}, "there is no such file"),
        ({"tasks": "gone.py", "mocks": {}}, "gone.py: there is no such Python file"),
        ({"start_time": "yesterday"}, "start_time is a moment such as 2026-01-01"),
        ({"start_time": "2026-01-01T00:00:00"}, "start_time is a moment such as"),
        ({"input": "x" * 300_000}, "the input has"),
    ],
)
def test_what_cannot_be_run_is_a_fault(write: Any, keys: Any, said: str) -> None:
    data = {**PLAIN, **keys}
    (verdict,) = judge_all(write(data))
    assert verdict.execution is None
    assert said in verdict.headline
    assert str(verdict) == verdict.faults[0]


def test_start_type_seed_buckets_and_machines_reach_the_run(
    write: Any, tmp_path: Path
) -> None:
    arn = "arn:aws:states:us-east-1:123456789012:stateMachine:Child"
    machine = {
        "StartAt": "Child",
        "States": {
            "Child": {
                "Type": "Task",
                "Resource": "arn:aws:states:::states:startExecution.sync:2",
                "Parameters": {"StateMachineArn": arn, "Input": {}},
                "ResultSelector": {"at.$": "$$.Execution.StartTime", "n.$": "$.Output"},
                "End": True,
            }
        },
    }
    child = {
        "StartAt": "In",
        "States": {"In": {"Type": "Pass", "Result": "${N}", "End": True}},
    }
    data = {
        "definition": machine,
        "machines": {arn: child},
        "substitutions": {"N": "7"},
        "start_time": "2027-05-01T00:00:00+02:00",
        "seed": 3,
        "buckets": ".",
        "expect": {"output": {"at": "2027-04-30T22:00:00.000Z", "n": "7"}},
    }
    (verdict,) = judge_all(write(data))
    assert verdict.faults == ()
    (verdict,) = judge_all(write({**PLAIN, "type": "EXPRESS"}))
    assert verdict.execution is not None
    assert verdict.execution.type == "EXPRESS"


def test_a_snapshot_is_written_and_compared(write: Any, tmp_path: Path) -> None:
    file = write({**PLAIN, "expect": {"snapshot": "snaps/pay.json"}})
    (verdict,) = judge_all(file)
    assert "there is no snapshot" in verdict.headline
    (verdict,) = judge_all(file, update_snapshots=True)
    assert verdict.passed
    (verdict,) = judge_all(file)
    assert verdict.passed
    snapshot = json.loads((tmp_path / "snaps" / "pay.json").read_text("utf-8"))
    assert snapshot[1] == {
        "at": 0.0,
        "type": "TaskStateEntered",
        "name": "Pay",
        "input": {"order": 1},
    }
    assert snapshot[-1]["at"] == 60.0
    file = write({**PLAIN, "input": {}, "expect": {"snapshot": "snaps/pay.json"}})
    (verdict,) = judge_all(file, option="--update")
    assert "accept it with --update" in verdict.headline
    assert "+" in str(verdict)


def test_a_snapshot_keeps_no_ids(write: Any) -> None:
    from asl.testing.snapshot import snapshot_text

    def run(*more: str) -> str:
        states: dict[str, Any] = {
            name: {"Type": "Pass", "Next": "Bad"} for name in more
        }
        states["Bad"] = {"Type": "Pass", "InputPath": "$.no", "End": True}
        definition = {"StartAt": next(iter(states)), "States": states}
        return snapshot_text(asl.run(asl.load_text(json.dumps(definition))))

    assert set(run().splitlines()) <= set(run("A").splitlines())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("definition: x\nexpct: {}\n", "2: unknown key expct; did you mean expect?"),
        ("definition: x\nzzz: {}\n", "2: unknown key zzz; $schema, name,"),
        ("input: 1\n", "1: definition is missing"),
        ("definition: 1\n", "1: definition is a text or a table, not a whole number"),
        ("definition: x\nseed: true\n", "2: seed is a whole number, not true or false"),
        ("definition: x\nswallow: 1\n", "2: swallow is true or false, not a whole num"),
        ("definition: x\ntype: Express\n", "2: type is STANDARD or EXPRESS, not Expr"),
        ("definition: x\nexpect:\n  paht: []\n", "3: unknown key paht; did you mean"),
        ("definition: x\nexpect:\n  path: [1]\n", "3: path lists texts"),
        ("definition: x\nexpect:\n  status: OK\n", "3: status is SUCCEEDED or FAILED"),
        ("definition: x\nexpect:\n  calls: {Pay: 1}\n", "calls has a list for each"),
        ("definition: x\nexpect:\n  call_times: {A: [true]}\n", "call_times lists sec"),
        ("definition: x\ncases: []\n", "2: there are no cases"),
        ("definition: x\ncases: 1\n", "2: cases is a list, not a whole number"),
        ("definition: x\ncases:\n- 1\n", "3: a case is a table, not a whole number"),
        ("definition: x\ncases:\n- cases: []\n", "3: unknown key cases"),
        ("definition: x\ndefinition: y\n", "2:1: "),
        ("- 1\n", "a scenario file holds a table"),
        ("", "a scenario file holds a table"),
        ("{", "line"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_line(
    write: Any, text: str, said: str
) -> None:
    with pytest.raises(asl.UsageError) as caught:
        read_scenarios(write(text, "x.scenario.yaml"))
    if said != "line":
        assert said in str(caught.value)
    assert "x.scenario.yaml" in str(caught.value)


def test_all_that_is_wrong_is_said_at_once(write: Any) -> None:
    with pytest.raises(asl.UsageError) as caught:
        read_scenarios(write("a: 1\nb: 2\n", "x.scenario.yaml"))
    assert len(str(caught.value).splitlines()) == 3


def test_files_are_found_in_folders(write: Any, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    for name in ("b.scenario.yaml", "deep/a.scenario.yml", "c.scenario.json"):
        write(PLAIN, name)
    write("{}", "x.scenario.txt")
    found = [path.relative_to(tmp_path).as_posix() for path in find_files([tmp_path])]
    assert found == ["b.scenario.yaml", "c.scenario.json", "deep/a.scenario.yml"]
    assert not is_scenario("scenario.json")


def test_the_schema_knows_the_same_keys_and_accepts_what_is_read(
    tmp_path: Path,
) -> None:
    schema = read_schema("scenario.json")
    assert set(schema["properties"]) == set(KEYS)
    assert set(schema["$defs"]["case"]["properties"]) == set(CASE_KEYS)
    assert set(schema["$defs"]["expect"]["properties"]) == set(EXPECT)
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    assert validator.is_valid({**PLAIN, "cases": [{"expect": {"path": ["Pay"]}}]})
    assert not validator.is_valid({"definition": "x", "expct": {}})
    examples = Path(__file__).parents[2] / "examples"
    for file in find_files([examples]):
        from asl.source.reading import read_file

        validator.validate(read_file(file).value)
