"""Watched machines: a machine whose fields tell when they meet an unknown value.

In: a StateMachine. Out: the same machine for the engine, in which every compiled field
reports what it lacked, every Choice settles what it cannot know, and every state counts
how often it is entered.
Never: changes the machine it was given, or what happens where everything is known.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

from asl.expressions.jsonpath import Path, PathError
from asl.expressions.reference import ReferenceConflict, ReferencePath
from asl.expressions.scope import Scope
from asl.model.machine import Branch, ItemProcessor
from asl.model.states import Choice, ChoiceRule, Map, Parallel, State
from asl.runtime.dry_choice import Settled
from asl.runtime.dry_watch import Loops, Watch
from asl.runtime.lookup import Lack, Reference, references
from asl.values import Json

T = TypeVar("T")


def watched_machine(machine: Branch, watch: Watch) -> Branch:
    """The machine as the engine gets it in a dry run."""
    return _Watcher(watch).machine(machine)


class _Watcher:
    """Rebuilds a machine with every field watched."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch

    def machine(self, branch: Branch) -> Branch:
        """A machine, branch or item processor to be watched."""
        states = {n: self._state(state) for n, state in branch.states.items()}
        return _WatchedBranch(branch, states, self.watch.visits)

    def _state(self, state: State) -> State:
        changes: dict[str, Any] = {
            name: self._fields(part, state, name)
            for name, part in _parts(state)
            if name != "choices"
        }
        if isinstance(state, Choice):
            changes["choices"] = self._rules(state)
        elif isinstance(state, Parallel):
            changes["branches"] = tuple(map(self.machine, state.branches))
        elif isinstance(state, Map):
            changes["processor"] = self.machine(state.processor)
            if state.reader is None:
                changes["items"] = self._items(state)
        return replace(state, **changes)

    def _fields(self, part: Any, state: State, name: str) -> Any:
        """One field, or a record of fields, with every closure in it watched."""
        written = [state.definition[k] for k in _WRITTEN[name] if k in state.definition]
        if isinstance(part, Path):
            return self._path(part, state)
        if isinstance(part, ReferencePath):
            return self._target(part, state)
        if callable(part):
            reads = _reads(written, state)
            return self.watch.closure(part, reads, state)
        if isinstance(part, tuple):
            catchers = written[0] if written else []
            return tuple(
                self._record(catcher, catchers[n : n + 1], state)
                for n, catcher in enumerate(part)
            )
        return self._record(part, written, state)

    def _record(self, record: T, written: list[Json], state: State) -> T:
        """A Catcher, ChoiceRule, ItemReader, ItemBatcher or ResultWriter."""
        reads = _reads(written, state)
        changes = {
            name: self._target(part, state)
            if isinstance(part, ReferencePath)
            else self.watch.closure(part, reads, state)
            for name, part in _parts(record)
            if name != "test"
        }
        return replace(record, **changes) if changes else record  # type: ignore[type-var] # all of them are dataclasses

    def _path(self, path: Path, state: State) -> Path:
        reads = [Reference(path.root, path.steps)]

        def read(subject: Json, scope: Scope) -> Json:
            try:
                return path.read(subject, scope)
            except PathError:
                self.watch.lacks(state, reads, subject, scope)
                raise

        return replace(path, read=read)

    def _target(self, path: ReferencePath, state: State) -> ReferencePath:
        """A ResultPath, which an unknown value on its way may not let through."""

        def write(target: Json, value: Json) -> Json:
            try:
                return path.write(target, value)
            except ReferenceConflict as conflict:
                self.watch.refuses(state, conflict.target)
                raise

        return replace(path, write=write)

    def _items(self, state: Map) -> Callable[[Json, Scope], Json]:
        """The items of a Map; an unknown value is no list until somebody says so."""
        evaluate = state.items
        written = [
            state.definition[k] for k in _WRITTEN["items"] if k in state.definition
        ]
        whole = Reference("$", ())
        reads = _reads(written, state) or [whole]

        def items(subject: Json, scope: Scope) -> Json:
            if evaluate is not None:
                found = self.watch.closure(evaluate, reads, state)(subject, scope)
            else:
                found = subject["input"] if state.jsonata else subject
            if type(found) is not list:
                self.watch.refuses(state, found)
                if evaluate is None or type(found) is not dict:
                    self.watch.missing[state.name] = Lack(
                        state.name, str(reads[0]), False
                    )
            return found

        return items

    def _rules(self, state: Choice) -> tuple[ChoiceRule, ...]:
        written: list[Json] = state.definition["Choices"]
        settled = Settled(self.watch, state)
        return tuple(
            replace(self._record(rule, [text], state), test=settled.test(number))
            for number, (rule, text) in enumerate(
                zip(state.choices, written, strict=True)
            )
        )


class _WatchedBranch(ItemProcessor):
    """States whose visits are counted, anew for each strand that walks through them."""

    __slots__ = ("limit", "watched")

    def __init__(self, branch: Branch, states: dict[str, State], limit: int) -> None:
        # Frozen: set as the generated __init__ of a frozen dataclass does.
        for name, value in (
            ("start_at", branch.start_at),
            ("pointer", branch.pointer),
            ("mode", getattr(branch, "mode", "INLINE")),
            ("execution_type", getattr(branch, "execution_type", "STANDARD")),
            ("watched", states),
            ("limit", limit),
        ):
            object.__setattr__(self, name, value)

    watched: dict[str, State]
    limit: int

    @property
    def states(self) -> "_Visits":
        """The states, none of them entered yet."""
        return _Visits(self.watched, self.limit)


class _Visits(Mapping[str, State]):
    """States by name; taking one out is a visit."""

    def __init__(self, states: dict[str, State], limit: int) -> None:
        self._states = states
        self._limit = limit
        self._visits: dict[str, int] = {}

    def __getitem__(self, name: str) -> State:
        visits = self._visits[name] = self._visits.get(name, 0) + 1
        if visits > self._limit:
            raise Loops(name)
        return self._states[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._states)

    def __len__(self) -> int:
        return len(self._states)


_WRITTEN: dict[str, tuple[str, ...]] = {
    # Field of the model → the members of the definition that it may have come from.
    "parameters": ("Parameters", "Arguments"),
    "result_selector": ("ResultSelector",),
    "output": ("Output",),
    "assign": ("Assign",),
    "result_path": (),
    "error": ("ErrorPath", "Error"),
    "cause": ("CausePath", "Cause"),
    "seconds": ("SecondsPath", "Seconds"),
    "until_ns": ("TimestampPath", "Timestamp"),
    "timeout_seconds": ("TimeoutSecondsPath", "TimeoutSeconds"),
    "heartbeat_seconds": ("HeartbeatSecondsPath", "HeartbeatSeconds"),
    "credentials": ("Credentials",),
    "input_path": ("InputPath",),
    "output_path": ("OutputPath",),
    "items": ("ItemsPath", "Items"),
    "item_selector": ("ItemSelector", "Parameters"),
    "max_concurrency": ("MaxConcurrencyPath", "MaxConcurrency"),
    "tolerated_count": ("ToleratedFailureCountPath", "ToleratedFailureCount"),
    "tolerated_percentage": (
        "ToleratedFailurePercentagePath",
        "ToleratedFailurePercentage",
    ),
    "reader": ("ItemReader",),
    "batcher": ("ItemBatcher",),
    "writer": ("ResultWriter",),
    "catch": ("Catch",),
    "choices": ("Choices",),
}


def _parts(record: object) -> list[tuple[str, Any]]:
    """The fields of a state, or of a record in one, that are evaluated."""
    return [
        (f.name, part)
        for f in fields(record)  # type: ignore[arg-type] # all of them are dataclasses
        if (part := getattr(record, f.name)) is not None
        and (f.name in _WRITTEN or callable(part))
    ]


def _reads(written: list[Json], state: State) -> list[Reference]:
    """What fields read; a record's `…Path` members are paths as they stand."""
    found: list[Reference] = []
    for value in written:
        found += references(value, jsonata=state.jsonata)
        if not state.jsonata and isinstance(value, dict):
            found += [
                reference
                for text in _path_members(value)
                for reference in references(text, jsonata=False)
            ]
    return found


def _path_members(value: Json) -> Iterator[str]:
    for key, item in value.items():
        if isinstance(item, dict):
            yield from _path_members(item)
        elif key.endswith("Path") and isinstance(item, str):
            yield item
