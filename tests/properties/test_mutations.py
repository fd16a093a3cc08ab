"""A valid machine in which one thing is broken has its Problem in that place."""

import copy
import json
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asl.checks.check import check_text
from asl.problem import Severity

SEND = "arn:aws:states:::sqs:sendMessage"
QUEUE = {"QueueUrl": "https://queue", "MessageBody": "hello"}


@st.composite
def machines(draw: Any) -> dict[str, Any]:
    """A chain of states without a problem, in either language, some of them nested."""
    jsonata = draw(st.booleans())
    count = 0

    def chain(depth: int) -> dict[str, Any]:
        nonlocal count
        names = []
        for _ in range(draw(st.integers(2, 5))):
            count += 1
            names.append(f"State {count}")
        states = {}
        for place, name in enumerate(names):
            later = names[place + 1 :]
            way = {"Next": later[0]} if later else {"End": True}
            kinds = ["Pass", "Wait", "Task"] + ["Parallel"] * (depth < 2)
            kind = draw(st.sampled_from(kinds)) if place else "Task"
            states[name] = {"Type": kind, **body(kind, depth), **way}
        return {"StartAt": names[0], "States": states}

    def body(kind: str, depth: int) -> dict[str, Any]:
        if kind == "Wait":
            return {"Seconds": draw(st.integers(1, 9))}
        if kind == "Task":
            payload = "Arguments" if jsonata else "Parameters"
            retry = [{"ErrorEquals": ["Busy"]}, {"ErrorEquals": ["States.ALL"]}]
            return {"Resource": SEND, payload: QUEUE, "Retry": retry}
        if kind == "Parallel":
            return {"Branches": [chain(depth + 1)]}
        return {"Output": {"a": 1}} if jsonata else {"Result": {"a": 1}}

    language = {"QueryLanguage": "JSONata"} if jsonata else {}
    return {**language, **chain(0)}


Change = Callable[[dict[str, Any]], tuple[str, str] | None]
"""Breaks a state; gives the code and the pointer below the state, None if it cannot."""


def misspell_target(state: dict[str, Any]) -> tuple[str, str] | None:
    if "Next" not in state:
        return None
    state["Next"] += "x"
    return "ASL101", "/Next"


def forget_the_way(state: dict[str, Any]) -> tuple[str, str] | None:
    state.pop("Next", None)
    state.pop("End", None)
    return "ASL100", ""


def add_a_strange_field(state: dict[str, Any]) -> tuple[str, str] | None:
    state["Colour"] = "red"
    return "ASL110", "/Colour"


def write_seconds_as_text(state: dict[str, Any]) -> tuple[str, str] | None:
    if state["Type"] != "Wait":
        return None
    state["Seconds"] = "soon"
    return "ASL112", "/Seconds"


def put_all_first(state: dict[str, Any]) -> tuple[str, str] | None:
    if state["Type"] != "Task":
        return None
    state["Retry"].reverse()
    return "ASL401", "/Retry/0/ErrorEquals/0"


def misspell_an_error(state: dict[str, Any]) -> tuple[str, str] | None:
    if state["Type"] != "Task":
        return None
    state["Retry"][0]["ErrorEquals"] = ["States.Timout"]
    return "ASL403", "/Retry/0/ErrorEquals/0"


def misspell_the_service(state: dict[str, Any]) -> tuple[str, str] | None:
    if state["Type"] != "Task":
        return None
    state["Resource"] = "arn:aws:states:::sqss:sendMessage"
    return "ASL503", "/Resource"


def wait_for_the_queue(state: dict[str, Any]) -> tuple[str, str] | None:
    if state["Type"] != "Task":
        return None
    state["Resource"] += ".sync"
    return "ASL504", "/Resource"


def let_the_heart_beat_slowly(state: dict[str, Any]) -> tuple[str, str] | None:
    if state["Type"] != "Task":
        return None
    state |= {"TimeoutSeconds": 5, "HeartbeatSeconds": 9}
    return "ASL505", "/HeartbeatSeconds"


def write_seconds_twice(state: dict[str, Any]) -> tuple[str, str] | None:
    if state["Type"] != "Wait":
        return None
    state["Timestamp"] = "2030-01-01T00:00:00Z"
    return "ASL115", "/Timestamp"


def empty_the_branches(state: dict[str, Any]) -> tuple[str, str] | None:
    if state["Type"] != "Parallel":
        return None
    state["Branches"] = []
    return "ASL116", "/Branches"


def read_a_missing_variable(state: dict[str, Any]) -> tuple[str, str] | None:
    if "Arguments" in state:
        state["Arguments"] = {**QUEUE, "MessageBody": "{% $nobody %}"}
        return "ASL250", "/Arguments/MessageBody"
    if "Parameters" in state:
        state["Parameters"] = {**QUEUE, "DelaySeconds.$": "$nobody"}
        return "ASL250", "/Parameters/DelaySeconds.$"
    return None


def read_a_strange_context(state: dict[str, Any]) -> tuple[str, str] | None:
    if "Parameters" not in state:
        return None
    state["Parameters"] = {**QUEUE, "DelaySeconds.$": "$$.Excution.Id"}
    return "ASL263", "/Parameters/DelaySeconds.$"


CHANGES: tuple[Change, ...] = (
    misspell_target,
    forget_the_way,
    add_a_strange_field,
    write_seconds_as_text,
    put_all_first,
    misspell_an_error,
    misspell_the_service,
    wait_for_the_queue,
    let_the_heart_beat_slowly,
    write_seconds_twice,
    empty_the_branches,
    read_a_missing_variable,
    read_a_strange_context,
)


def states_of(machine: dict[str, Any], at: str = "") -> list[tuple[str, Any]]:
    found = []
    for name, state in machine["States"].items():
        pointer = f"{at}/States/{name}"
        found.append((pointer, state))
        for n, branch in enumerate(state.get("Branches", ())):
            found += states_of(branch, f"{pointer}/Branches/{n}")
    return found


@given(machines())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_an_unbroken_machine_has_no_problem(machine: dict[str, Any]) -> None:
    problems = check_text(json.dumps(machine, indent=1))
    assert [str(p) for p in problems if p.severity is not Severity.INFO] == []


@given(machines(), st.sampled_from(CHANGES), st.data())
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_broken_is_told_where_it_is(
    machine: dict[str, Any], change: Change, data: Any
) -> None:
    broken = copy.deepcopy(machine)
    pointer, state = data.draw(st.sampled_from(states_of(broken)))
    expected = change(state)
    if expected is None:
        return
    code, below = expected
    problems = check_text(json.dumps(broken, indent=1))
    assert (code, pointer + below) in {(p.code, p.pointer) for p in problems}
