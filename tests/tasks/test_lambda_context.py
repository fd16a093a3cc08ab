"""LambdaContext: what a handler learns, and how it takes time."""

import contextlib
import json
from typing import Any

import pytest

from asl.engine.messages import (
    Call,
    Reply,
    StartTask,
    TaskFailed,
    TaskHeartbeat,
    TaskStarted,
    TaskSubmitted,
    TaskSucceeded,
)
from asl.errors import UsageError
from asl.tasks.answer import Answer
from asl.tasks.lambda_context import CutOff, LambdaContext
from asl.tasks.registry import Tasks
from asl.values import Json

PAY = "arn:aws:lambda:eu-west-1:123456789012:function:pay"
INVOKE = "arn:aws:states:::lambda:invoke"
JOB = "arn:aws:states:::glue:startJobRun.sync"
SEND = "arn:aws:states:::sqs:sendMessage"
ACTIVITY = "arn:aws:states:eu-west-1:123456789012:activity:pack"
ARN = "arn:aws:states:eu-west-1:123456789012:execution:order:one"
DAY = 1_700_000_000_000_000


def effect(
    resource: str,
    payload: Json = None,
    *,
    token: str | None = None,
    deadline: int | None = None,
    arn: str = ARN,
) -> StartTask:
    call = Call("Pay", (), 0, 2, {}, token, arn, "role", deadline, None)
    return StartTask(7, resource, {} if payload is None else payload, call)


def run(
    handler: Any,
    asked: StartTask,
    *,
    timeout_seconds: float | None = None,
    sleep: Any = None,
    tasks: Tasks | None = None,
) -> Answer:
    tasks = tasks or Tasks()
    name = "pay" if "lambda" in asked.resource else asked.resource
    tasks.bind(name, timeout_seconds=timeout_seconds)(handler)
    return tasks.prepare(asked, DAY).run(sleep)


def context_of(asked: StartTask, timeout_seconds: float | None = None) -> LambdaContext:
    kept: list[LambdaContext] = []

    def handler(event: Json, context: LambdaContext) -> None:
        kept.append(context)

    run(handler, asked, timeout_seconds=timeout_seconds)
    return kept[0]


def test_it_has_what_lambda_gives() -> None:
    context = context_of(effect(PAY, token="t"))
    assert context.function_name == "pay"
    assert context.function_version == "$LATEST"
    assert context.invoked_function_arn == PAY
    assert context.memory_limit_in_mb == "128"
    assert len(context.aws_request_id) == 36
    assert context.log_group_name == "/aws/lambda/pay"
    assert context.log_stream_name.startswith("2023/11/14/[$LATEST]")
    assert context.identity is None
    assert context.client_context is None
    assert context.state_name == "Pay"
    assert context.attempt == 2
    assert context.execution_arn == ARN
    assert context.task_token == "t"
    assert repr(context) == "LambdaContext('pay', state 'Pay')"


def test_the_request_id_depends_on_the_execution_and_the_call_only() -> None:
    one, same = context_of(effect(PAY)), context_of(effect(PAY))
    other = context_of(effect(PAY, arn=ARN + "2"))
    assert one.aws_request_id == same.aws_request_id != other.aws_request_id


@pytest.mark.parametrize(
    ("name", "arn", "expected"),
    [
        ("pay", ARN, PAY),
        (PAY + ":live", ARN, PAY + ":live"),
        ("pay", "one", "arn:aws:lambda:::function:pay"),
    ],
)
def test_an_invoked_function_has_an_arn(name: str, arn: str, expected: str) -> None:
    context = context_of(effect(INVOKE, {"FunctionName": name}, arn=arn))
    assert context.invoked_function_arn == expected
    assert context.function_name == "pay"


@pytest.mark.parametrize(
    ("asked", "timeout_seconds", "expected"),
    [
        (effect(PAY), None, 900_000),
        (effect(PAY), 3, 3_000),
        (effect(PAY, deadline=DAY + 1_000_000), None, 900_000),
        (effect(SEND), None, 99_999_999_000),
        (effect(SEND), 5, 5_000),
        (effect(SEND, deadline=DAY + 8_000_000), None, 8_000),
        (effect(SEND, deadline=DAY + 500_000), None, 500),
    ],
)
def test_the_remaining_time_is_the_limit_less_what_was_taken(
    asked: StartTask, timeout_seconds: float | None, expected: int
) -> None:
    context = context_of(asked, timeout_seconds)
    assert context.get_remaining_time_in_millis() == expected
    context.advance(0.25)
    assert context.get_remaining_time_in_millis() == expected - 250


def test_a_handler_takes_virtual_time() -> None:
    def handler(event: Json, context: LambdaContext) -> Json:
        context.advance(600)
        context.advance(300)  # exactly the limit, which is still inside
        return "done"

    assert run(handler, effect(PAY)).says == [
        (900_000_000, TaskSucceeded(7, 0, "done"))
    ]


def test_a_failure_comes_when_the_time_was_taken() -> None:
    def handler(event: Json, context: LambdaContext) -> Json:
        context.advance(2)
        raise ValueError("late")

    answer = run(handler, effect(PAY))
    assert answer.says[0][0] == 2_000_000
    assert isinstance(answer.exception, ValueError)


@pytest.mark.parametrize("seconds", [-1, "1", None])
def test_time_is_a_number_of_at_least_0(seconds: Any) -> None:
    with pytest.raises(UsageError, match="seconds must be a number"):
        context_of(effect(PAY)).advance(seconds)


def too_slow(event: Json, context: LambdaContext) -> Json:
    context.advance(2)
    context.advance(1000)
    raise AssertionError("it goes on after the limit")


def stubborn(event: Json, context: LambdaContext) -> Json:
    for _ in range(2):
        with contextlib.suppress(BaseException):
            context.advance(1000)
    return "I live"


def vengeful(event: Json, context: LambdaContext) -> Json:
    try:
        context.advance(1000)
    except CutOff:
        raise ValueError("no") from None


@pytest.mark.parametrize("handler", [too_slow, stubborn, vengeful])
@pytest.mark.parametrize(
    "asked", [effect(PAY), effect(INVOKE, {"FunctionName": "pay"})]
)
def test_a_function_is_cut_off_at_its_limit(handler: Any, asked: StartTask) -> None:
    answer = run(handler, asked, timeout_seconds=3)
    [(at, failed)] = answer.says
    assert at == 3_000_000
    assert isinstance(failed, TaskFailed)
    assert (failed.error, failed.phase) == ("Sandbox.Timedout", "run")
    cause = json.loads(failed.cause or "")
    assert cause["errorType"] == "Sandbox.Timedout"
    assert cause["errorMessage"].endswith("Error: Task timed out after 3.00 seconds")
    assert answer.exception is None


def test_without_a_limit_of_its_own_a_function_has_900_seconds() -> None:
    assert run(too_slow, effect(PAY)).says[0][0] == 900_000_000


@pytest.mark.parametrize(
    ("resource", "before"),
    [(SEND, []), (JOB, [(0, TaskSubmitted(7, 0, {}))])],
)
def test_another_service_reports_its_limit_as_a_timeout(
    resource: str, before: list[tuple[int, Reply]]
) -> None:
    answer = run(too_slow, effect(resource), timeout_seconds=3)
    failed = TaskFailed(7, 0, "States.Timeout", None, "timeout")
    assert answer.says == [*before, (3_000_000, failed)]


def test_another_service_has_no_limit_unless_given() -> None:
    def handler(event: Json, context: LambdaContext) -> Json:
        context.advance(86_400)

    assert run(handler, effect(SEND)).says == [
        (86_400_000_000, TaskSucceeded(7, 0, None))
    ]


def beating(event: Json, context: LambdaContext) -> Json:
    context.advance(5)
    context.heartbeat()
    context.advance(5)
    context.heartbeat()
    return "done"


def test_heartbeats_are_said_in_their_time() -> None:
    beats = [(5_000_000, TaskHeartbeat(7, 0)), (10_000_000, TaskHeartbeat(7, 0))]
    done = (10_000_000, TaskSucceeded(7, 0, "done"))
    assert run(beating, effect(JOB)).says == [
        (0, TaskSubmitted(7, 0, "done")),
        *beats,
        done,
    ]
    tasks = Tasks()
    assert run(beating, effect(ACTIVITY, token="t"), tasks=tasks).says == [
        (0, TaskStarted(7, 0, "beating")),
        *beats,
        done,
    ]


def test_an_answer_to_a_token_comes_when_the_handler_gives_it() -> None:
    tasks = Tasks()
    heard: list[tuple[int, Reply]] = []
    tasks.tokens.open("t", lambda after, reply: heard.append((after, reply)), id=3)

    def handler(event: Json, context: LambdaContext) -> None:
        context.advance(5)
        tasks.succeed("t", 1)
        tasks.heartbeat("t", after_seconds=2)

    run(handler, effect(SEND), tasks=tasks)
    run(handler, effect(JOB), tasks=tasks, sleep=lambda seconds: None)
    tasks.succeed("t", 2)
    assert [after for after, _ in heard] == [5_000_000, 7_000_000, 0, 2_000_000, 0]


def test_under_a_real_clock_it_sleeps_and_beats_at_once() -> None:
    tasks = Tasks()
    diary: list[Any] = []
    tasks.tokens.open("t", lambda after, reply: diary.append(reply), id=7)
    answer = run(beating, effect(JOB, token="t"), sleep=diary.append, tasks=tasks)
    assert diary == [5, TaskHeartbeat(7, 0), 5, TaskHeartbeat(7, 0)]
    assert [type(reply) for _, reply in answer.says] == [TaskSubmitted, TaskSucceeded]


def test_under_a_real_clock_it_sleeps_no_longer_than_its_limit() -> None:
    slept: list[float] = []
    run(too_slow, effect(PAY), timeout_seconds=3, sleep=slept.append)
    assert slept == [2, 1]
