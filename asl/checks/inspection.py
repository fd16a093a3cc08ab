"""Inspection: files on their way through reading, checking, silencing and mending.

In: the name of a file (or the text of standard input) and what the call asks for.
Out: what was found in it, as reports take it; the file itself, mended.
Never: prints; writes a file in which nothing was mended, or half a file.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from asl.checks.check import MachineType, check_document
from asl.checks.config import Config, Configs
from asl.checks.load import in_order
from asl.checks.report import Checked
from asl.checks.silence import silence
from asl.errors import DefinitionError, UsageError
from asl.problem import Problem
from asl.source.document import Document
from asl.source.reading import read_file, read_text
from asl.source.search import STDIN

if TYPE_CHECKING:
    from asl.checks.fix import Fix

YAML_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a call asks for; codes are whole or the beginnings of codes."""

    type: MachineType = "STANDARD"
    substitutions: Mapping[str, str] = field(default_factory=dict)
    select: tuple[str, ...] = ()
    """Takes the place of the configuration's select and ignore."""
    ignore: tuple[str, ...] = ()
    strict: bool = False
    stdin: str = ""
    """The text of `-`."""

    def over(self, config: Config) -> Config:
        """A configuration as the call changes it."""
        ignore = (*(() if self.select else config.ignore), *self.ignore)
        return replace(
            config,
            select=self.select or config.select,
            ignore=ignore,
            strict=self.strict or config.strict,
        )


def inspect(file: str, wishes: Wishes, configs: Configs) -> Checked:
    """Everything that is to be said of one file."""
    config = wishes.over(configs.find(_folder(file)))
    try:
        document = read(file, wishes)
    except DefinitionError as error:
        text, problems = _read_anyhow(file, wishes), error.problems
    else:
        text, problems = document.text, check_document(document, type=wishes.type)
    left = silence(problems, file=file, text=text, config=config)
    named = [p if p.file else replace(p, file=file) for p in left]
    return Checked(file=file, problems=in_order(named), text=text, strict=config.strict)


def mend(file: str, wishes: Wishes, configs: Configs) -> "Sequence[Fix]":
    """Mend what is safe to mend, in the file itself."""
    from asl.checks.fix import fix_text

    path = Path(os.path.realpath(file))
    try:
        data = path.read_bytes()
        encoding = json.detect_encoding(data)
        text = data.decode(encoding)
    except (OSError, ValueError):
        return []  # the inspection says why
    if not encoding.startswith("utf-8"):
        return []
    config = wishes.over(configs.find(_folder(file)))

    def find(text: str) -> list[Problem]:
        filled = wishes.substitutions or None
        document = read_text(text, name=file, substitutions=filled)
        problems = check_document(document, type=wishes.type)
        return silence(problems, file=file, text=text, config=config)

    mended, fixes = fix_text(text, name=file, find=find)
    if fixes:
        _overwrite(path, mended.encode(encoding))
    return fixes


def read(file: str, wishes: Wishes) -> Document:
    """The Document of a file or of standard input; raises DefinitionError."""
    filled = wishes.substitutions or None
    if file == STDIN:
        return read_text(wishes.stdin, substitutions=filled)
    return read_file(file, substitutions=filled)


def answer_as_aws(file: str, wishes: Wishes) -> dict[str, object]:
    """What ValidateStateMachineDefinition would answer to a file, YAML put into JSON.

    Raises DefinitionError where there is no text that could be sent.
    """
    from asl.checks.aws import diagnose, diagnose_document

    severity = "WARNING" if wishes.strict else "ERROR"
    try:
        document = read(file, wishes)
    except DefinitionError:
        text = _read_anyhow(file, wishes)
        if not text or file.lower().endswith(YAML_SUFFIXES):
            raise
        return diagnose(text, type=wishes.type, severity=severity)
    if document.format == "json" and not wishes.substitutions:
        return diagnose(document.text, type=wishes.type, severity=severity)
    return diagnose_document(document, type=wishes.type, severity=severity)


def _folder(file: str) -> Path:
    return Path.cwd() if file == STDIN else Path(file).parent


def _read_anyhow(file: str, wishes: Wishes) -> str:
    """The text of a file that is no definition, to show lines of it."""
    if file == STDIN:
        return wishes.stdin
    try:
        data = Path(file).read_bytes()
    except (OSError, ValueError):
        return ""
    text = data.decode(json.detect_encoding(data), errors="replace")
    return text.removeprefix("\ufeff")


def _overwrite(path: Path, data: bytes) -> None:
    """Put a whole new file in the place of the old one, at once."""
    import shutil
    import tempfile

    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            shutil.copymode(path, name)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from None
