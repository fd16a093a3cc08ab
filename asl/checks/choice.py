"""Choice: can every rule be taken, and is there always one?

In: a Definition. Out: Findings about rules that never match and values that no rule
takes.
Never: checks operators' operands: the schema does.

States Language specification: "Choice State"; reference 06.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import total_ordering
from typing import TypeAlias

from asl.checks.fault import Steps
from asl.checks.rules import Finding, rule
from asl.checks.sites import parts_of
from asl.checks.subject import Definition, Node
from asl.expressions.comparison import (
    OPERATORS,
    compile_string_matches,
    parse_timestamp,
)
from asl.problem import Severity
from asl.values import Json

Condition: TypeAlias = Mapping[str, Json]

_BESIDE = ("Next", "Assign", "Output", "Comment")
_MOST_RULES = 300
"""Rules of one state that are compared with each other."""


def _condition(item: Condition) -> Condition:
    return {key: value for key, value in item.items() if key not in _BESIDE}


def _same(one: Condition, other: Condition) -> bool:
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


# --- what one comparison takes


@total_ordering
@dataclass(frozen=True, slots=True)
class _Bound:
    """An end of an interval; `side` -1 or 1 stands just before or behind the value."""

    value: Json
    side: int

    def __lt__(self, other: "_Bound") -> bool:
        if self.value == other.value:
            return self.side < other.side
        return bool(self.value < other.value)


@dataclass(frozen=True, slots=True)
class _Interval:
    """The values that a comparison with a literal takes; None: no end."""

    family: str
    low: _Bound | None
    high: _Bound | None

    def within(self, other: "_Interval") -> bool:
        """Whether the other takes all that this one takes."""
        if self.family != other.family:
            return False
        low = other.low is None or (self.low is not None and self.low >= other.low)
        high = other.high is None or (self.high is not None and self.high <= other.high)
        return low and high

    def misses(self, other: "_Interval") -> bool:
        """Whether nothing is taken by both."""
        if self.family != other.family:
            # A timestamp is a text; other families have no value in common.
            return {self.family, other.family} != {"String", "Timestamp"}
        for one, two in ((self, other), (other, self)):
            if one.high is not None and two.low is not None and one.high <= two.low:
                return True
        return False


_FAMILIES: Mapping[str, tuple[type, ...]] = {
    "Numeric": (int, float),
    "String": (str,),
    "Boolean": (bool,),
}


def _operator(condition: Condition) -> str | None:
    names = [name for name in condition if name in OPERATORS]
    return names[0] if len(names) == 1 and "Variable" in condition else None


def _interval(condition: Condition) -> _Interval | None:
    name = _operator(condition)
    if name is None or OPERATORS[name].is_path:
        return None
    family, value = OPERATORS[name].family, condition[name]
    if family == "Timestamp":
        value = parse_timestamp(value)
    elif family not in _FAMILIES or type(value) not in _FAMILIES[family]:
        return None
    if value is None or (isinstance(value, str) and not value.isascii()):
        return None
    before, behind = _Bound(value, -1), _Bound(value, 1)
    low, high = {
        "Equals": (before, behind),
        "LessThan": (None, before),
        "LessThanEquals": (None, behind),
        "GreaterThan": (behind, None),
        "GreaterThanEquals": (before, None),
    }[name.removeprefix(family)]
    return _Interval(family, low, high)


_TESTS = {
    "IsString": ("String", "Matches", "Timestamp"),
    "IsNumeric": ("Numeric",),
    "IsBoolean": ("Boolean",),
    "IsTimestamp": ("Timestamp",),
}


def implies(one: Condition, other: Condition, depth: int = 0) -> bool:
    """Whether the other holds whenever this one does."""
    if depth > 20:
        return False
    if _same(one, other):
        return True
    deeper = depth + 1
    if isinstance(one.get("Or"), list):
        return all(implies(part, other, deeper) for part in _parts(one, "Or"))
    if isinstance(other.get("And"), list):
        return all(implies(one, part, deeper) for part in _parts(other, "And"))
    if isinstance(other.get("Or"), list) and any(
        implies(one, part, deeper) for part in _parts(other, "Or")
    ):
        return True
    if isinstance(one.get("And"), list):
        return any(implies(part, other, deeper) for part in _parts(one, "And"))
    inner, outer = one.get("Not"), other.get("Not")
    if isinstance(inner, dict) and isinstance(outer, dict):
        return implies(outer, inner, deeper)
    return _comparison_implies(one, other)


def _parts(condition: Condition, name: str) -> list[Condition]:
    parts: list[Condition] = [part for part in condition[name] if part]
    return [part for part in parts if isinstance(part, dict)] or [{}]


def _comparison_implies(one: Condition, other: Condition) -> bool:
    name, wider = _operator(one), _operator(other)
    if name is None or wider is None or one["Variable"] != other["Variable"]:
        return False
    if wider == "IsPresent":
        return other[wider] is True and not (name == "IsPresent" and one[name] is False)
    family = OPERATORS[name].family
    if wider in _TESTS and other[wider] is True:
        if name in _TESTS:
            return one[name] is True and (name, wider) == ("IsTimestamp", "IsString")
        return not OPERATORS[name].is_path and family in _TESTS[wider]
    if wider == "StringMatches" and name == "StringEquals":
        text, pattern = one[name], other[wider]
        if isinstance(text, str) and isinstance(pattern, str):
            return compile_string_matches(pattern)(text)
    inner, outer = _interval(one), _interval(other)
    return inner is not None and outer is not None and inner.within(outer)


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
    spec="States Language: Choice State; reference 06.1",
)
def find_dead_rules(subject: Definition) -> Iterator[Finding]:
    """Rules behind an earlier one that takes all they take."""
    for node, rules in _rules(subject):
        for n, (index, condition) in enumerate(rules[:_MOST_RULES]):
            if not condition:
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
                    if _same(condition, other)
                    else "holds whenever this one does"
                )
                yield Finding(
                    pointer=node.at("Choices", index),
                    message=f"Choices[{index}] is never taken: Choices[{earlier}] "
                    f"{reason}",
                    suggestion="remove one of them, or change their order",
                )
                break


@rule(
    "ASL303",
    "a Default that is never taken",
    why="A rule before it always holds.",
    fix="Remove the rule that always holds and keep its target as Default.",
    spec="States Language: Choice State; reference 06.4",
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
    spec="States Language: Choice State, Default; reference 06.4",
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
    for n, one in enumerate(conditions):
        for other in conditions[:n]:
            if _opposite(one, other) or _opposite(other, one):
                return True
    return False


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
    name, wider = _operator(one), _operator(other)
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
    todo: list[tuple[Steps, Json]] = [(at, condition)]
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
    spec="States Language: Choice State; reference 06.2",
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
            inner, outer = _interval(one), _interval(other)
            if inner and outer and inner.misses(outer):
                return first, second
            if _absent(one) and _operator(other) not in (None, "IsPresent"):
                return first, second
    return None


def _absent(condition: Condition) -> bool:
    return _operator(condition) == "IsPresent" and condition["IsPresent"] is False


def _shown(condition: Condition) -> str:
    name = _operator(condition) or ""
    value = json.dumps(condition.get(name), ensure_ascii=False)
    return f"{name} {value if len(value) <= 30 else value[:29] + '…'}"


@rule(
    "ASL306",
    "IsPresent that comes too late",
    why="A comparison fails the execution where its Variable finds nothing; a later "
    "IsPresent for the same Variable is asked only where it is present.",
    fix="Put IsPresent first in And.",
    spec="States Language: Choice State; reference 06.2",
)
def find_late_presence(subject: Definition) -> Iterator[Finding]:
    """IsPresent behind a comparison of the same Variable in one And."""
    for node, rules in _rules(subject):
        for index, condition in rules:
            for path, parts in _ands(condition, ("Choices", index)):
                seen: set[str] = set()
                for n, part in enumerate(parts):
                    name = _operator(part) if isinstance(part, dict) else None
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
