"""Unusual uploads: the result plays exactly what a player of the file shows."""

import struct
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import av
import pytest

from emulator.core.errors import Refused
from emulator.media.recording.uploads.importing import import_upload
from emulator.media.recording.uploads.probe import probe
from emulator.media.recording.uploads.progress import JobProgress
from emulator.media.recording.uploads.turn import Orientation
from tests.support.encoders import ffmpeg

SEGMENT_MS = 2000
PICTURE = "color=black:size=160x90:rate=30,drawbox=enable='lt(mod(t,1),0.1)':color=white:t=fill"
CORNER = "color=black:size=160x90:rate=30,drawbox=x=0:y=0:w=80:h=45:color=white:t=fill"
BEEP = "aevalsrc='if(lt(mod(t,1),0.1),sin(2*PI*1000*t),0)':s=48000"
H264 = "-c:v libx264 -preset veryfast -pix_fmt yuv420p -g 60 -c:a aac"


def encode(path: Path, *sources: str, options: str = H264, seconds: float = 4) -> Path:
    inputs = [word for source in sources for word in ("-f", "lavfi", "-i", source)]
    return run(*inputs, *f"-t {seconds} {options}".split(), str(path))


def run(*words: str) -> Path:
    subprocess.run([ffmpeg(), "-y", "-v", "error", *words], check=True, timeout=60)
    return Path(words[-1])


class Shown(NamedTuple):
    """A track as a decoder shows it: the start of the first frame and the end of the last, the
    number of frames, the times at which it gets bright or loud, and the bright quarters of the
    sixth picture.
    """

    start: float
    end: float
    frames: int
    onsets: list[float]
    quarters: list[bool]
    size: tuple[int, int]


def level(frame: Any) -> tuple[float, list[bool]]:
    if isinstance(frame, av.AudioFrame):
        content = bytes(frame.planes[0])[: 4 * frame.samples]
        samples = struct.unpack(f"{len(content) // 4}f", content)
        return max(map(abs, samples)) * 200, []
    gray = frame.reformat(width=2, height=2, format="gray", interpolation="AREA").planes[0]
    content, width = bytes(gray), gray.line_size
    quarters = [content[0], content[1], content[width], content[width + 1]]
    return sum(quarters) / 4, [quarter > 120 for quarter in quarters]


def shown(path: Path, kind: str) -> Shown:
    """Decodes strictly: a packet that cannot be decoded is an error."""
    onsets: list[float] = []
    spans, is_on, quarters, size = [], False, [], (0, 0)
    with av.open(str(path)) as container:
        frames: Any = container.decode(**{kind: 0})
        for number, frame in enumerate(frames):
            bright, parts = level(frame)
            if bright > 40 and not is_on:
                onsets.append(float(frame.time))
            is_on = bright > 40
            if number == 5:
                quarters = parts
            lasts = frame.samples / frame.sample_rate if kind == "audio" else 1 / 30
            spans.append((float(frame.time), float(frame.time) + lasts))
            size = (frame.width, frame.height) if kind == "video" else size
    return Shown(spans[0][0], spans[-1][1], len(spans), onsets, quarters, size)


def imported(source: Path, folder: Path) -> tuple[Path, Path]:
    """The upload as HLS plays it, with all segments in one file, and as a download."""
    folder.mkdir()
    (folder / "upload").write_bytes(source.read_bytes())
    import_upload(folder, SEGMENT_MS, 0, JobProgress(lambda *_: None))
    segments = [folder / f"seg-{number}.m4s" for number in range(len([*folder.glob("seg-*")]))]
    whole = folder / "whole.mp4"
    whole.write_bytes(b"".join(path.read_bytes() for path in [folder / "init-0.mp4", *segments]))
    return whole, folder / "default.mp4"


def assert_same(source: Path, path: Path, frame_count: int) -> None:
    """Assert that two films have equal pictures and sound, with equal lengths and offsets."""
    pictures, sounds = shown(source, "video"), shown(source, "audio")
    new_pictures, new_sounds = shown(path, "video"), shown(path, "audio")
    assert new_pictures.frames == frame_count
    length = pictures.end - pictures.start
    assert new_pictures.end - new_pictures.start == pytest.approx(length, abs=0.05)
    assert len(new_pictures.onsets) == len(pictures.onsets)
    apart = [sound - picture for sound, picture in zip(sounds.onsets, pictures.onsets, strict=True)]
    new_apart = zip(new_sounds.onsets, new_pictures.onsets, strict=True)
    assert [one - two for one, two in new_apart] == pytest.approx(apart, abs=0.025)


def test_upload_with_two_sound_tracks_plays_the_default_one(tmp_path: Path) -> None:
    tracks = "-map 0 -map 1 -map 2 -disposition:a:0 0 -disposition:a:1 default"
    source = encode(
        tmp_path / "two.mp4", PICTURE, "anullsrc=r=48000", BEEP, options=f"{tracks} {H264}"
    )
    for path in imported(source, tmp_path / "made"):
        assert len(shown(path, "audio").onsets) == 4


def test_upload_with_an_image_before_its_video_plays_the_video(tmp_path: Path) -> None:
    base = encode(tmp_path / "base.mp4", PICTURE, BEEP, seconds=2)
    still = encode(
        tmp_path / "still.mov", CORNER, options="-frames:v 1 -c:v mjpeg -pix_fmt yuvj420p"
    )
    tracks = ["-map", "1:v", "-map", "0", "-c", "copy"]
    source = run("-i", str(base), "-i", str(still), *tracks, str(tmp_path / "both.mov"))
    assert probe(source).video_codec == "h264"
    for path in imported(source, tmp_path / "made"):
        assert shown(path, "video").frames == 60


ONE = 1 << 16
# Display matrices a, b, c and d: the name, and the quarter in which the corner is shown.
MATRICES: list[tuple[tuple[int, int, int, int], Orientation, int]] = [
    ((ONE, 0, 0, ONE), "upright", 0),
    ((-ONE, 0, 0, ONE), "mirrored", 1),
    ((ONE, 0, 0, -ONE), "flipped", 2),
    ((-ONE, 0, 0, -ONE), "upside_down", 3),
    ((0, -ONE, ONE, 0), "turned_left", 2),
    ((0, ONE, -ONE, 0), "turned_right", 1),
    ((0, ONE, ONE, 0), "transposed", 0),
    ((0, -ONE, -ONE, 0), "antitransposed", 3),
]


def with_matrix(content: bytes, a: int, b: int, c: int, d: int) -> bytes:
    """The MP4 with this matrix in its first track's header (ISO/IEC 14496-12, 8.3.2)."""
    at = content.index(b"tkhd") + 44
    return content[:at] + struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30) + content[at + 36 :]


@pytest.mark.parametrize(("matrix", "name", "quarter"), MATRICES, ids=[m[1] for m in MATRICES])
def test_upload_is_turned_and_mirrored_as_its_display_matrix_says(
    tmp_path: Path, matrix: tuple[int, int, int, int], name: Orientation, quarter: int
) -> None:
    source = encode(tmp_path / "plain.mp4", CORNER, BEEP, seconds=0.5)
    source.write_bytes(with_matrix(source.read_bytes(), *matrix))
    probed = probe(source)
    assert probed.orientation == name
    size = (90, 160) if matrix[0] == 0 else (160, 90)
    assert (probed.width, probed.height) == size
    for path in imported(source, tmp_path / "made"):
        picture = shown(path, "video")
        assert picture.size == size
        assert picture.quarters == [number == quarter for number in range(4)]


def test_upload_hides_media_that_its_edit_list_hides(tmp_path: Path) -> None:
    base = encode(tmp_path / "base.mp4", PICTURE, BEEP)
    source = run("-ss", "1.5", "-i", str(base), "-c", "copy", str(tmp_path / "cut.mp4"))
    for path in imported(source, tmp_path / "made"):
        assert_same(source, path, 75)


def test_upload_with_a_delay_by_edit_list_is_delayed(tmp_path: Path) -> None:
    base = str(encode(tmp_path / "base.mp4", PICTURE, BEEP, seconds=3))
    late = ["-itsoffset", "0.7"]
    tracks = ["-map", "1:v", "-map", "0:a", "-c", "copy"]
    source = run(*late, "-i", base, "-i", base, *tracks, str(tmp_path / "late.mp4"))
    sounds = shown(source, "audio").onsets
    for path in imported(source, tmp_path / "made"):
        start = shown(path, "video").start
        assert [at - start for at in shown(path, "audio").onsets] == pytest.approx(sounds, abs=0.03)
        assert shown(path, "video").frames == 90


def test_upload_audio_before_the_first_frame_is_kept(tmp_path: Path) -> None:
    base = str(encode(tmp_path / "base.mp4", PICTURE, BEEP, seconds=3))
    late = ["-itsoffset", "1.3"]
    tracks = ["-map", "0:v", "-map", "1:a", "-c", "copy"]
    source = run(*late, "-i", base, "-i", base, *tracks, str(tmp_path / "late.mp4"))
    plays, download = imported(source, tmp_path / "made")
    for path in (plays, download):
        pictures, sounds = shown(path, "video"), shown(path, "audio")
        assert len(sounds.onsets) == 3
        apart = pictures.onsets[-1] - sounds.onsets[-1]
        assert apart == pytest.approx(1.3, abs=0.05)
    # The first picture is shown from the start, since players wait for one.
    assert shown(plays, "video").start == pytest.approx(shown(plays, "audio").start, abs=0.05)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.mp4", "-movflags faststart"),
        ("a.mp4", "-movflags frag_keyframe+empty_moov+default_base_moof"),
        ("a.mkv", "-bf 3"),
        ("a.ts", "-f mpegts"),
        ("a.flv", "-f flv"),
    ],
)
def test_upload_cut_off_in_the_middle_plays_to_its_last_whole_packet(
    tmp_path: Path, name: str, options: str
) -> None:
    source = encode(tmp_path / name, PICTURE, BEEP, options=f"{H264} {options}", seconds=6)
    source.write_bytes(source.read_bytes()[: source.stat().st_size * 6 // 10])
    for path in imported(source, tmp_path / "made"):
        # Every remaining packet can be decoded, up to where the file breaks off.
        assert 1.9 < shown(path, "audio").end - shown(path, "audio").start < 4.5
        assert 1.9 < shown(path, "video").end - shown(path, "video").start < 4.5


def test_upload_mp4_without_its_index_is_refused_with_the_reason(tmp_path: Path) -> None:
    source = encode(tmp_path / "a.mp4", PICTURE, BEEP, seconds=1)
    source.write_bytes(source.read_bytes()[: source.stat().st_size * 6 // 10])
    with pytest.raises(Refused, match=r"index .* is missing"):
        probe(source)


def test_upload_empty_file_is_refused_with_the_reason(tmp_path: Path) -> None:
    source = tmp_path / "a.mp4"
    source.touch()
    with pytest.raises(Refused, match="it is empty"):
        probe(source)


def test_upload_transport_stream_with_a_clock_wrap_is_whole(tmp_path: Path) -> None:
    base = encode(tmp_path / "base.mp4", PICTURE, BEEP)
    wraps = ["-c", "copy", "-f", "mpegts", "-output_ts_offset", "95441.5"]
    source = run("-i", str(base), *wraps, str(tmp_path / "wrap.ts"))
    for path in imported(source, tmp_path / "made"):
        assert_same(source, path, 120)


@pytest.mark.parametrize("b_frames", [0, 3])
def test_upload_frozen_frame_stays_until_the_next_one(tmp_path: Path, b_frames: int) -> None:
    hole = PICTURE + ",select='not(between(t,1.05,3.95))'"
    options = f"-fps_mode vfr {H264} -bf {b_frames}"
    source = encode(tmp_path / "hole.mp4", hole, BEEP, options=options, seconds=5)
    plays, _ = imported(source, tmp_path / "made")
    pictures = shown(plays, "video")
    # A still picture is sent once per second, since every segment needs one, and nothing is
    # missing.
    assert shown(source, "video").frames <= pictures.frames <= shown(source, "video").frames + 3
    with av.open(str(plays)) as container:
        spans = [
            (packet.pts * packet.time_base, (packet.duration or 0) * packet.time_base)
            for packet in container.demux(video=0)
            if packet.pts is not None and packet.time_base
        ]
    assert max(lasts for _, lasts in spans) <= 1.1
    assert max(at + lasts for at, lasts in spans) - min(at for at, _ in spans) < 5.1
    begins = [at - pictures.start for at in pictures.onsets]
    assert begins == pytest.approx([0, 1, 4], abs=0.01)


@pytest.mark.parametrize("codec", ["libx264", "mpeg4"], ids=["copied", "transcoded"])
def test_upload_absurd_composition_time_displaces_no_picture(tmp_path: Path, codec: str) -> None:
    options = f"-c:v {codec} -bf 2 -g 60 -pix_fmt yuv420p -c:a aac"
    source = encode(tmp_path / "right.mp4", PICTURE, BEEP, options=options)
    absurd = tmp_path / "absurd.mp4"
    with av.open(str(source)) as reader, av.open(str(absurd), "w") as writer:
        [video] = reader.streams.video
        stream = writer.add_stream_from_template(video)
        for number, packet in enumerate(reader.demux(video)):
            if packet.dts is None or packet.pts is None or packet.time_base is None:
                continue
            packet.stream = stream
            if number == 70:
                packet.pts += int(8_388 / packet.time_base)
            writer.mux(packet)
    plays, _ = imported(absurd, tmp_path / "made")
    pictures, before = shown(plays, "video"), shown(source, "video")
    # Its time is near that of a neighbour, and where both are the same, one is left out.
    assert before.frames - 1 <= pictures.frames <= before.frames
    with av.open(str(plays)) as container:
        times = [float(frame.time) for frame in container.decode(video=0) if frame.time is not None]
    assert max(after - before for before, after in pairwise(times)) < 0.2


def test_upload_long_slide_can_be_sought_in(tmp_path: Path) -> None:
    slides = "color=black:size=160x90:rate=1/12"
    source = encode(tmp_path / "slides.mp4", slides, BEEP, seconds=36)
    plays, _ = imported(source, tmp_path / "made")
    with av.open(str(plays)) as container:
        keys = [
            float(packet.pts * packet.time_base)
            for packet in container.demux(video=0)
            if packet.is_keyframe and packet.pts is not None and packet.time_base
        ]
    assert max(after - before for before, after in pairwise(keys)) <= 4
    assert keys[-1] >= 32


def test_upload_joined_transport_streams_play_one_after_the_other(tmp_path: Path) -> None:
    options = f"{H264} -f mpegts"
    one = encode(tmp_path / "one.ts", PICTURE, BEEP, options=options)
    two = encode(tmp_path / "two.ts", PICTURE, BEEP, options=f"{options} -ac 2", seconds=3)
    joined = tmp_path / "joined.ts"
    joined.write_bytes(one.read_bytes() + two.read_bytes())
    for path in imported(joined, tmp_path / "made"):
        pictures, sounds = shown(path, "video"), shown(path, "audio")
        # The last picture before the seam could be one that has lost its end.
        assert pictures.frames in (209, 210)
        assert pictures.end - pictures.start == pytest.approx(7, abs=0.15)
        apart = zip(sounds.onsets, pictures.onsets, strict=True)
        assert [one - two for one, two in apart] == pytest.approx([0] * 7, abs=0.05)


def test_upload_reordered_frames_at_a_low_rate_are_not_seconds_late(tmp_path: Path) -> None:
    source = encode(tmp_path / "slow.mp4", PICTURE.replace("rate=30", "rate=2"), BEEP)
    for path in imported(source, tmp_path / "made"):
        assert shown(path, "video").start < 0.3
        assert shown(path, "video").frames == 8


def test_upload_rotated_hdr_keeps_its_colours(tmp_path: Path) -> None:
    colours = "color_primaries=bt2020:color_trc=arib-std-b67:colorspace=bt2020nc"
    options = f"-vf setparams={colours} {H264}"
    source = encode(tmp_path / "hdr.mp4", CORNER, BEEP, options=options, seconds=0.5)
    source.write_bytes(with_matrix(source.read_bytes(), 0, ONE, -ONE, 0))
    for path in imported(source, tmp_path / "made"):
        with av.open(str(path)) as container:
            frame = next(container.decode(video=0))
        assert (frame.color_primaries, frame.color_trc, frame.colorspace) == (9, 18, 9)


def test_upload_hevc_download_has_the_sample_entry_of_apple_players(tmp_path: Path) -> None:
    hevc = "-c:v libx265 -preset ultrafast -x265-params log-level=none -pix_fmt yuv420p -c:a aac"
    source = encode(tmp_path / "a.mkv", CORNER, BEEP, options=hevc, seconds=1)
    for path in imported(source, tmp_path / "made"):
        with av.open(str(path)) as container:
            assert container.streams.video[0].codec_context.codec_tag == "hvc1"
