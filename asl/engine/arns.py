"""ARNs: what a machine's executions and Map Runs are called.

In: a machine's ARN. Out: ARNs of what belongs to it.
Never: makes names; whoever starts an execution does.

API reference: ARNs of executions and Map Runs, as recorded.
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
    return uuid_texts(bits.to_bytes(16, "little"))[0]


def uuid_texts(chance: bytes) -> list[str]:
    """The texts of version 4 UUIDs, one of every 16 bytes (the lowest comes first)."""
    count = len(chance) // 16
    each = int.from_bytes((b"\1" + bytes(15)) * count, "little")
    bits = int.from_bytes(chance, "little") & ~(_FIXED * each) | _VERSION_4 * each
    text = f"{bits:0{32 * count}x}"  # the last comes first
    texts = [text[at : at + 32] for at in range(32 * (count - 1), -1, -32)]
    return [f"{t[:8]}-{t[8:12]}-{t[12:16]}-{t[16:20]}-{t[20:]}" for t in texts]


_FIXED = 0xF000 << 64 | 0xC000 << 48
_VERSION_4 = 0x4000 << 64 | 0x8000 << 48
