"""Boxes, ranks and themes: what needs no Graphviz."""

from typing import Any

import pytest
from pictured import HOSTILE, machine, ordered, orders, passes

from asl.diagrams.boxes import (
    EMPTY,
    Content,
    badge_of,
    edge_content,
    group_content,
    node_content,
)
from asl.diagrams.overlay import EdgeTrace, Overlay, StateTrace
from asl.diagrams.overlay_execution import overlay_of_execution
from asl.diagrams.ranks import back_edges, far_edges
from asl.diagrams.shape import Edge, Group, Node, build_shape
from asl.diagrams.text_width import text_width
from asl.diagrams.theme import THEMES, style_of
from asl.errors import UsageError


def inside(content: Content) -> bool:
    """Whether every text and every mark lies in its box."""
    return all(
        text.x >= 0 and text.x + text.width <= content.width and text.y < content.height
        for text in content.texts
    ) and all(x + width <= content.width for x, _, width, _ in content.pills)


def node(title: str, **rest: Any) -> Node:
    return Node(id="s1", kind="Task", title=title, pointer="/States/x", **rest)


@pytest.mark.parametrize("title", HOSTILE)
def test_a_box_holds_any_name(title: str) -> None:
    content = node_content(node(title, lines=(title,), marks=(f"↻ {title}", title)))

    assert inside(content)
    assert content.texts


@pytest.mark.parametrize("title", HOSTILE)
def test_a_header_and_a_label_hold_any_name(title: str) -> None:
    group = Group(id="s1", kind="Map", title=title, lines=(title,), marks=(title,))
    edge = Edge(source="a", target="b", kind="Next", label=title)

    assert inside(group_content(group))
    assert inside(edge_content(edge))


def test_many_marks_stand_in_several_rows() -> None:
    marks = tuple(f"↻ Some.Error{n}: 3× 2 s ×2" for n in range(5))

    content = node_content(node("A", marks=marks))

    assert inside(content)
    assert len({y for _, y, _, _ in content.pills}) > 1
    assert all(again for *_, again in content.pills)
    assert not any("↻" in text.words for text in content.texts)


def test_a_branch_and_an_arrow_without_words_take_no_room() -> None:
    assert group_content(Group(id="b", kind="Branch", title="")) is EMPTY
    assert edge_content(Edge(source="a", target="b", kind="Next")) is EMPTY


def test_a_text_of_too_many_lines_ends_in_dots() -> None:
    label = " ".join(["word"] * 100)

    content = edge_content(Edge(source="a", target="b", kind="Choice", label=label))

    assert content.texts[-1].words.endswith("…")
    assert len(content.texts) < 6


def test_what_an_overlay_says_has_room_in_the_box() -> None:
    shape = build_shape(orders())
    overlay = overlay_of_execution(orders(), ordered(orders()))

    plain = {n.id: node_content(n) for n in shape.nodes}
    for one in shape.nodes:
        content = node_content(one, overlay)
        assert inside(content)
        assert content.height >= plain[one.id].height


def test_what_a_comparison_found_stands_before_the_label() -> None:
    overlay = Overlay(
        kind="comparison", states={}, edges={"/x": EdgeTrace(status="added")}
    )

    content = edge_content(
        Edge(source="a", target="b", kind="Next", pointer="/x"), overlay
    )

    assert [text.words for text in content.texts] == ["+"]


@pytest.mark.parametrize(
    ("trace", "word"),
    [
        (StateTrace(visits=1, succeeded=1), "visited"),
        (StateTrace(visits=1, failed=1), "failed"),
        (StateTrace(visits=2, failed=1, aborted=1), "failed"),
        (StateTrace(visits=1, aborted=1), "aborted"),
        (StateTrace(visits=1, caught=1), "caught"),
        (StateTrace(visits=1, running=1), "running"),
    ],
)
def test_a_badge_says_how_it_went(trace: StateTrace, word: str) -> None:
    overlay = Overlay(kind="execution", states={"/x": trace}, edges={})

    assert badge_of(overlay, "/x") == word
    assert badge_of(overlay, "/other") == ""


def test_coverage_has_no_badges_and_a_comparison_its_own() -> None:
    states = {"/x": StateTrace(visits=1, status="added")}

    assert badge_of(Overlay(kind="coverage", states=states, edges={}), "/x") == ""
    assert badge_of(Overlay(kind="comparison", states=states, edges={}), "/x") == (
        "added"
    )
    assert badge_of(None, "/x") == ""


# --------------------------------------------------------------------------- widths


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [("i", "W"), ("abc", "ABC"), ("a", "日"), ("日", "🎉"), ("e", "e∑"), ("é", "É")],
)
def test_what_is_wider_takes_more_room(narrow: str, wide: str) -> None:
    assert text_width(narrow, 12) < text_width(wide, 12)
    assert text_width(narrow, 12, bold=True) < text_width(wide, 12, bold=True)


def test_accents_take_no_room_of_their_own() -> None:
    assert text_width("e\u0301", 12) == text_width("e", 12)
    assert text_width("\u200d", 12) == 0
    assert 0 < text_width("\u00a0", 12) < text_width("m", 12)


# ---------------------------------------------------------------------------- ranks


def test_a_loop_has_one_arrow_back() -> None:
    loop = machine(
        {
            "StartAt": "A",
            "States": {
                "A": {"Type": "Pass", "Next": "B"},
                "B": {
                    "Type": "Choice",
                    "Choices": [
                        {"Variable": "$", "IsNull": True, "Next": "A"},
                        {"Variable": "$", "IsNull": False, "Next": "B"},
                    ],
                    "Default": "C",
                },
                "C": {"Type": "Succeed"},
            },
        }
    )
    shape = build_shape(loop)

    back = back_edges(shape)

    assert {shape.edges[number].pointer for number in back} == {
        "/States/B/Choices/0/Next",
        "/States/B/Choices/1/Next",
    }


def far_machine(count: int) -> dict[str, object]:
    """So many states, each of which may fail to the last."""
    states: dict[str, object] = {
        f"S{n}": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage",
            "Parameters": {},
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Bad"}],
            "Next": f"S{n + 1}" if n + 1 < count else "Bad",
        }
        for n in range(count)
    }
    return {"StartAt": "S0", "States": {**states, "Bad": {"Type": "Fail"}}}


def test_no_arrow_of_a_machine_of_usual_size_is_cut() -> None:
    for whole in (orders(), machine(far_machine(30))):
        shape = build_shape(whole)
        assert far_edges(shape, back_edges(shape)) == set()


def test_of_too_many_long_arrows_the_longest_are_cut() -> None:
    shape = build_shape(machine(far_machine(120)))

    far = far_edges(shape, back_edges(shape))

    assert far
    assert {shape.edges[number].kind for number in far} == {"Catch"}
    first = min(n for n, edge in enumerate(shape.edges) if edge.kind == "Catch")
    assert first in far


# ---------------------------------------------------------------------------- theme


@pytest.mark.parametrize("theme", THEMES)
def test_a_style_touches_its_own_picture_alone(theme: str) -> None:
    rules = [line for line in style_of(theme).splitlines() if "{" in line]

    assert rules
    for rule in rules:
        if not rule.startswith("@media"):
            for selector in rule.partition("{")[0].split(","):
                assert f".asl-{theme}" in selector


def test_only_who_is_asked_turns_dark() -> None:
    assert "@media" not in style_of("light")
    assert "@media" not in style_of("dark")
    assert style_of("auto").count("@media screen and (prefers-color-scheme:dark)") == 1
    assert ':root[data-theme="dark"] .asl-page' in style_of("page")


def test_no_style_asks_for_what_only_browsers_know() -> None:
    assert not any("var(" in style_of(theme) for theme in THEMES)


def test_an_unknown_theme_is_refused() -> None:
    with pytest.raises(UsageError, match="there is no theme 'pink'"):
        style_of("pink")


def test_names_of_the_table_are_all_drawn() -> None:
    shape = build_shape(passes(*HOSTILE))

    assert len([n for n in shape.nodes if n.pointer]) == len(HOSTILE)
