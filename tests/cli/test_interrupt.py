"""Ctrl-C in the middle of a distributed Map: all stop, and nothing is half-written.

In: `asl run` as a process of its own, with workers of each kind. Out: its exit code,
its last words, what is left. Never: sleeps; it waits for children to have begun, and
for results to be under way, within a limit.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from asl.values import Json

pytestmark = pytest.mark.full  # only because they take their time

ROOT = Path(__file__).resolve().parents[2]
QUICK = 21_000
"""So many children come to an end; two parts of results are written by then."""
STUCK = 40_000
"""So many do not: more than one job holds, so that every worker has some."""
DEFINITION: Json = {
    "StartAt": "Each",
    "States": {
        "Each": {
            "Type": "Map",
            "ItemReader": {
                "Resource": "arn:aws:states:::s3:getObject",
                "ReaderConfig": {"InputType": "JSONL"},
                "Parameters": {"Bucket": "in", "Key": "rows.jsonl"},
            },
            "ItemProcessor": {
                "ProcessorConfig": {
                    "Mode": "DISTRIBUTED",
                    "ExecutionType": "EXPRESS",
                },
                "StartAt": "Do",
                "States": {
                    "Do": {
                        "Type": "Task",
                        "Resource": "arn:aws:lambda:us-east-1:123456789012:function:do",
                        "End": True,
                    }
                },
            },
            "ResultWriter": {
                "Resource": "arn:aws:states:::s3:putObject",
                "Parameters": {"Bucket": "out"},
            },
            "End": True,
        }
    },
}
TASKS = f"""\
import os, time
from pathlib import Path

def do(event):
    if event >= {QUICK}:
        Path(__file__).with_name(f"began-{{os.getpid()}}-{{event}}").touch()
        time.sleep(3_600)
    return event
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "interrupted_tasks.py").write_text(TASKS)
    (tmp_path / "m.asl.json").write_text(json.dumps(DEFINITION))
    for bucket in ("in", "out"):
        (tmp_path / "buckets" / bucket).mkdir(parents=True)
    rows = "".join(f"{number}\n" for number in range(QUICK + STUCK))
    (tmp_path / "buckets" / "in" / "rows.jsonl").write_text(rows)
    return tmp_path


@pytest.mark.parametrize("whole_group", [False, True])
@pytest.mark.parametrize("pool", ["processes=2", "threads=2", "none"])
def test_an_interrupted_run_leaves_nothing_behind(
    place: Path, pool: str, whole_group: bool
) -> None:
    words = [sys.executable, "-m", "asl", "run", str(place / "m.asl.json")]
    words += ["--tasks", str(place / "interrupted_tasks.py")]
    words += ["--buckets", str(place / "buckets"), "--output", "json"]
    words += [] if pool == "none" else ["--pool", pool]
    at_work = 1 if pool == "none" else 2
    with subprocess.Popen(
        words,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as run:
        try:
            wait_for(lambda: len(began(place)) >= at_work and written(place), run)
            workers = {int(file.name.split("-")[1]) for file in began(place)}
            # A terminal tells the whole group; `kill` tells one.
            (os.killpg if whole_group else os.kill)(run.pid, signal.SIGINT)
            out, err = run.communicate(timeout=60)
        finally:
            if run.poll() is None:
                os.killpg(run.pid, signal.SIGKILL)
    assert run.returncode == 130
    assert err.strip().splitlines() == ["interrupted"]
    assert out == ""
    assert len(workers) == (2 if pool == "processes=2" else 1)
    assert not [pid for pid in workers if is_alive(pid)]
    assert written(place) == []


def wait_for(
    is_so: Callable[[], object], run: "subprocess.Popen[str]", seconds: int = 120
) -> None:
    for _ in range(100 * seconds):
        if is_so():
            return
        assert run.poll() is None, run.communicate()
        threading.Event().wait(0.01)
    raise AssertionError("the children have not begun")


def began(place: Path) -> list[Path]:
    return list(place.glob("began-*"))


def written(place: Path) -> list[Path]:
    """All files in the bucket of results, hidden or not."""
    found = (place / "buckets" / "out").rglob("*")
    return [file for file in found if file.is_file()]


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    # One that has ended and is not yet buried counts as gone.
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"
