"""Descriptions of executions: one alone, lists, histories, the machine as it started.

In: requests of the shape the model asks for. Out: answers, or ApiError as recorded.
Never: changes an execution, but for this: virtual time passes for what is looked at.

API reference: DescribeExecution, ListExecutions, GetExecutionHistory,
DescribeStateMachineForExecution; recorded.
"""

from asl.errors import ApiError
from asl.server.account import Account, Actions, Answer, Request
from asl.server.configurations import describe_revision
from asl.server.entries import Entry
from asl.server.executions import Executions, not_supported
from asl.server.machines import Machines
from asl.server.redrive import describe_redrive
from asl.values import Json

_DATA = frozenset(("input", "output", "cause", "assignedVariables"))


class Descriptions:
    """What can be asked of executions."""

    def __init__(
        self, account: Account, machines: Machines, executions: Executions
    ) -> None:
        self._account = account
        self._machines = machines
        self._executions = executions
        self._table = executions.table
        self.actions: Actions = {
            "DescribeExecution": self._describe,
            "ListExecutions": self._list,
            "GetExecutionHistory": self._history,
            "DescribeStateMachineForExecution": self._machine,
        }

    def _seen(self, request: Request) -> Entry:
        entry = self._table.find(request["executionArn"])
        self._executions.look(entry)
        return entry

    def _describe(self, request: Request) -> Answer:
        stored = self._seen(request).stored
        is_whole = request.get("includedData") != "METADATA_ONLY"
        answer: Answer = {
            "executionArn": stored.arn,
            "stateMachineArn": stored.machine_arn,
            "name": stored.name,
            "status": stored.status,
            "startDate": stored.started,
            "inputDetails": {"included": is_whole},
            **describe_redrive(
                stored,
                self._account.now(),
                is_deleting=self._machines.is_deleting(stored.machine_arn),
            ),
        }
        if stored.output is not None:
            answer["outputDetails"] = {"included": is_whole}
        more: dict[str, Json] = {
            "stopDate": stored.stopped,
            "error": stored.error,
            "cause": stored.cause,
            "traceHeader": stored.trace_header,
            "mapRunArn": stored.map_run_arn,
            "stateMachineVersionArn": stored.version_arn,
            "stateMachineAliasArn": stored.alias_arn,
        }
        if is_whole:
            more |= {"input": stored.input, "output": stored.output}
        return answer | _given(more)

    def _list(self, request: Request) -> Answer:
        entries, scope = self._listed(request)
        wanted = request.get("statusFilter")
        if wanted is not None:
            entries = [one for one in entries if one.stored.status == wanted]
        redriven = request.get("redriveFilter")
        if redriven is not None:
            entries = [
                one
                for one in entries
                if bool(one.stored.redrive_count) == (redriven == "REDRIVEN")
            ]
        found, token = self._account.page(
            entries,
            request,
            scope=f"{scope}#{wanted}#{request.get('redriveFilter')}",
            key=lambda entry: -entry.stored.number,
        )
        answer: Answer = {"executions": [_item(entry) for entry in found]}
        return answer | _given({"nextToken": token})

    def _listed(self, request: Request) -> tuple[list[Entry], str]:
        """The executions of a machine, a version, an alias or a Map Run."""
        arn: str | None = request.get("stateMachineArn")
        map_run_arn: str | None = request.get("mapRunArn")
        if (arn is None) == (map_run_arn is None):
            raise ApiError(
                "ValidationException",
                "Exactly one of stateMachineArn and mapRunArn must be specified",
            )
        if map_run_arn is not None:
            run = self._table.find_map_run(map_run_arn)
            self._executions.look(run.parent)
            return self._table.of_map_run(run.stored.arn), run.stored.arn
        assert arn is not None, "one of them is given"
        machine, qualifier = self._machines.find_qualified(arn)
        if machine.type == "EXPRESS":
            raise not_supported()
        self._executions.look_around(machine.arn)
        entries = self._table.of_machine(machine.arn)
        if qualifier is not None:
            named = f"{machine.arn}:{qualifier}"
            entries = [
                one
                for one in entries
                if named in (one.stored.version_arn, one.stored.alias_arn)
            ]
        return entries, f"{machine.arn}:{qualifier}"

    def _history(self, request: Request) -> Answer:
        entry = self._seen(request)
        sign = -1 if request.get("reverseOrder") else 1
        found, token = self._account.page(
            range(1, self._table.count_events(entry) + 1),
            request,
            scope=f"history:{entry.stored.arn}:{sign}",
            key=lambda id: sign * id,
        )
        events = [entry.event(id) for id in found]
        if request.get("includeExecutionData") is False:
            events = [_without_data(event) for event in events]
        answer: Answer = {"events": events}
        return answer | _given({"nextToken": token})

    def _machine(self, request: Request) -> Answer:
        entry = self._table.find(request["executionArn"])
        stored = entry.stored
        label = stored.machine_arn.rpartition("/")[2] if stored.map_run_arn else None
        return {
            "stateMachineArn": stored.machine_arn,
            "name": stored.machine_name,
            "updateDate": stored.revision.date,
            **describe_revision(stored.revision, included=request.get("includedData")),
            **_given({"mapRunArn": stored.map_run_arn, "label": label}),
        }


def _item(entry: Entry) -> Answer:
    """An execution in a list."""
    stored = entry.stored
    answer: Answer = {
        "executionArn": stored.arn,
        "stateMachineArn": stored.machine_arn,
        "name": stored.name,
        "status": stored.status,
        "startDate": stored.started,
        "redriveCount": stored.redrive_count,
    }
    return answer | _given(
        {
            "stopDate": stored.stopped,
            "redriveDate": stored.redrive_date,
            "mapRunArn": stored.map_run_arn,
            "itemCount": stored.items,
            "stateMachineVersionArn": stored.version_arn,
            "stateMachineAliasArn": stored.alias_arn,
        }
    )


def _without_data(event: Answer) -> Answer:
    """An event without what flowed through its state."""
    return {
        key: {
            name: inner
            for name, inner in value.items()
            if name.removesuffix("Details") not in _DATA
        }
        if isinstance(value, dict)
        else value
        for key, value in event.items()
    }


def _given(more: dict[str, Json]) -> Answer:
    return {key: value for key, value in more.items() if value is not None}
