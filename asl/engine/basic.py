"""Pass, Succeed, Fail and Wait.

In: a strand, a state, its raw input. Out: the next state's name (None: this is the end)
and the value it gets.
Never: asks the world for anything, but for Wait's timer.

States Language specification: "Pass State", "Succeed State", "Fail State", "Wait
State".
"""

from collections.abc import Generator

from asl.engine.data import (
    effective_input,
    finish_input,
    place,
    shown,
    subject,
)
from asl.engine.failed import StateFailed
from asl.engine.messages import Reply
from asl.engine.strand import Strand
from asl.expressions.scope import EvaluationError
from asl.model.failure import RUNTIME
from asl.model.states import Fail, Pass, Succeed, Wait
from asl.quotas import PAYLOAD_BYTES, WAIT_SECONDS
from asl.values import Json


def run_pass(strand: Strand, state: Pass, raw: Json) -> tuple[str | None, Json]:
    """Pass: the quick way for (Result) and (ResultPath), the whole way for the rest."""
    strand.enter(state, raw)
    if not state.straight:
        if state.jsonata:  # finish_input, written out
            given = {"input": raw}
            output = raw if state.output is None else state.output(given, strand)
            assigned = None if state.assign is None else state.assign(given, strand)
        else:
            output, assigned = _pass_all(strand, state, raw)
        strand.leave(state, output, assigned)
        return state.next, output
    if state.has_result:
        result = state.result
    elif state.parameters is not None:
        result = state.parameters(raw, strand)
    else:
        result = raw
    if state.result_path is None:
        output = result
    else:
        output = place(state.result_path, raw, result)
        if state.has_result and raw is strand.measured:
            # The sum of two bounds is a bound: nothing needs to be measured.
            bound = strand.bound + state.result_bound
            if bound <= PAYLOAD_BYTES:
                strand.measured, strand.bound = output, bound
    strand.leave(state, output)
    return state.next, output


def _pass_all(strand: Strand, state: Pass, raw: Json) -> tuple[Json, Json]:
    given = effective_input(strand, state, raw)
    if state.has_result:
        result = state.result
    elif state.parameters is not None:
        result = state.parameters(given, strand)
    else:
        result = given
    assigned = None if state.assign is None else state.assign(result, strand)
    if state.discards_result:
        merged = raw
    elif state.result_path is not None:
        merged = place(state.result_path, raw, result)
    else:
        merged = result
    return shown(strand, state, merged), assigned


def run_succeed(strand: Strand, state: Succeed, raw: Json) -> tuple[None, Json]:
    """Succeed: ends this machine, branch or iteration well."""
    strand.enter(state, raw)
    output, _ = finish_input(strand, state, raw)
    strand.leave(state, output)
    return None, output


def run_fail(strand: Strand, state: Fail, raw: Json) -> tuple[None, Json]:
    """Fail: raises its Error and Cause; there is no Exited event."""
    strand.enter(state, raw)
    given = {"input": raw} if state.jsonata else raw
    error = None if state.error is None else state.error(given, strand)
    cause = None if state.cause is None else state.cause(given, strand)
    raise StateFailed(error, cause)


def run_wait(
    strand: Strand, state: Wait, raw: Json
) -> Generator[None, Reply | Strand, tuple[str | None, Json]]:
    """Wait: a timer, unless the moment has passed."""
    strand.enter(state, raw)
    now = strand.execution.recorder.now
    given = subject(strand, state, raw)
    if state.seconds is not None:
        due = now + int(state.seconds(given, strand)) * 1_000_000
    elif state.until_ns is not None:
        due = -(-int(state.until_ns(given, strand)) // 1_000)
    else:
        due = now
    if due - now > WAIT_SECONDS * 1_000_000:
        raise EvaluationError(RUNTIME, "Wait state delay is too long.")
    if due > now:
        timer = strand.timer(due)
        yield
        strand.answered(timer)
    output, assigned = finish_input(strand, state, raw)
    strand.leave(state, output, assigned)
    return state.next, output
