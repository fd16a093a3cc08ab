"""The flow of every machine: is there a way in, a way on and a way out?

In: a Document, whose machines may be faulty. Out: Problems of StartAt, Next, Default,
Catch, of states that nobody can reach, of names and labels that are used twice.
Never: looks at the fields of a state (schema.py); what is no object or no text is
passed over here, because it is reported there.

The order and the mutual silencing of findings are AWS's: missing targets first, then
either the missing end or the unreachable states.

States Language specification: "Transitions", "States".
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from asl.checks.fault import Steps, find_near, pointed
from asl.checks.pieces import MAX_MACHINE_DEPTH, machines_in
from asl.checks.rules import Finding, rule
from asl.graph import (
    build_graph,
    endless,
    flows_freely,
    is_terminal,
    reachable,
    states_of,
    transitions_of,
)
from asl.problem import Problem, Severity
from asl.quotas import STATE_NAME_CHARS
from asl.values import Json

if TYPE_CHECKING:
    from asl.checks.subject import Definition, Machine, Node
    from asl.source.document import Document


@dataclass(frozen=True, slots=True)
class _Machine:
    """One machine of a definition, at any depth."""

    value: Mapping[str, Json]
    pointer: str
    states: Mapping[str, Json]
    word: str
    """What to call it in a sentence."""

    def at(self, *path: str | int) -> str:
        return self.pointer + pointed(path)


def check_flow(document: "Document") -> list[Problem]:
    """Every Problem of flow, in all machines of a definition."""
    machines = list(_machines(document.value))
    if not machines or "States" not in machines[0].value:
        return []  # there is nothing to walk through, and the schema says so
    problems = [*_names(document, machines), *_labels(document, machines)]
    owners = _owners(machines)
    for machine in machines:
        problems += _missing_targets(document, machine, owners)
    ended = any(is_terminal(state) for state in machines[0].states.values())
    if not ended:
        problems.append(_no_end(document))
    for machine in machines:
        problems += _ways(document, machine, silent=not ended)
    return problems


def _machines(definition: Json) -> Iterator[_Machine]:
    """A definition's machines, outermost first, as deep as the schema allows."""
    if not isinstance(definition, dict):
        return
    root = _Machine(definition, "", states_of(definition), "the state machine")
    todo = [(root, 1)]
    while todo:
        machine, depth = todo.pop()
        yield machine
        if depth == MAX_MACHINE_DEPTH:
            continue
        nested = []
        for name, state in machine.states.items():
            for path, inner in machines_in(state):
                at = machine.at("States", name, *path)
                word = f'{_written(path)} of state "{name}"'
                nested.append((_Machine(inner, at, states_of(inner), word), depth + 1))
        todo += reversed(nested)


def _written(path: Steps) -> str:
    return f"{path[0]}[{path[1]}]" if len(path) > 1 else str(path[0])


def _owners(machines: list[_Machine]) -> dict[str, _Machine]:
    """The machine in which a state's name first stands."""
    owners: dict[str, _Machine] = {}
    for machine in machines:
        for name in machine.states:
            owners.setdefault(name, machine)
    return owners


# --- names


def _names(document: "Document", machines: list[_Machine]) -> Iterator[Problem]:
    """State names are short, and unique in the whole definition."""
    owners: dict[str, _Machine] = {}
    for machine in machines:
        for name in machine.states:
            if len(name) > STATE_NAME_CHARS:
                yield document.problem(
                    "ASL107",
                    f"the state name has {len(name)} characters; "
                    f"{STATE_NAME_CHARS} are allowed",
                    pointer=machine.at("States", name),
                    aws_code="INVALID_STATE_NAME",
                    on_key=True,
                )
            first = owners.setdefault(name, machine)
            if first is not machine:
                yield document.problem(
                    "ASL106",
                    f'the state name "{name}" is used in {first.word} '
                    f"and again in {machine.word}",
                    pointer=machine.at("States", name),
                    aws_code="DUPLICATE_STATE_NAME",
                    suggestion="rename one; names are unique in the whole definition",
                    on_key=True,
                )


def _labels(document: "Document", machines: list[_Machine]) -> Iterator[Problem]:
    """The labels of distributed Maps are unique: they are parts of ARNs."""
    users: dict[str, str] = {}
    for machine in machines:
        for name, state in machine.states.items():
            label = state.get("Label") if state.get("Type") == "Map" else None
            if not isinstance(label, str):
                continue
            if label in users:
                yield document.problem(
                    "ASL108",
                    f'the states "{users[label]}" and "{name}" share '
                    f'the label "{label}"',
                    pointer=machine.at("States", name, "Label"),
                    aws_code="DUPLICATE_LABEL_NAME",
                    suggestion="give one of them another Label",
                )
            users.setdefault(label, name)


# --- targets


def _missing_targets(
    document: "Document", machine: _Machine, owners: Mapping[str, _Machine]
) -> Iterator[Problem]:
    """StartAt and every transition name a state of the same machine."""
    start = machine.value.get("StartAt")
    if isinstance(start, str) and start not in machine.states:
        pointer = machine.at("StartAt")
        yield _missing(document, machine, start, pointer, owners)
    for step in transitions_of(machine.value):
        if step.target not in machine.states:
            pointer = machine.at("States", step.source, *step.path)
            yield _missing(document, machine, step.target, pointer, owners)


def _missing(
    document: "Document",
    machine: _Machine,
    target: str,
    pointer: str,
    owners: Mapping[str, _Machine],
) -> Problem:
    if owner := owners.get(target):
        return document.problem(
            "ASL104",
            f'the state "{target}" is in {owner.word}, not in {machine.word}',
            pointer=pointer,
            aws_code="MISSING_TRANSITION_TARGET",
            suggestion="a transition stays inside its own machine",
        )
    near = find_near(target, machine.states)
    return document.problem(
        "ASL101",
        f'no state is named "{target}"',
        pointer=pointer,
        aws_code="MISSING_TRANSITION_TARGET",
        suggestion=f'did you mean "{near}"?' if near else None,
    )


# --- ways


def _no_end(document: "Document") -> Problem:
    return document.problem(
        "ASL103",
        "no state ends the state machine",
        pointer="",
        aws_code="MISSING_END_STATE",
        suggestion='give the last state "End": true, or add a Succeed or Fail state',
    )


def _ways(
    document: "Document", machine: _Machine, *, silent: bool
) -> Iterator[Problem]:
    """Every state can be reached, and from every state there is a way out."""
    start = machine.value.get("StartAt")
    if start is None:  # nothing can be reached then, and the schema says why
        return
    if flows_freely(machine.value, start):
        return
    graph = build_graph(machine.value)
    found = reachable(graph, start)
    for name in machine.states:
        if name not in found and not silent:
            yield document.problem(
                "ASL102",
                f'no way leads from StartAt to the state "{name}"',
                pointer=machine.at("States", name),
                aws_code="MISSING_TRANSITION_TARGET",
                suggestion="name it in a Next, Default or Catch, or remove it",
                on_key=True,
            )
    if silent and not machine.pointer:
        return  # that there is no way out has been said
    for circle in endless(graph, start):
        yield _circle(document, machine, circle)


def _circle(document: "Document", machine: _Machine, circle: list[str]) -> Problem:
    names = ", ".join(f'"{name}"' for name in circle[:5])
    if len(circle) == 1:
        message = f"the state {names} only leads to itself and never ends"
    else:
        more = f" and {len(circle) - 5} more" if len(circle) > 5 else ""
        message = f"the states {names}{more} run in a circle without a way out"
    return document.problem(
        "ASL105",
        message,
        pointer=machine.at("States", circle[0]),
        severity=Severity.WARNING,
        suggestion="lead one of them to a state that ends",
        on_key=True,
    )


# --- loops


_STILL_FIELDS = {"Type", "Comment", "QueryLanguage", "Next", "Choices", "Default"}
_STILL_RULE = {"Assign", "Output"}
_CHANGING = ("$$", "$states.context", "$now", "$millis", "$random", "$uuid")


@rule(
    "ASL109",
    "a loop in which nothing changes",
    why="Nothing in the loop waits, works or changes data, so its Choice decides the "
    "same way each time: once around, it runs until the history is full.",
    fix="Change in the loop what the Choice asks for, or wait for somebody else to.",
    spec="States Language: Transitions",
)
def find_idle_loops(subject: "Definition") -> Iterator[Finding]:
    """Loops of Choice and empty Pass states."""
    for machine in subject.machines:
        still = {node.name for node in machine.reached if _is_still(node, subject)}
        loop = _find_loop(machine, still) if still else []
        leaves = any(
            step.target not in loop
            for name in loop
            for step in machine.successors[name]
        )
        if loop and leaves:  # without a way out it is a circle of ASL105
            first = min(loop, key=list(machine.states).index)
            names = ", ".join(f'"{name}"' for name in machine.states if name in loop)
            yield Finding(
                pointer=machine.states[first].pointer,
                message=f"nothing changes in the loop of {names}",
                suggestion="change what the Choice asks for, or wait in the loop",
                on_key=True,
            )


def _is_still(node: "Node", subject: "Definition") -> bool:
    """Whether a state hands on its input, and decides by nothing but data."""
    if node.type not in ("Pass", "Choice") or node.value.keys() - _STILL_FIELDS:
        return False
    if any(rule.keys() & _STILL_RULE for _, rule in node.objects("Choices")):
        return False
    return not any(
        sign in site.text for site in subject.sites_in(node) for sign in _CHANGING
    )


def _find_loop(machine: "Machine", states: set[str]) -> list[str]:
    """Some loop among these states, or nothing."""
    after = {
        name: [s.target for s in machine.successors[name] if s.target in states]
        for name in states
    }
    dead = [name for name in states if not after[name]]
    before: dict[str, list[str]] = {name: [] for name in states}
    for name, targets in after.items():
        for target in targets:
            before[target].append(name)
    left = {name: len(targets) for name, targets in after.items()}
    gone: set[str] = set()
    while dead:
        name = dead.pop()
        gone.add(name)
        for source in before[name]:
            left[source] -= 1
            if not left[source]:
                dead.append(source)
    rest = [name for name in machine.states if name in states and name not in gone]
    if not rest:
        return []
    way = [rest[0]]
    while True:
        step = next(target for target in after[way[-1]] if target not in gone)
        if step in way:
            return way[way.index(step) :]
        way.append(step)
