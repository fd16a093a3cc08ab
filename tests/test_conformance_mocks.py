"""The recorded cases once more, their answers written as mock configuration files.

And the results that TestState took or refused, where the recordings lie beside.
"""

import json
import sys
from collections.abc import Iterator
from datetime import datetime
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

import asl
from asl.model.resource import find_resource
from asl.tasks.api_shapes import PREFIX, check_result
from asl.tasks.mock_history import read_history, record

RECORDINGS = Path(__file__).parent.parent.parent / "shared" / "conformance"

pytestmark = pytest.mark.skipif(
    not (RECORDINGS / "conformance.py").exists(),
    reason="the recordings (../shared/conformance) are not beside the project",
)


@pytest.fixture(scope="module")
def tool() -> Iterator[Any]:
    """The tool that reads the recordings."""
    place = spec_from_file_location("conformance", RECORDINGS / "conformance.py")
    assert place is not None
    assert place.loader is not None
    module = module_from_spec(place)
    with pytest.MonkeyPatch.context() as patch:  # its dataclasses look for their module
        patch.setitem(sys.modules, "conformance", module)
        place.loader.exec_module(module)
        yield module


@pytest.fixture(scope="module")
def cases() -> list[dict[str, Any]]:
    """Every open case."""
    return [
        case
        for file in sorted((RECORDINGS / "open").glob("*.json"))
        for case in json.loads(file.read_text(encoding="utf-8"))
    ]


def run(tool: Any, case: dict[str, Any], mocks: asl.Mocks, folder: Path) -> Any:
    machine = asl.load_text(tool.definition_text(case), name="StateMachine")
    at = case.get("submitted_at")
    folder.mkdir()
    return asl.run(
        machine,
        tool.case_input(case),
        tasks=mocks,
        type=case["type"],
        buckets=tool.write_buckets(case, str(folder)),
        start_time=datetime.fromisoformat(at) if at else None,
    )


def same_end(one: asl.Execution, other: asl.Execution) -> bool:
    return (
        (one.status, one.output, one.error, one.cause)
        == (other.status, other.output, other.error, other.cause)
    ) and one.history == other.history


def as_config(
    tool: Any, case: dict[str, Any], table: dict[str, list[dict[str, Any]]]
) -> dict[str, Any]:
    """A table of answers as Step Functions Local has it: ranges for equal ones."""
    states = dict(tool.states_of(case["definition"]))
    responses: dict[str, dict[str, Any]] = {}
    for number, (state, answers) in enumerate(table.items()):
        direct = ":function:" in str(states.get(state, {}).get("Resource"))
        responses[f"response {number}"] = response = {}
        at = 0
        while at < len(answers):
            end = at
            while end + 1 < len(answers) and answers[end + 1] == answers[at]:
                end += 1
            answer = answers[at]
            if direct and "Return" in answer:
                answer = {"Return": {"StatusCode": 200, "Payload": answer["Return"]}}
            response[str(at) if at == end else f"{at}-{end}"] = answer
            at = end + 1
    return {
        "StateMachines": {
            "StateMachine": {
                "TestCases": {
                    "Case": {
                        state: f"response {number}"
                        for number, state in enumerate(table)
                    }
                }
            }
        },
        "MockedResponses": responses,
    }


def test_returns_and_throws_do_the_same_from_a_mock_configuration_file(
    tool: Any, cases: list[dict[str, Any]], tmp_path: Path
) -> None:
    count, differing = 0, []
    for case in cases:
        if case["kind"] != "execution" or case.get("mock_config"):
            continue
        table = tool.mock_answers(case)
        keys = {key for given in table.values() for answer in given for key in answer}
        if not table or keys - {"Return", "Throw"}:
            continue
        count += 1
        file = tmp_path / "MockConfigFile.json"
        file.write_text(json.dumps(as_config(tool, case, table)), encoding="utf-8")
        one = run(tool, case, asl.Mocks(table), tmp_path / f"a{count}")
        config = asl.Mocks.from_config(file, "StateMachine", "Case")
        if not same_end(one, run(tool, case, config, tmp_path / f"b{count}")):
            differing.append(case["id"])
    assert differing == []
    assert count > 80


def test_recorded_mock_configurations_are_read_as_they_are(
    tool: Any, cases: list[dict[str, Any]], tmp_path: Path
) -> None:
    count, differing = 0, []
    for case in cases:
        if not case.get("mock_config"):
            continue
        count += 1
        name, chosen = case["state_machine_name"], case["mock_test_case"]
        file = tmp_path / f"MockConfigFile{count}.json"
        config = tool.concrete(case["mock_config"])
        file.write_text(json.dumps(config), encoding="utf-8")
        mocks = asl.Mocks.from_config(file, tool.concrete(name), chosen)
        table = asl.Mocks(tool.mock_answers(case))
        named = config["StateMachines"][tool.concrete(name)]["TestCases"][chosen]
        states = dict(tool.states_of(case["definition"]))
        asked = {state for state, s in states.items() if s.get("Type") == "Task"}
        if asked - set(named):  # what is not mocked calls the real integration
            otherwise = asl.Tasks()
            otherwise.bind("*")(lambda event: {})
            mocks = asl.Mocks.from_config(
                file, tool.concrete(name), chosen, otherwise=otherwise
            )
            done = run(tool, case, mocks, tmp_path / f"c{count}")
            assert done.status == "SUCCEEDED"
            continue
        one = run(tool, case, table, tmp_path / f"a{count}")
        if not same_end(one, run(tool, case, mocks, tmp_path / f"b{count}")):
            differing.append(case["id"])
    assert differing == []
    assert count >= 10


def test_a_run_is_replayed_from_its_own_history(
    tool: Any, cases: list[dict[str, Any]], tmp_path: Path
) -> None:
    count, differing = 0, []
    for case in cases:
        if case["kind"] != "execution" or not (case.get("mocks") or {}):
            continue
        count += 1
        try:
            one = run(
                tool, case, asl.Mocks(tool.mock_answers(case)), tmp_path / f"a{count}"
            )
        except asl.UsageError:
            continue  # its answers were not recorded
        events = [event.to_aws() for event in one.history]
        found = record(read_history(json.dumps({"events": events})))
        assert found.notes == [] or one.status == "ABORTED" or "Map Run" in str(events)
        case = {**case, "input": found.input}
        other = run(tool, case, asl.Mocks(found.mocks), tmp_path / f"b{count}")
        if not same_end(one, other):
            differing.append(case["id"])
        elif (other.status, other.output) != (
            found.expect["status"],
            found.expect.get("output"),
        ):
            differing.append(f"{case['id']}: {found.expect}")
    assert differing == []
    assert count > 100


def test_a_history_of_aws_replays_to_the_same_status(
    tool: Any, cases: list[dict[str, Any]], tmp_path: Path
) -> None:
    count, differing = 0, []
    for case in cases:
        history = (case.get("expected") or {}).get("history")
        if case["kind"] != "execution" or not history or not case.get("mocks"):
            continue
        if case["expected"].get("event_ids_scrubbed") or case["expected"].get(
            "history_incomplete"
        ):
            continue
        if not all(isinstance(event["id"], int) for event in history):
            continue
        count += 1
        found = record(tool.concrete(history))
        done = run(tool, case, asl.Mocks(found.mocks), tmp_path / f"a{count}")
        if done.status != found.expect["status"]:
            differing.append(case["id"])
    assert differing == []
    assert count > 100


def test_what_test_state_says_of_mocked_results_is_said_here(
    cases: list[dict[str, Any]],
) -> None:
    pytest.importorskip("botocore")
    count, differing = 0, []
    for case in cases:
        mock = case.get("request", {}).get("mock") or {}
        definition = case.get("definition")
        if case["kind"] != "test_state" or "result" not in mock:
            continue
        if not isinstance(definition, dict) or definition.get("Type") != "Task":
            continue
        resource = find_resource(definition["Resource"].replace("<partition>", "aws"))
        try:
            value = json.loads(mock["result"])
        except ValueError:
            continue
        assert resource is not None
        said = (case["expected"].get("exception") or {}).get("message", "")
        mode = mock.get("fieldValidationMode", "STRICT")
        count += 1
        found = check_result(resource, value, mode)
        expected = [said] if said.startswith(PREFIX) else []
        # A limit may have been raised since: botocore's models are newer.
        if found[:1] != expected and "exceeds the maximum" not in said:
            differing.append(f"{case['id']}: {found}")
    assert differing == []
    assert count > 30
