"""Redrive: whether an execution could be continued where it failed, and why not.

In: a stored execution, the present moment. Out: its redriveStatus with the reason.
Never: continues an execution: nothing here does, yet.

Developer guide: "Restarting state machine executions with redrive"; recorded.
"""

from asl.errors import ApiError
from asl.quotas import LIMITS
from asl.server.account import Account, Actions, Answer, Request
from asl.server.entries import RUNNING, StoredExecution
from asl.server.table import ExecutionTable

REDRIVABLE_SECONDS = 14 * 24 * 3600
"""How long after its end an execution can be continued."""
_EVENTS = 24_999
"""A history has to have room for one event more than the one that tells of it."""


def find_refusal(stored: StoredExecution, now: float) -> str | None:
    """Why an execution cannot be redriven; None where it can."""
    if stored.status in (RUNNING, "SUCCEEDED"):
        return f"Execution is {stored.status} and cannot be redriven"
    limit = LIMITS["STANDARD"].seconds
    if now - stored.started >= limit:
        return "Execution has exceeded the max execution time"
    if stored.stopped is not None and now - stored.stopped > REDRIVABLE_SECONDS:
        return "Execution redrivable period exceeded"
    if stored.events >= _EVENTS:
        return "Execution history event limit exceeded"
    return None


def describe_redrive(stored: StoredExecution, now: float) -> Answer:
    """What DescribeExecution tells of redriving."""
    answer: Answer = {"redriveCount": 0}
    refusal = find_refusal(stored, now)
    if refusal is not None:
        return answer | {
            "redriveStatus": "NOT_REDRIVABLE",
            "redriveStatusReason": refusal,
        }
    by_map_run = stored.map_run_arn is not None
    return answer | {
        "redriveStatus": "REDRIVABLE_BY_MAP_RUN" if by_map_run else "REDRIVABLE"
    }


class Redrive:
    """The operation that continues a failed execution: its refusals."""

    def __init__(self, account: Account, table: ExecutionTable) -> None:
        self._account = account
        self._table = table
        self.actions: Actions = {"RedriveExecution": self._redrive}

    def _redrive(self, request: Request) -> Answer:
        stored = self._table.find(request["executionArn"]).stored
        why = find_refusal(stored, self._account.now())
        if why is None and stored.map_run_arn is not None:
            why = "Execution is a child of a Map Run and is redriven with it"
        # Continuing needs the engine to go on in the middle of a machine: not yet.
        raise ApiError(
            "ExecutionNotRedrivable", why or "asl does not redrive executions"
        )
