"""Origins: where a value in a machine comes from.

In: references, and what is known of the data they read. Out: Values: of the input, of
a task's result, put together of such, written in the definition, or not known.
Never: walks through a machine (wishes.py does) or evaluates anything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from asl.expressions.jsonpath_steps import Index, Name, Step, Wildcard
from asl.runtime.lookup import Reference
from asl.values import Json

EACH = "[*]"
"""The step to every item of a list."""

Steps: TypeAlias = tuple["str | int", ...]


@dataclass(frozen=True, slots=True)
class Origin:
    """A value that comes from outside the definition: of a task, or of the input."""

    source: str | None
    """The task's state; None: the execution's input."""
    steps: Steps = ()


@dataclass(frozen=True, slots=True)
class Made:
    """A value put together: members, over those of a base."""

    members: tuple[tuple["str | int", "Value"], ...]
    base: "Value" = None


@dataclass(frozen=True, slots=True)
class Fixed:
    """A value that stands in the definition."""

    value: Json = field(hash=False)


Value: TypeAlias = "Origin | Made | Fixed | None"
"""None: it cannot be told."""

Variables: TypeAlias = Mapping[str, Value]
"""Where the values of variables come from, by name."""


@dataclass(frozen=True, slots=True)
class Here:
    """What the fields of a state see."""

    data: Value
    variables: Variables
    item: Value = None
    result: Value = None

    def value(self, reference: Reference) -> Value:
        """Where the value at a reference comes from."""
        steps, root = reference.steps, reference.root
        if root == "$$":
            return self._context(steps)
        if root != "$":
            return follow(self.variables.get(root), steps)
        if not reference.jsonata:
            return follow(self.data, steps)
        if not steps or not isinstance(steps[0], Name):
            return None
        sources = {"input": self.data, "result": self.result}
        return follow(sources.get(steps[0].key), steps[1:])

    def _context(self, steps: Sequence[Step]) -> Value:
        names = [step.key for step in steps[:3] if isinstance(step, Name)]
        if names[:2] == ["Execution", "Input"]:
            return follow(Origin(None), steps[2:])
        if names == ["Map", "Item", "Value"]:
            return follow(self.item, steps[3:])
        return None


def follow(value: Value, steps: Sequence[Step]) -> Value:
    """The value some steps further; None where they lead to several places."""
    for step in steps:
        if isinstance(step, Name):
            value = member(value, step.key)
        elif isinstance(step, Index) and step.number >= 0:
            value = member(value, step.number)
        elif isinstance(step, Wildcard) and isinstance(value, Origin):
            value = Origin(value.source, (*value.steps, EACH))
        else:
            return None
    return value


def member(value: Value, key: str | int) -> Value:
    """One member or item of a value."""
    if isinstance(value, Origin):
        return Origin(value.source, (*value.steps, key))
    if isinstance(value, Made):
        return next((v for k, v in value.members if k == key), member(value.base, key))
    if isinstance(value, Fixed):
        held = value.value
        if isinstance(held, dict) and key in held:
            return Fixed(held[key])
        if isinstance(held, list) and isinstance(key, int) and key < len(held):
            return Fixed(held[key])
    return None


def written(base: Value, steps: Sequence[str | int], value: Value) -> Value:
    """A value with another one put into it."""
    if not steps:
        return value
    inner = written(member(base, steps[0]), steps[1:], value)
    return Made(((steps[0], inner),), base)
