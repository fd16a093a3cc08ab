"""Overlays: what an execution, a history or a coverage report puts on a picture."""

import json
from typing import Any

import pytest
from pictured import EXAMPLES, machine, ordered, orders

import asl
from asl.coverage.measure import Coverage
from asl.diagrams.overlay import EdgeTrace, StateTrace, seconds_text
from asl.diagrams.overlay_coverage import overlay_of_coverage
from asl.diagrams.overlay_execution import overlay_of_execution, overlay_of_history

EACH = "/States/Each/ItemProcessor/States"
BOTH = "/States/Both/Branches"


def test_what_happened_in_each_state() -> None:
    whole = orders()

    states = overlay_of_execution(whole, ordered(whole)).states

    assert states["/States/Prepare"] == StateTrace(
        visits=1, succeeded=1, retries=2, seconds=6.0
    )
    assert states["/States/Each"] == StateTrace(
        visits=1, succeeded=1, seconds=60.0, iterations={"succeeded": 4}
    )
    assert states[f"{EACH}/Charge"] == StateTrace(visits=4, succeeded=3, caught=1)
    assert states[f"{EACH}/Review"].seconds == 120
    assert states["/States/Both"] == StateTrace(visits=1, caught=1, seconds=5.0)
    assert states[f"{BOTH}/0/States/Slow"].aborted == 1
    assert states[f"{BOTH}/1/States/Boom"].failed == 1
    assert states["/States/Lost"].failed == 1


def test_what_was_never_reached_has_no_entry() -> None:
    whole = orders()

    overlay = overlay_of_execution(whole, ordered(whole))

    assert "/States/Happy" not in overlay.states
    assert "/States/Both/Next" not in overlay.edges
    assert "/States/Both/Catch/2/Next" not in overlay.edges


def test_edges_have_the_numbers_in_which_they_were_taken() -> None:
    whole = orders()

    overlay = overlay_of_execution(whole, ordered(whole))

    assert overlay.edges["/StartAt"] == EdgeTrace(count=1, orders=(1,))
    assert overlay.edges["/States/Prepare/Next"].orders == (2,)
    charge = overlay.edges[f"{EACH}/Charge/Next"]
    assert charge.count == 3
    assert len(charge.orders) == 3
    assert overlay.edges[f"{EACH}/Charge/Catch/0/Next"].count == 1
    assert overlay.edges[f"{EACH}/Big?/Choices/0/Next"].count == 2
    assert overlay.edges[f"{EACH}/Big?/Default"].count == 1
    numbers = [number for edge in overlay.edges.values() for number in edge.orders]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))


def test_an_execution_tells_which_of_two_catchers_it_was() -> None:
    whole = orders()

    edges = overlay_of_execution(whole, ordered(whole)).edges

    assert "/States/Both/Catch/0/Next" not in edges
    assert edges["/States/Both/Catch/1/Next"].count == 1


def test_the_way_out_of_the_machine_is_an_edge_too() -> None:
    whole = orders()
    done = machine({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})
    good = machine({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})

    assert "/States/Lost" in overlay_of_execution(whole, ordered(whole)).edges
    assert "/States/A/End" in overlay_of_execution(done, asl.run(done)).edges
    assert "/States/A" in overlay_of_execution(good, asl.run(good)).edges


def test_a_history_of_aws_tells_the_same() -> None:
    whole = orders()
    execution = ordered(whole)
    events: list[Any] = [event.to_aws() for event in execution.history]

    assert overlay_of_history(whole, events[::-1]) == overlay_of_execution(
        whole, execution
    )


def test_the_title_says_how_it_ended_and_when() -> None:
    whole = orders()

    overlay = overlay_of_execution(whole, ordered(whole))

    assert overlay.title == "FAILED after 71 s"
    assert overlay.status == "FAILED"


def test_a_history_that_is_not_over_has_a_running_state() -> None:
    whole = orders()
    events: list[Any] = [event.to_aws() for event in ordered(whole).history][:3]

    overlay = overlay_of_history(whole, events)

    assert overlay.status == "RUNNING"
    assert overlay.states["/States/Prepare"].running == 1


def test_a_history_without_events_shows_nothing() -> None:
    overlay = overlay_of_history(orders(), [])

    assert overlay.states == {}
    assert overlay.edges == {}


def test_a_failed_task_fails_where_it_stands() -> None:
    task = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": True}
    task["Parameters"] = {"FunctionName": "x"}
    one = machine({"StartAt": "A", "States": {"A": task}})
    mocks = asl.Mocks({"A": [{"Throw": {"Error": "E"}}]})

    overlay = overlay_of_execution(one, asl.run(one, tasks=mocks))

    assert overlay.states["/States/A"].failed == 1
    assert set(overlay.edges) == {"/StartAt"}


def test_the_history_of_another_machine_is_refused() -> None:
    whole = orders()
    events: list[Any] = [event.to_aws() for event in ordered(whole).history]
    other = machine({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}, "other")

    with pytest.raises(asl.UsageError, match="of another machine: it enters 'Prepare'"):
        overlay_of_history(other, events)


# ---------------------------------------------------------------------- coverage


def covered(*machines: asl.StateMachine) -> Any:
    coverage = Coverage()
    for one in machines:
        coverage.add(one)
    return coverage


def test_coverage_counts_visits_and_edges() -> None:
    whole = orders()
    coverage = covered(whole)
    for _ in range(2):
        coverage.add(whole, ordered(whole))

    overlay = overlay_of_coverage(whole, coverage.to_json())

    assert overlay.title == "13 of 16 states reached in 2 executions"
    assert overlay.states["/States/Prepare"] == StateTrace(visits=2, retries=4)
    assert overlay.states[f"{EACH}/Charge"].visits == 8
    assert "/States/Happy" not in overlay.states
    assert overlay.edges["/StartAt"].count == 2
    assert overlay.edges[f"{EACH}/Charge/Next"].count == 6
    assert overlay.edges[f"{EACH}/Charge/Catch/0/Next"].count == 2
    assert overlay.edges[f"{EACH}/Big?/Choices/0/Next"].count == 4
    assert overlay.edges[f"{EACH}/Big?/Default"].count == 2
    assert overlay.edges["/States/Lost"].count == 2
    assert "/States/Both/Next" not in overlay.edges


def test_the_edges_of_both_overlays_are_the_same() -> None:
    whole = orders()
    coverage = covered(whole)
    execution = ordered(whole)
    coverage.add(whole, execution)

    of_coverage = overlay_of_coverage(whole, coverage.to_json())

    of_execution = overlay_of_execution(whole, execution)
    assert set(of_coverage.states) == set(of_execution.states)
    assert {p: e.count for p, e in of_coverage.edges.items()} == {
        p: e.count for p, e in of_execution.edges.items()
    }


def test_without_an_execution_nothing_is_reached() -> None:
    overlay = overlay_of_coverage(orders(), covered(orders()).to_json())

    assert overlay.states == {}
    assert overlay.edges == {}
    assert overlay.title == "0 of 16 states reached in 0 executions"


def test_the_entry_of_the_machine_is_found_among_others() -> None:
    whole = orders()
    saga = asl.load(EXAMPLES / "saga" / "workflow.asl.json")
    coverage = covered(saga, whole)
    coverage.add(whole, ordered(whole))

    overlay = overlay_of_coverage(whole, coverage.to_json())

    assert overlay.states["/States/Prepare"].visits == 1


def test_another_machines_data_is_refused() -> None:
    saga = asl.load(EXAMPLES / "saga" / "workflow.asl.json")

    with pytest.raises(asl.UsageError, match="no machine with the states of 'orders'"):
        overlay_of_coverage(orders(), covered(saga).to_json())


@pytest.mark.parametrize(
    "data",
    [
        [],
        {},
        7,
        {"machines": [{}]},
        {"machines": [7]},
        {"machines": [{"places": [{"kind": "state"}]}]},
    ],
    ids=json.dumps,
)
def test_what_is_no_coverage_data_is_refused(data: Any) -> None:
    with pytest.raises(asl.UsageError, match="this is no coverage data"):
        overlay_of_coverage(orders(), data)


def test_figures_that_are_none_are_refused() -> None:
    data = covered(orders()).to_json()
    data["machines"][0]["executions"] = "many"

    with pytest.raises(asl.UsageError, match="this is no coverage data"):
        overlay_of_coverage(orders(), data)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.0004, "1 ms"),
        (0.25, "250 ms"),
        (0.9996, "1 s"),
        (3.5, "3.5 s"),
        (71, "71 s"),
        (119.4, "119 s"),
        (119.9, "2 min"),
        (120, "2 min"),
        (125, "2 min 5 s"),
        (3600, "1 h"),
        (3725, "1 h 2 min"),
        (90_000, "1 d 1 h"),
        (31_536_000, "365 d"),
    ],
)
def test_a_length_of_time_is_said_short(seconds: float, text: str) -> None:
    assert seconds_text(seconds) == text
