"""Matching: by which texts a resource may be bound, and which pattern is closest.

In: resources, FunctionNames, patterns. Out: texts in order of precedence; one binding.
Never: holds the table (registry.py).

Lambda API reference: Invoke, "FunctionName".
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from asl.errors import UsageError
from asl.model.resource import Resource, find_resource, is_elided
from asl.tasks.binding import Binding


@dataclass(frozen=True, slots=True)
class Texts:
    """By which texts a resource may be bound, most specific first."""

    exact: tuple[str, ...]
    matched: tuple[str, ...]
    """What patterns are held against; for a function its name comes last."""
    by_name: str | None = None
    """A function's name where the region and the account are not known."""


def resource_texts(resource: Resource) -> Texts:
    """The texts by which a resource other than lambda:invoke may be bound."""
    arn = resource.arn
    if resource.family != "lambda":
        return Texts((arn,), (arn,))
    name = resource.action
    if is_elided(arn):
        return Texts((arn, name), (arn, name), by_name=name)
    return Texts(_with_qualifier(arn, name), (arn, name))


def _with_qualifier(arn: str, name: str) -> tuple[str, ...]:
    """A function's ARN and name, each with and without version or alias."""
    head, _, qualifier = arn.rpartition(":")
    if qualifier == name:
        return arn, name
    return arn, head, f"{name}:{qualifier}", name


def function_texts(asked: str, qualifier: str = "") -> Texts:
    """The texts for a FunctionName: name, name:alias, partial ARN or full ARN."""
    if qualifier:
        asked = f"{asked}:{qualifier}"
    resource = find_resource(asked)
    if resource is not None and resource.family == "lambda":
        return resource_texts(resource)
    _, partial, rest = asked.rpartition("function:")
    name = rest.partition(":")[0]
    exact = (asked, asked.rpartition(":")[0], rest, name) if partial else (asked, name)
    return Texts(
        tuple(dict.fromkeys(text for text in exact if text)),
        tuple(dict.fromkeys((asked, name))),
        by_name=name,
    )


def most_specific(matching: list[Binding], texts: tuple[str, ...]) -> Binding:
    """The one pattern that every other matching pattern covers.

    Where neither covers the other, a pattern for the ARN goes before one for the name.
    """
    best = [
        one
        for one in matching
        if not any(_covers(one.resource, other.resource) for other in matching)
    ]
    if len(best) > 1 and len(texts) > 1:
        by_arn = [b for b in best if not fnmatchcase(texts[-1], b.resource)]
        best = by_arn or best
    if len(best) > 1:
        raise UsageError(
            f"the patterns {best[0].resource!r} and {best[1].resource!r} both match "
            f"{texts[0]}; bind it by its ARN or its name"
        )
    return best[0]


def _covers(wide: str, narrow: str) -> bool:
    """Whether `wide` matches all that `narrow` matches, and more."""
    return (
        wide != narrow and fnmatchcase(narrow, wide) and not fnmatchcase(wide, narrow)
    )


def is_pattern(resource: str) -> bool:
    """Whether a binding is an fnmatch pattern."""
    return any(sign in resource for sign in "*?[")


def is_invoke(resource: Resource) -> bool:
    """Whether the function called is named in the request: lambda:invoke."""
    return (
        resource.family == "task"
        and resource.service == "lambda"
        and resource.action == "invoke"
    )


def could_invoke(invoke: str, known: str) -> bool:
    """Whether a binding may serve lambda:invoke for a name known at run time only."""
    if is_pattern(known):
        return True
    found = find_resource(known)
    return known == invoke or found is None or found.family == "lambda"
