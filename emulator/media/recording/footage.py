"""Footage: the media of an `HlsStream` at one instant, for a thread to decode or remux.

Positions count from the footage's start as a player shows them: the sum of the durations before. A
segment's own timestamps are on the stream's timeline; `Piece.shift` converts one to the other.
"""

from collections.abc import Iterator
from itertools import groupby

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.media.hls.segments import Init, Segment, Source, read, source_length
from emulator.media.hls.stream import HlsStream
from emulator.media.ticks import TICKS_PER_SECOND


class Piece(Struct, frozen=True):
    """One segment, at `position`, with `duration` ticks of 1/90,000 s."""

    position: int
    duration: int
    start: int
    init: Init
    init_source: Source
    source: Source

    @property
    def end(self) -> int:
        return self.position + self.duration

    @property
    def shift(self) -> int:
        """The ticks to add to a timestamp of the stream to get a position."""
        return self.position - self.start

    def content(self) -> bytes:
        """Read the init segment and the segment: together a small MP4. Blocks on the disk."""
        return read(self.init_source) + read(self.source)


class Footage(Struct, frozen=True):
    """Immutable pieces of a stream; their files stay unchanged until the recording is deleted."""

    pieces: tuple[Piece, ...]

    @property
    def duration(self) -> int:
        return self.pieces[-1].end if self.pieces else 0

    @property
    def seconds(self) -> float:
        return self.duration / TICKS_PER_SECOND

    @property
    def newest(self) -> float:
        """The position of the last piece in seconds, most often of a key frame."""
        return self.pieces[-1].position / TICKS_PER_SECOND if self.pieces else 0.0

    def check(self, seconds: float) -> None:
        """Refuse (`invalid`) a time outside the footage; a time in a gap is inside."""
        if not 0 <= round(seconds * TICKS_PER_SECOND) <= self.duration:
            raise self._outside()

    def near(self, seconds: float) -> list[Piece]:
        """Return all pieces, the nearest to a position first."""
        position = seconds * TICKS_PER_SECOND

        def distance(piece: Piece) -> float:
            return max(piece.position - position, position - piece.end + 1, 0)

        return sorted(self.pieces, key=distance)

    def at(self, position: int) -> Piece:
        """Return the piece at a position. Refuses (`invalid`) a position outside the footage."""
        for piece in self.pieces:
            if piece.position <= position < piece.end:
                return piece
        if self.pieces and position == self.duration:
            return self.pieces[-1]
        raise self._outside()

    def _outside(self) -> Refused:
        return Refused("invalid", f"time is out of range: the video is {self.seconds:.3f} s long.")

    @property
    def length(self) -> int:
        """The total length of all pieces in bytes, without their init segments."""
        return sum(source_length(piece.source) for piece in self.pieces)

    def runs(self) -> Iterator[list[Piece]]:
        """Yield the pieces in order, grouped by their init segment."""
        for _, pieces in groupby(self.pieces, key=lambda piece: piece.init.number):
            yield list(pieces)


def footage(hls_stream: HlsStream) -> Footage:
    """Return the footage of all complete segments; before there is one, of the parts so far.

    For the event loop's thread. Refuses `not_found` where there is no media yet.
    """
    window = hls_stream.window
    segments = list(window.complete)
    pieces: list[Piece] = []
    position = 0
    for segment in segments:
        if not segment.is_gap:
            init_source = hls_stream.media_now(segment.init.name)
            source = hls_stream.whole(segment.msn)
            pieces.append(
                Piece(position, segment.duration, segment.start, segment.init, init_source, source)
            )
        position += segment.duration
    if not pieces and window.open is not None and (content := window.open.content()) is not None:
        opened = window.open
        init_source = hls_stream.media_now(opened.init.name)
        pieces.append(Piece(0, opened.duration, opened.start, opened.init, init_source, content))
    if not pieces:
        raise Refused("not_found", "This stream has no media yet.", retry_after_seconds=1)
    return Footage(tuple(pieces))


def stretch(hls_stream: HlsStream, first: int, last: int) -> tuple[Footage, int]:
    """Return the footage from `first` to `last` (ticks), which begins at the key frame before.

    Its own positions count from 0; its position in the stream is returned with it. For a live
    stream the open segment's parts count too. Refuses (`not_found`) where that media no longer
    exists.
    """
    window = hls_stream.window
    position = window.total_ticks - window.complete.duration
    timed: list[tuple[int, Segment]] = []
    for segment in window.segments:
        begins, position = position, position + segment.duration
        if segment.is_gap or begins >= last:
            continue
        if segment.is_independent and begins <= first:
            timed.clear()
        timed.append((begins, segment))
    while timed and not timed[0][1].is_independent:
        timed.pop(0)
    base = timed[0][0] if timed else 0
    pieces = [_piece(hls_stream, segment, begins - base) for begins, segment in timed]
    selected = tuple(piece for piece in pieces if piece is not None)
    if not selected or base + selected[-1].end <= first:
        raise Refused("not_found", "This part of the stream is no longer recorded.")
    return Footage(selected), base


def _piece(hls_stream: HlsStream, segment: Segment, position: int) -> Piece | None:
    """Return the piece of a segment; None for an open one that is not completely in memory."""
    is_open = segment is hls_stream.window.open
    source = segment.content() if is_open else hls_stream.whole(segment.msn)
    if source is None:
        return None
    init_source = hls_stream.media_now(segment.init.name)
    return Piece(position, segment.duration, segment.start, segment.init, init_source, source)
