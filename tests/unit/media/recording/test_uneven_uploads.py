"""Uploads whose audio and video have different lengths or starts."""

import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import pytest

from emulator.media.recording.uploads.importing import import_upload
from emulator.media.recording.uploads.progress import JobProgress
from tests.support.encoders import ffmpeg

SEGMENT_MS = 2000
CODED = "-c:v libx264 -preset ultrafast -g 60 -pix_fmt yuv420p -c:a aac -f mp4"


def uploaded(
    folder: Path, picture_seconds: float, sound_seconds: float, late_seconds: float
) -> None:
    source = [
        *("-f", "lavfi", "-i", f"testsrc2=size=160x90:rate=30:duration={picture_seconds}"),
        *("-itsoffset", f"{late_seconds}"),
        *("-f", "lavfi", "-i", f"sine=sample_rate=48000:duration={sound_seconds}"),
    ]
    target = [*CODED.split(), str(folder / "upload")]
    subprocess.run([ffmpeg(), "-v", "error", *source, *target], check=True, timeout=60)


def decoded(container: Any, kind: str) -> Any:
    return container.decode(**{kind: 0})


@pytest.mark.parametrize(
    ("picture_seconds", "sound_seconds", "late_seconds", "seconds"),
    [
        pytest.param(6, 2, 0, 6, id="sound is shorter"),
        pytest.param(2, 6, 0, 6, id="picture is shorter"),
        pytest.param(4, 4, 2, 6, id="sound begins and ends later"),
    ],
)
def test_uneven_upload_audio_and_video_last_from_start_to_end(
    tmp_path: Path,
    picture_seconds: float,
    sound_seconds: float,
    late_seconds: float,
    seconds: float,
) -> None:
    uploaded(tmp_path, picture_seconds, sound_seconds, late_seconds)
    imported = import_upload(tmp_path, SEGMENT_MS, 0, JobProgress(lambda *_: None))
    assert imported.duration_ms == pytest.approx(1000 * seconds, abs=30)
    segments = [tmp_path / f"seg-{n}.m4s" for n in range(len([*tmp_path.glob("seg-*")]))]
    whole = tmp_path / "whole.mp4"
    whole.write_bytes(b"".join(path.read_bytes() for path in [tmp_path / "init-0.mp4", *segments]))
    with av.open(str(whole)) as container:
        for kind in ("video", "audio"):
            container.seek(0)
            frames = [float(frame.time) for frame in decoded(container, kind)]
            assert frames[0] == pytest.approx(0, abs=0.03)
            hole = max(after - before for before, after in pairwise(frames))
            assert hole <= SEGMENT_MS / 1000
            assert frames[-1] > seconds - SEGMENT_MS / 1000 - 0.1
