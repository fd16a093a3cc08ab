"""Ready properties: what breaks them is found, made small, and printed as a test."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

import asl
from asl.errors import UsageError
from asl.testing import properties
from asl.testing.properties import assert_always, by_place
from asl.values import Json

LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:"
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def machine_of(states: dict[str, Any], **fields: Any) -> asl.StateMachine:
    text = json.dumps({"StartAt": next(iter(states)), "States": states, **fields})
    return asl.load_text(text, name="Shop")


def task(name: str = "pay", **fields: Any) -> dict[str, Any]:
    way = {} if "Next" in fields else {"End": True}
    return {"Type": "Task", "Resource": LAMBDA + name, **way, **fields}


def loop() -> dict[str, Any]:
    """Two states that go round for ever, although a way leads out."""
    never = {"Variable": "$$.Execution.Id", "IsNull": True, "Next": "Out"}
    return {
        "A": {"Type": "Pass", "Next": "Gate"},
        "Gate": {"Type": "Choice", "Choices": [never], "Default": "A"},
        "Out": {"Type": "Succeed"},
    }


def found(machine: asl.StateMachine, *wanted: Any, **fields: Any) -> str:
    with pytest.raises(AssertionError) as caught:
        assert_always(machine, *wanted, **fields)
    return str(caught.value)


def run_test(text: str) -> None:
    """Run a printed test as its reader would."""
    body = text.partition("as a test:\n\n")[2]
    names: dict[str, Any] = {}
    exec(compile(body, "printed", "exec"), names)
    (test,) = (value for name, value in names.items() if name.startswith("test_"))
    test()


@pytest.mark.parametrize(
    "file",
    [
        "order/workflow.asl.json",
        "saga/workflow.asl.json",
        "callback/workflow.asl.json",
        "registration/workflow.asl.yaml",
        "variables/workflow.asl.json",
        "long_lambdas/hand_over.asl.json",
    ],
)
def test_the_examples_have_the_ready_properties(file: str) -> None:
    assert_always(asl.load(EXAMPLES / file), max_examples=40)


def test_a_bucket_can_be_given() -> None:
    folder = EXAMPLES / "chunked_job"
    value = json.loads((folder / "input.json").read_text(encoding="utf-8"))
    assert_always(
        asl.load(folder / "workflow.asl.json"),
        inputs=st.just(value),
        buckets=folder / "buckets",
        max_examples=2,
    )


# ----------------------------------------------------------------------- seeded bugs

LOYALTY: dict[str, Any] = {
    "Look up": task("look-up", ResultPath="$.customer", Next="Gold?"),
    "Gold?": {
        "Type": "Choice",
        "Choices": [
            {"Variable": "$.customer.level", "StringEquals": "gold", "Next": "Greet"},
            # The bug: who is new has no card, and is not asked for one before.
            {"Variable": "$.customer.isNew", "BooleanEquals": True, "Next": "Card?"},
        ],
        "Default": "Done",
    },
    "Card?": {
        "Type": "Choice",
        "Choices": [
            {"Variable": "$.customer.card", "IsPresent": True, "Next": "Greet"},
            {"Variable": "$.customer.card.until", "IsNull": True, "Next": "Done"},
        ],
        "Default": "Done",
    },
    "Greet": {"Type": "Pass", "End": True},
    "Done": {"Type": "Succeed"},
}


def test_a_property_finds_a_rule_that_reads_what_is_not_there() -> None:
    text = found(machine_of(LOYALTY))
    assert text.startswith("States.Runtime in 'Card?'")
    assert "def test_shop_no_runtime_error() -> None:" in text
    with pytest.raises(AssertionError, match=r"States\.Runtime in 'Card\?'"):
        run_test(text)


def test_the_example_is_the_smallest() -> None:
    text = found(machine_of(LOYALTY), properties.no_runtime_error)
    assert "given = {}" in text
    # One answer, of what has to be so and no more.
    assert text.count("'Return'") == 1
    assert "'isNew': True" in text


def test_an_error_that_is_retried_too_little_escapes() -> None:
    retry = [{"ErrorEquals": ["Busy"], "MaxAttempts": 1}]
    text = found(machine_of({"Pay": task(Retry=retry)}))
    assert text.startswith("Busy escapes from 'Pay'")
    assert text.count("'Throw'") == 2
    with pytest.raises(AssertionError, match="Busy escapes"):
        run_test(text)


def test_a_loop_that_nothing_ends_is_found() -> None:
    states = {**loop(), "A": task(ResultPath="$.job", Next="Gate")}
    machine = machine_of(states)
    text = found(machine, properties.ends)
    assert text.startswith("it goes round: no mock answers state 'A'")


def test_a_loop_without_tasks_is_found_by_its_history() -> None:
    assert found(machine_of(loop()), properties.ends).startswith(
        "it goes round: The execution"
    )


def test_a_run_that_takes_too_long_does_not_end() -> None:
    wait = {"Type": "Wait", "Seconds": 60, "End": True}
    text = found(machine_of({"A": wait}, TimeoutSeconds=5), properties.ends)
    assert text.startswith("it ended TIMED_OUT")


def test_a_payload_that_grows_is_found() -> None:
    own = {"Result": "x" * 140_000, "ResultPath": "$.more"}
    machine = machine_of({"A": {"Type": "Pass", **own, "End": True}})
    text = found(machine, properties.small_payloads)
    assert text.startswith("'A' has a payload of 140,")
    again = machine_of(
        {
            "A": {"Type": "Pass", **own, "Next": "B"},
            "B": {"Type": "Pass", **own, "ResultPath": "$.other", "End": True},
        }
    )
    text = found(again, properties.small_payloads)
    assert "exceeding the maximum" in text


RACE: dict[str, Any] = {
    "Both": {
        "Type": "Parallel",
        "Branches": [
            {
                "StartAt": name,
                "States": {
                    name: task(name, Retry=[{"ErrorEquals": [name], "MaxAttempts": 0}])
                },
            }
            for name in ("Left", "Right")
        ],
        # The bug: which of two failures is told depends on who is first.
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Told"}],
        "End": True,
    },
    "Told": {"Type": "Pass", "End": True},
}


def test_a_result_that_depends_on_the_order_is_found() -> None:
    machine = machine_of(RACE)
    text = found(machine, properties.independent_of_order)
    assert text.startswith("the result depends on the order of delivery")
    assert "by_place(mocks)" in text
    with pytest.raises(AssertionError, match="depends on the order"):
        run_test(text)


def test_mocks_by_place_answer_the_same_in_every_order() -> None:
    each = {"StartAt": "Pay", "States": {"Pay": task()}}
    map_ = {"Type": "Map", "ItemProcessor": each, "End": True}
    mocks = {"Pay": [{"Return": "a"}, {"Return": "b"}]}
    machine = machine_of({"All": map_})
    execution = asl.run(machine, [1, 2, 3], tasks=by_place(mocks))
    assert execution.output == ["a", "b", "a"]
    properties.independent_of_order(execution, tasks=by_place(mocks))
    with pytest.raises(UsageError, match="no mock answers state 'Pay'"):
        asl.run(machine, [1], tasks=by_place({}))


def test_mocks_by_place_know_activities() -> None:
    arn = "arn:aws:states:us-east-1:123456789012:activity:paint"
    machine = machine_of({"Paint": {"Type": "Task", "Resource": arn, "End": True}})
    done = asl.run(machine, tasks=by_place({"Paint": [{"Return": 1}]}))
    assert done.output == 1
    assert asl.run(machine, tasks=by_place({})).error == "States.Runtime"


# ---------------------------------------------------------------------------- callers


def test_a_property_of_ones_own_is_explored_too() -> None:
    def says_ok(execution: asl.Execution) -> None:
        assert execution.output["ok"] is True

    says_ok.__module__ = "shop_properties"
    rule = {"Variable": "$.ok", "BooleanEquals": True, "Next": "End"}
    gate = {"Type": "Choice", "Choices": [rule], "Default": "End"}
    machine = machine_of({"Gate": gate, "End": {"Type": "Succeed"}})
    text = found(machine, says_ok, type="EXPRESS")
    assert "from shop_properties import says_ok" in text
    assert "type='EXPRESS'" in text
    assert "given = {'ok': False}" in text


def test_inputs_and_mocks_of_ones_own_are_used() -> None:
    inputs: st.SearchStrategy[Json] = st.just({"n": 1})
    mocks: Any = st.just({"Pay": [{"Throw": {"Error": "Declined"}}]})
    text = found(machine_of({"Pay": task()}), inputs=inputs, mocks=mocks)
    assert text.startswith("Declined escapes from 'Pay': no cause")
    assert "given = {'n': 1}" in text


def test_a_call_that_is_wrong_is_no_violation() -> None:
    inputs: Any = st.just({"n": float("nan")})
    with pytest.raises(UsageError, match="not JSON"):
        assert_always(machine_of({"Pay": task()}), inputs=inputs)


def test_an_error_in_a_strategy_is_its_own() -> None:
    def refuse(_: Json) -> Json:
        raise AssertionError("mine")

    with pytest.raises(AssertionError, match="mine"):
        assert_always(machine_of({"Pay": task()}), inputs=st.none().map(refuse))


def test_the_printed_test_loads_the_file_where_there_is_one(tmp_path: Path) -> None:
    file = tmp_path / "class.asl.json"
    definition = {"StartAt": "A", "States": loop()}
    file.write_text(json.dumps(definition), encoding="utf-8")
    text = found(asl.load(file), properties.ends, buckets=tmp_path)
    assert f"asl.load({str(file)!r})" in text
    assert f"buckets={str(tmp_path)!r}" in text
    assert "def test_class__ends()" in text


def test_a_definition_with_quotes_is_printed_all_the_same() -> None:
    machine = machine_of(loop(), Comment="'''")
    text = found(machine, properties.ends)
    with pytest.raises(AssertionError, match="goes round"):
        run_test(text)
