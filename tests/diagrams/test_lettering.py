"""Lines that can be shown, and how wide they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asl.diagrams.lettering import plain, shorten, width_of, wrap


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("as it is", "as it is"),
        ("two\nlines\tand  spaces ", "two lines and spaces"),
        ("nul\x00 esc\x1b", "nul␀ esc␛"),
        ("del\x7f c1\x80", "del␡ c1�"),
        ("half \ud800 of one", "half � of one"),
        ("no \ufffe letter", "no � letter"),
        ("evil\u202etxt.exe\u2066", "eviltxt.exe"),
        ("\ufeffmark", "mark"),
        ("שלום", "שלום"),
        ("👨‍👩‍👧", "👨‍👩‍👧"),
    ],
)
def test_a_text_is_made_to_be_shown(text: str, shown: str) -> None:
    assert plain(text) == shown


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", ("",)),
        ("short", ("short",)),
        ("Check the order now", ("Check the", "order now")),
        ("CheckTheOrderNow", ("CheckThe", "OrderNow")),
        ("check_the_order", ("check_the_", "order")),
        ("x" * 25, ("x" * 10, "x" * 10, "x" * 5)),
        ("注文を処理する", ("注文を処理", "する")),
        ("e\u0301" * 12, ("e\u0301" * 10, "e\u0301" * 2)),
        ("👨‍👩‍👧👨‍👩‍👧", ("👨‍👩‍👧", "👨‍👩‍👧")),
    ],
)
def test_a_long_text_is_wrapped(text: str, lines: tuple[str, ...]) -> None:
    assert wrap(text, 10) == lines


@given(st.text(), st.integers(2, 40))
def test_wrapping_loses_nothing_but_spaces(text: str, width: int) -> None:
    lines = wrap(plain(text), width)

    assert "".join("".join(lines).split()) == "".join(plain(text).split())
    assert all(len(line) == 1 or width_of(line) <= width for line in lines) or any(
        width_of(letter) == 0 for letter in text
    )
    plain(text).encode()


def test_a_text_is_cut_on_one_line() -> None:
    assert shorten(" a\n b ", 9) == "a b"
    assert shorten("abcdef ghi", 8) == "abcdef…"
    assert width_of("a注e\u0301") == 4
