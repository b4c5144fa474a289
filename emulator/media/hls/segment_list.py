"""SegmentList: the complete segments of a window, oldest first; old ones are packed.

A stream whose viewers may seek back to its start has 1,800 segments an hour. An object each, with
its numbers, takes 330 bytes; packed it is a row of 41. Readers get `Segment` objects in any case.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from struct import Struct as Layout
from struct import error as NotFitting
from typing import overload

from emulator.media.hls.segments import Init, Segment, StoredPart

# msn, start, program_ms, duration, length, frames, first_part, part_count, init, flags.
_ROW = Layout("<IqdIIIIHHB")
_MSN = Layout("<I")
_DISCONTINUITY, _INDEPENDENT, _GAP = 1, 2, 4


class SegmentList(Sequence[Segment]):
    """A queue of segments: they are added at the end and removed at the front.

    A segment that `pack` has packed is unpacked again for each reader, so changes by a reader are
    lost. `duration` is that of all segments together, in ticks.
    """

    def __init__(self, segments: Iterable[Segment] = ()) -> None:
        self._rows = bytearray()
        self._recent = deque(segments)
        # By number: segments whose publisher left in them, and others that fit in no row.
        self._unpacked: dict[int, Segment] = {}
        # The text of each packed segment in playlists; empty until a player has asked for it.
        self._texts: list[str] = []
        self._inits: dict[int, Init] = {}
        self._uses: Counter[int] = Counter()
        self._gaps = 0
        self.duration = sum(segment.duration for segment in self._recent)

    def __len__(self) -> int:
        return self._packed + len(self._recent)

    @overload
    def __getitem__(self, index: int) -> Segment: ...
    @overload
    def __getitem__(self, index: slice) -> list[Segment]: ...
    def __getitem__(self, index: int | slice) -> Segment | list[Segment]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        packed = self._packed
        if index < 0:
            index += packed + len(self._recent)
        if index < 0:
            raise IndexError("there is no such segment")
        return self._read(index) if index < packed else self._recent[index - packed]

    def __iter__(self) -> Iterator[Segment]:
        return chain(map(self._read, range(self._packed)), self._recent)

    def __reversed__(self) -> Iterator[Segment]:
        return chain(reversed(self._recent), map(self._read, reversed(range(self._packed))))

    @property
    def has_gap(self) -> bool:
        """Whether the bytes of one of the segments are lost."""
        return self._gaps > 0 or any(segment.is_gap for segment in self._recent)

    @property
    def late_parts(self) -> list[StoredPart]:
        """The parts that were added to segments after those were listed in a pause."""
        segments = chain(self._unpacked.values(), self._recent)
        return [part for segment in segments for part in segment.late_parts]

    @property
    def inits(self) -> list[Init]:
        """The init segments of all these segments, each once, in their order."""
        numbers = dict.fromkeys([*self._uses, *(segment.init.number for segment in self._recent)])
        known = self._inits | {segment.init.number: segment.init for segment in self._recent}
        return [known[number] for number in numbers]

    def append(self, segment: Segment) -> None:
        self._recent.append(segment)
        self.duration += segment.duration

    def popleft(self) -> Segment:
        """Remove the first segment and return it."""
        segment = self[0]
        self.duration -= segment.duration
        if not self._rows:
            return self._recent.popleft()
        del self._rows[: _ROW.size]
        self._unpacked.pop(segment.msn, None)
        del self._texts[0]
        self._gaps -= segment.is_gap
        self._uses -= Counter((segment.init.number,))
        return segment

    def pack(self, first_msn: int) -> None:
        """Pack the segments before `first_msn`, up to the first one with bytes in memory.

        Their parts are forgotten but for their numbers.
        """
        recent = self._recent
        while recent and recent[0].msn < first_msn:
            if any(part.content for part in recent[0].parts):
                return
            segment = recent.popleft()
            segment.drop_parts()
            self._add_row(segment)

    def texts(self, text_of: Callable[[Segment], str], skipped: int = 0) -> Iterator[str]:
        """Yield the text of each segment after the first `skipped`.

        `text_of` is called only once for a packed segment, unless its text has changed since a
        pause.
        """
        for index, text in enumerate(self._texts[skipped:], skipped):
            yield text or self._text(index, text_of)
        for segment in islice(self._recent, max(0, skipped - self._packed), None):
            yield text_of(segment)

    def _text(self, index: int, text_of: Callable[[Segment], str]) -> str:
        segment = self._read(index)
        text = text_of(segment)
        if segment.msn not in self._unpacked:
            self._texts[index] = text
        return text

    @property
    def _packed(self) -> int:
        return len(self._rows) // _ROW.size

    def _add_row(self, segment: Segment) -> None:
        number = segment.init.number
        flags = (
            _DISCONTINUITY * segment.starts_discontinuity
            | _INDEPENDENT * segment.is_independent
            | _GAP * segment.is_gap
        )
        try:
            row = _ROW.pack(
                segment.msn,
                segment.start,
                segment.program_ms,
                segment.duration,
                segment.length,
                segment.frames,
                segment.first_part,
                segment.part_count,
                number,
                flags,
            )
        except NotFitting:  # A segment of 4 GiB, or of 13 hours.
            row = _MSN.pack(segment.msn).ljust(_ROW.size, b"\0")
            self._unpacked[segment.msn] = segment
        if segment.duration_at_pause or segment.length_at_pause:
            self._unpacked[segment.msn] = segment
        self._rows += row
        self._texts.append("" if segment.msn in self._unpacked else segment.listed)
        self._inits[number] = segment.init
        self._uses[number] += 1
        self._gaps += segment.is_gap

    def _read(self, index: int) -> Segment:
        msn, start, program_ms, duration, length, frames, first_part, part_count, init, flags = (
            _ROW.unpack_from(self._rows, index * _ROW.size)
        )
        return self._unpacked.get(msn) or Segment(
            msn=msn,
            init=self._inits[init],
            start=start,
            program_ms=program_ms,
            starts_discontinuity=bool(flags & _DISCONTINUITY),
            is_independent=bool(flags & _INDEPENDENT),
            duration=duration,
            length=length,
            frames=frames,
            is_gap=bool(flags & _GAP),
            first_part=first_part,
            part_count=part_count,
        )
