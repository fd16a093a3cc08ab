"""Redrive: a failed execution goes on where it failed, under the same ARN.

In: what the first attempt was given, and its history's records. Out: an Execution that
writes on behind them: ExecutionRedriven, then what follows from the unfinished states.
Never: runs again what has succeeded; of a Parallel or an inline Map only the branches
and iterations go on that have not.

Developer guide: "Restarting state machine executions with redrive". A state that goes
on has no second Entered event: what it does next follows its first one, as does a
branch's or an iteration's. Retriers and TimeoutSeconds begin anew. A Parallel or Map
whose branches had all succeeded, and that failed by States.DataLimitExceeded or
States.Runtime, is run again from its start. A distributed Map's Map Run goes on with
its children that have not succeeded, and with the items of which none was started; but
another one begins after those two errors, and where results were written.
"""

from collections import Counter, deque
from collections.abc import Generator, Mapping, Sequence
from functools import cached_property
from typing import Any

from asl.engine.data import payload, subject
from asl.engine.distributed import MapRun, see_through
from asl.engine.execution import Execution
from asl.engine.failed import Failure
from asl.engine.map import Iterations, count_places, find_items, run_map
from asl.engine.messages import Effect, Instant, Reply, StartTimer
from asl.engine.parallel import fail, join, run_parallel
from asl.engine.past import Chain, Stay, read_past, unfinished
from asl.engine.recorder import HistoryFull, StandsStill
from asl.engine.strand import Strand
from asl.errors import InternalError
from asl.history import Record, iso_text
from asl.model.failure import DATA_LIMIT_EXCEEDED, RUNTIME
from asl.model.machine import Branch, StateMachine
from asl.model.states import Map, Parallel, State
from asl.quotas import INLINE_CONCURRENCY
from asl.values import Json

REDRIVABLE_EVENTS = 24_999
"""A history has to be shorter: there is to be room for ExecutionRedriven and more."""


class RedrivenExecution(Execution):
    """An execution that begins where an earlier attempt has ended.

    `past` holds the earlier attempts' records; everything else is what the first one
    was given.
    """

    def __init__(
        self,
        machine: StateMachine | Branch,
        input: Json,
        *,
        past: Sequence[Record],
        **given: Any,
    ) -> None:
        super().__init__(machine, input, **given)
        self.recorder.restore(past)
        self.started_at = past[0][1]
        self.redrive_count = 1 + sum(one[2] == "ExecutionRedriven" for one in past)
        self.seed = f"{self.seed}#redrive {self.redrive_count}"
        self._past = read_past(past)
        _, _, kind, *members = past[-1]
        error = members[0] if kind == "ExecutionFailed" else None
        self.reruns = error in (DATA_LIMIT_EXCEEDED, RUNTIME)
        """Whether a state whose parts have all succeeded is run again as a whole."""

    @classmethod
    def after(cls, old: Execution) -> "RedrivenExecution":
        """The execution that goes on after an ended one, with what is known of it."""
        again = cls(
            old.machine,
            old.input,
            past=old.recorder.records,
            name=old.name,
            arn=old.arn,
            machine_arn=old.machine_arn,
            type=old.type,
            role_arn=old.role_arn,
            seed=old.seed,
            machines=old.machines,
            machine_types=old.machine_types,
            knows_activity=old.knows_activity,
            child=old.child,
        )
        going_on = {stay.entered for stay in unfinished(again._past)}
        again.failures = [_tried(one, going_on) for one in old.failures]
        again.exceptions = list(old.exceptions)
        again.warnings = list(old.warnings)
        again.notes = dict(old.notes)
        again.billed_children = list(old.billed_children)
        again.retries = old.retries
        again.inherit(old)
        return again

    def inherit(self, old: Execution) -> None:
        """Take over the Map Runs that an ended execution has left unfinished."""
        self.left_runs, old.left_runs = old.left_runs, None
        self.left_children, old.left_children = old.left_children, None

    def start(self, at: Instant) -> list[Effect]:
        """Go on; gives the first effects, or none where it was stopped before."""
        if not self.running:
            return self._taken()
        if self.redriven_at is not None:
            raise InternalError("an execution was redriven twice")
        self.redriven_at = self.recorder.now = at
        if self.recorder.count > self.recorder.limit:
            self._fail_as_before(at)
            return self._taken()
        stay = self._past.stay
        if stay is None:
            raise InternalError("an execution was redriven that had left every state")
        child = self.child
        root = _strand(
            self,
            None,
            self._past,
            item=None if child is None else child.item,
            iterations=() if child is None else child.iterations,
        )
        self._root = root
        self._set_limits()
        try:
            last = self.recorder.count
            self.recorder.add(last, "ExecutionRedriven", self.redrive_count)
            self.begin(root, self.machine, stay.raw, stay.state)
            self._run_ready()
        except (HistoryFull, StandsStill) as end:
            self._cut_short(end)
        return self._taken()

    def _fail_as_before(self, at: Instant) -> None:
        """A Map Run's child with a full history is not tried; its failure stands."""
        *_, self.error, self.cause = self.recorder.records[-1]
        self.status, self.ended_at = "FAILED", at

    def _set_limits(self) -> None:
        """The machine's own limit counts from now, the service's from the start."""
        super()._set_limits()
        for own in self.effects:
            if isinstance(own, StartTimer):
                own.due += self.recorder.now - self.started_at

    @cached_property
    def execution_part(self) -> dict[str, Json]:
        """What the context object shows of this execution."""
        return super().execution_part | {
            "RedriveCount": self.redrive_count,
            "RedriveTime": iso_text(self.redriven_at or self.started_at),
        }


def _tried(failure: Failure, going_on: set[int]) -> Failure:
    """A failure after which its state goes on, as one more try of the state."""
    if failure.entered in going_on and failure.outcome == "failed":
        return failure._replace(outcome="retried")
    return failure


class RedrivenStrand(Strand):
    """A strand that goes on in a state that it has entered before."""

    __slots__ = ("_left", "_stay")

    _left: Stay | None
    """What is still to be gone on with: the state to enter next."""
    _stay: Stay | None
    """The same, once it was entered, until its first attempt."""

    def enter(self, state: State, value: Json) -> None:
        """A state begins; the first one has begun already."""
        stay, self._left = self._left, None
        self._stay = stay
        if stay is None:
            super().enter(state, value)
            return
        self.state = state
        self.last = self.entered = stay.entered
        self.forget_context()

    def take_up(
        self, state: Parallel | Map, raw: Json
    ) -> Generator[None, Reply | Strand, Json] | None:
        """The branches or iterations that an earlier attempt has left."""
        stay, self._stay = self._stay, None
        if stay is None or not stay.started:
            return None
        if isinstance(state, Parallel):
            return _go_on_parallel(self, state, raw, stay)
        if state.processor.mode == "INLINE":
            return _go_on_map(self, state, raw, stay)
        execution = self.execution
        run = (execution.left_runs or {}).get(self.entered)
        if run is None or not run.can_go_on or _fails_itself(execution):
            return None
        return _go_on_map_run(self, run, stay)


def _strand(
    execution: Execution,
    parent: Strand | None,
    chain: Chain,
    *,
    item: dict[str, Json] | None,
    iterations: tuple[tuple[str, int], ...],
) -> Strand:
    """A strand in the state in which an earlier attempt has left it."""
    stay = chain.stay
    assert stay is not None, "what has ended is not gone on with"
    strand = RedrivenStrand(
        execution,
        parent,
        last=stay.entered,
        variables=chain.variables,
        item=item,
        iterations=iterations,
    )
    strand._left, strand._stay = stay, None
    strand.visits = dict(chain.visits)
    if stay.kind == "Task":
        strand.visits[stay.state] -= 1  # it is counted again when it goes on
    return strand


def _go_on(
    parent: Strand,
    branch: Branch,
    chain: Chain,
    item: dict[str, Json] | None,
    iterations: tuple[tuple[str, int], ...],
) -> Strand:
    """Go on with a child until it waits; it may have ended on return."""
    stay = chain.stay
    assert stay is not None, "what has ended is not gone on with"
    execution = parent.execution
    child = _strand(execution, parent, chain, item=item, iterations=iterations)
    execution.begin(child, branch, stay.raw, stay.state)
    return child


def _ended(parent: Strand, chain: Chain) -> Strand:
    """A child that had succeeded, for those who ask what became of it."""
    child = Strand(parent.execution, parent, last=chain.last, variables={})
    child.closed, child.output = True, chain.output
    return child


def _reruns(strand: Strand, chains: Mapping[int, Chain], count: int) -> bool:
    """Whether a state failed by itself, after all of its parts had succeeded."""
    return (
        _fails_itself(strand.execution)
        and len(chains) == count
        and all(chain.stay is None for chain in chains.values())
    )


def _fails_itself(execution: Execution) -> bool:
    """Whether it failed by an error that a state alone makes, whatever ran in it."""
    return isinstance(execution, RedrivenExecution) and execution.reruns


def _go_on_map_run(
    strand: Strand, run: MapRun, stay: Stay
) -> Generator[None, Reply | Strand, Json]:
    """Go on with a Map Run's children that have not succeeded, and start the others."""
    run.go_on(strand)
    strand.last = stay.newest
    strand.record("MapRunRedriven", run.arn, run.redrive_count)
    if strand.execution.map_runs is not None:
        strand.execution.map_runs.append(run)
    return (yield from see_through(strand, run, None, None, strand.last))


def _go_on_parallel(
    strand: Strand, state: Parallel, raw: Json, stay: Stay
) -> Generator[None, Reply | Strand, Json]:
    """Go on with the branches that have not succeeded; start those that never began."""
    if _reruns(strand, stay.chains, len(state.branches)):
        return (yield from run_parallel(strand, state, raw))
    children: list[Strand] = []
    strand.children = children
    for index, branch in enumerate(state.branches):
        chain = stay.chains.get(index)
        if chain is None:
            request = _request(strand, state, raw)
            child = strand.fork(branch, request, last=stay.started)
        elif chain.stay is None:
            child = _ended(strand, chain)
        else:
            child = _go_on(strand, branch, chain, strand.item, strand.iterations)
        children.append(child)
        if child.failure is not None:
            fail(strand, child, children)
    return (yield from join(strand, children))


def _request(strand: Strand, state: Parallel, raw: Json) -> Json:
    """What every branch is given."""
    given = subject(strand, state, raw)
    if state.parameters is None:
        return payload(state, given)
    return state.parameters(given, strand)


def _go_on_map(
    strand: Strand, state: Map, raw: Json, stay: Stay
) -> Generator[None, Reply | Strand, Json]:
    """Go on with the iterations that have not succeeded, then start the others."""
    given = subject(strand, state, raw)
    items = find_items(strand, state, given)
    places = count_places(strand, state, given, most=INLINE_CONCURRENCY)
    if _reruns(strand, stay.chains, len(items)):
        return (yield from run_map(strand, state, raw))
    rest = _Rest(strand, state, given, items, places)
    return (yield from rest.go_on(stay))


class _Rest(Iterations):
    """The iterations that an earlier attempt of a Map has left."""

    def go_on(self, stay: Stay) -> Generator[None, Reply | Strand, Json]:
        """Take up those that had begun, all at once; then start the others."""
        strand, state = self.strand, self.state
        free = Counter({stay.started: len(self.after)})
        for index, chain in stay.chains.items():
            if chain.stay is None:
                self.outputs[index] = chain.output
                free[chain.last] += 1
        free.subtract(stay.followed)
        self.after = deque(sorted(free.elements()))
        self.last = stay.last or stay.started
        for index, chain in stay.chains.items():
            if chain.stay is None:
                continue
            item: dict[str, Json] = {"Index": index, "Value": self.items[index]}
            iterations = (*strand.iterations, (state.name, index))
            child = _go_on(strand, state.processor, chain, item, iterations)
            self.running[child] = index
            if child.closed:
                self.ended(child)
            else:
                strand.children.append(child)
        others = [i for i in range(len(self.items)) if i not in stay.chains]
        return (yield from self.run(others))
