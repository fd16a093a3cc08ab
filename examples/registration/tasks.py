"""School registration: validate, look for an account, create it, notify; catch errors.

The definition is YAML, and two of its tasks are service integrations (DynamoDB, SNS).

    asl run examples/registration/workflow.asl.yaml \
        --input @examples/registration/input.json --tasks examples/registration/tasks.py

An exception's class name is the error that Retry and Catch compare with. Try an input
without an `@` in the e-mail address, or with year 14, whose directory is always busy.
"""

from typing import Any

import asl

TASKS = asl.Tasks()

ACCOUNTS = {"ada@school.example": {"userName": {"S": "ada"}}}
"""As DynamoDB would spell its items."""


class InvalidForm(Exception):
    """The form cannot be accepted."""


class DirectoryBusy(Exception):
    """The school's directory does not answer."""


@TASKS.bind("validate-form")
def validate_form(form: dict[str, Any]) -> dict[str, Any]:
    """Give the form back in its normal spelling, or refuse it."""
    email = form["email"].strip().lower()
    if "@" not in email:
        raise InvalidForm(f"{form['email']!r} is no e-mail address")
    return {"name": form["name"].strip(), "email": email, "year": form["year"]}


@TASKS.bind("arn:aws:states:::dynamodb:getItem")
def get_item(request: dict[str, Any]) -> dict[str, Any]:
    """Answer as DynamoDB does: with an Item only where there is one."""
    item = ACCOUNTS.get(request["Key"]["email"]["S"])
    return {} if item is None else {"Item": item}


@TASKS.bind("create-account")
def create_account(form: dict[str, Any]) -> dict[str, Any]:
    """Make a user name."""
    if form["year"] > 13:
        raise DirectoryBusy(f"no answer from the directory of year {form['year']}")
    return {"userName": form["name"].lower().replace(" ", "."), "year": form["year"]}


@TASKS.bind("arn:aws:states:::sns:publish")
def publish(request: dict[str, Any]) -> dict[str, Any]:
    """Answer as SNS does; a test could keep the messages."""
    return {"MessageId": f"message-for-{request['TopicArn'].rpartition(':')[2]}"}
