"""ARNs: what a machine's executions and Map Runs are called.

In: a machine's ARN. Out: ARNs of what belongs to it.
Never: makes names; whoever starts an execution does.

Reference 18.
"""

from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["execution", "express", "mapRun"]

REGION = "us-east-1"
"""The region of everything here, unless an ARN names another."""


def arn_of(kind: Kind, machine_arn: str, *names: str) -> str:
    """The ARN of an execution or Map Run: its names follow its machine's."""
    return ":".join((machine_arn.replace(":stateMachine:", f":{kind}:", 1), *names))
