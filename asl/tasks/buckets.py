"""Buckets: a folder that stands in for S3, one subfolder a bucket.

In: the requests of item readers (s3:getObject, s3:listObjectsV2) and result writers
(s3:putObject); the folder.
Out: Answers; a result writer's files.
Never: reads or writes anything outside the folder, symbolic links included.

Developer guide: "ItemReader (Map)", "ResultWriter (Map)"; reference 10 (10.4).
"""

import os
from collections.abc import Callable
from pathlib import Path

from asl.engine.messages import StartTask, TaskFailed, TaskSucceeded
from asl.errors import UsageError
from asl.model.failure import ITEM_READER_FAILED, RESULT_WRITER_FAILED
from asl.tasks.answer import Answer
from asl.tasks.integrations import request_id
from asl.tasks.item_reader import ReadingFailed, check_config, first_items, read_items
from asl.tasks.result_writer import manifest, result_files, result_folder
from asl.values import Json

_NO_BUCKET = "The specified bucket does not exist"
_NO_KEY = "The specified key does not exist."


class _S3Refuses(Exception):
    """S3 answers with an error; the text is its message."""


def perform(effect: StartTask, folder: Path | None) -> Answer:
    """Read the items or write the results that the effect asks for."""
    action = effect.resource.rpartition(":")[2]
    if action == "putObject":
        return _perform(effect, folder, _write, RESULT_WRITER_FAILED)
    if action == "getObject":
        answer = _perform(effect, folder, _get, ITEM_READER_FAILED)
        if "VersionId" in effect.payload["Parameters"]:
            answer.warning = (
                f"the VersionId of state {effect.call.state!r} is ignored: the buckets "
                "folder keeps one version of each object"
            )
        return answer
    if action == "listObjectsV2":
        return _perform(effect, folder, _list, ITEM_READER_FAILED)
    raise UsageError(
        f"{effect.resource} has no local stand-in (state {effect.call.state!r}); bind "
        "a callable to it"
    )


def _perform(
    effect: StartTask,
    folder: Path | None,
    work: Callable[[StartTask, Path], Json],
    failure: str,
) -> Answer:
    bucket = effect.payload["Parameters"].get("Bucket")
    try:
        if not isinstance(bucket, str) or not bucket:
            raise _S3Refuses("The specified bucket is not valid.")
        if folder is None:
            raise UsageError(_ask_for_folder(effect, bucket))
        output = work(effect, _bucket_folder(folder, bucket))
    except ReadingFailed as error:
        return Answer([(0, TaskFailed(effect.id, 0, failure, str(error)))])
    except _S3Refuses as error:
        cause = _s3_text(effect, str(error))
        return Answer([(0, TaskFailed(effect.id, 0, failure, cause))])
    except OSError as error:
        cause = f"{error.strerror or error} (bucket {bucket})"
        return Answer([(0, TaskFailed(effect.id, 0, failure, cause))])
    return Answer([(0, TaskSucceeded(effect.id, 0, output))])


def _ask_for_folder(effect: StartTask, bucket: str) -> str:
    wanted = effect.payload["Parameters"]
    key = wanted.get("Key") or wanted.get("Prefix") or ""
    verb = "writes" if effect.resource.endswith("putObject") else "reads"
    return (
        f"state {effect.call.state!r} {verb} s3://{bucket}/{key}: give buckets=FOLDER, "
        "a folder with one subfolder a bucket"
    )


def _get(effect: StartTask, bucket: Path) -> Json:
    config = effect.payload.get("ReaderConfig") or {}
    check_config(config)
    key = effect.payload["Parameters"].get("Key")
    if not isinstance(key, str) or not key:
        raise _S3Refuses(_NO_KEY)
    file = _inside(bucket, key)
    if not file.is_file():
        raise _S3Refuses(_NO_KEY)
    items = read_items(file.read_bytes(), config)
    return {"Items": items, "Source": f"s3://{bucket.name}/{key}"}


def _list(effect: StartTask, bucket: Path) -> Json:
    config = effect.payload.get("ReaderConfig") or {}
    check_config(config)
    prefix = effect.payload["Parameters"].get("Prefix") or ""
    keys = sorted(
        (key for key in _keys(bucket) if key.startswith(prefix)),
        key=lambda key: key.encode("utf-8", "surrogateescape"),
    )
    items = [_describe(bucket, key) for key in first_items(keys, config)]
    return {"Items": items, "Source": f"s3://{bucket.name}"}


def _keys(bucket: Path) -> list[str]:
    """The keys of all objects; links to folders are not followed."""
    return [
        (Path(where) / name).relative_to(bucket).as_posix()
        for where, _, names in os.walk(bucket)
        for name in names
    ]


def _describe(bucket: Path, key: str) -> Json:
    from hashlib import md5

    file = _inside(bucket, key)
    data = file.read_bytes()
    return {
        "Etag": f'"{md5(data, usedforsecurity=False).hexdigest()}"',
        "LastModified": int(file.stat().st_mtime),
        "Key": key,
        "Size": len(data),
        "StorageClass": "STANDARD",
    }


def _write(effect: StartTask, bucket: Path) -> Json:
    payload = effect.payload
    arn = payload["MapRunArn"]
    folder = result_folder(payload["Parameters"].get("Prefix"), arn)
    files = result_files(payload["Results"], payload.get("WriterConfig") or {})
    for named in files.values():
        for name, data in named.items():
            _write_whole(_inside(bucket, f"{folder}/{name}"), data)
    key = f"{folder}/manifest.json"  # last: who finds it finds all the others
    _write_whole(_inside(bucket, key), manifest(bucket.name, arn, folder, files))
    return {"Bucket": bucket.name, "Key": key}


def _write_whole(file: Path, data: bytes) -> None:
    """Write so that nobody ever sees half a file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f".{file.name}.unfinished")
    try:
        unfinished.unlink(missing_ok=True)
        with unfinished.open("xb") as new:  # a new file: never through a link
            new.write(data)
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)


def _bucket_folder(folder: Path, bucket: str) -> Path:
    if "/" in bucket or "\\" in bucket or bucket in (".", ".."):
        raise UsageError(f"{bucket!r} is no name of a bucket")
    if not folder.is_dir():
        raise UsageError(f"the buckets folder {folder} does not exist")
    found = _inside(folder, bucket)
    if not found.is_dir():
        raise _S3Refuses(_NO_BUCKET)
    return folder / bucket


def _inside(folder: Path, key: str) -> Path:
    """The file of a key; UsageError where that lies outside the folder."""
    try:
        root, file = folder.resolve(), (folder / key).resolve()
    except (OSError, ValueError):  # a name that no file can have
        raise _S3Refuses(_NO_KEY) from None
    if not file.is_relative_to(root) or file == root:
        raise UsageError(f"{key!r} leads out of {folder}; nothing outside is touched")
    return file


def _s3_text(effect: StartTask, message: str) -> str:
    """An error of S3 as the service's SDK spells it."""
    id = request_id(effect).replace("-", "").upper()
    return (
        f"{message} (Service: S3, Status Code: 404, Request ID: {id[:16]}, "
        f"Extended Request ID: {id[16:]})"
    )
