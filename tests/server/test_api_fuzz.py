"""Whatever is asked, the API answers with a dict or refuses with an ApiError."""

import json
import random
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from requests_at_random import calls, prepared

import asl
from asl.server.request_shapes import OPERATIONS


def answer_of(api: asl.Api, action: str, request: Any) -> dict[str, Any]:
    """An answer, or the body of a refusal."""
    try:
        return api.call(action, request)
    except asl.ApiError as error:
        if error.status != 400:
            raise
        return {"__type": error.code, "message": error.message} | error.members


def check_answers(asked: list[tuple[str, Any]]) -> None:
    """Every call is answered with a dict of JSON, or refused."""
    api = prepared()
    for action, request in asked:
        before = json.dumps(request)
        answer = answer_of(api, action, request)
        json.dumps(answer, allow_nan=False)
        assert json.dumps(request) == before, f"{action} changed its request"
    api.close()


SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
@given(st.lists(calls(), min_size=1, max_size=8))
def test_every_operation_answers_or_refuses(asked: list[tuple[str, Any]]) -> None:
    check_answers(asked)


@pytest.mark.parametrize("action", OPERATIONS)
def test_every_operation_answers_or_refuses_junk(action: str) -> None:
    junk: list[Any] = [{}, [], None, 1, "x", {"": None}, {"name": {}}, {"input": 1}]
    for request in junk:
        check_answers([(action, request)])


@pytest.mark.soak
def test_every_operation_answers_or_refuses_for_long(
    record_property: Callable[[str, object], None],
) -> None:
    number = random.SystemRandom().getrandbits(32)
    sys.stdout.write(f"seed {number}\n")
    record_property("seed", number)

    @seed(number)
    @settings(max_examples=3_000, deadline=None, suppress_health_check=SLOW)
    @given(st.lists(calls(), min_size=1, max_size=12))
    def look(asked: list[tuple[str, Any]]) -> None:
        check_answers(asked)

    look()
