"""Simulcast targets: retries and their reported state, on a clock that only the test moves."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator

import pytest

from emulator.core.bus import Bus
from emulator.core.clock import ManualClock
from emulator.core.errors import Refused
from emulator.core.events import Event
from emulator.media.simulcast.config import SimulcastConfig
from emulator.media.simulcast.feed import Feed
from emulator.media.simulcast.simulcasts import Simulcasts
from emulator.world.live import streams, targets
from emulator.world.live.streams import Stream, StreamPatch
from emulator.world.live.targets import TARGETS_MAX, SimulcastTarget
from emulator.world.people import accounts
from emulator.world.world import World
from tests.support.tables import table

KEY = "live_key_of_somebody_else"


class Scene:
    """A live stream, and the service that pushes it to targets."""

    def __init__(self, clock: ManualClock, tasks: asyncio.TaskGroup) -> None:
        self.clock = clock
        self.heard: list[Event] = []
        bus = Bus()
        self.world = World(clock=clock, publish=bus.publish)
        self.feed = Feed()
        config = SimulcastConfig(answer_ms=5_000)
        self.simulcasts = Simulcasts(self.world, lambda _: self.feed, tasks, config)
        self._news = asyncio.Event()
        bus.subscribe({Event: self.heard.append})
        bus.subscribe({Event: lambda _: self._news.set()})
        bus.subscribe(self.simulcasts.handlers())
        user = accounts.make(self.world, "ada", api_key="")
        stream = streams.create(self.world, user, StreamPatch({"title": "Tea"}))
        self.stream: Stream = streams.go_live(self.world, stream.id)

    def target(self, target: SimulcastTarget) -> SimulcastTarget:
        return targets.find(self.world, self.stream, target.id)

    async def until(self, target: SimulcastTarget, state: str, attempts: int) -> SimulcastTarget:
        async with asyncio.timeout(20):
            while True:
                self._news.clear()
                now = self.target(target)
                if (now.state, now.attempts) == (state, attempts):
                    return now
                await self._news.wait()


@pytest.fixture
async def scene(clock: ManualClock) -> AsyncIterator[Scene]:
    async with asyncio.TaskGroup() as tasks:
        scene = Scene(clock, tasks)
        yield scene
        scene.feed.close()
        await scene.simulcasts.stop("")
    scene.world.close()


@pytest.fixture
def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as plug:
        plug.bind(("127.0.0.1", 0))
        number: int = plug.getsockname()[1]
    return number


async def test_simulcast_retry_delay_doubles_each_time(scene: Scene, closed_port: int) -> None:
    target = targets.add(scene.world, scene.stream, f"rtmp://127.0.0.1:{closed_port}/live", KEY)

    for attempts, wait_ms in enumerate((1_000, 2_000, 4_000, 8_000), 1):
        now = await scene.until(target, "waiting", attempts)
        assert now.reason is not None
        assert now.due_at_ms == scene.clock.now_ms() + wait_ms
        scene.clock.advance(wait_ms - 1)
        assert scene.target(target) == now
        scene.clock.advance(1)
    # The stream's end does not wait for it.
    await scene.until(target, "waiting", 5)
    scene.feed.close()
    assert (await scene.until(target, "idle", 0)).due_at_ms is None


async def test_simulcast_connects_to_allowed_hosts_only(scene: Scene) -> None:
    target = targets.add(scene.world, scene.stream, "rtmp://192.0.2.1/live", KEY)

    now = await scene.until(target, "waiting", 1)

    assert now.reason == "Streams may not be pushed to 192.0.2.1: see the setting simulcast_hosts."


async def test_simulcast_invalid_host_is_refused(scene: Scene) -> None:
    with pytest.raises(Refused, match=r"address is rtmp://host\[:port\]/app"):
        targets.add(scene.world, scene.stream, f"rtmp://{'a' * 64}.test/live", KEY)


async def test_simulcast_echoed_key_of_a_server_is_not_quoted(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    # Given a server that refuses, with the key in its reason,
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opening = await reader.readexactly(1 + 1536)
        writer.write(opening[:1] + bytes(1536) + opening[1:])
        await reader.readexactly(1536)
        await reader.readuntil(b"connect")
        writer.write(_refusal(f"no stream {KEY} here"))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with caplog.at_level(logging.DEBUG):
        target = targets.add(scene.world, scene.stream, f"rtmp://127.0.0.1:{port}/live", KEY)
        # its refusal is shown without the key.
        now = await scene.until(target, "waiting", 1)
        server.close()

    assert now.reason == "no stream *** here"
    assert KEY not in caplog.text
    assert KEY not in str(scene.heard)


@table(
    ("url", "key"),
    [
        ("http://127.0.0.1/live", KEY),
        ("rtmp://127.0.0.1", KEY),
        ("rtmp://me:secret@127.0.0.1/live", KEY),
        ("rtmp://127.0.0.1/live?key=secret", KEY),
        ("rtmp://127.0.0.1:70000/live", KEY),
        ("rtmp://127.0.0.1/live", ""),
        ("rtmp://127.0.0.1/live", "a\nb"),
    ],
)
async def test_simulcast_invalid_target_is_refused(scene: Scene, url: str, key: str) -> None:
    with pytest.raises(Refused) as refusal:
        targets.add(scene.world, scene.stream, url, key)

    assert refusal.value.code == "invalid"
    assert targets.of(scene.world, scene.stream) == []


async def test_simulcast_targets_of_a_stream_are_bounded_and_unique(
    scene: Scene, closed_port: int
) -> None:
    url = f"rtmp://127.0.0.1:{closed_port}/live"
    for number in range(TARGETS_MAX):
        targets.add(scene.world, scene.stream, url, f"{KEY}{number}")
        if not number:
            with pytest.raises(Refused, match="pushed there already"):
                targets.add(scene.world, scene.stream, url, f"{KEY}{number}")

    with pytest.raises(Refused, match="10 targets"):
        targets.add(scene.world, scene.stream, url, KEY)


def _refusal(message: str) -> bytes:
    from emulator.media.ingest.wire import amf0, rtmp_chunks
    from emulator.media.ingest.wire.amf3 import Value
    from emulator.media.ingest.wire.rtmp_chunks import RtmpMessage

    payload: dict[str, Value] = {
        "level": "error",
        "code": "NetConnection.Connect.Rejected",
        "description": message,
    }
    return rtmp_chunks.write(3, RtmpMessage(20, 0, 0, amf0.encode("_error", 1.0, None, payload)))
