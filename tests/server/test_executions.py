"""Executions through the service: started, stopped, looked at, side by side."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from service import PASS, START, WAIT, Service, asks, task

import asl
from asl.quotas import PAYLOAD_BYTES
from asl.runtime.runner import Runner
from asl.server.known import KnownMachines


@pytest.fixture
def tasks() -> asl.Tasks:
    return asl.Tasks()


@pytest.fixture
def service(tasks: asl.Tasks) -> Iterator[Service]:
    service = Service(asl.Api(tasks=tasks))
    yield service
    service.api.close()


# --- starting


def test_an_execution_is_started_and_described(service: Service) -> None:
    machine = service.create("m", PASS)
    started = service.call("StartExecution", stateMachineArn=machine, input='{"a": 1}')
    described = service.describe(started["executionArn"])
    name = described["name"]
    assert described == {
        "executionArn": f"{machine.replace('stateMachine', 'execution')}:{name}",
        "stateMachineArn": machine,
        "name": name,
        "status": "SUCCEEDED",
        "startDate": started["startDate"],
        "stopDate": started["startDate"],
        "input": '{"a": 1}',
        "inputDetails": {"included": True},
        "output": '{"a":1}',
        "outputDetails": {"included": True},
        "redriveCount": 0,
        "redriveStatus": "NOT_REDRIVABLE",
        "redriveStatusReason": "Execution is SUCCEEDED and cannot be redriven",
    }


def test_the_first_event_keeps_the_inputs_own_text(service: Service) -> None:
    arn = service.start(service.create("m", PASS), input='{ "a":  1 }')
    assert service.events(arn)[0]["executionStartedEventDetails"]["input"] == (
        '{ "a":  1 }'
    )


def test_the_same_start_again_is_the_same_execution_while_it_runs(
    service: Service,
) -> None:
    machine = service.create("m", WAIT)
    request = {"stateMachineArn": machine, "name": "once", "input": '{"a": 1}'}
    first = service.call("StartExecution", **request)
    assert service.call("StartExecution", **request) == first
    taken = ("ExecutionAlreadyExists", f"Execution Already Exists: '{_only(first)}'")
    other = request | {"input": '{"a":1}'}
    assert service.refusal("StartExecution", **other) == taken
    service.describe(first["executionArn"])
    assert service.refusal("StartExecution", **request) == taken


def _only(started: dict[str, Any]) -> str:
    return str(started["executionArn"])


@pytest.mark.parametrize(
    ("request_", "code", "message"),
    [
        ({"name": "a b"}, "InvalidName", "Invalid Name: 'a b'"),
        (
            {"input": ""},
            "InvalidExecutionInput",
            "Invalid State Machine Execution Input: 'Invalid execution input.'",
        ),
        (
            {"input": "nonsense"},
            "InvalidExecutionInput",
            "Invalid State Machine Execution Input: 'Unrecognized token 'nonsense': "
            "was expecting (JSON String, Number, Array, Object or token 'null', 'true' "
            "or 'false')'",
        ),
        (
            {"stateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:x"},
            "StateMachineDoesNotExist",
            "State Machine Does Not Exist: "
            "'arn:aws:states:us-east-1:123456789012:stateMachine:x'",
        ),
        (
            {"stateMachineArn": "x"},
            "InvalidArn",
            "Invalid Arn: 'Invalid ARN prefix: x'",
        ),
        (
            {"input": '"' + "ä" * (PAYLOAD_BYTES // 2) + '"'},
            "ValidationException",
            "1 validation error detected: Value at 'input' failed to satisfy "
            "constraint: Member must have length less than or equal to 262144",
        ),
    ],
)
def test_a_start_is_refused(
    service: Service, request_: dict[str, Any], code: str, message: str
) -> None:
    machine = service.create("m", PASS)
    given = {"stateMachineArn": machine, **request_}
    assert service.refusal("StartExecution", **given) == (code, message)


def test_arns_in_requests_may_have_another_account_and_region(service: Service) -> None:
    arn = service.start(service.create("m", PASS))
    other = arn.replace("us-east-1:123456789012", "eu-west-1:999999999999")
    assert service.describe(other)["executionArn"] == arn


def test_two_services_give_the_same_names_and_tokens() -> None:
    arns = []
    for _ in range(2):
        service = Service(asl.Api())
        arns.append(service.start(service.create("m", PASS)))
    assert arns[0] == arns[1]


def test_an_execution_knows_the_version_and_alias_it_was_started_by(
    service: Service,
) -> None:
    machine = service.create("m", PASS)
    version = service.call("PublishStateMachineVersion", stateMachineArn=machine)
    routes = [
        {
            "stateMachineVersionArn": version["stateMachineVersionArn"],
            "weight": 100,
        }
    ]
    alias = service.call(
        "CreateStateMachineAlias", name="live", routingConfiguration=routes
    )["stateMachineAliasArn"]
    arn = service.start(alias)
    described = service.describe(arn)
    assert described["stateMachineArn"] == machine
    assert described["stateMachineAliasArn"] == alias
    assert described["stateMachineVersionArn"] == f"{machine}:1"
    details = service.events(arn)[0]["executionStartedEventDetails"]
    assert details["stateMachineAliasArn"] == alias
    assert details["stateMachineVersionArn"] == f"{machine}:1"
    service.start(machine)
    assert len(service.list(stateMachineArn=machine)) == 2
    assert len(service.list(stateMachineArn=alias)) == 1
    assert len(service.list(stateMachineArn=f"{machine}:1")) == 1


# --- time


def test_an_execution_waits_until_somebody_looks(service: Service) -> None:
    arn = service.start(service.create("m", WAIT))
    (listed,) = service.list(stateMachineArn=service.describe(arn)["stateMachineArn"])
    assert listed["status"] == "SUCCEEDED"
    assert listed["stopDate"] - listed["startDate"] == 60


def test_what_comes_later_starts_where_the_latest_is(service: Service) -> None:
    machine = service.create("m", WAIT)
    first = service.describe(service.start(machine))
    second = service.call("StartExecution", stateMachineArn=machine)
    assert second["startDate"] == first["stopDate"]


def test_a_list_or_a_history_lets_time_pass_as_well(service: Service) -> None:
    machine = service.create("m", WAIT)
    service.start(machine)
    assert service.list(stateMachineArn=machine)[0]["status"] == "SUCCEEDED"
    assert service.types(service.start(machine))[-1] == "ExecutionSucceeded"


def test_time_advances_for_all_executions_in_order(
    service: Service, tasks: asl.Tasks
) -> None:
    order = []

    @tasks.bind("arn:aws:states:::sns:publish")
    def publish(event: dict[str, Any]) -> None:
        order.append(event["Message"])

    for seconds in (30, 10, 20, 50):
        states = {"W": {"Type": "Wait", "Seconds": seconds, "Next": "T"}}
        states |= task(Parameters={"Message": seconds})
        service.start(service.create(f"m{seconds}", states))
    service.api.advance(40)
    assert order == [10, 20, 30]
    now = service.call("CreateActivity", name="later")["creationDate"]
    assert (
        now == service.describe(service.start(service.create("m", PASS)))["startDate"]
    )


def test_time_cannot_go_back(service: Service) -> None:
    with pytest.raises(asl.UsageError, match="must be a number of at least 0, not -1"):
        service.api.advance(-1)


def test_a_token_is_awaited_although_time_could_pass(
    service: Service, tasks: asl.Tasks
) -> None:
    tokens = _sent(tasks)
    arn = service.start(service.create("m", asks(TimeoutSeconds=60), TimeoutSeconds=90))
    assert service.status(arn) == "RUNNING"
    service.api.advance(59)
    assert service.status(arn) == "RUNNING"
    service.call("SendTaskSuccess", taskToken=tokens[0], output="1")
    assert service.describe(arn)["output"] == "1"


@pytest.mark.parametrize(
    ("states", "fields", "seconds", "status", "last"),
    [
        (asks(TimeoutSeconds=60), {}, 60, "FAILED", "ExecutionFailed"),
        (asks(), {"TimeoutSeconds": 90}, 90, "TIMED_OUT", "ExecutionTimedOut"),
        (asks(), {}, 366 * 24 * 3600, "TIMED_OUT", "ExecutionTimedOut"),
        (
            asks(TimeoutSeconds=60, HeartbeatSeconds=5),
            {},
            5,
            "FAILED",
            "ExecutionFailed",
        ),
    ],
)
def test_a_limit_is_reached_when_time_is_advanced(
    service: Service,
    tasks: asl.Tasks,
    states: dict[str, Any],
    fields: dict[str, Any],
    seconds: int,
    status: str,
    last: str,
) -> None:
    _sent(tasks)
    arn = service.start(service.create("m", states, **fields))
    assert service.status(arn) == "RUNNING"
    service.api.advance(seconds)
    assert service.status(arn) == status
    assert service.types(arn)[-1] == last


def _sent(tasks: asl.Tasks) -> list[str]:
    """Binds a queue; the tokens that are sent to it."""
    tokens: list[str] = []

    @tasks.bind("arn:aws:states:::sqs:sendMessage.waitForTaskToken")
    def send(event: dict[str, Any]) -> None:
        tokens.append(event["MessageBody"]["token"])

    return tokens


def test_what_needs_nobody_outside_goes_on_beside_an_open_token(
    service: Service, tasks: asl.Tasks
) -> None:
    tokens = _sent(tasks)
    branches = [
        {"StartAt": "T", "States": asks(TimeoutSeconds=100)},
        {"StartAt": "W", "States": WAIT},
    ]
    states = {"Both": {"Type": "Parallel", "Branches": branches, "End": True}}
    arn = service.start(service.create("m", states))
    assert "WaitStateExited" in service.types(arn)
    assert service.status(arn) == "RUNNING"
    service.call("SendTaskSuccess", taskToken=tokens[0], output="{}")
    assert service.status(arn) == "SUCCEEDED"


def test_an_answer_that_a_handler_has_promised_is_waited_for(
    service: Service, tasks: asl.Tasks
) -> None:
    @tasks.bind("arn:aws:states:::sqs:sendMessage.waitForTaskToken")
    def send(event: dict[str, Any]) -> None:
        tasks.succeed(event["MessageBody"]["token"], 7, after_seconds=30)

    arn = service.start(service.create("m", asks(TimeoutSeconds=60)))
    described = service.describe(arn)
    assert described["output"] == "7"
    assert described["stopDate"] - described["startDate"] == 30


def test_a_mock_that_never_answers_lets_time_pass() -> None:
    service = Service(asl.Api(tasks=asl.Mocks({"T": [{"Never": True}]})))
    arn = service.start(service.create("m", asks(TimeoutSeconds=60)))
    assert service.describe(arn)["error"] == "States.Timeout"


def test_a_table_of_tasks_answers_tokens_too(
    service: Service, tasks: asl.Tasks
) -> None:
    tokens = _sent(tasks)
    arn = service.start(service.create("m", asks()))
    tasks.fail(tokens[0], "E", "why")
    assert service.describe(arn)["cause"] == "why"


# --- stopping


def test_a_running_execution_is_stopped(service: Service) -> None:
    arn = service.start(service.create("m", WAIT))
    stopped = service.call("StopExecution", executionArn=arn, error="E", cause="c")
    described = service.describe(arn)
    assert described["status"] == "ABORTED"
    assert (described["error"], described["cause"]) == ("E", "c")
    assert described["stopDate"] == stopped["stopDate"]
    assert described["redriveStatus"] == "REDRIVABLE"
    assert service.types(arn) == [
        "ExecutionStarted",
        "WaitStateEntered",
        "ExecutionAborted",
    ]
    assert service.call("StopExecution", executionArn=arn) == stopped


def test_a_nested_execution_is_stopped_by_its_own_arn(service: Service) -> None:
    child = service.create("child", WAIT)
    states = task(f"{START}.sync:2", Parameters={"StateMachineArn": child})
    arn = service.start(service.create("parent", states))
    (inner,) = service.call("ListExecutions", stateMachineArn=child)["executions"]
    assert inner["status"] == "SUCCEEDED"
    arn = service.start(service.describe(arn)["stateMachineArn"])
    running = service.api.executions.table.of_machine(child)[0].stored
    service.call("StopExecution", executionArn=running.arn)
    assert service.status(running.arn) == "ABORTED"
    described = service.describe(arn)
    assert described["status"] == "FAILED"
    assert json.loads(described["cause"])["Status"] == "ABORTED"


# --- what cannot go on


def test_an_execution_without_a_callable_fails_and_says_why(service: Service) -> None:
    arn = service.start(service.create("m", task()))
    described = service.describe(arn)
    assert described["status"] == "FAILED"
    assert described["error"] == "States.Runtime"
    assert "no callable is bound for arn:aws:states:::sns:publish" in described["cause"]
    (error,) = service.api.exceptions[arn]
    assert isinstance(error, asl.UsageError)
    assert service.types(arn)[-1] == "ExecutionFailed"


def test_what_cannot_go_on_can_be_stopped(service: Service) -> None:
    arn = service.start(service.create("m", task()))
    service.call("StopExecution", executionArn=arn)
    assert service.status(arn) == "ABORTED"
    assert service.types(arn)[-1] == "ExecutionAborted"


def test_what_cannot_go_on_fails_when_time_advances(service: Service) -> None:
    arn = service.start(service.create("m", task()))
    service.api.advance(1)
    assert service.status(arn) == "FAILED"


def test_what_a_callable_raises_is_kept(service: Service, tasks: asl.Tasks) -> None:
    mistake = ValueError("no")

    @tasks.bind("arn:aws:states:::sns:publish")
    def publish(event: Any) -> None:
        raise mistake

    arn = service.start(service.create("m", task()))
    assert service.status(arn) == "FAILED"
    assert service.api.exceptions[arn] == [mistake]


def test_a_bug_of_ours_is_told_to_the_caller_and_ends_the_execution(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(runner: Runner) -> None:
        raise KeyError("oops")

    machine = service.create("m", PASS)
    monkeypatch.setattr(Runner, "begin", broken)
    with pytest.raises(asl.ApiError) as caught:
        service.start(machine, name="x")
    assert (caught.value.code, caught.value.status) == ("InternalFailure", 500)
    assert "KeyError: 'oops'" in caught.value.message
    described = service.describe(f"{machine.replace('stateMachine', 'execution')}:x")
    assert described["status"] == "FAILED"
    assert "oops" in described["cause"]


def test_a_closed_service_starts_nothing(service: Service) -> None:
    machine = service.create("m", PASS)
    service.api.close()
    code, message = service.refusal("StartExecution", stateMachineArn=machine)
    assert (code, "the host is closed" in message) == ("ValidationException", True)


# --- calling back


def test_a_handler_may_stop_its_own_execution(
    service: Service, tasks: asl.Tasks
) -> None:
    seen = []

    @tasks.bind("arn:aws:states:::sns:publish")
    def publish(event: dict[str, Any]) -> None:
        arn = event["Message"]
        service.call("StopExecution", executionArn=arn, cause="enough")
        seen.append(service.status(arn))

    states = task(Parameters={"Message.$": "$$.Execution.Id"})
    arn = service.start(service.create("m", states))
    assert seen == ["RUNNING"]
    assert service.status(arn) == "ABORTED"
    assert service.types(arn)[-2:] == ["TaskStarted", "ExecutionAborted"]


def test_a_handler_may_answer_its_own_token_through_the_service(
    service: Service, tasks: asl.Tasks
) -> None:
    @tasks.bind("arn:aws:states:::sqs:sendMessage.waitForTaskToken")
    def send(event: dict[str, Any]) -> None:
        token = event["MessageBody"]["token"]
        service.call("SendTaskSuccess", taskToken=token, output='"soon"')

    arn = service.start(service.create("m", asks()))
    assert service.describe(arn)["output"] == '"soon"'
    assert "TaskSubmitted" in service.types(arn)


def test_a_handler_may_start_others_and_wait_for_them(
    service: Service, tasks: asl.Tasks
) -> None:
    inner = service.create("inner", WAIT, "EXPRESS")

    @tasks.bind("arn:aws:states:::sns:publish")
    def publish(event: dict[str, Any]) -> Any:
        return service.call("StartSyncExecution", stateMachineArn=inner)["status"]

    arn = service.start(service.create("m", task()))
    assert service.describe(arn)["output"] == '"SUCCEEDED"'


def test_another_thread_may_answer_while_a_handler_is_at_work(
    service: Service, tasks: asl.Tasks
) -> None:
    """The thread finds the execution at work, and leaves its news with it."""

    @tasks.bind("arn:aws:states:::sqs:sendMessage.waitForTaskToken")
    def send(event: dict[str, Any]) -> None:
        token = event["MessageBody"]["token"]
        request = {"taskToken": token, "output": "3"}
        other = threading.Thread(
            target=service.call, args=("SendTaskSuccess",), kwargs=request
        )
        other.start()
        other.join(30)
        assert not other.is_alive()

    arn = service.start(service.create("m", asks()))
    assert service.describe(arn)["output"] == "3"


def test_many_threads_start_executions_side_by_side(service: Service) -> None:
    machine = service.create("m", WAIT)
    found: list[str] = []

    def work() -> None:
        for _ in range(20):
            arn = service.start(machine)
            found.append(f"{arn} {service.status(arn)}")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(set(found)) == 160
    assert all(one.endswith("SUCCEEDED") for one in found)
    assert (
        len(
            service.call("ListExecutions", stateMachineArn=machine, maxResults=1000)[
                "executions"
            ]
        )
        == 160
    )


# --- nested


def test_a_nested_execution_is_one_of_its_machine(service: Service) -> None:
    child = service.create("child", WAIT)
    states = task(
        f"{START}.sync:2",
        Parameters={"StateMachineArn": child, "Name": "n", "Input": {"a": 1}},
    )
    arn = service.start(service.create("parent", states))
    assert service.status(arn) == "SUCCEEDED"
    (inner,) = service.list(stateMachineArn=child)
    assert inner["name"] == "n"
    described = service.describe(inner["executionArn"])
    assert described["input"] == '{"a":1}'
    assert service.types(inner["executionArn"])[1] == "WaitStateEntered"
    machine = service.call(
        "DescribeStateMachineForExecution", executionArn=inner["executionArn"]
    )
    assert machine["name"] == "child"


def test_a_nested_execution_goes_on_after_its_parent(service: Service) -> None:
    child = service.create("child", WAIT)
    states = task(START, Parameters={"StateMachineArn": child})
    parent = service.start(service.create("parent", states))
    assert service.api.executions.table.is_busy(child)
    assert service.status(parent) == "SUCCEEDED"
    (inner,) = service.list(stateMachineArn=child)
    assert inner["status"] == "SUCCEEDED"
    assert inner["stopDate"] - inner["startDate"] == 60


def test_a_version_may_be_nested(service: Service) -> None:
    child = service.create("child", PASS)
    service.call("PublishStateMachineVersion", stateMachineArn=child)
    states = task(f"{START}.sync", Parameters={"StateMachineArn": f"{child}:1"})
    assert service.status(service.start(service.create("p", states))) == "SUCCEEDED"
    (inner,) = service.list(stateMachineArn=f"{child}:1")
    assert inner["executionArn"].startswith(child.replace("stateMachine", "execution"))


def test_an_express_machine_may_be_nested(service: Service) -> None:
    child = service.create("child", PASS, "EXPRESS")
    resource = "arn:aws:states:::aws-sdk:sfn:startSyncExecution"
    states = task(resource, Parameters={"StateMachineArn": child, "Input": "{}"})
    arn = service.start(service.create("parent", states))
    assert (
        ":express:child:" in json.loads(service.describe(arn)["output"])["ExecutionArn"]
    )
    assert not service.api.executions.table.is_busy(child)


@pytest.mark.parametrize(
    ("resource", "error", "event"),
    [
        (START, "StepFunctions.StateMachineDoesNotExistException", "TaskFailed"),
        (
            f"{START}.sync",
            "StepFunctions.StateMachineDoesNotExistException",
            "TaskSubmitFailed",
        ),
        (
            "arn:aws:states:::aws-sdk:sfn:startExecution",
            "Sfn.StateMachineDoesNotExistException",
            "TaskFailed",
        ),
    ],
)
def test_a_machine_that_does_not_exist_is_a_failure_of_the_task(
    service: Service, resource: str, error: str, event: str
) -> None:
    missing = "arn:aws:states:us-east-1:123456789012:stateMachine:none"
    states = task(resource, Parameters={"StateMachineArn": missing})
    arn = service.start(service.create("m", states))
    described = service.describe(arn)
    assert described["error"] == error
    assert described["cause"].startswith(f"State Machine Does Not Exist: '{missing}' (")
    assert event in service.types(arn)


def test_a_machine_goes_when_its_last_execution_has_ended(service: Service) -> None:
    machine = service.create("m", WAIT)
    arn = service.start(machine)
    service.call("DeleteStateMachine", stateMachineArn=machine)
    described = service.call("DescribeStateMachine", stateMachineArn=machine)
    assert described["status"] == "DELETING"
    assert service.status(arn) == "SUCCEEDED"
    code, _ = service.refusal("DescribeStateMachine", stateMachineArn=machine)
    assert code == "StateMachineDoesNotExist"
    assert service.status(arn) == "SUCCEEDED"


# --- Express


def test_a_synchronous_start_answers_with_the_end(service: Service) -> None:
    machine = service.create("x", WAIT, "EXPRESS")
    answer = service.call(
        "StartSyncExecution",
        stateMachineArn=machine,
        name="n",
        input="[1]",
        traceHeader="t",
    )
    arn = answer.pop("executionArn")
    assert arn.startswith(f"{machine.replace('stateMachine', 'express')}:n:")
    started = answer["startDate"]
    assert answer == {
        "stateMachineArn": machine,
        "name": "n",
        "startDate": started,
        "stopDate": started + 60,
        "status": "SUCCEEDED",
        "input": "[1]",
        "inputDetails": {"included": True},
        "output": "[1]",
        "outputDetails": {"included": True},
        "traceHeader": "t",
        "billingDetails": {
            "billedMemoryUsedInMB": 64,
            "billedDurationInMilliseconds": 60_000,
        },
    }


def test_a_synchronous_start_tells_of_failure_too(service: Service) -> None:
    states = {"F": {"Type": "Fail", "Error": "E", "Cause": "c"}}
    machine = service.create("x", states, "EXPRESS")
    answer = service.call(
        "StartSyncExecution", stateMachineArn=machine, includedData="METADATA_ONLY"
    )
    assert (answer["status"], answer["error"], answer["cause"]) == ("FAILED", "E", "c")
    assert answer["outputDetails"] == {"included": False}
    assert "input" not in answer


def test_an_express_execution_ends_by_itself(service: Service) -> None:
    machine = service.create("x", WAIT, "EXPRESS")
    first = service.start(machine, name="same")
    assert not service.api.executions.table.is_busy(machine)
    assert service.start(machine, name="same") != first
    for action in ("DescribeExecution", "StopExecution", "GetExecutionHistory"):
        assert service.refusal(action, executionArn=first) == (
            "InvalidArn",
            "Invalid Arn: 'Resource type not valid in this context: express'",
        )
    assert service.refusal("ListExecutions", stateMachineArn=machine) == (
        "StateMachineTypeNotSupported",
        "This operation is not supported by this type of state machine",
    )


def test_a_standard_machine_cannot_be_started_synchronously(service: Service) -> None:
    machine = service.create("m", PASS)
    code, _ = service.refusal("StartSyncExecution", stateMachineArn=machine)
    assert code == "StateMachineTypeNotSupported"


def test_the_known_machines_are_found_one_by_one(service: Service) -> None:
    machine = service.create("m", PASS)
    known = KnownMachines(service.api.machines)
    assert known.get(machine) is not None
    assert known.get("arn:nothing") is None
    assert known.types.get(machine) == "STANDARD"
    for table in (known, known.types):
        assert table
        assert (len(table), list(table)) == (0, [])
