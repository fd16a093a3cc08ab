"""Parquet and ORC: a seekable stream -> one object a row.

In: the bytes of one object. Out: items, one at a time; ReadingFailed with the row.
Never: holds more than a row group (Parquet) or a stripe (ORC).

Developer guide: "ItemReader (Map)": the limits of a row group and of the footer, no
VersionId. How AWS spells values that JSON has no type for is not recorded; here dates
and times are ISO 8601 (`Z` where they are in UTC), binary is Base64, a decimal is a
number, NaN and infinity are null, a map is an object.
"""

import base64
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from math import isfinite
from typing import Any, BinaryIO, TypeAlias

from asl.errors import UsageError
from asl.tasks.read_bytes import ReadingFailed
from asl.values import Json

ROW_GROUP_BYTES = 256 << 20
FOOTER_BYTES = 5 << 20
_ROWS = 8_192


def read_parquet(
    stream: BinaryIO, config: Mapping[str, Json], name: str
) -> Iterator[Json]:
    """One object for each row of a Parquet file."""
    _pyarrow(name)
    from pyarrow import parquet

    with stream, _Reading(f"The PARQUET file{name}") as reading:
        file = parquet.ParquetFile(stream, memory_map=False, pre_buffer=False)
        _check_limits(file.metadata, reading.what)
        for batch in file.iter_batches(batch_size=_ROWS):
            rows = _rows(batch)
            yield from rows
            reading.rows += len(rows)


def read_orc(stream: BinaryIO, config: Mapping[str, Json], name: str) -> Iterator[Json]:
    """One object for each row of an ORC file."""
    _pyarrow(name)
    from pyarrow import orc

    with stream, _Reading(f"The ORC file{name}") as reading:
        file = orc.ORCFile(stream)
        for number in range(file.nstripes):
            rows = _rows(file.read_stripe(number))
            yield from rows
            reading.rows += len(rows)


def _pyarrow(name: str) -> Any:
    try:
        import pyarrow
    except ImportError:
        raise UsageError(
            f'reading the rows of{name} needs the extra "parquet": '
            'pip install "aslkit[parquet]"'
        ) from None
    return pyarrow


class _Reading:
    """How far a file has been read; what pyarrow says of it becomes ReadingFailed."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.rows = 0

    def __enter__(self) -> "_Reading":
        return self

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> None:
        import pyarrow

        # OSError without a number is pyarrow's own: a page that cannot be unpacked.
        is_ours = isinstance(error, pyarrow.ArrowException) or (
            isinstance(error, OSError) and error.errno is None
        )
        if is_ours:
            where = f" after row {self.rows}" if self.rows else ""
            raise ReadingFailed(
                f"{self.what} cannot be read{where}: {str(error).strip()}"
            ) from None


def _check_limits(facts: Any, what: str) -> None:
    if facts.serialized_size > FOOTER_BYTES:
        raise ReadingFailed(
            f"{what} has a footer of {facts.serialized_size:,} bytes; Step Functions "
            f"reads at most {FOOTER_BYTES:,}"
        )
    for number in range(facts.num_row_groups):
        size = facts.row_group(number).total_byte_size
        if size > ROW_GROUP_BYTES:
            raise ReadingFailed(
                f"{what} has a row group of {size:,} bytes (the {number + 1}.); Step "
                f"Functions reads at most {ROW_GROUP_BYTES:,}"
            )


def _rows(batch: Any) -> list[dict[str, Json]]:
    """The rows of a batch; columns are converted whole, which is far faster."""
    names = batch.schema.names
    columns = [_column(column) for column in batch.columns]
    if not columns:
        return [{} for _ in range(batch.num_rows)]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _column(column: Any) -> list[Json]:
    import pyarrow as pa

    if column.type == pa.float32():  # by its text: 0.1, not 0.10000000149011612
        column = column.cast(pa.string()).cast(pa.float64())
    plain = _plain(column.type)
    if plain != column.type:
        column = column.cast(plain, safe=False)
    values: list[Json] = column.to_pylist()
    spell = _speller(plain)
    if spell is None:
        return values
    return [None if value is None else spell(value) for value in values]


def _plain(kind: Any) -> Any:
    """The type without what Python has no values for: nanoseconds, dictionaries."""
    import pyarrow as pa

    types = pa.types
    if types.is_dictionary(kind):
        return _plain(kind.value_type)
    if types.is_float16(kind):
        return pa.float32()
    if types.is_timestamp(kind):
        return pa.timestamp("us", None if kind.tz is None else "UTC")
    if types.is_time64(kind):
        return pa.time64("us")
    if types.is_struct(kind):
        fields = [kind[index] for index in range(kind.num_fields)]
        return pa.struct([field.with_type(_plain(field.type)) for field in fields])
    if types.is_map(kind):
        return pa.map_(_plain(kind.key_type), _plain(kind.item_type))
    if types.is_list(kind) or types.is_large_list(kind):
        return pa.list_(_plain(kind.value_type))
    return kind


Spell: TypeAlias = Callable[[Any], Json]


def _speller(kind: Any) -> Spell | None:
    """How the values of a type are written as JSON; None: as they are."""
    import pyarrow as pa

    types = pa.types
    if types.is_list(kind):
        return _each(_speller(kind.value_type))
    if types.is_struct(kind):
        fields = [kind[index] for index in range(kind.num_fields)]
        return _members({field.name: _speller(field.type) for field in fields})
    if types.is_map(kind):
        return _pairs(_speller(kind.key_type), _speller(kind.item_type))
    for fits, spell in (
        (types.is_floating, _number),
        (types.is_decimal, _decimal),
        (types.is_timestamp, _moment),
        (types.is_date, date.isoformat),
        (types.is_time, time.isoformat),
        (types.is_duration, timedelta.total_seconds),
        (types.is_binary, _base64),
        (types.is_large_binary, _base64),
        (types.is_fixed_size_binary, _base64),
    ):
        if fits(kind):
            return spell
    return None


def _each(spell: Spell | None) -> Spell | None:
    if spell is None:
        return None
    return lambda values: [None if item is None else spell(item) for item in values]


def _members(spellers: Mapping[str, Spell | None]) -> Spell | None:
    known = {name: spell for name, spell in spellers.items() if spell is not None}
    if not known:
        return None

    def spell_members(value: dict[str, Any]) -> Json:
        return {
            name: item if item is None or name not in known else known[name](item)
            for name, item in value.items()
        }

    return spell_members


def _pairs(spell_key: Spell | None, spell: Spell | None) -> Spell:
    def spell_pairs(pairs: list[tuple[Any, Any]]) -> Json:
        return {
            str(key if spell_key is None else spell_key(key)): (
                item if item is None or spell is None else spell(item)
            )
            for key, item in pairs
        }

    return spell_pairs


def _number(value: float) -> Json:
    return value if isfinite(value) else None


def _decimal(value: Decimal) -> Json:
    whole = int(value)
    return whole if whole == value else float(value)


def _moment(value: datetime) -> Json:
    finest = "microseconds" if value.microsecond % 1000 else "milliseconds"
    text = value.replace(tzinfo=None).isoformat(timespec=finest)
    return text if value.tzinfo is None else f"{text}Z"


def _base64(value: bytes) -> Json:
    return base64.b64encode(value).decode()
