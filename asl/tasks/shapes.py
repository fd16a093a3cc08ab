"""Documented shapes: what a resource's result looks like before anybody has called it.

In: a Resource. Out: a result made of placeholders, as botocore's model describes it;
where botocore or the operation is missing, an object of which nothing is known.
Never: calls AWS, or reads credentials or settings; only botocore's data files. The only
module that imports botocore, and only when it is asked.

Developer guide, "Integrating services": results of SDK integrations are spelt in
PascalCase, recursively; of optimized ones too; `.sync` gives the finished job,
`.waitForTaskToken` what comes back with the token.
"""

import re
from functools import lru_cache
from typing import Any

from asl.model.resource import Resource
from asl.tasks.unknown import Unknowns
from asl.values import Json

_SERVICES = {
    # Step Functions names a service as the SDK for Java does, botocore by its folder.
    "applicationdiscoveryservice": "discovery",
    "cloudwatchlogs": "logs",
    "cognitoidentityprovider": "cognito-idp",
    "configservice": "config",
    "costandusagereportservice": "cur",
    "costexplorer": "ce",
    "databasemigration": "dms",
    "databasemigrationservice": "dms",
    "directoryservice": "ds",
    "directoryservicedata": "ds-data",
    "elasticloadbalancing": "elb",
    "elasticloadbalancingv2": "elbv2",
    "elasticmapreduce": "emr",
    "elasticsearch": "es",
    "elasticsearchservice": "es",
    "eventbridge": "events",
    "iotdataplane": "iot-data",
    "iotjobsdataplane": "iot-jobs-data",
    "lexmodelbuilding": "lex-models",
    "lexmodelsv2": "lexv2-models",
    "lexruntime": "lex-runtime",
    "lexruntimev2": "lexv2-runtime",
    "marketplaceentitlement": "marketplace-entitlement",
    "marketplacemetering": "meteringmarketplace",
    "migrationhub": "mgh",
    "pinpointsmsvoice": "sms-voice",
    "serverlessapplicationrepository": "serverlessrepo",
    "sfn": "stepfunctions",
    "simpledb": "sdb",
    "states": "stepfunctions",
}

_METADATA: dict[str, Json] = {"SdkHttpMetadata": {}, "SdkResponseMetadata": {}}

_DESCRIBED: dict[str, Json] = {
    "ExecutionArn": "string",
    "Input": {},
    "InputDetails": {"Included": "boolean"},
    "Name": "string",
    "Output": {},
    "OutputDetails": {"Included": "boolean"},
    "StartDate": "integer",
    "StateMachineArn": "string",
    "Status": "string",
    "StopDate": "integer",
}

_WRITTEN_OUT: dict[tuple[str, str, str], Json] = {
    # Results that no model of the service describes; {} is anything, a text its kind.
    ("lambda", "invoke", "request"): {
        "ExecutedVersion": "string",
        "Payload": {},
        **_METADATA,
        "StatusCode": "integer",
    },
    ("http", "invoke", "request"): {
        "Headers": {},
        "ResponseBody": {},
        "StatusCode": "integer",
        "StatusText": "string",
    },
    ("apigateway", "invoke", "request"): {
        "Headers": {},
        "ResponseBody": {},
        "StatusCode": "integer",
        "StatusText": "string",
    },
    ("bedrock", "invokeModel", "request"): {"Body": {}, "ContentType": "string"},
    ("states", "startExecution", "request"): {
        "ExecutionArn": "string",
        **_METADATA,
        "StartDate": "integer",
    },
    ("states", "startExecution", "sync"): {
        **_DESCRIBED,
        "Input": "string",
        "Output": "string",
    },
    ("states", "startExecution", "sync:2"): _DESCRIBED,
    ("elasticmapreduce", "createCluster", "request"): {"ClusterId": "string"},
}

_JOBS: dict[tuple[str, str], tuple[str, str]] = {
    # What `.sync` waits for: the operation that describes the job, and where in its
    # answer the job stands (a member; "" for the whole; a list means its first entry).
    ("athena", "startQueryExecution"): ("GetQueryExecution", ""),
    ("batch", "submitJob"): ("DescribeJobs", "jobs"),
    ("bedrock", "createModelCustomizationJob"): ("GetModelCustomizationJob", ""),
    ("databrew", "startJobRun"): ("DescribeJobRun", ""),
    ("ecs", "runTask"): ("DescribeTasks", "tasks"),
    ("emr-containers", "startJobRun"): ("DescribeJobRun", "jobRun"),
    ("emr-serverless", "startJobRun"): ("GetJobRun", ""),
    ("glue", "startJobRun"): ("GetJobRun", "JobRun"),
    ("mediaconvert", "createJob"): ("GetJob", ""),
    ("sagemaker", "createHyperParameterTuningJob"): (
        "DescribeHyperParameterTuningJob",
        "",
    ),
    ("sagemaker", "createLabelingJob"): ("DescribeLabelingJob", ""),
    ("sagemaker", "createProcessingJob"): ("DescribeProcessingJob", ""),
    ("sagemaker", "createTrainingJob"): ("DescribeTrainingJob", ""),
    ("sagemaker", "createTransformJob"): ("DescribeTransformJob", ""),
}

_DEPTHS = (12, 6, 4, 3, 2)
_PLACES = 2_000
"""More placeholders than this say nothing, and might not fit the payload limit."""


def documented_result(resource: Resource, unknowns: Unknowns, state: str) -> Json:
    """A task's result as it is documented, every value in it a placeholder."""
    key = (resource.service, resource.action, resource.pattern)
    if resource.family == "task" and (shape := _WRITTEN_OUT.get(key)) is not None:
        return _Writer(unknowns, state, 12).write_out(shape, "$")
    if resource.family == "task" and resource.pattern != "token":
        model = find_shape(resource)
        for depth in _DEPTHS if model is not None else ():
            try:
                result = _Writer(unknowns, state, depth).write(model, "$", ())
            except _TooMuch:
                continue
            is_sdk = resource.service.startswith("aws-sdk:")
            if not is_sdk and resource.pattern == "request":
                for name in _METADATA:
                    result[name] = unknowns.object(state, f"$.{name}")
            return result
    return unknowns.object(state, "$")


def find_shape(resource: Resource) -> Any:
    """botocore's model of a task's result, or None where nothing is known."""
    service, operation, member = resource.service, resource.action, ""
    if resource.pattern in ("sync", "sync:2"):
        job = _JOBS.get((service, resource.action))
        if job is None:
            return None
        operation, member = job
    shape = output_shape(service.removeprefix("aws-sdk:"), operation)
    if shape is None or not member:
        return shape
    inner = shape.members[member]
    return inner.member if inner.type_name == "list" else inner


@lru_cache(maxsize=256)
def output_shape(service: str, operation: str) -> Any:
    """The output shape of an operation; both named as Step Functions names them."""
    found = find_operation(service, operation)
    return None if found is None else found.output_shape


def find_operation(service: str, operation: str) -> Any:
    """botocore's model of an operation, named as Step Functions does; None if unknown.

    Its service is `service_model.service_name`, as boto3 makes clients by it.
    """
    model = _service_model(service)
    for name in () if model is None else model.operation_names:
        if name.lower() == operation.lower():
            return model.operation_model(name)
    return None


def _service_model(service: str) -> Any:
    try:
        from botocore.loaders import create_loader
        from botocore.model import ServiceModel
    except ImportError:
        return None
    loader = create_loader()
    wanted = re.sub("[^a-z0-9]", "", service.lower())
    folder = _SERVICES.get(wanted)
    if folder is None:
        names = loader.list_available_services("service-2")
        folder = next((n for n in names if n.replace("-", "") == wanted), None)
    if folder is None:
        return None
    return ServiceModel(loader.load_service_model(folder, "service-2"), folder)


class _TooMuch(Exception):
    """The result has more places than anybody would look at."""


class _Writer:
    """Fills one shape with placeholders."""

    def __init__(self, unknowns: Unknowns, state: str, depth: int) -> None:
        self.unknowns = unknowns
        self.state = state
        self.depth = depth
        self.places = 0

    def write(self, shape: Any, path: str, above: tuple[str, ...]) -> Json:
        """A botocore shape; what contains itself or lies too deep stays unknown."""
        self.places += 1
        if self.places > _PLACES:
            raise _TooMuch
        kind = shape.type_name
        if kind == "structure":
            is_open = getattr(shape, "is_document_type", False)
            if is_open or shape.name in above or len(above) >= self.depth:
                return self.unknowns.object(self.state, path)
            result = self.unknowns.object(self.state, path)
            for member, inner in shape.members.items():
                name = member[:1].upper() + member[1:]
                below = (*above, shape.name)
                result[name] = self.write(inner, f"{path}.{name}", below)
            return result
        if kind == "list":
            return [self.write(shape.member, f"{path}[0]", above)]
        if kind == "map":
            return self.unknowns.object(self.state, path)
        one_of = shape.enum if kind == "string" else ()
        return self.unknowns.text(self.state, path, kind, one_of)

    def write_out(self, shape: Json, path: str) -> Json:
        """A shape that is written out above."""
        if isinstance(shape, str):
            return self.unknowns.text(self.state, path, shape)
        result = self.unknowns.object(self.state, path)
        for key, item in shape.items():
            result[key] = self.write_out(item, f"{path}.{key}")
        return result
