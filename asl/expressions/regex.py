"""Regular expressions of path filters: Java's spelling, a whole match, bounded time.

In: pattern and flags of `=~ /pattern/flags`, later a text.
Out: whether the pattern matches the whole text, as Java's `Matcher.matches` does.
Never: backtracks. Python's `re` needs exponential time for `(a+)+b` and cubic time for
`.*a.*a.*b`; no check of the pattern tells all such cases from harmless ones. Here the
pattern becomes a small program whose possible states are followed all at once, so that
time grows with the text's length only; `re` decides about one character at a time.

Java: class java.util.regex.Pattern.
"""

# Differs from AWS: look-around, back references, possessive quantifiers, nested
# character classes and \p{…} are refused in a filter's regular expression.

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TypeAlias

from asl.expressions.scope import SyntaxProblem

MAX_INSTRUCTIONS = 500
"""How large a pattern may become once its counted repeats are written out."""

_MAX_GROUP_DEPTH = 50
_MAX_REMEMBERED = 1000
_MAX_OVERLAP = 8

_Matches: TypeAlias = Callable[[str], bool]
_Condition: TypeAlias = Callable[[str, str], bool]
"""Of a character: condition(character, ""). Of an assertion: condition(before, after),
the characters on both sides, empty at the ends."""
_CHARACTER, _FORK, _ASSERT = range(3)
_Instruction: TypeAlias = tuple[int, _Condition, tuple[int, ...]]
"""What it is, its condition, where it goes on (relative)."""
_Program: TypeAlias = list[_Instruction]


def _always(before: str, after: str) -> bool:
    return True


@lru_cache(maxsize=256)
def compile_regex(pattern: str, flags: str = "") -> _Matches:
    """Compile a pattern to a test for whole texts; raises SyntaxProblem."""
    if match := _INLINE_FLAGS.match(pattern):
        pattern, flags = pattern[match.end() :], flags + match[1]
    if unknown := set(flags) - set("imsdu"):
        raise SyntaxProblem(f"regular expression: unknown flag {min(unknown)!r}")
    parser = _Parser(pattern, frozenset(flags))
    program = parser.alternatives(0)
    if parser.at < len(pattern):
        raise SyntaxProblem("regular expression: unexpected ')'")
    return _matcher(program)


_INLINE_FLAGS = re.compile(r"\(\?([a-zA-Z]+)\)")
_COUNT = re.compile(r"\{([0-9]{1,6})(,([0-9]{1,6})?)?\}")
_GROUP = re.compile(r"\((?:\?(?::|<[a-zA-Z][a-zA-Z0-9]*>))?(?!\?)")
_CLASS = re.compile(r"\[\^?(?:[^\[\]\\]|\\.)+\]", re.DOTALL)
_ESCAPE = re.compile(
    r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[dDwWsStnrfa]|[^a-zA-Z0-9])"
)
_ASSERTIONS = {"^", "$", r"\b", r"\B", r"\A", r"\z", r"\Z"}


class _Parser:
    """Reads a pattern from left to right into a program."""

    def __init__(self, pattern: str, flags: frozenset[str]) -> None:
        self.pattern = pattern
        self.flags = flags
        self.at = 0

    def alternatives(self, depth: int) -> _Program:
        """`a|b|c`, up to a closing parenthesis or the end."""
        if depth > _MAX_GROUP_DEPTH:
            raise SyntaxProblem("regular expression: groups are nested too deeply")
        branches = [self._sequence(depth)]
        while self.pattern.startswith("|", self.at):
            self.at += 1
            branches.append(self._sequence(depth))
        program = branches.pop()
        while branches:
            first = branches.pop()
            skip: _Instruction = (_FORK, _always, (len(program) + 1,))
            fork: _Instruction = (_FORK, _always, (1, len(first) + 2))
            program = _bounded([fork, *first, skip, *program])
        return program

    def _sequence(self, depth: int) -> _Program:
        program: _Program = []
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            program += self._repeated(self._item(depth))
            _bounded(program)
        return program

    def _item(self, depth: int) -> _Program:
        two = self.pattern[self.at : self.at + 2]
        for mark in (two[:1], two):
            if mark in _ASSERTIONS:
                self.at += len(mark)
                return [(_ASSERT, _assertion(mark, "m" in self.flags), (1,))]
        if two[0] == "(":
            if not (match := _GROUP.match(self.pattern, self.at)):
                raise SyntaxProblem(
                    "regular expression: look-around and inline flags are not supported"
                )
            self.at = match.end()
            program = self.alternatives(depth + 1)
            if not self.pattern.startswith(")", self.at):
                raise SyntaxProblem("regular expression: ')' is missing")
            self.at += 1
            return program
        return [(_CHARACTER, self._character(), (1,))]

    def _character(self) -> _Condition:
        first = self.pattern[self.at]
        if first in "*+?{":
            raise SyntaxProblem(
                f"regular expression: nothing to repeat before {first!r}"
            )
        if first in "[\\":
            match = (_CLASS if first == "[" else _ESCAPE).match(self.pattern, self.at)
            # `re` reads the signs of set operations literally, but warns.
            if match is None or "&&" in match[0] or "--" in match[0]:
                text = self.pattern[self.at : self.at + 10]
                raise SyntaxProblem(f"regular expression: {text!r} is not supported")
            self.at = match.end()
            return _one(re.sub(r"([|~])\1+", r"\1", match[0]), self.flags)
        self.at += 1
        if first == ".":
            return _one(r"(?s:.)" if "s" in self.flags else _ANY, self.flags)
        return _one(re.escape(first), self.flags)

    def _repeated(self, item: _Program) -> _Program:
        mark = self.pattern[self.at : self.at + 1]
        if mark not in {"*", "+", "?", "{"}:
            return item
        low, high = _QUANTIFIERS.get(mark, (0, None))
        if mark == "{":
            match = _COUNT.match(self.pattern, self.at)
            if match is None:
                raise SyntaxProblem("regular expression: '{' needs a count")
            low = int(match[1])
            high = low if match[2] is None else int(match[3]) if match[3] else None
            if high is not None and high < low:
                raise SyntaxProblem(
                    "regular expression: a repeat ends before it begins"
                )
            self.at = match.end()
        else:
            self.at += 1
        if self.pattern.startswith("?", self.at):  # lazy: the same whole matches
            self.at += 1
        if self.pattern[self.at : self.at + 1] in {"*", "+", "?", "{"}:
            raise SyntaxProblem("regular expression: possessive or double repeat")
        return _repeat(item, low, high)


_QUANTIFIERS: dict[str, tuple[int, int | None]] = {
    "*": (0, None),
    "+": (1, None),
    "?": (0, 1),
}
_ANY = "[^\\n\\r\\x85\\u2028\\u2029]"


def _repeat(item: _Program, low: int, high: int | None) -> _Program:
    copies = low + 1 if high is None else high
    if copies * (len(item) + 1) > MAX_INSTRUCTIONS:
        raise SyntaxProblem("regular expression: the repeats make it too large")
    program = item * low
    size = len(item)
    if high is None:
        return [
            *program,
            (_FORK, _always, (1, size + 2)),
            *item,
            (_FORK, _always, (-size - 1,)),
        ]
    for _ in range(high - low):
        program = [*program, (_FORK, _always, (1, size + 1)), *item]
    return program


def _bounded(program: _Program) -> _Program:
    if len(program) > MAX_INSTRUCTIONS:
        raise SyntaxProblem("regular expression: too large")
    return program


@lru_cache(maxsize=1024)
def _one(text: str, flags: frozenset[str]) -> _Condition:
    """The test for one character; `re` knows classes, escapes and letters' case."""
    options = re.NOFLAG if "u" in flags else re.ASCII
    if "i" in flags:
        options |= re.IGNORECASE
    try:
        match = re.compile(text, options).fullmatch
    except re.error as error:
        raise SyntaxProblem(f"regular expression: {text!r}: {error.msg}") from None
    return lambda character, _: match(character) is not None


def _assertion(mark: str, multiline: bool) -> _Condition:
    if mark in {"^", r"\A"}:
        lines = multiline and mark == "^"
        return lambda before, after: not before or (lines and before == "\n")
    if mark in {"$", r"\z", r"\Z"}:
        lines = multiline and mark == "$"
        return lambda before, after: not after or (lines and after == "\n")
    wanted = mark == r"\b"
    return lambda before, after: (_is_word(before) != _is_word(after)) is wanted


def _is_word(character: str) -> bool:
    return character == "_" or character.isalnum()


_States: TypeAlias = frozenset[int]


def _matcher(program: _Program) -> _Matches:
    end = len(program)
    sided = any(kind == _ASSERT for kind, _, _ in program)
    fixed: list[_States] = []
    if not sided:  # then the ways on are the same for every text
        fixed = [_spread(program, (at,), "", "") for at in range(end + 1)]
        if sum(map(len, fixed)) > _MAX_OVERLAP * len(fixed):
            fixed = []  # joining them would cost more than finding them again
    remembered: dict[tuple[_States, str, str], _States] = {}

    def spread(states: _States, before: str, after: str) -> _States:
        if fixed:
            return frozenset().union(*(fixed[at] for at in states))
        return _spread(program, states, before, after)

    def step(states: _States, before: str, character: str) -> _States:
        verdicts: dict[_Condition, bool] = {}
        reached = set()
        for at in spread(states, before, character):
            if at == end:
                continue
            holds = program[at][1]
            if holds not in verdicts:
                verdicts[holds] = holds(character, "")
            if verdicts[holds]:
                reached.add(at + 1)
        if len(remembered) >= _MAX_REMEMBERED:
            remembered.clear()
        result = frozenset(reached)
        remembered[states, before, character] = result
        return result

    def matches(text: str) -> bool:
        states: _States = frozenset((0,))
        before = ""
        for character in text:
            found = remembered.get((states, before, character))
            states = step(states, before, character) if found is None else found
            if not states:
                return False
            if sided:  # else what stands before makes no difference
                before = character
        return end in spread(states, before, "")

    return matches


def _spread(
    program: _Program, starts: Iterable[int], before: str, after: str
) -> _States:
    """The characters (and the end) that can come next, without consuming any."""
    seen: set[int] = set()
    ready: set[int] = set()
    waiting = list(starts)
    while waiting:
        at = waiting.pop()
        if at in seen:
            continue
        seen.add(at)
        if at == len(program) or program[at][0] == _CHARACTER:
            ready.add(at)
            continue
        kind, holds, ways = program[at]
        if kind == _FORK or holds(before, after):
            waiting += [at + way for way in ways]
    return frozenset(ready)
