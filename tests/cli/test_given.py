"""Reading what the command line hands in."""

from pathlib import Path

import pytest

from asl.cli.given import describe, find_place, import_tasks, read_pairs, read_samples
from asl.errors import DefinitionError, UsageError


def test_no_samples_are_an_empty_table() -> None:
    assert read_samples(None) == {}


@pytest.mark.parametrize(
    ("name", "text"), [("s.json", '{"A": {"x": 1}}'), ("s.yaml", "A: {x: 1}")]
)
def test_samples_are_json_or_yaml(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert read_samples(str(tmp_path / name)) == {"A": {"x": 1}}


@pytest.mark.parametrize(
    ("name", "text", "error"),
    [
        ("s.json", "[]", UsageError),
        ("s.json", "{", UsageError),
        ("s.yaml", "A: [", DefinitionError),
        ("s.yaml", "- 1", UsageError),
    ],
)
def test_samples_that_are_no_table_are_refused(
    tmp_path: Path, name: str, text: str, error: type[Exception]
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(error):
        read_samples(str(tmp_path / name))


def test_pairs_are_split_at_the_first_sign() -> None:
    assert read_pairs("--x", ["a=b=c", "d="]) == [("a", "b=c"), ("d", "")]


@pytest.mark.parametrize("pair", ["a", "=b"])
def test_pairs_need_a_name_and_a_sign(pair: str) -> None:
    with pytest.raises(UsageError, match="takes NAME=VALUE"):
        read_pairs("--x", [pair])


def test_a_file_that_hides_a_loaded_module_gets_another_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.path", ["."])
    (tmp_path / "json.py").write_text("value = 7")

    module = import_tasks(str(tmp_path / "json.py"))

    assert (module.__name__, module.value) == ("tasks_in_json", 7)


def test_a_file_without_suffix_is_no_python_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.path", ["."])
    (tmp_path / "handlers").write_text("value = 7")

    with pytest.raises(UsageError, match="is no Python file"):
        import_tasks(str(tmp_path / "handlers"))


def test_an_exception_that_was_never_raised_has_no_place() -> None:
    assert find_place(ValueError("x")) is None
    assert describe(ValueError("x")) == "ValueError: x"
