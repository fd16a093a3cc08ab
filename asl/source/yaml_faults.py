"""What is no YAML: the parser's complaint in our own sentences.

In: a text, and the error that PyYAML raised for it. Out: a Problem with its place.
Never: parses.
"""

import re
from typing import TYPE_CHECKING

from asl.problem import Problem
from asl.source.document import Lines, place_problem

if TYPE_CHECKING:
    from yaml import YAMLError

AWS_CODES = {"ASL004": "INVALID_JSON_DESCRIPTION", "ASL007": "TOO_DEEPLY_NESTED"}
"""What AWS would call our codes, where it has a word."""

_CONTROL = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)

_SENTENCES = (
    (
        "mapping values are not allowed",
        "a ':' where no key can stand",
        "quote the text it stands in, or check the indentation",
    ),
    (
        "found unexpected end of stream",
        "the quoted text that begins in line {line} never ends",
        "close its quote",
    ),
    (
        "(did not find expected|expected) ',' or",
        "the list or object of line {line} is not closed, or a comma is missing",
        "quote texts that hold brackets, braces or commas",
    ),
    (
        ".*expected alphabetic or numeric",
        "a plain text cannot begin with '*' or '&'",
        "quote it",
    ),
    (
        "found unknown escape",
        "a '\\' that begins no escape of YAML",
        "write \\\\ for a backslash, or use single quotes",
    ),
    (
        "did not find expected|expected <block end>",
        "this does not continue what stands above it (line {line} on)",
        "check its indentation",
    ),
    (
        "could not find expected ':'",
        "a line without ':' after its key",
        "add it, or check the indentation",
    ),
)
"""The parser's words (the C parser's and the Python parser's), ours, and what to do."""

_STARTS = {
    "\t": (
        "a tab in the indentation",
        "YAML is indented with spaces",
    ),
    "%": ("a plain text cannot begin with '%'", 'quote JSONata: "{% … %}"'),
}


def explain_fault(text: str, file: str | None, error: "YAMLError") -> Problem:
    """A syntax error in our own words."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:  # the reader's: a character that YAML does not have
        found = _CONTROL.search(text)
        start = found.start() if found else 0
        message = f"the character U+{ord(text[start]):04X} is not allowed in YAML"
        suggestion = "remove it, or write it as an escape in double quotes"
    else:
        context = getattr(error, "context_mark", None) or mark
        words = str(getattr(error, "problem", error))
        start = (context if "end of stream" in words else mark).index
        message, suggestion = _find_sentence(
            words,
            text[start : start + 1],
            context.line + 1,
        )
    return place_problem(
        Lines(text).span(start, min(start + 1, len(text))),
        code="ASL004",
        message=message,
        file=file,
        aws_code=AWS_CODES["ASL004"],
        suggestion=suggestion,
    )


def _find_sentence(words: str, character: str, line: int) -> tuple[str, str]:
    if "cannot start any token" in words:
        return _STARTS.get(
            character, (f"a plain text cannot begin with {character!r}", "quote it")
        )
    for pattern, message, suggestion in _SENTENCES:
        if re.match(pattern, words):
            return message.format(line=line), suggestion
    return f"this is not YAML: {words}", "check the line and its indentation"
