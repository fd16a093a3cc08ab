"""A million rows in constant memory, whatever the form; results of as many children."""

import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from asl.tasks.item_reader import open_items
from asl.tasks.result_writer import ResultFiles
from asl.tasks.storage import FolderStorage
from asl.values import Json

pytestmark = pytest.mark.soak

ROWS = 1_000_000
PAGE = 10_000
MOST_BYTES = 32 << 20
"""A page of 10,000 items and the chunks below it; the files have 40 MB and more."""


def row(number: int) -> Json:
    return {"id": str(number), "name": f"name {number}", "city": "Berlin"}


def lines() -> Iterator[str]:
    return (json.dumps(row(number)) for number in range(ROWS))


def write(file: Path, kind: str) -> None:
    if kind == "PARQUET":
        pyarrow: Any = pytest.importorskip("pyarrow", reason="pyarrow is missing")
        from pyarrow import parquet

        table = pyarrow.Table.from_pylist([row(number) for number in range(ROWS)])
        parquet.write_table(table, file, row_group_size=100_000)
        return
    with file.open("w", encoding="utf-8") as out:
        if kind == "CSV":
            out.write("id,name,city\n")
            out.writelines(f"{n},name {n},Berlin\n" for n in range(ROWS))
        elif kind == "JSONL":
            out.writelines(line + "\n" for line in lines())
        else:
            out.write('{"before": {"a": [1]}, "items": [' + next(lines()))
            for number, line in enumerate(lines()):
                if number:
                    out.write(",\n" + line)
            out.write('], "after": "x"}')


@pytest.mark.parametrize("kind", ["CSV", "JSONL", "JSON", "PARQUET"])
def test_a_million_rows_take_a_page_of_memory(tmp_path: Path, kind: str) -> None:
    (tmp_path / "shop").mkdir()
    write(tmp_path / "shop" / "rows", kind)
    config = {"InputType": kind, "CSVHeaderLocation": "FIRST_ROW"}
    if kind == "JSON":
        config["ItemsPointer"] = "/items"
    wanted = {"Bucket": "shop", "Key": "rows"}
    request = {"Parameters": wanted, "ReaderConfig": config}
    stream = open_items(request, FolderStorage(tmp_path))
    tracemalloc.start()
    try:
        count, last = 0, None
        while stream.more:
            items = stream.take(PAGE)[0].objects()
            count, last = count + len(items), items[-1]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        stream.close()
    print(f"{kind}: peak {peak / 1e6:.1f} MB")  # noqa: T201 # a soak run's figure
    assert count == ROWS
    assert last == row(ROWS - 1)
    assert peak < MOST_BYTES


def test_a_million_results_are_written_in_constant_memory(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    writer = ResultFiles(
        FolderStorage(tmp_path),
        {"Bucket": "out"},
        {"OutputType": "JSONL"},
        "arn:aws:states:eu-west-1:123456789012:mapRun:m/l:1234",
        file_bytes=20 << 20,
    )
    tracemalloc.start()
    try:
        for start in range(0, ROWS, PAGE):
            page = [
                {"Name": str(n), "Output": json.dumps(row(n))}
                for n in range(start, start + PAGE)
            ]
            writer.add({"SUCCEEDED": page})
        where = writer.close()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    print(f"results: peak {peak / 1e6:.1f} MB")  # noqa: T201 # a soak run's figure
    manifest = json.loads((tmp_path / "out" / where["Key"]).read_text())
    files = [tmp_path / "out" / f["Key"] for f in manifest["ResultFiles"]["SUCCEEDED"]]
    assert len(files) > 4
    assert sum(file.read_bytes().count(b"\n") for file in files) == ROWS
    assert peak < MOST_BYTES
