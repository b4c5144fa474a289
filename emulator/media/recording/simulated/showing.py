"""Showing: which part of the film was shown when, for a loop with pauses.

Pure: a loop's beginning and end, its pauses and a time determine all its parts and segments.
"""

from bisect import bisect_right
from typing import Final

from msgspec import Struct

PART_MS: Final = 200
PARTS_A_SEGMENT: Final = 10
SEGMENT_MS: Final = PART_MS * PARTS_A_SEGMENT

Pause = tuple[int, int | None]


class SimulatedRun(Struct, frozen=True):
    """The time from a publisher's arrival to its end: `count` complete parts since `began_ms`.

    `first_part` and `first_segment` are numbers in the stream, `first_film` is one of the endless
    film: each run begins at a key frame after the media shown before, so time never runs back.
    """

    began_ms: int
    count: int
    first_part: int
    first_segment: int
    first_film: int

    @property
    def segments(self) -> int:
        return -(-self.count // PARTS_A_SEGMENT)

    def film(self, number: int) -> int:
        """The number of the film's part for the stream's part `number`."""
        return self.first_film + number - self.first_part

    def instant_ms(self, number: int) -> int:
        """The time at which the stream's part `number` began."""
        return self.began_ms + (number - self.first_part) * PART_MS


class Showing:
    """All runs up to `now_ms`, or to `ended_ms`.

    `is_over`: there will be no more runs. `is_paused`: there is none at the moment.
    """

    def __init__(
        self, began_ms: int, ended_ms: int | None, pauses: tuple[Pause, ...], now_ms: int
    ) -> None:
        end_ms = now_ms if ended_ms is None else ended_ms
        self.is_over = ended_ms is not None
        self.is_paused = bool(pauses) and pauses[-1][1] is None
        self.runs: list[SimulatedRun] = []
        start_ms = began_ms
        for left_ms, back_ms in pauses:
            self._add(start_ms, min(left_ms, end_ms))
            start_ms = end_ms if back_ms is None else back_ms
        self._add(start_ms, end_ms)

    @property
    def parts(self) -> int:
        return self.runs[-1].first_part + self.runs[-1].count if self.runs else 0

    @property
    def segments(self) -> int:
        return self.runs[-1].first_segment + self.runs[-1].segments if self.runs else 0

    @property
    def duration_ms(self) -> int:
        """The duration of all parts in milliseconds."""
        return self.parts * PART_MS

    def run_of(self, part: int) -> SimulatedRun:
        """The run of an existing part."""
        return self.runs[bisect_right(self.runs, part, key=lambda run: run.first_part) - 1]

    def run_of_segment(self, msn: int) -> SimulatedRun:
        """The run of an existing segment."""
        return self.runs[bisect_right(self.runs, msn, key=lambda run: run.first_segment) - 1]

    def segment(self, msn: int) -> range:
        """The numbers of the parts of an existing segment, as far as it was shown."""
        run = self.run_of_segment(msn)
        first = run.first_part + (msn - run.first_segment) * PARTS_A_SEGMENT
        return range(first, min(first + PARTS_A_SEGMENT, run.first_part + run.count))

    def was_last(self, part: int) -> bool:
        """Whether a part was the last one when the publisher left, whether or not it came back."""
        run = self.run_of(part)
        is_left = self.is_paused or run is not self.runs[-1]
        return is_left and part == run.first_part + run.count - 1

    def _add(self, start_ms: int, end_ms: int) -> None:
        count = max(0, end_ms - start_ms) // PART_MS
        if not count:
            return
        last = self.runs[-1] if self.runs else None
        shown = last.first_film + last.segments * PARTS_A_SEGMENT if last else 0
        self.runs.append(SimulatedRun(start_ms, count, self.parts, self.segments, shown))
