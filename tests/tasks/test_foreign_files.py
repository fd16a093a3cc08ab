"""Files that other tools have written, whole and broken, through a distributed Map.

In: what pandas and pyarrow write, an S3 inventory's folders, and each of them cut off
or damaged. Out: the items; or a failure that names file and line or row, with no result
file beside it. Never: looks at a reader by itself (test_item_reader.py and its
neighbours do).
"""

import csv
import gzip
import hashlib
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import asl
from asl.values import Json

ROWS = 25_000
"""More than a page, so that children have run when the damage is met."""
CSV = {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}
JSONL = {"InputType": "JSONL"}
JSON = {"InputType": "JSON"}
PARQUET = {"InputType": "PARQUET"}
INVENTORY = {"ManifestType": "S3_INVENTORY"}
DELIMITERS = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}


def run(folder: Path, config: Json, key: str, *, listing: bool = False) -> Any:
    """A Map whose children give back their items; what comes of it is written down."""
    resource = "listObjectsV2" if listing else "getObject"
    where = {"Bucket": "in", "Prefix" if listing else "Key": key}
    each = {
        "Type": "Map",
        "ItemReader": {
            "Resource": f"arn:aws:states:::s3:{resource}",
            "ReaderConfig": config,
            "Parameters": where,
        },
        "ItemBatcher": {"MaxItemsPerBatch": 1_000},
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
            "StartAt": "Give",
            "States": {"Give": {"Type": "Pass", "OutputPath": "$.Items", "End": True}},
        },
        "ResultWriter": {
            "Resource": "arn:aws:states:::s3:putObject",
            "Parameters": {"Bucket": "out"},
            "WriterConfig": {"Transformation": "FLATTEN", "OutputType": "JSON"},
        },
        "End": True,
    }
    text = json.dumps({"StartAt": "Each", "States": {"Each": each}})
    return asl.run(asl.load_text(text), buckets=folder)


def items_of(folder: Path, config: Json, key: str, *, listing: bool = False) -> Json:
    done = run(folder, config, key, listing=listing)
    assert done.status == "SUCCEEDED", done.cause
    details = done.output["ResultWriterDetails"]
    manifest = json.loads((folder / "out" / details["Key"]).read_text())
    return [
        item
        for file in manifest["ResultFiles"]["SUCCEEDED"]
        for item in json.loads((folder / "out" / file["Key"]).read_text())
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for bucket in ("in", "out"):
        (tmp_path / bucket).mkdir()
    return tmp_path


# ------------------------------------------------------------------------ whole files

HARD = ['a "quoted" one', "two\nlines", "comma, pipe| semi; tab\t space", "", "é€😀"]
"""Cells that a careless writer or reader stumbles over."""


@pytest.fixture
def frame() -> Any:
    pandas: Any = pytest.importorskip("pandas", reason="pandas is missing")
    return pandas.DataFrame({"id": range(len(HARD)), "text": HARD})


def as_texts() -> Json:
    return [{"id": str(number), "text": text} for number, text in enumerate(HARD)]


def as_values() -> Json:
    return [{"id": number, "text": text} for number, text in enumerate(HARD)]


@pytest.mark.full
@pytest.mark.parametrize("name", DELIMITERS)
@pytest.mark.parametrize("more", [{}, {"encoding": "utf-8-sig"}, {"quoting": 1}])
def test_csv_of_pandas(folder: Path, frame: Any, name: str, more: Any) -> None:
    frame.to_csv(folder / "in" / "a", index=False, sep=DELIMITERS[name], **more)
    config = {**CSV, "CSVDelimiter": name}
    assert items_of(folder, config, "a") == as_texts()


@pytest.mark.full
def test_csv_of_pandas_without_a_header(folder: Path, frame: Any) -> None:
    frame.to_csv(
        folder / "in" / "a.gz", index=False, header=False, lineterminator="\r\n"
    )
    config = {
        "InputType": "CSV",
        "CSVHeaderLocation": "GIVEN",
        "CSVHeaders": ["id", "text"],
    }
    assert items_of(folder, config, "a.gz") == as_texts()


@pytest.mark.full
@pytest.mark.parametrize("name", ["a.json", "a.json.gz"])
@pytest.mark.parametrize("ascii", [True, False])
@pytest.mark.parametrize("lines", [True, False])
def test_json_of_pandas(
    folder: Path, frame: Any, name: str, ascii: bool, lines: bool
) -> None:
    frame.to_json(
        folder / "in" / name, orient="records", lines=lines, force_ascii=ascii
    )
    assert items_of(folder, JSONL if lines else JSON, name) == as_values()


@pytest.mark.full
def test_a_table_of_pandas_in_json_is_pointed_into(folder: Path, frame: Any) -> None:
    frame.to_json(folder / "in" / "a.json", orient="table", index=False, indent=1)
    config = {**JSON, "ItemsPointer": "/data"}
    assert items_of(folder, config, "a.json") == as_values()


@pytest.mark.full
@pytest.mark.parametrize("compression", [None, "snappy", "gzip", "brotli", "zstd"])
def test_parquet_of_pandas(folder: Path, frame: Any, compression: str | None) -> None:
    frame.to_parquet(folder / "in" / "a.parquet", compression=compression)
    assert items_of(folder, PARQUET, "a.parquet") == as_values()


def test_a_dataset_of_pyarrow_is_listed_and_flattened(folder: Path) -> None:
    dataset: Any = pytest.importorskip("pyarrow.dataset", reason="pyarrow is missing")
    import pyarrow as pa

    table = pa.table({"id": list(range(ROWS)), "even": [n % 2 for n in range(ROWS)]})
    dataset.write_dataset(
        table,
        folder / "in" / "set",
        format="parquet",
        partitioning=["even"],
        partitioning_flavor="hive",
    )
    config = {**PARQUET, "Transformation": "LOAD_AND_FLATTEN"}
    found = items_of(folder, config, "set/", listing=True)
    evens = [{"id": number} for number in range(0, ROWS, 2)]
    assert found == evens + [{"id": number} for number in range(1, ROWS, 2)]


def test_csv_of_pyarrow(folder: Path) -> None:
    arrow_csv: Any = pytest.importorskip("pyarrow.csv", reason="pyarrow is missing")
    import pyarrow as pa

    table = pa.table({"id": list(range(len(HARD))), "text": HARD})
    arrow_csv.write_csv(table, folder / "in" / "a.csv")
    assert items_of(folder, CSV, "a.csv") == as_texts()


# --------------------------------------------------------------------------- inventory

KEYS = [f"photos/2026/{number}%20b.jpg" for number in range(ROWS)]
DAY = "2026-11-01T01-00Z"
BASE = "reports/shop/all-objects"


def inventory(folder: Path, form: str = "CSV") -> Path:
    """The folders of an S3 Inventory: data, a day's manifest, and the one for Hive."""
    base = folder / "in" / BASE
    for place in ("data", DAY, "hive/dt=2026-11-01-01-00"):
        (base / place).mkdir(parents=True)
    half = len(KEYS) // 2
    parts = []
    for number, keys in enumerate((KEYS[:half], KEYS[half:])):
        data, ending = as_csv(keys), "csv.gz"
        if form != "CSV":
            data, ending = as_table(keys, form), form.lower()
        name = f"{BASE}/data/00000000-0000-0000-0000-00000000000{number}.{ending}"
        (folder / "in" / name).write_bytes(data)
        parts.append((name, data))
    manifest = {
        "sourceBucket": "shop",
        "destinationBucket": "arn:aws:s3:::in",
        "version": "2016-11-30",
        "creationTimestamp": "1793494800000",
        "fileFormat": form,
        "fileSchema": "Bucket, Key, Size",
        "files": [
            {
                "key": name,
                "size": len(data),
                "MD5checksum": hashlib.md5(data).hexdigest(),
            }
            for name, data in parts
        ],
    }
    text = json.dumps(manifest, indent=2)
    (base / DAY / "manifest.json").write_text(text)
    checksum = hashlib.md5(text.encode()).hexdigest()
    (base / DAY / "manifest.checksum").write_text(checksum + "\n")
    links = "\n".join(f"s3://in/{name}" for name, _ in parts)
    (base / "hive/dt=2026-11-01-01-00/symlink.txt").write_text(links)
    return base


def as_csv(keys: list[str]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows(["shop", key, "1024"] for key in keys)
    return gzip.compress(out.getvalue().encode(), mtime=0)


def as_table(keys: list[str], form: str) -> bytes:
    pa: Any = pytest.importorskip("pyarrow", reason="pyarrow is missing")
    from pyarrow import orc, parquet

    out = io.BytesIO()
    count = len(keys)
    table = pa.table({"bucket": ["shop"] * count, "key": keys, "size": [1024] * count})
    {"ORC": orc, "Parquet": parquet}[form].write_table(table, out)
    return out.getvalue()


@pytest.mark.parametrize("form", ["CSV", "ORC", "Parquet"])
def test_an_inventory_is_read_from_its_day(folder: Path, form: str) -> None:
    inventory(folder, form)
    found = items_of(folder, INVENTORY, f"{BASE}/{DAY}/manifest.json")
    key = "Key" if form == "CSV" else "key"
    assert [item[key] for item in found] == KEYS


def test_the_links_for_hive_are_a_manifest_of_athena(folder: Path) -> None:
    inventory(folder)
    config = {
        "InputType": "CSV",
        "CSVHeaderLocation": "GIVEN",
        "CSVHeaders": ["Bucket", "Key", "Size"],
        "ManifestType": "ATHENA_DATA",
    }
    key = f"{BASE}/hive/dt=2026-11-01-01-00/symlink.txt"
    assert [item["Key"] for item in items_of(folder, config, key)] == KEYS


# ------------------------------------------------------------------------ broken files


def rows() -> list[Json]:
    return [{"id": number, "text": f"row {number}"} for number in range(ROWS)]


def csv_rows() -> bytes:
    return b"id,text\n" + b"".join(b"%d,row %d\n" % (n, n) for n in range(ROWS))


def jsonl_rows() -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows())


def json_rows() -> bytes:
    return json.dumps(rows(), indent=0).encode()


def parquet_rows() -> bytes:
    parquet: Any = pytest.importorskip("pyarrow.parquet", reason="pyarrow is missing")
    import pyarrow as pa

    out = io.BytesIO()
    table = pa.Table.from_pylist(rows())
    parquet.write_table(table, out, row_group_size=12_000, use_dictionary=False)
    return out.getvalue()


def damaged(data: bytes) -> bytes:
    """With its last quarter written over, but for what stands at the very end."""
    at = len(data) * 3 // 4
    return data[:at] + b"\xff" * 4_000 + data[at + 4_000 :]


BROKEN: dict[str, tuple[Json, str, Callable[[], bytes], str]] = {
    "CSV: a quote nobody closes": (
        CSV,
        "a.csv",
        lambda: csv_rows() + b'1,"open\n',
        r"The CSV file s3://in/a\.csv cannot be parsed at row 25002: unexpected end",
    ),
    "CSV: no UTF-8": (
        CSV,
        "a.csv",
        lambda: csv_rows() + b"1,\xff\n",
        r"The CSV file s3://in/a\.csv is not UTF-8 at row 25002: invalid start byte",
    ),
    "CSV: half a gzip file": (
        CSV,
        "a.csv.gz",
        lambda: gzip.compress(csv_rows(), mtime=0)[:-5_000],
        r"The CSV file s3://in/a\.csv\.gz cannot be unpacked after row \d+: ",
    ),
    "JSON Lines: no JSON": (
        JSONL,
        "a.jsonl",
        lambda: jsonl_rows() + b"{'id': 1}\n",
        r"The JSONL file s3://in/a\.jsonl cannot be parsed at line 25001: ",
    ),
    "JSON Lines: cut off": (
        JSONL,
        "a.jsonl",
        lambda: jsonl_rows()[:-5],
        r"The JSONL file s3://in/a\.jsonl cannot be parsed at line 25000: ",
    ),
    "JSON Lines: no UTF-8": (
        JSONL,
        "a.jsonl",
        lambda: jsonl_rows() + b'"\xe9"\n',
        r"The JSONL file s3://in/a\.jsonl is not UTF-8 at line 25001: ",
    ),
    "JSON Lines: half a gzip file": (
        JSONL,
        "a.jsonl.gz",
        lambda: gzip.compress(jsonl_rows(), mtime=0)[:-5_000],
        r"The JSONL file s3://in/a\.jsonl\.gz cannot be unpacked after line \d+: ",
    ),
    "JSON: cut off": (
        JSON,
        "a.json",
        lambda: json_rows()[:-20],
        r"The JSON file s3://in/a\.json cannot be parsed: .*line 100000",
    ),
    "JSON: a comma too many": (
        JSON,
        "a.json",
        lambda: json_rows()[:-1] + b",]",
        r"The JSON file s3://in/a\.json cannot be parsed: .*line 100002",
    ),
    "JSON: half a gzip file": (
        JSON,
        "a.json.gz",
        lambda: gzip.compress(json_rows(), mtime=0)[:-5_000],
        r"The JSON file s3://in/a\.json\.gz cannot be unpacked after line \d+: ",
    ),
    "Parquet: cut off": (
        PARQUET,
        "a.parquet",
        lambda: parquet_rows()[:-50],
        r"The PARQUET file s3://in/a\.parquet cannot be read: ",
    ),
    "Parquet: damaged": (
        PARQUET,
        "a.parquet",
        lambda: damaged(parquet_rows()),
        r"The PARQUET file s3://in/a\.parquet cannot be read after row \d+: ",
    ),
}


def assert_fails(folder: Path, config: Json, key: str, cause: str) -> None:
    failed = run(folder, config, key)
    assert (failed.status, failed.error) == ("FAILED", "States.ItemReaderFailed")
    assert isinstance(failed.cause, str)

    assert re.search(cause, failed.cause), failed.cause
    assert not [file for file in (folder / "out").rglob("*") if file.is_file()]


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_file_is_named_and_nothing_is_written(folder: Path, what: str) -> None:
    config, key, made, cause = BROKEN[what]
    (folder / "in" / key).write_bytes(made())
    assert_fails(folder, config, key, cause)


PART = f"{BASE}/data/00000000-0000-0000-0000-000000000001"


@pytest.mark.parametrize("form", ["CSV", "ORC", "Parquet"])
def test_a_broken_part_of_an_inventory_is_named(folder: Path, form: str) -> None:
    inventory(folder, form)
    ending = "csv.gz" if form == "CSV" else form.lower()
    part = folder / "in" / f"{PART}.{ending}"
    part.write_bytes(part.read_bytes()[:-2_000])
    place = r"unpacked after row \d+" if form == "CSV" else "read"
    cause = rf"The {form} file s3://in/{PART}\.{ending} cannot be {place}: "
    assert_fails(folder, INVENTORY, f"{BASE}/{DAY}/manifest.json", f"(?i){cause}")


def test_a_missing_part_of_an_inventory_is_told(folder: Path) -> None:
    inventory(folder)
    (folder / "in" / f"{PART}.csv.gz").unlink()
    cause = "The specified key does not exist"
    assert_fails(folder, INVENTORY, f"{BASE}/{DAY}/manifest.json", cause)


def test_a_manifest_that_is_cut_off_is_named(folder: Path) -> None:
    key = f"{BASE}/{DAY}/manifest.json"
    inventory(folder)
    file = folder / "in" / key
    file.write_text(file.read_text()[:-10])
    cause = f"The manifest s3://in/{key} cannot be parsed: .*line"
    assert_fails(folder, INVENTORY, key, cause)


def test_a_link_that_is_cut_off_is_told_by_its_line(folder: Path) -> None:
    key = f"{BASE}/hive/dt=2026-11-01-01-00/symlink.txt"
    inventory(folder)
    (folder / "in" / key).write_text(f"s3://in/{PART}.csv.gz\ns3:/")
    config = {**CSV, "ManifestType": "ATHENA_DATA"}
    assert_fails(
        folder, config, key, f"s3://in/{key} names no object at line 2: 's3:/'"
    )
