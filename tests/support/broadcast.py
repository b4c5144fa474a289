"""A publisher's parts for an HLS stream: made up, or encoded by a real ffmpeg."""

import struct
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import imageio_ffmpeg
from msgspec.structs import replace

from emulator.media.codecs.in_band import InBand
from emulator.media.hls.fmp4 import fragment, init_segment
from emulator.media.hls.part import HlsPart
from emulator.media.hls.segmenter import Segmenter
from emulator.media.hls.stream import HlsStream
from emulator.media.ingest.flv import FlvReader
from emulator.media.ingest.tag import Tag, TagKind
from emulator.media.packets import AudioTrack, Packet, VideoTrack
from emulator.media.sequencer import Sequencer
from emulator.media.timeline import Sequenced
from tests.support.films import encoded

START_MS = 1_767_225_600_000
VIDEO = VideoTrack("h264", b"", "avc1.64001f", 1280, 720)
AUDIO = AudioTrack("aac", b"", "mp4a.40.2", 48_000, 2, 1024)
_KINDS: dict[int, TagKind] = {8: "audio", 9: "video", 18: "script"}
_NUMBERS = {kind: number for number, kind in _KINDS.items()}
# The FLV file header, and the size of the tag before the first one, which is 0.
_FLV_HEADER_BYTES = 9 + 4
_FRAME_MS = 33


class FakeBroadcast:
    """Parts without real media, for tests that only count parts. A part has 6 frames at 30 fps."""

    def __init__(self, *, part_ms: int = 200, parts_a_segment: int = 10) -> None:
        self.ticks = part_ms * 90
        self.parts_a_segment = parts_a_segment
        self.start = 0
        self.count = 0
        self._in_segment = 0

    def part(self, *, is_discontinuity: bool = False, has_video: bool = True) -> HlsPart:
        starts_segment = is_discontinuity or self._in_segment % self.parts_a_segment == 0
        if starts_segment:
            self._in_segment = 0
        tracks = (VIDEO, AUDIO) if has_video else (AUDIO,)
        count = round(self.ticks / 3000)
        frames = tuple(
            Packet(VIDEO, self.start + n * 3000, self.start + n * 3000, 3000, n == 0, b"x" * 500)
            for n in range(count if has_video else 0)
        )
        part = HlsPart(
            pictures=frames,
            sounds=(),
            tracks=tracks,
            start=self.start,
            duration=self.ticks,
            is_independent=starts_segment,
            starts_segment=starts_segment,
            starts_discontinuity=is_discontinuity or self.count == 0,
            at_ms=START_MS + self.start // 90,
        )
        self.start += self.ticks
        self.count += 1
        self._in_segment += 1
        return part

    def send(
        self,
        hls_stream: HlsStream,
        count: int = 1,
        *,
        is_discontinuity: bool = False,
        ends_segment: bool = False,
    ) -> None:
        """Append `count` parts to the stream; each part's content has its number."""
        for n in range(count):
            number = self.count
            part = self.part(is_discontinuity=is_discontinuity and n == 0)
            part = replace(part, ends_segment=ends_segment)
            if part.starts_discontinuity:
                hls_stream.begin(b"init before part %d" % number, part)
            hls_stream.append(part, b"<part %d>" % number * 100)


class WrittenPart(NamedTuple):
    """One part in the form that `HlsStream` takes; `init` is set where a discontinuity starts."""

    part: HlsPart
    init: bytes | None
    content: bytes


class RealBroadcast:
    """Turn FLV tags into parts as the pipeline does, on one timeline over all reconnects."""

    def __init__(self, *, part_ms: int = 200, segment_ms: int = 1000) -> None:
        self._sequencer = Sequencer()
        self._in_band = InBand()
        self._segmenter = Segmenter(part_ms=part_ms, segment_ms=segment_ms)
        self._sequence = 0
        self._at_ms = START_MS

    def send(self, flv: bytes) -> list[WrittenPart]:
        """All parts of one connection that sends this FLV file. The next call is a reconnect."""
        reader = FlvReader()
        if self._sequence:
            self._sequencer.resume()
        parts: list[HlsPart] = []
        for tag in flv_tags(flv):
            at_ms = self._at_ms + self._sequencer.latest // 90
            parts += self._cut(self._sequencer.push(reader.read(tag), reader.tracks, at_ms))
        at_ms = self._at_ms + self._sequencer.latest // 90
        parts += self._cut(self._sequencer.flush(at_ms))
        parts += self._segmenter.flush()
        return [self._written(part) for part in parts]

    def _cut(self, sequence: list[Sequenced]) -> list[HlsPart]:
        parts: list[HlsPart] = []
        for one in sequence:
            parts += self._segmenter.push(self._in_band.complete(one))
        return parts

    def _written(self, part: HlsPart) -> WrittenPart:
        init = init_segment(part.tracks) if part.starts_discontinuity else None
        self._sequence += 1
        return WrittenPart(part, init, fragment(part, self._sequence))


def put(hls_stream: HlsStream, parts: list[WrittenPart]) -> None:
    for part, init, content in parts:
        if init is not None:
            hls_stream.begin(init, part)
        hls_stream.append(part, content)


def flv_tags(flv: bytes) -> Iterator[Tag]:
    """The tags of an FLV file (FLV 10.1, annex E)."""
    at = int.from_bytes(flv[5:9]) + 4
    while at + 11 <= len(flv):
        kind = flv[at] & 0x1F
        length = int.from_bytes(flv[at + 1 : at + 4])
        timestamp_ms = int.from_bytes(flv[at + 4 : at + 7]) | flv[at + 7] << 24
        yield Tag(_KINDS[kind], timestamp_ms, flv[at + 11 : at + 11 + length])
        at += 11 + length + struct.calcsize(">I")


def joined(*flvs: bytes) -> bytes:
    """FLV files joined into one: a publisher that changes its tracks within one connection."""
    whole, begins_ms = flvs[0][:_FLV_HEADER_BYTES], 0
    for flv in flvs:
        ends_ms = begins_ms
        for tag in flv_tags(flv):
            at_ms = begins_ms + tag.timestamp_ms
            stamp = (at_ms & 0xFFFFFF).to_bytes(3) + bytes([at_ms >> 24])
            head = bytes([_NUMBERS[tag.kind]]) + len(tag.payload).to_bytes(3) + stamp + bytes(3)
            whole += head + tag.payload + len(head + tag.payload).to_bytes(4)
            ends_ms = max(ends_ms, at_ms)
        begins_ms = ends_ms + _FRAME_MS
    return whole


@cache
def flv(
    *,
    seconds: float = 4,
    size: str = "320x180",
    rate: str = "30",
    video: str = "libx264 -preset ultrafast -g 30 -bf 0",
    audio: str = "aac",
) -> bytes:
    """A test picture and a tone by a real encoder; without a track where its codec is empty."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin"]
    picture = f"testsrc2=size={size}:rate={rate}:duration={seconds}"
    tone = f"sine=frequency=440:sample_rate=48000:duration={seconds}"
    if video:
        command += ["-f", "lavfi", "-i", picture]
    if audio:
        command += ["-f", "lavfi", "-i", tone]
    if video:
        command += ["-pix_fmt", "yuv420p", "-c:v", *video.split()]
    if audio:
        command += ["-c:a", *audio.split()]
    return encoded([*command, "-flvflags", "no_duration_filesize"], "flv").read_bytes()
