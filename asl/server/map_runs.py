"""Map Runs: what a distributed Map's attempt is doing, and how it may be changed.

In: requests of the shape the model asks for. Out: answers, or ApiError.
Never: runs a child; the engine's distributed Map does.

API reference: DescribeMapRun, ListMapRuns, UpdateMapRun.
"""

from functools import partial

from asl.engine.distributed import MapRun
from asl.errors import ApiError
from asl.quotas import DISTRIBUTED_CONCURRENCY
from asl.server.account import Account, Actions, Answer, Request
from asl.server.entries import RUNNING, MapRunEntry
from asl.server.executions import Executions


class MapRuns:
    """The operations on Map Runs."""

    def __init__(self, account: Account, executions: Executions) -> None:
        self._account = account
        self._executions = executions
        self._table = executions.table
        self.actions: Actions = {
            "DescribeMapRun": self._describe,
            "ListMapRuns": self._list,
            "UpdateMapRun": self._update,
        }

    def _describe(self, request: Request) -> Answer:
        entry = self._table.find_map_run(request["mapRunArn"])
        self._executions.look(entry.parent)
        entry.refresh()
        stored = entry.stored
        answer: Answer = {
            "mapRunArn": stored.arn,
            "executionArn": stored.execution_arn,
            "status": stored.status,
            "startDate": stored.started,
            "maxConcurrency": stored.max_concurrency,
            "toleratedFailurePercentage": stored.tolerated_percentage,
            "toleratedFailureCount": stored.tolerated_count,
            "itemCounts": dict(stored.item_counts),
            "executionCounts": dict(stored.execution_counts),
            "redriveCount": stored.redrive_count,
        }
        if stored.redrive_date is not None:
            answer["redriveDate"] = stored.redrive_date
        return answer | _stop_date(entry)

    def _list(self, request: Request) -> Answer:
        entry = self._table.find(request["executionArn"])
        self._executions.look(entry)
        found, token = self._account.page(
            list(entry.map_runs),
            request,
            scope=f"map runs:{entry.stored.arn}",
            key=lambda run: -run.stored.number,
        )
        listed = [
            {
                "executionArn": run.stored.execution_arn,
                "mapRunArn": run.stored.arn,
                "stateMachineArn": run.stored.machine_arn,
                "startDate": run.stored.started,
                **_stop_date(run),
            }
            for run in found
        ]
        answer: Answer = {"mapRuns": listed}
        return answer | ({} if token is None else {"nextToken": token})

    def _update(self, request: Request) -> Answer:
        entry = self._table.find_map_run(request["mapRunArn"])
        hosted, run = entry.parent.hosted, entry.run
        entry.refresh()
        if hosted is None or run is None or entry.stored.status != RUNNING:
            raise ApiError(
                "ValidationException",
                f"Map Run is {entry.stored.status} and cannot be updated: "
                f"'{entry.stored.arn}'",
            )
        hosted.post(partial(_change, run, request))
        return {}


def _change(run: MapRun, request: Request) -> None:
    """Command: other limits for what is still to run."""
    places = request.get("maxConcurrency")
    if places is not None:
        run.places = min(places or DISTRIBUTED_CONCURRENCY, DISTRIBUTED_CONCURRENCY)
    if request.get("toleratedFailureCount") is not None:
        run.tolerated_count = request["toleratedFailureCount"]
    if request.get("toleratedFailurePercentage") is not None:
        run.tolerated_percentage = float(request["toleratedFailurePercentage"])


def _stop_date(entry: MapRunEntry) -> Answer:
    stopped = entry.stored.stopped
    return {} if stopped is None else {"stopDate": stopped}
