"""Orders: the same run with what happens at one moment in other orders.

In: a machine, its input, tasks. Out: Orders: which seeds led to another result.
Never: an order that virtual time forbids: what is due earlier comes earlier.

AWS promises no order among the branches of a Parallel and the concurrent iterations of
a Map; here they take turns, always in the same way. A result that depends on the turns
is a bug that would show itself on AWS now and then.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from asl.engine.execution import Execution
from asl.errors import UsageError
from asl.model.machine import StateMachine
from asl.runtime.run import make_runner
from asl.tasks.mocks import Mocks
from asl.tasks.registry import Tasks
from asl.values import Json, json_text

Source: TypeAlias = Tasks | Mocks | Callable[[], Tasks | Mocks] | None
"""Tasks, or a function that makes them anew for every run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One run in one order."""

    seed: int | None
    """The seed of its order; None for the usual one."""
    execution: Execution

    @property
    def result(self) -> Json:
        """What has to be the same in every order.

        Causes are left out, because AWS puts the ids of events in them.
        """
        execution = self.execution
        if execution.status == "SUCCEEDED":
            return {"Status": execution.status, "Output": execution.output}
        return {"Status": execution.status, "Error": execution.error}


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """All the runs: the usual one first."""

    usual: Order
    others: tuple[Order, ...]

    @property
    def differing(self) -> list[Order]:
        """The first order for each result that is not the usual one."""
        known = {json_text(self.usual.result)}
        found = []
        for order in self.others:
            text = json_text(order.result)
            if text not in known:
                known.add(text)
                found.append(order)
        return found

    def check(self) -> None:
        """AssertionError where a result depends on the order, with the seed."""
        differing = self.differing
        if not differing:
            return
        lines = [f"  usual order: {json_text(self.usual.result)}"]
        lines += [f"  seed {one.seed}: {json_text(one.result)}" for one in differing]
        raise AssertionError(
            "the result depends on the order of delivery:\n"
            + "\n".join(lines)
            + "\nasl.testing.orders.run_in_order(machine, input, "
            f"seed={differing[0].seed}, …) shows it again"
        )


def interleavings(
    machine: StateMachine,
    input: Json = None,
    *,
    tasks: Source = None,
    orders: int = 20,
    seed: int = 0,
    options: Mapping[str, Any] | None = None,
) -> Orders:
    """Run a machine in its usual order and in `orders` others, one for each seed.

    Callables that remember something want a function that makes the tasks anew for
    every run. `options` goes to asl.run: type, buckets, machines and so on.
    """
    if isinstance(orders, bool) or not isinstance(orders, int) or orders < 1:
        raise UsageError(f"orders is a whole number from 1, not {orders!r}")
    made = dict(options or {})
    return Orders(
        usual=Order(seed=None, execution=_run(machine, input, tasks, None, made)),
        others=tuple(
            Order(seed=one, execution=_run(machine, input, tasks, one, made))
            for one in range(seed, seed + orders)
        ),
    )


def run_in_order(
    machine: StateMachine,
    input: Json = None,
    *,
    tasks: Source = None,
    seed: int,
    options: Mapping[str, Any] | None = None,
) -> Execution:
    """Run a machine once, in the order of one seed."""
    return _run(machine, input, tasks, seed, dict(options or {}))


def _run(
    machine: StateMachine,
    input: Json,
    tasks: Source,
    seed: int | None,
    options: dict[str, Any],
) -> Execution:
    return make_runner(
        machine, input, tasks=fresh_tasks(tasks), order_seed=seed, **options
    ).run()


def fresh_tasks(tasks: Source) -> Tasks | Mocks | None:
    """The tasks of one run."""
    if tasks is None or isinstance(tasks, (Tasks, Mocks)):
        return tasks
    if not callable(tasks):
        raise UsageError(
            "tasks is an asl.Tasks or asl.Mocks, or a function that makes one, not "
            f"{tasks!r}"
        )
    return tasks()
