"""Wishes: which values of its input and its tasks' results a machine decides by.

In: a StateMachine. Out: for the input and for every task's result the places that are
read, with the values that make Choice rules hold and fail.
Never: runs a machine or draws anything; strategies.py does.

The walk follows where data come from: that `$.stock.ok` in a Choice is the member `ok`
of what the task Check gave, because Check has the ResultPath `$.stock`. What cannot be
told from the definition (filters, computed values) is left alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product

from asl.model.machine import Branch, StateMachine
from asl.model.states import Choice, Fail, Map, Parallel, Pass, State, Task, Wait
from asl.runtime.lookup import Reference, references
from asl.testing.origins import (
    EACH,
    Fixed,
    Here,
    Made,
    Origin,
    Steps,
    Value,
    Variables,
    member,
    written,
)
from asl.testing.wished_values import (
    ABSENT,
    PRESENT,
    Atom,
    atoms_of,
    condition_atoms,
    kinds_of,
)
from asl.values import Json


@dataclass(slots=True)
class Wishes:
    """What is read of one source."""

    places: dict[Steps, list[Json]] = field(default_factory=dict)
    """Values to try, by place; an empty list for a place that is only read."""
    kinds: dict[Steps, str] = field(default_factory=dict)
    """number, text, list, object, json, timestamp: what a reader needs there."""
    combinations: list[dict[Steps, Json]] = field(default_factory=list)
    """Values that belong together, one combination for a way through a Choice."""

    def read(self, steps: Steps, kind: str | None = None) -> None:
        """Somebody reads a place."""
        self.places.setdefault(steps, [])
        if kind is not None:
            self.kinds.setdefault(steps, kind)

    def wish(self, steps: Steps, value: Json) -> None:
        """A value to try in a place."""
        values = self.places.setdefault(steps, [])
        if value is PRESENT:
            return
        if not any(type(v) is type(value) and v == value for v in values):
            values.append(value)


def wishes_of(machine: StateMachine) -> dict[str | None, Wishes]:
    """The wishes by source; None is the execution's input."""
    walk = _Walk()
    walk.branch(machine, Origin(None), {})
    return walk.wishes


_MOST_VISITS = 6
"""Ways of coming by data that are followed into one state."""
_MOST_COMBINATIONS = 16


class _Walk:
    """Follows data through every state."""

    def __init__(self) -> None:
        self.wishes: dict[str | None, Wishes] = {None: Wishes()}
        self.visits: dict[str, list[tuple[Value, str]]] = {}

    def branch(
        self, branch: Branch, data: Value, variables: Variables, item: Value = None
    ) -> Value:
        """Walk through a branch; gives what comes out at one of its ends."""
        output: Value = None
        todo: list[tuple[str, Value, Variables]] = [(branch.start_at, data, variables)]
        while todo:
            name, data, variables = todo.pop()
            seen = self.visits.setdefault(name, [])
            visit = (data, repr(variables))
            if name not in branch.states or visit in seen or len(seen) >= _MOST_VISITS:
                continue
            seen.append(visit)
            state = branch.states[name]
            for target, given, after in self.state(state, Here(data, variables, item)):
                if target is None:
                    output = output or given
                else:
                    todo.append((target, given, after))
        return output

    def state(
        self, state: State, here: Here
    ) -> Iterator[tuple[str | None, Value, Variables]]:
        """Note what a state reads; gives where it leads, with which data."""
        raw = here.data
        if not state.jsonata:
            here = Here(self.effective(state, here), here.variables, here.item)
        if isinstance(state, Choice):
            yield from self.choice(state, here, raw)
            return
        if isinstance(state, Wait):
            self.wait(state, here)
        if isinstance(state, Fail):
            for key in ("ErrorPath", "CausePath", "Error", "Cause"):
                self.reads(state.definition.get(key), state, here)
            return
        result = self.result(state, here)
        after = Here(here.data, here.variables, here.item, result)
        output, variables = self.output(state, after, raw)
        yield state.next, output, variables
        if isinstance(state, (Task, Parallel, Map)):
            for catcher in state.catch:
                yield catcher.next, _caught(catcher, raw), here.variables

    def effective(self, state: State, here: Here) -> Value:
        """The data that a JSONPath state's fields see."""
        if state.discards_input:
            return Fixed({})
        if state.input_path is None:
            return here.data
        path = state.input_path
        return self.read(Reference(path.root, path.steps), here)

    def choice(
        self, state: Choice, here: Here, raw: Value
    ) -> Iterator[tuple[str | None, Value, Variables]]:
        """Where a Choice leads: anywhere."""
        for rule in state.definition["Choices"]:
            self.rule(state, rule, here)
        output = self.output(state, here, raw)[0]
        targets = [rule.next for rule in state.choices]
        for target in (*targets, state.default):
            if target is not None:
                yield target, output, here.variables

    def rule(self, state: Choice, rule: dict[str, Json], here: Here) -> None:
        """The values that make a rule hold and fail, alone and together."""
        atoms = (
            condition_atoms(rule.get("Condition"))
            if state.jsonata
            else list(atoms_of(rule))
        )
        sides = [self.atom(atom, here) for atom in atoms]
        for flags in _truths(len(sides)):
            together: dict[Origin, Json] = {}
            for side, holds in zip(sides, flags, strict=True):
                for origin, value in side[0 if holds else 1].items():
                    is_known = origin in together
                    if together.get(origin) is ABSENT or (
                        is_known and value is PRESENT
                    ):
                        continue
                    together[origin] = value
            for source in dict.fromkeys(origin.source for origin in together):
                own = {o.steps: v for o, v in together.items() if o.source == source}
                combinations = self.wishes_for(source).combinations
                if own not in combinations:
                    combinations.append(own)

    def atom(
        self, atom: Atom, here: Here
    ) -> tuple[dict[Origin, Json], dict[Origin, Json]]:
        """Values that make one comparison hold, and values that make it fail."""
        sides: tuple[dict[Origin, Json], dict[Origin, Json]] = ({}, {})
        places = [here.value(reference) for reference in atom.reads]
        for side, values in zip(sides, (atom.holding, atom.failing), strict=True):
            for place, value in zip(places, values, strict=True):
                if isinstance(place, Origin):
                    side[place] = value
                    self.wishes_for(place.source).wish(place.steps, value)
        return sides

    def wait(self, state: Wait, here: Here) -> None:
        fields = (
            ("SecondsPath", "number"),
            ("Seconds", "number"),
            ("TimestampPath", "timestamp"),
            ("Timestamp", "timestamp"),
        )
        for key, kind in fields:
            self.reads(state.definition.get(key), state, here, kind)

    def result(self, state: State, here: Here) -> Value:
        """Where a state's result comes from."""
        definition = state.definition
        if isinstance(state, Pass):
            if "Result" in definition:
                return Fixed(definition["Result"])
            if "Parameters" in definition:
                return self.template(definition["Parameters"], state, here)
            return here.data
        if not isinstance(state, (Task, Parallel, Map)):
            return here.data
        key = "Arguments" if state.jsonata else "Parameters"
        request = here.data
        if key in definition and not isinstance(state, Map):
            request = self.template(definition[key], state, here)
        if isinstance(state, Task):
            self.wishes_for(state.name)
            for key in ("TimeoutSecondsPath", "HeartbeatSecondsPath"):
                self.reads(definition.get(key), state, here, "number")
            return Origin(state.name)
        if isinstance(state, Parallel):
            ends = [
                self.branch(branch, request, here.variables, here.item)
                for branch in state.branches
            ]
            return Made(tuple(enumerate(ends)))
        return self.map(state, here)

    def map(self, state: Map, here: Here) -> Value:
        """What a Map reads; nothing is told of what it gives."""
        for key in ("ItemReader", "ResultWriter", "ItemBatcher"):
            self.template(state.definition.get(key), state, here)
        items = here.data
        for key in ("ItemsPath", "Items"):
            if key in state.definition:
                found = references(state.definition[key], jsonata=state.jsonata)
                items = here.value(found[0]) if len(found) == 1 else None
        item: Value = None
        if isinstance(items, Origin) and state.reader is None:
            self.wishes_for(items.source).read(items.steps, "list")
            item = Origin(items.source, (*items.steps, EACH))
            self.wishes_for(items.source).read(item.steps)
        inside = Here(here.data, here.variables, item)
        given = item
        for key in ("ItemSelector", "Parameters"):
            if key in state.definition:
                given = self.template(state.definition[key], state, inside)
        if state.batcher is not None:
            given = None
        self.branch(state.processor, given, here.variables, item)
        return None

    def output(self, state: State, here: Here, raw: Value) -> tuple[Value, Variables]:
        """What a state gives, and the variables after it."""
        definition, variables = state.definition, here.variables
        output = here.result if here.result is not None else None
        if isinstance(state, Choice):
            output = here.data
        if not state.jsonata and "ResultSelector" in definition:
            inner = Here(here.result, variables, here.item)
            output = self.template(definition["ResultSelector"], state, inner)
        if "Assign" in definition:
            seen = here if state.jsonata else Here(output, variables, here.item)
            assigned = {
                name.removesuffix(".$"): self.template({name: text}, state, seen)
                for name, text in definition["Assign"].items()
            }
            variables = {
                **variables,
                **{k: member(v, k) for k, v in assigned.items()},
            }
        if state.jsonata:
            if "Output" in definition:
                output = self.template(definition["Output"], state, here)
            return output, variables
        if not isinstance(state, (Choice, Wait)) and state.type != "Succeed":
            output = _placed(state, raw, output)
        if state.discards_output:
            return Fixed({}), variables
        if state.output_path is not None:
            path = state.output_path
            after = Here(output, here.variables, here.item)
            output = self.read(Reference(path.root, path.steps), after)
        return output, variables

    def template(self, text: Json, state: State, here: Here) -> Value:
        """Where the parts of a payload come from; whatever it reads is noted."""
        if isinstance(text, dict):
            members: list[tuple[str | int, Value]] = []
            for key, inner in text.items():
                if not state.jsonata and key.endswith(".$"):
                    members.append((key[:-2], self.reads(inner, state, here)))
                else:
                    members.append((key, self.template(inner, state, here)))
            return Made(tuple(members))
        if isinstance(text, str) and state.jsonata and text.startswith("{%"):
            return self.reads(text, state, here)
        if isinstance(text, list):
            items = [self.template(item, state, here) for item in text]
            return Made(tuple(enumerate(items)))
        return Fixed(text)

    def reads(
        self, text: Json, state: State, here: Here, kind: str | None = None
    ) -> Value:
        """Note what a text reads; gives its value's origin if it is just a path."""
        if not isinstance(text, str):
            return None
        found = references(text, jsonata=state.jsonata)
        kinds = kinds_of(text)
        for reference in found:
            self.read(reference, here, kinds.get(str(reference), kind))
        if len(found) != 1:
            return None
        alone = text[2:-2].strip() if state.jsonata else text
        is_path = alone.startswith("$") and not set(alone) & set(" (+-*/&?:=<>{,")
        return here.value(found[0]) if is_path else None

    def read(self, reference: Reference, here: Here, kind: str | None = None) -> Value:
        """Note that a reference is read."""
        value = here.value(reference)
        if isinstance(value, Origin):
            self.wishes_for(value.source).read(value.steps, kind)
        return value

    def wishes_for(self, source: str | None) -> Wishes:
        """The wishes of one source."""
        return self.wishes.setdefault(source, Wishes())


def _truths(count: int) -> Iterator[tuple[bool, ...]]:
    """Which comparisons of a rule hold: all combinations, or of many the telling."""
    if count == 0:
        return
    if 2**count <= _MOST_COMBINATIONS:
        yield from product((True, False), repeat=count)
        return
    for flag in (True, False):
        yield (flag,) * count
        for place in range(count):
            yield tuple(flag != (n == place) for n in range(count))


def _placed(state: State, raw: Value, result: Value) -> Value:
    """The raw input with the result at ResultPath."""
    if getattr(state, "discards_result", False):
        return raw
    path = getattr(state, "result_path", None)
    return result if path is None else written(raw, path.steps, result)


def _caught(catcher: object, raw: Value) -> Value:
    """What a Catch hands on."""
    if getattr(catcher, "keeps_input", False):
        return raw
    error = Fixed({"Error": "UnexpectedError", "Cause": "{}"})
    path = getattr(catcher, "result_path", None)
    return error if path is None else written(raw, path.steps, error)
