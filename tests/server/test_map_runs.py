"""Map Runs through the service: found, described, changed; their children."""

import json
from pathlib import Path
from typing import Any

import pytest
from service import Service, task

import asl

ACTIVITY = "arn:aws:states:us-east-1:123456789012:activity:a"


@pytest.fixture
def service() -> Service:
    service = Service(asl.Api(poll_seconds=0.01))
    service.call("CreateActivity", name="a")
    return service


def over(states: dict[str, Any], kind: str = "STANDARD", **fields: Any) -> Any:
    """One distributed Map whose children go through these states."""
    body = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": kind},
        "StartAt": next(iter(states)),
        "States": states,
    }
    state = {"Type": "Map", "Label": "L", "ItemProcessor": body, "End": True}
    return {"M": state | fields}


def runs(service: Service, arn: str) -> list[dict[str, Any]]:
    return list(service.call("ListMapRuns", executionArn=arn)["mapRuns"])


def work(service: Service, answer: str = "SendTaskSuccess", **fields: Any) -> int:
    """Answer all tasks that wait; how many there were."""
    count = 0
    while found := service.call("GetActivityTask", activityArn=ACTIVITY):
        given = {"output": found["input"]} if answer == "SendTaskSuccess" else {}
        service.call(answer, taskToken=found["taskToken"], **given, **fields)
        count += 1
    return count


def test_a_map_run_is_described_while_it_runs_and_after(service: Service) -> None:
    machine = service.create("m", over(task(ACTIVITY), MaxConcurrency=2))
    arn = service.start(machine, input="[1, 2, 3]")
    (run,) = runs(service, arn)
    assert run["executionArn"] == arn
    assert run["stateMachineArn"] == f"{machine}/L"
    assert "stopDate" not in run
    described = service.call("DescribeMapRun", mapRunArn=run["mapRunArn"])
    assert described["status"] == "RUNNING"
    assert described["maxConcurrency"] == 2
    counts = {name: n for name, n in described["itemCounts"].items() if n}
    assert counts == {"pending": 1, "running": 2, "total": 3}
    assert work(service) == 3
    described = service.call("DescribeMapRun", mapRunArn=run["mapRunArn"])
    assert described["status"] == "SUCCEEDED"
    counts = {name: n for name, n in described["executionCounts"].items() if n}
    assert counts == {"succeeded": 3, "total": 3, "resultsWritten": 3}
    assert runs(service, arn)[0]["stopDate"] == described["stopDate"]
    assert service.status(arn) == "SUCCEEDED"


def test_children_are_listed_under_their_map_run(service: Service) -> None:
    machine = service.create("m", over({"P": {"Type": "Pass", "End": True}}))
    arn = service.start(machine, input="[1, 2]")
    (run,) = runs(service, arn)
    children = service.list(mapRunArn=run["mapRunArn"])
    assert [service.describe(c["executionArn"])["input"] for c in children] == [
        "2",
        "1",
    ]
    assert {c["stateMachineArn"] for c in children} == {f"{machine}/L"}
    assert {c["mapRunArn"] for c in children} == {run["mapRunArn"]}
    assert len(service.list(stateMachineArn=machine)) == 1
    shown = service.call(
        "DescribeStateMachineForExecution", executionArn=children[0]["executionArn"]
    )
    assert (shown["mapRunArn"], shown["label"]) == (run["mapRunArn"], "L")
    assert service.types(children[0]["executionArn"])[1] == "PassStateEntered"


def test_a_batch_tells_how_many_items_it_has(service: Service) -> None:
    states = over(
        {"P": {"Type": "Pass", "End": True}}, ItemBatcher={"MaxItemsPerBatch": 2}
    )
    arn = service.start(service.create("m", states), input="[1, 2, 3]")
    (run,) = runs(service, arn)
    children = service.list(mapRunArn=run["mapRunArn"])
    assert [child["itemCount"] for child in children] == [1, 2]
    described = service.call("DescribeMapRun", mapRunArn=run["mapRunArn"])
    assert described["itemCounts"]["total"] == 3
    assert described["executionCounts"]["total"] == 2


def test_express_children_are_not_listed(service: Service) -> None:
    states = over({"P": {"Type": "Pass", "End": True}}, "EXPRESS")
    arn = service.start(service.create("m", states), input="[1]")
    (run,) = runs(service, arn)
    assert service.list(mapRunArn=run["mapRunArn"]) == []
    described = service.call("DescribeMapRun", mapRunArn=run["mapRunArn"])
    assert described["executionCounts"]["succeeded"] == 1


def test_failures_are_counted_and_tolerated(service: Service) -> None:
    states = over(task(ACTIVITY), ToleratedFailurePercentage=100)
    arn = service.start(service.create("m", states), input="[1, 2]")
    assert work(service, "SendTaskFailure", error="E") == 2
    (run,) = runs(service, arn)
    described = service.call("DescribeMapRun", mapRunArn=run["mapRunArn"])
    assert described["toleratedFailurePercentage"] == 100.0
    assert described["itemCounts"]["failed"] == 2
    assert described["status"] == "SUCCEEDED"
    (child, _) = service.list(mapRunArn=run["mapRunArn"])
    shown = service.describe(child["executionArn"])
    assert shown["redriveStatus"] == "REDRIVABLE_BY_MAP_RUN"
    code, why = service.refusal("RedriveExecution", executionArn=child["executionArn"])
    assert code == "ExecutionNotRedrivable"
    assert "child of a Map Run" in why


def test_a_map_run_that_fails_says_so(service: Service) -> None:
    arn = service.start(service.create("m", over(task(ACTIVITY))), input="[1, 2]")
    found = service.call("GetActivityTask", activityArn=ACTIVITY)
    service.call("SendTaskFailure", taskToken=found["taskToken"])
    assert service.status(arn) == "FAILED"
    (run,) = runs(service, arn)
    described = service.call("DescribeMapRun", mapRunArn=run["mapRunArn"])
    assert described["status"] == "FAILED"
    assert described["executionCounts"]["failed"] == 1
    assert described["executionCounts"]["aborted"] == 1
    statuses = [c["status"] for c in service.list(mapRunArn=run["mapRunArn"])]
    assert sorted(statuses) == ["ABORTED", "FAILED"]


def test_a_map_run_ends_with_its_execution(service: Service) -> None:
    arn = service.start(service.create("m", over(task(ACTIVITY))), input="[1]")
    stopped = service.call("StopExecution", executionArn=arn)["stopDate"]
    (run,) = runs(service, arn)
    described = service.call("DescribeMapRun", mapRunArn=run["mapRunArn"])
    assert (described["status"], described["stopDate"]) == ("ABORTED", stopped)
    assert service.list(mapRunArn=run["mapRunArn"])[0]["status"] == "ABORTED"


def test_a_running_map_run_is_changed(service: Service) -> None:
    states = over(task(ACTIVITY), MaxConcurrency=1)
    arn = service.start(service.create("m", states), input="[1, 2, 3, 4]")
    (run,) = runs(service, arn)
    limits = {"maxConcurrency": 3, "toleratedFailureCount": 2}
    limits["toleratedFailurePercentage"] = 50
    for name, value in limits.items():
        service.call("UpdateMapRun", **{"mapRunArn": run["mapRunArn"], name: value})
    described = service.call("DescribeMapRun", mapRunArn=run["mapRunArn"])
    assert {name: described[name] for name in limits} == limits
    found = service.call("GetActivityTask", activityArn=ACTIVITY)
    service.call("SendTaskFailure", taskToken=found["taskToken"])
    described = service.call("DescribeMapRun", mapRunArn=run["mapRunArn"])
    assert described["executionCounts"]["running"] == 3
    assert work(service) == 3
    assert json.loads(service.describe(arn)["output"]) == [{"Message": "m"}] * 3


def test_an_ended_map_run_is_not_changed(service: Service) -> None:
    machine = service.create("m", over({"P": {"Type": "Pass", "End": True}}))
    (run,) = runs(service, service.start(machine, input="[]"))
    described = service.call("DescribeMapRun", mapRunArn=run["mapRunArn"])
    assert described["maxConcurrency"] == 0
    code, _ = service.refusal(
        "UpdateMapRun", mapRunArn=run["mapRunArn"], maxConcurrency=1
    )
    assert code == "ValidationException"


@pytest.mark.parametrize("action", ["DescribeMapRun", "UpdateMapRun", "ListExecutions"])
def test_there_is_no_such_map_run(service: Service, action: str) -> None:
    arn = "arn:aws:states:us-east-1:123456789012:mapRun:m/L:none"
    assert service.refusal(action, mapRunArn=arn) == (
        "ResourceNotFound",
        f"Resource not found: '{arn}'",
    )
    code, _ = service.refusal(action, mapRunArn="x")
    assert code == "InvalidArn"


def test_a_map_run_is_redriven_with_its_execution(service: Service) -> None:
    states = {
        "P": {"Type": "Pass", "Next": "T"},
        **task(ACTIVITY, Parameters={"x.$": "$"}),
    }
    machine = service.create("m", over(states, MaxConcurrency=1))
    arn = service.start(machine, input="[1, 2, 3]")
    done = service.call("GetActivityTask", activityArn=ACTIVITY)
    service.call("SendTaskSuccess", taskToken=done["taskToken"], output="1")
    found = service.call("GetActivityTask", activityArn=ACTIVITY)
    service.call("SendTaskFailure", taskToken=found["taskToken"])
    before = service.describe(arn)
    assert before["status"] == "FAILED"
    (run,) = runs(service, arn)
    run_arn = run["mapRunArn"]
    failed, _ = service.list(mapRunArn=run_arn)
    assert failed["status"] == "FAILED"
    date = service.call("RedriveExecution", executionArn=arn)["redriveDate"]
    described = service.call("DescribeMapRun", mapRunArn=run_arn)
    assert described["status"] == "RUNNING"
    assert (described["redriveCount"], described["redriveDate"]) == (1, date)
    assert "stopDate" not in described
    counts = {name: n for name, n in described["executionCounts"].items() if n}
    assert counts == {
        "pending": 1,
        "running": 1,
        "succeeded": 1,
        "total": 3,
        "resultsWritten": 1,
    }
    child = service.describe(failed["executionArn"])
    assert (child["status"], child["redriveCount"]) == ("RUNNING", 1)
    assert work(service) == 2
    assert service.status(arn) == "SUCCEEDED"
    assert len(runs(service, arn)) == 1
    children = service.list(mapRunArn=run_arn)
    assert [one["status"] for one in children] == ["SUCCEEDED"] * 3
    assert [one["redriveCount"] for one in children] == [0, 1, 0]
    types = service.types(failed["executionArn"])
    assert types.count("ExecutionStarted") == types.count("ExecutionRedriven") == 1
    assert types.count("PassStateEntered") == 1
    assert service.types(arn).count("MapRunRedriven") == 1


def test_children_wait_to_be_redriven(service: Service) -> None:
    states = over(task(ACTIVITY), MaxConcurrency=3)
    arn = service.start(service.create("m", states), input="[1, 2, 3]")
    service.call("StopExecution", executionArn=arn)
    (run,) = runs(service, arn)
    service.call("RedriveExecution", executionArn=arn)
    service.call("UpdateMapRun", mapRunArn=run["mapRunArn"], maxConcurrency=1)
    service.call("StopExecution", executionArn=arn)
    described = service.call("DescribeMapRun", mapRunArn=run["mapRunArn"])
    assert described["executionCounts"]["aborted"] == 3
    service.call("RedriveExecution", executionArn=arn)
    described = service.call("DescribeMapRun", mapRunArn=run["mapRunArn"])
    assert described["executionCounts"]["pendingRedrive"] == 2
    assert described["executionCounts"]["running"] == 1
    assert described["executionCounts"]["total"] == 3
    service.call("StopExecution", executionArn=arn)
    described = service.call("DescribeMapRun", mapRunArn=run["mapRunArn"])
    assert described["status"] == "ABORTED"
    assert described["executionCounts"]["pendingRedrive"] == 0
    assert described["executionCounts"]["total"] == 3
    assert described["redriveCount"] == 2


def test_a_kept_map_run_begins_anew_after_a_restart(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/kept.db"
    first = Service(asl.Api(poll_seconds=0.01, store=url))
    first.call("CreateActivity", name="a")
    arn = first.start(first.create("m", over(task(ACTIVITY))), input="[1]")
    first.call("StopExecution", executionArn=arn)
    assert first.status(arn) == "ABORTED"
    first.api.close()
    again = Service(asl.Api(poll_seconds=0.01, store=url))
    again.call("RedriveExecution", executionArn=arn)
    assert work(again) == 1
    assert again.status(arn) == "SUCCEEDED"
    assert len(runs(again, arn)) == 2
    again.api.close()
