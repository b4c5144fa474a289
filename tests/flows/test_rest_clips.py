"""Clips: cut from recordings, live or looped; listed wherever they belong."""

import asyncio
from html import escape
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from emulator.core.events.library import ClipFailed, ClipReady
from emulator.server import Emulator
from emulator.settings import Settings
from emulator.world.library import clips
from emulator.world.live import streams
from tests.support.live_server import until
from tests.support.media_frames import sizes
from tests.support.recordings import CLIP, heard, publish, record
from tests.support.rest import USER_CARD, Caller, check_error, create

pytestmark = [
    pytest.mark.parametrize("client", ["in process"], indirect=True),
    pytest.mark.parametrize("call", ["/v1"], indirect=True),
]

NOBODY = "00000000-0000-4000-8000-000000000000"
HTML = "<i>'; DELETE FROM clips; --</i>"


@pytest.fixture
def settings() -> Settings:
    return Settings(
        data=":memory:", port=0, rtmp_port=0, rtmps_port=0, vod_processing_ms=0, segment_ms=1000
    )


async def clip_of(
    emulator: Emulator, call: Caller, stream: dict[str, Any], start: float, end: float, **body: Any
) -> dict[str, Any]:
    """A clip by `viewer`, once it is cut."""
    body = {"title": "Look", "start_time": start, "end_time": end, **body}
    act = call("POST", f"/streams/{stream['id']}/clips", "ak_demo_viewer", json=body)
    answer = await heard(emulator, ClipReady, act)
    assert answer.status_code == 201, answer.text
    values: dict[str, Any] = answer.json()
    assert values.keys() == CLIP
    return values


async def by_name(call: Caller, username: str) -> dict[str, Any]:
    page = (await call("GET", f"/streams/users/{username}/streams")).json()
    values: dict[str, Any] = page["streams"][0]
    return values


async def played(client: httpx.AsyncClient, url: str) -> float:
    """The file's length in seconds; every frame of it is decoded."""
    answer = await client.get(urlsplit(url).path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "video/mp4")
    return len(sizes(answer.content)) / 30


async def test_clips_created_one_shows_in_every_list(
    call: Caller, client: httpx.AsyncClient, emulator: Emulator
) -> None:
    # Given a stream that has ended,
    stream = await record(emulator, call, seconds=4, title="Clipped")

    # when a clip is made that begins and ends between key frames,
    values = await clip_of(emulator, call, stream, 1.3, 2.8, title=HTML)
    assert (values["status"], values["video_url"]) == ("processing", None)
    assert (values["start_time"], values["end_time"], values["duration"]) == (1.3, 2.8, 1.5)
    assert values["user"].keys() == USER_CARD
    assert values["user"]["username"] == "viewer"
    assert values["stream"] == {"id": stream["id"], "title": "Clipped"}

    # then it has that length, with a picture, at all its addresses.
    clip = (await call("GET", f"/streams/clips/{values['id']}")).json()
    assert clip == {
        **values,
        "status": "ready",
        "view_count": 1,
        "video_url": clip["video_url"],
        "thumbnail_url": clip["thumbnail_url"],
    }
    assert clip["title"] == HTML
    assert await played(client, clip["video_url"]) == pytest.approx(1.5, abs=0.05)
    base = urlsplit(clip["video_url"]).path.partition("/downloads/")[0]
    assert (await client.get(f"{base}/thumbnails/thumbnail.jpg")).status_code == 200
    assert "#EXT-X-ENDLIST" in (await client.get(f"{base}/manifest/stream.m3u8")).text
    payload = (await client.get(f"{base}/lifecycle")).json()
    assert (payload["live"], payload["title"], payload["duration"]) == (False, HTML, 1.5)
    assert escape(HTML) in (await client.get(f"{base}/watch")).text

    # The lists of the stream, of its maker and of popular clips have it.
    for path in (f"/streams/{stream['id']}/clips", "/streams/users/viewer/clips"):
        assert (await call("GET", path)).json() == {
            "items": [clip],
            "total": 1,
            "page": 1,
            "per_page": 20,
            "has_more": False,
        }
    assert clip in (await call("GET", "/streams/clips/popular")).json()
    assert (await call("GET", "/streams/users/demo/clips")).json()["total"] == 0
    world = emulator.platform.world
    assert clips.count_of(world, streams.find(world, stream["id"]).pk) == 1
    engagement = f"/streams/{stream['id']}/analytics/engagement"
    assert (await call("GET", engagement, "ak_demo")).json()["clips_created"] == 1

    # A clip with more views comes before it.
    second = await clip_of(emulator, call, stream, 0, 1)
    for _ in range(2):
        await call("GET", f"/streams/clips/{second['id']}")
    popular = (await call("GET", "/streams/clips/popular")).json()
    # The seed's clips come before both.
    assert [item["id"] for item in popular[2:]] == [second["id"], values["id"]]
    assert len((await call("GET", "/streams/clips/popular?limit=1")).json()) == 1

    # Its maker deletes it: it is gone everywhere, and so are its files.
    path = f"/streams/clips/{values['id']}"
    check_error(await call("DELETE", path, "ak_demo"), 403)
    check_error(await call("DELETE", path), 401)
    assert (await call("DELETE", path, "ak_demo_viewer")).status_code == 204
    check_error(await call("GET", path), 404)
    check_error(await call("DELETE", path, "ak_demo_viewer"), 404)
    assert (await call("GET", f"/streams/{stream['id']}/clips")).json()["total"] == 1
    assert (await call("GET", engagement, "ak_demo")).json()["clips_created"] == 1
    folder = emulator.platform.media_store.folder(base.rpartition("/")[2])
    await asyncio.to_thread(until, lambda: not folder.exists(), "the files to be gone")
    assert (await client.get(urlsplit(clip["video_url"]).path)).status_code == 404


async def test_clips_outlive_the_recording_but_not_the_stream(
    call: Caller, client: httpx.AsyncClient, emulator: Emulator
) -> None:
    stream = await record(emulator, call, seconds=2)
    values = await clip_of(emulator, call, stream, 0.5, 1)
    path = f"/streams/clips/{values['id']}"

    await call("DELETE", f"/streams/vods/{stream['vod_id']}", "ak_demo")
    clip = (await call("GET", path)).json()
    assert await played(client, clip["video_url"]) == pytest.approx(0.5, abs=0.05)
    # Nothing can be cut from a stream without media.
    body = {"title": "Late", "start_time": 0, "end_time": 1}
    answer = await call("POST", f"/streams/{stream['id']}/clips", "ak_demo", json=body)
    check_error(answer, 422)

    await call("DELETE", f"/streams/id/{stream['id']}", "ak_demo")
    check_error(await call("GET", path), 404)
    folder = emulator.platform.media_store.folder(urlsplit(clip["video_url"]).path.split("/")[-3])
    await asyncio.to_thread(until, lambda: not folder.exists(), "the files to be gone")


async def test_clips_of_a_live_stream_are_made_by_position_or_instant(
    call: Caller, client: httpx.AsyncClient, emulator: Emulator
) -> None:
    # A stream with a publisher: its media until now.
    stream = await create(call)
    publish(emulator, stream, 3)
    world = emulator.platform.world
    row = streams.find(world, stream["id"])
    assert row.started_at_ms is not None
    begin = (row.started_at_ms - 3000) / 1000
    with world.change():
        sql = "UPDATE streams SET started_at_ms = started_at_ms - 3000 WHERE row = ?"
        world.store.write(sql, row.pk)
    values = await clip_of(emulator, call, stream, begin + 1, begin + 2.5)
    assert (values["start_time"], values["end_time"]) == (1, 2.5)
    clip = (await call("GET", f"/streams/clips/{values['id']}")).json()
    assert await played(client, clip["video_url"]) == pytest.approx(1.5, abs=0.05)

    # A simulated one, hours after its start.
    simulated = await by_name(call, "urbantech")
    values = await clip_of(emulator, call, simulated, 7001.5, 7004)
    clip = (await call("GET", f"/streams/clips/{values['id']}")).json()
    assert await played(client, clip["video_url"]) == pytest.approx(2.5, abs=0.05)


async def test_clips_waiting_for_media_block_nobody_else(call: Caller, emulator: Emulator) -> None:
    # Given a clip of a live stream whose publisher pauses before the clip's end (and a simulated
    # stream whose picture is rendered already),
    simulated = await by_name(call, "urbantech")
    await clip_of(emulator, call, simulated, 10, 11)
    stream = await create(call)
    publish(emulator, stream, 3)
    world = emulator.platform.world
    with world.change():
        sql = "UPDATE streams SET started_at_ms = started_at_ms - 9000 WHERE id = ?"
        world.store.write(sql, stream["id"])
    body = {"title": "Soon", "start_time": 1, "end_time": 8}
    path = f"/streams/{stream['id']}/clips"
    waiting = (await call("POST", path, "ak_demo_viewer", json=body)).json()

    # then a clip of the other is cut meanwhile,
    values = await clip_of(emulator, call, simulated, 10, 11)
    assert (await call("GET", f"/streams/clips/{values['id']}")).json()["status"] == "ready"
    now = (await call("GET", f"/streams/clips/{waiting['id']}")).json()
    assert now["status"] == "processing"
    # and when the stream ends, the clip has the media that there was.
    end = call("POST", f"/streams/{stream['id']}/end", "ak_demo")
    await heard(emulator, ClipReady, end)
    now = (await call("GET", f"/streams/clips/{waiting['id']}")).json()
    assert (now["status"], now["start_time"]) == ("ready", 1)
    # Without its last part, where the machine was too slow for the limit of three segments.
    assert now["duration"] == pytest.approx(2, abs=0.25)


async def test_clips_invalid_one_is_refused(call: Caller) -> None:
    stream = await by_name(call, "urbantech")
    path = f"/streams/{stream['id']}/clips"
    for start, end in ((0, 60.001), (5, 5), (9, 5), (-9, 0), (0, 1e10), (86_400, 86_410)):
        body = {"title": "x", "start_time": start, "end_time": end}
        check_error(await call("POST", path, "ak_demo", json=body), 422)
    for wrong in ({}, {"title": ""}, {"title": "x" * 201}, {"title": 5}, {"start_time": "soon"}):
        body = {"title": "x", "start_time": 0, "end_time": 5, **wrong}
        sent = {} if not wrong else body
        check_error(await call("POST", path, "ak_demo", json=sent), 422)
    body = {"title": "x", "start_time": 0, "end_time": 5}
    check_error(await call("POST", path, json=body), 401)
    check_error(await call("POST", f"/streams/{NOBODY}/clips", "ak_demo", json=body), 404)
    check_error(await call("GET", f"/streams/{NOBODY}/clips"), 404)
    check_error(await call("GET", "/streams/users/nobody/clips"), 404)
    check_error(await call("GET", "/streams/clips/popular?limit=101"), 422)
    # Live without media: there is nothing to cut.
    zombie = await create(call)
    await call("POST", f"/streams/id/{zombie['id']}/start", "ak_demo")
    answer = await call("POST", f"/streams/{zombie['id']}/clips", "ak_demo", json=body)
    check_error(answer, 422)


async def test_clips_of_a_private_stream_show_to_owner_and_author(
    call: Caller, emulator: Emulator
) -> None:
    stream = await record(emulator, call, seconds=2)
    values = await clip_of(emulator, call, stream, 0, 1)
    await call("PUT", f"/streams/id/{stream['id']}", "ak_demo", json={"visibility": "private"})

    path = f"/streams/clips/{values['id']}"
    assert (await call("GET", path)).status_code == 404
    for name, status in (("admin", 404), ("moderator", 404), ("viewer", 200)):
        assert (await call("GET", path, f"ak_demo_{name}")).status_code == status
    assert (await call("GET", path, "ak_demo")).status_code == 200
    popular = (await call("GET", "/streams/clips/popular")).json()
    assert stream["id"] not in [item["stream_id"] for item in popular]
    assert (await call("GET", "/streams/users/viewer/clips")).json()["total"] == 0
    mine = await call("GET", "/streams/users/viewer/clips", "ak_demo_viewer")
    assert mine.json()["total"] == 1
    check_error(await call("GET", f"/streams/{stream['id']}/clips", "ak_demo_viewer"), 404)


async def test_clips_of_a_restricted_recording_are_refused_to_others(
    call: Caller,
) -> None:
    [vod] = (await call("GET", "/streams/users/devops_wizard/vods")).json()
    key = "ak_demo_devops_wizard"
    await call("PUT", f"/streams/vods/{vod['id']}", key, json={"visibility": "followers"})
    body = {"title": "x", "start_time": 0, "end_time": 5}

    # rustacean follows devops_wizard.
    for who, status in (("viewer", 403), ("rustacean", 201), ("devops_wizard", 201)):
        path = f"/streams/{vod['stream_id']}/clips"
        answer = await call("POST", path, f"ak_demo_{who}", json=body)
        assert answer.status_code == status


async def test_clips_without_media_have_failed(call: Caller, emulator: Emulator) -> None:
    stream = await record(emulator, call, seconds=2)
    await emulator.platform.media_store.delete(stream["cloudflare_stream_id"])
    body = {"title": "Lost", "start_time": 0, "end_time": 1}

    act = call("POST", f"/streams/{stream['id']}/clips", "ak_demo", json=body)
    result = (await heard(emulator, ClipFailed, act)).json()

    clip = (await call("GET", f"/streams/clips/{result['id']}")).json()
    assert (clip["status"], clip["video_url"], clip["thumbnail_url"]) == ("failed", None, None)
    popular = (await call("GET", "/streams/clips/popular")).json()
    assert stream["id"] not in [item["stream_id"] for item in popular]
