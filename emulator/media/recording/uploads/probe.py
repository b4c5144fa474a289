"""Probe: reads the properties of an uploaded file with FFmpeg. For threads; imports PyAV on use.

A file cannot open another one: playlists, image sequences and network protocols are not opened,
whatever is in the file.
"""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.media.recording.uploads.turn import Orientation, orientation_of, swaps_sides

if TYPE_CHECKING:
    from av import AudioStream
    from av.container import InputContainer
    from av.video.stream import VideoStream

SIDE_MAX = 8192
# The number of packets that are read before there must be a picture.
_PACKETS_TRIED_MAX = 2_000
_BOXES_MAX = 1_000
# FFmpeg's names of the demuxers that may open an upload, and the common name of the format.
_FORMS = {
    "mov": "mp4",
    "matroska": "mkv",
    "webm": "webm",
    "avi": "avi",
    "flv": "flv",
    "mpegts": "ts",
    "mpeg": "mpg",
    "ogg": "ogg",
    "asf": "wmv",
    "dv": "dv",
    "mxf": "mxf",
    "nut": "nut",
    "ivf": "ivf",
}
_SOUNDS_AND_RAW = ("mp3", "wav", "aac", "flac", "h264", "hevc")
_FILES_ONLY = {"protocol_whitelist": "file"}
UPLOAD_OPTIONS = {"format_whitelist": ",".join(_FORMS), **_FILES_ONLY}
# A file for a broadcast may be audio alone or one image (each of these demuxers reads one file),
# and an elementary stream gets a separate refusal.
_IMAGES = ("png_pipe", "jpeg_pipe", "webp_pipe", "bmp_pipe", "gif")
FILM_OPTIONS = {
    "format_whitelist": ",".join((*_FORMS, *_SOUNDS_AND_RAW, *_IMAGES)),
    **_FILES_ONLY,
}
_COPIED_VIDEO = {
    "h264": {"yuv420p", "yuvj420p"},
    "hevc": {"yuv420p", "yuvj420p", "yuv420p10le"},
    "av1": {"yuv420p", "yuv420p10le"},
    "vp9": {"yuv420p", "yuv420p10le"},
}
_COPIED_AUDIO = {"aac", "opus"}


class Probed(Struct, frozen=True):
    """The properties of a video file. Sizes are those shown: oriented, with square pixels.

    `seconds` is 0 where the file has no duration. `copies_*`: the track can be copied.
    `audio_codec` is "" without audio.
    """

    form: str
    width: int
    height: int
    seconds: float
    rate: Fraction
    orientation: Orientation
    video_codec: str
    audio_codec: str
    copies_video: bool
    copies_audio: bool


def open_upload(path: Path) -> "InputContainer":
    """Open a file for reading. Refuses (`unsupported`) a file that no allowed demuxer opens."""
    import av

    # A title that is not UTF-8 is no reason to refuse a film; PyAV 19 needs no option for that.
    lenient: dict[str, Any] = {} if _pyav_major() >= 19 else {"metadata_errors": "replace"}
    try:
        container: InputContainer = av.open(str(path), "r", options=UPLOAD_OPTIONS, **lenient)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise _not_a_video(_why_unopened(path)) from error
    return container


def _why_unopened(path: Path) -> str:
    size = path.stat().st_size
    if not size:
        return "it is empty"
    names = _whole_boxes(path, size)
    if b"ftyp" in names and b"moov" not in names:
        return (
            "its index (the moov box) is missing or incomplete, so the file was cut off or never"
            " finished. Export or upload it again"
        )
    return f"its format is none of the supported ones ({', '.join(_FORMS.values())})"


def _whole_boxes(path: Path, size: int) -> set[bytes]:
    """The names of an MP4 file's complete boxes (ISO/IEC 14496-12, 4.2)."""
    names: set[bytes] = set()
    at = 0
    with path.open("rb") as file:
        while at < size and len(names) < _BOXES_MAX:
            file.seek(at)
            head = file.read(16)
            length = int.from_bytes(head[:4])
            if length == 1:
                length = int.from_bytes(head[8:16])
            if length < 8 or at + length > size:
                break
            names.add(head[4:8])
            at += length
    return names


def _pyav_major() -> int:
    import av

    return int(av.__version__.partition(".")[0])


def picture_of(container: "InputContainer") -> "VideoStream":
    """The video stream that a player shows. Refuses (`unsupported`) a file without one."""
    picture = find_picture(container)
    if picture is None:
        raise _not_a_video("it has no moving picture")
    return picture


def find_picture(container: "InputContainer") -> "VideoStream | None":
    """The video stream that a player shows: the default one, if there is one.

    A cover does not count, and a single image counts only where there is no other stream.
    """
    from av.stream import Disposition

    covers = Disposition.attached_pic | Disposition.still_image | Disposition.timed_thumbnails
    moving = [stream for stream in container.streams.video if not stream.disposition & covers]
    # `frames` is 0 where the file does not say.
    return max(moving, key=lambda stream: (stream.frames != 1, _preference(stream)), default=None)


def sound_of(container: "InputContainer") -> "AudioStream | None":
    """The audio stream that a player plays: the default one, if any; the first of equal ones.

    None if FFmpeg has no decoder for any of them.
    """
    known = [stream for stream in container.streams.audio if stream.codec_context is not None]
    return max(known, key=_preference, default=None)


def _preference(stream: Any) -> tuple[bool, bool]:
    """Sort key: tracks for everybody come before descriptions and comments."""
    from av.stream import Disposition

    special = (
        Disposition.comment
        | Disposition.hearing_impaired
        | Disposition.visual_impaired
        | Disposition.descriptions
        | Disposition.karaoke
    )
    return bool(stream.disposition & Disposition.default), not stream.disposition & special


def probe(path: Path, name: str = "") -> Probed:
    """Read the properties of a file. Its original `name` tells `.mov` from `.mp4`.

    Refuses (`unsupported`, with a message) a file that is not a video that can be decoded.
    """
    with open_upload(path) as container:
        stream = picture_of(container)
        codec = codec_of(stream)
        audio = sound_of(container)
        frame = _first_frame(container, stream)
        width, height = _shown(frame.width, frame.height, stream)
        orientation = orientation_of(frame)
        if swaps_sides(orientation):
            width, height = height, width
        pixels = frame.format.name
        return Probed(
            form=_form(container.format.name, name),
            width=width,
            height=height,
            seconds=(container.duration or 0) / 1_000_000,
            rate=stream.average_rate or stream.guessed_rate or Fraction(30),
            orientation=orientation,
            video_codec=codec,
            audio_codec=codec_of(audio),
            copies_video=orientation == "upright" and pixels in _COPIED_VIDEO.get(codec, ()),
            copies_audio=codec_of(audio) in _COPIED_AUDIO,
        )


def packets_of(container: "InputContainer", streams: list[Any]) -> Iterator[Any]:
    """Yield packets of some streams up to the end, or to where the file is broken.

    The last packet of each stream is empty. Packets of streams that appear later are left out.
    """
    import av

    packets = container.demux(*streams)
    while True:
        try:
            packet = next(packets, None)
        except IndexError:  # PyAV only knows streams that the file names at its start.
            packets = container.demux(*streams)
            continue
        except av.FFmpegError:
            return
        if packet is None:
            return
        yield packet


def _first_frame(container: "InputContainer", stream: "VideoStream") -> Any:
    import av

    for number, packet in enumerate(packets_of(container, [stream])):
        try:
            frames = packet.decode()
        except av.FFmpegError:
            continue
        if frames:
            frame = frames[0]
            if max(frame.width, frame.height) > SIDE_MAX:
                raise _not_a_video(f"its picture is larger than {SIDE_MAX} pixels")
            return frame
        if number > _PACKETS_TRIED_MAX:
            break
    raise _not_a_video("none of its pictures can be decoded")


def _shown(width: int, height: int, stream: "VideoStream") -> tuple[int, int]:
    """The displayed size: pixels of the file may be wider than high (SAR)."""
    aspect = stream.sample_aspect_ratio
    return (round(width * aspect), height) if aspect else (width, height)


def _form(demuxer: str, name: str) -> str:
    """The common name of the format.

    FFmpeg has one demuxer for MP4 and MOV, one for MKV and WebM.
    """
    text = name.rpartition(".")[2].lower()
    names = demuxer.split(",")
    if text in names:
        return text
    return next((_FORMS[name] for name in names if name in _FORMS), names[0])


def codec_of(stream: Any) -> str:
    """The codec's name, whichever decoder reads it; "" without a stream or a decoder."""
    context = stream.codec_context if stream is not None else None
    return str(context.codec.canonical_name) if context is not None else ""


def _not_a_video(reason: str) -> Refused:
    return Refused("unsupported", f"This file is not a video: {reason}.")
