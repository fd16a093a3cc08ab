"""YAML: the values of YAML 1.2, the shapes of JSON, and nothing else."""

import sys

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asl.errors import DefinitionError, InternalError
from asl.problem import Problem, Severity
from asl.source.yaml_text import _bounds, read_yaml
from asl.values import Json


@pytest.fixture(params=["C", "Python"], autouse=True)
def _parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both parsers of PyYAML give the same documents and the same sentences."""
    if request.param == "Python":
        monkeypatch.delattr(yaml, "CBaseLoader", raising=False)
    elif not hasattr(yaml, "CBaseLoader"):
        pytest.skip("PyYAML was built without libyaml")


def faults(text: str) -> list[Problem]:
    """The Problems of a text that cannot be read."""
    with pytest.raises(DefinitionError) as caught:
        read_yaml(text)
    return caught.value.problems


@pytest.mark.parametrize(
    ("plain", "value"),
    [
        ("on", "on"),
        ("Off", "Off"),
        ("yes", "yes"),
        ("no", "no"),
        ("y", "y"),
        ("true", True),
        ("True", True),
        ("FALSE", False),
        ("tRUE", "tRUE"),
        ("null", None),
        ("~", None),
        ("", None),
        ("nULL", "nULL"),
        ("017", 17),
        ("0o17", 15),
        ("0x1F", 31),
        ("0b11", "0b11"),
        ("-12", -12),
        ("+3", 3),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("1e3", 1000.0),
        ("-.5", -0.5),
        ("1.", 1.0),
        (".", "."),
        ("-", "-"),
        ("1.2.3", "1.2.3"),
        ("2020-01-31", "2020-01-31"),
        ("2020-01-31T10:00:00Z", "2020-01-31T10:00:00Z"),
        ("=", "="),
        ("$.a[?(@.b == 1)]", "$.a[?(@.b == 1)]"),
        ("'1'", "1"),
        ('"true"', "true"),
        ("! 12", "12"),
        ("!!str 12", "12"),
        ("!!int '12'", 12),
        ("!!float 1", 1),
        ("!!bool 'true'", True),
        ("!!null ''", None),
        ("!!map {a: 1}", {"a": 1}),
        ("!!seq [a]", ["a"]),
        ("|\n  a\n  b\n", "a\nb\n"),
        (">-\n  a\n  b\n", "a b"),
        ("-.infinity", "-.infinity"),
    ],
)
def test_a_scalar_is_what_yaml_1_2_says(plain: str, value: Json) -> None:
    if plain == "-":
        plain = "[-x, -]"
        value = ["-x", "-"]
    read = read_yaml(f"a: {plain}").value["a"]
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    "key", ["404", "on", "true", "null", "~", "1.50", "2020-01-31"]
)
def test_a_key_is_the_text_as_written(key: str) -> None:
    assert read_yaml(f"{key}: 1").value == {key: 1}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: &x [1]\nb: *x", {"a": [1], "b": [1]}),
        ("a: &x foo\n*x : bar", {"a": "foo", "foo": "bar"}),
        ("&k a: 1\nb: *k", {"a": 1, "b": "a"}),
        ("a: &x 1\nb: &x 2\nc: *x", {"a": 1, "b": 2, "c": 2}),
        ("%YAML 1.1\n---\na: on\n...\n", {"a": "on"}),
        ("a:\n- b\n- c: d\n  e:\n", {"a": ["b", {"c": "d", "e": None}]}),
        ("[a, {b: c}, d: e]", ["a", {"b": "c"}, {"d": "e"}]),
    ],
)
def test_a_document_is_built_from_its_parts(text: str, value: Json) -> None:
    assert read_yaml(text).value == value


def test_an_alias_shares_its_value_and_has_a_place_of_its_own() -> None:
    document = read_yaml("a: &x {k: [1]}\nb: *x\n")
    assert document.value["a"] is document.value["b"]
    span, inner = document.place("/b"), document.place("/b/k/0")
    assert span is not None
    assert inner is not None
    assert (span.line, span.column, span.end_column) == (2, 4, 6)
    assert (inner.line, inner.column) == (1, 12)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("b: &b {x: 1, y: 2}\nc: {<<: *b, x: 5}", {"x": 5, "y": 2}),
        ("b: &b {x: 1, y: 2}\nc: {x: 5, <<: *b}", {"x": 5, "y": 2}),
        ("b: &b {x: 1}\nc: {<<: [*b, {x: 2, z: 3}]}", {"x": 1, "z": 3}),
        ("b: &b {x: 1}\nc:\n  <<: *b\n  <<: {y: 2}", {"x": 1, "y": 2}),
        ("c: {'<<': 1}", {"<<": 1}),
    ],
)
def test_merge_keys_bring_what_is_not_there(text: str, value: Json) -> None:
    document = read_yaml(text)
    assert document.value["c"] == value
    assert document.problems == ()


def test_what_was_merged_stands_where_it_was_written() -> None:
    document = read_yaml("b: &b {x: 1}\nc:\n  <<: *b\n  y: 2\n")
    span, whole = document.place("/c/x"), document.place("/c")
    assert span is not None
    assert whole is not None
    assert (span.line, span.column) == (1, 11)
    assert (whole.line, whole.end_line) == (3, 4)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("!Sub 'x ${A} y'", "x ${A} y"),
        ("!Sub 12", "12"),
        ("!Ref AWS::Region", "${AWS::Region}"),
        ("!GetAtt Fn.Arn", "${Fn.Arn}"),
        ("!GetAtt [Fn, Arn]", "${Fn.Arn}"),
        ("!Sub ['${a}-${b}', {a: !Ref X, b: 1}]", "${X}-${b}"),
    ],
)
def test_cloudformation_tags_become_placeholders(written: str, value: str) -> None:
    document = read_yaml(f"a: {written}")
    assert document.value == {"a": value}
    assert document.place("/a/0") == document.place("/a")


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("a: !Join ['', [b]]", (1, 4), "the tag !Join stands for no value of JSON"),
        ("a: !foo b", (1, 4), "the tag !foo stands"),
        ("a: !Ref [b]", (1, 4), "the tag !Ref stands"),
        ("a: !Sub {b: c}", (1, 4), "the tag !Sub stands"),
        ("a: !Sub [b]", (1, 4), "the tag !Sub stands"),
        ("a: !GetAtt []", (1, 4), "the tag !GetAtt stands"),
        ("a: !GetAtt [1, 2]", (1, 4), "the tag !GetAtt stands"),
        ("a: !!set {b, c}", (1, 4), "the tag !!set stands"),
        ("a: !!binary aGk=", (1, 4), "the tag !!binary stands"),
        ("a: !!python/object/apply:os.getcwd []", (1, 4), "the tag !!python/object"),
        ("a: !!int x", (1, 4), "'x' is no !!int"),
        ("!Sub a: 1", (1, 1), "the key 'a' has the tag !Sub"),
        ("a: .inf", (1, 4), ".inf is not a number of JSON"),
        ("a: -.INF", (1, 4), "-.INF is not a number"),
        ("a: .nan", (1, 4), ".nan is not a number"),
        ("a: 1e999", (1, 4), "1e999 is not a number"),
        (f"a: {'9' * 5000}", (1, 4), "99... is not a number"),
        ("? \n: 1", (1, 2), "a key is missing before ':'"),
        ("? [a]\n: b", (1, 3), "a list or object as a key"),
        ("{a: 1}: b", (1, 1), "a list or object as a key"),
        ("a: &x [1]\n*x : b", (2, 1), "a list or object as a key"),
        ("c: {<<: 1}", (1, 9), "the merge key '<<' needs an object"),
        ("c: {<<: [{}, 1]}", (1, 9), "the merge key '<<' needs an object"),
    ],
)
def test_what_json_does_not_have_is_refused(
    text: str, place: tuple[int, int], message: str
) -> None:
    (problem,) = faults(text)
    assert (problem.code, problem.line, problem.column) == ("ASL008", *place)
    assert message in problem.message
    assert problem.suggestion


def test_all_wrong_values_are_told_at_once_with_their_pointers() -> None:
    problems = faults("a: [.nan, !x 1]\nb: {c: .inf}")
    assert [p.pointer for p in problems] == ["/a/0", "/a/1", "/b/c"]


def test_wrong_values_are_told_beside_a_syntax_error() -> None:
    assert [p.code for p in faults("a: .nan\nb: @")] == ["ASL008", "ASL004"]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a:\n\tb: 1", 2, "a tab in the indentation"),
        ("a: {% $x %}", 1, "a plain text cannot begin with '%'"),
        ("a: @b", 1, "a plain text cannot begin with '@'"),
        ("a: *", 1, "a plain text cannot begin with '*' or '&'"),
        ("a: b: c", 1, "a ':' where no key can stand"),
        ("x: 1\na: 'x\n", 2, "the quoted text that begins in line 2 never ends"),
        ("a: [1, 2", 1, "the list or object of line 1 is not closed"),
        ("a: {b: c", 1, "the list or object of line 1 is not closed"),
        ("a:\n  - b\n c: d", 3, "this does not continue what stands above it"),
        ("a: b\n- c", 2, "this does not continue what stands above it"),
        ("a\nb: 1\nc\n", 2, "a ':' where no key can stand"),
        ("a: 1\nb\nc: 1", 3, "a line without ':' after its key"),
        ('a: "\\q"', 1, "a '\\' that begins no escape of YAML"),
        ("a: !<x y", 1, "this is not YAML"),
        ("a: 1\nb: \x01", 2, "the character U+0001 is not allowed in YAML"),
        ("a: *y", 1, "the alias *y has no anchor &y above it"),
        ("a: 1\n---\nb: 2", 2, "a second YAML document begins here"),
        ("---\n---\n", 2, "a second YAML document begins here"),
    ],
)
def test_a_syntax_error_in_yaml_is_told_with_its_line(
    text: str, line: int, message: str
) -> None:
    (problem,) = faults(text)
    assert message in problem.message
    assert (problem.code, problem.line) == ("ASL004", line)
    assert problem.aws_code == "INVALID_JSON_DESCRIPTION"
    assert problem.suggestion


@pytest.mark.parametrize("text", ["a: &x {b: *x}", "a: &x [*x]", "&x a: &x [{b: *x}]"])
def test_a_cycle_is_refused(text: str) -> None:
    (problem,) = faults(text)
    assert problem.code == "ASL009"
    assert "inside its own anchor" in problem.message


def test_a_bomb_of_aliases_is_refused() -> None:
    lines = ["x0: &x0 [" + ",".join("0123456789") + "]"]
    lines += [
        f"x{n}: &x{n} [" + ",".join([f"*x{n - 1}"] * 10) + "]" for n in range(1, 30)
    ]
    (problem,) = faults("\n".join(lines))
    assert problem.code == "ASL009"
    assert "over 1,000,000 values" in problem.message


@pytest.mark.parametrize("text", ["- " * 2000 + "a", "[" * 600, "{a: " * 600])
def test_yaml_nested_too_deep_is_refused(text: str) -> None:
    (problem,) = faults(text)
    assert (problem.code, problem.aws_code) == ("ASL007", "TOO_DEEPLY_NESTED")


def test_aliases_in_each_other_count_as_levels() -> None:
    lines = ["x0: &x0 [1]"]
    lines += [f"x{n}: &x{n} [*x{n - 1}]" for n in range(1, 600)]
    assert read_yaml("\n".join(lines[:499])).problems == ()
    (problem,) = faults("\n".join(lines[:500]))
    assert (problem.code, problem.line) == ("ASL007", 500)


def test_five_hundred_levels_of_yaml_are_read() -> None:
    assert read_yaml("[" * 500 + "]" * 500).place("/0" * 499) is not None


def test_the_last_of_equal_keys_wins_in_yaml_too() -> None:
    document = read_yaml("a: 1\nb: [{c: 1, 'c': 2}]\na: 3\n")
    assert document.value == {"a": 3, "b": [{"c": 2}]}
    assert [(p.pointer, p.line) for p in document.problems] == [
        ("/b/0/c", 2),
        ("/a", 3),
    ]
    assert {p.severity for p in document.problems} == {Severity.WARNING}


def test_a_state_lost_in_yaml_is_an_error() -> None:
    document = read_yaml("States:\n  A: {Type: Pass}\n  A: {Type: Fail}\n")
    (problem,) = document.problems
    assert problem.severity is Severity.ERROR
    assert "the state 'A' stands twice, in line 2 and in line 3" in problem.message


def test_reading_yaml_does_not_need_the_stack() -> None:
    limit = sys.getrecursionlimit()
    faults("- " * 50_000 + "a")
    assert sys.getrecursionlimit() == limit


def test_an_event_without_marks_is_our_bug() -> None:
    with pytest.raises(InternalError, match="without marks"):
        _bounds(yaml.StreamEndEvent())


# Texts that look like numbers are left out: PyYAML writes YAML 1.1, where some of YAML
# 1.2's numbers (1e3, 0o7) are texts.
trees = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text().filter(lambda text: text[:1] not in "+-.0123456789")
    | st.sampled_from(["on", "1:30", "~", "", "<<", "=", "*a", "# x", "a: b"]),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=15,
)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    max_examples=50,
    deadline=None,
)
@given(trees, st.sampled_from([True, False, None]))
def test_what_pyyaml_writes_is_read_back(value: Json, flow: bool | None) -> None:
    text = yaml.safe_dump({"a": value}, default_flow_style=flow)
    assert read_yaml(text).value == {"a": value}
