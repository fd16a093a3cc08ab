"""Where callables and children run: here, on an Executor, or on an event loop.

In: coroutines, seconds, Executors and the texts that name them. Out: their results; an
Executor as a place for whole children: how many workers it has, what it is like when it
loses one.
Never: chooses; the runner does.
"""

import pickle
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import contextmanager
from os import cpu_count
from typing import TYPE_CHECKING, Any, TypeGuard, TypeVar

from asl.errors import AslError, UsageError
from asl.tasks.mocks import Mocks
from asl.tasks.registry import Tasks

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

T = TypeVar("T")

WORKER_LOST = "Asl.WorkerLost"
"""The error of a task or a child whose worker is gone and that is not tried again."""

THREADS = "asl-child"
"""The names of our own threads begin so."""


def run_coroutine(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end on a loop of its own."""
    import asyncio  # 50 ms, which a run without an async callable need not pay

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coroutine)
    coroutine.close()
    raise UsageError(
        "an async callable was bound, and an event loop is running already: "
        "use `await asl.run_async(...)` instead of `asl.run(...)`"
    )


def is_dask(pool: Executor) -> bool:
    """Whether it is what `client.get_executor(pure=False)` of Dask gives."""
    return type(pool).__module__.partition(".")[0] == "distributed"


def is_processes(pool: Executor) -> "TypeGuard[ProcessPoolExecutor]":
    """Whether it is a ProcessPoolExecutor, which is not imported only to ask."""
    module = sys.modules.get("concurrent.futures.process")
    return module is not None and isinstance(pool, module.ProcessPoolExecutor)


def refuse_unimportable(pool: Executor, source: Tasks | Mocks) -> None:
    """UsageError with the names of callables that another process cannot import."""
    if not (is_processes(pool) or is_dask(pool)):
        return
    refused = [
        f"{resource!r} ({getattr(function, '__qualname__', function)!s})"
        for resource, function in source.callables()
        if not _is_importable(function, is_dask(pool))
    ]
    if refused:
        raise UsageError(
            "another process cannot import the callables bound for "
            + ", ".join(refused)
            + ": define each with `def` at the top of a module, or use threads"
        )


def _is_importable(function: Callable[..., Any], elsewhere: bool) -> bool:
    if elsewhere and getattr(function, "__module__", None) == "__main__":
        return False
    try:
        pickle.dumps(function)
    except (pickle.PicklingError, AttributeError, TypeError):
        return False
    return True


class Workers:
    """An Executor, and what takes its place when it breaks."""

    def __init__(self, pool: Executor) -> None:
        self.pool = pool
        threads = sys.modules.get("concurrent.futures.thread")
        self.is_here = threads is not None and isinstance(
            pool, threads.ThreadPoolExecutor
        )
        """Whether its workers share this process's memory."""
        self.reruns_by_itself = is_dask(pool)
        """Whether it may run a job again without a word when a worker is lost."""
        self._count = 0
        self._ours: ProcessPoolExecutor | None = None

    def count(self) -> int:
        """How many jobs can be at work at once, as far as that is known."""
        if not self._count:
            client = getattr(self.pool, "_client", None)
            if self.reruns_by_itself and client is not None:
                self._count = sum(client.nthreads().values())
            else:
                self._count = getattr(self.pool, "_max_workers", 0) or cpu_count() or 1
            self._count = max(1, self._count)
        return self._count

    def submit(self, function: Callable[..., T], *given: object) -> "Future[T]":
        """Have a function called; in a new pool where the old one has just broken."""
        if self.reruns_by_itself:
            return _submit_to_dask(self.pool, function, given)
        try:
            return self.pool.submit(function, *given)
        except BrokenExecutor as error:
            self.renew(error)
            return self.pool.submit(function, *given)

    def lost_by(self, error: BaseException) -> bool:
        """Whether an error says that a worker is gone."""
        return isinstance(error, BrokenExecutor) or type(error).__name__ in _LOST

    def renew(self, error: BaseException) -> None:
        """Replace a pool of processes that is broken; others mend themselves or not."""
        pool = self.pool
        if not is_processes(pool):
            if isinstance(error, BrokenExecutor) and not self.reruns_by_itself:
                raise UsageError(f"the pool is broken and runs no more: {error}")
            return
        if not getattr(pool, "_broken", False):
            return  # it was replaced when another job came back
        from concurrent.futures import ProcessPoolExecutor

        again = ProcessPoolExecutor(
            self.count(),
            mp_context=getattr(pool, "_mp_context", None),
            initializer=getattr(pool, "_initializer", None),
            initargs=getattr(pool, "_initargs", ()),
        )
        if self._ours is not None:
            self._ours.shutdown(wait=False)
        self.pool = self._ours = again

    def explained(self, error: BaseException) -> BaseException:
        """What to raise for an error that is not a child's or a task's own."""
        if not self.reruns_by_itself or isinstance(error, AslError):
            return error
        return UsageError(
            f"the Dask workers could not do it: {type(error).__name__}: {error}. "
            "Scheduler and workers need aslkit and the modules of the callables"
        )

    def close(self, *, at_once: bool) -> None:
        """Stop a pool that took the place of another."""
        if self._ours is not None:
            stop_processes(self._ours, at_once=at_once)


def _submit_to_dask(
    pool: Any, function: Callable[..., T], given: tuple[object, ...]
) -> "Future[T]":
    """Have a function called by Dask itself: its Executor loses what went wrong.

    (A future of `client.get_executor()` whose function raises is never done.)
    """
    ours: Future[T] = Future()
    theirs = pool._client.submit(function, *given, **{"pure": False, **pool._kwargs})

    def came_back(done: Any) -> None:
        if not ours.set_running_or_notify_cancel():
            return
        try:
            result = done.result()  # which may be lost with its worker even now
        except BaseException as error:
            ours.set_exception(error)
        else:
            ours.set_result(result)

    def cancelled(future: "Future[T]") -> None:
        if future.cancelled():
            theirs.cancel()

    ours.add_done_callback(cancelled)
    theirs.add_done_callback(came_back)
    return ours


_LOST = ("KilledWorker", "WorkerLost", "FutureCancelledError", "CancelledError")


def stop_processes(pool: "ProcessPoolExecutor", *, at_once: bool) -> None:
    """Shut a pool down; at once: without waiting for what its processes are at."""
    processes = list((getattr(pool, "_processes", None) or {}).values())
    pool.shutdown(wait=not at_once, cancel_futures=True)
    if at_once:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()


@contextmanager
def opened(text: str) -> Iterator[Executor]:
    """The pool that a text names: processes[=N], threads[=N] or dask=ADDRESS.

    It is stopped behind the block; at once where that ends with an exception.
    """
    kind, _, given = text.partition("=")
    if kind == "dask" and given:
        with _dask(given) as pool:
            yield pool
        return
    count = cpu_count() or 1
    if given:
        if not given.isdecimal() or int(given) < 1:
            raise UsageError(f"--pool {text}: {given!r} is no number of {kind}")
        count = int(given)
    if kind == "threads":
        from concurrent.futures import ThreadPoolExecutor

        threads = ThreadPoolExecutor(count, THREADS)
        try:
            yield threads
        except BaseException:
            # What a thread is at goes on: who was told to stop need not wait for it.
            threads.shutdown(wait=False, cancel_futures=True)
            raise
        threads.shutdown()
    elif kind == "processes":
        from concurrent.futures import ProcessPoolExecutor
        from multiprocessing import get_context

        # Fresh processes: a fork would copy whatever threads and locks are here.
        processes = ProcessPoolExecutor(
            count, mp_context=get_context("spawn"), initializer=_leave_interrupts
        )
        try:
            yield processes
        except BaseException:
            stop_processes(processes, at_once=True)
            raise
        stop_processes(processes, at_once=False)
    else:
        raise UsageError(
            f"--pool takes processes[=N], threads[=N] or dask=ADDRESS, not {text!r}"
        )


def _leave_interrupts() -> None:
    """Ctrl-C is for the parent, which stops its workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _dask(address: str) -> Iterator[Executor]:
    try:
        from distributed import Client
    except ImportError:
        raise UsageError(
            'a pool of Dask workers needs the extra "dask": pip install "aslkit[dask]"'
        ) from None
    try:
        client = Client(address, set_as_default=False)
    except (OSError, ValueError) as error:
        raise UsageError(f"no Dask scheduler answers at {address}: {error}") from None
    with client:
        yield client.get_executor(pure=False)


def claim(name: str) -> None:
    """On a Dask worker: say that a job has begun; BrokenExecutor where it had before.

    Dask runs a job again whose worker was lost, and tells nobody.
    """
    from distributed import Event

    begun = Event(name)
    if begun.is_set():
        raise BrokenExecutor("the worker that had begun the job is gone")
    begun.set()
