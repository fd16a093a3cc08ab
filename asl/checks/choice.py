"""Choice: can every rule be taken, and is there always one?

In: a Definition. Out: Findings about rules that never match and values that no rule
takes.
Never: checks operators' operands: the schema does.

States Language specification: "Choice State".
"""

import json
from collections.abc import Iterator

from asl.checks.conditions import (
    Condition,
    implies,
    interval,
    operator,
    same,
)
from asl.checks.fault import Steps
from asl.checks.rules import Finding, rule
from asl.checks.sites import parts_of
from asl.checks.subject import Definition, Node
from asl.expressions.comparison import OPERATORS
from asl.problem import Severity

_BESIDE = ("Next", "Assign", "Output", "Comment")
_MOST_PAIRS = 50_000
"""Comparisons of one state that are held against each other, before that is enough."""


def _condition(item: Condition) -> Condition:
    return {key: value for key, value in item.items() if key not in _BESIDE}


def _constant(condition: Condition) -> bool | None:
    """The value of a condition that is written out: true, false, {% true %}."""
    value = condition.get("Condition")
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.startswith("{%") and value.endswith("%}"):
        return {"true": True, "false": False}.get(value[2:-2].strip())
    return None


def _rules(subject: Definition) -> Iterator[tuple[Node, list[tuple[int, Condition]]]]:
    for node in subject.states:
        if node.type == "Choice":
            yield (
                node,
                [(index, _condition(item)) for index, item in node.objects("Choices")],
            )


@rule(
    "ASL302",
    "a rule that is never reached",
    why="The first rule that holds is taken. An earlier one holds whenever this one "
    "does, so this one is never taken.",
    fix="Put the special case before the general one, or remove it.",
    spec="States Language: Choice State",
)
def find_dead_rules(subject: Definition) -> Iterator[Finding]:
    """Rules behind an earlier one that takes all they take."""
    for node, rules in _rules(subject):
        sizes = [_size(condition) for _, condition in rules]
        left = _MOST_PAIRS
        for n, (index, condition) in enumerate(rules):
            left -= sizes[n] * sum(sizes[:n])
            if not condition or left < 0:
                continue
            for earlier, other in rules[:n]:
                if not other or not (
                    _constant(other) is True or implies(condition, other)
                ):
                    continue
                reason = (
                    "is always taken"
                    if _constant(other) is True
                    else "asks the same"
                    if same(condition, other)
                    else "holds whenever this one does"
                )
                yield Finding(
                    pointer=node.at("Choices", index),
                    message=f"Choices[{index}] is never taken: Choices[{earlier}] "
                    f"{reason}",
                    suggestion="remove one of them, or change their order",
                )
                break


def _size(condition: Condition) -> int:
    """How many comparisons a condition is made of."""
    count, todo = 0, [condition]
    while todo:
        count += 1
        part = todo.pop()
        todo += [inner for _, inner in parts_of(part, ()) if isinstance(inner, dict)]
    return count


@rule(
    "ASL303",
    "a Default that is never taken",
    why="A rule before it always holds.",
    fix="Remove the rule that always holds and keep its target as Default.",
    spec="States Language: Choice State",
)
def find_dead_defaults(subject: Definition) -> Iterator[Finding]:
    """Default behind a condition that is always true."""
    for node, rules in _rules(subject):
        for index, condition in rules:
            if _constant(condition) is True and "Default" in node.value:
                yield Finding(
                    pointer=node.at("Default"),
                    message=f"Default is never taken: Choices[{index}] is always true",
                    suggestion="remove one of them",
                )
                break


@rule(
    "ASL304",
    "a Choice that may find no way",
    why="Where no rule holds and there is no Default, the execution fails with "
    "States.Runtime.",
    fix="Add Default, to a Fail state if nothing else should come.",
    spec="States Language: Choice State, Default",
    severity=Severity.INFO,
)
def find_missing_defaults(subject: Definition) -> Iterator[Finding]:
    """Choice states without Default whose rules do not cover everything."""
    for node, rules in _rules(subject):
        conditions = [condition for _, condition in rules if condition]
        if "Default" in node.value or not conditions or _covers(conditions):
            continue
        yield Finding(
            pointer=node.pointer,
            message="where no rule holds, the execution fails: there is no Default",
            suggestion="add Default",
            on_key=True,
        )


def _covers(conditions: list[Condition]) -> bool:
    if any(_constant(condition) is True for condition in conditions):
        return True
    for n, one in enumerate(conditions[:_MOST_COVERING]):
        for other in conditions[:n]:
            if _opposite(one, other) or _opposite(other, one):
                return True
    return False


_MOST_COVERING = 200
"""Rules that are looked at for two that are opposites."""

_OPPOSITES = {
    "LessThan": "GreaterThanEquals",
    "LessThanEquals": "GreaterThan",
}


def _opposite(one: Condition, other: Condition) -> bool:
    inner = one.get("Not")
    if isinstance(inner, dict):
        return implies(inner, other)
    if "Condition" in one and "Condition" in other:
        first, second = one["Condition"], other["Condition"]
        if isinstance(first, str) and isinstance(second, str):
            return _squeezed(first) == f"$not({_squeezed(second)})"
        return False
    name, wider = operator(one), operator(other)
    if name is None or wider is None or one["Variable"] != other["Variable"]:
        return False
    value, limit = one[name], other[wider]
    if name == wider and isinstance(value, bool):
        return value is not limit
    family = OPERATORS[name].family
    bare, wide = name.removeprefix(family), wider.removeprefix(family)
    if bare.endswith("Path"):
        bare, wide = bare.removesuffix("Path"), wide.removesuffix("Path")
    return _OPPOSITES.get(bare) == wide and value == limit


def _squeezed(text: str) -> str:
    return "".join(text[2:-2].split())


# --- rules that contradict themselves


def _ands(condition: Condition, at: Steps) -> Iterator[tuple[Steps, list[Condition]]]:
    """Every And of a rule, with its parts."""
    todo: list[tuple[Steps, Condition]] = [(at, condition)]
    while todo:
        path, part = todo.pop()
        if not isinstance(part, dict):
            continue
        if isinstance(part.get("And"), list):
            yield (*path, "And"), part["And"]
        todo += reversed(list(parts_of(part, path)))


@rule(
    "ASL305",
    "a condition that never holds",
    why="The parts of an And exclude each other, or the condition is written out as "
    "false; the rule is never taken.",
    fix="Write Or where one of several values is meant.",
    spec="States Language: Choice State",
)
def find_contradictions(subject: Definition) -> Iterator[Finding]:
    """Ands whose parts take no value together; conditions that are false."""
    for node, rules in _rules(subject):
        for index, condition in rules:
            if _constant(condition) is False:
                yield Finding(
                    pointer=node.at("Choices", index, "Condition"),
                    message="the condition is always false",
                    suggestion="remove the rule",
                )
            for path, parts in _ands(condition, ("Choices", index)):
                pair = _exclusive(parts)
                if pair:
                    first, second = pair
                    yield Finding(
                        pointer=node.at(*path, second),
                        message=f"And never holds: {_shown(parts[first])} and "
                        f"{_shown(parts[second])} exclude each other",
                        suggestion="write Or if one of them is enough",
                    )


def _exclusive(parts: list[Condition]) -> tuple[int, int] | None:
    for second, other in enumerate(parts[:50]):
        for first, one in enumerate(parts[:second]):
            if not isinstance(one, dict) or not isinstance(other, dict):
                continue
            if one.get("Variable") != other.get("Variable"):
                continue
            inner, outer = interval(one), interval(other)
            if inner and outer and inner.misses(outer):
                return first, second
            if _absent(one) and operator(other) not in (None, "IsPresent"):
                return first, second
    return None


def _absent(condition: Condition) -> bool:
    return operator(condition) == "IsPresent" and condition["IsPresent"] is False


def _shown(condition: Condition) -> str:
    name = operator(condition) or ""
    value = json.dumps(condition.get(name), ensure_ascii=False)
    return f"{name} {value if len(value) <= 30 else value[:29] + '…'}"


@rule(
    "ASL306",
    "IsPresent that comes too late",
    why="A comparison fails the execution where its Variable finds nothing; a later "
    "IsPresent for the same Variable is asked only where it is present.",
    fix="Put IsPresent first in And.",
    spec="States Language: Choice State",
)
def find_late_presence(subject: Definition) -> Iterator[Finding]:
    """IsPresent behind a comparison of the same Variable in one And."""
    for node, rules in _rules(subject):
        for index, condition in rules:
            for path, parts in _ands(condition, ("Choices", index)):
                seen: set[str] = set()
                for n, part in enumerate(parts):
                    name = operator(part) if isinstance(part, dict) else None
                    variable = part["Variable"] if name else None
                    if not isinstance(variable, str):
                        continue
                    if name == "IsPresent" and variable in seen:
                        yield Finding(
                            pointer=node.at(*path, n, "IsPresent"),
                            message=f"{variable} has been compared before it is asked "
                            "whether it is there",
                            suggestion="put IsPresent first",
                            on_key=True,
                        )
                    if name != "IsPresent":
                        seen.add(variable)
