"""Task: one attempt at having work done by a resource.

In: a strand in a Task state, its raw input. Out: the task's result, or StateFailed.
Never: retries or catches (failure.py is around us); never calls anything.

States Language specification: "Task State"; reference 08, 13.4.
"""

import base64
import hashlib
from collections.abc import Generator

from asl.engine.arns import REGION
from asl.engine.data import payload, subject
from asl.engine.failed import StateFailed
from asl.engine.messages import (
    Reply,
    StartTask,
    TaskFailed,
    TaskStarted,
    TaskSubmitted,
    TaskSucceeded,
    TimerFired,
)
from asl.engine.nested import find_machine, nested_input, start_nested
from asl.engine.parameters import find_refusal
from asl.engine.strand import Strand
from asl.expressions.scope import EvaluationError
from asl.model.failure import HEARTBEAT_TIMEOUT, RUNTIME, TIMEOUT
from asl.model.resource import Resource
from asl.model.states import Task
from asl.values import Json


def run_task(
    strand: Strand, state: Task, raw: Json
) -> Generator[None, Reply | Strand, Json]:
    """Evaluate the request, ask for the work, wait for its end."""
    resource = state.resource
    if state.takes_token:
        strand.token = _token(strand)
        strand.forget_context()
    given = subject(strand, state, raw)
    if state.parameters is None:
        request = payload(state, given)
    else:
        request = state.parameters(given, strand)
    timeout = heartbeat = credentials = None
    if state.timeout_seconds is not None:
        timeout = int(state.timeout_seconds(given, strand))
    if state.heartbeat_seconds is not None:
        heartbeat = int(state.heartbeat_seconds(given, strand))
    if state.credentials is not None:
        role = state.credentials(given, strand)
        credentials = {"roleArn": role["RoleArn"]} if "RoleArn" in role else None
    machine = given_input = None
    if resource.family == "lambda":
        strand.record(
            "LambdaFunctionScheduled", resource.arn, request, timeout, credentials
        )
        strand.record("LambdaFunctionStarted")
    else:
        if machine := find_machine(strand.execution, resource, request):
            given_input = nested_input(request)
        _schedule(strand, state, request, timeout, heartbeat, credentials)
    number = strand.new_id()
    call = strand.call(state, raw, strand.retry_count or 0)
    if timeout is not None:
        call.deadline = strand.recorder.now + timeout * 1_000_000
    call.heartbeat_seconds = heartbeat
    if machine is None:
        strand.ask(StartTask(number, resource.arn, request, call))
    else:
        strand.ask(
            start_nested(strand, number, resource, machine, request, given_input, call)
        )
    if timeout is not None or heartbeat is not None:
        return (yield from _wait_limited(strand, resource, number, timeout, heartbeat))
    while True:
        reply = yield
        if isinstance(reply, (TaskSucceeded, TaskFailed)):
            strand.answered(number)
            return _result(strand, resource, reply)
        _progress(strand, resource, reply)


def _token(strand: Strand) -> str:
    """A task token: the same in the same run, another for every attempt."""
    execution = strand.execution
    text = f"{execution.arn}#{execution.asked + 1}".encode()
    return "AQC" + base64.b64encode(hashlib.sha512(text).digest()).decode().rstrip("=")


def _schedule(
    strand: Strand,
    state: Task,
    request: Json,
    timeout: int | None,
    heartbeat: int | None,
    credentials: Json,
) -> None:
    """Write the events that open an activity's task or an integration's."""
    resource = state.resource
    if resource.family == "activity":
        if not strand.execution.knows_activity(state.name, resource.arn):
            raise EvaluationError(
                RUNTIME, f"The activity {resource.arn} does not exist."
            )
        strand.record("ActivityScheduled", resource.arn, request, timeout, heartbeat)
        return
    if refusal := find_refusal(resource, request):
        raise EvaluationError(RUNTIME, refusal)
    strand.record(
        "TaskScheduled",
        resource.service,
        resource.event_resource,
        resource.region or REGION,
        request,
        timeout,
        heartbeat,
        credentials,
    )
    strand.record("TaskStarted", resource.service, resource.event_resource)


def _wait_limited(
    strand: Strand,
    resource: Resource,
    number: int,
    timeout: int | None,
    heartbeat: int | None,
) -> Generator[None, Reply | Strand, Json]:
    """Wait for the end of a task, its time-out or a missing heartbeat."""
    clock = strand.recorder
    deadline = pulse = None
    if timeout is not None:
        deadline = strand.timer(clock.now + timeout * 1_000_000)
    if heartbeat is not None:
        pulse = strand.timer(clock.now + heartbeat * 1_000_000)
    while True:
        reply = yield
        if isinstance(reply, (TaskSucceeded, TaskFailed)):
            _settle(strand, number, deadline, pulse)
            return _result(strand, resource, reply)
        if isinstance(reply, TimerFired):
            strand.answered(reply.id)
            strand.cancel(number)
            rest = pulse if reply.id == deadline else deadline
            if rest is not None:
                strand.cancel(rest)
            _end(strand, resource, "TimedOut", TIMEOUT, None)
            alias = HEARTBEAT_TIMEOUT if reply.id == pulse else None
            raise StateFailed(TIMEOUT, None, alias=alias)
        if heartbeat is not None and pulse is not None:
            strand.cancel(pulse)
            pulse = strand.timer(clock.now + heartbeat * 1_000_000)
        _progress(strand, resource, reply)


def _settle(strand: Strand, number: int, *timers: int | None) -> None:
    """The task has ended: nothing of it is waited for any more."""
    strand.answered(number)
    for timer in timers:
        if timer is not None:
            strand.cancel(timer)


def _progress(strand: Strand, resource: Resource, reply: Reply | Strand) -> None:
    """Write what a task says on its way."""
    if isinstance(reply, TaskSubmitted) and resource.family == "task":
        strand.record(
            "TaskSubmitted", resource.service, resource.event_resource, reply.output
        )
    elif isinstance(reply, TaskStarted) and resource.family == "activity":
        strand.record("ActivityStarted", reply.worker)


def _result(
    strand: Strand, resource: Resource, reply: TaskSucceeded | TaskFailed
) -> Json:
    """The end of a task: its result, or StateFailed."""
    if isinstance(reply, TaskFailed):
        raise _failed(strand, resource, reply)
    output = reply.output
    try:
        strand.measure(
            output, resource.arn if resource.family == "lambda" else resource.service
        )
    except StateFailed as failure:
        _end(strand, resource, "Failed", failure.error, failure.cause)
        raise
    _end(strand, resource, "Succeeded", output)
    return output


_PHASES = {
    "run": "Failed",
    "timeout": "TimedOut",
    "submit": "SubmitFailed",
    "start": "StartFailed",
    "schedule": "ScheduleFailed",
}
_EVENTS = {
    (family, how): prefix + how
    for family, prefix in (
        ("lambda", "LambdaFunction"),
        ("activity", "Activity"),
        ("task", "Task"),
    )
    for how in ("Succeeded", *_PHASES.values())
}
"""Event types by family and end."""


def _end(strand: Strand, resource: Resource, how: str, *members: Json) -> None:
    """Write the event that ends a task, in its family's words."""
    kind = _EVENTS[resource.family, how]
    if resource.family == "task":
        strand.record(kind, resource.service, resource.event_resource, *members)
    else:
        strand.record(kind, *members)


def _failed(strand: Strand, resource: Resource, reply: TaskFailed) -> StateFailed:
    """A task's own failure: written as its family and phase demand."""
    if reply.phase == "runtime":
        # The request never was a valid one: AWS tells it as the state's own failure.
        return strand.explain(EvaluationError(RUNTIME, reply.cause or ""))
    how = _PHASES[reply.phase]
    if reply.phase == "submit" and resource.family != "task":
        how = "Failed"
    _end(strand, resource, how, reply.error, reply.cause)
    return StateFailed(reply.error, reply.cause)
