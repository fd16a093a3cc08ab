"""The test cases of a mock configuration: what they are, and when they pass."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from asl.errors import UsageError
from asl.testing.mock_cases import (
    CaseOptions,
    find_definition,
    is_mock_config,
    read_cases,
)
from asl.testing.verdict import Verdict, judge

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:"
SHOP = {
    "StartAt": "Charge",
    "States": {
        "Charge": {
            "Type": "Task",
            "Resource": f"{FUNCTION}charge",
            "Parameters": {"sum.$": "$.sum"},
            "Catch": [{"ErrorEquals": ["Declined"], "Next": "Refused"}],
            "Next": "Send",
        },
        "Send": {"Type": "Task", "Resource": f"{FUNCTION}send", "End": True},
        "Refused": {"Type": "Fail", "Error": "Refused"},
    },
}
CONFIG = {
    "StateMachines": {
        "ParcelShop": {
            "TestCases": {
                "Sent": {"Charge": "Charged", "Send": "Gone"},
                "NoMoney": {"Charge": "NoMoney"},
                "Broken": {"Charge": "Crash"},
                "Unnamed": {"Charge": "Charged"},
            }
        }
    },
    "MockedResponses": {
        "Charged": {"0": {"Return": {"charged": 5}}},
        "Gone": {"0": {"Return": "gone"}},
        "NoMoney": {"0": {"Throw": {"Error": "Declined", "Cause": "empty"}}},
        "Crash": {"0": {"Throw": {"Error": "Crash", "Cause": "no memory"}}},
    },
}
INPUT = CaseOptions(inputs={None: {"sum": 5}})

Write = Callable[[str, Any], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(name: str, value: Any) -> Path:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        text = value if isinstance(value, str) else json.dumps(value, indent=1)
        file.write_text(text, encoding="utf-8")
        return file

    return write


def judge_all(file: Path, options: CaseOptions | None = None) -> dict[str, Verdict]:
    return {s.name.rpartition("#")[2]: judge(s) for s in read_cases(file, options)}


def test_a_case_passes_that_comes_to_an_end_it_could_have_meant(write: Write) -> None:
    write("parcel_shop.asl.json", SHOP)
    file = write("MockConfigFile.json", CONFIG)
    found = judge_all(file, INPUT)
    assert [name for name, verdict in found.items() if verdict.passed] == [
        "Sent",  # succeeds
        "NoMoney",  # ends in a Fail state
        "Broken",  # throws the very error that it fails with
    ]
    assert found["Unnamed"].headline.startswith("no mock answers state 'Send'")
    scenarios = read_cases(file)
    assert [s.line for s in scenarios] == [5, 9, 12, 15]
    assert scenarios[0].name == "ParcelShop#Sent"


def test_a_failure_that_nobody_meant_is_one(write: Write) -> None:
    write("ParcelShop.json", SHOP)
    found = judge_all(write("MockConfigFile.json", CONFIG))
    assert not found["Sent"].passed
    assert found["Sent"].headline.startswith(
        "it fails in 'Charge', which is no Fail state, with an error that its mocks do "
        "not throw; its input was {}: FAILED: States.Runtime"
    )


def test_a_machine_that_times_out_does_not_pass(write: Write) -> None:
    definition = json.loads(json.dumps(SHOP))
    definition["TimeoutSeconds"] = 5
    definition["States"]["Charge"]["Next"] = "Rest"
    definition["States"]["Rest"] = {"Type": "Wait", "Seconds": 9, "Next": "Send"}
    write("ParcelShop.asl.json", definition)
    found = judge_all(write("MockConfigFile.json", CONFIG), INPUT)
    assert found["Sent"].headline == (
        "it does not come to an end of its own: TIMED_OUT"
    )


def test_an_error_thrown_inside_a_distributed_map_may_be_meant(write: Write) -> None:
    each = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "Charge",
        "States": {
            "Charge": {"Type": "Task", "Resource": f"{FUNCTION}charge", "End": True}
        },
    }
    whole = {"Type": "Map", "ItemProcessor": each, "End": True}
    write("Parcel-Shop.asl.json", {"StartAt": "All", "States": {"All": whole}})
    file = write("MockConfigFile.json", CONFIG)
    found = judge_all(file, CaseOptions(inputs={None: [1]}))
    assert found["Broken"].passed
    assert (
        found["Broken"].child == "an execution that it started failed: Crash: no memory"
    )
    assert "an execution that it started failed: Crash" in str(found["Broken"])
    assert found["Sent"].child == ""


def test_inputs_and_ends_can_be_given_for_a_case_or_for_all(write: Write) -> None:
    write("ParcelShop.asl.json", SHOP)
    options = CaseOptions(
        inputs={"Sent": {"sum": 1}, "ParcelShop#NoMoney": {"sum": 2}, None: {"sum": 3}},
        statuses={"NoMoney": "FAILED", "Broken": "SUCCEEDED"},
    )
    file = write("MockConfigFile.json", CONFIG)
    data = {s.name: s.data for s in read_cases(file, options)}
    sums = [one["input"]["sum"] for one in data.values()]
    assert sums == [1, 2, 3, 3]
    found = judge_all(file, options)
    assert found["NoMoney"].passed
    assert found["Broken"].headline == (
        "the status is FAILED: Crash: no memory, not SUCCEEDED"
    )


def test_functions_serve_the_states_that_a_case_does_not_name(write: Write) -> None:
    write("ParcelShop.asl.json", SHOP)
    tasks = write("tasks.py", "def charge(e): ...\ndef send(e):\n    return 'sent'\n")
    file = write("MockConfigFile.json", CONFIG)
    options = CaseOptions(inputs=INPUT.inputs, tasks=str(tasks))
    verdict = judge_all(file, options)["Unnamed"]
    assert verdict.passed
    assert verdict.execution is not None
    assert verdict.execution.output == "sent"


def test_a_folder_may_have_the_sign_before_a_case_in_its_name(write: Write) -> None:
    write("C# code/ParcelShop.asl.json", SHOP)
    file = write("C# code/MockConfigFile.json", CONFIG)
    assert judge_all(file, INPUT)["Sent"].passed


# ------------------------------------------------------------------------ definitions


@pytest.mark.parametrize(
    "name",
    [
        "ParcelShop.asl.json",
        "parcel-shop.yaml",
        "statemachine/parcel_shop.asl.yml",
        "../ParcelShop.asl",
        "../statemachine/ParcelShop.json",
    ],
)
def test_a_definition_is_found_by_the_machines_name(write: Write, name: str) -> None:
    config = write("tests/MockConfigFile.json", CONFIG)
    # Its name is right, but it is no definition; nor is a scenario one.
    write("tests/ParcelShop.json", {"sum": 1})
    write("tests/ParcelShop.scenario.json", {})
    file = write(f"tests/{name}", SHOP)
    found = find_definition(config, "ParcelShop", {})
    assert found.resolve() == file.resolve()


def test_a_definition_that_cannot_be_read_is_found_all_the_same(write: Write) -> None:
    config = write("MockConfigFile.json", CONFIG)
    write("ParcelShop.asl.json", "{")
    verdict = judge_all(config)["Sent"]
    assert "ASL003" in verdict.headline


def test_the_only_definition_is_that_of_the_only_machine(write: Write) -> None:
    config = write("MockConfigFile.json", CONFIG)
    file = write("workflow.asl.json", SHOP)
    write("input.json", {})
    assert find_definition(config, "ParcelShop", {}, alone=True) == file
    with pytest.raises(UsageError, match="no definition of the state machine"):
        find_definition(config, "ParcelShop", {})
    assert find_definition(config, "ParcelShop", {"ParcelShop": "a"}) == Path("a")


def test_what_is_not_clear_is_asked(write: Write) -> None:
    config = write("MockConfigFile.json", CONFIG)
    with pytest.raises(UsageError, match=r"--machine ParcelShop=FILE"):
        read_cases(config)
    with pytest.raises(UsageError, match=r"--machine 'Parcel Shop'=FILE"):
        find_definition(config, "Parcel Shop", {})
    write("a.asl.json", SHOP)
    write("b.asl.json", SHOP)
    with pytest.raises(UsageError, match=r"may be any of a\.asl\.json, b\.asl\.json"):
        read_cases(config)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (CaseOptions(machines={"Shop": "x"}), "no state machine 'Shop'; there are: Pa"),
        (CaseOptions(inputs={"Snt": 1}), "no test case 'Snt'; did you mean 'Sent'?"),
        (CaseOptions(statuses={"X#Sent": "FAILED"}), "no test case 'X#Sent'"),
    ],
)
def test_names_that_the_file_does_not_have_are_refused(
    write: Write, options: CaseOptions, said: str
) -> None:
    write("ParcelShop.asl.json", SHOP)
    with pytest.raises(UsageError) as caught:
        read_cases(write("MockConfigFile.json", CONFIG), options)
    assert said in str(caught.value)


def test_a_configuration_is_known_by_its_keys(write: Write) -> None:
    assert is_mock_config(write("MockConfigFile.json", CONFIG))
    assert is_mock_config(write("half.yaml", {"StateMachines": {}}))
    assert not is_mock_config(write("shop.asl.json", SHOP))
    assert not is_mock_config(write("list.json", "[1]"))
    assert not is_mock_config(write("notes.txt", CONFIG))


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"StateMachines": {}, "MockedResponses": {}}, "there is no test case in it"),
        ("{", "ASL003"),
        (
            {**CONFIG, "MockedResponses": {}},
            "MockConfigFile.json:6:16: there is no mocked response 'Charged'",
        ),
    ],
)
def test_what_is_wrong_with_a_configuration_is_said(
    write: Write, config: Any, said: str
) -> None:
    write("ParcelShop.asl.json", SHOP)
    with pytest.raises(UsageError) as caught:
        read_cases(write("MockConfigFile.json", config))
    assert said in str(caught.value)
