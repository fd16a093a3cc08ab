"""The order workflow of every textbook: inventory, payment, shipping, and a back order.

The desk is not in stock, so the workflow orders one, tells the customer, waits a day
and checks again. The day passes in virtual time: the run takes milliseconds.

    asl run examples/order/workflow.asl.json --input @examples/order/input.json \
        --tasks examples/order/tasks.py

Each function stands for the Lambda function of the same name: `check_inventory` for
`check-inventory`. They keep nothing between calls, as good Lambda functions do: that
the delivery has come can be seen from the order itself.
"""

from typing import Any

Order = dict[str, Any]

STOCK = {"lamp": 12, "desk": 0}
DELIVERY_SECONDS = 24 * 60 * 60
CREDIT = 1_000


class CardDeclined(Exception):
    """The bank refuses; the workflow catches this by its class name."""


def check_inventory(order: Order) -> dict[str, Any]:
    """Say whether everything is on the shelf, and what is missing."""
    delivered = order.get("backorder", {}).get("skus", [])
    missing = [
        item["sku"]
        for item in order["items"]
        if item["sku"] not in delivered and STOCK.get(item["sku"], 0) < item["quantity"]
    ]
    return {"inStock": not missing, "missing": missing}


def backorder_item(order: Order) -> dict[str, Any]:
    """Order what is missing from the supplier."""
    skus = order["inventory"]["missing"]
    return {"skus": skus, "expectedInSeconds": DELIVERY_SECONDS}


def notify_customer(order: Order) -> dict[str, Any]:
    """Write to the customer; the workflow throws the result away (ResultPath null)."""
    missing = ", ".join(order["inventory"]["missing"])
    return {"to": order["customer"], "text": f"We have ordered for you: {missing}"}


def process_payment(order: Order) -> dict[str, Any]:
    """Charge the card."""
    amount = sum(item["quantity"] * item["price"] for item in order["items"])
    if amount > CREDIT:
        raise CardDeclined(f"{amount} is more than the card allows")
    return {"charged": amount, "card": order["card"][-4:]}


def ship_order(order: Order) -> dict[str, Any]:
    """Hand the parcels to the carrier."""
    return {"tracking": f"T-{order['orderId']}", "parcels": len(order["items"])}
