"""Versions of state machines: published, listed, deleted.

In: requests of the shape the model asks for. Out: answers, or ApiError as recorded.
Never: publishes by itself; Machines does, for its own operations too.

Developer guide: "State machine versions": numbers only grow, the newest comes first.
"""

from asl.errors import ApiError
from asl.server.account import Account, Actions, Answer, Request, check_arn
from asl.server.machines import Machines, version_of
from asl.server.records import INITIAL


class Versions:
    """The operations on versions."""

    def __init__(self, account: Account, machines: Machines) -> None:
        self._account = account
        self._machines = machines
        self.actions: Actions = {
            "PublishStateMachineVersion": self._publish,
            "ListStateMachineVersions": self._list,
            "DeleteStateMachineVersion": self._delete,
        }

    def _publish(self, request: Request) -> Answer:
        with self._machines.lock, self._account.store.batch():
            machine = self._machines.find(request["stateMachineArn"])
            self._machines.check_alive(machine)
            present = machine.revision.id or INITIAL
            wanted = request.get("revisionId")
            if wanted is not None and wanted != present:
                raise ApiError(
                    "ConflictException",
                    "Failed to publish the State Machine version for revision "
                    f"{wanted}. The current State Machine revision is {present}.",
                )
            version = self._machines.publish(machine, request.get("description"))
            return {
                "stateMachineVersionArn": f"{machine.arn}:{version.number}",
                "creationDate": version.created,
            }

    def _list(self, request: Request) -> Answer:
        with self._machines.lock:
            machine = self._machines.find(request["stateMachineArn"])
            versions = list(machine.versions.values())
        found, token = self._account.page(
            versions,
            request,
            scope=f"versions:{machine.arn}",
            key=lambda version: -version.number,
        )
        listed = [
            {
                "stateMachineVersionArn": f"{machine.arn}:{version.number}",
                "creationDate": version.created,
            }
            for version in found
        ]
        return {"stateMachineVersions": listed} | (
            {"nextToken": token} if token else {}
        )

    def _delete(self, request: Request) -> Answer:
        arn: str = request["stateMachineVersionArn"]
        check_arn(arn)
        with self._machines.lock, self._account.store.batch():
            try:
                machine, qualifier = self._machines.find_qualified(arn)
            except ApiError as error:
                if error.code == "StateMachineDoesNotExist":
                    return {}
                raise
            if qualifier is None or not qualifier.isdigit():
                raise ApiError(
                    "ValidationException", f"Invalid Arn: 'Not a version: {arn}'"
                )
            version = version_of(machine, qualifier)
            if version is None:
                return {}
            own = f"{machine.arn}:{version.number}"
            users = [
                alias.name
                for alias in machine.aliases.values()
                if own in dict(alias.routes)
            ]
            if users:
                raise ApiError(
                    "ConflictException",
                    "Version to be deleted must not be referenced by an alias. Current "
                    "list of aliases referencing this version: "
                    f"[{', '.join(users)}]",
                )
            del machine.versions[version.number]
            key = f"{machine.name}:{version.number}"
            self._account.store.delete("version", key)
            return {}
