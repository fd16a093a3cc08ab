"""Mermaid: gold files, escaping, what overlays and comparisons look like."""

from pathlib import Path

import pytest
from gold_files import FOLDER, check_gold

import asl
from asl.diagrams.mermaid import escape, write_mermaid
from asl.diagrams.overlay import EdgeTrace, Overlay, StateTrace
from asl.diagrams.shape import Node, Shape, build_shape

MACHINES = sorted((FOLDER / "diagrams").glob("*.asl.yaml"))


@pytest.mark.parametrize("path", MACHINES, ids=lambda path: path.name)
def test_the_mermaid_text_of_a_machine(path: Path) -> None:
    shape = build_shape(asl.load(path))
    name = path.name.replace(".asl.yaml", ".mmd")

    check_gold(f"diagrams/{name}", write_mermaid(shape))


@pytest.mark.parametrize(
    ("line", "escaped"),
    [
        ("as it is", "as it is"),
        ("Payé", "Payé"),
        ('say "x"', "say #34;x#34;"),
        ("#quot;", "#35;quot#59;"),
        ("a & b < c", "a #38; b #60; c"),
        ("`code`", "#96;code#96;"),
        ("%%{init: x}%%", "#37;#37;#123;init: x#125;#37;#37;"),
        ("[x](y)", "#91;x#93;(y)"),
        ("lambda: charge", "lambda: charge"),
        ("style:red", "style#58;red"),
        ("ends:", "ends#58;"),
        ("snake_case", "snake_case"),
        ("_it_", "#95;it#95;"),
        ("$a.b", "$a.b"),
        ("$$.State $$", "#36;#36;.State #36;#36;"),
        ("www.example.com", "www#46;example.com"),
        ("- list", "#45; list"),
        ("+ list", "#43; list"),
        ("=== head", "#61;== head"),
        ("1. list", "1#46; list"),
        ("1.5 s", "1#46;5 s"),
        ("12) list", "12#41; list"),
        ("1, 2", "1, 2"),
        ("\ufb02°°60¶ß", "\ufb02\u2060°°60¶\u2060ß"),
    ],
)
def test_nothing_in_a_line_means_anything(line: str, escaped: str) -> None:
    assert escape(line) == escaped


def machine_with(**members: object) -> asl.StateMachine:
    import json

    return asl.load_text(json.dumps(members), name="m")


def test_a_picture_lies_on_its_side_where_that_is_asked_for() -> None:
    shape = build_shape(asl.load(FOLDER / "diagrams" / "parallel.asl.yaml"))

    text = write_mermaid(shape, direction="LR")

    assert text.startswith("flowchart LR\n")
    assert text.count("direction LR") == 3
    assert "TB" not in text


def test_a_machine_that_never_ends_has_no_end() -> None:
    nodes = (
        Node(id="start", kind="Start", title="Start"),
        Node(id="end", kind="End", title="End"),
    )
    shape = Shape(name="m", nodes=nodes, groups=(), edges=())

    assert "End" not in write_mermaid(shape)


def test_what_an_execution_did_is_seen() -> None:
    shape = build_shape(asl.load(FOLDER / "diagrams" / "failures.asl.yaml"))
    overlay = Overlay(
        kind="execution",
        states={
            "/States/Pay": StateTrace(
                visits=2, caught=1, succeeded=1, retries=3, seconds=4.5
            ),
            "/States/Ask again": StateTrace(visits=1, succeeded=1, seconds=3600),
            "/States/Refund": StateTrace(visits=1, failed=1),
        },
        edges={
            "/StartAt": EdgeTrace(count=1, orders=(1,)),
            "/States/Pay/Catch/0/Next": EdgeTrace(count=7, orders=(2, 4, 6)),
        },
    )

    text = write_mermaid(shape, overlay=overlay)

    assert "2 visits, 1 caught,<br/>retried ×3, 4.5 s" in text
    assert "Ask again<br/>1 h<br/>1 h" in text
    assert "Refund<br/>dynamodb: deleteItem<br/>↻ 3× 1 s<br/>failed" in text
    assert '-.->|"#35;2, 4, 6 … (7×)<br/>Card.Declined,<br/>States.Timeout"| s2' in text
    assert "class s2 visited" in text
    assert "class s3 failed" in text
    assert "class s1 caught" in text
    assert "class s4,s5 never" in text
    assert "linkStyle 0,2 stroke-width" in text
    assert "linkStyle 1,3,4,5,6,7 stroke-dasharray" in text


def test_what_tests_covered_is_seen() -> None:
    shape = build_shape(asl.load(FOLDER / "diagrams" / "distributed.asl.yaml"))
    overlay = Overlay(
        kind="coverage",
        states={
            "/States/All files": StateTrace(
                visits=12, iterations={"succeeded": 3, "failed": 1}
            )
        },
        edges={"/StartAt": EdgeTrace(count=12)},
    )

    text = write_mermaid(shape, overlay=overlay)

    assert 'start -->|"12×"| s1' in text
    assert "12 visits<br/>iterations: 3 succeeded,<br/>1 failed" in text
    assert "class s1 visited" in text
    assert "class s2,s3,s4,s5 never" in text


def test_a_group_with_a_long_name_has_it_in_its_note() -> None:
    name = "Every customer who has not yet paid"
    body = {"StartAt": "In", "States": {"In": {"Type": "Succeed"}}}
    machine = machine_with(
        StartAt=name,
        States={name: {"Type": "Map", "ItemProcessor": body, "End": True}},
    )

    text = write_mermaid(build_shape(machine))

    assert 'subgraph s1[" "]' in text
    assert 's1note["Every customer who has<br/>not yet paid<br/>inline"]' in text
    assert "s1note ~~~ s2" in text
