import re
from typing import Any

import httpx
import pytest

from emulator.server import Emulator
from emulator.settings import Settings
from tests.support.rest import INGEST, STREAM, USER_CARD, Caller, check_error, create
from tests.support.tables import table

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


@pytest.mark.every_server
async def test_streams_quick_start_creates_one_with_server_and_key_for_obs(call: Caller) -> None:
    (category, *_) = (await call("GET", "/streams/categories")).json()

    stream = await create(
        call, description="Live coding session", category_id=category["id"], tags=["python"]
    )

    assert stream.keys() == STREAM | INGEST
    assert re.fullmatch(UUID, stream["id"])
    assert re.fullmatch(r"[0-9a-f]{32}", stream["cloudflare_stream_id"])
    assert re.fullmatch(TIME, stream["created_at"])
    assert re.fullmatch(r"live_\w{32}", stream["stream_key"])
    assert stream["rtmps_url"].startswith("rtmps://127.0.0.1:")
    assert stream["rtmps_url"].endswith("/live")
    assert stream["ingest"]["rtmps_key"] == stream["stream_key"]
    assert stream["category"]["slug"] == "ai-coding"
    assert stream["user"] == stream["streamer"]
    assert stream["user"].keys() == USER_CARD
    assert [tag["name"] for tag in stream["tags"]] == ["python"]
    assert stream["playback_url"] == stream["hls_url"] == stream["playback"]["hls"]
    assert "cloudflarestream.com" in stream["hls_url"]
    assert stream["hls_url"].endswith(".m3u8")
    assert (stream["status"], stream["started_at"], stream["vod_id"]) == ("offline", None, None)


async def test_streams_documented_call_works_with_its_category_placeholder(call: Caller) -> None:
    stream = await create(call, category_id="...")

    assert (stream["category_id"], stream["category"]) == (None, None)
    check_error(
        await call("POST", "/streams/", "ak_auto_b", json={"title": "x", "category_id": "...."}),
        404,
    )


async def test_streams_camel_case_is_read_as_snake_case(call: Caller) -> None:
    (category, *_) = (await call("GET", "/streams/categories")).json()

    stream = await create(call, categoryId=category["id"], isMature=True)

    assert (stream["category_id"], stream["is_mature"]) == (category["id"], True)


@pytest.mark.parametrize("slash", ["", "/"])
async def test_streams_both_slashes_work_without_a_redirect(call: Caller, slash: str) -> None:
    stream = await create(call)

    for path in ("/streams", f"/streams/id/{stream['id']}", "/streams/vods", "/auth/me"):
        assert (await call("GET", path + slash, "ak_demo")).status_code == 200


async def test_streams_key_is_visible_to_the_owner_only(call: Caller) -> None:
    stream = await create(call)
    path = f"/streams/id/{stream['id']}"

    own = (await call("GET", path, "ak_demo")).json()
    others = (await call("GET", path, "ak_demo_viewer")).json()
    anonymous = await call("GET", path, "ak_wrong")

    assert own.keys() == STREAM | INGEST
    assert own["stream_key"] == stream["stream_key"]
    assert others.keys() == STREAM
    assert anonymous.json() == others
    assert stream["stream_key"] not in anonymous.text


async def test_streams_list_has_live_and_own_ones(call: Caller) -> None:
    stream = await create(call)

    async def titles(key: str | None, **query: str) -> list[str]:
        page = (await call("GET", "/streams/", key, params=query)).json()
        assert page.keys() == {"streams", "total", "page", "per_page", "has_more"}
        assert page["total"] == len(page["streams"])
        # The seed's streams are in the list too.
        return [item["title"] for item in page["streams"] if item["user_id"] == stream["user_id"]]

    assert await titles(None) == []
    assert await titles("ak_demo") == ["My First Stream"]
    assert await titles(None, status_filter="offline") == ["My First Stream"]
    await call("POST", f"/streams/id/{stream['id']}/start", "ak_demo")
    assert await titles(None) == ["My First Stream"]
    assert await titles("ak_demo_viewer", user_id=stream["user_id"]) == ["My First Stream"]


async def test_streams_pages_say_whether_more_follows(call: Caller) -> None:
    for name in ("one", "two", "three"):
        await create(call, f"ak_auto_{name}", title=name)
    # The seed's streams are live or ended.
    query = {"status_filter": "offline", "per_page": 2}

    first = (await call("GET", "/streams/", params=query)).json()
    second = (await call("GET", "/streams/", params={**query, "page": 2})).json()
    one = {"status_filter": "offline", "limit": 1}
    limited = (await call("GET", "/streams/", params=one)).json()

    assert [stream["title"] for stream in first["streams"] + second["streams"]] == [
        "three",
        "two",
        "one",
    ]
    assert (first["total"], first["has_more"], second["has_more"]) == (3, True, False)
    assert (len(limited["streams"]), limited["per_page"]) == (1, 1)


async def test_streams_update_changes_the_named_fields(call: Caller) -> None:
    stream = await create(call, description="kept")
    path = f"/streams/id/{stream['id']}"

    put = (await call("PUT", path, "ak_demo", json={"title": "Second"})).json()
    patched = (await call("PATCH", path, "ak_demo", json={"tags": ["rust"]})).json()

    assert (put["title"], put["description"]) == ("Second", "kept")
    assert [tag["name"] for tag in patched["tags"]] == ["rust"]
    assert patched["title"] == "Second"


@table("spelling", ["/streams/{}/end", "/streams/id/{}/end"])
async def test_streams_start_without_media_and_cannot_start_after_their_end(
    call: Caller, spelling: str
) -> None:
    stream = await create(call)
    end = spelling.format(stream["id"])

    started = (await call("POST", f"/streams/id/{stream['id']}/start", "ak_demo")).json()
    ended = (await call("POST", end, "ak_demo")).json()

    assert (started["status"], started["user"]["is_live"]) == ("live", True)
    assert re.fullmatch(TIME, started["started_at"])
    assert ended["status"] == "ended"
    assert ended.keys() == STREAM
    assert re.fullmatch(TIME, ended["ended_at"])
    for path in (end, f"/streams/id/{stream['id']}/start"):
        check_error(await call("POST", path, "ak_demo"), 409)


async def test_streams_user_has_one_that_has_not_ended(call: Caller) -> None:
    stream = await create(call)

    refused = await call("POST", "/streams/", "ak_demo", json={"title": "Another"})

    payload = check_error(refused, 409)
    assert (
        payload["detail"] == "You already have an active stream. End it before creating a new one."
    )
    # The error names that stream, and how to end it, even one that was never live.
    assert stream["title"] in payload["message"]
    assert f"POST /api/v1/streams/{stream['id']}/end" in payload["message"]
    await call("POST", f"/streams/{stream['id']}/end", "ak_demo")
    await create(call)


async def test_streams_ten_creations_a_minute_and_failed_ones_count(call: Caller) -> None:
    await create(call)
    for left in range(8, -1, -1):
        bad = await call("POST", "/streams/", "ak_demo", json={"title": ""})
        assert bad.status_code == 422
        assert bad.headers["X-RateLimit-Remaining"] == str(left)

    refused = await call("POST", "/streams/", "ak_demo", json={"title": "x"})

    check_error(refused, 429)
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["X-RateLimit-Limit"] == "10"
    assert int(refused.headers["X-RateLimit-Reset"]) > 1_700_000_000
    await create(call, "ak_demo_viewer")


@table(
    ("body", "loc"),
    [
        ({}, ["body", "title"]),
        ({"title": ""}, ["body", "title"]),
        ({"title": "x" * 201}, ["body", "title"]),
        ({"title": 5}, ["body", "title"]),
        ({"title": "x", "categoryId": 5}, ["body", "category_id"]),
        ({"title": "x", "tags": ["t"] * 11}, ["body", "tags"]),
        ({"title": "x", "description": "x" * 5001}, ["body", "description"]),
        ({"title": "x", "visibility": "secret"}, ["body", "visibility"]),
        ({"title": "x", "scheduled_start": "soon"}, ["body", "scheduled_start"]),
        ([], ["body"]),
    ],
)
async def test_streams_invalid_fields_are_listed(
    call: Caller, body: object, loc: list[str]
) -> None:
    answer = await call("POST", "/streams/", "ak_demo", json=body)

    (mistake,) = check_error(answer, 422)["detail"]
    assert mistake.keys() == {"loc", "msg", "type", "message"}
    assert mistake["loc"] == loc
    assert mistake["message"] == mistake["msg"]


@table("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"title": "\\ud800"}'])
async def test_streams_invalid_json_is_422(call: Caller, content: bytes) -> None:
    answer = await call("POST", "/streams/", "ak_demo", content=content)

    check_error(answer, 422)


@table("encoding", ["utf-8-sig", "utf-16"])
async def test_streams_json_with_a_byte_order_mark_is_422_and_says_so(
    call: Caller, encoding: str
) -> None:
    answer = await call("POST", "/streams/", "ak_demo", content='{"title": "x"}'.encode(encoding))

    (mistake,) = check_error(answer, 422)["detail"]
    assert "begins with a byte order mark" in mistake["message"]


async def test_streams_wrong_media_type_is_422(call: Caller) -> None:
    answer = await call("POST", "/streams/", "ak_demo", data={"title": "x"})

    (mistake,) = check_error(answer, 422)["detail"]
    assert mistake["loc"] == ["body"]


@pytest.mark.every_server
async def test_streams_body_over_the_limit_is_413(call: Caller) -> None:
    answer = await call("POST", "/streams/", "ak_demo", json={"title": "x" * 2_000_000})

    check_error(answer, 413)


@table(
    "query",
    [
        {"page": "0"},
        {"per_page": "101"},
        {"limit": "0"},
        {"page": "x"},
        {"page": "9" * 30},
        {"status_filter": "gone"},
    ],
)
async def test_streams_query_out_of_range_is_422(call: Caller, query: dict[str, str]) -> None:
    answer = await call("GET", "/streams/", params=query)

    (mistake,) = check_error(answer, 422)["detail"]
    assert mistake["loc"][0] == "query"


async def test_streams_forbidden_action_is_refused(call: Caller) -> None:
    stream = await create(call)
    path = f"/streams/id/{stream['id']}"
    nobody = "00000000-0000-4000-8000-000000000000"

    for key in (None, "ak_wrong"):
        answer = await call("POST", "/streams/", key, json={"title": "x"})
        check_error(answer, 401)
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    check_error(await call("PUT", path, "ak_demo_viewer", json={"title": "x"}), 403)
    check_error(await call("POST", f"{path}/start", "ak_demo_viewer"), 403)
    check_error(await call("POST", f"{path}/end", "ak_demo_viewer"), 403)
    check_error(await call("GET", f"/streams/id/{nobody}"), 404)
    check_error(await call("POST", f"/streams/{nobody}/end", "ak_demo"), 404)
    check_error(
        await call("POST", "/streams/", "ak_auto_new", json={"title": "x", "category_id": "?"}), 404
    )
    check_error(await call("GET", "/streams/", params={"category_id": nobody}), 404)
    check_error(await call("GET", "/nowhere"), 404)
    wrong_method = await call("DELETE", "/streams/")
    check_error(wrong_method, 405)
    assert wrong_method.headers["Allow"] == "GET, POST"


async def test_streams_chat_socket_without_an_upgrade_is_426(call: Caller) -> None:
    answer = await call("GET", "/streams/any/chat/ws", params={"token": "ak_demo"})

    check_error(answer, 426)
    # RFC 9110, 15.5.22 and 7.8
    assert (answer.headers["Upgrade"], answer.headers["Connection"]) == ("websocket", "Upgrade")


async def test_streams_api_key_is_read_from_its_own_header_too(call: Caller) -> None:
    answer = await call("GET", "/auth/me", headers={"X-API-Key": "ak_demo"})

    assert answer.json()["username"] == "demo"


async def test_streams_text_comes_back_as_text(call: Caller) -> None:
    title = "'; DROP TABLE streams; -- <script>alert(1)</script> \u0000 ü 🎥"

    stream = await create(call, title=title, description=title)

    assert (stream["title"], stream["description"]) == (title, title)


@pytest.mark.every_server
async def test_streams_any_origin_may_read_and_preflights_are_answered(call: Caller) -> None:
    origin = "http://localhost:5173"
    preflight = await call(
        "OPTIONS",
        "/streams/",
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization, content-type",
        },
    )
    answer = await call("GET", "/streams/", headers={"Origin": origin})

    assert preflight.status_code == 200
    assert preflight.headers["Access-Control-Allow-Origin"] == origin
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    assert "X-Trace-Id" in answer.headers["Access-Control-Expose-Headers"]


@pytest.mark.parametrize(
    "settings",
    [
        Settings(
            data=":memory:",
            port=0,
            rtmp_port=0,
            rtmps_port=0,
            streams_per_user=0,
            stream_creations_per_minute=0,
        )
    ],
)
async def test_streams_limits_are_settings(call: Caller, emulator: Emulator) -> None:
    assert emulator.settings.rules.streams_per_user == 0
    for _ in range(12):
        await create(call)


async def test_streams_lifecycle_names_the_video_to_play_while_it_is_live(
    call: Caller, client: httpx.AsyncClient
) -> None:
    async def lifecycle(stream: dict[str, Any]) -> tuple[bool, bool, str | None]:
        payload = (await client.get(f"/{stream['cloudflare_stream_id']}/lifecycle")).json()
        return payload["isInput"], payload["live"], payload["videoUID"]

    own = await create(call)
    assert await lifecycle(own) == (True, False, None)
    # Live without media: there is nothing to play.
    await call("POST", f"/streams/id/{own['id']}/start", "ak_demo")
    assert await lifecycle(own) == (True, True, None)
    (*_, seeded) = (await call("GET", "/streams/")).json()["streams"]
    assert await lifecycle(seeded) == (True, True, seeded["cloudflare_video_id"])
