"""Presence: the count every five seconds while it changes, joins and leaves (contract)."""

from emulator.web.chat.room import COUNT_EVERY_MS
from emulator.world.audience import cohorts
from emulator.world.live import streams
from tests.support.chat import ChatReader, Chatroom


async def next_heard(room: Chatroom, reader: ChatReader, marker: str = "marker") -> list[str]:
    """The types of the events that a reader gets before a message that is posted now."""
    await room.ask("POST", "/chat", "ak_demo", {"content": marker})
    kinds: list[str] = []
    while True:
        event = await reader.hear()
        if event["data"].get("content") == marker:
            return kinds
        kinds.append(event["type"])


async def test_chat_presence_count_is_sent_every_five_seconds_while_it_changes(
    room: Chatroom,
) -> None:
    for name in ("ann", "bob"):
        room.user(name)
    first, client = await room.join("ak_demo"), await room.join("ak_demo", "client")
    bob = await room.join("ak_demo_bob")

    room.clock.advance(COUNT_EVERY_MS)
    assert await first.hear() == {"type": "viewer_count", "data": {"count": 2}}
    assert await client.hear_next("viewer_count") == {"count": 2}
    room.clock.advance(10 * COUNT_EVERY_MS)
    assert await next_heard(room, first) == []

    ann = await room.connect("ak_demo_ann")
    await ann.hear_data("history")
    assert await ann.hear_data("viewer_count") == {"count": 3}
    room.clock.advance(COUNT_EVERY_MS - 1)
    assert await next_heard(room, first) == []
    room.clock.advance(1)
    assert await first.hear_data("viewer_count") == {"count": 3}
    await bob.leave()
    await client.hear_next("viewer_leave")
    room.clock.advance(COUNT_EVERY_MS)
    assert await first.hear_data("viewer_count") == {"count": 2}


async def test_chat_presence_user_with_many_sockets_counts_once(room: Chatroom) -> None:
    bob = room.user("bob")
    streams.go_live(room.world, room.stream.id)
    watcher = await room.join("ak_demo", "client")
    two = [await room.join("ak_demo_bob") for _ in range(2)]

    assert room.world.viewers.count(room.stream.id) == 2
    assert await watcher.hear_data("viewer_join") == {"userId": bob.id, "username": "bob"}
    await two[0].leave()
    await two[1].say("still here")
    assert (await watcher.hear_data("chat_message"))["content"] == "still here"
    await two[1].leave()
    assert await watcher.hear_data("viewer_leave") == {"userId": bob.id, "username": "bob"}
    assert room.world.viewers.count(room.stream.id) == 1


async def test_chat_presence_waiting_reader_is_a_viewer_once_the_stream_is_live(
    room: Chatroom,
) -> None:
    room.user("bob")
    readers = [await room.join("ak_demo"), await room.join("ak_demo_bob")]

    streams.go_live(room.world, room.stream.id)
    for reader in readers:
        await reader.hear_data("stream_status")
    room.clock.advance(60_000)

    assert room.world.viewers.count(room.stream.id) == 2


async def test_chat_presence_many_joins_are_sent_as_a_count(room: Chatroom) -> None:
    watcher = await room.join("ak_demo", "client")
    for number in range(14):
        room.user(f"fan{number}")
        await room.join(f"ak_demo_fan{number}")

    # The watcher's own join was one of the ten of this second.
    assert await next_heard(room, watcher) == ["viewer_join"] * 9
    room.clock.advance(1_000)
    room.user("late")
    await room.join("ak_demo_late")
    assert await next_heard(room, watcher, "second marker") == ["viewer_join"]
    room.clock.advance(COUNT_EVERY_MS)
    assert await watcher.hear_data("viewer_count") == {"count": 16}


async def test_chat_presence_anonymous_reader_is_counted_without_join_and_leave(
    room: Chatroom,
) -> None:
    watcher = await room.join("ak_demo", "client")
    nobody = await room.join(None, "client")

    assert await next_heard(room, watcher) == []
    room.clock.advance(COUNT_EVERY_MS)
    assert await watcher.hear_data("viewer_count") == {"count": 2}
    await nobody.leave()


async def test_chat_presence_player_and_chat_of_one_token_are_one_viewer(room: Chatroom) -> None:
    room.user("bob")
    stream = streams.simulate(room.world, room.stream)
    room.clock.advance(20_000)
    await room.join("ak_demo_bob")
    address = f"/{stream.uid}/manifest/llhls.m3u8"

    async def play(headers: dict[str, str]) -> int:
        answer = await room.call.get(address, headers=headers)
        assert answer.status_code == 200, answer.text
        return room.world.viewers.count(stream.id)

    assert await play({"Authorization": "Bearer ak_demo_bob"}) == 1
    # A wrong token counts nobody, and each cookie counts as one viewer.
    assert await play({"Authorization": "Bearer ak_wrong", "User-Agent": "a player"}) == 2
    assert await play({"Cookie": "live_emulator_viewer=somebody"}) == 3
    assert await play({"Cookie": "live_emulator_viewer=somebody"}) == 3
    # A request for the headers alone is nobody who watches.
    await room.call.head(address, headers={"Cookie": "live_emulator_viewer=other"})
    assert room.world.viewers.count(stream.id) == 3


async def test_chat_presence_simulated_viewers_are_counted_too(room: Chatroom) -> None:
    stream = streams.go_live(room.world, room.stream.id)
    reader = await room.join("ak_demo")
    cohorts.add(room.world, stream, 600, for_ms=60_000, arrivals="even")

    for seconds in range(5, 65, 5):
        room.clock.advance(COUNT_EVERY_MS)
        assert await reader.hear_data("viewer_count") == {"count": 1 + 10 * seconds}
    updated = streams.find(room.world, stream.id)
    assert updated.peak_viewer_count == 601
