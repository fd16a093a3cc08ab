"""Where an execution came to its end."""

import json
from typing import Any

import pytest

import asl
from asl.runtime.last import last_state


def run(states: dict[str, Any], **fields: Any) -> asl.Execution:
    definition = {"StartAt": next(iter(states)), "States": states, **fields}
    return asl.run(asl.load_text(json.dumps(definition)), [1])


INNER = {"StartAt": "In", "States": {"In": {"Type": "Fail", "Error": "E"}}}
BAD = {"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $x %}", "End": True}


@pytest.mark.parametrize(
    ("states", "last"),
    [
        ({"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Succeed"}}, "B"),
        ({"A": {"Type": "Fail"}}, "A"),
        ({"A": {"Type": "Map", "ItemProcessor": INNER, "End": True}}, "In"),
        ({"A": {"Type": "Parallel", "Branches": [INNER], "End": True}}, "In"),
        ({"A": {"Type": "Pass", "Next": "B"}, "B": BAD}, "B"),
    ],
)
def test_the_last_state_is_the_innermost_one(states: dict[str, Any], last: str) -> None:
    assert last_state(run(states)) == last


def test_an_execution_that_ran_out_of_time_was_in_the_state_it_entered_last() -> None:
    wait = {"A": {"Type": "Wait", "Seconds": 9, "End": True}}
    assert last_state(run(wait, TimeoutSeconds=5)) == "A"
