"""One state alone: entered once, left once, and everything seen on the way.

In: a state; what a test makes up around it (variables, retries used, a result). Out: a
walk for an Execution, and afterwards how the state ended and its intermediate data.
Never: retries, or goes on to the next state; never another meaning of a field than in a
whole run: the same functions are called, and the state's fields only tell what they
gave.

AWS's TestState. Recorded: a Retrier is asked before a Catcher; causes are
told without the sentence that names the state.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from asl.engine.basic import run_wait
from asl.engine.data import finish_result, subject
from asl.engine.distributed import MapRun
from asl.engine.failed import StateFailed
from asl.engine.failure import (
    catch,
    find_match,
    note_failure,
    retry_delay,
    side_by_side,
)
from asl.engine.flow import AT_ONCE
from asl.engine.map import Iterations, count_places, find_items
from asl.engine.messages import Reply
from asl.engine.strand import Strand
from asl.engine.task import run_task
from asl.engine.watched import plain, watched
from asl.expressions.scope import EvaluationError
from asl.model.machine import Branch
from asl.model.states import Map, Parallel, Pass, State, Task, Wait
from asl.quotas import DISTRIBUTED_CONCURRENCY
from asl.values import Json

Verdict: TypeAlias = Literal["SUCCEEDED", "FAILED", "RETRIABLE", "CAUGHT_ERROR"]

_RETRIABLE = (Task, Parallel, Map)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mocked:
    """What stands for all that a Parallel or Map would do: a result, or an error."""

    result: Json = None
    failure: StateFailed | None = None
    failed_items: int = 0
    """How many items of a distributed Map are said to have failed."""
    items: list[Json] | None = None
    """What an ItemReader is said to have read."""


@dataclass(slots=True)
class Single:
    """One state, run once; after the run it says how that went."""

    state: State
    retry_count: int = 0
    """How often the Retrier that matches has been used already."""
    variables: Mapping[str, Json] = field(default_factory=dict)
    mocked: Mocked | None = None
    status: Verdict = "FAILED"
    next_state: str | None = None
    error: str | None = None
    cause: str | None = None
    seen: dict[str, Json] = field(default_factory=dict)
    """The intermediate data, by the names of TestState's inspectionData."""

    def walk(
        self, strand: Strand, branch: Branch, raw: Json
    ) -> Generator[None, Reply | Strand, Json]:
        """Run the state on a strand, in place of the walk through its machine."""
        state = watched(self.state, self.seen)
        strand.variables = dict(self.variables)
        self.seen["input"] = raw
        if not state.jsonata and state.input_path is None:
            self.seen["afterInputPath"] = {} if state.discards_input else raw
        try:
            if isinstance(state, _RETRIABLE):
                output = yield from self._once(strand, state, raw)
            else:
                if isinstance(state, Wait):
                    self.next_state, output = yield from run_wait(strand, state, raw)
                else:
                    act = AT_ONCE[type(state)]
                    self.next_state, output = act(strand, state, raw)
                self.status = "SUCCEEDED"
        except EvaluationError as problem:
            failure = strand.explain(problem)
            self._tell(strand, failure)
            raise failure from None
        except StateFailed as failure:
            self._tell(strand, failure)
            raise
        finally:
            self._complete(strand, state, raw)
        return output

    def _once(
        self, strand: Strand, state: Task | Parallel | Map, raw: Json
    ) -> Generator[None, Reply | Strand, Json]:
        """One attempt, and what Retry and Catch say of its failure."""
        raw_bound = strand.bound if raw is strand.measured else None
        strand.enter(state, raw)
        strand.retry_count = self.retry_count
        strand.visits = {state.name: 1}
        try:
            result = yield from self._attempt(strand, state, raw)
            self.seen["result"] = result
            output, assigned = finish_result(strand, state, raw, result, raw_bound)
            strand.leave(state, output, assigned)
        except EvaluationError as problem:
            failure = strand.explain(problem)
        except StateFailed as failed:
            failure = failed
        else:
            self.status, self.next_state = "SUCCEEDED", state.next
            return output
        if failure.terminal:
            note_failure(strand, "failed", failure)
            raise failure
        return self._handle(strand, state, raw, failure)

    def _attempt(
        self, strand: Strand, state: Task | Parallel | Map, raw: Json
    ) -> Generator[None, Reply | Strand, Json]:
        if isinstance(state, Task):
            return (yield from run_task(strand, state, raw))
        if self.mocked is None:
            return (yield from side_by_side(strand, state, raw))
        if isinstance(state, Parallel):
            assert state.parameters is not None, "a watched state has all its fields"
            state.parameters(subject(strand, state, raw), strand)
        else:
            self._survey(strand, state, raw, self.mocked)
        if self.mocked.failure is not None:
            raise self.mocked.failure
        return self.mocked.result

    def _survey(self, strand: Strand, state: Map, raw: Json, mocked: Mocked) -> None:
        """Everything of a Map but its iterations."""
        given = subject(strand, state, raw)
        items = mocked.items
        if items is None:
            items = [] if state.reader else find_items(strand, state, given)
        places = count_places(strand, state, given, most=DISTRIBUTED_CONCURRENCY)
        if state.processor.mode == "INLINE":
            iterations = Iterations(strand, state, given, items, places)
            for index, item in enumerate(items):
                if state.item_selector is not None:
                    place: dict[str, Json] = {"Index": index, "Value": item}
                    iterations.select(state.item_selector, place)
            return
        run = MapRun(strand, state, raw, given, places)
        run.check_tolerance()
        source = "STATE_DATA" if state.reader is None else "S3_READER"
        run.feed({"Items": items, "Source": source})
        inputs: list[Json] = []
        while (following := run.items.next()) is not None:
            inputs.append(following[0])
        if state.batcher is not None:
            self.seen["afterItemBatcher"] = inputs
        run.tally.items["FAILED"] = mocked.failed_items
        # Recorded: a Map that declares no tolerance is not failed by a count.
        is_limited = state.tolerated_count or state.tolerated_percentage
        if mocked.failure is None and is_limited:
            run.check_failures()

    def _handle(
        self,
        strand: Strand,
        state: Task | Parallel | Map,
        raw: Json,
        failure: StateFailed,
    ) -> Json:
        """The decision of Retry and Catch; raises where nothing goes on from here."""
        details: dict[str, Json] = {}
        index = find_match(state.retry, failure)
        if index is not None:
            strand.execution.note(f"{state.pointer}/Retry/{index}", "used")
            self.seen["errorDetails"] = details
            details["retryIndex"] = index
            delay = retry_delay(strand, state.retry[index], self.retry_count)
            if delay is not None:
                details["retryBackoffIntervalSeconds"] = plain(delay / 1_000_000)
                self.status = "RETRIABLE"
                note_failure(strand, "failed", failure)
                raise failure
        last = strand.last
        if state.type != "Task":
            strand.record(f"{state.type}StateFailed")
        index = find_match(state.catch, failure)
        if index is None:
            note_failure(strand, "failed", failure, last)
            raise failure
        note_failure(strand, "caught", failure, last)
        self.seen["errorDetails"] = details
        details["catchIndex"] = index
        self.next_state, output = catch(strand, state, index, raw, failure)
        self._tell(strand, failure)
        self.status = "CAUGHT_ERROR"
        return output

    def _tell(self, strand: Strand, failure: StateFailed) -> None:
        """Keep the error and its cause, as TestState tells it."""
        cause = failure.cause
        self.error = failure.error
        self.cause = None if cause is None else cause.removeprefix(strand.blame)

    def _complete(self, strand: Strand, state: State, raw: Json) -> None:
        """What follows from fields that are not there."""
        seen = self.seen
        if strand.variables:
            seen["variables"] = dict(strand.variables)
        if isinstance(state, Pass) and not state.jsonata:
            if state.has_result:
                seen["result"] = seen["afterResultSelector"] = state.result
            elif "afterParameters" in seen:
                seen["afterResultSelector"] = seen["afterParameters"]
        elif not isinstance(state, _RETRIABLE):
            return
        if "afterResultSelector" in seen and state.result_path is None:
            merged = raw if state.discards_result else seen["afterResultSelector"]
            seen["afterResultPath"] = merged
        if isinstance(state, Map) and ("afterItemsPath" in seen or state.reader):
            seen.setdefault("maxConcurrency", 0)
