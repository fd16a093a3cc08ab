"""Silencing: Problems that somebody has looked at and does not want to hear of.

In: the Problems of a file, its text, its Config. Out: those that are left, and a note
for each silence that silenced nothing.
Never: silences a file that cannot be read.

In JSON a place is named by its pointer in `[tool.asl]`; in YAML a comment
`# asl: ignore ASL503` at the end of a line or on the line above means the value whose
key (or entry) stands in that line. Either way what is inside the place is meant, too.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from asl.checks.config import Config, matches_code
from asl.checks.rules import Rule, register
from asl.errors import DefinitionError
from asl.problem import Problem, Severity
from asl.source.document import Document, Span
from asl.source.reading import read_text
from asl.source.substitution import walk

UNUSED = "ASL901"

register(
    Rule(
        code=UNUSED,
        title="a silence that silences nothing",
        why="What it was for is gone, or it names another place; it would hide the "
        "next problem there.",
        fix="Remove it, or correct its code, its pointer or its line.",
        spec="asl: silencing",
        severity=Severity.INFO,
    )
)

UNREADABLE = frozenset(
    ("ASL001", "ASL002", "ASL003", "ASL004", "ASL005", "ASL007", "ASL008", "ASL009")
)
"""Codes that, as errors, say that there is no definition to look at."""


def is_unreadable(problem: Problem) -> bool:
    """Whether a Problem says that the file could not be read."""
    return problem.severity is Severity.ERROR and problem.code in UNREADABLE


@dataclass(slots=True)
class _Comment:
    """A comment that silences some codes in some lines."""

    span: Span
    line: int
    """The line that it speaks of."""
    codes: tuple[str, ...]
    used: set[str] = field(default_factory=set)


def silence(
    problems: Sequence[Problem], *, file: str, text: str, config: Config
) -> list[Problem]:
    """The Problems of a file that its configuration and its comments let through."""
    if any(is_unreadable(problem) for problem in problems):
        return list(problems)
    wanted = [problem for problem in problems if config.wants(problem.code)]
    ignored = config.ignored_in(file)
    wanted = [p for p in wanted if not matches_code(p.code, ignored)]
    wanted, notes = _by_pointer(wanted, file, config)
    if _COMMENT.search(text):
        wanted, more = _by_comment(wanted, file, text, config)
        notes += more
    return [*wanted, *(note for note in notes if config.wants(note.code))]


def _by_pointer(
    problems: list[Problem], file: str, config: Config
) -> tuple[list[Problem], list[Problem]]:
    notes = []
    for entry in config.silence:
        if not config.matches_file(file, entry.file):
            continue
        left = [
            problem
            for problem in problems
            if not matches_code(problem.code, entry.codes)
            or not f"{problem.pointer}/".startswith(f"{entry.pointer}/")
        ]
        if len(left) == len(problems) and _are_wanted(entry.codes, config):
            codes = ", ".join(entry.codes)
            where = f'"{entry.pointer}" of {file}'
            message = f"the silence of {codes} at {where} silences nothing"
            notes.append(_note(message, file=_shown(config.path)))
        problems = left
    return problems, notes


def _shown(path: Path | None) -> str | None:
    """A path as the user would write it."""
    here = Path.cwd()
    inside = path is not None and path.is_relative_to(here)
    return None if path is None else str(path.relative_to(here) if inside else path)


def _are_wanted(codes: Sequence[str], config: Config) -> bool:
    """Whether these codes are looked for at all this time."""
    return all(config.wants(code) for code in codes)


def _note(message: str, *, file: str | None, span: Span | None = None) -> Problem:
    return Problem(
        code=UNUSED,
        message=message,
        severity=Severity.INFO,
        file=file,
        line=span.line if span else None,
        column=span.column if span else None,
        end_line=span.end_line if span else None,
        end_column=span.end_column if span else None,
        suggestion="remove it",
    )


# --- comments of YAML

_COMMENT = re.compile(
    r"(?:^|(?<=\s))#\s*asl:\s*ignore\b[ \t]*([^\r\n#]*)", re.MULTILINE
)
_CODE = re.compile(r"ASL\d{1,3}\b", re.IGNORECASE)


def _by_comment(
    problems: list[Problem], file: str, text: str, config: Config
) -> tuple[list[Problem], list[Problem]]:
    try:
        document = read_text(text, name=file)
    except DefinitionError:
        return problems, []
    if document.format != "yaml":
        return problems, []
    comments = list(_find_comments(document))
    left = []
    for problem in problems:
        lines = _lines_of(document, problem)
        takers = [
            comment
            for comment in comments
            if comment.line in lines and matches_code(problem.code, comment.codes)
        ]
        for comment in takers:
            comment.used.update(
                code for code in comment.codes if problem.code.startswith(code)
            )
        if not takers:
            left.append(problem)
    return left, [*_unused(comments, file, config)]


def _unused(comments: list[_Comment], file: str, config: Config) -> Iterator[Problem]:
    for comment in comments:
        if not comment.codes:
            message = "the comment names no code, so it silences nothing"
            yield _note(message, file=file, span=comment.span)
        idle = [code for code in comment.codes if code not in comment.used]
        if idle and _are_wanted(idle, config):
            message = f"the comment that ignores {', '.join(idle)} silences nothing"
            yield _note(message, file=file, span=comment.span)


def _find_comments(document: Document) -> Iterator[_Comment]:
    """The comments, each with the line it speaks of; a text that looks so is none."""
    text = document.text
    scalars: list[Span] | None = None
    for found in _COMMENT.finditer(text):
        start = found.start()
        line = len(re.findall(r"\r\n|\r|\n", text[:start])) + 1
        begin = max(text.rfind("\n", 0, start), text.rfind("\r", 0, start)) + 1
        column = start - begin + 1
        span = Span(line, column, line, column + len(found[0].rstrip()))
        if scalars is None:
            scalars = _scalars(document)
        if any(_contains(scalar, line, column) for scalar in scalars):
            continue
        spoken = line if text[begin:start].strip() else _next_line(text, line)
        codes = tuple(code.upper() for code in _CODE.findall(found[1]))
        yield _Comment(span, spoken, codes)


def _scalars(document: Document) -> list[Span]:
    """Where the texts are that may have a `#` in them."""
    places = [
        document.place(pointer)
        for pointer, value in walk(document.value)
        if isinstance(value, str) and "#" in value
    ]
    return [place for place in places if place is not None]


def _contains(span: Span, line: int, column: int) -> bool:
    start, end = (span.line, span.column), (span.end_line, span.end_column)
    return start <= (line, column) < end


def _next_line(text: str, line: int) -> int:
    """The next line that is no comment and not empty."""
    for number, content in enumerate(re.split(r"\r\n|\r|\n", text)[line:], line + 1):
        if content.strip() and not content.lstrip().startswith("#"):
            return number
    return line


def _lines_of(document: Document, problem: Problem) -> set[int | None]:
    """The line of a Problem, and those in which the values around it begin."""
    lines: set[int | None] = {problem.line}
    pointer = problem.pointer
    while pointer:
        place = document.key_place(pointer)
        lines.add(place.line if place else None)
        pointer = pointer.rpartition("/")[0]
    return lines
