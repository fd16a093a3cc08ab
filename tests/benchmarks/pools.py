"""Measure a distributed Map over many rows: here, on processes, on Dask workers.

    python tests/benchmarks/pools.py [--rows N] [--batch N] [--kind CSV|JSONL] [POOL …]

In: pools by name: inline, 1, 2 (processes), dask. Out: a table, printed; with it what
the work costs a worker and a job costs beside it, and so what 100 workers would do.
Never: fails because something is slow. Each pool is started beforehand.
"""

import argparse
import json
import resource
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter, process_time, sleep

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import asl  # noqa: E402 - found by the line above
from asl.runtime.run import make_runner  # noqa: E402
from asl.values import Json  # noqa: E402


def definition(file: str, kind: str, batch: int) -> Json:
    """A Map over a file's rows, a Pass for each batch, and a ResultWriter."""
    config = {"InputType": kind}
    if kind == "CSV":
        config["CSVHeaderLocation"] = "FIRST_ROW"
    each: Json = {
        "Type": "Map",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": config,
            "Parameters": {"Bucket": "rows", "Key": file},
        },
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
            "StartAt": "Pass",
            "States": {"Pass": {"Type": "Pass", "End": True}},
        },
        "ResultWriter": {
            "Resource": "arn:aws:states:::s3:putObject",
            "Parameters": {"Bucket": "rows", "Prefix": "out"},
        },
        "End": True,
    }
    if batch:
        each["ItemBatcher"] = {"MaxItemsPerBatch": batch}
    return {"StartAt": "Each", "States": {"Each": each}}


def write_rows(file: Path, kind: str, rows: int) -> None:
    """Made-up rows, nothing of which is kept."""
    with file.open("w") as out:
        if kind == "CSV":
            out.write("id,name,amount\n")
        for id in range(rows):
            if kind == "CSV":
                out.write(f"{id},name{id},{id * 3 % 1000}\n")
            else:
                row = {"id": id, "name": f"name{id}", "amount": id * 3 % 1000}
                out.write(json.dumps(row) + "\n")


def warm(seconds: float) -> None:
    """Called in a worker, which then has imported all that it needs."""
    import asl.runtime.worker  # noqa: F401

    sleep(seconds)


@contextmanager
def opened(name: str) -> Iterator[Executor | None]:
    """A pool by its name, at work already."""
    if name == "inline":
        yield None
        return
    if name == "dask":
        from distributed import Client, LocalCluster

        with (
            LocalCluster(
                n_workers=2, threads_per_worker=1, dashboard_address=None
            ) as cluster,
            Client(cluster, set_as_default=False) as client,
        ):
            client.run(warm, 0)
            yield client.get_executor(pure=False)
        return
    with ProcessPoolExecutor(int(name), mp_context=get_context("spawn")) as pool:
        for future in [pool.submit(warm, 0.2) for _ in range(2 * int(name))]:
            future.result()
        yield pool


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def measure(machine: asl.StateMachine, folder: str, name: str, rows: int) -> None:
    """Run once, and print a line."""
    with opened(name) as pool:
        runner = make_runner(machine, {}, pool=pool, buckets=folder)
        began, cpu = perf_counter(), process_time()
        done = runner.run()
        took, cpu = perf_counter() - began, process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    say(
        f"{name:8} {done.status} {took:7.2f} s {rows / took:11,.0f} rows/s; here "
        f"{cpu:6.2f} s of CPU ({rows / cpu:,.0f} rows/s), peak {peak:,.0f} MB"
    )
    if runner.crew is not None:
        figures = runner.crew.figures
        each = figures.work_seconds / max(figures.children, 1)
        say(
            f"{'':8} {figures.jobs} jobs, {each * 1e6:,.0f} µs a child, a job costs "
            f"{figures.overhead_seconds * 1e3:.1f} ms beside its work"
        )
        say(f"{'':8} the parent can feed {each * figures.children / cpu:.1f} workers")


def main() -> None:
    """Measure each pool in turn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pools", nargs="*", default=["inline", "1", "2", "dask"])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--kind", choices=["CSV", "JSONL"], default="CSV")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bucket = Path(folder) / "rows"
        bucket.mkdir()
        file = f"rows.{given.kind.lower()}"
        write_rows(bucket / file, given.kind, given.rows)
        machine = asl.load_text(json.dumps(definition(file, given.kind, given.batch)))
        for name in given.pools:
            measure(machine, folder, name, given.rows)


if __name__ == "__main__":
    main()
