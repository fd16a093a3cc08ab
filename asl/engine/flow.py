"""The walk through one machine or branch: enter, act, leave, next.

In: a strand, a branch, the value it starts from. Out: the last state's output.
Never: knows what a state does; it only knows which of them may have to wait.

A chain of states that ask the world for nothing runs in one loop here: no queue, no
generator but the walk's own.
"""

from collections.abc import Callable, Generator
from typing import Any, TypeAlias

from asl.engine.basic import run_fail, run_pass, run_succeed, run_wait
from asl.engine.choice import run_choice
from asl.engine.failure import run_retriable
from asl.engine.messages import Reply
from asl.engine.strand import Strand
from asl.expressions.scope import EvaluationError
from asl.model.machine import Branch
from asl.model.states import (
    Choice,
    Fail,
    Map,
    Parallel,
    Pass,
    Succeed,
    Task,
    Wait,
)
from asl.values import Json

Walk: TypeAlias = Callable[
    [Strand, Branch, Json], Generator[None, Reply | Strand, Json]
]
"""A strand's way through a machine or branch."""

AT_ONCE: dict[type, Callable[[Strand, Any, Json], tuple[str | None, Json]]] = {
    Pass: run_pass,
    Choice: run_choice,
    Succeed: run_succeed,
    Fail: run_fail,
}
"""What states do that never wait."""

MAY_WAIT: dict[
    type,
    Callable[
        [Strand, Any, Json],
        Generator[None, Reply | Strand, tuple[str | None, Json]],
    ],
] = {
    Wait: run_wait,
    Task: run_retriable,
    Parallel: run_retriable,
    Map: run_retriable,
}
"""What the others do."""


def walk(
    strand: Strand, branch: Branch, value: Json, start: str | None = None
) -> Generator[None, Reply | Strand, Json]:
    """Run states from StartAt until one ends the branch; StateFailed ends it badly.

    Where an earlier attempt failed, `start` is the state to go on with.
    """
    states = branch.states
    name: str | None = branch.start_at if start is None else start
    try:
        while name is not None:
            state = states[name]
            act = AT_ONCE.get(type(state))
            if act is not None:
                name, value = act(strand, state, value)
            else:
                wait = MAY_WAIT[type(state)]
                name, value = yield from wait(strand, state, value)
    except EvaluationError as problem:
        raise strand.explain(problem) from None
    return value
