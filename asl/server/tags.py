"""Tags of state machines and activities.

In: a resource's ARN, keys and values. Out: the tags of a resource, in the order in
which they came. Never: knows what a resource is; its owner says whether it exists.

API reference: TagResource; recorded.
"""

from collections.abc import Callable
from threading import RLock

from asl.errors import ApiError
from asl.quotas import TAGS
from asl.server.account import Account, Actions, Answer, Request, check_arn
from asl.server.requests import refuse
from asl.values import Json

KIND = "tags"


class Tags:
    """All tags of an account, by ARN."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._owners: list[Callable[[str], str | None]] = []
        self._lock = RLock()
        self._tags: dict[str, dict[str, str]] = {
            arn: dict(pairs) for arn, pairs in account.store.load(KIND)
        }
        self.actions: Actions = {
            "TagResource": self._tag,
            "UntagResource": self._untag,
            "ListTagsForResource": self._list,
        }

    def add_owner(self, find: Callable[[str], str | None]) -> None:
        """Let a part of the service say which ARNs are its resources.

        `find` gives the ARN by which the resource goes here (a request's may have
        another account or region), or None.
        """
        self._owners.append(find)

    def start(self, arn: str, tags: Json) -> None:
        """Give a new resource the tags of its request, if there are any."""
        if tags:
            self._put(arn, _pairs(tags))

    def check(self, tags: Json) -> None:
        """Refuse tags that a resource may not have, before it is made."""
        if tags and len(_pairs(tags)) > TAGS:
            raise _too_many("")

    def forget(self, arn: str) -> None:
        """Take a deleted resource's tags away."""
        with self._lock:
            if self._tags.pop(arn, None) is not None:
                self._account.store.delete(KIND, arn)

    def _tag(self, request: Request) -> Answer:
        self._put(self._resource(request), _pairs(request["tags"]))
        return {}

    def _untag(self, request: Request) -> Answer:
        arn = self._resource(request)
        with self._lock:
            tags = self._tags.get(arn, {})
            left = {k: v for k, v in tags.items() if k not in request["tagKeys"]}
            if left != tags:
                self._tags[arn] = left
                self._account.store.put(KIND, arn, left)
        return {}

    def _list(self, request: Request) -> Answer:
        tags = self._tags.get(self._resource(request), {})
        return {"tags": [{"key": key, "value": tags[key]} for key in tags]}

    def _put(self, arn: str, given: dict[str, str]) -> None:
        with self._lock:
            tags = self._tags.get(arn, {}) | given
            if len(tags) > TAGS:
                raise _too_many(arn)
            self._tags[arn] = tags
            self._account.store.put(KIND, arn, tags)

    def _resource(self, request: Request) -> str:
        """The ARN of a machine or an activity that exists; versions have no tags."""
        arn: str = request["resourceArn"]
        check_arn(arn)
        for find in self._owners:
            if (own := find(arn)) is not None:
                return own
        raise ApiError(
            "ResourceNotFound",
            f"Resource not found: '{arn}'",
            members={"resourceName": arn},
        )


def _pairs(tags: Json) -> dict[str, str]:
    """Tags by key; the last one of a key counts."""
    for number, tag in enumerate(tags, start=1):
        if tag.get("key") is None:
            place = f"tags.{number}.member.key"
            must = "Member must not be null"
            raise refuse(
                f"Value null at '{place}' failed to satisfy constraint: {must}"
            )
    return {tag["key"]: tag.get("value") or "" for tag in tags}


def _too_many(arn: str) -> ApiError:
    return ApiError(
        "TooManyTags",
        f"A resource has at most {TAGS} tags",
        members={"resourceName": arn},
    )
