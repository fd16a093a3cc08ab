"""`asl diff` as a user types it: what it prints where, and its exit codes."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from asl.cli.main import main

OLD = '{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}'
NEW = """\
StartAt: A
States:
  A: {Type: Pass, Next: B}
  B: {Type: Fail, Error: "${Name}"}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.asl.json").write_text(OLD)
    (tmp_path / "same.asl.yaml").write_text(
        "States:\n  A:\n    Type: Succeed\nStartAt: A\n"
    )
    (tmp_path / "new.asl.yaml").write_text(NEW)
    return tmp_path


def diff(*words: str) -> Result:
    return CliRunner().invoke(main, ["diff", *words])


def test_definitions_that_say_the_same() -> None:
    result = diff("old.asl.json", "same.asl.yaml")

    assert result.exit_code == 0
    assert result.stdout == "old.asl.json → same.asl.yaml: no difference\n"


def test_definitions_that_differ() -> None:
    result = diff("old.asl.json", "new.asl.yaml", "--substitute", "Name=Oops")

    assert result.exit_code == 1
    assert result.stdout.splitlines()[1:] == [
        "~ A (Pass)",
        '    Type: "Succeed" → "Pass"',
        "+ B (Fail)",
        "+ A → B (Next)",
        "+ B → End (End)",
        "- A → End (End)",
    ]


def test_the_differences_as_mermaid_and_json() -> None:
    drawn = diff(
        "old.asl.json", "new.asl.yaml", "--format", "mermaid", "--direction", "LR"
    )
    data = diff("old.asl.json", "new.asl.yaml", "--format", "json")

    assert drawn.exit_code == data.exit_code == 1
    assert drawn.stdout.startswith("flowchart LR\n")
    assert "#43; B" in drawn.stdout
    found = json.loads(data.stdout)
    assert found["same"] is False
    assert [change["status"] for change in found["states"]] == ["changed", "added"]


def test_a_file_is_written_as_its_suffix_says(folder: Path) -> None:
    result = diff("old.asl.json", "new.asl.yaml", "-o", "out.mmd")

    assert result.exit_code == 1
    assert result.output == ""
    text = (folder / "out.mmd").read_text(encoding="utf-8")
    assert text.startswith("flowchart TB\n")


@pytest.mark.full
def test_the_differences_as_svg(folder: Path) -> None:
    pytest.importorskip("pygraphviz", reason="needs pygraphviz")

    result = diff("old.asl.json", "new.asl.yaml", "-o", "out.svg", "--theme", "dark")

    assert result.exit_code == 1, result.output
    text = (folder / "out.svg").read_text(encoding="utf-8")
    assert 'data-pointer="/States/B"' in text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["old.asl.json", "gone.asl.json"], "gone.asl.json"),
        (["old.asl.json"], "Missing argument 'NEW'"),
        (["old.asl.json", "new.asl.yaml", "-o", "no/out.txt"], "--output no/out.txt"),
        (["old.asl.json", "new.asl.yaml", "--format", "gif"], "'gif' is not one of"),
    ],
)
def test_a_wrong_call(words: list[str], message: str) -> None:
    result = diff(*words)

    assert result.exit_code == 2
    assert message in result.output
    assert "Traceback" not in result.output
