"""Measure a distributed Map over many rows: here, on processes, on Dask workers.

    python tests/benchmarks/pools.py [--rows N] [--repeat N] [--write] [POOL …]

In: pools by name: inline, 1, 2 (processes), dask (with two workers). Out: tables,
printed; with --write, also POOLS.md: rates, CPU time here and in the workers, the
parent's peak of memory, what a job costs beside its work, what 100 workers would do.
Never: fails because something is slow. Each run is a process of its own, so that its
peak of memory is; each pool is started and warm before its run begins.
"""

import argparse
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter, process_time, sleep

HERE = Path(__file__).resolve()
ROOT = HERE.parents[2]
sys.path.insert(0, str(ROOT))

import asl  # noqa: E402 - found by the line above
from asl.runtime.run import make_runner  # noqa: E402
from asl.values import Json  # noqa: E402

POOLS = ("inline", "1", "2", "dask")
NAMES = {"inline": "inline", "dask": "Dask, 2 workers"}
JOBS = (("CSV", 100), ("JSONL", 0), ("JSONL", 100))
"""What is measured: the kind of file, items a batch (0: a child for each item)."""
SIZES = (1_000, 10_000, 100_000, 1_000_000)


@dataclass
class Figures:
    """What one run has cost."""

    status: str
    rows: int
    seconds: float
    cpu_here: float
    cpu_workers: float
    peak_mb: float
    jobs: int = 0
    children: int = 0
    overhead_ms: float = 0.0
    """What the cheapest job has cost beside its work."""


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


# ------------------------------------------------------------------ one run, by itself


def warm(seconds: float) -> int:
    """Called in a worker, which then has imported all that it needs."""
    import asl.runtime.worker  # noqa: F401

    sleep(seconds)
    return os.getpid()


@contextmanager
def opened(name: str) -> Iterator[tuple[Executor | None, set[int]]]:
    """A pool by its name, at work already, and its processes."""
    if name == "inline":
        yield None, set()
    elif name == "dask":
        from distributed import Client, LocalCluster

        with (
            LocalCluster(
                n_workers=2, threads_per_worker=1, dashboard_address=None
            ) as cluster,
            Client(cluster, set_as_default=False) as client,
        ):
            pids = set(client.run(warm, 0).values())
            yield client.get_executor(pure=False), pids
    else:
        with ProcessPoolExecutor(int(name), mp_context=get_context("spawn")) as pool:
            futures = [pool.submit(warm, 0.2) for _ in range(2 * int(name))]
            yield pool, {future.result() for future in futures}


def cpu_seconds(pids: set[int]) -> float:
    """CPU time of other processes so far; 0 where /proc does not tell."""
    total = 0
    for pid in pids:
        stat = Path(f"/proc/{pid}/stat")
        if stat.exists():
            user, system = stat.read_text().rpartition(")")[2].split()[11:13]
            total += int(user) + int(system)
    return total / os.sysconf("SC_CLK_TCK")


def run_once(kind: str, batch: int, pool_name: str, rows: int, folder: str) -> Figures:
    """Run a Map over the rows in a folder once."""
    text = json.dumps(definition(f"{rows}.{kind}", kind, batch))
    machine = asl.load_text(text)
    with opened(pool_name) as (pool, pids):
        runner = make_runner(machine, {}, pool=pool, buckets=folder)
        before, cpu, began = cpu_seconds(pids), process_time(), perf_counter()
        done = runner.run()
        took = perf_counter() - began
        cpu, theirs = process_time() - cpu, cpu_seconds(pids) - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures = Figures(done.status, rows, took, cpu, theirs, peak)
    if runner.crew is not None:
        figures.jobs = runner.crew.figures.jobs
        figures.children = runner.crew.figures.children
        figures.overhead_ms = runner.crew.figures.overhead_seconds * 1e3
    return figures


# ------------------------------------------------------------------------ all the runs


def measure(
    kind: str, batch: int, pool_name: str, rows: int, folder: str, repeat: int
) -> Figures:
    """The quickest of some runs, each in a process of its own."""
    file = Path(folder) / "rows" / f"{rows}.{kind}"
    if not file.exists():
        file.parent.mkdir(exist_ok=True)
        write_rows(file, kind, rows)
    asked = [kind, str(batch), pool_name, str(rows), folder]
    runs = []
    for _ in range(repeat):
        # To write over the results of another run takes longer than to write them.
        shutil.rmtree(Path(folder) / "rows" / "out", ignore_errors=True)
        done = subprocess.run(
            [sys.executable, str(HERE), "--one", *asked],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(done.stderr)
        runs.append(Figures(**json.loads(done.stdout.splitlines()[-1])))
    return min(runs, key=lambda run: run.seconds)


def pool_table(kind: str, batch: int, runs: dict[str, Figures]) -> Iterator[str]:
    """One workload on each pool."""
    some = next(iter(runs.values()))
    each = f"batches of {batch}" if batch else "a child for each item"
    yield f"## {some.rows:,} {kind} rows, {each}"
    yield ""
    yield (
        "| pool | rows/s | against inline | CPU here | CPU in workers | peak here "
        "| jobs | a job costs beside its work |"
    )
    yield "|---|---|---|---|---|---|---|---|"
    inline = runs.get("inline")
    for name, run in runs.items():
        ratio = "" if inline is None else f"{inline.seconds / run.seconds:.2f} ×"
        jobs = "| | |"
        if run.jobs:
            jobs = f"| {run.jobs:,} | {run.overhead_ms:.1f} ms |"
        label = NAMES.get(name, f"{name} process{'' if name == '1' else 'es'}")
        yield (
            f"| {label} | {run.rows / run.seconds:,.0f} | {ratio} "
            f"| {run.cpu_here:.2f} s | {run.cpu_workers:.2f} s | {run.peak_mb:,.0f} MB "
            f"{jobs}"
        )
    yield ""
    pooled = [run for name, run in runs.items() if run.jobs and name != "inline"]
    if pooled:
        yield from paper_estimate(pooled[-1])


def paper_estimate(run: Figures) -> Iterator[str]:
    """What 100 workers would do, by what a run has cost."""
    here = run.cpu_here / run.rows
    there = run.cpu_workers / run.rows
    bound = min(1 / here, 100 / there) if there else 1 / here
    child = run.cpu_here / run.children
    yield (
        f"On paper, 100 workers: a row takes {here * 1e6:.2f} µs of CPU in the parent "
        f"and {there * 1e6:.2f} µs in a worker, so the parent feeds "
        f"{there / here:.1f} workers at this work, which is next to none, and the rate "
        f"ends at {bound:,.0f} rows/s. A child costs the parent "
        f"{child * 1e6:,.0f} µs: 100 workers are busy all the time once a child works "
        f"for {child * 1e5:,.1f} ms or more."
    )
    yield ""


def size_table(folder: str, sizes: tuple[int, ...], repeat: int) -> Iterator[str]:
    """What an item costs inline, and the peak of memory, by the number of items."""
    yield "## Cost of an item, inline"
    yield ""
    yield "| items | JSONL, a child each | peak | CSV, batches of 100 | peak |"
    yield "|---|---|---|---|---|"
    for rows in sizes:
        line = f"| {rows:,} "
        for kind, batch in (("JSONL", 0), ("CSV", 100)):
            run = measure(kind, batch, "inline", rows, folder, repeat)
            line += f"| {run.cpu_here / rows * 1e6:.1f} µs | {run.peak_mb:,.0f} MB "
        yield line + "|"
    yield ""


def report(pools: list[str], rows: int, repeat: int) -> Iterator[str]:
    """All tables, line by line as they come."""
    yield "# Distributed Maps on pools"
    yield ""
    yield (
        "Written by `python tests/benchmarks/pools.py --write`: Express children that "
        "are one Pass, and a ResultWriter. The quickest of "
        f"{repeat} run(s); {os.cpu_count()} CPUs ({platform.machine()}), Python "
        f"{platform.python_version()}."
    )
    yield ""
    with tempfile.TemporaryDirectory() as folder:
        for kind, batch in JOBS:
            runs = {
                name: measure(kind, batch, name, rows, folder, repeat) for name in pools
            }
            yield from pool_table(kind, batch, runs)
        sizes = tuple(size for size in SIZES if size <= rows)
        yield from size_table(folder, sizes, repeat)


def main(given: list[str], say: Callable[[str], object]) -> None:
    """Measure what is asked for."""
    if given[:1] == ["--one"]:
        kind, batch, pool, rows, folder = given[1:]
        say(json.dumps(asdict(run_once(kind, int(batch), pool, int(rows), folder))))
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pools", nargs="*", metavar="POOL", default=list(POOLS))
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="write POOLS.md as well")
    options = parser.parse_args(given)
    lines = []
    for line in report(options.pools, options.rows, options.repeat):
        say(line)
        lines.append(line)
    if options.write:
        HERE.with_name("POOLS.md").write_text("\n".join(lines).rstrip() + "\n")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:], _say)
