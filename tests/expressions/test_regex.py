"""Regular expressions of filters: they agree with `re`, and end in time."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asl.expressions.regex import compile_regex
from asl.expressions.scope import SyntaxProblem


@pytest.mark.parametrize(
    ("pattern", "flags", "matching", "other"),
    [
        ("abc", "", ["abc"], ["ab", "abcd", "ABC", ""]),
        ("abc", "i", ["ABC", "aBc"], ["é"]),
        ("", "", [""], ["a"]),
        ("a|b|cd", "", ["a", "b", "cd"], ["ab", "c"]),
        ("a|", "", ["a", ""], ["b"]),
        ("(|a)b", "", ["b", "ab"], ["a"]),
        ("a*", "", ["", "aaaa"], ["b"]),
        ("a+", "", ["a", "aa"], [""]),
        ("a?", "", ["a", ""], ["aa"]),
        ("a*?b+?c??", "", ["b", "aabb", "abc"], ["a"]),
        ("a{2}", "", ["aa"], ["a", "aaa"]),
        ("a{2,}", "", ["aa", "aaaa"], ["a"]),
        ("a{1,3}", "", ["a", "aaa"], ["", "aaaa"]),
        ("a{0}b", "", ["b"], ["ab"]),
        ("(ab){1,2}c", "", ["abc", "ababc"], ["c"]),
        ("(?:ab)*(?<rest>c)", "", ["c", "ababc"], ["abac"]),
        ("[a-c]+", "", ["abc"], ["d"]),
        ("[^a-c]+", "", ["xyz\n"], ["a"]),
        (r"[\]\-a]+", "", ["]-a"], ["b"]),
        ("[a||b]+", "", ["a|b"], ["c"]),
        (r"\d+\s\w", "", ["12 x", "1\t_"], ["٣ x", "1 é"]),
        (r"\w", "u", ["é", "a"], ["-"]),
        (r"\.\*\/\$", "", [".*/$"], ["a"]),
        (r"\x41\u00e9\t", "", ["Aé\t"], ["A"]),
        ("a.c", "", ["abc", "a😀c"], ["a\nc", "a\u2028c"]),
        ("a.c", "s", ["a\nc"], ["ac"]),
        ("(?is)x.", "", ["X\n"], ["x"]),
        ("^ab$", "", ["ab"], ["a"]),
        (r"\Aab\z|c\Z", "", ["ab", "c"], ["abc"]),
        ("a\n^b$\nc", "m", ["a\nb\nc"], []),
        ("a\n^b", "", [], ["a\nb"]),
        (r".*\bcat\b.*", "", ["cat", "a cat!"], ["concat", "cats", "écat"]),
        (r"a\Bb", "", ["ab"], ["a"]),
        ("]}", "", ["]}"], ["]"]),
        ("(a|ab)(c|bcd)(d*)", "", ["abcd", "acd"], ["ad"]),
    ],
)
def test_a_pattern_matches_whole_texts(
    pattern: str, flags: str, matching: list[str], other: list[str]
) -> None:
    matches = compile_regex(pattern, flags)
    assert [text for text in matching if not matches(text)] == []
    assert [text for text in other if matches(text)] == []


@pytest.mark.parametrize(
    ("pattern", "flags"),
    [
        ("(?=a)", ""),
        ("(?!a)b", ""),
        ("a(?i)b", ""),
        (r"(a)\1", ""),
        (r"\k<a>", ""),
        (r"\p{L}", ""),
        (r"a\z\q", ""),
        ("a**", ""),
        ("a++", ""),
        ("*a", ""),
        ("a|*", ""),
        ("{2}", ""),
        ("(a", ""),
        ("a)", ""),
        ("[a", ""),
        ("[]", ""),
        ("[a&&b]", ""),
        ("[a[b]]", ""),
        ("[+--]", ""),
        ("[z-a]", ""),
        ("a{3,1}", ""),
        ("a{,2}", ""),
        ("a{1000}", ""),
        ("(a{30}){30}", ""),
        ("abcdefghij" * 60, ""),
        ("a|" * 300, ""),
        ("(" * 100 + ")" * 100, ""),
        ("a", "x"),
        ("(?x)a", ""),
        ("\\", ""),
    ],
)
def test_what_is_not_supported_is_a_syntax_problem(pattern: str, flags: str) -> None:
    with pytest.raises(SyntaxProblem, match="regular expression"):
        compile_regex(pattern, flags)


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+b",
        "(a*)*b",
        "(a|a)*b",
        "(a|aa)+b",
        ".*a.*a.*a.*a.*b",
        "(a?){120}b",
        "^(a?){120}b",
        r"(\w+\s?)+!",
    ],
)
def test_a_hostile_pattern_ends_in_time(pattern: str) -> None:
    # Backtracking would outlive the universe; a hang is the failure.
    assert not compile_regex(pattern)("a" * 20_000 + "-")


def test_many_different_characters_do_not_fill_the_memory() -> None:
    matches = compile_regex(".*x")
    text = "".join(map(chr, range(200, 3000)))
    assert not matches(text)
    assert matches(text + "x")


atoms = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\w", r"\d", "(?:ab)", "1"])
patterns = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{1,2}", "{2}"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda pair: f"(?:{pair[0]}|{pair[1]})"),
    ),
    max_leaves=6,
)


@given(patterns, st.text(alphabet="ab1 ", max_size=6))
def test_it_agrees_with_re(pattern: str, text: str) -> None:
    expected = re.compile(pattern, re.ASCII).fullmatch(text) is not None
    assert compile_regex(pattern)(text) is expected
