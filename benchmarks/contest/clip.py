"""Clip: a film of known size and bit rate, made once, that publishers send in a loop.

It is kept in `benchmarks/peers/`, which git ignores. It has a whole number of pictures and of AAC
frames, so that it loops without a jump in time.
"""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg

from emulator.media.ingest.tag import Tag
from emulator.media.publisher.flv_tap import FlvTap

SECONDS = 40
KEY_FRAME_SECONDS = 2
FRAMES_PER_SECOND = 30
_FOLDER = Path(__file__).parent.parent / "peers"
_SEQUENCE_START, _END_OF_SEQUENCE = 0, 2


@dataclass(frozen=True)
class Kind:
    """A kind of publisher: H.264 at a constant rate, a key frame every 2 s, and AAC."""

    height: int
    video_kbit: int
    audio_kbit: int = 128

    @property
    def width(self) -> int:
        return self.height * 16 // 9

    @property
    def path(self) -> Path:
        return _FOLDER / f"clip-{self.height}p-{self.video_kbit}k.flv"

    def __str__(self) -> str:
        return f"{self.height}p at {self.video_kbit / 1000:g} Mbit/s"


def record(kind: Kind) -> Path:
    """The clip's file; it is made if it is missing."""
    if not kind.path.exists():
        kind.path.parent.mkdir(exist_ok=True)
        unfinished = kind.path.with_suffix(".part")
        subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), *_arguments(kind), unfinished], check=True)
        unfinished.rename(kind.path)
    return kind.path


def _arguments(kind: Kind) -> list[str]:
    rate = f"{kind.video_kbit}k"
    picture = f"testsrc2=size={kind.width}x{kind.height}:rate={FRAMES_PER_SECOND}"
    return [
        *("-v", "error", "-y"),
        *("-f", "lavfi", "-i", f"{picture}:duration={SECONDS}"),
        *("-f", "lavfi", "-i", f"sine=440:sample_rate=48000:duration={SECONDS}"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency"),
        *("-pix_fmt", "yuv420p", "-g", str(KEY_FRAME_SECONDS * FRAMES_PER_SECOND)),
        *("-b:v", rate, "-minrate", rate, "-maxrate", rate, "-bufsize", rate),
        *("-x264-params", "nal-hrd=cbr:scenecut=0"),
        *("-c:a", "aac", "-b:a", f"{kind.audio_kbit}k"),
        *("-flvflags", "no_duration_filesize", "-f", "flv"),
    ]


def read(path: Path) -> tuple[list[Tag], list[Tag]]:
    """The tags that are sent once (metadata, configurations), and those that are repeated."""
    tap = FlvTap()
    tap.write(path.read_bytes())
    first: list[Tag] = []
    repeated: list[Tag] = []
    for tag in tap.take():
        if tag.kind == "script" or tag.payload[1] == _SEQUENCE_START:
            # FLV 10.1: byte 1 is AVCPacketType, or AACPacketType, whose 0 is the configuration.
            first.append(tag)
        elif tag.kind == "audio" or tag.payload[1] != _END_OF_SEQUENCE:
            repeated.append(tag)
    end_ms = SECONDS * 1000
    return first, [tag for tag in repeated if tag.timestamp_ms < end_ms]
