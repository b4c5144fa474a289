"""The effects of faults on a chat, with real sockets, on a clock that only the test moves."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from emulator.world.auth import tokens
from emulator.world.faults.reading import read
from tests.support.chat import ChatReader, Chatroom, chatroom


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Chatroom]:
    async with chatroom(tmp_path, "uvicorn") as room:
        yield room


def start(room: Chatroom, **written: Any) -> None:
    """Start a fault; `chat_drop` stands for `chat.drop`."""
    plan = {name.replace("_", "."): value for name, value in written.items()}
    room.world.faults.start(read(plan))


async def lines(reader: ChatReader, count: int) -> list[str]:
    return [(await reader.hear_next("message"))["content"] for _ in range(count)]


async def say(room: Chatroom, content: str) -> None:
    """Post by REST, so that the author's socket is like any other."""
    answer = await room.ask("POST", "/chat", body={"content": content})
    assert answer.status_code < 300, answer.text


async def test_chat_faults_dropped_message_is_in_the_history_only(
    room: Chatroom,
) -> None:
    reader = await room.join("ak_demo")
    start(room, chat_drop={}, times=1)
    await say(room, "lost")
    await say(room, "heard")
    assert await lines(reader, 1) == ["heard"]
    assert sorted(await room.history()) == ["heard", "lost"]


async def test_chat_faults_repeated_message_comes_twice(room: Chatroom) -> None:
    reader = await room.join("ak_demo")
    start(room, chat_repeat={"stream": room.stream.id}, times=1)
    await say(room, "echo")
    await say(room, "next")
    assert await lines(reader, 3) == ["echo", "echo", "next"]


async def test_chat_faults_reordered_messages_change_places(room: Chatroom) -> None:
    reader = await room.join("ak_demo")
    start(room, chat_disorder={"most": "2s"}, times=2)
    for text in ("one", "two"):
        await say(room, text)
    assert await lines(reader, 2) == ["two", "one"]
    # A message that no other message follows still comes.
    await say(room, "alone")
    await room.clock.pass_time(2_000)
    assert await lines(reader, 1) == ["alone"]


async def test_chat_faults_delayed_message_comes_at_its_time(room: Chatroom) -> None:
    reader = await room.join("ak_demo")
    start(room, chat_delay={"delay": "3s"}, times=2)
    for text in ("late", "later", "at once"):
        await say(room, text)
    assert await lines(reader, 1) == ["at once"]
    await room.clock.pass_time(3_000)
    assert await lines(reader, 2) == ["late", "later"]


async def test_chat_faults_of_another_stream_do_nothing_here(room: Chatroom) -> None:
    reader = await room.join("ak_demo")
    start(room, chat_drop={"stream": "another"})
    await say(room, "heard")
    assert await lines(reader, 1) == ["heard"]


async def test_chat_faults_disconnected_socket_returns_once_the_fault_is_over(
    room: Chatroom,
) -> None:
    # Given two clients,
    room.user("bob")
    bob, owner = await room.join("ak_demo_bob"), await room.join("ak_demo")

    # when bob's connection is broken for four seconds,
    start(room, chat_disconnect={"user": "bob", "code": 1012}, **{"for": "4s"})
    assert await bob.code() == 1012
    # then he is closed again when he comes back too early,
    again = await room.connect("ak_demo_bob")
    assert await again.code() == 1012
    await room.clock.pass_time(4_000)
    # and afterwards gets all messages, like a client without a fault.
    back = await room.join("ak_demo_bob")
    await say(room, "welcome back")
    assert await lines(back, 1) == await lines(owner, 1) == ["welcome back"]


async def test_chat_faults_expired_token_closes_its_socket_until_refreshed(
    room: Chatroom,
) -> None:
    bob = room.user("bob")
    session = tokens.open_session(room.world, bob)
    reader, other = await room.join(session.access_token), await room.join("ak_demo")
    start(room, auth_expire={"user": "bob"})
    assert await reader.code() == 1008
    fresh = tokens.refresh(room.world, session.refresh_token)
    again = await room.join(fresh.access_token)
    await say(room, "signed in again")
    assert await lines(again, 1) == await lines(other, 1)


async def test_chat_faults_tightened_limit_slows_the_named_user(room: Chatroom) -> None:
    room.user("bob")
    room.user("eve")
    bob, eve = await room.join("ak_demo_bob"), await room.join("ak_demo_eve")
    start(room, limit_tighten={"what": "chat", "user": "bob", "per_minute": 2})
    for number in range(3):
        await bob.say(f"b{number}")
        await eve.say(f"e{number}")
    assert (await bob.hear_next("error"))["code"] == "rate_limited"
    assert sorted(await lines(eve, 5)) == ["b0", "b1", "e0", "e1", "e2"]
