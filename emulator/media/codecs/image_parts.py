"""Image parts: reduces a still image to the parts that are needed to draw it. No I/O.

Texts, profiles and previews are removed: a decoder decompresses some of them before it draws a
pixel, and a kilobyte may decompress to a gigabyte. So the decoder never gets any.
"""

from collections.abc import Iterator

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# PNG 11.2 and 11.3.1: the chunks that are needed to draw, with the largest size of each.
_PNG_DRAWS = {b"IHDR": 13, b"PLTE": 768, b"tRNS": 256, b"IDAT": 2**31, b"IEND": 0}
_PNG_SEVERAL = b"IDAT"
# RFC 9649, 2.7. Animations are kept: the decoder refuses them.
_WEBP_DRAWS = (b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF")
# ITU-T T.81, B.1.1.3. The segments of JFIF, and of Adobe, which says how colours are coded.
_JPEG_STARTS_SCAN, _JPEG_ENDS, _JPEG_COMMENT = 0xDA, 0xD9, 0xFE
_JPEG_APPLICATIONS = range(0xE0, 0xF0)
_JPEG_DRAWING_APPLICATIONS = {0xE0: b"JFIF\0", 0xEE: b"Adobe"}
_JPEG_ALONE = {0x01, *range(0xD0, 0xD9)}


class BrokenImage(ValueError):
    """The file ends, or continues, where its format does not allow it."""


def drawing_png(content: bytes) -> bytes:
    """The PNG with only its header, palette, transparency and pixels.

    Raises `BrokenImage`.
    """
    parts, seen = [PNG_SIGNATURE], set()
    for name, start, end in _png_chunks(content):
        length_max = _PNG_DRAWS.get(name)
        if length_max is None or (name in seen and name != _PNG_SEVERAL):
            continue
        if end - start - 12 > length_max:
            raise BrokenImage("a chunk of the PNG is longer than it can be")
        seen.add(name)
        parts.append(content[start:end])
    if not seen >= {b"IHDR", b"IDAT"}:
        raise BrokenImage("the PNG has no header or no pixels")
    return b"".join(parts)


def drawing_jpeg(content: bytes) -> bytes:
    """The JPEG without comments and the data of applications. Raises `BrokenImage`."""
    parts, at = [content[:2]], 2
    while at < len(content):
        if content[at] != 0xFF:
            raise BrokenImage("the JPEG has bytes between its segments")
        marker = content[at + 1] if at + 1 < len(content) else _JPEG_ENDS
        if marker in (_JPEG_STARTS_SCAN, _JPEG_ENDS):
            break
        if marker == 0xFF:  # B.1.1.2: fill bytes may come before a marker.
            at += 1
            continue
        end = at + 2
        if marker not in _JPEG_ALONE:
            end += max(2, int.from_bytes(content[at + 2 : at + 4]))
        if _is_drawing(marker, content[at + 4 : at + 9]):
            parts.append(content[at:end])
        at = end
    return b"".join([*parts, content[at:]])


def drawing_webp(content: bytes) -> bytes:
    """The WebP with only its pixels and how they are coded. Raises `BrokenImage`."""
    parts, at = [b"WEBP"], 12
    while at + 8 <= len(content):
        length = int.from_bytes(content[at + 4 : at + 8], "little")
        end = at + 8 + length + length % 2
        if content[at : at + 4] in _WEBP_DRAWS:
            parts.append(content[at:end])
        at = end
    body = b"".join(parts)
    if len(parts) == 1:
        raise BrokenImage("the WebP has no pixels")
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def _is_drawing(marker: int, begin: bytes) -> bool:
    if marker in _JPEG_APPLICATIONS:
        identifier = _JPEG_DRAWING_APPLICATIONS.get(marker)
        return identifier is not None and begin.startswith(identifier)
    return marker != _JPEG_COMMENT


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield the name, start and end of each chunk (PNG 5.3: length, name, data, checksum)."""
    at = len(PNG_SIGNATURE)
    while at + 12 <= len(content):
        end = at + 12 + int.from_bytes(content[at : at + 4])
        if end > len(content):
            raise BrokenImage("the PNG ends inside a chunk")
        name = content[at + 4 : at + 8]
        yield name, at, end
        if name == b"IEND":
            return
        at = end
