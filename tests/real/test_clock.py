"""A world's clock with a real publisher: time jumps, and the picture stays in real time."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator import server
from emulator.settings import Settings
from tests.support.encoders import address_of, pushing
from tests.support.live_server import Walk, platform, until

HOUR_SECONDS = 3600
WINDOW_SECONDS = 600


@pytest.fixture
def walk() -> Iterator[Walk]:
    """A platform whose reconnect window and VOD processing are longer than any test would wait."""
    window_ms = WINDOW_SECONDS * 1000
    with platform(reconnect_window_ms=window_ms, vod_processing_ms=window_ms) as walk:
        yield walk


def clock(ready: dict[str, Any], method: str, path: str = "", **body: Any) -> dict[str, Any]:
    """Call the admin API's clock."""
    request = urllib.request.Request(f"{ready['admin']}/clock{path}", method=method)
    if method != "GET":
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request) as answer:
        payload: dict[str, Any] = json.loads(answer.read())
        return payload


def test_clock_advance_by_hours_leaves_recording_as_long_as_its_video(walk: Walk) -> None:
    # Given a stream that is published in real time,
    stream = walk.create()
    with pushing(address_of(stream)):
        walk.until_parts(stream, 6)

        # when an hour passes at once, then the stream is live for an hour, and still plays;
        clock(walk.ready, "POST", "/advance", seconds=HOUR_SECONDS)
        walk.until_parts(stream, 6)
        now = walk.stream(stream)
        assert now["status"] == "live"
        assert now["duration_seconds"] > HOUR_SECONDS
        clock(walk.ready, "PUT", mode="virtual")

    # and when its publisher leaves while time stands still, the stream waits for it
    until(lambda: not walk.ingest(stream)["is_publishing"], "the publisher has left")
    assert walk.stream(stream)["status"] == "live"
    clock(walk.ready, "POST", "/advance", seconds=WINDOW_SECONDS - 1)
    assert walk.stream(stream)["status"] == "live"

    # until the window is over: in the same answer it has ended, and its VOD is being made;
    clock(walk.ready, "POST", "/advance", seconds=1)
    ended = walk.stream(stream)
    assert ended["status"] == "ended"
    vod = walk.ask("GET", f"/streams/vods/{ended['vod_id']}", key="ak_demo").json
    assert vod["status"] == "processing"
    # and after another jump the VOD is ready, a few seconds long.
    clock(walk.ready, "POST", "/advance", seconds=WINDOW_SECONDS)
    vod = walk.ask("GET", f"/streams/vods/{ended['vod_id']}").json
    assert vod["status"] == "ready"
    assert 1 < vod["duration"] < HOUR_SECONDS / 2


def test_clock_world_ahead_of_machine_time_stays_ahead_when_reopened(tmp_path: Path) -> None:
    settings = Settings(data=str(tmp_path / "data"), port=0, rtmp_port=0, rtmps_port=0)
    with server.running(settings) as emulator:
        clock(emulator.ready, "POST", "/advance", seconds=30 * 24 * HOUR_SECONDS)
        created = Walk(emulator.ready).create("From the future")

    with server.running(settings) as emulator:
        now = clock(emulator.ready, "GET")
        again = Walk(emulator.ready).stream(created)

    assert now["mode"] == "real"
    assert now["now"] >= again["created_at"]
