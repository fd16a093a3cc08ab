"""A server with a store that is killed, stopped or short of room: nothing is lost."""

import contextlib
import os
import random
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from served_store import (
    PASS,
    PATIENCE,
    WAIT,
    Client,
    Process,
    Refused,
    Worker,
    connected,
    load_and_kill,
)

KILLS = int(os.environ.get("ASL_KILLS", "100"))
LOST = "was running when the server ended"


@contextlib.contextmanager
def serving(file: Path, *options: str) -> Iterator[Process]:
    process = Process(file, *options)
    try:
        yield process
    finally:
        if process.popen.poll() is None:
            process.kill()


def check_file(file: Path) -> None:
    """SQLite finds the file whole; in a copy, so that the server mends its own."""
    copy = file.with_name("copy.db")
    for end in ("", "-wal"):
        source = file.with_name(file.name + end)
        target = copy.with_name(copy.name + end)
        target.unlink(missing_ok=True)
        if source.exists():
            shutil.copyfile(source, target)
    with contextlib.closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_killed_server_has_lost_nothing_and_says_what_was_running(
    tmp_path: Path,
) -> None:
    file = tmp_path / "asl.db"
    worker = Worker("w", "1", is_virtual=True)
    with serving(file) as process:
        with connected(process.url) as client:
            waiting = client.create("wait", WAIT)
            started = client.call("StartExecution", stateMachineArn=waiting)
        load_and_kill(process, [worker], 40, 0)
    check_file(file)
    with serving(file) as process, connected(process.url) as client:
        told = {one["executionArn"]: one for one in process.told(LOST)}
        assert told[started["executionArn"]]["stateMachineArn"] == waiting
        assert told[started["executionArn"]]["level"] == "WARNING"
        assert worker.check(client) > 0
        assert process.stop() == 0
    with serving(file) as process:
        assert process.told(LOST) == []


def test_a_second_server_ends_with_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "asl.db"
    with (
        serving(file),
        pytest.raises(AssertionError, match=r"error: the store .* is another server's"),
    ):
        Process(file)


@pytest.mark.skipif(os.name != "posix", reason="no limits for files")
def test_a_server_that_cannot_write_ends_and_has_kept_what_it_answered(
    tmp_path: Path,
) -> None:
    import resource

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000))

    file, kept = tmp_path / "asl.db", []
    process = Process(file, preexec_fn=limit)
    client = Client(process.url)
    machine = client.create("m", PASS)

    def work() -> None:
        for _ in range(1_000):
            answer = client.call("StartExecution", stateMachineArn=machine)
            kept.append(answer["executionArn"])

    with pytest.raises(Refused, match=r"InternalFailure.* cannot be written to"):
        work()
    client.close()
    assert process.wait() == 2
    assert "cannot be written to" in process.errors
    with serving(file) as process, connected(process.url) as client:
        for arn in kept:
            found = client.call("DescribeExecution", executionArn=arn)
            assert found["status"] == "SUCCEEDED"
        assert process.stop() == 0
    assert kept


@pytest.mark.soak
@pytest.mark.parametrize("seed", [os.environ.get("ASL_SEED", "20260")])
def test_a_hundred_kills_lose_nothing(tmp_path: Path, seed: str) -> None:
    print(f"seed {seed}: ASL_SEED={seed}")  # noqa: T201 - asked for
    chance = random.Random(seed)
    file, workers = tmp_path / "asl.db", list[Worker]()
    checked = answered = lost = 0
    process, options = Process(file), list[str]()
    try:
        for kill in range(KILLS):
            team = [
                Worker(f"r{kill}-{n}", f"{seed}.{kill}.{n}", is_virtual=not options)
                for n in range(8)
            ]
            count, delay = chance.randrange(1, 400), chance.random() / 50
            answered += load_and_kill(process, team, count, delay)
            check_file(file)
            options = ["--real-time"] if chance.random() < 0.5 else []
            process = Process(file, *options)
            lost += len(process.told(LOST))
            with connected(process.url) as client:
                checked += sum(worker.check(client) for worker in team)
            workers += team
        with connected(process.url) as client:
            total = sum(worker.check(client) for worker in workers)
    finally:
        process.kill()
    check_file(file)
    assert total == checked
    print(  # noqa: T201 - the figures of the run
        f"{KILLS} kills, {answered} answers, {total} executions checked twice, "
        f"{lost} were running; the file has {file.stat().st_size:,} bytes"
    )
    assert process.popen.wait(PATIENCE) is not None
