"""Details that the platform's own web client relies on (contract, provenance C)."""

import io
from typing import Any
from urllib.parse import urlsplit

import av
import httpx
import pytest

from tests.support.rest import INGEST, STREAM, USER, Caller, check_error, create
from tests.support.tables import table

LISTS = (
    "/streams/",
    "/streams/trending",
    "/streams/rising",
    "/streams/search?q=launch",
    "/streams/users/demo/streams",
    "/streams/categories/by-slug/rust",
    "/streams/categories/by-slug/rust/streams",
)


async def read(call: Caller, path: str, key: str | None = None) -> Any:
    answer = await call("GET", path, key)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.both_prefixes
async def test_web_client_lists_show_owners_their_own_streams_with_ingest(call: Caller) -> None:
    category = await read(call, "/streams/categories/by-slug/rust")
    stream = await create(call, title="Launch night", category_id=category["id"])
    await call("POST", f"/streams/id/{stream['id']}/start", "ak_demo")

    for path in LISTS:
        [own] = [
            shown
            for shown in (await read(call, path, "ak_demo"))["streams"]
            if shown["id"] == stream["id"]
        ]
        assert own.keys() == STREAM | INGEST, path
        assert own["stream_key"] == own["ingest"]["rtmps_key"] == stream["stream_key"]
        assert own["ingest"]["webrtc_url"] == stream["whip_url"]
        for shown in (await read(call, path, "ak_demo_viewer"))["streams"]:
            assert shown.keys() == STREAM, path
        others = (await read(call, path, "ak_demo"))["streams"]
        assert [shown.keys() for shown in others if shown["id"] != stream["id"]] == [STREAM] * (
            len(others) - 1
        )
    own = (await read(call, "/streams/users/demo/live", "ak_demo"))["stream"]
    current = (await read(call, "/streams/me/profile", "ak_demo"))["current_stream"]
    assert own.keys() == current.keys() == STREAM | INGEST


@pytest.mark.both_prefixes
async def test_web_client_list_begins_with_the_open_stream_of_the_caller(
    call: Caller,
) -> None:
    mine = await create(call, title="Mine")
    for name in ("one", "two"):
        newer = await create(call, f"ak_auto_{name}", title=name)
        await call("POST", f"/streams/id/{newer['id']}/start", f"ak_auto_{name}")

    pages = [
        (await read(call, f"/streams/?per_page=3&page={page}", "ak_demo"))["streams"]
        for page in (1, 2, 3)
    ]
    titles = [shown["title"] for page in pages for shown in page]
    assert titles[:3] == ["Mine", "two", "one"]
    assert len(set(titles)) == len(titles) == 9
    live = (await read(call, "/streams/?status_filter=live", "ak_demo"))["streams"]
    assert live[0]["title"] == "two"

    await call("POST", f"/streams/{mine['id']}/end", "ak_demo")
    ended = (await read(call, "/streams/", "ak_demo"))["streams"]
    assert [shown["title"] for shown in ended[:3]] == ["two", "one", "Mine"]


async def test_web_client_streams_have_both_uid_names_and_no_picture_at_first(
    call: Caller,
) -> None:
    stream = await create(call)

    assert stream["cloudflare_video_id"] == stream["cloudflare_stream_id"]
    assert stream["thumbnail_url"] is None
    zombie = await call("POST", f"/streams/id/{stream['id']}/start", "ak_demo")
    assert zombie.json()["thumbnail_url"] is None
    chosen = {"thumbnail_url": "https://example.com/mine.jpg"}
    changed = (await call("PUT", f"/streams/id/{stream['id']}", "ak_demo", json=chosen)).json()
    assert changed["thumbnail_url"] == chosen["thumbnail_url"]
    no_uri = {"thumbnail_url": "my picture"}
    refused = await call("PUT", f"/streams/id/{stream['id']}", "ak_demo", json=no_uri)
    assert check_error(refused, 422)["detail"][0]["loc"] == ["body", "thumbnail_url"]
    removed = {"thumbnail_url": ""}
    changed = (await call("PUT", f"/streams/id/{stream['id']}", "ak_demo", json=removed)).json()
    assert changed["thumbnail_url"] is None
    [seeded] = (await read(call, "/streams/users/devops_wizard/streams"))["streams"]
    assert seeded["thumbnail_url"] == seeded["playback"]["thumbnail"]


@pytest.mark.parametrize("name", ["category_id", "categoryId"])
async def test_web_client_empty_id_means_none(call: Caller, name: str) -> None:
    stream = await create(call, **{name: ""})
    assert stream["category_id"] is None
    [category, *_] = await read(call, "/streams/categories")
    path = f"/streams/id/{stream['id']}"
    changed = (await call("PUT", path, "ak_demo", json={name: category["id"]})).json()
    assert changed["category_id"] == category["id"]
    changed = (await call("PUT", path, "ak_demo", json={name: ""})).json()
    assert changed["category_id"] is None
    assert (await read(call, f"/streams/?{name}="))["total"] == 6


async def test_web_client_empty_ids_mean_none_in_every_other_body(call: Caller) -> None:
    week = {"day_of_week": 5, "start_time": "10:00", "end_time": "11:00", "title": "x"}
    for method, path, body in (
        ("POST", "/streams/me/schedule", {**week, "category_id": ""}),
        ("POST", "/streams/categories", {"name": "Hats", "parent_id": ""}),
        ("POST", "/videos/", {"title": "x", "cloudflareVideoId": ""}),
    ):
        answer = await call(method, path, "ak_demo", json=body)
        assert answer.status_code == 201, answer.text
    stream = await create(call)
    ban = {"user_id": "", "username": "viewer"}
    answer = await call("POST", f"/streams/{stream['id']}/chat/bans", "ak_demo", json=ban)
    assert answer.json()["user"]["username"] == "viewer"


async def test_web_client_top_streams_count_messages_under_both_names(call: Caller) -> None:
    path = "/streams/analytics/channel/top-streams?metric="
    shown = await read(call, f"{path}total_messages", "ak_demo_devops_wizard")
    assert shown == await read(call, f"{path}chat_messages", "ak_demo_devops_wizard")
    assert shown[0]["total_messages"] == 5


@pytest.mark.both_prefixes
async def test_web_client_me_has_the_names_that_clients_read(call: Caller) -> None:
    for path in ("/auth/me", "/auth/auth/me"):
        me = await read(call, path, "ak_demo_rustacean")
        names = {"displayName", "avatarUrl"} if call.prefix == "/v1" else set()
        assert me.keys() == USER | {"full_name"} | names
        assert me["full_name"] == me["display_name"] == me.get("displayName", "Rustacean")
        assert me["avatar_url"] == me.get("avatarUrl", me["avatar"])


@pytest.mark.both_prefixes
async def test_web_client_vods_last_whole_seconds(call: Caller) -> None:
    body = {"title": "x"}
    path = "/streams/vods?per_page=1"
    [vod] = (await read(call, path))["items"]
    assert vod["duration_exact"] == vod["duration"] == 4 * 3600
    assert isinstance(vod["duration"], int if call.prefix == "/v1" else float)
    changed = await call("PUT", f"/streams/vods/{vod['id']}", "ak_demo_devops_wizard", json=body)
    assert changed.json()["duration"] == 4 * 3600


async def test_web_client_registration_derives_a_username_from_the_mail(
    call: Caller,
) -> None:
    async def register(email: str, **more: str) -> dict[str, Any]:
        body = {"email": email, "password": "secret-enough", **more}
        answer = await call("POST", "/auth/register", json=body)
        assert answer.status_code == 201, answer.text
        user: dict[str, Any] = answer.json()["user"]
        return user

    first = await register("ada.lovelace+news@example.org", full_name="Ada Lovelace")
    second = await register("ada.lovelace@example.org", username="", fullName="Ada Two")
    reserved = await register("admin@example.org")

    assert (first["username"], first["display_name"]) == ("ada.lovelace", "Ada Lovelace")
    assert (second["username"], second["display_name"]) == ("ada.lovelace2", "Ada Two")
    assert reserved["username"] == "admin2"
    taken = {"email": "ada.lovelace@example.org", "password": "secret-enough"}
    check_error(await call("POST", "/auth/register", json=taken), 409)


async def test_web_client_api_key_wins_over_the_bearer_token_and_both_are_flagged(
    client: httpx.AsyncClient, call: Caller
) -> None:
    def key(value: str) -> dict[str, str]:
        return {"X-API-Key": value}

    both = await call("GET", "/auth/me", "ak_demo", headers=key("ak_demo_rustacean"))
    alone = await call("GET", "/auth/me", headers=key("ak_demo_rustacean"))
    wrong = await call("GET", "/auth/me", "ak_demo", headers=key("wrong"))
    public = await call("GET", "/streams/trending", "wrong")

    assert both.json()["username"] == alone.json()["username"] == "rustacean"
    check_error(wrong, 401)
    assert wrong.headers["WWW-Authenticate"] == "Bearer"
    assert public.status_code == 200
    log = (await client.get("/_emulator/requests")).json()["requests"][-4:]
    assert [entry["has_two_credentials"] for entry in log] == [True, False, True, False]
    assert [entry["credential"] for entry in log] == ["valid", "valid", "invalid", "invalid"]
    flagged = await client.get("/_emulator/requests?has_two_credentials=true")
    assert [entry["seq"] for entry in flagged.json()["requests"]] == [log[0]["seq"], log[2]["seq"]]


async def test_web_client_field_aliases_are_not_unknown(
    client: httpx.AsyncClient, call: Caller
) -> None:
    await call("POST", "/auth/login", json={"username": "demo", "password": "demo123456"})
    await call("PUT", "/streams/me/profile", "ak_demo", json={"full_name": "Demo"})

    log = (await client.get("/_emulator/requests")).json()["requests"][-2:]
    assert [entry["unknown_fields"] for entry in log] == [[], []]


async def test_web_client_website_addresses_answer_like_the_documented_ones(call: Caller) -> None:
    pairs = {
        "/dashboard": "/dashboard/streamer/overview",
        "/dashboard/activity": "/dashboard/streamer/activity",
    }
    for listed, documented in pairs.items():
        assert await read(call, listed, "ak_demo") == await read(call, documented, "ak_demo")
        check_error(await call("GET", listed), 401)
    assert await read(call, "/streams/test-deployment") == {"status": "ok"}
    [vod] = await read(call, "/streams/users/devops_wizard/vods")
    assert await read(call, f"/streams/vods/{vod['id']}/playback") == {
        "vod_id": vod["id"],
        "playback_url": vod["playback_url"],
        "hls_url": vod["video_url"],
        "mp4_url": vod["mp4_url"],
        "status": "ready",
    }
    shown = await read(call, f"/streams/vods/{vod['id']}")
    assert shown["view_count"] == vod["view_count"] + 1


MENU = {
    "ai-ml": "ai-coding",
    "web-dev": "nextjs",
    "vibe-coding": "ai-native-development",
    "mobile": "mobile-dev",
    "game-dev": "game-dev",
    "devops": "devops",
    "open-source": "rust",
    "security": "web3",
}


@table(("slug", "leads_to"), MENU.items())
async def test_web_client_categories_of_the_menu_exist(
    call: Caller, slug: str, leads_to: str
) -> None:
    path = "/streams/categories/by-slug/"
    category = await read(call, f"{path}{slug}")
    assert category["id"] == (await read(call, f"{path}{leads_to}"))["id"]
    page = await read(call, f"{path}{slug}/streams?status_filter=all")
    assert page["category"]["slug"] == leads_to
    assert len(await read(call, "/streams/categories")) == 10


@pytest.mark.both_prefixes
async def test_web_client_seeded_streams_name_language_framework_and_repository(
    call: Caller,
) -> None:
    streams = (await read(call, "/streams/?status_filter=all"))["streams"]
    assert len(streams) == 8
    for stream in streams:
        names = [tag["name"] for tag in stream["tags"]]
        for kind in ("lang:", "fw:", "repo:"):
            assert [name for name in names if name.startswith(kind)], (stream["title"], kind)
        [repository] = [name for name in names if name.startswith("repo:")]
        assert repository.startswith(f"repo:{stream['user']['username']}/")
        messages = await read(call, f"/streams/{stream['id']}/chat")
        lines = messages if call.prefix == "/v1" else messages["messages"]
        assert len(lines) >= 3
    tags = {tag["name"]: tag["usage_count"] for tag in await read(call, "/streams/streams/tags")}
    assert (tags["lang:Python"], tags["lang:TypeScript"]) == (3, 2)


@pytest.mark.parametrize("client", ["in process"], indirect=True)
async def test_web_client_two_seeded_clips_play(client: httpx.AsyncClient, call: Caller) -> None:
    clips = await read(call, "/streams/clips/popular")

    assert [(clip["duration"], clip["status"], clip["view_count"]) for clip in clips] == [
        (30, "ready", 184),
        (40, "ready", 96),
    ]
    for clip in clips:
        for address in (clip["video_url"], clip["thumbnail_url"]):
            assert (await client.get(urlsplit(address).path)).status_code == 200
        answer = await client.get(urlsplit(clip["video_url"]).path)
        with av.open(io.BytesIO(answer.content), "r") as film:
            assert film.duration == clip["duration"] * 1_000_000
        [of_stream] = (await read(call, f"/streams/{clip['stream_id']}/clips"))["items"]
        assert of_stream == clip
