"""Resuming: a fresh run is told what an earlier one was told, and goes on from there.

In: a Runner that has not begun, and the Journal of an earlier run (or its first part).
Out: the Runner where that run was; only what was left unanswered is asked again.
Never: calls a callable whose answer the Journal holds.
"""

from typing import TYPE_CHECKING

from asl.engine.messages import StopRequested, TaskFailed, TaskSucceeded
from asl.errors import ResumeError
from asl.runtime.clock import VirtualClock
from asl.runtime.journal import Journal

if TYPE_CHECKING:
    from asl.runtime.runner import Runner


def resume(runner: "Runner", journal: Journal) -> None:
    """Bring a run to where the replies end."""
    runner.answered = {
        (index, reply.id)
        for index, reply in journal
        if isinstance(reply, (TaskSucceeded, TaskFailed))
    }
    told: list[tuple[int, int, type]] = []
    runner.start_root()
    for index, reply in journal:
        if isinstance(runner.clock, VirtualClock):
            runner.clock.jump(reply.at)
        if isinstance(reply, StopRequested):
            continue  # whoever stopped it has been told, and has done so again
        if index not in runner.family.running:
            raise ResumeError(
                f"the replies speak of execution {index}, which this definition does "
                "not start"
            )
        told.append((index, reply.id, type(reply)))
        runner.deliver(index, reply)
    runner.answered = set()
    runner.agenda.drop_told(told)
