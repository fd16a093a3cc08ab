"""The operations of the service: an action's name and a request in, an answer out.

In: `CreateStateMachine` and a dict such as boto3 sends. Out: a dict such as boto3
returns (times as seconds since 1970), or ApiError with AWS's code and message.
Never: a socket, a name made by chance; the same calls give the same answers.

Each part of the service has its own module and its own table of operations; here they
are put together, and requests are held against the service's model.
"""

import logging
from collections.abc import Mapping
from os import PathLike

from asl.engine.arns import REGION
from asl.errors import ApiError, InternalError, UsageError
from asl.runtime.clock import Clock
from asl.runtime.stage import ACCOUNT
from asl.server.account import Account, Actions, Answer, Request
from asl.server.activities import POLL_SECONDS, Activities
from asl.server.aliases import Aliases
from asl.server.callbacks import Callbacks
from asl.server.descriptions import Descriptions
from asl.server.executions import Executions
from asl.server.log_delivery import LogDelivery
from asl.server.machines import Machines
from asl.server.map_runs import MapRuns
from asl.server.mock_cases import Config, MockCases
from asl.server.redrive import Redrive
from asl.server.requests import check_request
from asl.server.single import answer_test_state
from asl.server.store import Store, find_store
from asl.server.tags import Tags
from asl.server.versions import Versions
from asl.tasks.mocks import Mocks
from asl.tasks.registry import Tasks


class Api:
    """The service, one account in one region: `call` operations by name.

    `tasks` does the work of Task states. Time is virtual unless `clock` is a
    SystemClock. `buckets` is a folder with one subfolder a bucket, the stand-in for S3.
    In virtual time an execution goes on by itself as far as no time passes; its time
    passes when somebody looks at it (describes or lists it, reads its history), but not
    beyond a limit while a token or an activity may still be answered; or by `advance`.
    `store` keeps machines, executions, histories, activities and tags: a URL such as
    `sqlite:///asl.db`, or a Store; what was running when an earlier service ended is
    ABORTED, and `lost` names it. Without one, all is kept in memory.
    `seed` decides what is drawn: ids, names, the version that an alias leads to.
    `poll_seconds` is how long GetActivityTask waits for a task, `real_limit_seconds`
    how long a callable may block in virtual time.
    `mock_config` is a MockConfigFile.json; an execution of `…:stateMachine:Name#Case`
    has the answers of that case.
    `logs` is a file or a logger for the execution logs of machines whose
    loggingConfiguration asks for one.
    ARNs in answers have the account and the region; those in requests may have any.
    """

    def __init__(
        self,
        *,
        tasks: Tasks | Mocks | None = None,
        clock: Clock | None = None,
        store: Store | str | None = None,
        buckets: str | PathLike[str] | None = None,
        region: str = REGION,
        account: str = ACCOUNT,
        seed: int = 0,
        mock_config: Config | None = None,
        logs: str | PathLike[str] | logging.Logger | None = None,
        poll_seconds: float = POLL_SECONDS,
        real_limit_seconds: float = 60,
    ) -> None:
        self._tasks = tasks
        self.mock_cases = MockCases(mock_config)
        kept = find_store(store)
        self.account = Account(
            clock=clock, region=region, id=account, seed=seed, store=kept
        )
        try:
            self._assemble(buckets, logs, poll_seconds, real_limit_seconds)
        except BaseException:
            kept.close()
            raise

    def _assemble(
        self,
        buckets: str | PathLike[str] | None,
        logs: str | PathLike[str] | logging.Logger | None,
        poll_seconds: float,
        real_limit_seconds: float,
    ) -> None:
        """Put the parts together; each takes from the store what is its own."""
        self.account.take_up()
        tags = Tags(self.account)
        self.machines = Machines(self.account, tags)
        self.executions = Executions(
            self.account,
            self.machines,
            source=lambda target: self.mock_cases.source(
                target.name, target.test_case, self._tasks
            ),
            buckets=buckets,
            real_limit_seconds=real_limit_seconds,
        )
        self.activities = Activities(
            self.account, self.executions, tags, poll_seconds=poll_seconds
        )
        table = self.executions.table
        self._logs = None if logs is None else LogDelivery(logs)
        if self._logs is not None:
            table.follower = self._logs.tell
        parts: list[Actions] = [
            self.machines.actions,
            Versions(self.account, self.machines).actions,
            Aliases(self.account, self.machines).actions,
            tags.actions,
            self.executions.actions,
            Descriptions(self.account, self.machines, self.executions).actions,
            Redrive(self.account, self.machines, self.executions).actions,
            MapRuns(self.account, self.executions).actions,
            Callbacks(self.executions.desk).actions,
            self.activities.actions,
            {"TestState": self._test_state},
        ]
        self._actions = {name: do for part in parts for name, do in part.items()}

    @property
    def actions(self) -> list[str]:
        """The names of the operations there are."""
        return sorted(self._actions)

    @property
    def exceptions(self) -> Mapping[str, list[BaseException]]:
        """What callables raised and why executions could not go on, by their ARNs."""
        return self.executions.table.exceptions

    @property
    def lost(self) -> list[str]:
        """ARNs of executions that were running when an earlier service ended."""
        return list(self.executions.table.lost)

    def advance(self, seconds: float) -> None:
        """Let virtual time pass for all executions: limits are reached, too."""
        self.executions.host.advance(seconds)

    def release(self) -> None:
        """Start nothing more, and end long polls; operations at work may finish."""
        self.executions.host.close()

    def close(self) -> None:
        """Stop what is at work, end long polls, let go of the store."""
        self.release()
        if self._logs is not None:
            self._logs.close()
        self.account.store.close()

    def call(self, action: str, request: Request) -> Answer:
        """Perform an operation; raises ApiError where AWS would refuse."""
        perform = self._actions.get(action)
        if perform is None:
            raise ApiError("UnknownOperationException", f"Unknown operation: {action}")
        if not isinstance(request, Mapping):
            raise ApiError("SerializationException", "Start of structure expected.")
        request = dict(request)
        check_request(action, request)
        try:
            return perform(request)
        except UsageError as error:  # what AWS would have: tasks, mocks, buckets
            raise ApiError("ValidationException", str(error)) from error
        except InternalError as error:
            raise ApiError("InternalFailure", str(error), status=500) from error
        finally:  # a refusal tells of what is kept, too
            self.executions.table.sync()

    def _test_state(self, request: Request) -> Answer:
        return answer_test_state(request, tasks=self._tasks)
