"""Straight on: plain tasks, called and answered one after the other.

In: an execution and what it asks for. Out: the same execution, as far as it comes while
it asks for nothing but one plain task at a time.
Never: lets time pass, or does anything else that is asked for; the runner does.

Most runs need no more than this, and none of the runner's tables.
"""

from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING

from asl.engine.execution import Execution
from asl.engine.messages import Effect, Instant, StartTask
from asl.runtime.clock import Clock
from asl.runtime.family import told_singly
from asl.runtime.watch import Blocked, Watch
from asl.tasks.answer import Answer, call_plain

if TYPE_CHECKING:
    from queue import SimpleQueue

    from asl.runtime.caller import Delivery
    from asl.runtime.runner import Runner
    from asl.tasks.mocks import Mocks
    from asl.tasks.registry import Tasks


def go_straight(
    execution: Execution,
    effects: list[Effect],
    source: "Tasks | Mocks",
    watch: Watch,
    now: Instant,
    inbox: "SimpleQueue[Delivery] | None" = None,
) -> tuple[list[Effect], Answer | None]:
    """Call and answer for as long as nothing else is to be done.

    Gives the effects that are left, and the answer to the only one of them where it was
    called already. An answer that came into the inbox meanwhile goes first.
    """
    find_plain = source.find_plain
    while len(effects) == 1:
        effect = effects[0]
        if type(effect) is not StartTask:
            break
        plan = find_plain(effect.resource)
        if plan is None or not (watch.is_armed or watch.arm()):
            break
        watch.since = monotonic()
        try:
            said = call_plain(plan, effect, now)
        except Blocked:
            raise watch.blocked(effect.call.state) from None
        finally:
            watch.since = None
        if isinstance(said, Answer):
            return effects, said
        if inbox is not None and not inbox.empty():
            return effects, Answer([(0, said)])
        said.at = now
        effects = execution.receive(said)
    return effects, None


def run_straight(
    execution: Execution,
    source: "Tasks | Mocks",
    clock: Clock,
    real_limit_seconds: float,
    make_runner: Callable[[], "Runner"],
) -> Execution:
    """Run an execution to its end; a runner is made once there is need of one."""
    now = clock.now()
    source.last_run.begin(execution)
    if not told_singly(source):
        execution.loads = "at once"
    with Watch(real_limit_seconds) as watch:
        effects, answer = execution.start(now), None
        if execution.status == "RUNNING":
            effects, answer = go_straight(execution, effects, source, watch, now)
        if execution.status == "RUNNING" or effects:
            runner = make_runner()
            runner.caller.watch = watch
            runner.go_on(effects, answer)
    return execution
