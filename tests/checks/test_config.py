"""[tool.asl]: where it is found, what it may say, which files it means."""

from pathlib import Path

import pytest

from asl.checks.config import Config, Configs, Silence, read_codes
from asl.errors import UsageError

KNOWN = ("ASL101", "ASL102", "ASL253", "ASL503")


def write(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "pyproject.toml"
    file.write_text(text, "utf-8")
    return file


def test_everything_can_be_said(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        """
        [tool.asl]
        select = ["ASL1", "asl503"]
        ignore = ["ASL102"]
        strict = true
        silence = [{file = "order.asl.json", pointer = "/States/Pay", codes = ["ASL5"]}]
        [tool.asl.per-file-ignores]
        "old/*" = ["ASL101"]
        """,
    )
    config = Configs(KNOWN).find(tmp_path / "deep" / "down")
    assert config == Config(
        path=file,
        select=("ASL1", "ASL503"),
        ignore=("ASL102",),
        strict=True,
        silence=(
            Silence(file="order.asl.json", pointer="/States/Pay", codes=("ASL5",)),
        ),
        per_file_ignores={"old/*": ("ASL101",)},
    )
    assert [code for code in KNOWN if config.wants(code)] == ["ASL101", "ASL503"]


def test_without_a_configuration_everything_is_wanted(tmp_path: Path) -> None:
    write(tmp_path / "a", "[tool.other]\nx = 1\n# asl\n")
    config = Configs(KNOWN).find(tmp_path / "a")
    assert config.path is None or not config.path.is_relative_to(tmp_path)
    assert Config().wants("ASL101")


def test_the_nearest_configuration_counts(tmp_path: Path) -> None:
    write(tmp_path, "[tool.asl]\nignore = ['ASL1']")
    write(tmp_path / "a", "[project]\nname = 'asl'")
    write(tmp_path / "b", "[tool.asl]")
    configs = Configs(KNOWN)
    assert configs.find(tmp_path / "a" / "x").ignore == ("ASL1",)
    assert configs.find(tmp_path / "a").ignore == ("ASL1",)
    assert configs.find(tmp_path / "b").ignore == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tool.asl", "cannot be read"),
        ("[tool]\nasl = 1", r"\[tool.asl\] must be a table, not 1"),
        ("[tool.asl]\nselct = []", "unknown key 'selct'; did you mean select?"),
        ("[tool.asl]\nqqq = []", "unknown key 'qqq'; there are select, ignore"),
        ("[tool.asl]\nselect = 'ASL1'", "select must be a list of codes"),
        ("[tool.asl]\nignore = ['ASL105']", "no rule 'ASL105'; did you mean ASL10"),
        ("[tool.asl]\nignore = ['', 'ASL1']", "no rule ''"),
        ("[tool.asl]\nignore = [1]", "no rule 1"),
        ("[tool.asl]\nstrict = 1", "strict must be true or false, not 1"),
        ("[tool.asl]\nsilence = {}", "silence must be a list"),
        ("[tool.asl]\nsilence = ['x']", r"silence\[0\] must be a table"),
        ("[tool.asl]\nsilence = [{file='x', codes=['ASL1']}]", "needs pointer"),
        (
            "[tool.asl]\nsilence = [{file=1, pointer='', codes=[]}]",
            "file must be a text, not 1",
        ),
        (
            "[tool.asl]\nsilence = [{file='x', pointer='States', codes=['ASL1']}]",
            "must be a JSON Pointer such as /States/Pay, not 'States'",
        ),
        (
            "[tool.asl]\nsilence = [{file='x', point='', codes=['ASL1']}]",
            "unknown key 'point'; did you mean pointer?",
        ),
        ("[tool.asl]\nper-file-ignores = []", "per-file-ignores must be a table"),
        (
            "[tool.asl]\nper-file-ignores = {'a*' = ['ASL7']}",
            "per-file-ignores 'a\\*': there is no rule 'ASL7'",
        ),
    ],
)
def test_what_it_cannot_say_is_refused(tmp_path: Path, text: str, message: str) -> None:
    write(tmp_path, text)
    with pytest.raises(UsageError, match=message) as error:
        Configs(KNOWN).find(tmp_path)
    assert "pyproject.toml" in str(error.value)


def test_codes_are_read_in_any_case_and_by_their_beginnings() -> None:
    assert read_codes("--select", [" asl1 ", "ASL503"], KNOWN) == ["ASL1", "ASL503"]


@pytest.mark.parametrize(
    ("file", "pattern", "matches"),
    [
        ("a/order.asl.json", "order.asl.json", True),
        ("a/order.asl.json", "*.json", True),
        ("a/order.asl.json", "a/order.asl.json", True),
        ("a/b/order.asl.json", "a/*.json", True),
        ("a/order.asl.json", "b/*", False),
        ("a/order.asl.json", "./a/*", True),
        ("a/order.asl.json", "order", False),
        ("../order.asl.json", "a/*", False),
    ],
)
def test_files_are_meant_by_path_or_name(
    tmp_path: Path, file: str, pattern: str, matches: bool
) -> None:
    config = Config(path=tmp_path / "p" / "pyproject.toml")
    assert config.matches_file(str(tmp_path / "p" / file), pattern) is matches


def test_standard_input_is_meant_by_its_dash() -> None:
    assert Config().matches_file("-", "-")
    assert not Config().matches_file("-", "order.asl.json")
