"""Over HTTP: an Api as an ASGI application, for boto3, the AWS CLI and any other SDK.

In: an Api, limits. Out: a Starlette application; a line of the log for each request.
Never: answers anything but AWS-shaped errors, reads a file that a request names, or
verifies a signature.

`POST /` is the service, `GET /` a page to look at, whose parts and questions are below
`/page/`; `GET /health` tells whether the server is up. There are no CORS headers, a
request needs the header X-Amz-Target, and what a browser sends is looked at closely
(browsers.py), so that no other web page can use the server.

Operations run in threads. Long polls for activity tasks have threads of their own: they
never keep another operation waiting. Nor do operations that wait for one another, as
where a task calls the server: who waits long gets a thread more.
"""

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from typing import Any

from asl import __version__
from asl.errors import ApiError, UsageError
from asl.server.browsers import check_host, check_operation, check_question
from asl.server.page import Page, find_part, page_headers
from asl.server.wire import PREFIX, Reply, Service, logger, refuse, respond

try:
    from anyio import CapacityLimiter
    from anyio.to_thread import run_sync
    from starlette.applications import Starlette
    from starlette.exceptions import HTTPException
    from starlette.requests import ClientDisconnect, Request
    from starlette.responses import JSONResponse, Response
    from starlette.routing import Route
except ImportError:
    raise UsageError(
        'the server needs the extra "server": pip install "aslkit[server]"'
    ) from None

_POLL = f"{PREFIX}GetActivityTask"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one request may cost; more is refused, or the connection closed."""

    body_bytes: int = 1_048_576
    """AWS takes 1 MB a request."""
    header_bytes: int = 65_536
    header_seconds: float = 30
    """How long a client may take to say what it wants."""
    body_seconds: float = 60
    keep_alive_seconds: int = 75
    stop_seconds: int = 10
    """How long a stop waits for operations that are at work."""
    threads: int = 16
    """Operations at work at once: few, because they take turns at one interpreter."""
    most_threads: int = 512
    """So many, where those at work wait for others: a task may call the server."""
    patience_seconds: float = 0.5
    """An operation that waited so long gets a thread beyond `threads`."""
    polls: int = 1_000
    """Long polls at once; AWS has 1,000 for an activity."""


def make_app(
    api: Service, *, limits: Limits | None = None, names: Collection[str] = ()
) -> Starlette:
    """The ASGI application, for a server of one's own.

    A browser may reach it by its address, as localhost, or by one of `names`.
    """
    door = _Door(api, limits or Limits(), {name.lower() for name in names if name})
    return Starlette(
        routes=[
            Route("/", door.perform, methods=["POST"]),
            Route("/", door.part, methods=["GET"]),
            Route("/page/{name}", door.part, methods=["GET"]),
            Route("/page/{name}", door.ask, methods=["POST"]),
            Route("/health", door.health, methods=["GET"]),
        ],
        exception_handlers={HTTPException: _wrong_path, Exception: _broken},
        lifespan=door.lifespan,
    )


class _Door:
    """The routes, and the threads that operations run in."""

    def __init__(self, api: Service, limits: Limits, names: Collection[str]) -> None:
        self.api = api
        self.page = Page(api)
        self.limits = limits
        self.names = names

    @contextlib.asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        """Limiters belong to a running event loop."""
        limits = self.limits
        self.calls = asyncio.Semaphore(limits.threads)
        self.more = limits.most_threads - limits.threads
        self.polls = asyncio.Semaphore(limits.polls)
        self.limiter = CapacityLimiter(limits.most_threads + limits.polls)
        yield

    async def perform(self, request: Request) -> Response:
        """One operation of the service."""
        begun = time.perf_counter()
        target = request.headers.get("x-amz-target")
        try:
            check_operation(request.headers, self.names)
            reply = await self._respond(self.api, target, request)
        except ApiError as error:
            reply = refuse(error, str(uuid.uuid4()))
        _log(reply, target, begun)
        return _send(reply)

    async def ask(self, request: Request) -> Response:
        """A question of the page; it asks often, so that only refusals are logged."""
        begun = time.perf_counter()
        target = f"{PREFIX}{request.path_params['name']}"
        try:
            check_question(request.headers, self.names)
            reply = await self._respond(self.page, target, request)
        except ApiError as error:
            reply = refuse(error, str(uuid.uuid4()))
        if reply.code is not None:
            _log(reply, f"page {request.path_params['name']}", begun)
        return _send(reply)

    async def part(self, request: Request) -> Response:
        """A file of the page."""
        try:
            check_host(request.headers, self.names)
        except ApiError as error:
            return _send(refuse(error, str(uuid.uuid4())))
        found = find_part(request.path_params.get("name", "page.html"))
        if found is None:
            raise HTTPException(404)
        headers = {"Content-Type": found.type, **page_headers()}
        return Response(found.text.encode(), headers=headers)

    async def _respond(
        self, service: Service, target: str | None, request: Request
    ) -> Reply:
        """Read the body, then perform what it asks for in a thread."""
        body = await self._body(request)
        turn = self.polls if target == _POLL else self.calls
        await self._take_turn(turn)
        id = str(uuid.uuid4())
        try:
            return await run_sync(
                respond, service, target, body, id, limiter=self.limiter
            )
        finally:
            turn.release()

    async def _take_turn(self, turn: asyncio.Semaphore) -> None:
        """Wait for a thread; who waits long gets one more, up to a limit."""
        while True:
            try:
                async with asyncio.timeout(self.limits.patience_seconds):
                    await turn.acquire()
                return
            except TimeoutError:
                if turn is self.calls and self.more > 0:
                    self.more -= 1
                    turn.release()

    async def health(self, request: Request) -> Response:
        """That the server is up."""
        return JSONResponse({"status": "ok", "version": __version__})

    async def _body(self, request: Request) -> bytes:
        """The body; ApiError where it is too large, too slow or not all there."""
        limit = self.limits.body_bytes
        stated = request.headers.get("content-length", "0")
        if not stated.isdecimal() or int(stated[:20]) > limit:
            raise _too_large(limit)
        body = bytearray()
        try:
            async with asyncio.timeout(self.limits.body_seconds):
                async for chunk in request.stream():
                    body += chunk
                    if len(body) > limit:
                        raise _too_large(limit)
        except TimeoutError:
            raise ApiError(
                "RequestTimeout", "The body did not arrive in time.", status=408
            ) from None
        except ClientDisconnect:
            raise ApiError("RequestAborted", "The client went away.") from None
        return bytes(body)


def _too_large(limit: int) -> ApiError:
    return ApiError(
        "RequestEntityTooLargeException",
        f"A request has at most {limit} bytes.",
        status=413,
    )


def _send(reply: Reply) -> Response:
    response = Response(reply.body, reply.status, headers=reply.headers)
    if reply.status in (408, 413):  # the rest of the body is still to come
        response.headers["Connection"] = "close"
    return response


def _log(reply: Reply, target: str | None, begun: float) -> None:
    """One line of the log, with what one would search for as members."""
    took = (time.perf_counter() - begun) * 1000
    members: dict[str, Any] = {
        "action": (target or "").removeprefix(PREFIX)[:100],
        "status": reply.status,
        "milliseconds": round(took, 1),
        "requestId": reply.request_id,
    }
    if reply.code is not None:
        members["error"] = reply.code
    logger.info("request", extra={"members": members})


async def _wrong_path(request: Request, error: Exception) -> Response:
    """Another path or method: as AWS answers what no operation has."""
    status = getattr(error, "status_code", 404)
    known = "POST / takes operations, GET / is a page to look at"
    text = f"{request.method} {request.url.path[:200]} is no operation: {known}."
    fault = ApiError("UnknownOperationException", text, status=status)
    return _send(refuse(fault, str(uuid.uuid4())))


async def _broken(request: Request, error: Exception) -> Response:
    """A bug of ours: its text goes to the log, not to the client."""
    fault = ApiError("InternalFailure", "The server failed.", status=500)
    return _send(refuse(fault, str(uuid.uuid4())))
