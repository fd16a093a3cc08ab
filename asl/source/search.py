"""Search: the definitions that the words of a command line stand for.

In: names of files and folders, patterns, `-`. Out: the files, each once.
Never: opens one.
"""

import glob
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from asl.errors import UsageError

STDIN = "-"
SUFFIXES = (".asl.json", ".asl.yaml", ".asl.yml")
"""What is taken for a definition where only a folder was named."""

_SKIPPED = frozenset(("node_modules", "__pycache__"))


def find_definitions(words: Iterable[str]) -> list[str]:
    """The files that are meant: as given, in a folder by their suffix, by a pattern.

    A file that does not exist is given back too: reading it says so.
    """
    files: dict[str, str] = {}
    for word in words:
        for file in _expand(word):
            files.setdefault(file if file == STDIN else os.path.realpath(file), file)
    return list(files.values())


def _expand(word: str) -> Iterator[str]:
    if word == STDIN:
        yield word
    elif Path(word).is_dir():
        found = list(_in_folder(word))
        if not found:
            kinds = ", ".join(f"*{suffix}" for suffix in SUFFIXES)
            raise UsageError(f"{word}: there is no definition in this folder ({kinds})")
        yield from found
    elif glob.has_magic(word) and not Path(word).exists():
        # Path.glob would not take an absolute pattern.
        found = sorted(glob.glob(word, recursive=True))  # noqa: PTH207
        if not found:
            raise UsageError(f"{word}: no file is named like this")
        for name in found:
            if Path(name).is_dir():
                yield from _in_folder(name)
            else:
                yield name
    else:
        yield word


def _in_folder(folder: str) -> Iterator[str]:
    """The definitions in a folder and in those below it, except hidden ones."""
    for above, folders, names in os.walk(folder):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and name not in _SKIPPED
        )
        for name in sorted(names):
            if name.lower().endswith(SUFFIXES):
                yield str(Path(above, name))
