"""Coverage of several processes: put together in any order it is the same."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import asl
from asl.coverage.measure import Coverage
from asl.errors import UsageError

MACHINES = [
    asl.load_text(
        f"""{{"StartAt": "A", "States": {{
        "A": {{"Type": "Choice", "Default": "B",
               "Choices": [{{"Variable": "$", "NumericLessThan": {limit},
                             "Next": "B"}}]}},
        "B": {{"Type": "Pass", "End": true}}}}}}""",
        name=name,
    )
    for name, limit in (("One", 1), ("Two", 2))
]

RUNS = st.lists(st.tuples(st.sampled_from([0, 1]), st.integers(0, 3)), max_size=4)


def measured(runs: list[tuple[int, int]]) -> Coverage:
    coverage = Coverage()
    for number, given_input in runs:
        machine = MACHINES[number]
        coverage.add(machine, asl.run(machine, given_input))
    return coverage


def merged(*parts: Coverage) -> Any:
    """What the parts come to, none of them changed."""
    before = [part.to_json() for part in parts]
    whole = Coverage()
    for part in parts:
        whole.merge(part)
    assert [part.to_json() for part in parts] == before
    return whole.to_json()


@given(RUNS, RUNS)
def test_the_order_of_merging_does_not_matter(
    first: list[tuple[int, int]], second: list[tuple[int, int]]
) -> None:
    one, other = measured(first), measured(second)
    assert merged(one, other) == merged(other, one)


@given(RUNS, RUNS, RUNS)
def test_the_grouping_of_merging_does_not_matter(
    first: list[tuple[int, int]],
    second: list[tuple[int, int]],
    third: list[tuple[int, int]],
) -> None:
    one, two, three = measured(first), measured(second), measured(third)
    left = Coverage.from_json(merged(one, two))
    right = Coverage.from_json(merged(two, three))
    assert merged(left, three) == merged(one, right)


@given(RUNS)
def test_nothing_merged_changes_nothing(runs: list[tuple[int, int]]) -> None:
    coverage = measured(runs)
    assert merged(coverage, Coverage()) == coverage.to_json()


@given(RUNS, RUNS)
def test_merged_is_as_if_measured_in_one_process(
    first: list[tuple[int, int]], second: list[tuple[int, int]]
) -> None:
    together = measured([*first, *second]).to_json()
    assert merged(measured(first), measured(second)) == together


@given(RUNS)
def test_data_survives_its_file(runs: list[tuple[int, int]]) -> None:
    data = measured(runs).to_json()
    assert Coverage.from_json(json.loads(json.dumps(data))).to_json() == data


@pytest.mark.parametrize(
    ("data", "word"),
    [
        ([], "no coverage data"),
        ({"format": "asl-coverage/9"}, "no coverage data"),
        ({"format": "asl-coverage/1"}, "damaged: KeyError"),
        ({"format": "asl-coverage/1", "machines": [1]}, "damaged: TypeError"),
    ],
)
def test_other_data_is_refused(data: object, word: str) -> None:
    with pytest.raises(UsageError, match=word):
        Coverage.from_json(data)
