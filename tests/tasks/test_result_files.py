"""Result files: written part by part while a Map Run goes on."""

import json
from pathlib import Path

import pytest

from asl.engine.messages import Call, StartTask, TaskFailed, TaskSucceeded, Written
from asl.errors import UsageError
from asl.tasks.buckets import Buckets
from asl.tasks.result_writer import ResultFiles, block_of
from asl.tasks.storage import FolderStorage
from asl.values import Json, json_text

RUN = "arn:aws:states:eu-west-1:123456789012:mapRun:order/Each:1234"
WHERE = {"Bucket": "out", "Prefix": "jobs"}


def record(number: int) -> Json:
    return {"Name": f"c{number}", "Output": json.dumps([number, -number])}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path


def seen(out: Path) -> list[str]:
    return sorted(file.name for file in out.rglob("*") if file.is_file())


def content(out: Path, name: str) -> str:
    return (out / "out/jobs/1234" / name).read_text(encoding="utf-8")


def files(out: Path, config: Json = None, **options: int) -> ResultFiles:
    return ResultFiles(FolderStorage(out), WHERE, config, RUN, **options)


@pytest.mark.parametrize("how", ["NONE", "COMPACT", "FLATTEN"])
@pytest.mark.parametrize("form", ["JSON", "JSONL"])
def test_many_parts_make_the_same_files_as_one(
    tmp_path: Path, how: str, form: str
) -> None:
    config = {"Transformation": how, "OutputType": form}
    records = [record(n) for n in range(9)]
    found = []
    for name, size in (("one", 9), ("many", 2)):
        root = tmp_path / name
        (root / "out").mkdir(parents=True)
        writer = files(root, config)
        for start in range(0, 9, size):
            part = records[start : start + size]
            writer.add({"SUCCEEDED": part, "FAILED": part[:1]})
        assert writer.close() == {"Bucket": "out", "Key": "jobs/1234/manifest.json"}
        found.append({file: content(root, file) for file in seen(root)})
    one, many = found
    assert one.keys() == many.keys()
    succeeded = f"SUCCEEDED_0.{form.lower()}"
    assert one[succeeded] == many[succeeded]
    size = len(one[succeeded].encode())
    manifest = json.loads(many["manifest.json"])
    assert manifest["ResultFiles"]["SUCCEEDED"] == [
        {"Key": f"jobs/1234/{succeeded}", "Size": size}
    ]


def test_a_file_that_is_full_is_followed_by_another(out: Path) -> None:
    writer = files(out, {"Transformation": "COMPACT"}, file_bytes=20)
    writer.add({"SUCCEEDED": [record(n) for n in range(10, 16)]})
    writer.add({"SUCCEEDED": [{"Output": json.dumps("x" * 50)}, record(1)]})
    writer.close()
    texts = [content(out, f"SUCCEEDED_{n}.json") for n in range(5)]
    values = [value for text in texts for value in json.loads(text)]
    assert values == [[n, -n] for n in range(10, 16)] + ["x" * 50, [1, -1]]
    assert [len(text) for text in texts] == [19, 19, 19, 54, 8]
    listed = json.loads(content(out, "manifest.json"))["ResultFiles"]["SUCCEEDED"]
    assert [file["Size"] for file in listed] == [19, 19, 19, 54, 8]


def test_nothing_half_written_is_seen(out: Path) -> None:
    writer = files(out)
    writer.add({"SUCCEEDED": [record(1)], "PENDING": [record(2)]})
    assert all(name.endswith(".unfinished") for name in seen(out))
    writer.discard()
    assert seen(out) == []


def test_a_flattened_nothing_is_a_file_too(out: Path) -> None:
    writer = files(out, {"Transformation": "FLATTEN"})
    writer.add({"SUCCEEDED": [{"Output": "[]"}]})
    writer.close()
    assert content(out, "SUCCEEDED_0.json") == "[]"


def test_large_parts_do_not_wait_in_memory(out: Path) -> None:
    writer = files(out, {"OutputType": "JSONL"})
    for _ in range(4):
        writer.add({"SUCCEEDED": [{"Output": '"' + "é" * 100_000 + '"'}]})
    writer.close()
    assert len(content(out, "SUCCEEDED_0.jsonl").splitlines()) == 4


# -------------------------------------------------------------------- through the task


def ask(
    run: Buckets, results: Json, part: int | None, more: bool
) -> TaskSucceeded | TaskFailed:
    call = Call("Each", (), 0, 0, {}, None, "arn:one", "role", None, None)
    payload: Json = {
        "Parameters": WHERE,
        "WriterConfig": {},
        "MapRunArn": RUN,
        "Results": results,
    }
    if part is not None:
        payload |= {"Part": part, "More": more}
    effect = StartTask(7, "arn:aws:states:::s3:putObject", payload, call)
    [(_, reply)] = run.perform(effect).says
    assert isinstance(reply, (TaskSucceeded, TaskFailed))
    return reply


def test_parts_come_as_tasks(out: Path) -> None:
    run = Buckets(out)
    first = ask(run, {"SUCCEEDED": [record(0)]}, 0, True)
    second = ask(run, {"SUCCEEDED": [record(1)]}, 1, True)
    last = ask(run, {"FAILED": [record(2)]}, 2, False)
    outputs = [r.output for r in (first, second, last) if isinstance(r, TaskSucceeded)]
    key = "jobs/1234/manifest.json"
    assert outputs == [{"Part": 1}, {"Part": 2}, {"Bucket": "out", "Key": key}]
    assert len(json.loads(content(out, "SUCCEEDED_0.json"))) == 2
    run.close()
    assert seen(out) == ["FAILED_0.json", "SUCCEEDED_0.json", "manifest.json"]


def test_a_run_that_ends_early_leaves_nothing(out: Path) -> None:
    run = Buckets(out)
    ask(run, {"SUCCEEDED": [record(0)]}, 0, True)
    assert seen(out)
    run.close()
    assert seen(out) == []


@pytest.mark.parametrize("wrong", [0, 3])
def test_parts_must_follow_one_another(out: Path, wrong: int) -> None:
    run = Buckets(out)
    ask(run, {"SUCCEEDED": [record(0)]}, 0, True)
    with pytest.raises(UsageError, match=f"go on with part {wrong}, though 1"):
        ask(run, {}, wrong, False)
    run.close()
    assert seen(out) == []
    with pytest.raises(UsageError, match="written by another run"):
        ask(Buckets(out), {}, 2, False)


def test_a_disk_that_is_full_fails_the_writer(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    run = Buckets(out)
    ask(run, {"SUCCEEDED": [record(0)]}, 0, True)
    monkeypatch.setattr(Path, "replace", refuse)
    reply = ask(run, {}, 1, False)
    assert isinstance(reply, TaskFailed)
    assert reply.error == "States.ResultWriterFailed"
    assert reply.cause == "No space left on device (bucket out)"
    assert seen(out) == []


@pytest.mark.parametrize("how", ["NONE", "COMPACT", "FLATTEN"])
@pytest.mark.parametrize("kind", ["JSON", "JSONL"])
@pytest.mark.parametrize("file_bytes", [1, 150, 700, 10_000])
def test_blocks_are_written_as_their_records_would_be(
    tmp_path: Path, how: str, kind: str, file_bytes: int
) -> None:
    outputs: list[Json] = [{"n": 1}, ["é", "\ud800"], [], 5, ["x" * 99, 2]]
    records = [{"Name": f"c{n}", "Output": json_text(o)} for n, o in enumerate(outputs)]
    written = Written(how, kind == "JSONL")
    texts = [json_text(record) for record in records] if how == "NONE" else []
    block = block_of(texts, [] if texts else outputs, written)
    assert block.children == 5
    found = []
    for name, results in (("singly", records), ("block", [block])):
        (tmp_path / name / "b").mkdir(parents=True)
        files = ResultFiles(
            FolderStorage(tmp_path / name),
            {"Bucket": "b"},
            {"Transformation": how, "OutputType": kind},
            "arn:x",
            file_bytes=file_bytes,
        )
        files.add({"SUCCEEDED": results})
        files.add({"SUCCEEDED": results})
        files.close()
        folder = tmp_path / name / "b" / "x"
        found.append({file.name: file.read_bytes() for file in folder.iterdir()})
    assert found[0] == found[1]


@pytest.mark.parametrize("form", ["JSON", "JSONL"])
@pytest.mark.parametrize("how", ["NONE", "COMPACT", "FLATTEN"])
def test_a_block_is_written_as_its_values_are(out: Path, form: str, how: str) -> None:
    written = Written(how, form == "JSONL")
    outputs = [[1, "é"], {"a": "\ud800"}, [], "x" * 40]
    texts = [json_text(output) for output in outputs]
    records = texts if how == "NONE" else []
    block = block_of(records, [] if records else outputs, written)
    assert block.children == len(outputs)
    config = {"Transformation": how, "OutputType": form}
    for file_bytes in (1_000, 60, 1):
        writer = files(out, config, file_bytes=file_bytes)
        writer.add({"SUCCEEDED": [block]})
        writer.close()
        manifest = json.loads(content(out, "manifest.json"))
        found: list[Json] = []
        for file in manifest["ResultFiles"]["SUCCEEDED"]:
            text = content(out, file["Key"].rpartition("/")[2])
            lines = text.splitlines() if form == "JSONL" else [text]
            values = [json.loads(line) for line in lines]
            assert file["Size"] == len(text.encode())
            assert file["Size"] <= file_bytes or len(values) == 1
            found += values if form == "JSONL" else values[0]
        flat = [1, "é", {"a": "?"}, outputs[3]]
        assert found == (flat if how == "FLATTEN" else [*flat_less(outputs)])


def flat_less(outputs: list[Json]) -> list[Json]:
    """The outputs as a file can hold them: half a letter is a question mark."""
    return [outputs[0], {"a": "?"}, *outputs[2:]]


def test_a_block_of_nothing_leaves_an_empty_file(out: Path) -> None:
    block = block_of([], [[], []], Written("FLATTEN", False))
    writer = files(out, {"Transformation": "FLATTEN"})
    writer.add({"SUCCEEDED": [block]})
    writer.close()
    assert content(out, "SUCCEEDED_0.json") == "[]"
