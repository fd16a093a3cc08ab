"""The grammar of intrinsic function calls."""

import pytest

from asl.expressions.intrinsic_functions import INTRINSICS
from asl.expressions.intrinsic_syntax import (
    FUNCTION_NAMES,
    Argument,
    Call,
    Literal,
    PathArgument,
    parse_intrinsic,
)
from asl.expressions.scope import SyntaxProblem
from asl.values import Json


def test_the_grammar_knows_the_names_in_the_table() -> None:
    assert list(INTRINSICS) == list(FUNCTION_NAMES)


def arguments(inside: str) -> tuple[Argument, ...]:
    return parse_intrinsic(f"States.Array({inside})").arguments


@pytest.mark.parametrize(
    ("inside", "value"),
    [
        ("1", 1),
        ("0", 0),
        ("-0", 0),
        ("-12", -12),
        ("1.5", 1.5),
        ("-0.5", -0.5),
        ("1e3", 1000.0),
        ("1.5E-3", 0.0015),
        ("2e+2", 200.0),
        ("1e309", 1.7976931348623157e308),
        ("-1e309", -1.7976931348623157e308),
        ("true", True),
        ("false", False),
        ("null", None),
        ("''", ""),
        ("'a, b) $.c'", "a, b) $.c"),
        (r"'it\'s'", "it's"),
        (r"'a\\b'", "a\\b"),
        (r"'\{\}'", "{}"),
        ('\'{"a": "b"}\'', '{"a": "b"}'),
        ("'a\nb'", "a\nb"),
        ("'日本'", "日本"),
    ],
)
def test_literals(inside: str, value: Json) -> None:
    (argument,) = arguments(inside)
    assert isinstance(argument, Literal)
    assert argument.value == value
    assert type(argument.value) is type(value)


def test_a_text_remembers_how_it_was_written() -> None:
    assert arguments(r"'\{\}'") == (Literal("{}", r"\{\}"),)


@pytest.mark.parametrize(
    "path",
    [
        "$",
        "$.a",
        "$$.Execution.Name",
        "$x.y",
        "$.a[0]",
        "$['a,b']",
        "$['a)b']",
        "$['it\\'s)']",
        '$["]"]',
        "$.a[0,1]",
        "$.a[?(@.b == 'x, y' && (@.c < 1))].d",
        "$..*",
        "$.a-b",
    ],
)
def test_a_path_ends_at_the_comma_or_parenthesis_that_is_not_its_own(path: str) -> None:
    assert arguments(f"{path}, {path} ") == (
        PathArgument(path, 13),
        PathArgument(path, 15 + len(path)),
    )


@pytest.mark.parametrize(
    "text",
    ["States.UUID()", "States.UUID( )", " States.UUID() ", "States.UUID(\n)"],
)
def test_a_call_may_have_no_arguments(text: str) -> None:
    assert parse_intrinsic(text).arguments == ()


def test_blanks_around_arguments_do_not_count() -> None:
    assert arguments(" $.a , 1,\t'x'\n") == (
        PathArgument("$.a", 14),
        Literal(1),
        Literal("x", "x"),
    )


def test_calls_nest_and_know_their_text_and_place() -> None:
    text = "States.Format('{}', States.MathAdd($.n, 1))"
    call = parse_intrinsic(text)
    assert (call.name, call.text, call.position) == ("States.Format", text, 0)
    inner = call.arguments[1]
    assert isinstance(inner, Call)
    assert inner.text == "States.MathAdd($.n, 1)"
    assert inner.position == 20
    assert inner.arguments == (PathArgument("$.n", 35), Literal(1))


def test_a_wrong_number_of_arguments_is_no_matter_of_syntax() -> None:
    assert len(parse_intrinsic("States.MathAdd(1, 2, 3)").arguments) == 3


def test_ten_calls_may_nest_but_not_eleven() -> None:
    def nested(depth: int) -> str:
        return "States.Array(" * depth + ")" * depth

    assert parse_intrinsic(nested(10)).name == "States.Array"
    with pytest.raises(SyntaxProblem, match="more than 10 calls") as caught:
        parse_intrinsic(nested(11))
    assert caught.value.position == 130


@pytest.mark.parametrize(
    ("text", "message", "position"),
    [
        ("", "expected an intrinsic function", 0),
        ("Hello", "expected an intrinsic function, not 'Hello'", 0),
        ("states.UUID()", "expected an intrinsic function", 0),
        (
            "States.Foo()",
            "there is no intrinsic function States.Foo",
            0,
        ),
        ("States.MathAd(1, 2)", "did you mean States.MathAdd?", 0),
        ("States.Array(States.Uuid())", "did you mean States.UUID?", 13),
        ("States.UUID", r"expected '\(' after States.UUID", 11),
        ("States.UUID ()", r"expected '\(' after States.UUID", 11),
        ("States.UUID(", r"an argument is missing", 12),
        ("States.Array(1", r"the '\(' is never closed", 12),
        ("States.Array($.a", r"the '\(' is never closed", 12),
        ("States.Array(States.Array(1)", r"the '\(' is never closed", 12),
        ("States.Array(,)", "an argument is missing", 13),
        ("States.Array(1,)", "an argument is missing", 15),
        ("States.Array(1,,2)", "an argument is missing", 15),
        ("States.Array(1 2)", r"expected ',' or '\)' before '2\)'", 15),
        ("States.Array('a' 'b')", r"expected ',' or '\)'", 17),
        ("States.UUID() x", "unexpected 'x' after the call", 14),
        ("States.UUID())", r"unexpected '\)' after the call", 13),
        ("States.Array('a)", "the text has no closing quote", 13),
        ("States.Array('it's')", r"expected ',' or '\)' before", 17),
        (r"States.Array('a\')", "the text has no closing quote", 13),
        (r"States.Array('a\nb')", "is no escape", 15),
        (r"States.Array('a\"b')", "is no escape", 15),
        ('States.Array("a")', "is no argument", 13),
        ("States.Array(abc)", "'abc' is no argument", 13),
        ("States.Array(True)", "'True' is no argument", 13),
        ("States.Array(01)", "'01' is no argument", 13),
        ("States.Array(1.)", "is no argument", 13),
        ("States.Array(.5)", "is no argument", 13),
        ("States.Array(+1)", "is no argument", 13),
        ("States.Array(NaN)", "is no argument", 13),
        ("States.Array([1])", "is no argument", 13),
        ("States.Array(" + "9" * 5000 + ")", "the number is too long", 13),
        ("States.Array($.a[0)", "the path lacks its ']'", 13),
        ("States.Array($['a)", "the ' in the path is never closed", 15),
        ("States.Array($['a\\", "the ' in the path is never closed", 15),
        ("States.Array(" + "x" * 50 + ")", "'xxxxxxxxxxxxxxxxx...' is no", 13),
    ],
)
def test_what_is_malformed_is_told_with_its_place(
    text: str, message: str, position: int
) -> None:
    with pytest.raises(SyntaxProblem, match=message) as caught:
        parse_intrinsic(text)
    assert caught.value.position == position
