"""Run AWS Step Functions state machines without AWS.

The front door: names are loaded from their rooms when they are first used, so that
`import asl` costs next to nothing.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asl.checks.check import check as check
    from asl.checks.check import check_text as check_text
    from asl.checks.load import load as load
    from asl.checks.load import load_text as load_text
    from asl.diagrams.draw import draw as draw
    from asl.engine.execution import Execution as Execution
    from asl.errors import ApiError as ApiError
    from asl.errors import AslError as AslError
    from asl.errors import DefinitionError as DefinitionError
    from asl.errors import InternalError as InternalError
    from asl.errors import TaskError as TaskError
    from asl.errors import UsageError as UsageError
    from asl.history import Event as Event
    from asl.model.machine import StateMachine as StateMachine
    from asl.problem import Problem as Problem
    from asl.runtime.clock import SystemClock as SystemClock
    from asl.runtime.clock import VirtualClock as VirtualClock
    from asl.runtime.run import run as run
    from asl.runtime.run import run_async as run_async
    from asl.runtime.single import run_state as run_state
    from asl.server.api import Api as Api
    from asl.server.inprocess import mock_stepfunctions as mock_stepfunctions
    from asl.tasks.mocks import Mocks as Mocks
    from asl.tasks.registry import Tasks as Tasks

__version__ = "0.1.0"

_ROOMS = {
    "check": "asl.checks.check",
    "check_text": "asl.checks.check",
    "load": "asl.checks.load",
    "load_text": "asl.checks.load",
    "draw": "asl.diagrams.draw",
    "run": "asl.runtime.run",
    "run_async": "asl.runtime.run",
    "run_state": "asl.runtime.single",
    "Tasks": "asl.tasks.registry",
    "Mocks": "asl.tasks.mocks",
    "VirtualClock": "asl.runtime.clock",
    "SystemClock": "asl.runtime.clock",
    "StateMachine": "asl.model.machine",
    "Execution": "asl.engine.execution",
    "Event": "asl.history",
    "Problem": "asl.problem",
    "Api": "asl.server.api",
    "mock_stepfunctions": "asl.server.inprocess",
    "ApiError": "asl.errors",
    "AslError": "asl.errors",
    "DefinitionError": "asl.errors",
    "UsageError": "asl.errors",
    "TaskError": "asl.errors",
    "InternalError": "asl.errors",
}

__all__ = sorted([*_ROOMS, "__version__"])


def __getattr__(name: str) -> Any:
    """Load a name of the front door from its room."""
    room = _ROOMS.get(name)
    if name == "tasks":  # so that asl.tasks.boto3.tasks() needs no import of its own
        return importlib.import_module("asl.tasks")
    if room is None:
        raise AttributeError(f"module 'asl' has no attribute {name!r}")
    value = getattr(importlib.import_module(room), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
