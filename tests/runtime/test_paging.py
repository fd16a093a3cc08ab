"""Distributed Maps over many items: pages in, parts out, and little in between."""

import gc
import json
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import asl
from asl.runtime.run import make_runner
from asl.values import Json

if TYPE_CHECKING:
    from asl.engine.distributed import MapRun


def machine(
    file: str, *, batch: int = 0, kind: str = "JSONL", state: Json = None, **more: Json
) -> asl.StateMachine:
    """A Map over the items of a file."""
    config: Json = {"InputType": kind}
    if kind == "CSV":
        config["CSVHeaderLocation"] = "FIRST_ROW"
    config |= more.pop("config", {})
    each: Json = {
        "Type": "Map",
        "Label": "rows",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": config,
            "Parameters": {"Bucket": "in", "Key": file},
        },
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
            "StartAt": "Do",
            "States": {"Do": state or {"Type": "Pass", "End": True}},
        },
        "End": True,
        **more,
    }
    if batch:
        each["ItemBatcher"] = {"MaxItemsPerBatch": batch}
    return asl.load_text(json.dumps({"StartAt": "Each", "States": {"Each": each}}))


WRITER = {
    "Resource": "arn:aws:states:::s3:putObject",
    "Parameters": {"Bucket": "out", "Prefix": "p"},
}
REFUSE = {
    "Type": "Choice",
    "Choices": [{"Variable": "$.id", "NumericLessThan": 3, "Next": "No"}],
    "Default": "Yes",
}


def folder(tmp_path: Path, count: int) -> Path:
    for name in ("in", "out"):
        (tmp_path / name).mkdir()
    with (tmp_path / "in" / "rows.jsonl").open("w") as file:
        for id in range(count):
            file.write(f'{{"id":{id}}}\n')
    return tmp_path


def written(folder: Path, execution: asl.Execution) -> Json:
    """The records that a Map Run has written, by status."""
    details = execution.output["ResultWriterDetails"]
    manifest = json.loads((folder / "out" / details["Key"]).read_text())
    return {
        status: [
            record
            for file in files
            for record in json.loads((folder / "out" / file["Key"]).read_text())
        ]
        for status, files in manifest["ResultFiles"].items()
    }


def test_pages_and_parts_keep_the_order_of_the_items(tmp_path: Path) -> None:
    buckets = folder(tmp_path, 25_000)
    done = asl.run(machine("rows.jsonl", ResultWriter=WRITER), buckets=buckets)
    records = written(buckets, done)["SUCCEEDED"]
    assert [json.loads(record["Input"])["id"] for record in records] == list(
        range(25_000)
    )
    assert len({record["Name"] for record in records}) == 25_000
    assert done.billing.express_requests == 25_000


def test_a_batch_may_hold_items_of_two_pages(tmp_path: Path) -> None:
    buckets = folder(tmp_path, 2_500)
    done = asl.run(
        machine("rows.jsonl", batch=900, ResultWriter=WRITER), buckets=buckets
    )
    records = written(buckets, done)["SUCCEEDED"]
    sizes = [len(json.loads(record["Input"])["Items"]) for record in records]
    assert sizes == [900, 900, 700]


def test_the_index_goes_on_from_page_to_page(tmp_path: Path) -> None:
    buckets = folder(tmp_path, 1_500)
    made = machine(
        "rows.jsonl",
        batch=1_500,
        ItemSelector={"i.$": "$$.Map.Item.Index", "s.$": "$$.Map.Item.Source"},
        state={"Type": "Pass", "Parameters": {"last.$": "$.Items[-1:]"}, "End": True},
    )
    done = asl.run(made, buckets=buckets)
    assert done.output == [{"last": [{"i": 1_499, "s": "s3://in/rows.jsonl"}]}]


def test_a_bad_line_on_a_later_page_fails_the_map_run(tmp_path: Path) -> None:
    buckets = folder(tmp_path, 3_000)
    with (buckets / "in" / "rows.jsonl").open("a") as file:
        file.write("{oh\n")
    failed = asl.run(machine("rows.jsonl", ResultWriter=WRITER), buckets=buckets)
    assert failed.error == "States.ItemReaderFailed"
    assert "line 3001" in str(failed.cause)
    assert not list((buckets / "out").rglob("*.json"))


def failing(**tolerated: Json) -> asl.StateMachine:
    made = machine("rows.jsonl", **tolerated).definition
    processor = made["States"]["Each"]["ItemProcessor"]
    processor["StartAt"] = "Which"
    processor["States"] = {
        "Which": REFUSE,
        "No": {"Type": "Fail", "Error": "Low", "Cause": "too low"},
        "Yes": {"Type": "Succeed"},
    }
    return asl.load_text(json.dumps(made))


def test_a_percentage_waits_for_the_last_page(tmp_path: Path) -> None:
    buckets = folder(tmp_path, 3_000)
    made = failing(ToleratedFailurePercentage=0.1, ResultWriter=WRITER)
    done = asl.run(made, buckets=buckets)
    assert done.status == "SUCCEEDED"
    assert len(written(buckets, done)["FAILED"]) == 3
    made = failing(ToleratedFailurePercentage=0.09)
    assert asl.run(made, buckets=buckets).status == "FAILED"


def test_a_percentage_is_exceeded_early_where_it_cannot_be_mended(
    tmp_path: Path,
) -> None:
    buckets = folder(tmp_path, 3_000)
    made = failing(ToleratedFailurePercentage=1, config={"MaxItems": 100})
    runs: list[MapRun] = []
    runner = make_runner(made, buckets=buckets)
    runner.root.map_runs = runs
    failed = runner.run()
    [failure] = failed.failures
    assert [one.place for one in failure.children][:2] == [0, 1]
    assert failure.children[0].error == "Low"
    assert runs[0].status == "FAILED"
    assert runs[0].failed_items == 2


def test_outputs_beyond_the_limit_fail_and_are_not_kept(tmp_path: Path) -> None:
    buckets = folder(tmp_path, 40_000)
    runs: list[MapRun] = []
    runner = make_runner(machine("rows.jsonl"), buckets=buckets)
    runner.root.map_runs = runs
    failed = runner.run()
    assert failed.error == "States.DataLimitExceeded"
    assert len(runs[0].children.outputs.all()) < 30_000


def test_what_makes_outputs_small_again_gets_all_of_them(tmp_path: Path) -> None:
    buckets = folder(tmp_path, 30_000)
    selector = {"count.$": "States.ArrayLength($)"}
    made = machine("rows.jsonl", ResultSelector=selector)
    assert asl.run(made, buckets=buckets).output == {"count": 30_000}


def test_flattened_outputs_are_put_together(tmp_path: Path) -> None:
    buckets = folder(tmp_path, 3)
    flat = {"Type": "Pass", "Result": [1, 2], "End": True}
    made = machine(
        "rows.jsonl",
        state=flat,
        ResultWriter={"WriterConfig": {"Transformation": "FLATTEN"}},
    )
    assert asl.run(made, buckets=buckets).output == [1, 2] * 3


@pytest.mark.soak
@pytest.mark.parametrize(
    ("batch", "few", "many"),
    [
        (0, 20_000, 200_000),
        (100, 200_000, 1_000_000),
    ],  # few fill a part
)
def test_memory_does_not_grow_with_the_items(
    tmp_path: Path, batch: int, few: int, many: int
) -> None:
    peaks = []
    for count in (few, many):
        place = tmp_path / str(count)
        place.mkdir()
        buckets = folder(place, count)
        made = machine("rows.jsonl", batch=batch, ResultWriter=WRITER)
        gc.collect()
        tracemalloc.start()
        done: Any = asl.run(made, buckets=buckets)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert done.status == "SUCCEEDED"
    print(f"batches of {batch}: {peaks} bytes")  # noqa: T201 # a soak run's figure
    assert peaks[1] < peaks[0] * 1.3 + 3_000_000, peaks
