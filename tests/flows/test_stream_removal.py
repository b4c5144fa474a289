"""A stream is deleted or gets a new key: its files, its players and its publishers."""

import asyncio
from functools import cache

import httpx
import pytest

from emulator.core.clock import ManualClock
from emulator.core.errors import Refused
from emulator.core.events import Event
from emulator.core.events.library import VodReady
from emulator.media.broadcast.broadcasts import Broadcasts
from emulator.media.ingest.authorizer import MediaSink, PublishRequest
from emulator.media.ingest.tag import Tag
from emulator.media.publisher.config import PublishConfig
from emulator.media.publisher.synthetic import SyntheticBroadcast
from emulator.server import Emulator
from emulator.settings import Settings
from tests.support.live_server import until
from tests.support.publisher import tags_until
from tests.support.rest import Caller, check_error, create

HASTY = Settings(
    data=":memory:", port=0, rtmp_port=0, rtmps_port=0, vod_processing_ms=0, segment_ms=1000
)


@cache
def picture() -> tuple[Tag, ...]:
    settings = PublishConfig(width=160, height=90, video_kbits=100)
    return tuple(tags_until(SyntheticBroadcast(settings, ManualClock()), 3000))


class Stage:
    """A running platform with a publisher."""

    def __init__(self, emulator: Emulator, call: Caller, client: httpx.AsyncClient) -> None:
        self.emulator = emulator
        self.call = call
        self.client = client
        self.messages: list[str] = []

    def knock(self, key: str) -> MediaSink:
        publish_request = PublishRequest(key, "rtmp", "192.0.2.1:5000", "test")
        return self.emulator.platform.service(Broadcasts).authorize(
            publish_request, self.messages.append
        )

    async def record(self) -> dict[str, str]:
        """A stream that has ended, and its VOD is ready."""
        stream = await create(self.call)
        is_ready = asyncio.Event()

        def hear(event: Event) -> None:
            if isinstance(event, VodReady):
                is_ready.set()

        forget = self.emulator.platform.bus.subscribe({Event: hear})
        sink = self.knock(stream["stream_key"])
        for tag in picture():
            sink.receive([tag])
        await self.call("POST", f"/streams/{stream['id']}/end", "ak_demo")
        await asyncio.wait_for(is_ready.wait(), timeout=30)
        forget()
        response = await self.call("GET", f"/streams/id/{stream['id']}", "ak_demo")
        ended: dict[str, str] = response.json()
        return ended

    async def delete(self, stream: dict[str, str], query: str = "") -> None:
        answer = await self.call("DELETE", f"/streams/id/{stream['id']}{query}", "ak_demo")
        assert (answer.status_code, answer.content) == (204, b"")

    async def files_are_gone(self, stream: dict[str, str]) -> None:
        folder = self.emulator.platform.media_store.folder(stream["cloudflare_stream_id"])
        await asyncio.to_thread(until, lambda: not folder.exists(), "the files to be gone")

    async def plays(self, address: str) -> bool:
        return (await self.client.get(address)).status_code == 200


@pytest.fixture
def settings() -> Settings:
    return HASTY


@pytest.fixture
async def stage(emulator: Emulator, call: Caller, client: httpx.AsyncClient) -> Stage:
    return Stage(emulator, call, client)


async def test_stream_removal_vod_plays_on_after_its_stream_is_deleted(stage: Stage) -> None:
    stream = await stage.record()

    await stage.delete(stream)

    check_error(await stage.call("GET", f"/streams/id/{stream['id']}", "ak_demo"), 404)
    assert not await stage.plays(stream["hls_url"])
    vod = (await stage.call("GET", f"/streams/vods/{stream['vod_id']}")).json()
    assert (vod["status"], vod["stream_id"], vod["stream"]) == ("ready", None, None)
    assert await stage.plays(vod["video_url"])
    assert await stage.plays(vod["mp4_url"])
    # A reset removes media that only the VOD used.
    await stage.client.post("/_emulator/reset")
    await stage.files_are_gone(stream)


async def test_stream_removal_deletes_files_with_the_vods_on_request(stage: Stage) -> None:
    stream = await stage.record()

    await stage.delete(stream, "?with_vods=true")

    check_error(await stage.call("GET", f"/streams/vods/{stream['vod_id']}", "ak_demo"), 404)
    assert not await stage.plays(stream["hls_url"])
    await stage.files_are_gone(stream)


async def test_stream_removal_keeps_files_of_a_snapshot(stage: Stage) -> None:
    stream = await stage.record()
    await stage.client.post("/_emulator/snapshots", json={"name": "before"})

    await stage.delete(stream, "?with_vods=true")
    await stage.client.post("/_emulator/snapshots/before/restore")

    assert await stage.plays(stream["hls_url"])


async def test_stream_removal_vod_in_processing_can_be_deleted(stage: Stage) -> None:
    stream = await create(stage.call)
    sink = stage.knock(stream["stream_key"])
    for tag in picture():
        sink.receive([tag])
    await stage.call("POST", f"/streams/{stream['id']}/end", "ak_demo")

    await stage.delete(stream, "?with_vods=true")

    await stage.files_are_gone(stream)
    assert (await stage.client.get("/_emulator/health")).status_code == 200


async def test_stream_removal_live_stream_is_refused_and_keeps_its_key(stage: Stage) -> None:
    stream = await create(stage.call)
    path = f"/streams/id/{stream['id']}"
    await stage.call("POST", f"{path}/start", "ak_demo")

    check_error(await stage.call("DELETE", path, "ak_demo"), 409)
    check_error(await stage.call("POST", f"{path}/key/rotate", "ak_demo"), 409)


async def test_stream_removal_new_key_disconnects_a_publisher_with_the_old_one(
    stage: Stage,
) -> None:
    stream = await create(stage.call)
    path = f"/streams/id/{stream['id']}"
    waiting = stage.knock(stream["stream_key"])

    rotated = (await stage.call("POST", f"{path}/key/rotate", "ak_demo")).json()

    assert rotated.keys() == stream.keys()
    assert rotated["stream_key"] == rotated["ingest"]["rtmps_key"] != stream["stream_key"]
    assert stage.messages == ["The stream has another key now. Use that one."]
    with pytest.raises(Refused):
        stage.knock(stream["stream_key"])
    for tag in picture():
        waiting.receive([tag])
    assert (await stage.call("GET", path)).json()["status"] == "offline"
    waiting.close("gone")
    stage.knock(rotated["stream_key"])


async def test_stream_removal_deleted_stream_disconnects_its_publisher(stage: Stage) -> None:
    stream = await create(stage.call)
    stage.knock(stream["stream_key"])

    await stage.delete(stream)

    assert stage.messages == ["The stream was deleted."]
    await create(stage.call)


async def test_stream_removal_delete_and_rotate_are_for_the_owner_only(stage: Stage) -> None:
    stream = await create(stage.call)
    path = f"/streams/id/{stream['id']}"
    for method, asked in (("DELETE", path), ("POST", f"{path}/key/rotate")):
        check_error(await stage.call(method, asked), 401)
        check_error(await stage.call(method, asked, "ak_demo_viewer"), 403)
        check_error(await stage.call(method, asked.replace(stream["id"], "x"), "ak_demo"), 404)
    check_error(await stage.call("DELETE", f"{path}?with_vods=perhaps", "ak_demo"), 422)
