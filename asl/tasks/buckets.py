"""Buckets: the stand-in for S3 of one run, as item readers and result writers use it.

In: the requests of item readers (s3:getObject, s3:listObjectsV2) and result writers
(s3:putObject); where the buckets are.
Out: Answers; a result writer's files.
Never: decides where an object lies (storage.py) or what is in it (item_reader.py).

A reader's payload holds Parameters and ReaderConfig. The answer holds all Items and
their Source; with `Count` (and `From`) it holds a page and whether there are More.
Items of several objects also have Sources, one an item. A page of a table (CSV) has
rows for Items: lists of what stands under its Columns, or lines with a Delimiter.
A writer's payload holds Parameters, WriterConfig, MapRunArn and Results by status:
records, or Blocks of what is written of many. With
More, further parts follow (`Part` counts them from 0) and the answer is the number of
the next one; the last part, without More, is answered with the manifest's place.

Developer guide: "ItemReader (Map)", "ResultWriter (Map)".
"""

from collections.abc import Callable
from contextlib import ExitStack

from asl.engine.messages import StartTask, TaskFailed, TaskSucceeded
from asl.errors import UsageError
from asl.model.failure import ITEM_READER_FAILED, RESULT_WRITER_FAILED
from asl.tasks.answer import Answer
from asl.tasks.integrations import request_id
from asl.tasks.item_reader import ReadingFailed
from asl.tasks.readers import Readers
from asl.tasks.result_writer import ResultFiles
from asl.tasks.storage import S3Refuses, Storage, Where, open_storage
from asl.values import Json

_READERS = ("getObject", "listObjectsV2")


def perform(effect: StartTask, folder: Where) -> Answer:
    """Read the items or write the results that one effect asks for, all at once."""
    buckets = Buckets(folder)
    try:
        return buckets.perform(effect)
    finally:
        buckets.close()


class Buckets:
    """The buckets of one run, with the streams and files that are open in them."""

    def __init__(self, where: Where) -> None:
        self._where = where
        self._opened: Storage | None = None
        self._readers = Readers()
        self._writers: dict[str, tuple[ResultFiles, int]] = {}
        """By ARN of the Map Run: its files, and the part that comes next."""

    def perform(self, effect: StartTask) -> Answer:
        """Read the items or write the results that the effect asks for."""
        action = effect.resource.rpartition(":")[2]
        if action == "putObject":
            return self._answer(effect, self._write, RESULT_WRITER_FAILED)
        if action not in _READERS:
            raise UsageError(
                f"{effect.resource} has no local stand-in (state "
                f"{effect.call.state!r}); bind a callable to it"
            )
        answer = self._answer(effect, self._read, ITEM_READER_FAILED)
        versioned = "VersionId" in effect.payload["Parameters"]
        if versioned and self._opened and not self._opened.keeps_versions:
            answer.warning = (
                f"the VersionId of state {effect.call.state!r} is ignored: the buckets "
                "folder keeps one version of each object"
            )
        return answer

    def close(self) -> None:
        """End what was not ended: streams are closed, unfinished files given up."""
        with ExitStack() as all_of_them:
            all_of_them.callback(self._readers.close)
            for files, _ in self._writers.values():
                all_of_them.callback(files.discard)
            self._writers.clear()

    def _answer(
        self,
        effect: StartTask,
        work: Callable[[StartTask, Storage], Json],
        failure: str,
    ) -> Answer:
        bucket = effect.payload["Parameters"].get("Bucket")
        try:
            if not isinstance(bucket, str) or not bucket:
                raise S3Refuses("The specified bucket is not valid.")
            output = work(effect, self._storage(effect, bucket))
        except ReadingFailed as error:
            cause = str(error)
        except S3Refuses as error:
            cause = _s3_text(effect, str(error))
        except OSError as error:
            cause = f"{error.strerror or error} (bucket {bucket})"
        else:
            return Answer([(0, TaskSucceeded(effect.id, 0, output))])
        return Answer([(0, TaskFailed(effect.id, 0, failure, cause))])

    def _storage(self, effect: StartTask, bucket: str) -> Storage:
        if self._opened is None:
            self._opened = open_storage(self._where)
        if self._opened is None:
            raise UsageError(_ask_for_buckets(effect, bucket))
        return self._opened

    def _read(self, effect: StartTask, storage: Storage) -> Json:
        listing = effect.resource.endswith("listObjectsV2")
        request = effect.payload | ({"Listing": True} if listing else {})
        return self._readers.answer(effect.call.execution_arn, request, storage)

    def _write(self, effect: StartTask, storage: Storage) -> Json:
        payload = effect.payload
        arn = payload["MapRunArn"]
        part = payload.get("Part") or 0
        files, expected = self._writers.pop(arn, (None, 0))
        if files is None and not part:
            files = ResultFiles(
                storage, payload["Parameters"], payload.get("WriterConfig"), arn
            )
        try:
            if files is None or part != expected:
                raise UsageError(
                    f"the results of {arn} go on with part {part}, though {expected} "
                    "is next: what came before was written by another run; run it anew"
                )
            files.add(payload["Results"])
            if payload.get("More"):
                self._writers[arn] = (files, part + 1)
                return {"Part": part + 1}
            return files.close()
        finally:
            if files is not None and arn not in self._writers:
                files.discard()


def _ask_for_buckets(effect: StartTask, bucket: str) -> str:
    wanted = effect.payload["Parameters"]
    key = wanted.get("Key") or wanted.get("Prefix") or ""
    verb = "writes" if effect.resource.endswith("putObject") else "reads"
    return (
        f"state {effect.call.state!r} {verb} s3://{bucket}/{key}: give buckets=FOLDER, "
        "a folder with one subfolder a bucket"
    )


def _s3_text(effect: StartTask, message: str) -> str:
    """An error of S3 as the service's SDK spells it."""
    id = request_id(effect).replace("-", "").upper()
    return (
        f"{message} (Service: S3, Status Code: 404, Request ID: {id[:16]}, "
        f"Extended Request ID: {id[16:]})"
    )
