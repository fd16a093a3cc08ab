"""Reading: files, encodings, formats, and what a file must hold."""

import codecs
from pathlib import Path

import pytest

from asl.errors import DefinitionError
from asl.problem import Problem, Severity
from asl.source.reading import read_file, read_text, read_value
from asl.values import Json

OBJECT = '{"Comment": "ä😀"}'


def fault(text: str, name: str | None = None) -> Problem:
    """The one Problem of a text that cannot be read."""
    with pytest.raises(DefinitionError) as caught:
        read_text(text, name=name)
    (problem,) = caught.value.problems
    return problem


def file_fault(path: Path) -> Problem:
    """The one Problem of a file that cannot be read."""
    with pytest.raises(DefinitionError) as caught:
        read_file(path)
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize(
    ("name", "text", "format"),
    [
        ("a.json", '{"a": 1}', "json"),
        ("a.asl.json", '{"a": 1}', "json"),
        ("a.asl", '{"a": 1}', "json"),
        ("A.JSON", '{"a": 1}', "json"),
        ("a.yaml", "a: 1", "yaml"),
        ("a.yml", "a: 1", "yaml"),
        ("a.asl.yaml", "{a: 1}", "yaml"),
        ("a.asl.yml", "a: 1", "yaml"),
        ("a.yaml", '{"a": 1}', "json"),
        ("a.yaml", '{"a": 1, }', "yaml"),
        ("a.txt", '\n {"a": 1}', "json"),
        ("a.txt", '"a": 1', "yaml"),
        ("noend", "a: 1", "yaml"),
    ],
)
def test_the_suffix_or_the_look_decides_the_format(
    tmp_path: Path, name: str, text: str, format: str
) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    for document in (read_file(path), read_file(str(path)), read_text(text, name=name)):
        assert document.value == {"a": 1}
        assert document.format == format
        assert document.text == text
    assert read_file(path).file == str(path)


@pytest.mark.parametrize(
    ("name", "file"), [("a.json", "a.json"), ("order", None), (None, None), ("", None)]
)
def test_a_name_is_a_file_only_with_a_suffix(
    name: str | None, file: str | None
) -> None:
    assert read_text("{}", name=name).file == file
    assert read_value({}, name=name).file == file


def test_yaml_in_a_json_file_is_told() -> None:
    problem = fault("StartAt: A", name="a.json")
    assert problem.code == "ASL003"
    assert "YAML" in str(problem.suggestion)


@pytest.mark.parametrize(
    "data",
    [
        OBJECT.encode(),
        codecs.BOM_UTF8 + OBJECT.encode(),
        OBJECT.encode("utf-16"),
        codecs.BOM_UTF16_BE + OBJECT.encode("utf-16-be"),
        OBJECT.encode("utf-16-le"),
        OBJECT.encode("utf-32"),
        codecs.BOM_UTF32_BE + OBJECT.encode("utf-32-be"),
    ],
)
@pytest.mark.parametrize("suffix", [".json", ".yaml"])
def test_every_unicode_encoding_is_read(
    tmp_path: Path, data: bytes, suffix: str
) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(data)
    document = read_file(path)
    assert document.value == {"Comment": "ä😀"}
    span = document.place("/Comment")
    assert span is not None
    assert span.column == 13


def test_a_byte_order_mark_in_a_text_is_passed_over() -> None:
    assert read_text("\ufeff" + OBJECT).value == {"Comment": "ä😀"}


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_another_encoding_is_told_with_its_place(tmp_path: Path, mark: bytes) -> None:
    path = tmp_path / "a.json"
    start = '{\n"ä": "'.encode()
    path.write_bytes(mark + start + b'\xe9"}')
    problem = file_fault(path)
    assert (problem.code, problem.line, problem.column) == ("ASL002", 2, 7)
    assert f"byte 0xe9 at byte offset {len(mark + start)}" in problem.message
    assert problem.message.startswith("the file is not UTF-8")
    assert problem.suggestion == "save it as UTF-8"


def test_half_a_utf_16_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes("{}".encode("utf-16") + b"\x00")
    problem = file_fault(path)
    assert (problem.code, problem.line) == ("ASL002", None)
    assert problem.message.startswith("the file is not UTF-16")


def test_a_missing_file_names_a_similar_one(tmp_path: Path) -> None:
    (tmp_path / "order.asl.json").write_text("{}")
    problem = file_fault(tmp_path / "oder.asl.json")
    assert (problem.code, problem.message) == ("ASL001", "there is no such file")
    assert problem.file == str(tmp_path / "oder.asl.json")
    assert problem.suggestion == f"did you mean {str(tmp_path / 'order.asl.json')!r}?"


@pytest.mark.parametrize("name", ["nothing.json", "no/folder.json"])
def test_a_missing_file_without_neighbours_is_told(tmp_path: Path, name: str) -> None:
    assert file_fault(tmp_path / name).suggestion == "check the path"


def test_a_directory_is_told(tmp_path: Path) -> None:
    problem = file_fault(tmp_path)
    assert (problem.code, problem.message) == ("ASL001", "this is a directory")


def test_any_other_refusal_of_the_system_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    problem = file_fault(tmp_path / "a.json")
    assert problem.message == "the file cannot be read: Permission denied"


def test_a_path_that_cannot_be_one_is_told() -> None:
    assert "null byte" in file_fault(Path("a\0.json")).message


@pytest.mark.parametrize(
    "text",
    ["", " \n\t", "\ufeff", "# only a comment", "---\n", "%YAML 1.2\n--- # no\n..."],
)
def test_an_empty_text_is_told(text: str) -> None:
    problem = fault(text)
    assert (problem.code, problem.aws_code) == ("ASL005", "SCHEMA_VALIDATION_FAILED")
    assert problem.message == "there is no definition: the text is empty"


@pytest.mark.parametrize(
    ("text", "kind", "aws_code"),
    [
        ("[1]", "a list", "SCHEMA_VALIDATION_FAILED"),
        ("- a", "a list", "SCHEMA_VALIDATION_FAILED"),
        ('"a"', "a text", "SCHEMA_VALIDATION_FAILED"),
        ("3", "a number", "SCHEMA_VALIDATION_FAILED"),
        ("2.5", "a number", "SCHEMA_VALIDATION_FAILED"),
        ("true", "true or false", "SCHEMA_VALIDATION_FAILED"),
        ("two words", "a text", "INVALID_JSON_DESCRIPTION"),
        ("null", "null", "SCHEMA_VALIDATION_FAILED"),
        ("~", "null", "INVALID_JSON_DESCRIPTION"),
    ],
)
def test_a_definition_is_an_object(text: str, kind: str, aws_code: str) -> None:
    problem = fault(text)
    assert problem.message == f"a state machine is a JSON object, this is {kind}"
    assert (problem.code, problem.aws_code) == ("ASL005", aws_code)
    assert (problem.line, problem.column) == (1, 1)


@pytest.mark.parametrize("value", [None, [], "x", 1])
def test_data_must_be_an_object_too(value: Json) -> None:
    with pytest.raises(DefinitionError, match="a state machine is a JSON object"):
        read_value(value)


@pytest.mark.parametrize(
    "value", [{"a": float("nan")}, {1: 2}, {"a": object()}, {"a": {1, 2}}]
)
def test_data_that_is_not_json_is_refused(value: Json) -> None:
    with pytest.raises(DefinitionError) as caught:
        read_value(value)
    assert caught.value.problems[0].code == "ASL008"


def test_data_that_fills_the_stack_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def overflow(_: Json) -> Json:
        raise RecursionError

    monkeypatch.setattr("asl.source.reading.to_json", overflow)
    with pytest.raises(DefinitionError) as caught:
        read_value({})
    assert caught.value.problems[0].aws_code == "TOO_DEEPLY_NESTED"


def test_data_inside_itself_is_refused() -> None:
    value: dict[str, Json] = {}
    value["a"] = value
    with pytest.raises(DefinitionError, match="nested deeper than 500"):
        read_value(value)


def test_data_is_copied_and_filled() -> None:
    value = {"a": ("${A}", 1)}
    document = read_value(value, substitutions={"A": "x"})
    assert document.value == {"a": ["x", 1]}
    assert (document.format, document.text) == ("value", "")


def test_half_a_character_escaped_is_a_warning() -> None:
    document = read_text(
        '{"a": ["x\\ud800"], "\\udc00": "\\u00e4", "b": "\\\\ud800 \\ud83d\\ude00"}'
    )
    assert document.value["a"] == ["x\ud800"]
    assert [(p.code, p.pointer, p.column) for p in document.problems] == [
        ("ASL002", "/\udc00", 20),
        ("ASL002", "/a/0", 10),
    ]
    assert {p.severity for p in document.problems} == {Severity.WARNING}
    assert all(str(p).isascii() for p in document.problems)


@pytest.mark.parametrize("name", ["a.json", "a.yaml"])
def test_half_a_character_in_the_text_itself_is_an_error(name: str) -> None:
    problem = fault('{"a":\n "\ud800"}', name=name)
    assert (problem.code, problem.line, problem.column) == ("ASL002", 2, 3)
    assert str(problem).isascii()


def test_a_document_keeps_errors_that_do_not_hinder_reading() -> None:
    document = read_text('{"States": {"A": {}, "A": {}}}')
    (problem,) = document.problems
    assert problem.severity is Severity.ERROR
