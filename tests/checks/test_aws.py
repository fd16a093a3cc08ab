"""AWS's words for what is wrong with a definition, in AWS's order and at its places."""

import json
from typing import Any

import pytest

from asl.checks.aws import create_message, diagnose, diagnose_document
from asl.checks.aws_words import COMPARATORS
from asl.source.reading import read_text

SCHEMA = "SCHEMA_VALIDATION_FAILED"
TARGET = "MISSING_TRANSITION_TARGET"
UNSUPPORTED = "UNSUPPORTED_JSONATA_EXPRESSION"
INVALID = "INVALID_JSONATA_EXPRESSION"
NO_END = ("MISSING_END_STATE", "Workflow has no terminal state", None)

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:pack"
LISTED = f"[{', '.join(COMPARATORS)}]"


def told(definition: Any, **options: Any) -> list[tuple[str, str, str | None]]:
    """Code, message and place of everything that is listed."""
    text = definition if isinstance(definition, str) else json.dumps(definition)
    answer = diagnose(text, **options)
    return [
        (item["code"], item["message"], item.get("location"))
        for item in answer["diagnostics"]
    ]


def lone(state: dict[str, Any], **top: Any) -> dict[str, Any]:
    """A machine of one state named Box, which ends unless it says otherwise."""
    endless = {"Succeed", "Fail", "Choice"}
    if state.get("Type") not in endless and not {"Next", "End"} & set(state):
        state = {**state, "End": True}
    return {"StartAt": "Box", **top, "States": {"Box": state}}


def chosen(*rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A machine that chooses between two ends."""
    box = {"Type": "Choice", "Choices": list(rules), "Default": "Bin", **more}
    return {"StartAt": "Box", "States": {"Box": box, "Bin": {"Type": "Succeed"}}}


def task(**fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": FUNCTION, **fields}


def mapped(states: dict[str, Any], **fields: Any) -> dict[str, Any]:
    body = {"StartAt": next(iter(states)), "States": states}
    return {"Type": "Map", "ItemProcessor": body, **fields}


PASS = {"Type": "Pass", "End": True}
DISTRIBUTED = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}


def read(config: dict[str, Any]) -> dict[str, Any]:
    """A distributed Map that reads its items as a ReaderConfig says."""
    state = mapped({"In": PASS})
    state["ItemProcessor"]["ProcessorConfig"] = DISTRIBUTED
    state["ItemReader"] = {
        "Resource": "arn:aws:states:::s3:getObject",
        "Parameters": {"Bucket": "b", "Key": "k"},
        "ReaderConfig": config,
    }
    return lone(state)


CONFIG = "/States/Box/ItemReader/ReaderConfig"

SHAPES = {
    "nothing at all": (
        {},
        "These fields are required: [States, StartAt]",
        "/",
    ),
    "one field of the whole": (
        {"StartAt": "Box"},
        "These fields are required: [States]",
        "/",
    ),
    "a field of a rule": (
        chosen({"Variable": "$.n", "IsNull": True}),
        "These fields are required: [Next]",
        "/States/Box/Choices[0]",
    ),
    "a bad type": (
        lone({"Type": "Parcel", "End": True}),
        "The field 'Type' should have one of these values: "
        "[Task, Wait, Pass, Succeed, Fail, Choice, Parallel, Map]",
        "/States/Box/Type",
    ),
    "a deciding field of a reader": (
        read({"InputType": "CSV"}),
        "The field 'CSVHeaderLocation' is required",
        CONFIG,
    ),
    "headers to give": (
        read({"InputType": "CSV", "CSVHeaderLocation": "GIVEN"}),
        "These fields are required: [CSVHeaders]",
        CONFIG,
    ),
    "no role": (
        lone(task(Credentials={})),
        "The field 'RoleArn' is required but was missing",
        "/States/Box/Credentials",
    ),
    "no role in JSONata": (
        lone(task(Credentials={}), QueryLanguage="JSONata"),
        "The field 'RoleArn' is required but was missing",
        "/States/Box/Credentials",
    ),
    "a bad query language": (
        lone({"Type": "Succeed", "QueryLanguage": "XPath"}),
        "Value should be one of the following: [JSONPath, JSONata]",
        "/States/Box/QueryLanguage",
    ),
    "a query language that is no text": (
        lone({"Type": "Succeed"}, QueryLanguage=5),
        "Expected value of type [STRING]",
        "/QueryLanguage",
    ),
    "a field of no state": (
        lone({"Type": "Pass", "Colour": "red"}),
        "Field 'Colour' is not supported",
        "/States/Box",
    ),
    "a field of the whole": (
        lone({"Type": "Pass"}, Colour="red"),
        "Field 'Colour' is not supported",
        "/",
    ),
    "a processor with a query language": (
        lone(
            {
                "Type": "Map",
                "ItemProcessor": {
                    "StartAt": "In",
                    "QueryLanguage": "JSONata",
                    "States": {"In": PASS},
                },
            }
        ),
        "Field 'QueryLanguage' is not supported",
        "/States/Box/ItemProcessor",
    ),
    "a JSONata field in JSONPath": (
        lone({"Type": "Pass", "Output": 1}),
        "The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported "
        "for the 'JSONata' QueryLanguage",
        "/States/Box",
    ),
    "a JSONPath field in JSONata, nested": (
        lone(mapped({"In": {**PASS, "InputPath": "$"}}), QueryLanguage="JSONata"),
        "The QueryLanguage is set to 'JSONata', but field 'InputPath' is only "
        "supported for the 'JSONPath' QueryLanguage",
        "/States/Box/ItemProcessor/States/In",
    ),
    "a JSONPath state in a JSONata machine": (
        lone(
            {"Type": "Pass", "QueryLanguage": "JSONPath", "InputPath": "$.a"},
            QueryLanguage="JSONata",
        ),
        "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state "
        "machine",
        "/States/Box",
    ),
    "Next and End": (
        {
            "StartAt": "Box",
            "States": {"Box": {**PASS, "Next": "Bin"}, "Bin": {"Type": "Succeed"}},
        },
        "There should only be one of the following fields: [Next, End]",
        "/States/Box",
    ),
    "no way to wait": (
        lone({"Type": "Wait"}),
        "This object should have only one of the following fields: "
        "[SecondsPath, Seconds, TimestampPath, Timestamp]",
        "/States/Box",
    ),
    "two ways to wait": (
        lone({"Type": "Wait", "Seconds": 1, "TimestampPath": "$.t"}),
        "There should only be one of the following fields: "
        "[SecondsPath, Seconds, TimestampPath, Timestamp]",
        "/States/Box",
    ),
    "no comparison": (
        chosen({"Variable": "$.n", "Next": "Bin"}),
        f"This object should have only one of the following fields: {LISTED}",
        "/States/Box/Choices[0]",
    ),
    "two comparisons": (
        chosen({"Variable": "$.n", "IsNull": True, "IsString": True, "Next": "Bin"}),
        f"There should only be one of the following fields: {LISTED}",
        "/States/Box/Choices[0]",
    ),
    "no states": (
        lone({"Type": "Parallel", "Branches": []}),
        "Value cannot be empty",
        "/States/Box/Branches",
    ),
    "an empty Or inside Not": (
        chosen({"Not": {"Or": []}, "Next": "Bin"}),
        "Value cannot be empty",
        "/States/Box/Choices[0]/Not/Or",
    ),
    "a text for a number": (
        lone({"Type": "Wait", "Seconds": "5"}),
        "Expected value of type Integer",
        "/States/Box/Seconds",
    ),
    "a state that is a text": (
        {"StartAt": "Box", "States": {"Box": PASS, "Bin": "later"}},
        "Expected value of type Object",
        "/States/Bin",
    ),
    "too little": (
        lone({"Type": "Wait", "Seconds": -1}),
        "Minimum value is 0",
        "/States/Box/Seconds",
    ),
    "too little of a fraction": (
        lone(mapped({"In": PASS}, ToleratedFailurePercentage=-1)),
        "Minimum value is 0.0",
        "/States/Box/ToleratedFailurePercentage",
    ),
    "too much of a fraction": (
        lone(mapped({"In": PASS}, ToleratedFailurePercentage=101)),
        "Maximum value is 100.0",
        "/States/Box/ToleratedFailurePercentage",
    ),
    "too many items": (
        read({"InputType": "JSON", "MaxItems": 100_000_001}),
        "Maximum value is 100000000",
        f"{CONFIG}/MaxItems",
    ),
    "a limit twice": (
        read({"InputType": "JSON", "MaxItems": 1, "MaxItemsPath": "$.m"}),
        "There should only be one of the following fields: [MaxItems, MaxItemsPath]",
        CONFIG,
    ),
    "a moment that is none": (
        lone({"Type": "Wait", "Timestamp": "tomorrow"}),
        "String does not match RFC3339 timestamp",
        "/States/Box/Timestamp",
    ),
    "a day that February does not have": (
        lone({"Type": "Wait", "Timestamp": "2027-02-29T00:00:00Z"}),
        "String does not match RFC3339 timestamp",
        "/States/Box/Timestamp",
    ),
    "an expression where paths are spoken": (
        lone({"Type": "Wait", "Timestamp": "{% $now() %}"}),
        "String does not match RFC3339 timestamp",
        "/States/Box/Timestamp",
    ),
    "a variable without its dollar": (
        chosen({"Variable": "n", "IsNull": True, "Next": "Bin"}),
        "Value is not a Reference Path: Reference path didn't start with '$'",
        "/States/Box/Choices[0]/Variable",
    ),
    "a result path with a filter": (
        lone({"Type": "Pass", "Result": 1, "ResultPath": "$.a[*]"}),
        "Value is not a Reference Path: "
        "Reference path must lead to a single node, not to [*]",
        "/States/Box/ResultPath",
    ),
    "an unfinished path": (
        lone({"Type": "Wait", "SecondsPath": "$.a["}),
        None,
        "/States/Box/SecondsPath",
    ),
    "an input path without its dollar": (
        lone({"Type": "Pass", "InputPath": "a"}),
        "Value must be a valid JSONPath.",
        "/States/Box/InputPath",
    ),
    "a bad template": (
        lone({"Type": "Pass", "Parameters": {"a": {"b.$": "c"}}}),
        "The value for the field 'b.$' must be a valid JSONPath or a valid intrinsic "
        "function call",
        "/States/Box/Parameters",
    ),
    "an object where a path belongs": (
        lone({"Type": "Pass", "Parameters": {"a.$": {"b": 1}}}),
        "The value for the field 'a.$' must be a valid JSONPath or a valid intrinsic "
        "function call",
        "/States/Box/Parameters",
    ),
    "a bad template in a catcher": (
        {
            "StartAt": "Box",
            "States": {
                "Box": task(
                    End=True,
                    Catch=[
                        {
                            "ErrorEquals": ["States.ALL"],
                            "Assign": {"b.$": "c"},
                            "Next": "Bin",
                        }
                    ],
                ),
                "Bin": {"Type": "Succeed"},
            },
        },
        "The value for the field 'b.$' must be a valid JSONPath or a valid intrinsic "
        "function call",
        "/States/Box/Catch[0]/Assign",
    ),
    "a bad template in a nested reader": (
        lone(
            {
                "Type": "Parallel",
                "Branches": [
                    {
                        "StartAt": "In",
                        "States": {
                            "In": mapped({"Deep": PASS}, End=True)
                            | {
                                "ItemReader": {
                                    "Resource": "arn:aws:states:::s3:getObject",
                                    "Parameters": {"Key.$": "k"},
                                },
                                "ItemProcessor": {
                                    "ProcessorConfig": DISTRIBUTED,
                                    "StartAt": "Deep",
                                    "States": {"Deep": PASS},
                                },
                            }
                        },
                    }
                ],
            }
        ),
        "The value for the field 'Key.$' must be a valid JSONPath or a valid intrinsic "
        "function call",
        "/States/Box/Branches[0]/States/In/ItemReader/Parameters",
    ),
    "a field twice": (
        lone({"Type": "Pass", "Parameters": {"a": 1, "a.$": "$.a"}}),
        "The field 'a' is given twice, as 'a' and 'a.$'",
        "/States/Box/Parameters",
    ),
    "a bad error path": (
        lone({"Type": "Fail", "ErrorPath": "Oh"}),
        "The value for the field 'ErrorPath' must be a valid JSONPath or a valid "
        "intrinsic function call",
        "/States/Box/ErrorPath",
    ),
    "a bad JSON pointer": (
        read({"InputType": "JSON", "ItemsPointer": "data/items"}),
        "Invalid input: JSON Pointer expression must start with '/': \"data/items\"",
        f"{CONFIG}/ItemsPointer",
    ),
    "no ARN": (
        lone({"Type": "Task", "Resource": "pack"}),
        "The resource provided pack is not recognized. The value is not a valid "
        "resource ARN, or the resource is not available in this region.",
        "/States/Box/Resource",
    ),
    "no such action": (
        lone({"Type": "Task", "Resource": "arn:aws:states:::sqs:sendParcel"}),
        "The resource provided arn:aws:states:::sqs:sendParcel is not recognized. The "
        "value is not a valid resource ARN, or the resource is not available in this "
        "region.",
        "/States/Box/Resource",
    ),
    "no such pattern": (
        lone({"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sqs:purge.sync"}),
        "The resource provided arn:aws:states:::aws-sdk:sqs:purge.sync is not "
        "recognized. The value is not a valid resource ARN, or the resource is not "
        "available in this region.",
        "/States/Box/Resource",
    ),
    "States.ALL beside another": (
        lone(task(Retry=[{"ErrorEquals": ["States.ALL", "Torn"]}])),
        "States.ALL must appear alone and at end of list",
        "/States/Box/Retry",
    ),
    "States.ALL before others, twice": (
        lone(
            task(
                Retry=[
                    {"ErrorEquals": ["States.ALL"]},
                    {"ErrorEquals": ["States.ALL", "Lost"]},
                    {"ErrorEquals": ["Torn"]},
                ]
            )
        ),
        "States.ALL must appear alone and at end of list",
        "/States/Box/Retry",
    ),
    "a variable of the scope around": (
        {
            "StartAt": "Set",
            "States": {
                "Set": {"Type": "Pass", "Assign": {"total": 1}, "Next": "Box"},
                "Box": mapped({"In": {**PASS, "Assign": {"total.$": "$"}}}, End=True),
            },
        },
        "The variable name 'total' was already defined in a parent scope.",
        "/States/Box/ItemProcessor/States/In/Assign/total.$",
    ),
}


@pytest.mark.parametrize("case", SHAPES)
def test_a_fault_of_shape_is_told_alone_and_at_its_place(case: str) -> None:
    definition, message, location = SHAPES[case]
    found = told(definition)
    assert [(code, place) for code, _, place in found if code == SCHEMA] == [
        (SCHEMA, location)
    ]
    if message:
        assert found[0][1] == message
    else:
        assert found[0][1].startswith("Value is not a Reference Path: ")


CODED = {
    "a label with a blank": (
        lone(
            mapped({"In": PASS}, Label="my label")
            | {
                "ItemProcessor": {
                    "ProcessorConfig": DISTRIBUTED,
                    "StartAt": "In",
                    "States": {"In": PASS},
                }
            }
        ),
        "INVALID_LABEL_NAME",
        "/States/Box/Label",
    ),
    "a name that is too long": (
        {"StartAt": "B" * 81, "States": {"B" * 81: PASS}},
        "INVALID_STATE_NAME",
        f"/States/{'B' * 81}",
    ),
}


@pytest.mark.parametrize("case", CODED)
def test_names_have_codes_of_their_own(case: str) -> None:
    definition, code, location = CODED[case]
    assert [(item[0], item[2]) for item in told(definition)] == [(code, location)]


def test_a_name_that_stands_twice_is_told_where_it_stands_again() -> None:
    definition = lone(mapped({"Box": PASS}))
    assert told(definition) == [
        (
            "DUPLICATE_STATE_NAME",
            "Duplicate State name: Box",
            "/States/Box/ItemProcessor/States/Box",
        )
    ]


def test_machines_inside_machines_without_end_are_refused() -> None:
    state: dict[str, Any] = PASS
    for depth in range(100):
        inner = {"StartAt": f"S{depth}", "States": {f"S{depth}": state}}
        state = {"Type": "Parallel", "Branches": [inner], "End": True}
    codes = [code for code, _, _ in told(lone(state))]
    assert codes == ["TOO_DEEPLY_NESTED"]


# --- order and interplay

MISSING = "Missing 'Next' target: "

INTERPLAY = {
    "no type": (
        lone({"End": True}),
        [(SCHEMA, "The field 'Type' is required", "/States/Box"), NO_END],
    ),
    "neither Next nor End": (
        {"StartAt": "Box", "States": {"Box": {"Type": "Pass"}}},
        [
            (
                SCHEMA,
                "This object should have only one of the following fields: [Next, End]",
                "/States/Box",
            ),
            NO_END,
        ],
    ),
    "no states": (
        {"StartAt": "Box", "States": {}},
        [
            (SCHEMA, "Value cannot be empty", "/States"),
            (TARGET, f"{MISSING}Box", "/StartAt"),
            NO_END,
        ],
    ),
    "a way to nowhere": (
        {"StartAt": "Box", "States": {"Box": {"Type": "Pass", "Next": "Sea"}}},
        [(TARGET, f"{MISSING}Sea", "/States/Box/Next"), NO_END],
    ),
    "a start to nowhere": (
        {"StartAt": "Sea", "States": {"Box": PASS}},
        [
            (TARGET, f"{MISSING}Sea", "/StartAt"),
            (TARGET, 'State "Box" is not reachable.', "/States/Box"),
        ],
    ),
    "no start": (
        {"States": {"Box": PASS}},
        [(SCHEMA, "These fields are required: [StartAt]", "/")],
    ),
    "a circle": (
        {
            "StartAt": "Box",
            "States": {
                "Box": {"Type": "Pass", "Next": "Bin"},
                "Bin": {"Type": "Pass", "Next": "Box"},
            },
        },
        [NO_END],
    ),
    "a circle and an orphan that does not end": (
        {
            "StartAt": "Box",
            "States": {
                "Box": {"Type": "Pass", "Next": "Bin"},
                "Bin": {"Type": "Pass", "Next": "Box"},
                "Orphan": {"Type": "Pass", "Next": "Box"},
            },
        },
        [NO_END],
    ),
    "a circle and an orphan that ends": (
        {
            "StartAt": "Box",
            "States": {
                "Box": {"Type": "Pass", "Next": "Bin"},
                "Bin": {"Type": "Pass", "Next": "Box"},
                "Orphan": PASS,
            },
        },
        [(TARGET, 'State "Orphan" is not reachable.', "/States/Orphan")],
    ),
    "Succeed with a way on": (
        {
            "StartAt": "Box",
            "States": {"Box": {"Type": "Succeed", "Next": "Bin"}, "Bin": PASS},
        },
        [(SCHEMA, "Field 'Next' is not supported", "/States/Box")],
    ),
    "targets of every sort": (
        {
            "StartAt": "Pick",
            "States": {
                "Pick": {
                    "Type": "Choice",
                    "Choices": [{"Variable": "$.a", "IsNull": True, "Next": "Sea"}],
                    "Default": "Sky",
                },
                "Box": task(
                    Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Sun"}], End=True
                ),
            },
        },
        [
            (TARGET, f"{MISSING}Sky", "/States/Pick/Default"),
            (TARGET, f"{MISSING}Sea", "/States/Pick/Choices[0]/Next"),
            (TARGET, f"{MISSING}Sun", "/States/Box/Catch[0]/Next"),
            (TARGET, 'State "Box" is not reachable.', "/States/Box"),
        ],
    ),
    "a misspelt field is one too many and one too few": (
        lone({"Type": "Wait", "Secons": 4, "Next": "Sea"}),
        [
            (SCHEMA, "Field 'Secons' is not supported", "/States/Box"),
            (
                SCHEMA,
                "This object should have only one of the following fields: "
                "[SecondsPath, Seconds, TimestampPath, Timestamp]",
                "/States/Box",
            ),
            (TARGET, f"{MISSING}Sea", "/States/Box/Next"),
            NO_END,
        ],
    ),
    "a path that JSONata does not wait for": (
        lone({"Type": "Wait", "SecondsPath": "$.s"}, QueryLanguage="JSONata"),
        [
            (
                SCHEMA,
                "The QueryLanguage is set to 'JSONata', but field 'SecondsPath' is "
                "only supported for the 'JSONPath' QueryLanguage",
                "/States/Box",
            )
        ],
    ),
    "findings of many sorts stand in the order of the text": (
        {
            "StartAt": "One",
            "Colour": "red",
            "States": {
                "One": {**task(), "Resource": "pack", "Next": "Two"},
                "Two": {"Type": "Pass", "ResultPath": "x", "End": True, "Extra": 1},
            },
        },
        [
            (SCHEMA, "Field 'Colour' is not supported", "/"),
            (
                SCHEMA,
                "The resource provided pack is not recognized. The value is not a "
                "valid resource ARN, or the resource is not available in this region.",
                "/States/One/Resource",
            ),
            (SCHEMA, "Field 'Extra' is not supported", "/States/Two"),
            (
                SCHEMA,
                "Value is not a Reference Path: Reference path didn't start with '$'",
                "/States/Two/ResultPath",
            ),
        ],
    ),
    "the inner machines have ways, but need no end": (
        lone(mapped({"In": {"Type": "Pass", "Next": "In"}, "Left": PASS})),
        [
            (
                TARGET,
                'State "Left" is not reachable.',
                "/States/Box/ItemProcessor/States/Left",
            )
        ],
    ),
}


@pytest.mark.parametrize("case", INTERPLAY)
def test_findings_silence_and_follow_each_other_as_on_aws(case: str) -> None:
    definition, expected = INTERPLAY[case]
    assert told(definition) == expected


# --- JSONata

MISUSES = {
    "a result that a Pass does not have": (
        {"Type": "Pass", "Output": {"v": "{% $states.result %}"}},
        [
            (
                UNSUPPORTED,
                "Field '$states.result' does not exist.",
                "/States/Box/Output/v",
            )
        ],
    ),
    "an error that nobody has caught": (
        task(Arguments="{% $states.errorOutput.Cause %}"),
        [
            (
                UNSUPPORTED,
                "Field '$states.errorOutput' does not exist.",
                "/States/Box/Arguments",
            )
        ],
    ),
    "a bare name in a list": (
        {"Type": "Pass", "Output": {"list": [1, "{% phone %}"]}},
        [
            (
                UNSUPPORTED,
                "Reference to 'phone' at the top level is not supported.",
                "/States/Box/Output/list[1]",
            )
        ],
    ),
    "two bare names": (
        {"Type": "Pass", "Output": "{% street & city & street %}"},
        [
            (
                UNSUPPORTED,
                "Reference to 'street' at the top level is not supported.",
                "/States/Box/Output",
            ),
            (
                UNSUPPORTED,
                "Reference to 'city' at the top level is not supported.",
                "/States/Box/Output",
            ),
        ],
    ),
    "two dollars": (
        {"Type": "Pass", "Output": "{% $$.Execution.Id %}"},
        [(UNSUPPORTED, "Reference to '$$' is not supported.", "/States/Box/Output")],
    ),
    "an expression that breaks off": (
        {"Type": "Pass", "Assign": {"a": "{% 1 + %}"}},
        [(INVALID, "Unexpected end of expression", "/States/Box/Assign/a")],
    ),
    "a comma too many": (
        {"Type": "Wait", "Seconds": "{% $states.input.a[1,2] %}"},
        [(INVALID, 'Expected "]", got ","', "/States/Box/Seconds")],
    ),
    "a quote that stays open": (
        {"Type": "Pass", "Output": "{% 'abc %}"},
        [
            (
                INVALID,
                "String literal must be terminated by a matching quote",
                "/States/Box/Output",
            )
        ],
    ),
    "a brace alone": (
        {"Type": "Pass", "Output": "{% } %}"},
        [
            (
                INVALID,
                'The symbol "}" cannot be used as a unary operator',
                "/States/Box/Output",
            )
        ],
    ),
    "an open regular expression": (
        {"Type": "Pass", "Output": "{% /abc %}"},
        [
            (
                INVALID,
                "No terminating / in regular expression",
                "/States/Box/Output",
            )
        ],
    ),
}


@pytest.mark.parametrize("case", MISUSES)
def test_an_expression_is_told_at_its_own_path(case: str) -> None:
    state, expected = MISUSES[case]
    assert told(lone(state, QueryLanguage="JSONata")) == expected


ACCEPTED = {
    "a result where there is one": task(
        Output="{% $states.result.a %}", Assign={"r": "{% $states.result %}"}
    ),
    "an error in its catcher": task(
        Catch=[
            {
                "ErrorEquals": ["States.ALL"],
                "Output": "{% $states.errorOutput.Error %}",
                "Assign": {"e": "{% $states.errorOutput %}"},
                "Next": "Box",
            }
        ]
    ),
    "$states as a whole": {"Type": "Pass", "Output": "{% $states %}"},
    "names in filters and objects": {
        "Type": "Pass",
        "Output": "{% $states.input.items[price > 5].{'n': name} %}",
    },
    "a member's name in a text": {
        "Type": "Pass",
        "Output": "{% 'see $states.result' & $string($states) %}",
    },
    "expressions where none is read": task(
        Comment="{% ( %}", Credentials={"RoleArn": "{% ( %}"}
    ),
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_good_jsonata_is_accepted(case: str) -> None:
    assert told(lone(ACCEPTED[case], QueryLanguage="JSONata")) == []


# --- Express

EXPRESS = {
    "arn:aws:states:::states:startExecution.sync": (
        "Express state machine does not support '.sync' service integration"
    ),
    "arn:aws:states:::states:startExecution.sync:2": (
        "Express state machine does not support '.sync' service integration"
    ),
    "arn:aws:states:::sqs:sendMessage.waitForTaskToken": (
        "Express state machine does not support '.waitForTaskToken' service "
        "integration "
    ),
    "arn:aws:states:eu-west-1:123456789012:activity:pack": (
        "Express state machine does not support Activity ARN"
    ),
}


@pytest.mark.parametrize("resource", EXPRESS)
def test_express_refuses_what_waits(resource: str) -> None:
    definition = lone(task(Resource=resource))
    assert told(definition) == []
    assert told(definition, type="EXPRESS") == [
        (SCHEMA, EXPRESS[resource], "/States/Box/Resource")
    ]


def test_express_calls_functions_and_services() -> None:
    for resource in (FUNCTION, "arn:aws:states:::sqs:sendMessage"):
        assert told(lone(task(Resource=resource)), type="EXPRESS") == []


def test_express_has_no_distributed_map() -> None:
    ((code, _, location),) = told(read({"InputType": "JSON"}), type="EXPRESS")
    assert code == SCHEMA
    assert location == "/States/Box/ItemProcessor/ProcessorConfig/Mode"


def test_an_unknown_integration_is_told_once_in_express() -> None:
    definition = lone(task(Resource="arn:aws:states:::sqs:sendMessage.sync"))
    assert len(told(definition, type="EXPRESS")) == 1


@pytest.mark.parametrize("name", ["x" * 81, "a.b", "states"])
def test_a_variable_with_a_bad_name_is_refused(name: str) -> None:
    ((code, _, location),) = told(lone({"Type": "Pass", "Assign": {name: 1}}))
    assert (code, location) == (SCHEMA, f"/States/Box/Assign/{name}")


# --- variables

SET = {"Type": "Pass", "Assign": {"total": 1}, "Next": "Box"}


def test_a_distributed_map_has_variables_of_its_own() -> None:
    inner = {"StartAt": "In", "States": {"In": {**PASS, "Assign": {"total": 2}}}}
    body = {**inner, "ProcessorConfig": DISTRIBUTED}
    box = {"Type": "Map", "ItemProcessor": body, "End": True}
    assert told({"StartAt": "Set", "States": {"Set": SET, "Box": box}}) == []


def test_a_catcher_may_assign_what_a_branch_assigns() -> None:
    branch = {"StartAt": "In", "States": {"In": {**PASS, "Assign": {"seen": 2}}}}
    catch = {"ErrorEquals": ["States.ALL"], "Assign": {"seen": 0}, "Next": "Bin"}
    box = {"Type": "Parallel", "Branches": [branch], "Catch": [catch], "End": True}
    states = {"Box": box, "Bin": {"Type": "Succeed"}}
    assert told({"StartAt": "Box", "States": states}) == []


# --- warnings

WARNED = {
    "NO_DOLLAR": (
        lone(task(Parameters={"a": "$.b", "c": "States.UUID()", "d": "dear"})),
        ["/States/Box/Parameters/a", "/States/Box/Parameters/c"],
    ),
    "NO_PATH": (
        lone({"Type": "Fail", "Error": "$.error", "Cause": "bad luck"}),
        ["/States/Box/Error"],
    ),
    "PASS_RESULT_IS_STATIC": (
        lone({"Type": "Pass", "Result": "$.a"}),
        ["/States/Box/Result"],
    ),
}


@pytest.mark.parametrize("code", WARNED)
def test_a_warning_refuses_nothing_and_is_listed_on_demand(code: str) -> None:
    definition, places = WARNED[code]
    text = json.dumps(definition)
    assert diagnose(text) == {"result": "OK", "diagnostics": [], "truncated": False}
    answer = diagnose(text, severity="WARNING")
    assert answer["result"] == "OK"
    assert [item["location"] for item in answer["diagnostics"]] == places
    assert {(i["severity"], i["code"]) for i in answer["diagnostics"]} == {
        ("WARNING", code)
    }
    assert create_message(answer["diagnostics"]) is None


# --- reading and the answer as a whole


@pytest.mark.parametrize("text", ["", "  \n", "[]", '"StartAt"', "null", "5"])
def test_what_is_no_object_is_told_without_a_place(text: str) -> None:
    assert told(text) == [(SCHEMA, "Definition must be a valid JSON object", None)]


UNREADABLE = {
    "StartAt: Box": (
        "Unrecognized token 'StartAt': was expecting (JSON String, Number, Array, "
        "Object or token 'null', 'true' or 'false')",
        '[Source: (String)"StartAt: Box"; line: 1, column: 8]',
    ),
    "{\n'a': 1}": (
        "Unexpected character (''' (code 39)): was expecting double-quote to start "
        "field name",
        "[Source: (String)\"{\n'a': 1}\"; line: 2, column: 1]",
    ),
    '{"a": [': (
        "Unexpected end-of-input: expected close marker for Array (start marker at "
        '[Source: (String)"{"a": ["; line: 1, column: 7])',
        '[Source: (String)"{"a": ["; line: 1, column: 8]',
    ),
}


@pytest.mark.parametrize("text", UNREADABLE)
def test_what_is_no_json_is_quoted(text: str) -> None:
    sentence, place = UNREADABLE[text]
    assert told(text) == [
        ("INVALID_JSON_DESCRIPTION", f"{sentence}\n at {place}", place)
    ]


def test_a_long_text_is_quoted_in_part() -> None:
    ((_, _, location),) = told("x" * 600)
    assert location == (
        f'[Source: (String)"{"x" * 500}"[truncated 100 chars]; line: 1, column: 601]'
    )


def test_keys_with_slashes_and_tildes_are_spelled_as_they_are() -> None:
    states = {"a/b~c": {"Type": "Pass", "End": True, "Extra": 1}}
    ((_, _, location),) = told({"StartAt": "a/b~c", "States": states})
    assert location == "/States/a/b~c"


def test_the_answer_lists_no_more_than_was_asked_for() -> None:
    states = {f"S{n}": {"Type": "Pass", "End": True, "Extra": n} for n in range(120)}
    text = json.dumps({"StartAt": "S0", "States": states})
    answer = diagnose(text, max_results=3)
    assert (len(answer["diagnostics"]), answer["truncated"]) == (3, True)
    whole = diagnose(text, max_results=0)
    assert (len(whole["diagnostics"]), whole["truncated"]) == (100, True)
    assert whole["result"] == "FAIL"


def test_a_refusal_joins_everything_that_is_wrong() -> None:
    box = {"Type": "Pass", "Next": "Sea"}
    text = json.dumps({"StartAt": "Box", "States": {"Box": box}})
    assert create_message(diagnose(text)["diagnostics"]) == (
        "Invalid State Machine Definition: 'MISSING_TRANSITION_TARGET: Missing 'Next' "
        "target: Sea at /States/Box/Next, MISSING_END_STATE: Workflow has no terminal "
        "state at null'"
    )


def test_a_document_may_be_yaml() -> None:
    text = "StartAt: Box\nStates:\n  Box: {Type: Pass, End: true, Extra: 1}\n"
    answer = diagnose_document(read_text(text))
    assert answer["diagnostics"] == [
        {
            "severity": "ERROR",
            "code": SCHEMA,
            "message": "Field 'Extra' is not supported",
            "location": "/States/Box",
        }
    ]


def test_every_answer_is_the_same_again() -> None:
    text = json.dumps(SHAPES["two comparisons"][0])
    assert diagnose(text) == diagnose(text)
