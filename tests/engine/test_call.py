"""Who asks for a task: every member of a Call stands in its place."""

import json

import asl
from asl.engine.execution import Execution
from asl.engine.messages import (
    Call,
    Effect,
    StartTask,
    StartTimer,
    TaskFailed,
    TimerFired,
)

ARN = "arn:aws:states:us-east-1:123456789012:execution:m:e"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:do"


def test_a_call_says_who_asks() -> None:
    task: dict[str, object] = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Parameters": {"FunctionName": FUNCTION, "Payload.$": "$"},
        "TimeoutSeconds": 60,
        "HeartbeatSeconds": 7,
        "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1}],
        "End": True,
    }
    each = {
        "Type": "Map",
        "ItemProcessor": {"StartAt": "Ask", "States": {"Ask": task}},
        "End": True,
    }
    machine = asl.load_text(json.dumps({"StartAt": "Each", "States": {"Each": each}}))
    execution = Execution(
        machine, [{"id": 1}], name="e", arn=ARN, machine_arn="m", role_arn="role"
    )
    first = asked(execution.start(0))
    failed = execution.receive(TaskFailed(first.id, 0, "Odd", None))
    (timer,) = [effect for effect in failed if isinstance(effect, StartTimer)]
    again = asked(execution.receive(TimerFired(timer.id, 1_000_000)))
    assert first.call == Call(
        state="Ask",
        iterations=(("Each", 0),),
        visit=0,
        attempt=0,
        state_input={"id": 1},
        token=first.call.token,
        execution_arn=ARN,
        role_arn="role",
        deadline=60_000_000,
        heartbeat_seconds=7,
    )
    assert first.call.token
    assert again.call == first.call._replace(
        attempt=1, token=again.call.token, deadline=61_000_000
    )
    assert first.call.map_index == 0


def asked(effects: list[Effect]) -> StartTask:
    (task,) = [effect for effect in effects if isinstance(effect, StartTask)]
    return task
