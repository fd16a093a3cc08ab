"""A chunked job over a million records, in one process, in many, or on many machines.

Each batch of 500 payments is an Express execution of its own. What comes of a batch is
a line of the result file; a manifest tells where that is. Nothing holds the million:
neither the records nor the results. Make the records first (the last word says how
many; buckets are subfolders of the folder), then run the job on what you have:

    python examples/million/make_records.py /tmp/million 1000000

    asl run examples/million/workflow.asl.json \
        --input @examples/million/input.json --tasks examples/million/tasks.py \
        --buckets /tmp/million
    asl run examples/million/workflow.asl.json \
        --input @examples/million/input.json --tasks examples/million/tasks.py \
        --buckets /tmp/million --pool threads
    asl run examples/million/workflow.asl.json \
        --input @examples/million/input.json --tasks examples/million/tasks.py \
        --buckets /tmp/million --pool processes

A Dask cluster (extra `dask`) is a scheduler and workers, all with aslkit installed;
they may be on other machines that find this file at the same place:

    dask scheduler --port 8786 &
    dask worker tcp://127.0.0.1:8786 --nworkers 2 --nthreads 1 &
    asl run examples/million/workflow.asl.json \
        --input @examples/million/input.json --tasks examples/million/tasks.py \
        --buckets /tmp/million --pool dask=tcp://127.0.0.1:8786

The results are the same, line by line, wherever the batches are checked. Threads take
turns, as Python's do; they are for tasks that wait. In Python: see run.py.
"""

from typing import Any

EUROS = {"EUR": 100, "USD": 92, "GBP": 117}
"""What a hundred of each are in euros."""


def check_payments(event: dict[str, Any]) -> dict[str, Any]:
    """Add up a batch in euro cents; list what is refused, and what is large."""
    limit = event["BatchInput"]["limit_cents"]
    total, refused, large = 0, [], []
    for payment in event["Items"]:
        if not is_card(payment["card"]):
            refused.append(payment["id"])
            continue
        cents = payment["cents"] * EUROS[payment["currency"]] // 100
        total += cents
        if cents > limit:
            large.append(payment["id"])
    return {
        "records": len(event["Items"]),
        "cents": total,
        "refused": refused,
        "large": large,
    }


def is_card(number: str) -> bool:
    """Whether the last digit of a card number follows from those before it."""
    doubled = (2 * int(digit) for digit in number[-2::-2])
    odd = sum(map(int, number[-1::-2]))
    return (odd + sum(digit // 10 + digit % 10 for digit in doubled)) % 10 == 0
