"""The grammar of intrinsic function calls: `States.Format('{}', $.name)`.

In: the text of a payload template's value.
Out: a Call with its arguments: literals, the texts of paths, further calls.
Never: compiles a path (jsonpath.py), knows what a function does or how many arguments
it takes (intrinsics.py): AWS accepts a wrong number and fails when the call is made.

States Language specification: "Intrinsic Functions".
"""

import re
from dataclasses import dataclass
from typing import NoReturn, TypeAlias

from asl.expressions.scope import SyntaxProblem
from asl.values import Json

MAX_NESTED_CALLS = 10
"""Calls inside calls, the outermost counted, that AWS allows in one field."""

FUNCTION_NAMES = (
    "States.Format",
    "States.StringToJson",
    "States.JsonToString",
    "States.Array",
    "States.ArrayPartition",
    "States.ArrayContains",
    "States.ArrayRange",
    "States.ArrayGetItem",
    "States.ArrayLength",
    "States.ArrayUnique",
    "States.Base64Encode",
    "States.Base64Decode",
    "States.Hash",
    "States.JsonMerge",
    "States.MathRandom",
    "States.MathAdd",
    "States.StringSplit",
    "States.UUID",
)
"""The 18 functions of the States Language, in AWS's order."""


@dataclass(frozen=True, slots=True)
class Literal:
    r"""A constant argument: text in single quotes, number, true, false or null.

    `written` is what stands between a text's quotes, escapes and all: a template of
    States.Format must tell `\{` from `{`.
    """

    value: Json
    written: str = ""


@dataclass(frozen=True, slots=True)
class PathArgument:
    """A path, still as text; `position` counts from the start of the field."""

    text: str
    position: int


@dataclass(frozen=True, slots=True)
class Call:
    """One call as written; `name` begins with `States.`."""

    name: str
    arguments: tuple["Argument", ...]
    text: str
    position: int


Argument: TypeAlias = Literal | PathArgument | Call


def parse_intrinsic(text: str) -> Call:
    """Read the text of one intrinsic function call.

    Raises SyntaxProblem for anything malformed, for a function that does not exist and
    for more than MAX_NESTED_CALLS calls inside each other.
    """
    parser = _Parser(text)
    parser.skip_blanks()
    call = parser.call(1)
    parser.skip_blanks()
    if parser.place < len(text):
        parser.fail(f"unexpected {_shown(text[parser.place :])} after the call")
    return call


_BLANKS = re.compile(r"\s*")
_NAME = re.compile(r"States\.\w*")
_WORD = re.compile(r"[^\s,()']+")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_STRING = re.compile(r"'((?:[^'\\]|\\.)*)'", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_CONSTANTS: dict[str, Json] = {"true": True, "false": False, "null": None}
_LARGEST_FLOAT = 1.7976931348623157e308


class _Parser:
    """A place in the text that only moves forward."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0

    def fail(self, message: str, place: int | None = None) -> NoReturn:
        raise SyntaxProblem(message, self.place if place is None else place)

    def skip_blanks(self) -> None:
        found = _BLANKS.match(self.text, self.place)
        self.place = found.end() if found else self.place

    def call(self, depth: int) -> Call:
        """`States.Name(argument, …)`, the place being at the S."""
        start = self.place
        found = _NAME.match(self.text, start)
        if found is None:
            self.fail(
                f"expected an intrinsic function, not {_shown(self.text[start:])}"
            )
        if found[0] not in FUNCTION_NAMES:
            self.fail(_unknown(found[0]))
        if depth > MAX_NESTED_CALLS:
            self.fail(f"more than {MAX_NESTED_CALLS} calls inside each other")
        self.place = found.end()
        if not self.take("("):
            self.fail(f"expected '(' after {found[0]}")
        arguments = self.arguments(depth, start)
        return Call(found[0], arguments, self.text[start : self.place], start)

    def take(self, sign: str) -> bool:
        if self.text.startswith(sign, self.place):
            self.place += len(sign)
            return True
        return False

    def arguments(self, depth: int, start: int) -> tuple[Argument, ...]:
        """Everything up to and with the closing parenthesis."""
        arguments: list[Argument] = []
        self.skip_blanks()
        if self.take(")"):
            return ()
        while True:
            arguments.append(self.argument(depth))
            self.skip_blanks()
            if self.take(")"):
                return tuple(arguments)
            if self.place >= len(self.text):
                self.fail("the '(' is never closed", self.text.index("(", start))
            if not self.take(","):
                rest = _shown(self.text[self.place :])
                self.fail(f"expected ',' or ')' before {rest}")
            self.skip_blanks()

    def argument(self, depth: int) -> Argument:
        text, start = self.text, self.place
        first = text[start : start + 1]
        if first == "$":
            return self.path()
        if first == "'":
            return self.string()
        if text.startswith("States.", start):
            return self.call(depth + 1)
        word = _WORD.match(text, start)
        if word is None:
            self.fail("an argument is missing")
        self.place = word.end()
        if word[0] in _CONSTANTS:
            return Literal(_CONSTANTS[word[0]])
        return Literal(self.number(word[0], start))

    def number(self, word: str, start: int) -> Json:
        found = _NUMBER.fullmatch(word)
        if found is None:
            self.fail(
                f"{_shown(word)} is no argument: expected a path, a number, true,"
                " false, null, a text in single quotes or a call",
                start,
            )
        try:
            if found[1] or found[2]:
                # AWS accepts 1e309; JSON has no infinity.
                return min(max(float(word), -_LARGEST_FLOAT), _LARGEST_FLOAT)
            return int(word)
        except ValueError:  # int() refuses thousands of digits
            self.fail("the number is too long", start)

    def string(self) -> Literal:
        found = _STRING.match(self.text, self.place)
        if found is None:
            self.fail("the text has no closing quote")
        written = found[1]
        for escape in _ESCAPE.finditer(written):
            if escape[1] not in "'\\{}":
                self.fail(
                    rf"{escape[0]!r} is no escape: only \', \\, \{{ and \}} are",
                    found.start(1) + escape.start(),
                )
        self.place = found.end()
        return Literal(_ESCAPE.sub(r"\1", written), written)

    def path(self) -> PathArgument:
        """Up to the comma or parenthesis that is not the path's own.

        Brackets and parentheses nest, and inside them quotes hide everything.
        """
        text, start = self.text, self.place
        expected: list[str] = []
        place = start
        while place < len(text):
            sign = text[place]
            if expected and sign in "'\"":
                place = self.closing_quote(place)
            elif sign in "[(":
                expected.append("]" if sign == "[" else ")")
            elif expected and sign == expected[-1]:
                expected.pop()
            elif not expected and sign in ",)":
                break
            place += 1
        if expected:
            self.fail(f"the path lacks its '{expected[-1]}'", start)
        self.place = place
        return PathArgument(text[start:place].rstrip(), start)

    def closing_quote(self, place: int) -> int:
        quote, start = self.text[place], place
        place += 1
        while self.text[place : place + 1] != quote:
            if place >= len(self.text):
                self.fail(f"the {quote} in the path is never closed", start)
            place += 2 if self.text[place] == "\\" else 1
        return place


def _unknown(name: str) -> str:
    from difflib import get_close_matches  # only a mistake needs it

    near = get_close_matches(name, FUNCTION_NAMES, 1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"there is no intrinsic function {name}{hint}"


def _shown(text: str) -> str:
    return repr(text if len(text) <= 20 else text[:17] + "...")
