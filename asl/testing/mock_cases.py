"""The test cases of a mock configuration, as Scenarios.

In: a MockConfigFile.json, where its machines' definitions are, inputs. Out: a Scenario
for each test case, in the order of the file.
Never: runs anything; guesses between two definitions.

Such a file says what tasks answer and nothing of what must come of it. A case therefore
passes where its execution comes to an end that it could have meant: it succeeds, or
fails in a Fail state or with an error that the case's own responses throw.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from asl.errors import DefinitionError, UsageError
from asl.source.document import Document
from asl.source.reading import read_file
from asl.source.substitution import escape
from asl.tasks.mock_config import choose, list_cases
from asl.testing.scenario import Scenario
from asl.values import Json

KEYS = frozenset(("StateMachines", "MockedResponses"))

SUFFIXES = (".asl.json", ".asl.yaml", ".asl.yml", ".json", ".yaml", ".yml", ".asl")
"""How the file of a definition may end, behind the machine's name."""

FOLDERS = (".", "statemachine", "statemachines", "state-machines", "state_machines")
"""Where definitions stand, seen from the configuration's folder and the one above."""

STATUSES = ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOptions:
    """What a mock configuration does not say, and somebody may."""

    machines: Mapping[str, str] = field(default_factory=dict)
    """By the machine's name the file of its definition."""
    inputs: Mapping[str | None, Json] = field(default_factory=dict)
    """By the case's name its input; None: of all others."""
    statuses: Mapping[str | None, str] = field(default_factory=dict)
    """By the case's name how its execution must end; None: that of all others."""
    tasks: str | None = None
    """A Python file that serves the states which a case does not name."""


def is_mock_config(file: Path) -> bool:
    """Whether a file is a mock configuration; unreadable ones are none."""
    if file.suffix.lower() not in (".json", ".yaml", ".yml"):
        return False
    try:
        return bool(read_file(file).value.keys() & KEYS)
    except DefinitionError:
        return False


def read_cases(file: Path, options: CaseOptions | None = None) -> list[Scenario]:
    """The test cases of a mock configuration; UsageError says what is wrong."""
    given = CaseOptions() if options is None else options
    try:
        document = read_file(file)
    except DefinitionError as error:
        raise UsageError(str(error)) from None
    cases = list_cases(document)
    if not cases:
        raise UsageError(f"{file}: there is no test case in it")
    _refuse_strangers(file, cases, given)
    machines = dict.fromkeys(machine for machine, _ in cases)
    definitions = {
        name: find_definition(file, name, given.machines, alone=len(machines) == 1)
        for name in machines
    }
    return [
        _scenario(document, file, machine, case, definitions[machine], given)
        for machine, case in cases
    ]


def _scenario(
    document: Document,
    file: Path,
    machine: str,
    case: str,
    definition: Path,
    options: CaseOptions,
) -> Scenario:
    pointer = f"/StateMachines/{escape(machine)}/TestCases/{escape(case)}"
    span = document.key_place(pointer)
    answers = choose(document, machine, case)
    thrown = [
        answer["Throw"].get("Error")
        for given in answers.values()
        for answer in given
        if "Throw" in answer
    ]
    data: dict[str, Json] = {
        "definition": str(definition.resolve()),
        "mocks": f"{file.name}#{case}",
        "machine_name": machine,
        "input": _of_case(options.inputs, machine, case),
    }
    status = _of_case(options.statuses, machine, case)
    if status is not None:
        data["expect"] = {"status": status}
    if options.tasks is not None:
        data["tasks"] = str(Path(options.tasks).resolve())
    return Scenario(
        name=f"{machine}#{case}",
        file=file,
        line=1 if span is None else span.line,
        data=data,
        may_throw=frozenset(thrown),
    )


def _of_case(given: Mapping[str | None, Json], machine: str, case: str) -> Json:
    """What was given for a case, by its whole name or its own, or else for all."""
    for name in (f"{machine}#{case}", case):
        if name in given:
            return given[name]
    return given.get(None)


def _refuse_strangers(
    file: Path, cases: Sequence[tuple[str, str]], options: CaseOptions
) -> None:
    """Names that the configuration does not have are misspelt."""
    machines = dict.fromkeys(machine for machine, _ in cases)
    for name in options.machines:
        if name not in machines:
            raise UsageError(
                f"{file}: there is no state machine {_near(name, machines)}"
            )
    names = [case for _, case in cases]
    names += [f"{machine}#{case}" for machine, case in cases]
    for named in (*options.inputs, *options.statuses):
        if named is not None and named not in names:
            raise UsageError(f"{file}: there is no test case {_near(named, names)}")


def _near(name: str, known: Sequence[str] | Mapping[str, object]) -> str:
    near = get_close_matches(name, list(known), n=1)
    return f"{name!r}; " + (
        f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known)}"
    )


# ------------------------------------------------------------------------ definitions


def find_definition(
    config: Path, machine: str, named: Mapping[str, str], *, alone: bool = False
) -> Path:
    """The file of a machine's definition: as named, or beside the configuration.

    Found by the machine's name in any spelling (`OrderFlow`, `order-flow`); where the
    configuration has this machine only (`alone`), also the only definition there is.
    """
    if machine in named:
        return Path(named[machine])
    places = list(_places(config.absolute().parent))
    for folder in places:
        found = [file for file in _files(folder) if _is_named(file, machine)]
        if found:
            return _only(found, config, machine)
    if alone:
        for folder in places:
            found = [file for file in _files(folder) if ".asl" in file.suffixes]
            if found:
                return _only(found, config, machine)
    raise UsageError(
        f"{config}: no definition of the state machine {machine!r} stands beside it "
        f"(such as {machine}.asl.json, or in statemachine/); name it with "
        f"--machine {_quoted(machine)}=FILE"
    )


def _places(folder: Path) -> Iterator[Path]:
    for base in (folder, folder.parent):
        for name in FOLDERS:
            if (base / name).is_dir():
                yield base / name


def _files(folder: Path) -> list[Path]:
    return sorted(
        file
        for file in folder.iterdir()
        if file.name.endswith(SUFFIXES)
        and ".scenario." not in file.name
        and file.is_file()
    )


def _is_named(file: Path, machine: str) -> bool:
    """Whether a file is called like a machine, and holds a definition."""
    stem = next(
        file.name.removesuffix(end) for end in SUFFIXES if file.name.endswith(end)
    )
    if _letters(stem) != _letters(machine):
        return False
    try:
        return "States" in read_file(file).value
    except DefinitionError:
        return True  # what is wrong with it is said when it is loaded


def _letters(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).lower()


def _only(found: Sequence[Path], config: Path, machine: str) -> Path:
    if len(found) == 1:
        return found[0]
    names = ", ".join(file.name for file in found)
    raise UsageError(
        f"{config}: the state machine {machine!r} may be any of {names}; say which "
        f"with --machine {_quoted(machine)}=FILE"
    )


def _quoted(name: str) -> str:
    return name if re.fullmatch(r"[\w.-]+", name) else f"'{name}'"
