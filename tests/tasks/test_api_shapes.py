"""Mocked results against the API models, in AWS's words."""

import sys
from typing import Any

import pytest

from asl.model.resource import find_resource
from asl.tasks import shapes
from asl.tasks.api_shapes import PREFIX, check_result

SERVICE = "arn:aws:states:::"


def check(action: str, value: Any, mode: Any = "STRICT") -> list[str]:
    """What is said, without the head that all sentences have."""
    resource = find_resource(action if action.startswith("arn:") else SERVICE + action)
    assert resource is not None
    found = check_result(resource, value, mode)
    assert all(text.startswith(PREFIX) for text in found)
    return [text.removeprefix(PREFIX) for text in found]


RIGHT: list[tuple[str, Any]] = [
    ("sns:publish", {"MessageId": "m", "SequenceNumber": "1"}),
    ("sns:publish", {"Anything": "else", "messageId": 7}),
    ("sns:publish", {"MessageId": None}),
    ("lambda:invoke", {"StatusCode": 200, "Payload": {"any": ["thing"]}}),
    ("lambda:invoke", {"StatusCode": 200, "Payload": "text"}),
    ("aws-sdk:lambda:invoke", {"StatusCode": 200, "Payload": {"any": 1}}),
    ("bedrock:invokeModel", {"Body": {"any": 1}, "ContentType": "json"}),
    ("states:startExecution", {"ExecutionArn": "a", "StartDate": "2026-01-01"}),
    ("sqs:sendMessage.waitForTaskToken", "whatever comes back"),
    ("apigateway:invoke", {"StatusCode": "wrong"}),
    ("http:invoke", {"StatusCode": "no model"}),
    ("aws-sdk:nosuchservice:doIt", {"any": 1}),
    ("eks:call.sync", {"any": 1}),
    ("aws-sdk:sqs:setQueueAttributes", {"any": 1}),
    ("aws-sdk:bedrockruntime:converse", {"AdditionalModelResponseFields": [1]}),
]


@pytest.mark.parametrize(("action", "value"), RIGHT)
def test_what_the_api_could_give_is_right(action: str, value: Any) -> None:
    pytest.importorskip("botocore")
    mode = "PRESENT" if "converse" in action else "STRICT"
    assert check(action, value, mode) == []


WRONG: list[tuple[str, Any, str]] = [
    ("sns:publish", "text", "The result must be an object"),
    ("sns:publish", {"MessageId": 7}, "Field 'MessageId' must be a string"),
    ("lambda:invoke", {"StatusCode": "200"}, "Field 'StatusCode' must be a number"),
    ("lambda:invoke", {"StatusCode": True}, "Field 'StatusCode' must be a number"),
    ("sqs:sendMessage", {"MessageId": []}, "Field 'MessageId' must be a string"),
    ("dynamodb:getItem", {"Item": []}, "Field 'Item' must be an object"),
    ("dynamodb:getItem", {"Item": {"id": 5}}, "Field 'id' must be an object"),
    ("dynamodb:getItem", {"Item": {"id": {"S": 5}}}, "Field 'S' must be a string"),
    (
        "dynamodb:getItem",
        {"Item": {"id": {"BOOL": 1}}},
        "Field 'BOOL' must be a boolean",
    ),
    ("dynamodb:getItem", {"Item": {"id": {"SS": "x"}}}, "Field 'SS' must be an array"),
    ("dynamodb:getItem", {"Item": {"id": {"SS": [1]}}}, "Field 'SS' must be a string"),
    ("events:putEvents", {"Entries": {}}, "Field 'Entries' must be an array"),
    (
        "events:putEvents",
        {"FailedEntryCount": "0"},
        "Field 'FailedEntryCount' must be a number",
    ),
    (
        "aws-sdk:s3:headObject",
        {"ServerSideEncryption": "plain"},
        "Field 'ServerSideEncryption' is not an expected value",
    ),
    (
        "aws-sdk:kms:decrypt",
        {"Plaintext": ""},
        "Field 'Plaintext' is smaller than the minimum length",
    ),
    (
        "aws-sdk:lambda:getFunctionConfiguration",
        {"Timeout": 0},
        "Field 'Timeout' is less than the minimum value",
    ),
    (
        "aws-sdk:lambda:getFunctionConfiguration",
        {"MemorySize": 10_241},
        "Field 'MemorySize' exceeds the maximum value",
    ),
    ("states:startExecution", {"StartDate": 5}, "Field 'StartDate' must be a string"),
    (
        "states:startExecution.sync:2",
        {"Output": {"any": 1}, "Status": 5},
        "Field 'Status' must be a string",
    ),
    (
        "states:startExecution.sync",
        {"Output": {"any": 1}},
        "Field 'Output' must be a string",
    ),
    (
        "glue:startJobRun.sync",
        {"JobRunState": "LAZY"},
        "Field 'JobRunState' is not an expected value",
    ),
]


@pytest.mark.parametrize(("action", "value", "text"), WRONG)
def test_what_the_api_could_not_give_is_told(
    action: str, value: Any, text: str
) -> None:
    pytest.importorskip("botocore")
    assert check(action, value, "PRESENT") == [text]


def test_strict_asks_for_what_the_api_always_gives() -> None:
    pytest.importorskip("botocore")
    both = [f"Required field '{name}' is missing" for name in _ALWAYS]
    assert check("states:startExecution", {}) == both
    assert check("states:startExecution", {"executionArn": "a"}, "STRICT") == both
    assert check("states:startExecution", {}, "PRESENT") == []
    assert check("states:startExecution", 5, "NONE") == []


_ALWAYS = ("ExecutionArn", "StartDate")


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:lambda:us-east-1:123456789012:function:pay",
        "arn:aws:states:us-east-1:123456789012:activity:pack",
    ],
)
def test_functions_and_activities_may_give_anything(arn: str) -> None:
    assert check(arn, [1]) == []


def test_without_botocore_everything_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    shapes.output_shape.cache_clear()
    monkeypatch.setitem(sys.modules, "botocore.loaders", None)
    assert check("sns:publish", {"MessageId": 7}) == []
    shapes.output_shape.cache_clear()
