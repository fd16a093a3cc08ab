"""State machines: made, changed, described, listed, deleted; what a start finds.

In: requests of the shape the model asks for. Out: answers, or ApiError as recorded.
Never: runs anything; whoever starts an execution asks `target` and `build`, and tells
through `is_busy` and `release` whether a machine's executions are still running.

Developer guide: "Creating a workflow", "State machine versions and aliases"; recorded.
"""

import re
from dataclasses import replace
from functools import lru_cache
from threading import RLock
from typing import TYPE_CHECKING

from asl.errors import ApiError
from asl.model.machine import StateMachine
from asl.quotas import VERSIONS
from asl.runtime.stage import NAME
from asl.server.account import Account, Actions, Answer, Request, check_arn
from asl.server.configurations import check_settings, describe_revision, settings_of
from asl.server.definitions import answer_validate, build_definition, check_definition
from asl.server.records import (
    Alias,
    Revision,
    StoredMachine,
    Target,
    Version,
    load_machines,
    version_json,
)
from asl.server.tags import Tags

if TYPE_CHECKING:
    from collections.abc import Callable

_ARN = re.compile(
    r"arn:[^:]+:states:[^:]*:[^:]*:stateMachine:([^:#]+)(?::([^:#]+))?(?:#(.+))?"
)
_CHANGEABLE = (
    "definition",
    "roleArn",
    "loggingConfiguration",
    "tracingConfiguration",
    "encryptionConfiguration",
)
_CACHED = 256  # built definitions that are kept


class Machines:
    """All state machines of an account, by name."""

    def __init__(self, account: Account, tags: Tags) -> None:
        self.account = account
        self.lock = RLock()
        """Held while a machine changes; nothing is asked of others meanwhile."""
        self.is_busy: Callable[[str], bool] = lambda machine_arn: False
        """Whether a machine has running executions; set by whoever runs them."""
        self._tags = tags
        self._build = lru_cache(maxsize=_CACHED)(build_definition)
        self._machines = load_machines(account.store)
        tags.add_owner(self._own_arn)
        self.actions: Actions = {
            "CreateStateMachine": self._create,
            "UpdateStateMachine": self._update,
            "DescribeStateMachine": self._describe,
            "DeleteStateMachine": self._delete,
            "ListStateMachines": self._list,
            "ValidateStateMachineDefinition": answer_validate,
        }

    # ------------------------------------------------------------------- for a start

    def target(self, arn: str) -> Target:
        """What a start under an ARN runs: a machine, a version, or an alias's choice.

        What follows `#` is the case of a mock configuration file. Raises ApiError where
        there is no such machine, or where it is being deleted.
        """
        with self.lock:
            machine, qualifier, case = self._split(arn)
            if machine.is_deleting:
                raise _deleting(machine.arn)
            found = Target(
                machine_arn=machine.arn,
                name=machine.name,
                type=machine.type,
                revision=machine.revision,
                test_case=case,
            )
            if qualifier is None:
                return found
            alias = machine.aliases.get(qualifier)
            version = (
                self._draw(machine, alias)
                if alias is not None
                else version_of(machine, qualifier)
            )
            if version is None:
                raise missing(arn)
            return replace(
                found,
                revision=version.revision,
                version_arn=f"{machine.arn}:{version.number}",
                alias_arn=f"{machine.arn}:{alias.name}" if alias is not None else None,
            )

    def build(self, target: Target) -> StateMachine:
        """A target's machine, ready to run; DefinitionError where it cannot be built.

        Built once and kept while it is in use.
        """
        return self._build(target.revision.definition, target.name)

    def is_deleting(self, machine_arn: str) -> bool:
        """Whether a machine is to be deleted when none of its executions runs."""
        with self.lock:
            machine = self._machines.get(machine_arn.split(":")[-1])
        return machine is not None and machine.is_deleting

    def release(self, machine_arn: str) -> None:
        """Take note that an execution has ended: a machine to be deleted may go."""
        with self.lock:
            machine = self._machines.get(machine_arn.split(":")[-1])
            is_deleting = machine is not None and machine.is_deleting
        if is_deleting and not self.is_busy(machine_arn):
            self._remove(machine_arn)

    def release_all(self) -> None:
        """The same after a start: what was to be deleted before may be free to go."""
        for machine in list(self._machines.values()):
            self.release(machine.arn)

    def _draw(self, machine: StoredMachine, alias: Alias) -> Version | None:
        """One of an alias's versions, by weight."""
        (arn, weight), *second = alias.routes
        if second and self.account.random.random() * 100 >= weight:
            arn = second[0][0]
        return version_of(machine, arn.split(":")[-1])

    # ------------------------------------------------------------------------ finding

    def find(self, arn: str) -> StoredMachine:
        """The machine that an ARN without version or alias names."""
        machine, qualifier, case = self._split(arn)
        if qualifier is not None or case is not None:
            raise missing(arn)
        return machine

    def find_qualified(self, arn: str) -> tuple[StoredMachine, str | None]:
        """The machine that an ARN names, and what follows: a version or an alias."""
        machine, qualifier, _ = self._split(arn)
        return machine, qualifier

    def _split(self, arn: str) -> tuple[StoredMachine, str | None, str | None]:
        check_arn(arn)
        parts = arn.split(":")
        if len(parts) > 5 and parts[2] == "states" and parts[5] != "stateMachine":
            kind = f"Resource type not valid in this context: {parts[5]}"
            raise ApiError("InvalidArn", f"Invalid Arn: '{kind}'")
        found = _ARN.fullmatch(arn)
        machine = self._machines.get(found[1]) if found else None
        if found is None or machine is None:
            if found and "/" in found[1]:
                raise ApiError(
                    "ValidationException",
                    "This operation does not support the ARN of a map state: a state "
                    "machine's ARN has no label",
                    members={"reason": "API_DOES_NOT_SUPPORT_LABELED_ARNS"},
                )
            raise missing(arn)
        return machine, found[2], found[3]

    def _own_arn(self, arn: str) -> str | None:
        found = _ARN.fullmatch(arn)
        if found is None or found[2] is not None or found[3] is not None:
            return None
        machine = self._machines.get(found[1])
        return None if machine is None else machine.arn

    # ------------------------------------------------------------------------- making

    def _create(self, request: Request) -> Answer:
        name, kind = request["name"], request.get("type") or "STANDARD"
        if not NAME.fullmatch(name):
            raise ApiError("InvalidName", f"Invalid Name: '{name}'")
        check_settings(request)
        self._tags.check(request.get("tags"))
        check_definition(request["definition"], kind)
        now = self.account.now()
        arn = self.account.arn("stateMachine", name)
        revision = Revision(
            definition=request["definition"],
            role_arn=request["roleArn"],
            date=now,
            **settings_of(request),
        )
        with self.lock, self.account.store.batch():
            machine = self._machines.get(name)
            if machine is None:
                machine = StoredMachine(arn, name, kind, now, revision)
                self._machines[name] = machine
                self.save(machine)
                self._tags.start(arn, request.get("tags"))
            elif machine.is_deleting:
                raise _deleting(arn)
            # Made again with the same words is no error; a role or tags may differ.
            elif (kind, _identity(revision)) != (
                machine.type,
                _identity(machine.revision),
            ):
                raise ApiError(
                    "StateMachineAlreadyExists",
                    f"State Machine Already Exists: '{arn}'",
                )
            answer: Answer = {"stateMachineArn": arn, "creationDate": machine.created}
            return self._published(machine, request, answer)

    def _update(self, request: Request) -> Answer:
        with self.lock:
            machine = self.find(request["stateMachineArn"])
        if not any(request.get(name) is not None for name in _CHANGEABLE):
            raise ApiError(
                "MissingRequiredParameter",
                "Either the definition, the role ARN, the LoggingConfiguration, or the "
                "TracingConfiguration must be specified",
            )
        check_settings(request)
        definition = request.get("definition")
        if definition is not None:
            check_definition(definition, machine.type)
        with self.lock, self.account.store.batch():
            self.check_alive(machine)
            now, before = self.account.now(), machine.revision
            role = request.get("roleArn")
            after = Revision(
                definition=before.definition if definition is None else definition,
                role_arn=before.role_arn if role is None else role,
                date=before.date,
                id=before.id,
                **settings_of(request, before),
            )
            if after != before:
                after = replace(after, date=now, id=self.account.new_id())
            if request.get("publish"):
                self._check_room(machine, after)
            if after != before:
                machine.revision = after
                machine.updates += 1
                self.save(machine)
            answer: Answer = {"updateDate": now}
            if machine.revision.id is not None:
                answer["revisionId"] = machine.revision.id
            return self._published(machine, request, answer)

    def _published(
        self, machine: StoredMachine, request: Request, answer: Answer
    ) -> Answer:
        if request.get("publish"):
            version = self.publish(machine, request.get("versionDescription"))
            answer["stateMachineVersionArn"] = f"{machine.arn}:{version.number}"
        return answer

    def publish(self, machine: StoredMachine, description: str | None) -> Version:
        """Give the present revision a number, unless it is the latest version's."""
        self._check_room(machine, machine.revision)
        latest = machine.versions.get(machine.last_version)
        if latest is not None and latest.revision == machine.revision:
            return latest
        machine.last_version += 1
        version = Version(
            machine.last_version, self.account.now(), machine.revision, description
        )
        machine.versions[version.number] = version
        self.account.store.put(
            "version", f"{machine.name}:{version.number}", version_json(version)
        )
        self.save(machine)
        return version

    @staticmethod
    def _check_room(machine: StoredMachine, revision: Revision) -> None:
        latest = machine.versions.get(machine.last_version)
        is_new = latest is None or latest.revision != revision
        if is_new and len(machine.versions) >= VERSIONS:
            raise ApiError(
                "ServiceQuotaExceededException",
                f"A state machine has at most {VERSIONS} versions",
            )

    # --------------------------------------------------------------- telling, deleting

    def _describe(self, request: Request) -> Answer:
        with self.lock:
            machine, qualifier = self.find_qualified(request["stateMachineArn"])
            arn, revision, created = machine.arn, machine.revision, machine.created
            described: Answer = {}
            if qualifier is not None:
                alias = machine.aliases.get(qualifier)
                if alias is not None:  # the version that most starts get
                    route = max(alias.routes, key=lambda route: route[1])
                    qualifier = route[0].split(":")[-1]
                version = version_of(machine, qualifier)
                if version is None:
                    raise missing(request["stateMachineArn"])
                arn, revision = f"{arn}:{version.number}", version.revision
                created = version.created
                if version.description is not None:
                    described["description"] = version.description
            status = "DELETING" if machine.is_deleting else "ACTIVE"
        return {
            "stateMachineArn": arn,
            "name": machine.name,
            "status": status,
            "type": machine.type,
            "creationDate": created,
            **described,
            **describe_revision(revision, included=request.get("includedData")),
        }

    def _list(self, request: Request) -> Answer:
        with self.lock:
            machines = list(self._machines.values())
        found, token = self.account.page(
            machines, request, scope="machines", key=lambda machine: machine.name
        )
        listed = [
            {
                "stateMachineArn": machine.arn,
                "name": machine.name,
                "type": machine.type,
                "creationDate": machine.created,
            }
            for machine in found
        ]
        return {"stateMachines": listed} | ({"nextToken": token} if token else {})

    def _delete(self, request: Request) -> Answer:
        """Mark a machine as going; it goes at once unless executions are running."""
        with self.lock:
            try:
                machine = self.find(request["stateMachineArn"])
            except ApiError as error:
                if error.code == "StateMachineDoesNotExist":
                    return {}
                raise
            if not machine.is_deleting:
                machine.is_deleting = True
                self.save(machine)
        if not self.is_busy(machine.arn):
            self._remove(machine.arn)
        return {}

    def _remove(self, machine_arn: str) -> None:
        store = self.account.store
        with self.lock, store.batch():
            machine = self._machines.pop(machine_arn.split(":")[-1], None)
            if machine is None:
                return
            for number in machine.versions:
                store.delete("version", f"{machine.name}:{number}")
            store.delete("machine", machine.name)
            self._tags.forget(machine.arn)

    def check_alive(self, machine: StoredMachine) -> None:
        """Refuse to change a machine that is being deleted or gone."""
        if machine.is_deleting:
            raise _deleting(machine.arn)

    # ------------------------------------------------------------------------ keeping

    def save(self, machine: StoredMachine) -> None:
        """Write a machine down; versions are written where they are made."""
        self.account.store.put("machine", machine.name, machine.to_json())


def version_of(machine: StoredMachine, qualifier: str) -> Version | None:
    """The version that a number names."""
    is_number = qualifier.isascii() and qualifier.isdigit() and len(qualifier) < 10
    return machine.versions.get(int(qualifier)) if is_number else None


def missing(arn: str) -> ApiError:
    """No such state machine."""
    message = f"State Machine Does Not Exist: '{arn}'"
    return ApiError("StateMachineDoesNotExist", message)


def _deleting(arn: str) -> ApiError:
    return ApiError("StateMachineDeleting", f"State Machine is being deleted: '{arn}'")


def _identity(revision: Revision) -> tuple[object, ...]:
    settings = (revision.logging, revision.tracing, revision.encryption)
    return revision.definition, settings
