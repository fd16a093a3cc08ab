"""Parallel: its branches side by side.

In: a strand in a Parallel state, its raw input. Out: the branches' outputs in order, or
the first failure among them.
Never: orders the branches beyond starting them in theirs.

States Language specification: "Parallel State". The first failure
stops the other branches; its error and cause become the state's (recorded).
"""

from collections.abc import Generator

from asl.engine.data import payload, subject
from asl.engine.messages import Reply
from asl.engine.strand import Strand
from asl.model.states import Parallel
from asl.values import Json


def run_parallel(
    strand: Strand, state: Parallel, raw: Json
) -> Generator[None, Reply | Strand, Json]:
    """Start all branches, wait for all of them or for the first failure."""
    given = subject(strand, state, raw)
    request = (
        payload(state, given)
        if state.parameters is None
        else state.parameters(given, strand)
    )
    strand.record("ParallelStateStarted")
    started = strand.last
    children: list[Strand] = []
    strand.children = children
    for branch in state.branches:
        child = strand.fork(branch, request, last=started)
        children.append(child)
        if child.failure is not None:
            fail(strand, child, children)
    return (yield from join(strand, children))


def join(
    strand: Strand, children: list[Strand]
) -> Generator[None, Reply | Strand, Json]:
    """Wait for the branches that have not ended, or for the first that fails."""
    pending = sum(not child.closed for child in children)
    last = max(child.last for child in children)
    while pending:
        child: Strand = yield  # type: ignore[assignment] # only its children are sent
        if child.failure is not None:
            fail(strand, child, children)
        pending -= 1
        last = child.last
    strand.children = []
    strand.last = last
    strand.record("ParallelStateSucceeded")
    strand.last = last  # recorded: Exited follows the branch, not Succeeded
    return [child.output for child in children]


def fail(strand: Strand, failed: Strand, children: list[Strand]) -> None:
    """A branch has failed: stop the others, write who was interrupted, and fail."""
    for child in children:
        record_aborted(strand, child, failed.last, failed)
    strand.last = failed.last
    for child in children:
        child.close()
    strand.children = []
    assert failed.failure is not None, "only a failed branch comes here"
    raise failed.failure


def record_aborted(
    strand: Strand, child: Strand, after: int, failed: Strand | None = None
) -> None:
    """Write the …StateAborted events of one interrupted (or failed) strand.

    Each follows `after`, the event of the failure (recorded).
    """
    if child is not failed and child.closed:
        return
    for inner in child.children:
        record_aborted(strand, inner, after, failed)
    state = child.state
    if state is None or (child is failed and state.type != "Task"):
        return
    if state.type in ("Task", "Wait", "Map", "Parallel"):
        strand.last = after
        strand.record(f"{state.type}StateAborted")
