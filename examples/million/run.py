"""The job in Python, on any of its pools.

    python examples/million/run.py /tmp/million inline
    python examples/million/run.py /tmp/million threads
    python examples/million/run.py /tmp/million processes
    python examples/million/run.py /tmp/million dask

The last one starts a Dask cluster of two workers on this machine. The guard at the end
is needed: fresh processes import this module, too.
"""

import json
import sys
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

from tasks import check_payments  # Python finds what is beside a script

import asl

HERE = Path(__file__).resolve().parent


@contextmanager
def opened(name: str) -> Iterator[Executor | None]:
    """The pool of this name; None is this very process."""
    if name == "processes":
        with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
            yield pool
    elif name == "threads":
        with ThreadPoolExecutor() as threads:
            yield threads
    elif name == "dask":
        from distributed import Client, LocalCluster

        with (
            LocalCluster(
                n_workers=2, threads_per_worker=1, dashboard_address=None
            ) as cluster,
            Client(cluster) as client,
        ):
            yield client.get_executor(pure=False)
    else:
        yield None


def run(folder: str, name: str) -> asl.Execution:
    """Check all payments in a folder of buckets."""
    tasks = asl.Tasks()
    tasks.bind("check-payments")(check_payments)
    given = json.loads((HERE / "input.json").read_text(encoding="utf-8"))
    with opened(name) as pool:
        return asl.run(
            asl.load(HERE / "workflow.asl.json"),
            given,
            tasks=tasks,
            pool=pool,
            buckets=folder,
        )


if __name__ == "__main__":
    done = run(*sys.argv[1:3])
    sys.stdout.write(f"{done.status}: {json.dumps(done.output)}\n")
