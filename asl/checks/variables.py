"""Variables: is each one assigned before it is read, and may it be assigned there?

In: a Definition. Out: Findings about names, scopes and values that may be missing.
Never: evaluates; what is assigned on every way to a state is followed over the graph,
machine by machine, as sets of names.

States Language specification: "Variables".
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from asl.checks.fault import Steps, find_near
from asl.checks.rules import SCHEMA, Finding, rule
from asl.checks.subject import Definition, Machine, Node
from asl.graph import Transition
from asl.problem import Severity
from asl.quotas import VARIABLE_BYTES, VARIABLE_NAME_CHARS
from asl.values import Json, size_bytes

_MOST_NAMES = 100
"""Variables of one expression that are looked at."""


def assigns_of(node: Node) -> Iterator[tuple[Steps, Mapping[str, Json]]]:
    """Every Assign of a state: its own, its rules', its catchers'."""
    if node.value.keys().isdisjoint(("Assign", "Choices", "Catch")):
        return
    fields = ("Choices", "Catch") if node.type == "Choice" else ("Catch",)
    own = node.value.get("Assign")
    if isinstance(own, dict):
        yield ("Assign",), own
    for name in fields:
        for index, item in node.objects(name):
            inner = item.get("Assign")
            if isinstance(inner, dict):
                yield (name, index, "Assign"), inner


def variable(node: Node, key: str) -> str:
    """The variable that a key of Assign sets."""
    return key if node.jsonata else key.removesuffix(".$")


# --- which variables have a value where


@dataclass(eq=False)
class _Scope:
    """What is known on entry of each state of a machine."""

    certain: dict[str, frozenset[str]] = field(default_factory=dict)
    """Variables that have a value on every way to the state."""
    possible: dict[str, frozenset[str]] = field(default_factory=dict)
    """Variables that have one on some way."""


class Scopes:
    """For every state the variables that certainly and possibly have a value."""

    def __init__(self, subject: Definition) -> None:
        self._by_machine: dict[Machine, _Scope] = {}
        for machine in subject.machines:  # outermost first
            certain = possible = frozenset[str]()
            owner = machine.owner
            if owner is not None and not machine.is_distributed:
                certain, possible = self.certain(owner), self.possible(owner)
            self._by_machine[machine] = _solve(machine, certain, possible)

    def certain(self, node: Node) -> frozenset[str]:
        """What has a value on every way to a state."""
        return self._by_machine[node.machine].certain.get(node.name, frozenset())

    def possible(self, node: Node) -> frozenset[str]:
        """What has a value on some way to a state."""
        return self._by_machine[node.machine].possible.get(node.name, frozenset())


def _set_by(node: Node, value: Json) -> frozenset[str]:
    keys = value if isinstance(value, dict) else ()
    return frozenset(variable(node, key) for key in keys)


def _given(node: Node, step: Transition) -> frozenset[str]:
    """The variables that taking a transition assigns."""
    if len(step.path) == 3:  # Choices or Catch: theirs, and not the state's own
        rules: Json = node.value[str(step.path[0])]
        return _set_by(node, rules[step.path[1]].get("Assign"))
    return _set_by(node, node.value.get("Assign"))


def _solve(
    machine: Machine, certain: frozenset[str], possible: frozenset[str]
) -> _Scope:
    scope = _Scope()
    start = machine.start
    if start is None:
        return scope
    scope.certain[start.name], scope.possible[start.name] = certain, possible
    todo = [start.name]
    while todo:
        name = todo.pop()
        node = machine.states[name]
        for step in machine.successors[name]:
            given = _given(node, step)
            sure = scope.certain[name] | given
            may = scope.possible[name] | given
            target = step.target
            if target in scope.certain:
                sure &= scope.certain[target]
                may |= scope.possible[target]
                if sure == scope.certain[target] and may == scope.possible[target]:
                    continue
            scope.certain[target], scope.possible[target] = sure, may
            todo.append(target)
    return scope


@rule(
    "ASL250",
    "a variable that has no value",
    why="On no way to this state is the variable assigned; reading it fails the state "
    "(JSONPath) or gives nothing (JSONata).",
    fix="Assign it in an earlier state, or correct its name. States of a distributed "
    "Map see no variables from outside; pass them in ItemSelector.",
    spec="States Language: Variables",
)
def find_undefined(subject: Definition) -> Iterator[Finding]:
    """Variables that are read and assigned on no way to the reader."""
    if not any("$" in site.text for site in subject.sites):
        return
    scopes = Scopes(subject)
    reached = {node for machine in subject.machines for node in machine.reached}
    for site in subject.sites:
        if site.node not in reached:
            continue
        for name, offset in site.variables[:_MOST_NAMES]:
            possible = scopes.possible(site.node)
            if name in possible or name == "states" or _is_guarded(site.text, name):
                continue
            yield Finding(
                pointer=site.pointer,
                message=f"the variable ${name} has no value here",
                suggestion=_hint(subject, site.node, name, possible),
                offset=offset,
            )


def _is_guarded(text: str, name: str) -> bool:
    return f"$exists(${name}" in text.replace(" ", "")


def _hint(
    subject: Definition, node: Node, name: str, possible: frozenset[str]
) -> str | None:
    near = find_near(name, sorted(possible))
    if near:
        return f"did you mean ${near}?"
    if name in ("result", "errorOutput", "input", "context") and node.jsonata:
        return f"did you mean $states.{name}?"
    machine: Machine | None = node.machine
    while machine is not None and machine.owner is not None:
        if machine.is_distributed and name in _names_around(machine.owner):
            return "a distributed Map's states see no variables from outside"
        machine = machine.owner.machine
    for other in subject.states:
        if any(name in _set_by(other, value) for _, value in assigns_of(other)):
            return f'state "{other.name}" assigns it, but not on a way to here'
    return None


def _names_around(owner: Node) -> frozenset[str]:
    names: frozenset[str] = frozenset()
    for node in owner.machine.states.values():
        for _, value in assigns_of(node):
            names |= _set_by(node, value)
    return names


@rule(
    "ASL251",
    "a variable that may have no value",
    why="On some way from StartAt to this state nothing assigns the variable.",
    fix="Assign it on every way, or with a first value in an early state.",
    spec="States Language: Variables",
)
def find_maybe_undefined(subject: Definition) -> Iterator[Finding]:
    """Variables that are assigned on some ways to the reader only."""
    if not any(True for node in subject.states for _ in assigns_of(node)):
        return
    scopes = Scopes(subject)
    for site in subject.sites:
        for name, offset in site.variables[:_MOST_NAMES]:
            node = site.node
            if name in scopes.certain(node) or name not in scopes.possible(node):
                continue
            if _is_guarded(site.text, name):
                continue
            # JSONata functions may well be meant to be given nothing.
            sure = site.kind != "jsonata" or site.plain is not None
            yield Finding(
                pointer=site.pointer,
                message=f"the variable ${name} is not assigned on every way to here",
                offset=offset,
                severity=None if sure else Severity.INFO,
            )


# --- where and what may be assigned


def _set_beside(owner: Node) -> frozenset[str]:
    """What the states around a branch assign.

    Without the owner's catchers: AWS was recorded to let a branch use their names.
    """
    names: frozenset[str] = frozenset()
    for node in owner.machine.states.values():
        for path, value in assigns_of(node):
            if node is not owner or path == ("Assign",):
                names |= _set_by(node, value)
    return names


@rule(
    "ASL252",
    "a variable of an outer scope is assigned",
    why="A branch or an iteration may read the variables around it and not assign "
    "them; AWS refuses the definition.",
    fix="Use another name inside, and assign the outer variable from the result.",
    spec="States Language: Variables, scope",
    severity=Severity.ERROR,
    aws_code=SCHEMA,
)
def find_outer_assigned(subject: Definition) -> Iterator[Finding]:
    """Names assigned in a branch or iteration that its surroundings assign too."""
    around: dict[Machine, frozenset[str]] = {}
    for machine in subject.machines:
        names = frozenset[str]()
        for node in machine.states.values():
            for _, value in assigns_of(node):
                names |= _set_by(node, value)
        around[machine] = frozenset()
        if machine.owner is not None and not machine.is_distributed:
            around[machine] = around[machine.owner.machine] | _set_beside(machine.owner)
        for node in machine.states.values() if around[machine] & names else ():
            for path, value in assigns_of(node):
                for key in value:
                    name = variable(node, key)
                    if name in around[machine]:
                        yield Finding(
                            pointer=node.at(*path, key),
                            message=f"the variable {name} belongs to the scope "
                            "around; here it can be read and not assigned",
                            suggestion="use another name",
                            on_key=True,
                        )


@rule(
    "ASL253",
    "a variable that nobody reads",
    why="It costs payload and readers' attention, or its reader was misspelt.",
    fix="Remove it, or read it.",
    spec="States Language: Variables",
    severity=Severity.INFO,
)
def find_unused(subject: Definition) -> Iterator[Finding]:
    """Variables that are assigned and never read."""
    read = {name for site in subject.sites for name, _ in site.variables}
    told: set[str] = set()
    for node in subject.states:
        for path, value in assigns_of(node):
            for key in value:
                name = variable(node, key)
                if name not in read and name not in told:
                    told.add(name)
                    yield Finding(
                        pointer=node.at(*path, key),
                        message=f"the variable {name} is never read",
                        on_key=True,
                    )


def _assigned(subject: Definition) -> list[tuple[Node, Steps, str, str]]:
    return subject.once(
        "assigned",
        lambda subject: [
            (node, (*path, key), key, variable(node, key))
            for node in subject.states
            for path, value in assigns_of(node)
            for key in value
        ],
    )


@rule(
    "ASL254",
    "a variable name that is too long",
    why=f"A name has at most {VARIABLE_NAME_CHARS} characters.",
    fix="Shorten the name.",
    spec="Developer guide: Passing data between states with variables",
    severity=Severity.ERROR,
    aws_code=SCHEMA,
)
def find_long_names(subject: Definition) -> Iterator[Finding]:
    """Names of more characters than AWS allows."""
    for node, path, _, name in _assigned(subject):
        if len(name) > VARIABLE_NAME_CHARS:
            yield Finding(
                pointer=node.at(*path),
                message=f"the variable name has {len(name)} characters; "
                f"{VARIABLE_NAME_CHARS} are allowed",
                on_key=True,
            )


@rule(
    "ASL255",
    "a variable name that cannot be read",
    why="A name begins with a letter or an underscore and has no dot, bracket or "
    "blank; only whole variables are assigned.",
    fix="Use letters, digits and underscores.",
    spec="States Language: Variables",
    severity=Severity.ERROR,
    aws_code=SCHEMA,
)
def find_bad_names(subject: Definition) -> Iterator[Finding]:
    """Names that are no identifiers."""
    for node, path, key, name in _assigned(subject):
        if name.isidentifier() or (not node.jsonata and not name):
            continue
        if node.jsonata and key.endswith(".$") and key[:-2].isidentifier():
            suggestion = 'in JSONata the key has no ".$"'
        else:
            suggestion = "use letters, digits and underscores"
        yield Finding(
            pointer=node.at(*path),
            message=f"{name!r} cannot be the name of a variable",
            suggestion=suggestion,
            on_key=True,
        )


@rule(
    "ASL256",
    "the name states is reserved",
    why="$states is given by Step Functions: input, context and result of the state.",
    fix="Use another name.",
    spec="States Language: Reserved variable $states",
    severity=Severity.ERROR,
    aws_code=SCHEMA,
)
def find_reserved_names(subject: Definition) -> Iterator[Finding]:
    """Assignments to `states`."""
    for node, path, _, name in _assigned(subject):
        if name == "states":
            yield Finding(
                pointer=node.at(*path),
                message="states is reserved; it cannot be assigned",
                suggestion="use another name",
                on_key=True,
            )


@rule(
    "ASL257",
    "a variable that is too big",
    why=f"A variable holds at most {VARIABLE_BYTES:,} bytes of JSON; a bigger one "
    "fails the state.",
    fix="Keep big values in S3 and their key in a variable.",
    spec="Developer guide: Service quotas",
)
def find_big_values(subject: Definition) -> Iterator[Finding]:
    """Literal values that cannot be stored."""
    for node in subject.states:
        for path, value in assigns_of(node):
            for key, item in value.items():
                if not isinstance(item, (str, list, dict)):
                    continue
                if (
                    len(str(item)) > VARIABLE_BYTES
                    and size_bytes(item) > VARIABLE_BYTES
                ):
                    yield Finding(
                        pointer=node.at(*path, key),
                        message=f"the value has {size_bytes(item):,} bytes; "
                        f"{VARIABLE_BYTES:,} are allowed",
                        on_key=True,
                    )
