"""The events of the chat socket, in both dialects (contract, websocket.md)."""

import re
from pathlib import Path
from typing import Any

from emulator.world.live import streams
from tests.support.chat import Chatroom, chatroom
from tests.support.chat_clients import every_transport
from tests.support.rest import USER_CARD
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
CLIENT = {
    "id",
    "streamId",
    "userId",
    "username",
    "displayName",
    "avatar",
    "content",
    "messageType",
    "badges",
    "createdAt",
}
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


async def test_chat_dialects_documented_begins_with_history_and_count(room: Chatroom) -> None:
    room.user("bob")
    for number in range(55):
        await room.ask("POST", "/chat", "ak_demo", {"content": f"line {number}"})

    reader = await room.connect("ak_demo_bob")

    history = await reader.hear()
    assert history.keys() == {"type", "data"}
    assert (history["type"], len(history["data"])) == ("history", 50)
    assert [line["content"] for line in history["data"]] == [f"line {n}" for n in range(5, 55)]
    assert all(line.keys() == NESTED for line in history["data"])
    assert history["data"] == (await room.ask("GET", "/chat?limit=50")).json()["messages"]
    assert await reader.hear() == {"type": "viewer_count", "data": {"count": 1}}


async def test_chat_dialects_client_begins_with_the_count(room: Chatroom) -> None:
    await room.ask("POST", "/chat", "ak_demo", {"content": "before"})

    reader = await room.connect("ak_demo", "client")

    first = await reader.hear()
    assert first.keys() == {"type", "data", "timestamp"}
    assert (first["type"], first["data"]) == ("viewer_count", {"count": 1})
    assert INSTANT.fullmatch(first["timestamp"])


@every_transport
async def test_chat_dialects_in_one_room_exchange_messages(room: Chatroom) -> None:
    ann, bob = room.user("ann"), room.user("bob")
    documented = await room.join("ak_demo_ann")
    client = await room.join("ak_demo_bob", "client")

    await documented.say("hello from the docs")
    seen = {}
    for reader in (documented, client):
        event = await reader.hear()
        seen[reader.dialect] = event["data"]
        assert event["type"] == ("message" if reader is documented else "chat_message")
    nested, flat = seen["documented"], seen["client"]
    assert nested.keys() == NESTED
    assert nested["user"].keys() == USER_CARD
    assert flat.keys() == CLIENT
    assert (nested["content"], nested["message_type"]) == ("hello from the docs", "message")
    assert nested["user"]["username"] == "ann"
    assert nested["id"] == flat["id"]
    assert (flat["content"], flat["messageType"]) == ("hello from the docs", "chat")
    assert (flat["userId"], flat["streamId"]) == (ann.id, room.stream.id)
    assert (flat["createdAt"], flat["badges"]) == (nested["created_at"], [])

    await client.say("and from the client")
    assert (await documented.hear_data("message"))["user"]["id"] == bob.id
    assert (await client.hear_data("chat_message"))["content"] == "and from the client"


async def test_chat_dialects_can_be_requested_under_the_other_prefix(room: Chatroom) -> None:
    client = await room.enter(room.address("documented", token="ak_demo", dialect="client"))
    documented = await room.enter(room.address("client", token="ak_demo", dialect="documented"))
    unknown = await room.enter(room.address("documented", token="ak_demo", dialect="klingon"))

    assert "timestamp" in await client.hear()
    assert (await documented.hear())["type"] == "history"
    assert (await unknown.hear())["type"] == "history"


@table(
    "frame",
    [
        {"type": "message", "content": "hi"},
        {"type": "chat_message", "content": "hi"},
        {"type": "message", "data": {"content": "hi"}},
        {"type": "chat_message", "data": {"content": "hi"}, "timestamp": "x", "more": [1]},
    ],
)
async def test_chat_dialects_message_may_have_any_form_of_the_client(
    room: Chatroom, frame: dict[str, Any]
) -> None:
    words = {name: value for name, value in frame.items() if name != "type"}
    for dialect in ("documented", "client"):
        reader = await room.join("ak_demo", dialect)
        await reader.do(frame["type"], **words)
        kind = "message" if dialect == "documented" else "chat_message"
        assert (await reader.hear_next(kind))["content"] == "hi"


@every_transport
async def test_chat_dialects_ping_gets_a_pong(room: Chatroom) -> None:
    documented = await room.join("ak_demo")
    await documented.do("ping")
    assert await documented.hear() == {"type": "pong"}
    client = await room.join("ak_demo", "client")
    await client.do("ping")
    assert await client.hear_data("pong") == {}


async def test_chat_dialects_rest_message_arrives_on_the_socket(room: Chatroom) -> None:
    reader = await room.join("ak_demo")

    said = (await room.ask("POST", "/chat", "ak_demo", {"content": "over REST"})).json()

    assert await reader.hear_data("message") == said


async def test_chat_dialects_offline_stream_has_a_working_room(room: Chatroom) -> None:
    room.user("bob")
    reader = await room.join("ak_demo_bob")
    assert room.stream.status == "offline"
    await reader.say("anybody here?")
    assert (await reader.hear_data("message"))["content"] == "anybody here?"


async def test_chat_dialects_end_of_a_stream_is_sent_and_its_chat_is_read_only(
    room: Chatroom,
) -> None:
    room.user("bob")
    documented, client = await room.join("ak_demo_bob"), await room.join("ak_demo", "client")
    await documented.say("so long")
    await documented.hear_data("message")

    await room.ask("POST", "/end")

    payload = {"status": "ended", "stream_id": room.stream.id}
    assert await documented.hear_next("stream_status") == payload
    assert await client.hear_next("stream_status") == {"status": "ended"}
    await documented.say("one more")
    assert (await documented.hear_data("error"))["code"] == "stream_ended"
    late = await room.connect("ak_demo_bob")
    assert [item["content"] for item in await late.hear_data("history")] == ["so long"]


async def test_chat_dialects_going_live_is_sent(room: Chatroom) -> None:
    documented, client = await room.join("ak_demo"), await room.join("ak_demo", "client")

    streams.go_live(room.world, room.stream.id)

    assert (await documented.hear_data("stream_status"))["status"] == "live"
    assert await client.hear_next("stream_status") == {"status": "live"}


async def test_chat_dialects_seeded_chat_is_history(tmp_path: Path) -> None:
    async with chatroom(tmp_path, "in process", seed="default") as room:
        live = streams.live(room.world)[0]
        address = room.address(stream_id=live.id, token="ak_demo")
        peer = await room.enter(address)

        history = await peer.hear()
        assert history["type"] == "history"
        assert len(history["data"]) > 3
        times = [line["created_at"] for line in history["data"]]
        assert times == sorted(times)
        count = (await peer.hear())["data"]["count"]
        assert count >= 1000
