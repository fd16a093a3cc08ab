"""RedriveExecution: what goes on, what is refused, and what is told of it."""

import json
from pathlib import Path
from typing import Any

import pytest
from service import PASS, PUBLISH, START, WAIT, Service, task

import asl
from asl.server.past import read_records

ACTIVITY = "arn:aws:states:us-east-1:123456789012:activity:a"
FAIL: dict[str, Any] = {"F": {"Type": "Fail", "Error": "E", "Cause": "c"}}


class Publisher:
    """Publishes, but for the calls that are to fail."""

    def __init__(self, *fails: int) -> None:
        self.count = 0
        self.fails = fails
        self.tasks = asl.Tasks()
        self.tasks.bind(PUBLISH)(self.publish)

    def publish(self, request: Any) -> Any:
        self.count += 1
        if self.count in self.fails:
            raise asl.TaskError("Bad", f"call {self.count}")
        return self.count


def serve(*fails: int, **options: Any) -> Service:
    return Service(asl.Api(tasks=Publisher(*fails).tasks, **options))


def two() -> dict[str, Any]:
    """Two states that publish, one after the other."""
    second = task()["T"]
    first = {key: value for key, value in second.items() if key != "End"}
    return {"T1": first | {"Next": "T2"}, "T2": second}


def redrive(service: Service, arn: str, **request: Any) -> float:
    answer = service.call("RedriveExecution", executionArn=arn, **request)
    return float(answer["redriveDate"])


def test_a_failed_execution_goes_on() -> None:
    service = serve(2)
    machine = service.create("m", two())
    arn = service.start(machine, input='{ "a":  1 }')
    before = service.describe(arn)
    assert before["status"] == "FAILED"
    assert (before["redriveCount"], before["redriveStatus"]) == (0, "REDRIVABLE")
    assert "redriveDate" not in before
    first = service.events(arn)
    date = redrive(service, arn)
    described = service.describe(arn)
    assert described["status"] == "SUCCEEDED"
    assert described["output"] == "3"
    assert "error" not in described
    assert "cause" not in described
    assert described["startDate"] == before["startDate"]
    assert (described["redriveCount"], described["redriveDate"]) == (1, date)
    assert described["redriveStatus"] == "NOT_REDRIVABLE"
    events = service.events(arn)
    assert events[: len(first)] == first
    redriven = events[len(first)]
    assert redriven["type"] == "ExecutionRedriven"
    assert redriven["executionRedrivenEventDetails"] == {"redriveCount": 1}
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    assert service.types(arn).count("TaskStateEntered") == 2


def test_it_runs_the_definition_that_it_was_started_with() -> None:
    service = serve(2)
    machine = service.create("m", two())
    arn = service.start(machine)
    assert service.status(arn) == "FAILED"
    text = json.dumps({"StartAt": "P", "States": PASS})
    service.call("UpdateStateMachine", stateMachineArn=machine, definition=text)
    redrive(service, arn)
    assert service.describe(arn)["output"] == "3"
    shown = service.call("DescribeStateMachineForExecution", executionArn=arn)
    assert "T2" in shown["definition"]


def test_it_can_fail_and_be_redriven_again() -> None:
    service = serve(1, 2, 3)
    arn = service.start(service.create("m", task()))
    for count in range(3):
        described = service.describe(arn)
        assert described["status"] == "FAILED"
        assert described["cause"] == f"call {count + 1}"
        assert described["redriveCount"] == count
        redrive(service, arn)
    assert service.describe(arn)["redriveCount"] == 3
    assert service.status(arn) == "SUCCEEDED"


def test_a_stopped_execution_goes_on_and_time_passes_again() -> None:
    service = serve()
    arn = service.start(service.create("m", WAIT))
    service.call("StopExecution", executionArn=arn)
    assert service.status(arn) == "ABORTED"
    service.api.advance(100)
    date = redrive(service, arn)
    listed = service.api.executions.table.of_machine(
        service.describe(arn)["stateMachineArn"]
    )
    assert len(listed) == 1
    described = service.describe(arn)
    assert described["status"] == "SUCCEEDED"
    assert described["stopDate"] == date + 60


def test_it_runs_while_nobody_looks() -> None:
    service = serve()
    machine = service.create("m", WAIT)
    arn = service.start(machine)
    service.call("StopExecution", executionArn=arn)
    redrive(service, arn)
    assert service.api.executions.table.is_busy(machine)
    why = "Execution is RUNNING and cannot be redriven"
    assert service.refusal("RedriveExecution", executionArn=arn) == (
        "ExecutionNotRedrivable",
        why,
    )
    service.call("StopExecution", executionArn=arn, error="E")
    assert service.types(arn) == [
        "ExecutionStarted",
        "WaitStateEntered",
        "ExecutionAborted",
        "ExecutionRedriven",
        "ExecutionAborted",
    ]


def test_the_same_request_is_answered_the_same_for_a_while() -> None:
    service = serve(1, 2)
    arn = service.start(service.create("m", task()))
    assert service.status(arn) == "FAILED"
    date = redrive(service, arn, clientToken="one")
    assert service.status(arn) == "FAILED"
    service.api.advance(60)
    assert redrive(service, arn, clientToken="one") == date
    assert service.describe(arn)["redriveCount"] == 1
    service.api.advance(15 * 60)
    assert redrive(service, arn, clientToken="one") == date + 16 * 60
    assert service.status(arn) == "SUCCEEDED"


def test_lists_tell_who_was_redriven() -> None:
    service = serve(1, 3)
    machine = service.create("m", task())
    arns = [service.start(machine) for _ in range(3)]
    for arn in arns:
        service.status(arn)
    date = redrive(service, arns[0])
    service.status(arns[0])
    request = {"stateMachineArn": machine}
    (item,) = service.list(**request, redriveFilter="REDRIVEN")
    assert (item["executionArn"], item["redriveCount"]) == (arns[0], 1)
    assert item["redriveDate"] == date
    others = service.list(**request, redriveFilter="NOT_REDRIVEN")
    assert [one["redriveCount"] for one in others] == [0, 0]
    assert len(service.list(**request)) == 3


@pytest.mark.parametrize("seconds", [14 * 24 * 3600, 14 * 24 * 3600 + 1])
def test_after_two_weeks_it_is_too_late(seconds: int) -> None:
    service = serve()
    arn = service.start(service.create("m", FAIL))
    assert service.status(arn) == "FAILED"
    service.api.advance(seconds)
    if seconds % 2 == 0:
        redrive(service, arn)
        return
    why = "Execution redrivable period exceeded"
    assert service.describe(arn)["redriveStatusReason"] == why
    assert service.refusal("RedriveExecution", executionArn=arn)[1] == why


def test_after_a_year_it_is_too_late() -> None:
    service = serve()
    states = {"W": {"Type": "Wait", "Seconds": 365 * 24 * 3600, "End": True}}
    arn = service.start(service.create("m", states))
    assert service.status(arn) == "TIMED_OUT"
    why = "Execution has exceeded the max execution time"
    assert service.refusal("RedriveExecution", executionArn=arn)[1] == why


def test_a_machine_that_is_to_be_deleted_redrives_nothing() -> None:
    service = serve()
    states = {"W": {"Type": "Wait", "SecondsPath": "$", "End": True}}
    machine = service.create("m", states)
    arn = service.start(machine, input='"no"')
    assert service.status(arn) == "FAILED"
    service.start(machine, input="60")
    service.call("DeleteStateMachine", stateMachineArn=machine)
    why = "State machine is in DELETING status"
    assert service.describe(arn)["redriveStatusReason"] == why
    assert service.refusal("RedriveExecution", executionArn=arn) == (
        "ExecutionNotRedrivable",
        why,
    )


def test_a_full_history_is_not_redriven() -> None:
    states = {
        "A": {"Type": "Pass", "Next": "C"},
        "C": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.none", "IsPresent": True, "Next": "E"}],
            "Default": "A",
        },
        "E": {"Type": "Succeed"},
    }
    service = serve()
    arn = service.start(service.create("m", states))
    assert service.status(arn) == "FAILED"
    why = "Execution history event limit exceeded"
    assert service.refusal("RedriveExecution", executionArn=arn)[1] == why


def test_a_nested_execution_is_redriven_by_itself() -> None:
    service = serve(1)
    child = service.create("child", task())
    states = task(f"{START}.sync:2", Parameters={"StateMachineArn": child})
    arn = service.start(service.create("parent", states))
    assert service.status(arn) == "FAILED"
    (inner,) = service.list(stateMachineArn=child)
    redrive(service, inner["executionArn"])
    assert service.status(inner["executionArn"]) == "SUCCEEDED"
    redrive(service, arn)
    assert service.status(arn) == "SUCCEEDED"
    assert len(service.list(stateMachineArn=child)) == 2


def test_a_worker_takes_up_the_task_again() -> None:
    service = Service(asl.Api(poll_seconds=0.01))
    service.call("CreateActivity", name="a")
    arn = service.start(service.create("m", task(ACTIVITY)))
    found = service.call("GetActivityTask", activityArn=ACTIVITY)
    service.call("SendTaskFailure", taskToken=found["taskToken"])
    assert service.status(arn) == "FAILED"
    redrive(service, arn)
    assert service.status(arn) == "RUNNING"
    again = service.call("GetActivityTask", activityArn=ACTIVITY)
    assert again["taskToken"] != found["taskToken"]
    service.call("SendTaskSuccess", taskToken=again["taskToken"], output="5")
    assert service.describe(arn)["output"] == "5"


def test_mocks_go_on_where_they_were() -> None:
    answers: list[dict[str, Any]] = [
        {"Throw": {"Error": "E", "Cause": ""}},
        {"Return": 7},
    ]
    service = Service(asl.Api(tasks=asl.Mocks({"T": answers})))
    arn = service.start(service.create("m", task()))
    assert service.status(arn) == "FAILED"
    redrive(service, arn)
    assert service.describe(arn)["output"] == "7"


def test_what_was_kept_is_redriven_after_a_restart(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/kept.db"
    branch = {"StartAt": "B", "States": {"B": {"Type": "Pass", "End": True}}}
    second = two()
    second["T1"] |= {"Next": "P", "Assign": {"v.$": "$"}}
    second = {
        "T1": second["T1"],
        "P": {
            "Type": "Parallel",
            "Branches": [branch, {"StartAt": "T2", "States": {"T2": second["T2"]}}],
            "Next": "V",
        },
        "V": {
            "Type": "Pass",
            "Parameters": {"all.$": "$", "v.$": "$v"},
            "End": True,
        },
    }
    service = serve(2, store=url)
    arn = service.start(service.create("m", second), input='{ "a": 1}')
    assert service.status(arn) == "FAILED"
    first = service.events(arn)
    service.api.close()
    service = serve(store=url)
    redrive(service, arn)
    described = service.describe(arn)
    assert described["status"] == "SUCCEEDED"
    assert json.loads(described["output"]) == {"all": [1, 1], "v": 1}
    events = service.events(arn)
    assert events[: len(first)] == first
    service.api.close()
    service = serve(store=url)
    assert service.events(arn) == events
    assert service.describe(arn) == described
    assert service.describe(arn)["redriveCount"] == 1
    service.api.close()


def test_a_redriven_execution_that_was_running_at_the_end_is_lost(
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path}/kept.db"
    service = serve(store=url)
    arn = service.start(service.create("m", WAIT))
    service.call("StopExecution", executionArn=arn)
    redrive(service, arn)
    service.api.close()
    service = serve(store=url)
    assert service.api.lost == [arn]
    assert service.types(arn)[-2:] == ["ExecutionRedriven", "ExecutionAborted"]
    redrive(service, arn)
    assert service.status(arn) == "SUCCEEDED"
    service.api.close()


def test_logs_go_on_with_the_redrive(tmp_path: Path) -> None:
    log = tmp_path / "log"
    service = serve(1, logs=log)
    machine = service.create("m", task())
    group = "arn:aws:logs:us-east-1:123456789012:log-group:g:*"
    service.call(
        "UpdateStateMachine",
        stateMachineArn=machine,
        loggingConfiguration={
            "level": "ALL",
            "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": group}}],
        },
    )
    arn = service.start(machine)
    service.status(arn)
    redrive(service, arn)
    service.status(arn)
    service.api.close()
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["id"] for line in lines] == [
        str(event["id"]) for event in service.events(arn)
    ]
    counts = [line["redrive_count"] for line in lines]
    assert (counts[0], counts[-1]) == ("0", "1")


def test_records_are_read_back_as_they_were() -> None:
    service = serve(2)
    states = two()
    states["T1"] |= {
        "Assign": {"v": {"x": [1, "é"]}},
        "TimeoutSeconds": 9,
        "Next": "M",
    }
    states["M"] = {
        "Type": "Map",
        "Items": "{% [1, 2] %}",
        "QueryLanguage": "JSONata",
        "ItemProcessor": {
            "StartAt": "B",
            "States": {"B": {"Type": "Pass", "End": True}},
        },
        "Next": "T2",
    }
    arn = service.start(service.create("m", states))
    service.status(arn)
    entry = service.api.executions.table.find(arn)
    live = read_records(entry.history)
    kept = [entry.event(number) for number in range(1, len(live) + 1)]
    read = read_records(json.loads(json.dumps(kept)))
    assert len(read) == len(live)
    for ours, theirs in zip(live, read, strict=True):
        if ours[2].endswith("StateExited"):
            ours = ours[:6]
        assert ours == theirs
