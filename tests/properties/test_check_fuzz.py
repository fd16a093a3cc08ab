"""Whatever a file holds, check answers with Problems."""

import json
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asl.checks.check import check_text
from asl.checks.pieces import STATE_TYPES
from asl.problem import Problem

# fmt: off
FIELDS = (
    "Type", "Next", "End", "Default", "Choices", "Variable", "And", "Or", "Not",
    "Condition", "StringEquals", "Catch", "NumericLessThan", "IsPresent",
    "NumericEqualsPath", "Retry", "ErrorEquals", "MaxAttempts", "Assign", "Output",
    "Arguments", "Parameters", "ResultSelector", "ResultPath", "InputPath",
    "OutputPath", "Result", "Items", "ItemsPath", "ItemSelector", "ItemProcessor",
    "Iterator", "Branches", "StartAt", "States", "QueryLanguage", "Resource",
    "TimeoutSeconds", "HeartbeatSeconds", "Seconds", "Timestamp", "Error", "Cause",
    "ErrorPath", "ProcessorConfig", "Mode", "ItemReader", "ItemBatcher",
    "ResultWriter", "Label", "BatchInput", "MaxDelaySeconds", "IntervalSeconds",
    "Comment", "x", "x.$", "Credentials",
)
# fmt: on
TEXTS = (
    *STATE_TYPES,
    "A",
    "B",
    "JSONata",
    "JSONPath",
    "$",
    "$.a",
    "$$.Task.Token",
    "$x.y",
    "$[",
    "{% $states.result.a %}",
    "{% $x + y %}",
    "{% ( %}",
    "States.ALL",
    "States.Format('{}', $.a)",
    "States.MathAdd(1)",
    "States.Timout",
    "arn:aws:states:::lambda:invoke.waitForTaskToken",
    "arn:aws:states:::aws-sdk:sqs:sendMesage",
    "arn:aws:lambda:eu-west-1:123456789012:function:f",
    "DISTRIBUTED",
    "${Name}",
    "2026-01-01T00:00:00Z",
)

scalars = (
    st.sampled_from(TEXTS)
    | st.none()
    | st.booleans()
    | st.integers(-2, 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=6)
        | st.dictionaries(st.text(max_size=4), inner, max_size=2)
    ),
    max_leaves=25,
)
states = st.builds(
    lambda kind, rest: {**rest, "Type": kind},
    st.sampled_from(STATE_TYPES),
    st.dictionaries(st.sampled_from(FIELDS), values, max_size=9),
)
machines = st.builds(
    lambda inner, more: {"StartAt": "A", **more, "States": inner},
    st.dictionaries(
        st.sampled_from(["A", "B", "C/~", ""]), states | values, max_size=4
    ),
    st.dictionaries(st.sampled_from(FIELDS), values, max_size=2),
)
quick = settings(
    max_examples=150, deadline=None, suppress_health_check=list(HealthCheck)
)


def answers(text: str) -> None:
    for problem in check_text(text):
        assert isinstance(problem, Problem)
        assert problem.line is None or problem.line >= 1


@given(values | machines)
@quick
def test_any_json_gets_an_answer(value: Any) -> None:
    answers(json.dumps(value))


@given(machines)
@quick
def test_any_yaml_gets_an_answer(value: Any) -> None:
    answers(yaml.safe_dump(value))


@given(st.text(max_size=60))
@quick
def test_any_text_gets_an_answer(text: str) -> None:
    answers(text)


@given(machines, st.integers(0, 400), st.integers(0, 30))
@quick
def test_a_piece_cut_out_of_a_text_gets_an_answer(
    value: Any, start: int, length: int
) -> None:
    text = json.dumps(value, indent=1)
    answers(text[:start] + text[start + length :])
