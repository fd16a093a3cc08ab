"""Buckets in S3 itself: moto's server, spoken to by s3fs over the loopback."""

import gzip
import io
from collections.abc import Iterator
from typing import Any

import pytest

from asl.engine.messages import Call, StartTask, TaskFailed, TaskSucceeded
from asl.engine.page import Page
from asl.errors import UsageError
from asl.tasks.buckets import Buckets
from asl.tasks.storage import S3Refuses, Storage, open_storage, write_whole
from asl.values import Json

pytestmark = pytest.mark.full

S3 = "arn:aws:states:::s3:"
RUN = "arn:aws:states:eu-west-1:123456789012:mapRun:order/Each:1234"
CSV = {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    s3fs: Any = pytest.importorskip("s3fs", reason="s3fs is missing")
    if s3fs.__version__.split(".")[0] < "2024":
        pytest.skip(f"s3fs is {s3fs.__version__}, older than 2024.6")
    server: Any = pytest.importorskip("moto.server", reason="moto[server] is missing")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "id")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        patch.delenv("AWS_PROFILE", raising=False)
        running = server.ThreadedMotoServer(port=0, verbose=False)
        running.start()
        host, port = running.get_host_and_port()
        yield f"http://{host}:{port}"
        running.stop()


@pytest.fixture
def client(endpoint: str) -> Any:
    """A client of another make, to put and see objects; buckets are made anew."""
    import boto3
    import requests

    requests.post(f"{endpoint}/moto-api/reset", timeout=60)
    made = boto3.client("s3", endpoint_url=endpoint)
    made.create_bucket(Bucket="shop")
    return made


@pytest.fixture
def storage(endpoint: str, client: Any) -> Storage:
    found = open_storage(f"s3://?endpoint_url={endpoint}")
    assert found is not None
    return found


def ask(
    run: Buckets, action: str, wanted: Json, config: Json = None, **more: Json
) -> TaskSucceeded | TaskFailed:
    call = Call("Each", (), 0, 0, {}, None, "arn:one", "role", None, None)
    payload = {"Parameters": {"Bucket": "shop", **wanted}, **more}
    payload["ReaderConfig" if action != "putObject" else "WriterConfig"] = config
    answer = run.perform(StartTask(7, S3 + action, payload, call))
    assert answer.warning is None
    [(_, reply)] = answer.says
    assert isinstance(reply, (TaskSucceeded, TaskFailed))
    return reply


def read(
    endpoint: str, wanted: Json, config: Json, action: str = "getObject"
) -> list[Json]:
    run = Buckets(f"s3://?endpoint_url={endpoint}")
    reply = ask(run, action, wanted, config)
    run.close()
    assert isinstance(reply, TaskSucceeded), reply.cause
    items: list[Json] = reply.output["Items"]
    return items


def test_a_large_object_is_read_page_by_page(endpoint: str, client: Any) -> None:
    text = "n,text\n" + "".join(f"{n},{'x' * 90}\n" for n in range(60_000))
    client.put_object(Bucket="shop", Key="a b.csv", Body=text.encode())
    run = Buckets(f"s3://?endpoint_url={endpoint}")
    found, start, more = [], 0, True
    while more:
        page = ask(run, "getObject", {"Key": "a b.csv"}, CSV, From=start, Count=25_000)
        assert isinstance(page, TaskSucceeded)
        names = ("Items", "Columns", "Delimiter")
        rows = Page(*(page.output.get(name) for name in names))
        found += [int(item["n"]) for item in rows.objects()]
        start, more = len(found), page.output["More"]
    run.close()
    assert found == list(range(60_000))


def test_every_form_is_read_from_s3(endpoint: str, client: Any) -> None:
    pa: Any = pytest.importorskip("pyarrow", reason="pyarrow is missing")
    from pyarrow import parquet

    target = io.BytesIO()
    parquet.write_table(pa.table({"n": list(range(9_000))}), target, row_group_size=999)
    for key, body in {
        "a.parquet": target.getvalue(),
        "a.jsonl.gz": gzip.compress(b'{"n": 1}\n{"n": 2}\n'),
        "a.json": b'{"items": [{"n": 1}, {"n": 2}]}',
        "m.csv": b"s3://shop/a.jsonl.gz\n",
    }.items():
        client.put_object(Bucket="shop", Key=key, Body=body)
    few = [{"n": 1}, {"n": 2}]
    json_config = {"InputType": "JSON", "ItemsPointer": "/items"}
    athena = {"ManifestType": "ATHENA_DATA", "InputType": "JSONL"}
    assert read(endpoint, {"Key": "a.jsonl.gz"}, {"InputType": "JSONL"}) == few
    assert read(endpoint, {"Key": "a.json"}, json_config) == few
    assert read(endpoint, {"Key": "m.csv"}, athena) == few
    rows = read(endpoint, {"Key": "a.parquet"}, {"InputType": "PARQUET"})
    assert rows == [{"n": n} for n in range(9_000)]


def test_a_listing_has_more_than_a_page(
    storage: Storage, client: Any, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("asl.tasks.storage_url._PAGE_KEYS", 7)
    names = sorted(f"in/{n}-é" for n in range(30))
    for name in names:
        client.put_object(Bucket="shop", Key=name, Body=b"1\n")
    client.put_object(Bucket="shop", Key="in/", Body=b"")
    client.put_object(Bucket="shop", Key="out", Body=b"x")
    assert [listed.key for listed in storage.list("shop", "in/")] == ["in/", *names]
    [item] = read(endpoint, {"Prefix": "out"}, {}, "listObjectsV2")
    [told] = client.list_objects_v2(Bucket="shop", Prefix="out")["Contents"]
    assert item == {
        "Etag": told["ETag"],
        "LastModified": int(told["LastModified"].timestamp()),
        "Key": "out",
        "Size": 1,
        "StorageClass": "STANDARD",
    }
    flat = {"InputType": "JSONL", "Transformation": "LOAD_AND_FLATTEN", "MaxItems": 5}
    assert read(endpoint, {"Prefix": "in/"}, flat, "listObjectsV2") == [1] * 5


def test_results_are_written_in_parts(endpoint: str, client: Any) -> None:
    run = Buckets(f"s3://?endpoint_url={endpoint}")
    text = '"' + "x" * 3_000_000 + '"'
    for part in range(5):
        reply = ask(
            run,
            "putObject",
            {"Prefix": "jobs"},
            {"Transformation": "COMPACT"},
            MapRunArn=RUN,
            Results={"SUCCEEDED": [{"Output": text}], "FAILED": []},
            Part=part,
            More=part < 4,
        )
        assert isinstance(reply, TaskSucceeded), reply.cause
        seen = client.list_objects_v2(Bucket="shop").get("Contents", [])
        assert [found["Key"].rpartition("/")[2] for found in seen] == (
            [] if part < 4 else ["SUCCEEDED_0.json", "manifest.json"]
        )
    assert isinstance(reply, TaskSucceeded)
    assert reply.output == {"Bucket": "shop", "Key": "jobs/1234/manifest.json"}
    assert seen[0]["Size"] == 5 * (len(text) + 1) + 1
    run.close()


def test_what_is_given_up_leaves_no_upload(storage: Storage, client: Any) -> None:
    for size in (10, 20 << 20):  # in memory alone; parts of it sent already
        upload = storage.write("shop", "given/up")
        upload.write(b"x" * size)
        upload.discard()
        upload.discard()
    assert "Contents" not in client.list_objects_v2(Bucket="shop")
    assert "Uploads" not in client.list_multipart_uploads(Bucket="shop")


def test_a_version_is_read(endpoint: str, client: Any) -> None:
    client.put_bucket_versioning(
        Bucket="shop", VersioningConfiguration={"Status": "Enabled"}
    )
    first = client.put_object(Bucket="shop", Key="a", Body=b"1\n")["VersionId"]
    client.put_object(Bucket="shop", Key="a", Body=b"2\n")
    config = {"InputType": "JSONL"}
    assert read(endpoint, {"Key": "a"}, config) == [2]
    assert read(endpoint, {"Key": "a", "VersionId": first}, config) == [1]


def test_what_is_not_there_is_told_in_s3s_words(
    storage: Storage, endpoint: str
) -> None:
    for bucket, cause in (("shop", "key does not"), ("none", "bucket does not")):
        with pytest.raises(S3Refuses, match=cause):
            storage.read(bucket, "a")
    with pytest.raises(S3Refuses, match="bucket does not"):
        list(storage.list("none", ""))
    with pytest.raises(S3Refuses, match="bucket does not"):
        storage.write("none", "a")
    run = Buckets(f"s3://?endpoint_url={endpoint}")
    failed = ask(run, "getObject", {"Key": "none"}, CSV)
    assert isinstance(failed, TaskFailed)
    assert (failed.cause or "").startswith("The specified key does not exist. (Serv")


def test_buckets_may_be_folders_of_a_bucket(endpoint: str, client: Any) -> None:
    client.put_object(Bucket="shop", Key="test/data/x/1", Body=b"1")
    client.put_object(Bucket="shop", Key="test/database/1", Body=b"1")
    storage = open_storage(f"s3://shop/test?endpoint_url={endpoint}&anon=false")
    assert storage is not None
    assert [listed.key for listed in storage.list("data", "")] == ["x/1"]
    write_whole(storage, "data", "y", b"2")
    body = client.get_object(Bucket="shop", Key="test/data/y")["Body"].read()
    assert body == b"2"


def test_a_server_that_is_not_there_is_named(client: Any) -> None:
    storage = open_storage("s3://?endpoint_url=http://127.0.0.1:9&region_name=x")
    assert storage is not None
    with pytest.raises((UsageError, OSError)) as told:
        list(storage.list("shop", ""))
    assert "127.0.0.1" in str(told.value)
