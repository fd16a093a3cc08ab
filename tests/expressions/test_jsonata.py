"""JSONata: results, AWS's functions, error texts, templates."""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

import pytest

from asl.errors import InternalError
from asl.expressions import jsonata_engine
from asl.expressions.jsonata import (
    Expression,
    compile_jsonata,
    compile_jsonata_string,
    is_jsonata,
    unexpected_type,
)
from asl.expressions.jsonata_template import TemplateProblems, compile_template
from asl.expressions.jsonata_text import BRIEF
from asl.expressions.scope import EvaluationError, SyntaxProblem
from asl.values import Json, json_text


@dataclass
class Surroundings:
    context: dict[str, Json] = field(default_factory=dict)
    variables: Mapping[str, Json] = field(default_factory=dict)
    random: Random = field(default_factory=lambda: Random(7))
    now_ms: int = 1_700_000_000_123


CONTEXT = {"Execution": {"Name": "run"}, "State": {"Name": "S"}}
INPUT = {
    "n": 5,
    "none": None,
    "text": "ab",
    "list": [1, 2, 3],
    "one": [1],
    "empty": [],
    "pairs": [{"k": 1, "v": ["x"]}, {"k": 2, "v": ["y", "z"]}],
    "array": {"k": [{"v": 1}]},
    "whole": 1.0,
    "mixed": {"a": [1.5, 2.0, {"b": -0.0}], "c": "1.0"},
    "big": 2**60 + 1,
    "huge": 10**400,
    "far": 1e21,
    "and": "kept",
}
VARIABLES = {"x": 4, "list": [1], "obj": {"a": {"b": 2}}, "nothing": None}


def evaluate(
    text: str,
    variables: Mapping[str, Json] = VARIABLES,
    location: str = "Output",
    **more: Json,
) -> Json:
    scope = Surroundings(context=CONTEXT, variables=variables)
    states = {"input": INPUT, **more}
    return compile_jsonata(text).evaluate(states, scope, location)


def detail(text: str, **more: Json) -> str:
    with pytest.raises(EvaluationError) as caught:
        evaluate(text, **more)
    assert caught.value.error == "States.QueryEvaluationError"
    assert caught.value.location == "Output"
    prefix = f"The JSONata expression '{text}' specified for the field 'Output' "
    assert caught.value.detail.startswith(prefix)
    return caught.value.detail.removeprefix(prefix)


UNDEFINED = "returned nothing (undefined)."
UNSUPPORTED = "returned an unsupported result type."


def thrown(code_and_message: str) -> str:
    return f"threw an error during evaluation. {code_and_message}"


RESULTS = [
    # plain paths
    ("$states.input.n", 5),
    ("$states.input.none", None),
    ("$states.input.list", [1, 2, 3]),
    ("$states.input.one", [1]),
    ("$states.input.empty", []),
    ("$states.input.pairs.k", [1, 2]),
    ("$states.input.pairs.v", ["x", "y", "z"]),
    ("$states.input.array.k.v", 1),
    ("$states.context.Execution.Name", "run"),
    ("$states.context", CONTEXT),
    ("$x", 4),
    ("$list", [1]),
    ("$obj.a.b", 2),
    ("$nothing", None),
    ("$states.input.and", "kept"),
    # numbers
    ("$states.input.whole", 1),
    ("$states.input.mixed", {"a": [1.5, 2, {"b": 0}], "c": "1.0"}),
    ("$states.input.big", 2**60 + 1),
    ("$states.input.huge", 10**400),
    ("$states.input.far", 1e21),
    ("$states.input.far * 1", 1e21),
    ("$states.input.whole + 1", 2),
    ("1.0", 1),
    ("-0", 0),
    ("1 / 4", 0.25),
    ("9007199254740991 - 1", 9007199254740990),
    # through the engine
    ("$x + 1", 5),
    ("$string($x)", "4"),
    ("$list", [1]),
    ("($list)", [1]),
    ("($nothing)", None),
    ("$exists($missing)", False),
    ("$x > 3 ? null : 1", None),
    ("$states.input.`text` & '!'", "ab!"),
    ("$count($states.input.list[$ = 1])", 1),
    (
        "$map($states.input.list, function($v) { $v = 1 ? 'pass' : 'failed' })",
        ["pass", "failed", "failed"],
    ),
    ("$merge([{'a': 1}, {'b': $x}])", {"a": 1, "b": 4}),
    ("{'a': $missing, 'b': 1}", {"b": 1}),
    ("[$missing]", []),
    ("[1][0]", 1),
    ("[[1]]", [[1]]),
    ("$y := 1", 1),
    ("($x := 9; $x)", 9),
    ("$contains('hello$world', /^hello\\$/)", True),
    ("$match('ab', /b/).index", 1),
    ("$lookup($states.context.State, 'Name')", "S"),
    ("$states.context.State.(Name & '!')", "S!"),
    ("$keys($states)", ["input", "context"]),
    ("$states.input.list.($ * $x)", [4, 8, 12]),
    ("$states.input.pairs[k = $count($states.input.one)].k", 1),
    ("/* a comment $$ */ $x", 4),
    ("$fromMillis($millis())", "2023-11-14T22:13:20.123Z"),
    ("$now()", "2023-11-14T22:13:20.123Z"),
    ("$now() = $now()", True),
    ("$toMillis('12:00', '[H01]:[m01]')", 1_699_963_200_000),
    ("{'f': $sum}", {}),
]


@pytest.mark.parametrize(("text", "expected"), RESULTS)
def test_an_expression_has_the_value_that_aws_gives(text: str, expected: Json) -> None:
    assert json_text(evaluate(text)) == json_text(expected)


FUNCTIONS = [
    ("$partition([0], 1)", [[0]]),
    ("$partition([0, 1, 2], 2)", [[0, 1], [2]]),
    ("$partition([0, 1, 2], 2.6)", [[0, 1], [2]]),
    ("$partition([0, 1, 2], 9)", [[0, 1, 2]]),
    ("$partition([0, 1, 2])", [[0, 1, 2]]),
    ("$count($partition($range(1, 1001, 1), 10))", 101),
    ("$range(1, 9, 9)", 1),
    ("$range(1, 9, 4)", [1, 5, 9]),
    ("$range(1.4, 5.6, 2.2)", [1, 3, 5]),
    ("$range(5, 1, -2)", [5, 3, 1]),
    ("$count($range(1, 1001, 1))", 1001),
    ("$hash('abc', 'MD5')", "900150983cd24fb0d6963f7d28e17f72"),
    ("$hash('abc', 'SHA-1')", "a9993e364706816aba3e25717850c26c9cd0d89d"),
    ("$length($hash('é', 'SHA-256'))", 64),
    ("$length($hash('', 'SHA-384'))", 96),
    ("$length($hash($pad('a', 10001), 'SHA-512'))", 128),
    ("$random(77)", 0.7240700207191966),
    ("[$random(77), $random(77)]", [0.7240700207191966, 0.7240700207191966]),
    ("$random() = $random()", False),
    ("$random($missing) < 1", True),
    ("$contains($uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab]/)", True),
    ("$length($uuid())", 36),
    ("$uuid() = $uuid()", False),
    ("$parse('-0')", 0),
    ("$parse('1.1')", 1.1),
    ("$parse(' [1, 2, \"a\"] ')", [1, 2, "a"]),
    ("$parse('null')", None),
    ("$parse('[]')", []),
    ("$parse('[1]')", [1]),
    ("$parse('{\"a\": null}')", {"a": None}),
    ("$map(['1', '2'], $parse)", [1, 2]),
    ("'[1]' ~> $parse", [1]),
    ("$count($shuffle([1, 2, 3]))", 3),
    # a function whose argument makes the engine see the top-level context
    ("$match($parse('\"ab\"'), /b/).index", 1),
]


@pytest.mark.parametrize(("text", "expected"), FUNCTIONS)
def test_an_aws_function_has_its_result(text: str, expected: Json) -> None:
    assert json_text(evaluate(text)) == json_text(expected)


NOTHING = [
    "$missing",
    "$missing.a",
    "$x.a",
    "$states.input.absent",
    "$states.input.n.deeper",
    "$states.input.none.deeper",
    "$states.input.pairs.absent",
    "$states.result",
    "$states.errorOutput",
    "$states.context.Map.Item",
    "$states.nonsense",
    "$missing + 1",
    "phone",
    "$",
    "$$",
    "$string()",
    "$partition([0], 0)",
    "$partition($missing, 2)",
    "$range(1, 5, 0)",
    "$range(1, 5, 0.49)",
    "$range(1, 5)",
    "$range(5, 1, 1)",
    "$range($missing, 5, 1)",
    "$parse()",
    "$parse($missing)",
    "$hash($missing, 'MD5')",
    "$hash('a', $missing)",
    "$match('a', /b/)",
]


@pytest.mark.parametrize("text", NOTHING)
def test_undefined_is_an_error(text: str) -> None:
    assert detail(text) == UNDEFINED


@pytest.mark.parametrize(
    "text", ["$sum", "function($v) { $v }", "/a/", "$parse", "$states.input.($sum)"]
)
def test_a_function_is_an_unsupported_result(text: str) -> None:
    assert detail(text) == UNSUPPORTED


def _signature(number: int, name: str) -> str:
    return (
        f'T0410: Argument {number} of function "{name}" does not match function '
        "signature"
    )


ERRORS = [
    ("'a' + 1", 'T2001: The left side of the "+" operator must evaluate to a number'),
    ("1 + 'a'", 'T2002: The right side of the "+" operator must evaluate to a number'),
    ("$randomSeeded(1)", "T1006: Attempted to invoke a non-function"),
    ("$x(1)", "T1006: Attempted to invoke a non-function"),
    ("1 / 0", "D1001: Number out of range: null"),
    ("$number('1.0x')", 'D3030: Unable to cast value to a number: "1.0x"'),
    (
        "$sqrt(-1)",
        "D3060: The sqrt function cannot be applied to a negative number: -1",
    ),
    ("$error('at 1.0')", "D3137: at 1.0"),
    ("$assert(false, 'no')", "D3141: no"),
    (
        "$states.input.huge + 1",
        "U1004: The input could not be read: a number is too big",
    ),
    (
        "$match($string($states.input.huge), /1/)",
        "U1004: The input could not be read: a number is too big",
    ),
    ("$partition([0], -1)", "D3137: Second argument must be zero or greater"),
    *[
        (
            f"$partition({wrong}, 2)",
            'T0412: Argument 1 of function "partition" must be an array of undefined',
        )
        for wrong in ("'a'", "5", "null", "{'a': 1}", "$sum")
    ],
    (
        "$hash('a', 'sha-256')",
        "D3137: Hash algorithm 'sha-256' must be one of SHA-1, SHA-384, SHA-256, "
        "SHA-512, MD5",
    ),
    ("$parse('')", "D3137: Invalid JSON"),
    ("$parse('{a: 1}')", "D3137: Invalid JSON"),
    ("$parse('NaN')", "D3137: Invalid JSON"),
    ("$partition([0], '2')", _signature(2, "partition")),
    ("$partition([0], null)", _signature(2, "partition")),
    ("$partition([0], 2, 99)", _signature(3, "partition")),
    ("$partition()", _signature(1, "partition")),
    ("$range('1', 5, 1)", _signature(1, "range")),
    ("$range(1, null, 1)", _signature(2, "range")),
    ("$range(1, 5, '1')", _signature(3, "range")),
    ("$range(1, 5, 1, 99)", _signature(4, "range")),
    ("$hash()", _signature(1, "hash")),
    ("$hash(123, 'MD5')", _signature(1, "hash")),
    ("$hash(null, 'MD5')", _signature(1, "hash")),
    ("$hash('a', 5)", _signature(2, "hash")),
    ("$hash('a', 'MD5', 1)", _signature(3, "hash")),
    ("$parse(123)", _signature(1, "parse")),
    ("$parse(null)", _signature(1, "parse")),
    ("$parse('1', 1)", _signature(2, "parse")),
    ("$random('6')", _signature(1, "random")),
    ("$random(null)", _signature(1, "random")),
    ("$random(77, 88)", _signature(2, "random")),
    ("$uuid(1, 2)", _signature(1, "uuid")),
    # bounds
    (
        "($f := function() { $f() }; $f())",
        "U1006: The evaluation exceeded its budget of 10000000 steps",
    ),
    (
        "($f := function($n) { 1 + $f($n) }; $f(1))",
        "D1011: Stack overflow. Check for non-terminating recursive function.  "
        "Consider rewriting as tail-recursive",
    ),
    (
        "[1..1e12]",
        "D2014: The size of the sequence allocated by the range operator (..) must not "
        "exceed 1e7.  Attempted to allocate 1000000000000.",
    ),
    (
        "$count([1..2e6])",
        "U1001: An array would exceed the size limit of 1000000 items",
    ),
    (
        "$range(1, 1e300, 1)",
        "U1001: An array would exceed the size limit of 1000000 items",
    ),
    (
        "(" * 999 + "$x" + ")" * 999,
        "U1001: The expression is nested too deeply (the limit is 1000 levels)",
    ),
]


@pytest.mark.parametrize(("text", "message"), ERRORS)
def test_a_run_time_error_has_its_code_and_text(text: str, message: str) -> None:
    assert detail(text) == thrown(message)


def test_a_regular_expression_that_explodes_ends_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(jsonata_engine, "TIMEOUT_SECONDS", 0.05)
    text = "$contains($pad('', 60, 'a') & 'b', /^(a+)+$/)"
    assert detail(text) == thrown(
        "D1012: Evaluation timeout after 50 milliseconds. Check for infinite loop"
    )


def test_an_error_of_our_own_is_no_failure_of_the_expression(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(_self: object, *_more: Json) -> Json:
        raise KeyError("a bug")

    monkeypatch.setattr(jsonata_engine.Program, "run", broken)
    with pytest.raises(InternalError, match="a bug"):
        evaluate("1 + 1")


@pytest.mark.parametrize(
    ("more", "keys"),
    [
        ({}, ["input", "context"]),
        ({"result": 1}, ["input", "context", "result"]),
        ({"errorOutput": {"Error": "E"}}, ["input", "context", "errorOutput"]),
    ],
)
@pytest.mark.parametrize(
    "text", ["$states", "($states)", "($f := function($s) {$s}; $f($states))"]
)
def test_the_whole_of_states_has_aws_order(
    text: str, more: dict[str, Json], keys: list[str]
) -> None:
    scope = Surroundings(context=CONTEXT)
    whole = compile_jsonata(text).evaluate({"input": 1, **more}, scope, "Output")
    assert list(whole) == keys


def test_the_context_is_built_only_if_it_is_read() -> None:
    class Unbuilt(Surroundings):
        def __getattribute__(self, name: str) -> Json:
            if name == "context":
                raise AssertionError("the context was built")
            return super().__getattribute__(name)

    for text in (
        "$states.input",
        "$states.input.n & $states.result",
        "$x.y($states.input)",
    ):
        expression = compile_jsonata(text)
        assert "context" not in expression.states_members
        if "$x" not in text:
            expression.evaluate({"input": {"n": 1}, "result": 2}, Unbuilt(), "Output")


def test_a_plain_path_shares_its_value() -> None:
    assert evaluate("$states.input.list") is INPUT["list"]
    assert evaluate("$states.input.pairs") is INPUT["pairs"]
    assert INPUT["mixed"] == {"a": [1.5, 2.0, {"b": -0.0}], "c": "1.0"}
    assert json_text(INPUT["mixed"]["a"][1]) == "2.0"


# Variables and functions of one name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$count + 1", 4),
        ("$count", 3),
        ("$uuid", "u"),
        ("$uuid & '!'", "u!"),
        ("$random + $sum([1])", 8),
        ("$match('ab', /b/).index + $count", 4),
        ("$match($uuid, /u/).index", 0),
        ("$map([1], function($v) { $v })", 1),
    ],
)
def test_a_variable_hides_the_function_of_its_name(text: str, expected: Json) -> None:
    variables = {"count": 3, "uuid": "u", "random": 7, "v": 99}
    assert evaluate(text, variables) == expected


def test_without_the_variable_the_same_expression_has_its_function() -> None:
    expression = compile_jsonata("$type($hash)")
    with_variable = Surroundings(variables={"hash": "h"})
    assert expression.evaluate({"input": {}}, with_variable, "Output") == "string"
    assert expression.evaluate({"input": {}}, Surroundings(), "Output") == "function"


# What an expression reads


@pytest.mark.parametrize(
    ("text", "variables", "members", "context_names"),
    [
        ("$x + $sum($y)", {"x", "y"}, set(), set()),
        ("$uuid() & $hash($a, 'MD5')", {"a"}, set(), set()),
        ("($a := 1; $a + $b)", {"b"}, set(), set()),
        ("$states.input.a", set(), {"input"}, set()),
        ("$exists($states.errorOutput)", set(), {"errorOutput"}, set()),
        ("$states.result[v = $z].n", {"z"}, {"result"}, set()),
        ("$states.nonsense", set(), set(), set()),
        ("$states", set(), {"input", "context", "result", "errorOutput"}, set()),
        ("$states.*", set(), {"input", "context", "result", "errorOutput"}, set()),
        ("{'a': phone, 'b': [mail]}", set(), set(), {"phone", "mail"}),
        ("$$.a", set(), set(), {"$$"}),
        ("'$$ $x'", set(), set(), set()),
        ("$contains('a', /^$$x/)", set(), set(), set()),
        ("6 / $x / 2", {"x"}, set(), set()),
        ("$ = 1", set(), set(), set()),
    ],
)
def test_an_expression_tells_what_it_reads(
    text: str, variables: set[str], members: set[str], context_names: set[str]
) -> None:
    expression = compile_jsonata(text)
    assert expression.variables == variables
    assert expression.states_members == members
    assert expression.context_names == context_names


def test_expressions_are_equal_by_text() -> None:
    assert compile_jsonata(" $x ") == compile_jsonata("$x")
    assert hash(compile_jsonata("$x")) == hash(compile_jsonata("$x "))
    assert compile_jsonata("$x") != compile_jsonata("$y")
    assert repr(compile_jsonata(" $x ")) == "Expression('$x')"


# Delimiters and syntax


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("{% $x %}", True),
        ("{%$x%}", True),
        ("{%%}", True),
        ("{%}", False),
        (" {% $x %} ", False),
        ("{% $x %} ", False),
        ("{%  $x", False),
        ("$x", False),
        (5, False),
        (["{% $x %}"], False),
    ],
)
def test_only_exact_delimiters_make_an_expression(value: Json, expected: bool) -> None:
    assert is_jsonata(value) is expected


@pytest.mark.parametrize(
    ("value", "message", "position"),
    [
        ("{%%}", "Unexpected end of expression", 2),
        ("{% 1 + %}", "Unexpected end of expression", 6),
        ("{% [1, 2; 3] %}", 'Expected "]", got ";"', 8),
        ("{% 1) + (2 %}", 'Syntax error: ")"', 4),
        ("{% 'a %}", "String literal must be terminated by a matching quote", 3),
        ("{% } %}", 'The symbol "}" cannot be used as a unary operator', 3),
        ("{% /a %}", "No terminating / in regular expression", 3),
        ("{% 1 2 %}", "Syntax error: 2", 5),
        ("{% $x & $eval('1') %}", "The function $eval is not supported", 8),
    ],
)
def test_a_syntax_error_has_jsonatas_words_and_its_place(
    value: str, message: str, position: int
) -> None:
    with pytest.raises(SyntaxProblem) as caught:
        compile_jsonata_string(value)
    assert caught.value.message == message
    assert caught.value.position == position


def test_a_position_counts_within_the_text_that_was_given() -> None:
    with pytest.raises(SyntaxProblem) as caught:
        compile_jsonata("   }")
    assert caught.value.position == 3


@pytest.mark.parametrize(
    ("expected", "value", "text"),
    [
        ("array", {"foo": "bar"}, '\'object\' for value: {"foo":"bar"}'),
        ("array", "string", "'string' for value: \"string\""),
        ("array", None, "'null' for value: null"),
        ("array", True, "'boolean' for value: true"),
        ("number", [1, 2], "'array' for value: [1,2]"),
        ("string", 1, "'number' for value: 1"),
        ("string", 1.5, "'number' for value: 1.5"),
    ],
)
def test_an_unexpected_type_is_named_with_its_value(
    expected: str, value: Json, text: str
) -> None:
    error = unexpected_type(compile_jsonata(" $x "), "Items", expected, value)
    assert error.error == "States.QueryEvaluationError"
    assert error.location == "Items"
    assert error.detail == (
        "The JSONata expression '$x' specified for the field 'Items' returned an "
        f"unexpected result type. Expected '{expected}', but was {text}"
    )


# Chance


@pytest.mark.parametrize("text", ["$random()", "$uuid()", "$shuffle([1..20])"])
def test_the_seed_decides_chance(text: str) -> None:
    def draw(scope: Surroundings) -> Json:
        return compile_jsonata(text).evaluate({"input": {}}, scope, "Output")

    scope = Surroundings(random=Random(1))
    first, second = draw(scope), draw(scope)
    assert first != second
    assert draw(Surroundings(random=Random(1))) == first
    assert draw(Surroundings(random=Random(2))) != first


def test_an_expression_without_chance_leaves_the_generator_alone() -> None:
    scope = Surroundings()
    before = scope.random.getstate()
    compile_jsonata("$string(1) & $now()").evaluate({"input": {}}, scope, "Output")
    assert scope.random.getstate() == before


# Templates


def test_a_template_evaluates_expressions_at_any_depth() -> None:
    template = compile_template(
        {
            "{% $x %}": "a key is never evaluated",
            "value.$": "$.literal",
            "a": {"b": ["{% $x %}", 1, ["{% $states.input.n %}"]]},
            "constant": {"deep": [" {% $x %} "]},
            "all": "{% $states.result %}",
        },
        "Output",
    )
    scope = Surroundings(variables=VARIABLES)
    assert template({"input": INPUT, "result": [1]}, scope) == {
        "{% $x %}": "a key is never evaluated",
        "value.$": "$.literal",
        "a": {"b": [4, 1, [5]]},
        "constant": {"deep": [" {% $x %} "]},
        "all": [1],
    }
    assert [(at, e.text) for at, e in template.expressions] == [
        ("/a/b/0", "$x"),
        ("/a/b/2/0", "$states.input.n"),
        ("/all", "$states.result"),
    ]


@pytest.mark.parametrize("value", ["", None, 0, False, [], {}, {"a": [1, " {%%} "]}])
def test_a_constant_template_is_shared(value: Json) -> None:
    template = compile_template(value, "Output")
    assert template({"input": {}}, Surroundings()) is value
    assert template.expressions == ()


def test_the_parts_of_a_template_without_expressions_are_shared() -> None:
    value = {"constant": {"a": [1]}, "n": "{% 1 + 1 %}"}
    filled = compile_template(value, "Output")({"input": {}}, Surroundings())
    assert filled["constant"] is value["constant"]


@pytest.mark.parametrize(
    ("value", "location", "place"),
    [
        ("{% $no %}", "Output", "Output"),
        ({"result": "{% $no %}"}, "Output", "Output/result"),
        ({"a": {"b": "{% $no %}"}}, "Arguments", "Arguments/a/b"),
        ({"values": ["{% $no %}"]}, "Output", "Output/values[0]"),
        (
            {"v": [0, [{"w": "{% $no %}"}]]},
            "Catch[1]/Output",
            "Catch[1]/Output/v[1][0]/w",
        ),
        (["{% $no %}"], "Items", "Items[0]"),
    ],
)
def test_a_failure_in_a_template_names_its_place(
    value: Json, location: str, place: str
) -> None:
    with pytest.raises(EvaluationError) as caught:
        compile_template(value, location)({"input": {}}, Surroundings())
    assert caught.value.location == place
    assert caught.value.detail == (
        f"The JSONata expression '$no' specified for the field '{place}' "
        "returned nothing (undefined)."
    )


def test_a_template_tells_all_its_problems_at_once() -> None:
    with pytest.raises(TemplateProblems) as caught:
        compile_template(
            {"a/b": "{% 1 + %}", "c": ["{% $x %}", "{% } %}"], "d~": "{%%}"}, "Output"
        )
    found = [(at, p.message, p.position) for at, p in caught.value.problems]
    assert found == [
        ("/a~1b", "Unexpected end of expression", 6),
        ("/c/1", 'The symbol "}" cannot be used as a unary operator', 3),
        ("/d~0", "Unexpected end of expression", 2),
    ]
    assert str(caught.value).startswith("/a~1b: Unexpected end of expression; /c/1: ")


def test_a_template_that_is_one_wrong_expression_has_an_empty_pointer() -> None:
    with pytest.raises(TemplateProblems) as caught:
        compile_template("{% 1 + %}", "Output")
    assert [at for at, _ in caught.value.problems] == [""]


# Weight


def test_importing_the_module_does_not_load_the_engine() -> None:
    code = (
        "import sys, asl.expressions.jsonata_template as j;"
        "j.compile_template({'a': 1}, 'Output');"
        "assert not {'jlens', 'hashlib', 'uuid'} & sys.modules.keys();"
        "j.compile_jsonata_string('{% 1 %}');"
        "assert 'jlens' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("text", "brief"),
    [
        ("$n + 1", True),
        ("$n < 1000 and $a != $b or 2.5 % $c = 1", True),
        ("-$n", True),
        ("$n & 'x'", True),
        ("'item ' & $string($n)", True),
        ("$sum($n.list.x) > 3 and $exists($states.input.id)", True),
        ("($n.a + 1) * -2", True),
        ("$n = null ? 'none' : $n in $a ? true : \"x\"", True),
        ("$n\n    + 1", True),
        ("[1..9]", False),
        ("$n[0]", False),
        ("$n + 1" * 100, False),
        ("$é + 1", False),
        ("n + 1", False),
        ("$n.($a)", False),
        ("$n.* + 1", False),
        ("$m := 1", False),
        ("$n; 1", False),
        ("$f($n)", False),
        ("$map ($n)", False),
        ("$n.string($n)", False),
        ("($map)($n)", False),
        ("($map) ($n)", False),
        ("$string($n, true)", False),
        ("$pad($n)", False),
        ("$now() & 'x'", False),
        ("/1+/ ('111')", False),
        ("$n / 2", True),
        ("$n / 2 / 3", False),
        ("'$n' & 'x'", False),
        (r"'\n' & 'x'", False),
    ],
)
def test_only_what_cannot_run_long_is_spared_the_limits(text: str, brief: bool) -> None:
    assert (BRIEF.fullmatch(text) is not None) is brief


@pytest.mark.parametrize(("tail", "brief"), [("", True), ("[0]", False)])
def test_long_runs_of_spaces_and_digits_are_read_at_once(
    tail: str, brief: bool
) -> None:
    # A pattern that may split a run in many ways would try them all here.
    text = f"$n + {' ' * 500}{'1' * 500}{tail}"
    assert (BRIEF.fullmatch(text) is not None) is brief


BRIEF_TEXTS = (
    "$a + $b",
    "$a & $b",
    "$a = $b",
    "$a < $b",
    "$a and $b",
    "$a in $b",
    "$a.x.y + 1",
    "$a.x = $b",
    "$sum($a)",
    "$count($a.x)",
    "$string($a)",
    "$string($a.x) & $b",
    "$not($a)",
    "$exists($a.x) ? $a.x : $b",
    "-$a",
    "($a)",
    "$type($a)",
    "$a & 'a' & \"b\"",
    "$uppercase($a)",
    "$max($a) - $min($a)",
)
VALUES: tuple[Json, ...] = (
    0,
    -2.5,
    10**17,
    "",
    "12",
    "é",
    None,
    True,
    [],
    [1],
    [[1], [2, 3]],
    [1, "x"],
    [{"x": 1}, {"x": [2, {"y": 3}]}],
    {},
    {"x": 5},
    {"x": None},
    {"x": {"y": [4]}},
)


@pytest.mark.parametrize("text", BRIEF_TEXTS)
def test_a_brief_text_gives_what_the_same_text_gives_with_limits(text: str) -> None:
    assert BRIEF.fullmatch(text) is not None
    brief, limited = compile_jsonata(text), compile_jsonata(f"($x := 1; {text})")
    for a in VALUES:
        for b in VALUES:
            scope = Surroundings(variables={"a": a, "b": b})
            assert outcome(brief, scope) == outcome(limited, scope)
    for variables in ({}, {"a": 1}, {"b": [1]}):
        scope = Surroundings(variables=variables)
        assert outcome(brief, scope) == outcome(limited, scope)


def outcome(expression: Expression, scope: Surroundings) -> Json:
    """The value with its type, or the failure without the text it quotes."""
    try:
        return repr(expression.evaluate({"input": {}}, scope, "Output"))
    except EvaluationError as error:
        return error.detail.replace(expression.text, "")
