"""The benchmark's workloads: machines, inputs and task functions, of any size, as data.

In: a size. Out: a Workload.
Never: runs or measures anything; floor.py does the same work by hand, measure.py times.

W1 to W8 are the shapes in which engines for the States Language were compared before
this project began, so that figures can be set side by side.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from asl.values import Json

REGION = "arn:aws:lambda:us-east-1:123456789012:function:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """One machine with its input and tasks, and what its run must give."""

    title: str
    definition: Json
    input: Json
    expected: Json
    size: int
    """How many states, turns, items or executions: what the floor counts to."""
    units: int
    """What the cost is divided by: states entered, items or executions."""
    unit: str
    functions: Mapping[str, Callable[[Any], Json]] = field(default_factory=dict)
    runs: int = 1
    """Executions in one measurement."""
    type: Literal["STANDARD", "EXPRESS"] = "STANDARD"


def pass_chain(size: int) -> Workload:
    """W1: a chain of Pass states, each writing to one of ten members."""
    slots = {f"slot{i % 10}": {"k": i} for i in range(size)}
    return Workload(
        title=f"chain of {size:,} Pass",
        definition={"StartAt": "S0", "States": _pass_states("S", size)},
        input={"id": "w1"},
        expected={"id": "w1", **slots},
        size=size,
        units=size,
        unit="state",
    )


def task_loop(size: int) -> Workload:
    """W2: a Task that counts and a Choice that goes back to it."""
    return Workload(
        title=f"loop of {size:,} tasks",
        definition={
            "StartAt": "Inc",
            "States": {
                "Inc": {"Type": "Task", "Resource": f"{REGION}inc", "Next": "Check"},
                "Check": _again("Inc", size),
                "Done": {"Type": "Succeed"},
            },
        },
        input={"n": 0},
        expected={"n": size},
        size=size,
        units=2 * size + 1,
        unit="state",
        functions={"inc": lambda event: {"n": event["n"] + 1}},
    )


def inline_map(size: int) -> Workload:
    """W3: an inline Map over small items, one Pass with Parameters in each."""
    return Workload(
        title=f"inline Map of {size:,} items",
        definition={
            "StartAt": "M",
            "States": {
                "M": {
                    "Type": "Map",
                    "ItemsPath": "$.items",
                    "ItemProcessor": {
                        "ProcessorConfig": {"Mode": "INLINE"},
                        "StartAt": "P",
                        "States": {
                            "P": {
                                "Type": "Pass",
                                "Parameters": {"v.$": "$.x", "k": "const"},
                                "End": True,
                            }
                        },
                    },
                    "End": True,
                }
            },
        },
        input={"items": [{"x": i} for i in range(size)]},
        expected=[{"v": i, "k": "const"} for i in range(size)],
        size=size,
        units=size,
        unit="item",
    )


def inline_map_express(size: int) -> Workload:
    """W3 as Express, whose history has no limit."""
    plain = inline_map(size)
    return Workload(
        title=f"{plain.title}, Express",
        definition=plain.definition,
        input=plain.input,
        expected=plain.expected,
        size=size,
        units=size,
        unit="item",
        type="EXPRESS",
    )


def parallel(size: int) -> Workload:
    """W4: a Parallel of branches with ten Pass states each."""
    branches = [
        {"StartAt": f"B{b}x0", "States": _pass_states(f"B{b}x", 10)}
        for b in range(size)
    ]
    output = {"id": "w4", **{f"slot{i}": {"k": i} for i in range(10)}}
    return Workload(
        title=f"Parallel of {size:,} × 10 Pass",
        definition={
            "StartAt": "P",
            "States": {"P": {"Type": "Parallel", "Branches": branches, "End": True}},
        },
        input={"id": "w4"},
        expected=[output] * size,
        size=size,
        units=10 * size + 1,
        unit="state",
    )


def intrinsics_loop(size: int) -> Workload:
    """W5: a Pass with three intrinsic calls and a Choice that goes back to it."""
    return Workload(
        title=f"loop of {size:,} × 3 intrinsics",
        definition={
            "StartAt": "I",
            "States": {
                "I": {
                    "Type": "Pass",
                    "Parameters": {
                        "n.$": "States.MathAdd($.n, 1)",
                        "msg.$": "States.Format('item {} of {}', $.n, 'many')",
                        "arr.$": "States.Array($.n, $.msg, 'x')",
                    },
                    "Next": "Check",
                },
                "Check": _again("I", size),
                "Done": {"Type": "Succeed"},
            },
        },
        input={"n": 0, "msg": ""},
        expected={
            "n": size,
            "msg": f"item {size - 1} of many",
            "arr": [size - 1, f"item {size - 2} of many" if size > 1 else "", "x"],
        },
        size=size,
        units=2 * size + 1,
        unit="state",
    )


INCREASE = "$n + 1"
OUTPUT = {"n": "$n", "doubled": "$n * 2", "label": "'item ' & $string($n)"}


def condition(size: int) -> str:
    """W6's condition: is there another turn?"""
    return f"$n < {size}"


def jsonata_loop(size: int) -> Workload:
    """W6: five JSONata expressions in each turn, over one variable."""
    return Workload(
        title=f"loop of {size:,} × 5 JSONata",
        definition={
            "QueryLanguage": "JSONata",
            "StartAt": "Init",
            "States": {
                "Init": {"Type": "Pass", "Assign": {"n": 0}, "Next": "I"},
                "I": {
                    "Type": "Pass",
                    "Assign": {"n": _braced(INCREASE)},
                    "Output": {key: _braced(text) for key, text in OUTPUT.items()},
                    "Next": "Check",
                },
                "Check": {
                    "Type": "Choice",
                    "Choices": [{"Condition": _braced(condition(size)), "Next": "I"}],
                    "Default": "Done",
                },
                "Done": {"Type": "Succeed"},
            },
        },
        input={},
        expected={"n": size - 1, "doubled": 2 * size - 2, "label": f"item {size - 1}"},
        size=size,
        units=2 * size + 2,
        unit="state",
    )


def wait_and_retry(size: int) -> Workload:
    """W7: Wait 3 s, then a task that fails four times, 2, 4 and 8 s apart."""
    return Workload(
        title="17 s of Wait and Retry",
        definition={
            "StartAt": "W",
            "States": {
                "W": {"Type": "Wait", "Seconds": 3, "Next": "F"},
                "F": {
                    "Type": "Task",
                    "Resource": f"{REGION}fail",
                    "Retry": [
                        {
                            "ErrorEquals": ["States.ALL"],
                            "IntervalSeconds": 2,
                            "MaxAttempts": 3,
                            "BackoffRate": 2.0,
                        }
                    ],
                    "Catch": [
                        {
                            "ErrorEquals": ["States.ALL"],
                            "ResultPath": "$.error",
                            "Next": "Done",
                        }
                    ],
                    "End": True,
                },
                "Done": {"Type": "Pass", "Result": "caught", "End": True},
            },
        },
        input={"a": 1},
        expected="caught",
        size=size,
        units=1,
        unit="execution",
        functions={"fail": _fail},
    )


def executions(size: int) -> Workload:
    """W8: many executions of one machine of five states, two of them tasks."""
    order = {"id": "o-1", "qty": 5, "unit": 4}
    return Workload(
        title=f"{size:,} executions of 5 states",
        definition={
            "StartAt": "Prep",
            "States": {
                "Prep": {
                    "Type": "Pass",
                    "Result": {"region": "eu"},
                    "ResultPath": "$.meta",
                    "Next": "Price",
                },
                "Price": {
                    "Type": "Task",
                    "Resource": f"{REGION}price",
                    "ResultPath": "$.price",
                    "Next": "Big",
                },
                "Big": {
                    "Type": "Choice",
                    "Choices": [
                        {
                            "Variable": "$.price.total",
                            "NumericGreaterThan": 10,
                            "Next": "Discount",
                        }
                    ],
                    "Default": "Ok",
                },
                "Discount": {
                    "Type": "Task",
                    "Resource": f"{REGION}discount",
                    "InputPath": "$.price",
                    "ResultPath": "$.final",
                    "Next": "Ok",
                },
                "Ok": {"Type": "Succeed"},
            },
        },
        input={"order": order},
        expected={
            "order": order,
            "meta": {"region": "eu"},
            "price": {"total": 20},
            "final": {"total": 18},
        },
        size=size,
        units=size,
        unit="execution",
        functions={"price": price, "discount": discount},
        runs=size,
    )


WORKLOADS: dict[str, tuple[Callable[[int], Workload], int, int]] = {
    # Name: how it is made, its full size, and a small one for the tests.
    "W1": (pass_chain, 200, 12),
    "W2": (task_loop, 1_000, 5),
    "W3": (inline_map, 1_000, 50),
    "W3_10k": (inline_map_express, 10_000, 50),
    "W4": (parallel, 50, 3),
    "W5": (intrinsics_loop, 1_000, 5),
    "W6": (jsonata_loop, 1_000, 5),
    "W7": (wait_and_retry, 1, 1),
    "W8": (executions, 1_000, 3),
}


def full(name: str) -> Workload:
    """A workload in the size in which it is measured."""
    make, size, _ = WORKLOADS[name]
    return make(size)


def small(name: str) -> Workload:
    """A workload in a size that costs a test nothing."""
    make, _, size = WORKLOADS[name]
    return make(size)


def price(event: Json) -> Json:
    """W8's first task."""
    order = event["order"]
    return {"total": order["qty"] * order["unit"]}


def discount(event: Json) -> Json:
    """W8's second task."""
    return {"total": event["total"] - 2}


def _fail(event: Json) -> Json:
    raise RuntimeError("down")


def _pass_states(prefix: str, count: int) -> dict[str, Json]:
    states: dict[str, Json] = {
        f"{prefix}{i}": {
            "Type": "Pass",
            "Result": {"k": i},
            "ResultPath": f"$.slot{i % 10}",
            "Next": f"{prefix}{i + 1}",
        }
        for i in range(count)
    }
    last = states[f"{prefix}{count - 1}"]
    del last["Next"]
    last["End"] = True
    return states


def _again(target: str, size: int) -> dict[str, Json]:
    rule = {"Variable": "$.n", "NumericLessThan": size, "Next": target}
    return {"Type": "Choice", "Choices": [rule], "Default": "Done"}


def _braced(text: str) -> str:
    return f"{{% {text} %}}"
