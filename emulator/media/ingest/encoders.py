"""Encoders: recognizes the publishing program, and advises its user on each kind of refusal."""

from typing import Literal

from emulator.core.errors import Refused

Encoder = Literal["obs", "ffmpeg", "gstreamer", "other"]
Topic = Literal[
    "video_codec",
    "audio_codec",
    "pixel_format",
    "aac_profile",
    "channels",
    "key_frames",
    "sound_offset",
    "container",
]

# The names by which each is recognized: in `connect` (flashVer), in onMetaData (encoder,
# metadatacreator), or in WHIP as its user agent. OBS, GStreamer and others call themselves FMSc/1.0
# in `connect`.
_MARKS: tuple[tuple[str, Encoder], ...] = (
    ("obs", "obs"),
    ("gstreamer", "gstreamer"),
    ("lavf", "ffmpeg"),
    ("ffmpeg", "ffmpeg"),
)

_ADVICE: dict[Topic, dict[Encoder, str]] = {
    "video_codec": {
        "obs": "In OBS: Settings, Output, Streaming, Video Encoder: choose H.264 (or HEVC or AV1 "
        "with a recent OBS).",
        "ffmpeg": "With ffmpeg: -c:v libx264 (from 6.1 on also libx265, libsvtav1, libvpx-vp9).",
        "gstreamer": "With GStreamer: put x264enc and h264parse before flvmux.",
        "other": "Set the encoder to H.264 (or, with Enhanced RTMP, to HEVC, AV1 or VP9).",
    },
    "audio_codec": {
        "obs": "In OBS: Settings, Output, Streaming, Audio Encoder: choose AAC (or Opus with a "
        "recent OBS).",
        "ffmpeg": "With ffmpeg: -c:a aac.",
        "gstreamer": "With GStreamer: put avenc_aac (or voaacenc) and aacparse before flvmux.",
        "other": "Set the encoder to AAC (or, with Enhanced RTMP, to Opus).",
    },
    "pixel_format": {
        "obs": "In OBS: Settings, Advanced, Color Format NV12.",
        "ffmpeg": "With ffmpeg: -pix_fmt yuv420p.",
        "gstreamer": "With GStreamer: put video/x-raw,format=I420 before the encoder.",
        "other": "Set the encoder to 4:2:0 with 8 bits.",
    },
    "aac_profile": {
        "obs": "In OBS: Settings, Output, Streaming, Audio Encoder: choose AAC.",
        "ffmpeg": "With ffmpeg: -c:a aac -profile:a aac_low.",
        "gstreamer": "With GStreamer: put avenc_aac before flvmux.",
        "other": "Set the encoder to the profile AAC LC.",
    },
    "channels": {
        "obs": "In OBS: Settings, Audio, Channels Stereo.",
        "ffmpeg": "With ffmpeg: -ac 2.",
        "gstreamer": "With GStreamer: put audio/x-raw,channels=2 before the audio encoder.",
        "other": "Set the encoder to stereo.",
    },
    "key_frames": {
        "obs": "In OBS: Settings, Output, Streaming, Keyframe Interval 2 s.",
        "ffmpeg": "With ffmpeg: -g 60 at 30 frames a second.",
        "gstreamer": "With GStreamer: x264enc key-int-max=60 at 30 frames a second.",
        "other": "Set the encoder's key frame interval to 2 s.",
    },
    "sound_offset": {
        "obs": "In OBS: Advanced Audio Properties, Sync Offset of the audio sources.",
        "ffmpeg": "With ffmpeg: -itsoffset before the input that is early.",
        "gstreamer": "With GStreamer: do-timestamp=true on the sources, or ts-offset.",
        "other": "Check the encoder's audio offset.",
    },
    "container": {
        "obs": "In OBS: Settings, Stream, Service Custom.",
        "ffmpeg": "With ffmpeg: -f flv before the address.",
        "gstreamer": "With GStreamer: put flvmux streamable=true before the sink.",
        "other": "RTMP carries FLV tags: set the encoder to RTMP or FLV.",
    },
}


def recognize(*names: object) -> Encoder:
    """Recognize the encoder by the names that it sends; values that are not text are ignored."""
    said = " ".join(name.lower() for name in names if isinstance(name, str))
    return next((encoder for mark, encoder in _MARKS if mark in said), "other")


def advice(topic: Topic, encoder: Encoder) -> str:
    """The advice for the encoder's user."""
    return _ADVICE[topic][encoder]


def advised(refused: Refused, encoder: Encoder) -> Refused:
    """Return the refusal with advice for this encoder, if it has a `topic`.

    Where the emulator could transcode the media (`is_transcodable`), the message also names the
    setting for that.
    """
    topic: Topic | None = refused.details.get("topic")
    if topic is None:
        return refused
    message = f"{refused.message} {advice(topic, encoder)}"
    if refused.details.get("is_transcodable"):
        message += " Or start the emulator with --transcode-ingest."
    return Refused(refused.code, message)
