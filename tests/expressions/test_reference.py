"""Reference paths: what a write makes, what it shares, what it refuses."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asl.expressions.reference import ReferenceConflict, compile_reference_path
from asl.expressions.scope import SyntaxProblem
from asl.values import Json


@pytest.mark.parametrize(
    ("text", "target", "expected"),
    [
        ("$", {"a": 1}, "new"),
        ("$.a", {}, {"a": "new"}),
        ("$.a", {"a": {"b": 1}, "c": 2}, {"a": "new", "c": 2}),
        ("$['a']", {"b": 1}, {"b": 1, "a": "new"}),
        ("$.a.b.c", {}, {"a": {"b": {"c": "new"}}}),
        ("$.a.b", {"a": {"c": 1}, "d": 2}, {"a": {"c": 1, "b": "new"}, "d": 2}),
        ("$.a[1]", {"a": [1, 2, 3]}, {"a": [1, "new", 3]}),
        ("$[0]", [1], ["new"]),
        ("$[0].a", [{"b": 1}], [{"b": 1, "a": "new"}]),
        ("$.a[0].b.c", {"a": [{}, 1]}, {"a": [{"b": {"c": "new"}}, 1]}),
    ],
)
def test_a_value_is_put_in_its_place(text: str, target: Json, expected: Json) -> None:
    before = copy.deepcopy(target)
    written = compile_reference_path(text).write(target, "new")
    assert written == expected
    assert target == before


def test_a_replaced_member_keeps_its_place_and_a_new_one_comes_last() -> None:
    target = {"a": 1, "b": {"x": 1, "y": 2}}
    assert list(compile_reference_path("$.a").write(target, 0)) == ["a", "b"]
    assert list(compile_reference_path("$.c").write(target, 0)) == ["a", "b", "c"]
    assert list(compile_reference_path("$.b.x").write(target, 0)["b"]) == ["x", "y"]


def test_what_is_not_on_the_way_is_shared() -> None:
    target = {"a": {"b": {"c": 1}}, "big": {"d": [1]}}
    written = compile_reference_path("$.a.b.c").write(target, 2)
    assert written["big"] is target["big"]
    assert written["a"] is not target["a"]


@pytest.mark.parametrize(
    ("text", "target", "message"),
    [
        ("$.x", [1], 'Unable to apply step "x" to input [1]'),
        ("$.x", "text", 'Unable to apply step "x" to input "text"'),
        ("$.x", None, 'Unable to apply step "x" to input null'),
        ("$.a.b", {"a": 3}, 'Unable to apply step "b" to input 3'),
        ("$.a.b", {"a": None}, 'Unable to apply step "b" to input null'),
        ("$.a[3]", {"a": []}, 'Unable to apply step "3" to input []'),
        ("$.a[0]", {"a": {"b": 1}}, 'Unable to apply step "0" to input {"b":1}'),
        ("$.a[0]", {}, 'Unable to apply step "0" to input {}'),
    ],
)
def test_a_step_that_cannot_be_taken_is_a_conflict(
    text: str, target: Json, message: str
) -> None:
    with pytest.raises(ReferenceConflict) as caught:
        compile_reference_path(text).write(target, 1)
    assert str(caught.value) == message
    assert f'"{caught.value.step}"' in message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Reference path didn't start with '$'"),
        ("x", "Reference path didn't start with '$'"),
        ("$$.a", "Only the data"),
        ("$x", "Only the data"),
        ("$.a[*]", "single node"),
        ("$..a", "single node"),
        ("$.a[-1]", "negative index"),
        ("$.a[?(@.b)]", "filter"),
        ("$.", "must not end"),
    ],
)
def test_what_is_no_reference_path_is_a_syntax_problem(text: str, message: str) -> None:
    with pytest.raises(SyntaxProblem, match=message.replace("$", r"\$")):
        compile_reference_path(text)


def test_a_reference_path_knows_its_steps_and_reads() -> None:
    path = compile_reference_path("$.a[0]['b c']")
    assert path.text == "$.a[0]['b c']"
    assert path.steps == ("a", 0, "b c")
    assert path.read({"a": [{"b c": 5}]}, None) == 5  # type: ignore[arg-type]


steps = st.lists(st.sampled_from(["a", "b", "c", 0, 1]), max_size=4)
values = st.recursive(
    st.none() | st.integers() | st.text(max_size=2),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(steps, values, values)
def test_a_write_never_changes_its_target_and_is_found_again(
    keys: list[str | int], target: Json, value: Json
) -> None:
    text = "$" + "".join(f".{k}" if isinstance(k, str) else f"[{k}]" for k in keys)
    path = compile_reference_path(text)
    before = copy.deepcopy(target)
    try:
        written = path.write(target, value)
    except ReferenceConflict:
        assert keys
    else:
        assert path.read(written, None) is value  # type: ignore[arg-type]
    assert target == before
