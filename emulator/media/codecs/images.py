"""Still images: the format of a file, and whether it can be decoded."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO, cast

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.media.codecs.image_parts import (
    PNG_SIGNATURE,
    BrokenImage,
    drawing_jpeg,
    drawing_png,
    drawing_webp,
)

if TYPE_CHECKING:
    from av.video.codeccontext import VideoCodecContext

# The decoder refuses a larger picture as soon as it has read the header.
PIXELS_MAX = 25_000_000
# Each scan of a progressive JPEG covers all its pixels, and takes only a few bytes of the file.
_SCANS_MAX = 100
_START_OF_SCAN = b"\xff\xda"


class _Format(Struct, frozen=True):
    media_type: str
    codec: str
    drawing: Callable[[bytes], bytes]


class ImageInfo(Struct, frozen=True):
    """An image file that has been decoded once. Sizes are in pixels."""

    content: bytes
    media_type: str
    width: int
    height: int


async def look_in_turn(turns: asyncio.Semaphore, file: BinaryIO) -> ImageInfo:
    """Check an uploaded image file when its turn comes. Refuses as `look_at`.

    A picture may take some 200 MiB while it is decoded, so few are decoded at a time.
    """
    async with turns:
        return await asyncio.to_thread(lambda: look_at(file.read()))


def look_at(content: bytes) -> ImageInfo:
    """Check a PNG, JPEG, GIF or WebP by decoding its first picture. Blocks; call it in a thread.

    Refuses (`invalid`) other formats, broken files, and more than 25 million pixels. Texts and
    profiles in the file are not read; they stay in `content`.
    """
    import av
    from av.codec import CodecContext

    image_format = _format(content)
    if image_format is None:
        raise Refused("invalid", "The file is not an image: send a PNG, JPEG, GIF or WebP.")
    try:
        drawing = image_format.drawing(content)
    except BrokenImage as broken:
        raise Refused("invalid", f"The image cannot be decoded: {broken}.") from None
    if image_format.codec == "mjpeg" and drawing.count(_START_OF_SCAN) > _SCANS_MAX:
        raise Refused("invalid", f"The JPEG has more than {_SCANS_MAX} scans. Save it with fewer.")
    decoder = cast("VideoCodecContext", CodecContext.create(image_format.codec, "r"))
    decoder.options = {"max_pixels": str(PIXELS_MAX)}
    decoder.thread_count = 1
    try:
        frames = [*decoder.decode(av.Packet(drawing)), *decoder.decode(None)]
    except av.FFmpegError:
        frames = []
    if not frames:
        raise Refused(
            "invalid",
            "The image cannot be decoded: it is broken, an animated WebP, or has more than"
            f" {PIXELS_MAX} pixels.",
        )
    return ImageInfo(content, image_format.media_type, frames[0].width, frames[0].height)


def _format(content: bytes) -> _Format | None:
    """The format by a file's first bytes (PNG 5.2, JFIF, GIF89a, RFC 9649)."""
    if content.startswith(PNG_SIGNATURE):
        return _Format("image/png", "png", drawing_png)
    if content.startswith(b"\xff\xd8\xff"):
        return _Format("image/jpeg", "mjpeg", drawing_jpeg)
    if content.startswith((b"GIF87a", b"GIF89a")):
        return _Format("image/gif", "gif", bytes)
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return _Format("image/webp", "webp", drawing_webp)
    return None
