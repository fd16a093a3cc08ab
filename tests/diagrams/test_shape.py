"""Shapes: gold files for machines of every form, properties for random ones."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from gold_files import FOLDER, check_gold
from hypothesis import given, settings

import asl
from asl.diagrams.shape import (
    EDGE_KINDS,
    END,
    GROUP_KINDS,
    NODE_KINDS,
    Group,
    Node,
    Shape,
    build_shape,
)
from asl.graph import is_terminal, transitions_of
from asl.model.build import build_machine
from asl.source.reading import read_value
from asl.source.substitution import escape
from asl.testing import strategies

MACHINES = sorted((FOLDER / "diagrams").glob("*.asl.yaml"))


def told(shape: Shape) -> str:
    """A shape as lines of text."""
    lines = [f"shape {shape.name!r}"]
    for node in shape.nodes:
        lines.append(f"node {node.id} {node.kind} {node.title!r} in {node.group}")
        lines += [f"    {line!r}" for line in (*node.lines, *node.marks)]
        lines.append(f"    at {node.pointer!r}")
    for group in shape.groups:
        lines.append(
            f"group {group.id} {group.kind} {group.title!r} in {group.parent}, "
            f"begins at {group.start}"
        )
        lines += [f"    {line!r}" for line in (*group.lines, *group.marks)]
        lines.append(f"    at {group.pointer!r}")
    for edge in shape.edges:
        lines.append(f"edge {edge.source} -> {edge.target} {edge.kind} {edge.label!r}")
        lines.append(f"    at {edge.pointer!r}")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("path", MACHINES, ids=lambda path: path.name)
def test_the_shape_of_a_machine(path: Path) -> None:
    name = path.name.replace(".asl.yaml", ".shape.txt")

    check_gold(f"diagrams/{name}", told(build_shape(asl.load(path))))


def bodies(definition: Any, pointer: str = "") -> list[tuple[str, dict[str, Any]]]:
    """Every machine, branch and item processor in a definition with its place."""
    found = [(pointer, definition)]
    for name, state in definition["States"].items():
        place = f"{pointer}/States/{escape(name)}"
        for number, branch in enumerate(state.get("Branches", ())):
            found += bodies(branch, f"{place}/Branches/{number}")
        for body in ("ItemProcessor", "Iterator"):
            if body in state:
                found += bodies(state[body], f"{place}/{body}")
    return found


@given(strategies.machines())
@settings(max_examples=150, deadline=None, derandomize=True, database=None)
def test_a_shape_has_exactly_the_states_and_transitions_of_its_machine(
    drawn: tuple[dict[str, Any], Any],
) -> None:
    definition = drawn[0]
    machine = asl.load_text(json.dumps(definition))
    shape = build_shape(machine)
    boxes: list[Node | Group] = [
        *(node for node in shape.nodes if node.pointer),
        *(group for group in shape.groups if group.kind != "Branch"),
    ]
    pointer_of = {box.id: box.pointer for box in boxes}

    wanted, ways = Counter[str](), Counter[tuple[str, ...]]()
    for place, body in bodies(definition):
        wanted.update(f"{place}/States/{escape(name)}" for name in body["States"])
        for step in transitions_of(body):
            source = f"{place}/States/{escape(step.source)}"
            field = "/".join(str(part) for part in step.path)
            target = f"{place}/States/{escape(step.target)}"
            ways[source, target, f"{source}/{field}"] += 1
    ends = {
        f"/States/{escape(name)}"
        for name, state in definition["States"].items()
        if is_terminal(state)
    }

    assert Counter(box.pointer for box in boxes) == wanted
    assert ways == Counter(
        (pointer_of[edge.source], pointer_of[edge.target], edge.pointer)
        for edge in shape.edges
        if edge.kind not in ("Start", "End")
    )
    assert ends == {
        pointer_of[edge.source] for edge in shape.edges if edge.target == END
    }


@given(strategies.machines())
@settings(max_examples=50, deadline=None, derandomize=True, database=None)
def test_a_shape_is_whole_and_always_the_same(
    drawn: tuple[dict[str, Any], Any],
) -> None:
    machine = asl.load_text(json.dumps(drawn[0]))
    shape = build_shape(machine)
    ids = [node.id for node in shape.nodes] + [group.id for group in shape.groups]
    groups = {group.id for group in shape.groups}
    pointers = [edge.pointer for edge in shape.edges]

    assert shape == build_shape(asl.load_text(json.dumps(drawn[0])))
    assert len(set(ids)) == len(ids)
    assert len(set(pointers)) == len(pointers)
    assert all(node.group is None or node.group in groups for node in shape.nodes)
    assert all(group.parent is None or group.parent in groups for group in shape.groups)
    assert all(group.start in ids for group in shape.groups if group.kind != "Parallel")
    assert all({edge.source, edge.target} <= set(ids) for edge in shape.edges)
    assert {node.kind for node in shape.nodes} <= set(NODE_KINDS)
    assert {group.kind for group in shape.groups} <= set(GROUP_KINDS)
    assert {edge.kind for edge in shape.edges} <= set(EDGE_KINDS)


def test_a_target_that_is_not_there_has_no_arrow() -> None:
    definition = {
        "StartAt": "Nowhere",
        "States": {"A": {"Type": "Pass", "Next": "Gone"}},
    }
    machine, _ = build_machine(read_value(definition), "broken")
    assert machine is not None

    shape = build_shape(machine)

    assert shape.edges == ()
    assert [node.title for node in shape.nodes] == ["Start", "A", "End"]
