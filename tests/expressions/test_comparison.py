"""The operators of a Choice rule."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asl.expressions.comparison import (
    OPERATORS,
    compile_operator,
    compile_string_matches,
    is_timestamp,
    parse_timestamp,
)
from asl.values import Json

NOON = "2024-03-01T12:00:00Z"
LATER = "2024-03-01T12:00:01Z"


def test_there_are_39_operators() -> None:
    assert len(OPERATORS) == 39
    families = [operator.family for operator in OPERATORS.values()]
    assert {family: families.count(family) for family in families} == {
        "String": 10,
        "Numeric": 10,
        "Timestamp": 10,
        "Boolean": 2,
        "Matches": 1,
        "Is": 6,
    }
    assert all(name == operator.name for name, operator in OPERATORS.items())
    assert all(o.is_path is o.name.endswith("Path") for o in OPERATORS.values())


def holds(name: str, value: Json, operand: Json) -> bool:
    """The verdict, which must not depend on the way it is asked for."""
    verdict = compile_operator(name, operand)(value)
    assert OPERATORS[name].test(value, operand) is verdict
    if f"{name}Path" in OPERATORS:
        assert OPERATORS[f"{name}Path"].test(value, operand) is verdict
    return verdict


ORDERED = {  # family → (a smaller operand, an equal one, a greater one) for one value
    ("String", "b"): ("a", "b", "ba"),
    ("String", ""): (None, "", "\x00"),
    ("String", "B"): ("A", "B", "a"),
    ("String", "\uffff"): ("\U00010000", "\uffff", None),  # code units, not points
    ("String", "é"): ("z", "é", "日"),
    ("Numeric", 1): (0.5, 1.0, 2),
    ("Numeric", -0.5): (-1, -0.5, 0),
    ("Numeric", 2.22): (2.21, 2.22, 3),
    ("Timestamp", NOON): (
        "2024-03-01T11:59:59.999Z",
        "2024-03-01T07:00:00-05:00",
        LATER,
    ),
    ("Timestamp", "2024-03-01T12:00:00.000Z"): (None, NOON, LATER),
}


@pytest.mark.parametrize(("family", "value"), ORDERED)
def test_values_of_one_family_are_ordered(family: str, value: Json) -> None:
    for place, operand in enumerate(ORDERED[family, value]):
        if operand is None:
            continue
        verdicts = {
            comparison: holds(f"{family}{comparison}", value, operand)
            for comparison in (
                "LessThan",
                "LessThanEquals",
                "Equals",
                "GreaterThanEquals",
                "GreaterThan",
            )
        }
        greater, equal = place == 0, place == 1
        assert verdicts == {
            "LessThan": not greater and not equal,
            "LessThanEquals": not greater,
            "Equals": equal,
            "GreaterThanEquals": greater or equal,
            "GreaterThan": greater,
        }


SAMPLES: list[Json] = [
    None,
    True,
    False,
    0,
    1,
    0.0,
    1.5,
    "",
    "1",
    "true",
    [],
    [1],
    {},
    {"a": 1},
    NOON,
]
OPERANDS: dict[str, tuple[Json, type | tuple[type, ...]]] = {
    "String": ("a", str),
    "Numeric": (1, (int, float)),
    "Boolean": (True, bool),
    "Matches": ("*", str),
    "Timestamp": (NOON, str),
}


@pytest.mark.parametrize("name", [n for n, o in OPERATORS.items() if o.family != "Is"])
def test_a_value_of_another_type_never_matches(name: str) -> None:
    operator = OPERATORS[name]
    for value in SAMPLES:
        operand, kinds = OPERANDS[operator.family]
        same_type = isinstance(value, kinds) and isinstance(value, bool) == (
            kinds is bool
        )
        if operator.family == "Timestamp":
            same_type = value == NOON
        if not same_type:
            assert operator.test(value, operand) is False
            assert compile_operator(name, operand)(value) is False


@pytest.mark.parametrize("name", [n for n, o in OPERATORS.items() if o.family != "Is"])
def test_an_operand_of_another_type_never_matches(name: str) -> None:
    operands: list[Json] = [[], {}, None, {"a": 1}]
    for operand in operands:
        assert all(not OPERATORS[name].test(value, operand) for value in SAMPLES)


@pytest.mark.parametrize(
    ("name", "value", "operand", "expected"),
    [
        ("BooleanEquals", True, True, True),
        ("BooleanEquals", False, False, True),
        ("BooleanEquals", True, False, False),
        ("BooleanEquals", 1, True, False),
        ("BooleanEquals", 0, False, False),
        ("BooleanEquals", "true", True, False),
        ("NumericEquals", True, 1, False),
        ("NumericEquals", "42", 42, False),
        ("NumericEquals", 1, True, False),
        ("NumericEquals", 10**30, 10**30, True),
        ("StringEquals", "A", "a", False),
        ("StringEquals", " ", "     ", False),
        ("StringMatches", 123, "*", False),
        ("TimestampEquals", "2024-03-01", NOON, False),
        ("TimestampEquals", NOON, "2024-03-01", False),
        ("TimestampLessThan", 0, NOON, False),
        ("StringLessThan", "日本", "日本語", True),
    ],
)
def test_comparisons(name: str, value: Json, operand: Json, expected: bool) -> None:
    assert holds(name, value, operand) is expected


KINDS: dict[str, list[Json]] = {
    "IsNull": [None],
    "IsNumeric": [0, 1.5, -3],
    "IsString": ["", "x", NOON],
    "IsBoolean": [True, False],
    "IsTimestamp": [NOON],
}


@pytest.mark.parametrize("name", KINDS)
def test_is_operators_hold_for_their_kind_only(name: str) -> None:
    everything = [[], {}, *(value for values in KINDS.values() for value in values)]
    kind = [(type(value), value) for value in KINDS[name]]
    for value in everything:
        expected = (type(value), value) in kind
        assert holds(name, value, True) is expected
        assert holds(name, value, False) is not expected


@pytest.mark.parametrize("exists", [True, False])
def test_is_present_judges_what_the_reader_of_the_path_found(exists: bool) -> None:
    assert holds("IsPresent", exists, True) is exists
    assert holds("IsPresent", exists, False) is not exists


SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:01Z", SECOND),
        ("1969-12-31T23:59:59Z", -SECOND),
        ("1970-01-01T00:00:00.5Z", SECOND // 2),
        ("1970-01-01T00:00:00.000000001Z", 1),
        ("1970-01-01T00:00:00.0000000019Z", 1),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1969-12-31T18:30:00-05:30", 0),
        ("1970-01-01T00:00:00-00:00", 0),
        ("2024-02-29T00:00:00Z", 1709164800 * SECOND),
        ("9999-12-31T23:59:59Z", 253402300799 * SECOND),
    ],
)
def test_a_timestamp_is_nanoseconds_since_1970(text: str, expected: int) -> None:
    assert parse_timestamp(text) == expected
    assert is_timestamp(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2024-03-01",
        "2024-03-01T12:00:00",  # no zone
        "2024-03-01t12:00:00Z",
        "2024-03-01T12:00:00z",
        "2024-03-01 12:00:00Z",
        "2024-03-01T12:00Z",
        "2024-03-01T12:00:00.Z",
        "2024-03-01T12:00:00,5Z",
        "2024-03-01T24:00:00Z",
        "2024-03-01T12:60:00Z",
        "2024-03-01T23:59:60Z",  # leap second
        "2023-02-29T12:00:00Z",
        "2024-13-01T12:00:00Z",
        "2024-00-01T12:00:00Z",
        "0000-01-01T00:00:00Z",
        "2024-03-01T12:00:00+0100",
        "2024-03-01T12:00:00+24:00",
        "2024-03-01T12%3A00%3A00Z",
        " 2024-03-01T12:00:00Z",
        "2024-03-01T12:00:00Z\n",
        "٢٠٢٤-03-01T12:00:00Z",  # digits, but not ASCII ones
        "20240301T120000Z",
        1709294400,
        None,
        True,
        [],
        {},
    ],
)
def test_anything_else_is_no_timestamp(text: Json) -> None:
    assert parse_timestamp(text) is None
    assert not is_timestamp(text)


@given(st.datetimes(timezones=st.just(UTC)))
def test_every_datetime_is_read_exactly(moment: datetime) -> None:
    whole = moment - datetime(1970, 1, 1, tzinfo=UTC)
    micros = (whole.days * 86_400 + whole.seconds) * 1_000_000 + whole.microseconds
    text = moment.isoformat().replace("+00:00", "Z")
    assert parse_timestamp(text) == micros * 1_000


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("", "", True),
        ("", "a", False),
        ("*", "", True),
        ("*", "anything\nat all", True),
        ("**", "", True),
        ("a*", "a", True),
        ("a*", "abc", True),
        ("a*", "ba", False),
        ("*.log", "x.log", True),
        ("*.log", "x.log.gz", False),
        ("a*a", "a", False),  # head and tail must not overlap
        ("a*a", "aa", True),
        ("ab*b*ba", "abba", False),
        ("ab*b*ba", "abbba", True),
        ("a*b*c", "a-c-b-c", True),
        ("a*b*c", "a-c-c", False),
        ("*b*a*", "ab", False),
        ("a.c", "abc", False),  # no regular expression
        ("[a]?", "[a]?", True),
        (r"a\*", "a*", True),
        (r"a\*", "ab", False),
        (r"a\\*", "a\\b", True),
        (r"a\\\*", r"a\*", True),
        (r"\\", "\\", True),
        (r"a\b", r"a\b", True),  # a backslash before anything else stands for itself
        ("a\\", "a\\", True),
        (r"*\**", "1*2", True),
        (r"*\**", "12", False),
        ("日*語", "日本語", True),
    ],
)
def test_wildcards(pattern: str, text: str, expected: bool) -> None:
    assert compile_string_matches(pattern)(text) is expected
    assert holds("StringMatches", text, pattern) is expected


@given(st.text("ab*"), st.text("ab", max_size=12))
def test_wildcards_agree_with_a_regular_expression(pattern: str, text: str) -> None:
    expected = re.fullmatch(re.sub(r"\*+", ".*", pattern), text) is not None
    assert compile_string_matches(pattern)(text) is expected


def test_many_wildcards_do_not_blow_up() -> None:
    matches = compile_string_matches("*a" * 40 + "*b")
    assert not matches("a" * 100_000)  # a backtracking matcher would never come back
