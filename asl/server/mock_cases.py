"""Mock cases: what follows `#` in a machine's ARN, as Step Functions Local has it.

In: a mock configuration (MockConfigFile.json), the name of a machine, of a test case.
Out: the tasks of one execution; ApiError where there is no such case.
Never: keeps a file's content: it is read when an execution starts, so that a change
needs no new server.

Developer guide: "Using mocked service integrations".
"""

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import TypeAlias

from asl.errors import ApiError, UsageError
from asl.tasks.mock_config import list_cases
from asl.tasks.mocks import Mocks
from asl.tasks.registry import Tasks
from asl.values import Json

Config: TypeAlias = str | PathLike[str] | Mapping[str, Json]


class MockCases:
    """The test cases that executions may be started with."""

    def __init__(self, config: Config | None) -> None:
        if isinstance(config, Mapping):
            list_cases(config)  # refuses what is none, here and not at the first start
            self._config: Mapping[str, Json] | Path | None = config
        elif config is None:
            self._config = None
        elif isinstance(config, (str, PathLike)):
            self._config = Path(config)
            if not self._config.is_file():
                raise UsageError(f"the mock configuration {config} is no file")
        else:
            raise UsageError(
                f"mock_config is a MockConfigFile.json or its content, not {config!r}"
            )

    def source(
        self, machine: str, case: str | None, tasks: Tasks | Mocks | None
    ) -> Tasks | Mocks:
        """The tasks of an execution; states that the case does not name ask `tasks`."""
        if case is None:
            return Tasks() if tasks is None else tasks
        if self._config is None:
            raise ApiError(
                "ValidationException",
                f"The test case '{case}' cannot be run: the server was given no mock "
                "configuration",
            )
        otherwise = tasks if isinstance(tasks, Tasks) else None
        try:
            return Mocks.from_config(self._config, machine, case, otherwise=otherwise)
        except UsageError as error:
            raise ApiError("ValidationException", str(error)) from None
