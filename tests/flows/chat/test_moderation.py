"""Moderation on the socket: for moderators, and the errors that a refused sender gets."""

from typing import Any

import pytest

from emulator.world.chat import bans, messages, moderators, settings
from tests.support.chat import ChatReader, Chatroom


async def refusal(reader: ChatReader) -> tuple[str, float | None]:
    """The code of an error, and its time to wait."""
    data = await reader.hear_next("error")
    assert data["message"]
    wait = "retry_after_seconds" if reader.dialect == "documented" else "retryAfterSeconds"
    return data["code"], data.get(wait)


@pytest.mark.parametrize(
    ("asked", "line", "expected"),
    [
        ({"slow_mode_seconds": 5}, "again", ("slow_mode", 5.0)),
        ({"is_followers_only": True}, "hi", ("followers_only", None)),
        ({"is_emote_only": True}, "hi", ("emote_only", None)),
        ({"length_max": 3}, "four", ("message_too_long", None)),
        ({"blocked_words": ("darn",)}, "Dárn it", ("blocked", None)),
        ({"are_links_allowed": False}, "see example.com/x", ("blocked", None)),
        ({"is_ai_moderated": True}, "WHY IS NOBODY LISTENING", ("blocked", None)),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
async def test_chat_moderation_refusal_reaches_its_author_alone(
    room: Chatroom,
    asked: dict[str, Any],
    line: str,
    expected: tuple[str, float | None],
) -> None:
    room.user("bob")
    reader, other = await room.join("ak_demo_bob"), await room.join("ak_demo")
    client = await room.join("ak_demo_bob", "client")
    await reader.say("one")
    assert (await other.hear_data("message"))["content"] == "one"
    settings.change(room.world, room.stream, room.owner, asked)

    for author in (reader, client):
        await author.say(line)
        assert await refusal(author) == expected

    await other.say("ok")
    await other.hear_data("settings")
    assert (await other.hear_data("message"))["content"] == "ok"
    assert (await reader.hear_data("message"))["content"] == "ok"


@pytest.mark.parametrize("patch", [{"chat_lines_per_minute": 3}])
async def test_chat_moderation_flood_slows_its_author_and_nobody_else(room: Chatroom) -> None:
    room.user("bob")
    flood, other = await room.join("ak_demo_bob"), await room.join("ak_demo")
    for number in range(40):
        await flood.say(f"spam {number}")
        if number == 20:
            await other.say("excuse me")

    heard = [(await other.hear_data("message"))["content"] for _ in range(4)]
    assert sorted(heard) == ["excuse me", "spam 0", "spam 1", "spam 2"]
    code, wait = await refusal(flood)
    assert code == "rate_limited"
    assert wait is not None
    assert 1 <= wait <= 60


async def test_chat_moderation_repeated_message_is_held(room: Chatroom) -> None:
    room.user("bob")
    reader = await room.join("ak_demo_bob")
    for _ in range(6):
        await reader.say("first!")

    for _ in range(5):
        await reader.hear_data("message")
    assert await refusal(reader) == ("blocked", None)


async def test_chat_moderation_slow_mode_ends_on_the_world_clock(room: Chatroom) -> None:
    room.user("bob")
    settings.change(room.world, room.stream, room.owner, {"slow_mode_seconds": 30})
    reader = await room.join("ak_demo_bob")
    await reader.say("one")
    await reader.hear_data("message")
    room.clock.advance(20_500)

    await reader.say("two")
    assert await refusal(reader) == ("slow_mode", 9.5)
    room.clock.advance(9_500)
    await reader.say("three")
    assert (await reader.hear_next("message"))["content"] == "three"


async def test_chat_moderation_banned_user_reads_on_and_is_notified(room: Chatroom) -> None:
    bob = room.user("bob")
    reader, client = await room.join("ak_demo_bob"), await room.join("ak_demo", "client")

    bans.add(room.world, room.stream, room.owner, bob, duration_seconds=60)

    data = await reader.hear_data("user_banned")
    assert data == {
        "user_id": bob.id,
        "username": "bob",
        "expires_at": "2026-01-01T00:01:00.000Z",
    }
    assert (await client.hear_next("system_message"))["content"] == "bob was timed out"
    await reader.say("what?")
    assert await refusal(reader) == ("timed_out", 60.0)
    await room.ask("POST", "/chat", "ak_demo", {"content": "cool down"})
    assert (await reader.hear_data("message"))["content"] == "cool down"

    bans.add(room.world, room.stream, room.owner, bob)
    assert (await reader.hear_data("user_banned"))["expires_at"] is None
    await reader.say("what?")
    assert await refusal(reader) == ("banned", None)
    again = await room.join("ak_demo_bob")
    bans.lift(room.world, room.stream, room.owner, bob)
    await again.say("sorry")
    assert (await again.hear_data("message"))["content"] == "sorry"


@pytest.mark.parametrize("by", ["socket", "REST"])
async def test_chat_moderation_acts_of_a_moderator_are_sent_to_everybody(
    room: Chatroom, by: str
) -> None:
    # Given a moderator, a client that posts, and readers of both dialects,
    moderators.add(room.world, room.stream, room.user("mia"), is_vip=False)
    bob = room.user("bob")
    mia = await room.join("ak_demo_mia")
    reader = await room.join("ak_demo")
    client = await room.join("ak_demo_bob", "client")
    await client.say("rude")
    line = await reader.hear_data("message")

    async def act(kind: str, method: str, path: str, body: object = None, **words: Any) -> None:
        if by == "socket":
            await mia.do(kind, **words)
        else:
            answer = await room.ask(method, path, "ak_demo_mia", body)
            assert answer.status_code < 300, answer.text

    # when a message is deleted, then both dialects get that, and the history no longer has it;
    await act("delete", "DELETE", f"/chat/{line['id']}", message_id=line["id"])
    assert await reader.hear_data("message_deleted") == {"message_id": line["id"]}
    assert await client.hear_next("message_deleted") == {"messageId": line["id"]}
    assert "rude" not in [item["content"] for item in await _history(room, "ak_demo_bob")]
    [shown] = [item for item in await _history(room, "ak_demo_mia") if item["content"] == "rude"]
    assert shown["is_deleted"] is True

    # when its author is banned and unbanned, likewise.
    words = {"username": "bob", "duration_seconds": 600}
    await act("ban", "POST", "/chat/bans", words, **words)
    assert (await reader.hear_data("user_banned"))["username"] == "bob"
    await client.say("hey")
    assert (await refusal(client))[0] == "timed_out"
    await act("unban", "DELETE", f"/chat/bans/{bob.id}", user_id=bob.id)
    await reader.say("be nice")
    assert (await client.hear_next("chat_message"))["content"] == "be nice"


async def _history(room: Chatroom, key: str) -> list[dict[str, Any]]:
    reader = await room.connect(key)
    history: list[dict[str, Any]] = await reader.hear_data("history")
    await reader.leave()
    return history


async def test_chat_moderation_clearing_and_settings_are_sent(room: Chatroom) -> None:
    owner, client = await room.join("ak_demo"), await room.join("ak_demo", "client")
    await owner.say("old news")
    await owner.hear_data("message")

    await owner.do("clear")
    assert await owner.hear_data("chat_cleared") == {}
    assert (await client.hear_next("system_message"))["content"] == "The chat was cleared"
    # The owner still sees the removed messages, and nobody else does.
    assert await room.history() == ["old news"]
    assert _anonymous_history(room) == []
    answer = await room.ask("PUT", "/chat/settings", "ak_demo", {"slow_mode_seconds": 3})
    assert await owner.hear_data("settings") == answer.json()
    assert await client.hear_next("system_message")


def _anonymous_history(room: Chatroom) -> list[str]:
    listed, _ = messages.page(room.world, room.stream, None, count=50)
    return [message.content for message in listed]


@pytest.mark.parametrize(
    ("kind", "words", "code"),
    [
        ("clear", {}, "unauthorized"),
        ("ban", {"username": "demo"}, "unauthorized"),
        ("unban", {"username": "demo"}, "unauthorized"),
        ("delete", {"message_id": "there is none"}, "invalid_message"),
        ("ban", {"username": "nobody"}, "invalid_message"),
        ("ban", {}, "invalid_message"),
        ("ban", {"username": "demo", "duration_seconds": 0}, "invalid_message"),
        ("delete", {}, "invalid_message"),
    ],
)
async def test_chat_moderation_forbidden_or_impossible_acts_are_refused(
    room: Chatroom, kind: str, words: dict[str, Any], code: str
) -> None:
    room.user("bob")
    reader = await room.join("ak_demo_bob")
    await reader.do(kind, **words)
    assert (await refusal(reader))[0] == code


async def test_chat_moderation_own_message_can_be_deleted_and_another_cannot(
    room: Chatroom,
) -> None:
    room.user("bob")
    reader, owner = await room.join("ak_demo_bob"), await room.join("ak_demo")
    await owner.say("mine")
    line = await reader.hear_data("message")
    await reader.do("delete", message_id=line["id"])
    assert (await refusal(reader))[0] == "unauthorized"

    await reader.say("typo")
    line = await reader.hear_data("message")
    await reader.do("delete", message_id=line["id"])
    assert await reader.hear_data("message_deleted") == {"message_id": line["id"]}


async def test_chat_moderation_owner_badge_is_in_both_dialects(room: Chatroom) -> None:
    owner, client = await room.join("ak_demo"), await room.join("ak_demo", "client")
    await owner.say("welcome")
    badge = [{"type": "broadcaster", "label": "Broadcaster"}]
    assert (await owner.hear_data("message"))["badges"] == badge
    assert (await client.hear_next("chat_message"))["badges"] == badge
