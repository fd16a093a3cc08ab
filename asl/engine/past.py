"""The past: what an earlier attempt of an execution left unfinished.

In: the records of a history. Out: its strands (Chains), each with the state it was in
(a Stay), and for a Parallel or Map those of its branches or iterations.
Never: runs anything; redrive.py goes on from here.

A state is unfinished that has an Entered event and no Exited event (developer guide:
"Redriving Map Runs"). An event belongs to the strand of the event that it follows
(previousEventId), with the exceptions that recordings show: they are named below.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from asl.errors import InternalError
from asl.history import Record
from asl.values import Json

_NO_VARIABLES: Mapping[str, Json] = {}
_CAUSE_ID = re.compile(r"\(entered at the event id #(\d+)\)")


@dataclass(slots=True, eq=False)
class Chain:
    """One strand: the root's, a branch's or an iteration's."""

    parent: "Stay | None"
    """The Parallel or Map that it belongs to; None for the root's."""
    variables: Mapping[str, Json] = field(default_factory=lambda: _NO_VARIABLES)
    visits: dict[str, int] = field(default_factory=dict)
    """How often it has entered each Task."""
    stay: "Stay | None" = None
    """The state that it has not left; None where it came to its end."""
    last: int = 0
    """The id of the event with which it ended."""
    output: Json = None


@dataclass(slots=True, eq=False)
class Stay:
    """A stay in a state that was not left."""

    chain: Chain
    state: str
    kind: str
    entered: int
    """The id of its Entered event."""
    raw: Json
    """The state's raw input."""
    started: int = 0
    """Of a Parallel or Map: the id of its newest …StateStarted, if there is one."""
    chains: dict[int, Chain] = field(default_factory=dict)
    """By the index of the branch or iteration, of the newest attempt."""
    followed: list[int] = field(default_factory=list)
    """Of a Map: the events that its iterations' beginnings follow."""
    last: int = 0
    """Of a Map: the id of the newest MapIterationSucceeded."""
    newest: int = 0
    """Of a distributed Map: the id of the newest event of its newest Map Run."""
    gave_up: bool = False


_Here: TypeAlias = tuple[Chain, Stay | None]
"""Where an event left things: in which strand, and in which state of it."""


def read_past(records: Sequence[Record]) -> Chain:
    """The root's strand as a history's records left it."""
    reader = _Reader()
    for record in records:
        reader.take(record)
    return reader.root


def unfinished(chain: Chain) -> Iterator[Stay]:
    """Every stay that was not left, outer ones first."""
    if chain.stay is not None:
        yield chain.stay
        for inner in chain.stay.chains.values():
            yield from unfinished(inner)


class _Reader:
    """Follows a history from record to record."""

    def __init__(self) -> None:
        self.root = Chain(None)
        self.after: list[_Here] = [(self.root, None)]
        """By event id: where the event left things."""
        self.forks: dict[int, Stay] = {}
        """Parallels by the id of their ParallelStateStarted."""
        self.open: dict[int, Stay] = {}
        """Stays by the id of their Entered event."""

    def take(self, record: Record) -> None:
        """Note what one record tells."""
        id = len(self.after)
        previous, _, kind, *members = record
        chain, stay = self.after[previous]
        if kind.endswith("StateEntered"):
            here = self.enter(id, previous, kind, members, chain)
        elif kind.endswith("StateExited"):
            here = self.leave(id, members, chain, stay)
        elif kind.startswith("MapIteration"):
            here = self.iterate(id, previous, kind, members, chain, stay)
        elif kind in _ATTEMPTS:
            here = self.attempt(id, kind, chain, stay)
        elif kind == "EvaluationFailed":
            here = self.named_by(members) or (chain, stay)
        elif kind == "ExecutionRedriven":
            for one in self.open.values():
                one.gave_up = False
            here = self.root, None
        else:
            if kind.startswith("MapRun") and stay is not None:
                stay.newest = id
            here = chain, stay
        self.after.append(here)

    def enter(
        self, id: int, previous: int, kind: str, members: list[Json], chain: Chain
    ) -> _Here:
        """A state begins; a Parallel's branches begin with their first state's."""
        fork = self.forks.get(previous)
        if fork is not None:
            chain = Chain(fork, fork.chain.variables)
            fork.chains[len(fork.chains)] = chain
        name = members[0]
        stay = Stay(chain, name, kind.removesuffix("StateEntered"), id, members[1])
        chain.stay = self.open[id] = stay
        if stay.kind == "Task":
            chain.visits[name] = chain.visits.get(name, 0) + 1
        return chain, stay

    def leave(
        self, id: int, members: list[Json], chain: Chain, stay: Stay | None
    ) -> _Here:
        """A state was left, well or by a Catcher (recorded: what it follows may be
        inside it)."""
        left = _find(chain, stay, lambda one: one.state == members[0])
        chain = left.chain
        chain.stay, chain.last, chain.output = None, id, members[1]
        if len(members) > 2 and members[2]:
            chain.variables = {**chain.variables, **members[2]}
        self.open.pop(left.entered, None)
        return chain, None

    def attempt(self, id: int, kind: str, chain: Chain, stay: Stay | None) -> _Here:
        """A Parallel or Map begins an attempt, or gives up for good.

        What it follows may stand inside an inner one that has given up.
        """
        wanted = _ATTEMPTS[kind]
        own = _find(chain, stay, lambda one: one.kind == wanted and not one.gave_up)
        if kind.endswith("Failed"):
            own.gave_up = True
            own.newest = id
        else:
            own.started, own.chains, own.followed, own.last = id, {}, [], 0
            own.newest = id
            if wanted == "Parallel":
                self.forks[id] = own
        return own.chain, own

    def iterate(
        self,
        id: int,
        previous: int,
        kind: str,
        members: list[Json],
        chain: Chain,
        stay: Stay | None,
    ) -> _Here:
        """An iteration begins or ends (recorded: it begins after another's end)."""
        name, index = members[:2]
        own = _find(chain, stay, lambda one: one.state == name)
        if kind == "MapIterationStarted":
            own.followed.append(previous)
            own.chains[index] = begun = Chain(own, own.chain.variables)
            return begun, None
        if kind == "MapIterationSucceeded":
            own.chains[index].last, own.last = previous, id
        return own.chain, own

    def named_by(self, members: list[Json]) -> _Here | None:
        """Where an expression failed (recorded: the event follows the one before)."""
        found = _CAUSE_ID.search(str(members[1]))
        stay = self.open.get(int(found[1])) if found else None
        return None if stay is None else (stay.chain, stay)


_ATTEMPTS = {
    f"{kind}State{what}": kind
    for kind in ("Parallel", "Map")
    for what in ("Started", "Failed")
}


def _around(chain: Chain, stay: Stay | None) -> Iterable[Stay]:
    """A stay, and those that it stands in, from the inside out."""
    if stay is not None:
        yield stay
    while chain.parent is not None:
        yield chain.parent
        chain = chain.parent.chain


def _find(chain: Chain, stay: Stay | None, fits: Callable[[Stay], bool]) -> Stay:
    for one in _around(chain, stay):
        if fits(one):
            return one
    raise InternalError("a history's events do not belong together")
