"""Result writers: the results of a Map Run -> the files that AWS writes.

In: the records of the child executions by status, the WriterConfig.
Out: file names with their bytes, and the manifest's bytes.
Never: opens a file (buckets.py).

Developer guide: "ResultWriter (Map)"; reference 10 (10.4).
"""

from collections.abc import Mapping, Sequence

from asl.values import Json, json_text, parse_json

STATUSES = ("FAILED", "PENDING", "SUCCEEDED")
"""In the order of the manifest."""


def result_folder(prefix: str | None, map_run_arn: str) -> str:
    """The common beginning of all keys of one Map Run, without a slash at the end."""
    id = map_run_arn.rpartition(":")[2]
    prefix = (prefix or "").rstrip("/")
    return f"{prefix}/{id}" if prefix else id


def result_files(
    results: Mapping[str, Sequence[Json]], config: Mapping[str, Json]
) -> dict[str, dict[str, bytes]]:
    """For each status the files to write: name -> bytes; one file, or none."""
    is_lines = config.get("OutputType") == "JSONL"
    how = config.get("Transformation") or "NONE"
    files: dict[str, dict[str, bytes]] = {}
    for status in STATUSES:
        records = results.get(status) or ()
        values = _transform(records, how) if status == "SUCCEEDED" else list(records)
        # The name of a JSONL file is not recorded.
        name = f"{status}_0.{'jsonl' if is_lines else 'json'}"
        files[status] = {name: _spell(values, is_lines)} if records else {}
    return files


def manifest(
    bucket: str,
    map_run_arn: str,
    folder: str,
    files: Mapping[str, Mapping[str, bytes]],
) -> bytes:
    """The manifest: which files hold the results."""
    listed = {
        status: [
            {"Key": f"{folder}/{name}", "Size": len(data)}
            for name, data in files[status].items()
        ]
        for status in STATUSES
    }
    text = json_text(
        {
            "DestinationBucket": bucket,
            "MapRunArn": map_run_arn,
            "ResultFiles": listed,
        }
    )
    return _encode(text)


def _transform(records: Sequence[Json], how: str) -> list[Json]:
    """What COMPACT and FLATTEN leave of successful children; failed ones stay whole."""
    if how == "NONE":
        return list(records)
    outputs = [parse_json(record["Output"]) for record in records]
    if how == "COMPACT":
        return outputs
    return [
        item
        for output in outputs
        for item in (output if isinstance(output, list) else [output])
    ]


def _spell(values: list[Json], is_lines: bool) -> bytes:
    if is_lines:
        return _encode("".join(json_text(value) + "\n" for value in values))
    return _encode(json_text(values))


def _encode(text: str) -> bytes:
    # A lone surrogate is legal in JSON text but not in UTF-8.
    return text.encode("utf-8", "replace")
