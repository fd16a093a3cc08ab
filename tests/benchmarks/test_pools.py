"""The measurement of pools is kept alive; it proves nothing about speed."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import pools


def test_all_tables_are_written() -> None:
    lines = list(pools.report(["inline", "1"], 1_000, 1))
    text = "\n".join(lines)
    assert text.count("| inline |") == 3
    assert text.count("| 1 process |") == 3
    assert "On paper, 100 workers" in text
    assert "| 1,000 |" in text


@pytest.mark.full
def test_dask_is_measured_too(tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="Dask is not installed")
    figures = pools.measure("CSV", 100, "dask", 1_000, str(tmp_path), 1)
    assert figures.status == "SUCCEEDED"
    assert figures.jobs


def test_one_run_is_told_as_json(tmp_path: Path) -> None:
    (tmp_path / "rows").mkdir()
    pools.write_rows(tmp_path / "rows" / "50.JSONL", "JSONL", 50)
    said: list[str] = []
    pools.main(["--one", "JSONL", "0", "inline", "50", str(tmp_path)], said.append)
    assert '"status": "SUCCEEDED"' in said[0]
