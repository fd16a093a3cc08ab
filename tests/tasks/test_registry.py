"""Tasks: binding, finding, refusing; one call from effect to answer."""

import asyncio
import functools
import pickle
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import pytest

from asl.engine.messages import (
    Call,
    StartTask,
    TaskFailed,
    TaskStarted,
    TaskSucceeded,
)
from asl.errors import DefinitionError, InternalError, TaskError, UsageError
from asl.tasks.answer import Answer, Job, Ready
from asl.tasks.registry import Tasks
from asl.values import Json

LAMBDA = "arn:aws:lambda:eu-west-1:123456789012:function:"
INVOKE = "arn:aws:states:::lambda:invoke"
SEND = "arn:aws:states:::sqs:sendMessage"
ACTIVITY = "arn:aws:states:eu-west-1:123456789012:activity:pack"


def effect(resource: str, payload: Json = None, state: str = "Pay") -> StartTask:
    arn = "arn:aws:states:eu-west-1:123456789012:execution:order:one"
    call = Call(state, (), 0, 0, {}, None, arn, "role", None, None)
    return StartTask(7, resource, {} if payload is None else payload, call)


def invoke(name: Json, **more: Json) -> StartTask:
    return effect(INVOKE, {"FunctionName": name, **more})


def call(tasks: Tasks, asked: StartTask) -> Answer:
    return tasks.prepare(asked, 0).run()


def result(tasks: Tasks, asked: StartTask) -> Json:
    said = call(tasks, asked).says[-1][1]
    assert isinstance(said, TaskSucceeded)
    return said.output


def named(*resources: str) -> Tasks:
    """Tasks in which every callable returns the text it is bound to."""
    tasks = Tasks()
    for resource in resources:
        tasks.bind(resource)(functools.partial(_say, resource))
    return tasks


def _say(text: str, event: Json) -> Json:
    return text


@pytest.mark.parametrize(
    ("bound", "resource", "winner"),
    [
        (["pay", LAMBDA + "pay", "p*"], LAMBDA + "pay", LAMBDA + "pay"),
        (["pay", "p*", "*"], LAMBDA + "pay", "pay"),
        (["p*", "*"], LAMBDA + "pay", "p*"),
        (["*"], SEND, "*"),
        ([SEND, "*"], SEND, SEND),
        (["arn:aws:states:::sqs:*", "*"], SEND, "arn:aws:states:::sqs:*"),
        (["arn:aws:lambda:*", "p*"], LAMBDA + "pay", "arn:aws:lambda:*"),
        (["pay"], LAMBDA + "pay:live", "pay"),
        (["pay", "pay:live"], LAMBDA + "pay:live", "pay:live"),
        (["pay:live", LAMBDA + "pay"], LAMBDA + "pay:live", LAMBDA + "pay"),
        ([LAMBDA + "pay", LAMBDA + "pay:2"], LAMBDA + "pay:2", LAMBDA + "pay:2"),
        (["pay"], "arn:aws:lambda:...:pay", "pay"),
        ([LAMBDA + "pay"], "arn:aws:lambda:...:pay", LAMBDA + "pay"),
        (["strange"], "strange", "strange"),
    ],
)
def test_the_most_specific_binding_wins(
    bound: list[str], resource: str, winner: str
) -> None:
    assert result(named(*bound), effect(resource)) == winner


@pytest.mark.parametrize(
    ("bound", "name", "winner"),
    [
        (["pay"], "pay", "pay"),
        (["pay"], "pay:live", "pay"),
        (["pay", "pay:live"], "pay:live", "pay:live"),
        (["pay"], "123456789012:function:pay", "pay"),
        (["pay"], "123456789012:function:pay:live", "pay"),
        (["pay"], LAMBDA + "pay", "pay"),
        (["pay"], LAMBDA + "pay:3", "pay"),
        ([LAMBDA + "pay"], "pay", LAMBDA + "pay"),
        (["pay", INVOKE], "pay", "pay"),
        ([INVOKE, "p*"], "pay", INVOKE),
        (["p*"], "pay", "p*"),
        ([LAMBDA + "*"], LAMBDA + "pay", LAMBDA + "*"),
        (["arn:aws:states:::lambda:*"], "pay", "arn:aws:states:::lambda:*"),
    ],
)
def test_an_invoked_function_is_found_by_its_name(
    bound: list[str], name: str, winner: str
) -> None:
    assert result(named(*bound), invoke(name))["Payload"] == winner


def test_an_invoked_function_is_found_again() -> None:
    tasks = named("pay")
    assert result(tasks, invoke("pay")) == result(tasks, invoke("pay"))


def test_a_qualifier_may_stand_beside_the_function_name() -> None:
    tasks = named("pay:7", "pay")
    assert result(tasks, invoke("pay", Qualifier="7"))["Payload"] == "pay:7"
    assert result(tasks, invoke("pay"))["Payload"] == "pay"


def test_two_functions_of_one_name_are_a_tie() -> None:
    other = "arn:aws:lambda:us-east-1:123456789012:function:pay"
    tasks = named(LAMBDA + "pay", other)
    with pytest.raises(UsageError, match="bind the name itself"):
        tasks.prepare(invoke("pay"), 0)


@pytest.mark.parametrize(
    ("one", "two", "asked"),
    [
        ("check-*", "*-stock", effect(LAMBDA + "check-stock")),
        ("check-*", "*-stock", invoke("check-stock")),
        ("arn:*:sqs:*", "arn:aws:*Message", effect(SEND)),
    ],
)
def test_a_tie_of_patterns_is_refused(one: str, two: str, asked: StartTask) -> None:
    with pytest.raises(UsageError) as caught:
        named(one, two).prepare(asked, 0)
    assert repr(one) in str(caught.value)
    assert repr(two) in str(caught.value)


def test_what_patterns_gave_is_asked_anew_after_another_binding() -> None:
    tasks = named("p*")
    assert result(tasks, effect(LAMBDA + "pay")) == "p*"
    tasks.bind("pay")(lambda event: "pay")
    assert result(tasks, effect(LAMBDA + "pay")) == "pay"


def test_an_unbound_resource_is_the_callers_mistake() -> None:
    with pytest.raises(UsageError) as caught:
        named("pays").prepare(effect(LAMBDA + "pay", state="Pay it"), 0)
    text = str(caught.value)
    assert LAMBDA + "pay" in text
    assert "'Pay it'" in text
    assert "bound is 'pays'" in text
    assert "tasks.bind('pay')" in text


def test_an_unbound_function_is_named() -> None:
    with pytest.raises(UsageError, match="function ship, which state 'Pay'"):
        Tasks().prepare(invoke("ship"), 0)


@pytest.mark.parametrize("payload", [{}, {"FunctionName": 3}, {"FunctionName": ""}, 3])
def test_an_invocation_without_function_name_fails_as_a_bad_request(
    payload: Json,
) -> None:
    said = call(named("pay"), effect(INVOKE, payload)).says
    assert len(said) == 1
    failed = said[0][1]
    assert isinstance(failed, TaskFailed)
    assert (failed.error, failed.phase) == ("States.Runtime", "runtime")
    assert "could not be used to start the Task" in (failed.cause or "")


def test_an_elided_arn_runs_with_a_warning() -> None:
    warning = call(named("pay"), effect("arn:aws:lambda:...:pay")).warning
    assert "'pay'" in (warning or "")
    assert call(named("pay"), effect(LAMBDA + "pay")).warning is None


@pytest.mark.parametrize("resource", ["", "  ", None, 3])
def test_a_binding_needs_a_name(resource: Any) -> None:
    with pytest.raises(UsageError, match="full ARN, a function name or a pattern"):
        Tasks().bind(resource)
    with pytest.raises(UsageError):
        Tasks().bind_activity(resource)


@pytest.mark.parametrize("seconds", [0, -1, 901, True, "9", float("nan")])
def test_a_time_limit_is_more_than_0_and_at_most_900(seconds: Any) -> None:
    with pytest.raises(UsageError, match="at most 900"):
        Tasks().bind("pay", timeout_seconds=seconds)


def test_a_resource_is_bound_once() -> None:
    with pytest.raises(UsageError, match="bound twice"):
        named("pay", "pay")
    tasks = Tasks()
    tasks.bind_activity(ACTIVITY)(len)
    with pytest.raises(UsageError, match="bound twice"):
        tasks.bind(ACTIVITY)(len)


def test_missing_must_be_one_of_two_words() -> None:
    with pytest.raises(UsageError, match="when-reached"):
        Tasks(missing="never")  # type: ignore[arg-type]


class Handler:
    def __call__(self, event: Json) -> Json:
        return ["object", event]

    def method(self, event: Json, context: Any) -> Json:
        return ["method", context.state_name]


class AsyncHandler:
    async def __call__(self, event: Json) -> Json:
        return ["async object", event]


def one(event: Json) -> Json:
    return ["one", event]


def two(event: Json, context: Any) -> Json:
    return ["two", context.state_name]


def with_default(event: Json, times: int = 3) -> Json:
    return ["default", times]


def with_context_default(event: Json, context: Any = None) -> Json:
    return ["context", context.state_name]


def with_ctx(event: Json, ctx: Any = None, more: int = 3) -> Json:
    return ["ctx", ctx.state_name]


def with_all(*given: Any) -> Json:
    return ["all", len(given)]


def with_rest(event: Json, **more: Any) -> Json:
    return ["rest", len(more)]


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (one, ["one", {"n": 1}]),
        (two, ["two", "Pay"]),
        (with_default, ["default", 3]),
        (with_context_default, ["context", "Pay"]),
        (with_ctx, ["ctx", "Pay"]),
        (with_all, ["all", 2]),
        (with_rest, ["rest", 0]),
        (lambda event: event["n"], 1),
        (len, 1),
        (dict, {"n": 1}),
        (functools.partial(two), ["two", "Pay"]),
        (functools.partial(Handler().method), ["method", "Pay"]),
        (Handler(), ["object", {"n": 1}]),
        (functools.partial(Handler()), ["object", {"n": 1}]),
        (Handler().method, ["method", "Pay"]),
    ],
)
def test_a_handler_takes_the_event_or_the_event_and_the_context(
    function: Callable[..., Any], expected: Json
) -> None:
    tasks = Tasks()
    assert tasks.bind("pay")(function) is function
    assert result(tasks, effect(LAMBDA + "pay", {"n": 1})) == expected


def nothing() -> None:
    pass


def three(event: Json, context: Any, more: Any) -> None:
    pass


def keyword(event: Json, *, must: int) -> None:
    pass


def generator(event: Json) -> Iterator[int]:
    yield 1


async def async_generator(event: Json) -> AsyncIterator[int]:
    yield 1


@pytest.mark.parametrize("function", [nothing, three, keyword])
def test_a_callable_of_another_form_is_refused(function: Any) -> None:
    with pytest.raises(UsageError, match=r"neither \(event\) nor"):
        Tasks().bind("pay")(function)


@pytest.mark.parametrize(
    "function", [generator, async_generator, functools.partial(generator)]
)
def test_a_generator_is_refused(function: Any) -> None:
    with pytest.raises(UsageError, match="a generator"):
        Tasks().bind("pay")(function)


def test_what_cannot_be_called_is_refused() -> None:
    with pytest.raises(UsageError, match="cannot be called"):
        Tasks().bind("pay")(3)  # type: ignore[type-var]


def test_a_handler_gets_a_copy_of_its_own_and_gives_one() -> None:
    kept: list[Json] = []
    payload = {"list": [1]}

    def handler(event: Json) -> Json:
        event["list"].append(2)
        kept.append(event)
        return event

    tasks = Tasks()
    tasks.bind("pay")(handler)
    given = result(tasks, effect(LAMBDA + "pay", payload))
    kept[0]["list"].append(3)
    assert payload == {"list": [1]}
    assert given == {"list": [1, 2]}


async def slow(event: Json, context: Any) -> Json:
    await asyncio.sleep(0)
    context.advance(2)
    return [event, context.attempt]


async def fails(event: Json) -> Json:
    raise KeyError("gone")


@pytest.mark.parametrize("function", [slow, functools.partial(slow)])
def test_an_async_handler_is_awaited(function: Any) -> None:
    tasks = Tasks()
    tasks.bind("pay")(function)
    job = tasks.prepare(effect(LAMBDA + "pay", {"n": 1}), 0)
    assert job.is_async
    answer = asyncio.run(job.run_async())
    assert answer.says == [(2_000_000, TaskSucceeded(7, 0, [{"n": 1}, 0]))]
    with pytest.raises(InternalError, match="not awaited"):
        job.run()


def test_an_async_object_is_awaited_and_an_async_failure_is_one() -> None:
    tasks = Tasks()
    tasks.bind("pay")(AsyncHandler())
    tasks.bind("ship")(fails)
    paid = tasks.prepare(effect(LAMBDA + "pay", 1), 0)
    assert asyncio.run(paid.run_async()).says[0][1].output == [  # type: ignore[union-attr]
        "async object",
        1,
    ]
    shipped = asyncio.run(tasks.prepare(effect(LAMBDA + "ship"), 0).run_async())
    assert isinstance(shipped.exception, KeyError)


def test_a_plain_handler_can_be_awaited_too() -> None:
    job = named("pay").prepare(effect(LAMBDA + "pay"), 0)
    assert not job.is_async
    assert asyncio.run(job.run_async()).says == [(0, TaskSucceeded(7, 0, "pay"))]


def test_a_hidden_coroutine_is_the_callers_mistake() -> None:
    tasks = Tasks()
    tasks.bind("pay")(lambda event: fails(event))
    with pytest.raises(UsageError, match="async def"):
        call(tasks, effect(LAMBDA + "pay"))


@pytest.mark.parametrize(
    "error",
    [KeyboardInterrupt(), SystemExit(3), GeneratorExit(), pytest.skip.Exception("no")],
)
def test_what_is_no_exception_passes_through(error: BaseException) -> None:
    def handler(event: Json, context: Any) -> Json:
        raise error

    tasks = Tasks()
    tasks.bind("pay")(handler)
    with pytest.raises(type(error)) as caught:
        call(tasks, effect(LAMBDA + "pay"))
    assert caught.value is error


@pytest.mark.parametrize(
    "error", [UsageError("x"), InternalError("x"), DefinitionError([])]
)
def test_a_misuse_of_the_library_passes_through(error: Exception) -> None:
    def handler(event: Json) -> Json:
        raise error

    tasks = Tasks()
    tasks.bind("pay")(handler)
    with pytest.raises(type(error)):
        call(tasks, effect(LAMBDA + "pay"))


def test_an_activity_is_found_by_arn_or_name() -> None:
    for name in (ACTIVITY, "pack"):
        tasks = Tasks()
        tasks.bind_activity(name)(one)
        assert call(tasks, effect(ACTIVITY, 1)).says == [
            (0, TaskStarted(7, 0, "one")),
            (0, TaskSucceeded(7, 0, ["one", 1])),
        ]
        assert isinstance(tasks.prepare(effect(ACTIVITY, 1), 0), Job)


def test_an_activity_with_a_worker_is_known() -> None:
    for name in (ACTIVITY, "pack"):
        tasks = Tasks()
        assert not tasks.knows_activity("Pay", ACTIVITY)
        tasks.bind_activity(name)(one)
        assert tasks.knows_activity("Pay", ACTIVITY)
    assert not tasks.knows_activity("Pay", "no ARN")


def test_an_unregistered_activity_does_not_exist() -> None:
    ready = named("*").prepare(effect(ACTIVITY), 0)
    assert isinstance(ready, Ready)
    assert not ready.is_async
    answer = asyncio.run(ready.run_async())
    text = f"The activity {ACTIVITY} does not exist."
    failed = TaskFailed(7, 0, "States.Runtime", text, "runtime")
    assert answer.says == [(0, failed)]


@pytest.mark.parametrize(
    ("bound", "asked", "missing"),
    [
        (["pay"], [LAMBDA + "pay", LAMBDA + "ship", SEND], [LAMBDA + "ship", SEND]),
        (["*"], [LAMBDA + "pay", SEND, INVOKE], []),
        ([], [SEND, SEND, ACTIVITY], [SEND]),
        ([], [INVOKE], [INVOKE]),
        ([SEND], [INVOKE], [INVOKE]),
        ([INVOKE], [INVOKE], []),
        (["pay"], [INVOKE], []),
        ([LAMBDA + "pay"], [INVOKE, "pay", "ship"], ["ship"]),
    ],
)
def test_missing_callables_are_listed(
    bound: list[str], asked: list[str], missing: list[str]
) -> None:
    assert named(*bound).missing_for(asked) == missing


def test_nothing_is_missing_when_it_is_to_be_refused_when_reached() -> None:
    assert Tasks(missing="when-reached").missing_for([SEND]) == []


def test_only_an_exact_binding_counts_as_bound_to_a_resource() -> None:
    assert named(SEND).binds(SEND)
    assert not named("*").binds(SEND)


def test_a_table_of_callables_is_always_fresh() -> None:
    tasks = named("pay")
    tasks.note(effect(LAMBDA + "pay"))
    assert tasks.fresh() is tasks


def test_tokens_are_answered_through_the_table() -> None:
    tasks, heard = Tasks(), []
    tasks.tokens.open("t", lambda after, reply: heard.append((after, type(reply))))
    tasks.heartbeat("t", after_seconds=1)
    tasks.succeed("t", 1, after_seconds=2)
    tasks.fail("t", "E", after_seconds=3)
    assert [after for after, _ in heard] == [1_000_000, 2_000_000, 3_000_000]


def test_a_job_can_be_sent_to_another_process() -> None:
    tasks = Tasks()
    tasks.bind("pay")(two)
    job = tasks.prepare(effect(LAMBDA + "pay"), 5)
    copy = pickle.loads(pickle.dumps(job))
    assert copy.run() == job.run()
    assert copy.now == 5
    assert copy.tokens is None


class Awkward(Exception):
    """Cannot be made again from its args: it would break a process pool."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"{one} and {two}")


def awkward(event: Json) -> Json:
    raise Awkward(1, 2)


def refuses(event: Json) -> Json:
    raise TaskError("Refused", "no money")


@pytest.mark.parametrize(
    ("function", "kind", "text"),
    [(awkward, RuntimeError, "Awkward: 1 and 2"), (refuses, TaskError, "Refused")],
)
def test_an_exception_survives_the_way_between_processes(
    function: Callable[..., Any], kind: type[Exception], text: str
) -> None:
    tasks = Tasks()
    tasks.bind("pay")(function)
    answer = call(tasks, effect(LAMBDA + "pay"))
    copy = pickle.loads(pickle.dumps(answer))
    assert type(copy.exception) is kind
    assert text in str(copy.exception)
    assert "Traceback" in copy.exception.__notes__[0]
    assert copy.says == answer.says


def test_a_job_runs_in_a_process_pool() -> None:
    tasks = Tasks()
    tasks.bind("pay")(one)
    job = tasks.prepare(effect(LAMBDA + "pay", {"n": 1}), 0)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        answer = pool.submit(job.run).result(60)
    assert answer == Answer([(0, TaskSucceeded(7, 0, ["one", {"n": 1}]))])
