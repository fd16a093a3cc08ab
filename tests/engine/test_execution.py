"""An Execution fed by hand: the wall, its ids, its cancellations, its endings."""

import json
from typing import Any

import pytest

import asl
from asl.engine.execution import Execution
from asl.engine.messages import (
    Cancel,
    StartTask,
    StartTimer,
    StopRequested,
    TaskFailed,
    TaskHeartbeat,
    TaskStarted,
    TaskSubmitted,
    TaskSucceeded,
    TimerFired,
)
from asl.errors import InternalError

ASK = "arn:aws:lambda:eu-west-1:123456789012:function:ask"
TOKEN = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
SECOND = 1_000_000
MACHINE_ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:M"


def make(definition: dict[str, Any], given: Any = None, **options: Any) -> Execution:
    return Execution(
        asl.load_text(json.dumps(definition), name="M"),
        {} if given is None else given,
        name="one",
        arn=MACHINE_ARN.replace("stateMachine", "execution") + ":one",
        machine_arn=MACHINE_ARN,
        **options,
    )


def alone(state: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": "S", "States": {"S": {"End": True, **state}}}


def caught(state: dict[str, Any]) -> dict[str, Any]:
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "N"}]
    return {
        "StartAt": "S",
        "States": {
            "S": {**state, "Catch": catch, "Next": "N"},
            "N": wait(60, End=True),
        },
    }


def task(**fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": ASK, **fields}


def wait(seconds: int = 10, **fields: Any) -> dict[str, Any]:
    return {"Type": "Wait", "Seconds": seconds, **fields}


def kinds(execution: Execution) -> list[str]:
    return [event.type for event in execution.history]


# --- ids and timers


def test_the_limit_of_the_service_is_known_and_has_the_first_id() -> None:
    execution = make(alone(task()))
    (call,) = execution.start(5 * SECOND)
    year = 365 * 24 * 3600 * SECOND
    assert execution.service_limit == 5 * SECOND + year
    assert isinstance(call, StartTask)
    assert call.id == 2


def test_a_shorter_limit_of_the_machine_is_a_timer_that_counts() -> None:
    execution = make({**alone(wait()), "TimeoutSeconds": 3})
    assert execution.start(0)[0] == StartTimer(1, 3 * SECOND)
    assert execution.service_limit is None


def test_ids_count_up_in_the_order_of_asking() -> None:
    branches = [
        {"StartAt": name, "States": {name: task(TimeoutSeconds=5, End=True)}}
        for name in ("A", "B")
    ]
    execution = make(alone({"Type": "Parallel", "Branches": branches}))
    effects = execution.start(0)
    assert [e.id for e in effects] == [2, 3, 4, 5]
    assert [type(e) for e in effects] == [StartTask, StartTimer] * 2


def test_a_task_is_told_who_asks() -> None:
    execution = make(
        {
            "StartAt": "Each",
            "States": {
                "Each": {
                    "Type": "Map",
                    "ItemProcessor": {
                        "StartAt": "Ask",
                        "States": {"Ask": task(TimeoutSeconds=7, End=True)},
                    },
                    "End": True,
                }
            },
        },
        ["x", "y"],
        role_arn="r",
    )
    asked = [e for e in execution.start(SECOND) if isinstance(e, StartTask)]
    second = asked[1].call
    assert second.state == "Ask"
    assert second.iterations == (("Each", 1),)
    assert second.map_index == 1
    assert second.state_input == asked[1].payload == "y"
    assert (second.visit, second.attempt, second.token) == (0, 0, None)
    assert second.deadline == 8 * SECOND
    assert second.role_arn == "r"
    assert second.execution_arn == execution.arn


def test_a_call_outside_a_map_has_no_index() -> None:
    execution = make(alone(task(HeartbeatSeconds=3)))
    call = execution.start(0)[0]
    assert isinstance(call, StartTask)
    assert call.call.map_index is None
    assert call.call.heartbeat_seconds == 3


def test_an_answer_ends_the_task_and_its_timer() -> None:
    execution = make(alone(task(TimeoutSeconds=9)))
    execution.start(0)
    effects = execution.receive(TaskSucceeded(2, SECOND, {"a": 1}))
    assert effects == [Cancel(3)]
    assert execution.status == "SUCCEEDED"
    assert execution.output == {"a": 1}
    assert execution.duration_seconds == 1


def test_a_time_out_cancels_the_task_and_its_pulse() -> None:
    execution = make(alone(task(TimeoutSeconds=9, HeartbeatSeconds=5)))
    execution.start(0)
    execution.receive(TaskHeartbeat(2, 4 * SECOND))
    execution.receive(TaskHeartbeat(2, 8 * SECOND))
    effects = execution.receive(TimerFired(3, 9 * SECOND))
    assert effects == [Cancel(2), Cancel(6)]
    assert execution.error == "States.Timeout"


def test_a_heartbeat_sets_back_only_the_timer_of_heartbeats() -> None:
    execution = make(alone(task(TimeoutSeconds=9, HeartbeatSeconds=5)))
    _, deadline, pulse = execution.start(0)
    assert (deadline, pulse) == (StartTimer(3, 9 * SECOND), StartTimer(4, 5 * SECOND))
    assert execution.receive(TaskHeartbeat(2, 3 * SECOND)) == [
        Cancel(4),
        StartTimer(5, 8 * SECOND),
    ]
    events = len(execution.history)
    execution.receive(TaskHeartbeat(2, 4 * SECOND))
    assert len(execution.history) == events  # a heartbeat is no event


def test_being_submitted_counts_as_a_heartbeat() -> None:
    execution = make(
        alone(
            task(
                Resource=TOKEN,
                Parameters={"MessageBody.$": "$$.Task.Token"},
                HeartbeatSeconds=5,
            )
        )
    )
    execution.start(0)
    assert execution.receive(TaskSubmitted(2, 2 * SECOND, {"MessageId": 1})) == [
        Cancel(3),
        StartTimer(4, 7 * SECOND),
    ]
    assert kinds(execution)[-1] == "TaskSubmitted"


def test_an_activity_is_started_by_a_worker() -> None:
    arn = "arn:aws:states:eu-west-1:123456789012:activity:paint"
    execution = make(alone(task(Resource=arn)))
    execution.start(0)
    assert execution.receive(TaskStarted(2, SECOND, "worker 7")) == []
    assert execution.history[-1].details == {"workerName": "worker 7"}
    execution.receive(TaskSucceeded(2, SECOND, None))
    assert execution.status == "SUCCEEDED"


# --- answers nobody waits for


def test_a_late_answer_is_dropped_without_a_trace() -> None:
    execution = make(caught(task(TimeoutSeconds=1)))
    execution.start(0)
    execution.receive(TimerFired(3, SECOND))
    events = list(execution.history)
    for late in (
        TaskSucceeded(2, 2 * SECOND, 1),
        TaskFailed(2, 2 * SECOND, "E", None),
        TaskHeartbeat(2, 2 * SECOND),
        TimerFired(3, 2 * SECOND),
    ):
        assert execution.receive(late) == []
    assert list(execution.history) == events
    assert execution.running


def test_an_answer_after_the_end_is_dropped() -> None:
    execution = make(alone(task()))
    execution.start(0)
    execution.receive(TaskSucceeded(2, SECOND, 1))
    ended = list(execution.history)
    assert execution.receive(TaskSucceeded(2, 5 * SECOND, 2)) == []
    assert execution.receive(TimerFired(1, 9 * SECOND)) == []
    assert execution.receive(StopRequested(9 * SECOND)) == []
    assert list(execution.history) == ended
    assert execution.output == 1
    assert execution.duration_seconds == 1


@pytest.mark.parametrize("number", [0, -1, 3, 99])
def test_an_answer_to_what_was_never_asked_is_a_bug(number: int) -> None:
    execution = make(alone(task()))
    execution.start(0)
    with pytest.raises(InternalError, match="never asked"):
        execution.receive(TaskSucceeded(number, SECOND, 1))


def test_an_execution_starts_once() -> None:
    execution = make(alone(task()))
    execution.start(0)
    with pytest.raises(InternalError, match="twice"):
        execution.start(0)


# --- stopping


@pytest.mark.parametrize(
    ("state", "cancelled"),
    [
        (wait(), [2]),
        (task(TimeoutSeconds=9, HeartbeatSeconds=3), [2, 3, 4]),
        (
            {
                "Type": "Parallel",
                "Branches": [
                    {"StartAt": "A", "States": {"A": wait(End=True)}},
                    {"StartAt": "B", "States": {"B": task(End=True)}},
                ],
            },
            [2, 3],
        ),
        (
            {
                "Type": "Map",
                "ItemProcessor": {"StartAt": "A", "States": {"A": task(End=True)}},
            },
            [2, 3],
        ),
        (
            {
                "Type": "Map",
                "ItemProcessor": {
                    "ProcessorConfig": {
                        "Mode": "DISTRIBUTED",
                        "ExecutionType": "STANDARD",
                    },
                    "StartAt": "A",
                    "States": {"A": task(End=True)},
                },
            },
            [2, 3],
        ),
    ],
    ids=["Wait", "Task", "Parallel", "Map", "distributed Map"],
)
def test_a_stop_cancels_what_is_waited_for(
    state: dict[str, Any], cancelled: list[int]
) -> None:
    execution = make(alone(state), ["x", "y"])
    execution.start(0)
    effects = execution.receive(StopRequested(SECOND, "Enough", "said so"))
    assert sorted(e.id for e in effects) == cancelled
    assert all(isinstance(e, Cancel) for e in effects)
    assert (execution.status, execution.error) == ("ABORTED", "Enough")
    assert execution.cause == "said so"
    last = execution.history[-1]
    assert (last.type, last.previous_id) == ("ExecutionAborted", 0)
    assert last.details == {"error": "Enough", "cause": "said so"}


def test_a_stop_may_say_nothing() -> None:
    execution = make(alone(wait()))
    execution.start(0)
    execution.receive(StopRequested(SECOND))
    assert execution.history[-1].to_aws()["executionAbortedEventDetails"] == {}


def test_a_stop_during_a_back_off_cancels_it() -> None:
    execution = make(alone(task(Retry=[{"ErrorEquals": ["States.ALL"]}])))
    execution.start(0)
    backoff = execution.receive(TaskFailed(2, 0, "E", None))
    assert backoff == [StartTimer(3, SECOND)]
    assert execution.receive(StopRequested(0)) == [Cancel(3)]


def test_the_limit_of_the_machine_cancels_what_is_waited_for() -> None:
    execution = make({**alone(task()), "TimeoutSeconds": 3})
    execution.start(0)
    assert execution.receive(TimerFired(1, 3 * SECOND)) == [Cancel(2)]
    last = execution.history[-1]
    assert (last.type, last.previous_id) == ("ExecutionTimedOut", 0)


# --- failures of a task in every phase


@pytest.mark.parametrize(
    ("resource", "phase", "event"),
    [
        (ASK, "run", "LambdaFunctionFailed"),
        (ASK, "timeout", "LambdaFunctionTimedOut"),
        (ASK, "start", "LambdaFunctionStartFailed"),
        (ASK, "schedule", "LambdaFunctionScheduleFailed"),
        (ASK, "submit", "LambdaFunctionFailed"),
        ("arn:aws:states:::sns:publish", "run", "TaskFailed"),
        ("arn:aws:states:::sns:publish", "timeout", "TaskTimedOut"),
        ("arn:aws:states:::sns:publish", "start", "TaskStartFailed"),
        ("arn:aws:states:::glue:startJobRun.sync", "submit", "TaskSubmitFailed"),
        ("arn:aws:states:e:1:activity:a", "run", "ActivityFailed"),
        ("arn:aws:states:e:1:activity:a", "schedule", "ActivityScheduleFailed"),
    ],
)
def test_a_failure_is_written_in_the_words_of_its_family(
    resource: str, phase: str, event: str
) -> None:
    execution = make(alone(task(Resource=resource)))
    execution.start(0)
    execution.receive(TaskFailed(2, 0, "E", "c", phase))
    assert kinds(execution)[-2:] == [event, "ExecutionFailed"]
    details = execution.history[-2].details
    assert (details["error"], details["cause"]) == ("E", "c")


def test_a_request_that_never_was_one_is_the_states_own_failure() -> None:
    execution = make(caught(task()))
    execution.start(0)
    execution.receive(TaskFailed(2, 0, None, "Nonsense.", "runtime"))
    assert execution.error == "States.Runtime"
    assert execution.cause == (
        "An error occurred while executing the state 'S' (entered at the event id "
        "#2). Nonsense."
    )


@pytest.mark.parametrize(
    ("resource", "named"),
    [
        (ASK, ASK),
        ("arn:aws:states:::dynamodb:getItem", "dynamodb"),
        ("arn:aws:states:e:1:activity:a", "activity"),
    ],
)
def test_a_result_beyond_the_limit_is_a_failed_task(resource: str, named: str) -> None:
    execution = make(caught(task(Resource=resource)))
    execution.start(0)
    execution.receive(TaskSucceeded(2, 0, "x" * 262_143))
    assert kinds(execution)[-3].endswith("Failed")
    assert execution.history[-3].details["cause"] == (
        f"The state/task '{named}' returned a result with a size exceeding the maximum "
        "number of bytes service limit."
    )
    assert execution.history[-1].state == "N"


def test_a_result_at_the_limit_is_taken() -> None:
    execution = make(alone(task()))
    execution.start(0)
    execution.receive(TaskSucceeded(2, 0, "x" * 262_142))
    assert execution.status == "SUCCEEDED"


def test_all_variables_together_have_a_limit() -> None:
    names = [f"v{number}" for number in range(41)]
    execution = make(
        alone(
            {
                "Type": "Pass",
                "Assign": {f"{name}.$": "$" for name in names},
            }
        ),
        "x" * 262_100,
    )
    execution.start(0)
    assert execution.error == "States.DataLimitExceeded"
    assert "sum of all variables" in str(execution.cause)


# --- an Express execution that stands still


def test_an_express_loop_that_waits_for_nothing_times_out() -> None:
    execution = make(
        {
            "StartAt": "A",
            "States": {
                "A": {"Type": "Pass", "Next": "B"},
                "B": {
                    "Type": "Choice",
                    "Choices": [{"Variable": "$.x", "IsPresent": True, "Next": "C"}],
                    "Default": "A",
                },
                "C": {"Type": "Succeed"},
            },
        },
        type="EXPRESS",
    )
    execution.recorder.stalled_limit = 500
    execution.recorder.limit = 500
    assert execution.start(0) == []
    assert execution.status == "TIMED_OUT"
    assert execution.duration_seconds == 300
    assert len(execution.history) == 501


def test_an_express_loop_that_waits_does_not_stand_still() -> None:
    execution = make(
        {
            "StartAt": "A",
            "States": {"A": wait(1, Next="B"), "B": {"Type": "Pass", "Next": "A2"}}
            | {"A2": wait(1, Next="E"), "E": {"Type": "Succeed"}},
        },
        type="EXPRESS",
    )
    execution.recorder.stalled_limit = 4
    execution.recorder.limit = 4
    execution.start(0)
    execution.receive(TimerFired(2, SECOND))
    execution.receive(TimerFired(3, 2 * SECOND))
    assert execution.status == "SUCCEEDED"


# --- what an execution shows


def test_an_execution_shows_its_state() -> None:
    execution = make(alone(wait(4)))
    assert execution.running
    execution.start(SECOND)
    assert repr(execution) == "<Execution 'one': RUNNING>"
    assert execution.duration_seconds == 0
    execution.receive(TimerFired(2, 5 * SECOND))
    assert repr(execution) == "<Execution 'one': SUCCEEDED>"
    assert execution.billing.state_transitions == 2


def test_the_same_seed_draws_the_same_uuids() -> None:
    first, second = make(alone(wait()), seed=3), make(alone(wait()), seed=3)
    assert first.new_uuid() == second.new_uuid() != make(alone(wait())).new_uuid()
