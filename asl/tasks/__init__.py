"""Resource -> Python callable: the table of tasks, mocks, and local stand-ins.

In: StartTask effects. Out: Answers, which the runner delivers as replies.
Never: schedules, sleeps, reads a clock or takes a chance; asl.runtime does.
"""

import importlib
from types import ModuleType

from asl.tasks.integrations import Submitted

__all__ = ["Submitted"]


def __getattr__(name: str) -> ModuleType:
    """The module `boto3`, loaded when it is first used."""
    if name == "boto3":
        return importlib.import_module("asl.tasks.boto3")
    raise AttributeError(f"module 'asl.tasks' has no attribute {name!r}")
