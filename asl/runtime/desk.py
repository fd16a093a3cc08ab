"""The desk: every open task token, and whose it is, over all hosted executions.

In: tokens as tasks open and close them; answers from outside. Out: replies to the one
execution that waits for a token.
Never: answers a token twice; a token that was answered or given up is remembered.

API reference: SendTaskSuccess, SendTaskFailure, SendTaskHeartbeat.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass

from asl.engine.messages import TaskStarted
from asl.tasks.tokens import Deliver, Tokens
from asl.values import Json

_REMEMBERED = 100_000
"""Closed tokens that are told apart from those that never were."""


@dataclass(slots=True)
class _Open:
    tokens: Tokens
    id: int
    deliver: Deliver


class Desk:
    """Open tokens of all executions; safe to use from any thread."""

    def __init__(self) -> None:
        self._open: dict[str, _Open] = {}
        self._closed: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def tokens_over(self, inner: Tokens) -> Tokens:
        """The tokens of one table of tasks, known to this desk as well."""
        return _DeskTokens(self, inner)

    def was_open(self, token: str) -> bool:
        """Whether somebody has waited for a token, and does no more."""
        with self._lock:
            return token in self._closed

    def take_up(self, token: str, worker: str | None) -> bool:
        """A worker has taken a task up; False where nobody waits for it any more."""
        found = self._find(token)
        if found is not None:
            found.deliver(0, TaskStarted(found.id, 0, worker))
        return found is not None

    def beat(self, token: str) -> bool:
        """The task is still at work; False where nobody waits for it."""
        found = self._find(token)
        if found is not None:
            found.tokens.heartbeat(token)
        return found is not None

    def succeed(self, token: str, output: Json) -> bool:
        """The task's output; False where nobody waits for it."""
        found = self._claim(token)
        if found is not None:
            found.tokens.succeed(token, output)
        return found is not None

    def fail(self, token: str, error: str | None, cause: str | None) -> bool:
        """The task's failure; False where nobody waits for it."""
        found = self._claim(token)
        if found is not None:
            found.tokens.fail(token, error, cause)
        return found is not None

    def open(self, token: str, tokens: Tokens, id: int, deliver: Deliver) -> None:
        """Somebody waits for a token from now on."""
        with self._lock:
            self._open[token] = _Open(tokens, id, deliver)

    def close(self, token: str) -> None:
        """Nobody waits for a token any more."""
        with self._lock:
            self._open.pop(token, None)
            self._closed[token] = None
            if len(self._closed) > _REMEMBERED:
                self._closed.popitem(last=False)

    def _find(self, token: str) -> _Open | None:
        with self._lock:
            return self._open.get(token)

    def _claim(self, token: str) -> _Open | None:
        """What waits for a token, which from now on is answered."""
        found = self._find(token)
        if found is not None:
            self.close(token)
        return found


class _DeskTokens(Tokens):
    """A table's own tokens; the desk hears of each that is opened or closed here."""

    def __init__(self, desk: Desk, inner: Tokens) -> None:
        super().__init__()
        self._desk = desk
        self._inner = inner

    def __contains__(self, token: str) -> bool:
        return token in self._inner

    def open(self, token: str, deliver: Deliver, *, id: int = 0) -> None:
        """Wait for answers to a token."""
        self._inner.open(token, deliver, id=id)
        self._desk.open(token, self._inner, id, deliver)

    def close(self, token: str) -> None:
        """Accept no more answers to a token."""
        self._inner.close(token)
        self._desk.close(token)

    def _find(self, token: str) -> tuple[int, Deliver]:
        return self._inner._find(token)
