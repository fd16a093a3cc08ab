"""The account: ARNs, ids, time and pages."""

import base64
import json
from typing import Any

import pytest

import asl
from asl.runtime.clock import VirtualClock
from asl.server.account import Account, check_arn, seconds

DAY = 24 * 3600 * 1_000_000


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("eu-west-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
    ],
)
def test_a_region_is_in_a_partition(region: str, partition: str) -> None:
    account = Account(region=region, id="000000000001")
    assert account.arn("activity", "a") == (
        f"arn:{partition}:states:{region}:000000000001:activity:a"
    )


def test_time_is_told_to_the_millisecond() -> None:
    clock = VirtualClock()
    account = Account(clock=clock)
    clock.jump(clock.now() + 1_234_567)
    assert account.now() == seconds(account.instant()) == 1767225601.234


def test_the_seed_decides_about_ids() -> None:
    first, again, other = Account(), Account(), Account(seed=1)
    ids = [first.new_id(), first.new_id()]
    assert ids == [again.new_id(), again.new_id()]
    assert ids[0] != ids[1]
    assert other.new_id() not in ids
    assert ids[0][14] == "4"


def test_what_does_not_begin_like_an_arn_is_none() -> None:
    check_arn("arn:")
    with pytest.raises(asl.ApiError, match="Invalid ARN prefix: m"):
        check_arn("m")


# --- pages


def numbers(account: Account, items: list[int], **request: Any) -> Any:
    return account.page(items, request, scope="numbers", key=lambda n: -n)


def test_pages_follow_each_other() -> None:
    account = Account()
    first, token = numbers(account, [1, 5, 3, 4, 2], maxResults=2)
    second, more = numbers(account, [1, 5, 3, 4, 2], maxResults=2, nextToken=token)
    third, end = numbers(account, [1, 5, 3, 4, 2], maxResults=2, nextToken=more)
    assert (first, second, third, end) == ([5, 4], [3, 2], [1], None)


def test_nothing_is_told_twice_when_items_come_and_go() -> None:
    account = Account()
    _, token = numbers(account, [4, 3, 2, 1], maxResults=2)
    assert numbers(account, [5, 4, 2, 1], nextToken=token) == ([2, 1], None)


@pytest.mark.parametrize("size", [None, 0])
def test_a_page_has_a_hundred_unless_asked(size: int | None) -> None:
    page, token = numbers(Account(), list(range(101)), maxResults=size)
    assert len(page) == 100
    assert token is not None


def forged(*parts: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()


def digest() -> str:
    _, token = numbers(Account(), [1, 2], maxResults=1)
    text: str = json.loads(base64.urlsafe_b64decode(token))[2]
    return text


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "käse",
        "!!!!",
        forged(1, 2),
        forged({}, 2, 3, 4),
        base64.b64encode(b"7").decode(),
        base64.b64encode(b"\xff\xff\xff").decode(),
        base64.b64encode(b"[" * 900).decode(),
        forged("a", 1_767_225_600, digest()),
        forged([1], 1_767_225_600, digest()),
        forged(1, "now", digest()),
        forged(1, 1_767_225_600, "other"),
    ],
)
def test_a_token_that_was_not_given_is_invalid(token: str) -> None:
    with pytest.raises(asl.ApiError) as caught:
        numbers(Account(), [1, 2, 3], nextToken=token)
    assert caught.value.code == "InvalidToken"
    assert caught.value.message == "Invalid Token: 'Invalid token'"


def test_a_token_is_good_for_its_own_list_and_for_a_day() -> None:
    clock = VirtualClock()
    account = Account(clock=clock)
    _, token = numbers(account, [1, 2, 3], maxResults=1)
    request = {"nextToken": token}
    with pytest.raises(asl.ApiError, match="InvalidToken"):
        account.page([1, 2, 3], request, scope="others", key=lambda n: -n)
    clock.jump(clock.now() + DAY)
    assert numbers(account, [1, 2, 3], nextToken=token) == ([2, 1], None)
    clock.jump(clock.now() + 2_000_000)
    with pytest.raises(asl.ApiError, match="InvalidToken"):
        numbers(account, [1, 2, 3], nextToken=token)


def test_keys_may_have_parts() -> None:
    account = Account()
    items = ["b1", "a2", "a1"]

    def page(**request: Any) -> Any:
        return account.page(items, request, scope="", key=lambda s: (s[1], s[0]))

    first, token = page(maxResults=2)
    assert first == ["a1", "b1"]
    assert page(nextToken=token) == (["a2"], None)
