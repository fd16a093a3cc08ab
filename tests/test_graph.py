"""The graph of one machine."""

from itertools import product

import pytest

from asl.graph import (
    build_graph,
    endless,
    flows_freely,
    is_terminal,
    reachable,
    states_of,
    transitions_of,
)
from asl.values import Json

MACHINE: Json = {
    "StartAt": "Pay",
    "States": {
        "Pay": {
            "Type": "Task",
            "Next": "Ask",
            "Catch": [{"Next": "Lost"}, {"Next": "Ask"}],
        },
        "Ask": {
            "Type": "Choice",
            "Choices": [{"Next": "Pay"}, {"Next": "Done"}, {"Next": "Done"}],
            "Default": "Nowhere",
        },
        "Lost": {"Type": "Fail"},
        "Done": {"Type": "Pass", "End": True},
    },
}


def test_states_are_nodes_in_their_order() -> None:
    graph = build_graph(MACHINE)
    assert list(graph) == ["Pay", "Ask", "Lost", "Done"]
    assert {name: graph.nodes[name]["terminal"] for name in graph} == {
        "Pay": False,
        "Ask": False,
        "Lost": True,
        "Done": True,
    }


def test_transitions_are_edges_with_their_kind() -> None:
    graph = build_graph(MACHINE)
    assert {edge: graph.edges[edge]["kind"] for edge in graph.edges} == {
        ("Pay", "Ask"): "Next",
        ("Pay", "Lost"): "Catch[0]",
        ("Ask", "Pay"): "Choices[0]",
        ("Ask", "Done"): "Choices[1]",
    }


def test_several_ways_between_two_states_are_one_edge_of_many_kinds() -> None:
    graph = build_graph(MACHINE)
    assert graph.edges["Pay", "Ask"]["kinds"] == ("Next", "Catch[1]")
    assert graph.edges["Ask", "Done"]["kinds"] == ("Choices[1]", "Choices[2]")


def test_a_target_that_is_no_state_is_a_transition_but_no_node() -> None:
    assert "Nowhere" not in build_graph(MACHINE)
    (step,) = [t for t in transitions_of(MACHINE) if t.target == "Nowhere"]
    assert (step.source, step.kind, step.path) == ("Ask", "Default", ("Default",))


def test_a_transition_knows_the_way_to_its_target() -> None:
    paths = {(t.kind, t.path) for t in transitions_of(MACHINE)}
    assert ("Catch[1]", ("Catch", 1, "Next")) in paths
    assert ("Choices[0]", ("Choices", 0, "Next")) in paths


@pytest.mark.parametrize(
    ("state", "terminal"),
    [
        ({"Type": "Succeed"}, True),
        ({"Type": "Fail", "Next": "A"}, True),
        ({"Type": "Pass", "End": True}, True),
        ({"Type": "Odd", "End": True}, True),
        ({"End": True}, False),
        ({"Type": "Pass", "End": False}, False),
        ({"Type": "Pass", "End": 1}, False),
        ({"Type": "Pass", "Next": "A"}, False),
    ],
)
def test_a_state_is_terminal_by_type_or_by_end(state: Json, terminal: bool) -> None:
    assert is_terminal(state) is terminal


@pytest.mark.parametrize("states", [None, 5, [], {"A": 5}])
def test_what_is_no_state_has_no_node(states: Json) -> None:
    assert states_of({"States": states}) == {}
    assert list(build_graph({"States": states})) == []


def test_reachable_counts_the_start_itself() -> None:
    graph = build_graph(MACHINE)
    assert reachable(graph, "Pay") == {"Pay", "Ask", "Lost", "Done"}
    assert reachable(graph, "Done") == {"Done"}


@pytest.mark.parametrize("start", ["Nowhere", None, 5])
def test_nothing_is_reachable_from_no_state(start: Json) -> None:
    assert reachable(build_graph(MACHINE), start) == set()


def machine(**targets: str) -> Json:
    """Choice states by name, each with its targets; `!` ends the machine."""
    return {
        "States": {
            name: {"Type": "Pass", "End": True}
            if then == "!"
            else {"Type": "Choice", "Choices": [{"Next": t} for t in then]}
            for name, then in targets.items()
        }
    }


@pytest.mark.parametrize(
    ("value", "circles"),
    [
        (MACHINE, []),
        (machine(A="A"), [["A"]]),
        (machine(A="B", B="A"), [["A", "B"]]),
        (machine(A="BC", B="B", C="!"), [["B"]]),
        (machine(A="BC", B="BC", C="!"), []),
        (machine(A="B", B="AC", C="C"), [["C"]]),
        (machine(A="BD", B="C", C="B", D="D"), [["B", "C"], ["D"]]),
        (machine(A="X"), []),
        (machine(A="!", B="B"), []),
    ],
)
def test_an_endless_circle_is_one_that_nobody_leaves(
    value: Json, circles: list[list[str]]
) -> None:
    start = value.get("StartAt", "A")
    assert sorted(endless(build_graph(value), start)) == circles


WAYS = ["!", *("".join(way) for way in product(["", "A"], ["", "B"], ["", "C"]))]


@pytest.mark.parametrize("start", ["A", "Nowhere", None])
def test_a_machine_flows_freely_where_its_graph_has_nothing_to_tell(
    start: Json,
) -> None:
    for ways in product(WAYS, repeat=3):
        value = machine(**dict(zip("ABC", ways, strict=True)))
        graph = build_graph(value)
        # a state that leads nowhere is no circle, but it does not lead to an end either
        stuck = any(not way for way in ways)
        silent = reachable(graph, start) == set("ABC") and not endless(graph, start)
        assert flows_freely(value, start) is (silent and not stuck), ways


def test_a_way_to_no_state_leads_nowhere() -> None:
    assert not flows_freely(machine(A="X"), "A")
    assert flows_freely(machine(A="XB", B="!"), "A")


def test_a_machine_without_states_flows_freely() -> None:
    assert flows_freely({"States": {}}, "A")
