"""Many states, many items, much depth: no recursion, no forgotten strand.

No verdict here depends on time; what is slow shows in tests/benchmarks.
"""

import json
from typing import Any

import pytest

import asl
from asl.checks.pieces import MAX_MACHINE_DEPTH

ASK = "arn:aws:lambda:eu-west-1:123456789012:function:ask"


def load(definition: dict[str, Any]) -> asl.StateMachine:
    return asl.load_text(json.dumps(definition), name="Many")


def counting(state: str, definition: dict[str, Any], rounds: int) -> dict[str, Any]:
    """A loop around one state that counts in a variable."""
    return {
        "StartAt": "Begin",
        "States": {
            "Begin": {"Type": "Pass", "Assign": {"n": 0}, "Next": state},
            state: {**definition, "Next": "Count"},
            "Count": {
                "Type": "Pass",
                "Assign": {"n.$": "States.MathAdd($n, 1)"},
                "Next": "More",
            },
            "More": {
                "Type": "Choice",
                "Choices": [
                    {"Variable": "$n", "NumericLessThan": rounds, "Next": state}
                ],
                "Default": "Done",
            },
            "Done": {"Type": "Succeed"},
        },
    }


def test_a_chain_of_ten_thousand_states() -> None:
    states: dict[str, Any] = {
        f"S{number}": {"Type": "Pass", "Next": f"S{number + 1}"}
        for number in range(10_000)
    }
    states["S10000"] = {"Type": "Succeed"}
    execution = asl.run(load({"StartAt": "S0", "States": states}), {"a": 1})
    assert execution.status == "SUCCEEDED"
    assert execution.path == list(states)
    assert len(execution.history) == 2 * 10_001 + 2


def test_a_loop_of_two_thousand_parallels() -> None:
    both = {
        "Type": "Parallel",
        "Branches": [
            {"StartAt": name, "States": {name: {"Type": "Pass", "End": True}}}
            for name in ("A", "B")
        ],
        "ResultPath": None,
    }
    machine = load(counting("Both", both, 2_000))
    execution = asl.run(machine, {}, type="EXPRESS")
    assert execution.status == "SUCCEEDED"
    assert execution.path.count("Both") == 2_000
    assert execution.path.count("B") == 2_000


def test_a_loop_of_two_thousand_parallels_that_wait() -> None:
    both = {
        "Type": "Parallel",
        "Branches": [
            {
                "StartAt": name,
                "States": {name: {"Type": "Wait", "Seconds": 1, "End": True}},
            }
            for name in ("A", "B")
        ],
        "ResultPath": None,
    }
    machine = load(counting("Both", both, 200))
    execution = asl.run(machine, {}, type="EXPRESS")
    assert execution.status == "SUCCEEDED"
    assert execution.duration_seconds == 200


def test_a_loop_of_a_thousand_tasks_at_one_moment() -> None:
    tasks = asl.Tasks()
    calls: list[Any] = []
    tasks.bind("ask")(calls.append)
    ask = {"Type": "Task", "Resource": ASK, "ResultPath": None}
    execution = asl.run(load(counting("Ask", ask, 1_000)), {"a": 1}, tasks=tasks)
    assert execution.status == "SUCCEEDED"
    assert calls == [{"a": 1}] * 1_000


def nested(depth: int, kind: str) -> dict[str, Any]:
    """A Pass inside so many Parallels or Maps."""
    inner: dict[str, Any] = {
        "StartAt": "Core",
        "States": {"Core": {"Type": "Pass", "End": True}},
    }
    for level in range(depth - 1):
        name = f"L{level}"
        state: dict[str, Any] = {"Type": kind, "End": True}
        if kind == "Parallel":
            state["Branches"] = [inner]
        else:
            state |= {"ItemProcessor": inner, "ItemsPath": "$$.Execution.Input"}
        inner = {"StartAt": name, "States": {name: state}}
    return inner


@pytest.mark.parametrize("kind", ["Parallel", "Map"])
def test_machines_nest_as_deep_as_they_may(kind: str) -> None:
    execution = asl.run(load(nested(MAX_MACHINE_DEPTH, kind)), ["x"])
    assert execution.status == "SUCCEEDED"
    output = execution.output
    depth = 0
    while isinstance(output, list):
        (output,) = output
        depth += 1
    assert depth == MAX_MACHINE_DEPTH - 1 + (kind == "Parallel")


@pytest.mark.parametrize("depth", [MAX_MACHINE_DEPTH + 1, 500])
def test_machines_that_nest_deeper_are_refused(depth: int) -> None:
    text = '{"StartAt": "C", "States": {"C": {"Type": "Pass", "End": true}}}'
    for level in range(depth - 1):
        text = (
            f'{{"StartAt": "L{level}", "States": {{"L{level}": {{"Type": "Parallel", '
            f'"End": true, "Branches": [{text}]}}}}}}'
        )
    with pytest.raises(asl.DefinitionError, match="deep"):
        asl.load_text(text)


def test_a_failure_comes_up_from_the_deepest_machine() -> None:
    definition = nested(MAX_MACHINE_DEPTH, "Parallel")
    text = json.dumps(definition).replace(
        '{"Type": "Pass", "End": true}', '{"Type": "Fail", "Error": "E"}'
    )
    text = text.replace('"End": true}', '"End": true, "Retry": []}')
    execution = asl.run(asl.load_text(text), {})
    assert (execution.status, execution.error) == ("FAILED", "E")
    failed = [e for e in execution.history if e.type == "ParallelStateFailed"]
    assert len(failed) == MAX_MACHINE_DEPTH - 1


def test_an_express_map_of_ten_thousand_items() -> None:
    definition = {
        "StartAt": "Each",
        "States": {
            "Each": {
                "Type": "Map",
                "ItemSelector": {"i.$": "$$.Map.Item.Index"},
                "ItemProcessor": {
                    "StartAt": "Own",
                    "States": {
                        "Own": {"Type": "Pass", "OutputPath": "$.i", "End": True}
                    },
                },
                "End": True,
            }
        },
    }
    machine = load(definition)
    execution = asl.run(machine, [0] * 10_000, type="EXPRESS")
    assert execution.output == list(range(10_000))
    assert len(execution.history) == 10_000 * 4 + 6


@pytest.mark.parametrize("before", [0, 1, 2, 3])
def test_a_standard_map_of_ten_thousand_items_fills_its_history(before: int) -> None:
    # The events before the Map shift which event of an iteration is one too many.
    item = {"Type": "Pass", "End": True}
    definition: dict[str, Any] = {
        "StartAt": "Each",
        "States": {
            "Each": {
                "Type": "Map",
                "ItemProcessor": {"StartAt": "Own", "States": {"Own": item}},
                "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Out"}],
                "Next": "Out",
            },
            "Out": {"Type": "Succeed"},
        },
    }
    if before % 2:
        definition["States"]["Fail"] = {"Type": "Fail"}
        definition["States"]["Which"] = {
            "Type": "Choice",
            "Choices": [{"Variable": "$", "IsNull": True, "Next": "Fail"}],
            "Default": "Each",
        }
        definition["StartAt"] = "Which"
    if before > 1:
        definition["States"]["Each"]["ItemProcessor"]["States"]["Own"] = {
            "Type": "Wait",
            "Seconds": 1,
            "End": True,
        }
    execution = asl.run(load(definition), [0] * 10_000)
    assert execution.error == "States.Runtime"
    assert len(execution.history) == 25_000
    assert execution.history[-1].type == "ExecutionFailed"
    assert execution.history[-1].previous_id == 24_999


def test_a_map_whose_tasks_all_wait_leaves_nothing_behind() -> None:
    definition = {
        "StartAt": "Each",
        "States": {
            "Each": {
                "Type": "Map",
                "ItemProcessor": {
                    "StartAt": "Ask",
                    "States": {
                        "Ask": {
                            "Type": "Task",
                            "Resource": ASK,
                            "TimeoutSeconds": 50,
                            "End": True,
                        }
                    },
                },
                "End": True,
            }
        },
    }
    answers = [{"Return": n, "AfterSeconds": n % 7} for n in range(1_000)]
    execution = asl.run(
        load(definition), [0] * 1_000, tasks=asl.Mocks({"Ask": answers})
    )
    assert sorted(execution.output) == list(range(1_000))
    assert execution.waiting == {}


def test_children_of_a_distributed_map_of_two_thousand_items() -> None:
    definition = {
        "StartAt": "Each",
        "States": {
            "Each": {
                "Type": "Map",
                "MaxConcurrency": 100,
                "ItemProcessor": {
                    "ProcessorConfig": {
                        "Mode": "DISTRIBUTED",
                        "ExecutionType": "EXPRESS",
                    },
                    "StartAt": "Own",
                    "States": {"Own": {"Type": "Wait", "Seconds": 1, "End": True}},
                },
                "End": True,
            }
        },
    }
    execution = asl.run(load(definition), list(range(2_000)))
    assert execution.output == list(range(2_000))
    assert execution.duration_seconds == 20
    assert execution.billing.express_requests == 2_000
