"""Other orders of what happens at one moment, and what depends on them."""

import json
from collections.abc import Callable
from typing import Any

import pytest

import asl
from asl.testing.orders import interleavings, run_in_order

WRONG: Any = "tasks.py"
NUMBER = "arn:aws:lambda:us-east-1:123456789012:function:"


def task(name: str, **fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": NUMBER + name, **fields}


def tickets(**fields: Any) -> asl.StateMachine:
    """A ticket for every guest: the example with the bug."""
    each = {"StartAt": "Draw", "States": {"Draw": task("draw", End=True)}}
    whole = {"Type": "Map", "ItemProcessor": each, "End": True, **fields}
    return asl.load_text(json.dumps({"StartAt": "All", "States": {"All": whole}}))


def numbered() -> asl.Tasks:
    """The bug: a ticket's number depends on who was served before."""
    tasks, drawn = asl.Tasks(), []

    @tasks.bind("draw")
    def draw(guest: Any) -> Any:
        drawn.append(guest)
        return {"guest": guest, "ticket": len(drawn)}

    return tasks


def named() -> asl.Tasks:
    """Without the bug."""
    tasks = asl.Tasks()
    tasks.bind("draw")(lambda guest: {"guest": guest, "ticket": f"T-{guest}"})
    return tasks


def test_a_seeded_bug_shows_itself_with_its_seed() -> None:
    machine = tickets()
    found = interleavings(machine, ["Ann", "Bob", "Cy"], tasks=numbered)
    assert found.usual.execution.output[0] == {"guest": "Ann", "ticket": 1}
    assert found.differing
    first = found.differing[0]
    assert first.seed is not None
    with pytest.raises(AssertionError, match=f"seed={first.seed}, …") as told:
        found.check()
    assert "the result depends on the order of delivery" in str(told.value)
    again = run_in_order(machine, ["Ann", "Bob", "Cy"], tasks=numbered, seed=first.seed)
    assert again.output == first.execution.output != found.usual.execution.output


def test_what_depends_on_no_order_passes() -> None:
    found = interleavings(tickets(), ["Ann", "Bob", "Cy"], tasks=named)
    assert len(found.others) == 20
    assert found.differing == []
    found.check()


def test_iterations_one_after_another_have_one_order() -> None:
    interleavings(tickets(MaxConcurrency=1), ["Ann", "Bob"], tasks=numbered).check()


def race(*durations: float) -> tuple[asl.StateMachine, asl.Mocks]:
    """Branches that fail, each with its own error, after so many seconds."""
    branches = [
        {"StartAt": f"B{n}", "States": {f"B{n}": task("b", End=True)}}
        for n in range(len(durations))
    ]
    whole = {"Type": "Parallel", "Branches": branches, "End": True}
    machine = asl.load_text(json.dumps({"StartAt": "All", "States": {"All": whole}}))
    mocks = {
        f"B{n}": [{"Throw": {"Error": f"E{n}"}, "AfterSeconds": after}]
        for n, after in enumerate(durations)
    }
    return machine, asl.Mocks(mocks)


def test_which_of_two_failures_at_one_moment_wins_depends_on_the_order() -> None:
    machine, mocks = race(5, 5)
    found = interleavings(machine, tasks=mocks)
    assert [one.result for one in found.differing] == [
        {"Status": "FAILED", "Error": "E1"}
    ]


def test_what_is_due_earlier_comes_earlier_in_every_order() -> None:
    machine, mocks = race(5, 4)
    found = interleavings(machine, tasks=mocks)
    assert found.usual.execution.error == "E1"
    found.check()


def test_the_same_seed_gives_the_same_order() -> None:
    runs = [
        [one.execution.output for one in interleavings(
            tickets(), ["Ann", "Bob", "Cy"], tasks=numbered, orders=6, seed=seed
        ).others]
        for seed in (3, 3, 4)
    ]  # fmt: skip
    assert runs[0] == runs[1]
    assert runs[0][1:] == runs[2][:-1]


def test_replies_of_one_call_stay_in_their_order() -> None:
    job = {
        "Type": "Task",
        "Resource": "arn:aws:states:::glue:startJobRun.sync",
        "Parameters": {"JobName": "j"},
        "End": True,
    }
    branch = {"StartAt": "Job", "States": {"Job": job}}
    whole = {"Type": "Map", "ItemProcessor": branch, "End": True}
    machine = asl.load_text(json.dumps({"StartAt": "All", "States": {"All": whole}}))
    mocks = asl.Mocks({"Job": [{"Return": n, "MapIndex": n} for n in range(4)]})
    found = interleavings(machine, [0, 1, 2, 3], tasks=mocks, orders=5)
    found.check()
    for order in found.others:
        kinds = [event.type for event in order.execution.history]
        assert kinds.count("TaskSubmitted") == kinds.count("TaskSucceeded") == 4


def test_the_order_of_calls_differs_too() -> None:
    seen: list[list[Any]] = []

    def make() -> asl.Tasks:
        calls: list[Any] = []
        tasks = asl.Tasks()
        seen.append(calls)
        tasks.bind("draw")(lambda guest: calls.append(guest))
        return tasks

    interleavings(tickets(), [1, 2, 3], tasks=make)
    assert seen[0] == [1, 2, 3]
    assert {tuple(sorted(calls)) for calls in seen} == {(1, 2, 3)}
    assert len({tuple(calls) for calls in seen}) > 3


def test_options_of_a_run_are_passed_on() -> None:
    found = interleavings(
        tickets(), [1], tasks=named, orders=1, options={"type": "EXPRESS"}
    )
    assert {found.usual.execution.type, found.others[0].execution.type} == {"EXPRESS"}


def test_a_branch_that_is_stopped_at_once_is_not_asked_for_later() -> None:
    whole = {
        "Type": "Parallel",
        "Branches": [
            {"StartAt": "Ask", "States": {"Ask": task("draw", End=True)}},
            {"StartAt": "No", "States": {"No": {"Type": "Fail", "Error": "No"}}},
        ],
        "End": True,
    }
    machine = asl.load_text(json.dumps({"StartAt": "All", "States": {"All": whole}}))
    interleavings(machine, tasks=named, orders=5).check()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: interleavings(m, orders=0), "orders is a whole number"),
        (lambda m: interleavings(m, orders=True), "orders is a whole number"),
        (lambda m: interleavings(m, tasks=WRONG), "or a function that makes one"),
        (lambda m: interleavings(m, tasks=None), "no callable is bound"),
    ],
)
def test_a_wrong_call_of_interleavings_is_refused(
    call: Callable[[asl.StateMachine], object], message: str
) -> None:
    with pytest.raises(asl.UsageError, match=message):
        call(tickets())
