"""What stands in boxes and on arrows, one row a spelling."""

from typing import Any

import pytest

from asl.diagrams.shape import Group, Node, Shape, build_shape
from asl.diagrams.wording import expression_words, seconds_words
from asl.model.build import build_machine
from asl.source.reading import read_value


def shape_of(state: dict[str, Any], *, language: str = "JSONPath") -> Shape:
    """The shape of a machine with this state alone."""
    definition = {
        "QueryLanguage": language,
        "StartAt": "It",
        "States": {"It": state, "Other": {"Type": "Succeed"}},
    }
    machine, _ = build_machine(read_value(definition), "one")
    assert machine is not None
    return build_shape(machine)


def lines_of(state: dict[str, Any], *, language: str = "JSONPath") -> tuple[str, ...]:
    shape = shape_of(state, language=language)
    boxes: list[Node | Group] = [*shape.nodes, *shape.groups]
    return next(box.lines for box in boxes if box.title == "It")


def label_of(rule: dict[str, Any], *, language: str = "JSONPath") -> str:
    state = {
        "Type": "Choice",
        "Choices": [{**rule, "Next": "Other"}],
        "Default": "Other",
    }
    return shape_of(state, language=language).edges[1].label


@pytest.mark.parametrize(
    ("rule", "label"),
    [
        ({"Variable": "$.a.b[0]", "NumericEquals": 1.5}, "a.b[0] = 1.5"),
        ({"Variable": "$.a", "NumericLessThanEquals": 3}, "a ≤ 3"),
        ({"Variable": "$", "StringGreaterThan": "x"}, '$ > "x"'),
        ({"Variable": "$$.State.Name", "StringEquals": "é"}, '$$.State.Name = "é"'),
        ({"Variable": "$count", "NumericLessThanPath": "$.most"}, "$count < most"),
        ({"Variable": "$.a", "StringMatches": "x*"}, 'a matches "x*"'),
        ({"Variable": "$.a", "StringEqualsPath": "$.b"}, "a = b"),
        ({"Variable": "$.a", "BooleanEquals": False}, "a = false"),
        ({"Variable": "$.a", "BooleanEqualsPath": "$.b"}, "a = b"),
        ({"Variable": "$.a", "IsNull": True}, "a is null"),
        ({"Variable": "$.a", "IsPresent": False}, "a is not present"),
        ({"Variable": "$.a", "IsNumeric": True}, "a is a number"),
        ({"Variable": "$.a", "IsTimestamp": False}, "a is not a timestamp"),
        ({"Not": {"Variable": "$.a", "IsString": True}}, "not (a is a text)"),
        ({"Variable": "$.a", "TimestampEquals": "2026-01-01T00:00:00Z"},
         'a = "2026-01-01T00:00:00Z"'),
        ({"And": [{"Variable": "$.a", "IsNull": True},
                  {"Or": [{"Variable": "$.b", "IsNull": True},
                          {"Variable": "$.c", "IsNull": True}]}]},
         "a is null and (b is null or c is null)"),
        ({"Or": [{"And": [{"Variable": "$.a", "IsNull": True}]},
                 {"Variable": "$.b", "IsNull": True}]},
         "a is null or b is null"),
    ],
)  # fmt: skip
def test_a_rule_in_short(rule: dict[str, Any], label: str) -> None:
    assert label_of(rule) == label


def test_a_long_rule_is_cut() -> None:
    rule = {"And": [{"Variable": f"$.field{n}", "IsNull": True} for n in range(20)]}

    label = label_of(rule)

    assert len(label) <= 80
    assert label.endswith("…")


@pytest.mark.parametrize(
    ("condition", "label"),
    [
        ("{% $states.input.amount >= 100 %}", "amount ≥ 100"),
        ("{%$a != 'x  <= y'%}", "$a ≠ 'x  <= y'"),
        ('{% $a = "$states.input.b" %}', '$a = "$states.input.b"'),
        ("{% $count(\n  $states.input.orders)\n < 3 %}", "$count( orders) < 3"),
        ("{% $states.input[0] = 1 %}", "$states.input[0] = 1"),
        ("{% $x.y = 1 or $x.y = 2 or $x.y = 3 or $x.y = 4 %}",
         "$x.y = 1 or $x.y = 2 or $x.y = 3 or $x.…"),
        (False, "false"),
    ],
)  # fmt: skip
def test_a_condition_in_short(condition: Any, label: str) -> None:
    # A text inside is left as it is, until the whole becomes one line.
    expected = " ".join(label.split())

    assert label_of({"Condition": condition}, language="JSONata") == expected


INVOKE = "arn:aws:states:::lambda:invoke"


@pytest.mark.parametrize(
    ("resource", "parameters", "line"),
    [
        ("arn:aws:lambda:eu-west-1:123456789012:function:charge", {}, "lambda: charge"),
        ("arn:aws:lambda:eu-west-1:123456789012:function:charge:7", {},
         "lambda: charge"),
        (INVOKE, {"FunctionName": "charge"}, "lambda: charge"),
        (INVOKE, {"FunctionName": "charge:live"}, "lambda: charge"),
        (INVOKE, {"FunctionName": "123456789012:function:charge"}, "lambda: charge"),
        (INVOKE, {"FunctionName": "arn:aws:lambda:eu-west-1:123456789012:function:c:1"},
         "lambda: c"),
        (INVOKE, {"FunctionName.$": "$.f"}, "lambda: invoke"),
        (INVOKE, {}, "lambda: invoke"),
        (f"{INVOKE}.waitForTaskToken", {"FunctionName": "ask"}, "lambda: ask ⏸ token"),
        ("arn:aws:states:::sqs:sendMessage.waitForTaskToken", {},
         "sqs: sendMessage ⏸ token"),
        ("arn:aws:states:::glue:startJobRun.sync", {}, "glue: startJobRun.sync"),
        ("arn:aws:states:::states:startExecution.sync:2", {},
         "states: startExecution.sync:2"),
        ("arn:aws:states:::aws-sdk:s3:getObject", {}, "s3: getObject"),
        ("arn:aws:states:eu-west-1:123456789012:activity:approve", {},
         "activity: approve"),
        ("arn:aws:states:::http:invoke", {"Method": "POST", "ApiEndpoint": "https://a/b"},
         "http: POST a/b"),
        ("arn:aws:states:::http:invoke", {"Method": "POST", "ApiEndpoint.$": "$.to"},
         "http: invoke"),
        ("arn:aws:states:::http:invoke", {}, "http: invoke"),
    ],
)  # fmt: skip
def test_a_resource_by_service_and_action(
    resource: str, parameters: dict[str, Any], line: str
) -> None:
    state = {"Type": "Task", "Resource": resource, "Parameters": parameters}

    assert lines_of({**state, "End": True}) == (line,)


def test_a_function_named_by_an_expression_is_not_told() -> None:
    state = {
        "Type": "Task",
        "Resource": INVOKE,
        "Arguments": {"FunctionName": "{% $f %}"},
        "End": True,
    }

    assert lines_of(state, language="JSONata") == ("lambda: invoke",)


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"Seconds": 30}, "30 s"),
        ({"Seconds": 90}, "90 s"),
        ({"Seconds": 600}, "10 min"),
        ({"Seconds": 3600}, "1 h"),
        ({"Seconds": 86400}, "1 d"),
        ({"SecondsPath": "$.delay"}, "for $.delay s"),
        ({"Timestamp": "2026-03-14T01:59:00Z"}, "until 2026-03-14T01:59:00Z"),
        ({"TimestampPath": "$.due"}, "until $.due"),
    ],
)
def test_how_long_a_wait_lasts(fields: dict[str, Any], line: str) -> None:
    assert lines_of({"Type": "Wait", **fields, "End": True}) == (line,)


@pytest.mark.parametrize(
    ("retrier", "mark"),
    [
        ({}, "↻ 3× 1 s ×2"),
        ({"MaxAttempts": 3, "IntervalSeconds": 2, "BackoffRate": 2}, "↻ 3× 2 s ×2"),
        ({"MaxAttempts": 1, "IntervalSeconds": 300}, "↻ 1× 5 min"),
        ({"MaxAttempts": 0}, "↻ 0×"),
        ({"BackoffRate": 1}, "↻ 3× 1 s"),
        ({"BackoffRate": 1.5, "MaxDelaySeconds": 60, "JitterStrategy": "FULL"},
         "↻ 3× 1 s ×1.5 ≤ 60 s jitter"),
    ],
)  # fmt: skip
def test_the_numbers_of_a_retrier(retrier: dict[str, Any], mark: str) -> None:
    state = {
        "Type": "Task",
        "Resource": INVOKE,
        "Retry": [{"ErrorEquals": ["States.ALL"], **retrier}],
        "End": True,
    }

    assert shape_of(state).nodes[1].marks == (mark,)


def test_several_retriers_are_told_by_their_errors() -> None:
    entries = [{"ErrorEquals": ["Busy", "Late"]}, {"ErrorEquals": ["States.ALL"]}]
    state = {"Type": "Task", "Resource": INVOKE, "Retry": entries, "End": True}

    marks = shape_of(state).nodes[1].marks

    assert marks == ("↻ Busy, Late: 3× 1 s ×2", "↻ any error: 3× 1 s ×2")


@pytest.mark.parametrize(
    ("fields", "lines"),
    [
        ({}, ("inline",)),
        ({"MaxConcurrency": 0}, ("inline",)),
        ({"MaxConcurrency": 1500, "ItemsPath": "$.all"},
         ("inline, 1,500 at a time", "each of $.all")),
        ({"MaxConcurrencyPath": "$.most"}, ("inline, $.most at a time",)),
        ({"ItemBatcher": {"MaxItemsPerBatchPath": "$.n"}},
         ("inline", "batches of $.n")),
        ({"ItemBatcher": {"MaxInputBytesPerBatch": 1000}},
         ("inline", "batches of ≤ 1,000 bytes")),
        ({"ItemBatcher": {"BatchInput": {}}}, ("inline", "batches of items")),
        ({"ItemReader": {"Resource": "arn:aws:states:::s3:listObjectsV2"}},
         ("inline", "reads s3: listObjectsV2")),
        ({"ResultWriter": {"WriterConfig": {"OutputType": "JSON"}}}, ("inline",)),
        ({"ResultWriter": {"Resource": "arn:aws:states:::s3:putObject"}},
         ("inline", "writes s3: putObject")),
        ({"ToleratedFailureCount": 3}, ("inline", "tolerates 3 failed")),
    ],
)  # fmt: skip
def test_what_a_map_is_told_to_do(
    fields: dict[str, Any], lines: tuple[str, ...]
) -> None:
    body = {"StartAt": "In", "States": {"In": {"Type": "Succeed"}}}

    assert (
        lines_of({"Type": "Map", "ItemProcessor": body, **fields, "End": True}) == lines
    )


@pytest.mark.parametrize(
    ("items", "lines"),
    [
        ("{% $states.input.all %}", ("inline", "each of all")),
        ([1, 2, 3], ("inline", "each of 3 items")),
        ({"a": 1}, ("inline",)),
    ],
)
def test_the_items_of_a_map_in_jsonata(items: Any, lines: tuple[str, ...]) -> None:
    body = {"StartAt": "In", "States": {"In": {"Type": "Succeed"}}}
    state = {"Type": "Map", "ItemProcessor": body, "Items": items, "End": True}

    assert lines_of(state, language="JSONata") == lines


def test_a_fail_without_an_error_says_nothing() -> None:
    assert lines_of({"Type": "Fail"}) == ()
    assert lines_of({"Type": "Fail", "Error": "A.B"}) == ("A.B",)
    assert lines_of({"Type": "Fail", "ErrorPath": "$.e"}) == ("$.e",)
    computed = {"Type": "Fail", "Error": "{% $states.input.e %}"}
    assert lines_of(computed, language="JSONata") == ("$states.input.e",)


def test_numbers_are_written_as_people_write_them() -> None:
    assert seconds_words(0.5) == "0.5 s"
    assert seconds_words(100_000) == "100,000 s"
    assert expression_words("plain", 4) == "pla…"
