"""Spans: a trace of each execution, with its states, iterations and task attempts."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from case_files import Case, all_cases, lay_out
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from service import PASS, START, WAIT, Service, task

import asl
from asl.runtime.family import Family, birth_observers, observers
from asl.server.otel import instrument

PREFIX = "arn:aws:states:us-east-1:123456789012:stateMachine"
INNER = f"{PREFIX}:inner"
INVOKE = "arn:aws:states:::lambda:invoke"


class Traces:
    """What was exported, and short ways to ask for it."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))

    @property
    def spans(self) -> list[ReadableSpan]:
        """In the order of their starts; those that stand in others end before them."""
        spans = reversed(self.exporter.get_finished_spans())
        return sorted(spans, key=lambda span: span.start_time or 0)

    def named(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.spans if span.name == name]

    def one(self, name: str) -> ReadableSpan:
        (span,) = self.named(name)
        return span

    def above(self, span: ReadableSpan) -> str | None:
        """The name of the span that another stands in."""
        if span.parent is None:
            return None
        id = span.parent.span_id
        return next(s.name for s in self.spans if s.context.span_id == id)

    def tree(self) -> set[tuple[str | None, str]]:
        return {(self.above(span), span.name) for span in self.spans}


def told(span: ReadableSpan) -> dict[str, Any]:
    """A span's own attributes without prefix; the ARNs left out."""
    return {
        name.removeprefix("asl."): value
        for name, value in (span.attributes or {}).items()
        if not name.endswith(("execution.arn", "execution.name"))
    }


def has_failed(span: ReadableSpan) -> bool:
    return span.status.status_code is StatusCode.ERROR


def seconds(span: ReadableSpan) -> float:
    assert span.start_time is not None
    assert span.end_time is not None
    return (span.end_time - span.start_time) / 1e9


def machine(states: dict[str, Any], **fields: Any) -> asl.StateMachine:
    text = json.dumps({"StartAt": next(iter(states)), "States": states, **fields})
    return asl.load_text(text, name="Order")


@pytest.fixture
def traces() -> Iterator[Traces]:
    traces = Traces()
    with instrument(traces.provider):
        yield traces
    assert observers == []
    assert birth_observers == []


def fails(*errors: str) -> asl.Tasks:
    """Tasks of which T's calls fail so, and then succeed."""
    tasks = asl.Tasks()
    left = list(errors)

    @tasks.bind(PUBLISH)
    def publish(message: Any) -> Any:
        if left:
            raise asl.TaskError(left.pop(0), "a cause")
        return {}

    return tasks


PUBLISH = "arn:aws:states:::sns:publish"


def test_an_execution_has_a_span_with_the_times_of_its_own_clock(
    traces: Traces,
) -> None:
    done = asl.run(machine({"W": {"Type": "Wait", "Seconds": 86400, "End": True}}))
    assert traces.tree() == {(None, "Order"), ("Order", "W")}
    whole, state = traces.one("Order"), traces.one("W")
    assert whole.start_time == done.started_at * 1000
    assert seconds(whole) == seconds(state) == 86400
    assert whole.attributes == {
        "aws.step_functions.state_machine.arn": done.machine_arn,
        "asl.execution.arn": done.arn,
        "asl.execution.name": done.name,
        "asl.execution.type": "STANDARD",
        "asl.status": "SUCCEEDED",
    }
    assert state.attributes == {
        "asl.state.name": "W",
        "asl.state.type": "Wait",
        "asl.execution.arn": done.arn,
        "asl.status": "SUCCEEDED",
    }
    assert {span.status.status_code for span in traces.spans} == {StatusCode.UNSET}
    assert {span.kind for span in traces.spans} == {SpanKind.INTERNAL}


def test_each_attempt_of_a_task_has_a_span(traces: Traces) -> None:
    retry = [{"ErrorEquals": ["Busy"], "IntervalSeconds": 3}]
    asl.run(machine(task(Retry=retry)), tasks=fails("Busy", "Busy"))
    first, second, third = traces.named("sns:publish")
    assert {traces.above(span) for span in (first, second, third)} == {"T"}
    assert first.kind is SpanKind.CLIENT
    assert told(first) == {
        "state.name": "T",
        "task.resource": PUBLISH,
        "task.attempt": 0,
        "status": "FAILED",
        "error.type": "Busy",
    }
    assert first.status.status_code is StatusCode.ERROR
    assert first.status.description == "a cause"
    (event,) = first.events
    assert event.name == "exception"
    assert event.timestamp == first.end_time
    expected = {"exception.type": "Busy", "exception.message": "a cause"}
    assert event.attributes == expected
    assert told(third)["status"] == "SUCCEEDED"
    assert told(third)["task.attempt"] == 2
    assert third.start_time - first.start_time == 9_000_000_000  # type: ignore[operator]
    assert told(traces.one("T"))["state.attempts"] == 3
    assert traces.one("T").status.status_code is StatusCode.UNSET


def test_a_caught_error_is_no_failure_of_the_state(traces: Traces) -> None:
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "P"}]
    asl.run(machine(task(Catch=catch) | PASS), tasks=fails("Busy"))
    state = traces.one("T")
    assert told(state)["status"] == "CAUGHT"
    assert told(state)["error.type"] == "Busy"
    assert state.status.status_code is StatusCode.UNSET
    assert traces.one("sns:publish").status.status_code is StatusCode.ERROR


def test_a_failure_is_told_by_every_span_around_it(traces: Traces) -> None:
    branch = {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "E"}}}
    waits = {"StartAt": "W", "States": WAIT}
    asl.run(machine({"B": {"Type": "Parallel", "Branches": [waits, branch]} | END}))
    failed = [span for span in traces.spans if has_failed(span)]
    assert [span.name for span in failed] == ["Order", "B", "F"]
    assert {span.status.description for span in failed} == {"E"}
    assert told(traces.one("W"))["status"] == "ABORTED"
    assert traces.above(traces.one("W")) == "B"
    (event,) = traces.one("Order").events
    assert event.attributes == {"exception.type": "E"}


END = {"End": True}


@pytest.mark.parametrize(
    ("states", "fields", "status", "attempt"),
    [
        (task(TimeoutSeconds=5), {}, "FAILED", "TIMED_OUT"),
        (task(), {"TimeoutSeconds": 5}, "TIMED_OUT", "ABORTED"),
    ],
    ids=["the task's", "the execution's"],
)
def test_a_time_out_ends_an_attempt(
    traces: Traces, states: Any, fields: Any, status: str, attempt: str
) -> None:
    mocks = asl.Mocks({"T": [{"Return": {}, "AfterSeconds": 60}]})
    asl.run(machine(states, **fields), tasks=mocks)
    assert told(traces.one("Order"))["status"] == status
    assert has_failed(traces.one("Order"))
    assert told(traces.one("sns:publish"))["status"] == attempt
    assert seconds(traces.one("sns:publish")) == 5


def test_an_error_without_a_name_has_its_status(traces: Traces) -> None:
    asl.run(machine({"F": {"Type": "Fail"}}))
    assert told(traces.one("F"))["error.type"] == "FAILED"
    assert traces.one("F").status.description == "FAILED"


def test_each_iteration_of_a_map_has_a_span(traces: Traces) -> None:
    body = {"StartAt": "T", "States": task()}
    states = {"M": {"Type": "Map", "ItemProcessor": body, "MaxConcurrency": 1} | END}
    asl.run(machine(states), [1, 2, 3], tasks=fails())
    spans = traces.named("M iteration")
    assert [told(span)["map.index"] for span in spans] == [0, 1, 2]
    assert {told(span)["status"] for span in spans} == {"SUCCEEDED"}
    inside = traces.named("T")
    ids = [span.context.span_id for span in spans]
    assert [span.parent.span_id for span in inside if span.parent] == ids
    assert [told(span)["map.index"] for span in inside] == [0, 1, 2]
    assert traces.above(spans[0]) == "M"


def test_iterations_that_end_otherwise_say_so(traces: Traces) -> None:
    rule = {"Variable": "$", "NumericEquals": 1, "Next": "F"}
    body = {
        "StartAt": "C",
        "States": {
            "C": {"Type": "Choice", "Choices": [rule], "Default": "W"},
            "F": {"Type": "Fail", "Error": "E", "Cause": "c"},
            **WAIT,
        },
    }
    retry = [{"ErrorEquals": ["E"], "MaxAttempts": 1, "IntervalSeconds": 9}]
    states = {"M": {"Type": "Map", "ItemProcessor": body, "Retry": retry} | END}
    asl.run(machine(states), [0, 1])
    spans = traces.named("M iteration")
    found = [(told(span)["map.index"], told(span)["status"]) for span in spans]
    assert sorted(found) == [
        (0, "ABORTED"),
        (0, "ABORTED"),
        (1, "FAILED"),
        (1, "FAILED"),
    ]
    failed = next(span for span in spans if told(span)["map.index"] == 1)
    assert failed.status.description == "c"
    assert {seconds(span) for span in (*spans, *traces.named("W"))} == {0}
    assert [traces.above(span) for span in traces.named("C")] == ["M iteration"] * 4


def test_states_of_a_branch_in_an_iteration_stand_in_their_parallel(
    traces: Traces,
) -> None:
    inner = {"Type": "Parallel", "Branches": [{"StartAt": "P", "States": PASS}]} | END
    body = {"StartAt": "B", "States": {"B": inner}}
    asl.run(machine({"M": {"Type": "Map", "ItemProcessor": body} | END}), [1])
    assert ("M iteration", "B") in traces.tree()
    assert ("B", "P") in traces.tree()
    assert told(traces.one("P"))["map.index"] == 0


def test_an_expression_that_fails_leaves_no_attempt(traces: Traces) -> None:
    states = task(QueryLanguage="JSONata", Arguments="{% $error('no') %}")
    del states["T"]["Parameters"]
    asl.run(machine(states), tasks=fails())
    assert traces.tree() == {(None, "Order"), ("Order", "T")}
    assert told(traces.one("T"))["error.type"] == "States.QueryEvaluationError"


def test_functions_and_activities_are_named_by_their_arns(traces: Traces) -> None:
    function = "arn:aws:lambda:us-east-1:123456789012:function:pay"
    state = {"T": {"Type": "Task", "Resource": function} | END}
    asl.run(machine(state), tasks=asl.Mocks({"T": [{"Return": 1}]}))
    assert told(traces.one("pay"))["task.resource"] == function


# --- what an execution starts


def nested(suffix: str) -> dict[str, Any]:
    request = {"StateMachineArn": INNER, "Input": {}}
    return task(START + suffix, Parameters=request)


def test_a_nested_execution_that_is_waited_for_stands_in_the_attempt(
    traces: Traces,
) -> None:
    asl.run(machine(nested(".sync:2")), machines={INNER: machine(WAIT)})
    assert traces.tree() == {
        (None, "Order"),
        ("Order", "T"),
        ("T", "states:startExecution.sync:2"),
        ("states:startExecution.sync:2", "inner"),
        ("inner", "W"),
    }
    assert len({span.context.trace_id for span in traces.spans}) == 1
    assert seconds(traces.one("Order")) == 60


def test_one_that_is_left_to_itself_has_a_trace_of_its_own_with_a_link(
    traces: Traces,
) -> None:
    asl.run(machine(nested("")), machines={INNER: machine(WAIT)})
    inner, attempt = traces.one("inner"), traces.one("states:startExecution")
    assert inner.parent is None
    assert inner.context.trace_id != attempt.context.trace_id
    assert [link.context.span_id for link in inner.links] == [attempt.context.span_id]


def test_a_nested_execution_whose_start_is_not_told_stands_in_the_execution(
    traces: Traces,
) -> None:
    request = {"StateMachineArn": INNER, "Input": {}}
    start = "arn:aws:states:::aws-sdk:sfn:startSyncExecution"
    states = task(start, Parameters=request, TimeoutSeconds=5)
    asl.run(machine(states), machines={INNER: machine(WAIT)})
    assert ("Order", "inner") in traces.tree()
    assert told(traces.one("inner"))["status"] == "ABORTED"


def test_children_of_a_distributed_map_stand_in_its_state(traces: Traces) -> None:
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}
    body: dict[str, Any] = {"ProcessorConfig": config}
    body |= {"StartAt": "P", "States": PASS}
    states = {"M": {"Type": "Map", "Label": "L", "ItemProcessor": body} | END}
    asl.run(machine(states), [1, 2])
    children = [span for span in traces.spans if (span.name.endswith("/L"))]
    assert [traces.above(span) for span in children] == ["M", "M"]
    assert {told(span)["execution.type"] for span in children} == {"EXPRESS"}
    assert all("asl.map_run.arn" in (span.attributes or {}) for span in children)
    assert len(traces.named("P")) == 2
    assert len({span.context.trace_id for span in traces.spans}) == 1


def test_what_a_child_has_started_stands_in_the_child(traces: Traces) -> None:
    middle = f"{PREFIX}:middle"
    request: dict[str, Any] = {"StateMachineArn": middle, "Input": {}}
    states = task(f"{START}.sync:2", Parameters=request)
    machines = {middle: machine(nested(".sync")), INNER: machine(PASS)}
    asl.run(machine(states), machines=machines)
    assert ("states:startExecution.sync", "inner") in traces.tree()
    assert ("states:startExecution.sync:2", "middle") in traces.tree()


def test_the_execution_stands_in_the_callers_span(traces: Traces) -> None:
    tracer = traces.provider.get_tracer("test")
    with tracer.start_as_current_span("outside"):
        asl.run(machine(PASS))
    assert ("outside", "Order") in traces.tree()


def test_executions_of_the_service_have_spans_too(traces: Traces) -> None:
    service = Service(asl.Api())
    inner = service.create("inner", WAIT)
    states = task(START, Parameters={"StateMachineArn": inner, "Input": {}})
    arn = service.start(service.create("outer", states))
    assert service.status(arn) == "SUCCEEDED"
    service.api.advance(61)
    service.api.close()
    assert traces.one("outer").attributes["asl.execution.arn"] == arn  # type: ignore[index]
    (link,) = traces.one("inner").links
    assert link.context.span_id == traces.one("states:startExecution").context.span_id
    assert seconds(traces.one("inner")) == 60


# --- every case file


@pytest.mark.parametrize("case", all_cases(), ids=str)
def test_every_state_iteration_and_call_of_a_case_has_its_span(
    traces: Traces, case: Case, tmp_path: Path
) -> None:
    ended: list[asl.Execution] = []
    observers.append(lambda machine, execution: ended.append(execution))
    try:
        case.run(lay_out(case, tmp_path))
    finally:
        observers.pop()
    events = [event.type for execution in ended for event in execution.history]
    spans = traces.spans
    kinds = Counter(kind_of(span) for span in spans)
    assert kinds["execution"] == len(ended)
    assert kinds["state"] == sum(kind.endswith("StateEntered") for kind in events)
    assert kinds["iteration"] == events.count("MapIterationStarted")
    assert kinds["attempt"] == sum(kind.endswith("Scheduled") for kind in events)
    by_id = {span.context.span_id: span for span in spans}
    for span in spans:
        if span.parent is not None:
            around = by_id[span.parent.span_id]
            assert (around.start_time or 0) <= (span.start_time or 0)
            if kind_of(span) != "execution":
                assert (span.end_time or 0) <= (around.end_time or 0)
        assert has_failed(span) <= ("error.type" in (span.attributes or {}))
    status = next(told(span)["status"] for span in spans if span.parent is None)
    assert status == case.data["expect"]["status"]


def kind_of(span: ReadableSpan) -> str:
    """What a span is of, by the attributes it has."""
    given = told(span)
    if "execution.type" in given:
        return "execution"
    if "state.type" in given:
        return "state"
    return "attempt" if "task.attempt" in given else "iteration"


# --- the context


def test_nothing_is_told_outside_of_the_context() -> None:
    traces = Traces()
    with instrument(traces.provider):
        pass
    asl.run(machine(PASS))
    assert traces.spans == []


def test_without_a_provider_the_processs_own_is_asked() -> None:
    with instrument():
        assert asl.run(machine(PASS)).status == "SUCCEEDED"


def test_two_at_once_are_told_the_same() -> None:
    both = Traces(), Traces()
    with ExitStack() as stack:
        for traces in both:
            stack.enter_context(instrument(traces.provider))
        asl.run(machine(PASS))
    first, second = both
    assert [s.name for s in first.spans] == [s.name for s in second.spans] != []


def test_children_of_what_never_ended_are_told_at_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    traces = Traces()
    bury = Family.bury

    def stop(self: Family, index: int, execution: asl.Execution) -> Any:
        if index == 0:
            raise KeyboardInterrupt
        return bury(self, index, execution)

    monkeypatch.setattr(Family, "bury", stop)
    with instrument(traces.provider):
        with pytest.raises(KeyboardInterrupt):
            asl.run(machine(nested(".sync")), machines={INNER: machine(PASS)})
        assert traces.spans == []
    assert traces.tree() == {(None, "inner"), ("inner", "P")}


def test_without_the_extra_it_says_which() -> None:
    code = "import sys; sys.modules['opentelemetry'] = None; import asl.server.otel"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert 'spans need the extra "otel": pip install "aslkit[otel]"' in done.stderr
