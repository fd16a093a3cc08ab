"""Config: which rules a project wants, from `[tool.asl]` of its pyproject.toml.

In: the folder of a definition. Out: the Config of the nearest pyproject.toml that has a
`[tool.asl]`, else the empty one.
Never: passes over a key or a code that it does not know: a misspelt one would silently
check less than was meant. UsageError names the file and the key.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path, PurePath

from asl.checks.fault import find_near
from asl.errors import UsageError
from asl.values import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """One place of some files where some codes are not wanted."""

    file: str
    """A path or a pattern, as `matches_file` takes it."""
    pointer: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What `[tool.asl]` says; `path` is the file that says it."""

    path: Path | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    strict: bool = False
    silence: tuple[Silence, ...] = ()
    per_file_ignores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def wants(self, code: str) -> bool:
        """Whether a code is selected and not ignored."""
        chosen = not self.select or matches_code(code, self.select)
        return chosen and not matches_code(code, self.ignore)

    def ignored_in(self, file: str) -> tuple[str, ...]:
        """The codes that are not wanted in a file."""
        return tuple(
            code
            for pattern, codes in self.per_file_ignores.items()
            if self.matches_file(file, pattern)
            for code in codes
        )

    def matches_file(self, file: str, pattern: str) -> bool:
        """Whether a pattern means a file: its path from the configuration's folder, or
        its name alone where the pattern has no slash. `*` stands for slashes, too.
        """
        path = Path(file).resolve()
        if "/" not in pattern:
            return fnmatchcase(path.name, pattern)
        folder = self.path.parent.resolve() if self.path else Path.cwd()
        inside = path.relative_to(folder) if path.is_relative_to(folder) else path
        return fnmatchcase(inside.as_posix(), str(PurePath(pattern).as_posix()))


def matches_code(code: str, prefixes: Iterable[str]) -> bool:
    """Whether a code is one of these or begins with one of them."""
    return code.startswith(tuple(prefixes))


def read_codes(where: str, codes: Iterable[Json], known: Iterable[str]) -> list[str]:
    """Codes and beginnings of codes (ASL2), each of which stands for some rule."""
    found = []
    rules = list(known)
    for code in codes:
        text = code.strip().upper() if isinstance(code, str) else ""
        if not text or not any(rule.startswith(text) for rule in rules):
            near = find_near(code, rules)
            hint = f"; did you mean {near}?" if near else ""
            raise UsageError(f"{where}: there is no rule {code!r}{hint}")
        found.append(text)
    return found


class Configs:
    """The Config of every folder, each read once."""

    def __init__(self, known: Iterable[str]) -> None:
        self._known = tuple(known)
        self._found: dict[Path, Config] = {}

    def find(self, folder: Path) -> Config:
        """The Config that holds in a folder."""
        folder = folder.resolve()
        passed = []
        config = Config()
        for above in (folder, *folder.parents):
            if above in self._found:
                config = self._found[above]
                break
            passed.append(above)
            found = read_config(above / "pyproject.toml", self._known)
            if found is not None:
                config = found
                break
        self._found.update(dict.fromkeys(passed, config))
        return config


def read_config(path: Path, known: Iterable[str]) -> Config | None:
    """The Config in a pyproject.toml, None where no file or no `[tool.asl]` is."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    if b"asl" not in data:  # no [tool.asl] either; parsing TOML costs more
        return None
    import tomllib

    try:
        table = tomllib.loads(data.decode()).get("tool", {}).get("asl")
    except ValueError as error:  # not TOML, or not UTF-8
        raise UsageError(f"{path}: cannot be read: {error}") from None
    if table is None:
        return None
    return _read_table(path, table, tuple(known))


_KEYS = ("select", "ignore", "strict", "silence", "per-file-ignores")


def _read_table(path: Path, table: Json, known: tuple[str, ...]) -> Config:
    where = f"{path}: [tool.asl]"
    table = _object(where, table, _KEYS)
    strict = table.get("strict", False)
    if not isinstance(strict, bool):
        raise UsageError(f"{where} strict must be true or false, not {strict!r}")
    per_file = _object(f"{where} per-file-ignores", table.get("per-file-ignores", {}))
    silences = table.get("silence", [])
    if not isinstance(silences, list):
        raise UsageError(f"{where} silence must be a list of tables")
    return Config(
        path=path,
        select=_codes(f"{where} select", table.get("select", []), known),
        ignore=_codes(f"{where} ignore", table.get("ignore", []), known),
        strict=strict,
        silence=tuple(
            _silence(f"{where} silence[{n}]", item, known)
            for n, item in enumerate(silences)
        ),
        per_file_ignores={
            pattern: _codes(f"{where} per-file-ignores {pattern!r}", codes, known)
            for pattern, codes in per_file.items()
        },
    )


def _silence(where: str, item: Json, known: tuple[str, ...]) -> Silence:
    names = ("file", "pointer", "codes")
    table = _object(where, item, names)
    for name in names:
        if name not in table:
            raise UsageError(f"{where} needs {name}")
    for name in ("file", "pointer"):
        if not isinstance(table[name], str):
            raise UsageError(f"{where} {name} must be a text, not {table[name]!r}")
    pointer = table["pointer"]
    if pointer and not pointer.startswith("/"):
        raise UsageError(
            f"{where} pointer must be a JSON Pointer such as /States/Pay, "
            f"not {pointer!r}"
        )
    codes = _codes(f"{where} codes", table["codes"], known)
    return Silence(file=table["file"], pointer=pointer, codes=codes)


def _object(where: str, value: Json, known: tuple[str, ...] = ()) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise UsageError(f"{where} must be a table, not {value!r}")
    for key in value if known else ():
        if key not in known:
            near = find_near(key, known)
            hint = f"did you mean {near}?" if near else f"there are {', '.join(known)}"
            raise UsageError(f"{where} has an unknown key {key!r}; {hint}")
    return value


def _codes(where: str, value: Json, known: tuple[str, ...]) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise UsageError(f"{where} must be a list of codes, not {value!r}")
    return tuple(read_codes(where, value, known))
