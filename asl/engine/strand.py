"""A Strand: one thread of control inside an Execution, and what its expressions see.

In: a branch to walk, the value it starts from. Out: an outcome (output or failure), and
a chain of events linked by previousEventId.
Never: schedules; execution.py holds the ready queue.

A Strand is the Scope of every expression evaluated in it (context, variables, chance,
time). Variables are shared with the parent until a strand assigns: Assign makes a new
dict, so a fork copies nothing.
"""

from collections.abc import Generator, Mapping
from random import Random  # noqa: TID251 - a type: the execution's own chance
from typing import TYPE_CHECKING, TypeAlias

from asl.engine.failed import StateFailed
from asl.engine.messages import Call, Cancel, Effect, Instant, Reply, StartTimer
from asl.expressions.context import context_object
from asl.expressions.scope import EvaluationError
from asl.history import iso_text
from asl.model.failure import DATA_LIMIT_EXCEEDED, QUERY_EVALUATION_ERROR
from asl.model.machine import Branch
from asl.model.states import Map, Parallel, State, Task
from asl.quotas import PAYLOAD_BYTES, VARIABLE_BYTES, VARIABLES_TOTAL_BYTES
from asl.values import Json, size_bound, size_bytes

if TYPE_CHECKING:
    from asl.engine.execution import Execution

Behaviour: TypeAlias = Generator[None, "Reply | Strand", Json]
"""What a waiting state is: it yields, and is sent the reply or the ended child."""


class Strand:
    """One line of control: the root's, a branch's or an iteration's."""

    __slots__ = (
        "_context",
        "behaviour",
        "bound",
        "children",
        "closed",
        "entered",
        "execution",
        "failure",
        "item",
        "iterations",
        "last",
        "measured",
        "output",
        "parent",
        "recorder",
        "retry_count",
        "state",
        "token",
        "variables",
        "visits",
    )

    def __init__(
        self,
        execution: "Execution",
        parent: "Strand | None",
        last: int,
        variables: Mapping[str, Json],
        item: dict[str, Json] | None = None,
        iterations: tuple[tuple[str, int], ...] = (),
    ) -> None:
        self.execution = execution
        self.recorder = execution.recorder
        self.parent = parent
        self.last = last
        """Id of the newest event of this chain."""
        self.variables = variables
        self.item = item
        """The context object's Map.Item, inside a Map."""
        self.iterations = iterations
        self.state: State | None = None
        self.entered = 0
        """Id of the Entered event of the present state."""
        self.retry_count = 0
        """How often the present Task, Parallel or Map was tried again."""
        self.token: str | None = None
        self.visits: dict[str, int] | None = None
        """How often it has entered each Task: mocks may be asked for that."""
        self.children: list[Strand] = []
        self.behaviour: Behaviour | None = None
        self.closed = False
        self.output: Json = None
        self.failure: StateFailed | None = None
        self.measured: Json = _NOTHING
        """The value whose size is known to be at most `bound`."""
        self.bound = 0
        self._context: dict[str, Json] | None = None

    # ------------------------------------------------------------------------- Scope

    @property
    def context(self) -> dict[str, Json]:
        """The context object at this moment."""
        if self._context is None and self.parent is None:
            self._context = self._made_up_context()
        if self._context is None:
            state: dict[str, Json] = {}
            if self.state is not None:
                state["Name"] = self.state.name
                entered_at = self.recorder.records[self.entered - 1][1]
                state["EnteredTime"] = iso_text(entered_at)
                if isinstance(self.state, (Task, Parallel, Map)):
                    state["RetryCount"] = self.retry_count
            self._context = context_object(
                self.execution.execution_part,
                self.execution.machine_part,
                state=state,
                token=self.token,
                item=self.item,
            )
        return self._context

    def _made_up_context(self) -> dict[str, Json] | None:
        """What a test gives instead; states inside the tested one have their own."""
        given = self.execution.given_context
        if given is None or self.item is None:
            return given
        return given | {"Map": {"Item": self.item}}

    def forget_context(self) -> None:
        """The context object has changed (retry, token, item): build it anew."""
        self._context = None

    @property
    def random(self) -> Random:
        """The execution's only source of chance."""
        return self.execution.random

    @property
    def now_ms(self) -> int:
        """The present moment in milliseconds since 1970."""
        return self.execution.recorder.now // 1000

    # ------------------------------------------------------------------------ events

    def record(
        self, kind: str, a: Json = None, b: Json = None, c: Json = None, d: Json = None
    ) -> None:
        """Write an event at the end of this strand's chain, with its members.

        More than four members come as one tuple.
        """
        recorder = self.recorder
        count = recorder.count
        if count >= recorder.limit:
            recorder.make_room()
        recorder.write((self.last, recorder.now, kind, a, b, c, d))
        self.last = recorder.count = count + 1

    def record_call(
        self, resource: str, request: Json, timeout: int | None, credentials: Json
    ) -> None:
        """Write the two events with which a Lambda function's task begins."""
        recorder = self.recorder
        count = recorder.count
        if count + 1 >= recorder.limit:  # perhaps there is room for one of them
            kind = "LambdaFunctionScheduled"
            self.record(kind, resource, request, timeout, credentials)
            self.record("LambdaFunctionStarted")
            return
        now = recorder.now
        kind = "LambdaFunctionScheduled"
        recorder.write((self.last, now, kind, resource, request, timeout, credentials))
        kind = "LambdaFunctionStarted"
        recorder.write((count + 1, now, kind, None, None, None, None))
        self.last = recorder.count = count + 2

    def enter(self, state: State, value: Json) -> None:
        """A state begins: its Entered event, and a fresh context."""
        recorder = self.recorder
        self.state = state
        self.token = None
        self._context = None
        # Written out, not through `record`: this is done for every state.
        count = recorder.count
        if count >= recorder.limit:
            recorder.make_room()
        kind, name = state.entering
        recorder.write((self.last, recorder.now, kind, name, value, None, None))
        self.last = self.entered = recorder.count = count + 1

    def leave(
        self, state: State, output: Json, assigned: Json = None, way: int | None = None
    ) -> None:
        """A state ends well: its output is within limits, its Exited event written.

        `way` says which of several ways out it takes: see `Event.way`.
        """
        if output is not self.measured:
            # As `measure` does, one call less a state; with what is assigned, of which
            # each part has room where all have.
            bound = size_bound((output, assigned) if assigned else output)
            if bound <= _ROOM_FOR_BOTH:
                self.measured, self.bound = output, bound
            else:
                self.measure(output, state.name)
                _measure_assigned(state, assigned or {})
        elif assigned:
            _measure_assigned(state, assigned)
        if assigned:
            # All at once, after everything was evaluated.
            variables = {**self.variables, **assigned}
            if len(variables) > _FEW_VARIABLES:
                _measure_variables(state, variables)
            self.variables = variables
        recorder = self.recorder
        count = recorder.count
        if count >= recorder.limit:
            recorder.make_room()
        kind, name = state.leaving
        recorder.write((self.last, recorder.now, kind, name, output, assigned, way))
        self.last = recorder.count = count + 1

    def measure(self, value: Json, what: str) -> None:
        """Refuse a value beyond the payload limit; remember a good one's bound."""
        bound = size_bound(value)
        if bound > PAYLOAD_BYTES:
            bound = size_bytes(value)
            if bound > PAYLOAD_BYTES:
                raise _too_large(what)
        self.measured = value
        self.bound = bound

    # ----------------------------------------------------------------------- failure

    def explain(self, problem: EvaluationError) -> StateFailed:
        """Turn an evaluation's failure into the state's, in AWS's words.

        A JSONata failure also writes EvaluationFailed, which follows the event before
        the state's Entered event unless the state has written more since (recorded),
        except in a Wait.
        """
        state = self.state
        assert state is not None, "an evaluation belongs to a state"
        cause = f"{self.blame}{problem.detail}"
        if problem.error == QUERY_EVALUATION_ERROR:
            if self.last == self.entered and state.type != "Wait":
                self.last = self.recorder.records[self.entered - 1][0]
            self.record(
                "EvaluationFailed", problem.error, cause, problem.location, state.name
            )
        return StateFailed(problem.error, cause)

    @property
    def blame(self) -> str:
        """How AWS begins the cause of a failure that is the state's own."""
        name = "" if self.state is None else self.state.name
        return (
            f"An error occurred while executing the state '{name}' (entered at the "
            f"event id #{self.entered}). "
        )

    # ------------------------------------------------------------------------ asking

    def new_id(self) -> int:
        """The next id of this execution; a reply to it will wake this strand."""
        execution = self.execution
        number = execution.asked = execution.asked + 1
        execution.waiting[number] = self
        return number

    def ask(self, effect: Effect) -> None:
        """Hand an effect to the world."""
        self.execution.effects.append(effect)

    def timer(self, due: Instant) -> int:
        """Ask to be woken at a moment; gives the timer's id."""
        number = self.new_id()
        self.ask(StartTimer(number, due))
        return number

    def answered(self, number: int) -> None:
        """An id has had its last answer."""
        self.execution.waiting.pop(number, None)

    def cancel(self, number: int) -> None:
        """Nobody waits for an id any more."""
        self.answered(number)
        self.ask(Cancel(number))

    def call(
        self,
        state: State,
        raw: Json,
        deadline: Instant | None = None,
        heartbeat: int | None = None,
    ) -> Call:
        """Who asks: what a task's callable may be told."""
        execution = self.execution
        name = state.name
        members = (  # in the order of Call
            name,
            self.iterations,
            0 if self.visits is None else self.visits.get(name, 1) - 1,
            self.retry_count,
            raw,
            self.token,
            execution.arn,
            execution.role_arn,
            deadline,
            heartbeat,
        )
        return _new_tuple(Call, members)  # half the time of Call(…)

    def take_up(
        self, state: Parallel | Map, raw: Json
    ) -> Generator[None, "Reply | Strand", Json] | None:
        """What an earlier attempt left of a state, gone on with; None: there is none.

        Only a redriven strand has any (redrive.py).
        """
        return None

    def close(self) -> None:
        """Stop: cancel what was asked, close the children, never run again."""
        if self.closed:
            return
        self.closed = True
        waiting = self.execution.waiting
        for number in [n for n, strand in waiting.items() if strand is self]:
            self.cancel(number)
        for child in self.children:
            child.close()
        # A strand that closes its children is at work itself: only waiting ones close.
        behaviour, self.behaviour = self.behaviour, None
        if behaviour is not None:
            behaviour.close()

    def fork(
        self,
        branch: Branch,
        value: Json,
        *,
        last: int,
        item: dict[str, Json] | None = None,
        iterations: tuple[tuple[str, int], ...] | None = None,
    ) -> "Strand":
        """Start a child and run it until it waits; it may have ended on return."""
        child = Strand(
            self.execution,
            self,
            last,
            self.variables,
            self.item if item is None else item,
            self.iterations if iterations is None else iterations,
        )
        if value is self.measured:
            child.measured, child.bound = value, self.bound
        self.execution.begin(child, branch, value)
        return child


_NOTHING = object()
_new_tuple = tuple.__new__

_ROOM_FOR_BOTH = min(PAYLOAD_BYTES, VARIABLE_BYTES)
_FEW_VARIABLES = VARIABLES_TOTAL_BYTES // VARIABLE_BYTES
"""No more than these can be too large together, as none is by itself."""


def _measure_assigned(state: State, assigned: Mapping[str, Json]) -> None:
    """Refuse a value that is too large for a variable."""
    if size_bound(assigned) > VARIABLE_BYTES:
        for name, value in assigned.items():
            if size_bytes(value) > VARIABLE_BYTES:
                raise _variable_too_large(state.name, f"variable '{name}'")


def _measure_variables(state: State, variables: Mapping[str, Json]) -> None:
    """Refuse variables that are too large together."""
    if sum(map(size_bytes, variables.values())) > VARIABLES_TOTAL_BYTES:
        raise _variable_too_large(state.name, "sum of all variables")


def _too_large(what: str) -> StateFailed:
    """AWS's failure for a payload beyond 262,144 bytes."""
    return StateFailed(
        DATA_LIMIT_EXCEEDED,
        f"The state/task '{what}' returned a result with a size exceeding the maximum "
        "number of bytes service limit.",
    )


def _variable_too_large(state: str, what: str) -> StateFailed:
    return StateFailed(
        DATA_LIMIT_EXCEEDED,
        f"The state '{state}' assigned more than the service allows: the {what} "
        "exceeds the maximum number of bytes service limit.",
    )
