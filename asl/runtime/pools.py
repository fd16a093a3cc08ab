"""Where callables run: here, on an Executor, or on an event loop.

In: coroutines and seconds. Out: their results.
Never: chooses; the runner does.
"""

import time
from collections.abc import Coroutine
from typing import Any, TypeVar

from asl.errors import UsageError

T = TypeVar("T")


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


def sleep(seconds: float) -> None:
    """Let real time pass: what context.advance does under a real clock."""
    time.sleep(seconds)
