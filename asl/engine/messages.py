"""Everything that crosses the wall between deciding and doing.

In (replies): what the world tells an Execution, always with the time.
Out (effects): what an Execution asks of the world.
Never: behaviour. Messages are data; nobody changes one after it was made (most are
slotted but not frozen, because a frozen instance costs four times as much to make).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple, TypeAlias

from asl.values import Json

if TYPE_CHECKING:
    from asl.engine.execution import Execution
    from asl.engine.load import Load
    from asl.model.machine import Branch, StateMachine
    from asl.model.resource import Resource

Instant: TypeAlias = int
"""A moment: microseconds since 1970-01-01T00:00:00Z. Whole, so that sums are exact."""


LIMIT_ID = 1
"""The id of an execution's own time limit: the first that it asks for, always."""


class Call(NamedTuple):
    """Who asks: everything a mock, a Lambda context or a record of calls needs."""

    state: str
    iterations: tuple[tuple[str, int], ...]
    """(name of the Map state, index), outermost first."""
    visit: int
    """How often this state was entered before, in this strand of control."""
    attempt: int
    """0 at first, then 1 and on for each retry."""
    state_input: Json
    token: str | None
    """The task token, for .waitForTaskToken and activities."""
    execution_arn: str
    role_arn: str
    deadline: Instant | None = None
    """When TimeoutSeconds will have run out."""
    heartbeat_seconds: int | None = None

    @property
    def map_index(self) -> int | None:
        """The index of the innermost Map iteration, or None outside a Map."""
        return self.iterations[-1][1] if self.iterations else None


@dataclass(slots=True)
class StartTask:
    """Call the resource; answer with any of the Task… replies."""

    id: int
    resource: str
    payload: Json
    call: Call


@dataclass(slots=True)
class StartTimer:
    """Answer with TimerFired once the time is `due`."""

    id: int
    due: Instant


@dataclass(slots=True)
class Cancel:
    """Nobody waits for `id` any more. A late answer is allowed and ignored."""

    id: int


@dataclass(slots=True)
class StartExecution:
    """Run another machine under this one; answer with TaskSucceeded or TaskFailed."""

    id: int
    machine: "StateMachine | Branch"
    input: Json
    name: str
    type: str
    """STANDARD or EXPRESS."""
    call: Call
    resource: "Resource | None" = None
    """The Task's resource, which says how the parent waits; None for a Map's child."""
    machine_arn: str = ""
    child: "MapChild | None" = None


@dataclass(slots=True)
class MapChild:
    """What a child execution of a distributed Map inherits from its Map Run."""

    execution_arn: str
    item: dict[str, Json] | None
    """The context object's Map.Item, or None for a batch."""
    iterations: tuple[tuple[str, int], ...]
    """Where the child stands, for mocks and the record of calls."""
    map_run_arn: str = ""
    as_text: bool = False
    """Answer with the texts of its input and its output, instead of the output."""
    again: "Execution | None" = None
    """What a redrive goes on with: the child as it ended before."""


@dataclass(slots=True)
class StartChildren:
    """Run many children of a Map Run, begun now; answer with ChildrenEnded, in parts.

    Asked for only where the world takes them so (`Execution.loads`).
    """

    id: int
    processor: "Branch"
    pointer: str
    """Where the Map state stands in its machine."""
    type: str
    """STANDARD or EXPRESS."""
    load: "Load"
    machine_arn: str
    map_run_arn: str
    iterations: tuple[tuple[str, int], ...]
    """Where the Map Run stands."""
    map_name: str
    written: "Written | None"
    """How their results are written, where they are."""


@dataclass(frozen=True, slots=True)
class Written:
    """How a ResultWriter writes what successful children have come to."""

    transformation: str
    """NONE, COMPACT or FLATTEN."""
    is_lines: bool
    """Whether as JSON Lines, and not as an array."""


@dataclass(slots=True)
class Block:
    """Results as they stand in a file: texts, with its separator between them."""

    data: bytes
    sizes: list[int]
    """Of the texts, one after another, in bytes."""
    children: int
    """How many children these are the results of."""


Effect: TypeAlias = StartTask | StartTimer | Cancel | StartExecution | StartChildren


@dataclass(slots=True)
class TaskStarted:
    """A worker took the task up (activities)."""

    id: int
    at: Instant
    worker: str | None = None


@dataclass(slots=True)
class TaskSubmitted:
    """The service accepted the job (.sync) or the message (.waitForTaskToken)."""

    id: int
    at: Instant
    output: Json


@dataclass(slots=True)
class TaskHeartbeat:
    """The task says that it is still at work."""

    id: int
    at: Instant


@dataclass(slots=True)
class TaskSucceeded:
    """The task's result; `output` belongs to the engine from now on."""

    id: int
    at: Instant
    output: Json


@dataclass(slots=True)
class TaskFailed:
    """The task's error name and cause; either may be absent.

    `phase` says how far the task got: "run" (the usual), "submit" (the service refused
    the job: TaskSubmitFailed), "start", "schedule"; "timeout" (the service reported a
    time-out of its own) and "runtime" (the request never was a valid one:
    States.Runtime without TaskScheduled).
    """

    id: int
    at: Instant
    error: str | None
    cause: str | None
    phase: str = "run"


@dataclass(slots=True)
class TimerFired:
    """The moment a StartTimer asked for has come."""

    id: int
    at: Instant


@dataclass(slots=True)
class StopRequested:
    """Somebody stops the execution (StopExecution): it ends as ABORTED.

    Or as FAILED, where the outer world cannot go on with it.
    """

    at: Instant
    error: str | None = None
    cause: str | None = None
    status: str = "ABORTED"
    id: ClassVar[int] = 0
    """It answers nothing: nobody asked for 0."""


@dataclass(slots=True)
class ChildrenEnded:
    """Children of one load that follow one another have ended, at one moment.

    They all have succeeded, or it is one that has not.
    """

    id: int
    at: Instant
    place: int
    """Of the first, in item order."""
    count: int
    outputs: "list[Json] | Block | None"
    """What they have come to, as it was asked for."""
    failure: TaskFailed | None = None


Reply: TypeAlias = (
    TaskStarted
    | TaskSubmitted
    | TaskHeartbeat
    | TaskSucceeded
    | TaskFailed
    | TimerFired
    | StopRequested
    | ChildrenEnded
)
