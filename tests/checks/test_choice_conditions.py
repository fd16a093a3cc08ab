"""What one condition says of another, against what the conditions really do."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asl.checks.check import check_text
from asl.checks.choice import find_missing_defaults
from asl.checks.conditions import implies
from asl.checks.subject import Definition
from asl.expressions.scope import EvaluationError
from asl.model.choice import compile_rule
from asl.source.reading import read_value


def v(**operator: Any) -> dict[str, Any]:
    return {"Variable": "$.v", **operator}


EARLY, LATE = "2030-01-01T00:00:00Z", "2030-01-02T00:00:00+01:00"

IMPLICATIONS = [
    (v(NumericEquals=5), v(NumericGreaterThan=4), True),
    (v(NumericEquals=5), v(NumericGreaterThan=5), False),
    (v(NumericEquals=5), v(NumericGreaterThanEquals=5), True),
    (v(NumericLessThan=5), v(NumericLessThanEquals=5), True),
    (v(NumericLessThanEquals=5), v(NumericLessThan=5), False),
    (v(NumericGreaterThan=1), v(NumericLessThan=9), False),
    (v(NumericEquals=5), v(NumericEquals=5.0), True),
    (v(StringEquals="b"), v(StringGreaterThan="a"), True),
    (v(StringEquals="é"), v(StringGreaterThan="a"), False),
    (v(StringEquals="b"), v(IsString=True), True),
    (v(StringEquals="b"), v(IsString=False), False),
    (v(StringEquals="b"), v(IsPresent=True), True),
    (v(IsPresent=False), v(IsPresent=True), False),
    (v(IsNull=True), v(IsPresent=True), True),
    (v(IsTimestamp=True), v(IsString=True), True),
    (v(IsString=True), v(IsTimestamp=True), False),
    (v(TimestampEquals=EARLY), v(TimestampLessThan=LATE), True),
    (v(TimestampEquals=EARLY), v(IsTimestamp=True), True),
    (v(TimestampEquals=EARLY), v(StringEquals=EARLY), False),
    (v(BooleanEquals=True), v(BooleanEquals=False), False),
    (v(BooleanEquals=True), v(IsBoolean=True), True),
    (v(StringEqualsPath="$.w"), v(IsString=True), False),
    (v(StringMatches="a*"), v(StringMatches="*"), False),
    (v(StringEquals="ab"), v(StringMatches="a*"), True),
    (v(StringEquals="b"), {"Variable": "$.w", "StringEquals": "b"}, False),
    ({"Or": [v(NumericEquals=1), v(NumericEquals=2)]}, v(NumericLessThan=3), True),
    ({"Or": [v(NumericEquals=1), v(NumericEquals=4)]}, v(NumericLessThan=3), False),
    (
        v(NumericEquals=2),
        {"And": [v(NumericGreaterThan=1), v(NumericLessThan=3)]},
        True,
    ),
    ({"Not": v(NumericLessThan=5)}, {"Not": v(NumericLessThan=3)}, True),
    ({"Not": v(NumericLessThan=3)}, {"Not": v(NumericLessThan=5)}, False),
]


@pytest.mark.parametrize(("one", "other", "expected"), IMPLICATIONS)
def test_a_condition_implies_another(one: Any, other: Any, expected: bool) -> None:
    assert implies(one, other) is expected


COVERING = [
    ([v(NumericLessThan=1), v(NumericGreaterThanEquals=1)], True),
    ([v(NumericLessThanPath="$.w"), v(NumericGreaterThanEqualsPath="$.w")], True),
    ([v(NumericLessThan=1), v(NumericGreaterThanEquals=2)], False),
    ([v(BooleanEquals=True), v(BooleanEquals=False)], True),
    ([v(StringEquals="a"), {"Not": v(StringEquals="a")}], True),
    ([v(StringEquals="a"), {"Not": v(StringEquals="b")}], False),
    ([{"Condition": "{% $x %}"}, {"Condition": "{% $not($x) %}"}], True),
    ([{"Condition": "{% $x %}"}, {"Condition": "{% $y %}"}], False),
    ([{"Condition": True}], True),
    ([{"Condition": True}, {"Condition": 5}], True),
    ([{}], True),
]


@pytest.mark.parametrize(("rules", "covers"), COVERING)
def test_rules_cover_everything_or_not(rules: list[Any], covers: bool) -> None:
    language = "JSONata" if any("Condition" in rule for rule in rules) else "JSONPath"
    definition = {
        "QueryLanguage": language,
        "StartAt": "A",
        "States": {
            "A": {"Type": "Choice", "Choices": [{**r, "Next": "B"} for r in rules]},
            "B": {"Type": "Succeed"},
        },
    }
    found = list(find_missing_defaults(Definition(read_value(definition))))
    assert (not found) is covers


NUMBERS = st.integers(0, 4)
WORDS = st.sampled_from(["a", "b", "ab", "*", "a*", "2030-01-01T00:00:00Z"])
TIMES = st.sampled_from([EARLY, LATE, "2030-01-01T22:59:59.5Z"])
COMPARISONS = ["Equals", "LessThan", "LessThanEquals", "GreaterThan"]
COMPARISONS += ["GreaterThanEquals"]


def family(name: str, operands: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    names = st.sampled_from([name + comparison for comparison in COMPARISONS])
    return st.builds(lambda n, x: v(**{n: x}), names, operands)


tests = st.builds(
    lambda n, x: v(**{n: x}),
    st.sampled_from(
        ["IsNull", "IsPresent", "IsNumeric", "IsString", "IsBoolean", "IsTimestamp"]
    ),
    st.booleans(),
)
atoms = (
    family("Numeric", NUMBERS)
    | family("String", WORDS)
    | family("Timestamp", TIMES)
    | st.builds(lambda x: v(BooleanEquals=x), st.booleans())
    | st.builds(lambda x: v(StringMatches=x), WORDS)
    | tests
)
conditions = st.recursive(
    atoms,
    lambda inner: (
        st.builds(lambda x: {"And": x}, st.lists(inner, min_size=1, max_size=2))
        | st.builds(lambda x: {"Or": x}, st.lists(inner, min_size=1, max_size=2))
        | st.builds(lambda x: {"Not": x}, inner)
    ),
    max_leaves=3,
)
VARIOUS: list[Any] = [None, True, False, [], {}]
DATA: list[dict[str, Any]] = [
    {},
    *({"v": text} for text in ("", "a", "ab", "b", "*", EARLY, LATE)),
    *({"v": number} for number in (0, 0.5, 1, 2, 3, 4, 5)),
    *({"v": other} for other in VARIOUS),
]


def holds(condition: Any, data: Any) -> bool | None:
    """Whether a rule is taken; None where it fails the execution."""
    try:
        return compile_rule(condition)(data, None)  # type: ignore[arg-type]  # no scope is read
    except EvaluationError:
        return None


@given(conditions, conditions)
@settings(max_examples=1500, deadline=None)
def test_an_implied_condition_leaves_nothing_over(one: Any, other: Any) -> None:
    if implies(one, other):
        for data in DATA:
            # `other` comes first: where it is false, `one` is asked.
            assert not (holds(other, data) is False and holds(one, data) is True)


@given(st.lists(conditions, min_size=1, max_size=3))
@settings(max_examples=500, deadline=None)
def test_an_and_that_is_told_never_holds(parts: list[Any]) -> None:
    text = {
        "StartAt": "A",
        "States": {
            "A": {
                "Type": "Choice",
                "Choices": [{"And": parts, "Next": "B"}],
                "Default": "B",
            },
            "B": {"Type": "Succeed"},
        },
    }

    for problem in check_text(json.dumps(text)):
        if problem.code == "ASL305" and problem.pointer.count("And") == 1:
            assert not any(holds({"And": parts}, data) is True for data in DATA)
