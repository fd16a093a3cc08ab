"""What was running when an earlier service ended: over now, and its cause says so.

In: executions and Map Runs that a store has as RUNNING. Out: the same as ABORTED, with
the event that ends their histories, written down, and a line of the log for each.
Never: goes on with one: what its tasks had begun nobody knows. Who does know may have
it continued by RedriveExecution, like any other that was aborted.

AWS has no such end. It is told as StopExecution would be, in the shape recorded for
that.
"""

import logging
from collections.abc import Callable, Iterable

from asl.server.account import Account, Answer
from asl.server.entries import RUNNING, Entry, KeptHistory, MapRunEntry, map_run_json

CAUSE = "The server ended while this execution was running."
_OUTCOMES = {
    "SUCCEEDED": "succeeded",
    "FAILED": "failed",
    "TIMED_OUT": "timedOut",
    "ABORTED": "aborted",
}

logger = logging.getLogger("asl.server")


def catch_up(account: Account, entries: Iterable[Entry]) -> None:
    """Let virtual time be no earlier than anything that is kept has happened."""
    latest = 0.0
    for entry in entries:
        stored = entry.stored
        latest = max(latest, stored.started, stored.stopped or 0)
        if stored.status == RUNNING and len(entry.history):
            latest = max(latest, entry.event(len(entry.history))["timestamp"])
    account.reach(latest)


def abort_execution(account: Account, entry: Entry) -> None:
    """End an execution that nothing runs any more; inside a batch, not put yet."""
    stored, at = entry.stored, account.now()
    number = len(entry.history) + 1
    event: Answer = {
        "timestamp": at,
        "type": "ExecutionAborted",
        "id": number,
        "previousEventId": 0,
        "executionAbortedEventDetails": {"cause": CAUSE},
    }
    account.store.append("history", stored.arn, [event])
    stored.status, stored.stopped, stored.cause = "ABORTED", at, CAUSE
    stored.events = number
    entry.history = KeptHistory(account.store, stored.arn)
    members = {
        "executionArn": stored.arn,
        "stateMachineArn": stored.machine_arn,
        "startDate": stored.started,
        "events": number,
    }
    logger.warning(
        "an execution was running when the server ended; it is ABORTED now",
        extra={"members": members},
    )


def abort_map_run(account: Account, run: MapRunEntry, children: list[Entry]) -> None:
    """End a Map Run with as much as its children tell; inside a batch."""
    stored = run.stored
    stored.status, stored.stopped = "ABORTED", account.now()
    stored.execution_counts = _count(children, lambda entry: 1)
    stored.item_counts = _count(children, lambda entry: entry.stored.items or 1)
    account.store.put("map_run", stored.arn, map_run_json(stored))


def _count(children: list[Entry], weight: Callable[[Entry], int]) -> dict[str, int]:
    """The counts of a Map Run; how much was still to come nobody knows."""
    names = ("pending", "running", *_OUTCOMES.values(), "total", "resultsWritten")
    counts = dict.fromkeys((*names, "failuresNotRedrivable", "pendingRedrive"), 0)
    for entry in children:
        counts[_OUTCOMES[entry.stored.status]] += weight(entry)
        counts["total"] += weight(entry)
    counts["resultsWritten"] = counts["succeeded"]
    return counts
