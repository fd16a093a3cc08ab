"""A chunked job: 1,000 CSV records in batches of 50 through a distributed Map.

The folder `buckets` stands in for S3, one subfolder a bucket. Each batch is an
execution of its own; five run at a time, each takes 30 virtual seconds, so that the
whole takes 20 / 5 x 30 = 120 seconds.

    asl run examples/chunked_job/workflow.asl.json \
        --input @examples/chunked_job/input.json --tasks examples/chunked_job/tasks.py \
        --buckets examples/chunked_job/buckets
"""

from typing import Any


def check_batch(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Add up one batch, and list the entries that are above the limit."""
    context.advance(30)
    limit = event["BatchInput"]["limit"]
    amounts = {item["id"]: int(item["amount"]) for item in event["Items"]}
    return {
        "records": len(amounts),
        "total": sum(amounts.values()),
        "large": [id for id, amount in amounts.items() if amount > limit],
    }


def add_up(batches: list[dict[str, Any]]) -> dict[str, Any]:
    """Put the batches' results together."""
    return {
        "batches": len(batches),
        "records": sum(batch["records"] for batch in batches),
        "total": sum(batch["total"] for batch in batches),
        "large": sum(len(batch["large"]) for batch in batches),
    }
