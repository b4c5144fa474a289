"""The hub: one event loop, recording readers, and the order and time of their messages."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.chat_delivery.frames import FrameBatch
from emulator.chat_delivery.hub import Topic


class Reader:
    """A reader that records every batch."""

    def __init__(self) -> None:
        self.batches: list[list[bytes]] = []

    @property
    def heard(self) -> list[bytes]:
        return [payload for batch in self.batches for payload in batch]

    def put(self, batch: FrameBatch) -> None:
        self.batches.append(list(batch.payloads))


async def turn() -> None:
    """Let the event loop run what is due."""
    await asyncio.sleep(0)


async def until_heard(reader: Reader, count: int) -> None:
    async with asyncio.timeout(10):
        while len(reader.heard) < count:
            await turn()


async def test_hub_single_message_waits_for_the_next_turn_only() -> None:
    topic, reader = Topic(), Reader()
    topic.add("documented", reader)
    topic.tell({"documented": b"one"})
    assert reader.heard == []
    await asyncio.sleep(0)
    assert reader.batches == [[b"one"]]


async def test_hub_messages_within_a_tick_are_joined_and_encoded_once() -> None:
    topic = Topic()
    readers = [Reader() for _ in range(3)]
    for reader in readers:
        topic.add("documented", reader)
    for number in range(50):
        topic.tell({"documented": b"%d" % number})
    await until_heard(readers[-1], 50)
    assert [len(batch) for batch in readers[0].batches] == [50]
    assert all(reader.batches == readers[0].batches for reader in readers)


async def test_hub_dialect_gets_its_own_messages_and_newcomers_no_old_ones() -> None:
    topic, documented, client, newcomer = Topic(), Reader(), Reader(), Reader()
    topic.add("documented", documented)
    topic.add("client", client)
    assert topic.dialects == ("documented", "client")
    topic.tell({"documented": b"d1", "client": b"c1"})
    topic.add("documented", newcomer)
    topic.tell({"documented": b"d2"})
    await until_heard(documented, 2)
    topic.remove("client", client)
    topic.tell({"documented": b"d3", "client": b"c3"})
    await until_heard(newcomer, 2)
    assert (documented.heard, newcomer.heard) == ([b"d1", b"d2", b"d3"], [b"d2", b"d3"])
    assert client.heard == [b"c1"]


async def test_hub_direct_message_follows_earlier_broadcasts() -> None:
    topic, reader, other = Topic(), Reader(), Reader()
    topic.add("documented", reader)
    topic.add("documented", other)
    topic.tell_one(reader, b"at once")
    assert reader.heard == [b"at once"]
    topic.tell({"documented": b"line"})
    topic.tell_one(reader, b"aside")
    await until_heard(reader, 3)
    assert (reader.heard, other.heard) == ([b"at once", b"line", b"aside"], [b"line"])


async def test_hub_thousands_of_readers_do_not_hold_the_loop() -> None:
    topic = Topic()
    readers = [Reader() for _ in range(2_500)]
    for reader in readers:
        topic.add("documented", reader)
    topic.tell({"documented": b"line"})
    turns = 0
    async with asyncio.timeout(10):
        while not readers[-1].heard:
            await turn()
            turns += 1
    assert turns >= 3
    assert all(reader.heard == [b"line"] for reader in readers)


async def test_hub_failing_reader_does_not_stop_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken(Reader):
        def put(self, _: FrameBatch) -> None:
            raise RuntimeError("this reader is broken")

    topic, before, behind = Topic(), Reader(), Reader()
    for reader in (before, Broken(), behind):
        topic.add("documented", reader)
    for number in range(2):
        topic.tell({"documented": b"%d" % number})
        await until_heard(behind, number + 1)
    assert before.heard == behind.heard == [b"0", b"1"]
    assert "this reader is broken" in caplog.text


STEPS = st.lists(st.sampled_from(["tell", "join", "leave", "aside", "turn"]), max_size=40)


@given(STEPS)
def test_hub_readers_get_all_messages_of_their_time_once_in_order(steps: list[str]) -> None:
    asyncio.run(_act(steps))


class Room:
    """A topic, and the messages that each of its readers must get."""

    def __init__(self) -> None:
        self.topic = Topic()
        self.present: list[tuple[Reader, list[bytes]]] = []
        self.asides: list[tuple[Reader, bytes, list[bytes]]] = []
        self.said = 0

    def join(self) -> None:
        self.present.append((Reader(), []))
        self.topic.add("documented", self.present[-1][0])

    def leave(self) -> None:
        if self.present:
            self.topic.remove("documented", self.present.pop(0)[0])

    def tell(self) -> None:
        self.said += 1
        self.topic.tell({"documented": b"%d" % self.said})
        for _, expected in self.present:
            expected.append(b"%d" % self.said)

    def aside(self) -> None:
        if self.present:
            reader, expected = self.present[0]
            self.said += 1
            self.topic.tell_one(reader, b"aside %d" % self.said)
            self.asides.append((reader, b"aside %d" % self.said, list(expected)))


async def _act(steps: list[str]) -> None:
    room = Room()
    for step in steps:
        if step == "turn":
            await turn()
        else:
            getattr(room, step)()
    for reader, expected in room.present:
        asides = [aside for aside in room.asides if aside[0] is reader]
        await until_heard(reader, len(expected) + len(asides))
        assert [payload for payload in reader.heard if b"aside" not in payload] == expected
        # A message for one reader comes after all earlier ones; later ones may overtake it.
        for _, aside, before in asides:
            assert set(before) <= set(reader.heard[: reader.heard.index(aside)])
