"""Shapes hold every value they stand for: a Miss is a miss in all of them."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asl.checks.shapes import (
    ANY,
    NULL,
    TEXT,
    Miss,
    Shape,
    describe,
    join,
    list_of,
    object_of,
    read,
    shape_of,
    write,
)
from asl.expressions.jsonpath import PathError, compile_path
from asl.expressions.reference import ReferenceConflict, compile_reference_path

values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["", "a"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=8,
)
paths = st.sampled_from(
    ["$", "$.a", "$.a.b", "$.b[0]", "$[1]", "$[-1]", "$.c.a.b", "$['a','b']"]
)
places = st.sampled_from(["$.a", "$.b.c", "$.a[0]", "$[0]", "$.c.a.b"])


def reads(value: Any, text: str) -> bool:
    try:
        compile_path(text).read(value, None)  # type: ignore[arg-type]  # no scope is read
    except PathError:
        return False
    return True


@given(values, values, paths)
@settings(max_examples=800, deadline=None)
def test_a_miss_in_a_joined_shape_misses_in_both(one: Any, two: Any, text: str) -> None:
    found = read(join(shape_of(one), shape_of(two)), compile_path(text).steps)
    if isinstance(found, Miss):
        assert not reads(one, text)
        assert not reads(two, text)


@given(values, values, values, places, paths)
@settings(max_examples=800, deadline=None)
def test_what_was_written_is_found(
    one: Any, two: Any, new: Any, place: str, text: str
) -> None:
    target = compile_reference_path(place)
    shape = write(join(shape_of(one), shape_of(two)), target.steps, shape_of(new))
    for value in (one, two):
        try:
            written = target.write(value, new)
        except ReferenceConflict:
            continue
        assert not isinstance(shape, Miss)
        if isinstance(read(shape, compile_path(text).steps), Miss):
            assert not reads(written, text)


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        (object_of({}), "an object without members"),
        (object_of({"a": ANY, "b": ANY}), "an object with a, b only"),
        (list_of(None), "a list"),
        (list_of(None, 0), "an empty list"),
        (list_of(TEXT, 2), "a list of 2"),
        (TEXT, "a text"),
        (NULL, "null"),
        (join(NULL, TEXT), "no object"),
    ],
)
def test_a_shape_is_described(shape: Shape, words: str) -> None:
    assert describe(shape) == words


def test_what_is_too_big_or_too_deep_is_anything() -> None:
    assert object_of({str(n): TEXT for n in range(500)}) is ANY
    deep: Any = 1
    for _ in range(30):
        deep = {"a": deep}
    assert shape_of(deep).depth <= 12 or shape_of(deep) is ANY
    lists: Any = 1
    for _ in range(30):
        lists = [lists]
    assert shape_of(lists).depth <= 13


def test_an_open_object_may_have_more() -> None:
    open_shape = write(ANY, ("a",), TEXT)
    assert isinstance(open_shape, Shape)
    assert read(open_shape, compile_path("$.b.c").steps) is ANY
    assert isinstance(read(open_shape, compile_path("$.a.c").steps), Miss)
