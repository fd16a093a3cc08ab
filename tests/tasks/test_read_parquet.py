"""Parquet and ORC: files that pyarrow and pandas have written."""

import datetime as dt
import io
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from asl.errors import UsageError
from asl.tasks.item_reader import ReadingFailed, read_items
from asl.tasks.read_parquet import read_orc
from asl.values import Json, json_text

pa: Any = pytest.importorskip("pyarrow", reason="pyarrow is missing")
PARQUET = {"InputType": "PARQUET"}


def written(table: Any, **options: Any) -> bytes:
    from pyarrow import parquet

    target = io.BytesIO()
    parquet.write_table(table, target, **options)
    return target.getvalue()


def column(kind: Any, *values: object) -> list[Json]:
    table = pa.table({"v": pa.array(list(values), kind)})
    items = read_items(written(table), PARQUET)
    json_text(items)  # it is JSON
    return [item["v"] for item in items]


UTC = dt.UTC
MOMENT = dt.datetime.fromisoformat("2024-05-01T10:20:30.123")


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        (pa.int64(), [1, None, -(2**62)], [1, None, -(2**62)]),
        (pa.uint64(), [2**64 - 1], [2**64 - 1]),
        (pa.bool_(), [True, None], [True, None]),
        (pa.string(), ["é", ""], ["é", ""]),
        (
            pa.float64(),
            [0.1, float("nan"), float("inf"), None],
            [0.1, None, None, None],
        ),
        (pa.float32(), [0.1, None], [0.1, None]),
        (
            pa.decimal128(9, 2),
            [Decimal("12.34"), Decimal("5.00"), None],
            [12.34, 5, None],
        ),
        (pa.date32(), [dt.date(2024, 5, 1)], ["2024-05-01"]),
        (pa.time64("us"), [dt.time(10, 20, 30, 5)], ["10:20:30.000005"]),
        (pa.timestamp("ms"), [MOMENT, None], ["2024-05-01T10:20:30.123", None]),
        (pa.timestamp("us", "UTC"), [MOMENT], ["2024-05-01T10:20:30.123Z"]),
        (
            pa.timestamp("ns", "Europe/Berlin"),
            [dt.datetime(2024, 5, 1, 8, 0, 0, 7, tzinfo=UTC)],
            ["2024-05-01T08:00:00.000007Z"],
        ),
        (pa.duration("ms"), [dt.timedelta(seconds=1.5)], [1.5]),
        (pa.binary(), [b"\xff\x00", None], ["/wA=", None]),
        (pa.binary(2), [b"ab"], ["YWI="]),
        (pa.list_(pa.int32()), [[1, None], [], None], [[1, None], [], None]),
        (pa.list_(pa.binary()), [[b"a", None]], [["YQ==", None]]),
        (pa.dictionary(pa.int8(), pa.string()), ["x", "x", None], ["x", "x", None]),
        (
            pa.struct({"a": pa.int8(), "b": pa.string()}),
            [{"a": 1, "b": "x"}, None],
            [{"a": 1, "b": "x"}, None],
        ),
        (
            pa.struct({"at": pa.timestamp("ns"), "n": pa.int8()}),
            [{"at": MOMENT, "n": None}, {"at": None, "n": 1}],
            [{"at": "2024-05-01T10:20:30.123", "n": None}, {"at": None, "n": 1}],
        ),
        (
            pa.map_(pa.string(), pa.int32()),
            [[("k", 1), ("l", None)], []],
            [{"k": 1, "l": None}, {}],
        ),
        (
            pa.map_(pa.date32(), pa.binary()),
            [[(dt.date(2024, 1, 2), b"a")]],
            [{"2024-01-02": "YQ=="}],
        ),
        (
            pa.list_(pa.map_(pa.string(), pa.int32())),
            [[[("k", 1)], []]],
            [[{"k": 1}, {}]],
        ),
        (pa.null(), [None, None], [None, None]),
    ],
    ids=str,
)
def test_values_become_json(
    kind: Any, values: list[object], expected: list[Json]
) -> None:
    assert column(kind, *values) == expected


def test_row_groups_are_read_one_after_another() -> None:
    table = pa.table({"n": list(range(20_000)), "t": ["x"] * 20_000})
    data = written(table, row_group_size=3_000, compression="zstd")
    items = read_items(data, PARQUET)
    assert [item["n"] for item in items] == list(range(20_000))
    assert read_items(data, {**PARQUET, "MaxItems": 3}) == items[:3]


def test_a_file_without_rows_or_columns_has_no_items() -> None:
    assert read_items(written(pa.table({"n": pa.array([], pa.int8())})), PARQUET) == []
    assert read_items(written(pa.table({})), PARQUET) == []


@pytest.mark.parametrize("keep", [0, 3, 100, -1, -9])
def test_a_truncated_file_is_refused(keep: int) -> None:
    data = written(pa.table({"n": list(range(5_000))}))[:keep]
    with pytest.raises(ReadingFailed, match=r"^The PARQUET file cannot be read: "):
        read_items(data, PARQUET)


def test_damage_is_told_with_the_rows_before_it() -> None:
    table = pa.table({"n": [str(n) * 9 for n in range(40_000)]})
    data = bytearray(written(table, row_group_size=20_000, use_dictionary=False))
    middle = len(data) * 3 // 4
    data[middle - 2_000 : middle + 2_000] = b"\xff" * 4_000
    with pytest.raises(ReadingFailed, match=r"cannot be read after row \d+: "):
        read_items(bytes(data), PARQUET)


def test_the_limits_of_aws_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    data = written(pa.table({"n": list(range(100))}))
    monkeypatch.setattr("asl.tasks.read_parquet.ROW_GROUP_BYTES", 99)
    with pytest.raises(ReadingFailed, match=r"a row group of \d+ bytes \(the 1\.\)"):
        read_items(data, PARQUET)
    monkeypatch.setattr("asl.tasks.read_parquet.FOOTER_BYTES", 99)
    with pytest.raises(ReadingFailed, match="has a footer of"):
        read_items(data, PARQUET)


def test_orc_files_are_read_stripe_by_stripe() -> None:
    from pyarrow import orc

    target = io.BytesIO()
    orc.write_table(
        pa.table({"key": [f"k{n}" for n in range(9_000)], "size": list(range(9_000))}),
        target,
        stripe_size=4_096,
    )
    data = target.getvalue()
    items = list(read_orc(io.BytesIO(data), {}, ""))
    assert items[8_999] == {"key": "k8999", "size": 8_999}
    assert len(items) == 9_000
    for broken in (data[:100], b"", b"no ORC at all"):
        with pytest.raises(ReadingFailed, match=r"^The ORC file cannot be read: "):
            list(read_orc(io.BytesIO(broken), {}, ""))


def test_without_pyarrow_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(
        UsageError, match=r'needs the extra "parquet": pip install "aslkit'
    ):
        read_items(b"", PARQUET)


@pytest.mark.full
def test_what_pandas_writes_is_read(tmp_path: Path) -> None:
    pandas: Any = pytest.importorskip("pandas", reason="pandas is missing")
    frame = pandas.DataFrame(
        {
            "id": [1, 2],
            "when": pandas.to_datetime(["2024-05-01 10:00", None]).tz_localize("UTC"),
            "price": [1.5, None],
            "kind": pandas.Categorical(["a", "b"]),
        }
    )
    frame.to_parquet(tmp_path / "a.parquet")
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_json(tmp_path / "a.jsonl", orient="records", lines=True, date_format="iso")
    frame.to_csv(tmp_path / "a.csv.gz", index=False, sep="|")
    csv = {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}
    read = {
        config["InputType"]: read_items((tmp_path / name).read_bytes(), config)
        for name, config in (
            ("a.parquet", PARQUET),
            ("a.csv", csv),
            ("a.jsonl", {"InputType": "JSONL"}),
        )
    }
    first = {"id": 1, "when": "2024-05-01T10:00:00.000Z", "price": 1.5, "kind": "a"}
    assert read["PARQUET"] == [
        first,
        {"id": 2, "when": None, "price": None, "kind": "b"},
    ]
    assert read["CSV"][1] == {"id": "2", "when": "", "price": "", "kind": "b"}
    assert [item["id"] for item in read["JSONL"]] == [1, 2]
    packed = read_items(
        (tmp_path / "a.csv.gz").read_bytes(), {**csv, "CSVDelimiter": "PIPE"}
    )
    assert packed == read["CSV"]
