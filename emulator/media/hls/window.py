"""Window: the segments and parts of a stream that players can ask for now. Pure: no file, no clock.

Segments only join at the end and leave at the front; `version` grows with each change, so that
anything made from a window can be kept until the version differs.

RFC 8216bis does not let the target duration change (6.2.1), and how often a publisher's key frames
come is not known in advance. So the first segment decides it, before which no playlist is served:
twice the segment length, which a publisher whose key frames come at least that often never exceeds,
or 10 s. The segmenter keeps all later segments within it (docs/decisions/0018). 10 s for all
streams would put every player that counts in target durations 30 s behind.
"""

from collections import deque
from math import ceil

from emulator.media.hls.segment_list import SegmentList
from emulator.media.hls.segmenter import (
    LONG_TARGET_SECONDS,
    keeps_usual_target,
    usual_target_seconds,
)
from emulator.media.hls.segments import Init, Segment, StoredPart
from emulator.media.ticks import TICKS_PER_MS, TICKS_PER_SECOND


class Window:
    """The live window of one stream, or all of a finished recording (`is_recording`)."""

    def __init__(
        self, *, segment_ms: int, part_ms: int, dvr_seconds: float = 0, is_recording: bool = False
    ) -> None:
        self.segment_ms = segment_ms
        self.part_ms = part_ms
        self.dvr_seconds = dvr_seconds
        self.is_recording = is_recording
        self.is_finished = False
        # True while nobody publishes.
        self.is_paused = False
        self.version = 0
        self.complete = SegmentList()
        self.open: Segment | None = None
        self.init: Init | None = None
        self.discontinuity_sequence = 0
        self.next_msn = 0
        # Segments that left the window lately. Players may fetch them for the length of the
        # playlist that listed them (RFC 8216bis, 6.2.2).
        self.left: deque[Segment] = deque()
        self.next_part = 0
        self.target_seconds = usual_target_seconds(segment_ms)
        self.part_target = part_target_for(part_ms * TICKS_PER_MS)
        self.peak_bits = 0
        self.total_bytes = 0
        self.total_ticks = 0
        # The number of late parts of segments that have left the window: see `Segment.late_parts`.
        self.late_parts_dropped = 0
        self._dependent = 0
        self._run_frames = 0
        self._run_ticks = 0
        self._fastest = (0, 1)
        self._run_anchor: tuple[int, float] | None = None
        self.starts_run = False
        self.has_captions = False

    def begin(self, init: Init) -> None:
        """Start a run: the next media has another clock or other codecs."""
        self.end_segment()
        self.init = init
        self.starts_run = True
        self._run_anchor = None
        self._run_frames = self._run_ticks = 0
        self._fastest = (0, 1)

    def add(
        self,
        content: bytes,
        *,
        start: int,
        duration: int,
        frames: int,
        is_independent: bool,
        at_ms: int,
        has_captions: bool = False,
    ) -> tuple[Segment, StoredPart]:
        """Append one part to the open segment, or open one with it."""
        self.is_paused = False
        segment = self.open or self._open_segment(start, is_independent, at_ms)
        part = StoredPart(
            number=self.next_part,
            offset=segment.length,
            length=len(content),
            duration=duration,
            is_independent=is_independent,
            content=content,
        )
        self.next_part += 1
        segment.add(part, frames)
        if segment.duration_at_pause:
            segment.late_parts += (part,)
        self.has_captions = self.has_captions or has_captions
        self._run_frames += frames
        self._run_ticks += duration
        if duration > self.part_target:
            self.part_target = part_target_for(duration)
        self.version += 1
        return segment, part

    def end_segment(self) -> Segment | None:
        """Close the open segment, if there is one, and let old ones leave the window."""
        segment, self.open = self.open, None
        if segment is not None:
            self.keep(segment)
            self._note_rate(segment.frames, segment.duration)
            self._trim()
        return segment

    def pause(self) -> None:
        """List the open segment as it is, since no media comes for a while.

        It may still get a last part.
        """
        self.is_paused = True
        if self.open is not None:
            self._settle_target(self.open)
            self.open.duration_at_pause = self.open.duration
            self.open.length_at_pause = self.open.length
            self.open.late_parts = ()
        self.version += 1

    def keep(self, segment: Segment) -> None:
        """Append a complete segment."""
        self._settle_target(segment)
        self.complete.append(segment)
        self.next_msn = segment.msn + 1
        self.total_bytes += segment.length
        self.total_ticks += segment.duration
        # A short last segment tells nothing about the rate (RFC 8216bis, 4.4.6.2: BANDWIDTH).
        if segment.duration * 2 >= self.segment_ms * TICKS_PER_MS or not self.peak_bits:
            self.peak_bits = max(self.peak_bits, bits_per_second(segment.length, segment.duration))
        self._dependent += not segment.is_independent
        self.version += 1

    def finish(self) -> Segment | None:
        """End the window, and return the segment that was open, if any."""
        segment = self.end_segment()
        self.is_finished = True
        self.version += 1
        return segment

    def drop_before(self, msn: int) -> None:
        """Drop every complete segment before `msn` from the window."""
        while self.complete and self.complete[0].msn < msn:
            self._drop_first()
            self.version += 1
        self._forget()

    def length_ms(self, msn: int) -> int:
        """The length of a complete segment in milliseconds; 0 for one that is not there."""
        index = msn - self.complete[0].msn if self.complete else -1
        if not 0 <= index < len(self.complete):
            return 0
        return round(self.complete[index].duration / TICKS_PER_MS)

    @property
    def segments(self) -> list[Segment]:
        """All segments, the open one last."""
        return [*self.complete, self.open] if self.open is not None else list(self.complete)

    @property
    def listed(self) -> list[Segment]:
        """The segments that a playlist without parts lists: those that are not expected to grow."""
        return self.segments if self.is_paused else list(self.complete)

    @property
    def has_just_begun(self) -> bool:
        """Whether the second segment is open and still shorter than the hold-back.

        video.js assumes that an open segment is as long as the target duration, and waits for the
        time at which it would begin then: 15 s more where key frames come every 8.3 s.
        """
        opened = self.open
        is_second = opened is not None and opened.msn == 1 and not self.is_paused
        return is_second and opened is not None and opened.duration <= 3 * self.part_target

    @property
    def first_msn(self) -> int:
        return self.complete[0].msn if self.complete else self.next_msn

    @property
    def keeps_all(self) -> bool:
        """Whether every segment since the start is listed, and none will leave."""
        return not self.dvr_seconds and self.first_msn == 0

    @property
    def is_independent(self) -> bool:
        """Whether every segment begins with a key frame; one after a forced cut does not."""
        return not self._dependent and (self.open is None or self.open.is_independent)

    @property
    def last_msn(self) -> int:
        """The number of the last complete segment; -1 before there is one."""
        return self.next_msn - 1

    @property
    def duration(self) -> int:
        return self.complete.duration + (self.open.duration if self.open is not None else 0)

    @property
    def end_ms(self) -> int:
        """The time at which the media ends; 0 before there is any."""
        last = self.open or (self.complete[-1] if self.complete else None)
        if last is None:
            return 0
        return round(last.program_ms + last.duration / TICKS_PER_MS)

    @property
    def frame_rate(self) -> float | None:
        """The frames a second in the fastest segments of the present run; None without video.

        A playlist states the highest rate (RFC 8216bis, 4.4.6.2): where a picture stood still for a
        while, an average would be too low. Before a segment is complete, the media so far counts.
        """
        frames, ticks = self._fastest if self._fastest[0] else (self._run_frames, self._run_ticks)
        return _usual_rate(frames * TICKS_PER_SECOND / ticks) if frames and ticks else None

    def note_frames(self, frames: int, ticks: int) -> None:
        """Count the frames of a segment that was appended as a whole."""
        self._run_frames += frames
        self._run_ticks += ticks
        self._note_rate(frames, ticks)

    def _note_rate(self, frames: int, ticks: int) -> None:
        """Update the frame rate with a complete segment, unless it is shorter than a second."""
        if ticks < TICKS_PER_SECOND:
            return
        fastest, fastest_ticks = self._fastest
        now, before = frames * fastest_ticks, fastest * ticks
        # The wire's milliseconds are rounded, so segments of nearly the same rate are counted
        # together.
        if abs(now - before) * 100 <= before:
            self._fastest = (fastest + frames, fastest_ticks + ticks)
        elif now > before:
            self._fastest = (frames, ticks)

    def _open_segment(self, start: int, is_independent: bool, at_ms: int) -> Segment:
        if self.init is None:
            raise ValueError("a part came before its init segment")
        if self._run_anchor is None:
            self._run_anchor = (start, max(at_ms, self._last_end_ms()))
        # Dates follow the media's clock within a run: arrival times jitter, and players that align
        # by date would see segments overlap. The media of a publisher that sends faster than in
        # real time is dated later than it arrives: then the next run continues at its end.
        anchor_start, anchor_ms = self._run_anchor
        self.open = Segment(
            msn=self.next_msn,
            init=self.init,
            start=start,
            program_ms=anchor_ms + (start - anchor_start) / TICKS_PER_MS,
            starts_discontinuity=self.starts_run and self.next_msn > 0,
            is_independent=is_independent,
        )
        self.starts_run = False
        return self.open

    def _last_end_ms(self) -> float:
        """The time at which the last complete segment ends; 0 before there is one."""
        if not self.complete:
            return 0
        last = self.complete[-1]
        return last.program_ms + last.duration / TICKS_PER_MS

    def _settle_target(self, segment: Segment) -> None:
        """Set the target duration by the first segment.

        A later segment is longer only where no cut was possible: within one long frame, which no
        limit would make shorter.
        """
        is_first = not self.total_ticks
        if is_first and not keeps_usual_target(segment.duration, self.part_target, self.segment_ms):
            self.target_seconds = max(self.target_seconds, LONG_TARGET_SECONDS)
        self.target_seconds = max(self.target_seconds, round_seconds(segment.duration))

    def _trim(self) -> None:
        """Keep `dvr_seconds` of media, at least three target durations (RFC 8216, 6.2.2)."""
        if not self.dvr_seconds or self.is_recording:
            return
        value = max(self.dvr_seconds, 3 * self.target_seconds) * TICKS_PER_SECOND
        while self.complete and self.complete.duration - self.complete[0].duration >= value:
            self._drop_first()
        self._forget()

    def _forget(self) -> None:
        """Forget segments that left the window longer ago than a playlist's length.

        Parts leave a playlist before their segment does, and both are kept for that time.
        """
        count = self.duration + 3 * self.target_seconds * TICKS_PER_SECOND
        total = sum(segment.duration for segment in self.left)
        while self.left and total > count:
            total -= self.left.popleft().duration

    def _drop_first(self) -> None:
        # The discontinuity tag leaves with its segment, and is counted from then on (RFC 8216bis,
        # 6.2.2).
        segment = self.complete.popleft()
        self.left.append(segment)
        self.discontinuity_sequence += segment.starts_discontinuity
        self.late_parts_dropped += len(segment.late_parts)
        self._dependent -= not segment.is_independent


def part_target_for(duration: int) -> int:
    """The part target for parts of `duration`: the segmenter's rule.

    `duration` is in the middle of its allowed range, 85 to 100 % (RFC 8216bis, 4.4.3.7).
    """
    return duration * 40 // 37


def round_seconds(ticks: int) -> int:
    """Round to the nearest second, halves up, as EXTINF is compared with the target duration."""
    return (ticks + TICKS_PER_SECOND // 2) // TICKS_PER_SECOND


def bits_per_second(length: int, ticks: int) -> int:
    return ceil(length * 8 * TICKS_PER_SECOND / ticks) if ticks else 0


_USUAL_RATES = (10, 12, 15, 20, 24000 / 1001, 24, 25, 30000 / 1001, 30, 48, 50, 60000 / 1001, 60)


def _usual_rate(rate: float) -> float:
    """The nearest usual rate if it is within half a percent, because RTMP's clock is coarse."""
    nearest = min(_USUAL_RATES, key=lambda usual: abs(usual - rate))
    return nearest if abs(nearest - rate) <= 0.005 * nearest else rate
