"""Plain tests: a definition of the schema as a Python function, right or wrong.

In: a JSON Schema's $defs. Out: for each of them a test of values, made when it is first
asked for. Never: says what is wrong with a value; that is jsonschema's (schema.py).

Most objects are right, and then there is nothing to say. These tests find that out in
microseconds, and jsonschema, whose import takes as long as a small run, is not even
imported for what is right. They know the keywords that the schema of pieces uses, and
judge any value that JSON can hold as jsonschema would.

JSON Schema 2020-12: "Validation", "Core".
"""

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from asl.values import Json

Test: TypeAlias = Callable[[Json], bool]
_Make: TypeAlias = Callable[[Json], Test]

_TYPES: dict[str, tuple[type, ...]] = {
    "array": (list,),
    "boolean": (bool,),
    # JSON Schema takes 5.0 for an integer; AWS reads a number with a point as float
    "integer": (int,),
    "null": (type(None),),
    "number": (int, float),
    "object": (dict,),
    "string": (str,),
}


class PlainTests:
    """The tests of all definitions of one schema."""

    def __init__(self, definitions: Mapping[str, Json]) -> None:
        self._definitions = definitions
        self._made: dict[str, Test] = {}

    def of(self, name: str) -> Test:
        """The test of one definition."""
        if name not in self._made:
            self._made[name] = self._make(self._definitions[name])
        return self._made[name]

    def _make(self, schema: Json) -> Test:
        """The test of a schema: of each of its keywords in turn."""
        if schema is False:
            return lambda _: False
        tests = [
            _KEYWORDS[key](schema, self._make) for key in schema if key in _KEYWORDS
        ]
        if "$ref" in schema:
            name = schema["$ref"].removeprefix("#/$defs/")
            tests.append(lambda value: self.of(name)(value))
        if len(tests) == 1:
            return tests[0]
        return lambda value: all(test(value) for test in tests)


# --- every value


def _type(schema: Json, _: _Make) -> Test:
    names = schema["type"]
    names = names if isinstance(names, list) else [names]
    types = frozenset(one for name in names for one in _TYPES[name])
    return lambda value: type(value) in types


def _const(schema: Json, _: _Make) -> Test:
    constant = schema["const"]
    return lambda value: type(value) is type(constant) and value == constant


def _enum(schema: Json, _: _Make) -> Test:
    texts = frozenset(schema["enum"])
    return lambda value: type(value) is str and value in texts


# --- numbers and texts


def _minimum(schema: Json, _: _Make) -> Test:
    least = schema["minimum"]
    return lambda value: type(value) not in (int, float) or value >= least


def _maximum(schema: Json, _: _Make) -> Test:
    most = schema["maximum"]
    return lambda value: type(value) not in (int, float) or value <= most


def _max_length(schema: Json, _: _Make) -> Test:
    most = schema["maxLength"]
    return lambda value: type(value) is not str or len(value) <= most


def _pattern(schema: Json, _: _Make) -> Test:
    pattern = schema["pattern"]  # compiled when the field is there, which is rare
    return lambda value: type(value) is not str or re.search(pattern, value) is not None


# --- lists


def _min_items(schema: Json, _: _Make) -> Test:
    least = schema["minItems"]
    return lambda value: type(value) is not list or len(value) >= least


def _items(schema: Json, make: _Make) -> Test:
    test = make(schema["items"])
    return lambda value: type(value) is not list or all(test(item) for item in value)


# --- objects


def _required(schema: Json, _: _Make) -> Test:
    names = frozenset(schema["required"])
    return lambda value: type(value) is not dict or names <= value.keys()


def _min_properties(schema: Json, _: _Make) -> Test:
    least = schema["minProperties"]
    return lambda value: type(value) is not dict or len(value) >= least


def _properties(schema: Json, make: _Make) -> Test:
    tests = {name: make(part) for name, part in schema["properties"].items()}
    closed = schema.get("additionalProperties") is False

    def each(value: Json) -> bool:
        if type(value) is not dict:
            return True
        for name, item in value.items():
            test = tests.get(name)
            if closed if test is None else not test(item):
                return False
        return True

    return each


def _dependent_required(schema: Json, _: _Make) -> Test:
    needs = {name: frozenset(n) for name, n in schema["dependentRequired"].items()}
    return lambda value: (
        type(value) is not dict
        or all(needs[name] <= value.keys() for name in value if name in needs)
    )


def _dependent_schemas(schema: Json, make: _Make) -> Test:
    tests = {name: make(part) for name, part in schema["dependentSchemas"].items()}
    return lambda value: (
        type(value) is not dict
        or all(tests[name](value) for name in value if name in tests)
    )


# --- several schemas


def _all_of(schema: Json, make: _Make) -> Test:
    tests = [make(part) for part in schema["allOf"]]
    return lambda value: all(test(value) for test in tests)


def _any_of(schema: Json, make: _Make) -> Test:
    tests = [make(part) for part in schema["anyOf"]]
    return lambda value: any(test(value) for test in tests)


def _one_of(schema: Json, make: _Make) -> Test:
    parts = schema["oneOf"]
    if all(part.keys() == {"required"} for part in parts):
        groups = [part["required"] for part in parts]
        if all(len(group) == 1 for group in groups):  # one field of many: one look
            names = frozenset(name for (name,) in groups)
            return lambda value: type(value) is dict and len(names & value.keys()) == 1
    tests = [make(part) for part in parts]
    return lambda value: sum(test(value) for test in tests) == 1


def _not(schema: Json, make: _Make) -> Test:
    test = make(schema["not"])
    return lambda value: not test(value)


def _if(schema: Json, make: _Make) -> Test:
    condition, then = make(schema["if"]), make(schema["then"])
    return lambda value: not condition(value) or then(value)


_KEYWORDS: dict[str, Callable[[Json, _Make], Test]] = {
    "allOf": _all_of,
    "anyOf": _any_of,
    "const": _const,
    "dependentRequired": _dependent_required,
    "dependentSchemas": _dependent_schemas,
    "enum": _enum,
    "if": _if,
    "items": _items,
    "maxLength": _max_length,
    "maximum": _maximum,
    "minItems": _min_items,
    "minProperties": _min_properties,
    "minimum": _minimum,
    "not": _not,
    "oneOf": _one_of,
    "pattern": _pattern,
    "properties": _properties,
    "required": _required,
    "type": _type,
}
"""What a keyword asks for; the others (title, default, $comment) ask for nothing."""
