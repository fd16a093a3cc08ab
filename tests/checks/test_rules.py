"""Every rule finds what it is for, where it is, and nothing in what is right.

Each file of invalid/ is one definition and the Problems it has, of warning and above
(info only if the file names it); each of valid/ is tricky and has none.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml

import asl
from asl.checks.check import check, check_text
from asl.checks.rules import RULES, Rule, register
from asl.errors import DefinitionError, UsageError
from asl.problem import Problem, Severity

HERE = Path(__file__).parent
INVALID = sorted((HERE / "invalid").glob("*.yaml"))
VALID = sorted((HERE / "valid").iterdir())


def found(problem: Problem) -> dict[str, Any]:
    return {
        "code": problem.code,
        "line": problem.line,
        "column": problem.column,
        "severity": problem.severity.value,
    }


def key(item: dict[str, Any]) -> tuple[int, int, str]:
    return item["line"] or 0, item["column"] or 0, item["code"]


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_an_invalid_definition_has_exactly_its_problems(path: Path) -> None:
    case = yaml.safe_load(path.read_text("utf-8"))
    if "aws-sdk:" in case["text"] and path.stem[:6] in ("ASL509", "ASL510", "ASL511"):
        pytest.importorskip("botocore")  # the extra `aws`
    expected = case["expect"]
    named = {item["code"] for item in expected}
    problems = [
        problem
        for problem in check_text(case["text"], type=case.get("type", "STANDARD"))
        if problem.severity is not Severity.INFO or problem.code in named
    ]
    assert sorted(map(found, problems), key=key) == sorted(expected, key=key)
    assert path.stem.split("_")[0] in named


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_a_valid_definition_has_no_problem_above_info(path: Path) -> None:
    kind: Any = "EXPRESS" if ".express" in path.name else "STANDARD"
    problems = check(path, type=kind)
    assert [str(p) for p in problems if p.severity is not Severity.INFO] == []


def test_there_are_cases_enough() -> None:
    assert len(INVALID) >= 120
    assert len(VALID) >= 40


def test_every_rule_has_a_case() -> None:
    cases = {path.stem.split("_")[0] for path in INVALID}
    searching = {code for code, entry in RULES.items() if entry.find is not None}
    # ASL257, ASL530 and ASL533 need texts too big for a file; they are made below.
    assert searching - cases - {"ASL257", "ASL530", "ASL533"} == set()


BIG = "x" * 262_200


@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("ASL257", f'"Assign": {{"x": "{BIG}"}}'),
        ("ASL533", f'"Result": "{BIG}"'),
        ("ASL530", f'"Comment": "{BIG * 4}"'),
    ],
)
def test_what_is_too_big_is_told(code: str, state: str) -> None:
    text = '{"StartAt": "A", "States": {"A": {"Type": "Pass", %s, "End": true}}}'
    problems = check_text(text % state)
    assert [p.code for p in problems if p.severity is not Severity.INFO] == [code]


def test_a_definition_too_big_for_aws_can_be_loaded() -> None:
    text = '{"Comment": "%s", "StartAt": "A", "States": {"A": {"Type": "Succeed"}}}'
    assert asl.load_text(text % (BIG * 4)).start_at == "A"


@pytest.mark.parametrize("code", sorted(RULES))
def test_every_rule_has_its_papers(code: str) -> None:
    entry = RULES[code]
    assert entry.code == code
    assert entry.title
    assert entry.why.endswith(".")
    assert entry.fix
    assert entry.spec
    if entry.find is not None:
        assert entry.find.__doc__


def test_a_code_stands_for_one_rule() -> None:
    with pytest.raises(ValueError, match="two rules"):
        register(Rule(code="ASL401", title="", why="", fix="", spec=""))


# --- the front door

PASS = '{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "Bb"}, "B": %s}}'
BROKEN = PASS % '{"Type": "Succeed"}'


def test_problems_come_in_order_of_place() -> None:
    problems = check_text(
        '{"StartAt": "A",\n "States": {\n  "A": {"Type": "Pass", "Next": "B"},\n'
        '  "B": {"Type": "Fail", "Cause": "$.x"},\n  "C": {"Type": "Succeed"}}}'
    )
    assert [(p.code, p.line) for p in problems] == [("ASL218", 4), ("ASL102", 5)]


def test_codes_are_selected_and_ignored_by_their_beginnings() -> None:
    assert {p.code for p in check_text(BROKEN)} == {"ASL101", "ASL102"}
    assert {p.code for p in check_text(BROKEN, select=["ASL102"])} == {"ASL102"}
    assert "ASL101" not in {p.code for p in check_text(BROKEN, ignore=["ASL101"])}
    assert check_text(BROKEN, ignore=["ASL1"]) == []


@pytest.mark.parametrize("codes", [["ASL9999"], "ASL101"])
def test_a_code_that_does_not_exist_is_a_usage_error(codes: Any) -> None:
    with pytest.raises(UsageError):
        check_text(BROKEN, select=codes)


def test_a_file_that_is_missing_is_a_problem(tmp_path: Path) -> None:
    (problem,) = check(tmp_path / "nothing.asl.json")
    assert problem.code == "ASL001"


def test_a_problem_knows_its_file(tmp_path: Path) -> None:
    path = tmp_path / "order.asl.json"
    path.write_text(BROKEN)
    assert {problem.file for problem in asl.check(path)} == {str(path)}


def test_placeholders_are_no_problem_of_a_template() -> None:
    text = (
        '{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "${Function}",'
        ' "TimeoutSeconds": "${Limit}", "End": true}}}'
    )
    assert {p.severity for p in check_text(text)} == {Severity.INFO}
    filled = {"Function": "nonsense", "Limit": "5"}
    assert "ASL501" in {p.code for p in check_text(text, substitutions=filled)}


# --- load


ALL_FIRST = (
    '{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": '
    '"arn:aws:states:::sqs:sendMessage", "Parameters": {"QueueUrl": "u"}, '
    '"Retry": [%s, {"ErrorEquals": ["X"]}], "End": true}}}'
)


def test_load_refuses_what_aws_refuses() -> None:
    with pytest.raises(DefinitionError) as caught:
        asl.load_text(ALL_FIRST % '{"ErrorEquals": ["States.ALL"]}')
    assert [problem.code for problem in caught.value.problems] == ["ASL401"]


def test_load_does_not_mind_a_warning() -> None:
    machine = asl.load_text(ALL_FIRST % '{"ErrorEquals": ["X"]}')
    assert machine.problems == ()
