"""Events: every type in the shape of GetExecutionHistory; History as a sequence."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

import asl
from asl.history import (
    EVENT_DETAILS,
    History,
    datetime_to_instant,
    instant_to_datetime,
    iso_text,
)

TEXT = {"truncated": False}
ERROR: tuple[tuple[Any, ...], dict[str, Any]] = (
    ("E", "c"),
    {"error": "E", "cause": "c"},
)
TASK = {"resourceType": "sqs", "resource": "sendMessage"}
OUTPUT = {"output": "[1]", "outputDetails": TEXT}
INPUT = {"input": "[1]", "inputDetails": TEXT}
ENTERED = (("N", [1]), {"name": "N", **INPUT})
EXITED = (("N", [1], None), {"name": "N", **OUTPUT})
TASK_ERROR = (("sqs", "sendMessage", "E", "c"), {**TASK, "error": "E", "cause": "c"})
TASK_OUTPUT = (("sqs", "sendMessage", [1]), {**TASK, **OUTPUT})
ITERATION = (("N", 3), {"name": "N", "index": 3})
NONE: tuple[tuple[Any, ...], None] = ((), None)

SHAPES: dict[str, tuple[tuple[Any, ...], dict[str, Any] | None]] = {
    "ExecutionStarted": (([1], "role"), {**INPUT, "roleArn": "role"}),
    "ExecutionSucceeded": (([1],), OUTPUT),
    "ExecutionFailed": ERROR,
    "ExecutionAborted": ERROR,
    "ExecutionTimedOut": ERROR,
    **{
        f"{kind}StateEntered": ENTERED for kind in ("Task", "Parallel", "Map", "Choice")
    },
    **{f"{kind}StateEntered": ENTERED for kind in ("Wait", "Pass", "Succeed", "Fail")},
    **{f"{kind}StateExited": EXITED for kind in ("Task", "Parallel", "Map", "Choice")},
    **{f"{kind}StateExited": EXITED for kind in ("Wait", "Pass", "Succeed")},
    "ExecutionRedriven": ((2,), {"redriveCount": 2}),
    "MapRunRedriven": (("arn", 2), {"mapRunArn": "arn", "redriveCount": 2}),
    "LambdaFunctionScheduled": (
        ("arn", [1], 5, {"roleArn": "r"}),
        {
            "resource": "arn",
            **INPUT,
            "timeoutInSeconds": 5,
            "taskCredentials": {"roleArn": "r"},
        },
    ),
    "LambdaFunctionStarted": NONE,
    "LambdaFunctionSucceeded": (([1],), OUTPUT),
    "LambdaFunctionFailed": ERROR,
    "LambdaFunctionTimedOut": ERROR,
    "LambdaFunctionScheduleFailed": ERROR,
    "LambdaFunctionStartFailed": ERROR,
    "TaskScheduled": (
        ("sqs", "sendMessage", "eu-west-1", {"a": "é"}, 5, 3, {"roleArn": "r"}),
        {
            **TASK,
            "region": "eu-west-1",
            "parameters": '{"a":"é"}',
            "timeoutInSeconds": 5,
            "heartbeatInSeconds": 3,
            "taskCredentials": {"roleArn": "r"},
        },
    ),
    "TaskStarted": (("sqs", "sendMessage"), TASK),
    "TaskSubmitted": TASK_OUTPUT,
    "TaskSucceeded": TASK_OUTPUT,
    "TaskFailed": TASK_ERROR,
    "TaskTimedOut": TASK_ERROR,
    "TaskStartFailed": TASK_ERROR,
    "TaskSubmitFailed": TASK_ERROR,
    "ActivityScheduled": (
        ("arn", [1], 5, 3),
        {"resource": "arn", **INPUT, "timeoutInSeconds": 5, "heartbeatInSeconds": 3},
    ),
    "ActivityStarted": (("w",), {"workerName": "w"}),
    "ActivitySucceeded": (([1],), OUTPUT),
    "ActivityFailed": ERROR,
    "ActivityTimedOut": ERROR,
    "ActivityScheduleFailed": ERROR,
    "MapStateStarted": ((7,), {"length": 7}),
    "MapIterationStarted": ITERATION,
    "MapIterationSucceeded": ITERATION,
    "MapIterationFailed": ITERATION,
    "MapIterationAborted": ITERATION,
    "MapStateSucceeded": NONE,
    "MapStateFailed": NONE,
    "MapStateAborted": NONE,
    "ParallelStateStarted": NONE,
    "ParallelStateSucceeded": NONE,
    "ParallelStateFailed": NONE,
    "ParallelStateAborted": NONE,
    "TaskStateAborted": NONE,
    "WaitStateAborted": NONE,
    "MapRunStarted": (("arn",), {"mapRunArn": "arn"}),
    "MapRunSucceeded": NONE,
    "MapRunAborted": NONE,
    "MapRunFailed": ERROR,
    "EvaluationFailed": (
        ("E", "c", "Output", "N"),
        {"error": "E", "cause": "c", "location": "Output", "state": "N"},
    ),
}


def test_the_table_below_knows_every_type() -> None:
    assert set(SHAPES) == set(EVENT_DETAILS)


@pytest.mark.parametrize("kind", EVENT_DETAILS)
def test_an_event_is_rendered_as_aws_does(kind: str) -> None:
    members, details = SHAPES[kind]
    (event,) = History([(4, 1_500_000, kind, *members)])
    key = kind[0].lower() + kind[1:] + "EventDetails"
    if kind.endswith("StateEntered"):
        key = "stateEnteredEventDetails"
    if kind.endswith("StateExited"):
        key = "stateExitedEventDetails"
    expected: dict[str, Any] = {
        "timestamp": "1970-01-01T00:00:01.500+00:00",
        "type": kind,
        "id": 1,
        "previousEventId": 4,
    }
    if details is not None:
        expected[key] = details
    assert event.to_aws() == expected
    assert event.details == (details or {})
    assert json.loads(json.dumps(event.to_aws())) == expected


@pytest.mark.parametrize(
    ("kind", "members", "details"),
    [
        ("ExecutionFailed", (None, None), {}),
        ("ExecutionFailed", ("E", None), {"error": "E"}),
        ("ExecutionFailed", ("", ""), {"error": "", "cause": ""}),
        ("LambdaFunctionScheduled", ("a", 1, None, None), {"resource": "a"}),
        ("ActivityStarted", (None,), {}),
        (
            "EvaluationFailed",
            ("E", "c", None, "N"),
            {"error": "E", "cause": "c", "state": "N"},
        ),
    ],
)
def test_what_is_absent_is_left_out(
    kind: str, members: tuple[Any, ...], details: dict[str, Any]
) -> None:
    (event,) = History([(0, 0, kind, *members)])
    shown = {k: v for k, v in event.details.items() if not k.startswith("input")}
    assert shown == details


def test_assigned_variables_are_texts_by_name() -> None:
    (event,) = History([(0, 0, "PassStateExited", "N", 1, {"b": "x", "a": [1]})])
    assert event.details["assignedVariables"] == {"a": "[1]", "b": '"x"'}
    assert list(event.details["assignedVariables"]) == ["a", "b"]
    assert event.details["assignedVariablesDetails"] == TEXT


def test_an_event_knows_its_state() -> None:
    events = list(
        History(
            [
                (0, 0, "PassStateEntered", "N", 1),
                (0, 0, "MapIterationStarted", "M", 0),
                (0, 0, "ExecutionFailed", None, None),
                (0, 0, "MapStateSucceeded"),
            ]
        )
    )
    assert [event.state for event in events] == ["N", "M", None, None]


def test_a_type_without_details_may_carry_none() -> None:
    (event,) = History([(0, 0, "MapStateFailed")])
    assert event.details == {}
    assert "mapStateFailedEventDetails" not in event.to_aws()


# --- History


def history(count: int = 5) -> History:
    return History([(n, n * 1_000_000, "MapStateStarted", n) for n in range(count)])


def test_a_history_is_a_sequence() -> None:
    whole = history()
    assert len(whole) == 5
    assert [event.id for event in whole] == [1, 2, 3, 4, 5]
    assert whole[0].id == 1
    assert whole[4] == whole[-1]
    assert whole[-5].id == 1
    assert whole[-1].details == {"length": 4}
    assert [event.id for event in whole[1:4]] == [2, 3, 4]
    assert [event.id for event in whole[::-2]] == [5, 3, 1]
    assert whole[9:] == []
    assert [event.id for event in reversed(whole)] == [5, 4, 3, 2, 1]
    assert whole[2] in whole
    assert whole.index(whole[3]) == 3
    assert repr(whole) == "<History: 5 events>"


@pytest.mark.parametrize("index", [5, -6, 100])
def test_there_is_nothing_beyond_its_ends(index: int) -> None:
    with pytest.raises(IndexError):
        history()[index]


def test_histories_are_equal_when_their_events_are() -> None:
    assert history() == history()
    assert history() != history(4)
    assert history() != [1]
    with pytest.raises(TypeError):
        hash(history())


def test_a_history_grows_while_it_is_watched() -> None:
    records = [(0, 0, "MapStateSucceeded")]
    whole = History(records)
    records.append((1, 0, "MapStateSucceeded"))
    assert len(whole) == 2


# --- moments


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_999, "1970-01-01T00:00:00.001Z"),
        (1_767_225_600_123_456, "2026-01-01T00:00:00.123Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
    ],
)
def test_a_moment_as_the_context_object_spells_it(moment: int, text: str) -> None:
    assert iso_text(moment) == text


def test_moments_go_there_and_back() -> None:
    at = datetime(2026, 3, 4, 5, 6, 7, 890123, tzinfo=UTC)
    assert instant_to_datetime(datetime_to_instant(at)) == at
    east = at.astimezone(timezone(timedelta(hours=5)))
    assert datetime_to_instant(east) == datetime_to_instant(at)


def test_a_run_shows_events_of_the_same_kind() -> None:
    machine = asl.load_text(
        '{"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}}'
    )
    execution = asl.run(machine, {"a": 1})
    event = execution.history[1]
    assert isinstance(event, asl.Event)
    assert event.to_aws()["stateEnteredEventDetails"]["input"] == '{"a":1}'
