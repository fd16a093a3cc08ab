"""The recorder's cells: records in one list, and the limit of how many there may be."""

import pytest
from test_execution import ASK, alone, make, task

import asl
from asl.engine.messages import StartTask, TaskSucceeded
from asl.engine.recorder import HistoryFull, Recorder
from asl.history import EVENT_DETAILS, WIDTH

QUEUE = "arn:aws:states:::sqs:sendMessage"


def filled() -> Recorder:
    recorder = Recorder(None)
    recorder.add(0, "ExecutionStarted", {"n": 1}, "role")
    recorder.now = 5
    wide = ("sqs", "sendMessage", "us-east-1", {"a": 1}, None, None, None)
    recorder.add(1, "TaskScheduled", wide)
    recorder.write((2, 5, "PassStateExited", "P", 1, {"x": 2}, -1))
    recorder.count += 1
    recorder.close(3, "ParallelStateSucceeded")
    return recorder


def test_records_are_as_wide_as_their_type_says() -> None:
    assert list(filled().records) == [
        (0, 0, "ExecutionStarted", {"n": 1}, "role"),
        (1, 5, "TaskScheduled", "sqs", "sendMessage", "us-east-1", {"a": 1})
        + (None,) * 3,
        (2, 5, "PassStateExited", "P", 1, {"x": 2}, -1),
        (3, 5, "ParallelStateSucceeded"),
    ]


def test_records_are_a_sequence() -> None:
    records = filled().records
    assert len(records) == filled().count == 4
    assert records[-1] == records[3] == (3, 5, "ParallelStateSucceeded")
    assert records[1:3] == [records[1], records[2]]
    assert records[::-3] == [records[3], records[0]]
    with pytest.raises(IndexError):
        records[4]


def test_only_task_scheduled_has_more_members_than_a_record_has_cells() -> None:
    wide = [k for k, shape in EVENT_DETAILS.items() if len((shape or ("", ()))[1]) > 4]
    assert wide == ["TaskScheduled"]
    assert WIDTH == 3 + 4


def test_there_is_no_room_beyond_the_limit_but_for_the_end() -> None:
    recorder = Recorder(3)
    recorder.add(0, "ExecutionStarted", {}, "")
    recorder.add(1, "ParallelStateStarted")
    with pytest.raises(HistoryFull):
        recorder.add(2, "ParallelStateStarted")
    recorder.close(2, "ExecutionFailed", "E", "c")
    assert [record[2] for record in recorder.records][-1] == "ExecutionFailed"


@pytest.mark.parametrize("limit", [3, 4, 5])
def test_a_task_begins_as_far_as_there_is_room(limit: int) -> None:
    execution = make(alone(task()))
    execution.recorder.limit = limit - 1
    effects = execution.start(0)
    kinds = [event.type for event in execution.history]
    if limit == 5:
        assert any(isinstance(effect, StartTask) for effect in effects)
        assert kinds[-2:] == ["LambdaFunctionScheduled", "LambdaFunctionStarted"]
        return
    assert execution.status == "FAILED"
    whole = ["ExecutionStarted", "TaskStateEntered", "LambdaFunctionScheduled"]
    assert kinds == [*whole[: limit - 1], "ExecutionFailed"]


def test_the_states_entered_are_read_from_the_history() -> None:
    execution = make(alone(task()))
    assert execution.path == []
    effects = execution.start(0)
    assert execution.path == ["S"]
    asked = next(e for e in effects if isinstance(e, StartTask))
    assert asked.resource == ASK
    execution.receive(TaskSucceeded(asked.id, 1, 1))
    assert execution.path == ["S"]


def test_a_service_has_all_its_members_in_the_history() -> None:
    tasks = asl.Tasks()
    tasks.bind(QUEUE)(lambda event: {"MessageId": "m"})
    machine = asl.load_text(
        '{"StartAt": "S", "States": {"S": {"Type": "Task", "End": true, "Resource": '
        f'"{QUEUE}", "Parameters": {{"QueueUrl": "q", "MessageBody": "b"}}}}}}}}'
    )
    scheduled = asl.run(machine, tasks=tasks).history[2]
    assert scheduled.type == "TaskScheduled"
    assert list(scheduled.details) == [
        "resourceType",
        "resource",
        "region",
        "parameters",
    ]
