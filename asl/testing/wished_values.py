"""Wished values: what makes one comparison of a Choice hold, and what makes it fail.

In: a choice rule or a JSONata condition; the text of a field. Out: Atoms: the places
that are compared, with a value for each that makes the comparison hold and one that
makes it fail; kinds of value that functions need.
Never: follows a place to where it comes from (wishes.py does). Values are found by
trying them with the operators themselves. Conditions in JSONata are read by their
text: comparisons of a chain of names with a literal or another chain.

States Language specification: "Choice State".
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum

from asl.expressions.comparison import (
    OPERATORS,
    compile_operator,
    parse_timestamp,
)
from asl.expressions.intrinsic_syntax import Call, PathArgument, parse_intrinsic
from asl.expressions.jsonata import is_jsonata
from asl.expressions.scope import SyntaxProblem
from asl.runtime.lookup import Reference, references
from asl.values import Json, parse_json


class Presence(Enum):
    """What IsPresent asks for: no value, or any."""

    ABSENT = "absent"
    PRESENT = "present"


ABSENT, PRESENT = Presence.ABSENT, Presence.PRESENT

_MOMENT = "2026-01-01T00:00:00Z"
_ANY: tuple[Json, ...] = ("text", 1, True, None, _MOMENT)
_PAIRS: dict[str, tuple[Json, Json]] = {
    "Numeric": (1, 2),
    "String": ("a", "b"),
    "Timestamp": (_MOMENT, "2026-01-02T00:00:00Z"),
    "Boolean": (False, True),
}


@dataclass(frozen=True, slots=True)
class Atom:
    """One comparison: what it reads, with values that let it hold, and fail."""

    reads: tuple[Reference, ...]
    holding: tuple[Json, ...]
    failing: tuple[Json, ...]


def atoms_of(rule: Json) -> Iterator[Atom]:
    """The comparisons of a JSONPath rule, those inside And, Or and Not too."""
    if not isinstance(rule, dict):
        return
    for word in ("And", "Or", "Not"):
        parts = rule.get(word, [])
        for part in parts if isinstance(parts, list) else [parts]:
            yield from atoms_of(part)
    name = next((name for name in rule if name in OPERATORS), None)
    variable = references(rule.get("Variable", ""), jsonata=False)
    if name is None or len(variable) != 1:
        return
    operator, operand = OPERATORS[name], rule[name]
    if name == "IsPresent":
        both = ((PRESENT,), (ABSENT,))
        holding, failing = both if operand else both[::-1]
        yield Atom((variable[0],), holding, failing)
        return
    if operator.is_path:
        other = references(operand, jsonata=False)
        low, high = _PAIRS[operator.family]
        pairs = [(low, high), (high, low), (low, low), (high, high)]
        held = _split(pairs, [operator.test(a, b) for a, b in pairs])
        if held is not None and len(other) == 1:
            yield Atom((variable[0], other[0]), *held)
        return
    values = _candidates(operator.family, operand)
    check = compile_operator(name, operand)
    found = _split([(value,) for value in values], [check(value) for value in values])
    if found is not None:
        yield Atom((variable[0],), *found)


def _split(
    values: Sequence[tuple[Json, ...]], truths: Sequence[bool]
) -> tuple[tuple[Json, ...], tuple[Json, ...]] | None:
    """The first values that hold, and the first that do not."""
    holding = next((v for v, t in zip(values, truths, strict=True) if t), None)
    failing = next((v for v, t in zip(values, truths, strict=True) if not t), None)
    if holding is None or failing is None:
        return None
    return holding, failing


def _candidates(family: str, operand: Json) -> list[Json]:
    """Values near an operand: itself, a little less, a little more."""
    if family == "Is":
        return list(_ANY)
    if isinstance(operand, bool):
        return [operand, not operand]
    if isinstance(operand, (int, float)):
        return [operand, operand - 1, operand + 1]
    if family == "Timestamp":
        return [operand, *_moments(operand)]
    if family == "Matches":
        plain = re.sub(r"\\(.)", r"\1", operand.replace(r"\*", "\0"))
        return [plain.replace("*", x).replace("\0", "*") for x in ("x", "")] + ["~", ""]
    text = str(operand)
    return [text, text + "x", text[:-1], ""]


def _moments(operand: Json) -> list[Json]:
    instant = parse_timestamp(operand)
    if instant is None:
        return [_MOMENT]
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=instant // 10**9)
    near = (moment - timedelta(seconds=1), moment + timedelta(seconds=1))
    return [f"{m:%Y-%m-%dT%H:%M:%S}Z" for m in near]


# ---------------------------------------------------------------------------- JSONata

_CHAIN = r"\$[^\W\d]\w*(?:\.(?:[^\W\d]\w*|`[^`]*`)|\[\d+\])*"
_LITERAL = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|true|false|null"""
_COMPARED = re.compile(
    rf"(?P<left>{_CHAIN}|{_LITERAL})\s*(?P<sign>!=|<=|>=|=|<|>|\bin\b)\s*"
    rf"(?P<right>{_CHAIN}|{_LITERAL}|\[[^\[\]]*\])"
    rf"|\$exists\(\s*(?P<there>{_CHAIN})\s*\)"
    rf"|{_LITERAL}|(?P<alone>{_CHAIN})(?!\w|\s*\()"
)
_TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}


def condition_atoms(text: Json) -> list[Atom]:
    """The comparisons of a JSONata condition, as far as its text tells them."""
    if not is_jsonata(text):
        return []
    found = (_condition_atom(match) for match in _COMPARED.finditer(text[2:-2]))
    return [atom for atom in found if atom is not None]


def _condition_atom(match: "re.Match[str]") -> Atom | None:
    if match["there"] is not None:
        return Atom((_chain(match["there"]),), (PRESENT,), (ABSENT,))
    if match["alone"] is not None:
        return Atom((_chain(match["alone"]),), (True,), (False,))
    left, sign, right = match["left"], match["sign"], match["right"]
    if left is None:
        return None
    if not left.startswith("$"):
        if not right.startswith("$"):
            return None
        left, sign, right = right, _TURNED.get(sign, sign), left
    if right.startswith("$"):
        reads = (_chain(left), _chain(right))
        return Atom(reads, *_SIGNS[sign]) if sign in _SIGNS else None
    try:
        operand = parse_json(re.sub(r"'((?:[^'\\\"]|\\.)*)'", r'"\1"', right))
    except ValueError:
        return None
    return _against(_chain(left), sign, operand)


def _chain(text: str) -> Reference:
    return references("{% " + text + " %}", jsonata=True)[0]


_SIGNS: dict[str, tuple[tuple[Json, ...], tuple[Json, ...]]] = {
    "=": ((1, 1), (1, 2)),
    "!=": ((1, 2), (1, 1)),
    "<": ((1, 2), (2, 1)),
    "<=": ((1, 2), (2, 1)),
    ">": ((2, 1), (1, 2)),
    ">=": ((2, 1), (1, 2)),
}


def _against(read: Reference, sign: str, operand: Json) -> Atom | None:
    """A chain compared with a literal."""
    if sign == "in":
        items = operand if isinstance(operand, list) else [operand]
        if not items:
            return None
        sign, operand = "=", items[0]
    if isinstance(operand, (bool, list)) or operand is None:
        other: Json = (not operand) if isinstance(operand, bool) else 1
        values = [operand, other]
        truths = [sign == "=", sign == "!="]
    else:
        values = _candidates("String", operand)
        tests = {
            "=": lambda a: a == operand,
            "!=": lambda a: a != operand,
            "<": lambda a: a < operand,
            "<=": lambda a: a <= operand,
            ">": lambda a: a > operand,
            ">=": lambda a: a >= operand,
        }
        truths = [tests[sign](value) for value in values]
    found = _split([(value,) for value in values], truths)
    return None if found is None else Atom((read,), *found)


# ------------------------------------------------------------------------------ kinds

_ARGUMENTS: dict[str, tuple[str | None, ...]] = {
    "States.ArrayContains": ("list", None),
    "States.ArrayGetItem": ("list", "number"),
    "States.ArrayLength": ("list",),
    "States.ArrayPartition": ("list", "number"),
    "States.ArrayRange": ("number", "number", "number"),
    "States.ArrayUnique": ("list",),
    "States.Base64Decode": ("base64",),
    "States.Base64Encode": ("text",),
    "States.JsonMerge": ("object", "object"),
    "States.MathAdd": ("number", "number"),
    "States.MathRandom": ("number", "number"),
    "States.StringSplit": ("text", "text"),
    "States.StringToJson": ("json",),
}
_ARITHMETIC = re.compile(r"[\w)\]]\s*(?:[-+*/%]|[<>]=?)\s*[\w$(]")
_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""")


def kinds_of(text: str) -> dict[str, str]:
    """What kind of value each reference of a field must be, where its use tells."""
    if is_jsonata(text):
        body = _QUOTED.sub("''", text[2:-2])
        if not _ARITHMETIC.search(body):
            return {}
        return {str(found): "number" for found in references(text, jsonata=True)}
    if not text.startswith("States."):
        return {}
    try:
        return dict(_argument_kinds(parse_intrinsic(text)))
    except SyntaxProblem:
        return {}


def _argument_kinds(call: Call) -> Iterator[tuple[str, str]]:
    kinds = _ARGUMENTS.get(call.name, ())
    for place, argument in enumerate(call.arguments):
        if isinstance(argument, Call):
            yield from _argument_kinds(argument)
        elif isinstance(argument, PathArgument) and place < len(kinds):
            kind = kinds[place]
            if kind is not None:
                for reference in references(argument.text, jsonata=False):
                    yield str(reference), kind
