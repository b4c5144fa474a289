"""Segmenter: cuts packets into parts, and decides where segments end. Pure: packets in, parts out.

Parts tile the stream's timeline: each starts where the one before it ended. A part's duration is in
whole ticks; its packets keep their own exact times.
"""

from math import ceil

from msgspec.structs import replace

from emulator.media.hls.part import HlsPart
from emulator.media.packets import Packet, VideoTrack
from emulator.media.ticks import TICKS_PER_MS, TICKS_PER_SECOND
from emulator.media.timeline import Epoch, Sequenced

# The lead of audio over video at which the video counts as stalled.
_STALL_TICKS = 500 * TICKS_PER_MS
# The duration of a frame where nothing is known: one at 30 a second.
_FRAME_TICKS = TICKS_PER_SECOND // 30
# The target duration of a stream with rare key frames. An encoder's automatic choice of 250 frames
# is 8.3 s at 30 frames a second, and 10 s at 25.
LONG_TARGET_SECONDS = 10


def usual_target_seconds(segment_ms: int) -> int:
    """The target duration of a stream with key frames at least every two `segment_ms`."""
    return max(1, ceil(2 * segment_ms / 1000))


def longest_ticks(target_seconds: int) -> int:
    """The longest segment that a target duration allows, in ticks.

    EXTINF is rounded to the nearest second and compared with it (RFC 8216bis, 4.4.3.1).
    """
    return target_seconds * TICKS_PER_SECOND + TICKS_PER_SECOND // 2 - 1


def keeps_usual_target(duration: int, part_target: int, segment_ms: int) -> bool:
    """Whether a stream with a first segment of `duration` ticks can keep to `usual_target_seconds`.

    Later segments are then cut at their key frames; a forced cut is made a part before it is
    overdue.
    """
    return duration + part_target <= longest_ticks(usual_target_seconds(segment_ms))


class Segmenter:
    """Cuts one stream. Feed it what `Timeline.push` returns.

    The rule for parts (RFC 8216bis, 4.4.3.7 and 4.4.4.9: none longer than PART-TARGET, none but a
    segment's last shorter than 85 % of it): PART-TARGET is `part_target`, a little over `part_ms`
    so that `part_ms` lies in the middle of the allowed range (216 ms for 200: 184 to 216), and a
    part takes all frames that fit. Where whole frames cannot fit (few frames a second, or a hole in
    the stream), `part_target` grows; it never shrinks, and every part cut so far is shorter than
    it. So a playlist writes EXT-X-PART-INF with the `part_target` of the moment at which the
    playlist is made. A frame's duration is known when the next one comes, so a part is a frame
    late; for the last frame, the duration in its packet counts, if it has one.

    A segment starts at the first key frame after 7/8 of `segment_ms` (the wire's milliseconds are
    rounded, and with open GOPs the second key frame is decoded some frames early), or at a part
    boundary before it would grow over the longest that the target duration allows (then
    `is_independent` is False, and the next key frame begins a segment whenever it comes). Most
    segments are `segment_ms` rounded up to key frames.

    The first segment decides the target duration, as in `Window`, because it must not change
    afterwards (RFC 8216bis, 6.2.1): `usual_target_seconds`, or `LONG_TARGET_SECONDS` where its key
    frames came too seldom for that. Every later segment keeps to it.
    """

    def __init__(self, part_ms: int = 200, segment_ms: int = 2000) -> None:
        self._target = _target_for(part_ms * TICKS_PER_MS)
        self._segment_ms = segment_ms
        self._segment = segment_ms * TICKS_PER_MS
        usual_seconds = usual_target_seconds(segment_ms)
        self._segment_max = longest_ticks(max(usual_seconds, LONG_TARGET_SECONDS))
        self._epoch: Epoch | None = None
        self._has_video = False
        self._start = 0
        self._segment_start = 0
        self._opens_segment = True
        self._opens_discontinuity = True
        self._is_bounded = False
        self._has_left = False
        self._has_started_well = True
        self._at_ms = 0
        self._video: list[Packet] = []
        self._last_frame: Packet | None = None
        self._audio: list[Packet] = []
        self._sound_end: int | None = None
        self._step = 0
        self._lead_at: int | None = None

    @property
    def part_target(self) -> int:
        """The PART-TARGET in ticks: no part is or will be longer, unless it grows."""
        return self._target

    @property
    def missing(self) -> int:
        """The ticks of media until the open part is complete; 0 if that is not known."""
        if self._lead_at is None or self._step <= 0:
            return 0
        whole = self._target // self._step * self._step
        return max(0, self._start + whole - self._lead_at)

    def push(self, sequenced: Sequenced) -> list[HlsPart]:
        """Return the parts that these packets complete.

        Each track's dts must grow from packet to packet, as `Timeline` ensures.
        """
        parts: list[HlsPart] = []
        epoch = sequenced.epoch
        for packet in sequenced.packets:
            track = packet.track
            is_video = type(track) is VideoTrack
            at = packet.dts if is_video else packet.dts * TICKS_PER_SECOND // track.timescale
            if epoch is not self._epoch:
                self._begin(epoch, at, parts)
            if is_video or not self._has_video:
                self._advance(packet, at, parts)
            else:
                self._catch_up(at, parts)
            if parts or not (self._video or self._audio or self._last_frame):
                self._at_ms = sequenced.at_ms
            if is_video:
                self._last_frame = packet
            else:
                self._append_audio(packet)
        return parts

    def pause(self) -> list[HlsPart]:
        """Return the parts that are left except the last one, which has at least the last frame.

        The publisher left, perhaps to come back. The part that stays is no longer than a part, as
        only a segment's last one may be short: `flush` returns it, or the next epoch's first
        `push`.
        """
        parts: list[HlsPart] = []
        self._has_left = True
        last = self._last_frame
        if last is None and self._audio:
            last = self._audio[-1]
        if last is None or not (self._video or len(self._audio) > 1):
            return parts
        end = last.ticks
        if end > self._start:
            self._cut_until(end, parts)
            if (end - self._start) * 20 >= self._target * 17:
                self._cut(end, parts)
        return parts

    def flush(self) -> list[HlsPart]:
        """Return all parts that are left at the publisher's end.

        The next media begins a segment.
        """
        parts: list[HlsPart] = []
        self._finish(None, parts)
        self._opens_segment = self._has_left = True
        self._end_segment()
        return parts

    def _begin(self, epoch: Epoch, at: int, parts: list[HlsPart]) -> None:
        """Close the old epoch where the new one's first packet begins, and start over."""
        is_first = self._epoch is None
        has_left = self._has_left
        self._finish(at, parts)
        if parts:
            # The next part starts a discontinuity. Until it is cut, this segment would look like
            # one that still grows, which playlists of whole segments do not list.
            parts[-1] = replace(parts[-1], ends_segment=True)
        self._end_segment()
        # The longer track of a publisher that left is not completely in the parts.
        if is_first or (has_left and at > self._start) or at - self._start > self._target:
            self._start = at
        self._has_left = False
        self._epoch = epoch
        self._has_video = any(type(track) is VideoTrack for track in epoch.tracks)
        self._segment_start = self._start
        self._opens_segment = self._opens_discontinuity = True
        self._lead_at = self._sound_end = None

    def _advance(self, packet: Packet, at: int, parts: list[HlsPart]) -> None:
        """Cut before a packet of the leading track, which is video if there is any."""
        before = self._lead_at
        self._lead_at = at
        if before is None:
            return
        usual, step = self._step, at - before
        self._step = step
        self._settle_frame(step)
        is_steady = not usual or abs(step - usual) * 4 <= usual
        if at - self._start > self._target:
            self._fit(at, step, is_steady, parts)
        duration = at - self._start
        if packet.is_key and self._is_segment_due(at):
            self._cut(at, parts, opens_segment=True)
        elif duration + step > self._target and duration * 20 >= self._target * 17:
            self._cut(at, parts)

    def _is_segment_due(self, at: int) -> bool:
        """Whether a key frame at `at` begins a segment; any does if this one began without one."""
        return not self._has_started_well or at - self._segment_start >= self._segment * 7 // 8

    def _fit(self, at: int, step: int, is_steady: bool, parts: list[HlsPart]) -> None:
        """Bring a part below its target when a frame has come too late for it.

        A steady stream whose frames do not fill a part (few a second) gets a longer target, once.
        One late frame does not cause that, nor an epoch that begins between two frames: parts then
        end where the target says, as long as they contain something.
        """
        fills_part = self._target // step * step * 20 >= self._target * 17
        if is_steady and not fills_part and (step <= self._target or not self._audio):
            self._target = _target_for(at - self._start)
            return
        self._cut_until(at, parts)

    def _cut_until(self, at: int, parts: list[HlsPart]) -> None:
        """Cut parts of full length while more than one is due at `at`."""
        while at - self._start > self._target:
            if not self._cut(self._start + self._target, parts):
                # So long a stretch has no packets: the part that contains its end must span it.
                self._target = _target_for(at - self._start)

    def _catch_up(self, at: int, parts: list[HlsPart]) -> None:
        """Cut audio alone where video has stalled, so that the stream goes on."""
        if self._audio and at - self._start > self._target + _STALL_TICKS:
            known = self._last_frame.duration if self._last_frame else 0
            self._settle_frame(known or self._step or _FRAME_TICKS)
            self._cut_until(at - _STALL_TICKS, parts)

    def _finish(self, at: int | None, parts: list[HlsPart]) -> None:
        """Cut all pending packets.

        `at`, where the next packet begins, bounds their end if it is known.
        """
        if self._last_frame is not None:
            step = min(self._step or _FRAME_TICKS, self._target)
            if self._last_frame.duration:
                step = self._last_frame.duration
            if at is not None and 0 < at - self._last_frame.dts <= 2 * step:
                step = at - self._last_frame.dts
            self._settle_frame(step)
        # A browser counts as buffered only what all tracks cover, and hls.js takes a stream to be
        # over when the middle of the last part is buffered. So the last part is as long as all
        # tracks last.
        end = min(self._pending_ends()) if at is None else max(self._pending_ends())
        if at is not None and self._start < at < end:
            end = at
        if self._video or self._audio:
            self._cut_until(end, parts)
        if self._video or self._audio:
            self._cut(end, parts, takes_all=True)

    def _pending_ends(self) -> list[int]:
        """The ends of pending video and audio; at least one, and none before the part begins."""
        ends = [last.dts + last.duration for last in self._video[-1:]]
        if self._sound_end is not None:
            ends.append(self._sound_end)
        return [max(self._start, end) for end in ends] or [self._start]

    def _settle_frame(self, duration: int) -> None:
        """Add the last video frame to the part, with a duration that is known or estimated."""
        frame = self._last_frame
        if frame is not None:
            self._video.append(
                Packet(frame.track, frame.dts, frame.pts, duration, frame.is_key, frame.data)
            )
            self._last_frame = None

    def _append_audio(self, packet: Packet) -> None:
        """Append a packet; a jump of the sample clock goes into the duration of the one before.

        Within a part only durations count.
        """
        audio = self._audio
        if audio:
            last = audio[-1]
            if last.dts + last.duration != packet.dts and last.track is packet.track:
                audio[-1] = replace(last, duration=packet.dts - last.dts)
        audio.append(packet)
        end = packet.dts + packet.duration
        self._sound_end = end * TICKS_PER_SECOND // packet.track.timescale

    def _cut(
        self, end: int, parts: list[HlsPart], opens_segment: bool = False, takes_all: bool = False
    ) -> bool:
        """End the part at `end` if it has packets; return whether it had any.

        Audio from `end` on stays for the next one.
        """
        assert self._epoch is not None
        end = max(end, self._start + 1)
        is_full = end + self._target - self._segment_start > self._segment_max
        count = len(self._audio) if takes_all else self._audio_before(end)
        has_packets = bool(self._video or count)
        if has_packets:
            parts.append(
                HlsPart(
                    pictures=tuple(self._video),
                    sounds=tuple(self._audio[:count]),
                    tracks=self._epoch.tracks,
                    start=self._start,
                    duration=end - self._start,
                    is_independent=not self._has_video
                    or bool(self._video and self._video[0].is_key),
                    starts_segment=self._opens_segment,
                    starts_discontinuity=self._opens_discontinuity,
                    at_ms=self._at_ms,
                    ends_segment=opens_segment or is_full,
                )
            )
            if self._opens_segment:
                self._has_started_well = parts[-1].is_independent
            self._opens_segment = self._opens_discontinuity = False
            self._video = []
            del self._audio[:count]
            self._start = end
        if opens_segment or (has_packets and is_full):
            self._opens_segment = True
            self._end_segment()
        return has_packets

    def _end_segment(self) -> None:
        """Start the next segment here. The first one's length bounds all that follow."""
        duration = self._start - self._segment_start
        if duration and not self._is_bounded:
            self._is_bounded = True
            if keeps_usual_target(duration, self._target, self._segment_ms):
                self._segment_max = longest_ticks(usual_target_seconds(self._segment_ms))
        self._segment_start = self._start

    def _audio_before(self, end: int) -> int:
        audio = self._audio
        count = len(audio)
        while count:
            packet = audio[count - 1]
            if packet.dts * TICKS_PER_SECOND < end * packet.track.timescale:
                break
            count -= 1
        return count


def _target_for(duration: int) -> int:
    """The part target whose allowed range, 85 to 100 %, has a duration in its middle."""
    return duration * 40 // 37
