"""Lanes: turn one stream of a file into packets of a broadcast, copied or transcoded."""

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Protocol, cast

from emulator.media.publisher.config import PublishConfig
from emulator.media.publisher.encoders import add_audio, add_video
from emulator.media.publisher.test_card.sound import SAMPLE_RATE

if TYPE_CHECKING:
    from av import AudioFrame, AudioResampler, AudioStream, Packet, VideoFrame, VideoStream
    from av.container import OutputContainer

    SourceStream = VideoStream | AudioStream
    AnyPacket = Packet[SourceStream]


class Lane(Protocol):
    """The conversion of one stream. `shift`: the seconds that earlier rounds of a loop took."""

    @property
    def source(self) -> "SourceStream":
        """The stream in the file."""

    def take(self, packet: "AnyPacket", shift: Fraction) -> Iterator["AnyPacket"]:
        """Convert a packet of the file."""

    def drain(self) -> Iterator["AnyPacket"]:
        """Yield the packets that are left at the end."""


class CopyLane:
    """Passes packets through unchanged."""

    def __init__(self, source: "SourceStream", container: "OutputContainer") -> None:
        self.source = source
        self._stream = container.add_stream_from_template(source, opaque=True)
        # The first frames of some containers, whose decoding times follow from the next frames.
        self._held: list[AnyPacket] = []

    def take(self, packet: "AnyPacket", shift: Fraction) -> Iterator["AnyPacket"]:
        if packet.size == 0:
            return
        ticks = int(shift / packet.time_base)
        if packet.pts is not None:
            packet.pts += ticks
        packet.stream = self._stream
        if packet.dts is None:
            self._held.append(packet)
            return
        packet.dts += ticks
        for places, held in enumerate(reversed(self._held), start=1):
            held.dts = packet.dts - places * (held.duration or 0)
        yield from self._held
        self._held.clear()
        yield packet

    def drain(self) -> Iterator["AnyPacket"]:
        yield from ()


class VideoLane:
    """Transcodes video to H.264 in the file's own size and frame rate."""

    def __init__(
        self, source: "VideoStream", container: "OutputContainer", settings: PublishConfig
    ) -> None:
        self.source = source
        source.thread_type = "AUTO"
        context = source.codec_context
        # 4:2:0 has no odd sizes.
        self._width, self._height = context.width & ~1, context.height & ~1
        rate = source.average_rate or settings.fps
        self._stream = add_video(
            container, settings, (self._width, self._height), rate, source.time_base or 1 / rate
        )
        self._keyframe_seconds = settings.keyframe_seconds
        self._key_frame_due = Fraction(0)
        self._last_pts: int | None = None

    def take(self, packet: "AnyPacket", shift: Fraction) -> Iterator["AnyPacket"]:
        for frame in cast("list[VideoFrame]", _decoded(packet)):
            yield from self._encode(frame, shift)

    def drain(self) -> Iterator["AnyPacket"]:
        if self._last_pts is not None:
            yield from self._stream.encode(None)

    def _encode(self, frame: "VideoFrame", shift: Fraction) -> Iterator["AnyPacket"]:
        from av.video.frame import PictureType

        if frame.pts is None or frame.time_base is None:
            return
        pts = frame.pts + int(shift / frame.time_base)
        if self._last_pts is not None and pts <= self._last_pts:
            return
        self._last_pts = pts
        ready = frame.reformat(self._width, self._height, "yuv420p")
        ready.pts, ready.time_base = pts, frame.time_base
        seconds = pts * frame.time_base
        is_key = seconds >= self._key_frame_due
        if is_key:
            self._key_frame_due = seconds + Fraction(self._keyframe_seconds)
        ready.pict_type = PictureType.I if is_key else PictureType.NONE
        yield from self._stream.encode(ready)


class AudioLane:
    """Transcodes audio to stereo AAC at 48 kHz without holes: silence fills them."""

    def __init__(
        self, source: "AudioStream", container: "OutputContainer", settings: PublishConfig
    ) -> None:
        self.source = source
        self._stream = add_audio(container, settings)
        self._resampler: AudioResampler | None = None
        self._form: tuple[str, str, int] | None = None

    def take(self, packet: "AnyPacket", shift: Fraction) -> Iterator["AnyPacket"]:
        for frame in cast("list[AudioFrame]", _decoded(packet)):
            if frame.pts is None or frame.time_base is None:
                continue
            frame.pts += int(shift / frame.time_base)
            yield from self._encode(frame)

    def drain(self) -> Iterator["AnyPacket"]:
        if self._resampler is not None:
            yield from self._finish_form(self._resampler)
            yield from self._stream.encode(None)

    def _encode(self, frame: "AudioFrame") -> Iterator["AnyPacket"]:
        form = (frame.format.name, frame.layout.name, frame.sample_rate)
        if self._resampler is None or form != self._form:
            if self._resampler is not None:
                yield from self._finish_form(self._resampler)
            self._resampler, self._form = _resampler(), form
        for ready in self._resampler.resample(frame):
            yield from self._stream.encode(ready)

    def _finish_form(self, resampler: "AudioResampler") -> Iterator["AnyPacket"]:
        """Encode the rest in an old format: some broadcasts change from mono to stereo."""
        for ready in resampler.resample(None):
            yield from self._stream.encode(ready)


def _resampler() -> "AudioResampler":
    from av import AudioResampler

    # `async` fills holes and cuts overlaps of over 100 ms, and ignores smaller ones: the encoder
    # counts samples, and accepts no timestamps that go back.
    return AudioResampler("fltp", "stereo", SAMPLE_RATE, options={"async": "1"})


def _decoded(packet: "AnyPacket") -> "list[VideoFrame | AudioFrame]":
    """Decode a packet; no frames for a broken one, as players skip what they cannot show."""
    from av.error import InvalidDataError

    try:
        return cast("list[VideoFrame | AudioFrame]", packet.decode())
    except InvalidDataError:
        return []
