"""Java's habits that reach a user's data: AWS's interpreter is a Java program.

In: JSON values, member names, seeds.
Out: hash codes, the iteration order of a HashMap and a HashSet, `toString` texts and
java.util.Random, each as its public documentation defines it.
Never: chance of its own; a JavaRandom is a function of its seed.

Java SE API: String.hashCode, List.hashCode, Map.hashCode, Double.toString, HashMap
(16 buckets, doubled above three quarters), Random (48-bit linear congruence).
"""

import json
import struct
from collections.abc import Iterable, Sequence

from asl.values import Json

_INT = 0xFFFF_FFFF
_LONG = 0xFFFF_FFFF_FFFF_FFFF


def code_units(text: str) -> bytes:
    """The text as Java holds it: UTF-16; its byte order is String.compareTo's."""
    return text.encode("utf-16-be", "surrogatepass")


def string_hash(text: str) -> int:
    """String.hashCode: h = 31·h + unit over the UTF-16 code units, as a signed int."""
    h = 0
    if text.isascii():
        for unit in text.encode("ascii"):
            h = (31 * h + unit) & _INT
    else:
        units = code_units(text)
        for high, low in zip(units[::2], units[1::2], strict=True):
            h = (31 * h + (high << 8 | low)) & _INT
    return _signed(h)


def hash_code(value: Json) -> int:
    """What hashCode gives for a JSON value held as plain Java objects."""
    if value is None:
        return 0
    if isinstance(value, str):
        return string_hash(value)
    if isinstance(value, bool):
        return 1231 if value else 1237
    if isinstance(value, int):
        return _integer_hash(value)
    if isinstance(value, float):
        bits: int = struct.unpack(">Q", struct.pack(">d", value))[0]
        return _signed((bits ^ bits >> 32) & _INT)
    h = 0
    if isinstance(value, list):
        h = 1
        for item in value:
            h = (31 * h + hash_code(item)) & _INT
    else:
        for key, item in value.items():
            h = (h + (string_hash(key) ^ hash_code(item))) & _INT
    return _signed(h)


def _integer_hash(value: int) -> int:
    """Integer, Long or BigInteger: the smallest that holds the value."""
    if -(1 << 31) <= value < 1 << 31:
        return value
    if -(1 << 63) <= value < 1 << 63:
        bits = value & _LONG
        return _signed((bits ^ bits >> 32) & _INT)
    rest, words = abs(value), []
    while rest:
        words.append(rest & _INT)
        rest >>= 32
    h = 0
    for word in reversed(words):
        h = (31 * h + word) & _INT
    return _signed((h if value > 0 else -h) & _INT)


def identity(value: Json) -> str:
    """A text that is equal exactly where Java's equals says so for two JSON values.

    1, 1.0, true and "1" all differ; the order of an object's members does not matter.
    """
    return _sorted_text(value)


_sorted_text = json.JSONEncoder(sort_keys=True, check_circular=False).encode


def hash_map_order(names: Iterable[str]) -> list[str]:
    """The order in which a HashMap filled with these names gives them back."""
    distinct = list(dict.fromkeys(names))
    return _bucket_order(distinct, [string_hash(name) for name in distinct])


def hash_set(values: Iterable[Json]) -> list[Json]:
    """The distinct values in the order of a HashSet; the first of equals is kept."""
    first: dict[str, Json] = {}
    for value in values:
        first.setdefault(identity(value), value)
    distinct = list(first.values())
    return _bucket_order(distinct, [hash_code(value) for value in distinct])


def _bucket_order(items: Sequence[Json], hashes: Sequence[int]) -> list[Json]:
    """Items by bucket, first come first in each.

    Java also turns a bucket of more than eight into a tree; the order of so many
    colliding hashes is not followed here.
    """
    buckets = 16
    while len(items) > buckets * 3 // 4:
        buckets *= 2

    def bucket(place: int) -> int:
        h = hashes[place] & _INT
        return (h ^ h >> 16) & (buckets - 1)

    return [items[place] for place in sorted(range(len(items)), key=bucket)]


def to_string(value: Json) -> str:
    """What toString gives: `{a=1, b=[x, y]}` without quotes, null as `null`."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return double_text(value)
    if isinstance(value, list):
        return "[" + ", ".join(map(to_string, value)) + "]"
    members = []  # a loop, no comprehension: one frame a level
    for key, item in value.items():
        members.append(f"{key}={to_string(item)}")
    return "{" + ", ".join(members) + "}"


def double_text(value: float) -> str:
    """Double.toString: plain from a thousandth to ten million, else `1.0E10`."""
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value)
    # Java and repr choose the same shortest digits; only the spelling differs.
    mantissa, _, exponent = repr(value).partition("e")
    sign = "-" if mantissa.startswith("-") else ""
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    digits = (whole + fraction).lstrip("0")
    if whole.strip("0"):
        power = len(whole) - 1
    else:
        power = len(fraction.lstrip("0")) - len(fraction) - 1
    power += int(exponent or 0)
    return f"{sign}{digits[0]}.{digits[1:].rstrip('0') or '0'}E{power}"


def _signed(word: int) -> int:
    return word - (1 << 32) if word & 0x8000_0000 else word


class JavaRandom:
    """java.util.Random: the same seed gives the same numbers as on AWS."""

    __slots__ = ("_state",)

    def __init__(self, seed: int) -> None:
        self._state = (seed ^ 0x5_DEEC_E66D) & ((1 << 48) - 1)

    def _next(self, bits: int) -> int:
        self._state = (self._state * 0x5_DEEC_E66D + 0xB) & ((1 << 48) - 1)
        return self._state >> (48 - bits)

    def next_int(self, bound: int) -> int:
        """A number from 0 up to, not including, `bound` (at most 2^31 - 1)."""
        if not 0 < bound < 1 << 31:
            raise ValueError(f"bound must be from 1 to 2^31 - 1, not {bound}")
        if bound & (bound - 1) == 0:
            return bound * self._next(31) >> 31
        while True:
            bits = self._next(31)
            value = bits % bound
            # In Java this sum overflows an int for the incomplete last stretch.
            if bits - value + bound - 1 < 1 << 31:
                return value

    def next_in(self, first: int, end: int) -> int:
        """A number from `first` up to, not including, `end`, both 32-bit ints.

        A span too wide for `next_int` is drawn as Random.ints(first, end) draws it.
        """
        if end - first < 1 << 31:
            return first + self.next_int(end - first)
        while True:
            value = _signed(self._next(32))
            if first <= value < end:
                return value

    def next_double(self) -> float:
        """A number from 0 up to, not including, 1, from 53 bits."""
        return ((self._next(26) << 27) + self._next(27)) * 2.0**-53
