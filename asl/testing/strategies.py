"""Strategies: inputs, mocks and whole machines for Hypothesis.

In: a StateMachine (or nothing). Out: Hypothesis strategies.
Never: runs a machine. The only module that imports Hypothesis (extra `test`); what it
draws from is worked out by wishes.py and random_machine.py, which do not.

    @given(strategies.inputs(MACHINE), strategies.mocks(MACHINE))
    def test_it_ends(input, mocks): ...

Inputs and mocks follow the machine's own decisions: for each rule of each Choice they
bring together the values that make it hold, and those that make it fail.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asl.errors import UsageError
from asl.model.failure import ALL, TASK_FAILED, Catcher, Retrier
from asl.model.machine import StateMachine
from asl.model.states import Task
from asl.testing.fault_kinds import UNEXPECTED
from asl.testing.fault_runs import task_states
from asl.testing.origins import EACH, Steps
from asl.testing.random_machine import random_machine
from asl.testing.wished_values import ABSENT, PRESENT
from asl.testing.wishes import Wishes, wishes_of
from asl.values import Json

T = TypeVar("T")

_MOST_ITEMS = 3
_DRAWN_ANSWERS = 3
_MOST_CALLS = 60
"""Answers for each task; a machine that asks more often goes round."""

values: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text("abé", max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=5,
)
"""Any small JSON value."""

_KINDS: dict[str | None, st.SearchStrategy[Json]] = {
    None: st.sampled_from(["a", "b"]) | st.integers(0, 3),
    "number": st.integers(0, 100),
    "text": st.text("abc ,", max_size=5),
    "list": st.lists(st.integers(0, 9), max_size=_MOST_ITEMS),
    "object": st.dictionaries(st.sampled_from("ab"), st.integers(0, 9), max_size=2),
    "json": st.sampled_from(["{}", "[]", '{"a":1}', '"a"']),
    "base64": st.sampled_from(["", "YQ==", "eyJhIjoxfQ=="]),
    "timestamp": st.sampled_from(["2026-01-01T00:00:00Z", "2020-02-29T12:00:00.5Z"]),
}
"""What is drawn for a place by what its reader needs."""


class _Draws:
    """Hypothesis's draws, as the Chance that random_machine asks for."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self.draw = draw

    def pick(self, options: Sequence[T]) -> T:
        """One of the options."""
        picked: T = self.draw(st.sampled_from(options))
        return picked

    def count(self, least: int, most: int) -> int:
        """A whole number within bounds."""
        return int(self.draw(st.integers(least, most)))

    def flag(self) -> bool:
        """Yes or no."""
        return bool(self.draw(st.booleans()))

    def value(self) -> Json:
        """Any small JSON value."""
        return self.draw(values)


@st.composite
def machines(
    draw: Callable[[st.SearchStrategy[Any]], Any],
) -> tuple[dict[str, Json], dict[str, list[Json]]]:
    """Whole valid definitions, each with mocks for all of its tasks."""
    return random_machine(_Draws(draw))


def inputs(machine: StateMachine) -> st.SearchStrategy[Json]:
    """Inputs of a machine, by which every rule that looks at them can be reached."""
    return _wished(wishes_of(machine)[None])


def mocks(
    machine: StateMachine,
    *,
    failures: bool = True,
    results: Mapping[str, st.SearchStrategy[Json]] | None = None,
) -> st.SearchStrategy[dict[str, list[Json]]]:
    """Mocks for all tasks of a machine: results that its rules tell apart, failures
    that its Retry and Catch name (unless `failures` is false).

    `results` gives a task's results where the definition does not tell them. After
    what is drawn for a state comes every wished result in turn, so that a loop which
    some result ends does end.
    """
    wishes, own = wishes_of(machine), results or {}
    tasks = task_states(machine)
    for name in own:
        if name not in tasks:
            raise UsageError(f"results names {name!r}, which is no Task state")
    return st.fixed_dictionaries(
        {
            name: _answers(task, wishes.get(name, Wishes()), failures, own.get(name))
            for name, task in tasks.items()
        }
    )


def explore(
    test: Callable[[Any, Any], None],
    first: st.SearchStrategy[Any],
    second: st.SearchStrategy[Any],
    *,
    max_examples: int,
) -> None:
    """Call a test with examples of two strategies; a failure is shrunk, then raised."""

    @settings(
        max_examples=max_examples,
        deadline=None,
        database=None,
        derandomize=True,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(first, second)
    def run(one: Any, other: Any) -> None:
        test(one, other)

    run()


# ---------------------------------------------------------------------------- results


def _answers(
    task: Task,
    wishes: Wishes,
    failures: bool,
    own: st.SearchStrategy[Json] | None,
) -> st.SearchStrategy[list[Json]]:
    """Answers of one task: a few drawn ones, then all that are wished, in turn."""
    returned = (_wished(wishes) if own is None else own).map(_returned)
    names = _named_errors(task) if failures else []
    thrown = [{"Throw": {"Error": n, "Cause": _CAUSE}} for n in names]
    answer = returned | st.sampled_from(thrown) if thrown else returned
    first = st.lists(answer, max_size=_DRAWN_ANSWERS)
    if own is not None:
        # What somebody else draws has no turns: a few, again and again.
        rest = st.lists(returned, min_size=1, max_size=_DRAWN_ANSWERS)
        return st.tuples(first, rest).map(lambda both: both[0] + _turns(both[1]))
    tail = _turns([_returned(value) for value in _fair(wishes)])
    return first.map(lambda drawn: drawn + tail)


def _returned(value: Json) -> Json:
    return {"Return": value}


def _turns(answers: list[Json]) -> list[Json]:
    return [answers[n % len(answers)] for n in range(_MOST_CALLS)]


_CAUSE = '{"errorMessage":"a drawn failure"}'


def _named_errors(task: Task) -> list[str]:
    """The errors that a state says it can deal with."""
    handlers: list[Retrier | Catcher] = [*task.retry, *task.catch]
    found = [name for handler in handlers for name in handler.error_equals]
    names = [UNEXPECTED if name in (ALL, TASK_FAILED) else name for name in found]
    return [name for name in dict.fromkeys(names) if name != "States.HeartbeatTimeout"]


# ----------------------------------------------------------------------------- values


@dataclass(slots=True)
class _Node:
    """One place of a value, with the places inside it."""

    steps: Steps
    children: "dict[str | int, _Node]" = field(default_factory=dict)
    tried: list[Json] = field(default_factory=list)
    kind: str | None = None


def _tree(wishes: Wishes) -> _Node:
    """The places of one source as a tree."""
    root = _Node(())
    for steps, tried in wishes.places.items():
        node = root
        for number, step in enumerate(steps):
            node = node.children.setdefault(step, _Node(steps[: number + 1]))
        node.tried = tried
        node.kind = wishes.kinds.get(steps)
    return root


def _wished(wishes: Wishes) -> st.SearchStrategy[Json]:
    """Values of one source: drawn by place, some of them together."""
    root = _tree(wishes)
    together: list[dict[Steps, Json]] = [{}, *wishes.combinations]

    @st.composite
    def build(draw: Callable[[st.SearchStrategy[Any]], Any]) -> Json:
        fixed: dict[Steps, Json] = {}
        # One combination of values for a rule, over another one for an earlier rule.
        for _ in range(2 if len(together) > 1 else 0):
            fixed |= draw(st.sampled_from(together))
        value = _drawn(draw, root, fixed)
        return {} if value is ABSENT else value

    return build()


def _drawn(
    draw: Callable[[st.SearchStrategy[Any]], Any],
    node: _Node,
    fixed: dict[Steps, Json],
) -> Json:
    """The value of one place, and of those inside it."""
    wished: Json = fixed.get(node.steps, PRESENT)
    if EACH in node.steps and node.tried and draw(st.booleans()):
        wished = PRESENT  # the items of a list need not be alike
    if wished is PRESENT and node.tried and node.steps not in fixed:
        wished = draw(st.sampled_from(node.tried))
    if wished is ABSENT or (wished is not PRESENT and not node.children):
        return wished
    if wished is PRESENT and not node.children and node.tried:
        there = [value for value in node.tried if value is not ABSENT]
        return draw(st.sampled_from(there) if there else _KINDS[node.kind])
    if node.children:
        return _container(draw, node, fixed)
    return draw(_KINDS[node.kind]) if node.steps else {}


def _container(
    draw: Callable[[st.SearchStrategy[Any]], Any],
    node: _Node,
    fixed: dict[Steps, Json],
) -> Json:
    if EACH in node.children:
        size = draw(st.integers(0, _MOST_ITEMS))
        items = [_drawn(draw, node.children[EACH], fixed) for _ in range(size)]
        return [item for item in items if item is not ABSENT]
    members = {key: _drawn(draw, child, fixed) for key, child in node.children.items()}
    return _put_together(members, node)


def _fair(wishes: Wishes) -> list[Json]:
    """Every wished combination as a value, without chance."""
    root = _tree(wishes)
    found = [_plain(root, together) for together in _some(wishes.combinations)]
    return [value for value in found if value is not ABSENT] or [{}]


def _some(combinations: list[dict[Steps, Json]]) -> Iterator[dict[Steps, Json]]:
    yield from islice([*combinations, {}], _MOST_CALLS // 2)


def _plain(node: _Node, fixed: dict[Steps, Json]) -> Json:
    """The simplest value of a place, but for what is wished there."""
    wished: Json = fixed.get(node.steps, PRESENT)
    if wished is ABSENT:
        return ABSENT
    if not node.children:
        if wished is not PRESENT:
            return wished
        there = [value for value in node.tried if value is not ABSENT]
        if there:
            return there[0]
        return _SIMPLEST.get(node.kind) if node.steps else {}
    if EACH in node.children:
        item = _plain(node.children[EACH], fixed)
        return [] if item is ABSENT else [item]
    members = {key: _plain(child, fixed) for key, child in node.children.items()}
    return _put_together(members, node)


def _put_together(members: dict[str | int, Json], node: _Node) -> Json:
    """A list where only numbers lead further, else an object; what is absent is not."""
    there = {key: value for key, value in members.items() if value is not ABSENT}
    numbers = [key for key in there if isinstance(key, int)]
    if all(isinstance(key, int) for key in node.children):
        return [there.get(n) for n in range(max(numbers, default=-1) + 1)]
    return {str(key): value for key, value in there.items()}


_SIMPLEST: dict[str | None, Json] = {
    None: "a",
    "number": 1,
    "text": "a",
    "list": [],
    "object": {},
    "json": "{}",
    "base64": "",
    "timestamp": "2026-01-01T00:00:00Z",
}
