"""Requests that no service would take: refused before the task is scheduled.

In: a resource and the evaluated Parameters or Arguments. Out: AWS's reasons, or none.
Never: a service's own validation; that is the task's answer.

Recorded. Only shapes that were recorded, or that an integration cannot
do without, are in the table.
"""

from collections.abc import Callable

from asl.model.resource import Resource
from asl.values import Json, json_text


def find_refusal(resource: Resource, request: Json) -> str | None:
    """Why a request cannot start its task, in AWS's words, or None."""
    checks = _CHECKS.get((resource.service, resource.action))
    if checks is None or not isinstance(request, dict):
        return None
    reasons = [
        reason
        for field, check in checks.items()
        if (reason := check(field, request)) is not None
    ]
    return cannot_start(request, ", ".join(reasons)) if reasons else None


def cannot_start(request: Json, reasons: str) -> str:
    """AWS's sentence about a request that starts no task."""
    return (
        f"The Parameters '{json_text(request)}' could not be used to start the Task: "
        f"[{reasons}]"
    )


def _required(field: str, request: dict[str, Json]) -> str | None:
    if field in request:
        return None
    return f"The field '{field}' is required but was missing"


def _lists_by_name(field: str, request: dict[str, Json]) -> str | None:
    """Headers and query parameters of API Gateway: name → array of texts."""
    value = request.get(field)
    if value is None:
        return None
    if isinstance(value, dict) and all(
        isinstance(entry, list) and all(isinstance(text, str) for text in entry)
        for entry in value.values()
    ):
        return None
    return f"The value of the field '{field}' has an invalid format"


_CHECKS: dict[
    tuple[str, str], dict[str, Callable[[str, dict[str, Json]], str | None]]
] = {
    ("apigateway", "invoke"): {
        "Headers": _lists_by_name,
        "QueryParameters": _lists_by_name,
    },
    ("lambda", "invoke"): {"FunctionName": _required},
}
