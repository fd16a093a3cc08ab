"""Jackson's complaints about malformed JSON."""

import pytest

from asl.expressions.jackson import jackson_complaint

VALUES = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
SOURCE = (
    "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); "
    "line: {}, column: {}]"
)


def end_of(kind: str, line: int, column: int) -> str:
    start = SOURCE.format(line, column)
    return (
        f"Unexpected end-of-input: expected close marker for {kind} "
        f"(start marker at {start})"
    )


@pytest.mark.parametrize(
    ("text", "sentence", "line", "column"),
    [
        (
            "{bad json}",
            "Unexpected character ('b' (code 98)): was expecting double-quote to start "
            "field name",
            1,
            2,
        ),
        ("undefined", f"Unrecognized token 'undefined': was expecting {VALUES}", 1, 10),
        ('{"a":1', end_of("Object", 1, 1), 1, 7),
        ("{", end_of("Object", 1, 1), 1, 2),
        ("[1,\n [2", end_of("Array", 2, 2), 2, 4),
        ('{"a":', end_of("Object", 1, 1), 1, 6),
        ("[1,", end_of("Array", 1, 1), 1, 4),
        ("", "No content to map due to end-of-input", 1, 1),
        (
            "[,]",
            f"Unexpected character (',' (code 44)): expected a valid value {VALUES}",
            1,
            2,
        ),
        (
            "[1,]",
            f"Unexpected character (']' (code 93)): expected a valid value {VALUES}",
            1,
            4,
        ),
        (
            '{"a":1,}',
            "Unexpected character ('}' (code 125)): was expecting double-quote to "
            "start field name",
            1,
            8,
        ),
        (
            '{"a" 1}',
            "Unexpected character ('1' (code 49)): was expecting a colon to separate "
            "field name and value",
            1,
            6,
        ),
        (
            "[1 2]",
            "Unexpected character ('2' (code 50)): was expecting comma to separate "
            "Array entries",
            1,
            4,
        ),
        (
            '{"a":{}"b":2}',
            "Unexpected character ('\"' (code 34)): was expecting comma to separate "
            "Object entries",
            1,
            8,
        ),
        (
            '\n  {"a": [true, bad]}',
            f"Unrecognized token 'bad': was expecting {VALUES}",
            2,
            19,
        ),
        (
            '"abc',
            "Unexpected end-of-input: was expecting closing quote for a string value",
            1,
            5,
        ),
        (
            '{"ab',
            "Unexpected end-of-input: was expecting closing quote in field name",
            1,
            5,
        ),
        (
            '["a\tb"]',
            "Illegal unquoted character ((CTRL-CHAR, code 9)): has to be escaped using "
            "backslash to be included in string value",
            1,
            4,
        ),
        (r'"\n\x"', "Unrecognized character escape 'x' (code 120)", 1, 5),
        ('"\\', "Unrecognized character escape end-of-input", 1, 3),
        (
            "[1, NaN]",
            "Non-standard token 'NaN': enable "
            "`JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow",
            1,
            8,
        ),
        ("[-01]", "Invalid numeric value: Leading zeroes not allowed", 1, 4),
        (
            '"a" "b"',
            "Unexpected character ('\"' (code 34)): expected nothing after the value",
            1,
            5,
        ),
        ("{} x", f"Unrecognized token 'x': was expecting {VALUES}", 1, 5),
        (
            "1 2",
            "Unexpected character ('2' (code 50)): expected nothing after the value",
            1,
            3,
        ),
        ("[1e400]", "Numeric value (1e400) out of range of double", 1, 7),
        (
            "9" * 5000,
            "Numeric value (99999999999999999...) out of range of double",
            1,
            5001,
        ),
        ("[[], {}]", "Document nesting depth exceeds the maximum allowed", 1, 1),
    ],
)
def test_complaints(text: str, sentence: str, line: int, column: int) -> None:
    source = SOURCE.format(line, column)
    assert jackson_complaint(text) == f"{sentence}\n at {source}"


def test_nesting_without_end_is_read_without_recursion() -> None:
    assert "expected close marker" in jackson_complaint("[" * 100_000)
