"""Shapes: what is known of a value before the run.

In: literals, templates, paths. Out: a Shape: an object with the members it may have, a
list, a scalar, or anything.
Never: guesses. A shape holds every value that can come; what is not sure is ANY, and a
Miss means that no value that can come has the place asked for.

States Language specification: "Paths", "Reference Paths".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from asl.expressions.jsonpath_steps import Index, Name, Step
from asl.values import Json

Kind: TypeAlias = Literal[
    "any", "object", "list", "text", "number", "boolean", "null", "scalar"
]

_MOST = 400
"""Parts of a shape; a bigger one is not worth following."""
_DEEPEST = 12
_MANY = 50
"""Elements of a literal list that are looked at."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The values that can come."""

    kind: Kind
    members: Mapping[str, "Shape"] = field(default_factory=dict)
    """Of an object: the members that it may have."""
    closed: bool = False
    """Whether an object can have no other members."""
    items: "Shape | None" = None
    """Of a list: what its elements are; None: anything."""
    length: int | None = None
    weight: int = 1
    depth: int = 1


@dataclass(frozen=True, slots=True)
class Miss:
    """A place that no value has: how far the way is good, and what stands there."""

    steps: int
    """Steps that can be taken."""
    shape: Shape


ANY = Shape("any")
TEXT = Shape("text")
NUMBER = Shape("number")
BOOLEAN = Shape("boolean")
NULL = Shape("null")
_SCALARS = ("text", "number", "boolean", "null", "scalar")


def object_of(members: Mapping[str, Shape], *, closed: bool = True) -> Shape:
    """An object that may have these members."""
    weight = 1 + sum(shape.weight for shape in members.values())
    depth = 1 + max((shape.depth for shape in members.values()), default=0)
    if weight > _MOST or depth > _DEEPEST:
        return ANY
    return Shape("object", members, closed, weight=weight, depth=depth)


def list_of(items: Shape | None, length: int | None = None) -> Shape:
    """A list of such elements."""
    if items is None or items.depth >= _DEEPEST:
        return Shape("list", length=length)
    return Shape(
        "list",
        items=items,
        length=length,
        weight=items.weight + 1,
        depth=items.depth + 1,
    )


def shape_of(value: Json) -> Shape:
    """The shape of a literal."""
    if isinstance(value, dict):
        return object_of({key: shape_of(item) for key, item in value.items()})
    if isinstance(value, list):
        few = 0 < len(value) <= _MANY
        items = join_all([shape_of(item) for item in value]) if few else None
        return list_of(items, len(value))
    if value is None:
        return NULL
    if isinstance(value, bool):
        return BOOLEAN
    return TEXT if isinstance(value, str) else NUMBER


def join_all(shapes: list[Shape]) -> Shape:
    """The shape of a value that has one of several shapes."""
    joined = shapes[0]
    for shape in shapes[1:]:
        joined = join(joined, shape)
    return joined


def join(one: Shape, other: Shape) -> Shape:
    """The shape of a value that has one of two shapes."""
    if one is other or one == other:
        return one
    if one.kind == other.kind == "object":
        members = {}
        for key in {**one.members, **other.members}:
            first, second = one.members.get(key), other.members.get(key)
            if first is not None and second is not None:
                members[key] = join(first, second)
            elif (other if first is not None else one).closed:
                members[key] = first or second or ANY
        return object_of(members, closed=one.closed and other.closed)
    if one.kind == other.kind == "list":
        length = one.length if one.length == other.length else None
        if one.items is None or other.items is None:
            return list_of(None, length)
        return list_of(join(one.items, other.items), length)
    if one.kind in _SCALARS and other.kind in _SCALARS:
        return one if one.kind == other.kind else Shape("scalar")
    return ANY


def read(shape: Shape, steps: tuple[Step, ...]) -> Shape | Miss:
    """What a path finds in values of a shape."""
    here = shape
    for n, step in enumerate(steps):
        if here.kind == "any":
            return ANY
        if isinstance(step, Name):
            found = _member(here, step.key)
        elif isinstance(step, Index):
            found = _element(here, step.number)
        else:  # may find nothing without a failure
            return ANY
        if found is None:
            return Miss(n, here)
        here = found
    return here


def _member(shape: Shape, key: str) -> Shape | None:
    if shape.kind != "object":
        return None
    return shape.members.get(key, None if shape.closed else ANY)


def _element(shape: Shape, number: int) -> Shape | None:
    if shape.kind != "list":
        return None
    length = shape.length
    if length is not None and not -length <= number < length:
        return None
    return shape.items or ANY


def write(shape: Shape, steps: tuple[str | int, ...], value: Shape) -> Shape | Miss:
    """A shape with a value put somewhere, as ResultPath does."""
    if not steps:
        return value
    step, *rest = steps
    if isinstance(step, int):
        if shape.kind == "list" and _element(shape, step) is not None:
            return list_of(None, shape.length)
        return ANY if shape.kind == "any" else Miss(0, shape)
    if shape.kind not in ("any", "object"):
        return Miss(0, shape)
    old = shape.members.get(step)
    if old is None:
        old = object_of({}) if shape.closed or not rest else ANY
    new = write(old, tuple(rest), value)
    if isinstance(new, Miss):  # the member may be missing, and then the way is made
        return ANY
    return object_of({**shape.members, step: new}, closed=shape.closed)


def describe(shape: Shape) -> str:
    """A shape in words."""
    if shape.kind == "object":
        names = list(shape.members)
        if not names:
            return "an object without members"
        shown = ", ".join(names[:6]) + (", …" if len(names) > 6 else "")
        return f"an object with {shown} only"
    if shape.kind == "list":
        length = shape.length
        if length is None:
            return "a list"
        return "an empty list" if length == 0 else f"a list of {length}"
    words = {"text": "a text", "number": "a number", "boolean": "true or false"}
    return words.get(shape.kind, "null" if shape.kind == "null" else "no object")
