"""Result writers: a Map Run's results as the files that AWS writes."""

import json
from pathlib import Path

import pytest

from asl.engine.messages import Call, StartTask, TaskFailed, TaskSucceeded
from asl.errors import UsageError
from asl.tasks.buckets import perform
from asl.values import Json

PUT = "arn:aws:states:::s3:putObject"
RUN = "arn:aws:states:eu-west-1:123456789012:mapRun:order/Each:1234-5678"


def record(output: Json = None, **more: Json) -> Json:
    return {"Name": "child", "Output": json.dumps(output), **more}


GOOD = [record([1, [2]]), record({"a": "é"})]
BAD = [{"Name": "bad", "Error": "E"}]


def effect(parameters: Json, config: Json = None, results: Json = None) -> StartTask:
    call = Call("Each", (), 0, 0, {}, None, "arn", "role", None, None)
    payload = {
        "Parameters": parameters,
        "WriterConfig": config,
        "MapRunArn": RUN,
        "Results": {"SUCCEEDED": GOOD, "FAILED": BAD} if results is None else results,
    }
    return StartTask(7, PUT, payload, call)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path


def written(asked: StartTask, folder: Path) -> dict[str, str]:
    reply = perform(asked, folder).says[0][1]
    assert isinstance(reply, TaskSucceeded)
    assert set(reply.output) == {"Bucket", "Key"}
    root = folder / "out"
    manifest = root / reply.output["Key"]
    assert reply.output["Key"].endswith("1234-5678/manifest.json")
    assert manifest.is_file()
    return {
        file.relative_to(root).as_posix(): file.read_text(encoding="utf-8")
        for file in sorted(root.rglob("*"))
        if file.is_file()
    }


def test_the_files_lie_as_aws_lays_them(folder: Path) -> None:
    files = written(effect({"Bucket": "out", "Prefix": "jobs"}), folder)
    at = "jobs/1234-5678"
    assert list(files) == [
        f"{at}/FAILED_0.json",
        f"{at}/SUCCEEDED_0.json",
        f"{at}/manifest.json",
    ]
    assert json.loads(files[f"{at}/SUCCEEDED_0.json"]) == GOOD
    assert json.loads(files[f"{at}/FAILED_0.json"]) == BAD
    assert json.loads(files[f"{at}/manifest.json"]) == {
        "DestinationBucket": "out",
        "MapRunArn": RUN,
        "ResultFiles": {
            "FAILED": [
                {
                    "Key": f"{at}/FAILED_0.json",
                    "Size": len(files[f"{at}/FAILED_0.json"].encode()),
                }
            ],
            "PENDING": [],
            "SUCCEEDED": [
                {
                    "Key": f"{at}/SUCCEEDED_0.json",
                    "Size": len(files[f"{at}/SUCCEEDED_0.json"].encode()),
                }
            ],
        },
    }


@pytest.mark.parametrize(
    ("prefix", "key"),
    [
        (None, "1234-5678/manifest.json"),
        ("", "1234-5678/manifest.json"),
        ("a/b/", "a/b/1234-5678/manifest.json"),
    ],
)
def test_a_prefix_is_optional(folder: Path, prefix: str | None, key: str) -> None:
    parameters = (
        {"Bucket": "out"} if prefix is None else {"Bucket": "out", "Prefix": prefix}
    )
    assert list(written(effect(parameters, results={}), folder)) == [key]


@pytest.mark.parametrize(
    ("config", "name", "text"),
    [
        ({"Transformation": "NONE"}, "json", json.dumps(GOOD)),
        ({"Transformation": "COMPACT"}, "json", '[[1,[2]],{"a":"é"}]'),
        ({"Transformation": "FLATTEN"}, "json", '[1,[2],{"a":"é"}]'),
        (
            {"Transformation": "COMPACT", "OutputType": "JSONL"},
            "jsonl",
            '[1,[2]]\n{"a":"é"}\n',
        ),
        ({"OutputType": "JSON"}, "json", json.dumps(GOOD)),
    ],
)
def test_results_are_transformed(
    folder: Path, config: Json, name: str, text: str
) -> None:
    files = written(effect({"Bucket": "out"}, config), folder)
    found = files[f"1234-5678/SUCCEEDED_0.{name}"]
    if name == "json":
        assert json.loads(found) == json.loads(text)
    else:
        assert found == text
    failed = files[f"1234-5678/FAILED_0.{name}"]
    assert json.loads(failed) == (BAD if name == "json" else BAD[0])


def test_a_second_writing_replaces_the_first(folder: Path) -> None:
    first = written(effect({"Bucket": "out"}), folder)
    assert written(effect({"Bucket": "out"}), folder) == first


def test_a_missing_bucket_is_a_failure(folder: Path) -> None:
    reply = perform(effect({"Bucket": "none"}), folder).says[0][1]
    assert isinstance(reply, TaskFailed)
    assert reply.error == "States.ResultWriterFailed"
    assert (reply.cause or "").startswith("The specified bucket does not exist (Ser")


def test_nothing_is_written_outside_the_bucket(folder: Path) -> None:
    with pytest.raises(UsageError, match="leads out of"):
        perform(effect({"Bucket": "out", "Prefix": "../../x"}), folder)
    assert [file.name for file in folder.iterdir()] == ["out"]


def test_a_folder_is_asked_for() -> None:
    with pytest.raises(UsageError, match="writes s3://out/jobs"):
        perform(effect({"Bucket": "out", "Prefix": "jobs"}), None)
