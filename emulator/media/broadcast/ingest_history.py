"""Ingest history: a publisher's figures of the last minutes, one sample a second.

A ring of 20 octets a sample, whatever comes. When it is full, each sample takes the place of the
oldest. It has no timer: `PublisherHealth` adds a sample when the first packet of a later second
comes, or when somebody reads.
"""

from collections.abc import Iterator
from struct import Struct as Layout

from msgspec import Struct

SECONDS_MAX = 600
_LAYOUT = Layout("<IIHBBii")
_UINT32_MAX, _UINT16_MAX, _UINT8_MAX, _INT32_MAX = 2**32 - 1, 2**16 - 1, 2**8 - 1, 2**31 - 1
# What the last two hold where they are not known.
_UNKNOWN = -(2**31)


class IngestSample(Struct, frozen=True):
    """One second of a publisher. `frames` are those that arrived in it, whatever their times.

    `gaps` and `rejoins` count what happened in this second. The key frame interval and the drift
    are those at its end, None before they are known.
    """

    video_kbits: int = 0
    audio_kbits: int = 0
    frames: int = 0
    gaps: int = 0
    rejoins: int = 0
    key_frame_interval_ms: int | None = None
    drift_ms: int | None = None


_SILENCE = IngestSample()


class IngestHistory:
    """The samples of one stream, over all its publisher's returns. Seconds count since 1970.

    Values that are larger than a sample holds are kept as the largest that it does.
    """

    def __init__(self, seconds_max: int = SECONDS_MAX) -> None:
        self._seconds_max = seconds_max
        self._ring = bytearray(_LAYOUT.size * seconds_max)
        self._first: int | None = None
        self._end = 0

    def add(self, second: int, sample: IngestSample) -> None:
        """Keep a later second's sample. Nothing came in those between it and the last one."""
        if self._first is None:
            self._first = self._end = second
        for silent in range(max(self._end, second - self._seconds_max + 1), second):
            self._write(silent, _SILENCE)
        self._write(second, sample)
        self._end = second + 1

    def read(self, seconds: int) -> tuple[int, Iterator[IngestSample]]:
        """The second of the oldest of the last `seconds` samples, and all from there on."""
        begin = max(self._first or 0, self._end - min(seconds, self._seconds_max))
        return begin, (self._read(second) for second in range(begin, self._end))

    def _write(self, second: int, sample: IngestSample) -> None:
        _LAYOUT.pack_into(
            self._ring,
            second % self._seconds_max * _LAYOUT.size,
            min(sample.video_kbits, _UINT32_MAX),
            min(sample.audio_kbits, _UINT32_MAX),
            min(sample.frames, _UINT16_MAX),
            min(sample.gaps, _UINT8_MAX),
            min(sample.rejoins, _UINT8_MAX),
            _int32(sample.key_frame_interval_ms),
            _int32(sample.drift_ms),
        )

    def _read(self, second: int) -> IngestSample:
        offset = second % self._seconds_max * _LAYOUT.size
        *counts, interval_ms, drift_ms = _LAYOUT.unpack_from(self._ring, offset)
        return IngestSample(*(*counts, _known(interval_ms), _known(drift_ms)))


def _int32(value: int | None) -> int:
    return _UNKNOWN if value is None else max(-_INT32_MAX, min(value, _INT32_MAX))


def _known(value: int) -> int | None:
    return None if value == _UNKNOWN else value
