"""The calls of the last run: what each state asked of its tasks, and when.

In: the executions of a run, while it goes on. Out: TaskCalls by the name of the state.
Never: costs a call anything: they are read from the history when somebody looks.
"""

from typing import TYPE_CHECKING

from asl.errors import UsageError
from asl.model.machine import Branch, walk_states
from asl.model.states import Task

if TYPE_CHECKING:
    from asl.engine.execution import Execution
    from asl.engine.recorder import Recorder
    from asl.engine.visits import TaskCall


class LastRun:
    """What a table of tasks knows of the last run that was made with it."""

    __slots__ = ("_histories", "executions", "watched")

    def __init__(self) -> None:
        self.watched = False
        """Whether executions are kept: all that were run, and all that they started.

        Only tests want that; a plain table would hold on to a great many.
        """
        self.executions: list[Execution] = []
        """The executions that were run while watched."""
        # Not the Execution itself, which knows its table: nothing may go in a circle.
        self._histories: list[tuple[Branch, Recorder]] = []

    def begin(self, execution: "Execution") -> None:
        """A run begins."""
        self._histories = [(execution.machine, execution.recorder)]
        if self.watched:
            self.executions.append(execution)

    def add(self, execution: "Execution") -> None:
        """The run has started another execution."""
        if self.watched:
            self._histories.append((execution.machine, execution.recorder))

    def child_failures(self) -> "list[tuple[str | None, str | None]]":
        """Error and cause of each execution that the run has started and that failed.

        Its own may say no more than that one did.
        """
        from asl.history import History

        children = [recorder.records for _, recorder in self._histories[1:]]
        ends = [History(records)[-1] for records in children if records]
        return [e.members for e in ends if e.type == "ExecutionFailed"]

    def calls(self) -> "dict[str, list[TaskCall]]":
        """The calls of every Task state, in order; none is an empty list."""
        from asl.engine.visits import calls_in
        from asl.history import History

        if not self._histories or not self._histories[0][1].records:
            raise UsageError("there are no calls: no run was made with these tasks")
        found: dict[str, list[TaskCall]] = {}
        made = []
        start = self._histories[0][1].records[0][1]
        for number, (machine, recorder) in enumerate(self._histories):
            for state in walk_states(machine):
                if isinstance(state, Task):
                    found.setdefault(state.name, [])
            made += [
                (recorder.records[event.id - 1][1], number, event.id, call)
                for event, call in calls_in(History(recorder.records), since=start)
            ]
        for _, _, _, call in sorted(made, key=lambda one: one[:3]):
            found.setdefault(call.state, []).append(call)
        return found
