"""Lambda's 15 minutes: a chain outlives them, a function does not, another hands over.

Each command runs one of the three ways to do the same work of 30 to 50 minutes:

    asl run examples/long_lambdas/chain.asl.json \
        --input @examples/long_lambdas/input.json --tasks examples/long_lambdas/tasks.py

    asl run examples/long_lambdas/too_long.asl.json \
        --input @examples/long_lambdas/input.json --tasks examples/long_lambdas/tasks.py

    asl run examples/long_lambdas/hand_over.asl.json \
        --input @examples/long_lambdas/input.json --tasks examples/long_lambdas/tasks.py

`context.advance(seconds)` takes virtual time, where the real function would be at work.
All else is what Lambda's context offers at AWS too.
"""

from typing import Any

TEN_MINUTES = 600
SECONDS_A_PAGE = 30
RESERVE_MS = 60_000
"""How much of its time a run leaves unused, to end in peace."""


def extract(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Fetch all pages: ten minutes."""
    context.advance(TEN_MINUTES)
    return {"rows": event["pages"] * 25}


def transform(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Clean the rows: ten minutes."""
    context.advance(TEN_MINUTES)
    return {"rows": event["extracted"]["rows"] - event["pages"]}


def load(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Store the rows: ten minutes."""
    context.advance(TEN_MINUTES)
    return {"stored": event["transformed"]["rows"]}


def do_everything(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The same in one function; the second `advance` never comes back."""
    context.advance(TEN_MINUTES)
    context.advance(TEN_MINUTES)
    return {"stored": event["pages"] * 24}


def work(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Work on pages until the time gets short; say how far it went."""
    done = event["progress"]["done"]
    needed_ms = SECONDS_A_PAGE * 1000 + RESERVE_MS
    while done < event["pages"] and context.get_remaining_time_in_millis() >= needed_ms:
        context.advance(SECONDS_A_PAGE)
        done += 1
    return {"done": done, "runs": event["progress"]["runs"] + 1}
