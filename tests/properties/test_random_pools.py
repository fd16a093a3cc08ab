"""Random machines come to the same on every pool."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import asl
from asl.testing.strategies import machines, values

inputs = st.fixed_dictionaries({"list": st.lists(values, max_size=3)}) | values
TASKS = asl.Tasks()
TASKS.bind("*")(lambda event: event)


often = settings(
    deadline=None,
    max_examples=200,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
seldom = settings(often, max_examples=40)  # where tasks echo, a loop may be long


@often
@given(machines(), inputs)
def test_a_random_machine_with_mocks_comes_to_the_same_on_a_pool(
    made: tuple[dict[str, Any], dict[str, Any]], value: Any
) -> None:
    compare(made[0], value, asl.Mocks(made[1]))


@seldom
@given(machines(), inputs)
def test_a_random_machine_with_tasks_comes_to_the_same_on_a_pool(
    made: tuple[dict[str, Any], dict[str, Any]], value: Any
) -> None:
    compare(made[0], value, TASKS)


def compare(definition: Any, value: Any, tasks: Any) -> None:
    machine = asl.load_text(json.dumps(definition), name="Random")
    here = outcome(machine, value, tasks)
    with ThreadPoolExecutor(2) as pool:
        assert outcome(machine, value, tasks, pool=pool) == here


def outcome(machine: asl.StateMachine, value: Any, tasks: Any, **more: Any) -> Any:
    try:
        execution = asl.run(machine, value, tasks=tasks, **more)
    except asl.UsageError as error:
        return str(error)  # a token that nobody answers
    return execution.status, execution.output, execution.error, execution.history
