"""SVG: valid XML that shows exactly a machine's states, whatever their names."""

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from pictured import EXAMPLES, GOLD, HOSTILE, machine, ordered, orders, passes
from test_boxes import far_machine
from test_layout import LOOPING

import asl
from asl.coverage.measure import Coverage
from asl.diagrams.overlay import EdgeTrace, Overlay, StateTrace
from asl.diagrams.overlay_coverage import overlay_of_coverage
from asl.diagrams.overlay_execution import overlay_of_execution
from asl.diagrams.shape import build_shape
from asl.diagrams.svg import write_svg
from asl.testing.strategies import machines

pytestmark = pytest.mark.full

FILES = sorted([*GOLD.glob("*.asl.yaml"), *EXAMPLES.glob("*/*.asl.*")])
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(autouse=True)
def graphviz() -> None:
    pytest.importorskip("pygraphviz", reason="pygraphviz is not installed")


def picture(
    whole: asl.StateMachine, overlay: Overlay | None = None, theme: Any = "light"
) -> str:
    from asl.diagrams.layout import lay_out

    shape = build_shape(whole)
    layout = lay_out(shape, overlay=overlay)
    return write_svg(shape, layout, theme=theme, overlay=overlay)


def with_class(svg: str, name: str) -> list[ElementTree.Element]:
    root = ElementTree.fromstring(svg)
    return [one for one in root.iter() if name in one.get("class", "").split()]


def shown(text: str) -> str:
    """A name as XML can hold it."""
    return re.sub(
        "[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", text
    )


def check(whole: asl.StateMachine, svg: str) -> None:
    """The picture has the machine's states, groups and edges, and no others."""
    states = with_class(svg, "state")
    groups = [g for g in with_class(svg, "group") if "data-name" in g.attrib]
    found = {(one.get("data-pointer"), one.get("data-name")) for one in states + groups}
    assert found == {(shown(s.pointer), shown(s.name)) for s in whole.all_states()}
    assert len(states + groups) == len(list(whole.all_states()))
    shape = build_shape(whole)
    edges = [one.get("data-pointer") for one in with_class(svg, "edge")]
    assert edges == [shown(edge.pointer) for edge in shape.edges]


@pytest.mark.parametrize(
    "path", FILES, ids=lambda path: f"{path.parent.name}-{path.name}"
)
def test_a_picture_shows_the_machine(path: Path) -> None:
    whole = asl.load(path)

    check(whole, picture(whole))


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(drawn=machines())
def test_a_picture_shows_any_machine(drawn: tuple[dict[str, Any], Any]) -> None:
    whole = machine(drawn[0])

    check(whole, picture(whole))


def test_edges_name_both_their_states() -> None:
    edges = with_class(picture(orders()), "edge")

    ends = {
        e.get("data-pointer"): (e.get("data-from"), e.get("data-to")) for e in edges
    }
    assert ends["/StartAt"] == ("", "/States/Prepare")
    assert ends["/States/Prepare/Next"] == ("/States/Prepare", "/States/Each")
    assert ends["/States/Both/Catch/1/Next"] == ("/States/Both", "/States/Sorry")
    assert ends["/States/Happy"] == ("/States/Happy", "")


def test_no_name_becomes_markup() -> None:
    whole = passes(*HOSTILE)

    svg = picture(whole)

    check(whole, svg)
    tags = {one.tag.removeprefix(SVG) for one in ElementTree.fromstring(svg).iter()}
    assert tags <= {
        "svg",
        "title",
        "desc",
        "style",
        "g",
        "rect",
        "path",
        "circle",
        "text",
    }
    attributes = {
        name for one in ElementTree.fromstring(svg).iter() for name in one.attrib
    }
    assert not any(name.startswith("on") or "href" in name for name in attributes)


def test_the_machines_name_is_only_read() -> None:
    whole = machine({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}, '<x>&\x00"')

    root = ElementTree.fromstring(picture(whole))

    assert root.get("aria-label") == '<x>&\ufffd"'
    assert root.findtext(f"{SVG}title") == '<x>&\ufffd"'


def test_who_does_not_see_the_picture_hears_what_it_shows() -> None:
    svg = picture(orders())

    root = ElementTree.fromstring(svg)
    assert root.findtext(f"{SVG}desc") == "State machine with 16 states"
    pay = with_class(svg, "kind-task")[0]
    assert pay.get("role") == "button"
    assert pay.get("tabindex") == "0"
    assert pay.get("aria-label") == "Prepare, Task, lambda: prepare, ↻ 3× 2 s ×2"


def test_the_same_machine_has_the_same_bytes() -> None:
    assert picture(orders()) == picture(orders())


def test_each_state_type_has_its_sign() -> None:
    svg = picture(orders())

    kinds = {
        name
        for one in with_class(svg, "state") + with_class(svg, "group")
        for name in one.get("class", "").split()
        if name.startswith("kind-")
    }
    assert kinds == {
        "kind-task",
        "kind-choice",
        "kind-wait",
        "kind-pass",
        "kind-succeed",
        "kind-fail",
        "kind-parallel",
        "kind-map",
        "kind-branch",
    }
    assert len(with_class(svg, "tile")) == 16


def test_an_execution_is_drawn_on_its_machine() -> None:
    whole = orders()

    svg = picture(whole, overlay_of_execution(whole, ordered(whole)))

    check(whole, svg)
    marks = {
        one.get("data-name"): [
            name for name in one.get("class", "").split() if name.startswith("mark-")
        ]
        for one in with_class(svg, "state") + with_class(svg, "group")
    }
    assert marks["Prepare"] == ["mark-visited"]
    assert marks["Charge"] == ["mark-caught"]
    assert marks["Boom"] == ["mark-failed"]
    assert marks["Happy"] == ["mark-never"]
    texts = ["".join(one.itertext()) for one in with_class(svg, "trace")]
    assert "retried ×2, 6 s" in texts
    assert "#1" in texts
    assert "orders · FAILED after 71 s" in [t.text for t in with_class(svg, "caption")]
    assert len(with_class(svg, "badge-aborted")) == 1


def test_coverage_is_drawn_as_heat() -> None:
    whole = orders()
    coverage = Coverage()
    coverage.add(whole, ordered(whole))

    svg = picture(whole, overlay_of_coverage(whole, coverage.to_json()))

    hottest = with_class(svg, "heat-5")
    assert "Charge" in {one.get("data-name") for one in hottest}
    never = [one for one in with_class(svg, "mark-never") if "tabindex" in one.attrib]
    assert {one.get("data-name") for one in never} == {"After", "Happy", "Worse"}
    assert with_class(svg, "badge") == []


def test_coverage_of_nothing_marks_everything() -> None:
    whole = orders()
    coverage = Coverage()
    coverage.add(whole)

    svg = picture(whole, overlay_of_coverage(whole, coverage.to_json()))

    marked = [one for one in with_class(svg, "mark-never") if "data-name" in one.attrib]
    assert len(marked) == 16


def test_a_comparison_is_drawn_too() -> None:
    whole = passes("A", "B")
    overlay = Overlay(
        kind="comparison",
        states={"/States/A": StateTrace(status="changed", note="Result")},
        edges={"/States/A/Next": EdgeTrace(status="added")},
        title="1 changed",
    )

    svg = picture(whole, overlay)

    assert len(with_class(svg, "mark-changed")) == 1
    assert len(with_class(svg, "mark-added")) == 1
    assert [one.text for one in with_class(svg, "legend")] == [
        "+ added   ·   − removed   ·   ~ changed"
    ]


def test_a_long_caption_is_cut() -> None:
    whole = machine({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}, "x" * 300)
    overlay = Overlay(kind="execution", states={}, edges={}, title="SUCCEEDED")

    [caption] = with_class(picture(whole, overlay), "caption")

    assert caption.text == "x" * 119 + "…"


def test_a_label_that_is_cut_is_told_whole() -> None:
    rule = {
        "And": [
            {"Variable": f"$.some.long.path{n}", "IsPresent": True} for n in range(9)
        ]
    }
    whole = machine(
        {
            "StartAt": "A",
            "States": {
                "A": {
                    "Type": "Choice",
                    "Choices": [{**rule, "Next": "B"}],
                    "Default": "B",
                },
                "B": {"Type": "Succeed"},
            },
        }
    )

    edges = with_class(picture(whole), "edge")
    [edge] = [one for one in edges if "kind-choice" in one.get("class", "")]
    assert edge.findtext(f"{SVG}title", "").startswith("some.long.path0 is present and")


@pytest.mark.parametrize(
    "definition", [LOOPING, far_machine(120)], ids=["loops", "far"]
)
def test_unusual_ways_are_drawn(definition: Any) -> None:
    whole = machine(definition)

    check(whole, picture(whole))


@pytest.mark.parametrize("theme", ["light", "dark", "auto", "page"])
def test_every_theme_is_valid_xml_without_anything_fetched(theme: str) -> None:
    svg = picture(orders(), theme=theme)

    ElementTree.fromstring(svg)
    assert "url(" not in svg
    assert "@import" not in svg
    assert svg.count("http") == 1  # the namespace


@pytest.mark.parametrize("title", HOSTILE)
def test_no_text_is_wider_than_its_room_in_a_browser(title: str, page: Any) -> None:
    whole = passes(title, f"{title} 2"[-80:])
    svg = picture(whole)

    page.set_content(f"<body style='margin:0'>{svg}</body>")

    assert page.evaluate(_OVERFLOWING) == []


@pytest.mark.parametrize(
    "path", FILES, ids=lambda path: f"{path.parent.name}-{path.name}"
)
def test_nothing_overflows_in_real_machines(path: Path, page: Any) -> None:
    page.set_content(f"<body style='margin:0'>{picture(asl.load(path))}</body>")

    assert page.evaluate(_OVERFLOWING) == []


_OVERFLOWING = """() => {
  const wrong = [];
  for (const state of document.querySelectorAll("g.state, g.group")) {
    const frame = state.querySelector(".box, .frame").getBoundingClientRect();
    for (const text of state.querySelectorAll("text")) {
      const box = text.getBoundingClientRect();
      if (box.left < frame.left || box.right > frame.right || box.top < frame.top - 1
          || box.bottom > frame.bottom + 1)
        wrong.push([text.textContent, box.left, box.right, frame.left, frame.right]);
    }
  }
  return wrong;
}"""


@pytest.fixture(scope="module")
def page() -> Any:
    api = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed"
    )
    import shutil

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("chromium is not installed")
    with api.sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser.new_page()
        browser.close()
