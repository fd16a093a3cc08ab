"""Whatever comes over the socket is answered, in AWS's shape, and nobody hangs."""

import http.client
import json
import random
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from requests_at_random import calls, prepared

import asl
from asl.checks.api_models import find_model
from asl.server.http import Limits
from asl.server.request_shapes import OPERATIONS, find_input
from asl.server.serving import Server

PATIENCE = 30
"""No verdict depends on it: how long a test waits before it fails."""
BODY_BYTES = 100_000
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
COMMON = {"ValidationException", "SerializationException", "InvalidArn"}
"""Refusals that any operation may give, whatever its model lists."""
UNTOLD = {"ListStateMachineVersions": {"StateMachineDoesNotExist"}}
"""Where the model has no word for what is missing."""
TOO_LARGE = (413, "RequestEntityTooLargeException")


class Turn:
    """A service that is another one for every example."""

    def __init__(self) -> None:
        self.api = asl.Api()

    def call(self, action: str, request: Mapping[str, Any]) -> dict[str, Any]:
        return self.api.call(action, request)

    def begin(self) -> None:
        self.api.close()
        self.api = prepared()

    def close(self) -> None:
        self.api.close()


class Door:
    """A server and one connection to it."""

    def __init__(self, limits: Limits) -> None:
        self.service = Turn()
        self.server = Server(self.service, port=0, limits=limits)
        host, _, port = self.server.url.removeprefix("http://").rpartition(":")
        self.address = (host, int(port))

    def send(self, action: str, body: bytes) -> tuple[int, Any]:
        """An operation's status and answer, of AWS's shape whatever was sent."""
        connection = http.client.HTTPConnection(*self.address, timeout=PATIENCE)
        headers = {"X-Amz-Target": f"AWSStepFunctions.{action}"}
        try:
            connection.request("POST", "/", body, headers)
            told = connection.getresponse()
            text = told.read()
        except (BrokenPipeError, ConnectionResetError):
            # The server need not read to its end what it refuses.
            assert len(body) > BODY_BYTES
            return TOO_LARGE[0], {"__type": TOO_LARGE[1]}
        finally:
            connection.close()
        assert told.getheader("Content-Type") == "application/x-amz-json-1.0"
        assert told.getheader("x-amzn-RequestId")
        assert b"Traceback" not in text
        answer = json.loads(text)
        assert isinstance(answer, dict)
        if told.status != 200:
            code = answer["__type"]
            assert told.getheader("x-amzn-ErrorType") == code
            assert isinstance(answer["message"], str)
            assert told.status == 400 or (told.status, code) == TOO_LARGE, text
            assert code in errors_of(action) | COMMON | {TOO_LARGE[1]}, text
        return told.status, answer


def errors_of(action: str) -> set[str]:
    """The refusals that the model has for an operation."""
    model = find_model("sfn")
    assert model is not None
    told = model["operations"][action].get("errors", ())
    return {error["shape"] for error in told} | UNTOLD.get(action, set())


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    door = Door(Limits(body_bytes=BODY_BYTES))
    with door.server:
        yield door


# ------------------------------------------------------------ requests, by their model


def check_calls(door: Door, asked: list[tuple[str, Any]]) -> None:
    door.service.begin()
    for action, request in asked:
        door.send(action, json.dumps(request).encode())


@settings(max_examples=40, deadline=None, suppress_health_check=SLOW)
@given(asked=st.lists(calls(), min_size=1, max_size=8))
def test_every_operation_answers_or_refuses_over_http(
    door: Door, asked: list[tuple[str, Any]]
) -> None:
    check_calls(door, asked)


# --------------------------------------------------------------- bodies that are broken


@st.composite
def broken_bodies(draw: st.DrawFn) -> tuple[str, bytes]:
    """An operation and the body of a request of its, with something done to it."""
    action, request = draw(calls())
    body = json.dumps(request).encode()
    at = draw(st.integers(0, len(body)))
    junk = draw(st.binary(min_size=1, max_size=4))
    ways: list[Callable[[], bytes]] = [
        lambda: body[:at],
        lambda: body[:at] + junk + body[at:],
        lambda: body[:at] + junk + body[at + len(junk) :],
        lambda: body + body,
        lambda: body.decode().encode("utf-16"),
        lambda: b"\xef\xbb\xbf" + body,
        lambda: body.replace(b'"', b"'"),
        lambda: body.replace(b":", b":" + b"[" * 5_000, 1),
        lambda: body.replace(b"{", b'{"":1,"":', 1),
    ]
    return action, draw(st.sampled_from(ways))()


@settings(max_examples=100, deadline=None, suppress_health_check=SLOW)
@given(sent=broken_bodies())
def test_a_broken_body_is_answered(door: Door, sent: tuple[str, bytes]) -> None:
    door.send(*sent)


WRONG: dict[str, Any] = {
    "null": None,
    "a number": 1e308,
    "a long number": 10**400,
    "a text": "x",
    "an empty text": "",
    "a long text": "x" * 50_000,
    "half a surrogate": "\ud800",
    "NUL": "\x00",
    "a list": [[]],
    "an object": {"": {}},
    "many": [{"key": str(n), "value": ""} for n in range(1_000)],
}


@pytest.mark.parametrize("action", OPERATIONS)
def test_an_operation_stands_wrong_members_and_wrong_bodies(
    door: Door, action: str
) -> None:
    door.service.begin()
    found = find_input(action)
    assert found is not None
    members = list(found[0]["members"])
    for value in WRONG.values():
        every = json.dumps(dict.fromkeys(members, value))
        door.send(action, every.encode())
        for name in members:
            door.send(action, json.dumps({name: value}).encode())
    for body in (
        b"",
        b"null",
        b"[]",
        b'"x"',
        b"\xff\xfe",
        b"{" * 50_000,
        b'{"a":' * 10_000,
        b'{"x": 1' + b"0" * 10_000 + b"}",
    ):
        door.send(action, body)
    status, answer = door.send(action, b" " * (BODY_BYTES + 1))
    assert (status, answer["__type"]) == TOO_LARGE


# ------------------------------------------------------------- what could run for ever


def machine(state: dict[str, Any], **fields: Any) -> str:
    return json.dumps({"StartAt": "S", "States": {"S": state}, **fields})


def jsonata(text: str) -> str:
    state = {"Type": "Pass", "Output": f"{{% {text} %}}", "End": True}
    return machine(state, QueryLanguage="JSONata")


def path(text: str) -> str:
    return machine({"Type": "Pass", "InputPath": text, "End": True})


AGAIN = {"Variable": "$.end", "IsPresent": True, "Next": "E"}
ENDLESS = {
    "a loop": json.dumps(
        {
            "StartAt": "C",
            "States": {
                "C": {"Type": "Choice", "Choices": [AGAIN], "Default": "W"},
                "W": {"Type": "Wait", "Seconds": 0, "Next": "C"},
                "E": {"Type": "Succeed"},
            },
        }
    ),
    "a function that calls itself": jsonata("($f := function(){ $f() }; $f())"),
    "a function that never returns": jsonata("($f := function($n){1+$f($n)}; $f(1))"),
    "a range": jsonata("$count([1..10000000])"),
    "a range of ranges": jsonata("$count([1..3000].([1..3000]))"),
    "a list that doubles": jsonata(
        "$reduce([1..60], function($a, $b){ $append($a, $a) }, [1, 1])"
    ),
    "a wide text": jsonata("$pad('x', 1000000000)"),
    "a large number": jsonata("$power(9999999, 9999999)"),
    "a path with many ways": path("$" + "..a" * 500),
    "a wait": machine({"Type": "Wait", "Seconds": 99_999_999, "End": True}),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_what_could_run_for_ever_comes_to_an_end(door: Door, name: str) -> None:
    door.service.begin()
    request = {
        "name": "endless",
        "definition": ENDLESS[name],
        "roleArn": "arn:aws:iam::123456789012:role/r",
        "type": "EXPRESS",
    }
    _, made = door.send("CreateStateMachine", json.dumps(request).encode())
    deep = '{"a":' * 50 + "1" + "}" * 50
    start = {"stateMachineArn": made["stateMachineArn"], "input": deep}
    status, done = door.send("StartSyncExecution", json.dumps(start).encode())
    assert status == 200
    assert done["status"] in ("FAILED", "TIMED_OUT")


# ------------------------------------------------------------------------- who is slow


def begin(address: tuple[str, int], action: str) -> socket.socket:
    """A client that says the half of a request."""
    peer = socket.create_connection(address, timeout=PATIENCE)
    peer.sendall(
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n"
        b"X-Amz-Target: AWSStepFunctions.%s\r\n\r\n{" % action.encode()
    )
    return peer


def test_who_is_slow_is_told_so_and_holds_up_nobody() -> None:
    door = Door(Limits(body_seconds=0.3))
    with door.server:
        peers = [begin(door.address, action) for action in OPERATIONS]
        assert door.send("ListStateMachines", b"{}")[0] == 200
        for peer in peers:
            with peer:
                said = b""
                while chunk := peer.recv(65_536):
                    said += chunk
            head, _, body = said.partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 408")
            assert json.loads(body)["__type"] == "RequestTimeout"
        assert door.send("ListStateMachines", b"{}")[0] == 200


# -------------------------------------------------------------------------------- soak


@pytest.mark.soak
def test_the_server_stands_all_of_it_for_long(
    record_property: Callable[[str, object], None],
) -> None:
    number = random.SystemRandom().getrandbits(32)
    sys.stdout.write(f"seed {number}\n")
    record_property("seed", number)
    door = Door(Limits(body_bytes=BODY_BYTES))

    @seed(number)
    @settings(max_examples=2_000, deadline=None, suppress_health_check=SLOW)
    @given(st.lists(calls(), min_size=1, max_size=8), broken_bodies())
    def look(asked: list[tuple[str, Any]], sent: tuple[str, bytes]) -> None:
        check_calls(door, asked)
        door.send(*sent)

    with door.server:
        # Beside them, clients that began and say nothing more.
        peers = [begin(door.address, action) for action in OPERATIONS * 3]
        before = threading.active_count()
        look()
        assert threading.active_count() <= before + Limits().threads
        for peer in peers:
            peer.close()
        assert door.send("ListStateMachines", b"{}")[0] == 200
