"""`/video`: the website's upload, library and processing, with real transcodes."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import av
import httpx
import pytest

from emulator.server import Emulator
from tests.support.encoders import play
from tests.support.media_frames import sizes
from tests.support.rest import Caller, check_error
from tests.support.tables import table
from tests.support.uploaded_videos import (
    PROCESSING,
    VIDEO,
    WEBSITE_VIDEO,
    send,
    small_film,
    until_done,
    until_true,
    upload,
)

NOBODY = "00000000-0000-4000-8000-000000000000"


async def process(
    call: Caller, video_id: str, key: str = "ak_demo", **options: Any
) -> dict[str, Any]:
    """Process, and wait for the end."""
    path = f"/video/{video_id}/process"
    answer = await call("POST", path, key, json={"options": options})
    assert answer.status_code == 202, answer.text
    assert answer.json().keys() == PROCESSING
    assert answer.json()["status"] == "queued"
    return await until_done(call, video_id, key)


@table(
    ("file", "name"),
    [
        ("holiday", "holiday"),
        ("x" * 300 + ".mp4", "x" * 200),
        ("../a.b.mp4", "a.b"),
        ("", "Untitled"),
    ],
)
async def test_website_videos_have_the_name_of_their_file(
    call: Caller, file: str, name: str
) -> None:
    answer = await send(call, small_film().read_bytes(), path="/video/upload", name=file or "/")

    assert answer.json()["name"] == name


async def test_website_videos_are_uploaded_and_listed_in_camel_case(call: Caller) -> None:
    content = small_film().read_bytes()

    answer = await send(
        call, content, path="/video/upload", name="C:\\films\\holiday.mp4", description="sun"
    )

    assert answer.status_code == 201, answer.text
    sent = answer.json()
    assert sent.keys() == WEBSITE_VIDEO
    assert (sent["name"], sent["originalName"]) == ("holiday", "holiday.mp4")
    assert (sent["format"], sent["resolution"]) == ("mp4", "320x180")
    assert sent["fileSize"] == len(content)
    assert sent["status"] in {"processing", "completed"}
    job = await until_done(call, sent["id"])
    assert (job["status"], job["progress"], job["error"]) == ("completed", 100, None)
    done = (await call("GET", f"/video/{sent['id']}", "ak_demo")).json()
    assert done["status"] == "completed"
    assert done["videoUrl"].endswith("/manifest/video.m3u8")
    assert done["processingProgress"] is done["processingStage"] is None
    # The same video in the other shape.
    same = (await call("GET", f"/videos/{sent['id']}")).json()
    assert same.keys() == VIDEO
    assert (same["title"], same["playback_url"]) == ("holiday", done["videoUrl"])

    await upload(call, title="A second one")
    await call("POST", "/videos/", "ak_demo", json={"title": "Draft"})
    await upload(call, "ak_demo_viewer")
    listed = (await call("GET", "/video/library", "ak_demo", params={"pageSize": 2})).json()
    assert listed.keys() == {"videos", "total", "page", "pageSize"}
    assert (listed["total"], listed["page"], listed["pageSize"]) == (3, 1, 2)
    assert [video["name"] for video in listed["videos"]] == ["Draft", "A second one"]
    for query, names in (
        ({"sortBy": "name", "sortOrder": "asc"}, ["A second one", "Draft", "holiday"]),
        ({"sortBy": "fileSize", "sortOrder": "desc", "status": "uploading"}, ["Draft"]),
        ({"sortBy": "duration", "sortOrder": "asc", "page": 2, "pageSize": 2}, ["A second one"]),
        ({"status": "processing"}, []),
        ({"status": "failed"}, []),
    ):
        payload = (await call("GET", "/video/library", "ak_demo", params=query)).json()
        assert [video["name"] for video in payload["videos"]] == names, query
    for wrong in ({"sortBy": "magic"}, {"pageSize": 101}, {"status": "ready"}, {"sortOrder": "up"}):
        check_error(await call("GET", "/video/library", "ak_demo", params=wrong), 422)
    check_error(await call("GET", "/video/library"), 401)


async def test_website_videos_processing_keeps_the_old_addresses(
    call: Caller, client: httpx.AsyncClient, emulator: Emulator, tmp_path: Path
) -> None:
    # Given an upload of 320 x 180,
    video = await upload(call)
    path = f"/video/{video['id']}"

    # when it is made smaller, with another picture,
    job = await process(
        call,
        video["id"],
        resolution="144p",
        quality="low",
        extractThumbnail=True,
        thumbnailTimestamp=1.5,
    )

    # then its address shows that from now on, with every frame,
    assert (job["status"], job["stage"]) == ("completed", "completed")
    now = (await call("GET", path, "ak_demo")).json()
    assert (now["resolution"], now["format"], now["status"]) == ("256x144", "mp4", "completed")
    assert now["thumbnailUrl"].endswith("?time=1.500s")
    assert now["videoUrl"] != video["playback_url"]
    base = urlsplit(now["videoUrl"]).path.partition("/manifest/")[0]
    clip = tmp_path / "made.mp4"
    clip.write_bytes((await client.get(f"{base}/downloads/default.mp4")).content)
    assert sizes(clip) == [(256, 144)] * 60
    # and the address from before still plays the upload.
    before = await client.get(urlsplit(video["playback_url"]).path)
    assert "RESOLUTION=320x180" in before.text

    # The next result is made from the upload again, and replaces the last one.
    assert (await process(call, video["id"], format="webm"))["status"] == "completed"
    again = (await call("GET", path, "ak_demo")).json()
    assert (again["resolution"], again["format"]) == ("320x180", "webm")
    uid = base.rpartition("/")[2]
    await until_true(lambda: not emulator.platform.media_store.has(uid))
    base = urlsplit(again["videoUrl"]).path.partition("/manifest/")[0]
    assert 'CODECS="vp09' in (await client.get(urlsplit(again["videoUrl"]).path)).text
    film = await client.get(f"{base}/downloads/default.webm")
    assert film.headers["content-type"] == "video/webm"
    clip.write_bytes(film.content)
    assert len(play(clip).video) == 60
    assert again["fileSize"] == len(film.content)

    for form, media_type in (("mov", "video/quicktime"), ("avi", "video/x-msvideo")):
        assert (await process(call, video["id"], format=form))["status"] == "completed"
        again = (await call("GET", path, "ak_demo")).json()
        base = urlsplit(again["videoUrl"]).path.partition("/manifest/")[0]
        film = await client.get(f"{base}/downloads/default.{form}")
        assert (again["format"], film.headers["content-type"]) == (form, media_type)
        clip.write_bytes(film.content)
        assert sizes(clip) == [(320, 180)] * 60
        assert play(clip).audio
        with av.open(str(clip), "r") as container:
            assert container.duration == pytest.approx(2_000_000, abs=60_000)

    # A request for only a picture leaves the media unchanged.
    await process(call, video["id"], extractThumbnail=True)
    last = (await call("GET", path, "ak_demo")).json()
    assert last["videoUrl"] == again["videoUrl"]
    assert last["thumbnailUrl"].endswith("?time=0.000s")


async def test_website_videos_batch_is_all_or_nothing(call: Caller) -> None:
    one, two = await upload(call), await upload(call)
    others = await upload(call, "ak_demo_viewer")
    body = {"videoIds": [one["id"], two["id"]], "options": {"resolution": "64x64"}}

    answer = await call("POST", "/video/batch-process", "ak_demo", json=body)

    assert answer.status_code == 202
    assert answer.json().keys() == {"jobId", "videos"}
    assert [video["videoId"] for video in answer.json()["videos"]] == [one["id"], two["id"]]
    again = {"videoIds": [two["id"]], "options": {}}
    check_error(await call("POST", "/video/batch-process", "ak_demo", json=again), 409)
    for video in (one, two):
        assert (await until_done(call, video["id"]))["status"] == "completed"
        now = (await call("GET", f"/video/{video['id']}", "ak_demo")).json()
        assert now["resolution"] == "64x36"
    for ids, status in (
        ([one["id"], others["id"]], 403),
        ([one["id"], NOBODY], 404),
        ([], 422),
        ([one["id"]] * 51, 422),
    ):
        body = {"videoIds": ids, "options": {}}
        check_error(await call("POST", "/video/batch-process", "ak_demo", json=body), status)
    assert (await until_done(call, one["id"]))["status"] == "completed"
    check_error(await call("POST", "/video/batch-process", json=body), 401)


@table(
    "options",
    [
        {"resolution": "huge"},
        {"resolution": "8x8"},
        {"resolution": "9999x9999"},
        {"format": "wmv"},
        {"format": "avi", "codec": "hevc"},
        {"format": "mov", "codec": "vp9"},
        {"quality": "best"},
        {"codec": "mpeg2"},
        {"format": "webm", "codec": "h264"},
        {"extractThumbnail": "perhaps"},
        {"extractThumbnail": True, "thumbnailTimestamp": -1},
        {"filter": "sepia"},
        "720p",
    ],
)
async def test_website_videos_unknown_option_is_422(call: Caller, options: object) -> None:
    path = f"/video/{NOBODY}/process"
    check_error(await call("POST", path, "ak_demo", json={"options": options}), 422)


async def test_website_videos_permissions_of_each_action(call: Caller) -> None:
    video = await upload(call)
    path = f"/video/{video['id']}"
    outside = {"options": {"extractThumbnail": True, "thumbnailTimestamp": 60}}
    check_error(await call("POST", f"{path}/process", "ak_demo", json=outside), 422)
    check_error(await call("POST", f"{path}/process", "ak_demo_viewer", json={}), 403)
    check_error(await call("POST", f"{path}/process", json={}), 401)
    check_error(await call("DELETE", path, "ak_demo_viewer"), 403)
    assert (await call("GET", path, "ak_demo_viewer")).status_code == 200
    assert (await call("GET", f"{path}/status", "ak_demo_viewer")).status_code == 200
    for method, part in (("GET", ""), ("GET", "/status"), ("GET", "/analytics"), ("DELETE", "")):
        check_error(await call(method, f"/video/{NOBODY}{part}", "ak_demo"), 404)
        check_error(await call(method, f"/video/{NOBODY}{part}"), 401)
    draft = (await call("POST", "/videos/", "ak_demo", json={"title": "Draft"})).json()
    draft_path = f"/video/{draft['id']}"
    check_error(await call("POST", f"{draft_path}/process", "ak_demo"), 409)
    payload = (await call("GET", f"{draft_path}/status", "ak_demo")).json()
    assert payload.keys() == PROCESSING
    assert (payload["status"], payload["stage"]) == ("queued", "uploading")

    gone = await call("DELETE", path, "ak_demo")

    assert (gone.status_code, gone.json()) == (200, {"success": True})
    check_error(await call("GET", f"/videos/{video['id']}", "ak_demo"), 404)
    check_error(await send(call, b"", path="/video/upload", name="x.mp4"), 422)
    check_error(await call("POST", "/video/upload", "ak_demo", json={"name": "x"}), 422)
    check_error(await call("POST", "/video/upload", json={"name": "x"}), 401)
