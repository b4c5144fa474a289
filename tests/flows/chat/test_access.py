"""Chat clients that are accepted, that stay, and the close codes for the others (websocket.md)."""

import asyncio

import pytest

from emulator.platform import snapshots
from emulator.world.auth import tokens
from emulator.world.library import removal
from emulator.world.live import streams
from emulator.world.live.streams import StreamPatch
from emulator.world.people import accounts, departures
from tests.support.chat import ChatReader, Chatroom
from tests.support.chat_clients import Gone, every_transport


@every_transport
async def test_chat_access_missing_or_wrong_token_closes_with_1008(room: Chatroom) -> None:
    for token in (None, "", "nonsense", "ak_demo_nobody", "a.b.c", "ak_demo@no"):
        assert await (await room.connect(token)).code() == 1008


async def test_chat_access_wrong_token_closes_under_the_client_prefix_too(room: Chatroom) -> None:
    assert await (await room.connect("nonsense", "client")).code() == 1008


@every_transport
async def test_chat_access_unknown_stream_closes_with_4004(room: Chatroom) -> None:
    hidden = streams.create(
        room.world, room.user("bob"), StreamPatch({"title": "Mine", "visibility": "private"})
    )
    unknown = "00000000-0000-4000-8000-000000000000"
    for stream_id in (unknown, "not-an-id", hidden.id):
        peer = await room.enter(room.address(stream_id=stream_id, token="ak_demo"))
        assert await ChatReader(peer, "documented").code() == 4004
    own = await room.enter(room.address(stream_id=hidden.id, token="ak_demo_bob"))
    assert (await own.hear())["type"] == "history"


async def test_chat_access_client_prefix_without_a_token_is_read_only(room: Chatroom) -> None:
    reader = await room.join(None, "client")

    await reader.say("let me in")
    error = await reader.hear_data("error")
    assert (error["code"], error["message"]) == ("unauthorized", "Sign in to chat")
    await room.ask("POST", "/chat", "ak_demo", {"content": "hello"})
    assert (await reader.hear_data("chat_message"))["content"] == "hello"


@pytest.mark.parametrize("patch", [{"anonymous_chat": "read"}])
async def test_chat_access_anonymous_chat_read_lets_everybody_read(room: Chatroom) -> None:
    reader = await room.join(None)
    await reader.say("hi")
    error = await reader.hear()
    assert error["data"]["code"] == "unauthorized"
    assert error["message"] == error["data"]["message"]


@pytest.mark.parametrize("patch", [{"anonymous_chat": "refuse"}])
async def test_chat_access_anonymous_chat_refuse_admits_nobody(room: Chatroom) -> None:
    assert await (await room.connect(None, "client")).code() == 1008


@pytest.mark.parametrize("patch", [{"chat_sockets_max": 2}])
async def test_chat_access_socket_over_the_limit_closes_with_1013(room: Chatroom) -> None:
    first, second = await room.join("ak_demo"), await room.join("ak_demo")
    assert await (await room.connect("ak_demo")).code() == 1013

    await first.leave()

    assert await _joined_again(room)
    await second.say("still here")


async def _joined_again(room: Chatroom) -> ChatReader:
    """Join again: the server notices a leave a moment after its client."""
    while True:
        reader = await room.connect("ak_demo")
        if await _first(reader) == "history":
            return reader


async def _first(reader: ChatReader) -> str | int:
    """The type of the first event, or the close code of a socket that is closed before it."""
    try:
        return str((await reader.hear())["type"])
    except Gone as gone:
        return gone.code


def token_of(room: Chatroom, name: str) -> str:
    user = accounts.by_username(room.world, name)
    return tokens.open_session(room.world, user).access_token


@every_transport
async def test_chat_access_expired_token_closes_its_socket_in_mid_conversation(
    room: Chatroom,
) -> None:
    room.user("bob")
    reader, other = await room.join(token_of(room, "bob")), await room.join("ak_demo")
    await reader.say("hi")
    await reader.hear_data("message")

    room.clock.advance(room.world.rules.access_token_ms - 1_000)
    await reader.say("still here")
    await reader.hear_next("message")
    room.clock.advance(2_000)

    assert await reader.code() == 1008
    await other.say("he is gone")
    assert (await other.hear_next("message"))["content"] == "hi"


@pytest.mark.parametrize("how", ["log out", "log out everywhere", "reuse a refresh token"])
async def test_chat_access_revoked_token_closes_its_sockets(room: Chatroom, how: str) -> None:
    bob = room.user("bob")
    session = tokens.open_session(room.world, bob)
    readers = [await room.join(session.access_token) for _ in range(2)]
    with_key = await room.join("ak_demo_bob")

    if how == "log out":
        tokens.log_out(room.world, bob, session.access_token)
    elif how == "log out everywhere":
        tokens.close_all(room.world, bob, "a test")
    else:
        tokens.refresh(room.world, session.refresh_token)
        with pytest.raises(Exception, match="used before"):
            tokens.refresh(room.world, session.refresh_token)

    assert [await reader.code() for reader in readers] == [1008, 1008]
    await with_key.say("my key still works")
    await with_key.hear_data("message")


async def test_chat_access_deleted_account_loses_its_sockets(room: Chatroom) -> None:
    bob = room.user("bob")
    readers = [await room.join("ak_demo_bob"), await room.join(token_of(room, "bob"), "client")]
    other = await room.join("ak_demo")

    departures.delete(room.world, bob)

    assert [await reader.code() for reader in readers] == [1008, 1008]
    await other.say("he is gone")
    assert (await other.hear_next("message"))["content"] == "he is gone"


async def test_chat_access_end_of_another_session_closes_nothing(room: Chatroom) -> None:
    bob = room.user("bob")
    reader = await room.join(token_of(room, "bob"))

    tokens.log_out(room.world, bob, token_of(room, "bob"))

    await reader.say("hi")
    await reader.hear_data("message")


@every_transport
async def test_chat_access_stopping_server_closes_with_1001(room: Chatroom) -> None:
    readers = [await room.join("ak_demo", dialect) for dialect in ("documented", "client")]

    await room.worlds.stop("it is late")

    assert [await reader.code() for reader in readers] == [1001, 1001]


@every_transport
async def test_chat_access_busy_sender_is_closed_by_a_stopping_server_too(room: Chatroom) -> None:
    room.user("bob")
    reader = await room.join("ak_demo_bob")
    for number in range(200):
        await reader.say(f"line {number}")

    await room.worlds.stop("it is late")
    assert await reader.code() == 1001
    # The connection itself is closed too, not only the WebSocket.
    async with asyncio.timeout(5):
        await reader.leave()


async def test_chat_access_reset_or_dropped_world_closes_with_4004(room: Chatroom) -> None:
    platform = room.worlds.make("other", "none")
    stream = streams.create(
        platform.world,
        accounts.by_username(platform.world, "demo"),
        StreamPatch({"title": "There"}),
    )
    there = await room.enter(room.address(stream_id=stream.id, token="ak_demo@other"))
    assert (await there.hear())["type"] == "history"
    here = await room.join("ak_demo")

    await room.worlds.drop("other")
    assert await ChatReader(there, "documented").code() == 4004
    await snapshots.reset(room.worlds.default)
    assert await here.code() == 4004


async def test_chat_access_request_log_shows_accepted_and_refused_clients(room: Chatroom) -> None:
    other = room.address(stream_id="00000000-0000-4000-8000-000000000000", token="ak_demo")
    await room.join("ak_demo")
    await room.join(None, "client")
    await room.connect("nobody's key")
    await room.enter(room.address(token="ak_demo", colour="red"))
    await room.enter(other)

    log = (await room.call.get("/_emulator/requests?path=/chat/ws")).json()["requests"]

    entries = [(item["status"], item["user"], item["credential"]) for item in log]
    assert entries == [
        (101, "demo", "valid"),
        (101, None, "none"),
        (401, None, "invalid"),
        (101, "demo", "valid"),
        (404, "demo", "valid"),
    ]
    assert log[3]["unknown_fields"] == ["colour"]
    assert log[3]["query"] == {"token": "***", "colour": "red"}
    assert log[0]["operation"] == "/streams/{stream_id}/chat/ws"


async def test_chat_access_viewer_losing_sight_of_a_stream_closes_with_4004(room: Chatroom) -> None:
    room.user("bob")
    owner, reader = await room.join("ak_demo"), await room.join("ak_demo_bob")

    streams.update(room.world, room.stream, StreamPatch({"title": "Still there"}))
    await reader.say("nice title")
    await reader.hear_data("message")
    streams.update(room.world, room.stream, StreamPatch({"visibility": "private"}))
    assert await reader.code() == 4004
    await owner.say("alone")
    await owner.hear_next("message")

    removal.delete_stream(room.world, room.stream)
    assert await owner.code() == 4004


async def test_chat_access_reconnect_misses_nothing_and_repeats_nothing(room: Chatroom) -> None:
    # Given a client that comes and goes while another posts,
    said: list[str] = []
    seen: list[str] = []

    async def talk(count: int) -> None:
        for _ in range(count):
            answer = await room.ask("POST", "/chat", "ak_demo", {"content": f"line {len(said)}"})
            said.append(answer.json()["id"])

    for _ in range(5):
        # when it connects in the middle of that,
        _, reader = await asyncio.gather(talk(7), room.connect("ak_demo"))
        visit = [line["id"] for line in await reader.hear_data("history")]
        await reader.hear_data("viewer_count")
        while said[-1] not in visit:
            visit.append((await reader.hear_data("message"))["id"])
        await reader.leave()
        await talk(9)

        # then it gets every message of its time once, in order, beginning at the end of the
        # history.
        assert visit == said[said.index(visit[0]) :][: len(visit)]
        seen += visit
    last = await room.connect("ak_demo")
    seen += [line["id"] for line in await last.hear_data("history")]
    assert set(seen) == set(said)
