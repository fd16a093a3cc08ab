"""Distributed Map: each item, or batch of items, is an execution of its own.

In: a strand in a distributed Map, its raw input. Out: the children's outputs in item
order (or where they were written), or the failure of the Map Run.
Never: reads files or runs children: readers and writers are tasks, children effects;
holds more items than it takes to keep the children at work, or what has been written.

Items come by the page and results go by the part, with one child execution for each
item or batch between them: a Map Run of a million items holds a few thousand.

This module is the Map Run itself: its pages, the parts that are written, how much may
fail, its end. Its items, its children and their results have modules of their own.

States Language specification: "Map State"; developer guide: "Distributed mode".
"""

from collections.abc import Generator
from typing import Any

from asl.engine.arns import arn_of
from asl.engine.data import subject
from asl.engine.distributed_children import Children
from asl.engine.distributed_items import Items
from asl.engine.distributed_results import Tally
from asl.engine.failed import StateFailed
from asl.engine.map import count_places, find_items
from asl.engine.messages import Instant, Reply, StartTask, TaskFailed, TaskSucceeded
from asl.engine.strand import Strand
from asl.expressions.scope import EvaluationError
from asl.model.failure import (
    ITEM_READER_FAILED,
    RESULT_WRITER_FAILED,
    RUNTIME,
    TOLERATED_FAILURE,
)
from asl.model.states import ItemReader, Map, ResultWriter
from asl.quotas import DISTRIBUTED_CONCURRENCY, MAP_ITEMS
from asl.values import Json


def run_distributed(
    strand: Strand, state: Map, raw: Json
) -> Generator[None, Reply | Strand, Json]:
    """Read the items, run the children, write the results."""
    given = subject(strand, state, raw)
    items: list[Json] = []
    if state.reader is None:
        items = find_items(strand, state, given)
    places = count_places(strand, state, given, most=DISTRIBUTED_CONCURRENCY)
    strand.record("MapStateStarted", len(items))
    run = MapRun(strand, state, raw, given, places)
    run.check_tolerance()
    limit = None
    if state.reader is not None and state.reader.max_items is not None:
        limit = int(state.reader.max_items(given, strand))
    strand.record("MapRunStarted", run.arn)
    started = strand.last
    if strand.execution.map_runs is not None:
        strand.execution.map_runs.append(run)
    return (yield from see_through(strand, run, items, limit, started))


def see_through(
    strand: Strand,
    run: "MapRun",
    items: list[Json] | None,
    limit: int | None,
    last: int,
) -> Generator[None, Reply | Strand, Json]:
    """Run a Map Run to its end; without items it goes on with those that it has."""
    execution = strand.execution
    if execution.left_runs is None:
        execution.left_runs = {}
    execution.left_runs[strand.entered] = run
    try:
        result = yield from run.run(items, limit)
    except EvaluationError as problem:
        raise run.broken(problem) from None
    del execution.left_runs[strand.entered]
    run.end("SUCCEEDED")
    strand.record("MapRunSucceeded")
    strand.record("MapStateSucceeded")
    strand.last = last  # recorded: Exited follows MapRunStarted
    return result


class MapRun:
    """One attempt of a distributed Map: AWS's Map Run."""

    def __init__(
        self, strand: Strand, state: Map, raw: Json, given: Json, places: int
    ) -> None:
        execution = strand.execution
        self.strand = strand
        self.state = state
        self.raw = raw
        self.given = given
        self.places = places
        label = state.label or execution.new_uuid()
        self.id = execution.new_uuid()
        self.machine_arn = f"{execution.machine_arn}/{label}"
        self.arn = arn_of("mapRun", self.machine_arn, self.id)
        self.status = "RUNNING"
        """SUCCEEDED or FAILED in the end; a stop from outside tells it nothing."""
        self.started_at = self.ended_at = execution.recorder.now
        self.tolerated_count: int | None = None
        self.tolerated_percentage: float | None = None
        self.most_items = MAP_ITEMS
        """There will be no more than these."""
        self.items = Items(strand, state, given)
        self.children = Children(strand, state, raw, self.machine_arn, self.arn)
        self.redrive_count = 0
        self.redriven_at: Instant | None = None
        self._reading = 0
        self._writing = 0
        self._parts = 0
        self._pages: dict[str, Json] | None = None

    @property
    def total(self) -> int:
        """Items in all (not batches), as far as they were read."""
        return self.items.read

    @property
    def tally(self) -> Tally:
        """How many children have ended how."""
        return self.children.tally

    @property
    def failed_items(self) -> int:
        """Items of the children that ended badly."""
        return self.tally.failed_items

    # ----------------------------------------------------------------- before the start

    def check_tolerance(self) -> None:
        """Evaluate the tolerated failures; a bad value ends it all (recorded)."""
        state, strand = self.state, self.strand
        if state.tolerated_count is not None:
            count = int(state.tolerated_count(self.given, strand))
            if count < 0:
                raise EvaluationError(
                    RUNTIME, "ToleratedFailureCount cannot be negative."
                )
            self.tolerated_count = count
        if state.tolerated_percentage is not None:
            share = float(state.tolerated_percentage(self.given, strand))
            if not 0 <= share <= 100:
                raise EvaluationError(
                    RUNTIME, "ToleratedFailurePercentage must be between 0 and 100."
                )
            self.tolerated_percentage = share

    # ------------------------------------------------------------------- while it runs

    def run(
        self, items: list[Json] | None, limit: int | None
    ) -> Generator[None, Reply | Strand, Json]:
        """Start children while there are places and items; wait; until all have ended.

        The next page is read while children are at work, and so is a part written.
        """
        if items is None:
            pass
        elif self.state.reader is None:
            self.feed({"Items": items, "Source": "STATE_DATA"})
        else:
            self.read(self.state.reader, limit)
        children = self.children
        records = children.records
        while True:
            self.start_children()
            if records is not None and records.is_full and not self._writing:
                self.write(more=True)
            if not (
                children.running or children.loads or self._reading or self._writing
            ):
                break
            self.take((yield))
        if records is None:
            return children.outputs.all()
        self.write(more=False)
        answer = None
        while answer is None:
            answer = self.take((yield))
        return {"MapRunArn": self.arn, "ResultWriterDetails": answer.output}

    def start_children(self) -> None:
        """Start as many as there are places and items for; then have more read."""
        has_items = self.children.start(self.items, self.places)
        if not (has_items or self.items.is_whole or self._reading):
            self.read_page()

    def take(self, reply: Any) -> TaskSucceeded | None:
        """Take a reply in; one that tells of a part written is given back."""
        number = reply.id
        children = self.children
        if number in children.running or number in children.loads:
            if children.ended(reply):
                self.check_failures()
            return None
        if number not in (self._reading, self._writing):
            return None
        if not isinstance(reply, (TaskSucceeded, TaskFailed)):
            return None  # a callable's heartbeat
        self.strand.answered(number)
        if number == self._reading:
            self._reading = 0
            if isinstance(reply, TaskFailed):
                raise self.failed(reply.error or ITEM_READER_FAILED, reply.cause)
            self.feed(reply.output)
            return None
        self._writing = 0
        if isinstance(reply, TaskFailed):
            raise self.failed(reply.error or RESULT_WRITER_FAILED, reply.cause)
        return reply

    # --------------------------------------------------------------------------- items

    def read(self, reader: ItemReader, limit: int | None) -> None:
        """Ask for the first page of the items."""
        if limit is not None and limit < 0:
            raise self.failed(ITEM_READER_FAILED, "field MaxItems must be positive")
        self.most_items = limit or MAP_ITEMS
        self._pages = {
            "Parameters": self.parameters(reader),
            "ReaderConfig": reader.config | ({"MaxItems": limit} if limit else {}),
        }
        self.read_page()

    def read_page(self) -> None:
        """Ask for the next page of the items."""
        assert self.state.reader is not None, "only a reader gives pages"
        request = (self._pages or {}) | self.items.paging()
        self._reading = self.ask(self.state.reader.resource, request)

    def feed(self, answer: dict[str, Json]) -> None:
        """Take a page in."""
        self.items.feed(answer)
        if self.items.is_whole:
            self.strand.execution.note(self.state.pointer, f"items {self.total}")
            self.check_failures()  # a percentage of what is known now

    def ask(self, resource: str, request: Json) -> int:
        """Have a reader or a writer do its work; gives the id of its answer."""
        strand = self.strand
        number = strand.new_id()
        call = strand.call(self.state, self.raw)
        strand.ask(StartTask(number, resource, request, call))
        return number

    def parameters(self, part: ItemReader | ResultWriter) -> Json:
        """The evaluated Parameters or Arguments of a reader or writer."""
        if part.parameters is None:
            return {}
        return part.parameters(self.given, self.strand)

    # ---------------------------------------------------------------- failures, the end

    def check_failures(self) -> None:
        """Fail where more items have failed than are tolerated."""
        if self.exceeded():
            raise self.failed(
                TOLERATED_FAILURE,
                "The specified tolerated failure threshold was exceeded",
            )

    def exceeded(self) -> bool:
        """Whether more items have failed than are tolerated; either limit counts.

        While pages are still to come, a percentage is exceeded only where it is so
        whatever they hold.
        """
        count, share = self.tolerated_count, self.tolerated_percentage
        failed = self.failed_items
        if not count and not share:
            return failed > 0
        if count and failed > count:
            return True
        total = self.total if self.items.is_whole else self.most_items
        return bool(share) and 100 * failed > (share or 0) * total

    def failed(self, error: str, cause: str | None) -> StateFailed:
        """Stop the children, write the end of the Map Run and give its failure."""
        self.stop()
        self.end("FAILED")
        self.strand.record("MapRunFailed", error, cause)
        return self.told(StateFailed(error, cause))

    def broken(self, problem: EvaluationError) -> StateFailed:
        """A field could not be computed while the Map Run was under way."""
        self.stop()
        self.end("FAILED")
        failure = self.strand.explain(problem)
        self.strand.record("MapRunFailed", failure.error, failure.cause)
        return self.told(failure)

    def told(self, failure: StateFailed) -> StateFailed:
        """A failure with those of the children behind it."""
        failure.children = tuple(self.tally.failures)
        return failure

    def end(self, status: str) -> None:
        """Note how and when the Map Run ended."""
        self.status, self.ended_at = status, self.strand.execution.recorder.now
        if status == "SUCCEEDED":
            self.children.let_go()

    def go_on(self, strand: Strand) -> None:
        """Begin anew with the children that have not succeeded, in a redrive.

        What was read stays so.
        """
        self.strand = self.items.strand = strand
        self.children.go_on(strand)
        self._reading = self._writing = 0
        self.status = "RUNNING"
        self.redrive_count += 1
        self.redriven_at = strand.execution.recorder.now

    @property
    def can_go_on(self) -> bool:
        """Whether nothing was written that would have to be taken back."""
        return self._parts == 0

    def stop(self) -> None:
        """Wait for nothing any more; those that were running stay known as such."""
        children = self.children
        asked = {*children.running, *children.loads, self._reading, self._writing}
        for number in sorted(asked - {0}):
            self.strand.cancel(number)

    # -------------------------------------------------------------------------- result

    def write(self, *, more: bool) -> None:
        """Have a part of the results written; the last says where all of them are."""
        writer, records = self.state.writer, self.children.records
        assert writer is not None, "records are for a writer"
        assert writer.resource is not None, "records are for a writer"
        assert records is not None, "a writer is given records"
        if not self._parts:
            self._request: dict[str, Json] = {
                "Parameters": self.parameters(writer),
                "WriterConfig": writer.config,
                "MapRunArn": self.arn,
            }
        request = self._request | {"Results": records.take()}
        if more or self._parts:
            request |= {"More": more, "Part": self._parts}
        self._parts += 1
        self._writing = self.ask(writer.resource, request)
