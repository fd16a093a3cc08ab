"""Item readers: an object's bytes -> the items of a distributed Map.

In: the bytes of one object, the evaluated ReaderConfig.
Out: a list of items.
Never: opens a file (buckets.py).

Developer guide: "ItemReader (Map)"; reference 10 (10.4), whose recorded texts are used.
"""

from collections.abc import Callable, Mapping
from itertools import islice

from asl.errors import UsageError
from asl.values import Json, NotJson, parse_json

NOT_ITERABLE = "Attempting to map over non-iterable node."
DUPLICATE_HEADERS = "CSV headers cannot contain duplicates."
MAX_ITEMS = "field MaxItems must be positive"

DELIMITERS = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}


class ReadingFailed(Exception):
    """The items cannot be read: the cause of States.ItemReaderFailed."""


def check_config(config: Mapping[str, Json]) -> None:
    """UsageError for what is not read here, ReadingFailed for what AWS refuses."""
    limit = config.get("MaxItems")
    if limit is not None and limit < 0:
        raise ReadingFailed(MAX_ITEMS)
    for field, plain in (("Transformation", "NONE"), ("ManifestType", None)):
        if config.get(field) not in (None, plain):
            raise UsageError(
                f"an ItemReader with {field} {config[field]} is not read yet; give the "
                "Map its items as CSV, JSON, JSONL or by listObjectsV2"
            )


def read_items(data: bytes, config: Mapping[str, Json]) -> list[Json]:
    """The items in an object's bytes, at most MaxItems of them."""
    kind = config.get("InputType")
    if kind is None:
        raise ReadingFailed("The field 'InputType' is required")
    reader = _READERS.get(kind)
    if reader is None:
        raise UsageError(
            f"an ItemReader with InputType {kind} is not read yet; there are: "
            + ", ".join(_READERS)
        )
    return reader(data, config)


def first_items(items: list[Json], config: Mapping[str, Json]) -> list[Json]:
    """The first MaxItems items; none given or 0 means all, as recorded."""
    limit = config.get("MaxItems") or None
    return items if limit is None else items[:limit]


def read_csv(data: bytes, config: Mapping[str, Json]) -> list[Json]:
    """One object of texts for each row; empty lines are no rows."""
    import csv
    from io import StringIO

    named = config.get("CSVDelimiter", "COMMA")
    delimiter = DELIMITERS.get(named)
    if delimiter is None:
        raise ReadingFailed(f"Unknown CSVDelimiter: {named}")
    # newline="" leaves line ends inside quotes to the csv module.
    text = StringIO(_decode(data, "row"), newline="")
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    rows = (row for row in reader if row)
    items: list[Json] = []
    try:
        if config.get("CSVHeaderLocation") == "GIVEN":
            headers = config.get("CSVHeaders", [])
        else:
            headers = next(rows, [])
        if len(set(headers)) < len(headers):
            raise ReadingFailed(DUPLICATE_HEADERS)
        for row in islice(rows, config.get("MaxItems") or None):
            # Cells beyond the headers are dropped, missing ones are empty texts.
            missing = [""] * (len(headers) - len(row))
            items.append(dict(zip(headers, row + missing, strict=False)))
    except csv.Error as error:
        raise ReadingFailed(
            f"The CSV file cannot be parsed at row {reader.line_num}: {error}"
        ) from None
    return items


def read_json(data: bytes, config: Mapping[str, Json]) -> list[Json]:
    """The array that the file is, or that ItemsPointer points to in it."""
    try:
        value = parse_json(_decode(data, "line"))
    except NotJson as error:
        raise ReadingFailed(f"The JSON file cannot be parsed: {error}") from None
    pointer = config.get("ItemsPointer")
    if pointer:
        value = _resolve(value, pointer)
    if not isinstance(value, list):
        raise ReadingFailed(NOT_ITERABLE)
    return first_items(value, config)


def read_jsonl(data: bytes, config: Mapping[str, Json]) -> list[Json]:
    """One item for each line that is not empty."""
    items: list[Json] = []
    limit = config.get("MaxItems") or None
    # Only \n ends a line: str.splitlines would also break at signs inside JSON texts.
    for number, line in enumerate(_decode(data, "line").split("\n"), 1):
        if not line.strip():
            continue
        if len(items) == limit:
            break
        try:
            items.append(parse_json(line))
        except NotJson as error:
            raise ReadingFailed(
                f"The JSONL file cannot be parsed at line {number}: {error}"
            ) from None
    return items


_READERS: dict[str, Callable[[bytes, Mapping[str, Json]], list[Json]]] = {
    "CSV": read_csv,
    "JSON": read_json,
    "JSONL": read_jsonl,
}


def _decode(data: bytes, unit: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = data.count(b"\n", 0, error.start) + 1
        raise ReadingFailed(
            f"The file is not UTF-8 at {unit} {number}: {error.reason}"
        ) from None


def _resolve(value: Json, pointer: str) -> Json:
    """The value at a JSON Pointer (RFC 6901), or None where there is none."""
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            value = value.get(name)
        elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            return None
    return value
