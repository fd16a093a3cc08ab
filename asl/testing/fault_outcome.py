"""Fault outcomes: where an injected fault ended.

In: a Trace and the Injection in question. Out: an Outcome, read from the visits of the
state and of those around it.
Never: runs anything, or guesses: what the visits do not show is not said.
"""

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from asl.engine.execution import Execution
from asl.engine.failed import StateFailed
from asl.engine.failure import find_match
from asl.engine.visits import Visit
from asl.model.failure import HEARTBEAT_TIMEOUT, TIMEOUT, TOLERATED_FAILURE
from asl.model.machine import StateMachine
from asl.model.states import Map, Parallel, Task
from asl.runtime.last import last_state
from asl.testing.fault_runs import Injection, Trace
from asl.testing.fault_ways import enclosing
from asl.values import Json

Verdict: TypeAlias = Literal[
    "retried", "caught", "tolerated", "unnoticed", "fails", "hangs", "stopped"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Where one fault of one state's task ended."""

    state: str
    kind: str
    error: str
    once: bool
    """Whether the fault happened at the first call only, or at every one."""
    verdict: Verdict
    retries: int = 0
    """How often the state itself tried again."""
    delay_seconds: float = 0
    """How long, in virtual time, it waited before doing so."""
    handler: str | None = None
    """The state whose Retry or Catch took the error, if one did."""
    catches: tuple[str, ...] = ()
    """ErrorEquals of the Catch that took it."""
    next: str | None = None
    """Where that Catch leads."""
    status: str = "RUNNING"
    """How the execution ended."""
    end_state: str = ""
    """The state at which it failed."""
    end_error: str | None = None
    deliberate: bool = False
    """Whether it failed in a Fail state, or as it does without the fault."""
    stopped: str | None = None
    """Why the run could not go on to an end, if it could not."""

    @property
    def handled(self) -> bool:
        """Whether the definition deals with the fault, to the end of the execution."""
        if self.verdict in ("fails", "hangs", "stopped"):
            return False
        return self.status in ("SUCCEEDED", "RUNNING") or self.deliberate

    def to_json(self) -> dict[str, Json]:
        """The outcome for programs."""
        value: dict[str, Json] = {
            "state": self.state,
            "kind": self.kind,
            "error": self.error,
            "times": "once" if self.once else "always",
            "verdict": self.verdict,
            "handled": self.handled,
            "retries": self.retries,
            "delay_seconds": self.delay_seconds,
        }
        if self.handler is not None:
            value["handler"] = self.handler
        if self.next is not None:
            value |= {"catch": list(self.catches), "next": self.next}
        value["status"] = self.status
        if self.end_error is not None:
            value |= {"end_state": self.end_state, "end_error": self.end_error}
        if self.stopped is not None:
            value["stopped"] = self.stopped
        return value

    def __str__(self) -> str:
        return (
            f"{self.state}, {self.kind} {self.error} "
            f"{'once' if self.once else 'always'}: {describe(self)}"
        )


def describe(outcome: Outcome) -> str:
    """The outcome in words."""
    said = _tries(outcome)
    by = "" if outcome.handler in (None, outcome.state) else f" by {outcome.handler}"
    match outcome.verdict:
        case "retried":
            said.append(f"tried again{by}" if by else "goes on")
        case "caught":
            said.append(f"caught{by}: {', '.join(outcome.catches)} → {outcome.next}")
        case "tolerated":
            said.append(f"tolerated{by}")
        case "unnoticed":
            said.append("goes unnoticed")
        case "hangs":
            said.append("hangs")
        case "stopped":
            said.append(f"not known: {outcome.stopped}")
        case _:
            said.append("fails")
    if outcome.verdict not in ("fails", "stopped"):
        said += _end(outcome)
    elif outcome.verdict == "fails" and outcome.end_error == TOLERATED_FAILURE:
        said.append(outcome.end_error)
    return ", ".join(said)


def _tries(outcome: Outcome) -> list[str]:
    if not outcome.retries:
        return []
    return [f"retried {outcome.retries}× ({outcome.delay_seconds:g} s)"]


def _end(outcome: Outcome) -> list[str]:
    """What became of the execution, where it is not what one would think."""
    if outcome.stopped is not None:
        return ["then not known"]
    if outcome.status == "FAILED" and not outcome.deliberate:
        return [f"then fails in {outcome.end_state}: {outcome.end_error}"]
    if outcome.status == "TIMED_OUT":
        return ["the execution times out"]
    return []


def judge(
    machine: StateMachine, injection: Injection, trace: Trace, usual: Trace
) -> Outcome:
    """Where an injected fault ended; `usual` is the run without it."""
    root = trace.root
    outcome = Outcome(
        state=injection.state,
        kind=injection.fault.kind,
        error=injection.fault.error,
        once=injection.once,
        verdict="fails",
        status=root.status,
        stopped=trace.stopped,
    )
    if root.status == "FAILED":
        end = last_state(root)
        outcome = replace(
            outcome,
            end_state=end,
            end_error=root.error or "",
            deliberate=_is_fail(machine, end) or _same_end(root, usual.root),
        )
    elif root.status == "TIMED_OUT":
        outcome = replace(outcome, deliberate=_same_end(root, usual.root))
    call = next(call for call in trace.calls if call.state == injection.state)
    execution = trace.executions.get(call.execution_arn, root)
    visits = execution.states.get(injection.state)
    if not visits:
        return replace(outcome, verdict="stopped")
    visit = visits[0]
    outcome = replace(
        outcome,
        retries=len(visit.retried),
        delay_seconds=_delay_seconds(execution, visit),
    )
    match visit.status:
        case "SUCCEEDED" if visit.retried:
            return replace(outcome, verdict="retried", handler=visit.state)
        case "SUCCEEDED":
            return replace(outcome, verdict="unnoticed")
        case "RUNNING":
            return replace(outcome, verdict="stopped")
        case "ABORTED" if root.status == "TIMED_OUT":
            return replace(outcome, verdict="hangs")
        case "CAUGHT":
            return _caught(machine, outcome, visit)
    return _outside(machine, outcome, trace, execution)


def _delay_seconds(execution: Execution, visit: Visit) -> float:
    """How long a state waited, in all, between a failure and its next attempt."""
    failed = {
        failure.last
        for failure in execution.failures
        if failure.entered == visit.event_id and failure.outcome == "retried"
    }
    history = execution.history
    return sum(
        (event.timestamp - history[event.previous_id - 1].timestamp).total_seconds()
        for event in history[visit.event_id :]
        if event.previous_id in failed
        and event.type.endswith(("Scheduled", "MapStateStarted"))
    )


def _caught(machine: StateMachine, outcome: Outcome, visit: Visit) -> Outcome:
    """By which Catch a state was left."""
    state = enclosing(machine, visit.state)[-1][0].states[visit.state]
    assert isinstance(state, (Task, Parallel, Map)), "only these have a Catch"
    place = find_match(state.catch, StateFailed(visit.error, visit.cause))
    if visit.error == TIMEOUT and (outcome.kind == "heartbeat" or place is None):
        # Which of the two a time-out was, no event tells; the fault does, or the Catch.
        beat = StateFailed(TIMEOUT, visit.cause, alias=HEARTBEAT_TIMEOUT)
        place = find_match(state.catch, beat)
    assert place is not None, "a Catch that was taken fits"
    catcher = state.catch[place]
    return replace(
        outcome,
        verdict="caught",
        handler=visit.state,
        catches=catcher.error_equals,
        next=catcher.next,
    )


def _outside(
    machine: StateMachine, outcome: Outcome, trace: Trace, execution: Execution
) -> Outcome:
    """What the Parallel and Map states around a failed one made of its failure."""
    for _, owner in reversed(enclosing(machine, outcome.state)):
        if owner is None:
            break
        is_far = isinstance(owner, Map) and owner.processor.mode == "DISTRIBUTED"
        if is_far:
            execution = trace.root
        visits = execution.states.get(owner.name, [])
        for visit in visits[:1]:
            if visit.status == "CAUGHT":
                return _caught(machine, outcome, visit)
            if visit.status == "SUCCEEDED":
                verdict: Verdict = "retried" if visit.retried else "tolerated"
                return replace(outcome, verdict=verdict, handler=owner.name)
    return outcome


def _is_fail(machine: StateMachine, name: str) -> bool:
    return any(s.name == name and s.type == "Fail" for s in machine.all_states())


def _same_end(one: Execution, other: Execution) -> bool:
    if one.status != other.status or one.error != other.error:
        return False
    return one.status != "FAILED" or last_state(one) == last_state(other)
