"""The cut test: a fresh execution, told the first k replies, has the same history.

Every cut up to 60 replies; above that the first 20, the last 20 and 20 seeded ones.
"""

import random
from pathlib import Path

import pytest
from case_files import Case, all_cases, lay_out

from asl.runtime.journal import Journal


def cuts(journal: Journal) -> list[int]:
    count = len(journal)
    if count <= 60:
        return list(range(count + 1))
    middle = random.Random(count).sample(range(20, count - 19), min(20, count - 39))
    return [*range(20), *sorted(middle), *range(count - 19, count + 1)]


@pytest.mark.parametrize("case", all_cases(), ids=str)
def test_a_crash_anywhere_changes_nothing(case: Case, tmp_path: Path) -> None:
    folder = lay_out(case, tmp_path)
    whole, journal = case.run(folder)
    for cut in cuts(journal):
        resumed = case.resume(journal.cut(cut), folder)
        assert resumed.history == whole.history, f"cut after reply {cut}"
        assert resumed.output == whole.output
