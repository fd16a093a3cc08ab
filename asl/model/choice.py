"""Choice rules compiled to conditions.

In: a rule's JSON (JSONPath mode: comparators, And, Or, Not) or its Condition (JSONata).
Out: a closure `(subject, scope) -> bool`.
Never: decides where to go; engine/choice.py does.

States Language specification: "Choice State". A rule whose Variable finds
nothing fails the execution, even where a Default exists; only IsPresent asks for that.
"""

from collections.abc import Callable
from typing import TypeAlias

from asl.expressions.comparison import OPERATORS, compile_operator
from asl.expressions.jsonata import Expression, unexpected_type
from asl.expressions.jsonpath import Path, PathError, compile_path
from asl.expressions.scope import EvaluationError, Scope, SyntaxProblem
from asl.model.failure import RUNTIME
from asl.values import Json

Test: TypeAlias = Callable[[Json, Scope], bool]


class RuleProblem(Exception):
    """What is wrong with a rule, and where below it (a JSON Pointer)."""

    def __init__(self, pointer: str, message: str, position: int | None = None) -> None:
        super().__init__(message)
        self.pointer = pointer
        self.message = message
        self.position = position


def compile_rule(rule: Json, pointer: str = "", depth: int = 0) -> Test:
    """Compile a JSONPath rule; raises RuleProblem for what the schema cannot see."""
    if not isinstance(rule, dict):
        raise RuleProblem(pointer, "a choice rule must be an object")
    if depth > 100:
        raise RuleProblem(pointer, "choice rules are nested deeper than 100 levels")
    for name, combine in (("And", _all_of), ("Or", _any_of)):
        if name in rule:
            parts = rule[name] if isinstance(rule[name], list) else []
            return combine(
                [
                    compile_rule(part, f"{pointer}/{name}/{index}", depth + 1)
                    for index, part in enumerate(parts)
                ]
            )
    if "Not" in rule:
        inner = compile_rule(rule["Not"], f"{pointer}/Not", depth + 1)
        return lambda subject, scope: not inner(subject, scope)
    return _compile_comparison(rule, pointer)


def _all_of(tests: list[Test]) -> Test:
    return lambda subject, scope: all(test(subject, scope) for test in tests)


def _any_of(tests: list[Test]) -> Test:
    return lambda subject, scope: any(test(subject, scope) for test in tests)


def _compile_comparison(rule: dict[str, Json], pointer: str) -> Test:
    operators = [name for name in rule if name in OPERATORS]
    if len(operators) != 1 or "Variable" not in rule:
        raise RuleProblem(
            pointer,
            "a choice rule needs a Variable and exactly one comparison operator",
        )
    name = operators[0]
    variable = _path(rule["Variable"], f"{pointer}/Variable")
    operand = rule[name]
    if name == "IsPresent":
        return _is_present(variable, bool(operand))
    if OPERATORS[name].is_path:
        return _against_path(variable, name, _path(operand, f"{pointer}/{name}"))
    holds = compile_operator(name, operand)
    read = variable.read

    def test(subject: Json, scope: Scope) -> bool:
        try:
            value = read(subject, scope)
        except PathError:
            raise _invalid(variable) from None
        return holds(value)

    return test


def _path(text: Json, pointer: str) -> Path:
    if not isinstance(text, str):
        raise RuleProblem(
            pointer, "the value must be a path: a text that begins with $"
        )
    try:
        return compile_path(text)
    except SyntaxProblem as problem:
        raise RuleProblem(pointer, problem.message, problem.position) from None


def _is_present(variable: Path, wanted: bool) -> Test:
    read = variable.read

    def test(subject: Json, scope: Scope) -> bool:
        try:
            read(subject, scope)
        except PathError:
            return not wanted
        return wanted

    return test


def _against_path(variable: Path, name: str, other: Path) -> Test:
    holds = OPERATORS[name].test

    def test(subject: Json, scope: Scope) -> bool:
        try:
            value = variable.read(subject, scope)
        except PathError:
            raise _invalid(variable) from None
        try:
            operand = other.read(subject, scope)
        except PathError:
            raise _invalid(other) from None
        return holds(value, operand)

    return test


def _invalid(path: Path) -> EvaluationError:
    return EvaluationError(
        RUNTIME,
        f"Invalid path '{path.text}': The choice state's condition path references an "
        "invalid value.",
    )


def compile_condition(expression: Expression, location: str) -> Test:
    """Compile a JSONata Condition, which must give a boolean."""
    evaluate = expression.at(location)

    def test(subject: Json, scope: Scope) -> bool:
        value = evaluate(subject, scope)
        if value is True or value is False:
            return value
        raise unexpected_type(expression, location, "boolean", value)

    return test
