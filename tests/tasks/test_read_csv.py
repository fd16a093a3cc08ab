"""CSV in chunks: wherever the file is cut, the rows are those of the csv module."""

import csv
import io
import random

import pytest

from asl.tasks import read_csv
from asl.tasks.read_bytes import ReadingFailed
from asl.tasks.read_csv import Table
from asl.values import Json

CELLS = ["", "a", "ü", "x y", 'a"b', "1,2", "line\nend", "line\r\nend", "\n\n", "\x85"]
ENDS = ["\n", "\r\n", "\r", "\n\n"]


def taken(data: bytes, count: int = 3) -> list[Json]:
    table = Table(io.BytesIO(data), None, "COMMA", "")
    objects: list[Json] = []
    while (page := table.take(count)).items:
        objects += page.objects()
    assert table.take(count).items == []
    return objects


@pytest.mark.parametrize("seed", range(60))
def test_rows_are_those_of_the_csv_module(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    few = CELLS[: chance.choice([4, len(CELLS)])]
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["a", "b"])
    for _ in range(chance.randrange(30)):
        row = io.StringIO(newline="")
        csv.writer(row, lineterminator=chance.choice(ENDS)).writerow(
            chance.choices(few, k=chance.randrange(1, 4))
        )
        out.write(row.getvalue())
    text = out.getvalue()
    if chance.random() < 0.3:
        text = text.rstrip("\r\n")
    rows = list(filter(None, csv.reader(io.StringIO(text, newline=""), strict=True)))
    wanted = [dict(zip("ab", [*row, ""], strict=False)) for row in rows[1:]]
    monkeypatch.setattr(read_csv, "_CHUNK_BYTES", chance.randrange(1, 40))
    assert taken(text.encode(), chance.randrange(1, 9)) == wanted


def test_plain_rows_stay_lines_until_they_are_wanted() -> None:
    page = Table(io.BytesIO(b"a,b\n1,2\n\n3,4\n"), None, "COMMA", "").take(9)
    assert page.items == ["1,2\n", "3,4\n"]
    assert (page.columns, page.delimiter) == (["a", "b"], ",")


@pytest.mark.parametrize("chunk", [1, 5, 1 << 16])
def test_rows_before_a_bad_byte_are_read(
    chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_csv, "_CHUNK_BYTES", chunk)
    table = Table(io.BytesIO(b"a\n1\n2\n3\xff\n4\n"), None, "COMMA", "")
    assert table.take(2).objects() == [{"a": "1"}, {"a": "2"}]
    with pytest.raises(ReadingFailed, match="not UTF-8 at row 4: invalid start byte"):
        table.take(1)


def test_a_text_that_ends_within_a_sign_is_told() -> None:
    with pytest.raises(ReadingFailed, match="not UTF-8 at row 3: unexpected end"):
        taken(b"a\n1\n2\xc3")


def test_a_long_line_is_no_plain_one() -> None:
    data = b"a\n" + b"1" * (csv.field_size_limit() + 1) + b"\n"
    with pytest.raises(ReadingFailed, match="row 2: field larger than field limit"):
        taken(data)
    wide = b"a,b\n" + b",".join([b"1" * 100_000] * 2) + b"\n"
    assert taken(wide) == [{"a": "1" * 100_000, "b": "1" * 100_000}]
    monkey = pytest.MonkeyPatch()
    with monkey.context() as patched:
        patched.setattr(read_csv, "LINE_BYTES", 8)
        patched.setattr(read_csv, "_CHUNK_BYTES", 4)
        assert taken(b"a\n12345678901\n")[0] == {"a": "1234567890"}
