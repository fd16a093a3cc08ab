"""What differs between two definitions: as data, as text, as one picture."""

import json
from typing import Any

import pytest
from hypothesis import given, settings

import asl
from asl.diagrams.both import shape_of_both
from asl.diagrams.compare import Comparison, compare
from asl.diagrams.compare_report import write_text
from asl.diagrams.differences import find_differences
from asl.diagrams.mermaid import write_mermaid
from asl.diagrams.shape import Group, Node, build_shape
from asl.testing import strategies

TASK = "arn:aws:lambda:eu-west-1:123456789012:function:work"


def machine(states: dict[str, Any], **members: Any) -> asl.StateMachine:
    definition = {"StartAt": next(iter(states)), "States": states, **members}
    return asl.load_text(json.dumps(definition), name="m")


def body(**states: Any) -> dict[str, Any]:
    return {"StartAt": next(iter(states)), "States": states}


def changes(comparison: Comparison) -> list[tuple[str, str]]:
    return [(change.status, change.name) for change in comparison.states]


def ways(comparison: Comparison) -> list[tuple[str, str, str, str]]:
    return [
        (step.status, step.source, step.target, step.kind)
        for step in comparison.transitions
    ]


END = {"Type": "Succeed"}


def test_the_layout_of_a_definition_makes_no_difference() -> None:
    old = asl.load_text(
        '{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}'
    )
    new = asl.load_text("States:\n  A: {End: true, Type: Pass}\nStartAt: A\n")

    comparison = compare(old, new)

    assert comparison.is_same
    assert comparison.summary == "no difference"
    assert comparison.to_json()["same"] is True


def test_the_order_of_states_makes_no_difference() -> None:
    a, b = {"Type": "Pass", "Next": "B"}, END
    old, new = machine({"A": a, "B": b}), machine({"A": a, "B": b})
    turned = asl.load_text(json.dumps({"StartAt": "A", "States": {"B": b, "A": a}}))

    assert compare(old, new).is_same
    assert compare(old, turned).is_same


def test_states_and_transitions_come_and_go() -> None:
    old = machine(
        {
            "A": {"Type": "Pass", "Next": "B"},
            "B": {"Type": "Wait", "Seconds": 1, "Next": "C"},
            "C": END,
        }
    )
    new = machine(
        {
            "A": {"Type": "Pass", "Next": "D"},
            "D": {"Type": "Task", "Resource": TASK, "Next": "C"},
            "C": END,
        }
    )

    comparison = compare(old, new)

    assert changes(comparison) == [("added", "D"), ("removed", "B")]
    assert ways(comparison) == [
        ("added", "A", "D", "Next"),
        ("added", "D", "C", "Next"),
        ("removed", "A", "B", "Next"),
        ("removed", "B", "C", "Next"),
    ]
    assert comparison.summary == (
        "1 state added, 1 removed; 2 transitions added, 2 removed"
    )


def test_fields_are_told_to_the_smallest_place() -> None:
    retry = {"ErrorEquals": ["A"], "MaxAttempts": 2}
    state = {"Type": "Task", "Resource": TASK, "Retry": [retry], "TimeoutSeconds": 3}
    changed = {**state, "Retry": [{**retry, "MaxAttempts": 5}], "HeartbeatSeconds": 1}
    del changed["TimeoutSeconds"]
    old = machine({"A": {**state, "End": True}}, Comment="old")
    new = machine({"A": {**changed, "End": True}}, Comment="new")

    comparison = compare(old, new)
    text = write_text(comparison, old="a", new="b")

    assert text == (
        "a → b: 1 state changed; the machine's own fields changed\n"
        '~ Comment: "old" → "new"\n'
        "~ A (Task)\n"
        "    Retry[0].MaxAttempts: 2 → 5\n"
        "    TimeoutSeconds: 3 removed\n"
        "    HeartbeatSeconds: 1 added\n"
    )


def test_a_renamed_state_is_known_again() -> None:
    task = {"Type": "Task", "Resource": TASK, "Next": "Z"}
    old, new = machine({"A": task, "Z": END}), machine({"B": task, "Z": END})

    comparison = compare(old, new)

    assert [(s.status, s.name, s.old_name) for s in comparison.states] == [
        ("changed", "B", "A")
    ]
    assert comparison.transitions == ()
    assert "~ B (Task), was A" in write_text(comparison, old="a", new="b")
    assert comparison.to_json()["states"][0]["old_name"] == "A"


def test_states_too_alike_are_not_taken_for_renamed_ones() -> None:
    one = {"Type": "Pass", "Next": "Z"}
    old = machine({"A": {**one, "Next": "B"}, "B": one, "Z": END})
    new = machine({"C": {**one, "Next": "D"}, "D": one, "Z": END})

    found = changes(compare(old, new))

    assert found == [("added", "C"), ("added", "D"), ("removed", "A"), ("removed", "B")]


def test_a_choice_that_leads_elsewhere() -> None:
    rule = {"Variable": "$.n", "NumericEquals": 1}

    def look(target: str, number: int = 1) -> dict[str, Any]:
        first = {**rule, "NumericEquals": number, "Next": target}
        return {
            "Type": "Choice",
            "Choices": [first, {**rule, "NumericEquals": 9, "Next": "B"}],
            "Default": "C",
        }

    old = machine({"A": look("B"), "B": END, "C": {"Type": "Fail"}})

    elsewhere = compare(old, machine({"A": look("C"), "B": END, "C": {"Type": "Fail"}}))
    otherwise = compare(
        old, machine({"A": look("B", 2), "B": END, "C": {"Type": "Fail"}})
    )

    assert changes(elsewhere) == []
    assert ways(elsewhere) == [
        ("added", "A", "C", "Choice"),
        ("removed", "A", "B", "Choice"),
    ]
    assert elsewhere.removed_edges == {"/States/A/Choices/0/Next"}
    assert ways(otherwise) == []
    assert [f.field for f in otherwise.states[0].fields] == ["Choices[0].NumericEquals"]


def test_catchers_are_compared_with_their_errors() -> None:
    def task(*errors: str) -> dict[str, Any]:
        catch = [{"ErrorEquals": list(errors), "Next": "Z"}]
        return {"Type": "Task", "Resource": TASK, "Catch": catch, "Next": "Z"}

    comparison = compare(
        machine({"A": task("X"), "Z": END}), machine({"A": task("Y"), "Z": END})
    )

    assert comparison.transitions == ()
    assert comparison.states[0].fields[0].field == "Catch[0].ErrorEquals[0]"


def test_a_state_that_moves_into_a_map() -> None:
    task = {"Type": "Task", "Resource": TASK}
    old = machine({"A": {**task, "Next": "Z"}, "Z": END})
    new = machine(
        {
            "M": {
                "Type": "Map",
                "ItemProcessor": body(A={**task, "End": True}),
                "Next": "Z",
            },
            "Z": END,
        }
    )

    comparison = compare(old, new)

    assert [(s.status, s.name, s.moved) for s in comparison.states] == [
        ("added", "M", False),
        ("changed", "A", True),
    ]
    assert "~ A (Task), moved" in write_text(comparison, old="a", new="b")
    assert comparison.to_json()["states"][1]["moved"] is True


def test_a_state_that_becomes_a_parallel_is_another_one() -> None:
    old = machine({"A": {"Type": "Pass", "End": True}})
    branches = [body(B={"Type": "Pass", "End": True}), body(C=END)]
    new = machine({"A": {"Type": "Parallel", "Branches": branches, "End": True}})

    there, back = compare(old, new), compare(new, old)

    assert changes(there) == [
        ("added", "A"), ("added", "B"), ("added", "C"), ("removed", "A"),
    ]  # fmt: skip
    assert ("added", "Start", "A", "Start") in ways(there)
    assert ("removed", "A", "End", "End") in ways(there)
    for comparison in (there, back):
        shape, overlay = shape_of_both(comparison)
        assert len(shape.groups) == 3
        boxes: list[Node | Group] = [*shape.nodes, *shape.groups]
        assert set(overlay.states) <= {box.pointer for box in boxes}


def parallel(*branches: dict[str, Any]) -> asl.StateMachine:
    state = {"Type": "Parallel", "Branches": list(branches), "Next": "Z"}
    return machine({"P": state, "Z": END})


def test_a_branch_that_is_gone_is_still_drawn() -> None:
    first = body(A={"Type": "Pass", "End": True})
    second = body(B={"Type": "Wait", "Seconds": 1, "Next": "C"}, C={"Type": "Fail"})
    comparison = compare(parallel(first, second), parallel(first))

    shape, overlay = shape_of_both(comparison)

    removed = [node for node in shape.nodes if node.pointer.startswith("-")]
    assert [node.title for node in removed] == ["B", "C"]
    assert {node.group for node in removed} == {"s1b2"}
    assert overlay.states["/States/P"].note == "changed: Branches"
    assert overlay.states["-/States/P/Branches/1/States/B"].status == "removed"
    assert overlay.edges["-/States/P/Branches/1/States/B/Next"].status == "removed"
    text = write_mermaid(shape, overlay=overlay)
    assert "− B" in text
    assert "class s1 changedBox" in text


def test_the_picture_has_what_came_what_went_and_what_is_the_same() -> None:
    old = machine(
        {
            "A": {"Type": "Pass", "Next": "B"},
            "B": {"Type": "Wait", "Seconds": 1, "Next": "Z"},
            "Z": END,
        }
    )
    new = machine(
        {
            "A": {"Type": "Pass", "Next": "M"},
            "M": {
                "Type": "Map",
                "ItemProcessor": body(C={"Type": "Pass", "End": True}),
                "Next": "Z",
            },
            "Z": END,
        }
    )

    shape, overlay = shape_of_both(compare(old, new))
    text = write_mermaid(shape, overlay=overlay)

    assert [node.title for node in shape.nodes] == ["Start", "A", "C", "Z", "B", "End"]
    assert "class s2 addedBox" in text
    assert "class s3 added" in text
    assert "class s5 removed" in text
    assert '-->|"#43;"| s2' in text
    assert '-->|"−"| s5' in text
    assert overlay.title == "2 states added, 1 removed; 2 transitions added, 2 removed"


@pytest.mark.parametrize(
    ("old", "new", "fields"),
    [
        (1, 1.0, []),
        (1, True, [""]),
        (0, False, [""]),
        (True, True, []),
        (None, False, [""]),
        ("1", 1, [""]),
        ([], {}, [""]),
        ([1], [1, 2], [""]),
        ([1, [2]], [1, [3]], ["[1][0]"]),
        ({"a": {"b": 1}}, {"a": {"b": 1, "c": None}}, ["a.c"]),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, []),
    ],
)
def test_where_two_values_differ(old: Any, new: Any, fields: list[str]) -> None:
    assert [change.field for change in find_differences(old, new)] == fields


@given(strategies.machines(), strategies.machines())
@settings(max_examples=60, deadline=None, derandomize=True, database=None)
def test_a_machine_compared_with_itself_and_with_another(one: Any, other: Any) -> None:
    old, new = (asl.load_text(json.dumps(drawn[0])) for drawn in (one, other))
    comparison = compare(old, new)
    shape, overlay = shape_of_both(comparison)
    boxes: list[Node | Group] = [*shape.nodes, *shape.groups]
    ids = [box.id for box in boxes]
    pointers = {box.pointer for box in boxes if box.pointer}
    groups = {group.id for group in shape.groups}

    assert compare(old, old).is_same
    assert len(set(ids)) == len(ids)
    assert {box.pointer for box in build_shape(new).nodes} <= {*pointers, ""}
    assert set(overlay.states) <= pointers
    assert set(overlay.edges) <= {edge.pointer for edge in shape.edges}
    assert all(edge.source in ids and edge.target in ids for edge in shape.edges)
    assert all(node.group in groups or node.group is None for node in shape.nodes)
    gone = sum(node.pointer.startswith("-") for node in shape.nodes)
    boxed = sum(g.pointer.startswith("-") for g in shape.groups if g.kind != "Branch")
    assert gone + boxed == sum(s.status == "removed" for s in comparison.states)
    write_text(comparison, old="old", new="new")
    json.dumps(comparison.to_json())
