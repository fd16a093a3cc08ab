"""asl draw: pictures of files and folders, on standard output or in files."""

import json
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

import asl
from asl.cli.main import main

MACHINE = {
    "StartAt": "Pay",
    "States": {"Pay": {"Type": "Pass", "Next": "Gruß"}, "Gruß": {"Type": "Succeed"}},
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write("order.asl.json", MACHINE)
    return tmp_path


def write(name: str, value: Any) -> None:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(json.dumps(value), encoding="utf-8")


def draw(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["draw", *arguments])


def test_without_more_it_is_mermaid_on_standard_output() -> None:
    result = draw("order.asl.json")

    assert result.exit_code == 0
    assert result.stdout == asl.draw(asl.load("order.asl.json"))
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("name", "begin"),
    [
        ("out.mmd", "flowchart TB"),
        ("out.mermaid", "flowchart TB"),
        ("out.dot", "digraph"),
        ("out.gv", "digraph"),
        ("new/folder/OUT.MMD", "flowchart TB"),
    ],
)
def test_the_ending_says_what_it_is(name: str, begin: str) -> None:
    result = draw("order.asl.json", "-o", name)

    assert result.exit_code == 0
    assert result.stdout == ""
    assert result.stderr.replace("\\", "/") == f"{name}\n"
    assert Path(name).read_text(encoding="utf-8").startswith(begin)


def test_the_format_may_be_said() -> None:
    assert draw("order.asl.json", "--format", "dot").stdout.startswith("digraph")
    draw("order.asl.json", "--format", "dot", "-o", "out.txt")
    assert Path("out.txt").read_text(encoding="utf-8").startswith("digraph")


def test_an_ending_that_says_nothing_is_refused() -> None:
    result = draw("order.asl.json", "-o", "out.gif")

    assert result.exit_code == 2
    assert "-o out.gif: end the name in one of .mmd, .dot, .svg" in result.stderr


def test_direction_and_theme_are_passed_on() -> None:
    result = draw("order.asl.json", "--direction", "LR", "--theme", "dark")

    assert result.stdout == asl.draw(
        asl.load("order.asl.json"), direction="LR", theme="dark"
    )


def test_placeholders_can_be_filled() -> None:
    call = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": "${Name}"},
        "End": True,
    }
    write("filled.json", {"StartAt": "A", "States": {"A": call}})

    drawn = draw("filled.json", "--substitute", "Name=charge").stdout

    assert "lambda: charge" in drawn


def test_an_output_that_is_a_folder_gets_the_machines_name() -> None:
    result = draw("order.asl.json", "-o", "pictures/", "--format", "mermaid")

    assert result.exit_code == 0
    assert Path("pictures/order.mmd").is_file()


def test_a_file_of_any_name_is_drawn() -> None:
    write("definition", MACHINE)

    assert draw("definition", "-o", ".", "--format", "dot").exit_code == 0
    assert Path("definition.dot").is_file()


# -------------------------------------------------------------------------- folders


def test_a_folder_draws_each_machine_beside_its_file() -> None:
    write("more/other.asl.json", MACHINE)

    result = draw(".", "--format", "mermaid")

    assert result.exit_code == 0
    assert Path("order.mmd").is_file()
    assert Path("more/other.mmd").is_file()


def test_a_folder_is_drawn_into_another_as_it_is_ordered() -> None:
    write("in/deep/a.asl.json", MACHINE)
    write("in/b.asl.json", MACHINE)

    result = draw("in", "-o", "out", "--format", "dot")

    assert result.exit_code == 0
    assert sorted(p.as_posix() for p in Path("out").rglob("*.dot")) == [
        "out/b.dot",
        "out/deep/a.dot",
    ]


def test_two_machines_of_one_name_get_two_pictures() -> None:
    Path("order.asl.yaml").write_text(json.dumps(MACHINE), encoding="utf-8")

    assert draw(".", "--format", "mermaid").exit_code == 0
    assert Path("order.mmd").is_file()
    assert Path("order.asl.yaml.mmd").is_file()


def test_one_bad_machine_does_not_keep_the_others_from_being_drawn() -> None:
    write("bad.asl.json", {"StartAt": "A", "States": {}})

    result = draw(".", "--format", "mermaid")

    assert result.exit_code == 2
    assert "bad.asl.json" in result.stderr
    assert Path("order.mmd").is_file()
    assert not Path("bad.mmd").exists()


def test_a_folder_is_not_drawn_into_a_file() -> None:
    result = draw(".", "-o", "order.asl.json")

    assert result.exit_code == 2
    assert "for a folder of definitions, name a folder" in result.stderr


# ---------------------------------------------------------------------------- check


def test_check_is_content_with_what_is_up_to_date() -> None:
    draw("order.asl.json", "-o", "out.mmd")

    assert draw("order.asl.json", "-o", "out.mmd", "--check").exit_code == 0


def test_check_does_not_mind_how_lines_end() -> None:
    draw("order.asl.json", "-o", "out.mmd")
    text = Path("out.mmd").read_bytes().replace(b"\r\n", b"\n")
    Path("out.mmd").write_bytes(text.replace(b"\n", b"\r\n"))

    assert draw("order.asl.json", "-o", "out.mmd", "--check").exit_code == 0


def test_check_finds_what_is_out_of_date_and_writes_nothing() -> None:
    Path("out.mmd").write_text("flowchart TB\n", encoding="utf-8")

    result = draw("order.asl.json", "-o", "out.mmd", "--check")

    assert result.exit_code == 1
    assert result.stderr.startswith("out.mmd: is out of date")
    assert Path("out.mmd").read_text(encoding="utf-8") == "flowchart TB\n"


def test_check_finds_what_is_missing() -> None:
    result = draw(".", "--format", "dot", "--check")

    assert result.exit_code == 1
    assert "order.dot: is missing" in result.stderr
    assert not Path("order.dot").exists()


# -------------------------------------------------------------- executions, coverage


def ran() -> asl.Execution:
    return asl.run(asl.load("order.asl.json"))


@pytest.mark.parametrize("around", ["events", "history", None])
def test_an_execution_is_drawn(around: str | None) -> None:
    events = [event.to_aws() for event in ran().history]
    write("run.json", events if around is None else {around: events})

    result = draw("order.asl.json", "--execution", "run.json")

    assert result.exit_code == 0
    assert result.stdout == asl.draw(asl.load("order.asl.json"), history=events)


def test_what_asl_run_has_written_can_be_drawn() -> None:
    told = CliRunner().invoke(
        main, ["run", "order.asl.json", "--output", "json", "--history", "json"]
    )
    Path("run.json").write_text(told.stdout, encoding="utf-8")

    result = draw("order.asl.json", "--execution", "run.json")

    assert result.stdout == asl.draw(asl.load("order.asl.json"), execution=ran())


@pytest.mark.parametrize("value", [{}, [], 7, {"events": {}}])
def test_what_holds_no_events_is_refused(value: Any) -> None:
    write("run.json", value)

    result = draw("order.asl.json", "--execution", "run.json")

    assert result.exit_code == 2
    assert "--execution run.json: holds no events" in result.stderr


@pytest.mark.parametrize("option", ["--execution", "--coverage"])
@pytest.mark.parametrize("content", [None, b"{", b"\xff\xfe{"])
def test_what_cannot_be_read_is_told(option: str, content: bytes | None) -> None:
    if content is not None:
        Path("data.json").write_bytes(content)

    result = draw("order.asl.json", option, "data.json")

    assert result.exit_code == 2
    assert f"{option} data.json: cannot be read" in result.stderr


def test_coverage_is_drawn() -> None:
    from asl.coverage.measure import Coverage

    coverage = Coverage()
    coverage.add(asl.load("order.asl.json"), ran())
    write("coverage.json", coverage.to_json())

    result = draw("order.asl.json", "--coverage", "coverage.json")

    assert result.exit_code == 0
    assert "1×" in result.stdout


# ------------------------------------------------------------------------- the call


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("order.asl.json", "--check"), "name it with -o"),
        ((".", "--execution", "x"), "--execution is of one machine"),
        (("order.asl.json", "--execution", "x", "--coverage", "y"), "at a time"),
        ((".", "--check", "--open"), "--check writes nothing"),
    ],
)
def test_what_makes_no_sense_together_is_refused(
    arguments: tuple[str, ...], message: str
) -> None:
    result = draw(*arguments)

    assert result.exit_code == 2
    assert message in result.stderr


def test_a_definition_that_is_wrong_is_told() -> None:
    write("bad.asl.json", {"StartAt": "A", "States": {}})

    assert draw("bad.asl.json").exit_code == 2
    assert draw("nowhere.asl.json").exit_code == 2


def test_a_picture_that_cannot_be_written_is_told() -> None:
    result = draw("order.asl.json", "-o", "order.asl.json/out.mmd")

    assert result.exit_code == 2
    assert "cannot be written" in result.stderr


def test_the_missing_extra_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pygraphviz", None)

    result = draw("order.asl.json", "-o", "out.svg")

    assert result.exit_code == 2
    assert 'pip install "aslkit[draw]"' in result.stderr
    assert not Path("out.svg").exists()


def test_open_shows_what_was_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(click, "launch", opened.append)

    draw("order.asl.json", "-o", "out.mmd", "--open")
    draw("order.asl.json", "--format", "mermaid", "--open")

    assert opened[0] == "out.mmd"
    assert Path(opened[1]).name == "order.mmd"
    assert Path(opened[1]).is_file()


@pytest.mark.full
@pytest.mark.parametrize("suffix", ["svg", "png", "pdf", "html"])
def test_every_other_format_is_written(suffix: str) -> None:
    for name in ("pygraphviz", "resvg_py", "typst"):
        pytest.importorskip(name, reason=f"{name} is not installed")

    assert draw("order.asl.json", "-o", f"out.{suffix}").exit_code == 0
    assert draw("order.asl.json", "-o", f"out.{suffix}", "--check").exit_code == 0


@pytest.mark.full
def test_bytes_go_to_standard_output_too() -> None:
    for name in ("pygraphviz", "resvg_py"):
        pytest.importorskip(name, reason=f"{name} is not installed")

    assert draw("order.asl.json", "--format", "png").stdout_bytes.startswith(b"\x89PNG")


@pytest.mark.full
def test_a_folder_becomes_svg_unless_something_else_is_said() -> None:
    pytest.importorskip("pygraphviz", reason="pygraphviz is not installed")

    assert draw(".").exit_code == 0
    assert Path("order.svg").is_file()
    assert draw("order.asl.json", "-o", "pictures/").exit_code == 0
    assert Path("pictures/order.svg").is_file()
