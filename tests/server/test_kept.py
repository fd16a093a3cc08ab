"""What the service writes to a store, and takes from it when it begins again."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from service import PASS, START, WAIT, Service, task

import asl
from asl.server.lost import CAUSE
from asl.values import Json, json_text, parse_json


class Shelf:
    """A store in memory that keeps text, as one on disk would."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, str], str] = {}
        self.lists: dict[tuple[str, str], list[str]] = {}
        self.depth = 0
        self.log: list[tuple[str, str]] = []
        self.synced = 0

    def put(self, kind: str, key: str, value: Json) -> None:
        assert self.depth
        self.values[kind, key] = json_text(value)
        self.log.append((kind, key))

    def delete(self, kind: str, key: str) -> None:
        self.values.pop((kind, key), None)

    def load(self, kind: str) -> Iterator[tuple[str, Json]]:
        found = [(key, text) for (k, key), text in self.values.items() if k == kind]
        return iter([(key, parse_json(text)) for key, text in found])

    def append(self, kind: str, key: str, values: Sequence[Json]) -> None:
        assert self.depth
        self.lists.setdefault((kind, key), []).extend(map(json_text, values))

    def load_list(self, kind: str, key: str) -> Iterator[Json]:
        return iter([parse_json(text) for text in self.lists.get((kind, key), [])])

    def batch(self) -> AbstractContextManager[None]:
        @contextmanager
        def together() -> Iterator[None]:
            self.depth += 1
            try:
                yield
            finally:
                self.depth -= 1

        return together()

    def sync(self) -> None:
        assert not self.depth
        self.synced = len(self.log)

    def close(self) -> None:
        pass


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


def begin(shelf: Shelf, **options: Any) -> Service:
    return Service(asl.Api(store=shelf, **options))


def test_an_execution_survives_the_service(shelf: Shelf) -> None:
    service = begin(shelf)
    machine = service.create("m", PASS)
    arn = service.start(machine, input='{"a": 1}', traceHeader="t")
    before = (
        service.describe(arn),
        service.events(arn),
        service.list(stateMachineArn=machine),
    )
    after = begin(shelf)
    assert after.describe(arn) == before[0]
    assert after.events(arn) == before[1]
    assert after.list(stateMachineArn=machine) == before[2]
    assert after.call("DescribeStateMachineForExecution", executionArn=arn)["name"]
    assert after.api.executions.table.lost == []
    later = after.start(machine)
    assert [one["executionArn"] for one in after.list(stateMachineArn=machine)] == [
        later,
        arn,
    ]


def test_an_execution_is_written_down_before_it_begins(shelf: Shelf) -> None:
    tasks = asl.Tasks()
    kept: list[Any] = []

    @tasks.bind("arn:aws:states:::sns:publish")
    def publish(event: Any) -> None:
        kept.extend(key for kind, key in shelf.values if kind == "execution")

    service = begin(shelf, tasks=tasks)
    assert kept == [service.start(service.create("m", task()))]


def test_what_was_running_is_known_to_be_lost(shelf: Shelf) -> None:
    service = begin(shelf)
    arn = service.start(service.create("m", WAIT))
    after = begin(shelf)
    assert after.api.lost == [arn]
    described = after.describe(arn)
    assert (described["status"], described["cause"]) == ("ABORTED", CAUSE)
    assert described["stopDate"] >= described["startDate"]
    events = after.events(arn)
    assert [(one["id"], one["type"]) for one in events] == [
        (1, "ExecutionStarted"),
        (2, "WaitStateEntered"),
        (3, "ExecutionAborted"),
    ]
    assert events[-1]["executionAbortedEventDetails"] == {"cause": CAUSE}
    assert begin(shelf).api.lost == []


def test_nested_executions_and_map_runs_are_kept(shelf: Shelf) -> None:
    service = begin(shelf)
    child = service.create("child", PASS)
    inner = task(f"{START}.sync", Parameters={"StateMachineArn": child})
    body = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "T",
        "States": inner,
    }
    states = {"M": {"Type": "Map", "Label": "L", "ItemProcessor": body, "End": True}}
    arn = service.start(service.create("m", states), input="[1, 2]")
    assert service.status(arn) == "SUCCEEDED"
    (run,) = service.call("ListMapRuns", executionArn=arn)["mapRuns"]
    request = {"mapRunArn": run["mapRunArn"]}
    before = service.call("DescribeMapRun", **request), service.list(**request)
    after = begin(shelf)
    assert after.call("ListMapRuns", executionArn=arn)["mapRuns"] == [run]
    assert after.call("DescribeMapRun", **request) == before[0]
    assert after.list(**request) == before[1]
    assert len(after.list(stateMachineArn=child)) == 2


def test_activities_and_their_tags_are_kept(shelf: Shelf) -> None:
    service = begin(shelf)
    tags = [{"key": "k", "value": "v"}]
    first = service.call("CreateActivity", name="a", tags=tags)
    service.call("CreateActivity", name="b")
    service.call("DeleteActivity", activityArn=first["activityArn"][:-1] + "b")
    after = begin(shelf)
    listed = after.call("ListActivities")["activities"]
    assert listed == [{**first, "name": "a"}]
    found = after.call("ListTagsForResource", resourceArn=first["activityArn"])
    assert found["tags"] == tags


def test_express_executions_are_not_kept(shelf: Shelf) -> None:
    service = begin(shelf)
    service.start(service.create("x", PASS, "EXPRESS"))
    assert not any(kind == "execution" for kind, _ in shelf.values)
