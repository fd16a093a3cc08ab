"""Building: what a field that cannot be understood says, and that it hides nothing."""

import json
from typing import Any

import pytest

import asl
from asl.model.build import build_machine
from asl.model.machine import StateMachine, walk_states
from asl.model.resource import find_resource, is_elided
from asl.model.states import Map, Task
from asl.problem import Problem
from asl.source.document import Document
from asl.source.reading import read_text

LAMBDA = "arn:aws:lambda:eu-west-1:123456789012:function:ask"


def build(definition: Any) -> tuple[StateMachine | None, list[Problem]]:
    return build_machine(read_text(json.dumps(definition, indent=1)), "M")


def problems(state: dict[str, Any], **machine: Any) -> list[Problem]:
    definition = {"StartAt": "S", "States": {"S": {"End": True, **state}}, **machine}
    return build(definition)[1]


def jsonata(state: dict[str, Any]) -> list[Problem]:
    return problems(state, QueryLanguage="JSONata")


def body(**states: Any) -> dict[str, Any]:
    return {"StartAt": "In", "States": states}


TASK = {"Type": "Task", "Resource": LAMBDA}
PASS = {"Type": "Pass"}
RULES = {"Type": "Choice", "Default": "S"}


@pytest.mark.parametrize(
    ("state", "code", "pointer"),
    [
        ({**PASS, "InputPath": "a"}, "ASL201", "/InputPath"),
        ({**PASS, "InputPath": "$.a["}, "ASL201", "/InputPath"),
        ({**PASS, "OutputPath": "$.a b"}, "ASL201", "/OutputPath"),
        ({**PASS, "ResultPath": "$.a[*]"}, "ASL202", "/ResultPath"),
        ({**PASS, "ResultPath": "$$.a"}, "ASL202", "/ResultPath"),
        ({**PASS, "ResultPath": "$x"}, "ASL202", "/ResultPath"),
        ({**PASS, "Parameters": {"a.$": 5}}, "ASL203", "/Parameters/a.$"),
        ({**PASS, "Parameters": {"a.$": "x"}}, "ASL203", "/Parameters/a.$"),
        (
            {**PASS, "Parameters": {"a": [{"b~/.$": "$.["}]}},
            "ASL203",
            "/Parameters/a/0/b~0~1.$",
        ),
        (
            {**PASS, "Parameters": {"a.$": "States.Nope()"}},
            "ASL203",
            "/Parameters/a.$",
        ),
        (
            {**PASS, "Parameters": {"a.$": "States.Array(1,"}},
            "ASL203",
            "/Parameters/a.$",
        ),
        ({**PASS, "Parameters": {"a": 1, "a.$": "$"}}, "ASL203", "/Parameters"),
        ({**PASS, "Assign": {"x.$": "$["}}, "ASL203", "/Assign/x.$"),
        ({**TASK, "ResultSelector": {"x.$": "y"}}, "ASL203", "/ResultSelector/x.$"),
        ({**TASK, "Resource": "lambda"}, "ASL501", "/Resource"),
        ({**TASK, "Resource": "arn:aws:s3:::box"}, "ASL501", "/Resource"),
        ({**TASK, "TimeoutSecondsPath": "$.a[*]"}, "ASL202", "/TimeoutSecondsPath"),
        ({**TASK, "HeartbeatSecondsPath": "a"}, "ASL201", "/HeartbeatSecondsPath"),
        (
            {
                **TASK,
                "Catch": [
                    {"ErrorEquals": ["E"], "Next": "S"},
                    {"ErrorEquals": ["F"], "Next": "S", "ResultPath": "x"},
                ],
            },
            "ASL202",
            "/Catch/1/ResultPath",
        ),
        (
            {**TASK, "Credentials": {"RoleArn.$": "x"}},
            "ASL203",
            "/Credentials/RoleArn.$",
        ),
        ({"Type": "Wait", "Timestamp": "tomorrow"}, "ASL205", "/Timestamp"),
        ({"Type": "Wait", "SecondsPath": "$..a"}, "ASL202", "/SecondsPath"),
        ({"Type": "Wait", "TimestampPath": "$.a[1:2]"}, "ASL202", "/TimestampPath"),
        ({"Type": "Fail", "ErrorPath": "x"}, "ASL203", "/ErrorPath"),
        ({"Type": "Fail", "CausePath": "States.X()"}, "ASL203", "/CausePath"),
        ({**RULES, "Choices": [{"Next": "S"}]}, "ASL301", "/Choices/0"),
        (
            {**RULES, "Choices": [{"Variable": "$.a", "Next": "S"}]},
            "ASL301",
            "/Choices/0",
        ),
        (
            {**RULES, "Choices": [{"Variable": "a", "IsNull": True, "Next": "S"}]},
            "ASL301",
            "/Choices/0/Variable",
        ),
        (
            {**RULES, "Choices": [{"Variable": 5, "IsNull": True, "Next": "S"}]},
            "ASL301",
            "/Choices/0/Variable",
        ),
        (
            {
                **RULES,
                "Choices": [
                    {"And": [{"Not": {"Variable": "$.a", "NumericEqualsPath": "b"}}]}
                ],
            },
            "ASL301",
            "/Choices/0/And/0/Not/NumericEqualsPath",
        ),
        ({**RULES, "Choices": [{"Or": ["x"]}]}, "ASL301", "/Choices/0/Or/0"),
        (
            {"Type": "Map", "ItemsPath": "$[", "ItemProcessor": body(In=PASS)},
            "ASL201",
            "/ItemsPath",
        ),
        (
            {
                "Type": "Map",
                "ItemProcessor": body(In={**PASS, "InputPath": "x"}),
            },
            "ASL201",
            "/ItemProcessor/States/In/InputPath",
        ),
        (
            {
                "Type": "Map",
                "ItemProcessor": body(In=PASS),
                "ItemReader": {"Resource": "r", "Parameters": {"Key.$": "x"}},
            },
            "ASL203",
            "/ItemReader/Parameters/Key.$",
        ),
        (
            {
                "Type": "Map",
                "ItemProcessor": body(In=PASS),
                "ItemReader": {"ReaderConfig": {"MaxItemsPath": "x"}},
            },
            "ASL201",
            "/ItemReader/ReaderConfig/MaxItemsPath",
        ),
        (
            {
                "Type": "Map",
                "ItemProcessor": body(In=PASS),
                "ItemBatcher": {"BatchInput": {"a.$": "x"}},
            },
            "ASL203",
            "/ItemBatcher/BatchInput/a.$",
        ),
        (
            {
                "Type": "Map",
                "ItemProcessor": body(In=PASS),
                "ToleratedFailurePercentagePath": "$.*",
            },
            "ASL202",
            "/ToleratedFailurePercentagePath",
        ),
        (
            {
                "Type": "Parallel",
                "Branches": [body(In=PASS), body(In={**PASS, "OutputPath": "x"})],
            },
            "ASL201",
            "/Branches/1/States/In/OutputPath",
        ),
    ],
)
def test_a_bad_field_is_a_problem_at_its_place(
    state: dict[str, Any], code: str, pointer: str
) -> None:
    (problem,) = problems(state)
    assert (problem.code, problem.pointer) == (code, f"/States/S{pointer}")
    assert problem.aws_code == "SCHEMA_VALIDATION_FAILED"
    assert problem.line is not None
    assert problem.column is not None


@pytest.mark.parametrize(
    ("state", "pointer"),
    [
        ({**PASS, "Output": "{% 1 + %}"}, "/Output"),
        ({**PASS, "Output": {"a": [1, "{% ( %}"]}}, "/Output/a/1"),
        ({**PASS, "Output": "{% $eval('1') %}"}, "/Output"),
        ({**PASS, "Assign": {"x": "{% 1 + %}"}}, "/Assign/x"),
        ({**TASK, "Arguments": {"x": "{% 1 + %}"}}, "/Arguments/x"),
        ({**TASK, "TimeoutSeconds": "{% 1 + %}"}, "/TimeoutSeconds"),
        ({"Type": "Wait", "Seconds": "{% 1 + %}"}, "/Seconds"),
        ({"Type": "Wait", "Timestamp": "{% 1 + %}"}, "/Timestamp"),
        ({"Type": "Fail", "Error": "{% 1 + %}"}, "/Error"),
        (
            {**RULES, "Choices": [{"Condition": "{% 1 + %}", "Next": "S"}]},
            "/Choices/0/Condition",
        ),
        (
            {
                **RULES,
                "Choices": [{"Condition": True, "Output": "{% 1 + %}", "Next": "S"}],
            },
            "/Choices/0/Output",
        ),
        (
            {"Type": "Map", "Items": "{% 1 + %}", "ItemProcessor": body(In=PASS)},
            "/Items",
        ),
    ],
)
def test_bad_jsonata_is_a_problem_at_its_place(
    state: dict[str, Any], pointer: str
) -> None:
    found = jsonata(state)
    assert {problem.pointer for problem in found} == {f"/States/S{pointer}"}
    assert {problem.code for problem in found} == {"ASL204"}


def test_a_rule_may_not_be_nested_without_end() -> None:
    rule: dict[str, Any] = {"Variable": "$.a", "IsNull": True}
    for _ in range(101):
        rule = {"Not": rule}
    (problem,) = problems({**RULES, "Choices": [{**rule, "Next": "S"}]})
    assert "nested deeper than 100 levels" in problem.message


def test_a_placeholder_for_a_resource_must_be_filled() -> None:
    (problem,) = problems({**TASK, "Resource": "${AskArn}"})
    assert (problem.code, problem.pointer) == ("ASL010", "/States/S/Resource")
    assert "${AskArn}" in problem.message


def test_a_position_inside_a_text_is_told() -> None:
    text = '{"StartAt": "S", "States": {"S": {"Type": "Pass", "InputPath": "$.a[x]"}}}'
    _, (problem,) = build_machine(read_text(text), "M")
    assert problem.line == 1
    start = text.index('"$.a[x]"') + 1
    assert start < (problem.column or 0) <= start + len('"$.a[x]"')


def test_one_bad_field_hides_nothing() -> None:
    definition = {
        "StartAt": "A",
        "States": {
            "A": {**PASS, "InputPath": "a", "OutputPath": "b", "Next": "B"},
            "B": {
                **TASK,
                "Resource": LAMBDA,
                "Parameters": {"x.$": 1, "y.$": "z"},
                "ResultPath": "c",
                "Next": "C",
            },
            "C": {"Type": "Wait", "Timestamp": "never", "End": True},
        },
    }
    machine, found = build(definition)
    assert [problem.pointer for problem in found] == [
        "/States/A/InputPath",
        "/States/A/OutputPath",
        "/States/B/Parameters/x.$",
        "/States/B/Parameters/y.$",
        "/States/B/ResultPath",
        "/States/C/Timestamp",
    ] or len(found) == 6
    assert machine is not None
    assert list(machine.states) == ["A", "B", "C"]


def test_load_raises_all_of_them_at_once() -> None:
    text = json.dumps(
        {
            "StartAt": "A",
            "States": {
                "A": {**PASS, "InputPath": "a", "Next": "Gone"},
                "B": {**PASS, "OutputPath": "b", "End": True},
            },
        }
    )
    with pytest.raises(asl.DefinitionError) as caught:
        asl.load_text(text)
    pointers = {problem.pointer for problem in caught.value.problems}
    assert {"/States/A/InputPath", "/States/B/OutputPath", "/States/A/Next"} <= pointers


@pytest.mark.parametrize("definition", [[], "text", 5, None])
def test_what_is_no_object_gives_no_machine(definition: Any) -> None:
    document = Document(definition, text="", file=None, format="json")
    assert build_machine(document, "M") == (None, [])


@pytest.mark.parametrize(
    "definition",
    [
        {},
        {"States": []},
        {"StartAt": 5, "States": {"S": 5}},
        {"StartAt": "S", "States": {"S": {"Type": 5}}},
        {"StartAt": "S", "States": {"S": {"Type": "Nonsense"}}},
        {"StartAt": "S", "States": {"S": {"Type": "Task"}}},
        {"StartAt": "S", "States": {"S": {"Type": "Map"}}},
        {"StartAt": "S", "States": {"S": {"Type": "Map", "ItemProcessor": 5}}},
        {"StartAt": "S", "States": {"S": {"Type": "Parallel", "Branches": [5]}}},
        {"StartAt": "S", "States": {"S": {"Type": "Choice", "Choices": {}}}},
        {"StartAt": "S", "States": {"S": {"Type": "Wait"}}},
        {"StartAt": "S", "States": {"S": {"Type": "Wait", "Seconds": True}}},
        {"StartAt": "S", "States": {"S": {**TASK, "Retry": 5, "Catch": [5]}}},
        {
            "StartAt": "S",
            "States": {"S": {**TASK, "Retry": [{"ErrorEquals": "E"}], "Catch": {}}},
        },
        {"StartAt": "S", "TimeoutSeconds": "5", "States": {}},
        {
            "QueryLanguage": 5,
            "StartAt": "S",
            "States": {"S": {"Type": "Choice", "Choices": [{"Condition": 5}]}},
        },
        {
            "QueryLanguage": "JSONata",
            "StartAt": "S",
            "States": {"S": {"Type": "Wait", "Timestamp": 5, "Assign": {}}},
        },
    ],
)
def test_wrong_types_are_left_to_the_schema(definition: Any) -> None:
    machine, found = build(definition)
    assert machine is not None
    assert found == []


# --- what a machine is


def one(state: dict[str, Any], **machine: Any) -> Any:
    definition = {"StartAt": "S", "States": {"S": {"End": True, **state}}, **machine}
    built, found = build(definition)
    assert built is not None
    assert found == []
    return built.states["S"]


def test_the_query_language_of_a_state_is_its_own_or_the_machines() -> None:
    assert not one(PASS).jsonata
    assert one(PASS, QueryLanguage="JSONata").jsonata
    assert one({**PASS, "QueryLanguage": "JSONata"}).jsonata
    assert one({**PASS, "QueryLanguage": "jsonpath"}).jsonata
    outer = one(
        {
            "Type": "Map",
            "QueryLanguage": "JSONata",
            "ItemProcessor": body(In={**PASS, "End": True}),
        }
    )
    assert isinstance(outer, Map)
    assert outer.jsonata
    assert not outer.processor.states["In"].jsonata


def test_a_retrier_has_the_defaults_of_the_language() -> None:
    (retrier,) = one({**TASK, "Retry": [{"ErrorEquals": ["E"]}]}).retry
    assert retrier.error_equals == ("E",)
    assert (retrier.interval_seconds, retrier.max_attempts) == (1, 3)
    assert (retrier.backoff_rate, retrier.max_delay_seconds) == (2.0, None)
    assert retrier.jitter_strategy == "NONE"


def test_a_map_has_its_parts() -> None:
    state = one(
        {
            "Type": "Map",
            "Label": "L",
            "ItemProcessor": {
                **body(In={**PASS, "End": True}),
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
            },
            "ItemReader": {
                "Resource": "arn:aws:states:::s3:getObject",
                "ReaderConfig": {"InputType": "CSV", "MaxItems": 5},
            },
            "ResultWriter": {"WriterConfig": {"OutputType": "JSON"}},
        }
    )
    assert isinstance(state, Map)
    assert (state.processor.mode, state.processor.execution_type) == (
        "DISTRIBUTED",
        "EXPRESS",
    )
    assert state.label == "L"
    assert state.reader is not None
    assert state.reader.config == {"InputType": "CSV"}
    assert state.reader.max_items is not None
    assert state.writer is not None
    assert state.writer.resource is None
    assert state.writer.config == {"OutputType": "JSON"}


def test_machines_are_equal_when_they_say_the_same() -> None:
    definition = {"StartAt": "S", "States": {"S": {"Type": "Succeed"}}}
    compact = asl.load_text(json.dumps(definition), name="M")
    wide = asl.load_text(json.dumps(definition, indent=4), name="M")
    assert compact == wide
    assert hash(compact) == hash(wide)
    assert compact != asl.load_text(json.dumps(definition), name="N")
    assert compact != definition
    assert repr(compact) == "<StateMachine 'M': 1 states>"


def test_every_state_is_found_at_any_depth() -> None:
    definition = {
        "StartAt": "P",
        "States": {
            "P": {
                "Type": "Parallel",
                "Branches": [
                    body(In={"Type": "Succeed"}),
                    {
                        "StartAt": "M",
                        "States": {
                            "M": {
                                "Type": "Map",
                                "ItemProcessor": {
                                    "StartAt": "Deep",
                                    "States": {"Deep": {**PASS, "End": True}},
                                },
                                "End": True,
                            }
                        },
                    },
                ],
                "Next": "Z",
            },
            "Z": {"Type": "Succeed"},
        },
    }
    machine = asl.load_text(json.dumps(definition))
    names = [state.name for state in machine.all_states()]
    assert sorted(names) == ["Deep", "In", "M", "P", "Z"]
    assert [state.name for state in walk_states(machine)] == names
    by_name = {state.name: state.pointer for state in machine.all_states()}
    assert by_name["Deep"] == (
        "/States/P/Branches/1/States/M/ItemProcessor/States/Deep"
    )


# --- resources


@pytest.mark.parametrize(
    ("arn", "family", "service", "action", "pattern", "shown"),
    [
        (LAMBDA, "lambda", "lambda", "ask", "request", "ask"),
        (LAMBDA + ":live", "lambda", "lambda", "ask", "request", "ask"),
        (
            "arn:aws:states:us-east-1:1:activity:paint",
            "activity",
            "activity",
            "paint",
            "request",
            "paint",
        ),
        (
            "arn:aws:states:::lambda:invoke",
            "task",
            "lambda",
            "invoke",
            "request",
            "invoke",
        ),
        (
            "arn:aws-cn:states:::states:startExecution.sync:2",
            "task",
            "states",
            "startExecution",
            "sync:2",
            "startExecution.sync:2",
        ),
        (
            "arn:aws:states:::batch:submitJob.sync",
            "task",
            "batch",
            "submitJob",
            "sync",
            "submitJob.sync",
        ),
        (
            "arn:aws:states:::aws-sdk:sqs:sendMessage.waitForTaskToken",
            "task",
            "aws-sdk:sqs",
            "sendMessage",
            "token",
            "sendMessage.waitForTaskToken",
        ),
        (
            "arn:aws:states:::http:invoke",
            "task",
            "http",
            "invoke",
            "request",
            "invoke",
        ),
        (
            "arn:aws:lambda:...:check-inventory",
            "lambda",
            "lambda",
            "check-inventory",
            "request",
            "check-inventory",
        ),
    ],
)
def test_a_resource_is_taken_apart(
    arn: str, family: str, service: str, action: str, pattern: str, shown: str
) -> None:
    found = find_resource(arn)
    assert found is not None
    assert (found.family, found.service, found.action) == (family, service, action)
    assert (found.pattern, found.event_resource) == (pattern, shown)
    assert found.function_name == (action if family == "lambda" else None)
    assert is_elided(arn) == ("..." in arn)


@pytest.mark.parametrize(
    "arn", ["", "x", "arn:aws:s3:::box", "arn:aws:states:::sqs:send.soon", "lambda:x"]
)
def test_what_is_no_resource_is_none(arn: str) -> None:
    assert find_resource(arn) is None


def test_a_task_without_a_known_resource_is_a_hole() -> None:
    machine, _ = build({"StartAt": "S", "States": {"S": {**TASK, "Resource": "x"}}})
    assert machine is not None
    assert "S" not in machine.states
    assert not any(isinstance(state, Task) for state in machine.all_states())
