"""FLV: turns a publisher's tags into packets, from legacy and Enhanced RTMP (v1 and v2) alike.

Times here are those of the wire: a packet's dts is the tag's timestamp in the track's timescale,
with its jumps and wraps. `Timeline` converts them to the stream's time. Sequence headers do not
move the clock.
"""

from collections.abc import Callable
from typing import Final

from emulator.core.errors import ProtocolError, Refused
from emulator.media import codecs
from emulator.media.codecs import aac, opus
from emulator.media.codecs.formats import AudioFormat, Payload, Sampler, VideoFormat
from emulator.media.ingest.tag import Tag, TagKind
from emulator.media.ingest.wire import amf0
from emulator.media.packets import (
    COMPOSITION_MS_MAX,
    AudioTrack,
    Packet,
    Track,
    VideoTrack,
)
from emulator.media.ticks import TICKS_PER_MS
from emulator.media.track_set import NO_PROMISE, Promise

_CONFIG_SIZE_MAX = 65_536
_METADATA_MEMBERS_MAX = 64
# Frames without their header are dropped; the warning comes after this time, as the header may be
# late.
_HEADER_WAIT_MS = 1_000
_HEADERLESS = {
    "video": "Video comes without its header (a decoder configuration record), so it cannot be "
    "shown.",
    "audio": "Audio comes without its header (AAC: AudioSpecificConfig), so it cannot be played.",
}
_ADTS = (
    "Audio comes as ADTS frames without an AAC header (AudioSpecificConfig). It is played here, "
    "but other servers may not play it: an RTMP encoder sends the header first, then raw frames."
)
COMPOSITION_WARNING = (
    "The composition time of a picture is more than 10 s, which no reordering of pictures needs. "
    "It is shown as long after its decoding as the picture before it."
)
_AAC_IDS = (10, int.from_bytes(b"mp4a"), "mp4a", "AAC")
_OPUS_IDS = (int.from_bytes(b"Opus"), "Opus")
# OpusHead (RFC 7845, 5.1): version 1, stereo, 312 samples of pre-skip, 48 kHz.
_OPUS_HEAD = b"OpusHead\x01\x02\x38\x01\x80\xbb\x00\x00\x00\x00\x00"


class FrameType:
    """Frame types: the upper bits of a video tag's first byte (FLV 10.1, E.4.3.1)."""

    KEY: Final = 1
    COMMAND: Final = 5


class PacketType:
    """Packet types of Enhanced RTMP v2. Multitrack has different numbers in video and audio."""

    SEQUENCE_START: Final = 0
    CODED_FRAMES: Final = 1
    CODED_FRAMES_X: Final = 3
    AUDIO_MULTITRACK: Final = 5
    VIDEO_MULTITRACK: Final = 6
    MOD_EX: Final = 7


class FlvReader:
    """Turns one publisher's tags into packets. A broken tag is a `ProtocolError`.

    `tracks` are the tracks known so far, video first: a new tuple when one is added or its
    configuration changes, and then with a new Track object for that one. `metadata` is the
    publisher's `onMetaData` (numbers and words; informative, the tracks are what counts). `promise`
    is the media that `onMetaData` announces, which comes before any header (FLV 10.1, E.5): audio
    counts only with a codec that this server accepts; its track is a guess until its header. `warn`
    is called with a sentence for each fault that does not end the publish, once each.
    """

    def __init__(self, warn: Callable[[str], None] = lambda _: None) -> None:
        self.tracks: tuple[Track, ...] = ()
        self.metadata: dict[str, bool | float | str] = {}
        self._warn = warn
        self._warnings: set[str] = set()
        self._headerless_since_ms: dict[TagKind, int] = {}
        self.promise = NO_PROMISE
        self._video: VideoTrack | None = None
        self._unsized: VideoTrack | None = None
        self._video_format: VideoFormat | None = None
        self._video_config = b""
        self._sampler: Sampler | None = None
        self._has_frames = False
        self._audio: AudioTrack | None = None
        self._audio_format: AudioFormat | None = None
        self._audio_config = b""
        self._is_adts = False
        self._composition = CompositionTimes(warn)

    def read(self, tag: Tag) -> list[Packet]:
        """Return the coded frames in a tag: one packet or none; for ADTS, one or more.

        Refuses a codec that is not supported (`Refused`). Drops frames before their sequence
        header, and further tracks of a multitrack message. Ignores an empty header (cameras send
        one, and so does ffmpeg when it copies ADTS or libaom's AV1): the true one follows.
        """
        kind, timestamp_ms, payload = tag.kind, tag.timestamp_ms, tag.payload
        if not payload:
            return []
        try:
            if kind == "video":
                return self._read_video(timestamp_ms, payload)
            if kind == "audio":
                return self._read_audio(timestamp_ms, payload)
        except IndexError:
            # A tag that is shorter than its own header: encoders send such tags for silence or as
            # keep-alive.
            return []
        self._read_script(payload)
        return []

    def _read_video(self, timestamp_ms: int, payload: bytes) -> list[Packet]:
        head = payload[0]
        frame = head >> 4 & 7
        if frame == FrameType.COMMAND:
            return []
        if head & 0x80:
            kind, fourcc, content = unwrap(payload, PacketType.VIDEO_MULTITRACK)
            if not fourcc:
                return []
            form = codecs.video(fourcc)
            cts_at = 0 if form.has_cts and kind == PacketType.CODED_FRAMES else -1
        else:
            form = codecs.legacy_video(head & 0x0F)
            kind = payload[1]
            content = memoryview(payload)
            cts_at = 2
        if kind == PacketType.SEQUENCE_START:
            self._start_video(form, content if head & 0x80 else content[5:])
            return []
        if kind != PacketType.CODED_FRAMES and kind != PacketType.CODED_FRAMES_X:
            return []
        cts_ms = 0
        if cts_at >= 0:
            cts_ms, content = self._composition.read(content, cts_at), content[cts_at + 3 :]
        if form is self._video_format and len(content):
            return self._video_packet(timestamp_ms, cts_ms, frame == FrameType.KEY, content)
        self._note_headerless("video", timestamp_ms)
        return []

    def _video_packet(
        self, timestamp_ms: int, cts_ms: int, is_key: bool, content: memoryview
    ) -> list[Packet]:
        form, track = self._video_format, self._video
        assert form is not None
        if track is None:
            if not is_key or form.sized is None or self._unsized is None:
                return []
            track = self._video = form.sized(self._unsized, content)
            self._list_tracks()
        data: Payload = content
        if self._sampler is not None:
            try:
                data = self._sampler(content)
            except ProtocolError as error:
                # Decoders recover from a lost frame, but a stream must not begin with one.
                if not self._has_frames:
                    raise Refused("unsupported", f"{error}.") from error
                return []
        self._has_frames = True
        dts = timestamp_ms * TICKS_PER_MS
        return [Packet(track, dts, dts + cts_ms * TICKS_PER_MS, 0, is_key, data)]

    def _start_video(self, form: VideoFormat, content: memoryview) -> None:
        config = _config(content)
        is_known = form is self._video_format and config == self._video_config
        if is_known or not any(config):
            return
        track = form.track(config)
        self._video_format, self._video_config = form, config
        is_sized = track.width > 0
        self._video, self._unsized = (track, None) if is_sized else (None, track)
        self._list_tracks()
        self._sampler = form.sampler(track) if form.sampler else None

    def _read_audio(self, timestamp_ms: int, payload: bytes) -> list[Packet]:
        content: Payload
        number = payload[0] >> 4
        if number == 9:
            kind, fourcc, content = unwrap(payload, PacketType.AUDIO_MULTITRACK)
            if not fourcc:
                return []
            form = codecs.audio(fourcc)
        else:
            form = codecs.legacy_audio(number)
            kind = payload[1]
            content = payload[2:]  # So short that a copy costs less than a view.
        if kind == PacketType.SEQUENCE_START:
            self._is_adts = False
            self._start_audio(form, _config(content))
        elif kind == PacketType.CODED_FRAMES and len(content):
            return self._audio_packets(form, timestamp_ms, content)
        return []

    def _audio_packets(
        self, form: AudioFormat, timestamp_ms: int, content: Payload
    ) -> list[Packet]:
        # Each ADTS frame begins with twelve bits of 1.
        adts = form.adts(content) if form.adts and content[0] == 0xFF else None
        if adts is not None and (self._audio is None or self._is_adts):
            self._is_adts = True
            self._start_audio(form, adts.config)
            self._warn_once(_ADTS)
        track = self._audio
        if track is None or form is not self._audio_format:
            self._note_headerless("audio", timestamp_ms)
            return []
        dts = (timestamp_ms * track.sample_rate + 500) // 1000
        packets = []
        for frame in adts.frames if adts is not None else (content,):
            samples = form.samples(frame) if form.samples else track.samples_per_frame
            packets.append(Packet(track, dts, dts, samples or 0, True, frame))
            dts += samples or 0
        return packets

    def _start_audio(self, form: AudioFormat, config: bytes) -> None:
        is_known = form is self._audio_format and config == self._audio_config
        if is_known or not any(config):
            return
        self._audio = form.track(config)
        self._audio_format, self._audio_config = form, config
        self._list_tracks()

    def _note_headerless(self, kind: TagKind, timestamp_ms: int) -> None:
        if self._video_format if kind == "video" else self._audio:
            return
        since_ms = self._headerless_since_ms.setdefault(kind, timestamp_ms)
        if abs(timestamp_ms - since_ms) >= _HEADER_WAIT_MS:
            self._warn_once(_HEADERLESS[kind])

    def _warn_once(self, message: str) -> None:
        if message not in self._warnings:
            self._warnings.add(message)
            self._warn(message)

    def _list_tracks(self) -> None:
        self.tracks = tuple(track for track in (self._video, self._audio) if track)

    def _read_script(self, payload: bytes) -> None:
        """Read `onMetaData`, mostly behind `@setDataFrame`. Malformed script tags are ignored."""
        try:
            values = amf0.decode(payload)
        except ProtocolError:
            return
        if "onMetaData" not in values:
            return
        for value in values:
            if isinstance(value, dict):
                plain = {
                    name: item
                    for name, item in value.items()
                    if isinstance(item, int | float | str)
                }
                self.metadata = dict(list(plain.items())[:_METADATA_MEMBERS_MAX])
                self.promise = _promise_of(self.metadata)


def _promise_of(metadata: dict[str, bool | float | str]) -> Promise:
    """Read the announced media from `onMetaData`.

    Codec ids are FLV's old numbers, or FourCCs as numbers (Enhanced RTMP v2) or as words.
    """
    has_picture = _announces(metadata, "hasVideo", "videocodecid")
    has_sound = _announces(metadata, "hasAudio", "audiocodecid")
    codec = metadata.get("audiocodecid") if has_sound else None
    if codec in _AAC_IDS:
        rate, channels = metadata.get("audiosamplerate"), metadata.get("audiochannels")
        if not isinstance(channels, int | float):
            channels = 1 if metadata.get("stereo") is False else 2
        known_rate = int(rate) if isinstance(rate, int | float) and 0 < rate < 1e6 else 0
        channels = int(channels) if 1 <= channels <= 6 else 2
        return Promise(has_picture, True, aac.track(aac.config(known_rate, channels)))
    if codec in _OPUS_IDS:
        return Promise(has_picture, True, opus.track(_OPUS_HEAD))
    return Promise(has_picture, has_sound)


def _announces(metadata: dict[str, bool | float | str], flag: str, codec: str) -> bool:
    """Whether a codec of this kind is announced, and no flag denies it."""
    return metadata.get(flag) is not False and codec in metadata


def _config(content: Payload) -> bytes:
    if len(content) > _CONFIG_SIZE_MAX:
        raise ProtocolError(f"a configuration record of {len(content)} bytes is too long")
    return bytes(content)


class CompositionTimes:
    """The time from each picture's decoding to its presentation, as the publisher says.

    More than `COMPOSITION_MS_MAX`, in either direction, is an error of the encoder: such a picture
    is shown as long after its decoding as the one before it. `warn` is called with a sentence for
    the first of them.
    """

    def __init__(self, warn: Callable[[str], None] = lambda _: None) -> None:
        self._warn = warn
        self._is_warned = False
        self._last_ms = 0

    def read(self, content: memoryview, at: int = 0) -> int:
        """Return the composition time (ms) before a frame: 24 bits, signed (FLV 10.1, E.4.3.2)."""
        cts_ms = content[at] << 16 | content[at + 1] << 8 | content[at + 2]
        if cts_ms & 0x800000:
            cts_ms -= 0x1000000
        if -COMPOSITION_MS_MAX <= cts_ms <= COMPOSITION_MS_MAX:
            self._last_ms = cts_ms
        elif not self._is_warned:
            self._is_warned = True
            self._warn(COMPOSITION_WARNING)
        return self._last_ms


def unwrap(payload: bytes, multitrack: int) -> tuple[int, bytes, memoryview]:
    """Return packet type, FourCC and content of track 0 in an Enhanced RTMP message.

    The FourCC is empty where the message has none, or no track 0. ModEx modifiers (nanoseconds) are
    skipped.
    """
    kind = payload[0] & 0x0F
    position = 1
    while kind == PacketType.MOD_EX:
        size = payload[position] + 1
        position += 1
        if size == 256:
            size = (payload[position] << 8 | payload[position + 1]) + 1
            position += 2
        position += size
        kind = payload[position] & 0x0F
        position += 1
    if kind == multitrack:
        return _track_zero(payload, position)
    if len(payload) < position + 4:
        return kind, b"", memoryview(b"")
    return kind, payload[position : position + 4], memoryview(payload)[position + 4 :]


def _track_zero(payload: bytes, position: int) -> tuple[int, bytes, memoryview]:
    """Return the track with the id 0 of a multitrack body (Enhanced RTMP v2).

    The upper half of its first byte: 0 one track, 1 many of one codec, 2 many, each with its codec.
    """
    layout, kind = payload[position] >> 4, payload[position] & 0x0F
    position += 1
    fourcc = b""
    if layout != 2:
        fourcc = payload[position : position + 4]
        position += 4
    while position < len(payload):
        if layout == 2:
            fourcc = payload[position : position + 4]
            position += 4
        track_id = payload[position]
        position += 1
        size = len(payload) - position
        if layout:
            size = int.from_bytes(payload[position : position + 3], "big")
            position += 3
        if position + size > len(payload):
            raise ProtocolError("Enhanced RTMP track is cut off")
        if track_id == 0:
            return kind, fourcc, memoryview(payload)[position : position + size]
        position += size
    return kind, b"", memoryview(b"")
