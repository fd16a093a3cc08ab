"""The benchmark's workloads run, in small size, and give what the work by hand gives.

No verdict depends on elapsed time; measure.py measures. `pytest tests/benchmarks
--benchmark-only` times asl alone, in full size.
"""

from typing import TYPE_CHECKING

import floor
import measure
import pytest
import workloads

import asl

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture


def run(workload: workloads.Workload) -> asl.Execution:
    execution = measure.prepare(workload)()
    assert isinstance(execution, asl.Execution)
    return execution


@pytest.mark.parametrize("name", workloads.WORKLOADS)
def test_a_workload_gives_what_the_work_by_hand_gives(name: str) -> None:
    workload = workloads.small(name)
    by_hand, _ = floor.FLOORS[name](workload)
    execution = run(workload)
    assert execution.status == "SUCCEEDED"
    assert execution.output == by_hand == workload.expected


@pytest.mark.parametrize(
    "name", [n for n in workloads.WORKLOADS if n not in ("W6", "W7")]
)
def test_the_floor_notes_no_more_states_and_iterations_than_the_history_has(
    name: str,
) -> None:
    workload = workloads.small(name)
    noted = floor.FLOORS[name](workload)[1]
    written = [
        event
        for event in run(workload).history
        if event.type.endswith(("StateEntered", "StateExited"))
        or event.type in ("MapIterationStarted", "MapIterationSucceeded")
    ]
    assert sorted(event[2] for event in noted) == sorted(e.type for e in written)


def test_the_units_of_a_chain_a_loop_and_a_parallel_are_the_states_entered() -> None:
    for name in ("W1", "W2", "W4", "W5", "W6"):
        workload = workloads.small(name)
        assert len(run(workload).path) == workload.units, name


def test_the_wait_and_retry_workload_takes_its_time_in_virtual_time_only() -> None:
    assert run(workloads.small("W7")).duration_seconds == 3 + 2 + 4 + 8


def test_every_workload_has_a_floor_and_a_goal() -> None:
    assert floor.FLOORS.keys() == workloads.WORKLOADS.keys()
    assert measure.GOALS.keys() | {"W7"} == workloads.WORKLOADS.keys()


@pytest.fixture
def asked(pytestconfig: pytest.Config) -> None:
    if not pytestconfig.getoption("benchmark_only", default=False):
        pytest.skip("timed with --benchmark-only")


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize("name", workloads.WORKLOADS)
def test_speed(name: str, benchmark: "BenchmarkFixture") -> None:
    workload = workloads.full(name)
    once = measure.prepare(workload)

    def all_runs() -> None:
        for _ in range(workload.runs):
            once()

    # It ships with py.typed, but this method has no types.
    benchmark.pedantic(all_runs, rounds=3, warmup_rounds=1)  # type: ignore[no-untyped-call]
