"""Lists and histories in pages, the machine of an execution, redrive's refusals."""

from typing import Any

import pytest
from service import PASS, WAIT, Service, task

import asl

NEVER = {"Variable": "$.x", "IsPresent": True, "Next": "C"}
MISSING = "arn:aws:states:us-east-1:123456789012:execution:m:none"


@pytest.fixture
def service() -> Service:
    return Service(asl.Api())


@pytest.fixture
def machine(service: Service) -> str:
    return service.create("m", PASS)


@pytest.mark.parametrize(
    "action",
    [
        "DescribeExecution",
        "StopExecution",
        "GetExecutionHistory",
        "DescribeStateMachineForExecution",
        "ListMapRuns",
        "RedriveExecution",
    ],
)
@pytest.mark.parametrize(
    ("arn", "code", "message"),
    [
        ("x", "InvalidArn", "Invalid Arn: 'Invalid ARN prefix: x'"),
        (
            MISSING,
            "ExecutionDoesNotExist",
            f"Execution Does Not Exist: '{MISSING}'",
        ),
        (
            MISSING.replace("execution", "stateMachine"),
            "InvalidArn",
            "Invalid Arn: 'Resource type not valid in this context: stateMachine'",
        ),
        ("arn:aws", "ExecutionDoesNotExist", "Execution Does Not Exist: 'arn:aws'"),
    ],
)
def test_there_is_no_such_execution(
    service: Service, action: str, arn: str, code: str, message: str
) -> None:
    assert service.refusal(action, executionArn=arn) == (code, message)


def test_metadata_alone_leaves_the_data_out(service: Service, machine: str) -> None:
    arn = service.start(machine)
    described = service.describe(arn, includedData="METADATA_ONLY")
    assert described["inputDetails"] == {"included": False}
    assert described["outputDetails"] == {"included": False}
    assert not {"input", "output"} & described.keys()


# --- lists


def test_executions_are_listed_newest_first_in_pages(
    service: Service, machine: str
) -> None:
    arns = [service.start(machine) for _ in range(5)]
    seen: list[str] = []
    request: dict[str, Any] = {"stateMachineArn": machine, "maxResults": 2}
    while True:
        page = service.call("ListExecutions", **request)
        seen += [one["executionArn"] for one in page["executions"]]
        if "nextToken" not in page:
            break
        request["nextToken"] = page["nextToken"]
    assert seen == arns[::-1]


def test_executions_are_listed_by_status(service: Service, machine: str) -> None:
    good = service.start(machine)
    bad = service.start(service.create("f", {"F": {"Type": "Fail"}}))
    failed = service.describe(bad)["stateMachineArn"]
    listed = service.list(stateMachineArn=failed, statusFilter="FAILED")
    assert [one["executionArn"] for one in listed] == [bad]
    assert service.list(stateMachineArn=failed, statusFilter="SUCCEEDED") == []
    assert service.list(stateMachineArn=machine, redriveFilter="REDRIVEN") == []
    (one,) = service.list(stateMachineArn=machine, redriveFilter="NOT_REDRIVEN")
    assert one["executionArn"] == good


def test_a_token_of_another_list_is_refused(service: Service, machine: str) -> None:
    for _ in range(2):
        service.start(machine)
    page = service.call("ListExecutions", stateMachineArn=machine, maxResults=1)
    code, _ = service.refusal(
        "ListExecutions",
        stateMachineArn=machine,
        statusFilter="FAILED",
        nextToken=page["nextToken"],
    )
    assert code == "InvalidToken"


@pytest.mark.parametrize("both", [True, False])
def test_a_list_is_of_a_machine_or_of_a_map_run(
    service: Service, machine: str, both: bool
) -> None:
    given = {"stateMachineArn": machine, "mapRunArn": machine} if both else {}
    code, _ = service.refusal("ListExecutions", **given)
    assert code == "ValidationException"


# --- histories


def test_a_history_is_read_in_pages_from_either_end(
    service: Service, machine: str
) -> None:
    arn = service.start(machine)
    whole = service.events(arn)
    assert [event["id"] for event in whole] == [1, 2, 3, 4]
    assert all(isinstance(event["timestamp"], float) for event in whole)
    page = service.call("GetExecutionHistory", executionArn=arn, maxResults=3)
    rest = service.events(arn, nextToken=page["nextToken"])
    assert page["events"] + rest == whole
    assert service.events(arn, reverseOrder=True) == whole[::-1]


def test_a_history_may_leave_the_data_out(service: Service) -> None:
    assign = {"P": {"Type": "Pass", "Assign": {"x": 1}, "End": True}}
    arn = service.start(service.create("assigns", assign))
    shown = service.events(arn, includeExecutionData=False)
    assert shown[1]["stateEnteredEventDetails"] == {"name": "P"}
    assert shown[2]["stateExitedEventDetails"] == {"name": "P"}
    assert shown[3]["executionSucceededEventDetails"] == {}
    assert "roleArn" in shown[0]["executionStartedEventDetails"]


# --- the machine of an execution


def test_an_execution_shows_the_machine_as_it_was(
    service: Service, machine: str
) -> None:
    before = service.call("DescribeStateMachine", stateMachineArn=machine)
    arn = service.start(machine)
    service.call("UpdateStateMachine", stateMachineArn=machine, roleArn="arn:other")
    shown = service.call("DescribeStateMachineForExecution", executionArn=arn)
    assert shown["roleArn"] == before["roleArn"]
    assert shown["definition"] == before["definition"]
    assert shown["updateDate"] == before["creationDate"]
    assert "revisionId" not in shown
    shown = service.call(
        "DescribeStateMachineForExecution",
        executionArn=service.start(machine),
        includedData="METADATA_ONLY",
    )
    assert shown["roleArn"] == "arn:other"
    assert "revisionId" in shown
    assert "definition" not in shown


# --- redrive


def test_a_running_execution_cannot_be_redriven() -> None:
    tasks = asl.Tasks()
    tasks.bind("arn:aws:states:::sqs:sendMessage.waitForTaskToken")(lambda event: None)
    service = Service(asl.Api(tasks=tasks))
    waits = task(
        "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        Parameters={"QueueUrl": "q", "MessageBody": {"t.$": "$$.Task.Token"}},
    )
    arn = service.start(service.create("m", waits))
    described = service.describe(arn)
    assert described["redriveStatus"] == "NOT_REDRIVABLE"
    reason = "Execution is RUNNING and cannot be redriven"
    assert described["redriveStatusReason"] == reason
    assert service.refusal("RedriveExecution", executionArn=arn) == (
        "ExecutionNotRedrivable",
        reason,
    )


@pytest.mark.parametrize(
    ("states", "days", "reason"),
    [
        (PASS, 0, "Execution is SUCCEEDED and cannot be redriven"),
        ({"F": {"Type": "Fail"}}, 14, None),
        ({"F": {"Type": "Fail"}}, 15, "Execution redrivable period exceeded"),
        (
            {"W": {**WAIT["W"], "Seconds": 360 * 86400, "Next": "F"}}
            | {"F": {"Type": "Fail"}},
            10,
            "Execution has exceeded the max execution time",
        ),
        (
            {
                "A": {"Type": "Pass", "Next": "B"},
                "B": {"Type": "Choice", "Choices": [NEVER], "Default": "A"},
                "C": {"Type": "Succeed"},
            },
            0,
            "Execution history event limit exceeded",
        ),
    ],
)
def test_whether_an_execution_can_be_redriven(
    service: Service, states: dict[str, Any], days: int, reason: str | None
) -> None:
    for state in states.values():
        if "Next" in state:
            state.pop("End", None)
    arn = service.start(service.create("r", states))
    service.describe(arn)
    service.api.advance(days * 86400)
    described = service.describe(arn)
    assert described.get("redriveStatusReason") == reason
    assert described["redriveStatus"] == ("NOT_REDRIVABLE" if reason else "REDRIVABLE")
    if reason is not None:
        refused = service.refusal("RedriveExecution", executionArn=arn)
        assert refused == ("ExecutionNotRedrivable", reason)
