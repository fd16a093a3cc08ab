"""What AWS refuses, or warns of, beyond the shape and the flow of a definition.

In: the subject of the rules. Out: Diagnostics in AWS's words.
Never: repeats what the schema pass, the flow pass or the model's builder find; where a
rule of ours finds the same, its findings are taken and only worded anew.

Recorded: the messages. Developer guide: `$states`, "Variables", "Integrating services",
"Choosing workflow type".
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from asl.checks.aws_words import (
    INVALID_JSONATA,
    UNSUPPORTED_JSONATA,
    Diagnostic,
    schema,
    value_at,
)
from asl.checks.data import (
    find_missing_dollars,
    find_missing_path_fields,
    find_static_results,
    offered,
    states_members,
)
from asl.checks.express import (
    find_express_activities,
    find_express_jobs,
    find_express_maps,
    find_express_tokens,
)
from asl.checks.failure import find_misplaced_all
from asl.checks.rules import Finding
from asl.checks.sites import Site
from asl.checks.subject import Definition
from asl.checks.task import (
    find_unknown_integrations,
    find_unknown_patterns,
)
from asl.checks.variables import (
    find_bad_names,
    find_long_names,
    find_outer_assigned,
    find_reserved_names,
)
from asl.expressions.jsonata import compile_jsonata_string
from asl.expressions.scope import SyntaxProblem
from asl.source.substitution import unescape

_Find: TypeAlias = Callable[[Definition], Iterable[Finding]]


def find_refusals(subject: Definition) -> Iterator[Diagnostic]:
    """Everything that makes AWS refuse a definition that is well formed."""
    yield from _resources(subject)
    for site in subject.sites:
        # What stands in Credentials AWS takes as it is, and evaluates nevertheless.
        if site.kind == "jsonata" and site.path[0] != "Credentials":
            yield from _expression(site)
    for finding in find_misplaced_all(subject):
        # One name of one retrier or catcher is at fault; AWS names the whole list.
        place = finding.pointer.split("/ErrorEquals")[0].rpartition("/")[0]
        yield schema("States.ALL must appear alone and at end of list", place)
    for finding in find_outer_assigned(subject):
        name = unescape(finding.pointer.rpartition("/")[2]).removesuffix(".$")
        yield schema(
            f"The variable name '{name}' was already defined in a parent scope.",
            finding.pointer,
        )
    for find in (find_long_names, find_bad_names, find_reserved_names):
        for finding in find(subject):  # AWS's words for these were never recorded
            yield schema(finding.message, finding.pointer)


def find_warnings(subject: Definition) -> Iterator[Diagnostic]:
    """What AWS lets pass with a word of warning: paths where none is read."""
    for code, (find, message) in _WARNINGS.items():
        for finding in find(subject):
            yield Diagnostic(
                code=code, message=message, pointer=finding.pointer, severity="WARNING"
            )


_WARNINGS: dict[str, tuple[_Find, str]] = {
    # The codes are the API's; no recording shows the messages, which are those with
    # which its reference explains the codes.
    "NO_DOLLAR": (
        find_missing_dollars,
        "No .$ on a field that appears to be a JSONPath or Intrinsic Function.",
    ),
    "NO_PATH": (
        find_missing_path_fields,
        "Field value looks like a path, but field name does not end with 'Path'.",
    ),
    "PASS_RESULT_IS_STATIC": (
        find_static_results,
        "Attempt to use a path in the result of a pass state.",
    ),
}


# --- resources and items


def unrecognized(arn: str, pointer: str) -> Diagnostic:
    """A Resource that is no ARN, or of a service that there is not."""
    return schema(
        f"The resource provided {arn} is not recognized. The value is not a valid "
        "resource ARN, or the resource is not available in this region.",
        pointer,
    )


_EXPRESS: tuple[tuple[_Find, str], ...] = (
    (
        find_express_jobs,
        "Express state machine does not support '.sync' service integration",
    ),
    (
        find_express_tokens,  # the blank at the end is AWS's
        "Express state machine does not support '.waitForTaskToken' service "
        "integration ",
    ),
    (
        find_express_activities,
        "Express state machine does not support Activity ARN",
    ),
    (
        find_express_maps,  # no recording shows AWS's words for it
        "Express state machine does not support 'DISTRIBUTED' mode",
    ),
)


def _resources(subject: Definition) -> Iterator[Diagnostic]:
    """Integrations that there are not, and those that Express does not have.

    Resources that cannot be read at all are found by the model's builder.
    """
    unknown = set()
    for find in (find_unknown_integrations, find_unknown_patterns):
        for finding in find(subject):
            unknown.add(finding.pointer)
            arn = value_at(subject.document.value, finding.pointer)
            yield unrecognized(arn, finding.pointer)
    for find, message in _EXPRESS:
        for finding in find(subject):
            if finding.pointer not in unknown:
                yield schema(message, finding.pointer)


# --- JSONata


def _expression(site: Site) -> Iterator[Diagnostic]:
    if site.expression is None:
        try:
            compile_jsonata_string(site.text)
        except SyntaxProblem as problem:
            yield Diagnostic(
                code=INVALID_JSONATA, message=problem.message, pointer=site.pointer
            )
        return
    found: list[tuple[int, str]] = []
    for member, offset in states_members(site):
        if member in ("result", "errorOutput") and member not in offered(site):
            found.append((offset, f"Field '$states.{member}' does not exist."))
    for name in site.expression.context_names:
        message = f"Reference to '{name}' at the top level is not supported."
        if name == "$$":
            message = "Reference to '$$' is not supported."
        found.append((site.text.find(name), message))
    for message in dict.fromkeys(message for _, message in sorted(found)):
        yield Diagnostic(
            code=UNSUPPORTED_JSONATA, message=message, pointer=site.pointer
        )
