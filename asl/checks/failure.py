"""Retry and Catch: does each entry stand where it can do something?

In: a Definition. Out: Findings about error names, their order and retry settings.
Never: computes a delay: engine/failure.py does.

States Language specification: "Errors", "Retrying after error".
"""

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from asl.checks.fault import find_near
from asl.checks.rules import SCHEMA, Finding, rule
from asl.checks.subject import Definition, Node
from asl.model.failure import (
    ALL,
    DATA_LIMIT_EXCEEDED,
    HEARTBEAT_TIMEOUT,
    ITEM_READER_FAILED,
    QUERY_EVALUATION_ERROR,
    REFERENCE_PATH_CONFLICT,
    RESULT_WRITER_FAILED,
    RUNTIME,
    TASK_FAILED,
    TIMEOUT,
    TOLERATED_FAILURE,
)
from asl.problem import Severity
from asl.values import Json

STATES_ERRORS = frozenset(
    (
        ALL,
        TASK_FAILED,
        TIMEOUT,
        HEARTBEAT_TIMEOUT,
        RUNTIME,
        DATA_LIMIT_EXCEEDED,
        QUERY_EVALUATION_ERROR,
        REFERENCE_PATH_CONFLICT,
        TOLERATED_FAILURE,
        ITEM_READER_FAILED,
        RESULT_WRITER_FAILED,
        "States.Permissions",
        "States.ResultPathMatchFailure",
        "States.ParameterPathFailure",
        "States.BranchFailed",
        "States.NoChoiceMatched",
        "States.IntrinsicFailure",
        "States.Http.Socket",
    )
)
"""The error names that Step Functions itself gives."""

LAMBDA_ERRORS = frozenset(
    (
        "Lambda.ServiceException",
        "Lambda.AWSLambdaException",
        "Lambda.SdkClientException",
        "Lambda.TooManyRequestsException",
        "Lambda.ClientExecutionTimeoutException",
        "Lambda.Unknown",
        "Lambda.ResourceNotFoundException",
        "Lambda.ResourceNotReadyException",
        "Lambda.ResourceConflictException",
        "Lambda.InvalidParameterValueException",
        "Lambda.InvalidRequestContentException",
        "Lambda.RequestTooLargeException",
        "Lambda.UnsupportedMediaTypeException",
        "Lambda.InvalidRuntimeException",
        "Lambda.InvalidZipFileException",
        "Lambda.InvalidSecurityGroupIDException",
        "Lambda.InvalidSubnetIDException",
        "Lambda.SubnetIPAddressLimitReachedException",
        "Lambda.RecursiveInvocationException",
        "Lambda.SnapStartException",
        "Lambda.SnapStartNotReadyException",
        "Lambda.SnapStartTimeoutException",
        "Lambda.EC2UnexpectedException",
        "Lambda.EC2ThrottledException",
        "Lambda.EC2AccessDeniedException",
        "Lambda.EFSMountFailureException",
        "Lambda.EFSMountTimeoutException",
        "Lambda.EFSMountConnectivityException",
        "Lambda.EFSIOException",
        "Lambda.ENILimitReachedException",
        "Lambda.ENINotReadyException",
        "Lambda.KMSDisabledException",
        "Lambda.KMSAccessDeniedException",
        "Lambda.KMSInvalidStateException",
        "Lambda.KMSNotFoundException",
        "Lambda.CodeStorageExceededException",
        "Lambda.CodeArtifactUserDeletedException",
        "Lambda.CodeArtifactUserFailedException",
        "Lambda.CodeArtifactUserPendingException",
    )
)
"""The error names of the Lambda service, as its errors reach a state machine."""

_LISTS = ("Retry", "Catch")


def _names(entry: Mapping[str, Json]) -> list[str]:
    names = entry.get("ErrorEquals")
    items = names if isinstance(names, list) else []
    return [item for item in items if isinstance(item, str)]


_Entry: TypeAlias = tuple[Node, str, int, Mapping[str, Json], list[str]]


def _entries(subject: Definition) -> list[_Entry]:
    return subject.once("entries", _find_entries)


def _find_entries(subject: Definition) -> list[_Entry]:
    return [
        (node, field, index, entry, _names(entry))
        for node in _handling(subject)
        for field in _LISTS
        for index, entry in node.objects(field)
    ]


def _handling(subject: Definition) -> Iterator[Node]:
    """The states that have a Retry or a Catch."""
    for node in subject.states:
        if "Retry" in node.value or "Catch" in node.value:
            yield node


@rule(
    "ASL401",
    "States.ALL stands alone and last",
    why="States.ALL takes every error, so whatever stands beside or behind it could "
    "never be asked; AWS refuses it.",
    fix="Give States.ALL an entry of its own at the end of the list.",
    spec="States Language: Errors, States.ALL",
    severity=Severity.ERROR,
    aws_code=SCHEMA,
)
def find_misplaced_all(subject: Definition) -> Iterator[Finding]:
    """States.ALL beside other names, or before other entries: one finding a list."""
    for node in _handling(subject):
        for field in _LISTS:
            entries = node.objects(field)
            for index, entry in entries:
                names = _names(entry)
                if ALL not in names:
                    continue
                alone, last = len(names) == 1, index == entries[-1][0]
                if alone and last:
                    continue
                what = "stands beside other names" if not alone else "is not the last"
                yield Finding(
                    pointer=node.at(field, index, "ErrorEquals", names.index(ALL)),
                    message=f"States.ALL in {field} of state {node.name!r} {what}"
                    + ("" if not alone else " entry"),
                    suggestion="give it an entry of its own, the last of the list",
                )
                break


@rule(
    "ASL402",
    "an entry that is never asked",
    why="The first entry that takes an error is used; an error that stands again "
    "further down never comes there.",
    fix="Remove the later name, or put the special case before the general one.",
    spec="States Language: Retrying after error, Fallback states",
)
def find_unreachable_entries(subject: Definition) -> Iterator[Finding]:
    """Error names that an earlier entry, or the same, takes already."""
    for node in _handling(subject):
        for field in _LISTS:
            taken: dict[str, int] = {}
            for index, entry in node.objects(field):
                for n, name in enumerate(_names(entry)):
                    first = _taken_by(name, taken)
                    if first is not None and name != ALL:
                        word = "retrier" if field == "Retry" else "catcher"
                        where = (
                            "stands twice in this entry"
                            if first == index
                            else f"never comes here: {word} {first} takes it"
                        )
                        yield Finding(
                            pointer=node.at(field, index, "ErrorEquals", n),
                            message=f"{name} {where}",
                            suggestion="remove it, or put this entry first",
                        )
                    taken.setdefault(name, index)


def _taken_by(name: str, taken: Mapping[str, int]) -> int | None:
    if name in taken:
        return taken[name]
    if TASK_FAILED in taken and name not in (
        TIMEOUT,
        HEARTBEAT_TIMEOUT,
        RUNTIME,
        ALL,
        DATA_LIMIT_EXCEEDED,
    ):
        return taken[TASK_FAILED]
    return None


def _known(name: str, own: frozenset[str]) -> bool:
    if not name.startswith("States."):
        return True
    http = name.startswith("States.Http.StatusCode.")
    return http or name in STATES_ERRORS or name in own


def _own_errors(subject: Definition) -> frozenset[str]:
    """The errors that Fail states of the definition give."""
    errors = (node.value.get("Error") for node in subject.states if node.type == "Fail")
    return frozenset(error for error in errors if isinstance(error, str))


@rule(
    "ASL403",
    "an error name that does not exist",
    why="Names that begin with States. are given by Step Functions alone; a misspelt "
    "one matches nothing.",
    fix="Write the name as the States Language spells it.",
    spec="States Language: Appendix A, Predefined Error Codes",
)
def find_unknown_errors(subject: Definition) -> Iterator[Finding]:
    """`States.Timout` and the like."""
    own = _own_errors(subject)
    for node, field, index, _, names in _entries(subject):
        for n, name in enumerate(names):
            pointer = node.at(field, index, "ErrorEquals", n)
            if not _known(name, own):
                near = find_near(name, sorted(STATES_ERRORS))
                yield Finding(
                    pointer=pointer,
                    message=f"Step Functions gives no error {name}",
                    suggestion=f"did you mean {near}?" if near else None,
                )
                continue
            if name in STATES_ERRORS or name in LAMBDA_ERRORS or name in own:
                continue
            meant = _misspelt(name)
            if meant:
                yield Finding(
                    pointer=pointer,
                    message=f"no error is named {name}",
                    suggestion=f"did you mean {meant}?",
                )


def _misspelt(name: str) -> str | None:
    """A reserved or Lambda name that differs in capitals or a few letters only."""
    folded = name.casefold()
    for spelt in (*STATES_ERRORS, *LAMBDA_ERRORS):
        if spelt.casefold() == folded:
            return spelt
    known = LAMBDA_ERRORS if folded.startswith("lambda.") else STATES_ERRORS
    if folded.startswith(("lambda.", "state.", "sates.", "stats.")):
        # A function's own error may have such a name: only one nearly the same is told.
        from difflib import get_close_matches  # only a mistake needs it

        close = get_close_matches(name, known, n=1, cutoff=0.9)
        return close[0] if close else None
    return None


_ONLY_ON: dict[str, tuple[str, ...]] = {
    ITEM_READER_FAILED: ("Map", "Parallel"),
    RESULT_WRITER_FAILED: ("Map", "Parallel"),
    TOLERATED_FAILURE: ("Map", "Parallel"),
    "States.BranchFailed": ("Map", "Parallel"),
}


@rule(
    "ASL404",
    "an error that cannot come from here",
    why="The entry waits for an error that this state never gives.",
    fix="Remove the name, or move it to the state that gives the error.",
    spec="Developer guide: Handling errors",
)
def find_foreign_errors(subject: Definition) -> Iterator[Finding]:
    """Names that belong to other types of state or to other services."""
    for node, field, index, _, names in _entries(subject):
        for n, name in enumerate(names):
            reason = _foreign(node, name)
            if reason:
                yield Finding(
                    pointer=node.at(field, index, "ErrorEquals", n),
                    message=f"{name} cannot come from here: {reason}",
                    suggestion="remove it",
                )


def _foreign(node: Node, name: str) -> str | None:
    kinds = _ONLY_ON.get(name)
    if kinds is not None and node.type not in kinds:
        return f"it is an error of {kinds[0]} states"
    resource = node.resource
    if resource is None:
        return None
    lambdas = resource.family == "lambda" or resource.service == "lambda"
    if name in LAMBDA_ERRORS and not lambdas:
        sdk = resource.service == "aws-sdk:lambda"
        # An activity's worker or the holder of a token may send any name it likes.
        if sdk or resource.family == "activity" or resource.pattern == "token":
            return None
        return f"the task calls {resource.service}"
    if name.startswith("States.Http.") and resource.service != "http":
        return "it is an error of HTTP tasks"
    return None


@rule(
    "ASL405",
    "settings of a retry that never happens",
    why="MaxAttempts 0 means: never again. The delays beside it have no effect.",
    fix="Remove them, or give MaxAttempts a number.",
    spec="States Language: Retrying after error",
    severity=Severity.INFO,
)
def find_idle_settings(subject: Definition) -> Iterator[Finding]:
    """Delays of retriers with MaxAttempts 0."""
    settings = ("IntervalSeconds", "BackoffRate", "MaxDelaySeconds", "JitterStrategy")
    for node, field, index, entry, _ in _entries(subject):
        if field == "Retry" and entry.get("MaxAttempts") == 0:
            idle = [name for name in settings if name in entry]
            if idle:
                yield Finding(
                    pointer=node.at(field, index, idle[0]),
                    message=f"{' and '.join(idle)} without effect: MaxAttempts is 0",
                    suggestion="remove what has no effect",
                    on_key=True,
                )


@rule(
    "ASL406",
    "MaxDelaySeconds is no more than the first delay",
    why="Every delay is cut down to MaxDelaySeconds, so neither IntervalSeconds nor "
    "BackoffRate counts.",
    fix="Give MaxDelaySeconds a number greater than IntervalSeconds.",
    spec="Developer guide: Retrying after an error, MaxDelaySeconds",
)
def find_small_caps(subject: Definition) -> Iterator[Finding]:
    """MaxDelaySeconds that is at most IntervalSeconds."""
    for node, field, index, entry, _ in _entries(subject):
        cap, first = entry.get("MaxDelaySeconds"), entry.get("IntervalSeconds", 1)
        numbers = type(cap) in (int, float) and type(first) in (int, float)
        if field == "Retry" and numbers and cap <= first:
            yield Finding(
                pointer=node.at(field, index, "MaxDelaySeconds"),
                message=f"MaxDelaySeconds ({cap}) must be greater than "
                f"IntervalSeconds ({first})",
            )


@rule(
    "ASL407",
    "an error that is never caught",
    why="States.Runtime ends the execution at once; neither Retry nor Catch is asked.",
    fix="Mend the cause: a path that finds nothing, a value of the wrong kind.",
    spec="Developer guide: Handling errors, States.Runtime",
    severity=Severity.INFO,
)
def find_uncatchable(subject: Definition) -> Iterator[Finding]:
    """States.Runtime in Retry or Catch."""
    for node, field, index, _, names in _entries(subject):
        if RUNTIME in names:
            yield Finding(
                pointer=node.at(field, index, "ErrorEquals", names.index(RUNTIME)),
                message="States.Runtime is never retried or caught",
            )


@rule(
    "ASL408",
    "a heartbeat error without a heartbeat",
    why="States.HeartbeatTimeout comes only where HeartbeatSeconds is set.",
    fix="Set HeartbeatSeconds, or remove the name.",
    spec="States Language: Timeouts and Heartbeats",
    severity=Severity.INFO,
)
def find_missing_heartbeats(subject: Definition) -> Iterator[Finding]:
    """States.HeartbeatTimeout on a task that has none."""
    for node, field, index, _, names in _entries(subject):
        fields = ("HeartbeatSeconds", "HeartbeatSecondsPath")
        if node.type != "Task" or HEARTBEAT_TIMEOUT not in names:
            continue
        if not any(name in node.value for name in fields):
            at = names.index(HEARTBEAT_TIMEOUT)
            yield Finding(
                pointer=node.at(field, index, "ErrorEquals", at),
                message="the task has no HeartbeatSeconds to run out",
            )
