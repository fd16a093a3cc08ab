"""The server's log: a line of JSON for each record.

In: log records. Out: lines, on standard error or into a file.
Never: shows what a request or an answer held.
"""

import json
import logging
import sys
import time
from pathlib import Path
from typing import Any

from asl.errors import UsageError


class JsonLines(logging.Formatter):
    """Log records as lines of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """One record as one line."""
        line: dict[str, Any] = {
            "time": f"{self.formatTime(record, '%Y-%m-%dT%H:%M:%S')}."
            f"{int(record.msecs):03d}Z",
            "level": record.levelname,
            "message": record.getMessage(),
            **getattr(record, "members", {}),
        }
        if (id := getattr(record, "requestId", None)) is not None:
            line["requestId"] = id
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)

    @staticmethod
    def converter(seconds: float | None) -> time.struct_time:
        """Times are UTC."""
        return time.gmtime(seconds)


def log_to(path: str | None) -> logging.Handler:
    """Have the server's records written, to standard error or at a file's end."""
    handler: logging.Handler
    try:
        handler = (
            logging.StreamHandler(sys.stderr)
            if path is None
            else logging.FileHandler(Path(path), encoding="utf-8")
        )
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from None
    handler.setFormatter(JsonLines())
    # That it starts and stops is uvicorn's to tell only where something goes wrong.
    for name, level in (
        ("asl.server", logging.INFO),
        ("uvicorn.error", logging.WARNING),
    ):
        logger = logging.getLogger(name)
        logger.setLevel(level)
        logger.addHandler(handler)
        logger.propagate = False
    return handler
