"""The chat socket's clients, and the transports through which they reach the application.

All transports serve the same application: uvicorn (messages go to its transport), Hypercorn
(messages go through ASGI's `send`), and in process without a server.
"""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any, Protocol

import pytest
from starlette.types import ASGIApp, Message
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from emulator.settings import Settings
from emulator.web.servers.choice import web_server
from emulator.web.servers.listening import listen

PATIENCE_SECONDS = 60
Event = dict[str, Any]


class Peer(Protocol):
    """A client of the chat socket."""

    async def hear(self) -> Event:
        """Return the next event. Raises `Gone` once the socket is closed."""
        ...

    async def send(self, content: str | bytes) -> None:
        """Send one message, valid or not."""
        ...

    async def leave(self) -> None: ...


class Gone(Exception):
    """The server has closed the socket, with this code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code


class SocketPeer:
    """A client over a real socket."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def hear(self) -> Event:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return dict(json.loads(await self.connection.recv()))
        except ConnectionClosed as closed:
            # Without a close frame the code is 1006 (RFC 6455, 7.1.5).
            goodbye = closed.rcvd
            raise Gone(goodbye.code if goodbye else 1006, str(closed)) from None

    async def send(self, content: str | bytes) -> None:
        await self.connection.send(content)

    async def leave(self) -> None:
        await self.connection.close()


class InProcessPeer:
    """A client that calls the application directly, as a server would."""

    def __init__(self, application: ASGIApp, address: str) -> None:
        path, _, query = address.partition("?")
        self._scope = {
            "type": "websocket",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "scheme": "ws",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(b"host", b"localhost")],
            "client": ("192.0.2.1", 5000),
            "server": ("test", 80),
            "subprotocols": [],
            "state": {},
            "extensions": {},
        }
        self._application = application
        self._to_server: asyncio.Queue[Message] = asyncio.Queue()
        self._from_server: asyncio.Queue[Message] = asyncio.Queue()
        self._serving: asyncio.Task[None]

    async def enter(self) -> None:
        await self._to_server.put({"type": "websocket.connect"})
        call = self._application(self._scope, self._to_server.get, self._from_server.put)
        self._serving = asyncio.ensure_future(call)
        assert (await self._next())["type"] == "websocket.accept"

    async def hear(self) -> Event:
        message = await self._next()
        if message["type"] == "websocket.close":
            raise Gone(message["code"], message["reason"])
        return dict(json.loads(message["text"]))

    async def send(self, content: str | bytes) -> None:
        kind = "text" if isinstance(content, str) else "bytes"
        await self._to_server.put({"type": "websocket.receive", kind: content})

    async def leave(self) -> None:
        await self._to_server.put({"type": "websocket.disconnect", "code": 1000})
        await self._serving

    async def _next(self) -> Message:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self._from_server.get()


class StalledPeer:
    """A client with a small buffer that does not read until `read_on`, and answers no pings."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def enter(cls, port: int, address: str) -> "StalledPeer":
        plug = socket.socket()
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        plug.setblocking(False)
        await asyncio.get_running_loop().sock_connect(plug, ("127.0.0.1", port))
        reader, writer = await asyncio.open_connection(sock=plug, limit=4096)
        writer.write(
            f"GET {address} HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )
        await reader.readuntil(b"\r\n\r\n")
        return cls(reader, writer)

    async def read_on(self) -> tuple[list[Event], int]:
        """Read to the end; return all events and the close code (1006 without a close frame)."""
        events: list[Event] = []
        code = 1006
        async with asyncio.timeout(PATIENCE_SECONDS):
            try:
                while True:
                    opcode, data = await self._frame()
                    if opcode == _TEXT:
                        events.append(json.loads(data))
                    elif opcode == _CLOSE:
                        code = int.from_bytes(data[:2], "big")
                        self._writer.close()
            except (asyncio.IncompleteReadError, ConnectionError):
                return events, code

    async def hang_up(self) -> None:
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()

    async def _frame(self) -> tuple[int, bytes]:
        first, length = await self._reader.readexactly(2)
        if length >= 126:
            length = int.from_bytes(
                await self._reader.readexactly(2 if length == 126 else 8), "big"
            )
        return first & 0x0F, await self._reader.readexactly(length)


_TEXT, _CLOSE = 1, 8

Enter = Callable[[str], Awaitable[Peer]]


@asynccontextmanager
async def _in_process(application: ASGIApp, _: Settings) -> AsyncIterator[Enter]:
    peers: list[InProcessPeer] = []

    async def enter(address: str) -> InProcessPeer:
        peer = InProcessPeer(application, address)
        await peer.enter()
        peers.append(peer)
        return peer

    yield enter
    for peer in peers:
        await peer.leave()


@asynccontextmanager
async def _served(name: str, application: ASGIApp, settings: Settings) -> AsyncIterator[Enter]:
    """Serve behind the server of this name, started as the emulator starts it."""
    server = web_server(name)(application, None, settings.sockets)
    listening = listen("127.0.0.1", 0, with_quic=False)
    await server.start(listening)
    transport = SocketTransport(listening.port)
    yield transport
    await transport.close()
    await server.stop()
    listening.close()


class SocketTransport:
    """Clients of the server at this address."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._peers: list[SocketPeer] = []
        self._stalled: list[StalledPeer] = []

    async def __call__(self, address: str) -> SocketPeer:
        # Without a limit, events that the test does not read would stop the client from reading.
        connection = await connect(
            f"ws://127.0.0.1:{self._port}{address}",
            proxy=None,
            ping_interval=None,
            max_size=None,
            max_queue=None,
        )
        self._peers.append(SocketPeer(connection))
        return self._peers[-1]

    async def stall(self, address: str) -> StalledPeer:
        self._stalled.append(await StalledPeer.enter(self._port, address))
        return self._stalled[-1]

    async def close(self) -> None:
        for stalled in self._stalled:
            await stalled.hang_up()
        for peer in self._peers:
            await peer.leave()


TRANSPORTS: Mapping[str, Callable[[ASGIApp, Settings], Any]] = {
    "in process": _in_process,
    "uvicorn": partial(_served, "uvicorn"),
    "hypercorn": partial(_served, "hypercorn"),
}
# This one is for a test of the transports themselves.
every_transport = pytest.mark.parametrize("transport", TRANSPORTS)
