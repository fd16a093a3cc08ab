"""The wire: AWS JSON 1.0, how requests and answers look as bytes.

In: a target (`AWSStepFunctions.StartExecution`) and a body. Out: a Reply: status,
headers, body; what goes wrong is an error body of AWS's shape as well.
Never: a socket; asl.server.http has one, asl.server.inprocess does without.

AWS JSON 1.0 protocol, as Smithy describes it; error bodies as recorded.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from asl.errors import ApiError, UsageError
from asl.values import Json

CONTENT_TYPE = "application/x-amz-json-1.0"
PREFIX = "AWSStepFunctions."

logger = logging.getLogger("asl.server")


class Service(Protocol):
    """What the wire needs of asl.Api."""

    def call(self, action: str, request: Mapping[str, Json]) -> dict[str, Json]:
        """Perform an operation; ApiError where it is refused."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, ready to be sent."""

    status: int
    body: bytes
    request_id: str
    code: str | None = None
    """The error's code, for the log."""

    @property
    def headers(self) -> dict[str, str]:
        """The headers that every answer has."""
        headers = {"x-amzn-RequestId": self.request_id, "Content-Type": CONTENT_TYPE}
        if self.code is not None:
            headers["x-amzn-ErrorType"] = self.code
        return headers


def respond(
    service: Service, target: str | None, body: bytes, request_id: str
) -> Reply:
    """Perform the operation that a request asks for; never raises."""
    try:
        answer = service.call(action_of(target), _read(body))
        text = json.dumps(answer, ensure_ascii=False, allow_nan=False)
        return Reply(200, text.encode("utf-8", "replace"), request_id)
    except ApiError as error:
        return refuse(error, request_id)
    except UsageError as error:  # what the server was given does not fit the request
        return refuse(ApiError("ValidationException", str(error)), request_id)
    except Exception:
        logger.exception("an operation failed", extra={"requestId": request_id})
        fault = ApiError(
            "InternalFailure",
            "The server failed; its log says why, under the request's id.",
            status=500,
        )
        return refuse(fault, request_id)


def action_of(target: str | None) -> str:
    """The operation that X-Amz-Target names."""
    if target is None or not target.startswith(PREFIX):
        raise ApiError(
            "UnknownOperationException",
            f"The header X-Amz-Target must be {PREFIX}<operation>, not {target!r:.200}",
        )
    return target.removeprefix(PREFIX)


def refuse(error: ApiError, request_id: str) -> Reply:
    """An error as AWS sends it: code (`__type`), message, its other members."""
    members = getattr(error, "members", None) or {}
    body = {"__type": error.code, "message": error.message, **members}
    text = json.dumps(body, ensure_ascii=False)
    return Reply(
        error.status, text.encode("utf-8", "replace"), request_id, code=error.code
    )


def _read(body: bytes) -> Mapping[str, Json]:
    if not body.strip():
        return {}
    try:
        request = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:  # no UTF-8 is a ValueError, too
        raise ApiError(
            "SerializationException", f"The body is no JSON: {error!s:.200}"
        ) from None
    if not isinstance(request, dict):
        raise ApiError("SerializationException", "Start of structure expected.")
    return request


def _refuse_constant(name: str) -> Json:
    raise ValueError(f"{name} is no number of JSON")
