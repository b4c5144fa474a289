"""Real encoders and players: the ffmpeg that comes with the tests, and the system's ffmpeg.

Films are encoded once per checkout and then only copied, so that many publishers need little CPU.
"""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import imageio_ffmpeg

from tests.support.films import encoded
from tests.support.live_server import PATIENCE_SECONDS
from tests.support.required_programs import need

BUNDLED, SYSTEM = "bundled", "system"
# The two, with names for parametrised tests. The bundled one is years newer than most systems'.
BOTH = (BUNDLED, SYSTEM)

H264 = "libx264 -preset ultrafast -g 30 -bf 0"


def ffmpeg(which: str = BUNDLED) -> str:
    """The path of an ffmpeg; skips the test where the system has none."""
    return imageio_ffmpeg.get_ffmpeg_exe() if which == BUNDLED else need("ffmpeg")


@cache
def film(
    *,
    seconds: float = 4,
    size: str = "320x180",
    rate: str = "30",
    video: str = H264,
    audio: str = "aac",
    form: str = "flv",
) -> Path:
    """A test picture and a tone in a file; empty `video` or `audio` leaves that track out."""
    command = [ffmpeg(), "-v", "error", "-nostdin"]
    if video:
        command += ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}:duration={seconds}"]
    if audio:
        command += ["-f", "lavfi", "-i", f"sine=sample_rate=48000:duration={seconds}"]
    if video:
        command += ["-pix_fmt", "yuv420p", "-c:v", *video.split()]
    if audio:
        command += ["-c:a", *audio.split()]
    return encoded(command, form)


class Push:
    """An ffmpeg that publishes."""

    def __init__(self, command: list[str]) -> None:
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        self._said: list[bytes] = []

    def said(self) -> str:
        """Its error output, once it has ended."""
        if not self._said:
            self._said.append(self.process.communicate(timeout=PATIENCE_SECONDS)[1])
        return self._said[0].decode(errors="replace")

    def stop(self) -> None:
        """Stop as by Ctrl-C: ffmpeg ends its publish in good order."""
        self.process.send_signal(signal.SIGINT)
        self.said()

    def kill(self) -> None:
        """End it as a crash would: the connection breaks."""
        self.process.kill()
        self.said()


@contextmanager
def pushing(
    address: str,
    source: Path | None = None,
    *,
    by: str = BUNDLED,
    is_endless: bool = True,
    is_paced: bool = True,
    options: tuple[str, ...] = (),
    codecs: tuple[str, ...] = ("-c", "copy"),
) -> Iterator[Push]:
    """Publish a film to `address`, once or in a loop, at its own pace or as fast as possible.

    `options` come before the address: they are options of the connection.
    """
    command = [ffmpeg(by), "-v", "error", "-nostdin"]
    command += ["-re"] if is_paced else []
    command += ["-stream_loop", "-1"] if is_endless else []
    command += ["-i", str(source or film()), *codecs, *options, "-f", "flv", address]
    push = Push(command)
    try:
        yield push
    finally:
        push.kill()
        if push.process.stderr is not None:
            push.process.stderr.close()


def address_of(stream: dict[str, Any], protocol: str = "rtmp") -> str:
    return f"{stream[protocol + '_url']}/{stream['stream_key']}"


@dataclass(frozen=True)
class Played:
    """The presentation times that a player decoded, in seconds, by track."""

    video: list[float]
    audio: list[float]


class Player:
    """An ffmpeg that plays, and stops at the first error."""

    def __init__(self, address: str | Path, *options: str, by: str = BUNDLED) -> None:
        command = [ffmpeg(by), "-v", "error", "-nostdin", "-xerror", *options, "-i", str(address)]
        command += ["-map", "0:v?", "-map", "0:a?", "-fps_mode", "passthrough"]
        self._process = subprocess.Popen(
            [*command, "-f", "framecrc", "-"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def __enter__(self) -> "Player":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.returncode is None:
            self._process.kill()
            self._process.communicate()

    def result(self) -> Played:
        """Its decoded media, after its end. The test fails if there were errors."""
        data, complaints = self._process.communicate(timeout=PATIENCE_SECONDS)
        assert self._process.returncode == 0, complaints.decode(errors="replace")
        assert not complaints, complaints.decode(errors="replace")
        return _played(data.decode())


def play(address: str | Path, *options: str, by: str = BUNDLED) -> Played:
    """Play to the end. `options` come before the address, such as `-t 2`."""
    with Player(address, *options, by=by) as player:
        return player.result()


def _played(report: str) -> Played:
    """Read ffmpeg's `framecrc` report: a time base and a kind per stream, then a line per frame."""
    bases: dict[int, float] = {}
    kinds: dict[int, str] = {}
    times: dict[str, list[float]] = {"video": [], "audio": []}
    for line in report.splitlines():
        if line.startswith("#tb "):
            number, _, base = line[4:].partition(": ")
            over, _, under = base.partition("/")
            bases[int(number)] = int(over) / int(under)
        elif line.startswith("#media_type "):
            number, _, kind = line[12:].partition(": ")
            kinds[int(number)] = kind
        elif line and not line.startswith("#"):
            stream, _, pts = line.split(",")[:3]
            times[kinds[int(stream)]].append(int(pts) * bases[int(stream)])
    return Played(times["video"], times["audio"])
