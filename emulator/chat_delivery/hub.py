"""Hub: one topic's readers and the messages for them: encoded once, joined, written once.

Messages that arrive within one tick are joined. An idle topic's tick is the loop's next turn, so a
single message does not wait. Under load, a tick begins at the earliest when the pause since the
last one was as long as that one took, so that a flood to any number of readers leaves half of a
core to everything else. A tick's length is its processor time: other programs do not add to it.
"""

import asyncio
from collections.abc import Iterator, Mapping
from itertools import chain, islice, repeat
from typing import Protocol

from emulator.chat_delivery.frames import FrameBatch
from emulator.core.clock import busy_us, monotonic_us

# Writing to this many takes some 7 ms; then the loop's other work has its turn.
_READERS_A_TURN = 1_000


class Reader(Protocol):
    """A reader of a topic (`emulator.chat_delivery.send_queue`)."""

    def put(self, batch: FrameBatch) -> None:
        """Take the messages of a tick. Must not wait."""
        ...


class _Channel:
    """The readers of one dialect. A new reader does not get messages that were pending before."""

    def __init__(self) -> None:
        self.readers: dict[Reader, None] = {}
        self.newcomers: dict[Reader, int] = {}
        self.pending: list[bytes] = []

    def add(self, reader: Reader) -> None:
        if self.pending:
            self.newcomers[reader] = len(self.pending)
        else:
            self.readers[reader] = None

    def remove(self, reader: Reader) -> None:
        self.readers.pop(reader, None)
        self.newcomers.pop(reader, None)

    def take(self) -> Iterator[tuple[Reader, FrameBatch]]:
        """The pending messages for each reader; a later reader gets only the later ones."""
        if not self.pending:
            return iter(())
        pending, self.pending = self.pending, []
        newcomers, self.newcomers = self.newcomers, {}
        everybody = zip(tuple(self.readers), repeat(FrameBatch(pending)))
        late = [
            (reader, FrameBatch(pending[start:]))
            for reader, start in newcomers.items()
            if start < len(pending)
        ]
        self.readers.update(dict.fromkeys(newcomers))
        return chain(everybody, late)


class Topic:
    """The readers of one topic, by their dialect. For one event loop."""

    def __init__(self) -> None:
        self._channels: dict[str, _Channel] = {}
        self._asides: list[tuple[Reader, FrameBatch]] = []
        self._work: Iterator[tuple[Reader, FrameBatch]] = iter(())
        self._is_busy = False
        self._busy_us = 0
        self._rest_until_us = 0

    @property
    def dialects(self) -> tuple[str, ...]:
        """The dialects that have readers: messages need no other form."""
        return tuple(
            dialect
            for dialect, channel in self._channels.items()
            if channel.readers or channel.newcomers
        )

    def add(self, dialect: str, reader: Reader) -> None:
        """Send a reader the messages from now on; it gets the earlier ones in another way."""
        self._channels.setdefault(dialect, _Channel()).add(reader)

    def remove(self, dialect: str, reader: Reader) -> None:
        if dialect in self._channels:
            self._channels[dialect].remove(reader)

    def tell(self, payloads: Mapping[str, bytes]) -> None:
        """Send one message to every reader; `payloads` has its form in each of `dialects`."""
        for dialect, payload in payloads.items():
            if dialect in self._channels:
                self._channels[dialect].pending.append(payload)
        if not self._is_busy:
            self._is_busy = True
            self._schedule()

    def tell_one(self, reader: Reader, payload: bytes) -> None:
        """Send one reader a message, after the messages to everybody that came before it."""
        batch = FrameBatch([payload])
        if self._is_busy:
            self._asides.append((reader, batch))
        else:
            reader.put(batch)

    def _schedule(self) -> None:
        wait_us = self._rest_until_us - monotonic_us()
        loop = asyncio.get_running_loop()
        if wait_us > 0:
            loop.call_later(wait_us / 1_000_000, self._flush)
        else:
            loop.call_soon(self._flush)

    def _flush(self) -> None:
        asides, self._asides = self._asides, []
        taken = [channel.take() for channel in self._channels.values()]
        self._work = chain(*taken, asides)
        self._busy_us = 0
        self._go_on()

    def _go_on(self) -> None:
        began_us = busy_us()
        count = 0
        try:
            for reader, batch in islice(self._work, _READERS_A_TURN):
                reader.put(batch)
                count += 1
        except Exception:  # One reader's failure must not stop the others.
            # Raised again, so that the loop logs it.
            asyncio.get_running_loop().call_soon(self._go_on)
            raise
        self._busy_us += busy_us() - began_us
        if count == _READERS_A_TURN:
            asyncio.get_running_loop().call_soon(self._go_on)
            return
        self._rest_until_us = monotonic_us() + self._busy_us
        has_pending = any(channel.pending for channel in self._channels.values())
        self._is_busy = has_pending or bool(self._asides)
        if self._is_busy:
            self._schedule()
