"""Machines that run other machines: startExecution given a machine that we have.

In: a Task on `states:startExecution` (or its SDK forms) and its request. Out: the
StartExecution effect; and, for the runner, what the service would say of the child.
Never: runs the child; the runner keeps the table of executions.

Developer guide: "Start workflow executions from a Task state".
"""

from typing import TYPE_CHECKING

from asl.engine.messages import (
    Call,
    StartExecution,
    TaskFailed,
    TaskSubmitted,
    TaskSucceeded,
)
from asl.engine.parameters import cannot_start
from asl.expressions.scope import EvaluationError
from asl.history import iso_text
from asl.model.failure import RUNTIME, TASK_FAILED
from asl.model.machine import StateMachine
from asl.model.resource import Resource
from asl.values import Json, NotJson, json_text, parse_json

if TYPE_CHECKING:
    from asl.engine.execution import Execution
    from asl.engine.strand import Strand

STARTS = {
    ("states", "startExecution"),
    ("aws-sdk:sfn", "startExecution"),
    ("aws-sdk:sfn", "startSyncExecution"),
}


def find_machine(
    execution: "Execution", resource: Resource, request: Json
) -> StateMachine | None:
    """The machine that a request names, where we have it."""
    if (resource.service, resource.action) not in STARTS:
        return None
    if not isinstance(request, dict):
        return None
    return execution.machines.get(str(request.get("StateMachineArn")))


def nested_input(request: dict[str, Json]) -> Json:
    """The input that a request gives; a text must be JSON."""
    given = request.get("Input", {})
    if not isinstance(given, str):
        return given
    try:
        return parse_json(given)
    except NotJson:
        raise EvaluationError(
            RUNTIME,
            cannot_start(
                request, "The value of the field 'Input' has an invalid format"
            ),
        ) from None


def start_nested(
    strand: "Strand",
    number: int,
    resource: Resource,
    machine: StateMachine,
    request: dict[str, Json],
    given: Json,
    call: Call,
) -> StartExecution:
    """The effect that starts a nested execution."""
    name = request.get("Name")
    return StartExecution(
        id=number,
        machine=machine,
        input=given,
        name=name if isinstance(name, str) else strand.execution.new_uuid(),
        type=strand.execution.machine_types.get(str(request["StateMachineArn"]))
        or ("EXPRESS" if resource.action == "startSyncExecution" else "STANDARD"),
        call=call,
        resource=resource,
        machine_arn=str(request["StateMachineArn"]),
    )


def started(child: "Execution") -> dict[str, Json]:
    """What the service answers as soon as the child runs."""
    return {"ExecutionArn": child.arn, "StartDate": child.started_at // 1000}


def waits_for_child(effect: StartExecution) -> bool:
    """Whether the state goes on only when the child has ended."""
    resource = effect.resource
    if resource is None:
        return True  # a child of a distributed Map
    return resource.pattern in ("sync", "sync:2") or (
        resource.action == "startSyncExecution"
    )


def submitted(effect: StartExecution, child: "Execution") -> list[Json]:
    """What the parent hears at the child's start: replies without their time."""
    resource = effect.resource
    if resource is None or resource.action == "startSyncExecution":
        return []
    answer = started(child)
    if resource.pattern == "request":
        return [TaskSucceeded(effect.id, 0, answer)]
    return [TaskSubmitted(effect.id, 0, answer)]


def ended(effect: StartExecution, child: "Execution") -> TaskSucceeded | TaskFailed:
    """What the parent hears at the child's end."""
    resource = effect.resource
    if resource is None:
        if child.status == "SUCCEEDED":
            output = child.output
            if effect.child is not None and effect.child.as_text:
                output = [json_text(child.input), json_text(output)]
            return TaskSucceeded(effect.id, 0, output)
        return failed_as(effect.id, child.status, child.error, child.cause)
    if resource.action == "startSyncExecution":
        return TaskSucceeded(effect.id, 0, describe(child, parsed=False, dates=str))
    description = describe(child, parsed=resource.pattern == "sync:2", dates=int)
    if child.status == "SUCCEEDED":
        return TaskSucceeded(effect.id, 0, description)
    return TaskFailed(effect.id, 0, TASK_FAILED, json_text(description))


def failed_as(
    number: int, status: str, error: str | None, cause: str | None
) -> TaskFailed:
    """What a Map Run hears of a child that did not succeed."""
    phase = "timeout" if status == "TIMED_OUT" else "run"
    return TaskFailed(number, 0, error, cause, phase)


def describe(child: "Execution", *, parsed: bool, dates: type) -> dict[str, Json]:
    """DescribeExecution's answer as an integration sees it: PascalCase, sorted."""

    def document(value: Json) -> Json:
        return value if parsed else json_text(value)

    def date(at: int) -> Json:
        return iso_text(at) if dates is str else at // 1000

    text: dict[str, Json] = {
        "ExecutionArn": child.arn,
        "Input": document(child.input),
        "InputDetails": {"Included": True},
        "Name": child.name,
        "StartDate": date(child.started_at),
        "StateMachineArn": child.machine_arn,
        "Status": child.status,
        "StopDate": date(child.ended_at or child.started_at),
    }
    if child.status == "SUCCEEDED":
        text["Output"] = document(child.output)
        text["OutputDetails"] = {"Included": True}
    if child.type == "STANDARD":
        text["RedriveCount"] = child.redrive_count
        redrivable = child.status != "SUCCEEDED"
        text["RedriveStatus"] = "REDRIVABLE" if redrivable else "NOT_REDRIVABLE"
        if not redrivable:
            text["RedriveStatusReason"] = (
                "Execution is SUCCEEDED and cannot be redriven"
            )
    if child.error is not None:
        text["Error"] = child.error
    if child.cause is not None:
        text["Cause"] = child.cause
    return dict(sorted(text.items()))
