"""Manifests: a file that names files -> those files, or the rows in them.

In: the bytes of the manifest of an Athena UNLOAD (one `s3://` path a line) or of an S3
Inventory (`manifest.json`); the storage, for an inventory's parts.
Out: places, or rows; ReadingFailed with the line of a bad one.
Never: opens a part before its turn.

Developer guide: "ItemReader (Map)"; Athena: "UNLOAD"; S3: "Locating your inventory
list". The rows of a CSV inventory are texts under the names of its fileSchema, its keys
as they stand there (URL-encoded); ORC and Parquet ones have their own names and types.
"""

import json
from collections.abc import Iterator, Mapping
from typing import BinaryIO, TypeAlias

from asl.tasks.read_bytes import (
    LINE_BYTES,
    ReadingFailed,
    broken_archive,
    lines,
    unpacked,
)
from asl.tasks.read_csv import Table
from asl.tasks.read_parquet import read_orc, read_parquet
from asl.tasks.storage import Storage
from asl.values import Json, NotJson, parse_json

Place: TypeAlias = tuple[str, str]
"""Bucket and key."""


def data_files(stream: BinaryIO, name: str) -> Iterator[Place]:
    """The files that an Athena manifest names, in its order."""
    what = f"The manifest{name}"
    number = 0
    with stream, broken_archive(what, lambda: f"line {number}"):
        for number, raw in enumerate(lines(stream), 1):
            try:
                line = raw.decode("utf-8-sig").strip().strip('"')
            except UnicodeDecodeError as error:
                raise ReadingFailed(
                    f"{what} is not UTF-8 at line {number}: {error.reason}"
                ) from None
            if not line:
                continue
            bucket, _, key = line.removeprefix("s3://").partition("/")
            if not line.startswith("s3://") or not bucket or not key:
                raise ReadingFailed(
                    f"{what} names no object at line {number}: {line[:80]!r} is not of "
                    "the form s3://bucket/key"
                )
            yield bucket, key


def inventory_rows(
    stream: BinaryIO, name: str, bucket: str, storage: Storage
) -> Iterator[tuple[Place, Iterator[Json] | Table]]:
    """The rows of each part of an S3 Inventory, part by part."""
    what = f"The manifest{name}"
    with stream:
        manifest = _load(stream, what)
    form = manifest.get("fileFormat")
    if form not in ("CSV", "ORC", "Parquet"):
        raise ReadingFailed(
            f"{what} has the fileFormat {json.dumps(form)}; there are CSV, ORC and "
            "Parquet"
        )
    # An ARN, or (as the oldest ones have it) the bare name.
    named = str(manifest.get("destinationBucket") or bucket)
    bucket = named.removeprefix("arn:aws:s3:::")
    headers = [field.strip() for field in str(manifest.get("fileSchema")).split(",")]
    for place in _parts(manifest, bucket, what):
        data = storage.read(*place)
        part = f" s3://{place[0]}/{place[1]}"
        # AWS reads CSV ones alone; the other two are an addition.
        if form == "ORC":
            yield place, read_orc(data, {}, part)
        elif form == "Parquet":
            yield place, read_parquet(data, {}, part)
        else:
            yield place, Table(unpacked(data), headers, "COMMA", part)


def _load(stream: BinaryIO, what: str) -> Mapping[str, Json]:
    try:
        manifest = parse_json(stream.read(LINE_BYTES).decode("utf-8-sig"))
    except (NotJson, UnicodeDecodeError) as error:
        raise ReadingFailed(f"{what} cannot be parsed: {error}") from None
    if not isinstance(manifest, dict):
        raise ReadingFailed(f"{what} is no manifest.json of an S3 Inventory")
    return manifest


def _parts(manifest: Mapping[str, Json], bucket: str, what: str) -> list[Place]:
    files = manifest.get("files")
    if not isinstance(files, list):
        raise ReadingFailed(f"{what} has no list of files")
    for number, file in enumerate(files):
        if not isinstance(file, dict) or not isinstance(file.get("key"), str):
            raise ReadingFailed(f"{what} has no key in files[{number}]")
    return [(bucket, file["key"]) for file in files]
