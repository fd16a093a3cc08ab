"""Result writers: the results of a Map Run -> the files that AWS writes.

In: the records of the child executions by status, a few at a time, or Blocks of what is
to be written of many that succeeded; the WriterConfig.
Out: SUCCEEDED_n, FAILED_n and PENDING_n files, and manifest.json as the last.
Never: holds more than the records it is given; lets half a file be seen. A file is seen
when it is full or the Map Run has ended; who finds the manifest finds all the others.

Developer guide: "ResultWriter (Map)"; a new file is begun before one grows beyond what
S3 takes in one piece.
"""

from collections.abc import Iterator, Mapping, Sequence

from asl.engine.messages import Block, Written
from asl.tasks.storage import Storage, Upload, write_whole
from asl.values import Json, json_text, parse_json

STATUSES = ("FAILED", "PENDING", "SUCCEEDED")
"""In the order of the manifest."""

FILE_BYTES = 5 * 1024**3
"""The largest object that S3 takes in one piece."""


class ResultFiles:
    """The files of one Map Run while they are being written."""

    def __init__(
        self,
        storage: Storage,
        parameters: Mapping[str, Json],
        config: Mapping[str, Json] | None,
        map_run_arn: str,
        *,
        file_bytes: int = FILE_BYTES,
    ) -> None:
        config = config or {}
        self.bucket: str = parameters["Bucket"]
        self.folder = result_folder(parameters.get("Prefix"), map_run_arn)
        self._storage = storage
        self._arn = map_run_arn
        self._how = config.get("Transformation") or "NONE"
        self._is_lines = config.get("OutputType") == "JSONL"
        self._file_bytes = file_bytes
        self._written: dict[str, list[Json]] = {status: [] for status in STATUSES}
        self._open: dict[str, _File] = {}

    def add(self, results: Mapping[str, Sequence[Json]]) -> None:
        """Write records, each in the file of its status."""
        for status in STATUSES:
            records = results.get(status) or ()
            how = self._how if status == "SUCCEEDED" else "NONE"
            if records:
                self._file(status)  # though FLATTEN may leave nothing to write
            for record in records:
                if isinstance(record, Block):
                    self._add_block(status, record)
                    continue
                for value in _transform(record, how):
                    self._add(status, _encode(json_text(value)))

    def _add(self, status: str, data: bytes) -> None:
        """Write one value."""
        file = self._file(status)
        if not file.has_room(len(data), self._file_bytes):
            self._finish(status)
            file = self._file(status)
        file.add(data)

    def _add_block(self, status: str, block: Block) -> None:
        """Write many values at once, where they fit into the file."""
        if not block.data:
            return
        file = self._file(status)
        if file.size + len(block.data) + 2 <= self._file_bytes:
            file.add(block.data)
            return
        begin = 0
        for size in block.sizes:
            self._add(status, block.data[begin : begin + size])
            begin += size + 1

    def close(self) -> Json:
        """Finish the files and write the manifest: where it is."""
        for status in list(self._open):
            self._finish(status)
        key = f"{self.folder}/manifest.json"
        manifest = {
            "DestinationBucket": self.bucket,
            "MapRunArn": self._arn,
            "ResultFiles": self._written,
        }
        write_whole(self._storage, self.bucket, key, _encode(json_text(manifest)))
        return {"Bucket": self.bucket, "Key": key}

    def discard(self) -> None:
        """Give up what is not finished; does nothing after `close`."""
        for file in self._open.values():
            file.upload.discard()
        self._open.clear()

    def _file(self, status: str) -> "_File":
        file = self._open.get(status)
        if file is None:
            # The name of a JSONL file is not recorded.
            ending = "jsonl" if self._is_lines else "json"
            number = len(self._written[status])
            key = f"{self.folder}/{status}_{number}.{ending}"
            upload = self._storage.write(self.bucket, key)
            file = self._open[status] = _File(key, upload, self._is_lines)
        return file

    def _finish(self, status: str) -> None:
        file = self._open[status]
        file.finish()
        del self._open[status]
        self._written[status].append({"Key": file.key, "Size": file.size})


class _File:
    """One file of results: an array of JSON, or JSON Lines."""

    def __init__(self, key: str, upload: Upload, is_lines: bool) -> None:
        self.key = key
        self.upload = upload
        self.size = 0
        self._is_lines = is_lines
        self._is_empty = True
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        if not is_lines:
            self._put(b"[")

    def has_room(self, more: int, most: int) -> bool:
        """Whether a value fits in; the first always does."""
        return self._is_empty or self.size + more + 2 <= most

    def add(self, data: bytes) -> None:
        """Add one value."""
        if self._is_lines:
            self._put(data + b"\n")
        else:
            self._put(data if self._is_empty else b"," + data)
        self._is_empty = False

    def finish(self) -> None:
        """Close the array and let the file be seen."""
        if not self._is_lines:
            self._put(b"]")
        self._send()
        self.upload.commit()

    def _put(self, data: bytes) -> None:
        self.size += len(data)
        self._waiting.append(data)
        self._waiting_bytes += len(data)
        if self._waiting_bytes > 1 << 18:
            self._send()

    def _send(self) -> None:
        self.upload.write(b"".join(self._waiting))
        self._waiting.clear()
        self._waiting_bytes = 0


def block_of(
    records: Sequence[str], outputs: Sequence[Json], written: Written
) -> Block:
    """What is written of children that succeeded: of their records, or outputs."""
    children = len(records) or len(outputs)
    texts = list(records)
    for output in outputs:
        if written.transformation == "FLATTEN" and isinstance(output, list):
            texts += map(json_text, output)
        else:
            texts.append(json_text(output))
    separator = "\n" if written.is_lines else ","
    data = _encode(separator.join(texts))
    sizes = list(map(len, texts))
    if len(data) != sum(sizes) + max(len(sizes) - 1, 0):  # not all of it is ASCII
        sizes = [len(_encode(text)) for text in texts]
    return Block(data, sizes, children)


def result_folder(prefix: str | None, map_run_arn: str) -> str:
    """The common beginning of all keys of one Map Run, without a slash at the end."""
    id = map_run_arn.rpartition(":")[2]
    prefix = (prefix or "").rstrip("/")
    return f"{prefix}/{id}" if prefix else id


def _transform(record: Json, how: str) -> Iterator[Json]:
    """What COMPACT and FLATTEN leave of a successful child; failed ones stay whole."""
    if how == "NONE":
        yield record
        return
    output = parse_json(record["Output"])
    if how == "FLATTEN" and isinstance(output, list):
        yield from output
    else:
        yield output


def _encode(text: str) -> bytes:
    # A lone surrogate is legal in JSON text but not in UTF-8.
    return text.encode("utf-8", "replace")
