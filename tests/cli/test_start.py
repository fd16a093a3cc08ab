"""What the command line and the front door load before they know what is wanted.

And what a run and a check load of what they do not use: in a short run that is most of
the time.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from asl.values import Json

ORDER = Path(__file__).parents[2] / "examples" / "order"

HEAVY = {"networkx", "jsonschema", "jsonpath_ng", "yaml", "jlens", "botocore"}
SLOW = {
    *("asyncio", "multiprocessing", "concurrent.futures", "logging", "tempfile"),
    *("difflib", "zipfile", "pickle", "csv", "decimal", "importlib.resources"),
}
"""Parts of Python's own library that take some milliseconds each."""

OURS = {
    *("asl.engine.distributed", "asl.engine.redrive", "asl.engine.visits"),
    *("asl.runtime.crew", "asl.runtime.dry_run", "asl.runtime.pools"),
    *("asl.runtime.kit", "asl.runtime.loads", "asl.runtime.worker"),
    *("asl.tasks.buckets", "asl.tasks.mocks", "asl.tasks.storage"),
}
"""Modules of ours that few runs need."""

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:do"
MACHINE: Json = {
    "StartAt": "A",
    "States": {
        "A": {"Type": "Task", "Resource": FUNCTION, "Next": "B", "TimeoutSeconds": 9},
        "B": {"Type": "Choice", "Choices": [], "Default": "C"},
        "C": {"Type": "Pass", "End": True},
    },
}
MACHINE["States"]["B"]["Choices"].append(
    {"Variable": "$.x", "NumericEquals": 1, "Next": "A"}
)


def loaded_by(code: str) -> set[str]:
    """The modules that a fresh interpreter has after running the code."""
    script = f"{code}\nimport sys; print(*sorted(sys.modules), file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(done.stderr.split())


def loaded_by_command(*arguments: object) -> set[str]:
    """The same, after a command."""
    return loaded_by(
        "from asl.cli.main import main\n"
        f"try: main({[str(argument) for argument in arguments]})\n"
        "except SystemExit: pass"
    )


@pytest.mark.parametrize(
    "code",
    [
        "import asl",
        "import asl.cli.main",
        "from asl.cli.main import main\ntry: main(['--help'])\nexcept SystemExit: pass",
        "from asl.cli.main import main\n"
        "try: main(['run', '--help'])\nexcept SystemExit: pass",
        "from asl.cli.main import main\n"
        "try: main(['--version'])\nexcept SystemExit: pass",
    ],
)
def test_help_and_the_front_door_load_nothing_heavy(code: str) -> None:
    assert not HEAVY & loaded_by(code)


def test_importing_asl_does_not_even_load_click() -> None:
    assert "click" not in loaded_by("import asl")


def test_a_run_of_a_json_machine_loads_only_what_it_uses() -> None:
    loaded = loaded_by(
        f"import asl\nmachine = asl.load_text({json.dumps(MACHINE)!r})\n"
        "tasks = asl.Tasks()\ntasks.bind('do')(lambda given: {'x': 2})\n"
        "assert asl.run(machine, {}, tasks=tasks).output == {'x': 2}"
    )

    assert not (HEAVY | SLOW | OURS | {"click"}) & loaded


def test_the_command_that_runs_a_machine_loads_nothing_heavy() -> None:
    loaded = loaded_by_command(
        *("run", ORDER / "workflow.asl.json"),
        *("--input", f"@{ORDER / 'input.json'}", "--tasks", ORDER / "tasks.py"),
    )
    assert not (HEAVY | SLOW | OURS | {"tomllib", "traceback"}) & loaded


def test_the_command_that_checks_a_definition_loads_nothing_heavy() -> None:
    loaded = loaded_by_command("check", ORDER / "workflow.asl.json")
    assert not (HEAVY | SLOW) & loaded
    assert not {name for name in loaded if name.startswith(("asl.engine", "asl.run"))}


def test_only_what_is_wrong_is_shown_to_jsonschema(tmp_path: Path) -> None:
    file = tmp_path / "wrong.asl.json"
    file.write_text(json.dumps({**MACHINE, "Strange": 1}), encoding="utf-8")
    loaded = loaded_by_command("check", file)
    assert "jsonschema" in loaded
    assert "networkx" not in loaded


def test_only_a_flow_with_a_fault_becomes_a_graph(tmp_path: Path) -> None:
    states = {**MACHINE["States"], "D": {"Type": "Pass", "Next": "D"}}
    file = tmp_path / "lost.asl.json"
    file.write_text(json.dumps({**MACHINE, "States": states}), encoding="utf-8")
    loaded = loaded_by_command("check", file)
    assert "networkx" in loaded
    assert "jsonschema" not in loaded
