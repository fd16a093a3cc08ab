"""What a definition may look like, and the sentence for each way of being wrong."""

import json
from itertools import pairwise
from pathlib import Path

import pytest

import asl.checks.schema
from asl.checks.fault import CODES
from asl.checks.pieces import STATE_TYPES, language_of
from asl.checks.schema import check_schema, read_schema
from asl.problem import Problem, Severity
from asl.source.document import Document
from asl.source.reading import read_text
from asl.values import Json

PASS: Json = {"Type": "Pass", "End": True}
INNER: Json = {"StartAt": "I", "States": {"I": PASS}}
DISTRIBUTED: Json = {
    **INNER,
    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
}
TASK: Json = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage"}
TASK = {**TASK, "End": True}
WAIT: Json = {"Type": "Wait", "End": True}
MAP: Json = {"Type": "Map", "ItemProcessor": INNER, "End": True}
BIG_MAP: Json = {"Type": "Map", "ItemProcessor": DISTRIBUTED, "End": True}
TEST: Json = {"Variable": "$.x", "IsNull": True}


def machine(state: Json, **top: Json) -> Json:
    return {"StartAt": "A", "States": {"A": state}, **top}


def jsonata(state: Json) -> Json:
    return machine(state, QueryLanguage="JSONata")


def choice(*rules: Json, **rest: Json) -> Json:
    return {"Type": "Choice", "Choices": list(rules), **rest}


def problems(value: Json) -> list[Problem]:
    return check_schema(Document(value, text="", file=None, format="value"))


def found(value: Json) -> list[tuple[str, str]]:
    return [(problem.code, problem.pointer) for problem in problems(value)]


def whole_schema_accepts(value: Json) -> bool:
    from jsonschema import Draft202012Validator

    return bool(Draft202012Validator(read_schema("state-machine.json")).is_valid(value))


# --- what is right

RIGHT = {
    "a machine with every top-level field": machine(
        PASS, Comment="c", Version="1.0", TimeoutSeconds=60, QueryLanguage="JSONPath"
    ),
    "a Pass with every JSONPath field": machine(
        {
            **PASS,
            "Comment": "c",
            "InputPath": None,
            "Parameters": {"x.$": "$.x"},
            "Result": None,
            "ResultPath": None,
            "OutputPath": "$",
            "Assign": {},
        }
    ),
    "a Pass with every JSONata field": jsonata({**PASS, "Output": 1, "Assign": {}}),
    "a JSONata state in a JSONPath machine": machine(
        {**PASS, "QueryLanguage": "JSONata", "Output": "{% 1 %}"}
    ),
    "a Task with every JSONPath field": machine(
        {
            **TASK,
            "Parameters": "text",
            "ResultSelector": {},
            "ResultPath": "$.r",
            "TimeoutSecondsPath": "$.t",
            "HeartbeatSeconds": 1,
            "Credentials": {"RoleArn.$": "$.role"},
            "Retry": [
                {
                    "ErrorEquals": ["States.ALL"],
                    "IntervalSeconds": 1,
                    "MaxAttempts": 0,
                    "BackoffRate": 1.5,
                    "MaxDelaySeconds": 31622400,
                    "JitterStrategy": "FULL",
                    "Comment": "c",
                }
            ],
            "Catch": [{"ErrorEquals": ["X"], "Next": "A", "ResultPath": None}],
        }
    ),
    "a Task with every JSONata field": jsonata(
        {
            **TASK,
            "Arguments": "{% $states.input %}",
            "TimeoutSeconds": "{% 5 %}",
            "HeartbeatSeconds": 0,
            "Credentials": {"RoleArn": "{% $r %}"},
            "Catch": [{"ErrorEquals": ["X"], "Next": "A", "Output": [], "Assign": {}}],
        }
    ),
    "empty lists of retriers and catchers": machine({**TASK, "Retry": [], "Catch": []}),
    "a wait of no seconds": machine({**WAIT, "Seconds": 0}),
    "a wait by path": machine({**WAIT, "TimestampPath": "$$.Execution.StartTime"}),
    "a wait until an expression": jsonata({**WAIT, "Timestamp": "{% $when %}"}),
    "a wait for an expression over lines": jsonata({**WAIT, "Seconds": "{% 1\n+1 %}"}),
    "a choice with nested rules": machine(
        choice(
            {"Or": [{"Not": {"And": [TEST]}}], "Next": "A", "Assign": {}}, Default="A"
        )
    ),
    "a JSONata choice with a constant": jsonata(
        choice({"Condition": True, "Next": "A", "Output": {}}, Default="A", Output=1)
    ),
    "a Parallel": machine({"Type": "Parallel", "Branches": [INNER], "End": True}),
    "an inline Map with a tolerance": machine({**MAP, "ToleratedFailureCount": 1}),
    "an old Map": machine(
        {"Type": "Map", "Iterator": DISTRIBUTED, "Parameters": {}, "End": True}
    ),
    "an old Map with a new selector": machine(
        {"Type": "Map", "Iterator": INNER, "ItemSelector": {}, "End": True}
    ),
    "a distributed Map with everything": machine(
        {
            **BIG_MAP,
            "Label": "orders",
            "MaxConcurrency": 0,
            "ToleratedFailurePercentage": 12.5,
            "ItemReader": {
                "Resource": "arn:aws:states:::s3:getObject",
                "Parameters": {},
                "ReaderConfig": {
                    "InputType": "CSV",
                    "CSVHeaderLocation": "GIVEN",
                    "CSVHeaders": ["a"],
                    "CSVDelimiter": "TAB",
                    "MaxItems": 0,
                },
            },
            "ItemBatcher": {"MaxItemsPerBatch": 5, "BatchInput": {}},
            "ResultWriter": {"WriterConfig": {"OutputType": "JSONL"}},
        }
    ),
    "a JSONata Map with expressions for numbers": jsonata(
        {
            **BIG_MAP,
            "Items": [1, 2],
            "MaxConcurrency": "{% 1 %}",
            "ToleratedFailurePercentage": "{% 1 %}",
            "ItemReader": {"Resource": "r", "Arguments": {}},
            "ItemBatcher": {"MaxInputBytesPerBatch": "{% 1 %}"},
        }
    ),
    "a Succeed": machine({"Type": "Succeed", "InputPath": "$.x"}),
    "a Fail without anything": machine({"Type": "Fail"}),
    "a Fail by paths": machine({"Type": "Fail", "ErrorPath": "$.e", "Cause": "c"}),
}


@pytest.mark.parametrize("value", RIGHT.values(), ids=RIGHT)
def test_a_right_definition_has_no_problem(value: Json) -> None:
    assert problems(value) == []
    assert whole_schema_accepts(value)


# --- what is wrong: definition, code, pointer, words of the sentence, suggestion

ROOT = ""
A = "/States/A"
WRONG: dict[str, tuple[Json, str, str, str, str | None]] = {
    "no object": (
        [],
        "ASL112",
        ROOT,
        "the definition: a state machine is an object, not a list",
        None,
    ),
    "an empty object": ({}, "ASL100", ROOT, "needs States and StartAt", None),
    "no StartAt": ({"States": {"A": PASS}}, "ASL100", ROOT, "needs StartAt", None),
    "no states": ({"StartAt": "A"}, "ASL100", ROOT, "needs States", None),
    "empty states": (
        {"StartAt": "A", "States": {}},
        "ASL116",
        "/States",
        "States must not be empty",
        None,
    ),
    "an unknown top-level field": (
        machine(PASS, Foo=1),
        "ASL110",
        "/Foo",
        '"Foo" is not a field of a state machine',
        None,
    ),
    "a field in small letters": (
        machine(PASS, comment=""),
        "ASL110",
        "/comment",
        '"comment" is not a field',
        'did you mean "Comment"?',
    ),
    "an unknown language": (
        machine(PASS, QueryLanguage="jsonata"),
        "ASL113",
        "/QueryLanguage",
        'must be JSONPath or JSONata, not "jsonata"',
        'did you mean "JSONata"?',
    ),
    "a language that is no text": (
        machine(PASS, QueryLanguage=5),
        "ASL113",
        "/QueryLanguage",
        "not 5",
        None,
    ),
    "a machine's time-out of nothing": (
        machine(PASS, TimeoutSeconds=0),
        "ASL114",
        "/TimeoutSeconds",
        "must be at least 1, not 0",
        None,
    ),
    "a number in quotes": (
        machine(PASS, TimeoutSeconds="60"),
        "ASL112",
        "/TimeoutSeconds",
        'must be a whole number, not "60"',
        "write 60 without quotes",
    ),
    "a null": (
        machine(PASS, Comment=None),
        "ASL112",
        "/Comment",
        "Comment must be a text, not null",
        "remove the field",
    ),
    "a state that is no object": (
        machine(None),
        "ASL112",
        A,
        'state "A": a state is an object, not null',
        None,
    ),
    "no Type": (machine({"End": True, "X": 1}), "ASL100", A, "needs Type", None),
    "a misspelt Type": (
        machine({"Type": "Pas", "X": 1}),
        "ASL113",
        f"{A}/Type",
        "Type must be one of Task, Wait,",
        'did you mean "Pass"?',
    ),
    "a Type that is no text": (
        machine({"Type": 5}),
        "ASL113",
        f"{A}/Type",
        "not 5",
        None,
    ),
    "neither Next nor End": (
        machine({"Type": "Pass"}),
        "ASL100",
        A,
        "a Pass state needs Next or End",
        'add "Next" with the name of a state, or "End": true',
    ),
    "both Next and End": (
        machine({**PASS, "Next": "A"}),
        "ASL115",
        f"{A}/Next",
        "only one of End and Next may be given",
        None,
    ),
    "an End that is not true": (
        machine({"Type": "Pass", "End": "true"}),
        "ASL113",
        f"{A}/End",
        'End must be true, not "true"',
        'write "End": true, or leave it out',
    ),
    "a misspelt Next is one fault": (
        machine({"Type": "Pass", "Nxt": "A"}),
        "ASL110",
        f"{A}/Nxt",
        '"Nxt" is not a field of a Pass state',
        'did you mean "Next"?',
    ),
    "a field of another type of state": (
        machine({"Type": "Succeed", "Next": "A"}),
        "ASL110",
        f"{A}/Next",
        '"Next" is not a field of a Succeed state',
        "it belongs to Task, Wait, Pass, Parallel and Map states",
    ),
    "Retry on a Pass": (
        machine({**PASS, "Retry": []}),
        "ASL110",
        f"{A}/Retry",
        "not a field of a Pass state",
        "it belongs to Task, Parallel and Map states",
    ),
    "Output in JSONPath": (
        machine({**PASS, "Output": 1}),
        "ASL111",
        f"{A}/Output",
        "Output belongs to JSONata, and this Pass state speaks JSONPath",
        "in JSONPath write OutputPath",
    ),
    "Parameters in JSONata": (
        jsonata({**TASK, "Parameters": {}}),
        "ASL111",
        f"{A}/Parameters",
        "Parameters belongs to JSONPath, and this Task state speaks JSONata",
        "in JSONata write Arguments",
    ),
    "Result in JSONata": (
        jsonata({**PASS, "Result": 1}),
        "ASL111",
        f"{A}/Result",
        "Result belongs to JSONPath",
        "in JSONata write Output",
    ),
    "a path field whose counterpart is there": (
        jsonata({**TASK, "TimeoutSeconds": 1, "TimeoutSecondsPath": "$.x"}),
        "ASL111",
        f"{A}/TimeoutSecondsPath",
        "belongs to JSONPath",
        "remove it",
    ),
    "a wait by path in JSONata is one fault": (
        jsonata({**WAIT, "SecondsPath": "$.x"}),
        "ASL111",
        f"{A}/SecondsPath",
        "SecondsPath belongs to JSONPath",
        "in JSONata write Seconds",
    ),
    "a JSONPath state in a JSONata machine": (
        jsonata({**PASS, "QueryLanguage": "JSONPath", "Output": 1}),
        "ASL111",
        f"{A}/QueryLanguage",
        "cannot be JSONPath in a machine that speaks JSONata",
        "remove QueryLanguage from the state, or from the machine",
    ),
    "a path in a number field": (
        machine({**TASK, "TimeoutSeconds": "$.x"}),
        "ASL112",
        f"{A}/TimeoutSeconds",
        'must be a whole number, not "$.x"',
        "a path stands in TimeoutSecondsPath",
    ),
    "a path in a list field": (
        machine({**TASK, "Retry": "$.x"}),
        "ASL112",
        f"{A}/Retry",
        'Retry must be a list, not "$.x"',
        None,
    ),
    "an expression in JSONPath": (
        machine({**TASK, "TimeoutSeconds": "{% 5 %}"}),
        "ASL112",
        f"{A}/TimeoutSeconds",
        "must be a whole number",
        'set "QueryLanguage": "JSONata" for expressions',
    ),
    "a text where JSONata wants a number": (
        jsonata({**TASK, "TimeoutSeconds": "5"}),
        "ASL112",
        f"{A}/TimeoutSeconds",
        "a whole number, or a JSONata expression between {% and %}, not",
        "write 5 without quotes",
    ),
    "no Resource": (
        machine({"Type": "Task", "End": True}),
        "ASL100",
        A,
        "Resource",
        None,
    ),
    "a misspelt Resource is one fault": (
        machine({"Type": "Task", "Resorce": "x", "End": True}),
        "ASL110",
        f"{A}/Resorce",
        '"Resorce" is not a field of a Task state',
        'did you mean "Resource"?',
    ),
    "a value and its path": (
        machine({**TASK, "HeartbeatSeconds": 1, "HeartbeatSecondsPath": "$.x"}),
        "ASL115",
        f"{A}/HeartbeatSecondsPath",
        "only one of HeartbeatSeconds and HeartbeatSecondsPath",
        None,
    ),
    "no role among credentials": (
        jsonata({**TASK, "Credentials": {}}),
        "ASL100",
        f"{A}/Credentials",
        'Credentials of state "A": a credentials object needs RoleArn',
        None,
    ),
    "a retrier without errors": (
        machine({**TASK, "Retry": [{}]}),
        "ASL100",
        f"{A}/Retry/0",
        'Retry[0] of state "A": a retrier needs ErrorEquals',
        None,
    ),
    "a retrier with an empty list": (
        machine({**TASK, "Retry": [{"ErrorEquals": []}]}),
        "ASL116",
        f"{A}/Retry/0/ErrorEquals",
        "ErrorEquals must not be empty",
        None,
    ),
    "an error name that is no text": (
        machine({**TASK, "Retry": [{"ErrorEquals": ["a", 5]}]}),
        "ASL112",
        f"{A}/Retry/0/ErrorEquals/1",
        'Retry[0] of state "A": ErrorEquals[1] must be a text, not 5',
        None,
    ),
    "a back-off below one": (
        machine({**TASK, "Retry": [{"ErrorEquals": ["a"], "BackoffRate": 0.5}]}),
        "ASL114",
        f"{A}/Retry/0/BackoffRate",
        "must be at least 1, not 0.5",
        None,
    ),
    "a delay above a year": (
        machine({**TASK, "Retry": [{"ErrorEquals": ["a"], "MaxDelaySeconds": 10**8}]}),
        "ASL114",
        f"{A}/Retry/0/MaxDelaySeconds",
        "must be at most 31622400",
        None,
    ),
    "a shortened field of a retrier": (
        machine({**TASK, "Retry": [{"ErrorEquals": ["a"], "Interval": 5}]}),
        "ASL110",
        f"{A}/Retry/0/Interval",
        '"Interval" is not a field of a retrier',
        'did you mean "IntervalSeconds"?',
    ),
    "a retrier that is no object": (
        machine({**TASK, "Retry": [7]}),
        "ASL112",
        f"{A}/Retry/0",
        "Retry[0] must be an object, not 7",
        None,
    ),
    "a catcher without Next": (
        machine({**TASK, "Catch": [{"ErrorEquals": ["a"]}]}),
        "ASL100",
        f"{A}/Catch/0",
        "a catcher needs Next",
        None,
    ),
    "a JSONata catcher in JSONPath": (
        machine({**TASK, "Catch": [{"ErrorEquals": ["a"], "Next": "A", "Output": 1}]}),
        "ASL111",
        f"{A}/Catch/0/Output",
        "Output belongs to JSONata, and this catcher speaks JSONPath",
        "in JSONPath write ResultPath",
    ),
    "a wait for nothing": (
        machine(WAIT),
        "ASL100",
        A,
        "needs SecondsPath, Seconds, TimestampPath or Timestamp",
        None,
    ),
    "a wait for two things": (
        machine({**WAIT, "Seconds": 1, "SecondsPath": "$.x"}),
        "ASL115",
        f"{A}/SecondsPath",
        "only one of Seconds and SecondsPath",
        None,
    ),
    "a negative wait": (
        machine({**WAIT, "Seconds": -1}),
        "ASL114",
        f"{A}/Seconds",
        "must be at least 0, not -1",
        None,
    ),
    "a wait of half seconds": (
        machine({**WAIT, "Seconds": 1.5}),
        "ASL112",
        f"{A}/Seconds",
        "must be a whole number, not 1.5",
        None,
    ),
    "a wait of true seconds": (
        machine({**WAIT, "Seconds": True}),
        "ASL112",
        f"{A}/Seconds",
        "must be a whole number, not true",
        None,
    ),
    "no choices": (
        machine(choice()),
        "ASL116",
        f"{A}/Choices",
        "must not be empty",
        None,
    ),
    "a rule without a comparison": (
        machine(choice({"Variable": "$.x", "Next": "A"})),
        "ASL100",
        f"{A}/Choices/0",
        "needs Variable with an operator such as StringEquals",
        None,
    ),
    "a rule with two operators": (
        machine(choice({**TEST, "StringEquals": "a", "Next": "A"})),
        "ASL115",
        f"{A}/Choices/0/StringEquals",
        "only one of IsNull and StringEquals may be given",
        None,
    ),
    "a rule without Variable": (
        machine(choice({"IsNull": True, "Next": "A"})),
        "ASL100",
        f"{A}/Choices/0",
        "a rule needs Variable",
        None,
    ),
    "a rule without Next": (
        machine(choice(TEST)),
        "ASL100",
        f"{A}/Choices/0",
        "a rule needs Next",
        None,
    ),
    "Variable beside And": (
        machine(choice({"Variable": "$.x", "And": [TEST], "Next": "A"})),
        "ASL115",
        f"{A}/Choices/0/And",
        "only one of Variable and And",
        None,
    ),
    "an empty Or below Not": (
        machine(choice({"Not": {"Or": []}, "Next": "A"})),
        "ASL116",
        f"{A}/Choices/0/Not/Or",
        'Choices[0].Not of state "A": Or must not be empty',
        None,
    ),
    "Next in an inner rule": (
        machine(choice({"And": [{**TEST, "Next": "A"}], "Next": "A"})),
        "ASL110",
        f"{A}/Choices/0/And/0/Next",
        '"Next" is not a field of an inner rule',
        None,
    ),
    "an inner rule that is no object": (
        machine(choice({"And": [5], "Next": "A"})),
        "ASL112",
        f"{A}/Choices/0/And/0",
        "And[0] must be an object, not 5",
        None,
    ),
    "a rule that is no object": (
        machine(choice(5)),
        "ASL112",
        f"{A}/Choices/0",
        "Choices[0] must be an object, not 5",
        None,
    ),
    "choices that are no list": (
        machine({"Type": "Choice", "Choices": {}}),
        "ASL112",
        f"{A}/Choices",
        "Choices must be a list, not an object",
        None,
    ),
    "a misspelt operator is one fault": (
        machine(choice({"Variable": "$.x", "StringEqual": "a", "Next": "A"})),
        "ASL110",
        f"{A}/Choices/0/StringEqual",
        '"StringEqual" is not a field of a rule',
        'did you mean "StringEquals"?',
    ),
    "a misspelt Variable is one fault": (
        machine(choice({"Vriable": "$.x", "IsNull": True, "Next": "A"})),
        "ASL110",
        f"{A}/Choices/0/Vriable",
        '"Vriable" is not a field of a rule',
        'did you mean "Variable"?',
    ),
    "an operand of the wrong type": (
        machine(choice({"Variable": "$.x", "NumericEquals": "5", "Next": "A"})),
        "ASL112",
        f"{A}/Choices/0/NumericEquals",
        'must be a number, not "5"',
        "write 5 without quotes",
    ),
    "a condition in JSONPath is one fault": (
        machine(choice({"Condition": "{% true %}", "Next": "A"})),
        "ASL111",
        f"{A}/Choices/0/Condition",
        "Condition belongs to JSONata, and this rule speaks JSONPath",
        "in JSONPath write Variable",
    ),
    "a condition that is no expression": (
        jsonata(choice({"Condition": "x > 1", "Next": "A"})),
        "ASL112",
        f"{A}/Choices/0/Condition",
        "Condition must be true, false or a JSONata expression",
        None,
    ),
    "no branches": (
        machine({"Type": "Parallel", "Branches": [], "End": True}),
        "ASL116",
        f"{A}/Branches",
        "Branches must not be empty",
        None,
    ),
    "a branch that is no object": (
        machine({"Type": "Parallel", "Branches": [INNER, 3], "End": True}),
        "ASL112",
        f"{A}/Branches/1",
        "Branches[1] must be an object, not 3",
        None,
    ),
    "a language in a branch": (
        machine(
            {
                "Type": "Parallel",
                "Branches": [{**INNER, "QueryLanguage": "JSONata"}],
                "End": True,
            }
        ),
        "ASL110",
        f"{A}/Branches/0/QueryLanguage",
        'Branches[0] of state "A": "QueryLanguage" is not a field of a branch',
        "the states inside speak the machine's language, or one of their own",
    ),
    "a fault in a state of a branch": (
        machine(
            {
                "Type": "Parallel",
                "Branches": [{"StartAt": "a/b", "States": {"a/b": {"Type": "Pass"}}}],
                "End": True,
            }
        ),
        "ASL100",
        f"{A}/Branches/0/States/a~1b",
        'state "a/b": a Pass state needs Next or End',
        'add "Next" with the name of a state, or "End": true',
    ),
    "a Map without a machine": (
        machine({"Type": "Map", "End": True}),
        "ASL100",
        A,
        "needs ItemProcessor or Iterator",
        None,
    ),
    "an empty item processor": (
        machine({**MAP, "ItemProcessor": {}}),
        "ASL100",
        f"{A}/ItemProcessor",
        "an item processor needs States and StartAt",
        None,
    ),
    "a reader in an inline Map": (
        machine({**MAP, "ItemReader": {"Resource": "r"}}),
        "ASL100",
        f"{A}/ItemReader",
        "ItemReader needs a distributed Map: set Mode to DISTRIBUTED",
        None,
    ),
    "a distributed Map without a type of execution": (
        machine(
            {
                **MAP,
                "ItemProcessor": {**INNER, "ProcessorConfig": {"Mode": "DISTRIBUTED"}},
            }
        ),
        "ASL100",
        f"{A}/ItemProcessor/ProcessorConfig",
        "needs ExecutionType",
        None,
    ),
    "an unknown mode": (
        machine(
            {**MAP, "ItemProcessor": {**INNER, "ProcessorConfig": {"Mode": "Inline"}}}
        ),
        "ASL113",
        f"{A}/ItemProcessor/ProcessorConfig/Mode",
        'Mode must be INLINE or DISTRIBUTED, not "Inline"',
        'did you mean "INLINE"?',
    ),
    "a batcher without a limit": (
        machine({**BIG_MAP, "ItemBatcher": {"BatchInput": {}}}),
        "ASL100",
        f"{A}/ItemBatcher",
        "an item batcher needs MaxItemsPerBatch,",
        None,
    ),
    "an empty writer": (
        machine({**BIG_MAP, "ResultWriter": {}}),
        "ASL116",
        f"{A}/ResultWriter",
        "a result writer must not be empty",
        None,
    ),
    "Arguments of a reader in JSONPath": (
        machine({**BIG_MAP, "ItemReader": {"Resource": "r", "Arguments": {}}}),
        "ASL111",
        f"{A}/ItemReader/Arguments",
        "Arguments belongs to JSONata, and this item reader speaks JSONPath",
        "in JSONPath write Parameters",
    ),
    "CSV without a place for headers": (
        machine(
            {
                **BIG_MAP,
                "ItemReader": {"Resource": "r", "ReaderConfig": {"InputType": "CSV"}},
            }
        ),
        "ASL100",
        f"{A}/ItemReader/ReaderConfig",
        'ItemReader.ReaderConfig of state "A": a reader config needs CSVHeaderLocation',
        None,
    ),
    "headers for JSON lines": (
        machine(
            {
                **BIG_MAP,
                "ItemReader": {
                    "Resource": "r",
                    "ReaderConfig": {"InputType": "JSONL", "CSVHeaders": ["a"]},
                },
            }
        ),
        "ASL110",
        f"{A}/ItemReader/ReaderConfig/CSVHeaders",
        "CSVHeaders goes with CSV files only",
        None,
    ),
    "a share above a hundred": (
        machine({**BIG_MAP, "ToleratedFailurePercentage": 100.5}),
        "ASL114",
        f"{A}/ToleratedFailurePercentage",
        "must be at most 100, not 100.5",
        None,
    ),
    "items of the wrong type": (
        jsonata({**MAP, "Items": 5}),
        "ASL112",
        f"{A}/Items",
        "Items must be a list or a JSONata expression",
        None,
    ),
    "two names for an error": (
        machine({"Type": "Fail", "Error": "a", "ErrorPath": "$.x"}),
        "ASL115",
        f"{A}/ErrorPath",
        "only one of Error and ErrorPath",
        None,
    ),
}


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG)
def test_a_fault_is_one_problem_in_plain_words(
    case: tuple[Json, str, str, str, str | None],
) -> None:
    value, code, pointer, words, suggestion = case
    (problem,) = problems(value)
    assert (problem.code, problem.pointer) == (code, pointer)
    assert words in problem.message
    assert problem.suggestion == suggestion
    assert problem.aws_code == "SCHEMA_VALIDATION_FAILED"
    assert problem.severity is Severity.ERROR
    assert not whole_schema_accepts(value)


@pytest.mark.parametrize(
    "text",
    [
        "2030-01-31",
        "2030-01-31 08:00:00Z",
        "2030-01-31T08:00:00",
        "2030-13-01T08:00:00Z",
        "2030-02-30T08:00:00Z",
        "2030-01-31T24:00:00Z",
        "2030-01-31t08:00:00z",
        "2030-01-31T08:00:00Z\n",
        "{% $now() %}",
    ],
)
def test_a_time_that_is_not_rfc_3339_is_an_error(text: str) -> None:
    (problem,) = problems(machine({**WAIT, "Timestamp": text}))
    assert problem.code == "ASL113"
    assert "must be an RFC 3339 time with T and a zone" in problem.message


@pytest.mark.parametrize(
    "text",
    [
        "2030-01-31T08:00:00Z",
        "2030-01-31T08:00:00.123456+02:00",
        "2028-02-29T00:00:00Z",
    ],
)
def test_a_time_with_zone_is_right(text: str) -> None:
    assert problems(machine({**WAIT, "Timestamp": text})) == []


@pytest.mark.parametrize(
    ("label", "code"),
    [("a b", "ASL113"), ("a\x07", "ASL113"), ("a?", "ASL113"), ("x" * 41, "ASL114")],
)
def test_a_label_that_an_arn_cannot_hold_is_an_error(label: str, code: str) -> None:
    (problem,) = problems(machine({**BIG_MAP, "Label": label}))
    assert (problem.code, problem.aws_code) == (code, "INVALID_LABEL_NAME")


def test_faults_of_one_definition_are_all_told() -> None:
    value = machine(
        {"Type": "Parallel", "Branches": [{**INNER, "X": 1}], "Next": 5, "Assign": []},
        Y=1,
    )
    assert found(value) == [
        ("ASL110", "/Y"),
        ("ASL112", f"{A}/Next"),
        ("ASL112", f"{A}/Assign"),
        ("ASL110", f"{A}/Branches/0/X"),
    ]


def test_a_missing_next_and_comparison_are_two_faults() -> None:
    assert [code for code, _ in found(machine(choice({})))] == ["ASL100", "ASL100"]


def test_every_unknown_field_is_named() -> None:
    value = machine({**PASS, "Foo": 1, "Bar": 2})
    assert found(value) == [("ASL110", f"{A}/Foo"), ("ASL110", f"{A}/Bar")]


def test_three_exclusive_fields_are_one_fault() -> None:
    value = machine(
        {**WAIT, "Seconds": 1, "SecondsPath": "$.x", "TimestampPath": "$.y"}
    )
    (problem,) = problems(value)
    assert "only one of Seconds, SecondsPath and TimestampPath" in problem.message


def test_an_inner_state_speaks_the_machines_language_not_the_containers() -> None:
    inner = {"StartAt": "I", "States": {"I": {**PASS, "Output": 1}}}
    outer = {"Type": "Map", "ItemProcessor": inner, "End": True}
    value = machine({**outer, "QueryLanguage": "JSONata", "Items": [1]})
    assert found(value) == [("ASL111", f"{A}/ItemProcessor/States/I/Output")]
    assert not whole_schema_accepts(value)
    assert problems(jsonata(outer)) == []


def test_a_path_state_inside_a_map_of_a_jsonata_machine_is_an_error() -> None:
    inner = {"StartAt": "I", "States": {"I": {**PASS, "QueryLanguage": "JSONPath"}}}
    value = jsonata({**MAP, "ItemProcessor": inner})
    assert found(value) == [("ASL111", f"{A}/ItemProcessor/States/I/QueryLanguage")]
    assert not whole_schema_accepts(value)


def test_a_language_written_among_the_states_is_a_warning_and_counts() -> None:
    states = {"QueryLanguage": "JSONata", "A": {**PASS, "Output": "{% 1 %}"}}
    value = {"StartAt": "A", "States": states}
    (problem,) = problems(value)
    assert problem.severity is Severity.WARNING
    assert problem.pointer == "/States/QueryLanguage"
    assert language_of(value) == "JSONata"
    assert language_of({**value, "QueryLanguage": "JSONPath"}) == "JSONPath"


@pytest.mark.parametrize(
    ("declared", "language"),
    [
        ("JSONPath", "JSONPath"),
        ("JSONata", "JSONata"),
        ("x", "JSONata"),
        (5, "JSONata"),
    ],
)
def test_any_language_but_jsonpath_is_read_as_jsonata(
    declared: Json, language: str
) -> None:
    assert language_of({"QueryLanguage": declared}) == language


def test_a_machine_speaks_jsonpath_by_itself() -> None:
    assert language_of({"States": []}) == "JSONPath"


# --- placeholders


def test_an_unfilled_placeholder_is_told_once() -> None:
    value = machine(
        {**TASK, "TimeoutSeconds": "${Limit}", "HeartbeatSeconds": "${Limit}"},
        QueryLanguage="${Language}",
    )
    assert [(p.code, p.message) for p in problems(value)] == [
        (
            "ASL010",
            "the placeholder ${Language} is not filled; give it with substitutions",
        ),
        (
            "ASL010",
            "the placeholder ${Limit} is not filled; give it with substitutions",
        ),
    ]


def test_a_placeholder_where_a_text_belongs_is_no_matter_of_shape() -> None:
    assert problems(machine({**TASK, "Resource": "${Function}"})) == []


def test_a_placeholder_inside_a_longer_text_is_a_fault_like_any_other() -> None:
    assert found(machine({**WAIT, "Seconds": "${S}0"})) == [("ASL112", f"{A}/Seconds")]


# --- places


def test_problems_stand_on_the_line_of_the_field() -> None:
    text = '{\n "StartAt": "A",\n "States": {\n  "A": {"Type": "Pass",\n   "Nxt": 1}}}'
    (problem,) = check_schema(read_text(text))
    assert (problem.line, problem.column) == (5, 4)


# --- depth and size


def nested(levels: int) -> Json:
    value: Json = {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": True}}}
    for level in range(levels - 1):
        state = {"Type": "Parallel", "Branches": [value], "End": True}
        value = {"StartAt": f"P{level}", "States": {f"P{level}": state}}
    return value


def test_sixty_machines_inside_each_other_are_right() -> None:
    assert problems(nested(60)) == []


def test_more_than_sixty_are_one_problem_and_no_recursion() -> None:
    (problem,) = problems(nested(125))
    assert (problem.code, problem.aws_code) == ("ASL117", "TOO_DEEPLY_NESTED")
    assert "nested deeper than 60 levels" in problem.message


def test_rules_may_be_nested_as_deep_as_json() -> None:
    deepest: Json = {"Variable": "$.x", "IsNull": 1}
    rule = deepest
    for _ in range(450):
        rule = {"Not": rule}
    (problem,) = problems(machine(choice({**rule, "Next": "A"})))
    assert problem.pointer == f"{A}/Choices/0" + "/Not" * 450 + "/IsNull"


def test_ten_thousand_states_are_checked_one_by_one() -> None:
    names = [f"S{n}" for n in range(10_001)]
    states: Json = {name: {**TASK, "Next": then} for name, then in pairwise(names)}
    for state in states.values():
        del state["End"]
    states[names[-1]] = {"Type": "Succeed", "Oops": 1}
    assert found({"StartAt": "S0", "States": states}) == [
        ("ASL110", "/States/S10000/Oops")
    ]


def test_long_values_are_shortened_in_sentences() -> None:
    (problem,) = problems(machine({**WAIT, "Timestamp": "x" * 500}))
    assert len(problem.message) < 250
    assert problem.message.endswith("…")


# --- the schema itself


def test_the_schema_is_a_json_schema() -> None:
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(read_schema("state-machine.json"))


def test_every_object_of_the_schema_has_a_title_and_a_description() -> None:
    definitions = read_schema("state-machine.json")["$defs"]
    objects = [d for d in definitions.values() if "additionalProperties" in d]
    assert len(objects) > 30
    for definition in objects:
        assert definition["title"]
        assert definition["description"]
        assert definition["additionalProperties"] is False


def test_every_reference_of_the_schema_leads_somewhere_and_all_are_used() -> None:
    schema = read_schema("state-machine.json")
    text = json.dumps(schema)
    used = {part.split('"')[0] for part in text.split("#/$defs/")[1:]}
    by_state = {
        kind + language for kind in STATE_TYPES for language in ("JSONPath", "JSONata")
    }
    assert used <= schema["$defs"].keys()
    assert schema["$defs"].keys() - used - by_state == set()


def test_only_one_module_imports_jsonschema_and_only_in_functions() -> None:
    package = Path(asl.checks.schema.__file__).parents[1]
    for module in package.rglob("*.py"):
        lines = module.read_text("utf-8").splitlines()
        imports = [
            line for line in lines if "jsonschema" in line.split("#")[0].split('"')[0]
        ]
        imports = [
            line for line in imports if line.lstrip().startswith(("from", "import"))
        ]
        if module.name == "schema.py" and module.parent.name == "checks":
            assert all(line.startswith("    ") for line in imports)
        else:
            assert imports == [], module


def test_every_kind_of_fault_has_a_code() -> None:
    assert all(code.startswith("ASL1") for code in CODES.values())
