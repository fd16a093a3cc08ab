"""Execution: one run of a machine. It decides everything and does nothing.

In: a StateMachine and replies from the world. Out: effects for the world, events for
the history; at the end status, output, error and cause.
Never: reads a clock, draws from anything but its own seeded chance, raises for what a
definition, a task or a user can cause.

Beneath the states lies a ready queue: a strand that ends wakes its parent through the
queue, never by a call, so that no chain of states can exhaust Python's stack.
"""

import random  # noqa: TID251 - seeded from the header: the run's only chance
from collections import deque
from collections.abc import Callable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from asl.engine.billing import Billing, add_up, bill
from asl.engine.failed import Failure, StateFailed, TaskException
from asl.engine.flow import Walk, walk
from asl.engine.messages import (
    LIMIT_ID,
    Effect,
    Instant,
    MapChild,
    Reply,
    StartTimer,
    StopRequested,
)
from asl.engine.recorder import HistoryFull, Recorder, StandsStill
from asl.engine.strand import Strand
from asl.errors import InternalError
from asl.expressions.context import execution_part
from asl.history import History, iso_text
from asl.model.failure import RUNTIME
from asl.model.machine import Branch, StateMachine, picture_of
from asl.quotas import LIMITS
from asl.values import Json

if TYPE_CHECKING:
    from asl.engine.distributed import MapRun
    from asl.engine.visits import Visit


class Execution:
    """One run of one machine; what `asl.run` returns when it is over.

    Where a great many are made, its arguments are given by place: a class called with
    names takes five times as long (Python 3.13).

    `status` is RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED. `path` names the
    states entered, in order; `history` holds the events; `exceptions` what callables
    raised.
    """

    # What most runs leave as it is stands here, and not in each of them.
    input_bound: int | None = None
    """An upper bound of the input's size in bytes, where it is known."""
    output: Json = None
    error: str | None = None
    cause: str | None = None
    started_at: Instant = 0
    ended_at: Instant | None = None
    asked = 0
    """The newest id; ids count from 1 in the order of asking."""
    retries = 0
    redrive_count = 0
    """How often it was continued after it had failed."""
    redriven_at: Instant | None = None
    """When it was last continued."""
    machines: Mapping[str, StateMachine] = MappingProxyType({})
    machine_types: Mapping[str, str] = MappingProxyType({})
    map_runs: "list[MapRun] | None" = None
    """The Map Runs so far, where somebody set a list to hear of them."""
    left_runs: "dict[int, MapRun] | None" = None
    """Map Runs that have not succeeded, by the id of their state's Entered event."""
    left_children: "dict[str, Execution] | None" = None
    """By ARN, their Standard children that have failed: a redrive goes on with them."""
    walk: Walk = staticmethod(walk)
    """How the root strand goes through the machine; a state alone has its own."""
    given_context: dict[str, Json] | None = None
    """A context object made up for a test, instead of the run's own."""
    loads: Literal["none", "at once", "all"] = "none"
    """Which children of a Map Run the world takes many at a time (StartChildren).

    At once: those that ask the world for nothing.
    """
    service_limit: Instant | None = None
    """When the service ends it (a year, five minutes): TimerFired says so then.

    None where TimeoutSeconds, which is asked for by StartTimer, comes earlier.
    """
    _root: Strand | None = None

    def __init__(
        self,
        machine: StateMachine | Branch,
        input: Json,
        name: str,
        arn: str,
        machine_arn: str,
        type: str = "STANDARD",
        role_arn: str = "",
        seed: int | str = 0,
        machines: Mapping[str, StateMachine] | None = None,
        machine_types: Mapping[str, str] | None = None,
        knows_activity: Callable[[str, str], bool] = lambda state, arn: True,
        child: MapChild | None = None,
        input_bound: int | None = None,
    ) -> None:
        self.machine = machine
        self.status = "RUNNING"
        self.input = input
        self.input_bound = input_bound
        self.name = name
        self.arn = arn
        self.machine_arn = machine_arn
        self.type = type
        self.role_arn = role_arn
        self.seed = seed
        if machines:
            self.machines = machines
        if machine_types:
            self.machine_types = machine_types
        self.child = child
        self.knows_activity = knows_activity
        self.limits = limits = LIMITS[type]
        self.recorder = Recorder(limits.history_events)
        self.billed_children: list[Billing] = []
        self.waiting: dict[int, Strand] = {}
        self.effects: list[Effect] = []
        self.ready: deque[tuple[Strand, Any]] = deque()

    # ------------------------------------------------- what few runs have, made late

    @cached_property
    def exceptions(self) -> list[TaskException]:
        """Filled by the runner: the engine hears of names and causes alone."""
        return []

    @cached_property
    def warnings(self) -> list[str]:
        """What the user should know of the run, by the runner."""
        return []

    @cached_property
    def notes(self) -> dict[tuple[str, str], int]:
        """How often what no event tells: (JSON Pointer, what was decided there)."""
        return {}

    @cached_property
    def failures(self) -> list[Failure]:
        """Every failed attempt of a Task, Map or Parallel, in order."""
        return []

    @cached_property
    def random(self) -> random.Random:
        """The run's only source of chance, seeded."""
        return random.Random(self.seed)

    # ---------------------------------------------------------------------- the wall

    def start(self, at: Instant) -> list[Effect]:
        """Begin; gives the first effects."""
        if self.recorder.count:
            raise InternalError("an execution was started twice")
        self.started_at = at
        self.recorder.begin(at, "ExecutionStarted", self.input, self.role_arn)
        child = self.child
        # Recorded: the first state follows 0, not ExecutionStarted.
        if child is None:
            root = Strand(self, None, 0, {})
        else:
            root = Strand(self, None, 0, {}, child.item, child.iterations)
        self._root = root
        self._set_limits()
        if self.input_bound is not None:
            root.measured, root.bound = self.input, self.input_bound
        try:
            root.behaviour = self.walk(root, self.machine, self.input)
            self._step(root, None)
            if self.ready:
                self._run_ready()
        except (HistoryFull, StandsStill) as end:
            self._cut_short(end)
        return self._taken()

    def receive(self, reply: Reply) -> list[Effect]:
        """Take one reply; gives the effects that follow from it."""
        self.recorder.now = reply.at
        strand = self.waiting.get(reply.id)
        if strand is not None:
            try:
                self._step(strand, reply)
                if self.ready:
                    self._run_ready()
            except (HistoryFull, StandsStill) as end:
                self._cut_short(end)
        elif isinstance(reply, StopRequested):
            if self.running:
                self._finish(reply.status, reply.error, reply.cause)
        elif reply.id == LIMIT_ID and self.running:
            self._finish("TIMED_OUT", None, None)
        elif not 0 < reply.id <= self.asked:
            raise InternalError(f"an answer to {reply.id}, which was never asked")
        # Anything else was cancelled meanwhile: dropped without a trace.
        effects, self.effects = self.effects, []  # _taken: once for each task
        return effects

    @property
    def running(self) -> bool:
        """Whether the execution has not ended yet."""
        return self.status == "RUNNING"

    @property
    def path(self) -> list[str]:
        """The names of the states entered, in order; read from the history."""
        return self.recorder.entered()

    @property
    def history(self) -> History:
        """The events so far, each rendered when it is looked at."""
        return History(self.recorder.records)

    @property
    def states(self) -> "dict[str, list[Visit]]":
        """Every visit of every state, by the state's name; computed when asked for."""
        from asl.engine.visits import visits_of  # only who looks back pays for it

        return visits_of(self)

    @property
    def duration_seconds(self) -> float:
        """How long it took, in the clock's time (virtual by default)."""
        end = self.recorder.now if self.ended_at is None else self.ended_at
        return (end - self.started_at) / 1_000_000

    def __repr__(self) -> str:
        return f"<Execution {self.name!r}: {self.status}>"

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        """What a notebook shows of it: its machine's picture, and what it did there."""
        text = {"text/plain": repr(self)}
        if isinstance(self.machine, StateMachine):
            text |= picture_of(self.machine, execution=self)
        return text

    @cached_property
    def execution_part(self) -> dict[str, Json]:
        """What the context object shows of this execution."""
        return execution_part(
            arn=self.arn,
            input=self.input,
            start_time=iso_text(self.started_at),
            name=self.name,
            role_arn=self.role_arn,
            express=self.type == "EXPRESS",
        )

    @cached_property
    def machine_part(self) -> dict[str, Json]:
        """What the context object shows of the machine."""
        return {"Id": self.machine_arn, "Name": self.machine_arn.rpartition(":")[2]}

    @property
    def billing(self) -> Billing:
        """What AWS would charge for it, its children and nested machines included."""
        return bill(self)

    # ------------------------------------------------------------------ for the engine

    def note(self, pointer: str, what: str) -> None:
        """Keep count of a decision that no event tells, for whoever measures."""
        self.notes[pointer, what] = self.notes.get((pointer, what), 0) + 1

    def bill(self, child: "Execution") -> None:
        """An execution that this one started has ended: it is charged too."""
        self.charge(child.billing)
        if (
            child.status != "SUCCEEDED"
            and child.child is not None
            and child.type == "STANDARD"
        ):
            if self.left_children is None:
                self.left_children = {}
            self.left_children[child.arn] = child

    def charge(self, billing: Billing) -> None:
        """Something that this one started has ended: it is charged too."""
        billed = self.billed_children
        billed.append(billing)
        if len(billed) > _BILLED_SINGLY:
            self.billed_children = [add_up(billed)]

    def begin(
        self, strand: Strand, branch: Branch, value: Json, start: str | None = None
    ) -> None:
        """Run a new strand until it waits or ends, from StartAt or another state."""
        strand.behaviour = walk(strand, branch, value, start)
        self._step(strand, None)

    def new_uuid(self) -> str:
        """A version 4 UUID from the execution's own chance."""
        return str(UUID(int=self.random.getrandbits(128), version=4))

    # ------------------------------------------------------------------------ private

    def _set_limits(self) -> None:
        """The machine's TimeoutSeconds, or the service's own limit."""
        seconds = self.limits.seconds
        self.asked = LIMIT_ID
        machine = self.machine
        own = machine.timeout_seconds if isinstance(machine, StateMachine) else None
        if own is not None and own <= seconds:
            due = self.started_at + own * 1_000_000
            self.effects.append(StartTimer(LIMIT_ID, due))
        else:
            self.service_limit = self.started_at + seconds * 1_000_000

    def _taken(self) -> list[Effect]:
        effects, self.effects = self.effects, []
        return effects

    def _cut_short(self, end: HistoryFull | StandsStill) -> None:
        """The history is full, or an Express run spins: the execution ends here."""
        if isinstance(end, HistoryFull):
            limit = self.limits.history_events
            self._finish(
                "FAILED",
                RUNTIME,
                "The execution reached the maximum number of history events "
                f"({limit}).",
                self.recorder.count,
            )
        else:
            self.recorder.now = self.started_at + self.limits.seconds * 1_000_000
            self._finish("TIMED_OUT", None, None)

    def _run_ready(self) -> None:
        ready = self.ready
        while ready and self.status == "RUNNING":
            strand, message = ready.popleft()
            if not strand.closed:
                self._step(strand, message)

    def _step(self, strand: Strand, message: Any) -> None:
        """Let a strand go on until it waits again or ends."""
        behaviour = strand.behaviour
        assert behaviour is not None, "a strand has a behaviour once it began"
        try:
            behaviour.send(message)
            return
        except StopIteration as stop:
            strand.output = stop.value
        except StateFailed as failure:
            strand.failure = failure
        strand.behaviour = None
        if strand.children:
            strand.close()
        strand.closed = True
        parent = strand.parent
        if parent is not None:
            if message is not None:  # it had waited, so the parent waits for it
                self.ready.append((parent, strand))
        elif (failed := strand.failure) is None:
            self.output = strand.output
            self._finish("SUCCEEDED", None, None, strand.last)
        else:
            self._finish("FAILED", failed.error, failed.cause, strand.last)

    def _finish(
        self, status: str, error: str | None, cause: str | None, last: int = 0
    ) -> None:
        """Write the terminal event (recorded: an interruption follows event 0)."""
        self.status, self.ended_at = status, self.recorder.now
        if status == "SUCCEEDED":
            self.recorder.close(last, "ExecutionSucceeded", self.output)
        else:
            self.error, self.cause = error, cause
            self.recorder.close(last, _TERMINAL[status], error, cause)
        # Nothing refers to itself any more: an ended run frees its memory at once.
        root, self._root = self._root, None
        if root is not None and not root.closed:
            root.close()
        self.ready.clear()


_BILLED_SINGLY = 1_000
"""More children than these are billed as one."""

_TERMINAL = {
    "FAILED": "ExecutionFailed",
    "ABORTED": "ExecutionAborted",
    "TIMED_OUT": "ExecutionTimedOut",
}
