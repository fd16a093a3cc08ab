"""Reading: from a file's bytes, a text or a value to a Document.

In: a path, a text, or JSON data. Out: a Document whose value is an object, placeholders
filled, everything odd noted in `problems`.
Never: knows what a state machine looks like inside; raises anything but DefinitionError
for what a file can contain.
"""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Literal

from asl.errors import DefinitionError
from asl.problem import Problem, Severity
from asl.source.document import Document, Lines, place_problem
from asl.source.json_text import read_json
from asl.source.substitution import escape, substitute, walk
from asl.values import MAX_DEPTH, Json, NotJson, to_json


def read_file(
    path: str | os.PathLike[str], *, substitutions: Mapping[str, str] | None = None
) -> Document:
    """Read a definition from a file, as its suffix says (.json .asl .yaml .yml)."""
    file = os.fspath(path)
    try:
        data = Path(file).read_bytes()
    except (OSError, ValueError) as error:
        raise DefinitionError([_explain_unreadable(file, error)]) from None
    return _read(_decode(data, file), file, _format_by_name(file), substitutions)


def read_text(
    text: str,
    *,
    name: str | None = None,
    substitutions: Mapping[str, str] | None = None,
) -> Document:
    """Read a definition from a text: as its name's suffix says, else by its look.

    `name` stands in messages as the file if it has a suffix.
    """
    file = name if name and PurePath(name).suffix else None
    return _read(text, file, _format_by_name(file or ""), substitutions)


def read_value(
    value: Json,
    *,
    name: str | None = None,
    substitutions: Mapping[str, str] | None = None,
) -> Document:
    """Take a definition that is already data; it has no lines, only pointers."""
    file = name if name and PurePath(name).suffix else None
    try:
        copy = to_json(value)
    except NotJson as error:
        problem = Problem(code="ASL008", message=str(error), file=file)
        raise DefinitionError([problem]) from None
    except RecursionError:
        problem = Problem(
            code="ASL007",
            message=f"the definition is nested deeper than {MAX_DEPTH} levels",
            file=file,
            aws_code="TOO_DEEPLY_NESTED",
        )
        raise DefinitionError([problem]) from None
    document = Document(copy, text="", file=file, format="value")
    return _finish(document, substitutions)


_FORMATS: dict[str, Literal["json", "yaml"]] = {
    ".json": "json",
    ".asl": "json",
    ".yaml": "yaml",
    ".yml": "yaml",
}


def _format_by_name(name: str) -> Literal["json", "yaml"] | None:
    return _FORMATS.get(PurePath(name).suffix.lower())


_JSON_LOOK = re.compile(r"\s*(?:[{\[]|//|/\*)")


def _read(
    text: str,
    file: str | None,
    format: Literal["json", "yaml"] | None,
    substitutions: Mapping[str, str] | None,
) -> Document:
    text = text.removeprefix("\ufeff")
    _refuse_surrogates(text, file)
    if not text or text.isspace():
        raise DefinitionError([_explain_empty(file)])
    looks_json = _JSON_LOOK.match(text) is not None
    if format == "yaml":
        # JSON is YAML too, and as JSON it is read ten times as fast.
        document = (looks_json and _try_json(text, file)) or _read_yaml(text, file)
    elif format == "json" or looks_json:
        document = read_json(text, file=file)
    else:
        document = _read_yaml(text, file)
    return _finish(document, substitutions)


def _read_yaml(text: str, file: str | None) -> Document:
    """YAML by a module that JSON alone need not pay for."""
    from asl.source.yaml_text import read_yaml

    return read_yaml(text, file=file)


def _try_json(text: str, file: str | None) -> Document | None:
    try:
        return read_json(text, file=file)
    except DefinitionError:
        return None


def _holds_nothing(text: str) -> bool:
    """Whether YAML is comments, directives and the marks of a document alone."""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return all(line in ("", "---", "...") or line[0] == "%" for line in lines)


def _finish(document: Document, substitutions: Mapping[str, str] | None) -> Document:
    """What every way of reading ends with."""
    if document.format == "yaml" and document.value is None:
        if not _holds_nothing(document.text):  # null itself stands there
            raise DefinitionError([*document.problems, _explain_no_object(document)])
        raise DefinitionError([_explain_empty(document.file)])
    if type(document.value) is not dict:
        raise DefinitionError([*document.problems, _explain_no_object(document)])
    if "\\u" in document.text:
        document = document.with_problems(_find_lone_surrogates(document))
    return document if substitutions is None else substitute(document, substitutions)


def _decode(data: bytes, file: str) -> str:
    """Bytes as text: UTF-8, or UTF-16 and UTF-32 as their first bytes tell."""
    encoding = json.detect_encoding(data)
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise DefinitionError([_explain_encoding(data, file, error)]) from None


def _explain_encoding(data: bytes, file: str, error: UnicodeDecodeError) -> Problem:
    wanted = "UTF-8" if error.encoding.startswith("utf-8") else error.encoding.upper()
    # The codec counts from behind a byte-order mark.
    start = len(data) - len(error.object) + error.start
    line = column = None
    if wanted == "UTF-8":
        before = data[:start].decode("utf-8-sig")
        line = before.count("\n") + 1
        column = len(before) - before.rfind("\n")
    return Problem(
        code="ASL002",
        message=f"the file is not {wanted}: byte 0x{data[start]:02x} at byte offset"
        f" {start} is no part of a character",
        file=file,
        line=line,
        column=column,
        suggestion="save it as UTF-8",
        aws_code="INVALID_JSON_DESCRIPTION",
    )


def _refuse_surrogates(text: str, file: str | None) -> None:
    """Half characters in a Python str, which no encoding of a file can have made."""
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError as error:
        problem = place_problem(
            Lines(text).span(error.start, error.start + 1),
            code="ASL002",
            message=f"U+{ord(text[error.start]):04X} is half a character (a surrogate)",
            file=file,
            suggestion="decode the bytes of the text as UTF-8",
            aws_code="INVALID_JSON_DESCRIPTION",
        )
        raise DefinitionError([problem]) from None


_SURROGATE = re.compile("[\ud800-\udfff]")


def _find_lone_surrogates(document: Document) -> list[Problem]:
    """Escapes like `\\ud83d` without their other half: read, as AWS reads them."""
    problems = []
    for pointer, item in walk(document.value):
        texts = list(item) if type(item) is dict else [item] * (type(item) is str)
        for text in texts:
            found = _SURROGATE.search(text)
            if found is None:
                continue
            half = f"\\u{ord(found[0]):04x}"
            on_key = type(item) is dict
            problems.append(
                document.problem(
                    "ASL002",
                    f"{half} is half a character (a surrogate without its partner)",
                    pointer=f"{pointer}/{escape(text)}" if on_key else pointer,
                    severity=Severity.WARNING,
                    suggestion="write the character itself, in UTF-8",
                    on_key=on_key,
                    offset=None if on_key else found.start(),
                )
            )
    return problems


def _explain_unreadable(file: str, error: OSError | ValueError) -> Problem:
    suggestion = "check its name and its permissions"
    if isinstance(error, FileNotFoundError):
        message = "there is no such file"
        near = _find_near(file)
        suggestion = f"did you mean {near!r}?" if near else "check the path"
    elif isinstance(error, IsADirectoryError):
        message = "this is a directory"
        suggestion = "name a definition inside it"
    else:
        message = (
            f"the file cannot be read: {getattr(error, 'strerror', None) or error}"
        )
    return Problem(code="ASL001", message=message, file=file, suggestion=suggestion)


def _find_near(file: str) -> str | None:
    """A file of a similar name in the same directory."""
    folder = Path(file).parent
    try:
        names = sorted(path.name for path in folder.iterdir())
    except OSError:
        return None
    from difflib import get_close_matches  # only a mistake needs it

    near = get_close_matches(Path(file).name, names, n=1, cutoff=0.7)
    return str(folder / near[0]) if near else None


def _explain_empty(file: str | None) -> Problem:
    return Problem(
        code="ASL005",
        message="there is no definition: the text is empty",
        file=file,
        aws_code="SCHEMA_VALIDATION_FAILED",
        suggestion="begin with an object that has StartAt and States",
    )


_KINDS = {
    list: "a list",
    str: "a text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    type(None): "null",
}


def _explain_no_object(document: Document) -> Problem:
    value = document.value
    is_json = (
        document.format != "yaml" or type(value) is list or _is_json(document.text)
    )
    return document.problem(
        "ASL005",
        f"a state machine is a JSON object, this is {_KINDS[type(value)]}",
        pointer="",
        aws_code="SCHEMA_VALIDATION_FAILED" if is_json else "INVALID_JSON_DESCRIPTION",
        suggestion="begin with an object that has StartAt and States",
    )


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
