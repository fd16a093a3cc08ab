"""run and run_async: the doors through which a machine is executed.

In: a StateMachine, its input, a table of tasks. Out: the ended Execution.
Never: raises for what the machine or its tasks do wrong while running; that is the
execution's status, error and cause. UsageError and DefinitionError say that the call
was wrong.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from os import PathLike
from typing import TYPE_CHECKING, Unpack

from asl.engine.execution import Execution
from asl.engine.messages import Reply
from asl.model.machine import StateMachine
from asl.runtime.clock import Clock
from asl.runtime.family import observers
from asl.runtime.journal import Journal
from asl.runtime.runner import Runner
from asl.runtime.stage import Options, WorkflowType, set_stage
from asl.runtime.straight import run_straight
from asl.values import Json

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from asl.tasks.mocks import Mocks
    from asl.tasks.registry import Tasks


def run(
    machine: StateMachine,
    input: Json = None,
    *,
    tasks: "Tasks | Mocks | None" = None,
    type: WorkflowType = "STANDARD",
    name: str | None = None,
    role_arn: str | None = None,
    seed: int = 0,
    clock: Clock | None = None,
    pool: "Executor | None" = None,
    buckets: str | PathLike[str] | None = None,
    start_time: datetime | None = None,
    machines: Mapping[str, StateMachine] | None = None,
    real_limit_seconds: float = 60,
    on_reply: Callable[[Execution, Reply], None] | None = None,
) -> Execution:
    """Run a machine to its end, in virtual time unless `clock` says otherwise.

    `input` None means `{}`, as StartExecution has it. `machines` holds the machines
    that startExecution may name, by ARN. `buckets` is a folder with one subfolder a
    bucket, the stand-in for S3, or the URL of a store. `real_limit_seconds` ends a run
    whose callable really blocks.
    """
    source, clock, execution = set_stage(
        machine,
        input,
        tasks=tasks,
        type=type,
        name=name,
        role_arn=role_arn,
        seed=seed,
        clock=clock,
        pool=pool,
        buckets=buckets,
        start_time=start_time,
        machines=machines,
        real_limit_seconds=real_limit_seconds,
    )

    make = partial(
        Runner,
        execution,
        source,
        clock=clock,
        machine=machine,
        pool=pool,
        buckets=buckets,
        real_limit_seconds=real_limit_seconds,
        on_reply=on_reply,
    )
    if pool is None and on_reply is None and clock.is_virtual and not observers:
        return run_straight(execution, source, clock, real_limit_seconds, make)
    return make().run()


async def run_async(
    machine: StateMachine,
    input: Json = None,
    *,
    tasks: "Tasks | Mocks | None" = None,
    type: WorkflowType = "STANDARD",
    name: str | None = None,
    role_arn: str | None = None,
    seed: int = 0,
    clock: Clock | None = None,
    pool: "Executor | None" = None,
    buckets: str | PathLike[str] | None = None,
    start_time: datetime | None = None,
    machines: Mapping[str, StateMachine] | None = None,
    real_limit_seconds: float = 60,
    on_reply: Callable[[Execution, Reply], None] | None = None,
) -> Execution:
    """Run a machine on the running event loop; async callables are awaited on it.

    Everything else is as in `run`. A callable that is not async runs on `pool`, or
    where there is none on the loop itself.
    """
    from asl.runtime.async_runner import drive

    runner = make_runner(
        machine,
        input,
        tasks=tasks,
        type=type,
        name=name,
        role_arn=role_arn,
        seed=seed,
        clock=clock,
        pool=pool,
        buckets=buckets,
        start_time=start_time,
        machines=machines,
        real_limit_seconds=real_limit_seconds,
        on_reply=on_reply,
    )
    return await drive(runner)


def make_runner(
    machine: StateMachine,
    input: Json = None,
    *,
    pool: "Executor | None" = None,
    buckets: str | PathLike[str] | None = None,
    real_limit_seconds: float = 60,
    on_reply: Callable[[Execution, Reply], None] | None = None,
    replay: Journal | None = None,
    journal: Journal | None = None,
    order_seed: int | None = None,
    **options: Unpack[Options],
) -> Runner:
    """Check the call and set the stage: a Runner whose Execution has not begun.

    A `journal` is told every reply. With an `order_seed`, what happens at one moment
    happens in an order drawn from it.
    """
    source, clock, execution = set_stage(
        machine,
        input,
        pool=pool,
        buckets=buckets,
        real_limit_seconds=real_limit_seconds,
        **options,
    )
    return Runner(
        execution,
        source,
        clock=clock,
        machine=machine,
        pool=pool,
        buckets=buckets,
        real_limit_seconds=real_limit_seconds,
        on_reply=on_reply,
        replay=replay,
        journal=journal,
        order_seed=order_seed,
    )
