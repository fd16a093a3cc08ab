"""What requests look like: the shapes of every operation's input.

In: an operation's name. Out: its input's shape and all shapes, as botocore has them.
Never: needed to be exact: botocore's model (extra `aws`) is asked first. Without it the
table here says what is required and what is a number, a list or a structure.

API reference of AWS Step Functions: "Actions".
"""

from collections.abc import Mapping
from functools import cache

from asl.checks.api_models import find_model
from asl.quotas import DEFINITION_CHARS, PAYLOAD_BYTES
from asl.values import Json

Shapes = Mapping[str, Mapping[str, Json]]

_INPUTS = """
CreateActivity: name! tags encryptionConfiguration
CreateStateMachine: name! definition! roleArn! type loggingConfiguration tags \
tracingConfiguration publish versionDescription encryptionConfiguration
CreateStateMachineAlias: description name! routingConfiguration!
DeleteActivity: activityArn!
DeleteStateMachine: stateMachineArn!
DeleteStateMachineAlias: stateMachineAliasArn!
DeleteStateMachineVersion: stateMachineVersionArn!
DescribeActivity: activityArn!
DescribeExecution: executionArn! includedData
DescribeMapRun: mapRunArn!
DescribeStateMachine: stateMachineArn! includedData
DescribeStateMachineAlias: stateMachineAliasArn!
DescribeStateMachineForExecution: executionArn! includedData
GetActivityTask: activityArn! workerName
GetExecutionHistory: executionArn! maxResults reverseOrder nextToken \
includeExecutionData
ListActivities: maxResults nextToken
ListExecutions: stateMachineArn statusFilter maxResults nextToken=LongPageToken \
mapRunArn redriveFilter
ListMapRuns: executionArn! maxResults nextToken
ListStateMachineAliases: stateMachineArn! nextToken maxResults
ListStateMachineVersions: stateMachineArn! nextToken maxResults
ListStateMachines: maxResults nextToken
ListTagsForResource: resourceArn!
PublishStateMachineVersion: stateMachineArn! revisionId description
RedriveExecution: executionArn! clientToken
SendTaskFailure: taskToken! error cause
SendTaskHeartbeat: taskToken!
SendTaskSuccess: taskToken! output!
StartExecution: stateMachineArn! name input traceHeader
StartSyncExecution: stateMachineArn! name input traceHeader includedData
StopExecution: executionArn! error cause
TagResource: resourceArn! tags!
TestState: definition! roleArn input inspectionLevel revealSecrets variables stateName \
mock context stateConfiguration
UntagResource: resourceArn! tagKeys!
UpdateMapRun: mapRunArn! maxConcurrency toleratedFailurePercentage \
toleratedFailureCount
UpdateStateMachine: stateMachineArn! definition roleArn loggingConfiguration \
tracingConfiguration publish versionDescription encryptionConfiguration
UpdateStateMachineAlias: stateMachineAliasArn! description routingConfiguration
ValidateStateMachineDefinition: definition! type severity maxResults=ShortPage
"""
"""Members of each request; those with `!` are required."""

_STRUCTURES = """
Tag: key value
RoutingConfigurationListItem: stateMachineVersionArn! weight!
LoggingConfiguration: level includeExecutionData destinations
LogDestination: cloudWatchLogsLogGroup
CloudWatchLogsLogGroup: logGroupArn
TracingConfiguration: enabled
EncryptionConfiguration: kmsKeyId kmsDataKeyReusePeriodSeconds \
type!=EncryptionType
MockInput: result errorOutput fieldValidationMode
MockErrorOutput: error cause
TestStateConfiguration: retrierRetryCount errorCausedByState mapIterationFailureCount \
mapItemReaderData
"""

_KINDS = {
    "tags": "TagList",
    "tagKeys": "TagKeyList",
    "routingConfiguration": "RoutingConfigurationList",
    "loggingConfiguration": "LoggingConfiguration",
    "tracingConfiguration": "TracingConfiguration",
    "encryptionConfiguration": "EncryptionConfiguration",
    "destinations": "LogDestinationList",
    "cloudWatchLogsLogGroup": "CloudWatchLogsLogGroup",
    "mock": "MockInput",
    "errorOutput": "MockErrorOutput",
    "stateConfiguration": "TestStateConfiguration",
    "publish": "Switch",
    "enabled": "Switch",
    "includeExecutionData": "Switch",
    "reverseOrder": "Switch",
    "revealSecrets": "Switch",
    "maxResults": "PageSize",
    "weight": "Weight",
    "maxConcurrency": "Count",
    "toleratedFailureCount": "Count",
    "retrierRetryCount": "Count",
    "mapIterationFailureCount": "Count",
    "kmsDataKeyReusePeriodSeconds": "ReusePeriod",
    "toleratedFailurePercentage": "Percentage",
    **dict.fromkeys(("name", "workerName", "stateName"), "Name"),
    **dict.fromkeys(
        (
            "activityArn",
            "executionArn",
            "resourceArn",
            "roleArn",
            "stateMachineAliasArn",
            "stateMachineArn",
        ),
        "Arn",
    ),
    "definition": "Definition",
    **dict.fromkeys(("input", "output", "variables", "context", "result"), "Data"),
    "error": "Error",
    "cause": "Cause",
    "key": "TagKey",
    "taskToken": "TaskToken",
    "nextToken": "PageToken",
    "type": "StateMachineType",
    "level": "LogLevel",
    "severity": "Severity",
    "includedData": "IncludedData",
    "inspectionLevel": "InspectionLevel",
    "fieldValidationMode": "ValidationMode",
    "statusFilter": "ExecutionStatus",
    "redriveFilter": "RedriveFilter",
}
"""The shapes of members that are not just texts."""

_WORDS = {
    "StateMachineType": "STANDARD EXPRESS",
    "EncryptionType": "AWS_OWNED_KEY CUSTOMER_MANAGED_KMS_KEY",
    "LogLevel": "ALL ERROR FATAL OFF",
    "Severity": "ERROR WARNING",
    "IncludedData": "ALL_DATA METADATA_ONLY",
    "InspectionLevel": "INFO DEBUG TRACE",
    "ValidationMode": "STRICT PRESENT NONE",
    "ExecutionStatus": "RUNNING SUCCEEDED FAILED TIMED_OUT ABORTED PENDING_REDRIVE",
    "RedriveFilter": "REDRIVEN NOT_REDRIVEN",
}


def _secret(least: int, most: int) -> Mapping[str, Json]:
    return {"type": "string", "min": least, "max": most, "sensitive": True}


_SIMPLE: Shapes = {
    **{
        name: {"type": "string", "enum": words.split()}
        for name, words in _WORDS.items()
    },
    "Text": {"type": "string"},
    "Name": {"type": "string", "min": 1, "max": 80},
    "Switch": {"type": "boolean"},
    "Count": {"type": "integer", "min": 0},
    "PageSize": {"type": "integer", "min": 0, "max": 1000},
    "ReusePeriod": {"type": "integer", "min": 60, "max": 900},
    "Weight": {"type": "integer", "min": 0, "max": 100},
    "Percentage": {"type": "float", "min": 0, "max": 100},
    "Arn": {"type": "string", "min": 1, "max": 256},
    "Definition": _secret(1, DEFINITION_CHARS),
    "Data": _secret(0, PAYLOAD_BYTES),
    "Error": _secret(0, 256),
    "Cause": _secret(0, 32_768),
    "TaskToken": _secret(1, 2048),
    "TagKey": {"type": "string", "min": 1, "max": 128},
    "PageToken": {"type": "string", "min": 1, "max": 1024},
    "LongPageToken": {"type": "string", "min": 1, "max": 3096},
    "ShortPage": {"type": "integer", "min": 0, "max": 100},
    "TagKeyList": {"type": "list", "member": {"shape": "TagKey"}},
    "TagList": {"type": "list", "member": {"shape": "Tag"}},
    "LogDestinationList": {"type": "list", "member": {"shape": "LogDestination"}},
    "RoutingConfigurationList": {
        "type": "list",
        "member": {"shape": "RoutingConfigurationListItem"},
        "min": 1,
        "max": 2,
    },
}


def find_input(action: str) -> tuple[Mapping[str, Json], Shapes] | None:
    """The shape of an operation's input and the shapes it refers to, or None."""
    model = find_model("sfn")
    if model is None:
        shapes = _own_shapes()
        return (shapes[action], shapes) if action in shapes else None
    operation = model["operations"].get(action)
    if operation is None:
        return None
    shapes = model["shapes"]
    return shapes[operation["input"]["shape"]], shapes


def known_part(structure: str, value: Json) -> Json:
    """A private copy of a structure, without members that are null or nobody knows."""
    return _known(_own_shapes()[structure], value)


def _known(shape: Mapping[str, Json], value: Json) -> Json:
    shapes = _own_shapes()
    if shape["type"] == "list":
        inner = shapes[shape["member"]["shape"]]
        return [_known(inner, item) for item in value]
    if shape["type"] == "structure":
        return {
            name: _known(shapes[member["shape"]], value[name])
            for name, member in shape["members"].items()
            if value.get(name) is not None
        }
    return value


@cache
def _own_shapes() -> Shapes:
    """The table as shapes; an operation's input is called like the operation."""
    shapes: dict[str, Mapping[str, Json]] = dict(_SIMPLE)
    for line in (_INPUTS + _STRUCTURES).split("\n"):
        name, _, members = line.partition(":")
        if not name:
            continue
        required, kinds = [], {}
        for word in members.split():
            spelt, _, kind = word.partition("=")
            key = spelt.rstrip("!")
            required += [key] if spelt.endswith("!") else []
            kinds[key] = {"shape": kind or _KINDS.get(key, "Text")}
        shapes[name] = {"type": "structure", "required": required, "members": kinds}
    return shapes


OPERATIONS = tuple(
    line.partition(":")[0] for line in _INPUTS.split("\n") if ":" in line
)
"""Every operation of the service."""
