"""Readers: items in pages, from wherever a Map Run wants to go on."""

import json
from pathlib import Path

import pytest

from asl.engine.messages import Call, StartTask, TaskFailed, TaskSucceeded
from asl.engine.page import Page
from asl.tasks.buckets import Buckets, perform
from asl.tasks.item_reader import open_items
from asl.tasks.readers import OPEN_AT_MOST
from asl.tasks.storage import FolderStorage
from asl.values import Json

GET = "arn:aws:states:::s3:getObject"
LIST = "arn:aws:states:::s3:listObjectsV2"
CSV = {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}
FLAT = {"InputType": "JSONL", "Transformation": "LOAD_AND_FLATTEN"}


class Shop:
    """A bucket, and one run that reads it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.bucket = root / "shop"
        self.bucket.mkdir()
        self.run = Buckets(root)
        self.opened: list[str] = []

    def put(self, key: str, text: str) -> None:
        file = self.bucket / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def ask(
        self, resource: str, wanted: Json, config: Json, **paging: int
    ) -> TaskSucceeded | TaskFailed:
        call = Call("Each", (), 0, 0, {}, None, "arn:one", "role", None, None)
        payload = {"Parameters": {"Bucket": "shop", **wanted}, "ReaderConfig": config}
        names = {"start": "From", "count": "Count"}
        payload |= {names[name]: number for name, number in paging.items()}
        [(_, reply)] = self.run.perform(StartTask(7, resource, payload, call)).says
        assert isinstance(reply, (TaskSucceeded, TaskFailed))
        return reply

    def page(self, config: Json, start: int, count: int, **wanted: str) -> Json:
        wanted = wanted or {"Key": "a.csv"}
        resource = GET if "Key" in wanted else LIST
        reply = self.ask(resource, wanted, config, start=start, count=count)
        assert isinstance(reply, TaskSucceeded), reply.cause
        return reply.output


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    made = Shop(tmp_path)
    read = FolderStorage.read

    def noted(self: FolderStorage, bucket: str, key: str, v: None = None) -> object:
        made.opened.append(key)
        return read(self, bucket, key, v)

    monkeypatch.setattr(FolderStorage, "read", noted)
    made.put("a.csv", "n\n" + "".join(f"{n}\n" for n in range(10)))
    for key in ("in/b.jsonl", "in/a.jsonl", "in/c/d.jsonl"):
        made.put(key, f'"{key}"\n1\n')
    made.put("in/empty.jsonl", "")
    made.put("bad.csv", 'n\n1\n2\n"x"y\n')
    return made


def numbers(answer: Json) -> list[int]:
    page = Page(answer["Items"], answer.get("Columns"), answer.get("Delimiter"))
    return [int(item["n"]) for item in page.objects()]


def test_pages_follow_one_another_on_one_stream(shop: Shop) -> None:
    first = shop.page(CSV, 0, 4)
    assert (numbers(first), first["More"]) == ([0, 1, 2, 3], True)
    assert first["Source"] == "s3://shop/a.csv"
    assert "Sources" not in first
    second = shop.page(CSV, 4, 4)
    last = shop.page(CSV, 8, 2)
    assert (numbers(second), second["More"]) == ([4, 5, 6, 7], True)
    assert (numbers(last), last["More"]) == ([8, 9], False)
    assert shop.opened == ["a.csv"]


def test_a_page_after_the_last_is_empty(shop: Shop) -> None:
    for start in (10, 99):
        after = shop.page(CSV, start, 5)
        assert (after["Items"], after["More"]) == ([], False)


def test_a_stream_is_opened_again_where_none_stands(shop: Shop) -> None:
    assert numbers(shop.page(CSV, 6, 2)) == [6, 7]
    assert numbers(shop.page(CSV, 2, 2)) == [2, 3]
    assert numbers(shop.page(CSV, 4, 2)) == [4, 5]
    assert shop.opened == ["a.csv"] * 2
    shop.run.close()
    assert numbers(shop.page(CSV, 8, 2)) == [8, 9]


def test_two_map_runs_may_read_the_same(shop: Shop) -> None:
    for start in (0, 3, 6):
        for _ in range(2):
            assert numbers(shop.page(CSV, start, 3)) == [start, start + 1, start + 2]
    assert shop.opened == ["a.csv"] * 2


def test_only_so_many_streams_stay_open(shop: Shop) -> None:
    for number in range(OPEN_AT_MOST + 5):
        shop.page({**CSV, "MaxItems": 10 + number}, 0, 1)
    standing = shop.run._readers._standing
    assert len(standing) == OPEN_AT_MOST
    assert numbers(shop.page({**CSV, "MaxItems": 10}, 1, 1)) == [1]
    shop.run.close()
    assert not standing


def test_the_limit_counts_from_the_first_item(shop: Shop) -> None:
    config = {**CSV, "MaxItems": 5}
    first = shop.page(config, 0, 3)
    second = shop.page(config, 3, 3)
    assert (numbers(first), first["More"]) == ([0, 1, 2], True)
    assert (numbers(second), second["More"]) == ([3, 4], False)
    assert shop.page({**CSV, "MaxItems": 3}, 0, 3)["More"] is False


def test_a_failure_comes_with_the_page_that_it_is_in(shop: Shop) -> None:
    first = shop.page(CSV, 0, 2, Key="bad.csv")
    assert (numbers(first), first["More"]) == ([1, 2], True)
    failed = shop.ask(GET, {"Key": "bad.csv"}, CSV, start=2, count=2)
    assert isinstance(failed, TaskFailed)
    assert failed.error == "States.ItemReaderFailed"
    assert failed.cause == (
        "The CSV file s3://shop/bad.csv cannot be parsed at row 4: "
        "',' expected after '\"'"
    )


def test_all_items_come_at_once_where_no_count_is_given(shop: Shop) -> None:
    reply = shop.ask(GET, {"Key": "a.csv"}, CSV)
    assert isinstance(reply, TaskSucceeded)
    assert numbers(reply.output) == list(range(10))
    assert set(reply.output) == {"Items", "Source"}


def test_what_lists_is_read_object_by_object(shop: Shop) -> None:
    reply = shop.ask(LIST, {"Prefix": "in/"}, FLAT)
    assert isinstance(reply, TaskSucceeded)
    keys = ["in/a.jsonl", "in/b.jsonl", "in/c/d.jsonl"]
    assert reply.output["Items"] == [item for key in keys for item in (key, 1)]
    assert reply.output["Sources"] == [f"s3://shop/{key}" for key in keys for _ in "12"]
    paged: list[str] = []
    start, more = 0, True
    while more:
        page = shop.page(FLAT, start, 1, Prefix="in/")
        paged += page["Sources"]
        start, more = start + 1, page["More"]
    assert paged == reply.output["Sources"]


def test_a_limit_cuts_across_objects(shop: Shop) -> None:
    config = {**FLAT, "MaxItems": 3}
    reply = shop.ask(LIST, {"Prefix": "in/"}, config)
    assert isinstance(reply, TaskSucceeded)
    assert reply.output["Items"] == ["in/a.jsonl", 1, "in/b.jsonl"]
    assert "in/c/d.jsonl" not in shop.opened


def test_listed_objects_need_an_input_type(shop: Shop) -> None:
    failed = shop.ask(LIST, {}, {"Transformation": "LOAD_AND_FLATTEN"})
    assert isinstance(failed, TaskFailed)
    assert failed.cause == "The field 'InputType' is required"


def test_a_listing_comes_in_pages_too(shop: Shop) -> None:
    first = shop.page({}, 0, 2, Prefix="in/")
    second = shop.page({}, 2, 2, Prefix="in/")
    assert [item["Key"] for item in first["Items"] + second["Items"]] == [
        "in/a.jsonl",
        "in/b.jsonl",
        "in/c/d.jsonl",
        "in/empty.jsonl",
    ]
    assert (first["More"], second["More"]) == (True, False)
    assert second["Source"] == "s3://shop"


@pytest.mark.parametrize("kind", ["CSV", "JSON", "JSONL"])
def test_each_form_of_file_can_be_flattened(shop: Shop, kind: str) -> None:
    values = [{"a": "1"}, {"a": "2"}]
    text = {
        "CSV": "a\n1\n2\n",
        "JSON": json.dumps(values),
        "JSONL": "".join(json.dumps(value) + "\n" for value in values),
    }[kind]
    for key in ("flat/1", "flat/2"):
        shop.put(key, text)
    config = {**CSV, "InputType": kind, "Transformation": "LOAD_AND_FLATTEN"}
    reply = shop.ask(LIST, {"Prefix": "flat/"}, config)
    assert isinstance(reply, TaskSucceeded)
    assert reply.output["Items"] == values * 2


def test_one_page_can_be_asked_for_without_a_run(shop: Shop) -> None:
    call = Call("Each", (), 0, 0, {}, None, "arn:one", "role", None, None)
    payload = {
        "Parameters": {"Bucket": "shop", "Key": "a.csv"},
        "ReaderConfig": CSV,
        "From": 3,
        "Count": 2,
    }
    [(_, reply)] = perform(StartTask(7, GET, payload, call), shop.root).says
    assert isinstance(reply, TaskSucceeded)
    assert numbers(reply.output) == [3, 4]


def test_a_stream_can_be_closed_in_the_middle(shop: Shop) -> None:
    request = {"Parameters": {"Bucket": "shop", "Key": "a.csv"}, "ReaderConfig": CSV}
    stream = open_items(request, FolderStorage(shop.root))
    assert stream.take(0)[0].items == []
    assert len(stream.take(2)[0].items) == 2
    stream.close()
    assert not stream.more
