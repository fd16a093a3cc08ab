"""JSON values: what is taken, what is refused and how, how big things are."""

import json
import math
from collections import OrderedDict
from enum import IntEnum, StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asl.values import (
    MAX_DEPTH,
    NotJson,
    copy_json,
    depth_exceeds,
    json_text,
    parse_json,
    quoted,
    size_bound,
    size_bytes,
    to_json,
)

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
    ),
    max_leaves=20,
)


class Colour(StrEnum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


class Ratio(float):
    pass


class Odd:
    def __repr__(self) -> str:
        raise RuntimeError("no")


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ((1, (2,)), [1, [2]]),
        (OrderedDict(a=(1,)), {"a": [1]}),
        ({Colour.RED: Colour.RED}, {"red": "red"}),
        (Level.HIGH, 3),
        (Ratio(1.5), 1.5),
        ([True, None, 1.0], [True, None, 1.0]),
    ],
)
def test_kin_of_the_json_types_become_the_plain_types(given: Any, taken: Any) -> None:
    value = to_json(given)
    assert value == taken
    assert type(value) in (dict, list, str, int, float)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"a": [1, {2}]}, "set at $.a[1] is not JSON: {2}"),
        ({"a": {1: 2}}, "the key 1 at $.a is not a text"),
        ([math.nan], "nan at $[0] is not a JSON number"),
        (Ratio("inf"), "inf at $ is not a JSON number"),
        (Odd(), "Odd at $ is not JSON: (no repr)"),
        (b"x" * 100, "bytes at $ is not JSON: b'xxx"),
    ],
)
def test_what_is_not_json_is_named_with_its_place(given: Any, text: str) -> None:
    with pytest.raises(NotJson) as caught:
        to_json(given)
    assert str(caught.value).startswith(text)


def test_a_number_too_long_to_be_written_is_refused_with_its_place() -> None:
    with pytest.raises(NotJson, match=r"number at \$\[0\]\.a has more than 4,300"):
        to_json([{"a": 10**4_300}])
    with pytest.raises(NotJson, match=r"number at \$ has more than 4,300 digits"):
        to_json(-(10**5_000))
    assert to_json([10**4_299]) == [10**4_299]


def test_a_value_inside_itself_is_refused() -> None:
    loop: dict[str, Any] = {}
    loop["again"] = loop
    with pytest.raises(NotJson, match="nested deeper"):
        to_json(loop)


def test_data_may_be_nested_as_deep_as_it_says_and_no_deeper() -> None:
    assert to_json(nested(MAX_DEPTH)) == nested(MAX_DEPTH)
    assert copy_json(nested(MAX_DEPTH)) == nested(MAX_DEPTH)
    for deep in (nested(MAX_DEPTH + 1), nested(10_000)):
        with pytest.raises(NotJson, match="nested deeper"):
            to_json(deep)
        assert depth_exceeds(deep, MAX_DEPTH)
    assert not depth_exceeds(nested(MAX_DEPTH), MAX_DEPTH)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1, column 1"),
        ('{"a":\n 1,}', "line 2, column"),
        ("NaN", "NaN is not JSON"),
        ("-Infinity", "-Infinity is not JSON"),
        ("1e400", "larger than any number"),
        ("[" * 501 + "]" * 501, "nested deeper"),
        ("[" * 100_000, "nested deeper"),
        ("9" * 5_000, "more than 4,300 digits"),
    ],
)
def test_text_that_is_not_json_is_told_with_line_and_column(
    text: str, message: str
) -> None:
    with pytest.raises(NotJson, match=message):
        parse_json(text)


@given(JSON)
def test_copies_are_equal_and_share_no_container(value: Any) -> None:
    for copy in (copy_json(value), to_json(value), parse_json(json_text(value))):
        assert json.dumps(copy) == json.dumps(value)
        if isinstance(value, (dict, list)):
            assert copy is not value


@given(JSON)
def test_texts_are_those_of_the_json_module(value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    assert json_text(value) == text
    assert quoted(text) == json_text(text)


@given(JSON)
def test_the_bound_is_never_below_the_size(value: Any) -> None:
    assert size_bound(value) >= size_bytes(value)


def test_the_bound_holds_for_data_deeper_than_marshal_goes() -> None:
    assert size_bound(nested(400)) >= size_bytes(nested(400)) == 801


def test_a_place_is_told_at_any_depth() -> None:
    value: Any = object()
    for _ in range(MAX_DEPTH // 2 - 1):
        value = {"a": [value]}
    with pytest.raises(NotJson, match=r"object at \$\.a\[0\]\.a\[0\]"):
        to_json(value)
