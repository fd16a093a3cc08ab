"""The report as SARIF 2.1.0, which code scanning services read.

In: what was found in each file, and the papers of the rules. Out: one log as text.
Never: names a rule that its table does not have; the table holds the rules that were
broken.

OASIS SARIF 2.1.0: sections 3.13 (log), 3.14 (run), 3.27 (result), 3.30 (region).
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from asl.checks.report import Checked
from asl.checks.rules import Rule
from asl.problem import Problem, Severity
from asl.source.search import STDIN
from asl.values import Json

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "note",
}


def write_sarif(
    checked: Sequence[Checked], *, rules: Mapping[str, Rule], version: str
) -> str:
    """One run of the tool `asl` with a result for each Problem."""
    codes = sorted({p.code for one in checked for p in one.problems})
    index = {code: place for place, code in enumerate(codes)}
    run = {
        "tool": {
            "driver": {
                "name": "asl",
                "version": version,
                "rules": [_rule(code, rules.get(code)) for code in codes],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [
            _result(p, one, index[p.code]) for one in checked for p in one.problems
        ],
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2)


def _rule(code: str, rule: Rule | None) -> dict[str, Json]:
    if rule is None:
        return {"id": code}
    return {
        "id": code,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "help": {"text": f"{rule.fix}\n\n{rule.spec}"},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _result(problem: Problem, one: Checked, rule: int) -> dict[str, Json]:
    tail = f"; {problem.suggestion}" if problem.suggestion else ""
    place: dict[str, Json] = {
        "artifactLocation": {"uri": _uri(problem.file or one.file)}
    }
    if problem.line is not None:
        place["region"] = {
            "startLine": problem.line,
            "startColumn": problem.column,
            "endLine": problem.end_line,
            "endColumn": problem.end_column,
        }
    location: dict[str, Json] = {"physicalLocation": place}
    if problem.pointer:
        location["logicalLocations"] = [{"fullyQualifiedName": problem.pointer}]
    return {
        "ruleId": problem.code,
        "ruleIndex": rule,
        "level": _LEVELS[problem.severity],
        "message": {"text": problem.message + tail},
        "locations": [location],
        # The same finding in a file whose lines have moved.
        "partialFingerprints": {"pointer/v1": f"{problem.code}:{problem.pointer}"},
    }


def _uri(file: str) -> str:
    """A file as a URI: relative to the present folder as far as it lies in it."""
    if file == STDIN:
        return "stdin"
    path = Path(file)
    if path.is_absolute():
        here = Path.cwd()
        if not path.is_relative_to(here):
            return path.as_uri()
        path = path.relative_to(here)
    return quote(path.as_posix())
