"""The peers' half of the benchmark stays alive: what is absent is told in a word."""

from pathlib import Path

import fresh
import measure
import peers
import pytest
import side_by_side
import workloads


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "missing", lambda name: "not installed")


@pytest.mark.usefixtures("alone")
def test_the_whole_command_runs_where_no_peer_is_installed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(measure, "ROUND_SECONDS", 0)
    monkeypatch.setattr(workloads, "full", workloads.small)
    measure.main(["--rounds", "1", "W1", "W6", "W7"])
    told = capsys.readouterr().out
    assert "| W7 | 17 s of Wait and Retry |" in told
    assert told.count("– (not installed)") == 3
    assert "no JSONata" in told


@pytest.mark.usefixtures("alone")
def test_a_start_is_measured_for_asl_alone_where_no_peer_is_installed() -> None:
    rows = side_by_side.start_rows(1)
    assert [row[0] for row in rows] == ["asl", *peers.ENGINES]
    assert rows[0][1].endswith(" ms")


def test_checks_are_measured_where_definitions_stand_beside_us(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(side_by_side, "DEFINITIONS", tmp_path)
    monkeypatch.setattr(peers, "missing", lambda name: "not installed")
    assert side_by_side.check_rows(1) == []
    text = '{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}'
    (tmp_path / "one.asl.json").write_text(text)
    (tmp_path / "other.json").write_text("{}")
    own, validator = side_by_side.check_rows(1)
    assert own[:2] == ["asl", "1"]
    assert validator == ["asl-validator", "1", "– (not installed)"]


def test_a_peer_on_node_is_missing_without_node_or_without_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASL_NODE_MODULES", str(tmp_path))
    monkeypatch.setattr("shutil.which", lambda name: "/bin/node")
    assert peers.missing("asl-validator") == "not installed"
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert peers.missing("asl-validator") == "no node"
    with pytest.raises(peers.Cannot, match="no node"):
        peers.check_seconds([])


def test_a_peer_in_python_is_missing_without_its_package(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(peers._MODULES, "moto", ("no_such_package.inner",))
    assert peers.missing("moto") == "not installed"
    with pytest.raises(peers.Cannot, match="not installed"):
        peers.run_seconds("moto", workloads.small("W1"), 1, 1)


@pytest.mark.full
@pytest.mark.parametrize("name", ["W1", "W2", "W3", "W4", "W5", "W8"])
@pytest.mark.parametrize("peer", peers.ENGINES[:2])
def test_a_peer_does_the_same_work(peer: str, name: str) -> None:
    if why := peers.missing(peer):
        pytest.skip(f"{peer}: {why}")
    assert peers.run_seconds(peer, workloads.small(name), 1, 1) > 0


@pytest.mark.full
def test_a_validator_on_node_takes_definitions() -> None:
    if why := peers.missing("asl-validator"):
        pytest.skip(f"asl-validator: {why}")
    assert peers.check_seconds(['{"StartAt": "A", "States": {}}']) > 0


def test_the_rows_of_fresh_processes_have_their_verdicts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(
        fresh.Processes,
        "run",
        lambda self, *given: {fresh._BARE: "9", fresh._LONG: "30 10 25000"}.get(
            given[1], "30 40"
        ),
    )
    rows = fresh.memory(fresh.Processes(str(tmp_path)))
    assert [row[-1] for row in rows] == ["–", "reached", "reached"]
