"""Binding: one callable, and how it wants to be called.

In: what a caller hands to `bind`. Out: a checked Binding.
Never: calls the callable.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from asl.errors import UsageError
from asl.quotas import LAMBDA_SECONDS


@dataclass(frozen=True, slots=True)
class Binding:
    """One callable and how it wants to be called."""

    resource: str
    function: Callable[..., Any]
    takes_context: bool
    is_async: bool
    timeout_seconds: float | None


def check_name(resource: str) -> None:
    """Refuse what cannot name a resource."""
    if not isinstance(resource, str) or not resource.strip():
        raise UsageError(
            f"bind takes a full ARN, a function name or a pattern, not {resource!r}"
        )


def check_timeout(seconds: float | None) -> None:
    """Refuse a time limit that Lambda would not take."""
    if seconds is None:
        return
    is_number = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
    if not is_number or not 0 < seconds <= LAMBDA_SECONDS:
        raise UsageError(
            f"timeout_seconds must be more than 0 and at most {LAMBDA_SECONDS}, which "
            f"is Lambda's own maximum, not {seconds!r}"
        )


def inspect_callable(
    resource: str, function: Callable[..., Any], timeout_seconds: float | None
) -> Binding:
    """A binding for this callable; UsageError for one that could never serve."""
    if not callable(function):
        raise UsageError(
            f"{resource!r} is bound to {function!r}, which cannot be called"
        )
    called = function if inspect.isroutine(function) else _called_by(function)
    if inspect.isasyncgenfunction(called) or inspect.isgeneratorfunction(called):
        raise UsageError(
            f"{resource!r} is bound to a generator; a task returns its result at once"
        )
    return Binding(
        resource,
        function,
        _takes_context(resource, function),
        inspect.iscoroutinefunction(called),
        timeout_seconds,
    )


def _called_by(function: Callable[..., Any]) -> Callable[..., Any]:
    """What is really called: inside a partial, or an object's own __call__."""
    inner = getattr(function, "func", None)
    if callable(inner):
        return inner if inspect.isroutine(inner) else _called_by(inner)
    called: Callable[..., Any] = (
        function if inspect.isclass(function) else type(function).__call__
    )
    return called


def _takes_context(resource: str, function: Callable[..., Any]) -> bool:
    """Whether the callable wants (event, context); UsageError if it takes neither."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # some builtins tell nothing
        return False
    by_position = [
        p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    takes_any = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    required = [p for p in by_position if p.default is p.empty]
    named = [p for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is p.empty]
    if (not by_position and not takes_any) or len(required) > 2 or named:
        raise UsageError(
            f"{resource!r} is bound to a callable that takes neither (event) nor "
            f"(event, context): {function!r}"
        )
    if takes_any or len(required) == 2:
        return True
    return len(by_position) > 1 and by_position[1].name in ("context", "ctx")
