"""ARNs: what a machine's executions and Map Runs are called.

In: a machine's ARN. Out: ARNs of what belongs to it.
Never: makes names; whoever starts an execution does.

Reference 18.
"""

from functools import lru_cache
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["execution", "express", "mapRun"]

REGION = "us-east-1"
"""The region of everything here, unless an ARN names another."""


def arn_of(kind: Kind, machine_arn: str, *names: str) -> str:
    """The ARN of an execution or Map Run: its names follow its machine's."""
    return f"{_stem(kind, machine_arn)}:{':'.join(names)}"


@lru_cache(maxsize=256)
def _stem(kind: Kind, machine_arn: str) -> str:
    return machine_arn.replace(":stateMachine:", f":{kind}:", 1)


def uuid_text(bits: int) -> str:
    """The text of a version 4 UUID of 128 random bits, without making a UUID."""
    bits = bits & ~_FIXED | _VERSION_4
    text = f"{bits:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


_FIXED = 0xF000 << 64 | 0xC000 << 48
_VERSION_4 = 0x4000 << 64 | 0x8000 << 48
