"""Where expected and actual JSON part."""

from typing import Any

import pytest

from asl.testing.difference import (
    ABSENT,
    diff_text,
    difference_text,
    differences,
    first_parting,
    path_text,
    short,
    value_at,
)


@pytest.mark.parametrize(
    ("expected", "actual", "said"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, []),
        (1, 1.0, []),
        (True, 1, ["$: expected true, got 1"]),
        (0, False, ["$: expected 0, got false"]),
        (None, {}, ["$: expected null, got {}"]),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3]}}, ["$.a.b[1]: expected 2, got 3"]),
        ({"a": None}, {}, ["$.a: expected null, got nothing"]),
        ({}, {"a b": 1}, ['$["a b"]: expected nothing, got 1']),
        ([1], [1, 2], ["$[1]: expected nothing, got 2"]),
        ([1, 2], [1], ["$[1]: expected 2, got nothing"]),
        ([1, 2], [2, 1], ["$[0]: expected 1, got 2", "$[1]: expected 2, got 1"]),
        ("ä", "b", ['$: expected "ä", got "b"']),
    ],
)
def test_the_innermost_places_are_named(
    expected: Any, actual: Any, said: list[str]
) -> None:
    assert [str(one) for one in differences(expected, actual)] == said


def test_long_values_are_cut_and_long_lists_of_places_too() -> None:
    assert short("x" * 200) == '"' + "x" * 96 + "..."
    text = difference_text(list(range(30)), list(range(1, 31)), most=2)
    assert text.splitlines()[:3] == [
        "$[0]: expected 0, got 1",
        "$[1]: expected 1, got 2",
        "... and 28 more places",
    ]
    assert diff_text({"a": 1}, ABSENT).splitlines()[-1] == "-}"
    long = diff_text(list(range(100)), [], most=5)
    assert long.splitlines()[-1].startswith("... ")


def test_scalars_need_no_diff_and_equal_values_no_text() -> None:
    assert difference_text(1, 2) == "$: expected 1, got 2"
    assert difference_text({"a": 1}, {"a": 1}) == ""
    assert "--- expected" in difference_text({"a": 1}, None)


@pytest.mark.parametrize(
    ("steps", "value"),
    [
        ((), {"a": [1]}),
        (("a", 0), 1),
        (("a", 1), ABSENT),
        (("b", "c"), ABSENT),
        ((0,), ABSENT),
    ],
)
def test_a_value_is_found_by_its_steps(steps: Any, value: Any) -> None:
    assert value_at({"a": [1]}, steps) == value


def test_paths_part_where_they_differ_or_end() -> None:
    assert first_parting("abc", "abc") is None
    assert first_parting("abc", "abd") == 2
    assert first_parting("ab", "abc") == 2
    assert first_parting("abc", "ab") == 2
    assert path_text(("a", 0, "b c")) == '$.a[0]["b c"]'
