"""Step Functions Local's mock configuration file."""

import json
from pathlib import Path
from typing import Any

import pytest

import asl
from asl.source.reading import read_file
from asl.tasks.mock_config import list_cases

INVOKE = "arn:aws:states:::lambda:invoke"
SEND = "arn:aws:states:::sqs:sendMessage"

MACHINE = {
    "Comment": "A function, then a queue",
    "StartAt": "Check",
    "States": {
        "Check": {
            "Type": "Task",
            "Resource": INVOKE,
            "Parameters": {"FunctionName": "check", "Payload.$": "$"},
            "ResultPath": "$.checked",
            "Retry": [
                {
                    "ErrorEquals": ["States.ALL"],
                    "IntervalSeconds": 2,
                    "MaxAttempts": 3,
                    "BackoffRate": 2,
                }
            ],
            "Next": "Tell",
        },
        "Tell": {
            "Type": "Task",
            "Resource": SEND,
            "Parameters": {"QueueUrl": "https://queue", "MessageBody.$": "$"},
            "ResultSelector": {"id.$": "$.MessageId"},
            "End": True,
        },
    },
}

CONFIG = """\
{
  "StateMachines": {
    "CheckAndTell": {
      "TestCases": {
        "HappyPath": {
          "Check": "CheckedWell",
          "Tell": "Told"
        },
        "RetryPath": {
          "Check": "CheckedAtLast",
          "Tell": "Told"
        },
        "HybridPath": {
          "Check": "CheckedWell"
        }
      }
    }
  },
  "MockedResponses": {
    "CheckedWell": {
      "0": {
        "Return": {"StatusCode": 200, "Payload": {"StatusCode": 200, "body": "well"}}
      }
    },
    "CheckedAtLast": {
      "0": {
        "Throw": {"Error": "Lambda.ResourceNotReadyException", "Cause": "not ready"}
      },
      "1-2": {
        "Throw": {"Error": "Lambda.TimeoutException", "Cause": "timed out"}
      },
      "3": {
        "Return": {"StatusCode": 200, "Payload": {"StatusCode": 200, "body": "at last"}}
      }
    },
    "Told": {
      "0": {
        "Return": {"MD5OfMessageBody": "3bcb6e8e", "MessageId": "3bcb6e8e-8b51"}
      }
    }
  }
}
"""
"""In the form that the developer guide documents."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "MockConfigFile.json"
    path.write_text(CONFIG, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def machine() -> asl.StateMachine:
    return asl.load_text(json.dumps(MACHINE), name="CheckAndTell")


@pytest.mark.parametrize(
    ("case", "seconds", "visits"), [("HappyPath", 0, 1), ("RetryPath", 14, 4)]
)
def test_a_documented_configuration_works_unchanged(
    file: Path, machine: asl.StateMachine, case: str, seconds: int, visits: int
) -> None:
    mocks = asl.Mocks.from_config(file, "CheckAndTell", case)
    done = asl.run(machine, {"id": 1}, tasks=mocks)
    assert (done.status, done.output) == ("SUCCEEDED", {"id": "3bcb6e8e-8b51"})
    assert done.duration_seconds == seconds
    asked = [event for event in done.history if event.type == "TaskScheduled"]
    assert len(asked) == visits + 1


def test_a_state_that_the_test_case_does_not_name_calls_its_integration(
    file: Path, machine: asl.StateMachine
) -> None:
    tasks = asl.Tasks()
    tasks.bind(SEND)(lambda given: {"MessageId": given["MessageBody"]["checked"]})
    mocks = asl.Mocks.from_config(file, None, "HybridPath", otherwise=tasks)
    done = asl.run(machine, {"id": 1}, tasks=mocks)
    assert done.output["id"]["Payload"] == {"StatusCode": 200, "body": "well"}
    alone = asl.Mocks.from_config(file, None, "HybridPath")
    with pytest.raises(asl.UsageError, match="the mocks do not name the state"):
        asl.run(machine, {"id": 1}, tasks=alone)


def test_a_configuration_may_be_data_and_may_be_loaded_like_any_mocks(
    file: Path, machine: asl.StateMachine
) -> None:
    for mocks in (
        asl.Mocks.from_config(json.loads(CONFIG), test_case="HappyPath"),
        asl.Mocks.from_config(json.loads(CONFIG), test_case="CheckAndTell#HappyPath"),
        asl.Mocks.from_config(f"{file}#HappyPath"),
        asl.Mocks.load(file, test_case="HappyPath"),
        asl.Mocks.load(f"{file}#HappyPath", machine="CheckAndTell"),
        asl.Mocks.load(f"{file}#CheckAndTell#HappyPath", machine="workflow"),
        asl.Mocks.load(f"{file}#HappyPath", machine="named otherwise"),
    ):
        assert asl.run(machine, {}, tasks=mocks).status == "SUCCEEDED"


def test_a_file_may_have_the_sign_in_its_name(
    tmp_path: Path, machine: asl.StateMachine
) -> None:
    path = tmp_path / "a#b.json"
    path.write_text(CONFIG, encoding="utf-8")
    mocks = asl.Mocks.load(path, test_case="HappyPath")
    assert asl.run(machine, {}, tasks=mocks).status == "SUCCEEDED"


def test_a_test_case_of_plain_mocks_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mocks.json"
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(asl.UsageError, match="only a mock configuration has"):
        asl.Mocks.load(f"{path}#HappyPath")


def test_the_test_cases_of_a_file_are_listed(file: Path) -> None:
    assert list_cases(read_file(file)) == [
        ("CheckAndTell", "HappyPath"),
        ("CheckAndTell", "RetryPath"),
        ("CheckAndTell", "HybridPath"),
    ]


@pytest.mark.parametrize(
    ("given", "output"),
    [
        ({"StatusCode": 200, "Payload": {"paid": True}}, {"paid": True}),
        ({"Payload": 5}, 5),
        ({"Payload": 5, "order": 7}, {"Payload": 5, "order": 7}),
        ({"StatusCode": 200}, {"StatusCode": 200}),
        ("text", "text"),
    ],
)
def test_a_direct_lambda_gives_what_stands_in_the_envelope(
    given: Any, output: Any
) -> None:
    function = "arn:aws:lambda:us-east-1:123456789012:function:pay"
    state = {"Type": "Task", "Resource": function, "End": True}
    pay = asl.load_text(json.dumps({"StartAt": "Pay", "States": {"Pay": state}}))
    config = {
        "StateMachines": {"M": {"TestCases": {"C": {"Pay": "Paid"}}}},
        "MockedResponses": {"Paid": {"0": {"Return": given}}},
    }
    assert asl.run(pay, tasks=asl.Mocks.from_config(config)).output == output


def test_a_configuration_is_held_against_the_api_where_that_is_wished(
    machine: asl.StateMachine,
) -> None:
    pytest.importorskip("botocore")
    config = json.loads(CONFIG)
    config["MockedResponses"]["Told"]["0"]["Return"]["MessageId"] = 7
    mocks = asl.Mocks.from_config(config, None, "HappyPath", field_validation="STRICT")
    with pytest.raises(asl.UsageError, match="Field 'MessageId' must be a string"):
        asl.run(machine, {}, tasks=mocks)


@pytest.mark.parametrize(
    ("machine", "case", "text"),
    [
        ("ChekAndTell", "HappyPath", ":2:20: there is no state machine 'ChekAndTell'; "
         "did you mean 'CheckAndTell'?"),
        ("CheckAndTell", "HapyPath", ":4:20: 'CheckAndTell' has no test case "
         "'HapyPath'; did you mean 'HappyPath'?"),
        (None, "HapyPath", ":2:20: there is no test case 'HapyPath'; did you mean "
         "'HappyPath'?"),
        ("CheckAndTell", None, ":4:20: name a test case of 'CheckAndTell': "
         "'HappyPath', 'RetryPath', 'HybridPath'"),
    ],
)  # fmt: skip
def test_a_wrong_name_is_told_with_its_place(
    file: Path, machine: str | None, case: str | None, text: str
) -> None:
    with pytest.raises(asl.UsageError) as caught:
        asl.Mocks.from_config(file, machine, case)
    assert str(caught.value) == f"{file}{text}"


def test_a_case_of_several_machines_needs_its_machine() -> None:
    config = json.loads(CONFIG)
    config["StateMachines"]["Other"] = {"TestCases": {"HappyPath": {}}}
    with pytest.raises(asl.UsageError, match=r"'CheckAndTell', 'Other'$"):
        asl.Mocks.from_config(config, None, "HappyPath")
    config["StateMachines"] = {}
    with pytest.raises(asl.UsageError, match=r"it is: none$"):
        asl.Mocks.from_config(config)
    config["StateMachines"] = {"Empty": {"TestCases": {}}}
    with pytest.raises(asl.UsageError, match=r"test case of 'Empty': none$"):
        asl.Mocks.from_config(config)


@pytest.mark.parametrize(
    ("old", "new", "line", "text"),
    [
        ('"Tell": "Told"', '"Tell": "Tld"', 7, "there is no mocked response 'Tld'; "
         "did you mean 'Told'?"),
        ('"Tell": "Told"', '"Tell": 5', 7, "a response's name is a text, not 5"),
        ('"MockedResponses"', '"MockedResponse"', 1, "there is no MockedResponses; did "
         "you mean 'MockedResponse'?"),
        ('"TestCases"', '"TestCase"', 3, "there is no TestCases; did you mean "
         "'TestCase'?"),
        ('"0": {\n        "Return": {"MD5', '"first": {\n        "Return": {"MD5', 37,
         "answer 'first': its key must be a number from 0"),
        ('"Return": {"MD5', '"Retrun": {"MD5', 38, "unknown key 'Retrun'; did you mean "
         "'Return'?"),
        ('"Told": {\n      "0": {', '"Told": {\n      "0": 5, "1": {', 37,
         "an answer is a table, not 5"),
        ('"Told": {\n      "0": {', '"Told": {\n      "0": {}, "1": {', 37,
         "answer '0' needs exactly one of Return"),
        ('"Told": {', '"Told": 5, "Nothing": {', 36, "Told must be a table, not 5"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, text: str
) -> None:
    path = tmp_path / "MockConfigFile.json"
    assert old in CONFIG
    path.write_text(CONFIG.replace(old, new), encoding="utf-8")
    with pytest.raises(asl.UsageError) as caught:
        asl.Mocks.from_config(path, "CheckAndTell", "HappyPath")
    place, _, said = str(caught.value).partition(": ")
    assert place.startswith(f"{path}:{line}:")
    assert said.startswith(text)


def test_a_mistake_that_the_test_case_does_not_use_stops_nobody() -> None:
    config = json.loads(CONFIG)
    config["MockedResponses"]["Broken"] = {"x": 1}
    config["StateMachines"]["Broken"] = {"TestCases": {"Broken": {"A": "Broken"}}}
    asl.Mocks.from_config(config, "CheckAndTell", "HappyPath")
    with pytest.raises(asl.UsageError, match="the mock configuration: an answer is a"):
        asl.Mocks.from_config(config, "Broken")
