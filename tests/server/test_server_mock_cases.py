"""What follows `#` in a machine's ARN: the cases of a mock configuration."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import asl
from asl.server.mock_cases import MockCases

CONFIG: dict[str, Any] = {
    "StateMachines": {"orders": {"TestCases": {"Paid": {"Pay": "Yes"}}}},
    "MockedResponses": {"Yes": {"0": {"Return": {"paid": True}}}},
}


def test_without_a_case_the_tasks_are_the_servers() -> None:
    own, cases = asl.Tasks(), MockCases(None)
    assert cases.source("orders", None, own) is own
    assert isinstance(cases.source("orders", None, None), asl.Tasks)


def test_a_case_answers_before_the_servers_tasks() -> None:
    own = asl.Tasks()
    for tasks in (own, asl.Mocks({}), None):
        assert isinstance(MockCases(CONFIG).source("orders", "Paid", tasks), asl.Mocks)


def test_a_file_is_read_when_an_execution_starts(tmp_path: Path) -> None:
    file = tmp_path / "MockConfigFile.json"
    file.write_text("{}")
    cases = MockCases(file)
    with pytest.raises(asl.ApiError, match="there is no StateMachines"):
        cases.source("orders", "Paid", None)
    file.write_text(json.dumps(CONFIG))
    assert isinstance(cases.source("orders", "Paid", None), asl.Mocks)


@pytest.mark.parametrize(
    ("machine", "case", "said"),
    [
        ("orders", "Piad", "has no test case 'Piad'"),
        ("order", "Paid", "there is no state machine 'order'"),
    ],
)
def test_a_case_that_there_is_not_is_refused(
    machine: str, case: str, said: str
) -> None:
    with pytest.raises(asl.ApiError, match=said) as caught:
        MockCases(CONFIG).source(machine, case, None)
    assert caught.value.code == "ValidationException"


def test_a_case_without_a_configuration_is_refused() -> None:
    with pytest.raises(asl.ApiError, match="given no mock configuration"):
        MockCases(None).source("orders", "Paid", None)


def test_a_wrong_configuration_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(asl.UsageError, match="is no file"):
        MockCases(tmp_path / "none.json")
    with pytest.raises(asl.UsageError, match="there is no StateMachines"):
        MockCases({"MockedResponses": {}})
    with pytest.raises(asl.UsageError, match="mock_config is a MockConfigFile"):
        MockCases(5)  # type: ignore[arg-type]


@pytest.mark.parametrize("library", ["starlette", "uvicorn"])
def test_without_the_servers_libraries_the_extra_is_named(library: str) -> None:
    code = (
        f"import sys; sys.modules['{library}'] = None\n"
        "from asl.cli.main import main; main(['serve', '--port', '0'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert 'needs the extra "server": pip install "aslkit[server]"' in done.stderr
