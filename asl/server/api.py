"""The operations of the service: an action's name and a request in, an answer out.

In: `CreateStateMachine` and a dict such as boto3 sends. Out: a dict such as boto3
returns (times as seconds since 1970), or ApiError with AWS's code and message.
Never: a socket, a clock of its own, a name made by chance; the same calls give the same
answers.

Reference 14 (versions), 16 (definitions), 18 (names, ARNs, errors).
"""

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from asl.checks.aws import create_message, read_and_diagnose, render
from asl.errors import ApiError
from asl.quotas import DEFINITION_CHARS
from asl.runtime.clock import Clock, VirtualClock
from asl.runtime.run import ACCOUNT, NAME, REGION
from asl.server.single import answer_test_state
from asl.values import Json

Request: TypeAlias = Mapping[str, Json]
Answer: TypeAlias = dict[str, Json]


@dataclass(slots=True)
class StoredMachine:
    """A state machine as it was created, and as it was last updated."""

    arn: str
    name: str
    type: str
    definition: str
    role_arn: str
    created: float
    settings: dict[str, Json] = field(default_factory=dict)
    """loggingConfiguration, tracingConfiguration and the like, as they were given."""
    revision: int = 0
    versions: list[int] = field(default_factory=list)
    """The revision that each published version is of; version 1 comes first."""

    @property
    def revision_id(self) -> str | None:
        """The present revision's id; a machine that was never updated has none."""
        if not self.revision:
            return None
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.arn}#{self.revision}"))


class Api:
    """The service in memory, one account in one region: `call` operations by name.

    ARNs in answers have the account and the region; those in requests may have any.
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        region: str = REGION,
        account: str = ACCOUNT,
    ) -> None:
        self._clock = clock or VirtualClock()
        self._prefix = f"arn:aws:states:{region}:{account}"
        self._machines: dict[str, StoredMachine] = {}  # by name
        self._actions: dict[str, Callable[[Request], Answer]] = {
            "CreateStateMachine": self._create_state_machine,
            "UpdateStateMachine": self._update_state_machine,
            "ValidateStateMachineDefinition": self._validate_definition,
            "TestState": answer_test_state,
        }

    @property
    def actions(self) -> list[str]:
        """The names of the operations there are."""
        return sorted(self._actions)

    def call(self, action: str, request: Request) -> Answer:
        """Perform an operation; raises ApiError where AWS would refuse."""
        perform = self._actions.get(action)
        if perform is None:
            raise ApiError("UnknownOperationException", f"Unknown operation: {action}")
        if not isinstance(request, Mapping):
            raise ApiError("SerializationException", "Start of structure expected.")
        return perform(request)

    def _now(self) -> float:
        return self._clock.now() // 1000 / 1000

    # ------------------------------------------------------------- state machines

    def _create_state_machine(self, request: Request) -> Answer:
        name, role = _text(request, "name"), _text(request, "roleArn")
        definition = _definition(request)
        kind = _choice(request, "type", ("STANDARD", "EXPRESS"))
        _check_name(name)
        _check_arn(role)
        _check_version(request)
        _check_logging(request)
        _check_definition(definition, kind)
        arn = f"{self._prefix}:stateMachine:{name}"
        wanted = StoredMachine(
            arn=arn,
            name=name,
            type=kind,
            definition=definition,
            role_arn=role,
            created=self._now(),
            settings=_settings(request),
        )
        machine = self._machines.setdefault(name, wanted)
        # Made again with the same words is no error; a role or tags may differ.
        if _identity(machine) != _identity(wanted):
            raise ApiError(
                "StateMachineAlreadyExists", f"State Machine Already Exists: '{arn}'"
            )
        answer: Answer = {"stateMachineArn": arn, "creationDate": machine.created}
        return _publish(machine, request, answer)

    def _update_state_machine(self, request: Request) -> Answer:
        machine = self._machine(_text(request, "stateMachineArn"))
        if not any(request.get(name) is not None for name in _CHANGEABLE):
            raise ApiError(
                "MissingRequiredParameter",
                "Either the definition, the role ARN, the LoggingConfiguration, or the "
                "TracingConfiguration must be specified",
            )
        _check_version(request)
        _check_logging(request)
        definition = _definition(request, machine.definition)
        role = _text(request, "roleArn", machine.role_arn)
        _check_arn(role)
        if "definition" in request:
            _check_definition(definition, machine.type)
        settings = {**machine.settings, **_settings(request)}
        before = (machine.definition, machine.role_arn, machine.settings)
        if before != (definition, role, settings):
            machine.definition, machine.role_arn = definition, role
            machine.settings = settings
            machine.revision += 1
        answer: Answer = {"updateDate": self._now()}
        if machine.revision_id:
            answer["revisionId"] = machine.revision_id
        return _publish(machine, request, answer)

    def _machine(self, arn: str) -> StoredMachine:
        """The machine that an ARN names; versions and aliases are none."""
        _check_arn(arn)
        found = _MACHINE_ARN.fullmatch(arn)
        machine = self._machines.get(found[1]) if found else None
        if machine is None:
            raise ApiError(
                "StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'"
            )
        return machine

    def _validate_definition(self, request: Request) -> Answer:
        definition = _definition(request)
        kind = _choice(request, "type", ("STANDARD", "EXPRESS"))
        severity = _choice(request, "severity", ("ERROR", "WARNING"))
        limit = _number(request, "maxResults", most=100)
        found = read_and_diagnose(definition, type=kind)
        return render(found, severity=severity, max_results=limit)


_MACHINE_ARN = re.compile(r"arn:[^:]*:states:[^:]*:[^:]*:stateMachine:([^:]+)")

_CHANGEABLE = (
    "definition",
    "roleArn",
    "loggingConfiguration",
    "tracingConfiguration",
    "encryptionConfiguration",
)


def _settings(request: Request) -> dict[str, Json]:
    return {name: request[name] for name in _CHANGEABLE[2:] if name in request}


def _identity(machine: StoredMachine) -> Json:
    return machine.definition, machine.type, machine.settings


def _publish(machine: StoredMachine, request: Request, answer: Answer) -> Answer:
    """Publish a version if asked to; the same revision is never published twice."""
    if request.get("publish"):
        if machine.revision not in machine.versions[-1:]:
            machine.versions.append(machine.revision)
        answer["stateMachineVersionArn"] = f"{machine.arn}:{len(machine.versions)}"
    return answer


# --- requests


def _invalid(value: Json, name: str, constraint: str) -> ApiError:
    shown = "null" if value is None else f"'{value}'"
    return ApiError(
        "ValidationException",
        f"1 validation error detected: Value {shown} at '{name}' failed to satisfy "
        f"constraint: {constraint}",
    )


def _text(request: Request, name: str, default: str | None = None) -> str:
    value = request.get(name, default)
    if value is None:
        raise _invalid(None, name, "Member must not be null")
    if not isinstance(value, str):
        raise ApiError("SerializationException", f"'{name}' is no text")
    return value


def _definition(request: Request, default: str | None = None) -> str:
    value = _text(request, "definition", default)
    if len(value) > DEFINITION_CHARS:
        limit = f"Member must have length less than or equal to {DEFINITION_CHARS}"
        raise _invalid(f"{value[:40]}…", "definition", limit)
    return value


def _choice(request: Request, name: str, allowed: tuple[str, ...]) -> str:
    """One of some words, the first unless given."""
    value = _text(request, name, allowed[0])
    if value not in allowed:
        words = ", ".join(allowed)
        raise _invalid(value, name, f"Member must satisfy enum value set: [{words}]")
    return value


def _number(request: Request, name: str, *, most: int) -> int:
    value = request.get(name, 0)
    if type(value) is not int:
        raise ApiError("SerializationException", f"'{name}' is no whole number")
    if value > most:
        limit = f"Member must have value less than or equal to {most}"
        raise _invalid(value, name, limit)
    if value < 0:
        limit = "Member must have value greater than or equal to 0"
        raise _invalid(value, name, limit)
    return value


def _check_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise ApiError("InvalidName", f"Invalid Name: '{name}'")


def _check_arn(arn: str) -> None:
    if not arn.startswith("arn:"):
        raise ApiError("InvalidArn", f"Invalid Arn: 'Invalid ARN prefix: {arn}'")


def _check_version(request: Request) -> None:
    if request.get("versionDescription") and not request.get("publish"):
        raise ApiError(
            "ValidationException",
            "Version description can only be set when publish is true",
        )


def _check_logging(request: Request) -> None:
    logging = request.get("loggingConfiguration")
    if not isinstance(logging, Mapping):
        return
    count = len(logging.get("destinations") or ())
    if count > 1 or (count == 0 and logging.get("level", "OFF") != "OFF"):
        raise ApiError(
            "InvalidLoggingConfiguration",
            "Invalid Logging Configuration: Must specify exactly one Log Destination.",
        )


def _check_definition(definition: str, kind: str) -> None:
    if message := create_message(read_and_diagnose(definition, type=kind)):
        raise ApiError("InvalidDefinition", message)
