"""`asl state` as a user types it: what it prints, and its exit codes."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from asl.cli.main import main

ORDER = {
    "StartAt": "Pay",
    "States": {
        "Pay": {
            "Type": "Task",
            "Resource": "arn:aws:lambda:us-east-1:123456789012:function:pay",
            "Parameters": {"sum.$": "$.price"},
            "Retry": [{"ErrorEquals": ["Busy"], "IntervalSeconds": 4}],
            "Catch": [{"ErrorEquals": ["Declined"], "Next": "Sorry"}],
            "Next": "Each",
        },
        "Each": {
            "Type": "Map",
            "ItemProcessor": {
                "StartAt": "One",
                "States": {
                    "One": {
                        "Type": "Pass",
                        "Parameters": {"i.$": "$$.Map.Item.Index"},
                        "End": True,
                    }
                },
            },
            "Next": "Sorry",
        },
        "Sorry": {"Type": "Pass", "Parameters": {"v.$": "$v"}, "End": True},
    },
}


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "order.asl.json"
    path.write_text(json.dumps(ORDER))
    handlers = "def pay(event):\n    return {'paid': 6 / event['sum']}\n"
    (tmp_path / "payment.py").write_text(handlers)
    (tmp_path / "mocks.json").write_text('{"Pay": [{"Return": "mocked"}]}')
    return str(path)


def state(*words: Any) -> Result:
    return CliRunner().invoke(main, ["state", *map(str, words)])


def test_a_state_is_run_with_tasks_and_its_result_shown(file: str) -> None:
    result = state(file, "Pay", "--input", '{"price": 3}', "--tasks", "payment.py")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "status  SUCCEEDED",
        "next    Each",
        'output  {"paid":2.0}',
    ]


def test_debug_shows_the_intermediate_data(file: str) -> None:
    words = ("--input", '{"price": 3}', "--mocks", "mocks.json")
    result = state(file, "Pay", *words, "--inspection", "debug")
    assert result.stdout.splitlines() == [
        "status               SUCCEEDED",
        "next                 Each",
        'output               "mocked"',
        'input                {"price":3}',
        'afterInputPath       {"price":3}',
        'afterParameters      {"sum":3}',
        'afterResultSelector  "mocked"',
        'afterResultPath      "mocked"',
        'result               "mocked"',
    ]


def test_json_is_the_answer_of_teststate_with_values(file: str) -> None:
    words = ("--input", '{"price": 3}', "--result", "[1]", "--output", "json")
    result = state(file, "Pay", *words, "--inspection", "TRACE")
    answer = json.loads(result.stdout)
    assert answer["output"] == [1]
    assert answer["nextState"] == "Each"
    assert answer["inspectionData"]["afterParameters"] == {"sum": 3}


def test_an_error_that_would_be_retried_is_exit_code_1(file: str) -> None:
    words = ("--input", '{"price": 3}', "--error", "Busy", "--cause", "full")
    result = state(file, "Pay", *words, "--retry-count", 1)
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "status  RETRIABLE",
        "error   Busy",
        "cause   full",
        "retry   after 8 s",
    ]


def test_an_error_that_is_caught_is_exit_code_0(file: str) -> None:
    words = ("--input", '{"price": 3}', "--error", "Declined")
    result = state(file, "Pay", *words)
    assert result.exit_code == 0
    assert "CAUGHT_ERROR" in result.stdout
    assert "next    Sorry" in result.stdout


def test_an_exception_is_told_with_its_place(file: str) -> None:
    words = ("--input", '{"price": 0}', "--tasks", "payment.py")
    result = state(file, "Pay", *words)
    assert result.exit_code == 1
    assert "error   ZeroDivisionError" in result.stdout
    assert "payment.py:2" in result.stdout


def test_iteration_variables_and_context_can_be_given(file: str) -> None:
    assert '{"i":7}' in state(file, "One", "--map-index", 7).stdout
    assert '{"v":5}' in state(file, "Sorry", "--variables", '{"v": 5}').stdout
    words = ("--context", '{"Map": 1}', "--map-index", 2)
    assert '{"i":2}' in state(file, "One", *words).stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("Pay", "--mock-case", "Happy"), "--mock-case is for --mocks"),
        (("Pya", "--result", "1"), "did you mean 'Pay'?"),
        (("Pay", "--result", "{"), "--result"),
        (("Pay", "--context", "[]", "--result", "1"), "context is a table"),
        (("Pay",), "no callable is bound"),
    ],
)
def test_a_wrong_call_of_state_is_exit_code_2(
    file: str, words: tuple[str, ...], message: str
) -> None:
    result = state(file, *words)
    assert result.exit_code == 2
    assert message in result.stderr


def test_warnings_are_told(file: str) -> None:
    text = json.dumps(ORDER).replace("us-east-1:123456789012", "...")
    Path(file).write_text(text)
    words = ("--input", '{"price": 3}', "--tasks", "payment.py")
    result = state(file, "Pay", *words)
    assert (result.exit_code, "warning: " in result.stderr) == (0, True)
