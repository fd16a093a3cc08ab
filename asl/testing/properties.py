"""Properties: what should hold for every run of a machine, whatever it is given.

In: a machine; strategies for its input and mocks (or those inferred from it). Out:
nothing where the properties hold; else an AssertionError with the smallest example
found, printed as a test that is ready to be kept.
Never: imports Hypothesis until a machine is explored.
"""

import contextlib
import keyword
import pprint
import re
from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from asl.engine.execution import Execution
from asl.engine.messages import Instant, StartTask
from asl.errors import UsageError
from asl.model.failure import DATA_LIMIT_EXCEEDED, RUNTIME
from asl.model.machine import StateMachine, walk_states
from asl.quotas import PAYLOAD_BYTES
from asl.runtime.last import last_state
from asl.runtime.run import run
from asl.tasks.answer import Job, Ready
from asl.tasks.mocks import Mocks
from asl.tasks.registry import Tasks
from asl.testing.fault_runs import Source, task_states
from asl.testing.orders import interleavings
from asl.values import Json, size_bytes

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

Property: TypeAlias = Callable[..., None]
"""Takes an execution; raises AssertionError where it does not have the property."""


def ends(execution: Execution) -> None:
    """The execution came to an end of its own, before any limit."""
    assert execution.status in ("SUCCEEDED", "FAILED"), f"it ended {execution.status}"
    full = "maximum number of history events" in (execution.cause or "")
    assert not full, f"it goes round: {execution.cause}"


def no_runtime_error(execution: Execution) -> None:
    """No state failed with States.Runtime, which nothing can catch."""
    assert execution.error != RUNTIME, (
        f"{RUNTIME} in {last_state(execution)!r}: {execution.cause}"
    )


def small_payloads(execution: Execution) -> None:
    """Nothing that was passed on came near the limit of 256 KiB: half of it at most."""
    assert execution.error != DATA_LIMIT_EXCEEDED, execution.cause
    for event in execution.history:
        if event.type.endswith(("StateEntered", "StateExited")):
            size = size_bytes(event.members[1])
            assert size <= PAYLOAD_BYTES // 2, (
                f"{event.state!r} has a payload of {size:,} bytes"
            )


def only_declared_errors(execution: Execution) -> None:
    """The execution fails in Fail states only: no task's error escapes."""
    if execution.status != "FAILED":
        return
    name = last_state(execution)
    fails = {s.name for s in walk_states(execution.machine) if s.type == "Fail"}
    assert name in fails, (
        f"{execution.error} escapes from {name!r}: {execution.cause or 'no cause'}"
    )


def independent_of_order(
    execution: Execution,
    *,
    tasks: Tasks | Mocks | None = None,
    buckets: str | PathLike[str] | None = None,
) -> None:
    """The result is the same in whichever order branches and iterations take turns.

    The machine is run again with `tasks` and the execution's input. Mocks that answer
    in turn would themselves depend on the order: give `by_place(mocks)`.
    """
    machine = execution.machine
    assert isinstance(machine, StateMachine), "only whole machines are run again"
    if any(state.type in ("Parallel", "Map") for state in machine.all_states()):
        options = {"type": execution.type, "buckets": buckets}
        interleavings(
            machine, execution.input, tasks=tasks, orders=_ORDERS, options=options
        ).check()


_ORDERS = 4
_NO_MORE = "no mock answers"


READY: tuple[Property, ...] = (
    ends,
    no_runtime_error,
    small_payloads,
    only_declared_errors,
    independent_of_order,
)
"""The ready properties: what every machine should have."""


def by_place(mocks: Mapping[str, Sequence[Mapping[str, Json]]]) -> Mocks:
    """Mocks of which a call's place decides: state, iteration, visit and attempt.

    Iteration 0 gets the first answer, iteration 1 the second, and so on round; each
    further visit or attempt moves on by one.
    """
    return _ByPlace(mocks)


class _ByPlace(Mocks):
    """Answers that no order of calls can mix up."""

    def __init__(self, mocks: Mapping[str, Sequence[Mapping[str, Json]]]) -> None:
        super().__init__({})
        self._table = mocks

    def fresh(self) -> "_ByPlace":
        """These answers: they are not used up."""
        return self

    def knows_activity(self, state: str, arn: str) -> bool:
        """Whether there are answers for a state."""
        return state in self._table

    def prepare(self, effect: StartTask, now: Instant) -> Job | Ready:
        """The answer for this place, ready."""
        call = effect.call
        answers = self._table.get(call.state)
        if not answers:
            return Mocks({}).prepare(effect, now)
        place = sum(index for _, index in call.iterations) + call.visit + call.attempt
        one = answers[place % len(answers)]
        return Mocks({call.state: [one]}).prepare(effect, now)


def assert_always(
    machine: StateMachine,
    *properties: Property,
    inputs: "SearchStrategy[Json] | None" = None,
    mocks: "SearchStrategy[dict[str, list[Json]]] | None" = None,
    type: Literal["STANDARD", "EXPRESS"] = "STANDARD",
    buckets: str | PathLike[str] | None = None,
    max_examples: int = 100,
) -> None:
    """Assert that properties (by default all ready ones) hold for every run.

    Inputs and mocks are inferred from the machine unless strategies are given. The
    examples are the same in every run.
    """
    from asl.testing import strategies

    wanted = properties or READY
    options = {"type": type, "buckets": buckets}
    smallest: list[tuple[Json, dict[str, list[Json]], Property, str]] = []

    def test(input: Json, table: dict[str, list[Json]]) -> None:
        for one in wanted:
            told = _violation(machine, input, table, one, options)
            if told is not None:
                smallest.append((input, table, one, told))
                raise AssertionError(told)

    try:
        strategies.explore(
            test,
            strategies.inputs(machine) if inputs is None else inputs,
            strategies.mocks(machine) if mocks is None else mocks,
            max_examples=max_examples,
        )
    except AssertionError:
        if not smallest:
            raise
    else:
        return
    # Hypothesis runs the smallest example last.
    input, table, failed, told = smallest[-1]
    shown = ready_test(machine, input, table, failed, type=type, buckets=buckets)
    raise AssertionError(f"{told}\n\nThe smallest example, as a test:\n\n{shown}")


def ready_test(
    machine: StateMachine,
    input: Json,
    mocks: dict[str, list[Json]],
    failed: Property,
    *,
    type: Literal["STANDARD", "EXPRESS"] = "STANDARD",
    buckets: str | PathLike[str] | None = None,
) -> str:
    """A test in Python that shows how a property fails; unused mocks are left out."""
    name = getattr(failed, "__name__", "holds")
    where = getattr(failed, "__module__", "")
    options = {"type": type, "buckets": buckets}
    used = _used(machine, input, mocks, options)
    further = "" if type == "STANDARD" else f", type={type!r}"
    if buckets is not None:
        further += f", buckets={str(buckets)!r}"
    load = (
        f"asl.load({machine.file!r})"
        if machine.file is not None
        else f"asl.load_text({_literal(machine)}, name={machine.name!r})"
    )
    imported, called = name, f"{name}(execution)"
    if failed is independent_of_order:
        imported = f"by_place, {name}"
        called = f"{name}(execution, tasks=by_place(mocks))"
        used = mocks
    call = f"asl.run(machine, given, tasks=asl.Mocks(mocks){further})"
    lines = [
        "import asl",
        f"from {where} import {imported}",
        "",
        "",
        f"def test_{_word(machine.name)}_{name}() -> None:",
        f"    machine = {load}",
        f"    given = {_indented(input)}",
        f"    mocks = {_indented(used)}",
        f"    execution = {call}",
        f"    {called}",
    ]
    return "\n".join(lines) + "\n"


def _violation(
    machine: StateMachine,
    input: Json,
    mocks: dict[str, list[Json]],
    property: Property,
    options: Mapping[str, Any],
) -> str | None:
    """Why a property does not hold for one run, or None."""
    try:
        execution = run(machine, input, tasks=Mocks(mocks), **options)
    except UsageError as error:
        if _NO_MORE not in str(error):
            raise
        # It goes round, which is not every property's business.
        return f"it goes round: {error}" if property is ends else None
    try:
        if property is independent_of_order:
            independent_of_order(
                execution, tasks=by_place(mocks), buckets=options["buckets"]
            )
        else:
            property(execution)
    except AssertionError as error:
        return str(error) or getattr(property, "__name__", "it does not hold")
    return None


def _used(
    machine: StateMachine,
    input: Json,
    mocks: dict[str, list[Json]],
    options: Mapping[str, Any],
) -> dict[str, list[Json]]:
    """The mocks that a run takes, of each state as many as it was called."""
    source = Source(Mocks(mocks), task_states(machine), ())
    with contextlib.suppress(UsageError):  # it goes round: everything was used
        run(machine, input, tasks=source, **options)
    called = [call.state for call in source.asked]
    counts = {name: called.count(name) for name in dict.fromkeys(called)}
    return {name: mocks[name][:count] for name, count in counts.items()}


def _indented(value: Json) -> str:
    text = pprint.pformat(value, width=76, sort_dicts=False)
    return text.replace("\n", "\n    ")


def _literal(machine: StateMachine) -> str:
    import json

    text = json.dumps(machine.definition, indent=1, ensure_ascii=False)
    return f"r'''{text}'''" if "'''" not in text else repr(text)


def _word(name: str) -> str:
    word = re.sub(r"\W+", "_", name).strip("_").lower() or "machine"
    return f"{word}_" if keyword.iskeyword(word) else word
