"""Reference paths that write: where a ResultPath puts a result.

In: the text (`$`, `$.a.b`, `$.list[0]`), later a target and the value to put there.
Out: a ReferencePath; `write` gives a new value that shares what it did not touch.
Never: changes the target; knows what a failed write is called in history.

States Language specification: "Reference Paths", "ResultPath". Missing objects on the
way are created; an element is replaced only where it exists; a new member comes last, a
replaced one keeps its place.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from asl.expressions.jsonpath import compile_path, reference_problem
from asl.expressions.jsonpath_reading import Reader
from asl.expressions.jsonpath_steps import Index, Name
from asl.expressions.scope import SyntaxProblem
from asl.values import Json, json_text


class ReferenceConflict(Exception):
    """A step cannot be taken there: no object, no array, or no such element.

    Its text is AWS's for States.ReferencePathConflict.
    """

    def __init__(self, step: str, target: Json) -> None:
        super().__init__(f'Unable to apply step "{step}" to input {json_text(target)}')
        self.step = step
        self.target = target


@dataclass(frozen=True, slots=True)
class ReferencePath:
    """A path to a single place in the data."""

    text: str
    steps: tuple[str | int, ...]
    read: Reader = field(compare=False, repr=False)
    """read(data, scope) gives the value or raises PathError."""
    write: Callable[[Json, Json], Json] = field(compare=False, repr=False)
    """write(target, value) gives the new target or raises ReferenceConflict."""


@lru_cache(maxsize=4096)
def compile_reference_path(text: str) -> ReferencePath:
    """Compile a Reference Path into the data; raises SyntaxProblem."""
    if not text.startswith("$"):
        raise SyntaxProblem("Reference path didn't start with '$'", 0)
    path = compile_path(text)
    if path.root != "$":
        raise SyntaxProblem("Only the data can be written to, by a path '$.…'", 1)
    if problem := reference_problem(path):
        raise SyntaxProblem(problem)
    steps = tuple(
        step.key if isinstance(step, Name) else step.number
        for step in path.steps
        if isinstance(step, (Name, Index))
    )
    return ReferencePath(text, steps, path.read, _writer(steps))


def _writer(steps: tuple[str | int, ...]) -> Callable[[Json, Json], Json]:
    match steps:
        case ():
            return lambda target, value: value
        case (str() as key,):

            def write_member(target: Json, value: Json) -> Json:
                if type(target) is not dict:
                    raise ReferenceConflict(key, target)
                return {**target, key: value}

            return write_member
    return lambda target, value: _write(target, steps, value)


def _write(target: Json, steps: tuple[str | int, ...], value: Json) -> Json:
    way: list[Json] = []
    """The containers on the way, outermost first; {} where one has to be created."""
    here = target
    for step in steps:
        way.append(here)
        if isinstance(step, int):
            if type(here) is not list or step >= len(here):
                raise ReferenceConflict(str(step), here)
            here = here[step]
        else:
            if type(here) is not dict:
                raise ReferenceConflict(step, here)
            here = here.get(step, _ABSENT)
    new = value
    for container, step in zip(reversed(way), reversed(steps), strict=True):
        if isinstance(step, int):
            new = [*container[:step], new, *container[step + 1 :]]
        else:
            new = {**container, step: new}
    return new


_ABSENT: dict[str, Json] = {}
