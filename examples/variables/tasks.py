"""JSONata and variables: a loop over pages that keeps what it found with `Assign`.

No input is handed from state to state: `$orders`, `$page` and `$minimum` are variables,
which the states inside the Map see as well.

    asl run examples/variables/workflow.asl.json \
        --input @examples/variables/input.json --tasks examples/variables/tasks.py
"""

from typing import Any

PAGES = [
    [{"customer": "Ada", "amount": 80}, {"customer": "Alan", "amount": 15}],
    [{"customer": "Grace", "amount": 250.5}, {"customer": "Ada", "amount": 45}],
    [{"customer": "Alan", "amount": 30}],
]


def list_orders(event: dict[str, Any]) -> dict[str, Any]:
    """Give one page, counted from 1."""
    page = event["page"]
    return {"orders": PAGES[page - 1], "isLast": page == len(PAGES)}


def find_discount(customer: dict[str, Any]) -> dict[str, Any]:
    """The rate that a customer's total deserves."""
    return {"rate": 0.1 if customer["total"] > 200 else 0.05}
