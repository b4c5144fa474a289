"""Film a flash and a beep each second, and measure how far they are apart after the emulator."""

import atexit
import shutil
import subprocess
import tempfile
from array import array
from functools import cache
from pathlib import Path

import av

from tests.support.encoders import BUNDLED, ffmpeg

_WIDTH, _HEIGHT = 320, 180
_FLASH = (
    f"color=black:size={_WIDTH}x{_HEIGHT}:rate=30,"
    "drawbox=color=white:t=fill:enable='lt(mod(t,1),0.1)'"
)
_BEEP = "aevalsrc='if(lt(mod(t,1),0.1),0.8*sin(880*2*PI*t),0)':sample_rate=44100"
_BRIGHT, _LOUD = 128, 0.15
# The beep's own wave crosses zero for less than this.
_QUIET_SECONDS = 0.3


@cache
def flash_and_beep(video: str, audio: str, *, seconds: int = 4, by: str = BUNDLED) -> Path:
    """An FLV film of both. `video` and `audio` are ffmpeg's options, codec first."""
    folder = Path(tempfile.mkdtemp(prefix="films-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = folder / "film.flv"
    command = [ffmpeg(by), "-v", "error", "-nostdin", "-f", "lavfi", "-i", _FLASH]
    command += ["-f", "lavfi", "-i", _BEEP, "-t", str(seconds), "-g", "30"]
    command += ["-c:v", *video.split(), "-c:a", *audio.split(), str(path)]
    subprocess.run(command, check=True, timeout=120)
    return path


def offsets_ms(address: str) -> list[float]:
    """The delay of each beep after its flash, without the first pair, which begins the film."""
    flashes, beeps = _onsets(address)
    return [1000 * min((beep - at for beep in beeps), key=abs) for at in flashes[1:]]


def _onsets(address: str) -> tuple[list[float], list[float]]:
    flashes: list[float] = []
    beeps: list[float] = []
    is_bright, quiet_since = False, 0.0
    with av.open(address) as container:
        for frame in container.decode(container.streams.video[0], container.streams.audio[0]):
            if isinstance(frame, av.VideoFrame):
                was_bright, is_bright = is_bright, _brightness(frame) > _BRIGHT
                if is_bright and not was_bright:
                    flashes.append(frame.time or 0.0)
            elif isinstance(frame, av.AudioFrame):
                samples = array("f", bytes(frame.planes[0]))[: frame.samples]
                for number, sample in enumerate(samples):
                    if abs(sample) > _LOUD:
                        at = (frame.time or 0.0) + number / frame.sample_rate
                        if at - quiet_since > _QUIET_SECONDS or not beeps:
                            beeps.append(at)
                        quiet_since = at
    return flashes, beeps


def _brightness(frame: av.VideoFrame) -> float:
    """The mean brightness of the middle line, 0 to 255."""
    plane = frame.reformat(format="gray").planes[0]
    start = plane.line_size * (frame.height // 2)
    return sum(bytes(plane)[start : start + frame.width]) / frame.width
