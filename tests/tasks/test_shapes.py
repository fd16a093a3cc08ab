"""Results as they are documented, made of placeholders."""

import sys
from typing import Any

import pytest

from asl.model.resource import find_resource
from asl.tasks import shapes
from asl.tasks.shapes import documented_result
from asl.tasks.unknown import Unknowns, without_marks

SERVICE = "arn:aws:states:::"


def result(arn: str) -> tuple[Any, Unknowns]:
    resource = find_resource(arn)
    assert resource is not None
    unknowns = Unknowns()
    return documented_result(resource, unknowns, "S"), unknowns


def shown(arn: str) -> Any:
    return without_marks(result(arn)[0])


def test_a_direct_lambda_may_give_anything() -> None:
    value, unknowns = result("arn:aws:lambda:us-east-1:123456789012:function:pay")
    unknown = unknowns.of(value)
    assert unknown is not None
    assert (unknown.state, unknown.path) == ("S", "$")


def test_an_invoked_lambda_comes_in_its_envelope() -> None:
    value, unknowns = result(f"{SERVICE}lambda:invoke")
    assert without_marks(value)["StatusCode"] == "<integer>"
    payload = unknowns.of(value["Payload"])
    assert payload is not None
    assert payload.path == "$.Payload"


def test_what_comes_back_with_a_token_may_be_anything() -> None:
    assert shown(f"{SERVICE}sqs:sendMessage.waitForTaskToken") == {}


@pytest.mark.parametrize(
    "arn",
    [
        f"{SERVICE}aws-sdk:nosuchservice:doIt",
        f"{SERVICE}aws-sdk:sns:doIt",
        f"{SERVICE}eks:call.sync",
    ],
)
def test_what_is_not_documented_may_be_anything(arn: str) -> None:
    pytest.importorskip("botocore")
    assert shown(arn) == {}


def test_an_sdk_result_is_spelt_in_pascal_case() -> None:
    pytest.importorskip("botocore")
    value, unknowns = result(f"{SERVICE}aws-sdk:sfn:listExecutions")
    assert list(without_marks(value)) == ["Executions", "NextToken"]
    (first,) = value["Executions"]
    status = unknowns.of(first["Status"])
    assert status is not None
    assert status.path == "$.Executions[0].Status"
    assert "SUCCEEDED" in status.one_of


def test_an_optimized_result_has_its_metadata() -> None:
    pytest.importorskip("botocore")
    value = shown(f"{SERVICE}sns:publish")
    assert value["MessageId"] == "<string>"
    assert value["SdkHttpMetadata"] == {}


@pytest.mark.parametrize(
    ("action", "member"),
    [
        ("glue:startJobRun.sync", "JobRunState"),
        ("athena:startQueryExecution.sync", "QueryExecution"),
        ("batch:submitJob.sync", "JobName"),
        ("states:startExecution.sync:2", "Output"),
    ],
)
def test_a_job_that_is_waited_for_gives_its_description(
    action: str, member: str
) -> None:
    pytest.importorskip("botocore")
    assert member in shown(SERVICE + action)


def test_a_service_is_found_by_the_name_step_functions_gives_it() -> None:
    pytest.importorskip("botocore")
    assert "Events" in shown(f"{SERVICE}aws-sdk:cloudwatchlogs:getLogEvents")


def test_what_contains_itself_ends_somewhere() -> None:
    pytest.importorskip("botocore")
    value = shown(f"{SERVICE}aws-sdk:dynamodb:scan")
    assert value["Items"] == [{}]


def test_a_giant_result_is_shown_as_deep_as_is_useful() -> None:
    pytest.importorskip("botocore")
    value = shown(f"{SERVICE}aws-sdk:quicksight:describeDashboardDefinition")
    assert value["Definition"]
    assert len(str(value)) < 100_000


def test_without_botocore_a_result_may_be_anything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shapes.output_shape.cache_clear()
    monkeypatch.setitem(sys.modules, "botocore.loaders", None)
    assert shown(f"{SERVICE}sns:publish") == {}
    shapes.output_shape.cache_clear()
