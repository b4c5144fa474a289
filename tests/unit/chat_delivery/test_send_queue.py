"""Send queues with recording connections: what is queued, what is dropped, and when."""

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
    """A connection that records its writes and its end."""

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


async def test_send_queue_drops_reader_over_its_bound_only_once() -> None:
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


async def listen_for_ever() -> None:
    await asyncio.Event().wait()


async def test_send_queue_keeps_as_many_bytes_as_its_bound_exactly() -> None:
    connection, dropped = Connection(), list[str]()
    outbox = DirectSendQueue(connection, BOUNDS, dropped.append, CloseQueue())
    for _ in range(2):
        outbox.paused()
        for payload in (b"x" * 48, b"x" * 48):
            outbox.put(batch(payload))
        assert dropped == []
        outbox.resumed()
    assert sum(map(len, connection.written)) == 200
    outbox.paused()
    for payload in (b"x" * 48, b"x" * 46, b""):
        outbox.put(batch(payload))
    assert dropped == []
    outbox.put(batch(b"x"))
    assert dropped == ["more than 100 bytes wait for it"]


async def test_send_queue_that_is_read_again_is_not_given_up() -> None:
    bounds, dropped = SendQueueConfig(slow_ms=1), asyncio.Queue[str]()
    taken, closed, lost, full = [
        DirectSendQueue(Connection(), bounds, pytest.fail, CloseQueue()) for _ in range(3)
    ] + [DirectSendQueue(Connection(), bounds, dropped.put_nowait, CloseQueue())]
    for outbox in (taken, closed, lost, full):
        outbox.paused()
    taken.resumed()
    closed.close(1001, "the server stops")
    lost.lost()
    # The loop's timers fire in order: when the last one has, none of the others is left.
    assert await dropped.get() == "it took nothing for 0.001 s"


async def test_send_queue_writes_nothing_once_its_reader_is_gone() -> None:
    connection = Connection()
    outbox = DirectSendQueue(connection, BOUNDS, pytest.fail, CloseQueue())
    outbox.paused()
    outbox.put(batch(b"waiting"))

    async def listen() -> None:
        pass

    await outbox.attend(listen())
    outbox.put(batch(b"late"))
    outbox.resumed()
    outbox.close(1001, "too late")

    assert (connection.written, connection.ends) == ([], [])


class AsgiPeer:
    """A peer that takes one message per `take`, and records it."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self._turns = asyncio.Semaphore(0)
        self._has_taken = asyncio.Event()

    async def send(self, message: Message) -> None:
        await self._turns.acquire()
        self.messages.append(message)
        self._has_taken.set()

    async def take(self, count: int = 1) -> None:
        for _ in range(count):
            number = len(self.messages)
            self._turns.release()
            while len(self.messages) == number:
                self._has_taken.clear()
                await self._has_taken.wait()

    @property
    def seen(self) -> list[object]:
        return [message.get("text", message.get("code")) for message in self.messages]


async def test_send_queue_through_send_counts_the_bytes_that_wait() -> None:
    peer, dropped = AsgiPeer(), list[str]()
    outbox = AsgiSendQueue(peer.send, BOUNDS, dropped.append)
    attending = asyncio.create_task(outbox.attend(listen_for_ever()))

    # Two frames of 42 bytes; when one of their payloads is taken, 44 bytes still count.
    outbox.put(batch(b"a" * 40, b"b" * 40))
    await peer.take()
    await asyncio.sleep(0)
    outbox.put(batch(b"c" * 54))
    assert dropped == []
    outbox.put(batch(b""))
    assert dropped == ["more than 100 bytes wait for it"]

    await peer.take()
    await attending
    assert peer.seen == ["a" * 40, SLOW]
    assert peer.messages[-1] == {"type": "websocket.close", "code": SLOW, "reason": "too slow"}


async def test_send_queue_through_send_resets_its_account_when_all_is_taken() -> None:
    peer, attended = AsgiPeer(), asyncio.Event()
    outbox = AsgiSendQueue(peer.send, BOUNDS, pytest.fail)
    attending = asyncio.create_task(outbox.attend(attended.wait()))  # type: ignore[arg-type]

    # While frames wait, the headers of taken ones still count: 60 of them exceed the limit.
    for _ in range(60):
        outbox.put(batch(b"x", b"y"))
        await peer.take(2)
        await asyncio.sleep(0)
    outbox.put(batch(b"z" * 98))
    await peer.take()
    attended.set()
    await attending

    assert peer.seen == ["x", "y"] * 60 + ["z" * 98]
    # Afterwards nothing is queued, and no reader is too slow any more.
    for _ in range(10):
        outbox.put(batch(b"late" * 10))


async def test_send_queue_through_send_gives_up_a_reader_that_takes_nothing() -> None:
    peer, dropped = AsgiPeer(), list[str]()
    outbox = AsgiSendQueue(peer.send, SendQueueConfig(slow_ms=1), dropped.append)
    outbox.put(batch(b"one", b"two"))
    attending = asyncio.create_task(outbox.attend(listen_for_ever()))
    await peer_gives_up(dropped)
    await peer.take()
    await attending

    assert dropped == ["it took nothing for 0.001 s"]
    assert peer.seen == [SLOW]


async def peer_gives_up(dropped: list[str]) -> None:
    async with asyncio.timeout(60):
        while not dropped:
            await asyncio.to_thread(lambda: None)


async def test_send_queue_through_send_ends_quietly_with_a_peer_that_is_gone() -> None:
    async def send(_: Message) -> None:
        raise BrokenPipeError

    outbox = AsgiSendQueue(send, BOUNDS, pytest.fail)
    outbox.put(batch(b"one"))
    outbox.close(1001, "the server stops")
    await outbox.attend(listen_for_ever())


async def test_send_queue_through_send_sends_no_close_to_a_reader_that_left() -> None:
    peer = AsgiPeer()
    outbox = AsgiSendQueue(peer.send, BOUNDS, pytest.fail)

    async def listen() -> None:
        outbox.close(1001, "the server stops")

    await outbox.attend(listen())
    assert peer.messages == []


async def test_send_queue_through_send_keeps_its_first_close_code() -> None:
    peer = AsgiPeer()
    outbox = AsgiSendQueue(peer.send, BOUNDS, pytest.fail)
    outbox.close(1001, "the server stops")
    outbox.close(1008, "again")
    attending = asyncio.create_task(outbox.attend(listen_for_ever()))
    await peer.take()
    await attending
    assert peer.seen == [1001]
