"""Errors of boto3, under the names and with the causes that Step Functions gives them.

In: an exception of botocore, the operation that raised it. Out: a TaskError; UsageError
where the call never had a chance, because credentials or a region are missing.
Never: calls anything.

Optimized integrations speak as the SDK for Java 1 (`SQS.AmazonSQSException`), SDK
integrations as the SDK for Java 2 (`Sqs.SqsException`); recorded are both forms, some
services' names, and which errors have a name of their own: those of the API's model.
"""

from typing import Any

from asl.errors import TaskError, UsageError
from asl.tasks.boto3_data import java_name

_OPTIMIZED = {
    # service: the error's prefix, the service in the cause, its own exception
    "athena": ("Athena", "AmazonAthena", "AmazonAthenaException"),
    "batch": ("Batch", "AWSBatch", "AWSBatchException"),
    "codebuild": ("CodeBuild", "AWSCodeBuild", "AWSCodeBuildException"),
    "dynamodb": ("DynamoDB", "AmazonDynamoDBv2", "AmazonDynamoDBException"),
    "ecs": ("ECS", "AmazonECS", "AmazonECSException"),
    "events": ("EventBridge", "AmazonEventBridge", "AmazonEventBridgeException"),
    "glue": ("Glue", "AWSGlue", "AWSGlueException"),
    "lambda": ("Lambda", "AWSLambda", "AWSLambdaException"),
    "sagemaker": ("SageMaker", "AmazonSageMaker", "AmazonSageMakerException"),
    "sns": ("SNS", "AmazonSNS", "AmazonSNSException"),
    "sqs": ("SQS", "AmazonSQS", "AmazonSQSException"),
    "states": ("StepFunctions", "AWSStepFunctions", "AWSStepFunctionsException"),
}


def task_error(error: Exception, service: str, operation: Any) -> TaskError:
    """What a failed call makes the task fail with."""
    from botocore.exceptions import (
        ClientError,
        NoCredentialsError,
        NoRegionError,
        PartialCredentialsError,
    )

    if isinstance(error, (NoCredentialsError, NoRegionError, PartialCredentialsError)):
        raise UsageError(
            f"{service}:{operation.name} cannot be called through boto3: {error}. Set "
            "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_DEFAULT_REGION (any "
            "value will do where moto or another stand-in answers)"
        ) from None
    is_sdk = service.startswith("aws-sdk:")
    if not isinstance(error, ClientError):
        prefix = (
            java_name(operation.service_model.metadata["serviceId"])
            if is_sdk
            else _names(service, operation)[0]
        )
        return TaskError(f"{prefix}.SdkClientException", str(error))
    return (
        _of_sdk(error, operation)
        if is_sdk
        else _of_optimized(error, service, operation)
    )


def _of_sdk(error: Any, operation: Any) -> TaskError:
    """As the SDK for Java 2 speaks."""
    prefix = java_name(operation.service_model.metadata["serviceId"])
    code, message, told = _read(error)
    name = _modelled(error, operation)
    name = name and java_name(name)
    if code.isdecimal():  # the answer to a HEAD, which has no body
        message = ""
        name = _of_status(operation, code) or name
    tail = f"(Service: {prefix}, Status Code: {told.get('HTTPStatusCode', 400)}"
    tail += f", Request ID: {told.get('RequestId', '')}"
    if (host := told.get("HostId")) is not None:
        tail += f", Extended Request ID: {host}"
    tail += ")"
    attempts = int(told.get("RetryAttempts", 0)) + 1
    cause = f"{message} {tail}" if message else tail
    cause += f" (SDK Attempt Count: {attempts})"
    if not message:
        cause += f" {tail}"
    return TaskError(f"{prefix}.{name or f'{prefix}Exception'}", cause)


def _of_optimized(error: Any, service: str, operation: Any) -> TaskError:
    """As the SDK for Java 1 speaks."""
    prefix, said, generic = _names(service, operation)
    code, message, told = _read(error)
    name = _modelled(error, operation) or generic
    cause = (
        f"{message} (Service: {said}; Status Code: {told.get('HTTPStatusCode', 400)}; "
        f"Error Code: {code}; Request ID: {told.get('RequestId', '')}; Proxy: null)"
    )
    return TaskError(f"{prefix}.{name}", cause)


def _read(error: Any) -> tuple[str, str, dict[str, Any]]:
    told = error.response.get("Error", {})
    code, message = str(told.get("Code", "")), str(told.get("Message") or "")
    return code, message, error.response.get("ResponseMetadata", {})


def _modelled(error: Any, operation: Any) -> str | None:
    """The exception's name, where the API's model has an error of this code."""
    told = error.response.get("Error", {})
    for key in ("QueryErrorCode", "Code"):  # the first where a service has had two
        code = str(told.get(key, ""))
        shape = operation.service_model.shape_for_error_code(code)
        if shape is not None:
            return _exception(shape.name)
    return None


def _of_status(operation: Any, code: str) -> str | None:
    """The only error that an operation is documented to have with a status."""
    shapes = operation.error_shapes
    fits = [
        shape
        for shape in shapes
        if str(shape.metadata.get("error", {}).get("httpStatusCode", code)) == code
    ]
    return _exception(fits[0].name) if code == "404" and len(fits) == 1 else None


def _exception(shape: str) -> str:
    name = shape.removesuffix("Fault") if shape.endswith("Fault") else shape
    name = name[:1].upper() + name[1:]
    return name if name.endswith("Exception") else f"{name}Exception"


def _names(service: str, operation: Any) -> tuple[str, str, str]:
    known = _OPTIMIZED.get(service)
    if known is not None:
        return known
    metadata = operation.service_model.metadata
    prefix = metadata["serviceId"].replace(" ", "")
    full = metadata.get("serviceAbbreviation") or metadata["serviceFullName"]
    said = full.replace(" ", "")
    return prefix, said, f"{said}Exception"
