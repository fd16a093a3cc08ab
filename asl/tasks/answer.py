"""Answer and Job: one call of a task, made ready, run and answered.

In: an effect and the plan that the registry made for its resource.
Out: an Answer: replies with the virtual time at which each is said.
Never: sleeps or schedules; the runner calls `run` where and when it wants.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import CoroutineType
from typing import Any, Literal, TypeAlias

from asl.engine.messages import Instant, StartTask, TaskSucceeded
from asl.errors import AslError, InternalError, TaskError, UsageError
from asl.tasks.integrations import (
    MARSHAL_ERROR,
    Plan,
    Says,
    describe_exception,
    describe_not_json,
    event_for,
    is_queued,
    says_failure,
    says_success,
    says_time_limit,
)
from asl.tasks.lambda_context import CutOff, LambdaContext
from asl.tasks.tokens import AHEAD, Tokens
from asl.values import NotJson, copy_json, to_json

Sleep: TypeAlias = Callable[[float], None]
Waits: TypeAlias = Literal["no", "token", "never"]


@dataclass(slots=True)
class Answer:
    """What a call said, and when: replies with `at` 0, which the runner sets."""

    says: Says
    exception: BaseException | None = None
    """The original exception that the handler raised."""
    waits: Waits = "no"
    """What is still to come from elsewhere after `says`."""
    warning: str | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return Answer, (self.says, portable(self.exception), self.waits, self.warning)


@dataclass(slots=True)
class Ready:
    """A call whose answer is known without running anything; used like a Job."""

    answer: Answer

    @property
    def is_async(self) -> bool:
        """False: there is nothing to await."""
        return False

    def run(self, sleep: Sleep | None = None) -> Answer:
        """The answer."""
        return self.answer

    async def run_async(self, sleep: Sleep | None = None) -> Answer:
        """The answer."""
        return self.answer


@dataclass(slots=True)
class Job:
    """A call ready to run, here or (when its function is importable) elsewhere."""

    plan: Plan
    effect: StartTask
    now: Instant
    tokens: Tokens | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return Job, (self.plan, self.effect, self.now)  # tokens are of this process

    @property
    def is_async(self) -> bool:
        """Whether the function must be awaited: `run_async` instead of `run`."""
        return self.plan.is_async

    def run(self, sleep: Sleep | None = None) -> Answer:
        """Call the function; `sleep` is given under a real clock only."""
        plan = self.plan
        if not plan.is_plain:
            return self._run_with_context(sleep)
        answer = call_plain(plan, self.effect, self.now)
        if isinstance(answer, TaskSucceeded):
            return Answer([(0, answer)], None, "no", plan.warning)
        return answer

    def _run_with_context(self, sleep: Sleep | None) -> Answer:
        plan = self.plan
        if plan.is_async:
            raise InternalError(f"{plan.function_name} is async and was not awaited")
        context = self._context(sleep)
        event = event_for(plan, self.effect)
        before = AHEAD.set(context.ahead)
        try:
            if plan.takes_context:
                result = plan.function(event, context)
            else:
                result = plan.function(event)
        except (Exception, CutOff) as error:
            return self.raised(error, context)
        finally:
            AHEAD.reset(before)
        return self.returned(result, context)

    async def run_async(self, sleep: Sleep | None = None) -> Answer:
        """Call the function and await its result, if it is to be awaited."""
        plan = self.plan
        if not plan.is_async:
            return self.run(sleep)
        context = self._context(sleep)
        event = event_for(plan, self.effect)
        before = AHEAD.set(context.ahead)
        try:
            if plan.takes_context:
                result = await plan.function(event, context)
            else:
                result = await plan.function(event)
        except (Exception, CutOff) as error:
            return self.raised(error, context)
        finally:
            AHEAD.reset(before)
        return self.returned(result, context)

    def _context(self, sleep: Sleep | None) -> LambdaContext:
        return LambdaContext(
            self.plan, self.effect, self.now, sleep=sleep, tokens=self.tokens
        )

    def returned(self, result: object, context: LambdaContext | None) -> Answer:
        """What the call says after its function has returned."""
        plan, effect = self.plan, self.effect
        if context is not None and context.is_cut:
            return self._cut(context)
        if isinstance(result, CoroutineType):
            result.close()  # or Python warns that it was never awaited
            raise UsageError(
                f"the callable of state {effect.call.state!r} returned a coroutine; "
                "bind a function that is declared with `async def`"
            )
        if is_queued(plan, effect):
            return self._queued(None)
        took = context.took if context is not None else 0
        try:
            says = says_success(plan, effect, self.now, result, took)
        except NotJson as error:
            cause = describe_not_json(plan, effect, error)
            says = says_failure(plan, effect.id, MARSHAL_ERROR, cause, took)
            return self._answer(says, context)
        return self._answer(says, context, waits=self._waits)

    def raised(self, error: BaseException, context: LambdaContext | None) -> Answer:
        """What the call says after its function has raised."""
        if context is not None and context.is_cut:
            return self._cut(context)
        if isinstance(error, AslError) and not isinstance(error, TaskError):
            raise error  # the caller of our library erred, or we did: no task failed
        plan, effect = self.plan, self.effect
        took = context.took if context is not None else 0
        if is_queued(plan, effect):
            return self._queued(error)
        name, cause = describe_exception(plan, effect, error, __file__)
        says = says_failure(plan, effect.id, name, cause, took)
        return self._answer(says, context, error)

    def _queued(self, error: BaseException | None) -> Answer:
        """The function runs for itself: its result, time and failure reach nobody."""
        says = says_success(self.plan, self.effect, self.now, None, 0)
        return self._answer(says, None, error, waits=self._waits)

    @property
    def _waits(self) -> Waits:
        return "token" if self.plan.pattern == "token" else "no"

    def _cut(self, context: LambdaContext) -> Answer:
        if is_queued(self.plan, self.effect):
            return self._queued(None)
        return self._answer(
            says_time_limit(self.plan, self.effect, context.took), context
        )

    def _answer(
        self,
        says: Says,
        context: LambdaContext | None,
        exception: BaseException | None = None,
        *,
        waits: Waits = "no",
    ) -> Answer:
        if context is not None and context.says:  # heartbeats, between first and last
            says = (
                sorted(says[:-1] + context.says, key=lambda said: said[0]) + says[-1:]
            )
        return Answer(says, exception, waits, self.plan.warning)


def call_plain(plan: Plan, effect: StartTask, now: Instant) -> TaskSucceeded | Answer:
    """Call a plain function: the reply itself where it returns JSON, else an Answer.

    It is the most frequent call by far, so it makes nothing that it does not need.
    """
    try:
        result = plan.function(copy_json(effect.payload))
    except Exception as error:
        return Job(plan, effect, now).raised(error, None)
    try:
        return TaskSucceeded(effect.id, 0, to_json(result))
    except NotJson:
        return Job(plan, effect, now).returned(result, None)


def portable(error: BaseException | None) -> BaseException | None:
    """An exception that survives the way out of another process, traceback as a note.

    One that cannot be pickled, or not be made again, would break the whole pool.
    """
    if error is None:
        return None
    import pickle
    import traceback

    text = "".join(traceback.format_exception(error))
    try:
        copy: BaseException = pickle.loads(pickle.dumps(error))
    except Exception:  # whatever a foreign class does when it is copied
        copy = RuntimeError(f"{type(error).__name__}: {error}")
    copy.add_note(f"in the other process:\n{text}")
    return copy
