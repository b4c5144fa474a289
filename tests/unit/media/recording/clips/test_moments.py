"""Scene changes and ends of pauses, detected in real media."""

import subprocess
from functools import cache

import imageio_ffmpeg

from emulator.media.recording.clips.moments import moments
from emulator.media.recording.footage import footage
from tests.support.broadcast import flv
from tests.unit.media.recording.conftest import Record


@cache
def two_scenes() -> bytes:
    """Three seconds of black and silence, then three of white and a tone."""
    picture = "color=black:s=160x90:r=30:d=3[a];color=white:s=160x90:r=30:d=3[b];[a][b]concat=n=2"
    sound = "sine=frequency=440:sample_rate=48000:duration=6,volume=enable='lt(t,3)':volume=0"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin"]
    command += ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound, "-pix_fmt", "yuv420p"]
    command += ["-c:v", "libx264", "-preset", "ultrafast", "-g", "30", "-bf", "0", "-c:a", "aac"]
    command += ["-f", "flv", "-flvflags", "no_duration_filesize", "pipe:1"]
    return subprocess.run(command, check=True, capture_output=True, timeout=120).stdout


async def test_moments_scene_change_and_end_of_a_pause_are_detected(record: Record) -> None:
    cuts = moments(footage(await record(two_scenes())))

    assert [(moment.at_ms, moment.kind) for moment in cuts] == [(3000, "scene"), (3000, "pause")]
    assert cuts[0].strength == 1.0


async def test_moments_one_scene_has_none(record: Record) -> None:
    assert moments(footage(await record(flv(seconds=3)))) == ()


async def test_moments_audio_only_and_video_only_are_examined_too(record: Record) -> None:
    assert moments(footage(await record(flv(seconds=3, video="")))) == ()
