"""Callables that another process can import."""

from typing import Any

import asl


def double(event: Any) -> Any:
    return event * 2


def refuse(event: Any) -> Any:
    raise asl.TaskError("Refused", f"not {event}")


def stumble(event: Any) -> Any:
    raise LookupError(f"no {event}")


def count(event: Any) -> Any:
    return len(event["Items"])


def picky(event: Any) -> Any:
    """Refuses every seventh."""
    if event["id"] % 7 == 3:
        raise asl.TaskError("Seventh", str(event["id"]))
    return event["id"]


def slow(event: Any, context: Any) -> Any:
    """Takes some virtual time, more or less of it."""
    context.advance(event["id"] % 3)
    return {"id": event["id"], "arn": context.invoked_function_arn}


def fragile(event: Any) -> Any:
    """Takes its process with it, while the file that it is told of is there."""
    import os
    from pathlib import Path

    flag = Path(event["flag"])
    if event["id"] == 5 and flag.exists():
        flag.unlink()
        os._exit(1)
    return event["id"]


def deadly(event: Any) -> Any:
    """Takes its process with it, always."""
    import os

    os._exit(1)


async def later(event: Any) -> Any:
    return event["id"]


def tell(event: Any) -> Any:
    """Leave word of the process that it runs in."""
    import os
    import time
    from pathlib import Path

    with (Path(event["folder"]) / f"pid{os.getpid()}").open("a") as file:
        file.write(f"{event['id']}\n")
    time.sleep(0.002)  # so that there is a middle in which to be killed
    return event["id"]
