"""The page at /: its parts, who may have them, and what the page is told."""

import asyncio
import base64
import hashlib
import http.client
import io
import json
import pickle
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from service import PASS, SEND, WAIT, Service, asks

import asl
from asl.diagrams.shape import build_shape
from asl.server.browsers import check_operation, check_question
from asl.server.http import Limits, make_app
from asl.server.page import Page, find_part
from asl.server.picture import answer, draw_apart
from asl.server.serving import Server

HOSTILE = "<img src=x onerror='window.hit=1'>"
PARTS = [
    "page.html",
    "page.css",
    "main.js",
    "dom.js",
    "service.js",
    "lists.js",
    "shown.js",
    "dialogs.js",
    "viewer.js",
    "viewer.css",
]


@pytest.fixture
def api() -> Service:
    tasks = asl.Tasks()
    tasks.bind(SEND)(lambda message: {})
    return Service(asl.Api(tasks=tasks))


@pytest.fixture
def page(api: Service) -> Page:
    return Page(api.api)


@dataclass
class Found:
    """An answer."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Client:
    """Asks a server, with whatever headers."""

    def __init__(self, url: str) -> None:
        self.url = url

    def send(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Found:
        host, _, port = self.url.removeprefix("http://").rpartition(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=20)
        try:
            connection.request(method, path, body, dict(headers))
            answer = connection.getresponse()
            told = {name.lower(): value for name, value in answer.getheaders()}
            return Found(answer.status, told, answer.read().decode())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Found:
        return self.send("GET", path, None, headers)

    def ask(self, question: str, value: Any, **headers: str) -> Found:
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        kind = {"Content-Type": "application/json"}
        return self.send("POST", f"/page/{question}", body, kind | headers)

    def operate(self, **headers: str) -> Found:
        target = {"X-Amz-Target": "AWSStepFunctions.ListStateMachines"}
        return self.send("POST", "/", b"{}", target | headers)


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    limits = Limits(body_bytes=10_000)
    with Server(asl.Api(), port=0, limits=limits) as server:
        yield Client(server.url)


def news(page: Page, arn: str | None = None, **wishes: Any) -> Any:
    told = page.call("news", {"shown": arn, **wishes})
    json.dumps(told, allow_nan=False)  # it goes out as JSON
    return told


def no_graphviz(folder: Path, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    """Another pygraphviz stands before the real one, here and in other processes."""
    (folder / "pygraphviz.py").write_text(what)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "pygraphviz", raising=False)


# ------------------------------------------------------------------------------ parts


def test_the_page_is_at_the_root(client: Client) -> None:
    found = client.get("/")
    assert found.status == 200
    assert found.headers["content-type"] == "text/html; charset=utf-8"
    assert found.text == client.get("/page/page.html").text
    asked = re.findall(r'(?:src|href)="/page/([^"]+)"', found.text)
    assert set(asked) == {"viewer.css", "page.css", "viewer.js", "main.js"}
    assert not re.search(r"<style|<script>|\son\w+=|style=", found.text)


@pytest.mark.parametrize("name", PARTS)
def test_every_part_may_fetch_from_its_server_alone(client: Client, name: str) -> None:
    found = client.get(f"/page/{name}")
    assert found.status == 200
    policy = found.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self' ")
    assert "unsafe" not in policy
    assert found.headers["x-content-type-options"] == "nosniff"
    assert not [key for key in found.headers if key.startswith("access-control")]
    assert "http://" not in found.text.replace("http://www.w3.org/", "")


def test_scripts_import_only_parts_that_there_are() -> None:
    for name in PARTS:
        part = find_part(name)
        assert part is not None
        for other in re.findall(r'from "\./([^"]+)"', part.text):
            assert find_part(other) is not None


@pytest.mark.parametrize(
    "path", ["/page/x", "/page/", "/page/../page.py", "/page/%2e%2e%2fpage.py", "/page"]
)
def test_what_is_no_part_is_not_found(client: Client, path: str) -> None:
    found = client.get(path)
    assert found.status == 404
    assert found.json["__type"] == "UnknownOperationException"


@pytest.mark.full
def test_the_policy_lets_the_pictures_own_style_work(client: Client) -> None:
    pytest.importorskip("pygraphviz", reason="needs pygraphviz")
    drawn = draw_apart(asl.load_text(json.dumps({"StartAt": "P", "States": PASS})))
    [style] = re.findall(r"<style>(.*?)</style>", drawn, re.DOTALL)
    assert "&" not in style  # else it would be read before it is hashed
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = client.get("/").headers["content-security-policy"]
    assert f"'sha256-{digest}'" in policy
    assert ' style="' not in drawn


# ----------------------------------------------------------------------------- guests

HOSTS = {
    "127.0.0.1:8083": True,
    "127.0.0.1": True,
    "[::1]:8083": True,
    "192.0.2.7:80": True,
    "localhost:8083": True,
    "LOCALHOST.:8083": True,
    "asl.localhost": True,
    "box.internal:8083": True,
    "evil.test:8083": False,
    "127.0.0.1.evil.test": False,
    "localhost.evil.test": False,
    "notlocalhost": False,
    "[::1": False,
    "": False,
}


def is_let_in(check: Any, headers: Mapping[str, str]) -> bool:
    try:
        check(headers, {"box.internal"})
    except asl.ApiError:
        return False
    return True


@pytest.mark.parametrize("host", HOSTS)
def test_a_page_is_only_where_no_other_name_can_lead(host: str) -> None:
    json_type = {"content-type": "application/json; charset=utf-8"}
    asked = {"host": host, "origin": f"http://{host}", **json_type}
    assert is_let_in(check_question, asked) is HOSTS[host]
    assert is_let_in(check_question, {"host": host, **json_type}) is HOSTS[host]
    assert is_let_in(check_operation, asked) is HOSTS[host]
    # SDKs name no origin; they may call the server as they like.
    assert is_let_in(check_operation, {"host": host})


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.test",
        "null",
        "",
        "http://127.0.0.1:9",
        "http://[",
        "//127.0.0.1:80",
    ],
)
def test_pages_of_other_origins_are_not_let_in(origin: str) -> None:
    headers = {"host": "127.0.0.1:80", "content-type": "application/json"}
    is_own = origin == "//127.0.0.1:80"  # no browser sends that
    assert is_let_in(check_operation, headers | {"origin": origin}) is is_own
    assert is_let_in(check_question, headers | {"origin": origin}) is is_own


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonx"]
)
def test_what_a_form_could_send_is_no_question(kind: str) -> None:
    assert not is_let_in(check_question, {"host": "localhost", "content-type": kind})


def test_strangers_get_no_answer_over_http(client: Client) -> None:
    evil, rebound = {"Origin": "http://evil.test"}, {"Host": "evil.test:8083"}
    for found in (
        client.operate(**evil),
        client.operate(**evil, Host="evil.test"),
        client.ask("news", {}, **evil),
        client.ask("news", {}, **rebound),
        client.get("/", **rebound),
        client.get("/page/main.js", **rebound),
    ):
        assert found.status == 403
        assert found.json["__type"] == "AccessDeniedException"
    assert client.ask("news", {}, **{"Content-Type": "text/plain"}).status == 415
    assert client.operate(Origin=client.url).status == 200


def test_a_server_that_was_told_its_name_may_be_called_by_it() -> None:
    app = make_app(asl.Api(), names=["Box.internal"])
    sent: list[Any] = []

    async def ask(host: bytes) -> None:
        scope: dict[str, Any] = {"type": "http", "method": "GET", "path": "/"}
        scope["headers"] = [(b"host", host)]

        async def receive() -> Any:
            return {"type": "http.request"}

        async def send(message: Any) -> None:
            sent.append(message.get("status"))

        await app(scope, receive, send)

    for host in (b"box.internal:8083", b"other.internal:8083"):
        asyncio.run(ask(host))
    assert [status for status in sent if status is not None] == [200, 403]


@pytest.mark.parametrize(
    "body",
    [b"{", b"[1]", b'{"shown": 1}', b'{"machines": 0}', b'{"machines": true}'],
)
def test_what_is_no_question_gets_an_error_of_awss_shape(
    client: Client, body: bytes
) -> None:
    found = client.ask("news", body)
    assert found.status == 400
    assert found.json["message"]


def test_questions_have_limits(client: Client) -> None:
    assert client.ask("other", {}).status == 400
    assert client.ask("picture", {}).status == 400
    assert client.ask("news", {"a": "x" * 10_000}).status == 413
    assert client.send("PUT", "/page/news", b"", {}).status == 405


def test_only_refused_questions_are_logged(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", "asl.server"):
        assert client.ask("news", {}).status == 200
        assert client.ask("picture", {}).status == 400
    told = [record.__dict__["members"]["action"] for record in caplog.records]
    assert told == ["page picture"]


# ------------------------------------------------------------------------------- news


def test_a_page_that_shows_nothing_is_told_the_machines(
    api: Service, page: Page
) -> None:
    assert news(page) == {
        "machines": {"items": [], "more": False},
        "shown": None,
        "executions": None,
    }
    for number in range(5):
        api.create(f"m{number}", PASS)
    machines = news(page, machines=3)["machines"]
    assert [one["name"] for one in machines["items"]] == ["m0", "m1", "m2"]
    assert machines["more"] is True
    assert news(page, machines=5)["machines"]["more"] is False


def test_a_machine_is_shown_with_its_executions(api: Service, page: Page) -> None:
    arn = api.create("m", {HOSTILE: {"Type": "Pass", "End": True}})
    for name in ("a", "b", "c"):
        api.start(arn, name=name)
    told = news(page, arn, executions=2)
    shown = told["shown"]
    assert (shown["name"], shown["kind"], shown["machine"]) == ("m", "machine", arn)
    assert shown["view"]["states"][0]["name"] == HOSTILE
    assert shown["view"]["execution"] is None
    assert [one["name"] for one in told["executions"]["items"]] == ["c", "b"]
    assert told["executions"]["more"] is True
    again = news(page, arn, seen=shown["version"])["shown"]
    assert "view" not in again
    failed = news(page, arn, status="FAILED")["executions"]
    assert failed["items"] == []


def test_a_changed_machine_is_shown_anew(api: Service, page: Page) -> None:
    arn = api.create("m", PASS)
    before = news(page, arn)["shown"]
    text = json.dumps({"StartAt": "W", "States": WAIT})
    api.call("UpdateStateMachine", stateMachineArn=arn, definition=text)
    after = news(page, arn, seen=before["version"])["shown"]
    assert after["view"]["states"][0]["name"] == "W"
    assert after["picture"] != before["picture"]


def test_an_execution_is_shown_with_what_it_did(api: Service, page: Page) -> None:
    machine = api.create("m", WAIT)
    arn = api.start(machine, name="x", input='{"n": 10000000000000000001}')
    told = news(page, arn)
    shown = told["shown"]
    assert (shown["status"], shown["machineName"]) == ("SUCCEEDED", "m")
    assert shown["machine"] == machine
    assert shown["mapRuns"] == []
    view = shown["view"]
    assert view["live"] is True
    run = view["execution"]
    assert run["input"] == '{"n": 10000000000000000001}'
    assert run["output"] == '{"n":10000000000000000001}'
    assert (run["name"], run["status"], run["seconds"]) == ("x", "SUCCEEDED", 60)
    assert run["visits"][0]["status"] == "SUCCEEDED"
    assert run["started"].startswith("20")
    assert [one["name"] for one in told["executions"]["items"]] == ["x"]
    assert "view" not in news(page, arn, seen=shown["version"])["shown"]


def test_an_execution_that_waits_is_told_anew_when_it_goes_on(
    api: Service, page: Page
) -> None:
    arn = api.start(api.create("m", asks()))
    first = news(page, arn)["shown"]
    assert first["status"] == first["view"]["execution"]["status"] == "RUNNING"
    assert "view" not in news(page, arn, seen=first["version"])["shown"]
    api.call("StopExecution", executionArn=arn, error="E", cause=HOSTILE)
    then = news(page, arn, seen=first["version"])["shown"]
    assert then["status"] == "ABORTED"
    assert then["view"]["execution"]["cause"] == HOSTILE


def test_an_execution_keeps_the_machine_it_was_started_with(
    api: Service, page: Page
) -> None:
    machine = api.create("m", PASS)
    arn = api.start(machine)
    text = json.dumps({"StartAt": "W", "States": WAIT})
    api.call("UpdateStateMachine", stateMachineArn=machine, definition=text)
    view = news(page, arn)["shown"]["view"]
    assert [state["name"] for state in view["states"]] == ["P"]


def test_a_long_history_is_told_whole(api: Service, page: Page) -> None:
    each = {
        "M": {
            "Type": "Map",
            "ItemProcessor": {"StartAt": "P", "States": PASS},
            "End": True,
        }
    }
    arn = api.start(api.create("m", each), input=json.dumps([0] * 400))
    events = news(page, arn)["shown"]["view"]["execution"]["events"]
    assert len(events) > 1_000
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))


def test_express_machines_have_no_executions_to_show(api: Service, page: Page) -> None:
    told = news(page, api.create("m", PASS, type="EXPRESS"))
    assert told["shown"]["type"] == "EXPRESS"
    assert told["executions"] is None


def test_the_children_of_a_map_run_are_listed_and_shown(
    api: Service, page: Page
) -> None:
    states: dict[str, Any] = {
        "M": {
            "Type": "Map",
            "Label": "Each",
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                "StartAt": "P",
                "States": PASS,
            },
            "End": True,
        }
    }
    machine = api.create("m", states)
    parent = api.start(machine, input="[1, 2, 3]")
    [run] = news(page, parent)["shown"]["mapRuns"]
    told = news(page, run)
    assert told["shown"]["arn"] == parent
    assert told["shown"]["mapRun"]["counts"]["succeeded"] == 3
    assert told["executions"]["mapRunArn"] == run
    child = told["executions"]["items"][0]["executionArn"]
    inner = news(page, child)
    assert inner["shown"]["of"] == run
    assert inner["shown"]["machine"] == machine
    visits = inner["shown"]["view"]["execution"]["visits"]
    assert [visit["name"] for visit in visits] == ["P"]
    assert len(inner["executions"]["items"]) == 3


@pytest.mark.parametrize(
    "arn",
    [
        "x",
        "arn:aws:states:us-east-1:123456789012:stateMachine:no",
        "arn:aws:states:us-east-1:123456789012:execution:no:no",
        "arn:aws:states:us-east-1:123456789012:mapRun:no/no:no",
        HOSTILE,
    ],
)
def test_what_there_is_not_is_refused_where_it_would_be_shown(
    page: Page, arn: str
) -> None:
    told = news(page, arn)
    assert told["shown"]["arn"] == arn
    assert told["shown"]["refused"]
    assert told["machines"]["items"] == []


def test_a_definition_that_cannot_be_read_any_more_is_refused() -> None:
    class Old:
        def call(self, action: str, request: Mapping[str, Any]) -> dict[str, Any]:
            if action == "ListStateMachines":
                return {"stateMachines": []}
            return {
                "name": "m",
                "definition": "{}",
                "type": "STANDARD",
                "status": "",
            } | {"stateMachineArn": request["stateMachineArn"]}

    told = news(Page(Old()), "arn:aws:states:us-east-1:1:stateMachine:m")
    assert "StartAt" in told["shown"]["refused"]


# --------------------------------------------------------------------------- pictures


def test_without_graphviz_mermaid_stands_in_and_tells_how_to_install_it(
    api: Service, page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_graphviz(tmp_path, monkeypatch, "raise ImportError")
    machine = api.create("m", PASS)
    for arn in (machine, api.start(machine)):
        told = page.call("picture", {"of": arn})
        assert 'pip install "aslkit[draw]"' in told["why"]
        assert told["mermaid"].startswith("flowchart")


def test_graphviz_may_die_or_work_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = asl.load_text(json.dumps({"StartAt": "P", "States": PASS}), name="m")
    no_graphviz(tmp_path, monkeypatch, "import os; os.abort()")
    with pytest.raises(asl.UsageError, match="Graphviz ended with -6"):
        draw_apart(machine)
    no_graphviz(tmp_path, monkeypatch, "import threading; threading.Event().wait()")
    with pytest.raises(asl.UsageError, match=r"stopped after 0\.2 seconds"):
        draw_apart(machine, limit_seconds=0.2)
    monkeypatch.setattr("sys.executable", str(tmp_path / "no-python"))
    with pytest.raises(asl.UsageError, match="Python does not start"):
        draw_apart(machine)


def test_the_other_process_reads_a_shape_and_writes_a_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = asl.load_text(json.dumps({"StartAt": "P", "States": PASS}), name="m")
    given = pickle.dumps(build_shape(machine))
    no_graphviz(tmp_path, monkeypatch, "raise ImportError")
    drawn, said = io.BytesIO(), io.BytesIO()
    assert answer(io.BytesIO(given), drawn, said) == 3
    assert drawn.getvalue() == b""
    assert b"aslkit[draw]" in said.getvalue()


@pytest.mark.full
def test_a_picture_is_drawn_once_for_a_machine_and_its_executions(
    api: Service, page: Page
) -> None:
    pytest.importorskip("pygraphviz", reason="needs pygraphviz")
    machine = api.create("m", {"A <b>": {"Type": "Pass", "End": True}})
    told = page.call("picture", {"of": machine})
    assert told["svg"].startswith("<svg")
    assert "A &lt;b&gt;" in told["svg"]
    again = page.call("picture", {"of": api.start(machine)})
    assert again["svg"] is told["svg"]
    shape = pickle.dumps(
        build_shape(
            asl.load_text(json.dumps({"StartAt": "P", "States": PASS}), name="m")
        )
    )
    drawn = io.BytesIO()
    assert answer(io.BytesIO(shape), drawn, io.BytesIO()) == 0
    assert drawn.getvalue().startswith(b"<svg")
