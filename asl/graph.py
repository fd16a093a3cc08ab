"""The graph of one machine: its states, and where each may go.

In: a machine's JSON object (a whole definition, a branch, an item processor), however
faulty. Out: its transitions, its terminal states, its networkx graph.
Never: looks into the machines inside its states, or judges what it finds: checks/flow.

The only module that imports networkx, and only when a graph is asked for: the import
takes longer than all else of a check, so flows_freely spares it most definitions.

States Language specification: "Transitions".
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from asl.values import Json

if TYPE_CHECKING:
    import networkx as nx

    Graph: TypeAlias = "nx.DiGraph[str]"


@dataclass(frozen=True, slots=True)
class Transition:
    """One way from a state to another that its definition names, there or not."""

    source: str
    target: str
    kind: str
    """`Next`, `Default`, `Choices[0]` or `Catch[0]`."""
    path: tuple[str | int, ...]
    """From the state's object to the target's name."""


def transitions_of(machine: Mapping[str, Json]) -> Iterator[Transition]:
    """Every transition of a machine, in the order of its states.

    Also those of fields that the state's type does not have: AWS counts them too.
    """
    for name, state in states_of(machine).items():
        for kind in ("Next", "Default"):
            if isinstance(state.get(kind), str):
                yield Transition(name, state[kind], kind, (kind,))
        for field in ("Choices", "Catch"):
            rules = state.get(field)
            for index, rule in enumerate(rules if isinstance(rules, list) else ()):
                target = rule.get("Next") if isinstance(rule, dict) else None
                if isinstance(target, str):
                    path = (field, index, "Next")
                    yield Transition(name, target, f"{field}[{index}]", path)


def states_of(machine: Mapping[str, Json]) -> dict[str, dict[str, Json]]:
    """A machine's states by name; what is no object is no state."""
    states = machine.get("States")
    if not isinstance(states, dict):
        return {}
    return {name: state for name, state in states.items() if isinstance(state, dict)}


def is_terminal(state: Mapping[str, Json]) -> bool:
    """Whether a machine is over after this state.

    `End` counts on a state of any Type, even an unknown one, but not on one without.
    """
    if state.get("Type") in ("Succeed", "Fail"):
        return True
    return "Type" in state and state.get("End") is True


def flows_freely(machine: Mapping[str, Json], start: Json) -> bool:
    """Whether every state can be reached from one, and every one leads to an end.

    Then a graph has nothing to tell: no state is out of reach, no circle is endless.
    """
    states = states_of(machine)
    after: dict[str, list[str]] = {name: [] for name in states}
    before: dict[str, list[str]] = {name: [] for name in states}
    for step in transitions_of(machine):
        if step.target in states:
            after[step.source].append(step.target)
            before[step.target].append(step.source)
    starts = [start] if isinstance(start, str) and start in states else []
    ends = [name for name, state in states.items() if is_terminal(state)]
    return _walked(after, starts) == _walked(before, ends) == states.keys()


def _walked(ways: Mapping[str, list[str]], todo: list[str]) -> set[str]:
    """Everything that these ways lead to."""
    found = set(todo)
    while todo:
        new = set(ways[todo.pop()]) - found
        found |= new
        todo += new
    return found


def build_graph(machine: Mapping[str, Json]) -> "Graph":
    """The states of a machine as nodes, its transitions as edges.

    An edge's `kinds` are all the transitions between its two states, its `kind` the
    first of them. A node is `terminal` or not. Targets that are no states are left out.
    """
    import networkx as nx

    states = states_of(machine)
    graph: Graph = nx.DiGraph()
    for name, state in states.items():
        graph.add_node(name, terminal=is_terminal(state))
    for step in transitions_of(machine):
        if step.target not in states:
            continue
        if graph.has_edge(step.source, step.target):
            edge = graph.edges[step.source, step.target]
            edge["kinds"] = (*edge["kinds"], step.kind)
        else:
            graph.add_edge(step.source, step.target, kind=step.kind, kinds=(step.kind,))
    return graph


def reachable(graph: "Graph", start: Json) -> set[str]:
    """The states that can be reached from one, itself among them."""
    import networkx as nx

    if not isinstance(start, str) or start not in graph:
        return set()
    return {start, *nx.descendants(graph, start)}


def endless(graph: "Graph", start: Json) -> list[list[str]]:
    """Circles that can be reached and never left: each a list of its states.

    A circle with a way out counts where no way from it comes to a terminal state; then
    the innermost one is given, which has no way out at all.
    """
    import networkx as nx

    saved = {name for name, terminal in graph.nodes(data="terminal") if terminal}
    todo = list(saved)
    while todo:
        sources = set(graph.pred[todo.pop()]) - saved
        saved |= sources
        todo += sources
    stuck = graph.subgraph(reachable(graph, start) - saved)
    circles = []
    for circle in nx.strongly_connected_components(stuck):
        leaves = any(target not in circle for name in circle for target in stuck[name])
        turns = len(circle) > 1 or any(stuck.has_edge(name, name) for name in circle)
        if turns and not leaves:
            circles.append([name for name in graph if name in circle])
    return circles
