"""Silencing by pointer and by comment, and silences that silence nothing."""

from pathlib import Path

import pytest

from asl.checks.config import Config, Silence
from asl.checks.silence import is_unreadable, silence
from asl.problem import Problem, Severity
from asl.source.document import Document
from asl.source.reading import read_text

TEXT = """\
StartAt: Look{0}
States:
  Look:{1}
    Type: Task{2}
    {3}
    Retry:
      - ErrorEquals: [Busy]{4}
        MaxAttempts: 0
    Comment: "# asl: ignore ASL101"
  Pay: {{Type: Pass}}{5}
"""


def text(**comments: str) -> str:
    return TEXT.format(*(comments.get(f"_{n}", "") for n in range(6)))


def problems(document: Document) -> list[Problem]:
    return [
        document.problem(code, "wrong", pointer=pointer, severity=Severity.WARNING)
        for code, pointer in (
            ("ASL101", "/StartAt"),
            ("ASL503", "/States/Look/Type"),
            ("ASL405", "/States/Look/Retry/0/MaxAttempts"),
            ("ASL101", "/States/Pay"),
        )
    ]


def left(source: str, config: Config | None = None) -> list[tuple[str, str]]:
    """Codes and pointers of the problems that are let through."""
    found = silence(
        problems(read_text(source)),
        file="order.asl.yaml",
        text=source,
        config=config or Config(),
    )
    return [(p.code, p.pointer or p.message) for p in found]


ALL = [(p.code, p.pointer) for p in problems(read_text(text()))]


def test_without_silences_everything_is_let_through() -> None:
    assert left(text()) == ALL


@pytest.mark.parametrize(
    ("comments", "silenced"),
    [
        ({"_0": "  # asl: ignore ASL101"}, [0]),
        ({"_0": "  #asl:ignore asl101"}, [0]),
        ({"_0": "  # asl: ignore ASL1"}, [0]),
        ({"_1": "  # asl: ignore ASL503"}, [1]),
        ({"_1": "  # asl: ignore ASL503, ASL405 because"}, [1, 2]),
        ({"_2": "  # asl: ignore ASL503"}, [1]),
        ({"_3": "# asl: ignore ASL405\n\n    # and why"}, [2]),
        ({"_4": "  # asl: ignore ASL405"}, [2]),
        ({"_5": "  # asl: ignore ASL101"}, [3]),
    ],
)
def test_a_comment_silences_its_place_and_what_is_in_it(
    comments: dict[str, str], silenced: list[int]
) -> None:
    wanted = [item for n, item in enumerate(ALL) if n not in silenced]
    assert left(text(**comments)) == wanted


@pytest.mark.parametrize(
    ("comment", "message"),
    [
        ("  # asl: ignore ASL405", "the comment that ignores ASL405 silences nothing"),
        ("  # asl: ignore", "the comment names no code, so it silences nothing"),
        ("  # asl: ignore all", "the comment names no code, so it silences nothing"),
    ],
)
def test_a_comment_that_silences_nothing_is_noted(comment: str, message: str) -> None:
    assert left(text(_0=comment)) == [*ALL, ("ASL901", message)]


def test_the_note_stands_at_the_comment() -> None:
    source = text(_0="  # asl: ignore ASL405")
    (note,) = silence([], file="a.yaml", text=source, config=Config())
    assert (note.line, note.column, note.end_column) == (1, 16, 36)
    assert (note.file, note.severity) == ("a.yaml", Severity.INFO)


def test_a_comment_on_the_last_line_speaks_of_nothing() -> None:
    source = text() + "# asl: ignore ASL101\n"
    assert left(source)[:-1] == ALL


def test_rules_that_nobody_asked_for_make_no_silence_idle() -> None:
    source = text(_0="  # asl: ignore ASL405")
    assert left(source, Config(select=("ASL1",))) == [ALL[0], ALL[3]]
    config = Config(select=("ASL1",), silence=(by_pointer("", "ASL405"),))
    assert left(text(), config) == [ALL[0], ALL[3]]
    assert left(source, Config(ignore=("ASL9",))) == ALL


def test_json_has_no_comments() -> None:
    source = '{"StartAt": "x # asl: ignore ASL1"}'
    found = [Problem(code="ASL101", message="m", pointer="/StartAt", line=1)]
    config = Config()
    assert silence(found, file="a.json", text=source, config=config) == found
    broken = "a: [ # asl: ignore ASL101"
    assert silence(found, file="a.yaml", text=broken, config=config) == found


# -------------------------------------------------------------------------- by pointer


def by_pointer(pointer: str, *codes: str, file: str = "order.asl.yaml") -> Silence:
    return Silence(file=file, pointer=pointer, codes=codes)


@pytest.mark.parametrize(
    ("entry", "silenced"),
    [
        (by_pointer("/States/Look/Type", "ASL503"), [1]),
        (by_pointer("/States/Look", "ASL503", "ASL4"), [1, 2]),
        (by_pointer("", "ASL101"), [0, 3]),
        (by_pointer("/States", "ASL101", file="*.yaml"), [3]),
        (by_pointer("/States", "ASL101", file="other.yaml"), []),
    ],
)
def test_a_pointer_silences_its_place_and_what_is_in_it(
    entry: Silence, silenced: list[int]
) -> None:
    wanted = [item for n, item in enumerate(ALL) if n not in silenced]
    assert left(text(), Config(silence=(entry,))) == wanted


def test_a_pointer_that_silences_nothing_is_noted_in_its_file(tmp_path: Path) -> None:
    entry = by_pointer("/States/Loo", "ASL503", file="*order.asl.yaml")
    config = Config(path=tmp_path / "pyproject.toml", silence=(entry,))
    *_, note = silence([], file="order.asl.yaml", text=text(), config=config)
    assert note.code == "ASL901"
    assert note.file == str(tmp_path / "pyproject.toml")
    assert 'the silence of ASL503 at "/States/Loo" of order.asl.yaml' in note.message


def test_files_may_be_spared_a_rule() -> None:
    config = Config(per_file_ignores={"*.yaml": ("ASL1",), "*.json": ("ASL5",)})
    assert left(text(), config) == ALL[1:3]


# -------------------------------------------------------------------------- unreadable


def test_an_unreadable_file_cannot_be_silenced() -> None:
    found = [Problem(code="ASL003", message="no JSON")]
    config = Config(
        ignore=("ASL",),
        silence=(by_pointer("", "ASL003"),),
        per_file_ignores={"*": ("ASL",)},
    )
    assert silence(found, file="order.asl.yaml", text="{", config=config) == found
    assert is_unreadable(found[0])


@pytest.mark.parametrize(
    ("code", "severity"),
    [
        ("ASL006", Severity.ERROR),
        ("ASL101", Severity.ERROR),
        ("ASL002", Severity.WARNING),
    ],
)
def test_other_problems_leave_a_file_readable(code: str, severity: Severity) -> None:
    assert not is_unreadable(Problem(code=code, message="m", severity=severity))
