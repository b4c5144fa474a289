"""Still images: other files are refused, and data that is not drawn is never decompressed."""

import asyncio
import io
import struct
import subprocess
import zlib
from pathlib import Path

import pytest

from emulator.core.errors import Refused
from emulator.media.codecs.image_parts import BrokenImage, drawing_jpeg, drawing_png, drawing_webp
from emulator.media.codecs.images import look_at, look_in_turn
from tests.support.required_programs import need
from tests.support.tables import table

TEXT = b"unfolds " * 1000


def chunk(name: bytes, content: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + checksum


def png(*extra: bytes, width: int = 4, height: int = 3) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress((b"\0" + b"\x7f\0\0" * width) * height)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", header),
            *extra,
            chunk(b"IDAT", pixels[:9]),
            chunk(b"IDAT", pixels[9:]),
            chunk(b"IEND", b""),
        )
    )


def test_images_png_texts_and_profiles_never_reach_the_decoder() -> None:
    packed = zlib.compress(TEXT)
    extra = [chunk(b"zTXt", b"k\0\0" + packed), chunk(b"iCCP", b"k\0\0" + packed)]
    extra += [chunk(b"iTXt", b"k\0\1\0\0\0" + packed), chunk(b"eXIf", TEXT), chunk(b"acTL", b"")]
    for data in extra:
        assert drawing_png(png(data)) == png()
    picture = look_at(png(*extra))
    # The stored file is the uploaded one.
    assert (picture.width, picture.height, picture.content) == (4, 3, png(*extra))


def test_images_png_keeps_palette_and_transparency_once() -> None:
    palette, clear = chunk(b"PLTE", b"\1\2\3"), chunk(b"tRNS", b"\0")
    assert drawing_png(png(palette, clear, palette)) == png(palette, clear)


@table(
    "content",
    [
        png()[:-20],
        png()[:33] + chunk(b"IEND", b""),
        png(chunk(b"PLTE", b"\0" * 769)),
        png()[:8] + struct.pack(">I", 2**31) + b"IDAT",
        png()[:8],
    ],
)
def test_images_broken_png_is_refused(content: bytes) -> None:
    with pytest.raises(Refused):
        look_at(content)


def test_images_jpeg_loses_comments_and_application_data() -> None:
    start, tables = b"\xff\xd8", b"\xff\xdb\0\4ab"
    jfif, adobe = b"\xff\xe0\0\7JFIF\0", b"\xff\xee\0\7Adobe"
    profile, text = b"\xff\xe2\0\6ICC_", b"\xff\xfe\0\6text"
    scan = b"\xff\xda\0\2pixels\xff\xd9"
    content = start + jfif + profile + b"\xff" + adobe + text + tables + scan
    assert drawing_jpeg(content) == start + jfif + adobe + tables + scan
    with pytest.raises(BrokenImage):
        drawing_jpeg(start + b"no segment")


def test_images_webp_keeps_its_pixels() -> None:
    def riff(*chunks: bytes) -> bytes:
        body = b"WEBP" + b"".join(chunks)
        return b"RIFF" + len(body).to_bytes(4, "little") + body

    pixels, odd = b"VP8L\2\0\0\0ab", b"ICCP\3\0\0\0abc\0"
    assert drawing_webp(riff(odd, pixels, b"EXIF\2\0\0\0ab")) == riff(pixels)
    with pytest.raises(BrokenImage):
        drawing_webp(riff(odd))


@pytest.mark.parametrize("form", ["png", "jpg", "gif", "webp"])
def test_images_image_of_each_format_is_read(form: str, tmp_path: Path) -> None:
    path = tmp_path / f"picture.{form}"
    source = ("-f", "lavfi", "-i", "testsrc2=s=64x48", "-frames:v", "1")
    need("ffmpeg")
    subprocess.run(["ffmpeg", "-v", "error", *source, str(path)], check=True)
    picture = look_at(path.read_bytes())
    assert (picture.width, picture.height) == (64, 48)


def test_images_with_too_many_pixels_are_refused() -> None:
    with pytest.raises(Refused, match="pixels"):
        look_at(png(width=60_000, height=1_000))


async def test_images_decoded_at_once_are_bounded() -> None:
    turns = asyncio.Semaphore(1)
    async with turns:
        waiting = asyncio.create_task(look_in_turn(turns, io.BytesIO(png())))
        await asyncio.sleep(0)
        assert turns.locked()
        assert not waiting.done()
    assert (await waiting).media_type == "image/png"
