"""Answers of mocks: by matcher, by function, by attempt, by number; how often."""

from typing import Any

import pytest

import asl
from asl.tasks.mock_answers import has_part

LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:pay"
INVOKE = "arn:aws:states:::lambda:invoke"
ACTIVITY = "arn:aws:states:us-east-1:123456789012:activity:pack"
TOKEN = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"


def machine(resource: str = LAMBDA, **fields: Any) -> asl.StateMachine:
    """One task, `Pay`."""
    state = {"Type": "Task", "Resource": resource, "End": True, **fields}
    return asl.load_text(_text({"StartAt": "Pay", "States": {"Pay": state}}))


def _text(definition: Any) -> str:
    import json

    return json.dumps(definition)


def mapped(concurrency: int = 1) -> asl.StateMachine:
    """`Pay` for each item."""
    processor = {
        "StartAt": "Pay",
        "States": {"Pay": {"Type": "Task", "Resource": LAMBDA, "End": True}},
    }
    each = {
        "Type": "Map",
        "MaxConcurrency": concurrency,
        "ItemProcessor": processor,
        "End": True,
    }
    return asl.load_text(_text({"StartAt": "Each", "States": {"Each": each}}))


RETRY = [{"ErrorEquals": ["Busy"], "MaxAttempts": 3}]
BUSY: Any = {"Throw": {"Error": "Busy"}}


@pytest.mark.parametrize(
    ("value", "part", "fits"),
    [
        ({"a": 1, "b": 2}, {"a": 1}, True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ({"a": {"b": [1, {"c": 2, "d": 3}]}}, {"a": {"b": [1, {"c": 2}]}}, True),
        ([1, 2], [1], False),
        ([1], {"a": 1}, False),
        ({"a": 1}, [1], False),
        ({"a": True}, {"a": 1}, False),
        ({"a": 1.0}, {"a": 1}, True),
        ({"a": None}, {"a": None}, True),
        ({}, {"a": None}, False),
        ("x", {}, False),
        ({"x": 1}, {}, True),
        (5, 5, True),
    ],
)
def test_a_part_fits_what_has_more(value: Any, part: Any, fits: bool) -> None:
    assert has_part(value, part) is fits


def test_when_chooses_by_a_part_of_the_request() -> None:
    mocks = asl.Mocks(
        {
            "Pay": [
                {"Return": "big", "When": {"order": {"size": "L"}}, "Times": 2},
                {"Return": "other", "Times": "always"},
            ]
        }
    )
    sizes = ["S", "L", "L", "L", "S"]
    items = [{"order": {"size": size, "id": n}} for n, size in enumerate(sizes)]
    done = asl.run(mapped(), items, tasks=mocks)
    assert done.output == ["other", "big", "big", "other", "other"]
    assert asl.run(mapped(), items, tasks=mocks).output == done.output


def test_when_may_be_a_function() -> None:
    mocks = asl.Mocks(
        {
            "Pay": [
                {"Return": "much", "When": lambda given: given["sum"] > 100},
                {"Return": "little"},
            ]
        }
    )
    done = asl.run(mapped(), [{"sum": 5}, {"sum": 500}], tasks=mocks)
    assert done.output == ["little", "much"]


def test_an_attempt_chooses_counting_from_1() -> None:
    mocks = asl.Mocks(
        {"Pay": [{"Return": "third", "Attempt": 3}, {**BUSY, "Times": "always"}]}
    )
    done = asl.run(machine(Retry=RETRY), {}, tasks=mocks)
    assert (done.output, done.duration_seconds) == ("third", 3)


def test_an_invocation_chooses_counting_from_0() -> None:
    mocks = asl.Mocks(
        {
            "Pay": [
                {"Return": "last", "Invocation": "3-9"},
                {**BUSY, "Invocation": "0-1"},
                {**BUSY, "Invocation": 2},
            ]
        }
    )
    assert asl.run(machine(Retry=RETRY), {}, tasks=mocks).output == "last"


def test_an_invocation_without_an_answer_is_told() -> None:
    mocks = asl.Mocks({"Pay": [{**BUSY, "Invocation": 0}, {**BUSY, "Invocation": "2"}]})
    with pytest.raises(asl.UsageError, match="2 answers say nothing of invocation 1"):
        asl.run(machine(Retry=RETRY), {}, tasks=mocks)


def test_what_fits_nothing_is_told_with_what_was_given() -> None:
    mocks = asl.Mocks(
        {
            "Pay": [
                {"Return": 1, "When": {"a": 1}},
                {"Return": 1, "When": lambda given: False},
                {"Return": 1, "Attempt": 2},
            ]
        }
    )
    with pytest.raises(asl.UsageError) as caught:
        asl.run(machine(), {"a": 2}, tasks=mocks)
    assert str(caught.value).endswith(
        "of its 3 answers, 3 are left, and none fits this call's When and Attempt; it "
        "was given {'a': 2}"
    )


# -------------------------------------------------------------------------- functions


def test_a_function_answers_every_call_of_its_state() -> None:
    mocks = asl.Mocks({"Pay": lambda given: given * 2})
    assert asl.run(mapped(), [1, 2, 3], tasks=mocks).output == [2, 4, 6]


def test_a_function_stands_among_other_answers() -> None:
    def pay(given: Any, context: Any) -> Any:
        context.advance(5)
        return given["id"]

    mocks = asl.Mocks({"Pay": [BUSY, {"Call": pay, "Attempt": 2}]})
    done = asl.run(machine(Retry=RETRY), {"id": 7}, tasks=mocks)
    assert (done.output, done.duration_seconds) == (7, 6)


def test_what_a_function_raises_is_the_tasks_error() -> None:
    class Declined(Exception):
        pass

    def pay(given: Any) -> Any:
        raise Declined("no money")

    done = asl.run(machine(), {}, tasks=asl.Mocks({"Pay": pay}))
    assert done.error == "Declined"
    assert isinstance(done.exceptions[0].exception, Declined)


def test_a_function_for_lambda_invoke_gets_the_payload() -> None:
    request = {"FunctionName": "pay", "Payload": {"id": 7}}
    done = asl.run(
        machine(INVOKE, Parameters=request),
        {},
        tasks=asl.Mocks({"Pay": lambda given: given["id"]}),
    )
    assert (done.output["Payload"], done.output["StatusCode"]) == (7, 200)


def test_a_function_may_stand_for_an_activitys_worker() -> None:
    mocks = asl.Mocks({"Pay": lambda given: {**given, "packed": True}})
    for _ in range(2):
        done = asl.run(machine(ACTIVITY), {"id": 7}, tasks=mocks)
        assert done.output == {"id": 7, "packed": True}


def test_a_function_may_answer_a_token() -> None:
    request = {"MessageBody": {"token.$": "$$.Task.Token"}, "QueueUrl": "q"}

    def pay(given: Any) -> None:
        mocks.succeed(given["MessageBody"]["token"], "yes")

    mocks: asl.Mocks = asl.Mocks({"Pay": pay})
    assert asl.run(machine(TOKEN, Parameters=request), tasks=mocks).output == "yes"


# ----------------------------------------------------------------- the states not named


def test_states_that_the_mocks_do_not_name_ask_the_tasks_behind_them() -> None:
    two = {
        "StartAt": "Pay",
        "States": {
            "Pay": {"Type": "Task", "Resource": LAMBDA, "Next": "Pack"},
            "Pack": {"Type": "Task", "Resource": ACTIVITY, "Next": "Ask"},
            "Ask": {
                "Type": "Task",
                "Resource": TOKEN,
                "Parameters": {"MessageBody.$": "$$.Task.Token", "QueueUrl": "q"},
                "End": True,
            },
        },
    }
    tasks = asl.Tasks()
    tasks.bind_activity("pack")(lambda given: {**given, "packed": True})
    tasks.bind(TOKEN)(lambda given: tasks.succeed(given["MessageBody"], "yes"))
    mocks = asl.Mocks({"Pay": [{"Return": {"paid": True}}]}, otherwise=tasks)
    assert mocks.binds(TOKEN)
    done = asl.run(asl.load_text(_text(two)), tasks=mocks)
    assert (done.status, done.output) == ("SUCCEEDED", "yes")


# ------------------------------------------------------------------------- validation


def test_results_are_held_against_the_api_where_that_is_wished() -> None:
    pytest.importorskip("botocore")
    publish = machine("arn:aws:states:::sns:publish", Parameters={"Message": "x"})
    answers = {"Pay": [{"Return": {"MessageId": 7}}]}
    assert asl.run(publish, tasks=asl.Mocks(answers)).status == "SUCCEEDED"
    with pytest.raises(asl.UsageError) as caught:
        asl.run(publish, tasks=asl.Mocks(answers, field_validation="PRESENT"))
    assert str(caught.value) == (
        "the mock of state 'Pay' is nothing that arn:aws:states:::sns:publish gives: "
        "Mock result schema validation error: Field 'MessageId' must be a string"
    )
    right = asl.Mocks({"Pay": [{"Return": {"MessageId": "m"}}]})
    assert right.problems(publish) == []
    assert asl.Mocks(answers).problems(publish, "NONE") == []


def test_all_that_is_wrong_with_mocks_is_told_at_once() -> None:
    pytest.importorskip("botocore")
    choice = {
        "StartAt": "Go",
        "States": {
            "Go": {"Type": "Pass", "Next": "Publish"},
            "Publish": {
                "Type": "Task",
                "Resource": "arn:aws:states:::states:startExecution",
                "Parameters": {"StateMachineArn": "arn"},
                "End": True,
            },
        },
    }
    mocks = asl.Mocks(
        {
            "Publsh": [],
            "Go": [{"Return": 1}],
            "Publish": [BUSY, {"Return": {"ExecutionArn": "arn"}}],
        }
    )
    assert mocks.problems(asl.load_text(_text(choice))) == [
        "there is no state 'Publsh'; did you mean 'Publish'?",
        "'Go' is no Task: nothing asks for its mocks",
        "answer 1 of state 'Publish': Mock result schema validation error: Required "
        "field 'StartDate' is missing",
    ]


def test_validation_without_botocore_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(asl.UsageError, match=r"pip install 'aslkit\[aws\]'"):
        asl.Mocks({}, field_validation="STRICT")
    asl.Mocks({})


def test_a_resource_of_no_known_form_is_not_held_against_anything() -> None:
    pytest.importorskip("botocore")
    from asl.engine.messages import Call, StartTask

    call = Call("Pay", (), 0, 0, None, None, "arn", "role")
    mocks = asl.Mocks({"Pay": [{"Return": 5}]}, field_validation="STRICT")
    assert mocks.prepare(StartTask(1, "whatever", {}, call), 0).run().says


# ------------------------------------------------------------------------ wrong answers


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ({"Return": 1, "Attempt": 0}, "Attempt must be a whole number of at least 1"),
        ({"Return": 1, "Attempt": True}, "Attempt must be"),
        ({"Return": 1, "Times": 0}, 'Times must be .* or "always", not 0'),
        ({"Return": 1, "Times": True}, "Times must be"),
        ({"Return": 1, "Times": "often"}, "not 'often'"),
        ({"Return": 1, "Times": None}, "not None"),
        ({"Return": 1, "Invocation": "x"}, 'Invocation must be .* such as "1-2"'),
        ({"Return": 1, "Invocation": "3-2"}, "not '3-2'"),
        ({"Return": 1, "Invocation": -1}, "not -1"),
        ({"Return": 1, "Invocation": True}, "not True"),
        ({"Call": 5}, "Call must be a function, not 5"),
        ({"Call": lambda: 5}, "'Pay' is bound to a callable that takes neither"),
        ({"Call": len, "AfterSeconds": 1}, "has Call and AfterSeconds"),
        ({"Call": len, "Submitted": 1}, "has Call and Submitted"),
        ({"Call": len, "Return": 1}, "exactly one of"),
        ({"Return": len}, "is no JSON"),
    ],
)
def test_a_wrong_answer_is_refused_at_the_door(answer: Any, text: str) -> None:
    with pytest.raises(asl.UsageError, match=text):
        asl.Mocks({"Pay": [answer]})


def test_other_wrong_arguments_are_refused() -> None:
    with pytest.raises(asl.UsageError, match=r"otherwise is an asl\.Tasks, not 5"):
        asl.Mocks({}, otherwise=5)  # type: ignore[arg-type]
    with pytest.raises(asl.UsageError, match="STRICT, PRESENT or NONE, not 'strict'"):
        asl.Mocks({}, field_validation="strict")  # type: ignore[arg-type]
