"""A worker process of a pool is killed in mid-run, time and again.

In: SIGKILL from outside. Out: the right results and counts; what is lost is told.
Never: lets a Standard child run twice, unless Retry says so.
"""

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import importable
import pytest
from killed import begun, killer

import asl
from asl.runtime.pools import WORKER_LOST, opened
from asl.runtime.run import make_runner
from asl.values import Json

if TYPE_CHECKING:
    from asl.engine.distributed import MapRun

TASKS = asl.Tasks()
TASKS.bind("tell")(importable.tell)
COUNT = 300

ROUNDS = pytest.mark.parametrize(
    "turn",
    [
        pytest.param(0, marks=pytest.mark.full),
        *(pytest.param(turn, marks=pytest.mark.soak) for turn in range(1, 11)),
    ],
)


def run(
    folder: Path, turn: int, type: str, **fields: Json
) -> tuple[asl.Execution, "list[MapRun]"]:
    """A run whose pool loses a worker; a little later in each turn."""
    do = {
        "Type": "Task",
        "Resource": "arn:aws:lambda:us-east-1:123456789012:function:tell",
        "End": True,
    }
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": type},
        "StartAt": "Do",
        "States": {"Do": do},
    }
    each = {"Type": "Map", "ItemProcessor": processor, "End": True, **fields}
    machine = asl.load_text(json.dumps({"StartAt": "Each", "States": {"Each": each}}))
    given = [{"id": id, "folder": str(folder)} for id in range(COUNT)]
    runs: list[MapRun] = []
    with opened("processes=2") as pool, killer(folder, 1 + 15 * turn) as victims:
        runner = make_runner(machine, given, tasks=TASKS, pool=pool)
        runner.root.map_runs = runs
        done = runner.run()
    assert victims
    assert runner.crew is not None
    assert runner.crew.figures.lost
    return done, runs


@ROUNDS
def test_express_children_of_a_killed_process_run_again(
    tmp_path: Path, turn: int
) -> None:
    done, runs = run(tmp_path, turn, "EXPRESS")
    assert done.output == list(range(COUNT))
    assert [one.status for one in runs] == ["SUCCEEDED"]
    assert runs[0].tally.executions == {
        "SUCCEEDED": COUNT,
        "FAILED": 0,
        "TIMED_OUT": 0,
    }
    assert done.billing.express_requests == COUNT


@ROUNDS
def test_standard_children_of_a_killed_process_fail_and_run_once(
    tmp_path: Path, turn: int
) -> None:
    done, runs = run(tmp_path, turn, "STANDARD", ToleratedFailurePercentage=100)
    assert done.status == "SUCCEEDED"
    tally = runs[0].tally
    assert tally.executions["FAILED"] > 0
    assert sum(tally.executions.values()) == COUNT
    assert len(done.output) == tally.executions["SUCCEEDED"]
    assert done.output == sorted(set(done.output))
    assert {failure.error for failure in tally.failures} == {WORKER_LOST}
    told = begun(tmp_path)
    assert len(told) == len(set(told)), "a Standard child ran twice"
    assert {str(id) for id in done.output} <= set(told)


@ROUNDS
def test_standard_children_run_again_where_retry_says_so(
    tmp_path: Path, turn: int
) -> None:
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1}]
    done, runs = run(tmp_path, turn, "STANDARD", Retry=retry)
    assert done.output == list(range(COUNT))
    assert [one.status for one in runs] == ["FAILED", "SUCCEEDED"]
    assert runs[1].tally.executions["SUCCEEDED"] == COUNT
    assert max(Counter(begun(tmp_path)).values()) == 2
