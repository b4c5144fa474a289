"""Slow readers and dead connections are dropped, without an effect on other clients."""

import socket
from pathlib import Path
from typing import Any

import pytest

from emulator.chat_delivery.send_queue import DirectSendQueue
from emulator.core.events import Event
from emulator.core.events.chat import ChatReaderDropped
from emulator.world.chat import messages
from tests.support.chat import Chatroom, chatroom

UNREAD_BYTES_MAX = 64 * 1024
NEVER_MS = 3_600_000


@pytest.fixture(params=["uvicorn", "hypercorn"])
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def patch() -> dict[str, Any]:
    # Without pings: on a busy machine a missed ping would drop the reader before its bound does.
    return {"chat_unread_bytes_max": UNREAD_BYTES_MAX, "chat_ping_ms": NEVER_MS}


def dropped(room: Chatroom) -> list[ChatReaderDropped]:
    """The readers that are dropped from now on, as a list that grows."""
    events: list[ChatReaderDropped] = []

    def hear(event: Event) -> None:
        if isinstance(event, ChatReaderDropped):
            events.append(event)

    room.worlds.default.bus.subscribe({Event: hear})
    return events


async def flood(room: Chatroom, reader: Any, until: list[ChatReaderDropped], count: int) -> int:
    """Post until this many readers were dropped; return the number of messages."""
    said = 0
    while len(until) < count:
        for _ in range(20):
            messages.post(room.world, room.stream.id, room.owner, f"{said} ".ljust(500, "x"))
            said += 1
        for number in range(said - 20, said):
            assert (await reader.hear_data("message"))["content"].startswith(f"{number} ")
        assert said < 100_000, "no reader was dropped"
    return said


async def test_chat_slow_reader_is_closed_with_1013_and_others_continue(
    room: Chatroom,
) -> None:
    # Given a room in which bob does not read,
    bob = room.user("bob")
    reader = await room.join("ak_demo")
    gone = dropped(room)
    stalled = await room.stall("ak_demo_bob")

    # when others post, then they get all messages, and bob is dropped at his bound.
    said = await flood(room, reader, gone, 1)
    [event] = gone
    assert (event.user_id, event.stream_id) == (bob.id, room.stream.id)
    assert event.reason == f"more than {UNREAD_BYTES_MAX} bytes wait for it"

    # When he reads at last, he finds the oldest messages in order, then the close frame.
    events, code = await stalled.read_on()
    assert code == 1013
    assert [event["type"] for event in events[:2]] == ["history", "viewer_count"]
    lines = [int(event["data"]["content"].split()[0]) for event in events[2:]]
    assert lines == list(range(len(lines)))
    assert len(lines) < said


@pytest.mark.parametrize(
    "patch", [{"chat_slow_ms": 200, "chat_unread_bytes_max": 2**26, "chat_ping_ms": NEVER_MS}]
)
async def test_chat_slow_reader_that_takes_nothing_for_too_long_is_closed(room: Chatroom) -> None:
    room.user("bob")
    reader = await room.join("ak_demo")
    gone = dropped(room)
    await room.stall("ak_demo_bob")
    await flood(room, reader, gone, 1)
    assert gone[0].reason == "it took nothing for 0.2 s"


async def test_chat_slow_reader_many_stalled_use_memory_within_their_bound(
    room: Chatroom, transport: str
) -> None:
    room.user("bob")
    reader = await room.join("ak_demo")
    gone = dropped(room)
    for _ in range(20):
        await room.stall("ak_demo_bob")

    said = await flood(room, reader, gone, 20)

    # Messages for several readers are held once, and these were dropped at the same bound.
    assert said * 800 < 64 * UNREAD_BYTES_MAX, transport
    assert room.chats.sockets <= 21


@pytest.mark.parametrize("patch", [{}])
async def test_chat_slow_reader_that_catches_up_stays(room: Chatroom) -> None:
    room.user("bob")
    reader = await room.join("ak_demo")
    gone = dropped(room)
    stalled = await room.stall("ak_demo_bob")
    for number in range(100):
        messages.post(room.world, room.stream.id, room.owner, f"{number} ".ljust(300, "x"))
    for _ in range(100):
        await reader.hear_data("message")

    await room.worlds.stop("the test is over")
    events, code = await stalled.read_on()

    assert (len(events), code, gone) == (102, 1001, [])


@pytest.mark.parametrize("patch", [{"chat_ping_ms": 100}])
async def test_chat_slow_reader_half_open_connection_is_noticed_by_pings(room: Chatroom) -> None:
    room.user("bob")
    reader = await room.join("ak_demo", "client")
    stalled = await room.stall("ak_demo_bob")
    assert (await reader.hear_data("viewer_join"))["username"] == "bob"

    # The reader answers its pings, and stays; one that does not is dropped, with its connection.
    assert (await reader.hear_data("viewer_leave"))["username"] == "bob"
    await stalled.read_on()
    await reader.say("all is well")
    await reader.hear_data("chat_message")


@pytest.mark.parametrize("patch", [{"chat_ping_ms": 300, "chat_slow_ms": 3_600_000}])
async def test_chat_slow_reader_lost_peer_with_a_full_queue_is_noticed(room: Chatroom) -> None:
    room.user("bob")
    reader = await room.join("ak_demo", "client")
    stalled = await room.stall("ak_demo_bob")
    await reader.hear_data("viewer_join")
    for number in range(1_000):
        messages.post(room.world, room.stream.id, room.owner, f"{number} ".ljust(500, "x"))

    assert (await reader.hear_next("viewer_leave"))["username"] == "bob"
    _, code = await stalled.read_on()
    # Without that option the system takes all of it, and the queue is empty: then a close fits in.
    assert code == 1006 or (code == 1011 and not hasattr(socket, "TCP_NOTSENT_LOWAT"))


async def test_chat_slow_reader_uvicorn_still_gives_its_transport(tmp_path: Path) -> None:
    """`direct` needs private names of uvicorn; without them it would have to use separate sends."""
    async with chatroom(tmp_path, "uvicorn") as room:
        await room.join("ak_demo")
        [client] = room.chats.clients
        assert isinstance(client.outbox, DirectSendQueue)
