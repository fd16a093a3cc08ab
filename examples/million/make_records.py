"""Made-up card payments, as many as you like: the same seed gives the same file.

    python examples/million/make_records.py /tmp/million 1000000

The folder then stands in for S3, with a bucket `payments` in it.
"""

import json
import random  # noqa: TID251 - data is made up here; no machine sees this module
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CURRENCIES = ("EUR", "USD", "GBP")
KEY = "payments/2026/payments.jsonl"


def records(count: int, seed: int = 1) -> Iterator[dict[str, Any]]:
    """Payments, one of ten of them with a card number that cannot be."""
    chance = random.Random(seed)
    for number in range(count):
        digits = f"4{chance.randrange(10**14):014}"
        last = check_digit(digits)
        if chance.randrange(10) == 0:
            last = (last + chance.randrange(1, 10)) % 10
        yield {
            "id": number,
            "card": f"{digits}{last}",
            "cents": chance.randrange(1, 100_000),
            "currency": chance.choice(CURRENCIES),
        }


def check_digit(digits: str) -> int:
    """What has to follow the digits of a card number."""
    doubled = [2 * int(digit) for digit in digits[::-2]]
    whole = sum(digit // 10 + digit % 10 for digit in doubled)
    return -(whole + sum(map(int, digits[-2::-2]))) % 10


def make(folder: Path, count: int, seed: int = 1) -> Path:
    """Write the file with the records; the folder is one of buckets."""
    file = folder / KEY
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8") as out:
        for record in records(count, seed):
            out.write(json.dumps(record, separators=(",", ":")) + "\n")
    return file


if __name__ == "__main__":
    made = make(Path(sys.argv[1]), *map(int, sys.argv[2:] or ["1000000"]))
    sys.stdout.write(f"{made}\n")
