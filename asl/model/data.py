"""Kinds of field value: numbers, moments and texts that may be computed.

In: a field's text, path or expression. Out: closures `(subject, scope) -> value` that
raise EvaluationError in AWS's words.
Never: reads a definition; build.py does.

States Language specification: "Timeouts and Heartbeats", "Wait State", "Map State".
"""

import re

from asl.expressions.comparison import parse_timestamp
from asl.expressions.jsonata import Expression, unexpected_type
from asl.expressions.jsonpath import Path, PathError
from asl.expressions.scope import EvaluationError, Scope
from asl.expressions.template import Evaluate
from asl.model.failure import QUERY_EVALUATION_ERROR, RUNTIME
from asl.model.states import Number
from asl.quotas import MAX_SECONDS
from asl.values import Json, json_text

_INTEGER = re.compile(r"[+-]?\d+")
_FLOAT = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


def literal(value: Json) -> Evaluate:
    """A field that says the same whatever the data."""
    return lambda subject, scope: value


def invalid_path(path: Path, error: PathError) -> EvaluationError:
    """AWS's sentence for a path field that finds nothing."""
    return EvaluationError(RUNTIME, f"Invalid path '{path.text}' : {error.reason}")


def integer_path(field: str, path: Path) -> Number:
    """A `…Path` field whose value must be an integer, as number or text."""

    def evaluate(subject: Json, scope: Scope) -> int:
        try:
            value = path.read(subject, scope)
        except PathError as error:
            raise invalid_path(path, error) from None
        if type(value) is int:
            return value
        if isinstance(value, str) and _INTEGER.fullmatch(value):
            return int(value)
        raise _not_a("integer", field, path, value)

    return evaluate


def float_path(field: str, path: Path) -> Number:
    """A `…Path` field whose value must be a number, as number or text."""

    def evaluate(subject: Json, scope: Scope) -> float:
        try:
            value = path.read(subject, scope)
        except PathError as error:
            raise invalid_path(path, error) from None
        if type(value) is int or type(value) is float:
            return value
        if isinstance(value, str) and _FLOAT.fullmatch(value):
            return float(value)
        raise _not_a("float", field, path, value)

    return evaluate


def _not_a(kind: str, field: str, path: Path, value: Json) -> EvaluationError:
    text = value if isinstance(value, str) else json_text(value)
    return EvaluationError(
        RUNTIME,
        f'The {field} field refers to value "{text}" which is not a valid {kind}: '
        f"{path.text}",
    )


def integer_expression(
    field: str, expression: Expression, *, least: int = 0, most: int = MAX_SECONDS
) -> Number:
    """A JSONata field whose value must be a whole number within bounds."""
    compute = expression.at(field)

    def evaluate(subject: Json, scope: Scope) -> int:
        value = compute(subject, scope)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise unexpected_type(expression, field, "number", value)
        if value != int(value):
            raise EvaluationError(
                QUERY_EVALUATION_ERROR,
                f"The {field} field cannot be parsed as an integer: {json_text(value)}",
                location=field,
            )
        if not least <= value <= most:
            raise EvaluationError(
                QUERY_EVALUATION_ERROR,
                f"{field} must be between {least} and {most} but was: {int(value)}",
                location=field,
            )
        return int(value)

    return evaluate


def float_expression(field: str, expression: Expression) -> Number:
    """A JSONata field whose value must be a number."""
    compute = expression.at(field)

    def evaluate(subject: Json, scope: Scope) -> float:
        value = compute(subject, scope)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise unexpected_type(expression, field, "number", value)
        return value

    return evaluate


def typed_expression(
    field: str, expression: Expression, expected: str, kinds: tuple[type, ...]
) -> Evaluate:
    """A JSONata field whose value must have one JSON type (`expected` names it)."""
    compute = expression.at(field)

    def evaluate(subject: Json, scope: Scope) -> Json:
        value = compute(subject, scope)
        if type(value) not in kinds:
            raise unexpected_type(expression, field, expected, value)
        return value

    return evaluate


def seconds_path(path: Path) -> Number:
    """Wait's SecondsPath."""

    def evaluate(subject: Json, scope: Scope) -> int:
        value = _wait_value("SecondsPath", path, subject, scope)
        if isinstance(value, str) and _INTEGER.fullmatch(value):
            value = int(value)
        if type(value) is not int:
            raise EvaluationError(
                RUNTIME,
                "The SecondsPath parameter cannot be parsed as a long value: "
                f"{path.text} == {_shown(value)}",
            )
        if value < 0:
            raise EvaluationError(
                RUNTIME,
                "The SecondsPath parameter references a negative value: "
                f"{path.text} == {value}",
            )
        return value

    return evaluate


def timestamp_path(path: Path) -> Number:
    """Wait's TimestampPath; gives nanoseconds since 1970."""

    def evaluate(subject: Json, scope: Scope) -> int:
        value = _wait_value("TimestampPath", path, subject, scope)
        moment = parse_timestamp(value)
        if moment is None:
            raise EvaluationError(
                RUNTIME,
                "The TimestampPath parameter does not reference a valid ISO-8601 "
                "extended offset date-time format string: "
                f"{path.text} == {_shown(value)}",
            )
        return moment

    return evaluate


def timestamp_expression(field: str, expression: Expression) -> Number:
    """Wait's Timestamp in JSONata; gives nanoseconds since 1970."""
    compute = expression.at(field)

    def evaluate(subject: Json, scope: Scope) -> int:
        value = compute(subject, scope)
        if not isinstance(value, str):
            raise unexpected_type(expression, field, "string", value)
        moment = parse_timestamp(value)
        if moment is None:
            raise EvaluationError(
                QUERY_EVALUATION_ERROR,
                f"The {field} field cannot be parsed as an ISO-8601 extended offset "
                f"date-time format string: {value}",
                location=field,
            )
        return moment

    return evaluate


def _wait_value(field: str, path: Path, subject: Json, scope: Scope) -> Json:
    try:
        return path.read(subject, scope)
    except PathError:
        raise EvaluationError(
            RUNTIME,
            f"The {field} parameter does not reference an input value: {path.text}",
        ) from None


def _shown(value: Json) -> str:
    return value if isinstance(value, str) else json_text(value)
