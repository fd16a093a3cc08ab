"""Callables that another process can import."""

from typing import Any

import asl


def double(event: Any) -> Any:
    return event * 2


def refuse(event: Any) -> Any:
    raise asl.TaskError("Refused", f"not {event}")


def stumble(event: Any) -> Any:
    raise LookupError(f"no {event}")
