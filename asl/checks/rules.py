"""Rules: everything that can be wrong with a definition, each with its papers.

In: topic modules, which hand over a function a rule. Out: RULES, by code: title, why it
matters, how to mend it, where the specification says so; and a way to ask them all.
Never: judges; papers without a function belong to findings of reading, schema, flow and
model, which make their Problems themselves.

RULES is whole once asl.checks.check has been imported.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
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
            )
        )
        return find

    return enter


def apply_rules(
    subject: "Definition", *, severities: Collection[Severity] = tuple(Severity)
) -> Iterator[Problem]:
    """What the rules of some severities find in a definition."""
    for entry in RULES.values():
        if entry.find is None or entry.severity not in severities:
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
