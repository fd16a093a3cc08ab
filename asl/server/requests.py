"""Requests held against the service's model, before an operation sees them.

In: an operation's name and its request. Out: nothing, or ApiError as AWS's servers
word it: all that a value's constraints have to say, in one message.
Never: looks at what an operation means; members that the model does not have are left
alone, as AWS does, and a member that is null counts as absent.

Recorded; what is sensitive to AWS (definitions, inputs, causes) is not quoted.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache

from asl.errors import ApiError
from asl.server.request_shapes import Shapes, find_input
from asl.values import Json

_ORDERS = {
    frozenset(
        ("RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "PENDING_REDRIVE")
    ): "SUCCEEDED, TIMED_OUT, PENDING_REDRIVE, ABORTED, FAILED, RUNNING"
}
"""Sets of words that AWS lists in another order than its model (recorded)."""

_JAVA = {"string": "String", "boolean": "Boolean", "integer": "Integer", "long": "Long"}
_INTEGERS = {"integer": 2**31, "long": 2**63}
_MOST_TOLD = 20
"""Complaints in one message; a request could hold a million wrong entries."""


def check_request(action: str, request: Json) -> None:
    """Refuse a request that the model does not allow."""
    found = find_input(action)
    if found is None:
        return
    shape, shapes = found
    _check_type(shape, shapes, request)
    complaints: list[str] = []
    for complaint in _complaints(shape, shapes, request, ""):
        complaints.append(complaint)
        if len(complaints) == _MOST_TOLD:
            break
    if complaints:
        raise refuse(*complaints)


def refuse(*complaints: str) -> ApiError:
    """A ValidationException that counts and lists what is wrong."""
    count = len(complaints)
    head = f"{count} validation error{'s' * (count > 1)} detected: "
    return ApiError("ValidationException", head + "; ".join(complaints))


# --- types: what cannot be read as the model's type is no request at all


def _check_type(shape: Mapping[str, Json], shapes: Shapes, value: Json) -> None:
    kind = shape["type"]
    if value is None:
        return
    if kind == "structure":
        if not isinstance(value, dict):
            raise _unreadable("Start of structure or map found where not expected.")
        for name, member in shape["members"].items():
            _check_type(shapes[member["shape"]], shapes, value.get(name))
    elif kind == "list":
        if not isinstance(value, list):
            raise _unreadable("Expected list or null")
        for item in value:
            _check_type(shapes[shape["member"]["shape"]], shapes, item)
    elif not _is_of(kind, value):
        raise _unreadable(f"{_token(value)} can not be converted to {_article(kind)}")


def _is_of(kind: str, value: Json) -> bool:
    if kind == "string":
        return isinstance(value, str)
    if kind == "boolean":
        return isinstance(value, bool)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    if kind in _INTEGERS:
        return isinstance(value, int) and -_INTEGERS[kind] <= value < _INTEGERS[kind]
    return True


def _token(value: Json) -> str:
    """What a JSON reader calls a value."""
    if isinstance(value, bool):
        return f"{str(value).upper()}_VALUE"
    if isinstance(value, (int, float)):
        return "NUMBER_VALUE"
    if isinstance(value, str):
        return "STRING_VALUE"
    return "START_ARRAY" if isinstance(value, list) else "START_OBJECT"


def _article(kind: str) -> str:
    name = _JAVA.get(kind, kind.capitalize())
    return f"an {name}" if name[0] in "AEIOU" else f"a {name}"


def _unreadable(message: str) -> ApiError:
    return ApiError("SerializationException", message)


# --- constraints


def _complaints(
    shape: Mapping[str, Json], shapes: Shapes, value: Json, path: str
) -> Iterator[str]:
    """What a value's constraints say, those of its parts after its own."""
    kind = shape["type"]
    for constraint in _broken(shape, value):
        yield _sentence(shape, shapes, value, path, constraint)
    if kind == "structure":
        for name, member in shape["members"].items():
            place = f"{path}.{name}" if path else name
            inner = shapes[member["shape"]]
            if value.get(name) is not None:
                yield from _complaints(inner, shapes, value[name], place)
            elif name in shape.get("required", ()):
                must = "Member must not be null"
                yield _sentence(inner, shapes, None, place, must)
    elif kind == "list":
        inner = shapes[shape["member"]["shape"]]
        for number, item in enumerate(value, start=1):
            place = f"{path}.{number}.member"
            if item is None:
                must = "Member must not be null"
                yield _sentence(inner, shapes, None, place, must)
            else:
                yield from _complaints(inner, shapes, item, place)


def _broken(shape: Mapping[str, Json], value: Json) -> Iterator[str]:
    """The constraints of a shape's own that a value does not satisfy."""
    kind = shape["type"]
    if kind in ("string", "list"):
        what, measure = "length", len(value)
        if kind == "string" and not value.isascii():
            measure = len(value.encode("utf-16-le", "surrogatepass")) // 2  # as Java
    elif kind in ("integer", "long", "float", "double"):
        what, measure = "value", value
    else:
        return
    if measure < shape.get("min", measure):
        yield f"Member must have {what} greater than or equal to {shape['min']}"
    if measure > shape.get("max", measure):
        yield f"Member must have {what} less than or equal to {shape['max']}"
    if kind == "string" and "pattern" in shape and not _matches(shape, value):
        yield f"Member must satisfy regular expression pattern: {shape['pattern']}"
    if kind == "string" and "enum" in shape and value not in shape["enum"]:
        words = _ORDERS.get(frozenset(shape["enum"]), ", ".join(shape["enum"]))
        yield f"Member must satisfy enum value set: [{words}]"


def _matches(shape: Mapping[str, Json], value: str) -> bool:
    pattern = _compiled(shape["pattern"])
    return pattern is None or pattern.fullmatch(value) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """A Java pattern as Python's, or None where Python has no such pattern."""
    try:
        return re.compile(pattern.replace(r"\p{ASCII}", r"[\x00-\x7f]"))
    except re.error:
        return None


def _sentence(
    shape: Mapping[str, Json], shapes: Shapes, value: Json, path: str, constraint: str
) -> str:
    shown = "Value"
    if value is None:
        shown += " null"
    elif not shape.get("sensitive"):
        shown += f" '{_java(shape, shapes, value)}'"
    return f"{shown} at '{path}' failed to satisfy constraint: {constraint}"


def _java(
    shape: Mapping[str, Json], shapes: Shapes, value: Json, name: str = ""
) -> str:
    """A value as Java prints it; a structure needs its name."""
    if shape["type"] == "list":
        inner = shape["member"]["shape"]
        items = [_java(shapes[inner], shapes, item, inner) for item in value]
        return f"[{', '.join(items)}]"
    if shape["type"] == "structure":
        members = ", ".join(
            f"{key}={_java(shapes[part['shape']], shapes, value[key], part['shape'])}"
            for key, part in shape["members"].items()
            if value.get(key) is not None
        )
        return f"{name}({members})"
    return str(value).lower() if isinstance(value, bool) else str(value)
