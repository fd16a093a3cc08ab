"""The tests of the order example: short, complete, and in virtual time only."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

Kit = Callable[..., pytest.RunResult]

ORDER = Path(__file__).parents[2] / "examples" / "order"


def test_the_examples_tests_reach_every_state_and_transition(
    kit: Kit, pytester: pytest.Pytester
) -> None:
    for name in ("test_order.py", "tasks.py", "input.json", "workflow.asl.json"):
        shutil.copy(ORDER / name, pytester.path)
    result = kit(
        "test_order.py", "--asl-cov-source=workflow.asl.json",
        "--asl-cov-fail-under=100", "-Werror", apart=True,
    )  # fmt: skip
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(["workflow.asl.json *8/8 *11/11 *100 %"])


def test_the_examples_tests_have_fewer_than_60_lines() -> None:
    assert len((ORDER / "test_order.py").read_text("utf-8").splitlines()) < 60


def test_the_examples_scenarios_pass(kit: Kit, pytester: pytest.Pytester) -> None:
    for name in ("order.scenario.yaml", "workflow.asl.json"):
        shutil.copy(ORDER / name, pytester.path)
    kit().assert_outcomes(passed=3)
