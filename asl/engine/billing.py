"""Billing: what AWS would charge for an execution, by the dated table in quotas.py.

In: an ended execution. Out: counted units and their list price.
Never: a promise; free tiers, volume tiers and regions are left out.

Pricing page of AWS Step Functions. Standard counts transitions: the
start, every state entered, every retry, every redrive. Express counts a request and
GB-seconds, in steps of 100 ms and 64 MB; memory beyond the first 64 MB is not modelled.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from asl.engine.messages import Instant
from asl.quotas import EXPRESS_DURATION_MS, EXPRESS_MEMORY_MB, PRICES

if TYPE_CHECKING:
    from asl.engine.execution import Execution


@dataclass(frozen=True, slots=True, kw_only=True)
class Billing:
    """Counted units; `price_usd` is their list price on the day `prices_as_of`."""

    state_transitions: int
    """Standard transitions, those of Standard children included."""
    express_requests: int
    billed_duration_ms: int
    """Express: in steps of 100 ms, over all requests."""
    billed_memory_mb: int
    """Express: 0 where nothing ran as Express."""
    price_usd: float
    prices_as_of: str = PRICES.as_of


def bill(execution: "Execution") -> Billing:
    """Count an execution's units, those of its children included."""
    end = execution.ended_at
    spent = (execution.recorder.now if end is None else end) - execution.started_at
    if not execution.billed_children and execution.type == "EXPRESS":
        return _express(spent)
    transitions = requests = duration = 0
    for child in execution.billed_children:
        transitions += child.state_transitions
        requests += child.express_requests
        duration += child.billed_duration_ms
    if execution.type == "STANDARD":
        transitions += len(execution.path) + execution.retries + 1
        transitions += execution.redrive_count
    else:
        own = _express(spent)
        requests += own.express_requests
        duration += own.billed_duration_ms
    return _priced(transitions, requests, duration)


@lru_cache(maxsize=64)
def _express(spent: Instant) -> Billing:
    """An Express execution by itself, of so many microseconds."""
    steps = max(1, -(-round(spent / 1_000) // EXPRESS_DURATION_MS))
    return _priced(0, 1, steps * EXPRESS_DURATION_MS)


def add_up(billings: list[Billing]) -> Billing:
    """Several executions as one."""
    transitions = requests = duration = 0
    for one in billings:
        transitions += one.state_transitions
        requests += one.express_requests
        duration += one.billed_duration_ms
    return _priced(transitions, requests, duration)


@lru_cache(maxsize=64)
def _priced(transitions: int, requests: int, duration: int) -> Billing:
    gb_seconds = EXPRESS_MEMORY_MB / 1_024 * duration / 1_000
    price = (
        transitions * PRICES.standard_transition
        + requests * PRICES.express_request
        + gb_seconds * PRICES.express_gb_second
    )
    return Billing(
        state_transitions=transitions,
        express_requests=requests,
        billed_duration_ms=duration,
        billed_memory_mb=EXPRESS_MEMORY_MB if requests else 0,
        price_usd=price,
    )
