"""Outboxes beside connections that only remember: what is kept, what is dropped, and when."""

import asyncio
from collections.abc import Callable
from functools import partial

import pytest

from emulator.chat_delivery.config import SendQueueConfig
from emulator.chat_delivery.frames import FrameBatch, text_frame
from emulator.chat_delivery.send_queue import (
    SLOW,
    AsgiSendQueue,
    CloseQueue,
    DirectSendQueue,
    Message,
)

BOUNDS = SendQueueConfig(bytes_max=100, slow_ms=60_000)


class Connection:
    """Remembers what was written to it, and how it ended."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.ends: list[int] = []

    def attach(self, _: DirectSendQueue) -> Callable[[bytes], None]:
        return self.written.append

    def end(self, code: int, _: str) -> None:
        self.ends.append(code)


def batch(*payloads: bytes) -> FrameBatch:
    return FrameBatch(payloads)


async def test_send_queue_sends_frames_at_once_on_an_open_transport() -> None:
    connection = Connection()
    outbox = DirectSendQueue(connection, BOUNDS, pytest.fail, CloseQueue())
    outbox.put(batch(b"one", b"two"))
    assert connection.written == [text_frame(b"one") + text_frame(b"two")]


async def test_send_queue_joins_frames_that_wait_for_a_full_transport() -> None:
    connection = Connection()
    outbox = DirectSendQueue(connection, BOUNDS, pytest.fail, CloseQueue())
    outbox.paused()
    outbox.put(batch(b"one"))
    outbox.put(batch(b"two"))
    assert connection.written == []
    outbox.resumed()
    outbox.put(batch(b"three"))
    assert connection.written == [batch(b"one", b"two").joined, text_frame(b"three")]


async def test_send_queue_writes_nothing_to_a_lost_connection() -> None:
    connection = Connection()
    outbox = DirectSendQueue(connection, BOUNDS, pytest.fail, CloseQueue())
    outbox.lost()
    outbox.put(batch(b"one"))
    outbox.close(1001, "too late")
    assert (connection.written, connection.ends) == ([], [])


async def test_send_queue_drops_reader_over_its_bound_once_for_good() -> None:
    connection, dropped = Connection(), list[str]()
    outbox = DirectSendQueue(connection, BOUNDS, dropped.append, CloseQueue())
    outbox.paused()
    for _ in range(5):
        outbox.put(batch(b"x" * 60))
    outbox.resumed()
    outbox.put(batch(b"more"))
    outbox.close(1001, "the server stops")
    await asyncio.sleep(0)
    assert (connection.written, connection.ends) == ([], [SLOW])
    assert dropped == ["more than 100 bytes wait for it"]


async def test_send_queue_gives_up_a_transport_that_stays_full() -> None:
    connection, dropped = Connection(), asyncio.Queue[str]()
    outbox = DirectSendQueue(
        connection, SendQueueConfig(slow_ms=1), dropped.put_nowait, CloseQueue()
    )
    outbox.paused()
    outbox.paused()
    assert await dropped.get() == "it took nothing for 0.001 s"
    await asyncio.sleep(0)
    assert connection.ends == [SLOW]


async def test_send_queue_drops_many_readers_a_few_at_a_time() -> None:
    close_queue, gone, is_over = CloseQueue(), list[int](), asyncio.Event()
    for number in range(50):
        close_queue.add(partial(gone.append, number))
    close_queue.add(is_over.set)
    await asyncio.sleep(0)
    assert gone == list(range(20))
    async with asyncio.timeout(10):
        await is_over.wait()
    assert gone == list(range(50))
    close_queue.add(partial(gone.append, 50))
    await asyncio.sleep(0)
    assert gone[-1] == 50


async def test_send_queue_sends_close_after_waiting_messages() -> None:
    connection = Connection()
    outbox = DirectSendQueue(connection, BOUNDS, pytest.fail, CloseQueue())
    outbox.paused()
    outbox.put(batch(b"last words"))
    outbox.close(1001, "the server stops")
    outbox.close(1008, "again")
    outbox.put(batch(b"too late"))
    assert (connection.written, connection.ends) == ([text_frame(b"last words")], [1001])


async def test_send_queue_through_send_keeps_messages_single_and_close_last() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def listen() -> None:
        await asyncio.Event().wait()

    outbox = AsgiSendQueue(send, BOUNDS, pytest.fail)
    outbox.put(batch(b"one", b"two"))
    outbox.close(1001, "the server stops")
    outbox.put(batch(b"too late"))
    await outbox.attend(listen())

    assert [message.get("text", message.get("code")) for message in sent] == ["one", "two", 1001]


async def test_send_queue_through_send_does_not_swallow_a_listener_failure() -> None:
    async def send(_: Message) -> None:
        raise AssertionError("nothing is to be sent")

    async def listen() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await AsgiSendQueue(send, BOUNDS, pytest.fail).attend(listen())
