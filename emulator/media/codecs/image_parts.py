"""Image parts: a still image without all that does not draw: texts, profiles, previews. No I/O.

A decoder unfolds some of that before it draws a pixel, and a kilobyte of it may unfold to a
gigabyte. So it never gets any.
"""

from collections.abc import Iterator

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# PNG 11.2 and 11.3.1: the chunks that a picture is drawn from, with the most that one may hold.
_PNG_DRAWS = {b"IHDR": 13, b"PLTE": 768, b"tRNS": 256, b"IDAT": 2**31, b"IEND": 0}
_PNG_SEVERAL = b"IDAT"
# RFC 9649, 2.7. Animations stay what they are, for the decoder to refuse.
_WEBP_DRAWS = (b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF")
# ITU-T T.81, B.1.1.3. JFIF's own segment, and Adobe's, which says how colours are written.
_JPEG_STARTS_SCAN, _JPEG_ENDS, _JPEG_COMMENT = 0xDA, 0xD9, 0xFE
_JPEG_APPLICATIONS = range(0xE0, 0xF0)
_JPEG_DRAWING_APPLICATIONS = {0xE0: b"JFIF\0", 0xEE: b"Adobe"}
_JPEG_ALONE = {0x01, *range(0xD0, 0xD9)}


class BrokenImage(ValueError):
    """The file ends, or goes on, where its format does not let it."""


def drawing_png(content: bytes) -> bytes:
    """Only its header, palette, transparency and pixels. Raises `BrokenImage`."""
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
    """Without comments and what applications left in it. Raises `BrokenImage`."""
    parts, at = [content[:2]], 2
    while at < len(content):
        if content[at] != 0xFF:
            raise BrokenImage("the JPEG has something between its segments")
        marker = content[at + 1] if at + 1 < len(content) else _JPEG_ENDS
        if marker in (_JPEG_STARTS_SCAN, _JPEG_ENDS):
            break
        if marker == 0xFF:  # B.1.1.2: a marker may be filled up in front.
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
    """Only its pixels, and what says how they are coded. Raises `BrokenImage`."""
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
    """Name, start and end of each chunk (PNG 5.3): length, name, data, checksum."""
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
