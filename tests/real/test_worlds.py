"""Worlds with real publishers: a key finds its world, and a dropped world's media is removed."""

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.sync.client import ClientConnection, connect

from tests.support.encoders import address_of, pushing
from tests.support.live_server import Walk, platform, until


@pytest.fixture
def walk(tmp_path: Path) -> Iterator[Walk]:
    with platform(data=str(tmp_path / "data")) as walk:
        yield walk


def make(walk: Walk, name: str) -> str:
    """Make a world. Returns its API key."""
    answer = walk.ask("POST", f"{walk.ready['admin']}/worlds", {"name": name, "seed": "none"})
    assert answer.status == 201, answer.text
    key: str = answer.json["api_key"]
    return key


def status(walk: Walk, stream: dict[str, Any], key: str) -> str:
    text: str = walk.ask("GET", f"/streams/id/{stream['id']}", key=key).json["status"]
    return text


def test_worlds_stream_key_selects_its_world(walk: Walk, tmp_path: Path) -> None:
    # Given the same stream in two worlds, both published to,
    keys = [make(walk, name) for name in ("one", "two")]
    streams = [walk.create("Same", key) for key in keys]
    with pushing(address_of(streams[0])), pushing(address_of(streams[1])):
        for stream in streams:
            walk.until_first_part(stream)
        assert [status(walk, *stream_key) for stream_key in zip(streams, keys, strict=True)] == [
            "live"
        ] * 2
        # when one world is dropped,
        dropped = walk.ask("DELETE", f"{walk.ready['admin']}/worlds/one")
        # then its media is gone, and the other world's still plays.
        assert dropped.status == 204
        assert walk.get(streams[0]["playback_url"]).status == 404
        assert not (tmp_path / "data" / "media" / streams[0]["cloudflare_stream_id"]).exists()
        walk.until_parts(streams[1], 2)


def test_worlds_host_selects_a_world_without_a_header(walk: Walk) -> None:
    # Given a world whose stream is shown, and a page that only knows the world's host,
    key = make(walk, "page")
    stream = walk.create("By host", key)
    path = f"{walk.ready['admin']}/streams/{stream['id']}/publish"
    assert walk.ask("POST", path, {"protocol": "synthetic"}, key).status == 201
    where = urlsplit(walk.ready["http"])

    def get(path: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", where.port, timeout=30)
        with closing(connection):
            connection.request("GET", path, headers={"Host": f"page.localhost:{where.port}"})
            answer = connection.getresponse()
            return answer.status, answer.read()

    # then it finds the stream, plays it, and reads its chat.
    assert b"By host" in get("/v1/streams/")[1]
    playlist = urlsplit(stream["hls_url"]).path
    assert until(lambda: get(playlist)[0] == 200, "a segment is whole")
    address = f"ws://page.localhost:{where.port}/v1/streams/{stream['id']}/chat/ws"
    with (
        socket.create_connection(("127.0.0.1", where.port or 0)) as plug,
        connect(address, sock=plug, proxy=None) as reader,
    ):
        walk.ask("POST", f"/streams/{stream['id']}/chat", {"content": "Hello, page"}, key)
        heard = until(lambda: _said(reader), "the message arrives")
    assert heard == "Hello, page"
    # Another world does not know the stream.
    assert walk.ask("GET", f"/streams/id/{stream['id']}").status == 404


def _said(reader: ClientConnection) -> str | None:
    """The next frame's content; None for another kind of frame."""
    data = json.loads(reader.recv(timeout=30)).get("data")
    content: str | None = data.get("content") if isinstance(data, dict) else None
    return content


def test_worlds_reset_disconnects_publishers_and_the_stream_can_be_recreated(walk: Walk) -> None:
    key = make(walk, "again")
    first = walk.create("Again", key)
    with pushing(address_of(first)) as push:
        walk.until_first_part(first)
        reset = walk.ask("POST", f"{walk.ready['admin']}/reset", key=key)
        assert reset.status == 200
        assert push.said() != ""
    assert walk.get(first["playback_url"]).status == 404

    second = walk.create("Again", key)
    assert second["stream_key"] == first["stream_key"]
    with pushing(address_of(second)):
        walk.until_first_part(second)
        assert status(walk, second, key) == "live"


def test_worlds_snapshot_keeps_its_media(walk: Walk) -> None:
    # Given a snapshot of a world with a recording,
    key = make(walk, "kept")
    stream = walk.create("Kept", key)
    with pushing(address_of(stream)):
        walk.until_parts(stream, 6)
        walk.ask("POST", f"/streams/{stream['id']}/end", key=key)

    def vods() -> list[dict[str, Any]] | None:
        items: list[dict[str, Any]] = walk.ask("GET", "/streams/vods?status=ready", key=key).json[
            "items"
        ]
        return items or None

    (vod,) = until(vods, "the VOD is ready")
    admin = walk.ready["admin"]
    assert walk.ask("POST", f"{admin}/snapshots", {"name": "s"}, key).status == 201
    # when the world is reset,
    walk.ask("POST", f"{admin}/reset", key=key)
    assert vods() is None
    # then a restore brings back state and media.
    assert walk.ask("POST", f"{admin}/snapshots/s/restore", key=key).status == 200
    assert [item["id"] for item in vods() or []] == [vod["id"]]
    playlist = walk.get(vod["video_url"])
    assert playlist.status == 200
    assert urlsplit(vod["video_url"]).netloc == urlsplit(walk.ready["http"]).netloc
