"""A stream's chat as a test meets it: on a clock that only the test moves, through any server.

Doors lead to the same application: uvicorn (where lines go to the transport), Hypercorn (where they
go through ASGI's `send`), and none at all, in process.
"""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlencode

import httpx
import uvicorn
from hypercorn.asyncio import serve
from hypercorn.config import Config
from starlette.types import ASGIApp, Message
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from emulator import bounds
from emulator.core.clock import ManualClock
from emulator.core.world_clock import WorldClock
from emulator.delivery import direct
from emulator.media.recording.loop.loops import Loops
from emulator.media.recording.recordings import Recordings
from emulator.media.shelf.shelves import Shelves
from emulator.seeds import file as seeds
from emulator.settings import Settings
from emulator.web import app
from emulator.web.chat.chats import Chats
from emulator.web.platform import Shared
from emulator.web.rest.request_log import RequestLog
from emulator.web.worlds import Worlds
from emulator.world.live import streams
from emulator.world.live.streams import Stream, Wishes
from emulator.world.people import accounts
from emulator.world.people.accounts import User
from emulator.world.world import World

PATIENCE_SECONDS = 20
PREFIXES = {"documented": "/api/v1", "client": "/v1"}
Event = dict[str, Any]


class Peer(Protocol):
    """A client of the chat socket."""

    async def hear(self) -> Event:
        """The next event. Raises `Gone` once the socket is closed."""
        ...

    async def send(self, content: str | bytes) -> None:
        """One message, whatever is in it."""
        ...

    async def leave(self) -> None: ...


class Gone(Exception):
    """The server has closed the socket, with this code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code


class SocketPeer:
    """Over a real socket."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def hear(self) -> Event:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return dict(json.loads(await self.connection.recv()))
        except ConnectionClosed as closed:
            # Without a goodbye the connection was cut (RFC 6455, 7.1.5).
            goodbye = closed.rcvd
            raise Gone(goodbye.code if goodbye else 1006, str(closed)) from None

    async def send(self, content: str | bytes) -> None:
        await self.connection.send(content)

    async def leave(self) -> None:
        await self.connection.close()


class InProcessPeer:
    """Calls the application, as a server would."""

    def __init__(self, application: ASGIApp, address: str) -> None:
        path, _, query = address.partition("?")
        self._scope = {
            "type": "websocket",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "scheme": "ws",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(b"host", b"test")],
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


Enter = Callable[[str], Awaitable[Peer]]


@dataclass
class Guest:
    """Somebody at the socket, who speaks one dialect."""

    peer: Peer
    dialect: str

    async def hear(self) -> Event:
        return await self.peer.hear()

    async def hear_data(self, kind: str) -> Any:
        """The next event's `data`; it must be of this type."""
        event = await self.hear()
        assert event["type"] == kind, event
        return event["data"]

    async def hear_next(self, kind: str) -> Any:
        """The `data` of the next event of this type, whatever comes before."""
        while (event := await self.hear())["type"] != kind:
            pass
        return event["data"]

    async def say(self, content: str) -> None:
        kind = "message" if self.dialect == "documented" else "chat_message"
        await self.do(kind, content=content)

    async def do(self, kind: str, **words: Any) -> None:
        await self.peer.send(json.dumps({"type": kind, **words}))

    async def code(self) -> int:
        """The code with which the socket is closed."""
        try:
            while True:
                await self.peer.hear()
        except Gone as gone:
            return gone.code

    async def leave(self) -> None:
        await self.peer.leave()


@dataclass
class Chatroom:
    """One stream of demo's and its chat. Everybody is gone when the test is over."""

    worlds: Worlds
    application: ASGIApp
    clock: WorldClock
    stream: Stream
    call: httpx.AsyncClient
    enter: Enter

    @property
    def world(self) -> World:
        return self.worlds.default.world

    @property
    def chats(self) -> Chats:
        return self.worlds.default.chats

    @property
    def owner(self) -> User:
        return accounts.by_username(self.world, "demo")

    def user(self, name: str) -> User:
        """An account whose key is `ak_demo_<name>`."""
        return accounts.make(self.world, name, api_key=f"ak_demo_{name}")

    async def connect(self, token: str | None, dialect: str = "documented") -> Guest:
        """A socket, before anything was heard on it."""
        query = {"token": token} if token is not None else {}
        return Guest(await self.enter(self.address(dialect, **query)), dialect)

    async def join(self, token: str | None, dialect: str = "documented") -> Guest:
        """A socket that has heard what everybody hears first."""
        guest = await self.connect(token, dialect)
        if guest.dialect == "documented":
            await guest.hear_data("history")
        await guest.hear_data("viewer_count")
        return guest

    def address(self, spoken: str = "documented", stream_id: str = "", **query: str) -> str:
        """Where a stream's chat is under the prefix of a dialect."""
        path = f"{PREFIXES[spoken]}/streams/{stream_id or self.stream.id}/chat/ws"
        return f"{path}?{urlencode(query)}"

    async def ask(
        self, method: str, path: str, key: str = "ak_demo", body: object = None
    ) -> httpx.Response:
        """A call of the documented API below this stream's chat."""
        address = f"/api/v1/streams/{self.stream.id}{path}"
        headers = {"Authorization": f"Bearer {key}"}
        return await self.call.request(method, address, json=body, headers=headers)

    async def history(self) -> list[str]:
        answer = await self.ask("GET", "/chat/history?limit=100")
        return [message["content"] for message in answer.json()["messages"]]


def standing_clock() -> WorldClock:
    """A world's clock that stands at the beginning of 2026 until a test advances it."""
    clock = WorldClock(ManualClock().now_ms())
    clock.freeze()
    return clock


@asynccontextmanager
async def chatroom(
    folder: Path, door: str, seed: str = "none", **wishes: Any
) -> AsyncIterator[Chatroom]:
    """A platform with one stream, reached through a door; `wishes` are settings."""
    clock = standing_clock()
    settings = Settings(data=":memory:", port=0, rtmp_port=0, rtmps_port=0, **wishes)
    async with AsyncExitStack() as stack:
        worlds = await _worlds(stack, folder, clock, settings, seed)
        application = app.build(worlds)
        enter = await stack.enter_async_context(_DOORS[door](application, settings))
        transport = httpx.ASGITransport(application)
        call = await stack.enter_async_context(
            httpx.AsyncClient(transport=transport, base_url="http://test")
        )
        stack.push_async_callback(worlds.stop, "the test is over")
        world = worlds.default.world
        stream = streams.create(
            world, accounts.by_username(world, "demo"), Wishes({"title": "Launch night"})
        )
        yield Chatroom(worlds, application, clock, stream, call, enter)


async def _worlds(
    stack: AsyncExitStack, folder: Path, clock: WorldClock, settings: Settings, seed: str
) -> Worlds:
    tasks = await stack.enter_async_context(asyncio.TaskGroup())
    shelves = Shelves(folder, bounds.shelves(settings))
    stack.push_async_callback(shelves.close)
    recordings = Recordings(shelves)
    stack.push_async_callback(recordings.close)
    shared = Shared(
        shelves=shelves,
        recordings=recordings,
        loops=Loops(shelves),
        body_bytes_max=settings.body_bytes_max,
        upload_bytes_max=settings.upload_bytes_max,
        admin_token="",
        requests=RequestLog(settings.requests_kept_max),
    )
    clocks = chain([clock], (standing_clock() for _ in repeat(None)))
    worlds = Worlds(shared, bounds.making(settings, clocks.__next__, tasks, seeds.read))
    stack.callback(worlds.close)
    await worlds.open_default(":memory:", seed)
    shared.state.is_ready = True
    return worlds


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
async def _uvicorn(application: ASGIApp, settings: Settings) -> AsyncIterator[Enter]:
    config = uvicorn.Config(
        application,
        lifespan="off",
        log_config=None,
        timeout_graceful_shutdown=1,
        **direct.uvicorn_options(settings.chat_frame_bytes_max),
    )
    server = uvicorn.Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    with _listener() as listener:
        await server.startup([listener])
        async with _sockets(listener) as enter:
            yield enter
        await server.shutdown([listener])


@asynccontextmanager
async def _hypercorn(application: ASGIApp, _: Settings) -> AsyncIterator[Enter]:
    config = Config()
    config.errorlog = None
    config.graceful_timeout = 1
    stop = asyncio.Event()
    with _listener() as listener:
        listener.setblocking(False)
        # Hypercorn takes the descriptor over, and closes it.
        config.bind = [f"fd://{listener.dup().detach()}"]
        serving = asyncio.ensure_future(serve(application, config, shutdown_trigger=stop.wait))  # type: ignore[arg-type]
        async with _sockets(listener) as enter:
            yield enter
        stop.set()
        await serving


@asynccontextmanager
async def _sockets(listener: socket.socket) -> AsyncIterator[Enter]:
    """Clients of whatever listens there."""
    host, port = listener.getsockname()[:2]
    peers: list[SocketPeer] = []

    async def enter(address: str) -> SocketPeer:
        # What the test does not hear must not keep the client from reading on.
        connection = await connect(
            f"ws://{host}:{port}{address}",
            proxy=None,
            ping_interval=None,
            max_size=None,
            max_queue=None,
        )
        peer = SocketPeer(connection)
        peers.append(peer)
        return peer

    yield enter
    for peer in peers:
        await peer.leave()


def _listener() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


_DOORS: Mapping[str, Callable[[ASGIApp, Settings], Any]] = {
    "in process": _in_process,
    "uvicorn": _uvicorn,
    "hypercorn": _hypercorn,
}
