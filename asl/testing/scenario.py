"""Scenarios: a machine's test cases as data.

In: a definition, an input, mocks or functions, and what must come of them, as
scenario_file.py has read them. Out: the machine, the tasks, the Execution.
Never: judges (verdict.py), or knows of pytest.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asl.errors import UsageError
from asl.source.reading import read_value
from asl.values import Json

if TYPE_CHECKING:
    from asl.engine.execution import Execution
    from asl.model.machine import StateMachine
    from asl.tasks.mocks import Mocks
    from asl.tasks.registry import Tasks


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One test case: what is run, with what, and what must come of it."""

    name: str
    """The case's, or the file's."""
    file: Path
    line: int
    data: Mapping[str, Json]
    machines: dict[str, "StateMachine"] = field(default_factory=dict, compare=False)
    """Machines of this file that were loaded already."""
    may_throw: frozenset[str | None] | None = None
    """Of a test case that says nothing of its end: the errors that its mocks throw."""

    @property
    def expect(self) -> Mapping[str, Json]:
        """What must come of it."""
        expect: Mapping[str, Json] = self.data.get("expect", {})
        return expect

    def machine(self) -> "StateMachine":
        """The machine; the cases of a file share it."""
        return self._load(self.data["definition"], "StateMachine")

    def tasks(self) -> "Tasks | Mocks":
        """The functions or mocks, watched: what they are called with is kept.

        Where there are both, mocks answer for the states that they name.
        """
        functions = self._functions() if "tasks" in self.data else None
        mocks = functions is None or "mocks" in self.data
        tasks = self._mocks(functions) if mocks else functions
        assert tasks is not None, "a scenario without functions has mocks"
        tasks.last_run.watched = True
        return tasks

    def run(self, tasks: "Tasks | Mocks | None" = None) -> "Execution":
        """Run it, in virtual time."""
        from asl.runtime.run import run

        data = self.data
        start = data.get("start_time")
        buckets = data.get("buckets")
        return run(
            self.machine(),
            data.get("input"),
            tasks=self.tasks() if tasks is None else tasks,
            type=data.get("type", "STANDARD"),
            seed=data.get("seed", 0),
            start_time=None if start is None else self._moment(start),
            buckets=None if buckets is None else self.beside(buckets),
            machines={
                arn: self._load(definition, arn.rpartition(":")[2])
                for arn, definition in data.get("machines", {}).items()
            },
        )

    def beside(self, name: str) -> Path:
        """A file that the scenario names, from its own folder."""
        return self.file.parent / name

    def wrong(self, text: str) -> UsageError:
        """What is wrong with the scenario itself."""
        return UsageError(f"{self.file}:{self.line}: {text}")

    def _load(self, definition: Json, name: str) -> "StateMachine":
        from asl.checks.load import build, load

        filled = self.data.get("substitutions")
        key = repr((definition, filled))
        if key not in self.machines:
            self.machines[key] = (
                load(self.beside(definition), substitutions=filled)
                if isinstance(definition, str)
                else build(read_value(definition, substitutions=filled), name)
            )
        return self.machines[key]

    def _mocks(self, functions: "Tasks | None") -> "Mocks":
        from asl.tasks.mocks import Mocks

        mocks = self.data.get("mocks", {})
        validation = self.data.get("field_validation", "NONE")
        if not isinstance(mocks, str):
            return Mocks(mocks, otherwise=functions, field_validation=validation)
        return Mocks.load(
            self.beside(mocks),
            machine=self.data.get("machine_name"),
            otherwise=functions,
            field_validation=validation,
        )

    def _functions(self) -> "Tasks":
        from asl.tasks.module import tasks_from_module

        module = _import(self.beside(self.data["tasks"]))
        return tasks_from_module(module, self.machine())

    def _moment(self, text: str) -> datetime:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            raise self.wrong(
                f"start_time is a moment such as 2026-01-01T00:00:00Z, not {text!r}"
            )
        return moment


def _import(file: Path) -> Any:
    """The module of `tasks`; what it imports may stand beside it."""
    import importlib.util
    import sys

    spec = importlib.util.spec_from_file_location(f"scenario_{file.stem}", file)
    if spec is None or spec.loader is None or not file.is_file():
        raise UsageError(f"{file}: there is no such Python file")
    if str(file.parent) not in sys.path:
        sys.path.insert(0, str(file.parent))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
