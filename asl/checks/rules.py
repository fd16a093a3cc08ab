"""Rules: everything that can be wrong with a definition, each with its papers.

In: topic modules, which hand over a function a rule. Out: RULES, by code: title, why it
matters, how to mend it, where the specification says so; and a way to ask them all.
Never: judges; papers without a function belong to findings of reading, schema, flow and
model, which make their Problems themselves.

RULES is whole once asl.checks.check has been imported.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from asl.problem import Problem, Severity

if TYPE_CHECKING:
    from asl.checks.subject import Definition

SCHEMA = "SCHEMA_VALIDATION_FAILED"
UNSUPPORTED_JSONATA = "UNSUPPORTED_JSONATA_EXPRESSION"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One place where a rule is broken, before it is a Problem."""

    pointer: str
    message: str
    suggestion: str | None = None
    offset: int | None = None
    """Characters into the text at `pointer`."""
    on_key: bool = False
    severity: Severity | None = None
    """Where this finding is less (or more) certain than its rule."""


Find: TypeAlias = Callable[["Definition"], Iterable[Finding]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule and its papers, as `asl check --explain CODE` prints them."""

    code: str
    title: str
    why: str
    fix: str
    spec: str
    severity: Severity = Severity.WARNING
    aws_code: str | None = None
    """AWS's diagnostic code, where AWS reports the same."""
    find: Find | None = None
    loads: bool = False
    """An error for AWS, and asl.load takes such a machine all the same."""


RULES: dict[str, Rule] = {}
"""Every code that asl can report, with its papers."""


def register(rule: Rule) -> None:
    """Put a rule's papers into RULES; a code belongs to one rule."""
    if rule.code in RULES:
        raise ValueError(f"the code {rule.code} stands for two rules")
    RULES[rule.code] = rule


def rule(
    code: str,
    title: str,
    *,
    why: str,
    fix: str,
    spec: str,
    severity: Severity = Severity.WARNING,
    aws_code: str | None = None,
    loads: bool = False,
) -> Callable[[Find], Find]:
    """Make a rule of a function that yields Findings."""

    def enter(find: Find) -> Find:
        register(
            Rule(
                code=code,
                title=title,
                why=why,
                fix=fix,
                spec=spec,
                severity=severity,
                aws_code=aws_code,
                find=find,
                loads=loads,
            )
        )
        return find

    return enter


def apply_rules(subject: "Definition", *, to_load: bool = False) -> Iterator[Problem]:
    """What the rules find in a definition; `to_load`: only those that refuse it."""
    for entry in list(RULES.values()):
        refuses = entry.severity is Severity.ERROR and not entry.loads
        if entry.find is None or (to_load and not refuses):
            continue
        for finding in entry.find(subject):
            yield subject.document.problem(
                entry.code,
                finding.message,
                pointer=finding.pointer,
                severity=finding.severity or entry.severity,
                aws_code=entry.aws_code,
                suggestion=finding.suggestion,
                offset=finding.offset,
                on_key=finding.on_key,
            )


if __name__ == "__main__":  # `python -m asl.checks.rules` prints the README's table
    import sys

    from asl.checks.papers_text import write_table

    sys.stdout.write(f"{write_table()}\n")
