"""The integrations of Step Functions: the actions of a service, and their patterns.

In: nothing. Out: tables: actions and patterns, required parameters, shapes of results.
Never: behaviour; the parameters of AWS SDK integrations come from botocore
(api_models.py).

Developer guide: "Integrating optimized services with Step Functions", its page for each
service.
"""

from collections.abc import Mapping

from asl.checks.shapes import ANY, NUMBER, TEXT, Shape, list_of, object_of

_SYNC = frozenset(("request", "sync"))
_TOKEN = frozenset(("request", "token"))
_PLAIN = frozenset(("request",))
_BOTH = frozenset(("request", "sync", "token"))
_NESTED = frozenset(("request", "sync", "sync:2", "token"))


def _actions(patterns: frozenset[str], *names: str) -> dict[str, frozenset[str]]:
    return dict.fromkeys(names, patterns)


OPTIMIZED: Mapping[str, Mapping[str, frozenset[str]]] = {
    "apigateway": _actions(_TOKEN, "invoke"),
    "athena": {
        **_actions(_SYNC, "startQueryExecution"),
        **_actions(_PLAIN, "stopQueryExecution", "getQueryExecution"),
        **_actions(_PLAIN, "getQueryResults"),
    },
    "batch": _actions(_BOTH, "submitJob"),
    "bedrock": {
        **_actions(_TOKEN, "invokeModel"),
        **_actions(_SYNC, "createModelCustomizationJob"),
    },
    "codebuild": {
        **_actions(_SYNC, "startBuild", "startBuildBatch", "retryBuildBatch"),
        **_actions(_PLAIN, "stopBuild", "stopBuildBatch", "deleteBuildBatch"),
        **_actions(_PLAIN, "batchDeleteBuilds", "batchGetReports"),
        **_actions(_PLAIN, "batchGetBuilds", "batchGetBuildBatches"),
    },
    "databrew": _actions(_SYNC, "startJobRun"),
    "dynamodb": _actions(_PLAIN, "getItem", "putItem", "updateItem", "deleteItem"),
    "ecs": _actions(_BOTH, "runTask"),
    "eks": {
        **_actions(_PLAIN, "call"),
        **_actions(_BOTH, "runJob"),
        **_actions(_SYNC, "createCluster", "deleteCluster"),
        **_actions(_SYNC, "createNodegroup", "deleteNodegroup"),
        **_actions(_SYNC, "createFargateProfile", "deleteFargateProfile"),
    },
    "elasticmapreduce": {
        **_actions(_SYNC, "createCluster", "terminateCluster", "addStep"),
        **_actions(_PLAIN, "cancelStep", "setClusterTerminationProtection"),
        **_actions(_PLAIN, "modifyInstanceFleetByName", "modifyInstanceGroupByName"),
    },
    "emr-containers": _actions(
        _SYNC, "createVirtualCluster", "deleteVirtualCluster", "startJobRun"
    ),
    "emr-serverless": {
        **_actions(_SYNC, "createApplication", "startApplication", "stopApplication"),
        **_actions(_SYNC, "deleteApplication", "startJobRun", "cancelJobRun"),
    },
    "events": _actions(_TOKEN, "putEvents"),
    "glue": _actions(_SYNC, "startJobRun"),
    "http": _actions(_PLAIN, "invoke"),
    "lambda": _actions(_TOKEN, "invoke"),
    "mediaconvert": _actions(_SYNC, "createJob"),
    "sagemaker": {
        **_actions(_PLAIN, "createEndpoint", "createEndpointConfig", "createModel"),
        **_actions(_PLAIN, "updateEndpoint"),
        **_actions(_SYNC, "createHyperParameterTuningJob", "createLabelingJob"),
        **_actions(_SYNC, "createProcessingJob", "createTrainingJob"),
        **_actions(_SYNC, "createTransformJob", "createAutoMLJob"),
    },
    "sns": _actions(_TOKEN, "publish"),
    "sqs": _actions(_TOKEN, "sendMessage"),
    "states": _actions(_NESTED, "startExecution"),
}
"""Optimized integrations: service, action, the patterns that it has.

Where the guide is silent about a pattern the wider set is taken.
"""

REQUIRED: Mapping[str, tuple[str, ...]] = {
    "lambda:invoke": ("FunctionName",),
    "sqs:sendMessage": ("QueueUrl", "MessageBody"),
    "sns:publish": ("Message",),
    "states:startExecution": ("StateMachineArn",),
    "events:putEvents": ("Entries",),
    "dynamodb:getItem": ("TableName", "Key"),
    "dynamodb:putItem": ("TableName", "Item"),
    "dynamodb:updateItem": ("TableName", "Key"),
    "dynamodb:deleteItem": ("TableName", "Key"),
    "ecs:runTask": ("TaskDefinition",),
    "glue:startJobRun": ("JobName",),
    "batch:submitJob": ("JobName", "JobQueue", "JobDefinition"),
    "http:invoke": ("ApiEndpoint", "Method"),
    "apigateway:invoke": ("ApiEndpoint", "Method"),
    "athena:startQueryExecution": ("QueryString",),
}
"""Parameters without which a call cannot be made."""

_SDK = {"SdkHttpMetadata": ANY, "SdkResponseMetadata": ANY}
_RUN = {
    "ExecutionArn": TEXT,
    "InputDetails": object_of({"Included": ANY}),
    "Name": TEXT,
    "OutputDetails": object_of({"Included": ANY}),
    "StartDate": ANY,
    "StateMachineArn": TEXT,
    "Status": TEXT,
    "StopDate": ANY,
    "Cause": ANY,
    "Error": ANY,
    "MapRunArn": ANY,
    "RedriveCount": ANY,
    "RedriveDate": ANY,
    "RedriveStatus": ANY,
    "RedriveStatusReason": ANY,
    "StateMachineAliasArn": ANY,
    "StateMachineVersionArn": ANY,
    "TraceHeader": ANY,
    **_SDK,
}
_ITEM = {"ConsumedCapacity": ANY, "ItemCollectionMetrics": ANY, **_SDK}

RESULTS: Mapping[str, Shape] = {
    "lambda:invoke": object_of(
        {
            "ExecutedVersion": TEXT,
            "LogResult": TEXT,
            "Payload": ANY,
            "StatusCode": NUMBER,
            **_SDK,
        }
    ),
    "states:startExecution": object_of(
        {"ExecutionArn": TEXT, "StartDate": ANY, **_SDK}
    ),
    "states:startExecution.sync": object_of({"Input": TEXT, "Output": TEXT, **_RUN}),
    "states:startExecution.sync:2": object_of({"Input": ANY, "Output": ANY, **_RUN}),
    "sqs:sendMessage": object_of(
        {
            "MD5OfMessageAttributes": TEXT,
            "MD5OfMessageBody": TEXT,
            "MD5OfMessageSystemAttributes": TEXT,
            "MessageId": TEXT,
            "SequenceNumber": TEXT,
            **_SDK,
        }
    ),
    "sns:publish": object_of({"MessageId": TEXT, "SequenceNumber": TEXT, **_SDK}),
    "events:putEvents": object_of(
        {"Entries": list_of(None), "FailedEntryCount": NUMBER, **_SDK}
    ),
    "dynamodb:getItem": object_of({"Item": ANY, **_ITEM}),
    "dynamodb:putItem": object_of({"Attributes": ANY, **_ITEM}),
    "dynamodb:updateItem": object_of({"Attributes": ANY, **_ITEM}),
    "dynamodb:deleteItem": object_of({"Attributes": ANY, **_ITEM}),
    "http:invoke": object_of(
        {
            "Headers": ANY,
            "ResponseBody": ANY,
            "StatusCode": NUMBER,
            "StatusText": TEXT,
        }
    ),
}
"""Shapes of results, by service, action and pattern, as they were recorded."""

TRANSIENT_LAMBDA_ERRORS = (
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
)
"""What AWS recommends to retry on every Lambda task."""
