"""What boto3's own client sees: the same in this process and over HTTP."""

import json
import queue
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from served import PATIENCE, client_of

import asl
from asl.server.serving import Server

ROLE = "arn:aws:iam::123456789012:role/runner"
GOOD = '{"StartAt": "Go", "States": {"Go": {"Type": "Pass", "End": true}}}'
OTHER = '{"StartAt": "On", "States": {"On": {"Type": "Succeed"}}}'
BAD = '{"StartAt": "Go", "States": {"Go": {"Type": "Pass", "Next": "Sea"}}}'
ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:orders"
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
        client = client_of(server.url)
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

PAY: dict[str, Any] = {
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


# ---------------------------------------------------------------- executions, go on


def wait_until_ended(client: Any, arn: str) -> dict[str, Any]:
    """Poll, as scripts do; the verdict is the execution's, not the clock's."""
    for _ in range(PATIENCE * 100):
        told: dict[str, Any] = client.describe_execution(executionArn=arn)
        if told["status"] != "RUNNING":
            return told
        threading.Event().wait(0.01)
    raise AssertionError(f"{arn} does not end")


def test_an_execution_is_polled_until_somebody_has_answered(
    client: Any, tokens: "queue.SimpleQueue[str]"
) -> None:
    create(client, definition=one(WAIT))
    arn = client.start_execution(stateMachineArn=ARN)["executionArn"]

    def answer() -> None:
        token = tokens.get(timeout=PATIENCE)
        client.send_task_failure(taskToken=token, error="Refused", cause="no money")

    worker = threading.Thread(target=answer)
    worker.start()
    told = wait_until_ended(client, arn)
    worker.join(PATIENCE)
    assert (told["status"], told["error"], told["cause"]) == (
        "FAILED",
        "Refused",
        "no money",
    )


def test_a_history_comes_in_pages_and_backwards(client: Any) -> None:
    steps: dict[str, Any] = {
        f"P{n}": {"Type": "Pass", "Next": f"P{n + 1}"} for n in range(10)
    }
    steps["P10"] = {"Type": "Succeed"}
    create(client, definition=json.dumps({"StartAt": "P0", "States": steps}))
    arn = client.start_execution(stateMachineArn=ARN, input='{"n":1}')["executionArn"]
    pager = client.get_paginator("get_execution_history")

    def ids(**wish: Any) -> list[list[int]]:
        pages = pager.paginate(
            executionArn=arn, PaginationConfig={"PageSize": 10}, **wish
        )
        return [[event["id"] for event in page["events"]] for page in pages]

    there = list(range(1, 25))
    assert ids() == [there[:10], there[10:20], there[20:]]
    back = there[::-1]
    assert ids(reverseOrder=True) == [back[:10], back[10:20], back[20:]]
    first = client.get_execution_history(executionArn=arn, maxResults=1)
    assert first["events"][0]["executionStartedEventDetails"]["input"] == '{"n":1}'
    bare = client.get_execution_history(
        executionArn=arn, maxResults=1, includeExecutionData=False
    )
    assert "input" not in bare["events"][0]["executionStartedEventDetails"]
    with pytest.raises(client.exceptions.InvalidToken):
        client.get_execution_history(
            executionArn=arn, reverseOrder=True, nextToken=first["nextToken"]
        )


def test_an_execution_is_stopped(client: Any, tokens: Any) -> None:
    create(client, definition=one(WAIT))
    arn = client.start_execution(stateMachineArn=ARN)["executionArn"]
    stopped = client.stop_execution(executionArn=arn, error="Enough", cause="of it")
    told = client.describe_execution(executionArn=arn)
    assert (told["status"], told["error"]) == ("ABORTED", "Enough")
    assert told["stopDate"] == stopped["stopDate"]
    machine = client.describe_state_machine_for_execution(executionArn=arn)
    assert machine["stateMachineArn"] == ARN
    listed = client.list_executions(stateMachineArn=ARN, statusFilter="ABORTED")
    assert [row["executionArn"] for row in listed["executions"]] == [arn]
    with pytest.raises(client.exceptions.TaskTimedOut):
        client.send_task_heartbeat(taskToken=tokens.get(timeout=PATIENCE))


def test_an_express_execution_tells_of_its_failure(client: Any) -> None:
    fails = {"Type": "Fail", "Error": "E", "Cause": "c"}
    arn = create(client, type="EXPRESS", definition=one(fails))
    done = client.start_sync_execution(stateMachineArn=arn, name="a", input="[]")
    assert (done["status"], done["error"], done["cause"]) == ("FAILED", "E", "c")
    assert ":express:orders:a:" in done["executionArn"]
    begun = client.start_execution(stateMachineArn=arn, name="a")
    again = client.start_execution(stateMachineArn=arn, name="a")
    assert begun["executionArn"] != again["executionArn"]
    standard = create(client, name="standard")
    with pytest.raises(client.exceptions.StateMachineTypeNotSupported):
        client.start_sync_execution(stateMachineArn=standard)
    with pytest.raises(client.exceptions.StateMachineTypeNotSupported):
        client.list_executions(stateMachineArn=arn)


def test_a_failed_execution_is_redriven(client: Any, tasks: asl.Tasks) -> None:
    asked: list[str] = []

    @tasks.bind("first")
    def first(order: Any) -> Any:
        asked.append("first")
        return {"n": order["n"] + 1}

    @tasks.bind("second")
    def second(order: Any) -> Any:
        asked.append("second")
        if asked.count("second") == 1:
            raise asl.TaskError("Busy", "come again")
        return order["n"] + 1

    arn = PAY["Resource"].removesuffix("pay")
    states = {
        "First": {"Type": "Task", "Resource": f"{arn}first", "Next": "Second"},
        "Second": {"Type": "Task", "Resource": f"{arn}second", "End": True},
    }
    create(client, definition=json.dumps({"StartAt": "First", "States": states}))
    run = client.start_execution(stateMachineArn=ARN, input='{"n":1}')["executionArn"]
    told = client.describe_execution(executionArn=run)
    assert (told["status"], told["error"]) == ("FAILED", "Busy")
    assert (told["redriveStatus"], told["redriveCount"]) == ("REDRIVABLE", 0)
    redriven = client.redrive_execution(executionArn=run)["redriveDate"]
    told = client.describe_execution(executionArn=run)
    assert (told["status"], told["output"]) == ("SUCCEEDED", "3")
    assert (told["redriveCount"], told["redriveDate"]) == (1, redriven)
    assert asked == ["first", "second", "second"]
    events = client.get_execution_history(executionArn=run)["events"]
    types = [event["type"] for event in events]
    assert types[types.index("ExecutionFailed") + 1] == "ExecutionRedriven"
    listed = client.list_executions(stateMachineArn=ARN, redriveFilter="REDRIVEN")
    assert [row["executionArn"] for row in listed["executions"]] == [run]
    with pytest.raises(client.exceptions.ExecutionNotRedrivable):
        client.redrive_execution(executionArn=run)


WORKER = """
import json, sys
import boto3
from botocore.config import Config

client = boto3.client(
    "stepfunctions",
    endpoint_url=sys.argv[1],
    region_name="us-east-1",
    aws_access_key_id="any",
    aws_secret_access_key="any",
    config=Config(read_timeout=70, retries={"total_max_attempts": 1}),
)
for name in ("good", "bad"):
    task = client.get_activity_task(activityArn=sys.argv[2], workerName=name)
    token, value = task["taskToken"], json.loads(task["input"])
    client.send_task_heartbeat(taskToken=token)
    if value["n"] < 0:
        client.send_task_failure(taskToken=token, error="Negative", cause=name)
    else:
        client.send_task_success(taskToken=token, output=str(value["n"] + 1))
"""


def test_an_activity_has_a_worker_in_a_second_process(api: asl.Api) -> None:
    with Server(api, port=0) as server:
        client = client_of(server.url)
        activity = client.create_activity(name="work")["activityArn"]
        state = {"Type": "Task", "Resource": activity, "HeartbeatSeconds": 60}
        create(client, definition=one(state | {"End": True}))
        worker = subprocess.Popen(
            [sys.executable, "-c", WORKER, server.url, activity],
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            begun = [
                client.start_execution(stateMachineArn=ARN, input=f'{{"n":{n}}}')
                for n in (5, -5)
            ]
            _, errors = worker.communicate(timeout=PATIENCE)
            assert (worker.returncode, errors) == (0, "")
        finally:
            worker.kill()
            worker.wait()
        good, bad = (
            client.describe_execution(executionArn=one["executionArn"]) for one in begun
        )
        events = client.get_execution_history(executionArn=begun[0]["executionArn"])
        client.close()
    assert (good["status"], good["output"]) == ("SUCCEEDED", "6")
    assert (bad["status"], bad["error"], bad["cause"]) == ("FAILED", "Negative", "bad")
    started = [e for e in events["events"] if e["type"] == "ActivityStarted"]
    assert started[0]["activityStartedEventDetails"]["workerName"] == "good"


def test_an_activity_is_made_found_and_deleted(client: Any) -> None:
    arns = [
        client.create_activity(name=name)["activityArn"] for name in ("a", "b", "c")
    ]
    pages = client.get_paginator("list_activities").paginate(
        PaginationConfig={"PageSize": 2}
    )
    found = [[row["activityArn"] for row in page["activities"]] for page in pages]
    assert [len(page) for page in found] == [2, 1]
    assert sorted(arn for page in found for arn in page) == arns
    assert client.describe_activity(activityArn=arns[0])["name"] == "a"
    client.delete_activity(activityArn=arns[0])
    with pytest.raises(client.exceptions.ActivityDoesNotExist):
        client.describe_activity(activityArn=arns[0])


# ------------------------------------------------------------- versions, aliases, tags


def test_an_alias_shares_executions_out_between_two_versions(client: Any) -> None:
    first = create(client, publish=True)
    client.update_state_machine(stateMachineArn=first, definition=OTHER)
    new = client.publish_state_machine_version(stateMachineArn=first, description="2")
    versions = client.list_state_machine_versions(stateMachineArn=first)
    arns = [row["stateMachineVersionArn"] for row in versions["stateMachineVersions"]]
    assert arns == [f"{ARN}:2", f"{ARN}:1"]
    assert arns[0] == new["stateMachineVersionArn"]
    shares = [
        {"stateMachineVersionArn": f"{ARN}:1", "weight": 75},
        {"stateMachineVersionArn": f"{ARN}:2", "weight": 25},
    ]
    alias = client.create_state_machine_alias(name="live", routingConfiguration=shares)
    arn = alias["stateMachineAliasArn"]
    runs = [
        client.start_execution(stateMachineArn=arn)["executionArn"] for _ in range(40)
    ]
    met = {}
    for run in runs:
        told = client.describe_execution(executionArn=run)
        assert told["stateMachineAliasArn"] == arn
        met[run] = told["stateMachineVersionArn"]
        machine = client.describe_state_machine_for_execution(executionArn=run)
        is_first = met[run] == f"{ARN}:1"
        assert machine["definition"] == (GOOD if is_first else OTHER)
    counts = Counter(met.values())
    assert counts[f"{ARN}:1"] > counts[f"{ARN}:2"] > 0
    for version, count in counts.items():
        listed = client.list_executions(stateMachineArn=version)["executions"]
        assert len(listed) == count
    assert len(client.list_executions(stateMachineArn=arn)["executions"]) == 40


def test_an_alias_is_changed_and_a_version_goes_when_nobody_needs_it(
    client: Any,
) -> None:
    first = create(client, publish=True)
    version = f"{first}:1"
    route = [{"stateMachineVersionArn": version, "weight": 100}]
    arn = client.create_state_machine_alias(name="live", routingConfiguration=route)
    alias = {"stateMachineAliasArn": arn["stateMachineAliasArn"]}
    client.update_state_machine_alias(**alias, description="for all")
    assert client.describe_state_machine_alias(**alias)["description"] == "for all"
    listed = client.list_state_machine_aliases(stateMachineArn=first)
    assert len(listed["stateMachineAliases"]) == 1
    with pytest.raises(client.exceptions.ConflictException):
        client.delete_state_machine_version(stateMachineVersionArn=version)
    client.delete_state_machine_alias(**alias)
    client.delete_state_machine_version(stateMachineVersionArn=version)
    with pytest.raises(client.exceptions.ResourceNotFound):
        client.describe_state_machine_alias(**alias)
    with pytest.raises(client.exceptions.StateMachineDoesNotExist):
        client.describe_state_machine(stateMachineArn=version)
    client.delete_state_machine(stateMachineArn=first)
    assert client.list_state_machines()["stateMachines"] == []


def test_tags_are_put_on_and_taken_off(client: Any) -> None:
    create(client, tags=[{"key": "team", "value": "blue"}])
    client.tag_resource(
        resourceArn=ARN,
        tags=[{"key": "team", "value": "red"}, {"key": "cost", "value": "7"}],
    )
    client.untag_resource(resourceArn=ARN, tagKeys=["cost", "none"])
    found = client.list_tags_for_resource(resourceArn=ARN)["tags"]
    assert found == [{"key": "team", "value": "red"}]
    many = [{"key": str(number), "value": ""} for number in range(50)]
    with pytest.raises(client.exceptions.TooManyTags):
        client.tag_resource(resourceArn=ARN, tags=many)


# ---------------------------------------------------------------------------- map runs


def test_a_map_run_is_watched_and_changed(client: Any) -> None:
    activity = client.create_activity(name="work")["activityArn"]
    work = {"Type": "Task", "Resource": activity, "End": True}
    body = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "Work",
        "States": {"Work": work},
    }
    state = {"Type": "Map", "Label": "All", "ItemProcessor": body, "MaxConcurrency": 1}
    create(client, definition=one(state | {"End": True}))
    arn = client.start_execution(stateMachineArn=ARN, input="[1,2,3]")["executionArn"]
    pages = client.get_paginator("list_map_runs").paginate(executionArn=arn)
    (run,) = [row["mapRunArn"] for page in pages for row in page["mapRuns"]]
    told = client.describe_map_run(mapRunArn=run)
    assert (told["status"], told["itemCounts"]["running"]) == ("RUNNING", 1)
    client.update_map_run(mapRunArn=run, maxConcurrency=3, toleratedFailureCount=1)
    for number in range(3):
        found = client.get_activity_task(activityArn=activity)
        if number == 1:
            client.send_task_failure(taskToken=found["taskToken"], error="E")
        else:
            client.send_task_success(taskToken=found["taskToken"], output="true")
    told = client.describe_map_run(mapRunArn=run)
    assert (told["status"], told["maxConcurrency"]) == ("SUCCEEDED", 3)
    assert (told["itemCounts"]["succeeded"], told["itemCounts"]["failed"]) == (2, 1)
    children = client.list_executions(mapRunArn=run)["executions"]
    assert sorted(child["status"] for child in children) == [
        "FAILED",
        "SUCCEEDED",
        "SUCCEEDED",
    ]
    assert client.describe_execution(executionArn=arn)["status"] == "SUCCEEDED"


# ----------------------------------------------------------------------- single states


def test_a_state_of_a_machine_is_tested_with_a_mock(client: Any) -> None:
    retry = [{"ErrorEquals": ["Busy"], "IntervalSeconds": 5, "MaxAttempts": 2}]
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Sorry"}]
    states = {
        "Pay": PAY | {"Retry": retry, "Catch": catch},
        "Sorry": {"Type": "Fail"},
    }
    request = {
        "definition": json.dumps({"StartAt": "Pay", "States": states}),
        "stateName": "Pay",
        "input": '{"n":5}',
        "inspectionLevel": "DEBUG",
    }
    told = client.test_state(**request, mock={"result": '{"paid":true}'})
    assert (told["status"], told["output"]) == ("SUCCEEDED", '{"paid":true}')
    assert told["inspectionData"]["input"] == '{"n":5}'
    busy = {"errorOutput": {"error": "Busy", "cause": "later"}}
    told = client.test_state(**request, mock=busy)
    assert (told["status"], told["error"]) == ("RETRIABLE", "Busy")
    details = told["inspectionData"]["errorDetails"]
    assert details["retryBackoffIntervalSeconds"] == 5
    told = client.test_state(
        **request, mock=busy, stateConfiguration={"retrierRetryCount": 2}
    )
    assert (told["status"], told["nextState"]) == ("CAUGHT_ERROR", "Sorry")
    with pytest.raises(client.exceptions.InvalidDefinition):
        client.test_state(definition=BAD)


# ------------------------------------------------------------------------------ errors

TOKEN = "AQC" + "a" * 86
PLACE = "arn:aws:states:us-east-1:123456789012"
ROUTES = [{"stateMachineVersionArn": f"{ARN}:7", "weight": 100}]
MACHINE = {"name": "m", "definition": GOOD, "roleArn": ROLE}
LOGS = {"level": "ALL", "destinations": []}
ERRORS: list[tuple[str, str, dict[str, Any]]] = [
    ("InvalidName", "create_state_machine", MACHINE | {"name": "a b"}),
    ("InvalidArn", "create_state_machine", MACHINE | {"roleArn": "nobody"}),
    ("InvalidDefinition", "create_state_machine", MACHINE | {"definition": "{"}),
    (
        "InvalidLoggingConfiguration",
        "create_state_machine",
        MACHINE | {"loggingConfiguration": LOGS},
    ),
    ("StateMachineAlreadyExists", "create_state_machine", MACHINE | {"name": "known"}),
    ("StateMachineDoesNotExist", "start_execution", {"stateMachineArn": ARN}),
    (
        "InvalidExecutionInput",
        "start_execution",
        {"stateMachineArn": f"{PLACE}:stateMachine:known", "input": "{"},
    ),
    ("InvalidArn", "describe_execution", {"executionArn": "x"}),
    (
        "ExecutionDoesNotExist",
        "stop_execution",
        {"executionArn": f"{PLACE}:execution:m:e"},
    ),
    (
        "ExecutionDoesNotExist",
        "redrive_execution",
        {"executionArn": f"{PLACE}:execution:m:e"},
    ),
    ("InvalidToken", "list_state_machines", {"nextToken": "x"}),
    ("InvalidToken", "send_task_success", {"taskToken": "x", "output": "{}"}),
    ("TaskDoesNotExist", "send_task_success", {"taskToken": TOKEN, "output": "{}"}),
    (
        "ActivityDoesNotExist",
        "get_activity_task",
        {"activityArn": f"{PLACE}:activity:a"},
    ),
    (
        "ResourceNotFound",
        "create_state_machine_alias",
        {"name": "a", "routingConfiguration": ROUTES},
    ),
    ("ResourceNotFound", "describe_map_run", {"mapRunArn": f"{PLACE}:mapRun:m/L:x"}),
    (
        "ConflictException",
        "publish_state_machine_version",
        {"stateMachineArn": f"{PLACE}:stateMachine:known", "revisionId": "x"},
    ),
    (
        "MissingRequiredParameter",
        "update_state_machine",
        {"stateMachineArn": f"{PLACE}:stateMachine:known"},
    ),
    ("ValidationException", "list_executions", {}),
]


@pytest.mark.parametrize(
    ("name", "operation", "request_"), ERRORS, ids=lambda value: str(value)[:30]
)
def test_every_refusal_is_an_exception_of_its_own(
    client: Any, name: str, operation: str, request_: dict[str, Any]
) -> None:
    create(client, name="known", definition=OTHER)
    with pytest.raises(getattr(client.exceptions, name)) as caught:
        getattr(client, operation)(**request_)
    answer = caught.value.response
    assert answer["Error"]["Code"] == name
    assert answer["Error"]["Message"]
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_every_operation_is_asked_for_in_this_file() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    client = boto3.client("stepfunctions", region_name="us-east-1")
    asked = {
        name
        for name in client.meta.method_to_api_mapping
        if f"client.{name}(" in text or f'get_paginator("{name}")' in text
    }
    assert sorted(set(client.meta.method_to_api_mapping) - asked) == []
