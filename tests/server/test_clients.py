"""What boto3's own client sees: the same in this process and over HTTP."""

import json
import queue
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.config import Config

import asl
from asl.server.serving import Server

ROLE = "arn:aws:iam::123456789012:role/runner"
GOOD = '{"StartAt": "Go", "States": {"Go": {"Type": "Pass", "End": true}}}'
OTHER = '{"StartAt": "On", "States": {"On": {"Type": "Succeed"}}}'
BAD = '{"StartAt": "Go", "States": {"Go": {"Type": "Pass", "Next": "Sea"}}}'
ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:orders"
PATIENCE = 30
"""No verdict depends on it: how long a test waits before it fails."""
MOCKS = {
    "StateMachines": {"orders": {"TestCases": {"Paid": {"Pay": "Yes"}}}},
    "MockedResponses": {"Yes": {"0": {"Return": {"paid": True}}}},
}


@pytest.fixture
def tasks() -> asl.Tasks:
    return asl.Tasks()


@pytest.fixture
def tokens(tasks: asl.Tasks) -> "queue.SimpleQueue[str]":
    """Where a task leaves the tokens that it was given."""
    found: queue.SimpleQueue[str] = queue.SimpleQueue()

    @tasks.bind("arn:aws:states:::sqs:sendMessage.waitForTaskToken")
    def send(request: Any) -> Any:
        found.put(request["MessageBody"])
        return {"MessageId": "1"}

    return found


@pytest.fixture
def api(tasks: asl.Tasks) -> Iterator[asl.Api]:
    api = asl.Api(tasks=tasks, mock_config=MOCKS)
    yield api
    api.close()


@pytest.fixture(params=["in process", "over HTTP"])
def client(request: pytest.FixtureRequest, api: asl.Api) -> Iterator[Any]:
    if request.param == "in process":
        with asl.mock_stepfunctions(api):
            yield boto3.client("stepfunctions")
        return
    with Server(api, port=0) as server:
        client = boto3.client(
            "stepfunctions",
            endpoint_url=server.url,
            region_name="us-east-1",
            aws_access_key_id="any",
            aws_secret_access_key="any",
            config=Config(inject_host_prefix=False, retries={"total_max_attempts": 1}),
        )
        yield client
        client.close()


def create(client: Any, **changes: Any) -> str:
    request = {"name": "orders", "definition": GOOD, "roleArn": ROLE, **changes}
    arn: str = client.create_state_machine(**request)["stateMachineArn"]
    return arn


def test_a_machine_is_created_and_updated(client: Any) -> None:
    made = client.create_state_machine(name="orders", definition=GOOD, roleArn=ROLE)
    assert made["stateMachineArn"] == ARN
    assert made["creationDate"] == datetime(2026, 1, 1, tzinfo=UTC)
    changed = client.update_state_machine(stateMachineArn=ARN, definition=OTHER)
    assert changed["revisionId"]
    assert client.describe_state_machine(stateMachineArn=ARN)["definition"] == OTHER


def test_an_answer_tells_its_status_and_id(client: Any) -> None:
    told = client.list_state_machines()["ResponseMetadata"]
    assert told["HTTPStatusCode"] == 200
    assert told["HTTPHeaders"]["content-type"] == "application/x-amz-json-1.0"
    assert told["RequestId"] == told["HTTPHeaders"]["x-amzn-requestid"]


def test_a_refusal_is_an_exception_of_the_client(client: Any) -> None:
    with pytest.raises(client.exceptions.InvalidDefinition) as caught:
        create(client, definition=BAD)
    error = caught.value.response["Error"]
    assert "MISSING_TRANSITION_TARGET" in error["Message"]
    with pytest.raises(client.exceptions.StateMachineDoesNotExist):
        client.describe_state_machine(stateMachineArn=ARN)


def test_a_refusal_has_its_further_members(client: Any) -> None:
    with pytest.raises(client.exceptions.ResourceNotFound) as caught:
        client.list_tags_for_resource(resourceArn=ARN)
    assert caught.value.response["resourceName"] == ARN


def test_a_definition_is_validated(client: Any) -> None:
    found = client.validate_state_machine_definition(definition=BAD)
    assert found["result"] == "FAIL"
    assert found["diagnostics"][0]["location"] == "/States/Go/Next"


def test_a_state_is_tested(client: Any) -> None:
    state = {"Type": "Pass", "Result": {"ä": "€"}, "End": True}
    told = client.test_state(definition=json.dumps(state), input="{}")
    assert (told["status"], told["output"]) == ("SUCCEEDED", '{"ä":"€"}')


def test_lists_come_in_pages(client: Any) -> None:
    names = [f"m{number}" for number in range(5)]
    for name in names:
        create(client, name=name)
    pages = client.get_paginator("list_state_machines").paginate(
        PaginationConfig={"PageSize": 2}
    )
    found = [[one["name"] for one in page["stateMachines"]] for page in pages]
    assert sorted(name for page in found for name in page) == names
    assert [len(page) for page in found] == [2, 2, 1]


def test_a_large_definition_goes_through(client: Any) -> None:
    large = {
        "Comment": "x" * 900_000,
        "StartAt": "Go",
        "States": {"Go": {"Type": "Pass", "End": True}},
    }
    create(client, definition=json.dumps(large))
    told = client.describe_state_machine(stateMachineArn=ARN)
    assert json.loads(told["definition"]) == large


# ------------------------------------------------------------------------- executions

PAY = {
    "Type": "Task",
    "Resource": "arn:aws:lambda:us-east-1:123456789012:function:pay",
    "End": True,
}
WAIT: dict[str, Any] = {
    "Type": "Task",
    "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
    "Parameters": {"QueueUrl": "q", "MessageBody.$": "$$.Task.Token"},
    "End": True,
}


def one(state: dict[str, Any]) -> str:
    return json.dumps({"StartAt": "Do", "States": {"Do": state}})


def test_an_execution_is_run_and_read(client: Any) -> None:
    create(client)
    begun = client.start_execution(stateMachineArn=ARN, name="a", input='{"n":5}')
    arn = begun["executionArn"]
    told = client.describe_execution(executionArn=arn)
    assert (told["status"], told["output"]) == ("SUCCEEDED", '{"n":5}')
    events = client.get_execution_history(executionArn=arn)["events"]
    assert [event["type"] for event in events] == [
        "ExecutionStarted",
        "PassStateEntered",
        "PassStateExited",
        "ExecutionSucceeded",
    ]
    assert events[0]["timestamp"] == begun["startDate"]
    listed = client.list_executions(stateMachineArn=ARN)["executions"]
    assert [row["name"] for row in listed] == ["a"]
    with pytest.raises(client.exceptions.ExecutionAlreadyExists):
        client.start_execution(stateMachineArn=ARN, name="a", input="{}")


def test_an_express_execution_answers_at_once(client: Any) -> None:
    arn = create(client, type="EXPRESS")
    done = client.start_sync_execution(stateMachineArn=arn, input='{"n":5}')
    assert (done["status"], done["output"]) == ("SUCCEEDED", '{"n":5}')
    assert done["billingDetails"]["billedMemoryUsedInMB"] > 0


def test_a_test_case_is_named_behind_the_machine(client: Any) -> None:
    create(client, definition=one(PAY).replace("Do", "Pay"))
    begun = client.start_execution(stateMachineArn=f"{ARN}#Paid")
    assert "#" not in begun["executionArn"]
    told = client.describe_execution(executionArn=begun["executionArn"])
    assert (told["status"], told["output"]) == ("SUCCEEDED", '{"paid":true}')
    with pytest.raises(client.exceptions.ClientError, match="has no test case 'No'"):
        client.start_execution(stateMachineArn=f"{ARN}#No")


def test_a_token_is_answered_by_another_call(
    client: Any, tokens: "queue.SimpleQueue[str]"
) -> None:
    create(client, definition=one(WAIT))
    arn = client.start_execution(stateMachineArn=ARN)["executionArn"]
    token = tokens.get(timeout=PATIENCE)
    assert client.describe_execution(executionArn=arn)["status"] == "RUNNING"
    client.send_task_heartbeat(taskToken=token)
    client.send_task_success(taskToken=token, output='{"paid": true}')
    told = client.describe_execution(executionArn=arn)
    assert (told["status"], json.loads(told["output"])) == (
        "SUCCEEDED",
        {"paid": True},
    )
    with pytest.raises(client.exceptions.TaskTimedOut):
        client.send_task_success(taskToken=token, output="{}")


def test_a_task_answers_its_own_token_while_it_runs(
    client: Any, tasks: asl.Tasks
) -> None:
    @tasks.bind(WAIT["Resource"])
    def send(request: Any) -> Any:
        token = request["MessageBody"]
        client.send_task_success(taskToken=token, output='"early"')
        return {"MessageId": "1"}

    create(client, definition=one(WAIT))
    arn = client.start_execution(stateMachineArn=ARN)["executionArn"]
    assert client.describe_execution(executionArn=arn)["output"] == '"early"'


def test_a_task_starts_another_execution(client: Any, tasks: asl.Tasks) -> None:
    @tasks.bind("pay")
    def pay(order: Any) -> Any:
        inner = client.start_execution(stateMachineArn=f"{ARN}2")["executionArn"]
        return client.describe_execution(executionArn=inner)["status"]

    create(client, definition=one(PAY))
    create(client, name="orders2")
    arn = client.start_execution(stateMachineArn=ARN)["executionArn"]
    assert client.describe_execution(executionArn=arn)["output"] == '"SUCCEEDED"'


def test_an_activity_has_a_worker_in_another_thread(client: Any) -> None:
    activity = client.create_activity(name="work")["activityArn"]
    state = {"Type": "Task", "Resource": activity, "End": True}
    create(client, definition=one(state))

    def work() -> None:
        task = client.get_activity_task(activityArn=activity, workerName="me")
        value = json.loads(task["input"])["n"]
        client.send_task_success(taskToken=task["taskToken"], output=str(value + 1))

    worker = threading.Thread(target=work)
    worker.start()
    begun = client.start_execution(stateMachineArn=ARN, input='{"n":5}')
    worker.join(PATIENCE)
    told = client.describe_execution(executionArn=begun["executionArn"])
    assert (told["status"], told["output"]) == ("SUCCEEDED", "6")


def test_many_clients_lose_no_execution(client: Any) -> None:
    create(client)
    begun: list[str] = []

    def work(number: int) -> None:
        for turn in range(5):
            name = f"e{number}-{turn}"
            answer = client.start_execution(stateMachineArn=ARN, name=name)
            begun.append(answer["executionArn"])

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pages = client.get_paginator("list_executions").paginate(
        stateMachineArn=ARN, PaginationConfig={"PageSize": 7}
    )
    listed = [row["executionArn"] for page in pages for row in page["executions"]]
    assert sorted(listed) == sorted(begun)
    assert len(listed) == 40
