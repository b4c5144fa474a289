"""`/vod`: uploads of a tenant, their posts and states, pictures and sizes."""

import asyncio
import io
from typing import Any
from urllib.parse import urlsplit

import av
import httpx
import pytest
from msgspec.structs import replace

from emulator.core.events.library import RenditionReady, VodFailed, VodReady
from emulator.server import Emulator
from emulator.settings import Settings
from emulator.world.people import accounts
from tests.support.live_server import until
from tests.support.media_frames import picture, sizes
from tests.support.recordings import heard, record
from tests.support.rest import Caller, check_error
from tests.support.uploaded_videos import send, small_film, until_ready

pytestmark = [
    pytest.mark.parametrize("client", ["in process"], indirect=True),
    pytest.mark.parametrize("call", ["/api/v1"], indirect=True),
]

NOBODY = "00000000-0000-4000-8000-000000000000"
VOD_CARD = {
    "id",
    "status",
    "title",
    "cloudflare_video_id",
    "playback_url",
    "created_at",
    "visibility",
    "duration",
}
POST = {"id", "type", "content", "visibility", "created_at"}
THUMBNAIL = {"time_seconds", "url", "width", "height"}


@pytest.fixture
def settings() -> Settings:
    return Settings(
        data=":memory:", port=0, rtmp_port=0, rtmps_port=0, vod_processing_ms=0, segment_ms=1000
    )


@pytest.fixture
def mate(emulator: Emulator) -> str:
    """The key of another user in demo's tenant."""
    world = emulator.platform.world
    tenant = accounts.by_username(world, "demo").tenant_id
    accounts.make(world, "mate", api_key="ak_mate", tenant_id=tenant)
    return "ak_mate"


async def get(client: httpx.AsyncClient, url: str) -> httpx.Response:
    parts = urlsplit(url)
    return await client.get(f"{parts.path}?{parts.query}")


async def upload(call: Caller, uid: str, key: str = "ak_demo", **body: Any) -> httpx.Response:
    body = {"cloudflare_video_id": uid, "title": "Posted", **body}
    return await call("POST", "/vod/upload", key, json=body)


async def test_vod_posts_member_of_a_tenant_posts_a_recording(
    call: Caller, client: httpx.AsyncClient, emulator: Emulator, mate: str
) -> None:
    # Given a recording,
    stream = await record(emulator, call, seconds=2)
    uid = stream["cloudflare_stream_id"]

    # when it is uploaded as a VOD,
    body: dict[str, Any] = {
        "description": "Look <b>here</b>",
        "isNsfw": True,
        "content_warning": "Bugs",
    }
    answer = await heard(emulator, VodReady, upload(call, uid, **body))

    # then there is a post for it, and it is listed as VODs are once it is ready.
    assert answer.status_code == 201, answer.text
    vod, post = answer.json()["vod"], answer.json()["post"]
    assert (vod.keys(), post.keys()) == (VOD_CARD, POST)
    assert (vod["status"], vod["cloudflare_video_id"]) == ("processing", uid)
    assert (post["type"], post["content"]) == ("VIDEO", "Look <b>here</b>")
    assert post["visibility"] == "public"
    assert f"/{uid}/" in vod["playback_url"]
    path = f"/vod/{vod['id']}"
    for key in ("ak_demo", mate):
        payload = (await call("GET", path, key)).json()
        assert payload == {**vod, "status": "ready", "duration": payload["duration"], "post": post}
        assert payload["duration"] == pytest.approx(2, abs=0.2)
    shown = (await call("GET", f"/streams/vods/{vod['id']}")).json()
    assert (shown["is_nsfw"], shown["content_warning"]) == (True, "Bugs")
    assert (shown["stream_id"], shown["stream"]) == (None, None)
    assert (await get(client, shown["playback_url"])).status_code == 200
    assert (await call("GET", "/streams/vods/search?q=posted")).json()["total"] == 1
    own = (await call("GET", f"/vod/{stream['vod_id']}", "ak_demo")).json()
    assert own["post"] is None

    # Other tenants do not see it here, and a user without a tenant cannot post.
    for key in ("ak_demo_viewer", "ak_demo_devops_wizard"):
        check_error(await call("GET", path, key), 404)
    check_error(await call("GET", path), 401)
    check_error(await call("GET", f"/vod/{NOBODY}", "ak_demo"), 404)
    check_error(await upload(call, uid, "ak_demo_viewer"), 403)

    # The media stays as long as one of the two is there.
    await call("DELETE", f"/streams/vods/{stream['vod_id']}", "ak_demo")
    assert (await get(client, vod["playback_url"])).status_code == 200
    await call("DELETE", f"/streams/id/{stream['id']}", "ak_demo")
    assert (await get(client, vod["playback_url"])).status_code == 200
    moved = await call("PATCH", f"{path}/status?status=deleted", mate)
    assert moved.json()["status"] == "deleted"
    check_error(await call("GET", path, "ak_demo"), 404)
    assert (await get(client, vod["playback_url"])).status_code == 404


async def test_vod_posts_invalid_upload_is_refused(call: Caller) -> None:
    for unknown in ("0" * 32, "nonsense", "../../etc/passwd"):
        check_error(await upload(call, unknown), 404)
    [private] = (await call("GET", "/streams/users/web3builder/vods")).json()
    key = "ak_demo_web3builder"
    await call("PUT", f"/streams/vods/{private['id']}", key, json={"visibility": "private"})
    check_error(await upload(call, private["cloudflare_video_id"]), 404)
    [live] = (await call("GET", "/streams/users/urbantech/streams")).json()["streams"]
    check_error(await upload(call, live["cloudflare_stream_id"]), 404)
    for wrong in ({"title": ""}, {"title": "x" * 201}, {"visibility": "unlisted"}, {"title": None}):
        check_error(await upload(call, "0" * 32, **wrong), 422)
    check_error(await call("POST", "/vod/upload", "ak_demo", json={"title": "x"}), 422)
    check_error(await call("POST", "/vod/upload", json={}), 401)


async def test_vod_posts_states_follow_the_table(call: Caller, emulator: Emulator) -> None:
    # On a clock that stands, so that nothing becomes ready by itself.
    emulator.platform.clock.freeze()
    [looped] = (await call("GET", "/streams/users/devops_wizard/vods")).json()
    uid = looped["cloudflare_video_id"]
    world = emulator.platform.world
    world.rules = replace(world.rules, vod_processing_ms=1000)

    async def move(vod: str, to: str) -> int:
        return (await call("PATCH", f"/vod/{vod}/status?status={to}", "ak_demo")).status_code

    async def fresh() -> str:
        return str((await upload(call, uid)).json()["vod"]["id"])

    ready, failed = await fresh(), await fresh()
    for to in ("processing", "deleted"):
        assert await move(ready, to) == 409
    assert await move(ready, "ready") == 200
    assert await move(failed, "failed") == 200
    for vod, wrong in ((ready, ("processing", "failed", "ready")), (failed, ("ready", "deleted"))):
        for to in wrong:
            assert await move(vod, to) == 409
    payload = (await call("GET", f"/streams/vods/{ready}")).json()
    assert (payload["status"], payload["duration"]) == ("ready", looped["duration"])
    assert await move(ready, "deleted") == 200
    assert await move(ready, "deleted") == 404
    assert await move(failed, "nonsense") == 422
    check_error(await call("PATCH", f"/vod/{failed}/status", "ak_demo"), 422)
    check_error(await call("PATCH", f"/vod/{failed}/status?status=ready", "ak_demo_viewer"), 404)


async def test_vod_posts_of_a_video_wait_until_it_is_playable(
    call: Caller, client: httpx.AsyncClient, emulator: Emulator
) -> None:
    sent = (await send(call, small_film().read_bytes(), title="Film")).json()

    answer = await heard(emulator, VodReady, upload(call, sent["cloudflare_video_id"]))

    assert answer.status_code == 201, answer.text
    vod_id = answer.json()["vod"]["id"]
    video = await until_ready(call, sent["id"])
    payload = (await call("GET", f"/vod/{vod_id}", "ak_demo")).json()
    assert (payload["status"], payload["duration"]) == ("ready", video["duration"])
    # The media stays although the video is deleted.
    await call("DELETE", f"/videos/{video['id']}", "ak_demo")
    assert (await get(client, payload["playback_url"])).status_code == 200


async def test_vod_posts_of_a_failed_video_fail(call: Caller, emulator: Emulator) -> None:
    sent = (await send(call, small_film().read_bytes(), title="Film")).json()

    async def upload_and_delete() -> httpx.Response:
        answer = await upload(call, sent["cloudflare_video_id"])
        await call("DELETE", f"/videos/{sent['id']}", "ak_demo")
        return answer

    answer = await heard(emulator, VodFailed, upload_and_delete())

    payload = (await call("GET", f"/vod/{answer.json()['vod']['id']}", "ak_demo")).json()
    assert payload["status"] == "failed"


async def test_vod_posts_pictures_come_from_instants_or_files(
    call: Caller, client: httpx.AsyncClient, emulator: Emulator
) -> None:
    stream = await record(emulator, call, seconds=3)
    path = f"/vod/{stream['vod_id']}/thumbnails"

    payload = (await call("GET", path, "ak_demo")).json()
    assert payload.keys() == {"thumbnails", "storyboard_url"}
    assert (await get(client, payload["storyboard_url"])).text.startswith("WEBVTT")
    assert payload["thumbnails"][0]["time_seconds"] == 0
    for thumbnail in payload["thumbnails"]:
        assert thumbnail.keys() == THUMBNAIL
        shown = picture((await get(client, thumbnail["url"])).content)
        assert (shown.width, shown.height) == (thumbnail["width"], thumbnail["height"]) == (160, 90)

    # First an instant, then a file: the newer one is the VOD's thumbnail.
    added = await call("POST", path, "ak_demo", json={"time_seconds": 1.5})
    assert added.status_code == 201, added.text
    assert added.json().keys() == THUMBNAIL
    vod = (await call("GET", f"/streams/vods/{stream['vod_id']}")).json()
    assert vod["thumbnail_url"] == added.json()["url"]
    jpeg = (await get(client, added.json()["url"])).content
    sent = await call("POST", path, "ak_demo", files={"file": ("me.jpg", jpeg, "image/jpeg")})
    assert sent.status_code == 201, sent.text
    assert (sent.json()["time_seconds"], sent.json()["width"]) == (None, 160)
    response = await get(client, sent.json()["url"])
    assert (response.content, response.headers["content-type"]) == (jpeg, "image/jpeg")
    assert (await call("GET", path, "ak_demo")).json()["thumbnails"][-2:] == [
        added.json(),
        sent.json(),
    ]
    # A user who may see the VOD sees its pictures.
    assert (await call("GET", path, "ak_demo_viewer")).status_code == 200

    for body in ({}, {"time_seconds": -1}, {"time_seconds": 99}, {"time_seconds": "x"}):
        check_error(await call("POST", path, "ak_demo", json=body), 422)
    for content in (b"", b"GIF89a", b"<svg/>", small_film().read_bytes()[:999]):
        answer = await call("POST", path, "ak_demo", files={"file": ("x.png", content)})
        check_error(answer, 422)
    check_error(await call("POST", path, "ak_demo_viewer", json={"time_seconds": 1}), 403)
    check_error(await call("POST", path, json={"time_seconds": 1}), 401)

    await call("DELETE", f"/streams/vods/{stream['vod_id']}", "ak_demo")
    assert (await get(client, sent.json()["url"])).status_code == 404


async def test_vod_posts_get_smaller_sizes(
    call: Caller, client: httpx.AsyncClient, emulator: Emulator
) -> None:
    # Given an uploaded film of 180 lines as a VOD,
    sent = (await send(call, small_film().read_bytes(), title="Film")).json()
    answer = await heard(emulator, VodReady, upload(call, sent["cloudflare_video_id"]))
    vod_id = answer.json()["vod"]["id"]
    path = f"/vod/{vod_id}/transcoding"
    payload = (await call("GET", path, "ak_demo")).json()
    source = {"name": "180p", "width": 320, "height": 180, "status": "ready"}
    assert payload.keys() == {"status", "progress_percent", "renditions"}
    assert (payload["status"], payload["progress_percent"]) == ("completed", 100)
    assert [{**payload["renditions"][0], **source}] == payload["renditions"]

    # when a rendition of 144 lines is requested, twice,
    body = {"renditions": ["144p", "144p"]}
    asked = await heard(emulator, RenditionReady, call("POST", path, "ak_demo", json=body))
    assert asked.status_code == 202, asked.text
    assert asked.json()["status"] == "processing"
    assert len(asked.json()["renditions"]) == 2

    # then it is there, once, with its own playlist and in that of the VOD.
    payload = (await call("GET", path, "ak_demo")).json()
    assert (payload["status"], payload["progress_percent"]) == ("completed", 100)
    result = payload["renditions"][1]
    assert (result["name"], result["width"], result["height"]) == ("144p", 256, 144)
    assert result["status"] == "ready"
    assert result["bitrate"] > 0
    vod = (await call("GET", f"/streams/vods/{vod_id}")).json()
    small = vod["qualities"][1]
    assert (small["label"], small["height"], small["bitrate"]) == ("144p", 144, result["bitrate"])
    assert "RESOLUTION=256x144" in (await get(client, small["url"])).text
    base = small["url"].partition("/manifest/")[0]
    film = (await get(client, f"{base}/downloads/default.mp4")).content
    assert set(sizes(film)) == {(256, 144)}
    playlist = (await get(client, vod["playback_url"])).text
    assert "RESOLUTION=320x180" in playlist
    [other] = [line for line in playlist.splitlines() if line.startswith("../../")]
    assert f"/{other.removeprefix('../../')}" in f"{base}/manifest/stream.m3u8"
    again = (await call("POST", path, "ak_demo", json=body)).json()
    assert again == payload

    for names in (["180p"], ["1080p"], ["12p"], ["x" * 99], [], ["144p"] * 21):
        answer = await call("POST", path, "ak_demo", json={"renditions": names})
        check_error(answer, 422)
    check_error(await call("POST", path, "ak_demo_viewer", json=body), 403)
    check_error(await call("POST", path, json=body), 401)

    # Its files are deleted with it.
    folder = emulator.platform.media_store.folder(base.rpartition("/")[2])
    assert folder.exists()
    await call("DELETE", f"/streams/vods/{vod_id}", "ak_demo")
    await asyncio.to_thread(until, lambda: not folder.exists(), "the files to be gone")
    assert (await get(client, small["url"])).status_code == 404


async def test_vod_posts_simulated_recording_has_pictures_a_file_and_other_sizes(
    call: Caller, client: httpx.AsyncClient, emulator: Emulator
) -> None:
    [vod] = (await call("GET", "/streams/users/devops_wizard/vods")).json()
    key, path = "ak_demo_devops_wizard", f"/vod/{vod['id']}/transcoding"
    payload = (await call("GET", f"/vod/{vod['id']}/thumbnails", key)).json()
    assert len(payload["thumbnails"]) == 10
    assert (await get(client, payload["thumbnails"][9]["url"])).status_code == 200

    # A player requests its four hours in ranges.
    address = urlsplit(vod["mp4_url"]).path
    head = await client.get(address, headers={"Range": "bytes=0-7"})
    assert (head.status_code, head.content[4:]) == (206, b"ftyp")
    length = int(head.headers["Content-Range"].rpartition("/")[2])
    film = (await client.get(address)).content
    assert len(film) == length
    with av.open(io.BytesIO(film), "r") as container:
        assert (container.duration or 0) / av.time_base == vod["duration"] == 4 * 3600

    asked = call("POST", path, key, json={"renditions": ["144p"]})
    assert (await heard(emulator, RenditionReady, asked)).status_code == 202
    result = (await call("GET", path, key)).json()["renditions"][1]
    assert (result["name"], result["width"], result["status"]) == ("144p", 256, "ready")
    assert 50_000 < result["bitrate"] < vod["qualities"][0]["bitrate"]

    shown = (await call("GET", f"/streams/vods/{vod['id']}")).json()
    playlist = (await get(client, shown["playback_url"])).text
    assert playlist.count("#EXT-X-STREAM-INF") == 2
    small = shown["qualities"][1]["url"]
    segments = (await get(client, small.replace("video.m3u8", "stream.m3u8"))).text
    assert segments.count("#EXTINF") == 4 * 1800
    base = small.rpartition("/manifest/")[0]
    content = b""
    for name in ("init-0.mp4", "seg-7199.m4s"):
        content += (await get(client, f"{base}/media/{name}")).content
    assert sizes(content) == [(256, 144)] * 60
    # It is deleted with its VOD.
    await call("DELETE", f"/streams/vods/{vod['id']}", key)
    for item in (small, vod["mp4_url"]):
        assert (await get(client, item)).status_code == 404


async def test_vod_posts_live_simulated_stream_has_no_file_yet(
    call: Caller, client: httpx.AsyncClient
) -> None:
    stream = (await call("GET", "/streams/users/urbantech/live")).json()["stream"]
    address = stream["hls_url"].replace("manifest/video.m3u8", "downloads/default.mp4")
    check_error(await get(client, address), 409)
