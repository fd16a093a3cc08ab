"""Jackson's complaints about text that is no JSON: AWS quotes them to its users.

In: a text that Python's json module refused, too.
Out: the sentence Jackson gives, with AWS's "source redacted" and the place.
Never: decides whether a text is JSON; only what to say when it is not.

Recorded: States.StringToJson and the API's refusal of malformed input. Complaints that
no recording shows follow Jackson's published messages.
"""

import re
from typing import NoReturn

from asl.values import NotJson, parse_json

_VALUES = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
_BLANKS = re.compile(r"[ \t\r\n]*")
_RUN = re.compile(r'[^"\\\x00-\x1f]*')
_ESCAPE = re.compile(r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_TOKEN = re.compile(r"[^\W\d]\w*")
_CONTAINERS = {"{": ("Object", "}"), "[": ("Array", "]")}


def jackson_complaint(text: str) -> str:
    """Why Jackson would not read this text, ending with ` at [Source: …]`."""
    try:
        _Reader(text).document()
    except _Complaint as complaint:
        sentence, place = complaint.args
    else:  # nothing is misspelt, so there is too much of it
        sentence, place = "Document nesting depth exceeds the maximum allowed", 0
    return f"{sentence}\n at {_source(text, place)}"


def _source(text: str, place: int) -> str:
    line = text.count("\n", 0, place) + 1
    column = place - text.rfind("\n", 0, place)
    return (
        "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled);"
        f" line: {line}, column: {column}]"
    )


class _Complaint(Exception):
    """The sentence and the place it points to."""


class _Reader:
    """Reads a text up to its first mistake; keeps nothing of it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0
        self.open: list[tuple[str, int]] = []

    def document(self) -> None:
        """Containers are a stack, not calls: the text may be nested without end."""
        self.value()
        while self.open:
            kind, closer = _CONTAINERS[self.open[-1][0]]
            sign = self.sign()
            if sign == closer:
                self.open.pop()
                self.place += 1
            elif sign == ",":
                self.place += 1
                if kind == "Object":
                    self.key()
                self.value()
            else:
                self.unexpected(f"was expecting comma to separate {kind} entries")
        end = self.place = self.skip_blanks()
        if end < len(self.text):
            self.scalar()
            self.place = end
            self.unexpected("expected nothing after the value")

    def value(self) -> None:
        """Opening brackets, as many as there are, and the first thing inside."""
        while (sign := self.sign()) in _CONTAINERS:
            kind, closer = _CONTAINERS[sign]
            self.open.append((sign, self.place))
            self.place += 1
            if self.sign() == closer:
                return  # document() closes it
            if kind == "Object":
                self.key()
        self.scalar()

    def key(self) -> None:
        if self.sign() != '"':
            self.unexpected("was expecting double-quote to start field name")
        self.string(" in field name")
        if self.sign() != ":":
            self.unexpected("was expecting a colon to separate field name and value")
        self.place += 1

    def scalar(self) -> None:
        """A text, a number, true, false or null."""
        if self.sign() == '"':
            self.string("")
            return
        found = _NUMBER.match(self.text, self.place)
        if found:
            self.place = found.end()
            if (
                found[0] in ("0", "-0")
                and self.text[self.place : self.place + 1].isdigit()
            ):
                self.fail("Invalid numeric value: Leading zeroes not allowed")
            try:
                parse_json(found[0])
            except NotJson:
                number = _short(found[0])
                self.fail(f"Numeric value ({number}) out of range of double")
            return
        token = _TOKEN.match(self.text, self.place)
        if token is None:
            self.unexpected(f"expected a valid value {_VALUES}")
        self.place = token.end()
        if token[0] in ("NaN", "Infinity"):
            feature = "`JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS`"
            self.fail(f"Non-standard token '{token[0]}': enable {feature} to allow")
        if token[0] not in ("true", "false", "null"):
            self.fail(f"Unrecognized token '{token[0]}': was expecting {_VALUES}")

    def string(self, where: str) -> None:
        """From quote to quote."""
        self.place += 1
        while True:
            run = _RUN.match(self.text, self.place)
            self.place = run.end() if run else self.place
            sign = self.text[self.place : self.place + 1]
            if sign == '"':
                self.place += 1
                return
            escape = _ESCAPE.match(self.text, self.place)
            if escape:
                self.place = escape.end()
            elif not sign:
                what = f"closing quote{where or ' for a string value'}"
                self.fail(f"Unexpected end-of-input: was expecting {what}")
            elif sign == "\\":
                self.place += 1
                sign = self.text[self.place : self.place + 1]
                self.fail(f"Unrecognized character escape {_named(sign)}")
            else:
                self.fail(
                    f"Illegal unquoted character ((CTRL-CHAR, code {ord(sign)})): has"
                    " to be escaped using backslash to be included in string value"
                )

    def skip_blanks(self) -> int:
        found = _BLANKS.match(self.text, self.place)
        return found.end() if found else self.place

    def sign(self) -> str:
        """The next character that is no blank; the place is moved to it."""
        self.place = self.skip_blanks()
        if self.place == len(self.text):
            if not self.open:
                self.fail("No content to map due to end-of-input")
            opener, start = self.open[-1]
            marker = f"start marker at {_source(self.text, start)}"
            what = f"expected close marker for {_CONTAINERS[opener][0]} ({marker})"
            self.fail(f"Unexpected end-of-input: {what}")
        return self.text[self.place]

    def unexpected(self, what: str) -> NoReturn:
        self.fail(f"Unexpected character ({_named(self.sign())}): {what}")

    def fail(self, sentence: str) -> NoReturn:
        raise _Complaint(sentence, self.place)


def _named(sign: str) -> str:
    return f"'{sign}' (code {ord(sign)})" if sign else "end-of-input"


def _short(number: str) -> str:
    return number if len(number) <= 20 else f"{number[:17]}..."
