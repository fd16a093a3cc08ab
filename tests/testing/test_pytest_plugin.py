"""The plugin's fixtures and hooks, through pytest itself."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Kit = Callable[..., pytest.RunResult]

BOUND = """
import asl, pytest
from asl.testing.asserting import assert_caught, assert_path

@pytest.fixture
def tasks(asl_tasks):
    @asl_tasks.bind("pay")
    def pay(order):
        assert order["amount"] < 100, "too much"
        return {"charged": order["amount"] + order.get("extra", 0)}
    return asl_tasks
"""


def test_a_marker_names_the_machine(kit: Kit, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        BOUND
        + """
@pytest.mark.asl("machine.asl.json")
def test_it(asl_machine, tasks):
    execution = asl.run(asl_machine, {"amount": 5}, tasks=tasks)
    assert execution.output == {"charged": 5}
    assert_path(execution, ["Pay", "Done"])
    assert [call.payload for call in tasks.calls["Pay"]] == [{"amount": 5}]
    assert execution.states["Pay"][0].attempts == 1
"""
    )
    kit("--strict-markers").assert_outcomes(passed=1)


def test_without_a_marker_the_fixture_loads_what_it_is_given(
    kit: Kit, pytester: pytest.Pytester
) -> None:
    pytester.makepyfile(
        """
def test_it(asl_machine):
    machine = asl_machine("machine.asl.json")
    assert machine.name == "machine"
    assert asl_machine("machine.asl.json") is machine
"""
    )
    kit().assert_outcomes(passed=1)


def test_an_indirect_parameter_names_the_machine_too(
    kit: Kit, pytester: pytest.Pytester
) -> None:
    pytester.makepyfile(
        """
import pytest

@pytest.mark.parametrize("asl_machine", ["machine.asl.json"], indirect=True)
def test_it(asl_machine):
    assert asl_machine.start_at == "Pay"
"""
    )
    kit().assert_outcomes(passed=1)


def test_a_path_is_seen_from_the_tests_folder_or_from_the_root(
    kit: Kit, pytester: pytest.Pytester
) -> None:
    folder = pytester.mkdir("inner")
    (folder / "test_inner.py").write_text(
        """
import pytest

@pytest.mark.asl("machine.asl.json", substitutions={"Unused": "x"})
def test_from_the_root(asl_machine):
    assert asl_machine.start_at == "Pay"

@pytest.mark.asl("nowhere.asl.json")
def test_nowhere(asl_machine):
    pass
""",
        encoding="utf-8",
    )
    result = kit("--rootdir", str(pytester.path))
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*nowhere.asl.json*there is no such file*"])


def test_an_assertion_in_a_function_fails_the_test_though_it_was_caught(
    kit: Kit, pytester: pytest.Pytester
) -> None:
    pytester.makepyfile(
        BOUND
        + """
@pytest.mark.asl("machine.asl.json")
def test_caught(asl_machine, tasks):
    execution = asl.run(asl_machine, {"amount": 500}, tasks=tasks)
    assert_caught(execution, "Pay", "AssertionError")
"""
    )
    result = kit()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            '>*assert order?"amount"? < 100, "too much"*',
            "E*AssertionError: too much",
            "E*assert 500 < 100",
            "E*raised in the function of state 'Pay', attempt 1*",
            "*asl: the last of 1 executions*",
            "SUCCEEDED after 0 s; the path taken:",
            "*caught  AssertionError:*",
        ]
    )
    result.stdout.no_fnmatch_line("*call_plain*")


def test_a_type_error_in_a_function_is_told_before_the_tests_own_failure(
    kit: Kit, pytester: pytest.Pytester
) -> None:
    pytester.makepyfile(
        BOUND
        + """
@pytest.mark.asl("machine.asl.json")
def test_type(asl_machine, tasks):
    execution = asl.run(asl_machine, {"amount": 5, "extra": "x"}, tasks=tasks)
    assert execution.output == {"charged": 5}, "no charge"
"""
    )
    result = kit()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["E*TypeError: unsupported operand*", "E*the test itself failed too: *"]
    )


def test_swallow_leaves_the_error_to_the_machine(
    kit: Kit, pytester: pytest.Pytester
) -> None:
    pytester.makepyfile(
        """
import asl, pytest
from asl.testing.asserting import assert_caught

@pytest.mark.asl("machine.asl.json")
def test_it(asl_machine, asl_tasks):
    tasks = asl_tasks(swallow=True)
    @tasks.bind("pay")
    def pay(order):
        raise AssertionError("meant")
    execution = asl.run(asl_machine, {}, tasks=tasks)
    assert_caught(execution, "Pay", "AssertionError")

@pytest.mark.asl("machine.asl.json")
def test_another_table_is_watched_too(asl_machine, asl_tasks):
    tasks = asl_tasks(missing="when-reached")
    @tasks.bind("pay")
    def pay(order):
        raise AssertionError("not meant")
    asl.run(asl_machine, {}, tasks=tasks)
"""
    )
    result = kit()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["E*AssertionError: not meant"])


def test_a_failing_test_shows_the_path_that_was_taken(
    kit: Kit, pytester: pytest.Pytester
) -> None:
    pytester.makepyfile(
        BOUND
        + """
@pytest.mark.asl("machine.asl.json")
def test_it(asl_machine, tasks):
    asl.run(asl_machine, {"amount": 1}, tasks=tasks)
    execution = asl.run(asl_machine, {"amount": 2}, tasks=tasks)
    assert execution.output == {"charged": 3}

def test_without_a_run(tasks):
    assert False
"""
    )
    result = kit()
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        ["*asl: the last of 2 executions*", "*out*{*charged*: 2}*"]
    )


def test_a_snapshot_is_written_on_demand_and_compared(
    kit: Kit, pytester: pytest.Pytester
) -> None:
    pytester.makepyfile(
        test_snap=BOUND
        + """
AMOUNT = 5

@pytest.mark.asl("machine.asl.json")
def test_it(asl_machine, tasks, asl_snapshot):
    execution = asl.run(asl_machine, {"amount": AMOUNT}, tasks=tasks)
    asl_snapshot(execution)
    asl_snapshot(execution, "second time")
"""
    )
    result = kit()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E*there is no snapshot*--asl-update-snapshots*"])
    kit("--asl-update-snapshots").assert_outcomes(passed=1)
    kit().assert_outcomes(passed=1)
    names = sorted(path.name for path in pytester.path.glob("snapshots/*"))
    assert names == ["test_snap.test_it.json", "test_snap.test_it.second_time.json"]
    text = (pytester.path / "test_snap.py").read_text(encoding="utf-8")
    pytester.makepyfile(test_snap=text.replace("AMOUNT = 5", "AMOUNT = 60"))
    result = kit()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["E*the history differs from its snapshot*", "E*-*amount*5*", "E*+*amount*60*"]
    )


SCENARIO = """
definition: machine.asl.json
input: {amount: 5}
mocks: {Pay: [{Return: {StatusCode: 200, Payload: {charged: 5}}}]}
cases:
  - name: it is charged
    expect: {output: {charged: 5}}
  - name: it is charged twice
    expect: {output: {charged: 10}, path: [Pay, Sorry, Done]}
"""


def test_scenario_files_are_collected_and_fail_readably(
    kit: Kit, pytester: pytest.Pytester
) -> None:
    pytester.makefile(".scenario.yaml", pay=SCENARIO)
    result = kit("-v")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "pay.scenario.yaml::it is charged PASSED*",
            "pay.scenario.yaml::it is charged twice FAILED*",
            "the path parts after 'Pay' (place 1): expected 'Sorry', came 'Done'",
            "the output differs at $.charged, which state 'Pay' made at 0 s",
            "$.charged: expected 10, got 5",
            '-  "charged": 10',
            '+  "charged": 5',
            "*pay.scenario.yaml:7",
            "*FAILED pay.scenario.yaml::it is charged twice - *the path parts*",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_mock_configuration_is_collected_where_it_is_named(
    kit: Kit, pytester: pytest.Pytester
) -> None:
    config = {
        "StateMachines": {"machine": {"TestCases": {"Paid": {"Pay": "Charged"}}}},
        "MockedResponses": {
            "Charged": {"0": {"Return": {"Payload": {"charged": 1}}}},
        },
    }
    pytester.makefile(".json", MockConfigFile=json.dumps(config), other="[]")
    kit().assert_outcomes()
    kit("machine.asl.json", "other.json").assert_outcomes()
    result = kit("MockConfigFile.json", "-v")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["MockConfigFile.json::machine#Paid PASSED*"])


def test_a_wrong_scenario_file_is_an_error_of_the_collection(
    kit: Kit, pytester: pytest.Pytester
) -> None:
    pytester.makefile(".scenario.yaml", pay="definition: machine.asl.json\nexpct: {}\n")
    result = kit()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*pay.scenario.yaml:2: unknown key expct*expect?"])


def test_a_bug_of_ours_in_a_scenario_keeps_its_traceback(
    kit: Kit, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    import asl.testing.items

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(asl.testing.items, "judge", broken)
    pytester.makefile(".scenario.yaml", pay=SCENARIO)
    result = kit()
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*RuntimeError: a bug*"])


def test_only_the_scenarios_that_failed_last_time_run_with_lf(
    kit: Kit, pytester: pytest.Pytester
) -> None:
    pytester.makefile(".scenario.yaml", pay=SCENARIO)
    kit().assert_outcomes(passed=1, failed=1)
    result = kit("--lf")
    result.assert_outcomes(failed=1)


def test_scenarios_and_fixtures_work_with_xdist(
    kit: Kit, pytester: pytest.Pytester
) -> None:
    pytest.importorskip("xdist")
    pytester.makefile(".scenario.yaml", pay=SCENARIO)
    pytester.makepyfile(
        BOUND
        + """
@pytest.mark.asl("machine.asl.json")
@pytest.mark.parametrize("amount", [1, 200])
def test_it(asl_machine, tasks, amount):
    asl.run(asl_machine, {"amount": amount}, tasks=tasks)
"""
    )
    result = kit("-n2", apart=True)
    result.assert_outcomes(passed=2, failed=2)


def test_the_plugin_imports_nothing_of_asl_that_is_heavy() -> None:
    code = (
        "import sys; import pytest; before = set(sys.modules)\n"
        "import asl.testing.pytest_plugin\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    ours = {name for name in done.stdout.split() if name.partition(".")[0] == "asl"}
    assert ours <= {
        "asl",
        "asl.testing",
        "asl.testing.pytest_plugin",
        "asl.testing.coverage_plugin",
    }
    assert not {"yaml", "jsonschema", "networkx", "hypothesis"} & set(
        done.stdout.split()
    )


def test_mocks_in_front_of_watched_tasks_are_watched_too(
    kit: Kit, pytester: pytest.Pytester
) -> None:
    pytester.makepyfile(
        BOUND
        + """
@pytest.mark.asl("machine.asl.json")
def test_it(asl_machine, tasks):
    mocks = asl.Mocks({}, otherwise=tasks)
    asl.run(asl_machine, {"amount": 500}, tasks=mocks)
"""
    )
    result = kit()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E*AssertionError: too much"])


def test_the_plugin_knows_scenario_files_as_their_reader_does() -> None:
    from asl.testing import pytest_plugin, scenario_file

    assert pytest_plugin._SUFFIXES == scenario_file.SUFFIXES


def test_a_client_of_boto3_is_answered_by_the_tests_own_tasks(
    kit: Kit, pytester: pytest.Pytester
) -> None:
    pytester.makepyfile(
        """
import json
from pathlib import Path

def test_it(stepfunctions_client, asl_api, asl_tasks):
    @asl_tasks.bind("pay")
    def pay(order):
        return {"charged": order["amount"]}

    text = Path("machine.asl.json").read_text()
    arn = stepfunctions_client.create_state_machine(
        name="orders", definition=text, roleArn="arn:aws:iam::123456789012:role/r"
    )["stateMachineArn"]
    begun = stepfunctions_client.start_execution(
        stateMachineArn=arn, input=json.dumps({"amount": 5})
    )
    told = asl_api.call("DescribeExecution", {"executionArn": begun["executionArn"]})
    assert json.loads(told["output"]) == {"charged": 5}
"""
    )
    kit().assert_outcomes(passed=1)
