"""The fault matrix: where an error of a task ends is told rightly."""

import json
from pathlib import Path
from typing import Any

import pytest

import asl
from asl.errors import UsageError
from asl.testing import faults
from asl.testing.fault_kinds import KINDS, Fault, asking_states, faults_of
from asl.testing.fault_outcome import Outcome, describe
from asl.testing.fault_report import rows, write_text
from asl.testing.fault_runs import task_states

LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:"
INVOKE = "arn:aws:states:::lambda:invoke"
TOKEN = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"


def machine_of(states: dict[str, Any], **fields: Any) -> asl.StateMachine:
    text = json.dumps({"StartAt": next(iter(states)), "States": states, **fields})
    return asl.load_text(text, name="Shop")


def task(resource: str = f"{LAMBDA}pay", **fields: Any) -> dict[str, Any]:
    way = {} if "Next" in fields else {"End": True}
    return {"Type": "Task", "Resource": resource, **way, **fields}


def answers(*states: str, **results: Any) -> asl.Mocks:
    """Mocks that never run out."""
    return asl.Mocks({s: [{"Return": results.get(s, {})}] * 50 for s in states})


PAY = task(
    Retry=[{"ErrorEquals": ["Busy"], "IntervalSeconds": 4, "MaxAttempts": 2}],
    Catch=[{"ErrorEquals": ["Declined", "Busy"], "Next": "Sorry"}],
)
SORRY = {"Type": "Fail", "Error": "Sorry"}


def names(state: dict[str, Any], *kinds: str) -> list[str]:
    machine = machine_of(
        {"Pay": state, **({"Sorry": SORRY} if "Catch" in state else {})}
    )
    found = faults_of(task_states(machine)["Pay"])
    return [f.error for f in found if not kinds or f.kind in kinds]


# ------------------------------------------------------------------------------ kinds


def test_a_function_meets_the_errors_of_lambda_and_its_own() -> None:
    assert names(PAY, "declared") == ["Busy", "Declined"]
    assert names(PAY, "throttling") == ["Lambda.TooManyRequestsException"]
    assert "Lambda.ServiceException" in names(PAY, "service")
    assert "Lambda.Unknown" in names(PAY, "unhandled")
    assert names(PAY, "timeout") == ["Sandbox.Timedout"]
    assert names(PAY, "permission", "oversized") == [
        "States.Permissions",
        "States.DataLimitExceeded",
    ]
    assert names(PAY, "malformed") == ["Runtime.MarshalError", "null"]


def test_an_error_of_lambda_that_a_state_names_is_told_once() -> None:
    retry = [{"ErrorEquals": ["Lambda.TooManyRequestsException"]}]
    assert names(task(Retry=retry), "declared") == []


@pytest.mark.parametrize(
    ("resource", "kind", "error"),
    [
        ("arn:aws:states:::dynamodb:getItem", "service", "DynamoDB.SdkClientException"),
        ("arn:aws:states:::sqs:sendMessage", "service", "SQS.AmazonSQSException"),
        (
            "arn:aws:states:::aws-sdk:dynamodb:getItem",
            "service",
            "DynamoDb.DynamoDbException",
        ),
        (
            "arn:aws:states:::aws-sdk:secretsmanager:getSecretValue",
            "throttling",
            "SecretsManager.ThrottlingException",
        ),
        ("arn:aws:states:::http:invoke", "throttling", "States.Http.StatusCode.429"),
        ("arn:aws:states:::events:putEvents", "service", "EventBridge.FailedEntry"),
        ("arn:aws:states:::apigateway:invoke", "throttling", "ApiGateway.429"),
        ("arn:aws:states:::glue:startJobRun.sync", "job", "States.TaskFailed"),
        ("arn:aws:states:::glue:startJobRun.sync", "hang", "no answer"),
        ("arn:aws:states:us-east-1:123456789012:activity:a", "hang", "no answer"),
    ],
)
def test_an_integration_meets_the_errors_of_its_service(
    resource: str, kind: str, error: str
) -> None:
    pytest.importorskip("botocore", reason="names come from AWS's own models")
    assert error in names(task(resource), kind)


def test_errors_of_a_service_are_those_of_its_model() -> None:
    pytest.importorskip("botocore", reason="names come from AWS's own models")
    get_item = task("arn:aws:states:::dynamodb:getItem")
    assert "DynamoDB.ProvisionedThroughputExceededException" in names(
        get_item, "throttling"
    )


def test_what_waits_for_a_token_meets_no_oversized_result() -> None:
    waiting = task(TOKEN, Parameters={"MessageBody.$": "$$.Task.Token"})
    assert names(waiting, "oversized") == []
    assert names({**waiting, "TimeoutSeconds": 60}, "hang") == []
    assert names({**waiting, "HeartbeatSeconds": 6}, "heartbeat") == [
        "States.HeartbeatTimeout"
    ]


def test_every_kind_is_explained() -> None:
    assert all(KINDS.values())
    assert str(Fault(kind="job", error="States.TaskFailed")) == "job: States.TaskFailed"


# --------------------------------------------------------------------------- outcomes


def outcome(
    state: dict[str, Any],
    error: str,
    *,
    once: bool = False,
    more: dict[str, Any] | None = None,
    **fields: Any,
) -> Outcome:
    states = {"Pay": state, **(more or {})}
    if "Catch" in state:
        states["Sorry"] = SORRY
    machine = machine_of(states, **fields)
    tasks = answers(*task_states(machine))
    return faults.matrix(machine, tasks=tasks, states=["Pay"]).of(
        "Pay", error, once=once
    )


def test_an_error_that_passes_is_retried() -> None:
    found = outcome(PAY, "Busy", once=True)
    assert (found.verdict, found.retries, found.delay_seconds) == ("retried", 1, 4)
    assert found.handled
    assert describe(found) == "retried 1× (4 s), goes on"


def test_an_error_that_stays_is_caught_after_its_retries() -> None:
    found = outcome(PAY, "Busy")
    assert (found.verdict, found.retries, found.delay_seconds) == ("caught", 2, 12)
    assert (found.catches, found.next) == (("Declined", "Busy"), "Sorry")
    assert found.deliberate
    assert found.handled
    assert describe(found) == "retried 2× (12 s), caught: Declined, Busy → Sorry"


def test_an_error_that_nobody_names_fails_the_execution() -> None:
    found = outcome(PAY, "Lambda.Unknown")
    assert (found.verdict, found.end_state, found.end_error) == (
        "fails",
        "Pay",
        "Lambda.Unknown",
    )
    assert not found.handled
    assert describe(found) == "fails"


@pytest.mark.parametrize("error", ["States.Timeout", "States.HeartbeatTimeout"])
def test_a_time_out_comes_when_its_time_is_up(error: str) -> None:
    limits: dict[str, Any] = {"TimeoutSeconds": 60, "HeartbeatSeconds": 7}
    catch = [
        {"ErrorEquals": ["States.HeartbeatTimeout"], "Next": "Sorry"},
        {"ErrorEquals": ["States.Timeout"], "Next": "Sorry"},
    ]
    for resource in (TOKEN, f"{LAMBDA}pay"):
        found = outcome(task(resource, **limits, Catch=catch), error)
        assert found.verdict == "caught"
        assert found.catches == (error,)


def test_what_never_answers_hangs_until_the_execution_times_out() -> None:
    found = outcome(task(TOKEN), "no answer", TimeoutSeconds=500)
    assert (found.verdict, found.status) == ("hangs", "TIMED_OUT")
    assert not found.handled
    assert describe(found) == "hangs, the execution times out"


def test_a_result_that_is_too_big_is_an_error_like_others() -> None:
    found = outcome(
        task(Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Sorry"}]),
        "States.DataLimitExceeded",
    )
    assert found.verdict == "caught"


def test_a_null_result_may_break_what_comes_later() -> None:
    pay = task(INVOKE, Parameters={"FunctionName": "pay"}, Next="Check")
    check = {
        "Type": "Choice",
        "Choices": [{"Variable": "$.Payload.paid", "IsPresent": True, "Next": "End"}],
        "Default": "Show",
    }
    show = {"Type": "Pass", "InputPath": "$.Payload.why", "Next": "End"}
    states = {"Check": check, "Show": show, "End": {"Type": "Succeed"}}
    machine = machine_of({"Pay": pay, **states})
    mocks = asl.Mocks({"Pay": [{"Return": {"Payload": {"paid": 1}}}]})
    found = faults.matrix(machine, tasks=mocks, kinds=["malformed"]).of("Pay", "null")
    assert (found.verdict, found.end_state) == ("unnoticed", "Show")
    assert not found.handled
    assert describe(found) == "goes unnoticed, then fails in Show: States.Runtime"


# ----------------------------------------------------------------- Parallel and Map


def side_by_side(**fields: Any) -> dict[str, Any]:
    branch = {"StartAt": "Pay", "States": {"Pay": task()}}
    way = {} if "Next" in fields else {"End": True}
    return {"Type": "Parallel", "Branches": [branch], **way, **fields}


@pytest.mark.parametrize(
    ("fields", "once", "said"),
    [
        (
            {"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Sorry"}]},
            False,
            "caught by Both: States.ALL → Sorry",
        ),
        ({"Retry": [{"ErrorEquals": ["States.ALL"]}]}, True, "tried again by Both"),
        ({"Retry": [{"ErrorEquals": ["States.ALL"]}]}, False, "fails"),
        ({}, True, "fails"),
    ],
)
def test_what_is_around_a_state_may_take_its_error(
    fields: dict[str, Any], once: bool, said: str
) -> None:
    states = {"Both": side_by_side(**fields)}
    if "Catch" in fields:
        states["Sorry"] = SORRY
    machine = machine_of(states)
    found = faults.matrix(machine, tasks=answers("Pay"))
    assert describe(found.of("Pay", "Lambda.Unknown", once=once)) == said


def test_a_distributed_map_tolerates_a_failure_or_exceeds_its_threshold() -> None:
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "Pay",
        "States": {"Pay": task()},
    }
    machine = machine_of(
        {
            "All": {
                "Type": "Map",
                "ItemProcessor": processor,
                "ToleratedFailureCount": 1,
                "End": True,
            }
        }
    )
    found = faults.matrix(machine, [1, 2, 3], tasks=answers("Pay"))
    assert describe(found.of("Pay", "Lambda.Unknown", once=True)) == "tolerated by All"
    lasting = found.of("Pay", "Lambda.Unknown")
    assert describe(lasting) == "fails, States.ExceedToleratedFailureThreshold"
    assert not lasting.handled


# -------------------------------------------------------------------- reaching states


def test_a_state_on_an_error_path_is_reached_by_the_error() -> None:
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Undo"}]
    machine = machine_of({"Pay": task(Catch=catch), "Undo": task(f"{LAMBDA}undo")})
    found = faults.matrix(machine, tasks=answers("Pay", "Undo"))
    assert found.not_reached == ()
    assert found.of("Undo", "Lambda.Unknown").verdict == "fails"


def test_a_state_that_no_run_comes_to_is_said_so() -> None:
    gate = {
        "Type": "Choice",
        "Choices": [{"Variable": "$.vip", "BooleanEquals": True, "Next": "Gift"}],
        "Default": "Pay",
    }
    machine = machine_of({"Gate": gate, "Gift": task(Next="Pay"), "Pay": task()})
    tasks = answers("Gift", "Pay")
    found = faults.matrix(machine, {"vip": False}, tasks=tasks)
    assert found.not_reached == ("Gift",)
    assert "not reached: Gift (no run came there" in write_text(found)
    both = faults.matrix(
        machine, {"vip": False}, more_inputs=[{"vip": True}], tasks=tasks
    )
    assert both.not_reached == ()


def test_without_tasks_choices_are_steered_to_every_state() -> None:
    gate = {
        "Type": "Choice",
        "Choices": [{"Variable": "$.a.vip", "BooleanEquals": True, "Next": "Gift"}],
        "Default": "Done",
    }
    catch = [
        {"ErrorEquals": ["Declined"], "Next": "Apologise"},
        {"ErrorEquals": ["States.ALL"], "Next": "Alarm"},
    ]
    machine = machine_of(
        {
            "Ask": task(ResultPath="$.a", Next="Gate"),
            "Gate": gate,
            "Gift": side_by_side(Catch=catch, Next="Done"),
            "Done": {"Type": "Succeed"},
            "Apologise": task(f"{LAMBDA}apologise", Next="Done"),
            "Alarm": task(f"{LAMBDA}alarm", Next="Done"),
        }
    )
    found = faults.matrix(machine)
    # Nothing inside Gift says that it could be Declined.
    assert found.not_reached == ("Apologise",)
    said = describe(found.of("Pay", "Lambda.Unknown"))
    assert said == "caught by Gift: States.ALL → Alarm"
    assert found.of("Alarm", "Lambda.Unknown").verdict == "fails"


def test_without_tasks_a_value_that_is_needed_is_named() -> None:
    wait = {"Type": "Wait", "SecondsPath": "$.seconds", "Next": "Pay"}
    machine = machine_of({"Rest": wait, "Pay": task()})
    found = faults.matrix(machine)
    assert found.not_reached == ("Pay",)
    assert "'Rest' needs $.seconds of the input" in write_text(found)
    assert faults.matrix(machine, {"seconds": 1}).not_reached == ()


def test_without_tasks_what_comes_after_a_catch_may_not_be_known() -> None:
    catch = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.e", "Next": "Rest"}]
    rest = {"Type": "Wait", "SecondsPath": "$.seconds", "End": True}
    machine = machine_of({"Pay": task(Catch=catch), "Rest": rest})
    found = faults.matrix(machine).of("Pay", "Lambda.Unknown")
    assert describe(found) == "caught: States.ALL → Rest, then not known"
    assert found.handled
    assert found.stopped is not None


def test_a_loop_of_placeholders_ends() -> None:
    again = [{"ErrorEquals": ["States.ALL"], "Next": "Pay"}]
    machine = machine_of({"Pay": task(Catch=again)})
    found = faults.matrix(machine).of("Pay", "Lambda.Unknown")
    assert found.stopped == "goes round at 'Pay'"


def test_a_distributed_map_reads_placeholders_too() -> None:
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
        "StartAt": "Pay",
        "States": {"Pay": task()},
    }
    machine = machine_of(
        {
            "All": {
                "Type": "Map",
                "ItemReader": {
                    "Resource": "arn:aws:states:::s3:getObject",
                    "ReaderConfig": {"InputType": "JSON"},
                    "Parameters": {"Bucket": "b", "Key": "k"},
                },
                "ItemProcessor": processor,
                "ResultWriter": {
                    "Resource": "arn:aws:states:::s3:putObject",
                    "Parameters": {"Bucket": "b", "Prefix": "p"},
                },
                "End": True,
            }
        }
    )
    assert faults.matrix(machine).not_reached == ()


def test_an_activity_is_known_where_nobody_gave_tasks() -> None:
    machine = machine_of(
        {"Pay": task("arn:aws:states:us-east-1:123456789012:activity:a")}
    )
    assert faults.matrix(machine).of("Pay", "UnexpectedError").verdict == "fails"


# ---------------------------------------------------------------------------- callers


def test_mocks_that_are_missing_on_an_error_path_are_not_a_failure() -> None:
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Undo"}]
    machine = machine_of({"Pay": task(Catch=catch), "Undo": task(f"{LAMBDA}undo")})
    mocks = asl.Mocks({"Pay": [{"Return": 1}]})
    found = faults.matrix(machine, tasks=mocks, states=["Pay"])
    said = describe(found.of("Pay", "Lambda.Unknown"))
    assert said == "caught: States.ALL → Undo, then not known"
    assert "no mock answers" in (found.of("Pay", "Lambda.Unknown").stopped or "")


def test_the_mocks_of_a_run_without_faults_must_do() -> None:
    with pytest.raises(UsageError, match="no mock answers"):
        faults.matrix(machine_of({"Pay": task()}), tasks=asl.Mocks({}))


def test_callables_are_called_as_ever() -> None:
    tasks = asl.Tasks()
    seen = []

    @tasks.bind("pay")
    def pay(event: Any) -> Any:
        seen.append(event)
        return {"paid": True}

    machine = (
        machine_of({"Pay": {**PAY, "Next": "Done"} | {"End": None}}) if False else None
    )
    assert machine is None
    machine = machine_of({"Pay": PAY, "Sorry": SORRY})
    found = faults.matrix(machine, {"order": 1}, tasks=tasks, kinds=["declared"])
    assert found.of("Pay", "Busy", once=True).verdict == "retried"
    assert {"order": 1} in seen


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"kinds": ["weather"]}, "no kind of fault is 'weather'; there are declared"),
        ({"states": ["Sorry"]}, "'Sorry' is no Task state, nor .* there are Pay"),
        ({"type": "FAST"}, "type is"),
    ],
)
def test_a_wrong_choice_is_refused(chosen: dict[str, Any], said: str) -> None:
    machine = machine_of({"Pay": PAY, "Sorry": SORRY})
    with pytest.raises(UsageError, match=said):
        faults.matrix(machine, **chosen)


def test_an_outcome_that_is_not_there_is_refused() -> None:
    found = faults.matrix(machine_of({"Pay": task()}))
    with pytest.raises(UsageError, match="no fault 'Rain'"):
        found.of("Pay", "Rain")


def test_a_machine_that_fails_anyhow_fails_no_worse() -> None:
    late = {"Type": "Pass", "InputPath": "$.missing", "End": True}
    pay = {**PAY, "Next": "Late"}
    del pay["End"]
    machine = machine_of({"Pay": pay, "Late": late, "Sorry": SORRY})
    found = faults.matrix(machine, tasks=answers("Pay"))
    retried = found.of("Pay", "Busy", once=True)
    assert (retried.verdict, retried.handled) == ("retried", True)


def test_cases_are_parameters_of_a_test() -> None:
    machine = machine_of({"Pay": PAY, "Sorry": SORRY})
    params = faults.cases(machine, kinds=["declared"])
    assert [param.id for param in params] == [
        "Pay-Busy-once",
        "Pay-Busy-always",
        "Pay-Declined-once",
        "Pay-Declined-always",
    ]
    (case,) = params[1].values
    assert isinstance(case, faults.Case)
    found = case.run(tasks=answers("Pay"))
    assert found is not None
    assert found.handled
    assert "Pay, declared Busy always: retried 2×" in str(found)


def test_a_case_that_is_not_reached_has_no_outcome() -> None:
    wait = {"Type": "Wait", "SecondsPath": "$.seconds", "Next": "Pay"}
    machine = machine_of({"Rest": wait, "Pay": task()})
    (case,) = faults.cases(machine, kinds=["permission"])[0].values
    assert case.run() is None


def test_a_case_on_an_error_path_finds_its_way() -> None:
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Undo"}]
    machine = machine_of({"Pay": task(Catch=catch), "Undo": task(f"{LAMBDA}undo")})
    (case,) = faults.cases(machine, states=["Undo"])[0].values
    assert case.run(tasks=answers("Pay", "Undo")).verdict == "fails"


# ----------------------------------------------------------------------------- report


# ------------------------------------------------------------------- readers, writers

EXPORT: dict[str, Any] = {
    "Type": "Map",
    "ItemReader": {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "JSON"},
        "Parameters": {"Bucket": "in", "Key": "items.json"},
    },
    "ResultWriter": {
        "Resource": "arn:aws:states:::s3:putObject",
        "Parameters": {"Bucket": "out", "Prefix": "run"},
    },
    "ItemProcessor": {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "Pay",
        "States": {"Pay": task()},
    },
    "Retry": [{"ErrorEquals": ["States.ItemReaderFailed"], "IntervalSeconds": 3}],
    "Catch": [{"ErrorEquals": ["States.ResultWriterFailed"], "Next": "Undo"}],
    "End": True,
}


def test_a_map_that_cannot_read_or_write_is_a_fault(tmp_path: Path) -> None:
    for bucket in ("in", "out"):
        (tmp_path / bucket).mkdir()
    (tmp_path / "in" / "items.json").write_text("[1, 2]")
    machine = machine_of({"All": EXPORT, "Undo": task()})
    tasks = asl.Tasks()
    tasks.bind("pay")(lambda event: event)
    found = faults.matrix(machine, tasks=tasks, buckets=tmp_path)
    assert found.not_reached == ()
    reader = found.of("All", "States.ItemReaderFailed", once=True)
    assert (reader.verdict, reader.delay_seconds) == ("retried", 3)
    lasting = found.of("All", "States.ItemReaderFailed")
    assert (lasting.verdict, lasting.retries, lasting.delay_seconds) == ("fails", 3, 21)
    writer = found.of("All", "States.ResultWriterFailed")
    assert (writer.verdict, writer.next) == ("caught", "Undo")
    # The other tasks of the machine are reached through them.
    assert {one.state for one in found.outcomes} == {"All", "Pay", "Undo"}


def test_readers_and_writers_that_somebody_binds_meet_faults_too() -> None:
    machine = machine_of({"All": EXPORT, "Undo": task()})
    tasks = asl.Tasks()
    tasks.bind("pay")(lambda event: event)
    source = {"Items": [1], "Source": "here"}
    tasks.bind("arn:aws:states:::s3:getObject")(lambda request: source)
    tasks.bind("arn:aws:states:::s3:putObject")(lambda request: {"Bucket": "b"})
    found = faults.matrix(machine, tasks=tasks, states=["All"])
    assert [one.verdict for one in found.outcomes] == [
        "retried", "fails", "caught", "caught",
    ]  # fmt: skip


def test_without_tasks_readers_and_writers_fail_as_well() -> None:
    found = faults.matrix(machine_of({"All": EXPORT, "Undo": task()}))
    assert found.of("All", "States.ResultWriterFailed").next == "Undo"
    assert found.not_reached == ()


def test_a_map_without_files_has_no_faults_of_its_own() -> None:
    inner = {key: EXPORT[key] for key in ("Type", "ItemProcessor", "End")}
    writer = {"ResultWriter": {"WriterConfig": {"OutputType": "JSON"}}}
    for plain in (inner, {**inner, **writer}):
        assert list(asking_states(machine_of({"All": plain}))) == ["Pay"]


def test_faults_that_end_alike_are_one_row() -> None:
    machine = machine_of({"Pay": PAY, "Sorry": SORRY})
    found = rows(faults.matrix(machine, tasks=answers("Pay")))
    assert [(row.faults, row.cells[3], row.handled) for row in found] == [
        ("Busy", "retried 2× (12 s), caught: Declined, Busy → Sorry", True),
        ("Declined", "the same", True),
        ("a null result", "the same", True),
        ("every other fault (12)", "the same", False),
    ]


def test_a_row_of_few_kinds_names_them() -> None:
    names = ["Lambda.ServiceException", "Lambda.TooManyRequestsException"]
    machine = machine_of({"Pay": task(Retry=[{"ErrorEquals": names}])})
    first, second, last = rows(faults.matrix(machine, tasks=answers("Pay")))
    assert first.faults == "throttling, Lambda.ServiceException"
    assert (second.faults, last.faults) == ("a null result", "every other fault (10)")
    some = faults.matrix(
        machine, tasks=answers("Pay"), kinds=["unhandled", "oversized"]
    )
    assert [row.faults for row in rows(some)] == ["unhandled (3), oversized"]


def test_a_state_of_which_all_faults_end_alike_has_one_row() -> None:
    machine = machine_of({"Pay": task("arn:aws:states:::glue:startJobRun.sync")})
    assert [row.faults for row in rows(faults.matrix(machine))][-1].startswith("every")


def test_the_table_names_a_state_once_and_counts() -> None:
    machine = machine_of({"Pay": PAY, "Sorry": SORRY})
    matrix = faults.matrix(
        machine, tasks=answers("Pay"), kinds=["declared", "malformed"]
    )
    text = write_text(matrix, lambda line, handled: line if handled else f"!{line}")
    assert text.count("Pay ") == 1
    assert "!" in text
    assert text.endswith("8 faults in 1 state: 6 handled, 2 not")
    assert json.dumps(matrix.to_json())
    assert matrix.to_json()["unhandled"] == 2


# ------------------------------------------------------------------------ a seeded bug

REFUND = {
    "Charge": task(
        Catch=[{"ErrorEquals": ["States.ALL"], "ResultPath": "$.why", "Next": "Read"}]
    ),
    # The bug: only a function's Cause is JSON; a service's is a sentence.
    "Read": {
        "Type": "Pass",
        "Parameters": {"problem.$": "States.StringToJson($.why.Cause)"},
        "Next": "Refused",
    },
    "Refused": {
        "Type": "Fail",
        "Error": "Refused",
        "CausePath": "$.problem.errorMessage",
    },
}


def test_faults_find_a_handler_that_breaks_itself() -> None:
    tasks = asl.Tasks()

    @tasks.bind("pay")
    def pay(event: Any) -> Any:
        return {}

    found = faults.matrix(machine_of(REFUND), {}, tasks=tasks)
    assert found.of("Charge", "UnexpectedError").handled
    broken = found.of("Charge", "Lambda.TooManyRequestsException")
    assert not broken.handled
    assert describe(broken) == (
        "caught: States.ALL → Read, then fails in Read: States.Runtime"
    )
