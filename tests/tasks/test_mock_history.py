"""Mocks from histories."""

import json
from typing import Any

import pytest

import asl
from asl.tasks.mock_history import Recording, read_history, record

LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:"
JOB = "arn:aws:states:::glue:startJobRun.sync"

MACHINE: dict[str, Any] = {
    "StartAt": "Both",
    "States": {
        "Both": {
            "Type": "Parallel",
            "Branches": [
                {
                    "StartAt": "Each",
                    "States": {
                        "Each": {
                            "Type": "Map",
                            "ItemsPath": "$.items",
                            "ItemProcessor": {
                                "StartAt": "First",
                                "States": {
                                    "First": {
                                        "Type": "Task",
                                        "Resource": f"{LAMBDA}first",
                                        "Next": "Second",
                                    },
                                    "Second": {
                                        "Type": "Task",
                                        "Resource": f"{LAMBDA}second",
                                        "Retry": [{"ErrorEquals": ["Busy"]}],
                                        "End": True,
                                    },
                                },
                            },
                            "Next": "After",
                        },
                        "After": {
                            "Type": "Task",
                            "Resource": f"{LAMBDA}after",
                            "End": True,
                        },
                    },
                },
                {
                    "StartAt": "Job",
                    "States": {
                        "Job": {
                            "Type": "Task",
                            "Resource": JOB,
                            "Parameters": {"JobName": "j"},
                            "TimeoutSeconds": 60,
                            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Late"}],
                            "End": True,
                        },
                        "Late": {"Type": "Pass", "End": True},
                    },
                },
            ],
            "End": True,
        }
    },
}
INPUT = {"items": [1, 2]}
MOCKS: dict[str, Any] = {
    "First": lambda given, context: [context.advance(given), given][1],
    "Second": [
        {"Throw": {"Error": "Busy", "Cause": "later"}, "MapIndex": 1},
        {"Return": "one", "MapIndex": 1},
        {"Return": "zero", "MapIndex": 0, "AfterSeconds": 0.25},
    ],
    "After": [{"Return": "after"}],
    "Job": [{"Never": True, "Submitted": {"JobRunId": "r"}}],
}


@pytest.fixture(scope="module")
def machine() -> asl.StateMachine:
    return asl.load_text(json.dumps(MACHINE))


def aws(execution: asl.Execution) -> list[dict[str, Any]]:
    return [event.to_aws() for event in execution.history]


def test_a_history_becomes_mocks_that_replay_it(machine: asl.StateMachine) -> None:
    one = asl.run(machine, INPUT, tasks=asl.Mocks(MOCKS))
    found = record(aws(one))
    assert found.notes == []
    assert found.input == INPUT
    assert found.mocks == {
        "First": [
            {"Return": 1, "AfterSeconds": 1, "MapIndex": 0},
            {"Return": 2, "AfterSeconds": 2, "MapIndex": 1},
        ],
        "Second": [
            {"Return": "zero", "AfterSeconds": 0.25, "MapIndex": 0},
            {"Throw": {"Error": "Busy", "Cause": "later"}, "MapIndex": 1},
            {"Return": "one", "MapIndex": 1},
        ],
        "After": [{"Return": "after"}],
        "Job": [{"Never": True, "Submitted": {"JobRunId": "r"}}],
    }
    assert found.expect == {"status": "SUCCEEDED", "output": one.output}
    other = asl.run(machine, INPUT, tasks=asl.Mocks(found.mocks))
    assert other.history == one.history


def test_a_task_that_was_given_up_never_answers(machine: asl.StateMachine) -> None:
    mocks = {
        **MOCKS,
        "First": [{"Throw": {"Error": "Broken"}}, {"Return": 2, "AfterSeconds": 9}],
    }
    one = asl.run(machine, INPUT, tasks=asl.Mocks(mocks))
    found = record(aws(one))
    assert found.mocks["First"][1] == {"Never": True, "MapIndex": 1}
    assert found.expect == {"status": "FAILED", "error": "Broken"}
    assert asl.run(machine, INPUT, tasks=asl.Mocks(found.mocks)).history == one.history


def test_a_straight_machine_tells_its_path() -> None:
    state = {"Type": "Task", "Resource": f"{LAMBDA}pay", "Next": "Done"}
    line = {"StartAt": "Pay", "States": {"Pay": state, "Done": {"Type": "Succeed"}}}
    mocks = asl.Mocks({"Pay": [{"Return": "text"}]})
    found = record(aws(asl.run(asl.load_text(json.dumps(line)), 5, tasks=mocks)))
    assert found.expect == {
        "status": "SUCCEEDED",
        "output": "text",
        "path": ["Pay", "Done"],
    }
    assert found.scenario("m.asl.json", "m.mocks.json") == {
        "definition": "m.asl.json",
        "input": 5,
        "mocks": "m.mocks.json",
        "expect": found.expect,
    }
    assert found.scenario("m.asl.json")["mocks"] == {"Pay": [{"Return": "text"}]}


# ------------------------------------------------------------------- written by others


def event(id: int, type: str, at: Any = None, **details: Any) -> dict[str, Any]:
    name = f"{type[0].lower()}{type[1:]}EventDetails"
    return {
        "id": id,
        "previousEventId": id - 1,
        "type": type,
        "timestamp": at,
        **({name: details} if details else {}),
    }


def entered(id: int, name: str) -> dict[str, Any]:
    return {
        **event(id, "TaskStateEntered"),
        "stateEnteredEventDetails": {"name": name, "input": "{}"},
    }


START = event(
    1, "ExecutionStarted", input='{"a": 1}', inputDetails={"truncated": False}
)


def recorded(*events: dict[str, Any]) -> Recording:
    return record([START, entered(2, "Pay"), *events])


@pytest.mark.parametrize(
    ("asked", "ended", "answer"),
    [
        (event(3, "TaskScheduled"), event(4, "TaskSucceeded", output="5"),
         {"Return": 5}),
        (event(3, "TaskScheduled", 1767225600), event(4, "TaskSucceeded",
         1767225601.5, output="5"), {"Return": 5, "AfterSeconds": 1.5}),
        (event(3, "TaskScheduled", 1767225600000), event(4, "TaskSucceeded",
         1767225602000, output="5"), {"Return": 5, "AfterSeconds": 2}),
        (event(3, "TaskScheduled", "2026-01-01T00:00:00Z"), event(4, "TaskSucceeded",
         "2026-01-01T01:00:00.250+01:00", output="5"),
         {"Return": 5, "AfterSeconds": 0.25}),
        (event(3, "TaskScheduled", "long ago"), event(4, "TaskSucceeded", True,
         output="no json"), {"Return": "no json"}),
        (event(3, "LambdaFunctionScheduled"), event(4, "LambdaFunctionSucceeded",
         output={"read": "already"}), {"Return": {"read": "already"}}),
        (event(3, "ActivityScheduled"), event(4, "ActivityFailed", error="E",
         cause="c"), {"Throw": {"Error": "E", "Cause": "c"}}),
        (event(3, "TaskScheduled"), event(4, "TaskFailed", cause={"read": 1}),
         {"Throw": {"Cause": '{"read":1}'}}),
        (event(3, "TaskScheduled"), event(4, "TaskTimedOut"),
         {"Throw": {"Error": "States.Timeout"}}),
        (event(3, "TaskScheduled", timeoutInSeconds=9), event(4, "TaskTimedOut",
         error="States.Timeout"), {"Never": True}),
        (event(3, "TaskScheduled", heartbeatInSeconds=9), event(4, "TaskFailed",
         error="States.Timeout"), {"Never": True}),
        (event(3, "TaskScheduled", timeoutInSeconds=9), event(4, "TaskFailed",
         error="E"), {"Throw": {"Error": "E"}}),
    ],
)  # fmt: skip
def test_an_end_becomes_an_answer(
    asked: dict[str, Any], ended: dict[str, Any], answer: dict[str, Any]
) -> None:
    found = recorded(asked, ended)
    assert found.mocks == {"Pay": [answer]}
    assert found.input == {"a": 1}


def test_what_failed_before_it_was_asked_needs_no_answer() -> None:
    failed = event(3, "LambdaFunctionScheduleFailed", error="E")
    end = event(4, "ExecutionFailed", error="E", cause="c")
    found = recorded(failed, end)
    assert found.mocks == {}
    assert found.expect == {
        "status": "FAILED",
        "error": "E",
        "cause": "c",
        "path": ["Pay"],
    }


@pytest.mark.parametrize(
    ("events", "note"),
    [
        ([event(3, "ExecutionAborted")], "stopped from outside"),
        ([event(3, "TaskScheduled")], "had not ended"),
        ([event(3, "MapRunStarted", mapRunArn="arn")], "distributed Map ran"),
        ([event(3, "ExecutionRedriven")], "was redriven"),
        ([event(3, "ExecutionSucceeded")], "the output of the execution is not in"),
        (
            [
                event(
                    3,
                    "ExecutionSucceeded",
                    output="[1",
                    outputDetails={"truncated": True},
                )
            ],
            "the output of the execution is not in the history",
        ),
    ],
)
def test_what_a_history_does_not_tell_is_noted(
    events: list[dict[str, Any]], note: str
) -> None:
    assert any(note in text for text in recorded(*events).notes)


def test_a_history_without_its_beginning_is_noted() -> None:
    found = record([entered(2, "Pay"), event(3, "ExecutionTimedOut")])
    assert found.notes[0].startswith("it does not begin with ExecutionStarted")
    assert found.expect == {"status": "TIMED_OUT", "path": ["Pay"]}


def test_a_chain_that_goes_round_ends() -> None:
    odd = {**event(3, "TaskScheduled"), "previousEventId": 3}
    assert record([START, odd]).mocks == {}
    odd = {**event(3, "TaskSucceeded"), "previousEventId": 1}
    assert record([{**START, "previousEventId": 1}, odd]).mocks == {}


def test_events_are_read_from_a_list_or_an_answer_in_either_order() -> None:
    events = [START, entered(2, "Pay")]
    assert read_history(json.dumps(events)) == events
    assert read_history(json.dumps({"events": events[::-1]})) == events


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "not JSON"),
        ("5", "must be a list of events"),
        ("[]", "must be a list of events"),
        ('{"Events": []}', "must be a list of events"),
        ("[5]", "an event has no type"),
        ('[{"id": 1}]', "an event has no type"),
        ('[{"type": "X"}]', "an event's id is no number"),
        ('[{"type": "X", "id": true}]', "an event's id is no number"),
        ('[{"type": "X", "id": 1, "previousEventId": "0"}]', "previousEventId is no"),
    ],
)
def test_what_is_no_history_is_refused(text: str, why: str) -> None:
    with pytest.raises(asl.UsageError, match=why):
        read_history(text)
