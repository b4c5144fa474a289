"""Transcoders: Opus to AAC and back, any video to H.264 or VP8 for browsers. Not for the loop.

Times are kept: the output has the place of the samples that it was made from.
"""

import logging
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar, cast

from emulator.media.packets import AudioTrack, Packet
from emulator.media.ticks import TICKS_PER_SECOND
from emulator.media.webrtc.rtp import h264, vp8
from emulator.media.webrtc.transcoding.resampled import RATE, Resampled
from emulator.media.webrtc.whip.depacketizers import RawPicture, Sound

if TYPE_CHECKING:
    import av
    from av import AudioCodecContext, AudioFrame, VideoCodecContext, VideoFrame

log = logging.getLogger(__name__)

Output = TypeVar("Output")

_AAC_BITS, _OPUS_BITS = 128_000, 96_000
OPUS_FRAME = 960


class AacEncoder:
    """Encodes decoded audio as frames of `track` (AAC LC, 48 kHz, stereo), at their places."""

    def __init__(self, track: AudioTrack) -> None:
        from av import CodecContext

        self._encoder = CodecContext.create("aac", "w")
        self._encoder.sample_rate = RATE
        self._encoder.layout = "stereo"
        self._encoder.format = "fltp"
        self._encoder.bit_rate = _AAC_BITS
        self._encoder.time_base = Fraction(1, RATE)
        self._encoder.open()
        self._track = track
        self._form: tuple[object, ...] = ()
        self._sound = Resampled("fltp", 1024)

    def encode(self, frame: "AudioFrame", at: int) -> list[Packet]:
        """Encode a frame. `at` is the place of its first sample, at 48 kHz."""
        form = (frame.format.name, frame.layout.name, frame.sample_rate)
        packets: list[Packet] = []
        if form != self._form:
            packets = self._flush() if self._form else []
            self._form, self._sound = form, Resampled("fltp", 1024)
        for place, full in self._sound.push(frame, at):
            packets += self._encoded(place, full)
        return packets

    def end(self) -> list[Packet]:
        """Return the packets that are still held back. No frame may be encoded afterwards."""
        return [*self._flush(), *self._packets(self._encoder.encode(None))]

    def _flush(self) -> list[Packet]:
        rest = self._sound.rest()
        return self._encoded(*rest) if rest is not None else []

    def _encoded(self, place: int, frame: "AudioFrame") -> list[Packet]:
        frame.pts, frame.time_base, frame.sample_rate = place, Fraction(1, RATE), RATE
        return self._packets(self._encoder.encode(frame))

    def _packets(self, coded: "Sequence[av.Packet[Any]]") -> list[Packet]:
        # The encoder's own times are earlier by its delay of 1024 samples.
        return [
            Packet(self._track, packet.pts or 0, packet.pts or 0, 1024, True, bytes(packet))
            for packet in coded
        ]


class OpusToAac:
    """Converts a browser's audio for HLS, to frames of `track`: AAC LC, 48 kHz, stereo."""

    def __init__(self, track: AudioTrack) -> None:
        from av import CodecContext

        self._decoder = CodecContext.create("libopus", "r")
        self._decoder.sample_rate = RATE
        self._decoder.layout = "stereo"
        self._encoder = AacEncoder(track)

    def convert(self, sound: Sound) -> list[Packet]:
        import av

        packets: list[Packet] = []
        try:
            frames = self._decoder.decode(av.Packet(sound.data))
        except av.FFmpegError as error:
            log.debug("an Opus packet could not be decoded error=%s", error)
            return packets
        at = sound.at
        for frame in frames:
            samples = frame.samples
            packets += self._encoder.encode(frame, at)
            at += samples
        return packets


class ToOpus:
    """Converts a broadcast's audio for browsers: AAC, or Opus that browsers do not accept."""

    def __init__(self, track: AudioTrack) -> None:
        from av import CodecContext

        name = {"aac": "aac", "opus": "libopus"}[track.codec]
        self._rate = track.sample_rate
        self._decoder = cast("AudioCodecContext", CodecContext.create(name, "r"))
        self._decoder.extradata = track.config
        self._decoder.sample_rate = track.sample_rate
        self._encoder = CodecContext.create("libopus", "w")
        self._encoder.sample_rate = RATE
        self._encoder.layout = "stereo"
        self._encoder.format = "s16"
        self._encoder.bit_rate = _OPUS_BITS
        self._encoder.options = {"frame_duration": "20", "application": "lowdelay"}
        self._encoder.time_base = Fraction(1, RATE)
        self._encoder.open()
        self._sound = Resampled("s16", OPUS_FRAME)

    def convert(self, source: Packet) -> list[Sound]:
        import av

        sounds: list[Sound] = []
        try:
            frames = self._decoder.decode(av.Packet(bytes(source.data)))
        except av.FFmpegError as error:
            log.debug("a sound packet could not be decoded error=%s", error)
            return sounds
        at = source.pts * RATE // self._rate
        for frame in frames:
            samples = frame.samples * RATE // (frame.sample_rate or self._rate)
            for place, full in self._sound.push(frame, at):
                full.pts, full.time_base, full.sample_rate = place, Fraction(1, RATE), RATE
                sounds += [
                    Sound(packet.pts or 0, bytes(packet)) for packet in self._encoder.encode(full)
                ]
            at += samples
        return sounds


class Vp8Picture(NamedTuple):
    """One coded picture; `at` is in 1/90,000 s."""

    at: int
    is_key: bool
    data: bytes


class _Pictures(Generic[Output]):
    """Transcodes pictures, with key frames where the source has them."""

    def __init__(self, codec: str, config: bytes) -> None:
        from av import CodecContext

        self._decoder = cast("VideoCodecContext", CodecContext.create(codec, "r"))
        if config:
            self._decoder.extradata = config
        self._encoder: VideoCodecContext | None = None
        self._size = (0, 0)
        self._keys: set[int] = set()
        self._last = -1

    def convert(self, picture: RawPicture) -> list[Output]:
        import av

        packet = av.Packet(picture.data)
        packet.pts, packet.time_base = picture.at, Fraction(1, TICKS_PER_SECOND)
        if picture.is_key:
            self._keys.add(picture.at)
        try:
            frames = self._decoder.decode(packet)
        except av.FFmpegError as error:
            log.debug("a picture could not be decoded error=%s", error)
            return []
        return [encoded for frame in frames for encoded in self._encode(frame)]

    def _encode(self, frame: "VideoFrame") -> list[Output]:
        from av.video.frame import PictureType

        at = frame.pts
        if at is None or at <= self._last:
            return []
        self._last = at
        encoder = self._encoder
        is_key = at in self._keys
        if encoder is None or self._size != (frame.width, frame.height):
            encoder = self._encoder = self._open(frame.width & ~1, frame.height & ~1)
            self._size = (frame.width, frame.height)
        self._keys = {key for key in self._keys if key > at}
        even = frame.reformat(width=encoder.width, height=encoder.height, format="yuv420p")
        even.pts, even.time_base = at, Fraction(1, TICKS_PER_SECOND)
        even.pict_type = PictureType.I if is_key else PictureType.NONE
        return [
            encoded
            for packet in encoder.encode(even)
            if (encoded := self._encoded(bytes(packet), at if packet.pts is None else packet.pts))
        ]

    def _open(self, width: int, height: int) -> "VideoCodecContext":
        raise NotImplementedError

    def _encoded(self, data: bytes, at: int) -> Output | None:
        raise NotImplementedError


class ToH264(_Pictures[Packet]):
    """Transcodes pictures to H.264 without B-frames, for browsers with H.264."""

    def __init__(self, codec: str, config: bytes, bits_per_second: int) -> None:
        super().__init__(codec, config)
        self._bits = bits_per_second
        self._frames = h264.Frames()

    def _encoded(self, data: bytes, at: int) -> Packet | None:
        coded = self._frames.frame(h264.split(data))
        return Packet(coded.track, at, at, 0, coded.is_key, coded.data) if coded else None

    def _open(self, width: int, height: int) -> "VideoCodecContext":
        from emulator.media.publisher.encoders import h264_encoder

        encoder = _encoder(h264_encoder(), width, height, self._bits)
        encoder.profile = "Baseline"
        encoder.options = {"preset": "ultrafast", "tune": "zerolatency", "forced-idr": "1"}
        encoder.open()
        return cast("VideoCodecContext", encoder)


class ToVp8(_Pictures[Vp8Picture]):
    """Transcodes pictures to VP8, for browsers without H.264: a Firefox without its plugin."""

    def __init__(self, codec: str, config: bytes, bits_per_second: int) -> None:
        super().__init__(codec, config)
        self._bits = bits_per_second

    def _encoded(self, data: bytes, at: int) -> Vp8Picture:
        return Vp8Picture(at, vp8.is_key(data), data)

    def _open(self, width: int, height: int) -> "VideoCodecContext":
        encoder = _encoder("libvpx", width, height, self._bits)
        encoder.options = {
            "deadline": "realtime",
            "cpu-used": "12",
            "lag-in-frames": "0",
            "auto-alt-ref": "0",
            "error-resilient": "default",
        }
        encoder.open()
        return cast("VideoCodecContext", encoder)


def _encoder(name: str, width: int, height: int, bits_per_second: int) -> Any:
    """Make an encoder that holds back no frames; the caller sets its options and opens it."""
    from av import CodecContext

    encoder: Any = CodecContext.create(name, "w")
    encoder.width, encoder.height = width, height
    encoder.pix_fmt = "yuv420p"
    encoder.time_base = Fraction(1, TICKS_PER_SECOND)
    encoder.framerate = Fraction(30)
    encoder.bit_rate = bits_per_second
    encoder.max_b_frames = 0
    encoder.gop_size = 1_000_000
    return encoder
