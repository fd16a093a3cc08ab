"""The stage of a run: its call checked, its Execution made.

In: what a caller hands to `run`. Out: the table of tasks, the clock and the Execution,
which has not begun.
Never: runs anything. UsageError and DefinitionError say that the call was wrong.
"""

import functools
import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from os import PathLike
from typing import TYPE_CHECKING, Literal, TypedDict
from uuid import UUID

from asl.engine.arns import REGION, arn_of
from asl.engine.execution import Execution
from asl.engine.nested import STARTS
from asl.errors import DefinitionError, UsageError
from asl.model.machine import StateMachine
from asl.model.states import Map, State, Task
from asl.problem import Problem
from asl.quotas import PAYLOAD_BYTES
from asl.runtime.clock import DEFAULT_START, Clock, VirtualClock
from asl.tasks.registry import Tasks
from asl.values import Json, NotJson, size_bound, size_bytes, to_json

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from asl.tasks.mocks import Mocks

ACCOUNT = "123456789012"
DEFAULT_ROLE = f"arn:aws:iam::{ACCOUNT}:role/StepFunctions"

WorkflowType = Literal["STANDARD", "EXPRESS"]


class Options(TypedDict, total=False):
    """What may be said of a run besides machine and input; see `run`."""

    tasks: "Tasks | Mocks | None"
    type: WorkflowType
    name: str | None
    role_arn: str | None
    seed: int
    clock: Clock | None
    start_time: datetime | None
    machines: Mapping[str, StateMachine] | None


def set_stage(
    machine: StateMachine,
    input: Json,
    *,
    tasks: "Tasks | Mocks | None" = None,
    type: WorkflowType = "STANDARD",
    name: str | None = None,
    role_arn: str | None = None,
    seed: int = 0,
    clock: Clock | None = None,
    pool: "Executor | None" = None,
    buckets: str | PathLike[str] | None = None,
    start_time: datetime | None = None,
    machines: Mapping[str, StateMachine] | None = None,
    real_limit_seconds: float = 60,
) -> tuple["Tasks | Mocks", Clock, Execution]:
    """Check the call; the table of tasks, the clock and the Execution of a run."""
    source = Tasks() if tasks is None else tasks
    _refuse_wrong_kinds(machine, source, type)
    said = (role_arn, clock, pool, buckets, start_time, machines)
    if said != _NOTHING or seed.__class__ is not int or real_limit_seconds != 60:
        _refuse_options(
            role_arn=role_arn,
            seed=seed,
            clock=clock,
            pool=pool,
            buckets=buckets,
            start_time=start_time,
            machines=machines,
            real_limit_seconds=real_limit_seconds,
        )
    if type == "EXPRESS":
        _refuse_for_express(machine)
    _refuse_missing(machine, source, bool(machines))
    if pool is not None:
        from asl.runtime.pools import refuse_unimportable

        refuse_unimportable(pool, source)
    if clock is None:
        clock = VirtualClock(DEFAULT_START if start_time is None else start_time)
    elif start_time is not None:
        raise UsageError(
            "give start_time or clock, not both: a clock has its own start"
        )
    given, bound = checked_input(input)
    if name is not None:
        _refuse_name(name)
    name, own, machines_own = _names(machine.name, type, name, seed)
    execution = Execution(
        machine,
        given,
        name=name,
        arn=own,
        machine_arn=machines_own,
        type=type,
        role_arn=DEFAULT_ROLE if role_arn is None else role_arn,
        seed=seed,
        machines=machines,
        knows_activity=source.knows_activity,
        input_bound=bound,
    )
    return source, clock, execution


def _refuse_wrong_kinds(machine: object, source: object, type: str) -> None:
    """Refuse arguments that are not what they should be, whatever they hold."""
    if not isinstance(machine, StateMachine):
        raise UsageError(
            f"run needs a StateMachine, not {machine!r}; make one with asl.load(path) "
            "or asl.load_text(text)"
        )
    if type not in ("STANDARD", "EXPRESS"):
        raise UsageError(f'type is "STANDARD" or "EXPRESS", not {type!r}')
    if not isinstance(source, Tasks):
        from asl.tasks.mocks import Mocks  # whoever brings mocks has them imported

        if not isinstance(source, Mocks):
            raise UsageError(f"tasks is an asl.Tasks or asl.Mocks, not {source!r}")


_OPTIONS: dict[str, tuple[Callable[[object], bool], str]] = {
    "role_arn": (lambda value: isinstance(value, str), "the ARN of a role"),
    "seed": (lambda value: isinstance(value, int), "a whole number"),
    "clock": (
        lambda value: hasattr(value, "now") and hasattr(value, "is_virtual"),
        "an asl.VirtualClock() or asl.SystemClock()",
    ),
    "pool": (lambda value: hasattr(value, "submit"), "a concurrent.futures.Executor"),
    "buckets": (
        lambda value: isinstance(value, (str, PathLike)),
        "the path of a folder with one subfolder a bucket",
    ),
    "start_time": (lambda value: isinstance(value, datetime), "a datetime"),
    "machines": (
        lambda value: (
            isinstance(value, Mapping)
            and all(isinstance(machine, StateMachine) for machine in value.values())
        ),
        "a table from ARN to StateMachine",
    ),
    "real_limit_seconds": (
        lambda value: isinstance(value, (int, float)) and value > 0,
        "a number of more than 0",
    ),
}
"""What the options of a run have to be; None, the default, is not asked."""

_NOTHING = (None,) * 6
"""What those that are None by default are where nothing was said."""


def _refuse_options(**options: object) -> None:
    for name, value in options.items():
        fits, wanted = _OPTIONS[name]
        if value is not None and not fits(value):
            raise UsageError(f"{name} is {wanted}, not {value!r}")


def checked_input(input: Json) -> tuple[Json, int]:
    """A private copy of an execution's input and an upper bound of its size in bytes.

    UsageError where AWS would refuse it.
    """
    if input is None:
        return {}, 2
    try:
        value = to_json(input)
    except NotJson as error:
        raise UsageError(f"the input is not JSON: {error}") from None
    bound = size_bound(value)
    if bound > PAYLOAD_BYTES:
        bound = size_bytes(value)
        if bound > PAYLOAD_BYTES:
            raise UsageError(
                f"the input has {bound:,} bytes of JSON text; Step Functions takes at "
                f"most {PAYLOAD_BYTES:,}"
            )
    return value, bound


def _uuid(text: str) -> str:
    return str(UUID(bytes=hashlib.sha256(text.encode()).digest()[:16], version=4))


def machine_arn(machine: StateMachine) -> str:
    """The ARN that a machine has here."""
    return _machine_arn(machine.name)


def _machine_arn(name: str) -> str:
    return f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{name}"


@functools.lru_cache(maxsize=64, typed=True)  # seeds 1 and True are two
def _names(
    machine: str, type: WorkflowType, name: str | None, seed: int
) -> tuple[str, str, str]:
    """An execution's name, its ARN and its machine's ARN, from the machine's name."""
    whose = _machine_arn(machine)
    if name is None:
        name = _uuid(f"name#{seed}")
    if type == "STANDARD":
        return name, arn_of("execution", whose, name), whose
    tail = _uuid(f"express#{seed}#{name}")
    return name, arn_of("express", whose, name, tail), whose


NAME = re.compile(r"[^\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]{1,80}")
"""What a state machine or an execution may be called."""


def _refuse_name(name: str) -> None:
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise UsageError(
            f"the execution name {name!r} is not one that Step Functions takes: 1 to "
            '80 characters without spaces, brackets or any of ?*"#%\\^|~`$&,;:/'
        )


def _refuse_missing(
    machine: StateMachine, source: "Tasks | Mocks", nested: bool
) -> None:
    """Refuse a run that would reach a task without a callable, naming all of them."""
    needed = _needed(machine, nested)
    if missing := source.missing_for(needed):
        lines = [
            f"  {resource}  (state {', '.join(map(repr, needed[resource]))})"
            for resource in missing
        ]
        raise UsageError(
            "no callable is bound for:\n"
            + "\n".join(lines)
            + "\nBind each with tasks.bind(resource or function name)(callable), give "
            'asl.Mocks, or asl.Tasks(missing="when-reached")'
        )


@functools.lru_cache(maxsize=256)
def _needed(machine: StateMachine, nested: bool) -> dict[str, list[str]]:
    """The resources that a machine asks for, each with the states that do."""
    needed: dict[str, list[str]] = {}
    for state in machine.all_states():
        if not isinstance(state, Task):
            continue
        if nested and (state.resource.service, state.resource.action) in STARTS:
            continue
        needed.setdefault(_asked_for(state), []).append(state.name)
    return needed


def _asked_for(state: Task) -> str:
    """The resource, or for lambda:invoke a function that the definition names."""
    resource = state.resource
    if (resource.service, resource.action) == ("lambda", "invoke"):
        request = state.definition.get("Arguments" if state.jsonata else "Parameters")
        function = request.get("FunctionName") if isinstance(request, dict) else None
        if isinstance(function, str) and not function.startswith(("{%", "${")):
            return function
    return resource.arn


def _refuse_for_express(machine: StateMachine) -> None:
    """Refuse what AWS refuses when an Express machine is created."""
    problems = [
        Problem(
            code=code,
            message=message,
            aws_code="SCHEMA_VALIDATION_FAILED",
            pointer=pointer,
            file=machine.file,
        )
        for state in machine.all_states()
        for code, pointer, message in _forbidden_in_express(state)
    ]
    if problems:
        raise DefinitionError(problems)


def _forbidden_in_express(state: State) -> list[tuple[str, str, str]]:
    """(code, pointer, message), by the rules of checks/express.py."""
    what = f"state {state.name!r}: Express state machine does not support"
    if isinstance(state, Map) and state.processor.mode == "DISTRIBUTED":
        return [("ASL523", state.pointer, f"{what} a distributed Map")]
    if not isinstance(state, Task):
        return []
    where = f"{state.pointer}/Resource"
    if state.resource.family == "activity":
        return [("ASL522", where, f"{what} Activity ARN")]
    if state.resource.pattern in ("sync", "sync:2"):
        return [("ASL520", where, f"{what} '.sync' service integration")]
    if state.resource.pattern == "token":
        return [("ASL521", where, f"{what} '.waitForTaskToken' service integration")]
    return []
