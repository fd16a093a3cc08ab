"""The report as JSON, for programs.

In: what was found in each file. Out: one JSON object as text.
Never: leaves a member out: what is unknown is null.
"""

import json
from collections.abc import Sequence

from asl.checks.report import Checked, count
from asl.problem import Problem, Severity
from asl.values import Json


def write_json(checked: Sequence[Checked]) -> str:
    """All Problems in order, the files, and how many there are of each severity."""
    counts = count(checked)
    report = {
        "files": [one.file for one in checked],
        "problems": [_problem(p, one) for one in checked for p in one.problems],
        "counts": {str(severity): counts[str(severity)] for severity in Severity},
    }
    return json.dumps(report, indent=2)


def _problem(problem: Problem, one: Checked) -> dict[str, Json]:
    return {
        "code": problem.code,
        "aws_code": problem.aws_code,
        "severity": str(problem.severity),
        "message": problem.message,
        "suggestion": problem.suggestion,
        "pointer": problem.pointer,
        "file": problem.file or one.file,
        "line": problem.line,
        "column": problem.column,
        "end_line": problem.end_line,
        "end_column": problem.end_column,
    }
