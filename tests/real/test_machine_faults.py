"""Faults of the machine under a running emulator, in real processes: `make faults`, some minutes.

Each test looks at connected clients, new clients, and the time after the fault
(docs/reference/trust.md).
"""

import json
import os
import resource
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.sync.client import ClientConnection, connect

from tests.support.encoders import address_of, film, play, pushing
from tests.support.live_server import PATIENCE_SECONDS, Child, Walk, child, until

pytestmark = pytest.mark.skipif(
    "LIVE_EMULATOR_TESTS_SLOW" not in os.environ, reason="minutes: asked for by `make faults`"
)
pytest.importorskip("mfusepy", reason="mfusepy, or the libfuse that it needs, is missing")
from tests.support.faulty_disk import FaultyDisk, faulty_disk  # noqa: E402  It imports mfusepy.

OPTIONS = ("--reconnect-window", "1", "--segment-seconds", "1")
STOPPED_SECONDS = 60


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[FaultyDisk]:
    if not Path("/dev/fuse").exists():
        pytest.skip("this machine has no file systems in user space")
    with faulty_disk(tmp_path) as mounted:
        yield mounted


def make_album(walk: Walk) -> Any:
    return walk.ask("POST", "/videos/albums", {"title": "Kept"})


def album_ids(walk: Walk) -> set[str]:
    payload = walk.ask("GET", "/users/me/export").json
    return {album["id"] for album in payload["belongings"]["albums"]}


def health(walk: Walk) -> str:
    return str(walk.get(f"{walk.ready['admin']}/health").json["status"])


def stop(serving: Child) -> str:
    serving.process.send_signal(signal.SIGTERM)
    log = serving.said()
    assert serving.process.returncode == 0, log
    assert "Traceback" not in log
    return log


@pytest.mark.parametrize("state", ["read-only", "failing"])
def test_read_only_disk_fails_only_writes_and_only_while_it_lasts(
    disk: FaultyDisk, state: str
) -> None:
    with child(disk.path / "data", *OPTIONS) as serving:
        walk = serving.walk()
        stream, late = walk.create(), walk.create("Late")
        before = make_album(walk).json["id"]
        with pushing(address_of(stream)):
            walk.until_parts(stream, 5)
            # When the disk refuses all writes,
            disk.become(state)
            refused = make_album(walk)
            # then a write is refused, with a time to try again;
            assert refused.status == 503, refused.text
            assert int(refused.headers["retry-after"]) > 0
            assert health(walk) == "degraded"
            # connected clients continue: the publisher, a player, and readers of the API;
            walk.until_parts(stream, 10)
            assert walk.stream(stream)["status"] == "live"
            assert album_ids(walk) == {before}
            # and a new publisher is refused with the reason.
            with pushing(address_of(late), is_paced=True, is_endless=False) as push:
                assert push.said()
            assert walk.stream(late)["status"] == "offline"
            disk.become("well")
            until(lambda: health(walk) == "ok", "the disk works again")
            after = make_album(walk)
            assert after.status == 201, after.text
            walk.until_parts(stream, 2)
        # The media that was already on the disk becomes a recording.
        assert play(str(walk.until_vod(stream)["video_url"])).video
        assert album_ids(walk) == {before, after.json["id"]}
        with pushing(address_of(late)):
            walk.until_status(late, "live")
        stop(serving)


def test_slow_disk_delays_writers_and_loses_nothing(disk: FaultyDisk) -> None:
    with child(disk.path / "data", *OPTIONS) as serving:
        walk = serving.walk()
        stream, late = walk.create(), walk.create("Late")
        with pushing(address_of(stream)):
            walk.until_parts(stream, 5)
            # When a write takes 5 ms, and a sync a second,
            disk.become("slow 0.005 1")
            ids = {make_album(walk).json["id"] for _ in range(20)}
            # then all clients are served, also new ones, and everything is recorded;
            walk.until_parts(stream, 10)
            with pushing(address_of(late)):
                walk.until_parts(late, 5)
            disk.become("well")
            walk.until_parts(stream, 2)
        for recorded in (stream, late):
            assert play(str(walk.until_vod(recorded)["video_url"])).video
        # and no answered write is lost.
        assert album_ids(walk) == ids
        stop(serving)


def test_disk_slower_than_a_stream_ends_only_its_recording(disk: FaultyDisk) -> None:
    settings = {"LIVE_EMULATOR_DISK_QUEUE_BYTES_MAX": "1MiB"}
    with child(disk.path / "data", *OPTIONS, env=settings) as serving:
        walk = serving.walk()
        stream, late = walk.create(), walk.create("Late")
        with pushing(address_of(stream), film(size="1280x720")):
            walk.until_parts(stream, 5)
            # When each write takes half a second, and media comes faster than it is written,
            disk.become("slow 0.5 0.5")
            # then its players continue, long after the queue of writes is full;
            walk.until_parts(stream, 40)
            assert walk.stream(stream)["status"] == "live"
            disk.become("well")
            walk.until_parts(stream, 2)
        # the written media is its recording, and the next stream is recorded as usual.
        assert play(str(walk.until_vod(stream)["video_url"])).video
        with pushing(address_of(late)):
            walk.until_parts(late, 5)
        assert play(str(walk.until_vod(late)["video_url"])).video
        log = stop(serving)
    assert log.count("recording failed") == 1
    assert "reason=disk_too_slow" in log


def child_of(process: int) -> int:
    """The child process of `process`."""
    [number] = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return int(number)


def take_its_memory(process: int) -> None:
    """Limit its memory below the current size, so that its next allocation fails."""
    resource.prlimit(process, resource.RLIMIT_AS, (1024, 1024))


def kill_it(process: int) -> None:
    """Kill it, as the kernel does with the largest process when memory runs out."""
    os.kill(process, signal.SIGKILL)


@pytest.mark.parametrize("strike", [take_its_memory, kill_it])
def test_child_out_of_memory_ends_its_own_broadcast_alone(tmp_path: Path, strike: Any) -> None:
    with child(tmp_path / "data", *OPTIONS) as serving:
        walk = serving.walk()
        stream, other = walk.create(), walk.create("Another")
        address = f"{walk.ready['admin']}/streams/{stream['id']}/publish"
        asked = {"protocol": "rtmp", "size": "320x180", "kbits": 200}
        with pushing(address_of(other)):
            assert walk.ask("POST", address, asked).status == 201
            walk.until_parts(stream, 5)
            # When the built-in publisher's process gets no more memory, or is killed for that,
            publisher = child_of(serving.process.pid)
            strike(publisher)
            until(lambda: not Path(f"/proc/{publisher}").exists(), "it has ended")
            # then its stream ends as after any lost publisher, with a recording,
            assert play(str(walk.until_vod(stream)["video_url"])).video
            # no other client is affected, and the next publisher starts as usual.
            walk.until_parts(other, 2)
            again = walk.create("Again")
            address = f"{walk.ready['admin']}/streams/{again['id']}/publish"
            assert walk.ask("POST", address, asked).status == 201
            walk.until_parts(again, 2)
        log = stop(serving)
    [line] = [line for line in log.splitlines() if "the built-in publisher ended" in line]
    assert f"stream={stream['id']}" in line


def connected(address: str) -> ClientConnection:
    """A client like a browser: it sends no pings, so it does not disconnect by itself."""
    return connect(address, proxy=None, ping_interval=None)


def asked_for(address: str) -> socket.socket:
    """A request that is sent and waits for its answer."""
    where = urlsplit(address)
    assert where.hostname is not None
    plug = socket.create_connection((where.hostname, where.port or 80), PATIENCE_SECONDS)
    plug.sendall(f"GET {where.path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return plug


def test_process_stopped_for_a_minute_continues_where_it_was(tmp_path: Path) -> None:
    with child(tmp_path / "data", *OPTIONS) as serving:
        walk = serving.walk()
        stream = walk.create()
        chat = f"{walk.ready['ws']}/api/v1/streams/{stream['id']}/chat/ws?token=ak_demo"
        with pushing(address_of(stream)) as push, connected(chat) as reader:
            walk.until_parts(stream, 5)
            # When the process is stopped for a minute with a publisher and a chat reader connected,
            serving.process.send_signal(signal.SIGSTOP)
            newcomer = asked_for(f"{walk.ready['http']}/_emulator/health")
            time.sleep(STOPPED_SECONDS)
            serving.process.send_signal(signal.SIGCONT)
            # then both continue: no broadcast has ended, no connection was closed;
            walk.until_parts(stream, 10)
            assert push.process.poll() is None
            left = f"{walk.ready['admin']}/events?kind=PublisherLeft"
            assert walk.get(left).json["events"] == []
            reader.send(json.dumps({"type": "message", "content": "still here"}))
            until(lambda: "still here" in str(reader.recv(timeout=30)), "it is delivered")
            # requests that were sent meanwhile are answered,
            with newcomer, newcomer.makefile("rb") as answer:
                assert b" 200 " in answer.readline()
        # and there is one recording.
        assert play(str(walk.until_vod(stream)["video_url"])).video
        stop(serving)
