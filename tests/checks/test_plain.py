"""Plain tests say of every value what jsonschema says of it."""

import copy
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, validators

from asl.checks.fault import Fault
from asl.checks.pieces import walk
from asl.checks.plain import _KEYWORDS, PlainTests
from asl.checks.schema import read_schema
from asl.source.reading import read_file
from asl.values import Json

TESTS = Path(__file__).parent.parent
SCHEMA = read_schema("state-machine.json")
NAMES = sorted(name for name in SCHEMA["$defs"] if name[0].isupper())
"""What pieces are; the others are their parts, or put together for editors."""
OBJECTS = [name for name in NAMES if "additionalProperties" in SCHEMA["$defs"][name]]
PLAIN = PlainTests(SCHEMA["$defs"])

ODD: list[Json] = [None, True, False, 0, 1, -1, 5.0, 0.5, 99_999_999, 10**30]
ODD += ["", "x", "$.a", "$$"]
ODD += ["{% 1 %}", "{% 1 %} ", "/a", "DISTRIBUTED", "CSV", "a b", "x" * 99]
ODD += [[], [1], ["x"], [{}], {}, {"x": 1}, {"Mode": "DISTRIBUTED"}, {"Next": "A"}]
"""Values that some keyword may take amiss."""


@cache
def judge(name: str) -> Any:
    """jsonschema for one definition, with AWS's idea of a whole number."""
    checker = Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: type(value) is int
    )
    made: Any = validators.extend(Draft202012Validator, type_checker=checker)  # type: ignore[no-untyped-call]
    return made({"$ref": f"#/$defs/{name}", "$defs": SCHEMA["$defs"]})


def agree(name: str, value: Json) -> bool:
    return bool(PLAIN.of(name)(value)) is bool(judge(name).is_valid(value))


def pieces() -> Iterator[tuple[str, Json]]:
    """The objects of the definitions that other tests use, one of each shape."""
    seen = set()
    for file in sorted(TESTS.glob("checks/*valid/*.*")):
        for piece in walk(read_file(file).value):
            if isinstance(piece, Fault) or not isinstance(piece.value, dict):
                continue
            shape = (piece.definition, *sorted(piece.value))
            if shape not in seen:
                seen.add(shape)
                yield piece.definition, piece.value


PIECES = list(pieces())


def test_there_are_pieces_of_every_kind() -> None:
    kinds = {name for name, _ in PIECES}
    assert {"StateMachine", "Branch", "ItemProcessor", "InnerRule"} <= kinds
    assert {"TaskJSONPath", "TaskJSONata", "MapJSONPath", "MapJSONata"} <= kinds


def keywords(schema: Json) -> Iterator[str]:
    """The keywords of a schema, of all schemas in it and of those it refers to."""
    for key, value in schema.items() if isinstance(schema, dict) else ():
        yield key
        if key == "$ref":
            yield from keywords(SCHEMA["$defs"][value.removeprefix("#/$defs/")])
        if key in ("properties", "dependentSchemas"):
            parts = list(value.values())
        else:
            parts = value if isinstance(value, list) else [value]
        if key not in ("const", "enum", "default", "dependentRequired"):
            for part in parts:
                yield from keywords(part)


def test_every_keyword_of_the_schema_is_known() -> None:
    used = {key for name in NAMES for key in keywords(SCHEMA["$defs"][name])}
    told = {"title", "description", "default", "deprecated", "$comment"}
    elsewhere = {"$ref", "then", "additionalProperties"}  # by the one beside it
    assert used - told - elsewhere <= _KEYWORDS.keys()


@pytest.mark.parametrize("name", NAMES)
def test_every_definition_judges_odd_values_as_jsonschema_does(name: str) -> None:
    assert [value for value in ODD if not agree(name, value)] == []


@pytest.mark.parametrize("name", OBJECTS)
def test_every_field_judges_odd_values_as_jsonschema_does(name: str) -> None:
    fields = SCHEMA["$defs"][name]["properties"]
    other = [
        (field, value)
        for field in (*fields, "Strange")
        for value in ODD
        if not agree(name, {field: value})
    ]
    assert other == []


def test_pieces_are_judged_as_jsonschema_does() -> None:
    assert [piece for piece in PIECES if not agree(*piece)] == []


@st.composite
def changed(draw: Any) -> tuple[str, Json]:
    """A piece in which some fields at any depth are other ones, missing or new."""
    name, value = draw(st.sampled_from(PIECES))
    value = copy.deepcopy(value)
    for _ in range(draw(st.integers(1, 3))):
        at = value
        while True:
            keys = list(at) if isinstance(at, dict) else list(range(len(at)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(at[key], (dict, list)) and draw(st.booleans()):
                at = at[key]
                continue
            if draw(st.booleans()):
                at[key] = copy.deepcopy(draw(st.sampled_from(ODD)))
            else:
                del at[key]
            break
        if isinstance(at, dict) and draw(st.booleans()):
            fields = SCHEMA["$defs"][name].get("properties", {"x": 0})
            field = draw(st.sampled_from(sorted(fields)))
            at[field] = copy.deepcopy(draw(st.sampled_from(ODD)))
    return name, value


@given(changed())
@settings(max_examples=500, deadline=None)
def test_changed_pieces_are_judged_as_jsonschema_does(piece: tuple[str, Json]) -> None:
    assert agree(*piece), json.dumps(piece)


def test_a_small_schema_of_each_keyword_that_ours_use_only_in_part() -> None:
    schemas: dict[str, Json] = {
        "one of several": {"oneOf": [{"type": "string"}, {"enum": ["a"]}]},
        "one of pairs": {"oneOf": [{"required": ["a", "b"]}, {"required": ["c"]}]},
        "no object": {"allOf": [{"dependentRequired": {"a": ["b"]}}]},
        "open": {"properties": {"a": {"type": "null"}}},
        "never": False,
    }
    tests = PlainTests(schemas)
    values: list[Json] = [*ODD, "a", "b", {"a": 1}, {"a": None}, {"a": 1, "b": 2}]
    values += [{"a": 1, "b": 2, "c": 3}, {"c": 3}]
    for name, schema in schemas.items():
        validator = Draft202012Validator(schema)
        for value in values:
            assert tests.of(name)(value) is validator.is_valid(value), (name, value)
