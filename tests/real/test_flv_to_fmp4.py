"""A real encoder's FLV becomes fMP4 without loss, checked by real demuxers and decoders.

FFmpeg's FLV demuxer is the reference: the packets that it reads from the FLV file must be the
packets that it reads from our init segment and fragments.
"""

import itertools
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import imageio_ffmpeg
import pytest
from msgspec.structs import replace

from emulator.media.hls.fmp4 import fragment, init_segment
from emulator.media.hls.part import HlsPart
from emulator.media.hls.segmenter import Segmenter
from emulator.media.ingest.flv import FlvReader
from emulator.media.ingest.tag import Tag, TagKind
from emulator.media.packets import VideoTrack
from emulator.media.sequencer import Sequencer
from tests.support.films import encoded

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
KINDS: dict[int, TagKind] = {8: "audio", 9: "video", 18: "script"}
VIDEO = {
    "h264": "-c:v libx264 -preset veryfast -bf 2 -g 60 -pix_fmt yuv420p",
    "hevc": "-c:v libx265 -preset ultrafast -x265-params log-level=none:bframes=2 -g 60 "
    "-pix_fmt yuv420p",
    "av1": "-c:v libsvtav1 -preset 12 -g 60 -pix_fmt yuv420p",
    "vp9": "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 60 -pix_fmt yuv420p",
}
AUDIO = {
    "aac48": "-c:a aac -ac 2 -ar 48000",
    "aac44": "-c:a aac -ac 1 -ar 44100",
    "opus": "-c:a libopus -ac 2",
    "surround": "-c:a libopus -ac 6",
}


@dataclass(frozen=True)
class Demuxed:
    """A stream's packets as FFmpeg reads them, with times in seconds."""

    kind: str
    times: list[tuple[float, float]]
    keys: list[bool]


def encode(*, video: str = "", audio: str = "", size: str = "322x182") -> Path:
    """Three seconds of pattern and tone at 29.97 fps, by a real encoder."""
    inputs = ""
    if video:
        inputs += f"-f lavfi -i testsrc2=s={size}:r=30000/1001 "
    if audio:
        inputs += "-f lavfi -i sine=f=440:r=48000 "
    return encoded(f"{FFMPEG} -v error {inputs} -t 3 {video} {audio}".split(), "flv")


def tags(path: Path) -> Iterator[Tag]:
    """The tags of an FLV file (FLV 10.1, E.4.1)."""
    octets = path.read_bytes()
    position = 13
    while position + 11 <= len(octets):
        size = int.from_bytes(octets[position + 1 : position + 4], "big")
        low = int.from_bytes(octets[position + 4 : position + 7], "big")
        content = octets[position + 11 : position + 11 + size]
        yield Tag(KINDS[octets[position]], octets[position + 7] << 24 | low, content)
        position += 11 + size + 4


def through(*sources: list[Tag]) -> list[HlsPart]:
    """The parts of one stream whose publishers sent these tags one after the other."""
    sequencer, segmenter = Sequencer(), Segmenter()
    parts: list[HlsPart] = []
    for source in sources:
        reader = FlvReader()
        sequencer.resume()
        for tag in source:
            for sequenced in sequencer.push(reader.read(tag), reader.tracks, 0):
                parts += segmenter.push(sequenced)
        for sequenced in sequencer.flush(0):
            parts += segmenter.push(sequenced)
        parts += segmenter.flush()
    return parts


def packed(parts: list[HlsPart], path: Path) -> Path:
    """Write an init segment and its fragments into one file, as in one epoch of a playlist."""
    fragments = [fragment(part, number) for number, part in enumerate(parts, 1)]
    path.write_bytes(b"".join([init_segment(parts[0].tracks), *fragments]))
    return path


def demuxed(path: Path) -> list[Demuxed]:
    tracks = []
    with av.open(str(path)) as container:
        streams = list(container.streams)
        for stream in streams:
            packets = [one for one in container.demux(stream) if one.size]
            base = stream.time_base
            assert base is not None
            times = [
                (float((one.dts or 0) * base), float((one.pts or 0) * base)) for one in packets
            ]
            tracks.append(Demuxed(stream.type, times, [one.is_keyframe for one in packets]))
            container.seek(0)
    return sorted(tracks, key=lambda one: one.kind, reverse=True)


def pictures(path: Path) -> str:
    """A hash over every decoded picture; decoding stops at the first error."""
    command = [FFMPEG, "-v", "error", "-xerror", "-i", str(path), "-map", "0:v"]
    result = subprocess.run(
        [*command, "-fps_mode", "passthrough", "-f", "md5", "-"],
        check=True, capture_output=True, timeout=120, text=True,
    )  # fmt: skip
    assert result.stderr == ""
    return result.stdout


def decode_all(path: Path) -> None:
    command = [FFMPEG, "-v", "error", "-xerror", "-i", str(path), "-f", "null", "-"]
    result = subprocess.run(command, check=True, capture_output=True, timeout=120, text=True)
    assert result.stderr == ""


def check_sound(result: Demuxed, wire: list[float]) -> None:
    """Assert that audio is on the encoder's sample clock without jitter.

    The wire's times are rounded to a millisecond each, including the first, at which our clock
    starts: so ours differ from the wire's by at most two halves of a millisecond.
    """
    times = [dts for dts, _ in result.times]
    assert times == pytest.approx(wire, abs=0.00101)
    steps = {round(after - before, 6) for before, after in itertools.pairwise(times)}
    assert max(steps) - min(steps) < 0.000002


@pytest.mark.parametrize("audio", ["aac48", "opus"])
@pytest.mark.parametrize("video", sorted(VIDEO))
def test_flv_to_fmp4_every_packet_keeps_its_time_and_every_frame_its_content(
    tmp_path: Path, video: str, audio: str
) -> None:
    # Given a real encoder's media at 29.97 fps, with B-frames where the codec has them,
    flv = encode(video=VIDEO[video], audio=AUDIO[audio])
    # when it has become parts,
    parts = through(list(tags(flv)))
    mp4 = packed(parts, tmp_path / "packed.mp4")
    # then an independent demuxer reads the same from both, apart from the stream's new zero,
    source, result = demuxed(flv), demuxed(mp4)
    zero = source[0].times[0][0]
    for times, came in zip(result[0].times, source[0].times, strict=True):
        assert times == pytest.approx((came[0] - zero, came[1] - zero), abs=1e-6)
    assert result[0].keys == source[0].keys
    check_sound(result[1], [dts - zero for dts, _ in source[1].times if dts >= zero])
    # and decoders see the same pictures without an error.
    assert pictures(mp4) == pictures(flv)
    decode_all(mp4)


@pytest.mark.parametrize("audio", ["aac44", "surround"])
def test_flv_to_fmp4_audio_only_keeps_its_times(tmp_path: Path, audio: str) -> None:
    flv = encode(audio=AUDIO[audio])
    mp4 = packed(through(list(tags(flv))), tmp_path / "packed.mp4")
    (source,), (result,) = demuxed(flv), demuxed(mp4)
    zero = source.times[0][0]
    check_sound(result, [dts - zero for dts, _ in source.times])
    decode_all(mp4)


def test_flv_to_fmp4_video_only_keeps_its_frames(tmp_path: Path) -> None:
    flv = encode(video=VIDEO["h264"])
    mp4 = packed(through(list(tags(flv))), tmp_path / "packed.mp4")
    assert pictures(mp4) == pictures(flv)


def test_flv_to_fmp4_part_durations_add_up_to_the_media(tmp_path: Path) -> None:
    flv = encode(video=VIDEO["h264"], audio=AUDIO["aac48"])
    parts = through(list(tags(flv)))
    assert sum(part.duration for part in parts) == parts[-1].start + parts[-1].duration
    with av.open(str(packed(parts, tmp_path / "packed.mp4"))) as container:
        # The last part ends where every track has ended: here, at the end of the picture.
        [picture] = container.streams.video
        assert picture.duration is not None
        assert picture.time_base is not None
        ours = sum(part.duration for part in parts) / 90_000
        assert ours == pytest.approx(float(picture.duration * picture.time_base), abs=0.001)


def test_flv_to_fmp4_new_size_in_mid_stream_gets_its_own_init_segment(tmp_path: Path) -> None:
    # Given one publisher that sends a second sequence header with another size,
    first = list(tags(encode(video=VIDEO["h264"], audio=AUDIO["aac48"])))
    second_flv = encode(video=VIDEO["h264"], audio=AUDIO["aac48"], size="640x360")
    second = [replace(tag, timestamp_ms=tag.timestamp_ms + 3003) for tag in tags(second_flv)]
    # when parts are cut from both halves,
    parts = through(first + second)
    # then each size is complete in a separate epoch, and decodes.
    begins = [number for number, part in enumerate(parts) if part.starts_discontinuity]
    assert len(begins) == 2
    widths = []
    for number, run in enumerate((parts[: begins[1]], parts[begins[1] :])):
        assert run[0].is_independent
        decode_all(packed(run, tmp_path / f"run{number}.mp4"))
        video = run[0].tracks[0]
        assert isinstance(video, VideoTrack)
        widths.append(video.width)
    assert widths == [322, 640]


def test_flv_to_fmp4_publisher_returning_with_another_codec_continues(tmp_path: Path) -> None:
    first = list(tags(encode(video=VIDEO["h264"], audio=AUDIO["aac48"])))
    second = list(tags(encode(video=VIDEO["hevc"], audio=AUDIO["opus"])))
    parts = through(first, second)
    begins = [number for number, part in enumerate(parts) if part.starts_discontinuity]
    assert len(begins) == 2
    for number, (before, after) in enumerate(itertools.pairwise(parts), 1):
        # Of the first publisher's longer track, a frame or two are beyond its last part.
        reach = 9_000 if number == begins[1] else 0
        assert 0 <= after.start - (before.start + before.duration) <= reach
    decode_all(packed(parts[begins[1] :], tmp_path / "second.mp4"))
