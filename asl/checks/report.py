"""The report for people: each Problem with its line of the source, and how many.

In: what was found in each file, and its text. Out: lines of text.
Never: colours anything itself: whoever prints hands in how to paint a part of a line.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from unicodedata import combining, east_asian_width

from asl.problem import Problem, Severity

Paint: TypeAlias = Callable[[str, str], str]
"""A text, and what it is (`error`, `warning`, `info`, `bold`, `dim`), painted."""

WIDTH = 100
"""Of a longer line of the source only the part around the Problem is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One file that was checked: its Problems in order of place, and its text."""

    file: str
    problems: Sequence[Problem]
    text: str = ""
    """As it was read; empty where it could not be."""
    strict: bool = False
    """Whether warnings count as errors."""

    def fails(self, problem: Problem) -> bool:
        """Whether a Problem keeps the file from being clean."""
        return problem.severity is Severity.ERROR or (
            self.strict and problem.severity is Severity.WARNING
        )


def write_text(checked: Sequence[Checked], *, paint: Paint | None = None) -> str:
    """All Problems with their places in the source, and a line with their number."""
    paint = paint or _plain
    blocks = []
    for one in checked:
        lines = re.split(r"\r\n|\r|\n", one.text) if one.problems else []
        for problem in one.problems:
            own = problem.file in (None, one.file)
            blocks.append("\n".join(_show(problem, lines if own else [], one, paint)))
    return "\n".join([*blocks, _summary(checked, paint)])


def count(checked: Sequence[Checked]) -> Counter[str]:
    """How many Problems of each severity there are."""
    return Counter(str(p.severity) for one in checked for p in one.problems)


def printable(text: str) -> str:
    """A text in one line and without characters that steer a terminal."""
    return "".join(
        sign if sign.isprintable() or sign == " " else f"\\x{ord(sign):02x}"
        for sign in text
    )


def sentence(problem: Problem) -> str:
    """What is wrong, and the next move."""
    tail = f"; {problem.suggestion}" if problem.suggestion else ""
    return printable(problem.message + tail)


def _plain(text: str, _: str) -> str:
    return text


def _show(
    problem: Problem, lines: Sequence[str], one: Checked, paint: Paint
) -> Iterator[str]:
    place = printable(problem.file or one.file)
    if problem.line is not None:
        place += f":{problem.line}:{problem.column}"
    severity = str(problem.severity)
    head = paint(f"{severity} {problem.code}", severity)
    yield f"{paint(place, 'bold')}: {head} {sentence(problem)}"
    if problem.line is None or not 0 < problem.line <= len(lines):
        return
    source = lines[problem.line - 1]
    start = (problem.column or 1) - 1
    end = start + 1  # of what goes on over lines only the beginning is marked
    if problem.end_line == problem.line and problem.end_column is not None:
        end = problem.end_column - 1
    gutter = f"{problem.line:>5} | "
    before, marked, after = _window(source, start, max(end, start + 1))
    yield paint(gutter, "dim") + before + marked + after
    caret = "^" * max(_columns(marked), 1)
    bar = paint(f"{'':>5} | ", "dim")
    yield bar + " " * _columns(before) + paint(caret, severity)


def _window(source: str, start: int, end: int) -> tuple[str, str, str]:
    """A line in three parts: before the Problem, its place, after it; cut to WIDTH."""
    left = right = ""
    if len(source) > WIDTH:
        first = max(min(start - WIDTH // 4, len(source) - WIDTH), 0)
        last = min(first + WIDTH, len(source))
        left, right = "…" * (first > 0), "…" * (last < len(source))
        source, start, end = source[first:last], start - first, end - first
    before, marked, after = source[:start], source[start:end], source[end:]
    shown = [printable(part.replace("\t", "    ")) for part in (before, marked, after)]
    return left + shown[0], shown[1], shown[2] + right


def _columns(text: str) -> int:
    """How wide a text stands on a terminal."""
    return sum(
        0 if combining(sign) else 2 if east_asian_width(sign) in "WF" else 1
        for sign in text
    )


def _summary(checked: Sequence[Checked], paint: Paint) -> str:
    counts = count(checked)
    files = _number(len(checked), "file")
    if not counts:
        return paint(f"{files} checked, no problems", "bold")
    kinds = [_number(counts[kind], kind) for kind in map(str, Severity) if counts[kind]]
    told = f"{', '.join(kinds[:-1])} and {kinds[-1]}" if len(kinds) > 1 else kinds[0]
    return paint(f"{files} checked: {told}", "bold")


def _number(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"
