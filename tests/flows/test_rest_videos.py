"""`/videos`: uploads, existing media, visibility, and the data that is deleted with a video."""

import json
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from emulator.media.recording.uploads.queue import UploadQueue
from emulator.server import Emulator
from emulator.world.people import accounts
from emulator.world.video import jobs, videos
from emulator.world.video.media import VideoFootage
from tests.support.encoders import film
from tests.support.rest import USER_CARD, Caller, check_error
from tests.support.tables import table
from tests.support.uploaded_videos import VIDEO, send, small_film, until_done, until_true, upload

NOBODY = "00000000-0000-4000-8000-000000000000"


async def make(call: Caller, key: str = "ak_demo", **body: Any) -> dict[str, Any]:
    answer = await call("POST", "/videos/", key, json={"title": "Draft", **body})
    assert answer.status_code == 201, answer.text
    values: dict[str, Any] = answer.json()
    return values


async def get(client: httpx.AsyncClient, url: str) -> httpx.Response:
    parts = urlsplit(url)
    return await client.get(f"{parts.path}?{parts.query}")


@pytest.mark.every_server
async def test_videos_upload_is_processed_and_then_plays_at_the_cdn(
    call: Caller, client: httpx.AsyncClient
) -> None:
    # Given an upload,
    answer = await send(
        call,
        small_film().read_bytes(),
        title="Hello <b>world</b>",
        description="'; DROP TABLE videos; -- 🎥",
        tags="ai, Python,ai",
        visibility="public",
    )
    assert answer.status_code == 201, answer.text
    sent = answer.json()
    assert sent.keys() == VIDEO
    assert sent["user"].keys() == USER_CARD
    assert sent["status"] == "processing"
    assert sent["playback_url"] is sent["thumbnail_url"] is None
    assert (sent["width"], sent["height"]) == (320, 180)
    assert sent["title"] == "Hello <b>world</b>"
    assert sent["description"] == "'; DROP TABLE videos; -- 🎥"
    assert sent["tags"] == ["ai", "Python"]

    # when it is done,
    assert (await until_done(call, sent["id"]))["progress"] == 100

    # then everybody sees it, and it plays, has pictures, a seek bar and a file.
    video = (await call("GET", f"/videos/{sent['id']}")).json()
    assert video["status"] == "ready"
    assert video["duration"] == pytest.approx(2.0, abs=0.1)
    assert video["cloudflare_video_id"] == sent["cloudflare_video_id"]
    assert "cloudflarestream.com" in video["playback_url"]
    playlist = await get(client, video["playback_url"])
    assert "avc1." in playlist.text
    media = await get(client, video["playback_url"].replace("video.m3u8", "stream.m3u8"))
    assert "#EXT-X-PLAYLIST-TYPE:VOD" in media.text
    assert "#EXT-X-ENDLIST" in media.text
    base = video["playback_url"].partition("/manifest/")[0]
    for path, kind in (
        ("thumbnails/thumbnail.jpg", "image/jpeg"),
        ("thumbnails/storyboard.vtt", "text/vtt; charset=utf-8"),
        ("downloads/default.mp4", "video/mp4"),
    ):
        response = await get(client, f"{base}/{path}")
        assert (response.status_code, response.headers["content-type"]) == (200, kind)
    payload = (await get(client, f"{base}/lifecycle")).json()
    assert (payload["live"], payload["videoUID"]) == (False, video["cloudflare_video_id"])
    assert (await get(client, f"{base}/downloads/default.webm")).status_code == 404


async def test_videos_deleted_one_is_gone_everywhere(
    call: Caller, client: httpx.AsyncClient, emulator: Emulator
) -> None:
    video = await upload(call, title="Gone soon", tags="ai")
    path = f"/videos/{video['id']}"
    album = (await call("POST", "/videos/albums", "ak_demo", json={"title": "A"})).json()
    album_path = f"/videos/albums/{album['id']}"
    body = {"video_id": video["id"]}
    assert (await call("POST", f"{album_path}/videos", "ak_demo", json=body)).status_code == 201
    media_store = emulator.platform.media_store
    uid = video["cloudflare_video_id"]
    assert media_store.has(uid)
    # Another user's video with the same media is deleted with it.
    copy = await make(call, "ak_demo_viewer", cloudflare_video_id=uid)
    assert copy["status"] == "ready"
    check_error(await call("DELETE", path, "ak_demo_viewer"), 403)
    check_error(await call("DELETE", path), 401)

    assert (await call("DELETE", path, "ak_demo")).status_code == 204

    check_error(await call("GET", path, "ak_demo"), 404)
    assert (await call("GET", "/videos/", "ak_demo")).json()["total"] == 0
    assert (await call("GET", "/videos/search", params={"q": "gone"})).json()["total"] == 0
    assert (await call("GET", album_path, "ak_demo")).json()["videos"] == []
    assert (await get(client, video["playback_url"])).status_code == 404
    shown = (await call("GET", f"/videos/{copy['id']}", "ak_demo_viewer")).json()
    assert (shown["status"], shown["playback_url"]) == ("failed", None)
    await until_true(lambda: not media_store.has(uid))


async def test_videos_of_existing_media_are_ready_at_once(call: Caller) -> None:
    video = await upload(call)
    uid = video["cloudflare_video_id"]

    again = await make(call, "ak_demo_viewer", title="Mine", cloudflareVideoId=uid)

    assert again["status"] == "ready"
    assert again["playback_url"] == video["playback_url"]
    assert (again["duration"], again["width"]) == (video["duration"], video["width"])
    for unknown in ("0" * 32, "nonsense", "../../etc/passwd"):
        body = {"title": "x", "cloudflare_video_id": unknown}
        check_error(await call("POST", "/videos/", "ak_demo", json=body), 404)
    # Users cannot publish media that they may not see.
    hidden = {"visibility": "private"}
    await call("PUT", f"/videos/{video['id']}", "ak_demo", json=hidden)
    await call("DELETE", f"/videos/{again['id']}", "ak_demo_viewer")
    body = {"title": "x", "cloudflare_video_id": uid}
    check_error(await call("POST", "/videos/", "ak_demo_viewer", json=body), 404)


async def test_videos_draft_waits_for_its_media(call: Caller) -> None:
    draft = await make(call, title="Soon", tags=["rust"])
    assert (draft["status"], draft["duration"], draft["playback_url"]) == ("processing", None, None)
    source = await upload(call)
    path = f"/videos/{draft['id']}"
    body = {"cloudflare_video_id": source["cloudflare_video_id"]}

    response = await call("PUT", path, "ak_demo", json=body)

    assert response.json()["status"] == "ready"
    assert response.json()["playback_url"] == source["playback_url"]
    body = {"cloudflare_video_id": "1" * 32}
    check_error(await call("PUT", path, "ak_demo", json=body), 409)


async def test_videos_visibility_of_each_kind(call: Caller) -> None:
    source = await upload(call, title="public")
    uid = source["cloudflare_video_id"]
    values = {
        name: await make(call, title=name, visibility=name, cloudflare_video_id=uid)
        for name in ("unlisted", "followers", "private")
    }
    draft = await make(call, title="draft")

    async def titles(key: str | None, **query: Any) -> list[str]:
        payload = (await call("GET", "/videos/", key, params=query)).json()
        assert payload["total"] == len(payload["items"])
        return [item["title"] for item in payload["items"]]

    assert await titles(None) == ["public"]
    assert await titles("ak_demo_viewer") == ["public"]
    own = ["draft", "private", "followers", "unlisted", "public"]
    assert await titles("ak_demo") == own
    assert await titles("ak_demo", user_id=source["user_id"]) == own
    for key, status in ((None, 404), ("ak_demo_viewer", 404), ("ak_demo", 200)):
        for hidden in (values["private"], draft):
            answer = await call("GET", f"/videos/{hidden['id']}", key)
            assert answer.status_code == status
    assert (await call("GET", f"/videos/{values['unlisted']['id']}")).status_code == 200
    assert (await call("GET", f"/videos/{values['followers']['id']}")).status_code == 404
    check_error(await call("GET", "/videos/", params={"user_id": NOBODY}), 404)


async def test_videos_pages_tags_and_changes(call: Caller) -> None:
    uid = (await upload(call, title="first"))["cloudflare_video_id"]
    second = await make(call, title="second", tags=["Rust", "ai"], cloudflare_video_id=uid)
    path = f"/videos/{second['id']}"

    page = (await call("GET", "/videos/", params={"per_page": 1, "page": 2})).json()
    assert page.keys() == {"items", "total", "page", "per_page", "has_more"}
    assert ([item["title"] for item in page["items"]], page["total"]) == (["first"], 2)
    assert not page["has_more"]
    for tag, total in (("rust", 1), ("AI", 1), ("nothing", 0)):
        assert (await call("GET", "/videos/", params={"tag": tag})).json()["total"] == total

    body: dict[str, object] = {"title": "2nd", "tags": [], "description": "new", "visibility": None}
    changed = (await call("PUT", path, "ak_demo", json=body)).json()
    assert (changed["title"], changed["tags"], changed["description"]) == ("2nd", [], "new")
    assert changed["visibility"] == "public"
    assert (await call("GET", "/videos/", params={"tag": "rust"})).json()["total"] == 0
    check_error(await call("PUT", path, "ak_demo_viewer", json=body), 403)
    check_error(await call("PUT", path, json=body), 401)
    check_error(await call("PUT", f"/videos/{NOBODY}", "ak_demo", json=body), 404)
    check_error(await call("GET", f"/videos/{NOBODY}"), 404)
    check_error(await call("DELETE", f"/videos/{NOBODY}", "ak_demo"), 404)


@table(
    "body",
    [
        {},
        {"title": ""},
        {"title": "x" * 201},
        {"title": 5},
        {"title": "x", "description": "x" * 5001},
        {"title": "x", "tags": ["x"] * 21},
        {"title": "x", "tags": [" "]},
        {"title": "x", "tags": ["x" * 51]},
        {"title": "x", "visibility": "secret"},
        {"title": "\ud800"},
        [],
    ],
)
async def test_videos_invalid_one_is_422(call: Caller, body: object) -> None:
    # Half a surrogate pair is valid JSON, but no text.
    sent: dict[str, Any] = {
        "content": json.dumps(body),
        "headers": {"Content-Type": "application/json"},
    }
    check_error(await call("POST", "/videos/", "ak_demo", **sent), 422)
    check_error(await call("POST", "/videos/", json={"title": "x"}), 401)


async def test_videos_invalid_file_is_422_and_leaves_nothing(
    call: Caller, emulator: Emulator
) -> None:
    whole = small_film().read_bytes()
    root = emulator.platform.media_store.root
    before = sorted(root.iterdir())
    for name, content in (
        ("empty.mp4", b""),
        ("text.mp4", b"This is not a video. " * 500),
        ("zeros.mp4", bytes(100_000)),
        ("list.m3u8", b"#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n"),
        ("list.txt", b"ffconcat version 1.0\nfile /etc/hostname\n"),
        ("head.mp4", whole[: len(whole) // 2]),
        ("sound.mp4", film(seconds=1, video="", form="mp4").read_bytes()),
        ("picture.png", film(video="png -frames:v 1", audio="", form="png").read_bytes()),
    ):
        refused = check_error(await send(call, content, name=name, title="x"), 422)
        (mistake,) = refused["detail"]
        assert mistake["loc"] == ["body", "file"], name
        assert "not a video" in mistake["message"], name
    answer = await call("POST", "/videos/", "ak_demo", files={"other": b"x"}, data={"title": "x"})
    check_error(answer, 422)
    both = {"cloudflare_video_id": "0" * 32}
    check_error(await send(call, whole, title="x", **both), 422)
    assert (await call("GET", "/videos/", "ak_demo")).json()["total"] == 0
    assert sorted(root.iterdir()) == before


@pytest.mark.parametrize(("died", "reason"), [(1, "Try again"), (3, "is not tried again")])
async def test_videos_job_that_kills_the_process_is_not_restarted(died: int, reason: str) -> None:
    async with Emulator() as emulator:
        world = emulator.platform.world
        owner = accounts.by_api_key(world, "ak_demo")
        footage = VideoFootage(
            uid=world.ids.uid(), form="mp4", width=320, height=180, duration_ms=0, file_bytes=1
        )
        video = jobs.upload(world, owner, {"title": "Film"}, footage)
        for _ in range(died):
            job = jobs.latest(world, video)
            assert job is not None
            jobs.start(world, job)
            jobs.begin_again(world, jobs.find(world, job.id))

        await emulator.platform.service(UploadQueue).recover(True)

        job = jobs.latest(world, video)
        assert job is not None
        assert (job.status, reason in str(job.error)) == ("failed", True)
        assert videos.find(world, video.id).status == "failed"
