"""JSON templates that hold JSONata expressions, at any depth.

In: a field's JSON; at run time `$states` and a Scope. Out: the JSON with the values of
its expressions in their places.
Never: evaluates an expression itself (jsonata.py); changes the template.

https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""

from collections.abc import Iterator

from asl.expressions.jsonata import Expression, compile_jsonata_string, is_jsonata
from asl.expressions.jsonata_path import Evaluate
from asl.expressions.scope import Scope, SyntaxProblem
from asl.values import Json


class TemplateProblems(Exception):
    """Everything wrong in one template: (JSON pointer below the template, problem)."""

    def __init__(self, problems: list[tuple[str, SyntaxProblem]]) -> None:
        super().__init__("; ".join(f"{at}: {problem}" for at, problem in problems))
        self.problems = problems


class Template:
    """JSON with expressions at any depth; call it with `$states` and a scope."""

    __slots__ = ("expressions", "fill")

    fill: Evaluate
    """What a call does, for who calls it often."""
    expressions: tuple[tuple[str, Expression], ...]
    """The expressions, each with its JSON pointer below the template."""

    def __init__(
        self, fill: Evaluate, expressions: tuple[tuple[str, Expression], ...]
    ) -> None:
        self.fill = fill
        self.expressions = expressions

    def __call__(self, states: dict[str, Json], scope: Scope) -> Json:
        """The template's value; what holds no expression is shared."""
        return self.fill(states, scope)


def compile_template(value: Json, location: str) -> Template:
    """Compile a field's JSON; raises TemplateProblems with all that is wrong in it."""
    expressions: list[tuple[str, Expression]] = []
    problems: list[tuple[str, SyntaxProblem]] = []

    def compile_part(part: Json, place: str, pointer: str) -> Evaluate | None:
        if is_jsonata(part):
            try:
                expression = compile_jsonata_string(part)
            except SyntaxProblem as problem:
                problems.append((pointer, problem))
                return None
            expressions.append((pointer, expression))
            return expression.at(place)
        fills: dict[str | int, Evaluate] = {}
        for key, item, below in _items(part, place):
            escaped = str(key).replace("~", "~0").replace("/", "~1")
            if fill := compile_part(item, below, f"{pointer}/{escaped}"):
                fills[key] = fill
        return _container_fill(part, fills) if fills else None

    fill = compile_part(value, location, "")
    if problems:
        raise TemplateProblems(problems)
    return Template(fill or (lambda states, scope: value), tuple(expressions))


def _items(part: Json, place: str) -> Iterator[tuple[str | int, Json, str]]:
    if isinstance(part, dict):
        for key, item in part.items():
            yield key, item, f"{place}/{key}"
    elif isinstance(part, list):
        for index, item in enumerate(part):
            yield index, item, f"{place}[{index}]"


def _container_fill(part: Json, fills: dict[str | int, Evaluate]) -> Evaluate:
    if isinstance(part, dict):
        if len(fills) == len(part) == 1:
            ((only, make),) = fills.items()
            return lambda states, scope: {only: make(states, scope)}
        if len(fills) == len(part):
            return lambda states, scope: {
                key: fill(states, scope) for key, fill in fills.items()
            }
        members = [(key, fills.get(key), item) for key, item in part.items()]
        return lambda states, scope: {
            key: fill(states, scope) if fill else item for key, fill, item in members
        }
    items = [(fills.get(index), item) for index, item in enumerate(part)]
    return lambda states, scope: [
        fill(states, scope) if fill else item for fill, item in items
    ]
