"""Requests of every operation, from the service's model: meant well, and not."""

import json
from typing import Any

from hypothesis import strategies as st

import asl
from asl.server.request_shapes import OPERATIONS, find_input

PREFIX = "arn:aws:states:us-east-1:123456789012"
MACHINE = f"{PREFIX}:stateMachine:m"
DEFINITION = json.dumps(
    {
        "StartAt": "Wait",
        "States": {
            "Wait": {"Type": "Wait", "Seconds": 1, "Next": "Work"},
            "Work": {"Type": "Task", "Resource": f"{PREFIX}:activity:a", "End": True},
        },
    }
)
BODY = {
    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
    "StartAt": "Work",
    "States": {
        "Work": {"Type": "Task", "Resource": f"{PREFIX}:activity:b", "End": True}
    },
}
MANY = json.dumps(
    {
        "StartAt": "All",
        "States": {
            "All": {"Type": "Map", "Label": "L", "ItemProcessor": BODY, "End": True}
        },
    }
)
QUICK = '{"StartAt": "Go", "States": {"Go": {"Type": "Succeed"}}}'
POOLS: dict[str, list[Any]] = {
    "stateMachineArn": [
        MACHINE,
        f"{MACHINE}:1",
        f"{MACHINE}:prod",
        f"{MACHINE}#Case",
        f"{PREFIX}:stateMachine:quick",
    ],
    "stateMachineVersionArn": [f"{MACHINE}:1", f"{MACHINE}:2", MACHINE],
    "stateMachineAliasArn": [f"{MACHINE}:prod", MACHINE],
    "executionArn": [
        f"{PREFIX}:execution:m:e",
        f"{PREFIX}:express:m:e:6b1f2a0e-0000-4000-8000-000000000000",
        f"{PREFIX}:execution:m/Label:e",
    ],
    "mapRunArn": [f"{PREFIX}:mapRun:m/Label:6b1f2a0e-0000-4000-8000-000000000000"],
    "activityArn": [f"{PREFIX}:activity:a"],
    "resourceArn": [MACHINE, f"{PREFIX}:activity:a", f"{MACHINE}:1"],
    "roleArn": ["arn:aws:iam::123456789012:role/r"],
    "definition": [
        DEFINITION,
        QUICK,
        '{"Type": "Pass", "End": true}',
        '{"Type": "Choice"}',
        "{",
        "[]",
    ],
    "name": ["m", "e", "a", "prod"],
    "input": ["{}", "[1]", "{", '"x"'],
    "output": ["{}", "x"],
    "context": ['{"State": {"Name": "x"}}', "{}"],
    "variables": ['{"a": 1}', "[]"],
    "result": ["{}", "[1]"],
    "stateName": ["Go", "Wait"],
    "revisionId": ["INITIAL"],
    "weight": [100, 100, 50],
    "routingConfiguration": [
        [{"stateMachineVersionArn": f"{MACHINE}:1", "weight": 100}]
    ],
}
JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


def values_of(shape: Any, shapes: Any, name: str) -> st.SearchStrategy[Any]:
    """Values of a shape: meant well, at the limits, and of any other kind."""
    kind = shape["type"]
    if kind == "structure":
        well = requests_of(shape, shapes)
    elif kind == "list":
        member = shape["member"]["shape"]
        well = st.lists(values_of(shapes[member], shapes, member), max_size=3)
    elif kind == "boolean":
        well = st.booleans()
    elif kind in ("integer", "long", "float"):
        well = st.sampled_from([0, 1, 5, -1, shape.get("max", 7), 2**31, 0.5])
    else:
        known = POOLS.get(name, []) + shape.get("enum", []) or ["x"]
        odd = st.sampled_from(["", "x", "arn:", "arn:x"]) | st.text(max_size=5)
        well = rarely(odd, 6, st.sampled_from(known))
    if name in POOLS and kind != "string":
        well = well | st.sampled_from(POOLS[name])
    return rarely(JUNK, 25, well)


def rarely(
    odd: st.SearchStrategy[Any], times: int, usual: st.SearchStrategy[Any]
) -> st.SearchStrategy[Any]:
    """Something odd, once in so many times."""
    which = st.sampled_from([usual] * (times - 1) + [odd])
    return which.flatmap(lambda chosen: chosen)


def requests_of(shape: Any, shapes: Any) -> st.SearchStrategy[Any]:
    """Requests with some members of a structure, those required nearly always."""
    members = {
        name: values_of(shapes[member["shape"]], shapes, name)
        for name, member in shape["members"].items()
    }
    required = {n: members[n] for n in shape.get("required", ())}
    others = {n: s for n, s in members.items() if n not in required}
    exact = st.fixed_dictionaries(required, optional=others)
    loose = st.fixed_dictionaries({}, optional=members)
    extra = st.dictionaries(st.text(max_size=5), JUNK, max_size=1)
    more = st.builds(lambda known, unknown: unknown | known, exact, extra)
    return rarely(loose | more, 8, exact)


def calls() -> st.SearchStrategy[tuple[str, Any]]:
    """An operation and its request."""
    return st.one_of(*[_call(action) for action in OPERATIONS])


def _call(action: str) -> st.SearchStrategy[tuple[str, Any]]:
    found = find_input(action)
    assert found is not None
    shape, shapes = found
    return st.tuples(st.just(action), rarely(JUNK, 20, requests_of(shape, shapes)))


def prepared() -> asl.Api:
    """A service with something of each kind, some of it at work."""
    return _prepare()[0]


def _prepare() -> tuple[asl.Api, dict[str, list[str]]]:
    """A service, and what in it has a name that the service chose itself."""
    api = asl.Api(seed=7, poll_seconds=0)
    role = "arn:aws:iam::123456789012:role/r"
    machine = {"definition": DEFINITION, "roleArn": role, "publish": True}
    routing = [{"stateMachineVersionArn": f"{MACHINE}:1", "weight": 100}]
    for action, request in (
        ("CreateActivity", {"name": "a"}),
        ("CreateActivity", {"name": "b"}),
        ("CreateStateMachine", machine | {"name": "m"}),
        ("CreateStateMachine", machine | {"name": "many", "definition": MANY}),
        (
            "CreateStateMachine",
            machine | {"name": "quick", "definition": QUICK, "type": "EXPRESS"},
        ),
        ("CreateStateMachineAlias", {"name": "prod", "routingConfiguration": routing}),
        ("StartExecution", {"stateMachineArn": MACHINE, "name": "e"}),
        ("DescribeExecution", {"executionArn": f"{PREFIX}:execution:m:e"}),
    ):
        api.call(action, request)
    many = {"stateMachineArn": f"{PREFIX}:stateMachine:many", "input": "[1, 2]"}
    run = api.call("StartExecution", many)["executionArn"]
    (found,) = api.call("ListMapRuns", {"executionArn": run})["mapRuns"]
    task = api.call("GetActivityTask", {"activityArn": f"{PREFIX}:activity:a"})
    return api, {
        "mapRunArn": [found["mapRunArn"]],
        "executionArn": [run],
        "taskToken": [task["taskToken"]],
    }


# The same seed gives the same names, to every service that is prepared.
for _name, _values in _prepare()[1].items():
    POOLS.setdefault(_name, []).extend(_values)
