"""The runner with real callables: inline, on pools, on a loop; tokens; nesting."""

import asyncio
import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

import asl
from asl.engine.messages import Instant

LAMBDA = "arn:aws:lambda:eu-west-1:123456789012:function:"
TOKEN = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
CHILD = "arn:aws:states:us-east-1:123456789012:stateMachine:Child"
START = "arn:aws:states:::states:startExecution"


def load(definition: dict[str, Any], name: str = "M") -> asl.StateMachine:
    return asl.load_text(json.dumps(definition), name=name)


def alone(state: dict[str, Any]) -> asl.StateMachine:
    return load({"StartAt": "S", "States": {"S": {"End": True, **state}}})


def call(function: str = "ask", **fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": LAMBDA + function, **fields}


def each(state: dict[str, Any], **fields: Any) -> asl.StateMachine:
    body = {"StartAt": "Own", "States": {"Own": {"End": True, **state}}}
    return alone({"Type": "Map", "ItemProcessor": body, **fields})


def both(*states: dict[str, Any]) -> asl.StateMachine:
    branches = [
        {"StartAt": f"B{n}", "States": {f"B{n}": {"End": True, **state}}}
        for n, state in enumerate(states)
    ]
    return alone({"Type": "Parallel", "Branches": branches})


def bound(**callables: Callable[..., Any]) -> asl.Tasks:
    tasks = asl.Tasks()
    for name, function in callables.items():
        tasks.bind(name)(function)
    return tasks


def rendered(execution: asl.Execution) -> list[Any]:
    return [event.to_aws() for event in execution.history]


# --- pools


def slow_for_small(event: Any) -> Any:
    time.sleep(0.02 if event < 3 else 0)
    return event * 2


@pytest.mark.parametrize("items", [[1], [1, 2, 3, 4, 5, 6]])
def test_threads_give_the_same_history(items: list[int]) -> None:
    machine = each(call(), MaxConcurrency=4)
    tasks = bound(ask=slow_for_small)
    inline = asl.run(machine, items, tasks=tasks)
    with ThreadPoolExecutor(4) as pool:
        pooled = asl.run(machine, items, tasks=tasks, pool=pool)
    assert pooled.output == inline.output == [item * 2 for item in items]
    assert rendered(pooled) == rendered(inline)


def test_threads_give_the_same_history_of_failures() -> None:
    machine = both(
        call("one", Retry=[{"ErrorEquals": ["KeyError"]}]), call("two"), call("three")
    )
    seen: list[str] = []

    def one(event: Any) -> Any:
        seen.append("one")
        if seen.count("one") % 3:
            raise KeyError("gone")
        return 1

    def two(event: Any, context: Any) -> Any:
        context.advance(2.5)
        raise asl.TaskError("Two", "is bad")

    tasks = bound(one=one, two=two, three=lambda event: 3)
    inline = asl.run(machine, {}, tasks=tasks)
    seen.clear()
    with ThreadPoolExecutor(3) as pool:
        pooled = asl.run(machine, {}, tasks=tasks, pool=pool)
    assert inline.error == "Two"
    assert inline.duration_seconds == 2.5
    assert rendered(pooled) == rendered(inline)


def test_callables_really_run_side_by_side_on_threads() -> None:
    meeting = threading.Barrier(2, timeout=30)
    tasks = bound(ask=lambda event: meeting.wait() >= 0)
    with ThreadPoolExecutor(2) as pool:
        execution = asl.run(each(call()), [1, 2], tasks=tasks, pool=pool)
    assert execution.output == [True, True]


@pytest.fixture(scope="module")
def processes() -> Any:
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        yield pool


def test_processes_run_importable_callables(processes: Executor) -> None:
    from importable import double, refuse, stumble

    machine = each(call("double"))
    tasks = bound(double=double, refuse=refuse, stumble=stumble)
    execution = asl.run(machine, [1, 2], tasks=tasks, pool=processes)
    assert execution.output == [2, 4]
    failed = asl.run(alone(call("refuse")), 5, tasks=tasks, pool=processes)
    assert (failed.error, failed.cause) == ("Refused", "not 5")
    fallen = asl.run(alone(call("stumble")), 5, tasks=tasks, pool=processes)
    assert fallen.error == "LookupError"
    assert isinstance(fallen.exceptions[0].exception, LookupError)


# --- asyncio


async def echo(event: Any) -> Any:
    await asyncio.sleep(0)
    return event


def test_async_callables_are_awaited_side_by_side() -> None:
    async def main() -> asl.Execution:
        meeting = asyncio.Barrier(2)

        async def ask(event: Any) -> Any:
            async with asyncio.timeout(30):
                await meeting.wait()
            return event

        return await asl.run_async(each(call()), [1, 2], tasks=bound(ask=ask))

    execution = asyncio.run(main())
    assert execution.output == [1, 2]


def test_a_loop_gives_the_same_history_as_none() -> None:
    machine = load(
        {
            "StartAt": "A",
            "States": {
                "A": call(Next="W", Retry=[{"ErrorEquals": ["States.ALL"]}]),
                "W": {"Type": "Wait", "Seconds": 1000, "Next": "B"},
                "B": call("plain", End=True),
            },
        }
    )
    failures = [1, 1]

    async def ask(event: Any, context: Any) -> Any:
        context.advance(3)
        if failures:
            failures.pop()
            raise LookupError("again")
        return event

    tasks = bound(ask=ask, plain=lambda event: "plain")
    looped = asyncio.run(asl.run_async(machine, {}, tasks=tasks))
    failures.extend([1, 1])
    alone = asl.run(machine, {}, tasks=tasks)
    assert looped.output == "plain"
    assert looped.duration_seconds == 1012

    def scrubbed(execution: asl.Execution) -> list[Any]:
        return [(e.id, e.previous_id, e.type, e.timestamp) for e in execution.history]

    assert scrubbed(looped) == scrubbed(alone)


def test_an_async_callable_runs_without_a_loop_too() -> None:
    execution = asl.run(alone(call()), 1, tasks=bound(ask=echo))
    assert execution.output == 1


def test_an_async_callable_on_threads_gets_a_loop_of_its_own() -> None:
    with ThreadPoolExecutor(2) as pool:
        tasks = bound(ask=echo)
        assert asl.run(each(call()), [1, 2], tasks=tasks, pool=pool).output == [1, 2]


def test_an_async_callable_inside_a_running_loop_needs_run_async() -> None:
    async def main() -> None:
        asl.run(alone(call()), 1, tasks=bound(ask=echo))

    with pytest.raises(asl.UsageError, match=r"await asl\.run_async"):
        asyncio.run(main())


def test_a_loop_waits_no_longer_than_its_real_limit() -> None:
    async def ask(event: Any) -> Any:
        await asyncio.sleep(30)

    running = asl.run_async(
        alone(call()), 1, tasks=bound(ask=ask), real_limit_seconds=0.1
    )
    with pytest.raises(asl.UsageError, match="'S' has been at work"):
        asyncio.run(running)


def test_what_an_async_callable_must_not_raise_passes_through() -> None:
    async def ask(event: Any) -> Any:
        raise asl.UsageError("the caller erred")

    with pytest.raises(asl.UsageError, match="the caller erred"):
        asyncio.run(asl.run_async(alone(call()), 1, tasks=bound(ask=ask)))


# --- clocks


class Stepping:
    """A real clock that goes on by itself: a second a look."""

    is_virtual = False

    def __init__(self) -> None:
        self.moment = 0

    def now(self) -> Instant:
        self.moment += 1_000_000
        return self.moment


def test_the_system_clock_waits_for_nothing_that_has_passed() -> None:
    machine = load(
        {
            "StartAt": "A",
            "States": {
                "A": {"Type": "Wait", "Timestamp": "2020-01-01T00:00:00Z", "Next": "B"},
                "B": {"Type": "Wait", "Seconds": 0, "Next": "C"},
                "C": call(End=True),
            },
        }
    )
    before = datetime.now(UTC)
    execution = asl.run(
        machine, 1, tasks=bound(ask=lambda event: event), clock=asl.SystemClock()
    )
    assert execution.output == 1
    times = [event.timestamp for event in execution.history]
    assert times == sorted(times)
    assert abs((times[0] - before).total_seconds()) < 3600


def test_the_system_clock_waits_for_a_retry() -> None:
    failures = [1]

    def ask(event: Any) -> Any:
        if failures:
            failures.pop()
            raise LookupError
        return event

    retry = [{"ErrorEquals": ["LookupError"], "JitterStrategy": "FULL"}]
    execution = asl.run(
        alone(call(Retry=retry)), 1, tasks=bound(ask=ask), clock=asl.SystemClock()
    )
    assert execution.output == 1


def test_threads_work_under_a_real_clock() -> None:
    with ThreadPoolExecutor(2) as pool:
        execution = asl.run(
            each(call(TimeoutSeconds=60)),
            [1, 2],
            tasks=bound(ask=slow_for_small),
            clock=asl.SystemClock(),
            pool=pool,
        )
    assert execution.output == [2, 4]


def test_a_loop_works_under_a_real_clock() -> None:
    running = asl.run_async(
        each(call(TimeoutSeconds=60)),
        [1, 2],
        tasks=bound(ask=echo),
        clock=asl.SystemClock(),
    )
    assert asyncio.run(running).output == [1, 2]


def test_a_callable_that_really_takes_too_long_times_out() -> None:
    clock = Stepping()

    def ask(event: Any) -> Any:
        clock.moment += 10_000_000
        return event

    machine = alone(call(TimeoutSeconds=5))
    execution = asl.run(machine, 1, tasks=bound(ask=ask), clock=clock)
    assert execution.error == "States.Timeout"


def test_a_real_clock_knows_no_limit_for_one_callable() -> None:
    tasks = bound(ask=lambda event: time.sleep(0.05))
    execution = asl.run(
        alone(call()), 1, tasks=tasks, clock=asl.SystemClock(), real_limit_seconds=0.01
    )
    assert execution.status == "SUCCEEDED"


def test_a_virtual_clock_may_begin_anywhere() -> None:
    start = datetime(2030, 5, 1, 12, tzinfo=UTC)
    execution = asl.run(
        alone({"Type": "Pass", "Parameters": {"t.$": "$$.Execution.StartTime"}}),
        start_time=start,
    )
    assert execution.output == {"t": "2030-05-01T12:00:00.000Z"}
    assert execution.history[0].timestamp == start


# --- callables that block


def test_a_callable_that_blocks_is_ended() -> None:
    tasks = bound(ask=lambda event: time.sleep(30))
    with pytest.raises(asl.UsageError, match=r"'S' has been at work for 0\.2 real"):
        asl.run(alone(call()), tasks=tasks, real_limit_seconds=0.2)


def test_a_callable_that_catches_everything_is_ended_too() -> None:
    def ask(event: Any) -> Any:
        try:
            time.sleep(30)
        except Exception:
            return "swallowed"

    with pytest.raises(asl.UsageError, match="real_limit_seconds"):
        asl.run(alone(call()), tasks=bound(ask=ask), real_limit_seconds=0.1)


def test_a_callable_that_blocks_on_a_thread_is_not_waited_for() -> None:
    release = threading.Event()
    tasks = bound(ask=lambda event: release.wait(30))
    with ThreadPoolExecutor(1) as pool:
        try:
            with pytest.raises(asl.UsageError, match="'S' has been at work"):
                asl.run(alone(call()), tasks=tasks, pool=pool, real_limit_seconds=0.1)
        finally:
            release.set()


def test_a_run_off_the_main_thread_has_its_limit_too() -> None:
    release = threading.Event()
    tasks = bound(ask=lambda event: release.wait(30))
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(
            asl.run, alone(call()), tasks=tasks, real_limit_seconds=0.1
        )
        try:
            with pytest.raises(asl.UsageError, match="'S' has been at work"):
                future.result(30)
        finally:
            release.set()


# --- tokens


def asking(**fields: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": TOKEN,
        "Parameters": {"MessageBody": {"token.$": "$$.Task.Token"}},
        **fields,
    }


def token_of(event: Any) -> str:
    return str(event["MessageBody"]["token"])


@pytest.mark.parametrize("threads", [False, True])
def test_a_token_is_answered_before_the_call_returns(threads: bool) -> None:
    tasks = asl.Tasks()

    @tasks.bind(TOKEN)
    def send(event: Any) -> Any:
        tasks.heartbeat(token_of(event))
        tasks.succeed(token_of(event), {"ok": True}, after_seconds=5)
        return {"MessageId": 1}

    pool = ThreadPoolExecutor(1) if threads else None
    try:
        machine = alone(asking(HeartbeatSeconds=60))
        execution = asl.run(machine, tasks=tasks, pool=pool)
    finally:
        if pool is not None:
            pool.shutdown()
    assert execution.output == {"ok": True}
    assert execution.duration_seconds == 5
    assert [e.type for e in execution.history][3:-2] == [
        "TaskStarted",
        "TaskSubmitted",
        "TaskSucceeded",
    ]


def test_a_token_is_answered_by_another_handler() -> None:
    tasks = asl.Tasks()
    sent: list[str] = []

    @tasks.bind(TOKEN)
    def send(event: Any) -> Any:
        sent.append(token_of(event))

    @tasks.bind("answer")
    def answer(event: Any) -> Any:
        tasks.fail(sent[0], "No", "said the other")

    machine = both(asking(), call("answer"))
    execution = asl.run(machine, tasks=tasks)
    assert (execution.error, execution.cause) == ("No", "said the other")


def test_a_token_is_answered_from_a_thread_while_a_pool_works() -> None:
    tasks = asl.Tasks()
    sent: list[str] = []
    has_sent = threading.Event()

    @tasks.bind(TOKEN)
    def send(event: Any) -> Any:
        sent.append(token_of(event))
        has_sent.set()

    @tasks.bind("work")
    def work(event: Any) -> Any:
        helper = threading.Thread(target=lambda: tasks.succeed(sent[0], "by a thread"))
        assert has_sent.wait(30)
        helper.start()
        helper.join(30)

    with ThreadPoolExecutor(2) as pool:
        execution = asl.run(both(asking(), call("work")), tasks=tasks, pool=pool)
    assert execution.output == ["by a thread", None]


def test_a_token_that_nobody_answers_ends_the_run() -> None:
    tasks = asl.Tasks()
    tasks.bind(TOKEN)(lambda event: None)
    with pytest.raises(asl.UsageError, match="nobody will answer the token of 'S'"):
        asl.run(alone(asking()), tasks=tasks)


def test_a_token_that_nobody_answers_times_out_where_there_is_a_limit() -> None:
    tasks = asl.Tasks()
    tasks.bind(TOKEN)(lambda event: None)
    execution = asl.run(alone(asking(TimeoutSeconds=90)), tasks=tasks)
    assert execution.error == "States.Timeout"
    assert execution.duration_seconds == 90


def test_a_token_is_dead_when_its_task_has_ended() -> None:
    tasks = asl.Tasks()
    sent: list[str] = []
    tasks.bind(TOKEN)(lambda event: sent.append(token_of(event)))
    asl.run(alone(asking(TimeoutSeconds=1)), tasks=tasks)
    with pytest.raises(asl.UsageError, match="TaskTimedOut"):
        tasks.succeed(sent[0], 1)


def test_a_second_answer_to_a_token_changes_nothing() -> None:
    tasks = asl.Tasks()

    @tasks.bind(TOKEN)
    def send(event: Any) -> Any:
        tasks.succeed(token_of(event), "first")
        tasks.succeed(token_of(event), "second")
        tasks.fail(token_of(event), "third", after_seconds=9)

    execution = asl.run(alone(asking()), tasks=tasks)
    assert execution.output == "first"


def test_heartbeats_keep_a_task_alive() -> None:
    tasks = asl.Tasks()

    @tasks.bind(TOKEN)
    def send(event: Any) -> Any:
        for after in (20, 40, 60):
            tasks.heartbeat(token_of(event), after_seconds=after)
        tasks.succeed(token_of(event), "alive", after_seconds=80)

    execution = asl.run(alone(asking(HeartbeatSeconds=25)), tasks=tasks)
    assert execution.output == "alive"


def test_a_worker_beats_while_it_works() -> None:
    arn = "arn:aws:states:eu-west-1:123456789012:activity:paint"
    tasks = asl.Tasks()

    @tasks.bind_activity("paint")
    def paint(event: Any, context: Any) -> Any:
        for _ in range(3):
            context.advance(20)
            context.heartbeat()
        return event

    state = {"Type": "Task", "Resource": arn, "HeartbeatSeconds": 25}
    execution = asl.run(alone(state), "wall", tasks=tasks)
    assert execution.output == "wall"
    assert execution.duration_seconds == 60


# --- what callables raise


def test_originals_are_kept_by_state_and_attempt() -> None:
    def ask(event: Any) -> Any:
        raise LookupError("deep down")

    retry = [{"ErrorEquals": ["LookupError"], "MaxAttempts": 1}]
    execution = asl.run(alone(call(Retry=retry)), tasks=bound(ask=ask))
    assert [(e.state, e.attempt) for e in execution.exceptions] == [("S", 0), ("S", 1)]
    original = execution.exceptions[1].exception
    assert isinstance(original, LookupError)
    assert original.__traceback__ is not None
    assert execution.error == "LookupError"
    assert json.loads(execution.cause or "")["errorMessage"] == "deep down"


@pytest.mark.parametrize(
    "raised", [KeyboardInterrupt(), SystemExit(3), pytest.skip.Exception("later")]
)
@pytest.mark.parametrize("threads", [False, True])
def test_what_ends_a_process_or_a_test_passes_through(
    raised: BaseException, threads: bool
) -> None:
    def ask(event: Any) -> Any:
        raise raised

    catch = [{"ErrorEquals": ["States.ALL"], "Next": "N"}]
    machine = load(
        {
            "StartAt": "S",
            "States": {"S": call(Catch=catch, Next="N"), "N": {"Type": "Succeed"}},
        }
    )
    pool = ThreadPoolExecutor(1) if threads else None
    try:
        with pytest.raises(type(raised)):
            asl.run(machine, tasks=bound(ask=ask), pool=pool)
    finally:
        if pool is not None:
            pool.shutdown()


def test_every_missing_callable_is_named_at_once() -> None:
    machine = both(call("one"), call("two"), call("one"))
    with pytest.raises(asl.UsageError) as caught:
        asl.run(machine, tasks=asl.Tasks())
    message = str(caught.value)
    assert f"{LAMBDA}one  (state 'B0', 'B2')" in message
    assert f"{LAMBDA}two  (state 'B1')" in message


def test_missing_callables_may_be_left_until_they_are_reached() -> None:
    machine = alone(call("one"))
    with pytest.raises(asl.UsageError, match="which state 'S' calls"):
        asl.run(machine, tasks=asl.Tasks(missing="when-reached"))


def test_a_warning_of_a_call_is_kept_once() -> None:
    state = {"Type": "Task", "Resource": "arn:aws:lambda:...:check-inventory"}
    machine = load(
        {
            "StartAt": "A",
            "States": {"A": {**state, "Next": "B"}, "B": {**state, "End": True}},
        }
    )
    tasks = asl.Tasks()
    tasks.bind("check-inventory")(lambda event: event)
    (warning,) = asl.run(machine, tasks=tasks).warnings
    assert "no whole ARN" in warning


# --- buckets


def test_a_writer_and_a_reader_meet_in_a_bucket(tmp_path: Any) -> None:
    (tmp_path / "box").mkdir()
    body = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "Own",
        "States": {"Own": {"Type": "Pass", "End": True}},
    }
    writer = {
        "Resource": "arn:aws:states:::s3:putObject",
        "Parameters": {"Bucket": "box", "Prefix": "out"},
    }
    machine = alone({"Type": "Map", "ItemProcessor": body, "ResultWriter": writer})
    execution = asl.run(machine, ["a"], buckets=tmp_path)
    details = execution.output["ResultWriterDetails"]
    manifest = json.loads((tmp_path / "box" / details["Key"]).read_text())
    (file,) = manifest["ResultFiles"]["SUCCEEDED"]
    (record,) = json.loads((tmp_path / "box" / file["Key"]).read_text())
    assert (record["Input"], record["Output"]) == ('"a"', '"a"')
    assert record["Status"] == "SUCCEEDED"


def test_a_child_that_ran_out_of_time_is_written_as_such(tmp_path: Any) -> None:
    (tmp_path / "box").mkdir()
    body = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
        "StartAt": "Own",
        "States": {"Own": {"Type": "Wait", "Seconds": 999, "End": True}},
    }
    writer = {
        "Resource": "arn:aws:states:::s3:putObject",
        "Parameters": {"Bucket": "box", "Prefix": "out"},
    }
    state = {"Type": "Map", "ItemProcessor": body, "ResultWriter": writer}
    machine = alone({**state, "ToleratedFailurePercentage": 100})
    execution = asl.run(machine, ["a"], buckets=tmp_path)
    (file,) = (tmp_path / "box" / "out").rglob("FAILED_0.json")
    (record,) = json.loads(file.read_text())
    assert record["Status"] == "TIMED_OUT"
    assert execution.status == "SUCCEEDED"


# --- machines that start machines


def starter(suffix: str = "", **parameters: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": START + suffix,
        "Parameters": {"StateMachineArn": CHILD, **parameters},
    }


ADD = {
    "StartAt": "Add",
    "States": {
        "Add": {
            "Type": "Pass",
            "Parameters": {"m.$": "States.MathAdd($.n, 1)"},
            "End": True,
        }
    },
}


def nested(machine: asl.StateMachine, child: dict[str, Any], **options: Any) -> Any:
    machines = {CHILD: load(child, "Child")}
    return asl.run(machine, options.pop("input", {}), machines=machines, **options)


@pytest.mark.parametrize(
    ("suffix", "members"),
    [
        ("", {"ExecutionArn", "StartDate"}),
        (".sync", {"Output", "Input", "Status", "RedriveCount"}),
        (".sync:2", {"Output", "Input", "Status", "RedriveCount"}),
    ],
)
def test_a_machine_is_started_by_every_pattern(suffix: str, members: set[str]) -> None:
    execution = nested(alone(starter(suffix, Input={"n": 1})), ADD)
    assert execution.status == "SUCCEEDED"
    assert members <= execution.output.keys()
    expected = {"": None, ".sync": '{"m":2}', ".sync:2": {"m": 2}}[suffix]
    assert execution.output.get("Output") == expected


def test_a_machine_answers_the_token_it_was_given() -> None:
    tasks = asl.Tasks()
    tasks.bind("reply")(lambda event: tasks.succeed(event["token"], "from the child"))
    child = {"StartAt": "R", "States": {"R": call("reply", End=True)}}
    given = {"token.$": "$$.Task.Token"}
    execution = nested(
        alone(starter(".waitForTaskToken", Input=given)), child, tasks=tasks
    )
    assert execution.output == "from the child"
    assert "TaskSubmitted" in [e.type for e in execution.history]


def test_a_synchronous_express_machine_answers_whole() -> None:
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:sfn:startSyncExecution",
        "Parameters": {"StateMachineArn": CHILD, "Input": '{"n": 4}'},
    }
    execution = nested(alone(state), ADD)
    assert execution.output["Status"] == "SUCCEEDED"
    assert execution.output["Output"] == '{"m":5}'
    assert ":express:Child:" in execution.output["ExecutionArn"]
    assert execution.billing.express_requests == 1


def test_a_child_that_fails_fails_its_task() -> None:
    child = {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "E"}}}
    execution = nested(alone(starter(".sync:2")), child)
    assert execution.error == "States.TaskFailed"
    assert json.loads(execution.cause)["Error"] == "E"


def test_a_childs_exceptions_reach_the_run() -> None:
    def ask(event: Any) -> Any:
        raise LookupError

    child = {"StartAt": "Deep", "States": {"Deep": call(End=True)}}
    execution = nested(alone(starter(".sync")), child, tasks=bound(ask=ask))
    assert [e.state for e in execution.exceptions] == ["Deep"]


def test_a_machine_that_starts_itself_ends_in_an_error() -> None:
    own = {"StartAt": "Again", "States": {"Again": {**starter(".sync"), "End": True}}}
    with pytest.raises(asl.UsageError, match="does a machine start itself"):
        nested(load(own), own)


def test_a_started_machine_goes_on_when_its_parent_has_ended() -> None:
    calls: list[str] = []
    tasks = bound(one=lambda e: calls.append("one"), two=lambda e: calls.append("two"))
    child = {
        "StartAt": "One",
        "States": {
            "One": call("one", Next="Nap"),
            "Nap": {"Type": "Wait", "Seconds": 60, "Next": "Two"},
            "Two": call("two", End=True),
        },
    }
    execution = nested(alone(starter()), child, tasks=tasks)
    assert execution.duration_seconds == 0
    assert calls == ["one", "two"]


def test_a_started_machine_that_waits_for_a_token_does_not_hold_the_run_up() -> None:
    tasks = asl.Tasks()
    tasks.bind(TOKEN)(lambda event: None)
    child = {"StartAt": "A", "States": {"A": asking(End=True)}}
    assert nested(alone(starter()), child, tasks=tasks).status == "SUCCEEDED"


def test_a_time_out_stops_the_child_and_what_it_waits_for() -> None:
    tasks = asl.Tasks()
    sent: list[str] = []
    tasks.bind(TOKEN)(lambda event: sent.append(token_of(event)))
    child = {"StartAt": "A", "States": {"A": asking(End=True)}}
    state = {**starter(".sync:2"), "TimeoutSeconds": 7}
    execution = nested(alone(state), child, tasks=tasks)
    assert execution.error == "States.Timeout"
    with pytest.raises(asl.UsageError, match="TaskTimedOut"):
        tasks.succeed(sent[0], 1)


def test_a_callable_may_run_a_machine_itself() -> None:
    inner = load(ADD, "Inner")

    def ask(event: Any) -> Any:
        return asl.run(inner, event).output

    execution = asl.run(each(call()), [{"n": 1}, {"n": 2}], tasks=bound(ask=ask))
    assert execution.output == [{"m": 2}, {"m": 3}]


def test_a_callable_that_runs_a_machine_with_callables_is_watched_once() -> None:
    machine = alone(call("inner"))

    def outer(event: Any) -> Any:
        return asl.run(machine, event, tasks=bound(inner=lambda e: e + 1)).output

    execution = asl.run(alone(call("outer")), 1, tasks=bound(outer=outer))
    assert execution.output == 2


# --- watching


def test_every_reply_is_shown_as_it_comes() -> None:
    seen: list[tuple[str, str]] = []

    def watch(execution: asl.Execution, reply: Any) -> None:
        seen.append((type(reply).__name__, execution.status))

    machine = load(
        {
            "StartAt": "A",
            "States": {
                "A": call(Next="W"),
                "W": {"Type": "Wait", "Seconds": 1, "End": True},
            },
        }
    )
    asl.run(machine, 1, tasks=bound(ask=lambda event: event), on_reply=watch)
    assert seen == [("TaskSucceeded", "RUNNING"), ("TimerFired", "SUCCEEDED")]


def test_equal_seeds_of_other_types_are_other_seeds() -> None:
    machine = asl.load_text('{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}')
    odd = asl.run(machine, seed=True).arn
    plain = asl.run(machine, seed=1).arn
    assert asl.run(machine, seed=True).arn == odd != plain
