"""UvicornServer: HTTP/1.1, the fastest there is in Python. Chat goes to its sockets directly."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from emulator.chat_delivery.direct import uvicorn_options
from emulator.web.servers.config import GRACE_SECONDS, KEEP_ALIVE_SECONDS, Seldom, SocketConfig, Tls
from emulator.web.servers.listening import Listening
from emulator.web.servers.uvicorn_connection import UvicornConnection


class UvicornServer:
    """A `WebServer`."""

    def __init__(self, app: ASGIApp, tls: Tls | None, sockets: SocketConfig) -> None:
        self._server = _Server(_config(app, tls, sockets))
        self._running: asyncio.Task[None] | None = None

    async def start(self, listening: Listening) -> None:
        self._running = asyncio.create_task(self._server.serve(sockets=[listening.tcp]))
        started = asyncio.create_task(self._server.has_started.wait())
        await asyncio.wait({self._running, started}, return_when=asyncio.FIRST_COMPLETED)
        if not started.done():
            started.cancel()
            self._running.result()

    async def stop(self) -> None:
        self._server.should_exit = True
        if self._running is not None:
            await self._running


class _Server(uvicorn.Server):
    """uvicorn, but signals stay with who runs us, and it says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.has_started = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.has_started.set()


def _config(app: ASGIApp, tls: Tls | None, sockets: SocketConfig) -> uvicorn.Config:
    class Connection(UvicornConnection):
        connections_max = sockets.connections_max
        refusals = Seldom()

    return uvicorn.Config(
        app,
        http=Connection,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        **uvicorn_options(sockets.frame_bytes_max, sockets.ping_ms),
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        ssl_context_factory=(lambda *_: tls.context) if tls else None,
    )
