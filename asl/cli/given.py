"""What the command line hands in: input, samples, a module with tasks, pairs.

In: the texts of options. Out: values; UsageError with the option's name.
Never: runs anything but the import of the user's own module.
"""

import importlib
import importlib.util
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from asl.errors import UsageError
from asl.values import Json, NotJson, parse_json

if TYPE_CHECKING:
    from asl.model.machine import StateMachine
    from asl.tasks.mocks import Mocks
    from asl.tasks.registry import Tasks


def read_input(text: str | None, option: str = "--input") -> Json:
    """The value of --input: JSON, `@file` or `-` for standard input; None if absent."""
    if text is None:
        return None
    if text == "-":
        return _parse(f"{option} -", sys.stdin.read())
    if text.startswith("@"):
        return _parse(f"{option} {text}", _read(f"{option} {text}", Path(text[1:])))
    return _parse(option, text)


def read_samples(name: str | None) -> Mapping[str, Json]:
    """The table in the file of --samples, JSON or YAML."""
    if name is None:
        return {}
    path, option = Path(name), f"--samples {name}"
    text = _read(option, path)
    if path.suffix.lower() in (".yaml", ".yml"):
        from asl.source.yaml_text import read_yaml

        table = read_yaml(text, file=name).value
    else:
        table = _parse(option, text)
    if not isinstance(table, dict):
        raise UsageError(f"{option}: holds no table from state name to result")
    return table


def read_tasks(
    machine: "StateMachine",
    tasks: str | None,
    mocks: str | None,
    mock_case: str | None = None,
    mock_validation: str = "NONE",
) -> "Tasks | Mocks | None":
    """What --tasks, --mocks and --mock-case stand for; mocks go before callables."""
    functions = None
    if tasks:
        from asl.tasks.module import tasks_from_module

        functions = tasks_from_module(import_tasks(tasks), machine)
    if not mocks:
        return functions
    from asl.tasks.mocks import Mocks, read_validation

    return Mocks.load(
        mocks,
        machine=machine.name,
        test_case=mock_case,
        otherwise=functions,
        field_validation=read_validation(mock_validation.upper()),
    )


def read_pairs(option: str, pairs: Sequence[str]) -> list[tuple[str, str]]:
    """Options of the form NAME=VALUE."""
    found = []
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign or not name:
            raise UsageError(f"{option} takes NAME=VALUE, not {pair!r}")
        found.append((name, value))
    return found


def _read(option: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:  # ValueError: no UTF-8, or a NUL in the name
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"{option}: cannot be read: {reason}") from None


def _parse(option: str, text: str) -> Json:
    try:
        return parse_json(text)
    except NotJson as error:
        hint = "; for a file write @FILE" if Path(text[:200]).suffix == ".json" else ""
        raise UsageError(f"{option}: {error}{hint}") from None


def import_tasks(name: str) -> ModuleType:
    """The module of --tasks: a file by its path, else a module by its dotted name.

    Its folder (or the present one) stays on the path, as when Python runs a script:
    handlers import when they are called, too.
    """
    path = Path(name)
    is_file = path.suffix == ".py" or path.is_file()
    if is_file and not path.is_file():
        raise UsageError(f"--tasks {name}: there is no such file")
    folder = str(path.resolve().parent if is_file else Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        return (
            _import_file(path.resolve()) if is_file else importlib.import_module(name)
        )
    except (Exception, SystemExit) as error:
        missing = isinstance(error, ModuleNotFoundError) and error.name in (
            name,
            name.partition(".")[0],
        )
        if missing:
            raise UsageError(f"--tasks {name}: there is no such module") from None
        raise UsageError(f"--tasks {name}: {describe(error)}") from None


def _import_file(path: Path) -> ModuleType:
    name = path.stem if path.stem not in sys.modules else f"tasks_in_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"--tasks {path}: is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickle look modules up by name
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def describe(error: BaseException) -> str:
    """An exception of the user's own code: its last line, and where it was raised."""
    import traceback  # only a mistake needs it

    last = traceback.format_exception_only(error)[-1].strip()
    if isinstance(error, SyntaxError):
        return f"{last} ({error.filename}:{error.lineno})"
    place = find_place(error)
    return last if place is None else f"{last} ({place})"


def find_place(error: BaseException) -> str | None:
    """Where an exception was raised: the last frame that is not asl's own."""
    import traceback

    ours = (str(Path(__file__).parent.parent), "<frozen importlib", importlib.__file__)
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith(ours)
    ]
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else None
