"""The account that everything belongs to: its ARNs, its time, its ids, its pages.

In: a clock, a region, an account number, a seed. Out: ARNs and ids, moments as the
service sends them, lists in pages. Never: knows a machine or an execution.

Each part of the service offers `actions: Actions`, operations by their names, and has
its state in the account's store. Ids are drawn from the account's own seeded chance, so
that the same calls give the same answers.
"""

import base64
import binascii
import json
import random
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from asl.engine.arns import REGION
from asl.engine.messages import Instant
from asl.errors import ApiError
from asl.quotas import PAGE_DEFAULT, PAGE_TOKEN_SECONDS
from asl.runtime.clock import Clock, VirtualClock
from asl.runtime.stage import ACCOUNT
from asl.server.store import MemoryStore, Store
from asl.values import Json

Request: TypeAlias = Mapping[str, Json]
Answer: TypeAlias = dict[str, Json]
Actions: TypeAlias = Mapping[str, Callable[[Request], Answer]]
"""Operations by name; a request that arrives is of the shape AWS's model asks for."""


class Account:
    """One account in one region: what every part of the service shares."""

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        region: str = REGION,
        id: str = ACCOUNT,
        seed: int = 0,
        store: Store | None = None,
    ) -> None:
        self.clock = clock or VirtualClock()
        self.region = region
        self.id = id
        self.store: Store = store or MemoryStore()
        self.random = random.Random(seed)
        """Chance for ids and for the choice between an alias's two versions."""
        self._seed = seed

    def take_up(self) -> None:
        """Begin with what the store has: no id that was given is given again."""
        found: dict[str, int] = dict(self.store.load("service"))
        starts = found.get("starts", 0)
        if starts:
            self.random.seed(f"{self._seed}#{starts}")
        with self.store.batch():
            self.store.put("service", "starts", starts + 1)

    # -------------------------------------------------------------------------- time

    def instant(self) -> Instant:
        """The present moment, as the engine counts: microseconds since 1970."""
        return self.clock.now()

    def now(self) -> float:
        """The present moment as the service sends it: seconds since 1970."""
        return seconds(self.clock.now())

    def reach(self, moment: float) -> None:
        """Let virtual time be no earlier than a moment in seconds since 1970."""
        if isinstance(self.clock, VirtualClock):
            self.clock.jump(round(moment * 1_000) * 1_000)

    # -------------------------------------------------------------------- ARNs and ids

    @property
    def partition(self) -> str:
        """The partition the region is in: `aws`, `aws-cn` or `aws-us-gov`."""
        head = self.region.split("-")[0]
        is_government = self.region.startswith("us-gov-")
        return "aws-us-gov" if is_government else "aws-cn" if head == "cn" else "aws"

    def arn(self, *parts: str) -> str:
        """An ARN of this account: `arn("stateMachine", "Order")`."""
        return ":".join(
            (f"arn:{self.partition}:states:{self.region}:{self.id}", *parts)
        )

    def new_id(self) -> str:
        """An id in the form of a UUID, the next one that the seed gives."""
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    # --------------------------------------------------------------------------- pages

    def page(
        self,
        items: Iterable[Any],
        request: Request,
        *,
        scope: str,
        key: Callable[[Any], Json],
    ) -> tuple[list[Any], str | None]:
        """One page of items in the order of `key`, and the token for the next one.

        A page begins after the item that ended the page before, so that nothing is
        told twice when items are added or deleted meanwhile. `key` gives numbers, texts
        or tuples of them, each item's its own; for the newest first, a negative number.
        `scope` names the list (operation, ARN, filters): a token of another list is
        invalid. maxResults and nextToken are taken from the request.
        """
        ordered = sorted(items, key=key)
        if (token := request.get("nextToken")) is not None:
            last = self._read_token(token, scope)
            try:
                ordered = [item for item in ordered if _plain(key(item)) > last]
            except TypeError:
                raise _invalid_token() from None
        size = request.get("maxResults") or PAGE_DEFAULT
        if len(ordered) <= size:
            return ordered, None
        return ordered[:size], self._make_token(_plain(key(ordered[size - 1])), scope)

    def _make_token(self, last: Json, scope: str) -> str:
        text = json.dumps([last, int(self.now()), _digest(scope)])
        return base64.urlsafe_b64encode(text.encode()).decode()

    def _read_token(self, token: str, scope: str) -> Json:
        try:
            text = base64.b64decode(token, altchars=b"-_", validate=True)
            last, made, digest = json.loads(text)
            is_ours = digest == _digest(scope) and type(made) is int
        except (binascii.Error, ValueError, TypeError, RecursionError):
            raise _invalid_token() from None
        if not is_ours or self.now() - made > PAGE_TOKEN_SECONDS:
            raise _invalid_token()
        return last


def seconds(instant: Instant) -> float:
    """A moment as the service sends it: seconds since 1970, to the millisecond."""
    return instant // 1000 / 1000


def check_arn(arn: str) -> None:
    """Refuse what does not look like an ARN at all."""
    if not arn.startswith("arn:"):
        raise ApiError("InvalidArn", f"Invalid Arn: 'Invalid ARN prefix: {arn}'")


def _plain(key: Json) -> Json:
    """A key as it comes back out of a token: with lists for tuples."""
    return [_plain(part) for part in key] if isinstance(key, (tuple, list)) else key


def _digest(scope: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, scope).hex


def _invalid_token() -> ApiError:
    return ApiError("InvalidToken", "Invalid Token: 'Invalid token'")
