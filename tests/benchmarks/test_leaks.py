"""A process that has run a great many executions is no larger than before."""

import gc
import tracemalloc

import measure
import pytest
import workloads


def grown_bytes(runs: int, *, warm: int) -> int:
    """By how much the traced memory grows over so many executions."""
    workload = workloads.small("W8")
    once = measure.prepare(workload)
    for _ in range(warm):
        once()
    tracemalloc.start()
    try:
        for _ in range(warm):  # what is kept once is kept by now
            once()
        gc.collect()
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(runs):
            once()
        gc.collect()
        return tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()


def test_a_thousand_executions_leave_nothing_behind() -> None:
    assert grown_bytes(1_000, warm=100) < 20_000


@pytest.mark.soak
def test_a_hundred_thousand_executions_leave_nothing_behind() -> None:
    assert grown_bytes(100_000, warm=1_000) < 20_000


def test_an_ended_execution_is_freed_without_the_garbage_collector() -> None:
    once = measure.prepare(workloads.small("W8"))
    once()
    gc.collect()
    gc.disable()
    try:
        for _ in range(50):
            once()
        assert gc.collect() < 50  # not one object each
    finally:
        gc.enable()
