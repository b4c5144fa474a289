"""Deleting an account deletes everything that it owns, and it is shown nowhere."""

import io
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import segno
from msgspec.structs import replace

from emulator.media.broadcast.broadcasts import Broadcasts
from emulator.media.ingest.authorizer import PublishRequest
from emulator.server import Emulator
from emulator.world.people import accounts
from emulator.world.store.journal import Store
from tests.support.publisher_stage import picture
from tests.support.rest import Caller, check_error, create

pytestmark = pytest.mark.parametrize("client", ["in process"], indirect=True)

KEY, OTHER = "ak_auto_leaver", "ak_auto_other"


@dataclass
class Leaver:
    """A live user who owns something of every kind."""

    user: dict[str, Any]
    stream: dict[str, Any]
    room: dict[str, Any]
    video: dict[str, Any]
    album: dict[str, Any]
    call: dict[str, Any]
    session: dict[str, Any]
    avatar: str
    messages: list[str]


async def post(call: Caller, path: str, key: str, body: object = None) -> Any:
    answer = await call("POST", path, key, json=body)
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


@pytest.fixture
async def leaver(emulator: Emulator, call: Caller) -> Leaver:
    texts: list[str] = []
    stream = await create(call, KEY, title="Zyzzyva at work", tags=["zyzzyva"])
    publish_request = PublishRequest(stream["stream_key"], "rtmp", "192.0.2.1:5000", "test")
    sink = emulator.platform.service(Broadcasts).authorize(publish_request, texts.append)
    for tag in picture(2):
        sink.receive([tag])
    room = await create(call, OTHER, title="Somebody else's room")
    await post(call, f"/streams/{room['id']}/chat", KEY, {"content": "my line"})
    await post(call, f"/streams/{stream['id']}/chat", OTHER, {"content": "in your room"})
    await post(call, "/streams/users/other/follow", KEY)
    await post(call, "/streams/users/leaver/follow", OTHER)
    entry = {"day_of_week": 1, "start_time": "09:00", "end_time": "10:00", "title": "Weekly"}
    await post(call, "/streams/me/schedule", KEY, entry)
    hosted = {"session_name": "My call", "max_participants": 4}
    video_call = await post(call, "/video-sessions/sessions", KEY, hosted)
    await post(call, f"/video-sessions/sessions/{video_call['id']}/token", OTHER)
    files = {"file": ("me.png", png(), "image/png")}
    avatar = await call("POST", "/streams/me/profile/avatar", KEY, files=files)
    return Leaver(
        user=(await call("GET", "/users/me", KEY)).json(),
        stream=stream,
        room=room,
        video=await post(call, "/videos/", KEY, {"title": "Draft", "tags": ["one"]}),
        album=await post(call, "/videos/albums", KEY, {"title": "Mine"}),
        call=video_call,
        session=await post(call, "/auth/github/callback", KEY, {"code": "test-leaver"}),
        avatar=avatar.json()["avatar_url"],
        messages=texts,
    )


def png() -> bytes:
    bytes_io = io.BytesIO()
    segno.make("me").save(bytes_io, kind="png")
    return bytes_io.getvalue()


async def test_account_removal_deleted_account_is_gone_everywhere(
    client: httpx.AsyncClient, call: Caller, emulator: Emulator, leaver: Leaver
) -> None:
    async def got(path: str, key: str | None = OTHER) -> httpx.Response:
        return await call("GET", path, key)

    # Given a user who is live, has followers and messages, and sees all of that,
    assert (await got(f"/streams/id/{leaver.stream['id']}")).json()["status"] == "live"
    assert (await got("/streams/users/other/profile")).json()["follower_count"] == 1
    assert (await got("/streams/search?q=zyzzyva")).json()["total"] == 1
    assert (await client.get(leaver.avatar)).status_code == 200
    row = accounts.by_username(emulator.platform.world, "leaver").pk
    assert mentions(emulator.platform.world.store, row) != set()

    # when they delete their account,
    assert (await call("DELETE", "/users/me", KEY)).status_code == 204

    # then the publisher is dropped, and no credential of theirs is accepted,
    assert leaver.messages == ["The stream has ended: its owner's account was deleted."]
    for credential in (KEY, leaver.session["access_token"]):
        check_error(await got("/users/me", credential), 401)
    refresh = {"refresh_token": leaver.session["refresh_token"]}
    check_error(await call("POST", "/auth/refresh", json=refresh), 401)
    # nothing of theirs is found by its address,
    user_id = leaver.user["id"]
    for path in (
        f"/streams/id/{leaver.stream['id']}",
        f"/streams/{leaver.stream['id']}/chat",
        "/streams/users/leaver/profile",
        "/streams/users/leaver/streams",
        "/streams/users/leaver/followers",
        f"/videos/{leaver.video['id']}",
        f"/videos/albums/{leaver.album['id']}",
        f"/video-sessions/sessions/{leaver.call['id']}",
    ):
        check_error(await got(path), 404)
    for address in (leaver.avatar, leaver.stream["hls_url"]):
        assert (await client.get(address)).status_code == 404
    # nor in a list,
    for path in (
        "/streams/?status_filter=all",
        "/streams/trending",
        "/streams/search?q=zyzzyva&status_filter=all",
        "/streams/search/suggestions?query=zyzzyva",
        "/streams/search/users?q=leaver",
        "/streams/users/other/followers",
        "/streams/users/other/following",
        "/streams/notifications/follows",
        f"/streams/{leaver.room['id']}/chat",
        "/videos/",
        "/video-sessions/sessions/active",
    ):
        answer = await got(path)
        assert answer.status_code == 200, path
        assert user_id not in answer.text, path
        assert "eaver" not in answer.text, path
    # nor in a figure, and the name is free again.
    viewer = (await got("/streams/users/other/profile")).json()
    assert (viewer["follower_count"], viewer["following_count"]) == (0, 0)
    assert mentions(emulator.platform.world.store, row) == set()
    log = await client.get("/_emulator/events?kind=AccountDeleted&limit=1000")
    assert [event["values"]["user_id"] for event in log.json()["events"]] == [user_id]
    wish = {"email": "l@example.com", "username": "leaver", "password": "secret-enough"}
    assert (await call("POST", "/auth/register", json=wish)).status_code == 201
    check_error(await got("/users/me", KEY), 401)


def mentions(store: Store, user_pk: int) -> set[str]:
    """The places in the database that name a user."""
    columns = set()
    for table in store.columns():
        for key in store.rows(f"PRAGMA foreign_key_list({table})"):
            where = f"{key['from']} = ?"
            if key["table"] == "users" and store.row(
                f"SELECT 1 FROM {table} WHERE {where}", user_pk
            ):
                columns.add(f"{table}.{key['from']}")
    return columns


async def test_account_removal_export_has_all_own_data_and_no_secrets(
    call: Caller, leaver: Leaver
) -> None:
    answer = await call("GET", "/users/me/export", KEY)

    assert answer.headers["content-type"] == "application/json"
    assert "leaver.json" in answer.headers["content-disposition"]
    payload = answer.json()
    assert payload["user"] == leaver.user
    assert payload["incomplete"] == []
    owned = payload["belongings"]
    [stream] = owned["streams"]
    assert (stream["id"], stream["title"]) == (leaver.stream["id"], "Zyzzyva at work")
    assert stream["created_at"] == leaver.stream["created_at"]
    assert [line["content"] for line in owned["messages"]] == ["my line"]
    assert owned["messages"][0]["stream_id"] == leaver.room["id"]
    assert [follow["followed_id"] for follow in owned["follows"]] == [leaver.room["user_id"]]
    assert [weekly_schedule["title"] for weekly_schedule in owned["weekly_schedules"]] == ["Weekly"]
    assert [video["tags"] for video in owned["videos"]] == [["one"]]
    assert [album["id"] for album in owned["albums"]] == [leaver.album["id"]]
    assert [video_session["id"] for video_session in owned["video_sessions"]] == [leaver.call["id"]]
    assert [image["kind"] for image in owned["images"]] == ["avatar"]
    assert owned["stream_tags"], "rows of owned streams are missing"
    for secret in (KEY, leaver.session["refresh_token"], "in your room"):
        assert secret not in answer.text


async def test_account_removal_export_names_omitted_data(call: Caller, emulator: Emulator) -> None:
    room = await create(call, OTHER)
    for number in range(4):
        await post(call, f"/streams/{room['id']}/chat", OTHER, {"content": f"line {number}"})
    world = emulator.platform.world
    world.rules = replace(world.rules, export_rows_max=3)

    payload = (await call("GET", "/users/me/export", OTHER)).json()

    assert payload["incomplete"] == ["messages"]
    lines = [line["content"] for line in payload["belongings"]["messages"]]
    assert lines == ["line 0", "line 1", "line 2"]
