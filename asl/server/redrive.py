"""Redrive: a failed execution continued through the service, and why another is not.

In: a stored execution, the present moment; requests of the shape the model asks for.
Out: its redriveStatus with the reason; answers, or ApiError.
Never: goes on with an execution itself; the engine does (engine/redrive.py).

API reference: RedriveExecution; developer guide: "Restarting state machine executions
with redrive"; recorded.
"""

from threading import Lock

from asl.engine.redrive import REDRIVABLE_EVENTS
from asl.errors import ApiError
from asl.quotas import LIMITS
from asl.server.account import Account, Actions, Answer, Request
from asl.server.entries import RUNNING, StoredExecution
from asl.server.executions import Executions
from asl.server.machines import Machines
from asl.server.past import read_records

REDRIVABLE_SECONDS = 14 * 24 * 3600
"""How long after its end an execution can be continued."""
_TOKEN_SECONDS = 15 * 60
"""How long a clientToken stands for the same redrive."""


def find_refusal(
    stored: StoredExecution, now: float, *, is_deleting: bool = False
) -> str | None:
    """Why an execution cannot be redriven; None where it can."""
    if is_deleting:
        return "State machine is in DELETING status"
    if stored.status in (RUNNING, "SUCCEEDED"):
        return f"Execution is {stored.status} and cannot be redriven"
    limit = LIMITS["STANDARD"].seconds
    if now - stored.started >= limit:
        return "Execution has exceeded the max execution time"
    if stored.stopped is not None and now - stored.stopped > REDRIVABLE_SECONDS:
        return "Execution redrivable period exceeded"
    if stored.events >= REDRIVABLE_EVENTS:
        return "Execution history event limit exceeded"
    return None


def describe_redrive(
    stored: StoredExecution, now: float, *, is_deleting: bool = False
) -> Answer:
    """What DescribeExecution tells of redriving."""
    answer: Answer = {"redriveCount": stored.redrive_count}
    if stored.redrive_date is not None:
        answer["redriveDate"] = stored.redrive_date
    refusal = find_refusal(stored, now, is_deleting=is_deleting)
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
    """The operation that continues a failed execution."""

    def __init__(
        self, account: Account, machines: Machines, executions: Executions
    ) -> None:
        self._account = account
        self._machines = machines
        self._executions = executions
        self._dates: dict[tuple[str, str], float] = {}
        """When an execution was redriven, by its ARN and the request's clientToken."""
        self._lock = Lock()
        self.actions: Actions = {"RedriveExecution": self._redrive}

    def _redrive(self, request: Request) -> Answer:
        entry = self._executions.table.find(request["executionArn"])
        stored, token = entry.stored, request.get("clientToken")
        with self._lock:  # of two at once, the second finds it running
            known = self._known_date(stored.arn, token)
            if known is not None:
                return {"redriveDate": known}
            self._refuse(stored)
            date = self._executions.redrive(entry, read_records(entry.history))
            if token is not None:
                self._dates[stored.arn, token] = date
        self._executions.begin(entry)
        return {"redriveDate": date}

    def _known_date(self, arn: str, token: str | None) -> float | None:
        """When the same request was answered before; older ones are forgotten."""
        since = self._account.now() - _TOKEN_SECONDS
        self._dates = {key: at for key, at in self._dates.items() if at > since}
        return None if token is None else self._dates.get((arn, token))

    def _refuse(self, stored: StoredExecution) -> None:
        why = find_refusal(
            stored,
            self._account.now(),
            is_deleting=self._machines.is_deleting(stored.machine_arn),
        )
        if why is None and stored.map_run_arn is not None:
            why = "Execution is a child of a Map Run and is redriven with it"
        if why is not None:
            raise ApiError("ExecutionNotRedrivable", why)
