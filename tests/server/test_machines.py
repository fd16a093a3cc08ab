"""State machines through the API: described, listed, deleted, found by a start."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import asl
from asl.runtime.clock import VirtualClock
from asl.server.machines import Machines
from asl.server.store import MemoryStore

ROLE = "arn:aws:iam::123456789012:role/runner"
GOOD = '{"StartAt": "Go", "States": {"Go": {"Type": "Pass", "End": true}}}'
OTHER = '{"StartAt": "On", "States": {"On": {"Type": "Succeed"}}}'
ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:orders"
GROUP = {
    "cloudWatchLogsLogGroup": {
        "logGroupArn": "arn:aws:logs:us-east-1:123456789012:log-group:orders:*"
    }
}
KEY = {"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": "alias/orders"}


@pytest.fixture
def api() -> asl.Api:
    return asl.Api()


def create(api: asl.Api, name: str = "orders", **fields: Any) -> dict[str, Any]:
    request = {"name": name, "definition": GOOD, "roleArn": ROLE, **fields}
    return api.call("CreateStateMachine", request)


def describe(api: asl.Api, arn: str = ARN, **fields: Any) -> dict[str, Any]:
    return api.call("DescribeStateMachine", {"stateMachineArn": arn, **fields})


def update(api: asl.Api, **fields: Any) -> dict[str, Any]:
    return api.call("UpdateStateMachine", {"stateMachineArn": ARN, **fields})


def refusal(api: asl.Api, action: str, **request: Any) -> tuple[str, str]:
    with pytest.raises(asl.ApiError) as caught:
        api.call(action, request)
    return caught.value.code, caught.value.message


# --- describing


def test_a_machine_is_described_with_its_defaults(api: asl.Api) -> None:
    create(api)
    assert describe(api) == {
        "stateMachineArn": ARN,
        "name": "orders",
        "status": "ACTIVE",
        "type": "STANDARD",
        "creationDate": 1767225600.0,
        "definition": GOOD,
        "roleArn": ROLE,
        "loggingConfiguration": {"level": "OFF", "includeExecutionData": False},
        "tracingConfiguration": {"enabled": False},
        "encryptionConfiguration": {"type": "AWS_OWNED_KEY"},
    }


def test_settings_are_described_as_they_were_given(api: asl.Api) -> None:
    logging = {"level": "ERROR", "destinations": [GROUP | {"colour": 1}], "x": None}
    create(
        api,
        type="EXPRESS",
        loggingConfiguration=logging,
        tracingConfiguration={"enabled": True},
        encryptionConfiguration=KEY,
    )
    described = describe(api)
    assert described["type"] == "EXPRESS"
    assert described["loggingConfiguration"] == {
        "level": "ERROR",
        "includeExecutionData": False,
        "destinations": [GROUP],
    }
    assert described["tracingConfiguration"] == {"enabled": True}
    assert described["encryptionConfiguration"] == KEY | {
        "kmsDataKeyReusePeriodSeconds": 300
    }


def test_nobody_outside_can_change_what_is_kept(api: asl.Api) -> None:
    logging = {"level": "OFF", "destinations": [json.loads(json.dumps(GROUP))]}
    create(api, loggingConfiguration=logging)
    before = describe(api)
    logging["destinations"].clear()  # type: ignore[attr-defined]
    before["loggingConfiguration"]["destinations"].clear()
    assert describe(api)["loggingConfiguration"]["destinations"] == [GROUP]


def test_metadata_is_everything_but_the_definition(api: asl.Api) -> None:
    create(api)
    assert describe(api, includedData="METADATA_ONLY").keys() == (
        describe(api, includedData="ALL_DATA").keys() - {"definition"}
    )


def test_an_update_shows_in_the_description(api: asl.Api) -> None:
    create(api)
    revision = update(api, definition=OTHER, tracingConfiguration={"enabled": True})
    described = describe(api)
    assert described["definition"] == OTHER
    assert described["revisionId"] == revision["revisionId"]
    assert described["tracingConfiguration"] == {"enabled": True}
    again = update(api, definition=OTHER)
    assert again["revisionId"] == revision["revisionId"]


def test_the_variables_that_states_read_are_listed(api: asl.Api) -> None:
    inner = {
        "StartAt": "In",
        "States": {"In": {"Type": "Pass", "Parameters": {"a.$": "$a"}, "End": True}},
    }
    states = {
        "Set": {"Type": "Pass", "Assign": {"a": 1, "b": 2, "items": []}, "Next": "Map"},
        "Map": {
            "Type": "Map",
            "ItemsPath": "$items",
            "ItemProcessor": inner,
            "Next": "Text",
        },
        "Text": {
            "Type": "Pass",
            "Parameters": {"t.$": "States.Format('{} {} {}', $b, $a, $.x)"},
            "Next": "Data",
        },
        "Data": {
            "Type": "Succeed",
            "QueryLanguage": "JSONata",
            "Output": "{% $sum([$a, $states.input.n]) %}",
        },
    }
    create(api, definition=json.dumps({"StartAt": "Set", "States": states}))
    assert describe(api)["variableReferences"] == {
        "Map": ["items"],
        "In": ["a"],
        "Text": ["a", "b"],
        "Data": ["a"],
    }
    assert "variableReferences" not in describe(api, includedData="METADATA_ONLY")


# --- which ARNs name a machine


@pytest.mark.parametrize(
    ("arn", "code", "message"),
    [
        ("orders", "InvalidArn", "Invalid Arn: 'Invalid ARN prefix: orders'"),
        (
            "arn:aws:states:us-east-1:123456789012:execution:orders:x",
            "InvalidArn",
            "Invalid Arn: 'Resource type not valid in this context: execution'",
        ),
        (
            f"{ARN}s",
            "StateMachineDoesNotExist",
            f"State Machine Does Not Exist: '{ARN}s'",
        ),
        (
            f"{ARN}:7",
            "StateMachineDoesNotExist",
            f"State Machine Does Not Exist: '{ARN}:7'",
        ),
        ("arn:", "StateMachineDoesNotExist", "State Machine Does Not Exist: 'arn:'"),
        (
            f"{ARN}/Label",
            "ValidationException",
            "This operation does not support the ARN of a map state: a state machine's "
            "ARN has no label",
        ),
    ],
)
def test_other_arns_name_no_machine(
    api: asl.Api, arn: str, code: str, message: str
) -> None:
    create(api)
    assert refusal(api, "DescribeStateMachine", stateMachineArn=arn) == (code, message)


# --- settings that are refused


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        (
            {"loggingConfiguration": {"level": "ALL", "destinations": [{}]}},
            "InvalidLoggingConfiguration: Invalid Logging Configuration: Log "
            "Destination not found.",
        ),
        (
            {"encryptionConfiguration": {"type": "CUSTOMER_MANAGED_KMS_KEY"}},
            "InvalidEncryptionConfiguration",
        ),
        (
            {"encryptionConfiguration": {"type": "AWS_OWNED_KEY", "kmsKeyId": "k"}},
            "InvalidEncryptionConfiguration",
        ),
        ({"encryptionConfiguration": {}}, "ValidationException"),
        ({"tags": [{"value": "x"}]}, "'tags.1.member.key'"),
        ({"tags": [{"key": str(n)} for n in range(51)]}, "TooManyTags"),
    ],
)
def test_bad_settings_are_refused_and_nothing_stays(
    api: asl.Api, fields: dict[str, Any], code: str
) -> None:
    with pytest.raises(asl.ApiError, match=code):
        create(api, **fields)
    assert api.call("ListStateMachines", {}) == {"stateMachines": []}


# --- listing and deleting


def test_machines_are_listed_by_name_in_pages(api: asl.Api) -> None:
    for name in ("c", "a", "b"):
        create(api, name)
    first = api.call("ListStateMachines", {"maxResults": 2})
    assert [machine["name"] for machine in first["stateMachines"]] == ["a", "b"]
    assert first["stateMachines"][0] == {
        "stateMachineArn": ARN.replace("orders", "a"),
        "name": "a",
        "type": "STANDARD",
        "creationDate": 1767225600.0,
    }
    rest = api.call("ListStateMachines", {"nextToken": first["nextToken"]})
    assert [machine["name"] for machine in rest["stateMachines"]] == ["c"]
    assert "nextToken" not in rest


def test_a_deleted_machine_is_gone_and_deleting_again_is_no_error(
    api: asl.Api,
) -> None:
    create(api, publish=True, tags=[{"key": "a", "value": "b"}])
    for arn in (ARN, ARN, f"{ARN}:1"):
        assert api.call("DeleteStateMachine", {"stateMachineArn": arn}) == {}
    assert refusal(api, "DescribeStateMachine", stateMachineArn=ARN)[0] == (
        "StateMachineDoesNotExist"
    )
    create(api)
    assert api.call("ListTagsForResource", {"resourceArn": ARN}) == {"tags": []}
    versions = api.call("ListStateMachineVersions", {"stateMachineArn": ARN})
    assert versions == {"stateMachineVersions": []}
    assert refusal(api, "DeleteStateMachine", stateMachineArn="x")[0] == "InvalidArn"


def test_a_machine_at_work_goes_when_its_executions_have_ended(api: asl.Api) -> None:
    create(api, publish=True)
    running = {ARN}
    api.machines.is_busy = running.__contains__
    for _ in range(2):
        api.call("DeleteStateMachine", {"stateMachineArn": ARN})
    assert describe(api)["status"] == "DELETING"
    told = ("StateMachineDeleting", f"State Machine is being deleted: '{ARN}'")
    fields = {"name": "orders", "definition": GOOD, "roleArn": ROLE}
    assert refusal(api, "CreateStateMachine", **fields) == told
    change = {"stateMachineArn": ARN, "definition": OTHER}
    assert refusal(api, "UpdateStateMachine", **change) == told
    assert refusal(api, "PublishStateMachineVersion", stateMachineArn=ARN) == told
    with pytest.raises(asl.ApiError, match="StateMachineDeleting"):
        api.machines.target(ARN)
    api.machines.release(ARN)
    assert describe(api)["status"] == "DELETING"
    running.clear()
    api.machines.release(ARN)
    api.machines.release(ARN)  # the last but one ended at the same moment
    assert refusal(api, "DescribeStateMachine", stateMachineArn=ARN)[0] == (
        "StateMachineDoesNotExist"
    )


# --- what a start finds


def test_a_start_finds_the_present_revision(api: asl.Api) -> None:
    create(api)
    before = api.machines.target(ARN)
    update(api, definition=OTHER)
    after = api.machines.target(f"{ARN}#HappyPath")
    assert (before.revision.definition, before.test_case) == (GOOD, None)
    assert (after.revision.definition, after.test_case) == (OTHER, "HappyPath")
    assert (after.version_arn, after.alias_arn) == (None, None)
    assert api.machines.build(before).name == "orders"
    assert api.machines.build(before) is api.machines.build(before)
    assert api.machines.build(after) is not api.machines.build(before)


def test_a_start_finds_a_version(api: asl.Api) -> None:
    create(api, publish=True)
    update(api, definition=OTHER, publish=True)
    found = api.machines.target(f"{ARN}:1")
    assert found.version_arn == f"{ARN}:1"
    assert found.machine_arn == ARN
    assert found.revision.definition == GOOD
    for wrong in (f"{ARN}:3", f"{ARN}:prod", f"{ARN}:²"):
        with pytest.raises(asl.ApiError, match="StateMachineDoesNotExist"):
            api.machines.target(wrong)


# --- keeping


class Shelf(MemoryStore):
    """A store that keeps JSON texts in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, str]] = {}

    def put(self, kind: str, key: str, value: Any) -> None:
        self.kept.setdefault(kind, {})[key] = json.dumps(value)

    def delete(self, kind: str, key: str) -> None:
        self.kept.get(kind, {}).pop(key, None)

    def load(self, kind: str) -> Any:
        for key, text in list(self.kept.get(kind, {}).items()):
            yield key, json.loads(text)


def test_a_service_begins_with_what_its_store_kept() -> None:
    shelf, clock = Shelf(), VirtualClock()
    api = asl.Api(store=shelf, clock=clock)
    create(api, publish=True, versionDescription="one", tags=[{"key": "a"}])
    create(api, "gone", publish=True)
    api.call("DeleteStateMachine", {"stateMachineArn": ARN.replace("orders", "gone")})
    clock.jump(clock.now() + 1_000_000)
    update(api, definition=OTHER, tracingConfiguration={"enabled": True}, publish=True)
    routing = [
        {"stateMachineVersionArn": f"{ARN}:1", "weight": 30},
        {"stateMachineVersionArn": f"{ARN}:2", "weight": 70},
    ]
    alias = {"name": "prod", "routingConfiguration": routing}
    api.call("CreateStateMachineAlias", alias)
    again = asl.Api(store=shelf, clock=clock)
    for arn in (ARN, f"{ARN}:1", f"{ARN}:2"):
        assert describe(again, arn) == describe(api, arn)
    for action, request in (
        ("ListStateMachines", {}),
        ("ListStateMachineVersions", {"stateMachineArn": ARN}),
        ("ListStateMachineAliases", {"stateMachineArn": ARN}),
        ("DescribeStateMachineAlias", {"stateMachineAliasArn": f"{ARN}:prod"}),
        ("ListTagsForResource", {"resourceArn": ARN}),
    ):
        assert again.call(action, request) == api.call(action, request)
    again.call("DeleteStateMachineAlias", {"stateMachineAliasArn": f"{ARN}:prod"})
    again.call("DeleteStateMachine", {"stateMachineArn": ARN})
    assert not any(shelf.kept[kind] for kind in ("machine", "version", "tags"))


def test_the_store_of_memory_keeps_nothing() -> None:
    store = MemoryStore()
    with store.batch():
        store.put("a", "b", 1)
        store.append("a", "b", [1])
        store.delete("a", "b")
    assert list(store.load("a")) == []
    assert list(store.load_list("a", "b")) == []
    store.close()


def test_a_version_is_not_made_without_end(
    api: asl.Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("asl.server.machines.VERSIONS", 1)
    create(api, publish=True)
    assert isinstance(api.machines, Machines)
    request = {"stateMachineArn": ARN, "definition": OTHER, "publish": True}
    assert refusal(api, "UpdateStateMachine", **request)[0] == (
        "ServiceQuotaExceededException"
    )
    assert describe(api)["definition"] == GOOD
    again = update(api, definition=GOOD, publish=True)
    assert again["stateMachineVersionArn"] == f"{ARN}:1"


def test_threads_may_change_machines_side_by_side(api: asl.Api) -> None:
    create(api)

    def work(number: int) -> list[str]:
        texts = [GOOD.replace("Go", f"Go{number}x{turn}") for turn in range(10)]
        answers = [update(api, definition=text, publish=True) for text in texts]
        return [answer["stateMachineVersionArn"] for answer in answers]

    with ThreadPoolExecutor(8) as pool:
        made = [arn for arns in pool.map(work, range(8)) for arn in arns]
    assert set(made) == {f"{ARN}:{number}" for number in range(1, 81)}
