"""Hub: one topic's readers, and what is on its way to them: encoded once, joined, written once.

What comes within a tick is joined. An idle topic's tick is the loop's next turn, so a lone message
waits for nothing; under load the next tick is not before the last one's end plus what that cost,
so that a flood to any number of readers leaves half of a core to everything else. The cost is the
processor's time: on a busy machine nobody waits for that twice.
"""

import asyncio
from collections.abc import Iterator, Mapping
from itertools import chain, islice, repeat
from typing import Protocol

from emulator.chat_delivery.frames import FrameBatch
from emulator.core.clock import busy_us, monotonic_us

# Writing to so many takes some 7 ms; then the loop's other work has its turn.
_READERS_A_TURN = 1_000


class Reader(Protocol):
    """A reader of a topic (`emulator.chat_delivery.send_queue`)."""

    def put(self, batch: FrameBatch) -> None:
        """Take what is told. Never waits."""
        ...


class _Channel:
    """The readers of one dialect. A newcomer does not get what was pending before it came."""

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
        """The pending messages, for each reader; readers that came in between get their part."""
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
    """Readers by the dialect they read. For one event loop."""

    def __init__(self) -> None:
        self._channels: dict[str, _Channel] = {}
        self._asides: list[tuple[Reader, FrameBatch]] = []
        self._work: Iterator[tuple[Reader, FrameBatch]] = iter(())
        self._is_busy = False
        self._busy_us = 0
        self._rest_until_us = 0

    @property
    def dialects(self) -> tuple[str, ...]:
        """Those that somebody reads: others need not be rendered."""
        return tuple(
            dialect
            for dialect, channel in self._channels.items()
            if channel.readers or channel.newcomers
        )

    def add(self, dialect: str, reader: Reader) -> None:
        """From now on it is told what happens; what was told before it has read by itself."""
        self._channels.setdefault(dialect, _Channel()).add(reader)

    def remove(self, dialect: str, reader: Reader) -> None:
        if dialect in self._channels:
            self._channels[dialect].remove(reader)

    def tell(self, payloads: Mapping[str, bytes]) -> None:
        """Send one message, rendered for each dialect that somebody reads, to everybody."""
        for dialect, payload in payloads.items():
            if dialect in self._channels:
                self._channels[dialect].pending.append(payload)
        if not self._is_busy:
            self._is_busy = True
            self._schedule()

    def tell_one(self, reader: Reader, payload: bytes) -> None:
        """Send one reader a message, behind what everybody was told before."""
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
        except Exception:  # A reader's failure is its own: the others are told their due.
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
