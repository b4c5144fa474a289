"""LiveLoop: a stream that shows a film round after round, computed from the clock alone.

It has everything that a real stream has for players (playlists, low latency parts, blocking
reload), but writes no files: its parts follow from the times at which the stream was shown.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from emulator.core.clock import Clock
from emulator.core.errors import Refused
from emulator.media.hls.segments import Segment, Source
from emulator.media.hls.stream import HlsStream
from emulator.media.hls.window import Window
from emulator.media.recording.simulated.film import LoopFilm
from emulator.media.recording.simulated.showing import PART_MS, SEGMENT_MS, Showing

# The length of the live window, in segments.
_DVR_SEGMENTS = 30


class LiveLoop(HlsStream):
    """A loop that is live on `clock`; `look` returns the showing up to now.

    When it is over, its live playlists end.
    """

    def __init__(self, film: LoopFilm, clock: Clock, look: Callable[[], Showing]) -> None:
        self._film = film
        self._clock = clock
        self._look = look
        self._is_growing = False
        self._window = _empty()
        super().__init__(Path(), self._window)
        self._skip_to(look(), 0)

    @property
    def window(self) -> Window:
        """The window at the current time."""
        if not self._is_growing:
            self._is_growing = True
            try:
                self._grow(self._look())
            finally:
                self._is_growing = False
        return self._window

    @window.setter
    def window(self, window: Window) -> None:
        self._window = window

    def _grow(self, showing: Showing) -> None:
        """Add the parts that have been completed since the last look."""
        first_segment = max(0, showing.segments - 1 - _DVR_SEGMENTS)
        if showing.segments and showing.segment(first_segment).start > self._window.next_part:
            self._skip_to(showing, first_segment)
        # As in a real stream, the last part comes with the end, or with the publisher's return.
        for number in range(self._window.next_part, showing.parts - showing.is_paused):
            run = showing.run_of(number)
            if number == run.first_part and self._window.segments:
                # Its publisher came back: a new segment begins, after a discontinuity.
                self._end_segment()
                self._window.begin(self._film.init)
            film_number = run.film(number)
            part = replace(self._film.part(film_number), at_ms=run.instant_ms(number))
            self.append(part, self._film.content(film_number))
            # The film can make the part again at any time: it need not be kept in memory.
            self._window.segments[-1].parts[-1].is_written = True
        if showing.is_over:
            self.finish()
        elif showing.is_paused and not self._window.is_paused:
            self.pause()

    def _skip_to(self, showing: Showing, segment: int) -> None:
        """Start a new window at a segment: nobody looked for so long that the old one is gone."""
        window = self._window = _empty()
        window.next_msn = segment
        self._rendered.clear()
        self._fresh.clear()
        self._inits[0] = self._film.init
        self._init_contents[0] = self._film.init_content
        window.begin(self._film.init)
        window.starts_run = False
        if segment:
            run = showing.run_of_segment(segment)
            window.next_part = showing.segment(segment).start
            window.starts_run = segment == run.first_segment
            window.discontinuity_sequence = showing.runs.index(run) - window.starts_run
        self._reset_offsets(window)

    def _segment_source(self, msn: int) -> Source:
        if msn not in [segment.msn for segment in self.window.listed]:
            raise _no_such(f"seg-{msn}.m4s")
        return _segment_content(self._film, self._look(), msn)

    def _part_source(self, number: int) -> Source:
        window, showing = self.window, self._look()
        if number >= window.next_part or number < showing.segment(window.first_msn).start:
            raise _no_such(f"part-{number}.m4s")
        return self._film.content(showing.run_of(number).film(number))

    async def _until(self, is_true: Callable[[], bool]) -> None:
        """Check again when the next part may be complete: nothing else signals it."""
        for _ in range(3 * self.window.target_seconds * 1000 // PART_MS):
            # A waiting request may hold the old window: reading the property makes it grow.
            if self.window and is_true():
                return
            due = asyncio.Event()
            self._clock.call_at(self._next_part_ms(), due.set)
            await due.wait()
        raise Refused("unavailable", "The stream has sent nothing for a while. Try again.")

    def _next_part_ms(self) -> int:
        """Return when the next part is complete; without a publisher, a part's length from now."""
        now_ms, runs = self._clock.now_ms(), self._look().runs
        since_ms = (now_ms - runs[-1].began_ms) % PART_MS if runs else 0
        return now_ms + PART_MS - since_ms


class RecordedLoop(HlsStream):
    """The recording of a loop.

    `was_live`: for the address at which it was live, with playlists of the same form.
    """

    def __init__(self, film: LoopFilm, showing: Showing, *, was_live: bool = False) -> None:
        self._film = film
        self._showing = showing
        super().__init__(Path(), self._all())
        self._was_live = was_live
        self._inits[0] = film.init
        self._init_contents[0] = film.init_content

    def _all(self) -> Window:
        window = _empty(is_recording=True)
        window.begin(self._film.init)
        for msn in range(self._showing.segments):
            window.keep(self._segment(msn))
        window.next_part = self._showing.parts
        window.finish()
        return window

    def _segment(self, msn: int) -> Segment:
        run = self._showing.run_of_segment(msn)
        numbers = self._showing.segment(msn)
        film, lengths = self._film, self._film.lengths
        shown = range(run.film(numbers.start), run.film(numbers.stop))
        sizes = [lengths[number % len(lengths)] for number in shown]
        was_left = self._showing.was_last(numbers[-1])
        return Segment(
            msn=msn,
            init=film.init,
            start=film.start(shown.start),
            program_ms=run.instant_ms(numbers.start),
            starts_discontinuity=msn > 0 and msn == run.first_segment,
            is_independent=True,
            duration=sum(film.duration(number) for number in shown),
            length=sum(sizes),
            length_at_pause=sum(sizes[:-1]) if was_left else 0,
        )

    def _segment_source(self, msn: int) -> Source:
        if msn >= self.window.next_msn:
            raise _no_such(f"seg-{msn}.m4s")
        return _segment_content(self._film, self._showing, msn)

    def _part_source(self, number: int) -> Source:
        raise _no_such(f"part-{number}.m4s")


def recorded(film: LoopFilm, showing: Showing, *, was_live: bool = False) -> RecordedLoop:
    """Make the recording and its playlist: both take long for a long one."""
    hls_stream = RecordedLoop(film, showing, was_live=was_live)
    if showing.parts:
        hls_stream.playlist("plain")
    return hls_stream


def _empty(*, is_recording: bool = False) -> Window:
    return Window(
        segment_ms=SEGMENT_MS,
        part_ms=PART_MS,
        dvr_seconds=_DVR_SEGMENTS * SEGMENT_MS / 1000,
        is_recording=is_recording,
    )


def _segment_content(film: LoopFilm, showing: Showing, msn: int) -> bytes:
    run = showing.run_of_segment(msn)
    return b"".join(film.content(run.film(number)) for number in showing.segment(msn))


def _no_such(name: str) -> Refused:
    return Refused("not_found", "There is no such media file.", name=name)
