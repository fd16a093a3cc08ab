"""LambdaContext: the second argument of a handler.

In: the effect, the binding's time limit, and under a real clock a way to sleep.
Out: what Lambda's context object has, and ways to take time and to send heartbeats.
Never: reads a clock: the time a handler takes is what it says to take with `advance`.

Lambda developer guide: "Using the Lambda context object in Python".
"""

from collections.abc import Callable

from asl.engine.messages import Instant, StartTask, TaskHeartbeat
from asl.tasks.integrations import Plan, Says, request_id
from asl.tasks.tokens import Tokens, microseconds

_UNLIMITED_MS = 99_999_999_000


class CutOff(BaseException):
    """Ends a handler that outlived its time limit; no `except Exception` stops it."""


class LambdaContext:
    """What Lambda tells a handler about its call, and how the handler takes time."""

    memory_limit_in_mb = "128"
    function_version = "$LATEST"
    identity = None
    client_context = None

    def __init__(
        self,
        plan: Plan,
        effect: StartTask,
        now: Instant,
        *,
        sleep: Callable[[float], None] | None = None,
        tokens: Tokens | None = None,
    ) -> None:
        self._plan = plan
        self._effect = effect
        self._now = now
        self._sleep = sleep
        self._tokens = tokens
        self.took = 0
        """Virtual microseconds that the handler has taken so far."""
        self.is_cut = False
        self.says: Says = []

    @property
    def function_name(self) -> str:
        """The function's name (elsewhere: the service's action)."""
        return self._plan.function_name

    @property
    def invoked_function_arn(self) -> str:
        """The function's ARN (elsewhere: the Resource)."""
        if self._plan.kind != "invoke":
            return self._effect.resource
        asked = str(self._effect.payload.get("FunctionName"))
        if asked.startswith("arn:"):
            return asked
        parts = self._effect.call.execution_arn.split(":")
        partition, region, account = (
            (parts[1], parts[3], parts[4]) if len(parts) > 4 else ("aws", "", "")
        )
        name = self._plan.function_name
        return f"arn:{partition}:lambda:{region}:{account}:function:{name}"

    @property
    def aws_request_id(self) -> str:
        """The request id, the same in every run with the same execution name."""
        return request_id(self._effect)

    @property
    def log_group_name(self) -> str:
        """Where Lambda would have written the log."""
        return f"/aws/lambda/{self.function_name}"

    @property
    def log_stream_name(self) -> str:
        """Which part of the log Lambda would have written."""
        from datetime import UTC, datetime, timedelta

        day = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=self._now)
        return f"{day:%Y/%m/%d}/[$LATEST]{self.aws_request_id.replace('-', '')}"

    @property
    def state_name(self) -> str:
        """The state that called."""
        return self._effect.call.state

    @property
    def attempt(self) -> int:
        """0 at first, then 1 and on for each retry."""
        return self._effect.call.attempt

    @property
    def execution_arn(self) -> str:
        """The execution that called."""
        return self._effect.call.execution_arn

    @property
    def task_token(self) -> str | None:
        """The task token, for .waitForTaskToken and activities."""
        return self._effect.call.token

    @property
    def is_real(self) -> bool:
        """Whether time is real: `advance` really waits."""
        return self._sleep is not None

    def get_remaining_time_in_millis(self) -> int:
        """How much time is left before the call is cut off."""
        if self._plan.limit_us is not None:
            return (self._plan.limit_us - self.took) // 1000
        deadline = self._effect.call.deadline
        if deadline is not None:
            return max(0, deadline - self._now - self.took) // 1000
        return _UNLIMITED_MS - self.took // 1000

    def advance(self, seconds: float) -> None:
        """Take this much time: virtual, or real under a real clock."""
        limit = self._plan.limit_us
        wanted = microseconds(seconds, "seconds")
        if limit is not None and self.took + wanted > limit:
            self.is_cut = True
            wanted = limit - self.took
        if self._sleep is not None and wanted:
            self._sleep(wanted / 1_000_000)
        self.took += wanted
        if self.is_cut:
            raise CutOff

    def ahead(self) -> int:
        """How far the handler is ahead of the clock, in microseconds."""
        return self.took if self._sleep is None else 0

    def heartbeat(self) -> None:
        """Say that the task is still at work: HeartbeatSeconds begins anew."""
        token = self.task_token
        if (
            self._sleep is not None
            and self._tokens is not None
            and token is not None
            and token in self._tokens
        ):
            self._tokens.heartbeat(token)  # at once, because the clock does not wait
        else:
            self.says.append((self.took, TaskHeartbeat(self._effect.id, 0)))

    def __repr__(self) -> str:
        return f"LambdaContext({self.function_name!r}, state {self.state_name!r})"
