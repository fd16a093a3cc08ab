"""Parameters and results of boto3, as Step Functions spells them.

In: a Task's parameters or boto3's answer, and botocore's shape of it. Out: the other
spelling: parameters by the service's own names, results in PascalCase.
Never: calls anything.

Recorded: members that are texts or bytes take any JSON and get its text; null means
absent; dates in results are milliseconds since 1970 from optimized integrations, ISO
8601 from SDK integrations.
"""

import base64
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from asl.quotas import PAYLOAD_BYTES
from asl.values import Json, NotJson, json_text, parse_json

_READ = 4 * PAYLOAD_BYTES
"""As much of a stream is read; no result may be as large."""

_WHOLE = frozenset(("integer", "long"))
_BROKEN = frozenset(("float", "double"))


class ParameterReader:
    """Turns a Task's parameters into boto3's, and notes what no service would take."""

    def __init__(self) -> None:
        self.reasons: list[str] = []

    def read(self, shape: Any, value: Json, field: str = "Parameters") -> Any:
        """A value as boto3 takes it, by its shape."""
        kind = shape.type_name
        if kind == "structure":
            return self._structure(shape, value, field)
        if kind == "list" and isinstance(value, list):
            return [self.read(shape.member, item, field) for item in value]
        if kind == "map" and isinstance(value, dict):
            return {
                key: self.read(shape.value, item, key)
                for key, item in value.items()
                if item is not None
            }
        if kind in ("string", "character"):
            return value if isinstance(value, str) else json_text(value)
        if kind == "blob":
            text = value if isinstance(value, str) else json_text(value)
            return text.encode("utf-8", "surrogatepass")
        found = _scalar(kind, value)
        if found is None:
            self.reasons.append(
                f"The value of the field '{field}' has an invalid format"
            )
        return found

    def _refuse(self, field: str) -> None:
        self.reasons.append(f"The value of the field '{field}' has an invalid format")

    def _structure(self, shape: Any, value: Json, field: str) -> Any:
        if getattr(shape, "is_document_type", False):
            return value
        if not isinstance(value, dict):
            self.reasons.append(
                f"The value of the field '{field}' has an invalid format"
            )
            return None
        names = {name.casefold(): name for name in shape.members}
        found = {}
        for key, item in value.items():
            name = names.get(key.casefold())
            if name is None:
                self.reasons.append(f"The field '{key}' is not supported")
            elif item is not None:
                found[name] = self.read(shape.members[name], item, key)
        for name in shape.required_members:
            # What is missing is the service's to say, but a path needs all its parts.
            in_path = shape.members[name].serialization.get("location") == "uri"
            if in_path and found.get(name) in (None, ""):
                spelt = name[:1].upper() + name[1:]
                self.reasons.append(f"The field '{spelt}' is required but was missing")
        return found


def _scalar(kind: str, value: Json) -> Any:
    """A number, a truth value or a moment; None where it is none."""
    if kind == "boolean":
        words = {"true": True, "false": False}
        return value if isinstance(value, bool) else words.get(str(value).lower())
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    if kind == "timestamp":
        return _moment(value)
    try:
        number = float(value)
        if kind in _WHOLE:
            return int(value) if number.is_integer() else None
    except (ValueError, OverflowError):
        return None
    return number if kind in _BROKEN else None


def _moment(value: float | str) -> datetime | None:
    from botocore.utils import parse_timestamp

    try:
        found: datetime = parse_timestamp(value)
    except (ValueError, TypeError, OverflowError, RuntimeError, OSError):
        return None
    return found


def write_result(shape: Any, value: Any, *, is_sdk: bool) -> Json:
    """An answer as Step Functions gives it; streams are read."""
    kind = shape.type_name
    if kind == "structure" and not getattr(shape, "is_document_type", False):
        last = shape.serialization.get("payload")
        names = sorted(
            (name for name in shape.members if value.get(name) is not None),
            key=lambda name: (name == last, name),
        )
        return {
            name[:1].upper() + name[1:]: write_result(
                shape.members[name], value[name], is_sdk=is_sdk
            )
            for name in names
            if not getattr(shape.members[name], "is_eventstream", False)
        }
    if kind == "list":
        return [write_result(shape.member, item, is_sdk=is_sdk) for item in value]
    if kind == "map":
        return {
            key: write_result(shape.value, item, is_sdk=is_sdk)
            for key, item in value.items()
        }
    if isinstance(value, datetime):
        return _iso(value) if is_sdk else round(value.timestamp() * 1000)
    if kind == "blob":
        return _text(value)
    return value


def _iso(moment: datetime) -> str:
    moment = moment.astimezone(UTC)
    thousandths = f".{moment.microsecond // 1000:03d}" if moment.microsecond else ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}{thousandths}Z"


def _text(value: Any) -> str:
    """Bytes as text; what is no UTF-8 in base64."""
    content: bytes | str = value.read(_READ) if hasattr(value, "read") else value
    if isinstance(content, str):
        return content
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return base64.b64encode(content).decode("ascii")


def unfold(result: Mapping[str, Json], *members: str) -> dict[str, Json]:
    """A result with members that hold JSON's text as what the text says."""
    found = dict(result)
    for member in members:
        if isinstance(found.get(member), str):
            try:
                found[member] = parse_json(found[member])
            except NotJson:
                continue
    return found


_HEADERS = {
    "connection": "Connection",
    "content-length": "Content-Length",
    "content-type": "Content-Type",
    "date": "Date",
    "server": "Server",
    "x-amz-executed-version": "X-Amz-Executed-Version",
    "x-amzn-remapped-content-length": "x-amzn-Remapped-Content-Length",
    "x-amzn-requestid": "x-amzn-RequestId",
    "x-amzn-trace-id": "X-Amzn-Trace-Id",
}
"""Headers as services spell them; botocore gives them in small letters."""


def sdk_metadata(answer: Mapping[str, Any]) -> dict[str, Json]:
    """What results of optimized integrations tell of the HTTP response."""
    told = answer.get("ResponseMetadata", {})
    headers = {
        _HEADERS.get(name, name): str(text)
        for name, text in sorted(told.get("HTTPHeaders", {}).items())
    }
    return {
        "SdkHttpMetadata": {
            "AllHttpHeaders": {name: [text] for name, text in headers.items()},
            "HttpHeaders": headers,
            "HttpStatusCode": told.get("HTTPStatusCode", 200),
        },
        "SdkResponseMetadata": {"RequestId": told.get("RequestId", "")},
    }


def java_name(text: str) -> str:
    """A name as the SDK for Java 2 makes it of a service's id: DynamoDB, DynamoDb."""
    text = re.sub(r"[^A-Za-z0-9]+", " ", text)
    text = re.sub(r"([^a-z]{2,})v([0-9]+)", r"\1 v\2 ", text)
    text = re.sub(r"([^A-Z]{2,})V([0-9]+)", r"\1 V\2 ", text)
    text = re.sub(r"(?<=[a-z])(?=[A-Z][a-zA-Z0-9])", " ", text)
    text = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1 \2", text)
    text = re.sub(r"([0-9])([a-zA-Z])", r"\1 \2", text)
    return "".join(word.capitalize() for word in text.split())
