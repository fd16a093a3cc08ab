"""The conditions of a JSONata text (`a ? b : c`): where they stand, which way they go.

In: the text of an expression that the engine has accepted.
Out: the places of its conditions; the same text with marks in it, so that an
evaluation of it says which parts of which conditions it came through.
Never: evaluates; a text that it cannot follow has no conditions for it.

The engine's own audit is not asked because it does not look into predicates. A
condition without `:` has two ways all the same. `??` and `?:` are no conditions.

https://docs.jsonata.org/conditional-operators; the parser's rule is that both parts
reach as far as they can: to the next `:`, separator or bracket on their level.
"""

import re
from dataclasses import dataclass, field

MARK = "_took"
"""The function that a marked text calls, with twice the condition's number (then) or
one more (else)."""

_TOKEN = re.compile(
    r"""
    (?P<space>\s+|/\*.*?\*/)
  | (?P<operand>"(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' | `[^`]*`)
  | (?P<name>[^\s.\[\]{}()@\#;:?/*+\-=!<>~^,|&%"'`]+)
  | (?P<operator>:=|\?\?|\?:|\*\*|~>|!=|<=|>=|\.\.|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_REGEX = re.compile(r"/(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\])+/[im]*", re.DOTALL)
_SIGNATURE = re.compile(r"\s*<[^{]*>(?=\s*\{)")
_PAIRS = {")": "(", "]": "[", "}": "{"}


@dataclass(slots=True)
class _Condition:
    """A condition on the way through the text; positions are the text's."""

    number: int
    at: int
    """Where its `?` stands."""
    colon: int | None = None


@dataclass(slots=True)
class _Frame:
    """What is open inside one pair of brackets."""

    bracket: str
    open: list[_Condition] = field(default_factory=list)
    parameters: bool = False
    """The brackets of a function's parameters, which a signature may follow."""


class _Reader:
    """One way through a text: its conditions, and what is to be put in where."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.found: list[int] = []
        self.marks: list[tuple[int, str]] = []
        self.frames = [_Frame("")]
        self.followed = self.read()

    def read(self) -> bool:
        """Follow the text to its end; whether that went well."""
        position, after_operand, last_name = 0, False, ""
        while position < len(self.text):
            regex = None if after_operand else _REGEX.match(self.text, position)
            token = regex or _TOKEN.match(self.text, position)
            assert token is not None, "every character is some token"
            start, position = position, token.end()
            kind = "operand" if regex else token.lastgroup
            if kind == "space":
                continue
            word = token[0]
            if kind == "operator":
                if word in ")]}":
                    closed = self.close(word, start)
                    if closed is None:
                        return False
                    if closed.parameters:
                        signature = _SIGNATURE.match(self.text, position)
                        position = signature.end() if signature else position
                    after_operand = True
                elif word in ("*", "**", "%"):
                    after_operand = not after_operand  # a wildcard, else an operator
                else:
                    self.operate(word, start, after_operand, last_name)
                    after_operand = False
                last_name = ""
            else:
                # `and`, `or` and `in` behind an operand are operators.
                operator = after_operand and word in ("and", "or", "in")
                after_operand, last_name = not operator, word
        self.end_all(len(self.text))
        return len(self.frames) == 1

    def operate(
        self, word: str, start: int, after_operand: bool, last_name: str
    ) -> None:
        """Take an operator, a separator or an opening bracket."""
        if word in "([{":
            parameters = word == "(" and last_name in ("function", "λ")
            self.frames.append(_Frame(word, parameters=parameters))
        elif word == "?" and after_operand:  # else it stands for an argument
            condition = _Condition(len(self.found), start)
            self.found.append(start)
            self.frames[-1].open.append(condition)
            self.put(start + 1, f"(${MARK}({2 * condition.number});")
        elif word == ":":
            self.divide(start)
        elif word in (",", ";", "|"):
            self.end_all(start)

    def divide(self, at: int) -> None:
        """A `:`: the else part of the innermost condition that has none yet, if any."""
        conditions = self.frames[-1].open
        while conditions and conditions[-1].colon is not None:
            self.end(conditions.pop(), at)
        if conditions:
            condition = conditions[-1]
            condition.colon = at
            self.put(at, ")")
            self.put(at + 1, f"(${MARK}({2 * condition.number + 1});")

    def end_all(self, at: int) -> None:
        """Nothing on this level reaches any further."""
        conditions = self.frames[-1].open
        while conditions:
            self.end(conditions.pop(), at)

    def end(self, condition: _Condition, at: int) -> None:
        if condition.colon is None:
            # Without a `:` the condition's other value is undefined.
            other = f"(${MARK}({2 * condition.number + 1}); ${MARK}_nothing)"
            self.put(at, f"):{other}")
        else:
            self.put(at, ")")

    def close(self, bracket: str, at: int) -> _Frame | None:
        """A closing bracket; gives the frame it closes, None where it does not fit."""
        self.end_all(at)
        if self.frames[-1].bracket != _PAIRS[bracket]:
            return None
        return self.frames.pop()

    def put(self, at: int, what: str) -> None:
        self.marks.append((at, what))


def find_conditions(text: str) -> list[int]:
    """Where the `?` of each condition stands, in their order in the text."""
    if "?" not in text:
        return []
    reader = _Reader(text)
    return reader.found if reader.followed else []


def mark_conditions(text: str) -> str:
    """The text with a mark in both parts of each condition."""
    reader = _Reader(text)
    if not reader.followed:
        return text
    pieces, last = [], 0
    for at, what in sorted(reader.marks, key=lambda mark: mark[0]):
        pieces += [text[last:at], what]
        last = at
    return "".join([*pieces, text[last:]])
