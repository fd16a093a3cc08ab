"""The runner's loop on asyncio: async callables are awaited on the caller's own loop.

In: a Runner that has not begun. Out: its Execution, ended.
Never: another order of delivery than the plain runner's.
"""

import asyncio
import functools
import queue

from asl.engine.execution import Execution
from asl.engine.messages import Instant, StartTask
from asl.errors import UsageError
from asl.runtime.caller import Caller, Delivery
from asl.runtime.runner import Runner
from asl.runtime.waiting import patience_seconds, wait_seconds, waited_too_long
from asl.tasks.answer import Answer, Job, Sleep


async def drive(runner: Runner) -> Execution:
    """Run a Runner to the end of its execution, waiting on the event loop."""
    loop = asyncio.get_running_loop()
    awake = asyncio.Event()
    caller = runner.caller
    caller.inbox = _Inbox(loop, awake)
    runner.straight = False  # a callable may have to be awaited
    tasks: set[asyncio.Task[None]] = set()

    def have_awaited(index: int, now: Instant, effect: StartTask, job: Job) -> None:
        how = None if runner.clock.is_virtual else _sleep_refused
        task = loop.create_task(_answer(caller, index, now, effect, job, how))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        caller.in_flight[index, effect.id] = task

    caller.awaiting = have_awaited
    try:
        with caller.watch:
            runner.begin()
            while runner.alive():
                wait = wait_seconds(runner)
                if wait == 0:
                    runner.step()
                    continue
                await _wait(runner, awake, wait)
    finally:
        for task in tasks:
            task.cancel()
        runner.close()
    return runner.root


async def _wait(runner: Runner, awake: asyncio.Event, wait: float | None) -> None:
    """Wait until something is in the inbox, at most so long."""
    limit = patience_seconds(runner) if wait is None else wait
    try:
        await asyncio.wait_for(awake.wait(), limit)
    except TimeoutError:
        if wait is None:
            raise waited_too_long(runner) from None
    awake.clear()


async def _answer(
    caller: Caller,
    index: int,
    now: Instant,
    effect: StartTask,
    job: Job,
    how: Sleep | None,
) -> None:
    try:
        answer: Answer | BaseException = await job.run_async(how)
    except asyncio.CancelledError:
        raise
    except BaseException as error:
        answer = error
    caller.inbox.put((index, now, answer, effect))


class _Inbox(queue.SimpleQueue[Delivery]):
    """An inbox that wakes the loop from any thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, awake: asyncio.Event) -> None:
        self._wake = functools.partial(loop.call_soon_threadsafe, awake.set)

    def put(
        self, item: Delivery, block: bool = True, timeout: float | None = None
    ) -> None:
        super().put(item)
        self._wake()


def _sleep_refused(seconds: float) -> None:
    """On a loop nothing may sleep."""
    raise UsageError(
        "context.advance would stop the event loop for real time to pass; an async "
        "callable under a real clock awaits asyncio.sleep(seconds) itself"
    )
