"""AWS's words: a fault of shape as AWS reports it, and where AWS says that it stands.

In: a Fault of the schema pass, a definition's value. Out: Diagnostics.
Never: finds anything; what was recorded is said word for word, and where no recording
shows AWS's words, the sentences of its API reference or its own pattern stand in.

Recorded: pointers and messages of ValidateStateMachineDefinition.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from asl.checks.fault import Fault
from asl.expressions.comparison import OPERATORS
from asl.expressions.jsonpath import compile_path, reference_problem
from asl.expressions.scope import SyntaxProblem
from asl.source.substitution import unescape
from asl.values import Json

SCHEMA = "SCHEMA_VALIDATION_FAILED"
INVALID_JSONATA = "INVALID_JSONATA_EXPRESSION"
UNSUPPORTED_JSONATA = "UNSUPPORTED_JSONATA_EXPRESSION"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One finding as AWS tells it, but for the spelling of its place."""

    code: str
    message: str
    pointer: str | None
    """JSON Pointer into the definition, or None where AWS names no place."""
    severity: Literal["ERROR", "WARNING"] = "ERROR"


def schema(message: str, pointer: str) -> Diagnostic:
    """The most frequent sort: SCHEMA_VALIDATION_FAILED."""
    return Diagnostic(code=SCHEMA, message=message, pointer=pointer)


def value_at(value: Json, pointer: str) -> Json:
    """The part of a value that a JSON Pointer leads to, or None."""
    for step in pointer.split("/")[1:]:
        if isinstance(value, list):
            value = value[int(step)] if step.isdecimal() else None
        else:
            value = value.get(unescape(step)) if isinstance(value, dict) else None
    return value


def spell_location(value: Json, pointer: str) -> str:
    """A JSON Pointer as AWS writes it: `/States/C/Choices[0]`, the whole as `/`."""
    location = ""
    for step in pointer.split("/")[1:]:
        if isinstance(value, list):
            location += f"[{step}]"
            value = value[int(step)]
        else:
            key = unescape(step)
            location += f"/{key}"
            value = value.get(key) if isinstance(value, dict) else None
    return location or "/"


def tell_reference(text: str) -> str:
    """Why a text is no Reference Path."""
    reason: str | None
    if not text.startswith("$"):
        reason = "Reference path didn't start with '$'"
    else:
        try:
            reason = reference_problem(compile_path(text))
        except SyntaxProblem as problem:
            reason = problem.message
    return f"Value is not a Reference Path: {reason or text}"


BAD_PATH = "Value must be a valid JSONPath."
BAD_TIMESTAMP = "String does not match RFC3339 timestamp"

_DECIDING = ("Type", "InputType", "CSVHeaderLocation")
"""Fields whose value decides which others there are: missed and refused by name."""

_WAIT = ("SecondsPath", "Seconds", "TimestampPath", "Timestamp")

COMPARATORS = tuple(OPERATORS)
"""The comparison operators in the order in which AWS lists them."""

_TYPES = {
    "object": "Object",
    "array": "Array",
    "string": "String",
    "integer": "Integer",
    "number": "Number",
    "boolean": "Boolean",
    "null": "Null",
}

_FRACTIONS = ("BackoffRate", "ToleratedFailurePercentage")
"""Fields whose bounds are written with a point."""


def tell_fault(fault: Fault, owner: Json) -> Iterator[Diagnostic]:
    """A fault of shape in AWS's words; `owner` is the object that it belongs to."""
    match fault.kind:
        case "required":
            yield from _tell_required(fault)
        case "none" | "several":
            yield from _tell_group(fault, owner)
        case "unknown" | "condition":
            yield schema(f"Field '{fault.path[-1]}' is not supported", fault.owner)
        case "language":
            other = "JSONata" if fault.language == "JSONPath" else "JSONPath"
            yield schema(
                f"The QueryLanguage is set to '{fault.language}', but field "
                f"'{fault.path[-1]}' is only supported for the '{other}' QueryLanguage",
                fault.owner,
            )
        case "downgrade":
            yield schema(
                "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole "
                "state machine",
                fault.owner,
            )
        case "depth":
            yield Diagnostic(
                code="TOO_DEEPLY_NESTED",
                message="The states are too deeply nested.",
                pointer=fault.pointer,
            )
        case "format" | "length" if fault.path == ("Label",):
            yield Diagnostic(
                code="INVALID_LABEL_NAME",
                message="You have provided an invalid label name.",
                pointer=fault.pointer,
            )
        case _:
            yield schema(_tell_value(fault), fault.pointer)


def _tell_required(fault: Fault) -> Iterator[Diagnostic]:
    plain = [name for name in fault.names if name not in _DECIDING]
    for name in fault.names:
        if name in _DECIDING:
            yield schema(f"The field '{name}' is required", fault.owner)
    if plain == ["RoleArn"]:
        yield _missing_role(fault)
    elif plain:
        yield schema(f"These fields are required: [{', '.join(plain)}]", fault.owner)


def _missing_role(fault: Fault) -> Diagnostic:
    return schema("The field 'RoleArn' is required but was missing", fault.owner)


def _tell_group(fault: Fault, owner: Json) -> Iterator[Diagnostic]:
    names: tuple[str, ...] = fault.names
    present = len(fault.present)
    if "RoleArn" in names and not present:
        yield _missing_role(fault)
        return
    if set(names) <= set(_WAIT):
        # The four are one group in both languages: a path in a JSONata state is
        # refused as such, and counts nevertheless.
        names = _WAIT
        present = sum(name in owner for name in _WAIT)
    elif len(names) > len(COMPARATORS):
        names = COMPARATORS
    if present == 1:
        return
    head = (
        "There should only be one of" if present else "This object should have only one"
    )
    head += " the following fields" if present else " of the following fields"
    yield schema(f"{head}: [{', '.join(names)}]", fault.owner)


def _tell_value(fault: Fault) -> str:
    field = fault.path[-1] if fault.path else ""
    match fault.kind:
        case "type":
            return f"Expected value of type {_TYPES[fault.names[0]]}"
        case "enum" if field in _DECIDING:
            allowed = ", ".join(fault.names)
            return f"The field '{field}' should have one of these values: [{allowed}]"
        case "enum" if not isinstance(fault.value, (str, bool)):
            return "Expected value of type [STRING]"
        case "enum":
            return f"Value should be one of the following: [{', '.join(fault.names)}]"
        case "minimum":
            return f"Minimum value is {_bound(fault)}"
        case "maximum":
            return f"Maximum value is {_bound(fault)}"
        case "format" if field == "ItemsPointer":
            start = "Invalid input: JSON Pointer expression must start with '/'"
            return f'{start}: "{fault.value}"'
        case "format":  # the others with a format are timestamps
            return BAD_TIMESTAMP
        case _:
            return "Value cannot be empty"


def _bound(fault: Fault) -> str:
    return str(float(fault.limit) if fault.path[-1] in _FRACTIONS else fault.limit)
