"""Case files: a workflow, its mocks and what must come of it, as data.

In: tests/cases/<topic>/<sentence>.yaml. Out: Cases that run whole, or resumed at a cut.
Never: knows what a case is about.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import asl
from asl.engine.execution import Execution
from asl.runtime.journal import Journal
from asl.runtime.run import make_runner
from asl.source.yaml_text import read_yaml

FOLDER = Path(__file__).parent / "cases"
KEYS = {
    "spec", "definition", "input", "mocks", "type", "expect", "buckets", "machines",
    "answers",
}  # fmt: skip
EXPECT = {
    "status", "output", "error", "cause", "path", "takes_seconds", "events",
    "transitions",
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One file."""

    name: str
    data: dict[str, Any]

    def __str__(self) -> str:
        return self.name

    def runner(
        self,
        folder: Path | None = None,
        replay: Journal | None = None,
        journal: Journal | None = None,
    ) -> Any:
        """A Runner for this case; `folder` holds its buckets."""
        machines = {
            arn: asl.load_text(asl_text(definition), name=arn.rpartition(":")[2])
            for arn, definition in self.data.get("machines", {}).items()
        }
        return make_runner(
            machine(self.name),
            self.data.get("input"),
            tasks=asl.Mocks(self.data.get("mocks", {})),
            type=self.data.get("type", "STANDARD"),
            buckets=folder,
            machines=machines,
            replay=replay,
            journal=journal,
        )

    def run(self, folder: Path | None = None) -> tuple[Execution, Journal]:
        """Run it whole."""
        journal = Journal()
        return self.runner(folder, journal=journal).run(), journal

    def resume(self, journal: Journal, folder: Path | None = None) -> Execution:
        """Run it again from the replies of an earlier run."""
        execution: Execution = self.runner(folder, journal).run()
        return execution


def asl_text(definition: Any) -> str:
    """A definition as JSON text."""
    import json

    return definition if isinstance(definition, str) else json.dumps(definition)


@cache
def machine(name: str) -> asl.StateMachine:
    """The machine of a case, built once."""
    case = next(case for case in all_cases() if case.name == name)
    return asl.load_text(asl_text(case.data["definition"]), name="Case")


@cache
def all_cases() -> tuple[Case, ...]:
    """Every case file, in the order of their names."""
    cases = []
    for file in sorted(FOLDER.glob("*/*.yaml")):
        data = read_yaml(file.read_text(encoding="utf-8"), file=str(file)).value
        name = f"{file.parent.name}/{file.stem}"
        assert set(data) <= KEYS, f"{name}: unknown keys {set(data) - KEYS}"
        assert set(data["expect"]) <= EXPECT, f"{name}: {set(data['expect']) - EXPECT}"
        cases.append(Case(name, data))
    return tuple(cases)


def lay_out(case: Case, folder: Path) -> Path | None:
    """Write a case's buckets: bucket → key → text."""
    buckets = case.data.get("buckets")
    if buckets is None:
        return None
    for bucket, files in buckets.items():
        (folder / bucket).mkdir(parents=True)
        for key, text in (files or {}).items():
            target = folder / bucket / key
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
    return folder
