"""asl run --pool: where the children of distributed Maps run, and how far they are."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

import asl
from asl.cli.main import main
from asl.cli.progress import Progress
from asl.runtime.run import make_runner
from asl.values import Json

if TYPE_CHECKING:
    from asl.engine.distributed import MapRun

DEFINITION: Json = {
    "StartAt": "Each",
    "States": {
        "Each": {
            "Type": "Map",
            "End": True,
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
        }
    },
}


def run(tmp_path: Path, *words: str, given: str = "[1,2,3]") -> Result:
    (tmp_path / "m.json").write_text(json.dumps(DEFINITION))
    (tmp_path / "pool_tasks.py").write_text(
        "def do(event):\n"
        "    if event < 0:\n"
        "        raise ValueError(f'{event} is too low')\n"
        "    return event + 1\n"
    )
    start = ["run", str(tmp_path / "m.json"), "--input", given]
    return CliRunner().invoke(
        main, [*start, "--tasks", str(tmp_path / "pool_tasks.py"), *words]
    )


@pytest.mark.parametrize("pool", ["threads=2", "threads", "processes=1"])
def test_children_run_on_the_pool(tmp_path: Path, pool: str) -> None:
    done = run(tmp_path, "--pool", pool, "--output", "json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["output"] == [2, 3, 4]


def test_the_error_of_a_child_on_a_pool_is_shown(tmp_path: Path) -> None:
    done = run(tmp_path, "--pool", "threads=1", given="[1,-2]")
    assert done.exit_code == 1
    assert "child   [1] FAILED: ValueError" in done.stdout
    assert "-2 is too low" in done.stdout


@pytest.mark.parametrize("pool", ["fibres", "threads=none"])
def test_an_unknown_pool_is_refused(tmp_path: Path, pool: str) -> None:
    done = run(tmp_path, "--pool", pool)
    assert done.exit_code == 2
    assert "--pool" in done.stderr


def test_a_dry_run_has_no_pool(tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text(json.dumps(DEFINITION))
    words = ["run", str(tmp_path / "m.json"), "--dry-run", "--pool", "threads"]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 2
    assert "--pool" in done.stderr


def test_the_progress_of_a_map_run_is_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import sys

    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("asl.cli.progress.SECONDS", 0)
    tasks = asl.Tasks()
    tasks.bind("do")(lambda event: event)
    runs: list[MapRun] = []
    progress = Progress(runs)
    machine = asl.load_text(json.dumps(DEFINITION))
    runner = make_runner(machine, [1, 2, 3], tasks=tasks, on_reply=progress.look)
    runner.root.map_runs = runs
    runner.run()
    progress.end()
    said = capsys.readouterr().err
    assert "Each" in said
    assert "3/3" in said
    assert "items/s" in said
