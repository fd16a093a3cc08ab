"""Paths without filters: one row per spelling, AWS's words for what is missing."""

import subprocess
import sys
from random import Random
from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asl.expressions.jsonpath import (
    PathError,
    compile_path,
    is_path,
    reference_problem,
)
from asl.expressions.jsonpath_steps import (
    Descend,
    Filter,
    Index,
    Indexes,
    Name,
    Names,
    Slice,
    Wildcard,
)
from asl.expressions.scope import Scope, SyntaxProblem
from asl.values import Json

SHOP = {
    "order": {
        "id": 7,
        "lines": [{"sku": "a", "n": 1}, {"sku": "b"}, {"sku": "c", "n": 3}],
    },
    "delivery-partner": {"name": "Eo"},
    "0abc": "digits first",
    "日本": {"都": "東京"},
    "sp ace": {"it's": 1, 'a"b': 2, "a\\b": 3, "a.b": 4, "tab\t": 5, "é": 6},
    "nothing": None,
    "text": "abc",
    "grid": [[1, 2], [3, 4]],
    "": "nameless",
    "*": "star",
}
SCOPE = cast(
    "Scope",
    SimpleNamespace(
        context={"Execution": {"Id": "arn", "Input": {"a-b": [1, 2]}}},
        variables={"x": 5, "o": {"a": [10, 20], "b": {"c": {"d": 1}}}, "größe": [1]},
        random=Random(1),
        now_ms=0,
    ),
)


def read(text: str, data: Json = SHOP) -> Json:
    return compile_path(text).read(data, SCOPE)


def reason(text: str, data: Json = SHOP) -> str:
    with pytest.raises(PathError) as caught:
        read(text, data)
    assert str(caught.value) == caught.value.reason
    return caught.value.reason


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$", SHOP),
        ("$.order.id", 7),
        ("$['order']['id']", 7),
        ('$["order"]["id"]', 7),
        ("$.order['id']", 7),
        ("$.order.['id']", 7),
        ("$.order[ 'id' ]", 7),
        ("$.order.lines[1].sku", "b"),
        ("$.order.lines[-1].n", 3),
        ("$.order.lines[ 0 ].n", 1),
        ("$.order.lines[-3].sku", "a"),
        ("$.order.lines.[1]['sku']", "b"),
        ("$.grid[1][0]", 3),
        ("$.delivery-partner.name", "Eo"),
        ("$['delivery-partner'].name", "Eo"),
        ("$.0abc", "digits first"),
        ("$.日本.都", "東京"),
        ("$['日本']['都']", "東京"),
        (r"$['sp ace']['it\'s']", 1),
        ("""$['sp ace']["it's"]""", 1),
        (r"""$['sp ace']["a\"b"]""", 2),
        (r"$['sp ace']['a\\b']", 3),
        ("$['sp ace']['a.b']", 4),
        (r"$['sp ace']['tab\t']", 5),
        (r"$['sp ace']['\u00e9']", 6),
        ("$['']", "nameless"),
        ("$['*']", "star"),
        ("$.nothing", None),
        ("$['order','none'].id", [7]),
        ("$.order['id','none']", {"id": 7}),
        ("$.order['lines', 'id']", {"lines": SHOP["order"]["lines"], "id": 7}),  # type: ignore[index]
        ("$$.Execution.Id", "arn"),
        ("$$['Execution'].Input.a-b[1]", 2),
        ("$x", 5),
        ("$o.a", [10, 20]),
        ("$o.a[0]", 10),
        ("$o['b'].c.d", 1),
        ("$größe[0]", 1),
    ],
)
def test_a_definite_path_gives_one_value(text: str, expected: Json) -> None:
    path = compile_path(text)
    assert path.text == text
    assert path.definite is (".id" not in text or "," not in text)
    assert read(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$.order.lines[*].sku", ["a", "b", "c"]),
        ("$.order.lines[*].n", [1, 3]),
        ("$.order.lines[ * ].n", [1, 3]),
        ("$.order.lines.*.n", [1, 3]),
        ("$.grid[*][0]", [1, 3]),
        ("$.grid[*][5]", []),
        ("$.grid[*][*]", [1, 2, 3, 4]),
        ("$.grid[*].*", [1, 2, 3, 4]),
        ("$.order.*", [7, SHOP["order"]["lines"]]),  # type: ignore[index]
        ("$.grid[0,1]", [[1, 2], [3, 4]]),
        ("$.grid[ 1 , 0 ][0]", [3, 1]),
        ("$.grid[1,7,-1]", [[3, 4], [3, 4]]),
        ("$.order.lines[*]['sku','n']", [
            {"sku": "a", "n": 1}, {"sku": "b"}, {"sku": "c", "n": 3},
        ]),
        ("$..n", [1, 3]),
        ("$..['n']", [1, 3]),
        ("$..[0]", [{"sku": "a", "n": 1}, [1, 2], 1, 3]),
        ("$.grid..*", [[1, 2], [3, 4], 1, 2, 3, 4]),
        ("$.grid..[*]", [[1, 2], [3, 4], 1, 2, 3, 4]),
        ("$..lines[0].sku", ["a"]),
        ("$..lines[*].sku", ["a", "b", "c"]),
        ("$..['sku','n']", [{"sku": "a", "n": 1}, {"sku": "c", "n": 3}]),
        ("$..['sku','n'][0]", []),
        ("$.text..a", []),
        ("$.text[*]", []),
        ("$.text.*", []),
        ("$.nothing[*]", []),
        ("$.text[0:1]", []),
        ("$.text[0,1]", []),
        ("$.text['a','b'].c", []),
        ("$$.Execution..Id", ["arn"]),
        ("$o..d", [1]),
        ("$o.a[*]", [10, 20]),
    ],
)  # fmt: skip
def test_an_indefinite_path_gives_a_list(text: str, expected: Json) -> None:
    assert not compile_path(text).definite
    assert read(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[1:3]", [1, 2]),
        ("[2:]", [2, 3, 4]),
        ("[:2]", [0, 1]),
        ("[-2:]", [3, 4]),
        ("[:-2]", [0, 1, 2]),
        ("[-3:-1]", [2, 3]),
        ("[1:-1]", []),
        ("[-2:2]", [3, 4, 0, 1]),
        ("[3:1]", []),
        ("[7:]", []),
        ("[:99]", [0, 1, 2, 3, 4]),
        ("[-99:]", [0, 1, 2, 3, 4]),
        ("[:-99]", []),
        ("[-2000000000:-3]", [0, 1]),
        ("[ 1 : 3 ]", [1, 2]),
    ],
)
def test_a_slice_counts_as_jayway_does(text: str, expected: Json) -> None:
    assert read("$" + text, [0, 1, 2, 3, 4]) == expected
    assert read("$" + text, []) == []


@pytest.mark.parametrize(
    "text",
    [
        "$.item.items[*]",
        "$.items[1:].value",
        "$.a['b'][:1]",
        "$..a",
        "$.a.b['c','d'].e",
    ],
)
def test_a_missing_parent_of_a_wildcard_gives_an_empty_list(text: str) -> None:
    assert read(text, {}) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$.X", "No results for path: $['X']"),
        ("$.order.X", "No results for path: $['order']['X']"),
        ("$.no.such.path", "Missing property in path $['no']"),
        ("$.order.no.such", "Missing property in path $['order']['no']"),
        ("$.order.lines[1].n", "No results for path: $['order']['lines'][1]['n']"),
        ("$.order.lines[9]", "No results for path: $['order']['lines'][9]"),
        ("$.order.lines[-4].n", "No results for path: $['order']['lines'][-4]['n']"),
        ("$.text.a", "Property ['a'] not found in path $['text']"),
        ("$.nothing.a.b", "Property ['a'] not found in path $['nothing']"),
        ("$.grid.a", "Property ['a'] not found in path $['grid']"),
        ("$.grid['a','b']", "Property ['a','b'] not found in path $['grid']"),
        ("$.nothing[0]", "The path $['nothing'] is null"),
        ("$.text[0].a", "Filter: [0]['a'] can only be applied to arrays."
                        " Current context is: abc"),
        ("$['delivery-partner'][0]", "Filter: [0] can only be applied to arrays."
                        " Current context is: {name=Eo}"),
        ("$$.Map.Item", "Missing property in path $['Map']"),
        ("$x.a", "Property ['a'] not found in path $"),
        ("$o.b.x", "No results for path: $['b']['x']"),
        ("$none", "No results for path: $['none']"),
        ("$none.a", "Missing property in path $['none']"),
    ],
)  # fmt: skip
def test_a_missing_value_is_explained_in_awss_words(text: str, expected: str) -> None:
    assert reason(text) == expected


@pytest.mark.parametrize("data", [None, True, 3, "abc", [], [1]])
def test_a_member_of_what_is_no_object_is_an_error(data: Json) -> None:
    assert reason("$.a", data) == "Property ['a'] not found in path $"
    assert reason("$.a.b", data) == "Property ['a'] not found in path $"
    assert reason("$.a.b.c", data) == "Property ['a'] not found in path $"


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 0),
        ("a.b", 0),
        ("@.a", 0),
        (" $.a", 0),
        ("$.", 2),
        ("$..", 3),
        ("$.a.", 4),
        ("$...a", 3),
        ("$$$", 2),
        ("$$x", 2),
        ("$a b", 2),
        ("$1", 1),
        ("$x-y", 2),
        ("$.a b", 3),
        ("$.a+1", 3),
        ("$.a|b", 3),
        ("$.a & $.b", 3),
        ("$.a,b", 3),
        ("$.`len`", 2),
        ("$.'a'", 2),
        ("$.a]", 3),
        ("$.a\\b", 3),
        ("$.a.length()", 4),
        ("$.sum($.a)", 2),
        ("$[", 2),
        ("$[]", 2),
        ("$['a'", 2),
        ("$['a',]", 6),
        ("$['a' 'b']", 2),
        ("$[a]", 2),
        ("$[(@.length-1)]", 2),
        ("$[1", 2),
        ("$[1,]", 2),
        ("$[1.5]", 2),
        ("$[:]", 2),
        ("$[0:4:2]", 5),
        ("$[::2]", 3),
        ("$[2147483648]", 2),
        ("$[99999999999999999999]", 2),
        ("$[?@.a]", 2),
    ],
)
def test_what_aws_has_not_is_a_syntax_problem(text: str, position: int) -> None:
    with pytest.raises(SyntaxProblem) as caught:
        compile_path(text)
    assert caught.value.position == position


def test_a_function_in_a_path_is_refused_by_name() -> None:
    with pytest.raises(SyntaxProblem, match=r"not support functions .*: length"):
        compile_path("$.a.length()")


def test_the_steps_are_data() -> None:
    path = compile_path("$x.a[0]['b','c'][*][1:][0,2]..d[?(@.e)]")
    assert path.root == "x"
    assert path.steps[:-1] == (
        Name("a"),
        Index(0),
        Names(("b", "c")),
        Wildcard(),
        Slice(1, None),
        Indexes((0, 2)),
        Descend(Name("d")),
    )
    last = path.steps[-1]
    assert isinstance(last, Filter)
    assert last.body == "@.e"
    spelled = "".join(map(str, path.steps))
    assert spelled == "['a'][0]['b','c'][*][1:][0,2]..['d'][?]"


def test_compiling_needs_no_data() -> None:
    assert compile_path("$").steps == ()
    assert compile_path("$$").read(None, SCOPE) is SCOPE.context


def test_equal_texts_are_equal_paths() -> None:
    assert compile_path("$.a[?(@.b)]") == compile_path("$.a[?(@.b)]")
    assert compile_path("$.a") != compile_path("$.b")


def test_a_path_is_told_by_its_dollar() -> None:
    assert is_path("$.a")
    assert is_path("$$")
    assert not is_path("States.UUID()")


@pytest.mark.parametrize("text", ["$", "$.a", "$['a'][0].b", "$$.a", "$x[2]"])
def test_a_path_to_one_node_is_a_reference_path(text: str) -> None:
    assert reference_problem(compile_path(text)) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$.a[*]", "[*]"),
        ("$.a.*", "[*]"),
        ("$..a", "..['a']"),
        ("$.a[0:]", "[0:]"),
        ("$.a[0,1]", "[0,1]"),
        ("$['a','b']", "['a','b']"),
        ("$.a[-1]", "negative index: [-1]"),
        ("$.a[?(@.b)]", "filter: [?(@.b)]"),
    ],
)
def test_any_other_path_is_none(text: str, found: str) -> None:
    problem = reference_problem(compile_path(text))
    assert problem is not None
    assert problem.startswith("Reference path must")
    assert problem.endswith(found)


names = st.text(min_size=1, max_size=4)
values = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3)
    ),
    max_leaves=12,
)


def naive(data: Json, keys: list[str | int]) -> Json:
    for key in keys:
        wanted = dict if isinstance(key, str) else list
        if not isinstance(data, wanted):
            raise LookupError(key)
        data = data[key]  # type: ignore[index]
    return data


def spell(keys: list[str | int]) -> str:
    quoted = (k.replace("\\", "\\\\").replace("'", "\\'") if isinstance(k, str) else k
              for k in keys)  # fmt: skip
    return "$" + "".join(f"['{k}']" if isinstance(k, str) else f"[{k}]" for k in quoted)


@given(st.data())
def test_a_compiled_path_agrees_with_plain_subscripts(data: st.DataObject) -> None:
    document = data.draw(values)
    keys: list[str | int] = []
    here = document
    for _ in range(data.draw(st.integers(0, 4))):
        options: list[str | int] = [data.draw(names), data.draw(st.integers(-2, 2))]
        if isinstance(here, dict):
            options += list(here)
        key = data.draw(st.sampled_from(options))
        keys.append(key)
        try:
            here = naive(here, [key])
        except LookupError:
            here = None
    path = compile_path(spell(keys))
    try:
        expected = naive(document, keys)
    except LookupError:
        with pytest.raises(PathError):
            path.read(document, SCOPE)
    else:
        assert path.read(document, SCOPE) is expected


def test_a_deep_document_needs_no_recursion() -> None:
    deep: Json = {"a": 1}
    for _ in range(5000):
        deep = {"a": deep}
    assert len(read("$..a", deep)) == 5001
    assert compile_path("$" + ".a" * 5001).read(deep, SCOPE) == 1


def test_a_path_without_a_filter_never_imports_jsonpath_ng() -> None:
    program = (
        "import sys\n"
        "from asl.expressions.jsonpath import compile_path\n"
        "from asl.expressions.reference import compile_reference_path\n"
        "for text in ('$', '$.a.b', '$..c', '$.a[*][0]', '$.a[1:]'):\n"
        "    try: compile_path(text).read({'a': [1]}, None)\n"
        "    except Exception: pass\n"
        "compile_reference_path('$.a.b').write({}, 1)\n"
        "assert not [name for name in sys.modules if name.startswith('jsonpath_ng')]\n"
        "compile_path('$[?(@.a)]')\n"
        "assert 'jsonpath_ng' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


@pytest.mark.parametrize("text", ["$" + "..a" * 30, "$..[?(@" + "..a" * 30 + " == 1)]"])
def test_a_path_that_leads_everywhere_is_given_up(text: str) -> None:
    deep: Json = 1
    for _ in range(60):
        deep = {"a": deep}
    assert len(read("$..a..a", deep)) == 60 * 59 // 2
    with pytest.raises(PathError, match="more than 1,000,000 places"):
        read(text, deep)
