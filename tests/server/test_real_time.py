"""Executions in real time: one thread drives, tasks run on a pool."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from service import PASS, START, Service, asks, task

import asl

LIMIT = 30
"""Seconds after which a test gives up; none waits for them to pass."""


@pytest.fixture
def tasks() -> asl.Tasks:
    return asl.Tasks()


@pytest.fixture
def service(tasks: asl.Tasks) -> Iterator[Service]:
    service = Service(asl.Api(tasks=tasks, clock=asl.SystemClock(), poll_seconds=LIMIT))
    yield service
    service.api.close()


def ended(service: Service, arn: str) -> dict[str, Any]:
    """An execution's description once it has ended."""
    host = service.api.executions.host
    assert host.wait_for(lambda: service.status(arn) != "RUNNING", LIMIT)
    return service.describe(arn)


def test_waits_really_wait_and_tasks_run_elsewhere(
    service: Service, tasks: asl.Tasks
) -> None:
    threads = []

    @tasks.bind("arn:aws:states:::sns:publish")
    def publish(event: Any) -> int:
        threads.append(threading.current_thread().name)
        return 1

    states = {"W": {"Type": "Wait", "Seconds": 1, "Next": "T"}} | task()
    arn = service.start(service.create("m", states))
    assert service.status(arn) == "RUNNING"
    described = ended(service, arn)
    assert described["output"] == "1"
    assert described["stopDate"] - described["startDate"] >= 1
    assert threads[0].startswith("asl-task")


def test_a_task_without_an_end_holds_nobody_up(
    service: Service, tasks: asl.Tasks
) -> None:
    go_on = threading.Event()

    @tasks.bind("arn:aws:states:::sns:publish")
    def publish(event: Any) -> None:
        assert go_on.wait(LIMIT)

    slow = service.start(service.create("slow", task()))
    assert ended(service, service.start(service.create("m", PASS)))["status"] == (
        "SUCCEEDED"
    )
    assert service.status(slow) == "RUNNING"
    go_on.set()
    assert ended(service, slow)["status"] == "SUCCEEDED"


def test_an_execution_is_stopped_while_its_task_is_at_work(
    service: Service, tasks: asl.Tasks
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    @tasks.bind("arn:aws:states:::sns:publish")
    def publish(event: Any) -> None:
        begun.set()
        assert go_on.wait(LIMIT)

    arn = service.start(service.create("m", task()))
    assert begun.wait(LIMIT)
    service.call("StopExecution", executionArn=arn)
    assert ended(service, arn)["status"] == "ABORTED"
    go_on.set()


def test_a_worker_waits_for_its_task(service: Service) -> None:
    activity = service.call("CreateActivity", name="a")["activityArn"]
    states = {"W": {"Type": "Wait", "Seconds": 1, "Next": "T"}}
    states |= task(activity, Parameters={"x": 1})
    arn = service.start(service.create("m", states))
    found = service.call("GetActivityTask", activityArn=activity, workerName="w")
    assert found["input"] == '{"x":1}'
    service.call("SendTaskSuccess", taskToken=found["taskToken"], output="2")
    assert ended(service, arn)["output"] == "2"
    assert "ActivityStarted" in service.types(arn)


def test_a_time_out_comes_by_itself(service: Service, tasks: asl.Tasks) -> None:
    tasks.bind("arn:aws:states:::sqs:sendMessage.waitForTaskToken")(lambda event: None)
    arn = service.start(service.create("m", asks(TimeoutSeconds=1)))
    assert ended(service, arn)["error"] == "States.Timeout"


def test_what_cannot_go_on_fails_at_once(service: Service) -> None:
    arn = service.start(service.create("m", task()))
    assert "no callable is bound" in ended(service, arn)["cause"]


def test_a_synchronous_start_waits_for_the_end(
    service: Service, tasks: asl.Tasks
) -> None:
    tasks.bind("arn:aws:states:::sns:publish")(lambda event: 5)
    machine = service.create("x", task(), "EXPRESS")
    answer = service.call("StartSyncExecution", stateMachineArn=machine)
    assert (answer["status"], answer["output"]) == ("SUCCEEDED", "5")


def test_a_child_that_nobody_waits_for_may_be_answered_after_its_parent(
    service: Service, tasks: asl.Tasks
) -> None:
    tokens: list[str] = []
    sent = threading.Event()

    @tasks.bind("arn:aws:states:::sqs:sendMessage.waitForTaskToken")
    def send(event: dict[str, Any]) -> None:
        tokens.append(event["MessageBody"]["token"])
        sent.set()

    child = service.create("child", asks())
    states = task(START, Parameters={"StateMachineArn": child})
    parent = service.start(service.create("parent", states))
    assert ended(service, parent)["status"] == "SUCCEEDED"
    assert sent.wait(LIMIT)
    (inner,) = service.list(stateMachineArn=child)
    assert inner["status"] == "RUNNING"
    service.call("SendTaskSuccess", taskToken=tokens[0], output="1")
    assert ended(service, inner["executionArn"])["output"] == "1"


def test_real_time_is_not_advanced(service: Service) -> None:
    with pytest.raises(asl.UsageError, match="a system clock goes by itself"):
        service.api.advance(1)


def test_closing_ends_long_polls_and_is_allowed_twice(service: Service) -> None:
    activity = service.call("CreateActivity", name="a")["activityArn"]
    found: list[dict[str, Any]] = []

    def poll() -> None:
        found.append(service.call("GetActivityTask", activityArn=activity))

    worker = threading.Thread(target=poll)
    worker.start()
    service.api.close()
    worker.join(LIMIT)
    service.api.close()
    assert found == [{}]


def test_many_timers_of_ended_executions_are_forgotten(service: Service) -> None:
    """Each has a limit of a year, which must not keep it in memory as long."""
    machine = service.create("m", {"W": {"Type": "Wait", "Seconds": 0, "End": True}})
    arns = [service.start(machine) for _ in range(200)]
    for arn in arns:
        assert ended(service, arn)["status"] == "SUCCEEDED"
    driver = service.api.executions.host._driver
    assert driver is None or len(driver._timers) < 150
    assert service.api.executions.host.live() == []


def test_a_failed_execution_is_redriven_while_many_ask(
    service: Service, tasks: asl.Tasks
) -> None:
    calls: list[Any] = []

    @tasks.bind("arn:aws:states:::sns:publish")
    def publish(request: Any) -> int:
        calls.append(request)
        if len(calls) == 1:
            raise asl.TaskError("Bad", "c")
        return len(calls)

    arn = service.start(service.create("m", task()))
    assert ended(service, arn)["status"] == "FAILED"
    outcomes: list[str] = []

    def ask() -> None:
        try:
            service.call("RedriveExecution", executionArn=arn)
            outcomes.append("redriven")
        except asl.ApiError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    assert sorted(outcomes) == ["ExecutionNotRedrivable"] * 7 + ["redriven"]
    described = ended(service, arn)
    assert (described["status"], described["output"]) == ("SUCCEEDED", "2")
    assert len(calls) == 2
