"""Task: one attempt at having work done by a resource.

In: a strand in a Task state, its raw input. Out: the task's result, or StateFailed.
Never: retries or catches (failure.py is around us); never calls anything.

States Language specification: "Task State".
"""

import base64
import hashlib
from collections.abc import Generator

from asl.engine.arns import REGION
from asl.engine.data import payload, subject
from asl.engine.failed import StateFailed
from asl.engine.messages import (
    Reply,
    StartExecution,
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
from asl.quotas import PAYLOAD_BYTES
from asl.values import Json, size_bound

LAST_WORDS = (TaskSucceeded, TaskFailed)
"""The replies that end a task."""


def run_task(
    strand: Strand, state: Task, raw: Json
) -> Generator[None, Reply | Strand, Json]:
    """One attempt, from its request to its result or its time-out."""
    effect = ask(strand, state, raw)
    if state.is_limited:
        return (yield from _wait_limited(strand, state.resource, effect))
    while not isinstance(reply := (yield), LAST_WORDS):
        note_progress(strand, state.resource, reply)
    return take_result(strand, state.resource, reply)


def ask(strand: Strand, state: Task, raw: Json) -> StartTask | StartExecution:
    """Evaluate the request, write the events that open the task, ask for the work."""
    resource, execution = state.resource, strand.execution
    if state.takes_token:
        strand.token = _token(strand)
        strand.forget_context()
    given = raw if state.takes_raw else subject(strand, state, raw)
    if state.parameters is not None:
        request = state.parameters(given, strand)
    else:
        request = given if state.takes_raw else payload(state, given)
    effect: StartTask | StartExecution
    if state.is_plain:
        strand.record_call(resource.arn, request, None, None)
        number = execution.asked = execution.asked + 1  # strand.new_id
        execution.waiting[number] = strand
        effect = StartTask(number, resource.arn, request, strand.call(state, raw))
        execution.effects.append(effect)
        return effect
    timeout = heartbeat = deadline = credentials = None
    if state.is_limited:
        timeout, heartbeat = _limits(strand, state, given)
        if timeout is not None:
            deadline = strand.recorder.now + timeout * 1_000_000
    if state.credentials is not None:
        role = state.credentials(given, strand)
        credentials = {"roleArn": role["RoleArn"]} if "RoleArn" in role else None
    machine = given_input = None
    if resource.family == "lambda":
        strand.record_call(resource.arn, request, timeout, credentials)
    else:
        if machine := find_machine(execution, resource, request):
            given_input = nested_input(request)
        _schedule(strand, state, request, timeout, heartbeat, credentials)
    number = strand.new_id()
    call = strand.call(state, raw, deadline, heartbeat)
    if machine is None:
        effect = StartTask(number, resource.arn, request, call)
    else:
        effect = start_nested(
            strand, number, resource, machine, request, given_input, call
        )
    execution.effects.append(effect)
    return effect


def _limits(strand: Strand, state: Task, given: Json) -> tuple[int | None, int | None]:
    """TimeoutSeconds and HeartbeatSeconds."""
    timeout = heartbeat = None
    if state.timeout_seconds is not None:
        timeout = int(state.timeout_seconds(given, strand))
    if state.heartbeat_seconds is not None:
        heartbeat = int(state.heartbeat_seconds(given, strand))
    return timeout, heartbeat


def _token(strand: Strand) -> str:
    """A task token: the same in the same run, another for every attempt."""
    execution = strand.execution
    name = f"{execution.arn}#{execution.asked + 1}"
    if execution.redrive_count:
        name += f"#{execution.redrive_count}"
    text = name.encode()
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
        (
            resource.service,
            resource.event_resource,
            resource.region or REGION,
            request,
            timeout,
            heartbeat,
            credentials,
        ),
    )
    strand.record("TaskStarted", resource.service, resource.event_resource)


def _wait_limited(
    strand: Strand, resource: Resource, effect: StartTask | StartExecution
) -> Generator[None, Reply | Strand, Json]:
    """Wait for the end of a task, its time-out or a missing heartbeat."""
    clock, number = strand.recorder, effect.id
    heartbeat = effect.call.heartbeat_seconds
    deadline = pulse = None
    if effect.call.deadline is not None:
        deadline = strand.timer(effect.call.deadline)
    if heartbeat is not None:
        pulse = strand.timer(clock.now + heartbeat * 1_000_000)
    while True:
        reply = yield
        if isinstance(reply, LAST_WORDS):
            for timer in (deadline, pulse):
                if timer is not None:
                    strand.cancel(timer)
            return take_result(strand, resource, reply)
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
        note_progress(strand, resource, reply)


def note_progress(strand: Strand, resource: Resource, reply: Reply | Strand) -> None:
    """Write what a task says on its way."""
    if isinstance(reply, TaskSubmitted) and resource.family == "task":
        strand.record(
            "TaskSubmitted", resource.service, resource.event_resource, reply.output
        )
    elif isinstance(reply, TaskStarted) and resource.family == "activity":
        strand.record("ActivityStarted", reply.worker)


def take_result(
    strand: Strand, resource: Resource, reply: TaskSucceeded | TaskFailed
) -> Json:
    """The end of a task: its result, or StateFailed."""
    strand.execution.waiting.pop(reply.id, None)
    if isinstance(reply, TaskFailed):
        raise _failed(strand, resource, reply)
    output = reply.output
    is_lambda = resource.family == "lambda"
    bound = size_bound(output)  # as in `Strand.leave`
    if bound <= PAYLOAD_BYTES:
        strand.measured, strand.bound = output, bound
    else:
        try:
            strand.measure(output, resource.arn if is_lambda else resource.service)
        except StateFailed as failure:
            _end(strand, resource, "Failed", failure.error, failure.cause)
            raise
    if is_lambda:
        strand.record("LambdaFunctionSucceeded", output)
    else:
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


def _end(strand: Strand, resource: Resource, how: str, a: Json, b: Json = None) -> None:
    """Write the event that ends a task, in its family's words: output, or a failure."""
    kind = _EVENTS[resource.family, how]
    if resource.family == "task":
        strand.record(kind, resource.service, resource.event_resource, a, b)
    else:
        strand.record(kind, a, b)


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
