"""WHEP with real peers: aiortc watches the stream of ffmpeg or another aiortc."""

import asyncio
import threading
from collections.abc import Iterator
from fractions import Fraction

import pytest

from tests.support.encoders import film, pushing
from tests.support.live_server import Walk, platform
from tests.support.sdp_offers import browser_offer
from tests.support.webrtc import (
    AudioFrame,
    Deafness,
    Session,
    VideoFrame,
    ask,
    post_offer,
    publishing,
    send,
    until,
    watching,
)

offer = browser_offer(direction="recvonly")


@pytest.fixture(scope="module")
def walk() -> Iterator[Walk]:
    with platform(webrtc_idle_ms=2_000, viewer_gone_ms=60_000) as walk:
        yield walk


def viewers(walk: Walk, stream: dict[str, object]) -> int:
    playback = stream["playback"]
    assert isinstance(playback, dict)
    count: int = walk.get(playback["whep"].replace("webRTC/play", "views")).json["liveViewers"]
    return count


def codecs_at_work() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("webrtc")]


async def until_seen_and_heard(session: Session, pictures: int = 30) -> None:
    await until(lambda: len(session.frames(VideoFrame)) >= pictures, "pictures come")
    await until(lambda: len(session.frames(AudioFrame)) >= 20, "sound comes")


async def test_whep_viewers_without_h264_get_vp8_encoded_once(walk: Walk) -> None:
    # Given a stream over RTMP, with a key frame every two seconds,
    stream = walk.create()
    whep = stream["playback"]["whep"]
    source = film(seconds=6, video="libx264 -preset ultrafast -g 60 -bf 0")
    with pushing(stream["rtmp_url"] + "/" + stream["stream_key"], source):
        await ask(lambda: walk.stream(stream)["status"] == "live", "it is live")
        # when two viewers without H.264 watch, and one with it,
        async with watching(whep) as other:
            async with watching(whep, codec="VP8") as first, watching(whep, codec="VP8") as second:
                for session in (first, second, other):
                    await until_seen_and_heard(session)
                # then all see the same picture, and VP8 is encoded once for both.
                assert " VP8/90000" in first.answer.text
                assert " VP8/90000" not in other.answer.text
                assert first.frames(VideoFrame)[-1].width == 320
                assert codecs_at_work().count("webrtc-vp8") == 1
                assert "webrtc-h264" not in codecs_at_work()
            # When these have left, nothing is encoded any more, and the other still sees the
            # stream.
            await until(lambda: "webrtc-vp8" not in codecs_at_work(), "the encoder is gone")
            await until_seen_and_heard(other, len(other.frames(VideoFrame)) + 30)


@pytest.mark.parametrize(
    "video",
    ["libx264 -preset ultrafast -g 60 -bf 0", "libx264 -preset ultrafast -g 60 -bf 2"],
    ids=["passed through", "B-frames transcoded"],
)
async def test_whep_new_viewer_gets_a_frame_at_once_and_is_counted(walk: Walk, video: str) -> None:
    # Given a stream over RTMP, with a key frame every two seconds,
    stream = walk.create()
    source = film(seconds=6, video=video)
    address = stream["rtmp_url"] + "/" + stream["stream_key"]
    with pushing(address, source):
        await ask(lambda: walk.stream(stream)["status"] == "live", "it is live")
        # when two watch over WebRTC,
        whep = stream["playback"]["whep"]
        async with watching(whep) as first, watching(whep) as second:
            for session in (first, second):
                await until_seen_and_heard(session)
            # then they count (as one viewer, since nothing distinguishes them),
            assert await asyncio.to_thread(viewers, walk, stream) == 1
            # pictures follow each other in time, and so does sound,
            for kind in (VideoFrame, AudioFrame):
                times = [Fraction(frame.pts) for frame in first.frames(kind)]
                assert times == sorted(times)
            assert first.frames(VideoFrame)[-1].width == 320
            # and sound is transcoded once for both.
            assert len([name for name in codecs_at_work() if name == "webrtc-opus"]) == 1
            # When one of them leaves, the other still counts;
            await first.peer.close()
            await until_seen_and_heard(second, len(second.frames(VideoFrame)) + 10)
            assert await asyncio.to_thread(viewers, walk, stream) == 1
        # when both have left, then nothing of it remains.
        await until(lambda: not codecs_at_work(), "transcoding has ended")
        await ask(lambda: viewers(walk, stream) == 0, "nobody watches")


async def test_whep_lost_packets_are_resent_and_a_longer_gap_is_bridged(walk: Walk) -> None:
    # Given a stream with a key frame every ten seconds, and a viewer
    stream = walk.create()
    source = film(seconds=20, video="libx264 -preset ultrafast -g 300 -bf 0")
    with pushing(stream["rtmp_url"] + "/" + stream["stream_key"], source):
        await ask(lambda: walk.stream(stream)["status"] == "live", "it is live")
        async with watching(stream["playback"]["whep"]) as session:
            await until_seen_and_heard(session)
            # that misses every tenth packet: then those are sent again.
            deafness = Deafness(session, nth=10)
            await until(lambda: len(deafness.mended) > 10, "packets are sent again")
            pictures = len(session.frames(VideoFrame))
            await until_seen_and_heard(session, pictures + 30)
            # When the viewer receives nothing for a while,
            deafness.is_deaf = True
            heard = len(deafness.missed)
            await until(lambda: len(deafness.missed) > heard + 120, "packets are lost")
            deafness.is_deaf, deafness.key_frames = False, 0
            # then it is sent the last key frame again, and all after it, and plays on.
            await until(lambda: deafness.key_frames, "a key frame comes")
            pictures = len(session.frames(VideoFrame))
            await until_seen_and_heard(session, pictures + 30)


async def test_whep_browser_stream_is_watched_as_sent(walk: Walk) -> None:
    # Given a publisher over WebRTC and a viewer,
    stream = walk.create()
    async with publishing(stream["ingest"]["webrtc_url"], film(seconds=4)):
        await ask(lambda: walk.stream(stream)["status"] == "live", "it is live")
        async with watching(stream["playback"]["whep"]) as session:
            await until_seen_and_heard(session)
            # then only HLS needs another codec: sound is not transcoded for the viewer.
            assert codecs_at_work() == ["webrtc-aac"]
            # When the stream ends, then the viewer's connection is closed.
            await asyncio.to_thread(walk.end, stream)
            await until(
                lambda: session.peer.connectionState in ("closed", "failed"), "it is disconnected"
            )
    assert post_offer(stream["playback"]["whep"], offer).status == 409


def test_whep_unwatchable_stream_is_refused_with_a_message(walk: Walk) -> None:
    # Given a stream without media, and one that is live only by the API,
    quiet, zombie = walk.create(), walk.create()
    assert walk.ask("POST", f"/streams/id/{zombie['id']}/start").status == 200
    for stream in (quiet, zombie):
        refused = post_offer(stream["playback"]["whep"], offer)
        assert (refused.status, refused.headers["Retry-After"]) == (404, "1")
        assert refused.json["detail"] == "This stream has no media yet."
    # and a simulated one, and none at all,
    [simulated, *_] = [
        stream
        for stream in walk.ask("GET", "/streams/?status=live").json["streams"]
        if stream["id"] != zombie["id"] and stream["status"] == "live"
    ]
    refused = post_offer(simulated["playback"]["whep"], offer)
    assert (refused.status, "simulated" in refused.json["detail"]) == (409, True)
    uid = quiet["cloudflare_stream_id"]
    assert post_offer(quiet["playback"]["whep"].replace(uid, "0" * 32), offer).status == 404
    # then the methods that may be posted are still listed.
    assert send("OPTIONS", quiet["playback"]["whep"]).headers["Accept-Post"] == "application/sdp"
