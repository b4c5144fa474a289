"""Webhooks that fail or are late because of faults, with a real receiver."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from emulator.world.faults.reading import read
from emulator.world.live import streams
from emulator.world.webhooks import deliveries
from tests.support.chat import Chatroom, chatroom
from tests.support.streams import live
from tests.support.webhook_receiver import Receiver, receiving


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Chatroom]:
    async with chatroom(tmp_path, "in process") as room:
        yield room


@pytest.fixture
async def receiver(room: Chatroom) -> AsyncIterator[Receiver]:
    """A receiver that gets the events of streams going live."""
    async with receiving() as receiver:
        asked = {"url": receiver.url, "events": ["stream.live"]}
        answer = await room.call.post("/_emulator/webhooks", json=asked)
        assert answer.status_code == 201, answer.text
        yield receiver


async def test_webhook_faults_failed_delivery_is_retried_and_arrives(
    room: Chatroom, receiver: Receiver
) -> None:
    room.world.faults.start(read({"webhook.fail": {"event": "stream.live"}, "times": 1}))
    streams.start(room.world, room.stream)
    await room.clock.pass_time(0)
    (failed,) = deliveries.page(room.world, 10, 2**62)
    assert (failed.status, receiver.received) == (503, [])
    assert "fault-1 webhook.fail" in str(failed.outcome)

    await room.clock.pass_time(60_000)
    assert (await receiver.next(1)).payload["type"] == "stream.live"


async def test_webhook_faults_slow_delivery_arrives_at_its_time(
    room: Chatroom, receiver: Receiver
) -> None:
    room.world.faults.start(read({"webhook.slow": {"delay": "30s", "url": receiver.url}}))
    streams.start(room.world, room.stream)
    await room.clock.pass_time(29_999)
    assert receiver.received == []
    await room.clock.pass_time(1)
    assert (await receiver.next(1)).payload["type"] == "stream.live"


async def test_webhook_faults_repeated_delivery_comes_twice_with_one_id(
    room: Chatroom, receiver: Receiver
) -> None:
    room.world.faults.start(read({"webhook.repeat": {"event": "stream.live"}, "times": 1}))
    streams.start(room.world, room.stream)
    await room.clock.pass_time(0)

    assert len({received.headers["webhook-id"] for received in receiver.received}) == 1
    assert len(receiver.received) == 2
    (delivery,) = deliveries.page(room.world, 10, 2**62)
    assert (delivery.state, delivery.attempts) == ("delivered", 1)


async def test_webhook_faults_disordered_delivery_comes_after_the_next(
    room: Chatroom, receiver: Receiver
) -> None:
    room.world.faults.start(read({"webhook.disorder": {"delay": "10s"}, "times": 1}))
    streams.start(room.world, room.stream)
    await room.clock.pass_time(0)
    other = live(room.world, "The next one")
    await room.clock.pass_time(10_000)

    uids = [received.payload["uid"] for received in receiver.received]
    assert uids == [other.uid, room.stream.uid]
