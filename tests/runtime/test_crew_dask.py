"""Children on Dask workers, and workers that are killed in mid-run."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import importable
import pytest
from killed import begun, killer

import asl
from asl.runtime.pools import WORKER_LOST
from asl.runtime.run import make_runner
from asl.values import Json

if TYPE_CHECKING:
    from asl.engine.distributed import MapRun

pytestmark = [
    pytest.mark.full,
    # Dask's own, when a cluster is taken down.
    pytest.mark.filterwarnings("ignore"),
]
distributed = pytest.importorskip("distributed", reason="needs dask.distributed")

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:"
TASKS = asl.Tasks()
TASKS.bind("picky")(importable.picky)
TASKS.bind("tell")(importable.tell)


@pytest.fixture
def client(cluster: Any) -> Iterator[Any]:
    with distributed.Client(cluster, set_as_default=False) as made:
        yield made


def machine(name: str, type: str, **fields: Json) -> asl.StateMachine:
    do = {"Type": "Task", "Resource": FUNCTION + name, "End": True}
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": type},
        "StartAt": "Do",
        "States": {"Do": do},
    }
    each = {"Type": "Map", "ItemProcessor": processor, "End": True, **fields}
    return asl.load_text(json.dumps({"StartAt": "Each", "States": {"Each": each}}))


@pytest.mark.parametrize("type", ["EXPRESS", "STANDARD"])
def test_the_outcome_is_that_of_a_run_here(client: Any, type: str) -> None:
    made = machine("picky", type, ToleratedFailurePercentage=50)
    given = [{"id": id} for id in range(100)]
    here = asl.run(made, given, tasks=TASKS)
    runner = make_runner(made, given, tasks=TASKS, pool=client.get_executor(pure=False))
    there = runner.run()
    assert there.output == here.output
    assert there.history == here.history
    assert there.billing == here.billing
    assert runner.crew is not None
    assert runner.crew.figures.children == 100


def test_the_same_run_may_be_made_again(client: Any) -> None:
    made, pool = machine("picky", "STANDARD"), client.get_executor(pure=False)
    given = [{"id": id} for id in range(4, 10)]
    first = asl.run(made, given, tasks=TASKS, pool=pool)
    again = asl.run(made, given, tasks=TASKS, pool=pool)
    assert first.status == "SUCCEEDED"
    assert again.history == first.history


def test_callables_of_the_main_module_are_refused(client: Any) -> None:
    def local(event: Json) -> Json:
        return event  # pragma: no cover

    local.__module__ = "__main__"
    tasks = asl.Tasks()
    tasks.bind("tell")(local)
    with pytest.raises(asl.UsageError, match="'tell'"):
        asl.run(
            machine("tell", "EXPRESS"),
            [],
            tasks=tasks,
            pool=client.get_executor(pure=False),
        )


@pytest.mark.parametrize(
    "turn",
    [0, *(pytest.param(turn, marks=pytest.mark.soak) for turn in range(1, 10))],
)
@pytest.mark.parametrize("type", ["EXPRESS", "STANDARD"])
def test_a_killed_worker_costs_no_result(
    client: Any, tmp_path: Path, type: str, turn: int
) -> None:
    made = machine("tell", type, ToleratedFailurePercentage=100)
    given = [{"id": id, "folder": str(tmp_path)} for id in range(300)]
    runner = make_runner(made, given, tasks=TASKS, pool=client.get_executor(pure=False))
    runs: list[MapRun] = []
    runner.root.map_runs = runs
    with killer(tmp_path, 1 + 15 * turn) as victims:
        done = runner.run()
    assert victims
    assert done.status == "SUCCEEDED"
    tally = runs[0].tally.executions
    assert sum(tally.values()) == 300
    if type == "EXPRESS":
        assert done.output == list(range(300))
        return
    assert len(done.output) == tally["SUCCEEDED"]
    assert {failure.error for failure in runs[0].tally.failures} == {WORKER_LOST}
    began = begun(tmp_path)
    assert len(began) == len(set(began)), "a Standard child ran twice"
