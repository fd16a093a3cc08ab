"""What a callable gets and gives, for each kind of resource.

In: a StartTask effect and what its callable returned or raised.
Out: replies, each with the virtual microseconds at which it is said.
Never: calls anything (answer.py does), finds anything (registry.py does).

| resource | the callable gets | its return value is |
|---|---|---|
| direct Lambda | the payload | the result |
| lambda:invoke, found by FunctionName | Payload (or `{}`) | the envelope's Payload |
| lambda:invoke, bound by its own ARN | all Parameters | the envelope's Payload |
| other services, http:invoke | all Parameters | the result |
| .sync, .sync:2 | all Parameters | the finished job's result, or `Submitted` |
| .waitForTaskToken | the same as without | the service's response |
| activity | the input | the result |

Developer guide: "Integrating services".
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import TracebackType
from typing import Any, Literal, TypeAlias

from asl.engine.messages import (
    Instant,
    Reply,
    StartTask,
    TaskFailed,
    TaskStarted,
    TaskSubmitted,
    TaskSucceeded,
)
from asl.errors import TaskError, UsageError
from asl.model.resource import Pattern
from asl.values import Json, NotJson, copy_json, json_text, parse_json, to_json

Kind: TypeAlias = Literal["lambda", "invoke", "activity", "service"]
Says: TypeAlias = list[tuple[int, Reply]]
"""(microseconds after the asking, reply), in order."""

MARSHAL_ERROR = "Runtime.MarshalError"
TIMED_OUT = "Sandbox.Timedout"
"""What a Lambda function's own time limit is called today; it used to be an untyped
error, which Step Functions calls Lambda.Unknown. Neither is recorded."""


class Submitted:
    """What a `.sync` task returns to give both the response and the job's result."""

    __slots__ = ("response", "result")

    def __init__(self, response: Json, *, result: Json) -> None:
        self.response = response
        self.result = result

    def __repr__(self) -> str:
        return f"Submitted({self.response!r}, result={self.result!r})"


@dataclass(slots=True)
class Plan:
    """How one resource is served: worked out once, used for every call."""

    kind: Kind
    pattern: Pattern
    function: Callable[..., Any]
    takes_context: bool
    is_async: bool
    limit_us: int | None
    """How much virtual time the callable may take, if limited."""
    function_name: str
    whole_request: bool = False
    """lambda:invoke bound by its own ARN: the callable gets all Parameters."""
    warning: str | None = None
    is_plain: bool = False
    """One argument in, the result out: nothing else to do (the fast path)."""

    def __post_init__(self) -> None:
        self.is_plain = (
            self.kind in ("lambda", "service")
            and self.pattern == "request"
            and not self.takes_context
            and not self.is_async
            and self.warning is None
        )

    @property
    def is_lambda(self) -> bool:
        """Whether a Lambda function does the work, directly or invoked."""
        return self.kind in ("lambda", "invoke")


def is_queued(plan: Plan, effect: StartTask) -> bool:
    """Whether nobody waits for the function: InvocationType is Event."""
    return plan.kind == "invoke" and effect.payload.get("InvocationType") == "Event"


def event_for(plan: Plan, effect: StartTask) -> Json:
    """A private copy of what the callable gets."""
    payload = effect.payload
    if plan.kind == "invoke" and not plan.whole_request:
        payload = payload.get("Payload", {})
    return copy_json(payload)


def says_success(
    plan: Plan, effect: StartTask, now: Instant, result: object, took: int
) -> Says:
    """What a return value makes the task say; NotJson where it is no JSON."""
    id = effect.id
    if isinstance(result, Submitted):
        return _says_submitted(plan, id, result, took)
    output = _result_json(plan, result)
    if plan.kind == "invoke":
        output = invoke_envelope(effect, output, now + took)
    if plan.pattern == "token":
        return [(took, TaskSubmitted(id, 0, output))]
    done = (took, TaskSucceeded(id, 0, output))
    if plan.pattern != "request":
        return [(0, TaskSubmitted(id, 0, output)), done]
    if plan.kind == "activity":
        return [(0, TaskStarted(id, 0, plan.function_name)), done]
    return [done]


def _says_submitted(plan: Plan, id: int, result: Submitted, took: int) -> Says:
    if plan.pattern not in ("sync", "sync:2"):
        raise UsageError(
            f"Submitted(…) is for resources that end in .sync; {plan.function_name} "
            "just returns its result"
        )
    return [
        (0, TaskSubmitted(id, 0, to_json(result.response))),
        (took, TaskSucceeded(id, 0, to_json(result.result))),
    ]


def _result_json(plan: Plan, result: object) -> Json:
    try:
        return to_json(result)
    except NotJson:
        if not plan.is_lambda:
            raise
    # Lambda's Python runtime takes more than JSON: keys that are numbers, Decimals.
    try:
        text = json.dumps(result, default=_lambda_default, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise NotJson(str(error)) from None
    return parse_json(text)


def _lambda_default(value: object) -> Json:
    from decimal import Decimal

    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def says_failure(
    plan: Plan,
    id: int,
    error: str | None,
    cause: str | None,
    took: int,
    *,
    phase: str = "run",
) -> Says:
    """What a failed call makes the task say."""
    if plan.pattern == "token" and phase == "run":
        phase = "submit"  # what failed is the call that hands the token over
    failed = (took, TaskFailed(id, 0, error, cause, phase))
    if plan.pattern == "token":
        return [failed]
    if plan.pattern != "request":  # the callable is the job, so the job had begun
        return [(0, TaskSubmitted(id, 0, {})), failed]
    if plan.kind == "activity":
        return [(0, TaskStarted(id, 0, plan.function_name)), failed]
    return [failed]


def says_time_limit(plan: Plan, effect: StartTask, took: int) -> Says:
    """What a callable that outlived its own time limit makes the task say."""
    if not plan.is_lambda:
        return says_failure(
            plan, effect.id, "States.Timeout", None, took, phase="timeout"
        )
    message = (
        f"RequestId: {request_id(effect)} "
        f"Error: Task timed out after {took / 1e6:.2f} seconds"
    )
    # Its name and spelling are not recorded: see TIMED_OUT.
    cause = json_text({"errorType": TIMED_OUT, "errorMessage": message})
    return says_failure(plan, effect.id, TIMED_OUT, cause, took)


def describe_exception(
    plan: Plan, effect: StartTask, error: BaseException, skip_file: str
) -> tuple[str | None, str | None]:
    """The error name and the cause that an exception becomes.

    Frames of `skip_file` at the outer end of the traceback are ours and left out.
    """
    if isinstance(error, TaskError):
        for text in (error.error, error.cause):
            if text is not None and not isinstance(text, str):
                raise UsageError(
                    f"TaskError takes texts or None, not {text!r} (state "
                    f"{effect.call.state!r})"
                )
        return error.error, error.cause
    name = type(error).__name__
    try:
        message = str(error)
    except Exception:  # a foreign __str__ may do anything
        message = ""
    stack = _stack_lines(error.__traceback__, skip_file)
    return name, _cause_text(plan, effect, name, message, stack)


def describe_not_json(plan: Plan, effect: StartTask, error: NotJson) -> str:
    """The cause of Runtime.MarshalError: a return value that is no JSON."""
    message = f"Unable to marshal response: {error}"
    return _cause_text(plan, effect, MARSHAL_ERROR, message, [])


def _cause_text(
    plan: Plan, effect: StartTask, name: str, message: str, stack: list[str]
) -> str:
    cause = {
        "errorMessage": message,
        "errorType": name,
        "requestId": request_id(effect),
        "stackTrace": stack,
    }
    if plan.kind == "lambda":  # as Lambda wrote it; elsewhere AWS writes it again
        return json.dumps(cause, ensure_ascii=False)
    return json_text(cause)


def _stack_lines(trace: TracebackType | None, skip_file: str) -> list[str]:
    import traceback  # only an exception needs it

    while trace is not None and trace.tb_frame.f_code.co_filename == skip_file:
        trace = trace.tb_next
    frames = [
        (frame.filename, frame.lineno or 0, frame.name, frame.line)
        for frame in traceback.extract_tb(trace)
    ]
    # Plain tuples, because newer Pythons add marker lines (^^^^) to full frames.
    return traceback.StackSummary.from_list(frames).format()


def request_id(effect: StartTask) -> str:
    """A request id that is the same in every run with the same execution and order."""
    from hashlib import sha1

    named = f"{effect.call.execution_arn}#{effect.id}".encode("utf-8", "surrogatepass")
    digest = sha1(named, usedforsecurity=False).hexdigest()
    # The shape of a UUID version 5, without the cost of making one.
    return (
        f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-a{digest[17:20]}-{digest[20:32]}"
    )


def invoke_envelope(effect: StartTask, payload: Json, at: Instant) -> Json:
    """What lambda:invoke gives: the function's result in Lambda's response."""
    request: Mapping[str, Json] = effect.payload
    is_event = request.get("InvocationType") == "Event"
    if is_event:
        payload = ""
    status = 202 if is_event else 200
    version = str(request.get("Qualifier", ""))
    version = version if version.isdecimal() else "$LATEST"
    id = request_id(effect)
    trace = id.replace("-", "")
    root = f"1-{trace[:8]}-{trace[8:]}"
    several = {
        "X-Amz-Executed-Version": version,
        "x-amzn-Remapped-Content-Length": "0",
        "Connection": "keep-alive",
        "x-amzn-RequestId": id,
        "Content-Length": str(len(json_text(payload)) if not is_event else 0),
        "Date": _http_date(at // 1_000_000),
        "X-Amzn-Trace-Id": f"root={root};parent={trace[:16]};sampled=0",
        "Content-Type": "application/json",
    }
    if is_event:
        del several["X-Amz-Executed-Version"]
    single = {name: several[name] for name in _SINGLE_HEADERS if name in several}
    envelope = {
        "ExecutedVersion": version,
        "Payload": payload,
        "SdkHttpMetadata": {
            "AllHttpHeaders": {name: [text] for name, text in several.items()},
            "HttpHeaders": single,
            "HttpStatusCode": status,
        },
        "SdkResponseMetadata": {"RequestId": id},
        "StatusCode": status,
    }
    if is_event:
        del envelope["ExecutedVersion"]
    return envelope


_SINGLE_HEADERS = (
    "Connection",
    "Content-Length",
    "Content-Type",
    "Date",
    "X-Amz-Executed-Version",
    "x-amzn-Remapped-Content-Length",
    "x-amzn-RequestId",
    "X-Amzn-Trace-Id",
)

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"


@lru_cache(maxsize=16)
def _http_date(second: int) -> str:
    """A second since 1970 as HTTP spells dates; strftime would follow the locale."""
    from datetime import UTC, datetime, timedelta

    day = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
    month = _MONTHS[3 * day.month - 3 : 3 * day.month]
    return f"{_DAYS[day.weekday()]}, {day:%d} {month} {day.year} {day:%H:%M:%S} GMT"
