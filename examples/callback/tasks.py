"""A callback: the workflow sends a message with a token and waits for its return.

The message goes to a queue, whose reader answers three virtual hours later. Try an
amount above 1,000 (rejected), or one above 10,000 (nobody dares to answer: two days
pass, and the state times out).

    asl run examples/callback/workflow.asl.json --input @examples/callback/input.json \
        --tasks examples/callback/tasks.py
"""

from typing import Any

import asl

TASKS = asl.Tasks()

THREE_HOURS = 3 * 60 * 60


@TASKS.bind("arn:aws:states:::sqs:sendMessage.waitForTaskToken")
def send_message(request: dict[str, Any]) -> dict[str, Any]:
    """Take the message as SQS does; the queue's reader gets it."""
    read_message(request["MessageBody"])
    return {"MessageId": "0001", "MD5OfMessageBody": "not computed here"}


def read_message(message: dict[str, Any]) -> None:
    """The manager, who answers with the token: SendTaskSuccess or SendTaskFailure."""
    token, amount = message["token"], message["expense"]["amount"]
    if amount <= 1_000:
        TASKS.succeed(token, {"by": "Grace"}, after_seconds=THREE_HOURS)
    elif amount <= 10_000:
        TASKS.fail(token, "Rejected", "Too expensive", after_seconds=THREE_HOURS)


@TASKS.bind("pay-expense")
def pay_expense(event: dict[str, Any]) -> dict[str, Any]:
    """Pay what was approved."""
    return {"paid": event["amount"], "to": event["to"], "by": event["approvedBy"]}
