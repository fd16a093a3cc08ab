"""Which definitions the words of a command line stand for."""

from pathlib import Path

import pytest

from asl.errors import UsageError
from asl.source.search import find_definitions


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in (
        "b.asl.json",
        "a.asl.yaml",
        "plain.json",
        "deep/c.ASL.yml",
        "deep/deeper/d.asl.json",
        ".hidden/e.asl.json",
        "node_modules/f.asl.json",
    ):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "files"),
    [
        (["plain.json"], ["plain.json"]),
        (["gone.json"], ["gone.json"]),
        (["-"], ["-"]),
        (
            ["."],
            ["a.asl.yaml", "b.asl.json", "deep/c.ASL.yml", "deep/deeper/d.asl.json"],
        ),
        (["deep"], ["deep/c.ASL.yml", "deep/deeper/d.asl.json"]),
        (["*.json"], ["b.asl.json", "plain.json"]),
        (["d*/**/*.asl.json"], ["deep/deeper/d.asl.json"]),
        (["dee?"], ["deep/c.ASL.yml", "deep/deeper/d.asl.json"]),
        (
            ["plain.json", "./plain.json", "*.json", "-", "-"],
            ["plain.json", "b.asl.json", "-"],
        ),
        ([".hidden"], [".hidden/e.asl.json"]),
    ],
)
def test_words_stand_for_files(words: list[str], files: list[str]) -> None:
    found = find_definitions(words)
    assert [Path(file).as_posix() for file in found] == files


def test_a_file_with_the_signs_of_a_pattern_is_a_file(folder: Path) -> None:
    (folder / "what[1].asl.json").touch()
    assert find_definitions(["what[1].asl.json"]) == ["what[1].asl.json"]


def test_an_absolute_pattern_is_a_pattern(folder: Path) -> None:
    pattern = str(folder / "*.yaml")
    assert find_definitions([pattern]) == [str(folder / "a.asl.yaml")]


@pytest.mark.parametrize("word", ["empty", "*.nothing"])
def test_a_word_that_stands_for_nothing_is_an_error(word: str) -> None:
    with pytest.raises(UsageError, match=r"there is no definition|no file is named"):
        find_definitions([word])
