"""Lanes: how one stream of a file becomes packets of a broadcast: copied, or encoded anew."""

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Protocol, cast

from emulator.media.publisher.encoders import add_audio, add_video
from emulator.media.publisher.settings import PublishSettings

if TYPE_CHECKING:
    from av import AudioFrame, AudioStream, Packet, VideoFrame, VideoStream
    from av.container import OutputContainer

    SourceStream = VideoStream | AudioStream
    AnyPacket = Packet[SourceStream]


class Lane(Protocol):
    """`shift` is the time, in seconds, that earlier rounds of a loop took."""

    @property
    def source(self) -> "SourceStream":
        """The stream of the file."""

    def take(self, packet: "AnyPacket", shift: Fraction) -> Iterator["AnyPacket"]:
        """What a packet of the file becomes."""

    def drain(self) -> Iterator["AnyPacket"]:
        """What is left at the very end."""


class CopyLane:
    """Passes packets through as they are."""

    def __init__(self, source: "SourceStream", container: "OutputContainer") -> None:
        self.source = source
        self._stream = container.add_stream_from_template(source, opaque=True)

    def take(self, packet: "AnyPacket", shift: Fraction) -> Iterator["AnyPacket"]:
        if packet.size == 0:
            return
        ticks = int(shift / packet.time_base)
        if packet.dts is not None:
            packet.dts += ticks
        if packet.pts is not None:
            packet.pts += ticks
        packet.stream = self._stream
        yield packet

    def drain(self) -> Iterator["AnyPacket"]:
        yield from ()


class VideoLane:
    """Decodes, and encodes as H.264 in the file's own size and frame rate."""

    def __init__(
        self, source: "VideoStream", container: "OutputContainer", settings: PublishSettings
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
        for frame in cast("list[VideoFrame]", packet.decode()):
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
    """Decodes, and encodes as stereo AAC at 48 kHz."""

    def __init__(
        self, source: "AudioStream", container: "OutputContainer", settings: PublishSettings
    ) -> None:
        self.source = source
        self._stream = add_audio(container, settings)
        self._has_any = False

    def take(self, packet: "AnyPacket", shift: Fraction) -> Iterator["AnyPacket"]:
        for frame in cast("list[AudioFrame]", packet.decode()):
            if frame.pts is None or frame.time_base is None:
                continue
            frame.pts += int(shift / frame.time_base)
            self._has_any = True
            yield from self._stream.encode(frame)

    def drain(self) -> Iterator["AnyPacket"]:
        if self._has_any:
            yield from self._stream.encode(None)
