"""Manifests: of Athena's UNLOAD, and of an S3 Inventory."""

import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest

from asl.tasks.item_reader import ItemStream, ReadingFailed, open_items
from asl.tasks.storage import FolderStorage, S3Refuses
from asl.values import Json

INVENTORY = {"ManifestType": "S3_INVENTORY"}
SCHEMA = "Bucket, Key, Size, LastModifiedDate"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for bucket in ("shop", "other"):
        (tmp_path / bucket).mkdir()
    return tmp_path


def put(root: Path, key: str, data: str | bytes) -> None:
    file = root / key
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data.encode() if isinstance(data, str) else data)


def opened(root: Path, key: str, config: Json) -> ItemStream:
    wanted = {"Bucket": "shop", "Key": key}
    request = {"Parameters": wanted, "ReaderConfig": config}
    return open_items(request, FolderStorage(root))


def read(root: Path, key: str, config: Json) -> tuple[list[Json], list[str]]:
    stream = opened(root, key, config)
    try:
        assert stream.is_many
        page, sources = stream.take(1_000_000)
        return page.objects(), sources
    finally:
        stream.close()


# ------------------------------------------------------------------------------ Athena


def athena(form: str, **more: Json) -> Json:
    return {"ManifestType": "ATHENA_DATA", "InputType": form, **more}


def test_an_athena_manifest_names_the_files_of_its_rows(root: Path) -> None:
    put(root, "other/q/1.gz", gzip.compress(b'{"n": 1}\n{"n": 2}\n'))
    put(root, "shop/q/2", '{"n": 3}\n')
    put(root, "shop/m.csv", "s3://other/q/1.gz\r\n\n" + '"s3://shop/q/2"')
    items, sources = read(root, "m.csv", athena("JSONL"))
    assert items == [{"n": 1}, {"n": 2}, {"n": 3}]
    assert sources == ["s3://other/q/1.gz"] * 2 + ["s3://shop/q/2"]


def test_athena_files_of_csv_and_parquet_are_read(root: Path) -> None:
    parquet: Any = pytest.importorskip("pyarrow.parquet", reason="pyarrow is missing")
    import pyarrow as pa

    target = io.BytesIO()
    parquet.write_table(pa.table({"n": [1]}), target)
    put(root, "shop/q/1", target.getvalue())
    put(root, "shop/m1", "s3://shop/q/1\n")
    assert read(root, "m1", athena("PARQUET"))[0] == [{"n": 1}]
    put(root, "shop/q/2", gzip.compress(b"5|6\n", mtime=0))
    put(root, "shop/m2", "s3://shop/q/2\n")
    config = athena(
        "CSV", CSVHeaderLocation="GIVEN", CSVHeaders=["a", "b"], CSVDelimiter="PIPE"
    )
    assert read(root, "m2", config)[0] == [{"a": "5", "b": "6"}]


def test_a_limit_ends_before_the_next_file_is_opened(root: Path) -> None:
    put(root, "shop/1", "1\n2\n")
    put(root, "shop/m", "s3://shop/1\ns3://shop/missing\n")
    assert read(root, "m", athena("JSONL", MaxItems=2))[0] == [1, 2]
    with pytest.raises(S3Refuses, match="key does not exist"):
        read(root, "m", athena("JSONL"))


@pytest.mark.parametrize(
    ("manifest", "cause"),
    [
        (b"s3://shop/1\nnot a place\n", "names no object at line 2: 'not a place'"),
        (b"s3://shop\n", "names no object at line 1"),
        (b"s3:///key\n", "names no object at line 1"),
        (b"s3://shop/1\n\xff\n", "is not UTF-8 at line 2"),
        (
            gzip.compress(b"s3://shop/1\n" * 2_000, mtime=0)[:30],
            "unpacked after line 0",
        ),
    ],
)
def test_a_bad_athena_manifest_is_told_by_its_line(
    root: Path, manifest: bytes, cause: str
) -> None:
    put(root, "shop/1", "1\n")
    put(root, "shop/m", manifest)
    with pytest.raises(ReadingFailed, match=f"The manifest s3://shop/m .*{cause}"):
        read(root, "m", athena("JSONL"))


def test_a_bad_part_is_named_itself(root: Path) -> None:
    put(root, "shop/1", "1\n{")
    put(root, "shop/m", "s3://shop/1\n")
    with pytest.raises(ReadingFailed, match=r"JSONL file s3://shop/1 .*line 2"):
        read(root, "m", athena("JSONL"))


# --------------------------------------------------------------------------- inventory


def inventory(root: Path, form: str, parts: dict[str, bytes], schema: str) -> None:
    """The layout of an S3 Inventory: a dated folder, and the data beside it."""
    files = []
    for name, data in parts.items():
        key = f"inv/shop/daily/data/{name}"
        put(root, f"other/{key}", data)
        files.append({"key": key, "size": len(data), "MD5checksum": "0"})
    manifest = {
        "sourceBucket": "shop",
        "destinationBucket": "arn:aws:s3:::other",
        "version": "2016-11-30",
        "creationTimestamp": "1514944800000",
        "fileFormat": form,
        "fileSchema": schema,
        "files": files,
    }
    put(root, "shop/inv/2024-05-01T00-00Z/manifest.json", json.dumps(manifest))


KEY = "inv/2024-05-01T00-00Z/manifest.json"


@pytest.mark.parametrize(
    "config",
    [
        INVENTORY,
        {"InputType": "MANIFEST"},
        {**INVENTORY, "InputType": "MANIFEST"},
        {**INVENTORY, "InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
    ],
)
def test_a_csv_inventory_has_its_columns_from_the_manifest(
    root: Path, config: Json
) -> None:
    row = '"shop","a%20b.txt","1","2024-05-01T00:00:00.000Z"\n'
    parts = {
        "1.csv.gz": gzip.compress(row.encode()),
        "2.csv.gz": gzip.compress(b"", mtime=0),
    }
    inventory(root, "CSV", parts, SCHEMA)
    items, sources = read(root, KEY, config)
    assert items == [
        {
            "Bucket": "shop",
            "Key": "a%20b.txt",
            "Size": "1",
            "LastModifiedDate": "2024-05-01T00:00:00.000Z",
        }
    ]
    assert sources == ["s3://other/inv/shop/daily/data/1.csv.gz"]


def test_inventories_in_orc_and_parquet_are_read(root: Path) -> None:
    parquet: Any = pytest.importorskip("pyarrow.parquet", reason="pyarrow is missing")
    import pyarrow as pa
    from pyarrow import orc

    table = pa.table({"bucket": ["shop"], "key": ["a b.txt"], "size": [1]})
    for form, write in (("ORC", orc.write_table), ("Parquet", parquet.write_table)):
        target = io.BytesIO()
        write(table, target)
        inventory(root, form, {"1": target.getvalue()}, "struct<bucket:string>")
        items, _ = read(root, KEY, INVENTORY)
        assert items == [{"bucket": "shop", "key": "a b.txt", "size": 1}]


@pytest.mark.parametrize(
    ("manifest", "cause"),
    [
        ("{", "cannot be parsed: not JSON"),
        (b"\xff", "cannot be parsed: 'utf-8'"),
        ("[]", "is no manifest.json of an S3 Inventory"),
        ("{}", "has the fileFormat null"),
        ({"fileFormat": "CSV"}, "has no list of files"),
        ({"fileFormat": "CSV", "files": [{}]}, r"has no key in files\[0\]"),
    ],
)
def test_a_bad_inventory_manifest_is_refused(
    root: Path, manifest: Any, cause: str
) -> None:
    text = json.dumps(manifest) if isinstance(manifest, dict) else manifest
    put(root, "shop/m.json", text)
    with pytest.raises(ReadingFailed, match=f"The manifest s3://shop/m.json {cause}"):
        read(root, "m.json", INVENTORY)


def test_a_truncated_part_of_an_inventory_is_named(root: Path) -> None:
    rows = "".join(f'"shop","{n}","1","x"\n' for n in range(5_000)).encode()
    inventory(root, "CSV", {"1.csv.gz": gzip.compress(rows)[:-20]}, SCHEMA)
    with pytest.raises(ReadingFailed, match=r"s3://other/inv/.*1\.csv\.gz .*too early"):
        read(root, KEY, INVENTORY)


def test_an_inventory_may_name_no_bucket(root: Path) -> None:
    put(root, "shop/1.csv", '"a"\n')
    manifest = {"fileFormat": "CSV", "fileSchema": "Key", "files": [{"key": "1.csv"}]}
    put(root, "shop/m.json", json.dumps(manifest))
    assert read(root, "m.json", INVENTORY)[0] == [{"Key": "a"}]
