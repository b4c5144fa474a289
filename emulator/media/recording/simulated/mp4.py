"""Makes one progressive MP4 of a loop's recording, which holds a single round. Pure; for threads.

Its sample tables (ISO/IEC 14496-12, 8.6 and 8.7) refer to the round's bytes once for each time that
they were shown. So a file of hours has its full duration but is only as large as its tables.
"""

import struct
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import chain, groupby, pairwise

from emulator.media.codecs.boxes import box, full_box
from emulator.media.hls.fmp4 import movie_header, trak
from emulator.media.hls.part import HlsPart
from emulator.media.packets import Track, VideoTrack
from emulator.media.recording.simulated.film import LoopFilm
from emulator.media.recording.simulated.showing import PART_MS, Showing
from emulator.media.ticks import TICKS_PER_SECOND

_FTYP = box(b"ftyp", b"isom", bytes(4), b"isomiso2avc1mp41")

# An entry of a table for many equal samples in a row: their number, and the value.
Run = tuple[int, int]


def whole(film: LoopFilm, showing: Showing) -> bytes:
    """Return the file: its index first, then a round.

    Raises `ValueError` where no media was shown.
    """
    shown = [
        number % len(film.parts)
        for run in showing.runs
        for number in range(run.first_film, run.first_film + run.count)
    ]
    if not shown:
        raise ValueError("nothing was shown")
    tracks = [_Shown(film, track, shown) for track in film.parts[0].tracks]
    # Offsets have a constant size, so the index's length is known before their values.
    begins = len(_FTYP) + len(_index(tracks, 0)) + 8
    content = b"".join(chunk.content for track in tracks for chunk in track.chunks)
    return _FTYP + _index(tracks, begins) + box(b"mdat", content)


def _index(tracks: "list[_Shown]", begins: int) -> bytes:
    """The moov of a file whose round begins at byte `begins`, one track after the other."""
    traks = []
    for track in tracks:
        tables = (*track.tables, track.offsets(begins))
        traks.append(trak(track.track, tables, track.duration))
        begins += track.length
    return box(b"moov", movie_header(tracks[0].duration_ms), *traks)


class _Chunk:
    """One part's packets of one track.

    `first` and `last` are the times of the first and the last packet in the part.
    """

    def __init__(self, part: HlsPart, track: Track) -> None:
        packets = [packet for packet in part.packets if packet.track == track]
        part_begins = part.start * track.timescale // TICKS_PER_SECOND
        self.content = b"".join(bytes(packet.data) for packet in packets)
        self.count = len(packets)
        self.first = packets[0].dts - part_begins
        self.last = packets[-1].dts - part_begins
        self.last_duration = packets[-1].duration
        self.sizes = struct.pack(f">{self.count}I", *(len(packet.data) for packet in packets))
        self.steps = [two.dts - one.dts for one, two in pairwise(packets)]
        self.shifts = _runs((1, packet.pts - packet.dts) for packet in packets)
        self.keys = [number for number, packet in enumerate(packets) if packet.is_key]


class _Shown:
    """One track: its chunks, one for each part of the film, in the order of their showing.

    Each part is shown for the duration of a part; so audio and video stay in sync over any cut.
    """

    def __init__(self, film: LoopFilm, track: Track, shown: list[int]) -> None:
        self.track = track
        self.chunks = [_Chunk(part, track) for part in film.parts]
        self._shown = shown
        self._part_ticks = track.timescale * PART_MS // 1000
        self.length = sum(len(chunk.content) for chunk in self.chunks)
        self.duration_ms = len(shown) * PART_MS
        self.duration = len(shown) * self._part_ticks
        self.tables = (
            _table(b"stts", self._durations()),
            *self._shifts(),
            *self._keys(),
            self._chunk_lengths(),
            self._sizes(),
        )

    def offsets(self, begins: int) -> bytes:
        """The stco box: the place of each shown chunk of a track that begins at `begins`."""
        packed = []
        for chunk in self.chunks:
            packed.append(struct.pack(">I", begins))
            begins += len(chunk.content)
        places = b"".join(packed[number] for number in self._shown)
        return full_box(b"stco", 0, 0, struct.pack(">I", len(self._shown)), places)

    def _durations(self) -> Iterable[Run]:
        @cache
        def runs(this: int, following: int) -> list[Run]:
            chunk = self.chunks[this]
            last = self._part_ticks + self.chunks[following].first - chunk.last
            return _runs((1, step) for step in (*chunk.steps, last))

        yield from chain.from_iterable(runs(*pair) for pair in pairwise(self._shown))
        chunk = self.chunks[self._shown[-1]]
        yield from _runs((1, step) for step in (*chunk.steps, chunk.last_duration))

    def _shifts(self) -> Iterator[bytes]:
        """Yield the ctts box: the display delay of each frame; none if all are 0."""
        if any(shift for chunk in self.chunks for _, shift in chunk.shifts):
            shown = chain.from_iterable(self.chunks[number].shifts for number in self._shown)
            yield _table(b"ctts", shown)

    def _keys(self) -> Iterator[bytes]:
        """Yield the stss box: the samples at which a player can begin; none for audio."""
        if not isinstance(self.track, VideoTrack):
            return
        packed, before = [], 1
        for number in self._shown:
            chunk = self.chunks[number]
            packed += [before + key for key in chunk.keys]
            before += chunk.count
        yield full_box(b"stss", 0, 0, struct.pack(f">I{len(packed)}I", len(packed), *packed))

    def _chunk_lengths(self) -> bytes:
        entries, chunk_number = [], 1
        for count, samples in _runs((1, self.chunks[number].count) for number in self._shown):
            entries.append(struct.pack(">3I", chunk_number, samples, 1))
            chunk_number += count
        return full_box(b"stsc", 0, 0, struct.pack(">I", len(entries)), *entries)

    def _sizes(self) -> bytes:
        sizes = b"".join(self.chunks[number].sizes for number in self._shown)
        return full_box(b"stsz", 0, 0, struct.pack(">2I", 0, len(sizes) // 4), sizes)


def _runs(runs: Iterable[Run]) -> list[Run]:
    """Run lengths: the number of equal values in a row, with the value."""
    return [
        (sum(count for count, _ in same), value)
        for value, same in groupby(runs, key=lambda run: run[1])
    ]


def _table(kind: bytes, values: Iterable[Run]) -> bytes:
    runs = _runs(values)
    entries = b"".join(struct.pack(">Ii", count, value) for count, value in runs)
    # Version 1 of ctts allows frames that are shown before they are decoded.
    version = 1 if kind == b"ctts" else 0
    return full_box(kind, version, 0, struct.pack(">I", len(runs)), entries)
