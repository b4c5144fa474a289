"""UvicornServer: HTTP/1.1, the fastest in Python.

Chat messages are written to its sockets directly.
"""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any, cast

import uvicorn
from starlette.types import ASGIApp

from emulator.web.servers.config import GRACE_SECONDS, KEEP_ALIVE_SECONDS, Seldom, SocketConfig, Tls
from emulator.web.servers.listening import Listening
from emulator.web.servers.uvicorn_connection import UvicornConnection

# The interval at which uvicorn updates its `Date` header, and a stop checks the connections.
_TICK_SECONDS = 0.1
_LOOK_SECONDS = 0.005


class UvicornServer:
    """A `WebServer` with uvicorn."""

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
        self._server.must_stop.set()
        if self._running is not None:
            await self._running


class _Server(uvicorn.Server):
    """uvicorn, but it leaves signals to the caller, reports when it listens, and stops at once.

    uvicorn's own stop takes a fifth of a second without any connection: two sleeps.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.has_started = asyncio.Event()
        self.must_stop = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.has_started.set()

    async def main_loop(self) -> None:
        tick = 0
        while not self.must_stop.is_set():
            await self.on_tick(tick)
            tick += 1
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_TICK_SECONDS):
                    await self.must_stop.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close idle connections; running requests have `GRACE_SECONDS` to end."""
        for listener in (*self.servers, *(sockets or ())):
            listener.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE_SECONDS):
                await self._until_all_have_gone()
                for server in self.servers:
                    await server.wait_closed()
        for task in self.server_state.tasks:
            task.cancel("the emulator stops")

    async def _until_all_have_gone(self) -> None:
        state = self.server_state
        informed = set[object]()
        while True:
            for connection in state.connections - informed:
                connection.shutdown()
            informed |= state.connections
            # A connection accepted while the listeners closed only appears a moment later.
            await asyncio.sleep(_LOOK_SECONDS)
            if not (state.connections or state.tasks):
                return


def _websocket(*args: Any, **options: Any) -> asyncio.Protocol:
    # Late: `websockets` has 17 modules, which a start does not need.
    from emulator.chat_delivery.direct import DirectProtocol

    return DirectProtocol(*args, **options)


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
        # Headers of a proxy are read by `web/http/caller_address`, with any server.
        proxy_headers=False,
        ws=cast(type[asyncio.Protocol], _websocket),
        # Frames are encoded once for all readers, so they cannot be compressed for each.
        ws_per_message_deflate=False,
        # A larger frame closes the connection with 1009.
        ws_max_size=sockets.frame_bytes_max,
        # Pings find half-open connections: the peer must answer within the same time.
        ws_ping_interval=sockets.ping_ms / 1000,
        ws_ping_timeout=sockets.ping_ms / 1000,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        ssl_context_factory=(lambda *_: tls.context) if tls else None,
    )
