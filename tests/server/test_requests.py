"""Requests held against the service's model, with botocore's and with our own."""

from typing import Any

import pytest

import asl
from asl.server import request_shapes
from asl.server.request_shapes import OPERATIONS, find_input
from asl.server.requests import check_request

ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:m"
ROUTE = {"stateMachineVersionArn": f"{ARN}:1", "weight": 100}
LISTED = f"RoutingConfigurationListItem(stateMachineVersionArn={ARN}:1, weight=100)"
WORDS = "SUCCEEDED, TIMED_OUT, PENDING_REDRIVE, ABORTED, FAILED, RUNNING"


def refusal(action: str, request: Any) -> tuple[str, str]:
    with pytest.raises(asl.ApiError) as caught:
        check_request(action, request)
    return caught.value.code, caught.value.message


@pytest.fixture
def without_botocore(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the extra `aws` were not installed."""
    monkeypatch.setattr(request_shapes, "find_model", lambda service: None)


BAD = [
    ("DescribeExecution", {}, "Value null at 'executionArn'", "must not be null"),
    (
        "CreateStateMachineAlias",
        {"name": "a", "routingConfiguration": [ROUTE, None]},
        "Value null at 'routingConfiguration.2.member'",
        "must not be null",
    ),
    (
        "CreateStateMachineAlias",
        {"name": "a", "routingConfiguration": [ROUTE | {"weight": 101}]},
        "Value '101' at 'routingConfiguration.1.member.weight'",
        "must have value less than or equal to 100",
    ),
    (
        "CreateStateMachineAlias",
        {"name": "a", "routingConfiguration": [ROUTE] * 3},
        f"Value '[{LISTED}, {LISTED}, {LISTED}]' at 'routingConfiguration'",
        "must have length less than or equal to 2",
    ),
    (
        "ListExecutions",
        {"statusFilter": "succeeded"},
        "Value 'succeeded' at 'statusFilter'",
        f"must satisfy enum value set: [{WORDS}]",
    ),
    (
        "ListStateMachines",
        {"maxResults": -1},
        "Value '-1' at 'maxResults'",
        "must have value greater than or equal to 0",
    ),
    (
        "CreateActivity",
        {"name": ""},
        "Value '' at 'name'",
        "must have length greater than or equal to 1",
    ),
]


@pytest.mark.parametrize(("action", "request_", "value", "constraint"), BAD)
def test_what_breaks_a_constraint_is_told_in_awss_words(
    action: str, request_: dict[str, Any], value: str, constraint: str
) -> None:
    assert refusal(action, request_) == (
        "ValidationException",
        f"1 validation error detected: {value} failed to satisfy constraint: "
        f"Member {constraint}",
    )


@pytest.mark.parametrize(("action", "request_", "value", "constraint"), BAD)
@pytest.mark.usefixtures("without_botocore")
def test_so_it_is_without_botocore(
    action: str, request_: dict[str, Any], value: str, constraint: str
) -> None:
    message = f"{value} failed to satisfy constraint: Member {constraint}"
    assert message in refusal(action, request_)[1]


def test_all_that_is_wrong_is_told_at_once() -> None:
    code, message = refusal("CreateStateMachine", {"type": "SLOW", "name": None})
    assert code == "ValidationException"
    assert message == (
        "4 validation errors detected: "
        "Value null at 'name' failed to satisfy constraint: Member must not be null; "
        "Value null at 'definition' failed to satisfy constraint: Member must not be "
        "null; Value null at 'roleArn' failed to satisfy constraint: Member must not "
        "be null; Value 'SLOW' at 'type' failed to satisfy constraint: Member must "
        "satisfy enum value set: [STANDARD, EXPRESS]"
    )


def test_a_message_has_an_end() -> None:
    keys = {"resourceArn": ARN, "tagKeys": [""] * 1000}
    assert refusal("UntagResource", keys)[1].startswith("20 validation errors")


@pytest.mark.parametrize(
    ("name", "constraint"),
    [
        ("123", "satisfy regular expression pattern: ^(?=.*[a-zA-Z_\\-\\.])"),
        ("a b", "satisfy regular expression pattern: ^(?=.*[a-zA-Z_\\-\\.])"),
        ("a" * 81, "have length less than or equal to 80"),
    ],
)
def test_an_alias_has_a_form(name: str, constraint: str) -> None:
    pytest.importorskip("botocore")
    request = {"name": name, "routingConfiguration": [ROUTE]}
    assert (
        f"Value '{name}' at 'name' failed"
        in refusal("CreateStateMachineAlias", request)[1]
    )
    assert constraint in refusal("CreateStateMachineAlias", request)[1]


def test_an_ascii_header_is_ascii() -> None:
    pytest.importorskip("botocore")
    check_request("StartExecution", {"stateMachineArn": ARN, "traceHeader": "Root=1"})
    code, _ = refusal(
        "StartExecution", {"stateMachineArn": ARN, "traceHeader": "Würzel"}
    )
    assert code == "ValidationException"


def test_what_is_secret_is_not_quoted() -> None:
    pytest.importorskip("botocore")
    request = {"executionArn": "arn:x", "cause": "c" * 32_769, "error": "e" * 257}
    assert refusal("StopExecution", request)[1] == (
        "2 validation errors detected: Value at 'error' failed to satisfy constraint: "
        "Member must have length less than or equal to 256; Value at 'cause' failed to "
        "satisfy constraint: Member must have length less than or equal to 32768"
    )


def test_lengths_are_counted_as_java_counts() -> None:
    pytest.importorskip("botocore")
    check_request("CreateActivity", {"name": "é" * 80})
    check_request("CreateActivity", {"name": "😀" * 40})
    assert (
        "less than or equal to 80" in refusal("CreateActivity", {"name": "😀" * 41})[1]
    )


@pytest.mark.parametrize(
    ("action", "request_", "message"),
    [
        (
            "CreateActivity",
            {"name": 7},
            "NUMBER_VALUE can not be converted to a String",
        ),
        (
            "CreateActivity",
            {"name": True},
            "TRUE_VALUE can not be converted to a String",
        ),
        (
            "CreateActivity",
            {"name": []},
            "START_ARRAY can not be converted to a String",
        ),
        (
            "CreateActivity",
            {"name": {}},
            "START_OBJECT can not be converted to a String",
        ),
        ("CreateActivity", {"name": "a", "tags": "b"}, "Expected list or null"),
        (
            "CreateActivity",
            {"name": "a", "tags": ["b"]},
            "Start of structure or map found where not expected.",
        ),
        (
            "ListActivities",
            {"maxResults": "1"},
            "STRING_VALUE can not be converted to an Integer",
        ),
        (
            "ListActivities",
            {"maxResults": 1.5},
            "NUMBER_VALUE can not be converted to an Integer",
        ),
        (
            "ListActivities",
            {"maxResults": 2**31},
            "NUMBER_VALUE can not be converted to an Integer",
        ),
        (
            "GetExecutionHistory",
            {"executionArn": "arn:x", "reverseOrder": 1},
            "NUMBER_VALUE can not be converted to a Boolean",
        ),
        (
            "UpdateMapRun",
            {"mapRunArn": "arn:x", "toleratedFailurePercentage": "5"},
            "STRING_VALUE can not be converted to a Float",
        ),
    ],
)
@pytest.mark.parametrize("has_botocore", [True, False])
def test_a_value_of_another_type_is_no_request(
    action: str,
    request_: dict[str, Any],
    message: str,
    has_botocore: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not has_botocore:
        monkeypatch.setattr(request_shapes, "find_model", lambda service: None)
    assert refusal(action, request_) == ("SerializationException", message)


def test_what_nobody_knows_is_left_alone() -> None:
    check_request("ListActivities", {"colour": 7, "nextToken": None})
    check_request("PackParcel", {"name": 7})


@pytest.mark.usefixtures("without_botocore")
def test_without_botocore_what_nobody_knows_is_left_alone() -> None:
    check_request("PackParcel", {"name": 7})


def test_a_pattern_that_only_java_has_is_not_held_against_a_value() -> None:
    from asl.server.requests import _compiled

    assert _compiled(r"\p{Alnum}+") is None


def test_our_own_table_agrees_with_botocore(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("botocore")
    theirs = {action: find_input(action) for action in OPERATIONS}
    monkeypatch.setattr(request_shapes, "find_model", lambda service: None)
    for action, found in theirs.items():
        own = find_input(action)
        assert own is not None
        assert found is not None
        _same(own[0], own[1], found[0], found[1], action)


def _same(own: Any, own_shapes: Any, theirs: Any, their_shapes: Any, at: str) -> None:
    kinds = {"long": "integer"}
    assert own["type"] == kinds.get(theirs["type"], theirs["type"]), at
    if own["type"] == "structure":
        assert set(own["members"]) == set(theirs["members"]), at
        assert set(own["required"]) == set(theirs.get("required", ())), at
        for name, member in own["members"].items():
            _same(
                own_shapes[member["shape"]],
                own_shapes,
                their_shapes[theirs["members"][name]["shape"]],
                their_shapes,
                f"{at}.{name}",
            )
    if own["type"] == "list":
        _same(
            own_shapes[own["member"]["shape"]],
            own_shapes,
            their_shapes[theirs["member"]["shape"]],
            their_shapes,
            f"{at}[]",
        )
    for limit in ("enum", "min", "max"):
        if limit in own:
            assert own[limit] == theirs.get(limit, 0), (at, limit)
