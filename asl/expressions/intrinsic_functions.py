"""The 18 intrinsic functions, one Python function each, in one table.

In: the arguments as values; the Scope first for the two that need chance.
Out: a value, or Refused with AWS's sentence about what was wrong.
Never: chance or time of its own; changes a value it was given; knows how a call is
written (intrinsic_syntax.py) or how a failure is reported (intrinsics.py).

States Language specification: "Intrinsic Functions". Where recordings of AWS and its
documentation differ (rounding, equality, order), the recordings are followed.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from math import floor

from asl.expressions.jackson import jackson_complaint
from asl.expressions.java import JavaRandom, code_units, hash_set, to_string
from asl.expressions.scope import Scope
from asl.quotas import INTRINSIC_CHARS, PAYLOAD_BYTES
from asl.values import Json, NotJson, json_text, parse_json, size_bound, size_bytes

_INT_MIN, _INT_MAX = -(1 << 31), (1 << 31) - 1
_MOST_ELEMENTS = 1_000


class Refused(Exception):
    """A function cannot work with its arguments; the text is AWS's detail."""


def _invalid(name: str) -> Refused:
    return Refused(f"Invalid arguments in States.{name}")


def _array(value: Json, name: str) -> list[Json]:
    if type(value) is not list:
        raise _invalid(name)
    return value


def _text(value: Json, name: str) -> str:
    if type(value) is not str:
        raise _invalid(name)
    return value


def _short(value: str, name: str) -> str:
    """AWS counts as Java does: characters beyond the first plane are two."""
    if len(value) > INTRINSIC_CHARS or (
        not value.isascii() and len(code_units(value)) > 2 * INTRINSIC_CHARS
    ):
        raise _invalid(name)
    return value


def _whole(value: Json, name: str) -> int:
    """A 32-bit integer. Fractions are cut off: documented as rounding, recorded so."""
    if type(value) is float:
        value = int(value)
    if type(value) is not int or not _INT_MIN <= value <= _INT_MAX:
        raise _invalid(name)
    return value


# Strings


def format_text(template: Json, *arguments: Json) -> Json:
    """States.Format: each `{}` of the template replaced by the next argument."""
    pieces = _split(_text(template, "Format"), _RUNTIME_TEMPLATE)
    if len(arguments) != len(pieces) - 1:
        raise _invalid("Format")
    tail = zip(arguments, pieces[1:], strict=True)
    return pieces[0] + "".join(to_string(value) + piece for value, piece in tail)


_LITERAL_TEMPLATE = re.compile(r"\\(?P<escaped>.)|\{\}|[{}]|[^\\{}]+", re.DOTALL)
# Nobody unescaped a template that came by a path, but it may want to hold braces.
_RUNTIME_TEMPLATE = re.compile(r"\\(?P<escaped>[{}])|\{\}|[{}]|\\|[^\\{}]+")


def _split(template: str, tokens: re.Pattern[str]) -> list[str]:
    """The pieces between the placeholders; doubling a brace is no escape."""
    pieces = [""]
    for token in tokens.finditer(template):
        if token[0] == "{}":
            pieces.append("")
        elif token[0] == "{":
            raise Refused(_BRACES.format("'}'", "'{'"))
        elif token[0] == "}":
            raise Refused(_BRACES.format("'{'", "'}'"))
        else:
            pieces[-1] += token["escaped"] or token[0]
    return pieces


def split_literal(written: str) -> list[str]:
    """The pieces of a States.Format template as written between the quotes."""
    return _split(written, _LITERAL_TEMPLATE)


_BRACES = "Invalid template in States.Format: matching {} not found for {}."


def string_to_json(text: Json) -> Json:
    """States.StringToJson: the value a JSON text stands for; blank text is null."""
    if not _text(text, "StringToJson").strip(" \t\r\n"):
        return None
    try:
        return parse_json(text)
    except NotJson:
        raise Refused(
            "Cannot convert String to Json in States.StringToJson, caused by: "
            + jackson_complaint(text)
        ) from None


def json_to_string(*values: Json) -> Json:
    """States.JsonToString: the compact JSON text of its only argument."""
    if len(values) != 1:
        raise Refused(f"{_invalid('JsonToString')}: only a single argument is allowed.")
    return json_text(values[0])


def string_split(text: Json, delimiters: Json) -> Json:
    """States.StringSplit: every character of the second text splits; no empty parts."""
    _text(text, "StringSplit")
    if not _text(delimiters, "StringSplit"):
        return [text] if text else []
    first = delimiters[0]
    for other in delimiters[1:]:
        text = text.replace(other, first)
    return [part for part in text.split(first) if part]


# Arrays


def array(*values: Json) -> Json:
    """States.Array: its arguments as an array."""
    return list(values)


def array_partition(values: Json, size: Json) -> Json:
    """States.ArrayPartition: the array in chunks; the last may be shorter."""
    name = "ArrayPartition"
    items, step = _array(values, name), _whole(size, name)
    if step < 1:
        raise _invalid(name)
    chunks = [items[i : i + step] for i in range(0, len(items), step)]
    if size_bound(chunks) > PAYLOAD_BYTES and size_bytes(chunks) > PAYLOAD_BYTES:
        raise _invalid(name)
    return chunks


def array_contains(values: Json, sought: Json) -> Json:
    """States.ArrayContains: compared as texts, so 1 and "1" are the same (recorded)."""
    text = to_string(sought)
    return any(to_string(item) == text for item in _array(values, "ArrayContains"))


def array_range(first: Json, last: Json, step: Json) -> Json:
    """States.ArrayRange: from first to last, both included; at most 1,000 numbers."""
    name = "ArrayRange"
    start, end, by = _whole(first, name), _whole(last, name), _whole(step, name)
    if by == 0 or (end - start) // by >= _MOST_ELEMENTS:
        raise _invalid(name)
    return list(range(start, end + (1 if by > 0 else -1), by))


def array_get_item(values: Json, index: Json) -> Json:
    """States.ArrayGetItem: one element; an empty array gives null (recorded)."""
    name = "ArrayGetItem"
    items, place = _array(values, name), _whole(index, name)
    if not items:
        return None
    if not 0 <= place < len(items):
        raise _invalid(name)
    return items[place]


def array_length(values: Json) -> Json:
    """States.ArrayLength: the number of elements."""
    return len(_array(values, "ArrayLength"))


def array_unique(values: Json) -> Json:
    """States.ArrayUnique: equal elements once, in the order of a Java HashSet."""
    return hash_set(_array(values, "ArrayUnique"))


# Encoding and hashing


def base64_encode(text: Json) -> Json:
    """States.Base64Encode: the text's UTF-8 bytes in Base64."""
    from binascii import b2a_base64

    data = _short(_text(text, "Base64Encode"), "Base64Encode")
    return b2a_base64(_utf8(data), newline=False).decode("ascii")


def base64_decode(text: Json) -> Json:
    """States.Base64Decode: foreign characters are skipped, `=` ends the data."""
    from binascii import a2b_base64

    data = _short(_text(text, "Base64Decode"), "Base64Decode").partition("=")[0]
    digits = re.sub("[^A-Za-z0-9+/]", "", data.replace("-", "+").replace("_", "/"))
    if len(digits) % 4 == 1:  # six bits make no byte
        digits = digits[:-1]
    return a2b_base64(digits + "=" * (-len(digits) % 4)).decode("utf-8", "replace")


_ALGORITHMS = {
    "MD5": "md5",
    "SHA-1": "sha1",
    "SHA-256": "sha256",
    "SHA-384": "sha384",
    "SHA-512": "sha512",
}


def hash_text(data: Json, algorithm: Json) -> Json:
    """States.Hash: lower-case hexadecimal digest of a text's UTF-8 bytes."""
    import hashlib

    if data is None or type(algorithm) is not str or algorithm not in _ALGORITHMS:
        raise _invalid("Hash")
    # Numbers and objects are accepted too and hashed as Java prints them.
    data = _short(to_string(data), "Hash")
    digest = hashlib.new(_ALGORITHMS[algorithm], usedforsecurity=False)
    digest.update(_utf8(data))
    return digest.hexdigest()


def _utf8(text: str) -> bytes:
    """As Java encodes: half a surrogate pair becomes a question mark."""
    return text.encode("utf-8", "replace")


# Objects and numbers


def json_merge(first: Json, second: Json, deep: Json) -> Json:
    """States.JsonMerge: shallow; any third argument but true will do (recorded)."""
    if type(first) is not dict or type(second) is not dict or deep is True:
        raise _invalid("JsonMerge")
    return {**first, **second}


def math_random(scope: Scope, first: Json, end: Json, *seed: Json) -> Json:
    """States.MathRandom: a whole number from `first` up to, not including, `end`."""
    name = "MathRandom"
    start, stop = _whole(first, name), _whole(end, name)
    if start >= stop or (seed and type(seed[0]) not in (int, float)):
        raise _invalid(name)
    if seed:
        return JavaRandom(int(seed[0])).next_in(start, stop)
    return scope.random.randrange(start, stop)


def math_add(a: Json, b: Json) -> Json:
    """States.MathAdd: the sum of two 32-bit integers, halves rounded up first."""
    if type(a) is not int:
        a = _rounded(a)
    if type(b) is not int:
        b = _rounded(b)
    total = a + b
    if (
        _INT_MIN <= total <= _INT_MAX
        and _INT_MIN <= a <= _INT_MAX
        and _INT_MIN <= b <= _INT_MAX
    ):
        return total
    raise _invalid("MathAdd")


def _rounded(value: Json) -> int:
    """Java's Math.round: to the nearest, halves towards positive infinity."""
    if type(value) is not float:
        raise _invalid("MathAdd")
    below = floor(value)
    return below + 1 if value - below >= 0.5 else below


def uuid(scope: Scope, *_ignored: Json) -> Json:
    """States.UUID: a random UUID of version 4; arguments are ignored (recorded)."""
    bits = scope.random.getrandbits(128)
    bits = bits & ~(0xF << 76) | 4 << 76  # version 4
    bits = bits & ~(0x3 << 62) | 2 << 62  # variant of RFC 9562
    h = f"{bits:032x}"
    return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"


# The table


@dataclass(frozen=True, slots=True)
class Function:
    """A function, how many arguments it takes, and whether the Scope comes first."""

    call: Callable[..., Json]
    fewest: int
    most: int | None
    by_chance: bool = False


INTRINSICS: dict[str, Function] = {
    "States.Format": Function(format_text, 1, None),
    "States.StringToJson": Function(string_to_json, 1, 1),
    "States.JsonToString": Function(json_to_string, 0, None),
    "States.Array": Function(array, 0, None),
    "States.ArrayPartition": Function(array_partition, 2, 2),
    "States.ArrayContains": Function(array_contains, 2, 2),
    "States.ArrayRange": Function(array_range, 3, 3),
    "States.ArrayGetItem": Function(array_get_item, 2, 2),
    "States.ArrayLength": Function(array_length, 1, 1),
    "States.ArrayUnique": Function(array_unique, 1, 1),
    "States.Base64Encode": Function(base64_encode, 1, 1),
    "States.Base64Decode": Function(base64_decode, 1, 1),
    "States.Hash": Function(hash_text, 2, 2),
    "States.JsonMerge": Function(json_merge, 3, 3),
    "States.MathRandom": Function(math_random, 2, 3, by_chance=True),
    "States.MathAdd": Function(math_add, 2, 2),
    "States.StringSplit": Function(string_split, 2, 2),
    "States.UUID": Function(uuid, 0, None, by_chance=True),
}
"""The functions by name."""
