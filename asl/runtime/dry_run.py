"""Dry run: a machine walked through without calling anything.

In: a machine, samples (state name → result) and what is to be chosen where a Choice
cannot know. Out: where the walk ended, or which value it needs, or where it goes round.
Never: calls a task, waits, reads a bucket or invents a value: what nobody gave is
unknown, and stays so wherever the definition carries it.

The engine is the real one: it runs a watched machine (dry_machine.py, dry_choice.py),
and its tasks are answered from the samples or by documented shapes (tasks/shapes.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from asl.engine.arns import arn_of
from asl.engine.execution import Execution
from asl.engine.messages import Instant, StartTask, TaskSucceeded
from asl.errors import UsageError
from asl.model.machine import StateMachine
from asl.model.states import Choice, Map, State, Task
from asl.runtime.clock import VirtualClock
from asl.runtime.dry_machine import watched_machine
from asl.runtime.dry_watch import Guess, Loops, NeedsSample, Watch
from asl.runtime.last import last_state
from asl.runtime.lookup import Lack
from asl.runtime.runner import Runner
from asl.runtime.stage import DEFAULT_ROLE, WorkflowType, checked_input, machine_arn
from asl.tasks.answer import Answer, Ready
from asl.tasks.mocks import Mocks
from asl.tasks.shapes import documented_result
from asl.tasks.unknown import Unknowns
from asl.values import Json, NotJson, to_json

VISITS = 3
"""How often a state may be entered before the walk is said to go round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """The answer of a dry run."""

    outcome: Literal["ended", "needs", "loops"]
    state: str
    """Where it ended or loops, or whose result is needed."""
    path: str | None = None
    """The needed value, as a path into the result (or input) of `state`."""
    reader: str | None = None
    """The state that needs it."""
    from_input: bool = False
    """Whether the needed value belongs into the execution's input."""
    from_given: bool = False
    """Whether the value is missing in data that were given: input, sample, literal."""
    guesses: tuple[Guess, ...] = ()
    entered: tuple[str, ...] = ()
    error: str | None = None
    cause: str | None = None
    """How the machine failed, where it ended by failing."""

    def __str__(self) -> str:
        if self.outcome == "ended":
            return f"ended at {self.state}"
        if self.outcome == "loops":
            return f"loops at {self.state}"
        return f"needs a sample for {self.state}: {self.path}"


def dry_run(
    machine: StateMachine,
    input: Json = None,
    *,
    samples: Mapping[str, Json] | None = None,
    choose: Mapping[str, Sequence[str]] | None = None,
    visits: int = VISITS,
    type: WorkflowType = "STANDARD",
) -> DryRun:
    """Walk through a machine on samples; `input` None means that it is unknown too.

    A sample is a task's result, or a list of results, one a visit, of which the last
    goes on for ever. `choose` gives a Choice its targets, one a visit in the same way.
    """
    states = {state.name: state for state in machine.all_states()}
    if visits < 1:
        raise UsageError(f"visits must be at least 1, not {visits}")
    _check_targets(states, choose or {})
    unknowns = Unknowns()
    watch = Watch(unknowns, visits, choose or {})
    if input is None:
        given: Json = unknowns.object(None, "$")
    else:
        given, _ = checked_input(input)
    arn = machine_arn(machine)
    execution = Execution(
        watched_machine(machine, watch),
        given,
        name="dry-run",
        arn=arn_of("execution", arn, "dry-run"),
        machine_arn=arn,
        type=type,
        role_arn=DEFAULT_ROLE,
    )
    source = _Answers(states, samples or {}, unknowns)
    runner = Runner(execution, source, clock=VirtualClock())
    try:
        runner.run()
    except Loops as loop:
        return _answer("loops", loop.state, watch, execution)
    except NeedsSample as need:
        return _needs(need.state, need.lack, watch, execution)
    return _ended(watch, execution)


def _answer(
    outcome: Literal["ended", "loops"], state: str, watch: Watch, execution: Execution
) -> DryRun:
    return DryRun(
        outcome=outcome,
        state=state,
        guesses=tuple(watch.guesses),
        entered=tuple(execution.path),
        error=execution.error,
        cause=execution.cause,
    )


def _needs(reader: str, lack: Lack, watch: Watch, execution: Execution) -> DryRun:
    return DryRun(
        outcome="needs",
        state=reader if lack.state is None else lack.state,
        path=lack.path,
        reader=reader,
        from_input=lack.state is None,
        from_given=not lack.is_unknown,
        guesses=tuple(watch.guesses),
        entered=tuple(execution.path),
    )


def _ended(watch: Watch, execution: Execution) -> DryRun:
    """Where it ended; or what was missing, where that made it fail."""
    state = last_state(execution)
    if execution.status == "FAILED" and (execution.error or "").startswith("States."):
        lack = watch.missing.get(state)
        if lack is not None:
            return _needs(state, lack, watch, execution)
    return _answer("ended", state, watch, execution)


class _Answers(Mocks):
    """Results for tasks: the sample, else the documented shape; at once.

    They are mocks to the runner, of another origin: hence the inheritance.
    """

    def __init__(
        self,
        states: Mapping[str, State],
        samples: Mapping[str, Json],
        unknowns: Unknowns,
    ) -> None:
        super().__init__({})
        self._states = states
        self._unknowns = unknowns
        self._samples = {
            name: _read_sample(states, name, value) for name, value in samples.items()
        }

    def fresh(self) -> "_Answers":
        """These answers: they are not used up."""
        return self

    def binds(self, resource: str) -> bool:
        """True: item readers and result writers are answered here too."""
        return True

    def prepare(self, effect: StartTask, now: Instant) -> Ready:
        """The result of one call, ready."""
        output = self._output(effect)
        return Ready(Answer([(0, TaskSucceeded(effect.id, 0, output))]))

    def _output(self, effect: StartTask) -> Json:
        call, unknowns = effect.call, self._unknowns
        state = self._states[call.state]
        results = self._samples.get(call.state)
        result: Json = None
        if results is not None:
            result = results[min(call.visit, len(results) - 1)]
        if isinstance(state, Task):
            if results is not None:
                return result
            return documented_result(state.resource, unknowns, call.state)
        if "ReaderConfig" in effect.payload:
            if results is None:
                result = [unknowns.object(call.state, "$[0]")]
            return {"Items": result, "Source": "STATE_DATA"}
        return {  # what a result writer says
            key: unknowns.text(call.state, f"$.{key}", "string")
            for key in ("Bucket", "Key")
        }


def _read_sample(states: Mapping[str, State], name: str, value: Json) -> list[Json]:
    """The results of one state, one a visit; UsageError where they fit no task."""
    state = states.get(name)
    reads = isinstance(state, Map) and state.reader is not None
    if not (isinstance(state, Task) or reads):
        tasks = [n for n, s in states.items() if isinstance(s, Task)]
        raise UsageError(
            f"the samples name {name!r}, which is no Task{_hint(str(name), tasks)}"
        )
    try:
        results = to_json(value)
    except NotJson as error:
        raise UsageError(f"the sample for {name!r} is not JSON: {error}") from None
    if not isinstance(results, list):
        return [results]
    if not results:
        raise UsageError(
            f"the sample for {name!r} has no result: a list is one a visit"
        )
    if reads and not all(isinstance(result, list) for result in results):
        raise UsageError(
            f"the sample for {name!r} must hold the Map's items: a list of items for "
            "each visit, [[item, item]]"
        )
    return results


def _check_targets(
    states: Mapping[str, State], choose: Mapping[str, Sequence[str]]
) -> None:
    for name, targets in choose.items():
        state = states.get(name)
        if not isinstance(state, Choice):
            known = [n for n, s in states.items() if isinstance(s, Choice)]
            raise UsageError(f"{name!r} is no Choice{_hint(name, known)}")
        leads_to = list(dict.fromkeys(rule.next for rule in state.choices))
        if state.default is not None:
            leads_to = list(dict.fromkeys((*leads_to, state.default)))
        for target in targets:
            if target not in leads_to:
                raise UsageError(
                    f"the Choice {name!r} does not lead to {target!r}; it leads to "
                    + ", ".join(map(repr, leads_to))
                )


def _hint(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=1)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; there are: {', '.join(map(repr, known[:8]))}" if known else ""
