"""Two hundred clients at once: no error, and nothing that was acknowledged is lost."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import server_load


def load(folder: Path, clients: int, seconds: float) -> server_load.Found:
    server = server_load.asl("--store", f"sqlite:///{folder / 'asl.db'}")
    return server_load.measure("asl", server, clients, seconds)


def test_a_few_clients_get_what_they_started(tmp_path: Path) -> None:
    found = load(tmp_path, 4, 0.5)
    assert found.started
    assert (found.errors, found.lost) == ([], set())
    assert "| asl |" in server_load.table([found], 4, 0.5)


@pytest.mark.soak
def test_two_hundred_clients_get_what_they_started(tmp_path: Path) -> None:
    found = load(tmp_path, 200, 60)
    print(server_load.table([found], 200, 60))  # noqa: T201 - the figures of the run
    assert len(found.started) > 200
    assert (found.errors, found.lost) == ([], set())
