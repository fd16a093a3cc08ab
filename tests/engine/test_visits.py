"""What an execution tells of its states, and a table of tasks of its calls."""

import json
from typing import Any

import pytest

import asl
from asl.engine.visits import Visit

LAMBDA = "arn:aws:states:::lambda:invoke"


def run(
    states: dict[str, Any], mocks: dict[str, Any] | None = None, **options: Any
) -> Any:
    given = options.pop("input", None)
    fields = options.pop("fields", {})
    definition = {"StartAt": next(iter(states)), "States": states, **fields}
    machine = asl.load_text(json.dumps(definition))
    return asl.run(machine, given, tasks=asl.Mocks(mocks or {}), **options)


def inner(**states: Any) -> dict[str, Any]:
    return {"StartAt": next(iter(states)), "States": states}


def task(**fields: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage",
        "Parameters": {"QueueUrl": "q", "MessageBody": "b"},
        "End": True,
        **fields,
    }


def told(visits: list[Visit]) -> list[tuple[str, str | None]]:
    return [(visit.status, visit.error) for visit in visits]


CATCH = [{"ErrorEquals": ["States.ALL"], "Next": "Rest"}]
REST = {"Type": "Pass", "End": True}
RETRY = [{"ErrorEquals": ["Busy"], "IntervalSeconds": 2, "MaxAttempts": 1}]
BUSY, FINE = {"Throw": {"Error": "Busy", "Cause": "c"}}, {"Return": {"ok": 1}}


def test_a_visit_has_input_output_and_moments() -> None:
    states = {"A": {"Type": "Wait", "Seconds": 5, "Next": "B"}, "B": task(Retry=RETRY)}
    execution = run(states, {"B": [BUSY, {**FINE, "AfterSeconds": 1}]}, input={"x": 1})
    (visit,) = execution.states["A"]
    assert (visit.type, visit.input, visit.output) == ("Wait", {"x": 1}, {"x": 1})
    assert (visit.entered_seconds, visit.left_seconds) == (0, 5)
    (visit,) = execution.states["B"]
    assert told([visit]) == [("SUCCEEDED", None)]
    assert (visit.attempts, visit.retried) == (2, ("Busy",))
    assert (visit.entered_seconds, visit.left_seconds) == (5, 8)
    assert execution.history[visit.event_id - 1].state == "B"


def test_a_state_that_was_never_entered_has_no_visits() -> None:
    execution = run({"A": {"Type": "Succeed"}})
    assert list(execution.states) == ["A"]
    states = {
        "A": {"Type": "Pass", "Next": "C"},
        "B": REST,
        "C": task(Catch=CATCH),
        "Rest": REST,
    }
    states["B"] = {"Type": "Pass", "Next": "C"}
    states["A"] = {
        "Type": "Choice",
        "Choices": [{"Variable": "$", "IsNull": True, "Next": "B"}],
        "Default": "C",
    }
    execution = run(states, {"C": [FINE]})
    assert execution.states["B"] == []
    with pytest.raises(KeyError):
        execution.states["D"]


def test_an_error_that_is_caught_belongs_to_the_state_that_catches() -> None:
    states = {"A": task(Catch=CATCH, Retry=RETRY), "Rest": REST}
    (visit,) = run(states, {"A": [BUSY, BUSY]}).states["A"]
    assert told([visit]) == [("CAUGHT", "Busy")]
    assert (visit.cause, visit.output, visit.attempts) == (
        "c",
        {"Error": "Busy", "Cause": "c"},
        2,
    )


def test_an_error_that_no_event_tells_is_known_all_the_same() -> None:
    states = {"A": task(ResultPath="$.more", Catch=CATCH), "Rest": REST}
    mocks = {"A": [{"Return": "b" * 100_000}]}
    (visit,) = run(states, mocks, input={"text": "a" * 200_000}).states["A"]
    assert told([visit]) == [("CAUGHT", "States.DataLimitExceeded")]


def test_a_jsonata_failure_belongs_to_its_state_though_its_event_does_not_follow() -> (
    None
):
    states = {
        "A": {"Type": "Pass", "Next": "B"},
        "B": task(Parameters=None, Arguments="{% $x %}", Catch=CATCH),
        "Rest": REST,
    }
    del states["B"]["Parameters"]
    execution = run(states, fields={"QueryLanguage": "JSONata"})
    assert told(execution.states["A"]) == [("SUCCEEDED", None)]
    assert told(execution.states["B"]) == [("CAUGHT", "States.QueryEvaluationError")]
    assert told(execution.states["Rest"]) == [("SUCCEEDED", None)]


def test_the_failed_and_the_interrupted_are_told_apart_in_a_parallel() -> None:
    both = [
        inner(
            Bad={"Type": "Wait", "Seconds": 3, "Next": "Worse"},
            Worse={"Type": "Fail", "Error": "E", "Cause": "x"},
        ),
        inner(Slow={"Type": "Wait", "Seconds": 9, "End": True}),
    ]
    states = {
        "P": {"Type": "Parallel", "Branches": both, "Catch": CATCH, "Next": "Rest"},
        "Rest": REST,
    }
    execution = run(states)
    assert told(execution.states["P"]) == [("CAUGHT", "E")]
    assert told(execution.states["Worse"]) == [("FAILED", "E")]
    (slow,) = execution.states["Slow"]
    assert (slow.status, slow.left_seconds, slow.output) == ("ABORTED", 3, None)
    assert [v.depth for v in (slow, *execution.states["Rest"])] == [1, 0]


def test_each_attempt_of_a_parallel_has_visits_of_its_own() -> None:
    branches = [
        inner(In=task()),
        inner(Slow={"Type": "Wait", "Seconds": 9, "End": True}),
    ]
    states = {
        "P": {"Type": "Parallel", "Branches": branches, "Retry": RETRY, "End": True}
    }
    execution = run(states, {"In": [{**BUSY, "AfterSeconds": 1}, FINE]})
    assert told(execution.states["In"]) == [("FAILED", "Busy"), ("SUCCEEDED", None)]
    assert told(execution.states["Slow"]) == [("ABORTED", None), ("SUCCEEDED", None)]
    assert [visit.left_seconds for visit in execution.states["Slow"]] == [1, 12]
    assert execution.states["P"][0].attempts == 2
    assert [visit.depth for visit in execution.states["In"]] == [1, 1]


def test_an_inner_parallel_that_gave_up_is_not_taken_for_the_outer_one() -> None:
    deep = {"Type": "Parallel", "Branches": [inner(In=task())], "End": True}
    outer = {
        "Type": "Parallel",
        "Branches": [inner(Deep=deep)],
        "Retry": RETRY,
        "End": True,
    }
    execution = run({"P": outer}, {"In": [BUSY, FINE]})
    assert told(execution.states["Deep"]) == [("FAILED", "Busy"), ("SUCCEEDED", None)]
    assert told(execution.states["P"]) == [("SUCCEEDED", None)]
    assert execution.states["P"][0].retried == ("Busy",)


def test_iterations_of_a_map_have_their_index() -> None:
    body = inner(In=task(), **{})
    states = {
        "M": {"Type": "Map", "ItemProcessor": body, "MaxConcurrency": 1, "End": True}
    }
    execution = run(states, {"In": [FINE, BUSY]}, input=[1, 2, 3])
    visits = execution.states["In"]
    assert told(visits) == [("SUCCEEDED", None), ("FAILED", "Busy")]
    assert [(v.iteration, v.depth, v.input) for v in visits] == [(0, 1, 1), (1, 1, 2)]
    assert told(execution.states["M"]) == [("FAILED", "Busy")]
    assert execution.states["M"][0].iteration is None


def test_maps_in_maps_find_their_way_out() -> None:
    body = inner(In={"Type": "Pass", "End": True})
    middle = inner(
        Inner={"Type": "Map", "ItemProcessor": body, "Next": "After"},
        After={"Type": "Pass", "End": True},
    )
    states = {"Outer": {"Type": "Map", "ItemProcessor": middle, "End": True}}
    execution = run(states, input=[[1, 2], [3]])
    found = [(v.input, v.iteration, v.depth) for v in execution.states["In"]]
    assert sorted(found) == [(1, 0, 2), (2, 1, 2), (3, 0, 2)]
    after = execution.states["After"]
    assert [(v.iteration, v.depth) for v in after] == [(0, 1), (1, 1)]
    assert execution.states["Outer"][0].output == [[1, 2], [3]]


def test_what_a_time_out_cuts_short_is_aborted() -> None:
    states = {"A": {"Type": "Wait", "Seconds": 9, "End": True}}
    execution = run(states, fields={"TimeoutSeconds": 5})
    assert told(execution.states["A"]) == [("ABORTED", None)]
    assert execution.states["A"][0].left_seconds == 5


def test_an_execution_that_fails_names_its_last_state() -> None:
    execution = run({"A": {"Type": "Fail", "Error": "E", "Cause": "why"}})
    (visit,) = execution.states["A"]
    assert (visit.status, visit.error, visit.cause) == ("FAILED", "E", "why")
    execution = run({"A": {"Type": "Pass", "InputPath": "$.no", "End": True}})
    assert told(execution.states["A"]) == [("FAILED", "States.Runtime")]


def test_a_catcher_that_fails_itself_leaves_its_state_failed() -> None:
    catch = [{"ErrorEquals": ["Busy"], "ResultPath": "$.a.b", "Next": "Rest"}]
    states = {"A": task(Catch=catch), "Rest": REST}
    execution = run(states, {"A": [BUSY]}, input={"a": 1})
    (visit,) = execution.states["A"]
    assert (visit.status, visit.error) == ("FAILED", execution.error)
    assert execution.error != "Busy"


def test_the_visits_of_a_running_execution_have_no_end_yet() -> None:
    seen: list[Visit] = []
    machine = asl.load_text(json.dumps(inner(A=task(TimeoutSeconds=5))))
    asl.run(
        machine,
        tasks=asl.Mocks({"A": [{**FINE, "AfterSeconds": 1}]}),
        on_reply=lambda execution, reply: seen.extend(execution.states["A"]),
    )
    (visit,) = seen[-1:]
    assert visit.left_seconds is not None
    runner = asl.Mocks({"A": [{"Never": True}]})
    states: list[str] = []

    def look(execution: asl.Execution, reply: object) -> None:
        states.extend(v.status for v in execution.states["B"])

    machine = asl.load_text(
        json.dumps(
            inner(
                B={"Type": "Wait", "Seconds": 1, "Next": "A"}, A=task(TimeoutSeconds=5)
            )
        )
    )
    asl.run(machine, tasks=runner, on_reply=look)
    assert states[0] == "SUCCEEDED"


def test_calls_are_in_order_with_their_moments_and_attempts() -> None:
    invoke = {
        "Type": "Task",
        "Resource": LAMBDA,
        "End": True,
        "Retry": RETRY,
        "Parameters": {"FunctionName": "f", "Payload.$": "$"},
    }
    states = {"M": {"Type": "Map", "ItemProcessor": inner(In=invoke), "End": True}}
    mocks = asl.Mocks({"In": [BUSY, FINE, FINE]})
    machine = asl.load_text(json.dumps(inner(**states)))
    asl.run(machine, ["a", "b"], tasks=mocks)
    calls = mocks.calls["In"]
    found = [(c.payload, c.at_seconds, c.attempt, c.iteration) for c in calls]
    assert found == [("a", 0, 0, 0), ("b", 0, 0, 1), ("a", 2, 1, 0)]


@pytest.mark.parametrize(
    ("resource", "fields", "payload"),
    [
        ("arn:aws:lambda:us-east-1:123456789012:function:f", {}, {"x": 1}),
        ("arn:aws:states:us-east-1:123456789012:activity:f", {}, {"x": 1}),
        (
            "arn:aws:states:::sqs:sendMessage",
            {"Parameters": {"QueueUrl": "q", "MessageBody": "b"}},
            {"QueueUrl": "q", "MessageBody": "b"},
        ),
    ],
)
def test_every_family_of_tasks_has_its_payload(
    resource: str, fields: dict[str, Any], payload: Any
) -> None:
    state = {"Type": "Task", "Resource": resource, "End": True, **fields}
    mocks = asl.Mocks({"A": [FINE]})
    asl.run(asl.load_text(json.dumps(inner(A=state))), {"x": 1}, tasks=mocks)
    assert [call.payload for call in mocks.calls["A"]] == [payload]


def test_calls_are_those_of_the_last_run() -> None:
    tasks = asl.Tasks()
    tasks.bind("f")(lambda event: event)
    with pytest.raises(asl.UsageError, match="no run was made"):
        _ = tasks.calls
    state = {"Type": "Task", "Resource": "arn:aws:lambda:::function:f", "End": True}
    machine = asl.load_text(json.dumps(inner(A=state)))
    for number in (1, 2):
        asl.run(machine, {"number": number}, tasks=tasks)
    assert [call.payload for call in tasks.calls["A"]] == [{"number": 2}]
    asl.run(asl.load_text(json.dumps(inner(B=REST))), tasks=tasks)
    assert tasks.calls == {}


def test_a_watched_table_knows_the_calls_of_children_too() -> None:
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        **inner(In=task()),
    }
    states = {
        "M": {"Type": "Map", "ItemProcessor": processor, "Label": "M", "End": True}
    }
    machine = asl.load_text(json.dumps(inner(**states)))
    for watched, count in ((False, 0), (True, 2)):
        mocks = asl.Mocks({"In": [FINE, FINE]})
        mocks.last_run.watched = watched
        execution = asl.run(machine, [1, 2], tasks=mocks)
        assert execution.status == "SUCCEEDED"
        assert len(mocks.calls.get("In", [])) == count
        assert len(mocks.last_run.executions) == watched


def test_a_plain_table_does_not_hold_its_executions() -> None:
    import gc
    import weakref

    tasks = asl.Tasks()
    machine = asl.load_text(json.dumps(inner(B=REST)))
    gc.disable()
    try:
        gone = weakref.ref(asl.run(machine, tasks=tasks))
        assert gone() is None
    finally:
        gc.enable()
