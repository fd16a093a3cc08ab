"""One state alone: what it gives, where it leads, and what is seen on the way."""

import json
from typing import Any

import pytest

import asl
from asl.history import History
from asl.runtime.single import StateResult
from asl.values import Json

PAY = "arn:aws:lambda:us-east-1:123456789012:function:pay"
RETRY = {"ErrorEquals": ["Busy"], "MaxAttempts": 3, "IntervalSeconds": 2}
CATCH = {"ErrorEquals": ["Busy", "Declined"], "ResultPath": "$.why", "Next": "Sorry"}
TASK = {"Type": "Task", "Resource": PAY, "Next": "Done"}
BODY = {"StartAt": "In", "States": {"In": {"Type": "Pass", "End": True}}}


def machine(state: dict[str, Any], **others: Any) -> asl.StateMachine:
    """A machine in which the state stands as `It`, with two that it may lead to."""
    ends = {name: {"Type": "Succeed"} for name in ("Done", "Sorry")}
    told = json.dumps(state)
    used = {name: end for name, end in ends.items() if f'"{name}"' in told}
    definition = {"StartAt": "It", "States": {"It": state} | used} | others
    return asl.load_text(json.dumps(definition))


def run(state: dict[str, Any], input: Json = None, **options: Any) -> StateResult:
    return asl.run_state(machine(state), "It", input, **options)


def seen(state: dict[str, Any], input: Json = None, **options: Any) -> dict[str, Json]:
    """What TestState would show."""
    answer = run(state, input, **options).to_aws("TRACE", as_text=False)
    shown: dict[str, Json] = answer["inspectionData"]
    return shown


# ------------------------------------------------------------------------ how it ends


def test_a_state_that_goes_well_tells_its_output_and_where_it_leads() -> None:
    result = run({"Type": "Pass", "Result": 7, "Next": "Done"})
    assert (result.status, result.output, result.next_state) == ("SUCCEEDED", 7, "Done")
    assert (result.error, result.cause, result.retry_delay_seconds) == (None,) * 3


def test_nothing_comes_after_it_even_where_it_leads_to_itself() -> None:
    turn = {"Choices": [{"Variable": "$.n", "NumericEquals": 1, "Next": "It"}]}
    choice = {"Type": "Choice", "Default": "Done", **turn}
    result = run(choice, {"n": 1})
    assert result.next_state == "It"
    assert result.execution.path == ["It"]
    assert run(choice, {"n": 2}).next_state == "Done"


def test_a_wait_takes_virtual_time() -> None:
    result = run({"Type": "Wait", "Seconds": 90, "Next": "Done"}, {"a": 1})
    assert (result.status, result.output) == ("SUCCEEDED", {"a": 1})
    assert result.execution.duration_seconds == 90


def test_a_fail_state_tells_its_error_and_cause() -> None:
    result = run({"Type": "Fail", "Error": "E", "Cause": "C"})
    assert (result.status, result.error, result.cause) == ("FAILED", "E", "C")
    assert result.next_state is None


def test_a_task_is_called_with_its_parameters() -> None:
    tasks = asl.Tasks()
    tasks.bind("pay")(lambda event: {"paid": event["sum"]})
    result = run(
        TASK | {"Parameters": {"sum.$": "$.price"}, "ResultPath": "$.r"},
        {"price": 3},
        tasks=tasks,
    )
    assert result.output == {"price": 3, "r": {"paid": 3}}


def test_other_states_need_no_callable() -> None:
    other = {"Type": "Task", "Resource": PAY, "End": True}
    both = {
        "StartAt": "It",
        "States": {"It": {"Type": "Pass", "Next": "B"}, "B": other},
    }
    assert asl.run_state(asl.load_text(json.dumps(both)), "It").next_state == "B"


def test_an_exception_of_a_callable_is_kept() -> None:
    tasks = asl.Tasks()

    @tasks.bind("pay")
    def pay(event: Any) -> None:
        raise LookupError(event)

    result = run(TASK, tasks=tasks)
    assert (result.status, result.error) == ("FAILED", "LookupError")
    assert isinstance(result.execution.exceptions[0].exception, LookupError)


@pytest.mark.parametrize(
    ("used", "delay"), [(0, 2), (1, 4), (2, 8), (3, None), (9, None)]
)
def test_a_retrier_says_whether_it_would_try_again_and_when(
    used: int, delay: int | None
) -> None:
    result = run(TASK | {"Retry": [RETRY]}, error="Busy", cause="x", retry_count=used)
    assert result.retry_delay_seconds == delay
    assert result.status == ("FAILED" if delay is None else "RETRIABLE")
    assert (result.error, result.cause, result.output) == ("Busy", "x", None)
    assert result.inspection["errorDetails"]["retryIndex"] == 0


def test_the_retry_count_is_in_the_context_object() -> None:
    state = TASK | {"Parameters": {"n.$": "$$.State.RetryCount"}}
    assert seen(state, result=1, retry_count=2)["afterParameters"] == {"n": 2}


def test_a_delay_may_be_a_fraction() -> None:
    retrier = RETRY | {"BackoffRate": 1.25}
    result = run(TASK | {"Retry": [retrier]}, error="Busy", retry_count=1)
    assert result.retry_delay_seconds == 2.5


def test_a_catcher_is_asked_after_the_retrier() -> None:
    state = TASK | {"Retry": [RETRY], "Catch": [CATCH]}
    assert run(state, error="Busy").status == "RETRIABLE"
    result = run(state, {"a": 1}, error="Busy", cause="x", retry_count=3)
    assert (result.status, result.next_state) == ("CAUGHT_ERROR", "Sorry")
    assert result.output == {"a": 1, "why": {"Error": "Busy", "Cause": "x"}}
    assert result.inspection["errorDetails"] == {"retryIndex": 0, "catchIndex": 0}
    assert result.to_aws()["error"] == "Busy"


def test_the_visit_tells_that_an_error_was_caught_or_not() -> None:
    state = TASK | {"Retry": [RETRY], "Catch": [CATCH]}
    for error, status in (("Declined", "CAUGHT"), ("Busy", "FAILED"), ("X", "FAILED")):
        (visit,) = run(state, {}, error=error).execution.states["It"]
        assert (visit.status, visit.error) == (status, error)
    (visit,) = run(state | {"InputPath": "$.no"}, {}, result=1).execution.states["It"]
    assert (visit.status, visit.error) == ("FAILED", "States.Runtime")


def test_an_error_that_nothing_takes_fails_the_state() -> None:
    result = run(TASK | {"Retry": [RETRY], "Catch": [CATCH]}, error="Other")
    assert (result.status, result.output) == ("FAILED", None)
    assert "errorDetails" not in result.inspection


def test_a_catcher_whose_output_cannot_be_computed_fails_the_state() -> None:
    catcher = {"ErrorEquals": ["E"], "Output": "{% $nothing %}", "Next": "Sorry"}
    state = TASK | {"QueryLanguage": "JSONata", "Catch": [catcher]}
    result = run(state, error="E")
    assert (result.status, result.next_state) == ("FAILED", None)
    assert result.error == "States.QueryEvaluationError"


def test_a_timeout_and_a_missing_heartbeat_are_caught_by_their_names() -> None:
    catcher = {"ErrorEquals": ["States.HeartbeatTimeout"], "Next": "Sorry"}
    state = TASK | {"HeartbeatSeconds": 5, "TimeoutSeconds": 60, "Catch": [catcher]}
    result = run(state, tasks=asl.Mocks({"It": [{"Never": True}]}))
    assert (result.status, result.error) == ("CAUGHT_ERROR", "States.Timeout")
    assert result.execution.duration_seconds == 5


@pytest.mark.parametrize(
    "state",
    [
        TASK | {"InputPath": "$.no", "Retry": [{"ErrorEquals": ["States.ALL"]}]},
        {"Type": "Pass", "InputPath": "$.no", "End": True},
    ],
)
def test_a_field_that_cannot_be_computed_is_told_without_the_states_name(
    state: dict[str, Any],
) -> None:
    tasks = asl.Mocks({})
    result = run(state, {}, tasks=tasks)
    assert (result.status, result.error) == ("FAILED", "States.Runtime")
    assert str(result.cause).startswith("Invalid path '$.no'")


def test_a_run_that_the_service_ends_is_told_as_failed() -> None:
    state = {"Type": "Wait", "Seconds": 3600, "Next": "Done"}
    result = run(state, type="EXPRESS")
    assert (result.status, result.error) == ("FAILED", "States.Timeout")


def test_the_machines_own_time_limit_is_not_the_states() -> None:
    state = {"Type": "Wait", "Seconds": 3600, "Next": "Done"}
    limited = machine(state, TimeoutSeconds=5)
    assert asl.run_state(limited, "It").status == "SUCCEEDED"


# -------------------------------------------------------------------- what is made up


def test_variables_are_given_and_told_again() -> None:
    state = {
        "Type": "Pass",
        "Assign": {"b.$": "$a"},
        "Parameters": {"a.$": "$a"},
        "Next": "Done",
    }
    result = run(state, variables={"a": 1})
    assert result.output == {"a": 1}
    assert result.variables == {"a": 1, "b": 1}
    assert run({"Type": "Succeed"}).variables == {}


def test_a_context_object_can_be_made_up() -> None:
    state = TASK | {"Parameters": {"all.$": "$$"}}
    given = {"Execution": {"Id": "mine"}}
    assert seen(state, result=1, context=given)["afterParameters"] == {"all": given}


def test_a_made_up_context_holds_for_the_state_and_not_inside_it() -> None:
    inner = {"Type": "Pass", "Parameters": {"n.$": "$$.State.Name"}, "End": True}
    body = {"StartAt": "In", "States": {"In": inner}}
    state = {"Type": "Map", "ItemsPath": "$$.L", "ItemProcessor": body, "End": True}
    assert run(state, context={"L": [1, 2]}).output == [{"n": "In"}] * 2


@pytest.mark.parametrize(
    ("iteration", "item"),
    [
        (None, {"Index": 0, "Value": {"a": 1}}),
        (3, {"Index": 3, "Value": {"a": 1}}),
        ({"Value": "x"}, {"Index": 0, "Value": "x"}),
        ({"Index": 2, "Value": "x"}, {"Index": 2, "Value": "x"}),
    ],
)
def test_a_state_inside_a_map_has_an_item(iteration: Any, item: Json) -> None:
    inner = {"Type": "Pass", "Parameters": {"i.$": "$$.Map.Item"}, "End": True}
    body = {"StartAt": "In", "States": {"In": inner}}
    whole = {"Type": "Map", "ItemProcessor": body, "End": True}
    around = {"StartAt": "Whole", "States": {"Whole": whole}}
    state = {"Type": "Parallel", "Branches": [around], "End": True}
    options: dict[str, Any] = {"context": {"Execution": {}}} if iteration == 3 else {}
    result = asl.run_state(
        machine(state), "In", {"a": 1}, map_iteration=iteration, **options
    )
    assert result.output == {"i": item}


def test_mocks_know_which_iteration_a_state_belongs_to() -> None:
    inner = {"Type": "Task", "Resource": PAY, "End": True}
    body = {"StartAt": "In", "States": {"In": inner}}
    state = {"Type": "Map", "ItemProcessor": body, "End": True}
    mocks = asl.Mocks({"In": [{"Return": 0, "MapIndex": 0}, {"Return": 4}]})
    found = asl.run_state(machine(state), "In", tasks=mocks, map_iteration=4)
    assert found.output == 4


def test_a_map_and_a_parallel_really_run_where_nothing_stands_for_them() -> None:
    branches = [BODY, {"StartAt": "T", "States": {"T": {**TASK, "Next": "U"}}}]
    branches[1]["States"]["U"] = {"Type": "Succeed"}  # type: ignore[index]
    parallel = {"Type": "Parallel", "Branches": branches, "End": True}
    tasks = asl.Tasks()
    tasks.bind("pay")(lambda event: "paid")
    assert run(parallel, {"a": 1}, tasks=tasks).output == [{"a": 1}, "paid"]
    mode = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    each = {"Type": "Map", "ItemProcessor": BODY | mode, "End": True}
    assert run(each, [1, 2, 3]).output == [1, 2, 3]


def test_a_failure_inside_names_the_state_in_which_it_was() -> None:
    body = {"StartAt": "In", "States": {"In": {"Type": "Pass", "InputPath": "$.no"}}}
    body["States"]["In"]["End"] = True  # type: ignore[index]
    result = run({"Type": "Map", "ItemProcessor": body, "End": True}, [{}])
    assert result.status == "FAILED"
    assert "while executing the state 'In'" in str(result.cause)


def test_the_history_is_that_of_a_run_of_this_state() -> None:
    history = run(TASK, result=1).execution.history
    assert isinstance(history, History)
    assert [event.type for event in history] == [
        "ExecutionStarted",
        "TaskStateEntered",
        "LambdaFunctionScheduled",
        "LambdaFunctionStarted",
        "LambdaFunctionSucceeded",
        "TaskStateExited",
        "ExecutionSucceeded",
    ]


# -------------------------------------------------------------------- what is seen

GIVEN = {"x": {"y": 1}}


@pytest.mark.parametrize(
    ("state", "options", "expected"),
    [
        (
            {"Type": "Pass", "InputPath": "$.x", "ResultPath": "$.r", "End": True},
            {},
            {
                "afterInputPath": {"y": 1},
                "afterParameters": {"y": 1},
                "afterResultSelector": {"y": 1},
                "afterResultPath": {"x": {"y": 1}, "r": {"y": 1}},
            },
        ),
        (
            {"Type": "Pass", "Result": 5, "ResultPath": None, "End": True},
            {},
            {"result": 5, "afterResultSelector": 5, "afterResultPath": GIVEN},
        ),
        (
            {"Type": "Pass", "InputPath": None, "Parameters": {"p": 1}, "End": True},
            {},
            {
                "afterInputPath": {},
                "afterParameters": {"p": 1},
                "afterResultSelector": {"p": 1},
                "afterResultPath": {"p": 1},
            },
        ),
        ({"Type": "Succeed", "InputPath": "$.x"}, {}, {"afterInputPath": {"y": 1}}),
        ({"Type": "Succeed", "QueryLanguage": "JSONata"}, {}, {}),
        (
            TASK | {"ResultSelector": {"s.$": "$.r"}, "ResultPath": "$.t"},
            {"result": {"r": 2}},
            {
                "afterInputPath": GIVEN,
                "afterParameters": GIVEN,
                "result": {"r": 2},
                "afterResultSelector": {"s": 2},
                "afterResultPath": {"x": {"y": 1}, "t": {"s": 2}},
            },
        ),
        (
            TASK | {"QueryLanguage": "JSONata", "Arguments": "{% $states.input.x %}"},
            {"result": 2},
            {"afterArguments": {"y": 1}, "result": 2},
        ),
        (
            TASK | {"QueryLanguage": "JSONata"},
            {"error": "E"},
            {"afterArguments": GIVEN},
        ),
        (
            {"Type": "Parallel", "Branches": [BODY], "ResultPath": "$.r", "End": True},
            {"result": [4]},
            {"afterResultSelector": [4], "afterResultPath": {"x": {"y": 1}, "r": [4]}},
        ),
        (
            {
                "Type": "Parallel",
                "QueryLanguage": "JSONata",
                "Branches": [BODY],
                "End": True,
            },
            {"result": [4]},
            {},
        ),
    ],
)
def test_the_intermediate_data_is_what_aws_shows(
    state: dict[str, Any], options: dict[str, Any], expected: dict[str, Json]
) -> None:
    assert seen(state, GIVEN, **options) == {"input": GIVEN} | expected


def test_only_what_was_reached_is_seen() -> None:
    state = TASK | {"Parameters": {"p.$": "$.no"}}
    assert seen(state, GIVEN, result=1) == {"input": GIVEN, "afterInputPath": GIVEN}
    state = TASK | {"ResultSelector": {"p.$": "$.no"}}
    assert "afterResultPath" not in seen(state, GIVEN, result={})


def test_values_are_texts_and_numbers_stay_numbers_in_the_answer_of_aws() -> None:
    answer = run(TASK | {"Retry": [RETRY]}, {"a": 1}, error="Busy").to_aws("DEBUG")
    assert answer["inspectionData"] == {
        "input": '{"a":1}',
        "afterInputPath": '{"a":1}',
        "afterParameters": '{"a":1}',
        "errorDetails": {"retryIndex": 0, "retryBackoffIntervalSeconds": 2},
    }
    assert run({"Type": "Succeed"}, [1]).to_aws() == {
        "status": "SUCCEEDED",
        "output": "[1]",
    }


# ------------------------------------------------------------------ whole Maps mocked

DISTRIBUTED = {
    "Type": "Map",
    "ItemProcessor": BODY
    | {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}},
    "End": True,
}


def test_a_mocked_map_still_selects_and_batches_its_items() -> None:
    state = DISTRIBUTED | {
        "ItemsPath": "$.l",
        "ItemSelector": {"v.$": "$$.Map.Item.Value"},
        "ItemBatcher": {"MaxItemsPerBatch": 2},
        "MaxConcurrency": 5,
        "ToleratedFailureCount": 1,
        "ToleratedFailurePercentage": 50,
    }
    assert seen(state, {"l": [1, 2, 3]}, result=[0]) == {
        "input": {"l": [1, 2, 3]},
        "afterInputPath": {"l": [1, 2, 3]},
        "afterItemsPath": [1, 2, 3],
        "afterItemSelector": [{"v": 1}, {"v": 2}, {"v": 3}],
        "afterItemBatcher": [
            {"Items": [{"v": 1}, {"v": 2}]},
            {"Items": [{"v": 3}]},
        ],
        "afterResultSelector": [0],
        "afterResultPath": [0],
        "maxConcurrency": 5,
        "toleratedFailureCount": 1,
        "toleratedFailurePercentage": 50.0,
    }


def test_a_mocked_inline_map_selects_its_items_too() -> None:
    state = {
        "Type": "Map",
        "ItemSelector": {"i.$": "$$.Map.Item.Index"},
        "ItemProcessor": BODY,
        "End": True,
    }
    shown = seen(state, [7, 8], result=[1, 1])
    assert shown["afterItemSelector"] == [{"i": 0}, {"i": 1}]
    assert shown["maxConcurrency"] == 0
    result = run(state | {"ItemSelector": {"i.$": "$.no"}}, [7], result=[])
    assert (result.status, result.error) == ("FAILED", "States.Runtime")


@pytest.mark.parametrize(
    ("fields", "failed", "status"),
    [
        ({"ToleratedFailureCount": 1}, 1, "SUCCEEDED"),
        ({"ToleratedFailureCount": 1}, 2, "FAILED"),
        ({"ToleratedFailurePercentage": 50}, 1, "SUCCEEDED"),
        ({"ToleratedFailurePercentage": 50}, 2, "FAILED"),
        ({}, 3, "SUCCEEDED"),
    ],
)
def test_failed_iterations_are_counted_against_what_is_tolerated(
    fields: dict[str, Json], failed: int, status: str
) -> None:
    state = DISTRIBUTED | fields
    result = run(state, [1, 2, 3], result=[0, 0, 0], failed_iterations=failed)
    assert result.status == status
    if status == "FAILED":
        assert result.error == "States.ExceedToleratedFailureThreshold"


def test_too_many_failed_iterations_can_be_caught() -> None:
    catcher = {"ErrorEquals": ["States.ALL"], "Next": "Sorry"}
    state = DISTRIBUTED | {"ToleratedFailureCount": 1, "Catch": [catcher]}
    result = run(state, [1, 2], result=[0, 0], failed_iterations=2)
    assert (result.status, result.next_state) == ("CAUGHT_ERROR", "Sorry")


def test_a_mocked_error_of_a_map_wins_over_the_count() -> None:
    state = DISTRIBUTED | {"ToleratedFailureCount": 1}
    result = run(state, [1, 2], error="E", cause="C", failed_iterations=2)
    assert (result.error, result.cause) == ("E", "C")


def test_a_reader_is_given_the_text_of_its_object() -> None:
    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
        "Parameters": {"Bucket": "b", "Key": "k"},
    }
    selector = {"n.$": "$$.Map.Item.Value.name"}
    state = DISTRIBUTED | {"ItemReader": reader, "ItemSelector": selector}
    shown = seen(state, result=[], reader_data="name\nAnn\nBob\n")
    assert shown["afterItemSelector"] == [{"n": "Ann"}, {"n": "Bob"}]
    assert shown["maxConcurrency"] == 0
    assert run(state, result=["x"]).output == ["x"]
    with pytest.raises(asl.UsageError, match="reader_data: "):
        run(state, result=[], reader_data='a\n"b')
    with pytest.raises(asl.UsageError, match="has no ItemReader"):
        run(DISTRIBUTED, result=[], reader_data="[]")


# ------------------------------------------------------------------------ wrong calls


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"retry_count": -1}, "retry_count is a whole number"),
        ({"result": 1, "error": "E"}, "give result or error, not both"),
        ({"result": 1, "tasks": asl.Tasks()}, "give tasks, or result or error"),
        ({"failed_iterations": 1}, "are for a distributed Map"),
        ({"context": [], "tasks": asl.Mocks({})}, "context is a table"),
        ({"variables": {"a": {1}}}, "variables is not JSON"),
        ({"map_iteration": -1, "result": 1}, "map_iteration is an index"),
        ({"map_iteration": True, "result": 1}, "map_iteration is an index"),
        ({}, "no callable is bound"),
    ],
)
def test_a_wrong_call_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(asl.UsageError, match=message):
        run(TASK, **options)


def test_a_result_is_for_a_task_a_map_or_a_parallel() -> None:
    with pytest.raises(asl.UsageError, match="only a Task, Map or Parallel"):
        run({"Type": "Succeed"}, result=1)
    with pytest.raises(asl.UsageError, match="the result is not JSON"):
        run(DISTRIBUTED, result={1})


def test_an_unknown_state_is_named_with_what_may_be_meant() -> None:
    loaded = machine({"Type": "Pass", "Next": "Done"})
    with pytest.raises(asl.UsageError, match="did you mean 'Done'"):
        asl.run_state(loaded, "Dune")
    with pytest.raises(asl.UsageError, match="there are: It, Done"):
        asl.run_state(loaded, "Xyz")
    with pytest.raises(asl.UsageError, match="needs a StateMachine"):
        asl.run_state("it.json", "It")  # type: ignore[arg-type]
