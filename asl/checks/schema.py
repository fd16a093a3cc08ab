"""The first pass over a definition: is its JSON shaped as the States Language says?

In: a Document. Out: every Problem of shape: missing, unknown and exclusive fields,
types, ranges, enumerations, the field of the other query language; one sentence each.
Never: follows transitions (flow.py); reads paths, expressions or ARNs (data, task).

The shapes themselves stand in schemas/state-machine.json. jsonschema sees one piece at
a time, never the machines or rules nested in it, so that depth costs no recursion and
an error in one state hides no other. What plain.py finds right it does not see at all.

More than 250 lines: reading the schema and understanding what jsonschema says of it are
one thing, and one module imports jsonschema.

States Language specification: "State Types", "Fields".
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from asl.checks.fault import (
    CODES,
    Fault,
    Kind,
    Steps,
    find_meant,
    find_suggestion,
    sentence,
)
from asl.checks.pieces import STATE_TYPES, Piece, find_stray_language, walk
from asl.checks.plain import PlainTests
from asl.errors import InternalError
from asl.problem import Problem, Severity
from asl.values import Json

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

    from asl.source.document import Document

_PLACEHOLDER = re.compile(r"\$\{([A-Za-z_][\w.:-]*)\}")


def check_schema(document: "Document") -> list[Problem]:
    """Every Problem of shape in a definition, machine by machine."""
    problems = []
    unfilled = set()
    for fault in find_faults(document.value):
        gap = _find_placeholder(fault)
        if gap is None:
            problems.append(_problem(document, fault))
        elif gap not in unfilled:
            unfilled.add(gap)
            problems.append(
                document.problem(
                    "ASL010",
                    f"the placeholder ${{{gap}}} is not filled; "
                    "give it with substitutions",
                    pointer=fault.pointer,
                    aws_code="SCHEMA_VALIDATION_FAILED",
                )
            )
    return [*problems, *_stray_language(document)]


def _find_placeholder(fault: Fault) -> str | None:
    if fault.kind in ("type", "enum", "format") and isinstance(fault.value, str):
        match = _PLACEHOLDER.fullmatch(fault.value)
        return match[1] if match else None
    return None


def _problem(document: "Document", fault: Fault) -> Problem:
    if fault.kind == "depth":
        aws_code = "TOO_DEEPLY_NESTED"
    elif fault.path == ("Label",) and fault.kind in ("format", "length"):
        aws_code = "INVALID_LABEL_NAME"
    else:
        aws_code = "SCHEMA_VALIDATION_FAILED"
    return document.problem(
        CODES[fault.kind],
        sentence(fault),
        pointer=fault.pointer,
        aws_code=aws_code,
        suggestion=find_suggestion(fault),
        on_key=fault.on_key,
    )


def _stray_language(document: "Document") -> Iterator[Problem]:
    machine = document.value
    states = machine.get("States") if isinstance(machine, dict) else None
    if isinstance(states, dict) and find_stray_language(states):
        yield document.problem(
            "ASL110",
            "QueryLanguage stands among the states, not beside them",
            pointer="/States/QueryLanguage",
            severity=Severity.WARNING,
            suggestion="move it up, next to StartAt",
            on_key=True,
        )


def find_faults(value: Json, *, consequences: bool = False) -> Iterator[Fault]:
    """Every fault of shape in a definition's value, machine by machine.

    With `consequences` also a missing field whose likely misspelling is a fault itself;
    AWS reports both.
    """
    for piece in walk(value):
        if isinstance(piece, Fault):
            yield piece
        else:
            yield from _piece_faults(piece, consequences=consequences)


# --- the schema file


def read_schema(
    name: str,
    *,
    package: "Traversable | None" = None,
    checkout: Path | None = None,
) -> Json:
    """Read one of the project's schema files, from the package or from its checkout.

    A wheel carries schemas/ inside the package. An editable install does not, and there
    it stands beside the package; it is taken from there only if pyproject.toml is there
    too, because beside an installed package lies anybody's `schemas`.
    """
    inside = (package or Path(__file__).resolve().parents[1]) / "schemas" / name
    if inside.is_file():
        return json.loads(inside.read_text("utf-8"))
    checkout = checkout or Path(__file__).resolve().parents[2]
    beside = checkout / "schemas" / name
    if (checkout / "pyproject.toml").is_file() and beside.is_file():
        return json.loads(beside.read_text("utf-8"))
    raise InternalError(f"the schema file {name} is not where asl was installed")


@cache
def _definitions() -> dict[str, Json]:
    """The schema's $defs, each whole: references replaced by what they refer to."""
    raw = _raw_definitions()

    def whole(schema: Json) -> Json:
        own: dict[str, Json] = {}
        if "$ref" in schema:
            name = schema["$ref"].removeprefix("#/$defs/")
            # jsonschema passes over a keyword that it does not know, such as this
            own = {**whole(raw[name]), "definition": name}
        for key, item in schema.items():
            if key in ("properties", "dependentSchemas"):
                own[key] = {name: part and whole(part) for name, part in item.items()}
            elif key in ("allOf", "anyOf", "oneOf"):
                own[key] = [whole(part) for part in item]
            elif key in ("items", "if", "then", "not"):
                own[key] = whole(item)
            elif key != "$ref":
                own[key] = item
        return own

    # A small letter: put together for editors, with recursion; not for us.
    return {name: whole(schema) for name, schema in raw.items() if name[0].isupper()}


@cache
def _raw_definitions() -> dict[str, Json]:
    definitions: dict[str, Json] = read_schema("state-machine.json")["$defs"]
    return definitions


@cache
def _plain_tests() -> PlainTests:
    return PlainTests(_raw_definitions())


@cache
def _validator(definition: str) -> "Validator":
    validator: Validator = _validator_class()(_definitions()[definition])
    return validator


@cache
def _validator_class() -> Json:
    from jsonschema import Draft202012Validator, validators

    return validators.extend(  # type: ignore[no-untyped-call]  # its stub
        Draft202012Validator,
        {"properties": _properties, "allOf": _all_of},
        # JSON Schema takes 5.0 for an integer; AWS reads a number with a point as float
        type_checker=Draft202012Validator.TYPE_CHECKER.redefine(
            "integer", lambda _, value: type(value) is int
        ),
    )


def _properties(
    validator: Json, members: Json, value: Json, _: Json
) -> Iterator["ValidationError"]:
    from jsonschema.exceptions import ValidationError

    for name, item in value.items() if type(value) is dict else ():
        schema = members.get(name, {})
        if schema is False:
            # jsonschema's own error for the schema `false` does not say where it was
            yield ValidationError("", path=[name], validator="false")
        else:
            yield from validator.descend(item, schema, path=name, schema_path=name)


def _all_of(
    validator: Json, parts: Json, value: Json, _: Json
) -> Iterator["ValidationError"]:
    # what is no object has that fault, and not also a field too few or too many
    for index, part in enumerate(parts) if type(value) is dict else ():
        yield from validator.descend(value, part, schema_path=index)


# --- one piece


def _piece_faults(piece: Piece, *, consequences: bool) -> list[Fault]:
    """What jsonschema finds here, each thing once; it is asked about what is wrong."""
    if _plain_tests().of(piece.definition)(piece.value):
        return []
    found: dict[Json, Fault] = {}
    for error in _validator(piece.definition).iter_errors(piece.value):
        for fault in _faults_of(error, piece):
            if not (piece.downgraded and fault.kind == "language"):
                found.setdefault((fault.kind, fault.pointer, fault.names), fault)
    if consequences or not found:
        return list(found.values())
    # A misspelt or foreign field is no second fault for being missing as well.
    meant = {(fault.owner, find_meant(fault)) for fault in found.values()}
    return [
        fault
        for fault in found.values()
        if fault.kind not in ("required", "none")
        or not any((fault.owner, name) in meant for name in _wished(fault))
    ]


def _wished(fault: Fault) -> tuple[str, ...]:
    """The fields that are missing; operators of a choice rule come with Variable."""
    return (*fault.names, "Variable") if "Not" in fault.names else fault.names


def _owner(piece: Piece, path: Steps) -> tuple[Piece, Steps]:
    """The innermost known object on a path, and the path from there on."""
    schema = _definitions()[piece.definition]
    owner, rest, value = piece, path, piece.value
    for index, step in enumerate(path, 1):
        schema = (
            schema["items"] if isinstance(step, int) else schema["properties"][step]
        )
        value = value[step]
        if "properties" in schema:
            owner = piece.inside(path[:index], value, schema["definition"])
            rest = path[index:]
    return owner, rest


def _faults_of(error: "ValidationError", piece: Piece) -> Iterator[Fault]:
    """What one jsonschema error says, in our terms."""
    path: Steps = tuple(error.path)
    wanted: Json = error.validator_value
    rule: Json = error.schema
    if error.validator == "false":  # a field that others exclude
        owner, inner = _owner(piece, path[:-1])
        text = rule["$comment"]
        yield owner.fault("unknown", path=(*inner, path[-1]), text=text)
        return
    if error.validator in _VALUE_FAULTS:
        yield _value_fault(error, piece, path)
        return
    owner, inner = _owner(piece, path)
    value: Json = error.instance
    match error.validator:
        case "required":
            missing = tuple(name for name in wanted if name not in value)
            yield owner.fault("required", names=missing)
        case "dependentRequired":
            needed = [name for key in wanted if key in value for name in wanted[key]]
            missing = tuple(dict.fromkeys(n for n in needed if n not in value))
            yield owner.fault("required", names=missing)
        case "additionalProperties":
            for field in value:
                if field not in rule["properties"]:
                    yield _strange_field(owner, field)
        case "minProperties":
            yield owner.fault("empty", path=inner)
        case "anyOf" if "$comment" in rule:
            field = error.relative_schema_path[-2]
            yield owner.fault("condition", path=(field,), text=rule["$comment"])
        case _:  # oneOf, anyOf, not: groups of fields
            yield _group_fault(owner, error)


_VALUE_FAULTS: dict[Json, Kind] = {
    "type": "type",
    "enum": "enum",
    "const": "enum",
    "pattern": "format",
    "minimum": "minimum",
    "maximum": "maximum",
    "maxLength": "length",
    "minItems": "empty",
}


def _value_fault(error: "ValidationError", piece: Piece, path: Steps) -> Fault:
    kind = _VALUE_FAULTS[error.validator]
    owner, inner = _owner(piece, path[:-1])
    wanted: Json = error.validator_value
    rule: Json = error.schema
    names: tuple[str, ...] = ()
    if kind == "format" and isinstance(rule["type"], list):
        kind = "type"  # a number, or a text that is an expression
    if kind == "type":
        names = tuple(rule["type"]) if isinstance(rule["type"], list) else (wanted,)
    elif kind == "enum":
        names = ("true",) if wanted is True else tuple(wanted)
    return owner.fault(
        kind,
        path=(*inner, *path[-1:]),
        names=names,
        value=error.instance,
        limit=wanted if isinstance(wanted, (int, float)) else 0,
        text=rule.get("$comment", ""),
    )


def _group_fault(owner: Piece, error: "ValidationError") -> Fault:
    wanted: Json = error.validator_value
    if error.validator == "not":
        group = tuple(wanted["required"])
    else:
        group = tuple(choice["required"][0] for choice in wanted)
    present = tuple(name for name in owner.value if name in group)
    kind: Kind = "several" if present else "none"
    return owner.fault(kind, path=present[-1:], names=group, present=present)


def _strange_field(owner: Piece, field: str) -> Fault:
    """A field that the object does not have: whose is it?"""
    definitions = _definitions()
    name = owner.definition
    known = tuple(f for f in definitions[name]["properties"] if f not in owner.value)
    if field in definitions.get(_twin(name), {}).get("properties", ()):
        return owner.fault("language", path=(field,), names=known)
    states = [
        kind for kind in STATE_TYPES if name in (f"{kind}JSONPath", f"{kind}JSONata")
    ]
    elsewhere = tuple(
        kind
        for kind in STATE_TYPES
        if states
        and (
            field in definitions[f"{kind}JSONPath"]["properties"]
            or field in definitions[f"{kind}JSONata"]["properties"]
        )
    )
    return owner.fault("unknown", path=(field,), names=known, present=elsewhere)


def _twin(definition: str) -> str:
    """The same object's name in the other query language."""
    if definition.endswith("JSONPath"):
        return definition.removesuffix("JSONPath") + "JSONata"
    return definition.removesuffix("JSONata") + "JSONPath"
