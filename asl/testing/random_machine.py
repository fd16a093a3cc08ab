"""Random machines: whole valid definitions, and mocks for their tasks.

In: Chance, which picks. Out: a definition that checks without errors and runs to an
end, in both query languages, with every type of state, nested.
Never: imports Hypothesis (strategies.py does, and hands its draws over as Chance), so
that whatever picks can make machines.
"""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from asl.values import Json

T = TypeVar("T")

_LAMBDA = "arn:aws:lambda:eu-west-1:123456789012:function:"
RESOURCES = (
    f"{_LAMBDA}ask",
    "arn:aws:states:::sns:publish",
    "arn:aws:states:::glue:startJobRun.sync",
    "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
    "arn:aws:states:us-east-1:123456789012:activity:paint",
)
_EXPRESS = RESOURCES[:2]
"""Those that an Express machine may use."""
_RETRIED = ("A", "B", "States.TaskFailed", "States.Timeout")
_PATHS = ("$", "$.a", "$.b[0]", "$$.State.Name", "$..a", "$.a[*]")
_PLACES = ("$", "$.a", "$.b.c", None)
_INTRINSICS = (
    "States.Array($, 1)",
    "States.Format('{}', $.a)",
    "States.MathAdd(1, 2)",
)
_EXPRESSIONS = (
    "{% $states.input %}",
    "{% $states.input.a %}",
    "{% [1, 2] %}",
    "{% $states.context.State.Name %}",
    "{% $random() > 0.5 %}",
    "{% $v0 + 1 %}",
)
_RULES: tuple[dict[str, Json], ...] = (
    {"Variable": "$.a", "IsPresent": True},
    {"Not": {"Variable": "$", "IsNull": True}},
    {"Variable": "$.a", "NumericGreaterThan": 0},
)
_MOST_CALLS = 300
"""Enough for three items in three nested Maps, each tried again."""


class Chance(Protocol):
    """What decides wherever a machine could be one way or another."""

    def pick(self, options: Sequence[T]) -> T:
        """One of the options; the first is the simplest."""

    def count(self, least: int, most: int) -> int:
        """A whole number within bounds; the least is the simplest."""

    def flag(self) -> bool:
        """Yes or no; no is the simplest."""

    def value(self) -> Json:
        """Any small JSON value."""


def random_machine(chance: Chance) -> tuple[dict[str, Json], dict[str, list[Json]]]:
    """A definition, and mocks for all of its tasks."""
    maker = _Maker(chance)
    definition = maker.branch(0)
    if chance.flag():
        definition["TimeoutSeconds"] = chance.count(1, 500)
    mocks: dict[str, list[Json]] = {
        name: [maker.answer() for _ in range(chance.count(1, 4))] * _MOST_CALLS
        for name in maker.tasks
    }
    return definition, mocks


class _Maker:
    """Makes one machine; state names are unique over all its machines."""

    def __init__(self, chance: Chance) -> None:
        self.chance = chance
        self.count = 0
        self.tasks: list[str] = []
        self.express = False
        """Whether an Express child is being made, which allows less."""

    def branch(self, depth: int) -> dict[str, Json]:
        """A chain of states, each of which may also jump forward, never back."""
        names = []
        for _ in range(self.chance.count(1, 4 if depth else 6)):
            self.count += 1
            names.append(f"S{self.count}")
        states = {
            name: self.state(name, names[place + 1 :], depth)
            for place, name in enumerate(names)
        }
        return {"StartAt": names[0], "States": states}

    def state(self, name: str, later: list[str], depth: int) -> dict[str, Json]:
        """One state; `later` are those of its branch that it may lead to."""
        chance = self.chance
        kinds = ["Pass", "Task", "Wait", *(["Choice"] if later else _ENDS)]
        if depth < 2:
            kinds += ["Parallel", "Map", *([] if self.express else ["Distributed"])]
        kind = chance.pick(kinds)
        jsonata = chance.flag()
        state: dict[str, Json] = {"Type": "Map" if kind == "Distributed" else kind}
        if jsonata:
            state["QueryLanguage"] = "JSONata"
        if kind not in (*_ENDS, "Choice"):
            # Always the very next state, so that every state can be reached.
            state |= {"Next": later[0]} if later else {"End": True}
            if chance.flag():
                # An inner scope may not assign a variable of an outer one.
                state["Assign"] = {f"v{depth}": chance.count(0, 9)}
        self.fill(kind, name, state, later, depth)
        if kind != "Fail" and jsonata and chance.flag():
            state["Output"] = chance.pick(_EXPRESSIONS)
        if kind != "Fail" and not jsonata and chance.count(0, 5) == 5:
            state["OutputPath"] = chance.pick(("$", "$.a", None))
        return state

    def fill(
        self,
        kind: str,
        name: str,
        state: dict[str, Json],
        later: list[str],
        depth: int,
    ) -> None:
        """The fields of one type of state."""
        match kind:
            case "Pass":
                self.fill_pass(state)
            case "Wait":
                self.fill_wait(state)
            case "Fail":
                state["Error"] = self.chance.pick("ABC")
            case "Choice":
                self.fill_choice(state, later)
            case "Task":
                self.fill_task(name, state)
            case "Parallel":
                state["Branches"] = [
                    self.branch(depth + 1) for _ in range(self.chance.count(1, 3))
                ]
            case "Map":
                self.fill_map(state, depth)
            case "Distributed":
                self.fill_distributed(state, depth)
        if kind in ("Task", "Parallel", "Map", "Distributed"):
            self.fill_failures(state, later)

    def fill_pass(self, state: dict[str, Json]) -> None:
        """A fixed result, or a payload made from the input."""
        if _is_jsonata(state):
            return
        state["ResultPath"] = self.chance.pick(_PLACES)
        if self.chance.flag():
            state["Result"] = self.chance.value()
        else:
            state["Parameters"] = self.template()

    def template(self) -> dict[str, Json]:
        """A payload template."""
        chance, found = self.chance, {}
        if chance.flag():
            found["a"] = chance.value()
        if chance.flag():
            found["a2.$"] = chance.pick(_PATHS)
        if chance.flag():
            found["b.$"] = chance.pick(_INTRINSICS)
        return found

    def fill_wait(self, state: dict[str, Json]) -> None:
        """Seconds, fixed or computed."""
        state["Seconds"] = self.chance.count(0, 100)
        if _is_jsonata(state) and self.chance.flag():
            state["Seconds"] = "{% $states.input.a %}"

    def fill_choice(self, state: dict[str, Json], later: list[str]) -> None:
        """One or two rules, and a Default."""
        chance = self.chance
        state["Choices"] = []
        for _ in range(chance.count(1, 2)):
            if _is_jsonata(state):
                condition = chance.pick((False, True, "{% $states.input.a = 1 %}"))
                rule = {"Condition": condition}
            else:
                rule = dict(chance.pick(_RULES))
            state["Choices"].append({**rule, "Next": chance.pick(later)})
        state["Default"] = later[0]

    def fill_task(self, name: str, state: dict[str, Json]) -> None:
        """A resource, and perhaps its limits."""
        self.tasks.append(name)
        state["Resource"] = self.chance.pick(_EXPRESS if self.express else RESOURCES)
        if self.chance.flag():
            state["TimeoutSeconds"] = 60
            if self.chance.flag():
                state["HeartbeatSeconds"] = 20

    def fill_map(self, state: dict[str, Json], depth: int) -> None:
        """Items and what is done with each."""
        chance = self.chance
        state["ItemProcessor"] = self.branch(depth + 1)
        state["MaxConcurrency"] = chance.count(0, 3)
        if _is_jsonata(state):
            state["Items"] = (
                chance.pick(_EXPRESSIONS)
                if chance.flag()
                else [chance.value() for _ in range(chance.count(0, 3))]
            )
            if chance.flag():
                state["ItemSelector"] = {"v": "{% $states.context.Map.Item.Value %}"}
        elif chance.flag():
            state["ItemsPath"] = "$$.Execution.Input.list"

    def fill_distributed(self, state: dict[str, Json], depth: int) -> None:
        """A Map whose iterations are executions of their own."""
        kind = self.chance.pick(("STANDARD", "EXPRESS"))
        self.express = kind == "EXPRESS"
        self.fill_map(state, depth)
        self.express = False
        state["ItemProcessor"]["ProcessorConfig"] = {
            "Mode": "DISTRIBUTED",
            "ExecutionType": kind,
        }
        if self.chance.flag():
            state["ToleratedFailureCount"] = 1
        if self.chance.flag():
            state["ItemBatcher"] = {"MaxItemsPerBatch": 2}

    def fill_failures(self, state: dict[str, Json], later: list[str]) -> None:
        """Retry and Catch, and where the result goes."""
        chance = self.chance
        state["Retry"] = [self.retrier() for _ in range(chance.count(0, 2))]
        if later and chance.flag():
            state["Catch"] = [
                {"ErrorEquals": ["States.ALL"], "Next": chance.pick(later)}
            ]
        if not _is_jsonata(state):
            state["ResultPath"] = chance.pick(_PLACES)

    def retrier(self) -> dict[str, Json]:
        """One entry of Retry."""
        retrier: dict[str, Json] = {
            "ErrorEquals": [self.chance.pick(_RETRIED)],
            "IntervalSeconds": 3,
            "MaxAttempts": self.chance.count(0, 3),
        }
        if self.chance.flag():
            retrier["JitterStrategy"] = "FULL"
        return retrier

    def answer(self) -> dict[str, Json]:
        """What a mocked task says."""
        chance = self.chance
        kind = chance.pick(("Return", "Throw", "Never"))
        if kind == "Never":
            return {"Never": True}
        thrown = {"Error": chance.pick("ABC")} if chance.flag() else {}
        answer = {kind: thrown if kind == "Throw" else chance.value()}
        if chance.flag():
            answer["AfterSeconds"] = chance.count(0, 90)
        return answer


_ENDS = ("Succeed", "Fail")


def _is_jsonata(state: dict[str, Json]) -> bool:
    return "QueryLanguage" in state
