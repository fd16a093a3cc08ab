"""Tokens: who waits for an answer that comes from elsewhere.

In: open tokens (from the runner) and answers to them (from handlers and threads).
Out: replies, handed to the `deliver` that was given when the token was opened.
Never: knows the time; `after_seconds` counts from the moment of the call: the runner's
clock plus what the calling handler has taken by `advance`.

API reference: SendTaskSuccess, SendTaskFailure, SendTaskHeartbeat.
"""

import math
from collections import deque
from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeAlias

from asl.engine.messages import Reply, TaskFailed, TaskHeartbeat, TaskSucceeded
from asl.errors import UsageError
from asl.tasks.calls import LastRun
from asl.values import Json, NotJson, to_json

if TYPE_CHECKING:
    from asl.engine.visits import TaskCall

Deliver: TypeAlias = Callable[[int, Reply], None]
"""Takes (microseconds after the call, reply); the reply's `at` is 0."""

AHEAD: ContextVar[Callable[[], int]] = ContextVar("AHEAD")
"""How many virtual microseconds the handler that runs here is ahead of the clock.

A handler's `advance` moves no clock, so what it answers afterwards comes later than the
clock says.
"""

_REMEMBERED = 1_000


class Tokens:
    """The open task tokens of all runs that share one table of tasks."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[int, Deliver]] = {}
        # Only for a better message, so a bounded memory is enough.
        self._closed: deque[str] = deque(maxlen=_REMEMBERED)

    def __contains__(self, token: str) -> bool:
        return token in self._open

    def open(self, token: str, deliver: Deliver, *, id: int = 0) -> None:
        """Wait for answers to `token`; they become replies to the effect `id`."""
        self._open[token] = (id, deliver)

    def close(self, token: str) -> None:
        """Accept no more answers to `token`; closing twice is allowed."""
        if self._open.pop(token, None) is not None:
            self._closed.append(token)

    def succeed(self, token: str, output: Json, *, after_seconds: float = 0) -> None:
        """Answer the task that waits for `token` with its output."""
        id, deliver = self._find(token)
        try:
            value = to_json(output)
        except NotJson as error:
            raise UsageError(
                f"InvalidOutput: the task's output is no JSON: {error}"
            ) from None
        deliver(_moment(after_seconds), TaskSucceeded(id, 0, value))

    def fail(
        self,
        token: str,
        error: str | None = None,
        cause: str | None = None,
        *,
        after_seconds: float = 0,
    ) -> None:
        """Let the task that waits for `token` fail; error and cause may be absent."""
        for name, text in (("error", error), ("cause", cause)):
            if text is not None and not isinstance(text, str):
                raise UsageError(f"{name} must be a text or None, not {text!r}")
        id, deliver = self._find(token)
        deliver(_moment(after_seconds), TaskFailed(id, 0, error, cause))

    def heartbeat(self, token: str, *, after_seconds: float = 0) -> None:
        """Say that the task that waits for `token` is still at work."""
        id, deliver = self._find(token)
        deliver(_moment(after_seconds), TaskHeartbeat(id, 0))

    def _find(self, token: str) -> tuple[int, Deliver]:
        found = self._open.get(token)
        if found is None:
            if token in self._closed.copy():
                raise UsageError(
                    f"TaskTimedOut: nobody waits for the token {token!r} any more: its "
                    "task was answered, timed out or cancelled"
                )
            raise UsageError(
                f"TaskDoesNotExist: no task waits for the token {token!r}; take it "
                "from $$.Task.Token ($states.context.Task.Token) of a state whose "
                "Resource ends in .waitForTaskToken"
            )
        return found


class AnswersTokens:
    """What Tasks and Mocks share: whoever holds one can answer its tokens.

    And can look at the calls of the last run that was made with it.
    """

    def __init__(self) -> None:
        self.tokens = Tokens()
        self.last_run = LastRun()

    @property
    def calls(self) -> "dict[str, list[TaskCall]]":
        """The calls of the last run by state, in order; computed when asked for.

        Not those of executions that it started: nested machines, children of a
        distributed Map. (pytest's `asl_tasks` and scenarios have them too.)
        """
        return self.last_run.calls()

    def succeed(self, token: str, output: Json, *, after_seconds: float = 0) -> None:
        """Answer the task that waits for `token` with its output."""
        self.tokens.succeed(token, output, after_seconds=after_seconds)

    def fail(
        self,
        token: str,
        error: str | None = None,
        cause: str | None = None,
        *,
        after_seconds: float = 0,
    ) -> None:
        """Let the task that waits for `token` fail."""
        self.tokens.fail(token, error, cause, after_seconds=after_seconds)

    def heartbeat(self, token: str, *, after_seconds: float = 0) -> None:
        """Say that the task that waits for `token` is still at work."""
        self.tokens.heartbeat(token, after_seconds=after_seconds)


def _moment(after_seconds: float) -> int:
    ahead = AHEAD.get(None)
    return microseconds(after_seconds) + (0 if ahead is None else ahead())


def microseconds(seconds: float, name: str = "after_seconds") -> int:
    """Seconds as whole microseconds; UsageError unless finite and not negative."""
    if (
        isinstance(seconds, bool)
        or not isinstance(seconds, (int, float))
        or not math.isfinite(seconds)
        or seconds < 0
    ):
        raise UsageError(f"{name} must be a number of at least 0, not {seconds!r}")
    return round(seconds * 1_000_000)
