"""Scenario files: read, checked, and taken apart into their cases.

In: `*.scenario.yaml` or `*.scenario.json`. Out: Scenarios; or UsageError with all that
is wrong, line by line.
Never: runs anything.

A file is one scenario, or a table of `cases`: each is the file's own keys with the
case's in their place; only `mocks` are put together, state by state.
The shape stands in schemas/scenario.json too, for editors.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from asl.errors import DefinitionError, UsageError
from asl.problem import Severity
from asl.source.document import Document
from asl.source.reading import read_file
from asl.source.substitution import escape
from asl.testing.scenario import Scenario
from asl.values import Json

if TYPE_CHECKING:
    from asl.model.machine import StateMachine

SUFFIXES = (".scenario.yaml", ".scenario.yml", ".scenario.json")

_TABLE, _LIST, _TEXT = (dict,), (list,), (str,)
_Types: TypeAlias = tuple[type, ...]

KEYS: dict[str, _Types] = {
    "$schema": _TEXT,
    "name": _TEXT,
    "description": _TEXT,
    "definition": (str, dict),
    "substitutions": _TABLE,
    "input": (),
    "mocks": (str, dict),
    "machine_name": _TEXT,
    "field_validation": _TEXT,
    "tasks": _TEXT,
    "type": _TEXT,
    "seed": (int,),
    "start_time": _TEXT,
    "buckets": _TEXT,
    "machines": _TABLE,
    "swallow": (bool,),
    "expect": _TABLE,
    "cases": _LIST,
}
"""The keys of a file and what stands under them; no types: any JSON."""

CASE_KEYS = {key: KEYS[key] for key in KEYS if key not in ("$schema", "cases")}

EXPECT: dict[str, _Types] = {
    "status": _TEXT,
    "output": (),
    "error": (str, type(None)),
    "cause": (str, type(None)),
    "path": _LIST,
    "visited": _LIST,
    "never": _LIST,
    "caught": _TABLE,
    "duration_seconds": (int, float),
    "history": _LIST,
    "calls": _TABLE,
    "call_times": _TABLE,
    "snapshot": _TEXT,
}

_ONE_OF = {
    "type": ("STANDARD", "EXPRESS"),
    "field_validation": ("STRICT", "PRESENT", "NONE"),
    "status": ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"),
}
_SAID = {
    dict: "a table",
    list: "a list",
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    type(None): "null",
}


def find_files(paths: Iterable[Path]) -> Iterator[Path]:
    """The scenario files among paths: files themselves, and all inside folders."""
    for path in paths:
        if path.is_dir():
            yield from sorted(
                file for file in path.rglob("*.scenario.*") if is_scenario(file.name)
            )
        else:
            yield path


def is_scenario(name: str) -> bool:
    """Whether a file of this name holds scenarios."""
    return name.endswith(SUFFIXES)


def read_scenarios(file: Path) -> list[Scenario]:
    """The scenarios of a file, in order; UsageError says what is wrong and where."""
    document = _read(file)
    data: dict[str, Json] = document.value
    faults = _Faults(document)
    faults.check(data, KEYS, "")
    cases = data.get("cases", [{}])
    if isinstance(cases, list):
        if not cases:
            faults.say("/cases", "there are no cases")
        for index, case in enumerate(cases):
            faults.check_case(case, data, index)
    if faults.found:
        raise UsageError("\n".join(faults.found))
    shared: dict[str, StateMachine] = {}
    stem = file.name
    for suffix in SUFFIXES:
        stem = stem.removesuffix(suffix)
    whole = "cases" not in data
    names = [
        str(case.get("name", data.get("name", stem) if whole else f"case {number}"))
        for number, case in enumerate(cases, 1)
    ]
    return [
        Scenario(
            name=name,
            file=file,
            line=faults.line("" if whole else f"/cases/{index}"),
            data=_merged(data, case),
            machines=shared,
        )
        for index, (name, case) in enumerate(zip(_unique(names), cases, strict=True))
    ]


def _merged(data: Mapping[str, Json], case: Mapping[str, Json]) -> dict[str, Json]:
    merged = {key: value for key, value in {**data, **case}.items() if key != "cases"}
    outer, own = data.get("mocks"), case.get("mocks")
    if isinstance(outer, dict) and isinstance(own, dict):
        merged["mocks"] = {**outer, **own}
    return merged


def _unique(names: Sequence[str]) -> Iterator[str]:
    """Names of test cases tell them apart."""
    seen: dict[str, int] = {}
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        yield name if seen[name] == 1 else f"{name} ({seen[name]})"


def _read(file: Path) -> Document:
    try:
        document = read_file(file)
    except DefinitionError as error:
        if error.problems[0].code == "ASL005":  # speaks of definitions
            text = f"{file}: a scenario file holds a table with definition and expect"
            raise UsageError(text) from None
        raise UsageError(str(error)) from None
    for problem in document.problems:
        # A key that stands twice (ASL006) hides half of what somebody wrote.
        if problem.severity is Severity.ERROR or problem.code == "ASL006":
            raise UsageError(str(problem))
    return document


class _Faults:
    """What is wrong with a file, with the lines."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.found: list[str] = []

    def line(self, pointer: str) -> int:
        span = self.document.key_place(pointer) or self.document.place(pointer)
        return 1 if span is None else span.line

    def say(self, pointer: str, text: str) -> None:
        self.found.append(f"{self.document.file}:{self.line(pointer)}: {text}")

    def check_case(self, case: Json, data: Mapping[str, Json], index: int) -> None:
        at = f"/cases/{index}"
        if not isinstance(case, dict):
            self.say(at, f"a case is a table, not {_said(case)}")
            return
        if case:
            self.check(case, CASE_KEYS, at)
        if "definition" not in data and "definition" not in case:
            self.say(at, "definition is missing: a file, or a machine itself")

    def check(
        self, data: Mapping[str, Json], keys: Mapping[str, _Types], at: str
    ) -> None:
        """Unknown keys and wrong types of a file, a case or an `expect`."""
        for key, value in data.items():
            where = f"{at}/{key}"
            if key not in keys:
                near = get_close_matches(key, keys, n=1)
                hint = f"did you mean {near[0]}?" if near else ", ".join(keys)
                self.say(where, f"unknown key {key}; {hint}")
            elif keys[key] and not _is(value, keys[key]):
                wanted = " or ".join(_SAID[kind] for kind in keys[key])
                self.say(where, f"{key} is {wanted}, not {_said(value)}")
            elif key in _ONE_OF and value not in _ONE_OF[key]:
                self.say(where, f"{key} is {' or '.join(_ONE_OF[key])}, not {value}")
            elif key == "expect":
                self.check(value, EXPECT, where)
            elif key in ("path", "visited", "never", "history"):
                for index, name in enumerate(value):
                    if not isinstance(name, str):
                        self.say(f"{where}/{index}", f"{key} lists texts")
            elif key in ("calls", "call_times"):
                self._check_calls(value, where, key)

    def _check_calls(self, value: Mapping[str, Json], at: str, key: str) -> None:
        """What is expected of calls stands in a list for each state."""
        for state, expected in value.items():
            where = f"{at}/{escape(state)}"
            if not isinstance(expected, list):
                self.say(where, f"{key} has a list for each state, one entry a call")
            elif key == "call_times" and not all(
                _is(entry, (int, float)) for entry in expected
            ):
                self.say(where, f"{key} lists seconds since the start")


def _is(value: Json, kinds: _Types) -> bool:
    return isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))


def _said(value: Json) -> str:
    return _SAID[type(value)]
