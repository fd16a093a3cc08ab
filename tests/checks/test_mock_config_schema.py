"""schemas/mock-config.json: what Step Functions Local takes, and what it does not."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from asl.checks.schema import read_schema

SCHEMA = read_schema("mock-config.json")
VALIDATOR = Draft202012Validator(SCHEMA)


def config(responses: Any, test_case: Any = None) -> dict[str, Any]:
    cases = {"Happy": {"Pay": "Paid"} if test_case is None else test_case}
    return {
        "StateMachines": {"Order": {"TestCases": cases}},
        "MockedResponses": responses,
    }


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_every_part_is_described_for_editors() -> None:
    for part in SCHEMA["$defs"].values():
        assert "title" in part
    for name in ("StateMachines", "MockedResponses"):
        assert SCHEMA["properties"][name]["description"]


@pytest.mark.parametrize(
    "responses",
    [
        {},
        {"Paid": {"0": {"Return": {"StatusCode": 200, "Payload": {"paid": True}}}}},
        {"Paid": {"0": {"Return": None}}},
        {"Paid": {"0": {"Return": []}, "1-2": {"Return": "text"}, "3": {"Return": 0}}},
        {"Paid": {"0-10": {"Throw": {"Error": "Busy", "Cause": "too many"}}}},
        {"Paid": {"0": {"Throw": {"Error": "Busy"}}}},
    ],
    ids=json.dumps,
)
def test_what_step_functions_local_takes_is_valid(responses: Any) -> None:
    assert list(VALIDATOR.iter_errors(config(responses))) == []


@pytest.mark.parametrize(
    "responses",
    [
        {"Paid": {}},
        {"Paid": []},
        {"Paid": {"first": {"Return": 1}}},
        {"Paid": {"01": {"Return": 1}}},
        {"Paid": {"1-": {"Return": 1}}},
        {"Paid": {"0\n": {"Return": 1}}},
        {"Paid": {"0": {}}},
        {"Paid": {"0": {"Return": 1, "Throw": {"Error": "E"}}}},
        {"Paid": {"0": {"return": 1}}},
        {"Paid": {"0": {"Throw": "Busy"}}},
        {"Paid": {"0": {"Throw": {"Cause": "no name"}}}},
        {"Paid": {"0": {"Throw": {"Error": 7}}}},
        {"Paid": {"0": {"Throw": {"Error": "E", "Reason": "?"}}}},
    ],
    ids=json.dumps,
)
def test_a_wrong_response_is_invalid(responses: Any) -> None:
    assert not VALIDATOR.is_valid(config(responses))


@pytest.mark.parametrize(
    "test_case", [[], {"Pay": {}}, {"Pay": ""}, {"x" * 81: "Paid"}], ids=json.dumps
)
def test_a_wrong_test_case_is_invalid(test_case: Any) -> None:
    assert not VALIDATOR.is_valid(config({}, test_case))


@pytest.mark.parametrize("missing", ["StateMachines", "MockedResponses"])
def test_both_sections_are_needed(missing: str) -> None:
    value = config({})
    del value[missing]
    assert not VALIDATOR.is_valid(value)


def test_the_other_spelling_of_the_responses_is_invalid() -> None:
    value = config({})
    value["MockedResponse"] = value.pop("MockedResponses")
    assert not VALIDATOR.is_valid(value)


def test_an_editor_may_be_told_the_schema() -> None:
    assert VALIDATOR.is_valid({"$schema": "../schemas/mock-config.json", **config({})})
