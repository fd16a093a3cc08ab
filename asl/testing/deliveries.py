"""Deliveries: an Express execution that runs more than once, as AWS allows.

In: a machine, its input, tasks that keep what they remember. Out: Deliveries: the runs,
and which calls were made more than once.
Never: judges a handler: whether a second call did harm, the test looks up itself.

AWS starts an asynchronous Express execution at least once: the whole of it may run
again, under the same name. Developer guide: "Choosing workflow type".
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

from asl.engine.execution import Execution
from asl.engine.messages import Reply
from asl.engine.visits import calls_in
from asl.errors import UsageError
from asl.model.machine import StateMachine
from asl.runtime.run import make_runner
from asl.tasks.mocks import Mocks
from asl.tasks.registry import Tasks
from asl.values import Json, json_text


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatedCall:
    """A state asked for the same thing more than once."""

    state: str
    payload: Json
    times: tuple[int, ...]
    """How often in each delivery."""

    def __str__(self) -> str:
        text = json_text(self.payload)
        shown = text if len(text) <= 100 else f"{text[:99]}…"
        return f"{self.state} {' + '.join(map(str, self.times))} times: {shown}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliveries:
    """All the runs of one Express execution."""

    executions: tuple[Execution, ...]
    repeated: tuple[RepeatedCall, ...]
    """Calls made more than once, with the same payload: handlers must bear them."""
    changed: tuple[RepeatedCall, ...]
    """Calls made in some deliveries only: no handler could know them again."""

    @property
    def differing(self) -> list[int]:
        """The deliveries (from 0) whose result is not that of the first."""
        results = [_result(execution) for execution in self.executions]
        return [n for n, result in enumerate(results) if result != results[0]]

    def check(self) -> None:
        """AssertionError where a later delivery came to something else."""
        if not self.differing:
            return
        number = self.differing[0]
        first, other = self.executions[0], self.executions[number]
        calls = "\n".join(f"  {call}" for call in (*self.repeated, *self.changed))
        raise AssertionError(
            f"delivery {number + 1} came to another result than the first:\n"
            f"  first: {_result(first)}\n  then: {_result(other)}\n"
            f"calls made again:\n{calls or '  none'}"
        )


def deliver(
    machine: StateMachine,
    input: Json = None,
    *,
    tasks: Tasks | Mocks | None = None,
    deliveries: int = 2,
    seed: int = 0,
    **options: Any,
) -> Deliveries:
    """Run an Express execution so many times from its start, with the same tasks.

    The name, the ARN and the input stay the same; what is drawn by chance does not.
    Other options are those of asl.run.
    """
    if (
        isinstance(deliveries, bool)
        or not isinstance(deliveries, int)
        or deliveries < 2
    ):
        raise UsageError(f"deliveries is a whole number from 2, not {deliveries!r}")
    if "type" in options:
        raise UsageError("only an Express execution is delivered more than once")
    executions: list[Execution] = []
    counts: dict[tuple[str, str], list[int]] = {}
    payloads: dict[tuple[str, str], Json] = {}
    for number in range(deliveries):
        met: dict[int, Execution] = {}
        runner = make_runner(
            machine,
            input,
            tasks=tasks,
            type="EXPRESS",
            seed=seed,
            on_reply=partial(_meet, met),
            **options,
        )
        root = runner.root
        if number:
            root.seed = f"{seed}#{number}"
        executions.append(runner.run())
        _meet(met, root)
        for execution in met.values():
            for _, call in calls_in(execution.history, since=root.started_at):
                key = (call.state, json_text(call.payload))
                payloads.setdefault(key, call.payload)
                counts.setdefault(key, [0] * deliveries)[number] += 1
    calls = [
        RepeatedCall(state=key[0], payload=payloads[key], times=tuple(times))
        for key, times in counts.items()
    ]
    return Deliveries(
        executions=tuple(executions),
        repeated=tuple(call for call in calls if sum(call.times) > 1),
        changed=tuple(call for call in calls if 0 in call.times),
    )


def _meet(
    met: dict[int, Execution], execution: Execution, reply: Reply | None = None
) -> None:
    """An execution has had a reply: it may have made calls."""
    met[id(execution)] = execution


def _result(execution: Execution) -> str:
    if execution.status == "SUCCEEDED":
        return f"SUCCEEDED {json_text(execution.output)}"
    return f"{execution.status} {execution.error}"
