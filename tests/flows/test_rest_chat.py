import re
from typing import Any

import httpx
import pytest

from tests.support.rest import USER_CARD, Caller, check_error, create
from tests.support.tables import table

NESTED = {
    "id",
    "stream_id",
    "user",
    "content",
    "message_type",
    "badges",
    "is_deleted",
    "created_at",
}
FLAT = NESTED - {"user"} | {"user_id", "username", "display_name", "avatar"}
SETTINGS = {
    "slow_mode_seconds",
    "followers_only",
    "emote_only",
    "max_length",
    "blocked_words",
    "links_allowed",
    "ai_moderation",
}
NOBODY = "00000000-0000-4000-8000-000000000000"

pytestmark = pytest.mark.both_prefixes


class Chat:
    """The chat of one stream, over REST, in the caller's dialect."""

    def __init__(self, call: Caller, stream: dict[str, Any]) -> None:
        self.call = call
        self.stream = stream
        self.path = f"/streams/{stream['id']}/chat"
        self.is_nested = call.prefix == "/api/v1"

    async def say(self, content: str, key: str = "ak_demo_viewer") -> dict[str, Any]:
        answer = await self.call("POST", self.path, key, json={"content": content})
        assert answer.status_code == 201, answer.text
        said: dict[str, Any] = answer.json()
        return said

    async def refused(self, status: int, content: str = "hello") -> httpx.Response:
        answer = await self.call("POST", self.path, "ak_demo_viewer", json={"content": content})
        check_error(answer, status)
        return answer

    async def read(self, key: str | None = None, **query: Any) -> list[dict[str, Any]]:
        path = f"{self.path}/history" if query.keys() - {"limit"} else self.path
        answer = await self.call("GET", path, key, params=query)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        rows: list[dict[str, Any]] = page["messages"] if self.is_nested else page
        return rows

    async def ask(self, **settings: Any) -> None:
        answer = await self.call("PUT", f"{self.path}/settings", "ak_demo", json=settings)
        assert answer.status_code == 200, answer.text


@pytest.fixture
async def chat(call: Caller) -> Chat:
    return Chat(call, await create(call))


async def id_of(call: Caller, name: str) -> str:
    return str((await call("GET", "/auth/me", f"ak_demo_{name}")).json()["id"])


async def test_chat_message_is_read_in_the_form_of_the_prefix(chat: Chat) -> None:
    said = await chat.say("hello")

    assert await chat.read() == await chat.read(before="2999-01-01") == [said]
    assert (said["content"], said["stream_id"]) == ("hello", chat.stream["id"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", said["created_at"])
    if chat.is_nested:
        assert said.keys() == NESTED
        assert said["user"].keys() == USER_CARD
        assert (said["user"]["username"], said["message_type"]) == ("viewer", "message")
    else:
        assert said.keys() == FLAT
        assert (said["username"], said["message_type"]) == ("viewer", "chat")


async def test_chat_messages_of_the_owner_have_the_badge(chat: Chat) -> None:
    said = await chat.say("welcome", "ak_demo")

    assert said["badges"] == [{"type": "broadcaster", "label": "Broadcaster"}]


@pytest.mark.every_server
async def test_chat_history_is_read_page_by_page(chat: Chat) -> None:
    said = [await chat.say(f"line {number}") for number in range(7)]

    assert await chat.read(limit=3) == said[4:]
    assert await chat.read(before=said[4]["id"], limit=3) == said[1:4]
    if not chat.is_nested:
        return
    read: list[dict[str, Any]] = []
    query: dict[str, Any] = {"limit": 3}
    has_more = True
    while has_more:
        answer = await chat.call("GET", f"{chat.path}/history", params=query)
        page = answer.json()
        assert page.keys() == {"messages", "next_cursor", "has_more"}
        read = page["messages"] + read
        has_more, query["cursor"] = page["has_more"], page["next_cursor"]
    assert (read, query["cursor"]) == (said, None)


async def test_chat_deleted_message_is_hidden_except_from_moderators(chat: Chat) -> None:
    call = chat.call
    said = await chat.say("oops")
    path = f"{chat.path}/{said['id']}"

    check_error(await call("DELETE", path), 401)
    check_error(await call("DELETE", path, "ak_demo_rustacean"), 403)
    assert (await call("DELETE", path, "ak_demo_viewer")).status_code == 204

    check_error(await call("DELETE", path, "ak_demo"), 404)
    assert await chat.read("ak_demo_viewer") == []
    assert await chat.read("ak_demo") == [{**said, "is_deleted": True}]


async def test_chat_moderator_clears_the_room(chat: Chat) -> None:
    await chat.say("one")
    await chat.say("two")

    check_error(await chat.call("DELETE", chat.path, "ak_demo_viewer"), 403)
    assert (await chat.call("DELETE", chat.path, "ak_demo")).status_code == 204

    assert await chat.read() == []


async def test_chat_of_an_ended_stream_is_read_only(chat: Chat) -> None:
    said = await chat.say("bye")
    await chat.call("POST", f"/streams/{chat.stream['id']}/end", "ak_demo")

    await chat.refused(409)

    assert await chat.read() == [said]


async def test_chat_slow_mode_gives_the_retry_time(chat: Chat) -> None:
    await chat.ask(slow_mode_seconds=30)
    await chat.say("one")

    answer = await chat.refused(429)

    assert 28 <= int(answer.headers["Retry-After"]) <= 30
    await chat.say("one", "ak_demo")
    await chat.say("two", "ak_demo")


async def test_chat_message_held_by_a_filter_is_202_and_hidden(chat: Chat) -> None:
    await chat.ask(blocked_words=["Spoiler"])

    answer = await chat.call(
        "POST", chat.path, "ak_demo_viewer", json={"content": "here is a SPÓILER"}
    )

    assert answer.status_code == 202
    assert answer.json().keys() == {"status", "code", "message"}
    assert (answer.json()["status"], answer.json()["code"]) == ("held", "blocked")
    assert await chat.read("ak_demo") == []


async def test_chat_settings_are_read_and_changed(chat: Chat) -> None:
    call, path = chat.call, f"{chat.path}/settings"
    before = (await call("GET", path)).json()
    assert before.keys() == SETTINGS
    assert before == {
        "slow_mode_seconds": 0,
        "followers_only": False,
        "emote_only": False,
        "max_length": 500,
        "blocked_words": [],
        "links_allowed": True,
        "ai_moderation": False,
    }
    wanted = {
        "slow_mode_seconds": 3,
        "followers_only": True,
        "emote_only": True,
        "max_length": 9,
        "blocked_words": ["<b>", "two words"],
        "links_allowed": False,
        "ai_moderation": True,
    }

    check_error(await call("PUT", path, json=wanted), 401)
    check_error(await call("PUT", path, "ak_demo_viewer", json=wanted), 403)
    changed = await call("PUT", path, "ak_demo", json=wanted)

    assert changed.json() == (await call("GET", path)).json() == wanted
    partly = await call("PUT", path, "ak_demo", json={"maxLength": 20})
    assert partly.json() == wanted | {"max_length": 20}


@table(
    ("asked", "status"),
    [
        ({"emote_only": True}, 403),
        ({"max_length": 4}, 422),
    ],
)
async def test_chat_room_settings_refuse_a_message(
    chat: Chat, asked: dict[str, Any], status: int
) -> None:
    await chat.ask(**asked)

    await chat.refused(status)

    await chat.say("hey" if status == 422 else "hello", "ak_demo")


async def test_chat_ban_lasts_until_it_is_lifted(chat: Chat) -> None:
    call, path = chat.call, f"{chat.path}/bans"
    viewer = await id_of(call, "viewer")
    body = {"user_id": viewer, "reason": "<i>rude</i>", "duration_seconds": None}
    check_error(await call("POST", path, json=body), 401)
    check_error(await call("POST", path, "ak_demo_rustacean", json=body), 403)

    ban = await call("POST", path, "ak_demo", json=body)

    assert ban.status_code == 201
    assert ban.json().keys() == {"id", "user", "reason", "created_by", "created_at", "expires_at"}
    assert ban.json()["user"].keys() == ban.json()["created_by"].keys() == USER_CARD
    assert (ban.json()["reason"], ban.json()["expires_at"]) == ("<i>rude</i>", None)
    await chat.refused(403)
    listed = await call("GET", path, "ak_demo")
    assert listed.json() == {"bans": [ban.json()], "total": 1}
    check_error(await call("GET", path, "ak_demo_viewer"), 403)
    check_error(await call("DELETE", f"{path}/{viewer}", "ak_demo_viewer"), 403)
    assert (await call("DELETE", f"{path}/{viewer}", "ak_demo")).status_code == 204
    check_error(await call("DELETE", f"{path}/{viewer}", "ak_demo"), 404)
    await chat.say("back again")


async def test_chat_timeout_by_name_has_its_end(chat: Chat) -> None:
    call, path = chat.call, f"{chat.path}/bans"
    body = {"username": "viewer", "durationSeconds": 60}

    ban = (await call("POST", path, "ak_demo", json=body)).json()

    assert ban["expires_at"] > ban["created_at"]
    answer = await chat.refused(403)
    assert 58 <= int(answer.headers["Retry-After"]) <= 60


async def test_chat_owner_appoints_moderators(chat: Chat) -> None:
    call, path = chat.call, f"/streams/{chat.stream['id']}/moderators"
    body = {"user_id": await id_of(call, "moderator")}
    check_error(await call("POST", path, json=body), 401)
    check_error(await call("POST", path, "ak_demo_moderator", json=body), 403)

    added = await call("POST", path, "ak_demo", json=body)

    assert added.status_code == 201
    entry = added.json()
    assert entry.keys() == {
        "id",
        "user_id",
        "username",
        "display_name",
        "avatar",
        "is_vip",
        "added_at",
    }
    assert (entry["username"], entry["display_name"]) == ("moderator", "Moderator")
    assert (await call("GET", path)).json() == [entry]
    check_error(await call("POST", path, "ak_demo", json=body), 409)
    said = await chat.say("delete me")
    gone = await call("DELETE", f"{chat.path}/{said['id']}", "ak_demo_moderator")
    assert gone.status_code == 204
    ban = {"username": "demo"}
    check_error(await call("POST", f"{chat.path}/bans", "ak_demo_moderator", json=ban), 403)

    vip = await call("PUT", f"{path}/{entry['id']}", "ak_demo", json={"isVip": True})
    assert vip.json() == entry | {"is_vip": True}
    settings = {"slow_mode_seconds": 60}
    refused = await call("PUT", f"{chat.path}/settings", "ak_demo_moderator", json=settings)
    check_error(refused, 403)
    check_error(await call("DELETE", f"{path}/{entry['id']}", "ak_demo_moderator"), 403)
    assert (await call("DELETE", f"{path}/{entry['id']}", "ak_demo")).status_code == 204
    check_error(await call("DELETE", f"{path}/{entry['id']}", "ak_demo"), 404)
    assert (await call("GET", path)).json() == []


@table(
    "body",
    [
        {},
        {"content": ""},
        {"content": "  "},
        {"content": "x" * 501},
        {"content": "x" * 4001},
        {"content": 5},
        {"content": None},
        [],
    ],
)
async def test_chat_invalid_message_is_422(chat: Chat, body: object) -> None:
    answer = await chat.call("POST", chat.path, "ak_demo_viewer", json=body)

    (mistake,) = check_error(answer, 422)["detail"]
    assert mistake["loc"][0] == "body"


async def test_chat_out_of_range_value_is_422(chat: Chat) -> None:
    call = chat.call
    for settings in (
        {"slow_mode_seconds": -1},
        {"max_length": 0},
        {"max_length": 4001},
        {"blocked_words": ["x"] * 501},
        {"blocked_words": [""]},
        {"blocked_words": "x"},
    ):
        check_error(await call("PUT", f"{chat.path}/settings", "ak_demo", json=settings), 422)
    for ban in ({}, {"username": "viewer", "duration_seconds": 0}, {"user_id": 5}):
        check_error(await call("POST", f"{chat.path}/bans", "ak_demo", json=ban), 422)
    for query in ({"limit": 0}, {"limit": 101}, {"before": "soon"}, {"cursor": "x" * 101}):
        check_error(await call("GET", f"{chat.path}/history", params=query), 422)
    check_error(await call("GET", chat.path, params={"limit": 101}), 422)
    moderators_path = f"/streams/{chat.stream['id']}/moderators"
    check_error(await call("POST", moderators_path, "ak_demo", json={}), 422)


async def test_chat_missing_resource_is_404(chat: Chat) -> None:
    call, nowhere = chat.call, f"/streams/{NOBODY}"
    line, ban, moderator = {"content": "x"}, {"user_id": NOBODY}, {"user_id": NOBODY}

    for path in ("/chat", "/chat/history", "/chat/settings", "/moderators"):
        check_error(await call("GET", nowhere + path), 404)
    check_error(await call("GET", f"{nowhere}/chat/bans", "ak_demo"), 404)
    check_error(await call("POST", f"{nowhere}/chat", "ak_demo", json=line), 404)
    check_error(await call("PUT", f"{nowhere}/chat/settings", "ak_demo", json={}), 404)
    check_error(await call("DELETE", f"{nowhere}/chat/{NOBODY}", "ak_demo"), 404)
    check_error(await call("DELETE", f"{chat.path}/{NOBODY}", "ak_demo"), 404)
    check_error(await call("POST", f"{chat.path}/bans", "ak_demo", json=ban), 404)
    check_error(await call("DELETE", f"{chat.path}/bans/{NOBODY}", "ak_demo"), 404)
    moderators_path = f"/streams/{chat.stream['id']}/moderators"
    check_error(await call("POST", moderators_path, "ak_demo", json=moderator), 404)
    for method in ("PUT", "DELETE"):
        path = f"{moderators_path}/{NOBODY}"
        check_error(await call(method, path, "ak_demo", json={"is_vip": True}), 404)
    check_error(await call("GET", f"{chat.path}/history", params={"before": NOBODY}), 404)


async def test_chat_anonymous_user_cannot_post(chat: Chat) -> None:
    for key in (None, "ak_wrong"):
        answer = await chat.call("POST", chat.path, key, json={"content": "hello"})
        check_error(answer, 401)


async def test_chat_of_a_private_stream_is_for_its_owner_only(call: Caller) -> None:
    chat = Chat(call, await create(call, visibility="private"))
    await chat.say("secret", "ak_demo")

    assert len(await chat.read("ak_demo")) == 1
    check_error(await call("GET", chat.path, "ak_demo_viewer"), 404)
    check_error(await call("GET", chat.path), 404)
    check_error(await call("GET", f"/streams/{chat.stream['id']}/moderators"), 404)


async def test_chat_text_comes_back_as_text(chat: Chat) -> None:
    content = "'; DROP TABLE messages; -- <script>alert(1)</script> \u0000 ü 🎥"

    assert (await chat.say(content))["content"] == content
    assert [line["content"] for line in await chat.read()] == [content]
