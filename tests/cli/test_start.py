"""What the command line and the front door load before they know what is wanted."""

import subprocess
import sys

import pytest

HEAVY = {"networkx", "jsonschema", "jsonpath_ng", "yaml", "jlens", "botocore"}


def loaded_by(code: str) -> set[str]:
    """The top-level modules that a fresh interpreter has after running the code."""
    script = f"{code}\nimport sys; print(*sorted(sys.modules), file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(done.stderr.split())


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
    text = '{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}'
    loaded = loaded_by(f"import asl\nasl.run(asl.load_text({text!r}))")

    assert not {"yaml", "botocore", "click"} & loaded
    assert "asl.runtime.dry_run" not in loaded
