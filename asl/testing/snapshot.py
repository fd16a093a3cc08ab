"""Snapshots: the history of an execution in a file, without what only disturbs.

In: an Execution, a file. Out: what has changed; or the file, written anew.
Never: keeps ids, ARNs or clock times: a state more must change its own lines only.
"""

import difflib
import json
import re
from collections.abc import Callable
from pathlib import Path

from asl.engine.execution import Execution
from asl.history import EVENT_DETAILS, Event
from asl.values import Json

OPTION = "--asl-update-snapshots"
_EVENT_ID = re.compile(r"\(entered at the event id #\d+\)")
_NO_ID = "(entered at the event id #...)"
_LEFT_OUT = {"roleArn", "mapRunArn", "region", "taskCredentials"}


def normalised(execution: Execution) -> list[dict[str, Json]]:
    """The events: their virtual second, type and members, JSON as JSON."""
    start = execution.history[0].timestamp
    return [
        {
            "at": (event.timestamp - start).total_seconds(),
            "type": event.type,
            **_members(event),
        }
        for event in execution.history
    ]


def _members(event: Event) -> dict[str, Json]:
    shape = EVENT_DETAILS[event.type]
    if shape is None:
        return {}
    named = {
        member.rstrip("*+?="): value
        for member, value in zip(shape[1], event.members, strict=False)
        if value is not None or not member.endswith(("?", "="))
    }
    return {name: value for name, value in named.items() if name not in _LEFT_OUT}


def snapshot_text(execution: Execution) -> str:
    """The snapshot as a file holds it: JSON, one event a line."""
    lines = ",\n".join(
        json.dumps(event, ensure_ascii=False) for event in normalised(execution)
    )
    return f"[\n{_EVENT_ID.sub(_NO_ID, lines)}\n]\n"


def snapshot_difference(
    execution: Execution, file: Path, *, update: bool = False, option: str = OPTION
) -> str:
    """What an execution does otherwise than its snapshot; empty: nothing.

    `update` writes the snapshot anew instead.
    """
    text = snapshot_text(execution)
    if update:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="\n")
        return ""
    try:
        known = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return f"there is no snapshot {file} yet; write it with {option}"
    if known == text:
        return ""
    lines = difflib.unified_diff(
        known.splitlines(), text.splitlines(), str(file), "this run", n=1, lineterm=""
    )
    return (
        f"the history differs from its snapshot; accept it with {option}\n"
        + "\n".join(lines)
    )


def checker(folder: Path, stem: str, *, update: bool) -> Callable[..., None]:
    """What the fixture `asl_snapshot` is: called with an execution, and a name."""

    def check(execution: Execution, name: str | None = None) -> None:
        """Compare an execution's history with the snapshot of this test."""
        __tracebackhide__ = True
        label = stem if name is None else f"{stem}.{name}"
        safe = "".join(c if c.isalnum() or c in "._-" else "_" for c in label)
        file = folder / "snapshots" / f"{safe}.json"
        if text := snapshot_difference(execution, file, update=update):
            raise AssertionError(text)

    return check
