"""Whatever is asked, the API answers with a dict or refuses with an ApiError."""

import json
import random
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
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
POOLS: dict[str, list[Any]] = {
    "stateMachineArn": [MACHINE, f"{MACHINE}:1", f"{MACHINE}:prod", f"{MACHINE}#Case"],
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
        '{"StartAt": "Go", "States": {"Go": {"Type": "Succeed"}}}',
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
    "weight": [100, 50],
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
    """A service with a machine, a version, an alias, an activity, an execution."""
    api = asl.Api(seed=7, poll_seconds=0)
    machine = {
        "name": "m",
        "definition": DEFINITION,
        "roleArn": "arn:aws:iam::123456789012:role/r",
        "publish": True,
    }
    routing = [{"stateMachineVersionArn": f"{MACHINE}:1", "weight": 100}]
    for action, request in (
        ("CreateActivity", {"name": "a"}),
        ("CreateStateMachine", machine),
        ("CreateStateMachineAlias", {"name": "prod", "routingConfiguration": routing}),
        ("StartExecution", {"stateMachineArn": MACHINE, "name": "e"}),
    ):
        api.call(action, request)
    return api


def answer_of(api: asl.Api, action: str, request: Any) -> dict[str, Any]:
    """An answer, or the body of a refusal."""
    try:
        return api.call(action, request)
    except asl.ApiError as error:
        if error.status != 400:
            raise
        return {"__type": error.code, "message": error.message} | error.members


def check_answers(asked: list[tuple[str, Any]]) -> None:
    """Every call is answered with a dict of JSON, or refused."""
    api = prepared()
    for action, request in asked:
        before = json.dumps(request)
        answer = answer_of(api, action, request)
        json.dumps(answer, allow_nan=False)
        assert json.dumps(request) == before, f"{action} changed its request"
    api.close()


SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
@given(st.lists(calls(), min_size=1, max_size=8))
def test_every_operation_answers_or_refuses(asked: list[tuple[str, Any]]) -> None:
    check_answers(asked)


@pytest.mark.parametrize("action", OPERATIONS)
def test_every_operation_answers_or_refuses_junk(action: str) -> None:
    junk: list[Any] = [{}, [], None, 1, "x", {"": None}, {"name": {}}, {"input": 1}]
    for request in junk:
        check_answers([(action, request)])


@pytest.mark.soak
def test_every_operation_answers_or_refuses_for_long(
    record_property: Callable[[str, object], None],
) -> None:
    number = random.SystemRandom().getrandbits(32)
    sys.stdout.write(f"seed {number}\n")
    record_property("seed", number)

    @seed(number)
    @settings(max_examples=3_000, deadline=None, suppress_health_check=SLOW)
    @given(st.lists(calls(), min_size=1, max_size=12))
    def look(asked: list[tuple[str, Any]]) -> None:
        check_answers(asked)

    look()
