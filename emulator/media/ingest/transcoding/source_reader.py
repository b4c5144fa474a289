"""SourceReader: takes the media that HLS cannot carry out of a publisher's tags. Pure."""

from collections.abc import Callable
from typing import NamedTuple

from msgspec import Struct

from emulator.core.errors import ProtocolError, Refused
from emulator.media import codecs
from emulator.media.codecs import sources
from emulator.media.codecs.formats import AudioFormat, VideoFormat
from emulator.media.codecs.sources import PCM_8_BIT, PCM_16_BIT, SourceCodec
from emulator.media.ingest.flv import CompositionTimes, FrameType, PacketType, unwrap
from emulator.media.ingest.tag import Tag
from emulator.media.packets import Packet, Track
from emulator.media.ticks import TICKS_PER_MS, TICKS_PER_SECOND
from emulator.media.track_set import Kind, Promise

_CONFIG_SIZE_MAX = 65_536
# SoundRate (FLV 10.1, E.4.2.1), and the sound formats that have a fixed rate instead.
_RATES = (5_512, 11_025, 22_050, 44_100)
_OWN_RATES = {4: 16_000, 5: 8_000, 7: 8_000, 8: 8_000, 11: 16_000, 14: 8_000}
_MONO = frozenset({4, 5, 11})
_VP6 = frozenset({4, 5})
# How coded frames of H.264 (key frames, others) and of AAC begin. Nearly all tags are such, and
# they are passed through unless their header is to be transcoded.
_PASSED_VIDEO = frozenset({b"\x17\x01", b"\x27\x01"})
_PASSED_AUDIO = b"\xaf\x01"
# Profiles and pixel formats that HLS does not carry, of codecs that it carries.
_REFUSED_FORMS = {
    "H.264": SourceCodec("H.264 that is not 4:2:0 with 8 bits", "h264"),
    "AAC": SourceCodec("AAC that is neither LC nor HE", "aac"),
}


class SourceTrack(Struct, frozen=True):
    """A track as a publisher sends it. `decoder` is FFmpeg's name, `config` its extradata.

    `codecs` is the codec's name for people. Rate and channels are 0 where only the decoder can
    tell, and so is the size of every picture.
    """

    kind: Kind
    codecs: str
    decoder: str
    config: bytes = b""
    sample_rate: int = 0
    channels: int = 0
    width: int = 0
    height: int = 0

    @property
    def timescale(self) -> int:
        return TICKS_PER_SECOND


class SourcePacket(NamedTuple):
    """One coded frame, on the publisher's clock: in ticks of 1/90,000 s, for audio too."""

    track: SourceTrack
    dts: int
    pts: int
    is_key: bool
    data: bytes


class Transcoded(NamedTuple):
    """A packet on the publisher's clock, its tracks so far, its promise, and its arrival."""

    packet: Packet
    tracks: tuple[Track, ...]
    promise: Promise
    at_ms: int


class SourceReader:
    """Reads one publisher's tags before `FlvReader` does. `warn` as there."""

    def __init__(self, warn: Callable[[str], None] = lambda _: None) -> None:
        self._video: SourceTrack | None = None
        self._audio: SourceTrack | None = None
        self._composition = CompositionTimes(warn)

    def read(self, tag: Tag) -> list[SourcePacket] | None:
        """Return the packets to transcode; None for a tag that is passed through, or refused."""
        kind, timestamp_ms, payload = tag.kind, tag.timestamp_ms, tag.payload
        try:
            if kind == "video":
                return self._read_video(timestamp_ms * TICKS_PER_MS, payload)
            if kind == "audio":
                return self._read_audio(timestamp_ms * TICKS_PER_MS, payload)
        except IndexError:  # The tag is shorter than its own header: see `FlvReader`.
            return []
        return None

    def _read_video(self, dts: int, payload: bytes) -> list[SourcePacket] | None:
        is_passed = self._video is None and payload[:2] in _PASSED_VIDEO
        if is_passed or not payload or payload[0] >> 4 & 7 == FrameType.COMMAND:
            return None
        is_key = payload[0] >> 4 & 7 == FrameType.KEY
        if payload[0] & 0x80:
            kind, fourcc, content = unwrap(payload, PacketType.VIDEO_MULTITRACK)
            source = sources.VIDEO_BY_FOURCC.get(fourcc)
            if source is None:
                return self._read_known_video(fourcc, kind, dts, is_key, content)
            if not source.decoder or kind not in (
                PacketType.CODED_FRAMES,
                PacketType.CODED_FRAMES_X,
            ):
                return [] if source.decoder else None
        else:
            number = payload[0] & 0x0F
            source = sources.VIDEO_BY_NUMBER.get(number)
            content = memoryview(payload)[1:]
            if source is None:
                # An H.264 or HEVC tag: its packet type comes next.
                return self._read_known_video(number, payload[1], dts, is_key, content[1:])
            if not source.decoder:
                return None
            if number in _VP6:  # Its first byte says how much of the edges to crop.
                self._note_video(SourceTrack("picture", *source, config=bytes(content[:1])))
                return self._video_packets(dts, dts, is_key, content[1:])
        self._note_video(SourceTrack("picture", *source))
        return self._video_packets(dts, dts, is_key, content)

    def _read_known_video(
        self, codec: bytes | int, kind: int, dts: int, is_key: bool, content: memoryview
    ) -> list[SourcePacket] | None:
        """Take H.264 and the like, from a header that HLS cannot carry up to the next header."""
        if kind == PacketType.SEQUENCE_START:
            if isinstance(codec, int):
                content = content[3:]
            config = bytes(content[:_CONFIG_SIZE_MAX])
            try:
                form = codecs.legacy_video(codec) if isinstance(codec, int) else codecs.video(codec)
            except Refused:
                return None
            self._video = _claimed("picture", form, config) if any(config) else self._video
            return None if self._video is None else []
        if self._video is None:
            return None
        if kind not in (PacketType.CODED_FRAMES, PacketType.CODED_FRAMES_X):
            return []
        pts = dts
        if isinstance(codec, int) or kind == PacketType.CODED_FRAMES:
            pts += self._composition.read(content) * TICKS_PER_MS
            content = content[3:]
        return self._video_packets(dts, pts, is_key, content)

    def _video_packets(
        self, dts: int, pts: int, is_key: bool, content: memoryview
    ) -> list[SourcePacket]:
        if self._video is None or not len(content):
            return []
        return [SourcePacket(self._video, dts, pts, is_key, bytes(content))]

    def _read_audio(self, dts: int, payload: bytes) -> list[SourcePacket] | None:
        if not payload or (self._audio is None and payload[:2] == _PASSED_AUDIO):
            return None
        number = payload[0] >> 4
        if number == 9:
            kind, fourcc, content = unwrap(payload, PacketType.AUDIO_MULTITRACK)
            source = sources.AUDIO_BY_FOURCC.get(fourcc)
            if source is None:
                return self._read_known_audio(fourcc, kind, dts, content)
            return self._enhanced_audio(source, kind, dts, content)
        source = sources.AUDIO_BY_NUMBER.get(number)
        if source is None:
            return self._read_known_audio(number, payload[1], dts, memoryview(payload)[2:])
        if not source.decoder:
            return None
        decoder = source.decoder
        if decoder == PCM_16_BIT and not payload[0] & 2:
            decoder = PCM_8_BIT
        rate = _OWN_RATES.get(number) or _RATES[payload[0] >> 2 & 3]
        channels = 1 if number in _MONO else 1 + (payload[0] & 1)
        self._note_audio(
            SourceTrack("sound", source.name, decoder, sample_rate=rate, channels=channels)
        )
        return self._audio_packets(dts, memoryview(payload)[1:])

    def _enhanced_audio(
        self, source: SourceCodec, kind: int, dts: int, content: memoryview
    ) -> list[SourcePacket]:
        """Take an Enhanced RTMP codec.

        FLAC has a header; the others have all of it in each frame.
        """
        if kind == PacketType.SEQUENCE_START:
            config = bytes(content[:_CONFIG_SIZE_MAX])
            self._note_audio(SourceTrack("sound", *source, config=config))
            return []
        if self._audio is None or self._audio.codecs != source.name:
            self._note_audio(SourceTrack("sound", *source))
        return self._audio_packets(dts, content) if kind == PacketType.CODED_FRAMES else []

    def _read_known_audio(
        self, codec: bytes | int, kind: int, dts: int, content: memoryview
    ) -> list[SourcePacket] | None:
        if kind == PacketType.SEQUENCE_START:
            config = bytes(content[:_CONFIG_SIZE_MAX])
            try:
                form = codecs.legacy_audio(codec) if isinstance(codec, int) else codecs.audio(codec)
            except Refused:
                return None
            self._audio = _claimed("sound", form, config) if any(config) else self._audio
            return None if self._audio is None else []
        if self._audio is None:
            return None
        return self._audio_packets(dts, content) if kind == PacketType.CODED_FRAMES else []

    def _audio_packets(self, dts: int, content: memoryview) -> list[SourcePacket]:
        if self._audio is None or not len(content):
            return []
        return [SourcePacket(self._audio, dts, dts, True, bytes(content))]

    def _note_video(self, track: SourceTrack) -> None:
        if self._video != track:
            self._video = track

    def _note_audio(self, track: SourceTrack) -> None:
        if self._audio != track:
            self._audio = track


def _claimed(kind: Kind, form: VideoFormat | AudioFormat, config: bytes) -> SourceTrack | None:
    """The track of a header that HLS cannot carry; None for another header, or a broken one."""
    try:
        form.track(config)
    except Refused as refused:
        if refused.details.get("is_transcodable") and form.name in _REFUSED_FORMS:
            return SourceTrack(kind, *_REFUSED_FORMS[form.name], config=config)
    except (IndexError, ProtocolError):
        return None
    return None
