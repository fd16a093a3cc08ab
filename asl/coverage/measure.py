"""Coverage: which places of which machines were reached, and how often.

In: machines and their ended executions; the data of other processes.
Out: for every machine its places, each with its line and how often it was reached.
Never: runs anything, or guesses: what the events of an execution do not tell (which
Retrier, how many items, which way of a condition), the engine has noted.

A Choice rule is `false` where a later rule or Default was taken, or the Choice found no
way. A Retrier is `used` where it was the one to decide, be it that no retry was left. A
distributed Map's children and nested machines are executions of their own.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

from asl.coverage.places import ITEMS, KINDS, Kind, Place, places_of
from asl.engine.execution import Execution
from asl.errors import DefinitionError, UsageError
from asl.history import DEFAULT
from asl.model.machine import StateMachine
from asl.model.states import Choice, Parallel, State
from asl.source.document import Document
from asl.source.reading import read_file
from asl.values import Json, json_text

FORMAT = "asl-coverage/1"

Key: TypeAlias = tuple[str, str]
"""(JSON Pointer, what): a place's name in its machine."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many places were reached, of how many."""

    covered: int
    total: int

    @property
    def percent(self) -> float:
        """The share reached; nothing to reach is all reached."""
        return 100 * self.covered / self.total if self.total else 100.0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.covered + other.covered, self.total + other.total)


@dataclass(slots=True)
class MachineCoverage:
    """One machine: its places, and how often each was reached."""

    name: str
    file: str | None
    """From the root if it lies below it, with `/`; None: the machine has no file."""
    places: tuple[Place, ...]
    executions: int = 0
    hits: Counter[Key] = field(default_factory=Counter)

    @property
    def title(self) -> str:
        """What reports call it."""
        return self.file or self.name

    def hits_of(self, place: Place) -> int:
        """How often a place was reached."""
        return self.hits[place.pointer, place.what]

    def missing(self) -> list[Place]:
        """The places that were never reached, in the order of their lines."""
        found = [place for place in self.places if not self.hits_of(place)]
        return sorted(found, key=lambda place: place.line or 0)

    def tally(self, kind: Kind | None = None) -> Tally:
        """How many places were reached, of one kind or of all."""
        counted = [place for place in self.places if kind in (None, place.kind)]
        return Tally(sum(self.hits_of(p) > 0 for p in counted), len(counted))


class Coverage:
    """What was reached in any number of machines; merges with that of others."""

    def __init__(self, root: str | os.PathLike[str] = ".") -> None:
        self._root = Path(os.path.abspath(root))  # noqa: PTH100 - links stay as named
        self._machines: dict[tuple[str, str, str], MachineCoverage] = {}
        self._known: dict[int, tuple[StateMachine, MachineCoverage]] = {}
        """The machines met last, by identity: a definition is looked through once."""

    @property
    def machines(self) -> list[MachineCoverage]:
        """The machines in the order of their files and names."""
        return [self._machines[key] for key in sorted(self._machines)]

    def tally(self, kind: Kind | None = None) -> Tally:
        """How many places of all machines were reached, of one kind or of all."""
        total = Tally(0, 0)
        for machine in self._machines.values():
            total += machine.tally(kind)
        return total

    def add(self, machine: StateMachine, execution: Execution | None = None) -> None:
        """Count what an execution has reached; without one, only know the machine."""
        entry = self._entry(machine)
        if execution is None:
            return
        entry.executions += 1
        known = {(place.pointer, place.what) for place in entry.places}
        for key, count in _reached(machine, execution).items():
            if key in known:
                entry.hits[key] += count

    def merge(self, other: "Coverage") -> None:
        """Count what another Coverage has counted as well."""
        for key, theirs in other._machines.items():
            ours = self._machines.get(key)
            if ours is None:
                ours = replace(theirs, executions=0, hits=Counter())
                self._machines[key] = ours
            ours.executions += theirs.executions
            ours.hits.update(theirs.hits)

    def only(self, files: Set[str]) -> "Coverage":
        """The part that belongs to some files, named as in `MachineCoverage.file`."""
        part = Coverage(self._root)
        part._machines = {
            key: entry for key, entry in self._machines.items() if entry.file in files
        }
        return part

    def relative(self, file: str | os.PathLike[str]) -> str:
        """A file's name from the root, if it lies below it."""
        path = Path(os.path.abspath(file))  # noqa: PTH100 - links stay as named
        if path.is_relative_to(self._root):
            path = path.relative_to(self._root)
        return path.as_posix()

    def find_source(self, file: str) -> str | None:
        """The text of a machine's file, if it is still there."""
        try:
            return (self._root / file).read_text(encoding="utf-8-sig")
        except (OSError, ValueError):
            return None

    # ---------------------------------------------------------------------------- data

    def to_json(self) -> dict[str, Json]:
        """All of it as JSON data: the data file, and the report for programs."""
        return {
            "format": FORMAT,
            "totals": _totals(self),
            "machines": [
                {
                    "name": entry.name,
                    "file": entry.file,
                    "executions": entry.executions,
                    "totals": _totals(entry),
                    "places": [
                        {
                            "pointer": place.pointer,
                            "what": place.what,
                            "kind": place.kind,
                            "state": place.state,
                            "text": place.text,
                            "line": place.line,
                            "hits": entry.hits_of(place),
                        }
                        for place in entry.places
                    ],
                }
                for entry in self.machines
            ],
        }

    @classmethod
    def from_json(cls, data: Json, root: str | os.PathLike[str] = ".") -> "Coverage":
        """What `to_json` gave; UsageError for anything else."""
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            raise UsageError(f"this is no coverage data (format {FORMAT})")
        coverage = cls(root)
        try:
            for given in data["machines"]:
                places = [
                    Place(
                        one["pointer"], one["what"], one["kind"], one["state"],
                        one["text"], one["line"],
                    )
                    for one in given["places"]
                ]  # fmt: skip
                entry = coverage._keep(given["name"], given["file"], places)
                entry.executions += given["executions"]
                for one in given["places"]:
                    if one["hits"]:
                        entry.hits[one["pointer"], one["what"]] += one["hits"]
        except (KeyError, TypeError) as error:
            raise UsageError(f"the coverage data is damaged: {error!r}") from None
        return coverage

    # ------------------------------------------------------------------------- private

    def _entry(self, machine: StateMachine) -> MachineCoverage:
        known = self._known.get(id(machine))
        if known is not None:
            return known[1]
        file = None if machine.file is None else self.relative(machine.file)
        entry = self._keep(machine.name, file, _with_lines(machine))
        if len(self._known) >= _REMEMBERED:
            del self._known[next(iter(self._known))]
        self._known[id(machine)] = machine, entry
        return entry

    def _keep(
        self, name: str, file: str | None, places: list[Place]
    ) -> MachineCoverage:
        """The entry of a machine; two are the same if all their places are."""
        text = json_text([(p.pointer, p.what, p.text, p.line) for p in places])
        digest = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
        return self._machines.setdefault(
            (file or "", name, digest[:16]), MachineCoverage(name, file, tuple(places))
        )


_REMEMBERED = 256


def _totals(counted: Coverage | MachineCoverage) -> dict[str, Json]:
    tallies = {kind: counted.tally(kind) for kind in KINDS}
    totals: dict[str, Json] = {
        kind: {"covered": tally.covered, "total": tally.total}
        for kind, tally in tallies.items()
    }
    totals["percent"] = round(counted.tally().percent, 2)
    return totals


def _with_lines(machine: StateMachine) -> list[Place]:
    """A machine's places with the lines of its file, as long as that can be read."""
    places = list(places_of(machine))
    if machine.file is None:
        return [replace(place, offset=None) for place in places]
    try:
        document = read_file(machine.file)
    except DefinitionError:  # it has gone since, or was never more than a name
        return [replace(place, offset=None) for place in places]
    return [
        replace(place, line=_line(document, place), offset=None) for place in places
    ]


def _line(document: Document, place: Place) -> int | None:
    """Where a place stands: a state at its name, a condition at its `?`."""
    problem = document.problem(
        "",
        "",
        pointer=place.pointer,
        on_key=place.offset is None,
        offset=place.offset,
    )
    return problem.line


def _reached(machine: StateMachine, execution: Execution) -> Counter[Key]:
    """How often each place was reached by one execution."""
    states = {state.name: state for state in machine.all_states()}
    branches = _branches(states)
    hits: Counter[Key] = Counter()
    kinds = [""]
    for event in execution.history:
        kinds.append(event.type)
        state = states.get(event.state or "")
        if state is None:
            continue
        if event.type == state.entering[0]:
            hits[state.pointer, "entered"] += 1
            if kinds[event.previous_id] == "ParallelStateStarted":
                hits[branches.get(state.pointer, ""), "entered"] += 1
        elif event.type == state.leaving[0]:
            hits.update(_ways(state, event.way))
    for (pointer, what), count in execution.notes.items():
        for key in _noted(pointer, what):
            hits[key] += count
    return hits


def _branches(states: Mapping[str, State]) -> dict[str, str]:
    """Where each Parallel branch stands, by the pointer of its first state."""
    return {
        branch.states[branch.start_at].pointer: f"{state.pointer}/Branches/{index}"
        for state in states.values()
        if isinstance(state, Parallel)
        for index, branch in enumerate(state.branches)
    }


def _ways(state: State, way: int | None) -> Iterator[Key]:
    """What it means that a state was left this way."""
    if isinstance(state, Choice):
        rules = [rule.index for rule in state.choices]
        if way == DEFAULT:
            yield f"{state.pointer}/Default", "taken"
            yield from _refused(state.pointer, len(rules))
        elif way is not None:
            yield f"{state.pointer}/Choices/{way}", "true"
            yield from _refused(state.pointer, way)
    elif way is not None:
        yield f"{state.pointer}/Catch/{way}", "taken"
    else:
        end = "End" if state.next is None else "Next"
        yield f"{state.pointer}/{end}", "taken"


def _refused(pointer: str, count: int) -> Iterator[Key]:
    """So many rules of a Choice did not hold."""
    for index in range(count):
        yield f"{pointer}/Choices/{index}", "false"


def _noted(pointer: str, what: str) -> Iterator[Key]:
    """What a note of the engine's means."""
    word, _, number = what.partition(" ")
    if word == "items":
        yield pointer, ITEMS[min(int(number), 2)]
    elif word == "rules":
        yield from _refused(pointer, int(number))
    else:
        yield pointer, what
