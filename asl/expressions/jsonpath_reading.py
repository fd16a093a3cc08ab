"""Reading with a JSONPath: what its steps find in a document.

In: steps, as the grammar in jsonpath.py made them; later a document.
Out: a closure that follows them, compiled once; PathError in AWS's words.
Never: reads the text of a path.

The meaning is that of Jayway's JsonPath, which AWS uses: a definite path gives one
value or fails, any other a list, empty where nothing is found. The texts of failures
are Jayway's too, as AWS was recorded ("Missing property in path", "No results for
path") or publicly reported ("Property … not found in path").
"""

from collections.abc import Callable, Iterator
from typing import TypeAlias, assert_never

from asl.expressions.java import to_string
from asl.expressions.jsonpath_steps import (
    Descend,
    Filter,
    Index,
    Indexes,
    Name,
    Names,
    PlainStep,
    Slice,
    Step,
    Wildcard,
    is_definite,
)
from asl.expressions.scope import Scope
from asl.values import Json


class PathError(Exception):
    """A path found nothing; `reason` is AWS's text after "Invalid path '…' : "."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


Reader: TypeAlias = Callable[[Json, Scope], Json]
Follower: TypeAlias = Callable[[Json, Scope | None], Json]
"""A Reader that looks at its data only, and so needs no Scope."""


def reader(steps: tuple[Step, ...]) -> Follower:
    """The closure that follows steps from the data it is given."""
    if not is_definite(steps):
        return _list_reader(steps)
    names = [step.key for step in steps if isinstance(step, Name)]
    if len(names) < len(steps):
        return _mixed_reader(steps)
    match names:
        case []:
            return lambda data, scope: data
        case [first]:

            def read_one(data: Json, scope: Scope | None) -> Json:
                try:
                    return data[first]
                except (KeyError, TypeError):
                    return walk(steps, data)

            return read_one
        case [first, second]:

            def read_two(data: Json, scope: Scope | None) -> Json:
                try:
                    return data[first][second]
                except (KeyError, TypeError):
                    return walk(steps, data)

            return read_two

    def read_names(data: Json, scope: Scope | None) -> Json:
        value = data
        try:
            for name in names:
                value = value[name]
        except (KeyError, TypeError):
            return walk(steps, data)
        return value

    return read_names


def _mixed_reader(steps: tuple[Step, ...]) -> Follower:
    keys: list[str | int] = []
    for step in steps:
        if isinstance(step, Name):
            keys.append(step.key)
        elif isinstance(step, Index):
            keys.append(step.number)
        else:  # a union of names: too rare to be quick
            return lambda data, scope: walk(steps, data)

    def read_mixed(data: Json, scope: Scope | None) -> Json:
        value = data
        try:
            for key in keys:
                if type(key) is int and type(value) is not list:
                    return walk(steps, data)  # a text's character is no element
                value = value[key]
        except (KeyError, TypeError, IndexError):
            return walk(steps, data)
        return value

    return read_mixed


def walk(steps: tuple[Step, ...], document: Json) -> Json:
    """Follow definite steps one by one; raises PathError in Jayway's words."""
    value = document
    for n, step in enumerate(steps):
        if isinstance(step, Index):
            value = _element(steps, n, step.number, value)
            continue
        if type(value) is not dict:
            raise PathError(f"Property {step} not found in path {_spell(steps[:n])}")
        if isinstance(step, Names):
            value = {key: value[key] for key in step.keys if key in value}
        elif isinstance(step, Name):
            if step.key not in value:
                last = n == len(steps) - 1
                fault = "No results for path:" if last else "Missing property in path"
                raise PathError(f"{fault} {_spell(steps[: n + 1])}")
            value = value[step.key]
    return value


def _element(steps: tuple[Step, ...], n: int, number: int, value: Json) -> Json:
    if value is None:
        raise PathError(f"The path {_spell(steps[:n])} is null")
    if type(value) is not list:
        raise PathError(
            f"Filter: {''.join(map(str, steps[n:]))} can only be applied to arrays."
            f" Current context is: {to_string(value)}"
        )
    if not -len(value) <= number < len(value):
        raise PathError(f"No results for path: {_spell(steps)}")
    return value[number]


def _spell(steps: tuple[Step, ...]) -> str:
    return "$" + "".join(map(str, steps))


Finder: TypeAlias = Callable[[Json, Json], list[Json]]
"""finder(node, root) gives what is found from one node; a filter's `$` is the root."""


def _list_reader(steps: tuple[Step, ...]) -> Follower:
    find = finder(steps)
    return lambda data, scope: find(data, data)


def finder(steps: tuple[Step, ...]) -> Finder:
    """The closure that lists everything steps lead to, which may be nothing."""
    last = len(steps) - 1
    finders = [_finder(step, n == last) for n, step in enumerate(steps)]
    if sum(isinstance(step, Descend) for step in steps) > 1:
        return _bounded_finder(finders)

    def find_all(start: Json, root: Json) -> list[Json]:
        # Recorded: a member missing before the first wildcard is no error either.
        nodes = [start]
        for find in finders:
            nodes = [found for node in nodes for found in find(node, root)]
        return nodes

    return find_all


MOST_PLACES = 1_000_000
"""Places that a path with several `..` may look at: they multiply with each one."""


def _bounded_finder(finders: list[Finder]) -> Finder:
    """As `finder`, but gives up where a path leads to more places than any memory has.

    A place is found once for every way that leads to it, as in Jayway.
    """

    def find_some(start: Json, root: Json) -> list[Json]:
        nodes, places = [start], 0
        for find in finders:
            found: list[Json] = []
            for node in nodes:
                before = len(found)
                found += find(node, root)
                places += 1 + len(found) - before
                if places > MOST_PLACES:
                    raise PathError(f"It leads to more than {MOST_PLACES:,} places")
            nodes = found
        return nodes

    return find_some


def _finder(step: Step, leaf: bool) -> Finder:
    match step:
        case Name(key=key):
            return lambda node, root: (
                [node[key]] if type(node) is dict and key in node else []
            )
        case Index(number=number):
            return lambda node, root: _elements(node, (number,))
        case Indexes(numbers=numbers):
            return lambda node, root: _elements(node, numbers)
        case Slice(start=start, end=end):
            return lambda node, root: _elements(node, _positions(node, start, end))
        case Wildcard():
            return lambda node, root: _children(node)
        case Names(keys=keys):
            return lambda node, root: _pick(node, keys, leaf)
        case Filter(test=test):
            return lambda node, root: _sift(node, root, test)
        case Descend(step=inner):
            return _deep_finder(inner, leaf)
    assert_never(step)


def _elements(node: Json, numbers: tuple[int, ...] | range) -> list[Json]:
    if type(node) is not list:
        return []
    length = len(node)
    return [node[n] for n in numbers if -length <= n < length]


def _positions(node: Json, start: int | None, end: int | None) -> range:
    length = len(node) if type(node) is list else 0
    if start is None:
        return range(min(length, _from_end(end or 0, length)))
    if end is None:
        return range(max(0, _from_end(start, length)), length)
    # Jayway counts from `start` up to `end` as they are written, so that [-3:-1] works
    # and [1:-1] is empty: unlike Python's slices.
    return range(max(start, -length), min(end, length))


def _from_end(number: int, length: int) -> int:
    return number + length if number < 0 else number


def _children(node: Json) -> list[Json]:
    if type(node) is dict:
        return list(node.values())
    return node if type(node) is list else []


def _pick(node: Json, keys: tuple[str, ...], leaf: bool) -> list[Json]:
    if type(node) is not dict:
        return []
    found = {key: node[key] for key in keys if key in node}
    return [found] if leaf else list(found.values())


def _sift(node: Json, root: Json, test: Callable[[Json, Json], bool]) -> list[Json]:
    if type(node) is dict:  # Jayway asks the object itself, not its members
        return [node] if test(node, root) else []
    if type(node) is list:
        return [item for item in node if test(item, root)]
    return []


def _deep_finder(step: PlainStep, leaf: bool) -> Finder:
    find = _deep_step(step, leaf)
    return lambda top, root: [
        found for node in _containers(top) for found in find(node, root)
    ]


def _deep_step(step: PlainStep, leaf: bool) -> Finder:
    find = _finder(step, leaf)
    if isinstance(step, Filter):  # Jayway: an array has to pass the test as well
        test = step.test
        return lambda node, root: find(node, root) if test(node, root) else []
    if isinstance(step, Names) and leaf:  # Jayway: only where all of them are
        keys = set(step.keys)
        return lambda node, root: (
            find(node, root) if type(node) is dict and keys <= node.keys() else []
        )
    return find


def _containers(top: Json) -> Iterator[Json]:
    """Every object and array from `top` down, parents first, in document order."""
    waiting = [top]
    while waiting:
        node = waiting.pop()
        if type(node) is dict or type(node) is list:
            yield node
            waiting.extend(reversed(_children(node)))
