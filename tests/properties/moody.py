"""A callable that another process can import: the same event, the same mood."""

import json
from typing import Any
from zlib import crc32

import asl


def moody(event: Any, context: Any) -> Any:
    """Mostly an echo; now and then late, or not willing."""
    mood = crc32(json.dumps(event, sort_keys=True).encode()) % 8
    if mood < 2:
        raise asl.TaskError("AB"[mood], f"mood {mood}")
    if mood == 2:
        context.advance(7)
    if mood == 3:
        raise ValueError("a mood of its own")
    return {"mood": mood, "event": event} if mood == 4 else event
