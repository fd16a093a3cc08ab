"""Executions and Map Runs as the service keeps them: plain data, and what is behind it.

In: what requests gave and what the engine did. Out: the same as JSON for a store, and
back; the events of a history as the service sends them.
Never: drives an execution; runtime/host.py does.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from asl.engine.distributed import MapRun
from asl.engine.execution import Execution
from asl.engine.messages import Instant
from asl.history import Event, datetime_to_instant
from asl.quotas import DISTRIBUTED_CONCURRENCY
from asl.runtime.hosted import Hosted
from asl.server.account import Answer, seconds
from asl.server.records import Revision
from asl.server.revisions import KeptRevisions
from asl.server.store import Store
from asl.tasks.mocks import Mocks
from asl.tasks.registry import Tasks
from asl.values import Json, json_text

RUNNING = "RUNNING"


@dataclass(slots=True)
class StoredExecution:
    """An execution: what it was started with, and how it ended."""

    number: int
    """Executions are counted as they are started."""
    arn: str
    name: str
    type: str
    machine_arn: str
    """Without version or alias; of a Map Run's child with its label."""
    machine_name: str
    revision: Revision
    started: float
    input: str
    """The text as it was given."""
    version_arn: str | None = None
    alias_arn: str | None = None
    map_run_arn: str | None = None
    items: int | None = None
    """How many items a Map Run's child was given in a batch."""
    trace_header: str | None = None
    status: str = RUNNING
    stopped: float | None = None
    output: str | None = None
    error: str | None = None
    cause: str | None = None
    events: int = 0
    """How many its history had at its end."""
    redrive_count: int = 0
    redrive_date: float | None = None


@dataclass(slots=True)
class StoredMapRun:
    """A Map Run: its settings, and its counts when it ended."""

    number: int
    arn: str
    execution_arn: str
    machine_arn: str
    started: float
    max_concurrency: int
    tolerated_count: int
    tolerated_percentage: float
    status: str = RUNNING
    stopped: float | None = None
    item_counts: dict[str, int] = field(default_factory=dict)
    execution_counts: dict[str, int] = field(default_factory=dict)
    redrive_count: int = 0
    redrive_date: float | None = None


class KeptHistory(Sequence[Json]):
    """Events as a store kept them, read when somebody asks for one."""

    def __init__(self, store: Store, arn: str) -> None:
        self._store = store
        self._arn = arn
        self._events: list[Json] | None = None

    def _read(self) -> list[Json]:
        if self._events is None:
            self._events = list(self._store.load_list("history", self._arn))
        return self._events

    def __len__(self) -> int:
        return len(self._read())

    def __getitem__(self, index: Any) -> Any:
        return self._read()[index]


@dataclass(slots=True, eq=False)
class Entry:
    """A stored execution with the running one behind it, if there is one."""

    stored: StoredExecution
    history: Sequence[Event | Json]
    """Events of this process, or as a store kept them."""
    hosted: Hosted | None = None
    execution: Execution | None = None
    """Given while it runs."""
    map_runs: "list[MapRunEntry]" = field(default_factory=list)
    source: Tasks | Mocks | None = None
    """The tasks of one that has failed, with what they have used up."""
    left: Execution | None = None
    """What has ended with Map Runs that a redrive would go on with."""
    kept: int = 0
    """How many of its events the store has."""
    logged: tuple[int, int] = (0, 0)
    """How many of its events its log has been told of, and redrives among them."""

    def event(self, id: int) -> Answer:
        """An event as the service sends it."""
        event = self.history[id - 1]
        if not isinstance(event, Event):
            return dict(event)
        answer = event.to_aws()
        answer["timestamp"] = seconds(datetime_to_instant(event.timestamp))
        if event.type == "ExecutionStarted":
            details = answer["executionStartedEventDetails"]
            details["input"] = self.stored.input
            for name in ("alias", "version"):
                if (arn := getattr(self.stored, f"{name}_arn")) is not None:
                    details[f"stateMachine{name.capitalize()}Arn"] = arn
        return answer

    def break_off(self, error: str, cause: str, at: Instant) -> None:
        """Note that a bug of ours has ended it; its history tells of no end."""
        stored = self.stored
        stored.status, stored.error, stored.cause = "FAILED", error, cause
        stored.stopped, stored.events = seconds(at), len(self.history)
        self.hosted = self.execution = None

    def end(self, execution: Execution) -> None:
        """Note how it ended, and let go of what ran it."""
        stored = self.stored
        stored.status = execution.status
        stored.stopped = seconds(execution.ended_at or execution.started_at)
        if execution.status == "SUCCEEDED":
            stored.output = json_text(execution.output)
        stored.error, stored.cause = execution.error, execution.cause
        stored.events = len(self.history)
        if execution.status != "SUCCEEDED" and self.hosted is not None:
            self.source = self.hosted.runner.source
        self.left = execution if execution.left_runs else None
        self.hosted = self.execution = None

    def reopen(self, hosted: Hosted, execution: Execution) -> None:
        """Note that it goes on, which the store has as ended."""
        stored = self.stored
        stored.status, stored.stopped = RUNNING, None
        stored.output = stored.error = stored.cause = None
        stored.redrive_count = execution.redrive_count
        stored.redrive_date = seconds(hosted.clock.now())
        count = len(self.history)
        self.kept, self.logged = count, (count, execution.redrive_count - 1)
        self.history, self.source, self.left = execution.history, None, None
        self.hosted, self.execution = hosted, execution


@dataclass(slots=True, eq=False)
class MapRunEntry:
    """A stored Map Run with the running one behind it."""

    stored: StoredMapRun
    parent: Entry
    run: MapRun | None = None

    @property
    def is_ending(self) -> bool:
        """Whether what it last noted is not its end yet, though it has come."""
        run = self.run
        return run is not None and (
            run.status != RUNNING
            or run.strand.closed
            or not run.strand.execution.running
        )

    def refresh(self) -> None:
        """Note what a running one has come to; let go of one that has ended."""
        run, stored = self.run, self.stored
        if run is None:
            return
        stored.item_counts = _count(run, items=True)
        stored.execution_counts = _count(run, items=False)
        stored.max_concurrency = _concurrency(run)
        stored.tolerated_count = run.tolerated_count or 0
        stored.tolerated_percentage = float(run.tolerated_percentage or 0)
        if run.status != RUNNING:
            stored.status, stored.stopped = run.status, seconds(run.ended_at)
        elif self.is_ending:
            # It was stopped from outside, which tells it nothing.
            stored.status = "ABORTED"
            stored.stopped = seconds(_moment(run.strand.execution))
        if stored.status != RUNNING:
            for counts in (stored.item_counts, stored.execution_counts):
                counts["aborted"] = counts["running"]
                counts["failed"] += counts["pendingRedrive"]
                counts["running"] = counts["pendingRedrive"] = 0
            self.run = None

    def reopen(self, run: MapRun) -> None:
        """Note that it goes on with its execution."""
        self.run, stored = run, self.stored
        stored.status, stored.stopped = RUNNING, None
        stored.redrive_count = run.redrive_count
        stored.redrive_date = seconds(run.redriven_at or run.started_at)


def new_map_run(number: int, run: MapRun, parent: Entry) -> MapRunEntry:
    """The entry of a Map Run that has just begun."""
    stored = StoredMapRun(
        number=number,
        arn=run.arn,
        execution_arn=parent.stored.arn,
        machine_arn=run.machine_arn,
        started=seconds(run.started_at),
        max_concurrency=_concurrency(run),
        tolerated_count=run.tolerated_count or 0,
        tolerated_percentage=float(run.tolerated_percentage or 0),
    )
    return MapRunEntry(stored, parent, run)


def execution_json(stored: StoredExecution, revisions: KeptRevisions) -> Json:
    """An execution as a store keeps it, with its revision's key; inside a batch."""
    kept = {name: getattr(stored, name) for name in _FIELDS}
    return kept | {"revision": revisions.key(stored.revision)}


def execution_from_json(kept: Json, revisions: KeptRevisions) -> StoredExecution:
    """An execution as a store kept it."""
    return StoredExecution(**kept | {"revision": revisions.find(kept["revision"])})


_FIELDS = [one.name for one in fields(StoredExecution)]


def map_run_json(stored: StoredMapRun) -> Json:
    """A Map Run as a store keeps it."""
    return asdict(stored)


def _moment(execution: Execution) -> Instant:
    ended = execution.ended_at
    return execution.recorder.now if ended is None else ended


def _concurrency(run: MapRun) -> int:
    """As many as asked for; 0 where as many as there may be."""
    return 0 if run.places >= DISTRIBUTED_CONCURRENCY else run.places


def _count(run: MapRun, *, items: bool) -> dict[str, int]:
    """The counts of a Map Run, of items or of executions."""
    ended = run.tally.items if items else run.tally.executions
    children = run.children
    running = list(children.running.values())
    counts = {
        "pending": 0,
        "running": sum(child.items for child in running) if items else len(running),
        "succeeded": ended["SUCCEEDED"],
        "failed": ended["FAILED"],
        "timedOut": ended["TIMED_OUT"],
        "aborted": 0,
    }
    if items or run.state.batcher is None:  # how many batches will come nobody knows
        counts["pending"] = max(0, run.total - children.begun_items)
    again = [child.items if items else 1 for child in list(children.again)]
    counts["pendingRedrive"] = sum(again)
    counts["total"] = sum(counts.values())
    counts["resultsWritten"] = counts["succeeded"]
    return counts | {"failuresNotRedrivable": 0}
