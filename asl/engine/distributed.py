"""Distributed Map: each item, or batch of items, is an execution of its own.

In: a strand in a distributed Map, its raw input. Out: the children's outputs in item
order (or where they were written), or the failure of the Map Run.
Never: reads files or runs children: readers and writers are tasks, children effects.

States Language specification: "Map State"; developer guide: "Distributed mode";
reference 10.4, 13.8.
"""

from collections.abc import Generator, Iterator
from typing import Any

from asl.engine.arns import arn_of
from asl.engine.data import subject
from asl.engine.failed import StateFailed
from asl.engine.map import count_places, find_items
from asl.engine.messages import (
    MapChild,
    Reply,
    StartExecution,
    StartTask,
    TaskFailed,
    TaskSucceeded,
)
from asl.engine.strand import Strand
from asl.expressions.scope import EvaluationError
from asl.history import iso_text
from asl.model.failure import (
    ITEM_READER_FAILED,
    RESULT_WRITER_FAILED,
    RUNTIME,
    TOLERATED_FAILURE,
)
from asl.model.states import ItemBatcher, ItemReader, Map, ResultWriter
from asl.quotas import DISTRIBUTED_CONCURRENCY, PAYLOAD_BYTES
from asl.values import Json, json_text, size_bytes


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
    source = "STATE_DATA"
    try:
        if state.reader is not None:
            items, source = yield from run.read(state.reader, limit)
        yield from run.run_children(run.inputs(items, source))
        result = yield from run.result()
    except EvaluationError as problem:
        raise run.broken(problem) from None
    strand.record("MapRunSucceeded")
    strand.record("MapStateSucceeded")
    strand.last = started  # recorded: Exited follows MapRunStarted
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
        self.tolerated_count: int | None = None
        self.tolerated_percentage: float | None = None
        self.total = 0
        """Items in all (not batches)."""
        self.failed_items = 0
        self.records: list[dict[str, Json] | None] = []
        """What became of each child, in item order."""
        self.running: dict[int, int] = {}
        """Effect id → place in `records`."""

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

    def read(
        self, reader: ItemReader, limit: int | None
    ) -> Generator[None, Reply | Strand, tuple[list[Json], str]]:
        """Ask a task for the items."""
        if limit is not None and limit < 0:
            raise self.failed(ITEM_READER_FAILED, "field MaxItems must be positive")
        request: dict[str, Json] = {
            "Parameters": self.parameters(reader),
            "ReaderConfig": reader.config | ({"MaxItems": limit} if limit else {}),
        }
        reply = yield from self.ask(reader.resource, request)
        if isinstance(reply, TaskFailed):
            raise self.failed(reply.error or ITEM_READER_FAILED, reply.cause)
        answer = reply.output
        return answer["Items"], answer["Source"]

    def ask(
        self, resource: str, request: Json
    ) -> Generator[None, Reply | Strand, TaskSucceeded | TaskFailed]:
        """Have a reader or a writer do its work."""
        strand = self.strand
        number = strand.new_id()
        call = strand.call(self.state, self.raw, strand.retry_count or 0)
        strand.ask(StartTask(number, resource, request, call))
        while True:
            reply = yield
            if isinstance(reply, (TaskSucceeded, TaskFailed)):
                strand.answered(number)
                return reply

    def parameters(self, part: ItemReader | ResultWriter) -> Json:
        """The evaluated Parameters or Arguments of a reader or writer."""
        if part.parameters is None:
            return {}
        return part.parameters(self.given, self.strand)

    def inputs(self, items: list[Json], source: str) -> Iterator[tuple[Json, int]]:
        """The children's inputs, each with the number of items in it."""
        self.total = len(items)
        self.strand.execution.note(self.state.pointer, f"items {self.total}")
        selected = (
            self.select(index, item, source) for index, item in enumerate(items)
        )
        if self.state.batcher is None:
            return ((item, 1) for item in selected)
        return self.batches(self.state.batcher, selected)

    def select(self, index: int, item: Json, source: str) -> Json:
        """One item as ItemSelector shapes it."""
        selector, strand = self.state.item_selector, self.strand
        if selector is None:
            return item
        outer = strand.item
        strand.item = {"Index": index, "Value": item, "Source": source}
        strand.forget_context()
        try:
            return selector(self.given, strand)
        finally:
            strand.item = outer
            strand.forget_context()

    def batches(
        self, batcher: ItemBatcher, items: Iterator[Json]
    ) -> Iterator[tuple[Json, int]]:
        """Items put together, as many as both limits allow."""
        given, strand = self.given, self.strand
        most = int(batcher.max_items(given, strand)) if batcher.max_items else 0
        room = int(batcher.max_bytes(given, strand)) if batcher.max_bytes else 0
        frame: dict[str, Json] = {}
        if batcher.input is not None:
            frame["BatchInput"] = batcher.input(given, strand)
        room = room or PAYLOAD_BYTES
        empty = size_bytes(frame | {"Items": []})
        batch: list[Json] = []
        size = empty
        for item in items:
            more = size_bytes(item) + 1
            if batch and (len(batch) == most or size + more - 1 > room):
                yield frame | {"Items": batch}, len(batch)
                batch, size = [], empty
            batch.append(item)
            size += more
        if batch:
            yield frame | {"Items": batch}, len(batch)

    # ------------------------------------------------------------------------ children

    def run_children(
        self, inputs: Iterator[tuple[Json, int]]
    ) -> Generator[None, Reply | Strand, None]:
        """Start children while there are places; wait; until all have ended."""
        more = True
        while more or self.running:
            while more and len(self.running) < self.places:
                following = next(inputs, None)
                if following is None:
                    more = False
                else:
                    self.start(*following)
            if self.running:
                self.ended((yield))

    def start(self, value: Json, count: int) -> None:
        """Ask for one child execution."""
        strand, state = self.strand, self.state
        name = strand.execution.new_uuid()
        number = strand.new_id()
        place = len(self.records)
        iterations = (*strand.iterations, (state.name, place))
        arn = arn_of("execution", self.machine_arn, name)
        if state.processor.execution_type == "EXPRESS":
            arn = arn_of("express", self.machine_arn, name, self.id)
        strand.ask(
            StartExecution(
                id=number,
                machine=state.processor,
                input=value,
                name=name,
                type=state.processor.execution_type,
                call=strand.call(state, self.raw, strand.retry_count or 0),
                machine_arn=self.machine_arn,
                child=MapChild(arn, None, iterations),
            )
        )
        self.running[number] = place
        self.records.append(
            {
                "ExecutionArn": arn,
                "Input": value,
                "Name": name,
                "StartDate": strand.execution.recorder.now,
                "Items": count,
                "Status": "PENDING",
            }
        )

    def ended(self, reply: Any) -> None:
        """A child has ended: note how, and fail where that is too many failures."""
        place = self.running.pop(reply.id, None)
        if place is None:
            return
        self.strand.answered(reply.id)
        record = self.records[place]
        assert record is not None, "a child is noted before it runs"
        record["StopDate"] = reply.at
        if isinstance(reply, TaskSucceeded):
            record["Status"], record["Output"] = "SUCCEEDED", reply.output
            return
        record["Status"] = "TIMED_OUT" if reply.phase == "timeout" else "FAILED"
        record["Error"], record["Cause"] = reply.error, reply.cause
        self.failed_items += int(record["Items"])
        self.check_failures()

    def check_failures(self) -> None:
        """Fail where more items have failed than are tolerated."""
        if self.exceeded():
            raise self.failed(
                TOLERATED_FAILURE,
                "The specified tolerated failure threshold was exceeded",
            )

    def exceeded(self) -> bool:
        """Whether more items have failed than are tolerated; either limit counts."""
        count, share = self.tolerated_count, self.tolerated_percentage
        if not count and not share:
            return self.failed_items > 0
        if count and self.failed_items > count:
            return True
        return bool(share) and 100 * self.failed_items > (share or 0) * self.total

    def failed(self, error: str, cause: str | None) -> StateFailed:
        """Stop the children, write the end of the Map Run and give its failure."""
        self.stop()
        self.strand.record("MapRunFailed", error, cause)
        return StateFailed(error, cause)

    def broken(self, problem: EvaluationError) -> StateFailed:
        """A field could not be computed while the Map Run was under way."""
        self.stop()
        failure = self.strand.explain(problem)
        self.strand.record("MapRunFailed", failure.error, failure.cause)
        return failure

    def stop(self) -> None:
        """Wait for no child any more."""
        for number in sorted(self.running):
            self.strand.cancel(number)
        self.running.clear()

    # -------------------------------------------------------------------------- result

    def result(self) -> Generator[None, Reply | Strand, Json]:
        """The outputs in item order, or where the writer has put them."""
        writer = self.state.writer
        if writer is not None and writer.resource is not None:
            return (yield from self.write(writer, writer.resource))
        outputs = [
            record["Output"]
            for record in self.records
            if record is not None and record["Status"] == "SUCCEEDED"
        ]
        if writer is not None and writer.config.get("Transformation") == "FLATTEN":
            flat: list[Json] = []
            for output in outputs:
                flat.extend(output if isinstance(output, list) else [output])
            return flat
        return outputs

    def write(
        self, writer: ResultWriter, resource: str
    ) -> Generator[None, Reply | Strand, Json]:
        """Ask a task to write the children's records."""
        groups: dict[str, list[Json]] = {"FAILED": [], "PENDING": [], "SUCCEEDED": []}
        for record in self.records:
            assert record is not None, "every child is noted"
            status = str(record["Status"])
            group = status if status in groups else "FAILED"
            groups[group].append(self.exported(record))
        request = {
            "Parameters": self.parameters(writer),
            "WriterConfig": writer.config,
            "MapRunArn": self.arn,
            "Results": groups,
        }
        reply = yield from self.ask(resource, request)
        if isinstance(reply, TaskFailed):
            raise self.failed(reply.error or RESULT_WRITER_FAILED, reply.cause)
        return {"MapRunArn": self.arn, "ResultWriterDetails": reply.output}

    def exported(self, record: dict[str, Json]) -> dict[str, Json]:
        """A child's record as result files hold it."""
        succeeded = record["Status"] == "SUCCEEDED"
        text: dict[str, Json] = {
            "ExecutionArn": record["ExecutionArn"],
            "Input": json_text(record["Input"]),
            "InputDetails": {"Included": True},
            "Name": record["Name"],
        }
        if succeeded:
            text["Output"] = json_text(record["Output"])
            text["OutputDetails"] = {"Included": True}
        else:
            text["Error"], text["Cause"] = record.get("Error"), record.get("Cause")
        text["RedriveCount"] = 0
        text["RedriveStatus"] = (
            "NOT_REDRIVABLE" if succeeded else "REDRIVABLE_BY_MAP_RUN"
        )
        if succeeded:
            text["RedriveStatusReason"] = (
                "Execution is SUCCEEDED and cannot be redriven"
            )
        text["StartDate"] = iso_text(record["StartDate"])
        text["StateMachineArn"] = self.machine_arn
        text["Status"] = record["Status"]
        if "StopDate" in record:
            text["StopDate"] = iso_text(record["StopDate"])
        return text
