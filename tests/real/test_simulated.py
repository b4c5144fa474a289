"""A simulated stream plays without a publisher, and ends when a publisher comes."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from emulator import server
from emulator.settings import Settings
from emulator.world.live import streams, synthetic
from tests.support.encoders import BOTH, address_of, play, pushing
from tests.support.hls.media_rules import check_media
from tests.support.hls.reload_rules import check_reload
from tests.support.hls.text import parse
from tests.support.live_server import Walk, until


@pytest.fixture
def running() -> Iterator[tuple[server.Emulator, Walk]]:
    settings = Settings(
        data=":memory:", port=0, rtmp_port=0, rtmps_port=0, vod_processing_ms=0, seed="none"
    )
    with server.running(settings) as emulator:
        yield emulator, Walk(emulator.ready)


def simulated(emulator: server.Emulator, walk: Walk) -> dict[str, Any]:
    stream = walk.create("Simulated")
    world = emulator.platform.world
    emulator.call(lambda: streams.simulate(world, streams.find(world, stream["id"])))
    return stream


@pytest.mark.parametrize("by", BOTH)
def test_simulated_stream_plays_live_and_recorded(
    running: tuple[server.Emulator, Walk], by: str
) -> None:
    emulator, walk = running
    stream = simulated(emulator, walk)
    assert walk.stream(stream)["status"] == "live"
    until(lambda: walk.get(stream["playback_url"]).status == 200, "a segment is whole")
    assert len(play(stream["playback_url"], "-t", "2", by=by).video) == 60
    assert walk.get(stream["playback"]["thumbnail"]).body.startswith(b"\xff\xd8")
    walk.until_parts(stream, 3)

    kinds = ("stream", "llhls")
    followed = {kind: walk.media_playlist(stream, kind) for kind in kinds}
    walk.end(stream)
    vod = walk.until_vod(stream)
    for kind in kinds:
        last = walk.media_playlist(stream, kind)
        assert check_media(last) == check_reload(followed[kind], last) == []
        assert last.endswith("#EXT-X-ENDLIST\n")
    played = play(vod["video_url"], by=by)
    assert abs(len(played.video) / 30 - vod["duration"]) < 0.3
    assert len(play(vod["mp4_url"], by=by).video) == len(played.video)
    assert walk.get(vod["thumbnail_url"] + "?time=1h").status == 200


def test_simulated_stream_ends_when_a_publisher_comes(
    running: tuple[server.Emulator, Walk],
) -> None:
    emulator, walk = running
    stream = simulated(emulator, walk)
    with pushing(address_of(stream)):
        until(lambda: walk.ingest(stream)["is_publishing"], "the publisher is in")
        walk.until_parts(stream, 3)
    assert not emulator.call(
        lambda: streams.find(emulator.platform.world, stream["id"]).is_simulated
    )


HOURS = 4


async def test_simulated_stream_of_virtual_hours_has_a_vod_and_pictures() -> None:
    # Given a platform whose time stands still, and a synthetic publisher,
    settings = Settings(data=":memory:", port=0, rtmp_port=0, rtmps_port=0, seed="none")
    async with server.Emulator(settings) as emulator:
        platform, walk = emulator.platform, Walk(emulator.ready)
        platform.clock.freeze()
        stream = await asyncio.to_thread(walk.create)
        film = synthetic.start(platform.world, streams.find(platform.world, stream["id"]))

        # when four hours pass, with a drop of six seconds in the middle,
        await platform.clock.pass_time(HOURS * 1_800_000)
        synthetic.drop(platform.world, film, 6_000)
        await platform.clock.pass_time(HOURS * 1_800_000 + 6_000)
        live = await asyncio.to_thread(walk.get, stream["playback_url"])
        assert live.status == 200
        synthetic.stop(platform.world, film)
        await platform.clock.pass_time(15_000)

        # then the recording is as long as the shown media, to the millisecond,
        vod = await asyncio.to_thread(walk.until_vod, stream)
        assert vod["duration"] == HOURS * 3600
        address = vod["video_url"].replace("video.m3u8", "stream.m3u8")
        text = (await asyncio.to_thread(walk.get, address)).text
        segments = parse(text).segments
        assert round(sum(segment.duration or 0 for segment in segments), 3) == HOURS * 3600
        assert text.count("#EXT-X-DISCONTINUITY\n") == 1
        assert "#EXT-X-ENDLIST" in text

        # plays at its end in ffmpeg, has pictures at any time, and is not stored on a disk.
        for address in (vod["video_url"], vod["mp4_url"]):
            seen = await asyncio.to_thread(play, address, "-ss", str(HOURS * 3600 - 3))
            assert 80 <= len(seen.video) <= 92
        for time in ("0s", "1h", "3h59m58s"):
            url = f"{vod['thumbnail_url']}?time={time}"
            picture = await asyncio.to_thread(walk.get, url)
            assert picture.body.startswith(b"\xff\xd8")
        assert not platform.media_store.folder(film.uid).exists()
