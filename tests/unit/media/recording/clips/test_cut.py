"""A cut has exactly the requested frames, wherever its edges are between key frames."""

from pathlib import Path

import av
import pytest

from emulator.core.errors import Refused
from emulator.media.hls.index import read_index
from emulator.media.hls.stream import HlsStream
from emulator.media.recording.footage import stretch
from emulator.media.recording.uploads.importing import Imported, cut
from emulator.media.recording.uploads.progress import JobProgress
from emulator.media.recording.uploads.upload import UPLOAD_NAME
from tests.support.broadcast import FakeBroadcast, flv
from tests.unit.media.recording.conftest import Record

TICKS = 90_000
B_FRAMES = "libx264 -preset veryfast -g 30 -bf 2"
ULTRAFAST = "libx264 -preset ultrafast -g 60 -bf 0"


def nobody(_: int, __: str) -> None:
    """Progress that nobody reads."""


def cut_out(hls_stream: HlsStream, first: float, last: float, folder: Path) -> Imported:
    wanted = (round(first * TICKS), round(last * TICKS))
    footage, begins = stretch(hls_stream, *wanted)
    span = (wanted[0] - begins, wanted[1] - begins)
    return cut(footage, span, folder, 1000, 1_767_225_600_000, JobProgress(nobody))


def looks(file: Path | bytes, tmp_path: Path) -> list[bytes]:
    """The brightness of a few pixels of each frame: enough to distinguish frames."""
    path = file if isinstance(file, Path) else tmp_path / "source.flv"
    if isinstance(file, bytes):
        path.write_bytes(file)
    with av.open(str(path)) as container:
        return [
            bytes(frame.reformat(format="gray").planes[0])[::97]
            for frame in container.decode(video=0)
        ]


def number_of(look: bytes, source: list[bytes]) -> int:
    """The number of this frame in the source."""
    apart = [sum(abs(one - two) for one, two in zip(look, data, strict=True)) for data in source]
    return min(range(len(source)), key=apart.__getitem__)


def sound_seconds(path: Path) -> float:
    with av.open(str(path)) as container:
        rate = container.streams.audio[0].rate
        samples = sum(frame.samples for frame in container.decode(audio=0))
    return samples / rate


@pytest.mark.parametrize(
    ("video", "first", "last"),
    [(ULTRAFAST, 1.5, 2.5), (ULTRAFAST, 0.0, 0.5), (ULTRAFAST, 2.1, 4.0), (B_FRAMES, 1.7, 2.4)],
)
async def test_cut_is_exact_to_the_frame(
    record: Record, tmp_path: Path, video: str, first: float, last: float
) -> None:
    source = flv(video=video)
    hls_stream = await record(source)
    folder = tmp_path / "clip"

    imported = cut_out(hls_stream, first, last, folder)

    assert imported.duration_ms == pytest.approx(1000 * (last - first), abs=35)
    assert (imported.width, imported.height) == (320, 180)
    sources = looks(source, tmp_path)
    numbers = [number_of(look, sources) for look in looks(folder / "default.mp4", tmp_path)]
    # With B-frames, a stream's pictures are shown as late as the first of them has to wait.
    late = 2 if video == B_FRAMES else 0
    assert numbers == [*range(round(30 * first) - late, round(30 * last) - late)]
    assert sound_seconds(folder / "default.mp4") == pytest.approx(last - first, abs=0.05)
    assert not (folder / UPLOAD_NAME).exists()
    assert read_index(folder).window().complete


async def test_cut_over_a_change_of_codec_is_whole(record: Record, tmp_path: Path) -> None:
    hevc = flv(seconds=3, video="libx265 -preset ultrafast -x265-params log-level=none")
    hls_stream = await record(flv(seconds=2, video=ULTRAFAST), hevc)

    imported = cut_out(hls_stream, 1.0, 4.0, tmp_path / "clip")

    assert imported.duration_ms == pytest.approx(3000, abs=35)


async def test_cut_reads_only_the_footage_around_it(record: Record) -> None:
    hls_stream = await record(flv(video="libx264 -preset ultrafast -g 30 -bf 0"))

    footage, begins = stretch(hls_stream, round(1.5 * TICKS), round(2.5 * TICKS))

    assert (begins, len(footage.pieces)) == (TICKS, 2)
    assert footage.duration == 2 * TICKS


async def test_cut_includes_the_open_segment_of_a_live_stream(
    record: Record, tmp_path: Path
) -> None:
    hls_stream = await record(flv(seconds=3.5, video=ULTRAFAST), is_live=True)
    assert hls_stream.window.open is not None

    imported = cut_out(hls_stream, 2.5, 3.4, tmp_path / "clip")

    assert imported.duration_ms == pytest.approx(900, abs=35)


async def test_cut_outside_the_recording_is_refused(record: Record, tmp_path: Path) -> None:
    hls_stream = await record(flv(seconds=2, video=ULTRAFAST))
    with pytest.raises(Refused):
        stretch(hls_stream, 3 * TICKS, 4 * TICKS)
    silent = empty(tmp_path)
    with pytest.raises(Refused):
        stretch(silent, 0, TICKS)


def empty(tmp_path: Path) -> HlsStream:
    """An HLS stream without any media."""
    from emulator.media.hls.window import Window

    return HlsStream(tmp_path, Window(segment_ms=1000, part_ms=200))


async def test_cut_goes_back_to_the_last_key_frame_over_forced_cuts(tmp_path: Path) -> None:
    # Given segments of which only every third begins with a key frame,
    hls_stream = empty(tmp_path)
    broadcast = FakeBroadcast(parts_a_segment=5)
    broadcast.send(hls_stream, 45)
    for segment in hls_stream.window.complete:
        segment.is_independent = segment.msn % 3 == 0

    # when a part of the sixth is requested, then the cut reads from the fourth.
    _, begins = stretch(hls_stream, round(5.5 * TICKS), round(5.8 * TICKS))

    assert begins == 3 * TICKS
