"""Which event follows which: the recorded links of previousEventId."""

import json
from typing import Any

import pytest

import asl

LAMBDA = "arn:aws:lambda:eu-west-1:123456789012:function:ask"


def wait(seconds: Any = 1, **fields: Any) -> dict[str, Any]:
    return {"Type": "Wait", "Seconds": seconds, **fields}


def links(
    states: dict[str, Any],
    given: Any = None,
    *,
    mocks: dict[str, Any] | None = None,
    **machine: Any,
) -> list[str]:
    definition = {"StartAt": next(iter(states)), "States": states, **machine}
    execution = asl.run(
        asl.load_text(json.dumps(definition)),
        given,
        tasks=asl.Mocks(mocks or {}),
    )
    return [f"{e.id}<-{e.previous_id} {e.type}" for e in execution.history]


def inside(state: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": "In", "States": {"In": state}}


PASS = {"Type": "Pass", "End": True}
FAIL = {"Type": "Fail", "Error": "E"}
CATCH = [{"ErrorEquals": ["States.ALL"], "Next": "Z"}]
Z = {"Z": {"Type": "Succeed"}}


def test_the_first_two_events_follow_nothing() -> None:
    assert links({"P": PASS}) == [
        "1<-0 ExecutionStarted",
        "2<-0 PassStateEntered",
        "3<-2 PassStateExited",
        "4<-3 ExecutionSucceeded",
    ]


def test_a_retry_follows_the_failure() -> None:
    task = {
        "Type": "Task",
        "Resource": LAMBDA,
        "Retry": [{"ErrorEquals": ["E"], "MaxAttempts": 1}],
        "Catch": CATCH,
        "End": True,
    }
    throw = {"Throw": {"Error": "E"}}
    assert links({"T": task, **Z}, mocks={"T": [throw, throw]})[4:10] == [
        "5<-4 LambdaFunctionFailed",
        "6<-5 LambdaFunctionScheduled",
        "7<-6 LambdaFunctionStarted",
        "8<-7 LambdaFunctionFailed",
        "9<-8 TaskStateExited",
        "10<-9 SucceedStateEntered",
    ]


def test_a_runtime_failure_follows_the_last_event_of_its_state() -> None:
    early = {"Type": "Pass", "InputPath": "$.x", "End": True}
    assert links({"P": early})[-1] == "3<-2 ExecutionFailed"
    late = {
        "Type": "Task",
        "Resource": LAMBDA,
        "ResultSelector": {"a.$": "$.x"},
        "End": True,
    }
    assert links({"T": late}, mocks={"T": [{"Return": {}}]})[-2:] == [
        "5<-4 LambdaFunctionSucceeded",
        "6<-5 ExecutionFailed",
    ]


@pytest.mark.parametrize(
    "state",
    [
        {"Type": "Pass", "Output": "{% $x %}", "End": True},
        {"Type": "Pass", "Assign": {"a": "{% $x %}"}, "End": True},
        {"Type": "Task", "Resource": LAMBDA, "Arguments": "{% $x %}", "End": True},
    ],
)
def test_an_evaluation_failure_skips_the_entered_event(state: dict[str, Any]) -> None:
    states = {"P": {"Type": "Pass", "Next": "Q"}, "Q": state}
    assert links(states, QueryLanguage="JSONata")[3:] == [
        f"4<-3 {state['Type']}StateEntered",
        "5<-3 EvaluationFailed",
        "6<-5 ExecutionFailed",
    ]


def test_an_evaluation_failure_of_a_wait_follows_the_entered_event() -> None:
    state = {"Type": "Wait", "Timestamp": "{% 'x' %}", "End": True}
    assert links({"W": state}, QueryLanguage="JSONata")[1:] == [
        "2<-0 WaitStateEntered",
        "3<-2 EvaluationFailed",
        "4<-3 ExecutionFailed",
    ]


def test_an_evaluation_failure_of_a_map_fails_the_map() -> None:
    state = {"Type": "Map", "Items": "{% 5 %}", "ItemProcessor": inside(PASS)}
    states = {"M": {**state, "End": True}}
    assert links(states, QueryLanguage="JSONata")[1:] == [
        "2<-0 MapStateEntered",
        "3<-0 EvaluationFailed",
        "4<-3 MapStateFailed",
        "5<-4 ExecutionFailed",
    ]


def test_iterations_one_by_one() -> None:
    state = {"Type": "Map", "MaxConcurrency": 1, "ItemProcessor": inside(PASS)}
    states = {"P": {"Type": "Pass", "Next": "M"}, "M": {**state, "Next": "Z"}, **Z}
    assert links(states, [1, 2])[3:16] == [
        "4<-3 MapStateEntered",
        "5<-4 MapStateStarted",
        "6<-5 MapIterationStarted",
        "7<-6 PassStateEntered",
        "8<-7 PassStateExited",
        "9<-8 MapIterationSucceeded",
        "10<-8 MapIterationStarted",
        "11<-10 PassStateEntered",
        "12<-11 PassStateExited",
        "13<-12 MapIterationSucceeded",
        "14<-13 MapStateSucceeded",
        "15<-13 MapStateExited",
        "16<-15 SucceedStateEntered",
    ]


def test_iterations_side_by_side_follow_the_start_of_the_map() -> None:
    state = {"Type": "Map", "ItemProcessor": inside(wait(End=True)), "End": True}
    assert links({"M": state}, [1, 2])[2:7] == [
        "3<-2 MapStateStarted",
        "4<-3 MapIterationStarted",
        "5<-4 WaitStateEntered",
        "6<-3 MapIterationStarted",
        "7<-6 WaitStateEntered",
    ]


def test_an_empty_map() -> None:
    state = {"Type": "Map", "ItemProcessor": inside(PASS), "End": True}
    assert links({"M": state}, [])[2:] == [
        "3<-2 MapStateStarted",
        "4<-3 MapStateSucceeded",
        "5<-3 MapStateExited",
        "6<-5 ExecutionSucceeded",
    ]


def test_a_failed_iteration() -> None:
    state = {"Type": "Map", "ItemProcessor": inside(FAIL), "Catch": CATCH, "End": True}
    assert links({"M": state, **Z}, [1])[4:8] == [
        "5<-4 FailStateEntered",
        "6<-5 MapIterationFailed",
        "7<-5 MapStateFailed",
        "8<-7 MapStateExited",
    ]


def test_a_map_tried_again_follows_the_failure() -> None:
    retry = [{"ErrorEquals": ["E"], "MaxAttempts": 1}]
    state = {"Type": "Map", "ItemProcessor": inside(FAIL), "Retry": retry, "End": True}
    assert links({"M": state}, [1])[4:] == [
        "5<-4 FailStateEntered",
        "6<-5 MapIterationFailed",
        "7<-5 MapStateStarted",
        "8<-7 MapIterationStarted",
        "9<-8 FailStateEntered",
        "10<-9 MapIterationFailed",
        "11<-9 MapStateFailed",
        "12<-11 ExecutionFailed",
    ]


def test_everything_aborted_follows_the_failing_event() -> None:
    task = {"Type": "Task", "Resource": LAMBDA, "TimeoutSeconds": 5, "End": True}
    state = {"Type": "Map", "ItemProcessor": inside(task), "End": True}
    mocks = {"In": [{"Never": True}] * 2}
    assert links({"M": state}, [1, 2], mocks=mocks)[11:] == [
        "12<-7 LambdaFunctionTimedOut",
        "13<-12 MapIterationFailed",
        "14<-12 TaskStateAborted",
        "15<-12 MapIterationAborted",
        "16<-12 TaskStateAborted",
        "17<-12 MapStateFailed",
        "18<-17 ExecutionFailed",
    ]


def test_a_selector_that_fails_aborts_what_runs() -> None:
    state = {
        "Type": "Map",
        "Items": [{"n": 1}, {}],
        "ItemSelector": "{% $states.context.Map.Item.Value.n %}",
        "ItemProcessor": inside(wait(End=True)),
        "End": True,
    }
    assert links({"M": state}, QueryLanguage="JSONata")[2:] == [
        "3<-2 MapStateStarted",
        "4<-3 MapIterationStarted",
        "5<-4 WaitStateEntered",
        "6<-3 EvaluationFailed",
        "7<-6 WaitStateAborted",
        "8<-6 MapIterationAborted",
        "9<-6 MapStateFailed",
        "10<-9 ExecutionFailed",
    ]


def test_branches_follow_the_start_and_the_exit_the_last_of_them() -> None:
    state = {
        "Type": "Parallel",
        "Branches": [
            inside(wait(2, End=True)),
            {"StartAt": "B", "States": {"B": PASS}},
        ],
        "End": True,
    }
    assert links({"P": state})[2:] == [
        "3<-2 ParallelStateStarted",
        "4<-3 WaitStateEntered",
        "5<-3 PassStateEntered",
        "6<-5 PassStateExited",
        "7<-4 WaitStateExited",
        "8<-7 ParallelStateSucceeded",
        "9<-7 ParallelStateExited",
        "10<-9 ExecutionSucceeded",
    ]


def test_a_failed_branch() -> None:
    state = {"Type": "Parallel", "Branches": [inside(FAIL)], "Catch": CATCH}
    assert links({"P": {**state, "End": True}, **Z})[3:6] == [
        "4<-3 FailStateEntered",
        "5<-4 ParallelStateFailed",
        "6<-5 ParallelStateExited",
    ]


def test_a_parallel_tried_again_follows_the_failure() -> None:
    retry = [{"ErrorEquals": ["E"], "MaxAttempts": 1}]
    state = {"Type": "Parallel", "Branches": [inside(FAIL)], "Retry": retry}
    assert links({"P": {**state, "End": True}})[3:7] == [
        "4<-3 FailStateEntered",
        "5<-4 ParallelStateStarted",
        "6<-5 FailStateEntered",
        "7<-6 ParallelStateFailed",
    ]


def distributed(body: dict[str, Any], **fields: Any) -> dict[str, Any]:
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    return {
        "Type": "Map",
        "ItemProcessor": {"ProcessorConfig": config, **body},
        "End": True,
        **fields,
    }


def test_a_distributed_map_leaves_after_its_start() -> None:
    assert links({"M": distributed(inside(PASS))}, [1])[1:] == [
        "2<-0 MapStateEntered",
        "3<-2 MapStateStarted",
        "4<-3 MapRunStarted",
        "5<-4 MapRunSucceeded",
        "6<-5 MapStateSucceeded",
        "7<-4 MapStateExited",
        "8<-7 ExecutionSucceeded",
    ]


def test_a_map_run_that_fails() -> None:
    assert links({"M": distributed(inside(FAIL))}, [1])[3:] == [
        "4<-3 MapRunStarted",
        "5<-4 MapRunFailed",
        "6<-5 MapStateFailed",
        "7<-6 ExecutionFailed",
    ]


def test_a_map_run_whose_items_cannot_be_selected_fails() -> None:
    state = distributed(inside(PASS), ItemSelector={"a.$": "$.x"})
    assert links({"M": state}, [1])[3:] == [
        "4<-3 MapRunStarted",
        "5<-4 MapRunFailed",
        "6<-5 ExecutionFailed",
    ]
