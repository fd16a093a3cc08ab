"""Executions side by side: the host, its desk of tokens and its driver."""

import json
import threading
from typing import Any

import pytest

import asl
from asl.engine.messages import Reply, TaskStarted
from asl.errors import InternalError
from asl.runtime.desk import Desk
from asl.runtime.driver import Driver
from asl.runtime.host import Host
from asl.runtime.hosted import Hosted, News
from asl.tasks.tokens import Tokens

LIMIT = 30
WAIT = {"W": {"Type": "Wait", "Seconds": 60, "End": True}}


def execution(states: dict[str, Any], name: str = "e", **fields: Any) -> asl.Execution:
    text = json.dumps({"StartAt": next(iter(states)), "States": states, **fields})
    return asl.Execution(
        asl.load_text(text), {}, name=name, arn=f"arn:{name}", machine_arn="arn:m"
    )


def test_news_are_told_in_order() -> None:
    told: list[str] = []

    def moved(hosted: Hosted, news: News) -> None:
        told.extend(f"ended {one.name}" for one in news.ended)

    host = Host(asl.VirtualClock(), moved)
    hosted = host.start(execution(WAIT), asl.Tasks())
    hosted.post(hosted.begin)
    assert (host.live(), told) == ([hosted], [])
    host.look(hosted)
    assert (host.live(), told) == ([], ["ended e"])
    assert hosted.is_over
    host.look(hosted)
    hosted.post(hosted.pass_time)
    assert told == ["ended e"]


def test_a_hosts_clock_follows_its_executions() -> None:
    clock = asl.VirtualClock()
    start = clock.now()
    host = Host(clock, lambda hosted, news: None)
    first = host.start(execution(WAIT, "a"), asl.Tasks())
    first.post(first.begin)
    host.look(first)
    second = host.start(execution(WAIT, "b"), asl.Tasks())
    second.post(second.begin)
    assert clock.now() == second.clock.now() == start + 60_000_000
    host.advance(10)
    assert clock.now() == second.clock.now() == start + 70_000_000
    assert first.clock.now() == start + 60_000_000


def test_an_execution_that_has_not_begun_stands_still() -> None:
    host = Host(asl.VirtualClock(), lambda hosted, news: None)
    hosted = host.start(execution(WAIT), asl.Tasks())
    host.advance(100)
    host.look(hosted)
    assert len(hosted.root.history) == 0


def test_a_virtual_clock_is_ours() -> None:
    class Mine:
        is_virtual = True

        def now(self) -> int:
            return 0

    with pytest.raises(asl.UsageError, match=r"a virtual clock is an asl\.Virtual"):
        Host(Mine(), lambda hosted, news: None)


def test_an_execution_at_work_is_not_advanced_by_another_thread() -> None:
    """Its time goes on in the thread that is at it."""
    host = Host(asl.VirtualClock(), lambda hosted, news: None)
    tasks = asl.Tasks()

    @tasks.bind("arn:aws:states:::sns:publish")
    def publish(event: Any) -> None:
        other = threading.Thread(target=host.advance, args=(1_000,))
        other.start()
        other.join(LIMIT)
        assert not other.is_alive()

    states: dict[str, Any] = {
        "T": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sns:publish",
            "Next": "W",
        }
    }
    hosted = host.start(execution(states | WAIT), tasks)
    hosted.post(hosted.begin)
    assert hosted.root.status == "SUCCEEDED"


def test_a_callable_that_blocks_ends_the_execution_with_a_reason() -> None:
    host = Host(asl.VirtualClock(), lambda hosted, news: None, real_limit_seconds=0.05)
    tasks, never = asl.Tasks(), threading.Event()
    tasks.bind("arn:aws:states:::sns:publish")(lambda event: never.wait(LIMIT))
    state = {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "End": True}
    hosted = host.start(execution({"T": state}), tasks)
    hosted.post(hosted.begin)
    host.look(hosted)
    assert hosted.root.status == "FAILED"
    assert "has been at work for 0.05 real seconds" in str(hosted.root.cause)
    never.set()


def test_what_waits_for_nothing_at_all_fails() -> None:
    """A token that nobody outside can answer, because it was given up by its mock."""
    host = Host(asl.VirtualClock(), lambda hosted, news: None)
    mocks = asl.Mocks({"T": [{"Never": True}]})
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"QueueUrl": "q", "MessageBody.$": "$$.Task.Token"},
        "End": True,
    }
    hosted = host.start(execution({"T": state}), mocks)
    hosted.post(hosted.begin)
    host.look(hosted)
    assert hosted.root.status == "TIMED_OUT"


def test_a_nested_machine_that_cannot_go_on_ends_its_parent() -> None:
    inner = asl.load_text(
        '{"StartAt": "T", "States": {"T": {"Type": "Task", "End": true, '
        '"Resource": "arn:aws:states:::sns:publish"}}}'
    )
    arn = "arn:aws:states:us-east-1:123456789012:stateMachine:inner"
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync",
        "Parameters": {"StateMachineArn": arn},
        "End": True,
    }
    outer = execution({"S": state})
    outer.machines = {arn: inner}
    ended: list[asl.Execution] = []
    host = Host(asl.VirtualClock(), lambda hosted, news: ended.extend(news.ended))
    hosted = host.start(outer, asl.Tasks())
    hosted.post(hosted.begin)
    assert isinstance(hosted.stuck, asl.UsageError)
    host.look(hosted)
    assert {one.status for one in ended} == {"FAILED", "ABORTED"}
    assert outer.status == "FAILED"
    assert (hosted.is_over, host.live()) == (True, [])


# --- the desk


def test_a_desk_knows_open_and_closed_tokens() -> None:
    desk, inner = Desk(), Tokens()
    tokens = desk.tokens_over(inner)
    told: list[Reply] = []
    tokens.open("t", lambda after, reply: told.append(reply), id=3)
    assert "t" in tokens
    assert not desk.was_open("t")
    assert desk.take_up("t", "w")
    assert desk.beat("t")
    assert desk.succeed("t", 1)
    assert told[0] == TaskStarted(3, 0, "w")
    assert len(told) == 3
    assert desk.was_open("t")
    late = [
        desk.take_up("t", "w"),
        desk.beat("t"),
        desk.succeed("t", 1),
        desk.fail("t", None, None),
    ]
    assert late == [False] * 4
    tokens.close("t")
    assert "t" not in tokens
    assert not desk.was_open("never")


def test_a_desk_remembers_a_bounded_number_of_closed_tokens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("asl.runtime.desk._REMEMBERED", 2)
    desk = Desk()
    for token in "abc":
        desk.close(token)
    assert [desk.was_open(token) for token in "abc"] == [False, True, True]


def test_a_tables_own_answers_reach_the_same_task() -> None:
    desk, inner = Desk(), Tokens()
    told: list[Reply] = []
    tokens = desk.tokens_over(inner)
    tokens.open("t", lambda after, reply: told.append(reply), id=1)
    tokens.heartbeat("t")
    inner.heartbeat("t")
    assert len(told) == 2


# --- the driver


class Driven:
    """Stands where a hosted execution would."""

    def __init__(self, error: Exception | None = None) -> None:
        self.posted = threading.Event()
        self.error = error

    def post(self) -> None:
        self.posted.set()
        if self.error is not None:
            raise self.error


def test_a_driver_keeps_the_bugs_it_meets_and_goes_on() -> None:
    bug = InternalError("oops")
    exceptions: list[Exception] = []
    driver = Driver(asl.SystemClock(), exceptions)
    broken, sound = Driven(bug), Driven()
    driver.wake(broken)  # type: ignore[arg-type]
    driver.wake(sound)  # type: ignore[arg-type]
    assert sound.posted.wait(LIMIT)
    driver.close()
    assert exceptions == [bug]


def test_a_driver_comes_at_the_soonest_moment_that_was_planned() -> None:
    clock = asl.SystemClock()
    driver = Driver(clock, [])
    late, soon = Driven(), Driven()
    year = clock.now() + 365 * 86_400_000_000
    for due in (year, year + 1, clock.now()):
        driver.plan(soon, due)  # type: ignore[arg-type]
    driver.plan(late, year)  # type: ignore[arg-type]
    assert soon.posted.wait(LIMIT)
    assert not late.posted.is_set()
    for one in [late] * 2:
        driver.forget(one)  # type: ignore[arg-type]
    driver.close()
    driver.wake(late)  # type: ignore[arg-type]
    assert not late.posted.is_set()


def test_a_driver_does_not_keep_what_was_forgotten() -> None:
    clock = asl.SystemClock()
    driver = Driver(clock, [])
    year = clock.now() + 365 * 86_400_000_000
    some = [Driven() for _ in range(100)]
    for one in some:
        driver.plan(one, year)  # type: ignore[arg-type]
    for one in some:
        driver.forget(one)  # type: ignore[arg-type]
    assert len(driver._timers) < 70
    driver.close()
