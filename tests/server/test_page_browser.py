"""The server's page in a real browser: headless Chromium, driven by Playwright."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

import asl
from asl.server.serving import Server

pytestmark = pytest.mark.full

HOSTILE = '<img src=x onerror="window.hit=1"></script><script>window.hit=1</script>\'"'
ROLE = "arn:aws:iam::123456789012:role/any"
CALL = "arn:aws:lambda:us-east-1:123456789012:function:call"
ASK = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
PATIENCE = 20

CALLS: dict[str, Any] = {
    "StartAt": "First",
    "States": {
        "First": {"Type": "Pass", "Next": "Call"},
        "Call": {"Type": "Task", "Resource": CALL, "Next": HOSTILE},
        HOSTILE: {"Type": "Pass", "Comment": HOSTILE, "End": True},
    },
}
ASKS: dict[str, Any] = {
    "StartAt": "Ask",
    "States": {
        "Ask": {
            "Type": "Task",
            "Resource": ASK,
            "Parameters": {"QueueUrl": "q", "MessageBody": {"t.$": "$$.Task.Token"}},
            "End": True,
        }
    },
}
PASSES: dict[str, Any] = {
    "StartAt": "P",
    "States": {"P": {"Type": "Pass", "End": True}},
}


class Gate:
    """A task that waits until it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()

    def tasks(self) -> asl.Tasks:
        def call(value: Any) -> Any:
            assert self.go.wait(PATIENCE)
            return value

        def ask(value: Any) -> Any:
            return {}

        tasks = asl.Tasks()
        tasks.bind(CALL)(call)
        tasks.bind(ASK)(ask)
        return tasks


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.go.set()


@pytest.fixture
def server(gate: Gate) -> Iterator[Server]:
    api = asl.Api(tasks=gate.tasks(), clock=asl.SystemClock())
    with Server(api, port=0) as server:
        yield server
        gate.go.set()


def client(server: Server) -> Any:
    return boto3.client(
        "stepfunctions",
        endpoint_url=server.url,
        region_name="us-east-1",
        aws_access_key_id="any",
        aws_secret_access_key="any",
    )


def create(server: Server, name: str, definition: Any, type: str = "STANDARD") -> str:
    answer = client(server).create_state_machine(
        name=name, definition=json.dumps(definition), roleArn=ROLE, type=type
    )
    return str(answer["stateMachineArn"])


Open = Callable[..., Any]


@pytest.fixture
def visit(browser: Any) -> Iterator[Open]:
    """Opens a server's page; what it says on the console, or asks others, fails."""
    pages: list[Any] = []
    said: list[str] = []

    def note(text: str) -> None:
        if not text.startswith("Failed to load resource"):  # refused operations
            said.append(text)

    def open_page(server: Server, **options: Any) -> Any:
        page = browser.new_page(
            **{"viewport": {"width": 1300, "height": 850}, **options}
        )
        page.set_default_timeout(PATIENCE * 1000)
        page.on("console", lambda message: note(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on(
            "request",
            lambda asked: (
                None
                if asked.url.startswith((f"{server.url}/", "data:"))
                else said.append(asked.url)
            ),
        )
        page.goto(server.url)
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        assert page.evaluate("window.hit") is None
        page.close()
    assert said == []


def choose(page: Any, name: str) -> None:
    page.get_by_role("link", name=name).first.click()


def state(page: Any, name: str) -> Any:
    return page.locator(f".v-canvas [data-pointer='/States/{name}'][role=button]")


def bar(page: Any, status: str) -> None:
    """Waits until the execution that is shown has a status."""
    page.locator(f"#bar .v-{status}").wait_for()


def test_an_execution_is_started_watched_and_looked_through(
    server: Server, gate: Gate, visit: Open
) -> None:
    page = visit(server)
    page.get_by_text("None yet.").first.wait_for()
    create(server, "parcels", CALLS)  # the page that is open sees it
    choose(page, "parcels")
    state(page, "First").wait_for()
    page.get_by_role("button", name="Start execution…").click()
    given = json.dumps({"number": 7, "text": HOSTILE})
    page.get_by_role("textbox", name="Input").fill(given)
    page.get_by_role("textbox", name="Name").fill("first-parcel")
    page.get_by_role("button", name="Start", exact=True).click()

    bar(page, "running")
    page.locator(".v-mark.v-running").wait_for()
    assert page.locator(".v-mark.v-succeeded").count() == 1
    page.locator("#lists a[aria-current]", has_text="first-parcel").wait_for()
    gate.go.set()
    bar(page, "succeeded")
    page.locator(".v-mark.v-succeeded").nth(2).wait_for()
    assert page.locator(".v-mark.v-running").count() == 0

    details = page.locator(".v-details")
    assert '"number"' in details.inner_text()
    state(page, "Call").click()
    assert "function:call" in details.inner_text()
    assert HOSTILE in details.inner_text().replace('\\"', '"')
    page.get_by_role("tab", name="Events").click()
    rows = page.get_by_role("option").all_inner_texts()
    assert "LambdaFunctionSucceeded" in "".join(rows)
    assert HOSTILE in page.locator("#view").inner_text()
    found = client(server).list_executions(stateMachineArn=arn_of(page))["executions"]
    assert [one["name"] for one in found] == ["first-parcel"]


def arn_of(page: Any) -> str:
    """The machine that is shown, by its link in the list."""
    link = page.locator("#lists section:first-child a[aria-current]")
    address: str = link.get_attribute("href")
    return address.removeprefix("#").replace("%3A", ":")


def test_an_execution_that_waits_is_stopped(server: Server, visit: Open) -> None:
    machine = create(server, "asks", ASKS)
    arn = client(server).start_execution(stateMachineArn=machine)["executionArn"]
    page = visit(server)
    choose(page, "asks")
    page.locator(".p-executions a").click()
    bar(page, "running")
    page.get_by_role("button", name="Stop…").click()
    page.get_by_label("Cause").fill(HOSTILE)
    page.keyboard.press("Enter")
    bar(page, "aborted")
    assert page.get_by_role("button", name="Stop…").count() == 0
    assert HOSTILE in page.locator(".v-details").inner_text()
    assert client(server).describe_execution(executionArn=arn)["cause"] == HOSTILE


def test_keys_alone_are_enough(server: Server, visit: Open) -> None:
    for name in ("alpha", "beta"):
        create(server, name, PASSES)
    page = visit(server)
    page.get_by_role("link", name="alpha").wait_for()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.locator("#bar h1", has_text="beta").wait_for()
    page.keyboard.press("n")
    text = page.get_by_role("textbox", name="Input")
    text.press("Control+a")
    page.keyboard.type('{"t": "n e ? /"}')  # none of them is a shortcut here
    page.keyboard.press("Control+Enter")
    bar(page, "succeeded")
    assert '"n e ? /"' in page.locator(".v-details").inner_text()
    page.keyboard.press("n")
    assert page.get_by_role("textbox", name="Input").input_value() == '{"t": "n e ? /"}'
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="hidden")
    page.go_back()
    page.locator("#bar h1", has_text=re.compile("^beta$")).wait_for()


WRONG = {
    "": "at least {}",
    "[1,\n 2": "line 2 column 3",
    "[1, 2,, 3]": "line 1 column 7",
    '{"a":\n}': "line 2 column 1",
    "[] []": "line 1 column 4",
    "[1,]": "line 1 column 4",
    "{1: 2}": "line 1 column 2",
    '{"a" 1}': "line 1 column 6",
    '{"a": 1,}': "line 1 column 9",
    "nul": "line 1 column 1",
    f'"{"x" * 262_143}"': "262,145 bytes",
}


def test_an_input_that_is_no_json_is_told_of_as_it_is_written(
    server: Server, visit: Open
) -> None:
    create(server, "m", PASSES)
    page = visit(server)
    choose(page, "m")
    page.get_by_role("button", name="Start execution…").click()
    text, start = (
        page.get_by_role("textbox", name="Input"),
        page.get_by_role("button", name="Start", exact=True),
    )
    for given, told in WRONG.items():
        text.fill(given)
        assert told in page.locator("#complaint").inner_text()
        assert start.is_disabled()
        text.press("Control+Enter")
        assert page.get_by_role("dialog").is_visible()
    for good in (
        '{"a": [1, -2.5e3, {"b": null}], "c": "\\u00e9\\n"}',
        "[]",
        " 1 ",
        '""',
    ):
        text.fill(good)
        assert page.locator("#complaint").inner_text() == ""
        assert start.is_enabled()
    page.get_by_role("textbox", name="Name").fill("no*name")
    start.click()
    problem = page.get_by_role("dialog").get_by_role("alert")
    problem.get_by_text("Invalid Name").wait_for()


def test_an_express_execution_shows_its_outcome(server: Server, visit: Open) -> None:
    create(server, "quick", PASSES, type="EXPRESS")
    page = visit(server)
    choose(page, "quick")
    page.get_by_text("not kept").wait_for()
    page.keyboard.press("n")
    page.get_by_role("textbox", name="Input").fill('{"a": 1}')
    page.keyboard.press("Control+Enter")
    page.locator(".p-outcome .v-succeeded").wait_for()
    assert page.locator(".p-outcome pre").inner_text() == '{"a":1}'


def test_lists_have_pages_and_are_filtered(server: Server, visit: Open) -> None:
    service = client(server)
    machine = create(server, "m", PASSES)
    for number in range(60):
        service.start_execution(stateMachineArn=machine, name=f"run-{number:02}")
    page = visit(server)
    choose(page, "m")
    rows = page.locator(".p-executions a")
    rows.nth(49).wait_for()
    assert rows.count() == 50
    assert "run-59" in rows.first.inner_text()
    page.locator(".p-executions .p-more").click()
    rows.nth(59).wait_for()
    page.get_by_label("Status").select_option("FAILED")
    page.get_by_text("None failed.").wait_for()
    page.get_by_label("Status").select_option("SUCCEEDED")
    rows.nth(59).wait_for()
    rows.nth(3).focus()
    service.start_execution(stateMachineArn=machine, name="new")
    rows.filter(has_text="new").wait_for()
    assert "run-56" in page.evaluate("document.activeElement.textContent")


def test_without_graphviz_states_are_listed_and_marked(
    visit: Open, gate: Gate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pygraphviz.py").write_text("raise ImportError")
    monkeypatch.syspath_prepend(str(tmp_path))
    gate.go.set()
    with Server(asl.Api(tasks=gate.tasks()), port=0) as server:
        machine = create(server, "m", CALLS)
        client(server).start_execution(stateMachineArn=machine)
        page = visit(server)
        choose(page, "m")
        page.get_by_text('pip install "aslkit[draw]"').wait_for()
        page.get_by_text("Mermaid", exact=True).click()
        assert "flowchart" in page.locator("#note pre").inner_text()
        page.locator(".p-executions a").click()
        page.locator(".v-mark.v-succeeded").nth(2).wait_for()
        state(page, "Call").click()
        assert "function:call" in page.locator(".v-details").inner_text()
        assert page.locator("#note").is_visible()


def test_a_machine_that_changes_is_drawn_anew(server: Server, visit: Open) -> None:
    pytest.importorskip("pygraphviz", reason="needs pygraphviz")
    machine = create(server, "m", PASSES)
    page = visit(server)
    choose(page, "m")
    state(page, "P").wait_for()
    client(server).update_state_machine(
        stateMachineArn=machine, definition=json.dumps(CALLS)
    )
    state(page, "Call").wait_for()
    client(server).delete_state_machine(stateMachineArn=machine)
    page.get_by_text("State Machine Does Not Exist").wait_for()
    assert page.locator("#bar").is_hidden()


def test_the_theme_stays_for_the_next_time(server: Server, visit: Open) -> None:
    create(server, "m", PASSES)
    page = visit(server, color_scheme="dark")
    colour = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(colour) == "rgb(18, 23, 30)"
    choose(page, "m")
    page.get_by_role("button", name="Theme: auto").click()
    page.get_by_role("button", name="Theme: light").wait_for()
    assert page.evaluate(colour) == "rgb(255, 255, 255)"
    page.reload()
    page.get_by_role("button", name="Theme: light").wait_for()
    assert page.evaluate(colour) == "rgb(255, 255, 255)"


def test_a_server_that_is_gone_is_told_of(visit: Open) -> None:
    server = Server(asl.Api(), port=0).start()
    page = visit(server)
    page.get_by_text("None yet.").first.wait_for()
    page.route("**/page/news", lambda route: route.abort())
    trouble = page.get_by_role("alert").filter(has_text="does not answer")
    trouble.wait_for()
    page.unroute("**/page/news")
    trouble.wait_for(state="hidden")
    server.close()


def test_a_narrow_window_holds_everything(server: Server, visit: Open) -> None:
    machine = create(server, "m", PASSES)
    client(server).start_execution(stateMachineArn=machine)
    page = visit(server, viewport={"width": 420, "height": 800})
    choose(page, "m")
    page.locator(".p-executions a").click()
    bar(page, "succeeded")
    page.locator(".v-lower").wait_for()
    wide = "document.documentElement.scrollWidth"
    assert page.evaluate(wide) <= 420
