"""Filters: one row per spelling, Jayway's meaning, and everything that is refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asl.expressions.jsonpath import compile_path
from asl.expressions.jsonpath_operators import MISSING, OPERATORS
from asl.expressions.scope import SyntaxProblem
from asl.values import Json

ITEMS = [
    {"id": 1, "name": "pen", "price": 5, "tags": ["a", "b"], "old": True},
    {"id": 2, "name": "Penny", "price": 12.5, "tags": [], "old": False},
    {
        "id": 3,
        "name": "it's )]",
        "price": None,
        "where": 1,
        "日本": "x",
        "1st": {"x y": 2},
    },
    {"id": 4, "code": "4", "sub": [{"q": 1}, {"q": 3}], "and": True},
]


def chosen(body: str, root: Json = None) -> list[Json]:
    document = {"items": ITEMS, "limit": 10, "ids": [1, 4], "min": 2}
    return compile_path(f"$.items[?({body})].id").read(root or document, None)  # type: ignore[arg-type, no-any-return]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        # existence
        ("@.price", [1, 2, 3]),
        ("@['price']", [1, 2, 3]),
        ('@["price"]', [1, 2, 3]),
        ("@.['price']", [1, 2, 3]),
        (" @.price ", [1, 2, 3]),
        ("!@.price", [4]),
        ("! @.price", [4]),
        ("!(@.price)", [4]),
        ("!!(@.price)", [1, 2, 3]),
        ("!(!(@.price))", [1, 2, 3]),
        ("@.where", [3]),
        ("@.and", [4]),
        ("@.日本", [3]),
        ("@['日本'] == 'x'", [3]),
        ("@.1st['x y'] == 2", [3]),
        ("@.1st..['x y']", [3]),
        ("@..q", [4]),
        ("@..sub..q", [4]),
        ("@..sub[0].q == [1]", [4]),
        ("@.tags[*]", [1]),
        ("@.tags[0]", [1]),
        ("@.tags[-1] == 'b'", [1]),
        ("@.tags[0,1]", [1]),
        ("@.tags[1:]", [1]),
        ("@.sub[:1].q == 1", []),
        ("@.sub.*", [4]),
        ("@['name','nothing'].x", []),
        ("$.limit", [1, 2, 3, 4]),
        ("$.nothing", []),
        # comparison
        ("@.id == 1", [1]),
        ("@.id==1", [1]),
        ("1 == @.id", [1]),
        ("@.id != 1", [2, 3, 4]),
        ("@.id > 2", [3, 4]),
        ("2 < @.id", [3, 4]),
        ("@.id >= 2", [2, 3, 4]),
        ("@.id <= 2", [1, 2]),
        ("@.id < 1e3", [1, 2, 3, 4]),
        ("@.price == 12.5", [2]),
        ("@.price == 1.25E+1", [2]),
        ("@.id > -1", [1, 2, 3, 4]),
        ("@.price == null", [3]),
        ("@.price != null", [1, 2, 4]),
        ("@.old == true", [1]),
        ("@.old == false", [2]),
        ("@.name == 'pen'", [1]),
        ('@.name == "pen"', [1]),
        ("'pen' == @.name", [1]),
        (r"@.name == 'it\'s )]'", [3]),
        ('@.name == "it\'s )]"', [3]),
        ("@.name > 'pea'", [1]),
        ("@.tags == ['a','b']", [1]),
        ("@.tags == [ ]", [2]),
        ("@.price < $.limit", [1]),
        ("$.limit > @.price", [1]),
        ("@.id == $.items[1].id", [2]),
        ("@.id == @.code", [4]),
        ("@.id === @.code", []),
        ("@.id !== @.code", [1, 2, 3, 4]),
        ("@.id === 1", [1]),
        # missing and mismatched
        ("@.nothing == 1", []),
        ("@.nothing == null", []),
        ("@.nothing != 1", [1, 2, 3, 4]),
        ("@.nothing < 1", []),
        ("@.nothing == @.nothing", []),
        ("@.name > 1", []),
        ("@.old > 0", []),
        ("@.old == 1", []),
        ("@.id == true", []),
        # regex
        ("@.name =~ /pen/", [1]),
        ("@.name =~ /pen.*/i", [1, 2]),
        ("@.name =~ /(?i)PEN.*/", [1, 2]),
        (r"@.name =~ /.*[)\]].*/", [3]),
        (r"@.name =~ /.*\/.*/", []),
        ("/p.*/ =~ @.name", [1]),
        ("@.id =~ /[12]/", [1, 2]),
        ("@.old =~ /t.*/", [1]),
        ("@.tags =~ /a/", []),
        # lists
        ("@.id in [1, 3]", [1, 3]),
        ("@.name in ['pen', \"it's )]\"]", [1, 3]),
        ("@.id in $.ids", [1, 4]),
        ("1 in @.nothing", []),
        ("'a' in @.tags", [1]),
        ("@.id nin [1, 3]", [2, 4]),
        ("@.id IN [1]", [1]),
        ("@.tags contains 'a'", [1]),
        ("@.name contains 'enn'", [2]),
        ("@.tags size 2", [1]),
        ("@.tags empty true", [2]),
        ("@.tags subsetof ['a','b','c']", [1, 2]),
        ("@.tags anyof ['b']", [1]),
        ("@.tags noneof ['b']", [2]),
        ("@.tags all ['a']", [1]),
        # boolean structure
        ("@.id == 1 || @.id == 2", [1, 2]),
        ("@.id==1||@.id==2", [1, 2]),
        ("@.price && @.id > 1", [2, 3]),
        ("@.id == 1 || @.id > 1 && @.id < 3", [1, 2]),
        ("(@.id == 1 || @.id > 1) && @.id < 3", [1, 2]),
        ("((@.id == 1))", [1]),
        ("!(@.id == 1 || @.id == 2) && @.where", [3]),
        ("@.name == 'a || b' || @.id == 4", [4]),
        # filters inside
        ("@.sub[?(@.q > 1)]", [4]),
        ("@.sub[?(@.q > $.min)].q", [4]),
        ("@.sub[ ?( @.q > 9 ) ]", []),
        ("@.sub[?(@.q == 3)].q == [3]", [4]),
    ],
)
def test_a_filter_chooses(body: str, expected: list[int]) -> None:
    assert chosen(body) == expected


@pytest.mark.parametrize(
    "body",
    [
        "",
        "@.a ==",
        "== 1",
        "true",
        "'x'",
        "1",
        "@.a = 1",
        "@.a <> 1",
        "@.a == 1e999",
        "@.a == 1x",
        "@.a == 'x",
        "@.a == {}",
        "@.a in [1",
        "@.a in [1,]",
        "@.a in 'x' y",
        "@.a is 1",
        "@.a and @.b",
        "@.a &&",
        "|| @.a",
        "@.a & @.b",
        "@.a | @.b",
        "@.a + 1 == 2",
        "@.a+1 == 2",
        "@.a*2 == 2",
        "@.a/2 == 2",
        "@.`len` == 2",
        "@.a.`len`",
        "@.a.length() == 1",
        "length(@.a) == 1",
        "@.a ~ 1",
        "@.",
        "@.a.",
        "@..",
        "@...a",
        "@['a",
        "@[a]",
        "@[]",
        "@['a' 'b']",
        "@['a', 0]",
        "@[0 1]",
        "@[*, 1]",
        "@[1:2, 3]",
        "@[:]",
        "@[0:2:1]",
        "@ .a",
        "@@",
        "$$.Execution",
        "$variable == 1",
        "(@.a",
        "@.a)",
        "!1",
        "!'x'",
        "!@.a == 1",
        "@.a =~ 'x'",
        "@.a =~ /(/",
        "@.a =~ /x",
        "@.a =~ @.b",
        "'x' =~ 'y'",
        "/x/",
        "/x/ == @.a",
        "/x/ =~ /y/",
        "@.a == /x/",
        "@.a[?(@.b]",
        "@.a[?(@.b) , 1]",
        "@.a..[?(@.b)]",
        "(" * 60 + "@.a" + ")" * 60,
        "!" * 60 + "(@.a)",
        "@.a == " + "[" * 60 + "]" * 60,
        "@" + ".a" * 101,
        "@.a[?(" * 7 + "@" + ")]" * 7,
    ],
)
def test_what_aws_has_not_is_a_syntax_problem(body: str) -> None:
    with pytest.raises(SyntaxProblem) as caught:
        compile_path(f"$.items[?({body})]")
    assert caught.value.position is not None


def test_a_text_without_quotes_is_a_text() -> None:
    path = compile_path("$[?(@.lang==es)].text")
    data = [{"lang": "es", "text": "hola"}, {"lang": "fr", "text": "salut"}]
    assert path.read(data, None) == ["hola"]  # type: ignore[arg-type] # no variables


def test_a_filter_without_its_bracket_is_a_syntax_problem() -> None:
    for text in ("$[?(@.a)", "$[?(@.a)x]", "$[?(@.a", "$[?(@.a), ?(@.b)]"):
        with pytest.raises(SyntaxProblem):
            compile_path(text)


@pytest.mark.parametrize(
    ("text", "data", "expected"),
    [
        ("$[?(@ > 1)]", [1, 2, "x", None, 3], [2, 3]),
        ("$[?(@)]", [1, None], [1, None]),
        ("$[?(@[0] == 1)]", [[1], [2], 1], [[1]]),
        ("$.a[?(@.b == 1)]", {"a": {"b": 1}}, [{"b": 1}]),
        ("$.a[?(@.b == 2)]", {"a": {"b": 1}}, []),
        ("$.a[?(@.b)]", {"a": "text"}, []),
        ("$.a[?(@.b)]", {}, []),
        ("$[?(@.a)][?(@.a > 1)].a", [{"a": 1}, {"a": 2}, 3], [2]),
        (
            "$..[?(@.p < 3)].p",
            {"a": [{"p": 1}, {"b": {"p": 2}}], "c": {"p": 5}},
            [1, 2],
        ),
        ("$[?(@['*'] == 1)]", [{"*": 1}, {"a": 1}], [{"*": 1}]),
        ("$[?(@.* == [1])]", [{"a": 1}, {"a": 2}], [{"a": 1}]),
        (r"$[?(@['a\\b'] == 1)]", [{"a\\b": 1}], [{"a\\b": 1}]),
        ("$[?(@[''] == 1)]", [{"": 1}], [{"": 1}]),
    ],
)
def test_a_filter_looks_at_elements_and_at_objects_themselves(
    text: str, data: Json, expected: Json
) -> None:
    assert compile_path(text).read(data, None) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("operator", "left", "right", "expected"),
    [
        ("==", 1, 1.0, True),
        ("==", "1", 1, True),
        ("==", "1.0", 1, False),
        ("==", 1, "1.0", True),
        ("==", 1, "one", False),
        ("==", 1, " 1", False),
        ("==", 1, "Infinity", False),
        ("==", True, 1, False),
        ("==", None, None, True),
        ("==", None, False, False),
        ("==", [1], [1.0], False),
        ("==", {"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ("==", [True], [1], False),
        ("==", [], "", False),
        ("==", MISSING, MISSING, False),
        ("!=", MISSING, None, True),
        ("<", "a", "b", True),
        ("<", "\ufb01", "\U0001f600", False),  # UTF-16: the pair of surrogates is less
        ("<", "1", 2, False),
        (">=", True, True, False),
        ("contains", [1], 1, True),
        ("contains", "12", 1, False),
        ("contains", MISSING, 1, False),
        ("in", 1, "1", False),
        ("in", MISSING, [None], False),
        ("nin", MISSING, [None], True),
        ("size", "abc", 3, True),
        ("size", {"a": 1}, 1, False),
        ("size", [1], "1", False),
        ("empty", "", True, True),
        ("empty", {}, True, True),
        ("empty", 0, True, False),
        ("empty", [], 1, False),
        ("all", "ab", ["a"], False),
        ("subsetof", [1], 1, False),
        ("anyof", MISSING, [1], False),
        ("noneof", MISSING, [1], False),
    ],
)
def test_an_operator_never_fails(
    operator: str, left: Json, right: Json, expected: bool
) -> None:
    assert OPERATORS[operator](left, right) is expected


pieces = st.sampled_from(
    [
        "@",
        "$",
        ".",
        "..",
        "a",
        "*",
        "[",
        "]",
        "(",
        ")",
        "?",
        "'",
        '"',
        "/",
        "\\",
        "0",
        "-1",
        ":",
        ",",
        "&&",
        "||",
        "!",
        "==",
        "<",
        "=~",
        "in",
        "null",
        "1e5",
        "日",
        "@.a",
        "['a']",
        "[?(",
        ")]",
        "/x+/i",
        "`",
        "+",
        "'b'",
        "[0]",
        "where",
    ]
)


@given(st.lists(pieces | st.sampled_from(" \n"), max_size=9).map("".join))
@settings(deadline=None)
def test_any_text_is_a_filter_or_a_syntax_problem(body: str) -> None:
    for text in ("$" + body, f"$[?({body})]"):
        try:
            path = compile_path(text)
        except SyntaxProblem:
            continue
        if not path.definite and path.root == "$":
            assert isinstance(path.read([{"a": "x"}], None), list)  # type: ignore[arg-type]
