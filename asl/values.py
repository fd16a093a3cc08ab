"""JSON values: their type, their text, their size, their copies.

In: values as `json.loads` gives them.
Out: text, sizes in bytes, private copies.
Never: changes a value in place; every value inside the project is immutable by rule.
"""

import json
import marshal
from collections.abc import Callable
from json import encoder
from typing import Any, TypeAlias

Json: TypeAlias = Any
"""None, bool, int, float, str, list of Json or dict from str to Json.

Any on purpose: a recursive union would ask for a narrowing at every step of a path.
"""

MAX_DEPTH = 500
"""Containers inside containers that we accept; Python's own recursion ends at 1,000."""


class NotJson(ValueError):
    """A value that JSON cannot hold; the text says which one and where."""


_encoder = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), allow_nan=False, check_circular=False
)
# Made once: JSONEncoder.encode would make one for each value.
_encode: Callable[[Json, int], tuple[str, ...]]
_encode = encoder.c_make_encoder(  # type: ignore[attr-defined] # typeshed leaves it out
    None,
    _encoder.default,
    encoder.encode_basestring,
    None,
    ":",
    ",",
    False,
    False,
    False,
)


def json_text(value: Json) -> str:
    """Compact JSON text, members in their own order: AWS's spelling of a value.

    Whole floats keep their point (`1.0`); NaN and infinity raise ValueError.
    """
    return "".join(_encode(value, 0))


quoted: Callable[[str], str] = encoder.encode_basestring
"""The JSON text of a text, several times cheaper than by `json_text`."""


def size_bytes(value: Json) -> int:
    """The exact size of a value's compact JSON text in UTF-8 bytes."""
    return len(json_text(value).encode("utf-8", "surrogatepass"))


def size_bound(value: Json) -> int:
    """An upper bound of `size_bytes`, far cheaper: no JSON text is made.

    marshal (format 2) spends at least a sixth of the bytes that JSON needs: the worst
    case is a control character, one byte there and six (`\\u0001`) in JSON.
    """
    try:
        return 6 * len(marshal.dumps(value, 2))
    except ValueError:  # nested deeper than marshal goes
        return size_bytes(value)


def copy_json(value: Json) -> Json:
    """A private deep copy of a value that is known to be JSON."""
    kind = type(value)
    if kind is dict:
        copy = value.copy()
        for key, item in copy.items():
            if type(item) in _CONTAINERS:
                copy[key] = copy_json(item)
        return copy
    if kind is list:
        copies = value.copy()
        for index, item in enumerate(copies):
            if type(item) in _CONTAINERS:
                copies[index] = copy_json(item)
        return copies
    return value


_CONTAINERS = frozenset((dict, list))
_SCALARS = frozenset((str, bool, type(None)))
_BIG = 10**4_300
"""More digits than Python writes as text: no JSON number for us."""
_SMALL = -_BIG

_Place: TypeAlias = tuple[Any, str | int] | None
"""Where a value stands: the place around it and the key or index there."""


def to_json(value: object, around: _Place = None, depth: int = 0) -> Json:
    """A checked private copy of anything a caller or a task hands in.

    Tuples become lists; subclasses of the JSON types become the plain types. Raises
    NotJson, naming the place, for anything else, for NaN and infinity, for keys that
    are no text, for cycles and for more than MAX_DEPTH levels.
    """
    # One frame a level, and no comprehensions (on Python 3.11 they take one too):
    # Python's own recursion ends at 1,000.
    if isinstance(value, dict):
        if depth >= MAX_DEPTH:
            raise _too_deep()
        copy: dict[str, Json] = {}
        for key, item in value.items():
            if type(key) is not str:
                key = _key_to_json(key, around)
            kind = type(item)
            if (
                kind is str
                or (kind is int and _SMALL < item < _BIG)
                or kind in _SCALARS
            ):
                copy[key] = item
            else:
                copy[key] = to_json(item, (around, key), depth + 1)
        return copy
    if isinstance(value, (list, tuple)):
        if depth >= MAX_DEPTH:
            raise _too_deep()
        copies = list(value)
        for index, item in enumerate(copies):
            kind = type(item)
            if not (
                kind is str
                or (kind is int and _SMALL < item < _BIG)
                or kind in _SCALARS
            ):
                copies[index] = to_json(item, (around, index), depth + 1)
        return copies
    if type(value) in _SCALARS:
        return value
    return _scalar_to_json(value, around)


def _too_deep() -> NotJson:
    return NotJson(f"the data is nested deeper than {MAX_DEPTH} levels (or in itself)")


def _key_to_json(key: object, around: _Place) -> str:
    if not isinstance(key, str):
        raise NotJson(f"the key {key!r} at {_place_text(around)} is not a text")
    return str.__str__(key)


def _place_text(place: _Place) -> str:
    """A place as a path: `$.items[3].name`."""
    steps: list[str] = []
    while place is not None:
        place, step = place
        steps.append(f".{step}" if isinstance(step, str) else f"[{step}]")
    return "$" + "".join(reversed(steps))


def _scalar_to_json(value: object, place: _Place) -> Json:
    if isinstance(value, float):
        number = float(value)
        if number != number or number in (_INFINITY, -_INFINITY):
            raise NotJson(f"{number!r} at {_place_text(place)} is not a JSON number")
        return number
    if isinstance(value, int):
        if _SMALL < value < _BIG:
            return int(value)
        where = _place_text(place)
        raise NotJson(f"the number at {where} has more than 4,300 digits")
    if isinstance(value, str):
        return str.__str__(value)
    where = _place_text(place)
    raise NotJson(f"{type(value).__name__} at {where} is not JSON: {_shorten(value)}")


_INFINITY = float("inf")


def _shorten(value: object) -> str:
    try:
        text = repr(value)
    except Exception:  # a foreign __repr__ may do anything
        return "(no repr)"
    return text if len(text) <= 80 else text[:77] + "..."


def parse_json(text: str) -> Json:
    """Read JSON text strictly: no NaN, no infinity, at most MAX_DEPTH levels.

    Raises NotJson with line and column.
    """
    try:
        if text.startswith("\ufeff"):
            raise json.JSONDecodeError("Unexpected UTF-8 byte order mark", text, 0)
        value = _decoder.decode(text)
    except json.JSONDecodeError as error:
        raise NotJson(
            f"not JSON: {error.msg} (line {error.lineno}, column {error.colno})"
        ) from None
    except RecursionError:
        raise NotJson(f"the data is nested deeper than {MAX_DEPTH} levels") from None
    except ValueError as error:  # a number too long for int()
        if isinstance(error, NotJson):
            raise
        raise NotJson("not JSON: a number has more than 4,300 digits") from None
    # Fewer brackets than levels: the value need not be walked through.
    many = text.count("[") + text.count("{") > MAX_DEPTH
    if many and depth_exceeds(value, MAX_DEPTH):
        raise NotJson(f"the data is nested deeper than {MAX_DEPTH} levels")
    return value


def scan_json(text: str, at: int = 0) -> tuple[Json, int]:
    """Read the value that begins at a place of a text: the value, where it ends.

    Strict as `parse_json`, but for levels; raises json.JSONDecodeError where the text
    is wrong or ends too early, NotJson for numbers that cannot be held.
    """
    try:
        return _scan(text, at)
    except StopIteration as stop:
        raise json.JSONDecodeError("Expecting value", text, stop.value) from None
    except RecursionError:
        raise NotJson(f"the data is nested deeper than {MAX_DEPTH} levels") from None
    except (json.JSONDecodeError, NotJson):
        raise
    except ValueError:  # a number too long for int()
        raise NotJson("a number has more than 4,300 digits") from None


def _parse_float(text: str) -> float:
    number = float(text)
    if number in (_INFINITY, -_INFINITY):
        raise NotJson(f"{text} is larger than any number that can be held")
    return number


def _refuse_constant(name: str) -> Json:
    raise NotJson(f"{name} is not JSON: only finite numbers are")


_decoder = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_parse_float)
# Made once: json.loads would make a decoder for each text.
_scan: Callable[[str, int], tuple[Json, int]]
_scan = _decoder.scan_once  # type: ignore[attr-defined] # typeshed leaves it out


def depth_exceeds(value: Json, limit: int) -> bool:
    """Whether containers are nested deeper than `limit`; needs no recursion."""
    level = [value] if type(value) in _CONTAINERS else []
    for _ in range(limit):
        if not level:
            return False
        level = [
            inner
            for item in level
            for inner in (item.values() if type(item) is dict else item)
            if type(inner) in _CONTAINERS
        ]
    return bool(level)
