"""The server's socket: what is no request, what is too much, who waits for whom."""

import http.client
import json
import logging
import socket
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import asl
from asl.server.http import Limits
from asl.server.log import JsonLines, log_to
from asl.server.serving import Server
from asl.server.wire import respond

JSON = "application/x-amz-json-1.0"
LIST = {"X-Amz-Target": "AWSStepFunctions.ListStateMachines", "Content-Type": JSON}
PATIENCE = 20
"""No verdict depends on it: how long a test waits before it fails."""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    limits = Limits(body_bytes=10_000, header_bytes=4_096)
    with Server(asl.Api(), port=0, limits=limits) as server:
        yield server


def address(server: Server) -> tuple[str, int]:
    host, _, port = server.url.removeprefix("http://").rpartition(":")
    return host, int(port)


def send(
    server: Server,
    body: bytes | str = b"{}",
    headers: Mapping[str, str] = LIST,
    *,
    method: str = "POST",
    path: str = "/",
) -> tuple[int, dict[str, str], Any]:
    """A request; gives status, headers and the answer's JSON."""
    connection = http.client.HTTPConnection(*address(server), timeout=PATIENCE)
    try:
        connection.request(method, path, body=body, headers=dict(headers))
        answer = connection.getresponse()
        text = answer.read()
        kept = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, kept, json.loads(text) if text else None
    finally:
        connection.close()


def say(server: Server, *parts: bytes) -> bytes:
    """Raw bytes; gives all that comes back until the server closes."""
    with socket.create_connection(address(server), timeout=PATIENCE) as peer:
        for part in parts:
            peer.sendall(part)
        said = b""
        while chunk := peer.recv(65_536):
            said += chunk
    return said


def test_an_operation_is_performed(server: Server) -> None:
    status, headers, answer = send(server)
    assert (status, answer) == (200, {"stateMachines": []})
    assert headers["content-type"] == JSON
    assert len(headers["x-amzn-requestid"]) == 36
    assert "server" not in headers


def test_a_signature_is_accepted_and_not_verified(server: Server) -> None:
    signed = {**LIST, "Authorization": "AWS4-HMAC-SHA256 Credential=x, Signature=y"}
    assert send(server, headers=signed)[0] == 200


def test_no_web_page_is_let_in(server: Server) -> None:
    status, headers, _ = send(server, headers={**LIST, "Origin": "http://evil.test"})
    assert status == 403
    assert not [name for name in headers if name.startswith("access-control")]
    assert send(server, method="OPTIONS", headers={"Origin": "http://e"})[0] == 405
    # Without a header that a page cannot send across origins nothing is done.
    plain = {"Content-Type": "text/plain"}
    assert send(server, headers=plain)[2]["__type"] == "UnknownOperationException"


def test_health_says_that_the_server_is_up(server: Server) -> None:
    status, _, answer = send(server, method="GET", path="/health", headers={})
    assert (status, answer) == (200, {"status": "ok", "version": asl.__version__})


NO_REQUESTS = {
    "no target": ({}, b"{}", 400, "UnknownOperationException"),
    "another service": (
        {"X-Amz-Target": "DynamoDB_20120810.GetItem"},
        b"{}",
        400,
        "UnknownOperationException",
    ),
    "no such operation": (
        {"X-Amz-Target": "AWSStepFunctions.Fly"},
        b"{}",
        400,
        "UnknownOperationException",
    ),
    "no operation": (
        {"X-Amz-Target": "AWSStepFunctions."},
        b"{}",
        400,
        "UnknownOperationException",
    ),
    "no JSON": (LIST, b"{", 400, "SerializationException"),
    "no UTF-8": (LIST, b'{"a": "\xff"}', 400, "SerializationException"),
    "no object": (LIST, b"[1]", 400, "SerializationException"),
    "no finite number": (LIST, b'{"maxResults": NaN}', 400, "SerializationException"),
    "too deep": (LIST, b"[" * 9_000, 400, "SerializationException"),
    "wrong type": (LIST, b'{"maxResults": "x"}', 400, "SerializationException"),
    "too large": (LIST, b" " * 10_001, 413, "RequestEntityTooLargeException"),
}


@pytest.mark.parametrize("name", NO_REQUESTS)
def test_what_is_no_request_gets_an_error_of_awss_shape(
    server: Server, name: str
) -> None:
    headers, body, status, code = NO_REQUESTS[name]
    found, told, answer = send(server, body, headers)
    assert (found, answer["__type"]) == (status, code)
    assert answer["message"]
    assert told["content-type"] == JSON
    assert told["x-amzn-errortype"] == code


@pytest.mark.parametrize("body", [b"", b"  ", b"{}"])
def test_no_body_is_an_empty_request(server: Server, body: bytes) -> None:
    assert send(server, body)[0] == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", "/", 405),
        ("DELETE", "/", 405),
        ("POST", "/other", 404),
        ("GET", "/../../etc/passwd", 404),
        ("GET", "/%2e%2e/asl/quotas.py", 404),
        ("POST", "/health", 405),
    ],
)
def test_other_paths_and_methods_are_no_operations(
    server: Server, method: str, path: str, status: int
) -> None:
    found, _, answer = send(server, b"", {}, method=method, path=path)
    assert (found, answer["__type"]) == (status, "UnknownOperationException")


def test_what_is_no_http_gets_awss_shape_too(server: Server) -> None:
    head, _, body = say(server, b"HELLO\r\n\r\n").partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400")
    assert json.loads(body)["__type"] == "SerializationException"


def test_a_header_that_is_too_large_is_refused(server: Server) -> None:
    said = say(server, b"POST / HTTP/1.1\r\nX: " + b"x" * 70_000)
    assert b"400" in said[:20] or said == b""


def test_a_body_without_a_length_is_counted(server: Server) -> None:
    chunk = b"2710\r\n" + b" " * 10_000 + b"\r\n"
    said = say(
        server,
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
        b"X-Amz-Target: AWSStepFunctions.ListStateMachines\r\n\r\n",
        chunk,
        chunk,
    )
    assert said.startswith(b"HTTP/1.1 413")
    assert b"RequestEntityTooLargeException" in said


def test_a_body_that_never_comes_times_out() -> None:
    with Server(asl.Api(), port=0, limits=Limits(body_seconds=0.05)) as server:
        said = say(
            server,
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n"
            b"X-Amz-Target: AWSStepFunctions.ListStateMachines\r\n\r\n{",
        )
    assert said.startswith(b"HTTP/1.1 408")
    assert b"RequestTimeout" in said


@pytest.mark.parametrize(
    "begun", [b"", b"POST / HT", b"POST / HTTP/1.1\r\nHost: a\r\n"]
)
def test_a_header_that_never_ends_closes_the_connection(begun: bytes) -> None:
    with Server(asl.Api(), port=0, limits=Limits(header_seconds=0.05)) as server:
        assert say(server, begun) == b""


def test_a_header_is_limited_on_a_kept_connection_too() -> None:
    limits = Limits(header_seconds=0.2)
    with (
        Server(asl.Api(), port=0, limits=limits) as server,
        socket.create_connection(address(server), timeout=PATIENCE) as peer,
    ):
        peer.sendall(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
        said = b""
        while not said.endswith(b"}"):
            said += peer.recv(65_536)
        assert said.startswith(b"HTTP/1.1 200")
        peer.sendall(b"GET /hea")
        assert peer.recv(65_536) == b""


def test_a_client_that_leaves_disturbs_nobody(server: Server) -> None:
    with socket.create_connection(address(server), timeout=PATIENCE) as peer:
        peer.sendall(
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n"
            b"X-Amz-Target: AWSStepFunctions.ListStateMachines\r\n\r\n{"
        )
    assert send(server)[0] == 200


class Slow:
    """A service whose long polls last until they are let go."""

    def __init__(self) -> None:
        self.waiting = threading.Semaphore(0)
        self.go = threading.Event()
        self.is_closed = False
        self.at_work = 0

    def call(self, action: str, request: Mapping[str, Any]) -> dict[str, Any]:
        if action in ("GetActivityTask", "StartSyncExecution"):
            self.at_work += 1
            self.waiting.release()
            assert self.go.wait(PATIENCE)
            self.at_work -= 1
        return {"action": action}

    def release(self) -> None:
        assert not self.is_closed
        self.go.set()

    def close(self) -> None:
        assert self.at_work == 0
        self.is_closed = True


def poll(server: Server, action: str, answers: list[Any]) -> threading.Thread:
    headers = {"X-Amz-Target": f"AWSStepFunctions.{action}"}
    thread = threading.Thread(
        target=lambda: answers.append(send(server, b"{}", headers)[2])
    )
    thread.start()
    return thread


def test_long_polls_keep_nobody_waiting() -> None:
    service, answers = Slow(), list[Any]()
    with Server(service, port=0, limits=Limits(threads=1)) as server:
        polls = [poll(server, "GetActivityTask", answers) for _ in range(20)]
        for _ in polls:
            assert service.waiting.acquire(timeout=PATIENCE)
        assert send(server)[2] == {"action": "ListStateMachines"}
        service.go.set()
        for thread in polls:
            thread.join()
    assert answers == [{"action": "GetActivityTask"}] * 20


def test_operations_that_wait_for_others_do_not_lock_up() -> None:
    service, answers = Slow(), list[Any]()
    limits = Limits(threads=1, patience_seconds=0.01)
    with Server(service, port=0, limits=limits) as server:
        waiting = [poll(server, "StartSyncExecution", answers) for _ in range(5)]
        for _ in waiting:
            assert service.waiting.acquire(timeout=PATIENCE)
        assert send(server)[2] == {"action": "ListStateMachines"}
        service.go.set()
        for thread in waiting:
            thread.join()
    assert len(answers) == 5


def test_there_are_no_more_threads_than_the_most() -> None:
    service, answers = Slow(), list[Any]()
    limits = Limits(threads=1, most_threads=2, patience_seconds=0.01)
    with Server(service, port=0, limits=limits) as server:
        threads = [poll(server, "StartSyncExecution", answers) for _ in range(3)]
        for _ in range(2):
            assert service.waiting.acquire(timeout=PATIENCE)
        assert not service.waiting.acquire(timeout=0.1)
        service.go.set()
        for thread in threads:
            thread.join()
    assert len(answers) == 3


def test_a_stop_ends_long_polls_and_finishes_what_is_at_work() -> None:
    service, answers = Slow(), list[Any]()
    server = Server(service, port=0).start()
    actions = ["GetActivityTask", "StartSyncExecution"]
    threads = [poll(server, action, answers) for action in actions]
    for _ in threads:
        assert service.waiting.acquire(timeout=PATIENCE)
    server.close()
    for thread in threads:
        thread.join()
    assert service.is_closed
    assert sorted(one["action"] for one in answers) == actions
    with pytest.raises(OSError, match=r"refused|reset"):
        send(server)


def test_a_bug_is_told_to_the_log_alone(caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        def call(self, action: str, request: Mapping[str, Any]) -> dict[str, Any]:
            raise RuntimeError("a secret")

    with Server(Broken(), port=0) as server:
        status, headers, answer = send(server)
    assert (status, answer["__type"]) == (500, "InternalFailure")
    assert "secret" not in json.dumps(answer)
    assert "a secret" in caplog.text
    records = [one for one in caplog.records if one.exc_info]
    assert records[0].__dict__["requestId"] == headers["x-amzn-requestid"]


def test_an_answer_that_is_no_json_is_a_bug() -> None:
    class Odd:
        def call(self, action: str, request: Mapping[str, Any]) -> dict[str, Any]:
            return {"a": object()}

    reply = respond(Odd(), "AWSStepFunctions.X", b"", "id")
    assert (reply.status, reply.code) == (500, "InternalFailure")


def test_half_a_surrogate_pair_can_be_sent() -> None:
    class Odd:
        def call(self, action: str, request: Mapping[str, Any]) -> dict[str, Any]:
            return {"a": request["a"]}

    reply = respond(Odd(), "AWSStepFunctions.X", b'{"a": "\\ud800"}', "id")
    assert (reply.status, reply.body) == (200, b'{"a": "?"}')


def test_a_usage_error_is_the_callers() -> None:
    class Strict:
        def call(self, action: str, request: Mapping[str, Any]) -> dict[str, Any]:
            raise asl.UsageError("no bucket")

    reply = respond(Strict(), "AWSStepFunctions.X", b"", "id")
    assert json.loads(reply.body) == {
        "__type": "ValidationException",
        "message": "no bucket",
    }


def test_a_port_in_use_is_refused(server: Server) -> None:
    _, port = address(server)
    with pytest.raises(asl.UsageError, match="choose another port"):
        Server(asl.Api(), port=port)
    with pytest.raises(asl.UsageError, match="cannot listen at"):
        Server(asl.Api(), host="192.0.2.1", port=0)


def test_ipv6_has_brackets() -> None:
    try:
        with Server(asl.Api(), host="::1", port=0) as server:
            assert server.url.startswith("http://[::1]:")
    except asl.UsageError:
        pytest.skip("this machine has no IPv6")


def test_the_log_is_lines_of_json(tmp_path: Path) -> None:
    file = tmp_path / "server.log"
    handler = log_to(str(file))
    try:
        with Server(asl.Api(), port=0) as server:
            send(server, headers={**LIST, "Authorization": "secret"})
            send(server, b"{")
    finally:
        handler.close()
        for name in ("asl.server", "uvicorn.error"):
            logging.getLogger(name).removeHandler(handler)
            logging.getLogger(name).propagate = True
    text = file.read_text()
    assert "secret" not in text
    lines = [json.loads(line) for line in text.splitlines()]
    requests = [line for line in lines if line["message"] == "request"]
    assert [line["status"] for line in requests] == [200, 400]
    assert requests[0].keys() == {
        "time",
        "level",
        "message",
        "action",
        "status",
        "milliseconds",
        "requestId",
    }
    assert requests[1]["error"] == "SerializationException"


def test_a_logged_exception_stays_on_one_line() -> None:
    try:
        raise ValueError("a\nb")
    except ValueError as error:
        info = (type(error), error, error.__traceback__)
    record = logging.LogRecord("asl.server", 40, "f", 1, "oh", (), info)
    line = JsonLines().format(record)
    assert "\n" not in line
    assert "ValueError: a\nb" in json.loads(line)["exception"]


def test_a_log_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(asl.UsageError, match="cannot be written"):
        log_to(str(tmp_path / "no" / "file"))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=10), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(
    action=st.sampled_from(asl.Api().actions) | st.text(max_size=10),
    body=st.binary(max_size=60) | VALUES.map(lambda value: json.dumps(value).encode()),
)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_sent_the_answer_has_awss_shape(
    server: Server, action: str, body: bytes
) -> None:
    target = f"AWSStepFunctions.{action}".encode().hex()
    # A header holds no text of every kind: what it cannot hold is sent as its code.
    plain = action if action.isascii() and action.isprintable() else target
    headers = {"X-Amz-Target": f"AWSStepFunctions.{plain}", "Content-Type": JSON}
    status, told, answer = send(server, body, headers)
    assert told["content-type"] == JSON
    assert isinstance(answer, dict)
    if status != 200:
        assert status == 400
        assert answer["__type"].isidentifier()
        assert "Traceback" not in answer["message"]


def test_the_example_of_the_readme_is_an_app() -> None:
    from starlette.applications import Starlette

    from asl.server.http import make_app

    assert isinstance(make_app(asl.Api()), Starlette)
