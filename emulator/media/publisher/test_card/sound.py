"""The test sound: a quiet tone, and a beep at the start of each second of media time."""

import math
from array import array
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av import AudioFrame

SAMPLE_RATE = 48_000
# AAC codes this many samples at a time (ISO/IEC 14496-3, 4.5.2.1.1).
FRAME_SAMPLES = 1024
# The duration of the beep; the picture flashes in every frame that begins within it.
BEEP_MS = 100

# The frequencies: whole numbers of waves a second.
_TONE_HERTZ = 440
_BEEP_HERTZ = 1000
_TONE_LOUDNESS = 0.02
_BEEP_LOUDNESS = 0.4
# The beep fades in and out over this many samples: short enough to measure by, and long enough to
# avoid a click.
_FADE_SAMPLES = 48


class Sound:
    """Stereo frames of 1,024 samples, in planar floats as the AAC encoder wants them.

    `tone_hertz` is a whole number, so that one second can be repeated without a click.
    """

    def __init__(self, tone_hertz: int = _TONE_HERTZ, *, has_beep: bool = True) -> None:
        second = _one_second(tone_hertz, BEEP_MS if has_beep else 0)
        # The samples of a second and one frame, so that any frame is one slice.
        self._samples = (second + second[:FRAME_SAMPLES]).tobytes()
        self._silence = bytes(FRAME_SAMPLES * second.itemsize)
        self._item_bytes = second.itemsize

    def frame(self, start: int, is_silent: bool = False) -> "AudioFrame":
        """The frame that begins at the sample with the number `start` since the broadcast began."""
        from fractions import Fraction

        from av import AudioFrame

        offset = start % SAMPLE_RATE * self._item_bytes
        samples = self._samples[offset : offset + len(self._silence)]
        frame = AudioFrame(format="fltp", layout="stereo", samples=FRAME_SAMPLES)
        for plane in frame.planes:
            plane.update(self._silence if is_silent else samples)
        frame.sample_rate = SAMPLE_RATE
        frame.time_base = Fraction(1, SAMPLE_RATE)
        frame.pts = start
        return frame


def _one_second(tone_hertz: int, beep_ms: int) -> "array[float]":
    beep_samples = SAMPLE_RATE * beep_ms // 1000
    samples = array("f", bytes(4 * SAMPLE_RATE))
    for index in range(SAMPLE_RATE):
        turn = 2 * math.pi * index / SAMPLE_RATE
        value = _TONE_LOUDNESS * math.sin(tone_hertz * turn)
        if index < beep_samples:
            fade = min(1.0, (index + 1) / _FADE_SAMPLES, (beep_samples - index) / _FADE_SAMPLES)
            value += _BEEP_LOUDNESS * fade * math.sin(_BEEP_HERTZ * turn)
        samples[index] = value
    return samples
