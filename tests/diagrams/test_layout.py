"""Layouts: where Graphviz puts boxes and arrows."""

import math
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from pictured import EXAMPLES, GOLD, HOSTILE, machine, ordered, orders, passes
from test_boxes import far_machine

import asl
from asl.diagrams.layout import Box, Layout, lay_out
from asl.diagrams.overlay_execution import overlay_of_execution
from asl.diagrams.shape import Shape, build_shape
from asl.testing.strategies import machines

FILES = sorted([*GOLD.glob("*.asl.yaml"), *EXAMPLES.glob("*/*.asl.*")])


@pytest.fixture(autouse=True)
def graphviz(request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker("full"):
        pytest.importorskip("pygraphviz", reason="pygraphviz is not installed")


def within(inner: Box, outer: Box, slack: float = 0.1) -> bool:
    return (
        inner.x >= outer.x - slack
        and inner.y >= outer.y - slack
        and inner.x + inner.width <= outer.x + outer.width + slack
        and inner.y + inner.height <= outer.y + outer.height + slack
    )


def apart(one: Box, other: Box) -> bool:
    return (
        one.x + one.width <= other.x + 0.1
        or other.x + other.width <= one.x + 0.1
        or one.y + one.height <= other.y + 0.1
        or other.y + other.height <= one.y + 0.1
    )


def check(shape: Shape, layout: Layout) -> None:
    """Everything has a place, in its group, and no two states share one."""
    page = Box(0, 0, layout.width, layout.height)
    groups = {group.id: group for group in shape.groups}
    placed = shape.nodes
    for node in placed:
        box = layout.boxes[node.id]
        assert within(box, page)
        content = layout.contents[node.id]
        assert box.width >= content.width - 0.1
        assert box.height >= content.height - 0.1
        if node.group is not None:
            assert within(box, layout.boxes[node.group])
    for number, node in enumerate(placed):
        for other in placed[:number]:
            assert apart(layout.boxes[node.id], layout.boxes[other.id])
    for group in groups.values():
        box = layout.boxes[group.id]
        assert within(box, page)
        assert box.width >= layout.contents[group.id].width - 0.1
        if group.parent is not None:
            assert within(box, layout.boxes[group.parent])
        for node in placed:
            header = layout.contents[group.id]
            place = Box(box.x, box.y, header.width, header.height)
            assert apart(place, layout.boxes[node.id]) or node.group == group.id
    assert len(layout.routes) == len(shape.edges)
    for route in layout.routes:
        assert route.tip is not None
        for piece in route.pieces:
            assert len(piece) % 3 == 1
            for x, y in piece:
                assert -1 <= x <= layout.width + 1
                assert -1 <= y <= layout.height + 1
        if route.label is not None:
            assert within(route.label, page, 1)


@pytest.mark.full
@pytest.mark.parametrize("direction", ["TB", "LR"])
@pytest.mark.parametrize(
    "path", FILES, ids=lambda path: f"{path.parent.name}-{path.name}"
)
def test_everything_has_its_place(path: Path, direction: Any) -> None:
    shape = build_shape(asl.load(path))

    check(shape, lay_out(shape, direction=direction))


@pytest.mark.full
def test_names_of_any_kind_have_their_place() -> None:
    shape = build_shape(passes(*HOSTILE))

    check(shape, lay_out(shape))


@pytest.mark.full
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(drawn=machines())
def test_every_state_and_transition_of_any_machine_has_its_place(
    drawn: tuple[dict[str, Any], Any],
) -> None:
    shape = build_shape(machine(drawn[0]))

    check(shape, lay_out(shape))


@pytest.mark.full
def test_arrows_end_at_their_targets() -> None:
    shape = build_shape(orders())
    layout = lay_out(shape)

    for edge, route in zip(shape.edges, layout.routes, strict=True):
        assert route.tip is not None
        box = layout.boxes[edge.target]
        x, y = route.tip
        right, low = box.x + box.width, box.y + box.height
        far = max(box.x - x, x - right, box.y - y, y - low)
        assert far <= 2, f"{edge.pointer} ends {far} away"


@pytest.mark.full
def test_an_overlay_has_room_for_its_words() -> None:
    whole = orders()
    overlay = overlay_of_execution(whole, ordered(whole))
    shape = build_shape(whole)

    layout = lay_out(shape, overlay=overlay)

    check(shape, layout)
    for edge, route in zip(shape.edges, layout.routes, strict=True):
        if edge.pointer in overlay.edges:
            assert route.label is not None


LOOPING = {
    "StartAt": "First",
    "States": {
        "First": {"Type": "Pass", "Next": "Group"},
        "Group": {
            "Type": "Parallel",
            "Branches": [
                {
                    "StartAt": "Inner",
                    "States": {
                        "Inner": {
                            "Type": "Map",
                            "ItemProcessor": {
                                "StartAt": "x",
                                "States": {"x": {"Type": "Pass", "End": True}},
                            },
                            "End": True,
                        }
                    },
                }
            ],
            "Catch": [
                {"ErrorEquals": ["Again"], "Next": "Group"},
                {"ErrorEquals": ["Back"], "Next": "First"},
                {"ErrorEquals": ["States.ALL"], "Next": "Last"},
            ],
            "Next": "Last",
        },
        "Last": {"Type": "Succeed"},
    },
}


@pytest.mark.full
def test_a_group_may_go_back_to_itself_and_to_what_was_before_it() -> None:
    shape = build_shape(machine(LOOPING))
    layout = lay_out(shape)

    check(shape, layout)
    routes = {e.pointer: r for e, r in zip(shape.edges, layout.routes, strict=True)}
    again = routes["/States/Group/Catch/0/Next"]
    back = routes["/States/Group/Catch/1/Next"]
    assert len(again.pieces) == 2
    group = layout.boxes[next(e.source for e in shape.edges if e.label == "Back")]
    for x, y in back.pieces[0]:
        assert y <= group.y + 1, f"{x, y} is inside the group"


@pytest.mark.full
def test_arrows_that_would_be_too_long_end_at_a_sign() -> None:
    shape = build_shape(machine(far_machine(120)))

    layout = lay_out(shape)

    assert layout.stubs
    assert {content.texts[0].words for _, content in layout.stubs} == {"Bad"}
    check(shape, layout)


@pytest.mark.full
def test_the_same_shape_has_the_same_layout() -> None:
    shape = build_shape(orders())

    assert lay_out(shape) == lay_out(shape)


@pytest.mark.full
def test_graphviz_says_nothing_to_the_user(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FONTCONFIG_FILE", "/there/is/no/such/file")

    lay_out(build_shape(machine(LOOPING)))

    assert capfd.readouterr() == ("", "")


@pytest.mark.full
def test_a_process_without_standard_error_can_draw(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def closed(fd: int) -> int:
        raise OSError(9, "Bad file descriptor")

    monkeypatch.setattr("asl.diagrams.layout.os.dup", closed)

    assert lay_out(build_shape(passes("A"))).boxes


@pytest.mark.full
def test_the_direction_is_kept() -> None:
    shape = build_shape(passes("A", "B", "C"))

    down, right = lay_out(shape), lay_out(shape, direction="LR")

    assert down.boxes["s2"].y > down.boxes["s1"].y
    assert math.isclose(right.boxes["s1"].y, right.boxes["s2"].y, abs_tol=1)
    assert right.boxes["s2"].x > right.boxes["s1"].x


def test_an_unknown_direction_is_refused() -> None:
    with pytest.raises(asl.UsageError, match="there is no direction 'UP'"):
        lay_out(build_shape(passes("A")), direction="UP")  # type: ignore[arg-type] # that is the test


def test_without_the_extra_one_sentence_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "pygraphviz", None)

    with pytest.raises(asl.UsageError, match=r'"draw": pip install "aslkit\[draw\]"'):
        lay_out(build_shape(passes("A")))
