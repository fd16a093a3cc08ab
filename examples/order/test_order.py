"""Tests of the order workflow, all in virtual time: `pytest examples/order`."""

import json
from pathlib import Path

import pytest
import tasks as shop

import asl
from asl.testing.asserting import assert_caught, assert_never, assert_path

ORDER = json.loads(Path(__file__).with_name("input.json").read_text("utf-8"))
LAMPS = {**ORDER, "items": [{"sku": "lamp", "quantity": 1, "price": 24}]}
BUSY = {"Throw": {"Error": "Lambda.TooManyRequestsException", "Cause": "busy"}}
STOCKED = ["Check inventory", "In stock?", "Process payment", "Ship order"]

pytestmark = pytest.mark.asl("workflow.asl.json")


@pytest.fixture
def tasks(asl_tasks):
    for name in ("check_inventory", "backorder_item", "notify_customer",
                 "process_payment", "ship_order"):  # fmt: skip
        asl_tasks.bind(name.replace("_", "-"))(getattr(shop, name))
    return asl_tasks


def test_what_is_in_stock_is_paid_and_shipped(asl_machine, tasks):
    execution = asl.run(asl_machine, LAMPS, tasks=tasks)
    assert_path(execution, STOCKED)
    assert execution.output["payment"] == {"charged": 24, "card": "1234"}


def test_what_is_not_in_stock_is_waited_for(asl_machine, tasks):
    execution = asl.run(asl_machine, ORDER, tasks=tasks)
    assert execution.duration_seconds == shop.DELIVERY_SECONDS
    (notice,) = tasks.calls["Notify customer"]
    assert notice.payload["backorder"]["skus"] == ["desk"]
    assert execution.states["Ship order"][0].entered_seconds == shop.DELIVERY_SECONDS


def test_a_refused_card_ends_the_order(asl_machine, tasks):
    dear = {**ORDER, "items": [{"sku": "lamp", "quantity": 12, "price": 99}]}
    execution = asl.run(asl_machine, dear, tasks=tasks)
    assert execution.error == "PaymentRefused"
    assert_caught(execution, "Process payment", "CardDeclined")
    assert_never(execution, "Ship order")


def test_a_busy_inventory_is_asked_again(asl_machine, tasks):
    found = {"Return": {"inStock": True}}
    mocks = asl.Mocks({"Check inventory": [BUSY, BUSY, found]}, otherwise=tasks)
    execution = asl.run(asl_machine, LAMPS, tasks=mocks)
    assert execution.states["Check inventory"][0].attempts == 3
    assert execution.duration_seconds == 2 + 4
