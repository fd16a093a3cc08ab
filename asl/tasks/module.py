"""A module's callables as Tasks: found in a table, or by the names of functions.

In: a Python module that the user wrote, and the machine it is for. Out: Tasks with a
callable for every Task state; or one UsageError that names all that are missing. For a
server, which does not know its machines yet: Tasks that look for functions when asked.
Never: imports; the command line does.

`TASKS` (or `tasks`) in the module is an asl.Tasks, or a table from resource or name to
callable. Beside a table, functions are found by name: `check-inventory` is
`check_inventory`, `arn:aws:states:::sqs:sendMessage` is `sqs_send_message` or
`sqs_sendMessage`.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from asl.engine.messages import Instant, StartTask
from asl.errors import UsageError
from asl.model.machine import StateMachine
from asl.model.resource import Resource, find_resource
from asl.model.states import Task
from asl.tasks.answer import Job, Ready
from asl.tasks.matching import is_invoke
from asl.tasks.registry import Tasks


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What one or more Task states ask for."""

    bind: str
    """What a callable is bound to: an ARN, or a function's name."""
    names: tuple[str, ...]
    """The functions that would do."""


def tasks_from_module(module: ModuleType, machine: StateMachine) -> Tasks:
    """The Tasks of a module for a machine; UsageError where callables are missing."""
    table = getattr(module, "TASKS", None)
    if table is None:
        table = getattr(module, "tasks", None)
    if isinstance(table, Tasks):
        return table
    tasks = Tasks()
    if isinstance(table, Mapping):
        for resource, function in table.items():
            tasks.bind(resource)(function)
    elif hasattr(module, "TASKS"):
        raise _no_table(module, table)
    _bind_functions(tasks, module, machine)
    return tasks


def tasks_as_asked(module: ModuleType) -> Tasks:
    """The Tasks of a module for machines yet to come: functions are found when asked.

    What has neither a binding nor a function is missing when an execution needs it.
    """
    table = getattr(module, "TASKS", None)
    if table is None:
        table = getattr(module, "tasks", None)
    if isinstance(table, Tasks):
        return table
    tasks = _AsAsked(module)
    if isinstance(table, Mapping):
        for resource, function in table.items():
            tasks.bind(resource)(function)
    elif hasattr(module, "TASKS"):
        raise _no_table(module, table)
    return tasks


class _AsAsked(Tasks):
    """Binds a module's functions by their names, when their resources are asked for."""

    def __init__(self, module: ModuleType) -> None:
        super().__init__()
        self._module = module

    def missing_for(self, resources: Iterable[str]) -> list[str]:
        """Those of the resources that have neither a binding nor a function."""
        asked = list(resources)
        for name in asked:
            self._look_for(name)
        return super().missing_for(asked)

    def knows_activity(self, state: str, arn: str) -> bool:
        """Whether the activity has a worker, bound or found by its name."""
        if not super().knows_activity(state, arn):
            self._look_for(arn)
        return super().knows_activity(state, arn)

    def prepare(self, effect: StartTask, now: Instant) -> Job | Ready:
        """The call that the effect asks for, ready to run."""
        resource = find_resource(effect.resource)
        name = effect.resource
        if resource is not None and is_invoke(resource):
            request = effect.payload if isinstance(effect.payload, dict) else {}
            name = str(request.get("FunctionName") or name)
        self._look_for(name)
        return super().prepare(effect, now)

    def _look_for(self, name: str) -> None:
        resource = find_resource(name)
        if resource is not None and is_invoke(resource):
            _bind_all(self, self._module)
            return
        is_known = (
            super().knows_activity("", name)
            if is_activity(name)
            else not super().missing_for([name])
        )
        if is_known:
            return
        if resource is not None and resource.family == "task":
            names = _service_names(resource)
        elif resource is not None:
            names = _spellings(resource.action)
        else:
            names = _spellings(name.rpartition("function:")[2].partition(":")[0])
        function = _find(self._module, names)
        if function is not None:
            self.bind(name)(function)


def _no_table(module: ModuleType, table: object) -> UsageError:
    return UsageError(
        f"TASKS in {_file(module)} is neither an asl.Tasks nor a table from "
        f"resource to callable, but {table!r}"
    )


def _bind_functions(tasks: Tasks, module: ModuleType, machine: StateMachine) -> None:
    missing: list[str] = []
    wanted: dict[_Wanted, list[str]] = {}
    for state in machine.all_states():
        if isinstance(state, Task):
            wanted.setdefault(_wanted(state), []).append(state.name)
    for want, states in wanted.items():
        if _has(tasks, want.bind):
            continue
        function = _find(module, want.names)
        if function is not None:
            tasks.bind(want.bind)(function)
        elif is_activity(want.bind):
            continue  # one without a worker is unregistered, which is AWS's to report
        elif want.names[0] == "lambda_invoke":
            # The function's name is known at run time only: any of them may be meant.
            _bind_all(tasks, module)
            if tasks.missing_for([want.bind]):
                missing.append(_missing(want, states))
        else:
            missing.append(_missing(want, states))
    if missing:
        raise UsageError(
            f"{_file(module)} has no callable for:\n"
            + "\n".join(missing)
            + "\nWrite each as a function (event) or (event, context), or put it into "
            "a table TASKS = {resource or function name: callable}"
        )


def _missing(want: _Wanted, states: list[str]) -> str:
    kind = "state" if len(states) == 1 else "states"
    return (
        f"  {want.bind}  ({kind} {', '.join(map(repr, states))}); "
        f"looked for: {', '.join(want.names)}"
    )


def _has(tasks: Tasks, name: str) -> bool:
    """Whether the table has it; an activity counts only if a worker is bound."""
    if is_activity(name):
        return tasks.knows_activity("", name)
    return not tasks.missing_for([name])


def is_activity(arn: str) -> bool:
    """Whether a text is an activity's ARN."""
    resource = find_resource(arn)
    return resource is not None and resource.family == "activity"


def _wanted(state: Task) -> _Wanted:
    resource = state.resource
    if is_invoke(resource):
        function = _function_of(state)
        if function is None:
            return _Wanted(resource.arn, ("lambda_invoke",))
        return _Wanted(function, _spellings(function))
    if resource.family == "task":
        return _Wanted(resource.arn, _service_names(resource))
    return _Wanted(resource.arn, _spellings(resource.action))


def _function_of(state: Task) -> str | None:
    """The function's name that the definition gives lambda:invoke, if it is fixed."""
    written = state.definition.get("Arguments" if state.jsonata else "Parameters")
    asked = written.get("FunctionName") if isinstance(written, dict) else None
    if not isinstance(asked, str) or asked.startswith(("{%", "${")):
        return None
    resource = find_resource(asked)
    if resource is not None and resource.function_name is not None:
        return resource.function_name
    return asked.rpartition("function:")[2].partition(":")[0]


def _service_names(resource: Resource) -> tuple[str, ...]:
    service = resource.service.removeprefix("aws-sdk:")
    found: list[str] = []
    for prefix in dict.fromkeys((service, resource.service)):
        found += _spellings(f"{prefix}_{resource.action}")
    return tuple(found)


def _spellings(name: str) -> tuple[str, ...]:
    """A name as Python functions are called: as it stands, and in snake_case."""
    plain = re.sub(r"\W", "_", name)
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", plain).lower()
    return tuple(dict.fromkeys((snake, plain)))


def _find(module: ModuleType, names: tuple[str, ...]) -> Callable[..., Any] | None:
    for name in names:
        function = getattr(module, name, None)
        if callable(function):
            found: Callable[..., Any] = function
            return found
    return None


def _bind_all(tasks: Tasks, module: ModuleType) -> None:
    """Every function that the module defines, as `check_inventory` and with hyphens."""
    for name, function in vars(module).items():
        is_own = getattr(function, "__module__", None) == module.__name__
        if name.startswith("_") or not is_own or not callable(function):
            continue
        for spelling in dict.fromkeys((name, name.replace("_", "-"))):
            if tasks.missing_for([spelling]):
                tasks.bind(spelling)(function)


def _file(module: ModuleType) -> str:
    return getattr(module, "__file__", None) or module.__name__
