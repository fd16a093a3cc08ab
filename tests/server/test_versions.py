"""Versions, aliases and tags of state machines through the API."""

from collections import Counter
from typing import Any

import pytest

import asl
from asl.runtime.clock import VirtualClock

ROLE = "arn:aws:iam::123456789012:role/runner"
ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:orders"
OTHERS = ARN.replace("orders", "others")
ALIAS = f"{ARN}:prod"
ABSENT = (
    "ResourceNotFound",
    "Request references a resource that does not exist.",
)


def definition(number: int) -> str:
    return (
        f'{{"Comment": "{number}", "StartAt": "Go", '
        '"States": {"Go": {"Type": "Succeed"}}}'
    )


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def api(clock: VirtualClock) -> asl.Api:
    """A service with one machine that has three versions."""
    api = asl.Api(clock=clock)
    request = {"name": "orders", "definition": definition(1), "roleArn": ROLE}
    api.call("CreateStateMachine", request | {"publish": True})
    for number in (2, 3):
        update(api, number, publish=True, versionDescription=f"number {number}")
    return api


def update(api: asl.Api, number: int, **fields: Any) -> dict[str, Any]:
    request = {"stateMachineArn": ARN, "definition": definition(number), **fields}
    return api.call("UpdateStateMachine", request)


def refusal(api: asl.Api, action: str, **request: Any) -> tuple[str, str]:
    with pytest.raises(asl.ApiError) as caught:
        api.call(action, request)
    return caught.value.code, caught.value.message


def publish(api: asl.Api, **fields: Any) -> dict[str, Any]:
    return api.call("PublishStateMachineVersion", {"stateMachineArn": ARN, **fields})


def listed(api: asl.Api, **fields: Any) -> list[str]:
    request = {"stateMachineArn": ARN, **fields}
    answer = api.call("ListStateMachineVersions", request)
    return [
        version["stateMachineVersionArn"].removeprefix(f"{ARN}:")
        for version in answer["stateMachineVersions"]
    ]


def delete(api: asl.Api, arn: str) -> dict[str, Any]:
    return api.call("DeleteStateMachineVersion", {"stateMachineVersionArn": arn})


# --- versions


def test_the_newest_version_comes_first_in_pages(api: asl.Api) -> None:
    request = {"stateMachineArn": ARN, "maxResults": 2}
    first = api.call("ListStateMachineVersions", request)
    assert [v["creationDate"] for v in first["stateMachineVersions"]] == (
        [1767225600.0] * 2
    )
    assert listed(api) == ["3", "2", "1"]
    assert listed(api, nextToken=first["nextToken"]) == ["1"]


def test_a_version_is_described_as_it_was(api: asl.Api, clock: VirtualClock) -> None:
    clock.jump(clock.now() + 5_000_000)
    update(api, 4)
    described = api.call("DescribeStateMachine", {"stateMachineArn": f"{ARN}:2"})
    assert described["stateMachineArn"] == f"{ARN}:2"
    assert described["description"] == "number 2"
    assert described["definition"] == definition(2)
    assert described["creationDate"] == 1767225600.0
    present = api.call("DescribeStateMachine", {"stateMachineArn": ARN})
    assert described["revisionId"] != present["revisionId"]


def test_a_revision_is_published_once(api: asl.Api) -> None:
    again = publish(api, description="once more")
    assert again["stateMachineVersionArn"] == f"{ARN}:3"
    update(api, 4)
    assert publish(api)["stateMachineVersionArn"] == f"{ARN}:4"


def test_the_revision_that_is_meant_can_be_named(api: asl.Api) -> None:
    present = update(api, 4)["revisionId"]
    assert refusal(
        api, "PublishStateMachineVersion", stateMachineArn=ARN, revisionId="old"
    ) == (
        "ConflictException",
        "Failed to publish the State Machine version for revision old. The current "
        f"State Machine revision is {present}.",
    )
    answer = publish(api, revisionId=present)
    assert answer["stateMachineVersionArn"] == f"{ARN}:4"
    fresh = asl.Api()
    request = {"name": "orders", "definition": definition(1), "roleArn": ROLE}
    fresh.call("CreateStateMachine", request)
    assert publish(fresh, revisionId="INITIAL")["stateMachineVersionArn"].endswith("1")


def test_numbers_are_not_given_again(api: asl.Api) -> None:
    for _ in range(2):
        assert delete(api, f"{ARN}:3") == {}
    assert listed(api) == ["2", "1"]
    assert publish(api)["stateMachineVersionArn"] == f"{ARN}:4"
    assert delete(api, f"{OTHERS}:1") == {}


@pytest.mark.parametrize(
    ("arn", "code"),
    [
        ("orders", "InvalidArn"),
        (ARN, "ValidationException"),
        (ALIAS, "ValidationException"),
        ("arn:aws:states:us-east-1:123456789012:activity:a", "InvalidArn"),
    ],
)
def test_only_a_version_is_deleted_as_a_version(
    api: asl.Api, arn: str, code: str
) -> None:
    request = {"stateMachineVersionArn": arn}
    assert refusal(api, "DeleteStateMachineVersion", **request)[0] == code


def test_a_version_can_neither_be_changed_nor_published(api: asl.Api) -> None:
    arn = f"{ARN}:2"
    told = ("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'")
    change = {"stateMachineArn": arn, "definition": definition(4)}
    assert refusal(api, "UpdateStateMachine", **change) == told
    assert refusal(api, "PublishStateMachineVersion", stateMachineArn=arn) == told


# --- aliases


def routes(*weights: tuple[Any, int]) -> list[dict[str, Any]]:
    return [
        {
            "stateMachineVersionArn": f"{ARN}:{number}"
            if isinstance(number, int)
            else number,
            "weight": weight,
        }
        for number, weight in weights
    ]


def name_alias(api: asl.Api, *weights: tuple[Any, int], **fields: Any) -> Any:
    request = {"name": "prod", "routingConfiguration": routes(*weights), **fields}
    return api.call("CreateStateMachineAlias", request)


def test_an_alias_is_made_described_changed_and_deleted(
    api: asl.Api, clock: VirtualClock
) -> None:
    made = name_alias(api, (1, 100), description="live")
    assert made == {"stateMachineAliasArn": ALIAS, "creationDate": 1767225600.0}
    clock.jump(clock.now() + 5_000_000)
    assert name_alias(api, (1, 100), description="live") == made
    assert api.call(
        "UpdateStateMachineAlias",
        {
            "stateMachineAliasArn": ALIAS,
            "routingConfiguration": routes((1, 9), (2, 91)),
        },
    ) == {"updateDate": 1767225605.0}
    described = {
        "stateMachineAliasArn": ALIAS,
        "name": "prod",
        "description": "live",
        "routingConfiguration": routes((1, 9), (2, 91)),
        "creationDate": 1767225600.0,
        "updateDate": 1767225605.0,
    }
    asked = {"stateMachineAliasArn": ALIAS}
    assert api.call("DescribeStateMachineAlias", asked) == described
    api.call("UpdateStateMachineAlias", asked | {"description": "old"})
    assert api.call("DescribeStateMachineAlias", asked) == (
        described | {"description": "old"}
    )
    behind = api.call("DescribeStateMachine", {"stateMachineArn": ALIAS})
    assert behind["stateMachineArn"] == f"{ARN}:2"
    for _ in range(2):
        assert api.call("DeleteStateMachineAlias", asked) == {}
    assert refusal(api, "DescribeStateMachineAlias", **asked) == ABSENT


@pytest.mark.parametrize(
    "fields", [{"description": "other"}, {"routingConfiguration": routes((2, 100))}]
)
def test_another_alias_of_the_same_name_is_refused(
    api: asl.Api, fields: dict[str, Any]
) -> None:
    name_alias(api, (1, 100))
    request = {"name": "prod", "routingConfiguration": routes((1, 100))} | fields
    assert refusal(api, "CreateStateMachineAlias", **request) == (
        "ConflictException",
        "Failed to create alias because an alias with the same name and a different "
        "routing configuration already exists.",
    )


BAD_ROUTES = [
    (
        routes((1, 70), (2, 29)),
        "Sum of routing configuration weights must equal 100. Received: [70, 29]",
    ),
    (
        routes((1, 50), (1, 50)),
        "Routing configuration must contain distinct state machine version ARNs. "
        f"Received: [{ARN}:1, {ARN}:1]",
    ),
    (
        routes((ARN, 70), (2, 30)),
        "Routing configuration must contain state machine version ARNs. Received: "
        f"[{ARN}, {ARN}:2]",
    ),
    (
        routes((ALIAS, 100)),
        "Routing configuration must contain state machine version ARNs. Received: "
        f"[{ALIAS}]",
    ),
    (
        routes((1, 50), (f"{OTHERS}:1", 50)),
        "Routing configuration must contain state machine version ARNs. Received: "
        f"[{ARN}:1, {OTHERS}:1]",
    ),
]


@pytest.mark.parametrize(("routing", "message"), BAD_ROUTES)
def test_a_bad_routing_is_refused(api: asl.Api, routing: Any, message: str) -> None:
    request = {"name": "others", "definition": definition(1), "roleArn": ROLE}
    api.call("CreateStateMachine", request | {"publish": True})
    asked = {"name": "prod", "routingConfiguration": routing}
    told = ("ValidationException", message)
    assert refusal(api, "CreateStateMachineAlias", **asked) == told
    name_alias(api, (1, 100))
    change = {"stateMachineAliasArn": ALIAS, "routingConfiguration": routing}
    assert refusal(api, "UpdateStateMachineAlias", **change) == told


def test_an_alias_stays_with_its_machine(api: asl.Api) -> None:
    request = {"name": "others", "definition": definition(1), "roleArn": ROLE}
    api.call("CreateStateMachine", request | {"publish": True})
    name_alias(api, (1, 100))
    routing = routes((f"{OTHERS}:1", 100))
    change = {"stateMachineAliasArn": ALIAS, "routingConfiguration": routing}
    with pytest.raises(asl.ApiError) as caught:
        api.call("UpdateStateMachineAlias", change)
    assert caught.value.members == {"reason": "INVALID_ROUTING_CONFIGURATION"}


def test_an_alias_needs_a_version_that_exists(api: asl.Api) -> None:
    asked = {"name": "prod", "routingConfiguration": routes((7, 100))}
    assert refusal(api, "CreateStateMachineAlias", **asked) == ABSENT
    asked = {"name": "prod", "routingConfiguration": routes(("x", 100))}
    assert refusal(api, "CreateStateMachineAlias", **asked)[0] == "InvalidArn"


@pytest.mark.parametrize("arn", [ALIAS, ARN, f"{OTHERS}:prod", f"{ARN}:2"])
def test_what_is_no_alias_is_not_found(api: asl.Api, arn: str) -> None:
    asked = {"stateMachineAliasArn": arn}
    assert refusal(api, "DescribeStateMachineAlias", **asked) == ABSENT
    assert refusal(api, "UpdateStateMachineAlias", **asked, description="") == ABSENT
    assert api.call("DeleteStateMachineAlias", asked) == {}
    assert refusal(api, "DeleteStateMachineAlias", stateMachineAliasArn="prod")[0] == (
        "InvalidArn"
    )
    execution = "arn:aws:states:us-east-1:123456789012:execution:orders:x"
    asked = {"stateMachineAliasArn": execution}
    assert refusal(api, "DescribeStateMachineAlias", **asked)[0] == "InvalidArn"


def test_an_update_of_an_alias_needs_a_change(api: asl.Api) -> None:
    name_alias(api, (1, 100))
    asked = {"stateMachineAliasArn": ALIAS}
    assert refusal(api, "UpdateStateMachineAlias", **asked)[0] == "ValidationException"


def test_aliases_are_listed_in_pages_and_by_version(
    api: asl.Api, clock: VirtualClock
) -> None:
    for name, number in (("b", 1), ("a", 2), ("c", 1)):
        name_alias(api, (number, 100), name=name)
        clock.jump(clock.now() + 1_000_000)

    def names(**fields: Any) -> tuple[list[str], str | None]:
        request = {"stateMachineArn": ARN, **fields}
        answer = api.call("ListStateMachineAliases", request)
        arns = [
            entry["stateMachineAliasArn"] for entry in answer["stateMachineAliases"]
        ]
        return [arn.split(":")[-1] for arn in arns], answer.get("nextToken")

    first, token = names(maxResults=2)
    assert first == ["b", "a"]
    assert names(nextToken=token) == (["c"], None)
    assert names(stateMachineArn=f"{ARN}:1") == (["b", "c"], None)
    absent = {"stateMachineArn": f"{ARN}:9"}
    assert refusal(api, "ListStateMachineAliases", **absent) == ABSENT


def test_a_version_in_an_alias_is_not_deleted(api: asl.Api) -> None:
    name_alias(api, (1, 50), (2, 50))
    asked = {"stateMachineVersionArn": f"{ARN}:2"}
    assert refusal(api, "DeleteStateMachineVersion", **asked) == (
        "ConflictException",
        "Version to be deleted must not be referenced by an alias. Current list of "
        "aliases referencing this version: [prod]",
    )
    assert delete(api, f"{ARN}:3") == {}


def test_starts_are_shared_out_by_weight_and_repeat_by_seed(api: asl.Api) -> None:
    name_alias(api, (1, 20), (2, 80))
    drawn = [api.machines.target(ALIAS) for _ in range(1000)]
    counts = Counter(target.version_arn for target in drawn)
    assert counts.keys() == {f"{ARN}:1", f"{ARN}:2"}
    assert 150 < counts[f"{ARN}:1"] < 250
    assert {target.alias_arn for target in drawn} == {ALIAS}
    only = {"stateMachineAliasArn": ALIAS, "routingConfiguration": routes((3, 100))}
    api.call("UpdateStateMachineAlias", only)
    assert api.machines.target(ALIAS).revision.definition == definition(3)


def test_aliases_have_a_limit(api: asl.Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asl.server.aliases.ALIASES", 1)
    name_alias(api, (1, 100))
    asked = {"name": "more", "routingConfiguration": routes((1, 100))}
    assert refusal(api, "CreateStateMachineAlias", **asked)[0] == (
        "ServiceQuotaExceededException"
    )


def test_a_machine_that_is_going_keeps_its_aliases_as_they_are(api: asl.Api) -> None:
    name_alias(api, (1, 100))
    api.machines.is_busy = lambda arn: True
    api.call("DeleteStateMachine", {"stateMachineArn": ARN})
    change = {"stateMachineAliasArn": ALIAS, "description": "x"}
    assert refusal(api, "UpdateStateMachineAlias", **change)[0] == (
        "StateMachineDeleting"
    )
    asked = {"name": "more", "routingConfiguration": routes((1, 100))}
    assert refusal(api, "CreateStateMachineAlias", **asked)[0] == (
        "StateMachineDeleting"
    )


# --- tags


def tags(api: asl.Api) -> dict[str, str]:
    answer = api.call("ListTagsForResource", {"resourceArn": ARN})
    return {tag["key"]: tag["value"] for tag in answer["tags"]}


def tag(api: asl.Api, **given: str) -> None:
    pairs = [{"key": key, "value": value} for key, value in given.items()]
    assert api.call("TagResource", {"resourceArn": ARN, "tags": pairs}) == {}


def test_tags_are_set_changed_and_taken_away(api: asl.Api) -> None:
    assert tags(api) == {}
    tag(api, a="1", b="2")
    tag(api, b="3", c="")
    tag(api)
    assert tags(api) == {"a": "1", "b": "3", "c": ""}
    request = {"resourceArn": ARN, "tagKeys": ["a", "z", "a"]}
    for _ in range(2):
        assert api.call("UntagResource", request) == {}
    assert tags(api) == {"b": "3", "c": ""}


def test_account_and_region_of_a_tagged_arn_do_not_matter(api: asl.Api) -> None:
    tag(api, a="1")
    abroad = "arn:aws:states:eu-west-1:000000000001:stateMachine:orders"
    answer = api.call("ListTagsForResource", {"resourceArn": abroad})
    assert answer == {"tags": [{"key": "a", "value": "1"}]}


def test_a_resource_has_fifty_tags(api: asl.Api) -> None:
    tag(api, **{f"k{number}": "" for number in range(50)})
    tag(api, k1="again")
    more = [{"key": "one too many"}]
    code, _ = refusal(api, "TagResource", resourceArn=ARN, tags=more)
    assert code == "TooManyTags"
    assert len(tags(api)) == 50


@pytest.mark.parametrize("arn", [f"{ARN}:1", OTHERS, "arn:aws:s3:::bucket"])
def test_only_resources_have_tags(api: asl.Api, arn: str) -> None:
    asked: dict[str, dict[str, Any]] = {
        "ListTagsForResource": {},
        "TagResource": {"tags": []},
        "UntagResource": {"tagKeys": []},
    }
    for action, fields in asked.items():
        with pytest.raises(asl.ApiError) as caught:
            api.call(action, {"resourceArn": arn, **fields})
        assert caught.value.code == "ResourceNotFound"
        assert caught.value.members == {"resourceName": arn}
    assert refusal(api, "ListTagsForResource", resourceArn="x")[0] == "InvalidArn"
