"""The forms of a report, and the table of rules in the README."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from asl.checks.papers_text import explain, write_table
from asl.checks.report import WIDTH, Checked, write_text
from asl.checks.report_github import write_github
from asl.checks.report_json import write_json
from asl.checks.report_junit import write_junit
from asl.checks.report_sarif import write_sarif
from asl.checks.rules import RULES
from asl.errors import UsageError
from asl.problem import Problem, Severity

ROOT = Path(__file__).resolve().parents[2]


def problem(severity: Severity = Severity.ERROR, **rest: Any) -> Problem:
    values: dict[str, Any] = {
        "code": "ASL101",
        "message": 'no state is named "Pya"',
        "severity": severity,
        "pointer": "/States/A/Next",
        "file": "order.asl.json",
        "line": 2,
        "column": 11,
        "end_line": 2,
        "end_column": 16,
        "suggestion": 'did you mean "Pay"?',
    }
    return Problem(**{**values, **rest})


def checked(*problems: Problem, **rest: Any) -> Checked:
    text = '{"A": {\n  "Next": "Pya"\n}}\n'
    values: dict[str, Any] = {"file": "order.asl.json", "text": text}
    return Checked(problems=problems, **{**values, **rest})


UNREADABLE = problem(code="ASL001", line=None, column=None, end_line=None, pointer="")
MIXED = [
    checked(problem(), problem(Severity.WARNING), problem(Severity.INFO)),
    checked(problem(Severity.WARNING), file="strict.asl.yaml", strict=True),
    checked(UNREADABLE, file="gone.asl.json", text=""),
    checked(file="clean.asl.json"),
]


# -------------------------------------------------------------------------- for people


def test_a_problem_is_shown_with_its_line_and_a_caret() -> None:
    assert write_text([checked(problem())]).splitlines() == [
        "order.asl.json:2:11: error ASL101 "
        'no state is named "Pya"; did you mean "Pay"?',
        '    2 |   "Next": "Pya"',
        "      |           ^^^^^",
        "1 file checked: 1 error",
    ]


def test_numbers_are_counted_by_severity() -> None:
    assert write_text(MIXED).splitlines()[-1] == (
        "4 files checked: 2 errors, 2 warnings and 1 info"
    )
    assert write_text([checked(), checked()]) == "2 files checked, no problems"


def test_a_problem_without_a_line_is_shown_without_one() -> None:
    assert (
        write_text([checked(UNREADABLE)])
        .splitlines()[0]
        .startswith("order.asl.json: error ASL001")
    )
    beyond = problem(line=99, end_line=99)
    assert len(write_text([checked(beyond)]).splitlines()) == 2


def test_a_problem_of_another_file_does_not_show_this_ones_lines() -> None:
    other = problem(file="pyproject.toml")
    assert len(write_text([checked(other)]).splitlines()) == 2


def test_of_many_lines_the_beginning_is_marked() -> None:
    one = problem(line=1, column=7, end_line=3, end_column=2)
    assert write_text([checked(one)]).splitlines()[1:3] == [
        '    1 | {"A": {',
        "      |       ^",
    ]


@pytest.mark.parametrize(
    ("source", "column", "end", "shown", "caret"),
    [
        ("\ta: Pya", 5, 8, "    a: Pya", "       ^^^"),
        ("漢字: Pya", 5, 8, "漢字: Pya", "      ^^^"),
        ("e\u0301: x", 5, 6, "e\u0301: x", "   ^"),
        ("a: 'x\x1b[31m'", 4, 5, "a: 'x\\x1b[31m'", "   ^"),
        ("short", 9, 9, "short", "     ^"),
    ],
)
def test_the_caret_stands_under_its_place(
    source: str, column: int, end: int, shown: str, caret: str
) -> None:
    one = problem(line=1, column=column, end_line=1, end_column=end)
    lines = write_text([checked(one, text=source)]).splitlines()
    assert lines[1:3] == [f"    1 | {shown}", f"      | {caret}"]


@pytest.mark.parametrize("start", [0, 50, 5_000, 9_990])
def test_of_a_long_line_a_part_is_shown(start: int) -> None:
    source = "x" * start + "Pya" + "y" * (10_000 - start)
    one = problem(line=1, column=start + 1, end_line=1, end_column=start + 4)
    _, line, caret, _ = write_text([checked(one, text=source)]).splitlines()
    assert len(line) <= WIDTH + 10
    begin = caret.index("^")
    assert caret.count("^") == 3
    assert line[begin : begin + 3] == "Pya"


def test_a_message_stays_in_its_line() -> None:
    one = problem(message='no state is named "a\nb\x07"')
    assert r'"a\x0ab\x07"' in write_text([checked(one)]).splitlines()[0]


def test_parts_are_painted_by_whoever_prints() -> None:
    text = write_text([checked(problem())], paint=lambda part, kind: f"<{kind} {part}>")
    assert text.startswith("<bold order.asl.json:2:11>: <error error ASL101> no state")
    assert "<error ^^^^^>" in text


# ------------------------------------------------------------------------ for programs


def test_json_has_every_member_of_a_problem() -> None:
    report = json.loads(write_json(MIXED))
    assert report["counts"] == {"error": 2, "warning": 2, "info": 1}
    assert report["files"][-1] == "clean.asl.json"
    assert report["problems"][0] == {
        "code": "ASL101",
        "aws_code": None,
        "severity": "error",
        "message": 'no state is named "Pya"',
        "suggestion": 'did you mean "Pay"?',
        "pointer": "/States/A/Next",
        "file": "order.asl.json",
        "line": 2,
        "column": 11,
        "end_line": 2,
        "end_column": 16,
    }


def test_github_gets_a_line_for_each_problem() -> None:
    odd = problem(
        file="a,b:c\\d.json", message="100%\nsure", suggestion=None, end_line=4
    )
    lines = write_github([*MIXED, checked(odd)]).splitlines()
    assert lines[0] == (
        "::error file=order.asl.json,line=2,endLine=2,col=11,endColumn=16,title=ASL101"
        '::no state is named "Pya"; did you mean "Pay"?'
    )
    assert [line.split(" ")[0] for line in lines[1:3]] == ["::warning", "::notice"]
    assert lines[-2].startswith("::error file=order.asl.json,title=ASL001::")
    assert lines[-1] == (
        "::error file=a%2Cb%3Ac/d.json,line=2,endLine=4,title=ASL101::100%25%0Asure"
    )


def test_junit_has_a_case_for_each_failure_and_each_clean_file() -> None:
    text = write_junit([*MIXED, checked(problem(message="<\x00\ud800\u00fc>"))])
    assert text.isascii()
    suites = ElementTree.fromstring(text)
    suite = suites[0]
    counts = {"tests": "6", "failures": "3", "errors": "1"}
    assert suites.attrib == counts
    assert suite.attrib == {"name": "asl check", **counts}
    assert [(case.get("classname"), case.get("name")) for case in suite] == [
        ("order.asl.json", "ASL101 at 2:11"),
        ("order.asl.json", "other findings"),
        ("strict.asl.yaml", "ASL101 at 2:11"),
        ("gone.asl.json", "ASL001"),
        ("clean.asl.json", "check"),
        ("order.asl.json", "ASL101 at 2:11"),
    ]
    assert [child.tag for case in suite for child in case] == [
        "failure",
        "system-out",
        "failure",
        "error",
        "failure",
    ]
    message = suite[-1][0].get("message")
    assert message is not None
    assert message.startswith("<\\x00")
    assert "\u00fc>" in message


def sarif(*files: Checked) -> Any:
    return json.loads(write_sarif(files, rules=RULES, version="0.1.0"))


def test_sarif_has_what_its_schema_asks_for() -> None:
    """The members that SARIF 2.1.0 requires, and the kinds of what we write."""
    log = sarif(*MIXED)
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-2.1.0.json")
    (run,) = log["runs"]
    assert set(run) == {"tool", "columnKind", "results"}
    assert run["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")
    driver = run["tool"]["driver"]
    assert driver["name"] == "asl"
    for rule in driver["rules"]:
        assert isinstance(rule["id"], str)
        for name in ("shortDescription", "fullDescription", "help"):
            assert rule[name]["text"]
        assert rule["defaultConfiguration"]["level"] in ("error", "warning", "note")
    assert len(run["results"]) == 5
    for result in run["results"]:
        assert result["message"]["text"]
        assert result["level"] in ("error", "warning", "note")
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        (location,) = result["locations"]
        place = location["physicalLocation"]
        assert isinstance(place["artifactLocation"]["uri"], str)
        for number in place.get("region", {}).values():
            assert isinstance(number, int)
            assert number >= 1
        for value in result["partialFingerprints"].values():
            assert isinstance(value, str)
    assert "region" not in run["results"][-1]["locations"][0]["physicalLocation"]


def test_a_rule_without_papers_is_still_named_in_sarif() -> None:
    log = json.loads(write_sarif(MIXED[:1], rules={}, version="1"))
    assert log["runs"][0]["tool"]["driver"]["rules"] == [{"id": "ASL101"}]


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("a b/ü.asl.json", "a%20b/%C3%BC.asl.json"),
        ("-", "stdin"),
        (str(Path.cwd() / "x.json"), "x.json"),
        (str(Path.cwd().parent / "x.json"), (Path.cwd().parent / "x.json").as_uri()),
    ],
)
def test_files_are_uris_in_sarif(file: str, uri: str) -> None:
    log = sarif(checked(problem(file=file), file=file))
    place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == uri


# --------------------------------------------------------------------------- the rules


def test_a_rule_is_explained_with_its_papers() -> None:
    text = explain(" asl101 ")
    rule = RULES["ASL101"]
    assert text.startswith(f"ASL101 (error): {rule.title}\n")
    for part in (rule.why, rule.fix, rule.spec, "MISSING_TRANSITION_TARGET"):
        assert part in text


def test_the_beginning_of_codes_is_explained_by_a_list() -> None:
    lines = explain("ASL9").splitlines()
    assert "ASL901  info     a silence that silences nothing" in lines
    assert all(line.startswith("ASL9") for line in lines)


@pytest.mark.parametrize("code", ["", "nothing", "ASL9999"])
def test_what_is_no_rule_cannot_be_explained(code: str) -> None:
    with pytest.raises(UsageError, match="there is no rule"):
        explain(code)


def test_the_readme_has_the_table_of_rules() -> None:
    """If not: put what `python -m asl.checks.rules` prints between the marks."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"<!-- rules -->\n(.*?)\n<!-- /rules -->", readme, re.DOTALL)
    assert found is not None
    assert found[1].strip() == write_table()


def test_a_command_prints_the_table() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "asl.checks.rules"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
        cwd=ROOT,
    )
    assert done.stdout.strip() == write_table()
