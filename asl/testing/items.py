"""Scenario files as pytest collects them: one item for each scenario.

In: a scenario file, or a mock configuration that somebody named: one item for each of
its test cases. Out: items that pass or fail with a readable text.
Never: imported before there is such a file.
"""

from collections.abc import Iterator
from os import PathLike
from typing import Any

import pytest

from asl.errors import AslError
from asl.testing.mock_cases import read_cases
from asl.testing.scenario import Scenario
from asl.testing.scenario_file import read_scenarios
from asl.testing.snapshot import OPTION
from asl.testing.verdict import Verdict, judge


class ScenarioFile(pytest.File):
    """One scenario file."""

    def read(self) -> list[Scenario]:
        """Its scenarios; AslError says what is wrong with it."""
        return read_scenarios(self.path)

    def collect(self) -> Iterator["ScenarioItem"]:
        """Its scenarios; a wrong file is an error of the collection."""
        try:
            scenarios = self.read()
        except AslError as error:
            raise self.CollectError(str(error)) from None
        for scenario in scenarios:
            yield ScenarioItem.from_parent(self, name=scenario.name, scenario=scenario)


class MockConfigFile(ScenarioFile):
    """One mock configuration; its machines are found beside it."""

    def read(self) -> list[Scenario]:
        """Its test cases."""
        return read_cases(self.path)


class ScenarioItem(pytest.Item):
    """One scenario."""

    def __init__(self, *, scenario: Scenario, **rest: Any) -> None:
        super().__init__(**rest)
        self.scenario = scenario

    def runtest(self) -> None:
        """Run it and compare."""
        verdict = judge(
            self.scenario, update_snapshots=bool(self.config.getoption(OPTION))
        )
        if not verdict.passed:
            raise ScenarioFailed(verdict)

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None
    ) -> Any:
        """What is otherwise than expected, without a traceback of ours."""
        if isinstance(excinfo.value, ScenarioFailed):
            scenario = self.scenario
            # The first line stands in pytest's summary too.
            return f"{excinfo.value.verdict}\n\n{scenario.file}:{scenario.line}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[PathLike[str] | str, int | None, str]:
        """Where it stands."""
        return self.path, self.scenario.line - 1, self.name


class ScenarioFailed(AssertionError):
    """A scenario did not come out as expected."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.headline)
        self.verdict = verdict
