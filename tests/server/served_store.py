"""A server with a store in a process of its own, and clients that note its answers."""

import contextlib
import http.client
import json
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROLE = "arn:aws:iam::123456789012:role/r"
PASS = '{"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}}'
WAIT = (
    '{"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 3600, "End": true}}}'
)
PATIENCE = 60


class Refused(Exception):
    """The server has answered with an error."""


class Process:
    """`asl serve` over a SQLite file."""

    def __init__(self, file: Path, *options: str, **popen: Any) -> None:
        self.file = file
        self.log = file.with_name("log.jsonl")
        self.log.unlink(missing_ok=True)
        command = [sys.executable, "-m", "asl", "serve", "--port", "0"]
        command += ["--store", f"sqlite:///{file}", "--log", str(self.log), *options]
        self.popen = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **popen,
        )
        assert self.popen.stdout is not None
        first = self.popen.stdout.readline()
        if " at http://" not in first:
            self.kill()
            raise AssertionError(first + self.errors)
        self.url = first.split()[-1]

    def kill(self) -> None:
        """kill -9, whatever it is doing."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """End it gracefully; gives the exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, sign: int) -> int:
        self.popen.send_signal(sign)
        return self.wait()

    def wait(self) -> int:
        """Its exit code, once it has ended."""
        _, self.errors = self.popen.communicate(timeout=PATIENCE)
        return self.popen.returncode

    def told(self, message: str) -> list[dict[str, Any]]:
        """The records of its log that have such a message."""
        lines = self.log.read_text(encoding="utf-8").splitlines()
        records = [json.loads(line) for line in lines if line.endswith("}")]
        return [one for one in records if message in one["message"]]


class Client:
    """One connection to a server."""

    def __init__(self, url: str) -> None:
        self._to = http.client.HTTPConnection(
            urlsplit(url).netloc, timeout=PATIENCE, blocksize=65536
        )

    def call(self, action: str, **request: Any) -> dict[str, Any]:
        """Perform an operation; OSError or HTTPException where the server is gone."""
        headers = {
            "X-Amz-Target": f"AWSStepFunctions.{action}",
            "Content-Type": "application/x-amz-json-1.0",
        }
        self._to.request("POST", "/", json.dumps(request), headers)
        response = self._to.getresponse()
        answer: dict[str, Any] = json.loads(response.read())
        if response.status != 200:
            raise Refused(f"{action}: {answer}")
        return answer

    def create(self, name: str, definition: str) -> str:
        """A machine's ARN."""
        request = {"name": name, "definition": definition, "roleArn": ROLE}
        return str(self.call("CreateStateMachine", **request)["stateMachineArn"])

    def close(self) -> None:
        """Hang up."""
        self._to.close()


class Worker:
    """A client that does things at random and notes what was acknowledged."""

    def __init__(self, name: str, seed: str, *, is_virtual: bool) -> None:
        self.name = name
        self.chance = random.Random(seed)
        self.is_virtual = is_virtual
        self.executions: dict[str, tuple[set[str], str]] = {}
        """By ARN: how it may stand, and its input."""
        self.machines: dict[str, set[str]] = {}
        """By ARN: the roles that it may have."""
        self.versions: dict[str, int] = {}
        self.tags: dict[str, dict[str, set[str]]] = {}
        self.errors: list[Exception] = []
        self._count = 0

    def run(self, url: str, acknowledged: Callable[[], None]) -> None:
        """Work until the server is gone."""
        client = Client(url)
        try:
            passes = client.create(f"{self.name}-pass", PASS)
            waits = client.create(f"{self.name}-wait", WAIT)
            self.machines |= {passes: {ROLE}, waits: {ROLE}}
            while True:
                self.step(client, passes, waits)
                acknowledged()
        except (OSError, http.client.HTTPException):
            pass  # it was killed
        except Exception as error:
            self.errors.append(error)
        finally:
            client.close()
            acknowledged()

    def step(self, client: Client, passes: str, waits: str) -> None:
        """One thing at random."""
        self._count += 1
        number = self._count
        match self.chance.randrange(10):
            case 0 | 1 | 2 | 3:
                self.start(client, passes, {"SUCCEEDED"})
            case 4 | 5:
                self.start(client, waits, {"ABORTED"})
            case 6:
                self.look(client)
            case 7:
                role = f"{ROLE}{number}"
                self.machines[passes].add(role)
                client.call("UpdateStateMachine", stateMachineArn=passes, roleArn=role)
                self.machines[passes] = {role}
            case 8:
                client.call("PublishStateMachineVersion", stateMachineArn=passes)
                arn = client.call("PublishStateMachineVersion", stateMachineArn=passes)
                version = int(arn["stateMachineVersionArn"].rpartition(":")[2])
                self.versions[passes] = version
            case _:
                self.tag(client, number)

    def start(self, client: Client, machine: str, ends: set[str]) -> None:
        """Start an execution."""
        text = json.dumps({"n": self._count, "pad": "x" * self.chance.randrange(3000)})
        arn = client.call("StartExecution", stateMachineArn=machine, input=text)
        # In real time it is under way when the answer comes.
        ends = ends if self.is_virtual else ends | {"ABORTED"}
        self.executions[arn["executionArn"]] = ends, text

    def look(self, client: Client) -> None:
        """Describe one; what was told of its end must be so for ever."""
        if self.executions:
            arn = self.chance.choice(list(self.executions))
            ends, text = self.executions[arn]
            self.executions[arn] = ends | {"SUCCEEDED"}, text
            status = client.call("DescribeExecution", executionArn=arn)["status"]
            if status != "RUNNING":
                self.executions[arn] = {status}, text

    def tag(self, client: Client, number: int) -> None:
        """Make an activity, or tag one."""
        if not self.tags or self.chance.random() < 0.3:
            name = f"{self.name}-{number}"
            made = client.call("CreateActivity", name=name)
            self.tags[made["activityArn"]] = {}
            return
        arn = self.chance.choice(list(self.tags))
        value = str(number)
        self.tags[arn].setdefault("k", {"none"}).add(value)
        tags = [{"key": "k", "value": value}]
        client.call("TagResource", resourceArn=arn, tags=tags)
        self.tags[arn]["k"] = {value}

    # ------------------------------------------------------------------ after the kill

    def check(self, client: Client) -> int:
        """Hold what the server has now against what was acknowledged."""
        assert self.errors == []
        for arn, (ends, text) in self.executions.items():
            found = client.call("DescribeExecution", executionArn=arn)
            assert found["status"] in ends, (arn, found, ends)
            assert found["input"] == text
            events = client.call("GetExecutionHistory", executionArn=arn)["events"]
            assert [one["id"] for one in events] == list(range(1, len(events) + 1))
            last = "Execution" + found["status"].capitalize()
            assert events[-1]["type"] == last
            if found["status"] == "SUCCEEDED":
                assert json.loads(found["output"]) == json.loads(text)
        for arn, roles in self.machines.items():
            found = client.call("DescribeStateMachine", stateMachineArn=arn)
            assert found["roleArn"] in roles
        for arn, version in self.versions.items():
            client.call("DescribeStateMachine", stateMachineArn=f"{arn}:{version}")
        for arn, tags in self.tags.items():
            found = client.call("ListTagsForResource", resourceArn=arn)
            kept = {one["key"]: one["value"] for one in found["tags"]}
            for key, values in tags.items():
                assert kept.get(key, "none") in values
        return len(self.executions)


def load_and_kill(
    process: Process, workers: list[Worker], operations: int, delay: float
) -> int:
    """Let workers at a server, kill it in the midst; gives how much was answered."""
    answered = threading.Semaphore(0)
    threads = [
        threading.Thread(target=one.run, args=(process.url, answered.release))
        for one in workers
    ]
    for thread in threads:
        thread.start()
    for _ in range(operations):
        assert answered.acquire(timeout=PATIENCE)
    threading.Event().wait(delay)  # a moment that has to do with nothing
    process.kill()
    for thread in threads:
        thread.join(PATIENCE)
    left = 0
    while answered.acquire(blocking=False):
        left += 1
    return operations + left


@contextlib.contextmanager
def connected(url: str) -> Iterator[Client]:
    """A client for a while."""
    client = Client(url)
    try:
        yield client
    finally:
        client.close()
