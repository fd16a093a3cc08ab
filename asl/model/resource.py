"""A Resource taken apart: service, action, integration pattern, event family.

In: the text of a `Resource` field. Out: a frozen Resource, or None where the text is no
resource that Step Functions knows the form of.
Never: knows which services exist; that is a matter of checks and of the task table.

Developer guide: "Integrating services".
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

Pattern: TypeAlias = Literal["request", "sync", "sync:2", "token"]
Family: TypeAlias = Literal["lambda", "activity", "task"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """Where a Task's work is done, and how the state waits for it."""

    arn: str
    family: Family
    """Which history events it writes: LambdaFunction*, Activity* or Task*."""
    service: str
    """`lambda`, `sqs`, `aws-sdk:dynamodb`, …: `resourceType` of Task events."""
    action: str
    """`invoke`, `sendMessage`, …, without suffix; a function's or activity's name."""
    pattern: Pattern
    region: str | None = None
    """The region that the ARN names, if any."""

    @property
    def event_resource(self) -> str:
        """The action as history events spell it: with its pattern's suffix."""
        return self.action + _SUFFIX[self.pattern]

    @property
    def function_name(self) -> str | None:
        """The Lambda function's name, for a direct Lambda."""
        return self.action if self.family == "lambda" else None


_SUFFIX: dict[Pattern, str] = {
    "request": "",
    "sync": ".sync",
    "sync:2": ".sync:2",
    "token": ".waitForTaskToken",
}

_FUNCTION = re.compile(
    r"arn:[a-z0-9-]+:lambda:(?P<region>[^:]*):[^:]*:"
    r"(?:function:)?(?P<name>[^:]+)(?::(?P<qualifier>[^:]+))?"
)
_ACTIVITY = re.compile(
    r"arn:[a-z0-9-]+:states:(?P<region>[^:]*):[^:]*:activity:(?P<name>.+)"
)
_SERVICE = re.compile(
    r"arn:[a-z0-9-]+:states:(?P<region>[^:]*):[^:]*:(?P<service>(?:aws-sdk:)?[^:.]+):"
    r"(?P<action>[^:.]+)(?P<suffix>\.sync(?::2)?|\.waitForTaskToken)?"
)
_PATTERN: dict[str | None, Pattern] = {
    None: "request",
    ".sync": "sync",
    ".sync:2": "sync:2",
    ".waitForTaskToken": "token",
}


@lru_cache(maxsize=4096)
def find_resource(arn: str) -> Resource | None:
    """Take a resource's text apart, or None where it has no known form.

    Textbook ARNs with an elided middle (`arn:aws:lambda:...:check-inventory`) are read
    as Lambda functions; `is_elided` tells them.
    """
    if match := _FUNCTION.fullmatch(arn):
        return Resource(
            arn=arn,
            family="lambda",
            service="lambda",
            action=match["name"],
            pattern="request",
            region=match["region"] or None,
        )
    if match := _ACTIVITY.fullmatch(arn):
        return Resource(
            arn=arn,
            family="activity",
            service="activity",
            action=match["name"],
            pattern="request",
            region=match["region"] or None,
        )
    if match := _SERVICE.fullmatch(arn):
        return Resource(
            arn=arn,
            family="task",
            service=match["service"],
            action=match["action"],
            pattern=_PATTERN[match["suffix"]],
            region=match["region"] or None,
        )
    if match := _ELIDED.fullmatch(arn):
        return Resource(
            arn=arn,
            family="lambda",
            service="lambda",
            action=match["name"],
            pattern="request",
        )
    return None


_ELIDED = re.compile(
    r"arn:[a-z0-9-]+:lambda:(?:[^:]*:)*?\.{2,3}:(?:[^:]*:)*(?P<name>[^:]+)"
)


def is_elided(arn: str) -> bool:
    """Whether an ARN is a textbook's, with dots where region and account belong."""
    return ":...:" in arn or ":..:" in arn or arn.endswith("...")
