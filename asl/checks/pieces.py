"""Pieces: the objects of a definition, one by one, with what the schema calls each.

In: a definition's value. Out: its machines, states and inner choice rules as Pieces,
and the Faults that keep a piece from being looked at (no object, no Type, too deep).
Never: recursion; machines and rules nested in others wait on a list.

States Language specification: "States", its fields by query language.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeAlias

from asl.checks.fault import Fault, Kind, Steps, dotted, pointed
from asl.values import Json

Language: TypeAlias = Literal["JSONPath", "JSONata"]

MAX_MACHINE_DEPTH = 60
"""Machines inside machines that we accept. AWS has a limit that it does not name."""

STATE_TYPES = ("Task", "Wait", "Pass", "Succeed", "Fail", "Choice", "Parallel", "Map")


@dataclass(frozen=True, slots=True)
class Piece:
    """One object of a definition and its name among the schema's $defs."""

    value: Json
    pointer: str
    definition: str
    subject: str
    downgraded: bool = False
    """A JSONPath state in a JSONata machine: one fault, not one for every field."""

    def fault(self, kind: Kind, **rest: Json) -> Fault:
        """A fault of this very object."""
        return Fault(
            kind=kind,
            subject=self.subject,
            noun=_noun(self.definition),
            language="JSONata" if self.definition.endswith("JSONata") else "JSONPath",
            owner=self.pointer,
            **rest,
        )

    def inside(self, path: Steps, value: Json, definition: str) -> "Piece":
        """An object that lies in this one."""
        return Piece(
            value,
            self.pointer + pointed(path),
            definition,
            f"{dotted(path)} of {self.subject}",
        )


@cache
def _noun(definition: str) -> str:
    """What people call it: `Task state`, `retrier`, `item reader`."""
    kind = definition.removesuffix("JSONata").removesuffix("JSONPath")
    if kind in STATE_TYPES:
        return f"{kind} state"
    if kind == "Credentials":
        return "credentials object"  # people want an article
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind).lower()


def language_of(machine: Mapping[str, Json]) -> Language:
    """The query language that a whole machine speaks.

    Anything but JSONPath is read as JSONata, as AWS does (and is reported besides). One
    written among the states, where it does not belong, counts if there is no other.
    """
    states = machine.get("States")
    stray = find_stray_language(states) if isinstance(states, dict) else None
    declared = machine.get("QueryLanguage", stray or "JSONPath")
    return "JSONPath" if declared == "JSONPath" else "JSONata"


def find_stray_language(states: Mapping[str, Json]) -> Language | None:
    """A QueryLanguage among the states, if one stands there by mistake.

    Published and working machines have it: a warning, and no state.
    """
    stray = states.get("QueryLanguage")
    return stray if stray in ("JSONPath", "JSONata") else None


def states_of(machine: Json) -> Iterator[tuple[str, Json]]:
    """Names and values of a machine's states, whatever they are."""
    states = machine.get("States") if isinstance(machine, dict) else None
    if isinstance(states, dict):
        stray = find_stray_language(states)
        for name, state in states.items():
            if not (stray and name == "QueryLanguage"):
                yield name, state


def machines_in(state: Json) -> Iterator[tuple[Steps, Json]]:
    """The machines of a Parallel or Map state, with the way to each."""
    kind = state.get("Type") if isinstance(state, dict) else None
    if kind == "Parallel":
        for index, branch in _listed(state, "Branches"):
            if isinstance(branch, dict):
                yield ("Branches", index), branch
    elif kind == "Map":
        for name in ("ItemProcessor", "Iterator"):
            if isinstance(state.get(name), dict):
                yield (name,), state[name]


def walk(definition: Json) -> Iterator[Piece | Fault]:
    """A machine, its states in order with their rules, then the machines inside."""
    language = language_of(definition) if isinstance(definition, dict) else "JSONPath"
    todo = [(Piece(definition, "", "StateMachine", "the definition"), 1)]
    while todo:
        machine, depth = todo.pop()
        if depth > MAX_MACHINE_DEPTH:
            yield machine.fault("depth", limit=MAX_MACHINE_DEPTH)
            return
        yield machine
        nested = []
        for name, value in states_of(machine.value):
            at = machine.pointer + pointed(("States", name))
            state = Piece(value, at, "State", f'state "{name}"')
            yield from _state(state, language)
            for path, inner in machines_in(value):
                kind = "Branch" if path[0] == "Branches" else "ItemProcessor"
                nested.append((state.inside(path, inner, kind), depth + 1))
        todo += reversed(nested)


def _state(state: Piece, machine: Language) -> Iterator[Piece | Fault]:
    value = state.value
    if not isinstance(value, dict):
        yield state.fault("type", value=value, names=("object",))
        return
    kind = value.get("Type")
    if kind not in STATE_TYPES:  # as on AWS, nothing else is said of such a state
        if "Type" in value:
            yield state.fault("enum", path=("Type",), value=kind, names=STATE_TYPES)
        else:
            yield state.fault("required", names=("Type",))
        return
    declared = value.get("QueryLanguage", machine)
    language: Language = "JSONPath" if declared == "JSONPath" else "JSONata"
    downgraded = machine == "JSONata" and language == "JSONPath"
    typed = Piece(value, state.pointer, kind + language, state.subject, downgraded)
    if downgraded:
        yield typed.fault("downgrade", path=("QueryLanguage",))
    yield typed
    if typed.definition == "ChoiceJSONPath":
        yield from _inner_rules(typed)


def _inner_rules(choice: Piece) -> Iterator[Piece]:
    """The rules inside And, Or and Not, however deep."""
    todo: list[tuple[Steps, Json]] = [
        (("Choices", index), rule) for index, rule in _listed(choice.value, "Choices")
    ]
    todo.reverse()
    while todo:
        path, rule = todo.pop()
        if not isinstance(rule, dict):
            continue
        if len(path) > 2:  # the outermost rules belong to the state's own piece
            yield choice.inside(path, rule, "InnerRule")
        inner: list[tuple[Steps, Json]] = [
            ((*path, name, index), operand)
            for name in ("And", "Or")
            for index, operand in _listed(rule, name)
        ]
        inner.append(((*path, "Not"), rule.get("Not")))
        todo += reversed(inner)


def _listed(value: Json, field: str) -> Iterator[tuple[int, Json]]:
    items = value.get(field) if isinstance(value, dict) else None
    return enumerate(items) if isinstance(items, list) else enumerate(())
