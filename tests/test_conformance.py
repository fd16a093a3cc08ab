"""The cases recorded from AWS, where they lie beside the project.

Every case passes at the strictest level, but for those in known.txt, each with its
reason; a case in known.txt that begins to pass must leave it.
"""

import json
import os
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

from asl.checks.aws import diagnose

PROJECT = Path(__file__).parent.parent
RECORDINGS = PROJECT.parent / "shared" / "conformance"
KNOWN = Path(__file__).parent / "known.txt"

pytestmark = pytest.mark.skipif(
    not (RECORDINGS / "conformance.py").exists(),
    reason="the recordings (../shared/conformance) are not beside the project",
)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    out = tmp_path_factory.mktemp("conformance") / "results.json"
    command: list[str | Path] = [
        sys.executable,
        RECORDINGS / "conformance.py",
        RECORDINGS / "open",
        *("--kind", "execution", "validation", "--json", out),
        *("--known", RECORDINGS / "impossible.txt"),
    ]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert out.exists(), done.stderr
    found: list[dict[str, Any]] = json.loads(out.read_text())["results"]
    return [r for r in found if not r["skipped"] and not r["known"]]


def known() -> dict[str, str]:
    lines = KNOWN.read_text(encoding="utf-8").splitlines()
    entries = (line.partition("  # ") for line in lines if not line.startswith("#"))
    return {case: reason for case, _, reason in entries}


def failing(results: list[dict[str, Any]], level: str) -> list[str]:
    def fails(result: dict[str, Any]) -> bool:
        levels = {n: ok for n, ok in result["levels"].items() if n <= level}
        return bool(result["error"]) or False in levels.values()

    return sorted(result["id"] for result in results if fails(result))


def test_what_fails_is_known_with_its_reason(results: list[dict[str, Any]]) -> None:
    assert failing(results, "3") == sorted(known())


def test_outcomes_differ_only_where_the_reason_says_so(
    results: list[dict[str, Any]],
) -> None:
    assert failing(results, "1") == sorted(
        case for case, reason in known().items() if reason.startswith("L1:")
    )


def test_no_definition_that_aws_ran_is_refused() -> None:
    place = spec_from_file_location("conformance", RECORDINGS / "conformance.py")
    assert place is not None
    assert place.loader is not None
    runner = module_from_spec(place)
    with pytest.MonkeyPatch.context() as patch:  # its dataclasses look for their module
        patch.setitem(sys.modules, "conformance", runner)
        place.loader.exec_module(runner)
    refused = {}
    for file in sorted((RECORDINGS / "open").glob("*.json")):
        for case in json.loads(file.read_text(encoding="utf-8")):
            if case["kind"] == "execution":
                text = runner.definition_text(case)
                answer = diagnose(text, type=case["type"])
                if answer["result"] != "OK":
                    refused[case["id"]] = answer["diagnostics"]
    assert refused == {}


def test_there_are_as_many_cases_as_there_should_be(
    results: list[dict[str, Any]],
) -> None:
    assert len(results) > 800
