"""A stream's chat for tests: on a clock that only the test moves, through any server."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
from starlette.types import ASGIApp

from emulator import services
from emulator.core.clock import ManualClock
from emulator.core.world_clock import WorldClock
from emulator.media.hls.store import MediaStore
from emulator.media.recording.recordings import Recordings
from emulator.platform.platform import ServiceFactory
from emulator.platform.request_log import RequestLog
from emulator.platform.shared import Shared
from emulator.platform.worlds import WorldConfig, Worlds
from emulator.seeding import images
from emulator.settings import Settings
from emulator.web import app
from emulator.web.chat.chats import Chats
from emulator.world.live import streams
from emulator.world.live.streams import Stream, StreamPatch
from emulator.world.people import accounts
from emulator.world.people.accounts import User
from emulator.world.world import World
from tests.support.chat_clients import (
    TRANSPORTS,
    Enter,
    Event,
    Gone,
    Peer,
    SocketTransport,
    StalledPeer,
)

PREFIXES = {"documented": "/api/v1", "client": "/v1"}


@dataclass
class ChatReader:
    """A client of the chat socket in one dialect."""

    peer: Peer
    dialect: str

    async def hear(self) -> Event:
        return await self.peer.hear()

    async def hear_data(self, kind: str) -> Any:
        """Return the `data` of the next event, which must be of this type."""
        event = await self.hear()
        assert event["type"] == kind, event
        return event["data"]

    async def hear_next(self, kind: str) -> Any:
        """Return the `data` of the next event of this type; earlier events are dropped."""
        while (event := await self.hear())["type"] != kind:
            pass
        return event["data"]

    async def say(self, content: str) -> None:
        kind = "message" if self.dialect == "documented" else "chat_message"
        await self.do(kind, content=content)

    async def do(self, kind: str, **words: Any) -> None:
        await self.peer.send(json.dumps({"type": kind, **words}))

    async def code(self) -> int:
        """The code with which the server closes the socket."""
        try:
            while True:
                await self.peer.hear()
        except Gone as gone:
            return gone.code

    async def leave(self) -> None:
        await self.peer.leave()


@dataclass
class Chatroom:
    """One stream of demo's and its chat. All clients are disconnected when the test ends."""

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
        return self.worlds.default.service(Chats)

    @property
    def owner(self) -> User:
        return accounts.by_username(self.world, "demo")

    def user(self, name: str) -> User:
        """An account whose key is `ak_demo_<name>`."""
        return accounts.make(self.world, name, api_key=f"ak_demo_{name}")

    async def connect(self, token: str | None, dialect: str = "documented") -> ChatReader:
        """Connect a socket, without reading its first events."""
        query = {"token": token} if token is not None else {}
        return ChatReader(await self.enter(self.address(dialect, **query)), dialect)

    async def join(self, token: str | None, dialect: str = "documented") -> ChatReader:
        """Connect a socket, and read the events that every new client gets."""
        reader = await self.connect(token, dialect)
        if reader.dialect == "documented":
            await reader.hear_data("history")
        await reader.hear_data("viewer_count")
        return reader

    async def stall(self, token: str) -> StalledPeer:
        """Connect a client that does not read; only possible behind a real server."""
        assert isinstance(self.enter, SocketTransport)
        return await self.enter.stall(self.address(token=token))

    def address(self, spoken: str = "documented", stream_id: str = "", **query: str) -> str:
        """The path of a stream's chat socket under the prefix of a dialect."""
        path = f"{PREFIXES[spoken]}/streams/{stream_id or self.stream.id}/chat/ws"
        return f"{path}?{urlencode(query)}"

    async def ask(
        self, method: str, path: str, key: str = "ak_demo", body: object = None
    ) -> httpx.Response:
        """Call the documented API below this stream's chat."""
        address = f"/api/v1/streams/{self.stream.id}{path}"
        headers = {"Authorization": f"Bearer {key}"}
        return await self.call.request(method, address, json=body, headers=headers)

    async def history(self) -> list[str]:
        answer = await self.ask("GET", "/chat/history?limit=100")
        return [message["content"] for message in answer.json()["messages"]]


def standing_clock() -> WorldClock:
    """A world's clock that stands at the beginning of 2026 until a test advances it."""
    return WorldClock.standing(ManualClock().now_ms())


@asynccontextmanager
async def chatroom(
    folder: Path, transport: str, seed: str = "none", path: str = ":memory:", **patch: Any
) -> AsyncIterator[Chatroom]:
    """A platform with one stream, reached through a transport; `patch` are settings.

    The world is kept at `path`; if it already has a stream of demo's, that one is used.
    """
    clock = standing_clock()
    settings = Settings(data=":memory:", port=0, rtmp_port=0, rtmps_port=0, **patch)
    async with AsyncExitStack() as stack:
        worlds = await make_worlds(stack, folder, clock, settings)
        await worlds.open_default(path, seed)
        application = app.build(worlds)
        enter = await stack.enter_async_context(TRANSPORTS[transport](application, settings))
        asgi = httpx.ASGITransport(application)
        call = await stack.enter_async_context(
            httpx.AsyncClient(transport=asgi, base_url="http://localhost")
        )
        stack.push_async_callback(worlds.stop, "the test is over")
        world = worlds.default.world
        demo = accounts.by_username(world, "demo")
        [*known] = streams.of_user(world, demo)
        stream = (
            known[0]
            if known
            else streams.create(world, demo, StreamPatch({"title": "Launch night"}))
        )
        yield Chatroom(worlds, application, clock, stream, call, enter)


async def make_worlds(
    stack: AsyncExitStack,
    folder: Path,
    clock: WorldClock,
    settings: Settings,
    more: Sequence[ServiceFactory] = (),
) -> Worlds:
    """Worlds without a server; the default world is not open yet. `more`: additional services.

    `clock` is the default world's.
    """
    tasks = await stack.enter_async_context(asyncio.TaskGroup())
    media_store = MediaStore(folder, settings.media)
    stack.push_async_callback(media_store.close)
    recordings = Recordings(media_store)
    stack.push_async_callback(recordings.close)
    shared = Shared(
        media_store=media_store,
        recordings=recordings,
        config=settings.platform,
        requests=RequestLog(settings.requests),
    )
    clocks = chain([clock], (standing_clock() for _ in repeat(None)))
    listed = [*services.of_each_world(settings, tasks), *more]
    config = WorldConfig(
        make_clock=clocks.__next__,
        rules=settings.rules,
        tasks=tasks,
        services=lambda: listed,
        has_webhook=bool(settings.webhooks.url),
        seed=settings.seed,
        seed_state=images.seed_state,
    )
    worlds = Worlds(shared, config)
    stack.callback(worlds.close)
    shared.state.is_ready = True
    return worlds
