"""Mocks: answers by state name."""

from pathlib import Path
from typing import Any

import pytest

from asl.engine.messages import (
    Call,
    Reply,
    StartTask,
    TaskFailed,
    TaskHeartbeat,
    TaskStarted,
    TaskSubmitted,
    TaskSucceeded,
)
from asl.errors import UsageError
from asl.tasks.answer import Answer
from asl.tasks.mocks import Mocks
from asl.values import Json

PAY = "arn:aws:lambda:eu-west-1:123456789012:function:pay"
JOB = "arn:aws:states:::glue:startJobRun.sync"
TOKEN = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
ACTIVITY = "arn:aws:states:eu-west-1:123456789012:activity:pack"


def effect(
    state: str = "Pay",
    resource: str = PAY,
    *,
    index: int | None = None,
    visit: int = 0,
    attempt: int = 0,
    given: Json = None,
) -> StartTask:
    iterations = () if index is None else (("Outer", 9), ("Each", index))
    call = Call(
        state, iterations, visit, attempt, given, None, "arn", "role", None, None
    )
    return StartTask(7, resource, {}, call)


def says(answer: Json, resource: str = PAY) -> list[tuple[int, Reply]]:
    return Mocks({"Pay": [answer]}).prepare(effect(resource=resource), 0).run().says


def output(mocks: Mocks, asked: StartTask) -> Json:
    reply = mocks.prepare(asked, 0).run().says[-1][1]
    assert isinstance(reply, TaskSucceeded)
    return reply.output


DONE = TaskSucceeded(7, 0, 5)
FAILED = TaskFailed(7, 0, "E", "c")
THROW = {"Error": "E", "Cause": "c"}
SUBMITTED = TaskSubmitted(7, 0, "ok")


@pytest.mark.parametrize(
    ("answer", "resource", "expected"),
    [
        ({"Return": 5}, PAY, [(0, DONE)]),
        ({"Return": 5, "AfterSeconds": 1.5}, PAY, [(1_500_000, DONE)]),
        ({"Return": 5}, "no resource", [(0, DONE)]),
        ({"Throw": THROW}, PAY, [(0, FAILED)]),
        (
            {"Throw": {}, "AfterSeconds": 2},
            PAY,
            [(2_000_000, TaskFailed(7, 0, None, None))],
        ),
        ({"Throw": {"Cause": None}}, PAY, [(0, TaskFailed(7, 0, None, None))]),
        (
            {"Throw": {"Error": "States.Timeout"}},
            PAY,
            [(0, TaskFailed(7, 0, "States.Timeout", None, "timeout"))],
        ),
        ({"Never": True}, PAY, []),
        ({"Return": 5}, JOB, [(0, TaskSubmitted(7, 0, 5)), (0, DONE)]),
        (
            {"Return": 5, "Submitted": "ok", "AfterSeconds": 3},
            JOB,
            [(0, SUBMITTED), (3_000_000, DONE)],
        ),
        ({"Throw": THROW, "Submitted": "ok"}, JOB, [(0, SUBMITTED), (0, FAILED)]),
        ({"Throw": THROW}, JOB, [(0, TaskFailed(7, 0, "E", "c", "submit"))]),
        ({"Throw": THROW}, TOKEN, [(0, TaskFailed(7, 0, "E", "c", "submit"))]),
        (
            {"Throw": {"Error": "States.Timeout"}, "Submitted": "ok"},
            TOKEN,
            [(0, SUBMITTED), (0, TaskFailed(7, 0, "States.Timeout", None, "timeout"))],
        ),
        ({"Never": True, "Submitted": "ok"}, TOKEN, [(0, SUBMITTED)]),
        ({"Never": True}, TOKEN, [(0, TaskSubmitted(7, 0, {}))]),
        ({"Return": 5}, TOKEN, [(0, TaskSubmitted(7, 0, 5)), (0, DONE)]),
        ({"Return": 5}, ACTIVITY, [(0, TaskStarted(7, 0)), (0, DONE)]),
        ({"Throw": THROW}, ACTIVITY, [(0, TaskStarted(7, 0)), (0, FAILED)]),
        ({"Never": True}, ACTIVITY, [(0, TaskStarted(7, 0))]),
    ],
)
def test_a_mock_says_what_its_service_would(
    answer: Json, resource: str, expected: list[tuple[int, Reply]]
) -> None:
    assert says(answer, resource) == expected


def test_never_keeps_waiting() -> None:
    mocks = Mocks({"Pay": [{"Never": True}, {"Return": 5}]})
    assert mocks.prepare(effect(), 0).run().waits == "never"
    assert mocks.prepare(effect(), 0).run() == Answer([(0, DONE)])


def test_answers_are_used_in_order_and_once() -> None:
    mocks = Mocks({"Pay": [{"Return": 1}, {"Return": 2}]})
    assert [output(mocks, effect()), output(mocks, effect())] == [1, 2]
    with pytest.raises(UsageError) as caught:
        mocks.prepare(effect(visit=1, attempt=2), 0)
    assert str(caught.value) == (
        "no mock answers state 'Pay' (visit 2, attempt 3): it has 2 answers, all used; "
        "add one"
    )


def test_a_map_index_or_state_input_chooses() -> None:
    mocks = Mocks(
        {
            "Pay": [
                {"Return": "index 1", "MapIndex": 1},
                {"Return": "input", "StateInput": {"a": [1, True]}},
                {"Return": "any"},
            ]
        }
    )
    assert output(mocks, effect(index=0, given={"a": [1, 1]})) == "any"
    assert output(mocks, effect(given={"a": [1.0, True]})) == "input"
    with pytest.raises(UsageError, match=r"Map index 3\).* 3 answers, 1 are left"):
        mocks.prepare(effect(index=3), 0)
    assert output(mocks, effect(index=1)) == "index 1"


@pytest.mark.parametrize(
    "other",
    [{"a": [1]}, {"a": [1, True], "b": 1}, {"a": 1}, [], None, {"b": [1, True]}],
)
def test_another_input_does_not_fit(other: Json) -> None:
    mocks = Mocks({"Pay": [{"Return": 1, "StateInput": {"a": [1, True]}}]})
    with pytest.raises(UsageError, match="none fits"):
        mocks.prepare(effect(given=other), 0)


def test_a_state_that_is_not_named_is_told_with_a_suggestion() -> None:
    with pytest.raises(UsageError, match="did you mean 'Pay'"):
        Mocks({"Pay": []}).prepare(effect("Pya"), 0)
    with pytest.raises(UsageError, match=r"do not name the state$"):
        Mocks({}).prepare(effect(), 0)
    mocks = Mocks({"Pay": [{"Return": 1}]})
    mocks.prepare(effect(), 0)
    with pytest.raises(UsageError, match="it has 1 answer, all used"):
        mocks.prepare(effect(), 0)


def test_an_activity_that_is_not_named_is_unregistered() -> None:
    answer = Mocks({}).prepare(effect(resource=ACTIVITY), 0).run()
    text = f"The activity {ACTIVITY} does not exist."
    failed = TaskFailed(7, 0, "States.Runtime", text, "runtime")
    assert answer.says == [(0, failed)]
    assert not Mocks({}).knows_activity("Pay", ACTIVITY)
    assert Mocks({"Pay": []}).knows_activity("Pay", ACTIVITY)


def test_submitted_is_for_resources_that_submit() -> None:
    with pytest.raises(UsageError, match=r"neither in \.sync nor"):
        says({"Return": 5, "Submitted": 1}, PAY)


def test_every_run_begins_with_fresh_answers() -> None:
    mocks = Mocks({"Pay": [{"Return": 1}]})
    mocks.prepare(effect(), 0)
    one, two = mocks.fresh(), mocks.fresh()
    assert output(one, effect()) == output(two, effect()) == 1
    assert one.tokens is mocks.tokens


def test_an_answer_of_an_earlier_run_is_used_up() -> None:
    mocks = Mocks({"Pay": [{"Return": 1}, {"Return": 2}]})
    mocks.note(effect())
    mocks.note(effect("Other"))
    assert output(mocks, effect()) == 2


def test_nothing_is_asked_of_mocks_beforehand() -> None:
    mocks = Mocks({})
    assert mocks.missing_for([PAY]) == []
    assert not mocks.binds(PAY)


def test_tokens_are_answered_through_the_mocks() -> None:
    mocks, heard = Mocks({}), []
    mocks.tokens.open("t", lambda after, reply: heard.append((after, reply)))
    mocks.heartbeat("t")
    mocks.succeed("t", 1, after_seconds=1)
    mocks.fail("t", "E", "c", after_seconds=2)
    assert heard == [
        (0, TaskHeartbeat(0, 0)),
        (1_000_000, TaskSucceeded(0, 0, 1)),
        (2_000_000, TaskFailed(0, 0, "E", "c")),
    ]


@pytest.mark.parametrize(
    ("answers", "text"),
    [
        ([], "from state name to answers"),
        ({3: []}, "not by 3"),
        ({"": []}, "name states by text"),
        ({"Pay": {"Return": 1}}, "'Pay' are no list of answers"),
        ({"Pay": "Return"}, "no list of answers"),
        ({"Pay": [{"Return": 1}, 5]}, "answer 1 of state 'Pay' is no table: 5"),
        ({"Pay": [["x" * 99]]}, r"no table: \['x+\.\.\."),
        ({"Pay": [{"Retrun": 1}]}, "unknown key 'Retrun'; did you mean 'Return'"),
        ({"Pay": [{"xyz": 1}]}, "unknown key 'xyz'; there are: Return, Throw"),
        ({"Pay": [{}]}, "exactly one of Return, Throw, Never and Call"),
        ({"Pay": [{"Return": 1, "Throw": {}}]}, "exactly one of"),
        ({"Pay": [{"Return": {1, 2}}]}, "is no JSON: set at"),
        ({"Pay": [{"Throw": "E"}]}, "Throw must have Error and Cause"),
        (
            {"Pay": [{"Throw": {"error": "E"}}]},
            "unknown key 'error'; did you mean 'Err",
        ),
        ({"Pay": [{"Throw": {"Cause": {"a": 1}}}]}, "Cause must be a text"),
        ({"Pay": [{"Never": False}]}, "Never must be true"),
        ({"Pay": [{"Return": 1, "AfterSeconds": -1}]}, "AfterSeconds must be a number"),
        ({"Pay": [{"Return": 1, "MapIndex": "0"}]}, "MapIndex must be a whole number"),
        ({"Pay": [{"Return": 1, "MapIndex": True}]}, "MapIndex must be"),
        ({"Pay": [{"Return": 1, "MapIndex": -1}]}, "MapIndex must be"),
    ],
)
def test_wrong_mocks_are_refused_at_the_door(answers: Any, text: str) -> None:
    with pytest.raises(UsageError, match=text):
        Mocks(answers)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("mocks.json", '\ufeff{"Pay": [{"Return": 5}]}'),
        ("mocks.yaml", "Pay:\n- Return: 5\n"),
    ],
)
def test_mocks_are_read_from_a_file(tmp_path: Path, name: str, text: str) -> None:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    assert output(Mocks.load(file), effect()) == 5


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        ("a.json", b"{", "a.json:1:2"),
        ("a.json", b"\xff", "not UTF-8"),
        ("a.json", b"[]", "mocks are a table"),
        ("a.yaml", b"a: [", "a.yaml:1:5"),
        ("a.json", b'{"MockedResponses": {}}', "there is no StateMachines"),
    ],
)
def test_an_unreadable_file_is_told(
    tmp_path: Path, name: str, data: bytes, text: str
) -> None:
    file = tmp_path / name
    file.write_bytes(data)
    with pytest.raises(UsageError, match=text) as caught:
        Mocks.load(file)
    assert str(file) in str(caught.value)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        Mocks.load(str(tmp_path / "none.json"))


@pytest.mark.parametrize("text", ["[1]", "null", ""])
def test_a_file_that_holds_no_table_is_told_as_mocks(tmp_path: Path, text: str) -> None:
    file = tmp_path / "mocks.yaml"
    file.write_text(text)
    with pytest.raises(UsageError) as caught:
        Mocks.load(file)
    assert str(caught.value) == (
        f"{file}: mocks are a table from state name to answers"
    )
