"""The job of a million records: small wherever it runs, whole when there is time.

In: examples/million. Out: its result file, against a plain loop over the records.
Never: asserts a rate; a soak run prints them.
"""

import gc
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from exampled import EXAMPLES, RECORDS, ROOT, buckets_of, import_file, tasks_of

import asl
from asl.runtime.crew import Shipment
from asl.values import Json

FOLDER = EXAMPLES / "million"
LIMIT: int = json.loads((FOLDER / "input.json").read_text())["limit_cents"]
BATCH = 500
MOST_MEGABYTES = 300
"""Of the process that runs the job, and holds neither records nor results."""

MEASURED = """\
import runpy, sys
from pathlib import Path

if __name__ == "__main__":
    sys.argv = sys.argv[1:]
    runpy.run_path(sys.argv[0], run_name="__main__")
    told = Path("/proc/self/status")  # what wait4 tells begins with the parent's
    print(told.read_text().split("VmHWM:")[1].split()[0] if told.exists() else 0)
"""


def expected(count: int) -> Iterator[Json]:
    """What each batch comes to, by a loop."""
    records = import_file(FOLDER / "make_records.py").records(count)
    check = import_file(FOLDER / "tasks.py").check_payments
    while batch := list(islice(records, BATCH)):
        yield check({"BatchInput": {"limit_cents": LIMIT}, "Items": batch})


def written(buckets: Path, where: Json) -> Iterator[Json]:
    """The lines of the result files that a manifest names."""
    bucket = buckets / where["bucket"]
    manifest = json.loads((bucket / where["manifest"]).read_text())
    assert not manifest["ResultFiles"]["FAILED"]
    for file in manifest["ResultFiles"]["SUCCEEDED"]:
        with (bucket / file["Key"]).open() as lines:
            yield from map(json.loads, lines)


def run_in_python(buckets: Path, pool: str) -> tuple[Json, int]:
    """What run.py prints, and the most megabytes it took (0 where none tells)."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, FOLDER / "run.py", buckets, pool],
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{FOLDER}"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    said, peak = done.stdout.splitlines()
    status, _, output = said.partition(": ")
    assert status == "SUCCEEDED"
    return json.loads(output), int(peak) // 1024


def test_the_results_are_those_of_a_plain_loop(tmp_path: Path) -> None:
    buckets = buckets_of(FOLDER, tmp_path)
    given = json.loads((FOLDER / "input.json").read_text())
    machine = asl.load(FOLDER / "workflow.asl.json")
    done = asl.run(machine, given, tasks=tasks_of(FOLDER), buckets=buckets)
    lines = list(written(buckets, done.output))
    assert lines == list(expected(RECORDS))
    assert sum(line["records"] for line in lines) == RECORDS
    refused = sum(len(line["refused"]) for line in lines)
    assert 0 < refused < RECORDS / 5
    assert any(line["large"] for line in lines)


def test_the_same_seed_makes_the_same_records(tmp_path: Path) -> None:
    make = import_file(FOLDER / "make_records.py").make
    first = make(tmp_path / "a", 100, 7).read_bytes()
    assert make(tmp_path / "b", 100, 7).read_bytes() == first
    assert make(tmp_path / "c", 100, 8).read_bytes() != first


@pytest.mark.parametrize(
    "pool",
    ["inline", "threads", "processes", pytest.param("dask", marks=pytest.mark.full)],
)
def test_the_job_runs_from_python(tmp_path: Path, pool: str) -> None:
    if pool == "dask":
        pytest.importorskip("distributed", reason="needs dask.distributed")
    buckets = buckets_of(FOLDER, tmp_path)
    output, _ = run_in_python(buckets, pool)
    assert list(written(buckets, output)) == list(expected(RECORDS))


def test_jobs_that_are_done_are_no_garbage(tmp_path: Path) -> None:
    buckets = buckets_of(FOLDER, tmp_path, 20 * BATCH)
    given = json.loads((FOLDER / "input.json").read_text())
    machine = asl.load(FOLDER / "workflow.asl.json")
    gc.collect()
    gc.disable()
    try:
        with ThreadPoolExecutor(2) as pool:
            asl.run(machine, given, tasks=tasks_of(FOLDER), pool=pool, buckets=buckets)
        left = [one for one in gc.get_objects() if type(one) is Shipment]
    finally:
        gc.enable()
    assert len(left) <= 1, "cycles wait for a collection, and with them the items"


@pytest.mark.full
@pytest.mark.filterwarnings("ignore")  # Dask's own, when a cluster is taken down
def test_the_command_runs_the_job_on_a_cluster(cluster: Any, tmp_path: Path) -> None:
    buckets = buckets_of(FOLDER, tmp_path)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "asl", "run", FOLDER / "workflow.asl.json"),
            *("--input", f"@{FOLDER / 'input.json'}"),
            *("--tasks", FOLDER / "tasks.py"),
            *("--buckets", buckets, "--output", "json"),
            *("--pool", f"dask={cluster.scheduler_address}"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    output = json.loads(done.stdout)["output"]
    assert list(written(buckets, output)) == list(expected(RECORDS))


@pytest.mark.soak
def test_a_million_records_come_to_the_same_on_every_pool(tmp_path: Path) -> None:
    pools = ["inline", "threads", "processes"]
    try:
        import distributed as _  # noqa: F401 - whether it is there
    except ImportError:
        print("no Dask here: needs dask.distributed")  # noqa: T201 # a soak run's word
    else:
        pools.append("dask")
    count = 1_000_000
    buckets = buckets_of(FOLDER, tmp_path, count)
    lines = list(expected(count))
    for pool in pools:
        began = perf_counter()
        output, megabytes = run_in_python(buckets, pool)
        rate = count / (perf_counter() - began)
        print(f"{pool}: {rate:,.0f} records/s, {megabytes:.0f} MB")  # noqa: T201 # figures
        assert list(written(buckets, output)) == lines
        # A cluster on this machine has its scheduler in the very process.
        assert megabytes < MOST_MEGABYTES + 200 * (pool == "dask")
