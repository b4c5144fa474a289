"""Feed: one live stream's packets, on the stream's timeline, for simulcast."""

from collections.abc import Iterable
from typing import Protocol

from emulator.media.packets import Packet, Track


class Tap(Protocol):
    """A receiver of a feed. Called on the loop's thread; must not raise."""

    def on_packet(self, packet: Packet, tracks: tuple[Track, ...]) -> None:
        """Take a packet. `tracks` are those of the stream's current epoch."""

    def close(self) -> None:
        """Note that the stream has ended."""


class Feed:
    """The packets of one stream. Costs nothing without a tap."""

    def __init__(self) -> None:
        self.is_closed = False
        self._taps: tuple[Tap, ...] = ()

    @property
    def is_tapped(self) -> bool:
        return bool(self._taps)

    def push(self, packets: Iterable[Packet], tracks: tuple[Track, ...]) -> None:
        for tap in self._taps:
            for packet in packets:
                tap.on_packet(packet, tracks)

    def join(self, tap: Tap) -> None:
        self._taps = (*self._taps, tap)

    def leave(self, tap: Tap) -> None:
        self._taps = tuple(other for other in self._taps if other is not tap)

    def close(self) -> None:
        self.is_closed = True
        taps, self._taps = self._taps, ()
        for tap in taps:
            tap.close()
