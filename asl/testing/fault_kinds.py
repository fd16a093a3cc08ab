"""Fault kinds: which errors a Task state can meet, and how each of them arrives.

In: a Task state, or a Map that reads its items or writes its results. Out: its Faults
by kind, and for one call the answer that each is.
Never: runs anything; faults.py does.

Names are those of recorded executions. Where none is recorded they are made by the
SDKs' own rules: `Service.NameOfTheException`, the names from botocore where it is
installed (extra `aws`). A service's Cause is a sentence, a function's is JSON text:
whoever reads it with States.StringToJson is tested by the difference.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from asl.checks.api_models import errors_of, service_id
from asl.engine.messages import (
    Instant,
    Reply,
    StartTask,
    TaskFailed,
    TaskHeartbeat,
    TaskStarted,
    TaskSubmitted,
    TaskSucceeded,
)
from asl.model.failure import (
    DATA_LIMIT_EXCEEDED,
    ITEM_READER_FAILED,
    RESULT_WRITER_FAILED,
    TASK_FAILED,
    TIMEOUT,
    Catcher,
    Retrier,
)
from asl.model.machine import StateMachine
from asl.model.resource import Resource
from asl.model.states import Map, Task
from asl.quotas import PAYLOAD_BYTES
from asl.tasks.answer import Answer
from asl.tasks.integrations import invoke_envelope
from asl.values import Json, json_text

Kind: TypeAlias = Literal[
    "declared",
    "unhandled",
    "timeout",
    "heartbeat",
    "hang",
    "throttling",
    "service",
    "job",
    "permission",
    "oversized",
    "malformed",
    "reader",
    "writer",
]

KINDS: dict[Kind, str] = {
    "declared": "an error that the state's own Retry or Catch names",
    "unhandled": "an error that nobody named: an exception, a crash, no memory",
    "timeout": "TimeoutSeconds run out, or the function's own limit",
    "heartbeat": "no heartbeat within HeartbeatSeconds",
    "hang": "no answer ever, and no TimeoutSeconds",
    "throttling": "the service refuses because there are too many calls",
    "service": "the service, or the way to it, fails",
    "job": "the job that .sync waits for fails",
    "permission": "the role may not do this",
    "oversized": "a result beyond 256 KiB",
    "malformed": "a result that is null, or no JSON",
    "reader": "a distributed Map cannot read its items",
    "writer": "a distributed Map cannot write its results",
}

Asking: TypeAlias = Task | Map
"""A state that asks the world for something."""

UNEXPECTED = "UnexpectedError"
"""An error's name that no definition has."""

_FUNCTION_TIME_LIMIT = "Sandbox.Timedout"
_MOST_BEATS = 10_000
"""More heartbeats than this before a time-out are not worth their memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that can go wrong with a task, and the error name that tells it."""

    kind: Kind
    error: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.error}"

    def hits(self, effect: StartTask, state: Asking) -> bool:
        """Whether a call of the state is of the kind that this happens to."""
        if isinstance(state, Task):
            return True
        return (self.kind == "reader") is ("ReaderConfig" in effect.payload)

    def answer(self, state: Asking, effect: StartTask, now: Instant) -> Answer:
        """What a call of the state's task says when this happens to it."""
        id = effect.id
        if isinstance(state, Map):
            return Answer([(0, TaskFailed(id, 0, self.error, "An injected fault"))])
        resource = state.resource
        match self.kind:
            case "hang" | "heartbeat":
                return Answer(_begun(resource, id), waits="never")
            case "timeout" if self.error == TIMEOUT:
                return _outlasts(resource, effect, now)
            case "oversized":
                return _says(resource, TaskSucceeded(id, 0, "x" * (PAYLOAD_BYTES + 1)))
            case "malformed" if self.error == "null":
                value = None
                if (resource.service, resource.action) == ("lambda", "invoke"):
                    value = invoke_envelope(effect, None, now)
                if resource.pattern == "token":
                    value = None  # what comes back is the token's answer
                return _says(resource, TaskSucceeded(id, 0, value))
        cause = _cause(resource, self)
        if self.kind in ("throttling", "service", "permission"):
            phase = "submit" if resource.pattern != "request" else "run"
            return Answer([(0, TaskFailed(id, 0, self.error, cause, phase))])
        return _says(resource, TaskFailed(id, 0, self.error, cause))


def faults_of(state: Asking) -> tuple[Fault, ...]:
    """The faults that a state can meet, the likeliest first; no name twice."""
    if isinstance(state, Map):
        return tuple(_map_faults(state))
    found: dict[str, Fault] = {}
    for kind, names in _names(state):
        for name in names:
            found.setdefault(name, Fault(kind=kind, error=name))
    return tuple(found.values())


def asking_states(machine: StateMachine) -> dict[str, Asking]:
    """The states of a machine that ask the world for something, by name."""
    return {
        state.name: state
        for state in machine.all_states()
        if isinstance(state, Task) or (isinstance(state, Map) and faults_of(state))
    }


def _map_faults(state: Map) -> Iterator[Fault]:
    if state.reader is not None:
        yield Fault(kind="reader", error=ITEM_READER_FAILED)
    if state.writer is not None and state.writer.resource is not None:
        yield Fault(kind="writer", error=RESULT_WRITER_FAILED)


def _names(state: Task) -> Iterator[tuple[Kind, Iterable[str]]]:
    resource = state.resource
    is_lambda = resource.family == "lambda" or resource.service == "lambda"
    known = _LAMBDA if is_lambda else _service_errors(resource)
    own = {name for names in known.values() for name in names}
    declared = [name for name in _declared(state) if name not in own]
    yield "declared", declared
    if is_lambda:
        yield "unhandled", (UNEXPECTED, "Lambda.Unknown", "Runtime.ExitError")
    elif resource.family == "activity" or resource.pattern == "token":
        yield "unhandled", (UNEXPECTED,)
    yield from _delays(state, is_lambda)
    yield from known.items()
    if resource.pattern in ("sync", "sync:2"):
        yield "job", (TASK_FAILED,)
    if resource.family != "activity":
        yield "permission", ("States.Permissions",)
    by_token = resource.family == "activity" or resource.pattern == "token"
    if not by_token:  # SendTaskSuccess itself takes no more
        yield "oversized", (DATA_LIMIT_EXCEEDED,)
    if is_lambda and not by_token:
        yield "malformed", ("Runtime.MarshalError",)
    if is_lambda or by_token or resource.service in ("http", "apigateway"):
        yield "malformed", ("null",)


def _delays(state: Task, is_lambda: bool) -> Iterator[tuple[Kind, Iterable[str]]]:
    if state.timeout_seconds is not None:
        yield "timeout", (TIMEOUT,)
    if state.heartbeat_seconds is not None:
        yield "heartbeat", ("States.HeartbeatTimeout",)
    if is_lambda and state.resource.pattern == "request":
        yield "timeout", (_FUNCTION_TIME_LIMIT,)
    elif state.timeout_seconds is None and state.heartbeat_seconds is None:
        waits = state.resource.pattern != "request"
        if waits or state.resource.family == "activity":
            yield "hang", ("no answer",)


def _declared(state: Task) -> list[str]:
    handlers: list[Retrier | Catcher] = [*state.retry, *state.catch]
    names = [name for handler in handlers for name in handler.error_equals]
    return [name for name in names if not name.startswith("States.")]


# ------------------------------------------------------------------- names by service

_LAMBDA: dict[Kind, tuple[str, ...]] = {
    "throttling": ("Lambda.TooManyRequestsException",),
    "service": (
        "Lambda.ServiceException",
        "Lambda.AWSLambdaException",
        "Lambda.SdkClientException",
        "Lambda.ClientExecutionTimeoutException",
    ),
}
_WRITTEN_OUT: dict[str, dict[Kind, tuple[str, ...]]] = {
    # Integrations that name their errors in a way of their own.
    "http": {
        "throttling": ("States.Http.StatusCode.429",),
        "service": ("States.Http.StatusCode.500", "States.Http.Socket"),
    },
    "apigateway": {
        "throttling": ("ApiGateway.429",),
        "service": ("ApiGateway.403", "ApiGateway.500"),
    },
    "events": {"service": ("EventBridge.FailedEntry",)},
}
_OPTIMIZED = {
    # How errors of optimized integrations begin, where it is not the service's id.
    "dynamodb": "DynamoDB",
    "ecs": "ECS",
    "eks": "EKS",
    "elasticmapreduce": "ElasticMapReduce",
    "sns": "SNS",
    "sqs": "SQS",
    "states": "StepFunctions",
}
_GENERIC = {"dynamodb": "AmazonDynamoDBException", "sns": "AmazonSNSException"} | {
    "sqs": "AmazonSQSException"
}
_MODELS = {"states": "sfn", "elasticmapreduce": "emr"}
_THROTTLING = re.compile(r"Throttl|TooMany|Throughput|LimitExceeded|SlowDown")


def _service_errors(resource: Resource) -> dict[Kind, tuple[str, ...]]:
    """The errors of a service integration, throttling apart from the rest."""
    if resource.family == "activity":
        return {}
    if resource.service in _WRITTEN_OUT:
        return _WRITTEN_OUT[resource.service]
    is_sdk = resource.service.startswith("aws-sdk:")
    service = resource.service.removeprefix("aws-sdk:")
    service = _MODELS.get(service, service)
    prefix = _class_name(service_id(service) or service)
    generic = f"{prefix}Exception" if is_sdk else _GENERIC.get(service)
    if not is_sdk:
        prefix = _OPTIMIZED.get(resource.service, prefix)
    names = [_exception(name) for name in errors_of(service, resource.action)]
    if not any(map(_THROTTLING.search, names)):
        names.append("ThrottlingException")
    names += [name for name in (generic, "SdkClientException") if name is not None]
    return {
        "throttling": tuple(f"{prefix}.{n}" for n in names if _THROTTLING.search(n)),
        "service": tuple(f"{prefix}.{n}" for n in names if not _THROTTLING.search(n)),
    }


def _exception(shape: str) -> str:
    """The exception's name of an error shape, as the SDK for Java makes it."""
    name = shape.rpartition(".")[2].removesuffix("Fault").removesuffix("Error")
    name = name[:1].upper() + name[1:]
    return name if name.endswith("Exception") else f"{name}Exception"


def _class_name(id: str) -> str:
    """A service's id as the SDK for Java spells it: `DynamoDb`, `Sfn`, `S3`."""
    text = re.sub(r"[^A-Za-z0-9]+", " ", id)
    text = re.sub(r"(?<=[a-z])(?=[A-Z][a-zA-Z0-9])", " ", text)
    text = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1 \2", text)
    text = re.sub(r"([0-9])([a-zA-Z])", r"\1 \2", text)
    return "".join(word[:1].upper() + word[1:].lower() for word in text.split())


# ---------------------------------------------------------------------------- answers


def _begun(resource: Resource, id: int) -> list[tuple[int, Reply]]:
    """What a task says before it is known how it ends."""
    if resource.family == "activity":
        return [(0, TaskStarted(id, 0))]
    return [(0, TaskSubmitted(id, 0, {}))] if resource.pattern != "request" else []


def _says(resource: Resource, last: TaskSucceeded | TaskFailed) -> Answer:
    return Answer([*_begun(resource, last.id), (0, last)])


def _outlasts(resource: Resource, effect: StartTask, now: Instant) -> Answer:
    """A task that is still at work when TimeoutSeconds run out, its heart beating."""
    says, call = _begun(resource, effect.id), effect.call
    if call.heartbeat_seconds and call.deadline is not None:
        half = call.heartbeat_seconds * 500_000
        beats = range(half, call.deadline - now, half)[:_MOST_BEATS]
        says += [(after, TaskHeartbeat(effect.id, 0)) for after in beats]
    return Answer(says, waits="never")


def _cause(resource: Resource, fault: Fault) -> Json:
    """The Cause: a function's is JSON text, a service's a sentence."""
    name = fault.error
    if fault.kind in ("throttling", "service", "permission", "job"):
        text = f"An injected fault (Service: {resource.service}; Status Code: 500; "
        return f"{text}Error Code: {name.rpartition('.')[2]}; Proxy: null)"
    message = "An injected fault"
    if resource.family == "lambda" or resource.service == "lambda":
        if resource.pattern == "token":
            return message
        return json_text({"errorMessage": message, "errorType": name})
    return message
