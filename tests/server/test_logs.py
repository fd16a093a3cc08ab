"""Execution logs: which records there are, what they hold, where they go."""

import json
import logging
import sys
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from service import PASS, START, WAIT, Service, task

import asl
from asl.history import EVENT_DETAILS
from asl.server.log_delivery import LogDelivery
from asl.server.logs import LEVELS, TEXT_BYTES, log_records, records_of
from asl.values import json_text

GROUP = "arn:aws:logs:us-east-1:123456789012:log-group:g:*"
FAIL = {"F": {"Type": "Fail", "Error": "Broken", "Cause": "why"}}
RECORDINGS = Path(__file__).parents[3] / "shared" / "conformance"


def asks_for(level: str, data: bool = True) -> dict[str, Any]:
    """A machine's configuration of its log."""
    destination = {"cloudWatchLogsLogGroup": {"logGroupArn": GROUP}}
    wish = {"level": level, "includeExecutionData": data, "destinations": [destination]}
    return {"loggingConfiguration": wish}


def machine(states: dict[str, Any]) -> asl.StateMachine:
    return asl.load_text(json.dumps({"StartAt": next(iter(states)), "States": states}))


class Kept(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.kept.append(record)

    def types(self) -> list[str]:
        return [record.event["type"] for record in self.kept]  # type: ignore[attr-defined]


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def logger(kept: Kept) -> logging.Logger:
    logger = logging.Logger("executions")
    logger.addHandler(kept)
    return logger


@pytest.fixture
def service(logger: logging.Logger) -> Iterator[Service]:
    service = Service(asl.Api(tasks=asl.Tasks(), logs=logger))
    yield service
    service.api.close()


def create(service: Service, states: dict[str, Any], log: Any, **fields: Any) -> str:
    text = json.dumps({"StartAt": next(iter(states)), "States": states})
    answer = service.call(
        "CreateStateMachine",
        name=fields.pop("name", "m"),
        definition=text,
        roleArn="arn:aws:iam::123456789012:role/runner",
        **log,
        **fields,
    )
    return str(answer["stateMachineArn"])


# --- records


def test_a_record_has_an_events_details_and_numbers_as_text() -> None:
    done = asl.run(machine(PASS), {"a": 1}, role_arn="arn:aws:iam::1:role/r")
    first, entered, *_, last = log_records(done)
    assert first == {
        "id": "1",
        "type": "ExecutionStarted",
        "details": {
            "input": '{"a":1}',
            "inputDetails": {"truncated": False},
            "roleArn": "arn:aws:iam::1:role/r",
        },
        "previous_event_id": "0",
        "event_timestamp": str(done.started_at // 1000),
        "execution_arn": done.arn,
        "redrive_count": "0",
    }
    assert entered["previous_event_id"] == "0"
    assert last["details"]["output"] == '{"a":1}'


def test_without_data_there_is_none_but_errors_and_causes_stay() -> None:
    states = task(ResultPath="$.r", Next="W")
    del states["T"]["End"]
    states["W"] = {"Type": "Pass", "Assign": {"v": "secret"}, "Next": "F"}
    mocks = asl.Mocks({"T": [{"Return": {"secret": 1}}]})
    done = asl.run(machine(states | FAIL), {"secret": 2}, tasks=mocks)
    records = log_records(done, include_data=False)
    assert len(records) == len(done.history)
    assert "secret" not in json.dumps(records)
    details = {record["type"]: record["details"] for record in records}
    assert details["TaskScheduled"] == {
        "resourceType": "sns",
        "resource": "publish",
        "region": "us-east-1",
    }
    assert details["PassStateExited"] == {"name": "W"}
    assert details["ExecutionFailed"] == {"error": "Broken", "cause": "why"}


def test_an_event_without_details_has_an_empty_object() -> None:
    done = asl.run(machine(PASS))
    assert log_records(done, include_data=False)[-1]["details"] == {}


ERRORS = set(
    """
ExecutionAborted ExecutionFailed ExecutionTimedOut FailStateEntered LambdaFunctionFailed
LambdaFunctionScheduleFailed LambdaFunctionStartFailed LambdaFunctionTimedOut
MapIterationAborted MapIterationFailed MapStateAborted MapStateFailed
ParallelStateAborted ParallelStateFailed TaskFailed TaskStartFailed TaskStateAborted
TaskSubmitFailed TaskTimedOut WaitStateAborted MapRunAborted MapRunFailed
ActivityFailed ActivityScheduleFailed ActivityTimedOut EvaluationFailed
""".split()  # noqa: SIM905 - as the guide's table has them
)


def test_each_level_has_the_events_that_the_guide_lists() -> None:
    assert set(EVENT_DETAILS) == LEVELS["ALL"]
    assert LEVELS["ERROR"] == ERRORS
    assert sorted(LEVELS["FATAL"]) == [
        "ExecutionAborted",
        "ExecutionFailed",
        "ExecutionTimedOut",
    ]
    assert not LEVELS["OFF"]


@pytest.mark.parametrize(
    ("level", "types"),
    [
        ("ALL", ["ExecutionStarted", "FailStateEntered", "ExecutionFailed"]),
        ("ERROR", ["FailStateEntered", "ExecutionFailed"]),
        ("FATAL", ["ExecutionFailed"]),
        ("OFF", []),
    ],
)
def test_a_level_chooses_the_records(level: str, types: list[str]) -> None:
    done = asl.run(machine(FAIL))
    assert [record["type"] for record in log_records(done, level)] == types


def test_another_level_is_refused_with_those_there_are() -> None:
    done = asl.run(machine(PASS))
    with pytest.raises(asl.UsageError, match=r"'WARN'; there are ALL, ERROR, FATAL"):
        log_records(done, "WARN")


@pytest.mark.parametrize(
    ("letter", "count"),
    [("a", 9), ('"', 40_000), ("ä", 70_000), ("\u0001", 20_000), ("\ud800", 20_000)],
)
def test_a_long_text_is_cut_to_what_a_record_holds(letter: str, count: int) -> None:
    done = asl.run(machine(PASS), letter * count + "a" * 120_000)
    details = log_records(done)[0]["details"]
    room = size(details["input"])
    whole = size(json_text(done.input))
    assert details["inputDetails"] == {"truncated": whole > TEXT_BYTES}
    assert room <= TEXT_BYTES
    assert json_text(done.input).startswith(details["input"])
    assert room > TEXT_BYTES - 8 or room == whole


def size(text: str) -> int:
    """How long a text is inside a record."""
    return len(json_text(text).encode("utf-8", "surrogatepass"))


def test_a_text_of_exactly_the_limit_is_not_cut() -> None:
    done = asl.run(machine(PASS), "a" * (TEXT_BYTES - 6))  # "\"aaa\"" is its text
    details = log_records(done)[0]["details"]
    assert details["inputDetails"] == {"truncated": False}
    longer = asl.run(machine(PASS), "a" * (TEXT_BYTES - 5))
    details = log_records(longer)[0]["details"]
    assert details["inputDetails"] == {"truncated": True}


def test_a_redrive_is_counted_from_its_event_on() -> None:
    def event(id: int, kind: str) -> dict[str, Any]:
        return {"id": id, "previousEventId": 0, "type": kind, "timestamp": 1.5}

    events = [event(1, "ExecutionFailed"), event(2, "ExecutionRedriven")]
    events.append(event(3, "ExecutionFailed"))
    records = list(records_of(events, "arn", "FATAL", True))
    assert [record["redrive_count"] for record in records] == ["0", "1"]
    assert records[0]["event_timestamp"] == "1500"
    (later,) = records_of(events[2:], "arn", "FATAL", True, 1)
    assert later["redrive_count"] == "1"


# --- where they go


def test_a_machine_that_asks_for_a_log_has_one(service: Service, kept: Kept) -> None:
    arn = service.start(create(service, PASS, asks_for("ALL")), input='{ "a": 1}')
    assert kept.types() == [
        "ExecutionStarted",
        "PassStateEntered",
        "PassStateExited",
        "ExecutionSucceeded",
    ]
    first = json.loads(kept.kept[0].getMessage())
    assert first == kept.kept[0].event  # type: ignore[attr-defined]
    assert first["execution_arn"] == arn
    assert first["details"]["input"] == '{ "a": 1}'


def test_a_machine_that_asks_for_none_has_none(service: Service, kept: Kept) -> None:
    service.start(service.create("m", PASS))
    service.start(create(service, PASS, asks_for("OFF"), name="off"))
    assert kept.kept == []


def test_a_log_grows_while_its_execution_runs(service: Service, kept: Kept) -> None:
    arn = service.start(create(service, WAIT, asks_for("ALL", data=False)))
    assert kept.types() == ["ExecutionStarted", "WaitStateEntered"]
    service.call("StopExecution", executionArn=arn, error="E")
    assert kept.types()[2:] == ["ExecutionAborted"]
    assert kept.kept[0].event["details"] == {  # type: ignore[attr-defined]
        "roleArn": "arn:aws:iam::123456789012:role/runner"
    }


def test_records_of_levels_are_of_pythons_levels(service: Service, kept: Kept) -> None:
    service.start(create(service, FAIL, asks_for("ALL")))
    assert [record.levelname for record in kept.kept] == ["INFO", "ERROR", "CRITICAL"]


def test_express_executions_have_logs_under_their_own_arns(
    service: Service, kept: Kept
) -> None:
    arn = create(service, PASS, asks_for("ALL"), type="EXPRESS")
    done = service.call("StartSyncExecution", stateMachineArn=arn)
    service.start(arn)
    arns = [record.event["execution_arn"] for record in kept.kept]  # type: ignore[attr-defined]
    assert len(arns) == 8
    assert arns[:4] == [done["executionArn"]] * 4
    assert ":express:" in arns[4] != arns[0]


def test_nested_executions_have_the_log_of_their_own_machine(
    service: Service, kept: Kept
) -> None:
    inner = create(service, FAIL, asks_for("FATAL"), name="inner", type="EXPRESS")
    request = {"StateMachineArn": inner, "Input": {}}
    states = task("arn:aws:states:::aws-sdk:sfn:startSyncExecution", Parameters=request)
    outer = create(service, states, asks_for("ALL"), name="outer")
    arn = service.start(outer)
    assert service.status(arn) == "SUCCEEDED"
    told = [record.event for record in kept.kept]  # type: ignore[attr-defined]
    inside = [one["type"] for one in told if one["execution_arn"] != arn]
    assert inside == ["ExecutionFailed"]
    assert len(told) - len(inside) == len(service.events(arn))


def test_children_of_a_distributed_map_have_the_log_of_their_machine(
    service: Service, kept: Kept
) -> None:
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}
    body: dict[str, Any] = {"ProcessorConfig": config}
    body |= {"StartAt": "P", "States": PASS}
    states = {"M": {"Type": "Map", "ItemProcessor": body, "End": True}}
    arn = service.start(create(service, states, asks_for("ALL")), input="[1, 2]")
    assert service.status(arn) == "SUCCEEDED"
    told = [record.event for record in kept.kept]  # type: ignore[attr-defined]
    children = {one["execution_arn"] for one in told} - {arn}
    assert len(children) == 2
    assert sum(one["type"] == "ExecutionStarted" for one in told) == 3


def test_an_update_changes_the_log_of_what_starts_after_it(
    service: Service, kept: Kept
) -> None:
    arn = create(service, FAIL, asks_for("ALL"))
    service.call("UpdateStateMachine", stateMachineArn=arn, **asks_for("FATAL"))
    service.start(arn)
    assert kept.types() == ["ExecutionFailed"]


def test_a_file_has_a_line_a_record_and_is_added_to(tmp_path: Path) -> None:
    file = tmp_path / "executions.jsonl"
    for _ in range(2):
        service = Service(asl.Api(logs=file))
        arn = create(service, PASS, asks_for("ALL"))
        service.start(arn, input='"\\ud800 ä"')
        service.api.close()
    lines = file.read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    assert [record["id"] for record in records] == ["1", "2", "3", "4"] * 2
    assert json.loads(records[3]["details"]["output"]) == "\ud800 ä"
    assert "ä" in lines[0]


def test_what_comes_after_the_end_is_not_written(tmp_path: Path) -> None:
    delivery = LogDelivery(str(tmp_path / "log"))
    service = Service(asl.Api())
    arn = service.start(create(service, WAIT, asks_for("ALL")))
    delivery.close()
    delivery.tell([service.api.executions.table.find(arn)])
    delivery.close()
    assert (tmp_path / "log").read_text() == ""


def test_a_file_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(asl.UsageError, match="the execution log cannot be written"):
        asl.Api(logs=tmp_path / "no" / "such")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_ends_the_log_and_not_the_execution(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("asl.server"), "propagate", True)
    service = Service(asl.Api(logs="/dev/full"))
    arn = service.start(create(service, PASS, asks_for("ALL")))
    assert service.status(arn) == "SUCCEEDED"
    again = service.start(create(service, PASS, asks_for("ALL"), name="n"))
    assert service.status(again) == "SUCCEEDED"
    service.api.close()
    # A record may come twice: by the logger's own handler and by the root's.
    told = {id(one): one for one in caplog.records if "/dev/full" in one.getMessage()}
    (text,) = [one.getMessage() for one in told.values()]
    assert "cannot be written, and ends: No space left" in text


def test_nothing_new_writes_nothing(tmp_path: Path) -> None:
    delivery = LogDelivery(tmp_path / "log")
    service = Service(asl.Api())
    arn = service.start(create(service, WAIT, asks_for("ALL")))
    entry = service.api.executions.table.find(arn)
    delivery.tell([entry])
    before = (tmp_path / "log").read_text()
    delivery.tell([entry])
    assert (tmp_path / "log").read_text() == before != ""
    delivery.close()


def test_a_nested_execution_that_is_left_alone_is_logged_to_its_end(
    service: Service, kept: Kept
) -> None:
    inner = create(service, WAIT, asks_for("FATAL"), name="inner")
    states = task(START, Parameters={"StateMachineArn": inner, "Input": {}})
    arn = service.start(create(service, states, asks_for("OFF"), name="outer"))
    assert service.status(arn) == "SUCCEEDED"
    (child,) = service.list(stateMachineArn=inner)
    service.call("StopExecution", executionArn=child["executionArn"])
    aborted = child["status"] == "RUNNING"
    assert kept.types() == (["ExecutionAborted"] if aborted else [])


# --- as recorded


def recorded() -> list[Any]:
    """Cases that tell of a log: (case, records), where recordings are beside us."""
    cases = []
    for file in sorted((RECORDINGS / "open").glob("*.json")):
        for case in json.loads(file.read_text(encoding="utf-8")):
            expected = case.get("expected") or {}
            more = expected.get("also_recorded") or {}
            log = more.get("logged_execution_events")
            if log is None and "end_event" in expected:
                log = [expected["end_event"]]
            if case["kind"] == "execution" and log is not None:
                cases.append(pytest.param(case, log, id=case["id"]))
    return cases


def comparable(record: dict[str, Any]) -> dict[str, Any]:
    """A record as recordings have it, without what each run has for itself."""
    details = dict(record["details"])
    for name in ("input", "output"):
        text = details.get(name)
        value = json.loads(text) if isinstance(text, str) else text
        own = "<ArnPart" in json.dumps(value) or "arn:aws:states" in json.dumps(value)
        details[name] = None if own else value
    assert record["execution_arn"].startswith("arn:")
    return record | {"details": details, "execution_arn": "", "event_timestamp": ""}


@pytest.mark.skipif(
    not (RECORDINGS / "conformance.py").exists(),
    reason="the recordings (../shared/conformance) are not beside the project",
)
@pytest.mark.parametrize(("case", "log"), recorded())
def test_a_log_is_as_recorded(case: dict[str, Any], log: list[dict[str, Any]]) -> None:
    place = spec_from_file_location("log_cases", RECORDINGS / "conformance.py")
    assert place is not None
    assert place.loader is not None
    runner = module_from_spec(place)
    with pytest.MonkeyPatch.context() as patch:  # its dataclasses look for their module
        patch.setitem(sys.modules, "log_cases", runner)
        place.loader.exec_module(runner)
    wish = case["logging_configuration"]
    done = asl.run(
        asl.load_text(runner.definition_text(case)),
        runner.case_input(case),
        tasks=asl.Mocks(runner.mock_answers(case)),
        type=case["type"],
        role_arn=log[0]["details"].get("roleArn", "role"),
    )
    data = wish.get("includeExecutionData", False)
    actual = log_records(done, wish["level"], data)[-len(log) :]
    assert list(map(comparable, actual)) == list(map(comparable, log))
    assert all(one["event_timestamp"].isdecimal() for one in actual)
    kind = "express" if case["type"] == "EXPRESS" else "execution"
    assert {one["execution_arn"].split(":")[5] for one in actual} == {kind}
