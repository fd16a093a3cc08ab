"""Tasks: does the resource exist, does it get what it needs, may it run so?

In: a Definition. Out: Findings about resources, integration patterns, timers,
parameters.
Never: takes an ARN apart (model/resource.py) or knows AWS's services by itself:
integrations.py and api_models.py hold what is known of them.

States Language specification: "Task State".
"""

from collections.abc import Iterator, Mapping

from asl.checks.api_models import Action, actions_of, find_action, service_names
from asl.checks.fault import find_near
from asl.checks.integrations import (
    OPTIMIZED,
    REQUIRED,
    TRANSIENT_LAMBDA_ERRORS,
)
from asl.checks.rules import SCHEMA, Finding, rule
from asl.checks.sites import Site
from asl.checks.subject import Definition, Node
from asl.expressions.jsonpath_steps import Name
from asl.model.resource import Resource
from asl.problem import Severity
from asl.values import Json

_SUFFIXES = {"sync": ".sync", "sync:2": ".sync:2", "token": ".waitForTaskToken"}


def _tasks(subject: Definition) -> Iterator[tuple[Node, Resource]]:
    """Tasks whose resource is written out and understood."""
    for node in subject.states:
        resource = node.resource
        if resource is not None and "${" not in resource.arn:
            yield node, resource


def _sdk(resource: Resource) -> str | None:
    """The service of an AWS SDK integration."""
    service = resource.service
    return service[len("aws-sdk:") :] if service.startswith("aws-sdk:") else None


def _optimized(resource: Resource) -> bool:
    return resource.family == "task" and _sdk(resource) is None


# --- resources and patterns


@rule(
    "ASL503",
    "an integration that Step Functions does not have",
    why="Only some services have optimized integrations, each with some actions; AWS "
    "refuses any other.",
    fix="Use arn:aws:states:::aws-sdk:service:action for what has none.",
    spec="Developer guide: Integrating services",
    severity=Severity.ERROR,
    aws_code=SCHEMA,
)
def find_unknown_integrations(subject: Definition) -> Iterator[Finding]:
    """Optimized integrations of services or actions that have none."""
    for node, resource in _tasks(subject):
        if not _optimized(resource):
            continue
        actions = OPTIMIZED.get(resource.service)
        if actions is None:
            near = find_near(resource.service, OPTIMIZED)
            yield Finding(
                pointer=node.at("Resource"),
                message=f"{resource.service} has no optimized integration",
                suggestion=f"did you mean {near}?"
                if near
                else f"use aws-sdk:{resource.service}:{resource.action}",
            )
        elif resource.action not in actions:
            near = find_near(resource.action, actions)
            yield Finding(
                pointer=node.at("Resource"),
                message=f"the integration of {resource.service} has no action "
                f"{resource.action}",
                suggestion=f"did you mean {near}?"
                if near
                else f"use aws-sdk:{resource.service}:{resource.action}",
            )


@rule(
    "ASL504",
    "an integration pattern that the service does not have",
    why="Only services that run jobs can be waited for with .sync, and a token can be "
    "given only to some; AWS refuses the others.",
    fix="Call without the suffix, and wait by asking again or with a token.",
    spec="Developer guide: Service integration patterns",
    severity=Severity.ERROR,
    aws_code=SCHEMA,
)
def find_unknown_patterns(subject: Definition) -> Iterator[Finding]:
    """.sync and .waitForTaskToken on integrations that lack them."""
    for node, resource in _tasks(subject):
        if resource.family != "task" or resource.pattern == "request":
            continue
        patterns: frozenset[str] = frozenset(("token",))
        if _optimized(resource):
            actions = OPTIMIZED.get(resource.service, {})
            if resource.action not in actions:
                continue
            patterns = actions[resource.action]
        if resource.pattern not in patterns:
            offers = [_SUFFIXES[name] for name in _SUFFIXES if name in patterns]
            yield Finding(
                pointer=node.at("Resource"),
                message=f"{resource.service}:{resource.action} has no "
                f"{_SUFFIXES[resource.pattern]}",
                suggestion=f"it has {' and '.join(offers)}" if offers else "remove it",
            )


@rule(
    "ASL505",
    "a heartbeat that is no shorter than the timeout",
    why="The task is over by its timeout before a heartbeat can be missed.",
    fix="Give HeartbeatSeconds a number smaller than TimeoutSeconds.",
    spec="States Language: Timeouts and Heartbeats",
)
def find_long_heartbeats(subject: Definition) -> Iterator[Finding]:
    """HeartbeatSeconds of at least TimeoutSeconds."""
    for node in subject.states:
        beat = node.value.get("HeartbeatSeconds")
        limit = node.value.get("TimeoutSeconds")
        if node.type != "Task" or type(beat) is not int or type(limit) is not int:
            continue
        if beat >= limit:
            yield Finding(
                pointer=node.at("HeartbeatSeconds"),
                message=f"HeartbeatSeconds ({beat}) must be smaller than "
                f"TimeoutSeconds ({limit})",
            )


def _reads_token(site: Site) -> bool:
    if site.kind == "jsonata":
        if site.plain is not None:
            return site.plain[:2] == ("states", "context") or site.plain == ("states",)
        expression = site.expression
        return expression is None or "context" in expression.states_members
    if site.kind == "intrinsic" and site.call is None:
        return True  # cannot be read, and is reported as such
    for path, _ in site.paths:
        first = path.steps[0] if path.steps else None
        if path.root == "$$" and (not isinstance(first, Name) or first.key == "Task"):
            return True
    return False


def _holds_placeholder(value: Json) -> bool:
    return isinstance(value, str) and "${" in value


@rule(
    "ASL506",
    "a token that nobody gets",
    why="The state waits until somebody sends the task's token back; a token that is "
    "not in the payload cannot be sent back.",
    fix='Pass it: "token.$": "$$.Task.Token", or {% $states.context.Task.Token %}.',
    spec="Developer guide: Wait for a callback with the task token",
)
def find_lost_tokens(subject: Definition) -> Iterator[Finding]:
    """.waitForTaskToken without $$.Task.Token in the payload."""
    for node, resource in _tasks(subject):
        payload = node.value.get(node.payload_field)
        if resource.pattern != "token" or _holds_placeholder(payload):
            continue
        if not any(_reads_token(site) for site in subject.sites_in(node)):
            yield Finding(
                pointer=node.at("Resource"),
                message="the task waits for its token, and its payload does not pass "
                "the token on",
                suggestion="add {% $states.context.Task.Token %} to Arguments"
                if node.jsonata
                else 'add "TaskToken.$": "$$.Task.Token" to Parameters',
            )


@rule(
    "ASL507",
    "a wait for a token without an end",
    why="If the token never comes back, the execution waits for up to a year.",
    fix="Set TimeoutSeconds or HeartbeatSeconds.",
    spec="Developer guide: Best practices, use timeouts",
    severity=Severity.INFO,
)
def find_endless_waits(subject: Definition) -> Iterator[Finding]:
    """.waitForTaskToken without a timeout."""
    timers = ("TimeoutSeconds", "HeartbeatSeconds")
    fields = [*timers, *(f"{name}Path" for name in timers)]
    if "TimeoutSeconds" in (subject.machines[0].value if subject.machines else ()):
        return
    for node, resource in _tasks(subject):
        if resource.pattern == "token" and not any(f in node.value for f in fields):
            yield Finding(
                pointer=node.at("Resource"),
                message="the task waits for its token without a timeout",
                suggestion="set TimeoutSeconds",
            )


@rule(
    "ASL508",
    "a Lambda task without a retry",
    why="Calls of Lambda fail now and then for reasons of the service; AWS recommends "
    "to retry them.",
    fix=f"Retry {', '.join(TRANSIENT_LAMBDA_ERRORS)}.",
    spec="Developer guide: Best practices, transient Lambda exceptions",
    severity=Severity.INFO,
)
def find_missing_retries(subject: Definition) -> Iterator[Finding]:
    """Lambda tasks that do not retry the service's transient errors."""
    enough = {*TRANSIENT_LAMBDA_ERRORS, "States.ALL", "States.TaskFailed"}
    for node, resource in _tasks(subject):
        if resource.service != "lambda":
            continue
        names = [
            name
            for _, retrier in node.objects("Retry")
            for name in retrier.get("ErrorEquals") or ()
            if isinstance(name, str)
        ]
        if enough.isdisjoint(names):
            yield Finding(
                pointer=node.pointer,
                message="the Lambda task does not retry transient errors of Lambda",
                suggestion="add a retrier for Lambda.ServiceException and its like",
                on_key=True,
            )


# --- parameters


def _given(node: Node) -> Mapping[str, str] | None:
    """The parameters of a task: their keys by name; None where they are not known."""
    payload = node.value.get(node.payload_field)
    if not isinstance(payload, dict):
        return None
    if node.jsonata:
        return {key: key for key in payload}
    return {key.removesuffix(".$"): key for key in payload}


@rule(
    "ASL509",
    "a parameter that the integration needs",
    why="The call cannot be made without it.",
    fix="Add the parameter.",
    spec="Developer guide: Integrating services",
)
def find_missing_parameters(subject: Definition) -> Iterator[Finding]:
    """Calls that lack a required parameter."""
    for node, resource in _tasks(subject):
        given = _given(node)
        if given is None:
            continue
        required: tuple[str, ...] = ()
        if _optimized(resource):
            required = REQUIRED.get(f"{resource.service}:{resource.action}", ())
        elif action := _action(resource):
            required = action.required
        folded = {name.casefold() for name in given}
        missing = [name for name in required if name.casefold() not in folded]
        if missing:
            yield Finding(
                pointer=node.at(node.payload_field),
                message=f"{resource.service}:{resource.action} needs "
                f"{' and '.join(missing)}",
                on_key=True,
            )


def _action(resource: Resource) -> Action | None:
    service = _sdk(resource)
    return find_action(service, resource.action) if service else None


@rule(
    "ASL510",
    "an action that the service does not have",
    why="AWS SDK integrations take the actions of the service's API, with a small "
    "first letter; AWS refuses any other.",
    fix="Spell the action as the API does: aws-sdk:dynamodb:listTables.",
    spec="Developer guide: AWS SDK service integrations",
)
def find_unknown_actions(subject: Definition) -> Iterator[Finding]:
    """AWS SDK integrations of services or actions that botocore does not know."""
    for node, resource in _tasks(subject):
        service = _sdk(resource)
        if service is None:
            continue
        actions = actions_of(service)
        if actions is None:
            known = service_names()
            near = find_near(service, known) if known else None
            # botocore names some services otherwise: only a slip of the pen is told.
            if near and _is_slip(service, near):
                yield Finding(
                    pointer=node.at("Resource"),
                    message=f"no AWS service is named {service}",
                    suggestion=f"did you mean {near}?",
                )
            continue
        spelt = actions.get(resource.action.casefold())
        if spelt is None:
            near = find_near(resource.action, actions.values())
            yield Finding(
                pointer=node.at("Resource"),
                message=f"{service} has no action {resource.action}",
                suggestion=f"did you mean {near}?" if near else None,
            )
        elif resource.action[0].isupper():
            yield Finding(
                pointer=node.at("Resource"),
                message="actions begin with a small letter",
                suggestion=f"write {spelt}",
            )


def _is_slip(name: str, known: str) -> bool:
    return len(name) > 4 and sorted(name) == sorted(known)


@rule(
    "ASL511",
    "a parameter that the action does not have",
    why="AWS refuses parameters that the API does not know; they are spelt in "
    "PascalCase, also where the API's own are not.",
    fix="Spell the parameter as the API does, with a capital first letter.",
    spec="Developer guide: AWS SDK service integrations",
)
def find_unknown_parameters(subject: Definition) -> Iterator[Finding]:
    """Parameters of AWS SDK integrations that botocore does not know."""
    for node, resource in _tasks(subject):
        action, given = _action(resource), _given(node)
        if action is None or given is None:
            continue
        for name, key in given.items():
            spelt = action.parameters.get(name.casefold())
            if spelt is None:
                near = find_near(name, action.parameters.values())
                hint = f"did you mean {near}?" if near else None
                message = f"{resource.action} has no parameter {name}"
            elif name[:1].islower():
                hint = f"write {spelt}"
                message = "parameters begin with a capital letter"
            else:
                continue
            yield Finding(
                pointer=node.at(node.payload_field, key),
                message=message,
                suggestion=hint,
                on_key=True,
            )
