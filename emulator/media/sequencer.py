"""Sequencer: turns a publisher's packets into the stream's: fixed tracks, one timeline, no holes.

`TrackSet` decides which tracks the stream has, `Timeline` gives it one time, `GapFiller` fills
tracks that stop, `Interleaver` holds each video frame until its audio has come. All code that makes
a stream from packets uses this.
"""

from emulator.media.gap_filler import GapFiller
from emulator.media.interleaver import Interleaver
from emulator.media.packets import Packet, Track
from emulator.media.timeline import Sequenced, Timeline
from emulator.media.track_set import NO_PROMISE, Arrival, Kind, Promise, TrackSet
from emulator.media.track_waits import TrackWaits


class Sequencer:
    """The stages of one stream, over all its publishers' connections."""

    def __init__(self, waits: TrackWaits | None = None) -> None:
        waits = waits or TrackWaits()
        self._track_set = TrackSet(waits)
        self._timeline = Timeline()
        self._gap_filler = GapFiller(stall_ms=waits.gap_wait_ms)
        self._interleaver = Interleaver()

    @property
    def latest(self) -> int:
        """The end of the newest media, in ticks since the stream began."""
        return self._timeline.latest

    @property
    def left_out(self) -> frozenset[Kind]:
        """Kinds of media that the publisher sends but the stream began without."""
        return self._track_set.left_out

    @property
    def wait_ms(self) -> int | None:
        """The milliseconds that held packets wait for the other kind of media; None: none held."""
        return self._track_set.wait_ms

    def push(
        self,
        packets: list[Packet],
        tracks: tuple[Track, ...],
        at_ms: int,
        promise: Promise = NO_PROMISE,
    ) -> list[Sequenced]:
        """Take a publisher's next packets, on its own clock. `tracks` are those known so far."""
        return self._place(self._track_set.push(packets, tracks, at_ms, promise))

    def release(self) -> list[Sequenced]:
        """Return all held packets, because waiting for more is over."""
        return self._place(self._track_set.release())

    def flush(self, at_ms: int) -> list[Sequenced]:
        """Return all held packets and the last filling, at the publisher's end."""
        filling = self._gap_filler.flush(at_ms)
        return [
            *self.release(),
            *(due for filled in filling for due in self._interleaver.push(filled)),
            *self._interleaver.flush(),
        ]

    def continue_at(self, ticks: int) -> None:
        """Set the length of the media that the stream has already.

        Call it before the first packet.
        """
        self._timeline.continue_at(ticks)

    def resume(self) -> None:
        """Start over for another publisher's packets, after a discontinuity."""
        self._track_set.resume()
        self._timeline.resume()

    def _place(self, arrivals: list[Arrival]) -> list[Sequenced]:
        return [
            due
            for arrival in arrivals
            for placed in self._timeline.push(arrival.packets, arrival.tracks, arrival.at_ms)
            for filled in self._gap_filler.push(placed)
            for due in self._interleaver.push(filled)
        ]
