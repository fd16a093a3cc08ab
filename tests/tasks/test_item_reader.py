"""Item readers: objects in a folder -> the items of a Map."""

import gzip
import hashlib
import json
import os
from pathlib import Path

import pytest

from asl.engine.messages import Call, StartTask, TaskFailed, TaskSucceeded
from asl.errors import UsageError
from asl.tasks.buckets import perform
from asl.tasks.item_reader import ReadingFailed, read_items
from asl.values import Json

GET = "arn:aws:states:::s3:getObject"
LIST = "arn:aws:states:::s3:listObjectsV2"


def effect(resource: str, parameters: Json, config: Json = None) -> StartTask:
    arn = "arn:aws:states:eu-west-1:123456789012:execution:order:one"
    call = Call("Each", (), 0, 0, {}, None, arn, "role", None, None)
    payload = {"Parameters": parameters, "ReaderConfig": config}
    return StartTask(7, resource, payload, call)


def csv(text: str | bytes, **config: Json) -> list[Json]:
    data = text.encode() if isinstance(text, str) else text
    first = {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}
    return read_items(data, {**first, **config})


@pytest.mark.parametrize(
    ("text", "config", "items"),
    [
        ("a,b\n1,2\n3,4\n", {}, [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]),
        ("a,b\r\n1,2\r\n", {}, [{"a": "1", "b": "2"}]),
        ("\ufeffa\n1\n", {}, [{"a": "1"}]),
        ("a,b\n1\n", {}, [{"a": "1", "b": ""}]),
        ("a\n1,2,3\n", {}, [{"a": "1"}]),
        ("a,\n1,2\n", {}, [{"a": "1", "": "2"}]),
        ("a,b\n\n1,2\n\n", {}, [{"a": "1", "b": "2"}]),
        ("a,b\n   \n", {}, [{"a": "   ", "b": ""}]),
        ('a,b\n"x, ""y""","1\n2"\n', {}, [{"a": 'x, "y"', "b": "1\n2"}]),
        ("a,b\n'x',2\n", {}, [{"a": "'x'", "b": "2"}]),
        ("a|b\n1|2\n", {"CSVDelimiter": "PIPE"}, [{"a": "1", "b": "2"}]),
        ("a;b\n1;2\n", {"CSVDelimiter": "SEMICOLON"}, [{"a": "1", "b": "2"}]),
        ("a b\n1 2\n", {"CSVDelimiter": "SPACE"}, [{"a": "1", "b": "2"}]),
        ("a\tb\n1\t2\n", {"CSVDelimiter": "TAB"}, [{"a": "1", "b": "2"}]),
        ("a\n1\n2\n3\n", {"MaxItems": 2}, [{"a": "1"}, {"a": "2"}]),
        ("a\n1\n2\n", {"MaxItems": 0}, [{"a": "1"}, {"a": "2"}]),
        ("a\n1\n", {"MaxItems": 100_000_000}, [{"a": "1"}]),
        (
            "1,2\n",
            {"CSVHeaderLocation": "GIVEN", "CSVHeaders": ["a", "b"]},
            [{"a": "1", "b": "2"}],
        ),
        ("a,b\n", {}, []),
        ("", {}, []),
    ],
)
def test_csv(text: str, config: dict[str, Json], items: list[Json]) -> None:
    assert csv(text, **config) == items


@pytest.mark.parametrize(
    ("text", "config", "cause"),
    [
        ("a,a\n1,2\n", {}, "^CSV headers cannot contain duplicates.$"),
        (
            "1,2\n",
            {"CSVHeaderLocation": "GIVEN", "CSVHeaders": ["a", "a"]},
            "^CSV headers cannot contain duplicates.$",
        ),
        ('a,b\n1,2\n"x"y,2\n', {}, "cannot be parsed at row 3: "),
        ('a\n"never closed\n', {}, "cannot be parsed at row 2: "),
        (b"a,b\n1,2\n\xff,2\n", {}, "not UTF-8 at row 3"),
        (b"a,b\r\n1,2\r\n\r\n\xff,2\n", {}, "not UTF-8 at row 4"),
        ("a\n1\n", {"CSVDelimiter": "DASH"}, "Unknown CSVDelimiter: DASH"),
        ("a" * 10_241 + ",b\n1,2\n", {}, "headers have more than 10,240 bytes"),
    ],
)
def test_bad_csv(text: str | bytes, config: dict[str, Json], cause: str) -> None:
    with pytest.raises(ReadingFailed, match=cause):
        csv(text, **config)


@pytest.mark.parametrize(
    ("value", "config", "items"),
    [
        ([1, {"a": 2}], {}, [1, {"a": 2}]),
        ([], {}, []),
        ([1, 2, 3], {"MaxItems": 2}, [1, 2]),
        (
            [1.5, -2e-7, "é\n", None, True, [], {}],
            {},
            [1.5, -2e-7, "é\n", None, True, [], {}],
        ),
        ({"a": [], "b": {}, "c": [1]}, {"ItemsPointer": "/c"}, [1]),
        ({"c": [7], "d": "after"}, {"ItemsPointer": "/c"}, [7]),
        ([10**4000], {}, [10**4000]),
        ([1, 2, 3], {"MaxItems": 0}, [1, 2, 3]),
        ({"data": {"items": [1]}}, {"ItemsPointer": "/data/items"}, [1]),
        ({"a/b": [{"~": [1, 2]}]}, {"ItemsPointer": "/a~1b/0/~0", "MaxItems": 1}, [1]),
    ],
)
def test_json(value: Json, config: dict[str, Json], items: list[Json]) -> None:
    data = json.dumps(value).encode()
    assert read_items(data, {"InputType": "JSON", **config}) == items


@pytest.mark.parametrize(
    ("text", "config", "cause"),
    [
        ('{"a": 1}', {}, "^Attempting to map over non-iterable node.$"),
        ('{"a": 1}', {"ItemsPointer": "/b"}, "non-iterable"),
        ("[[1]]", {"ItemsPointer": "/1"}, "non-iterable"),
        ("[[1]]", {"ItemsPointer": "/x"}, "non-iterable"),
        ("[3]", {"ItemsPointer": "/0/x"}, "non-iterable"),
        ("3", {}, "non-iterable"),
        ("3", {"ItemsPointer": "/a"}, "non-iterable"),
        ("[1,", {}, "JSON file cannot be parsed: .*line 1"),
        ("[1] x", {}, r"Extra data \(line 1, column 5\)"),
        ("[1\n 2]", {}, r"Expecting ',' delimiter \(line 2, column 2\)"),
        ('[\n{"a" 1}]', {}, r"\(line 2, column 6\)"),
        ("[tru]", {}, r"Expecting value \(line 1, column 2\)"),
        ("[NaN]", {}, "NaN is not JSON"),
        ("[1e999]", {}, "larger than any number"),
        ("[" + "9" * 5_000 + "]", {}, "more than 4,300 digits"),
        ("[" * 600 + "]" * 600, {}, "deeper than 500 levels"),
        ('["' + "x" * 100 + '", ' + "[" * 900 + "]" * 900 + "]", {}, "deeper than 500"),
        ('{"a" [1]}', {"ItemsPointer": "/a"}, "Expecting ':' delimiter"),
        ("{a: [1]}", {"ItemsPointer": "/a"}, "Expecting property name"),
        ('{"a": [1], "b": 2', {"ItemsPointer": "/a"}, "Expecting ',' delimiter"),
        ("", {}, "non-iterable|Expecting value"),
        (b'["\xff"]', {}, "not UTF-8 at line 1"),
        (b"[1,\n2,\n\xff]", {}, "not UTF-8 at line 3"),
    ],
)
def test_bad_json(text: str | bytes, config: dict[str, Json], cause: str) -> None:
    data = text.encode() if isinstance(text, str) else text
    with pytest.raises(ReadingFailed, match=cause):
        read_items(data, {"InputType": "JSON", **config})


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_json_is_the_same_however_it_comes(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read in the smallest pieces: numbers, texts and escapes are cut everywhere."""
    monkeypatch.setattr("asl.tasks.read_json._CHUNK_BYTES", size)
    value = {
        "skipped": {"a": [1, {"b": "]"}], "n": -12.5e-3},
        "items": [12, 3.25, 1e30, -0.5, 'é\\ "x\u2028', {"k": [None]}, False, "🙂"],
    }
    for text in (json.dumps(value), json.dumps(value, indent=1, ensure_ascii=False)):
        config = {"InputType": "JSON", "ItemsPointer": "/items"}
        assert read_items(text.encode(), config) == value["items"]
    with pytest.raises(ReadingFailed, match=r"line 3, column 4"):
        read_items(b"[1,\n2,\n 3 4]", {"InputType": "JSON"})


def test_a_value_too_long_to_be_held_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("asl.tasks.read_json.LINE_BYTES", 1_000)
    monkeypatch.setattr("asl.tasks.read_json._CHUNK_BYTES", 100)
    monkeypatch.setattr("asl.tasks.read_bytes.LINE_BYTES", 1_000)
    long = json.dumps("x" * 5_000).encode()
    with pytest.raises(ReadingFailed, match="value of more than 1,000 characters"):
        read_items(b"[1, " + long + b"]", {"InputType": "JSON"})
    with pytest.raises(ReadingFailed, match="line 2: more than 1,000 bytes in a line"):
        read_items(b"1\n" + long, {"InputType": "JSONL"})


@pytest.mark.parametrize(
    ("text", "config", "items"),
    [
        ('{"a": 1}\n[2]\r\n\n  \n"x"', {}, [{"a": 1}, [2], "x"]),
        ('"a\u2028b"\n', {}, ["a\u2028b"]),
        ("1\n2\nnot JSON", {"MaxItems": 2}, [1, 2]),
        ("", {}, []),
        ("\ufeff1\n2", {}, [1, 2]),
        ("[" * 499 + "]" * 499 + "\n", {}, [json.loads("[" * 499 + "]" * 499)]),
    ],
)
def test_json_lines(text: str, config: dict[str, Json], items: list[Json]) -> None:
    assert read_items(text.encode(), {"InputType": "JSONL", **config}) == items


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"1\n\n{\n", "cannot be parsed at line 3: not JSON"),
        (b"1\n2 3\n", "cannot be parsed at line 2: not JSON: Extra data"),
        (b"1\n\xff\n", "is not UTF-8 at line 2"),
        (b"NaN\n", "line 1: NaN is not JSON"),
        (b"[" * 600 + b"]" * 600, "line 1: the data is nested deeper"),
    ],
)
def test_a_bad_line_is_named(data: bytes, cause: str) -> None:
    with pytest.raises(ReadingFailed, match=cause):
        read_items(data, {"InputType": "JSONL"})


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}, "a\n" + "1\n" * 9_999),
        ({"InputType": "JSONL"}, '{"a":"1"}\n' * 9_999),
        ({"InputType": "JSON"}, json.dumps([{"a": "1"}] * 9_999)),
    ],
)
def test_gzip_files_are_unpacked(config: dict[str, Json], text: str) -> None:
    whole = gzip.compress(text.encode())
    assert read_items(whole, config) == [{"a": "1"}] * 9_999
    for cut in (len(whole) - 9, len(whole) // 2):
        with pytest.raises(ReadingFailed, match=r"after (row|line) .*too early"):
            read_items(whole[:cut], config)
    broken = whole[:-8] + b"\0" * 8
    with pytest.raises(ReadingFailed, match="the gzip data is damaged: CRC"):
        read_items(broken, config)


def test_the_input_type_is_required() -> None:
    with pytest.raises(ReadingFailed, match="'InputType' is required"):
        read_items(b"", {})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two buckets, and a secret beside them."""
    root = tmp_path / "buckets"
    for name, text in {
        "shop/orders.json": "[1, 2]",
        "shop/in/b.txt": "bb",
        "shop/in/a.txt": "a",
        "shop/in/é.txt": "é",
        "shop/in/z.txt": "z",
        "other/o.json": "[3]",
    }.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    (tmp_path / "secret.json").write_text("[4]")
    return root


def output(asked: StartTask, folder: Path) -> Json:
    reply = perform(asked, folder).says[0][1]
    assert isinstance(reply, TaskSucceeded)
    return reply.output


def failure(asked: StartTask, folder: Path) -> TaskFailed:
    [(at, reply)] = perform(asked, folder).says
    assert at == 0
    assert isinstance(reply, TaskFailed)
    return reply


def test_an_object_is_read_from_its_bucket(folder: Path) -> None:
    wanted = {"Bucket": "shop", "Key": "orders.json"}
    asked = effect(GET, wanted, {"InputType": "JSON"})
    assert output(asked, folder) == {
        "Items": [1, 2],
        "Source": "s3://shop/orders.json",
    }
    assert perform(asked, folder).warning is None


def test_a_version_is_ignored_with_a_warning(folder: Path) -> None:
    wanted = {"Bucket": "shop", "Key": "orders.json", "VersionId": "1"}
    answer = perform(effect(GET, wanted, {"InputType": "JSON"}), folder)
    assert "VersionId" in (answer.warning or "")


def test_objects_are_listed_in_the_order_of_their_keys(folder: Path) -> None:
    os.utime(folder / "shop/in/a.txt", (1_700_000_000.5, 1_700_000_000.5))
    listed = output(effect(LIST, {"Bucket": "shop", "Prefix": "in/"}), folder)
    assert listed["Source"] == "s3://shop"
    assert [item["Key"] for item in listed["Items"]] == [
        "in/a.txt",
        "in/b.txt",
        "in/z.txt",
        "in/é.txt",
    ]
    md5 = hashlib.md5(b"a").hexdigest()
    assert listed["Items"][0] == {
        "Etag": f'"{md5}"',
        "LastModified": 1_700_000_000,
        "Key": "in/a.txt",
        "Size": 1,
        "StorageClass": "STANDARD",
    }


def test_a_list_is_cut_after_max_items(folder: Path) -> None:
    listed = output(effect(LIST, {"Bucket": "shop"}, {"MaxItems": 2}), folder)
    assert [item["Key"] for item in listed["Items"]] == ["in/a.txt", "in/b.txt"]


def test_max_items_must_not_be_negative(folder: Path) -> None:
    for asked in (
        effect(LIST, {"Bucket": "shop"}, {"MaxItems": -1}),
        effect(GET, {"Bucket": "shop", "Key": "orders.json"}, {"MaxItems": -1}),
    ):
        failed = failure(asked, folder)
        assert failed.error == "States.ItemReaderFailed"
        assert failed.cause == "field MaxItems must be positive"


@pytest.mark.parametrize(
    ("wanted", "cause"),
    [
        ({"Bucket": "none", "Key": "a"}, "The specified bucket does not exist (Serv"),
        ({"Bucket": 3, "Key": "a"}, "The specified bucket is not valid."),
        ({"Bucket": "shop", "Key": "none"}, "The specified key does not exist. (Serv"),
        ({"Bucket": "shop", "Key": "in"}, "The specified key does not exist."),
        ({"Bucket": "shop", "Key": "a\0b"}, "The specified key does not exist."),
        ({"Bucket": "shop"}, "The specified key does not exist."),
    ],
)
def test_what_does_not_exist_is_told_in_s3s_words(
    folder: Path, wanted: Json, cause: str
) -> None:
    failed = failure(effect(GET, wanted, {"InputType": "JSON"}), folder)
    assert failed.error == "States.ItemReaderFailed"
    assert (failed.cause or "").startswith(cause)
    assert "Status Code: 404, Request ID: " in (failed.cause or "")


@pytest.mark.parametrize("key", ["../other/o.json", "../../secret.json", "/etc/hosts"])
def test_nothing_outside_the_bucket_is_read(folder: Path, key: str) -> None:
    with pytest.raises(UsageError, match="leads out of"):
        perform(effect(GET, {"Bucket": "shop", "Key": key}, {}), folder)


@pytest.mark.parametrize("bucket", ["..", ".", "../buckets", "a/b", "a\\b"])
def test_a_bucket_is_one_folder(folder: Path, bucket: str) -> None:
    with pytest.raises(UsageError, match="no name of a bucket"):
        perform(effect(GET, {"Bucket": bucket, "Key": "x"}, {}), folder)


def test_no_link_leads_outside(folder: Path, tmp_path: Path) -> None:
    (folder / "shop/link.json").symlink_to(tmp_path / "secret.json")
    (folder / "linked").symlink_to(tmp_path)
    for asked in (
        effect(GET, {"Bucket": "shop", "Key": "link.json"}),
        effect(LIST, {"Bucket": "shop"}),
        effect(GET, {"Bucket": "linked", "Key": "secret.json"}),
    ):
        with pytest.raises(UsageError, match="leads out of"):
            perform(asked, folder)


@pytest.mark.parametrize(
    ("config", "cause"),
    [
        ({"InputType": "XML"}, "Unknown InputType: XML"),
        ({"ManifestType": "XML"}, "Unknown ManifestType: XML"),
        (
            {"InputType": "MANIFEST", "ManifestType": "ATHENA_DATA"},
            "An Athena manifest needs the InputType of its data files: CSV, JSONL or "
            "PARQUET",
        ),
        (None, "The field 'InputType' is required"),
    ],
)
def test_what_nobody_can_read_is_a_failure(
    folder: Path, config: Json, cause: str
) -> None:
    wanted = {"Bucket": "shop", "Key": "orders.json"}
    assert failure(effect(GET, wanted, config), folder).cause == cause


def test_a_version_of_a_parquet_file_is_refused_as_recorded(folder: Path) -> None:
    wanted = {"Bucket": "shop", "Key": "none.parquet", "VersionId": "1"}
    failed = failure(effect(GET, wanted, {"InputType": "PARQUET"}), folder)
    assert failed.cause == (
        "S3 Version ID selection is not currently supported for PARQUET files"
    )


def test_a_folder_is_asked_for() -> None:
    asked = effect(GET, {"Bucket": "shop", "Key": "a.csv"}, {})
    with pytest.raises(UsageError, match=r"reads s3://shop/a\.csv: give buckets="):
        perform(asked, None)


def test_the_folder_must_exist(tmp_path: Path) -> None:
    asked = effect(GET, {"Bucket": "shop", "Key": "a.csv"}, {})
    with pytest.raises(UsageError, match="does not exist"):
        perform(asked, tmp_path / "none")


def test_an_unreadable_object_is_a_failure(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, *more: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    asked = effect(GET, {"Bucket": "shop", "Key": "orders.json"}, {"InputType": "JSON"})
    failed = failure(asked, folder)
    assert failed.error == "States.ItemReaderFailed"
    assert failed.cause == "Permission denied (bucket shop)"


def test_other_resources_have_no_stand_in(folder: Path) -> None:
    with pytest.raises(UsageError, match="has no local stand-in"):
        perform(effect("arn:aws:states:::s3:copyObject", {}), folder)
