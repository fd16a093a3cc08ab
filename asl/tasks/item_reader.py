"""Item readers: the objects that a distributed Map reads -> a stream of its items.

In: the evaluated Parameters and ReaderConfig of a reader, the storage.
Out: an ItemStream: items in pages, each item with the object that it came from.
Never: holds more than a page of items; opens an object before its turn.

Developer guide: "ItemReader (Map)"; texts of AWS as recorded. Objects of a listing come
in the order of their keys, the parts of a manifest in its own.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from itertools import islice
from typing import BinaryIO, TypeAlias

from asl.engine.page import Page
from asl.tasks.read_bytes import ReadingFailed as ReadingFailed
from asl.tasks.read_bytes import unpacked
from asl.tasks.read_csv import Table, read_csv
from asl.tasks.read_json import read_json, read_jsonl
from asl.tasks.read_manifest import data_files, inventory_rows
from asl.tasks.read_parquet import read_parquet
from asl.tasks.storage import NO_KEY, S3Refuses, Storage
from asl.values import Json

MAX_ITEMS = "field MaxItems must be positive"
NO_VERSIONS = "S3 Version ID selection is not currently supported for PARQUET files"

Found: TypeAlias = Iterator[Json] | Table
"""The items of an object."""

Part: TypeAlias = tuple[str, Found]
"""Where items come from, and they."""

_READERS: dict[str, Callable[[BinaryIO, Mapping[str, Json], str], Found]] = {
    "CSV": read_csv,
    "JSON": read_json,
    "JSONL": read_jsonl,
    "PARQUET": read_parquet,
}


class ItemStream:
    """Items one page after another."""

    def __init__(self, parts: Iterator[Part], limit: int | None, source: str) -> None:
        self.source = source
        """What all items come from, unless `is_many`."""
        self.is_many = False
        """Whether items come from several objects: then each names its own."""
        self.position = 0
        """The index of the next item."""
        self.more = True
        """Whether there are items after the last page."""
        self._parts = parts
        self._part: Part | None = None
        self._left = limit
        self._held = Page()
        """What was read ahead."""
        self._held_from: list[str] = []
        self._failure: Exception | None = None

    def take(self, count: int) -> tuple[Page, list[str]]:
        """The next items, at most so many, and the source of each."""
        if self._failure is not None:
            raise self._failure
        page, sources = self._gather(self._held, self._held_from, count)
        self._held, self._held_from = Page(), []
        taken = len(page.items)
        self.position += taken
        self.more = taken == count and self._look_ahead()
        return page, sources

    def skip(self, count: int) -> None:
        """Pass over items, in pages that are forgotten."""
        while count > 0 and self.more:
            count -= len(self.take(min(count, 10_000))[0].items)

    def close(self) -> None:
        """Close what is open."""
        if self._part is not None:
            _close(self._part[1])
        _close(self._parts)
        self.more = False

    def _look_ahead(self) -> bool:
        """Hold one item more; a failure is kept for the page that begins with it."""
        try:
            self._held, self._held_from = self._gather(Page(), [], 1)
        except (ReadingFailed, S3Refuses, OSError) as error:
            self._failure = error
            return True
        return bool(self._held.items)

    def _gather(
        self, page: Page, sources: list[str], count: int
    ) -> tuple[Page, list[str]]:
        """Add items to a page until there are so many, or none is left."""
        wanted = count - len(page.items)
        if self._left is not None:
            wanted = min(wanted, self._left)
            self._left -= wanted  # it is met, or there are no more items
        while wanted > 0:
            if self._part is None:
                self._part = next(self._parts, None)
                if self._part is None:
                    break
            source, rest = self._part
            more = _page_of(rest, wanted)
            page = page.joined(more)
            got = len(more.items)
            sources += [source] * got
            wanted -= got
            if wanted:
                self._part = None
        return page, sources


def _page_of(found: Found, count: int | None) -> Page:
    """The next items of one object."""
    if isinstance(found, Table):
        return found.take(sys.maxsize if count is None else count)
    return Page(list(islice(found, count)))


def open_items(request: Mapping[str, Json], storage: Storage) -> ItemStream:
    """The items that the Parameters and the ReaderConfig of a reader ask for."""
    config = request.get("ReaderConfig") or {}
    wanted = request["Parameters"]
    bucket = wanted.get("Bucket")
    if not isinstance(bucket, str) or not bucket:
        raise S3Refuses("The specified bucket is not valid.")
    check_config(config)
    limit = config.get("MaxItems") or None  # recorded: 0 means all
    key = wanted.get("Key")
    if request.get("Listing"):
        prefix = wanted.get("Prefix") or ""
        if config.get("Transformation") != "LOAD_AND_FLATTEN":
            return ItemStream(
                _listing(storage, bucket, prefix), limit, f"s3://{bucket}"
            )
        stream = ItemStream(
            _flattened(storage, bucket, prefix, config), limit, f"s3://{bucket}"
        )
        stream.is_many = True
        return stream
    if not isinstance(key, str) or not key:
        raise S3Refuses(NO_KEY)
    version = wanted.get("VersionId")
    if version is not None and config.get("InputType") == "PARQUET":
        raise ReadingFailed(NO_VERSIONS)
    parts = _object(storage, bucket, key, config, version)
    stream = ItemStream(parts, limit, _uri(bucket, key))
    stream.is_many = _manifest_type(config) is not None
    return stream


def check_config(config: Mapping[str, Json]) -> None:
    """ReadingFailed for a ReaderConfig that AWS refuses while it runs."""
    limit = config.get("MaxItems")
    if limit is not None and limit < 0:
        raise ReadingFailed(MAX_ITEMS)
    manifest = _manifest_type(config)
    if manifest not in (None, "S3_INVENTORY", "ATHENA_DATA"):
        raise ReadingFailed(f"Unknown ManifestType: {manifest}")
    if manifest == "S3_INVENTORY":
        return
    if manifest == "ATHENA_DATA" and config.get("InputType") == "MANIFEST":
        raise ReadingFailed(
            "An Athena manifest needs the InputType of its data files: CSV, JSONL or "
            "PARQUET"
        )


def read_items(data: bytes, config: Mapping[str, Json]) -> list[Json]:
    """The items in one object's bytes, at most MaxItems of them."""
    check_config(config)
    found = _reader(config)(unpacked(BytesIO(data)), config, "")
    return _page_of(found, config.get("MaxItems") or None).objects()


def _listing(storage: Storage, bucket: str, prefix: str) -> Iterator[Part]:
    """Objects themselves as items."""
    found = storage.list(bucket, prefix)
    yield f"s3://{bucket}", (listed.to_item() for listed in found)


def _flattened(
    storage: Storage, bucket: str, prefix: str, config: Mapping[str, Json]
) -> Iterator[Part]:
    """What is in the objects of a listing; the marks of empty folders hold nothing."""
    for listed in storage.list(bucket, prefix):
        if listed.size_bytes or not listed.key.endswith("/"):
            yield from _object(storage, bucket, listed.key, config)


def _object(
    storage: Storage,
    bucket: str,
    key: str,
    config: Mapping[str, Json],
    version: str | None = None,
) -> Iterator[Part]:
    """The parts of one object: itself, or what a manifest names."""
    manifest = _manifest_type(config)
    name = f" {_uri(bucket, key)}"
    with storage.read(bucket, key, version) as stream:
        if manifest == "S3_INVENTORY":
            for place, rows in inventory_rows(stream, name, bucket, storage):
                yield _uri(*place), rows
            return
        read = _reader(config)
        if manifest is None:
            yield _uri(bucket, key), read(unpacked(stream), config, name)
            return
        for place in data_files(unpacked(stream), name):
            with storage.read(*place) as data:
                yield _uri(*place), read(unpacked(data), config, f" {_uri(*place)}")


def _reader(
    config: Mapping[str, Json],
) -> Callable[[BinaryIO, Mapping[str, Json], str], Found]:
    kind = config.get("InputType")
    if kind is None:
        raise ReadingFailed("The field 'InputType' is required")
    reader = _READERS.get(kind)
    if reader is None:
        raise ReadingFailed(f"Unknown InputType: {kind}")
    return reader


def _manifest_type(config: Mapping[str, Json]) -> str | None:
    """Which manifest is read; a plain MANIFEST is an inventory's."""
    kind: str | None = config.get("ManifestType")
    if kind is None and config.get("InputType") == "MANIFEST":
        return "S3_INVENTORY"
    return kind


def _uri(bucket: str, key: str) -> str:
    return f"s3://{bucket}/{key}"


def _close(items: Iterator[object] | Table) -> None:
    close = getattr(items, "close", None)
    if close is not None:
        close()
