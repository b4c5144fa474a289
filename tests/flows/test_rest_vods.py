"""`/streams/vods`: lists and access for users, changes by the owner, and deletion."""

import asyncio
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from emulator.server import Emulator
from emulator.settings import Settings
from tests.support.live_server import until
from tests.support.recordings import CHAPTER, VOD, record
from tests.support.rest import USER_CARD, Caller, check_error
from tests.support.tables import table

pytestmark = pytest.mark.parametrize("client", ["in process"], indirect=True)

NOBODY = "00000000-0000-4000-8000-000000000000"
HTML = "<b>'; DROP TABLE vods; --</b> 🎬"


@pytest.fixture
def settings() -> Settings:
    return Settings(
        data=":memory:", port=0, rtmp_port=0, rtmps_port=0, vod_processing_ms=0, segment_ms=1000
    )


async def seeded(call: Caller, owner: str = "devops_wizard") -> dict[str, Any]:
    [vod] = (await call("GET", f"/streams/users/{owner}/vods")).json()
    assert vod.keys() == VOD
    values: dict[str, Any] = vod
    return values


async def test_vods_seeded_one_agrees_everywhere(call: Caller) -> None:
    vod = await seeded(call)

    assert vod["user"].keys() == USER_CARD
    assert (vod["status"], vod["duration"]) == ("ready", 4 * 3600)
    assert vod["mp4_url"] == vod["video_url"].replace(
        "manifest/video.m3u8", "downloads/default.mp4"
    )
    chapters = (await call("GET", f"/streams/vods/{vod['id']}/chapters")).json()
    assert chapters == vod["chapters"]
    assert [chapter.keys() for chapter in chapters] == [CHAPTER] * 4
    assert [chapter["start_time_seconds"] for chapter in chapters] == [0, 2700, 6600, 12000]
    assert chapters[-1]["end_time_seconds"] == vod["duration"]
    page = (await call("GET", "/streams/vods")).json()
    assert page["total"] == 2
    assert vod in page["items"]
    result = (await call("GET", "/streams/vods", params={"stream_id": vod["stream_id"]})).json()
    assert result["items"] == [vod]
    stream = (await call("GET", f"/streams/id/{vod['stream_id']}")).json()
    assert stream["vod_id"] == vod["id"]
    # Each request counts as a view.
    for count in (1, 2):
        assert (await call("GET", f"/streams/vods/{vod['id']}")).json()["view_count"] == count
    assert (await seeded(call))["view_count"] == 2
    check_error(await call("GET", "/streams/users/nobody/vods"), 404)


async def test_vods_search_words_match_until_they_are_removed(call: Caller) -> None:
    async def titles(typed: str, name: str = "query") -> list[str]:
        page = (await call("GET", "/streams/vods/search", params={name: typed})).json()
        assert page.keys() == {"items", "total", "page", "per_page", "has_more"}
        assert page["total"] == len(page["items"])
        return [item["title"] for item in page["items"]]

    # Found by words of the title, the description, a chapter and the chat; all words must match.
    wizard = "Moving a cluster without anybody noticing"
    for typed in ("cluster", "colour between", "percent", "probe green", "CLUSTER colour perc"):
        assert await titles(typed) == [wizard]
    assert await titles("fix", "q") == ["Reading a contract that lost a million", wizard]
    assert len(await titles("")) == 2
    for typed in ("cluster unicorn", '"', "*) (", HTML):
        assert await titles(typed) == []

    vod = await seeded(call)
    path, key = f"/streams/vods/{vod['id']}", "ak_demo_devops_wizard"
    chapter = vod["chapters"][2]
    await call("DELETE", f"{path}/chapters/{chapter['id']}", key)
    await call("PUT", path, key, json={"title": HTML})

    assert await titles("percent") == []
    assert await titles("DROP table") == [HTML]
    answer = await call("GET", "/streams/vods/search", params={"query": "x" * 201})
    check_error(answer, 422)


async def test_vods_owner_changes_description_and_visibility(call: Caller) -> None:
    vod = await seeded(call)
    path, key = f"/streams/vods/{vod['id']}", "ak_demo_devops_wizard"

    changed = await call("PUT", path, key, json={"title": HTML, "description": HTML})
    assert (changed.json()["title"], changed.json()["description"]) == (HTML, HTML)
    emptied = (await call("PUT", path, key, json={"title": None, "description": None})).json()
    assert (emptied["title"], emptied["description"]) == (HTML, None)

    # For followers: rustacean follows devops_wizard, viewer does not.
    await call("PUT", path, key, json={"visibility": "followers"})
    for who, status in (
        ("ak_demo_rustacean", 200),
        ("ak_demo_viewer", 404),
        (None, 404),
        (key, 200),
    ):
        for asked in (path, f"{path}/chapters"):
            assert (await call("GET", asked, who)).status_code == status
    # Private: not in any list but the owner's.
    await call("PUT", path, key, json={"visibility": "private"})
    assert (await call("GET", path, "ak_demo_rustacean")).status_code == 404
    assert (await call("GET", "/streams/users/devops_wizard/vods")).json() == []
    assert (await call("GET", "/streams/vods")).json()["total"] == 1
    assert (await call("GET", "/streams/vods", key)).json()["total"] == 2
    assert (await call("GET", "/streams/vods/search?q=colour")).json()["total"] == 0

    await call("PUT", path, key, json={"visibility": "public"})
    check_error(await call("PUT", path, "ak_demo", json={"title": "x"}), 403)
    check_error(await call("PUT", path, json={"title": "x"}), 401)
    check_error(await call("PUT", f"/streams/vods/{NOBODY}", key, json={"title": "x"}), 404)
    for body in ({"title": ""}, {"title": "x" * 201}, {"visibility": "unlisted"}, {"title": 1}):
        check_error(await call("PUT", path, key, json=body), 422)


async def test_vods_chapters_lie_side_by_side_inside_their_video(call: Caller) -> None:
    vod = await seeded(call)
    path, key = f"/streams/vods/{vod['id']}/chapters", "ak_demo_devops_wizard"
    first, last = vod["chapters"][0], vod["chapters"][-1]
    assert (await call("DELETE", f"{path}/{first['id']}", key)).status_code == 204
    check_error(await call("DELETE", f"{path}/{first['id']}", key), 404)

    body = {"title": HTML, "startTimeSeconds": 0, "end_time_seconds": 12.5}
    added = await call("POST", path, key, json=body)
    assert added.status_code == 201, added.text
    chapter = added.json()
    assert chapter.keys() == CHAPTER
    assert (chapter["title"], chapter["is_ai_generated"]) == (HTML, False)
    assert (chapter["confidence_score"], chapter["vod_id"]) == (None, vod["id"])
    listed = (await call("GET", path)).json()
    assert listed == [chapter, *vod["chapters"][1:]]
    assert (await call("GET", f"/streams/vods/{vod['id']}")).json()["chapters"] == listed

    for start, end in ((10, 20), (0, 5), (20, 20), (30, 20), (-1, 5), (14399, 14401), (20, 2701)):
        body = {"title": "x", "start_time_seconds": start, "end_time_seconds": end}
        check_error(await call("POST", path, key, json=body), 422)
    payload = check_error(await call("POST", path, key, json=body), 422)["detail"]
    assert payload[0]["loc"] == ["body", "start_time_seconds"]
    assert first["title"] not in payload[0]["message"]
    assert "A second cluster" in payload[0]["message"]

    moved = await call("PUT", f"{path}/{chapter['id']}", key, json={"start_time_seconds": 1.5})
    assert (moved.json()["start_time_seconds"], moved.json()["title"]) == (1.5, HTML)
    body = {"end_time_seconds": 13000}
    check_error(await call("PUT", f"{path}/{chapter['id']}", key, json=body), 422)
    check_error(await call("PUT", f"{path}/{last['id']}", "ak_demo", json=body), 403)
    check_error(await call("POST", path, json=body), 401)
    check_error(await call("DELETE", f"{path}/{last['id']}", "ak_demo"), 403)
    check_error(await call("PUT", f"{path}/{NOBODY}", key, json={"title": "x"}), 404)


@table("body", [{}, {"title": "x"}, [], {"title": "", "start_time_seconds": 0}])
async def test_vods_invalid_chapter_is_422(call: Caller, body: object) -> None:
    vod = await seeded(call)
    path, key = f"/streams/vods/{vod['id']}/chapters", "ak_demo_devops_wizard"

    check_error(await call("POST", path, key, json=body), 422)


async def test_vods_deleted_one_is_gone_everywhere(
    call: Caller, client: httpx.AsyncClient, emulator: Emulator
) -> None:
    # Given a recording that plays, and another user's video with the same media,
    stream = await record(emulator, call, seconds=2, title="Gone soon")
    path = f"/streams/vods/{stream['vod_id']}"
    vod = (await call("GET", path)).json()
    assert vod["duration"] == pytest.approx(2, abs=0.2)
    addresses = [vod["playback_url"], vod["thumbnail_url"], vod["mp4_url"], stream["hls_url"]]

    async def statuses() -> set[int]:
        responses = [await client.get(urlsplit(address).path) for address in addresses]
        return {response.status_code for response in responses}

    assert await statuses() == {200}
    body = {"title": "Copy", "cloudflare_video_id": vod["cloudflare_video_id"]}
    copy = (await call("POST", "/videos/", "ak_demo_viewer", json=body)).json()
    folder = emulator.platform.media_store.folder(stream["cloudflare_stream_id"])
    assert folder.exists()
    check_error(await call("DELETE", path, "ak_demo_viewer"), 403)
    check_error(await call("DELETE", path), 401)

    # when it is deleted,
    assert (await call("DELETE", path, "ak_demo")).status_code == 204

    # then no list, search, stream or address has it, and its files are gone.
    for asked in (path, f"{path}/chapters"):
        check_error(await call("GET", asked, "ak_demo"), 404)
    check_error(await call("DELETE", path, "ak_demo"), 404)
    assert (await call("GET", "/streams/vods", "ak_demo")).json()["total"] == 2
    assert (await call("GET", "/streams/users/demo/vods")).json() == []
    assert (await call("GET", "/streams/vods/search?q=gone")).json()["total"] == 0
    now = (await call("GET", f"/streams/id/{stream['id']}", "ak_demo")).json()
    assert (now["status"], now["vod_id"]) == ("ended", None)
    shown = (await call("GET", f"/videos/{copy['id']}", "ak_demo_viewer")).json()
    assert (shown["status"], shown["playback_url"]) == ("failed", None)
    await asyncio.to_thread(until, lambda: not folder.exists(), "the files to be gone")
    assert await statuses() == {404}


async def test_vods_deleted_simulated_one_plays_no_more(
    call: Caller, client: httpx.AsyncClient
) -> None:
    vod = await seeded(call)
    stream = (await call("GET", f"/streams/id/{vod['stream_id']}")).json()
    addresses = [urlsplit(item).path for item in (vod["playback_url"], stream["hls_url"])]
    for address in addresses:
        assert (await client.get(address)).status_code == 200

    key = "ak_demo_devops_wizard"
    assert (await call("DELETE", f"/streams/vods/{vod['id']}", key)).status_code == 204

    for item in addresses:
        assert (await client.get(item)).status_code == 404


@table(
    ("query", "name"),
    [
        ("thumbnail.jpg?time=-1s", "time"),
        ("thumbnail.jpg?time=", "time"),
        ("thumbnail.jpg?height=-1", "height"),
        ("thumbnail.jpg?width=0", "width"),
        ("thumbnail.jpg?width=50%25", "width"),
        ("thumbnail.jpg?fit=stretch", "fit"),
        ("thumbnail.gif?fps=0", "fps"),
        ("thumbnail.gif?fps=16", "fps"),
        ("thumbnail.gif?fps=x", "fps"),
        ("thumbnail.gif?duration=0s", "duration"),
        ("thumbnail.gif?duration=soon", "duration"),
    ],
)
async def test_vods_thumbnail_names_the_parameter_that_is_wrong(
    call: Caller, client: httpx.AsyncClient, query: str, name: str
) -> None:
    (vod, *_) = (await call("GET", "/streams/vods")).json()["items"]

    answer = await client.get(f"/{vod['cloudflare_video_id']}/thumbnails/{query}")

    (detail,) = check_error(answer, 422)["detail"]
    assert detail["loc"] == ["query", name]
