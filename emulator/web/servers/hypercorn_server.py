"""HypercornServer: HTTP/1.1 and HTTP/2, and with TLS also HTTP/3, like the platform's edge.

Hypercorn's own `serve` does not close its UDP socket, and (from Python 3.12 on) does not end before
the last idle client does, so its connections are run from here. These interfaces are not public:
pyproject.toml pins Hypercorn to one minor version.
"""

import asyncio
import errno
import logging
import ssl
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config
from hypercorn.typing import LifespanState
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from emulator.web.servers.config import (
    BODY_BYTES_MIN,
    BODY_SECONDS,
    GRACE_SECONDS,
    KEEP_ALIVE_SECONDS,
    Seldom,
    SocketConfig,
    Tls,
)
from emulator.web.servers.hypercorn_repairs import PatientQuic, repair, tcp_connection
from emulator.web.servers.listening import Listening

log = logging.getLogger(__name__)

# HTTP/2 is preferred to HTTP/1.1 if the client supports both (RFC 7301).
_ALPN = ["h2", "http/1.1"]
_ALT_SVC_SECONDS = 3600
# A player requests ten parts a second on one connection, which must not be closed for that.
_REQUESTS_MAX = 1_000_000_000
_FRAMES_MAX = 64


class HypercornServer:
    """A `WebServer` with Hypercorn."""

    def __init__(self, app: ASGIApp, tls: Tls | None, sockets: SocketConfig) -> None:
        repair()
        self._answering = _Answering(app)
        # Hypercorn's types are narrower than ASGI's, but it supports all of ASGI.
        wrapped: Any = self._answering
        self._app = ASGIWrapper(wrapped)
        self._tls = tls
        self._config = _config(tls, sockets)
        self._context = WorkerContext(None)
        self._connections: dict[asyncio.Task[Any], asyncio.StreamWriter] = {}
        self._readers: dict[asyncio.Task[Any], asyncio.StreamReader] = {}
        self._connections_max = sockets.connections_max
        self._refusals = Seldom()
        self._server: asyncio.Server | None = None
        self._quic: PatientQuic | None = None
        self._quic_task: asyncio.Task[None] | None = None

    async def start(self, listening: Listening) -> None:
        if self._tls is not None:
            self._tls.context.set_alpn_protocols(_ALPN)
            # RFC 9113, 9.2.1: TLS 1.2 must be used without compression and without renegotiation.
            self._tls.context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
        if listening.quic is not None and self._tls is not None:
            _check_readable(self._tls)
            alternative = f'h3=":{listening.port}"; ma={_ALT_SVC_SECONDS}'
            self._config.alt_svc_headers = [alternative]
            await self._start_quic(listening)
        self._server = await asyncio.start_server(
            self._connected,
            sock=listening.tcp,
            ssl=self._tls.context if self._tls else None,
        )

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        # Idle connections now close by themselves, the others after their answer.
        await self._context.terminated.set()
        running = {*self._connections, *self._answering.tasks}
        if running:
            await asyncio.wait(running, timeout=GRACE_SECONDS)
        for writer in self._connections.values():
            # Over TLS an orderly close would wait for the client's answer.
            writer.transport.abort()
        await _cut(self._connections)
        if self._quic is not None and self._quic_task is not None:
            if not self._quic_task.done():
                await _say_goodbye(self._quic)
            await _cut({self._quic_task})
            if self._quic.transport is not None:
                self._quic.transport.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._connections) >= self._connections_max:
            self._cut_hung_up()
        if len(self._connections) >= self._connections_max:
            if self._refusals.is_due(asyncio.get_running_loop().time()):
                log.warning("connections refused reason=%d are open", self._connections_max)
            writer.transport.abort()
            return
        task = asyncio.current_task()
        if task is not None:
            self._connections[task] = writer
            self._readers[task] = reader
            task.add_done_callback(self._readers.pop)
            task.add_done_callback(lambda task: self._connections.pop(task, None))
        tcp_connection.set(writer)
        loop = asyncio.get_running_loop()
        try:
            await TCPServer(
                self._app, loop, self._config, self._context, LifespanState({}), reader, writer
            )
        except asyncio.CancelledError:
            # The emulator is stopping: only `_cut` waits for this task, and it has cancelled it.
            return
        except Exception as failure:
            if not _is_of_the_line(failure):
                log.exception("a connection failed")

    def _cut_hung_up(self) -> None:
        """End connections that their clients have closed: Hypercorn keeps them like idle ones."""
        for task in [task for task, reader in self._readers.items() if reader.at_eof()]:
            writer = self._connections.pop(task)
            writer.transport.abort()
            task.cancel()

    async def _start_quic(self, listening: Listening) -> None:
        loop = asyncio.get_running_loop()
        _, self._quic = await loop.create_datagram_endpoint(
            lambda: PatientQuic(self._app, loop, self._config, self._context, LifespanState({})),
            sock=listening.quic,
        )
        self._quic_task = loop.create_task(self._quic.run())


class _Answering:
    """The application, and the tasks that are running in it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.tasks: set[asyncio.Task[Any]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        task = asyncio.current_task()
        if task is not None:
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        if scope["type"] == "http":
            receive = _PatientBody(receive)
        if not scope["path"].startswith("/"):
            scope.update(_path_of(scope))
        await self._app(scope, receive, send)


def _path_of(scope: Scope) -> dict[str, Any]:
    """Return the path of a target with scheme and host, which clients send to a proxy.

    Every server has to accept it (RFC 9112, 3.2.2). uvicorn does so by itself.
    """
    raw_path = scope["raw_path"]
    for scheme in (b"http://", b"https://"):
        if raw_path.lower().startswith(scheme):
            raw_path = b"/" + raw_path[len(scheme) :].partition(b"/")[2]
    return {"path": unquote(raw_path.decode("ascii")), "raw_path": raw_path}


class _PatientBody:
    """A request's body, which has to bring `BODY_BYTES_MIN` in each `BODY_SECONDS` of waiting.

    For the application a slower client has disconnected.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._left_seconds = BODY_SECONDS
        self._bytes = 0
        self._is_whole = False

    async def __call__(self) -> Message:
        if self._is_whole:
            return await self._receive()
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout(max(0.0, self._left_seconds)):
                message = await self._receive()
        except TimeoutError:
            log.warning("request given up reason=%d bytes of its body", self._bytes)
            return {"type": "http.disconnect"}
        self._left_seconds -= loop.time() - began
        self._bytes += len(message.get("body", b""))
        self._is_whole = not message.get("more_body")
        if self._bytes >= BODY_BYTES_MIN:
            self._left_seconds, self._bytes = BODY_SECONDS, 0
        return message


def _check_readable(tls: Tls) -> None:
    """Raise `OSError` for files that HTTP/3's TLS cannot read, although TLS over TCP can."""
    from aioquic.quic.configuration import QuicConfiguration

    try:
        QuicConfiguration(is_client=False).load_cert_chain(tls.certificate, tls.key)
    except (ValueError, TypeError) as failure:
        text = f"HTTP/3 cannot read {tls.certificate} and {tls.key}: {failure}"
        raise OSError(errno.EINVAL, text) from failure


def _is_of_the_line(failure: Exception) -> bool:
    """Whether the peer or the network caused a failure, such as a TLS connection cut off."""
    if isinstance(failure, ExceptionGroup):
        return all(_is_of_the_line(exception) for exception in failure.exceptions)
    return isinstance(failure, OSError)


async def _cut(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks that did not end by themselves."""
    running = tuple(tasks)
    for task in running:
        task.cancel()
    for failure in await asyncio.gather(*running, return_exceptions=True):
        if isinstance(failure, Exception) and not _is_of_the_line(failure):
            log.error("a connection failed while it was closed", exc_info=failure)


async def _say_goodbye(server: PatientQuic) -> None:
    """Close HTTP/3 connections explicitly: UDP itself has no close (RFC 9000, 10.2)."""
    connections = {
        id(connection): connection for connection in server.protocol.connections.values()
    }
    for connection in connections.values():
        connection.quic.close()
        await server.protocol.send_all(connection)


def _config(tls: Tls | None, sockets: SocketConfig) -> Config:
    # It logs every connection.
    logging.getLogger("quic").setLevel(logging.WARNING)
    config = Config()
    # No access log: the address of a chat socket contains its token. Errors go to our log.
    config.accesslog = None
    config.errorlog = logging.getLogger("hypercorn.error")
    config.include_server_header = False
    config.keep_alive_timeout = KEEP_ALIVE_SECONDS
    config.keep_alive_max_requests = _REQUESTS_MAX
    # The application closes with 1009 earlier. Hypercorn would leave the connection open if more
    # data follows, so its own limit is far above what any proper client sends.
    config.websocket_max_message_size = _FRAMES_MAX * sockets.frame_bytes_max
    config.websocket_ping_interval = sockets.ping_ms / 1000
    if tls is not None:
        # HTTP/3 has its own TLS and reads the files itself.
        config.certfile, config.keyfile = str(tls.certificate), str(tls.key)
    return config
