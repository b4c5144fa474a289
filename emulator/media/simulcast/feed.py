"""Feed: one live stream's packets, in its own time, for simulcast."""

from typing import Protocol

from emulator.media.packets import Packet, Track


class Tap(Protocol):
    """Called on the loop's thread; must not raise."""

    def hear(self, packet: Packet, tracks: tuple[Track, ...]) -> None:
        """`tracks` are those of the stream's present epoch."""

    def close(self) -> None:
        """The stream has ended."""


class Feed:
    """Costs nothing while nobody taps it."""

    def __init__(self) -> None:
        self.is_closed = False
        self._taps: tuple[Tap, ...] = ()

    def push(self, packet: Packet, tracks: tuple[Track, ...]) -> None:
        for tap in self._taps:
            tap.hear(packet, tracks)

    def join(self, tap: Tap) -> None:
        self._taps = (*self._taps, tap)

    def leave(self, tap: Tap) -> None:
        self._taps = tuple(other for other in self._taps if other is not tap)

    def close(self) -> None:
        self.is_closed = True
        taps, self._taps = self._taps, ()
        for tap in taps:
            tap.close()
