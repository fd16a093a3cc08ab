"""Executions: started and stopped, in virtual or in real time.

In: requests of the shape the model asks for. Out: answers, or ApiError as recorded.
Never: describes an execution (descriptions.py), or keeps one (table.py).

In virtual time an execution goes on by itself as far as no time passes: a start answers
before the first Wait ends, so that a stop finds it running. Whoever describes or lists
it, or reads its history, lets its time pass. Nobody can look at an Express execution,
so its time passes at once. What cannot go on (nobody bound a callable) fails when time
would have to pass.

API reference: StartExecution, StartSyncExecution, StopExecution; recorded.
"""

from collections.abc import Callable, Sequence
from functools import partial
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asl.engine.arns import arn_of
from asl.engine.execution import Execution
from asl.engine.redrive import RedrivenExecution
from asl.errors import ApiError, DefinitionError
from asl.expressions.jackson import jackson_complaint
from asl.history import Record
from asl.model.machine import StateMachine
from asl.quotas import PAYLOAD_BYTES
from asl.runtime.desk import Desk
from asl.runtime.host import Host
from asl.runtime.stage import NAME
from asl.server.account import Account, Actions, Answer, Request, seconds
from asl.server.entries import RUNNING, Entry, StoredExecution
from asl.server.known import KnownMachines
from asl.server.machines import Machines
from asl.server.records import Target
from asl.server.served import Served
from asl.server.table import ExecutionTable
from asl.tasks.mocks import Mocks
from asl.tasks.registry import Tasks
from asl.values import Json, NotJson, parse_json

if TYPE_CHECKING:
    from asl.engine.messages import StartTask

_SYNC_SECONDS = 330
"""How long a synchronous start waits in real time: Express ends after 300."""


class Executions:
    """Starts and stops the executions of an account; has the host that runs them."""

    def __init__(
        self,
        account: Account,
        machines: Machines,
        *,
        source: Callable[[Target], Tasks | Mocks],
        buckets: str | PathLike[str] | None = None,
        real_limit_seconds: float = 60,
    ) -> None:
        self.account = account
        self.desk = Desk()
        self._known = KnownMachines(machines)
        self.table = ExecutionTable(
            account, target_of=self._known.last.get, released=machines.release
        )
        self.host = Host(
            account.clock, self.table.moved, real_limit_seconds=real_limit_seconds
        )
        self.knows_activity: Callable[[str], bool] = lambda arn: False
        self.hold: Callable[[StartTask], None] = lambda effect: None
        """Where tasks of activities wait for a worker; set by the activities."""
        self._machines = machines
        self._source = source
        self._buckets = None if buckets is None else Path(buckets)
        machines.is_busy = self.table.is_busy
        machines.release_all()
        self.actions: Actions = {
            "StartExecution": self._start,
            "StartSyncExecution": self._start_sync,
            "StopExecution": self._stop,
        }

    def look(self, entry: Entry) -> None:
        """Let virtual time pass for an execution that somebody looks at."""
        if (hosted := entry.hosted) is not None:
            self.host.look(hosted)

    def look_around(self, machine_arn: str | None = None) -> None:
        """The same for all that run, or for those of one machine."""
        for hosted in self.table.running(machine_arn):
            self.host.look(hosted)

    # ----------------------------------------------------------------------- starting

    def _start(self, request: Request) -> Answer:
        target, name, text, value = self._read(request)
        if target.type == "EXPRESS":
            entry, _ = self._run_express(target, name, text, value, request)
        else:
            arn = arn_of("execution", target.machine_arn, name)
            found = self.table.same(arn, text)
            if found is None:
                found, _ = self._begin(target, name, arn, text, value, request)
            entry = found
        return {"executionArn": entry.stored.arn, "startDate": entry.stored.started}

    def _start_sync(self, request: Request) -> Answer:
        target, name, text, value = self._read(request)
        if target.type != "EXPRESS":
            raise not_supported()
        entry, execution = self._run_express(target, name, text, value, request)
        stored = entry.stored
        if not self.host.is_virtual:
            self.host.wait_for(lambda: stored.status != RUNNING, _SYNC_SECONDS)
        if stored.status == RUNNING:
            raise ApiError(
                "InternalFailure",
                f"the execution '{stored.arn}' did not come to an end",
                status=500,
            )
        is_whole = request.get("includedData") != "METADATA_ONLY"
        bill = execution.billing
        answer: Answer = {
            "executionArn": stored.arn,
            "stateMachineArn": stored.machine_arn,
            "name": stored.name,
            "startDate": stored.started,
            "stopDate": stored.stopped,
            "status": stored.status,
            "inputDetails": {"included": is_whole},
            "outputDetails": {"included": is_whole},
            "billingDetails": {
                "billedMemoryUsedInMB": bill.billed_memory_mb,
                "billedDurationInMilliseconds": bill.billed_duration_ms,
            },
        }
        more = {"error": stored.error, "cause": stored.cause}
        more["traceHeader"] = stored.trace_header
        if is_whole:
            more |= {"input": stored.input, "output": stored.output}
        return answer | {key: text for key, text in more.items() if text is not None}

    def _read(self, request: Request) -> tuple[Target, str, str, Json]:
        """What to run, the execution's name, its input as text and as a value."""
        target = self._machines.target(request["stateMachineArn"])
        name = request.get("name")
        if name is None:
            name = self.account.new_id()
        elif not NAME.fullmatch(name):
            raise ApiError("InvalidName", f"Invalid Name: '{name}'")
        text = request.get("input")
        if text is None:
            text = "{}"
        return target, name, text, _read_input(text)

    def _run_express(
        self, target: Target, name: str, text: str, value: Json, request: Request
    ) -> tuple[Entry, Execution]:
        """Start an Express execution, whose virtual time passes at once."""
        arn = arn_of("express", target.machine_arn, name, self.account.new_id())
        entry, execution = self._begin(target, name, arn, text, value, request)
        self.look(entry)
        return entry, execution

    def _begin(
        self,
        target: Target,
        name: str,
        arn: str,
        text: str,
        value: Json,
        request: Request,
    ) -> tuple[Entry, Execution]:
        """Write an execution down and let it go on as far as it goes by itself."""
        machine = self._build(target)
        source = self._serve(target)
        given = self._given(target, name, arn, source)
        execution = Execution(machine, value, **given)
        hosted = self.host.start(
            execution, source, buckets=self._buckets, machine=machine
        )
        stored = StoredExecution(
            number=0,
            arn=arn,
            name=name,
            type=target.type,
            machine_arn=target.machine_arn,
            machine_name=target.name,
            revision=target.revision,
            started=seconds(hosted.clock.now()),
            input=text,
            version_arn=target.version_arn,
            alias_arn=target.alias_arn,
            trace_header=request.get("traceHeader"),
        )
        entry = Entry(stored, execution.history, hosted, execution)
        added = self.table.add(entry, hosted)
        if added is entry:
            hosted.post(hosted.begin)
        else:  # another thread has started it meanwhile
            self.host.dropped(hosted)
        return added, execution

    def _serve(self, target: Target) -> Served:
        """The tasks of an execution."""
        return Served(
            self._source(target), self.desk, knows=self.knows_activity, hold=self.hold
        )

    def _given(
        self, target: Target, name: str, arn: str, source: Served
    ) -> dict[str, Any]:
        """What an Execution is given beside its machine and its input."""
        return {
            "name": name,
            "arn": arn,
            "machine_arn": target.machine_arn,
            "type": target.type,
            "role_arn": target.revision.role_arn,
            "seed": arn,
            "machines": self._known,
            "machine_types": self._known.types,
            "knows_activity": source.knows_activity,
        }

    def redrive(self, entry: Entry, past: Sequence[Record]) -> float:
        """Write down that an ended execution goes on; gives the moment.

        What its mocks have answered they do not answer again, in the same process.
        """
        stored = entry.stored
        target = Target(
            machine_arn=stored.machine_arn,
            name=stored.machine_name,
            type=stored.type,
            revision=stored.revision,
            version_arn=stored.version_arn,
            alias_arn=stored.alias_arn,
        )
        machine = self._build(target)
        known = entry.source
        source = known.kept() if isinstance(known, Served) else self._serve(target)
        given = self._given(target, stored.name, stored.arn, source)
        value = parse_json(stored.input)
        execution = RedrivenExecution(machine, value, past=past, **given)
        if entry.left is not None:
            execution.inherit(entry.left)
        hosted = self.host.start(
            execution, source, buckets=self._buckets, machine=machine
        )
        self.table.reopen(entry, hosted, execution)
        return seconds(hosted.clock.now())

    def begin(self, entry: Entry) -> None:
        """Let a redriven execution go on as far as it goes by itself."""
        if (hosted := entry.hosted) is not None:
            hosted.post(hosted.begin)

    def _build(self, target: Target) -> StateMachine:
        try:
            return self._machines.build(target)
        except DefinitionError as error:
            raise ApiError("ValidationException", str(error)) from None

    # ----------------------------------------------------------------------- stopping

    def _stop(self, request: Request) -> Answer:
        entry = self.table.find(request["executionArn"])
        hosted, execution = entry.hosted, entry.execution
        if hosted is not None and execution is not None:
            error, cause = request.get("error"), request.get("cause")
            hosted.post(partial(hosted.stop, execution, error, cause))
        stopped = entry.stored.stopped
        return {"stopDate": self.account.now() if stopped is None else stopped}


def not_supported() -> ApiError:
    """The machine is of the other type."""
    return ApiError(
        "StateMachineTypeNotSupported",
        "This operation is not supported by this type of state machine",
    )


def _read_input(text: str) -> Json:
    """An execution's input; ApiError where the service would not take it."""
    if len(text.encode("utf-8", "surrogatepass")) > PAYLOAD_BYTES:
        raise ApiError(
            "ValidationException",
            "1 validation error detected: Value at 'input' failed to satisfy "
            "constraint: Member must have length less than or equal to "
            f"{PAYLOAD_BYTES}",
        )
    why = "Invalid execution input."
    if text:
        try:
            return parse_json(text)
        except NotJson:
            why = jackson_complaint(text).partition("\n at ")[0]
    raise ApiError(
        "InvalidExecutionInput", f"Invalid State Machine Execution Input: '{why}'"
    )
