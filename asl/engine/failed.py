"""Failures: on their way up through the engine, and as they are kept for later.

In: an error name and a cause. Out: StateFailed, which only the engine raises and
catches; what whoever looks back is told of failures beside the history.
Never: lets a StateFailed out of the engine: what no Catcher takes ends in the history.
"""

from dataclasses import dataclass
from typing import NamedTuple

from asl.model.failure import RUNTIME, TIMEOUT
from asl.values import Json


class ChildFailure(NamedTuple):
    """A child of a distributed Map that failed; AWS's history tells of none."""

    place: int
    """Children are counted from 0, in item order."""
    execution_arn: str
    status: str
    """FAILED or TIMED_OUT."""
    error: str | None
    cause: str | None


@dataclass(frozen=True, slots=True)
class TaskException:
    """What a callable raised, with its traceback, and in which state and attempt."""

    state: str
    attempt: int
    exception: BaseException


class Failure(NamedTuple):
    """What no event tells of an attempt that failed: kept for whoever looks back."""

    entered: int
    """The id of its state's Entered event."""
    last: int
    """The id of the newest event of its chain at that moment."""
    outcome: str
    """retried, caught or failed."""
    error: str | None
    cause: str | None
    children: tuple[ChildFailure, ...] = ()
    """Of a distributed Map: the first children that failed."""


class StateFailed(Exception):
    """A state failed; Retry and Catch, an enclosing Map or the execution decide on."""

    children: tuple[ChildFailure, ...] = ()
    """Of a distributed Map: the first children that failed."""

    def __init__(
        self,
        error: str | None,
        cause: str | None,
        *,
        alias: str | None = None,
    ) -> None:
        super().__init__(error, cause)
        self.error = error
        self.cause = cause
        self.alias = alias
        """A second name that matches in ErrorEquals (heartbeats)."""

    @property
    def terminal(self) -> bool:
        """Nothing retries or catches it: the state itself could not be computed."""
        return self.error == RUNTIME

    def error_output(self) -> dict[str, Json]:
        """What a Catcher gets; an absent cause is null, a time-out's is empty."""
        cause = self.cause
        if cause is None and self.error == TIMEOUT:
            cause = ""
        return {"Error": self.error, "Cause": cause}
