"""AWS's own description of its services, where botocore is installed.

In: a service and an action as an AWS SDK integration spells them. Out: the actions of a
service, the parameters of an action; None where nothing is known.
Never: needed: without botocore (extra `aws`) every answer is None. Imports botocore
when it is first asked.

Developer guide: "AWS SDK service integrations".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from asl.values import Json

if TYPE_CHECKING:
    from botocore.loaders import Loader

_RENAMED = {
    "accessanalyzer": "accessanalyzer",
    "applicationautoscaling": "application-autoscaling",
    "applicationdiscovery": "discovery",
    "applicationinsights": "application-insights",
    "autoscaling": "autoscaling",
    "cloudwatchevents": "events",
    "cloudwatchlogs": "logs",
    "cognitoidentityprovider": "cognito-idp",
    "configservice": "config",
    "costandusagereport": "cur",
    "costexplorer": "ce",
    "databasemigration": "dms",
    "directory": "ds",
    "directconnect": "directconnect",
    "eventbridge": "events",
    "elasticloadbalancing": "elb",
    "elasticloadbalancingv2": "elbv2",
    "elasticsearch": "es",
    "emrcontainers": "emr-containers",
    "iotdataplane": "iot-data",
    "iotjobsdataplane": "iot-jobs-data",
    "lexmodelbuilding": "lex-models",
    "lexruntime": "lex-runtime",
    "marketplaceentitlement": "marketplace-entitlement",
    "marketplacemetering": "meteringmarketplace",
    "sfn": "stepfunctions",
}
"""Services whose name there is not botocore's with the hyphens taken out."""


@dataclass(frozen=True, slots=True)
class Action:
    """One action of a service: its parameters by folded name, and those it needs."""

    name: str
    parameters: Mapping[str, str]
    """PascalCase names by their folded form."""
    required: tuple[str, ...]


@cache
def _loader() -> "Loader | None":
    try:
        from botocore.loaders import Loader
    except ImportError:
        return None
    return Loader()


@cache
def service_names() -> Mapping[str, str]:
    """botocore's name of each service, by the integration's."""
    loader = _loader()
    if loader is None:
        return {}
    known = loader.list_available_services("service-2")
    names = {name.replace("-", ""): name for name in known}
    renamed = {name: own for name, own in _RENAMED.items() if own in known}
    return {**names, **renamed}


@cache
def _model(service: str) -> Mapping[str, Json] | None:
    name = service_names().get(service.casefold())
    loader = _loader()
    if name is None or loader is None:
        return None
    model: Mapping[str, Json] = loader.load_service_model(name, "service-2")
    return model


def find_model(service: str) -> Mapping[str, Json] | None:
    """botocore's whole description of a service: its operations and shapes."""
    return _model(service)


@cache
def actions_of(service: str) -> Mapping[str, str] | None:
    """The actions of a service by folded name, as integrations spell them."""
    model = _model(service)
    if model is None:
        return None
    return {name.casefold(): name[0].lower() + name[1:] for name in model["operations"]}


@cache
def find_action(service: str, action: str) -> Action | None:
    """One action, its capitals not counting."""
    model = _model(service)
    if model is None:
        return None
    for name, operation in model["operations"].items():
        if name.casefold() == action.casefold():
            return _read(name, operation, model["shapes"])
    return None


@cache
def errors_of(service: str, action: str) -> tuple[str, ...]:
    """The errors that an action is documented to give, by their shapes' names."""
    model = _model(service)
    for name, operation in {} if model is None else model["operations"].items():
        if name.casefold() == action.casefold():
            return tuple(error["shape"] for error in operation.get("errors", ()))
    return ()


@cache
def service_id(service: str) -> str | None:
    """A service's own name for itself, as SDKs make class names of: `DynamoDB`."""
    model = _model(service)
    if model is None:
        return None
    found: str | None = model["metadata"].get("serviceId")
    return found


def _read(
    name: str, operation: Mapping[str, Json], shapes: Mapping[str, Json]
) -> Action:
    shape = shapes[operation["input"]["shape"]] if "input" in operation else {}
    members = shape.get("members", {})
    spelt = {key.casefold(): key[0].upper() + key[1:] for key in members}
    required = tuple(
        key[0].upper() + key[1:]
        for key in shape.get("required", ())
        if not members[key].get("idempotencyToken")
    )
    return Action(name[0].lower() + name[1:], spelt, required)
