"""The watch of a dry run: what is noticed while it goes on.

In: fields that could not be evaluated, values that could not be used. Out: NeedsSample
where nobody gave the value; notes of guesses and of what is missing in given data.
Never: stops a failure that the machine itself is to blame for.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from asl.expressions.scope import EvaluationError, Scope
from asl.model.states import State
from asl.runtime.lookup import Lack, Reference, find_lack
from asl.tasks.unknown import Unknowns
from asl.values import Json

T = TypeVar("T")


class NeedsSample(Exception):
    """A field needs a value that nobody gave."""

    def __init__(self, state: str, lack: Lack) -> None:
        super().__init__(state, lack)
        self.state = state
        """The state that needs it."""
        self.lack = lack


class Loops(Exception):
    """A state is entered more often than is allowed."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


@dataclass(frozen=True, slots=True)
class Guess:
    """A Choice that could not know where to go."""

    state: str
    lack: Lack
    target: str
    why: str
    """`chosen`, `Default` or `first rule`."""


@dataclass(slots=True)
class Watch:
    """What is noticed while one dry run goes on."""

    unknowns: Unknowns
    visits: int
    choose: Mapping[str, Sequence[str]]
    guesses: list[Guess] = field(default_factory=list)
    chosen: dict[str, int] = field(default_factory=dict)
    """How many of its targets a Choice has used."""
    missing: dict[str, Lack] = field(default_factory=dict)
    """By state: what its fields did not find in data that is given."""

    def closure(
        self, evaluate: Callable[[Json, Scope], T], reads: list[Reference], state: State
    ) -> Callable[[Json, Scope], T]:
        """A compiled field that tells what it lacks when it fails."""

        def watched(subject: Json, scope: Scope) -> T:
            try:
                return evaluate(subject, scope)
            except EvaluationError as error:
                told = [r for r in reads if _tells(error, r)] or reads
                self.lacks(state, told, subject, scope)
                raise

        return watched

    def lacks(
        self, state: State, reads: list[Reference], subject: Json, scope: Scope
    ) -> None:
        """A field failed: say so if a value is unknown, else note what is missing."""
        lack = find_lack(self.unknowns, reads, subject, scope, state.name)
        if lack is None:
            self.missing.pop(state.name, None)
        elif lack.is_unknown:
            raise NeedsSample(state.name, lack)
        else:
            self.missing[state.name] = lack

    def refuses(self, state: State, value: Json) -> None:
        """A value cannot be used as it is: say so if nobody knows it."""
        unknown = self.unknowns.of(value)
        if unknown is not None:
            lack = Lack(unknown.state, unknown.path, is_unknown=True)
            raise NeedsSample(state.name, lack)


def _tells(error: EvaluationError, reference: Reference) -> bool:
    """Whether a failure's sentence speaks of a reference, or of its expression."""
    if reference.jsonata:
        return f"'{reference.expression}'" in error.detail
    name = str(reference)
    return f"'{name}'" in error.detail or f" {name} " in f" {error.detail} "
