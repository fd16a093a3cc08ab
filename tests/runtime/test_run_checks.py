"""What run refuses before anything runs: arguments, inputs, names, Express patterns."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest

import asl
from asl.quotas import PAYLOAD_BYTES
from asl.values import MAX_DEPTH

PASS = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}


def load(definition: Any = PASS, name: str = "M") -> asl.StateMachine:
    return asl.load_text(json.dumps(definition), name=name)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"type": "standard"}, 'type is "STANDARD" or "EXPRESS"'),
        ({"type": None}, 'type is "STANDARD" or "EXPRESS"'),
        ({"tasks": {"P": 1}}, r"tasks is an asl\.Tasks or asl\.Mocks"),
        ({"tasks": 5}, r"tasks is an asl\.Tasks or asl\.Mocks"),
        ({"start_time": datetime(2030, 1, 1)}, "has no time zone"),  # noqa: DTZ001 - that is the point
        (
            {
                "start_time": datetime(2030, 1, 1, tzinfo=UTC),
                "clock": asl.VirtualClock(),
            },
            "start_time or clock, not both",
        ),
        ({"name": ""}, "execution name ''"),
        ({"name": "a b"}, "execution name 'a b'"),
        ({"name": "a/b"}, "is not one that Step Functions takes"),
        ({"name": "x" * 81}, "1 to 80"),
        ({"name": 5}, "execution name 5"),
        ({"role_arn": 5}, "role_arn is the ARN of a role, not 5"),
        ({"seed": "x"}, "seed is a whole number, not 'x'"),
        ({"clock": 5}, r"clock is an asl\.VirtualClock\(\) or"),
        ({"pool": "threads"}, r"pool is a concurrent\.futures\.Executor"),
        ({"buckets": 5}, "buckets is the path of a folder"),
        ({"start_time": "2030-01-01"}, "start_time is a datetime"),
        ({"machines": [PASS]}, "machines is a table from ARN to StateMachine"),
        ({"machines": {"arn": PASS}}, "machines is a table from ARN to StateMachine"),
        ({"real_limit_seconds": 0}, "real_limit_seconds is a number of more than 0"),
    ],
)
def test_a_bad_argument_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(asl.UsageError, match=words):
        asl.run(load(), {}, **options)


@pytest.mark.parametrize("machine", [PASS, "flow.asl.json", None])
def test_only_a_machine_runs(machine: Any) -> None:
    with pytest.raises(asl.UsageError, match=r"make one with asl\.load"):
        asl.run(machine)


def test_run_async_refuses_the_same() -> None:
    with pytest.raises(asl.UsageError, match=r"asl\.load"):
        asyncio.run(asl.run_async(None))  # type: ignore[arg-type] # that is the point


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (float("nan"), "not JSON: nan"),
        ({"a": [float("inf")]}, r"inf at \$\.a\[0\]"),
        ({1, 2}, "set at"),
        ({"a": object()}, r"object at \$\.a"),
        ({1: "a"}, "key 1"),
        (b"bytes", "bytes at"),
        (deep(10_000), "nested deeper"),
        (deep(MAX_DEPTH + 1), "nested deeper"),
        ("x" * (PAYLOAD_BYTES - 1), "262,145 bytes"),
        ("é" * 131_072, "262,146 bytes"),
        ({"a": "x" * PAYLOAD_BYTES}, "at most 262,144"),
    ],
    ids=[
        "nan",
        "infinity",
        "set",
        "object",
        "number as key",
        "bytes",
        "very deep",
        "too deep",
        "too large",
        "too large in UTF-8",
        "too large inside",
    ],
)
def test_an_input_that_is_no_json_or_too_large_is_refused(
    given: Any, words: str
) -> None:
    with pytest.raises(asl.UsageError, match=words):
        asl.run(load(), given)


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        (None, {}),
        ("x" * (PAYLOAD_BYTES - 2), "x" * (PAYLOAD_BYTES - 2)),
        (deep(400), deep(400)),
        ((1, (2,)), [1, [2]]),
        (False, False),
        (0, 0),
    ],
    ids=["nothing", "large", "deep", "tuples", "false", "zero"],
)
def test_an_input_that_is_json_is_taken(given: Any, seen: Any) -> None:
    assert asl.run(load(), given).output == seen


def test_the_callers_input_stays_its_own() -> None:
    given: dict[str, Any] = {"list": [1]}
    execution = asl.run(load(), given)
    given["list"].append(2)
    assert execution.output == execution.input == {"list": [1]}


# --- names


def test_a_name_is_kept() -> None:
    execution = asl.run(load(name="shop"), name="order-7.a_b")
    assert execution.name == "order-7.a_b"
    assert execution.arn == (
        "arn:aws:states:us-east-1:123456789012:execution:shop:order-7.a_b"
    )


def test_a_name_is_drawn_from_the_seed() -> None:
    first, second = asl.run(load(), seed=1), asl.run(load(), seed=1)
    assert first.name == second.name
    assert first.name != asl.run(load(), seed=2).name


def test_an_express_run_has_an_arn_of_its_own_kind() -> None:
    arn = asl.run(load(), name="one", type="EXPRESS").arn
    assert arn.startswith("arn:aws:states:us-east-1:123456789012:express:M:one:")
    assert asl.run(load(), name="one", type="EXPRESS", seed=5).arn != arn


def test_a_role_is_shown_in_the_history() -> None:
    execution = asl.run(load(), role_arn="arn:aws:iam::1:role/mine")
    assert execution.history[0].details["roleArn"] == "arn:aws:iam::1:role/mine"


def test_the_same_seed_gives_the_same_history() -> None:
    machine = load(
        {
            "StartAt": "P",
            "States": {
                "P": {
                    "Type": "Pass",
                    "Parameters": {"u.$": "States.UUID()"},
                    "End": True,
                }
            },
        }
    )
    runs = [[e.to_aws() for e in asl.run(machine, seed=9).history] for _ in range(2)]
    assert runs[0] == runs[1]
    assert asl.run(machine, seed=10).output != asl.run(machine, seed=9).output


# --- Express


def task(resource: str) -> dict[str, Any]:
    return {"Type": "Task", "Resource": resource, "End": True}


DISTRIBUTED = {
    "Type": "Map",
    "ItemProcessor": {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
        "StartAt": "P",
        "States": {"P": {"Type": "Pass", "End": True}},
    },
    "End": True,
}


@pytest.mark.parametrize(
    ("state", "pointer", "words"),
    [
        (task("arn:aws:states:::glue:startJobRun.sync"), "/Resource", "'.sync'"),
        (
            task("arn:aws:states:::states:startExecution.sync:2"),
            "/Resource",
            "'.sync'",
        ),
        (
            task("arn:aws:states:::sqs:sendMessage.waitForTaskToken"),
            "/Resource",
            "'.waitForTaskToken'",
        ),
        (
            task("arn:aws:states:us-east-1:123456789012:activity:a"),
            "/Resource",
            "Activity ARN",
        ),
        (DISTRIBUTED, "", "distributed Map"),
    ],
)
def test_express_refuses_what_it_cannot_do(
    state: dict[str, Any], pointer: str, words: str
) -> None:
    machine = load({"StartAt": "S", "States": {"S": state}})
    with pytest.raises(asl.DefinitionError) as caught:
        asl.run(machine, type="EXPRESS", tasks=asl.Mocks({}))
    (problem,) = caught.value.problems
    assert problem.pointer == f"/States/S{pointer}"
    assert problem.aws_code == "SCHEMA_VALIDATION_FAILED"
    assert "Express state machine does not support" in problem.message
    assert words in problem.message


def test_express_refuses_everything_at_once_and_at_any_depth() -> None:
    branch = {
        "StartAt": "In",
        "States": {"In": task("arn:aws:states:::glue:startJobRun.sync")},
    }
    machine = load(
        {
            "StartAt": "A",
            "States": {
                "A": {
                    "Type": "Task",
                    "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                    "Next": "B",
                },
                "B": {"Type": "Parallel", "Branches": [branch], "End": True},
            },
        }
    )
    with pytest.raises(asl.DefinitionError) as caught:
        asl.run(machine, type="EXPRESS", tasks=asl.Mocks({}))
    assert [p.pointer for p in caught.value.problems] == [
        "/States/A/Resource",
        "/States/B/Branches/0/States/In/Resource",
    ]


def test_express_is_billed_by_duration_and_memory() -> None:
    machine = load(
        {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 2, "End": True}}}
    )
    billing = asl.run(machine, type="EXPRESS").billing
    assert (billing.express_requests, billing.state_transitions) == (1, 0)
    assert (billing.billed_duration_ms, billing.billed_memory_mb) == (2_000, 64)
    seconds = 64 / 1024 * 2
    assert billing.price_usd == pytest.approx(0.000001 + seconds * 0.00001667)


def test_an_instant_express_run_is_billed_for_a_tenth_of_a_second() -> None:
    assert asl.run(load(), type="EXPRESS").billing.billed_duration_ms == 100


def test_standard_is_billed_by_transitions_and_retries() -> None:
    machine = load(
        {
            "StartAt": "T",
            "States": {
                "T": {
                    **task("arn:aws:states:::sns:publish"),
                    "Retry": [{"ErrorEquals": ["E"]}],
                }
            },
        }
    )
    mocks = asl.Mocks({"T": [{"Throw": {"Error": "E"}}, {"Return": 1}]})
    billing = asl.run(machine, tasks=mocks).billing
    assert billing.state_transitions == 3
    assert billing.price_usd == pytest.approx(3 * 0.000025)
    assert billing.prices_as_of
