"""The verdict: whether an execution did what its scenario expects.

In: a Scenario. Out: its Verdict: what is otherwise than expected, and the story.
Never: raises for what a run does wrong; for wrong scenarios it does.
"""

import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from asl.errors import AslError, InternalError
from asl.model.failure import TOLERATED_FAILURE
from asl.runtime.last import last_state
from asl.testing.asserting import (
    caught_text,
    never_text,
    output_text,
    path_text,
    visited_text,
)
from asl.testing.difference import difference_text, first_parting
from asl.testing.scenario import Scenario
from asl.testing.snapshot import OPTION, snapshot_difference
from asl.testing.told import outcome, tell, tell_child
from asl.testing.watched import find_broken, without_ours

if TYPE_CHECKING:
    from asl.engine.execution import Execution
    from asl.engine.visits import TaskCall


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is said of one scenario."""

    scenario: Scenario
    execution: "Execution | None"
    """None where it could not be run."""
    faults: tuple[str, ...]
    """What is otherwise than expected; each begins with a line that says it all."""
    child: str = ""
    """What failed in an execution that it started."""

    @property
    def passed(self) -> bool:
        """Whether all is as expected."""
        return not self.faults

    @property
    def headline(self) -> str:
        """The first fault in one line."""
        return self.faults[0].partition("\n")[0] if self.faults else ""

    def __str__(self) -> str:
        """Everything: the faults, and what the execution did."""
        parts = list(self.faults)
        if self.execution is not None:
            parts.append(tell(self.execution))
        parts += [self.child] if self.child else []
        return "\n\n".join(parts)


def judge(
    scenario: Scenario, *, update_snapshots: bool = False, option: str = OPTION
) -> Verdict:
    """Run a scenario and compare; `option` is what updates snapshots here."""
    try:
        tasks = scenario.tasks()
        execution = scenario.run(tasks)
        faults = [
            *_broken(scenario, execution),
            *_faults(scenario, execution),
            *_call_faults(scenario, tasks.calls),
        ]
    except InternalError:
        raise
    except AslError as error:
        return Verdict(scenario=scenario, execution=None, faults=(str(error),))
    snapshot = scenario.expect.get("snapshot")
    if snapshot is not None:
        file = scenario.beside(snapshot)
        text = snapshot_difference(
            execution, file, update=update_snapshots, option=option
        )
        faults += [text] if text else []
    return Verdict(
        scenario=scenario,
        execution=execution,
        faults=tuple(faults),
        child=tell_child(tasks),
    )


def _broken(scenario: Scenario, execution: "Execution") -> Iterator[str]:
    """A function that is itself wrong, even where the machine caught it."""
    broken = find_broken([execution])
    if broken is not None and not scenario.data.get("swallow", False):
        name = type(broken.exception).__name__
        text = "".join(traceback.format_exception(without_ours(broken.exception)))
        yield (
            f"the function of state {broken.state!r} raised {name}: "
            f"{broken.exception}\n{text}"
        )


def _faults(scenario: Scenario, execution: "Execution") -> Iterator[str]:
    expect = scenario.expect
    if scenario.may_throw is not None and "status" not in expect:
        yield from _unmeant_end(scenario, scenario.may_throw, execution)
        return
    failing = expect.get("error") is not None or expect.get("cause") is not None
    status = expect.get("status", "FAILED" if failing else "SUCCEEDED")
    if execution.status != status:
        yield f"the status is {outcome(execution)}, not {status}"
    for name in ("error", "cause"):
        if name in expect and getattr(execution, name) != expect[name]:
            came = getattr(execution, name)
            yield f"the {name} is {came!r}, not {expect[name]!r}"
    if "path" in expect and (text := path_text(execution, expect["path"])):
        yield text
    if "output" in expect and execution.status == "SUCCEEDED":
        text = output_text(execution, expect["output"])
        yield from [text] if text else []
    for name, find in (("visited", visited_text), ("never", never_text)):
        if text := find(execution, expect.get(name, ())):
            yield text
    for state, error_name in expect.get("caught", {}).items():
        if text := caught_text(execution, state, error_name):
            yield text
    wanted = expect.get("duration_seconds", execution.duration_seconds)
    if execution.duration_seconds != wanted:
        yield f"it took {execution.duration_seconds:g} s, not {wanted:g} s"
    if "history" in expect:
        yield from _history_faults(expect["history"], execution)


def _unmeant_end(
    scenario: Scenario, thrown: frozenset[str | None], execution: "Execution"
) -> Iterator[str]:
    """An end that no test case could have meant, where it says nothing of its end."""
    if execution.status == "SUCCEEDED":
        return
    if execution.status == "FAILED":
        name = last_state(execution)
        is_fail = any(visit.type == "Fail" for visit in execution.states.get(name, ()))
        if is_fail or execution.error in thrown:
            return
        if thrown and execution.error == TOLERATED_FAILURE:
            return  # an error that was thrown inside a distributed Map
        given = "" if scenario.data.get("input") is not None else "; its input was {}"
        yield (
            f"it fails in {name!r}, which is no Fail state, with an error that its "
            f"mocks do not throw{given}: {outcome(execution)}"
        )
    else:
        yield f"it does not come to an end of its own: {outcome(execution)}"


def _history_faults(expected: list[str], execution: "Execution") -> Iterator[str]:
    types = [event.type for event in execution.history]
    index = first_parting(expected, types)
    if index is None:
        return
    wanted = expected[index] if index < len(expected) else "the end"
    came = types[index] if index < len(types) else "the end"
    yield (
        f"the history differs at event {index + 1}: expected {wanted}, came {came}\n"
        f"{difference_text(expected, types, most=3)}"
    )


def _call_faults(
    scenario: Scenario, calls: "dict[str, list[TaskCall]]"
) -> Iterator[str]:
    """Calls with other payloads, or at other times, than expected."""
    expect = scenario.expect
    for key, said in (("calls", "calls"), ("call_times", "times of the calls")):
        for state, expected in expect.get(key, {}).items():
            if state not in calls:
                names = ", ".join(calls)
                yield f"{key}: no task is named {state!r}; there are: {names}"
                continue
            came = [
                _whole(call.at_seconds) if key == "call_times" else call.payload
                for call in calls[state]
            ]
            if text := difference_text(expected, came):
                yield f"the {said} of state {state!r} differ at {text}"


def _whole(seconds: float) -> float:
    """Seconds as people write them: 5 rather than 5.0."""
    return int(seconds) if seconds.is_integer() else seconds
