"""Resampled: converts decoded audio to the form that an encoder wants."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av import AudioFrame

RATE = 48_000
# The samples that may be missing or surplus before the clock is reset; jitter stays below.
_DRIFT = RATE // 20


class Resampled:
    """Decoded audio at 48 kHz, stereo, in frames of one size, placed by its own sample clock."""

    def __init__(self, form: str, size: int) -> None:
        from av import AudioFifo, AudioResampler

        self._resampler = AudioResampler(format=form, layout="stereo", rate=RATE)
        self._fifo = AudioFifo()
        self._size = size
        # The position of the fifo's first sample, and the number of samples written since then.
        self._at = 0
        self._written = 0
        self._is_begun = False

    def push(self, frame: "AudioFrame", at: int) -> "list[tuple[int, AudioFrame]]":
        """Add a frame at `at` (48 kHz); return the frames that are now full, with their places."""
        if self._is_begun and abs(at - self._end) > _DRIFT:
            self._fifo.read(self._fifo.samples, partial=True)
            self._is_begun = False
        if not self._is_begun:
            self._at, self._is_begun = at, True
        frame.pts = None
        for resampled in self._resampler.resample(frame):
            resampled.pts = None
            self._fifo.write(resampled)
        chunks = []
        while self._fifo.samples >= self._size:
            chunk = self._fifo.read(self._size)
            assert chunk is not None
            chunks.append((self._at, chunk))
            self._at += self._size
        return chunks

    def rest(self) -> "tuple[int, AudioFrame] | None":
        """Return the samples that are left at the end: less than a frame."""
        frame = self._fifo.read(0, partial=True)
        return (self._at, frame) if frame is not None else None

    @property
    def _end(self) -> int:
        return self._at + self._fifo.samples
