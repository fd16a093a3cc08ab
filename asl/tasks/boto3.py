"""boto3 as the world: integrations call whatever service boto3 is configured to reach.

In: nothing, or a session. Out: Tasks that answer SDK integrations, optimized ones and
Lambda functions through boto3: moto, a local endpoint, or AWS itself.
Never: chooses an endpoint, or credentials: boto3's settings do. What is bound with
`bind` goes before boto3; activities, HTTP tasks, API Gateway are not boto3's to call.

    tasks = asl.tasks.boto3.tasks()
    asl.run(machine, tasks=tasks)

Developer guide: "Integrating services"; forms of results and errors are recorded.
"""

import threading  # noqa: TID251 - a lock alone: boto3's sessions bear no two threads
from collections.abc import Collection
from functools import lru_cache, partial
from typing import Any

from asl.engine.messages import Instant, StartTask, TaskFailed
from asl.engine.parameters import cannot_start
from asl.errors import TaskError, UsageError
from asl.model.failure import RUNTIME
from asl.model.resource import Resource, find_resource
from asl.tasks.answer import Answer, Job, Ready
from asl.tasks.boto3_data import ParameterReader, sdk_metadata, unfold, write_result
from asl.tasks.boto3_errors import task_error
from asl.tasks.boto3_jobs import finish, is_job
from asl.tasks.integrations import Plan
from asl.tasks.lambda_context import LambdaContext
from asl.tasks.matching import is_invoke
from asl.tasks.registry import Tasks
from asl.tasks.shapes import find_operation
from asl.values import Json, NotJson, json_text, parse_json

_ELSEWHERE = {("bedrock", "invokeModel"): "bedrock-runtime"}
"""Actions of a service that another one has in boto3."""

_JSON_MEMBERS = {
    # Texts and bytes of the API that the integration gives as JSON.
    ("bedrock", "invokeModel"): "Body",
    ("aws-sdk:bedrockruntime", "invokeModel"): "Body",
    ("aws-sdk:lambda", "invoke"): "Payload",
}

_find = lru_cache(maxsize=256)(find_operation)


def tasks(session: Any = None, only: Collection[str] | None = None) -> "Boto3Tasks":
    """Tasks that call AWS services through boto3, of a session or its default one.

    `only` names the services to be called, as in a Resource: `sqs`, `s3`, `lambda`.
    """
    try:
        import boto3  # noqa: F401
    except ImportError:
        raise UsageError(
            'asl.tasks.boto3.tasks needs the extra "aws": pip install "aslkit[aws]"'
        ) from None
    if session is not None and not callable(getattr(session, "client", None)):
        raise UsageError(f"session is a boto3.Session, not {session!r}")
    if isinstance(only, str):
        raise UsageError(f"only is a list of services, not the text {only!r}")
    names = None if only is None else frozenset(name.lower() for name in only)
    return Boto3Tasks(session, names)


class Boto3Tasks(Tasks):
    """A table of tasks with boto3 behind it; made by `tasks()`."""

    def __init__(self, session: Any, only: frozenset[str] | None) -> None:
        super().__init__()
        self._session = session
        self._only = only
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, str | None], Any] = {}

    def missing_for(self, resources: Collection[str]) -> list[str]:
        """Those of the resources that neither a callable nor boto3 answers."""
        missing = super().missing_for(resources)
        return [name for name in missing if not self._can_call(name)]

    def prepare(self, effect: StartTask, now: Instant) -> Job | Ready:
        """The call that the effect asks for: a bound callable's, or boto3's."""
        resource = find_resource(effect.resource)
        if resource is None or self._is_bound(effect, resource):
            return super().prepare(effect, now)
        if resource.family == "lambda":
            return Job(self._plan_of(resource, self._call_function), effect, now)
        operation = self._operation(resource)
        if operation is None:
            return super().prepare(effect, now)  # which says that nothing is bound
        reader = ParameterReader()
        request = effect.payload
        if is_invoke(resource) and isinstance(request, dict):
            request = {**request, "Payload": json_text(request.get("Payload", {}))}
        parameters = reader.read(operation.input_shape, request)
        if reader.reasons:
            cause = cannot_start(effect.payload, ", ".join(reader.reasons))
            failed = TaskFailed(effect.id, 0, RUNTIME, cause, "runtime")
            return Ready(Answer([(0, failed)]))
        call = partial(self._call, operation, parameters)
        return Job(self._plan_of(resource, call), effect, now, self.tokens)

    def _is_bound(self, effect: StartTask, resource: Resource) -> bool:
        """Whether a callable of one's own stands for the resource."""
        if resource.family == "activity":
            return True
        if not self._bindings:
            return False
        name = resource.arn
        if is_invoke(resource) and not self.binds(name):
            request = effect.payload if isinstance(effect.payload, dict) else {}
            name = str(request.get("FunctionName"))
        return self._serves(name)

    def _can_call(self, name: str) -> bool:
        resource = find_resource(name)
        if resource is None or resource.family == "lambda":
            return self._may_call("lambda")  # a function's name, or its ARN
        return self._operation(resource) is not None

    def _may_call(self, service: str) -> bool:
        service = service.lower()
        plain = service.removeprefix("aws-sdk:")
        return self._only is None or not self._only.isdisjoint((service, plain))

    def _operation(self, resource: Resource) -> Any:
        """botocore's model of what a resource calls; None where boto3 cannot."""
        if not self._may_call(resource.service):
            return None
        key = (resource.service, resource.action)
        service = _ELSEWHERE.get(key) or resource.service.removeprefix("aws-sdk:")
        found = _find(service, resource.action)
        is_sync = resource.pattern in ("sync", "sync:2")
        return None if is_sync and not is_job(resource) else found

    def _plan_of(self, resource: Resource, function: Any) -> Plan:
        return Plan(
            kind="lambda" if resource.family == "lambda" else "service",
            pattern=resource.pattern,
            function=partial(function, resource),
            takes_context=True,
            is_async=False,
            limit_us=None,
            function_name=resource.action,
        )

    def _client(self, service: str, region: str | None) -> Any:
        """A client, made once; where boto3 has no region, the execution's counts."""
        import boto3
        from botocore.config import Config

        with self._lock:
            key = (service, region)
            if key not in self._clients:
                session = self._session or boto3.DEFAULT_SESSION or boto3.Session()
                own = getattr(session, "region_name", None)
                # The service says what is missing, as it does on AWS.
                config = Config(parameter_validation=False)
                self._clients[key] = session.client(
                    service, region_name=own or region, config=config
                )
            return self._clients[key]

    def _send(
        self, operation: Any, parameters: Any, service: str, context: LambdaContext
    ) -> Any:
        """Call the service; what goes wrong is a TaskError."""
        from botocore import xform_name
        from botocore.exceptions import BotoCoreError, ClientError

        parts = context.execution_arn.split(":")
        region = parts[3] if len(parts) > 3 else None
        try:
            client = self._client(operation.service_model.service_name, region)
            return getattr(client, xform_name(operation.name))(**parameters)
        except (BotoCoreError, ClientError) as error:
            raise task_error(error, service, operation) from error

    def _call(
        self,
        operation: Any,
        parameters: Any,
        resource: Resource,
        event: Json,
        context: LambdaContext,
    ) -> Any:
        """One integration."""
        service = resource.service
        is_sdk = service.startswith("aws-sdk:")
        answer = self._send(operation, parameters, service, context)
        shape = operation.output_shape
        result = {} if shape is None else write_result(shape, answer, is_sdk=is_sdk)
        if member := _JSON_MEMBERS.get((service, resource.action)):
            result = unfold(result, member)
        if is_sdk:
            return result
        if is_invoke(resource):
            result = _function_result(result, is_direct=False)
        if (service, resource.action) == ("events", "putEvents") and result.get(
            "FailedEntryCount"
        ):
            raise TaskError("EventBridge.FailedEntry", json_text(result))
        response = dict(sorted({**result, **sdk_metadata(answer)}.items()))
        if resource.pattern not in ("sync", "sync:2"):
            return response

        def ask(name: str, wanted: dict[str, Any]) -> tuple[Any, Json]:
            asked = _find(service, name)
            found = self._send(asked, wanted, service, context)
            return found, write_result(asked.output_shape, found, is_sdk=False)

        return finish(resource, parameters, answer, response, ask, context)

    def _call_function(
        self, resource: Resource, event: Json, context: LambdaContext
    ) -> Json:
        """A Lambda function, by its ARN."""
        operation = _find("lambda", "invoke")
        sent = json_text(event).encode("utf-8", "surrogatepass")
        parameters = {"FunctionName": resource.arn, "Payload": sent}
        answer = self._send(operation, parameters, "lambda", context)
        result = write_result(operation.output_shape, answer, is_sdk=False)
        return _function_result(result, is_direct=True)["Payload"]


def _function_result(result: dict[str, Json], *, is_direct: bool) -> dict[str, Json]:
    """What lambda:invoke gives; a TaskError where the function failed."""
    text = result.get("Payload", "")
    try:
        payload = parse_json(text) if text else ""
    except NotJson:
        payload = text
    if result.get("FunctionError") is None:
        return {**result, "Payload": payload}
    name = payload.get("errorType") if isinstance(payload, dict) else None
    if not isinstance(name, str):
        raise TaskError(
            "Lambda.Unknown",
            "The cause could not be determined because Lambda did not return an error "
            f"type. Returned payload: {text}",
        )
    raise TaskError(name, text if is_direct else json_text(payload))
