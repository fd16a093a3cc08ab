"""asl.draw: every format through the front door, and what it refuses; notebooks."""

import re
import sys
from typing import Any

import pytest
from pictured import machine, ordered, orders, passes

import asl
from asl.coverage.measure import Coverage
from asl.diagrams import raster


def test_mermaid_is_what_needs_nothing() -> None:
    assert asl.draw(passes("A")).startswith("flowchart TB\n")
    assert asl.draw(passes("A"), direction="LR").startswith("flowchart LR\n")


def test_dot_needs_nothing_either() -> None:
    assert asl.draw(passes("A"), format="dot").startswith("digraph")


@pytest.mark.parametrize("format", ["mermaid", "dot"])
def test_all_overlays_can_be_drawn_as_text(format: Any) -> None:
    whole = orders()
    execution = ordered(whole)
    events = [event.to_aws() for event in execution.history]
    answer: Any = {"events": events}
    coverage = Coverage()
    coverage.add(whole, execution)

    plain = asl.draw(whole, format=format)
    drawn = asl.draw(whole, format=format, execution=execution)

    assert drawn == asl.draw(whole, format=format, history=events)
    assert drawn == asl.draw(whole, format=format, history=answer)
    assert drawn != plain
    assert asl.draw(whole, format=format, coverage=coverage.to_json()) != plain


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"format": "gif"}, "there is no format 'gif'; choose one of mermaid, dot"),
        ({"direction": "UP"}, "there is no direction 'UP'; choose one of TB, LR"),
        ({"theme": "pink"}, "there is no theme 'pink'; choose one of light, dark"),
        ({"theme": "page"}, "there is no theme 'page'"),
        ({"history": {}}, 'it has no "events"'),
        ({"history": "[]"}, "history takes the list of events"),
        ({"history": 7}, "history takes the list of events"),
        ({"history": [{}]}, "this is no history: event 0 has no type"),
        ({"coverage": {}}, "this is no coverage data"),
        ({"history": [], "coverage": {}}, "one of execution, history and coverage"),
    ],
)
def test_what_makes_no_sense_is_refused(options: Any, message: str) -> None:
    with pytest.raises(asl.UsageError, match=re.escape(message)):
        asl.draw(passes("A"), **options)


def test_only_a_machine_can_be_drawn() -> None:
    with pytest.raises(asl.UsageError, match="not str: load it first"):
        asl.draw("order.asl.json")  # type: ignore[call-overload] # that is the test


@pytest.mark.parametrize("format", ["svg", "html", "png", "pdf"])
def test_the_extra_is_asked_for(format: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pygraphviz", None)

    with pytest.raises(asl.UsageError, match=r'pip install "aslkit\[draw\]"'):
        asl.draw(passes("A"), format=format)


@pytest.mark.parametrize("theme", ["light", "dark", "auto"])
@pytest.mark.full
def test_png_is_a_picture_in_pixels(theme: Any) -> None:
    needs("pygraphviz", "resvg_py")

    drawn = asl.draw(orders(), format="png", theme=theme)

    assert drawn.startswith(b"\x89PNG\r\n")
    assert drawn == asl.draw(orders(), format="png", theme=theme)


@pytest.mark.full
def test_png_and_pdf_are_light_unless_dark_is_asked_for() -> None:
    needs("pygraphviz", "resvg_py", "typst")

    for format in ("png", "pdf"):
        drawn = {
            theme: asl.draw(passes("A"), format=format, theme=theme)
            for theme in ("light", "dark", "auto")
        }
        assert drawn["auto"] == drawn["light"] != drawn["dark"]


@pytest.mark.full
def test_pdf_is_one_page_with_its_title() -> None:
    needs("pygraphviz", "typst")

    named = machine({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}, 'a"#x')

    drawn = asl.draw(named, format="pdf")

    assert drawn.startswith(b"%PDF-")
    assert drawn == asl.draw(named, format="pdf")


@pytest.mark.full
def test_svg_and_html_have_the_machine_and_the_run() -> None:
    needs("pygraphviz")
    whole = orders()
    execution = ordered(whole)

    svg = asl.draw(whole, format="svg", execution=execution)
    html = asl.draw(whole, format="html", execution=execution)

    assert "FAILED after 71 s" in svg
    assert html.startswith("<!DOCTYPE html>")
    assert 'class="asl-picture asl-page on-execution"' in html


@pytest.mark.full
def test_a_page_of_a_history_or_of_coverage() -> None:
    needs("pygraphviz")
    whole = orders()
    events = [event.to_aws() for event in ordered(whole).history]
    coverage = Coverage()
    coverage.add(whole)

    assert "on-execution" in asl.draw(whole, format="html", history=events)
    assert "on-coverage" in asl.draw(whole, format="html", coverage=coverage.to_json())


def needs(*names: str) -> None:
    for name in names:
        pytest.importorskip(name, reason=f"{name} is not installed")


# --------------------------------------------------------------------------- raster

PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="{}" height="{}" '
    'viewBox="0 0 10 10" aria-label="x"><rect width="10" height="10"/></svg>'
)


def size(png: bytes) -> tuple[int, int]:
    return int.from_bytes(png[16:20]), int.from_bytes(png[20:24])


@pytest.mark.full
def test_a_png_is_twice_as_fine_unless_it_were_huge() -> None:
    needs("resvg_py")

    assert size(raster.to_png(PICTURE.format(100, 50))) == (200, 100)
    width, height = size(raster.to_png(PICTURE.format(200, 60_000)))
    assert height <= 30_001
    assert width == pytest.approx(100, abs=1)


@pytest.mark.full
def test_without_fonts_another_way_brings_some(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    needs("typst")
    monkeypatch.setattr(raster, "_finds_fonts", lambda: False)

    assert size(raster.to_png(PICTURE.format(100, 50))) == (200, 100)


@pytest.mark.full
def test_fonts_are_looked_for() -> None:
    needs("resvg_py")

    assert isinstance(raster._finds_fonts(), bool)


@pytest.mark.full
def test_a_huge_pdf_fits_what_readers_can_show() -> None:
    needs("typst")

    assert raster.to_pdf(PICTURE.format(100, 60_000)).startswith(b"%PDF-")


def test_only_our_own_pictures_become_pixels() -> None:
    with pytest.raises(asl.UsageError, match="no picture of asl's"):
        raster.to_png("<svg/>")


@pytest.mark.parametrize(
    ("module", "convert"), [("resvg_py", raster.to_png), ("typst", raster.to_pdf)]
)
def test_a_missing_library_is_one_sentence(
    module: str, convert: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    raster._finds_fonts.cache_clear()
    monkeypatch.setitem(sys.modules, module, None)

    with pytest.raises(asl.UsageError, match=r'the extra "draw": pip install'):
        convert(PICTURE.format(1, 1))


# ------------------------------------------------------------------------ notebooks


@pytest.mark.full
def test_a_notebook_shows_a_machine_and_a_run() -> None:
    needs("pygraphviz")
    whole = orders()

    still = whole._repr_mimebundle_(include=None, exclude=None)
    moved = ordered(whole)._repr_mimebundle_(include=None, exclude=None)

    assert set(still) == set(moved) == {"text/plain", "image/svg+xml"}
    assert still["text/plain"] == repr(whole)
    assert "FAILED after 71 s" in moved["image/svg+xml"]


def test_without_the_extra_a_notebook_gets_mermaid(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    whole = orders()

    still = whole._repr_mimebundle_()
    moved = ordered(whole)._repr_mimebundle_()

    assert still["text/vnd.mermaid"] == asl.draw(whole)
    assert moved["text/plain"].startswith("<Execution ")
    assert moved["text/vnd.mermaid"] != still["text/vnd.mermaid"]


def test_what_runs_no_whole_machine_is_told_in_words() -> None:
    execution = ordered(orders())
    each: Any = execution.machine.states["Each"]
    execution.machine = each.processor

    assert set(execution._repr_mimebundle_()) == {"text/plain"}
