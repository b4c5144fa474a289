"""Opening: a publisher's first packets wait until sound and picture have both shown their codecs.

A stream is live from its first key frame on, and then for good: a codec that is refused a moment
later would have spent its key. Encoders send both headers before the first frame, so mostly
nothing waits. What the metadata does not announce is not waited for, and all else for a bound.
"""

from typing import NamedTuple

from emulator.media.ingest.flv import FlvReader
from emulator.media.ingest.tag import TagKind
from emulator.media.packets import Packet, Track

KINDS: tuple[TagKind, ...] = ("video", "audio")
_HELD_MAX = 1_000


class Arrival(NamedTuple):
    """A packet, the tracks that were known when it came, and when that was."""

    packet: Packet
    tracks: tuple[Track, ...]
    at_ms: int


class Opening:
    """One publisher's. `wait_ms` is in the publisher's time."""

    def __init__(self, wait_ms: int) -> None:
        self._wait_ms = wait_ms
        self._held: list[Arrival] = []

    @property
    def is_waiting(self) -> bool:
        return bool(self._held)

    def push(self, packets: list[Packet], reader: FlvReader, at_ms: int) -> list[Arrival]:
        """What goes on now: nothing yet, or all that has come, in its order."""
        self._held += [Arrival(packet, reader.tracks, at_ms) for packet in packets]
        if self._is_settled(reader) or self._has_waited():
            return self.release()
        return []

    def release(self) -> list[Arrival]:
        held, self._held = self._held, []
        return held

    def _is_settled(self, reader: FlvReader) -> bool:
        return all(kind in reader.kinds or reader.announces(kind) is False for kind in KINDS)

    def _has_waited(self) -> bool:
        if not self._held:
            return False
        span_ms = abs(_wire_ms(self._held[-1].packet) - _wire_ms(self._held[0].packet))
        return span_ms >= self._wait_ms or len(self._held) >= _HELD_MAX


def _wire_ms(packet: Packet) -> int:
    return packet.dts * 1000 // packet.track.timescale
