"""A service to test against: machines made of a few states, and short ways to ask."""

import json
from typing import Any

import pytest

import asl

ROLE = "arn:aws:iam::123456789012:role/runner"
PUBLISH = "arn:aws:states:::sns:publish"
SEND = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
START = "arn:aws:states:::states:startExecution"
PASS: dict[str, Any] = {"P": {"Type": "Pass", "End": True}}
WAIT: dict[str, Any] = {"W": {"Type": "Wait", "Seconds": 60, "End": True}}


def task(resource: str = PUBLISH, **fields: Any) -> dict[str, Any]:
    """One Task state."""
    state = {"Type": "Task", "Resource": resource, "Parameters": {"Message": "m"}}
    return {"T": state | {"End": True} | fields}


def asks(**fields: Any) -> dict[str, Any]:
    """A state that sends its token away and waits for an answer."""
    body = {"MessageBody": {"token.$": "$$.Task.Token"}, "QueueUrl": "q"}
    return task(SEND, **{"Parameters": body} | fields)


class Service:
    """An Api, and what is asked of it time and again."""

    def __init__(self, api: asl.Api) -> None:
        self.api = api

    def call(self, action: str, **request: Any) -> dict[str, Any]:
        """Perform an operation."""
        return self.api.call(action, request)

    def create(
        self, name: str, states: dict[str, Any], type: str = "STANDARD", **fields: Any
    ) -> str:
        """A machine's ARN."""
        text = json.dumps({"StartAt": next(iter(states)), "States": states, **fields})
        answer = self.call(
            "CreateStateMachine", name=name, definition=text, roleArn=ROLE, type=type
        )
        return str(answer["stateMachineArn"])

    def start(self, machine: str, **request: Any) -> str:
        """A new execution's ARN."""
        answer = self.call("StartExecution", stateMachineArn=machine, **request)
        return str(answer["executionArn"])

    def describe(self, arn: str, **request: Any) -> dict[str, Any]:
        """An execution, after its time has passed."""
        return self.call("DescribeExecution", executionArn=arn, **request)

    def status(self, arn: str) -> str:
        """An execution's status, after its time has passed."""
        return str(self.describe(arn)["status"])

    def events(self, arn: str, **request: Any) -> list[dict[str, Any]]:
        """A page of an execution's history."""
        found = self.call("GetExecutionHistory", executionArn=arn, **request)
        return list(found["events"])

    def types(self, arn: str) -> list[str]:
        """The types of an execution's events."""
        return [event["type"] for event in self.events(arn)]

    def list(self, **request: Any) -> list[dict[str, Any]]:
        """A page of executions."""
        return list(self.call("ListExecutions", **request)["executions"])

    def refusal(self, action: str, **request: Any) -> tuple[str, str]:
        """The code and the message with which an operation is refused."""
        with pytest.raises(asl.ApiError) as caught:
            self.call(action, **request)
        return caught.value.code, caught.value.message
