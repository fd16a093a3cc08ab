"""JSON: what is read, and the sentence for everything that is not JSON."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asl.errors import DefinitionError
from asl.problem import Problem, Severity
from asl.source.json_text import locate, read_json
from asl.values import Json


def fault(text: str) -> Problem:
    """The one Problem of a text that cannot be read."""
    with pytest.raises(DefinitionError) as caught:
        read_json(text)
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize(
    ("text", "place", "message", "suggestion"),
    [
        (
            '{"a": 1,}',
            (1, 8),
            "a comma before '}' (trailing commas are not JSON)",
            "remove it",
        ),
        ("[1,\n]", (1, 3), "a comma before ']'", "remove it"),
        ('{"a": 1\n"b": 2}', (1, 8), 'a comma is missing before "b"', None),
        ('{"a" 1}', (1, 6), "a ':' is missing after the key \"a\"", None),
        ('{"a": }', (1, 7), 'the key "a" has no value', None),
        ('{"a": ,}', (1, 7), "a value is missing before ','", None),
        ("[,1]", (1, 2), "a value is missing before ','", None),
        ('{"a": 1,, "b": 2}', (1, 9), "a key is missing before ','", "double"),
        ("{1: 2}", (1, 2), "a key is missing before 1", "in double quotes"),
        ('{"a": 1: 2}', (1, 8), "a ':' stands only between a key and", None),
        ('{"a": 1}}', (1, 9), "the JSON ends before this", "remove the rest"),
        ("{}\n{}", (2, 1), "the JSON ends before this", "one definition"),
        ('{\n"a": 1]', (2, 7), "a ']' cannot end the '{' of line 1", "write '}'"),
        ("]", (1, 1), "a ']' ends what has not begun", "remove it"),
        ('{"a": [1, 2', (1, 12), "the text ends inside the '[' of line 1", "']'"),
        ('{\n"a":\n', (3, 1), "the text ends inside the '{' of line 1", "'}'"),
        (" ", (1, 2), "there is no JSON in this text", None),
        ("{'a': 1}", (1, 2), "the quote ' is not JSON's", "double quotes"),
        ("{“a”: 1}", (1, 2), "the quote “ is not JSON's", "straight"),
        ("// why\n{}", (1, 1), "a comment (JSON has none)", "Comment"),
        ("{} # why", (1, 4), "a comment (JSON has none)", "YAML"),
        ('{"a": 1 /* x */}', (1, 9), "a comment (JSON has none)", "Comment"),
        ('{"a": True}', (1, 7), "True is not JSON", "small letters"),
        ('{"a": ${N}}', (1, 7), "the placeholder ${N} outside a text", "quotes"),
        ('{"a": 01}', (1, 7), "01 is no JSON number", "without leading zeros"),
        ('{"a": +1}', (1, 7), "+1 is no JSON number", None),
        ('{"a": .5}', (1, 7), ".5 is no JSON number", None),
        ('{"a": 1.}', (1, 7), "1. is no JSON number", None),
        ('{"a": -}', (1, 7), "- is no JSON number", None),
        ("StartAt: A", (1, 1), "the bare word StartAt", "named .yaml"),
        ("{" + "x" * 90 + ": 1}", (1, 2), "x" * 37 + "...", None),
        ('{"a": "b', (1, 7), "a text that begins here never ends", "close"),
        ('{"a": "b\n"}', (1, 9), "a line ends inside a text", "write \\n"),
        ('{"a": "\t"}', (1, 8), "a control character inside a text", "write \\t"),
        ('{"a": "\\q"}', (1, 8), "\\q is no escape of JSON", "\\\\"),
        ('{"a": "\\u12"}', (1, 8), "\\u is no escape of JSON", None),
        ('{"a":\xa01}', (1, 6), "unexpected character '\\xa0' (U+00A0 NO-BREAK", None),
        ('{"a": \x00}', (1, 7), "unexpected character '\\x00' (U+0000)", None),
    ],
)
def test_a_syntax_error_is_told_with_its_place(
    text: str, place: tuple[int, int], message: str, suggestion: str | None
) -> None:
    problem = fault(text)
    assert (problem.line, problem.column) == place
    assert message in problem.message
    assert suggestion is None or suggestion in str(problem.suggestion)
    assert problem.code == "ASL003"
    assert problem.aws_code == "INVALID_JSON_DESCRIPTION"


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_a_number_that_is_none_is_refused(word: str) -> None:
    problem = fault(f'{{"a":\n  {word}}}')
    assert (problem.code, problem.line, problem.column) == ("ASL008", 2, 3)
    assert problem.message == f"{word} is not JSON: only finite numbers are"


@pytest.mark.parametrize("number", ["1e999", "-1.5E+400", "9" * 5000])
def test_a_number_too_large_is_refused(number: str) -> None:
    problem = fault(f'{{"a": {number}}}')
    assert (problem.code, problem.line, problem.column) == ("ASL008", 1, 7)
    assert "is too large" in problem.message
    assert len(problem.message) < 80


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e2", 100.0),
        ("-0.0", -0.0),
        ("9" * 400, int("9" * 400)),
        ('"\\u00e4\\/\\ud83d\\ude00"', "ä/😀"),
        (" [ ] ", []),
        ("[{}, [[]], null]", [{}, [[]], None]),
    ],
)
def test_json_is_read_and_located(text: str, value: Json) -> None:
    assert read_json(text).value == value
    assert locate(text).start == len(text) - len(text.lstrip())


@pytest.mark.parametrize("bracket", ["[", '{"a":'])
@pytest.mark.parametrize("depth", [501, 3000, 100_000])
def test_text_nested_too_deep_is_refused(bracket: str, depth: int) -> None:
    for end in ("", "0" + ("]" if bracket == "[" else "}") * depth):
        problem = fault(bracket * depth + end)
        assert (problem.code, problem.aws_code) == ("ASL007", "TOO_DEEPLY_NESTED")
        assert problem.column == 500 * len(bracket) + 1


def test_five_hundred_levels_are_read() -> None:
    document = read_json("[" * 500 + "]" * 500)
    span = document.place("/0" * 499)
    assert span is not None
    assert span.column == 500


def test_brackets_side_by_side_are_not_deep() -> None:
    assert read_json("[" + ",".join(["[]"] * 600) + "]").value == [[]] * 600


def test_the_last_of_equal_keys_wins_with_a_warning() -> None:
    document = read_json('{\n"a": {"x": 1},\n"b": 2,\n"a": {"y": 3}}')
    assert document.value == {"a": {"y": 3}, "b": 2}
    (problem,) = document.problems
    assert (problem.code, problem.severity) == ("ASL006", Severity.WARNING)
    assert (problem.line, problem.column, problem.pointer) == (4, 1, "/a")
    assert "stands twice, in line 2 and in line 4" in problem.message
    assert document.place("/a/x") == document.place("/a")


@pytest.mark.parametrize(
    ("text", "pointer", "severity"),
    [
        ('{"States": {"A~/": {}, "A~/": {}}}', "/States/A~0~1", "error"),
        (
            '{"States": {"M": {"ItemProcessor": {"States": {"A": {}, "A": {}}}}}}',
            "/States/M/ItemProcessor/States/A",
            "error",
        ),
        (
            '{"States": {"P": {"Branches": [{}, {"States": {"A": {}, "A": {}}}]}}}',
            "/States/P/Branches/1/States/A",
            "error",
        ),
        ('{"States": {"A": {"Next": "B", "Next": "C"}}}', "/States/A/Next", "warning"),
        (
            '{"States": {"A": {"Result": {"States": {"B": 1, "B": 2}}}}}',
            "/States/A/Result/States/B",
            "warning",
        ),
        ('{"States": 1, "States": {}}', "/States", "warning"),
    ],
)
def test_a_repeated_key_is_an_error_only_where_it_loses_a_state(
    text: str, pointer: str, severity: str
) -> None:
    (problem,) = read_json(text).problems
    assert (problem.pointer, problem.severity) == (pointer, severity)


def test_every_repeated_key_is_told() -> None:
    problems = read_json('[{"a": 1, "a": 2, "a": 3}, {"b": 1, "b": 2}]').problems
    assert [p.pointer for p in problems] == ["/0/a", "/0/a", "/1/b"]


@pytest.mark.parametrize(
    ("error", "code"),
    [(RecursionError(), "ASL007"), (ValueError("no room"), "ASL003")],
)
def test_json_that_python_has_no_room_for_is_told_without_a_place(
    monkeypatch: pytest.MonkeyPatch, error: Exception, code: str
) -> None:
    def refuse(*_: object, **__: object) -> Json:
        raise error

    monkeypatch.setattr(json, "loads", refuse)
    assert fault("[]").code == code


@settings(deadline=None)
@given(st.text(alphabet='{}[]",:0123456789.eE+-\\ntrufalse \n\tx', max_size=25))
def test_scanner_and_parser_agree_on_what_is_json(text: str) -> None:
    try:
        json.dumps(json.loads(text), allow_nan=False)  # 1E310 reads as infinity
    except ValueError:
        fault(text)
    else:
        locate(text)
