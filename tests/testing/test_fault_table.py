"""The README's table of the examples' faults is what `asl faults` finds."""

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from exampled import buckets_of

import asl
from asl.tasks.module import tasks_from_module
from asl.testing import faults
from asl.testing.fault_report import rows

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
HEAD = "| example | state | fault | once | always |\n|---|---|---|---|---|\n"

FURTHER: dict[str, list[Any]] = {
    "registration": [{"name": "Ada", "email": "ada@school.example", "year": 7}]
}
"""Inputs for states that an example's own input does not lead to."""


def definitions() -> list[str]:
    files = EXAMPLES.glob("*/*.asl.*")
    return sorted(file.relative_to(EXAMPLES).as_posix() for file in files)


def shown() -> dict[str, list[str]]:
    """The table's lines by example."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = text.partition(HEAD)[2].partition("\n\n")[0]
    found: dict[str, list[str]] = {}
    name = ""
    for line in table.splitlines():
        name = line.split("|")[1].strip() or name
        found.setdefault(name, []).append(line)
    return found


def name_of(file: str) -> str:
    """An example's name: its folder; where it has several definitions, theirs too."""
    folder, _, last = file.partition("/")
    several = sum(other.startswith(f"{folder}/") for other in definitions()) > 1
    return f"{folder}/{last.partition('.')[0]}" if several else folder


def table_of(file: str, place: Path) -> Iterator[str]:
    """What the README has to show of one example."""
    path = EXAMPLES / file
    spec = importlib.util.spec_from_file_location("faulty", path.parent / "tasks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    machine = asl.load(path)
    buckets = buckets_of(path.parent, place, records=20)
    found = faults.matrix(
        machine,
        json.loads((path.parent / "input.json").read_text(encoding="utf-8")),
        tasks=tasks_from_module(module, machine),
        more_inputs=FURTHER.get(path.parent.name, ()),
        buckets=buckets if buckets.is_dir() else None,
    )
    assert found.not_reached == ()
    name, state = name_of(file), ""
    for row in rows(found):
        cells = list(row.cells)
        cells[0] = "" if row.state == state else row.state
        cells[1] += "" if row.handled else " ✗"
        yield f"| {' | '.join([name, *cells])} |"
        name, state = "", row.state


@pytest.mark.parametrize("file", definitions())
def test_the_readme_shows_the_faults_of_every_example(
    file: str, tmp_path: Path
) -> None:
    pytest.importorskip("botocore", reason="names come from AWS's own models")
    told = list(table_of(file, tmp_path))
    assert shown().get(name_of(file)) == told, "\n".join(told)


def test_the_readme_shows_no_example_that_is_gone() -> None:
    assert list(shown()) == [
        name for name in shown() if name in map(name_of, definitions())
    ]
    assert len(shown()) == len(definitions())
