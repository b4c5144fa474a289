"""A simulated stream plays without a publisher, and gives way to one."""

from collections.abc import Iterator
from typing import Any

import pytest

from emulator import server
from emulator.settings import Settings
from emulator.world.live import streams
from tests.support.encoders import BOTH, address_of, play, pushing
from tests.support.walk import Walk, until


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
def test_it_plays_live_and_recorded(running: tuple[server.Emulator, Walk], by: str) -> None:
    emulator, walk = running
    stream = simulated(emulator, walk)
    assert walk.stream(stream)["status"] == "live"
    until(lambda: walk.get(stream["playback_url"]).status == 200, "a segment is whole")
    assert len(play(stream["playback_url"], "-t", "2", by=by).video) == 60
    assert walk.get(stream["playback"]["thumbnail"]).body.startswith(b"\xff\xd8")
    walk.until_parts(stream, 3)

    walk.end(stream)
    vod = walk.until_vod(stream)
    played = play(vod["video_url"], by=by)
    assert abs(len(played.video) / 30 - vod["duration"]) < 0.3
    assert walk.get(vod["thumbnail_url"] + "?time=1h").status == 200


def test_a_publisher_takes_its_place(running: tuple[server.Emulator, Walk]) -> None:
    emulator, walk = running
    stream = simulated(emulator, walk)
    with pushing(address_of(stream)):
        until(lambda: walk.ingest(stream)["is_publishing"], "the publisher is in")
        walk.until_parts(stream, 3)
    assert not emulator.call(
        lambda: streams.find(emulator.platform.world, stream["id"]).is_simulated
    )
