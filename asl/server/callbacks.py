"""Callbacks: tasks that are answered from outside by their token.

In: requests of the shape the model asks for. Out: answers, or ApiError.
Never: knows whose token it is; the desk does.

API reference: SendTaskSuccess, SendTaskFailure, SendTaskHeartbeat.
"""

import re

from asl.errors import ApiError
from asl.expressions.jackson import jackson_complaint
from asl.quotas import PAYLOAD_BYTES
from asl.runtime.desk import Desk
from asl.server.account import Actions, Answer, Request
from asl.values import Json, NotJson, parse_json

_TOKEN = re.compile(r"AQC[A-Za-z0-9+/]{20,}")
"""What tokens look like: others cannot ever have been one."""


class Callbacks:
    """The operations that answer a task by its token."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.actions: Actions = {
            "SendTaskSuccess": self._succeed,
            "SendTaskFailure": self._fail,
            "SendTaskHeartbeat": self._beat,
        }

    def _succeed(self, request: Request) -> Answer:
        output = _read_output(request["output"])
        token = request["taskToken"]
        return self._answered(token, self._desk.succeed(token, output))

    def _fail(self, request: Request) -> Answer:
        token = request["taskToken"]
        error, cause = request.get("error"), request.get("cause")
        return self._answered(token, self._desk.fail(token, error, cause))

    def _beat(self, request: Request) -> Answer:
        token = request["taskToken"]
        return self._answered(token, self._desk.beat(token))

    def _answered(self, token: str, was_open: bool) -> Answer:
        if was_open:
            return {}
        if self._desk.was_open(token):
            raise ApiError(
                "TaskTimedOut",
                "Task Timed Out: 'Provided task does not exist anymore'",
            )
        if _TOKEN.fullmatch(token):
            raise ApiError(
                "TaskDoesNotExist",
                "Task Does Not Exist: 'Provided task does not exist'",
            )
        raise ApiError("InvalidToken", "Invalid Token: 'Invalid token'")


def _read_output(text: str) -> Json:
    """A task's output; ApiError where it is no JSON or too much of it."""
    if len(text.encode("utf-8", "surrogatepass")) > PAYLOAD_BYTES:
        why = f"Output has more than {PAYLOAD_BYTES} bytes"
    else:
        try:
            return parse_json(text)
        except NotJson:
            why = jackson_complaint(text).partition("\n at ")[0]
    raise ApiError("InvalidOutput", f"Invalid Output: '{why}'")
