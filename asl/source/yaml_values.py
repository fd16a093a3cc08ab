"""What YAML's scalars and tags mean in JSON.

In: a plain scalar's text, a tag, the parts of a tagged list. Out: JSON values.
Never: knows a place or a Document; yaml_text.py does.

YAML 1.2.2, section 10.3 (core schema); CloudFormation's !Sub, !Ref and !GetAtt.
"""

import re
from math import isinf

from asl.source.substitution import fill
from asl.values import Json

STANDARD = "tag:yaml.org,2002:"

CLOUDFORMATION = {"!Sub": "{}", "!Ref": "${{{}}}", "!GetAtt": "${{{}}}"}

PLAIN_COLLECTIONS = (None, "!", STANDARD + "map", STANDARD + "seq")

KINDS: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "null": (type(None),),
}

_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_WHOLE = re.compile(r"[-+]?[0-9]+")
_PREFIXED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_DECIMAL = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_INFINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")


def spell_tag(tag: str | None) -> str:
    """A tag as people write it."""
    return str(tag).replace(STANDARD, "!!")


class NotFinite(ValueError):
    """A number that JSON cannot hold."""


def read_plain(text: str) -> Json:
    """A plain scalar by the core schema; NotFinite for what JSON has no number for."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789":
        return text
    try:
        if _WHOLE.fullmatch(text):
            return int(text)
        if _PREFIXED.fullmatch(text):
            return int(text, 0)
        number = float(text) if _DECIMAL.fullmatch(text) else None
    except ValueError:  # more digits than int() takes
        number = float("inf")
    if number is not None and not isinf(number):
        return number
    if number is None and not _INFINITE.fullmatch(text):
        return text
    shown = text if len(text) <= 40 else text[:37] + "..."
    raise NotFinite(
        f"{shown} is not a number of JSON: only finite ones up to 1.8e308 are"
    )


def join_parts(tag: str, parts: list[Json]) -> str | None:
    """`!GetAtt [A, B]` and `!Sub [text, {name: text}]` as one text."""
    if tag == "!GetAtt":
        texts = [part for part in parts if type(part) is str]
        return f"${{{'.'.join(texts)}}}" if parts and texts == parts else None
    if len(parts) != 2 or type(parts[0]) is not str or type(parts[1]) is not dict:
        return None
    names = {key: item for key, item in parts[1].items() if type(item) is str}
    return fill(parts[0], names)
