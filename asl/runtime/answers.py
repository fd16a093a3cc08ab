"""Answers: what calls have come back with, on its way to the agenda.

In: a run, and what was said: by a call, by whoever was given a token, by children that
ran elsewhere. Out: replies on the run's agenda; exceptions and warnings kept.
Never: delivers a reply; the runner does.
"""

from typing import TYPE_CHECKING

from asl.engine.execution import Execution
from asl.engine.failed import TaskException
from asl.engine.messages import Instant, Reply, StartTask
from asl.runtime.caller import Told
from asl.tasks.answer import Answer

if TYPE_CHECKING:
    from asl.runtime.crew import Shipment
    from asl.runtime.runner import Runner
    from asl.runtime.worker import Done

KEPT_EXCEPTIONS = 1_000
"""A run keeps so many exceptions; those of children come after its own."""


def absorb(
    runner: "Runner",
    index: int,
    asked: Instant,
    answer: "Answer | Done | BaseException",
    effect: "StartTask | Told | Shipment",
) -> None:
    """Put what a call said on the agenda, each reply at its moment."""
    if not isinstance(effect, (StartTask, Told)):
        from asl.runtime.loads import welcome  # who waits for children has it

        welcome(runner, effect, answer)
        return
    if isinstance(answer, BaseException):
        assert isinstance(effect, StartTask), "tokens are answered by replies"
        answer = runner.caller.lost(effect, answer)
    assert isinstance(answer, Answer), "calls are answered so"
    key = (index, effect.id)
    if isinstance(effect, Told) and key in runner.caller.in_flight:
        runner.told_early.setdefault(key, []).append((asked, answer))
        return
    runner.caller.in_flight.pop(key, None)
    execution = runner.family.running.get(index)
    if execution is None:
        return
    if answer.exception is not None and isinstance(effect, StartTask):
        _keep(runner.root, answer.exception, effect, execution)
    if answer.warning is not None and answer.warning not in runner.root.warnings:
        runner.root.warnings.append(answer.warning)
    if answer.waits == "never":
        runner.never.add(key)
    # Under a real clock the last word is said now, however long it took to say.
    now = 0 if runner.clock.is_virtual else runner.clock.now()
    last = len(answer.says) - 1
    for place, (after, reply) in enumerate(answer.says):
        due = asked + after
        runner.agenda.push(max(due, now) if place == last else due, index, reply)
    for moment, told in runner.told_early.pop(key, ()):
        absorb(runner, index, moment, told, Told(effect.id))


def _keep(
    root: Execution, exception: BaseException, effect: StartTask, execution: Execution
) -> None:
    """Keep what a callable raised, for whoever looks for its traceback."""
    raised = TaskException(effect.call.state, effect.call.attempt, exception)
    if execution is root or len(root.exceptions) < KEPT_EXCEPTIONS:
        root.exceptions.append(raised)
    if execution is not root:
        execution.exceptions.append(raised)


def open_token(runner: "Runner", key: tuple[int, int], token: str) -> None:
    """Accept answers to a token from any handler or thread."""

    def deliver(after: int, reply: Reply) -> None:
        answer = Answer([(after, reply)])
        runner.caller.inbox.put((key[0], runner.clock.now(), answer, Told(key[1])))

    runner.tokens[key] = token
    runner.source.tokens.open(token, deliver, id=key[1])
