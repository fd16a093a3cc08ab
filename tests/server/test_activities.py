"""Activities, their workers, and tasks that are answered by token."""

import threading
from typing import Any

import pytest
from service import PASS, Service, asks, task

import asl
from asl.quotas import PAYLOAD_BYTES

ARN = "arn:aws:states:us-east-1:123456789012:activity:a"


@pytest.fixture
def service() -> Service:
    return Service(asl.Api(poll_seconds=0.01))


@pytest.fixture
def activity(service: Service) -> str:
    return str(service.call("CreateActivity", name="a")["activityArn"])


def works(**fields: Any) -> dict[str, Any]:
    """One state that an activity's worker does."""
    return task(ARN, **{"Parameters": {"x": 1}} | fields)


def test_an_activity_is_created_once(service: Service) -> None:
    first = service.call("CreateActivity", name="a")
    assert first["activityArn"] == ARN
    assert service.call("CreateActivity", name="a") == first
    key = {"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": "key"}
    assert service.refusal("CreateActivity", name="a", encryptionConfiguration=key) == (
        "ActivityAlreadyExists",
        f"Activity Already Exists: '{ARN}'",
    )
    assert service.call("DescribeActivity", activityArn=ARN) == {
        **first,
        "name": "a",
        "encryptionConfiguration": {"type": "AWS_OWNED_KEY"},
    }


def test_activities_are_listed_in_pages(service: Service) -> None:
    for name in ("b", "a", "c"):
        service.call("CreateActivity", name=name)
    first = service.call("ListActivities", maxResults=2)
    rest = service.call("ListActivities", nextToken=first["nextToken"])
    names = [one["name"] for one in first["activities"] + rest["activities"]]
    assert names == ["b", "a", "c"]
    assert "nextToken" not in rest


def test_an_activity_has_tags(service: Service) -> None:
    tags = [{"key": "k", "value": "v"}]
    service.call("CreateActivity", name="a", tags=tags)
    assert service.call("ListTagsForResource", resourceArn=ARN) == {"tags": tags}


@pytest.mark.parametrize("action", ["DescribeActivity", "GetActivityTask"])
@pytest.mark.parametrize(
    ("arn", "code", "message"),
    [
        ("x", "InvalidArn", "Invalid Arn: 'Invalid ARN prefix: x'"),
        (ARN, "ActivityDoesNotExist", f"Activity Does Not Exist: '{ARN}'"),
        (
            f"{ARN}:b",
            "ActivityDoesNotExist",
            f"Activity Does Not Exist: '{ARN}:b'",
        ),
    ],
)
def test_there_is_no_such_activity(
    service: Service, action: str, arn: str, code: str, message: str
) -> None:
    assert service.refusal(action, activityArn=arn) == (code, message)


def test_an_activity_is_deleted_and_deleted_again(
    service: Service, activity: str
) -> None:
    for _ in range(2):
        assert service.call("DeleteActivity", activityArn=activity) == {}
    code, _ = service.refusal("DescribeActivity", activityArn=activity)
    assert code == "ActivityDoesNotExist"
    arn = service.start(service.create("m", works()))
    assert f"The activity {ARN} does not exist." in service.describe(arn)["cause"]


@pytest.mark.parametrize("name", ["a b", "a:b", "a\n", "\x00a"])
def test_a_name_is_refused(service: Service, name: str) -> None:
    refused = ("InvalidName", f"Invalid Name: '{name}'")
    assert service.refusal("CreateActivity", name=name) == refused


def test_a_worker_takes_a_task_up_and_answers_it(
    service: Service, activity: str
) -> None:
    states = {"W": {"Type": "Wait", "Seconds": 5, "Next": "T"}} | works()
    arn = service.start(service.create("m", states))
    found = service.call("GetActivityTask", activityArn=activity, workerName="me")
    assert found["input"] == '{"x":1}'
    assert service.call("GetActivityTask", activityArn=activity) == {}
    started = service.events(arn)[-1]
    assert started["activityStartedEventDetails"] == {"workerName": "me"}
    service.call("SendTaskHeartbeat", taskToken=found["taskToken"])
    service.call("SendTaskSuccess", taskToken=found["taskToken"], output='{"y": 2}')
    assert service.describe(arn)["output"] == '{"y":2}'
    assert service.types(arn)[-5:] == [
        "ActivityScheduled",
        "ActivityStarted",
        "ActivitySucceeded",
        "TaskStateExited",
        "ExecutionSucceeded",
    ]


def test_each_task_goes_to_one_worker_the_oldest_first(
    service: Service, activity: str
) -> None:
    machine = service.create("m", works(Parameters={"n.$": "$"}))
    for number in range(3):
        service.start(machine, input=str(number))
    found = [service.call("GetActivityTask", activityArn=activity) for _ in range(3)]
    assert [one["input"] for one in found] == ['{"n":0}', '{"n":1}', '{"n":2}']


def test_a_task_that_timed_out_or_was_stopped_goes_to_no_worker(
    service: Service, activity: str
) -> None:
    machine = service.create("m", works(TimeoutSeconds=5))
    service.start(machine)
    service.api.advance(5)
    service.call("StopExecution", executionArn=service.start(machine))
    assert service.call("GetActivityTask", activityArn=activity) == {}


def test_a_task_of_a_deleted_activity_goes_to_no_worker(
    service: Service, activity: str
) -> None:
    service.start(service.create("m", works()))
    service.call("DeleteActivity", activityArn=activity)
    service.call("CreateActivity", name="a")
    assert service.call("GetActivityTask", activityArn=activity) == {}


def test_a_worker_that_waits_is_told_of_a_new_task(activity: str) -> None:
    service = Service(asl.Api(poll_seconds=30))
    service.call("CreateActivity", name="a")
    found: list[dict[str, Any]] = []

    def work() -> None:
        found.append(service.call("GetActivityTask", activityArn=ARN))

    worker = threading.Thread(target=work)
    worker.start()
    service.start(service.create("m", works()))
    worker.join(30)
    assert found[0]["input"] == '{"x":1}'


def test_a_worker_that_is_bound_does_the_task(activity: str) -> None:
    tasks = asl.Tasks()
    tasks.bind_activity("a")(lambda event: event["x"] + 1)
    service = Service(asl.Api(tasks=tasks))
    arn = service.start(service.create("m", works()))
    assert service.describe(arn)["output"] == "2"


# --- tokens


@pytest.fixture
def waiting() -> tuple[Service, str, str]:
    """A service, an execution that waits for an answer, and its token."""
    tokens: list[str] = []
    tasks = asl.Tasks()

    @tasks.bind("arn:aws:states:::sqs:sendMessage.waitForTaskToken")
    def send(event: dict[str, Any]) -> None:
        tokens.append(event["MessageBody"]["token"])

    service = Service(asl.Api(tasks=tasks))
    arn = service.start(service.create("m", asks(HeartbeatSeconds=10)))
    return service, arn, tokens[0]


def test_a_task_fails_by_its_token(waiting: tuple[Service, str, str]) -> None:
    service, arn, token = waiting
    service.call("SendTaskFailure", taskToken=token, error="E", cause="c")
    described = service.describe(arn)
    assert (described["error"], described["cause"]) == ("E", "c")


def test_a_failure_may_have_neither_error_nor_cause(
    waiting: tuple[Service, str, str],
) -> None:
    service, arn, token = waiting
    service.call("SendTaskFailure", taskToken=token)
    assert "error" not in service.describe(arn)


def test_heartbeats_keep_a_task_alive(waiting: tuple[Service, str, str]) -> None:
    service, arn, token = waiting
    for _ in range(3):
        service.api.advance(9)
        service.call("SendTaskHeartbeat", taskToken=token)
    assert service.status(arn) == "RUNNING"
    service.api.advance(10)
    assert service.describe(arn)["error"] == "States.Timeout"


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("SendTaskSuccess", {"output": "{}"}),
        ("SendTaskFailure", {}),
        ("SendTaskHeartbeat", {}),
    ],
)
def test_a_token_is_answered_once(
    waiting: tuple[Service, str, str], action: str, fields: dict[str, Any]
) -> None:
    service, _, token = waiting
    service.call("SendTaskSuccess", taskToken=token, output="{}")
    assert service.refusal(action, taskToken=token, **fields) == (
        "TaskTimedOut",
        "Task Timed Out: 'Provided task does not exist anymore'",
    )
    assert service.refusal(action, taskToken="nonsense", **fields) == (
        "InvalidToken",
        "Invalid Token: 'Invalid token'",
    )
    never = "AQC" + "a" * 86
    code, _ = service.refusal(action, taskToken=never, **fields)
    assert code == "TaskDoesNotExist"


@pytest.mark.parametrize(
    ("output", "why"),
    [
        ("nonsense", "Unrecognized token 'nonsense': was expecting"),
        ('"' + "x" * PAYLOAD_BYTES + '"', "Output has more than 262144 bytes"),
    ],
)
def test_an_output_is_refused_and_the_task_waits_on(
    waiting: tuple[Service, str, str], output: str, why: str
) -> None:
    service, arn, token = waiting
    # Beyond the limit the model itself refuses the request, where there is one.
    code, message = service.refusal("SendTaskSuccess", taskToken=token, output=output)
    assert code in ("InvalidOutput", "ValidationException")
    assert why in message or code == "ValidationException"
    assert service.status(arn) == "RUNNING"


def test_a_token_of_an_ended_execution_is_answered_no_more(
    waiting: tuple[Service, str, str],
) -> None:
    service, arn, token = waiting
    service.call("StopExecution", executionArn=arn)
    code, _ = service.refusal("SendTaskSuccess", taskToken=token, output="{}")
    assert code == "TaskTimedOut"


def test_an_api_without_activities_does_other_things(service: Service) -> None:
    assert service.status(service.start(service.create("m", PASS))) == "SUCCEEDED"
