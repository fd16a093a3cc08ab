"""DOT: gold files, escaping, overlays; Graphviz reads all of it (full)."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from gold_files import FOLDER, check_gold

import asl
from asl.diagrams.dot import escape, write_dot
from asl.diagrams.overlay import EdgeTrace, Overlay, StateTrace
from asl.diagrams.shape import Node, Shape, build_shape
from asl.errors import UsageError

MACHINES = sorted((FOLDER / "diagrams").glob("*.asl.yaml"))


@pytest.mark.parametrize("path", MACHINES, ids=lambda path: path.name)
def test_the_dot_text_of_a_machine(path: Path) -> None:
    name = path.name.replace(".asl.yaml", ".dot")

    check_gold(f"diagrams/{name}", write_dot(build_shape(asl.load(path))))


@pytest.mark.parametrize(
    ("line", "escaped"),
    [
        ("as it is", "as it is"),
        ('say "x"', r"say \"x\""),
        (r"back\slash\N", r"back\\slash\\N"),
        ('\\"', r"\\\""),
        ("&lt; <b>", "&amp;lt; <b>"),
    ],
)
def test_nothing_in_a_line_means_anything(line: str, escaped: str) -> None:
    assert escape(line) == escaped


def test_colours_follow_the_theme() -> None:
    shape = build_shape(asl.load(MACHINES[0]))

    assert write_dot(shape, theme="auto") == write_dot(shape, theme="light")
    assert write_dot(shape, theme="dark") != write_dot(shape, theme="light")
    with pytest.raises(UsageError, match="no theme 'red'"):
        write_dot(shape, theme="red")


def test_a_picture_lies_on_its_side_where_that_is_asked_for() -> None:
    text = write_dot(build_shape(asl.load(MACHINES[0])), direction="LR")

    assert "rankdir=LR" in text


def test_a_machine_that_never_ends_has_no_end() -> None:
    nodes = (
        Node(id="start", kind="Start", title="Start"),
        Node(id="end", kind="End", title="End"),
    )

    assert "End" not in write_dot(Shape(name="m", nodes=nodes, groups=(), edges=()))


def line_of(text: str, begin: str) -> str:
    return next(line for line in text.splitlines() if line.strip().startswith(begin))


def test_what_an_execution_did_is_seen() -> None:
    shape = build_shape(asl.load(FOLDER / "diagrams" / "parallel.asl.yaml"))
    overlay = Overlay(
        kind="execution",
        states={
            "/States/Fan out": StateTrace(visits=2, caught=2),
            "/States/Fan out/Branches/0/States/Left": StateTrace(visits=3),
        },
        edges={"/StartAt": EdgeTrace(count=1, orders=(1,))},
    )

    text = write_dot(shape, overlay=overlay)

    assert r"2 visits, 2 caught" in line_of(text, 'label="Fan out')
    assert 'penwidth="2.2"' in line_of(text, "s2 [")
    assert "dashed" in line_of(text, "s5 [")
    assert 'label="#1"' in line_of(text, "start -> s1_i")
    assert 'style="dotted"' in line_of(text, "s1_o -> s6")


def test_a_comparison_is_seen() -> None:
    shape = build_shape(asl.load(FOLDER / "diagrams" / "single.asl.yaml"))
    overlay = Overlay(
        kind="comparison",
        states={"/States/Only": StateTrace(status="removed")},
        edges={"/States/Only/End": EdgeTrace(status="removed")},
    )

    text = write_dot(shape, overlay=overlay)

    assert 'label="− Only' in line_of(text, "s1 [")
    assert 'label="−"' in line_of(text, "s1 -> end")
    assert "label" not in line_of(text, "start -> s1")


@pytest.mark.full
@pytest.mark.parametrize("path", MACHINES, ids=lambda path: path.name)
def test_graphviz_draws_it_without_a_word(path: Path) -> None:
    if shutil.which("dot") is None:
        pytest.skip("needs Graphviz: there is no dot")
    shape = build_shape(asl.load(path))

    answer = subprocess.run(
        ["dot", "-Tjson0"],
        input=write_dot(shape).encode(),
        capture_output=True,
        check=True,
    )

    drawn: dict[str, Any] = json.loads(answer.stdout)
    names = {one["name"] for one in drawn["objects"]}
    points = {f"{group.id}{end}" for group in shape.groups for end in ("_i", "_o")}
    assert answer.stderr == b""
    assert names - points == {
        *(node.id for node in shape.nodes),
        *(f"cluster_{group.id}" for group in shape.groups),
    }
    # Graphviz counts what it was told: an edge each, and those that hold groups.
    inside = len(re.findall("arrowsize=0.6|style=invis, weight", write_dot(shape)))
    assert len(drawn["edges"]) == len(shape.edges) + inside
