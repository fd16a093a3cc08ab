"""A state machine's settings: logging, tracing, encryption.

In: configurations as requests have them. Out: ApiError for what AWS refuses; a
revision as descriptions show it, with defaults.
Never: writes a log or encrypts anything.

Recorded; developer guide: "Logging in CloudWatch Logs".
"""

from asl.errors import ApiError
from asl.server.account import Answer, Request, check_arn
from asl.server.definitions import variables_read
from asl.server.records import Revision
from asl.server.request_shapes import known_part
from asl.values import Json, copy_json


def check_settings(request: Request) -> None:
    """Refuse settings that contradict themselves."""
    if request.get("versionDescription") and not request.get("publish"):
        raise ApiError(
            "ValidationException",
            "Version description can only be set when publish is true",
        )
    if request.get("roleArn") is not None:
        check_arn(request["roleArn"])
    _check_logging(request.get("loggingConfiguration"))
    check_encryption(request.get("encryptionConfiguration"))


def _check_logging(logging: Json) -> None:
    if logging is None:
        return
    destinations = logging.get("destinations") or ()
    is_off = (logging.get("level") or "OFF") == "OFF"
    if len(destinations) > 1 or (not destinations and not is_off):
        raise _bad_logging("Must specify exactly one Log Destination.")
    for destination in destinations:
        group = destination.get("cloudWatchLogsLogGroup") or {}
        if not group.get("logGroupArn"):
            raise _bad_logging("Log Destination not found.")


def _bad_logging(why: str) -> ApiError:
    return ApiError(
        "InvalidLoggingConfiguration", f"Invalid Logging Configuration: {why}"
    )


def check_encryption(encryption: Json) -> None:
    """Refuse a customer's key that is not named, and a key that is not used."""
    if encryption is None:
        return
    is_own = encryption.get("type") == "CUSTOMER_MANAGED_KMS_KEY"
    named = encryption.get("kmsKeyId") is not None
    if is_own and not named:
        why = "kmsKeyId must be set for the type CUSTOMER_MANAGED_KMS_KEY"
    elif not is_own and (named or encryption.get("kmsDataKeyReusePeriodSeconds")):
        why = "kmsKeyId and kmsDataKeyReusePeriodSeconds need a customer managed key"
    else:
        return
    raise ApiError(
        "InvalidEncryptionConfiguration", f"Invalid Encryption Configuration: {why}"
    )


def settings_of(request: Request, before: Revision | None = None) -> dict[str, Json]:
    """The configurations of a revision: those given, and else those before."""
    settings = {}
    for name in ("logging", "tracing", "encryption"):
        given = request.get(f"{name}Configuration")
        settings[name] = (
            getattr(before, name, None)
            if given is None
            else known_part(f"{name.capitalize()}Configuration", given)
        )
    return settings


def describe_revision(revision: Revision, *, included: Json = None) -> Answer:
    """What a description has of a revision; METADATA_ONLY leaves its text out.

    `definition`, `roleArn`, the configurations with their defaults, `revisionId` after
    an update, `variableReferences` where states read variables.
    """
    logging = {"level": "OFF", "includeExecutionData": False}
    answer: Answer = {
        "roleArn": revision.role_arn,
        "loggingConfiguration": logging | copy_json(revision.logging or {}),
        "tracingConfiguration": {"enabled": False} | copy_json(revision.tracing or {}),
        "encryptionConfiguration": describe_encryption(revision.encryption),
    }
    if revision.id is not None:
        answer["revisionId"] = revision.id
    if included != "METADATA_ONLY":
        answer["definition"] = revision.definition
        if references := variables_read(revision.definition):
            answer["variableReferences"] = {
                state: list(names) for state, names in references.items()
            }
    return answer


def describe_encryption(encryption: Json) -> Answer:
    """An encryption configuration as descriptions show it."""
    shown: Answer = copy_json(encryption or {"type": "AWS_OWNED_KEY"})
    if shown["type"] != "AWS_OWNED_KEY":
        shown.setdefault("kmsDataKeyReusePeriodSeconds", 300)
    return shown
