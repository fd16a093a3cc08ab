"""Children many at a time: the same files, histories and failures as one by one."""

import json
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import asl
from asl.runtime.family import WRITER
from asl.runtime.redrive import redrive
from asl.runtime.run import make_runner
from asl.runtime.worker import run_parts
from asl.values import Json

PASS = {"StartAt": "Do", "States": {"Do": {"Type": "Pass", "End": True}}}
PICKY = {
    "StartAt": "Which",
    "States": {
        "Which": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.id", "StringMatches": "*7", "Next": "No"}],
            "Default": "Yes",
        },
        "No": {"Type": "Fail", "Error": "Seven", "Cause": "sevens are refused"},
        "Yes": {"Type": "Succeed"},
    },
}
WAITS = {
    "StartAt": "Wait",
    "States": {"Wait": {"Type": "Wait", "SecondsPath": "$.wait", "End": True}},
}
WRITERS: dict[str, Json] = {
    "nothing": None,
    "plain": {},
    "compact": {"Transformation": "COMPACT", "OutputType": "JSONL"},
    "flat": {"Transformation": "FLATTEN", "OutputType": "JSON"},
}


def machine(
    kind: str, processor: Json, writer: Json = None, **more: Json
) -> asl.StateMachine:
    config = {"InputType": kind}
    if kind == "CSV":
        config["CSVHeaderLocation"] = "FIRST_ROW"
    each: Json = {
        "Type": "Map",
        "Label": "rows",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": config,
            "Parameters": {"Bucket": "rows", "Key": f"in.{kind}"},
        },
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
            **processor,
        },
        "End": True,
        **more,
    }
    if writer is None:
        each["ResultPath"] = None
    else:
        each["ResultWriter"] = {
            "Resource": WRITER,
            "Parameters": {"Bucket": "rows", "Prefix": "out"},
            "WriterConfig": writer,
        }
    return asl.load_text(json.dumps({"StartAt": "Each", "States": {"Each": each}}))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Rows of which some have quotes, line ends in them, or nothing at all."""
    (tmp_path / "rows").mkdir()
    rows = [
        {"id": str(id), "name": f'"{id}"\n, é' if id % 5 == 3 else f"n{id}"}
        for id in range(3_000)
    ]
    with (tmp_path / "rows" / "in.CSV").open("w", newline="") as out:
        out.write("id,name\n")
        for row in rows:
            name = row["name"].replace('"', '""')
            quoted = f'"{name}"' if '"' in name else name
            out.write(f"{row['id']},{quoted}\n" + "\n" * (int(row["id"]) % 50 == 0))
    with (tmp_path / "rows" / "in.JSONL").open("w") as out:
        out.writelines(json.dumps(row) + "\n" for row in rows)
    return tmp_path


@pytest.fixture(scope="module")
def threads() -> Iterator[Executor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


def told(
    made: asl.StateMachine, folder: Path, *, pool: Any = None, loads: bool = True
) -> Json:
    """All that a run comes to; what it has written is taken away."""
    runner = make_runner(made, {}, buckets=folder, pool=pool)
    asked: list[str] = []
    ask = runner.which_loads
    runner.which_loads = (  # type: ignore[method-assign] # the other way, on purpose
        lambda: asked.append("") or (ask() if loads else "none")  # type: ignore[func-returns-value]
    )
    done = runner.run()
    assert asked
    files = {}
    for file in sorted((folder / "rows").rglob("*.json*")):
        files[str(file)] = file.read_bytes()
        file.unlink()
    succeeded = done.status == "SUCCEEDED"
    return {
        "status": done.status,
        "output": done.output,
        "error": (done.error, done.cause),
        "history": [event.to_aws() for event in done.history],
        "failures": done.failures,
        "billing": done.billing if succeeded else None,
        "files": files,
    }


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("kind", ["CSV", "JSONL"])
@pytest.mark.parametrize("batch", [0, 7, 900])
def test_loads_come_to_the_same_as_single_children(
    folder: Path, threads: Executor, kind: str, batch: int, writer: str
) -> None:
    more = {"ItemBatcher": {"MaxItemsPerBatch": batch}} if batch else {}
    made = machine(kind, PASS, WRITERS[writer], **more)
    singly = told(made, folder, loads=False)
    assert singly["status"] == "SUCCEEDED"
    assert told(made, folder) == singly
    assert told(made, folder, pool=threads) == singly


SHAPES: dict[str, dict[str, Json]] = {
    "failures tolerated": {"ToleratedFailurePercentage": 20},
    "too many failures": {"ToleratedFailureCount": 30},
    "selected": {
        "ToleratedFailurePercentage": 20,
        "ItemSelector": {
            "id.$": "$$.Map.Item.Value.id",
            "i.$": "$$.Map.Item.Index",
        },
    },
    "few at a time": {"ToleratedFailurePercentage": 20, "MaxConcurrency": 7},
    "limited": {
        "ToleratedFailurePercentage": 20,
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "JSONL", "MaxItems": 1_234},
            "Parameters": {"Bucket": "rows", "Key": "in.JSONL"},
        },
    },
}


@pytest.mark.parametrize("shape", SHAPES)
def test_failures_in_loads_are_those_of_single_children(
    folder: Path, threads: Executor, shape: str
) -> None:
    made = machine("CSV", PICKY, {}, **SHAPES[shape])
    singly = told(made, folder, loads=False)
    assert singly["status"] == ("FAILED" if "too" in shape else "SUCCEEDED")
    assert told(made, folder) == singly
    assert told(made, folder, pool=threads) == singly


@pytest.mark.parametrize(
    "batcher",
    [
        {"MaxInputBytesPerBatch": 2_000},
        {"MaxItemsPerBatch": 40, "MaxInputBytesPerBatch": 1_000},
        {"MaxItemsPerBatch": 40, "BatchInput": {"more": "x" * 99}},
    ],
)
def test_batches_are_the_same_in_loads(
    folder: Path, threads: Executor, batcher: Json
) -> None:
    made = machine("CSV", PASS, {}, ItemBatcher=batcher)
    singly = told(made, folder, loads=False)
    assert told(made, folder) == singly
    assert told(made, folder, pool=threads) == singly


def test_children_of_a_load_may_end_at_other_times(
    tmp_path: Path, threads: Executor
) -> None:
    (tmp_path / "rows").mkdir()
    with (tmp_path / "rows" / "in.JSONL").open("w") as out:
        out.writelines(f'{{"id":{id},"wait":{id % 3}}}\n' for id in range(50))
    made = machine("JSONL", WAITS, {})
    singly = told(made, tmp_path, loads=False)
    assert singly["status"] == "SUCCEEDED"
    assert told(made, tmp_path, pool=threads) == singly


def test_a_bound_writer_is_given_record_after_record(folder: Path) -> None:
    given: list[Json] = []
    tasks = asl.Tasks()
    tasks.bind(WRITER)(lambda event: given.append(event["Results"]))
    done = asl.run(machine("JSONL", PASS, {}), tasks=tasks, buckets=folder)
    assert done.status == "SUCCEEDED"
    assert given[0]["SUCCEEDED"][0]["Status"] == "SUCCEEDED"


def test_what_a_load_has_not_done_is_redriven(folder: Path, threads: Executor) -> None:
    made = machine("CSV", PICKY, ToleratedFailureCount=3)
    found = []
    for loads, pool in ((False, None), (True, None), (True, threads)):
        runner = make_runner(made, {}, buckets=folder, pool=pool)
        if not loads:
            runner.which_loads = lambda: "none"  # type: ignore[method-assign] # as above
        failed = runner.run()
        [run] = (failed.left_runs or {}).values()
        assert len(run.children.failed) == 4
        begun = run.children.begun
        again = redrive(failed, buckets=folder, pool=pool)
        names = [child.name for child in run.children.failed]
        assert [child.input["id"] for child in run.children.failed] == [
            "7",
            "17",
            "27",
            "37",
        ]
        assert run.children.begun == begun
        found.append((names, [event.to_aws() for event in again.history]))
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("before", [[], ["Pass"], ["Wait"]])
def test_children_run_many_at_a_time_wherever_the_map_stands(
    folder: Path, monkeypatch: pytest.MonkeyPatch, before: list[str]
) -> None:
    sizes: list[int] = []

    def noting(kit: Any, parts: Any) -> Any:
        sizes.extend(part.load.children for part in parts)
        return run_parts(kit, parts)

    monkeypatch.setattr("asl.runtime.loads.run_parts", noting)
    definition = machine("JSONL", PASS).definition
    for kind in before:
        extra = {"Seconds": 1} if kind == "Wait" else {}
        definition = {
            "StartAt": "First",
            "States": {
                "First": {"Type": kind, **extra, "Next": definition["StartAt"]},
                **definition["States"],
            },
        }
    made = asl.load_text(json.dumps(definition))
    assert asl.run(made, buckets=folder).status == "SUCCEEDED"
    assert sum(sizes) == 3_000
    assert len(sizes) < 50
    sizes.clear()
    heard: list[Any] = []
    asl.run(made, buckets=folder, on_reply=lambda *news: heard.append(news))
    assert not sizes  # who listens is told of each child by itself
    assert len(heard) > 3_000


def test_a_redrive_is_not_bound_to_how_the_children_ran_before(
    threads: Executor,
) -> None:
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
        "StartAt": "Ask",
        "States": {
            "Ask": {
                "Type": "Task",
                "Resource": "arn:aws:lambda:us-east-1:123456789012:function:ask",
                "End": True,
            }
        },
    }
    each = {"Type": "Map", "ItemProcessor": processor, "End": True}
    made = asl.load_text(json.dumps({"StartAt": "Each", "States": {"Each": each}}))
    down = asl.Tasks()

    @down.bind("ask")
    def ask(event: Json) -> Json:
        raise ValueError("down")

    failed = asl.run(made, list(range(20)), tasks=down, pool=threads)
    assert failed.status == "FAILED"
    answers = asl.Mocks({"Ask": [{"Return": n} for n in range(20)]})
    again = redrive(failed, tasks=answers)
    assert again.output == list(range(20))
