"""What can be asserted of an execution, and what a failure tells."""

import json
from collections.abc import Callable
from typing import Any

import pytest

import asl
from asl.testing.asserting import (
    assert_caught,
    assert_failed,
    assert_never,
    assert_output,
    assert_path,
    assert_retried,
    assert_succeeded,
    assert_visited,
)
from asl.testing.told import find_origin, tell

PAY = {
    "Type": "Task",
    "Resource": "arn:aws:lambda:us-east-1:123456789012:function:pay",
    "ResultPath": "$.paid",
    "Retry": [{"ErrorEquals": ["Busy"], "MaxAttempts": 1}],
    "Catch": [
        {"ErrorEquals": ["Declined"], "ResultPath": "$.refused", "Next": "Sorry"}
    ],
    "Next": "Thanks",
}
MACHINE = asl.load_text(
    json.dumps(
        {
            "StartAt": "Pay",
            "States": {
                "Pay": PAY,
                "Thanks": {"Type": "Pass", "End": True},
                "Sorry": {"Type": "Fail", "Error": "Refused", "Cause": "no money"},
            },
        }
    )
)
BUSY = {"Throw": {"Error": "Busy"}}
PAID = {"Return": {"amount": 5}}
DECLINED = {"Throw": {"Error": "Declined", "Cause": "empty"}}


def run(*answers: dict[str, Any]) -> asl.Execution:
    return asl.run(MACHINE, {"order": 1}, tasks=asl.Mocks({"Pay": answers}))


PAID_RUN = run(BUSY, PAID)
REFUSED = run(DECLINED)
FAILED = run({"Throw": {"Error": "Other"}})


@pytest.mark.parametrize(
    "check",
    [
        lambda: assert_succeeded(PAID_RUN),
        lambda: assert_output(PAID_RUN, {"order": 1, "paid": {"amount": 5}}),
        lambda: assert_path(PAID_RUN, ["Pay", "Thanks"]),
        lambda: assert_visited(PAID_RUN, "Thanks", "Pay"),
        lambda: assert_never(PAID_RUN, "Sorry"),
        lambda: assert_retried(PAID_RUN, "Pay", 1),
        lambda: assert_retried(PAID_RUN, "Sorry", 0),
        lambda: assert_failed(REFUSED),
        lambda: assert_failed(REFUSED, "Refused"),
        lambda: assert_failed(REFUSED, "Refused", "no money"),
        lambda: assert_caught(REFUSED, "Pay"),
        lambda: assert_caught(REFUSED, "Pay", "Declined"),
    ],
)
def test_what_is_so_passes(check: Callable[[], None]) -> None:
    check()


@pytest.mark.parametrize(
    ("check", "said"),
    [
        (lambda: assert_succeeded(REFUSED), "the execution did not succeed"),
        (lambda: assert_failed(PAID_RUN), "the execution did not fail"),
        (lambda: assert_failed(REFUSED, "E"), "the execution did not fail with E"),
        (
            lambda: assert_failed(REFUSED, "Refused", "cause"),
            "it failed because of 'no money', not of 'cause'",
        ),
        (
            lambda: assert_output(PAID_RUN, {"order": 1, "paid": {"amount": 6}}),
            "the output differs at $.paid.amount, which state 'Pay' made at 0 s",
        ),
        (
            lambda: assert_path(PAID_RUN, ["Pay", "Sorry"]),
            "the path parts after 'Pay' (place 1): expected 'Sorry', came 'Thanks'",
        ),
        (
            lambda: assert_path(PAID_RUN, ["Pay"]),
            "the path parts after 'Pay' (place 1): expected the end, came 'Thanks'",
        ),
        (
            lambda: assert_path(REFUSED, ["Thanks"]),
            "the path parts at the start (place 0): expected 'Thanks', came 'Pay'",
        ),
        (
            lambda: assert_path(FAILED, ["Pay", "Sorry"]),
            "the path parts after 'Pay' (place 1): expected 'Sorry', came the end",
        ),
        (lambda: assert_visited(PAID_RUN, "Pay", "Sorry"), "never entered: 'Sorry'"),
        (lambda: assert_never(PAID_RUN, "Pay", "Sorry"), "entered: 'Pay'"),
        (
            lambda: assert_caught(PAID_RUN, "Pay"),
            "state 'Pay' caught nothing; its visits ended SUCCEEDED",
        ),
        (
            lambda: assert_caught(FAILED, "Pay", "Declined"),
            "state 'Pay' did not catch Declined; its visits ended FAILED (Other)",
        ),
        (
            lambda: assert_caught(REFUSED, "Pay", "Other"),
            "state 'Pay' did not catch Other; it caught Declined",
        ),
        (
            lambda: assert_caught(REFUSED, "Thanks"),
            "state 'Thanks' caught nothing; it was never entered",
        ),
        (
            lambda: assert_retried(PAID_RUN, "Pay", 2),
            "state 'Pay' was tried again 1 times (after Busy), not 2",
        ),
        (
            lambda: assert_retried(REFUSED, "Pay", 1),
            "state 'Pay' was tried again 0 times, not 1",
        ),
    ],
)
def test_what_is_not_so_fails_with_the_story(
    check: Callable[[], None], said: str
) -> None:
    with pytest.raises(AssertionError) as caught:
        check()
    text = str(caught.value)
    assert text.splitlines()[0] == said
    assert "the path taken:" in text
    assert "Pay (Task)" in text


@pytest.mark.parametrize(
    "check",
    [
        lambda: assert_never(PAID_RUN, "Sory"),
        lambda: assert_visited(PAID_RUN, "Sory"),
        lambda: assert_caught(PAID_RUN, "Sory"),
        lambda: assert_path(PAID_RUN, ["Sory"]),
    ],
)
def test_a_misspelt_name_never_passes(check: Callable[[], None]) -> None:
    with pytest.raises(asl.UsageError, match="no state 'Sory'; did you mean 'Sorry'"):
        check()
    with pytest.raises(asl.UsageError, match=r"no state 'xyz'$"):
        assert_never(PAID_RUN, "xyz")


def test_the_story_tells_retries_errors_and_ends() -> None:
    assert tell(run(BUSY, DECLINED)).splitlines() == [
        "FAILED: Refused: no money after 1 s; the path taken:",
        "  0 s  Pay (Task), tried 2 times after Busy",
        '      in   {"order": 1}',
        "      caught  Declined: empty",
        '      out  {"order": 1, "refused": {"Error": "Declined", "Cause": "empty"}}',
        "  1 s  Sorry (Fail)",
        '      in   {"order": 1, "refused": {"Error": "Declined", "Cause": "empty"}}',
        "      failed  Refused: no money",
    ]


def test_the_story_of_iterations_and_interruptions_is_indented() -> None:
    body = {
        "StartAt": "Wait",
        "States": {
            "Wait": {"Type": "Wait", "SecondsPath": "$", "Next": "Stop"},
            "Stop": {"Type": "Fail"},
        },
    }
    states = {"Each": {"Type": "Map", "ItemProcessor": body, "End": True}}
    machine = asl.load_text(json.dumps({"StartAt": "Each", "States": states}))
    text = tell(asl.run(machine, [3, 9]))
    assert (
        "    3 s  Stop[0] (Fail)\n        in   3\n        failed  without an error"
        in text
    )
    assert "    0 s  Wait[1] (Wait)\n        in   9\n        aborted at 3 s" in text


def test_of_a_long_path_the_end_is_told() -> None:
    states: dict[str, Any] = {
        f"S{number}": {"Type": "Pass", "Next": f"S{number + 1}"} for number in range(60)
    }
    states["S60"] = {"Type": "Succeed"}
    machine = asl.load_text(json.dumps({"StartAt": "S0", "States": states}))
    text = tell(asl.run(machine))
    assert "  ... 21 states before\n  0 s  S21 (Pass)" in text
    assert "S20 (Pass)" not in text


def test_the_origin_of_a_value_is_the_last_state_that_made_it() -> None:
    found = find_origin(PAID_RUN, ("paid", "amount"))
    assert found is not None
    assert found.state == "Pay"
    missing = find_origin(PAID_RUN, ("paid", "nothing"))
    assert missing is None
    assert find_origin(PAID_RUN, ("order",)) is None
    assert find_origin(FAILED, ("paid",)) is None
