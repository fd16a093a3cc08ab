"""What the README promises: its commands, its code, its links; and our texts' manners.

In: README.md, .ci/run and all texts of the project. Out: nothing. Never: installs.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
FILES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "tests/README.md")


def blocks(language: str, text: str = README) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def marked(name: str) -> str:
    """The line of code below a mark such as `<!-- test command -->`."""
    found = re.search(rf"<!-- {name} -->\n```sh\n(.+)\n```", README)
    assert found is not None, f"README.md has no {name}"
    return found[1]


def asl_commands() -> list[list[str]]:
    """Every `asl …` in the README's shell blocks, as words."""
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    steps = [step.strip() for line in lines for step in line.split("&&")]
    words = [shlex.split(step) for step in steps]
    return [word for word in words if Path(word[0]).name == "asl"]


def run_asl(words: list[str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "asl", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        timeout=60,
        check=False,
    )


def texts() -> Iterator[Path]:
    """Every text of ours."""
    for name in ("asl", "examples", "tests", ".github", ".ci", "schemas"):
        for path in sorted((ROOT / name).rglob("*")):
            if path.is_file() and path.suffix in (
                ".py", ".md", ".json", ".yaml", ".yml", ".txt", "",
            ):  # fmt: skip
                yield path
    yield from ROOT.glob("*.md")
    yield ROOT / "pyproject.toml"


def test_the_first_command_installs_and_runs_the_order_workflow() -> None:
    command = marked("first command")
    assert command.startswith("python3 -m venv .venv && ")
    assert ".venv/bin/asl run examples/order/" in command


def test_the_second_command_installs_and_runs_the_tests() -> None:
    command = marked("test command")
    assert "'.[test]'" in command
    assert command.endswith(".venv/bin/python -m pytest -n auto")


@pytest.mark.parametrize("words", asl_commands(), ids=" ".join)
def test_a_command_of_the_readme_works(words: list[str]) -> None:
    done = run_asl(words[1:])
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout


def test_the_first_command_ends_as_the_readme_shows() -> None:
    (shown,) = blocks("text")
    first = asl_commands()[0]
    done = run_asl(first[1:])
    for line in shown.splitlines():
        assert line in done.stdout


def test_the_python_of_the_readme_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    names: dict[str, object] = {}
    code = blocks("python")
    assert code
    for block in code:
        exec(compile(block, "README.md", "exec"), names)
    tests = [value for name, value in names.items() if name.startswith("test_")]
    assert tests
    for test in tests:
        assert callable(test)
        test()


@pytest.mark.parametrize("file", FILES)
def test_links_lead_to_files(file: str) -> None:
    path = ROOT / file
    text = path.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        if "://" not in target:
            assert (path.parent / target).exists(), target


def test_rooms_and_modules_that_the_readme_names_exist() -> None:
    named = set(re.findall(r"`((?:asl|schemas|tests|examples)/[\w./]*)`", README))
    assert named
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_every_example_is_in_the_readme() -> None:
    for tasks in (ROOT / "examples").glob("*/tasks.py"):
        assert f"(examples/{tasks.parent.name}/tasks.py)" in README


def test_ci_runs_the_readmes_own_test_command() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    code = [line for line in script.splitlines() if not line.lstrip().startswith("#")]
    assert "<!-- test command -->" in script
    assert any(" -c " in line and '"$test_command"' in line for line in code)
    # The command itself is nowhere in the script, so the two cannot drift apart.
    assert not any("-m pytest" in line for line in code)
    for tool in ("ruff", "mypy"):
        assert any(f'/bin/{tool}"' in line for line in code)


def test_ci_can_be_run() -> None:
    assert (ROOT / ".ci" / "run").read_bytes().startswith(b"#!")
    if sys.platform != "win32":
        assert (ROOT / ".ci" / "run").stat().st_mode & 0o111


def test_nobody_is_told_to_install_somebody_elses_package() -> None:
    wrong = re.compile(r"pip3? install (?:-\S+ )*['\"]?asl(?![\w-])")
    assert wrong.search("pip install -q 'asl[x]'")
    assert not wrong.search("pip install aslkit")
    offenders = [
        path.relative_to(ROOT).as_posix()
        for path in texts()
        if path != Path(__file__)
        and wrong.search(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert offenders == []
