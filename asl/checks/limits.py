"""Limits: what is too big, too often tried, or too long a history.

In: a Definition. Out: Findings against AWS's quotas, where a definition alone decides.
Never: estimates what only data can decide.

Developer guide: "Service quotas", "Best practices".
"""

import heapq
from collections.abc import Iterator, Mapping

from asl.checks.dataflow import analyse
from asl.checks.rules import Finding, rule
from asl.checks.subject import Definition, Machine, Node
from asl.problem import Severity
from asl.quotas import DEFINITION_CHARS, LIMITS, PAYLOAD_BYTES
from asl.values import size_bound, size_bytes

MANY_TRIES = 100
"""Tries of one task, with the retries around it, that are worth a word."""


@rule(
    "ASL530",
    "a definition that is too big",
    why=f"AWS takes definitions of at most {DEFINITION_CHARS:,} characters.",
    fix="Take a part out into a machine of its own, started by states:startExecution.",
    spec="Developer guide: Service quotas",
    severity=Severity.ERROR,
    aws_code="INVALID_DEFINITION",
    loads=True,
)
def find_big_definition(subject: Definition) -> Iterator[Finding]:
    """Definitions of more characters than AWS takes."""
    document = subject.document
    count = len(document.text)
    if document.format != "json" and size_bound(document.value) > DEFINITION_CHARS:
        count = size_bytes(document.value)
    if count > DEFINITION_CHARS:
        yield Finding(
            pointer="",
            message=f"the definition has {count:,} characters; "
            f"{DEFINITION_CHARS:,} are allowed",
        )


@rule(
    "ASL533",
    "a payload that is too big",
    why=f"A state hands on at most {PAYLOAD_BYTES:,} bytes of JSON.",
    fix="Keep the data in S3, and its key in the payload.",
    spec="Developer guide: Service quotas",
)
def find_big_payloads(subject: Definition) -> Iterator[Finding]:
    """A Result that no state may hand on."""
    for node in subject.states:
        value = node.value.get("Result")
        if node.type != "Pass" or not isinstance(value, (str, list, dict)):
            continue
        if size_bound(value) > PAYLOAD_BYTES and size_bytes(value) > PAYLOAD_BYTES:
            yield Finding(
                pointer=node.at("Result"),
                message=f"Result has {size_bytes(value):,} bytes; "
                f"{PAYLOAD_BYTES:,} are allowed",
                on_key=True,
            )


def _tries(node: Node) -> int:
    """How often a state may run for one entry: once, and as its retriers say."""
    total = 1
    for _, retrier in node.objects("Retry"):
        attempts = retrier.get("MaxAttempts", 3)
        total += attempts if type(attempts) is int and attempts > 0 else 0
    return total


@rule(
    "ASL531",
    "retries inside retries",
    why="Each retry of a Parallel or Map runs everything inside again, with its own "
    "retries: the numbers multiply.",
    fix="Retry in one place, nearest to the failure.",
    spec="Developer guide: Retrying after an error",
    severity=Severity.INFO,
)
def find_amplified_retries(subject: Definition) -> Iterator[Finding]:
    """Tasks that may be tried very often for one run."""
    outer: dict[Machine, int] = {}
    for machine in subject.machines:
        owner = machine.owner
        outer[machine] = outer[owner.machine] * _tries(owner) if owner else 1
        if outer[machine] == 1:
            continue
        for node in machine.states.values():
            own = _tries(node) if node.type == "Task" else 1
            if own > 1 and outer[machine] * own > MANY_TRIES:
                yield Finding(
                    pointer=node.at("Retry"),
                    message=f"with the retries around it the task may run "
                    f"{outer[machine] * own} times",
                    suggestion="retry in one place only",
                    on_key=True,
                )


# --- the length of a history

_EVENTS = {"Task": 5, "Parallel": 4, "Map": 4}
"""Events of a state that ends well; of all others 2: entered and exited."""


@rule(
    "ASL532",
    "a history that grows too long",
    why="A Standard execution fails at its 25,000th event; the runs of an inline Map "
    "all write into one history.",
    fix="Use a distributed Map: each item gets a history of its own.",
    spec="Developer guide: Service quotas",
)
def find_long_histories(subject: Definition) -> Iterator[Finding]:
    """Inline Maps over so many items that the history cannot hold them."""
    most = LIMITS["STANDARD"].history_events
    if subject.type == "EXPRESS" or most is None:
        return
    counts = {
        node: count
        for node, count in analyse(subject).counts.items()
        if not node.is_distributed
    }
    if not counts:
        return
    shortest: dict[Machine, int] = {}
    for machine in reversed(subject.machines):  # innermost first
        shortest[machine] = _shortest(machine, shortest, counts)
    told: set[Node] = set()
    for node in counts:
        events = _events(node, shortest, counts)
        around = node.machine.owner
        if around in told:
            told.add(node)
        elif events > most:
            told.add(node)
            yield Finding(
                pointer=node.pointer,
                message=f"the Map's {counts[node]:,} runs write at least {events:,} "
                f"events; a history has {most:,} at most",
                suggestion='set "Mode": "DISTRIBUTED" in ProcessorConfig',
                on_key=True,
            )


def _events(
    node: Node, shortest: Mapping[Machine, int], counts: Mapping[Node, int]
) -> int:
    """The fewest events that a state writes."""
    own = _EVENTS.get(node.type, 2)
    inner = 0 if node.is_distributed else sum(shortest[body] for body in node.bodies)
    if node.type == "Map":
        return own + counts.get(node, 0) * (2 + inner)
    return own + inner


def _shortest(
    machine: Machine, shortest: Mapping[Machine, int], counts: Mapping[Node, int]
) -> int:
    """The fewest events from StartAt to an end that is no failure."""
    if machine.start is None:
        return 0
    costs: dict[str, int] = {}
    todo = [(_events(machine.start, shortest, counts), machine.start.name)]
    while todo:
        cost, name = heapq.heappop(todo)
        if name in costs:
            continue
        costs[name] = cost
        node = machine.states[name]
        if node.is_terminal and node.type != "Fail":
            return cost
        for step in machine.successors[name]:
            if step.target not in costs:
                target = machine.states[step.target]
                # A failure may come early: what its state did is not counted.
                before = cost
                if step.path[0] == "Catch":
                    before = cost - _events(node, shortest, counts) + 2
                heapq.heappush(
                    todo, (before + _events(target, shortest, counts), step.target)
                )
    return 0
