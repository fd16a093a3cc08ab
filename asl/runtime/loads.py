"""Loads: children of a distributed Map that run many at a time, on a pool or here.

In: a run, and its StartChildren effects; what comes back from the pool. Out: the
children's replies on the run's agenda, their bills and exceptions with the run's.
Never: loaded by a run without such children; decides which they are (the runner's
`which_loads`), or runs one itself: worker.py does.
"""

from typing import TYPE_CHECKING

from asl.engine.execution import Execution
from asl.engine.messages import Instant, StartChildren
from asl.runtime.answers import KEPT_EXCEPTIONS
from asl.runtime.kit import Kit, Part
from asl.runtime.worker import Done, run_parts
from asl.tasks.answer import Answer

if TYPE_CHECKING:
    from asl.runtime.crew import Crew, Shipment
    from asl.runtime.runner import Runner


def start_children(runner: "Runner", index: int, effect: StartChildren) -> None:
    """Have many children of a Map Run run: on the pool, or here and now."""
    now, parent = runner.clock.now(), runner.family.running[index]
    machine = runner.family.find_machine(index)
    assert machine is not None, "which_loads has seen to that"
    kit = Kit.of(
        effect,
        parent,
        machine,
        runner.source,
        is_virtual=runner.clock.is_virtual,
        buckets=runner.caller.where,
        real_limit_seconds=runner.caller.real_limit_seconds,
    )
    if parent.loads == "all":
        _make_crew(runner).take_in(index, effect, kit, now)
    else:
        done = run_parts(kit, [Part(effect.id, effect.load, now)])
        _ended(runner, index, parent, done, now)


def _make_crew(runner: "Runner") -> "Crew":
    """The crew of the pool, made for the first children that travel."""
    if runner.crew is None:
        from asl.runtime.crew import Crew  # only who has a pool pays for it

        inbox = runner.caller.inbox
        runner.crew = Crew(
            runner.caller.workers,
            came_back=lambda job, answer: inbox.put((job.index, 0, answer, job)),
        )
    return runner.crew


def welcome(
    runner: "Runner", job: "Shipment", answer: "Answer | Done | BaseException"
) -> None:
    """Children have come back from the pool: put what they say on the agenda."""
    crew = runner.crew
    assert crew is not None, "it was the crew's job"
    assert not isinstance(answer, Answer), "jobs are not answered so"
    now = 0 if runner.clock.is_virtual else runner.clock.now()
    for ready in crew.take(job, answer):
        execution = runner.family.running.get(ready.index)
        if execution is None or ready.answer is None:
            continue
        _ended(runner, ready.index, execution, ready.answer, now)
    crew.send()


def _ended(
    runner: "Runner", index: int, execution: Execution, done: Done, now: Instant
) -> None:
    """Put what children of a load say on the agenda, and charge for them."""
    for end in done.ends:
        runner.agenda.push(max(end.at, now), index, end)
    execution.charge(done.billing)
    root = runner.root
    room = max(0, KEPT_EXCEPTIONS - len(root.exceptions))
    root.exceptions += done.exceptions[:room]
    for warning in done.warnings:
        if warning not in root.warnings:
            root.warnings.append(warning)
