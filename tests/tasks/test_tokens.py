"""Tokens: answers that come from elsewhere."""

from typing import Any

import pytest

from asl.engine.messages import Reply, TaskFailed, TaskHeartbeat, TaskSucceeded
from asl.errors import UsageError
from asl.tasks.tokens import Tokens


class Inbox:
    """A runner's stand-in: keeps what is delivered."""

    def __init__(self) -> None:
        self.heard: list[tuple[int, Reply]] = []

    def __call__(self, after: int, reply: Reply) -> None:
        self.heard.append((after, reply))


def open_one() -> tuple[Tokens, Inbox]:
    tokens, inbox = Tokens(), Inbox()
    tokens.open("t", inbox, id=4)
    return tokens, inbox


def test_each_answer_becomes_a_reply_to_the_asking_effect() -> None:
    tokens, inbox = open_one()
    tokens.heartbeat("t")
    tokens.succeed("t", {"paid": (1, 2)}, after_seconds=1.5)
    tokens.fail("t", "Refused", "no money", after_seconds=2)
    assert inbox.heard == [
        (0, TaskHeartbeat(4, 0)),
        (1_500_000, TaskSucceeded(4, 0, {"paid": [1, 2]})),
        (2_000_000, TaskFailed(4, 0, "Refused", "no money")),
    ]


def test_error_and_cause_may_be_absent() -> None:
    tokens, inbox = open_one()
    tokens.fail("t")
    assert inbox.heard == [(0, TaskFailed(4, 0, None, None))]


def test_an_output_that_is_no_json_is_refused() -> None:
    tokens, inbox = open_one()
    with pytest.raises(UsageError, match="InvalidOutput"):
        tokens.succeed("t", {1, 2})
    assert inbox.heard == []


@pytest.mark.parametrize("seconds", [-1, float("inf"), "1", True])
def test_after_seconds_is_a_number_of_at_least_0(seconds: Any) -> None:
    tokens, _ = open_one()
    with pytest.raises(UsageError, match="after_seconds"):
        tokens.heartbeat("t", after_seconds=seconds)


@pytest.mark.parametrize("given", [{"error": 3}, {"cause": {"a": 1}}])
def test_error_and_cause_are_texts(given: Any) -> None:
    tokens, _ = open_one()
    with pytest.raises(UsageError, match="must be a text or None"):
        tokens.fail("t", **given)


def test_an_unknown_token_does_not_exist() -> None:
    tokens, _ = open_one()
    with pytest.raises(UsageError, match="TaskDoesNotExist"):
        tokens.succeed("u", 1)


def test_a_closed_token_has_timed_out() -> None:
    tokens, _ = open_one()
    assert "t" in tokens
    tokens.close("t")
    tokens.close("t")
    assert "t" not in tokens
    with pytest.raises(UsageError, match="TaskTimedOut"):
        tokens.heartbeat("t")
