"""Random valid machines run to an end, in virtual time, without a bug of ours."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import asl
from asl.runtime.run import make_runner

LAMBDA = "arn:aws:lambda:eu-west-1:123456789012:function:"
RESOURCES = (
    LAMBDA + "ask",
    "arn:aws:states:::sns:publish",
    "arn:aws:states:::glue:startJobRun.sync",
    "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
    "arn:aws:states:us-east-1:123456789012:activity:paint",
)
ERRORS = ("A", "B", "States.TaskFailed", "States.Timeout", "States.ALL")

values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text("abé", max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=5,
)
paths = st.sampled_from(["$", "$.a", "$.b[0]", "$$.State.Name", "$..a", "$.a[*]"])
places = st.sampled_from(["$", "$.a", "$.b.c", None])
templates = st.fixed_dictionaries(
    {},
    optional={
        "a": values,
        "a2.$": paths,
        "b.$": st.sampled_from(
            ["States.Array($, 1)", "States.Format('{}', $.a)", "States.MathAdd(1, 2)"]
        ),
    },
)
expressions = st.sampled_from(
    [
        "{% $states.input %}",
        "{% $states.input.a %}",
        "{% [1, 2] %}",
        "{% $states.context.State.Name %}",
        "{% $random() > 0.5 %}",
        "{% $v0 + 1 %}",
    ]
)
retriers = st.builds(
    lambda error, attempts, jitter: {
        "ErrorEquals": [error],
        "IntervalSeconds": 3,
        "MaxAttempts": attempts,
        **({"JitterStrategy": "FULL"} if jitter else {}),
    },
    st.sampled_from(ERRORS[:-1]),
    st.integers(0, 3),
    st.booleans(),
)
answers = st.one_of(
    st.fixed_dictionaries(
        {"Return": values}, optional={"AfterSeconds": st.integers(0, 90)}
    ),
    st.fixed_dictionaries(
        {
            "Throw": st.fixed_dictionaries(
                {}, optional={"Error": st.sampled_from("ABC")}
            )
        },
        optional={"AfterSeconds": st.integers(0, 90)},
    ),
    st.just({"Never": True}),
)


class Maker:
    """Draws one machine; state names are unique over all its machines."""

    def __init__(self, draw: Any) -> None:
        self.draw = draw
        self.count = 0
        self.tasks: list[str] = []
        self.express = False
        """Whether an Express child is being drawn, which allows less."""

    def branch(self, depth: int) -> dict[str, Any]:
        """A chain of states, each of which may also jump forward, never back."""
        names = []
        for _ in range(self.draw(st.integers(1, 4 if depth else 6))):
            self.count += 1
            names.append(f"S{self.count}")
        states: dict[str, Any] = {}
        for place, name in enumerate(names):
            states[name] = self.state(name, names[place + 1 :], depth)
        return {"StartAt": names[0], "States": states}

    def state(self, name: str, later: list[str], depth: int) -> dict[str, Any]:
        draw = self.draw
        kinds = ["Pass", "Task", "Wait"]
        if not later:
            kinds += ["Succeed", "Fail"]
        else:
            kinds += ["Choice"]
        if depth < 2:
            kinds += ["Parallel", "Map"]
            if not self.express:
                kinds += ["Distributed"]
        kind = draw(st.sampled_from(kinds))
        jsonata = draw(st.booleans())
        state: dict[str, Any] = {"Type": "Map" if kind == "Distributed" else kind}
        if jsonata:
            state["QueryLanguage"] = "JSONata"
        if kind not in ("Fail", "Succeed", "Choice"):
            # Always the very next state, so that every state can be reached.
            state |= {"Next": later[0]} if later else {"End": True}
            if draw(st.booleans()):
                # An inner scope may not assign a variable of an outer one.
                state["Assign"] = {f"v{depth}": draw(st.integers(0, 9))}
        getattr(self, f"_{kind.lower()}")(name, state, later, depth, jsonata)
        if kind != "Fail" and jsonata and draw(st.booleans()):
            state["Output"] = draw(expressions)
        if kind != "Fail" and not jsonata and draw(st.integers(0, 5)) == 0:
            state["OutputPath"] = draw(st.sampled_from(["$", "$.a", None]))
        return state

    def _pass(self, name: str, state: dict[str, Any], *_: Any) -> None:
        if "QueryLanguage" in state:
            return
        state["ResultPath"] = self.draw(places)
        if self.draw(st.booleans()):
            state["Result"] = self.draw(values)
        else:
            state["Parameters"] = self.draw(templates)

    def _wait(
        self, name: str, state: dict[str, Any], later: Any, depth: int, jsonata: bool
    ) -> None:
        state["Seconds"] = self.draw(st.integers(0, 100))
        if jsonata and self.draw(st.booleans()):
            state["Seconds"] = "{% $states.input.a %}"

    def _succeed(self, *_: Any) -> None:
        pass

    def _fail(self, name: str, state: dict[str, Any], *_: Any) -> None:
        state["Error"] = self.draw(st.sampled_from("ABC"))

    def _choice(
        self,
        name: str,
        state: dict[str, Any],
        later: list[str],
        depth: int,
        jsonata: bool,
    ) -> None:
        target = st.sampled_from(later)
        if jsonata:
            condition = st.booleans() | st.just("{% $states.input.a = 1 %}")
            rules = st.builds(
                lambda c, n: {"Condition": c, "Next": n}, condition, target
            )
        else:
            test = st.sampled_from(
                [
                    {"Variable": "$.a", "IsPresent": True},
                    {"Not": {"Variable": "$", "IsNull": True}},
                    {"Variable": "$.a", "NumericGreaterThan": 0},
                ]
            )
            rules = st.builds(lambda t, n: {**t, "Next": n}, test, target)
        state["Choices"] = self.draw(st.lists(rules, min_size=1, max_size=2))
        state["Default"] = later[0]

    def _task(
        self,
        name: str,
        state: dict[str, Any],
        later: list[str],
        depth: int,
        jsonata: bool,
    ) -> None:
        draw = self.draw
        self.tasks.append(name)
        state["Resource"] = draw(
            st.sampled_from(RESOURCES[:2] if self.express else RESOURCES)
        )
        if draw(st.booleans()):
            state["TimeoutSeconds"] = 60
            if draw(st.booleans()):
                state["HeartbeatSeconds"] = 20
        self._retriable(state, later, jsonata)

    def _parallel(
        self,
        name: str,
        state: dict[str, Any],
        later: list[str],
        depth: int,
        jsonata: bool,
    ) -> None:
        state["Branches"] = [
            self.branch(depth + 1) for _ in range(self.draw(st.integers(1, 3)))
        ]
        self._retriable(state, later, jsonata)

    def _map(
        self,
        name: str,
        state: dict[str, Any],
        later: list[str],
        depth: int,
        jsonata: bool,
    ) -> None:
        state["ItemProcessor"] = self.branch(depth + 1)
        state["MaxConcurrency"] = self.draw(st.integers(0, 3))
        if jsonata:
            state["Items"] = self.draw(st.lists(values, max_size=3) | expressions)
            if self.draw(st.booleans()):
                state["ItemSelector"] = {"v": "{% $states.context.Map.Item.Value %}"}
        elif self.draw(st.booleans()):
            state["ItemsPath"] = "$$.Execution.Input.list"
        self._retriable(state, later, jsonata)

    def _distributed(
        self,
        name: str,
        state: dict[str, Any],
        later: list[str],
        depth: int,
        jsonata: bool,
    ) -> None:
        kind = self.draw(st.sampled_from(["STANDARD", "EXPRESS"]))
        self.express = kind == "EXPRESS"
        self._map(name, state, later, depth, jsonata)
        self.express = False
        state["ItemProcessor"]["ProcessorConfig"] = {
            "Mode": "DISTRIBUTED",
            "ExecutionType": kind,
        }
        if self.draw(st.booleans()):
            state["ToleratedFailureCount"] = 1
        if self.draw(st.booleans()):
            state["ItemBatcher"] = {"MaxItemsPerBatch": 2}

    def _retriable(
        self, state: dict[str, Any], later: list[str], jsonata: bool
    ) -> None:
        draw = self.draw
        state["Retry"] = draw(st.lists(retriers, max_size=2))
        if later and draw(st.booleans()):
            state["Catch"] = [
                {
                    "ErrorEquals": ["States.ALL"],
                    "Next": draw(st.sampled_from(later)),
                }
            ]
        if not jsonata:
            state["ResultPath"] = draw(places)


@st.composite
def machines(draw: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A definition and mocks for all of its tasks."""
    maker = Maker(draw)
    definition = maker.branch(0)
    if draw(st.booleans()):
        definition["TimeoutSeconds"] = draw(st.integers(1, 500))
    mocks = {
        # Enough for three items in three nested Maps, each tried again.
        name: draw(st.lists(answers, min_size=1, max_size=4)) * 300
        for name in maker.tasks
    }
    return definition, mocks


inputs = st.fixed_dictionaries({"list": st.lists(values, max_size=3)}) | values
quick = settings(
    deadline=None,
    max_examples=60,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@quick
@given(machines(), inputs)
def test_a_random_machine_runs_to_an_end(
    made: tuple[dict[str, Any], dict[str, Any]], value: Any
) -> None:
    definition, mocks = made
    machine = asl.load_text(json.dumps(definition), name="Random")
    execution = asl.run(machine, value, tasks=asl.Mocks(mocks))
    assert execution.status in ("SUCCEEDED", "FAILED", "TIMED_OUT")
    events = list(execution.history)
    assert [event.id for event in events] == list(range(1, len(events) + 1))
    assert all(0 <= event.previous_id < event.id for event in events)
    times = [event.timestamp for event in events]
    assert times == sorted(times)
    assert json.dumps([event.to_aws() for event in events])
    ends = [event.type for event in events if event.type.startswith("Execution")]
    assert len(ends) == 2
    assert events[-1].type == ends[1]
    entered = [event.state for event in events if event.type.endswith("StateEntered")]
    assert entered == execution.path


@settings(quick, max_examples=25)
@given(machines(), inputs, st.data())
def test_a_random_machine_resumes_anywhere(
    made: tuple[dict[str, Any], dict[str, Any]], value: Any, data: Any
) -> None:
    definition, mocks = made
    machine = asl.load_text(json.dumps(definition), name="Random")
    whole = make_runner(machine, value, tasks=asl.Mocks(mocks))
    whole.run()
    cut = data.draw(st.integers(0, len(whole.journal)))
    known = whole.journal.cut(cut)
    again = make_runner(machine, value, tasks=asl.Mocks(mocks), replay=known)
    assert again.run().history == whole.root.history
    assert again.root.output == whole.root.output
