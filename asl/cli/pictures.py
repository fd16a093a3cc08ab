"""Pictures: which files `asl draw` reads, and which it writes.

In: the words of the command line. Out: pairs of definition and picture, the format, the
data to be drawn on them.
Never: draws, or decides what is on a picture.
"""

from collections.abc import Iterator
from pathlib import Path

from asl.diagrams.draw import SUFFIXES
from asl.errors import UsageError
from asl.source.search import SUFFIXES as DEFINITION_SUFFIXES
from asl.source.search import find_definitions
from asl.values import Json, NotJson, parse_json

_FORMATS = {suffix: format for format, suffix in SUFFIXES.items()} | {
    ".mermaid": "mermaid",
    ".gv": "dot",
    ".htm": "html",
}


def format_of(output: str | None, wished: str | None, *, several: bool) -> str:
    """The format that is meant: as wished, else by the ending of -o."""
    if wished is not None:
        return wished
    if several:
        return "svg"
    if output is None or _is_folder(output):
        return "mermaid" if output is None else "svg"
    suffix = Path(output).suffix.lower()
    if suffix not in _FORMATS:
        known = ", ".join(SUFFIXES.values())
        raise UsageError(
            f"-o {output}: end the name in one of {known}, or say --format"
        )
    return _FORMATS[suffix]


def pairs_of(
    word: str, output: str | None, format: str
) -> Iterator[tuple[str, Path | None]]:
    """Every definition that is meant, and its picture; None: standard output."""
    if not Path(word).is_dir():
        if output is None:
            yield word, None
        elif _is_folder(output):
            yield word, Path(output) / _picture_name(Path(word), format)
        else:
            yield word, Path(output)
        return
    if output is not None and Path(output).is_file():
        raise UsageError(f"-o {output}: for a folder of definitions, name a folder")
    taken: dict[Path, str] = {}
    for file in find_definitions([word]):
        place = Path(file).parent
        if output is not None:
            place = Path(output) / place.relative_to(word)
        picture = place / _picture_name(Path(file), format)
        if picture in taken:  # order.asl.json and order.asl.yaml
            picture = place / f"{Path(file).name}{SUFFIXES[format]}"
        taken[picture] = file
        yield file, picture


def _is_folder(output: str) -> bool:
    return output.endswith(("/", "\\")) or Path(output).is_dir()


def _picture_name(file: Path, format: str) -> str:
    for suffix in (*DEFINITION_SUFFIXES, ".json", ".yaml", ".yml", ".asl"):
        if file.name.lower().endswith(suffix) and len(file.name) > len(suffix):
            return f"{file.name[: -len(suffix)]}{SUFFIXES[format]}"
    return f"{file.name}{SUFFIXES[format]}"


def read_events(file: str | None) -> list[Json] | None:
    """A history: of GetExecutionHistory, or what `asl run --output json` has said."""
    if file is None:
        return None
    value = read_data(file, "--execution")
    if isinstance(value, dict):
        value = value.get("events", value.get("history"))
    if not isinstance(value, list) or not value:
        raise UsageError(
            f"--execution {file}: holds no events; get them by `aws stepfunctions "
            "get-execution-history`, or by `asl run --output json --history json`"
        )
    return value


def read_data(file: str, option: str) -> Json:
    """The JSON in a file."""
    try:
        return parse_json(Path(file).read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, NotJson) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"{option} {file}: cannot be read: {reason}") from None
