"""SendQueue: the messages that one reader has not taken yet. A reader that is too slow is dropped.

There are two kinds. `DirectSendQueue` writes whole frames to the transport, on a server that allows
it (`emulator.chat_delivery.direct`). `AsgiSendQueue` goes through the ASGI `send` of any server.
Both belong to the loop's thread.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from contextlib import suppress
from functools import partial
from typing import Any, Protocol

from emulator.chat_delivery.config import SendQueueConfig
from emulator.chat_delivery.frames import FrameBatch

Message = MutableMapping[str, Any]
Drop = Callable[[str], None]

# RFC 6455, 7.4.1, and 1013 of the registry it opened: "try again later".
SLOW = 1013
# The time that a closing handshake may take before the connection is cut.
_GOODBYE_SECONDS = 1.0
# The number of dropped readers that are closed at once before other messages have their turn.
_CLOSES_A_TURN = 20
_CLOSE_PAUSE_SECONDS = 0.01


class CloseQueue:
    """Closes dropped readers a few at a time: each takes some 0.2 ms, in which the others wait.

    A thousand readers that stop reading together also pass their bound together. For one event
    loop.
    """

    def __init__(self) -> None:
        self._due: deque[Callable[[], None]] = deque()

    def add(self, close: Callable[[], None]) -> None:
        self._due.append(close)
        if len(self._due) == 1:
            asyncio.get_running_loop().call_soon(self._go_on)

    def _go_on(self) -> None:
        for _ in range(min(len(self._due), _CLOSES_A_TURN)):
            self._due.popleft()()
        if self._due:
            asyncio.get_running_loop().call_later(_CLOSE_PAUSE_SECONDS, self._go_on)


class SendQueue(Protocol):
    """The messages on their way to one reader."""

    def put(self, batch: FrameBatch) -> None:
        """Send messages, or keep them until the reader takes them. Never waits.

        After the end it does nothing.
        """
        ...

    def close(self, code: int, reason: str) -> None:
        """Close with `code`, after the messages that are on their way."""
        ...

    async def attend(self, listening: Coroutine[Any, Any, None]) -> None:
        """Run `listening`, which reads from the peer, until it or the connection ends."""
        ...


class Sink(Protocol):
    """A server's own connection, lent to us. `attach` returns a function that writes whole frames.

    That function never waits, and drops frames for a connection that is closing. It must not be
    called for a connection that is `lost` (uvloop raises).
    """

    def attach(self, reader: "DirectSendQueue") -> Callable[[bytes], None]: ...
    def end(self, code: int, reason: str) -> None: ...


class DirectSendQueue:
    """Writes to the transport, and keeps the messages that come while it is full."""

    __slots__ = (
        "_close_queue",
        "_config",
        "_drop",
        "_held",
        "_held_bytes",
        "_is_over",
        "_patience",
        "_sink",
        "_write",
    )

    def __init__(
        self, sink: Sink, config: SendQueueConfig, drop: Drop, close_queue: CloseQueue
    ) -> None:
        self._sink = sink
        self._close_queue = close_queue
        self._config = config
        self._drop = drop
        self._held: list[FrameBatch] | None = None
        self._held_bytes = 0
        self._patience: asyncio.TimerHandle | None = None
        self._is_over = False
        self._write = sink.attach(self)

    def put(self, batch: FrameBatch) -> None:
        if self._held is None:
            write = self._write
            write(batch.joined)
        elif not self._is_over:
            self._held.append(batch)
            self._held_bytes += len(batch.joined)
            if self._held_bytes > self._config.bytes_max:
                self._give_up(f"more than {self._config.bytes_max} bytes wait for it")

    def close(self, code: int, reason: str) -> None:
        if self._is_over:
            return
        waiting = self._held or ()
        self._finish()
        if waiting:
            self._write(b"".join(batch.joined for batch in waiting))
        self._sink.end(code, reason)

    async def attend(self, listening: Coroutine[Any, Any, None]) -> None:
        try:
            await listening
        finally:
            self._finish()

    def lost(self) -> None:
        """Called when the connection is lost, before its receive loop notices."""
        self._finish()

    def paused(self) -> None:
        """Called when the transport is full."""
        if self._held is None:
            self._held = []
            loop = asyncio.get_running_loop()
            self._patience = loop.call_later(
                self._config.slow_ms / 1000,
                self._give_up,
                f"it took nothing for {self._config.slow_ms / 1000:g} s",
            )

    def resumed(self) -> None:
        """Called when the transport has room again."""
        if self._is_over:
            return
        held, self._held, self._held_bytes = self._held, None, 0
        self._cancel_patience()
        if held:
            self._write(b"".join(batch.joined for batch in held))

    def _give_up(self, why: str) -> None:
        self._finish()
        self._close_queue.add(partial(self._sink.end, SLOW, "too slow"))
        self._drop(why)

    def _finish(self) -> None:
        """Drop all messages from now on."""
        self._is_over = True
        self._held = []
        self._cancel_patience()

    def _cancel_patience(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None


class AsgiSendQueue:
    """Sends one message after another through ASGI, from its own task."""

    def __init__(
        self, send: Callable[[Message], Awaitable[None]], config: SendQueueConfig, drop: Drop
    ) -> None:
        self._send = send
        self._config = config
        self._drop = drop
        self._queue: deque[bytes] = deque()
        self._queued_bytes = 0
        self._has_changed = asyncio.Event()
        self._goodbye: tuple[int, str] | None = None
        self._is_over = False
        self._sending: asyncio.Task[None] | None = None

    def put(self, batch: FrameBatch) -> None:
        if self._goodbye is not None or self._is_over:
            return
        self._queue.extend(batch.payloads)
        self._queued_bytes += len(batch.joined)
        self._has_changed.set()
        if self._queued_bytes > self._config.bytes_max:
            self._give_up(f"more than {self._config.bytes_max} bytes wait for it")

    def close(self, code: int, reason: str) -> None:
        if self._goodbye is None:
            self._goodbye = (code, reason)
            self._has_changed.set()

    async def attend(self, listening: Coroutine[Any, Any, None]) -> None:
        listener = asyncio.ensure_future(listening)
        self._sending = asyncio.ensure_future(self._send_all())
        tasks = {listener, self._sending}
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._is_over = True
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        if self._goodbye is not None and not _ended_well(listener):
            await self._say_goodbye(*self._goodbye)
        for task in tasks:
            if not task.cancelled():
                task.result()

    async def _send_all(self) -> None:
        while True:
            await self._has_changed.wait()
            self._has_changed.clear()
            while self._queue:
                payload = self._queue.popleft()
                try:
                    async with asyncio.timeout(self._config.slow_ms / 1000):
                        await self._send({"type": "websocket.send", "text": payload.decode()})
                except TimeoutError:
                    self._give_up(f"it took nothing for {self._config.slow_ms / 1000:g} s")
                    return
                except OSError:
                    # The peer is gone (ASGI, "Send callable"); its receive loop sees that too.
                    return
                # The frame's header is small enough to be left out of the count.
                self._queued_bytes -= len(payload)
                if not self._queue:
                    self._queued_bytes = 0
            if self._goodbye is not None:
                return

    async def _say_goodbye(self, code: int, reason: str) -> None:
        # A peer that is gone or takes nothing gets no close frame; the server cuts it off.
        with suppress(TimeoutError, OSError, RuntimeError):
            async with asyncio.timeout(_GOODBYE_SECONDS):
                await self._send({"type": "websocket.close", "code": code, "reason": reason})

    def _give_up(self, why: str) -> None:
        self.close(SLOW, "too slow")
        self._queue.clear()
        if self._sending is not None:
            self._sending.cancel()
        self._drop(why)


def _ended_well(listener: "asyncio.Future[None]") -> bool:
    """Whether the peer itself has gone, so that no close frame is needed."""
    return listener.done() and not listener.cancelled() and listener.exception() is None
