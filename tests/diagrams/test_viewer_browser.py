"""The viewer in a real browser: headless Chromium, driven by Playwright."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from plain_picture import plain_picture

import asl
from asl.diagrams.html import viewer_script, viewer_style, write_html
from asl.diagrams.view import view_of

pytestmark = pytest.mark.full

HOSTILE = '<img src=x onerror="window.hit=1"></script><script>window.hit=1</script>\'"'

DEFINITION = {
    "Comment": "Packs and sends.",
    "StartAt": "Check",
    "States": {
        "Check": {
            "Type": "Task",
            "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:check",
            "Retry": [{"ErrorEquals": ["Busy"], "IntervalSeconds": 4}],
            "Next": "Both",
        },
        "Both": {
            "Type": "Parallel",
            "Branches": [
                {
                    "StartAt": "Rest",
                    "States": {"Rest": {"Type": "Wait", "Seconds": 9, "End": True}},
                },
                {
                    "StartAt": HOSTILE,
                    "States": {
                        HOSTILE: {
                            "Type": "Pass",
                            "Comment": HOSTILE,
                            "Assign": {"kept": HOSTILE},
                            "End": True,
                        }
                    },
                },
            ],
            "ResultPath": "$.both",
            "Next": "Each",
        },
        "Each": {
            "Type": "Map",
            "ItemsPath": "$.items",
            "ItemProcessor": {
                "StartAt": "Pack",
                "States": {"Pack": {"Type": "Pass", "End": True}},
            },
            "End": True,
        },
    },
}
MACHINE = asl.load_text(json.dumps(DEFINITION), name="parcels")


def executed() -> asl.Execution:
    answer = {"items": [1, 2, 3], "number": 1, "long": ["x" * 80] * 200}
    answers: list[Any] = [
        {"Throw": {"Error": "Busy", "Cause": HOSTILE}},
        {"Return": answer},
    ]
    return asl.run(MACHINE, {"given": HOSTILE}, tasks=asl.Mocks({"Check": answers}))


Open = Callable[..., Any]


@pytest.fixture
def show(browser: Any, tmp_path: Path) -> Iterator[Open]:
    """Opens a page; whatever it says on the console, or asks the network, fails."""
    pages: list[Any] = []
    said: list[str] = []

    def open_text(text: str, **options: Any) -> Any:
        file = tmp_path / "page.html"
        file.write_text(text, encoding="utf-8")
        options = {"viewport": {"width": 1300, "height": 850}, **options}
        page = browser.new_page(**options)
        page.set_default_timeout(10_000)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: said.append(request.url))
        page.goto(file.as_uri())
        said.remove(file.as_uri())
        pages.append(page)
        return page

    yield open_text
    for page in pages:
        page.close()
    assert said == []


def text_of(execution: asl.Execution | None = None, **given: Any) -> str:
    return write_html(MACHINE, plain_picture(MACHINE), execution=execution, **given)


def state(page: Any, name: str) -> Any:
    return page.locator(f"[data-pointer$='/States/{name}'][role=button]")


def details(page: Any) -> str:
    text: str = page.locator(".v-details").inner_text()
    return text


def test_a_click_on_a_state_shows_its_definition(show: Open) -> None:
    page = show(text_of())
    assert "Packs and sends." in details(page)
    state(page, "Check").click()
    assert "function:check" in details(page)
    assert state(page, "Check").get_attribute("aria-pressed") == "true"
    assert page.locator(".v-lower").is_hidden()
    page.keyboard.press("Escape")
    assert "Packs and sends." in details(page)


def test_a_state_of_an_execution_shows_what_came_in_and_what_happened(
    show: Open,
) -> None:
    page = show(text_of(executed()))
    state(page, "Check").click()
    told = details(page)
    assert '"given"' in told
    assert "Attempts (2)" in told
    assert "Busy" in told
    page.locator("summary", has_text="Request").first.click()
    page.locator(".v-attempts pre", has_text="given").wait_for()


def test_the_visits_of_a_state_can_be_gone_through(show: Open) -> None:
    page = show(text_of(executed()))
    state(page, "Each/ItemProcessor/States/Pack").click()
    assert "Visit 1 of 3 · iteration 0" in details(page)
    page.get_by_role("button", name="Next visit").click()
    page.get_by_role("button", name="Next visit").click()
    assert "Visit 3 of 3 · iteration 2" in details(page)
    assert page.get_by_role("button", name="Next visit").is_disabled()
    assert page.locator(".v-chart [aria-selected=true]").inner_text().startswith("Pack")


def test_hostile_names_and_payloads_are_shown_and_never_run(show: Open) -> None:
    page = show(text_of(executed(), title=HOSTILE))
    page.locator("[role=button][data-name*=onerror]").click()
    told = details(page)
    assert HOSTILE in told
    assert "$kept" in told
    page.keyboard.press("e")
    page.locator(".v-events .v-row").nth(3).click()
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".v-paper td", has_text="onerror").count() > 0
    assert page.evaluate("window.hit") is None
    assert page.locator("img").count() == 0


def test_the_policy_stops_a_script_that_got_in_all_the_same(
    browser: Any, tmp_path: Path
) -> None:
    picture = "<svg><a onclick='window.hit=1'></a><script>window.hit=1</script></svg>"
    file = tmp_path / "page.html"
    file.write_text(write_html(MACHINE, picture), encoding="utf-8")
    page = browser.new_page()
    page.goto(file.as_uri())
    assert page.locator(".v-header").count() == 1
    assert page.evaluate("window.hit") is None
    page.close()


def test_large_payloads_are_cut_until_all_is_asked_for(show: Open) -> None:
    page = show(text_of(executed()))
    state(page, "Check").click()
    output = page.locator(".v-section", has=page.locator("summary", has_text="Output"))
    short = output.locator("pre").inner_text()
    assert len(short) < 8_000
    output.get_by_role("button", name="Show all of Output").click()
    assert json.loads(output.locator("pre").inner_text())["number"] == 1
    assert output.get_by_role("button").count() == 0


def test_numbers_keep_all_their_digits(show: Open) -> None:
    number = "12345678901234567890.10"
    events = [
        {
            "type": "ExecutionStarted",
            "id": 1,
            "executionStartedEventDetails": {
                "input": f'{{"n":{number},"e":[],"o":{{}}}}'
            },
        }
    ]
    page = show(write_html(MACHINE, plain_picture(MACHINE), history=events))
    assert f'{{\n  "n": {number},\n  "e": [],\n  "o": {{}}\n}}' in details(page)
    assert "running" in page.locator(".v-summary").inner_text()


def test_everything_can_be_done_with_the_keyboard(show: Open) -> None:
    page = show(text_of(executed()))
    page.keyboard.press("/")
    page.keyboard.type("pack")
    assert "1 state · " in page.locator(".v-counts").inner_text()
    page.keyboard.press("Enter")
    assert "Visit 1 of 3" in details(page)
    page.keyboard.press("Escape")
    assert page.locator(".v-counts").inner_text() == ""
    page.locator(".v-canvas").focus()
    page.keyboard.press("Tab")  # the chosen state is the diagram's only stop
    focused = "document.activeElement.dataset.name"
    assert page.evaluate(focused) == "Pack"
    page.keyboard.press("ArrowUp")
    assert page.evaluate(focused) != "Pack"
    state(page, "Check").focus()
    page.keyboard.press("Enter")
    assert page.locator(".v-details h2").inner_text() == "Check"
    page.keyboard.press("e")
    page.keyboard.press("Tab")
    page.keyboard.press("End")
    assert "ExecutionSucceeded" in details(page)
    for key, kind in [("PageUp", ""), ("Home", "ExecutionStarted"), ("ArrowDown", "")]:
        page.keyboard.press(key)
        assert kind in details(page)
    chosen = page.locator(".v-events .v-rows").get_attribute("aria-activedescendant")
    assert page.locator(f"#{chosen}").get_attribute("aria-selected") == "true"
    page.keyboard.press("t")
    assert page.get_by_role("tab", name="Timeline").get_attribute("aria-selected") == (
        "true"
    )
    page.keyboard.press("ArrowRight")
    assert page.get_by_role("tab", name="Events").evaluate(
        "tab => tab === document.activeElement"
    )
    page.keyboard.press("?")
    page.get_by_role("dialog").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="hidden")


def test_the_diagram_zooms_and_moves(show: Open) -> None:
    page = show(text_of())
    box = page.locator(".v-canvas").bounding_box()
    svg = page.locator(".v-canvas > svg")

    def view() -> list[float]:
        return [float(part) for part in svg.get_attribute("viewBox").split()]

    first = view()
    page.mouse.move(box["x"] + 200, box["y"] + 200)
    page.mouse.wheel(0, -400)
    page.wait_for_function(
        "width => document.querySelector('svg').viewBox.baseVal.width < width",
        arg=first[2] - 1,
    )
    closer = view()
    page.mouse.down()
    page.mouse.move(box["x"] + 260, box["y"] + 230, steps=5)
    page.mouse.up()
    assert view()[0] < closer[0]
    assert page.locator("[aria-pressed]").count() == 0  # a drag chooses nothing
    page.locator(".v-canvas").focus()
    moved = view()
    page.keyboard.press("ArrowRight")
    assert view()[0] > moved[0]
    page.keyboard.press("-")
    assert view()[2] > moved[2]
    page.keyboard.press("+")
    page.keyboard.press("0")
    assert view()[2] == pytest.approx(box["width"], abs=2)
    page.get_by_role("button", name="Fit the diagram").click()
    fitted = view()
    page.keyboard.press("f")
    page.get_by_role("button", name="Zoom in").click()
    page.get_by_role("button", name="Zoom out").click()
    assert view() == pytest.approx(fitted)


def test_two_fingers_zoom(show: Open) -> None:
    page = show(text_of())
    svg = page.locator(".v-canvas > svg")
    before = float(svg.get_attribute("viewBox").split()[2])
    page.evaluate(
        """() => {
          const canvas = document.querySelector(".v-canvas");
          canvas.setPointerCapture = () => {};
          const send = (kind, pointerId, clientX) => canvas.dispatchEvent(
            new PointerEvent(kind, { pointerId, clientX, clientY: 300,
              pointerType: "touch", bubbles: true }));
          send("pointerdown", 1, 300); send("pointerdown", 2, 400);
          send("pointermove", 2, 500); send("pointermove", 1, 200);
          send("pointerup", 1, 200); send("pointerup", 2, 500);
        }"""
    )
    after = float(svg.get_attribute("viewBox").split()[2])
    assert after == pytest.approx(before / 3)


def test_the_timeline_shows_visits_where_they_belong(show: Open) -> None:
    page = show(text_of(executed()))
    rows = page.locator(".v-chart .v-row")
    labels = rows.locator("bdi").all_inner_texts()
    assert labels == [
        "Check", "Both", "branch 0", "Rest", "branch 1", HOSTILE, "Each",
        "iteration 0", "Pack", "iteration 1", "Pack", "iteration 2", "Pack",
    ]  # fmt: skip
    levels = [row.get_attribute("aria-level") for row in rows.all()]
    assert levels == list("1123231232323")
    bars = [rows.nth(n).locator(".v-bar").bounding_box() for n in (0, 3)]
    assert bars[0]["x"] < bars[1]["x"]
    assert bars[1]["width"] == pytest.approx(bars[0]["width"] * 9 / 4, rel=0.05)
    rows.nth(3).click()
    assert page.locator(".v-details h2").inner_text() == "Rest"
    assert state(page, "Both/Branches/0/States/Rest").get_attribute("aria-pressed")
    page.keyboard.press("ArrowLeft")  # to branch 0
    page.keyboard.press("ArrowLeft")
    assert rows.count() == 12
    page.keyboard.press("ArrowRight")
    assert rows.count() == 13
    rows.nth(6).locator(".v-twist").click()
    assert rows.count() == 7
    page.get_by_role("button", name="Draw by event number or by time").click()
    assert page.locator(".v-axis").inner_text() == "by event number"


def test_without_time_the_timeline_goes_by_event_number(show: Open) -> None:
    machine = asl.load_text(
        '{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},'
        '"B":{"Type":"Pass","End":true}}}'
    )
    page = show(
        write_html(machine, plain_picture(machine), execution=asl.run(machine, {}))
    )
    assert page.locator(".v-axis").inner_text() == "by event number"
    first, second = (
        page.locator(".v-bar").nth(number).bounding_box() for number in (0, 1)
    )
    assert first["x"] + first["width"] <= second["x"] + 1


def test_an_event_highlights_its_state(show: Open) -> None:
    page = show(text_of(executed()))
    page.get_by_role("tab", name="Events").click()
    page.locator(".v-events .v-row", has_text="LambdaFunctionFailed").click()
    assert state(page, "Check").get_attribute("aria-pressed") == "true"
    assert "Event 5: LambdaFunctionFailed" in details(page)
    assert page.locator(".v-events .v-mine").count() > 3
    page.keyboard.press("Home")
    assert page.locator("[aria-pressed]").count() == 0
    assert '"given"' in details(page)


def test_the_search_finds_states_and_what_events_hold(show: Open) -> None:
    page = show(text_of(executed()))
    page.get_by_role("searchbox").fill("busy")
    assert page.locator(".v-counts").inner_text() == "0 states · 1 event"
    assert page.locator(".v-faded").count() == 0
    page.keyboard.press("Enter")
    assert "Event 5" in details(page)
    page.get_by_role("searchbox").fill("map")
    assert "1 state · " in page.locator(".v-counts").inner_text()
    assert page.locator(".v-canvas .v-faded").count() == 5
    page.get_by_role("searchbox").fill("nothing has this")
    assert page.get_by_text("No event has this text.").is_visible()
    page.get_by_role("searchbox").fill("")
    assert page.locator(".v-faded").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_theme_follows_the_reader_or_the_button(show: Open, scheme: str) -> None:
    page = show(text_of(), color_scheme=scheme)
    ground = "getComputedStyle(document.querySelector('.v-viewer')).backgroundColor"
    box = "getComputedStyle(document.querySelector('.box')).fill"
    seen = {}
    for name in ("auto", "light", "dark"):
        assert page.locator("html").get_attribute("data-theme") == name
        seen[name] = (page.evaluate(ground), page.evaluate(box))
        page.get_by_role("button", name=f"Theme: {name}").click()
    assert seen["light"] == ("rgb(255, 255, 255)", "rgb(255, 255, 255)")
    assert seen["dark"] == ("rgb(18, 23, 30)", "rgb(22, 27, 34)")
    assert seen["auto"] == seen[scheme]


def test_paper_shows_the_whole_diagram_and_every_event(show: Open) -> None:
    execution = executed()
    page = show(text_of(execution), color_scheme="dark")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    rows = page.locator(".v-paper table").nth(1).locator("tbody tr")
    assert rows.count() == len(execution.history)
    assert page.locator(".v-lower").is_hidden()
    box = page.locator(".v-canvas > svg").get_attribute("viewBox")
    assert box.startswith("0 0 ")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator(".v-paper").count() == 0
    assert page.pdf()[:4] == b"%PDF"


def test_two_thousand_events_make_few_elements(
    show: Open, record_property: Callable[[str, object], None]
) -> None:
    machine = asl.load_text(
        json.dumps(
            {
                "StartAt": "Each",
                "States": {
                    "Each": {
                        "Type": "Map",
                        "ItemProcessor": {
                            "StartAt": "Rest",
                            "States": {
                                "Rest": {"Type": "Wait", "Seconds": 1, "Next": "Note"},
                                "Note": {"Type": "Pass", "End": True},
                            },
                        },
                        "End": True,
                    }
                },
            }
        )
    )
    items = [{"number": number, "text": "y" * 500} for number in range(330)]
    execution = asl.run(machine, items)
    assert len(execution.history) > 1_980
    page = show(write_html(machine, plain_picture(machine), execution=execution))
    timing = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    record_property("loaded_ms", timing)  # told, never judged
    page.keyboard.press("e")
    assert page.locator(".v-events .v-row").count() < 80
    page.get_by_role("searchbox").fill('"number":329')
    assert "0 states · " in page.locator(".v-counts").inner_text()
    page.get_by_role("searchbox").fill("")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    assert "ExecutionSucceeded" in details(page)
    page.locator(".v-events .v-rows").evaluate("list => list.scrollTop = 0")
    page.locator(".v-events .v-row", has_text="ExecutionStarted").wait_for()


def test_a_live_viewer_takes_newer_data_and_keeps_what_is_chosen(show: Open) -> None:
    shell = (
        f"<!DOCTYPE html><style>{viewer_style()}</style><div id=viewer></div>"
        f"<script>{viewer_script()}</script>"
    )
    page = show(shell)
    events = [event.to_aws() for event in executed().history]
    picture = plain_picture(MACHINE)

    def data(count: int, **more: Any) -> Any:
        return view_of(MACHINE, history=events[:count], live=True) | more

    create = (
        "data => { window.viewer = aslViewer.createViewer("
        "document.getElementById('viewer'), data) }"
    )
    page.evaluate(create, data(3, svg=picture))
    assert page.locator(".v-canvas .v-mark.v-running").count() == 1
    state(page, "Check").click()
    page.evaluate("data => viewer.update(data)", data(len(events)))
    assert page.locator(".v-details h2").inner_text() == "Check"
    assert "succeeded" in details(page)
    assert page.locator(".v-canvas .v-mark.v-succeeded").count() == 6
    page.evaluate("data => viewer.update(data)", data(2, svg=picture))
    page.evaluate("viewer.remove()")
    assert page.locator("#viewer > *").count() == 0
    broken = "data => { try { aslViewer.createViewer(document.body, data) }" + (
        " catch (error) { return error.message } }"
    )
    assert page.evaluate(broken, data(3, svg="<p/>")) == "data.svg is no SVG"


def test_the_page_that_draw_makes_works_as_well(show: Open) -> None:
    pytest.importorskip("pygraphviz", reason="needs Graphviz")
    from asl.diagrams.draw import draw

    text = draw(MACHINE, format="html", execution=executed(), theme="dark")
    page = show(text)
    state(page, "Check").click()
    assert "Attempts (2)" in details(page)
    shown = page.locator(".v-canvas .state[role=button], .v-canvas .group[role=button]")
    assert shown.count() == 6
    paper = "getComputedStyle(document.querySelector('.kind-task .box')).fill"
    dark = page.evaluate(paper)
    page.get_by_role("button", name="Theme: dark").click()
    page.get_by_role("button", name="Theme: auto").click()
    assert page.evaluate(paper) != dark
