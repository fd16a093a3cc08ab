"""The operations on state machines, without a socket."""

import json
from typing import Any

import pytest

import asl
from asl.runtime.clock import VirtualClock
from asl.server.request_shapes import OPERATIONS

ROLE = "arn:aws:iam::123456789012:role/runner"
GOOD = '{"StartAt": "Go", "States": {"Go": {"Type": "Pass", "End": true}}}'
OTHER = '{"StartAt": "On", "States": {"On": {"Type": "Succeed"}}}'
BAD = '{"StartAt": "Go", "States": {"Go": {"Type": "Pass", "Next": "Sea"}}}'
ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:orders"


def create(api: asl.Api, **changes: Any) -> dict[str, Any]:
    request = {"name": "orders", "definition": GOOD, "roleArn": ROLE, **changes}
    kept = {name: value for name, value in request.items() if value is not None}
    return api.call("CreateStateMachine", kept)


def update(api: asl.Api, **fields: Any) -> dict[str, Any]:
    return api.call("UpdateStateMachine", {"stateMachineArn": ARN, **fields})


def refusal(action: Any, *args: Any, **fields: Any) -> tuple[str, str]:
    with pytest.raises(asl.ApiError) as caught:
        action(*args, **fields)
    assert caught.value.status == 400
    return caught.value.code, caught.value.message


@pytest.fixture
def api() -> asl.Api:
    return asl.Api()


def test_a_machine_is_created_with_its_arn_and_date(api: asl.Api) -> None:
    assert create(api) == {"stateMachineArn": ARN, "creationDate": 1767225600.0}


def test_region_account_and_clock_can_be_chosen() -> None:
    clock = VirtualClock()
    api = asl.Api(clock=clock, region="eu-west-1", account="000000000001")
    clock.jump(clock.now() + 1_234_567)
    assert create(api) == {
        "stateMachineArn": "arn:aws:states:eu-west-1:000000000001:stateMachine:orders",
        "creationDate": 1767225601.234,
    }


def test_the_same_machine_may_be_created_again(api: asl.Api) -> None:
    first = create(api)
    assert create(api, roleArn=f"{ROLE}-2", tags=[{"key": "a", "value": "b"}]) == first


@pytest.mark.parametrize(
    "change",
    [
        {"definition": OTHER},
        {"definition": GOOD + " "},
        {"type": "EXPRESS"},
        {"tracingConfiguration": {"enabled": True}},
    ],
)
def test_another_machine_of_its_name_is_refused(
    api: asl.Api, change: dict[str, Any]
) -> None:
    create(api)
    assert refusal(create, api, **change) == (
        "StateMachineAlreadyExists",
        f"State Machine Already Exists: '{ARN}'",
    )


@pytest.mark.parametrize("name", ["a b", "a<b", "a*", 'a"b', "a#b", "a/b", "a\x85b"])
def test_a_bad_name_is_refused(api: asl.Api, name: str) -> None:
    assert refusal(create, api, name=name) == ("InvalidName", f"Invalid Name: '{name}'")


@pytest.mark.parametrize(
    ("name", "bound"),
    [("", "greater than or equal to 1"), ("n" * 81, "less than or equal to 80")],
)
def test_a_name_has_one_to_eighty_characters(
    api: asl.Api, name: str, bound: str
) -> None:
    assert refusal(create, api, name=name) == (
        "ValidationException",
        f"1 validation error detected: Value '{name}' at 'name' failed to satisfy "
        f"constraint: Member must have length {bound}",
    )


@pytest.mark.parametrize("name", ["n" * 80, "a.b-c_d", "käse", "(a)=+@!"])
def test_a_good_name_is_accepted(api: asl.Api, name: str) -> None:
    assert create(api, name=name)["stateMachineArn"].endswith(f":{name}")


def test_a_role_is_an_arn(api: asl.Api) -> None:
    assert refusal(create, api, roleArn="runner") == (
        "InvalidArn",
        "Invalid Arn: 'Invalid ARN prefix: runner'",
    )


def test_a_bad_definition_is_refused_in_whole_and_nothing_stays(api: asl.Api) -> None:
    code, message = refusal(create, api, definition=BAD)
    assert code == "InvalidDefinition"
    assert message.startswith(
        "Invalid State Machine Definition: 'MISSING_TRANSITION_TARGET: Missing 'Next' "
        "target: Sea at /States/Go/Next, "
    )
    assert create(api)["stateMachineArn"] == ARN


def test_the_type_decides_what_a_definition_may_have(api: asl.Api) -> None:
    resource = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
    box = {"Type": "Task", "Resource": resource, "End": True}
    text = json.dumps({"StartAt": "Box", "States": {"Box": box}})
    create(api, definition=text)
    code, message = refusal(create, api, name="quick", definition=text, type="EXPRESS")
    assert code == "InvalidDefinition"
    assert message.endswith("service integration  at /States/Box/Resource'")


@pytest.mark.parametrize("missing", ["name", "definition", "roleArn"])
def test_a_missing_parameter_is_named(api: asl.Api, missing: str) -> None:
    assert refusal(create, api, **{missing: None}) == (
        "ValidationException",
        f"1 validation error detected: Value null at '{missing}' failed to satisfy "
        "constraint: Member must not be null",
    )


def test_a_type_is_one_of_two(api: asl.Api) -> None:
    assert refusal(create, api, type="SLOW") == (
        "ValidationException",
        "1 validation error detected: Value 'SLOW' at 'type' failed to satisfy "
        "constraint: Member must satisfy enum value set: [STANDARD, EXPRESS]",
    )


@pytest.mark.parametrize("field", ["definition", "name"])
def test_a_text_is_a_text(api: asl.Api, field: str) -> None:
    assert refusal(create, api, **{field: {}})[0] == "SerializationException"


DESTINATION = {
    "cloudWatchLogsLogGroup": {
        "logGroupArn": "arn:aws:logs:us-east-1:123456789012:log-group:orders:*"
    }
}
ONE = (
    "InvalidLoggingConfiguration",
    "Invalid Logging Configuration: Must specify exactly one Log Destination.",
)


@pytest.mark.parametrize(
    "logging",
    [
        {"level": "ERROR"},
        {"level": "ALL", "destinations": []},
        {"level": "ALL", "destinations": [DESTINATION, DESTINATION]},
    ],
)
def test_logging_has_one_destination(api: asl.Api, logging: dict[str, Any]) -> None:
    assert refusal(create, api, loggingConfiguration=logging) == ONE
    create(api)
    assert refusal(update, api, loggingConfiguration=logging) == ONE


@pytest.mark.parametrize(
    "logging",
    [
        {},
        {"destinations": []},
        {"level": "OFF", "destinations": [DESTINATION]},
        {"level": "FATAL", "destinations": [DESTINATION]},
    ],
)
def test_good_logging_is_accepted(api: asl.Api, logging: dict[str, Any]) -> None:
    assert create(api, loggingConfiguration=logging)["stateMachineArn"] == ARN


# --- versions

DESCRIPTION = (
    "ValidationException",
    "Version description can only be set when publish is true",
)


def test_a_version_is_published_on_demand(api: asl.Api) -> None:
    answer = create(api, publish=True, versionDescription="the first")
    assert answer["stateMachineVersionArn"] == f"{ARN}:1"


def test_a_description_needs_a_version(api: asl.Api) -> None:
    assert refusal(create, api, versionDescription="none") == DESCRIPTION
    create(api)
    assert (
        refusal(update, api, definition=OTHER, versionDescription="none") == DESCRIPTION
    )


def test_an_update_that_changes_nothing_publishes_nothing_new(api: asl.Api) -> None:
    create(api, publish=True)
    answer = update(api, definition=GOOD, publish=True)
    assert answer == {
        "updateDate": 1767225600.0,
        "stateMachineVersionArn": f"{ARN}:1",
    }


def test_an_update_is_a_revision_and_can_be_a_version(api: asl.Api) -> None:
    create(api, publish=True)
    first = update(api, definition=OTHER)
    second = update(api, roleArn=f"{ROLE}-2", publish=True)
    third = update(api, definition=GOOD, publish=True)
    assert "stateMachineVersionArn" not in first
    assert second["stateMachineVersionArn"] == f"{ARN}:2"
    assert third["stateMachineVersionArn"] == f"{ARN}:3"
    ids = {answer["revisionId"] for answer in (first, second, third)}
    assert len(ids) == 3
    again = asl.Api()
    create(again)
    assert update(again, definition=OTHER)["revisionId"] == first["revisionId"]


# --- updates


def test_an_update_needs_a_change(api: asl.Api) -> None:
    create(api)
    assert refusal(update, api) == (
        "MissingRequiredParameter",
        "Either the definition, the role ARN, the LoggingConfiguration, or the "
        "TracingConfiguration must be specified",
    )


@pytest.mark.parametrize("arn", [ARN, f"{ARN}:1"])
def test_an_update_needs_a_machine(arn: str, api: asl.Api) -> None:
    create(api, name="others", publish=True)
    request = {"stateMachineArn": arn, "definition": GOOD}
    assert refusal(api.call, "UpdateStateMachine", request) == (
        "StateMachineDoesNotExist",
        f"State Machine Does Not Exist: '{arn}'",
    )


def test_account_and_region_of_a_request_do_not_matter(api: asl.Api) -> None:
    create(api)
    arn = "arn:aws-cn:states:cn-north-1:000000000000:stateMachine:orders"
    request = {"stateMachineArn": arn, "definition": OTHER}
    assert "revisionId" in api.call("UpdateStateMachine", request)


def test_an_update_needs_an_arn(api: asl.Api) -> None:
    request = {"stateMachineArn": "orders", "definition": GOOD}
    assert refusal(api.call, "UpdateStateMachine", request)[0] == "InvalidArn"


def test_a_bad_update_changes_nothing(api: asl.Api) -> None:
    create(api)
    assert refusal(update, api, definition=BAD)[0] == "InvalidDefinition"
    assert "revisionId" not in update(api, definition=GOOD)


# --- validation and the table


def validate(api: asl.Api, **fields: Any) -> dict[str, Any]:
    return api.call("ValidateStateMachineDefinition", fields)


def test_a_good_definition_has_no_diagnostics(api: asl.Api) -> None:
    assert validate(api, definition=GOOD) == {
        "result": "OK",
        "diagnostics": [],
        "truncated": False,
    }


def test_type_severity_and_number_are_heeded(api: asl.Api) -> None:
    box = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"MessageBody": "$.body"},
        "End": True,
    }
    text = json.dumps({"StartAt": "Box", "States": {"Box": box}})
    assert validate(api, definition=text)["result"] == "OK"
    warned = validate(api, definition=text, severity="WARNING")
    assert [item["code"] for item in warned["diagnostics"]] == ["NO_DOLLAR"]
    refused = validate(
        api, definition=text, type="EXPRESS", severity="WARNING", maxResults=1
    )
    assert (refused["result"], refused["truncated"]) == ("FAIL", True)
    assert [item["severity"] for item in refused["diagnostics"]] == ["ERROR"]


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({}, "Value null at 'definition' failed to satisfy constraint: "),
        ({"definition": GOOD, "type": "X"}, "Value 'X' at 'type' failed"),
        ({"definition": GOOD, "severity": "X"}, "Value 'X' at 'severity' failed"),
        (
            {"definition": GOOD, "maxResults": 101},
            "Value '101' at 'maxResults' failed to satisfy constraint: Member must "
            "have value less than or equal to 100",
        ),
        (
            {"definition": GOOD, "maxResults": -1},
            "Value '-1' at 'maxResults' failed to satisfy constraint: Member must "
            "have value greater than or equal to 0",
        ),
    ],
)
def test_a_bad_request_is_refused(
    api: asl.Api, fields: dict[str, Any], constraint: str
) -> None:
    code, message = refusal(validate, api, **fields)
    assert code == "ValidationException"
    assert constraint in message


def test_a_definition_has_an_end(api: asl.Api) -> None:
    code, message = refusal(validate, api, definition=GOOD + " " * 1_048_576)
    assert code == "ValidationException"
    assert message.endswith("Member must have length less than or equal to 1048576")


def test_a_number_is_a_number(api: asl.Api) -> None:
    code, _ = refusal(validate, api, definition=GOOD, maxResults="many")
    assert code == "SerializationException"


def test_an_unknown_operation_is_refused(api: asl.Api) -> None:
    assert refusal(api.call, "PackParcel", {})[0] == "UnknownOperationException"
    assert refusal(api.call, "CreateStateMachine", [])[0] == "SerializationException"


def test_the_table_has_every_operation_of_the_service(api: asl.Api) -> None:
    loaders = pytest.importorskip("botocore.loaders")
    model = loaders.Loader().load_service_model("stepfunctions", "service-2")
    assert api.actions == sorted(OPERATIONS)
    assert set(model["operations"]) <= set(api.actions)


def test_a_bug_of_ours_is_the_servers_fault(
    api: asl.Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **options: Any) -> None:
        raise asl.InternalError("lost the thread")

    monkeypatch.setattr("asl.server.single.prepare_state", fail)
    state = {"definition": '{"Type": "Pass", "End": true}'}
    with pytest.raises(asl.ApiError, match="please report it") as caught:
        api.call("TestState", state)
    assert (caught.value.code, caught.value.status) == ("InternalFailure", 500)


def test_a_refusal_reads_like_a_sentence() -> None:
    assert str(asl.ApiError("InvalidName", "Invalid Name: 'a b'")) == (
        "InvalidName: Invalid Name: 'a b'"
    )
    assert str(asl.ApiError("Gone", status=500)) == "Gone"
