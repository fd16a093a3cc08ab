"""check: every Problem of a definition, from its first byte to its last state.

In: a path or a text. Out: a list of Problems in order of place.
Never: raises for what a definition can contain; a file that cannot be read is a Problem
too. Importing this module makes RULES whole.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from os import PathLike
from typing import Literal

from asl.checks import (  # noqa: F401 - each enters its rules
    calls,
    choice,
    data,
    dataflow,
    express,
    failure,
    flow,
    limits,
    papers,
    task,
    variables,
)
from asl.checks.load import find_problems, in_order, without_echoes
from asl.checks.rules import RULES, apply_rules
from asl.checks.subject import Definition
from asl.errors import DefinitionError, UsageError
from asl.model.build import build_machine
from asl.problem import Problem, Severity
from asl.source.document import Document
from asl.source.reading import read_file, read_text

MachineType = Literal["STANDARD", "EXPRESS"]


def check(
    path: str | PathLike[str],
    *,
    substitutions: Mapping[str, str] | None = None,
    type: MachineType = "STANDARD",
    select: Collection[str] | None = None,
    ignore: Collection[str] | None = None,
) -> list[Problem]:
    """Every Problem of a definition file, in order of place.

    `select` and `ignore` name codes, or beginnings of codes: `ASL2` is all of data.
    """
    _refuse_unknown(select, ignore)
    try:
        document = read_file(path, substitutions=substitutions)
    except DefinitionError as error:
        return _wanted(error.problems, select, ignore)
    return _wanted(check_document(document, type=type), select, ignore)


def check_text(
    text: str,
    *,
    name: str | None = None,
    substitutions: Mapping[str, str] | None = None,
    type: MachineType = "STANDARD",
    select: Collection[str] | None = None,
    ignore: Collection[str] | None = None,
) -> list[Problem]:
    """Every Problem of a definition in JSON or YAML text."""
    _refuse_unknown(select, ignore)
    try:
        document = read_text(text, name=name, substitutions=substitutions)
    except DefinitionError as error:
        return _wanted(error.problems, select, ignore)
    return _wanted(check_document(document, type=type), select, ignore)


def check_document(
    document: Document, *, type: MachineType = "STANDARD"
) -> list[Problem]:
    """Every Problem of a document: reading, schema, flow, model and rules."""
    problems = find_problems(document)
    built = without_echoes(problems, build_machine(document, "StateMachine")[1])
    found = [*problems, *built, *apply_rules(Definition(document, type=type))]
    return in_order(_first_reasons([_as_template(problem) for problem in found]))


def _as_template(problem: Problem) -> Problem:
    """A placeholder is no fault of a template; only a run needs it filled."""
    if problem.code == "ASL010" and problem.severity is Severity.ERROR:
        return replace(problem, severity=Severity.INFO)
    return problem


def _first_reasons(problems: list[Problem]) -> list[Problem]:
    """Without the advice on places that an error has been reported for already."""
    errors = {p.pointer for p in problems if p.severity is Severity.ERROR and p.pointer}
    return [
        problem
        for problem in problems
        if problem.severity is Severity.ERROR or problem.pointer not in errors
    ]


def _wanted(
    problems: list[Problem],
    select: Collection[str] | None,
    ignore: Collection[str] | None,
) -> list[Problem]:
    chosen, left = tuple(select or ("ASL",)), tuple(ignore or ())
    return [
        problem
        for problem in problems
        if problem.code.startswith(chosen)
        and not problem.code.startswith(left or ("-",))
    ]


def _refuse_unknown(*lists: Collection[str] | None) -> None:
    for codes in lists:
        if isinstance(codes, str):
            raise UsageError(f"give a list of codes, not the text {codes!r}")
        for code in codes or ():
            if not any(known.startswith(code) for known in RULES):
                raise UsageError(f"no rule has the code {code!r}")
