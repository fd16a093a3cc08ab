"""The functions AWS added to JSONata: $partition $range $hash $random $uuid $parse.

In: arguments as the engine hands them over: None is an undefined one, the signatures
keep null out.
Out: a JSON value, None for undefined, or Refused with JSONata's code and AWS's text.
Never: draws chance; it comes from the engine's own `$random`, which jsonata.py seeds.

Developer guide: "Transforming data with JSONata", AWS's own functions.
"""

from collections.abc import Callable

from asl.expressions.java import JavaRandom
from asl.values import Json, NotJson, parse_json

MAX_ITEMS = 1_000_000
"""Items of one array on the way to a result."""


class Refused(Exception):
    """A function's failure, with JSONata's error code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def partition(array: Json, size: float | None) -> Json:
    """$partition: the array in pieces of `size` items, or in one piece without it."""
    if not isinstance(array, list):
        message = 'Argument 1 of function "partition" must be an array of undefined'
        raise Refused("T0412", message)  # AWS's text, its "undefined" too
    if size is None:
        return [array]
    if size < 0:
        raise Refused("D3137", "Second argument must be zero or greater")
    step = int(size)
    return [array[i : i + step] for i in range(0, len(array), step)] if step else None


def number_range(first: float | None, last: float | None, step: float | None) -> Json:
    """$range: the numbers from first to last, both included."""
    if first is None or last is None or step is None or int(step) == 0:
        return None
    start, stride = int(first), int(step)
    count = (int(last) - start) // stride + 1
    if count > MAX_ITEMS:
        message = f"An array would exceed the size limit of {MAX_ITEMS} items"
        raise Refused("U1001", message)
    numbers = [start + stride * i for i in range(count)]
    # A sequence, not an array: one item stands for itself, none is undefined.
    return numbers if count > 1 else next(iter(numbers), None)


_HASHES = {
    "SHA-1": "sha1",
    "SHA-384": "sha384",
    "SHA-256": "sha256",
    "SHA-512": "sha512",
    "MD5": "md5",
}


def digest(data: str | None, algorithm: str | None) -> Json:
    """$hash: the digest of the text's UTF-8 bytes in lower-case hexadecimal digits."""
    import hashlib  # 3 ms: OpenSSL

    if data is None or algorithm is None:
        return None
    if algorithm not in _HASHES:
        known = ", ".join(_HASHES)
        message = f"Hash algorithm '{algorithm}' must be one of {known}"
        raise Refused("D3137", message)
    return hashlib.new(
        _HASHES[algorithm], data.encode("utf-8", "replace"), usedforsecurity=False
    ).hexdigest()


def parse(text: str | None) -> Json:
    """$parse: the JSON value in a box, because a bare None would be undefined."""
    if text is None:
        return None
    try:
        return {"value": parse_json(text)}
    except NotJson:
        raise Refused("D3137", "Invalid JSON") from None


def seeded_random(seed: float) -> Json:
    """$random(seed): the first double of a java.util.Random."""
    return JavaRandom(int(seed)).next_double()


def uuid(*draws: float) -> Json:
    """$uuid: a UUID of version 4 made of three numbers from 0 to 1."""
    bits = 0
    for draw in draws:
        bits = bits << 48 | int(draw * (1 << 48))
    bits = bits & ~(0xF << 76) | 4 << 76  # version 4
    bits = bits & ~(0x3 << 62) | 2 << 62  # variant of RFC 9562
    h = f"{bits & (1 << 128) - 1:032x}"
    return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"


CAPTURE_RANDOM = "$_draw := $random; "
"""Goes before the definitions that need chance: JSONata's own $random, kept."""

FUNCTIONS: dict[str, tuple[str, Callable[..., Json]]] = {
    "partition": (
        "function($a, $n)<xn?:x> {$exists($a) ? $_partition($a, $n)}",
        partition,
    ),
    "range": ("function($f, $l, $s)<nnn?:x> {$_range($f, $l, $s)}", number_range),
    "hash": ("function($d, $a)<ss:s> {$_hash($d, $a)}", digest),
    "parse": ("function($s)<s?:x> {$_parse($s).value}", parse),
    "random": (
        "function($s)<n?:n> {$exists($s) ? $_random($s) : $_draw()}",
        seeded_random,
    ),
    "uuid": ("function()<:s> {$_uuid($_draw(), $_draw(), $_draw())}", uuid),
}
"""Name -> its definition in JSONata, where `$_name` is the Python function beside it.

JSONata's own signatures check the arguments, which gives AWS's T0410 texts; and only a
JSONata function can be hidden by a variable of the same name or handed to $map.
"""

CHANCE = frozenset(("random", "shuffle", "uuid"))
"""The functions that depend on the seed."""

CLOCK = frozenset(("now", "millis", "toMillis"))
"""The functions that depend on the moment; $toMillis for a time without a date."""
