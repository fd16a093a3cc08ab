"""Log delivery: the records of what runs, to a file or a logger, as they come.

In: executions that have moved on, each with its machine's loggingConfiguration. Out: a
line of JSON a record at the file's end, or a logging.LogRecord.
Never: stops or slows an execution: what cannot be written is lost, and is told once.

Developer guide: "Using CloudWatch Logs to log execution history".
"""

import logging
from collections.abc import Iterable
from contextlib import suppress
from os import PathLike
from pathlib import Path
from threading import Lock
from typing import TextIO

from asl.errors import UsageError
from asl.server.entries import Entry
from asl.server.logs import LEVELS, records_of
from asl.values import Json, json_text

_logger = logging.getLogger("asl.server")


class LogDelivery:
    """Writes the log of every machine whose loggingConfiguration asks for one.

    To a logger a record goes as its line, and as a dict under `event`: INFO, or ERROR
    and CRITICAL where AWS's levels ERROR and FATAL have it. The log groups that
    configurations name are not told apart: `execution_arn` says whose a record is.
    """

    def __init__(self, to: str | PathLike[str] | logging.Logger) -> None:
        self._lock = Lock()
        self._logger = to if isinstance(to, logging.Logger) else None
        self._file = None if isinstance(to, logging.Logger) else _open(Path(to))

    def tell(self, entries: Iterable[Entry]) -> None:
        """Write what is new of executions that have moved on."""
        records = [record for entry in entries for record in _news(entry)]
        if not records:
            return
        lines = [(record, _line(record)) for record in records]
        if self._logger is not None:
            for record, line in lines:
                level = _severity(record["type"])
                self._logger.log(level, "%s", line, extra={"event": record})
            return
        with self._lock:
            self._write("".join(f"{line}\n" for _, line in lines))

    def close(self) -> None:
        """Write no more."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def _write(self, text: str) -> None:
        if self._file is None:
            return
        try:
            self._file.write(text)
            self._file.flush()
        except OSError as error:
            _logger.error(
                "the execution log %s cannot be written, and ends: %s",
                self._file.name,
                error.strerror,
            )
            broken, self._file = self._file, None
            with suppress(OSError):  # it tries again to write what it has
                broken.close()


def _open(path: Path) -> TextIO:
    try:
        # A lone surrogate, which no encoding has, becomes JSON's own \ud800.
        return path.open("a", encoding="utf-8", errors="backslashreplace", newline="\n")
    except OSError as error:
        raise UsageError(
            f"{path}: the execution log cannot be written there: {error.strerror}"
        ) from None


def _news(entry: Entry) -> list[dict[str, Json]]:
    """The records of an execution's new events; notes how far its log has come."""
    wish = entry.stored.revision.logging or {}
    level = wish.get("level") or "OFF"
    if not LEVELS[level]:
        return []
    seen, redrives = entry.logged
    count = len(entry.history)
    if count == seen:
        return []
    events = [entry.event(id) for id in range(seen + 1, count + 1)]
    more = sum(event["type"] == "ExecutionRedriven" for event in events)
    entry.logged = count, redrives + more
    data = bool(wish.get("includeExecutionData"))
    return list(records_of(events, entry.stored.arn, level, data, redrives))


def _line(record: dict[str, Json]) -> str:
    return json_text(record).encode("utf-8", "backslashreplace").decode()


def _severity(kind: str) -> int:
    if kind in LEVELS["FATAL"]:
        return logging.CRITICAL
    return logging.ERROR if kind in LEVELS["ERROR"] else logging.INFO
