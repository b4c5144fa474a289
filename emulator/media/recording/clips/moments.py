"""Moments: finds where a recording's picture changes and where its pauses end. For threads.

It looks at most at `SAMPLES_MAX` pieces at even distances, so that hours take seconds: at the first
key frame of each, small and grey, and at its loudness. Imports PyAV on use.
"""

import io
from array import array
from collections.abc import Iterator
from itertools import pairwise
from typing import Literal, NamedTuple

from msgspec import Struct

from emulator.media.recording.footage import Footage, Piece
from emulator.media.recording.pictures import drawn
from emulator.media.ticks import TICKS_PER_SECOND

SAMPLES_MAX = 240
# The smallest change of scene: the mean difference of all pixels, of a grey picture's range. A
# moving scene stays below it.
SCENE_MIN = 0.08
# Sound below this share of full loudness (root mean square) is a pause: 40 dB down.
PAUSE_MAX = 0.01
_SMALL = (32, 18)
_SOUND_RATE = 8_000

Kind = Literal["scene", "pause"]


class ClipMoment(NamedTuple):
    """A time at which a clip may begin. `strength` is from 0 to 1."""

    at_ms: int
    kind: Kind
    strength: float


class _Sample(Struct, frozen=True):
    """A measured piece; None where it has no picture, or no audio."""

    at_ms: int
    grey: bytes | None
    loudness: float | None


def moments(footage: Footage) -> tuple[ClipMoment, ...]:
    """Find the moments, in order of time. The same footage gives the same moments."""
    pieces = footage.pieces
    step = max(1, -(-len(pieces) // SAMPLES_MAX))
    samples = [_sample(piece) for piece in pieces[::step]]
    return tuple(moment for pair in pairwise(samples) for moment in _between(*pair))


def _between(before: _Sample, after: _Sample) -> Iterator[ClipMoment]:
    if before.grey is not None and after.grey is not None:
        change = _apart(before.grey, after.grey)
        if change >= SCENE_MIN:
            yield ClipMoment(after.at_ms, "scene", round(min(1.0, 3 * change), 3))
    if before.loudness is None or after.loudness is None:
        return
    if before.loudness < PAUSE_MAX <= after.loudness:
        yield ClipMoment(after.at_ms, "pause", 0.5)


def _apart(one: bytes, other: bytes) -> float:
    difference = sum(abs(a - b) for a, b in zip(one, other, strict=True))
    return difference / (255 * len(one))


def _sample(piece: Piece) -> _Sample:
    at_ms = round(piece.position * 1000 / TICKS_PER_SECOND)
    return _Sample(at_ms, _grey(piece), _loudness(piece))


def _grey(piece: Piece) -> bytes | None:
    frame = drawn(piece, piece.position / TICKS_PER_SECOND)
    if frame is None:
        return None
    width, height = _SMALL
    small = frame.reformat(width=width, height=height, format="gray")
    plane = small.planes[0]
    # A plane's lines may be longer than the picture's width.
    rows = [bytes(plane)[line * plane.line_size :][:width] for line in range(height)]
    return b"".join(rows)


def _loudness(piece: Piece) -> float | None:
    import av

    resampler = av.AudioResampler("flt", "mono", _SOUND_RATE)
    squares, count = 0.0, 0
    with av.open(io.BytesIO(piece.content()), "r", format="mp4") as container:
        if not container.streams.audio:
            return None
        try:
            for frame in container.decode(audio=0):
                for heard in resampler.resample(frame):
                    values = array("f", bytes(heard.planes[0])[: 4 * heard.samples])
                    squares += sum(value * value for value in values)
                    count += len(values)
        except av.FFmpegError:  # The rest is damaged.
            pass
    return (squares / count) ** 0.5 if count else None
