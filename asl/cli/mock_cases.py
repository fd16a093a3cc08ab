"""What `asl test` is told of a mock configuration: machines, inputs, ends, tasks.

In: the texts of options, some with `CASE=` before their value. Out: CaseOptions.
Never: looks into the configuration.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from asl.errors import UsageError

if TYPE_CHECKING:
    from asl.testing.mock_cases import CaseOptions

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--machine",
        "machines",
        metavar="NAME=FILE",
        multiple=True,
        help="The definition of a machine in a MockConfigFile.json, where it is not "
        "found beside it by its name.",
    ),
    click.option(
        "--input",
        "inputs",
        metavar="[CASE=]JSON|@FILE|-",
        multiple=True,
        help="The input of the test cases of a MockConfigFile.json, or of one of them.",
    ),
    click.option(
        "--expect-status",
        "statuses",
        metavar="[CASE=]STATUS",
        multiple=True,
        help="How the test cases of a MockConfigFile.json must end, or one of them.",
    ),
    click.option(
        "--tasks",
        metavar="FILE.py",
        type=click.Path(exists=True, dir_okay=False),
        help="Python functions for the states that a test case of a "
        "MockConfigFile.json does not name.",
    ),
)
_CASE = re.compile(r"(?![\s{\[\"@])([^=]+)=(.*)", re.DOTALL)
"""A case's name and its value; what begins like JSON or `@` has no name."""


def case_options(command: F) -> F:
    """Give a command --machine, --input, --expect-status and --tasks."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def read_case_options(
    machines: Sequence[str],
    inputs: Sequence[str],
    statuses: Sequence[str],
    tasks: str | None,
) -> "CaseOptions | None":
    """What the options say; None where none of them is given."""
    if not (machines or inputs or statuses or tasks):
        return None
    from asl.cli.given import read_input, read_pairs
    from asl.testing.mock_cases import STATUSES, CaseOptions

    ends = {case: status.upper() for case, status in map(_take_apart, statuses)}
    for status in ends.values():
        if status not in STATUSES:
            raise UsageError(f"--expect-status is {', '.join(STATUSES)}, not {status}")
    named = dict(read_pairs("--machine", machines))
    for file in named.values():
        if not Path(file).is_file():
            raise UsageError(f"--machine {file}: there is no such file")
    return CaseOptions(
        machines=named,
        inputs={case: read_input(text) for case, text in map(_take_apart, inputs)},
        statuses=ends,
        tasks=tasks,
    )


def _take_apart(text: str) -> tuple[str | None, str]:
    """The case that a value is for, if one is named."""
    found = _CASE.fullmatch(text)
    return (None, text) if found is None else (found[1], found[2])
