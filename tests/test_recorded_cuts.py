"""The cut test over the cases recorded from AWS, where they lie beside the project."""

import importlib.util
import json
import sys
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import asl
from asl.runtime.journal import Journal
from asl.runtime.run import make_runner

RECORDINGS = Path(__file__).parents[2] / "shared" / "conformance"
SCRIPT = RECORDINGS / "conformance.py"

pytestmark = pytest.mark.skipif(
    not SCRIPT.exists(),
    reason="the recordings (../shared/conformance) are not beside the project",
)

CUTS = 8
"""At most so many cuts a case, spread over its replies; own cases get every cut."""


@pytest.fixture(scope="module")
def recordings() -> ModuleType:
    spec = importlib.util.spec_from_file_location("conformance", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["conformance"] = module
    spec.loader.exec_module(module)
    return module


def categories() -> list[str]:
    return sorted(file.stem for file in (RECORDINGS / "open").glob("*.json"))


@pytest.mark.parametrize("category", categories())
def test_a_crash_anywhere_in_a_recorded_case_changes_nothing(
    category: str, recordings: ModuleType, tmp_path: Path
) -> None:
    cases = json.loads((RECORDINGS / "open" / f"{category}.json").read_text("utf-8"))
    for number, case in enumerate(cases):
        if case["kind"] != "execution" or "mocks" not in case:
            continue
        folder = tmp_path / str(number)
        folder.mkdir()
        try:
            whole, journal = play(recordings, case, folder)
        except asl.UsageError:
            continue  # answers that were not recorded
        for cut in sorted({len(journal) * part // CUTS for part in range(CUTS + 1)}):
            resumed, _ = play(recordings, case, folder, journal.cut(cut))
            assert resumed.history == whole.history, f"{case['id']}: cut after {cut}"


def play(
    recordings: ModuleType, case: Any, folder: Path, replay: Journal | None = None
) -> tuple[asl.Execution, Journal]:
    at = case.get("submitted_at")
    journal = Journal()
    runner = make_runner(
        asl.load_text(recordings.definition_text(case), name="StateMachine"),
        recordings.case_input(case),
        tasks=asl.Mocks(recordings.mock_answers(case)),
        type=case["type"],
        buckets=recordings.write_buckets(case, str(folder)),
        start_time=datetime.fromisoformat(at) if at else None,
        replay=replay,
        journal=journal,
    )
    return runner.run(), journal
