"""Timeline: turns a publisher's wire times into the stream's own time, which never runs backwards.

It begins at 0 with the first packet and continues over every jump, wrap and reconnect. Where the
wire's time breaks, the gap is closed and a new epoch begins: the only sign of a discontinuity.
"""

from collections.abc import Iterable

from msgspec import Struct

from emulator.media.packets import Packet, Track, VideoTrack
from emulator.media.ticks import TICKS_PER_MS, TICKS_PER_SECOND

_BACK_TICKS = 1000 * TICKS_PER_MS
# Encoders count milliseconds in 31 bits (ffmpeg, wrap after 24.8 days) or in 32.
_WRAPS = (TICKS_PER_MS << 31, TICKS_PER_MS << 32)


class Epoch(Struct, frozen=True):
    """The time between two discontinuities, with constant tracks (video first) and one clock.

    Compare by identity: another object is another epoch.
    """

    number: int
    tracks: tuple[Track, ...]


class Sequenced(Struct, frozen=True, gc=False):
    """Packets of one epoch in the stream's time, in their order; at least one.

    `at_ms`: the arrival of them, or of what they replace.
    """

    packets: list[Packet]
    epoch: Epoch
    at_ms: int


class _Lane:
    """The state of one kind of media, video or audio. `wire` and `offset` are in ticks."""

    __slots__ = ("dts", "expected", "offset", "squeeze", "step", "track", "wire")

    def __init__(self) -> None:
        self.track: Track | None = None
        self.offset = 0
        self.wire = 0
        self.step = 0
        self.squeeze = 0
        self.dts = -1
        self.expected = 0


class Timeline:
    """One stream's time, over all its publishers' connections. Ticks are 1/90,000 s.

    `gap_ms`: where neither audio nor video came for longer, the hole is closed and an epoch begins,
    since no part may be that long; a shorter hole, or one that the other kind bridges, stays. A
    stream with fewer frames a second than that sets its own limit: four of its usual steps, at most
    `jump_ms`. `drift_ms`: how far audio may be from the wire's millisecond clock before its sample
    clock is reset.
    """

    def __init__(
        self,
        gap_ms: int = 1000,
        jump_ms: int = 10_000,
        drift_ms: int = 50,
    ) -> None:
        self._gap = gap_ms * TICKS_PER_MS
        self._jump = jump_ms * TICKS_PER_MS
        self._drift_ms = drift_ms
        # The epoch of the packets that `push` returned last.
        self.epoch = Epoch(0, ())
        self._video = _Lane()
        self._audio = _Lane()
        self._offset = 0
        self._floor = 0
        self._latest = 0
        self._is_running = False

    @property
    def latest(self) -> int:
        """The end of the newest media, in ticks since the stream began."""
        return self._latest

    def continue_at(self, ticks: int) -> None:
        """Set the length of the media that the stream has already.

        Call it before the first packet.
        """
        self._latest = self._floor = ticks

    def resume(self) -> None:
        """Continue with a publisher that came back, in a new epoch.

        Its first key frame follows the newest media. Harmless before the first publisher.
        """
        self._is_running = False

    def push(
        self, packets: Iterable[Packet], tracks: tuple[Track, ...], at_ms: int
    ) -> list[Sequenced]:
        """Return the packets in the stream's time, together as long as they are of one epoch.

        `tracks` are the publisher's current ones (`TrackSet` decides which). Dropped are: video
        before the first key frame, audio that lies before the start in time, and video from a new
        configuration's header to its first key frame. Times of a returned packet stay in its
        track's timescale.
        """
        out: list[Sequenced] = []
        together: list[Packet] = []
        for packet in packets:
            if not self._is_running:
                if not packet.is_key:
                    continue
                self._start(packet.ticks)
            epoch = self.epoch
            placed = self._place(packet, tracks)
            if placed is None:
                continue
            if together and self.epoch is not epoch:
                out.append(Sequenced(together, epoch, at_ms))
                together = []
            together.append(placed)
        if together:
            out.append(Sequenced(together, self.epoch, at_ms))
        return out

    def _start(self, wire: int) -> None:
        """Start running: this wire time is the end of the newest media, in a new epoch."""
        self._is_running = True
        self._floor = self._latest
        self._offset = self._latest - wire
        for lane in (self._video, self._audio):
            lane.track = None

    def _place(self, packet: Packet, tracks: tuple[Track, ...]) -> Packet | None:
        track, dts = packet.track, packet.dts
        if is_video := type(track) is VideoTrack:
            lane, rate, wire = self._video, TICKS_PER_SECOND, dts
        else:
            lane, rate = self._audio, track.timescale
            wire = dts * TICKS_PER_SECOND // rate
        if track is not lane.track and not (
            packet.is_key and self._enter(lane, track, tracks, wire)
        ):
            return None
        at = wire + lane.offset
        if lane.offset != self._offset or not -_BACK_TICKS < wire - lane.wire <= self._gap:
            at = self._locate(lane, wire)
        if is_video:
            new_dts = at if at > lane.dts else lane.dts + _squeezed(lane)
            lane.squeeze = lane.squeeze if new_dts > at else 0
            new_pts = at + packet.pts - dts
            if new_dts != at and new_pts < new_dts:
                new_pts = new_dts
            end = new_dts + self._frame_time(lane, wire)
        else:
            new_dts = new_pts = self._sample_time(lane, at, rate)
            lane.expected = new_dts + packet.duration
            end = lane.expected * TICKS_PER_SECOND // rate
        lane.wire = wire
        lane.dts = new_dts
        if end > self._latest:
            self._latest = end
        return Packet(track, new_dts, new_pts, packet.duration, packet.is_key, packet.data)

    def _frame_time(self, lane: _Lane, wire: int) -> int:
        """The duration of this video frame: the smaller of the last two steps, if known."""
        step, before = wire - lane.wire, lane.step
        if step <= 0:
            return min(before, self._gap)
        lane.step = step
        return min(step, before or step, self._gap)

    def _sample_time(self, lane: _Lane, at: int, rate: int) -> int:
        """The decode time of audio in samples: the last frame's end, unless the wire disagrees.

        The wire's milliseconds jitter by up to half of one; samples do not.
        """
        mapped = (at * rate + TICKS_PER_SECOND // 2) // TICKS_PER_SECOND
        expected = lane.expected
        if abs(mapped - expected) * 1000 <= self._drift_ms * rate:
            return max(expected, lane.dts + 1)
        return max(mapped, lane.dts + 1)

    def _locate(self, lane: _Lane, wire: int) -> int:
        """The stream's time for a wire time, by the lane's clock, or a better one if that broke."""
        at = wire + lane.offset
        if lane.offset != self._offset:
            # The other kind has moved to a new clock: this packet uses the one that fits better.
            moved = wire + self._offset
            if abs(moved - self._latest) <= abs(at - self._latest):
                _move(lane, self._offset)
                return moved
        step = wire - lane.wire
        if -_BACK_TICKS < step <= self._gap:
            return at
        limit = min(max(self._gap, 4 * lane.step), self._jump)
        if step > 0 and at - self._latest <= limit:
            return at
        return self._reanchor(lane, wire, limit)

    def _reanchor(self, lane: _Lane, wire: int, limit: int) -> int:
        """Follow a wrapped counter without an epoch; after any other break, begin a new one."""
        for wrap in _WRAPS:
            at = wire + lane.offset + wrap
            if -_BACK_TICKS < at - self._latest <= limit:
                lane.offset += wrap
                self._offset = lane.offset
                return at
        self._offset = self._latest - wire
        _move(lane, self._offset)
        self.epoch = Epoch(self.epoch.number + 1, self.epoch.tracks)
        return self._latest

    def _enter(self, lane: _Lane, track: Track, tracks: tuple[Track, ...], wire: int) -> bool:
        """Begin a lane with a new or changed track; False if it lies before the start.

        All tracks of a start share its epoch; one that comes later begins another.
        """
        is_fresh = self._video.track is None and self._audio.track is None
        if lane.track is None:
            at = wire + self._offset
            if abs(at - self._latest) > self._jump:
                # This encoder counts audio and video from different origins: align them here.
                _move(lane, self._latest - wire)
            elif at < self._floor:
                return False
            else:
                _move(lane, self._offset)
            lane.wire = wire
            lane.dts = self._floor * track.timescale // TICKS_PER_SECOND - 1
        elif lane.track.timescale != track.timescale:
            _move(lane, lane.offset)
            lane.dts = (lane.dts + 1) * track.timescale // lane.track.timescale
        lane.track = track
        if is_fresh or not any(known is track for known in self.epoch.tracks):
            self.epoch = Epoch(self.epoch.number + 1, tracks)
        return True


def _squeezed(lane: _Lane) -> int:
    """The duration of the frame before one that steps back.

    It is over half of a usual step where one frame jitters, so that both are seen; then half as
    long each time, so that many in a row are at most a step late.
    """
    lane.squeeze = (lane.squeeze or lane.step * 9 // 8) // 2
    return max(1, lane.squeeze)


def _move(lane: _Lane, offset: int) -> None:
    """Set a lane's clock, and reset audio's sample clock with it."""
    lane.offset = offset
    lane.expected = -1 << 60
