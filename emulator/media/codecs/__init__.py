"""Codecs: one file for each, looked up here by FourCC, by FLV's old number, or by a track.

No other module asks which codec it has: the differences between codecs are in their formats.
"""

from typing import Literal, NoReturn

from emulator.core.errors import ProtocolError, Refused
from emulator.media.codecs import sources
from emulator.media.codecs.aac import AAC
from emulator.media.codecs.av1 import AV1
from emulator.media.codecs.formats import AudioFormat, Payload, VideoFormat
from emulator.media.codecs.h264 import H264
from emulator.media.codecs.hevc import HEVC
from emulator.media.codecs.opus import OPUS
from emulator.media.codecs.sources import SourceCodec
from emulator.media.codecs.vp9 import VP9
from emulator.media.packets import AudioTrack, Track, VideoCodec, VideoTrack

_VIDEO_BY_FOURCC = {b"avc1": H264, b"hvc1": HEVC, b"av01": AV1, b"vp09": VP9}
_AUDIO_BY_FOURCC = {b"mp4a": AAC, b"Opus": OPUS}
_VIDEO_BY_CODEC: dict[VideoCodec, VideoFormat] = {
    "h264": H264, "hevc": HEVC, "av1": AV1, "vp9": VP9
}  # fmt: skip
_AUDIO_BY_CODEC = {"aac": AAC, "opus": OPUS}

_SUPPORTED = {"video": "H.264, HEVC, AV1 and VP9", "audio": "AAC and Opus"}

# FLV 10.1, E.4.3.1 and E.4.2.1: the codec numbers that are older than FourCCs. No standard names 12
# for HEVC, but many cameras and encoders send it, framed as H.264 is.
_VIDEO_BY_NUMBER = {7: H264, 12: HEVC}
_AUDIO_BY_NUMBER = {10: AAC}


def video(fourcc: bytes) -> VideoFormat:
    """The video format of an Enhanced RTMP FourCC, or `Refused` (on the topic `video_codec`)."""
    return _VIDEO_BY_FOURCC.get(fourcc) or _refuse(
        "video", sources.VIDEO_BY_FOURCC.get(fourcc) or SourceCodec(_name(fourcc), "")
    )


def audio(fourcc: bytes) -> AudioFormat:
    """The audio format of an Enhanced RTMP FourCC, or `Refused` (on the topic `audio_codec`)."""
    return _AUDIO_BY_FOURCC.get(fourcc) or _refuse(
        "audio", sources.AUDIO_BY_FOURCC.get(fourcc) or SourceCodec(_name(fourcc), "")
    )


def legacy_video(number: int) -> VideoFormat:
    """The video format of FLV's CodecID: H.264 or HEVC, or `Refused`."""
    return _VIDEO_BY_NUMBER.get(number) or _refuse(
        "video", sources.VIDEO_BY_NUMBER.get(number) or SourceCodec(f"number {number}", "")
    )


def legacy_audio(number: int) -> AudioFormat:
    """The audio format of FLV's SoundFormat: AAC, or `Refused`."""
    return _AUDIO_BY_NUMBER.get(number) or _refuse(
        "audio", sources.AUDIO_BY_NUMBER.get(number) or SourceCodec(f"number {number}", "")
    )


def sample_entry(track: Track) -> bytes:
    """The box that describes a track in an init segment."""
    if isinstance(track, VideoTrack):
        return _VIDEO_BY_CODEC[track.codec].sample_entry(track)
    return _AUDIO_BY_CODEC[track.codec].sample_entry(track)


def silence(track: AudioTrack) -> tuple[bytes, int]:
    """A frame of silence that fits a track's other frames, and how many samples it lasts."""
    return _AUDIO_BY_CODEC[track.codec].silence(track)


def self_contained(codec: VideoCodec, config: bytes, frame: Payload) -> Payload:
    """A key frame that can be decoded without the configuration record.

    Returns the frame unchanged where the codec's key frames are always like that, and where the
    configuration record is broken.
    """
    complete = _VIDEO_BY_CODEC[codec].self_contained
    if complete is None:
        return frame
    try:
        return complete(config, frame)
    except (IndexError, ProtocolError):
        return frame


def _name(fourcc: bytes) -> str:
    """A FourCC as text for people; in hexadecimal where it cannot be printed."""
    text = fourcc.decode("latin-1")
    return text if text.isprintable() and text.isascii() else fourcc.hex()


def _refuse(kind: Literal["video", "audio"], source: SourceCodec) -> NoReturn:
    raise Refused(
        "unsupported",
        f"{kind.capitalize()} codec {source.name} is not supported: {_SUPPORTED[kind]} are.",
        topic=f"{kind}_codec",
        is_transcodable=bool(source.decoder),
    )
