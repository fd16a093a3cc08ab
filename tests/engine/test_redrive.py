"""Redrive: a failed execution goes on where it failed, and nowhere else."""

import json
import zlib
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import asl
from asl.engine.execution import Execution
from asl.engine.messages import StopRequested
from asl.engine.redrive import RedrivenExecution
from asl.errors import InternalError, UsageError
from asl.runtime.redrive import redrive

WORK = "arn:aws:states:::sns:publish"
LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:f"
PASS: dict[str, Any] = {"Type": "Pass", "End": True}


def machine(states: dict[str, Any], **fields: Any) -> asl.StateMachine:
    """A machine of a few states, the first of which begins."""
    return asl.load_text(json.dumps(body(states) | fields), name="m")


def body(states: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": next(iter(states)), "States": states}


def task(name: str = "", **fields: Any) -> dict[str, Any]:
    """A Task that asks for work under a name."""
    parameters = {"name": name, "got.$": "$"}
    state = {"Type": "Task", "Resource": WORK, "Parameters": parameters}
    return state | ({} if "Next" in fields else {"End": True}) | fields


class Worker:
    """Work that fails where it is told to, and remembers what it was asked for."""

    def __init__(self, fails: Callable[[str, int], bool]) -> None:
        self.fails = fails
        self.names: list[str] = []
        self.tasks = asl.Tasks()
        self.tasks.bind(WORK)(self.work)

    def work(self, payload: dict[str, Any]) -> Any:
        name = payload["name"]
        self.names.append(name)
        if self.fails(name, len(self.names)):
            raise asl.TaskError("Bad", f"call {len(self.names)}")
        return {"by": name, "of": zlib.crc32(json.dumps(payload["got"]).encode())}


def once(name: str) -> Worker:
    """Work of this name fails the first time."""
    failed: list[str] = []

    def fails(asked: str, count: int) -> bool:
        if asked != name or failed:
            return False
        failed.append(asked)
        return True

    return Worker(fails)


def told(execution: Execution, since: int = 0) -> list[str]:
    """Events as `id<-previous type`."""
    return [
        f"{event.id}<-{event.previous_id} {event.type}"
        for event in execution.history
        if event.id > since
    ]


# --- one strand


def test_it_goes_on_with_the_state_that_failed() -> None:
    worker = once("b")
    steps = machine({"A": task("a", Next="B"), "B": task("b", Next="C"), "C": {**PASS}})
    first = asl.run(steps, {"x": 1}, tasks=worker.tasks)
    assert (first.status, first.error) == ("FAILED", "Bad")
    count = len(first.history)
    again = redrive(first, tasks=worker.tasks)
    assert again.status == "SUCCEEDED"
    assert again.arn == first.arn
    assert worker.names == ["a", "b", "b"]
    assert told(again)[:count] == told(first)
    entered = next(e.id for e in first.history if e.state == "B")
    assert told(again, count) == [
        f"{count + 1}<-{count} ExecutionRedriven",
        f"{count + 2}<-{entered} TaskScheduled",
        f"{count + 3}<-{count + 2} TaskStarted",
        f"{count + 4}<-{count + 3} TaskSucceeded",
        f"{count + 5}<-{count + 4} TaskStateExited",
        f"{count + 6}<-{count + 5} PassStateEntered",
        f"{count + 7}<-{count + 6} PassStateExited",
        f"{count + 8}<-{count + 7} ExecutionSucceeded",
    ]
    assert again.history[count].details == {"redriveCount": 1}
    assert first.status == "FAILED"
    assert len(first.history) == count


def test_the_output_is_what_it_would_have_been() -> None:
    steps = machine({"A": task("a", Next="B"), "B": task("b")})
    whole = asl.run(steps, {"x": 1}, tasks=Worker(lambda *_: False).tasks)
    worker = once("b")
    again = redrive(asl.run(steps, {"x": 1}, tasks=worker.tasks), tasks=worker.tasks)
    assert again.output == whole.output


def test_it_may_fail_again_and_be_redriven_again() -> None:
    worker = Worker(lambda name, count: count < 4)
    last = asl.run(machine({"A": task("a")}), tasks=worker.tasks)
    for number in (1, 2, 3):
        assert last.status == "FAILED"
        assert last.cause == f"call {number}"
        last = redrive(last, tasks=worker.tasks)
        assert last.redrive_count == number
    assert last.status == "SUCCEEDED"
    assert last.cause is None
    counts = [e.members for e in last.history if e.type == "ExecutionRedriven"]
    assert counts == [(1,), (2,), (3,)]
    assert last.states["A"][0].attempts == 4
    assert last.billing.state_transitions == 1 + 1 + 3


def test_the_context_tells_of_it() -> None:
    show = {
        "Type": "Pass",
        "Parameters": {"e.$": "$$.Execution", "s.$": "$$.State"},
        "End": True,
    }
    worker = once("a")
    first = asl.run(machine({"A": task("a", Next="S"), "S": show}), tasks=worker.tasks)
    again = redrive(first, tasks=worker.tasks, after_seconds=90)
    shown = again.output["e"]
    assert shown["RedriveCount"] == 1
    assert shown["RedriveTime"] == "2026-01-01T00:01:30.000Z"
    assert shown["StartTime"] == "2026-01-01T00:00:00.000Z"
    assert list(shown)[-2:] == ["RedriveCount", "RedriveTime"]


def test_variables_are_as_they_were() -> None:
    states = {
        "A": {"Type": "Pass", "Assign": {"x": 1, "y": 2}, "Next": "B"},
        "B": {"Type": "Pass", "Assign": {"x.$": "States.MathAdd($x, 10)"}, "Next": "C"},
        "C": task("c", Next="D"),
        "D": {"Type": "Pass", "Parameters": {"x.$": "$x", "y.$": "$y"}, "End": True},
    }
    worker = once("c")
    again = redrive(asl.run(machine(states), tasks=worker.tasks), tasks=worker.tasks)
    assert again.output == {"x": 11, "y": 2}


def test_retriers_begin_anew() -> None:
    worker = Worker(lambda name, count: count < 6)
    retry = [{"ErrorEquals": ["Bad"], "IntervalSeconds": 1, "MaxAttempts": 2}]
    first = asl.run(machine({"A": task("a", Retry=retry)}), tasks=worker.tasks)
    assert worker.names == ["a"] * 3
    again = redrive(first, tasks=worker.tasks)
    assert again.status == "SUCCEEDED"
    assert worker.names == ["a"] * 6
    assert again.states["A"][0].retried == ("Bad",) * 5


def test_a_catcher_is_there_for_the_next_attempt() -> None:
    errors = iter(["One", "Two"])
    tasks = asl.Tasks()

    @tasks.bind(WORK)
    def work(payload: Any) -> None:
        raise asl.TaskError(next(errors))

    catch = [{"ErrorEquals": ["Two"], "Next": "B"}]
    states = {"A": task("a", Catch=catch), "B": {**PASS}}
    again = redrive(asl.run(machine(states), tasks=tasks), tasks=tasks)
    assert again.output["Error"] == "Two"
    visit = again.states["A"][0]
    assert (visit.status, visit.error, visit.retried) == ("CAUGHT", "Two", ("One",))


def test_what_was_caught_is_not_gone_on_with() -> None:
    branches = [
        body({"X": task("x")}),
        body({"Y": {"Type": "Wait", "Seconds": 9, "End": True}}),
    ]
    catch = [{"ErrorEquals": ["Bad"], "Next": "B"}]
    both = {"Type": "Parallel", "Branches": branches, "Catch": catch, "End": True}
    worker = Worker(lambda name, count: count < 3)
    states = machine({"P": both, "B": task("b")})
    first = asl.run(states, tasks=worker.tasks)
    again = redrive(first, tasks=worker.tasks)
    assert worker.names == ["x", "b", "b"]
    assert again.status == "SUCCEEDED"
    assert [v.status for v in again.states["X"] + again.states["Y"]] == [
        "FAILED",
        "ABORTED",
    ]


def test_a_fail_state_fails_again() -> None:
    fail = {"Type": "Fail", "Error": "E", "Cause": "c"}
    first = asl.run(machine({"A": {"Type": "Pass", "Next": "F"}, "F": fail}))
    again = redrive(first)
    assert (again.status, again.error, again.cause) == ("FAILED", "E", "c")
    assert told(again, 5) == ["6<-5 ExecutionRedriven", "7<-4 ExecutionFailed"]
    assert again.path == ["A", "F"]


def test_a_choice_is_made_anew() -> None:
    rule = {"Variable": "$$.Execution.RedriveCount", "NumericEquals": 1, "Next": "P"}
    choice = {"Type": "Choice", "Choices": [rule]}
    first = asl.run(machine({"C": choice, "P": {**PASS}}))
    assert first.status == "FAILED"
    assert redrive(first).path == ["C", "P"]


def test_a_wait_waits_anew() -> None:
    states = machine(
        {"W": {"Type": "Wait", "Seconds": 60, "End": True}}, TimeoutSeconds=10
    )
    first = asl.run(states)
    assert first.status == "TIMED_OUT"
    again = redrive(first)
    assert again.status == "TIMED_OUT"
    assert again.duration_seconds == 20


def test_a_wait_whose_moment_has_come_is_left() -> None:
    moment = "2026-01-01T00:01:00Z"
    states = machine(
        {"W": {"Type": "Wait", "Timestamp": moment, "End": True}}, TimeoutSeconds=10
    )
    again = redrive(asl.run(states), after_seconds=100)
    assert again.status == "SUCCEEDED"
    assert again.duration_seconds == 110
    assert told(again, 3) == [
        "4<-3 ExecutionRedriven",
        "5<-2 WaitStateExited",
        "6<-5 ExecutionSucceeded",
    ]


def test_time_limits_begin_anew() -> None:
    slow = iter([50, 5])
    tasks = asl.Tasks()

    @tasks.bind(WORK)
    def work(payload: Any, context: Any) -> int:
        context.advance(next(slow))
        return 1

    states = {
        "W": {"Type": "Wait", "Seconds": 8, "Next": "A"},
        "A": task("a", TimeoutSeconds=7),
    }
    first = asl.run(machine(states, TimeoutSeconds=18), tasks=tasks)
    assert first.error == "States.Timeout"
    assert redrive(first, tasks=tasks).output == 1


def test_a_token_is_another_one() -> None:
    tokens: list[str] = []
    tasks = asl.Tasks()

    @tasks.bind("arn:aws:states:::sqs:sendMessage.waitForTaskToken")
    def send(payload: Any) -> None:
        tokens.append(payload["MessageBody"])
        if len(tokens) == 1:
            tasks.fail(tokens[0], "E", "c")
        else:
            tasks.succeed(tokens[1], 5)

    ask = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"MessageBody.$": "$$.Task.Token", "QueueUrl": "q"},
        "End": True,
    }
    again = redrive(asl.run(machine({"A": ask}), tasks=tasks), tasks=tasks)
    assert again.output == 5
    assert len(set(tokens)) == 2


def test_mocks_are_told_the_visit() -> None:
    rule = {"Variable": "$", "NumericLessThan": 2, "Next": "A"}
    states = {
        "A": task("a", Next="C"),
        "C": {"Type": "Choice", "Choices": [rule], "Default": "P"},
        "P": {**PASS},
    }
    answers: list[dict[str, Any]] = [
        {"Return": 1},
        {"Throw": {"Error": "E", "Cause": ""}},
    ]
    first = asl.run(machine(states), 0, tasks=asl.Mocks({"A": answers}))
    with pytest.raises(UsageError, match=r"visit 2, attempt 1\)"):
        redrive(first, tasks=asl.Mocks({"A": []}))


def test_a_history_that_becomes_full_ends_it() -> None:
    again = RedrivenExecution.after(asl.run(machine({"F": {"Type": "Fail"}})))
    again.recorder.limit = again.recorder.count
    again.start(again.started_at)
    assert again.status == "FAILED"
    assert "maximum number of history events" in str(again.cause)


def test_one_whose_history_is_full_fails_as_before() -> None:
    ended = asl.run(machine({"F": {"Type": "Fail", "Error": "E", "Cause": "c"}}))
    again = RedrivenExecution.after(ended)
    again.recorder.limit = again.recorder.count - 1
    assert again.start(again.started_at) == []
    assert (again.status, again.error, again.cause) == ("FAILED", "E", "c")
    assert again.history == ended.history


def test_one_that_was_stopped_before_it_began_does_not_begin() -> None:
    again = RedrivenExecution.after(asl.run(machine({"F": {"Type": "Fail"}})))
    again.receive(StopRequested(again.started_at))
    assert again.start(again.started_at) == []
    assert again.status == "ABORTED"


# --- strands side by side


def both(*branches: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A Parallel state over branches of these states."""
    state = {"Type": "Parallel", "Branches": [body(one) for one in branches]}
    return state | ({} if "Next" in fields else {"End": True}) | fields


def test_only_branches_that_have_not_succeeded_go_on() -> None:
    slow = {"Type": "Wait", "Seconds": 5, "Next": "S2"}
    late = {"Type": "Wait", "Seconds": 1, "Next": "L2"}
    states = {
        "P": both(
            {"Q1": task("q1", Next="Q2"), "Q2": task("q2")},
            {"L1": late, "L2": task("l2")},
            {"S1": slow, "S2": task("s2")},
            Next="Z",
        ),
        "Z": {**PASS},
    }
    worker = once("l2")
    first = asl.run(machine(states), tasks=worker.tasks)
    assert worker.names == ["q1", "q2", "l2"]
    again = redrive(first, tasks=worker.tasks)
    assert worker.names == ["q1", "q2", "l2", "l2", "s2"]
    assert [one["by"] for one in again.output] == ["q2", "l2", "s2"]
    types = [e.type for e in again.history]
    assert types.count("ParallelStateStarted") == 1
    assert types.count("ParallelStateSucceeded") == 1
    assert {v.status for visits in again.states.values() for v in visits} == {
        "SUCCEEDED"
    }


def test_a_branch_that_never_began_begins() -> None:
    states = {"P": both({"F": {"Type": "Fail"}}, {"B": task("b")}, {"C": task("c")})}
    worker = Worker(lambda *_: False)
    first = asl.run(machine(states), tasks=worker.tasks)
    assert "B" not in first.path
    bad = json.dumps(body(states)).replace('"Fail"', '"Succeed"')
    first.machine = asl.load_text(bad, name="m")
    again = redrive(first, tasks=worker.tasks)
    assert again.status == "SUCCEEDED"
    assert worker.names == ["b", "c"]
    assert told(again, 6)[:3] == [
        "7<-6 ExecutionRedriven",
        "8<-4 SucceedStateExited",
        "9<-3 TaskStateEntered",
    ]


def test_branches_that_all_succeed_at_once_end_the_state() -> None:
    states = {"P": both({"A": task("a")}, {"B": task("b")})}
    slow = {"W": {"Type": "Wait", "Seconds": 5, "End": True}}
    states["P"]["Branches"].append(body(slow))
    first = asl.run(machine(states, TimeoutSeconds=2), tasks=once("none").tasks)
    states["P"]["Branches"][2]["States"]["W"]["Seconds"] = 0
    first.machine = machine(states, TimeoutSeconds=2)
    again = redrive(first)
    assert again.status == "SUCCEEDED"
    count = len(first.history)
    assert told(again, count)[-3:] == [
        f"{count + 3}<-{count + 2} ParallelStateSucceeded",
        f"{count + 4}<-{count + 2} ParallelStateExited",
        f"{count + 5}<-{count + 4} ExecutionSucceeded",
    ]


@pytest.mark.parametrize("kind", ["Parallel", "Map"])
def test_a_state_that_failed_itself_is_run_again_whole(kind: str) -> None:
    if kind == "Parallel":
        state = both({"A": task("a")}, {"B": task("b")})
    else:
        state = each({"A": task("a")})
    state["ResultSelector"] = {"x.$": "$.none"}
    worker = Worker(lambda *_: False)
    first = asl.run(machine({"S": state}), [1, 2], tasks=worker.tasks)
    assert first.error == "States.Runtime"
    again = redrive(first, tasks=worker.tasks)
    assert again.error == "States.Runtime"
    assert len(worker.names) == 4
    types = [e.type for e in again.history]
    assert types.count(f"{kind}StateStarted") == 2


def test_an_output_that_failed_is_computed_again_alone() -> None:
    retried = "{% $states.context.Execution.RedriveCount = 1 ? 7 : $error('no') %}"
    work = {"Type": "Task", "Resource": LAMBDA, "End": True}
    state = {
        "Type": "Parallel",
        "Branches": [body({"A": work})],
        "Output": retried,
        "End": True,
    }
    calls: list[Any] = []
    tasks = asl.Tasks()
    tasks.bind(LAMBDA)(calls.append)
    steps = machine({"P": state}, QueryLanguage="JSONata")
    first = asl.run(steps, tasks=tasks)
    assert first.error == "States.QueryEvaluationError"
    again = redrive(first, tasks=tasks)
    assert (again.status, again.output) == ("SUCCEEDED", 7)
    assert len(calls) == 1


def test_parallels_inside_parallels_go_on() -> None:
    inner = both({"A": task("a")}, {"B": task("b")}, Next="C")
    states = {"P": both({"Q": inner, "C": task("c")}, {"D": task("d")})}
    worker = once("b")
    first = asl.run(machine(states), tasks=worker.tasks)
    again = redrive(first, tasks=worker.tasks)
    assert again.status == "SUCCEEDED"
    assert Counter(worker.names) == {
        "a": 1,
        "b": 2,
        "c": 1,
        "d": 2,  # it was at work when its neighbour failed
    }


def test_a_retry_after_the_redrive_runs_all_branches() -> None:
    retry = [{"ErrorEquals": ["Bad"], "MaxAttempts": 1}]
    states = {"P": both({"A": task("a")}, {"B": task("b")}, Retry=retry)}
    worker = Worker(lambda name, _: name == "b" and worker.names.count("b") < 4)
    first = asl.run(machine(states), tasks=worker.tasks)
    assert worker.names == ["a", "b"] * 2
    again = redrive(first, tasks=worker.tasks)
    assert worker.names == ["a", "b", "a", "b", "b", "a", "b"]
    assert again.status == "SUCCEEDED"
    assert again.states["P"][0].status == "SUCCEEDED"


def each(states: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A Map state over its input."""
    state = {"Type": "Map", "ItemProcessor": body(states)}
    return state | ({} if "Next" in fields else {"End": True}) | fields


def test_only_iterations_that_have_not_succeeded_go_on() -> None:
    parameters = {"name.$": "States.Format('{}', $)", "got.$": "$$.Map.Item.Index"}
    work = task(Parameters=parameters)
    steps = machine({"M": each({"T": work}, MaxConcurrency=2)})
    whole = asl.run(steps, [5, 6, 7, 8, 9], tasks=Worker(lambda *_: False).tasks)
    worker = once("7")
    first = asl.run(steps, [5, 6, 7, 8, 9], tasks=worker.tasks)
    assert first.status == "FAILED"
    again = redrive(first, tasks=worker.tasks)
    assert again.output == whole.output
    assert Counter(worker.names)["5"] == Counter(worker.names)["6"] == 1
    types = Counter(e.type for e in again.history)
    assert types["MapStateStarted"] == 1
    assert types["MapIterationStarted"] == types["MapIterationSucceeded"] == 5


def test_an_iteration_that_ends_at_once_makes_room_for_the_next() -> None:
    moment = "2026-01-01T00:00:20Z"
    wait = {"W": {"Type": "Wait", "Timestamp": moment, "End": True}}
    state = each(wait, MaxConcurrency=1)
    steps = machine({"M": state}, TimeoutSeconds=10)
    again = redrive(asl.run(steps, [1, 2, 3]), after_seconds=60)
    assert (again.status, again.output) == ("SUCCEEDED", [1, 2, 3])
    assert again.duration_seconds == 70


def test_a_map_in_a_map_goes_on() -> None:
    inner = each({"T": task(Parameters={"name.$": "States.Format('{}', $)", "got": 1})})
    states = machine({"M": each({"N": inner}, MaxConcurrency=1)})
    worker = once("4")
    first = asl.run(states, [[1, 2], [3, 4], [5]], tasks=worker.tasks)
    again = redrive(first, tasks=worker.tasks)
    assert again.status == "SUCCEEDED"
    assert worker.names == ["1", "2", "3", "4", "4", "5"]
    assert [len(one) for one in again.output] == [2, 2, 1]


def test_a_map_that_failed_before_it_began_begins() -> None:
    states = machine({"M": each({"P": {**PASS}}, ItemsPath="$.items")})
    first = asl.run(states, {"items": 1})
    again = redrive(first)
    assert again.error == "States.Runtime"
    assert len(again.history) == len(first.history) + 2


def spread(
    states: dict[str, Any], kind: str = "STANDARD", **fields: Any
) -> dict[str, Any]:
    """A distributed Map over its input, one child at a time."""
    state = each(states, **({"MaxConcurrency": 1} | fields))
    config = {"Mode": "DISTRIBUTED", "ExecutionType": kind}
    state["ItemProcessor"]["ProcessorConfig"] = config
    return state


FIRST = {"name.$": "States.Format('a{}', $)", "got": 1}
SECOND = {"name.$": "States.Format('b{}', $)", "got": 1}
STEPS = {
    "A": task(Parameters=FIRST, ResultPath=None, Next="B"),
    "B": task(Parameters=SECOND),
}


def test_a_map_run_goes_on_with_children_that_have_failed() -> None:
    steps = machine({"M": spread(STEPS)})
    whole = asl.run(steps, [1, 2, 3], tasks=Worker(lambda *_: False).tasks)
    worker = once("b2")
    first = asl.run(steps, [1, 2, 3], tasks=worker.tasks)
    assert first.error == "States.ExceedToleratedFailureThreshold"
    count = len(first.history)
    again = redrive(first, tasks=worker.tasks)
    assert again.output == whole.output
    assert worker.names == ["a1", "b1", "a2", "b2", "b2", "a3", "b3"]
    assert told(again, count) == [
        f"{count + 1}<-{count} ExecutionRedriven",
        f"{count + 2}<-{count - 1} MapRunRedriven",
        f"{count + 3}<-{count + 2} MapRunSucceeded",
        f"{count + 4}<-{count + 3} MapStateSucceeded",
        f"{count + 5}<-{count + 2} MapStateExited",
        f"{count + 6}<-{count + 5} ExecutionSucceeded",
    ]
    arn = next(e.members[0] for e in again.history if e.type == "MapRunStarted")
    assert again.history[count + 1].members == (arn, 1)


def test_express_children_are_started_again() -> None:
    worker = once("b2")
    first = asl.run(
        machine({"M": spread(STEPS, "EXPRESS")}), [1, 2], tasks=worker.tasks
    )
    again = redrive(first, tasks=worker.tasks)
    assert again.status == "SUCCEEDED"
    assert worker.names == ["a1", "b1", "a2", "b2", "a2", "b2"]


def test_a_map_run_may_fail_again() -> None:
    worker = Worker(lambda name, count: name == "b1" and count < 5)
    last = asl.run(
        machine({"M": spread(STEPS, MaxConcurrency=2)}), [1, 2], tasks=worker.tasks
    )
    for _ in range(4):
        if last.status == "SUCCEEDED":
            break
        assert last.error == "States.ExceedToleratedFailureThreshold"
        last = redrive(last, tasks=worker.tasks)
    assert last.status == "SUCCEEDED"
    counts = [e.members[1] for e in last.history if e.type == "MapRunRedriven"]
    assert counts == list(range(1, len(counts) + 1))


def test_a_stopped_map_run_goes_on() -> None:
    wait = {"W": {"Type": "Wait", "Seconds": 7, "End": True}}
    steps = machine({"M": spread(wait)}, TimeoutSeconds=10)
    first = asl.run(steps, [1, 2])
    assert first.status == "TIMED_OUT"
    again = redrive(first)
    assert (again.status, again.output) == ("SUCCEEDED", [1, 2])
    assert again.duration_seconds == 17


def test_a_distributed_map_that_failed_itself_begins_another_map_run() -> None:
    state = spread({"T": task("t")}, ResultSelector={"x.$": "$.none"})
    worker = Worker(lambda *_: False)
    first = asl.run(machine({"M": state}), [1], tasks=worker.tasks)
    assert first.error == "States.Runtime"
    again = redrive(first, tasks=worker.tasks)
    assert len({e.members for e in again.history if e.type == "MapRunStarted"}) == 2
    assert len(worker.names) == 2


def test_results_are_written_with_those_that_were_redriven(tmp_path: Any) -> None:
    (tmp_path / "b").mkdir()
    writer = {
        "Resource": "arn:aws:states:::s3:putObject",
        "Parameters": {"Bucket": "b", "Prefix": "out"},
    }
    state = spread(STEPS, MaxConcurrency=3, ResultWriter=writer)
    worker = once("b1")
    first = asl.run(
        machine({"M": state}), [1, 2, 3], tasks=worker.tasks, buckets=tmp_path
    )
    assert first.status == "FAILED"
    again = redrive(first, tasks=worker.tasks, buckets=tmp_path)
    assert again.status == "SUCCEEDED"
    key = again.output["ResultWriterDetails"]["Key"]
    manifest = json.loads((tmp_path / "b" / key).read_text())
    assert manifest["ResultFiles"]["FAILED"] == []
    (file,) = manifest["ResultFiles"]["SUCCEEDED"]
    records = json.loads((tmp_path / "b" / file["Key"]).read_text())
    assert sorted(record["Input"] for record in records) == ["1", "2", "3"]


def test_the_same_execution_redriven_twice_begins_another_map_run() -> None:
    worker = once("b2")
    first = asl.run(machine({"M": spread(STEPS)}), [1, 2], tasks=worker.tasks)
    redrive(first, tasks=worker.tasks)
    again = redrive(first, tasks=worker.tasks)
    assert again.status == "SUCCEEDED"
    assert len({e.members for e in again.history if e.type == "MapRunStarted"}) == 2


def test_a_nested_machine_is_started_again() -> None:
    arn = "arn:aws:states:us-east-1:123456789012:stateMachine:inner"
    start = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Parameters": {"StateMachineArn": arn},
        "End": True,
    }
    worker = once("t")
    first = asl.run(
        machine({"S": start}),
        tasks=worker.tasks,
        machines={arn: machine({"T": task("t")})},
    )
    assert first.error == "States.TaskFailed"
    again = redrive(first, tasks=worker.tasks)
    assert again.output["Status"] == "SUCCEEDED"
    assert len(again.billed_children) == 2


# --- what cannot be redriven


@pytest.mark.parametrize("type", ["STANDARD", "EXPRESS"])
def test_some_executions_cannot_be_redriven(type: Any) -> None:
    state = {**PASS} if type == "STANDARD" else {"Type": "Fail"}
    ended = asl.run(machine({"A": state}), type=type)
    with pytest.raises(UsageError, match="cannot be redriven"):
        redrive(ended)


def test_a_full_history_cannot_be_redriven() -> None:
    loop: dict[str, Any] = {
        "A": {"Type": "Pass", "Next": "A2"},
        "A2": {"Type": "Pass", "Next": "A"},
    }
    choice = {"Type": "Choice", "Choices": [], "Default": "A"}
    loop["A2"]["Next"] = "C"
    loop["C"] = choice | {
        "Choices": [{"Variable": "$.none", "IsPresent": True, "Next": "End"}]
    }
    loop["End"] = {"Type": "Succeed"}
    ended = asl.run(machine(loop), {})
    assert len(ended.history) == 25_000
    with pytest.raises(UsageError, match="no room"):
        redrive(ended)


def test_only_an_execution_can_be_redriven() -> None:
    with pytest.raises(UsageError, match="needs the Execution"):
        redrive("arn")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"tasks": 1}, "tasks is an"),
        ({"after_seconds": -1}, "after_seconds"),
        ({"after_seconds": 1, "clock": asl.VirtualClock()}, "not both"),
    ],
)
def test_wrong_arguments_are_refused(given: Any, why: str) -> None:
    ended = asl.run(machine({"F": {"Type": "Fail"}}))
    with pytest.raises(UsageError, match=why):
        redrive(ended, **given)


def test_another_clock_tells_the_time_of_the_redrive() -> None:
    ended = asl.run(
        machine({"W": {"Type": "Wait", "Seconds": 9, "End": True}}, TimeoutSeconds=5)
    )
    clock = asl.VirtualClock(datetime(2026, 1, 3, tzinfo=UTC))
    states = ended.machine
    again = redrive(ended, clock=clock)
    assert again.machine is states
    assert again.execution_part["RedriveTime"] == "2026-01-03T00:00:00.000Z"


def test_an_execution_is_redriven_once() -> None:
    ended = asl.run(machine({"F": {"Type": "Fail"}}))
    again = RedrivenExecution.after(ended)
    again.start(0)
    again.status = "RUNNING"
    with pytest.raises(InternalError):
        again.start(0)


# --- whatever the machine


@st.composite
def chains(draw: Any, depth: int = 0) -> list[dict[str, Any]]:
    """States that follow each other, without names."""
    kinds = ["task", "task", "pass", "wait", "assign"]
    if depth < 3:
        kinds += ["parallel", "map"]
    found: list[dict[str, Any]] = []
    for kind in draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=4)):
        if kind == "task":
            found.append(task())
        elif kind == "pass":
            found.append({"Type": "Pass"})
        elif kind == "wait":
            seconds = draw(st.integers(0, 3))
            found.append({"Type": "Wait", "Seconds": seconds})
        elif kind == "assign":
            found.append({"Type": "Pass", "Assign": draw(st.integers(0, 9))})
        elif kind == "parallel":
            count = draw(st.integers(1, 3))
            inner = [draw(chains(depth + 1)) for _ in range(count)]
            found.append({"Type": "Parallel", "Branches": inner})
        else:
            items = list(range(draw(st.integers(0, 4))))
            found.append({"Type": "Pass", "Result": items})
            state: dict[str, Any] = {"Type": "Map"}
            if places := draw(st.integers(0, 2)):
                state["MaxConcurrency"] = places
            state["ItemProcessor"] = draw(chains(depth + 1))
            found.append(state)
    return found


def named(
    states: list[dict[str, Any]], count: list[int], scope: tuple[str, ...] = ()
) -> dict[str, Any]:
    """A body of states, each with a name of its own, and with a variable."""
    made: dict[str, Any] = {}
    names = []
    states = [{"Type": "Pass", "Assign": 0}, *states]
    for _ in states:
        count[0] += 1
        names.append(f"S{count[0]}")
    own = f"v{count[0]}"
    scope = (*scope, own)
    for name, state, following in zip(names, states, [*names[1:], None], strict=True):
        state = {key: value for key, value in state.items() if key != "End"}
        state |= {"End": True} if following is None else {"Next": following}
        if state["Type"] == "Task":
            state["Parameters"] = {"name": name, "got.$": "$"}
        elif state["Type"] == "Parallel":
            state["Branches"] = [named(one, count, scope) for one in state["Branches"]]
        elif state["Type"] == "Map":
            state["ItemProcessor"] = named(state["ItemProcessor"], count, scope)
        elif "Assign" in state:
            state["Assign"] = {own: state["Assign"]}
        elif state["Type"] == "Pass" and "Result" not in state:
            seen = {f"{name}.$": f"${name}" for name in scope}
            state["Parameters"] = {"x.$": "$", **seen}
        made[name] = state
    return body(made)


def ends(execution: Execution) -> Counter[str]:
    """How often each Task was left, with what."""
    return Counter(
        json.dumps(event.members)
        for event in execution.history
        if event.type == "TaskStateExited"
    )


@settings(
    deadline=None,
    max_examples=150,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(chains(), st.sets(st.integers(1, 25), min_size=1, max_size=3))
def test_whatever_fails_the_redriven_output_is_the_same(
    states: list[dict[str, Any]], bad: set[int]
) -> None:
    text = json.dumps(named(states, [0]))
    steps = asl.load_text(text, name="m")
    whole = asl.run(steps, 1, tasks=Worker(lambda *_: False).tasks)
    assert whole.status == "SUCCEEDED"
    worker = Worker(lambda name, count: count in bad)
    last = asl.run(steps, 1, tasks=worker.tasks)
    for number in range(1, len(bad) + 1):
        if last.status == "SUCCEEDED":
            break
        before = last
        last = redrive(last, tasks=worker.tasks)
        assert last.redrive_count == number
        assert told(last)[: len(before.history)] == told(before)
    assert last.status == "SUCCEEDED"
    assert last.output == whole.output
    assert ends(last) == ends(whole)
    assert Counter(last.path) == Counter(whole.path)
    statuses = {v.status for visits in last.states.values() for v in visits}
    assert statuses == {"SUCCEEDED"}
    assert all(0 <= e.previous_id < e.id for e in last.history)
