"""Payload templates of JSONPath mode: JSON in which members named `….$` are computed.

In: the template's JSON. Out: one closure `(data, scope) -> value`, compiled once.
Never: evaluates strings that stand under a plain key; they are literals whatever they
look like.

States Language specification: "Payload Template". A text
after `….$` is a path (`$`, `$$`, `$variable`) or an intrinsic call.
"""

from collections.abc import Callable
from typing import TypeAlias

from asl.expressions.intrinsics import compile_intrinsic
from asl.expressions.java import hash_map_order
from asl.expressions.jsonpath import Path, PathError, compile_path
from asl.expressions.scope import EvaluationError, Scope, SyntaxProblem
from asl.values import Json, json_text

Evaluate: TypeAlias = Callable[[Json, Scope], Json]


class TemplateProblems(Exception):
    """Everything wrong in one template: (pointer below the template, key, problem)."""

    def __init__(self, problems: list[tuple[str, str, SyntaxProblem]]) -> None:
        super().__init__(str(problems))
        self.problems = problems


def compile_template(template: Json) -> Evaluate:
    """Compile a payload template; raises TemplateProblems with all that is wrong."""
    problems: list[tuple[str, str, SyntaxProblem]] = []
    evaluate = _compile(template, "", problems)
    if problems:
        raise TemplateProblems(problems)
    if evaluate is None:
        return lambda data, scope: template
    return evaluate


def compile_dynamic(key: str, text: Json) -> Evaluate:
    """Compile what stands under a key ending in `.$`: a path or an intrinsic call."""
    if not isinstance(text, str):
        raise SyntaxProblem("the value must be a text: a path or an intrinsic call")
    if not text.startswith("$"):
        return compile_intrinsic(text).evaluate
    return path_or_missing(compile_path(text), key)


def path_or_missing(path: Path, field: str) -> Evaluate:
    """Read a path; a miss is told in AWS's words for templates and ErrorPath."""
    read = path.read

    def evaluate(data: Json, scope: Scope) -> Json:
        try:
            return read(data, scope)
        except PathError:
            raise EvaluationError(
                "States.Runtime",
                f"The JSONPath '{path.text}' specified for the field '{field}' could "
                f"not be found in the input '{json_text(data)}'",
            ) from None

    return evaluate


def _compile(
    value: Json, pointer: str, problems: list[tuple[str, str, SyntaxProblem]]
) -> Evaluate | None:
    """The closure of a template, or None where it is constant."""
    if isinstance(value, dict):
        return _compile_object(value, pointer, problems)
    if isinstance(value, list):
        return _compile_array(value, pointer, problems)
    return None


def _compile_object(
    value: dict[str, Json],
    pointer: str,
    problems: list[tuple[str, str, SyntaxProblem]],
) -> Evaluate | None:
    plain: dict[str, tuple[Json, Evaluate | None]] = {}
    dynamic: dict[str, Evaluate] = {}
    for key, item in value.items():
        below = f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"
        if not key.endswith(".$"):
            plain[key] = item, _compile(item, below, problems)
            continue
        try:
            dynamic[key[:-2]] = compile_dynamic(key, item)
        except SyntaxProblem as problem:
            problems.append((below, key, problem))
    for key in dynamic:
        if key in plain:
            message = f"both {key!r} and '{key}.$' are given: keep one of them"
            problems.append((pointer, f"{key}.$", SyntaxProblem(message)))
    if not dynamic and all(evaluate is None for _, evaluate in plain.values()):
        return None
    # AWS writes the plain members first, then the computed ones in the order of a Java
    # HashMap (recorded); it shows where a result is compared as text.
    order = hash_map_order(dynamic)
    computed = tuple((key, dynamic[key]) for key in order)
    if not plain:
        return _computed_only(computed)
    members = tuple((key, item, evaluate) for key, (item, evaluate) in plain.items())

    def build(data: Json, scope: Scope) -> Json:
        result = {
            key: item if evaluate is None else evaluate(data, scope)
            for key, item, evaluate in members
        }
        for key, compute in computed:
            result[key] = compute(data, scope)
        return result

    return build


def _computed_only(computed: tuple[tuple[str, Evaluate], ...]) -> Evaluate:
    if len(computed) == 1:
        ((only, compute),) = computed
        return lambda data, scope: {only: compute(data, scope)}

    def build(data: Json, scope: Scope) -> Json:
        return {key: compute(data, scope) for key, compute in computed}

    return build


def _compile_array(
    value: list[Json], pointer: str, problems: list[tuple[str, str, SyntaxProblem]]
) -> Evaluate | None:
    items = tuple(
        (item, _compile(item, f"{pointer}/{index}", problems))
        for index, item in enumerate(value)
    )
    if all(evaluate is None for _, evaluate in items):
        return None

    def build(data: Json, scope: Scope) -> Json:
        return [
            item if evaluate is None else evaluate(data, scope)
            for item, evaluate in items
        ]

    return build
