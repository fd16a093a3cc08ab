"""What a callable gets and gives, for each kind of resource."""

import datetime
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from asl.engine.messages import (
    Call,
    Reply,
    StartTask,
    TaskFailed,
    TaskStarted,
    TaskSubmitted,
    TaskSucceeded,
)
from asl.errors import TaskError, UsageError
from asl.tasks import Submitted
from asl.tasks.answer import Answer
from asl.tasks.lambda_context import LambdaContext
from asl.tasks.registry import Tasks
from asl.values import Json

PAY = "arn:aws:lambda:eu-west-1:123456789012:function:pay"
INVOKE = "arn:aws:states:::lambda:invoke"
INVOKE_TOKEN = INVOKE + ".waitForTaskToken"
SEND = "arn:aws:states:::sqs:sendMessage"
SEND_TOKEN = SEND + ".waitForTaskToken"
SDK = "arn:aws:states:::aws-sdk:dynamodb:getItem"
HTTP = "arn:aws:states:::http:invoke"
JOB = "arn:aws:states:::glue:startJobRun.sync"
JOB_2 = "arn:aws:states:::states:startExecution.sync:2"
ACTIVITY = "arn:aws:states:eu-west-1:123456789012:activity:pack"
ALL = [PAY, INVOKE, INVOKE_TOKEN, SEND, SEND_TOKEN, SDK, HTTP, JOB, JOB_2, ACTIVITY]

REQUEST = {"FunctionName": "pay", "Payload": {"n": 1}}


def effect(resource: str, payload: Json = None) -> StartTask:
    arn = "arn:aws:states:eu-west-1:123456789012:execution:order:one"
    call = Call("Pay", (), 0, 0, {}, None, arn, "role", None, None)
    return StartTask(7, resource, REQUEST if payload is None else payload, call)


def run(
    handler: Callable[..., Any],
    resource: str,
    payload: Json = None,
    *,
    bound: str | None = None,
) -> Answer:
    tasks = Tasks()
    name = bound or ("pay" if ":lambda:" in resource else resource)
    tasks.bind(name)(handler)
    return tasks.prepare(effect(resource, payload), 1_700_000_000_000_000).run()


def echo(event: Json) -> Json:
    return {"got": event}


def kinds(answer: Answer) -> list[type[Reply]]:
    return [type(reply) for _, reply in answer.says]


@pytest.mark.parametrize("resource", [PAY, SEND, SDK, HTTP])
def test_a_request_gives_the_result_as_it_is(resource: str) -> None:
    assert run(echo, resource) == Answer([(0, TaskSucceeded(7, 0, {"got": REQUEST}))])


def test_an_invoked_function_gets_its_payload_and_answers_in_the_envelope() -> None:
    output = run(echo, INVOKE).says[0][1].output  # type: ignore[union-attr]
    id = output["SdkResponseMetadata"]["RequestId"]
    assert list(output) == [
        "ExecutedVersion",
        "Payload",
        "SdkHttpMetadata",
        "SdkResponseMetadata",
        "StatusCode",
    ]
    assert output["ExecutedVersion"] == "$LATEST"
    assert output["Payload"] == {"got": {"n": 1}}
    assert output["StatusCode"] == 200
    http = output["SdkHttpMetadata"]
    assert http["HttpStatusCode"] == 200
    assert http["HttpHeaders"]["x-amzn-RequestId"] == id
    assert http["HttpHeaders"]["Content-Length"] == str(len('{"got":{"n":1}}'))
    assert http["HttpHeaders"]["Date"] == "Tue, 14 Nov 2023 22:13:20 GMT"
    assert http["AllHttpHeaders"] == {k: [v] for k, v in http["HttpHeaders"].items()}


def test_an_absent_payload_is_an_empty_object() -> None:
    output = run(echo, INVOKE, {"FunctionName": "pay"}).says[0][1].output  # type: ignore[union-attr]
    assert output["Payload"] == {"got": {}}


def test_a_version_is_the_executed_version() -> None:
    request = {"FunctionName": "pay", "Qualifier": "12"}
    output = run(echo, INVOKE, request).says[0][1].output  # type: ignore[union-attr]
    assert output["ExecutedVersion"] == "12"


def test_bound_by_its_own_resource_it_gets_the_whole_request() -> None:
    output = run(echo, INVOKE, bound=INVOKE).says[0][1].output  # type: ignore[union-attr]
    assert output["Payload"] == {"got": REQUEST}


def test_a_callback_function_answers_what_was_submitted() -> None:
    answer = run(echo, INVOKE_TOKEN)
    assert answer.waits == "token"
    [(_, submitted)] = answer.says
    assert isinstance(submitted, TaskSubmitted)
    assert submitted.output["Payload"] == {"got": {"n": 1}}


def boom(event: Json, context: LambdaContext) -> Json:
    context.advance(9)
    raise ValueError("boom")


def boom_at_once(event: Json) -> Json:
    raise ValueError("boom")


def too_long(event: Json, context: LambdaContext) -> Json:
    context.advance(9999)


@pytest.mark.parametrize("handler", [echo, boom, boom_at_once, too_long])
@pytest.mark.parametrize("resource", [INVOKE, INVOKE_TOKEN])
def test_nobody_waits_for_an_event_invocation(
    handler: Callable[..., Any], resource: str
) -> None:
    answer = run(handler, resource, {**REQUEST, "InvocationType": "Event"})
    [(at, reply)] = answer.says
    assert at == 0
    output = reply.output  # type: ignore[union-attr]
    assert output["StatusCode"] == 202
    assert output["Payload"] == ""
    assert "ExecutedVersion" not in output
    assert answer.waits == ("no" if resource == INVOKE else "token")
    assert (answer.exception is not None) == handler.__name__.startswith("boom")


def test_a_service_with_a_token_is_submitted_and_waited_for() -> None:
    assert run(echo, SEND_TOKEN) == Answer(
        [(0, TaskSubmitted(7, 0, {"got": REQUEST}))], waits="token"
    )


@pytest.mark.parametrize("resource", [JOB, JOB_2])
def test_a_job_gives_its_result(resource: str) -> None:
    result = {"got": REQUEST}
    assert run(echo, resource).says == [
        (0, TaskSubmitted(7, 0, result)),
        (0, TaskSucceeded(7, 0, result)),
    ]


def test_a_job_can_give_the_response_and_its_result() -> None:
    def handler(event: Json, context: LambdaContext) -> Submitted:
        context.advance(60)
        return Submitted({"JobRunId": 1}, result={"State": "SUCCEEDED"})

    assert run(handler, JOB).says == [
        (0, TaskSubmitted(7, 0, {"JobRunId": 1})),
        (60_000_000, TaskSucceeded(7, 0, {"State": "SUCCEEDED"})),
    ]
    assert repr(Submitted(1, result=2)) == "Submitted(1, result=2)"


@pytest.mark.parametrize("resource", [PAY, SEND, SEND_TOKEN, ACTIVITY])
def test_submitted_is_for_jobs_only(resource: str) -> None:
    with pytest.raises(UsageError, match=r"\.sync"):
        run(lambda event: Submitted(1, result=2), resource)


def test_an_activity_is_started_by_its_worker() -> None:
    assert run(echo, ACTIVITY).says == [
        (0, TaskStarted(7, 0, "echo")),
        (0, TaskSucceeded(7, 0, {"got": REQUEST})),
    ]


BEFORE_A_FAILURE: dict[str, list[type[Reply]]] = {
    ACTIVITY: [TaskStarted],
    JOB: [TaskSubmitted],
    JOB_2: [TaskSubmitted],
}


@pytest.mark.parametrize("resource", ALL)
def test_a_task_fails_with_an_error_and_cause_of_its_choosing(resource: str) -> None:
    def handler(event: Json) -> Json:
        raise TaskError("Refused", "no money")

    answer = run(handler, resource)
    assert kinds(answer) == [*BEFORE_A_FAILURE.get(resource, []), TaskFailed]
    phase = "submit" if resource.endswith("Token") else "run"
    assert answer.says[-1][1] == TaskFailed(7, 0, "Refused", "no money", phase)
    assert isinstance(answer.exception, TaskError)
    assert answer.waits == "no"


def test_error_and_cause_may_be_absent() -> None:
    def handler(event: Json) -> Json:
        raise TaskError

    assert run(handler, PAY).says == [(0, TaskFailed(7, 0, None, None))]


@pytest.mark.parametrize("given", [(3,), ("E", {"a": 1})])
def test_a_task_error_takes_texts_only(given: Any) -> None:
    def handler(event: Json) -> Json:
        raise TaskError(*given)

    with pytest.raises(UsageError, match="takes texts or None"):
        run(handler, PAY)


class OutOfStock(Exception):
    pass


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError


def raise_it(event: Json, context: LambdaContext) -> Json:
    raise OutOfStock("no “tea” left")


@pytest.mark.parametrize("resource", ALL)
def test_any_exception_becomes_an_error_as_lambda_reports_it(resource: str) -> None:
    answer = run(raise_it, resource)
    failed = answer.says[-1][1]
    assert isinstance(failed, TaskFailed)
    assert failed.error == "OutOfStock"
    text = failed.cause or ""
    cause = json.loads(text)
    assert list(cause) == ["errorMessage", "errorType", "requestId", "stackTrace"]
    assert cause["errorMessage"] == "no “tea” left"
    assert cause["errorType"] == "OutOfStock"
    [frame] = cause["stackTrace"]
    assert frame.startswith(f'  File "{__file__}", line ')
    assert frame.endswith(', in raise_it\n    raise OutOfStock("no “tea” left")\n')
    is_loose = text.startswith('{"errorMessage": "no “tea” left", ')
    assert is_loose == (resource == PAY)
    assert isinstance(answer.exception, OutOfStock)
    assert answer.exception.__traceback__ is not None


def test_a_plain_function_leaves_no_frame_of_ours() -> None:
    failed = run(boom_at_once, PAY).says[0][1]
    assert isinstance(failed, TaskFailed)
    assert len(json.loads(failed.cause or "")["stackTrace"]) == 1


def test_an_exception_that_cannot_be_told_has_an_empty_message() -> None:
    def handler(event: Json) -> Json:
        raise Unspeakable

    failed = run(handler, PAY).says[0][1]
    assert isinstance(failed, TaskFailed)
    assert json.loads(failed.cause or "")["errorMessage"] == ""


def cycle() -> Json:
    value: list[Json] = []
    value.append(value)
    return value


@pytest.mark.parametrize("resource", ALL)
@pytest.mark.parametrize(
    "value",
    [{1, 2}, object(), float("nan"), [float("inf")], cycle(), b"x", datetime.date.max],
    ids=lambda value: type(value).__name__,
)
def test_a_result_that_is_no_json_is_a_failure(resource: str, value: object) -> None:
    answer = run(lambda event: value, resource)
    failed = answer.says[-1][1]
    assert isinstance(failed, TaskFailed)
    assert failed.error == "Runtime.MarshalError"
    cause = json.loads(failed.cause or "")
    assert cause["errorType"] == "Runtime.MarshalError"
    assert cause["errorMessage"].startswith("Unable to marshal response: ")
    assert cause["stackTrace"] == []


def test_what_cannot_be_marshalled_is_told_in_lambdas_words() -> None:
    failed = run(lambda event: {"a": {1}}, PAY).says[0][1]
    assert isinstance(failed, TaskFailed)
    assert json.loads(failed.cause or "")["errorMessage"] == (
        "Unable to marshal response: Object of type set is not JSON serializable"
    )


def test_a_lambda_function_may_return_what_pythons_json_takes() -> None:
    value = {1: Decimal("1.5"), None: (True,)}
    said = run(lambda event: value, PAY).says
    assert said == [(0, TaskSucceeded(7, 0, {"1": 1.5, "null": [True]}))]


def test_elsewhere_only_json_is_taken() -> None:
    failed = run(lambda event: {"a": {1: 2}}, SEND).says[0][1]
    assert isinstance(failed, TaskFailed)
    assert "the key 1 at $.a is not a text" in (failed.cause or "")
