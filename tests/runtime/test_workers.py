"""Pools by name, and what takes the place of one that has broken."""

import asyncio
import json
import sys
import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from pathlib import Path
from typing import Any

import importable
import pytest

import asl
from asl.runtime.pools import (
    WORKER_LOST,
    Workers,
    is_dask,
    opened,
    refuse_unimportable,
    run_coroutine,
    stop_processes,
)


def test_a_thread_at_work_does_not_keep_who_was_interrupted() -> None:
    go_on, at_work = threading.Event(), threading.Event()
    futures: list[Future[bool]] = []

    def work() -> bool:
        at_work.set()
        return go_on.wait(60)

    def interrupted() -> None:
        with opened("threads=1") as pool:
            futures.extend(pool.submit(work) for _ in range(3))
            assert at_work.wait(60)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    first, *others = futures
    assert first.running()
    assert all(future.cancelled() for future in others)
    go_on.set()
    assert first.result(60)


def test_a_coroutine_runs_on_a_loop_of_its_own_or_not_at_all() -> None:
    async def one() -> int:
        return 1

    async def inside() -> None:
        run_coroutine(one())

    assert run_coroutine(one()) == 1
    with pytest.raises(asl.UsageError, match="run_async"):
        asyncio.run(inside())


def test_without_dask_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(asl.UsageError, match=r'needs the extra "dask": pip install'),
        opened("dask=tcp://127.0.0.1:1"),
    ):
        pass  # pragma: no cover


def test_a_pool_of_processes_that_broke_is_replaced_once() -> None:
    with ProcessPoolExecutor(1) as pool:
        workers = Workers(pool)
        workers.renew(BrokenExecutor("not this one"))
        assert workers.pool is pool
        with pytest.raises(BrokenExecutor):
            pool.submit(importable.deadly, None).result(60)
        for _ in range(2):
            assert workers.submit(importable.double, 2).result(60) == 4
            assert workers.pool is not pool
        first = workers.pool
        with pytest.raises(BrokenExecutor):
            workers.submit(importable.deadly, None).result(60)
        assert workers.submit(importable.double, 3).result(60) == 6
        assert workers.pool is not first
        workers.close(at_once=True)


def test_a_pool_without_processes_is_stopped() -> None:
    stop_processes(ProcessPoolExecutor(1), at_once=True)


def test_workers_are_counted_as_far_as_that_is_known() -> None:
    class Unknown(Executor):
        pass

    class Client:
        def nthreads(self) -> dict[str, int]:
            return {"a": 2, "b": 3}

    class Far(Executor):
        _client = Client()

    assert Workers(Unknown()).count() >= 1
    Far.__module__ = "distributed.cfexecutor"
    assert is_dask(Far())
    assert Workers(Far()).count() == 5


def test_a_lost_worker_is_known_by_its_error() -> None:
    class KilledWorker(Exception):
        """Dask's own name for it."""

    workers = Workers(Executor())
    assert workers.lost_by(KilledWorker())
    assert workers.lost_by(BrokenExecutor())
    assert not workers.lost_by(ValueError())


def test_threads_take_whatever_is_bound() -> None:
    tasks = asl.Tasks()
    tasks.bind("short")(lambda event: event)
    with opened("threads=1") as pool:
        refuse_unimportable(pool, tasks)


@pytest.mark.full
@pytest.mark.filterwarnings("ignore")  # Dask's own
def test_a_scheduler_that_is_not_there_is_named() -> None:
    pytest.importorskip("distributed", reason="needs dask.distributed")
    dask: Any = pytest.importorskip("dask", reason="needs dask")
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "300ms"}),
        pytest.raises(asl.UsageError, match=r"no Dask scheduler answers at tcp://127"),
        opened("dask=tcp://127.0.0.1:9"),
    ):
        pass  # pragma: no cover


def lone_task(function: str, **fields: Any) -> asl.StateMachine:
    arn = f"arn:aws:lambda:us-east-1:123456789012:function:{function}"
    state = {"Type": "Task", "Resource": arn, "End": True, **fields}
    return asl.load_text(json.dumps({"StartAt": "Work", "States": {"Work": state}}))


def tasks_of(*functions: Callable[..., Any]) -> asl.Tasks:
    tasks = asl.Tasks()
    for function in functions:
        tasks.bind(function.__name__)(function)
    return tasks


def test_a_task_whose_worker_is_lost_fails() -> None:
    with opened("processes=1") as pool:
        tasks = tasks_of(importable.deadly)
        failed = asl.run(lone_task("deadly"), {"id": 1}, tasks=tasks, pool=pool)
    assert (failed.status, failed.error) == ("FAILED", WORKER_LOST)
    assert failed.cause == "The worker that ran the task is gone."


def test_a_retry_calls_a_task_again_whose_worker_was_lost(tmp_path: Path) -> None:
    flag = tmp_path / "fallen"
    flag.touch()
    retry = [{"ErrorEquals": ["States.TaskFailed"], "MaxAttempts": 1}]
    with opened("processes=1") as pool:
        done = asl.run(
            lone_task("fragile", Retry=retry),
            {"id": 5, "flag": str(flag)},
            tasks=tasks_of(importable.fragile),
            pool=pool,
        )
    assert (done.status, done.output, done.retries) == ("SUCCEEDED", 5, 1)


def test_what_dask_cannot_do_is_told_with_what_it_needs() -> None:
    class Far(Executor):
        """Stands for what `client.get_executor()` of Dask gives."""

    Far.__module__ = "distributed.cfexecutor"
    workers = Workers(Far())
    told = workers.explained(RuntimeError("no module named 'asl'"))
    assert isinstance(told, asl.UsageError)
    assert "workers need aslkit" in str(told)
    ours = asl.UsageError("said better")
    assert workers.explained(ours) is ours
    foreign = RuntimeError("of a process")
    assert Workers(Executor()).explained(foreign) is foreign
