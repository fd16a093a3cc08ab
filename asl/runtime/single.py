"""run_state: one state of a machine, run alone.

In: a machine, the name of one of its states, the state's input; what a test makes up
around it. Out: a StateResult: how the state ended, where it leads, and its intermediate
data.
Never: retries or goes on: a failure that would be retried is told as RETRIABLE.

AWS's TestState.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import get_close_matches
from os import PathLike
from typing import Any, Literal, TypeAlias

from asl.engine.execution import Execution
from asl.engine.failed import StateFailed
from asl.engine.messages import MapChild
from asl.engine.single import Mocked, Single, Verdict
from asl.errors import UsageError
from asl.model.failure import TIMEOUT
from asl.model.machine import Branch, StateMachine
from asl.model.states import Map, Parallel, State, Task
from asl.runtime.run import make_runner
from asl.runtime.runner import Runner
from asl.runtime.stage import WorkflowType
from asl.tasks.item_reader import ReadingFailed, read_items
from asl.tasks.mocks import Mocks
from asl.tasks.registry import Tasks
from asl.values import Json, NotJson, json_text, to_json

Level: TypeAlias = Literal["INFO", "DEBUG", "TRACE"]

ABSENT = object()
"""No mocked result; None would be one."""

_OTHERS = "maxConcurrency toleratedFailureCount toleratedFailurePercentage"
_PASSING = "afterInputPath afterParameters afterResultSelector afterResultPath"
_SHOWN = {
    # Recorded: what TestState shows of each state type, by query language.
    ("Pass", False): _PASSING,
    ("Task", False): f"{_PASSING} result",
    ("Parallel", False): "afterResultSelector afterResultPath",
    ("Map", False): "afterInputPath afterItemsPath afterItemSelector afterItemBatcher "
    f"afterResultSelector afterResultPath {_OTHERS}",
    ("Task", True): "afterArguments result",
    ("Map", True): f"afterItemSelector afterItemBatcher {_OTHERS}",
}
_AS_NUMBERS = _OTHERS.split()


@dataclass(frozen=True, slots=True, kw_only=True)
class StateResult:
    """How one state ended."""

    state: State
    status: Verdict
    """RETRIABLE: a Retrier would try again; CAUGHT_ERROR: a Catcher leads on."""
    output: Json
    """What the next state would get; None where it FAILED or is RETRIABLE."""
    next_state: str | None
    error: str | None
    cause: str | None
    inspection: dict[str, Json]
    """The intermediate data, by TestState's names: afterInputPath, afterParameters, …

    `errorDetails` says which Retrier or Catcher took an error, and the delay.
    """
    execution: Execution
    """The run behind it, with its history and the exceptions of callables."""

    @property
    def variables(self) -> dict[str, Json]:
        """The variables as the state leaves them."""
        found: dict[str, Json] = self.inspection.get("variables", {})
        return found

    @property
    def retry_delay_seconds(self) -> float | None:
        """How long the Retrier would wait, where the status is RETRIABLE."""
        details = self.inspection.get("errorDetails", {})
        found: float | None = details.get("retryBackoffIntervalSeconds")
        return found

    def to_aws(self, level: Level = "INFO", *, as_text: bool = True) -> dict[str, Json]:
        """The answer of TestState; values are JSON texts there, unless `as_text` is
        false."""

        def shown(value: Json) -> Json:
            return json_text(value) if as_text else value

        answer: dict[str, Json] = {"status": self.status}
        if self.status in ("SUCCEEDED", "CAUGHT_ERROR"):
            answer["output"] = shown(self.output)
        told = {"error": self.error, "cause": self.cause, "nextState": self.next_state}
        answer |= {key: text for key, text in told.items() if text is not None}
        if level != "INFO":
            answer["inspectionData"] = {
                key: value
                if key in _AS_NUMBERS or key == "errorDetails"
                else shown(value)
                for key, value in self._shown().items()
            }
        return answer

    def _shown(self) -> dict[str, Json]:
        """Of the intermediate data, what AWS shows of this type of state."""
        jsonata, seen = self.state.jsonata, self.inspection
        default = "" if jsonata else "afterInputPath"
        names = _SHOWN.get((self.state.type, jsonata), default)
        if self.state.type == "Pass" and "result" in seen:
            names = "result afterResultSelector afterResultPath"
        names = f"input {names} variables errorDetails"
        return {name: seen[name] for name in names.split() if name in seen}


def run_state(
    machine: StateMachine,
    state: str,
    input: Json = None,
    *,
    tasks: Tasks | Mocks | None = None,
    result: Json = ABSENT,
    error: str | None = None,
    cause: str | None = None,
    context: Mapping[str, Json] | None = None,
    variables: Mapping[str, Json] | None = None,
    retry_count: int = 0,
    map_iteration: int | Mapping[str, Json] | None = None,
    failed_iterations: int = 0,
    reader_data: str | None = None,
    type: WorkflowType = "STANDARD",
    role_arn: str | None = None,
    seed: int = 0,
    start_time: datetime | None = None,
    buckets: str | PathLike[str] | None = None,
    machines: Mapping[str, StateMachine] | None = None,
    real_limit_seconds: float = 60,
) -> StateResult:
    """Run one state of a machine, once, also one inside a Map or Parallel.

    `result`, or `error` with `cause`, stands for what a Task, or the whole of a Map or
    Parallel, comes to; else `tasks` are called, and a Map or Parallel really runs.
    `retry_count` says how often the Retrier that matches was used before.
    `map_iteration` is the index of the iteration that the state belongs to, or the
    whole of `$$.Map.Item`. `context` replaces the context object. Of a distributed Map
    with a `result`, `failed_iterations` are said to have failed, and `reader_data` is
    the text of the object that its ItemReader reads.
    """
    return prepare_state(
        machine,
        state,
        input,
        tasks=tasks,
        result=result,
        error=error,
        cause=cause,
        context=context,
        variables=variables,
        retry_count=retry_count,
        map_iteration=map_iteration,
        failed_iterations=failed_iterations,
        reader_data=reader_data,
        type=type,
        role_arn=role_arn,
        seed=seed,
        start_time=start_time,
        buckets=buckets,
        machines=machines,
        real_limit_seconds=real_limit_seconds,
    ).run()


@dataclass(frozen=True, slots=True)
class StateRun:
    """A state that is ready to run, once."""

    single: Single
    runner: Runner

    def run(self) -> StateResult:
        """Run it."""
        return _result(self.single, self.runner.run())


def prepare_state(
    machine: StateMachine,
    state: str,
    input: Json = None,
    *,
    tasks: Tasks | Mocks | None = None,
    result: Json = ABSENT,
    error: str | None = None,
    cause: str | None = None,
    context: Mapping[str, Json] | None = None,
    variables: Mapping[str, Json] | None = None,
    retry_count: int = 0,
    map_iteration: int | Mapping[str, Json] | None = None,
    failed_iterations: int = 0,
    reader_data: str | None = None,
    **options: Any,
) -> StateRun:
    """Check the call of run_state and set the stage; nothing has begun yet."""
    if not isinstance(machine, StateMachine):
        raise UsageError(f"run_state needs a StateMachine, not {machine!r}")
    found, around = _find(machine, state)
    if not isinstance(retry_count, int) or retry_count < 0:
        raise UsageError(f"retry_count is a whole number from 0, not {retry_count!r}")
    has_mock = result is not ABSENT or error is not None or cause is not None
    if has_mock:
        if tasks is not None:
            raise UsageError("give tasks, or result or error, not both")
        tasks = _stand_in(found, result, error, cause)
    single = Single(
        found, retry_count=retry_count, variables=_table("variables", variables) or {}
    )
    if has_mock and not isinstance(found, Task):
        single.mocked = _mocked(
            found, result, error, cause, failed_iterations, reader_data
        )
    elif failed_iterations or reader_data is not None:
        raise UsageError(
            "failed_iterations and reader_data are for a distributed Map whose result "
            "or error is given"
        )
    runner = make_runner(_alone(machine, found), input, tasks=tasks, **options)
    runner.family.machine = machine
    execution = runner.root
    execution.walk = single.walk
    execution.given_context = _table("context", context)
    item = _item(map_iteration, around, execution.input)
    if item is not None:
        iterations = tuple((name, 0) for name in around[:-1])
        iterations += ((around[-1] if around else state, item["Index"]),)
        execution.child = MapChild(execution.arn, item, iterations)
    return StateRun(single, runner)


def _result(single: Single, execution: Execution) -> StateResult:
    error, cause = single.error, single.cause
    if single.status == "FAILED" and error is None and cause is None:
        # The service's own limits end a run from outside: no state tells of that.
        error, cause = execution.error, execution.cause
        if execution.status == "TIMED_OUT":
            error = TIMEOUT
    return StateResult(
        state=single.state,
        status=single.status,
        output=execution.output,
        next_state=single.next_state,
        error=error,
        cause=cause,
        inspection=single.seen,
        execution=execution,
    )


def _alone(machine: StateMachine, state: State) -> StateMachine:
    """A machine of one state, so that only its own tasks are asked for."""
    return replace(
        machine,
        start_at=state.name,
        states={state.name: state},
        definition={"StartAt": state.name, "States": {state.name: state.definition}},
        timeout_seconds=None,
    )


def _find(machine: StateMachine, name: str) -> tuple[State, tuple[str, ...]]:
    """A state by its name, and the Map states around it, outermost first."""
    pending: list[tuple[Branch, tuple[str, ...]]] = [(machine, ())]
    names: list[str] = []
    while pending:
        branch, around = pending.pop()
        for state in branch.states.values():
            if state.name == name:
                return state, around
            names.append(state.name)
            if isinstance(state, Parallel):
                pending += [(inner, around) for inner in state.branches]
            elif isinstance(state, Map):
                pending.append((state.processor, (*around, state.name)))
    near = get_close_matches(str(name), names, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(names)}"
    raise UsageError(f"no state is named {name!r}; {hint}")


def _item(
    wanted: int | Mapping[str, Json] | None, around: tuple[str, ...], input: Json
) -> dict[str, Json] | None:
    """`$$.Map.Item`: as given, or the first item for a state inside a Map."""
    if wanted is None:
        return {"Index": 0, "Value": input} if around else None
    if isinstance(wanted, Mapping):
        item = _table("map_iteration", wanted) or {}
        return {"Index": 0, "Value": input} | item
    if isinstance(wanted, bool) or not isinstance(wanted, int) or wanted < 0:
        raise UsageError(
            "map_iteration is an index from 0, or the table $$.Map.Item, not "
            f"{wanted!r}"
        )
    return {"Index": wanted, "Value": input}


def _table(name: str, given: Mapping[str, Json] | None) -> dict[str, Json] | None:
    if given is None:
        return None
    if not isinstance(given, Mapping):
        raise UsageError(f"{name} is a table, not {given!r}")
    try:
        value: dict[str, Json] = to_json(dict(given))
    except NotJson as error:
        raise UsageError(f"{name} is not JSON: {error}") from None
    return value


def _stand_in(
    state: State, result: Json, error: str | None, cause: str | None
) -> Tasks | Mocks:
    """What answers for a Task whose result or error is given."""
    if result is not ABSENT and (error is not None or cause is not None):
        raise UsageError("give result or error, not both")
    if isinstance(state, Task):
        if result is not ABSENT:
            return Mocks({state.name: [{"Return": result}]})
        return Mocks({state.name: [{"Throw": {"Error": error, "Cause": cause}}]})
    if isinstance(state, (Parallel, Map)):
        return Tasks(missing="when-reached")  # none of them is
    raise UsageError(
        f"state {state.name!r} is a {state.type}: only a Task, Map or Parallel can be "
        "given a result or an error"
    )


def _mocked(
    state: State,
    result: Json,
    error: str | None,
    cause: str | None,
    failed_iterations: int,
    reader_data: str | None,
) -> Mocked:
    """What stands for a whole Map or Parallel."""
    failure = None
    if result is ABSENT:
        failure = StateFailed(error, cause)
    else:
        try:
            result = to_json(result)
        except NotJson as wrong:
            raise UsageError(f"the result is not JSON: {wrong}") from None
    items = None
    if reader_data is not None:
        if not isinstance(state, Map) or state.reader is None:
            raise UsageError(f"state {state.name!r} has no ItemReader for reader_data")
        try:
            items = read_items(reader_data.encode(), state.reader.config)
        except ReadingFailed as wrong:
            raise UsageError(f"reader_data: {wrong}") from None
    return Mocked(
        result=None if result is ABSENT else result,
        failure=failure,
        failed_items=failed_iterations,
        items=items,
    )
