"""TranscodeWorker: turns media that HLS cannot carry into AAC and H.264.

For one thread; no I/O, no clock.

Times stay the publisher's: audio is placed by its samples, and every picture at its own time, so
delays of decoders and encoders do not move one against the other.
"""

import logging
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from emulator.media.codecs import aac
from emulator.media.ingest.transcoding.source_reader import SourcePacket, SourceTrack
from emulator.media.packets import Colour, Packet, Track, VideoTrack
from emulator.media.renditions.encoder import Encoder
from emulator.media.ticks import TICKS_PER_SECOND
from emulator.media.track_set import Kind
from emulator.media.webrtc.transcoding.resampled import RATE
from emulator.media.webrtc.transcoding.transcoders import AacEncoder

if TYPE_CHECKING:
    from av import VideoFrame

log = logging.getLogger(__name__)

_CHANNELS = 2
# 720p at 30 frames a second gets 2.8 Mbit/s.
_BITS_A_PIXEL = 0.1
_BITS_MIN = 200_000
_UNSPECIFIED = 2
# No decoder holds back more pictures than this.
_KEYS_MAX = 40


class TranscodeWorker:
    """The codecs of one publisher. `frame_rate` is the announced one; bit rates follow from it."""

    def __init__(self, frame_rate: float) -> None:
        self._frame_rate = frame_rate
        self._lanes: dict[Kind, _Sound | _Picture] = {}

    @property
    def tracks(self) -> dict[Kind, Track]:
        """The output tracks, as far as they are known."""
        return {kind: lane.track for kind, lane in self._lanes.items() if lane.track is not None}

    def take(self, packet: SourcePacket) -> list[Packet]:
        """Return the packets that can be encoded now, on the publisher's clock."""
        kind = packet.track.kind
        lane = self._lanes.get(kind)
        packets: list[Packet] = []
        if lane is None or lane.source != packet.track:
            packets = lane.end() if lane is not None else []
            lane = self._lanes[kind] = self._lane(packet.track)
        return packets + lane.take(packet)

    def drop(self, kind: Kind) -> None:
        """Drop the codecs of a kind that the publisher now sends as HLS carries it."""
        self._lanes.pop(kind, None)

    def end(self) -> list[Packet]:
        """Return the packets that decoders and encoders hold back.

        No input is accepted afterwards.
        """
        lanes, self._lanes = self._lanes, {}
        return [packet for lane in lanes.values() for packet in lane.end()]

    def _lane(self, source: SourceTrack) -> "_Sound | _Picture":
        return _Sound(source) if source.kind == "sound" else _Picture(source, self._frame_rate)


class _Sound:
    """Converts audio to AAC LC, stereo, 48 kHz."""

    def __init__(self, source: SourceTrack) -> None:
        self.source = source
        self.track = aac.track(aac.config(RATE, _CHANNELS))
        self._decoder = _decoder(source)
        if source.sample_rate:
            self._decoder.sample_rate = source.sample_rate
        if source.channels:
            self._decoder.layout = "stereo" if source.channels == 2 else "mono"
        self._encoder = AacEncoder(self.track)
        self._at = 0

    def take(self, packet: SourcePacket) -> list[Packet]:
        import av

        self._at = packet.dts * RATE // TICKS_PER_SECOND
        return self._convert(av.Packet(packet.data))

    def end(self) -> list[Packet]:
        return [*self._convert(None), *self._encoder.end()]

    def _convert(self, packet: Any) -> list[Packet]:
        packets: list[Packet] = []
        for frame in _decoded(self._decoder, packet):
            samples, rate = frame.samples, frame.sample_rate or RATE
            packets += self._encoder.encode(frame, self._at)
            self._at += samples * RATE // rate
        return packets


class _Picture:
    """Converts video to H.264, 4:2:0 with 8 bits, with the key frames of the source."""

    def __init__(self, source: SourceTrack, frame_rate: float) -> None:
        self.source = source
        self.track: Track | None = None
        self._frame_rate = frame_rate
        self._decoder = _decoder(source)
        # Frame threads would hold back as many frames as there are threads.
        self._decoder.thread_count = 1
        self._encoder: Encoder | None = None
        self._size = (0, 0)
        self._keys: list[int] = []

    def take(self, packet: SourcePacket) -> list[Packet]:
        import av

        if packet.is_key:
            self._keys = [*self._keys[-_KEYS_MAX:], packet.pts]
        coded = av.Packet(packet.data)
        coded.pts, coded.dts = packet.pts, packet.dts
        coded.time_base = Fraction(1, TICKS_PER_SECOND)
        return self._convert(coded)

    def end(self) -> list[Packet]:
        return self._convert(None)

    def _convert(self, packet: Any) -> list[Packet]:
        frames = [frame for frame in _decoded(self._decoder, packet) if frame.pts is not None]
        return [encoded for frame in frames if (encoded := self._encode(frame)) is not None]

    def _encode(self, frame: "VideoFrame") -> Packet | None:
        import av

        pts = frame.pts or 0
        is_key = pts in self._keys
        if is_key:
            self._keys.remove(pts)
        size = (frame.width, frame.height)
        if self._encoder is None or size != self._size:
            bits = round(frame.width * frame.height * self._frame_rate * _BITS_A_PIXEL)
            self._encoder = Encoder(frame.height, max(_BITS_MIN, bits), self._frame_rate)
            self._size = size
        try:
            packet = self._encoder.encode(frame, pts, pts, source=self._shape(frame), is_key=is_key)
        except av.FFmpegError as error:
            log.warning("a picture could not be encoded size=%dx%d error=%s", *size, error)
            return None
        if packet is not None:
            self.track = packet.track
        return packet

    def _shape(self, frame: "VideoFrame") -> VideoTrack:
        """The properties of the source that the encoder needs: pixel shape and colours."""
        aspect = self._decoder.sample_aspect_ratio or Fraction(1)
        colour = None
        if frame.color_primaries != _UNSPECIFIED and not frame.format.is_rgb:
            primaries, transfer = int(frame.color_primaries), int(frame.color_trc)
            colour = Colour(primaries, transfer, int(frame.colorspace))
        shape = (aspect.numerator, aspect.denominator)
        return VideoTrack("h264", b"", "", *self._size, aspect=shape, colour=colour)


def _decoder(source: SourceTrack) -> Any:
    from av import CodecContext

    decoder: Any = CodecContext.create(source.decoder, "r")
    if source.config:
        decoder.extradata = source.config
    return decoder


def _decoded(decoder: Any, packet: Any) -> list[Any]:
    """Decode a packet, or with None the rest. Frames that cannot be decoded are dropped."""
    import av

    try:
        frames: list[Any] = decoder.decode(packet)
    except (av.FFmpegError, ValueError) as error:
        log.debug("a frame could not be decoded error=%s", error)
        return []
    return frames
