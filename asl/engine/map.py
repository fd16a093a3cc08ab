"""Inline Map: its processor once for each item, inside the same execution.

In: a strand in a Map state, its raw input. Out: the iterations' outputs in order, or
the first failure among them.
Never: starts executions of its own; distributed.py does.

States Language specification: "Map State". The first iterations
follow MapStateStarted; each later one follows the last event of the iteration whose
place it takes (recorded).
"""

from collections import deque
from collections.abc import Generator, Iterable
from typing import Any

from asl.engine.data import subject
from asl.engine.messages import Reply
from asl.engine.parallel import record_aborted
from asl.engine.strand import Strand
from asl.expressions.scope import EvaluationError
from asl.expressions.template import Evaluate
from asl.model.failure import QUERY_EVALUATION_ERROR, RUNTIME
from asl.model.states import Map
from asl.quotas import INLINE_CONCURRENCY
from asl.values import Json, json_text


def run_map(
    strand: Strand, state: Map, raw: Json
) -> Generator[None, Reply | Strand, Json]:
    """Run the iterations, at most MaxConcurrency (and AWS's 40) side by side."""
    given = subject(strand, state, raw)
    items = find_items(strand, state, given)
    places = count_places(strand, state, given, most=INLINE_CONCURRENCY)
    strand.record("MapStateStarted", len(items))
    strand.execution.note(state.pointer, f"items {len(items)}")
    iterations = Iterations(strand, state, given, items, places)
    return (yield from iterations.run(range(len(items))))


def count_places(strand: Strand, state: Map, given: Json, *, most: int) -> int:
    """How many items run side by side: MaxConcurrency, where it is less than AWS's."""
    if state.max_concurrency is None:
        return most
    wanted = int(state.max_concurrency(given, strand))
    return min(wanted, most) if wanted > 0 else most


class Iterations:
    """The iterations of one attempt of a Map."""

    def __init__(
        self, strand: Strand, state: Map, given: Json, items: list[Json], places: int
    ) -> None:
        self.strand = strand
        self.state = state
        self.given = given
        self.items = items
        self.outputs: list[Json] = [None] * len(items)
        self.running: dict[Strand, int] = {}
        self.after = deque([strand.last] * places)
        """The event that each free place's next iteration follows."""
        self.last = strand.last
        strand.children = []

    def run(self, indexes: Iterable[int]) -> Generator[None, Reply | Strand, Json]:
        """Start iterations while there are places; wait; go on until all have ended."""
        strand = self.strand
        for index in indexes:
            while not self.after:
                self.ended((yield))
            child = self.start(index)
            if child.closed:
                self.ended(child)
        while self.running:
            self.ended((yield))
        strand.last = self.last
        strand.record("MapStateSucceeded")
        strand.last = self.last  # recorded: Exited follows the iteration
        return self.outputs

    def start(self, index: int) -> Strand:
        """Start one iteration; it may have ended on return."""
        strand, state = self.strand, self.state
        add = strand.execution.recorder.add
        item: dict[str, Json] = {"Index": index, "Value": self.items[index]}
        value = self.items[index]
        if state.item_selector is not None:
            value = self.select(state.item_selector, item)
        started = add(self.after.popleft(), "MapIterationStarted", state.name, index)
        iterations = (*strand.iterations, (state.name, index))
        child = strand.fork(
            state.processor, value, last=started, item=item, iterations=iterations
        )
        self.running[child] = index
        if not child.closed:
            strand.children.append(child)
        return child

    def select(self, selector: Evaluate, item: dict[str, Json]) -> Json:
        """What an iteration gets; where that cannot be told, the others stop too."""
        strand = self.strand
        outer, strand.item = strand.item, item
        strand.forget_context()
        try:
            return selector(self.given, strand)
        except EvaluationError as problem:
            failure = strand.explain(problem)
            self.interrupt(strand.last)
            raise failure from None
        finally:
            strand.item = outer
            strand.forget_context()

    def ended(self, child: Any) -> None:
        """An iteration has ended: note its output, or fail with it."""
        index = self.running.pop(child)
        if child.failure is not None:
            self.fail(child, index)
        self.last = self.strand.execution.recorder.add(
            child.last, "MapIterationSucceeded", self.state.name, index
        )
        self.after.append(child.last)
        self.outputs[index] = child.output
        if len(self.strand.children) > 64:
            self.strand.children = list(self.running)

    def fail(self, failed: Strand, index: int) -> None:
        """Stop the other iterations, write who was interrupted, and fail."""
        strand = self.strand
        strand.execution.recorder.add(
            failed.last, "MapIterationFailed", self.state.name, index
        )
        others = bool(self.running)
        self.interrupt(failed.last)
        if others:
            record_aborted(strand, failed, failed.last, failed)
        strand.last = failed.last
        assert failed.failure is not None, "only a failed iteration comes here"
        raise failed.failure

    def interrupt(self, after: int) -> None:
        """Stop what is running and write so, all after the event of the failure."""
        strand = self.strand
        for child, index in self.running.items():
            record_aborted(strand, child, after)
            strand.execution.recorder.add(
                after, "MapIterationAborted", self.state.name, index
            )
        for child in self.running:
            child.close()
        self.running = {}
        strand.children = []
        strand.last = after


def find_items(strand: Strand, state: Map, given: Json) -> list[Json]:
    """The items of a Map, which must be an array.

    Differs from AWS: newer documents let an object's pairs be items; every recording
    refuses an object.
    """
    if state.items is not None:
        items = state.items(given, strand)
    else:
        items = given["input"] if state.jsonata else given
    if isinstance(items, list):
        return items
    if state.jsonata:
        raise EvaluationError(
            QUERY_EVALUATION_ERROR,
            f"Map state input must be an array but was: {json_text(items)}",
        )
    path = state.items_text
    path = path[1:] if path.startswith("$$") else path
    raise EvaluationError(RUNTIME, f'Reference path "{path}" must point to array.')
