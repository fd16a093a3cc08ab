"""Strategies draw what a machine's decisions ask for; machines are valid ones."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

import asl
from asl.checks.check import check_text
from asl.errors import UsageError
from asl.problem import Severity
from asl.testing import strategies
from asl.testing.strategies import inputs, machines, mocks
from asl.testing.wished_values import (
    ABSENT,
    PRESENT,
    atoms_of,
    condition_atoms,
    kinds_of,
)
from asl.testing.wishes import wishes_of
from asl.values import Json

LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:"
quick = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def machine_of(states: dict[str, Any], **fields: Any) -> asl.StateMachine:
    text = json.dumps({"StartAt": next(iter(states)), "States": states, **fields})
    return asl.load_text(text, name="Shop")


def done(*names: str) -> dict[str, Any]:
    return {name: {"Type": "Succeed"} for name in names}


def choice(*rules: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"Type": "Choice", "Choices": list(rules), **fields}


# ------------------------------------------------------------------------------ atoms


@pytest.mark.parametrize(
    ("comparison", "holding", "failing"),
    [
        ({"StringEquals": "gold"}, "gold", "goldx"),
        ({"StringLessThan": "b"}, "", "b"),
        ({"StringGreaterThan": "b"}, "bx", "b"),
        ({"StringMatches": "a*\\*"}, "ax*", "~"),
        ({"NumericEquals": 3}, 3, 2),
        ({"NumericLessThan": 3}, 2, 3),
        ({"NumericGreaterThanEquals": 3}, 3, 2),
        ({"BooleanEquals": False}, False, True),
        (
            {"TimestampLessThan": "2026-05-05T00:00:00Z"},
            "2026-05-04T23:59:59Z",
            "2026-05-05T00:00:00Z",
        ),
        ({"IsNull": True}, None, "text"),
        ({"IsNumeric": False}, "text", 1),
        ({"IsTimestamp": True}, "2026-01-01T00:00:00Z", "text"),
        ({"IsPresent": True}, PRESENT, ABSENT),
        ({"IsPresent": False}, ABSENT, PRESENT),
    ],
)
def test_a_comparison_has_values_that_hold_and_fail(
    comparison: dict[str, Any], holding: Json, failing: Json
) -> None:
    (atom,) = atoms_of({"Not": {"Variable": "$.a", **comparison}})
    assert atom.holding == (holding,)
    assert atom.failing == (failing,)


def test_two_paths_are_compared_both_ways() -> None:
    rule = {"Variable": "$.a", "NumericLessThanPath": "$.b", "Next": "X"}
    (atom,) = atoms_of({"And": [rule, {"Or": []}]})
    assert [str(read) for read in atom.reads] == ["$.a", "$.b"]
    assert (atom.holding, atom.failing) == ((1, 2), (2, 1))


@pytest.mark.parametrize(
    "rule",
    [
        {"Variable": "$.a", "StringLessThan": ""},  # nothing is less
        {"Variable": "$.a", "TimestampEquals": "soon"},
        {"Variable": "$.a"},
        {"Variable": "text", "IsNull": True},
        {},
        "text",
    ],
)
def test_what_cannot_go_both_ways_gives_no_atom(rule: Json) -> None:
    assert list(atoms_of(rule)) == []


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("$states.input.kind = 'gold'", [("gold",), ("goldx",)]),
        ("$states.input.total >= 100", [(100,), (99,)]),
        ("100 < $states.input.total", [(101,), (100,)]),
        ("$states.input.ok = true", [(True,), (False,)]),
        ("$states.input.ok != null", [(1,), (None,)]),
        ("$states.input.ok", [(True,), (False,)]),
        ("$exists($states.input.a.b)", [(PRESENT,), (ABSENT,)]),
        ('$states.input.k in ["a", "b"]', [("a",), ("ax",)]),
        ("$states.input.a < $states.input.b", [(1, 2), (2, 1)]),
    ],
)
def test_a_condition_is_read_by_its_text(
    condition: str, expected: list[tuple[Json, ...]]
) -> None:
    (atom,) = condition_atoms("{% " + condition + " %}")
    assert [atom.holding, atom.failing] == expected


@pytest.mark.parametrize(
    "condition",
    [
        True,
        "text",
        "{% 1 = 2 %}",
        "{% 'a' %}",
        "{% $sum(1) > 'x' %}",
        "{% $states.input.k in [] %}",
        "{% $states.input.k in [$x] %}",
        "{% $states.input.k in $list %}",
    ],
)
def test_a_condition_that_tells_nothing_gives_no_atom(condition: Json) -> None:
    assert condition_atoms(condition) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("States.MathAdd($.a, 1)", {"$.a": "number"}),
        ("States.Format('{}', States.ArrayLength($.b))", {"$.b": "list"}),
        ("States.StringToJson($.c)", {"$.c": "json"}),
        ("States.Nothing($.c)", {}),
        ("$.a", {}),
        ("{% $states.input.a * 2 %}", {"$.a": "number"}),
        ("{% $states.input.a & '*' %}", {}),
    ],
)
def test_a_function_tells_the_kind_of_its_arguments(
    text: str, expected: dict[str, str]
) -> None:
    assert kinds_of(text) == expected


# ----------------------------------------------------------------------------- wishes


def test_data_are_followed_to_the_task_that_gave_them() -> None:
    machine = machine_of(
        {
            "Check": {
                "Type": "Task",
                "Resource": f"{LAMBDA}check",
                "Parameters": {"id.$": "$.order.id", "list": [{"a.$": "$.x"}], "n": 1},
                "ResultSelector": {"ok.$": "$.stock.ok", "n": 5},
                "ResultPath": "$.answer",
                "Catch": [
                    {"ErrorEquals": ["A"], "ResultPath": "$.e", "Next": "Gate"},
                    {"ErrorEquals": ["B"], "ResultPath": None, "Next": "Gate"},
                    {"ErrorEquals": ["C"], "Next": "End"},
                ],
                "Next": "Gate",
            },
            "Gate": choice(
                {"Variable": "$.answer.ok", "BooleanEquals": True, "Next": "Rest"},
                {"Variable": "$.answer.n", "NumericEquals": 5, "Next": "Rest"},
                {"Variable": "$$.Execution.Input.vip", "IsNull": True, "Next": "Rest"},
                Default="End",
            ),
            "Rest": {"Type": "Wait", "SecondsPath": "$.order.wait", "Next": "Late"},
            "Late": {"Type": "Wait", "TimestampPath": "$.until", "Next": "Bad"},
            "Bad": {"Type": "Fail", "ErrorPath": "$.order.error"},
            **done("End"),
        }
    )
    found = wishes_of(machine)
    assert found["Check"].places == {("stock", "ok"): [True, False]}
    # After the Catch of A and B the answer would be the input's own.
    assert found[None].places == {
        ("order", "id"): [],
        ("x",): [],
        ("answer", "ok"): [True, False],
        ("answer", "n"): [5, 4],
        ("vip",): [None, "text"],
        ("order", "wait"): [],
        ("until",): [],
        ("order", "error"): [],
    }
    assert found[None].kinds == {("order", "wait"): "number", ("until",): "timestamp"}


def test_paths_and_pass_states_are_followed_too() -> None:
    rule = {"Variable": "$.b", "NumericEquals": 1, "Next": "End"}
    machine = machine_of(
        {
            "In": {
                "Type": "Pass",
                "InputPath": "$.order",
                "ResultPath": "$.o",
                "Next": "Made",
            },
            "Made": {
                "Type": "Pass",
                "Parameters": {"a.$": "$.o", "f.$": "States.Format('{}', $.name)"},
                "OutputPath": "$.a",
                "Next": "Fixed",
            },
            "Fixed": {
                "Type": "Pass",
                "Result": {"z": [1]},
                "ResultPath": "$.r",
                "Next": "Gate",
            },
            "Gate": choice(
                rule,
                {"Variable": "$.r.z[0]", "NumericEquals": 1, "Next": "End"},
                {"Variable": "$.r.z[7]", "NumericEquals": 1, "Next": "End"},
                {"Variable": "$.list[*].x", "IsNull": True, "Next": "End"},
                {"Variable": "$.list[-1]", "IsNull": True, "Next": "End"},
                {"Variable": "$$.State.Name", "IsNull": True, "Next": "End"},
                Default="Drop",
            ),
            "Drop": {
                "Type": "Pass",
                "InputPath": None,
                "OutputPath": None,
                "Next": "End",
            },
            **done("End"),
        }
    )
    places = wishes_of(machine)[None].places
    assert places["order", "b"] == [1, 0]
    assert places["order", "list", "[*]", "x"] == [None, "text"]
    assert ("name",) in places


def test_variables_and_jsonata_are_followed() -> None:
    machine = machine_of(
        {
            "Ask": {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke",
                "Arguments": {
                    "FunctionName": "ask",
                    "Payload": "{% $states.input.q %}",
                },
                "Assign": {"last": "{% $states.result.Payload.last %}", "one": 1},
                "Output": {"n": "{% $states.result.Payload.n %}", "m": "{% 1 + 1 %}"},
                "Next": "Gate",
            },
            "Gate": choice(
                {"Condition": "{% $last and $states.input.n > 3 %}", "Next": "End"},
                {
                    "Condition": "{% $one = 1 or $nobody or $states.input.m %}",
                    "Next": "End",
                },
                Default="Rest",
            ),
            "Rest": {"Type": "Wait", "Seconds": "{% $states.input.n %}", "Next": "End"},
            **done("End"),
        },
        QueryLanguage="JSONata",
    )
    found = wishes_of(machine)
    assert found[None].places == {("q",): []}
    assert found["Ask"].places["Payload", "last"] == [True, False]
    assert found["Ask"].places["Payload", "n"] == [4, 3]
    assert {("Payload", "last"): True, ("Payload", "n"): 4} in found["Ask"].combinations


def test_jsonpath_variables_are_followed() -> None:
    machine = machine_of(
        {
            "Keep": {"Type": "Pass", "Assign": {"v.$": "$.a.b"}, "Next": "Gate"},
            "Gate": choice(
                {"Variable": "$v.c", "StringEquals": "x", "Next": "End"}, Default="End"
            ),
            **done("End"),
        }
    )
    assert wishes_of(machine)[None].places["a", "b", "c"] == ["x", "xx"]


def test_items_and_branches_are_followed() -> None:
    inner = {
        "StartAt": "Kind?",
        "States": {
            "Kind?": choice(
                {"Variable": "$.kind", "StringEquals": "big", "Next": "Big"},
                {"Variable": "$.shop", "StringEquals": "A", "Next": "Big"},
                Default="Small",
            ),
            **done("Big", "Small"),
        },
    }
    selector = {"kind.$": "$$.Map.Item.Value.kind", "shop.$": "$.shop"}
    branch = {
        "StartAt": "Look",
        "States": {"Look": {"Type": "Pass", "ResultPath": "$.seen", "End": True}},
    }
    machine = machine_of(
        {
            "All": {
                "Type": "Map",
                "ItemsPath": "$.orders",
                "ItemSelector": selector,
                "ItemProcessor": inner,
                "ResultPath": None,
                "Next": "Both",
            },
            "Both": {"Type": "Parallel", "Branches": [branch], "Next": "Gate"},
            "Gate": choice(
                {"Variable": "$[0].vip", "BooleanEquals": True, "Next": "End"},
                Default="End",
            ),
            **done("End"),
        }
    )
    found = wishes_of(machine)[None]
    assert found.places["orders", "[*]", "kind"] == ["big", "bigx"]
    assert found.places["shop",] == ["A", "Ax"]
    assert found.places["vip",] == [True, False]
    assert found.kinds["orders",] == "list"


# ------------------------------------------------------------------------- strategies

RULES = {
    "Gate": choice(
        {
            "And": [
                {"Variable": "$.order.kind", "StringEquals": "gold"},
                {"Variable": "$.order.total", "NumericGreaterThan": 1000},
                {"Not": {"Variable": "$.order.closed", "BooleanEquals": True}},
                {
                    "Variable": "$.order.day",
                    "TimestampLessThan": "2026-01-01T00:00:00Z",
                },
                {"Variable": "$.order.code", "StringMatches": "X-*-?"},
            ],
            "Next": "Gold",
        },
        {
            "Variable": "$.order.limit",
            "NumericLessThanPath": "$.order.total",
            "Next": "B",
        },
        {"Variable": "$.order.gift", "IsPresent": True, "Next": "Gift"},
        Default="Plain",
    ),
    **done("Gold", "B", "Gift", "Plain"),
}


@pytest.mark.parametrize("target", ["Gold", "B", "Gift", "Plain"])
def test_inputs_reach_every_rule(target: str) -> None:
    machine = machine_of(RULES)
    example = find(
        inputs(machine),
        lambda value: asl.run(machine, value).path[-1] == target,
        settings=settings(quick, max_examples=100),
    )
    assert isinstance(example, dict)


@quick
@given(inputs(machine_of(RULES)))
def test_inputs_have_what_is_read(value: Json) -> None:
    execution = asl.run(machine_of(RULES), value)
    assert execution.status == "SUCCEEDED", execution.cause


POLL = {
    "Ask": {
        "Type": "Task",
        "Resource": f"{LAMBDA}ask",
        "ResultPath": "$.job",
        "Next": "Done?",
    }
    | {"Retry": [{"ErrorEquals": ["Busy", "States.HeartbeatTimeout"]}]}
    | {"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Bad"}]},
    "Done?": choice(
        {"Variable": "$.job.status", "StringEquals": "DONE", "Next": "Good"},
        Default="Ask",
    ),
    "Good": {"Type": "Succeed"},
    "Bad": {"Type": "Fail", "Error": "Bad"},
}


@quick
@given(mocks(machine_of(POLL)))
def test_mocks_let_every_loop_end(table: dict[str, list[Json]]) -> None:
    execution = asl.run(machine_of(POLL), tasks=asl.Mocks(table))
    assert execution.status in ("SUCCEEDED", "FAILED")


def thrown(table: dict[str, list[Json]]) -> set[str]:
    return {a["Throw"]["Error"] for a in table["Ask"] if "Throw" in a}


def test_mocks_throw_what_the_machine_says_that_it_handles() -> None:
    for error in ("Busy", "UnexpectedError"):
        assert find(mocks(machine_of(POLL)), lambda t, e=error: e in thrown(t))  # type: ignore[misc]
    seen: set[str] = set()

    @quick
    @given(mocks(machine_of(POLL)), mocks(machine_of(POLL), failures=False))
    def look(table: dict[str, list[Json]], calm: dict[str, list[Json]]) -> None:
        seen.update(thrown(table))
        assert thrown(calm) == set()

    look()
    assert seen == {"Busy", "UnexpectedError"}


def test_results_of_ones_own_stand_for_those_inferred() -> None:
    own = mocks(
        machine_of(POLL), failures=False, results={"Ask": st.just({"status": "DONE"})}
    )
    table = find(own, lambda _: True)
    assert table["Ask"][0] == {"Return": {"status": "DONE"}}
    with pytest.raises(UsageError, match="results names 'Tell'"):
        mocks(machine_of(POLL), results={"Tell": st.none()})


def test_values_have_the_kind_that_their_reader_needs() -> None:
    machine = machine_of(
        {
            "Look": {
                "Type": "Pass",
                "Parameters": {
                    "sum.$": "States.MathAdd($.n, 1)",
                    "first.$": "States.ArrayContains($.l, 1)",
                    "text.$": "States.Base64Encode($.t)",
                    "plain.$": "States.Base64Decode($.b)",
                    "json.$": "States.StringToJson($.j)",
                    "all.$": "States.JsonMerge($.o, $.o, false)",
                    "any.$": "$.list[1].x",
                },
                "Next": "Rest",
            },
            "Rest": {
                "Type": "Wait",
                "TimestampPath": "$$.Execution.Input.at",
                "End": True,
            },
        }
    )

    @quick
    @given(inputs(machine))
    def run(value: Json) -> None:
        execution = asl.run(machine, value)
        assert execution.status == "SUCCEEDED", execution.cause

    run()


def test_items_are_drawn_each_for_itself() -> None:
    rule = {"Variable": "$.kind", "StringEquals": "big", "Next": "Big"}
    gift = {"Variable": "$.gift", "IsPresent": True, "Next": "Big"}
    inner = {
        "StartAt": "Kind?",
        "States": {
            "Kind?": choice(rule, gift, Default="Small"),
            **done("Big", "Small"),
        },
    }
    all_ = {"Type": "Map", "ItemsPath": "$.orders", "ItemProcessor": inner, "End": True}
    machine = machine_of({"All": all_})
    mixed = find(
        inputs(machine),
        lambda v: {"Big", "Small"} <= set(asl.run(machine, v).path),
    )
    assert len(mixed["orders"]) >= 2


def test_mocks_may_be_lists_and_items() -> None:
    all_ = {
        "Type": "Map",
        "ItemsPath": "$.found",
        "ItemProcessor": {
            "StartAt": "A",
            "States": {"A": {"Type": "Pass", "End": True}},
        },
        "ResultPath": None,
        "Next": "Gate",
    }
    machine = machine_of(
        {
            "List": {"Type": "Task", "Resource": f"{LAMBDA}list", "Next": "All"},
            "All": all_,
            "Gate": choice(
                {"Variable": "$.pages[1]", "IsPresent": True, "Next": "End"},
                Default="End",
            ),
            **done("End"),
        }
    )

    @quick
    @given(mocks(machine))
    def run(table: dict[str, list[Json]]) -> None:
        assert asl.run(machine, tasks=asl.Mocks(table)).status == "SUCCEEDED"

    run()


# --------------------------------------------------------------------------- machines


@settings(quick, max_examples=30)
@given(machines())
def test_a_random_machine_has_no_errors(
    made: tuple[dict[str, Any], dict[str, list[Json]]],
) -> None:
    problems = check_text(json.dumps(made[0]))
    assert [p for p in problems if p.severity is Severity.ERROR] == []


def test_random_machines_have_every_type_of_state() -> None:
    seen: set[str] = set()

    @settings(quick, max_examples=80)
    @given(machines())
    def look(made: tuple[dict[str, Any], dict[str, list[Json]]]) -> None:
        machine = asl.load_text(json.dumps(made[0]), name="Random")
        seen.update(state.type for state in machine.all_states())

    look()
    assert len(seen) == 8


def test_values_are_json() -> None:
    assert find(strategies.values, lambda value: isinstance(value, dict)) == {}
