"""Every case file, run whole."""

from pathlib import Path

import pytest
from case_files import Case, all_cases, lay_out


@pytest.mark.parametrize("case", all_cases(), ids=str)
def test_it_does_what_its_file_says(case: Case, tmp_path: Path) -> None:
    execution, _ = case.run(lay_out(case, tmp_path))
    expect = case.data["expect"]
    assert execution.status == expect["status"], execution.cause
    for name in ("output", "error", "cause", "path"):
        if name in expect:
            assert getattr(execution, name) == expect[name]
    if "takes_seconds" in expect:
        assert execution.duration_seconds == expect["takes_seconds"]
    if "events" in expect:
        assert [event.type for event in execution.history] == expect["events"]
    if "transitions" in expect:
        assert execution.billing.state_transitions == expect["transitions"]


@pytest.mark.parametrize("case", all_cases(), ids=str)
def test_its_history_is_well_linked(case: Case, tmp_path: Path) -> None:
    execution, _ = case.run(lay_out(case, tmp_path))
    for number, event in enumerate(execution.history, 1):
        assert event.id == number
        assert 0 <= event.previous_id < event.id


@pytest.mark.parametrize("case", all_cases(), ids=str)
def test_running_it_twice_gives_the_same_bytes(case: Case, tmp_path: Path) -> None:
    folder = lay_out(case, tmp_path)
    first, _ = case.run(folder)
    second, _ = case.run(folder)
    assert [e.to_aws() for e in first.history] == [e.to_aws() for e in second.history]
