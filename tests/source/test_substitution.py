"""Placeholders: what is filled, what is left, what is said about it."""

import pytest

from asl.errors import UsageError
from asl.problem import Severity
from asl.source.document import Document
from asl.source.reading import read_text, read_value
from asl.source.substitution import (
    fill,
    find_placeholders,
    substitute,
    unfilled_offset,
)
from asl.values import Json


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("${A}", "one"),
        ("x${A}y${B}z", "xoneytwoz"),
        ("${A}${A}", "oneone"),
        ("${C}", "${C}"),
        ("${ A }", "${ A }"),
        ("${!A}", "${!A}"),
        ("$A", "$A"),
        ("{% $x & '${A}' %}", "{% $x & 'one' %}"),
        ("States.Format('{}', '${B}')", "States.Format('{}', 'two')"),
        ("${D.Arn} ${AWS::Region} ${e-1}", "arn eu ex"),
        ("${nested}", "${A}"),
    ],
)
def test_known_placeholders_are_filled_once(text: str, filled: str) -> None:
    names = {
        "A": "one",
        "B": "two",
        "D.Arn": "arn",
        "AWS::Region": "eu",
        "e-1": "ex",
        "nested": "${A}",
    }
    assert fill(text, names) == filled
    assert substitute(read_value({"a": [text]}), names).value == {"a": [filled]}


def test_keys_and_other_values_are_left_alone() -> None:
    value: Json = {"${A}": "${A}", "n": 1, "deep": [True, None, {"x": "${A}"}]}
    document = substitute(read_value(value), {"A": "1"})
    assert document.value == {"${A}": "1", "n": 1, "deep": [True, None, {"x": "1"}]}


def test_the_original_is_unchanged_and_untouched_parts_are_shared() -> None:
    before = read_text('{"a": {"x": "${A}"}, "b": {"y": 1}}')
    after = substitute(before, {"A": "1"})
    assert before.value["a"] == {"x": "${A}"}
    assert after.value["a"] == {"x": "1"}
    assert after.value["b"] is before.value["b"]


def test_what_aliases_share_stays_shared() -> None:
    document = read_text("a: &x [$, '${A}']\nb: *x", substitutions={"A": "1"})
    assert document.value == {"a": ["$", "1"], "b": ["$", "1"]}
    assert document.value["a"] is document.value["b"]


def test_the_deepest_definition_can_be_filled() -> None:
    text = '{"a":' + "[" * 499 + '"${A}"' + "]" * 499 + "}"
    document = read_text(text, substitutions={"A": "1"})
    assert document.place("/a" + "/0" * 499) is not None
    assert find_placeholders(document.value) == []


def test_placeholders_are_found_in_order_with_their_pointers() -> None:
    value = {"b/": ["${X}-${Y.Z}", {"${K}": "${X}"}], "a": "${not this}", "c": 1}
    assert find_placeholders(value) == [
        ("/b~1/0", "X"),
        ("/b~1/0", "Y.Z"),
        ("/b~1/1/${K}", "X"),
    ]


def test_loose_ends_are_warnings() -> None:
    document = read_text(
        '{"a": "${TabelName}",\n"b": "${Other}"}',
        substitutions={"TableName": "t", "Unused": "u"},
    )
    assert [str(p) for p in document.problems] == [
        "line 1, column 1: the substitution 'TableName' fills nothing: no text has"
        " ${TableName}; did you mean 'TabelName'? (ASL010)",
        "line 1, column 1: the substitution 'Unused' fills nothing: no text has"
        " ${Unused}; leave it out (ASL010)",
        "line 1, column 7: the placeholder ${TabelName} is not filled;"
        " did you mean 'TableName'? (ASL010)",
        "line 2, column 6: the placeholder ${Other} is not filled;"
        " give a substitution named 'Other' (ASL010)",
    ]
    assert {p.severity for p in document.problems} == {Severity.WARNING}


def test_nothing_is_said_about_placeholders_when_none_are_given() -> None:
    assert read_text('{"a": "${A}"}').problems == ()
    assert len(read_text('{"a": "${A}"}', substitutions={}).problems) == 1


@pytest.mark.parametrize("names", [{"A": 1}, {1: "A"}, {"A": None}])
def test_a_substitution_that_is_no_text_is_refused(names: Json) -> None:
    with pytest.raises(UsageError, match="give it as a str"):
        read_text('{"a": "${A}"}', substitutions=names)


@pytest.mark.parametrize(
    ("offset", "before"),
    [(0, 0), (1, 1), (2, 2), (6, 2), (7, 6), (8, 7), (9, 7), (10, 11), (15, 16)],
)
def test_a_position_in_a_filled_text_leads_back(offset: int, before: int) -> None:
    # ab 12345 - 67 ${C}
    names = {"A": "12345", "B": "67"}
    assert unfilled_offset("ab${A}-${B}${C}", offset, substitutions=names) == before


def document_of(text: str) -> Document:
    return read_text(text, substitutions={"A": "filled in"})


@pytest.mark.parametrize(
    ("text", "column"),
    [('{"a": "${A} x"}', 13), ("a: ${A} x", 9), ("a: '${A} x'", 10)],
)
def test_places_refer_to_the_text_as_written(text: str, column: int) -> None:
    document = document_of(text)
    assert document.value == {"a": "filled in x"}
    assert document.place("/a") == read_text(text).place("/a")
    problem = document.problem("X", "x", pointer="/a", offset=len("filled in "))
    assert problem.column == column


def test_filling_twice_fills_what_was_left() -> None:
    document = substitute(
        substitute(read_text('{"a": "${A}${B}!"}'), {"A": "111"}), {"B": ""}
    )
    assert document.value == {"a": "111!"}
    problem = document.problem("X", "x", pointer="/a", offset=3)
    assert problem.column == 16
