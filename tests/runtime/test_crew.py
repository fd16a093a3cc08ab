"""Whole children on pools: the same outcome wherever they run, and lost workers."""

import asyncio
import json
import threading
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import (
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeAlias

import importable
import pytest

import asl
from asl.engine.load import NAME_BYTES, Load
from asl.engine.messages import ChildrenEnded, StartChildren
from asl.engine.page import Page
from asl.model.states import Map
from asl.runtime.crew import Crew, Shipment
from asl.runtime.kit import Kit, Part, unpack_parts
from asl.runtime.pools import WORKER_LOST, Workers, opened
from asl.runtime.run import make_runner
from asl.runtime.worker import run_parts
from asl.values import Json

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:"
TASKS = asl.Tasks()
for name in ("double", "count", "picky", "slow", "fragile", "deadly", "later"):
    TASKS.bind(name)(getattr(importable, name))


@pytest.fixture(scope="module")
def processes() -> Iterator[Executor]:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        yield pool


@pytest.fixture(scope="module")
def threads() -> Iterator[Executor]:
    with ThreadPoolExecutor(3) as pool:
        yield pool


def task(name: str) -> Json:
    return {"Type": "Task", "Resource": FUNCTION + name, "End": True}


def machine(state: Json, *, type: str = "EXPRESS", **fields: Json) -> asl.StateMachine:
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": type},
        "StartAt": "Do",
        "States": {"Do": state},
    }
    each = {"Type": "Map", "ItemProcessor": processor, "End": True, **fields}
    return asl.load_text(json.dumps({"StartAt": "Each", "States": {"Each": each}}))


def items(count: int) -> Json:
    return [{"id": id} for id in range(count)]


def told(execution: asl.Execution) -> Json:
    """All that a run has come to.

    What else had begun when a Map Run failed is not the same everywhere.
    """
    ended_well = execution.status == "SUCCEEDED"
    raised = sorted(repr(one.exception) for one in execution.exceptions)
    return {
        "status": execution.status,
        "output": execution.output,
        "error": execution.error,
        "history": [event.to_aws() for event in execution.history],
        "billing": execution.billing if ended_well else None,
        "failures": execution.failures,
        "exceptions": raised if ended_well else None,
        "seconds": execution.duration_seconds,
    }


INNER = {
    "Type": "Map",
    "ItemsPath": "$.list",
    "ItemProcessor": {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
        "StartAt": "In",
        "States": {"In": {"Type": "Pass", "End": True}},
    },
    "End": True,
}
RANDOM = {
    "Type": "Pass",
    "Parameters": {
        "uuid.$": "States.UUID()",
        "me.$": "$$.Execution.Id",
        "start.$": "$$.Execution.StartTime",
    },
    "End": True,
}
SHAPES: dict[str, tuple[asl.StateMachine, Json]] = {
    "calls": (machine(task("picky"), ToleratedFailurePercentage=50), items(40)),
    "standard": (machine(task("slow"), type="STANDARD"), items(20)),
    "waits": (machine(task("slow"), MaxConcurrency=3), items(20)),
    "async": (machine(task("later")), items(5)),
    "chance": (machine(RANDOM), items(30)),
    "too many failures": (machine(task("picky")), items(30)),
    "nested": (machine(INNER, type="STANDARD"), [{"list": [1, 2]}, {"list": [3]}]),
    "batches": (machine(task("count"), ItemBatcher={"MaxItemsPerBatch": 7}), items(50)),
    "nothing": (machine(task("count")), []),
    "too large": (
        machine({"Type": "Pass", "Result": "x" * 9_000, "End": True}),
        items(40),
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_the_outcome_is_the_same_on_every_pool(
    shape: str, kind: str, request: pytest.FixtureRequest
) -> None:
    pool: Executor = request.getfixturevalue(kind)
    made, given = SHAPES[shape]
    here = asl.run(made, given, tasks=TASKS)
    runner = make_runner(made, given, tasks=TASKS, pool=pool)
    assert told(runner.run()) == told(here)
    assert given == [] or (runner.crew is not None and runner.crew.figures.children)


def test_an_event_loop_waits_for_children_on_a_pool(threads: Executor) -> None:
    made, given = SHAPES["calls"]
    there = asyncio.run(asl.run_async(made, given, tasks=TASKS, pool=threads))
    assert told(there) == told(asl.run(made, given, tasks=TASKS))


def test_children_take_real_time_under_a_real_clock(threads: Executor) -> None:
    made, given = SHAPES["batches"]
    done = asl.run(made, given, tasks=TASKS, pool=threads, clock=asl.SystemClock())
    assert done.output == [7] * 7 + [1]


def test_the_failure_of_a_child_is_told(processes: Executor) -> None:
    made, given = SHAPES["too many failures"]
    failed = asl.run(made, given, tasks=TASKS, pool=processes)
    assert failed.error == "States.ExceedToleratedFailureThreshold"
    [failure] = failed.failures
    assert failure.children[0].place == 3
    assert failure.children[0].status == "FAILED"
    assert failure.children[0].error == "Seventh"
    assert failure.children[0].cause == "3"


def test_children_that_wait_for_tokens_stay_here(threads: Executor) -> None:
    asking = task("")
    asking["Resource"] = "arn:aws:states:::lambda:invoke.waitForTaskToken"
    asking["Parameters"] = {
        "FunctionName": "ask",
        "Payload": {"token.$": "$$.Task.Token"},
    }
    tasks = asl.Tasks()
    tasks.bind("ask")(lambda event: tasks.succeed(event["token"], "yes"))
    made = machine(asking, type="STANDARD")
    runner = make_runner(made, items(3), tasks=tasks, pool=threads)
    assert runner.run().output == ["yes"] * 3


def test_children_that_are_watched_stay_here(threads: Executor) -> None:
    from asl.runtime.family import observers

    seen: list[str] = []
    observers.append(lambda machine, execution: seen.append(execution.name))
    try:
        made, given = SHAPES["chance"]
        runner = make_runner(made, given, pool=threads)
        runner.run()
    finally:
        observers.pop()
    assert runner.crew is None
    assert len(seen) == 31


def test_mocks_are_used_up_in_order_on_a_pool_too(threads: Executor) -> None:
    answers = [{"Return": number} for number in range(4)]
    made = machine(task("any"))
    done = asl.run(made, items(4), tasks=asl.Mocks({"Do": answers}), pool=threads)
    assert done.output == [0, 1, 2, 3]


def test_processes_refuse_what_they_cannot_import(processes: Executor) -> None:
    def local(event: Json) -> Json:
        return event

    tasks = asl.Tasks()
    tasks.bind("local")(local)
    tasks.bind("short")(lambda event: event)
    tasks.bind("double")(importable.double)
    with pytest.raises(asl.UsageError, match=r"'local' .*'short' .*<lambda>") as error:
        asl.run(machine(task("local")), [], tasks=tasks, pool=processes)
    assert "'double'" not in str(error.value)
    mocks = asl.Mocks({"Do": [{"Return": 1}]}, otherwise=tasks)
    with pytest.raises(asl.UsageError, match="'local'"):
        asl.run(machine(task("local")), [], tasks=mocks, pool=processes)


def test_an_error_of_the_caller_comes_back(threads: Executor) -> None:
    tasks = asl.Tasks(missing="when-reached")
    with pytest.raises(asl.UsageError, match="no callable is bound"):
        asl.run(machine(task("nobody")), items(3), tasks=tasks, pool=threads)


def test_jobs_grow_until_they_are_worth_sending(threads: Executor) -> None:
    made = machine({"Type": "Pass", "End": True}, ResultPath=None)
    runner = make_runner(made, [0] * 5_000, pool=threads)
    runner.run()
    assert runner.crew is not None
    figures = runner.crew.figures
    assert figures.children == 5_000
    assert figures.jobs < 1_000
    assert figures.work_seconds > 0
    assert figures.overhead_seconds >= 0


class AtOnce(Executor):
    """Workers who have done a job as soon as they are given it.

    They say that a child took a millisecond.
    """

    def __init__(self, workers: int = 2) -> None:
        self._max_workers = workers
        self.jobs: list[list[int]] = []
        """How many children of each load are in each job."""

    def submit(self, fn: Any, /, *given: Any, **named: Any) -> Any:
        self.jobs.append([part.load.children for part in unpack_parts(given[1])])
        done = fn(*given, **named)
        done.seconds = sum(self.jobs[-1]) / 1_000
        future: Future[Any] = Future()
        future.set_result(done)
        return future


@pytest.fixture
def at_no_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    """A job costs nothing beside its work: the crew's clock stands still."""
    clock = SimpleNamespace(perf_counter=lambda: 0.0)
    monkeypatch.setattr("asl.runtime.crew.time", clock)


class Never(Executor):
    """A worker who never comes back."""

    _max_workers = 1

    def submit(self, fn: Any, /, *given: Any, **named: Any) -> Any:
        return Future[Any]()


class KilledWorker(Exception):
    """What Dask says of a worker that is gone, by its name."""


def load_of(number: int, each: int) -> Load:
    load = Load(Page([{"id": number}] * each))
    load.begin((number - 2) * each, bytes(NAME_BYTES * each), 0)
    return load


Back: TypeAlias = "deque[tuple[Shipment, Any]]"


def crew_with(
    pool: Executor, loads: int, *, each: int = 1, type: str = "EXPRESS"
) -> tuple[Crew, Back]:
    """A crew that has loads of so many children in hand: effects 2, 3, 4, …"""
    back: Back = deque()
    crew = Crew(Workers(pool), came_back=lambda job, answer: back.append((job, answer)))
    made = machine({"Type": "Pass", "End": True}, type=type)
    runner = make_runner(made, {})
    (state,) = made.states.values()
    assert isinstance(state, Map)
    for number in range(2, 2 + loads):
        effect = StartChildren(
            number,
            state.processor,
            state.pointer,
            type,
            load_of(number, each),
            "arn:aws:states:us-east-1:123456789012:stateMachine:m/Each",
            "arn:aws:states:us-east-1:123456789012:mapRun:m/Each:1",
            (),
            state.name,
            None,
        )
        kit = Kit.of(
            effect,
            runner.root,
            made,
            asl.Tasks(),
            is_virtual=True,
            buckets=None,
            real_limit_seconds=60,
        )
        crew.take_in(0, effect, kit, number)
    crew.send()
    return crew, back


def grown(pool: Executor, loads: int, **how: Any) -> tuple[Crew, Back, Shipment]:
    """The same after a while, and the job of several loads that was sent last."""
    crew, back = crew_with(AtOnce(1), loads, **how)
    for _ in range(3):
        crew.take(*back.popleft())
    crew.workers = Workers(pool)
    back.clear()
    crew.send()
    return crew, back, crew._jobs[-1]


@pytest.mark.usefixtures("at_no_cost")
def test_few_children_are_shared_out_among_the_workers() -> None:
    pool = AtOnce()
    made = machine({"Type": "Pass", "End": True}, MaxConcurrency=60)
    given = [{"id": id} for id in range(1_000)]
    done = asl.run(made, given, pool=pool)
    assert told(done) == told(asl.run(made, given))
    assert sum(map(sum, pool.jobs)) == 1_000
    # Three jobs for each of two workers, also where all children are taken at once.
    assert max(map(sum, pool.jobs)) <= 10


@pytest.mark.usefixtures("at_no_cost")
def test_small_loads_travel_together() -> None:
    pool = AtOnce()
    crew, back = crew_with(pool, 300)
    ended: list[tuple[int, Json]] = []
    while back:
        for ready in crew.take(*back.popleft()):
            assert ready.answer is not None
            ended += [(end.id, end.outputs) for end in ready.answer.ends]
        crew.send()
    assert ended == [(number, [{"id": number}]) for number in range(2, 302)]
    assert pool.jobs[0] == [1]
    assert max(map(len, pool.jobs)) == 50  # three jobs for each worker
    assert len(pool.jobs) < 20
    assert not crew.is_busy


@pytest.mark.parametrize("workers", [2, 100])
@pytest.mark.usefixtures("at_no_cost")
def test_replies_that_are_still_to_be_told_make_no_small_jobs(workers: int) -> None:
    pool = AtOnce(workers)
    made = machine({"Type": "Pass", "End": True})
    done = asl.run(made, [0] * 30_000, pool=pool)
    assert done.status == "SUCCEEDED"
    assert sum(map(sum, pool.jobs)) == 30_000
    # Small jobs until their size is known, then the work of 60 ms or each one's share
    # of the 10,000 children that there may be at one time; not many are smaller.
    size = min(60, 10_000 // (3 * workers))
    assert len(pool.jobs) < 2 * (4 * workers + 30_000 / size)


def test_machines_started_under_one_name_have_children_of_their_own(
    threads: Executor,
) -> None:
    arn = "arn:aws:states:us-east-1:123456789012:stateMachine:inner"
    start = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "OutputPath": "$.Output",
        "End": True,
    }
    branches = [
        {
            "StartAt": f"Start {key}",
            "States": {
                f"Start {key}": {
                    **start,
                    "Parameters": {
                        "StateMachineArn": arn,
                        "Name": "same",
                        "Input": {"list.$": f"$.{key}"},
                    },
                }
            },
        }
        for key in "ab"
    ]
    both = {"Type": "Parallel", "Branches": branches, "End": True}
    outer = asl.load_text(json.dumps({"StartAt": "Both", "States": {"Both": both}}))
    inner = machine({"Type": "Pass", "End": True}, ItemsPath="$.list")
    given = {"a": items(40), "b": [{"id": 1_000 + id} for id in range(40)]}
    done = asl.run(outer, given, machines={arn: inner}, pool=threads)
    assert done.output == [given["a"], given["b"]]


@pytest.mark.usefixtures("at_no_cost")
def test_a_lost_job_of_several_loads_fails_child_by_child() -> None:
    crew, _, job = grown(Never(), 60, each=2, type="STANDARD")
    assert len(job.parts) > 1
    for before in list(crew._jobs)[:-1]:
        crew.take(before, KilledWorker("gone"))
    ready = crew.take(job, KilledWorker("gone"))[-1]
    assert ready is job
    assert ready.answer is not None
    assert [
        (end.id, end.place, end.at, end.count, end.failure.error)
        for end in ready.answer.ends
        if end.failure is not None
    ] == [
        (part.id, place, part.now, 1, WORKER_LOST)
        for part in job.parts
        for place in range(part.load.place, part.load.place + part.load.children)
    ]


@pytest.mark.usefixtures("at_no_cost")
def test_a_job_is_cancelled_once_nobody_waits_for_any_of_its_loads() -> None:
    crew, _, job = grown(Never(), 60)
    first, *others = [part.id for part in job.parts]
    assert others
    crew.cancel(0, first)
    assert job in crew._jobs
    for number in others:
        crew.cancel(0, number)
    assert job not in crew._jobs
    assert job.future is not None
    assert job.future.cancelled()


@pytest.mark.usefixtures("at_no_cost")
def test_parts_come_back_as_one_answer() -> None:
    tasks = asl.Tasks()

    @tasks.bind("picky")
    def picky(event: Any) -> Any:
        raise ValueError(event["id"])

    made = machine(task("picky"), ToleratedFailurePercentage=100)
    _, _, job = grown(Never(), 60)
    kit = replace(job.group.kit, machine=made, source=tasks)
    done = run_parts(kit, [Part(number, load_of(number, 9), 0) for number in (2, 3, 4)])
    told = [(end.id, end.place, end.count) for end in done.ends]
    assert told == [(2 + place // 9, place, 1) for place in range(27)]
    assert len(done.exceptions) == 20  # more are as good as these
    assert done.billing.express_requests == 27


# --- lost workers


def fragile(tmp_path: Path, count: int = 30) -> Json:
    flag = tmp_path / "flag"
    flag.touch()
    return [{"id": id, "flag": str(flag)} for id in range(count)]


def test_express_children_of_a_lost_worker_run_again(tmp_path: Path) -> None:
    with opened("processes=2") as pool:
        done = asl.run(
            machine(task("fragile")), fragile(tmp_path), tasks=TASKS, pool=pool
        )
    assert done.output == list(range(30))
    assert done.billing.express_requests == 30


def test_standard_children_of_a_lost_worker_fail(tmp_path: Path) -> None:
    made = machine(task("fragile"), type="STANDARD", ToleratedFailurePercentage=100)
    with opened("processes=1") as pool:
        runner = make_runner(made, fragile(tmp_path), tasks=TASKS, pool=pool)
        done = runner.run()
    assert done.status == "SUCCEEDED"
    assert 5 not in done.output
    assert done.output == sorted(set(done.output))


def test_a_child_that_kills_every_worker_fails(tmp_path: Path) -> None:
    with opened("processes=1") as pool:
        failed = asl.run(machine(task("deadly")), items(1), tasks=TASKS, pool=pool)
    assert failed.status == "FAILED"
    [lost] = failed.failures[0].children
    assert lost.error == WORKER_LOST
    assert "5 times" in str(lost.cause)


def test_a_pool_of_somebody_elses_that_breaks_is_told() -> None:
    class Broken(Executor):
        _max_workers = 1

        def submit(self, *given: Any, **more: Any) -> Any:
            from concurrent.futures import BrokenExecutor

            raise BrokenExecutor("no more")

    with pytest.raises(asl.UsageError, match="the pool is broken"):
        asl.run(machine(task("double")), [1], tasks=TASKS, pool=Broken())


def test_unknown_executors_get_what_can_be_pickled_and_nothing_else() -> None:
    class Strange(Executor):
        def __init__(self) -> None:
            self.threads = ThreadPoolExecutor(1)

        def submit(self, *given: Any, **more: Any) -> Any:
            return self.threads.submit(*given, **more)

    pool = Strange()
    tasks = asl.Tasks()
    tasks.bind("double")(lambda event: event["id"])
    with pool.threads:
        done = asl.run(machine(task("double")), items(3), tasks=tasks, pool=pool)
        made, given = SHAPES["calls"]
        there = asl.run(made, given, tasks=TASKS, pool=pool)
    assert done.output == [0, 1, 2]
    assert told(there) == told(asl.run(made, given, tasks=TASKS))


# --- pools by name


@pytest.mark.parametrize("text", ["fibres", "threads=0", "processes=many", "dask"])
def test_a_pool_has_to_be_known(text: str) -> None:
    with pytest.raises(asl.UsageError, match="--pool"), opened(text):
        pass  # pragma: no cover


def test_threads_are_opened_by_name() -> None:
    with opened("threads=2") as pool:
        assert pool.submit(threading.active_count).result() > 1


def test_processes_are_stopped_at_once_when_something_is_wrong() -> None:
    workers: list[Any] = []

    def interrupted() -> None:
        with opened("processes=1") as pool:
            pool.submit(time.sleep, 3_600)
            assert isinstance(pool, ProcessPoolExecutor)
            workers.extend(pool._processes.values())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert workers
    assert not any(worker.is_alive() for worker in workers)


def test_a_crew_without_jobs_wants_more(threads: Executor) -> None:
    crew = Crew(Workers(threads), came_back=lambda job, answer: None)
    assert crew.wants_more
    assert not crew.is_busy
    crew.close()


def test_a_child_that_fails_is_told_before_its_load_is_done() -> None:
    tasks, gate = asl.Tasks(), threading.Event()
    calls: list[int] = []

    @tasks.bind("double")
    def double(event: Any) -> Any:
        calls.append(event["id"])
        if event["id"] == 0:
            raise ValueError("no")
        assert gate.wait(60)
        return event["id"]

    def heard(execution: asl.Execution, reply: Any) -> None:
        if not isinstance(reply, ChildrenEnded) or reply.failure is not None:
            gate.set()  # nobody went on before the failure was told

    with ThreadPoolExecutor(2) as pool:
        runner = make_runner(
            machine(task("double")), items(500), tasks=tasks, pool=pool, on_reply=heard
        )
        assert runner.run().status == "FAILED"
    assert len(calls) < 100
