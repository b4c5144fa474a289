"""Faults with real WebRTC peers: a viewer stalls and recovers, a publisher is throttled or cut."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from tests.real.test_media_faults import clear, events, start
from tests.support.encoders import film
from tests.support.live_server import Walk, platform
from tests.support.webrtc import Session, VideoFrame, ask, publishing, until, watching


@pytest.fixture
def walk() -> Iterator[Walk]:
    with platform(webrtc_idle_ms=4_000) as walk:
        yield walk


async def test_webrtc_faults_stall_throttle_and_cut_peers(walk: Walk) -> None:
    stream = walk.create()
    video = "libx264 -preset ultrafast -g 30 -bf 0 -b:v 600k"
    async with publishing(stream["ingest"]["webrtc_url"], film(seconds=6, video=video)) as sender:
        await ask(lambda: walk.stream(stream)["status"] == "live", "it is live")
        rate = await ask(lambda: walk.ingest(stream)["video_kbits"], "its rate is known")
        async with watching(stream["playback"]["whep"]) as viewer:
            await until(lambda: len(viewer.frames(VideoFrame)) >= 10, "pictures come")
            # Given a viewer whose picture stalls,
            await asyncio.to_thread(start, walk, media_stall={"stream": stream["id"]})
            await ask(lambda: events(walk, "FaultStruck"), "the fault strikes the viewer")
            # Packets that were on the way are decoded in the second until the rate is measured
            # again.
            rate = await ask(lambda: changed(walk, stream, rate), "the stream goes on")
            stood = len(viewer.frames(VideoFrame))
            await ask(lambda: changed(walk, stream, rate), "the stream still goes on")
            assert len(viewer.frames(VideoFrame)) <= stood + 3
            # when that is over, then the picture continues.
            await asyncio.to_thread(clear, walk)
            await until(lambda: len(viewer.frames(VideoFrame)) >= stood + 20, "it goes on")
        # A line that carries a tenth of the packets loses the others, as its sender's reports say;
        await asyncio.to_thread(start, walk, ingest_throttle={"kbits": 60})
        loop = asyncio.get_running_loop()
        await ask(
            lambda: asyncio.run_coroutine_threadsafe(lost_by(sender), loop).result(),
            "losses are reported",
        )
        assert (await asyncio.to_thread(walk.ingest, stream))["is_publishing"]
        # and a line that is cut ends the stream, since nobody comes back.
        await asyncio.to_thread(start, walk, ingest_cut={})
        await ask(lambda: walk.stream(stream)["status"] == "ended", "it has ended")
    struck = await asyncio.to_thread(events, walk, "FaultStruck")
    kinds = {item["kind"] for item in struck}
    assert kinds == {"media.stall", "ingest.throttle", "ingest.cut"}


def changed(walk: Walk, stream: dict[str, Any], rate: int) -> int | None:
    """The stream's bit rate, once it has changed."""
    now: int = walk.ingest(stream)["video_kbits"]
    return now if now != rate else None


async def lost_by(sender: Session) -> int:
    """The number of packets lost, by the receiver's reports (RFC 3550, 6.4.2)."""
    stats = await sender.peer.getStats()
    return sum(stat.packetsLost for stat in stats.values() if stat.type == "remote-inbound-rtp")
