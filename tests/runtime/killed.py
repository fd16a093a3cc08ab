"""A worker is killed in mid-run, from outside: for tests of lost workers.

In: the folder in which `importable.tell` leaves word. Out: whom it has hit.
Never: waits for time to pass; it waits for work to have begun, within a limit.
"""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def killer(folder: Path, after: int = 1) -> Iterator[list[int]]:
    """Kill a worker as soon as so many children have begun: the one that began last."""
    victims: list[int] = []
    thread = threading.Thread(target=_kill_one, args=(folder, after, victims))
    thread.start()
    try:
        yield victims
    finally:
        thread.join()


def begun(folder: Path) -> list[str]:
    """The children that have begun, as often as they have."""
    return [
        line for file in folder.glob("pid*") for line in file.read_text().splitlines()
    ]


def _kill_one(folder: Path, after: int, victims: list[int]) -> None:
    for _ in range(6_000):
        if len(begun(folder)) >= after:
            last = max(folder.glob("pid*"), key=lambda file: file.stat().st_mtime_ns)
            pid = int(last.name.removeprefix("pid"))
            os.kill(pid, signal.SIGKILL)
            victims.append(pid)
            return
        threading.Event().wait(0.005)
