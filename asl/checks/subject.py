"""The subject of the rules: a definition's machines and states, whatever their faults.

In: a Document. Out: machines with their states, transitions and query language; asked
for when a rule first needs them, and shared by all rules.
Never: judges, or follows what is no object: the schema pass has reported it.

States Language specification: "Structure"; developer guide: "Variables", scopes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from asl.checks.fault import Steps, pointed
from asl.checks.pieces import (
    MAX_MACHINE_DEPTH,
    STATE_TYPES,
    language_of,
    machines_in,
    states_of,
)
from asl.graph import Transition, is_terminal, transitions_of
from asl.model.resource import Resource, find_resource
from asl.source.document import Document
from asl.values import Json

if TYPE_CHECKING:
    from asl.checks.sites import Site


T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One state of a machine as it was written."""

    name: str
    pointer: str
    value: Mapping[str, Json]
    type: str
    jsonata: bool
    machine: "Machine"
    bodies: "list[Machine]" = field(default_factory=list)
    """The machines inside it: branches, or a Map's processor."""

    def at(self, *path: str | int) -> str:
        """The JSON Pointer of something in this state."""
        return self.pointer + pointed(path)

    def objects(self, field: str) -> Sequence[tuple[int, Mapping[str, Json]]]:
        """The objects of a list: retriers, catchers, choice rules."""
        items = self.value.get(field)
        if type(items) is not list:
            return ()
        return [(n, item) for n, item in enumerate(items) if isinstance(item, dict)]

    def object(self, field: str) -> Mapping[str, Json] | None:
        """A member that is an object, else None."""
        value = self.value.get(field)
        return value if isinstance(value, dict) else None

    @property
    def payload_field(self) -> str:
        """The name of the field that says what work is done on."""
        return "Arguments" if self.jsonata else "Parameters"

    @property
    def resource(self) -> Resource | None:
        """A Task's resource, if it can be understood."""
        text = self.value.get("Resource") if self.type == "Task" else None
        return find_resource(text) if isinstance(text, str) else None

    @property
    def is_distributed(self) -> bool:
        """Whether this is a Map that runs its items as executions of their own."""
        return self.type == "Map" and any(body.is_distributed for body in self.bodies)

    @property
    def is_terminal(self) -> bool:
        """Whether the machine is over after this state."""
        return is_terminal(self.value)


@dataclass(eq=False)
class Machine:
    """One States object: the whole, a branch or a Map's processor."""

    value: Mapping[str, Json]
    pointer: str
    owner: Node | None = None
    """The Parallel or Map state that it belongs to."""
    states: dict[str, Node] = field(default_factory=dict)

    @cached_property
    def transitions(self) -> Sequence[Transition]:
        """The ways between states that are there and have a known type."""
        return [
            step
            for step in transitions_of(self.value)
            if step.source in self.states and step.target in self.states
        ]

    @cached_property
    def successors(self) -> dict[str, list[Transition]]:
        """The transitions of each state."""
        found: dict[str, list[Transition]] = {name: [] for name in self.states}
        for step in self.transitions:
            found[step.source].append(step)
        return found

    @cached_property
    def start(self) -> Node | None:
        """The state at StartAt."""
        name = self.value.get("StartAt")
        return self.states.get(name) if isinstance(name, str) else None

    @cached_property
    def reached(self) -> list[Node]:
        """The states that can be reached from StartAt, nearest first."""
        if self.start is None:
            return []
        found = {self.start.name: self.start}
        todo = [self.start.name]
        for name in todo:  # grows while it is walked
            for step in self.successors[name]:
                if step.target not in found:
                    found[step.target] = self.states[step.target]
                    todo.append(step.target)
        return list(found.values())

    @property
    def config(self) -> Mapping[str, Json]:
        """A processor's ProcessorConfig."""
        config = self.value.get("ProcessorConfig")
        return config if isinstance(config, dict) else {}

    @property
    def is_distributed(self) -> bool:
        """Whether each run of this machine is an execution of its own."""
        return self.owner is not None and self.config.get("Mode") == "DISTRIBUTED"


class Definition:
    """A document as the rules see it."""

    def __init__(self, document: Document, *, type: str = "STANDARD") -> None:
        self.document = document
        self.type = type
        """STANDARD or EXPRESS: what the whole machine is to run as."""
        self.machines: list[Machine] = []
        self._known: dict[str, Json] = {}
        value = document.value
        if isinstance(value, dict):
            self._enter(Machine(value, ""), language_of(value) == "JSONata")

    def once(self, name: str, compute: Callable[["Definition"], T]) -> T:
        """What several rules need, computed when the first of them asks."""
        if name not in self._known:
            self._known[name] = compute(self)
        known: T = self._known[name]
        return known

    def _enter(self, root: Machine, jsonata: bool) -> None:
        todo = [(root, 1)]
        while todo:
            machine, depth = todo.pop()
            self.machines.append(machine)
            inner: list[tuple[Machine, int]] = []
            for name, value in states_of(machine.value):
                kind = value.get("Type") if isinstance(value, dict) else None
                if kind not in STATE_TYPES:
                    continue
                own = value.get("QueryLanguage")
                node = Node(
                    name,
                    machine.pointer + pointed(("States", name)),
                    value,
                    kind,
                    jsonata if own is None else own != "JSONPath",
                    machine,
                )
                machine.states[name] = node
                for path, body in machines_in(value):
                    if depth < MAX_MACHINE_DEPTH:
                        nested = Machine(body, node.at(*path), node)
                        node.bodies.append(nested)
                        inner.append((nested, depth + 1))
            todo += reversed(inner)

    @cached_property
    def sites(self) -> "list[Site]":
        """Every expression of every state."""
        from asl.checks.sites import sites_of

        return [site for node in self.states for site in sites_of(node)]

    @cached_property
    def literals(self) -> "list[tuple[Node, Steps, str | None, str]]":
        """The texts in every state's payloads that stand as they are."""
        from asl.checks.sites import literals_of

        return [
            (node, path, key, text)
            for node in self.states
            for path, key, text in literals_of(node)
            if isinstance(text, str)
        ]

    def sites_in(self, node: Node) -> "list[Site]":
        """The expressions of one state."""
        return self._sites_by_node.get(node, [])

    @cached_property
    def _sites_by_node(self) -> "dict[Node, list[Site]]":
        found: dict[Node, list[Site]] = {}
        for site in self.sites:
            found.setdefault(site.node, []).append(site)
        return found

    @cached_property
    def states(self) -> list[Node]:
        """Every state, machine by machine, as they stand."""
        return [node for machine in self.machines for node in machine.states.values()]
