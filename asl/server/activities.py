"""Activities: created, listed, deleted; their tasks wait here for a worker.

In: requests of the shape the model asks for; tasks of activities without a callable.
Out: answers, or ApiError as recorded; each task to one worker.
Never: answers a task; the worker does, by its token.

A worker that finds no task waits for one, as long as `poll_seconds` says in real time;
in virtual time it lets the time of all executions pass first, because the task may come
after a Wait. API reference: CreateActivity, GetActivityTask; recorded.
"""

import re
from collections import deque
from dataclasses import asdict, dataclass
from threading import RLock

from asl.engine.messages import StartTask
from asl.errors import ApiError
from asl.runtime.stage import NAME
from asl.server.account import Account, Actions, Answer, Request, check_arn
from asl.server.configurations import check_encryption, describe_encryption
from asl.server.executions import Executions
from asl.server.tags import Tags
from asl.values import Json, json_text

POLL_SECONDS = 60.0
"""How long AWS lets a worker wait."""

_ARN = re.compile(r"arn:[^:]+:states:[^:]*:[^:]*:activity:([^:]+)")


@dataclass(slots=True)
class StoredActivity:
    """An activity as it was created."""

    number: int
    """Activities are counted as they are created."""
    arn: str
    name: str
    created: float
    encryption: Json = None


class Activities:
    """All activities of an account, by name."""

    def __init__(
        self,
        account: Account,
        executions: Executions,
        tags: Tags,
        *,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._account = account
        self._executions = executions
        self._tags = tags
        self._poll_seconds = poll_seconds
        self._lock = RLock()
        self._activities = {
            name: StoredActivity(**kept)
            for name, kept in account.store.load("activity")
        }
        self._tasks: dict[str, deque[tuple[str, str]]] = {}
        """By name: the token and the input of each task that no worker has."""
        self._count = max((one.number for one in self._activities.values()), default=0)
        tags.add_owner(self._own_arn)
        executions.knows_activity = self.knows
        executions.hold = self.hold
        self.actions: Actions = {
            "CreateActivity": self._create,
            "DescribeActivity": self._describe,
            "ListActivities": self._list,
            "DeleteActivity": self._delete,
            "GetActivityTask": self._get_task,
        }

    def knows(self, arn: str) -> bool:
        """Whether an ARN is that of an activity."""
        found = _ARN.fullmatch(arn)
        return found is not None and found[1] in self._activities

    def _own_arn(self, arn: str) -> str | None:
        """The ARN that an activity has here, whatever account a request names."""
        found = _ARN.fullmatch(arn)
        activity = self._activities.get(found[1]) if found else None
        return None if activity is None else activity.arn

    def hold(self, effect: StartTask) -> None:
        """Keep a task until a worker asks for it."""
        found = _ARN.fullmatch(effect.resource)
        token = effect.call.token
        if found is None or token is None:
            return  # nobody asks for what is no activity
        with self._lock:
            waiting = self._tasks.setdefault(found[1], deque())
            waiting.append((token, json_text(effect.payload)))
        self._executions.host.notify()

    # --------------------------------------------------------------------- operations

    def _create(self, request: Request) -> Answer:
        name = request["name"]
        if not NAME.fullmatch(name):
            raise ApiError("InvalidName", f"Invalid Name: '{name}'")
        encryption = request.get("encryptionConfiguration")
        check_encryption(encryption)
        self._tags.check(request.get("tags"))
        with self._lock:
            activity = self._activities.get(name)
            if activity is None:
                self._count += 1
                activity = StoredActivity(
                    self._count,
                    self._account.arn("activity", name),
                    name,
                    self._account.now(),
                    encryption,
                )
                self._activities[name] = activity
                store = self._account.store
                with store.batch():
                    store.put("activity", name, asdict(activity))
                    self._tags.start(activity.arn, request.get("tags"))
            elif describe_encryption(activity.encryption) != describe_encryption(
                encryption
            ):
                raise ApiError(
                    "ActivityAlreadyExists",
                    f"Activity Already Exists: '{activity.arn}'",
                )
        return {"activityArn": activity.arn, "creationDate": activity.created}

    def _describe(self, request: Request) -> Answer:
        activity = self._find(request["activityArn"])
        return {
            "activityArn": activity.arn,
            "name": activity.name,
            "creationDate": activity.created,
            "encryptionConfiguration": describe_encryption(activity.encryption),
        }

    def _list(self, request: Request) -> Answer:
        with self._lock:
            activities = list(self._activities.values())
        found, token = self._account.page(
            activities, request, scope="activities", key=lambda one: one.number
        )
        listed = [
            {
                "activityArn": one.arn,
                "name": one.name,
                "creationDate": one.created,
            }
            for one in found
        ]
        answer: Answer = {"activities": listed}
        return answer | ({} if token is None else {"nextToken": token})

    def _delete(self, request: Request) -> Answer:
        """Delete an activity; one that there is not is deleted already."""
        arn = request["activityArn"]
        check_arn(arn)
        found = _ARN.fullmatch(arn)
        with self._lock:
            activity = self._activities.pop(found[1], None) if found else None
            if activity is not None:
                self._tasks.pop(activity.name, None)
                store = self._account.store
                with store.batch():
                    store.delete("activity", activity.name)
                    self._tags.forget(activity.arn)
        return {}

    def _get_task(self, request: Request) -> Answer:
        activity = self._find(request["activityArn"])
        worker = request.get("workerName")
        host = self._executions.host
        answer = self._take(activity.name, worker)
        if answer is None:
            self._executions.look_around()
            answer = self._take(activity.name, worker)
        limit = None if answer is not None else self._poll_seconds
        while limit is not None:
            has_come = host.wait_for(lambda: self._is_waiting(activity.name), limit)
            answer = self._take(activity.name, worker)
            is_gone = host.is_closed or activity.name not in self._activities
            if answer is not None or not has_come or is_gone:
                limit = None
        return answer or {}

    def _is_waiting(self, name: str) -> bool:
        """Whether there is a task, or a reason not to wait for one."""
        return (
            bool(self._tasks.get(name))
            or name not in self._activities
            or self._executions.host.is_closed
        )

    def _take(self, name: str, worker: str | None) -> Answer | None:
        """The oldest task that somebody still waits for, now this worker's."""
        while True:
            with self._lock:
                waiting = self._tasks.get(name)
                if not waiting:
                    return None
                token, text = waiting.popleft()
            if self._executions.desk.take_up(token, worker):
                return {"taskToken": token, "input": text}

    def _find(self, arn: str) -> StoredActivity:
        check_arn(arn)
        found = _ARN.fullmatch(arn)
        activity = self._activities.get(found[1]) if found else None
        if activity is None:
            raise ApiError("ActivityDoesNotExist", f"Activity Does Not Exist: '{arn}'")
        return activity
