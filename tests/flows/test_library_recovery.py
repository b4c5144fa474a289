"""Clips and renditions of recordings over restarts, snapshots and resets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from emulator.core.events.library import ClipReady, RenditionFailed, RenditionReady, VodReady
from emulator.media.recording.clips.queue import ClipQueue
from emulator.platform import snapshots
from emulator.server import Emulator
from emulator.settings import Settings
from emulator.world.library import clips
from tests.support.live_server import until
from tests.support.media_frames import sizes
from tests.support.recordings import heard, publish, record
from tests.support.rest import Caller, create
from tests.support.uploaded_videos import send, small_film, until_true


@asynccontextmanager
async def opened(data: str | Path, dvr_ms: int = 0) -> AsyncIterator[tuple[Emulator, Caller]]:
    settings = Settings(
        data=str(data),
        port=0,
        rtmp_port=0,
        rtmps_port=0,
        vod_processing_ms=0,
        segment_ms=1000,
        dvr_ms=dvr_ms,
    )
    async with Emulator(settings) as emulator:
        transport = httpx.ASGITransport(emulator.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            yield emulator, Caller(client, "/v1")


async def clip(call: Caller, stream: dict[str, Any]) -> httpx.Response:
    body = {"title": "Look", "start_time": 0.5, "end_time": 1.5}
    return await call("POST", f"/streams/{stream['id']}/clips", "ak_demo", json=body)


async def get(call: Caller, url: str) -> httpx.Response:
    return await Caller(call._client, "")("GET", urlsplit(url).path)


async def test_library_waiting_jobs_survive_a_restart(tmp_path: Path) -> None:
    # Given a clip and a rendition that were requested while both job slots were busy,
    async with opened(tmp_path / "data") as (emulator, call):
        stream = await record(emulator, call, seconds=2)
        job_slots = emulator.platform.shared.job_slots
        async with job_slots.cuts, job_slots.jobs:
            result = (await clip(call, stream)).json()
            vod_path = f"/vod/{stream['vod_id']}/transcoding"
            with emulator.platform.world.change():
                emulator.platform.world.store.write(
                    "UPDATE vods SET qualities = '[[\"720p\", 1280, 720, 1]]' WHERE id = ?",
                    stream["vod_id"],
                )
            asked = await call("POST", vod_path, "ak_demo", json={"renditions": ["144p"]})
            assert asked.status_code == 202
            # when the emulator stops,
            await emulator.platform.service(ClipQueue).stop("")

    # then the next one cuts the clip, and says of the rendition that it has failed.
    async with opened(tmp_path / "data") as (emulator, call):
        world = emulator.platform.world
        await until_true(lambda: clips.find(world, result["id"]).status == "ready")
        shown = (await call("GET", f"/streams/clips/{result['id']}")).json()
        assert (await get(call, shown["video_url"])).status_code == 200
        payload = (await call("GET", vod_path, "ak_demo")).json()
        assert (payload["status"], payload["renditions"][1]["status"]) == ("completed", "failed")


async def test_library_snapshot_keeps_its_media() -> None:
    async with opened(":memory:") as (emulator, call):
        stream = await record(emulator, call, seconds=2)
        result = (await heard(emulator, ClipReady, clip(call, stream))).json()
        path = f"/streams/clips/{result['id']}"
        shown = (await call("GET", path)).json()
        folder = emulator.platform.media_store.folder(
            urlsplit(shown["video_url"]).path.split("/")[-3]
        )
        platform = emulator.platform
        snapshots.save(platform, "before")

        await call("DELETE", path, "ak_demo")
        await call("DELETE", f"/streams/vods/{stream['vod_id']}", "ak_demo")
        assert (await get(call, shown["video_url"])).status_code == 404
        await snapshots.restore(platform, "before")

        assert (await get(call, shown["video_url"])).status_code == 200
        vod = (await call("GET", f"/streams/vods/{stream['vod_id']}")).json()
        assert (await get(call, vod["playback_url"])).status_code == 200
        # Without the snapshot and the rows, the media is removed.
        await snapshots.drop(platform, "before")
        assert folder.exists()
        await snapshots.reset(platform)
        assert not folder.exists()


async def test_library_vod_deleted_during_a_transcode_leaves_nothing() -> None:
    async with opened(":memory:") as (emulator, call):
        sent = (await send(call, small_film().read_bytes(), title="Film")).json()
        body: dict[str, Any] = {"cloudflare_video_id": sent["cloudflare_video_id"], "title": "x"}
        upload = call("POST", "/vod/upload", "ak_demo", json=body)
        vod = (await heard(emulator, VodReady, upload)).json()["vod"]
        body = {"renditions": ["144p"]}
        async with emulator.platform.shared.job_slots.jobs:
            await call("POST", f"/vod/{vod['id']}/transcoding", "ak_demo", json=body)
        await call("DELETE", f"/streams/vods/{vod['id']}", "ak_demo")

        media = emulator.platform.media_store.root
        uids = {sent["cloudflare_video_id"]}

        def only_the_film() -> bool:
            return {path.name for path in media.iterdir()} == uids

        await asyncio.to_thread(until, only_the_film, "what was begun to be gone")
        assert not emulator.platform.service(ClipQueue)._under_way


async def test_library_failed_transcode_has_a_reason() -> None:
    async with opened(":memory:") as (emulator, call):
        stream = await record(emulator, call, seconds=2)
        with emulator.platform.world.change():
            emulator.platform.world.store.write(
                "UPDATE vods SET qualities = '[[\"720p\", 1280, 720, 1]]' WHERE id = ?",
                stream["vod_id"],
            )
        path = f"/vod/{stream['vod_id']}/transcoding"
        body = {"renditions": ["144p"]}
        await emulator.platform.media_store.delete(stream["cloudflare_stream_id"])

        await heard(emulator, RenditionFailed, call("POST", path, "ak_demo", json=body))

        payload = (await call("GET", path, "ak_demo")).json()
        assert (payload["status"], payload["renditions"][1]["status"]) == ("completed", "failed")


async def test_library_recording_is_transcoded_to_a_smaller_size_too() -> None:
    async with opened(":memory:") as (emulator, call):
        stream = await record(emulator, call, seconds=2)
        # A publisher of 90 lines has no smaller size, so this row claims that there was more.
        with emulator.platform.world.change():
            emulator.platform.world.store.write(
                "UPDATE vods SET qualities = '[[\"720p\", 1280, 720, 1]]' WHERE id = ?",
                stream["vod_id"],
            )
        path = f"/vod/{stream['vod_id']}/transcoding"
        asked = call("POST", path, "ak_demo", json={"renditions": ["144p"]})

        await heard(emulator, RenditionReady, asked)

        result = (await call("GET", path, "ak_demo")).json()["renditions"][1]
        assert (result["name"], result["height"], result["status"]) == ("144p", 144, "ready")
        vod = (await call("GET", f"/streams/vods/{stream['vod_id']}")).json()
        playlist = (await get(call, vod["playback_url"])).text
        assert playlist.count("#EXT-X-STREAM-INF") == 2


async def test_library_addresses_lead_into_their_own_world() -> None:
    async with opened(":memory:") as (emulator, call):
        emulator.worlds.make("other", "default")
        key = "ak_demo@other"
        stream = await record(emulator, call, key, seconds=2)
        body = {"title": "Look", "start_time": 0.5, "end_time": 1.5}
        act = call("POST", f"/streams/{stream['id']}/clips", key, json=body)
        result = (await heard(emulator, ClipReady, act, "other")).json()
        shown = (await call("GET", f"/streams/clips/{result['id']}", key)).json()
        uid = stream["cloudflare_stream_id"]
        body = {"title": "Kept", "cloudflare_video_id": uid}
        act = call("POST", "/vod/upload", key, json=body)
        vod = (await heard(emulator, VodReady, act, "other")).json()["vod"]
        # The stream is deleted; the upload of its media by uid stays.
        await call("DELETE", f"/streams/vods/{stream['vod_id']}", key)
        assert (await get(call, shown["video_url"])).status_code == 200
        await call("DELETE", f"/streams/id/{stream['id']}", key)

        assert (await get(call, vod["playback_url"])).status_code == 200
        assert (await get(call, shown["video_url"])).status_code == 404
        # The other world does not have it.
        assert (await call("GET", f"/vod/{vod['id']}", "ak_demo")).status_code == 404
        assert (await call("GET", "/streams/vods", "ak_demo")).json()["total"] == 2


async def test_library_media_behind_the_live_window_can_be_clipped() -> None:
    async with opened(":memory:", dvr_ms=1000) as (emulator, call):
        stream = await create(call)
        publish(emulator, stream, 12)
        world = emulator.platform.world
        window = emulator.platform.media_store.find(stream["cloudflare_stream_id"]).window
        assert window.first_msn >= 2
        with world.change():
            world.store.write("UPDATE streams SET started_at_ms = started_at_ms - 12000")

        result = (await heard(emulator, ClipReady, clip(call, stream))).json()

        shown = (await call("GET", f"/streams/clips/{result['id']}")).json()
        assert (shown["start_time"], shown["duration"]) == (0.5, 1.0)
        assert len(sizes((await get(call, shown["video_url"])).content)) == 30
