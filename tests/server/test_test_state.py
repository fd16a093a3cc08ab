"""TestState, without a socket."""

import json
from typing import Any

import pytest

import asl

ROLE = "arn:aws:iam::123456789012:role/runner"
INVOKE = {
    "Type": "Task",
    "Resource": "arn:aws:states:::lambda:invoke",
    "Parameters": {"FunctionName": "f"},
    "End": True,
}
BODY = {"StartAt": "In", "States": {"In": {"Type": "Pass", "End": True}}}
TWIN = {"StartAt": "Too", "States": {"Too": {"Type": "Succeed"}}}
DISTRIBUTED = BODY | {
    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
}
MAP = {"Type": "Map", "ItemProcessor": DISTRIBUTED, "End": True}
PARALLEL = {"Type": "Parallel", "Branches": [BODY, TWIN], "End": True}
PASS = {"Type": "Pass", "End": True}
JOB = INVOKE | {
    "Resource": "arn:aws:states:::states:startExecution.sync:2",
    "Parameters": {"StateMachineArn": "m"},
}


def ask(definition: Any, **request: Any) -> dict[str, Any]:
    """Call TestState; structures that are JSON texts may be given as values."""
    for name in ("input", "context", "variables"):
        if name in request and not isinstance(request[name], str):
            request[name] = json.dumps(request[name])
    if not isinstance(definition, str):
        definition = json.dumps(definition)
    answer: dict[str, Any] = asl.Api().call(
        "TestState", {"definition": definition, **request}
    )
    return answer


def refusal(definition: Any, **request: Any) -> tuple[str, str]:
    with pytest.raises(asl.ApiError) as caught:
        ask(definition, **request)
    return caught.value.code, caught.value.message


def mock(result: Any = None, **others: Any) -> dict[str, Any]:
    told = {} if result is None else {"result": json.dumps(result)}
    return {"mock": told | others}


def test_a_lone_state_is_run_though_it_leads_nowhere() -> None:
    assert ask({"Type": "Pass", "Result": 1, "Next": "Somewhere"}) == {
        "status": "SUCCEEDED",
        "output": "1",
        "nextState": "Somewhere",
    }
    choice = {"Variable": "$.n", "NumericEquals": 1, "Next": "One"}
    state = {"Type": "Choice", "Choices": [choice], "Default": "Other"}
    assert ask(state, input={"n": 1})["nextState"] == "One"
    assert ask(state, input={"n": 2})["nextState"] == "Other"


def test_a_state_of_a_machine_is_run_in_the_machines_language() -> None:
    inner = {"Type": "Pass", "Output": "{% $states.input.a %}", "End": True}
    body = {"StartAt": "Deep", "States": {"Deep": inner}}
    each = {"Type": "Map", "ItemProcessor": body, "End": True}
    side = {"Type": "Parallel", "Branches": [BODY], "Next": "Each"}
    states = {"Side": side, "Each": each}
    machine = {"QueryLanguage": "JSONata", "StartAt": "Side", "States": states}
    answer = ask(machine, stateName="Deep", input={"a": 5})
    assert answer == {"status": "SUCCEEDED", "output": "5"}
    assert ask(machine, stateName="In")["output"] == "{}"
    assert refusal(machine, stateName="No") == (
        "ValidationException",
        "State not found in definition",
    )


def test_a_state_inside_a_map_knows_an_item() -> None:
    inner = {"Type": "Pass", "Parameters": {"i.$": "$$.Map.Item"}, "End": True}
    body = {"StartAt": "In", "States": {"In": inner}}
    machine = {
        "StartAt": "Each",
        "States": {"Each": {"Type": "Map", "Iterator": body, "End": True}},
    }
    output = ask(machine, stateName="In", input={"a": 1})["output"]
    assert json.loads(output) == {"i": {"Index": 0, "Value": {"a": 1}}}


def test_the_context_looks_like_that_of_an_express_execution() -> None:
    state = PASS | {"Parameters": {"all.$": "$$"}}
    shown = json.loads(ask(state, roleArn=ROLE)["output"])["all"]
    assert shown["State"]["Name"] == "StateName"
    assert shown["Execution"]["Id"].endswith(
        f":express:StateName:{shown['Execution']['Name']}"
    )
    assert shown["Execution"]["RoleArn"] == ROLE
    assert json.loads(ask(state)["output"])["all"]["Execution"]["RoleArn"] is None


def test_a_wait_beyond_five_minutes_times_out() -> None:
    answer = ask({"Type": "Wait", "Seconds": 301, "Next": "On"})
    assert answer == {"status": "FAILED", "error": "States.Timeout"}


def test_a_mocked_task_gives_its_result_or_its_error() -> None:
    given = {"StatusCode": 200, "Payload": {"a": 1}}
    answer = ask(INVOKE, **mock(given), inspectionLevel="DEBUG")
    assert json.loads(answer["output"]) == given
    assert json.loads(answer["inspectionData"]["result"]) == given
    thrown = {"error": "E", "cause": "C"}
    catcher = {"ErrorEquals": ["E"], "Next": "Sorry"}
    answer = ask(INVOKE | {"Catch": [catcher]}, **mock(errorOutput=thrown))
    assert answer["status"] == "CAUGHT_ERROR"
    assert (answer["error"], answer["nextState"]) == ("E", "Sorry")


def test_the_state_configuration_counts() -> None:
    retrier = {"ErrorEquals": ["E"], "MaxAttempts": 2}
    thrown = mock(errorOutput={"error": "E", "cause": "C"})
    for used, status in ((1, "RETRIABLE"), (2, "FAILED")):
        answer = ask(
            INVOKE | {"Retry": [retrier]},
            **thrown,
            stateConfiguration={"retrierRetryCount": used},
        )
        assert answer["status"] == status
    answer = ask(
        MAP | {"ToleratedFailureCount": 1},
        **mock([1, 2]),
        input=[1, 2],
        stateConfiguration={"mapIterationFailureCount": 2},
    )
    assert answer["error"] == "States.ExceedToleratedFailureThreshold"


def test_a_reader_gets_its_data_from_the_state_configuration() -> None:
    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "JSON"},
        "Parameters": {"Bucket": "b", "Key": "k"},
    }
    answer = ask(
        MAP | {"ItemReader": reader, "ItemSelector": {"v.$": "$$.Map.Item.Value"}},
        **mock([0, 0]),
        stateConfiguration={"mapItemReaderData": "[1, 2]"},
        inspectionLevel="TRACE",
    )
    selected = answer["inspectionData"]["afterItemSelector"]
    assert json.loads(selected) == [{"v": 1}, {"v": 2}]


def test_a_map_with_a_writer_is_mocked_with_what_the_writer_gives() -> None:
    writer = {
        "Resource": "arn:aws:states:::s3:putObject",
        "Parameters": {"Bucket": "b", "Prefix": "p"},
    }
    state = MAP | {"ResultWriter": writer}
    assert json.loads(ask(state, **mock({"a": 1}), input=[])["output"]) == {"a": 1}
    assert refusal(state, **mock([1]), input=[]) == (
        "ValidationException",
        "Mocked result must be a JSON object.",
    )


def test_a_context_and_variables_can_be_made_up() -> None:
    state = JOB | {"ResultSelector": {"c.$": "$$", "v.$": "$v"}}
    context = {"Execution": {"Id": "x"}, "Task": {"Token": "t"}}
    answer = ask(
        state,
        **mock({}, fieldValidationMode="NONE"),
        context=context,
        variables={"v": 3},
    )
    assert json.loads(answer["output"]) == {"c": context, "v": 3}


HEAD = "Invalid Context object provided: "
COUNT = {"stateConfiguration": {"mapIterationFailureCount": 2}}


@pytest.mark.parametrize(
    ("definition", "request_", "message"),
    [
        (INVOKE, {}, "RoleArn must be specified when testing a Task state"),
        (PASS, mock(1), "State type 'Pass' is not supported when a mock is specified"),
        (
            INVOKE,
            mock(1, errorOutput={"error": "E"}),
            "A test mock should have only one of the following fields: [result, "
            "errorOutput].",
        ),
        (INVOKE, {"mock": {"result": "{"}}, "Mocked result must be valid JSON"),
        (
            INVOKE,
            mock({}) | {"revealSecrets": True},
            "TestState does not support RevealSecrets when a mock is specified.",
        ),
        (MAP, mock({}), "Mocked result must be an array."),
        (
            PARALLEL,
            mock([1]),
            "Mocked result must contain the same number of items as number of Parallel "
            "branches.",
        ),
        (
            MAP,
            mock([1]) | COUNT,
            "Map iteration failure count must be less than or equal to the number of "
            "Map iterations",
        ),
        (
            MAP,
            COUNT,
            "TestState does not support MapIterationFailureCount when a mock is not "
            "specified.",
        ),
        (
            INVOKE,
            mock(1) | {"context": {"Map": {}}},
            f"{HEAD}'Map' field is not supported when mocking a Context object",
        ),
        (
            INVOKE,
            mock(1) | {"context": {"Other": {}}},
            f"{HEAD}Field 'Other' is not allowed",
        ),
        (
            INVOKE,
            mock(1) | {"context": {"Execution": {"Id": 1}}},
            f"{HEAD}Execution.Id must be a string",
        ),
        (
            INVOKE,
            mock(1) | {"context": {"Task": {}}},
            f"{HEAD}Context object contains 'Task' when state is not a Task state with "
            "a '.sync' or '.waitForTaskToken' service integration pattern",
        ),
        (INVOKE, mock(1) | {"context": []}, f"{HEAD}must be a JSON object"),
        (PASS, {"variables": []}, "Variables must be a JSON object"),
    ],
)
def test_what_aws_refuses_is_refused(
    definition: Any, request_: dict[str, Any], message: str
) -> None:
    if "mock" in request_:
        request_ = {
            **request_,
            "mock": {"fieldValidationMode": "NONE"} | request_["mock"],
        }
    assert refusal(definition, **request_) == ("ValidationException", message)


def test_a_mock_is_held_against_the_api_of_its_service() -> None:
    pytest.importorskip("botocore")
    state = INVOKE | {"Resource": "arn:aws:states:::aws-sdk:kms:encrypt"}
    assert refusal(state, **mock({"KeyId": 7})) == (
        "ValidationException",
        "Mock result schema validation error: Field 'KeyId' must be a string",
    )


def test_a_wrong_definition_is_refused_by_its_place() -> None:
    code, message = refusal(PARALLEL | {"Branches": []})
    assert code == "InvalidDefinition"
    assert "/States/StateName/Branches" in message
    for text in ("{", "[]", " "):
        assert refusal(text)[0] == "InvalidDefinition"
    assert refusal(MAP)[0] == "InvalidDefinition"
    machine = {"StartAt": "No", "States": {"In": PASS}}
    assert refusal(machine, stateName="In")[0] == "InvalidDefinition"


def test_values_of_the_wrong_kind_are_refused() -> None:
    with pytest.raises(asl.ApiError, match="must not be null"):
        asl.Api().call("TestState", {})
    assert refusal(INVOKE, mock=[])[0] == "SerializationException"
    assert refusal(INVOKE, mock={"result": 1})[0] == "SerializationException"
    assert refusal(PASS, input="{")[0] == "InvalidExecutionInput"
    assert refusal(PASS, inspectionLevel="ALL")[0] == "ValidationException"
    wrong = mock(1, fieldValidationMode="LAX")
    assert refusal(INVOKE, **wrong)[0] == "ValidationException"
    many = {"stateConfiguration": {"retrierRetryCount": -1}}
    assert refusal(PASS, **many)[0] == "ValidationException"


def test_a_task_without_a_mock_is_done_by_tasks() -> None:
    code, message = refusal(INVOKE, roleArn=ROLE)
    assert code == "ValidationException"
    assert "needs tasks" in message
    tasks = asl.Tasks()
    tasks.bind("f")(lambda event: "done")
    request = {"definition": json.dumps(INVOKE), "roleArn": ROLE}
    answer = asl.Api(tasks=tasks).call("TestState", request)
    with pytest.raises(asl.ApiError, match="no callable is bound"):
        asl.Api(tasks=asl.Tasks()).call("TestState", request)
    assert json.loads(answer["output"])["Payload"] == "done"
