"""At-least-once: an Express execution that runs again from its start."""

import json
from typing import Any

import pytest

import asl
from asl.testing.deliveries import RepeatedCall, deliver

LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:"
PURCHASE = {
    "StartAt": "Charge",
    "States": {
        "Charge": {
            "Type": "Task",
            "Resource": f"{LAMBDA}charge",
            "Parameters": {"key.$": "$$.Execution.Name", "sum.$": "$.sum"},
            "ResultPath": "$.balance",
            "Next": "Thank",
        },
        "Thank": {"Type": "Task", "Resource": f"{LAMBDA}thank", "End": True},
    },
}


def machine(definition: Any = None) -> asl.StateMachine:
    return asl.load_text(json.dumps(definition or PURCHASE))


class Bank:
    """An account; `knows` says whether it remembers which charges it has made."""

    def __init__(self, *, knows: bool) -> None:
        self.balance = 100
        self.charged: dict[str, int] = {}
        self.tasks = asl.Tasks()
        self.tasks.bind("thank")(lambda event: event)

        @self.tasks.bind("charge")
        def charge(event: Any) -> int:
            if not knows or event["key"] not in self.charged:
                self.balance -= event["sum"]
                self.charged[event["key"]] = self.balance
            return self.charged[event["key"]]


def test_a_seeded_bug_shows_itself_in_the_second_delivery() -> None:
    bank = Bank(knows=False)
    found = deliver(machine(), {"sum": 30}, tasks=bank.tasks)
    assert bank.balance == 40
    assert found.differing == [1]
    with pytest.raises(AssertionError) as told:
        found.check()
    assert "delivery 2 came to another result" in str(told.value)
    assert "Charge 1 + 1 times" in str(told.value)


def test_a_handler_that_knows_its_call_again_passes() -> None:
    bank = Bank(knows=True)
    found = deliver(machine(), {"sum": 30}, tasks=bank.tasks, deliveries=3)
    assert bank.balance == 70
    found.check()
    assert found.differing == []
    assert [one.status for one in found.executions] == ["SUCCEEDED"] * 3
    assert {one.type for one in found.executions} == {"EXPRESS"}


def test_calls_made_more_than_once_are_reported_with_their_payload() -> None:
    bank = Bank(knows=True)
    found = deliver(machine(), {"sum": 30}, tasks=bank.tasks)
    name = found.executions[0].name
    assert found.repeated == (
        RepeatedCall(state="Charge", payload={"key": name, "sum": 30}, times=(1, 1)),
        RepeatedCall(state="Thank", payload={"sum": 30, "balance": 70}, times=(1, 1)),
    )
    assert found.changed == ()


def test_a_call_that_is_never_the_same_again_is_reported_as_changed() -> None:
    state = PURCHASE["States"]["Thank"] | {"Parameters": {"id.$": "States.UUID()"}}  # type: ignore[index]
    tasks = asl.Tasks()
    tasks.bind("thank")(lambda event: "thanks")
    alone = {"StartAt": "Thank", "States": {"Thank": state}}
    found = deliver(machine(alone), tasks=tasks)
    assert [call.times for call in found.changed] == [(1, 0), (0, 1)]
    assert found.repeated == ()
    found.check()


def test_the_deliveries_share_name_and_arn() -> None:
    bank = Bank(knows=True)
    found = deliver(machine(), {"sum": 1}, tasks=bank.tasks, name="once")
    assert {one.name for one in found.executions} == {"once"}
    assert len({one.arn for one in found.executions}) == 1


def test_calls_of_machines_that_it_starts_are_reported_too() -> None:
    arn = "arn:aws:states:us-east-1:123456789012:stateMachine:purchase"
    start = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution",
        "Parameters": {"StateMachineArn": arn, "Input": {"sum": 5}, "Name": "n"},
        "End": True,
    }
    outer = {"StartAt": "Start", "States": {"Start": start}}
    bank = Bank(knows=True)
    inner = machine()
    found = deliver(machine(outer), tasks=bank.tasks, machines={arn: inner})
    assert {call.state for call in found.repeated} == {"Start", "Charge", "Thank"}


def test_failures_are_compared_by_their_error() -> None:
    tasks = asl.Tasks()
    calls: list[Any] = []

    @tasks.bind("thank")
    def thank(event: Any) -> str:
        calls.append(event)
        if len(calls) > 1:
            raise LookupError("already thanked " + "x" * 200)
        return "x" * 200

    alone = {"StartAt": "Thank", "States": {"Thank": PURCHASE["States"]["Thank"]}}  # type: ignore[index]
    found = deliver(machine(alone), {"long": "y" * 200}, tasks=tasks)
    with pytest.raises(AssertionError, match="then: FAILED LookupError") as told:
        found.check()
    assert "…" in str(told.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"deliveries": 1}, "deliveries is a whole number"),
        ({"deliveries": True}, "deliveries is a whole number"),
        ({"type": "STANDARD"}, "only an Express execution"),
    ],
)
def test_a_wrong_call_of_deliver_is_refused(
    options: dict[str, Any], message: str
) -> None:
    with pytest.raises(asl.UsageError, match=message):
        deliver(machine(), **options)
