"""Places: from a JSON pointer to a line and a column."""

import json
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asl.problem import Severity
from asl.source.document import Document, Lines, Span
from asl.source.reading import read_text, read_value
from asl.source.substitution import walk
from asl.values import Json

JSON = """{
  "StartAt": "A/b",
  "States": {
    "A/b": {"Type": "Pass", "Items": [1, [true, null], "x"]},
    "t~": {"Type": "Succeed"}
  }
}
"""

YAML = """# a comment
StartAt: A/b
States:
  A/b:
    Type: Pass
    Items: [1, [true, null], "x"]   # trailing

  # before the next one
  t~:
    Type: Succeed
"""


def cut(document: Document, span: Span | None) -> str:
    """The text of a Span."""
    assert span is not None
    lines = document.text.splitlines(keepends=True)
    chosen = lines[span.line - 1 : span.end_line]
    if span.end_line > len(lines):
        chosen.append("")
    chosen[-1] = chosen[-1][: span.end_column - 1]
    chosen[0] = chosen[0][span.column - 1 :]
    return "".join(chosen)


@pytest.mark.parametrize(
    ("pointer", "span"),
    [
        ("", (1, 1, 7, 2)),
        ("/StartAt", (2, 14, 2, 19)),
        ("/States/A~1b", (4, 12, 4, 61)),
        ("/States/A~1b/Type", (4, 21, 4, 27)),
        ("/States/A~1b/Items/0", (4, 39, 4, 40)),
        ("/States/A~1b/Items/1/1", (4, 49, 4, 53)),
        ("/States/t~0/Type", (5, 20, 5, 29)),
    ],
)
def test_a_json_value_is_found_by_its_pointer(
    pointer: str, span: tuple[int, int, int, int]
) -> None:
    assert read_text(JSON).place(pointer) == Span(*span)


@pytest.mark.parametrize(
    ("pointer", "text"),
    [
        ("/StartAt", "A/b"),
        ("/States/A~1b/Items", '[1, [true, null], "x"]'),
        ("/States/A~1b/Items/1", "[true, null]"),
        ("/States/A~1b/Items/2", '"x"'),
        (
            "/States/A~1b",
            'Type: Pass\n    Items: [1, [true, null], "x"]',
        ),
        ("/States/t~0", "Type: Succeed"),
    ],
)
def test_a_yaml_value_is_found_by_its_pointer(pointer: str, text: str) -> None:
    document = read_text(YAML)
    assert cut(document, document.place(pointer)) == text


@pytest.mark.parametrize("text", [JSON, YAML])
def test_a_key_is_found_by_its_members_pointer(text: str) -> None:
    document = read_text(text)
    assert cut(document, document.key_place("/States/A~1b")).strip('"') == "A/b"
    assert cut(document, document.key_place("/States/t~0/Type")).strip('"') == "Type"


@pytest.mark.parametrize("text", [JSON, YAML])
def test_what_has_no_key_answers_with_its_value(text: str) -> None:
    document = read_text(text)
    for pointer in ("", "/States/A~1b/Items/1"):
        assert document.key_place(pointer) == document.place(pointer)


@pytest.mark.parametrize("text", [JSON, YAML])
@pytest.mark.parametrize(
    ("pointer", "ancestor"),
    [
        ("/Nowhere", ""),
        ("/States/t~0/Next/deeper", "/States/t~0"),
        ("/States/A~1b/Items/9", "/States/A~1b/Items"),
        ("/States/A~1b/Items/x", "/States/A~1b/Items"),
        ("/StartAt/x", "/StartAt"),
        ("no pointer", ""),
    ],
)
def test_an_unknown_pointer_is_placed_at_its_nearest_ancestor(
    text: str, pointer: str, ancestor: str
) -> None:
    document = read_text(text)
    assert document.place(pointer) == document.place(ancestor)


@pytest.mark.parametrize("text", ['{"a":\r\n1}', '{"a":\n1}', '{"a":\r1}'])
def test_every_line_ending_counts_as_one_line(text: str) -> None:
    assert read_text(text).place("/a") == Span(2, 1, 2, 2)


def test_columns_count_characters() -> None:
    assert read_text('{"ä😀": 1}').place("/ä😀") == Span(1, 8, 1, 9)
    assert read_text("ä😀: 1").place("/ä😀") == Span(1, 5, 1, 6)


def test_lines_know_the_line_of_a_position() -> None:
    lines = Lines("ab\ncd\n")
    assert [lines.line(n) for n in (0, 2, 3, 5, 6)] == [1, 1, 2, 2, 3]


def test_data_without_a_text_has_no_places() -> None:
    document = read_value({"a": "text"})
    assert document.place("/a") is None
    assert document.key_place("/a") is None
    problem = document.problem("ASL201", "bad", pointer="/a", offset=2)
    assert (problem.line, problem.pointer) == (None, "/a")


def test_a_problem_gets_the_file_and_the_place() -> None:
    problem = read_text(JSON, name="order.json").problem(
        "ASL101",
        "no such state",
        pointer="/StartAt",
        severity=Severity.WARNING,
        aws_code="MISSING_TRANSITION_TARGET",
        suggestion="mend it",
    )
    assert str(problem) == "order.json:2:14: no such state; mend it (ASL101)"
    assert (problem.end_line, problem.end_column) == (2, 19)
    assert problem.severity is Severity.WARNING
    assert problem.aws_code == "MISSING_TRANSITION_TARGET"


def test_a_problem_can_be_about_the_key() -> None:
    document = read_text(JSON)
    problem = document.problem("X", "x", pointer="/StartAt", on_key=True, offset=3)
    assert (problem.line, problem.column, problem.end_column) == (2, 3, 12)


@pytest.mark.parametrize(
    ("text", "offset", "place"),
    [
        ('{"a": "$.x y"}', 0, (1, 8)),
        ('{"a": "$.x y"}', 4, (1, 12)),
        ('{"a": "\\n\\u0041b"}', 1, (1, 10)),
        ('{"a": "\\n\\u0041b"}', 2, (1, 16)),
        ('{"a": "\\ud83d\\ude00b"}', 1, (1, 20)),
        ('{"a": "\\ud83db"}', 1, (1, 14)),
        ('{"a": "x"}', 99, (1, 9)),
        ("a: $.x y", 4, (1, 8)),
        ("a: '$.''x y'", 4, (1, 10)),
        ('a: "{% \\"x\\" & %}"', 7, (1, 14)),
        ("a: |\n  one\n   two\n  three", 9, (4, 3)),
        ("a: |\n  one\n   two\n  three", 5, (3, 4)),
        ("a: >-\n  one two\n  three", 8, (3, 3)),
        ("a: !Sub &x |\n  Sub", 2, (2, 5)),
        ('a: "\\x41bcd"', 2, (1, 10)),
        ("a: x", 99, (1, 5)),
    ],
)
def test_a_position_inside_a_text_is_found_behind_escapes(
    text: str, offset: int, place: tuple[int, int]
) -> None:
    problem = read_text(text).problem("X", "x", pointer="/a", offset=offset)
    assert (problem.line, problem.column) == place


def test_a_position_inside_no_text_is_the_values_place() -> None:
    document = read_text('{"a": 12}')
    for pointer in ("/a", "/b", "/a/b"):
        problem = document.problem("X", "x", pointer=pointer, offset=1)
        assert problem == document.problem("X", "x", pointer=pointer)


@pytest.mark.parametrize("text", [JSON, YAML])
def test_a_document_can_be_sent_to_another_process(text: str) -> None:
    document = pickle.loads(pickle.dumps(read_text(text)))
    assert document.place("/States/A~1b/Type") == read_text(text).place(
        "/States/A~1b/Type"
    )


trees = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@settings(deadline=None, max_examples=50)
@given(st.dictionaries(st.text(), trees), st.sampled_from([None, 1]), st.booleans())
def test_every_place_holds_the_text_of_its_value(
    value: Json, indent: int | None, ascii_only: bool
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    document = read_text(text)
    assert document.value == value
    lines = Lines(text)
    for pointer, item in walk(value):
        start, end = document._bounds(pointer, on_key=False)
        assert json.loads(text[start:end]) == item
        assert document.place(pointer) == lines.span(start, end)
