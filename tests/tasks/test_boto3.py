"""Integrations through boto3: parameters, results, errors as Step Functions has."""

import io
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import NoCredentialsError
from botocore.response import StreamingBody
from botocore.stub import Stubber

import asl
from asl.tasks.boto3_data import java_name

ROLE = "arn:aws:iam::123456789012:role/runner"
URL = "https://sqs.us-east-1.amazonaws.com/123456789012/orders"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:pay"
ID = "11111111-2222-3333-4444-555555555555"
TOLD = {
    "RequestId": ID,
    "HTTPStatusCode": 200,
    "HTTPHeaders": {"content-type": "application/x-amz-json-1.0", "x-own": "1"},
}


class LooseStubber(Stubber):  # type: ignore[misc] # botocore has no types
    """Answers need not have all that the service gives."""

    def _validate_operation_response(self, *_: object) -> None:
        """Nothing."""


class Session:
    """A session whose clients are stubbed: nothing is sent."""

    region_name: str | None = None

    def __init__(self) -> None:
        self.asked: list[tuple[str, str | None]] = []
        self.stubs: dict[str, Stubber] = {}
        self._clients: dict[str, Any] = {}

    def stub(self, service: str) -> Stubber:
        if service not in self.stubs:
            client = boto3.client(
                service,
                region_name="us-east-1",
                aws_access_key_id="key",
                aws_secret_access_key="secret",
                config=Config(parameter_validation=False),
            )
            self._clients[service] = client
            self.stubs[service] = LooseStubber(client)
            self.stubs[service].activate()
        return self.stubs[service]

    def client(self, service: str, *, region_name: str | None, config: Any) -> Any:
        self.asked.append((service, region_name))
        self.stub(service)
        return self._clients[service]


@pytest.fixture
def session() -> Iterator[Session]:
    session = Session()
    yield session
    for stub in session.stubs.values():
        stub.assert_no_pending_responses()


def machine(resource: str, parameters: Any = None, **fields: Any) -> asl.StateMachine:
    state = {"Type": "Task", "Resource": resource, "End": True, **fields}
    if parameters is not None:
        state["Parameters"] = parameters
    return asl.load_text(json.dumps({"StartAt": "Call", "States": {"Call": state}}))


def call(session: Any, service: str, parameters: Any, **options: Any) -> asl.Execution:
    tasks = asl.tasks.boto3.tasks(session)
    resource = f"arn:aws:states:::{service}"
    return asl.run(machine(resource, parameters), tasks=tasks, **options)


def test_an_optimized_result_tells_of_its_response(session: Session) -> None:
    session.stub("sqs").add_response(
        "send_message",
        {"MessageId": "m", "MD5OfMessageBody": "x", "ResponseMetadata": TOLD},
        {"QueueUrl": URL, "MessageBody": '{"a":1}'},
    )
    done = call(session, "sqs:sendMessage", {"QueueUrl": URL, "MessageBody": {"a": 1}})
    headers = {"Content-Type": "application/x-amz-json-1.0", "x-own": "1"}
    assert done.output == {
        "MD5OfMessageBody": "x",
        "MessageId": "m",
        "SdkHttpMetadata": {
            "AllHttpHeaders": {name: [text] for name, text in headers.items()},
            "HttpHeaders": headers,
            "HttpStatusCode": 200,
        },
        "SdkResponseMetadata": {"RequestId": ID},
    }
    assert list(done.output) == sorted(done.output)


def test_an_sdk_result_is_spelt_in_pascal_case(session: Session) -> None:
    session.stub("ecs").add_response(
        "list_clusters",
        {"clusterArns": ["a"], "nextToken": "n", "ResponseMetadata": TOLD},
        {"maxResults": 3},
    )
    done = call(session, "aws-sdk:ecs:listClusters", {"MaxResults": 3})
    assert done.output == {"ClusterArns": ["a"], "NextToken": "n"}


def test_keys_of_maps_keep_their_spelling(session: Session) -> None:
    item = {"id": {"S": "1"}, "own": {"M": {"a": {"N": "5"}, "b": {"BOOL": True}}}}
    session.stub("dynamodb").add_response(
        "get_item", {"Item": item}, {"TableName": "t", "Key": {"id": {"S": "1"}}}
    )
    parameters = {"TableName": "t", "Key": {"id": {"S": "1"}}}
    done = call(session, "aws-sdk:dynamodb:getItem", parameters)
    assert done.output == {"Item": item}


def test_dates_are_texts_or_numbers(session: Session) -> None:
    whole = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    part = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)
    arn = "arn:aws:states:us-east-1:123456789012:stateMachine:m"
    ran = {"executionArn": "e"}
    stub = session.stub("stepfunctions")
    for moment in (whole, part, part):
        stub.add_response("start_execution", {**ran, "startDate": moment})
    parameters = {"StateMachineArn": arn, "Input": {"a": 1}}
    sdk = "aws-sdk:sfn:startExecution"
    found = [call(session, sdk, parameters).output["StartDate"] for _ in range(2)]
    assert found == ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.678Z"]
    done = call(session, "states:startExecution", parameters)
    assert done.output["StartDate"] == 1767323045678


@pytest.mark.parametrize(
    ("content", "text"), [(b"text \xc3\xa4", "text ä"), (b"\xff\x00", "/wA=")]
)
def test_bytes_and_streams_are_texts(
    session: Session, content: bytes, text: str
) -> None:
    body = StreamingBody(io.BytesIO(content), len(content))
    session.stub("s3").add_response("get_object", {"Body": body, "ContentLength": 9})
    done = call(session, "aws-sdk:s3:getObject", {"Bucket": "b", "Key": "k"})
    assert list(done.output.items()) == [("ContentLength", 9), ("Body", text)]


@pytest.mark.parametrize(
    ("given", "sent"),
    [("text", b"text"), (False, b"false"), (0, b"0"), (["a", 1], b'["a",1]')],
)
def test_what_is_sent_as_bytes_is_jsons_text(
    session: Session, given: Any, sent: bytes
) -> None:
    session.stub("s3").add_response(
        "put_object", {}, {"Bucket": "b", "Key": "k", "Body": sent}
    )
    done = call(
        session, "aws-sdk:s3:putObject", {"Bucket": "b", "Key": "k", "Body": given}
    )
    assert done.output == {}


def test_parameters_get_the_types_of_the_api(session: Session) -> None:
    session.stub("cloudwatch").add_response(
        "put_metric_data",
        {},
        {
            "Namespace": "5",
            "MetricData": [
                {
                    "MetricName": "m",
                    "Timestamp": datetime(2026, 1, 1, tzinfo=UTC),
                    "Value": 1.5,
                    "StorageResolution": 60,
                }
            ],
            "StrictEntityValidation": True,
        },
    )
    datum = {
        "MetricName": "m",
        "Timestamp": "2026-01-01T00:00:00Z",
        "Value": "1.5",
        "StorageResolution": 60.0,
        "Unit": None,
    }
    done = call(
        session,
        "aws-sdk:cloudwatch:putMetricData",
        {"Namespace": 5, "MetricData": [datum], "StrictEntityValidation": "true"},
    )
    assert done.status == "SUCCEEDED"


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"Foo": 1}, "The field 'Foo' is not supported"),
        ({"MetricData": "x"}, "The value of the field 'MetricData' has an invalid"),
        ({"MetricData": [5]}, "The value of the field 'MetricData' has an invalid"),
        ({"MetricData": [{"Value": "x"}]}, "the field 'Value' has an invalid format"),
        ({"MetricData": [{"Value": []}]}, "the field 'Value' has an invalid format"),
        ({"MetricData": [{"Value": True}]}, "the field 'Value' has an invalid format"),
        ({"MetricData": [{"StorageResolution": 1.5}]}, "the field 'StorageResolution'"),
        ({"MetricData": [{"Timestamp": "soon"}]}, "the field 'Timestamp' has an"),
        ({"StrictEntityValidation": "maybe"}, "the field 'StrictEntityValidation' has"),
    ],
)
def test_parameters_that_no_service_takes_start_no_task(
    session: Session, parameters: Any, reason: str
) -> None:
    done = call(session, "aws-sdk:cloudwatch:putMetricData", parameters)
    assert done.error == "States.Runtime"
    assert done.cause is not None
    assert "could not be used to start the Task: [" in done.cause
    assert reason in done.cause


def test_what_a_path_needs_must_be_there(session: Session) -> None:
    done = call(session, "aws-sdk:s3:getObject", {"Bucket": None, "Key": ""})
    assert (done.cause or "").endswith(
        "[The field 'Bucket' is required but was missing, The field 'Key' is required "
        "but was missing]"
    )


def test_a_document_passes_as_it_is(session: Session) -> None:
    session.stub("bedrock-runtime").add_response(
        "converse", {"output": {}, "stopReason": "end_turn"}
    )
    schema = {"json": {"type": "object", "camelCase": [1, {"a": None}]}}
    tool = {"ToolSpec": {"Name": "t", "InputSchema": {"Json": schema}}}
    done = call(
        session,
        "aws-sdk:bedrockruntime:converse",
        {"ModelId": "m", "ToolConfig": {"Tools": [tool]}},
    )
    assert done.output == {"Output": {}, "StopReason": "end_turn"}


ERRORS = [
    # service, operation, parameters, code, message, metadata; error, cause
    (
        "sqs:sendMessage",
        ("MissingParameter", "No body.", {"HTTPStatusCode": 400}),
        "SQS.AmazonSQSException",
        "No body. (Service: AmazonSQS; Status Code: 400; Error Code: MissingParameter; "
        f"Request ID: {ID}; Proxy: null)",
    ),
    (
        "sqs:sendMessage",
        ("QueueDoesNotExist", "None.", {"HTTPStatusCode": 400}),
        "SQS.QueueDoesNotExistException",
        "None. (Service: AmazonSQS; Status Code: 400; Error Code: QueueDoesNotExist; "
        f"Request ID: {ID}; Proxy: null)",
    ),
    (
        "aws-sdk:sqs:sendMessage",
        ("QueueDoesNotExist", "None.", {"HTTPStatusCode": 400}),
        "Sqs.QueueDoesNotExistException",
        f"None. (Service: Sqs, Status Code: 400, Request ID: {ID}) "
        "(SDK Attempt Count: 1)",
    ),
    (
        "aws-sdk:sqs:sendMessage",
        ("Odd", "Odd.", {"HTTPStatusCode": 500, "RetryAttempts": 2}),
        "Sqs.SqsException",
        f"Odd. (Service: Sqs, Status Code: 500, Request ID: {ID}) "
        "(SDK Attempt Count: 3)",
    ),
    (
        "dynamodb:putItem",
        ("ResourceNotFoundException", "None.", {"HTTPStatusCode": 400}),
        "DynamoDB.ResourceNotFoundException",
        "None. (Service: AmazonDynamoDBv2; Status Code: 400; Error Code: "
        f"ResourceNotFoundException; Request ID: {ID}; Proxy: null)",
    ),
    (
        "aws-sdk:dynamodb:putItem",
        ("ValidationException", "Bad.", {"HTTPStatusCode": 400}),
        "DynamoDb.DynamoDbException",
        f"Bad. (Service: DynamoDb, Status Code: 400, Request ID: {ID}) "
        "(SDK Attempt Count: 1)",
    ),
    (
        "sns:publish",
        ("NotFound", "None.", {"HTTPStatusCode": 404}),
        "SNS.NotFoundException",
        "None. (Service: AmazonSNS; Status Code: 404; Error Code: NotFound; "
        f"Request ID: {ID}; Proxy: null)",
    ),
    (
        "states:startExecution",
        ("StateMachineDoesNotExist", "None.", {"HTTPStatusCode": 400}),
        "StepFunctions.StateMachineDoesNotExistException",
        "None. (Service: AWSStepFunctions; Status Code: 400; Error Code: "
        f"StateMachineDoesNotExist; Request ID: {ID}; Proxy: null)",
    ),
    (
        "aws-sdk:s3:getObject",
        ("NoSuchKey", "None.", {"HTTPStatusCode": 404, "HostId": "h"}),
        "S3.NoSuchKeyException",
        f"None. (Service: S3, Status Code: 404, Request ID: {ID}, Extended Request ID: "
        "h) (SDK Attempt Count: 1)",
    ),
    (
        "aws-sdk:s3:headBucket",
        ("404", "Not Found", {"HTTPStatusCode": 404}),
        "S3.NoSuchBucketException",
        f"(Service: S3, Status Code: 404, Request ID: {ID}) (SDK Attempt Count: 1) "
        f"(Service: S3, Status Code: 404, Request ID: {ID})",
    ),
    (
        "aws-sdk:s3:headBucket",
        ("403", "Forbidden", {"HTTPStatusCode": 403}),
        "S3.S3Exception",
        f"(Service: S3, Status Code: 403, Request ID: {ID}) (SDK Attempt Count: 1) "
        f"(Service: S3, Status Code: 403, Request ID: {ID})",
    ),
    (
        "aws-sdk:rds:describeDBInstances",
        ("DBInstanceNotFound", "None.", {"HTTPStatusCode": 404}),
        "Rds.DbInstanceNotFoundException",
        f"None. (Service: Rds, Status Code: 404, Request ID: {ID}) "
        "(SDK Attempt Count: 1)",
    ),
    (
        "mediaconvert:createJob",
        ("Odd", "Odd.", {"HTTPStatusCode": 400}),
        "MediaConvert.MediaConvertException",
        "Odd. (Service: MediaConvert; Status Code: 400; Error Code: Odd; "
        f"Request ID: {ID}; Proxy: null)",
    ),
]
CLIENTS = {"states": "stepfunctions", "aws-sdk": None}


@pytest.mark.parametrize(
    ("resource", "answer", "error", "cause"),
    ERRORS,
    ids=[f"{row[0]} {row[1][0]}" for row in ERRORS],
)
def test_a_services_error_has_step_functions_name(
    session: Session, resource: str, answer: Any, error: str, cause: str
) -> None:
    *service, action = resource.split(":")
    client = CLIENTS.get(service[-1], service[-1]) or ""
    stub = session.stub(client)
    code, message, metadata = answer
    status = metadata["HTTPStatusCode"]
    method = next(
        name
        for name, operation in stub.client.meta.method_to_api_mapping.items()
        if operation.lower() == action.lower()
    )
    stub.add_client_error(
        method,
        code,
        message,
        status,
        response_meta={"RequestId": ID, "HTTPHeaders": {}, **metadata},
    )
    given = {"Bucket": "b", "Key": "k"} if client == "s3" else {}
    if action == "headBucket":
        del given["Key"]
    done = call(session, resource, given)
    assert (done.error, done.cause) == (error, cause)


def test_events_that_failed_fail_the_task(session: Session) -> None:
    entries = [{"EventId": "1"}, {"ErrorCode": "Malformed", "ErrorMessage": "x"}]
    stub = session.stub("events")
    stub.add_response("put_events", {"FailedEntryCount": 1, "Entries": entries})
    stub.add_response("put_events", {"FailedEntryCount": 0, "Entries": entries[:1]})
    parameters = {"Entries": [{"Detail": {"a": 1}, "Source": "s"}]}
    done = call(session, "events:putEvents", parameters)
    assert done.error == "EventBridge.FailedEntry"
    assert json.loads(done.cause or "") == {"Entries": entries, "FailedEntryCount": 1}
    assert call(session, "events:putEvents", parameters).status == "SUCCEEDED"


def payload(text: str) -> dict[str, Any]:
    content = text.encode()
    body = StreamingBody(io.BytesIO(content), len(content))
    return {"StatusCode": 200, "ExecutedVersion": "7", "Payload": body}


FAILED = '{"errorMessage": "no", "errorType": "Refused"}'


def test_lambda_invoke_gives_the_parsed_payload(session: Session) -> None:
    session.stub("lambda").add_response(
        "invoke",
        payload('{"a": [1]}') | {"ResponseMetadata": TOLD},
        {"FunctionName": "pay", "Payload": b'{"x":1}'},
    )
    parameters = {"FunctionName": "pay", "Payload": {"x": 1}}
    done = call(session, "lambda:invoke", parameters)
    assert done.output.pop("SdkHttpMetadata")["HttpStatusCode"] == 200
    assert done.output == {
        "ExecutedVersion": "7",
        "Payload": {"a": [1]},
        "SdkResponseMetadata": {"RequestId": ID},
        "StatusCode": 200,
    }


def test_a_function_that_fails_fails_the_task(session: Session) -> None:
    session.stub("lambda").add_response(
        "invoke", payload(FAILED) | {"FunctionError": "Unhandled"}
    )
    done = call(session, "lambda:invoke", {"FunctionName": "pay"})
    assert done.error == "Refused"
    assert done.cause == '{"errorMessage":"no","errorType":"Refused"}'


def test_a_function_without_an_error_type_is_unknown(session: Session) -> None:
    session.stub("lambda").add_response(
        "invoke", payload("no JSON") | {"FunctionError": "Unhandled"}
    )
    done = call(session, "lambda:invoke", {"FunctionName": "pay"})
    assert done.error == "Lambda.Unknown"
    assert (done.cause or "").endswith("Returned payload: no JSON")


def test_an_event_that_is_queued_has_no_payload(session: Session) -> None:
    session.stub("lambda").add_response("invoke", payload("") | {"StatusCode": 202})
    parameters = {"FunctionName": "pay", "InvocationType": "Event"}
    assert call(session, "lambda:invoke", parameters).output["Payload"] == ""


def test_a_function_is_called_by_its_arn(session: Session) -> None:
    stub = session.stub("lambda")
    sent = {"FunctionName": FUNCTION, "Payload": b'{"x":1}'}
    stub.add_response("invoke", payload("[5]"), sent)
    stub.add_response("invoke", payload(FAILED) | {"FunctionError": "Handled"}, sent)
    tasks = asl.tasks.boto3.tasks(session)
    direct = machine(FUNCTION)
    assert asl.run(direct, {"x": 1}, tasks=tasks).output == [5]
    done = asl.run(direct, {"x": 1}, tasks=tasks)
    assert (done.error, done.cause) == ("Refused", FAILED)
    assert done.history[-2].type == "LambdaFunctionFailed"


def test_an_sdk_invoke_gives_the_payload_and_does_not_fail(session: Session) -> None:
    session.stub("lambda").add_response(
        "invoke", payload(FAILED) | {"FunctionError": "Unhandled"}
    )
    done = call(session, "aws-sdk:lambda:invoke", {"FunctionName": "pay"})
    assert done.output["FunctionError"] == "Unhandled"
    assert done.output["Payload"] == json.loads(FAILED)


def test_a_model_is_invoked_with_json(session: Session) -> None:
    answer = {"body": payload('{"text": "hi"}')["Payload"], "contentType": "a/b"}
    session.stub("bedrock-runtime").add_response(
        "invoke_model", answer, {"modelId": "m", "body": b'{"prompt":"?"}'}
    )
    parameters = {"ModelId": "m", "Body": {"prompt": "?"}}
    done = call(session, "bedrock:invokeModel", parameters)
    assert done.output["Body"] == {"text": "hi"}


def test_a_token_is_handed_over_and_waited_for(session: Session) -> None:
    session.stub("sqs").add_response("send_message", {"MessageId": "m"})
    tasks = asl.tasks.boto3.tasks(session)
    waiting = machine(
        "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        {"QueueUrl": URL, "MessageBody.$": "$$.Task.Token"},
        TimeoutSeconds=60,
    )
    done = asl.run(waiting, tasks=tasks)
    submitted = next(e for e in done.history if e.type == "TaskSubmitted")
    output = submitted.to_aws()["taskSubmittedEventDetails"]["output"]
    assert json.loads(output)["MessageId"] == "m"
    assert done.error == "States.Timeout"


MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("pattern", "output"), [("sync", '{"b":2}'), ("sync:2", {"b": 2})]
)
def test_an_execution_is_waited_for(
    session: Session, pattern: str, output: Any
) -> None:
    stub = session.stub("stepfunctions")
    stub.add_response("start_execution", {"executionArn": "e", "startDate": MOMENT})
    told = {"executionArn": "e", "startDate": MOMENT, "stateMachineArn": "m"}
    for status in ("RUNNING", "RUNNING"):
        stub.add_response("describe_execution", {**told, "status": status})
    stub.add_response(
        "describe_execution",
        {**told, "status": "SUCCEEDED", "output": '{"b":2}'},
        {"executionArn": "e"},
    )
    resource = f"states:startExecution.{pattern}"
    done = call(session, resource, {"StateMachineArn": "m", "Input": {"a": 1}})
    assert done.output["Output"] == output
    assert done.output["StartDate"] == 1767225600000
    submitted = next(e for e in done.history if e.type == "TaskSubmitted").to_aws()
    response = json.loads(submitted["taskSubmittedEventDetails"]["output"])
    assert response["ExecutionArn"] == "e"
    assert "SdkHttpMetadata" in response
    waited = done.history[-1].timestamp - done.history[0].timestamp
    assert waited.total_seconds() == 3


def test_an_execution_that_fails_fails_the_task(session: Session) -> None:
    stub = session.stub("stepfunctions")
    stub.add_response("start_execution", {"executionArn": "e", "startDate": MOMENT})
    stub.add_response(
        "describe_execution", {"executionArn": "e", "status": "FAILED", "error": "Odd"}
    )
    done = call(session, "states:startExecution.sync", {"StateMachineArn": "m"})
    assert done.error == "States.TaskFailed"
    assert json.loads(done.cause or "") == {
        "Error": "Odd",
        "ExecutionArn": "e",
        "Status": "FAILED",
    }


JOBS = [
    (
        "batch:submitJob",
        {"JobName": "j"},
        ("submit_job", {"jobName": "j", "jobId": "i"}),
        ("describe_jobs", {"jobs": ["i"]}),
        lambda status: {"jobs": [{"jobId": "i", "status": status}]},
        ("RUNNING", "SUCCEEDED", "FAILED"),
        {"JobId": "i", "Status": "SUCCEEDED"},
    ),
    (
        "glue:startJobRun",
        {"JobName": "j"},
        ("start_job_run", {"JobRunId": "i"}),
        ("get_job_run", {"JobName": "j", "RunId": "i"}),
        lambda status: {"JobRun": {"Id": "i", "JobRunState": status}},
        ("RUNNING", "SUCCEEDED", "TIMEOUT"),
        {"Id": "i", "JobRunState": "SUCCEEDED"},
    ),
    (
        "athena:startQueryExecution",
        {"QueryString": "select 1"},
        ("start_query_execution", {"QueryExecutionId": "i"}),
        ("get_query_execution", {"QueryExecutionId": "i"}),
        lambda status: {"QueryExecution": {"Status": {"State": status}}},
        ("QUEUED", "SUCCEEDED", "CANCELLED"),
        {"QueryExecution": {"Status": {"State": "SUCCEEDED"}}},
    ),
    (
        "codebuild:startBuild",
        {"ProjectName": "p"},
        ("start_build", {"build": {"id": "i"}}),
        ("batch_get_builds", {"ids": ["i"]}),
        lambda status: {"builds": [{"id": "i", "buildStatus": status}]},
        ("IN_PROGRESS", "SUCCEEDED", "STOPPED"),
        {"Id": "i", "BuildStatus": "SUCCEEDED"},
    ),
    (
        "sagemaker:createTransformJob",
        {"TransformJobName": "j"},
        ("create_transform_job", {"TransformJobArn": "a"}),
        ("describe_transform_job", {"TransformJobName": "j"}),
        lambda status: {"TransformJobName": "j", "TransformJobStatus": status},
        ("InProgress", "Completed", "Failed"),
        {"TransformJobName": "j", "TransformJobStatus": "Completed"},
    ),
]


@pytest.mark.parametrize("row", JOBS, ids=[row[0] for row in JOBS])
def test_a_job_is_waited_for(session: Session, row: Any) -> None:
    resource, parameters, started, asked, answer, (going, good, bad), result = row
    stub = session.stub(resource.partition(":")[0])
    for end in (good, bad):
        stub.add_response(*started)
        for status in (going, end):
            stub.add_response(asked[0], answer(status), asked[1])
    done = call(session, f"{resource}.sync", parameters)
    assert done.output == result
    done = call(session, f"{resource}.sync", parameters)
    assert done.error == "States.TaskFailed"
    assert bad in (done.cause or "")


@pytest.mark.parametrize(("code", "status"), [(0, "SUCCEEDED"), (1, "FAILED")])
def test_a_container_that_ends_with_a_fault_fails_its_task(
    session: Session, code: int, status: str
) -> None:
    stub = session.stub("ecs")
    stub.add_response("run_task", {"tasks": [{"taskArn": "t"}]})
    container = {"name": "c", "exitCode": code}
    stub.add_response(
        "describe_tasks",
        {"tasks": [{"lastStatus": "STOPPED", "containers": [container]}]},
        {"cluster": "c", "tasks": ["t"]},
    )
    done = call(session, "ecs:runTask.sync", {"Cluster": "c", "TaskDefinition": "d"})
    assert done.status == status


def test_a_job_that_never_ends_says_so(session: Session) -> None:
    stub = session.stub("glue")
    stub.add_response("start_job_run", {"JobRunId": "i"})
    for _ in range(201):
        stub.add_response("get_job_run", {"JobRun": {"JobRunState": "RUNNING"}})
    with pytest.raises(asl.UsageError, match="still RUNNING after 200 looks"):
        call(session, "glue:startJobRun.sync", {"JobName": "j"})


def test_what_is_bound_goes_before_boto3(session: Session) -> None:
    tasks = asl.tasks.boto3.tasks(session)
    send = "arn:aws:states:::sqs:sendMessage"
    invoke = "arn:aws:states:::lambda:invoke"
    tasks.bind(send)(lambda request: {"mine": request["QueueUrl"]})
    tasks.bind("pay")(lambda order: {"paid": order["amount"]})
    done = asl.run(machine(send, {"QueueUrl": URL}), tasks=tasks)
    assert done.output == {"mine": URL}
    parameters = {"FunctionName": "pay", "Payload": {"amount": 5}}
    done = asl.run(machine(invoke, parameters), tasks=tasks)
    assert done.output["Payload"] == {"paid": 5}
    session.stub("lambda").add_response("invoke", payload("1"))
    done = asl.run(machine(invoke, {"FunctionName": "other"}), tasks=tasks)
    assert done.output["Payload"] == 1


def test_an_activity_is_not_boto3s(session: Session) -> None:
    tasks = asl.tasks.boto3.tasks(session)
    arn = "arn:aws:states:us-east-1:123456789012:activity:work"
    assert asl.run(machine(arn), tasks=tasks).error == "States.Runtime"
    tasks.bind_activity(arn)(lambda task: 5)
    assert asl.run(machine(arn), tasks=tasks).output == 5


@pytest.mark.parametrize(
    "service",
    [
        "apigateway:invoke",
        "http:invoke",
        "aws-sdk:nothing:doIt",
        "aws-sdk:sqs:flyAway",
        "emr-containers:startJobRun.sync",
    ],
)
def test_what_boto3_cannot_call_is_missing(session: Session, service: str) -> None:
    with pytest.raises(asl.UsageError, match="no callable is bound for"):
        call(session, service, {"ApiEndpoint": "x", "Method": "GET"})


def test_only_the_services_named_are_called(session: Session) -> None:
    tasks = asl.tasks.boto3.tasks(session, only=["SQS"])
    session.stub("sqs").add_response("send_message", {"MessageId": "m"})
    session.stub("sqs").add_response("send_message", {"MessageId": "m"})
    for service in ("sqs", "aws-sdk:sqs"):
        sent = machine(f"arn:aws:states:::{service}:sendMessage", {"QueueUrl": URL})
        assert asl.run(sent, tasks=tasks).output["MessageId"] == "m"
    for resource in ("arn:aws:states:::sns:publish", FUNCTION):
        with pytest.raises(asl.UsageError, match="no callable is bound for"):
            asl.run(machine(resource, {}), tasks=tasks)


def test_a_service_reached_at_run_time_alone_is_missing_then(session: Session) -> None:
    tasks = asl.tasks.boto3.tasks(session, only=["sqs"])
    tasks.missing = "when-reached"
    with pytest.raises(asl.UsageError, match="sns:publish"):
        asl.run(machine("arn:aws:states:::sns:publish", {}), tasks=tasks)


def test_the_executions_region_counts_where_the_session_has_none(
    session: Session,
) -> None:
    stub = session.stub("sqs")
    for _ in range(3):
        stub.add_response("send_message", {"MessageId": "m"})
    tasks = asl.tasks.boto3.tasks(session)
    sent = machine("arn:aws:states:::sqs:sendMessage", {"QueueUrl": URL})
    asl.run(sent, tasks=tasks)
    asl.run(sent, tasks=tasks)
    assert session.asked == [("sqs", "us-east-1")]
    session.region_name = "eu-west-3"
    asl.run(sent, tasks=asl.tasks.boto3.tasks(session))
    assert session.asked[1:] == [("sqs", "eu-west-3")]


def test_missing_credentials_are_the_callers_to_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Poor:
        region_name = "us-east-1"

        def client(self, *_: object, **__: object) -> Any:
            raise NoCredentialsError

    with pytest.raises(asl.UsageError, match="Set AWS_ACCESS_KEY_ID"):
        call(Poor(), "sqs:sendMessage", {"QueueUrl": URL})


@pytest.mark.parametrize(
    ("service", "prefix"), [("sqs", "SQS"), ("aws-sdk:sqs", "Sqs")]
)
def test_a_service_that_is_not_there_is_the_clients_error(
    monkeypatch: pytest.MonkeyPatch, service: str, prefix: str
) -> None:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_MAX_ATTEMPTS": "1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("boto3.DEFAULT_SESSION", None)
    done = call(None, f"{service}:sendMessage", {"QueueUrl": URL, "MessageBody": "x"})
    assert done.error == f"{prefix}.SdkClientException"
    assert "127.0.0.1:1" in (done.cause or "")


def test_wrong_arguments_are_refused() -> None:
    make = asl.tasks.boto3.tasks
    with pytest.raises(asl.UsageError, match=r"session is a boto3.Session, not 5"):
        make(5)
    with pytest.raises(asl.UsageError, match="only is a list"):
        make(only="sqs")


def test_without_boto3_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(asl.UsageError, match=r'pip install "aslkit\[aws\]"'):
        asl.tasks.boto3.tasks()


@pytest.mark.parametrize(
    ("id", "name"),
    [
        ("DynamoDB", "DynamoDb"),
        ("SFN", "Sfn"),
        ("S3", "S3"),
        ("Secrets Manager", "SecretsManager"),
        ("SESv2", "SesV2"),
        ("EventBridge", "EventBridge"),
        ("API Gateway", "ApiGateway"),
        ("CloudWatch Logs", "CloudWatchLogs"),
        ("ACM PCA", "AcmPca"),
        ("EC2", "Ec2"),
        ("IoT", "Iot"),
    ],
)
def test_services_are_called_as_the_sdk_for_java_does(id: str, name: str) -> None:
    assert java_name(id) == name


@pytest.mark.full
def test_moto_answers_the_integrations(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    moto = pytest.importorskip("moto", reason="moto is not installed")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    tasks = asl.tasks.boto3.tasks()

    def run(resource: str, parameters: Any) -> asl.Execution:
        arn = f"arn:aws:states:::{resource}"
        return asl.run(machine(arn, parameters), tasks=tasks)

    with moto.mock_aws():
        boto3.client("s3").create_bucket(Bucket="orders")
        url = boto3.client("sqs").create_queue(QueueName="orders")["QueueUrl"]
        boto3.client("dynamodb").create_table(
            TableName="orders",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        run("aws-sdk:s3:putObject", {"Bucket": "orders", "Key": "a", "Body": [1]})
        done = run("aws-sdk:s3:getObject", {"Bucket": "orders", "Key": "a"})
        assert done.output["Body"] == "[1]"
        done = run("aws-sdk:s3:getObject", {"Bucket": "orders", "Key": "b"})
        assert done.error == "S3.NoSuchKeyException"
        run("sqs:sendMessage", {"QueueUrl": url, "MessageBody": {"a": 1}})
        done = run("aws-sdk:sqs:receiveMessage", {"QueueUrl": url})
        assert done.output["Messages"][0]["Body"] == '{"a":1}'
        done = run("sqs:sendMessage", {"QueueUrl": url + "x", "MessageBody": "a"})
        assert done.error == "SQS.QueueDoesNotExistException"
        item = {"id": {"S": "1"}, "amount": {"N": 5}}
        run("dynamodb:putItem", {"TableName": "orders", "Item": item})
        key = {"id": {"S": "1"}}
        done = run("dynamodb:getItem", {"TableName": "orders", "Key": key})
        assert done.output["Item"] == {"id": {"S": "1"}, "amount": {"N": "5"}}
        done = run("dynamodb:getItem", {"TableName": "no", "Key": key})
        assert done.error == "DynamoDB.ResourceNotFoundException"
        done = run("lambda:invoke", {"FunctionName": "no", "Payload": {}})
        assert done.error == "Lambda.ResourceNotFoundException"
        bus = {"Detail": {"a": 1}, "DetailType": "t", "Source": "s"}
        assert run("events:putEvents", {"Entries": [bus]}).status == "SUCCEEDED"
