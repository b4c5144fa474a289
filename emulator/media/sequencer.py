"""Sequencer: a publisher's packets in, the stream's out: its tracks, its time, no holes.

`TrackSet` decides what the stream has, `Timeline` gives it one time, `GapFiller` keeps all of its
tracks going, `Interleaver` lets no picture pass before the sound that belongs to it. Everything
that makes a stream of packets does it here.
"""

from emulator.media.gap_filler import GapFiller
from emulator.media.interleaver import Interleaver
from emulator.media.packets import Packet, Track
from emulator.media.timeline import Sequenced, Timeline
from emulator.media.track_set import NO_PROMISE, Arrival, Kind, Promise, TrackSet
from emulator.media.track_waits import TrackWaits


class Sequencer:
    """One stream, over all its publishers' connections."""

    def __init__(self, waits: TrackWaits | None = None) -> None:
        waits = waits or TrackWaits()
        self._track_set = TrackSet(waits)
        self._timeline = Timeline()
        self._gap_filler = GapFiller(stall_ms=waits.gap_wait_ms)
        self._interleaver = Interleaver()

    @property
    def latest(self) -> int:
        """Where the newest media ends, in ticks since the stream began."""
        return self._timeline.latest

    @property
    def left_out(self) -> frozenset[Kind]:
        """What the publisher sends although the stream began without it."""
        return self._track_set.left_out

    @property
    def wait_ms(self) -> int | None:
        """How long what was held waits for the other kind of media; None where nothing waits."""
        return self._track_set.wait_ms

    def push(
        self, packet: Packet, tracks: tuple[Track, ...], at_ms: int, promise: Promise = NO_PROMISE
    ) -> list[Sequenced]:
        """Take a publisher's next packet, in its own time. `tracks` are those known so far."""
        return self._place(self._track_set.push(packet, tracks, at_ms, promise))

    def release(self) -> list[Sequenced]:
        """What was held back, since nothing more is to be waited for."""
        return self._place(self._track_set.release())

    def flush(self, at_ms: int) -> list[Sequenced]:
        """The publisher is gone: what was held back, and what it leaves unfilled."""
        rest = self._gap_filler.flush(at_ms)
        return [
            *self.release(),
            *(due for sequenced in rest for due in self._interleaver.push(sequenced)),
            *self._interleaver.flush(),
        ]

    def continue_at(self, ticks: int) -> None:
        """Before the first packet: the stream has so much media already."""
        self._timeline.continue_at(ticks)

    def resume(self) -> None:
        """Another publisher's packets follow, after a discontinuity."""
        self._track_set.resume()
        self._timeline.resume()

    def _place(self, arrivals: list[Arrival]) -> list[Sequenced]:
        return [
            due
            for arrival in arrivals
            for packet in self._timeline.push(arrival.packet, arrival.tracks)
            for filled in self._gap_filler.push(packet, self._timeline.epoch, arrival.at_ms)
            for due in self._interleaver.push(filled)
        ]
