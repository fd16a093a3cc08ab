"""The floor: the same work written by hand, with no States Language at all.

In: a Workload. Out: what its machine puts out, and the events that were noted.
Never: more than a careful Python programmer would write for this one job.

The rule, which makes it a fair bound for an engine: besides the work itself, a deep
copy of the input and output of the execution and of every task call, and two tuples
(id, moment, type, name, value) appended for every state; for a Map also two for every
iteration. W6 is measured against the bare JSONata engine's own loop instead: its
expressions, compiled once, called directly with the variable bound, and nothing else.

Where two ways of writing it by hand were possible, the faster one stands here: W1 and
W4 change their data in place, which no engine with a true history may do.
"""

from collections.abc import Callable
from time import time
from typing import TypeAlias

from workloads import INCREASE, OUTPUT, Workload, condition

from asl.values import Json

Events: TypeAlias = list[tuple[int, float, str, str, Json]]
Outcome: TypeAlias = tuple[Json, Events]


def copied(value: Json) -> Json:
    """A deep copy of a JSON value."""
    kind = type(value)
    if kind is dict:
        return {key: copied(item) for key, item in value.items()}
    if kind is list:
        return [copied(item) for item in value]
    return value


def pass_chain(workload: Workload) -> Outcome:
    """W1."""
    data = copied(workload.input)
    events: Events = []
    for i, name in enumerate(workload.definition["States"]):
        events.append((len(events) + 1, time(), "PassStateEntered", name, data))
        data[f"slot{i % 10}"] = {"k": i}
        events.append((len(events) + 1, time(), "PassStateExited", name, data))
    return copied(data), events


def task_loop(workload: Workload) -> Outcome:
    """W2."""
    size, inc = workload.size, workload.functions["inc"]
    data = copied(workload.input)
    events: Events = []
    while True:
        events.append((len(events) + 1, time(), "TaskStateEntered", "Inc", data))
        data = copied(inc(copied(data)))
        events.append((len(events) + 1, time(), "TaskStateExited", "Inc", data))
        events.append((len(events) + 1, time(), "ChoiceStateEntered", "Check", data))
        again = data["n"] < size
        events.append((len(events) + 1, time(), "ChoiceStateExited", "Check", data))
        if not again:
            break
    events.append((len(events) + 1, time(), "SucceedStateEntered", "Done", data))
    events.append((len(events) + 1, time(), "SucceedStateExited", "Done", data))
    return copied(data), events


def inline_map(workload: Workload) -> Outcome:
    """W3."""
    data = copied(workload.input)
    events: Events = []
    events.append((len(events) + 1, time(), "MapStateEntered", "M", data))
    outputs: list[Json] = []
    for index, item in enumerate(data["items"]):
        events.append((len(events) + 1, time(), "MapIterationStarted", "M", index))
        events.append((len(events) + 1, time(), "PassStateEntered", "P", item))
        output = {"v": item["x"], "k": "const"}
        events.append((len(events) + 1, time(), "PassStateExited", "P", output))
        events.append((len(events) + 1, time(), "MapIterationSucceeded", "M", index))
        outputs.append(output)
    events.append((len(events) + 1, time(), "MapStateExited", "M", outputs))
    return copied(outputs), events


def parallel(workload: Workload) -> Outcome:
    """W4."""
    given = copied(workload.input)
    events: Events = []
    events.append((len(events) + 1, time(), "ParallelStateEntered", "P", given))
    outputs: list[Json] = []
    for branch in workload.definition["States"]["P"]["Branches"]:
        data = dict(given)
        for i, name in enumerate(branch["States"]):
            events.append((len(events) + 1, time(), "PassStateEntered", name, data))
            data[f"slot{i}"] = {"k": i}
            events.append((len(events) + 1, time(), "PassStateExited", name, data))
        outputs.append(data)
    events.append((len(events) + 1, time(), "ParallelStateExited", "P", outputs))
    return copied(outputs), events


def intrinsics_loop(workload: Workload) -> Outcome:
    """W5."""
    size = workload.size
    data = copied(workload.input)
    events: Events = []
    while True:
        events.append((len(events) + 1, time(), "PassStateEntered", "I", data))
        n = data["n"]
        data = {"n": n + 1, "msg": f"item {n} of many", "arr": [n, data["msg"], "x"]}
        events.append((len(events) + 1, time(), "PassStateExited", "I", data))
        events.append((len(events) + 1, time(), "ChoiceStateEntered", "Check", data))
        again = data["n"] < size
        events.append((len(events) + 1, time(), "ChoiceStateExited", "Check", data))
        if not again:
            break
    events.append((len(events) + 1, time(), "SucceedStateEntered", "Done", data))
    events.append((len(events) + 1, time(), "SucceedStateExited", "Done", data))
    return copied(data), events


def jsonata_loop(workload: Workload) -> Outcome:
    """W6: the bare engine's own loop; it notes no events."""
    import jlens

    increase = jlens.Expression(INCREASE).evaluate
    again = jlens.Expression(condition(workload.size)).evaluate
    output = {key: jlens.Expression(text).evaluate for key, text in OUTPUT.items()}
    variables = {"n": 0}
    while True:
        following = increase(None, variables)
        data = {key: evaluate(None, variables) for key, evaluate in output.items()}
        variables = {"n": following}
        if not again(None, variables):
            return data, []


def wait_and_retry(workload: Workload) -> Outcome:
    """W7, without the waiting, which a machine in virtual time does not do either."""
    fail = workload.functions["fail"]
    data = copied(workload.input)
    events: Events = []
    events.append((len(events) + 1, time(), "WaitStateEntered", "W", data))
    events.append((len(events) + 1, time(), "WaitStateExited", "W", data))
    events.append((len(events) + 1, time(), "TaskStateEntered", "F", data))
    for _ in range(4):
        try:
            data = copied(fail(copied(data)))
        except RuntimeError as error:
            data = {**data, "error": {"Error": "RuntimeError", "Cause": str(error)}}
        else:
            break
    events.append((len(events) + 1, time(), "TaskStateExited", "F", data))
    events.append((len(events) + 1, time(), "PassStateEntered", "Done", data))
    events.append((len(events) + 1, time(), "PassStateExited", "Done", "caught"))
    return copied("caught"), events


def execution(workload: Workload) -> Outcome:
    """W8: one of its executions."""
    price, discount = workload.functions["price"], workload.functions["discount"]
    data = copied(workload.input)
    events: Events = []
    events.append((len(events) + 1, time(), "PassStateEntered", "Prep", data))
    data = {**data, "meta": {"region": "eu"}}
    events.append((len(events) + 1, time(), "PassStateExited", "Prep", data))
    events.append((len(events) + 1, time(), "TaskStateEntered", "Price", data))
    data = {**data, "price": copied(price(copied(data)))}
    events.append((len(events) + 1, time(), "TaskStateExited", "Price", data))
    events.append((len(events) + 1, time(), "ChoiceStateEntered", "Big", data))
    big = data["price"]["total"] > 10
    events.append((len(events) + 1, time(), "ChoiceStateExited", "Big", data))
    if big:
        events.append((len(events) + 1, time(), "TaskStateEntered", "Discount", data))
        data = {**data, "final": copied(discount(copied(data["price"])))}
        events.append((len(events) + 1, time(), "TaskStateExited", "Discount", data))
    events.append((len(events) + 1, time(), "SucceedStateEntered", "Ok", data))
    events.append((len(events) + 1, time(), "SucceedStateExited", "Ok", data))
    return copied(data), events


FLOORS: dict[str, Callable[[Workload], Outcome]] = {
    "W1": pass_chain,
    "W2": task_loop,
    "W3": inline_map,
    "W3_10k": inline_map,
    "W4": parallel,
    "W5": intrinsics_loop,
    "W6": jsonata_loop,
    "W7": wait_and_retry,
    "W8": execution,
}
