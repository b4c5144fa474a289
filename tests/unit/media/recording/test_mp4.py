"""The MP4 of a recording: every time stamp unchanged, every frame decodable, in all cases."""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import pytest

from emulator.core.errors import Refused
from emulator.media.hls.segments import FileRange
from emulator.media.recording.footage import Footage, footage
from emulator.media.recording.mp4 import remux
from tests.support.broadcast import flv
from tests.support.media_frames import Stamp, sizes, stamps
from tests.unit.media.recording.conftest import Record

B_FRAMES = "libx264 -preset veryfast -g 30 -bf 3"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def relative(actual: list[Stamp]) -> list[Stamp]:
    first = actual[0].pts
    return [Stamp(stamp.dts - first, stamp.pts - first, stamp.is_key) for stamp in actual]


def beside_the_picture(file: Path | bytes) -> list[Fraction]:
    """The start of each audio frame, relative to the first picture."""
    first = stamps(file, "video")[0].pts
    return [stamp.pts - first for stamp in stamps(file, "audio")]


@pytest.mark.parametrize(
    ("rate", "video"),
    [("30", B_FRAMES), ("30000/1001", B_FRAMES), ("25", "libx264 -preset ultrafast -g 25")],
)
async def test_mp4_every_frame_keeps_its_time(
    record: Record, tmp_path: Path, rate: str, video: str
) -> None:
    # Given a recording of a source with B-frames,
    source = flv(seconds=3, rate=rate, video=video)
    hls_stream = await record(source)
    remuxed = remux(footage(hls_stream), tmp_path / "out.mp4")
    # then its MP4 has the source's frames at the source's times (FLV's, in milliseconds),
    expected, actual = relative(stamps(source, "video")), relative(stamps(remuxed.path, "video"))
    assert actual == expected
    # its audio is in step to a millisecond (audio before the first picture is dropped),
    sources, ours = beside_the_picture(source), beside_the_picture(remuxed.path)
    assert len(sources) - len(ours) in (0, 1)
    sound = zip(sources[len(sources) - len(ours) :], ours, strict=True)
    assert max(abs(one - two) for one, two in sound) <= Fraction(1, 1000)
    # and its length is the recording's.
    assert remuxed.seconds == pytest.approx(footage(hls_stream).seconds)
    assert remuxed.left_out_seconds == 0


async def test_mp4_index_is_at_the_front_of_the_file(record: Record, tmp_path: Path) -> None:
    remuxed = remux(footage(await record(flv())), tmp_path / "out.mp4")
    content = remuxed.path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    assert names(tmp_path) == ["media", "out.mp4"]


@pytest.mark.parametrize("codec", ["libx264 -preset ultrafast -g 30", "libx265 -preset ultrafast"])
async def test_mp4_new_size_in_mid_stream_stays_in_one_file(
    record: Record, tmp_path: Path, codec: str
) -> None:
    if "x265" in codec:
        codec += " -x265-params keyint=30:log-level=none"
    hls_stream = await record(
        flv(seconds=2, video=codec),
        flv(seconds=2, size="640x360", video=codec),
        flv(seconds=1, video=codec),
    )
    remuxed = remux(footage(hls_stream), tmp_path / "out.mp4")
    assert sizes(remuxed.path) == [(320, 180)] * 60 + [(640, 360)] * 60 + [(320, 180)] * 30
    actual = stamps(remuxed.path, "video")
    assert all(one.dts < two.dts for one, two in pairwise(actual))
    assert remuxed.left_out_seconds == 0


async def test_mp4_player_can_seek_back_over_a_change_of_size(
    record: Record, tmp_path: Path
) -> None:
    hls_stream = await record(flv(seconds=2), flv(seconds=2, size="640x360"))
    remuxed = remux(footage(hls_stream), tmp_path / "out.mp4")
    with av.open(str(remuxed.path)) as container:
        widths = []
        for seconds in (3, 0):
            container.seek(seconds * av.time_base)
            widths.append(next(container.decode(video=0)).width)
    assert widths == [640, 320]


@pytest.mark.parametrize(
    "video",
    [
        "libx265 -preset ultrafast -x265-params keyint=30:log-level=none",
        "libsvtav1 -preset 12 -g 30 -svtav1-params scd=0",
        "libvpx-vp9 -deadline realtime -cpu-used 8 -g 30",
    ],
)
async def test_mp4_every_codec_fits_into_a_file_also_over_a_change(
    record: Record, tmp_path: Path, video: str
) -> None:
    part = flv(seconds=1, video=video)
    remuxed = remux(footage(await record(part, part)), tmp_path / "out.mp4")
    assert len(stamps(remuxed.path, "video")) == 60
    assert remuxed.left_out_seconds == 0


HEVC = "libx265 -preset ultrafast -x265-params keyint=30:log-level=none"


def sounds(path: Path) -> tuple[set[tuple[int, str]], float]:
    """The decoded sample rates and layouts, and the seconds of audio."""
    kinds: set[tuple[int, str]] = set()
    seconds = 0.0
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            kinds.add((frame.sample_rate, frame.layout.name))
            seconds += frame.samples / frame.sample_rate
    return kinds, seconds


async def test_mp4_of_a_stream_whose_codec_changed_is_whole(record: Record, tmp_path: Path) -> None:
    hls_stream = await record(
        flv(seconds=1, video=HEVC), flv(seconds=3), flv(seconds=1, video=HEVC)
    )
    remuxed = remux(footage(hls_stream), tmp_path / "out.mp4")
    # Reordered pictures of a run are shown while the next one begins: two have the same time.
    assert sizes(remuxed.path) in ([(320, 180)] * count for count in range(148, 151))
    assert remuxed.left_out_seconds == 0
    actual = stamps(remuxed.path, "video")
    assert actual[0].pts < 0.1
    steps = [float(two.pts - one.pts) for one, two in pairwise(actual)]
    assert max(steps) < 0.2
    assert float(actual[-1].pts) == pytest.approx(remuxed.seconds, abs=0.1)


async def test_mp4_keeps_the_shape_of_a_picture_that_changed_codec_and_size(
    record: Record, tmp_path: Path
) -> None:
    hls_stream = await record(flv(seconds=2), flv(seconds=1, size="180x320", video=HEVC))
    remuxed = remux(footage(hls_stream), tmp_path / "out.mp4")
    with av.open(str(remuxed.path)) as container:
        frame = [*container.decode(video=0)][-1].reformat(format="gray")
    # It is upright between two dark sides.
    row = bytes(frame.planes[0])[90 * frame.planes[0].line_size :][:320]
    assert max(row[:100]) < 40
    assert max(row[110:210]) > 60
    assert max(row[220:]) < 40


@pytest.mark.parametrize("audio", ["aac -ar 44100", "aac -ac 2", "libopus"])
async def test_mp4_of_a_stream_whose_audio_changed_is_whole(
    record: Record, tmp_path: Path, audio: str
) -> None:
    # Given a recording of two runs that differ only in their audio,
    source = flv(seconds=2)
    hls_stream = await record(source, flv(seconds=2, audio=audio), flv(seconds=1))
    remuxed = remux(footage(hls_stream), tmp_path / "out.mp4")
    # then its pictures are unchanged,
    assert len(stamps(remuxed.path, "video")) == 150
    assert remuxed.left_out_seconds == 0
    # and its audio has one format, its full length, and is in step.
    kinds, seconds = sounds(remuxed.path)
    assert kinds == {(48_000, "stereo")}
    assert seconds == pytest.approx(remuxed.seconds, abs=0.15)
    actual = stamps(remuxed.path, "audio")
    assert max(float(two.pts - one.pts) for one, two in pairwise(actual)) < 0.03


@pytest.mark.parametrize(("video", "audio"), [("", "aac"), ("libx264 -g 30", "")])
async def test_mp4_of_audio_only_and_video_only_works(
    record: Record, tmp_path: Path, video: str, audio: str
) -> None:
    remuxed = remux(footage(await record(flv(video=video, audio=audio))), tmp_path / "out.mp4")
    kind = "video" if video else "audio"
    assert float(stamps(remuxed.path, kind)[-1].pts) == pytest.approx(4, abs=0.1)


async def test_mp4_leaves_out_damage_and_no_partial_file(record: Record, tmp_path: Path) -> None:
    whole = footage(await record(flv()))
    broken = Footage(
        tuple(
            piece.__class__(
                piece.position,
                piece.duration,
                piece.start,
                piece.init,
                b"nonsense",
                FileRange(tmp_path / "nothing", 0, 1),
            )
            for piece in whole.pieces
        )
    )
    with pytest.raises(Refused) as refusal:
        remux(broken, tmp_path / "out.mp4")
    assert refusal.value.code == "not_found"
    assert names(tmp_path) == ["media"]
