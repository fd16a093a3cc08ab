"""The page to look at: its parts, and what it is told.

In: a Service, whatever it is; questions of the page as JSON. Out: the page's files; the
machines, executions and views that it shows.
Never: knows more than any client of the service could ask, or puts data into markup:
all data goes to the page as JSON, and its script makes texts of it.

To be told is to look: in virtual time, time passes for the executions that a page
shows, as for any client that describes or lists them.
"""

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from hashlib import sha256
from importlib.resources import files
from threading import BoundedSemaphore

from asl.diagrams.html import viewer_script, viewer_style
from asl.diagrams.mermaid import write_mermaid
from asl.diagrams.shape import build_shape
from asl.diagrams.theme import style_of
from asl.diagrams.view import view_of
from asl.errors import ApiError, DefinitionError, UsageError
from asl.model.machine import StateMachine
from asl.server.account import Answer
from asl.server.definitions import build_definition
from asl.server.picture import draw_apart
from asl.server.wire import Service
from asl.values import Json

_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
}
_FILES = (
    "page.html",
    "page.css",
    "main.js",
    "dom.js",
    "service.js",
    "lists.js",
    "shown.js",
    "dialogs.js",
)
_PICTURES = 2
"""Pictures drawn at once; others wait."""
_KEPT = 64
"""Machines and pictures that are kept."""
_PAGE = 1_000
"""So many things the service tells at once."""
_MOST_LISTED = 10_000


@dataclass(frozen=True, slots=True)
class Part:
    """One file of the page."""

    text: str
    type: str


@cache
def find_part(name: str) -> Part | None:
    """A file of the page by its name; None where there is none."""
    made = {"viewer.js": viewer_script, "viewer.css": viewer_style}
    if name in made:
        text = made[name]()
    elif name in _FILES:
        text = (files("asl.server") / "web" / name).read_text(encoding="utf-8")
    else:
        return None
    return Part(text, _TYPES[name.rpartition(".")[2]])


@cache
def page_headers() -> Mapping[str, str]:
    """What every part of the page is sent with: it may fetch from here alone."""
    digest = sha256(style_of("page").encode()).digest()
    picture = f"'sha256-{b64encode(digest).decode('ascii')}'"
    policy = (
        f"default-src 'none'; script-src 'self'; style-src 'self' {picture}; "
        "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-cache",
    }


class Page:
    """What the page may ask; itself a Service, so that it answers as one does."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._machine = lru_cache(maxsize=_KEPT)(build_definition)
        self._drawn = lru_cache(maxsize=_KEPT)(self._draw)
        self._turn = BoundedSemaphore(_PICTURES)
        self._questions: dict[str, Callable[[Mapping[str, Json]], Answer]] = {
            "news": self._news,
            "picture": self._picture,
        }

    def call(self, action: str, request: Mapping[str, Json]) -> Answer:
        """Answer a question of the page; ApiError where there is no such one."""
        answer = self._questions.get(action)
        if answer is None:
            raise ApiError(
                "UnknownOperationException", f"The page does not ask {action!r}."
            )
        return answer(request)

    # -------------------------------------------------------------------------- news

    def _news(self, request: Mapping[str, Json]) -> Answer:
        """Everything that a page shows at once.

        `shown` is the ARN of what it shows, `seen` the version of that which it has;
        `machines` and `executions` are how many it lists, `status` which of them.
        """
        arn, seen = _text(request, "shown"), _text(request, "seen")
        answer: Answer = {
            "machines": self._list(
                "ListStateMachines", "stateMachines", {}, _count(request, "machines")
            ),
            "shown": None,
            "executions": None,
        }
        if arn is None:
            return answer
        try:
            shown, listed = self._show(arn, seen)
        except ApiError as error:
            return answer | {"shown": {"arn": arn, "refused": error.message}}
        answer["shown"] = shown
        if shown["type"] == "STANDARD":
            if (status := _text(request, "status")) is not None:
                listed["statusFilter"] = status
            answer["executions"] = listed | self._list(
                "ListExecutions", "executions", listed, _count(request, "executions")
            )
        return answer

    def _list(
        self, action: str, member: str, request: Answer, limit: int
    ) -> dict[str, Json]:
        """The first things of a list, and whether there are more."""
        items: list[Json] = []
        token: str | None = None
        while len(items) < limit:
            page = request | {"maxResults": min(limit - len(items), _PAGE)}
            if token is not None:
                page["nextToken"] = token
            answer = self._service.call(action, page)
            items += answer[member]
            token = answer.get("nextToken")
            if token is None:
                break
        return {"items": items, "more": token is not None}

    def _show(self, arn: str, seen: str | None) -> tuple[Answer, Answer]:
        """A machine or an execution, and which list stands beside it."""
        kind = arn.split(":")[5:6]
        if kind == ["stateMachine"]:
            return self._show_machine(arn, seen), {"stateMachineArn": arn}
        if kind == ["mapRun"]:
            run = self._service.call("DescribeMapRun", {"mapRunArn": arn})
            shown = self._show_execution(run["executionArn"], seen)
            counts = {"status": run["status"], "counts": run["executionCounts"]}
            return shown | {"mapRun": {"arn": arn} | counts}, {"mapRunArn": arn}
        shown = self._show_execution(arn, seen)
        if shown["of"] is not None:
            return shown, {"mapRunArn": shown["of"]}
        return shown, {"stateMachineArn": shown["machine"]}

    def _show_machine(self, arn: str, seen: str | None) -> Answer:
        found = self._service.call("DescribeStateMachine", {"stateMachineArn": arn})
        shown: Answer = {
            "arn": arn,
            "kind": "machine",
            "name": found["name"],
            "type": found["type"],
            "status": found["status"],
            "machine": found["stateMachineArn"],
            "machineName": found["name"],
            "version": _digest(found),
            "picture": _digest(found),
        }
        if seen != shown["version"]:
            shown["view"] = view_of(self._build(found))
        return shown

    def _show_execution(self, arn: str, seen: str | None) -> Answer:
        ask = self._service.call
        execution = {"executionArn": arn}
        found = ask("DescribeExecution", execution)
        last = ask(
            "GetExecutionHistory", execution | {"reverseOrder": True, "maxResults": 1}
        )
        machine = ask("DescribeStateMachineForExecution", execution)
        runs = ask("ListMapRuns", execution)["mapRuns"]
        count = max((event["id"] for event in last["events"]), default=0)
        shown: Answer = {
            "arn": arn,
            "kind": "execution",
            "name": found["name"],
            "type": "STANDARD",
            "status": found["status"],
            "input": found.get("input"),
            "machine": found["stateMachineArn"].partition("/")[0],
            "machineName": machine["name"],
            "of": found.get("mapRunArn"),
            "mapRuns": [run["mapRunArn"] for run in runs],
            "version": f"{found['status']} {count}",
            "picture": _digest(machine),
        }
        if seen != shown["version"]:
            shown["view"] = self._view(found, self._build(machine))
        return shown

    def _view(self, found: Answer, machine: StateMachine) -> Json:
        """An execution for the viewer; it may go on, so the viewer marks its states."""
        request = {"executionArn": found["executionArn"], "maxResults": _PAGE}
        history: list[Json] = []
        while True:
            answer = self._service.call("GetExecutionHistory", request)
            history += answer["events"]
            if (token := answer.get("nextToken")) is None:
                break
            request = request | {"nextToken": token}
        events = [event | {"timestamp": _iso(event["timestamp"])} for event in history]
        view = view_of(machine, history=events, title=found["name"], live=True)
        members = ("name", "status", "input", "output", "error", "cause")
        told = view["execution"] | {name: found.get(name) for name in members}
        return view | {"execution": told}

    def _build(self, found: Answer) -> StateMachine:
        try:
            return self._machine(found["definition"], found["name"])
        except DefinitionError as error:
            raise ApiError("InvalidDefinition", str(error)) from None

    # ----------------------------------------------------------------------- pictures

    def _picture(self, request: Mapping[str, Json]) -> Answer:
        """The picture of a machine, or of an execution's machine; or why there is none.

        Without a picture the machine's Mermaid text stands in for it.
        """
        arn = _text(request, "of")
        if arn is None:
            raise _wrong("of")
        if arn.split(":")[5:6] == ["stateMachine"]:
            found = self._service.call("DescribeStateMachine", {"stateMachineArn": arn})
        else:
            found = self._service.call(
                "DescribeStateMachineForExecution", {"executionArn": arn}
            )
        machine = self._build(found)
        try:
            return {"svg": self._drawn(found["definition"], found["name"])}
        except UsageError as error:
            return {"why": str(error), "mermaid": write_mermaid(build_shape(machine))}

    def _draw(self, definition: str, name: str) -> str:
        with self._turn:
            return draw_apart(self._machine(definition, name))


def _text(request: Mapping[str, Json], name: str) -> str | None:
    value = request.get(name)
    if value is not None and not isinstance(value, str):
        raise _wrong(name)
    return value


def _count(request: Mapping[str, Json], name: str) -> int:
    """How many things a list shows."""
    value = request.get(name, 50)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise _wrong(name)
    return min(value, _MOST_LISTED)


def _wrong(name: str) -> ApiError:
    return ApiError("ValidationException", f"The question's {name!r} does not fit.")


def _digest(found: Answer) -> str:
    """A definition and its name in short: what a picture depends on."""
    text = f"{found['name']}\n{found['definition']}"
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
