"""Other engines and validators on the same work, each where it is installed.

In: a Workload, or definitions as texts. Out: seconds; or why a peer cannot.
Never: fails because a peer is absent or wrong: `Cannot` says so in a word, and the
table shows it.

    python tests/benchmarks/peers.py NAME WORKLOAD    runs it once: a start as a command

Peers on Node are looked for in ./node_modules, or where ASL_NODE_MODULES says; their
half is peers.mjs. moto is called as its users do, through boto3, with the Lambda call
replaced by the Python function (a real one needs Docker): its best case.
"""

import asyncio
import importlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from statistics import median
from time import perf_counter, sleep
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from workloads import Workload, full, small  # noqa: E402 - found by the lines above

from asl.values import Json  # noqa: E402

_SCRIPT = Path(__file__).with_name("peers.mjs")
_PATIENCE_SECONDS = 120


class Cannot(Exception):
    """A peer is absent, or cannot do this work; the text says why in a word or two."""


Once = Callable[[], object]
"""Runs a workload once, to its output."""


def run_seconds(name: str, workload: Workload, runs: int, turns: int) -> float:
    """Seconds for so many runs, the median of turns, after one that shows it can."""
    if name == "aws-local-stepfunctions":
        return _node_seconds(workload, runs, turns)
    if why := missing(name):
        raise Cannot(why)
    with _RUNNERS[name](workload) as once:
        if once() != workload.expected:
            raise Cannot("another output")
        spent = []
        for _ in range(turns):
            start = perf_counter()
            for _ in range(runs):
                once()
            spent.append(perf_counter() - start)
        return median(spent)


def missing(name: str) -> str | None:
    """Why a peer cannot be asked at all, or None."""
    if name in _MODULES:
        found = all(_is_there(module) for module in _MODULES[name])
        return None if found else "not installed"
    if shutil.which("node") is None:
        return "no node"
    return None if (_node_modules() / name).is_dir() else "not installed"


# Node


def _node_modules() -> Path:
    return Path(os.environ.get("ASL_NODE_MODULES", "node_modules")).absolute()


def _node(name: str, given: dict[str, Json]) -> dict[str, Json]:
    """What a peer on Node answers; Cannot where it does not."""
    if why := missing(name):
        raise Cannot(why)
    try:
        done = subprocess.run(
            ["node", str(_SCRIPT), name],
            input=json.dumps(given),
            env={**os.environ, "ASL_NODE_MODULES": str(_node_modules())},
            capture_output=True,
            text=True,
            timeout=_PATIENCE_SECONDS,
            check=True,
        )
    except subprocess.TimeoutExpired:
        raise Cannot(f"more than {_PATIENCE_SECONDS} s") from None
    except subprocess.CalledProcessError as error:
        raise Cannot(f"ended with {error.returncode}") from None
    answer: dict[str, Json] = json.loads(done.stdout)
    if "cannot" in answer:
        raise Cannot(str(answer["cannot"]))
    return answer


def _node_seconds(workload: Workload, runs: int, turns: int) -> float:
    given = {
        "definition": workload.definition,
        "input": workload.input,
        "expected": workload.expected,
        "runs": runs,
        "turns": turns,
    }
    return float(_node("aws-local-stepfunctions", given)["seconds"])


def check_seconds(texts: list[str]) -> float:
    """Seconds that asl-validator takes for these JSON definitions, parsed before."""
    return float(_node("asl-validator", {"texts": texts})["seconds"])


# state-machine-amz-py


@contextmanager
def _amz(workload: Workload) -> Iterator[Once]:
    module = importlib.import_module("src.machine.state_machine")
    if workload.functions:
        raise Cannot("no functions")
    try:
        machine: Any = module.StateMachine.from_json(json.dumps(workload.definition))
        machine.validate()
    except Exception as error:  # whatever it thinks of a valid definition
        raise Cannot(f"refuses it: {_first_line(error)}") from None
    loop = asyncio.new_event_loop()

    def once() -> object:
        # It changes its input in place.
        given = json.loads(json.dumps(workload.input))
        return loop.run_until_complete(machine.execute(given)).output

    try:
        yield once
    finally:
        loop.close()


# moto

_INVOKE = (
    "moto.stepfunctions.parser.asl.component.state.exec.state_task.lambda_eval_utils"
    "._invoke_lambda_function"
)


@contextmanager
def _moto(workload: Workload) -> Iterator[Once]:
    from unittest.mock import patch

    import boto3
    from moto import mock_aws

    if workload.definition.get("QueryLanguage") == "JSONata":
        raise Cannot("no JSONata")

    def invoke(parameters: dict[str, Any], **_: object) -> dict[str, Any]:
        name = parameters["FunctionName"].rpartition(":")[2]
        output = workload.functions[name](json.loads(parameters["Payload"]))
        return {"StatusCode": 200, "Payload": output}

    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
    config: Any = {"stepfunctions": {"execute_state_machine": True}}
    with mock_aws(config=config), patch(_INVOKE, invoke):
        client = boto3.client("stepfunctions", region_name="us-east-1", **keys)
        arn = client.create_state_machine(
            name="benchmark",
            definition=json.dumps(workload.definition),
            roleArn="arn:aws:iam::123456789012:role/benchmark",
        )["stateMachineArn"]
        names = (f"run-{number}" for number in count())  # moto calls them all None
        yield lambda: _moto_once(client, arn, workload, next(names))


def _moto_once(client: Any, arn: str, workload: Workload, name: str) -> object:
    started = client.start_execution(
        stateMachineArn=arn, input=json.dumps(workload.input), name=name
    )["executionArn"]
    wait = 0.001
    until = perf_counter() + _PATIENCE_SECONDS
    while perf_counter() < until:
        told = client.describe_execution(executionArn=started)
        if told["status"] != "RUNNING":
            if told["status"] != "SUCCEEDED":
                raise Cannot(str(told["status"]))
            return json.loads(told["output"])
        sleep(wait)  # its users have no other way to wait
        wait = min(0.05, wait * 2)
    raise Cannot(f"more than {_PATIENCE_SECONDS} s")


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:60]


_RUNNERS = {"moto": _moto, "state-machine-amz-py": _amz}
_MODULES = {"moto": ("moto", "boto3"), "state-machine-amz-py": ("src.machine",)}
ENGINES = ("aws-local-stepfunctions", "moto", "state-machine-amz-py")
"""The peers that run machines, as their indexes call them."""


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # its parent is missing
        return False


def main(name: str, workload_name: str) -> None:
    """Run one workload once with one peer: what a start as a command costs."""
    workload = small(workload_name) if workload_name != "W1" else full("W1")
    if name == "aws-local-stepfunctions":
        _node_seconds(workload, 1, 0)
        return
    with _RUNNERS[name](workload) as once:
        once()


if __name__ == "__main__":
    main(*sys.argv[1:])
