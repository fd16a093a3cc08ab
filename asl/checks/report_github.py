"""The report as GitHub's workflow commands, which annotate a pull request's lines.

In: what was found in each file. Out: one line `::error file=…::…` a Problem.
Never: anything that GitHub would take for the end of a property or of the line.

GitHub Actions: "Workflow commands", "Setting an error message".
"""

from collections.abc import Sequence

from asl.checks.report import Checked
from asl.problem import Problem, Severity

_COMMANDS = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "notice",
}


def write_github(checked: Sequence[Checked]) -> str:
    """One annotation for each Problem."""
    return "\n".join(_annotation(p, one) for one in checked for p in one.problems)


def _annotation(problem: Problem, one: Checked) -> str:
    properties: dict[str, object] = {
        "file": (problem.file or one.file).replace("\\", "/")
    }
    if problem.line is not None:
        properties["line"] = problem.line
        properties["endLine"] = problem.end_line
        if problem.end_line == problem.line:  # GitHub takes columns within one line
            properties["col"] = problem.column
            properties["endColumn"] = problem.end_column
    properties["title"] = problem.code
    told = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    tail = f"; {problem.suggestion}" if problem.suggestion else ""
    command = _COMMANDS[problem.severity]
    return f"::{command} {told}::{_data(problem.message + tail)}"


def _data(value: object) -> str:
    return str(value).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: object) -> str:
    return _data(value).replace(":", "%3A").replace(",", "%2C")
