"""The results of a Map Run: of what its children have come to, what must be held.

In: how each child has ended. Out: the outputs in item order; or the records that a
result writer is given, part by part, in item order as well.
Never: holds more outputs than it takes to be beyond the payload limit, where nothing
can make them small again; holds a record that was written.

Developer guide: "ResultWriter (Map)"; layout of the records as recorded.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from asl.engine.failed import ChildFailure
from asl.engine.messages import Block, Instant, TaskFailed, TaskSucceeded
from asl.history import iso_text
from asl.model.states import Map
from asl.quotas import PAYLOAD_BYTES
from asl.values import Json, json_text, quoted, size_bytes

PART_RECORDS = 10_000
PART_CHARACTERS = 4_000_000
"""A part is written once it has so many records, or so much text."""

Results = dict[str, list[Json]]
"""Records by FAILED, PENDING and SUCCEEDED; among these, Blocks of many."""


@dataclass(slots=True)
class Child:
    """A child execution that was started."""

    place: int
    """Children are counted in item order."""
    name: str
    arn: str
    input: Json
    items: int
    """How many items are in its input."""
    started_at: Instant


class Outputs:
    """The outputs of the children, without an export."""

    def __init__(self, state: Map) -> None:
        self._outputs: dict[int, Json] = {}
        self._flattens = flattens(state)
        # A ResultSelector, ResultPath or Output may make little of much.
        self._room: int | None = PAYLOAD_BYTES if state.gives_result else None

    def add(self, child: Child, reply: TaskSucceeded | TaskFailed, status: str) -> None:
        """A child has ended."""
        if not isinstance(reply, TaskFailed):
            self.add_output(child.place, reply.output)

    def add_output(self, place: int, output: Json) -> None:
        """A child has succeeded."""
        if self._room is not None:
            if self._room < 0:
                return  # it is too large, and stays so
            # FLATTEN takes the brackets away, and leaves nothing of an empty array.
            self._room -= max(size_bytes(output) - 2 * self._flattens, 0)
        self._outputs[place] = output

    def all(self) -> list[Json]:
        """The outputs in item order; of too many, enough to be too large."""
        outputs = [self._outputs[place] for place in sorted(self._outputs)]
        if not self._flattens:
            return outputs
        flat: list[Json] = []
        for output in outputs:
            flat.extend(output if isinstance(output, list) else [output])
        return flat


class Records:
    """The records of the children, for a result writer."""

    def __init__(self, machine_arn: str) -> None:
        self._machine_arn = machine_arn
        self._waiting: dict[int, tuple[str, dict[str, Json] | Block]] = {}
        """Those that have to wait for one before them, by place."""
        self._next = 0
        self._part: Results = _none()
        self._count = 0
        self._characters = 0

    @property
    def is_full(self) -> bool:
        """Whether there is a part to be written."""
        return self._count >= PART_RECORDS or self._characters >= PART_CHARACTERS

    def take(self) -> Results:
        """The next part."""
        part, self._part = self._part, _none()
        self._count = self._characters = 0
        return part

    def add(self, child: Child, reply: TaskSucceeded | TaskFailed, status: str) -> None:
        """A child has ended: `reply.output` holds the texts of its input and output."""
        group = "SUCCEEDED" if status == "SUCCEEDED" else "FAILED"
        if child.place < self._next:  # redriven: those after it did not wait
            self._part[group].append(self._record(child, reply, status))
            self._count += 1
            return
        self._put(child.place, group, self._record(child, reply, status))

    def add_block(self, place: int, block: Block) -> None:
        """Children from this place on have succeeded."""
        self._put(place, "SUCCEEDED", block)

    def _put(self, place: int, group: str, result: dict[str, Json] | Block) -> None:
        self._waiting[place] = group, result
        while (found := self._waiting.pop(self._next, None)) is not None:
            group, result = found
            self._part[group].append(result)
            if isinstance(result, Block):
                children, characters = result.children, len(result.data)
            else:
                children = 1
                characters = len(result["Input"]) + len(result.get("Output", ""))
            self._count += children
            self._characters += characters
            self._next += children

    def forgive(self, places: Iterable[int]) -> None:
        """Forget the records of those that are redriven, none of which was written."""
        self._count -= len(self._part["FAILED"])
        self._part["FAILED"] = []
        for place in places:
            self._waiting.pop(place, None)

    def _record(
        self, child: Child, reply: TaskSucceeded | TaskFailed, status: str
    ) -> dict[str, Json]:
        """A child's record as result files hold it."""
        started, ended = _iso_text(child.started_at), _iso_text(reply.at)
        if isinstance(reply, TaskSucceeded):
            return success_record(
                child.arn, child.name, reply.output, self._machine_arn, started, ended
            )
        return {
            "ExecutionArn": child.arn,
            "Input": json_text(child.input),
            "InputDetails": _INCLUDED,
            "Name": child.name,
            "Error": reply.error,
            "Cause": reply.cause,
            "RedriveCount": 0,
            "RedriveStatus": "REDRIVABLE_BY_MAP_RUN",
            "StartDate": started,
            "StateMachineArn": self._machine_arn,
            "Status": status,
            "StopDate": ended,
        }


def success_record(
    arn: str,
    name: str,
    texts: Sequence[str],
    machine_arn: str,
    started: str,
    ended: str,
) -> dict[str, Json]:
    """The record of a child that has succeeded; texts: of its input, of its output."""
    input_text, output_text = texts
    return {
        "ExecutionArn": arn,
        "Input": input_text,
        "InputDetails": _INCLUDED,
        "Name": name,
        "Output": output_text,
        "OutputDetails": _INCLUDED,
        "RedriveCount": 0,
        "RedriveStatus": "NOT_REDRIVABLE",
        "RedriveStatusReason": "Execution is SUCCEEDED and cannot be redriven",
        "StartDate": started,
        "StateMachineArn": machine_arn,
        "Status": "SUCCEEDED",
        "StopDate": ended,
    }


class SuccessTexts:
    """Records of many successful children as JSON: what they share is made once.

    `arn` is that of a child with `NAME` for a name.
    """

    def __init__(
        self, arn: str, machine_arn: str, started: Instant, ended: Instant
    ) -> None:
        record = success_record(
            arn, NAME, (_TEXT, _TEXT), machine_arn, _iso_text(started), _iso_text(ended)
        )
        self._shared = re.split(_DIFFERS, json_text(record))

    def text(self, name: str, input_text: str, output_text: str) -> str:
        """One child's record."""
        a, b, c, d, e = self._shared
        given, came_to = quoted(input_text), quoted(output_text)
        return f"{a}{name}{b}{given}{c}{name}{d}{came_to}{e}"


class Tally:
    """How many children have ended how, and the first of those that failed."""

    def __init__(self) -> None:
        self.executions = dict.fromkeys(("SUCCEEDED", "FAILED", "TIMED_OUT"), 0)
        self.items = dict(self.executions)
        self.failures: list[ChildFailure] = []

    @property
    def failed_items(self) -> int:
        """Items of the children that did not succeed."""
        return self.items["FAILED"] + self.items["TIMED_OUT"]

    def forgive(self) -> None:
        """Count those that have failed no more: they are redriven."""
        for counts in (self.executions, self.items):
            counts["FAILED"] = counts["TIMED_OUT"] = 0
        self.failures = []

    def add_successes(self, count: int, items: int) -> None:
        """Count children that have succeeded."""
        self.executions["SUCCEEDED"] += count
        self.items["SUCCEEDED"] += items

    def add(self, child: Child, reply: TaskSucceeded | TaskFailed) -> str:
        """Count a child that has ended; gives its status."""
        status = "SUCCEEDED"
        if isinstance(reply, TaskFailed):
            status = "TIMED_OUT" if reply.phase == "timeout" else "FAILED"
            if len(self.failures) < _TOLD:
                self.failures.append(
                    ChildFailure(
                        child.place, child.arn, status, reply.error, reply.cause
                    )
                )
        self.executions[status] += 1
        self.items[status] += child.items
        return status


def flattens(state: Map) -> bool:
    """Whether outputs that are arrays are put together into one."""
    writer = state.writer
    return writer is not None and writer.config.get("Transformation") == "FLATTEN"


_TOLD = 10
"""So many failures of children are told of."""
NAME, _TEXT = "\0", "\1"
"""Stand where children differ: in no ARN, and in JSON text only as an escape."""
_DIFFERS = re.compile('\\\\u0000|"\\\\u0001"')
_INCLUDED: dict[str, Json] = {"Included": True}
_iso_text = lru_cache(maxsize=64)(iso_text)


def _none() -> Results:
    return {"FAILED": [], "PENDING": [], "SUCCEEDED": []}
