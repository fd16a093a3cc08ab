"""The table of executions: found by ARN, machine or Map Run, and written down.

In: entries that were started; what the host tells of executions that have moved on.
Out: entries. Never: starts or stops one, or answers a request; every change that is
acknowledged to anybody is written to the store here.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from threading import RLock

from asl.engine.execution import Execution
from asl.errors import ApiError
from asl.model.failure import RUNTIME
from asl.runtime.hosted import Born, Hosted, News
from asl.server.account import Account, check_arn, seconds
from asl.server.entries import (
    RUNNING,
    Entry,
    KeptHistory,
    MapRunEntry,
    StoredExecution,
    StoredMapRun,
    execution_from_json,
    execution_json,
    map_run_json,
    new_map_run,
)
from asl.server.lost import abort_execution, abort_map_run, catch_up
from asl.server.records import Target
from asl.server.revisions import KeptRevisions
from asl.server.store import MemoryStore
from asl.values import json_text

_REMEMBERED = 1_000
"""Executions whose exceptions are kept, the newest."""


class ExecutionTable:
    """All executions of an account; Express ones only while they run."""

    def __init__(
        self,
        account: Account,
        *,
        target_of: Callable[[str], Target | None],
        released: Callable[[str], None],
    ) -> None:
        self.exceptions: OrderedDict[str, list[BaseException]] = OrderedDict()
        """By ARN: what callables raised, and why an execution could not go on."""
        self.follower: Callable[[Iterable[Entry]], None] | None = None
        """Told of executions that have moved on, once that was written down."""
        self._map_runs: dict[str, MapRunEntry] = {}
        self._account = account
        self._store = account.store
        self._keeps = not isinstance(account.store, MemoryStore)
        self._target_of = target_of
        self._released = released
        self._lock = RLock()  # never held while an execution is driven
        self._entries: dict[str, Entry] = {}  # by ARN; Standard alone
        self._by_machine: dict[str, list[Entry]] = {}
        self._by_map_run: dict[str, list[Entry]] = {}
        self._running: dict[str, dict[Entry, None]] = {}  # by machine, Express too
        self._of: dict[Hosted, dict[Execution, Entry]] = {}
        self._map_runs_of: dict[Hosted, list[MapRunEntry]] = {}
        self._count = 0
        self.lost: list[str] = []
        """ARNs of those that were running when an earlier service ended."""
        self._revisions = KeptRevisions(account.store)
        self._load()

    # ------------------------------------------------------------------------ finding

    def find(self, arn: str) -> Entry:
        """The Standard execution that an ARN names."""
        check_execution_arn(arn)
        with self._lock:
            entry = self._entries.get(arn) or self._entries.get(self._own(arn))
        if entry is None:
            raise ApiError(
                "ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'"
            )
        return entry

    def find_map_run(self, arn: str) -> MapRunEntry:
        """The Map Run that an ARN names."""
        check_arn(arn)
        with self._lock:
            found = self._map_runs.get(arn) or self._map_runs.get(self._own(arn))
        if found is None:
            raise ApiError(
                "ResourceNotFound",
                f"Resource not found: '{arn}'",
                members={"resourceName": arn},
            )
        return found

    def _own(self, arn: str) -> str:
        """An ARN as it is here: a request's may have another account or region."""
        return self._account.arn(*arn.split(":")[5:])

    def same(self, arn: str, text: str) -> Entry | None:
        """The execution of this ARN, if it has this input and still runs; or None.

        ApiError where there is one that is not the same or does not run any more.
        """
        with self._lock:
            entry = self._entries.get(arn)
        if entry is None:
            return None
        if entry.stored.status == RUNNING and entry.stored.input == text:
            return entry
        raise ApiError("ExecutionAlreadyExists", f"Execution Already Exists: '{arn}'")

    def running(self, machine_arn: str | None = None) -> list[Hosted]:
        """What runs, or what runs of one machine."""
        with self._lock:
            if machine_arn is None:
                return list(self._of)
            found = [one.hosted for one in self._running.get(machine_arn, ())]
        return [hosted for hosted in dict.fromkeys(found) if hosted is not None]

    def of_machine(self, machine_arn: str) -> list[Entry]:
        """The Standard executions of a machine, the newest first."""
        with self._lock:
            return self._by_machine.get(machine_arn, [])[::-1]

    def of_map_run(self, map_run_arn: str) -> list[Entry]:
        """The Standard children of a Map Run, the newest first."""
        with self._lock:
            return self._by_map_run.get(map_run_arn, [])[::-1]

    def count_events(self, entry: Entry) -> int:
        """How many events anybody may see: those that are written down."""
        with self._lock:
            is_kept = self._keeps and entry.hosted is not None
            return entry.kept if is_kept else len(entry.history)

    def is_busy(self, machine_arn: str) -> bool:
        """Whether a machine has running executions."""
        with self._lock:
            return bool(self._running.get(machine_arn))

    def _load(self) -> None:
        """Take in what an earlier service has kept; nothing of it runs."""
        for arn, kept in self._store.load("execution"):
            stored = execution_from_json(kept, self._revisions)
            self._count = max(self._count, stored.number)
            self._file(Entry(stored, KeptHistory(self._store, arn)))
        for arn, kept in self._store.load("map_run"):
            run = StoredMapRun(**kept)
            parent = self._entries.get(run.execution_arn)
            if parent is not None:
                self._map_runs[arn] = MapRunEntry(run, parent)
                parent.map_runs.append(self._map_runs[arn])
        catch_up(self._account, self._entries.values())
        with self._store.batch():
            self._abort_lost()
        self._store.sync()

    def _abort_lost(self) -> None:
        """End what was running when the earlier service ended."""
        for arn, entry in self._entries.items():
            if entry.stored.status == RUNNING:
                abort_execution(self._account, entry)
                kept = execution_json(entry.stored, self._revisions)
                self._store.put("execution", arn, kept)
                self.lost.append(arn)
        for arn, run in self._map_runs.items():
            if run.stored.status == RUNNING:
                abort_map_run(self._account, run, self._by_map_run.get(arn, []))

    # ------------------------------------------------------------------------ writing

    def add(self, entry: Entry, hosted: Hosted) -> Entry:
        """Write down what is about to begin; gives the same one where it is there."""
        stored = entry.stored
        with self._lock:
            if stored.type == "STANDARD":
                found = self.same(stored.arn, stored.input)
                if found is not None:
                    return found
            self._enter(entry, hosted)
            if self._keeps:
                with self._store.batch():
                    self._keep(entry)
        return entry

    def reopen(self, entry: Entry, hosted: Hosted, execution: Execution) -> None:
        """Write down that an ended execution is about to go on."""
        with self._lock:
            entry.reopen(hosted, execution)
            self._of.setdefault(hosted, {})[execution] = entry
            self._running.setdefault(entry.stored.machine_arn, {})[entry] = None
            if self._keeps:
                kept = execution_json(entry.stored, self._revisions)
                with self._store.batch():
                    self._store.put("execution", entry.stored.arn, kept)

    def sync(self) -> None:
        """Return once all that anybody may have seen is kept."""
        with self._lock:  # what has changed is written down before this is free
            pass
        self._store.sync()

    def moved(self, hosted: Hosted, news: News) -> None:
        """An execution has moved on: write down what was born, went on and ended."""
        with self._lock:
            runs = self._note_beginnings(hosted, news)
            runs += self._note_map_runs(hosted)
            ended = self._note_ends(hosted, news.ended)
            followed = self._keeps or self.follower is not None
            # Thousands may run beside those of whom there is news: they come last.
            is_last = not news or hosted.is_over or hosted.root in news.ended
            followed = followed and is_last
            running = list(self._of.get(hosted, {}).values()) if followed else []
            if self._keeps:
                with self._store.batch():
                    for entry in (*running, *ended):
                        self._keep(entry)
                    for run in runs:
                        kept = map_run_json(run.stored)
                        self._store.put("map_run", run.stored.arn, kept)
        if self.follower is not None:
            self.follower((*running, *ended))
        for entry in ended:
            self._released(entry.stored.machine_arn)

    def _note_beginnings(self, hosted: Hosted, news: News) -> list[MapRunEntry]:
        """Note executions and Map Runs that began; gives the Map Runs."""
        entries = self._of.get(hosted, {})
        runs = []
        for began in news.began:
            if isinstance(began, Born):
                parent = entries.get(began.parent)
                known = self._entries.get(began.execution.arn)
                if known is not None and began.execution.redrive_count:
                    self.reopen(known, hosted, began.execution)
                elif parent is not None:
                    self._enter(self._child(began, parent, hosted), hosted)
                continue
            parent = entries.get(began.strand.execution)
            if parent is not None:
                run = self._map_runs.get(began.arn)
                if run is not None:
                    run.reopen(began)
                else:
                    run = new_map_run(len(self._map_runs), began, parent)
                    self._map_runs[began.arn] = run
                    parent.map_runs.append(run)
                self._map_runs_of.setdefault(hosted, []).append(run)
                runs.append(run)
        root = entries.get(hosted.root)
        if root is not None and hosted.root.started_at:
            root.stored.started = seconds(hosted.root.started_at)
        return runs

    def _child(self, born: Born, parent: Entry, hosted: Hosted) -> Entry:
        """The entry of an execution that another has started."""
        execution, above = born.execution, parent.stored
        stored = StoredExecution(
            number=0,
            arn=execution.arn,
            name=execution.name,
            type=execution.type,
            machine_arn=execution.machine_arn,
            machine_name=above.machine_name,
            revision=above.revision,
            started=seconds(execution.started_at or hosted.clock.now()),
            input=json_text(execution.input),
        )
        target = self._target_of(born.asked)
        if execution.child is not None:
            stored.map_run_arn = execution.child.map_run_arn
            run = self._map_runs.get(stored.map_run_arn)
            if run and run.run is not None and run.run.state.batcher is not None:
                stored.items = len(execution.input["Items"])
        elif target is not None:
            stored.machine_name, stored.revision = target.name, target.revision
            stored.version_arn = target.version_arn
            stored.alias_arn = target.alias_arn
        return Entry(stored, execution.history, hosted, execution)

    def _note_map_runs(self, hosted: Hosted) -> list[MapRunEntry]:
        """Note Map Runs that have ended; gives them."""
        runs = self._map_runs_of.get(hosted)
        if not runs:
            return []
        ended = [run for run in runs if run.is_ending]
        for run in ended:
            run.refresh()
            runs.remove(run)
        return ended

    def _note_ends(self, hosted: Hosted, ended: list[Execution]) -> list[Entry]:
        """Note how executions ended; gives their entries."""
        entries = self._of.get(hosted, {})
        found = []
        for execution in ended:
            entry = entries.pop(execution, None)
            if entry is not None:
                entry.end(execution)
                self._leave(entry)
                found.append(entry)
                raised = [one.exception for one in execution.exceptions]
                if hosted.stuck is not None and execution is hosted.root:
                    raised.append(hosted.stuck)
                self._remember(entry.stored.arn, raised)
        if hosted.is_over:
            for entry in self._of.pop(hosted, {}).values():  # a bug of ours ended it
                entry.break_off(RUNTIME, str(hosted.stuck), hosted.clock.now())
                self._leave(entry)
                found.append(entry)
            self._map_runs_of.pop(hosted, None)
        return found

    # --------------------------------------------------------------------- the tables

    def _enter(self, entry: Entry, hosted: Hosted) -> None:
        """Put a new entry into the tables; a child whose name is taken is not told."""
        stored, execution = entry.stored, entry.execution
        self._count += 1
        stored.number = self._count
        if execution is not None:
            self._of.setdefault(hosted, {})[execution] = entry
        self._running.setdefault(stored.machine_arn, {})[entry] = None
        self._file(entry)

    def _file(self, entry: Entry) -> None:
        """Put an entry where it is found."""
        stored = entry.stored
        if stored.type == "STANDARD" and stored.arn not in self._entries:
            self._entries[stored.arn] = entry
            if stored.map_run_arn is None:
                self._by_machine.setdefault(stored.machine_arn, []).append(entry)
            else:
                self._by_map_run.setdefault(stored.map_run_arn, []).append(entry)

    def _leave(self, entry: Entry) -> None:
        """It runs no more."""
        table = self._running.get(entry.stored.machine_arn, {})
        table.pop(entry, None)
        if not table:
            self._running.pop(entry.stored.machine_arn, None)

    def _keep(self, entry: Entry) -> None:
        """Write an execution and its new events to the store."""
        if entry.stored.type != "STANDARD":
            return
        store, stored = self._store, entry.stored
        count = len(entry.history)
        if count > entry.kept:
            events = [entry.event(id) for id in range(entry.kept + 1, count + 1)]
            store.append("history", stored.arn, events)
        if not entry.kept or stored.status != RUNNING:
            kept = execution_json(stored, self._revisions)
            store.put("execution", stored.arn, kept)
        entry.kept = count

    def _remember(self, arn: str, raised: list[BaseException]) -> None:
        if raised:
            self.exceptions[arn] = raised
            if len(self.exceptions) > _REMEMBERED:
                self.exceptions.popitem(last=False)


def check_execution_arn(arn: str) -> None:
    """Refuse what is no ARN, and ARNs of other things."""
    check_arn(arn)
    parts = arn.split(":")
    if len(parts) > 5 and parts[2] == "states" and parts[5] != "execution":
        kind = f"Resource type not valid in this context: {parts[5]}"
        raise ApiError("InvalidArn", f"Invalid Arn: '{kind}'")
