"""Serving: an Api behind a port, in this thread or beside it.

In: an Api, an address, limits. Out: a running Server and its URL.
Never: listens beyond the loopback unless told to, or leaves a connection open for a
client that says nothing: header, body and keep-alive have their limits.
"""

import asyncio
import contextlib
import os
import signal
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from asl.errors import ApiError, InternalError, UsageError
from asl.server.http import Limits, make_app
from asl.server.wire import Service, refuse

try:
    import h11
    import uvicorn
    from uvicorn.protocols.http.h11_impl import H11Protocol
except ImportError:
    raise UsageError(
        'the server needs the extra "server": pip install "aslkit[server]"'
    ) from None

LOOPBACK = "127.0.0.1"
PORT = 8083
"""Step Functions Local's."""


class Server:
    """An Api behind a port: `with Server(api) as server:` runs it in a thread.

    Port 0 takes any free port; `url` says which. `run` serves in this thread until
    SIGINT or SIGTERM.
    """

    def __init__(
        self,
        api: Service,
        *,
        host: str = LOOPBACK,
        port: int = PORT,
        limits: Limits | None = None,
    ) -> None:
        self._limits = limits or Limits()
        self._api = api
        self._socket = _listen(host, port)
        self.url = _url(self._socket)
        """Where the server is: http://host:port."""
        self._uvicorn = _Uvicorn(
            uvicorn.Config(
                make_app(api, limits=self._limits, names=(host,)),
                http=_protocol(self._limits),
                ws="none",
                lifespan="on",
                loop="asyncio",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                h11_max_incomplete_event_size=self._limits.header_bytes,
                timeout_keep_alive=self._limits.keep_alive_seconds,
                timeout_graceful_shutdown=self._limits.stop_seconds,
            ),
            self._release,
            self._end,
        )
        self._thread: threading.Thread | None = None

    def run(self) -> None:
        """Serve until SIGINT or SIGTERM; operations at work are finished first."""
        with _signals(self._uvicorn.stop):
            asyncio.run(self._uvicorn.serve_quietly([self._socket]))

    def start(self) -> "Server":
        """Serve in a thread; returns once requests are taken."""
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._uvicorn.serve_quietly([self._socket])),
            name="asl-server",
        )
        self._thread.start()
        self._uvicorn.up.wait()
        if not self._uvicorn.started:
            raise InternalError("the server did not start; its log says why")
        return self

    def stop(self) -> None:
        """Begin to stop, from any thread: `run` returns when that is done."""
        self._uvicorn.stop()

    def close(self) -> None:
        """Take no more requests, finish those at work, and stop."""
        self._uvicorn.stop()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._socket.close()

    def __enter__(self) -> "Server":
        return self.start()

    def __exit__(self, *error: object) -> None:
        self.close()

    def _release(self) -> None:
        """End the waits of long polls, which would outlast every stop."""
        release = getattr(self._api, "release", None)
        if release is not None:
            release()

    def _end(self) -> None:
        """Let go of what the Api has open, once its last operation is answered."""
        close = getattr(self._api, "close", None)
        if close is not None:
            close()


class _Uvicorn(uvicorn.Server):
    """uvicorn, told to stop from outside; signals are ours."""

    def __init__(
        self,
        config: uvicorn.Config,
        release: Callable[[], None],
        end: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self.up = threading.Event()
        self._release = release
        self._end = end

    def stop(self) -> None:
        """Begin to stop; a second time without waiting for operations."""
        self.force_exit = self.should_exit
        self.should_exit = True

    async def serve_quietly(self, sockets: list[socket.socket]) -> None:
        """Serve, and leave the signals of the process alone."""
        try:
            await self._serve(sockets)
        finally:
            self.up.set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        self.up.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, then end."""
        await asyncio.to_thread(self._release)
        try:
            await super().shutdown(sockets)
        finally:
            await asyncio.to_thread(self._end)


def _listen(host: str, port: int) -> socket.socket:
    """A socket at an address; UsageError where it cannot be had."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host,
            port,
            type=socket.SOCK_STREAM,
            proto=socket.IPPROTO_TCP,
            flags=socket.AI_PASSIVE,
        )[0]
        # With its protocol named, or asyncio would not turn Nagle's algorithm off.
        listener = socket.socket(family, kind, protocol)
        try:
            if os.name == "posix":
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(2048)  # who comes before the loop runs is kept waiting
        except BaseException:
            listener.close()
            raise
        return listener
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(
            f"the server cannot listen at {host} port {port}: {reason}; choose another "
            "port, or 0 for any that is free"
        ) from None


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": LOOPBACK, "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextlib.contextmanager
def _signals(stop: Callable[[], None]) -> Iterator[None]:
    """SIGINT and SIGTERM stop the server, as long as it runs."""
    handled = (signal.SIGINT, signal.SIGTERM)
    before = {one: signal.signal(one, lambda *_: stop()) for one in handled}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _protocol(limits: Limits) -> type[asyncio.Protocol]:
    """uvicorn's own protocol, with a time limit for the beginning of a request.

    Without one, a client that says half a header would keep its connection for ever.
    """

    class Protocol(H11Protocol):
        deadline: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._await_request()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop_waiting()
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.cycle is None or self.cycle.response_complete:
                self._await_request()

        def handle_events(self) -> None:
            super().handle_events()
            if self.cycle is not None and not self.cycle.response_complete:
                self._stop_waiting()

        def send_400_response(self, msg: str) -> None:
            """What is no HTTP gets AWS's shape of an error, too."""
            reply = refuse(ApiError("SerializationException", msg), str(uuid.uuid4()))
            headers = [*reply.headers.items(), ("Connection", "close")]
            events: list[Any] = [
                h11.Response(status_code=400, headers=headers),
                h11.Data(data=reply.body),
                h11.EndOfMessage(),
            ]
            for event in events:
                self.transport.write(self.conn.send(event) or b"")
            self.transport.close()

        def _await_request(self) -> None:
            if self.deadline is None and not self.transport.is_closing():
                self.deadline = self.loop.call_later(
                    limits.header_seconds, self.transport.close
                )

        def _stop_waiting(self) -> None:
            if self.deadline is not None:
                self.deadline.cancel()
                self.deadline = None

    return Protocol
