"""Java's hash codes, orders, texts and random numbers."""

import pytest

from asl.expressions.java import (
    JavaRandom,
    double_text,
    hash_code,
    hash_map_order,
    hash_set,
    identity,
    string_hash,
    to_string,
)
from asl.values import Json


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0),
        ("a", 97),
        ("ab", 31 * 97 + 98),
        ("Hello", 69609650),
        ("polygenelubricants", -(2**31)),  # the famous one whose hash is the least int
        ("é", 233),
        ("😀", 31 * 0xD83D + 0xDE00),  # two code units
        ("\ud800", 0xD800),  # half a pair is a code unit, too
    ],
)
def test_a_text_hashes_as_in_java(text: str, expected: int) -> None:
    assert string_hash(text) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, 0),
        (True, 1231),
        (False, 1237),
        (7, 7),
        (-1, -1),
        (2**31, -(2**31)),  # a Long
        (-(2**31) - 1, -(2**31)),
        (2**64, 31 * 31),  # a BigInteger: its 32-bit words, the first being 1
        (-(2**64), -31 * 31),
        (1.5, 1073217536),
        (-0.0, -(2**31)),
        ([], 1),
        ([1, 2], 994),
        ({}, 0),
        ({"a": 1}, 96),
        ({"a": None, "b": None}, 195),
        ([[1], "a"], 31 * (31 + 32) + 97),
    ],
)
def test_a_value_hashes_as_its_java_object(value: Json, expected: int) -> None:
    assert hash_code(value) == expected


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([], []),
        (["b", "a"], ["a", "b"]),
        (["name", "role"], ["role", "name"]),
        (["q", "a"], ["q", "a"]),  # one bucket: first come, first served
        (["a", "q"], ["a", "q"]),
        (["a", "a"], ["a"]),
        (list("pqa"), ["p", "q", "a"]),
        # A thirteenth member doubles the buckets: p leaves the first one.
        (list("pabcdefghijkl"), [*"abcdefghijkl", "p"]),
    ],
)
def test_names_come_back_in_the_order_of_a_hash_map(
    names: list[str], expected: list[str]
) -> None:
    assert hash_map_order(names) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([True, False, True, False], [False, True]),
        ([[1, 2], [1, 2], [2, 1]], [[2, 1], [1, 2]]),
        ([3, 1, None, 2, 1], [None, 1, 2, 3]),
        ([{"a": 1, "b": 2}, {"b": 2, "a": 1}], [{"a": 1, "b": 2}]),
        ([], []),
    ],
)
def test_a_hash_set_keeps_the_first_of_equals(values: Json, expected: Json) -> None:
    assert hash_set(values) == expected


@pytest.mark.parametrize(
    ("a", "b", "equal"),
    [
        (1, 1.0, False),
        (1, True, False),
        (1, "1", False),
        (0.0, -0.0, False),
        ([1], [True], False),
        ({"a": [1]}, {"a": [1]}, True),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        (None, None, True),
    ],
)
def test_identity_is_javas_equals(a: Json, b: Json, equal: bool) -> None:
    assert (identity(a) == identity(b)) is equal


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("x", "x"),
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (12, "12"),
        (1.5, "1.5"),
        ([], "[]"),
        (["a", 1, None], "[a, 1, null]"),
        ({}, "{}"),
        ({"a": 1, "b": [{"c": "x"}]}, "{a=1, b=[{c=x}]}"),
    ],
)
def test_a_value_prints_as_in_java(value: Json, expected: str) -> None:
    assert to_string(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (1.1, "1.1"),
        (100.0, "100.0"),
        (9999999.0, "9999999.0"),
        (1e7, "1.0E7"),
        (12345678.9, "1.23456789E7"),
        (-2.5e8, "-2.5E8"),
        (1.2345678901234568e17, "1.2345678901234568E17"),
        (1e22, "1.0E22"),
        (0.001, "0.001"),
        (0.0001, "1.0E-4"),
        (-0.00012345, "-1.2345E-4"),
        (1.5e-10, "1.5E-10"),
    ],
)
def test_a_double_is_spelt_as_in_java(value: float, expected: str) -> None:
    assert double_text(value) == expected


@pytest.mark.parametrize(
    ("seed", "bound", "expected"),
    [
        (42, 99, 62),
        (1, 999, 105),
        (2, 999, 805),
        (-10, 9, 0),
        (42, 4, 2),  # a power of two takes the high bits
        (77, 1, 0),
    ],
)
def test_seeded_integers_are_javas(seed: int, bound: int, expected: int) -> None:
    assert JavaRandom(seed).next_int(bound) == expected


def test_seeded_doubles_are_javas() -> None:
    assert JavaRandom(77).next_double() == 0.7240700207191966


def test_the_incomplete_last_stretch_is_drawn_again() -> None:
    bound = 2**30 + 1  # nearly every second draw is refused
    source = JavaRandom(5)
    drawn = {source.next_int(bound) for _ in range(50)}
    assert len(drawn) == 50
    assert all(0 <= value < bound for value in drawn)


@pytest.mark.parametrize("bound", [0, -1, 2**31])
def test_a_bound_that_java_refuses_is_refused(bound: int) -> None:
    with pytest.raises(ValueError, match="bound must be"):
        JavaRandom(1).next_int(bound)


@pytest.mark.parametrize(
    ("first", "end", "seed", "expected"),
    [(1, 100, 42, 63), (-5, 5, 42, -5), (2147483640, 2147483647, 1, 2147483644)],
)
def test_a_narrow_span_starts_at_its_first(
    first: int, end: int, seed: int, expected: int
) -> None:
    assert JavaRandom(seed).next_in(first, end) == expected


def test_a_span_wider_than_an_int_is_drawn_by_rejection() -> None:
    source = JavaRandom(1)
    values = [source.next_in(-(2**31), 2**31 - 1) for _ in range(40)]
    assert min(values) < -(2**30)
    assert max(values) > 2**30
    narrow = [source.next_in(-(2**30), 2**30 + 9) for _ in range(40)]
    assert all(-(2**30) <= value < 2**30 + 9 for value in narrow)


def test_texts_and_hashes_of_deep_values_need_one_frame_a_level() -> None:
    deep: Json = "x"
    for level in range(400):
        deep = {"a": deep} if level % 2 else [deep]
    assert to_string(deep).count("a=") == 200
    assert isinstance(hash_code(deep), int)
    assert hash_set([deep, deep]) == [deep]
