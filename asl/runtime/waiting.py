"""Waiting: how long a run waits for its inbox, and why it cannot go on.

In: a run that has something left to do. Out: whether something can be delivered now, or
how long to wait for an answer from elsewhere; the UsageError where none can ever come.
Never: waits, or lets time pass; the runner does.
"""

from typing import TYPE_CHECKING

from asl.engine.messages import Instant, StopRequested
from asl.errors import UsageError

if TYPE_CHECKING:
    from asl.runtime.crew import Crew
    from asl.runtime.runner import Runner


def wait_seconds(runner: "Runner") -> float | None:
    """0: something can be delivered now; a number: wait so long for the inbox.

    None: wait for the inbox with `patience_seconds`. Raises UsageError when nothing can
    ever come.
    """
    if not runner.caller.inbox.empty():
        return 0
    due = runner.agenda.find_next(runner.family.running)
    if not runner.clock.is_virtual:
        if due is None:
            return None
        return max(0.0, (due - runner.clock.now()) / 1_000_000)
    if runner.caller.in_flight:
        return None
    if runner.crew is not None and runner.crew.is_busy:
        return 0 if _goes_first(runner, runner.crew, due) else None
    if due is None or not (runner.agenda.has_purpose() or runner.never):
        raise _nobody_answers(runner)
    return 0


def _goes_first(runner: "Runner", crew: "Crew", due: Instant | None) -> bool:
    """Whether what is due next need not wait for the children on the pool."""
    if due is None or due > runner.clock.now():
        return False
    index, reply = runner.agenda.first()
    if isinstance(reply, StopRequested):
        return True
    reads = runner.storing.get((index, reply.id))
    if reads is None:
        return crew.is_before(index, reply.id)
    return crew.wants_more or not reads


def patience_seconds(runner: "Runner") -> float | None:
    """How long to wait for the inbox; children have a limit where they run."""
    is_busy = runner.crew is not None and runner.crew.is_busy
    return None if is_busy else runner.caller.real_limit_seconds


def waited_too_long(runner: "Runner") -> UsageError:
    """Why a run that nothing reached within the real limit cannot go on."""
    for index, number in runner.caller.in_flight:
        execution = runner.family.running.get(index)
        strand = None if execution is None else execution.waiting.get(number)
        if strand is not None and strand.state is not None:
            return runner.caller.watch.blocked(strand.state.name)
    return _nobody_answers(runner)


def _nobody_answers(runner: "Runner") -> UsageError:
    """Why a run cannot go on for which nothing is to come."""
    running = runner.family.running
    waiting = [
        running[index].waiting[number].state
        for index, number in runner.tokens
        if index in running and number in running[index].waiting
    ]
    names = ", ".join(sorted({repr(s.name) for s in waiting if s is not None}))
    return UsageError(
        f"nobody will answer the token of {names or 'a task'}: nothing is pending "
        "and no timer is set. Call tasks.succeed(token, output) or "
        "tasks.fail(token, error, cause) from a handler, or give the state "
        "TimeoutSeconds"
    )
