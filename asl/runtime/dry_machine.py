"""Watched machines: a machine whose fields tell when they meet an unknown value.

In: a StateMachine. Out: the same machine for the engine, in which every compiled field
reports what it lacked, every Choice settles what it cannot know, and every state counts
how often it is entered.
Never: changes the machine it was given, or what happens where everything is known.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar

from asl.expressions.jsonpath import Path, PathError
from asl.expressions.scope import EvaluationError, Scope
from asl.model.choice import compile_rule
from asl.model.failure import Catcher
from asl.model.machine import Branch, ItemProcessor
from asl.model.states import Choice, ChoiceRule, Map, Parallel, State
from asl.runtime.lookup import (
    Lack,
    Reference,
    find_lack,
    find_unknown,
    follow,
    references,
)
from asl.tasks.unknown import Unknowns
from asl.values import Json

T = TypeVar("T")


class NeedsSample(Exception):
    """A field needs a value that nobody gave."""

    def __init__(self, state: str, lack: Lack) -> None:
        super().__init__(state, lack)
        self.state = state
        """The state that needs it."""
        self.lack = lack


class Loops(Exception):
    """A state is entered more often than is allowed."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


@dataclass(frozen=True, slots=True)
class Guess:
    """A Choice that could not know where to go."""

    state: str
    lack: Lack
    target: str
    why: str
    """`chosen`, `Default` or `first rule`."""


@dataclass(slots=True)
class Watch:
    """What is noticed while one dry run goes on."""

    unknowns: Unknowns
    visits: int
    choose: Mapping[str, Sequence[str]]
    guesses: list[Guess] = field(default_factory=list)
    chosen: dict[str, int] = field(default_factory=dict)
    """How many of its targets a Choice has used."""
    missing: dict[str, Lack | None] = field(default_factory=dict)
    """By state that failed: what its fields did not find in data that is given, or None
    where nothing was missing."""

    def machine(self, branch: Branch) -> Branch:
        """A machine, branch or item processor to be watched."""
        states = {n: self._state(state) for n, state in branch.states.items()}
        return _WatchedBranch(branch, states, self.visits)

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
        if callable(part):
            reads = _reads(written, state)
            return self._closure(part, reads, state)
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
            name: self._closure(part, reads, state)
            for name, part in _parts(record)
            if callable(part) and name != "test"
        }
        return replace(record, **changes) if changes else record  # type: ignore[type-var] # all of them are dataclasses

    def _closure(
        self, evaluate: Callable[[Json, Scope], T], reads: list[Reference], state: State
    ) -> Callable[[Json, Scope], T]:
        def watched(subject: Json, scope: Scope) -> T:
            try:
                return evaluate(subject, scope)
            except EvaluationError as error:
                told = [r for r in reads if _tells(error, r)] or reads
                self.lacks(state, told, subject, scope)
                raise

        return watched

    def _path(self, path: Path, state: State) -> Path:
        reads = [Reference(path.root, path.steps)]

        def read(subject: Json, scope: Scope) -> Json:
            try:
                return path.read(subject, scope)
            except PathError:
                self.lacks(state, reads, subject, scope)
                raise

        return replace(path, read=read)

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
                found = self._closure(evaluate, reads, state)(subject, scope)
            else:
                found = subject["input"] if state.jsonata else subject
            if type(found) is not list:
                unknown = self.unknowns.of(found)
                if unknown is not None:
                    lack = Lack(unknown.state, unknown.path, is_unknown=True)
                    raise NeedsSample(state.name, lack)
                if evaluate is None or type(found) is not dict:
                    self.missing[state.name] = Lack(state.name, str(reads[0]), False)
            return found

        return items

    def lacks(
        self, state: State, reads: list[Reference], subject: Json, scope: Scope
    ) -> None:
        """A field failed: say so if a value is unknown, else note what is missing."""
        lack = find_lack(self.unknowns, reads, subject, scope, state.name)
        if lack is not None and lack.is_unknown:
            raise NeedsSample(state.name, lack)
        self.missing[state.name] = lack

    # ------------------------------------------------------------------------- choices

    def _rules(self, state: Choice) -> tuple[ChoiceRule, ...]:
        written: list[Json] = state.definition["Choices"]
        asks = [
            self._condition(rule, text, state)
            for rule, text in zip(state.choices, written, strict=True)
        ]
        settled = _Settled(self, state, asks)
        return tuple(
            replace(
                self._record(rule, [text], state),
                test=settled.test(number),
            )
            for number, (rule, text) in enumerate(
                zip(state.choices, written, strict=True)
            )
        )

    def _condition(self, rule: ChoiceRule, written: Json, state: Choice) -> "Ask":
        if not state.jsonata:
            return self._rule(written, state)
        reads = references(written.get("Condition"), jsonata=True)

        def ask(subject: Json, scope: Scope) -> bool | Lack:
            for reference in reads:
                lack = find_unknown(self.unknowns, reference, subject, scope)
                if lack is not None:
                    return lack
            return self._closure(rule.test, reads, state)(subject, scope)

        return ask

    def _rule(self, rule: dict[str, Json], state: Choice) -> "Ask":
        """A rule in three values: true, false, or what it lacks (Kleene's logic)."""
        for word, decisive in (("And", False), ("Or", True)):
            if word in rule:
                parts = [self._rule(part, state) for part in rule[word]]
                return _combined(parts, decisive)
        if "Not" in rule:
            inner = self._rule(rule["Not"], state)

            def negated(subject: Json, scope: Scope) -> bool | Lack:
                answer = inner(subject, scope)
                return answer if isinstance(answer, Lack) else not answer

            return negated
        test = compile_rule(rule)
        reads = [
            reference
            for key, text in rule.items()
            if key == "Variable" or key.endswith("Path")
            for reference in references(text, jsonata=False)
        ]

        asks_presence = "IsPresent" in rule

        def compare(subject: Json, scope: Scope) -> bool | Lack:
            for reference in reads:
                if asks_presence and self._is_there(reference, subject, scope):
                    continue
                lack = find_unknown(self.unknowns, reference, subject, scope)
                if lack is not None:
                    return lack
            return self._closure(test, reads, state)(subject, scope)

        return compare

    def _is_there(self, reference: Reference, subject: Json, scope: Scope) -> bool:
        """Whether an object is there whatever is in it: a whole result, or one made."""
        value, rest = follow(reference, subject, scope)
        if rest or type(value) is not dict:
            return False
        unknown = self.unknowns.of(value)
        return unknown is None or unknown.path == "$"


Ask = Callable[[Json, Scope], "bool | Lack"]


def _combined(parts: list[Ask], decisive: bool) -> Ask:
    def combined(subject: Json, scope: Scope) -> bool | Lack:
        lack: Lack | None = None
        for part in parts:
            answer = part(subject, scope)
            if isinstance(answer, Lack):
                lack = lack or answer
            elif answer is decisive:
                return decisive
        return (not decisive) if lack is None else lack

    return combined


class _Settled:
    """Where a Choice goes: known, chosen by the caller, or guessed."""

    def __init__(self, watch: Watch, state: Choice, asks: list[Ask]) -> None:
        self.watch = watch
        self.state = state
        self.asks = asks
        self.place: int | None = None
        """The rule to take; None: Default."""

    def test(self, number: int) -> Callable[[Json, Scope], bool]:
        """The test of one rule; the first rule's settles it for all of them."""

        def test(subject: Json, scope: Scope) -> bool:
            if number == 0:
                self.place = self._settle(subject, scope)
            return self.place == number

        return test

    def _settle(self, subject: Json, scope: Scope) -> int | None:
        for number, ask in enumerate(self.asks):
            answer = ask(subject, scope)
            if isinstance(answer, Lack):
                return self._guess(answer)
            if answer:
                return number
        return None

    def _guess(self, lack: Lack) -> int | None:
        watch, state = self.watch, self.state
        targets = watch.choose.get(state.name)
        if targets:
            used = watch.chosen.get(state.name, 0)
            watch.chosen[state.name] = used + 1
            target = targets[min(used, len(targets) - 1)]
            why = "chosen"
        elif state.default is not None:
            target, why = state.default, "Default"
        else:
            target, why = state.choices[0].next, "first rule"
        watch.guesses.append(Guess(state.name, lack, target, why))
        if why == "Default":
            return None
        return next(
            (n for n, rule in enumerate(state.choices) if rule.next == target), None
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
        and (not isinstance(record, Catcher) or f.name in ("output", "assign"))
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


def _tells(error: EvaluationError, reference: Reference) -> bool:
    """Whether a failure's sentence names the place that a reference leads to."""
    name = str(reference)
    return f"'{name}'" in error.detail or f" {name} " in f" {error.detail} "
