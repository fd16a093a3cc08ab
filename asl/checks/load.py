"""load: a file or a text on its way to a StateMachine, with every Problem at once.

In: a path or a text. Out: a machine that is ready to run, its warnings with it.
Never: half a machine: one error, and DefinitionError carries all that was found.
"""

from collections.abc import Iterator, Mapping
from os import PathLike
from pathlib import Path

from asl.checks.flow import check_flow
from asl.checks.schema import check_schema
from asl.errors import DefinitionError, InternalError
from asl.model.build import build_machine
from asl.model.machine import StateMachine
from asl.problem import Problem, Severity
from asl.source.document import Document
from asl.source.reading import read_file, read_text

_SUFFIXES = (".asl.json", ".asl.yaml", ".asl.yml", ".json", ".yaml", ".yml", ".asl")


def load(
    path: str | PathLike[str], *, substitutions: Mapping[str, str] | None = None
) -> StateMachine:
    """Read a definition from a JSON or YAML file; the machine is named like the file.

    `substitutions` fills `${Name}` placeholders. Raises DefinitionError, whose
    `problems` holds everything found, with line and column.
    """
    document = read_file(path, substitutions=substitutions)
    name = Path(path).name
    for suffix in _SUFFIXES:
        if name.lower().endswith(suffix) and len(name) > len(suffix):
            name = name[: -len(suffix)]
            break
    return build(document, name)


def load_text(
    text: str,
    *,
    name: str = "StateMachine",
    substitutions: Mapping[str, str] | None = None,
) -> StateMachine:
    """Read a definition from JSON or YAML text."""
    return build(read_text(text, substitutions=substitutions), name)


def build(document: Document, name: str) -> StateMachine:
    """Check a document and build its machine; DefinitionError holds all errors."""
    problems = find_problems(document)
    machine, built = build_machine(document, name)
    built = without_echoes(problems, built)
    problems = in_order([*problems, *built, *_refusals(document)])
    if any(problem.severity is Severity.ERROR for problem in problems):
        raise DefinitionError(problems)
    if machine is None:
        raise InternalError("a definition without a problem gave no machine")
    return _with_warnings(machine, problems)


def find_problems(document: Document) -> list[Problem]:
    """What reading, schema and flow have to say of a document."""
    return [*document.problems, *check_schema(document), *check_flow(document)]


def without_echoes(told: list[Problem], built: list[Problem]) -> list[Problem]:
    """What the model's builder adds: what has the wrong shape is wrong to it, too."""
    misshapen = {p.pointer for p in told if p.severity is Severity.ERROR}
    return [
        problem
        for problem in built
        if problem.pointer not in misshapen
        # A rule cannot be read because of a member that was told of.
        and not (
            problem.code == "ASL301"
            and any(place.startswith(f"{problem.pointer}/") for place in misshapen)
        )
    ]


def _refusals(document: Document) -> Iterator[Problem]:
    """What the rules know that AWS refuses; advice is left to `asl check`."""
    from asl.checks import data, express, failure, task, variables  # noqa: F401 - their rules
    from asl.checks.rules import apply_rules
    from asl.checks.subject import Definition

    yield from apply_rules(Definition(document), to_load=True)


def in_order(problems: list[Problem]) -> list[Problem]:
    """Problems in order of place, each once."""
    return sorted(
        dict.fromkeys(problems),
        key=lambda problem: (problem.line or 0, problem.column or 0),
    )


def _with_warnings(machine: StateMachine, problems: list[Problem]) -> StateMachine:
    from dataclasses import replace

    return replace(machine, problems=tuple(problems)) if problems else machine
