"""LoopShelf: a stream that shows a film round after round, made of the clock alone.

It has what a real stream's shelf has for players (playlists, low latency parts, blocking reload),
and writes nothing: which parts there are follows from how long the stream has run.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

from emulator.core.clock import Clock
from emulator.core.errors import Refused
from emulator.media.recording.loop.film import Film
from emulator.media.shelf.segments import Segment, Source
from emulator.media.shelf.shelf import Shelf
from emulator.media.shelf.window import Window

PART_MS = 200
SEGMENT_MS = 2_000
# How far back a live loop can be watched.
_DVR_SEGMENTS = 30
_TICKS_PER_MS = 90
_PARTS_A_SEGMENT = SEGMENT_MS // PART_MS


class LiveLoop(Shelf):
    """Live since `started_ms`, an instant of `clock`."""

    def __init__(self, film: Film, clock: Clock, started_ms: int) -> None:
        self._film = film
        self._clock = clock
        self._started_ms = started_ms
        self._is_growing = False
        self._window = _empty(0)
        super().__init__(Path(), self._window)
        self._skip_to(0)

    @property
    def window(self) -> Window:
        """The window as it is at this instant."""
        if not self._is_growing:
            self._is_growing = True
            try:
                self._grow()
            finally:
                self._is_growing = False
        return self._window

    @window.setter
    def window(self, window: Window) -> None:
        self._window = window

    def _grow(self) -> None:
        """Take the parts that have become whole since the last look."""
        count = max(0, self._clock.now_ms() - self._started_ms) // PART_MS
        first_segment = max(0, count // _PARTS_A_SEGMENT - _DVR_SEGMENTS)
        if first_segment * _PARTS_A_SEGMENT > self._window.next_part:
            self._skip_to(first_segment)
        for number in range(self._window.next_part, count):
            part = self._film.part(number)
            self.append(part, self._film.content(number))
            # The film can make it again at any time: nothing needs to be kept.
            self._window.segments[-1].parts[-1].is_written = True

    def _skip_to(self, segment: int) -> None:
        """Nobody has looked for so long that nothing of the old window is left."""
        self._window = _empty(segment)
        self._rendered.clear()
        self._fresh.clear()
        self._lengths.clear()
        self._inits[0] = self._film.init
        self._init_contents[0] = self._film.init_content
        self._window.begin(self._film.init)
        self._window.starts_run = False

    def _segment_source(self, msn: int) -> Source:
        if not self.window.first_msn <= msn < self.window.next_msn:
            raise _no_such(f"seg-{msn}.m4s")
        return _segment_content(self._film, msn, _PARTS_A_SEGMENT)

    def _part_source(self, number: int) -> Source:
        window = self.window
        if not window.first_msn * _PARTS_A_SEGMENT <= number < window.next_part:
            raise _no_such(f"part-{number}.m4s")
        return self._film.content(number)

    async def _until(self, is_true: Callable[[], bool]) -> None:
        """Look again at each part's end: nobody else says when one is there."""
        for _ in range(3 * self.window.target_seconds * 1000 // PART_MS):
            next_part = self.window.next_part
            if is_true():
                return
            due = asyncio.Event()
            self._clock.call_at(self._started_ms + (next_part + 1) * PART_MS, due.set)
            await due.wait()
        raise Refused("unavailable", "The stream has sent nothing for a while. Try again.")


class RecordedLoop(Shelf):
    """The recording of a loop that ran from `started_ms` to `ended_ms`."""

    def __init__(self, film: Film, started_ms: int, ended_ms: int) -> None:
        self._film = film
        self._count = max(1, (ended_ms - started_ms) // PART_MS)
        super().__init__(Path(), self._all(started_ms))
        self._inits[0] = film.init
        self._init_contents[0] = film.init_content

    def _all(self, started_ms: int) -> Window:
        window = Window(segment_ms=SEGMENT_MS, part_ms=PART_MS, is_recording=True)
        window.begin(self._film.init)
        for msn in range(-(-self._count // _PARTS_A_SEGMENT)):
            window.keep(self._segment(msn, started_ms))
        window.next_part = self._count
        window.finish()
        return window

    def _segment(self, msn: int, started_ms: int) -> Segment:
        first = msn * _PARTS_A_SEGMENT
        numbers = range(first, first + self._parts_in(msn))
        start = self._film.part(first).start
        lengths = self._film.lengths
        return Segment(
            msn=msn,
            init=self._film.init,
            start=start,
            program_ms=started_ms + start / _TICKS_PER_MS,
            starts_discontinuity=False,
            is_independent=True,
            duration=sum(self._film.part(number).duration for number in numbers),
            length=sum(lengths[number % len(lengths)] for number in numbers),
        )

    def _parts_in(self, msn: int) -> int:
        return min(_PARTS_A_SEGMENT, self._count - msn * _PARTS_A_SEGMENT)

    def _segment_source(self, msn: int) -> Source:
        if msn >= self.window.next_msn:
            raise _no_such(f"seg-{msn}.m4s")
        return _segment_content(self._film, msn, self._parts_in(msn))

    def _part_source(self, number: int) -> Source:
        raise _no_such(f"part-{number}.m4s")


def _empty(first_segment: int) -> Window:
    window = Window(
        segment_ms=SEGMENT_MS, part_ms=PART_MS, dvr_seconds=_DVR_SEGMENTS * SEGMENT_MS / 1000
    )
    window.next_msn = first_segment
    window.next_part = first_segment * _PARTS_A_SEGMENT
    return window


def _segment_content(film: Film, msn: int, count: int) -> bytes:
    first = msn * _PARTS_A_SEGMENT
    return b"".join(film.content(number) for number in range(first, first + count))


def _no_such(name: str) -> Refused:
    return Refused("not_found", "There is no such media file.", name=name)
