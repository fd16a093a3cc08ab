"""Clocks: where an execution's moments come from.

In: a start (virtual) or the machine's clock (system). Out: Instants.
Never: decides what is due; the runner's heap does.
"""

import time
from datetime import UTC, datetime
from typing import Protocol

from asl.engine.messages import Instant
from asl.errors import UsageError
from asl.history import datetime_to_instant

DEFAULT_START = datetime(2026, 1, 1, tzinfo=UTC)
"""When a virtual run begins unless told otherwise: fixed, so that runs repeat."""

_DEFAULT = datetime_to_instant(DEFAULT_START)


class Clock(Protocol):
    """What a runner needs of a clock."""

    @property
    def is_virtual(self) -> bool:
        """Whether time passes only when somebody jumps."""

    def now(self) -> Instant:
        """The present moment."""


class VirtualClock:
    """Time that jumps to the next thing due; nobody sleeps."""

    is_virtual = True

    def __init__(self, start: datetime = DEFAULT_START) -> None:
        if start.tzinfo is None:
            raise UsageError(
                f"start {start!r} has no time zone; give one, such as tzinfo=UTC"
            )
        self._now = _DEFAULT if start is DEFAULT_START else datetime_to_instant(start)

    def now(self) -> Instant:
        """The present moment."""
        return self._now

    def jump(self, moment: Instant) -> None:
        """Let it be `moment`; a clock never goes back."""
        self._now = max(self._now, moment)


class SystemClock:
    """The machine's own time: waits really wait."""

    is_virtual = False

    def __init__(self) -> None:
        # The wall clock once, then the monotonic one: a corrected wall clock must not
        # make an execution's time jump.
        self._offset = time.time_ns() - time.monotonic_ns()

    def now(self) -> Instant:
        """The present moment."""
        return (time.monotonic_ns() + self._offset) // 1_000
