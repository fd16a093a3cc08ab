"""A bug is sown in an example, and found: by faults, properties, deliveries, orders.

Each test shows as well that the example as it is has no such bug.
"""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

import asl
from asl.testing import faults
from asl.testing.deliveries import deliver
from asl.testing.orders import interleavings
from asl.testing.properties import assert_always

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def definition_of(example: str) -> Any:
    text = (EXAMPLES / example / "workflow.asl.json").read_text(encoding="utf-8")
    return json.loads(text)


def machine_of(definition: Any, name: str) -> asl.StateMachine:
    return asl.load_text(json.dumps(definition), name=name)


def input_of(example: str) -> Any:
    return json.loads((EXAMPLES / example / "input.json").read_text(encoding="utf-8"))


# ------------------------------------------------------------------------------ faults


def trip() -> asl.Tasks:
    tasks = asl.Tasks()
    for name in ("book-hotel", "book-flight", "book-car"):
        tasks.bind(name)(lambda event: {"booking": "b"})
    tasks.bind("cancel")(lambda reservation: {"cancelled": reservation["booking"]})
    return tasks


def escaping(definition: Any) -> list[str]:
    """The bookings that an unforeseen error ends without compensation."""
    found = faults.matrix(
        machine_of(definition, "trip"),
        input_of("saga"),
        tasks=trip(),
        kinds=["unhandled", "throttling"],
        states=["Book hotel", "Book flight", "Book car"],
    )
    assert found.not_reached == ()
    return list(dict.fromkeys(outcome.state for outcome in found.unhandled))


def test_faults_find_a_booking_that_is_not_compensated() -> None:
    saga = definition_of("saga")
    assert escaping(saga) == []
    for sown, named in (("Book flight", "AirlineBusy"), ("Book car", "NoCarLeft")):
        wrong = copy.deepcopy(saga)
        wrong["States"][sown]["Catch"][0]["ErrorEquals"] = [named]
        assert escaping(wrong) == [sown]


def test_faults_find_a_compensation_that_gives_up_at_once() -> None:
    wrong = definition_of("saga")
    for retries, verdict in ((10, "retried"), (0, "fails")):
        wrong["States"]["Cancel hotel"]["Retry"][0]["MaxAttempts"] = retries
        found = faults.matrix(
            machine_of(wrong, "trip"),
            input_of("saga"),
            tasks=trip(),
            kinds=["throttling"],
            states=["Cancel hotel"],
        )
        error = "Lambda.TooManyRequestsException"
        assert found.of("Cancel hotel", error, once=True).verdict == verdict


# -------------------------------------------------------------------------- properties


def test_properties_find_a_path_into_what_the_catch_has_thrown_away() -> None:
    order = definition_of("order")
    assert_always(machine_of(order, "order"), max_examples=40)
    # The error takes the place of the order: $.refused is not there any more.
    del order["States"]["Process payment"]["Catch"][0]["ResultPath"]
    with pytest.raises(AssertionError) as found:
        assert_always(machine_of(order, "order"), max_examples=40)
    text = str(found.value)
    assert text.startswith("States.Runtime in 'Payment refused'")
    assert "'CardDeclined'" in text.partition("as a test:")[2]


# -------------------------------------------------------------------------- deliveries


class Shop:
    """The order's functions, with a card that has credit for one order."""

    def __init__(self, *, knows_orders: bool) -> None:
        self.credit = 60
        self.paid: dict[str, dict[str, int]] = {}
        self.tasks = asl.Tasks()
        self.tasks.bind("check-inventory")(lambda order: {"inStock": True})
        for other in ("backorder-item", "notify-customer", "ship-order"):
            self.tasks.bind(other)(lambda order: {})

        @self.tasks.bind("process-payment")
        def process_payment(order: Any) -> dict[str, int]:
            if not knows_orders or order["orderId"] not in self.paid:
                if self.credit < 50:
                    raise asl.TaskError("CardDeclined", "no credit left")
                self.credit -= 50
                self.paid[order["orderId"]] = {"charged": 50}
            return self.paid[order["orderId"]]


def test_deliveries_find_an_order_that_is_paid_twice() -> None:
    machine = asl.load(EXAMPLES / "order" / "workflow.asl.json")
    good = deliver(machine, input_of("order"), tasks=Shop(knows_orders=True).tasks)
    good.check()
    assert "Process payment" in [call.state for call in good.repeated]
    found = deliver(machine, input_of("order"), tasks=Shop(knows_orders=False).tasks)
    assert found.differing == [1]
    with pytest.raises(AssertionError) as told:
        found.check()
    assert "then: FAILED PaymentRefused" in str(told.value)
    assert "Process payment 1 + 1 times" in str(told.value)


# ------------------------------------------------------------------------------ orders


def discounts(*, budget: bool) -> asl.Tasks:
    """The functions of the variables example; with a budget the first takes it all."""
    tasks, left = asl.Tasks(), [0.1]
    orders = [{"customer": "Ada", "amount": 300}, {"customer": "Grace", "amount": 250}]
    tasks.bind("list-orders")(lambda event: {"orders": orders, "isLast": True})

    @tasks.bind("find-discount")
    def find_discount(customer: Any) -> dict[str, float]:
        if not budget:
            return {"rate": 0.1}
        return {"rate": left.pop() if left else 0}

    return tasks


def test_orders_find_a_discount_that_goes_to_whoever_comes_first() -> None:
    machine = asl.load(EXAMPLES / "variables" / "workflow.asl.json")
    given = input_of("variables")
    interleavings(machine, given, tasks=lambda: discounts(budget=False)).check()
    found = interleavings(machine, given, tasks=lambda: discounts(budget=True))
    seed = found.differing[0].seed
    with pytest.raises(AssertionError, match=f"seed={seed}"):
        found.check()
