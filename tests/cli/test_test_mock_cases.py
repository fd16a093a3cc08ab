"""asl test with a MockConfigFile.json: its test cases from the command line."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from asl.cli.main import main

# The documentation's own example, in its format: two integrations, retries, a range.
CONFIG = {
    "StateMachines": {
        "LambdaSQSIntegration": {
            "TestCases": {
                "HappyPath": {"LambdaState": "Success", "SQSState": "Queued"},
                "RetryPath": {"LambdaState": "Retry", "SQSState": "Queued"},
                "HybridPath": {"LambdaState": "Success"},
            }
        }
    },
    "MockedResponses": {
        "Success": {"0": {"Return": {"StatusCode": 200, "Payload": {"body": "Hello"}}}},
        "Queued": {"0": {"Return": {"MessageId": "3bcb6e8e"}}},
        "Retry": {
            "0": {"Throw": {"Error": "Lambda.ResourceNotReadyException", "Cause": "c"}},
            "1-2": {"Throw": {"Error": "Lambda.TimeoutException", "Cause": "c"}},
            "3": {"Return": {"StatusCode": 200, "Payload": {"body": "Hello"}}},
        },
    },
}
MACHINE = {
    "StartAt": "LambdaState",
    "States": {
        "LambdaState": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": "Hello", "Payload.$": "$.name"},
            "Retry": [{"ErrorEquals": ["States.ALL"]}],
            "Next": "SQSState",
        },
        "SQSState": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage",
            "Parameters": {"QueueUrl": "https://example/q", "MessageBody.$": "$"},
            "End": True,
        },
    },
}
HANDLERS = """\
import asl

TASKS = asl.Tasks()
TASKS.bind("Hello")(lambda event: event)
TASKS.bind("arn:aws:states:::sqs:sendMessage")(lambda request: {"MessageId": "1"})
"""
NAMED = '{"name": "Ada"}'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "MockConfigFile.json").write_text(json.dumps(CONFIG, indent=2))
    definition = json.dumps(MACHINE)
    (tmp_path / "lambda-sqs-integration.asl.json").write_text(definition)
    (tmp_path / "handlers.py").write_text(HANDLERS)
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["test", *words])


CONFIGURED = ("MockConfigFile.json", "--input", NAMED)


@pytest.mark.usefixtures("folder")
def test_each_test_case_is_run_and_its_end_shown() -> None:
    result = run(*CONFIGURED)
    assert result.exit_code == 1
    assert "collected 3 scenarios in 1 file" in result.output
    assert (
        "MockConfigFile.json ..F [100%]\n"
        "    LambdaSQSIntegration#HappyPath: SUCCEEDED  LambdaState → SQSState\n"
        "    LambdaSQSIntegration#RetryPath: SUCCEEDED  LambdaState → SQSState\n"
        "    LambdaSQSIntegration#HybridPath: did not come to an end\n"
    ) in result.output
    assert "no mock answers state 'SQSState'" in result.output


def test_functions_serve_what_a_case_does_not_name(folder: Path) -> None:
    words = ("--tasks", "handlers.py", "--junit", "out.xml", "--cov-fail-under", "100")
    result = run(*CONFIGURED, *words, "-v")
    assert result.exit_code == 0, result.output
    assert "MockConfigFile.json::LambdaSQSIntegration#HybridPath PASSED" in (
        result.output
    )
    suite = ElementTree.parse(folder / "out.xml").getroot()[0]
    assert suite[0].get("name") == "LambdaSQSIntegration#HappyPath"


@pytest.mark.usefixtures("folder")
def test_a_case_can_be_told_its_input_and_its_end() -> None:
    words = ("-k", "HappyPath", "--input", f"HappyPath={NAMED}")
    assert run("MockConfigFile.json", *words).exit_code == 0
    result = run(*CONFIGURED, "-k", "Happy", "--expect-status", "HappyPath=failed")
    assert result.exit_code == 1
    assert "the status is SUCCEEDED, not FAILED" in result.output
    result = run("MockConfigFile.json", "-k", "Happy")
    assert "LambdaSQSIntegration#HappyPath: FAILED States.Runtime" in result.output
    assert "its input was {}" in result.output


def test_a_machine_can_be_named(folder: Path) -> None:
    place = folder / "else" / "hello.json"
    place.parent.mkdir()
    (folder / "lambda-sqs-integration.asl.json").rename(place)
    result = run(*CONFIGURED, "-k", "Happy")
    assert result.exit_code == 2
    assert "--machine LambdaSQSIntegration=FILE" in result.output
    words = ("--machine", "LambdaSQSIntegration=else/hello.json", "-k", "Happy")
    assert run(*CONFIGURED, *words).exit_code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("MockConfigFile.json", "--machine", "X=gone"), "gone: there is no such file"),
        (("MockConfigFile.json", "--machine", "X=handlers.py"), "no state machine 'X'"),
        (("MockConfigFile.json", "--expect-status", "GOOD"), "is SUCCEEDED, FAILED,"),
        (("MockConfigFile.json", "--input", "Nobody=1"), "no test case 'Nobody'"),
        (("MockConfigFile.json", "--input", "{"), "--input"),
        (("--input", "1"), "are for a MockConfigFile.json, which has to be named"),
        ((), "there is no scenario in ."),  # never found by itself: it is often shared
    ],
)
@pytest.mark.usefixtures("folder")
def test_a_wrong_call_is_exit_code_2(words: tuple[str, ...], said: str) -> None:
    result = run(*words)
    assert result.exit_code == 2
    assert said in result.output
