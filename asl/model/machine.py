"""StateMachine, Branch and ItemProcessor: the frozen model of a definition.

In: what model/build.py made. Out: states by name, and the order in which they stand.
Never: changed after it was built, so that one machine may run many times at once.

States Language specification: "Structure of a State Machine".
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from asl.model.states import Map, Parallel, State
from asl.problem import Problem
from asl.values import Json


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Branch:
    """States that start at one of them: a machine, a Parallel branch, a Map's body."""

    start_at: str
    states: Mapping[str, State]
    pointer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ItemProcessor(Branch):
    """The body of a Map, and how it runs."""

    mode: Literal["INLINE", "DISTRIBUTED"] = "INLINE"
    execution_type: Literal["STANDARD", "EXPRESS"] = "STANDARD"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StateMachine(Branch):
    """A whole definition, checked and compiled, ready to run any number of times."""

    name: str
    definition: dict[str, Json]
    """The definition as it was read."""
    file: str | None = None
    comment: str | None = None
    query_language: Literal["JSONPath", "JSONata"] = "JSONPath"
    timeout_seconds: int | None = None
    problems: tuple[Problem, ...] = ()
    """Warnings that did not keep the machine from being built."""

    def __eq__(self, other: object) -> bool:
        """Machines are equal when their definitions are, however they were laid out."""
        if not isinstance(other, StateMachine):
            return NotImplemented
        return self.name == other.name and self.definition == other.definition

    def __hash__(self) -> int:
        return hash((self.name, self.start_at, len(self.states)))

    def __repr__(self) -> str:
        return f"<StateMachine {self.name!r}: {len(self.states)} states>"

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        """What a notebook shows of it: its picture."""
        return {"text/plain": repr(self), **picture_of(self)}

    def all_states(self) -> Iterator[State]:
        """Every state of the machine, those of branches and item processors too."""
        return walk_states(self)


def walk_states(branch: Branch) -> Iterator[State]:
    """Every state of a branch as they stand, nested ones too."""
    pending: list[Branch] = [branch]
    while pending:
        for state in pending.pop().states.values():
            yield state
            if isinstance(state, Parallel):
                pending.extend(reversed(state.branches))
            elif isinstance(state, Map):
                pending.append(state.processor)


def picture_of(machine: StateMachine, **drawn_on_it: Json) -> dict[str, str]:
    """A machine's picture as notebooks take it, by media type.

    SVG with the extra `draw`, else Mermaid. Through the front door, and only when a
    notebook asks: this room knows nothing of those above it.
    """
    import asl
    from asl.errors import UsageError

    try:
        return {"image/svg+xml": asl.draw(machine, format="svg", **drawn_on_it)}
    except UsageError:  # the extra is missing
        return {"text/vnd.mermaid": asl.draw(machine, **drawn_on_it)}
