"""Every folder of examples/ runs, through Python and by the command its tasks.py names.

In: examples/, and what each run must end with (exampled.py). Out: verdicts.
Never: asserts elapsed time, only virtual time.
"""

import ast
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from exampled import (
    CASES,
    EXAMPLES,
    ORDER_STOCKED,
    ORDER_WAITED,
    ROOT,
    Case,
    buckets_of,
    input_of,
    tasks_of,
)

import asl
from asl.values import Json

FOLDERS = sorted(path.parent.name for path in EXAMPLES.glob("*/tasks.py"))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_example_ends_as_it_says(case: Case, tmp_path: Path) -> None:
    file = EXAMPLES / case.file
    execution = asl.run(
        asl.load(file),
        input_of(case),
        tasks=tasks_of(file.parent),
        buckets=buckets_of(file.parent, tmp_path),
    )
    assert (execution.status, execution.error) == (case.status, case.error)
    assert execution.path == case.path
    assert execution.duration_seconds == case.seconds
    if case.error is None:
        # Some examples pass their input on; what they add must be there.
        assert selected(execution.output, case.output) == case.output
    else:
        assert case.cause is not None
        assert case.cause in (execution.cause or "")


def test_every_definition_is_in_the_table() -> None:
    found = {
        path.relative_to(EXAMPLES).as_posix() for path in EXAMPLES.glob("*/*.asl.*")
    }
    assert found == {case.file for case in CASES}


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_commands_of_an_example_run(folder: str, tmp_path: Path) -> None:
    commands = commands_of(EXAMPLES / folder / "tasks.py")
    assert commands, "tasks.py says how to run the example"
    buckets = str(buckets_of(EXAMPLES / folder, tmp_path))
    for words in commands:
        file = (ROOT / words[2]).relative_to(EXAMPLES).as_posix()
        case = given_input(file)
        if words[-1].startswith("dask="):
            continue  # for which a cluster has to be there
        if "--buckets" in words:
            words[words.index("--buckets") + 1] = buckets
        done = run_command([*words, "--output", "json"])
        assert done.returncode == (0 if case.error is None else 1), done.stderr
        result = json.loads(done.stdout)
        assert result["status"] == case.status
        assert result["duration_seconds"] == case.seconds
        if case.error is None:
            assert selected(result["output"], case.output) == case.output
        else:
            assert result["error"] == case.error


def test_every_definition_has_a_command_that_runs_it() -> None:
    named = {
        words[2]
        for folder in FOLDERS
        for words in commands_of(EXAMPLES / folder / "tasks.py")
    }
    assert named == {f"examples/{case.file}" for case in CASES}


def test_the_order_on_the_command_line_tells_its_story() -> None:
    (words,) = commands_of(EXAMPLES / "order" / "tasks.py")
    done = run_command(words)
    assert done.returncode == 0, done.stderr
    assert "SUCCEEDED" in done.stdout
    for state in (*ORDER_WAITED, *ORDER_STOCKED, "Ship order"):
        assert state in done.stdout
    assert "Traceback" not in done.stderr


def commands_of(path: Path) -> list[list[str]]:
    """The `asl run …` commands in a module's docstring, as words."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return [
        shlex.split(line)
        for line in docstring.splitlines()
        if line.strip().startswith("asl run ")
    ]


def given_input(file: str) -> Case:
    """The case that runs an example with its own input."""
    (case,) = (case for case in CASES if case.file == file and case.changes is None)
    return case


def run_command(words: list[str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        timeout=60,
        check=False,
    )


def selected(value: Json, like: Json) -> Json:
    """The members of an object that another one names."""
    return {key: value[key] for key in like if key in value}


@pytest.mark.full
def test_the_pictures_beside_the_examples_are_those_of_today(tmp_path: Path) -> None:
    pytest.importorskip("pygraphviz")
    run = [sys.executable, "-m", "asl"]
    drawn = subprocess.run(
        [*run, "draw", "examples", "--check"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert drawn.returncode == 0, drawn.stdout.decode() + drawn.stderr.decode()

    order = "examples/order/workflow.asl.json"
    history = subprocess.run(
        [
            *run, "run", order, "--input", "@examples/order/input.json", "--tasks",
            "examples/order/tasks.py", "--output", "json", "--history", "json",
        ],
        cwd=ROOT, capture_output=True, check=True,
    ).stdout  # fmt: skip
    (tmp_path / "run.json").write_bytes(history)
    taken = ["--execution", str(tmp_path / "run.json"), "-o", "examples/order/run.svg"]
    again = subprocess.run([*run, "draw", order, *taken, "--check"], cwd=ROOT)
    assert again.returncode == 0
