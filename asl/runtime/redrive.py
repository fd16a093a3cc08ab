"""redrive: the door through which a failed execution is continued.

In: an ended Execution, tasks. Out: the Execution that went on under the same ARN, its
history behind the first one's.
Never: changes the Execution it was given.
"""

from collections.abc import Callable
from concurrent.futures import Executor

from asl.engine.execution import Execution
from asl.engine.messages import Reply
from asl.engine.redrive import REDRIVABLE_EVENTS, RedrivenExecution
from asl.errors import UsageError
from asl.history import instant_to_datetime
from asl.model.machine import StateMachine
from asl.runtime.clock import Clock, VirtualClock
from asl.runtime.runner import Runner
from asl.tasks.mocks import Mocks
from asl.tasks.registry import Tasks
from asl.tasks.storage import Where
from asl.tasks.tokens import microseconds


def redrive(
    execution: Execution,
    *,
    tasks: Tasks | Mocks | None = None,
    clock: Clock | None = None,
    after_seconds: float = 0,
    pool: Executor | None = None,
    buckets: Where = None,
    real_limit_seconds: float = 60,
    on_reply: Callable[[Execution, Reply], None] | None = None,
) -> Execution:
    """Continue a failed, aborted or timed out execution, as RedriveExecution does.

    It goes on with the state that failed: what has succeeded is not run again. Virtual
    time goes on `after_seconds` behind its end, unless `clock` says otherwise.
    """
    machine = _refuse(execution)
    source = Tasks() if tasks is None else tasks
    if not isinstance(source, (Tasks, Mocks)):
        raise UsageError(f"tasks is an asl.Tasks or asl.Mocks, not {source!r}")
    pause = microseconds(after_seconds, "after_seconds")
    if clock is None:
        ended = execution.ended_at or execution.started_at
        clock = VirtualClock(instant_to_datetime(ended + pause))
    elif pause:
        raise UsageError("give after_seconds or clock, not both")
    again = RedrivenExecution.after(execution)
    again.knows_activity = source.knows_activity
    runner = Runner(
        again,
        source,
        clock=clock,
        machine=machine,
        pool=pool,
        buckets=buckets,
        real_limit_seconds=real_limit_seconds,
        on_reply=on_reply,
    )
    return runner.run()


def _refuse(execution: Execution) -> StateMachine:
    """The machine of an execution that can be redriven; UsageError for any other."""
    if not isinstance(execution, Execution):
        raise UsageError(
            f"redrive needs the Execution that asl.run gave, not {execution!r}"
        )
    why = None
    if execution.status in ("RUNNING", "SUCCEEDED"):
        why = f"it is {execution.status}"
    elif execution.type != "STANDARD":
        why = "it is an Express execution; start it again"
    elif len(execution.history) >= REDRIVABLE_EVENTS:
        why = "its history has no room for more events"
    if why is not None:
        raise UsageError(f"{execution!r} cannot be redriven: {why}")
    assert isinstance(execution.machine, StateMachine), "children are no one's to give"
    return execution.machine
