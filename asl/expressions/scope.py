"""Scope: what an expression may look at besides its data.

In: nothing. Out: the Protocol that every compiled expression is evaluated against, and
the two exceptions of this room.
Never: an implementation; the engine's Strand is one, a test's stand-in another.
"""

from collections.abc import Mapping
from random import Random  # noqa: TID251 - a type: the execution's own chance
from typing import Protocol

from asl.values import Json


class Scope(Protocol):
    """The surroundings of one evaluation."""

    @property
    def context(self) -> dict[str, Json]:
        """The context object (`$$`, `$states.context`) at this moment."""

    @property
    def variables(self) -> Mapping[str, Json]:
        """Workflow variables by name, as they were when the state was entered."""

    @property
    def random(self) -> Random:
        """The execution's only source of chance."""

    @property
    def now_ms(self) -> int:
        """The execution's present moment in milliseconds since 1970."""


class SyntaxProblem(Exception):
    """A text that is no path, call or expression; `position` counts from 0."""

    def __init__(self, message: str, position: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


class EvaluationError(Exception):
    """An evaluation failed as AWS would let it fail.

    `error` is the States.* name, `detail` the sentence after AWS's usual prefix ("An
    error occurred while executing the state …"), `location` the field (JSONata only).
    """

    def __init__(self, error: str, detail: str, *, location: str | None = None) -> None:
        super().__init__(detail)
        self.error = error
        self.detail = detail
        self.location = location
