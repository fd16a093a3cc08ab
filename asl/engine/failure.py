"""Retry and catch: what happens after a Task, Parallel or Map has failed.

In: a retriable state and its raw input. Out: the next state's name and the value it
gets; or the failure, when nothing here takes it.
Never: decides what counts as a failure (task.py, data.py) or sleeps (runtime).

States Language specification: "Errors", "Retriers", "Complex retry scenarios".
Recorded: States.Runtime is neither retried nor caught; each retrier
counts for itself during one visit of the state; the first retrier that matches decides.
"""

from collections.abc import Generator, Iterable, Sequence

from asl.engine.data import finish_result, place
from asl.engine.failed import Failure, StateFailed
from asl.engine.map import run_map
from asl.engine.messages import Reply
from asl.engine.parallel import run_parallel
from asl.engine.strand import Strand
from asl.engine.task import LAST_WORDS, ask, note_progress, run_task, take_result
from asl.expressions.scope import EvaluationError
from asl.model.failure import ALL, TASK_FAILED, TIMEOUT, Catcher, Retrier
from asl.model.states import Map, Parallel, Task
from asl.values import Json


def run_retriable(
    strand: Strand, state: Task | Parallel | Map, raw: Json
) -> Generator[None, Reply | Strand, tuple[str | None, Json]]:
    """Run a state with its Retry and Catch around it."""
    strand.enter(state, raw)
    strand.retry_count = 0
    if isinstance(state, Task):
        visits = strand.visits
        if visits is None:
            visits = strand.visits = {}
        visits[state.name] = visits.get(state.name, 0) + 1
    raw_bound = strand.bound if raw is strand.measured else None
    counts: dict[int, int] | None = None
    while True:
        try:
            if not isinstance(state, Task):
                result = yield from side_by_side(strand, state, raw)
            elif state.is_limited:
                result = yield from run_task(strand, state, raw)
            else:  # run_task for most tasks, written out: a generator less
                ask(strand, state, raw)
                while not isinstance(reply := (yield), LAST_WORDS):
                    note_progress(strand, state.resource, reply)
                result = take_result(strand, state.resource, reply)
            if state.gives_result:
                output, assigned = result, None
            else:
                output, assigned = finish_result(strand, state, raw, result, raw_bound)
            strand.leave(state, output, assigned)
        except EvaluationError as problem:
            failure = strand.explain(problem)
        except StateFailed as failed:
            failure = failed
        else:
            return state.next, output
        if failure.terminal:
            note_failure(strand, "failed", failure)
            raise failure
        if counts is None:
            counts = {}
        delay = _retry_delay(strand, state, failure, counts)
        if delay is None:
            break
        note_failure(strand, "retried", failure)
        timer = strand.timer(strand.execution.recorder.now + delay)
        yield
        strand.answered(timer)
        strand.retry_count += 1
        strand.execution.retries += 1
        strand.forget_context()
    last = strand.last
    if state.type != "Task":
        strand.record(f"{state.type}StateFailed")
    caught = find_match(state.catch, failure)
    if caught is None:
        note_failure(strand, "failed", failure, last)
        raise failure
    note_failure(strand, "caught", failure, last)
    return catch(strand, state, caught, raw, failure)


def note_failure(
    strand: Strand, outcome: str, failure: StateFailed, last: int | None = None
) -> None:
    """Keep what became of a failed attempt: the history does not tell everything."""
    strand.execution.failures.append(
        Failure(
            strand.entered,
            strand.last if last is None else last,
            outcome,
            failure.error,
            failure.cause,
            failure.children,
        )
    )


def side_by_side(
    strand: Strand, state: Parallel | Map, raw: Json
) -> Generator[None, Reply | Strand, Json]:
    """One attempt of a state that runs others."""
    rest = strand.take_up(state, raw)
    if rest is not None:
        return rest
    if isinstance(state, Parallel):
        return run_parallel(strand, state, raw)
    if state.processor.mode == "INLINE":
        return run_map(strand, state, raw)
    from asl.engine.distributed import run_distributed  # few machines have one

    return run_distributed(strand, state, raw)


def find_match(
    entries: Sequence[Retrier | Catcher], failure: StateFailed
) -> int | None:
    """The place of the first entry of Retry or Catch that takes a failure."""
    for index, entry in enumerate(entries):
        if _matches(entry.error_equals, failure):
            return index
    return None


def _matches(error_equals: Iterable[str], failure: StateFailed) -> bool:
    """Whether one of ErrorEquals takes a failure."""
    for name in error_equals:
        if name in (failure.error, ALL) or (failure.alias and name == failure.alias):
            return True
        if name == TASK_FAILED and failure.error != TIMEOUT:
            return True
    return False


def _retry_delay(
    strand: Strand,
    state: Task | Parallel | Map,
    failure: StateFailed,
    counts: dict[int, int],
) -> int | None:
    """Microseconds until the next attempt, or None where there is none."""
    index = find_match(state.retry, failure)
    if index is None:
        return None
    strand.execution.note(f"{state.pointer}/Retry/{index}", "used")
    used = counts.get(index, 0)
    counts[index] = used + 1
    return retry_delay(strand, state.retry[index], used)


def retry_delay(strand: Strand, retrier: Retrier, used: int) -> int | None:
    """Microseconds until a retrier's next attempt, or None when it has had them all."""
    if used >= retrier.max_attempts:
        return None
    seconds = _backoff(retrier, used)
    if retrier.jitter_strategy == "FULL":
        seconds = strand.random.uniform(0, seconds)
    return round(seconds * 1_000_000)


def _backoff(retrier: Retrier, used: int) -> float:
    """Seconds before the next attempt, after `used` retries, before jitter."""
    try:
        seconds = retrier.interval_seconds * retrier.backoff_rate**used
    except OverflowError:
        seconds = float("inf")
    longest = retrier.max_delay_seconds
    # Beyond the longest Wait the execution's own limit ends the run long before.
    return min(seconds, 2.0**31 if longest is None else longest)


def catch(
    strand: Strand,
    state: Task | Parallel | Map,
    index: int,
    raw: Json,
    failure: StateFailed,
) -> tuple[str, Json]:
    """Leave a failed state by one of its Catchers."""
    catcher = state.catch[index]
    error_output = failure.error_output()
    assigned: Json = None
    if state.jsonata:
        given = {"input": raw, "errorOutput": error_output}
        output = error_output
        if catcher.output is not None:
            output = catcher.output(given, strand)
        if catcher.assign is not None:
            assigned = catcher.assign(given, strand)
    else:
        if catcher.assign is not None:
            assigned = catcher.assign(error_output, strand)
        if catcher.keeps_input:
            output = raw
        elif catcher.result_path is not None:
            output = place(catcher.result_path, raw, error_output)
        else:
            output = error_output
    strand.leave(state, output, assigned, index)
    return catcher.next, output
