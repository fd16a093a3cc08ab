"""Every example comes to the same on every pool: outcome, history, result files.

In: the examples' cases (exampled.py). Out: verdicts on threads, processes and Dask.
Never: starts a pool for each case; one of a kind serves all.
"""

from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from exampled import (
    CASES,
    EXAMPLES,
    Case,
    buckets_of,
    import_all_tasks,
    input_of,
    tasks_of,
)

import asl
from asl.runtime.run import make_runner
from asl.values import Json

DISTRIBUTED = ("chunked_job/workflow.asl.json", "million/workflow.asl.json")


@pytest.fixture(scope="module")
def threads() -> Iterator[Executor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


@pytest.fixture(scope="module")
def processes() -> Iterator[Executor]:
    with ProcessPoolExecutor(
        2, mp_context=get_context("spawn"), initializer=import_all_tasks
    ) as pool:
        yield pool


@pytest.mark.filterwarnings("ignore")  # Dask's own, when a cluster is taken down
@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize(
    "kind", ["threads", "processes", pytest.param("dask", marks=pytest.mark.full)]
)
def test_an_example_comes_to_the_same_on_a_pool(
    kind: str, case: Case, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    pool: Executor = request.getfixturevalue(kind)
    here, _ = told(case, tmp_path / "here", None)
    there, travelled = told(case, tmp_path / "there", pool)
    assert there == here
    assert bool(travelled) == (case.file in DISTRIBUTED)


def told(case: Case, place: Path, pool: Executor | None) -> tuple[Json, int]:
    """All that a run has come to, and how many children ran on the pool."""
    file = EXAMPLES / case.file
    buckets = buckets_of(file.parent, place)
    runner = make_runner(
        asl.load(file),
        input_of(case),
        tasks=tasks_of(file.parent),
        buckets=buckets,
        pool=pool,
    )
    done = runner.run()
    told = {
        "status": done.status,
        "output": done.output,
        "error": done.error,
        "cause": done.cause,
        "path": done.path,
        "history": [event.to_aws() for event in done.history],
        "failures": done.failures,
        "billing": done.billing,
        "seconds": done.duration_seconds,
        "files": files_in(buckets),
    }
    return told, 0 if runner.crew is None else runner.crew.figures.children


def files_in(folder: Path) -> dict[str, bytes]:
    """All that lies in buckets, by its place."""
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }
