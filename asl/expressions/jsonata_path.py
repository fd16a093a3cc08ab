"""JSONata expressions that only name a value, as most do: `$n`, `$states.input.id`.

In: the names; at run time `$states` and a Scope. Out: the value itself.
Never: starts the engine, but where only the engine knows what a name comes to.

Taken without the engine the value is shared, not copied, and its integers keep all
their digits.
"""

from collections.abc import Callable
from typing import TypeAlias

from asl.expressions.jsonata_text import whole_numbers
from asl.expressions.scope import EvaluationError, Scope
from asl.values import Json

Evaluate: TypeAlias = Callable[[dict[str, Json], Scope], Json]
"""What an expression or a template comes to, given `$states` and a Scope."""

_MISSING = object()
_UNCLEAR = object()


def whole_states(states: dict[str, Json], scope: Scope) -> dict[str, Json]:
    """`$states` with its context, in AWS's order: then result or errorOutput."""
    return {"input": states["input"], "context": scope.context, **states}


def follower(
    path: list[str], by_engine: Evaluate, undefined: Callable[[], EvaluationError]
) -> Evaluate:
    """What follows the names; `by_engine` where these do not tell all."""
    root, *steps = path
    of_states = root == "states"
    member = steps.pop(0) if of_states and steps else None

    def follow(states: dict[str, Json], scope: Scope) -> Json:
        value: Json
        if not of_states:
            value = scope.variables.get(root, _UNCLEAR)  # no variable: a function?
        elif member is None:
            value = whole_states(states, scope)
        elif member == "context":
            value = scope.context
        else:
            value = states.get(member, _MISSING)
        for step in steps:
            if isinstance(value, dict):
                value = value.get(step, _MISSING)
            else:  # in an array the step is taken from every item
                unclear = isinstance(value, list) or value is _UNCLEAR
                value = _UNCLEAR if unclear else _MISSING
                break
        return finish(value, states, scope)

    def read_variable(states: dict[str, Json], scope: Scope) -> Json:
        value = scope.variables.get(root, _UNCLEAR)
        kind = type(value)
        if kind is int or kind is str:
            return value
        return finish(value, states, scope)

    def finish(value: Json, states: dict[str, Json], scope: Scope) -> Json:
        if value is _MISSING:
            raise undefined()
        if value is _UNCLEAR:
            return by_engine(states, scope)
        return whole_numbers(value)

    return follow if of_states or steps else read_variable
