"""Still images: which format a file is in, and whether it truly is a picture. For threads."""

from typing import TYPE_CHECKING, cast

from emulator.core.errors import Refused
from emulator.core.values import dataclass

if TYPE_CHECKING:
    from av.video.codeccontext import VideoCodecContext

# A picture that unfolds to more is refused by the decoder as soon as it has read the header.
PIXELS_MAX = 25_000_000
# Each scan of a progressive JPEG goes over all its pixels, and takes a few bytes only.
_SCANS_MAX = 100
_START_OF_SCAN = b"\xff\xda"


@dataclass(frozen=True, slots=True)
class _Format:
    media_type: str
    codec: str


@dataclass(frozen=True, slots=True)
class Picture:
    """An image file that was looked at. Sizes are in pixels."""

    content: bytes
    media_type: str
    width: int
    height: int


def media_type_of(content: bytes) -> str:
    """The media type of an image file. Refuses as `look_at`."""
    return look_at(content).media_type


def look_at(content: bytes) -> Picture:
    """A PNG, JPEG, GIF or WebP, of which the first picture was decoded.

    Refuses (`invalid`) anything else, broken ones, and more than 25 million pixels.
    """
    import av
    from av.codec import CodecContext

    found = _format(content)
    if found is None:
        raise Refused("invalid", "The file is not an image: send a PNG, JPEG, GIF or WebP.")
    if found.codec == "mjpeg" and content.count(_START_OF_SCAN) > _SCANS_MAX:
        raise Refused("invalid", f"The JPEG has more than {_SCANS_MAX} scans. Save it anew.")
    decoder = cast("VideoCodecContext", CodecContext.create(found.codec, "r"))
    decoder.options = {"max_pixels": str(PIXELS_MAX)}
    decoder.thread_count = 1
    try:
        frames = [*decoder.decode(av.Packet(content)), *decoder.decode(None)]
    except av.FFmpegError:
        frames = []
    if not frames:
        raise Refused(
            "invalid",
            "The image cannot be decoded: it is broken, an animated WebP, or has more than"
            f" {PIXELS_MAX} pixels.",
        )
    return Picture(content, found.media_type, frames[0].width, frames[0].height)


def _format(content: bytes) -> _Format | None:
    """By what a file of each format begins with (PNG 5.2, JFIF, GIF89a, RFC 9649)."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return _Format("image/png", "png")
    if content.startswith(b"\xff\xd8\xff"):
        return _Format("image/jpeg", "mjpeg")
    if content.startswith((b"GIF87a", b"GIF89a")):
        return _Format("image/gif", "gif")
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return _Format("image/webp", "webp")
    return None
