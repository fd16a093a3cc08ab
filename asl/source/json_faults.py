"""What is no JSON: why a text cannot be read, in our own sentences.

In: a text, and where the scanner of json_text.py stopped. Out: a JsonFault.
Never: scans; it looks at the one place that it is shown.

RFC 8259.
"""

import json
import re
from math import inf

from asl.values import MAX_DEPTH


class JsonFault(Exception):
    """Why and where a text is not JSON."""

    def __init__(
        self,
        start: int,
        message: str,
        suggestion: str | None = None,
        *,
        end: int | None = None,
        code: str = "ASL003",
        aws_code: str | None = "INVALID_JSON_DESCRIPTION",
    ) -> None:
        super().__init__(message)
        self.start = start
        self.end = start + 1 if end is None else end
        self.message = message
        self.suggestion = suggestion
        self.code = code
        self.aws_code = aws_code


def too_deep(position: int) -> JsonFault:
    """Nested deeper than we accept; Python's own stack ends not far beyond."""
    return JsonFault(
        position,
        f"the JSON is nested deeper than {MAX_DEPTH} levels",
        code="ASL007",
        aws_code="TOO_DEEPLY_NESTED",
    )


STRING_START = re.compile(
    r'"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*'
)
"""A text in quotes, without the quote that ends it."""

_FOREIGN = (
    (
        r"//|/\*|#",
        "a comment (JSON has none)",
        "move it into a Comment field, or write YAML",
    ),
    (
        "['\u2018\u2019\u201c\u201d\u201e]",
        "the quote {} is not JSON's",
        "texts stand in straight double quotes",
    ),
    (
        r"[-+]?(?:NaN|Infinity|inf|nan)\b",
        "{} is not JSON: only finite numbers are",
        "write a number, a text or null",
    ),
    (
        r"(?i:true|false|null)\b",
        "{} is not JSON",
        "JSON writes true, false and null in small letters",
    ),
    (
        r"\$\{[^}]*\}",
        "the placeholder {} outside a text",
        "put it in double quotes",
    ),
    (
        r"[-+.]?[0-9][\w.+-]*|-",
        "{} is no JSON number",
        "write it like 10, -1.5 or 2e3, without leading zeros",
    ),
    (
        r"\w+",
        "the bare word {}",
        "texts and keys stand in double quotes; a YAML file is named .yaml",
    ),
)
"""What other languages allow: how it looks, what to say, what to do."""


def unreadable(text: str, start: int) -> JsonFault:
    """Why no token of JSON begins here."""
    rest = text[start : start + 80]
    if rest[0] == '"':
        return _bad_string(text, start)
    for pattern, message, suggestion in _FOREIGN:
        if found := re.match(pattern, rest):
            word = shorten(found[0])
            end = start + len(found[0])
            code = "ASL008" if "finite" in message else "ASL003"
            return JsonFault(
                start, message.format(word), suggestion, end=end, code=code
            )
    from unicodedata import name

    label = f"U+{ord(rest[0]):04X} {name(rest[0], '')}".strip()
    return JsonFault(start, f"unexpected character {rest[0]!a} ({label})")


def _bad_string(text: str, start: int) -> JsonFault:
    """A text in quotes that breaks off: where, and why."""
    found = STRING_START.match(text, start)
    end = found.end() if found else start + 1
    if end >= len(text):
        return JsonFault(start, "a text that begins here never ends", "close its quote")
    if text[end] == "\\":
        escaped = text[end : end + 2]
        return JsonFault(
            end,
            f"{escaped} is no escape of JSON",
            "write \\\\ for a backslash",
            end=end + 2,
        )
    if text[end] in "\r\n":
        return JsonFault(
            end,
            "a line ends inside a text",
            "close the quote, or write \\n for a line break",
            end=end,
        )
    escaped = json.dumps(text[end])[1:-1]
    return JsonFault(end, "a control character inside a text", f"write {escaped}")


def check_number(text: str, start: int, end: int) -> None:
    """Refuse what Python cannot hold: 1e999, whole numbers of thousands of digits."""
    try:
        number = json.loads(text[start:end])
    except ValueError:  # more digits than int() takes
        number = inf
    if number in (inf, -inf):
        raise JsonFault(
            start,
            f"the number {shorten(text[start:end])} is too large",
            "numbers reach to about 1.8e308",
            end=end,
            code="ASL008",
            aws_code=None,
        )


def shorten(token: str) -> str:
    """A token as a sentence can hold it."""
    if token in ",:[{":
        return repr(token)
    return token if len(token) <= 40 else token[:37] + "..."
