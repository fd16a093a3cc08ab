"""A Standard execution ends at its 25,000th history event; an Express one goes on.

Step Functions quotas, "Maximum execution history size"; recorded texts.
"""

import json
from typing import Literal

import pytest

import asl

MAP = {
    "StartAt": "All",
    "States": {
        "All": {
            "Type": "Map",
            "ItemProcessor": {
                "StartAt": "One",
                "States": {"One": {"Type": "Pass", "End": True}},
            },
            "End": True,
        }
    },
}


def run(items: int, kind: Literal["STANDARD", "EXPRESS"] = "STANDARD") -> asl.Execution:
    machine = asl.load_text(json.dumps(MAP), name="many-items")
    return asl.run(machine, list(range(items)), type=kind)


def test_a_standard_map_of_10_000_items_fails_at_event_25_000() -> None:
    execution = run(10_000)
    last = execution.history[-1]
    assert execution.status == "FAILED"
    assert execution.error == "States.Runtime"
    assert "25000" in (execution.cause or "")
    assert (last.type, last.id) == ("ExecutionFailed", 25_000)
    assert len(execution.history) == 25_000
    assert execution.output is None


def test_the_failure_at_the_limit_cannot_be_caught() -> None:
    states = {
        "All": {
            **MAP["States"]["All"],  # type: ignore[index]
            "Retry": [{"ErrorEquals": ["States.ALL"]}],
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Rescued"}],
        },
        "Rescued": {"Type": "Pass", "End": True},
    }
    machine = asl.load_text(
        json.dumps({"StartAt": "All", "States": states}), name="many-items"
    )
    execution = asl.run(machine, list(range(10_000)))
    assert execution.error == "States.Runtime"
    assert "Rescued" not in execution.path
    assert execution.history[-1].id == 25_000


def test_an_express_map_of_10_000_items_succeeds() -> None:
    execution = run(10_000, "EXPRESS")
    assert execution.status == "SUCCEEDED"
    assert execution.output == list(range(10_000))
    assert len(execution.history) > 40_000


# Start, MapStateEntered, MapStateStarted; four events an item; MapStateSucceeded,
# MapStateExited, ExecutionSucceeded.
LARGEST = (25_000 - 6) // 4


@pytest.mark.parametrize(
    ("items", "status"), [(LARGEST, "SUCCEEDED"), (LARGEST + 1, "FAILED")]
)
def test_the_limit_is_met_exactly(items: int, status: str) -> None:
    execution = run(items)
    assert execution.status == status
    assert len(execution.history) == (
        6 + 4 * items if status == "SUCCEEDED" else 25_000
    )
