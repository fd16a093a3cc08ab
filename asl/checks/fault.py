"""Fault: one broken rule of shape, and how it is put into words.

In: what schema.py finds. Out: code, sentence, place and next move of each fault.
Never: schema talk; a sentence names the object, the field and what it must be.

Recorded: what ValidateStateMachineDefinition reports, in its own words.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from asl.values import Json, json_text

Kind: TypeAlias = Literal[
    "required",  # fields of an object that are missing
    "none",  # a group of which one is needed, and none is there
    "several",  # a group of which two or more are there
    "unknown",  # a field that the object does not have
    "language",  # a field of the other query language
    "downgrade",  # a JSONPath state in a JSONata machine
    "condition",  # a field that needs something else to be set
    "type",
    "enum",
    "format",
    "minimum",
    "maximum",
    "length",
    "empty",
    "depth",
]

Steps: TypeAlias = tuple[str | int, ...]
"""A way into a value: names of members and indices."""

CODES: dict[Kind, str] = {
    "required": "ASL100",
    "none": "ASL100",
    "condition": "ASL100",
    "unknown": "ASL110",
    "language": "ASL111",
    "downgrade": "ASL111",
    "type": "ASL112",
    "enum": "ASL113",
    "format": "ASL113",
    "minimum": "ASL114",
    "maximum": "ASL114",
    "length": "ASL114",
    "several": "ASL115",
    "empty": "ASL116",
    "depth": "ASL117",
}
"""Our code for each kind of fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One broken rule of shape, before it is put into words."""

    kind: Kind
    subject: str
    """The object in words: `Retry[0] of state "Pay"`."""
    noun: str
    """What sort of object it is: `retrier`, `Task state`."""
    language: str
    """The query language that the object is written in."""
    owner: str
    """Pointer to the object."""
    path: Steps = ()
    """From the object to the value at fault; empty where the object itself is."""
    names: tuple[str, ...] = ()
    """What the rule names: the fields of a group, allowed values, JSON types, or, for
    an unknown field, those that the object has and does not use yet."""
    present: tuple[str, ...] = ()
    """Those of exclusive fields that are there; types of state that have the field."""
    value: Json = None
    limit: int | float = 0
    text: str = ""
    """The rule in the schema's own words."""

    @property
    def pointer(self) -> str:
        """JSON Pointer to the value at fault."""
        return self.owner + pointed(self.path)

    @property
    def field(self) -> str:
        """The value at fault as people write it: `ErrorEquals[1]`."""
        return dotted(self.path)

    @property
    def on_key(self) -> bool:
        """Whether the field's name is at fault rather than its value."""
        return self.kind in ("unknown", "language", "several", "condition")


def pointed(path: Steps) -> str:
    """Steps as a JSON Pointer: `/Choices/0/Next`."""
    return "".join(
        "/" + str(step).replace("~", "~0").replace("/", "~1") for step in path
    )


def dotted(path: Steps) -> str:
    """Steps in fields and indices as people write it: `Choices[0].Next`."""
    text = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path)
    return text.removeprefix(".")


def sentence(fault: Fault) -> str:
    """What is wrong, in the field's words."""
    return f"{fault.subject}: {_predicate(fault)}"


def _predicate(fault: Fault) -> str:
    field, noun = fault.field, fault.noun
    match fault.kind:
        case "required":
            return f"{_a(noun)} needs {_join(fault.names, 'and')}"
        case "none" if len(fault.names) > 6:
            return (
                f"{_a(noun)} needs Variable with an operator such as StringEquals, "
                "or one of And, Or and Not"
            )
        case "none":
            return f"{_a(noun)} needs {_join(fault.names, 'or')}"
        case "several":
            return f"only one of {_join(fault.present, 'and')} may be given"
        case "unknown" if fault.text:
            return f"{field} {fault.text}"
        case "unknown":
            return f'"{field}" is not a field of {_a(noun)}'
        case "language":
            return (
                f"{field} belongs to {_other(fault.language)}, "
                f"and this {noun} speaks {fault.language}"
            )
        case "downgrade":
            return "QueryLanguage cannot be JSONPath in a machine that speaks JSONata"
        case "condition":
            return f"{field} {fault.text}"
        case "depth":
            return f"machines are nested deeper than {fault.limit} levels"
        case _:
            return _about_value(fault)


def _about_value(fault: Fault) -> str:
    field = fault.field
    match fault.kind:
        case "type" if not field:
            return f"{_a(fault.noun)} is an object, not {_shown(fault.value)}"
        case "type":
            return f"{field} must be {_types(fault)}, not {_shown(fault.value)}"
        case "enum":
            allowed = _join(fault.names, "or")
            if len(fault.names) > 2:
                allowed = f"one of {allowed}"
            return f"{field} must be {allowed}, not {_shown(fault.value)}"
        case "format":
            return f"{field} {fault.text}, not {_shown(fault.value)}"
        case "minimum":
            return f"{field} must be at least {fault.limit}, not {_shown(fault.value)}"
        case "maximum":
            return f"{field} must be at most {fault.limit}, not {_shown(fault.value)}"
        case "length":
            return (
                f"{field} must have at most {fault.limit} characters, "
                f"not {len(fault.value)}"
            )
        case _:
            return f"{field or _a(fault.noun)} must not be empty"


def find_suggestion(fault: Fault) -> str | None:
    """The next move, where there is a likely one."""
    match fault.kind:
        case "unknown":
            return _for_unknown(fault)
        case "language":
            instead = find_meant(fault)
            return f"in {fault.language} write {instead}" if instead else "remove it"
        case "downgrade":
            return "remove QueryLanguage from the state, or from the machine"
        case "enum" if fault.names == ("true",):
            return 'write "End": true, or leave it out'
        case "enum":
            near = find_near(fault.value, fault.names)
            return f'did you mean "{near}"?' if near else None
        case "type" if fault.value is None and fault.path:
            return "remove the field"
        case "type" | "format" if isinstance(fault.value, str):
            return _for_text(fault)
        case "none" if set(fault.names) == {"Next", "End"}:
            return 'add "Next" with the name of a state, or "End": true'
        case _:
            return None


def _for_unknown(fault: Fault) -> str | None:
    if fault.present:
        return f"it belongs to {_join(fault.present, 'and')} states"
    if near := find_meant(fault):
        return f'did you mean "{near}"?'
    if fault.field == "QueryLanguage":
        return "the states inside speak the machine's language, or one of their own"
    return None


def _for_text(fault: Fault) -> str | None:
    text = fault.value.strip()
    numeric = not {"integer", "number"}.isdisjoint(fault.names)
    if numeric and text.removeprefix("-").replace(".", "", 1).isdecimal():
        return f"write {text} without quotes"
    if text.startswith("{%") and fault.language == "JSONPath":
        return 'set "QueryLanguage": "JSONata" for expressions'
    if text.startswith("$") and fault.language == "JSONPath" and len(fault.path) == 1:
        return f"a path stands in {fault.field}Path" if numeric else None
    return None


def find_near(name: Json, known: Iterable[str]) -> str | None:
    """The known name that somebody probably meant; case alone never makes it far."""
    if not isinstance(name, str):
        return None
    folded = {other.casefold(): other for other in known}
    from difflib import get_close_matches  # only a mistake needs it

    close = get_close_matches(name.casefold(), folded, n=1, cutoff=0.65)
    return folded[close[0]] if close else None


def find_meant(fault: Fault) -> str | None:
    """The field that was probably meant by one that the object does not have."""
    if fault.kind == "language":
        return _counterpart(fault)
    if fault.kind == "unknown" and not fault.present:
        return find_near(fault.field, fault.names)
    return None


_COUNTERPARTS = {
    "InputPath": ("Arguments", "Output"),
    "Parameters": ("Arguments", "ItemSelector", "Output"),
    "ResultSelector": ("Output",),
    "ResultPath": ("Output",),
    "OutputPath": ("Output",),
    "Result": ("Output",),
    "ItemsPath": ("Items",),
    "Arguments": ("Parameters",),
    "Output": ("ResultSelector", "OutputPath", "ResultPath"),
    "Items": ("ItemsPath",),
    "Condition": ("Variable",),
}


def _counterpart(fault: Fault) -> str | None:
    """What the other language has in a field's place, if it is not there yet."""
    plain = fault.field.removesuffix("Path")
    for name in _COUNTERPARTS.get(fault.field, (plain, "Condition")):
        if name in fault.names:
            return name
    return None


def _other(language: str) -> str:
    return "JSONata" if language == "JSONPath" else "JSONPath"


_TYPE_WORDS = {
    "object": "an object",
    "array": "a list",
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}


def _types(fault: Fault) -> str:
    if fault.text.startswith("must be "):  # an expression may stand in its place
        return fault.text.removeprefix("must be ")
    return _join([_TYPE_WORDS[name] for name in fault.names], "or")


def _shown(value: Json) -> str:
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    text = json_text(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _a(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def _join(words: Iterable[str], last: str) -> str:
    *head, tail = words
    return f"{', '.join(head)} {last} {tail}" if head else tail
