"""What stands in `[?( … )]`: from its text to a test of one candidate.

In: a path's text and where the filter's body begins; later a candidate and the root.
Out: the test, and where the body ends.
Never: used by a path without a filter: it brings jsonpath-ng with it.

`&& || !`, parentheses, operators and literals are read here, with an eye on quotes; the
paths between them go to jsonpath-ng, one by one (jsonpath_operand.py). What an operator
means is in jsonpath_operators.py.

Jayway JsonPath: "Filter Operators".
"""

import re
from collections.abc import Callable
from typing import NoReturn

from asl.expressions.jsonpath_operand import (
    NAME,
    QUOTED,
    Operand,
    Test,
    compile_operand,
    parse_steps,
)
from asl.expressions.jsonpath_operators import OPERATORS, spelling
from asl.expressions.jsonpath_steps import Filter, Step, unescape
from asl.expressions.regex import compile_regex
from asl.expressions.scope import SyntaxProblem
from asl.values import Json


def compile_filter(text: str, start: int, depth: int = 0) -> tuple[Test, int]:
    """Compile the body that begins at `start`: its test and where its `)` stands.

    `depth` counts the filters around it. Raises SyntaxProblem.
    """
    parser = _Parser(text, start, depth)
    test = parser.disjunction(0)
    if not parser.take(")"):
        parser.refuse("expected ')' or an operator")
    return test, parser.at - 1


_STRING = re.compile(QUOTED, re.DOTALL)
_STEPS = re.compile(
    rf"""(?:\.{{0,2}}\[(?:{QUOTED}|[\s\d:,*-])*\]|\.\.?(?:\*|{NAME}))*""", re.DOTALL
)
_FILTER = re.compile(r"\[\s*\?\s*\(")
_NUMBER = re.compile(
    r"-?[0-9]{1,1000}(?P<float>(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)(?!\w)"
)
_WORD = re.compile(r"(true|false|null)\b")
_BARE = re.compile(r"[^\W\d][\w-]*")
_WORDS = {"true": True, "false": False, "null": None}
_REGEX = re.compile(r"/((?:[^/\\]|\\.)*)/([a-zA-Z]*)", re.DOTALL)
_SYMBOL = re.compile(r"===|!==|==|!=|<=|>=|<|>|=~")
_OPERATOR_WORD = re.compile(r"[a-zA-Z]+")
_BLANK = re.compile(r"\s*")
_MAX_DEPTH = 50
_MAX_FILTERS = 5


class _Parser:
    """Reads a filter's body from left to right."""

    def __init__(self, text: str, at: int, filters: int) -> None:
        self.text = text
        self.at = at
        self.filters = filters

    def refuse(self, reason: str) -> NoReturn:
        """Raise the SyntaxProblem for the present position."""
        raise SyntaxProblem(f"Filter: {reason}", self.at)

    def take(self, mark: str) -> bool:
        """Skip blanks, then the mark if it is there."""
        self.at = _blank_end(self.text, self.at)
        if not self.text.startswith(mark, self.at):
            return False
        self.at += len(mark)
        return True

    def disjunction(self, depth: int) -> Test:
        """Tests joined by `||`."""
        tests = [self._conjunction(depth)]
        while self.take("||"):
            tests.append(self._conjunction(depth))
        if len(tests) == 1:
            return tests[0]
        return lambda item, root: any(test(item, root) for test in tests)

    def _conjunction(self, depth: int) -> Test:
        tests = [self._single(depth)]
        while self.take("&&"):
            tests.append(self._single(depth))
        if len(tests) == 1:
            return tests[0]
        return lambda item, root: all(test(item, root) for test in tests)

    def _single(self, depth: int) -> Test:
        if depth > _MAX_DEPTH:
            self.refuse("nested too deeply")
        if self.take("("):
            test = self.disjunction(depth + 1)
            if not self.take(")"):
                self.refuse("expected ')' or an operator")
            return test
        if not self.take("!"):
            return self._comparison()
        negated = self._single(depth + 1) if self._at_group() else self._existence()
        return lambda item, root: not negated(item, root)

    def _at_group(self) -> bool:
        self.at = _blank_end(self.text, self.at)
        return self.text[self.at : self.at + 1] in {"(", "!"}

    def _existence(self) -> Test:
        if not self._at_path():
            self.refuse("'!' needs a path or parentheses")
        test, _ = self._path()
        if self._find_operator() is not None:
            self.refuse("'!' before a comparison needs parentheses")
        return test

    def _at_path(self) -> bool:
        self.at = _blank_end(self.text, self.at)
        return self.text[self.at : self.at + 1] in {"@", "$"}

    def _comparison(self) -> Test:
        exists: Test | None = None
        pattern = left = None
        if self._at_path():
            exists, left = self._path()
        elif (pattern := self._regex()) is None:
            left = self._literal(0)
        operator = self._find_operator()
        if operator is None:
            if exists is None:
                self.refuse("a literal alone is no test")
            return exists
        if operator == "=~":
            return self._match(left, pattern)
        if left is None:
            self.refuse("a regular expression needs '=~'")
        right = self._path()[1] if self._at_path() else self._literal(0)
        compare = OPERATORS[operator]
        subject = left
        return lambda item, root: compare(subject(item, root), right(item, root))

    def _match(
        self, left: Operand | None, matches: Callable[[str], bool] | None
    ) -> Test:
        subject = left
        if subject is None and self._at_path():
            subject = self._path()[1]
        elif matches is None:
            matches = self._regex()
        if subject is None or matches is None:
            self.refuse("'=~' needs a path and a regular expression: @.a =~ /…/")
        wanted, pattern = subject, matches
        return lambda item, root: pattern(spelling(wanted(item, root)))

    def _find_operator(self) -> str | None:
        self.at = _blank_end(self.text, self.at)
        if match := _SYMBOL.match(self.text, self.at):
            self.at = match.end()
            return match[0]
        match = _OPERATOR_WORD.match(self.text, self.at)
        if match is None:
            return None
        word = match[0].lower()
        if word not in OPERATORS:
            self.refuse(f"unknown operator {match[0]!r}")
        self.at = match.end()
        return word

    def _regex(self) -> Callable[[str], bool] | None:
        self.at = _blank_end(self.text, self.at)
        match = _REGEX.match(self.text, self.at)
        if match is None:
            return None
        try:
            compiled = compile_regex(match[1], match[2])
        except SyntaxProblem as problem:
            self.refuse(problem.message)
        self.at = match.end()
        return compiled

    def _literal(self, depth: int) -> Operand:
        value = self._value(depth)
        return lambda item, root: value

    def _value(self, depth: int) -> Json:
        self.at = _blank_end(self.text, self.at)
        text, at = self.text, self.at
        if match := _STRING.match(text, at):
            self.at = match.end()
            return unescape(match[0][1:-1])
        if match := _WORD.match(text, at):
            self.at = match.end()
            return _WORDS[match[0]]
        if match := _NUMBER.match(text, at):
            number = float(match[0]) if match["float"] else int(match[0])
            if number in (float("inf"), float("-inf")):
                self.refuse("a number out of range")
            self.at = match.end()
            return number
        if self.take("["):
            return self._list(depth + 1)
        # Published machines that run on AWS write texts without quotes: @.lang==es.
        if (match := _BARE.match(text, at)) and not text[match.end() :].startswith("("):
            self.at = match.end()
            return match[0]
        return self.refuse("expected a path, a quoted text, a number or […]")

    def _list(self, depth: int) -> Json:
        if depth > _MAX_DEPTH:
            self.refuse("nested too deeply")
        values: list[Json] = []
        if self.take("]"):
            return values
        values.append(self._value(depth))
        while self.take(","):
            values.append(self._value(depth))
        if not self.take("]"):
            self.refuse("expected ',' or ']'")
        return values

    def _path(self) -> tuple[Test, Operand]:
        """A path as the test of its existence and as an operand."""
        from_root = self.text[self.at] == "$"
        steps: list[Step] = []
        self.at += 1
        while True:
            steps += self._plain_steps()
            if not (match := _FILTER.match(self.text, self.at)):
                break
            steps.append(self._inner_filter(match.end()))
        following = self.text[self.at : self.at + 1]
        if following == "(":
            self.refuse("AWS does not support functions in paths")
        if following in {"[", "."}:
            self.refuse("expected a name, an index, a slice or '*'")
        if not steps and (following.isidentifier() or following in {"$", "@"}):
            self.refuse("'@' is the candidate, '$' the document; no other root here")
        return compile_operand(tuple(steps), from_root=from_root)

    def _plain_steps(self) -> tuple[Step, ...]:
        match = _STEPS.match(self.text, self.at)
        path = match[0] if match else ""
        try:
            steps = parse_steps("@" + path)
        except ValueError as error:
            self.refuse(f"{path}: {error}")
        self.at += len(path)
        return steps

    def _inner_filter(self, start: int) -> Step:
        if self.filters >= _MAX_FILTERS:
            self.refuse("nested too deeply")
        test, end = compile_filter(self.text, start, self.filters + 1)
        self.at = end + 1
        if not self.take("]"):
            self.refuse("expected ']' after the inner filter")
        return Filter(self.text[start:end].strip(), test)


def _blank_end(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at
