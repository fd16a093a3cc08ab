"""Put 200 clients at `asl serve` and at moto's server, and write SERVER_LOAD.md.

    python tests/benchmarks/server_load.py [--seconds 60] [--clients 200]

In: nothing but this machine; loopback alone. Out: a table, printed and written beside
this file: requests and executions a second, p50 and p99, errors, lost executions.
Never: fails because something is slow; what is lost or refused stands in the table.

Each client has one connection and does the same again and again: it starts an
execution of three states, describes it until it has ended, and looks at its output.
Afterwards every execution that was acknowledged must be listed as SUCCEEDED. All
servers are loaded one after the other in the same run, by the same clients, in a
process of its own beside the server's: figures hold for this machine, ratios between
servers better than that. moto runs state machines only when told to, by its own API.
"""

import argparse
import asyncio
import contextlib
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
RESULTS = Path(__file__).with_name("SERVER_LOAD.md")
PATIENCE = 120
DEFINITION = {
    "StartAt": "Take",
    "States": {
        "Take": {"Type": "Pass", "ResultPath": "$.taken", "Result": 1, "Next": "Is"},
        "Is": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.taken", "NumericEquals": 1, "Next": "Done"}],
        },
        "Done": {"Type": "Succeed"},
    },
}


@dataclass
class Found:
    """What a load has come to."""

    server: str
    seconds: float = 0
    milliseconds: dict[str, list[float]] = field(default_factory=dict)
    """By operation, one for each request."""
    started: set[str] = field(default_factory=set)
    """Names of executions that were acknowledged."""
    ended: int = 0
    errors: list[str] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)

    @property
    def requests(self) -> int:
        """All of them."""
        return sum(map(len, self.milliseconds.values()))

    def at(self, action: str, percent: int) -> float:
        """The milliseconds within which so many requests were answered."""
        times = self.milliseconds.get(action, [])
        return quantiles(times, n=100)[percent - 1] if len(times) > 1 else 0


class Client:
    """One connection, kept alive where the server does."""

    def __init__(self, url: str, found: Found) -> None:
        self._host, _, port = url.removeprefix("http://").partition(":")
        self._port = int(port)
        self._found = found
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def call(self, action: str, **request: Any) -> dict[str, Any]:
        """Perform an operation, and note how long it took."""
        body = json.dumps(request).encode()
        head = (
            f"POST / HTTP/1.1\r\nHost: {self._host}:{self._port}\r\n"
            f"X-Amz-Target: AWSStepFunctions.{action}\r\n"
            "Content-Type: application/x-amz-json-1.0\r\n"
            "Authorization: AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/states/"
            "aws4_request, SignedHeaders=host, Signature=0\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode()
        begun = perf_counter()
        status, answer = await asyncio.wait_for(self._send(head + body), PATIENCE)
        took = (perf_counter() - begun) * 1000
        self._found.milliseconds.setdefault(action, []).append(took)
        if status != 200:
            raise OSError(f"{action}: {status} {answer[:200]!r}")
        return dict(json.loads(answer))

    async def _send(self, request: bytes) -> tuple[int, bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = re.search(rb"content-length: (\d+)", head)
        body = await (reader.readexactly(int(length[1])) if length else reader.read())
        if head.startswith(b"http/1.0") or b"connection: close" in head:
            self.close()
        return int(head.split(b" ", 2)[1]), body

    def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def work(client: Client, number: int, machine: str, until: float) -> None:
    """One client's work: start, describe, look; until it is time."""
    found, count = client._found, 0
    try:
        while perf_counter() < until:
            count += 1
            name = f"c{number}-{count}"
            arn = (
                await client.call(
                    "StartExecution",
                    stateMachineArn=machine,
                    name=name,
                    input=json.dumps({"n": count}),
                )
            )["executionArn"]
            found.started.add(name)
            while True:
                told = await client.call("DescribeExecution", executionArn=arn)
                if told["status"] != "RUNNING":
                    break
                await asyncio.sleep(0.01)
            output = json.loads(told.get("output") or "null")
            if told["status"] != "SUCCEEDED" or output != {"n": count, "taken": 1}:
                found.errors.append(f"{name}: {told}")
            found.ended += 1
    except (OSError, EOFError, TimeoutError, ValueError) as error:
        found.errors.append(f"{type(error).__name__}: {error}")
    finally:
        client.close()


async def load(url: str, found: Found, clients: int, seconds: float) -> None:
    """Load a server, then look for what it has lost."""
    role = "arn:aws:iam::123456789012:role/r"
    request = {"name": "m", "definition": json.dumps(DEFINITION), "roleArn": role}
    one = Client(url, Found("setup"))
    machine = (await one.call("CreateStateMachine", **request))["stateMachineArn"]
    begun = perf_counter()
    until = begun + seconds
    async with asyncio.TaskGroup() as group:
        for number in range(clients):
            group.create_task(work(Client(url, found), number, machine, until))
    found.seconds = perf_counter() - begun
    found.lost = found.started - await succeeded(one, machine)
    one.close()


async def succeeded(client: Client, machine: str) -> set[str]:
    """The names of all executions that a server lists as SUCCEEDED."""
    names, page = set(), dict[str, str]()
    while True:
        listed = await client.call(
            "ListExecutions", stateMachineArn=machine, maxResults=1000, **page
        )
        names |= {
            one["name"] for one in listed["executions"] if one["status"] == "SUCCEEDED"
        }
        if not listed.get("nextToken"):
            return names
        page = {"nextToken": listed["nextToken"]}


# ---------------------------------------------------------------------------- servers


@contextlib.contextmanager
def process(*command: str, url: Callable[[str], str | None]) -> Iterator[str]:
    """A server in a process of its own; gives its URL."""
    server = subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines = server.stdout
    assert lines is not None
    drain = threading.Thread(target=lambda: all(True for _ in lines))
    try:
        found = next((found for line in lines if (found := url(line))), None)
        if found is None:
            raise OSError(f"{command[0]} did not start")
        drain.start()  # or a server that says much would wait for a reader
        yield found
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        if drain.ident is not None:
            drain.join()
        lines.close()


def _url(line: str) -> str | None:
    found = re.search(r"http://[\d.]+:\d+", line)
    return found[0] if found else None


def asl(*options: str) -> contextlib.AbstractContextManager[str]:
    """`asl serve` on any port; its log goes nowhere."""
    command = [
        sys.executable,
        "-m",
        "asl",
        "serve",
        "--port",
        "0",
        "--log",
        "/dev/null",
    ]
    return process(*command, *options, url=_url)


@contextlib.contextmanager
def moto() -> Iterator[str]:
    """moto's server, which is told to run state machines."""
    from urllib.request import Request, urlopen

    program = shutil.which("moto_server") or str(
        Path(sys.executable).with_name("moto_server")
    )
    with process(program, "-p", "0", url=_url) as url:
        body = json.dumps({"stepfunctions": {"execute_state_machine": True}}).encode()
        headers = {"Content-Type": "application/json"}
        request = Request(f"{url}/moto-api/config", body, headers, method="POST")
        with urlopen(request, timeout=PATIENCE) as answer:
            assert answer.status == 201, answer.status
        yield url


def measure(
    name: str,
    server: contextlib.AbstractContextManager[str],
    clients: int,
    seconds: float,
) -> Found:
    """Load one server."""
    found = Found(name)
    with server as url:
        asyncio.run(load(url, found, clients, seconds))
    return found


def table(results: list[Found], clients: int, seconds: float) -> str:
    """The results as Markdown."""
    cores = len(os.sched_getaffinity(0))
    lines = [
        "# The server under load",
        "",
        f"Written by `server_load.py` on {date.today()}: Python "  # noqa: DTZ011 - for people
        f"{platform.python_version()} on {platform.system()} {platform.machine()}, "
        f"{cores} cores; {clients} clients for {seconds:g} s each, on the loopback. A "
        "client starts an execution of three states, then describes it until it has "
        "ended. Times hold for this machine; ratios travel better.",
        "",
        "| server | executions/s | requests/s | start p50 | p99 | describe p50 | p99 "
        "| errors | lost |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for one in results:
        times = " | ".join(
            f"{one.at(action, percent):,.0f} ms"
            for action in ("StartExecution", "DescribeExecution")
            for percent in (50, 99)
        )
        lines.append(
            f"| {one.server} | {one.ended / one.seconds:,.0f} "
            f"| {one.requests / one.seconds:,.0f} | {times} "
            f"| {len(one.errors)} of {one.requests:,} "
            f"| {len(one.lost)} of {len(one.started):,} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Load one server after the other."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--clients", type=int, default=200)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = f"sqlite:///{folder}/asl.db"
        servers = {
            "`asl serve`": asl(),
            "`asl serve --store sqlite:///…`": asl("--store", store),
            "`asl serve --real-time`": asl("--real-time"),
            "moto's server": moto(),
        }
        results = [
            measure(name, server, given.clients, given.seconds)
            for name, server in servers.items()
        ]
    text = table(results, given.clients, given.seconds)
    sys.stdout.write(text)
    for one in results:
        for error in one.errors[:3]:
            sys.stdout.write(f"{one.server}: {error}\n")
    RESULTS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
