"""Ingest history: measures of a publisher over the last minutes, one sample a second.

It is a ring of 20 bytes a sample. When it is full, each new sample replaces the oldest one. It has
no timer: `PublisherHealth` adds a sample when the first packet of a later second comes, or when
somebody reads the history.
"""

from collections.abc import Iterator
from struct import Struct as Layout

from msgspec import Struct

SECONDS_MAX = 600
_LAYOUT = Layout("<IIHBBii")
_UINT32_MAX, _UINT16_MAX, _UINT8_MAX, _INT32_MAX = 2**32 - 1, 2**16 - 1, 2**8 - 1, 2**31 - 1
# The value of the last two fields where they are not known.
_UNKNOWN = -(2**31)


class IngestSample(Struct, frozen=True):
    """One second of a publisher. `frames` counts those that arrived in it, whatever their times.

    `gaps` and `rejoins` count those of this second. The key frame interval and the drift are
    measured at its end; they are None before they are known.
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

    Values too large for their field of a sample are kept as the largest value of that field.
    """

    def __init__(self, seconds_max: int = SECONDS_MAX) -> None:
        self._seconds_max = seconds_max
        self._ring = bytearray(_LAYOUT.size * seconds_max)
        self._first: int | None = None
        self._end = 0

    def add(self, second: int, sample: IngestSample) -> None:
        """Keep the sample of a later second; the seconds since the last sample become silent."""
        if self._first is None:
            self._first = self._end = second
        for silent in range(max(self._end, second - self._seconds_max + 1), second):
            self._write(silent, _SILENCE)
        self._write(second, sample)
        self._end = second + 1

    def read(self, seconds: int) -> tuple[int, Iterator[IngestSample]]:
        """The second of the oldest of the last `seconds` samples, and these samples."""
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
