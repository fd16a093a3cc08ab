"""Watched tasks: a table whose functions may not be wrong unnoticed.

In: executions that were run with a table of tasks. Out: the first AssertionError or
TypeError that a function raised, though the machine may have caught it.
Never: keeps an error that a function raises on purpose: other names are the machine's.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from asl.engine.execution import Execution
from asl.engine.failed import TaskException
from asl.tasks.registry import Tasks

BROKEN = (AssertionError, TypeError)
"""What says that a function is wrong; a machine may catch it all the same."""

_OURS = str(Path(__file__).parents[1])


class WatchedTasks(Tasks):
    """A Tasks that a test watches; called, it gives another one with other manners.

    A class of its own, because pytest gives a test one value, and `asl_tasks` is to be
    bound to as well as called.
    """

    def __init__(
        self,
        *,
        swallow: bool = False,
        missing: Literal["refuse", "when-reached"] = "refuse",
    ) -> None:
        super().__init__(missing=missing)
        self.last_run.watched = True
        self.swallow = swallow
        self.others: list[WatchedTasks] = []

    def __call__(
        self,
        *,
        swallow: bool = False,
        missing: Literal["refuse", "when-reached"] = "refuse",
    ) -> "WatchedTasks":
        """Another watched table; `swallow` leaves all errors to the machine."""
        other = WatchedTasks(swallow=swallow, missing=missing)
        self.others.append(other)
        return other

    @property
    def executions(self) -> list[Execution]:
        """What was run with this table, and then with those made from it."""
        return [
            execution
            for tasks in (self, *self.others)
            for execution in tasks.last_run.executions
        ]

    def find_broken(self) -> TaskException | None:
        """The first function that is wrong, as far as it may not be."""
        strict = [tasks for tasks in (self, *self.others) if not tasks.swallow]
        return find_broken(
            execution for tasks in strict for execution in tasks.last_run.executions
        )


def find_broken(executions: Iterable[Execution]) -> TaskException | None:
    """The first AssertionError or TypeError that a function raised."""
    for execution in executions:
        for raised in execution.exceptions:
            if isinstance(raised.exception, BROKEN):
                return raised
    return None


def without_ours(error: BaseException) -> BaseException:
    """The error, its traceback beginning in the function and not in our calling it."""
    trace = error.__traceback__
    while (
        trace is not None
        and trace.tb_next is not None
        and trace.tb_frame.f_code.co_filename.startswith(_OURS)
    ):
        trace = trace.tb_next
    return error.with_traceback(trace)
