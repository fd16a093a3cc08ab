"""Random valid machines run to an end, in virtual time, without a bug of ours."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import asl
from asl.runtime.journal import Journal
from asl.runtime.run import make_runner
from asl.testing.strategies import machines, values

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
    journal = Journal()
    whole = make_runner(machine, value, tasks=asl.Mocks(mocks), journal=journal)
    whole.run()
    cut = data.draw(st.integers(0, len(journal)))
    known = journal.cut(cut)
    again = make_runner(machine, value, tasks=asl.Mocks(mocks), replay=known)
    assert again.run().history == whole.root.history
    assert again.root.output == whole.root.output
