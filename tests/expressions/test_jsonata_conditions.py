"""Conditions in JSONata: found where they are, and marked without a new meaning."""

from typing import Any

import jlens
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asl.expressions.jsonata_conditions import MARK, find_conditions, mark_conditions

DATA = {
    "b": 1,
    "x": 1,
    "y": 0,
    "items": [{"x": 1, "b": 2}, {"x": 0, "b": 3}],
}

TAKEN = [
    # (text, ways taken in order: twice the number, and one more where it is not met)
    ("x", []),
    ("x ? 1 : 2", [0]),
    ("y ? 1 : 2", [1]),
    ("y ? 1", [1]),
    ("a ? b ? x", [1]),
    ("a ? b : x ? y", [1, 2]),
    ("x ? y ? 1 : 2 : 3", [0, 3]),
    ("a ? 1 : b ? 2 : 3", [1, 2]),
    ("(x ? 1 : 2) = 1 ? 3 : 4", [0, 2]),
    ("items[x ? true : false].b", [0, 1]),
    ("items^(x ? b : -b).b", [0, 1]),
    ("items.(x ? b : nothing)", [0, 1]),
    ('items.{"v": x ? b : null}', [0, 1]),
    ('{x ? "a" : "b": 1}', [0]),
    ('{ "k": x ? 1 : 2, "l": [y ? 1, x ? 3] }', [0, 3, 4]),
    ("$map([0, 1], function($v) { $v ? 'a?b:c' : \"?\" })", [1, 0]),
    ("$map([0, 1], function($v)<n?:n>{ $v ? 1 : 2 })", [1, 0]),
    ("(λ($v) <(ns)?:n> { $v ? 1 : 2 })(0)", [1]),
    ("($f := function($n){$n = 0 ? 1 : $f($n - 1)}; $f(2))", [1, 1, 0]),
    ("($half := $power(?, 2); $half(3) > 8 ? 1 : 2)", [0]),
    ("($v := x ? 1 : 2; $v)", [0]),
    ("x ? $v := 1 : 2", [0]),
    ("(/* ? : */ x ? $match('a?', /[?:]\\/?/) : /a?b:c/)", [0]),
    ("(x and $contains('a', /a:?/)) ? 1 : 2", [0]),
    ("[b in [1, 2] ? 4 / 2 / 1 : 2]", [0]),
    ("** ? 1 : 2", [0]),
    ("*[0] ? 2 * 3 : 2 % 3", [0]),
    ("`a?b` ? 1 : 2", [1]),
    ('x ? \'a?\' : "\\"?"', [0]),
    ("|$|x ? {'q': 1} : {}, ['y']|", []),
    ("$ ~> |$|x ? {'q': 1} : {}, ['y']|", [0]),
    ("nothing ?? (x ? 1 : 2)", [0]),
    ("nothing ?: (y ? 1 : 2)", [1]),
    ("x?y:b", [0]),
    ("x ? {} : [1]", [0]),
    ('"é😀" = x ? 1 : 2', [1]),
]


def evaluate(text: str, took: list[int] | None = None) -> Any:
    expression = jlens.Expression(text)
    if took is not None:
        expression.register_function(MARK, took.append)
    return expression.evaluate(DATA)


@pytest.mark.parametrize(("text", "ways"), TAKEN, ids=[text for text, _ in TAKEN])
def test_a_marked_text_means_the_same_and_tells_its_ways(
    text: str, ways: list[int]
) -> None:
    took: list[int] = []
    assert evaluate(mark_conditions(text), took) == evaluate(text)
    assert took == ways


def test_each_condition_is_found_at_its_question_mark() -> None:
    text = 'x ? "?" : (y ? /?/ : $f(?, 1)) /* ? */'
    assert find_conditions(text) == [2, 13]
    assert [text[at] for at in find_conditions(text)] == ["?", "?"]


@pytest.mark.parametrize("text", ["x ? (1 : 2", "x ? 1 : 2)", "[x ? 1 : 2)"])
def test_a_text_that_cannot_be_followed_has_no_conditions(text: str) -> None:
    assert find_conditions(text) == []
    assert mark_conditions(text) == text


ATOMS = st.sampled_from(["x", "y", "b", "1", "nothing", '"?"', "items[0].x"])
TEXTS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds("({} ? {} : {})".format, inner, inner, inner),
        st.builds("({} ? {})".format, inner, inner),
        st.builds("(x ? {} : {})".format, inner, inner),
        st.builds("x ? {} : {}".format, inner, inner),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds("items[{}].b".format, inner),
    ),
    max_leaves=12,
)


@given(TEXTS)
def test_marks_change_no_value(text: str) -> None:
    took: list[int] = []
    assert evaluate(mark_conditions(text), took) == evaluate(text)
    assert max(took, default=-1) < 2 * len(find_conditions(text))
