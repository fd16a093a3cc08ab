"""Aliases of state machines: names for one version, or for two with weights.

In: requests of the shape the model asks for. Out: answers, or ApiError as recorded.
Never: draws between two versions; a start does (Machines.target).

Developer guide: "State machine aliases".
"""

from asl.errors import ApiError
from asl.quotas import ALIASES
from asl.server.account import Account, Actions, Answer, Request, check_arn
from asl.server.machines import Machines, version_of
from asl.server.records import Alias, StoredMachine
from asl.values import Json


class Aliases:
    """The operations on aliases."""

    def __init__(self, account: Account, machines: Machines) -> None:
        self._account = account
        self._machines = machines
        self.actions: Actions = {
            "CreateStateMachineAlias": self._create,
            "UpdateStateMachineAlias": self._update,
            "DescribeStateMachineAlias": self._describe,
            "DeleteStateMachineAlias": self._delete,
            "ListStateMachineAliases": self._list,
        }

    def _create(self, request: Request) -> Answer:
        with self._machines.lock, self._account.store.batch():
            machine, routes = self._routes(request["routingConfiguration"])
            self._machines.check_alive(machine)
            name, now = request["name"], self._account.now()
            wanted = Alias(name, now, now, routes, request.get("description"))
            alias = machine.aliases.get(name)
            if alias is None:
                if len(machine.aliases) >= ALIASES:
                    raise ApiError(
                        "ServiceQuotaExceededException",
                        f"A state machine has at most {ALIASES} aliases",
                    )
                alias = machine.aliases[name] = wanted
                self._machines.save(machine)
            elif (alias.routes, alias.description) != (routes, wanted.description):
                raise ApiError(
                    "ConflictException",
                    "Failed to create alias because an alias with the same name and a "
                    "different routing configuration already exists.",
                )
            return {
                "stateMachineAliasArn": f"{machine.arn}:{name}",
                "creationDate": alias.created,
            }

    def _update(self, request: Request) -> Answer:
        with self._machines.lock, self._account.store.batch():
            machine, alias = self._find(request["stateMachineAliasArn"])
            self._machines.check_alive(machine)
            routing = request.get("routingConfiguration")
            if routing is None and request.get("description") is None:
                raise ApiError(
                    "ValidationException",
                    "Either the description or the routing configuration must be "
                    "specified",
                    members={"reason": "MISSING_REQUIRED_PARAMETER"},
                )
            if routing is not None:
                owner, routes = self._routes(routing)
                if owner is not machine:
                    raise _no_versions(routing)
                alias.routes = routes
            if request.get("description") is not None:
                alias.description = request["description"]
            alias.updated = self._account.now()
            self._machines.save(machine)
            return {"updateDate": alias.updated}

    def _describe(self, request: Request) -> Answer:
        with self._machines.lock:
            machine, alias = self._find(request["stateMachineAliasArn"])
            answer: Answer = {
                "stateMachineAliasArn": f"{machine.arn}:{alias.name}",
                "name": alias.name,
                "routingConfiguration": [
                    {"stateMachineVersionArn": arn, "weight": weight}
                    for arn, weight in alias.routes
                ],
                "creationDate": alias.created,
                "updateDate": alias.updated,
            }
            if alias.description is not None:
                answer["description"] = alias.description
            return answer

    def _delete(self, request: Request) -> Answer:
        with self._machines.lock, self._account.store.batch():
            try:
                machine, alias = self._find(request["stateMachineAliasArn"])
            except ApiError as error:
                if error.code == "ResourceNotFound":
                    return {}
                raise
            del machine.aliases[alias.name]
            self._machines.save(machine)
            return {}

    def _list(self, request: Request) -> Answer:
        arn: str = request["stateMachineArn"]
        with self._machines.lock:
            machine, qualifier = self._machines.find_qualified(arn)
            own = None
            if qualifier is not None:
                if version_of(machine, qualifier) is None:
                    raise ApiError("ResourceNotFound", _ABSENT)
                own = f"{machine.arn}:{int(qualifier)}"
            aliases = [
                alias
                for alias in machine.aliases.values()
                if own is None or own in dict(alias.routes)
            ]
        found, token = self._account.page(
            aliases,
            request,
            scope=f"aliases:{machine.arn}:{qualifier}",
            key=lambda alias: (alias.created, alias.name),
        )
        listed = [
            {
                "stateMachineAliasArn": f"{machine.arn}:{alias.name}",
                "creationDate": alias.created,
            }
            for alias in found
        ]
        return {"stateMachineAliases": listed} | ({"nextToken": token} if token else {})

    def _find(self, arn: str) -> tuple[StoredMachine, Alias]:
        check_arn(arn)
        machine, qualifier = self._find_qualified(arn)
        alias = machine.aliases.get(qualifier or "")
        if alias is None:
            raise ApiError("ResourceNotFound", _ABSENT)
        return machine, alias

    def _find_qualified(self, arn: str) -> tuple[StoredMachine, str | None]:
        """A machine; for aliases one that is missing is a missing resource."""
        try:
            return self._machines.find_qualified(arn)
        except ApiError as error:
            if error.code == "StateMachineDoesNotExist":
                raise ApiError("ResourceNotFound", _ABSENT) from None
            raise

    def _routes(self, routing: Json) -> tuple[StoredMachine, list[tuple[str, int]]]:
        """A routing configuration's machine and its versions with their weights."""
        arns = [entry["stateMachineVersionArn"] for entry in routing]
        weights = [entry["weight"] for entry in routing]
        for arn in arns:
            check_arn(arn)
        if any(not arn.split(":")[-1].isdigit() or arn.count(":") < 7 for arn in arns):
            raise _no_versions(routing)
        if len(set(arns)) < len(arns):
            raise _bad_routing(
                "Routing configuration must contain distinct state machine version "
                f"ARNs. Received: [{', '.join(arns)}]"
            )
        if sum(weights) != 100:
            raise _bad_routing(
                "Sum of routing configuration weights must equal 100. Received: "
                f"{weights}"
            )
        found = [self._find_qualified(arn) for arn in arns]
        owners = {machine.name: machine for machine, _ in found}
        if len(owners) > 1:
            raise _no_versions(routing)
        for machine, qualifier in found:
            if version_of(machine, qualifier or "") is None:
                raise ApiError("ResourceNotFound", _ABSENT)
        machine = found[0][0]
        return machine, [
            (f"{machine.arn}:{int(qualifier or 0)}", weight)
            for (_, qualifier), weight in zip(found, weights, strict=True)
        ]


_ABSENT = "Request references a resource that does not exist."


def _bad_routing(message: str) -> ApiError:
    return ApiError(
        "ValidationException",
        message,
        members={"reason": "INVALID_ROUTING_CONFIGURATION"},
    )


def _no_versions(routing: Json) -> ApiError:
    arns = ", ".join(entry["stateMachineVersionArn"] for entry in routing)
    return _bad_routing(
        "Routing configuration must contain state machine version ARNs. Received: "
        f"[{arns}]"
    )
