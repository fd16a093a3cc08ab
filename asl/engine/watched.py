"""Watched states: fields that note what they gave, for a state that is run alone.

In: a state, a table to write in. Out: the same state for the engine, each of whose
compiled fields also writes its value down, by TestState's name for it.
Never: changes a value, or the order in which fields are evaluated.

AWS's TestState, inspectionData.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from asl.engine.data import payload
from asl.expressions.jsonpath import Path
from asl.expressions.reference import ReferencePath
from asl.expressions.scope import Scope
from asl.expressions.template import Evaluate
from asl.model.states import Map, Parallel, Pass, State, Task
from asl.values import Json


def watched(state: State, seen: dict[str, Json]) -> State:
    """The same state, each of whose fields also notes what it gave."""
    changes: dict[str, Any] = {}
    if state.input_path is not None:
        changes["input_path"] = _watched_path(state.input_path, seen)
    if isinstance(state, Pass):
        if not state.jsonata:
            inner = state.parameters or _itself
            changes["parameters"] = _noting("afterParameters", inner, seen)
            changes["result_path"] = _watched_target(state.result_path, seen)
    elif isinstance(state, (Task, Parallel, Map)):
        whole = state  # what the closure below reads, as it was
        name = "afterArguments" if state.jsonata else "afterParameters"
        inner = state.parameters or (lambda given, scope: payload(whole, given))
        changes["parameters"] = _noting(name, inner, seen)
        if not state.jsonata:
            inner = state.result_selector or _itself
            changes["result_selector"] = _noting("afterResultSelector", inner, seen)
            changes["result_path"] = _watched_target(state.result_path, seen)
    if isinstance(state, Map):
        changes |= _watched_map(state, seen)
    return replace(state, **changes)


def _watched_map(state: Map, seen: dict[str, Json]) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if state.reader is None:
        items = state.items or (lambda given, scope: payload(state, given))

        def note_list(given: Json, scope: Scope) -> Json:
            found = items(given, scope)
            if isinstance(found, list):  # recorded: anything else is not shown
                seen["afterItemsPath"] = found
            return found

        changes["items"] = note_list
    if state.item_selector is not None:
        selector, selected = state.item_selector, []

        def select(given: Json, scope: Scope) -> Json:
            selected.append(selector(given, scope))
            seen["afterItemSelector"] = selected
            return selected[-1]

        changes["item_selector"] = select
    for name, evaluate, key, kind in (
        ("max_concurrency", state.max_concurrency, "maxConcurrency", int),
        ("tolerated_count", state.tolerated_count, "toleratedFailureCount", int),
        (
            "tolerated_percentage",
            state.tolerated_percentage,
            "toleratedFailurePercentage",
            float,
        ),
    ):
        if evaluate is not None:
            changes[name] = _noting(key, evaluate, seen, kind)
    return changes


def _itself(given: Json, scope: Scope) -> Json:
    return given


def _noting(
    name: str,
    evaluate: Evaluate,
    seen: dict[str, Json],
    kind: Callable[[Json], Json] = lambda value: value,
) -> Evaluate:
    def note(given: Json, scope: Scope) -> Json:
        value = evaluate(given, scope)
        seen[name] = kind(value)
        return value

    return note


def _watched_path(path: Path, seen: dict[str, Json]) -> Path:
    return replace(path, read=_noting("afterInputPath", path.read, seen))


def _watched_target(
    path: ReferencePath | None, seen: dict[str, Json]
) -> ReferencePath | None:
    if path is None:
        return None
    place = path.write

    def write(target: Json, value: Json) -> Json:
        merged = seen["afterResultPath"] = place(target, value)
        return merged

    return replace(path, write=write)


def plain(seconds: float) -> Json:
    """Whole seconds without a fraction, as AWS tells them."""
    return int(seconds) if seconds == int(seconds) else seconds
