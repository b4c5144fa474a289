"""A push to the real RTMP server: its reports, its ends, and the server's reasons."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable

import pytest

from emulator.core.errors import Refused
from emulator.media.ingest.rtmp_server import RtmpServer
from emulator.media.ingest.tag import Tag
from emulator.media.ingest.wire.rtmp_handshake import BLOCK
from emulator.media.publisher.link import PushTarget
from emulator.media.publisher.push import Push, PushProgress
from tests.support.rtmp_wire import HANDSHAKE, RecordingAuthorizer
from tests.support.tables import table

GUARD_SECONDS = 30
HEADER = Tag("video", 0, b"\x17\x00" + bytes(40))


class FakeBroadcast:
    """A frame every 20 ms, `count` of them or without end."""

    def __init__(self, count: int | None = None) -> None:
        self._count = count
        self._sent = 0
        self.is_closed = False

    @property
    def due_ms(self) -> int | None:
        return None if self._sent == self._count else 20 * self._sent

    def step(self, elapsed_ms: int) -> list[Tag]:
        assert self.due_ms is not None
        assert elapsed_ms >= self.due_ms
        frame = Tag("video", self.due_ms, b"\x17\x01" + bytes(1000))
        self._sent += 1
        return [HEADER, frame] if self._sent == 1 else [frame]

    def close(self) -> list[Tag]:
        self.is_closed = True
        return [Tag("video", 20 * self._sent, b"\x17\x02\x00\x00\x00")]


class Stand:
    """Pushes to a port, from another thread, as a command makes them."""

    def __init__(self, port: int) -> None:
        self.authorizer = RecordingAuthorizer()
        self.port = port
        self.stop = threading.Event()
        self.reports: list[PushProgress] = []
        self.broadcast = FakeBroadcast(3)

    async def push(
        self,
        key: str = "good",
        seconds: float | None = None,
        report: Callable[[PushProgress], None] | None = None,
    ) -> None:
        target = PushTarget("rtmp", "127.0.0.1", self.port, "live")
        push = Push(target, key, "", self.stop, report or self.reports.append)
        await asyncio.to_thread(push.run, lambda: self.broadcast, seconds)

    @property
    def states(self) -> list[str]:
        return [progress.state for progress in self.reports]

    async def tags(self) -> list[Tag]:
        """All tags that arrived, once the publisher has gone."""
        sink = self.authorizer.sinks["good"]
        await sink.closed.wait()
        return sink.tags


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    stand = Stand(0)
    server = RtmpServer(stand.authorizer)
    stand.port = await server.start("127.0.0.1", 0)
    try:
        async with asyncio.timeout(GUARD_SECONDS):
            yield stand
    finally:
        await server.stop("the test is over")


async def test_push_sends_all_and_unpublishes(stand: Stand) -> None:
    await stand.push()

    tags = await stand.tags()
    assert [tag.payload[1] for tag in tags] == [0, 1, 1, 1, 2]
    assert [tag.timestamp_ms for tag in tags] == [0, 0, 20, 40, 60]
    assert stand.authorizer.sinks["good"].closed_for == ["the publisher stopped"]
    assert stand.states == ["connecting", "connected", "ended"]
    assert stand.reports[-1].seconds >= 0.04


async def test_push_reports_its_progress_each_second(stand: Stand) -> None:
    stand.broadcast = FakeBroadcast(60)
    await stand.push()

    assert stand.states == ["connecting", "connected", "publishing", "ended"]
    report = stand.reports[2]
    assert report.seconds >= 1
    # 50 frames of 1,000 bytes per second, and the overhead of RTMP.
    assert 0 < report.kbits <= 420
    assert 0 < report.fps <= 51


async def test_push_ends_after_its_seconds(stand: Stand) -> None:
    stand.broadcast = FakeBroadcast()
    await stand.push(seconds=0.1)

    assert [tag.payload[1] for tag in await stand.tags()] == [0, 1, 1, 1, 1, 1, 2]
    assert stand.states[-1] == "ended"


async def test_push_stopped_ends_cleanly(stand: Stand) -> None:
    stand.broadcast = FakeBroadcast()

    def report(progress: PushProgress) -> None:
        stand.reports.append(progress)
        if progress.state == "connected":
            stand.stop.set()

    await stand.push(report=report)

    assert stand.broadcast.is_closed
    assert (await stand.tags())[-1].payload[1] == 2
    assert stand.authorizer.sinks["good"].closed_for == ["the publisher stopped"]
    assert stand.states == ["connecting", "connected", "ended"]


async def test_push_stopped_before_it_connects_never_began(stand: Stand) -> None:
    stand.stop.set()
    await stand.push()

    assert stand.states == ["connecting", "ended"]
    assert not stand.authorizer.sinks


async def test_push_refused_key_has_the_message_of_the_server(stand: Stand) -> None:
    with pytest.raises(Refused, match=r"^No stream has this key\.$") as refused:
        await stand.push("bad")

    assert refused.value.code == "forbidden"
    assert refused.value.details == {"status": "NetStream.Publish.BadName"}
    assert stand.states == ["connecting"]


async def test_push_ended_by_the_server_has_the_reason(stand: Stand) -> None:
    stand.broadcast = FakeBroadcast()
    pushing = asyncio.create_task(stand.push())
    await stand.authorizer.admitted.wait()
    stand.authorizer.sinks["good"].drop("The stream has ended: enough.")

    with pytest.raises(Refused, match=r"^The stream has ended: enough\.$"):
        await pushing


@table(
    ("answered", "code", "message"),
    [
        (
            b"",
            "unavailable",
            "closed the connection without a reason. If it speaks TLS, use rtmps://.",
        ),
        (HANDSHAKE, "forbidden", "closed the connection without accepting the publish."),
    ],
)
async def test_push_hang_up_differs_from_a_refusal(
    answered: bytes, code: str, message: str
) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(BLOCK + 1)
        writer.write(answered)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        stand = Stand(server.sockets[0].getsockname()[1])
        with pytest.raises(Refused) as refused:
            await stand.push()
    assert refused.value.code == code
    assert refused.value.message.endswith(message)


async def test_push_other_kind_of_server_is_reported() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        stand = Stand(server.sockets[0].getsockname()[1])
        with pytest.raises(Refused, match="This is not an RTMP server") as refused:
            await stand.push()
    assert refused.value.code == "unavailable"
