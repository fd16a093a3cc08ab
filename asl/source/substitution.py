"""Placeholders: `${Name}` in a definition's texts, filled before it is read.

In: a Document (or a value) and a table from name to text.
Out: a new Document with the known names filled; the names that are still open.
Never: touches keys, fills what a filled-in text brings along, or guesses types: a text
stays a text, also where it is nothing but one placeholder.

AWS SAM `DefinitionSubstitutions`, CloudFormation `DefinitionSubstitutions`.
"""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from asl.errors import UsageError
from asl.problem import Problem, Severity
from asl.values import Json

if TYPE_CHECKING:
    from asl.source.document import Document

_PLACEHOLDER = re.compile(r"\$\{([A-Za-z_][\w.:-]*)\}", re.ASCII)


def substitute(document: "Document", substitutions: Mapping[str, str]) -> "Document":
    """The document with known placeholders filled, and a warning for each loose end.

    Loose ends are a name that no text asks for and a placeholder that nobody fills.
    Places go on referring to the text as it was written.
    """
    for name, text in substitutions.items():
        if not isinstance(name, str) or not isinstance(text, str):
            raise UsageError(
                f"the substitution {name!r} must be a text, this is"
                f" {type(text).__name__}: give it as a str"
            )
    open_places = find_placeholders(document.value)
    value = _fill_value(document.value, substitutions, {})
    problems = _find_loose_ends(document, open_places, substitutions)
    return document.filled(value, substitutions=substitutions, problems=problems)


def find_placeholders(value: Json) -> list[tuple[str, str]]:
    """Every placeholder in a value's texts: its JSON pointer and its name."""
    return [
        (pointer, name)
        for pointer, item in walk(value)
        if type(item) is str and "${" in item
        for name in _PLACEHOLDER.findall(item)
    ]


def walk(value: Json) -> Iterator[tuple[str, Json]]:
    """Every value inside a value with its JSON pointer, in the order of the text."""
    waiting: list[tuple[str, Json]] = [("", value)]
    while waiting:
        pointer, item = waiting.pop()
        yield pointer, item
        if type(item) is dict:
            members = [(f"{pointer}/{escape(key)}", item[key]) for key in item]
            waiting.extend(reversed(members))
        elif type(item) is list:
            entries = [(f"{pointer}/{n}", entry) for n, entry in enumerate(item)]
            waiting.extend(reversed(entries))


def escape(key: str) -> str:
    """A key as one step of a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")


def unescape(step: str) -> str:
    """One step of a JSON pointer as a key."""
    return step.replace("~1", "/").replace("~0", "~")


def fill(text: str, substitutions: Mapping[str, str]) -> str:
    """A text with its known placeholders filled."""
    return _PLACEHOLDER.sub(lambda m: substitutions.get(m[1], m[0]), text)


def unfilled_offset(text: str, offset: int, *, substitutions: Mapping[str, str]) -> int:
    """Where a position in the filled text stood in the text before it was filled.

    A position inside a filled-in text is the beginning of its placeholder.
    """
    growth = 0
    for found in _PLACEHOLDER.finditer(text):
        filled = substitutions.get(found[1])
        if filled is None:
            continue
        start = found.start() + growth
        if offset < start:
            break
        if offset < start + len(filled):
            return found.start()
        growth += len(filled) - len(found[0])
    return offset - growth


def _fill_value(
    value: Json, substitutions: Mapping[str, str], known: dict[int, Json]
) -> Json:
    """A value with its texts filled; parts without placeholders are shared.

    `known` maps the identity of a container to its result: what YAML aliases share is
    filled once and stays shared. Loops instead of comprehensions, which would take two
    frames a level on Python 3.11.
    """
    kind = type(value)
    if kind is str:
        return fill(value, substitutions) if "${" in value else value
    if kind is not dict and kind is not list:
        return value
    if id(value) in known:
        return known[id(value)]
    changed = None
    for key, item in value.items() if kind is dict else enumerate(value):
        filled = _fill_value(item, substitutions, known)
        if filled is not item:
            if changed is None:
                changed = value.copy()
            changed[key] = filled
    known[id(value)] = value if changed is None else changed
    return known[id(value)]


def _find_loose_ends(
    document: "Document",
    open_places: list[tuple[str, str]],
    substitutions: Mapping[str, str],
) -> list[Problem]:
    wanted = {name for _, name in open_places}
    problems = []
    for name in substitutions:
        if name not in wanted:
            message = (
                f"the substitution {name!r} fills nothing: no text has ${{{name}}}"
            )
            problems.append(
                document.problem(
                    "ASL010",
                    message,
                    pointer="",
                    severity=Severity.WARNING,
                    suggestion=_suggest(name, wanted) or "leave it out",
                )
            )
    for pointer, name in open_places:
        if name not in substitutions:
            problems.append(
                document.problem(
                    "ASL010",
                    f"the placeholder ${{{name}}} is not filled",
                    pointer=pointer,
                    severity=Severity.WARNING,
                    suggestion=_suggest(name, substitutions.keys() - wanted)
                    or f"give a substitution named {name!r}",
                )
            )
    return problems


def _suggest(name: str, names: set[str]) -> str | None:
    from difflib import get_close_matches  # only a mistake needs it

    close = get_close_matches(name, sorted(names), n=1)
    return f"did you mean {close[0]!r}?" if close else None
